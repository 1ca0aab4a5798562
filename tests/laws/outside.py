# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be there before a kind's first example, and what no kind makes: others made it, by boto3 alone.

What other contracts of the same run have in it is returned: host → kind → label → id.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.certificates import authority

ACCEPTERS, SERVICES = "ec2_transit_gateway_attachment_accepters", "ec2_vpc_endpoint_services"
OWN, PARTNER, CARRIER = "123456789012", "210987654321", "999988887777"
TRUST = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="lambda.amazonaws.com"), Action="sts:AssumeRole")])


def a_zone_with_a_record(client: Callable[..., Any]) -> None:
    """The record which proves whose the private DNS name is."""
    zone = client("route53").create_hosted_zone(Name="acme.example.jp", CallerReference="acme")["HostedZone"]["Id"]
    name, value = "_776e1ffc0d2cb14f698b.api.acme.example.jp", '"vpce:6bf3e24390481f9b5069"'
    record = dict(Name=name, Type="TXT", TTL=300, ResourceRecords=[dict(Value=value)])
    client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=dict(Changes=[dict(Action="UPSERT", ResourceRecordSet=record)]))


def an_archive(does: str = "pass") -> bytes:
    """The code of a function, the same at any time."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr(zipfile.ZipInfo("app.py"), f"def handler(event, context):\n    {does}\n")
    return archive.getvalue()


@cache
def archive_file() -> str:
    """Other code, on this machine."""
    path = Path(tempfile.mkdtemp()) / "import.zip"
    path.write_bytes(an_archive("return 1"))
    return str(path)


def hash_of(archive: bytes) -> str:
    """As Lambda tells it."""
    return base64.b64encode(hashlib.sha256(archive).digest()).decode()


def code_and_a_layer(client: Callable[..., Any]) -> None:
    client("s3").put_object(Bucket="acme-code", Key="import.zip", Body=an_archive())
    client("lambda").publish_layer_version(LayerName="acme-common", Content=dict(ZipFile=an_archive()))


def a_queue_and_a_stream(client: Callable[..., Any]) -> None:
    """And an alias of the function that shall read them."""
    client("sqs").create_queue(QueueName="acme-orders", Attributes=dict(VisibilityTimeout="180"))
    for name in ("acme-failed", "acme-more"):
        client("sqs").create_queue(QueueName=name, Attributes=dict(VisibilityTimeout="180"))
    client("kinesis").create_stream(StreamName="acme-clicks", ShardCount=1)
    version = client("lambda").publish_version(FunctionName="acme-import")["Version"]
    client("lambda").create_alias(FunctionName="acme-import", Name="live", FunctionVersion=version)


def three_versions(client: Callable[..., Any]) -> None:
    """Of a function, published by those who write it."""
    functions, which = client("lambda"), dict(FunctionName="acme-import")
    for number in range(3):
        functions.update_function_configuration(**which, Description=f"release {number}")
        while functions.get_function_configuration(**which)["LastUpdateStatus"] == "InProgress":
            pass
        functions.publish_version(**which)


def a_rotating_function(client: Callable[..., Any]) -> None:
    a_function(client, "acme-rotation")


def a_function(client: Callable[..., Any], name: str) -> None:
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = dict(ZipFile=an_archive())
    client("lambda").create_function(FunctionName=name, Runtime="python3.12", Role=role, Handler="app.handler", Code=code)


def a_private_certificate(client: Callable[..., Any]) -> None:
    """Of a router, signed by an authority in AWS Private CA."""
    authority = "arn:aws:acm-pca:ap-northeast-1:123456789012:certificate-authority/6d0f4c3a-2b1e-4f57-8a90-1c2d3e4f5a6b"
    tags = [dict(Key="Name", Value="acme-branch-router")]
    client("acm").request_certificate(DomainName="branch.acme.example.jp", CertificateAuthorityArn=authority, Tags=tags)


def prefix_lists(client: Callable[..., Any]) -> None:
    for name, block in {"acme-offices": "203.0.113.0/24", "acme-blocked": "198.51.100.0/24"}.items():
        client("ec2").create_managed_prefix_list(PrefixListName=name, Entries=[dict(Cidr=block)], MaxEntries=5, AddressFamily="IPv4")


def a_root_user_with_mfa(client: Callable[..., Any]) -> None:
    """Signed by the root user of the account, which the double knows by the key's last letters."""
    root = client("iam", who="ROOT")
    root.enable_mfa_device(UserName="root", SerialNumber=f"arn:aws:iam::{OWN}:mfa/root", AuthenticationCode1="123456", AuthenticationCode2="654321")


