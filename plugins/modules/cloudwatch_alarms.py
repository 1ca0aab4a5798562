#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._names import is_id
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, camel, differences, fixed, merged, refs, tags

AT_ONCE = 100  # DescribeAlarms takes as many names, and answers with as many alarms
METRIC_ALARM = "MetricAlarm"
# EC2 User Guide, "Manage detailed monitoring" and "status check metrics": basic monitoring tells metrics every five minutes, but status checks every minute.
BASIC = 300
ALWAYS_OFTEN = "StatusCheckFailed"
FILTER = 200  # values of a filter

# Members whose names are not simply the option in other letters
MEMBERS = dict(name="AlarmName", description="AlarmDescription", ok_actions="OKActions")


def _member(option):
    return MEMBERS.get(option) or camel(option)


# ---- find


def find(aws, wanted):
    if wanted is None:
        return [_have(alarm) for alarm in _described(aws, AlarmTypes=[METRIC_ALARM])]
    called = [(entry["id"].partition(":alarm:")[2] if "id" in entry else entry["name"], entry) for entry in wanted]
    called = [(name, entry) for name, entry in called if name]  # an id that is no alarm's
    names = [name for name, dummy in called]
    chunks = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    # All kinds of alarms share their names: another kind's alarm must be seen, so that it is not taken for a gap.
    types = _shapes.shape("cloudwatch", "DescribeAlarms.AlarmTypes").enum
    found = [_have(alarm) for chunk in chunks for alarm in _described(aws, AlarmNames=chunk, AlarmTypes=types)]
    there = {have["name"]: have for have in found}
    # Whoever names no more than which alarm it is removes it.
    stays = [(name, entry) for name, entry in called if entry.keys() - {"id", "name"}]
    _warn_of_rare_data(aws, [{**there.get(name, {}), **entry, "name": name} for name, entry in stays])
    return found


def _warn_of_rare_data(aws, alarms):
    """Between two points an alarm would have no data, or judge by less of it than it says."""
    rare = [(alarm["name"], metric) for alarm in alarms for metric in _rare(alarm)]
    ids = sorted({metric["InstanceId"] for dummy, metric in rare if is_id("ec2_instances", metric["InstanceId"])})
    chunks = [ids[start : start + FILTER] for start in range(0, len(ids), FILTER)]
    reservations = [one for chunk in chunks for one in aws.pages("ec2", "describe_instances", "Reservations", Filters=[dict(Name="instance-id", Values=chunk)])]
    basic = {one["InstanceId"] for reservation in reservations for one in reservation["Instances"] if one["Monitoring"]["State"] in ("disabled", "disabling")}
    for name, metric in rare:
        instance = metric["InstanceId"]
        if instance in basic or isinstance(instance, Unknown):
            has = "is made in this run, and unless its entry says otherwise" if isinstance(instance, Unknown) else "has basic monitoring:"
            aws.warn(
                f"cloudwatch_alarms {name}: {instance} {has} its metrics come every {BASIC} seconds, and the period of {metric['period']} has mostly "
                f"no data: name {BASIC}, or `monitoring: true` at the instance, which costs extra"
            )


def _rare(alarm):
    """The metrics of servers that an alarm looks at more often than basic monitoring tells them."""
    parts = [one["metric_stat"] for one in alarm.get("metrics") or [] if one.get("metric_stat")]
    for metric in [alarm, *({**part, **(part.get("metric") or {})} for part in parts)]:
        often = metric.get("period") and int(metric["period"]) < BASIC
        instance = (metric.get("dimensions") or {}).get("InstanceId")
        if often and isinstance(instance, str) and metric.get("namespace") == "AWS/EC2" and not str(metric.get("metric_name")).startswith(ALWAYS_OFTEN):
            yield dict(metric, InstanceId=instance)


def look(aws, ids):
    """One that was just made shows after a moment."""
    return find(aws, [dict(id=one) for one in ids])


def _described(aws, **arguments):
    """Alarms with their type, which is the name of the list they come in without its s."""
    for page in aws.client("cloudwatch").get_paginator("describe_alarms").paginate(MaxRecords=AT_ONCE, **arguments):
        for result, alarms in page.items():
            if result.endswith("Alarms"):
                yield from (dict(alarm, _type=result.removesuffix("s")) for alarm in alarms)


