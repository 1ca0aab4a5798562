# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account, and how a Lambda function was used lately, say to a change of it.

Private to the collection.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _policies, _verdicts
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

LATEST = "$LATEST"
FUNCTION = re.compile(r"arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?")
UNRESERVED = 100  # what the functions without a reservation keep
USED_DAYS = 14
READY_SECONDS = 900
ADVISED = 6  # times the timeout a queue should hide a message


def consider(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], versioned: bool) -> None:
    """A Problem for what AWS would refuse, a warning for what people may not expect; before anything is written.

    versioned: something changes that is of a version, and a version that is there never changes.
    """
    with aws.reading():
        if versioned:
            _tell_frozen(aws, have)
        if "role" in change:
            _tell_less(aws, have, change["role"])
        wanted = change.get("reserved_concurrent_executions")
        if wanted:
            _spare(aws, have, wanted)
            _tell_used(aws, have, "ConcurrentExecutions", wanted, "runs at once")
        if change.get("timeout"):
            _tell_used(aws, have, "Duration", change["timeout"] * 1000, "milliseconds")
            _tell_queues(aws, have, change["timeout"])


def _tell_frozen(aws: Aws, have: Mapping[str, Any]) -> None:
    found = aws.pages("lambda", "list_aliases", "Aliases", FunctionName=have["name"])
    frozen = sorted(f"{alias['Name']} ({alias['FunctionVersion']})" for alias in found if alias["FunctionVersion"] != LATEST)
    if frozen:
        aws.warn(f"{have['name']}: who calls one of these aliases goes on with the version that it leads to, which stays as it is: {', '.join(frozen)}")


def _tell_less(aws: Aws, have: Mapping[str, Any], role: str) -> None:
    """The names of policies that the function loses; whether it needs them only its owner knows."""
    lost = sorted(_policies_of(aws, have["role"]) - _policies_of(aws, role))
    if lost:
        aws.warn(f"{have['name']}: {have['role']} has policies that {role} has not: {', '.join(lost)}")


def _policies_of(aws: Aws, role: str) -> set[str]:
    try:
        attached = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
        return {*(policy["PolicyName"] for policy in attached), *aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)}
    except AWS_ERRORS as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return set()  # the old one may have gone before its function


def _spare(aws: Aws, have: Mapping[str, Any], wanted: int) -> None:
    limits = aws.lambda_.get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"] + (have.get("reserved_concurrent_executions") or 0) - UNRESERVED
    if wanted > free:
        raise Problem(
            f"reserved_concurrent_executions: {wanted} would leave the other functions fewer than {UNRESERVED} of the account's "
            f"{limits['ConcurrentExecutions']}; at most {max(free, 0)} can be reserved here, or raise the quota first"
        )


def provisioned(aws: Aws, function: str) -> list[dict[str, Any]]:
    """What is provisioned for versions and aliases of a function."""
    return aws.pages("lambda", "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs", FunctionName=function)


def check_versions(aws: Aws, function: str, named: Sequence[str]) -> None:
    """A Problem where an alias cannot lead to these versions: of two, both run with the same role and have the same dead-letter queue."""
    there = aws.once(_versions, function)
    missing = [version for version in named if version not in there]
    if missing:
        raise Problem(f"{function} has no version {missing[0]}, but {', '.join(there)}: publish it first, or name one of these")
    for what in ("Role", "DeadLetterConfig"):
        if any(there[version].get(what) != there[named[0]].get(what) for version in named[1:]):
            raise Problem(f"additional_version_weights: the versions {' and '.join(named)} differ in {what}, and Lambda shares calls only between alike ones")


