# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of SNS, CloudWatch and CloudWatch Logs."""

from __future__ import annotations

import json

import pytest

HERE = "arn:aws:sns:ap-northeast-1:123456789012"


# -- SNS ------------------------------------------------------------------------------------------


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="alarms")["TopicArn"]


def test_topics(sns, topic, refused):
    for name in ("a b", "日本", "x" * 257, "x.fifo"):
        refused("InvalidParameter", sns.create_topic, Name=name)
    refused("InvalidParameter", sns.create_topic, Name="t", Attributes={"Nonsense": "1"})
    set_one = {"TopicArn": topic, "AttributeName": "Nonsense", "AttributeValue": "x"}
    refused("InvalidParameter", sns.set_topic_attributes, **set_one)
    for name, value in {"DisplayName": "x" * 101, "Policy": "x", "TracingConfig": "On"}.items():
        bad = {"TopicArn": topic, "AttributeName": name, "AttributeValue": value}
        refused("InvalidParameter", sns.set_topic_attributes, **bad)
    for name, value in {"KmsMasterKeyId": "alias/aws/sns", "TracingConfig": "Active"}.items():
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
        assert sns.get_topic_attributes(TopicArn=topic)["Attributes"][name] == value
    assert sns.create_topic(Name="alarms")["TopicArn"] == topic
    other = {"Name": "alarms", "Attributes": {"DisplayName": "other"}}
    refused("InvalidParameter", sns.create_topic, **other)
    tagged = {"Name": "alarms", "Tags": [{"Key": "a", "Value": "b"}]}
    refused("InvalidParameter", sns.create_topic, **tagged)
    refused("NotFound", sns.get_topic_attributes, TopicArn=f"{topic}x")


def test_mail_waits_for_a_click(sns, topic, double, refused):
    wanted = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@example.jp"}
    assert sns.subscribe(**wanted)["SubscriptionArn"] == "pending confirmation"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == ["PendingConfirmation"]
    assert counts(sns, topic) == ("1", "0")
    refused("InvalidParameter", sns.unsubscribe, SubscriptionArn="PendingConfirmation")
    arn = sns.subscribe(**wanted, ReturnSubscriptionArn=True)["SubscriptionArn"]
    refused("InvalidParameter", sns.unsubscribe, SubscriptionArn=arn)
    found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert found["PendingConfirmation"] == "true"
    refused("InvalidParameter", sns.confirm_subscription, TopicArn=topic, Token="x")
    assert double.confirm(endpoint="somebody@example.jp") == []
    assert double.confirm(topic_arn=topic) == [arn]
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == arn
    assert counts(sns, topic) == ("0", "1")
    assert sns.subscribe(**wanted)["SubscriptionArn"] == arn
    sns.unsubscribe(SubscriptionArn=arn)


def counts(sns, topic):
    found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    return found["SubscriptionsPending"], found["SubscriptionsConfirmed"]


def test_subscriptions(sns, topic, refused):
    for protocol, endpoint in {
        "pigeon": "x",
        "email": "nobody",
        "https": "http://x",
        "sqs": "queue",
        "firehose": "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/x",
    }.items():
        bad = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
        refused("InvalidParameter", sns.subscribe, **bad)
    queue = "arn:aws:sqs:ap-northeast-1:123456789012:q"
    wanted = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}
    made = sns.subscribe(**wanted, Attributes={"RawMessageDelivery": "true"})
    assert made["SubscriptionArn"].startswith(topic)
    other = {**wanted, "Attributes": {"RawMessageDelivery": "false"}}
    refused("InvalidParameter", sns.subscribe, **other)


def test_the_sms_sandbox(sns, refused):
    number = dict(PhoneNumber="+819012345678")
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"]
    refused("InvalidParameter", sns.create_sms_sandbox_phone_number, PhoneNumber="090-1234-5678")
    refused("ResourceNotFound", sns.verify_sms_sandbox_phone_number, **number, OneTimePassword="345678")
    sns.create_sms_sandbox_phone_number(**number)
    refused("VerificationException", sns.verify_sms_sandbox_phone_number, **number, OneTimePassword="000000")
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [dict(number, Status="Pending")]
    sns.verify_sms_sandbox_phone_number(**number, OneTimePassword="345678")
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [dict(number, Status="Verified")]
    for last in range(9):
        sns.create_sms_sandbox_phone_number(PhoneNumber=f"+8190123400{last:02}")
    refused("UserError", sns.create_sms_sandbox_phone_number, PhoneNumber="+819012340099")


