# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS: names and attributes of topics, and subscriptions that wait for somebody to confirm them."""

from __future__ import annotations

import json
import re

from moto.moto_api._internal import mock_random
from moto.sns.models import SNSBackend, sns_backends

from .rules import Refused, RuleBook

BOOK = RuleBook("sns")
PAGE = 100


def invalid(what):
    return Refused("InvalidParameter", f"Invalid parameter: {what}")


def topic_of(sns, arn):
    if arn not in sns.topics:
        raise Refused("NotFound", "Topic does not exist", 404)
    return sns.topics[arn]


# -- topics ---------------------------------------------------------------------------------------

# CreateTopicInput.Attributes and SetTopicAttributesInput.AttributeName
FEEDBACK = [
    f"{kind}{what}"
    for kind in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
    for what in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
]
PLAIN = ["DeliveryPolicy", "DisplayName", "MaximumMessageSize", "Policy", "TracingConfig"]
PLAIN += ["KmsMasterKeyId", "SignatureVersion", *FEEDBACK]
FIFO = ["ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope"]
NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
# What moto's own attributes of a topic do not show: kept under this name
KEPT = ("TracingConfig", "SignatureVersion", "MaximumMessageSize", *FEEDBACK, "ArchivePolicy")
KEPT += ("FifoThroughputScope",)


@BOOK.rule("CreateTopic")
def the_topic_name_is_allowed(_sns, Name, Attributes, **_):
    """CreateTopic.Name: letters, digits, - and _, up to 256; FIFO topics end with .fifo."""
    fifo = str((Attributes or {}).get("FifoTopic", "")).lower() == "true"
    base = Name.removesuffix(".fifo") if fifo else Name
    if not NAME.fullmatch(base) or len(Name) > 256 or (fifo and base == Name):
        raise invalid("Topic Name")


@BOOK.rule("CreateTopic")
def created_attributes_are_known(_sns, Attributes, **_):
    """CreateTopic.Attributes."""
    given = dict(Attributes or {})
    fifo = str(given.pop("FifoTopic", "")).lower() == "true"
    for name, value in given.items():
        attribute_is_sound(name, value, fifo)


def attribute_is_sound(name, value, fifo):
    if name not in PLAIN and not (fifo and name in FIFO):
        raise invalid("AttributeName" if name not in FIFO else f"{name} is for FIFO topics only")
    if name in ("Policy", "DeliveryPolicy", "ArchivePolicy") and value:
        document = an_object(name, value)
        if name == "DeliveryPolicy":
            the_retries_are_sound(document.get("http", {}).get("defaultHealthyRetryPolicy"))
    if name == "MaximumMessageSize" and not (str(value).isdigit() and 1024 <= int(value) <= 1048576):
        raise invalid(f"MaximumMessageSize: {value} is not from 1024 to 1048576")
    if name == "ContentBasedDeduplication" and str(value).lower() not in ("true", "false"):
        raise invalid(f"ContentBasedDeduplication: {value}")
    if name == "FifoThroughputScope" and value not in ("Topic", "MessageGroup"):
        raise invalid(f"FifoThroughputScope: {value}")
    if name.endswith("FeedbackRoleArn") and value and not ROLE.fullmatch(value):
        raise invalid(f"{name}: {value} is no ARN of a role")
    if name == "TracingConfig" and value == "Active" and fifo:
        raise invalid("TracingConfig: it is only supported on standard topics")
    if name == "DisplayName" and len(value) > 100:
        raise invalid("DisplayName: it must be at most 100 characters")
    if name == "TracingConfig" and value not in ("PassThrough", "Active"):
        raise invalid(f"TracingConfig: {value}")
    if name == "SignatureVersion" and str(value) not in ("1", "2"):
        raise invalid(f"SignatureVersion: {value}")
    if name.endswith("SampleRate") and not (str(value).isdigit() and int(value) <= 100):
        raise invalid(f"{name}: {value}")


ROLE = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+")


