# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail: the event history, which moto lacks, and trails, which have to reach what they deliver to."""

from __future__ import annotations

import base64
import binascii
import copy
import datetime
import json
import re

from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.core.utils import get_service_model, utcnow
from moto.logs.models import logs_backends
from moto.organizations.models import organizations_backends
from moto.sns.models import sns_backends

from ..trail import TRAIL
from . import access
from .rules import Refused, RuleBook

BOOK = RuleBook("cloudtrail")

DAYS = 90  # LookupEvents: "events that occurred in a Region within the last 90 days"
PAGE = 50  # MaxResults: "Possible values are 1 through 50. The default is 50."
LONGEST = 2000  # AttributeValue: "The maximum length ... is 2000 characters"


@BOOK.adds("LookupEvents")
def lookup_events(cloudtrail, LookupAttributes, StartTime, EndTime, EventCategory, MaxResults, NextToken, **_):
    """LookupEvents: newest first, at most one attribute; Insights events are of trails that nobody enabled."""
    wanted = one_attribute(LookupAttributes or [])
    size = page_size(MaxResults)
    if StartTime and EndTime and StartTime > EndTime:
        raise Refused("InvalidTimeRangeException", "The start time must be before the end time.")
    if EventCategory not in (None, "insight"):
        raise Refused("InvalidEventCategoryException", f"Invalid event category: {EventCategory}")
    question = json.dumps([wanted, StartTime, EndTime, EventCategory], default=str)
    before = read_token(NextToken, question)
    first = max(StartTime or datetime.datetime.min, utcnow() - datetime.timedelta(days=DAYS))
    found = [
        told
        for told in TRAIL.events(cloudtrail.account_id, cloudtrail.region_name)
        if told.time >= first.replace(microsecond=0)
        and (EndTime is None or told.time <= EndTime)
        and (before is None or told.n < before)
        and EventCategory is None
        and answers_to(told.entry(), wanted)
    ]
    page = {"Events": [told.entry() for told in found[:size]]}
    return {**page, "NextToken": token(found[size - 1].n, question)} if len(found) > size else page


def one_attribute(attributes):
    """LookupAttributes: "Currently the list can contain only one item"; its keys are the model's."""
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    if not attributes:
        return None
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    keys = get_service_model("cloudtrail").shape_for("LookupAttributeKey").enum
    if key not in keys:
        raise Refused("InvalidLookupAttributesException", f"Lookup attribute key {key!r} is not one of {', '.join(keys)}.")
    if not value or len(value) > LONGEST:
        raise Refused("InvalidLookupAttributesException", f"The value of a lookup attribute has 1 to {LONGEST} characters.")
    return key, value


def page_size(wanted):
    if wanted is not None and not 1 <= wanted <= PAGE:
        raise Refused("InvalidMaxResultsException", f"A maximum results value of {wanted} was specified. Enter a value between 1 and {PAGE}.")
    return wanted or PAGE


def answers_to(entry, wanted):
    if wanted is None:
        return True
    key, value = wanted
    if key in ("ResourceType", "ResourceName"):
        return any(resource[key] == value for resource in entry["Resources"])
    return entry[key] == value


# -- NextToken: "must be passed in with the same parameters that were specified in the original call" --


def token(last, question):
    return base64.urlsafe_b64encode(json.dumps([last, question]).encode()).decode()


def read_token(given, question):
    """The number of the last event that was shown; None for the first page."""
    if given is None:
        return None
    try:
        last, asked = json.loads(base64.urlsafe_b64decode(given))
    except (ValueError, TypeError, binascii.Error):
        asked = None
    if asked != question:
        raise Refused("InvalidNextTokenException", "The token is invalid, or was given for other parameters.")
    return last


# -- trails ---------------------------------------------------------------------------------------

TRAILS = 5  # service quota "Trails per Region"
SERVICE = "cloudtrail.amazonaws.com"
DEFAULT_SELECTORS = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
RESOURCES = 250  # EventSelector.DataResources: "the total number of data resources cannot exceed 250 across all event selectors in a trail"
CONDITIONS = 500  # PutEventSelectors: "up to a maximum of 500 values for all conditions and selectors on a trail"
BASIC_TYPES = ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
# What is set to nothing with UpdateTrail is taken away (User Guide, "update-trail": --kms-key-id "", …).
EMPTIED = ("s3_key_prefix", "sns_topic_name", "cw_log_group_arn", "cw_role_arn", "kms_key_id")


