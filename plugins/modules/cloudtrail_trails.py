#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._documents import as_named, deep, flat, listed, merged
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, ref, tags
from ansible_collections.msp.aws.plugins.module_utils._options import merged as with_change

SERVICE = "cloudtrail.amazonaws.com"
AT_ONCE = 20  # ListTags takes as many
# Option → member of CreateTrail and UpdateTrail, where the value goes as it is.
PLAIN = dict(
    s3_key_prefix="S3KeyPrefix",
    sns_topic="SnsTopicName",
    include_global_service_events="IncludeGlobalServiceEvents",
    is_multi_region_trail="IsMultiRegionTrail",
    enable_log_file_validation="EnableLogFileValidation",
    kms_key_id="KmsKeyId",
    is_organization_trail="IsOrganizationTrail",
    recursive_logging="RecursiveLogging",
)
DATA_RESOURCE = dict(type="Type", values="Values")
BASIC = dict(
    read_write_type="ReadWriteType",
    include_management_events="IncludeManagementEvents",
    data_resources=listed("DataResources", DATA_RESOURCE),
    exclude_management_event_sources="ExcludeManagementEventSources",
)
OPERATORS = dict(
    equals="Equals",
    starts_with="StartsWith",
    ends_with="EndsWith",
    not_equals="NotEquals",
    not_starts_with="NotStartsWith",
    not_ends_with="NotEndsWith",
)
ADVANCED = dict(name="Name", field_selectors=listed("FieldSelectors", dict(field="Field", **OPERATORS)))
SELECTORS = {"event_selectors", "advanced_event_selectors"}
INSIGHT = dict(insight_type="InsightType", event_categories="EventCategories")
# What every trail records as long as nobody says otherwise.
DEFAULT_SELECTORS = [dict(ReadWriteType="All", IncludeManagementEvents=True, DataResources=[], ExcludeManagementEventSources=[])]


# ---- what is there


def find(aws, wanted):
    """Trails of this Region. Copies of other Regions' and of an organization's trails are found only to tell whose they are."""
    trails = aws.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=True)
    account, here = aws.account, aws.cloudtrail.meta.region_name
    found = [_have(aws, trail, _foreign(trail, account, here)) for trail in trails]
    own = [have for have in found if not have["_foreign"]]
    tagged = {}
    for start in range(0, len(own), AT_ONCE):
        arns = [have["id"] for have in own[start : start + AT_ONCE]]
        tagged.update({one["ResourceId"]: one["TagsList"] for one in aws.pages("cloudtrail", "list_tags", "ResourceTagList", ResourceIdList=arns)})
    for have in own:
        have["tags"] = _tags.as_dict(tagged.get(have["id"]))
    _spell_keys(aws, own, wanted or [])
    return found if wanted is not None else own


def _foreign(trail, account, here):
    owner = trail["TrailARN"].split(":")[4]
    if owner != account:
        return f"it is the organization's, kept by account {owner}: only there it can be changed"
    if trail["HomeRegion"] != here:
        return f"its home Region is {trail['HomeRegion']}, this run works in {here}: set the Region, or take another name"
    return None


def _have(aws, trail, foreign=None):
    have = dict(
        {option: trail.get(member) for option, member in PLAIN.items()},
        id=trail["TrailARN"],
        name=trail["Name"],
        s3_bucket_name=_deliveries.as_reference(aws, trail["S3BucketName"]),
        sns_topic=trail.get("SnsTopicARN"),
        enable_log_file_validation=trail.get("LogFileValidationEnabled"),
        cloud_watch_logs_log_group=_log_group_name(trail.get("CloudWatchLogsLogGroupArn")),
        cloud_watch_logs_role=(trail.get("CloudWatchLogsRoleArn") or "").rpartition("/")[2] or None,
        _insights=trail.get("HasInsightSelectors"),
        _foreign=foreign,
    )
    return {option: None if value == "" else value for option, value in have.items()}


def _log_group_name(arn):
    return arn.partition(":log-group:")[2].removesuffix(":*") if arn else None


