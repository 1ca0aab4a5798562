# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bucket has several of, for a part of its objects each: rules of life cycle and replication, configurations of tiering and inventory.

Private to the collection.
"""

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, Fields, deep, flat, listed, merged
from ansible_collections.msp.aws.plugins.module_utils._s3_calls import answer, bucket_arn, name_in_arn, pages


def criteria(rule):
    """To which objects a rule applies: prefix, tags and sizes, which S3 nests in And as soon as there are two."""
    found = rule.get("Filter") or {}
    inner = found.get("And") or found
    tags = [found["Tag"]] if "Tag" in found else inner.get("Tags")
    sizes = flat(SIZES, inner)
    return dict(prefix=inner.get("Prefix", rule.get("Prefix", "")), tags=_tags.as_dict(tags), **sizes)


SIZES = dict(object_size_greater_than="ObjectSizeGreaterThan", object_size_less_than="ObjectSizeLessThan")
CRITERIA = ("prefix", "tags", *SIZES)


def rule_filter(item):
    tags = _tags.as_list(item.get("tags") or {})
    parts = {**(dict(Prefix=item["prefix"]) if item.get("prefix") else {}), **deep(SIZES, item, {})}
    if len(parts) + len(tags) > 1:
        return dict(And={**parts, **(dict(Tags=tags) if tags else {})})
    return dict(Tag=tags[0]) if tags else parts or dict(Prefix="")


def rule_item(fields: Fields, rule):
    return {**flat(fields, rule), **criteria(rule)}


def rule_document(fields: Fields, item, rule):
    """The rule with the item's options. Rules of the oldest form, with a bare Prefix, get a Filter once they change."""
    after = deep(fields, item, rule)
    wanted = {name: item[name] for name in CRITERIA if name in item}
    if "Filter" not in rule or {**criteria(rule), **wanted} != criteria(rule):
        after.pop("Prefix", None)
        after["Filter"] = rule_filter({**criteria(rule), **wanted})
    return after


# ---- life cycle

TRANSITION = dict(days="Days", date=Field("Date", lambda date: date.strftime("%Y-%m-%d"), str), storage_class="StorageClass")
NONCURRENT_TRANSITION = dict(noncurrent_days="NoncurrentDays", newer_noncurrent_versions="NewerNoncurrentVersions", storage_class="StorageClass")
LIFECYCLE = dict(
    id="ID",
    status="Status",
    expiration_days="Expiration.Days",
    expiration_date=Field("Expiration.Date", lambda date: date.strftime("%Y-%m-%d"), str),
    expired_object_delete_marker="Expiration.ExpiredObjectDeleteMarker",
    transitions=listed("Transitions", TRANSITION),
    noncurrent_version_expiration_days="NoncurrentVersionExpiration.NoncurrentDays",
    newer_noncurrent_versions="NoncurrentVersionExpiration.NewerNoncurrentVersions",
    noncurrent_version_transitions=listed("NoncurrentVersionTransitions", NONCURRENT_TRANSITION),
    abort_incomplete_multipart_upload_days="AbortIncompleteMultipartUpload.DaysAfterInitiation",
)


# The guide of S3 alone has these: the classes from warm to cold, and days that an object stays in Standard before and in the infrequent ones.
COLDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
INFREQUENT, GLACIER = ("STANDARD_IA", "ONEZONE_IA"), COLDER[3:]
STAYS = 30


def lifecycle_faults(rule):
    """What no rule can be, as (option, code, facts), as far as it is named."""
    moves, old_moves = rule.get("transitions") or [], rule.get("noncurrent_version_transitions") or []
    yield from _moves("transitions", "days", moves, rule, "expiration_days")
    yield from _moves("noncurrent_version_transitions", "noncurrent_days", old_moves, rule, "noncurrent_version_expiration_days")
    ways = [one.get("days") is not None for one in moves if one.get("days") is not None or one.get("date")]
    ways += [rule.get("expiration_days") is not None] if rule.get("expiration_days") is not None or rule.get("expiration_date") else []
    if moves and len(set(ways)) > 1:
        yield "transitions", "one_of", dict(value=rule.get("id"), other="days, date")
    for option in ("expired_object_delete_marker", "abort_incomplete_multipart_upload_days"):
        sizes = SIZES if option.startswith("abort") else ()
        for narrow in [name for name in ("tags", *sizes) if rule.get(option) and rule.get(name)]:
            yield option, "one_of", dict(value=rule[option], other=f"{option}, {narrow}")
    least, most = rule.get("object_size_greater_than"), rule.get("object_size_less_than")
    if least is not None and most is not None and int(most) <= int(least):
        yield "object_size_less_than", "least", dict(value=most, limit=int(least) + 1)
    for option in ("expiration_days", "noncurrent_version_expiration_days", "abort_incomplete_multipart_upload_days", "newer_noncurrent_versions"):
        if rule.get(option) is not None and int(rule[option]) < 1:
            yield option, "least", dict(value=rule[option], limit=1)
    for one in [rule, *old_moves]:
        if int(one.get("newer_noncurrent_versions") or 0) > 100:
            yield "newer_noncurrent_versions", "most", dict(value=one["newer_noncurrent_versions"], limit=100)


def _moves(option, days, moves, rule, end):
    """Transitions happen once to a class, ever colder, and before the end."""
    known = [one for one in moves if one.get("storage_class") in COLDER]
    classes = [one["storage_class"] for one in known]
    if len(set(classes)) < len(classes):
        yield option, "item_twice", dict(value=", ".join(classes))
    timed = sorted((one for one in known if one.get(days) is not None), key=lambda one: COLDER.index(one["storage_class"]))
    before = None
    for one in timed:
        least = STAYS if one["storage_class"] in INFREQUENT else 0
        if before is not None:
            gap = STAYS if before["storage_class"] in INFREQUENT and one["storage_class"] in GLACIER else 1
            least = max(least, int(before[days]) + gap)
        if int(one[days]) < least:
            yield f"{option}.{days}", "least", dict(value=one[days], limit=least)
        before = one
    last = max((int(one[days]) for one in timed), default=None)
    if rule.get(end) is not None and last is not None and int(rule[end]) <= last:
        yield end, "least", dict(value=rule[end], limit=last + 1)


