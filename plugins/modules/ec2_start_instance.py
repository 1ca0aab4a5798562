#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_start_instance"


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    state = _instances.state(instance)
    if state in _instances.GONE:
        raise Problem(f"the instance is {state}")
    runs = state in ("running", "pending")
    said = [] if runs else list(_instances.against_a_start(aws, instance))
    if said:
        raise Problem("; ".join(said))
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={} if runs else dict(state="stopped"),
        after=_instances.unchecked(aws, instance, params["before"]) if runs else dict(state="running"),
        facts=dict(state="running" if runs else "stopped"),
        dangers=tuple(f"{owner} manages it, and may stop it again" for owner in _instances.owners(aws, instance)),
    )


def act(aws, dummy, planned):
    drive(aws, planned.label, partial(_instances.described, aws, planned.id), partial(_instances.next_step, aws, "stopped", _instances.start))
    _instances.await_well(aws, planned.id)


VERB = Verb(name=NAME, options=dict(instance=dict(type="str", required=True)), plan=plan, act=act)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
