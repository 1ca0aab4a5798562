#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, differences, fixed, merged, tags

MEMBERS = dict(
    name="alarmName",
    metric_name="metricName",
    monitored_resource_name="monitoredResourceName",
    comparison_operator="comparisonOperator",
    threshold="threshold",
    evaluation_periods="evaluationPeriods",
    datapoints_to_alarm="datapointsToAlarm",
    treat_missing_data="treatMissingData",
    contact_protocols="contactProtocols",
    notification_triggers="notificationTriggers",
    notification_enabled="notificationEnabled",
)
PERIODS = 288  # "24 hours" of five minutes each
PER_METRIC = 2  # "You can configure up to two alarms per metric", of one resource


# ---- find


def find(aws, wanted):
    if wanted is None and not aws.offers("lightsail"):
        return []
    return [_have(alarm) for alarm in _alarms(aws)]


def _alarms(aws):
    """botocore has no paginator for them."""
    found, token = [], {}
    while True:
        page = aws.lightsail.get_alarms(**token)
        found += page.get("alarms") or []
        if not page.get("nextPageToken"):
            return found
        token = dict(pageToken=page["nextPageToken"])


def _have(alarm):
    told = dict(alarm, alarmName=alarm["name"], monitoredResourceName=alarm.get("monitoredResourceInfo", {}).get("name"))
    have = {option: told[member] for option, member in MEMBERS.items() if told.get(member) is not None}
    return dict(have, id=alarm["name"], tags={tag["key"]: tag.get("value", "") for tag in alarm.get("tags") or ()})


# ---- change


def create(aws, want):
    tagged = dict(tags=[dict(key=key, value=str(value)) for key, value in want["tags"].items()]) if want.get("tags") else {}
    change = differences(OPTIONS, want, {})
    _put(aws, {}, change, **tagged)
    return dict(merged(OPTIONS, {}, change), id=want["name"])


def update(aws, have, change):
    if change.keys() - {"tags"}:
        _put(aws, have, change)
    _tags.write(have, change, aws.lightsail.tag_resource, aws.lightsail.untag_resource, resourceName=have["name"])


def _put(aws, have, change, **more):
    """PutAlarm "completely overwrites the previous configuration": what the alarm has and nobody named goes along."""
    after = merged(OPTIONS, have, change)
    request = {member: after[option] for option, member in MEMBERS.items() if after.get(option) not in (None, [])}
    aws.lightsail.put_alarm(**request, **more)


def delete(aws, have):
    aws.lightsail.delete_alarm(alarmName=have["name"])


# ---- what to think about first


def mistakes(alarm):
    """What no alarm can be, as (option, code, facts), as far as it is named."""
    times, points = alarm.get("evaluation_periods"), alarm.get("datapoints_to_alarm")
    if times is not None and not 1 <= int(times) <= PERIODS:
        yield "evaluation_periods", *(("most", dict(value=times, limit=PERIODS)) if int(times) > PERIODS else ("least", dict(value=times, limit=1)))
    if times is not None and points is not None and int(points) > int(times):
        yield "datapoints_to_alarm", "most", dict(value=points, limit=times)
    triggers = alarm.get("notification_triggers")
    if triggers and "ALARM" not in triggers:
        yield "notification_triggers", "choice", dict(value=", ".join(triggers), limit="ALARM, ALARM + OK, ALARM + INSUFFICIENT_DATA, …")


def refuse(want, have, change):
    for option, code, facts in mistakes(merged(OPTIONS, have, change)):
        raise Problem(f"{option}: {_shapes.said(code, **facts)}")


def foresee(aws, want):
    watched = want.get("monitored_resource_name"), want.get("metric_name")
    same = sorted(aws.once(_by_metric).get(watched, ()))
    if len(same) >= PER_METRIC:
        raise Problem(f"metric_name: {watched[0]} has {PER_METRIC} alarms on {watched[1]} already, which is as many as Lightsail takes: {', '.join(same)}")


def _by_metric(aws):
    found = {}
    for one in map(_have, _alarms(aws)):
        found.setdefault((one.get("monitored_resource_name"), one.get("metric_name")), []).append(one["name"])
    return found


def danger(have, change):
    """That nobody is told any more would only be noticed when it is too late."""
    if change and change.get("notification_enabled") is False and have.get("notification_enabled", True):
        return "would silence the alarm: it still changes its state, and nobody is told"
    if change and change.get("contact_protocols", True) is None and have.get("contact_protocols"):
        return "would take away the last of its contact_protocols, and nobody is told any more"
    return None


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in mistakes(entry):
            yield index, option, code, facts


def alike(one, other):
    """AWS gives them an order of its own."""
    return sorted(one) == sorted(other)


OPTIONS = dict(
    name=fixed(api="PutAlarm.alarmName"),
    monitored_resource_name=Option(required=True, api="PutAlarm.monitoredResourceName"),
    metric_name=Option(required=True, api="PutAlarm.metricName"),
    comparison_operator=Option(required=True, api="PutAlarm.comparisonOperator"),
    threshold=Option("float", required=True),
    evaluation_periods=Option("int", required=True),
    datapoints_to_alarm=Option("int"),
    treat_missing_data=Option(api="PutAlarm.treatMissingData"),
    contact_protocols=Option("list", "str", same=alike, clearable=True, api="PutAlarm.contactProtocols"),
    notification_triggers=Option("list", "str", same=alike, clearable=True, api="PutAlarm.notificationTriggers"),
    notification_enabled=Option("bool"),
    tags=tags(),
)
KIND = Kind(
    name="lightsail_alarms",
    identity=("name",),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    seconds=60,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
