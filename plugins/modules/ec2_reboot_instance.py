#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from ansible_collections.msp.aws.plugins.module_utils import _instances, _nodes
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_reboot_instance"
# CloudTrail shows a call within about five minutes; after this time what it does not show was not made.
SHOWN = timedelta(minutes=20)
SHELL = "AWS-RunShellScript"
BOOT = ["cat /proc/sys/kernel/random/boot_id", "grep btime /proc/stat"]
ASKED_SECONDS = 300
# Together ten minutes, within which a system that can shut down has done so.
PAUSES = (0, 15, 30, 60, 120, 180, 195)


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    made = _made(aws, instance["InstanceId"], params["before"])
    owners = (f"{owner} manages it, and may take it for a fault" for owner in _instances.owners(aws, instance))
    if not made:
        _refuse(instance)
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={},
        after=_unproved(aws, params, instance) if made else dict(rebooted=True),
        facts=dict(state=_instances.state(instance)),
        dangers=("would interrupt what runs on the instance", *owners),
    )


def _unproved(aws, params, instance):
    """What is left of a reboot that an earlier run made and did not see through."""
    first = _boots(aws, params, instance["InstanceId"], "before")
    if first and not _later(aws, params, instance["InstanceId"], first[0]):
        return dict(proved=True)
    return _instances.unchecked(aws, instance, params["before"])


def _refuse(instance):
    if _instances.state(instance) != "running":
        raise Problem(f"the instance is {_instances.state(instance)}, and only one that is running is rebooted")


def _made(aws, instance_id, before):
    """Whether the reboot was made that an earlier run began and could not tell of. EC2 itself keeps nothing of it; CloudTrail does."""
    if "at" not in before:
        return False
    began = datetime.fromisoformat(before["at"])
    made = [event for event in _reboots(aws, began) if instance_id in event["CloudTrailEvent"] and '"errorCode"' not in event["CloudTrailEvent"]]
    if made:
        return True
    known = began + SHOWN
    if datetime.now(UTC) < known:
        raise Problem(
            f"an earlier run began this reboot at {began:%H:%M} UTC and broke off, and CloudTrail may not show yet whether it was made. "
            f"Run this again after {known:%Y-%m-%d %H:%M} UTC, and do not reboot it by hand meanwhile"
        )
    return False


def _reboots(aws, since):
    with aws.reading():
        attributes = [dict(AttributeKey="EventName", AttributeValue="RebootInstances")]
        return aws.pages("cloudtrail", "lookup_events", "Events", LookupAttributes=attributes, StartTime=since, EndTime=datetime.now(UTC))


def act(aws, params, planned):
    """Once: an answer that got lost is not asked for again, the next run sees what became of it."""
    first = _boots(aws, params, planned.id, "before")
    if "rebooted" in planned.after:
        first = first or _first(aws, params, planned)
        with aws.acting_for(planned.label):
            aws.ec2.reboot_instances(InstanceIds=[planned.id])
    if first:
        _prove(aws, params, planned, first[0])
    _instances.await_well(aws, planned.id)
    if not first:
        planned.notes.append("Systems Manager reaches no Linux in it that could tell its boot time. EC2 took the call, and both status checks are ok")


# ---- the proof: EC2 goes on calling a system well that has not even begun to shut down


def _order(params, instance_id, when):
    return _nodes.Order(instance_id, SHELL, f"{params['ticket']} boot {when}", dict(commands=BOOT))


def _boots(aws, params, instance_id, when):
    """The boots that the kernel told of before or after, as its id and when it began."""
    order = _order(params, instance_id, when)
    told = [_nodes.output(aws, one, instance_id).split() for one in _nodes.commands(aws, order) if one["Status"] == "Success"]
    return [(words[0], int(words[2])) for words in told if len(words) == 3]


def _first(aws, params, planned):
    windows = _instances.described(aws, planned.id).get("Platform") == "windows"
    if windows or _nodes.ping(aws, planned.id) != "Online":
        return []
    _nodes.carry_out(aws, planned.label, _order(params, planned.id, "before"), ASKED_SECONDS)
    return _boots(aws, params, planned.id, "before")


def _later(aws, params, instance_id, first):
    return next((boot for boot in _boots(aws, params, instance_id, "after") if boot[0] != first[0]), None)


def _prove(aws, params, planned, first):
    for pause in PAUSES:
        time.sleep(pause)
        if not _later(aws, params, planned.id, first):
            _nodes.await_answer(aws, planned.label, planned.id, _instances.WELL_SECONDS)
            _nodes.carry_out(aws, planned.label, _order(params, planned.id, "after"), ASKED_SECONDS)
        later = _later(aws, params, planned.id, first)
        if later:
            planned.notes.append(f"Its kernel says that it booted at {_moment(later)}, and before that at {_moment(first)}")
            return
    raise Problem(
        f"EC2 took the call, and its kernel still is the one that booted at {_moment(first)}: its system hangs on the way down. "
        "Look at its console; ec2.stop_instance and ec2.start_instance bring it up on another host"
    )


def _moment(boot):
    return f"{datetime.fromtimestamp(boot[1], UTC):%Y-%m-%d %H:%M:%S} UTC"


VERB = Verb(
    name=NAME,
    options={name: dict(type="str", required=True) for name in ("instance", "ticket")},
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
