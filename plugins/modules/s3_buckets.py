#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import (
    _lambda,
    _networks,
    _policies,
    _s3,
    _s3_access,
    _s3_names,
    _s3_protection,
    _s3_requests,
    _s3_rules,
    _tags,
)
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Delta, Option, Problem, items, merged, ref, tags
from ansible_collections.msp.aws.plugins.module_utils._shapes import TEXTS


def find(aws, wanted):
    """The account's buckets are listed over all Regions; an asked page size makes S3 say which Region each is in."""
    here = aws.s3.meta.region_name
    found = [_have(bucket, here) for bucket in aws.pages("s3", "list_buckets", "Buckets", PaginationConfig=dict(PageSize=1000))]
    return [have for have in found if wanted is not None or have["_region"] == here]


def _have(bucket, here):
    return dict(id=bucket["Name"], name=bucket["Name"], _by_id=_s3_names.wrong_name(bucket["Name"]) is not None, _region=bucket.get("BucketRegion", here))


def read(aws, have, names):
    """Every setting is a call of its own: only what is named is read."""
    _check_region(aws, have)
    found = {}
    for setting in _s3.SETTINGS:
        if set(setting.options) & set(names):
            found.update(setting.get(aws, have["id"]))
    if DANGEROUS & set(names):
        found["_in_use"] = _in_use(aws, have["id"])
    return found


def _in_use(aws, bucket):
    """Whether there is anything in it: objects, earlier versions, or delete markers."""
    inside = aws.s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    return bool(inside.get("Versions") or inside.get("DeleteMarkers"))


def _check_region(aws, have):
    here = aws.s3.meta.region_name
    if have["_region"] != here:
        raise Problem(f"the bucket exists in {have['_region']}, this run works in {here}: set the Region, or take another name")


def create(aws, want):
    """Names are the whole world's: S3 itself refuses one that another account has (BucketAlreadyExists)."""
    here = aws.s3.meta.region_name
    arguments = dict(Bucket=want["name"])
    if here != "us-east-1":  # the one Region that S3 does not take as a constraint
        arguments["CreateBucketConfiguration"] = dict(LocationConstraint=here)
    if want.get("object_lock_enabled_for_bucket"):
        arguments["ObjectLockEnabledForBucket"] = True
    if _s3_names.own_place(want["name"]):
        arguments["BucketNamespace"] = "account-regional"
    aws.s3.create_bucket(**arguments)
    have = _have(dict(Name=want["name"]), here)
    with aws.reading():
        have.update(read(aws, have, list(want)))
    return have


def foresee(aws, want):
    """Into its own namespace an account makes what bears its number and the Region."""
    place = _s3_names.own_place(want["name"])
    if place and place != (here := (aws.account, aws.s3.meta.region_name)):
        raise Problem(f"name: {want['name']!r} belongs to the namespace of another account or Region: here it ends with -{'-'.join(here)}{_s3_names.OWN_END}")


def update(aws, have, change):
    if change.get("lambda_function_configurations"):
        _s3_requests.refuse_closed(aws, have["id"], change["lambda_function_configurations"].coming)
    # Replication needs versions until it is gone.
    for setting in sorted(_s3.SETTINGS, key=lambda setting: "versioning" in setting.options and change.get("versioning") == "Suspended"):
        if set(setting.options) & change.keys():
            setting.put(aws, have, change)


def delete(aws, have):
    """Only an empty bucket; it is never emptied here."""
    _check_region(aws, have)
    with aws.reading():
        in_use = _in_use(aws, have["id"])
    if in_use:
        raise Problem("the bucket is not empty (objects, earlier versions or delete markers): empty it on purpose first, this never does")
    aws.s3.delete_bucket(Bucket=have["id"])


# What a new item of a list has to say, because S3 has no default for it.
NEEDED = dict(
    lifecycle_rules=("status",),
    replication_rules=("status", "priority", "destination_bucket", "delete_marker_replication"),
    topic_configurations=("topic", "events"),
    queue_configurations=("queue_arn", "events"),
    lambda_function_configurations=("lambda_function_arn", "events"),
    intelligent_tiering_configurations=("status", "tierings"),
    inventory_configurations=("is_enabled", "destination_bucket", "format", "included_object_versions", "frequency"),
)


def refuse(want, have, change):
    wrong = None if have else _s3_names.wrong_name(want["name"])
    if wrong:
        raise Problem(f"name: {TEXTS[wrong[0]].format(value=want['name'], limit=wrong[1])}")
    for option, needed in NEEDED.items():
        for item in _new_items(change.get(option)):
            missing = [name for name in needed if item.get(name) is None]
            if missing:
                raise Problem(f"{option} {item['id']!r} is new and needs {', '.join(missing)}")
    _check_replication(want, have, change)
    _check_object_lock(have, change)
    _check_encryption(want, change)
    _check_require_tls(have, change)
    _check_deliveries(have, change)
    _check_lifecycle(have, change)


