# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPC endpoints."""

from __future__ import annotations

import ipaddress
import json

from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import random_private_ip

from ..rules import Refused
from .book import BOOK, filters, invalid, known, subnet_of
from .security_groups import group_of

GATEWAY_SERVICES = ("s3", "dynamodb")


def living(ec2):
    return [endpoint for endpoint in ec2.vpc_end_points.values() if endpoint.state != "deleted"]


def is_gateway(kind):
    return (kind or "Gateway").lower() == "gateway"


@BOOK.rule("CreateVpcEndpoint")
def the_service_offers_that_kind(_ec2, VpcEndpointType, ServiceName, **given):
    """CreateVpcEndpoint.VpcEndpointType: gateway endpoints are for S3 and DynamoDB; route tables
    belong to gateway endpoints, subnets, groups and private DNS to interface endpoints.
    """
    if ServiceName is None:
        return
    if is_gateway(VpcEndpointType):
        if ServiceName.rpartition(".")[2] not in GATEWAY_SERVICES:
            message = f"The VPC endpoint type Gateway is not supported for the service '{ServiceName}'"
            raise Refused("InvalidParameter", message)
        names = ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled")
    else:
        names = ("RouteTableIds",)
    for name in names:
        if given.get(name):
            message = f"{name} cannot be specified for a {VpcEndpointType or 'Gateway'} endpoint"
            raise Refused("InvalidParameter", message)


@BOOK.rule("CreateVpcEndpoint", "ModifyVpcEndpoint")
def the_policy_is_json(_ec2, PolicyDocument, **_):
    """CreateVpcEndpoint, PolicyDocument: "The policy must be in valid JSON format"."""
    if PolicyDocument:
        try:
            json.loads(PolicyDocument)
        except ValueError:
            raise Refused("InvalidPolicyDocument", "The policy document is not valid JSON") from None


@BOOK.rule("CreateVpcEndpoint")
def one_gateway_endpoint_per_service_and_table(ec2, VpcId, ServiceName, VpcEndpointType, **given):
    """PrivateLink guide, gateway endpoints: a route table has one route to a service."""
    known(ec2.vpcs, VpcId, "InvalidVpcID.NotFound", "vpc")
    if is_gateway(VpcEndpointType):
        free_tables(ec2, VpcId, ServiceName, given.get("RouteTableIds") or [])


def free_tables(ec2, vpc_id, service, tables):
    for table_id in tables:
        table = known(ec2.route_tables, table_id, "InvalidRouteTableId.NotFound", "routeTable")
        if table.vpc_id != vpc_id:
            raise invalid(f"Route table {table_id} does not belong to VPC {vpc_id}")
        for other in living(ec2):
            if other.service_name == service and table_id in (other.route_table_ids or []):
                message = f"route table {table_id} already has a route with destination-prefix-list-id of {service}"
                raise Refused("RouteAlreadyExists", message)


@BOOK.rule("CreateVpcEndpoint")
def private_dns_needs_dns_and_a_free_name(ec2, VpcId, ServiceName, VpcEndpointType, **given):
    """CreateVpcEndpoint.PrivateDnsEnabled: "you must set the following VPC attributes to true:
    enableDnsHostnames and enableDnsSupport"; default true; one per service and VPC.
    """
    if is_gateway(VpcEndpointType) or VpcEndpointType != "Interface":
        return
    if given.get("PrivateDnsEnabled", has_private_dns(ServiceName)):
        private_dns_is_possible(ec2, ec2.vpcs[VpcId], ServiceName)
    for one in given.get("SubnetIds") or []:
        subnet = subnet_of(ec2, one)
        if subnet is None:
            raise Refused("InvalidSubnetId.NotFound", f"The subnet ID '{one}' does not exist")
        if subnet.vpc_id != VpcId:
            raise Refused("InvalidParameter", f"Subnet {one} does not belong to {VpcId}")
    for one in given.get("SecurityGroupIds") or []:
        group_of(ec2, one, None)


def has_private_dns(service):
    return str(service).startswith("com.amazonaws.")


