# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Custodian has nothing to say about the demo customer's account, and finds each fault that somebody plants in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import boto3
import pytest
import yaml

from tests import demo
from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble
from tests.doubles.test_aws_acm import certificate, pem
from tests.doubles.test_aws_client_vpn import KEY, made
from tests.playbook import ROOT, run_playbook
from tools import coverage

BASELINE = Path(__file__).parent / "baseline.yml"
CUSTODIAN = ROOT / ".venv" / "custodian" / "bin" / "custodian"
BOOK = yaml.safe_load(BASELINE.read_text(encoding="utf-8"))["policies"]
POLICIES = [policy["name"] for policy in BOOK]
ACCESS = dict(AWS_ACCESS_KEY_ID=f"AKIA{demo.ACCOUNT}EYES", AWS_SECRET_ACCESS_KEY="x" * 20, AWS_DEFAULT_REGION="ap-northeast-1")
NAME = "planted"
TOLD = {
    "forecasts only after about five weeks": "the account is new",
    "AWS Config does not record": "told before it does",
    "not up": "no router answers here",
    "switches on GuardDuty itself": "what the sheet names",
}
OPEN = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal="*", Action="SNS:Publish", Resource="*")])


@pytest.fixture(scope="module")
def account():
    """The demo customer's account, made by the playbook."""
    with AwsDouble() as double, MackerelDouble() as mackerel:
        demo.customer_opens_the_doors(double, mackerel)
        run_playbook(["-i", ROOT / "inventories/demo", ROOT / "playbooks/setup.yml"], demo.session(double, mackerel, demo.OPERATOR), allow=TOLD)
        double.snapshot("made")
        yield double


def opinion(double, folder):
    """policy → how many things it finds wrong."""
    command = [CUSTODIAN, "run", "--cache-period", "0", "--output-dir", folder, "--region", "ap-northeast-1", BASELINE]
    subprocess.run(command, env={**os.environ, **ACCESS, "AWS_ENDPOINT_URL": double.url}, check=True, capture_output=True, text=True)
    return {policy: len(json.loads((folder / policy / "resources.json").read_text(encoding="utf-8"))) for policy in POLICIES}


def test_every_row_of_the_baseline_has_a_policy():
    looked_at = {item for policy in BOOK for item in policy.get("metadata", {}).get("items", ())}
    rows = [{item["id"] for item in row["items"]} for row in coverage.rows()]
    assert looked_at <= set.union(*rows) and [row for row in rows if not row & looked_at] == []


def test_nothing_is_said_about_the_account_that_was_made(account, tmp_path):
    account.restore("made")
    assert opinion(account, tmp_path) == dict.fromkeys(POLICIES, 0)


def test_every_planted_fault_is_found(account, tmp_path):
    account.restore("made")
    assert PLANTS.keys() == set(POLICIES), "a fault is planted for each policy, so that none of them is deaf"
    for plant in PLANTS.values():
        plant(lambda service, **who: boto3.client(service, endpoint_url=account.url, **{**SESSION, **who}))
    found = opinion(account, tmp_path)
    assert [policy for policy, count in found.items() if not count] == []


# ---- how each fault comes about

SESSION = dict(region_name=ACCESS["AWS_DEFAULT_REGION"], aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"])


def weak_passwords(client):
    client("iam").update_account_password_policy(MinimumPasswordLength=6)


def administrator(client):
    client("iam").create_user(UserName=NAME)
    client("iam").attach_user_policy(UserName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def ssh(client):
    group = client("ec2").describe_security_groups(Filters=[dict(Name="group-name", Values=["smp-app"])])["SecurityGroups"][0]["GroupId"]
    rule = dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="0.0.0.0/0")])
    client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def bucket(client):
    client("s3").create_bucket(Bucket=f"{NAME}-{demo.ACCOUNT}", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    client("s3").delete_public_access_block(Bucket=f"{NAME}-{demo.ACCOUNT}")


def log_group(client):
    client("logs").create_log_group(logGroupName=NAME)


def volume(client):
    tags = [dict(ResourceType="volume", Tags=[dict(Key="Backup", Value="daily")])]
    client("ec2").create_volume(AvailabilityZone="ap-northeast-1a", Size=1, Encrypted=False, TagSpecifications=tags)


def unprotected(client):
    running = client("ec2").describe_instances(Filters=[dict(Name="tag:Name", Values=["smp-web01"])])["Reservations"][0]["Instances"][0]
    client("ec2").modify_instance_attribute(InstanceId=running["InstanceId"], DisableApiTermination=dict(Value=False))


def topic(client):
    arn = client("sns").create_topic(Name=NAME)["TopicArn"]
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(OPEN))


def trail(client):
    client("cloudtrail").stop_logging(Name="smp-trail")