def a_release(client: Callable[..., Any]) -> None:
    """AWS Support lets go of the commitment to Shield Advanced, so that it can be ended before a year is over."""
    body = "We have agreed with our account manager."
    client("support", region="us-east-1").create_case(subject="Release from the commitment of Shield Advanced", communicationBody=body)


def a_load_balancer_with_a_web_acl(client: Callable[..., Any]) -> None:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = {"10.0.1.0/24": "ap-northeast-1a", "10.0.2.0/24": "ap-northeast-1c"}
    subnets = [client("ec2").create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"] for block, zone in zones.items()]
    balancer = client("elbv2").create_load_balancer(Name="acme-web", Scheme="internal", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    seen = dict(SampledRequestsEnabled=False, CloudWatchMetricsEnabled=False, MetricName="acme")
    acl = client("wafv2").create_web_acl(Name="acme", Scope="REGIONAL", DefaultAction=dict(Allow={}), VisibilityConfig=seen)["Summary"]["ARN"]
    client("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=balancer)


def a_request(client: Callable[..., Any]) -> dict[str, Any]:
    """The contract `partner`, with whom the gateway is shared, asks to attach a VPC of its own."""
    gateway = next(one for one in client("ec2").describe_transit_gateways()["TransitGateways"] if {"Key": "Name", "Value": "acme"} in one["Tags"])
    client("ram").create_resource_share(name="acme-tgw", resourceArns=[gateway["TransitGatewayArn"]], principals=[PARTNER])
    ram, ec2 = client("ram", PARTNER), client("ec2", PARTNER)
    invitation = ram.get_resource_share_invitations()["resourceShareInvitations"][0]["resourceShareInvitationArn"]
    ram.accept_resource_share_invitation(resourceShareInvitationArn=invitation)
    vpc = ec2.create_vpc(CidrBlock="10.70.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.70.0.0/28")["Subnet"]["SubnetId"]
    ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway["TransitGatewayId"], VpcId=vpc, SubnetIds=[subnet])
    for dummy in range(3):
        ec2.describe_transit_gateway_vpc_attachments()
    return dict(partner=dict(ec2_vpcs=dict(partner=vpc)))


def invitations(client: Callable[..., Any]) -> dict[str, Any]:
    """The contract `partner` shares twice."""
    shared = [client("ram", PARTNER).create_resource_share(name=name, principals=[OWN])["resourceShare"] for name in ("core", "tools")]
    return dict(partner=dict(ram_resource_shares={share["name"]: share["resourceShareArn"] for share in shared}))


def who_has_copies_and_who_hears_of_files(client: Callable[..., Any]) -> None:
    """A partner's bucket, with every version; queues and a function that let S3 in."""
    s3, sqs = client("s3", PARTNER), client("sqs")
    s3.create_bucket(Bucket="acme-partner", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    s3.put_bucket_versioning(Bucket="acme-partner", VersioningConfiguration=dict(Status="Enabled"))
    for name, bucket in (("acme-copied", "acme-prod-copy"), ("acme-in", "acme-prod-files")):
        queue = f"arn:aws:sqs:ap-northeast-1:{OWN}:{name}"
        condition = dict(StringEquals={"aws:SourceAccount": OWN}, ArnLike={"aws:SourceArn": f"arn:aws:s3:::{bucket}"})
        s3_sends = dict(Effect="Allow", Principal=dict(Service="s3.amazonaws.com"), Action="sqs:SendMessage", Resource=queue, Condition=condition)
        sqs.create_queue(QueueName=name, Attributes=dict(Policy=json.dumps(dict(Version="2012-10-17", Statement=[s3_sends]))))
    a_function(client, "acme-scan")
    told = dict(StatementId="files", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceAccount=OWN)
    client("lambda").add_permission(FunctionName="acme-scan", SourceArn="arn:aws:s3:::acme-prod-files", **told)


def bundles(client: Callable[..., Any]) -> None:
    """Certificates of authorities and what these revoke, in the bucket of the examples."""
    for name in ("partners", "devices"):
        for end, body in zip(("pem", "crl"), authority(name, revoked=2), strict=True):
            client("s3").put_object(Bucket="acme-authorities", Key=f"{name}.{end}", Body=body)


def a_trust_store(client: Callable[..., Any]) -> None:
    where = dict(CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    client("s3").create_bucket(Bucket="acme-authorities", **where)
    bundles(client)
    told = dict(CaCertificatesBundleS3Bucket="acme-authorities", CaCertificatesBundleS3Key="partners.pem")
    client("elbv2").create_trust_store(Name="acme-partners", **told)
    client("elbv2").describe_trust_stores()


# ---- Direct Connect: what a carrier has, which is another account, and what takes days


def wait_for_ports(client: Callable[..., Any]) -> None:
    """Until AWS has approved what was ordered and the cross connects are made."""
    while any(one["connectionState"] in ("requested", "pending") for one in client("directconnect").describe_connections()["connections"]):
        pass


def a_lag(client: Callable[..., Any]) -> None:
    client("directconnect").create_lag(numberOfConnections=1, location="EqTY2", connectionsBandwidth="10Gbps", lagName="acme-lag")


def hosted_connections(client: Callable[..., Any]) -> None:
    carrier = client("directconnect", CARRIER)
    port = carrier.create_interconnect(interconnectName="Example Carrier", bandwidth="10Gbps", location="EqTY2")["interconnectId"]
    for name, bandwidth, vlan in (("acme-500m", "500Mbps", 101), ("acme-50m", "50Mbps", 102)):
        carrier.allocate_hosted_connection(connectionId=port, ownerAccount=OWN, bandwidth=bandwidth, connectionName=name, vlan=vlan)


def hosted_virtual_interfaces(client: Callable[..., Any]) -> None:
    """Three, on one port of the carrier's: for a virtual private gateway, for a Direct Connect gateway, and for AWS's public services."""
    carrier = client("directconnect", CARRIER)
    port = carrier.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="example-carrier-1")["connectionId"]

    def told(vlan: int, third: int, **more: Any) -> dict[str, Any]:
        addresses = dict(amazonAddress=f"169.254.{third}.1/30", customerAddress=f"169.254.{third}.2/30")
        return dict(virtualInterfaceName=f"acme-vif-{vlan}", vlan=vlan, asnLong=65000, **{**addresses, **more})

    for vlan in (101, 104):
        carrier.allocate_private_virtual_interface(connectionId=port, ownerAccount=OWN, newPrivateVirtualInterfaceAllocation=told(vlan, vlan))
    carrier.allocate_transit_virtual_interface(connectionId=port, ownerAccount=OWN, newTransitVirtualInterfaceAllocation=told(102, 102))
    public = dict(amazonAddress="203.0.113.1/30", customerAddress="203.0.113.2/30", routeFilterPrefixes=[dict(cidr="198.51.100.0/24")])
    carrier.allocate_public_virtual_interface(connectionId=port, ownerAccount=OWN, newPublicVirtualInterfaceAllocation=told(103, 103, **public))


def _settled(look: Callable[..., Any], **which: Any) -> None:
    for dummy in range(5):
        look(**which)


def _partners_gateway(client: Callable[..., Any]) -> tuple[str, str]:
    """The Direct Connect gateways of the partner and of this account."""
    made = client("directconnect", PARTNER).create_direct_connect_gateway(directConnectGatewayName="partner-dxgw", amazonSideAsn=64690)
    _settled(client("directconnect", PARTNER).describe_direct_connect_gateways)
    named = {one["directConnectGatewayName"]: one for one in client("directconnect").describe_direct_connect_gateways()["directConnectGateways"]}
    return made["directConnectGateway"]["directConnectGatewayId"], named["acme-dxgw"]["directConnectGatewayId"]


def a_virtual_gateway_is_proposed(client: Callable[..., Any]) -> dict[str, Any]:
    """By the contract `partner`, which has a Direct Connect gateway too."""
    theirs, ours = _partners_gateway(client)
    ec2 = client("ec2", PARTNER)
    vpc = ec2.create_vpc(CidrBlock="10.70.0.0/16")["Vpc"]["VpcId"]
    virtual = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=virtual, VpcId=vpc)
    wanted = dict(directConnectGatewayId=ours, directConnectGatewayOwnerAccount=OWN, gatewayId=virtual)
    client("directconnect", PARTNER).create_direct_connect_gateway_association_proposal(**wanted)
    return dict(partner=dict(directconnect_gateways={"partner-dxgw": theirs}, ec2_vpn_gateways={"partner": virtual}))


def a_transit_gateway_is_proposed(client: Callable[..., Any]) -> dict[str, Any]:
    theirs, ours = _partners_gateway(client)
    ec2 = client("ec2", PARTNER)
    transit = ec2.create_transit_gateway(Options=dict(AmazonSideAsn=64691))["TransitGateway"]["TransitGatewayId"]
    _settled(ec2.describe_transit_gateways)
    wanted = dict(directConnectGatewayId=ours, directConnectGatewayOwnerAccount=OWN, gatewayId=transit)
    prefixes = [dict(cidr="10.70.0.0/16")]
    client("directconnect", PARTNER).create_direct_connect_gateway_association_proposal(**wanted, addAllowedPrefixesToDirectConnectGateway=prefixes)
    return dict(partner=dict(directconnect_gateways={"partner-dxgw": theirs}, ec2_transit_gateways={"partner": transit}))


def hosts_of_acme(double: Any) -> None:
    """Two servers whose agents have just registered them."""
    for name in ("acme-web-1", "acme-web-2"):
        born = dict(size="standard", status="standby", memo="", isRetired=False, createdAt=1700000000, roles={}, interfaces=[], meta={})
        double.plant("hosts", name=name, customIdentifier=f"i-{name}.ec2.amazonaws.com", **born)


def servers_of_lightsail(client: Callable[..., Any]) -> None:
    names = ["acme-blog", "acme-shop"]
    client("lightsail").create_instances(instanceNames=names, availabilityZone="ap-northeast-1a", blueprintId="wordpress", bundleId="micro_3_0")


OUTSIDE = {
    "directconnect_connections": a_lag,
    "directconnect_hosted_connections": hosted_connections,
    "directconnect_hosted_virtual_interfaces": hosted_virtual_interfaces,
    "directconnect_transit_gateway_associations": a_transit_gateway_is_proposed,
    "directconnect_virtual_gateway_associations": a_virtual_gateway_is_proposed,
    "directconnect_virtual_interfaces": wait_for_ports,
    "ec2_customer_gateways": a_private_certificate,
    ACCEPTERS: a_request,
    "ec2_transit_gateway_route_tables": prefix_lists,
    SERVICES: a_zone_with_a_record,
    "elbv2_listeners": a_trust_store,
    "elbv2_trust_stores": bundles,
    "iam_root_user": a_root_user_with_mfa,
    "lambda_aliases": three_versions,
    "lambda_event_source_mappings": a_queue_and_a_stream,
    "lambda_functions": code_and_a_layer,
    "lightsail_alarms": servers_of_lightsail,
    "mackerel_dashboards": hosts_of_acme,
    "mackerel_hosts": hosts_of_acme,
    "ram_resource_share_accepters": invitations,
    "s3_buckets": who_has_copies_and_who_hears_of_files,
    "secretsmanager_secrets": a_rotating_function,
    "shield_protections": a_load_balancer_with_a_web_acl,
    "shield_subscription": a_release,
}
