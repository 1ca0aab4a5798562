# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS: who may become whom."""

from __future__ import annotations

import datetime
import json
import re

from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from . import iam as iam_book
from .rules import Refused, RuleBook

BOOK = RuleBook("sts")
ROLE = re.compile(r"arn:([^:]+):iam::(\d{12}):role/(.+)")


@BOOK.rule("AssumeRole")
def the_role_trusts_the_caller(sts, RoleArn, ExternalId, DurationSeconds, **_):
    """AssumeRole: AccessDenied unless the role is there and its trust policy lets the caller in;
    DurationSeconds at most the role's maximum session duration.
    """
    role = role_at(RoleArn)
    if role is None or not trusts(role, sts, ExternalId):
        who = f"arn:{sts.partition}:iam::{sts.account_id}:root"
        message = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {RoleArn}"
        raise Refused("AccessDenied", message, 403)
    longest = int(role.max_session_duration or 3600)
    if DurationSeconds is not None and int(DurationSeconds) > longest:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Refused("ValidationError", message)


def role_at(arn):
    match = ROLE.fullmatch(arn or "")
    if match is None:
        return None
    partition, account, _name = match.groups()
    roles = iam_backends[account][partition].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def trusts(role, sts, external_id):
    document = json.loads(role.assume_role_policy_document)
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return any(lets_in(statement, sts, external_id) for statement in statements)


def lets_in(statement, sts, external_id):
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", {})
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    named = named if isinstance(named, list) else [named]
    if not any(is_caller(one, sts) for one in named):
        return False
    return all(
        holds(operator, wanted, external_id)
        for operator, wanted in statement.get("Condition", {}).items()
    )


def is_caller(principal, sts):
    return principal in ("*", sts.account_id) or f":{sts.account_id}:" in str(principal)


def holds(operator, wanted, external_id):
    """Only sts:ExternalId is looked at; other conditions are taken as fulfilled."""
    for key, value in wanted.items():
        if key.lower() == "sts:externalid" and operator in ("StringEquals", "StringLike"):
            values = value if isinstance(value, list) else [value]
            return external_id in values
    return True


# -- as root --------------------------------------------------------------------------------------

TASKS = {
    "IAMAuditRootUserCredentials": ("RootCredentialsManagement", iam_book.AUDIT),
    "IAMCreateRootUserPassword": ("RootCredentialsManagement", "CREA"),
    "IAMDeleteRootUserCredentials": ("RootCredentialsManagement", iam_book.DELETE),
    "S3UnlockBucketPolicy": ("RootSessions", "UNS3"),
    "SQSUnlockQueuePolicy": ("RootSessions", "USQS"),
}


@BOOK.adds("AssumeRoot")
def assume_root(sts, TargetPrincipal, TaskPolicyArn, DurationSeconds, **_):
    """AssumeRoot: from the management account or the one delegated for IAM, for one task in a member account, at most 900 s.

    The key id of the session is of that account and says its task, as strict/iam understands it.
    """
    if DurationSeconds is not None and int(DurationSeconds) > 900:
        raise Refused("ValidationError", "The requested DurationSeconds exceeds 900")
    task = str((TaskPolicyArn or {}).get("arn")).rpartition(":policy/root-task/")[2]
    if task not in TASKS:
        raise Refused("ValidationError", f"{TaskPolicyArn} is no policy of a privileged task")
    feature, suffix = TASKS[task]
    match = re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", TargetPrincipal or "")
    try:
        organization = iam_book.organization_of(iam_backends[sts.account_id][sts.partition])
    except Refused:
        organization = None
    members = [account.id for account in organization.accounts if account.id != organization.account_id] if organization else []
    if match is None or match[1] not in members or feature not in iam_book.features_of(organization):
        who = f"arn:{sts.partition}:iam::{sts.account_id}:root"
        raise Refused("AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRoot on resource: {TargetPrincipal}", 403)
    keys = {"AccessKeyId": f"AKIA{match[1]}{suffix}", "SecretAccessKey": mock_random.get_random_hex(40), "SessionToken": mock_random.get_random_hex(64)}
    return {"Credentials": {**keys, "Expiration": datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=int(DurationSeconds or 900))}}
