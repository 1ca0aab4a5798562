#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, tags

AT_ONCE = 50  # DescribeLogGroups takes as many identifiers
DAY = 24 * 60 * 60
# PutRetentionPolicy.retentionInDays, "Possible values are"; for ever is `clear`.
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def find(aws, wanted):
    # Services make log groups by the thousand: as long as one call can, only those of the entries are asked for.
    named = wanted is not None and len(wanted) <= AT_ONCE
    arguments = dict(logGroupIdentifiers=[entry.get("id") or entry["name"] for entry in wanted]) if named else {}
    return [_have(group) for group in aws.pages("logs", "describe_log_groups", "logGroups", **arguments)]


def _have(group):
    return dict(
        id=group["logGroupName"],
        name=group["logGroupName"],
        retention_in_days=group.get("retentionInDays"),
        kms_key_id=group.get("kmsKeyId"),
        log_group_class=group.get("logGroupClass", "STANDARD"),
        deletion_protection_enabled=group.get("deletionProtectionEnabled", False),
        # Tags belong to the ARN of the group itself, not to the one that ends with :* and means its streams.
        _arn=group["arn"].removesuffix(":*") if "arn" in group else None,
        _created=group.get("creationTime", 1000 * time.time()) / 1000,
    )


def read(aws, have, names):
    if "tags" not in names:
        return {}
    return dict(tags=aws.logs.list_tags_for_resource(resourceArn=have["_arn"])["tags"])


CREATING = dict(
    name="logGroupName",
    kms_key_id="kmsKeyId",
    log_group_class="logGroupClass",
    deletion_protection_enabled="deletionProtectionEnabled",
    tags="tags",
)


def create(aws, want):
    request = {member: want[option] for option, member in CREATING.items() if want.get(option)}
    if "tags" in request:
        request["tags"] = _tags.split({}, want)[0]
    aws.logs.create_log_group(**request)
    return dict(_have(request), tags=want.get("tags", {}))


def update(aws, have, change):
    group = dict(logGroupName=have["id"])
    # The key first and the protection early: what comes in from here on is already kept as the sheet says.
    if change.get("kms_key_id"):
        aws.logs.associate_kms_key(**group, kmsKeyId=change["kms_key_id"])
    elif "kms_key_id" in change:
        aws.logs.disassociate_kms_key(**group)
    if "deletion_protection_enabled" in change:
        aws.logs.put_log_group_deletion_protection(logGroupIdentifier=have["id"], deletionProtectionEnabled=change["deletion_protection_enabled"])
    if change.get("retention_in_days"):
        aws.logs.put_retention_policy(**group, retentionInDays=change["retention_in_days"])
    elif "retention_in_days" in change:
        aws.logs.delete_retention_policy(**group)
    _tags.write(have, change, aws.logs.tag_resource, aws.logs.untag_resource, resourceArn=have["_arn"])


def danger(have, change):
    """A log group that is younger than the new retention loses nothing by it."""
    if not change:
        return None
    days, kept = change.get("retention_in_days"), have.get("retention_in_days")
    if have and days and days < (kept or float("inf")) and time.time() - have["_created"] > days * DAY:
        return f"would delete for good every event older than {days} days, where {f'{kept} days' if kept else 'all of them'} are kept now"
    return None


def delete(aws, have):
    if have["deletion_protection_enabled"]:
        raise Problem("is protected from deletion: set deletion_protection_enabled to false first")
    aws.logs.delete_log_group(logGroupName=have["id"])


KIND = Kind(
    name="logs_log_groups",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateLogGroup.logGroupName"),
        retention_in_days=Option("int", clearable=True, choices=RETENTION),
        kms_key_id=Option(clearable=True, api="AssociateKmsKey.kmsKeyId"),
        log_group_class=fixed(api="CreateLogGroup.logGroupClass"),
        deletion_protection_enabled=Option("bool"),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    not_yet=(r"\(ResourceNotFoundException\)", r"\(OperationAbortedException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
