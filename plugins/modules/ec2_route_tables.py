#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, ref, refs

DESTINATIONS = dict(
    destination_cidr_block="DestinationCidrBlock",
    destination_ipv6_cidr_block="DestinationIpv6CidrBlock",
    destination_prefix_list="DestinationPrefixListId",
)
TARGETS = dict(
    internet_gateway="GatewayId",
    vpn_gateway="GatewayId",
    vpc_endpoint="VpcEndpointId",
    nat_gateway="NatGatewayId",
    network_interface="NetworkInterfaceId",
    vpc_peering_connection="VpcPeeringConnectionId",
    transit_gateway="TransitGatewayId",
    egress_only_internet_gateway="EgressOnlyInternetGatewayId",
    firewall="VpcEndpointId",
)
# However they were named in the request, AWS describes these three as GatewayId; the id says which it is.
GATEWAYS = dict(internet_gateway="igw-", vpn_gateway="vgw-", vpc_endpoint="vpce-")
# Option → member of an association, and how its ids begin
ASSOCIATED = dict(subnets=("SubnetId", "subnet-"), internet_gateways=("GatewayId", "igw-"), vpn_gateways=("GatewayId", "vgw-"))


def find(aws, wanted):
    filters = [dict(Name="vpc-endpoint-type", Values=["Gateway"])]
    endpoints = {endpoint["VpcEndpointId"] for endpoint in aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=filters)}
    tables = _tables(aws)
    firewalls = _firewalls(aws, tables, endpoints, wanted or [])
    placed = {_associated(association): table["RouteTableId"] for table in tables for association in table["Associations"]}
    return [dict(_have(table, endpoints, firewalls), _placed=placed) for table in tables]


def _tables(aws, **arguments):
    return aws.pages("ec2", "describe_route_tables", "RouteTables", **arguments)


def _firewalls(aws, tables, gateway_endpoints, wanted):
    """Endpoint → firewall and zone, of those that routes lead to. One that the sheet names as an endpoint stays an endpoint."""
    named = {route.get("vpc_endpoint") for entry in wanted for things in (entry.get("routes") or {}).values() for route in things}
    used = {route.get("GatewayId", "") for table in tables for route in table["Routes"]} - gateway_endpoints - named
    if not any(target.startswith("vpce-") for target in used):
        return {}
    return {endpoint: place for place, endpoint in aws.once(_firewall_endpoints).items() if endpoint in used}


def _firewall_endpoints(aws):
    """(firewall, zone) → endpoint. Which endpoints are a firewall's, only the firewall tells."""
    found = {}
    for firewall in aws.pages("network-firewall", "list_firewalls", "Firewalls"):
        described = aws.network_firewall.describe_firewall(FirewallArn=firewall["FirewallArn"])
        for zone, state in (described["FirewallStatus"].get("SyncStates") or {}).items():
            if (state.get("Attachment") or {}).get("EndpointId"):
                found[firewall["FirewallArn"], zone] = state["Attachment"]["EndpointId"]
    return found


def _have(table, gateway_endpoints=(), firewalls=()):
    users = [_associated(association) for association in table["Associations"]]
    # Only what somebody made is the sheet's: not local and propagated routes, and not those that a gateway endpoint keeps.
    made = [route for route in table["Routes"] if route["Origin"] == "CreateRoute" and route.get("GatewayId") not in gateway_endpoints]
    return dict(
        id=table["RouteTableId"],
        vpc=table["VpcId"],
        routes=[_route(route, dict(firewalls)) for route in made],
        propagating_vpn_gateways=[gateway["GatewayId"] for gateway in table["PropagatingVgws"]],
        _used=bool(users),
        _main=any(association.get("Main") for association in table["Associations"]),
        **{option: [user for user in users if user.startswith(prefix)] for option, (dummy, prefix) in ASSOCIATED.items()},
        **_tags.name_and_tags(table),
    )


def _associated(association):
    """What is associated explicitly. The main association has neither: it is every subnet that no other table claims."""
    return association.get("SubnetId") or association.get("GatewayId") or ""


def _route(route, firewalls):
    gateway = route.get("GatewayId", "")
    targets = {option: route.get(member) for option, member in TARGETS.items() if option not in GATEWAYS}
    targets.update((option, gateway if gateway.startswith(prefix) else None) for option, prefix in GATEWAYS.items())
    if gateway in firewalls:
        targets.update(zip(("firewall", "availability_zone"), firewalls[gateway], strict=True), vpc_endpoint=None)
    # Where the target is gone nothing arrives any more, and nothing is lost with the route.
    return {**{option: route.get(member) for option, member in DESTINATIONS.items()}, **targets, "_carries": route.get("State") != "blackhole"}