def _spell_keys(aws, own, wanted):
    """CloudTrail answers with the ARN of a key, where the sheet may write its id or an alias."""
    spelt = {entry.get("name"): entry["kms_key_id"] for entry in wanted if entry.get("kms_key_id")}
    by_alias = any(key.rpartition(":")[2].startswith("alias/") for key in spelt.values())
    aliases = aws.once(_aliases) if by_alias else {}
    for have in own:
        key = spelt.get(have["name"], "").rpartition(":")[2]
        key_id = aliases.get(key, key).rpartition("/")[2]
        if key_id and str(have["kms_key_id"]).endswith(f"key/{key_id}"):
            have["kms_key_id"] = spelt[have["name"]]


def _aliases(aws):
    return {alias["AliasName"]: alias.get("TargetKeyId", "") for alias in aws.pages("kms", "list_aliases", "Aliases")}


def read(aws, have, names):
    _check_ours(have)
    found = {}
    if SELECTORS & {*names} or "logging" in names:
        status = aws.cloudtrail.get_trail_status(Name=have["id"])
        found["logging"] = status["IsLogging"]
        _warn_of_failures(aws, have, status)
    if (SELECTORS | {"insight_selectors"}) & {*names}:
        found.update(_selectors(aws.cloudtrail.get_event_selectors(TrailName=have["id"])))
        answer = aws.cloudtrail.get_insight_selectors(TrailName=have["id"]) if have["_insights"] else {}
        found["insight_selectors"] = [flat(INSIGHT, one) for one in answer.get("InsightSelectors", [])]
    return found


def _check_ours(have):
    if have["_foreign"]:
        raise Problem(f"the trail exists, but {have['_foreign']}")


def _warn_of_failures(aws, have, status):
    """CloudTrail goes on trying for 30 days, and bills for it."""
    for member, where in (("LatestDeliveryError", "bucket"), ("LatestCloudWatchLogsDeliveryError", "log group"), ("LatestNotificationError", "topic")):
        if status.get(member):
            aws.warn(f"trail {have['name']} does not reach its {where}: {status[member]}")


def _selectors(answer):
    basic, advanced = answer.get("EventSelectors") or [], answer.get("AdvancedEventSelectors") or []
    return dict(
        event_selectors=[flat(BASIC, one) for one in basic],
        # One without a name cannot be told from others; it stays.
        advanced_event_selectors=[flat(ADVANCED, one) for one in advanced if one.get("Name")],
        _basic=basic,
        _advanced=advanced,
    )


# ---- writing


def create(aws, want):
    """A new trail records nothing yet: logging is switched on when it is as the sheet says."""
    _check_payer(aws, want["s3_bucket_name"])
    arguments = dict(Name=want["name"], **_arguments(aws, want))
    if want.get("tags"):
        arguments["TagsList"] = _tags.as_list(want["tags"])
    try:
        with _deliveries.explained(SERVICE, want["s3_bucket_name"]):
            trail = aws.cloudtrail.create_trail(**arguments)
    except AWS_ERRORS as error:
        if code_of(error) == "MaximumNumberOfTrailsExceededException":
            raise Problem(f"{code_of(error)}: this Region has as many trails as AWS allows: {', '.join(_listed(aws))}") from error
        raise
    selectors = dict(EventSelectors=copy.deepcopy(DEFAULT_SELECTORS))
    return dict(_have(aws, trail), tags=want.get("tags", {}), logging=False, insight_selectors=[], **_selectors(selectors))


def _listed(aws):
    with aws.reading():
        trails = aws.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=True)
    return sorted(f"{trail['Name']} ({trail['HomeRegion']}{', organization' if trail.get('IsOrganizationTrail') else ''})" for trail in trails)


def _check_payer(aws, bucket):
    """CloudTrail would take the bucket and then never deliver."""
    if not bucket.startswith("arn:") and aws.once(_payer, bucket) == "Requester":
        raise Problem(f"CloudTrail cannot deliver to {bucket}, where the requester pays: set request_payer: BucketOwner in s3_buckets first")


def _payer(aws, bucket):
    return aws.s3.get_bucket_request_payment(Bucket=bucket)["Payer"]


