#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _vpn_tunnels
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, ref, tags, to_make

# There is one type, and the API wants to be told.
TYPE = "ipsec.1"
SECONDS = 1200
DEAD = ("deleting", "deleted")
MOVING = ("pending", "modifying")
# How long a tunnel that was up may take to come up again, before the other one is touched.
UP_AGAIN_SECONDS = 600
GATEWAYS = dict(vpn_gateway="VpnGatewayId", transit_gateway="TransitGatewayId")
# Option → member of Options that ModifyVpnConnectionOptions takes too.
OPTIONS = dict(local_ipv4_network_cidr="LocalIpv4NetworkCidr", remote_ipv4_network_cidr="RemoteIpv4NetworkCidr", tunnel_bandwidth="TunnelBandwidth")
ONCE = dict(static_routes_only="StaticRoutesOnly", enable_acceleration="EnableAcceleration")
ATTACHMENT_TAGS = "transit_gateway_attachment_tags"
CAUSES = (
    "that is so until the customer's router is set up; else look for UDP 500 and 4500 or ESP being blocked, another pre-shared key, "
    "another IKE version, other networks in phase 2"
)


def find(aws, wanted):
    """AWS goes on showing deleted connections for a while."""
    connections = [one for one in _list(aws) if one["State"] not in DEAD]
    attachments = _attachments(aws) if any(one.get("TransitGatewayId") for one in connections) else {}
    found = [_have(one, attachments) for one in connections]
    for want in wanted or ():
        _tell_unseen_keys(aws, want, found)
    return found


def _tell_unseen_keys(aws, want, found):
    for have in found:
        meant = have["id"] == want["id"] if "id" in want else have["name"] == want.get("name")
        tunnels = _vpn_tunnels.unseen_keys(have, want) if meant else ()
        if tunnels:
            aws.warn(
                f"ec2_vpn_connections {have['name']}: AWS keeps the pre-shared keys in Secrets Manager and does not show them: those that the sheet names for "
                f"{', '.join(tunnels)} were neither compared nor written. Change a key in its secret, and write ******** here"
            )


def _list(aws, *filters):
    return aws.pages("ec2", "describe_vpn_connections", "VpnConnections", Filters=list(filters))


def _attachments(aws, *filters):
    """Connection → its attachment to the transit gateway, which has tags of its own."""
    filters = [dict(Name="resource-type", Values=["vpn"]), *filters]
    found = aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=filters)
    return {one["ResourceId"]: one for one in found if one["State"] not in DEAD}


def _have(connection, attachments):
    # AWS does not always tell a bandwidth that nobody chose.
    options = {"TunnelBandwidth": "standard", **connection.get("Options", {})}
    routes = [dict(destination_cidr_block=one["DestinationCidrBlock"]) for one in connection.get("Routes", []) if one.get("State") not in DEAD]
    attachment = attachments.get(connection["VpnConnectionId"], {})
    return dict(
        {option: options.get(member) for option, member in {**OPTIONS, **ONCE}.items()},
        **{option: connection.get(member) or None for option, member in GATEWAYS.items()},
        id=connection["VpnConnectionId"],
        customer_gateway=connection["CustomerGatewayId"],
        pre_shared_key_storage="SecretsManager" if connection.get("PreSharedKeyArn") else "Standard",
        tunnel_options=_vpn_tunnels.options_of(connection),
        log_options=_vpn_tunnels.logs_of(connection),
        routes=routes,
        _moving=_moving(connection, attachment),
        _failed=f"it is {connection['State']}: AWS does not say why" if connection["State"] in DEAD else None,
        _tunnels=_vpn_tunnels.states_of(connection),
        _attachment=attachment.get("TransitGatewayAttachmentId"),
        **{ATTACHMENT_TAGS: _tags.as_dict(attachment.get("Tags"))},
        **_tags.name_and_tags(connection),
    )


def _moving(connection, attachment):
    """It can be used only when its attachment is there too."""
    if connection["State"] in MOVING:
        return connection["State"]
    unattached = connection.get("TransitGatewayId") and not attachment and connection["State"] not in DEAD
    return "not attached yet" if unattached else None