def recorder(client):
    client("config").stop_configuration_recorder(ConfigurationRecorderName="default")


def detector(client):
    (detector_id,) = client("guardduty").list_detectors()["DetectorIds"]
    client("guardduty").update_detector(DetectorId=detector_id, Enable=False)


def hub(client):
    client("securityhub").disable_security_hub()


def root_key(client):
    """The double knows the root user by the last letters of the key."""
    client("iam", aws_access_key_id=f"AKIA{demo.ACCOUNT}ROOT").create_access_key()


def open_role(client):
    anybody = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(AWS="*"), Action="sts:AssumeRole")])
    client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(anybody))


def almighty(client):
    everything = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="*", Resource="*")])
    client("iam").create_policy(PolicyName=NAME, PolicyDocument=json.dumps(everything))


def empty_group(client):
    client("iam").create_group(GroupName=NAME)


def access_key(client):
    client("iam").create_access_key(UserName="smp-viewer01")


def shield(client):
    client("shield", region_name="us-east-1").create_subscription()


def secret(client):
    policy = dict(OPEN, Statement=[dict(Effect="Allow", Principal="*", Action="secretsmanager:GetSecretValue", Resource="*")])
    client("secretsmanager").put_resource_policy(SecretId="smp/prod/rds/master", ResourcePolicy=json.dumps(policy), BlockPublicPolicy=False)


def budget(client):
    client("budgets", region_name="us-east-1").delete_budget(AccountId=demo.ACCOUNT, BudgetName="smp-monthly")


def named(found, name):
    return next(one for one in found if dict(Key="Name", Value=name) in one.get("Tags", []))


def network_names(client):
    vpc = named(client("ec2").describe_vpcs()["Vpcs"], "smp-prod")["VpcId"]
    client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames=dict(Value=False))


def public_subnet(client):
    subnet = named(client("ec2").describe_subnets()["Subnets"], "smp-prod-db-a")["SubnetId"]
    client("ec2").modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch=dict(Value=True))


def lone_internet_gateway(client):
    client("ec2").create_internet_gateway()


def lone_virtual_gateway(client):
    client("ec2").create_vpn_gateway(Type="ipsec.1")


def way_out(client):
    gateway = named(client("ec2").describe_nat_gateways()["NatGateways"], "smp-prod-nat-a")["NatGatewayId"]
    client("ec2").delete_tags(Resources=[gateway], Tags=[dict(Key="Name")])


def lost_route(client):
    ec2 = client("ec2")
    table = named(ec2.describe_route_tables()["RouteTables"], "smp-prod-rt-db")["RouteTableId"]
    subnet = named(ec2.describe_subnets()["Subnets"], "smp-prod-db-a")["SubnetId"]
    lost = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.0/24", NetworkInterfaceId=lost)
    ec2.delete_network_interface(NetworkInterfaceId=lost)