def _arguments(aws, change):
    """UpdateTrail takes away what is set to nothing."""
    arguments = {member: "" if change[option] is None else change[option] for option, member in PLAIN.items() if option in change}
    if "s3_bucket_name" in change:
        arguments["S3BucketName"] = _deliveries.bucket_name(change["s3_bucket_name"])
    if "cloud_watch_logs_log_group" in change:
        group = change["cloud_watch_logs_log_group"]
        arguments["CloudWatchLogsLogGroupArn"] = aws.once(_log_group_arn, group) if group else ""
    if "cloud_watch_logs_role" in change:
        role = change["cloud_watch_logs_role"]
        arguments["CloudWatchLogsRoleArn"] = _deliveries.role_arn(aws, role) if role else ""
    return arguments


def _log_group_arn(aws, name):
    groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next(f"{group['arn'].removesuffix(':*')}:*" for group in groups if group["logGroupName"] == name)


def update(aws, have, change):
    trail = have["id"]
    arguments = _arguments(aws, change)
    if "s3_bucket_name" in change:
        _check_payer(aws, change["s3_bucket_name"])
    if change.get("logging") is False:
        aws.cloudtrail.stop_logging(Name=trail)
    if arguments:
        with _deliveries.explained(SERVICE, change.get("s3_bucket_name") or have["s3_bucket_name"]):
            aws.cloudtrail.update_trail(Name=trail, **arguments)
    if SELECTORS & change.keys():
        aws.cloudtrail.put_event_selectors(TrailName=trail, **_selector_arguments(have, change))
    if "insight_selectors" in change:
        wanted = with_change(KIND.options, have, dict(insight_selectors=change["insight_selectors"]))["insight_selectors"] or []
        aws.cloudtrail.put_insight_selectors(TrailName=trail, InsightSelectors=[deep(INSIGHT, one, {}) for one in wanted])
    put, gone = _tags.split(have, change)
    if put:
        aws.cloudtrail.add_tags(ResourceId=trail, TagsList=_tags.as_list(put))
    if gone:
        aws.cloudtrail.remove_tags(ResourceId=trail, TagsList=[dict(Key=key) for key in gone])
    if change.get("logging"):
        aws.cloudtrail.start_logging(Name=trail)
        aws.wait(f"logging of trail {have['name']}", lambda: aws.cloudtrail.get_trail_status(Name=trail)["IsLogging"], bool, limit=60)


def _selector_arguments(have, change):
    """PutEventSelectors takes the whole: fields and selectors that nobody named go with it as they are."""
    if change.get("event_selectors"):
        there = have["_basic"] if len(have["_basic"]) == len(change["event_selectors"]) else [{}] * len(change["event_selectors"])
        return dict(EventSelectors=[deep(BASIC, one, document) for one, document in zip(change["event_selectors"], there, strict=True)])
    delta = change.get("advanced_event_selectors")
    advanced = merged(lambda item, document: deep(ADVANCED, item, document), "name", "Name", have["_advanced"], delta)
    return dict(AdvancedEventSelectors=advanced) if advanced else dict(EventSelectors=DEFAULT_SELECTORS)


def delete(aws, have):
    _check_ours(have)
    aws.cloudtrail.delete_trail(Name=have["id"])


# ---- what to think about first


def refuse(want, have, change):
    after = with_change(KIND.options, have, change)
    if after.get("is_multi_region_trail") and after.get("include_global_service_events") is False:
        raise Problem("a trail of all Regions records global services too: is_multi_region_trail needs include_global_service_events: true")
    if bool(after.get("cloud_watch_logs_log_group")) != bool(after.get("cloud_watch_logs_role")):
        raise Problem("cloud_watch_logs_log_group and cloud_watch_logs_role go together: name both, or clear both")
    _check_selectors(have, after, change)
    _check_insights(have, after)
    for selector in change["advanced_event_selectors"].add if change.get("advanced_event_selectors") else ():
        if not selector.get("field_selectors"):
            raise Problem(f"advanced_event_selectors {selector['name']!r} is new and needs field_selectors")


def _check_selectors(have, after, change):
    """A trail has selectors of one sort; writing one drops the other, which the sheet has to say."""
    basic, advanced = have.get("event_selectors"), have.get("advanced_event_selectors")
    if change.get("event_selectors") and advanced and after.get("advanced_event_selectors"):
        raise Problem(f"the trail has advanced_event_selectors {advanced}, which event_selectors would drop: if that is meant, clear them too")
    if change.get("advanced_event_selectors") and _custom(basic) and after.get("event_selectors"):
        raise Problem(f"the trail has event_selectors {basic}, which advanced_event_selectors would drop: if that is meant, clear them too")
    if "event_selectors" in change and not change["event_selectors"] and not after.get("advanced_event_selectors"):
        raise Problem("a trail has selectors: name event_selectors as they shall be, or advanced_event_selectors in their place")