def trail_of(cloudtrail, name):
    """By name or ARN. UpdateTrail, DeleteTrail, Start- and StopLogging: "must be called from the Region in which
    the trail was created; otherwise, an InvalidHomeRegionException is thrown"; a shadow trail goes by its ARN or name too.
    """
    for trail in cloudtrail.trails.values():
        if name in (trail.trail_name, trail.arn):
            return trail
    for region, other in dict.items(cloudtrail_backends[cloudtrail.account_id]):
        for trail in other.trails.values():
            if trail.arn == name or (trail.trail_name == name and trail.is_multi_region):
                message = f"The specified trail {trail.trail_name} must be changed in its home Region {region}."
                raise Refused("InvalidHomeRegionException", message)
    raise Refused("TrailNotFoundException", f"Unknown trail: {name} for the user: {cloudtrail.account_id}")


def home(parameter):
    def in_its_home_region(cloudtrail, **given):
        trail_of(cloudtrail, given[parameter])

    return in_its_home_region


BOOK.rule("UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")(home("Name"))
BOOK.rule("PutEventSelectors", "PutInsightSelectors")(home("TrailName"))


@BOOK.rule("CreateTrail")
def the_name_is_allowed(_cloudtrail, Name, **_):
    """CreateTrail.Name: "no adjacent periods, underscores or dashes", "not be in IP address format"; moto checks the rest."""
    if re.search(r"[._-]{2}", Name or "") or re.fullmatch(r"\d+(\.\d+){3}", Name or ""):
        raise Refused("InvalidTrailNameException", f"Trail name {Name} is not allowed.")


@BOOK.rule("CreateTrail")
def the_name_is_free_and_there_is_room(cloudtrail, Name, **_):
    """TrailAlreadyExistsException (shadow trails too); MaximumNumberOfTrailsExceededException."""
    here = list(cloudtrail.describe_trails(include_shadow_trails=True))
    if any(trail.trail_name == Name for trail in here):
        raise Refused("TrailAlreadyExistsException", f"Trail {Name} already exists for customer: {cloudtrail.account_id}")
    if len(here) >= TRAILS:
        message = f"User: {cloudtrail.account_id} already has {TRAILS} trails in {cloudtrail.region_name}."
        raise Refused("MaximumNumberOfTrailsExceededException", message)


@BOOK.rule("CreateTrail", "UpdateTrail")
def all_regions_go_with_global_services(cloudtrail, Name, IsMultiRegionTrail, IncludeGlobalServiceEvents, **_):
    """InvalidParameterCombinationException: "Multi-Region trail must include global service events."."""
    trail = cloudtrail.trails.get(Name) or next((one for one in cloudtrail.trails.values() if one.arn == Name), None)
    everywhere = IsMultiRegionTrail if IsMultiRegionTrail is not None else bool(trail and trail.is_multi_region)
    world = IncludeGlobalServiceEvents if IncludeGlobalServiceEvents is not None else not trail or trail.include_global_service_events
    if everywhere and not world:
        raise Refused("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")


@BOOK.rule("CreateTrail", "UpdateTrail")
def an_organization_is_its_management_accounts(cloudtrail, IsOrganizationTrail, **_):
    """IsOrganizationTrail: "cannot be true unless the call is made on behalf of ... the management account"."""
    if not IsOrganizationTrail:
        return
    by_region = dict.get(organizations_backends, cloudtrail.account_id, {})
    organization = next((backend.org for backend in dict.values(by_region) if backend.org), None)
    if organization is None:
        raise Refused("OrganizationsNotInUseException", "The account is not a member of an organization.")
    if organization.master_account_id != cloudtrail.account_id:
        raise Refused("NotOrganizationMasterAccountException", "Only the management account can do this.")


@BOOK.rule("CreateTrail", "UpdateTrail")
def cloudtrail_reaches_what_it_delivers_to(cloudtrail, **given):
    """Insufficient…PolicyException, InvalidCloudWatchLogs…Exception: CloudTrail tries before it takes a target.

    User Guide, "Amazon S3 bucket policy for CloudTrail": GetBucketAcl, and PutObject below [prefix/]AWSLogs/<account>/.
    """
    name = given["Name"]
    trail = next((one for one in cloudtrail.trails.values() if name in (one.trail_name, one.arn)), None)
    where = given.get("S3BucketName") or (trail and trail.bucket_name)
    prefix = given["S3KeyPrefix"] if given.get("S3KeyPrefix") is not None else trail and trail.s3_key_prefix
    arn = trail.arn if trail else f"arn:aws:cloudtrail:{cloudtrail.region_name}:{cloudtrail.account_id}:trail/{name}"
    check_bucket(cloudtrail, where, prefix, arn)
    if given.get("SnsTopicName"):
        check_topic(cloudtrail, given["SnsTopicName"])
    if given.get("KmsKeyId") and not KEY.fullmatch(given["KmsKeyId"]):
        raise Refused("InvalidKmsKeyIdException", f"The KMS key ID {given['KmsKeyId']} is not valid.")
    group = given["CloudWatchLogsLogGroupArn"] if given.get("CloudWatchLogsLogGroupArn") is not None else trail and trail.cw_log_group_arn
    role = given["CloudWatchLogsRoleArn"] if given.get("CloudWatchLogsRoleArn") is not None else trail and trail.cw_role_arn
    check_log_group(cloudtrail, group or None, role or None)