def _check_lifecycle(have, change):
    """Each rule as it would be: the sheet may name a part of one that is there."""
    for rule in (merged(KIND.options, have, change).get("lifecycle_rules") or []) if change.get("lifecycle_rules") else ():
        for option, code, facts in _s3_rules.lifecycle_faults(rule):
            said = f"only one of {facts['other']} is possible" if code == "one_of" else TEXTS.get(code, "{value} are not different").format(**facts)
            raise Problem(f"lifecycle_rules {rule['id']!r}: {option}: {said}")


def _check_require_tls(have, change):
    """What others wrote under our Sid goes only where the plan shows it going."""
    if _s3_access.has_sid(change.get("policy"), _s3_access.TLS_SID):
        raise Problem(f"the statement {_s3_access.TLS_SID} belongs to require_tls: write require_tls: true, and leave it out of the policy")
    if change.get("require_tls") and _s3_access.has_sid({**have, **change}.get("policy"), _s3_access.TLS_SID):
        raise Problem(
            f"the bucket's policy has a statement {_s3_access.TLS_SID} which does not demand TLS of everybody and for everything, and a Sid stands only once: "
            "name policy too, as it shall be without this statement, or clear it"
        )


def _check_deliveries(have, change):
    after = merged(KIND.options, have, change)
    for delivery in (after.get("deliveries") or []) if {"policy", "deliveries"} & change.keys() else ():
        if str(delivery.get("prefix") or "-").strip("/") != (delivery.get("prefix") or "-"):
            raise Problem(f"deliveries: the prefix {delivery['prefix']!r} is written without a slash before and after it")
        if _s3_access.has_sid(after.get("policy"), _s3_access.delivery_sid(delivery)):
            raise Problem(
                f"the bucket's policy has a statement {_s3_access.delivery_sid(delivery)} which is not as deliveries has it, and a Sid stands only once: "
                "name policy too, as it shall be without this statement, or clear it"
            )


def _check_object_lock(have, change):
    if change.get("object_lock_enabled_for_bucket") is False and have:
        raise Problem("Object Lock cannot be switched off again, by nobody")
    if change.get("object_lock_default_retention") and not {**have, **change}.get("object_lock_enabled_for_bucket"):
        raise Problem(
            "object_lock_default_retention would switch on Object Lock, which can never be switched off again and which the entry does not say: "
            "name object_lock_enabled_for_bucket: true too"
        )


def _check_encryption(want, change):
    """Only a KMS algorithm has a key: S3 would keep none, and each run would write it anew. Without a word a bucket has AES256."""
    algorithm = change.get("encryption", {}).get("sse_algorithm", "AES256")
    if "encryption" in change and algorithm == "AES256" and want["encryption"].get("kms_master_key_id"):
        raise Problem("encryption: kms_master_key_id needs the sse_algorithm aws:kms or aws:kms:dsse, and it would be AES256")


def _check_replication(want, have, change):
    """Role and rules are one document: neither can be without the other."""
    after = merged(KIND.options, have, change)
    if change.get("replication_rules") and not after.get("replication_role"):
        raise Problem("replication_rules need replication_role")
    if "replication_role" in change and not change["replication_role"] and change.get("replication_rules", ()) is not None:
        raise Problem("replication_role can only be taken away together with replication_rules")
    if {"replication_role", "replication_rules"} & change.keys() and want.get("replication_role") and not after.get("replication_rules"):
        raise Problem("replication_role needs replication_rules: S3 keeps no role without a rule")


def _new_items(delta):
    return delta.add if isinstance(delta, Delta) else ()


DANGEROUS = {"public_access_block", "versioning", "object_lock_enabled_for_bucket", "object_lock_default_retention", "lifecycle_rules"}


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        # What an id says is there already, whatever it is called.
        wrong = _s3_names.wrong_name(str(entry["name"])) if entry.get("name") and "id" not in entry else None
        if wrong:
            yield index, "name", wrong[0], dict(value=entry["name"], limit=wrong[1])
        for dummy, rule in _networks.blocks(entry, "lifecycle_rules"):
            for option, code, facts in _s3_rules.lifecycle_faults(rule) if isinstance(rule, dict) else ():
                yield index, f"lifecycle_rules.{option}", code, dict(facts, item=rule)


