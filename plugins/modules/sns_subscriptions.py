#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import operator
import re

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _shapes, _sns
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, ref

ATTRIBUTES = dict(
    filter_policy_scope="FilterPolicyScope",
    filter_policy="FilterPolicy",
    raw_message_delivery="RawMessageDelivery",
    redrive_policy="RedrivePolicy",
    subscription_role="SubscriptionRoleArn",
)
# Where the ARN would be until the addressee has confirmed, and for a while after somebody has unsubscribed.
PENDING = "PendingConfirmation"
DELETED = "Deleted"
IDENTITY = ("topic", "protocol", "endpoint")


def find(aws, wanted):
    listed = aws.pages("sns", "list_subscriptions", "Subscriptions")
    found = [
        dict(id=one["SubscriptionArn"], topic=one["TopicArn"], protocol=one["Protocol"], endpoint=one["Endpoint"])
        for one in listed
        if one["SubscriptionArn"] != DELETED
    ]
    # What a pending subscription has can neither be read nor set. It was subscribed with what the sheet said then, and is
    # compared once it is confirmed; to subscribe again would only send another mail.
    asked = {_key(entry): entry for entry in wanted or []}
    return [{**asked.get(_key(have), {}), **have} if have["id"] == PENDING else have for have in found]


def _key(thing):
    return tuple(thing.get(name) for name in IDENTITY)


def foresee(aws, want):
    _warn_of_the_sandbox(aws, want)


def _warn_of_the_sandbox(aws, subscription):
    """In the SMS sandbox SNS takes every subscription and every message, and delivers only to numbers that were verified."""
    if subscription["protocol"] != "sms":
        return
    verified = aws.once(_verified)
    if verified is not None and _digits(subscription["endpoint"]) not in verified:
        aws.warn(
            f"sns_subscriptions {subscription['endpoint']}: the account is in the SMS sandbox of {aws.region} and the number is not verified, so nothing is "
            "delivered to it: verify it in the console of SNS (text messaging, sandbox destination phone numbers), or have the account moved out of the sandbox"
        )


def _verified(aws):
    """The numbers that the sandbox delivers to; None where there is no sandbox any more."""
    if not aws.sns.get_sms_sandbox_account_status()["IsInSandbox"]:
        return None
    return {_digits(one["PhoneNumber"]) for one in aws.pages("sns", "list_sms_sandbox_phone_numbers", "PhoneNumbers") if one["Status"] == "Verified"}


def _digits(number):
    return re.sub(r"\D", "", str(number))


def read(aws, have, names):
    _warn_of_the_sandbox(aws, have)
    if have["id"] == PENDING or not ATTRIBUTES.keys() & set(names):
        return {}
    return _attributes(aws.sns.get_subscription_attributes(SubscriptionArn=have["id"])["Attributes"])


def _attributes(attributes):
    defaults = dict(RawMessageDelivery="false", **(dict(FilterPolicyScope="MessageAttributes") if "FilterPolicy" in attributes else {}))
    return _sns.parsed(OPTIONS, ATTRIBUTES, {**defaults, **attributes})


def create(aws, want):
    attributes = {ATTRIBUTES[option]: _text(aws, option, value) for option, value in want.items() if option in ATTRIBUTES}
    answer = aws.sns.subscribe(TopicArn=want["topic"], Protocol=want["protocol"], Endpoint=want["endpoint"], Attributes=attributes)
    arn = answer["SubscriptionArn"]
    return dict(_attributes(attributes), id=arn if arn.startswith("arn:") else PENDING, **{name: want[name] for name in IDENTITY})


def _text(aws, option, value):
    return _deliveries.role_arn(aws, value) if OPTIONS[option].ref else _sns.as_text(value)


def update(aws, have, change):
    # A nested filter policy suits the scope MessageBody only, a flat one suits both: so the policy goes first on the way back.
    first = "filter_policy" if change.get("filter_policy_scope") == "MessageAttributes" else "filter_policy_scope"
    for option in sorted(change, key=lambda option: option != first):
        value = dict(AttributeValue=_text(aws, option, change[option])) if change[option] is not None else NOTHING.get(option, {})
        aws.sns.set_subscription_attributes(SubscriptionArn=have["id"], AttributeName=ATTRIBUTES[option], **value)


# An attribute is taken away by leaving out its value; a filter policy by one that filters nothing.
NOTHING = dict(filter_policy=dict(AttributeValue="{}"))


def delete(aws, have):
    aws.sns.unsubscribe(SubscriptionArn=have["id"])


