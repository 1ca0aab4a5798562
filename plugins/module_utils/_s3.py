# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bucket. S3 keeps each in a sub-resource of its own, with its own Get and its own Put of the whole.

Private to the collection. SETTINGS are in the order in which they are written: what others need comes first, and the policy,
which can forbid the rest, last. A `get` returns options, and under a name that starts with _ the document they came from; the
`put` of the same setting starts from that document.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _policies, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, Fields, deep, flat, listed, merged
from ansible_collections.msp.aws.plugins.module_utils._options import Option, instead, items
from ansible_collections.msp.aws.plugins.module_utils._options import merged as with_change

TLS_SID = "RequireTls"
# Services that write logs or records into the bucket, each by a statement of its own in the policy.
DELIVERIES = items(key=("service", "prefix"), clearable=True, options=dict(service=Option(required=True), prefix=Option(), source_arn=Option()))
POLICY = dict(policy=Option(), require_tls=Option("bool"), deliveries=DELIVERIES)


class Setting(NamedTuple):
    options: tuple[str, ...]
    get: Callable[[Aws, str], dict]
    put: Callable[[Aws, Mapping, Mapping], None]


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


# ---- access


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


def bucket_arn(aws, bucket):
    return f"arn:{aws.s3.meta.partition}:s3:::{bucket}"


# ---- protection of what is in it

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


# ---- rules that apply to a part of the objects


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


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html. Buckets that were made before these rules, or in the account's own
# namespace, have other names.
NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]")
NAME_SIZES = (3, 63)
KEPT_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
KEPT_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def wrong_name(name):
    """Why no new bucket can be called so, as a code and a limit, or None."""
    if not NAME_SIZES[0] <= len(name) <= NAME_SIZES[1]:
        return ("shortest", NAME_SIZES[0]) if len(name) < NAME_SIZES[0] else ("longest", NAME_SIZES[1])
    if not NAME.fullmatch(name):
        return "bucket_name", None
    start = next((start for start in KEPT_STARTS if name.startswith(start)), None)
    end = next((end for end in KEPT_ENDS if name.endswith(end)), None)
    return ("reserved_start", start) if start else ("reserved_end", end) if end else None


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


def name_in_arn(arn):
    return arn.rpartition(":")[2].rpartition("/")[2]


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
        role = aws.once(_role_arn, change["replication_role"])
    if rules:
        aws.s3.put_bucket_replication(Bucket=have["id"], ReplicationConfiguration=dict(have["_replication"], Role=role, Rules=rules))
    else:
        aws.s3.delete_bucket_replication(Bucket=have["id"])


def _role_arn(aws, name):
    """A role can have a path, so the ARN cannot be told from the name."""
    return aws.iam.get_role(RoleName=name)["Role"]["Arn"]


# ---- what happens with requests

LOGGING = dict(target_bucket="TargetBucket", target_prefix="TargetPrefix")


def get_logging(aws, bucket):
    found = answer(aws.s3.get_bucket_logging, bucket).get("LoggingEnabled", {})
    return dict(logging=flat(LOGGING, found) or None, _logging=found)


def put_logging(aws, have, change):
    wanted = change["logging"]
    status = dict(LoggingEnabled=dict(dict(TargetPrefix=""), **deep(LOGGING, wanted, have["_logging"]))) if wanted else {}
    aws.s3.put_bucket_logging(Bucket=have["id"], BucketLoggingStatus=status)


KEY_FILTER = Field(
    "Filter.Key.FilterRules",
    lambda rules: {rule["Name"].lower(): rule["Value"] for rule in rules},
    lambda wanted: [dict(Name=name, Value=value) for name, value in wanted.items()],
)


def _destination(option, member):
    return {"id": "Id", option: member, "events": "Events", "_filter": KEY_FILTER}


DESTINATIONS = dict(
    topic_configurations=("TopicConfigurations", _destination("topic", "TopicArn")),
    queue_configurations=("QueueConfigurations", _destination("queue_arn", "QueueArn")),
    lambda_function_configurations=("LambdaFunctionConfigurations", _destination("lambda_function_arn", "LambdaFunctionArn")),
)


def get_notification(aws, bucket):
    found = answer(aws.s3.get_bucket_notification_configuration, bucket)
    options = {option: [_event_item(fields, one) for one in found.get(member, [])] for option, (member, fields) in DESTINATIONS.items()}
    return dict(options, event_bridge="EventBridgeConfiguration" in found, _notification=found)


def _event_item(fields, found):
    item = flat(fields, found)
    return {**item, **item.pop("_filter", {})}


def _event_document(fields, item, found):
    wanted = {name: item[name] for name in ("prefix", "suffix") if item.get(name)}
    return deep(fields, dict(item, _filter=wanted or None), found)


def put_notification(aws, have, change):
    """All destinations of all sorts are one document."""
    whole = dict(have["_notification"])
    for option, (member, fields) in DESTINATIONS.items():
        if option in change:
            whole[member] = merged(partial(_event_document, fields), "id", "Id", whole.get(member, []), change[option])
    if change.get("event_bridge"):
        whole["EventBridgeConfiguration"] = {}
    elif "event_bridge" in change:
        del whole["EventBridgeConfiguration"]
    aws.s3.put_bucket_notification_configuration(Bucket=have["id"], NotificationConfiguration=whole)