def an_object(name, text):
    try:
        document = json.loads(text)
    except ValueError:
        raise invalid(f"{name}: failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise invalid(f"{name}: it must be a JSON object")
    return document


def the_retries_are_sound(policy):
    """SNS guide, "Creating an HTTP/S delivery policy": minDelayTarget from 1 to maxDelayTarget, that up to 3,600, numRetries
    0 to 100 and not fewer than those of the phases.
    """
    if policy is None:
        return
    least, most, retries = (policy.get(name) for name in ("minDelayTarget", "maxDelayTarget", "numRetries"))
    if least is None or most is None or not 1 <= int(least) <= int(most) <= 3600:
        raise invalid("DeliveryPolicy: minDelayTarget and maxDelayTarget must be from 1 to 3600, in this order")
    if retries is None or not 0 <= int(retries) <= 100:
        raise invalid("DeliveryPolicy: numRetries must be from 0 to 100")
    phases = [int(policy.get(name) or 0) for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")]
    if min(phases) < 0 or sum(phases) > int(retries):
        raise invalid("DeliveryPolicy: numRetries must be greater than or equal to the retries of its phases")
    if policy.get("backoffFunction", "linear") not in ("arithmetic", "exponential", "geometric", "linear"):
        raise invalid("DeliveryPolicy: backoffFunction")


@BOOK.rule("CreateTopic")
def a_topic_that_exists_is_the_same(sns, Name, Attributes, Tags, **_):
    """CreateTopic: "idempotent": InvalidParameter when attributes or tags differ."""
    topic = next((one for one in sns.topics.values() if one.name == Name), None)
    if topic is None:
        return
    now = shown(sns, topic)
    for name, value in (Attributes or {}).items():
        if not same(now.get(name, ""), value):
            raise invalid("Attributes Reason: Topic already exists with different attributes")
    tags = {tag["Key"]: tag["Value"] for tag in Tags or []}
    if Tags and tags != topic._tags:
        raise invalid("Tags Reason: Topic already exists with different tags")


def same(one, other):
    one, other = str(one), str(other)
    if one.lower() == other.lower():
        return True
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


@BOOK.after("CreateTopic")
def created_attributes_are_kept(sns, Name, Attributes, **_):
    topic = next(one for one in sns.topics.values() if one.name == Name)
    for name, value in (Attributes or {}).items():
        keep(topic, name, value)


def keep(topic, name, value):
    if name in KEPT:
        vars(topic).setdefault("kept", {})[name] = value


@BOOK.rule("SetTopicAttributes")
def the_attribute_is_known(sns, TopicArn, AttributeName, AttributeValue, **_):
    topic = topic_of(sns, TopicArn)
    fifo = str(topic.fifo_topic).lower() == "true"
    attribute_is_sound(AttributeName, AttributeValue or "", fifo)


@BOOK.after("SetTopicAttributes")
def the_attribute_is_kept(sns, TopicArn, AttributeName, AttributeValue, **_):
    topic = sns.topics[TopicArn]
    keep(topic, AttributeName, AttributeValue)
    if AttributeName == "Policy" and not AttributeValue:
        region, account = sns.region_name, sns.account_id
        topic._policy_json = topic._create_default_topic_policy(region, account, topic.name)


@BOOK.patch(SNSBackend, "set_topic_attribute")
def an_empty_policy_is_no_json(original, sns, topic_arn, name, value):
    """SetTopicAttributes without a value takes the attribute away."""
    if name == "policy" and not value:
        return None
    return original(sns, topic_arn, name, value or "")


@BOOK.adds("GetTopicAttributes")
def get_topic_attributes(sns, TopicArn, **_):
    """GetTopicAttributes: optional attributes only where they were set."""
    return {"Attributes": shown(sns, topic_of(sns, TopicArn))}


def shown(sns, topic):
    mine = [one for one in sns.subscriptions.values() if one.topic.arn == topic.arn]
    waiting = len([one for one in mine if pending(one)])
    found = {
        "Owner": topic.account_id,
        "Policy": topic.policy,
        "TopicArn": topic.arn,
        "DisplayName": topic.display_name,
        "SubscriptionsPending": str(waiting),
        "SubscriptionsConfirmed": str(len(mine) - waiting),
        "SubscriptionsDeleted": "0",
        "EffectiveDeliveryPolicy": topic.effective_delivery_policy,
        **vars(topic).get("kept", {}),
    }
    if topic.delivery_policy:
        found["DeliveryPolicy"] = topic.delivery_policy
    if topic.kms_master_key_id:
        found["KmsMasterKeyId"] = topic.kms_master_key_id
    if str(topic.fifo_topic).lower() == "true":
        deduplication = str(str(topic.content_based_deduplication).lower() == "true").lower()
        found |= {"FifoTopic": "true", "ContentBasedDeduplication": deduplication}
    return {name: value for name, value in found.items() if value is not None}


# -- subscriptions --------------------------------------------------------------------------------

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
ENDPOINTS = {
    "email": EMAIL,
    "email-json": EMAIL,
    "http": re.compile(r"http://[^\s/]+\S*"),
    "https": re.compile(r"https://[^\s/]+\S*"),
    "sms": re.compile(r"\+?[0-9./-]{5,20}"),
    "sqs": re.compile(r"arn:[^:]+:sqs:[^:]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?"),
    "lambda": re.compile(r"arn:[^:]+:lambda:[^:]+:\d{12}:function:.+"),
    "firehose": re.compile(r"arn:[^:]+:firehose:[^:]+:\d{12}:deliverystream/.+"),
    "application": re.compile(r"arn:[^:]+:sns:[^:]+:\d{12}:endpoint/.+"),
}
MUST_CONFIRM = ("email", "email-json", "http", "https")
ATTRIBUTES = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery")
ATTRIBUTES += ("RedrivePolicy", "SubscriptionRoleArn", "ReplayPolicy")


@BOOK.rule("Subscribe")
def protocol_and_endpoint_suit(sns, TopicArn, Protocol, Endpoint, Attributes, **_):
    """Subscribe.Protocol and .Endpoint."""
    topic = topic_of(sns, TopicArn)
    if Protocol not in ENDPOINTS:
        raise invalid(f"Amazon SNS does not support this protocol string: {Protocol}")
    if not Endpoint or not ENDPOINTS[Protocol].fullmatch(Endpoint):
        raise invalid(f"Endpoint Reason: {Endpoint} is no endpoint of the protocol {Protocol}")
    if str(topic.fifo_topic).lower() == "true" and Protocol != "sqs":
        raise invalid("Protocol Reason: FIFO topics deliver to SQS queues only")
    fifo = str(topic.fifo_topic).lower() == "true"
    if Protocol == "sqs" and Endpoint.endswith(".fifo") and not fifo:
        raise invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
    given = Attributes or {}
    for name, value in given.items():
        subscription_attribute_is_sound(sns, name, value, Protocol, fifo)
    scope = given.get("FilterPolicyScope")
    if "FilterPolicy" in given:
        the_filter_suits_the_scope(given["FilterPolicy"], scope)
    if Protocol == "firehose" and not given.get("SubscriptionRoleArn"):
        raise invalid("Attributes Reason: The SubscriptionRoleArn attribute is required")
    raw = str(given.get("RawMessageDelivery", "")).lower() == "true"
    if raw and Protocol not in ("sqs", "http", "https", "firehose"):
        raise invalid(f"Attributes Reason: RawMessageDelivery is not for {Protocol}")


QUEUE = re.compile(r"arn:[^:]+:sqs:(?P<region>[^:]+):\d{12}:[A-Za-z0-9_-]{1,80}(?P<fifo>\.fifo)?")


def subscription_attribute_is_sound(sns, name, value, protocol, fifo):
    """Subscribe.Attributes; SNS guide: a dead-letter queue is in the same Region, and of a FIFO topic a FIFO queue; only
    HTTP/S has a delivery policy; ReplayPolicy is for FIFO topics.
    """
    if name not in ATTRIBUTES:
        raise invalid("Attributes Reason: Unknown attribute")
    if value in (None, ""):
        return
    if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
        raise invalid(f"Attributes Reason: FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes")
    if name == "RawMessageDelivery" and str(value).lower() not in ("true", "false"):
        raise invalid(f"Attributes Reason: RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if name == "SubscriptionRoleArn" and not ROLE.fullmatch(value):
        raise invalid("Attributes Reason: SubscriptionRoleArn must be a valid ARN")
    if name == "ReplayPolicy" and not fifo:
        raise invalid("Attributes Reason: ReplayPolicy is for FIFO topics only")
    if name in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy", "ReplayPolicy"):
        document = an_object(name, value)
        if name == "DeliveryPolicy":
            if protocol not in ("http", "https"):
                raise invalid(f"Attributes Reason: Delivery protocol [{protocol}] does not support specifying a delivery policy.")
            the_retries_are_sound(document.get("healthyRetryPolicy"))
        if name == "RedrivePolicy" and document:
            the_dead_letter_queue_is_near(sns, document, fifo)


def the_dead_letter_queue_is_near(sns, document, fifo):
    queue = QUEUE.fullmatch(str(document.get("deadLetterTargetArn")))
    if queue is None or set(document) != {"deadLetterTargetArn"}:
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if queue["region"] != sns.region_name:
        raise invalid("RedrivePolicy: deadLetterTargetArn must be in the same Region as the topic")
    if fifo != bool(queue["fifo"]):
        raise invalid("RedrivePolicy: the dead-letter queue must be of the type of the topic (FIFO or standard)")


def the_filter_suits_the_scope(text, scope):
    """SNS guide, filter policy constraints: a JSON object of at most five keys and 256 KB; nested in the body's scope only."""
    if not text:
        return
    document = an_object("FilterPolicy", text)
    if len(text.encode()) > 256 * 1024:
        raise invalid("FilterPolicy: Filter policy is too large")
    if len(document) > 5:
        raise invalid("FilterPolicy: Filter policy can not have more than 5 keys")
    for key, value in document.items():
        nested = isinstance(value, dict)
        if nested and scope != "MessageBody":
            raise invalid("FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy")
        if not nested and not isinstance(value, list):
            raise invalid(f'FilterPolicy: "{key}" must be an object or an array')


@BOOK.rule("SetSubscriptionAttributes")
def the_subscriptions_attribute_is_sound(sns, SubscriptionArn, AttributeName, AttributeValue, **_):
    """SetSubscriptionAttributes.AttributeName, as of Subscribe; a scope is not set back under a nested policy."""
    one = sns.subscriptions.get(SubscriptionArn)
    if one is None:
        return
    subscription_attribute_is_sound(sns, AttributeName, AttributeValue, one.protocol, str(one.topic.fifo_topic).lower() == "true")
    scope = one.attributes.get("FilterPolicyScope")
    if AttributeName == "FilterPolicy":
        the_filter_suits_the_scope(AttributeValue, scope)
    if AttributeName == "FilterPolicyScope" and AttributeValue:
        the_filter_suits_the_scope(one.attributes.get("FilterPolicy"), AttributeValue)


@BOOK.rule("Subscribe")
def a_subscription_that_exists_is_the_same(sns, TopicArn, Protocol, Endpoint, Attributes, **_):
    """Subscribe again: the same subscription; InvalidParameter when its attributes differ."""
    old = sns._find_subscription(TopicArn, Endpoint, Protocol)
    for name, value in (Attributes or {}).items():
        if old is not None and not same(old.attributes.get(name, ""), value):
            message = "Attributes Reason: Subscription already exists with different attributes"
            raise invalid(message)


@BOOK.patch(SNSBackend, "subscribe")
def some_must_be_confirmed(original, sns, topic_arn, endpoint, protocol):
    """Subscribe: "If the endpoint type is HTTP/S or email ... you must confirm"."""
    new = sns._find_subscription(topic_arn, endpoint, protocol) is None
    subscription = original(sns, topic_arn, endpoint, protocol)
    if new and protocol in MUST_CONFIRM:
        subscription.attributes["PendingConfirmation"] = True
        subscription.attributes["ConfirmationWasAuthenticated"] = False
        subscription.token = mock_random.get_random_hex(64)
    return subscription


def pending(subscription):
    return bool(subscription.attributes.get("PendingConfirmation"))


def confirm(subscription):
    subscription.attributes["PendingConfirmation"] = False
    subscription.confirmed = True


def confirm_pending(topic_arn=None, endpoint=None):
    """What a click on the link in the mail does (the control call PUT /double/confirm)."""
    done = []
    for _account, _region, sns in sns_backends.iter_backends():
        for one in sns.subscriptions.values():
            chosen = topic_arn in (None, one.topic.arn) and endpoint in (None, one.endpoint)
            if pending(one) and chosen:
                confirm(one)
                done.append(one.arn)
    return done


def hide_the_arn_of_a_pending_one():
    """Subscribe: "pending confirmation" instead of the ARN, unless ReturnSubscriptionArn."""
    from moto.core.responses import ActionResult
    from moto.sns.responses import SNSResponse

    original = SNSResponse.subscribe

    def subscribe(response):
        result = original(response)
        given = response.normalized_request.environ.get("double.parameters", {})
        arn = result.result["SubscriptionArn"]
        subscription = response.backend.subscriptions[arn]
        if pending(subscription) and not given.get("ReturnSubscriptionArn"):
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return result

    SNSResponse.subscribe = subscribe


hide_the_arn_of_a_pending_one()


@BOOK.adds("ConfirmSubscription")
def confirm_subscription(sns, TopicArn, Token, **_):
    """ConfirmSubscription: with the token of the mail."""
    topic_of(sns, TopicArn)
    for one in sns.subscriptions.values():
        if one.topic.arn == TopicArn and vars(one).get("token") == Token:
            confirm(one)
            return {"SubscriptionArn": one.arn}
    raise invalid("Token")


@BOOK.rule("Unsubscribe")
def a_pending_one_cannot_be_taken_away(sns, SubscriptionArn, **_):
    """Unsubscribe: a pending subscription has no ARN to name; it lapses by itself."""
    if not re.fullmatch(r"arn:[^:]+:sns:[^:]+:\d{12}:[^:]+:[0-9a-f-]+", SubscriptionArn):
        raise invalid(f"SubscriptionArn Reason: An ARN must have at least 6 elements, not {SubscriptionArn}")
    one = sns.subscriptions.get(SubscriptionArn)
    if one is not None and pending(one):
        raise invalid("SubscriptionArn Reason: This subscription is pending confirmation")


@BOOK.rule("SetSubscriptionAttributes")
def raw_delivery_suits_the_protocol(sns, SubscriptionArn, AttributeName, AttributeValue, **_):
    """SNS guide, "Amazon SNS raw message delivery": for Firehose, SQS and HTTP/S endpoints."""
    one = sns.subscriptions.get(SubscriptionArn)
    if one is None or AttributeName != "RawMessageDelivery":
        return
    if str(AttributeValue).lower() == "true" and one.protocol not in ("sqs", "http", "https", "firehose"):
        raise invalid(f"AttributeName Reason: RawMessageDelivery is not for {one.protocol}")


def listed(subscriptions, token):
    start = int(token or 0)
    page = subscriptions[start : start + PAGE]
    result = {
        "Subscriptions": [
            {
                "SubscriptionArn": "PendingConfirmation" if pending(one) else one.arn,
                "Owner": one.owner,
                "Protocol": one.protocol,
                "Endpoint": one.endpoint,
                "TopicArn": one.topic.arn,
            }
            for one in page
        ]
    }
    more = start + PAGE < len(subscriptions)
    return {**result, "NextToken": str(start + PAGE)} if more else result


@BOOK.adds("ListSubscriptions")
def list_subscriptions(sns, NextToken, **_):
    """ListSubscriptions: a pending one shows PendingConfirmation where its ARN would be."""
    return listed(list(sns.subscriptions.values()), NextToken)


@BOOK.adds("ListSubscriptionsByTopic")
def list_subscriptions_by_topic(sns, TopicArn, NextToken, **_):
    """ListSubscriptionsByTopic: as ListSubscriptions."""
    topic_of(sns, TopicArn)
    mine = [one for one in sns.subscriptions.values() if one.topic.arn == TopicArn]
    return listed(mine, NextToken)


@BOOK.rule("TagResource", "CreateTopic")
def tags_are_sound(_sns, Tags, **_):
    """TagResource: keys with the prefix aws: are reserved, each is named once, of up to 128 characters, values of 256; 50 at most."""
    keys = [tag["Key"] for tag in Tags or []]
    if len(set(keys)) < len(keys):
        raise invalid("Tags Reason: Duplicated keys are not allowed.")
    if len(keys) > 50 or any(not 1 <= len(tag["Key"]) <= 128 or len(tag["Value"]) > 256 for tag in Tags or []):
        raise invalid("Tags Reason: at most 50, keys of 1 to 128 and values of up to 256 characters")
    if any(tag["Key"].lower().startswith("aws:") for tag in Tags or []):
        raise invalid("Tags Reason: the prefix aws: is reserved")


# -- the SMS sandbox ------------------------------------------------------------------------------

SANDBOX_NUMBERS = 10
E164 = re.compile(r"\+[1-9]\d{4,14}")


def sandbox(sns):
    return vars(sns).setdefault("sms_sandbox", {"IsInSandbox": True, "numbers": {}})


@BOOK.adds("GetSMSSandboxAccountStatus")
def get_sms_sandbox_account_status(sns, **_):
    """SNS guide, "Using the Amazon SNS SMS sandbox": new accounts are in it until AWS Support moves them out."""
    return {"IsInSandbox": sandbox(sns)["IsInSandbox"]}


@BOOK.adds("CreateSMSSandboxPhoneNumber")
def create_sms_sandbox_phone_number(sns, PhoneNumber, **_):
    """CreateSMSSandboxPhoneNumber, and the guide: "up to 10 verified destination phone numbers", written as E.164."""
    if not E164.fullmatch(PhoneNumber):
        raise invalid("PhoneNumber")
    numbers = sandbox(sns)["numbers"]
    if PhoneNumber not in numbers and len(numbers) >= SANDBOX_NUMBERS:
        raise Refused("UserError", "Sandbox phone number limit reached")
    numbers.setdefault(PhoneNumber, "Pending")
    return {}


@BOOK.adds("VerifySMSSandboxPhoneNumber")
def verify_sms_sandbox_phone_number(sns, PhoneNumber, OneTimePassword, **_):
    """VerifySMSSandboxPhoneNumber: of a number that was added, with the password sent to it, which are the last six of its digits here."""
    numbers = sandbox(sns)["numbers"]
    if PhoneNumber not in numbers:
        raise Refused("ResourceNotFound", "Phone number does not exist", 404)
    if OneTimePassword != PhoneNumber[-6:]:
        raise Refused("VerificationException", "Wrong one-time password")
    numbers[PhoneNumber] = "Verified"
    return {}


@BOOK.adds("ListSMSSandboxPhoneNumbers")
def list_sms_sandbox_phone_numbers(sns, **_):
    """ListSMSSandboxPhoneNumbers: those not yet verified, too. Ten fit on one page."""
    return {"PhoneNumbers": [{"PhoneNumber": number, "Status": status} for number, status in sandbox(sns)["numbers"].items()]}