def test_attributes_of_topics(sns, topic, refused):
    retries = {"minDelayTarget": 1, "maxDelayTarget": 60, "numRetries": 50, "numNoDelayRetries": 3}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=delivery(**retries))
    for name, value in (
        ("DeliveryPolicy", "[]"),
        ("DeliveryPolicy", delivery(**{**retries, "maxDelayTarget": 3601})),
        ("DeliveryPolicy", delivery(**{**retries, "numRetries": 101})),
        ("DeliveryPolicy", delivery(**{**retries, "numRetries": 2})),
        ("MaximumMessageSize", "1023"),
        ("SQSFailureFeedbackRoleArn", "acme-role"),
        ("SQSSuccessFeedbackSampleRate", "101"),
        ("SignatureVersion", "3"),
        ("ContentBasedDeduplication", "true"),
    ):
        refused("InvalidParameter", sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)
    for name, value in {"FifoThroughputScope": "Everything", "TracingConfig": "Active", "ContentBasedDeduplication": "yes"}.items():
        refused("InvalidParameter", sns.create_topic, Name="t.fifo", Attributes={"FifoTopic": "true", name: value})
    for tags in ([{"Key": "a", "Value": "b"}] * 2, [{"Key": "a", "Value": "b" * 257}], [{"Key": str(n), "Value": ""} for n in range(51)]):
        refused("InvalidParameter", sns.tag_resource, ResourceArn=topic, Tags=tags)


def delivery(**policy):
    return json.dumps({"http": {"defaultHealthyRetryPolicy": policy}})


