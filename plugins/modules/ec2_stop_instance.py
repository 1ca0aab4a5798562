#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_stop_instance"


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    state = _instances.state(instance)
    if state in _instances.GONE:
        raise Problem(f"the instance is {state}")
    done = state in ("stopped", "stopping")
    said = [] if done else list(_instances.against_a_stop(aws, instance))
    if said:
        raise Problem("; ".join(said))
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={} if done else dict(state="running"),
        after={} if done else dict(state="stopped"),
        facts=dict(state="stopped" if done else "running"),
        dangers=tuple(_dangers(aws, instance)),
    )


def _dangers(aws, instance):
    yield "would stop the instance"
    yield from _instances.lost_by_a_stop(aws, instance, instance["InstanceType"])
    # It may be stopped for the very reason that its keys are locked, such as after a break-in.
    for key, key_state in _instances.unusable_keys(aws, instance):
        yield f"the KMS key {key} of its volumes is {key_state}, and without it the instance does not start again"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may replace it or start it again"


def act(aws, dummy, planned):
    drive(aws, planned.label, partial(_instances.described, aws, planned.id), partial(_instances.next_step, aws, "running", _instances.stop))


VERB = Verb(name=NAME, options=dict(instance=dict(type="str", required=True)), plan=plan, act=act)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
