# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policies let a service do something: what delivering services try before they take a bucket, topic or role.

IAM guide, "Policy evaluation logic": an explicit deny wins, what nothing allows is denied. A condition that is not
known here is not fulfilled.
"""

from __future__ import annotations

import fnmatch
import json

from moto.awslambda.models import lambda_backends
from moto.core.utils import get_service_model
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from .rules import Refused


def bucket_of(name):
    """The bucket, whoever has it; None when nobody has."""
    partition, account = s3_backends.bucket_accounts.get(name, (None, None))
    return s3_backends[account][partition].buckets.get(name) if account else None


def delivers(bucket, service, account, key, source_arn):
    """Whether a service may look at the bucket and write this key on behalf of an account."""
    context = {
        "aws:SourceAccount": account,
        "aws:SourceArn": source_arn,
        "aws:SecureTransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    policy = json.loads(bucket.policy) if bucket.policy else {}
    arn = f"arn:aws:s3:::{bucket.name}"
    return allows(policy, "s3:GetBucketAcl", arn, service, context) and allows(policy, "s3:PutObject", f"{arn}/{key}", service, context)


def policy_of(arn):
    """The policy of a topic, a queue or a function; where there is none, one that allows nothing."""
    service, region, account, *rest = arn.split(":")[2:]
    if service == "lambda":
        group = lambda_backends[account][region]._lambdas._functions.get(rest[1])
        return {"Statement": group["latest"].policy.statements if group else []}
    thing = sns_backends[account][region].topics.get(arn) if service == "sns" else sqs_backends[account][region].queues.get(rest[0])
    return json.loads(thing.policy) if thing and thing.policy else {}


def role_of(account, arn):
    """The role with this ARN; None when there is none."""
    roles = iam_backends[account]["aws"].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def trusts(role, service):
    statements = [one for one in as_list(json.loads(role.assume_role_policy_document).get("Statement")) if spoken_to(one.get("Principal"), service)]
    denied = any(statement.get("Effect") == "Deny" and not statement.get("Condition") for statement in statements)
    return not denied and any(statement.get("Effect") == "Allow" for statement in statements)


def role_allows(role, action, resource):
    """By its inline policies and those of the customer; what Amazon's hold is not looked at."""
    documents = list(role.policies.values())
    documents += [policy.document for policy in role.managed_policies.values() if ":aws:policy/" not in policy.arn]
    return any(allows(json.loads(one) if isinstance(one, str) else one, action, resource, None, {}) for one in documents)


def allows(document, action, resource, service, context):
    effects = {
        statement.get("Effect")
        for statement in as_list(document.get("Statement"))
        if (service is None or spoken_to(statement.get("Principal"), service))
        and named(statement.get("Action"), action, caseless=True)
        and named(statement.get("Resource"), resource)
        and all(fulfilled(*one, context) for one in (statement.get("Condition") or {}).items())
    }
    return "Allow" in effects and "Deny" not in effects


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def spoken_to(principal, service):
    if principal == "*":
        return True
    return isinstance(principal, dict) and (service in as_list(principal.get("Service")) or "*" in as_list(principal.get("AWS")))


def named(patterns, value, caseless=False):
    for pattern in as_list(patterns):
        pair = (value.lower(), pattern.lower()) if caseless else (value, pattern)
        if fnmatch.fnmatchcase(*pair):
            return True
    return False


def fulfilled(operator, wanted, context):
    if operator not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"):
        return False
    known = {key.lower(): value for key, value in context.items()}
    return all(key.lower() in known and matches(operator, as_list(values), known[key.lower()]) for key, values in wanted.items())


def matches(operator, values, value):
    if operator == "StringEquals":
        return value in values
    return any(fnmatch.fnmatchcase(value, str(one).lower() if operator == "Bool" else one) for one in values)


def check_enum(service, operation, path, value, code):
    """A value that the service model does not know; `path` leads from the operation's input to its shape."""
    shape = get_service_model(service).operation_model(operation).input_shape
    for member in path.split("."):
        while shape.type_name == "list":
            shape = shape.member
        shape = shape.members[member]
    while shape.type_name == "list":
        shape = shape.member
    if value not in shape.enum:
        raise Refused(code, f"{value!r} is not one of {list(shape.enum)}")
