# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch: what parameters an alarm takes together, and that a put replaces all of them."""

from __future__ import annotations

import re

from moto.cloudwatch.models import CloudWatchBackend

from .rules import Refused, RuleBook

BOOK = RuleBook("cloudwatch", invalid="ValidationError", missing="ValidationError")
DAY, WEEK = 86400, 604800


def wrong(message):
    return Refused("ValidationError", message)


# -- metric alarms --------------------------------------------------------------------------------

OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit")
OF_ONE_METRIC += ("Statistic", "ExtendedStatistic")


@BOOK.rule("PutMetricAlarm")
def metric_or_metrics(_cw, **given):
    """PutMetricAlarm.MetricName: "you must specify either MetricName, a Metrics array, or an
    EvaluationCriteria"; with Metrics none of the parameters of a single metric.
    """
    ways = [name for name in ("MetricName", "Metrics", "EvaluationCriteria") if given.get(name)]
    if len(ways) != 1:
        raise wrong("Exactly one of MetricName, Metrics and EvaluationCriteria must be specified")
    if ways == ["Metrics"]:
        many_metrics(given)
    elif ways == ["MetricName"]:
        one_metric(given)


def one_metric(given):
    if not given.get("Namespace"):
        raise Refused("MissingParameter", "The parameter Namespace is required")
    if bool(given.get("Statistic")) == bool(given.get("ExtendedStatistic")):
        raise wrong("Exactly one of Statistic and ExtendedStatistic must be specified")
    if given.get("Period") is None:
        raise Refused("MissingParameter", "The parameter Period is required")
    period_is_sound(given["Period"])
    if given.get("Threshold") is None:
        raise Refused("MissingParameter", "The parameter Threshold is required")
    percentile_is_sound(given)


def period_is_sound(period):
    """Period: "Valid values are 10, 20, 30, and any multiple of 60"."""
    if int(period) not in (10, 20, 30) and int(period) % 60:
        raise wrong(f"Period must be 10, 20, 30 or a multiple of 60, not {period}")


