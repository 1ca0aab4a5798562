# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For whose sake AWS does not delete parts of a network: one list of each sort of thing for all that are to go.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._names import DEAD

CONNECTION = "VpnConnectionId"
INSTANCES, INTERFACES, ADDRESSES = "ec2_instances", "ec2_network_interfaces", "ec2_elastic_ips"
# What has interfaces of its own that come and go with it. Which of them is whose AWS says in a text only,
OWNERS = (
    "directconnect_virtual_interfaces",
    "ec2_client_vpn_endpoints",
    "ec2_nat_gateways",
    "ec2_transit_gateway_attachment_accepters",
    "ec2_transit_gateway_vpc_attachments",
    "ec2_vpc_endpoints",
    "elbv2_load_balancers",
    "lambda_functions",
    "networkfirewall_firewalls",
)
# but for interfaces of these types.
OWNERS_OF = dict(
    gateway_load_balancer_endpoint=("ec2_vpc_endpoints", "networkfirewall_firewalls"),
    nat_gateway=("ec2_nat_gateways",),
    transit_gateway=("ec2_transit_gateway_attachment_accepters", "ec2_transit_gateway_vpc_attachments"),
    vpc_endpoint=("ec2_vpc_endpoints",),
)


def of_vpcs(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteVpc: "You must detach or delete all gateways and resources that are associated with the VPC before you can delete it"."""
    going = {have["id"] for have in haves}
    for kind, what, operation, result, member, vpcs in IN_A_VPC:
        for thing in aws.pages("ec2", operation, result):
            name = thing.get("GroupName") or _tags.name_and_tags(thing)["name"]
            for vpc in going & set(vpcs(thing)):
                owners = tuple((owner, None) for owner in OWNERS if thing.get("RequesterManaged"))
                yield Holder(vpc, what, name or thing[member], ((kind, thing[member]), *owners))


def _vpc_of(thing: Mapping[str, Any]) -> list[str]:
    return [thing.get("VpcId", "")]


def _unless(own: Callable[[Mapping[str, Any]], bool]) -> Callable[[Mapping[str, Any]], list[str]]:
    """Of things of which AWS makes one with the VPC, which goes with it."""
    return lambda thing: [] if own(thing) else _vpc_of(thing)


def _is_main(table: Mapping[str, Any]) -> bool:
    return any(association.get("Main") for association in table["Associations"])


def _attached(member: str) -> Callable[[Mapping[str, Any]], list[str]]:
    return lambda thing: [one["VpcId"] for one in thing.get(member, []) if one["State"] not in ("detached", "detaching")]


def _peers(peering: Mapping[str, Any]) -> list[str]:
    sides = [peering[side].get("VpcId", "") for side in ("RequesterVpcInfo", "AccepterVpcInfo")]
    return [] if peering["Status"]["Code"] in DEAD else sides


def _of_endpoint(endpoint: Mapping[str, Any]) -> list[str]:
    return [] if endpoint["State"].lower() in DEAD else _vpc_of(endpoint)


# kind, in what way, list, where it is there, and which member is the id; and the VPCs that a thing of it holds
IN_A_VPC = (
    ("ec2_subnets", "subnets in it", "describe_subnets", "Subnets", "SubnetId", _vpc_of),
    ("ec2_route_tables", "route tables in it", "describe_route_tables", "RouteTables", "RouteTableId", _unless(_is_main)),
    (
        "ec2_security_groups",
        "security groups in it",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        _unless(lambda group: group["GroupName"] == "default"),
    ),
    ("ec2_network_acls", "network ACLs in it", "describe_network_acls", "NetworkAcls", "NetworkAclId", _unless(lambda acl: acl["IsDefault"])),
    (
        "ec2_internet_gateways",
        "internet gateways attached to it",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        _attached("Attachments"),
    ),
    (
        "",
        "egress-only internet gateways attached to it",
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
        _attached("Attachments"),
    ),
    ("ec2_vpn_gateways", "virtual private gateways attached to it", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", _attached("VpcAttachments")),
    ("ec2_vpc_endpoints", "endpoints in it", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", _of_endpoint),
    (
        "ec2_vpc_peering_connections",
        "peering connections of it",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
        _peers,
    ),
)


def of_subnets(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteSubnet: "You must terminate all running instances in the subnet before you can delete the subnet", and whatever else has an interface there."""
    going = {have["id"] for have in haves}
    for interface in _interfaces(aws):
        if interface["SubnetId"] in going:
            yield Holder(interface["SubnetId"], "network interfaces in it", _told(interface), _owners(interface))


def of_security_groups(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteSecurityGroup fails of a group "that is associated with an instance or network interface, is referenced by another security group"."""
    going = {have["id"] for have in haves}
    for interface in _interfaces(aws):
        for group in going & {group["GroupId"] for group in interface["Groups"]}:
            yield Holder(group, "network interfaces that use it", _told(interface), _owners(interface))
    for rule in aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules"):
        named = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        if named in going and named != rule["GroupId"]:
            yield Holder(named, "groups whose rules name it", rule["GroupId"], (("ec2_security_groups", rule["GroupId"]),))


def of_internet_gateways(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DetachInternetGateway: "The VPC must not contain any running instances with Elastic IP addresses or public IPv4 addresses"."""
    going = {have["vpc"]: have["id"] for have in haves if have["vpc"]}
    for interface in _interfaces(aws) if going else ():
        address = interface.get("Association", {})
        if interface["VpcId"] in going and address.get("PublicIp"):
            freed = ((ADDRESSES, address.get("AllocationId", "")), *_owners(interface))
            yield Holder(going[interface["VpcId"]], "public addresses in its VPC", address["PublicIp"], freed)


def of_customer_gateways(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteCustomerGateway: "You must delete the VPN connection before you can delete the customer gateway"."""
    return _of_vpn_connections(aws, haves, "CustomerGatewayId")


def of_vpn_gateways(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteVpnGateway: it goes when its VPN connections are gone. From its VPC it is taken off on the way."""
    return _of_vpn_connections(aws, haves, "VpnGatewayId")


def _of_vpn_connections(aws: Aws, haves: Iterable[Mapping[str, Any]], end: str) -> Iterator[Holder]:
    """A connection that is going holds both its ends until it is gone."""
    going = {have["id"] for have in haves}
    for connection in aws.pages("ec2", "describe_vpn_connections", "VpnConnections"):
        if connection.get(end) in going and connection["State"] != "deleted":
            yield Holder(connection[end], "VPN connections that end at it", connection[CONNECTION], (("ec2_vpn_connections", connection[CONNECTION]),))


def of_network_interfaces(dummy: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DetachNetworkInterface: "You cannot detach a primary network interface from an instance"."""
    for have in haves:
        attachment = have["attachment"] or {}
        if attachment.get("device_index") == 0:
            yield Holder(have["id"], "instances of which it is the first interface", attachment["instance"], ((INSTANCES, attachment["instance"]),))


def of_elastic_ips(dummy: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """ReleaseAddress: an address that is in use must be disassociated first, and once released it may be somebody else's for good."""
    for have in haves:
        if have["_association"]:
            freed = ((INSTANCES, have["instance"]), (INTERFACES, have["_interface"]), *((owner, None) for owner in OWNERS))
            yield Holder(have["id"], "interfaces or instances that use it", have["instance"] or have["_interface"], freed)


def _interfaces(aws: Aws) -> list[dict[str, Any]]:
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces")


def _told(interface: Mapping[str, Any]) -> str:
    """A service says in the description whose it is."""
    instance = interface.get("Attachment", {}).get("InstanceId")
    told = _tags.name_and_tags(interface, "TagSet")["name"] or instance or interface.get("Description")
    return f"{interface['NetworkInterfaceId']} {told}" if told else interface["NetworkInterfaceId"]


def _owners(interface: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    """What lets go of it: itself, its instance, which may be of an Auto Scaling group, or whatever else AWS made it for."""
    own, instance = (INTERFACES, interface["NetworkInterfaceId"]), interface.get("Attachment", {}).get("InstanceId")
    if instance:
        return own, (INSTANCES, instance), ("autoscaling_groups", None)
    kind = interface.get("InterfaceType", "interface")
    managed = interface.get("RequesterManaged") or kind != "interface"
    return own, *((owner, None) for owner in OWNERS_OF.get(kind, OWNERS) if managed)
