# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a group grow and shrink by itself: scaling policies and scheduled actions. Both have names within their group (moto: within the account).

Source: the service model of Auto Scaling (2011-01-01), its operations and their errors, where a rule does not say more.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime

from moto.moto_api._internal import mock_random

from .book import BOOK, Held, group_of, invalid, page, sizes_are_in_order, told_of

SIZES = ("MinSize", "DesiredCapacity", "MaxSize")
FIELD = re.compile(r"[0-9A-Za-z*,/?L#-]+")
TRACKING, STEP, SIMPLE, PREDICTIVE = "TargetTrackingScaling", "StepScaling", "SimpleScaling", "PredictiveScaling"
NEEDED = {
    TRACKING: ("TargetTrackingConfiguration",),
    STEP: ("AdjustmentType", "StepAdjustments"),
    SIMPLE: ("AdjustmentType", "ScalingAdjustment"),
    PREDICTIVE: ("PredictiveScalingConfiguration",),
}
OF_OTHERS = {
    TRACKING: ("AdjustmentType", "MinAdjustmentMagnitude", "ScalingAdjustment", "Cooldown", "StepAdjustments", "MetricAggregationType"),
    STEP: ("ScalingAdjustment", "Cooldown", "TargetTrackingConfiguration"),
    SIMPLE: ("StepAdjustments", "TargetTrackingConfiguration", "EstimatedInstanceWarmup", "MetricAggregationType"),
    PREDICTIVE: ("AdjustmentType", "ScalingAdjustment", "Cooldown", "StepAdjustments", "TargetTrackingConfiguration"),
}
ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")


def arn(autoscaling, kind, group, rest):
    where = f"arn:aws:autoscaling:{autoscaling.region_name}:{autoscaling.account_id}:{kind}:{mock_random.uuid4()}"
    return f"{where}:autoScalingGroupName/{group}:{rest}"


def aware(moment):
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


# -- scheduled actions ----------------------------------------------------------------------------


@BOOK.rule("PutScheduledUpdateGroupAction")
def an_action_is_sound(autoscaling, AutoScalingGroupName, StartTime, EndTime, Recurrence, TimeZone, **given):
    """PutScheduledUpdateGroupAction: "If you try to schedule your action in the past, … returns an error message"; Recurrence: "five fields separated by
    white spaces"; TimeZone: "canonical names of the IANA time zones"; DesiredCapacity: "at least one of … MaxSize, MinSize, or DesiredCapacity".
    """
    group_of(autoscaling, AutoScalingGroupName)
    if not any(given.get(size) is not None for size in SIZES):
        raise invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified")
    sizes_are_in_order(*(given.get(size) for size in SIZES))
    for name, moment in (("Start", aware(StartTime)), ("End", aware(EndTime))):
        if moment is not None and moment <= datetime.now(UTC):
            raise invalid(f"Given {name.lower()} time is in the past")
    if StartTime and EndTime and aware(StartTime) >= aware(EndTime):
        raise invalid("Start time must be before end time")
    if Recurrence is None and StartTime is None:
        raise invalid("Either a start time or a recurrence must be specified")
    if Recurrence is not None and (len(Recurrence.split()) != 5 or not all(FIELD.fullmatch(field) for field in Recurrence.split())):
        raise invalid(f"Given recurrence string: {Recurrence} is invalid")
    if TimeZone is not None and TimeZone not in zoneinfo.available_timezones():
        raise invalid(f"Given time zone: {TimeZone} is invalid")


@BOOK.adds("PutScheduledUpdateGroupAction")
def put_scheduled_update_group_action(autoscaling, AutoScalingGroupName, ScheduledActionName, **given):
    """The whole action is written anew, and keeps its ARN."""
    key = f"{AutoScalingGroupName}/{ScheduledActionName}"
    known = told_of(autoscaling.scheduled_actions, key)
    told = {name: aware(value) if isinstance(value, datetime) else value for name, value in given.items()}
    named = {"AutoScalingGroupName": AutoScalingGroupName, "ScheduledActionName": ScheduledActionName}
    made = known.get("ScheduledActionARN") or arn(autoscaling, "scheduledUpdateGroupAction", AutoScalingGroupName, f"scheduledActionName/{ScheduledActionName}")
    autoscaling.scheduled_actions[key] = Held({**named, "ScheduledActionARN": made, **told})


