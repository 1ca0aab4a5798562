#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _networks
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

PLACES = ("virtual_gateway", "direct_connect_gateway")


def find(aws, wanted):
    return [_have(one) for one in _directconnect.interfaces(aws, hosted=True)]


def _have(interface):
    return dict(
        _directconnect.in_sheet_form(interface),
        connection=interface["connectionId"],
        virtual_interface_name=interface["virtualInterfaceName"],
        accept=interface["virtualInterfaceState"] != _directconnect.CONFIRMING,
    )


def read(aws, have, names):
    """Nothing more; but who looks hears of one that carries nothing: whether BGP comes up is the carrier's matter too."""
    _directconnect.tell_state(aws, have["virtual_interface_name"], have)
    return {}


def foresee(aws, want):
    there = _directconnect.ask(aws, find, None)
    told = (f"{one['connection']}/{one['vlan']} ({one['id']}, {one['virtual_interface_type']}, {one['_state']})" for one in there)
    what = f"put a virtual interface on {want['connection']}, VLAN {want['vlan']},"
    raise _directconnect.not_offered(what, told, "hold its notice against the sheet")


def create(aws, want):
    """Only a carrier makes one."""
    foresee(aws, want)


def update(aws, have, change):
    if change.get("accept"):
        _confirm(aws, have, {name: change.get(name) for name in PLACES})
        _directconnect.await_note(aws, have["id"], lambda: _directconnect.state_of_interface(aws, have["id"]), _directconnect.CONFIRMING)
    _directconnect.write_tags(aws, "dxvif", have, change)
    return "pending" if change.get("accept") else None


def _confirm(aws, have, places):
    interface_id, kind = have["id"], have["virtual_interface_type"]
    if kind == "public":
        aws.directconnect.confirm_public_virtual_interface(virtualInterfaceId=interface_id)
        return
    _directconnect.refuse_other_kind(aws, places["direct_connect_gateway"], kind)
    if kind == "transit":
        aws.directconnect.confirm_transit_virtual_interface(virtualInterfaceId=interface_id, directConnectGatewayId=places["direct_connect_gateway"])
    elif places["virtual_gateway"]:
        aws.directconnect.confirm_private_virtual_interface(virtualInterfaceId=interface_id, virtualGatewayId=places["virtual_gateway"])
    else:
        aws.directconnect.confirm_private_virtual_interface(virtualInterfaceId=interface_id, directConnectGatewayId=places["direct_connect_gateway"])


def delete(aws, have):
    """What waits is declined, what is confirmed is deleted."""
    aws.directconnect.delete_virtual_interface(virtualInterfaceId=have["id"])
    _directconnect.await_interface_end(aws, have["id"])


def refuse(want, have, change):
    placed = [name for name in PLACES if name in change]
    if have.get("accept") and "accept" in change:
        raise Problem("what is confirmed cannot go back to waiting: remove it (state: absent) or leave accept out")
    if have.get("accept") and placed:
        raise Problem(f"{placed[0]} cannot change after the confirmation, and it is {have[placed[0]]!r}: the carrier has to make a new virtual interface")
    if placed and not change.get("accept"):
        raise Problem(f"{placed[0]} is said in the confirmation: name it together with accept, true")
    if change.get("accept"):
        _refuse_unread_notice(want, have)


def _refuse_unread_notice(want, have):
    """Nobody can take a confirmation back, and AWS does not say who has put it there: the carrier's notice is the proof."""
    missing = [name for name in ("virtual_interface_type", "asn") if name not in want]
    if missing:
        what = f"write {', '.join(missing)} too, as the carrier's notice says"
        raise Problem(f"accept: {what}; it is held against the virtual interface before that is confirmed")
    places = [name for name in PLACES if want.get(name) is not None]
    kind = have.get("virtual_interface_type", want["virtual_interface_type"])  # it may not be there yet, which is told later
    if len(places) != dict(private=1, transit=1, public=0)[kind] or (kind == "transit" and places != ["direct_connect_gateway"]):
        where = dict(private="either virtual_gateway or direct_connect_gateway", transit="direct_connect_gateway alone", public="no gateway")
        raise Problem(f"accept: a {kind} virtual interface needs {where[kind]}")


def danger(have, change):
    what = f"{have['virtual_interface_type']} virtual interface {have['id']} (VLAN {have['vlan']} of {have['connection']}, ASN {have['asn']})" if have else ""
    if have and not change:
        verb = "delete" if have["accept"] else "decline"
        return f"would {verb} the {what}: only the carrier can make another one" + (", and all that goes through it is cut" if have["accept"] else "")
    if change.get("accept") and have:
        where = next((change[name] for name in PLACES if change.get(name)), "AWS's public services")
        return f"would confirm the {what} and lead it to {where}, which cannot be changed afterwards"
    return None


def faults(entries, sheet):
    """One place, and one that suits the type."""
    for index, entry in enumerate(entries):
        places = [name for name in PLACES if entry.get(name) is not None]
        kind = entry.get("virtual_interface_type")
        if entry.get("state") == "absent":
            continue
        if len(places) == 2:
            yield index, "virtual_gateway", "one_of", dict(value=entry["virtual_gateway"], other=", ".join(PLACES))
        elif entry.get("accept") and kind == "transit" and places != ["direct_connect_gateway"]:
            yield index, "direct_connect_gateway", "needs", dict(value=kind, other="direct_connect_gateway")
        elif entry.get("accept") and kind == "private" and not places:
            yield index, "direct_connect_gateway", "needs", dict(value=kind, other=" / ".join(PLACES))


KIND = Kind(
    name="directconnect_hosted_virtual_interfaces",
    identity=("connection", "vlan"),
    options=dict(
        connection=fixed(),
        vlan=fixed("int"),
        virtual_interface_type=fixed(choices=_directconnect.TYPES),
        asn=fixed("int"),
        virtual_interface_name=fixed(),
        amazon_address=fixed(wrong=_networks.wrong_interface),
        customer_address=fixed(wrong=_networks.wrong_interface),
        accept=Option("bool"),
        virtual_gateway=ref("ec2_vpn_gateways"),
        direct_connect_gateway=ref("directconnect_gateways"),
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