def danger(have, change):
    """A bucket with nothing in it has nothing to lose or to show."""
    stopped = have.get("deliveries") if change.get("deliveries", ()) is None else getattr(change.get("deliveries"), "remove", ())
    if stopped:
        return f"would stop {', '.join(delivery['service'] for delivery in stopped)} from delivering to it"
    if not have.get("_in_use"):
        return None
    opened = [name for name, on in (change.get("public_access_block") or {}).items() if on is False and have["public_access_block"][name]]
    if opened:
        return f"would switch off {', '.join(opened)}: the bucket could then become public"
    if change.get("versioning") == "Suspended":
        return "would stop keeping earlier versions: what is overwritten or deleted from then on is lost"
    if change.get("object_lock_enabled_for_bucket"):
        return "would switch on Object Lock, which can never be switched off again"
    if (change.get("object_lock_default_retention") or {}).get("mode") == "COMPLIANCE":
        return "would keep every new object for the whole retention, with nobody able to delete it, not even the account's root user"
    expiring = ", ".join(_expiring(change.get("lifecycle_rules")))
    return f"would delete objects that are in the bucket: {expiring}" if expiring else None


DAY = dict(pattern=r"\d{4}-\d{2}-\d{2}", example="2030-04-01")  # as S3's answer is read: in another form it would differ for ever
DELETING = ("expiration_days", "expiration_date", "noncurrent_version_expiration_days")


def _expiring(delta):
    """The life cycle rules that delete what they did not delete before."""
    for old, new in [*((dict(), item) for item in delta.add), *delta.change] if delta else ():
        decisive = ("status", "newer_noncurrent_versions", *DELETING, *_s3_rules.CRITERIA)
        deletes = new.get("status") == "Enabled" and any(new.get(name) for name in DELETING)
        if deletes and any(new.get(name) != old.get(name) for name in decisive):
            yield f"{new['id']} (prefix {new.get('prefix') or 'none: everything'})"


STORAGE_CLASS = "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules.Transitions.StorageClass"


def _owned_tags():
    """In a filter, the tags are one condition: written whole."""
    return Option("dict", same=_tags.same_texts, texts=True)


def _lifecycle_rules():
    api = "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules"
    return items(
        key=("id",),
        one_of=("expiration_days", "expiration_date", "expired_object_delete_marker"),
        clearable=True,
        options=dict(
            id=Option(required=True),
            status=Option(api=f"{api}.Status"),
            prefix=Option(),
            tags=_owned_tags(),
            object_size_greater_than=Option("int"),
            object_size_less_than=Option("int"),
            expiration_days=Option("int"),
            expiration_date=Option(limits=DAY),
            expired_object_delete_marker=Option("bool"),
            transitions=Option(
                "list", "dict", options=dict(days=Option("int"), date=Option(limits=DAY), storage_class=Option(required=True, api=STORAGE_CLASS))
            ),
            noncurrent_version_expiration_days=Option("int"),
            newer_noncurrent_versions=Option("int"),
            noncurrent_version_transitions=Option(
                "list",
                "dict",
                options=dict(
                    noncurrent_days=Option("int", required=True),
                    newer_noncurrent_versions=Option("int"),
                    storage_class=Option(required=True, api=STORAGE_CLASS),
                ),
            ),
            abort_incomplete_multipart_upload_days=Option("int"),
        ),
    )


def _replication_rules():
    """Destinations are names, not references: they may be another account's, whose buckets cannot be listed."""
    api = "PutBucketReplication.ReplicationConfiguration.Rules"
    return items(
        key=("id",),
        clearable=True,
        options=dict(
            id=Option(required=True),
            status=Option(api=f"{api}.Status"),
            priority=Option("int"),
            prefix=Option(),
            tags=_owned_tags(),
            destination_bucket=Option(),
            destination_account=Option(),
            storage_class=Option(api=f"{api}.Destination.StorageClass"),
            access_control_translation_owner=Option(api=f"{api}.Destination.AccessControlTranslation.Owner"),
            replica_kms_key_id=Option(),
            sse_kms_encrypted_objects=Option(api=f"{api}.SourceSelectionCriteria.SseKmsEncryptedObjects.Status"),
            delete_marker_replication=Option(api=f"{api}.DeleteMarkerReplication.Status"),
        ),
    )


def _notifications(destination, target):
    events = Option("list", "str", api="PutBucketNotificationConfiguration.NotificationConfiguration.TopicConfigurations.Events", same=_same_set)
    options = {"id": Option(required=True), destination: target, "events": events, "prefix": Option(), "suffix": Option()}
    return items(key=("id",), clearable=True, options=options)


def _same_set(one, other):
    return set(one) == set(other)


