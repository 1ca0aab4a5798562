# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens with requests to a bucket: logs, notifications, answers to browsers, and who pays.

Private to the collection.
"""

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _lambda
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat, listed, merged
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.module_utils._s3_calls import answer

LOGGING = dict(target_bucket="TargetBucket", target_prefix="TargetPrefix")


def get_logging(aws, bucket):
    found = answer(aws.s3.get_bucket_logging, bucket).get("LoggingEnabled", {})
    return dict(logging=flat(LOGGING, found) or None, _logging=found)


def put_logging(aws, have, change):
    wanted = change["logging"]
    status = dict(LoggingEnabled=dict(dict(TargetPrefix=""), **deep(LOGGING, wanted, have["_logging"]))) if wanted else {}
    aws.s3.put_bucket_logging(Bucket=have["id"], BucketLoggingStatus=status)


PUBLISHER = "s3.amazonaws.com"
# S3 tries all destinations before it takes them.
UNREACHED = "Unable to validate the following destination configurations"
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


def refuse_closed(aws, bucket, items):
    """A function among the destinations says in its policy whether it lets S3 in, so a plan knows; of topics and queues S3 says it."""
    arns = [item["lambda_function_arn"] for item in items if item.get("lambda_function_arn")]
    with aws.reading():
        closed = _lambda.closed(aws, PUBLISHER, f"arn:{aws.s3.meta.partition}:s3:::{bucket}", arns)
    if closed:
        raise Problem(f"{UNREACHED}: {closed[0]} is not there, or does not let S3 in: name a permission of {PUBLISHER} in lambda_functions first")


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
    try:
        aws.s3.put_bucket_notification_configuration(Bucket=have["id"], NotificationConfiguration=whole)
    except AWS_ERRORS as error:
        if UNREACHED not in str(error):
            raise
        raise Problem(
            f"{UNREACHED}: a destination is not there, or does not let S3 in. Of a topic name publishers: [{PUBLISHER}] in sns_topics, of a function "
            f"a permission of {PUBLISHER} in lambda_functions; the policy of a queue has to allow {PUBLISHER} sqs:SendMessage"
        ) from error


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
