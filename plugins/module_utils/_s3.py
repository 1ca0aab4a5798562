# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bucket. S3 keeps each in a sub-resource of its own, with its own Get and its own Put of the whole.

Private to the collection. SETTINGS are in the order in which they are written: what others need comes first, and the policy,
which can forbid the rest, last. A `get` returns options, and under a name that starts with _ the document they came from; the
`put` of the same setting starts from that document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _s3_access, _s3_protection, _s3_requests, _s3_rules, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._s3_calls import answer


class Setting(NamedTuple):
    options: tuple[str, ...]
    get: Callable[[Aws, str], dict]
    put: Callable[[Aws, Mapping, Mapping], None]


def get_tags(aws, bucket):
    found = answer(aws.s3.get_bucket_tagging, bucket, "NoSuchTagSet").get("TagSet", [])
    return dict(tags=_tags.as_dict(found), _tags=found)


def put_tags(aws, have, change):
    """PutBucketTagging replaces the set; AWS's own tags in it have to be given back as they are."""
    wanted = dict.fromkeys(have["tags"]) if change["tags"] is None else change["tags"]
    after = {**{tag["Key"]: tag["Value"] for tag in have["_tags"]}, **wanted}
    left = _tags.as_list({key: value for key, value in after.items() if value is not None})
    if left:
        aws.s3.put_bucket_tagging(Bucket=have["id"], Tagging=dict(TagSet=left))
    else:
        aws.s3.delete_bucket_tagging(Bucket=have["id"])


SETTINGS = (
    Setting(("tags",), get_tags, put_tags),
    Setting(("object_ownership",), _s3_access.get_ownership, _s3_access.put_ownership),
    Setting(("public_access_block",), _s3_access.get_public_access_block, _s3_access.put_public_access_block),
    Setting(("encryption",), _s3_protection.get_encryption, _s3_protection.put_encryption),
    Setting(("versioning",), _s3_protection.get_versioning, _s3_protection.put_versioning),
    Setting(("object_lock_enabled_for_bucket", "object_lock_default_retention"), _s3_protection.get_object_lock, _s3_protection.put_object_lock),
    Setting(("lifecycle_rules",), _s3_rules.get_lifecycle, _s3_rules.put_lifecycle),
    Setting(("replication_role", "replication_rules"), _s3_rules.get_replication, _s3_rules.put_replication),
    Setting(("logging",), _s3_requests.get_logging, _s3_requests.put_logging),
    Setting((*_s3_requests.DESTINATIONS, "event_bridge"), _s3_requests.get_notification, _s3_requests.put_notification),
    Setting(("cors_rules",), _s3_requests.get_cors, _s3_requests.put_cors),
    Setting(("website",), _s3_requests.get_website, _s3_requests.put_website),
    Setting(("accelerate",), _s3_requests.get_accelerate, _s3_requests.put_accelerate),
    Setting(("request_payer",), _s3_requests.get_request_payer, _s3_requests.put_request_payer),
    Setting(("intelligent_tiering_configurations",), _s3_rules.get_tiering, _s3_rules.put_tiering),
    Setting(("inventory_configurations",), _s3_rules.get_inventory, _s3_rules.put_inventory),
    Setting(tuple(_s3_access.POLICY), _s3_access.get_policy, _s3_access.put_policy),
)