KEY = re.compile(r"(arn:aws:kms:[^:]+:\d{12}:)?(key/|alias/)?[\w/-]+")


def check_bucket(cloudtrail, name, prefix, arn):
    bucket = access.bucket_of(name)
    if bucket is None:
        raise Refused("S3BucketDoesNotExistException", f"S3 bucket {name} does not exist!")
    if not reaches(cloudtrail.account_id, bucket, prefix, arn):
        raise Refused("InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {name}")


def reaches(account, bucket, prefix, arn):
    key = f"{prefix}/AWSLogs/{account}/CloudTrail/x" if prefix else f"AWSLogs/{account}/CloudTrail/x"
    return access.delivers(bucket, SERVICE, account, key, arn)


def check_topic(cloudtrail, name):
    """SnsTopicName: "the name or ARN"; the topic's policy lets CloudTrail publish."""
    arn = name if name.startswith("arn:") else f"arn:aws:sns:{cloudtrail.region_name}:{cloudtrail.account_id}:{name}"
    region, account = arn.split(":")[3:5]
    topic = sns_backends[account][region].topics.get(arn)
    context = {"aws:SourceAccount": cloudtrail.account_id}
    if topic is None or not access.allows(json.loads(topic.policy), "SNS:Publish", arn, SERVICE, context):
        raise Refused("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")


def check_log_group(cloudtrail, group, role):
    """Both or neither; the group is there, and its ARN ends with :*; the role is there, trusts CloudTrail and may write."""
    if group is None and role is None:
        return
    found = re.fullmatch(r"arn:aws:logs:[^:]+:\d{12}:log-group:([^:]+):\*", group or "")
    if not found or found[1] not in logs_backends[cloudtrail.account_id][cloudtrail.region_name].groups:
        raise Refused("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.")
    there = role and access.role_of(cloudtrail.account_id, role)
    streams = f"{group.removesuffix(':*')}:log-stream:x"
    writes = ("logs:CreateLogStream", "logs:PutLogEvents")
    if not there or not access.trusts(there, SERVICE) or not all(access.role_allows(there, action, streams) for action in writes):
        raise Refused("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")


@BOOK.patch(Trail, "topic_arn")
def the_topic_may_be_named_by_its_arn(original, trail):
    """SnsTopicName: "the name or ARN"."""
    name = trail.sns_topic_name
    return name if name and name.startswith("arn:") else original(trail)


@BOOK.patch(Trail, "check_bucket_exists")
def the_bucket_may_be_another_accounts(_original, _trail):
    """S3BucketName: any bucket whose policy allows it, which the rules above have looked at."""


@BOOK.after("CreateTrail", "UpdateTrail")
def keep_what_moto_drops(cloudtrail, Name, RecursiveLogging, **_):
    """RecursiveLogging: "The default value is true."; what is set to nothing is gone."""
    trail = trail_of(cloudtrail, Name)
    if RecursiveLogging is not None or not hasattr(trail, "recursive_logging"):
        trail.recursive_logging = RecursiveLogging is not False
    for name in EMPTIED:
        if getattr(trail, name) == "":
            setattr(trail, name, None)


@BOOK.patch(Trail, "description")
def all_of_the_trail_is_told(original, trail, include_region=False):
    """Trail: members without a value are left out; whether there are selectors of one's own; RecursiveLogging."""
    told = original(trail, include_region)
    told.pop("SnsTopicName", None)
    custom = bool(trail.advanced_event_selectors) or trail.event_selectors not in ([], DEFAULT_SELECTORS)
    told.update(HasCustomEventSelectors=custom, HasInsightSelectors=bool(trail.insight_selectors))
    told["RecursiveLogging"] = getattr(trail, "recursive_logging", True)
    return {name: value for name, value in told.items() if value not in (None, "")}