def test_attributes_of_subscriptions(sns, topic, refused):
    queue = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:ap-northeast-1:123456789012:q"}
    dead = "arn:aws:sqs:{}:123456789012:{}".format
    nested = json.dumps({"detail": {"severity": ["high"]}})
    wrong = [
        ("FilterPolicy", "{"),
        ("FilterPolicy", '["a"]'),
        ("FilterPolicy", '{"a": "b"}'),
        ("FilterPolicy", nested),
        ("FilterPolicy", json.dumps({str(n): ["a"] for n in range(6)})),
        ("FilterPolicyScope", "Body"),
        ("RawMessageDelivery", "perhaps"),
        ("RedrivePolicy", "{"),
        ("RedrivePolicy", '{"deadLetterTargetArn": "q"}'),
        ("RedrivePolicy", json.dumps({"deadLetterTargetArn": dead("us-east-1", "q")})),
        ("RedrivePolicy", json.dumps({"deadLetterTargetArn": dead("ap-northeast-1", "q.fifo")})),
        ("DeliveryPolicy", delivery()),
        ("ReplayPolicy", "{}"),
        ("Nonsense", "x"),
    ]
    for name, value in wrong:
        refused("InvalidParameter", sns.subscribe, **queue, Attributes={name: value})
    arn = sns.subscribe(**queue)["SubscriptionArn"]
    change = sns.set_subscription_attributes
    for name, value in wrong:
        refused("InvalidParameter", change, SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    change(SubscriptionArn=arn, AttributeName="FilterPolicyScope", AttributeValue="MessageBody")
    change(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=nested)
    back = {"SubscriptionArn": arn, "AttributeName": "FilterPolicyScope", "AttributeValue": "MessageAttributes"}
    refused("InvalidParameter", change, **back)
    change(SubscriptionArn=arn, AttributeName="RedrivePolicy", AttributeValue=json.dumps({"deadLetterTargetArn": dead("ap-northeast-1", "q")}))
    for protocol, endpoint in {
        "sqs": "arn:aws:sqs:ap-northeast-1:123456789012:q.fifo",
        "email": "ops@example",
        "https": "https://",
        "sms": "call me",
        "lambda": "arn:aws:lambda:ap-northeast-1:123456789012:f",
        "http": "http://a b",
    }.items():
        refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


# -- CloudWatch -----------------------------------------------------------------------------------

ALARM = {
    "AlarmName": "cpu",
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 300,
    "EvaluationPeriods": 3,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


def without(*names, **more):
    return {**{k: v for k, v in ALARM.items() if k not in names}, **more}


QUERY = {
    "Id": "m1",
    "MetricStat": {
        "Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"},
        "Period": 60,
        "Stat": "Average",
    },
    "ReturnData": True,
}
INSTANCE = {"Name": "InstanceId", "Value": "i-0123456789abcdef0"}
SINGLE = ("Namespace", "MetricName", "Statistic", "Period")
BAD_ALARMS = [
    without("Statistic"),
    without(ExtendedStatistic="p90"),
    without("Statistic", ExtendedStatistic="q90"),
    without(Period=45),
    without(Period=0),
    without(DatapointsToAlarm=4),
    without(EvaluationPeriods=500),
    without(TreatMissingData="maybe"),
    without(ComparisonOperator="Above"),
    without(AlarmActions=[f"{HERE}:t{n}" for n in range(6)]),
    without(AlarmActions=["nonsense"]),
    without(AlarmActions=["arn:aws:sns:us-east-1:123456789012:t"]),
    without(AlarmActions=[f"{HERE}:t", f"{HERE}:t"]),
    without(AlarmActions=["arn:aws:automate:ap-northeast-1:ec2:recover"]),
    without(AlarmActions=["arn:aws:automate:ap-northeast-1:ec2:hibernate"], Dimensions=[INSTANCE]),
    without(AlarmActions=["arn:aws:lambda:us-east-1:123456789012:function:f"]),
    without(AlarmActions=[f"{HERE}:a topic"]),
    without(ComparisonOperator="GreaterThanUpperThreshold"),
    without(Period=3600, EvaluationPeriods=169),
    without(Period=60, EvaluationPeriods=1441),
    without("Statistic", ExtendedStatistic="p101"),
    without("Statistic", ExtendedStatistic="TM(10%:"),
    without("Statistic", ExtendedStatistic="PR(10%:90%)"),
    without(*SINGLE, Metrics=[QUERY], EvaluationPeriods=1441),
    without(*SINGLE, Metrics=[{**QUERY, "MetricStat": {**QUERY["MetricStat"], "Stat": "Median"}}]),
    without(*SINGLE, Metrics=[{**QUERY, "MetricStat": {**QUERY["MetricStat"], "Period": 45}}]),
    without(*SINGLE, Metrics=[{**QUERY, "Id": "M1"}]),
    without(*SINGLE, Metrics=[QUERY, QUERY]),
    without(*SINGLE, "Threshold", Metrics=[QUERY], ThresholdMetricId="t1"),
    without(*SINGLE, Metrics=[{**QUERY, "Id": f"m{n}", "ReturnData": n == 0} for n in range(11)]),
    without(Metrics=[QUERY]),
    without("MetricName"),
    without(AlarmName="x" * 256),
    without(Tags=[{"Key": "aws:x", "Value": "y"}]),
]


@pytest.mark.parametrize("number", range(len(BAD_ALARMS)))
def test_alarms_that_are_refused(cloudwatch, refused, number):
    refused("ValidationError", cloudwatch.put_metric_alarm, **BAD_ALARMS[number])


def test_alarms_that_are_taken(cloudwatch):
    recover = {"AlarmActions": ["arn:aws:automate:ap-northeast-1:ec2:recover"], "Dimensions": [INSTANCE]}
    for number, good in enumerate(
        [
            without(Period=10),
            without(Period=3600, EvaluationPeriods=168),
            without(**recover),
            *(without("Statistic", ExtendedStatistic=one) for one in ("p99.9", "tm90", "IQM", "PR(:300)", "TC(10%:90%)", "TS(80%:)")),
            without(*SINGLE, Metrics=[QUERY], EvaluationPeriods=1440),
        ]
    ):
        cloudwatch.put_metric_alarm(**{**good, "AlarmName": f"good-{number}"})


def test_a_put_replaces_everything(cloudwatch, refused):
    def described():
        return cloudwatch.describe_alarms(AlarmNames=["cpu"])["MetricAlarms"][0]

    cloudwatch.put_metric_alarm(
        **ALARM,
        AlarmDescription="d",
        ActionsEnabled=False,
        AlarmActions=[f"{HERE}:t"],
        TreatMissingData="breaching",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    first = described()
    assert (first["StateValue"], first["ActionsEnabled"]) == ("INSUFFICIENT_DATA", False)
    assert first["Dimensions"] == first["OKActions"] == []
    cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="test")
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "c", "Value": "d"}])
    second = described()
    assert (second["StateValue"], second["ActionsEnabled"]) == ("ALARM", True)
    assert "AlarmDescription" not in second
    assert "TreatMissingData" not in second
    assert second["AlarmActions"] == []
    arn = second["AlarmArn"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    cloudwatch.disable_alarm_actions(AlarmNames=["cpu"])
    assert not described()["ActionsEnabled"]
    cloudwatch.delete_alarms(AlarmNames=["cpu", "unknown"])
    refused("ResourceNotFoundException", cloudwatch.list_tags_for_resource, ResourceARN=arn)


def test_metric_math_and_composites(cloudwatch, refused):
    names = ("MetricName", "Namespace", "Statistic", "Period")
    math = {"Id": "e1", "Expression": "m1*2", "Label": "twice", "ReturnData": True}
    metrics = [{**QUERY, "ReturnData": False}, math]
    both = without(*names, Metrics=[QUERY, math])
    refused("ValidationError", cloudwatch.put_metric_alarm, **both)
    cloudwatch.put_metric_alarm(**without(*names, Metrics=metrics))
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["Metrics"] == metrics
    rule = {"AlarmName": "both", "AlarmRule": "ALARM(cpu) AND ALARM(unknown)"}
    refused("ValidationError", cloudwatch.put_composite_alarm, **rule)
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("cpu")')
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []
    found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [one["AlarmName"] for one in found] == ["both"]
    taken = without(AlarmName="both")
    refused("ValidationError", cloudwatch.put_metric_alarm, **taken)


# -- Logs -----------------------------------------------------------------------------------------


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="/acme/app", tags={"a": "b"})
    return "/acme/app"


