#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances, _targets
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run, why
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_handle_retirement"
# Events that end when the instance has come to another host. Of instance-reboot a reboot is enough, which is another verb.
MOVES = ("instance-stop", "instance-retirement", "system-maintenance", "system-reboot")
OVER = ("[Completed]", "[Canceled]")
CLOSED_SECONDS = 1800
NO_ROOM = "InsufficientInstanceCapacity"
ROOM_PAUSES = (30, 60, 90, 120, *(180,) * 8, 60)  # seconds between one start and the next: half an hour in all


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    have = dict(_facts(instance), targets=_targets.of_instance(aws, instance))
    before = {**have, **{name: value for name, value in params["before"].items() if name in have}}
    events = _open(aws, instance["InstanceId"], params["event_id"])
    label = _instances.label(instance)
    if params["not_before"]:
        return _rescheduling(aws, params, instance, events)
    left_stopped = before["state"] == "running" and _facts(instance)["state"] != "running"
    over = not events and not left_stopped
    if not over:
        _refuse(aws, instance, before, events)
    return Plan(
        label=label,
        id=instance["InstanceId"],
        before={} if over else dict(events=[_told(event) for event in events]),
        after=_targets.left(aws, instance, params["before"], before["targets"]) if over else _moved(aws, params, instance),
        facts=before,
        dangers=tuple(_dangers(aws, params, instance, before)),
    )


def _moved(aws, params, instance):
    return dict(events=[], **_images.kept_before(aws, instance, params["ticket"], params["image_name"]))


def _facts(instance):
    """When it was launched last tells whether it has been started since, whatever else is remembered."""
    settles = dict(stopping="stopped", pending="running")
    return dict(state=settles.get(_instances.state(instance), _instances.state(instance)), launch_time=instance["LaunchTime"].isoformat())


def _open(aws, instance_id, event_id):
    """What is scheduled and not over. One that has been completed is shown for another week."""
    with aws.reading():
        found = aws.ec2.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)["InstanceStatuses"]
    events = [event for status in found for event in status.get("Events", []) if not event["Description"].startswith(OVER)]
    return sorted((event for event in events if event_id in (None, event["InstanceEventId"])), key=lambda event: event["InstanceEventId"])


def _told(event):
    return f"{event['InstanceEventId']} {event['Code']} {event['NotBefore']:%Y-%m-%d %H:%M} UTC"


def _refuse(aws, instance, before, events):
    state = _instances.state(instance)
    if state in _instances.GONE:
        raise Problem(f"the instance is {state}")
    if before["state"] != "running":
        raise Problem(f"the instance is {before['state']}: it comes to another host when it is started, by the operation ec2.start_instance")
    others = [_told(event) for event in events if event["Code"] not in MOVES]
    said = [f"for {one} the operation ec2.reboot_instance is enough: name the other event in event_id" for one in others]
    said += _instances.against_a_restart(aws, instance)
    if said:
        raise Problem("; ".join(said))


def _dangers(aws, params, instance, before):
    yield "would stop the instance and start it again on another host"
    yield from _instances.lost_by_a_stop(aws, instance, instance["InstanceType"])
    yield from _targets.dangers(aws, before["targets"])
    if params["image_name"] is None:
        yield "no image is made before it (image_name), so there is nothing of this ticket to go back to"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may replace it"


def act(aws, params, planned):
    if params["not_before"]:
        look = partial(_open, aws, planned.id, planned.facts["event_id"])
        drive(aws, planned.label, look, partial(_move, aws, planned))
        return
    if params["image_name"] and planned.before:
        _instances.settled(aws, planned.id, "in a state that lasts")
        _images.make_before(aws, planned.label, planned.id, params["ticket"], params["image_name"])
    try:
        instance = drive(aws, planned.label, partial(_instances.described, aws, planned.id), partial(_next_step, aws, planned))
    except Exception as error:
        state = _instances.state(_instances.described(aws, planned.id))
        if state == "running":
            raise
        raise Problem(f"{why(error, aws)}. The instance is {state}, and its volumes are whole. Run this ticket again, or give it another type") from error
    _instances.await_well(aws, planned.id)
    _targets.await_healthy(aws, instance, planned.facts["targets"])
    _await_closed(aws, params, planned)


def _next_step(aws, planned, instance):
    """Stopped once and started once: whether it was is seen in its launch time. While it is stopped nobody is sent to it."""
    before, state = planned.facts, _instances.state(instance)
    if state in _instances.MOVING:
        return partial(_instances.settled, aws, instance["InstanceId"], "in a state that lasts")
    if state == "stopped":
        return partial(_start, aws, instance["InstanceId"])
    if planned.before and _facts(instance)["launch_time"] == before["launch_time"]:
        return _targets.drain(aws, instance) or partial(_instances.stop, aws, instance["InstanceId"])
    missing = _targets.lacking(before["targets"], _targets.of_instance(aws, instance))
    return partial(_targets.put_back, aws, instance, missing) if missing else None


def _start(aws, instance_id):
    """Where AWS has no room for its type now it may have some in a while; the instance stays as it is meanwhile."""
    for pause in (*ROOM_PAUSES, None):
        try:
            _instances.start(aws, instance_id)
        except (Problem, *AWS_ERRORS) as error:
            if NO_ROOM not in str(error):
                raise
            if pause is None:
                raise Problem(f"AWS had no capacity for half an hour: {why(error, aws)}") from error
            time.sleep(pause)
        else:
            return


def _await_closed(aws, params, planned):
    what = f"end of {', '.join(planned.before.get('events', []))}"
    aws.wait(what, lambda: [_told(one) for one in _open(aws, planned.id, params["event_id"])], lambda events: not events, limit=CLOSED_SECONDS)


# ---- another time


def _rescheduling(aws, params, instance, events):
    wanted = _moment(params["not_before"])
    if len(events) != 1:
        named = "; ".join(_told(event) for event in events) or "none"
        raise Problem(f"event_id: one event is moved at a time, and these are open: {named}")
    (event,) = events
    done = event["NotBefore"] == wanted
    if not done:
        _refuse_moment(event, wanted)
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={} if done else dict(not_before=event["NotBefore"].isoformat()),
        after={} if done else dict(not_before=wanted.isoformat()),
        facts=dict(event_id=event["InstanceEventId"]),
    )


def _moment(text):
    try:
        wanted = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(f"not_before: {text!r} is no time such as 2026-12-05T02:00:00+09:00") from error
    if wanted.tzinfo is None:
        raise Problem(f"not_before: {text!r} does not say its offset from UTC, as 2026-12-05T02:00:00+09:00 does")
    return wanted.astimezone(UTC)


def _refuse_moment(event, wanted):
    deadline = event.get("NotBeforeDeadline")
    if deadline is None:
        raise Problem(f"not_before: {_told(event)} has no deadline, and AWS moves no such event")
    if not datetime.now(UTC) < wanted <= deadline:
        raise Problem(f"not_before: {wanted:%Y-%m-%d %H:%M} UTC is not between now and the deadline of the event, {deadline:%Y-%m-%d %H:%M} UTC")


def _move(aws, planned, events):
    wanted = datetime.fromisoformat(planned.after["not_before"])
    if not events or events[0]["NotBefore"] == wanted:
        return None
    return partial(aws.ec2.modify_instance_event_start_time, InstanceId=planned.id, InstanceEventId=planned.facts["event_id"], NotBefore=wanted)


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("instance", "ticket")},
        **{name: dict(type="str") for name in ("event_id", "not_before", "image_name")},
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
