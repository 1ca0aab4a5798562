#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_reboot_instance"
# CloudTrail shows a call within about five minutes; after this time what it does not show was not made.
SHOWN = timedelta(minutes=20)


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    done = _done(aws, instance["InstanceId"], params["before"])
    owners = (f"{owner} manages it, and may take it for a fault" for owner in _instances.owners(aws, instance))
    if not done:
        _refuse(aws, instance)
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={},
        after={} if done else dict(rebooted=True),
        facts=dict(state=_instances.state(instance)),
        dangers=("would interrupt what runs on the instance", *owners),
    )


def _refuse(aws, instance):
    if _instances.state(instance) != "running":
        raise Problem(f"the instance is {_instances.state(instance)}, and only one that is running is rebooted")


def _done(aws, instance_id, before):
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


def act(aws, dummy, planned):
    """Once: an answer that got lost is not asked for again, the next run sees what became of it."""
    with aws.acting_for(planned.label):
        aws.ec2.reboot_instances(InstanceIds=[planned.id])
    _instances.await_well(aws, planned.id)


VERB = Verb(name=NAME, options=dict(instance=dict(type="str", required=True)), plan=plan, act=act)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