def test_log_groups(logs, group, aws, refused, double):
    refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=group)
    code = "InvalidParameterException"
    for name in ("a b", "aws/x", "x" * 513):
        refused(code, logs.create_log_group, logGroupName=name)
    refused(code, logs.create_log_group, logGroupName="x", logGroupClass="CHEAP")
    for days in (0, 2, 366):
        refused(code, logs.put_retention_policy, logGroupName=group, retentionInDays=days)
    logs.put_retention_policy(logGroupName=group, retentionInDays=365)
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    refused(code, logs.associate_kms_key, logGroupName=group, kmsKeyId=f"{key[:-1]}x")
    logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert (found["retentionInDays"], found["kmsKeyId"]) == (365, key)
    assert (found["logGroupClass"], found["deletionProtectionEnabled"]) == ("STANDARD", False)
    logs.disassociate_kms_key(logGroupName=group)
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    logs.put_log_group_deletion_protection(
        logGroupIdentifier=group, deletionProtectionEnabled=True
    )
    refused("ValidationException", logs.delete_log_group, logGroupName=group)
    logs.put_log_group_deletion_protection(
        logGroupIdentifier=found["logGroupArn"], deletionProtectionEnabled=False
    )
    logs.delete_log_group(logGroupName=group)
    assert double.state("logs/") == {}
    arn = found["logGroupArn"]
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=arn)


def test_metric_filters(logs, group, refused):
    def wanted(**more):
        change = {"metricName": "errors", "metricNamespace": "Acme", "metricValue": "1", **more}
        given = {"logGroupName": group, "filterName": "errors", "filterPattern": "ERROR"}
        return {**given, "metricTransformations": [change]}

    unknown = {**wanted(), "logGroupName": "/acme/unknown"}
    refused("ResourceNotFoundException", logs.put_metric_filter, **unknown)
    code = "InvalidParameterException"
    refused(code, logs.put_metric_filter, **{**wanted(), "filterName": "a:b"})
    both = wanted(defaultValue=0.0, dimensions={"a": "$.a"})
    refused(code, logs.put_metric_filter, **both)
    refused(code, logs.put_metric_filter, **wanted(metricNamespace="AWS/EC2"))
    logs.put_metric_filter(**wanted())
    logs.put_metric_filter(**wanted(metricValue="2"))
    found = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert [one["metricTransformations"][0]["metricValue"] for one in found] == ["2"]
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    gone = {"logGroupName": group, "filterName": "other"}
    refused("ResourceNotFoundException", logs.delete_metric_filter, **gone)
    logs.delete_metric_filter(logGroupName=group, filterName="errors")
    cheap = {"logGroupName": "/acme/cheap", "logGroupClass": "INFREQUENT_ACCESS"}
    logs.create_log_group(**cheap)
    wrong = {**wanted(), "logGroupName": "/acme/cheap"}
    refused("InvalidOperationException", logs.put_metric_filter, **wrong)


