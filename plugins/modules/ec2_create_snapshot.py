#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_create_snapshot"
SECONDS = 4 * 3600


def plan(aws, params):
    volume_id = Names(aws, {}, check_mode=False).id_of("ec2_volumes", params["volume"])
    with aws.reading():
        volume = aws.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
    if volume["State"] not in ("available", "in-use"):
        raise Problem(f"the volume is {volume['State']}")
    there = _snapshot(aws, volume_id, params["ticket"])
    wanted = dict(snapshot=params["name"], description=params["description"])
    return Plan(
        label=_tags.name_and_tags(volume)["name"] or volume_id,
        id=volume_id,
        before={},
        after={} if there and there["State"] == "completed" else {name: value for name, value in wanted.items() if value},
        facts=dict(size=volume["Size"], encrypted=volume["Encrypted"]),
    )


def _snapshot(aws, volume_id, ticket):
    """The one of this ticket. One that went wrong is none."""
    filters = [dict(Name="volume-id", Values=[volume_id]), dict(Name=f"tag:{TICKET}", Values=[ticket])]
    with aws.reading():
        found = aws.pages("ec2", "describe_snapshots", "Snapshots", Filters=filters, OwnerIds=["self"])
    return next((one for one in found if one["State"] != "error"), None)


def act(aws, params, planned):
    look = partial(_snapshot, aws, planned.id, params["ticket"])
    drive(aws, planned.label, look, lambda there: None if there else partial(_create, aws, params, planned.id))
    made = aws.wait(f"snapshot of {planned.label}", look, lambda there: there is None or there["State"] == "completed", limit=SECONDS)
    if made is None:
        raise Problem("the snapshot went wrong: see whether the key of the volume can be used, and run this again")


def _create(aws, params, volume_id):
    tags = dict(name=params["name"], tags={TICKET: params["ticket"]})
    described = dict(Description=params["description"]) if params["description"] else {}
    aws.ec2.create_snapshot(VolumeId=volume_id, TagSpecifications=_tags.specifications("snapshot", tags), **described)


VERB = Verb(
    name=NAME,
    options=dict(**{name: dict(type="str", required=True) for name in ("volume", "name", "ticket")}, description=dict(type="str")),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
