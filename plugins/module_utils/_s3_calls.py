# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the settings of a bucket are asked for, and how they name buckets.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of


def answer(call: Callable[..., dict], bucket: str, *absent: str) -> dict[str, Any]:
    """What a Get returns; {} when S3 says by one of these errors that nothing is set."""
    try:
        found = call(Bucket=bucket)
    except AWS_ERRORS as error:
        if code_of(error) in absent:
            return {}
        raise
    found.pop("ResponseMetadata", None)
    return found


def pages(call, bucket, result):
    """boto has no paginators for these lists."""
    found, token = [], {}
    while True:
        page = call(Bucket=bucket, **token)
        found += page.get(result, [])
        if not page.get("IsTruncated"):
            return found
        token = dict(ContinuationToken=page["NextContinuationToken"])


def bucket_arn(aws, bucket):
    return f"arn:{aws.s3.meta.partition}:s3:::{bucket}"


def name_in_arn(arn):
    return arn.rpartition(":")[2].rpartition("/")[2]