def create(aws, want):
    arguments = dict(VpcId=want["vpc"], TagSpecifications=_tags.specifications("route-table", want))
    made = _tokens.make(aws, aws.ec2.create_route_table, arguments, lambda answer: answer["RouteTable"]["RouteTableId"], lambda one: _described(aws, one))
    return _have(made)


def _described(aws, table_id):
    return next(iter(_tables(aws, Filters=[dict(Name="route-table-id", Values=[table_id])])), None)


def update(aws, have, change):
    """First everything that leads somewhere, then who uses it, and last what is taken away."""
    table = dict(RouteTableId=have["id"])
    routes, propagation = change.get("routes"), change.get("propagating_vpn_gateways")
    _tags.update(aws, have, change)
    for route in routes.add if routes else ():
        aws.ec2.create_route(**table, **_destination(route), **_target(aws, route))
    for route in [new for dummy, new in routes.change] if routes else ():
        aws.ec2.replace_route(**table, **_destination(route), **_target(aws, route))
    for gateway in propagation.add if propagation else ():
        aws.ec2.enable_vgw_route_propagation(**table, GatewayId=gateway)
    _update_associations(aws, have, {option: change[option] for option in ASSOCIATED if option in change})
    for gateway in propagation.remove if propagation else ():
        aws.ec2.disable_vgw_route_propagation(**table, GatewayId=gateway)
    for route in routes.remove if routes else ():
        aws.ec2.delete_route(**table, **_destination(route))
    if routes and (routes.add or routes.change):
        _tell_blackholes(aws, have, {*_destinations([*routes.add, *(new for dummy, new in routes.change)])})


def _tell_blackholes(aws, have, written):
    """AWS takes a route whose target is not available, and drops what goes there: a peering that nobody has accepted yet, a gateway that is gone."""
    with aws.reading():
        found = _described(aws, have["id"])
    lost = [route for route in (found or dict(Routes=[]))["Routes"] if route.get("State") == "blackhole"]
    for destination in sorted(written & {value for route in lost for value in map(route.get, DESTINATIONS.values()) if value}):
        aws.warn(f"{have['name'] or have['id']}: what goes to {destination} arrives nowhere (blackhole), because the target of the route is not available")


def _destinations(routes):
    return [next(iter(_destination(route).values())) for route in routes]


def _destination(route):
    return {member: route[option] for option, member in DESTINATIONS.items() if route.get(option)}


def _target(aws, route):
    if route.get("firewall"):
        return dict(VpcEndpointId=_endpoint_of(aws, route["firewall"], route["availability_zone"]))
    return {member: route[option] for option, member in TARGETS.items() if route.get(option)}


def _endpoint_of(aws, firewall, zone):
    """A plan cannot know whether the same run makes the firewall's endpoint in that zone."""
    endpoints = aws.once(_firewall_endpoints)
    if (firewall, zone) in endpoints:
        return endpoints[firewall, zone]
    there = ", ".join(sorted(other for owner, other in endpoints if owner == firewall)) or "none"
    missing = f"{firewall} has no endpoint in {zone} (zones with one: {there})"
    if not aws.check_mode:
        raise Problem(missing)
    aws.warn(f"{missing}: the route can be made only when there is one")
    return zone


def _update_associations(aws, have, deltas):
    """What is under another table moves in one call and never falls back to the main table. Another entry may have moved it: look first."""
    if not deltas:
        return
    with aws.reading():
        associations = {_associated(association): association for table in _tables(aws) for association in table["Associations"]}
    for option, delta in deltas.items():
        for target in delta.add:
            if target in associations:
                association_id = associations[target]["RouteTableAssociationId"]
                aws.ec2.replace_route_table_association(AssociationId=association_id, RouteTableId=have["id"])
            else:
                aws.ec2.associate_route_table(RouteTableId=have["id"], **{ASSOCIATED[option][0]: target})
        for target in delta.remove:
            if associations.get(target, {}).get("RouteTableId") == have["id"]:
                aws.ec2.disassociate_route_table(AssociationId=associations[target]["RouteTableAssociationId"])


def refuse(want, have, change):
    routes = change.get("routes")
    for route in [*routes.add, *(route for dummy, route in routes.change)] if routes else ():
        fault = _fault(route)
        if fault:
            raise Problem(f"routes: {fault}")


