# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs: log groups, metric filters and subscription filters."""

from __future__ import annotations

import re

from moto.core.utils import unix_time_millis, utcnow
from moto.firehose.models import firehose_backends
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogGroup, LogsBackend, SubscriptionFilter

from . import patterns
from .access import bucket_of, delivers, role_allows, role_of, trusts
from .rules import Refused, RuleBook

BOOK = RuleBook("logs", invalid="InvalidParameterException")

# PutRetentionPolicyRequest.retentionInDays (API reference, "Possible values are")
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192)
RETENTIONS += (2557, 2922, 3288, 3653)
FILTERS_PER_GROUP = 100
PAGE = 50


def wrong(message):
    return Refused("InvalidParameterException", message)


def group_of(logs, name):
    if name not in logs.groups:
        raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
    return logs.groups[name]


def by_identifier(logs, identifier):
    """logGroupIdentifier: "The name or ARN of the log group"."""
    name = identifier.partition(":log-group:")[2].removesuffix(":*") or identifier
    return group_of(logs, name)


# -- log groups -----------------------------------------------------------------------------------


@BOOK.rule("CreateLogGroup")
def the_group_is_sound(_logs, logGroupName, logGroupClass, kmsKeyId, **_):
    """CreateLogGroup: names cannot start with aws/; the class DELIVERY takes no key."""
    if logGroupName.startswith("aws/"):
        raise wrong("Log group names starting with aws/ are reserved")
    key_is_an_arn(kmsKeyId)


def key_is_an_arn(key):
    if key and not re.fullmatch(r"arn:[^:]+:kms:[^:]+:\d{12}:(key|alias)/.+", key):
        raise wrong(f"Specified KMS key ARN is invalid: {key}")


@BOOK.after("CreateLogGroup")
def class_and_protection_are_kept(logs, logGroupName, logGroupClass, **given):
    """CreateLogGroup.logGroupClass: "After a log group is created, its class can't be changed"."""
    group = logs.groups[logGroupName]
    group.log_group_class = logGroupClass or "STANDARD"
    group.deletion_protection = bool(given.get("deletionProtectionEnabled"))


@BOOK.rule("PutRetentionPolicy")
def retention_is_one_of_the_list(logs, logGroupName, retentionInDays, **_):
    """PutRetentionPolicy.retentionInDays."""
    group = group_of(logs, logGroupName)
    if vars(group).get("log_group_class") == "DELIVERY":
        raise wrong("The retention of a log group of the class DELIVERY is fixed")
    if retentionInDays not in RETENTIONS:
        raise wrong(f"Value '{retentionInDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: {sorted(RETENTIONS)}")


@BOOK.rule("DeleteLogGroup")
def a_protected_group_stays(logs, logGroupName, **_):
    """PutLogGroupDeletionProtection: "deletion protection blocks all deletion operations"."""
    group = logs.groups.get(logGroupName)
    if group is not None and vars(group).get("deletion_protection"):
        message = f"Log group {logGroupName} has deletion protection enabled"
        raise Refused("ValidationException", message)


@BOOK.patch(LogsBackend, "delete_log_group")
def filters_and_tags_go_with_the_group(original, logs, log_group_name):
    group = logs.groups.get(log_group_name)
    result = original(logs, log_group_name)
    logs.tagger.delete_all_tags_for_resource(group.arn)
    kept = [f for f in logs.filters.metric_filters if f["logGroupName"] != log_group_name]
    logs.filters.metric_filters = kept
    return result


@BOOK.adds("PutLogGroupDeletionProtection")
def put_log_group_deletion_protection(logs, logGroupIdentifier, deletionProtectionEnabled, **_):
    """PutLogGroupDeletionProtection."""
    by_identifier(logs, logGroupIdentifier).deletion_protection = deletionProtectionEnabled


@BOOK.adds("AssociateKmsKey")
def associate_kms_key(logs, logGroupName, resourceIdentifier, kmsKeyId, **_):
    """AssociateKmsKey: a log group by name or ARN, not both; an enabled symmetric key."""
    key_is_an_arn(kmsKeyId)
    key_exists(logs, kmsKeyId)
    named_once(logs, logGroupName, resourceIdentifier).kms_key_id = kmsKeyId


@BOOK.adds("DisassociateKmsKey")
def disassociate_kms_key(logs, logGroupName, resourceIdentifier, **_):
    """DisassociateKmsKey."""
    named_once(logs, logGroupName, resourceIdentifier).kms_key_id = None


def named_once(logs, name, identifier):
    if bool(name) == bool(identifier):
        raise wrong("Exactly one of logGroupName and resourceIdentifier must be specified")
    return group_of(logs, name) if name else by_identifier(logs, identifier)


