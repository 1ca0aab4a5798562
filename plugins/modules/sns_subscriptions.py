#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import operator
import re

from ansible_collections.msp.aws.plugins.module_utils import _sns
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


def read(aws, have, names):
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
    return _sns.role_arn(aws, value) if OPTIONS[option].ref else _sns.as_text(value)


def update(aws, have, change):
    # A nested filter policy suits the scope MessageBody only, a flat one suits both: so the policy goes first on the way back.
    first = "filter_policy" if change.get("filter_policy_scope") == "MessageAttributes" else "filter_policy_scope"
    for option in sorted(change, key=lambda option: option != first):
        value = dict(AttributeValue=_text(aws, option, change[option])) if change[option] is not None else NOTHING.get(option, {})
        aws.sns.set_subscription_attributes(SubscriptionArn=have["id"], AttributeName=ATTRIBUTES[option], **value)


# An attribute is taken away by leaving out its value; a filter policy by one that filters nothing.
NOTHING = dict(filter_policy=dict(AttributeValue="{}"))


def delete(aws, have):
    if have["id"] == PENDING:
        raise Problem(f"waits for {have['endpoint']} to confirm it, and AWS removes no such subscription: it lapses by itself after 48 hours")
    aws.sns.unsubscribe(SubscriptionArn=have["id"])


def refuse(want, have, change):
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
    refuse=refuse,
    # The subscription that was just made, or the topic or role before it, may not be known everywhere yet.
    not_yet=(r"\(NotFound", r"\(ConcurrentAccess"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
