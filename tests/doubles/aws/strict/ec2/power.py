# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that start, stop and reboot: states over time, status checks, types without capacity, types with which a system does not come up.

States are immediate unless moto's state manager is told otherwise: transition("ec2::instance", progression="manual", times=2) shows each passing
state, and status checks that are initializing, for so many describing calls (EC2 guide, "Amazon EC2 instance state changes").
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance, InstanceState
from moto.moto_api import state_manager

from ..rules import Refused
from .book import BOOK, all_instances
from .instances import instance_of

MODEL = "ec2::instance"
CODES = {"pending": 0, "running": 16, "stopping": 64, "stopped": 80}
# no_capacity: cannot be started now; impaired: start, and fail their instance status check; vcpus: how many of the Standard families may run
TYPES: dict[str, Any] = {}
STANDARD = "ACDHIMRTZ"
VCPUS = 1152

state_manager.register_default_transition(MODEL, {"progression": "immediate"})


def set_types(no_capacity=(), impaired=(), vcpus=VCPUS):
    TYPES.update(no_capacity=list(no_capacity), impaired=list(impaired), vcpus=vcpus)


set_types()


# -- states over time -----------------------------------------------------------------------------


def passing(attribute, of):
    """An attribute of a state: what it passes through while looks are left, then where it settles."""

    def get(state):
        return of(state._transitions) if vars(state).get("_tick") else vars(state)[attribute]

    def settle(state, value):
        vars(state)[attribute] = value
        state._tick = 0

    return property(get, settle)


InstanceState.name = passing("name", lambda name: name)
InstanceState.code = passing("code", lambda name: CODES[name])


def looks():
    transition = state_manager.get_transition(MODEL)
    return int(transition.get("times", 1)) if transition["progression"] == "manual" else 0


def pass_through(instance, name):
    instance._state._transitions, instance._state._tick = name, looks()
    instance._status_tick = looks()


@BOOK.patch(Instance, "start")
def it_starts_over_time(original, instance):
    """A running instance stays as it is; others are pending first."""
    if instance.state == "running":
        return instance._state
    before = original(instance)
    pass_through(instance, "pending")
    return before


@BOOK.patch(Instance, "stop")
def it_stops_over_time(original, instance):
    """A stopped instance stays as it is; others are stopping first."""
    if instance.state == "stopped":
        return instance._state
    before = original(instance)
    pass_through(instance, "stopping")
    instance._stopped = True
    return before


@BOOK.patch(Instance, "reboot")
def a_reboot_starts_nothing(_original, instance):
    """RebootInstances: asynchronous, the state stays running; the checks begin anew (moto starts a stopped one)."""
    if instance.state == "running":
        instance._status_tick = looks()
        instance._booted = utcnow()


@BOOK.after("DescribeInstances", "DescribeInstanceStatus")
def time_passes(ec2, InstanceIds, **_):
    for instance in all_instances(ec2):
        if InstanceIds and instance.id not in InstanceIds:
            continue
        if vars(instance._state).get("_tick"):
            instance._state._tick -= 1
        elif vars(instance).get("_status_tick"):
            instance._status_tick -= 1


def checked(original):
    """InstanceStatusSummary.Status: initializing until the checks have passed, impaired where they do not."""

    def get(instance):
        told = original.fget(instance)
        if told["Status"] != "ok":
            return told
        status = "initializing" if vars(instance).get("_status_tick") else "impaired" if instance.instance_type in TYPES["impaired"] else "ok"
        return {**told, "Status": status}

    return property(get)


Instance.instance_status = checked(Instance.instance_status)


# -- what EC2 has scheduled ------------------------------------------------------------------------

MOVES = ("instance-stop", "instance-retirement", "system-maintenance", "system-reboot")


def schedule(backends, instance, events):
    """EC2 schedules events for an instance: {InstanceEventId, Code, Description, NotBefore, NotBeforeDeadline}, times in ISO."""
    (one,) = (found for ec2 in backends for found in all_instances(ec2) if found.id == instance)
    one._events = events