def look(aws, ids):
    """By filters: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    found = _list(aws, dict(Name="vpn-connection-id", Values=ids))
    attachments = _attachments(aws, dict(Name="resource-id", Values=ids)) if any(one.get("TransitGatewayId") for one in found) else {}
    return [_have(one, attachments) for one in found]


def read(aws, have, names):
    """Nothing more; but who looks hears of tunnels that are down."""
    down = [f"{tunnel.cidr} ({tunnel.address}) {tunnel.told}" for tunnel in have["_tunnels"] if not tunnel.up]
    if down:
        both = len(down) == len(have["_tunnels"])
        beside = "" if both else "; with one tunnel alone, AWS's maintenance of it cuts the connection"
        aws.warn(f"ec2_vpn_connections {have['name']}: not up: {', '.join(down)}: {CAUSES}{beside}")
    return {}


def create(aws, want):
    """Static routes and tags of the attachment come afterwards, and so do logs of tunnels whose blocks AWS chose."""
    options = {member: want[option] for option, member in {**OPTIONS, **ONCE}.items() if option in want}
    tunnels = _vpn_tunnels.requested(aws, to_make(want, "tunnel_options"), to_make(want, "log_options"))
    if tunnels:
        options["TunnelOptions"] = tunnels
    arguments = dict(Type=TYPE, CustomerGatewayId=want["customer_gateway"], TagSpecifications=_tags.specifications("vpn-connection", want))
    arguments.update({member: want[option] for option, member in GATEWAYS.items() if want.get(option)})
    if "pre_shared_key_storage" in want:
        arguments["PreSharedKeyStorage"] = want["pre_shared_key_storage"]
    made = aws.ec2.create_vpn_connection(**arguments, Options=options)["VpnConnection"]
    with aws.reading():
        have = next(iter(look(aws, [made["VpnConnectionId"]])), None) or _have(made, {})
    if have["name"] != want["name"]:
        raise Problem(f"AWS answered with {have['id']} ({have['name']}), which connects the same two gateways already: nothing was made")
    return have


def _settled(aws, connection_id):
    """The connection when AWS is done with one change of it, and takes the next."""
    have = aws.wait(connection_id, lambda: next(iter(look(aws, [connection_id])), None), lambda seen: seen and not seen["_moving"], limit=SECONDS)
    if have["_failed"]:
        raise Problem(f"{connection_id}: {have['_failed']}")
    return have


def foresee(aws, want):
    """For the same two gateways AWS would answer with the connection that is there, whatever it is called."""
    pair = (want.get("customer_gateway"), want.get("vpn_gateway"))
    for other in aws.once(_others) if pair[1] else ():
        if (other["customer_gateway"], other["vpn_gateway"]) == pair:
            raise Problem(f"{other['id']} ({other['name']}) connects these two gateways already. To give it this name, add its id to the entry")
    for tunnel in to_make(want, "tunnel_options"):
        for other in aws.once(_others) if pair[1] else ():
            if other["vpn_gateway"] == pair[1] and any(one["tunnel_inside_cidr"] == tunnel["tunnel_inside_cidr"] for one in other["tunnel_options"]):
                raise Problem(f"tunnel_options: {tunnel['tunnel_inside_cidr']} is that of a tunnel of {other['id']} ({other['name']}) at the same gateway")


def _others(aws):
    return find(aws, None)


def update(aws, have, change):
    """What goes first makes room for a move; tunnels come last, one after the other."""
    routes = change.get("routes")
    _tags.update(aws, have, change)
    for route in routes.remove if routes else ():
        aws.ec2.delete_vpn_connection_route(VpnConnectionId=have["id"], DestinationCidrBlock=route["destination_cidr_block"])
    have = _move(aws, have, change)
    options = {member: change[option] for option, member in OPTIONS.items() if option in change}
    if options:
        aws.ec2.modify_vpn_connection_options(VpnConnectionId=have["id"], **options)
        _settled(aws, have["id"])
    for route in routes.add if routes else ():
        aws.ec2.create_vpn_connection_route(VpnConnectionId=have["id"], DestinationCidrBlock=route["destination_cidr_block"])
    # A plan may come before the attachment does.
    if ATTACHMENT_TAGS in change and (have["_attachment"] or not aws.check_mode):
        _tags.update(aws, dict(id=have["_attachment"], tags=have[ATTACHMENT_TAGS]), dict(tags=change[ATTACHMENT_TAGS]))
    _modify_tunnels(aws, have, change)


def _move(aws, have, change):
    """To another customer gateway, and to another gateway of AWS, each in a call of its own."""
    targets = {member: change[option] for option, member in dict(customer_gateway="CustomerGatewayId", **GATEWAYS).items() if change.get(option)}
    for member, gateway in targets.items():
        aws.ec2.modify_vpn_connection(VpnConnectionId=have["id"], **{member: gateway})
        moved = _settled(aws, have["id"])
        if moved["_attachment"] and have[ATTACHMENT_TAGS] and moved["_attachment"] != have["_attachment"]:
            _tags.update(aws, dict(id=moved["_attachment"]), dict(tags=have[ATTACHMENT_TAGS]))
            moved[ATTACHMENT_TAGS] = have[ATTACHMENT_TAGS]
        have = moved
    return have


def _modify_tunnels(aws, have, change):
    for tunnel, named in _vpn_tunnels.touched(have, change):
        if _vpn_tunnels.interrupts(named) and not aws.check_mode:
            _await_other(aws, have, tunnel)
        aws.ec2.modify_vpn_tunnel_options(VpnConnectionId=have["id"], VpnTunnelOutsideIpAddress=tunnel.address, **_vpn_tunnels.arguments(aws, named))
        _settled(aws, have["id"])


def _await_other(aws, have, tunnel):
    """One tunnel carries the connection while AWS replaces the other, also when the run before was broken, or an answer was lost: so AWS is asked anew.

    It is behind for a moment: a tunnel that this run had replaced is up only when that has changed since.
    """
    replaced = aws.once(_replaced)
    seen = _look_at_tunnels(aws, have)
    now = next((one for one in seen if one.address == tunnel.address), tunnel)
    if not (tunnel.up or now.up):
        return
    for other in seen:
        if other.address != tunnel.address and (other.address in replaced or not (other.up or other.long_down)):
            _await_up(aws, have, other, tunnel, replaced.get(other.address, ()))
    replaced[tunnel.address] = (now.since,)


def _replaced(aws):
    """Outside address → since when the tunnel was as it was before this run had it replaced."""
    return {}


def _look_at_tunnels(aws, have):
    with aws.reading():
        return [one for connection in _list(aws, dict(Name="vpn-connection-id", Values=[have["id"]])) for one in _vpn_tunnels.states_of(connection)]


def _await_up(aws, have, tunnel, other, before):
    what = f"{have['id']}: tunnel {tunnel.cidr} up again (set the router by the new options; {other.cidr} is left alone until then)"

    def state():
        seen = next((one for one in _look_at_tunnels(aws, have) if one.address == tunnel.address), tunnel)
        return "UP as before the change" if seen.up and seen.since in before else seen.told

    aws.wait(what, state, lambda told: told == "UP", limit=UP_AGAIN_SECONDS)


def _after(have, change, option):
    return change[option] if option in change else have.get(option)


def refuse(want, have, change):
    if have and "pre_shared_key_storage" in change:
        raise Problem(f"pre_shared_key_storage stays what it was made with, {have['pre_shared_key_storage']}: keys are not moved from one place to another")
    _refuse_gateways(have, change)
    _refuse_routes(have, change)
    _vpn_tunnels.refuse(have, change)


def _refuse_gateways(have, change):
    gateways = [option for option in GATEWAYS if _after(have, change, option)]
    if len(gateways) != 1 and (not have or set(GATEWAYS) & set(change)):
        is_now = next((option for option in GATEWAYS if have.get(option)), None)
        more = f". It is at its {is_now} now: to move it, also write clear: [{is_now}]" if is_now and gateways else ""
        raise Problem(f"exactly one of {', '.join(GATEWAYS)} must be named{more}")
    at_vpn_gateway = gateways == ["vpn_gateway"]
    if at_vpn_gateway and _after(have, change, "enable_acceleration"):
        raise Problem("enable_acceleration needs a transit_gateway")
    if at_vpn_gateway and _after(have, change, "tunnel_bandwidth") == "large":
        raise Problem("tunnel_bandwidth: large needs a transit_gateway")
    if at_vpn_gateway and change.get(ATTACHMENT_TAGS):
        raise Problem(f"{ATTACHMENT_TAGS} needs a transit_gateway: a virtual private gateway has no attachments")


def _refuse_routes(have, change):
    delta = change.get("routes")
    coming = [route["destination_cidr_block"] for route in delta.add] if delta else []
    if coming and not _after(have, change, "vpn_gateway"):
        raise Problem("routes: at a transit gateway they are routes of ec2_transit_gateway_route_tables, which name this connection as attachment")
    if coming and not _after(have, change, "static_routes_only"):
        raise Problem("routes: the router announces its networks by BGP, so there is nothing to write, unless static_routes_only is true from the beginning")
    staying = [route for route in have.get("routes", []) if not delta or route not in delta.remove]
    if staying and change.get("transit_gateway"):
        listed = ", ".join(route["destination_cidr_block"] for route in staying)
        raise Problem(
            f"routes: static routes must go before it moves to a transit gateway ({listed}): write routes: {{set: []}} as well, "
            "and the same blocks as routes of the transit gateway's route table"
        )


def danger(have, change):
    if not change:
        return (
            f"would cut {have['id']} and delete it with its two tunnels, their keys and static routes; a new one has other addresses and keys, "
            "so the customer's router has to be set up again"
        )
    reasons = [*_costs(have, change), *(_of_connection(have, change) if have else ())]
    if have:
        reasons += _vpn_tunnels.dangers(have, change)
    return " and ".join(reasons) or None


def _costs(have, change):
    if change.get("enable_acceleration"):
        yield "would have an accelerator for each tunnel, which AWS bills by the hour and by the gigabyte beside the connection"
    if change.get("tunnel_bandwidth") == "large":
        yield "would have large tunnels, which AWS bills at a higher rate by the hour"


def _of_connection(have, change):
    moved = [option for option in ("customer_gateway", *GATEWAYS) if change.get(option)]
    if moved:
        yield f"would move the connection to another {', '.join(moved)} and interrupt both tunnels while AWS provides new endpoints"
    if have["transit_gateway"] and any(change.get(option) for option in GATEWAYS):
        yield "would end its attachment to the transit gateway, with the association, the propagations and the static routes that lead to it"
    if set(change) & set(OPTIONS):
        yield f"would change {', '.join(sorted(set(change) & set(OPTIONS)))} and interrupt both tunnels for a short while"
    if "routes" in change and change["routes"].remove:
        yield f"would stop sending traffic to {', '.join(sorted(route['destination_cidr_block'] for route in change['routes'].remove))} through the connection"


def delete(aws, have):
    aws.ec2.delete_vpn_connection(VpnConnectionId=have["id"])

    def state():
        return next((one["State"] for one in _list(aws, dict(Name="vpn-connection-id", Values=[have["id"]]))), None)

    # Its gateways cannot go before.
    aws.wait(f"deletion of {have['id']}", state, lambda seen: seen in (None, "deleted"), limit=SECONDS)


def faults(entries, sheet):
    """Two entries for the same two gateways are one connection; a block is inside one tunnel; and what a tunnel takes."""
    pairs, blocks = {}, {}
    for index, entry in enumerate(entries):
        if entry.get("state") == "absent":
            continue
        gateways = [option for option in GATEWAYS if entry.get(option)]
        if len(gateways) > 1:
            yield index, "vpn_gateway", "one_of", dict(value=entry["vpn_gateway"], other=", ".join(GATEWAYS))
        pair = (entry.get("customer_gateway"), entry.get("vpn_gateway"))
        if all(pair) and pairs.setdefault(pair, index) != index:
            yield index, "customer_gateway", "overlap", dict(value=pair[0], other=pair[1], other_entry=pairs[pair])
        yield from ((index, *fault) for fault in _vpn_tunnels.faults(entry))
        for dummy, tunnel in _networks.blocks(entry, "tunnel_options"):
            place = (entry.get("vpn_gateway"), tunnel.get("tunnel_inside_cidr"))
            if all(place) and blocks.setdefault(place, index) != index:
                yield index, "tunnel_options", "overlap", dict(value=place[1], other=place[1], other_entry=blocks[place], item=tunnel)


def _option(name, **facts):
    return Option(api=f"ModifyVpnConnectionOptions.{OPTIONS[name]}", **facts)


KIND = Kind(
    name="ec2_vpn_connections",
    identity=("name",),
    options=dict(
        name=Option(),
        customer_gateway=ref("ec2_customer_gateways", required=True),
        vpn_gateway=ref("ec2_vpn_gateways", clearable=True),
        transit_gateway=ref("ec2_transit_gateways", clearable=True),
        static_routes_only=fixed("bool"),
        enable_acceleration=fixed("bool"),
        pre_shared_key_storage=Option(choices=("Standard", "SecretsManager")),
        local_ipv4_network_cidr=_option("local_ipv4_network_cidr", wrong=_networks.wrong_ipv4_key),
        remote_ipv4_network_cidr=_option("remote_ipv4_network_cidr", wrong=_networks.wrong_ipv4_key),
        tunnel_bandwidth=_option("tunnel_bandwidth"),
        tunnel_options=items(key=("tunnel_inside_cidr",), options=_vpn_tunnels.TUNNEL),
        log_options=items(key=("tunnel_inside_cidr",), options=_vpn_tunnels.LOG),
        routes=items(key=("destination_cidr_block",), options=dict(destination_cidr_block=Option(required=True, wrong=_networks.wrong_ipv4_key))),
        transit_gateway_attachment_tags=tags(),
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
    foresee=foresee,
    faults=faults,
    seconds=SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
