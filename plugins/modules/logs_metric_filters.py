#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _patterns, _shapes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

TRANSFORMATION = dict(
    metric_name="metricName",
    metric_namespace="metricNamespace",
    metric_value="metricValue",
    default_value="defaultValue",
    dimensions="dimensions",
    unit="unit",
)


def find(aws, wanted):
    return [_have(found) for found in aws.pages("logs", "describe_metric_filters", "metricFilters")]


def _have(found):
    return dict(
        id=f"{found['logGroupName']}:{found['filterName']}",
        log_group=found["logGroupName"],
        name=found["filterName"],
        filter_pattern=found["filterPattern"],
        metric_transformations=[
            {option: one[member] for option, member in TRANSFORMATION.items() if one.get(member) is not None}
            for one in found["metricTransformations"]
        ],
        _filter=found,
    )


def alike(one, other):
    """AWS says `unit: None`, with the word None, where no unit was given."""
    return [dict(dict(unit="None"), **item) for item in one] == [dict(dict(unit="None"), **item) for item in other]


def create(aws, want):
    wanted = dict(logGroupName=want["log_group"], filterName=want["name"])
    return _have(_put(aws, wanted, want))


def update(aws, have, change):
    _put(aws, have["_filter"], change)


def _put(aws, found, change):
    """PutMetricFilter replaces the whole filter, so everything that it has and nobody named goes along."""
    request = {member: found[member] for member in _shapes.model("logs").operation_model("PutMetricFilter").input_shape.members if member in found}
    if "filter_pattern" in change:
        request["filterPattern"] = change["filter_pattern"]
    if "metric_transformations" in change:
        request["metricTransformations"] = [
            {TRANSFORMATION[option]: value for option, value in one.items()} for one in change["metric_transformations"]
        ]
    aws.logs.put_metric_filter(**request)
    return request


def refuse(want, have, change):
    _patterns.refuse(change.get("filter_pattern"))
    after = {**have, **change}
    fields = [one["metric_value"] for one in after.get("metric_transformations") or [] if str(one["metric_value"]).startswith("$")]
    if fields and not after["filter_pattern"].strip().startswith(("{", "[")):
        raise Problem(f"metric_value: {', '.join(fields)} is a field, and the filter pattern names none")


def danger(have, change):
    """An alarm on a metric that nobody writes any more does not say so."""
    before = _metrics(have) if have else set()
    after = _metrics({**have, **change}) if change else set()
    gone = ", ".join(f"{namespace}/{metric}" for namespace, metric in sorted(before - after))
    deed = "no longer write" if change else "be deleted and no longer write"
    return f"would {deed} {gone}, and alarms on that see nothing any more" if gone else None


def _metrics(thing):
    return {(one["metric_namespace"], one["metric_name"]) for one in thing["metric_transformations"]}


def delete(aws, have):
    aws.logs.delete_metric_filter(logGroupName=have["log_group"], filterName=have["name"])


def faults(entries, sheet):
    """A metric with dimensions has no default value: there is nothing to say which dimensions it would have."""
    for index, entry in enumerate(entries):
        for code, facts in _patterns.faults(entry.get("filter_pattern")):
            yield index, "filter_pattern", code, facts
        for one in entry.get("metric_transformations") or []:
            if one.get("dimensions") and one.get("default_value") is not None:
                yield index, "metric_transformations.default_value", "one_of", dict(value=one["default_value"], other="default_value, dimensions", item=one)


KIND = Kind(
    name="logs_metric_filters",
    identity=("log_group", "name"),
    options=dict(
        name=fixed(api="PutMetricFilter.filterName"),
        log_group=ref("logs_log_groups", fixed=True, required=True),
        filter_pattern=Option(required=True, blank=True, api="PutMetricFilter.filterPattern"),
        metric_transformations=Option(
            "list",
            "dict",
            required=True,
            same=alike,
            options=dict(
                metric_name=Option(required=True, api="PutMetricFilter.metricTransformations.metricName"),
                metric_namespace=Option(required=True, api="PutMetricFilter.metricTransformations.metricNamespace"),
                metric_value=Option(required=True, api="PutMetricFilter.metricTransformations.metricValue"),
                default_value=Option("float"),
                dimensions=Option("dict", texts=True),
                unit=Option(api="PutMetricFilter.metricTransformations.unit"),
            ),
        ),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    # The log group may have been made a moment ago, or be busy with another change.
    not_yet=(r"\(ResourceNotFoundException\)", r"\(OperationAbortedException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
