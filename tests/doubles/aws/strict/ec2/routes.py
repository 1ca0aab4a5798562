# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables and routes."""

from __future__ import annotations

import ipaddress

from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route, RouteTable

from ..rules import Refused
from .book import BOOK, all_instances, all_subnets, dependency, forget_tags, invalid, known, subnet_of
from .vpcs import attached_to, canonical


def table_of(ec2, table_id):
    code = "InvalidRouteTableID.NotFound"
    return known(ec2.route_tables, table_id, code, "routeTable")


@BOOK.rule("DeleteRouteTable")
def the_main_route_table_stays(ec2, RouteTableId, **_):
    """DeleteRouteTable: "You must disassociate the route table from any subnets before you can
    delete it. You can't delete the main route table."
    """
    table = ec2.route_tables.get(RouteTableId)
    if table is not None and (table.main_association_id or table._associations):
        raise dependency("routeTable", RouteTableId)


@BOOK.after("DeleteRouteTable")
def tags_of_a_route_table_go(ec2, RouteTableId, **_):
    forget_tags(ec2, RouteTableId)


@BOOK.rule("AssociateRouteTable")
def a_subnet_has_one_explicit_route_table(ec2, RouteTableId, SubnetId, **_):
    """AssociateRouteTable: subnet and table "must be in the same VPC"; a subnet that has another
    table is refused (ReplaceRouteTableAssociation moves it), the same table again is no error.
    """
    table = table_of(ec2, RouteTableId)
    subnet = subnet_of(ec2, SubnetId)
    if subnet is not None and subnet.vpc_id != table.vpc_id:
        raise invalid(f"Route table {RouteTableId} and subnet {SubnetId} belong to different networks")
    for other in ec2.route_tables.values():
        if other is not table and SubnetId in other._associations.values():
            message = f"the specified association for route table {RouteTableId} conflicts with an existing association"
            raise Refused("Resource.AlreadyAssociated", message)


@BOOK.rule("AssociateRouteTable")
def a_gateway_has_one_route_table_of_its_vpc(ec2, RouteTableId, GatewayId, **_):
    """VPC guide, gateway route tables: an internet or virtual private gateway that is attached to
    the VPC of the table, and one table for it.
    """
    if not GatewayId:
        return
    table = table_of(ec2, RouteTableId)
    the_target_exists_and_belongs_to_the_vpc(ec2, RouteTableId, GatewayId=GatewayId)
    if any(GatewayId in other._associations.values() for other in ec2.route_tables.values() if other is not table):
        message = f"the specified association for route table {RouteTableId} conflicts with an existing association"
        raise Refused("Resource.AlreadyAssociated", message)


@BOOK.patch(EC2Backend, "associate_route_table")
def what_is_associated_is_not_associated_twice(original, ec2, route_table_id, gateway_id, subnet_id):
    """AssociateRouteTable: the same table again answers with the association that is there. moto does so for subnets only."""
    associations = table_of(ec2, route_table_id)._associations
    there = next((one for one, target in associations.items() if target == gateway_id), None)
    return there or original(ec2, route_table_id, gateway_id, subnet_id)


@BOOK.patch(RouteTable, "associations")
def associations_of_vpn_gateways_are_shown(original, table):
    """DescribeRouteTables: RouteTableAssociation.GatewayId. moto shows those of internet gateways only."""
    shown = original(table)
    for one in shown:
        target = table._associations.get(one["RouteTableAssociationId"], "")
        if target.startswith("vgw-"):
            one["GatewayId"] = target
    return shown


@BOOK.rule("DisassociateRouteTable")
def the_main_association_stays(ec2, AssociationId, **_):
    """DisassociateRouteTable: the main association can only be replaced."""
    if any(table.main_association_id == AssociationId for table in ec2.route_tables.values()):
        raise invalid(f"cannot disassociate the main route table association {AssociationId}")


# -- routes ---------------------------------------------------------------------------------------

DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
TARGETS = (
    "GatewayId",
    "InstanceId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "CarrierGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)


@BOOK.rule("CreateRoute", "ReplaceRoute")
def one_destination_and_one_target(ec2, RouteTableId, **given):
    """CreateRoute: "You must specify either a destination CIDR block or a prefix list ID. You must
    also specify exactly one of the resources from the parameter list."
    """
    table_of(ec2, RouteTableId)
    if len([name for name in DESTINATIONS if name in given]) != 1:
        raise Refused("MissingParameter", "Exactly one destination must be specified")
    targets = [name for name in TARGETS if name in given]
    if given.get("LocalTarget"):
        targets.append("LocalTarget")
    if len(targets) != 1:
        code = "InvalidParameterCombination" if targets else "MissingParameter"
        raise Refused(code, "Exactly one target must be specified")


