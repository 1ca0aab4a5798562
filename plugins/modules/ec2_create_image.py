#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_create_image"


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    there = _images.of_ticket(aws, instance["InstanceId"], params["ticket"])
    made = there is not None and there["State"] == "available"
    if there is None:
        _refuse(aws, instance, params["name"])
    reboots = not params["no_reboot"] and _instances.state(instance) == "running"
    wanted = dict(image=params["name"], description=params["description"], rebooted=reboots or None)
    left = _instances.unchecked(aws, instance, params["before"]) if reboots else {}
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={},
        after=left if made else {name: value for name, value in wanted.items() if value},
        facts=dict(state=_instances.state(instance)),
        dangers=tuple(_dangers(aws, instance)) if reboots else (),
    )


def _refuse(aws, instance, name):
    if _instances.state(instance) not in ("running", "stopped"):
        raise Problem(f"the instance is {_instances.state(instance)}, and an image is made of one that is running or stopped")
    _images.refuse(aws, instance, name)


def _dangers(aws, instance):
    yield "would reboot the instance, so that its file systems are whole in the image"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may take it for a fault"


def act(aws, params, planned):
    told = dict(no_reboot=params["no_reboot"], description=params["description"])
    _images.make(aws, planned.label, planned.id, params["ticket"], params["name"], **told)
    if {"rebooted", "status_checks"} & planned.after.keys():
        _instances.await_well(aws, planned.id)


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("instance", "name", "ticket")},
        no_reboot=dict(type="bool", required=True),
        description=dict(type="str"),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