@BOOK.adds("GetTrail")
def get_trail(cloudtrail, Name, **_):
    """Trail.HomeRegion, which moto's GetTrail leaves out."""
    return {"Trail": cloudtrail.get_trail(Name).description(include_region=True)}


@BOOK.adds("GetTrailStatus")
def get_trail_status(cloudtrail, Name, **_):
    """LatestDeliveryError: "any Amazon S3 error that CloudTrail encountered"; moto's answer changes what it tells of."""
    trails = cloudtrail.describe_trails(include_shadow_trails=True)
    trail = next((one for one in trails if Name in (one.arn, one.trail_name)), None)
    if trail is None:
        raise Refused("TrailNotFoundException", f"Unknown trail: {Name} for the user: {cloudtrail.account_id}")
    told = {"IsLogging": trail.status.is_logging, "StartLoggingTime": trail.status.started, "StopLoggingTime": trail.status.stopped}
    bucket = access.bucket_of(trail.bucket_name)
    if trail.status.is_logging and bucket is None:
        told["LatestDeliveryError"] = "NoSuchBucket"
    elif trail.status.is_logging and not reaches(cloudtrail.account_id, bucket, trail.s3_key_prefix, trail.arn):
        told["LatestDeliveryError"] = "AccessDenied"
    return {name: value for name, value in told.items() if value is not None}


@BOOK.patch(CloudTrailBackend, "delete_trail")
def a_trail_goes_by_name_or_arn(_original, cloudtrail, name):
    """DeleteTrail.Name: "the name or the CloudTrail ARN of the trail"; its tags go too."""
    trail = trail_of(cloudtrail, name)
    del cloudtrail.trails[trail.trail_name]
    cloudtrail.tagging_service.delete_all_tags_for_resource(trail.arn)


# -- what a trail records -------------------------------------------------------------------------


def bad_selectors(message):
    return Refused("InvalidEventSelectorsException", message)


@BOOK.rule("PutEventSelectors")
def the_selectors_are_sound(_cloudtrail, EventSelectors, AdvancedEventSelectors, **_):
    """PutEventSelectors: "either EventSelectors or AdvancedEventSelectors ... but not both"; up to five; their members."""
    if bool(EventSelectors) == bool(AdvancedEventSelectors):
        raise bad_selectors("Specify either event selectors or advanced event selectors.")
    if len(EventSelectors or []) > 5:
        raise bad_selectors("A trail has at most five event selectors.")
    if sum(len(data.get("Values") or []) for one in EventSelectors or [] for data in one.get("DataResources") or []) > RESOURCES:
        raise bad_selectors(f"The total number of data resources cannot exceed {RESOURCES} across all event selectors in a trail.")
    if sum(conditions(one) for one in AdvancedEventSelectors or []) > CONDITIONS:
        raise bad_selectors(f"The conditions of all advanced event selectors of a trail have at most {CONDITIONS} values.")
    for one in EventSelectors or []:
        check_basic(one)
    for one in AdvancedEventSelectors or []:
        check_advanced(one)


def conditions(selector):
    return sum(len(value) for field in selector.get("FieldSelectors") or [] for name, value in field.items() if name != "Field" and value)


def check_basic(selector):
    """EventSelector: "ReadOnly, WriteOnly, or All"; resource types; the two sources that can be left out."""
    path = "EventSelectors.ReadWriteType"
    access.check_enum("cloudtrail", "PutEventSelectors", path, selector.get("ReadWriteType", "All"), "InvalidEventSelectorsException")
    if not selector.get("IncludeManagementEvents", True) and not selector.get("DataResources"):
        raise bad_selectors("A selector records management events or data events.")
    for resource in selector.get("DataResources") or []:
        if resource.get("Type") not in BASIC_TYPES or not resource.get("Values"):
            raise bad_selectors(f"The data resource {resource} is not valid.")
    if set(selector.get("ExcludeManagementEventSources") or []) - set(EXCLUDABLE):
        raise bad_selectors(f"Only {', '.join(EXCLUDABLE)} can be excluded.")


def check_advanced(selector):
    """AdvancedEventSelector: each has an eventCategory with Equals; eventCategory, readOnly and resources.type know only Equals."""
    fields = selector.get("FieldSelectors") or []
    category = [one for one in fields if one.get("Field") == "eventCategory"]
    if len(category) != 1 or category[0].get("Equals", [None])[0] not in ("Management", "Data", "NetworkActivity"):
        raise bad_selectors("Each advanced event selector needs one eventCategory with Equals.")
    for one in fields:
        operators = {name for name, value in one.items() if name != "Field" and value}
        if not operators or (one.get("Field") in ("eventCategory", "readOnly", "resources.type") and operators != {"Equals"}):
            raise bad_selectors(f"The field selector {one} is not valid.")
    if category[0]["Equals"] == ["Data"] and not any(one["Field"] == "resources.type" for one in fields):
        raise bad_selectors("Data events need resources.type.")