@BOOK.rule("CreateRoute", "ReplaceRoute", "DeleteRoute")
def a_destination_is_a_block(_ec2, DestinationCidrBlock, DestinationIpv6CidrBlock, **_):
    """CreateRoute.DestinationCidrBlock "The IPv4 CIDR address block", .DestinationIpv6CidrBlock "The IPv6 CIDR block"."""
    for block, version in ((DestinationCidrBlock, 4), (DestinationIpv6CidrBlock, 6)):
        try:
            sound = not block or ("/" in block and ipaddress.ip_network(block, strict=False).version == version)
        except ValueError:
            sound = False
        if not sound:
            raise invalid(f"Value ({block}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.")


@BOOK.rule("CreateRoute")
def a_destination_is_named_once(ec2, RouteTableId, **given):
    """CreateRoute: RouteAlreadyExists; the local route of the VPC's own range counts, too."""
    wanted = next(given[name] for name in DESTINATIONS if name in given)
    for route in ec2.route_tables[RouteTableId]._routes.values():
        if canonical(wanted) in destinations(route):
            message = f"The route identified by {wanted} already exists."
            raise Refused("RouteAlreadyExists", message)


@BOOK.rule("CreateRoute")
def inside_the_vpc_only_whole_subnets_are_routed(ec2, RouteTableId, DestinationCidrBlock, **given):
    """VPC guide, "Subnet route tables": a route more specific than the local one "must match the entire IPv4 or IPv6 CIDR
    block of a subnet in your VPC. The target must be a NAT gateway, network interface, or Gateway Load Balancer endpoint."
    """
    vpc = ec2.vpcs[ec2.route_tables[RouteTableId].vpc_id]
    if not DestinationCidrBlock:
        return
    wanted = ipaddress.ip_network(DestinationCidrBlock, strict=False)
    blocks = [ipaddress.ip_network(one["cidr_block"]) for one in vpc.cidr_block_association_set]
    if not any(wanted != block and wanted.subnet_of(block) for block in blocks):
        return
    subnets = [canonical(subnet.cidr_block) for subnet in all_subnets(ec2) if subnet.vpc_id == vpc.id]
    into = ("NatGatewayId", "NetworkInterfaceId", "InstanceId", "VpcEndpointId")
    if str(wanted) not in subnets or not any(given.get(name) for name in into):
        where = f"The destination CIDR block {wanted} is equal to or more specific than one of this VPC's CIDR blocks."
        raise invalid(f"{where} This route can target only an interface or an instance.")


def destinations(route):
    prefix_list = route.destination_prefix_list
    return (
        route.destination_cidr_block,
        route.destination_ipv6_cidr_block,
        prefix_list.id if prefix_list else None,
    )


@BOOK.rule("CreateRoute", "ReplaceRoute")
def the_target_exists_and_belongs_to_the_vpc(ec2, RouteTableId, **given):
    """CreateRoute: an internet or virtual private gateway must be attached to the VPC."""
    vpc_id = ec2.route_tables[RouteTableId].vpc_id
    gateway = given.get("GatewayId", "")
    if gateway.startswith("igw-"):
        igw = known(ec2.internet_gateways, gateway, "InvalidInternetGatewayID.NotFound", "gateway")
        of_this_vpc(gateway, vpc_id, bool(igw.vpc and igw.vpc.id == vpc_id))
    elif gateway.startswith("vgw-"):
        vgw = known(ec2.vpn_gateways, gateway, "InvalidVpnGatewayID.NotFound", "vpnGateway")
        of_this_vpc(gateway, vpc_id, attached_to(vgw, vpc_id))
    elif gateway.startswith("vpce-"):
        raise invalid("Routes to a gateway endpoint are made by the endpoint itself")
    elif gateway and gateway != "local":
        raise Refused("InvalidGatewayID.NotFound", f"The gateway ID '{gateway}' does not exist")
    other_target(ec2, vpc_id, given)


def of_this_vpc(gateway, vpc_id, attached):
    if not attached:
        message = f"route table and network gateway {gateway} belong to different networks ({vpc_id})"
        raise invalid(message)