def open_access_list(client):
    acl = named(client("ec2").describe_network_acls()["NetworkAcls"], "smp-prod-db-nacl")["NetworkAclId"]
    client("ec2").create_network_acl_entry(NetworkAclId=acl, RuleNumber=1, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0")


def address(client):
    client("ec2").allocate_address(Domain="vpc")


def interface(client):
    subnet = named(client("ec2").describe_subnets()["Subnets"], "smp-prod-db-a")["SubnetId"]
    client("ec2").create_network_interface(SubnetId=subnet)


def office(client):
    connection = named(client("ec2").describe_vpn_connections()["VpnConnections"], "smp-office")["VpnConnectionId"]
    client("ec2").delete_tags(Resources=[connection], Tags=[dict(Key="Name")])


def client_vpn(client):
    made(client("ec2"), client("acm").import_certificate(Certificate=pem(certificate(KEY)), PrivateKey=pem(KEY))["CertificateArn"])


def endpoint(client):
    found = named(client("ec2").describe_vpc_endpoints()["VpcEndpoints"], "smp-prod-vpce-ssm")["VpcEndpointId"]
    client("ec2").modify_vpc_endpoint(VpcEndpointId=found, PrivateDnsEnabled=False)


def peering(client):
    vpcs = [client("ec2").create_vpc(CidrBlock=block)["Vpc"]["VpcId"] for block in ("10.90.0.0/24", "10.91.0.0/24")]
    asked = client("ec2").create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[1])["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    client("ec2").accept_vpc_peering_connection(VpcPeeringConnectionId=asked)


def firewall(client):
    found, firewalls = named(client("ec2").describe_subnets()["Subnets"], "smp-prod-db-a"), client("network-firewall")
    actions = dict(StatelessDefaultActions=["aws:pass"], StatelessFragmentDefaultActions=["aws:pass"])
    policy = firewalls.create_firewall_policy(FirewallPolicyName=NAME, FirewallPolicy=actions)["FirewallPolicyResponse"]["FirewallPolicyArn"]
    where = dict(VpcId=found["VpcId"], SubnetMappings=[dict(SubnetId=found["SubnetId"])])
    firewalls.create_firewall(FirewallName=NAME, FirewallPolicyArn=policy, DeleteProtection=False, **where)


def transit_gateway(client):
    client("ec2").create_transit_gateway(Options=dict(AutoAcceptSharedAttachments="enable"))


def a_transit_gateway(client):
    gateway = client("ec2").create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    for dummy in range(4):  # time passes
        client("ec2").describe_transit_gateways()
    return gateway


def attachment(client):
    subnet = named(client("ec2").describe_subnets()["Subnets"], "smp-prod-db-a")
    where = dict(VpcId=subnet["VpcId"], SubnetIds=[subnet["SubnetId"]])
    client("ec2").create_transit_gateway_vpc_attachment(TransitGatewayId=a_transit_gateway(client), **where)


def lone_peering(client):
    ends = [a_transit_gateway(client) for dummy in range(2)]
    told = dict(PeerAccountId=demo.ACCOUNT, PeerRegion=SESSION["region_name"])
    client("ec2").create_transit_gateway_peering_attachment(TransitGatewayId=ends[0], PeerTransitGatewayId=ends[1], **told)


def line(client):
    client("directconnect").create_connection(location="EqTY2", bandwidth="1Gbps", connectionName=NAME)


def direct_connect_gateway(client):
    client("directconnect").create_direct_connect_gateway(directConnectGatewayName=NAME)


def open_service(client):
    subnet = named(client("ec2").describe_subnets()["Subnets"], "smp-prod-db-a")["SubnetId"]
    balancer = client("elbv2").create_load_balancer(Name=NAME, Type="network", Scheme="internal", Subnets=[subnet])["LoadBalancers"][0]["LoadBalancerArn"]
    client("ec2").create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[balancer], AcceptanceRequired=False)


def clear_text(client):
    arn = next(one["TopicArn"] for one in client("sns").list_topics()["Topics"] if one["TopicArn"].endswith(":smp-alert"))
    client("sns").subscribe(TopicArn=arn, Protocol="http", Endpoint="http://alarms.example.com/")


def silent_alarm(client):
    counted = dict(Namespace="AWS/EC2", MetricName="CPUUtilization", Statistic="Average", Period=300)
    client("cloudwatch").put_metric_alarm(AlarmName=NAME, EvaluationPeriods=1, Threshold=90, ComparisonOperator="GreaterThanThreshold", **counted)


PLANTS = {
    "password-policy-is-weak": weak_passwords,
    "administrators-without-a-group": administrator,
    "ssh-open-to-the-world": ssh,
    "bucket-open-to-the-public": bucket,
    "log-group-kept-for-ever": log_group,
    "data-volume-not-encrypted": volume,
    "instance-without-protection": unprotected,
    "topic-open-to-other-accounts": topic,
    "actions-not-recorded": trail,
    "configuration-not-recorded": recorder,
    "threats-not-detected": detector,
    "findings-not-gathered": hub,
    "root-user-with-a-key": root_key,
    "role-open-to-everybody": open_role,
    "policy-that-allows-everything": almighty,
    "group-of-nobody": empty_group,
    "key-of-a-user": access_key,
    "shield-advanced-paid-for": shield,
    "secret-open-to-other-accounts": secret,
    "spending-without-a-budget": budget,
    "network-without-names": network_names,
    "servers-of-a-database-with-public-addresses": public_subnet,
    "internet-gateway-of-no-network": lone_internet_gateway,
    "virtual-gateway-of-no-network": lone_virtual_gateway,
    "way-out-without-a-name": way_out,
    "route-to-nothing": lost_route,
    "access-list-that-lets-all-in": open_access_list,
    "address-paid-for-and-not-used": address,
    "interface-of-no-server": interface,
    "office-without-a-name": office,
    "users-of-a-network-not-recorded": client_vpn,
    "endpoint-that-names-do-not-lead-to": endpoint,
    "peering-without-routes": peering,
    "firewall-without-protection": firewall,
    "transit-gateway-open-to-whom-it-is-shared-with": transit_gateway,
    "attachment-without-a-name": attachment,
    "peering-that-nobody-accepted": lone_peering,
    "direct-connect-gateway-with-the-default-asn": direct_connect_gateway,
    "line-that-is-not-open": line,
    "service-that-lets-everybody-in": open_service,
    "alarm-sent-in-clear-text": clear_text,
    "alarm-that-tells-nobody": silent_alarm,
}
