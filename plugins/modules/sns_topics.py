#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _policies, _shapes, _sns, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref, tags

ATTRIBUTES = dict(
    fifo_topic="FifoTopic",
    display_name="DisplayName",
    kms_master_key_id="KmsMasterKeyId",
    delivery_policy="DeliveryPolicy",
    content_based_deduplication="ContentBasedDeduplication",
    fifo_throughput_scope="FifoThroughputScope",
    maximum_message_size="MaximumMessageSize",
    signature_version="SignatureVersion",
    tracing_config="TracingConfig",
)
FEEDBACK = dict(
    success_feedback_role="SuccessFeedbackRoleArn",
    success_feedback_sample_rate="SuccessFeedbackSampleRate",
    failure_feedback_role="FailureFeedbackRoleArn",
)
OWN_KEY_OF_SNS = "alias/aws/sns"


def find(aws, wanted):
    arns = [topic["TopicArn"] for topic in aws.pages("sns", "list_topics", "Topics")]
    return [dict(id=arn, name=arn.rpartition(":")[2], fifo_topic=arn.endswith(".fifo")) for arn in arns]


def read(aws, have, names):
    found = {}
    if set(names) - {"name", "fifo_topic", "tags"}:
        found.update(_attributes(have["id"], aws.sns.get_topic_attributes(TopicArn=have["id"])["Attributes"]))
    if "tags" in names:
        found["tags"] = _tags.as_dict(aws.sns.list_tags_for_resource(ResourceArn=have["id"])["Tags"])
    return found


def _attributes(arn, attributes):
    found = _sns.parsed(OPTIONS, ATTRIBUTES, attributes)
    publishers, policy = _told_apart(arn, _policies.document(attributes.get("Policy")))
    return dict(found, publishers=publishers, policy=policy, delivery_status_logging=_logging(attributes))


def _logging(attributes):
    """Delivery status logging by protocol, where it is on. A sample rate alone logs nothing."""
    protocols = sorted({match[1] for match in map(re.compile(r"(\w+)(?:Success|Failure)FeedbackRoleArn").fullmatch, attributes) if match})
    found = []
    for protocol in protocols:
        success, rate, failure = (attributes.get(f"{protocol}{member}") for member in FEEDBACK.values())
        if success or failure:
            roles = dict(success_feedback_role=success, failure_feedback_role=failure)
            names = {option: _sns.role_name(role) for option, role in roles.items() if role}
            found.append(dict(names, protocol=protocol, success_feedback_sample_rate=int(rate or 0)))
    return found


# ---- who may publish


def _statement(arn, service):
    """Lets a service publish, on behalf of the topic's own account only."""
    return dict(
        Sid="PublishBy" + "".join(part.capitalize() for part in re.split(r"\W", service)),
        Effect="Allow",
        Principal=dict(Service=service),
        Action="SNS:Publish",
        Resource=arn,
        Condition=dict(StringEquals={"aws:SourceAccount": arn.split(":")[4]}),
    )


def _statements(policy):
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else found


def _told_apart(arn, policy):
    """The services which have exactly the statement of a publisher, and the policy without these statements."""
    publishers, others = [], []
    for statement in _statements(policy):
        service = statement["Principal"].get("Service") if isinstance(statement.get("Principal"), dict) else None
        own = isinstance(service, str) and _policies.alike(dict(Statement=[statement]), dict(Statement=[_statement(arn, service)]))
        (publishers if own else others).append(service if own else statement)
    return publishers, {**policy, "Statement": others}


def _joined(arn, policy, publishers):
    own = [_statement(arn, service) for service in publishers]
    sids = [statement["Sid"] for statement in own]
    # A publisher's statement that somebody has altered gives way to the right one.
    others = [statement for statement in _statements(policy) if statement.get("Sid") not in sids]
    return {**policy, "Statement": others + own}


# ---- writing


def create(aws, want):
    want = {**want, **(dict(fifo_topic=True) if want["name"].endswith(".fifo") else {})}  # AWS asks for both, and the name says it already
    attributes = {member: _sns.as_text(want[option]) for option, member in ATTRIBUTES.items() if option in want}
    tagged = want.get("tags", {})
    arn = aws.sns.create_topic(Name=want["name"], Attributes=attributes, Tags=_tags.as_list(tagged))["TopicArn"]
    with aws.reading():  # AWS gives a new topic a policy
        now = aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return dict(_attributes(arn, now), id=arn, name=want["name"], fifo_topic=arn.endswith(".fifo"), tags=tagged)


def update(aws, have, change):
    # SNS takes an attribute away when it is set to nothing.
    attributes = {ATTRIBUTES[option]: "" if value is None else _sns.as_text(value) for option, value in change.items() if option in ATTRIBUTES}
    if {"policy", "publishers"} & change.keys():
        after = merged(OPTIONS, have, change)
        attributes["Policy"] = _policies.text(_joined(have["id"], after["policy"], after["publishers"]))
    if "delivery_status_logging" in change:
        attributes.update(_feedback(aws, change["delivery_status_logging"]))
    for name, value in attributes.items():
        aws.sns.set_topic_attributes(TopicArn=have["id"], AttributeName=name, AttributeValue=value)
    _tags.write(have, change, aws.sns.tag_resource, aws.sns.untag_resource, ResourceArn=have["id"])