def key_exists(logs, arn):
    """A key of this account which the service could not use is refused."""
    from moto.kms.models import kms_backends

    region, account, name = arn.split(":")[3], arn.split(":")[4], arn.partition(":key/")[2]
    if account != logs.account_id or not name:
        return
    key = kms_backends[account][region].keys.get(name)
    if key is None or key.key_state != "Enabled":
        message = "The specified KMS Key Id could not be found or is not enabled"
        raise wrong(message)


@BOOK.patch(LogGroup, "to_describe_dict")
def what_else_a_group_shows(original, group):
    """LogGroup.logGroupClass, .deletionProtectionEnabled."""
    shown = original(group)
    shown["logGroupClass"] = vars(group).get("log_group_class", "STANDARD")
    shown["deletionProtectionEnabled"] = vars(group).get("deletion_protection", False)
    return shown


@BOOK.adds("DescribeLogGroups")
def describe_log_groups(logs, logGroupNamePrefix, logGroupNamePattern, limit, nextToken, **given):
    """DescribeLogGroups: by prefix or pattern, class, identifiers; sorted by name."""
    if logGroupNamePrefix and logGroupNamePattern:
        raise wrong("logGroupNamePrefix and logGroupNamePattern are mutually exclusive parameters.")
    wanted = [one.partition(":log-group:")[2].removesuffix(":*") or one for one in given.get("logGroupIdentifiers") or []]
    found = []
    for name in sorted(logs.groups):
        shown = logs.groups[name].to_describe_dict()
        own = [f for f in logs.filters.metric_filters if f["logGroupName"] == name]
        shown["metricFilterCount"] = len(own)
        if (
            name.startswith(logGroupNamePrefix or "")
            and (logGroupNamePattern or "") in name
            and given.get("logGroupClass") in (None, shown["logGroupClass"])
            and (not wanted or name in wanted)
        ):
            found.append(shown)
    return paged("logGroups", found, limit, nextToken)


def paged(key, found, limit, token):
    size, start = int(limit or PAGE), int(token or 0)
    result = {key: found[start : start + size]}
    more = start + size < len(found)
    return {**result, "nextToken": str(start + size)} if more else result


@BOOK.rule("TagResource", "UntagResource", "ListTagsForResource")
def the_tagged_group_exists(logs, resourceArn, **_):
    """TagResource: ResourceNotFoundException; the ARN of a log group has no :* at its end here."""
    if ":log-group:" in resourceArn:
        name = resourceArn.partition(":log-group:")[2]
        if name.endswith(":*"):
            raise wrong(f"The resource ARN must not end with :*: {resourceArn}")
        group_of(logs, name)


# -- metric filters -------------------------------------------------------------------------------


