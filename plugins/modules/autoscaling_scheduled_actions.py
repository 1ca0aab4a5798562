#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime

from ansible_collections.msp.aws.plugins.module_utils import _autoscaling
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, camel, differences, fixed, merged, ref

TIMES = ("start_time", "end_time")
WRITTEN = (*_autoscaling.SIZES, *TIMES, "recurrence", "time_zone")
FIELDS = 5  # minute, hour, day of the month, month, day of the week
FIELD = re.compile(r"[0-9A-Za-z*,/?L#-]+")


# ---- find


def find(aws, wanted):
    return [_have(action) for action in aws.pages("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions")]


def _have(action):
    return dict(
        {option: action.get(camel(option)) for option in WRITTEN},
        id=action["ScheduledActionARN"],
        auto_scaling_group=action["AutoScalingGroupName"],
        name=action["ScheduledActionName"],
        **{option: _autoscaling.told(action.get(camel(option))) for option in TIMES},
    )


# ---- make and change


def create(aws, want):
    _put(aws, {}, differences(OPTIONS, want, {}))
    return _autoscaling.shown(aws, find, want, *KIND.identity)


def update(aws, have, change):
    _put(aws, have, change)


def _put(aws, have, change):
    """The call writes the action anew, so all of it goes along. When it starts next, which AWS tells of what recurs, is not said for another rhythm."""
    after = merged(OPTIONS, have, change)
    if "start_time" not in change and after.get("recurrence") and ({"recurrence", "time_zone"} & change.keys() or _past(after.get("start_time"))):
        after["start_time"] = None
    _refuse_conflict(aws, after)
    if after.get("recurrence") and not after.get("time_zone"):
        aws.warn(f"autoscaling_scheduled_actions {after['name']}: {after['recurrence']} is meant in UTC, because no time_zone is named")
    given = {camel(option): after[option] for option in WRITTEN if after.get(option) is not None}
    given.update({camel(option): _autoscaling.moment(after[option]) for option in TIMES if after.get(option) is not None})
    aws.autoscaling.put_scheduled_update_group_action(**_which(after), **given)


def _which(thing):
    return dict(AutoScalingGroupName=thing["auto_scaling_group"], ScheduledActionName=thing["name"])


def _refuse_conflict(aws, after):
    """Two of one group at the same time: which of them counts would be chance."""
    for other in aws.once(find, None):
        same_group = other["auto_scaling_group"] == after["auto_scaling_group"]
        if same_group and other["name"] != after["name"] and _when(other) == _when(after):
            raise Problem(f"the action {other['name']} of the same group is at the same time ({' '.join(str(one) for one in _when(after) if one)})")


def _when(thing):
    if thing.get("recurrence"):
        return (" ".join(thing["recurrence"].split()), thing.get("time_zone") or "UTC")
    return (_autoscaling.moment(thing["start_time"]) if thing.get("start_time") else None,)


def delete(aws, have):
    aws.autoscaling.delete_scheduled_action(**_which(have))


# ---- what to think about first


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    for option, dummy, facts in _autoscaling.size_faults(after):
        raise Problem(f"{option}: {facts['value']!r} is less than the least allowed, {facts['limit']}")
    if all(after.get(size) is None for size in _autoscaling.SIZES):
        raise Problem(f"one of {', '.join(_autoscaling.SIZES)} must be named")
    if after.get("recurrence") is None and after.get("start_time") is None:
        raise Problem("either recurrence or start_time must be named")
    if after.get("time_zone") and after.get("recurrence") is None:
        raise Problem("time_zone: only a recurrence has one")
    for option in TIMES:
        if option in change and _past(change[option]):
            raise Problem(f"{option} {change[option]} is in the past")


def _past(text):
    return bool(text) and _autoscaling.moment(text) <= datetime.now(UTC)


def danger(have, change):
    if not change:
        return "would be deleted: the group then keeps the size that it has"
    lower = [option for option in ("desired_capacity", "max_size") if have.get(option) is not None and change.get(option, have[option]) < have[option]]
    return f"would terminate more instances when it acts, with what lies on them alone ({', '.join(lower)})" if lower else None


def faults(entries, sheet):
    zones = zoneinfo.available_timezones()  # of the disk, each time
    for index, entry in enumerate(entries):
        for option, code, facts in _autoscaling.size_faults(entry):
            yield index, option, code, facts
        fields = str(entry.get("recurrence") or "* * * * *").split()
        if len(fields) != FIELDS or not all(FIELD.fullmatch(field) for field in fields):
            yield index, "recurrence", "pattern", dict(value=entry["recurrence"], limit="minute hour day month weekday")
        if entry.get("time_zone") and entry["time_zone"] not in zones:
            yield index, "time_zone", "no_choice", dict(value=entry["time_zone"])
    yield from _at_once(entries)


def _at_once(entries):
    """Two of one group at the same time."""
    first = {}
    for index, entry in enumerate(entries):
        key = (entry.get("auto_scaling_group"), *str(entry.get("recurrence") or "").split(), entry.get("time_zone") or "UTC")
        if entry.get("recurrence") and first.setdefault(key, index) != index:
            yield index, "recurrence", "overlap", dict(value=entry["recurrence"], other="recurrence", other_entry=first[key])


OPTIONS = dict(
    auto_scaling_group=ref("autoscaling_groups", fixed=True, required=True),
    name=fixed(api="PutScheduledUpdateGroupAction.ScheduledActionName"),
    recurrence=Option(api="PutScheduledUpdateGroupAction.Recurrence"),
    time_zone=Option(api="PutScheduledUpdateGroupAction.TimeZone"),
    start_time=Option(same=_autoscaling.same_moment),
    end_time=Option(same=_autoscaling.same_moment),
    min_size=Option("int"),
    max_size=Option("int"),
    desired_capacity=Option("int"),
)

KIND = Kind(
    name="autoscaling_scheduled_actions",
    identity=("auto_scaling_group", "name"),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    not_yet=_autoscaling.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
