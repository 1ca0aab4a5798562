#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _autoscaling, _shapes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, camel, differences, fixed, merged, ref

TRACKING = "TargetTrackingScaling"
STEP = "StepScaling"
SIMPLE = "SimpleScaling"
# Options that only policies of some types have.
ONLY = dict(
    target_tracking_configuration=(TRACKING,),
    step_adjustments=(STEP,),
    metric_aggregation_type=(STEP,),
    estimated_instance_warmup=(TRACKING, STEP),
    adjustment_type=(STEP, SIMPLE),
    min_adjustment_magnitude=(STEP, SIMPLE),
    scaling_adjustment=(SIMPLE,),
    cooldown=(SIMPLE,),
)
NEEDED = {TRACKING: ("target_tracking_configuration",), STEP: ("adjustment_type", "step_adjustments"), SIMPLE: ("adjustment_type", "scaling_adjustment")}


# ---- find


def find(aws, wanted):
    return [_have(policy) for policy in aws.pages("autoscaling", "describe_policies", "ScalingPolicies")]


def _have(policy):
    have = {option: _sheet(OPTIONS[option], policy[camel(option)]) for option in OPTIONS if camel(option) in policy}
    return dict(have, id=policy["PolicyARN"], auto_scaling_group=policy["AutoScalingGroupName"], name=policy["PolicyName"], _policy=policy)


# ---- sheet form and AWS's form


def _sheet(option, value):
    if option.type == "list":
        return [_sheet_fields(option.options, one) for one in value]
    if option.options:
        return _sheet_fields(option.options, value)
    return {one["Name"]: one["Value"] for one in value} if option.type == "dict" else value


def _sheet_fields(options, value):
    return {name: _sheet(option, value[camel(name)]) for name, option in options.items() if camel(name) in value}


def _api(option, value):
    if option.type == "list":
        return [_api_fields(option.options, one) for one in value]
    if option.options:
        return _api_fields(option.options, value)
    return [dict(Name=name, Value=str(one)) for name, one in value.items()] if option.type == "dict" else value


def _api_fields(options, value):
    return {camel(name): _api(options[name], one) for name, one in value.items() if one is not None}


def same_steps(one, other):
    """In whatever order, and whether a bound is written as 10 or 10.0."""
    return _sorted(one) == _sorted(other)


def _sorted(steps):
    return sorted([{name: float(value) for name, value in step.items() if value is not None} for step in steps], key=repr)


# ---- make and change


def create(aws, want):
    _put(aws, {}, differences(OPTIONS, want, {}))
    return _autoscaling.shown(aws, find, want, *KIND.identity)


def update(aws, have, change):
    _put(aws, have, change)


def _put(aws, have, change):
    """PutScalingPolicy writes the policy anew. Everything that it has and nobody named goes along, also what is no option here."""
    members = _shapes.model("autoscaling").operation_model("PutScalingPolicy").input_shape.members
    request = {member: value for member, value in have.get("_policy", {}).items() if member in members}
    after = merged(OPTIONS, have, change)
    for option in change.keys() - set(KIND.identity):
        request[camel(option)] = _api(OPTIONS[option], after[option])
    aws.autoscaling.put_scaling_policy(**{**request, **_which(after)})


def _which(thing):
    return dict(AutoScalingGroupName=thing["auto_scaling_group"], PolicyName=thing["name"])


def delete(aws, have):
    aws.autoscaling.delete_policy(**_which(have))


# ---- what to think about first


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    kind = after.get("policy_type") or SIMPLE
    for option, types in ONLY.items():
        if option in change and kind not in types:
            raise Problem(f"{option}: only policies of the type {' or '.join(types)} have it, this one is {kind}")
    lacking = [option for option in NEEDED.get(kind, ()) if after.get(option) in (None, [], {})]
    if lacking:
        raise Problem(f"a policy of the type {kind} needs {', '.join(lacking)}")


def danger(have, change):
    if not change:
        return "would be deleted: nothing lets the group follow its load by this policy any more"
    return "would let the policy act no more" if have and change.get("enabled") is False else None


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        kind = entry.get("policy_type")
        for option, types in ONLY.items():
            if kind and entry.get(option) is not None and kind not in types:
                yield index, option, "needs", dict(value=kind, other=f"policy_type: {' / '.join(types)}")


PUT = "PutScalingPolicy"
TARGET = f"{PUT}.TargetTrackingConfiguration"
METRIC = f"{TARGET}.CustomizedMetricSpecification"
TRACK = dict(
    predefined_metric_specification=Option(
        "dict",
        options=dict(
            predefined_metric_type=Option(api=f"{TARGET}.PredefinedMetricSpecification.PredefinedMetricType"),
            resource_label=Option(api=f"{TARGET}.PredefinedMetricSpecification.ResourceLabel"),
        ),
    ),
    customized_metric_specification=Option(
        "dict",
        options=dict(
            metric_name=Option(),
            namespace=Option(),
            dimensions=Option("dict", texts=True),
            statistic=Option(api=f"{METRIC}.Statistic"),
            unit=Option(),
            period=Option("int"),
        ),
    ),
    target_value=Option("float"),
    disable_scale_in=Option("bool"),
)
OPTIONS = dict(
    auto_scaling_group=ref("autoscaling_groups", fixed=True, required=True),
    name=fixed(api=f"{PUT}.PolicyName"),
    policy_type=fixed(required=True, choices=(TRACKING, STEP, SIMPLE)),
    adjustment_type=Option(choices=("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")),
    min_adjustment_magnitude=Option("int"),
    scaling_adjustment=Option("int"),
    cooldown=Option("int"),
    metric_aggregation_type=Option(choices=("Minimum", "Maximum", "Average")),
    step_adjustments=Option(
        "list",
        "dict",
        options=dict(metric_interval_lower_bound=Option("float"), metric_interval_upper_bound=Option("float"), scaling_adjustment=Option("int")),
        same=same_steps,
    ),
    estimated_instance_warmup=Option("int"),
    target_tracking_configuration=Option(
        "dict",
        options=TRACK,
        alternatives=((("predefined_metric_specification",), ("customized_metric_specification",)),),
    ),
    enabled=Option("bool"),
)

KIND = Kind(
    name="autoscaling_policies",
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