def told(event):
    return {name: datetime.fromisoformat(value) if name.startswith("Not") else value for name, value in event.items()}


Instance.events = property(lambda instance: [told(event) for event in vars(instance).get("_events", [])])


@BOOK.after("StartInstances")
def it_starts_on_another_host(ec2, InstanceIds, **_):
    """Instance.LaunchTime: "The time that the instance was last launched"; EC2 guide, scheduled events: a stop and a start moves it to another host.

    InstanceStatusEvent.Description: "If the event has been completed, this description starts with the following text: [Completed]".
    """
    for one in InstanceIds:
        instance = instance_of(ec2, one)
        if not vars(instance).pop("_stopped", False):
            continue
        instance.launch_time = utcnow()
        for event in vars(instance).get("_events", []):
            if event["Code"] in MOVES and not event["Description"].startswith("[Completed]"):
                event["Description"] = f"[Completed] {event['Description']}"


@BOOK.adds("ModifyInstanceEventStartTime")
def modify_instance_event_start_time(ec2, InstanceId, InstanceEventId, NotBefore, **_):
    """ModifyInstanceEventStartTime; EC2 guide, scheduled events: "Only reboot events … have a deadline date", without one, and after it, no event moves."""
    event = next((one for one in vars(instance_of(ec2, InstanceId)).get("_events", []) if one["InstanceEventId"] == InstanceEventId), None)
    if event is None:
        raise Refused("InvalidInstanceEventIDNotFound", f"The event ID '{InstanceEventId}' does not exist")
    wanted = NotBefore if NotBefore.tzinfo else NotBefore.replace(tzinfo=UTC)
    deadline = event.get("NotBeforeDeadline")
    if deadline is None or wanted > datetime.fromisoformat(deadline) or wanted <= datetime.now(UTC):
        raise Refused("InvalidInstanceEventStartTime", f"The event cannot be moved to {wanted}: its deadline is {deadline}")
    event["NotBefore"] = wanted.isoformat()
    return {"Event": told(event)}


# -- what is refused ------------------------------------------------------------------------------


@BOOK.rule("StartInstances")
def only_stopped_instances_start(ec2, InstanceIds, **_):
    """EC2 error codes, IncorrectInstanceState: one that is stopping cannot be started."""
    for one in InstanceIds:
        if instance_of(ec2, one).state == "stopping":
            raise Refused("IncorrectInstanceState", f"The instance '{one}' is not in a state from which it can be started.")


@BOOK.rule("StopInstances")
def pending_instances_do_not_stop(ec2, InstanceIds, **_):
    """EC2 error codes, IncorrectInstanceState: one that is pending cannot be stopped."""
    for one in InstanceIds:
        if instance_of(ec2, one).state == "pending":
            raise Refused("IncorrectInstanceState", f"This instance '{one}' is not in a state from which it can be stopped.")


@BOOK.rule("StartInstances")
def there_is_capacity(ec2, InstanceIds, **_):
    """EC2 error codes, server errors: InsufficientInstanceCapacity."""
    for one in InstanceIds:
        name = instance_of(ec2, one).instance_type
        if name in TYPES["no_capacity"]:
            message = f"We currently do not have sufficient {name} capacity in the Availability Zone you requested."
            raise Refused("InsufficientInstanceCapacity", message, 500)


@BOOK.rule("StartInstances")
def the_quota_of_vcpus_holds(ec2, InstanceIds, **_):
    """EC2 error codes, VcpuLimitExceeded; EC2 guide, "On-Demand Instance quotas": "in terms of the number of virtual central processing units (vCPUs) that your
    running On-Demand Instances are using".
    """
    running = [one for one in all_instances(ec2) if one.state in ("pending", "running") or one.id in InstanceIds]
    used = sum(INSTANCE_TYPES[one.instance_type]["VCpuInfo"]["DefaultVCpus"] for one in running if one.instance_type[0].upper() in STANDARD)
    if used > TYPES["vcpus"]:
        raise Refused("VcpuLimitExceeded", f"You have requested more vCPU capacity than your current vCPU limit of {TYPES['vcpus']} allows.")
