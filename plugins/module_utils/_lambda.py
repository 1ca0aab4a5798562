# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account, and how a Lambda function was used lately, say to a change of it.

Private to the collection.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

UNRESERVED = 100  # what the functions without a reservation keep
USED_DAYS = 14
ADVISED = 6  # times the timeout a queue should hide a message


def consider(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """A Problem for what AWS would refuse, a warning for what would be short; before anything is written."""
    with aws.reading():
        wanted = change.get("reserved_concurrent_executions")
        if wanted:
            _spare(aws, have, wanted)
            _tell_used(aws, have, "ConcurrentExecutions", wanted, "runs at once")
        if change.get("timeout"):
            _tell_used(aws, have, "Duration", change["timeout"] * 1000, "milliseconds")
            _tell_queues(aws, have, change["timeout"])


def _spare(aws: Aws, have: Mapping[str, Any], wanted: int) -> None:
    limits = aws.lambda_.get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"] + (have.get("reserved_concurrent_executions") or 0) - UNRESERVED
    if wanted > free:
        raise Problem(
            f"reserved_concurrent_executions: {wanted} would leave the other functions fewer than {UNRESERVED} of the account's "
            f"{limits['ConcurrentExecutions']}; at most {max(free, 0)} can be reserved here, or raise the quota first"
        )


def _tell_used(aws: Aws, have: Mapping[str, Any], metric: str, wanted: int, unit: str) -> None:
    """More was used lately than there shall be."""
    now = datetime.now(UTC)
    points = aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[dict(Name="FunctionName", Value=have["name"])],
        StartTime=now - timedelta(days=USED_DAYS),
        EndTime=now,
        Period=86400,
        Statistics=["Maximum"],
    )["Datapoints"]
    most = max((point["Maximum"] for point in points), default=0)
    if most > wanted:
        aws.warn(f"{have['name']}: in the last {USED_DAYS} days {metric} was up to {math.ceil(most)} {unit}, more than the {wanted} that it would have")


def _tell_queues(aws: Aws, have: Mapping[str, Any], timeout: int) -> None:
    """A message that is worked on for longer than its queue hides it is worked on twice."""
    for mapping in aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=have["name"]):
        dummy, dummy, service, dummy, account, queue = (mapping.get("EventSourceArn") or "arn:::::").split(":")[:6]
        if service != "sqs":
            continue
        url = aws.sqs.get_queue_url(QueueName=queue, QueueOwnerAWSAccountId=account)["QueueUrl"]
        hidden = int(aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"])
        if hidden < ADVISED * timeout:
            aws.warn(f"{have['name']}: AWS advises six times the timeout, {ADVISED * timeout} s, as VisibilityTimeout of the queue {queue}; it has {hidden} s")
