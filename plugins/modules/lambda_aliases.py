#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _lambda, _shapes
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, fixed, merged, ref, scopes

PROVISIONED = "provisioned_concurrent_executions"
WEIGHT = re.compile(r"[0-9]+(\.[0-9]+)?")


def _weights(given):
    return {str(version): float(weight) if WEIGHT.fullmatch(str(weight)) else weight for version, weight in given.items()}


SETTINGS = dict(
    function_version="FunctionVersion",
    description="Description",
    additional_version_weights=Field("RoutingConfig.AdditionalVersionWeights", _weights, _weights),
)
# How the call says that there is none.
NONE = dict(description=dict(Description=""), additional_version_weights=dict(RoutingConfig=dict(AdditionalVersionWeights={})))


# ---- what is there


def find(aws, wanted):
    """AWS lists aliases, and what is provisioned for them, only function by function."""
    functions = scopes(wanted, "function", _function_of, lambda: {one["FunctionName"] for one in aws.pages("lambda", "list_functions", "Functions")})
    return [have for function in sorted(functions) for have in _of_function(aws, function)]


def look(aws, ids):
    return [have for function in sorted(set(map(_function_of, ids))) for have in _of_function(aws, function) if have["id"] in ids]


def _function_of(arn):
    return arn.partition(":function:")[2].partition(":")[0]


def _of_function(aws, function):
    provisioned = {one["FunctionArn"]: one for one in _lambda.provisioned(aws, function)}
    return [_have(one, provisioned.get(one["AliasArn"], {})) for one in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=function)]


def _have(alias, provisioned):
    return dict(
        {option: value for option, value in flat(SETTINGS, alias).items() if value not in ("", {})},
        id=alias["AliasArn"],
        function=_function_of(alias["AliasArn"]),
        name=alias["Name"],
        _revision=alias.get("RevisionId"),
        **_progress(provisioned),
    )


def _progress(provisioned):
    """What is provisioned, what goes on, and why it came to nothing: then there is as much as was allocated, and the next run tries again."""
    failed = provisioned.get("Status") == "FAILED"
    return {
        PROVISIONED: provisioned.get(f"{'Allocated' if failed else 'Requested'}ProvisionedConcurrentExecutions"),
        "_moving": provisioned["Status"] if provisioned.get("Status") == "IN_PROGRESS" else None,
        "_failed": f"its concurrency could not be provisioned: {provisioned.get('StatusReason')}" if failed else None,
    }


# ---- writing


def create(aws, want):
    """What is provisioned comes afterwards."""
    _await_new(aws, [], want)
    return _have(aws.lambda_.create_alias(FunctionName=want["function"], Name=want["name"], **deep(SETTINGS, want, {})), {})


def update(aws, have, change):
    """The alias first: nothing can be provisioned while it has weights, and what it leads to is what is provisioned."""
    after = merged(KIND.options, have, change)
    with aws.reading():
        _consider(aws, have, after)
    _await_new(aws, _led_to(have), after)
    settings = deep(SETTINGS, change, {})
    for option in NONE.keys() & change.keys():
        settings.update({} if change[option] else NONE[option])
    if settings:
        aws.lambda_.update_alias(FunctionName=have["function"], Name=have["name"], RevisionId=have["_revision"], **settings)
    if PROVISIONED not in change:
        return "IN_PROGRESS" if after.get(PROVISIONED) and "function_version" in change else None
    which = dict(FunctionName=have["function"], Qualifier=have["name"])
    if change[PROVISIONED] is None:
        aws.lambda_.delete_provisioned_concurrency_config(**which)
        return None
    return _progress(aws.lambda_.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=change[PROVISIONED]))["_moving"]


def _led_to(thing):
    return [thing["function_version"], *_weights(thing.get("additional_version_weights") or {})]


def _await_new(aws, before, after):
    """Calls go to no version that is not ready for them."""
    with aws.reading():
        for version in _led_to(after):
            if version not in before:
                _lambda.await_ready(aws, after["function"], version)


def delete(aws, have):
    aws.lambda_.delete_alias(FunctionName=have["function"], Name=have["name"])


# ---- what to think about first


