#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, tags

ORDERING = "ordering"
SECONDS = 1800
# What the carrier's notice says, and what is held against it before anything is confirmed.
NOTICE = ("partner_name", "bandwidth", "vlan", "location")


def find(aws, wanted):
    return [_have(one) for one in _directconnect.connections(aws) if _directconnect.is_hosted(one)]


def _have(connection):
    return dict(
        id=connection["connectionId"],
        name=connection["connectionName"],
        partner_name=connection.get("partnerName") or None,
        bandwidth=connection["bandwidth"],
        vlan=connection["vlan"],
        location=connection["location"],
        accept=connection["connectionState"] != ORDERING,
        tags=_directconnect.tags_of(connection),
        _owner=connection["ownerAccount"],
        _state=connection["connectionState"],
        _moving="pending" if connection["connectionState"] == "pending" else None,
        _failed=f"it is {connection['connectionState']}" if connection["connectionState"] in _directconnect.GONE else None,
    )


def look(aws, ids):
    """Also what is gone, which AWS goes on showing for a while."""
    return [_have(one) for one in _directconnect.listed(aws, "describe_connections", "connections") if one["connectionId"] in ids]


def read(aws, have, names):
    """Nothing more; but who looks hears of one that is down."""
    if have["_state"] == "down":
        aws.warn(f"{have['name']} ({have['id']}) is down: its carrier has to say why")
    return {}


def foresee(aws, want):
    there = _directconnect.ask(aws, find, None)
    told = (f"{one['name']} ({one['id']}, {one['partner_name']}, {one['bandwidth']}, VLAN {one['vlan']}, {one['_state']})" for one in there)
    raise _directconnect.not_offered(f"made a hosted connection {want['name']!r}", told, "under which name")


def create(aws, want):
    """Only a carrier makes one."""
    foresee(aws, want)


def update(aws, have, change):
    if change.get("accept"):
        aws.directconnect.confirm_connection(connectionId=have["id"])
        _directconnect.await_note(aws, have["id"], lambda: _look(aws, have["id"]), ORDERING)
    _directconnect.write_tags(aws, "dxcon", have, change)
    return "pending" if change.get("accept") else None


def _look(aws, connection_id):
    found = _directconnect.listed(aws, "describe_connections", "connections", connectionId=connection_id)
    return found[0]["connectionState"] if found else None


def refuse(want, have, change):
    if have.get("accept") and "accept" in change:
        raise Problem("what is confirmed cannot go back to waiting: remove it (state: absent) or leave accept out")
    missing = [name for name in NOTICE if name not in want]
    if change.get("accept") and missing:
        raise Problem(f"accept: write {', '.join(missing)} too, as the carrier's notice says; they are held against the connection before it is confirmed")


def danger(have, change):
    if not change:
        declined = f"would decline the connection that {have['partner_name']} has made"
        return f"would delete the connection of {have['partner_name']}, and cut all that goes through it" if have["accept"] else declined
    if change.get("accept"):
        return f"would confirm {have['id']} ({have['bandwidth']}, VLAN {have['vlan']}) of {have['partner_name']}, whose hours AWS bills from then on"
    return None


def delete(aws, have):
    aws.directconnect.delete_connection(connectionId=have["id"])
    gone = (None, "deleted", "rejected")
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]), lambda state: state in gone, limit=SECONDS)


KIND = Kind(
    name="directconnect_hosted_connections",
    identity=("name",),
    options=dict(
        name=fixed(),
        partner_name=fixed(),
        bandwidth=fixed(),
        vlan=fixed("int"),
        location=fixed(),
        accept=Option("bool"),
        tags=tags(),
    ),
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    holders=_directconnect.holders_of_connections,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    seconds=SECONDS,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