def _have(alarm):
    have = {option: _sheet(OPTIONS[option], option, alarm[_member(option)]) for option in OPTIONS if _member(option) in alarm}
    have.setdefault("treat_missing_data", "missing")
    return dict(have, id=alarm["AlarmArn"], _type=alarm["_type"], _alarm=alarm)


def _only_metric_alarms(have):
    if have["_type"] != METRIC_ALARM:
        raise Problem(f"the name is taken by a {have['_type']}, which is of another kind: choose another name")


def read(aws, have, names):
    _only_metric_alarms(have)
    if "tags" not in names:
        return {}
    return dict(tags=_tags.as_dict(aws.cloudwatch.list_tags_for_resource(ResourceARN=have["id"])["Tags"]))


# ---- sheet form and AWS's form


def _sheet(option, name, value):
    if name == "dimensions":
        return {dimension["Name"]: dimension["Value"] for dimension in value}
    if option.type == "list" and option.options:
        return [_sheet_fields(option.options, one) for one in value]
    return _sheet_fields(option.options, value) if option.options else value


def _sheet_fields(options, value):
    return {name: _sheet(options[name], name, value[_member(name)]) for name in options if _member(name) in value}


def _api(option, name, value):
    if name == "dimensions":
        return [dict(Name=key, Value=str(one)) for key, one in value.items()]
    if option.type == "list" and option.options:
        return [_api_fields(option.options, one) for one in value]
    return _api_fields(option.options, value) if option.options else value


def _api_fields(options, value):
    return {_member(name): _api(options[name], name, one) for name, one in value.items()}


def same_metrics(one, other):
    """AWS says of every metric whether it is returned, which it is when the sheet does not say, and gives the list its own order."""
    return _by_id(one) == _by_id(other)


def _by_id(metrics):
    return {metric["id"]: {"return_data": True, **_sheet_fields(METRICS, _api_fields(METRICS, metric))} for metric in metrics}


# ---- change


def create(aws, want):
    tagged = dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}
    change = differences(OPTIONS, want, {})
    _put(aws, {}, change, **tagged)
    made = merged(OPTIONS, {}, change)
    meta = aws.cloudwatch.meta
    arn = f"arn:{meta.partition}:cloudwatch:{meta.region_name}:{aws.account}:alarm:{want['name']}"
    return dict(made, id=arn, _type=METRIC_ALARM)


def update(aws, have, change):
    if change.keys() - {"tags"}:
        _put(aws, have, change)
    _tags.write(have, change, aws.cloudwatch.tag_resource, aws.cloudwatch.untag_resource, ResourceARN=have["id"])


def _put(aws, have, change, **more):
    """PutMetricAlarm replaces the whole alarm. Everything that it has and nobody named goes along: actions, and that it is silenced."""
    members = _shapes.model("cloudwatch").operation_model("PutMetricAlarm").input_shape.members
    request = {member: value for member, value in have.get("_alarm", {}).items() if member in members}
    after = merged(OPTIONS, have, change)
    for option in change.keys() - {"tags"}:
        if after[option] is None:
            request.pop(_member(option), None)
        else:
            request[_member(option)] = _api(OPTIONS[option], option, after[option])
    aws.cloudwatch.put_metric_alarm(**{member: value for member, value in request.items() if value != []}, **more)


def delete(aws, have):
    _only_metric_alarms(have)
    aws.cloudwatch.delete_alarms(AlarmNames=[have["name"]])


# ---- what to think about first

# An alarm has one of each; metrics hold their own statistics.
EITHER = (("metric_name", "metrics"), ("statistic", "extended_statistic", "metrics"), ("threshold", "threshold_metric_id"))