def _check_insights(have, after):
    """PutInsightSelectors: Insights look at what the trail records. What a selector without a name records is not known here."""
    if any(not one.get("Name") for one in (have or {}).get("_advanced", ())):
        return
    records = _management(after) if any(after.get(sort) for sort in SELECTORS) else {"read", "write"}
    for one in after.get("insight_selectors") or []:
        looked_at = {"write"} if one["insight_type"] == "ApiCallRateInsight" else {"read", "write"}
        categories = one.get("event_categories") or ["Management"]
        if "Management" in categories and not records & looked_at:
            kinds = " or ".join(sorted(looked_at))
            raise Problem(f"insight_selectors {one['insight_type']} needs management events that {kinds}, which the selectors of the trail do not record")
        if "Data" in categories and not _records_data(after):
            raise Problem(f"insight_selectors {one['insight_type']} of Data needs data events, which the selectors of the trail do not record")


# What a trail no longer does when these are switched off.
SWITCHED_OFF = dict(
    logging="would stop recording what is done in the account",
    is_multi_region_trail="would stop recording what is done in all other Regions",
    include_global_service_events="would stop recording what is done in global services such as IAM",
    enable_log_file_validation="would break the chain of digest files: whether logs were changed could not be proven from then on",
    is_organization_trail="would stop recording what is done in the other accounts of the organization",
)
CLEARED = dict(
    kms_key_id="would no longer encrypt new log files with the key",
    cloud_watch_logs_log_group="would stop sending events to the log group: metric filters and alarms on it fall silent",
    sns_topic="would no longer tell the topic of new log files",
)


def danger(have, change):
    if not have:
        return _said(_expensive(have, change) + _joining(change))
    reasons = [why for option, why in SWITCHED_OFF.items() if change.get(option) is False]
    reasons += [why for option, why in CLEARED.items() if option in change and change[option] is None]
    reasons += _joining(change) + _dropped(have, change) + _expensive(have, change)
    return _said(reasons)


def _said(reasons):
    return "; ".join(reasons) or None


def _joining(change):
    return ["would make this trail in every account of the organization"] if change.get("is_organization_trail") else []


def _dropped(have, change):
    """Management events may go with the selectors that are dropped or replaced."""
    if not SELECTORS & change.keys():
        return []
    after = with_change(KIND.options, have, change)
    if not change.get("event_selectors"):
        after["event_selectors"] = [] if after.get("advanced_event_selectors") else [flat(BASIC, one) for one in DEFAULT_SELECTORS]
    reasons = [f"would drop the event selectors {have['event_selectors']}"] if _custom(have["event_selectors"]) and not after["event_selectors"] else []
    if change.get("event_selectors") and have.get("advanced_event_selectors"):
        reasons.append(f"would drop the advanced event selectors {', '.join(one['name'] for one in have['advanced_event_selectors'])}")
    # A trail that does not record, such as one whose making was broken off, has nothing to lose.
    lost = sorted(_management(have) - _management(after)) if have["logging"] else []
    return reasons + ([f"would stop recording management events that {' and '.join(lost)}"] if lost else [])


def _custom(selectors):
    return bool(selectors) and not as_named([flat(BASIC, one) for one in DEFAULT_SELECTORS], selectors)


def _management(trail):
    """Which management events are recorded at all."""
    found = set()
    for one in trail.get("event_selectors") or []:
        if one.get("include_management_events", True):
            found |= dict(ReadOnly={"read"}, WriteOnly={"write"}).get(one.get("read_write_type"), {"read", "write"})
    for one in trail.get("advanced_event_selectors") or []:
        fields = {field["field"]: field.get("equals") for field in one.get("field_selectors", [])}
        if "Management" in (fields.get("eventCategory") or []):
            found |= {"true": {"read"}, "false": {"write"}}.get(str((fields.get("readOnly") or [None])[0]).lower(), {"read", "write"})
    return found