def other_target(ec2, vpc_id, given):
    if "NatGatewayId" in given:
        nat = ec2.nat_gateways.get(given["NatGatewayId"])
        if nat is None or nat.state in ("deleted", "failed"):
            message = f"The natGateway ID '{given['NatGatewayId']}' does not exist"
            raise Refused("InvalidNatGatewayID.NotFound", message)
        if nat.vpc_id != vpc_id:
            raise invalid(f"route table and NAT gateway {nat.id} belong to different networks")
    interface_target(ec2, vpc_id, given)
    egress_target(ec2, vpc_id, given)
    if "VpcEndpointId" in given:
        endpoint_target(ec2, vpc_id, given["VpcEndpointId"])
    if "TransitGatewayId" in given:
        tgw_target(ec2, vpc_id, given["TransitGatewayId"])
    if "VpcPeeringConnectionId" in given:
        peering_target(ec2, vpc_id, given["VpcPeeringConnectionId"])
    if "DestinationPrefixListId" in given:
        code = "InvalidPrefixListID.NotFound"
        known(ec2.managed_prefix_lists, given["DestinationPrefixListId"], code, "prefix list")


def interface_target(ec2, vpc_id, given):
    """CreateRoute.InstanceId: "The operation fails if you specify an instance ID unless exactly one network interface is
    attached"; both are of the table's own VPC.
    """
    eni = None
    if "NetworkInterfaceId" in given:
        eni = known(ec2.enis, given["NetworkInterfaceId"], "InvalidNetworkInterfaceID.NotFound", "networkInterface")
    elif "InstanceId" in given:
        instance = next((one for one in all_instances(ec2) if one.id == given["InstanceId"]), None)
        if instance is None:
            raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{given['InstanceId']}' does not exist")
        if len(instance.nics) > 1:
            raise Refused("InvalidInstanceID", f"There are multiple interfaces attached to instance '{instance.id}'")
        eni = instance.nics[0]
    if eni is not None and eni.subnet.vpc_id != vpc_id:
        raise invalid(f"route table and interface {eni.id} belong to different networks")


def egress_target(ec2, vpc_id, given):
    """CreateRoute.EgressOnlyInternetGatewayId: "[IPv6 traffic only]"."""
    if "EgressOnlyInternetGatewayId" not in given:
        return
    code = "InvalidGatewayID.NotFound"
    gateway = known(ec2.egress_only_internet_gateways, given["EgressOnlyInternetGatewayId"], code, "egress only internet gateway")
    if gateway.vpc_id != vpc_id:
        raise invalid(f"route table and egress only internet gateway {gateway.id} belong to different networks")
    if "DestinationCidrBlock" in given:
        raise invalid("An egress-only internet gateway is a target for IPv6 destinations only")


def endpoint_target(ec2, vpc_id, endpoint_id):
    """CreateRoute.VpcEndpointId: "Supported for Gateway Load Balancer endpoints only", of the table's own VPC."""
    endpoint = ec2.vpc_end_points.get(endpoint_id)
    if endpoint is None or endpoint.state == "deleted":
        raise Refused("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")
    if endpoint.vpc_endpoint_type != "GatewayLoadBalancer":
        message = f"Route table contains unsupported route target: {endpoint_id}. VPC Endpoints of this type cannot be used as route targets."
        raise Refused("RouteNotSupported", message)
    if endpoint.vpc_id != vpc_id:
        raise invalid(f"route table and vpc endpoint {endpoint_id} belong to different networks")


@BOOK.after("ReplaceRoute")
def the_endpoint_is_replaced_too(ec2, RouteTableId, VpcEndpointId, **given):
    """ReplaceRoute.VpcEndpointId, which moto does not know."""
    wanted = next(given[name] for name in DESTINATIONS if name in given)
    for route in ec2.route_tables[RouteTableId]._routes.values():
        if canonical(wanted) in destinations(route):
            route.vpc_endpoint_id = VpcEndpointId


def tgw_target(ec2, vpc_id, tgw_id):
    """VPC guide, routing for a transit gateway: the VPC must be attached, and the attachment be there."""
    known(ec2.transit_gateways, tgw_id, "InvalidTransitGatewayID.NotFound", "transitGateway")
    if not attached_to_gateway(ec2, vpc_id, tgw_id):
        message = f"The transit gateway {tgw_id} is not attached to {vpc_id}"
        raise Refused("InvalidTransitGatewayID.NotFound", message)