def _feedback(aws, delta):
    """The attributes that switch logging on, change it, and switch it off."""
    off = dict(success_feedback_role="", failure_feedback_role="")
    changes = [({}, item) for item in delta.add] + delta.change + [(item, {**item, **off}) for item in delta.remove]
    attributes = {}
    for old, new in changes:
        for option in FEEDBACK.keys() & new.keys():
            if new[option] != old.get(option):
                value = _deliveries.role_arn(aws, new[option]) if option.endswith("_role") and new[option] else new[option]
                attributes[f"{new['protocol']}{FEEDBACK[option]}"] = _sns.as_text(value)
    return attributes


def delete(aws, have):
    aws.sns.delete_topic(TopicArn=have["id"])


# ---- what to think about first


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    for option, code, facts in mistakes(dict(change, name=want.get("name"))):
        raise Problem(f"{option}: {_shapes.said(code, **facts)}")
    if after.get("publishers") and _only_sns_may_use(after.get("kms_master_key_id")):
        raise Problem(
            f"{', '.join(after['publishers'])} cannot publish to a topic that is encrypted with {OWN_KEY_OF_SNS}, and nobody would be told: "
            "name a KMS key of your own whose policy allows them kms:GenerateDataKey* and kms:Decrypt"
        )


def _only_sns_may_use(key):
    return str(key).endswith(OWN_KEY_OF_SNS)


def danger(have, change):
    reasons = []
    gone = change["publishers"].remove if "publishers" in change else []
    if gone:
        reasons.append(f"would stop {', '.join(gone)} from publishing")
    key = change.get("kms_master_key_id")
    if have.get("publishers") and key:
        reasons.append(f"would silence every publisher which the policy of {key} does not allow kms:GenerateDataKey* and kms:Decrypt")
    if any(_open(statement) for statement in _statements(change.get("policy") or {})):
        reasons.append("would open the topic to everybody")
    return " and ".join(reasons) or None


def _open(statement):
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    anyone = "*" in (named if isinstance(named, list) else [named])
    return statement.get("Effect") == "Allow" and anyone and not statement.get("Condition")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if _only_sns_may_use(entry.get("kms_master_key_id")) and _named_publishers(entry):
            yield index, "kms_master_key_id", "one_of", dict(value=entry["kms_master_key_id"], other="kms_master_key_id, publishers")
        if entry.get("fifo_topic") is not None and entry["fifo_topic"] != str(entry.get("name")).endswith(".fifo"):
            yield index, "fifo_topic", "needs", dict(value=entry["fifo_topic"], other="fifo_topic: true ⇔ name: *.fifo")
        for option, code, facts in mistakes(entry):
            yield index, option, code, facts


# SNS says these in words only.
NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
WORDS = dict(signature_version=("1", "2"), tracing_config=("PassThrough", "Active"), fifo_throughput_scope=("Topic", "MessageGroup"))
SIZES = (1024, 1024 * 1024)
DISPLAYED = 100


def mistakes(topic):
    """What no topic can be, as (option, code, facts), as far as it is named."""
    if topic.get("name") is not None and not NAME.fullmatch(str(topic["name"])):
        yield "name", "pattern", dict(value=topic["name"], limit=NAME.pattern)
    for option, words in WORDS.items():
        if topic.get(option) is not None and str(topic[option]) not in words:
            yield option, "choice", dict(value=topic[option], limit=", ".join(words))
    size = topic.get("maximum_message_size")
    if size is not None and not SIZES[0] <= int(size) <= SIZES[1]:
        yield "maximum_message_size", *(("least", dict(value=size, limit=SIZES[0])) if int(size) < SIZES[0] else ("most", dict(value=size, limit=SIZES[1])))
    if len(str(topic.get("display_name") or "")) > DISPLAYED:
        yield "display_name", "longest", dict(value=topic["display_name"], limit=DISPLAYED)
    for option in ("content_based_deduplication", "fifo_throughput_scope"):
        if topic.get(option) is not None and not str(topic.get("name") or ".fifo").endswith(".fifo"):
            yield option, "needs", dict(value=topic[option], other="name: *.fifo")


def _named_publishers(entry):
    """Those that shall be there; taking some away goes with every key."""
    given = entry.get("publishers") or []
    return [*(given.get("add") or []), *(given.get("set") or [])] if isinstance(given, dict) else given


OPTIONS = dict(
    name=fixed(),
    fifo_topic=fixed("bool"),
    display_name=Option(clearable=True),
    kms_master_key_id=Option(clearable=True),
    publishers=Option("list", "str", many=True),
    policy=_policies.policy(rest=True),
    delivery_policy=Option("dict", same=_policies.alike, clearable=True),
    delivery_status_logging=items(
        key=("protocol",),
        options=dict(
            protocol=Option(required=True),
            success_feedback_role=ref("iam_roles"),
            success_feedback_sample_rate=Option("int"),
            failure_feedback_role=ref("iam_roles"),
        ),
    ),
    content_based_deduplication=Option("bool"),
    fifo_throughput_scope=Option(),
    maximum_message_size=Option("int"),
    signature_version=Option(),
    tracing_config=Option(),
    tags=tags(),
)
KIND = Kind(
    name="sns_topics",
    identity=("name",),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    danger=danger,
    faults=faults,
    # The topic itself, and the roles that its policy names, may be too new to be known everywhere; and SNS tags one thing at a time.
    not_yet=(r"\(NotFound", r"\(ConcurrentAccess", r"PrincipalNotFound"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