def get_lifecycle(aws, bucket):
    found = answer(aws.s3.get_bucket_lifecycle_configuration, bucket, "NoSuchLifecycleConfiguration")
    return dict(lifecycle_rules=[rule_item(LIFECYCLE, rule) for rule in found.get("Rules", [])], _lifecycle=found)


def put_lifecycle(aws, have, change):
    rules = merged(partial(rule_document, LIFECYCLE), "id", "ID", have["_lifecycle"].get("Rules", []), change["lifecycle_rules"])
    if not rules:
        aws.s3.delete_bucket_lifecycle(Bucket=have["id"])
        return
    # The least size for transitions is an argument beside the rules: left out, it would go back to S3's own.
    beside = {name: value for name, value in have["_lifecycle"].items() if name != "Rules"}
    aws.s3.put_bucket_lifecycle_configuration(Bucket=have["id"], LifecycleConfiguration=dict(Rules=rules), **beside)


# ---- replication

REPLICATION = dict(
    id="ID",
    status="Status",
    priority="Priority",
    destination_bucket=Field("Destination.Bucket", name_in_arn, str),
    destination_account="Destination.Account",
    storage_class="Destination.StorageClass",
    access_control_translation_owner="Destination.AccessControlTranslation.Owner",
    replica_kms_key_id="Destination.EncryptionConfiguration.ReplicaKmsKeyID",
    sse_kms_encrypted_objects="SourceSelectionCriteria.SseKmsEncryptedObjects.Status",
    delete_marker_replication="DeleteMarkerReplication.Status",
)


def get_replication(aws, bucket):
    found = answer(aws.s3.get_bucket_replication, bucket, "ReplicationConfigurationNotFoundError").get("ReplicationConfiguration", {})
    return dict(
        replication_role=name_in_arn(found["Role"]) if "Role" in found else None,
        replication_rules=[rule_item(REPLICATION, rule) for rule in found.get("Rules", [])],
        _replication=found,
    )


def put_replication(aws, have, change):
    def write(item, rule):
        return rule_document(REPLICATION, dict(item, destination_bucket=bucket_arn(aws, item["destination_bucket"])), rule)

    rules, role = have["_replication"].get("Rules", []), have["_replication"].get("Role")
    if "replication_rules" in change:
        rules = merged(write, "id", "ID", rules, change["replication_rules"])
    if change.get("replication_role"):
        role = _deliveries.role_arn(aws, change["replication_role"])
    if rules:
        aws.s3.put_bucket_replication(Bucket=have["id"], ReplicationConfiguration=dict(have["_replication"], Role=role, Rules=rules))
    else:
        aws.s3.delete_bucket_replication(Bucket=have["id"])


# ---- tiering and inventory, each of which has its own Put

TIERING = dict(id="Id", status="Status", tierings=listed("Tierings", dict(access_tier="AccessTier", days="Days")))


def get_tiering(aws, bucket):
    found = pages(aws.s3.list_bucket_intelligent_tiering_configurations, bucket, "IntelligentTieringConfigurationList")
    return dict(intelligent_tiering_configurations=[rule_item(TIERING, one) for one in found], _tiering={one["Id"]: one for one in found})


def put_tiering(aws, have, change):
    wanted, gone = _each("intelligent_tiering_configurations", have, change)
    for item in wanted:
        document = rule_document(TIERING, item, have["_tiering"].get(item["id"], {}))
        if document["Filter"] == dict(Prefix=""):
            del document["Filter"]
        aws.s3.put_bucket_intelligent_tiering_configuration(Bucket=have["id"], Id=item["id"], IntelligentTieringConfiguration=document)
    for item in gone:
        aws.s3.delete_bucket_intelligent_tiering_configuration(Bucket=have["id"], Id=item["id"])


INVENTORY = dict(
    id="Id",
    is_enabled="IsEnabled",
    destination_bucket=Field("Destination.S3BucketDestination.Bucket", name_in_arn, str),
    destination_account="Destination.S3BucketDestination.AccountId",
    destination_prefix="Destination.S3BucketDestination.Prefix",
    format="Destination.S3BucketDestination.Format",
    prefix="Filter.Prefix",
    included_object_versions="IncludedObjectVersions",
    optional_fields="OptionalFields",
    frequency="Schedule.Frequency",
)


def get_inventory(aws, bucket):
    found = pages(aws.s3.list_bucket_inventory_configurations, bucket, "InventoryConfigurationList")
    return dict(inventory_configurations=[flat(INVENTORY, one) for one in found], _inventory={one["Id"]: one for one in found})


def put_inventory(aws, have, change):
    wanted, gone = _each("inventory_configurations", have, change)
    for item in wanted:
        item = dict(item, destination_bucket=bucket_arn(aws, item["destination_bucket"]))
        document = deep(INVENTORY, item, have["_inventory"].get(item["id"], {}))
        aws.s3.put_bucket_inventory_configuration(Bucket=have["id"], Id=item["id"], InventoryConfiguration=document)
    for item in gone:
        aws.s3.delete_bucket_inventory_configuration(Bucket=have["id"], Id=item["id"])


def _each(option, have, change):
    """The items to put and the items to delete."""
    delta = change[option]
    return ([], have[option]) if delta is None else (delta.coming, delta.remove)
