# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Lambda function has of its own and not in a version: tags, its reservation, who may invoke it, and how it is invoked asynchronously.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _lambda, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._documents import deep, flat

INVOKE = dict(
    maximum_retry_attempts="MaximumRetryAttempts",
    maximum_event_age_in_seconds="MaximumEventAgeInSeconds",
    on_success="DestinationConfig.OnSuccess.Destination",
    on_failure="DestinationConfig.OnFailure.Destination",
)


# ---- what is there


def read(aws: Aws, name: str, names: Iterable[str]) -> dict[str, Any]:
    """Of what takes a call of its own, that which is named."""
    found: dict[str, Any] = {}
    if INVOKE.keys() & set(names):
        found.update(dict.fromkeys(INVOKE), **_invoke_config(aws, name))
    if "permissions" in names:
        found["permissions"] = [_permission(statement) for statement in _lambda.policy(aws, name).get("Statement", [])]
    return found


def _invoke_config(aws: Aws, name: str) -> dict[str, Any]:
    """That of the function itself; versions and aliases have their own."""
    found = aws.pages("lambda", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", FunctionName=name)
    return next((flat(INVOKE, one) for one in found if one["FunctionArn"].split(":")[7:] in ([], ["$LATEST"])), {})


def _permission(statement: Mapping[str, Any]) -> dict[str, Any]:
    principal, condition = statement["Principal"], statement.get("Condition", {})
    told = dict(
        statement_id=statement["Sid"],
        action=statement["Action"],
        principal=principal if isinstance(principal, str) else next(iter(principal.values())),
        source_arn=condition.get("ArnLike", {}).get("AWS:SourceArn"),
        source_account=condition.get("StringEquals", {}).get("AWS:SourceAccount"),
    )
    return {option: value for option, value in told.items() if value is not None}


# ---- writing


def named(change: Mapping[str, Any]) -> bool:
    return any(options & change.keys() for options, dummy in WRITES)


def write(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """`after`: the function as it will be."""
    for options, deed in WRITES:
        if options & change.keys():
            deed(aws, have, change, after)


def _retag(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], dummy: Any) -> None:
    _tags.write(have, change, aws.lambda_.tag_resource, aws.lambda_.untag_resource, Resource=have["_arn"])


def _reserve(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], dummy: Any) -> None:
    wanted = change["reserved_concurrent_executions"]
    if wanted is None:
        aws.lambda_.delete_function_concurrency(FunctionName=have["name"])
    else:
        aws.lambda_.put_function_concurrency(FunctionName=have["name"], ReservedConcurrentExecutions=wanted)


def _permit(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], dummy: Any) -> None:
    """A statement cannot be changed: it goes and comes again."""
    delta = change["permissions"]
    for item in [*delta.remove, *(old for old, dummy in delta.change)]:
        aws.lambda_.remove_permission(FunctionName=have["name"], StatementId=item["statement_id"])
    for item in delta.coming:
        where = dict(SourceArn=item.get("source_arn"), SourceAccount=item.get("source_account"))
        aws.lambda_.add_permission(
            FunctionName=have["name"],
            StatementId=item["statement_id"],
            Action=item["action"],
            Principal=item["principal"],
            **{member: value for member, value in where.items() if value},
        )


def _handle(aws: Aws, have: Mapping[str, Any], dummy: Any, after: Mapping[str, Any]) -> None:
    """The call takes the configuration whole."""
    wanted = {option: after[option] for option in INVOKE if after.get(option) is not None}
    if wanted:
        aws.lambda_.put_function_event_invoke_config(FunctionName=have["name"], **deep(INVOKE, wanted, {}))
    else:
        aws.lambda_.delete_function_event_invoke_config(FunctionName=have["name"])


WRITES = (
    ({"tags"}, _retag),
    ({"reserved_concurrent_executions"}, _reserve),
    ({"permissions"}, _permit),
    (INVOKE.keys(), _handle),
)