@BOOK.rule("PutMetricFilter")
def the_filter_is_sound(logs, logGroupName, filterName, metricTransformations, **_):
    """PutMetricFilter: at most 100 for a group; a default value and dimensions exclude each other."""
    group = group_of(logs, logGroupName)
    if vars(group).get("log_group_class", "STANDARD") != "STANDARD":
        message = "Metric filters need a log group of the Standard class"
        raise Refused("InvalidOperationException", message)
    mine = [f for f in logs.filters.metric_filters if f["logGroupName"] == logGroupName]
    if filterName not in [f["filterName"] for f in mine] and len(mine) >= FILTERS_PER_GROUP:
        raise Refused("LimitExceededException", "Resource limit exceeded.")
    for one in metricTransformations:
        if one.get("dimensions") and one.get("defaultValue") is not None:
            raise wrong("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
        if len(one.get("dimensions") or {}) > 3:
            raise wrong("A metric filter can have at most three dimensions")
        if one["metricNamespace"].startswith("AWS/"):
            raise wrong("Invalid metric transformation: The AWS/ namespace is reserved")


REGEX_PATTERNS = 5


@BOOK.rule("PutMetricFilter", "PutSubscriptionFilter")
def the_pattern_can_be_read(logs, logGroupName, filterName, filterPattern, **_):
    """Logs guide, "Filter pattern syntax"; "up to 5 filter patterns containing regex for each log group"."""
    try:
        patterns.parsed(filterPattern)
    except patterns.Broken as broken:
        raise wrong(str(broken)) from None
    if patterns.uses_regex(filterPattern):
        group = group_of(logs, logGroupName)
        metric = {f["filterName"]: f["filterPattern"] for f in logs.filters.metric_filters if f["logGroupName"] == logGroupName}
        sent = {one.name: one.filter_pattern for one in group.subscription_filters.values()}
        others = [text for mine in (metric, sent) for name, text in mine.items() if name != filterName]
        if len([text for text in others if patterns.uses_regex(text)]) >= REGEX_PATTERNS:
            raise Refused("LimitExceededException", "Resource limit exceeded: filter patterns with regular expressions")


@BOOK.rule("PutMetricFilter")
def what_is_published_is_in_the_pattern(_logs, filterPattern, metricTransformations, **_):
    """MetricTransformation.metricValue: a number, or a field of the pattern; Logs guide, "Publishing dimensions": for
    JSON and space-delimited patterns only, each a field of it, names and values of up to 255 characters.
    """
    kind, names = patterns.parsed(filterPattern)
    for one in metricTransformations:
        if not is_number(one["metricValue"]):
            a_field(one["metricValue"], kind, names)
        if one.get("dimensions") and kind == "terms":
            raise wrong("The specified filter pattern does not support dimensions")
        for name, value in (one.get("dimensions") or {}).items():
            if not 1 <= len(name) <= 255 or len(value) > 255 or name.startswith(":") or not name.isascii():
                raise wrong(f"Invalid metric transformation: dimension {name}")
            a_field(value, kind, names)


def is_number(text):
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def a_field(text, kind, names):
    json = kind == "json" and patterns.SELECTOR.fullmatch(text)
    field = kind == "fields" and text.startswith("$") and text[1:] in names
    if not json and not field:
        raise wrong(f"Invalid metric transformation: {text} is neither a number nor a field of the filter pattern")


@BOOK.patch(MetricFilters, "add_filter")
def a_filter_of_that_name_is_replaced(original, filters, name, pattern, group, transformations):
    """PutMetricFilter: "Creates or updates a metric filter" (moto adds another one)."""
    old = next((f for f in filters.metric_filters if (f["filterName"], f["logGroupName"]) == (name, group)), None)
    created = old["creationTime"] if old else int(unix_time_millis(utcnow()))
    for one in transformations:
        one.setdefault("unit", "None")
    new = {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": group,
        "metricTransformations": transformations,
        "creationTime": created,
    }
    if old is None:
        filters.metric_filters.append(new)
    else:
        filters.metric_filters[filters.metric_filters.index(old)] = new


@BOOK.after("PutMetricFilter")
def what_else_a_filter_has_is_kept(logs, filterName, logGroupName, **given):
    """PutMetricFilter.applyOnTransformedLogs, .fieldSelectionCriteria, .emitSystemFieldDimensions: shown as they were put."""
    found = next(f for f in logs.filters.metric_filters if (f["filterName"], f["logGroupName"]) == (filterName, logGroupName))
    others = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")
    found.update({name: given[name] for name in others if given.get(name) is not None})


@BOOK.rule("DeleteMetricFilter")
def the_filter_exists(logs, logGroupName, filterName, **_):
    """DeleteMetricFilter: ResourceNotFoundException."""
    group_of(logs, logGroupName)
    for one in logs.filters.metric_filters:
        if (one["filterName"], one["logGroupName"]) == (filterName, logGroupName):
            return
    raise Refused("ResourceNotFoundException", "The specified metric filter does not exist.")


@BOOK.adds("DescribeMetricFilters")
def describe_metric_filters(logs, logGroupName, filterNamePrefix, metricName, metricNamespace, **given):
    """DescribeMetricFilters: by group and prefix, or by metric; sorted by name."""
    if bool(metricName) != bool(metricNamespace):
        raise wrong("metricName and metricNamespace must be used together")
    if logGroupName:
        group_of(logs, logGroupName)
    found = logs.filters.get_matching_filters(filterNamePrefix, logGroupName, metricName, metricNamespace)
    found = sorted(found, key=lambda one: (one["filterName"], one["logGroupName"]))
    return paged("metricFilters", found, given.get("limit"), given.get("nextToken"))


# -- subscription filters -------------------------------------------------------------------------


@BOOK.patch(LogGroup, "describe_subscription_filters")
def they_are_sorted(original, group):
    """DescribeSubscriptionFilters: "The results are ASCII-sorted by filter name"."""
    return sorted(original(group), key=lambda one: one.name)


@BOOK.patch(LogGroup, "put_subscription_filter")
def an_update_is_always_possible(original, group, filter_name, *args):
    """PutSubscriptionFilter: two for a group, and either can be updated (moto refuses that)."""
    if filter_name in group.subscription_filters:
        group.subscription_filters[filter_name].update(*args)
        return None
    return original(group, filter_name, *args)


@BOOK.after("PutSubscriptionFilter")
def the_distribution_is_kept(logs, logGroupName, filterName, distribution, **_):
    one = logs.groups[logGroupName].subscription_filters[filterName]
    one.distribution = distribution or "ByLogStream"


@BOOK.patch(SubscriptionFilter, "to_json")
def the_distribution_is_shown(original, one):
    return {**original(one), "distribution": vars(one).get("distribution", "ByLogStream")}


@BOOK.rule("PutSubscriptionFilter")
def the_way_to_the_destination_is_open(logs, logGroupName, destinationArn, roleArn, **_):
    """PutSubscriptionFilter: not for every class of group; a role that CloudWatch Logs can take on and that may write; a stream that is ACTIVE."""
    group = group_of(logs, logGroupName)
    if vars(group).get("log_group_class", "STANDARD") != "STANDARD":
        raise Refused("InvalidOperationException", "Subscription filters need a log group of the Standard class")
    if ":firehose:" not in destinationArn:
        return
    if not roleArn:
        raise wrong("destinationArn for vendor firehose cannot be used without roleArn")
    role = role_of(logs.account_id, roleArn)
    if role is None or not (trusts(role, "logs.amazonaws.com") or trusts(role, f"logs.{logs.region_name}.amazonaws.com")):
        raise wrong("Could not assume the given role. Please verify CloudWatch Logs can assume it")
    stream = firehose_backends[logs.account_id][logs.region_name].delivery_streams.get(destinationArn.rpartition("/")[2])
    state = vars(stream).get("state") if stream is not None else None
    if stream is None or (state is not None and state.state != "ACTIVE") or not role_allows(role, "firehose:PutRecord", destinationArn):
        raise wrong("Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.")


@BOOK.after("PutSubscriptionFilter")
def what_else_a_subscription_has_is_kept(logs, filterName, logGroupName, **given):
    """PutSubscriptionFilter.applyOnTransformedLogs, .fieldSelectionCriteria, .emitSystemFields: shown as they were put, gone when they are not."""
    one = logs.groups[logGroupName].subscription_filters[filterName]
    one.others = {name: given[name] for name in ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields") if given.get(name) is not None}


@BOOK.patch(SubscriptionFilter, "to_json")
def the_others_are_shown(original, one):
    return {**original(one), **vars(one).get("others", {})}


# -- export tasks ---------------------------------------------------------------------------------

ACTIVE = ("PENDING", "RUNNING")


@BOOK.rule("CreateExportTask")
def an_export_can_be_made(logs, logGroupName, destination, destinationPrefix, to, **given):
    """CreateExportTask: one "active (RUNNING or PENDING)" of an account; "a time that is not earlier than when this log group was created";
    a bucket "in the same Region" whose policy lets the service of that Region look and write (User Guide, "Export log data to Amazon S3").
    """
    group = group_of(logs, logGroupName)
    if any(task.status["code"] in ACTIVE for task in logs.export_tasks.values()):
        raise Refused("LimitExceededException", "Resource limit exceeded.")
    if given["from"] > to or to < unix_time_millis(group.creation_time):
        raise wrong("The specified time range is not valid.")
    bucket = bucket_of(destination)
    if bucket is None:
        raise wrong("The given bucket does not exist. Please make sure the bucket is valid.")
    if bucket.region_name != logs.region_name:
        raise wrong("The given bucket is not in the same region. Please make sure the bucket is in the region.")
    source = f"arn:aws:logs:{logs.region_name}:{logs.account_id}:log-group:{logGroupName}"
    key = f"{destinationPrefix or 'exportedlogs'}/aws-logs-write-test"
    if not delivers(bucket, f"logs.{logs.region_name}.amazonaws.com", logs.account_id, key, source):
        raise wrong("GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.")


@BOOK.after("CreateExportTask")
def an_export_takes_its_time(logs, **_):
    """CreateExportTask: "an asynchronous call"; moto has it done at once."""
    newest = list(logs.export_tasks.values())[-1]
    newest.status = {"code": "PENDING", "message": "Task is pending"}


@BOOK.after("CreateExportTask")
def other_streams_stay(logs, logGroupName, logStreamNamePrefix, destination, destinationPrefix, **_):
    """CreateExportTask.logStreamNamePrefix: "Export only log streams that match the provided prefix"; moto exports them all."""
    others = {name.replace("/", "-") for name in logs.groups[logGroupName].streams if not name.startswith(logStreamNamePrefix or "")}
    keys = bucket_of(destination).keys
    for key in [key for key in keys if key.startswith(f"{destinationPrefix}/") and key.split("/")[-2] in others]:
        del keys[key]


@BOOK.adds("DescribeExportTasks")
def describe_export_tasks(logs, taskId, statusCode, **_):
    """DescribeExportTasks: all, one, or those in a state. Each look lets time pass. A name that ends with -fails is one that goes wrong."""
    if taskId and taskId not in logs.export_tasks:
        raise Refused("ResourceNotFoundException", "The specified export task does not exist.")
    tasks = [task for task in logs.export_tasks.values() if taskId in (None, task.task_id) and statusCode in (None, task.status["code"])]
    told = [task.to_json() for task in tasks]
    for task in tasks:
        end = "FAILED" if str(task.task_name).endswith("-fails") else "COMPLETED"
        code = {"PENDING": "RUNNING", "RUNNING": end}.get(task.status["code"], task.status["code"])
        task.status = {"code": code, "message": "Internal error" if code == "FAILED" else code.capitalize()}
    return {"exportTasks": told}
