#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, ref, tags

SETTINGS = dict(
    batch_size="BatchSize",
    maximum_batching_window_in_seconds="MaximumBatchingWindowInSeconds",
    filters=Field("FilterCriteria.Filters", lambda found: [one["Pattern"] for one in found], lambda wanted: [dict(Pattern=one) for one in wanted]),
    function_response_types="FunctionResponseTypes",
    maximum_concurrency="ScalingConfig.MaximumConcurrency",
    on_failure="DestinationConfig.OnFailure.Destination",
    parallelization_factor="ParallelizationFactor",
    maximum_record_age_in_seconds="MaximumRecordAgeInSeconds",
    maximum_retry_attempts="MaximumRetryAttempts",
    bisect_batch_on_function_error="BisectBatchOnFunctionError",
    tumbling_window_in_seconds="TumblingWindowInSeconds",
)
# How the call says that there is none.
NONE = dict(
    filters=dict(FilterCriteria={}),
    function_response_types=dict(FunctionResponseTypes=[]),
    maximum_concurrency=dict(ScalingConfig={}),
    on_failure=dict(DestinationConfig=dict(OnFailure={})),
)
AT_REST = ("Enabled", "Disabled")
QUEUES_AT_ONCE = 10  # a larger batch has to be waited for


def find(aws, wanted):
    """Those of queues and streams. Self-managed clusters have no ARN; one that is on its way out is gone."""
    return [_have(one) for one in _all(aws) if one.get("EventSourceArn") and one["State"] != "Deleting"]


def _all(aws):
    return aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings")


def look(aws, ids):
    return [_have(one) for one in _all(aws) if one["UUID"] in ids]


def _have(mapping):
    name, *qualifier = mapping["FunctionArn"].split(":")[6:]
    return dict(
        {"filters": [], "function_response_types": [], **flat(SETTINGS, mapping)},
        id=mapping["UUID"],
        function=name,
        qualifier=qualifier[0] if qualifier else None,
        event_source_arn=mapping["EventSourceArn"],
        starting_position=mapping.get("StartingPosition"),
        # What is made or changed has no such word yet, and is waited for.
        enabled=not mapping["State"].startswith("Disabl"),
        _arn=mapping.get("EventSourceMappingArn"),
        _moving=None if mapping["State"] in AT_REST else mapping["State"],
    )


def read(aws, have, names):
    return dict(tags=aws.lambda_.list_tags(Resource=have["_arn"])["Tags"]) if "tags" in names else {}


def create(aws, want):
    once = dict(EventSourceArn=want["event_source_arn"], StartingPosition=want.get("starting_position"), Tags=_tags.split({}, want)[0] or None)
    made = aws.lambda_.create_event_source_mapping(**_settings(want, want), **{member: value for member, value in once.items() if value is not None})
    return dict(_have(made), enabled=want.get("enabled", True), tags=want.get("tags", {}))


def _settings(which, change):
    """The members that the change names. Lambda keeps those that it is not told of."""
    settings = deep(SETTINGS, change, {})
    for option, none in NONE.items():
        if option in change and not change[option]:
            settings.update(none)
    if {"function", "qualifier"} & change.keys():
        settings["FunctionName"] = ":".join(filter(None, (which["function"], change.get("qualifier"))))
    if "enabled" in change:
        settings["Enabled"] = change["enabled"]
    return settings


def update(aws, have, change):
    _tags.write(have, change, aws.lambda_.tag_resource, aws.lambda_.untag_resource, Resource=have["_arn"])
    settings = _settings(have, change)
    return _have(aws.lambda_.update_event_source_mapping(UUID=have["id"], **settings))["_moving"] if settings else None


def delete(aws, have):
    """Its name is free when it is gone."""
    aws.lambda_.delete_event_source_mapping(UUID=have["id"])
    what = f"the end of {have['function']}/{have['event_source_arn']}"
    aws.wait(what, lambda: [one["State"] for one in _all(aws) if one["UUID"] == have["id"]], lambda seen: not seen, limit=KIND.seconds)


def refuse(want, have, change):
    after = merged(KIND.options, have, change)
    source, batch, window = after["event_source_arn"], after.get("batch_size") or 0, after.get("maximum_batching_window_in_seconds") or 0
    if _is_queue(source) and batch > QUEUES_AT_ONCE and (source.endswith(".fifo") or not window):
        remedy = "a FIFO queue gives no more" if source.endswith(".fifo") else "maximum_batching_window_in_seconds has to be 1 or more"
        raise Problem(f"batch_size: {batch} is more than {QUEUES_AT_ONCE}, for which {remedy}")
    if not have and not _is_queue(source) and "starting_position" not in want:
        raise Problem("starting_position is needed of a stream: TRIM_HORIZON reads what is there already, LATEST what comes")


def _is_queue(source):
    return source.split(":")[2] == "sqs"


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted: nothing that comes from there reaches the function any more, and the place in a stream is forgotten"
    if change.get("enabled") is False:
        return "would be disabled: messages wait, but no longer than their queue or stream keeps them"
    if change.get("filters"):
        return "would change the filters: what does not fit them is taken off the queue and lost"
    return None


API = "CreateEventSourceMapping"
KIND = Kind(
    name="lambda_event_source_mappings",
    identity=("function", "event_source_arn"),
    options=dict(
        function=ref("lambda_functions", required=True),
        event_source_arn=fixed(required=True, api=f"{API}.EventSourceArn"),
        qualifier=Option(clearable=True, limits=dict(pattern=r"[a-zA-Z0-9$_-]+")),
        enabled=Option("bool"),
        starting_position=fixed(api=f"{API}.StartingPosition"),
        batch_size=Option("int", api=f"{API}.BatchSize"),
        maximum_batching_window_in_seconds=Option("int", api=f"{API}.MaximumBatchingWindowInSeconds"),
        filters=Option("list", "str", clearable=True, same=lambda wanted, has: list(map(json.loads, wanted)) == list(map(json.loads, has))),
        function_response_types=Option("list", "str", clearable=True, api=f"{API}.FunctionResponseTypes"),
        maximum_concurrency=Option("int", clearable=True, api=f"{API}.ScalingConfig.MaximumConcurrency"),
        on_failure=Option(clearable=True, api=f"{API}.DestinationConfig.OnFailure.Destination"),
        parallelization_factor=Option("int", api=f"{API}.ParallelizationFactor"),
        maximum_record_age_in_seconds=Option("int", api=f"{API}.MaximumRecordAgeInSeconds"),
        maximum_retry_attempts=Option("int", api=f"{API}.MaximumRetryAttempts"),
        bisect_batch_on_function_error=Option("bool"),
        tumbling_window_in_seconds=Option("int", api=f"{API}.TumblingWindowInSeconds"),
        tags=tags(),
    ),
    find=find,
    read=read,
    look=look,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    danger=danger,
    # The role may not be allowed to read everywhere yet; and one of the same source may be on its way out, or in another change.
    not_yet=(r"does not have permissions? to", r"\(ResourceConflictException\)", r"\(ResourceInUseException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