def private_dns_is_possible(ec2, vpc, service, mine=None):
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        message = f"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc.id}"
        raise Refused("InvalidParameter", message)
    for other in living(ec2):
        same = other is not mine and (other.vpc_id, other.service_name) == (vpc.id, service)
        if same and other.private_dns_enabled:
            message = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} in the VPC {vpc.id}"
            raise Refused("InvalidParameter", message)


@BOOK.patch(EC2Backend, "create_vpc_endpoint")
def what_the_service_adds(original, ec2, vpc_id, service_name, endpoint_type=None, *args, **kwargs):
    """CreateVpcEndpoint: the type is Gateway by default, private DNS is on by default, groups are
    the VPC's default group by default; interfaces carry the endpoint's groups.
    """
    endpoint = original(ec2, vpc_id, service_name, endpoint_type, *args, **kwargs)
    endpoint.vpc_endpoint_type = endpoint_type or "Gateway"
    endpoint.subnet_ids = list(endpoint.subnet_ids or [])
    endpoint.route_table_ids = list(endpoint.route_table_ids or [])
    if endpoint.vpc_endpoint_type != "Interface":
        endpoint.private_dns_enabled = False
        return endpoint
    if endpoint.private_dns_enabled is None:
        endpoint.private_dns_enabled = has_private_dns(service_name)
    if not endpoint.security_group_ids:
        endpoint.security_group_ids = [ec2.get_default_security_group(vpc_id).id]
    for eni_id in endpoint.network_interface_ids:
        dress(ec2, endpoint, ec2.enis[eni_id])
    return endpoint


def dress(ec2, endpoint, eni):
    eni.description = f"VPC Endpoint Interface {endpoint.id}"
    eni.interface_type = "vpc_endpoint"
    eni.requester_managed = True
    eni.status = "in-use"
    eni._group_set = [group_of(ec2, one, None) for one in endpoint.security_group_ids]
    network = ipaddress.ip_network(eni.subnet.cidr_block)
    if ipaddress.ip_address(eni.private_ip_address) not in network:  # moto throws the dice for it
        taken = {other.private_ip_address for other in ec2.enis.values() if other.subnet.id == eni.subnet.id}
        eni.private_ip_address = next(str(one) for one in list(network.hosts())[9:] if str(one) not in taken)
        eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": eni.private_ip_address}]


@BOOK.after("CreateVpcEndpoint")
def what_moto_forgets_of_a_new_one(ec2, VpcEndpointType, IpAddressType, DnsOptions, ServiceRegion, **_):
    """DescribeVpcEndpoints: IpAddressType, DnsOptions and ServiceRegion, with AWS's own defaults."""
    endpoint = list(ec2.vpc_end_points.values())[-1]
    endpoint.ip_address_type = IpAddressType or "ipv4"
    endpoint.service_region = ServiceRegion or ec2.region_name
    record = "service-defined" if is_gateway(VpcEndpointType) else "ipv4"
    endpoint.dns_options = {"DnsRecordIpType": record, **(DnsOptions or {})}
    if VpcEndpointType == "Interface":
        endpoint.dns_options.setdefault("PrivateDnsOnlyForInboundResolverEndpoint", False)


@BOOK.rule("CreateVpcEndpoint", "ModifyVpcEndpoint")
def fixed_addresses_are_free(ec2, SubnetConfigurations, **given):
    """SubnetConfiguration: an address of one of the endpoint's subnets, which nothing else has."""
    mine = ec2.vpc_end_points.get(given.get("VpcEndpointId"))
    removed = given.get("RemoveSubnetIds") or []
    subnets = [one for one in (mine.subnet_ids if mine else []) if one not in removed] + (given.get("SubnetIds") or given.get("AddSubnetIds") or [])
    for one in SubnetConfigurations or []:
        if one.get("SubnetId") not in subnets:
            raise Refused("InvalidParameter", f"{one.get('SubnetId')} is no subnet of the endpoint")
        network = ipaddress.ip_network(subnet_of(ec2, one["SubnetId"]).cidr_block)
        if "Ipv4" in one and ipaddress.ip_address(one["Ipv4"]) not in network:
            raise Refused("InvalidParameter", f"{one['Ipv4']} does not lie in {one['SubnetId']}")
        if any(eni.private_ip_address == one.get("Ipv4") and eni.subnet.id == one["SubnetId"] for eni in ec2.enis.values()):
            raise Refused("InvalidIPAddress.InUse", f"{one['Ipv4']} is in use")