@BOOK.patch(Trail, "put_event_selectors")
def one_sort_takes_the_place_of_the_other(_original, trail, event_selectors, advanced_event_selectors):
    """PutEventSelectors: "any existing AdvancedEventSelectors are overwritten", and the other way round; the whole list, with defaults."""
    defaults = DEFAULT_SELECTORS[0]
    trail.event_selectors = [{**defaults, **one} for one in event_selectors or []]
    trail.advanced_event_selectors = advanced_event_selectors or []


@BOOK.patch(Trail, "get_event_selectors")
def a_new_trail_records_management_events(original, trail):
    """PutEventSelectors: "By default, trails created without specific event selectors are configured to log all management events"."""
    basic, advanced = original(trail)
    return (basic or ([] if advanced else copy.deepcopy(DEFAULT_SELECTORS))), advanced


@BOOK.rule("PutInsightSelectors")
def insights_are_sound(cloudtrail, TrailName, InsightSelectors, **_):
    """InvalidInsightSelectorsException; the types and categories of the model, and of what the trail records.

    PutInsightSelectors: "To log CloudTrail Insights on the API call rate, the trail ... must log write management events. ... on the API error rate, ...
    read or write management events. For Data events ... the trail must log read or write data events".
    """
    recorded = what_is_recorded(trail_of(cloudtrail, TrailName))
    for one in InsightSelectors or []:
        for member, values in (("InsightType", [one.get("InsightType")]), ("EventCategories", one.get("EventCategories") or [])):
            for value in values:
                access.check_enum("cloudtrail", "PutInsightSelectors", f"InsightSelectors.{member}", value, "InvalidInsightSelectorsException")
        for category in one.get("EventCategories") or ["Management"]:
            needed = {"Data"} if category == "Data" else {"write"} if one["InsightType"] == "ApiCallRateInsight" else {"read", "write"}
            if not recorded & needed:
                raise Refused("InvalidInsightSelectorsException", f"The trail does not log the {category} events that {one['InsightType']} analyses.")


def what_is_recorded(trail):
    """Management events that read or write, and Data."""
    basic, advanced = trail.get_event_selectors()
    found = set()
    for one in basic:
        sorts = {"ReadOnly": {"read"}, "WriteOnly": {"write"}}.get(one["ReadWriteType"], {"read", "write"})
        found |= (sorts if one["IncludeManagementEvents"] else set()) | ({"Data"} if one["DataResources"] else set())
    for one in advanced:
        fields = {field["Field"]: field.get("Equals") for field in one["FieldSelectors"]}
        sorts = {"true": {"read"}, "false": {"write"}}.get((fields.get("readOnly") or [None])[0], {"read", "write"})
        found |= {"Management": sorts, "Data": {"Data"}}.get(fields["eventCategory"][0], set())
    return found


@BOOK.patch(Trail, "put_insight_selectors")
def insights_are_put_as_a_whole(_original, trail, insight_selectors):
    """PutInsightSelectors: "turn off Insights event logging, by passing an empty list"; Management when no category is said."""
    trail.insight_selectors = [{"EventCategories": ["Management"], **one} for one in insight_selectors]


@BOOK.rule("GetInsightSelectors")
def insights_that_are_off_are_an_error(cloudtrail, TrailName, **_):
    """GetInsightSelectors: "on a trail ... that does not have Insights events enabled, the operation throws the exception"."""
    if not cloudtrail.get_trail(TrailName).insight_selectors:
        raise Refused("InsightNotEnabledException", f"Insights is not enabled on trail {TrailName}.")


@BOOK.rule("AddTags", "RemoveTags")
def what_is_tagged_is_there(cloudtrail, ResourceId, **_):
    """ResourceNotFoundException; "only from the Region in which the trail ... was created"."""
    if not any(trail.arn == ResourceId for trail in cloudtrail.trails.values()):
        raise Refused("ResourceNotFoundException", f"The resource {ResourceId} was not found.")


@BOOK.rule("ListTags")
def what_is_listed_is_there(cloudtrail, ResourceIdList, **_):
    """ListTags: "in the current Region"; "The list has a limit of 20 ARNs."."""
    if len(ResourceIdList) > 20:
        raise Refused("InvalidParameterException", "At most 20 ARNs.")
    for arn in ResourceIdList:
        what_is_tagged_is_there(cloudtrail, arn)
