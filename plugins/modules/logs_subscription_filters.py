#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _patterns, _shapes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, fixed, ref, scopes

FEW = 2  # filters of a log group


def find(aws, wanted):
    """AWS lists filters only group by group."""
    return [_have(aws, found) for group in sorted(_groups(aws, wanted)) for found in _of_group(aws, group)]


def _groups(aws, wanted):
    return scopes(wanted, "log_group", _group_of, lambda: {group["logGroupName"] for group in aws.pages("logs", "describe_log_groups", "logGroups")})


def _group_of(filter_id):
    return filter_id.rpartition(":")[0]


def _of_group(aws, group):
    return aws.pages("logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=group)


def _have(aws, found):
    destination = found["destinationArn"]
    own = destination.split(":")[2:5] == ["firehose", aws.logs.meta.region_name, aws.account]
    return dict(
        id=f"{found['logGroupName']}:{found['filterName']}",
        log_group=found["logGroupName"],
        name=found["filterName"],
        filter_pattern=found.get("filterPattern", ""),
        delivery_stream=destination.rpartition("/")[2] if own else None,
        role=found["roleArn"].rpartition("/")[2] if found.get("roleArn") else None,
        _filter=found,
    )


def create(aws, want):
    return _have(aws, _put(aws, dict(logGroupName=want["log_group"], filterName=want["name"]), want))


def update(aws, have, change):
    _put(aws, have["_filter"], change)


def _put(aws, found, change):
    """PutSubscriptionFilter replaces the whole filter, so everything that it has and nobody named goes along."""
    request = {member: found[member] for member in _shapes.model("logs").operation_model("PutSubscriptionFilter").input_shape.members if member in found}
    if "filter_pattern" in change:
        request["filterPattern"] = change["filter_pattern"]
    if "delivery_stream" in change:
        where = f"{aws.logs.meta.region_name}:{aws.account}"
        request["destinationArn"] = f"arn:{aws.logs.meta.partition}:firehose:{where}:deliverystream/{change['delivery_stream']}"
    if "role" in change:
        request["roleArn"] = _deliveries.role_arn(aws, change["role"])
    aws.logs.put_subscription_filter(**request)
    return request


def delete(aws, have):
    aws.logs.delete_subscription_filter(logGroupName=have["log_group"], filterName=have["name"])


def foresee(aws, want):
    if isinstance(want["log_group"], Unknown):
        return
    there = sorted(found["filterName"] for found in aws.once(_of_group, want["log_group"]))
    if len(there) >= FEW and want["name"] not in there:
        raise Problem(f"a log group has at most {FEW} subscription filters, and {want['log_group']} has {', '.join(there)}: remove one of them first")


def refuse(want, have, change):
    _patterns.refuse(change.get("filter_pattern"))


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted, and the logs of the group would no longer be backed up"
    reasons = []
    if "delivery_stream" in change:
        reasons.append(f"would send the logs to {change['delivery_stream']} from now on, and nothing more to {have['_filter']['destinationArn']}")
    if change.get("filter_pattern"):
        reasons.append(f"would back up only what matches {change['filter_pattern']!r} from now on, instead of {have['filter_pattern'] or 'everything'}")
    return " and ".join(reasons) or None


def faults(entries, sheet):
    """What a stream says of its own errors must not go through that stream: each error would make the next. And what no pattern can be."""
    streams = {stream.get("name"): (stream.get("cloudwatch_logging_options") or {}).get("log_group") for stream in sheet.get("firehose_delivery_streams", [])}
    for index, entry in enumerate(entries):
        if entry.get("log_group") and streams.get(entry.get("delivery_stream")) == entry["log_group"]:
            yield index, "log_group", "loop", dict(value=entry["log_group"], other=entry["delivery_stream"])
        for code, facts in _patterns.faults(entry.get("filter_pattern")):
            yield index, "filter_pattern", code, facts


KIND = Kind(
    name="logs_subscription_filters",
    identity=("log_group", "name"),
    options=dict(
        name=fixed(api="PutSubscriptionFilter.filterName"),
        log_group=ref("logs_log_groups", fixed=True, required=True),
        filter_pattern=Option(required=True, blank=True, api="PutSubscriptionFilter.filterPattern"),
        delivery_stream=ref("firehose_delivery_streams", required=True),
        role=ref("iam_roles", required=True),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    foresee=foresee,
    danger=danger,
    refuse=refuse,
    faults=faults,
    # The log group, the stream and the role may have been made a moment ago: AWS tries the way before it takes a filter.
    not_yet=(r"\(ResourceNotFoundException\)", r"\(OperationAbortedException\)", r"Could not deliver test message"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
