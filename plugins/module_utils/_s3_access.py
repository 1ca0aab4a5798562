# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what with a bucket: its owner's say, the blocks of public access, and the policy with what the sheet has words for in it.

Private to the collection.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from ansible_collections.msp.aws.plugins.module_utils import _policies
from ansible_collections.msp.aws.plugins.module_utils._documents import deep, flat
from ansible_collections.msp.aws.plugins.module_utils._options import Option, items
from ansible_collections.msp.aws.plugins.module_utils._options import merged as with_change
from ansible_collections.msp.aws.plugins.module_utils._s3_calls import answer, bucket_arn

TLS_SID = "RequireTls"
# Services that write logs or records into the bucket, each by a statement of its own in the policy.
DELIVERIES = items(key=("service", "prefix"), clearable=True, options=dict(service=Option(required=True), prefix=Option(), source_arn=Option()))
POLICY = dict(policy=Option(), require_tls=Option("bool"), deliveries=DELIVERIES)


def get_ownership(aws, bucket):
    found = answer(aws.s3.get_bucket_ownership_controls, bucket, "OwnershipControlsNotFoundError")
    rules = found.get("OwnershipControls", {}).get("Rules", [])
    return dict(object_ownership=rules[0]["ObjectOwnership"] if rules else None)


def put_ownership(aws, have, change):
    rules = [dict(ObjectOwnership=change["object_ownership"])]
    aws.s3.put_bucket_ownership_controls(Bucket=have["id"], OwnershipControls=dict(Rules=rules))


BLOCK = dict(
    block_public_acls="BlockPublicAcls",
    ignore_public_acls="IgnorePublicAcls",
    block_public_policy="BlockPublicPolicy",
    restrict_public_buckets="RestrictPublicBuckets",
)


def get_public_access_block(aws, bucket):
    found = answer(aws.s3.get_public_access_block, bucket, "NoSuchPublicAccessBlockConfiguration")
    block = found.get("PublicAccessBlockConfiguration", {})
    return dict(public_access_block={**dict.fromkeys(BLOCK, False), **flat(BLOCK, block)}, _public_access_block=block)


def put_public_access_block(aws, have, change):
    # A member that is left out of the call would be switched off.
    wanted = {**have["public_access_block"], **change["public_access_block"]}
    block = deep(BLOCK, wanted, have["_public_access_block"])
    aws.s3.put_public_access_block(Bucket=have["id"], PublicAccessBlockConfiguration=block)


def get_policy(aws, bucket):
    found = answer(aws.s3.get_bucket_policy, bucket, "NoSuchBucketPolicy")
    whole = _policies.document(found.get("Policy"))
    statements, deliveries = [], []
    for statement in _statements(whole):
        delivery = _delivery(aws, bucket, statement)
        (deliveries if delivery else statements).append(delivery or statement)
    others = [statement for statement in statements if not _is_tls_statement(aws, bucket, statement)]
    return dict(policy=dict(whole, Statement=others) if others else None, require_tls=len(others) < len(statements), deliveries=deliveries)


def put_policy(aws, have, change):
    """The sheet's document with, in statements of their own, the deliveries and the demand for TLS."""
    after = with_change(POLICY, have, {name: change[name] for name in POLICY.keys() & change.keys()})
    whole = dict(after["policy"] or dict(Version="2012-10-17", Statement=[]))
    own = [_delivery_statement(aws, have["id"], delivery) for delivery in after["deliveries"] or []]
    own += [_tls_statement(aws, have["id"])] if after["require_tls"] else []
    whole["Statement"] = [*_statements(whole), *own]
    if whole["Statement"]:
        aws.s3.put_bucket_policy(Bucket=have["id"], Policy=_policies.text(whole))
    else:
        aws.s3.delete_bucket_policy(Bucket=have["id"])


def _statements(policy):
    found = (policy or {}).get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_tls_statement(aws, bucket, statement):
    """The whole of it counts: under the same Sid somebody may have narrowed it to some objects or callers."""
    wanted = _tls_statement(aws, bucket)
    return statement.get("Sid") == TLS_SID and _policies.alike(dict(Statement=[statement]), dict(Statement=[wanted]))


def has_sid(policy, sid):
    return any(statement.get("Sid") == sid for statement in _statements(policy))


def _tls_statement(aws, bucket):
    both = [bucket_arn(aws, bucket), f"{bucket_arn(aws, bucket)}/*"]
    plain = dict(Bool={"aws:SecureTransport": "false"})
    return dict(Sid=TLS_SID, Effect="Deny", Principal="*", Action="s3:*", Resource=both, Condition=plain)


def delivery_sid(delivery):
    """One for each service and prefix; the name alone of a prefix may hold what a Sid may not."""
    service = "".join(part.capitalize() for part in re.split(r"\W", delivery["service"].removesuffix(".amazonaws.com")))
    return f"DeliveryOf{service}" + (f"{zlib.crc32(delivery['prefix'].encode()):08x}" if delivery.get("prefix") else "")


def _delivery_statement(aws, bucket, delivery):
    """What the delivering services ask for: to look at the bucket, and to write below AWSLogs/<account>. On behalf of the own account only."""
    account, arn = aws.account, bucket_arn(aws, bucket)
    prefix = f"{delivery['prefix']}/" if delivery.get("prefix") else ""
    source = dict(ArnLike={"aws:SourceArn": delivery["source_arn"]}) if delivery.get("source_arn") else {}
    return dict(
        Sid=delivery_sid(delivery),
        Effect="Allow",
        Principal=dict(Service=delivery["service"]),
        Action=["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
        Resource=[arn, f"{arn}/{prefix}AWSLogs/{account}/*"],
        Condition=dict(StringEquals={"aws:SourceAccount": account}, **source),
    )


def _delivery(aws, bucket, statement):
    """The delivery that has exactly this statement; None for a statement that is none."""
    principal, resources = statement.get("Principal"), statement.get("Resource")
    service = principal.get("Service") if isinstance(principal, Mapping) else None
    if not str(statement.get("Sid")).startswith("DeliveryOf") or not isinstance(service, str) or not isinstance(resources, list):
        return None
    inside = re.compile(rf"{re.escape(bucket_arn(aws, bucket))}/(?:(.+)/)?AWSLogs/\d+/\*")
    prefixes = [match[1] for match in map(inside.fullmatch, resources) if match]
    delivery = dict(service=service, prefix=prefixes[0] if prefixes else None)
    source = statement.get("Condition", {}).get("ArnLike", {}).get("aws:SourceArn")
    if isinstance(source, str):
        delivery["source_arn"] = source
    own = _policies.alike(dict(Statement=[statement]), dict(Statement=[_delivery_statement(aws, bucket, delivery)]))
    return delivery if own else None