CORS = dict(
    id="ID",
    allowed_origins="AllowedOrigins",
    allowed_methods="AllowedMethods",
    allowed_headers="AllowedHeaders",
    expose_headers="ExposeHeaders",
    max_age_seconds="MaxAgeSeconds",
)


def get_cors(aws, bucket):
    found = answer(aws.s3.get_bucket_cors, bucket, "NoSuchCORSConfiguration")
    return dict(cors_rules=[flat(CORS, rule) for rule in found.get("CORSRules", [])])


def put_cors(aws, have, change):
    if change["cors_rules"]:
        rules = [deep(CORS, rule, {}) for rule in change["cors_rules"]]
        aws.s3.put_bucket_cors(Bucket=have["id"], CORSConfiguration=dict(CORSRules=rules))
    else:
        aws.s3.delete_bucket_cors(Bucket=have["id"])


ROUTING_RULE = dict(
    key_prefix_equals="Condition.KeyPrefixEquals",
    http_error_code_returned_equals="Condition.HttpErrorCodeReturnedEquals",
    host_name="Redirect.HostName",
    protocol="Redirect.Protocol",
    http_redirect_code="Redirect.HttpRedirectCode",
    replace_key_prefix_with="Redirect.ReplaceKeyPrefixWith",
    replace_key_with="Redirect.ReplaceKeyWith",
)
WEBSITE = dict(
    index_document="IndexDocument.Suffix",
    error_document="ErrorDocument.Key",
    redirect_all_requests_to="RedirectAllRequestsTo.HostName",
    redirect_all_requests_protocol="RedirectAllRequestsTo.Protocol",
    routing_rules=listed("RoutingRules", ROUTING_RULE),
)


def get_website(aws, bucket):
    found = answer(aws.s3.get_bucket_website, bucket, "NoSuchWebsiteConfiguration")
    return dict(website=flat(WEBSITE, found) or None, _website=found)


def put_website(aws, have, change):
    if change["website"]:
        aws.s3.put_bucket_website(Bucket=have["id"], WebsiteConfiguration=deep(WEBSITE, change["website"], have["_website"]))
    else:
        aws.s3.delete_bucket_website(Bucket=have["id"])


def get_accelerate(aws, bucket):
    return dict(accelerate=answer(aws.s3.get_bucket_accelerate_configuration, bucket).get("Status"))


def put_accelerate(aws, have, change):
    aws.s3.put_bucket_accelerate_configuration(Bucket=have["id"], AccelerateConfiguration=dict(Status=change["accelerate"]))


def get_request_payer(aws, bucket):
    return dict(request_payer=answer(aws.s3.get_bucket_request_payment, bucket)["Payer"])


def put_request_payer(aws, have, change):
    aws.s3.put_bucket_request_payment(Bucket=have["id"], RequestPaymentConfiguration=dict(Payer=change["request_payer"]))


# ---- configurations of which a bucket has several, each with its own Put

TIERING = dict(id="Id", status="Status", tierings=listed("Tierings", dict(access_tier="AccessTier", days="Days")))


def _pages(call, bucket, result):
    """boto has no paginators for these lists."""
    found, token = [], {}
    while True:
        page = call(Bucket=bucket, **token)
        found += page.get(result, [])
        if not page.get("IsTruncated"):
            return found
        token = dict(ContinuationToken=page["NextContinuationToken"])


def get_tiering(aws, bucket):
    found = _pages(aws.s3.list_bucket_intelligent_tiering_configurations, bucket, "IntelligentTieringConfigurationList")
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
    found = _pages(aws.s3.list_bucket_inventory_configurations, bucket, "InventoryConfigurationList")
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


# ---- tags


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
    Setting(("object_ownership",), get_ownership, put_ownership),
    Setting(("public_access_block",), get_public_access_block, put_public_access_block),
    Setting(("encryption",), get_encryption, put_encryption),
    Setting(("versioning",), get_versioning, put_versioning),
    Setting(("object_lock_enabled_for_bucket", "object_lock_default_retention"), get_object_lock, put_object_lock),
    Setting(("lifecycle_rules",), get_lifecycle, put_lifecycle),
    Setting(("replication_role", "replication_rules"), get_replication, put_replication),
    Setting(("logging",), get_logging, put_logging),
    Setting((*DESTINATIONS, "event_bridge"), get_notification, put_notification),
    Setting(("cors_rules",), get_cors, put_cors),
    Setting(("website",), get_website, put_website),
    Setting(("accelerate",), get_accelerate, put_accelerate),
    Setting(("request_payer",), get_request_payer, put_request_payer),
    Setting(("intelligent_tiering_configurations",), get_tiering, put_tiering),
    Setting(("inventory_configurations",), get_inventory, put_inventory),
    Setting(tuple(POLICY), get_policy, put_policy),
)
