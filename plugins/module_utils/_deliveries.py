# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where services deliver logs and records of the account: buckets, roles, log groups, keys.

Private to the collection. A bucket of another account cannot be listed, so a sheet writes its ARN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _verdicts
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

# A bucket policy, a topic's policy or a role that was written a moment ago may not have arrived everywhere yet.
NOT_YET = (r"Insufficient\w*PolicyException",)


def as_reference(aws: Aws, bucket: str) -> str:
    """As a sheet refers to it: by name, or by ARN where another account has it."""
    return bucket if bucket in aws.once(_own_buckets) else f"arn:{aws.s3.meta.partition}:s3:::{bucket}"


def bucket_name(reference: str) -> str:
    return reference.rpartition(":")[2]


def _own_buckets(aws: Aws) -> set[str]:
    return {bucket["Name"] for bucket in aws.pages("s3", "list_buckets", "Buckets")}


def role_arn(aws: Aws, name: str) -> str:
    """The ARN holds the path of the role, which the name does not say."""
    return aws.once(_role, name)["Arn"]


def trusted_role(aws: Aws, name: str, service: str, context: _verdicts.Context | None = None) -> str:
    """The same of a role that lets the service assume it. The service would refuse another one, or only fail later with it."""
    verdict = _verdicts.judged(aws.once(_role, name)["AssumeRolePolicyDocument"], service, "sts:AssumeRole", context=context)
    if not _verdicts.lets(aws, f"{service} may assume the role {name}", verdict):
        raise Problem(f"role: {name} does not let {service} assume it: its assume_role_policy has to name that service, and not to deny it")
    return role_arn(aws, name)


def _role(aws: Aws, name: str) -> Mapping[str, Any]:
    return aws.iam.get_role(RoleName=name)["Role"]


@contextmanager
def explained(service: str, bucket: str) -> Iterator[None]:
    """What a service says when it cannot write to the bucket, with what to do about it."""
    try:
        yield
    except AWS_ERRORS as error:
        if code_of(error) not in ("InsufficientS3BucketPolicyException", "InsufficientDeliveryPolicyException"):
            raise
        name = bucket_name(bucket)
        raise Problem(
            f"{code_of(error)}: {service} may not write to the bucket {name}. Its policy has to allow {service} s3:GetBucketAcl on it and s3:PutObject below "
            f"[prefix/]AWSLogs/<account>/: name deliveries: [{{service: {service}}}] of the bucket in s3_buckets, with the same prefix; the owner of a bucket "
            "in another account has to write the statement there. With a KMS key, its policy has to allow the service kms:GenerateDataKey*"
        ) from error
