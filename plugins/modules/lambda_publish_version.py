#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _lambda
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "lambda_publish_version"
NEW = "a new version"
# What each version has of its own, or says of what is going on with it: with anything else the same it runs the same.
OWN = {"Version", "FunctionArn", "MasterArn", "RevisionId", "LastModified", "Description", "RuntimeVersionConfig", "ConfigSha256"}
GOING_ON = ("State", "LastUpdateStatus")
SECONDS = 900


def plan(aws, params):
    with aws.reading():
        seen = _look(aws, params)
        leads = seen["alias"]["FunctionVersion"] == seen["same"]
        if seen["same"] and not leads:
            _lambda.await_ready(aws, params["function"], seen["same"])
    weights = (seen["alias"].get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights:
        raise Problem(f"the alias shares its calls with version {', '.join(weights)}: let it lead to one version first")
    now, wanted = seen["alias"]["FunctionVersion"], seen["same"] or NEW
    if not leads:
        _agree(params["before"], seen["hashes"])
    which = f"version {wanted}" if seen["same"] else f"{NEW} of what the function is now"
    return Plan(
        label=f"{params['function']}/{params['alias']}",
        id=params["function"],
        before={} if leads else dict(function_version=now),
        after={} if leads else dict(function_version=wanted),
        facts=dict(function_version=now, **seen["hashes"]),
        dangers=() if leads else (f"would let all calls of {params['alias']} go to {which} instead of version {now}",),
    )


def _look(aws, params):
    """The function as it is, the last version that runs the same, and where the alias leads to."""
    which = dict(FunctionName=params["function"])
    try:
        function = aws.lambda_.get_function_configuration(**which)
        alias = aws.lambda_.get_alias(**which, Name=params["alias"])
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise Problem("there is no function with this alias: an alias is made by the sheet, lambda_aliases") from error
    versions = {one["Version"]: one for one in aws.pages("lambda", "list_versions_by_function", "Versions", **which)}
    latest = versions.pop(_lambda.LATEST)
    last = max(filter(str.isdecimal, versions), key=int, default=None)
    same = last if last and _runs(versions[last]) == _runs(latest) else None
    return dict(function=function, alias=alias, same=same, hashes=dict(code_sha256=latest["CodeSha256"], settings_sha256=_hash(_runs(latest))))


def _runs(version):
    runs = {member: value for member, value in version.items() if member not in OWN and not member.startswith(GOING_ON)}
    if "SnapStart" in runs:
        runs["SnapStart"] = {member: value for member, value in runs["SnapStart"].items() if member != "OptimizationStatus"}
    return runs


def _hash(runs):
    """What tells one from another, and no value of the environment."""
    return hashlib.sha256(json.dumps(runs, sort_keys=True).encode()).hexdigest()


def _agree(planned, hashes):
    """What goes live is what was looked at when the work was planned."""
    other = [name for name, value in hashes.items() if planned.get(name, value) != value]
    if other:
        raise Problem(f"the function was changed since this was planned ({', '.join(other)}): see what it is now, and plan it anew")


def act(aws, params, planned):
    """Publish what there is no version of, then let the alias lead to it; and see that what is provisioned for the alias is there again."""

    def look():
        with aws.reading():
            _at_rest(aws, params["function"])
            seen = _look(aws, params)
            _agree(planned.facts, seen["hashes"])
            if seen["same"] not in (None, seen["alias"]["FunctionVersion"]):
                _lambda.await_ready(aws, params["function"], seen["same"])
            return seen

    done = drive(aws, planned.label, look, partial(_next_step, aws, params))
    with aws.reading():
        _provisioned_again(aws, params["function"], done["alias"]["AliasArn"])
    planned.notes.append(f"Where the sheet names function_version of this alias, it has to say {done['same']} now: its next run would lead the alias back")


def _at_rest(aws, function):
    """Lambda publishes nothing of what it is at work on."""

    def look():
        seen = aws.lambda_.get_function_configuration(FunctionName=function)
        return [seen.get("State"), seen.get("LastUpdateStatus")]

    aws.wait(f"function {function}", look, lambda seen: not {"Pending", "InProgress"} & set(seen), limit=SECONDS)


def _next_step(aws, params, seen):
    if not seen["same"]:
        return partial(_publish, aws, seen["function"])
    return None if seen["alias"]["FunctionVersion"] == seen["same"] else partial(_lead, aws, params["function"], seen)


def _publish(aws, function):
    """What was looked at, and nothing that somebody changes meanwhile."""
    aws.lambda_.publish_version(FunctionName=function["FunctionName"], CodeSha256=function["CodeSha256"], RevisionId=function["RevisionId"])


def _lead(aws, function, seen):
    alias = seen["alias"]
    aws.lambda_.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=seen["same"], RevisionId=alias["RevisionId"])


def _provisioned_again(aws, function, alias):
    def look():
        return next((one for one in _lambda.provisioned(aws, function) if one["FunctionArn"] == alias), dict(Status="READY"))

    seen = aws.wait(f"what is provisioned for {alias}", look, lambda seen: seen["Status"] != "IN_PROGRESS", limit=SECONDS)
    if seen["Status"] == "FAILED":
        raise Problem(f"the alias leads to the new version, and nothing could be provisioned for it: {seen.get('StatusReason')}")


VERB = Verb(
    name=NAME,
    options=dict(function=dict(type="str", required=True), alias=dict(type="str", required=True)),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