def _fault(route):
    """What the API would say of a route only after those before it were written."""
    destinations, targets = _destination(route), [option for option in TARGETS if route.get(option)]
    if len(destinations) != 1:
        return f"exactly one of {', '.join(DESTINATIONS)} must be named"
    destination = next(iter(destinations.values()))
    if len(targets) != 1:
        return f"exactly one target must be named for {destination}: {', '.join(TARGETS)}"
    if bool(route.get("firewall")) != bool(route.get("availability_zone")):
        return f"firewall and availability_zone belong together; {destination} has one of them"
    return None


def danger(have, change):
    """What interrupts traffic. A table that nobody uses carries none."""
    if not have or not change:
        return None
    reasons = [f"take {target} off the route table {have['_placed'][target]}" for target in _moved(have, change)]
    if have["_used"]:
        reasons += [f"send what goes to {destination} another way, or nowhere" for destination in _rerouted(change.get("routes"))]
        propagation = change["propagating_vpn_gateways"].remove if "propagating_vpn_gateways" in change else []
        reasons += [f"cut the ways that {gateway} has learned from the other side" for gateway in propagation]
        left = {option: change[option].remove for option in ASSOCIATED if option in change}
        if left.pop("subnets", None):
            reasons.append(f"put {len(change['subnets'].remove)} of its subnets under the VPC's main route table")
        reasons += [f"no longer steer what comes in through {gateway}" for gateways in left.values() for gateway in gateways]
    return f"would {', and '.join(reasons)}" if reasons else None


def _moved(have, change):
    """What comes here from another table. From the main one it comes because no table has named it yet."""
    arriving = [target for option in ASSOCIATED if option in change for target in change[option].add]
    return [target for target in arriving if have["_placed"].get(target, have["id"]) != have["id"]]


def _rerouted(routes):
    leaving = [*routes.remove, *(old for old, dummy in routes.change)] if routes else ()
    return _destinations(route for route in leaving if route["_carries"])


def delete(aws, have):
    aws.ec2.delete_route_table(RouteTableId=have["id"])


def holders(aws, haves):
    """Another table may take over whatever uses this one; the main one is everybody's."""
    for have in haves:
        users = [(f"ec2_{option}", target) for option in ASSOCIATED for target in have[option]]
        yield from (Holder(have["id"], "subnets or gateways that use it", user[1], ((KIND.name, None), user)) for user in users)
        if have["_main"]:
            yield Holder(have["id"], "VPCs whose main route table it is", have["vpc"])


def faults(entries, sheet):
    """A route has one destination and one target; a subnet or gateway has one table."""
    for option in ASSOCIATED:
        yield from _networks.named_twice(entries, option, "vpc")
    for index, entry in enumerate(entries):
        named = entry.get("routes") or []
        for route in [*(named.get("add") or []), *(named.get("set") or [])] if isinstance(named, dict) else named:
            for options in (DESTINATIONS, TARGETS):
                given = [option for option in options if route.get(option)]
                if len(given) != 1:
                    first, *dummy = given or options
                    yield index, f"routes.{first}", "one_of", dict(value=", ".join(given), other=", ".join(options), item=route)
            if bool(route.get("firewall")) != bool(route.get("availability_zone")):
                lacking = "availability_zone" if route.get("firewall") else "firewall"
                yield index, f"routes.{lacking}", "needs", dict(value=None, other=lacking, item=route)


KIND = Kind(
    name="ec2_route_tables",
    identity=("vpc", "name"),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        routes=items(
            key=tuple(DESTINATIONS),
            one_of=(*TARGETS, "availability_zone"),
            options=dict(
                destination_cidr_block=Option(wrong=_networks.wrong_ipv4_key),
                destination_ipv6_cidr_block=Option(wrong=_networks.wrong_ipv6_key),
                destination_prefix_list=Option(),
                internet_gateway=ref("ec2_internet_gateways"),
                vpn_gateway=ref("ec2_vpn_gateways"),
                vpc_endpoint=ref("ec2_vpc_endpoints", within="vpc"),
                nat_gateway=ref("ec2_nat_gateways", within="vpc"),
                network_interface=ref("ec2_network_interfaces", within="vpc"),
                vpc_peering_connection=ref("ec2_vpc_peering_connections"),
                transit_gateway=ref("ec2_transit_gateways", elsewhere=True),
                egress_only_internet_gateway=Option(),
                firewall=ref("networkfirewall_firewalls"),
                availability_zone=Option(),
            ),
        ),
        propagating_vpn_gateways=refs("ec2_vpn_gateways"),
        subnets=refs("ec2_subnets", within="vpc"),
        internet_gateways=refs("ec2_internet_gateways"),
        vpn_gateways=refs("ec2_vpn_gateways"),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
