#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _networks
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Delta, Option, Problem, Unknown, fixed, items, ref, same_secret, tags

JUMBO = 8500
# Option → member of the creating call. The type says which call that is.
MEMBERS = dict(
    name="virtualInterfaceName",
    vlan="vlan",
    asn="asnLong",
    mtu="mtu",
    auth_key="authKey",
    address_family="addressFamily",
    amazon_address="amazonAddress",
    customer_address="customerAddress",
    virtual_gateway="virtualGatewayId",
    direct_connect_gateway="directConnectGatewayId",
    enable_site_link="enableSiteLink",
)
# Option → member of UpdateVirtualInterfaceAttributes
CHANGED = dict(name="virtualInterfaceName", mtu="mtu", enable_site_link="enableSiteLink")
# What a connection still needs before anything can be made on it.
NEEDED = dict(ordering="confirmed (directconnect_hosted_connections)", requested="approved by AWS, which takes up to 72 hours,")
PLACES = ("virtual_gateway", "direct_connect_gateway")
# Option of a further BGP peer → member.
PEER = dict(address_family="addressFamily", asn="asnLong", auth_key="authKey", amazon_address="amazonAddress", customer_address="customerAddress")
ADDRESSES = ("amazon_address", "customer_address")
PEER_SECONDS = 300
PEER_GOING = ("deleting", "deleted")


def find(aws, wanted):
    return [_have(one) for one in _directconnect.interfaces(aws, hosted=False)]


def _have(interface):
    return dict(
        _directconnect.in_sheet_form(interface),
        name=interface["virtualInterfaceName"],
        connection=interface["connectionId"],
        address_family=interface.get("addressFamily"),
        mtu=interface.get("mtu"),
        enable_site_link=interface.get("siteLinkEnabled"),
        route_filter_prefixes=[one["cidr"] for one in interface.get("routeFilterPrefixes") or []] or None,
        bgp_peers=[_peer(one) for one in _further(interface) if one.get("bgpPeerState") not in PEER_GOING],
        _peers={one["addressFamily"]: one["bgpPeerId"] for one in _further(interface)},
    )


def _further(interface):
    """The peers beside the one that the interface was made with, and that its own options tell of."""
    peers = [one for one in interface.get("bgpPeers") or [] if one.get("bgpPeerState") != "deleted"]
    return [one for one in peers if one.get("addressFamily") != interface.get("addressFamily")]


def _peer(peer):
    """AWS gives the addresses of IPv6, and takes none."""
    return {option: peer.get(member) for option, member in PEER.items() if not (option in ADDRESSES and peer["addressFamily"] == "ipv6")}


def read(aws, have, names):
    """Nothing more; but who looks hears of one that carries nothing."""
    _directconnect.tell_state(aws, have["name"], have)
    return {}


def foresee(aws, want):
    """What AWS would refuse, told with what stands in the way."""
    wanted = want["connection"]
    if want["virtual_interface_type"] != "public":
        _directconnect.refuse_other_kind(aws, want.get("direct_connect_gateway"), want["virtual_interface_type"])
    if isinstance(wanted, Unknown):
        return
    connection = next((one for one in _directconnect.ask(aws, _directconnect.connections) if one["connectionId"] == wanted), {})
    state = connection.get("connectionState")
    needed = f"connection {wanted} is {state}: it has to be {NEEDED.get(state)} first"
    if state == "ordering" and aws.check_mode:
        # The same sheet may confirm it, which a plan does not do.
        aws.warn(f"directconnect_virtual_interfaces {want['name']}: {needed}")
    elif state in NEEDED:
        raise Problem(f"{needed}; run again then")
    used = [one for one in _directconnect.ask(aws, _directconnect.interfaces, False) if one["connectionId"] == wanted]
    for one in used:
        if one["vlan"] == want["vlan"]:
            raise Problem(f"VLAN {want['vlan']} is in use on {wanted}, by {one['virtualInterfaceId']} ({one['virtualInterfaceName']})")
    if _directconnect.is_hosted(connection) and used:
        raise Problem(f"{wanted} is a hosted connection, which takes one virtual interface only, and has {used[0]['virtualInterfaceId']}")
    if _directconnect.is_hosted(connection) and connection["vlan"] != want["vlan"]:
        raise Problem(f"{wanted} is a hosted connection, whose carrier has given it VLAN {connection['vlan']}; the sheet says {want['vlan']}")