def attached_to_gateway(ec2, vpc_id, tgw_id):
    attachments = [one for one in ec2.transit_gateway_attachments.values() if one.transit_gateway_id == tgw_id]
    return any(one.resource_id == vpc_id and one.state in ("available", "modifying") for one in attachments)


def peering_target(ec2, vpc_id, pcx_id):
    code = "InvalidVpcPeeringConnectionID.NotFound"
    peering = known(ec2.vpc_pcxs, pcx_id, code, "vpcPeeringConnection")
    if vpc_id not in (peering.vpc.id, peering.peer_vpc.id):
        raise invalid(f"route table and vpc peering connection {pcx_id} belong to different networks")
    if peering._status.code not in ("active", "pending-acceptance", "provisioning"):
        message = f"The vpcPeeringConnection {pcx_id} is in state {peering._status.code}"
        raise Refused("InvalidStateTransition", message)


@BOOK.patch(EC2Backend, "create_route")
def destination_is_made_canonical(original, ec2, table_id, destination_cidr_block, *args, **kwargs):
    """CreateRoute.DestinationCidrBlock."""
    return original(ec2, table_id, canonical(destination_cidr_block), *args, **kwargs)


@BOOK.rule("DeleteRoute")
def routes_of_others_are_left_alone(ec2, RouteTableId, **given):
    """The local route, and one that a gateway endpoint keeps, are not the caller's to delete."""
    wanted = next((given[name] for name in DESTINATIONS if name in given), None)
    for route in table_of(ec2, RouteTableId)._routes.values():
        kept = route.local or (route.gateway is not None and route.gateway.id.startswith("vpce-"))
        if kept and wanted in destinations(route):
            raise invalid(f"cannot remove local route {wanted} in route table {RouteTableId}")


@BOOK.patch(Route, "state")
def a_route_to_nowhere_is_a_blackhole(_original, route):
    """Route.State: "blackhole: the route's target isn't available"."""
    ec2 = route.route_table.ec2_backend
    gone = (
        (route.nat_gateway is not None and route.nat_gateway.state != "available")
        or (route.vpc_pcx is not None and route.vpc_pcx._status.code != "active")
        or (route.instance is not None and route.instance.state == "terminated")
        or (route.interface is not None and route.interface.id not in ec2.enis)
        or (route.gateway is not None and gateway_is_gone(ec2, route))
        or (route.vpc_endpoint_id is not None and ec2.vpc_end_points[route.vpc_endpoint_id].state == "deleted")
        or (route.transit_gateway is not None and not attached_to_gateway(ec2, route.route_table.vpc_id, route.transit_gateway.id))
    )
    return "blackhole" if gone else "active"


def gateway_is_gone(ec2, route):
    gateway, vpc_id = route.gateway, route.route_table.vpc_id
    if gateway.id.startswith("igw-"):
        return gateway.vpc is None or gateway.vpc.id != vpc_id
    return gateway.id.startswith("vgw-") and not attached_to(gateway, vpc_id)


# -- propagation ----------------------------------------------------------------------------------


@BOOK.adds("EnableVgwRoutePropagation")
def enable_vgw_route_propagation(ec2, RouteTableId, GatewayId, **_):
    """EnableVgwRoutePropagation: "The virtual private gateway must be attached to the VPC"."""
    table = table_of(ec2, RouteTableId)
    gateway = known(ec2.vpn_gateways, GatewayId, "InvalidVpnGatewayID.NotFound", "vpnGateway")
    if not attached_to(gateway, table.vpc_id):
        message = f"resource {GatewayId} is not attached to network {table.vpc_id}"
        raise Refused("Gateway.NotAttached", message)
    propagating = vars(table).setdefault("propagating", [])
    if GatewayId not in propagating:
        propagating.append(GatewayId)


@BOOK.adds("DisableVgwRoutePropagation")
def disable_vgw_route_propagation(ec2, RouteTableId, GatewayId, **_):
    """DisableVgwRoutePropagation: what is not propagating cannot be switched off."""
    propagating = vars(table_of(ec2, RouteTableId)).get("propagating", [])
    if GatewayId not in propagating:
        message = f"resource {GatewayId} does not propagate to {RouteTableId}"
        raise Refused("Gateway.NotAttached", message)
    propagating.remove(GatewayId)


def propagating_vgws(table):
    """DescribeRouteTables: RouteTable.PropagatingVgws."""
    return [{"GatewayId": gateway} for gateway in vars(table).get("propagating", [])]


def show_propagation():
    RouteTable.propagating_vgws = property(propagating_vgws)


show_propagation()