def _tiering_configurations():
    api = "PutBucketIntelligentTieringConfiguration.IntelligentTieringConfiguration"
    tier = dict(access_tier=Option(required=True, api=f"{api}.Tierings.AccessTier"), days=Option("int", required=True))
    return items(
        key=("id",),
        clearable=True,
        options=dict(
            id=Option(required=True),
            status=Option(api=f"{api}.Status"),
            prefix=Option(),
            tags=_owned_tags(),
            tierings=Option("list", "dict", options=tier),
        ),
    )


def _inventory_configurations():
    api = "PutBucketInventoryConfiguration.InventoryConfiguration"
    return items(
        key=("id",),
        clearable=True,
        options=dict(
            id=Option(required=True),
            is_enabled=Option("bool"),
            destination_bucket=Option(),
            destination_account=Option(),
            destination_prefix=Option(),
            format=Option(api=f"{api}.Destination.S3BucketDestination.Format"),
            prefix=Option(),
            included_object_versions=Option(api=f"{api}.IncludedObjectVersions"),
            optional_fields=Option("list", "str", api=f"{api}.OptionalFields", same=_same_set),
            frequency=Option(api=f"{api}.Schedule.Frequency"),
        ),
    )


def _cors_rules():
    return Option(
        "list",
        "dict",
        clearable=True,
        options=dict(
            id=Option(),
            allowed_origins=Option("list", "str", required=True),
            allowed_methods=Option("list", "str", required=True),
            allowed_headers=Option("list", "str"),
            expose_headers=Option("list", "str"),
            max_age_seconds=Option("int"),
        ),
    )


def _website():
    api = "PutBucketWebsite.WebsiteConfiguration"
    routing = {name: Option() for name in _s3_requests.ROUTING_RULE}
    routing["protocol"] = Option(api=f"{api}.RoutingRules.Redirect.Protocol")
    return Option(
        "dict",
        clearable=True,
        options=dict(
            index_document=Option(),
            error_document=Option(api=f"{api}.ErrorDocument.Key"),
            redirect_all_requests_to=Option(),
            redirect_all_requests_protocol=Option(api=f"{api}.RedirectAllRequestsTo.Protocol"),
            routing_rules=Option("list", "dict", options=routing),
        ),
    )


KIND = Kind(
    name="s3_buckets",
    identity=("name",),
    options=dict(
        name=Option(),
        object_ownership=Option(api="PutBucketOwnershipControls.OwnershipControls.Rules.ObjectOwnership"),
        public_access_block=Option("dict", options={name: Option("bool") for name in _s3_access.BLOCK}),
        encryption=Option(
            "dict",
            spelt=_s3_protection.spelt_encryption,
            options=dict(
                sse_algorithm=Option(
                    api="PutBucketEncryption.ServerSideEncryptionConfiguration.Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm"
                ),
                kms_master_key_id=Option(),
                bucket_key_enabled=Option("bool"),
            ),
        ),
        versioning=Option(api="PutBucketVersioning.VersioningConfiguration.Status"),
        object_lock_enabled_for_bucket=Option("bool"),
        object_lock_default_retention=Option(
            "dict",
            clearable=True,
            alternatives=((("days",), ("years",)),),
            options=dict(
                mode=Option(api="PutObjectLockConfiguration.ObjectLockConfiguration.Rule.DefaultRetention.Mode"),
                days=Option("int"),
                years=Option("int"),
            ),
        ),
        policy=_policies.policy(clearable=True),
        require_tls=Option("bool"),
        deliveries=_s3_access.DELIVERIES,
        lifecycle_rules=_lifecycle_rules(),
        replication_role=ref("iam_roles", clearable=True),
        replication_rules=_replication_rules(),
        logging=Option("dict", clearable=True, options=dict(target_bucket=ref("s3_buckets", required=True), target_prefix=Option())),
        topic_configurations=_notifications("topic", ref("sns_topics", elsewhere=True)),
        queue_configurations=_notifications("queue_arn", Option()),
        lambda_function_configurations=_notifications("lambda_function_arn", Option(wrong=_lambda.wrong_arn)),
        event_bridge=Option("bool"),
        cors_rules=_cors_rules(),
        website=_website(),
        accelerate=Option(api="PutBucketAccelerateConfiguration.AccelerateConfiguration.Status"),
        request_payer=Option(api="PutBucketRequestPayment.RequestPaymentConfiguration.Payer"),
        intelligent_tiering_configurations=_tiering_configurations(),
        inventory_configurations=_inventory_configurations(),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    # Another entry of the same run, or of a run before it, makes ready what these wait for.
    not_yet=(
        "OperationAborted",
        "BucketAlreadyOwnedByYou",
        "NoSuchBucket",
        "InvalidTargetBucketForLogging",
        "Destination bucket must",
        _s3_requests.UNREACHED,
        r"\(MalformedPolicy\).*[Ii]nvalid principal",
    ),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