@BOOK.after("CreateVpcEndpoint")
def new_addresses_are_fixed(ec2, SubnetConfigurations, **_):
    fix_addresses(ec2, list(ec2.vpc_end_points.values())[-1], SubnetConfigurations)


def fix_addresses(ec2, endpoint, configurations):
    """SubnetConfiguration.Ipv4: "we replace the existing endpoint network interface with a new endpoint network interface with this IP address"."""
    for one in configurations or []:
        old = next(eni for eni in map(ec2.enis.get, endpoint.network_interface_ids) if eni.subnet.id == one["SubnetId"])
        new = ec2.create_network_interface(one["SubnetId"], one.get("Ipv4") or old.private_ip_address)
        del ec2.enis[old.id]
        endpoint.network_interface_ids[endpoint.network_interface_ids.index(old.id)] = new.id
        dress(ec2, endpoint, new)


@BOOK.rule("CreateVpcEndpoint", "ModifyVpcEndpoint")
def a_gateway_endpoint_stands_beside(ec2, DnsOptions, **given):
    """PrivateLink guide for Amazon S3, private DNS: PrivateDnsOnlyForInboundResolverEndpoint needs
    a gateway endpoint of the same service in the VPC.
    """
    if not (DnsOptions or {}).get("PrivateDnsOnlyForInboundResolverEndpoint"):
        return
    mine = ec2.vpc_end_points.get(given.get("VpcEndpointId"))
    vpc_id, service = (mine.vpc_id, mine.service_name) if mine else (given["VpcId"], given["ServiceName"])
    for other in living(ec2):
        if is_gateway(other.vpc_endpoint_type) and (other.vpc_id, other.service_name) == (vpc_id, service):
            return
    message = "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC must have a Gateway endpoint for the service."
    raise Refused("InvalidParameter", message)


@BOOK.rule("ModifyVpcEndpoint")
def a_service_keeps_its_own(ec2, VpcEndpointId, **_):
    """VpcEndpoint.RequesterManaged: "the endpoint is being managed by its service", and by nobody else."""
    if getattr(ec2.vpc_end_points.get(VpcEndpointId), "requester_managed", False):
        raise Refused("OperationNotPermitted", f"{VpcEndpointId} is managed by a service of AWS")


@BOOK.rule("DeleteVpcEndpoints")
def a_service_deletes_its_own(ec2, VpcEndpointIds, **_):
    """As ModifyVpcEndpoint."""
    for one in VpcEndpointIds or []:
        a_service_keeps_its_own(ec2, one)


# DescribeVpcEndpoints.Filters
filters(VPCEndPoint, vpc_endpoint_id=lambda endpoint: endpoint.id)


# -- changes --------------------------------------------------------------------------------------


def endpoint_of(ec2, endpoint_id):
    endpoint = ec2.vpc_end_points.get(endpoint_id)
    if endpoint is None or endpoint.state == "deleted":
        message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
        raise Refused("InvalidVpcEndpointId.NotFound", message)
    return endpoint


@BOOK.rule("ModifyVpcEndpoint")
def a_change_suits_the_endpoint(ec2, VpcEndpointId, AddRouteTableIds, PrivateDnsEnabled, **given):
    """ModifyVpcEndpoint names with each member the type of endpoint that it is for, such as "(Gateway endpoint)" with AddRouteTableIds."""
    endpoint = endpoint_of(ec2, VpcEndpointId)
    if is_gateway(endpoint.vpc_endpoint_type):
        names = ("AddSubnetIds", "RemoveSubnetIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds")
        unsuitable = [name for name in names if given.get(name)] or PrivateDnsEnabled
    else:
        unsuitable = AddRouteTableIds or given.get("RemoveRouteTableIds")
    if unsuitable:
        message = f"That cannot be changed on a {endpoint.vpc_endpoint_type} endpoint"
        raise Refused("InvalidParameter", message)
    new = [t for t in AddRouteTableIds or [] if t not in endpoint.route_table_ids]
    free_tables(ec2, endpoint.vpc_id, endpoint.service_name, new)
    if PrivateDnsEnabled:
        vpc = ec2.vpcs[endpoint.vpc_id]
        private_dns_is_possible(ec2, vpc, endpoint.service_name, endpoint)
    groups_stay(endpoint, given)