# What the model says in words: periods, how long an alarm looks back, percentiles and their like, words for missing data.
DAY = 86400
HOUR = 3600
SHORT = (10, 20, 30)
NUMBER = r"-?\d+(\.\d+)?"
PERCENT = r"\d{1,3}(\.\d+)?%"
EXTENDED = re.compile(
    r"(p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)|IQM"
    rf"|(PR|TC|TM|TS|WM)\((({NUMBER})?:{NUMBER}|{NUMBER}:)\)|(TC|TM|TS|WM)\((({PERCENT})?:{PERCENT}|{PERCENT}:)\)"
)
WORDS = dict(treat_missing_data=("breaching", "notBreaching", "ignore", "missing"), evaluate_low_sample_count_percentile=("evaluate", "ignore"))
OF_A_BAND = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")


def mistakes(alarm):
    """What no alarm can be, as (option, code, facts), as far as it is named."""
    for option, words in WORDS.items():
        if alarm.get(option) is not None and alarm[option] not in words:
            yield option, "choice", dict(value=alarm[option], limit=", ".join(words))
    if alarm.get("extended_statistic") and not EXTENDED.fullmatch(str(alarm["extended_statistic"])):
        yield "extended_statistic", "pattern", dict(value=alarm["extended_statistic"], limit="p99.9, tm90, IQM, TM(10%:90%), PR(:300)")
    times, points = alarm.get("evaluation_periods"), alarm.get("datapoints_to_alarm")
    if times is not None and points is not None and int(points) > int(times):
        yield "datapoints_to_alarm", "most", dict(value=points, limit=times)
    operator = alarm.get("comparison_operator")
    if operator in OF_A_BAND and alarm.get("threshold") is not None:
        yield "comparison_operator", "needs", dict(value=operator, other="threshold_metric_id")
    if operator and operator not in OF_A_BAND and alarm.get("threshold_metric_id") and alarm.get("threshold") is None:
        yield "comparison_operator", "choice", dict(value=operator, limit=", ".join(OF_A_BAND))
    for option, period, metric in _periods(alarm):
        if period not in SHORT and (period < 60 or period % 60):
            yield option, "choice", dict(value=period, limit="10, 20, 30, 60, 120, 180, …", item=metric)
    period = max((period for dummy, period, dummy in _periods(alarm)), default=0)
    longest = 7 * DAY if period >= HOUR else DAY
    if times is not None and period * int(times) > longest:
        yield "evaluation_periods", "most", dict(value=times, limit=longest // period)


def _periods(alarm):
    if alarm.get("period") is not None:
        yield "period", int(alarm["period"]), None
    for metric in alarm.get("metrics") or []:
        for option, holder in (("metrics.period", metric), ("metrics.metric_stat.period", metric.get("metric_stat") or {})):
            if holder.get("period") is not None:
                yield option, int(holder["period"]), metric


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    for names in EITHER:
        given = [name for name in names if after.get(name) not in (None, [])]
        if len(given) > 1 or not (given or have):
            raise Problem(f"an alarm needs exactly one of {', '.join(names)}, it would have {' and '.join(given) or 'none'}; `clear` takes one away")
    for metric in change.get("metrics") or []:
        if bool(metric.get("metric_stat")) == bool(metric.get("expression")):
            raise Problem(f"metrics {metric.get('id')}: name exactly one of metric_stat and expression")
    for option, code, facts in mistakes({name: value for name, value in after.items() if name in OPTIONS}):
        raise Problem(f"{option}: {_shapes.said(code, **facts)}")


def danger(have, change):
    """Whoever is under `remove` is meant. That nobody is told any more, or somebody unasked, would only be noticed when it is too late."""
    if not change or not have.get("actions_enabled"):
        return None
    if change.get("actions_enabled") is False:
        return "would silence the alarm: it still changes its state, and nobody is told"
    actions = change.get("alarm_actions")
    if actions and actions.remove and not merged(OPTIONS, have, change)["alarm_actions"]:
        return "would take away the last of its alarm_actions, and nobody is told any more"
    return f"would no longer tell {', '.join(actions.unnamed)}, whom the sheet does not name" if actions and actions.unnamed else None


def faults(entries, sheet):
    basic = {instance.get("name") for instance in sheet.get("ec2_instances", []) if instance.get("monitoring") is False}
    for index, entry in enumerate(entries):
        for names in EITHER:
            given = [name for name in names if entry.get(name) not in (None, [])]
            if len(given) > 1:
                yield index, given[0], "one_of", dict(value=entry[given[0]], other=", ".join(names))
        for option, code, facts in mistakes(entry):
            yield index, option, code, facts
        for metric in _rare(entry):
            if metric["InstanceId"] in basic:
                yield index, "period", "needs", dict(value=metric["period"], other=f"ec2_instances {metric['InstanceId']} monitoring: true")


# Dimensions whose values are ids. Other services of AWS use some of these words for things of their own.
DIMENSIONS = {
    "InstanceId": "ec2_instances",
    "NatGatewayId": "ec2_nat_gateways",
    "Subnet Id": "ec2_subnets",
    "VPC Endpoint Id": "ec2_vpc_endpoints",
    "VPC Id": "ec2_vpcs",
    "VolumeId": "ec2_volumes",
}
NAMESPACES = ("AWS/EBS", "AWS/EC2", "AWS/NATGateway", "AWS/PrivateLinkEndpoints")


def _of_ec2(metric):
    namespace = str(metric.get("namespace") or "")
    return namespace in NAMESPACES or not namespace.startswith("AWS/")


def _dimensions(**facts):
    named = dict(value_refs=DIMENSIONS, value_refs_in=_of_ec2, elsewhere=True)
    return Option("dict", api="PutMetricAlarm.Dimensions", same=_tags.same_texts, texts=True, **named, **facts)


def _actions():
    """PutMetricAlarm, ValidationError: "Invalid region … specified. Only … is supported.", which is the alarm's own."""
    return refs("sns_topics", elsewhere=True, regional=True)


METRIC = dict(
    namespace=Option(api="PutMetricAlarm.Namespace"),
    metric_name=Option(required=True, api="PutMetricAlarm.MetricName"),
    dimensions=_dimensions(),
)
METRIC_STAT = dict(
    metric=Option("dict", required=True, options=METRIC),
    period=Option("int", required=True, api="PutMetricAlarm.Period"),
    stat=Option(required=True),
    unit=Option(api="PutMetricAlarm.Unit"),
)
METRICS = dict(
    id=Option(required=True, api="PutMetricAlarm.Metrics.Id"),
    metric_stat=Option("dict", options=METRIC_STAT),
    expression=Option(api="PutMetricAlarm.Metrics.Expression"),
    label=Option(),
    return_data=Option("bool"),
    period=Option("int", api="PutMetricAlarm.Metrics.Period"),
    account_id=Option(api="PutMetricAlarm.Metrics.AccountId"),
)
OPTIONS = dict(
    name=fixed(api="PutMetricAlarm.AlarmName"),
    description=Option(clearable=True, api="PutMetricAlarm.AlarmDescription"),
    namespace=Option(clearable=True, api="PutMetricAlarm.Namespace"),
    metric_name=Option(clearable=True, api="PutMetricAlarm.MetricName"),
    dimensions=_dimensions(clearable=True),
    metrics=Option("list", "dict", options=METRICS, same=same_metrics, clearable=True),
    statistic=Option(clearable=True, api="PutMetricAlarm.Statistic"),
    extended_statistic=Option(clearable=True),
    period=Option("int", clearable=True, api="PutMetricAlarm.Period"),
    unit=Option(clearable=True, api="PutMetricAlarm.Unit"),
    evaluation_periods=Option("int", required=True, api="PutMetricAlarm.EvaluationPeriods"),
    datapoints_to_alarm=Option("int", clearable=True, api="PutMetricAlarm.DatapointsToAlarm"),
    comparison_operator=Option(required=True, api="PutMetricAlarm.ComparisonOperator"),
    threshold=Option("float", clearable=True),
    threshold_metric_id=Option(clearable=True, api="PutMetricAlarm.ThresholdMetricId"),
    treat_missing_data=Option(),
    evaluate_low_sample_count_percentile=Option(clearable=True),
    actions_enabled=Option("bool"),
    alarm_actions=_actions(),
    ok_actions=_actions(),
    insufficient_data_actions=_actions(),
    tags=tags(),
)
KIND = Kind(
    name="cloudwatch_alarms",
    identity=("name",),
    options=OPTIONS,
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    seconds=60,
    # An alarm that was made a moment ago may not be there yet for its tags.
    not_yet=(r"\(ResourceNotFound",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