NUMBER, PERCENT = r"-?\d+(\.\d+)?", r"\d{1,2}(\.\d+)?%|100(\.0+)?%"
EXTENDED = re.compile(
    r"(p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100(\.0{1,10})?)|IQM"
    rf"|(PR|TC|TM|TS|WM)\((({NUMBER})?:{NUMBER}|{NUMBER}:)\)|(TC|TM|TS|WM)\((({PERCENT})?:({PERCENT})|({PERCENT}):)\)"
)
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def percentile_is_sound(given):
    """ExtendedStatistic: p90, tm90, tc90, ts90, wm90, IQM, PR(n:m), TC(X%:X%) and so on."""
    extended = given.get("ExtendedStatistic")
    if extended and not EXTENDED.fullmatch(extended):
        raise wrong(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    if given.get("EvaluateLowSampleCountPercentile") and not extended:
        raise wrong("EvaluateLowSampleCountPercentile is for alarms on percentiles only")


METRICS = 10


def many_metrics(given):
    """Metrics: one item returns data; ids are unique; an item has a metric or an expression; CloudWatch guide, quotas of
    alarms: "up to 10 metrics" in a metric math expression.
    """
    mixed = [name for name in OF_ONE_METRIC if given.get(name)]
    if mixed:
        raise wrong(f"Metrics cannot be used together with {', '.join(mixed)}")
    ids = [one.get("Id") for one in given["Metrics"]]
    if len(set(ids)) < len(ids):
        raise wrong("The ids of Metrics must be unique")
    # The band of an anomaly detection alarm is returned beside its metric (user guide, "Create an
    # alarm based on anomaly detection": put-metric-alarm with m1 and t1 both returned).
    band = given.get("ThresholdMetricId")
    returned = [one for one in given["Metrics"] if one.get("ReturnData", True) and one.get("Id") != band]
    if len(returned) != 1:
        raise wrong("Exactly one element of the metrics list should return data")
    for one in given["Metrics"]:
        if not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", one.get("Id") or ""):
            raise wrong(f"The id {one.get('Id')} must begin with a lower-case letter")
        if bool(one.get("MetricStat")) == bool(one.get("Expression")):
            raise wrong(f"{one['Id']}: exactly one of MetricStat and Expression is needed")
        if one.get("MetricStat"):
            statistic = one["MetricStat"].get("Stat") or ""
            if statistic not in STATISTICS and not EXTENDED.fullmatch(statistic):
                raise wrong(f"The value {statistic} for parameter Stat is not supported.")
            period_is_sound(one["MetricStat"].get("Period", 60))
        elif one.get("Period") is not None:
            period_is_sound(one["Period"])
    if len([one for one in given["Metrics"] if one.get("MetricStat")]) > METRICS:
        raise wrong(f"An alarm can have at most {METRICS} metrics")
    if given.get("Threshold") is None and not given.get("ThresholdMetricId"):
        raise wrong("One of Threshold and ThresholdMetricId must be specified")
    if given.get("ThresholdMetricId") and given["ThresholdMetricId"] not in ids:
        raise wrong(f"ThresholdMetricId {given['ThresholdMetricId']} is no id of Metrics")


@BOOK.rule("PutMetricAlarm")
def the_evaluation_is_sound(_cw, EvaluationPeriods, DatapointsToAlarm, Period, **given):
    """EvaluationPeriods: a day in all, a week from one-hour periods on; M is at most N."""
    if given.get("EvaluationCriteria"):
        return
    if EvaluationPeriods is None:
        raise Refused("MissingParameter", "The parameter EvaluationPeriods is required")
    if DatapointsToAlarm is not None and int(DatapointsToAlarm) > int(EvaluationPeriods):
        raise wrong("DatapointsToAlarm must not exceed EvaluationPeriods")
    each = [Period, *((one.get("MetricStat") or one).get("Period") for one in given.get("Metrics") or [])]
    period = max(int(one or 0) for one in each)
    total, longest = period * int(EvaluationPeriods), WEEK if period >= 3600 else DAY
    if total > longest:
        raise wrong(f"Metrics cannot be checked across more than {longest} seconds: {total}")
    treat = given.get("TreatMissingData")
    if treat not in (None, "breaching", "notBreaching", "ignore", "missing"):
        raise wrong(f"Option {treat} is not supported for TreatMissingData")
    low = given.get("EvaluateLowSampleCountPercentile")
    if low not in (None, "evaluate", "ignore"):
        raise wrong(f"Option {low} is not supported for EvaluateLowSampleCountPercentile")
    operator = given.get("ComparisonOperator")
    if not operator:
        raise Refused("MissingParameter", "The parameter ComparisonOperator is required")
    if (operator in OF_A_BAND) != bool(given.get("ThresholdMetricId")):
        raise wrong(f"ComparisonOperator {operator} does not suit an alarm {'with' if given.get('ThresholdMetricId') else 'without'} ThresholdMetricId")
    if given.get("ThresholdMetricId") and given.get("Threshold") is not None:
        raise wrong("Threshold and ThresholdMetricId cannot be used together")


# PutMetricAlarm.ComparisonOperator: "used only for alarms based on anomaly detection models"
OF_A_BAND = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
# PutMetricAlarm.AlarmActions, "Valid values", which tell the Region in their fourth place
ACTION = re.compile(
    r"arn:[^:]+:(?:"
    r"automate:(?P<automate>[^:]+):ec2:(stop|terminate|reboot|recover)"
    r"|swf:(?P<swf>[^:]+):\d{12}:action/actions/AWS_EC2\.InstanceId\.(Stop|Terminate|Reboot|Recover)/1\.0"
    r"|sns:(?P<sns>[^:]+):\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
    r"|autoscaling:(?P<autoscaling>[^:]+):\d{12}:scalingPolicy:.+:autoScalingGroupName/.+:policyName/.+"
    r"|lambda:(?P<lambda>[^:]+):\d{12}:function:[^:]+(:[^:]+)?"
    r"|ssm:(?P<ssm>[^:]+):\d{12}:opsitem:[1-4](#CATEGORY=.+)?"
    r"|ssm-incidents::\d{12}:response-?plan/.+"
    r"|aiops:(?P<aiops>[^:]+):\d{12}:investigation-group[:/].+"
    r")"
)


@BOOK.rule("PutMetricAlarm")
def actions_on_an_instance_have_one(_cw, OKActions, AlarmActions, InsufficientDataActions, Dimensions, Metrics, **given):
    """CloudWatch guide, "Create alarms to stop, terminate, reboot, or recover an EC2 instance": of a metric with the dimension
    InstanceId; PutMetricAlarm.ThresholdMetricId: "it cannot have Auto Scaling actions".
    """
    actions = [*(OKActions or []), *(AlarmActions or []), *(InsufficientDataActions or [])]
    of_an_instance = not Metrics and "InstanceId" in [one.get("Name") for one in Dimensions or []]
    if any(re.match(r"arn:[^:]+:(automate|swf):", one) for one in actions) and not of_an_instance:
        raise wrong("Actions on an instance need a metric with the dimension InstanceId")
    if given.get("ThresholdMetricId") and any(":autoscaling:" in one for one in actions):
        raise wrong("An alarm on an anomaly detection band cannot have Auto Scaling actions")


@BOOK.rule("PutMetricAlarm", "PutCompositeAlarm")
def actions_are_arns_of_this_region(cw, OKActions, AlarmActions, InsufficientDataActions, **_):
    """AlarmActions and its like: ARNs of known kinds; SNS topics of the alarm's own Region."""
    for action in [*(OKActions or []), *(AlarmActions or []), *(InsufficientDataActions or [])]:
        match = ACTION.fullmatch(action)
        if match is None:
            raise wrong(f"Invalid arn syntax: {action}")
        region = next((one for one in match.groupdict().values() if one), cw.region_name)
        if region != cw.region_name:
            raise wrong(f"Invalid region {region} specified. Only {cw.region_name} is supported.")
    for given in (OKActions, AlarmActions, InsufficientDataActions):
        if len(set(given or [])) < len(given or []):
            raise wrong("The same action is named twice")


@BOOK.rule("PutMetricAlarm")
def the_name_is_no_composite_alarms(cw, AlarmName, **_):
    """PutMetricAlarm, AlarmName: "This name must be unique within the Region"; metric and composite alarms share their names."""
    old = cw.alarms.get(AlarmName)
    if old is not None and old.rule is not None:
        raise wrong(f"{AlarmName} is a composite alarm")


@BOOK.rule("PutCompositeAlarm")
def the_rule_names_alarms_that_exist(cw, AlarmName, AlarmRule, **_):
    """PutCompositeAlarm.AlarmRule: 500 elements, 10,240 characters, alarms that exist."""
    old = cw.alarms.get(AlarmName)
    if old is not None and old.rule is None:
        raise wrong(f"{AlarmName} is a metric alarm")
    named = re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?([^\"')]+)[\"']?\s*\)", AlarmRule)
    if not named and not re.fullmatch(r"\s*(NOT\s+)?(TRUE|FALSE)\s*", AlarmRule):
        raise wrong(f"AlarmRule cannot be parsed: {AlarmRule}")
    for one in named:
        name = one.rpartition(":alarm:")[2].strip()
        if name not in cw.alarms:
            raise wrong(f"Could not save the composite alarm: the alarm {name} does not exist")


@BOOK.adds("PutCompositeAlarm")
def put_composite_alarm(cw, AlarmName, AlarmRule, Tags, **given):
    """PutCompositeAlarm (moto has only its reader)."""
    nothing = dict.fromkeys(("namespace", "metric_name", "comparison_operator", "evaluation_periods"))
    nothing |= dict.fromkeys(("period", "threshold", "statistic"))
    alarm = cw.put_metric_alarm(
        name=AlarmName,
        description=given.get("AlarmDescription"),
        dimensions=[],
        alarm_actions=given.get("AlarmActions") or [],
        ok_actions=given.get("OKActions") or [],
        insufficient_data_actions=given.get("InsufficientDataActions") or [],
        actions_enabled=given.get("ActionsEnabled"),
        rule=AlarmRule,
        tags=Tags or [],
        **nothing,
    )
    alarm.given = {"AlarmName": AlarmName, "AlarmRule": AlarmRule, **given}


# -- what a put does ------------------------------------------------------------------------------


@BOOK.patch(CloudWatchBackend, "put_metric_alarm")
def an_update_keeps_state_and_tags(original, cw, name, *args, **kwargs):
    """PutMetricAlarm: "When you update an existing alarm, its state is left unchanged, but the
    update completely overwrites the previous configuration"; "any tags you specify ... are
    ignored"; a new alarm begins as INSUFFICIENT_DATA.
    """
    from flask import has_request_context, request

    old = cw.alarms.get(name)
    if old is not None:
        kwargs["tags"] = []
    extended = kwargs.pop("extended_statistic", None)  # of which moto knows percentiles only
    alarm = original(cw, name, *args, **kwargs)
    alarm.extended_statistic = extended
    if has_request_context():
        alarm.given = dict(request.environ.get("double.parameters", {}))
        alarm.given.pop("Tags", None)
    if old is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        for attribute in ("state_value", "state_reason", "state_reason_data", "history"):
            setattr(alarm, attribute, getattr(old, attribute))
        alarm.state_updated_timestamp = old.state_updated_timestamp
    return alarm


@BOOK.patch(CloudWatchBackend, "delete_alarms")
def tags_go_with_the_alarm(original, cw, alarm_names):
    """DeleteAlarms: an alarm that a composite alarm needs stays (ResourceConflict)."""
    for name in alarm_names:
        if name in cw.alarms:
            cw.tagger.delete_all_tags_for_resource(cw.alarms[name].alarm_arn)
    return original(cw, alarm_names)


@BOOK.rule("DeleteAlarms")
def not_two_composite_alarms_at_once(cw, AlarmNames, **_):
    """DeleteAlarms: up to 100, no more than one composite alarm; unknown names do no harm."""
    composite = [n for n in AlarmNames if n in cw.alarms and cw.alarms[n].rule is not None]
    if len(composite) > 1 or len(AlarmNames) > 100:
        raise wrong("At most 100 alarms and one composite alarm can be deleted at once")


# -- reading alarms -------------------------------------------------------------------------------


@BOOK.adds("DescribeAlarms")
def describe_alarms(cw, AlarmNames, AlarmNamePrefix, AlarmTypes, **given):
    """DescribeAlarms: metric alarms unless AlarmTypes says otherwise; what was put is what is
    shown, with the defaults that AWS fills in.
    """
    if AlarmNames and AlarmNamePrefix:
        raise wrong("AlarmNames and AlarmNamePrefix cannot be used together")
    types = AlarmTypes or ["MetricAlarm"]
    found = [cw.alarms[name] for name in sorted(cw.alarms)]
    found = [one for one in found if matches(one, AlarmNames, AlarmNamePrefix, given)]
    found = [one for one in found if kind_of(one) in types]
    size, start = int(given.get("MaxRecords") or 50), int(given.get("NextToken") or 0)
    page = found[start : start + size]
    result = {
        "MetricAlarms": [shown(one) for one in page if one.rule is None],
        "CompositeAlarms": [shown(one) for one in page if one.rule is not None],
    }
    more = start + size < len(found)
    return {**result, "NextToken": str(start + size)} if more else result


def kind_of(alarm):
    return "MetricAlarm" if alarm.rule is None else "CompositeAlarm"


def matches(alarm, names, prefix, given):
    actions = [*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions]
    wanted = given.get("ActionPrefix")
    return (
        (not names or alarm.name in names)
        and alarm.name.startswith(prefix or "")
        and given.get("StateValue") in (None, alarm.state_value)
        and (not wanted or any(action.startswith(wanted) for action in actions))
    )


def shown(alarm):
    given = vars(alarm).get("given") or from_attributes(alarm)
    lists = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
    if alarm.rule is None and not given.get("Metrics"):
        lists["Dimensions"] = []
    return {
        **lists,
        **given,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmArn": alarm.alarm_arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": alarm.state_updated_timestamp,
    }


def from_attributes(alarm):
    """An alarm that was not put through the API (CloudFormation)."""
    pairs = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AlarmRule": alarm.rule,
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric_name,
        "Statistic": alarm.statistic,
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "AlarmActions": alarm.alarm_actions,
        "OKActions": alarm.ok_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Dimensions": [{"Name": one.name, "Value": one.value} for one in alarm.dimensions],
    }
    return {name: value for name, value in pairs.items() if value is not None}


# -- tags -----------------------------------------------------------------------------------------


@BOOK.rule("TagResource", "UntagResource", "ListTagsForResource")
def the_tagged_thing_exists(cw, ResourceARN, **_):
    """TagResource: ResourceNotFoundException for an alarm that is not there."""
    if ":alarm:" not in ResourceARN:
        return
    if ResourceARN not in [alarm.alarm_arn for alarm in cw.alarms.values()]:
        raise Refused("ResourceNotFoundException", f"Unknown resource: {ResourceARN}", 404)


@BOOK.rule("PutMetricAlarm", "PutCompositeAlarm", "TagResource")
def tags_are_sound(_cw, Tags, **_):
    """PutMetricAlarm, Tags: "You can associate as many as 50 tags with an alarm"; Tagging Best Practices: the prefix aws: is reserved."""
    if any(tag["Key"].lower().startswith("aws:") for tag in Tags or []):
        raise wrong("Tag keys must not begin with the reserved prefix aws:")
    if len(Tags or []) > 50:
        raise wrong("A resource can have at most 50 tags")
