#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _policies, _shapes, _verdicts
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "logs_export_log_group"
SECONDS = 4 * 3600
UNDER_WAY = ("PENDING", "RUNNING")
VAIN = ("FAILED", "CANCELLED", "PENDING_CANCEL")
# CloudWatch Logs User Guide, "Export log data to Amazon S3": what the policy of the bucket has to allow the service. It tries with a file of its own
# before it takes the order; the logs come as <prefix>/<id of the task>/<stream>/<number>.gz.
TRIED = "aws-logs-write-test"
LOGS = "00000000-0000-0000-0000-000000000000/stream/000000.gz"
STREAMS = "log_stream_name_prefix"


def plan(aws, params):
    group, wanted = params["log_group"], _wanted(params)
    with aws.reading():
        groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=group)
    made = next((one["creationTime"] for one in groups if one["logGroupName"] == group), None)
    if made is None:
        raise Problem(f"log_group: there is no {group!r}")
    if wanted["to"] < made:
        raise Problem(f"to: {params['to']} is before {group} was made")
    mine, others = _mine(aws, wanted), _others_under_way(aws, wanted)
    there = [one for one in mine if _state(one) not in VAIN]
    done = any(_state(one) == "COMPLETED" for one in there)
    if not there:
        _judge_bucket(aws, params)
    after = {name: params[name] for name in ("name", "from", "to", "bucket", "prefix", STREAMS) if params[name] is not None}
    if others and not there:
        after["waits_for"] = others[0].get("taskName") or others[0]["taskId"]
    return Plan(label=group, id=group, before={}, after={} if done else after, facts=dict(vain=[one["taskId"] for one in mine if one not in there]))


def _wanted(params):
    start, end = (_moment(name, params[name]) for name in ("from", "to"))
    if start >= end:
        raise Problem(f"to: {params['to']} is not after {params['from']}")
    streams = params[STREAMS]
    for code, limit in _shapes.refused(_shapes.shape("logs", "CreateExportTask.logStreamNamePrefix"), streams) if streams is not None else ():
        raise Problem(f"{STREAMS}: {_shapes.said(code, value=streams, limit=limit)}")
    return {
        "taskName": params["name"],
        "logGroupName": params["log_group"],
        "from": start,
        "to": end,
        "destination": params["bucket"],
        "destinationPrefix": params["prefix"],
        **({"logStreamNamePrefix": streams} if streams is not None else {}),
    }


def _moment(name, text):
    """In milliseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(f"{name}: {text!r} is no moment with its time zone, such as 2026-04-01T00:00:00+09:00")
    return int(moment.timestamp() * 1000)


def _tasks(aws):
    with aws.reading():
        return aws.pages("logs", "describe_export_tasks", "exportTasks")


def _state(task):
    return task["status"]["code"]


def _mine(aws, wanted):
    """Those of this name. AWS would take another export of the same name, which is none of ours. Of its log streams AWS tells nothing."""
    found = [one for one in _tasks(aws) if one.get("taskName") == wanted["taskName"]]
    for one in found:
        other = [name for name, value in wanted.items() if name != "logStreamNamePrefix" and one.get(name) != value]
        if other and _state(one) not in VAIN:
            raise Problem(f"name: {wanted['taskName']!r} is an export with another {', '.join(other)}: choose another name")
    return found


def _others_under_way(aws, wanted):
    return [one for one in _tasks(aws) if _state(one) in UNDER_WAY and one.get("taskName") != wanted["taskName"]]


def _judge_bucket(aws, params):
    """What AWS would say only when the export is ordered, and not which statement it lacks."""
    bucket, service = params["bucket"], f"logs.{aws.region}.amazonaws.com"
    arn = f"arn:{aws.logs.meta.partition}:logs:{aws.region}:{aws.account}:log-group:{params['log_group']}"
    try:
        with aws.reading():
            place = aws.s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
            policy = _policies.document(aws.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except AWS_ERRORS as error:
        if code_of(error) == "AccessDenied":
            return  # another account's, of which only AWS can tell
        if code_of(error) != "NoSuchBucketPolicy":
            raise
        policy = {}
    if place != aws.region:
        raise Problem(f"bucket: {bucket} is in {place}, and an export stays in the Region of its log group, {aws.region}")
    verdicts = _verdicts_of(aws, policy, service, arn, params)
    if not _verdicts.lets(aws, f"{service} may write to {bucket} on behalf of {arn}", *(verdict for dummy, verdict in verdicts)):
        lacking = dict.fromkeys(action for action, verdict in verdicts if not verdict.allowed)
        raise Problem(
            f"bucket: the policy of {bucket} does not allow {service} {' and '.join(lacking)} on behalf of {arn} (aws:SourceAccount, aws:SourceArn) below "
            f"{params['prefix']}/: name deliveries: [{{service: {service}}}] of it in s3_buckets, which allows all that begins with AWSLogs/<account>/, or "
            "write the statements there; what denies it has to go"
        )


def _verdicts_of(aws, policy, service, arn, params):
    # Policies name a log group with and without :* behind it.
    source = {"aws:sourceaccount": (aws.account,), "aws:sourcearn": (arn, f"{arn}:*")}
    bucket = f"arn:{aws.logs.meta.partition}:s3:::{params['bucket']}"
    needed = [("s3:GetBucketAcl", bucket, ())]
    needed += [("s3:PutObject", f"{bucket}/{params['prefix']}/{key}", ("bucket-owner-full-control",)) for key in (TRIED, LOGS)]
    return [(action, _verdicts.judged(policy, service, action, resource, {**source, "s3:x-amz-acl": acl})) for action, resource, acl in needed]


def act(aws, params, planned):
    """An account has one export under way at a time, so those before it are awaited. One that went wrong is not tried again by itself."""
    wanted, vain = _wanted(params), planned.facts["vain"]

    def look():
        return next((one for one in _mine(aws, wanted) if one["taskId"] not in vain), None)

    if look() is None:
        aws.wait("the end of another export", lambda: len(_others_under_way(aws, wanted)), lambda left: not left, limit=SECONDS)
    drive(aws, planned.label, look, lambda there: None if there else partial(_order, aws, wanted))
    ended = aws.wait(f"export of {planned.label}", look, lambda one: _state(one) not in UNDER_WAY, limit=SECONDS)
    if _state(ended) != "COMPLETED":
        raise Problem(f"the export is {_state(ended)}: {ended['status'].get('message') or 'AWS does not say why'}. Run this again when that is mended")


def _order(aws, wanted):
    aws.logs.create_export_task(**wanted)


VERB = Verb(
    name=NAME,
    options={**{name: dict(type="str", required=True) for name in ("log_group", "name", "from", "to", "bucket", "prefix")}, STREAMS: dict(type="str")},
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
