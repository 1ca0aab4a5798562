# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have in the account: one of everything that the kinds deal with, made by boto3 alone and named by nobody's sheet."""

from __future__ import annotations

import json
import re

import boto3

from ansible_collections.msp.aws.plugins.module_utils import _certificates
from tests.laws.stage import ACCOUNT, REGION

NAME = "bystander-7f3a"
TAGS = [dict(Key="Name", Value=NAME), dict(Key="Owner", Value=NAME)]
# Not a thing but what the double keeps over all things: tags and metric filters of a whole service, how often a managed policy is attached.
COMMON = re.compile(r"/(tagger|aws_managed_policies)(/|$)|^logs/[^/]+/[^/]+/filters$")
TRUST = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="ec2.amazonaws.com"), Action="sts:AssumeRole")])


def plant_bystanders(double):
    def client(service):
        return boto3.client(service, endpoint_url=double.url, region_name=REGION, aws_access_key_id=f"AKIA{ACCOUNT}OTHR", aws_secret_access_key="x" * 20)

    network(client("ec2"))
    people(client("iam"))
    vpn(client)
    role = client("iam").get_role(RoleName=NAME)["Role"]["Arn"]
    store(client("s3"))
    watch(client("sns"), client("cloudwatch"), client("logs"))
    client("dlm").create_lifecycle_policy(
        ExecutionRoleArn=role,
        Description=NAME,
        State="ENABLED",
        PolicyDetails=dict(
            ResourceTypes=["VOLUME"],
            TargetTags=[dict(Key="Owner", Value=NAME)],
            Schedules=[dict(Name=NAME, CreateRule=dict(Interval=24, IntervalUnit="HOURS"), RetainRule=dict(Count=3))],
        ),
    )


def network(ec2):
    def tagged(kind):
        return [dict(ResourceType=kind, Tags=TAGS)]

    vpc = ec2.create_vpc(CidrBlock="10.250.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.250.1.0/24", TagSpecifications=tagged("subnet"))["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=tagged("network-acl"))
    group = ec2.create_security_group(GroupName=NAME, Description=NAME, VpcId=vpc, TagSpecifications=tagged("security-group"))["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="10.250.0.0/16")])])
    ec2.create_network_interface(SubnetId=subnet, Groups=[group], TagSpecifications=tagged("network-interface"))
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=tagged("volume"))
    ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))
    ec2.create_key_pair(KeyName=NAME, TagSpecifications=tagged("key-pair"))
    ec2.create_dhcp_options(DhcpConfigurations=[dict(Key="domain-name", Values=[NAME])], TagSpecifications=tagged("dhcp-options"))
    ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=tagged("vpn-gateway"))
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t3.micro", TagSpecifications=tagged("instance"))


def vpn(client):
    """An authority like ours, a certificate of its own, and an endpoint with a target network."""
    told = dict(CertificateAuthority=NAME, NotBefore="2024-01-01T00:00:00Z", NotAfter="2034-01-01T00:00:00Z")
    tagged = [dict(Key=key, Value=value) for key, value in told.items()]
    client("secretsmanager").create_secret(Name=NAME, SecretString=NAME, Tags=tagged)
    text, dummy = _certificates.new_authority(f"{NAME}.example.com", 400)
    held = json.loads(text)
    certificate = client("acm").import_certificate(Certificate=held["certificate"], PrivateKey=held["private_key"], Tags=TAGS)["CertificateArn"]
    ec2 = client("ec2")
    subnet = ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=[NAME])])["Subnets"][0]["SubnetId"]
    endpoint = ec2.create_client_vpn_endpoint(
        ClientCidrBlock="172.20.0.0/22",
        ServerCertificateArn=certificate,
        AuthenticationOptions=[dict(Type="certificate-authentication", MutualAuthentication=dict(ClientRootCertificateChainArn=certificate))],
        ConnectionLogOptions=dict(Enabled=False),
        TagSpecifications=[dict(ResourceType="client-vpn-endpoint", Tags=TAGS)],
    )["ClientVpnEndpointId"]
    ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.250.0.0/16", AuthorizeAllGroups=True)


def people(iam):
    iam.create_group(GroupName=NAME)
    iam.create_user(UserName=NAME, Tags=TAGS)
    iam.add_user_to_group(GroupName=NAME, UserName=NAME)
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=TAGS)
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def store(s3):
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=dict(LocationConstraint=REGION))
    s3.put_bucket_tagging(Bucket=NAME, Tagging=dict(TagSet=TAGS))
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=dict(Status="Enabled"))


def watch(sns, cloudwatch, logs):
    topic = sns.create_topic(Name=NAME, Tags=TAGS)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{NAME}@example.com")
    how = dict(Namespace=NAME, MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    cloudwatch.put_metric_alarm(AlarmName=NAME, AlarmActions=[topic], **how)
    logs.create_log_group(logGroupName=NAME, tags=dict(Owner=NAME))
    transformation = dict(metricName="m", metricNamespace=NAME, metricValue="1")
    logs.put_metric_filter(logGroupName=NAME, filterName=NAME, filterPattern="ERROR", metricTransformations=[transformation])