def groups_stay(endpoint, given):
    removed = set(given.get("RemoveSecurityGroupIds") or [])
    added = given.get("AddSecurityGroupIds") or []
    if removed and not (set(endpoint.security_group_ids) - removed) | set(added):
        raise Refused("InvalidParameter", "An interface endpoint has at least one security group")


@BOOK.after("ModifyVpcEndpoint")
def address_type_and_dns_options_are_kept(ec2, VpcEndpointId, IpAddressType, DnsOptions, **_):
    """ModifyVpcEndpoint: what is not named stays."""
    endpoint = ec2.vpc_end_points[VpcEndpointId]
    endpoint.ip_address_type = IpAddressType or endpoint.ip_address_type
    endpoint.dns_options = {**endpoint.dns_options, **(DnsOptions or {})}


@BOOK.after("ModifyVpcEndpoint")
def what_moto_forgets_of_a_change(ec2, VpcEndpointId, PrivateDnsEnabled, ResetPolicy, SubnetConfigurations, **_):
    """Routes of a gateway endpoint and interfaces of an interface endpoint follow its tables,
    subnets and groups; PrivateDnsEnabled and ResetPolicy are kept.
    """
    endpoint = ec2.vpc_end_points[VpcEndpointId]
    if PrivateDnsEnabled is not None:
        endpoint.private_dns_enabled = PrivateDnsEnabled
    if ResetPolicy:
        endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
    if is_gateway(endpoint.vpc_endpoint_type):
        follow_tables(ec2, endpoint)
    else:
        follow_subnets(ec2, endpoint)
        fix_addresses(ec2, endpoint, SubnetConfigurations)


def follow_tables(ec2, endpoint):
    prefix_list = endpoint.destination_prefix_list_id
    for table in ec2.route_tables.values():
        route = next((r for r in table._routes.values() if r.gateway_id == endpoint.id), None)
        if route is None and table.id in endpoint.route_table_ids and prefix_list:
            ec2.create_route(
                table.id, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list
            )
        elif route is not None and table.id not in endpoint.route_table_ids:
            del table._routes[route.id]


def follow_subnets(ec2, endpoint):
    mine = [ec2.enis[one] for one in endpoint.network_interface_ids if one in ec2.enis]
    for eni in mine:
        if eni.subnet.id not in endpoint.subnet_ids:
            del ec2.enis[eni.id]
            endpoint.network_interface_ids.remove(eni.id)
    for one in endpoint.subnet_ids:
        if one not in [eni.subnet.id for eni in mine]:
            new = ec2.create_network_interface(one, random_private_ip())
            endpoint.network_interface_ids.append(new.id)
    for eni_id in endpoint.network_interface_ids:
        dress(ec2, endpoint, ec2.enis[eni_id])


@BOOK.patch(EC2Backend, "delete_vpc_endpoints")
def deleted_endpoints_let_go(original, ec2, vpce_ids=None):
    """DeleteVpcEndpoints: the routes that AWS made go with a gateway endpoint (moto falls over
    one whose table is gone).
    """
    for one in vpce_ids or []:
        endpoint = ec2.vpc_end_points.get(one)
        if endpoint is None or endpoint.state == "deleted":
            continue
        if is_gateway(endpoint.vpc_endpoint_type):
            endpoint.route_table_ids = []
            follow_tables(ec2, endpoint)
        for eni_id in endpoint.network_interface_ids:
            ec2.enis.pop(eni_id, None)
        endpoint.state = "deleted"
