#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, ref, refs, to_make

ATTACHMENTS = "ec2_transit_gateway_attachments"
LEADS_TO = ("attachment", "blackhole")
# Lists of routes → the field that says which one it is
ROUTES = dict(routes="destination_cidr_block", prefix_list_references="prefix_list")
AT_REST = (None, "associated", "disassociated")


def find(aws, wanted):
    attachments = {one["TransitGatewayAttachmentId"]: _attachment(one) for one in _described(aws) if one["State"] not in _transit_gateways.DEAD}
    return [_have(table, attachments) for table in _tables(aws) if table["State"] not in _transit_gateways.DEAD]


def look(aws, ids):
    """Without what is under them, which `find` tells."""
    tables = _tables(aws, dict(Name="transit-gateway-route-table-id", Values=ids))
    return [dict(id=table["TransitGatewayRouteTableId"], **_transit_gateways.progress(table)) for table in tables]


def _tables(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateway_route_tables", "TransitGatewayRouteTables", Filters=list(filters))


def _described(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=list(filters))


def _attachment(one):
    association = one.get("Association", {})
    here = association.get("State") in ("associating", "associated")
    return dict(
        type=one["ResourceType"],
        gateway=one["TransitGatewayId"],
        asked=one["State"] == _transit_gateways.ASKED,
        table=association.get("TransitGatewayRouteTableId") if here else None,
        at_rest=one["State"] not in _transit_gateways.MOVING and association.get("State") in AT_REST,
    )


def _have(table, attachments):
    table_id = table["TransitGatewayRouteTableId"]
    return dict(
        id=table_id,
        transit_gateway=table["TransitGatewayId"],
        associations=[one for one, attachment in attachments.items() if attachment["table"] == table_id],
        _attachments=attachments,
        **_transit_gateways.progress(table),
        _new=False,
        **_tags.name_and_tags(table),
    )


def read(aws, have, names):
    """AWS lists these for one table at a time."""
    readers = dict(routes=_routes, propagations=_propagations, prefix_list_references=_references)
    return {name: readers[name](aws, have) for name in names if name in readers}


def _routes(aws, have):
    """Static ones: propagated routes are AWS's own, and those of a prefix list are what it holds."""
    filters = [dict(Name="type", Values=["static"])]
    found = aws.pages("ec2", "search_transit_gateway_routes", "Routes", TransitGatewayRouteTableId=have["id"], Filters=filters)
    routes = [_route(route) for route in found if not route.get("PrefixListId")]
    for route in routes:
        if route["attachment"] and not route["_carries"]:
            aws.warn(f"{have['name']}: the route to {route['destination_cidr_block']} leads to {route['attachment']}, which is gone: AWS drops what goes there")
    return routes


def _route(route):
    target = next((one["TransitGatewayAttachmentId"] for one in route.get("TransitGatewayAttachments") or []), None)
    carries = route["State"] != "blackhole"
    return dict(destination_cidr_block=route["DestinationCidrBlock"], attachment=target, blackhole=target is None, _carries=carries)


def _propagations(aws, have):
    found = aws.pages("ec2", "get_transit_gateway_route_table_propagations", "TransitGatewayRouteTablePropagations", TransitGatewayRouteTableId=have["id"])
    return [one["TransitGatewayAttachmentId"] for one in found if one["State"] in ("enabling", "enabled")]


def _references(aws, have):
    found = aws.pages("ec2", "get_transit_gateway_prefix_list_references", "TransitGatewayPrefixListReferences", TransitGatewayRouteTableId=have["id"])
    targets = [(one, one.get("TransitGatewayAttachment", {}).get("TransitGatewayAttachmentId")) for one in found if one["State"] != "deleting"]
    return [dict(prefix_list=one["PrefixListId"], attachment=target, blackhole=target is None, _carries=target is not None) for one, target in targets]


def create(aws, want):
    """Who is under another table is not told of a new one: see _move."""
    if aws.check_mode:
        _check_new(aws, want)
    arguments = dict(TransitGatewayId=want["transit_gateway"], TagSpecifications=_tags.specifications("transit-gateway-route-table", want))
    table = aws.ec2.create_transit_gateway_route_table(**arguments)["TransitGatewayRouteTable"]
    return dict(_have(table, {}), _new=True)


def _check_new(aws, want):
    """What apply would say of it after the table is made, said in the plan."""
    attachments = {one["TransitGatewayAttachmentId"]: _attachment(one) for one in aws.once(_described)}
    wanted = {option: to_make(want, option) for option in ("associations", "propagations", *ROUTES) if option in want}
    _check(want["transit_gateway"], attachments, wanted)
    _check_moves(attachments, wanted.get("associations", []))


def update(aws, have, change):
    """First everything that leads somewhere, then who looks it up, and last what is taken away."""
    attachments = _usable(aws, _used(_coming(change)))
    _check(have["transit_gateway"], attachments, _coming(change))
    if have["_new"]:
        _check_moves(attachments, _coming(change).get("associations", []))
    table, propagation = dict(TransitGatewayRouteTableId=have["id"]), change.get("propagations")
    _tags.update(aws, have, change)
    _write_routes(aws, table, change.get("routes"))
    _write_references(aws, table, change.get("prefix_list_references"))
    for attachment in propagation.add if propagation else ():
        aws.ec2.enable_transit_gateway_route_table_propagation(**table, TransitGatewayAttachmentId=attachment)
    if "associations" in change:
        _move(aws, have, change["associations"])
    for attachment in propagation.remove if propagation else ():
        aws.ec2.disable_transit_gateway_route_table_propagation(**table, TransitGatewayAttachmentId=attachment)
    for route in change["routes"].remove if "routes" in change else ():
        aws.ec2.delete_transit_gateway_route(**table, DestinationCidrBlock=route["destination_cidr_block"])
    for reference in change["prefix_list_references"].remove if "prefix_list_references" in change else ():
        aws.ec2.delete_transit_gateway_prefix_list_reference(**table, PrefixListId=reference["prefix_list"])


def _coming(change):
    """Option → what it adds or leads another way."""
    deltas = {option: change[option] for option in ("associations", "propagations", *ROUTES) if option in change}
    return {option: delta.coming for option, delta in deltas.items()}


def _used(coming):
    """Every attachment that these name."""
    targets = [route.get("attachment") for option in ROUTES for route in coming.get(option, [])]
    return sorted({*coming.get("associations", []), *coming.get("propagations", []), *targets} - {None})


def _write_routes(aws, table, delta):
    for route in delta.add if delta else ():
        aws.ec2.create_transit_gateway_route(**table, DestinationCidrBlock=route["destination_cidr_block"], **_leads_to(route))
    for route in [new for dummy, new in delta.change] if delta else ():
        aws.ec2.replace_transit_gateway_route(**table, DestinationCidrBlock=route["destination_cidr_block"], **_leads_to(route))


def _write_references(aws, table, delta):
    for reference in delta.add if delta else ():
        aws.ec2.create_transit_gateway_prefix_list_reference(**table, PrefixListId=reference["prefix_list"], **_leads_to(reference))
    for reference in [new for dummy, new in delta.change] if delta else ():
        aws.ec2.modify_transit_gateway_prefix_list_reference(**table, PrefixListId=reference["prefix_list"], **_leads_to(reference))


def _leads_to(route):
    return dict(TransitGatewayAttachmentId=route["attachment"]) if route.get("attachment") else dict(Blackhole=True)


def _usable(aws, attachment_ids):
    """These attachments when AWS is done with them. A plan takes them as they are."""
    seen = {}

    def look():
        seen.clear()
        seen.update({one["TransitGatewayAttachmentId"]: _attachment(one) for one in _described(aws) if one["State"] not in _transit_gateways.DEAD})
        return [one for one in attachment_ids if one in seen and not seen[one]["at_rest"]]

    if aws.check_mode:
        look()
    elif attachment_ids:
        aws.wait(f"the end of what AWS does with {', '.join(attachment_ids)}", look, lambda moving: not moving, limit=_transit_gateways.SECONDS)
    waiting = [one for one in attachment_ids if seen.get(one, {}).get("asked")]
    if waiting:
        said = f"{', '.join(waiting)} waits for the other side to accept it: routes and route tables can be written once it is accepted"
        if not aws.check_mode:
            raise Problem(said)
        aws.warn(said)
    return seen


def _move(aws, have, delta):
    """An attachment is under one table: it leaves the other one, which takes a while, and then comes. Another entry may have moved it: look first."""
    for attachment in delta.add:
        there = _usable(aws, [attachment]).get(attachment, {}).get("table")
        if there not in (None, have["id"]):
            _disassociate(aws, attachment, there)
        if there != have["id"]:
            aws.ec2.associate_transit_gateway_route_table(TransitGatewayAttachmentId=attachment, TransitGatewayRouteTableId=have["id"])
            _usable(aws, [attachment])
    for attachment in delta.remove:
        if _usable(aws, [attachment]).get(attachment, {}).get("table") == have["id"]:
            _disassociate(aws, attachment, have["id"])


def _disassociate(aws, attachment, table_id):
    aws.ec2.disassociate_transit_gateway_route_table(TransitGatewayAttachmentId=attachment, TransitGatewayRouteTableId=table_id)
    _usable(aws, [attachment])


def _check(gateway, attachments, coming):
    """What the API would say only after other parts were written."""
    strange = [one for one in _used(coming) if one in attachments and attachments[one]["gateway"] != gateway]
    if strange:
        raise Problem(f"{', '.join(strange)} belongs to another transit gateway than the route table")
    peerings = [one for one in coming.get("propagations", []) if attachments.get(one, {}).get("type") == "peering"]
    if peerings:
        raise Problem(f"propagations: {', '.join(peerings)} is a peering, which propagates nothing: write a route for each block of the other side")
    for option in ROUTES:
        for route in coming.get(option, []):
            fault = _fault(option, route)
            if fault:
                raise Problem(f"{option}: {fault}")


def _fault(option, route):
    key = route[ROUTES[option]]
    if len([name for name in LEADS_TO if route.get(name)]) != 1:
        return f"exactly one of {', '.join(LEADS_TO)} must be named for {key}"
    return None


def _check_moves(attachments, arriving):
    """A table that is only being made has no plan yet that shows what it takes from others, so it takes nothing."""
    moved = [f"{one} (under {attachments[one]['table']})" for one in arriving if attachments.get(one, {}).get("table")]
    if moved:
        raise Problem(
            f"associations: to take {', '.join(moved)} off another route table cuts its traffic for about a minute. The new table is made without; "
            "run again with its confirmation, or disable default_route_table_association of the gateway before anything is attached"
        )


def refuse(want, have, change):
    _check(want.get("transit_gateway") or have.get("transit_gateway"), have.get("_attachments", {}), _coming(change))


def danger(have, change):
    """What interrupts traffic. A table that no attachment looks up carries none."""
    if not have:
        return None
    if not change:
        return "would delete the route table with its routes and what is propagated into it"
    reasons = []
    if "associations" in change:
        placed = {one: have["_attachments"].get(one, {}).get("table") for one in change["associations"].add}
        reasons += [f"take {one} off the route table {table}, and cut its traffic for about a minute" for one, table in placed.items() if table]
        reasons += [f"let nothing that comes from {one} through any more" for one in change["associations"].remove]
    if have["associations"]:
        reasons += [f"send what goes to {destination} another way, or nowhere" for destination in _rerouted(change)]
        propagation = change["propagations"].remove if "propagations" in change else []
        reasons += [f"forget the ways that {one} has propagated" for one in propagation]
    return f"would {', and '.join(reasons)}" if reasons else None


def _rerouted(change):
    """What leads somewhere now and would not any more, and what is dropped from then on."""
    for option, key in ROUTES.items():
        delta = change.get(option)
        for route in [*delta.remove, *(old for old, dummy in delta.change)] if delta else ():
            if route["_carries"]:
                yield route[key]
        for route in delta.add if delta else ():
            if route.get("blackhole"):
                yield route[key]


def delete(aws, have):
    aws.ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=have["id"])
    _transit_gateways.await_end(aws, have["id"], look)