def test_at_most_a_hundred_filters(logs, group, refused):
    change = [{"metricName": "errors", "metricNamespace": "Acme", "metricValue": "1"}]
    given = {"logGroupName": group, "filterPattern": "", "metricTransformations": change}
    for number in range(100):
        logs.put_metric_filter(**given, filterName=f"f{number}")
    refused("LimitExceededException", logs.put_metric_filter, **given, filterName="one-more")
    logs.put_metric_filter(**given, filterName="f7")
    page = logs.describe_metric_filters(logGroupName=group)
    assert (len(page["metricFilters"]), "nextToken" in page) == (50, True)


GOOD_PATTERNS = """
ERROR
"GET /a b" -health
?ERROR ?"WARN:" -DEBUG
%4[0-9]{2}% エラー
[host, ident, user, time, request, status=5*, size]
[..., status=4* && status!=404, bytes > 1000]
[ip=%127[.]0[.]0[.][1-9]%, ..., (code=500 || code=502)]
[w1=ERROR]
{ $.latency > 1000 }
{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }
{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}
{($.eventSource=organizations.amazonaws.com) && (($.eventName=AcceptHandshake) || ($.eventName=AttachPolicy))}
{ $.objectList[0].id = 1 && $.x IS NULL && $.sourceIPAddress != 123.123.* }
{ $.['cluster.name'] = %acme.*% }
""".strip("\n").splitlines()
BROKEN_PATTERNS = """
{ $.latency > 1000
{ ($.latency > 1000 }
{ $.latency > 1000) }
{ $.latency >  }
{ latency > 1000 }
{ $.a = "b }
{ $.a = 1 && }
{ $.a = 1 $.b = 2 }
{ $.a IS NONE }
{ $.a[0 = 1 }
{ }
[host, status=5*
[host, , status]
[host, status=]
[..., a, ...]
[host "quoted]
[]
"ERROR
ERROR: something
level=error
ERROR (fatal)
%a(b)%
%a% %b% %c%
%open
"a"b
""".strip("\n").splitlines()


@pytest.fixture
def g(aws):
    aws("logs").create_log_group(logGroupName="g")
    return aws("logs")


ONE = {"metricName": "m", "metricNamespace": "acme", "metricValue": "1"}


def metric_filter(pattern, name="f", **transformation):
    return {"logGroupName": "g", "filterName": name, "filterPattern": pattern, "metricTransformations": [{**ONE, **transformation}]}


@pytest.mark.parametrize("pattern", ["", *GOOD_PATTERNS])
def test_filter_patterns(g, pattern):
    g.put_metric_filter(**metric_filter(pattern))


@pytest.mark.parametrize("pattern", BROKEN_PATTERNS)
def test_broken_filter_patterns(g, refused, pattern):
    refused("InvalidParameterException", g.put_metric_filter, **metric_filter(pattern))


def test_what_a_metric_filter_publishes(g, refused):
    spaced, json = "[host, status=5*, size]", "{ $.latency > 1000 }"
    for pattern, value in ((spaced, "$size"), (json, "$.latency"), ("ERROR", "1.5")):
        g.put_metric_filter(**metric_filter(pattern, metricValue=value))
    for pattern, value in ((spaced, "$other"), (spaced, "$.size"), (json, "$latency"), ("ERROR", "$.latency"), ("ERROR", "one"), ("ERROR", "nan")):
        refused("InvalidParameterException", g.put_metric_filter, **metric_filter(pattern, metricValue=value))
    g.put_metric_filter(**metric_filter(spaced, dimensions={"Host": "$host"}))
    for pattern, dimensions in (("ERROR", {"Host": "web"}), (spaced, {"Host": "web"}), (json, {"Host": "$host"}), (json, {"x" * 256: "$.a"})):
        refused("InvalidParameterException", g.put_metric_filter, **metric_filter(pattern, dimensions=dimensions))
    refused("InvalidParameterException", g.put_metric_filter, **{**metric_filter("ERROR"), "metricTransformations": [ONE, ONE]})
    refused("InvalidParameterException", g.put_metric_filter, **metric_filter("x" * 1025))
    for number in range(5):
        g.put_metric_filter(**metric_filter("%a%", name=f"f{number}"))
    refused("LimitExceededException", g.put_metric_filter, **metric_filter("%a%", name="f5"))
    g.put_metric_filter(**metric_filter("%b%", name="f4"))
    for name in ("a b", "a:b", "日本", "x" * 513):
        refused("InvalidParameterException", g.create_log_group, logGroupName=name)
    refused("InvalidParameterException", g.put_retention_policy, logGroupName="g", retentionInDays=10)
