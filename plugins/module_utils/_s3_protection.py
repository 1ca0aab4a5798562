# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps the objects of a bucket: encryption, earlier versions, and locks.

Private to the collection.
"""

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils._documents import deep, flat
from ansible_collections.msp.aws.plugins.module_utils._options import instead
from ansible_collections.msp.aws.plugins.module_utils._s3_calls import answer

ENCRYPTION = dict(
    sse_algorithm="ApplyServerSideEncryptionByDefault.SSEAlgorithm",
    kms_master_key_id="ApplyServerSideEncryptionByDefault.KMSMasterKeyID",
    bucket_key_enabled="BucketKeyEnabled",
)


def get_encryption(aws, bucket):
    found = answer(aws.s3.get_bucket_encryption, bucket, "ServerSideEncryptionConfigurationNotFoundError")
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    return dict(encryption=flat(ENCRYPTION, rules[0]), _encryption=rules[0])


def spelt_encryption(wanted):
    """With S3's own keys there is no other one."""
    return dict(wanted, kms_master_key_id=None) if wanted.get("sse_algorithm") == "AES256" else wanted


def put_encryption(aws, have, change):
    rules = [deep(ENCRYPTION, change["encryption"], have["_encryption"])]
    aws.s3.put_bucket_encryption(Bucket=have["id"], ServerSideEncryptionConfiguration=dict(Rules=rules))


def get_versioning(aws, bucket):
    return dict(versioning=answer(aws.s3.get_bucket_versioning, bucket).get("Status"))


def put_versioning(aws, have, change):
    aws.s3.put_bucket_versioning(Bucket=have["id"], VersioningConfiguration=dict(Status=change["versioning"]))


RETENTION = dict(mode="Mode", days="Days", years="Years")


def get_object_lock(aws, bucket):
    found = answer(aws.s3.get_object_lock_configuration, bucket, "ObjectLockConfigurationNotFoundError").get("ObjectLockConfiguration", {})
    retention = found.get("Rule", {}).get("DefaultRetention", {})
    return dict(
        object_lock_enabled_for_bucket=found.get("ObjectLockEnabled") == "Enabled",
        object_lock_default_retention=flat(RETENTION, retention) or None,
        _retention=retention,
    )


def put_object_lock(aws, have, change):
    lock, retention = dict(ObjectLockEnabled="Enabled"), have["_retention"]
    if "object_lock_default_retention" in change:
        wanted = change["object_lock_default_retention"] or dict.fromkeys(RETENTION)
        retention = deep(RETENTION, instead(wanted, have["object_lock_default_retention"] or {}, (("days",), ("years",))), retention)
    if retention:
        lock["Rule"] = dict(DefaultRetention=retention)
    aws.s3.put_object_lock_configuration(Bucket=have["id"], ObjectLockConfiguration=lock)