def refuse(want, have, change):
    after = merged(KIND.options, have, change)
    weights, main = _weights(after.get("additional_version_weights") or {}), after.get("function_version")
    for code, facts in mistakes(weights):
        raise Problem(f"additional_version_weights: {_shapes.said(code, **facts)}")
    if weights and _lambda.LATEST in (main, *weights):
        raise Problem(f"additional_version_weights: only published versions share calls, and {_lambda.LATEST} is none: name the number of a version")
    if main in weights:
        raise Problem(f"additional_version_weights: the alias leads to version {main} already: name another one here, or another function_version")
    if change.get(PROVISIONED) and weights:
        raise Problem(f"{PROVISIONED}: Lambda provisions nothing anew for an alias with weights: take additional_version_weights away first")
    if after.get(PROVISIONED) and main == _lambda.LATEST:
        raise Problem(f"{PROVISIONED}: concurrency is provisioned for a published version, and {_lambda.LATEST} is none: name function_version")


def foresee(aws, want):
    if not isinstance(want["function"], Unknown):
        _consider(aws, {}, want)


def _consider(aws, have, after):
    """What Lambda would refuse of versions and of what is provisioned, by what is there."""
    _lambda.check_versions(aws, after["function"], _led_to(after))
    if (after.get(PROVISIONED) or 0) > (have.get(PROVISIONED) or 0):
        _lambda.check_provisioned(aws, after["function"], have.get("id"), after[PROVISIONED])


def danger(have, change):
    if have and not change:
        return "would be deleted: whoever calls it gets an error from then on, and what is provisioned for it ends"
    reasons = [*_switched(have, change)] if have else []
    more = change.get(PROVISIONED)
    if more and more > (have.get(PROVISIONED) or 0):
        reasons.append(f"would keep {more} environments ready, each of which AWS bills by the time that it is there, whether it is called or not")
    return " and ".join(reasons) or None


def _switched(have, change):
    """Who calls it runs something else."""
    if "function_version" in change:
        yield f"would let calls of {have['name']} go to version {change['function_version']} instead of version {have['function_version']}"
    if "additional_version_weights" in change:
        shares = _weights(change["additional_version_weights"] or {})
        yield from (f"would let {100 * weight:g} % of the calls of {have['name']} go to version {version}" for version, weight in shares.items())
        gone = [version for version in have.get("additional_version_weights") or {} if version not in shares]
        yield from (f"would let version {version} take no share of the calls of {have['name']} any more" for version in gone)


def mistakes(weights):
    """What no weights can be, as (code, facts)."""
    if len(weights) > 1:
        yield "most_items", dict(value=len(weights), limit=1)
    for version, weight in _weights(weights).items():
        if not re.fullmatch(r"[0-9]+", version):
            yield "no_choice", dict(value=version)
        elif not isinstance(weight, float):
            yield "no_choice", dict(value=weight)
        elif not 0 <= weight <= 1:
            yield ("most", dict(value=weight, limit=1)) if weight > 1 else ("least", dict(value=weight, limit=0))


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        weights = entry.get("additional_version_weights")
        for code, facts in _wrong(entry, weights) if isinstance(weights, dict) else ():
            yield index, "additional_version_weights", code, facts


def _wrong(entry, weights):
    main = str(entry.get("function_version"))
    yield from mistakes(weights)
    if weights and main == _lambda.LATEST:
        yield "needs", dict(value=main, other="function_version: 1, 2, …")
    if main in map(str, weights):
        yield "alike", dict(value=main, other="function_version")


API = "CreateAlias"
KIND = Kind(
    name="lambda_aliases",
    identity=("function", "name"),
    options=dict(
        function=ref("lambda_functions", fixed=True, required=True),
        name=fixed(api=f"{API}.Name"),
        function_version=Option(required=True, api=f"{API}.FunctionVersion"),
        description=Option(clearable=True, api=f"{API}.Description"),
        additional_version_weights=Option("dict", clearable=True, same=lambda wanted, has: _weights(wanted) == _weights(has)),
        provisioned_concurrent_executions=Option("int", clearable=True, api="PutProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions"),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    foresee=foresee,
    danger=danger,
    faults=faults,
    # Its function may be too new to be known everywhere, and Lambda takes no change while it is at work on one.
    not_yet=(r"\(ResourceConflictException\)",),
    seconds=900,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