@BOOK.adds("DescribeScheduledActions")
def describe_scheduled_actions(autoscaling, AutoScalingGroupName, ScheduledActionNames, MaxRecords, NextToken, **_):
    found = [one.told for one in autoscaling.scheduled_actions.values() if AutoScalingGroupName in (None, one.told["AutoScalingGroupName"])]
    named = [one for one in found if not ScheduledActionNames or one["ScheduledActionName"] in ScheduledActionNames]
    return page("ScheduledUpdateGroupActions", named, MaxRecords, NextToken)


@BOOK.adds("DeleteScheduledAction")
def delete_scheduled_action(autoscaling, AutoScalingGroupName, ScheduledActionName, **_):
    if autoscaling.scheduled_actions.pop(f"{AutoScalingGroupName}/{ScheduledActionName}", None) is None:
        raise invalid("Scheduled action name not found")


# -- policies -------------------------------------------------------------------------------------


@BOOK.rule("PutScalingPolicy")
def a_policy_is_sound(autoscaling, AutoScalingGroupName, PolicyName, PolicyType, TargetTrackingConfiguration, StepAdjustments, **given):
    """PutScalingPolicy: what is "Required if the policy type is …" and what is "Not used with any other policy type"."""
    group_of(autoscaling, AutoScalingGroupName)
    kind = PolicyType or SIMPLE
    told = {**given, "TargetTrackingConfiguration": TargetTrackingConfiguration, "StepAdjustments": StepAdjustments}
    if kind not in NEEDED:
        raise invalid(f"Invalid policy type {kind}")
    for name in NEEDED[kind]:
        if told.get(name) in (None, []):
            raise invalid(f"{name} is required for policy type {kind}")
    for name in OF_OTHERS[kind]:
        if told.get(name) is not None:
            raise invalid(f"{name} is not supported by policy type {kind}")
    if told.get("AdjustmentType") not in (None, *ADJUSTMENTS):
        raise invalid(f"Invalid adjustment type {told['AdjustmentType']}")
    there = told_of(autoscaling.policies, f"{AutoScalingGroupName}/{PolicyName}")
    if there and there["PolicyType"] != kind:
        raise invalid("The policy type of a policy cannot be changed")
    one_metric(TargetTrackingConfiguration)


def one_metric(tracking):
    """TargetTrackingConfiguration: "You must specify either a predefined metric or a customized metric"; ResourceLabel of requests per target."""
    if tracking is None:
        return
    predefined, customized = (tracking.get(f"{kind}MetricSpecification") for kind in ("Predefined", "Customized"))
    if bool(predefined) == bool(customized):
        raise invalid("Either a predefined or a customized metric must be specified")
    labelled = predefined and predefined["PredefinedMetricType"] == "ALBRequestCountPerTarget"
    if predefined and bool(labelled) != bool(predefined.get("ResourceLabel")):
        raise invalid("A resource label is for ALBRequestCountPerTarget, which needs one")


@BOOK.adds("PutScalingPolicy")
def put_scaling_policy(autoscaling, AutoScalingGroupName, PolicyName, **given):
    """The whole policy is written anew, and keeps its ARN. Enabled: "The default is enabled"."""
    key = f"{AutoScalingGroupName}/{PolicyName}"
    kind = given.get("PolicyType") or SIMPLE
    made = told_of(autoscaling.policies, key).get("PolicyARN") or arn(autoscaling, "scalingPolicy", AutoScalingGroupName, f"policyName/{PolicyName}")
    more = {"MetricAggregationType": "Average"} if kind == STEP else {}
    named = {"AutoScalingGroupName": AutoScalingGroupName, "PolicyName": PolicyName, "PolicyARN": made, "PolicyType": kind, "Enabled": True}
    autoscaling.policies[key] = Held({**named, **more, **given})
    return {"PolicyARN": made, "Alarms": []}


@BOOK.adds("DescribePolicies")
def describe_policies(autoscaling, AutoScalingGroupName, PolicyNames, PolicyTypes, MaxRecords, NextToken, **_):
    found = [one.told for one in autoscaling.policies.values() if AutoScalingGroupName in (None, one.told["AutoScalingGroupName"])]
    named = [one for one in found if not PolicyNames or {one["PolicyName"], one["PolicyARN"]} & {*PolicyNames}]
    return page("ScalingPolicies", [one for one in named if not PolicyTypes or one["PolicyType"] in PolicyTypes], MaxRecords, NextToken)


@BOOK.adds("DeletePolicy")
def delete_policy(autoscaling, AutoScalingGroupName, PolicyName, **_):
    keys = [key for key, one in autoscaling.policies.items() if f"{AutoScalingGroupName}/{PolicyName}" == key or one.told["PolicyARN"] == PolicyName]
    if not keys:
        raise invalid(f"Policy name {PolicyName} not found")
    del autoscaling.policies[keys[0]]
