# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3's rule book: names, what a new bucket is like, and configurations that are kept whole."""

from __future__ import annotations

import copy
import itertools
import json
import re
import urllib.parse

from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random
from moto.s3.models import FakeBucket, S3Backend, s3_backends
from moto.s3.utils import bucket_policy_is_public

from .. import answers
from . import access
from .rules import Refused, RuleBook

# -- what moto knows ------------------------------------------------------------------------------

# Operations on buckets which moto understands. Any other it would take for one on the bucket itself:
# an unknown PUT would answer 200 and an unknown DELETE would delete the bucket.
KNOWN = {
    "CreateBucket",
    "DeleteBucket",
    "HeadBucket",
    "ListBuckets",
    "ListObjects",
    "ListObjectsV2",
    "ListObjectVersions",
    "ListMultipartUploads",
    "DeleteObjects",
    "GetBucketLocation",
    "GetBucketPolicyStatus",
    *(f"{verb}{name}" for verb in ("Get", "Put") for name in (
        "BucketAccelerateConfiguration",
        "BucketAcl",
        "BucketLogging",
        "BucketNotificationConfiguration",
        "BucketVersioning",
        "ObjectLockConfiguration",
    )),
    *(f"{verb}{name}" for verb in ("Get", "Put", "Delete") for name in (
        "BucketCors",
        "BucketEncryption",
        "BucketOwnershipControls",
        "BucketPolicy",
        "BucketReplication",
        "BucketTagging",
        "BucketWebsite",
        "PublicAccessBlock",
    )),
    "GetBucketLifecycleConfiguration",
    "PutBucketLifecycleConfiguration",
    "DeleteBucketLifecycle",
}  # fmt: skip
QUERY_OF_A_BUCKET = {"x-id", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"}
QUERY_OF_A_BUCKET |= {"X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}


class S3Book(RuleBook):
    def answer(self, environ, body, named, ask):
        if self.is_strange(environ, named):
            message = "A header or query you provided implies functionality that is not implemented."
            return answers.error("s3", 501, "NotImplemented", f"[double] {named.operation}: {message}")
        return super().answer(environ, body, named, ask)

    def is_strange(self, environ, named):
        operation = named.operation
        if operation in ("CreateBucket", "DeleteBucket"):
            query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
            return bool(set(query) - QUERY_OF_A_BUCKET)
        known = operation in KNOWN or operation in self.additions
        return not known and "Object" not in operation and "Part" not in operation and (
            "Multipart" not in operation
        )


BOOK = S3Book("s3")


def bucket_of(s3, name):
    """moto's bucket; of another account it cannot be told what is there."""
    if name in s3.buckets:
        return s3.buckets[name]
    if name in s3_backends.bucket_accounts:
        raise Refused("AccessDenied", "Access Denied", 403)
    raise Refused("NoSuchBucket", "The specified bucket does not exist", 404)


def malformed():
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return Refused("MalformedXML", message)


@BOOK.adds("ListBuckets")
def list_buckets(s3, Prefix, BucketRegion, MaxBuckets, ContinuationToken, **_):
    """ListBuckets: BucketRegion, "if the request contains at least one valid parameter"; pages of MaxBuckets."""
    asked = Prefix or BucketRegion or MaxBuckets or ContinuationToken
    found = sorted(s3.list_buckets(Prefix, BucketRegion, None), key=lambda bucket: bucket.name)
    found = [bucket for bucket in found if bucket.name > (ContinuationToken or "")]
    page = found[: int(MaxBuckets or 10000)]
    buckets = [
        {
            "Name": bucket.name,
            "CreationDate": bucket.creation_date,
            **({"BucketRegion": bucket.region_name} if asked else {}),
        }
        for bucket in page
    ]
    return {"Buckets": buckets, **({"ContinuationToken": page[-1].name} if len(page) < len(found) else {})}


# -- names and creation ---------------------------------------------------------------------------

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
FORBIDDEN_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
FORBIDDEN_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


@BOOK.rule("CreateBucket")
def the_name_is_allowed(_s3, Bucket, **_):
    """S3 guide, "General purpose bucket naming rules"."""
    sound = NAME.fullmatch(Bucket) and ".." not in Bucket
    sound = sound and not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", Bucket)
    sound = sound and not Bucket.startswith(FORBIDDEN_STARTS) and not Bucket.endswith(FORBIDDEN_ENDS)
    if not sound:
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


@BOOK.rule("CreateBucket")
def the_name_is_of_its_namespace(s3, Bucket, BucketNamespace, CreateBucketConfiguration, **_):
    """CreateBucket, BucketNamespace: names of the own namespace are prefix-accountId-region-an, and no others are there.

    What the error is called no document says.
    """
    own = re.fullmatch(r".+-(\d{12})-([a-z]+(?:-[a-z]+)+-\d+)-an", Bucket)
    wanted = (s3.account_id, (CreateBucketConfiguration or {}).get("LocationConstraint", "us-east-1"))
    if (BucketNamespace == "account-regional") != bool(own) or (own and own.groups() != wanted):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


@BOOK.rule("CreateBucket")
def the_name_is_nobody_elses(s3, Bucket, **_):
    """CreateBucket: BucketAlreadyExists (another account's)."""
    owner = s3_backends.bucket_accounts.get(Bucket)
    if owner is not None and owner[1] != s3.account_id:
        message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
        raise Refused("BucketAlreadyExists", message, 409)


@BOOK.rule("CreateBucket")
def no_acl_where_the_owner_is_enforced(_s3, ACL, ObjectOwnership, **_):
    """CreateBucket: InvalidBucketAclWithObjectOwnership; BucketOwnerEnforced is the default."""
    enforced = (ObjectOwnership or "BucketOwnerEnforced") == "BucketOwnerEnforced"
    if ACL not in (None, "private") and enforced:
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise Refused("InvalidBucketAclWithObjectOwnership", message)


@BOOK.patch(S3Backend, "log_incoming_request")
def logs_are_not_delivered(_original, _s3, _request, _bucket_name):
    """S3 guide, "Logging requests with server access logging": delivered "on a best-effort basis", hours
    later. moto puts an object for every request, so that even a look would change the target bucket.
    """


@BOOK.patch(S3Backend, "put_object_lock_configuration")
def a_bucket_in_use_can_be_locked(_original, s3, bucket_name, lock_enabled, mode=None, days=None, years=None):
    """PutObjectLockConfiguration: "You can enable Object Lock for new or existing buckets"; moto still
    wants an empty one.
    """
    bucket = s3.get_bucket(bucket_name)
    bucket.object_lock_enabled = bucket.object_lock_enabled or bool(lock_enabled)
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@BOOK.patch(FakeBucket, "set_cors")
def an_empty_id_of_a_rule_is_none(original, bucket, rules):
    """CORSRule.ID is a text of up to 255 characters, and may be empty (moto falls over it)."""
    original(bucket, [{name: value for name, value in rule.items() if value is not None} for rule in rules])


@BOOK.patch(S3Backend, "create_bucket")
def a_new_bucket_is_closed(original, s3, bucket_name, *args, **kwargs):
    """Since April 2023 new buckets have Block Public Access on and ACLs off; since January 2023
    they are encrypted with SSE-S3.
    """
    bucket = original(s3, bucket_name, *args, **kwargs)
    bucket.ownership_rule = "BucketOwnerEnforced"
    bucket.encryption = copy.deepcopy(SSE_S3)
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(bucket_name, dict.fromkeys(names, "true"))
    return bucket


@BOOK.patch(S3Backend, "delete_bucket_encryption")
def encryption_goes_back_to_sse_s3(_original, s3, bucket_name):
    """DeleteBucketEncryption: "resets the default encryption for the bucket as SSE-S3"."""
    bucket = s3.get_bucket(bucket_name)
    bucket.encryption = copy.deepcopy(SSE_S3)
    kept(bucket).pop("Encryption", None)


# -- settings -------------------------------------------------------------------------------------


@BOOK.rule("PutBucketVersioning")
def versioning_is_on_or_suspended(s3, Bucket, VersioningConfiguration, **_):
    """PutBucketVersioning: Enabled or Suspended, never again unversioned; not suspended under
    Object Lock.
    """
    bucket = bucket_of(s3, Bucket)
    status = (VersioningConfiguration or {}).get("Status")
    if status not in ("Enabled", "Suspended"):
        message = "The Versioning element must be specified"
        raise Refused("IllegalVersioningConfigurationException", message)
    if status == "Suspended" and bucket.object_lock_enabled:
        message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        raise Refused("InvalidBucketState", message, 409)


@BOOK.rule("PutBucketVersioning")
def replication_needs_versions(s3, Bucket, VersioningConfiguration, **_):
    """S3 guide, "Using versioning with replication": a source bucket's versioning cannot be suspended."""
    if (VersioningConfiguration or {}).get("Status") == "Suspended" and kept(bucket_of(s3, Bucket), "Replication"):
        message = "A replication configuration is present on this bucket, so the versioning state cannot be changed."
        raise Refused("InvalidBucketState", message, 409)


@BOOK.rule("PutBucketReplication")
def both_ends_keep_versions(s3, Bucket, ReplicationConfiguration, **_):
    """S3 guide, "Requirements for replicating objects": "Both source and destination buckets must have versioning enabled"."""
    if bucket_of(s3, Bucket).versioning_status != "Enabled":
        raise Refused("InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    for rule in (ReplicationConfiguration or {}).get("Rules") or []:
        name = rule.get("Destination", {}).get("Bucket", "").rpartition(":")[2]
        if name not in s3_backends.bucket_accounts:
            raise Refused("InvalidRequest", "Destination bucket must exist.")
        partition, account = s3_backends.bucket_accounts[name]
        if s3_backends[account][partition].buckets[name].versioning_status != "Enabled":
            raise Refused("InvalidRequest", "Destination bucket must have versioning enabled.")


@BOOK.rule("PutBucketReplication")
def replication_rules_are_sound(_s3, ReplicationConfiguration, **_):
    """ReplicationConfiguration.Rules: "at least one rule and can contain a maximum of 1,000"; ReplicationRule: with a Filter
    "you must also specify the DeleteMarkerReplication, Status, and Priority elements", which are each rule's own;
    DeleteMarkerReplication "is not supported for tag-based rules".
    """
    rules = (ReplicationConfiguration or {}).get("Rules") or []
    if not 1 <= len(rules) <= 1000 or any(rule.get("Status") not in ("Enabled", "Disabled") for rule in rules):
        raise malformed()
    if any(len(rule.get("ID", "")) > 255 for rule in rules):
        raise Refused("InvalidArgument", "Rule Id must be less than or equal to 255")
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        raise Refused("InvalidArgument", "Rule Id must be unique")
    filtered = [rule for rule in rules if rule.get("Filter") is not None]
    if filtered and len(filtered) < len(rules):
        raise Refused("InvalidRequest", "Rules with and without Filter cannot be mixed")
    for rule in filtered:
        if rule.get("Priority") is None:
            raise Refused("InvalidRequest", "Priority must be specified for this version of Cross Region Replication configuration schema.")
        if not rule.get("DeleteMarkerReplication"):
            message = "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema."
            raise Refused("InvalidRequest", message)
        if rule["DeleteMarkerReplication"].get("Status") == "Enabled" and tags_of(rule):
            raise Refused("InvalidRequest", "Delete marker replication is not supported if any Tag filter is specified.")
    priorities = [int(rule["Priority"]) for rule in filtered]
    if len(set(priorities)) < len(priorities):
        raise Refused("InvalidRequest", "Found same priority for more than one rule")


NOTIFIED = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")


@BOOK.rule("PutBucketNotificationConfiguration")
def notifications_do_not_overlap(_s3, NotificationConfiguration, **_):
    """S3 guide, "Configuring event notifications ... using object key name filtering": "cannot define filtering rules with
    overlapping prefixes, overlapping suffixes, or prefix and suffix overlapping for the same event types".
    """
    given = [one for name in NOTIFIED for one in (NotificationConfiguration or {}).get(name) or []]
    for one in given:
        for event in one.get("Events") or []:
            if event not in EVENTS:
                raise Refused("InvalidArgument", "The event is not supported for notifications")
    for number, one in enumerate(given):
        for other in given[number + 1 :]:
            if share_an_event(one, other) and both_may_match(one, other):
                message = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
                raise Refused("InvalidArgument", message)


EVENTS = set(get_service_model("s3").shape_for("Event").enum)


def share_an_event(one, other):
    return any(covers(a, b) or covers(b, a) for a in one.get("Events") or [] for b in other.get("Events") or [])


def covers(wide, narrow):
    return narrow == wide or (wide.endswith("*") and narrow.startswith(wide[:-1]))


def both_may_match(one, other):
    mine, theirs = affixes(one), affixes(other)
    begins = mine["prefix"].startswith(theirs["prefix"]) or theirs["prefix"].startswith(mine["prefix"])
    return begins and (mine["suffix"].endswith(theirs["suffix"]) or theirs["suffix"].endswith(mine["suffix"]))


def affixes(notification):
    rules = ((notification.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    return {"prefix": "", "suffix": "", **{rule["Name"].lower(): rule.get("Value") or "" for rule in rules}}


@BOOK.rule("PutBucketNotificationConfiguration")
def destinations_let_s3_in(s3, Bucket, NotificationConfiguration, SkipDestinationValidation, **_):
    """PutBucketNotificationConfiguration: "it first verifies that any ... (Amazon SNS) or ... (Amazon SQS) destination exists, and that the bucket
    owner has permission to publish to it by sending a test notification. In the case of Lambda destinations, Amazon S3 verifies that the Lambda
    function permissions grant Amazon S3 permission to invoke the function"; SkipDestinationValidation. S3 guide, "Granting permissions to
    publish event notification messages to a destination".
    """
    if str(SkipDestinationValidation).lower() == "true":
        return
    context = {"aws:SourceAccount": s3.account_id, "aws:SourceArn": f"arn:aws:s3:::{Bucket}", "aws:SecureTransport": "true"}
    given = NotificationConfiguration or {}
    wanted = [(one[member], action) for name, (member, action) in TOLD_BY.items() for one in given.get(name) or []]
    if not all(access.allows(access.policy_of(arn), action, arn, "s3.amazonaws.com", context) for arn, action in wanted):
        raise Refused("InvalidArgument", "Unable to validate the following destination configurations")


TOLD_BY = {
    "TopicConfigurations": ("TopicArn", "SNS:Publish"),
    "QueueConfigurations": ("QueueArn", "SQS:SendMessage"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda:InvokeFunction"),
}


@BOOK.rule("PutBucketIntelligentTieringConfiguration")
def tiers_have_their_days(_s3, IntelligentTieringConfiguration, **_):
    """Tiering.Days: "must be at least 90 for Archive Access tier and at least 180 for Deep Archive Access tier. The maximum
    can be up to 2 years (730 days)"; each tier once.
    """
    tiers = (IntelligentTieringConfiguration or {}).get("Tierings") or []
    least = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
    if not tiers or any(one.get("AccessTier") not in least for one in tiers):
        raise malformed()
    if len({one["AccessTier"] for one in tiers}) < len(tiers):
        raise Refused("InvalidArgument", "An access tier can be named once")
    for one in tiers:
        if not least[one["AccessTier"]] <= int(one.get("Days") or 0) <= 730:
            raise Refused("InvalidArgument", f"'Days' of {one['AccessTier']} must be from {least[one['AccessTier']]} to 730")


@BOOK.rule("PutBucketCors")
def cors_rules_are_sound(_s3, CORSConfiguration, **_):
    """CORSConfiguration.CORSRules: "up to 100 rules"; CORSRule.AllowedMethods "Valid values are GET, PUT, HEAD, POST, and
    DELETE"; S3 guide: an origin "can contain only one * wildcard character".
    """
    rules = (CORSConfiguration or {}).get("CORSRules") or []
    if not 1 <= len(rules) <= 100 or any(not rule.get("AllowedMethods") or not rule.get("AllowedOrigins") for rule in rules):
        raise malformed()
    for rule in rules:
        for method in rule["AllowedMethods"]:
            if method not in ("GET", "PUT", "HEAD", "POST", "DELETE"):
                message = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                raise Refused("InvalidRequest", message)
        for word in ("AllowedOrigins", "AllowedHeaders"):
            for value in rule.get(word) or []:
                if value.count("*") > 1:
                    raise Refused("InvalidRequest", f'{word.removesuffix("s")} "{value}" can not have more than one wildcard.')
        if "*" in "".join(rule.get("ExposeHeaders") or []):
            raise Refused("InvalidRequest", "ExposeHeader cannot contain a wildcard.")


@BOOK.rule("PutObjectLockConfiguration")
def locks_need_versions(s3, Bucket, **_):
    """S3 guide, "Object Lock considerations": enabling it "requires S3 Versioning"."""
    if bucket_of(s3, Bucket).versioning_status != "Enabled":
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise Refused("InvalidBucketState", message, 409)


@BOOK.rule("PutBucketPolicy")
def the_policy_is_sound(s3, Bucket, Policy, **_):
    """PutBucketPolicy: MalformedPolicy; AccessDenied for a public one under BlockPublicPolicy."""
    bucket = bucket_of(s3, Bucket)
    try:
        document = json.loads(Policy)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refused("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'") from None
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource", statement.get("NotResource", []))
        for one in resources if isinstance(resources, list) else [resources]:
            if not re.fullmatch(rf"arn:[^:]+:s3:::{re.escape(Bucket)}(/.*)?|\*", one):
                raise Refused("MalformedPolicy", "Policy has invalid resource")
    if blocks(bucket, "block_public_policy") and bucket_policy_is_public(Policy):
        because = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        message = f"User is not authorized to perform: s3:PutBucketPolicy on resource: {Bucket} {because}"
        raise Refused("AccessDenied", message, 403)


def blocks(bucket, name):
    block = bucket.public_access_block
    return block is not None and str(getattr(block, name)).lower() == "true"


@BOOK.rule("PutBucketAcl", "PutObjectAcl")
def acls_are_off(s3, Bucket, ACL, **_):
    """PutBucketAcl: AccessControlListNotSupported under BucketOwnerEnforced; AccessDenied for a
    public one under BlockPublicAcls.
    """
    bucket = bucket_of(s3, Bucket)
    if bucket.ownership_rule == "BucketOwnerEnforced" and ACL != "bucket-owner-full-control":
        message = "The bucket does not allow ACLs"
        raise Refused("AccessControlListNotSupported", message)
    if ACL in ("public-read", "public-read-write") and blocks(bucket, "block_public_acls"):
        raise Refused("AccessDenied", "Access Denied", 403)


@BOOK.rule("PutBucketEncryption")
def the_encryption_is_sound(s3, Bucket, ServerSideEncryptionConfiguration, **_):
    """ServerSideEncryptionByDefault: a key only with aws:kms and aws:kms:dsse."""
    bucket_of(s3, Bucket)
    rules = (ServerSideEncryptionConfiguration or {}).get("Rules") or []
    if len(rules) != 1:
        raise malformed()
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    algorithm = default.get("SSEAlgorithm", "AES256")
    if algorithm not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise malformed()
    if default.get("KMSMasterKeyID") and algorithm == "AES256":
        message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise Refused("InvalidArgument", message)


# -- configurations kept whole --------------------------------------------------------------------
# moto reads some of them only in part; what was put is what is got, as the service model has it.


def kept(bucket, name=None):
    """What is kept of a bucket; of one name for reading, which leaves no trace in its state."""
    if name is None:
        return vars(bucket).setdefault("configurations", {})
    return vars(bucket).get("configurations", {}).get(name)


def not_found(code, message):
    return Refused(code, message, 404)


def keep_whole(name, put, get, delete, member, absent, wrap=None, prepare=None):
    """One configuration of a bucket: `absent` is the error, or the answer, when there is none."""

    @BOOK.after(put)
    def keep(s3, Bucket, **given):
        value = given.get(member) or {}
        kept(s3.buckets[Bucket])[name] = prepare(value) if prepare else value

    @BOOK.adds(get)
    def give(s3, Bucket, **_):
        value = kept(bucket_of(s3, Bucket), name)
        if value is None:
            if isinstance(absent, Refused):
                raise absent
            return absent
        return {wrap: value} if wrap else value

    if delete:

        @BOOK.after(delete)
        def forget(s3, Bucket, **_):
            kept(s3.buckets[Bucket]).pop(name, None)


def with_ids(*lists):
    """Rules and destinations without an ID are given one."""

    def prepare(value):
        value = copy.deepcopy(value)
        for name, field in lists:
            for item in value.get(name) or []:
                item.setdefault(field, mock_random.get_random_hex(32))
        return value

    return prepare


keep_whole(
    "Lifecycle",
    "PutBucketLifecycleConfiguration",
    "GetBucketLifecycleConfiguration",
    "DeleteBucketLifecycle",
    "LifecycleConfiguration",
    not_found("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    prepare=with_ids(("Rules", "ID")),
)
keep_whole(
    "Replication",
    "PutBucketReplication",
    "GetBucketReplication",
    "DeleteBucketReplication",
    "ReplicationConfiguration",
    not_found(
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found"
    ),
    wrap="ReplicationConfiguration",
    prepare=with_ids(("Rules", "ID")),
)
keep_whole(
    "Encryption",
    "PutBucketEncryption",
    "GetBucketEncryption",
    None,
    "ServerSideEncryptionConfiguration",
    {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                    "BucketKeyEnabled": False,
                }
            ]
        }
    },
    wrap="ServerSideEncryptionConfiguration",
)
DESTINATIONS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
keep_whole(
    "Notification",
    "PutBucketNotificationConfiguration",
    "GetBucketNotificationConfiguration",
    None,
    "NotificationConfiguration",
    {},
    prepare=with_ids(*((name, "Id") for name in DESTINATIONS)),
)
keep_whole(
    "Logging", "PutBucketLogging", "GetBucketLogging", None, "BucketLoggingStatus", {}
)


SIZE_LIMIT = "TransitionDefaultMinimumObjectSize"


@BOOK.after("PutBucketLifecycleConfiguration")
def keep_the_least_size(s3, Bucket, **given):
    """PutBucketLifecycleConfiguration: all_storage_classes_128K unless something else is said."""
    limit = given.get(SIZE_LIMIT) or "all_storage_classes_128K"
    configurations = kept(s3.buckets[Bucket])
    configurations["Lifecycle"] = {**configurations["Lifecycle"], SIZE_LIMIT: limit}


@BOOK.rule("PutBucketLifecycleConfiguration")
def lifecycle_rules_are_sound(s3, Bucket, LifecycleConfiguration, **_):
    """LifecycleRule: a status, a filter or the old prefix, and at least one action; unique IDs."""
    bucket_of(s3, Bucket)
    rules = (LifecycleConfiguration or {}).get("Rules") or []
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        raise Refused("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    actions = {
        "Expiration",
        "Transitions",
        "NoncurrentVersionTransitions",
        "NoncurrentVersionExpiration",
        "AbortIncompleteMultipartUpload",
    }
    if not rules:
        raise malformed()
    for rule in rules:
        if rule.get("Status") not in ("Enabled", "Disabled"):
            raise malformed()
        if not actions & {key for key, value in rule.items() if value}:
            message = "At least one action needs to be specified in a rule"
            raise Refused("InvalidRequest", message)
        if len(rule.get("ID", "")) > 255:
            raise Refused("InvalidArgument", "ID length should not exceed allowed limit of 255")


# -- life cycles ----------------------------------------------------------------------------------

# S3 guide, "Supported lifecycle transitions": down this list, and from GLACIER_IR not to INTELLIGENT_TIERING's neighbours
COLDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
RULES = 1000


def argument(message):
    return Refused("InvalidArgument", message)


def request(message):
    return Refused("InvalidRequest", message)


@BOOK.rule("PutBucketLifecycleConfiguration")
def every_rule_can_be(_s3, LifecycleConfiguration, **_):
    """LifecycleRule and what it consists of, each as its function says; "up to 1,000 rules"."""
    rules = (LifecycleConfiguration or {}).get("Rules") or []
    if len(rules) > RULES:
        raise malformed()
    for rule in rules:
        the_filter_is_sound(rule)
        the_expiration_is_sound(rule)
        transitions_are_sound(rule)
        noncurrent_actions_are_sound(rule)
        uploads_have_no_tags(rule)


def the_filter_is_sound(rule):
    """LifecycleRuleFilter: "can have exactly one of Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, or And
    specified"; LifecycleRule.Prefix is the old way, and not both; And is of "two or more predicates".
    """
    if (rule.get("Prefix") is None) == (rule.get("Filter") is None):
        raise malformed()
    chosen = rule.get("Filter") or {}
    inner = chosen.get("And")
    if len(chosen) > 1 or (inner is not None and len([*inner.get("Tags", []), *(inner.keys() - {"Tags"})]) < 2):
        raise malformed()
    every = {**chosen, **(inner or {})}
    tags = tags_of(rule)
    if len({tag["Key"] for tag in tags}) < len(tags):
        raise argument("Duplicate Tag Keys are not allowed.")
    least, most = every.get("ObjectSizeGreaterThan"), every.get("ObjectSizeLessThan")
    if least is not None and most is not None and int(most) <= int(least):
        raise request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")


def tags_of(rule):
    chosen = rule.get("Filter") or {}
    return [*([chosen["Tag"]] if chosen.get("Tag") else []), *(chosen.get("And") or {}).get("Tags", [])]


def the_expiration_is_sound(rule):
    """LifecycleExpiration: Days "must be a non-zero positive integer", a Date "at midnight GMT", one of them;
    ExpiredObjectDeleteMarker "Cannot be specified with Days or Date", nor with tags.
    """
    expiration = rule.get("Expiration")
    if expiration is None:
        return
    if len([name for name in ("Days", "Date", "ExpiredObjectDeleteMarker") if expiration.get(name) is not None]) != 1:
        raise malformed()
    if expiration.get("Days") is not None and int(expiration["Days"]) < 1:
        raise argument("'Days' for Expiration action must be a positive integer")
    at_midnight(expiration)
    if expiration.get("ExpiredObjectDeleteMarker") is not None and tags_of(rule):
        raise request("ExpiredObjectDeleteMarker cannot be specified with Tags.")


MIDNIGHT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?(Z|\+00:00)?)?")


def at_midnight(action):
    if action.get("Date") is not None and not MIDNIGHT.fullmatch(str(action["Date"])):
        raise argument("'Date' must be at midnight GMT")


def transitions_are_sound(rule):
    """Transition: a class once; days or a date, the same way in a rule; S3 guide, "Transitioning objects": to Standard-IA and
    One Zone-IA after 30 days at the earliest, on from these after another 30 days, only to colder classes; and
    "the expiration must be later than the transition".
    """
    transitions, expiration = rule.get("Transitions") or [], rule.get("Expiration") or {}
    for one in transitions:
        if len([name for name in ("Days", "Date") if one.get(name) is not None]) != 1 or not one.get("StorageClass"):
            raise malformed()
        at_midnight(one)
        the_days_are_sound("Transition", one["StorageClass"], one.get("Days"), "Days")
    timed = [*transitions, *([expiration] if {"Days", "Date"} & expiration.keys() else [])]
    ways = {"Days" if one.get("Days") is not None else "Date" for one in timed}
    if transitions and len(ways) > 1:
        raise request("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule")
    in_order("Transition", transitions, "Days")
    in_order("Transition", transitions, "Date")
    for way in ("Days", "Date"):
        for one in transitions:
            if expiration.get(way) is not None and not ordered(one.get(way), expiration[way]):
                raise argument(f"'{way}' in the Expiration action must be greater than '{way}' in the Transition action")


def ordered(earlier, later):
    return int(earlier) < int(later) if str(later).isdigit() else str(earlier) < str(later)


def the_days_are_sound(action, storage_class, days, name):
    if storage_class not in COLDER:
        raise malformed()
    if days is None:
        return
    least = 30 if storage_class in INFREQUENT else 0
    if int(days) < least:
        raise argument(f"'{name}' in {action} action must be greater than or equal to {least} for storageClass '{storage_class}'")


def in_order(action, transitions, name):
    classes = [one["StorageClass"] for one in transitions]
    if len(set(classes)) < len(classes):
        raise request(f"'StorageClass' must be different for '{action}' actions in same 'Rule'")
    timed = sorted((one for one in transitions if one.get(name) is not None), key=lambda one: COLDER.index(one["StorageClass"]))
    for warm, cold in itertools.pairwise(timed):
        if not ordered(warm[name], cold[name]):
            raise argument(f"'{name}' in the {action} action for '{cold['StorageClass']}' must be greater than that for '{warm['StorageClass']}'")
        glacier = warm["StorageClass"] in INFREQUENT and cold["StorageClass"] in ("GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
        if name != "Date" and glacier and int(cold[name]) < int(warm[name]) + 30:
            raise argument(f"'{name}' in the {action} action for '{cold['StorageClass']}' must be 30 days more than that for '{warm['StorageClass']}'")


def noncurrent_actions_are_sound(rule):
    """NoncurrentVersionExpiration, NoncurrentVersionTransition: NoncurrentDays a "nonzero positive integer", as with
    transitions; NewerNoncurrentVersions "up to 100", with a Filter.
    """
    expiration, transitions = rule.get("NoncurrentVersionExpiration"), rule.get("NoncurrentVersionTransitions") or []
    for one in [*transitions, *([expiration] if expiration else [])]:
        if one.get("NoncurrentDays") is None:
            raise malformed()
        newer = one.get("NewerNoncurrentVersions")
        if newer is not None and not 1 <= int(newer) <= 100:
            raise argument("'NewerNoncurrentVersions' for NoncurrentVersion actions must be from 1 to 100")
        if newer is not None and rule.get("Filter") is None:
            raise request("NewerNoncurrentVersions needs a rule with a Filter")
    if expiration and int(expiration["NoncurrentDays"]) < 1:
        raise argument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
    for one in transitions:
        the_days_are_sound("NoncurrentVersionTransition", one.get("StorageClass"), one["NoncurrentDays"], "NoncurrentDays")
    in_order("NoncurrentVersionTransition", transitions, "NoncurrentDays")
    for one in transitions if expiration else ():
        if int(expiration["NoncurrentDays"]) <= int(one["NoncurrentDays"]):
            raise argument("'NoncurrentDays' in the NoncurrentVersionExpiration action must be greater than in the NoncurrentVersionTransition action")


def uploads_have_no_tags(rule):
    """S3 guide, "AbortIncompleteMultipartUpload": "You can't specify this lifecycle action in a rule that has a filter that
    uses object tags", nor sizes.
    """
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is None:
        return
    if int(abort.get("DaysAfterInitiation") or 0) < 1:
        raise argument("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")
    chosen = {**(rule.get("Filter") or {}), **((rule.get("Filter") or {}).get("And") or {})}
    if tags_of(rule):
        raise request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if "ObjectSizeGreaterThan" in chosen or "ObjectSizeLessThan" in chosen:
        raise request("AbortIncompleteMultipartUpload cannot be specified with ObjectSizeGreaterThan or ObjectSizeLessThan.")


# -- configurations that moto lacks ---------------------------------------------------------------


@BOOK.adds("GetBucketRequestPayment")
def get_request_payment(s3, Bucket, **_):
    """GetBucketRequestPayment."""
    return {"Payer": bucket_of(s3, Bucket).payer}


@BOOK.adds("PutBucketRequestPayment")
def put_request_payment(s3, Bucket, RequestPaymentConfiguration, **_):
    """PutBucketRequestPayment: Requester or BucketOwner."""
    payer = (RequestPaymentConfiguration or {}).get("Payer")
    if payer not in ("Requester", "BucketOwner"):
        raise malformed()
    bucket_of(s3, Bucket).payer = payer


def add_many(name, member, listed, most=1000):
    """Configurations of which a bucket has several, each under an Id."""
    missing = not_found("NoSuchConfiguration", "The specified configuration does not exist.")

    @BOOK.adds(f"Put{name}Configuration")
    def put(s3, Bucket, Id, **given):
        value = given.get(member) or {}
        if value.get("Id") != Id:
            raise Refused("InvalidArgument", "The Id in the query and in the body must be the same")
        mine = kept(bucket_of(s3, Bucket)).setdefault(name, {})
        if Id not in mine and len(mine) >= most:
            raise Refused("TooManyConfigurations", f"At most {most} configurations are allowed")
        mine[Id] = value

    @BOOK.adds(f"Get{name}Configuration")
    def get(s3, Bucket, Id, **_):
        mine = kept(bucket_of(s3, Bucket), name) or {}
        if Id not in mine:
            raise missing
        return {member: mine[Id]}

    @BOOK.adds(f"Delete{name}Configuration")
    def delete(s3, Bucket, Id, **_):
        mine = kept(bucket_of(s3, Bucket), name) or {}
        if Id not in mine:
            raise missing
        del mine[Id]

    @BOOK.adds(f"List{name}Configurations")
    def list_all(s3, Bucket, **_):
        mine = kept(bucket_of(s3, Bucket), name) or {}
        return {listed: [mine[key] for key in sorted(mine)], "IsTruncated": False}


for _name in ("Inventory", "IntelligentTiering", "Analytics", "Metrics"):
    add_many(f"Bucket{_name}", f"{_name}Configuration", f"{_name}ConfigurationList")


# -- removal --------------------------------------------------------------------------------------


@BOOK.rule("DeleteBucket")
def a_bucket_with_objects_stays(s3, Bucket, **_):
    """DeleteBucket: "All objects (including all object versions and delete markers) in the bucket
    must be deleted before".
    """
    if bucket_of(s3, Bucket).keys:
        raise Refused("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)


def own_buckets_only(s3, Bucket, **_):
    """A bucket of another account: 403, whatever is asked."""
    bucket_of(s3, Bucket)


for _operation in KNOWN - {"CreateBucket", "ListBuckets", "DeleteBucket"}:
    BOOK.rules.setdefault(_operation, []).insert(0, own_buckets_only)