# SNS says in words only which protocols there are, how the endpoint of each is written (with an example), and what each can do.
ENDPOINTS = {
    "http": (r"http://[^\s/]+\S*", "http://www.example.jp/alerts"),
    "https": (r"https://[^\s/]+\S*", "https://www.example.jp/alerts"),
    "email": (_shapes.EMAIL["pattern"], _shapes.EMAIL["example"]),
    "email-json": (_shapes.EMAIL["pattern"], _shapes.EMAIL["example"]),
    "sms": (r"\+?[0-9./-]{5,20}", "+819012345678"),
    "sqs": (r"arn:[^:]+:sqs:[^:]+:\d{12}:.+", "arn:aws:sqs:ap-northeast-1:123456789012:alerts"),
    "lambda": (r"arn:[^:]+:lambda:[^:]+:\d{12}:function:.+", "arn:aws:lambda:ap-northeast-1:123456789012:function:alerts"),
    "firehose": (r"arn:[^:]+:firehose:[^:]+:\d{12}:deliverystream/.+", "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/alerts"),
    "application": (r"arn:[^:]+:sns:[^:]+:\d{12}:endpoint/.+", "arn:aws:sns:ap-northeast-1:123456789012:endpoint/GCM/app/1234"),
}
RAW = ("sqs", "http", "https", "firehose")
SCOPES = ("MessageAttributes", "MessageBody")
KEYS = 5  # of a filter policy


def mistakes(subscription):
    """What no subscription can be, as (option, code, facts), as far as it is named."""
    protocol, endpoint = subscription.get("protocol"), subscription.get("endpoint")
    if protocol is not None and protocol not in ENDPOINTS:
        yield "protocol", "choice", dict(value=protocol, limit=", ".join(ENDPOINTS))
    elif protocol and endpoint and not re.fullmatch(ENDPOINTS[protocol][0], str(endpoint)):
        yield "endpoint", "pattern", dict(value=re.sub("//.*@", "//…@", str(endpoint)), limit=ENDPOINTS[protocol][1])
    if _true(subscription.get("raw_message_delivery")) and protocol in ENDPOINTS and protocol not in RAW:
        yield "raw_message_delivery", "needs", dict(value=True, other=f"protocol: {' / '.join(RAW)}")
    if protocol == "sqs" and endpoint and str(endpoint).endswith(".fifo") and not str(subscription.get("topic") or ".fifo").endswith(".fifo"):
        yield "endpoint", "needs", dict(value=endpoint, other="topic: *.fifo")
    scope = subscription.get("filter_policy_scope")
    policy, redrive = ({**subscription[name]} if isinstance(subscription.get(name), dict) else {} for name in ("filter_policy", "redrive_policy"))
    if scope is not None and scope not in SCOPES:
        yield "filter_policy_scope", "choice", dict(value=scope, limit=", ".join(SCOPES))
    if len(policy) > KEYS:
        yield "filter_policy", "most_items", dict(value=len(policy), limit=KEYS)
    if scope == SCOPES[0] and any(isinstance(value, dict) for value in policy.values()):
        yield "filter_policy", "needs", dict(value=", ".join(policy), other=f"filter_policy_scope: {SCOPES[1]}")
    if redrive and not re.fullmatch(ENDPOINTS["sqs"][0], str(redrive.get("deadLetterTargetArn"))):
        yield "redrive_policy", "pattern", dict(value=redrive.get("deadLetterTargetArn"), limit=f"deadLetterTargetArn: {ENDPOINTS['sqs'][1]}")


def _true(value):
    return str(value).lower() in ("true", "yes", "on", "1")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in mistakes(entry):
            yield index, option, code, facts


def refuse(want, have, change):
    for option, code, facts in mistakes({**want, **change}):
        raise Problem(f"{option}: {_shapes.said(code, **facts)}")
    for option in ("filter_policy", "redrive_policy"):
        if change.get(option) == {}:
            raise Problem(f"{option} is empty, which SNS keeps as none and each run would write anew: take it away with clear: [{option}], or leave it out")
    # No fault of the sheet alone: the scope is an attribute of its own and stays when the policy goes.
    if "filter_policy_scope" in change and not merged(OPTIONS, have, change).get("filter_policy"):
        raise Problem("filter_policy_scope needs a filter_policy: there is nothing whose scope it could be")
    if re.match(r"https?://[^/@]*:[^/@]*@", change.get("endpoint", "")):
        raise Problem(
            "an endpoint with a password in it is shown by AWS without the password and would be subscribed anew in each run: "
            "let the endpoint verify the signature of the messages instead"
        )


def danger(have, change):
    """What is filtered away is lost without a trace. Whoever changes a filter knows that there is one."""
    if not change and have["id"] == PENDING:  # said here, since no confirmation would help
        raise Problem(
            f"waits for {have['endpoint']} to confirm it, and AWS removes no such subscription: it lapses by itself after 48 hours. "
            "Take the entry out of the sheet"
        )
    if have and change and change.get("filter_policy") and not have.get("filter_policy"):
        return f"would drop every message to {have['endpoint']} that its filter policy does not match, where all of them arrive now"
    return None


OPTIONS = dict(
    topic=ref("sns_topics", fixed=True, required=True),
    protocol=fixed(required=True),
    endpoint=fixed(required=True),
    filter_policy_scope=Option(),
    filter_policy=Option("dict", same=operator.eq, clearable=True),
    raw_message_delivery=Option("bool"),
    redrive_policy=Option("dict", same=operator.eq, clearable=True),
    subscription_role=ref("iam_roles"),
)
KIND = Kind(
    name="sns_subscriptions",
    identity=IDENTITY,
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    refuse=refuse,
    faults=faults,
    # The subscription that was just made, or the topic or role before it, may not be known everywhere yet.
    not_yet=(r"\(NotFound", r"\(ConcurrentAccess"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
