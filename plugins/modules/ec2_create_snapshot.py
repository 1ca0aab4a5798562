#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _snapshots, _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, run
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
    there = _snapshots.of_ticket(aws, volume_id, params["ticket"])
    wanted = dict(snapshot=params["name"], description=params["description"])
    return Plan(
        label=_tags.name_and_tags(volume)["name"] or volume_id,
        id=volume_id,
        before={},
        after={} if there and there["State"] == "completed" else {name: value for name, value in wanted.items() if value},
        facts=dict(size=volume["Size"], encrypted=volume["Encrypted"]),
    )


def act(aws, params, planned):
    _snapshots.begin(aws, planned.label, planned.id, params["ticket"], params["name"], params["description"])
    look = partial(_snapshots.of_ticket, aws, planned.id, params["ticket"])
    made = aws.wait(f"snapshot of {planned.label}", look, lambda there: there is None or there["State"] == "completed", limit=SECONDS)
    if made is None:
        raise Problem("the snapshot went wrong: see whether the key of the volume can be used, and run this again")


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