def holders(aws, haves):
    """Another table may take over the attachments, or they go before it; those of a VPN connection or of Direct Connect go with it."""
    for have in haves:
        for one in have["associations"]:
            freed = (("ec2_transit_gateway_vpc_attachments", one), ("ec2_transit_gateway_peering_attachments", one))
            of_others = (("ec2_vpn_connections", None), ("directconnect_transit_gateway_associations", None))
            yield Holder(have["id"], "attachments that use it", one, ((KIND.name, None), *freed, *of_others))


def faults(entries, sheet):
    """An attachment is under one table; a route has one target."""
    yield from _networks.named_twice(entries, "associations", "transit_gateway")
    for index, entry in enumerate(entries):
        for option in ROUTES:
            named = entry.get(option) or []
            for route in [*(named.get("add") or []), *(named.get("set") or [])] if isinstance(named, dict) else named:
                if len([name for name in LEADS_TO if route.get(name)]) != 1:
                    yield index, option, "one_of", dict(value=route, other=", ".join(LEADS_TO))


KIND = Kind(
    name="ec2_transit_gateway_route_tables",
    identity=("transit_gateway", "name"),
    options=dict(
        name=Option(),
        transit_gateway=ref("ec2_transit_gateways", fixed=True, required=True),
        associations=refs(ATTACHMENTS),
        propagations=refs(ATTACHMENTS),
        routes=items(
            key=("destination_cidr_block",),
            one_of=LEADS_TO,
            options=dict(destination_cidr_block=Option(required=True, wrong=_networks.wrong_key), attachment=ref(ATTACHMENTS), blackhole=Option("bool")),
        ),
        prefix_list_references=items(
            key=("prefix_list",),
            one_of=LEADS_TO,
            options=dict(prefix_list=ref("ec2_managed_prefix_lists", elsewhere=True, required=True), attachment=ref(ATTACHMENTS), blackhole=Option("bool")),
        ),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    # Two entries may move one attachment at once: the second one looks again.
    not_yet=(*_tags.NOT_YET, r"Resource\.AlreadyAssociated"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