def _records_data(trail):
    basic = any(one.get("data_resources") for one in trail.get("event_selectors") or [])
    fields = [field for one in trail.get("advanced_event_selectors") or [] for field in one.get("field_selectors") or []]
    return basic or any(field["field"] == "eventCategory" and "Data" in (field.get("equals") or []) for field in fields)


WHOLE = {"arn:aws:s3", "arn:aws:s3:::", "arn:aws:lambda", "arn:aws:dynamodb"}


def _expensive(have, change):
    """Data events are charged one by one, and these selectors take every one there is."""
    before, after = set(_whole(have)), set(_whole(with_change(KIND.options, have, {name: value for name, value in change.items() if value is not None})))
    new = sorted(after - before)
    return [f"would record, and be charged for, every single data event of {', '.join(new)} in the account"] if new else []


def _whole(trail):
    for one in trail.get("event_selectors") or []:
        yield from (data["type"] for data in one.get("data_resources") or [] if set(data.get("values") or []) & WHOLE)
    for one in trail.get("advanced_event_selectors") or []:
        fields = {field["field"]: field for field in one.get("field_selectors") or []}
        if "Data" in (fields.get("eventCategory", {}).get("equals") or []) and "resources.ARN" not in fields:
            yield from fields.get("resources.type", {}).get("equals") or ["all types"]


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if entry.get("is_multi_region_trail") and entry.get("include_global_service_events") is False:
            yield index, "include_global_service_events", "needs", dict(value=False, other="include_global_service_events: true")
        if all(entry.get(sort) for sort in SELECTORS):
            both = ", ".join(sorted(SELECTORS, key=len))
            yield index, "advanced_event_selectors", "one_of", dict(value=both, other=both)


# ---- the declaration


def _basic_selectors():
    api = "PutEventSelectors.EventSelectors"
    options = dict(
        read_write_type=Option(api=f"{api}.ReadWriteType"),
        include_management_events=Option("bool"),
        data_resources=Option(
            "list", "dict", options=dict(type=Option(required=True), values=Option("list", "str", required=True)), same=as_named
        ),
        exclude_management_event_sources=Option("list", "str"),
    )
    return Option("list", "dict", clearable=True, options=options, same=as_named)


def _advanced_selectors():
    api = "PutEventSelectors.AdvancedEventSelectors"
    operators = {name: Option("list", "str", api=f"{api}.FieldSelectors.{member}") for name, member in OPERATORS.items()}
    field_selectors = Option(
        "list", "dict", options=dict(field=Option(required=True, api=f"{api}.FieldSelectors.Field"), **operators), same=as_named
    )
    return items(key=("name",), clearable=True, options=dict(name=Option(required=True, api=f"{api}.Name"), field_selectors=field_selectors))


def _insights():
    api = "PutInsightSelectors.InsightSelectors"
    options = dict(
        insight_type=Option(required=True, api=f"{api}.InsightType"),
        event_categories=Option("list", "str", api=f"{api}.EventCategories", same=lambda one, other: set(one) == set(other)),
    )
    return items(key=("insight_type",), clearable=True, options=options)


def _same_bucket(one, other):
    return _deliveries.bucket_name(one) == _deliveries.bucket_name(other)


KIND = Kind(
    name="cloudtrail_trails",
    identity=("name",),
    options=dict(
        name=fixed(),
        s3_bucket_name=ref("s3_buckets", required=True, elsewhere=True, same=_same_bucket),
        s3_key_prefix=Option(clearable=True),
        sns_topic=ref("sns_topics", elsewhere=True, clearable=True),
        include_global_service_events=Option("bool"),
        is_multi_region_trail=Option("bool"),
        enable_log_file_validation=Option("bool"),
        cloud_watch_logs_log_group=ref("logs_log_groups", clearable=True),
        cloud_watch_logs_role=ref("iam_roles", clearable=True),
        kms_key_id=Option(clearable=True),
        is_organization_trail=Option("bool"),
        recursive_logging=Option("bool"),
        event_selectors=_basic_selectors(),
        advanced_event_selectors=_advanced_selectors(),
        insight_selectors=_insights(),
        logging=Option("bool"),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    not_yet=(*_deliveries.NOT_YET, r"\(InvalidCloudWatchLogs(LogGroup|Role)ArnException\)", r"\((ConflictException|TrailAlreadyExistsException)\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