def create(aws, want):
    foresee(aws, want)
    given = {member: want[option] for option, member in MEMBERS.items() if option in want}
    if want.get("route_filter_prefixes"):
        given["routeFilterPrefixes"] = _directconnect.allowed(want["route_filter_prefixes"])
    given.update(_directconnect.tagged(want))
    connection = want["connection"]
    if want["virtual_interface_type"] == "private":
        made = aws.directconnect.create_private_virtual_interface(connectionId=connection, newPrivateVirtualInterface=given)
    elif want["virtual_interface_type"] == "transit":
        answer = aws.directconnect.create_transit_virtual_interface(connectionId=connection, newTransitVirtualInterface=given)
        made = answer["virtualInterface"]
    else:
        made = aws.directconnect.create_public_virtual_interface(connectionId=connection, newPublicVirtualInterface=given)
    return _have(made)


def update(aws, have, change):
    changed = {member: change[option] for option, member in CHANGED.items() if option in change}
    if changed:
        aws.directconnect.update_virtual_interface_attributes(virtualInterfaceId=have["id"], **changed)
    _directconnect.write_tags(aws, "dxvif", have, change)
    _change_peers(aws, have, change.get("bgp_peers") or Delta([], [], []))


def _change_peers(aws, have, delta):
    """A peer cannot be changed, and AWS takes one of each address family."""
    leaving = [one["address_family"] for one in (*delta.remove, *(old for old, dummy in delta.change))]
    for family in leaving:
        aws.directconnect.delete_bgp_peer(virtualInterfaceId=have["id"], bgpPeerId=have["_peers"][family])
    if leaving and delta.coming:
        _await_peers(aws, have, lambda states: not set(leaving) & states.keys())
    kept = {old["address_family"]: old["auth_key"] for old, dummy in delta.change}
    for peer in delta.coming:
        if peer.get("auth_key") == HIDDEN:
            peer = dict(peer, auth_key=kept[peer["address_family"]])
        given = {member: peer[option] for option, member in PEER.items() if peer.get(option) is not None}
        aws.directconnect.create_bgp_peer(virtualInterfaceId=have["id"], newBGPPeer=given)


def _await_peers(aws, have, until):
    def states():
        return {one["addressFamily"]: one.get("bgpPeerState") for one in _further(_directconnect.look_at_interface(aws, have["id"]))}

    aws.wait(f"BGP peers of {have['id']}", states, until, limit=PEER_SECONDS)


def delete(aws, have):
    aws.directconnect.delete_virtual_interface(virtualInterfaceId=have["id"])
    _directconnect.await_interface_end(aws, have["id"])


def refuse(want, have, change):
    wrong = None if have else next(iter(_wrong(want)), None)
    if wrong:
        raise Problem(wrong[1])
    if "mtu" in change and {**have, **want}.get("virtual_interface_type") == "public":
        raise Problem("mtu: a public virtual interface has 1500 and nothing else")
    family = have.get("address_family") or want.get("address_family", "ipv4")
    for peer in change["bgp_peers"].coming if "bgp_peers" in change else ():
        if peer["address_family"] == family:
            raise Problem(f"bgp_peers: the peer of {family} is the interface's own, which asn, amazon_address, customer_address and auth_key tell of")
        if peer.get("auth_key") == "" or peer.get("auth_key") == HIDDEN and peer in change["bgp_peers"].add:
            raise Problem(f"bgp_peers {peer['address_family']}: auth_key {peer['auth_key']!r} is no key: write one, or leave it out")
    if change.get("enable_site_link") and not {**have, **want}.get("direct_connect_gateway"):
        raise Problem("enable_site_link: SiteLink goes through a Direct Connect gateway")


def _wrong(want):
    """(option, what is wrong) of a new one."""
    kind, places = want.get("virtual_interface_type"), [name for name in PLACES if want.get(name) is not None]
    if kind == "private" and len(places) != 1:
        yield "direct_connect_gateway", "a private virtual interface has one place: name virtual_gateway or direct_connect_gateway"
    if kind == "transit" and places != ["direct_connect_gateway"]:
        yield "direct_connect_gateway", "a transit virtual interface leads to a Direct Connect gateway: name direct_connect_gateway"
    if kind == "public":
        needed = ["route_filter_prefixes"] + (["amazon_address", "customer_address"] if want.get("address_family") != "ipv6" else [])
        missing = [name for name in needed if not want.get(name)]
        if places:
            yield places[0], "a public virtual interface leads to AWS's public services, and to no gateway"
        if missing:
            yield missing[0], f"a public virtual interface needs {', '.join(missing)}"