def await_ready(aws: Aws, function: str, version: str) -> None:
    """A Problem where a version never gets ready. It is Pending for minutes with SnapStart, as an image or in a VPC.

    Lambda lets an alias lead to it all the same, and who calls it then gets an error. A plan does not wait.
    """
    state = aws.once(state_of, function, version)
    if state["State"] == "Pending" and not aws.check_mode:
        seen = partial(state_of, aws, function, version)
        state = aws.wait(f"version {version} of {function}", seen, lambda told: told["State"] != "Pending", limit=READY_SECONDS)
    if state["State"] == "Failed":
        raise Problem(
            f"version {version} could not be made ready, and the alias leads to where it did ({state['StateReason']}): mend that and change the function, "
            "because Lambda publishes nothing anew that is as its last version"
        )


def state_of(aws: Aws, function: str, version: str) -> dict[str, Any]:
    told = aws.lambda_.get_function_configuration(FunctionName=function, Qualifier=version)
    return {member: told.get(member) for member in ("State", "StateReason")}


def _versions(aws: Aws, function: str) -> dict[str, dict[str, Any]]:
    return {one["Version"]: one for one in aws.pages("lambda", "list_versions_by_function", "Versions", FunctionName=function)}


def check_provisioned(aws: Aws, function: str, alias: str | None, wanted: int) -> None:
    """A Problem where neither the function's reservation nor the account has room for it, beside what is provisioned for others of its aliases and versions."""
    there, reserved, unreserved = aws.once(_room, function)
    others = sum(one["RequestedProvisionedConcurrentExecutions"] for one in there if one["FunctionArn"] != alias)
    free = (unreserved - UNRESERVED if reserved is None else reserved) - others
    if wanted > free:
        whose = "the account has unreserved" if reserved is None else f"{function} has reserved"
        raise Problem(f"provisioned_concurrent_executions: {wanted} is more than the {max(free, 0)} that {whose} and not provisioned yet")


def _room(aws: Aws, function: str) -> tuple[list[dict[str, Any]], int | None, int]:
    reserved = aws.lambda_.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions")
    return provisioned(aws, function), reserved, aws.lambda_.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]


def tell_closed(aws: Aws, service: str, source: str, targets: Iterable[str]) -> None:
    """A warning for each function among the targets that does not let the service invoke it on behalf of the source: nothing would say so later.

    A Problem for one that is not there at all, which the service takes as well.
    """
    for arn in closed(aws, service, source, targets):
        if not aws.once(_is_there, arn):
            raise Problem(f"there is no function {arn}: see to its name")
        aws.warn(f"{arn} does not let {service} invoke it for {source}: name it in permissions of lambda_functions, or nothing reaches the function")


def closed(aws: Aws, service: str, source: str, targets: Iterable[str]) -> list[str]:
    """Those functions among the targets that do not let the service invoke them. A plan whose sheet names functions cannot know."""
    return [] if aws.will_make("lambda_functions") else [arn for arn in targets if ":lambda:" in arn and not lets(aws, arn, service, source)]


def _is_there(aws: Aws, arn: str) -> bool:
    try:
        aws.lambda_.get_function_configuration(FunctionName=arn)
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return False
    return True


def wrong_arn(value: str) -> tuple[str, str] | None:
    """What is said to be of Lambda is a function, or a version or an alias of one."""
    return ("pattern", "arn:aws:lambda:ap-northeast-1:123456789012:function:acme-import") if ":lambda:" in value and not FUNCTION.fullmatch(value) else None


def lets(aws: Aws, arn: str, service: str, source: str) -> bool:
    """Whether a function, of which the ARN may name an alias, lets a service invoke it on behalf of a source; of another account or Region we cannot see it."""
    dummy, dummy, dummy, region, account, dummy, name = arn.split(":", 6)
    if (region, account) != (aws.region, aws.account):
        return True
    said = {"aws:sourcearn": (source,), "aws:sourceaccount": (account,)}
    verdict = _verdicts.judged(aws.once(policy, name), service, "lambda:InvokeFunction", context=said)
    return _verdicts.lets(aws, f"{service} may invoke {arn} for {source}", verdict)


def policy(aws: Aws, name: str) -> dict[str, Any]:
    """Who may invoke a function; nothing where that was said of nobody."""
    try:
        return _policies.document(aws.lambda_.get_policy(FunctionName=name)["Policy"])
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return {}


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