def faults(entries, sheet):
    """An entry that names a type is one that is to be made; and a VLAN of a connection is there once."""
    seen = {}
    for index, entry in enumerate(entries):
        if entry.get("state") == "absent":
            continue
        for option, code, facts in _peer_faults(entry):
            yield index, option, code, facts
        for option, dummy in _wrong(entry):
            yield index, option, "needs", dict(value=entry.get("virtual_interface_type"), other=_needed(entry))
        place = (entry.get("connection"), entry.get("vlan"))
        if None not in place and seen.setdefault(place, index) != index:
            yield index, "vlan", "overlap", dict(value=entry["vlan"], other="vlan", other_entry=seen[place])


def _needed(entry):
    texts = dict(private="virtual_gateway / direct_connect_gateway", transit="direct_connect_gateway")
    return texts.get(entry["virtual_interface_type"], "amazon_address, customer_address, route_filter_prefixes")


def danger(have, change):
    if have and not change:
        return f"would delete the virtual interface, and cut all that goes through VLAN {have['vlan']} of {have['connection']}"
    reasons = []
    if change.get("mtu") == JUMBO:
        reasons.append("can interrupt every virtual interface of the connection for up to 30 seconds, while AWS fits the connection for jumbo frames")
    elif have and "mtu" in change:
        reasons.append("would drop packets that are larger than the new MTU until the other router has it too")
    peers = change["bgp_peers"] if have and "bgp_peers" in change else Delta([], [], [])
    if peers.remove or peers.change:
        families = sorted(one["address_family"] for one in (*peers.remove, *(old for old, dummy in peers.change)))
        anew = ", and make it anew with the new values" if peers.change else ""
        reasons.append(f"would end the BGP session for {', '.join(families)}, and cut all that goes by it{anew}")
    if change.get("enable_site_link"):
        reasons.append("would let the customer's sites reach one another through AWS (SiteLink), which AWS bills by the hour and by traffic")
    elif have and "enable_site_link" in change:
        reasons.append("would cut what goes between the customer's sites through AWS (SiteLink)")
    return " and ".join(reasons) or None


def _peer_faults(entry):
    """AWS gives the addresses of IPv6."""
    for dummy, peer in _networks.blocks(entry, "bgp_peers"):
        if isinstance(peer, dict) and peer.get("address_family") == "ipv6" and (peer.get("amazon_address") or peer.get("customer_address")):
            yield "bgp_peers", "one_of", dict(value="ipv6", other="address_family: ipv4, amazon_address / customer_address")


def _same_prefixes(wanted, has):
    return sorted(wanted) == sorted(has)


KIND = Kind(
    name="directconnect_virtual_interfaces",
    identity=("name",),
    options=dict(
        name=Option(),
        connection=ref("directconnect_connections", elsewhere=True, fixed=True, required=True),
        virtual_interface_type=fixed(required=True, choices=_directconnect.TYPES),
        vlan=fixed("int", required=True),
        asn=fixed("int", required=True),
        virtual_gateway=ref("ec2_vpn_gateways", fixed=True),
        direct_connect_gateway=ref("directconnect_gateways", fixed=True),
        address_family=fixed(api="CreatePrivateVirtualInterface.newPrivateVirtualInterface.addressFamily"),
        amazon_address=fixed(wrong=_networks.wrong_interface),
        customer_address=fixed(wrong=_networks.wrong_interface),
        auth_key=fixed(secret=True, write_only=True),
        mtu=Option("int", choices=(1500, JUMBO)),
        enable_site_link=Option("bool"),
        route_filter_prefixes=fixed("list", elements="str", same=_same_prefixes, wrong=_networks.wrong_block),
        bgp_peers=items(
            key=("address_family",),
            options=dict(
                address_family=Option(required=True, api="CreateBGPPeer.newBGPPeer.addressFamily"),
                asn=Option("int", required=True),
                auth_key=Option(secret=True, same=same_secret),
                amazon_address=Option(wrong=_networks.wrong_interface),
                customer_address=Option(wrong=_networks.wrong_interface),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    look=_directconnect.progress_of_interfaces,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    seconds=_directconnect.INTERFACE_SECONDS,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
