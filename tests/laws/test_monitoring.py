# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What alarms, logs and notifications refuse, call dangerous or find wrong in a sheet, and what a second run must not see otherwise."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_faults
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from tests.laws.stage import ACCOUNT, KINDS, REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

ALARMS, GROUPS, FILTERS, TOPICS, SUBSCRIPTIONS = "cloudwatch_alarms", "logs_log_groups", "logs_metric_filters", "sns_topics", "sns_subscriptions"
CPU = dict(
    name="acme",
    namespace="AWS/EC2",
    metric_name="CPUUtilization",
    statistic="Average",
    period=300,
    evaluation_periods=1,
    comparison_operator="GreaterThanThreshold",
    threshold=90,
)
DAY = 24 * 60 * 60
RATE = dict(metrics=[dict(id="rate", expression="100")])


def without(entry, *names):
    return {name: value for name, value in entry.items() if name not in names}


# -- alarms


@pytest.fixture
def alarms(stage):
    stage.double.reset()
    write(stage, ALARMS, CPU)
    return stage


def test_an_alarm_tells_topics_of_its_own_region(alarms):
    """Which AWS says only when the alarm is written."""
    entry = dict(CPU, name="acme-new", alarm_actions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"])
    assert f"is in the Region us-east-1; it has to be in the Region {REGION}" in refused(alarms, ALARMS, entry)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(CPU, **RATE), "exactly one of metric_name, metrics, it would have metric_name and metrics"),
        (without(CPU, "metric_name"), "exactly one of metric_name, metrics, it would have none"),
        (without(CPU, "statistic"), "exactly one of statistic, extended_statistic, metrics, it would have none"),
        (dict(CPU, extended_statistic="p99"), "it would have statistic and extended_statistic"),
        (without(CPU, "threshold"), "exactly one of threshold, threshold_metric_id, it would have none"),
        (dict(CPU, threshold_metric_id="band"), "it would have threshold and threshold_metric_id"),
    ],
)
def test_an_alarm_has_one_of_each(alarms, entry, said):
    assert said in refused(alarms, ALARMS, dict(entry, name="acme-new"))


def test_the_other_one_takes_the_place_of_what_is_cleared(alarms):
    assert "`clear` takes one away" in refused(alarms, ALARMS, dict(name="acme", extended_statistic="p99"))
    assert "metric_name and metrics" in refused(alarms, ALARMS, dict(name="acme", clear=["statistic"], **RATE))
    harmless(alarms, ALARMS, dict(name="acme", extended_statistic="p99", clear=["statistic"]))
    harmless(alarms, ALARMS, dict(CPU, name="acme-new", metrics=[]))


def test_the_name_of_another_kind_of_alarm_is_taken(alarms):
    cloudwatch = client(alarms, "cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="acme-all", AlarmRule="ALARM(acme)")
    for entry in (dict(CPU, name="acme-all"), dict(name="acme-all", state="absent")):
        assert "the name is taken by a CompositeAlarm" in refused(alarms, ALARMS, entry, confirm=["cloudwatch_alarms/acme-all"])
    assert [alarm["name"] for alarm in alarms.gather(ALARMS)] == ["acme"]


def test_what_a_sheet_says_wrong_of_alarms():
    assert faults(ALARMS, CPU, dict(CPU, extended_statistic="p99", threshold_metric_id="band"), dict(name="rate", **RATE)) == [
        (1, "statistic", "one_of"),
        (1, "threshold", "one_of"),
    ]
    assert faults(ALARMS, dict(CPU, **RATE)) == [(0, "metric_name", "one_of"), (0, "statistic", "one_of")]


def test_numbers_in_dimensions_mean_their_digits(alarms):
    metric = dict(namespace="acme", metric_name="Errors", dimensions=dict(Port=443))
    stat = dict(metric=metric, period=60, stat="Sum")
    several = dict(without(CPU, "namespace", "metric_name", "statistic", "period"), name="several", metrics=[dict(id="m", metric_stat=stat)])
    for entry in (dict(CPU, dimensions=dict(Port=443), tags=dict(Cost=4711)), several):
        write(alarms, ALARMS, entry)
        assert not write(alarms, ALARMS, entry)["changed"]


def dimensions(**facts):
    return without(CPU, "namespace") | dict(dict(name="named", namespace="AWS/EC2"), **facts)


def test_a_dimension_that_is_an_id_is_named_as_the_sheet_names_it(stage):
    stage.double.reset()
    stage.prepare(ALARMS)
    write(stage, ALARMS, dimensions(dimensions=dict(InstanceId="acme-web01")))
    (instance,) = stage.gather("ec2_instances")
    (alarm,) = client(stage, "cloudwatch").describe_alarms(AlarmNames=["named"])["MetricAlarms"]
    assert alarm["Dimensions"][0]["Value"].startswith("i-") and instance["name"] == "acme-web01"
    assert stage.gather(ALARMS)[0]["dimensions"] == dict(InstanceId="acme-web01")
    by_id = dimensions(dimensions=dict(InstanceId=alarm["Dimensions"][0]["Value"]))
    assert not write(stage, ALARMS, by_id)["changed"]
    assert "no 'acme-web09' among ec2_instances" in refused(stage, ALARMS, dimensions(dimensions=dict(InstanceId="acme-web09")))


def test_an_alarm_that_looks_more_often_than_a_server_tells_is_warned_of(stage, monkeypatch):
    stage.double.reset()
    stage.prepare(ALARMS)
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    often = dimensions(dimensions=dict(InstanceId="acme-web01"), period=60)
    stat = dict(metric=dict(namespace="AWS/EC2", metric_name="NetworkIn", dimensions=dict(InstanceId="acme-web01")), period=10, stat="Sum")
    several = dict(without(CPU, "namespace", "metric_name", "statistic", "period"), name="several", metrics=[dict(id="m", metric_stat=stat)])

    def plan(entry):
        stage.run(ALARMS, task(ALARMS, entry), check=True)

    for entry, seconds in ((often, 60), (several, 10)):
        plan(entry)
        assert len(said) == 1 and f"cloudwatch_alarms {entry['name']}" in said[0] and f"the period of {seconds} has mostly no data" in said[0]
        said.clear()
    stage.run(ALARMS, task(ALARMS, dict(often, dimensions=dict(InstanceId="new"))), check=True, sheet_names=dict(ec2_instances=["new"]))
    assert len(said) == 1 and "new is made in this run, and unless its entry says otherwise its metrics come every 300 seconds" in said.pop()
    checked = dict(often, metric_name="StatusCheckFailed", statistic="Maximum")
    for entry in (checked, dict(often, period=300), dict(often, namespace="acme")):
        plan(entry)
    write(stage, "ec2_instances", dict(name="acme-web01", monitoring=True))
    plan(often)
    assert said == []


def test_an_alarm_that_looks_more_often_than_the_sheet_has_its_server_tell_is_found():
    often, checked = (dict(CPU, metric_name=name, period=60, dimensions=dict(InstanceId="web")) for name in ("CPUUtilization", "StatusCheckFailed"))

    def found(**server):
        told = sheet_faults({ALARMS: [often, dict(checked, name="checked")], "ec2_instances": [dict(name="web", **server)]}, language="en")
        return [line for line in told if line.startswith(ALARMS)]

    assert found() == found(monitoring=True) == []
    assert found(monitoring=False) == ["cloudwatch_alarms acme period: ec2_instances web monitoring: true is needed; found 60"]


@pytest.mark.parametrize("value", ["i-0123456789abcdef0", "0f4c8a2e-5b7d-4f39-8d16-0c2a9e7b3f51", 443])
@pytest.mark.parametrize("namespace", ["AWS/Connect", "AWS/EC2"])
def test_other_services_mean_things_of_their_own_by_the_same_words(alarms, namespace, value):
    entry = dimensions(namespace=namespace, dimensions=dict(InstanceId=value))
    stat = dict(metric=dict(namespace=namespace, metric_name="Calls", dimensions=dict(InstanceId=value)), period=60, stat="Sum")
    several = dict(without(CPU, "namespace", "metric_name", "statistic", "period"), name="several", metrics=[dict(id="m", metric_stat=stat)])
    stands = namespace == "AWS/Connect" or str(value).startswith("i-")
    for one in (entry, several):
        told = sheet_faults({ALARMS: [one]}, account={}, language="en")
        assert bool(told) is not stands and all("dimensions.InstanceId: there is no" in line for line in told)
        if stands:
            write(alarms, ALARMS, one)
            assert not write(alarms, ALARMS, one)["changed"]


# -- notifications by SMS


def test_an_sms_that_the_sandbox_keeps_is_warned_of(stage, monkeypatch):
    stage.double.reset()
    write(stage, TOPICS, dict(name="acme"))
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    phone = dict(topic="acme", protocol="sms", endpoint="+81-90-0000-0001")
    for act in (dict(check=True), {}, {}):
        stage.run(SUBSCRIPTIONS, task(SUBSCRIPTIONS, phone), **act)
        assert len(said) == 1 and phone["endpoint"] in said.pop()
    sns = client(stage, "sns")
    sns.create_sms_sandbox_phone_number(PhoneNumber="+819000000001")
    write(stage, SUBSCRIPTIONS, phone)
    assert "not verified" in said.pop()
    sns.verify_sms_sandbox_phone_number(PhoneNumber="+819000000001", OneTimePassword="000001")
    stage.double.clear_calls()
    write(stage, SUBSCRIPTIONS, phone, dict(phone, endpoint="+819000000002"))
    assert len(said) == 1 and "+819000000002" in said.pop() and len([call for call in stage.reads() if "Sandbox" in call]) == 2
    stage.double.clear_calls()
    write(stage, SUBSCRIPTIONS, dict(topic="acme", protocol="email", endpoint="noc@acme.example"))
    assert said == [] and not any("Sandbox" in call for call in stage.reads())


# -- logs


@pytest.fixture
def logs(stage):
    stage.double.reset()
    return stage


def old_group(stage, **retention):
    """A log group that has held events for longer than any retention named here."""
    write(stage, GROUPS, dict(name="/acme/app", **retention))
    return dict(name="/acme/app")


@pytest.fixture
def years_later(monkeypatch):
    at = time.time() + 1000 * DAY
    monkeypatch.setitem(KINDS[GROUPS].danger.__globals__, "time", SimpleNamespace(time=lambda: at))


def test_a_shorter_retention_of_old_events_needs_a_confirmation(logs, years_later):
    group = old_group(logs)
    assert "every event older than 400 days, where all of them are kept now" in dangerous(logs, GROUPS, dict(group, retention_in_days=400))
    assert "every event older than 90 days, where 400 days are kept now" in dangerous(logs, GROUPS, dict(group, retention_in_days=90))
    harmless(logs, GROUPS, dict(group, retention_in_days=400))
    harmless(logs, GROUPS, dict(group, clear=["retention_in_days"]))


def test_a_log_group_that_is_younger_than_its_retention_loses_nothing():
    danger, week = KINDS[GROUPS].danger, dict(retention_in_days=7)
    for kept in (None, 30):
        assert danger(dict(retention_in_days=kept, _created=time.time() - 6 * DAY), week) is None
        assert "older than 7 days" in danger(dict(retention_in_days=kept, _created=time.time() - 8 * DAY), week)
    assert danger({}, week) is None


def test_a_protected_log_group_stays(logs):
    group = dict(name="/acme/app", deletion_protection_enabled=True)
    write(logs, GROUPS, group)
    gone = dict(name="/acme/app", state="absent")
    assert "is protected from deletion" in refused(logs, GROUPS, gone, confirm=["logs_log_groups//acme/app"])
    harmless(logs, GROUPS, dict(group, deletion_protection_enabled=False))
    assert write(logs, GROUPS, gone, confirm=["logs_log_groups//acme/app"])["changed"]


def test_the_class_of_a_log_group_stays(logs):
    group = old_group(logs)
    assert "log_group_class cannot change after creation" in refused(logs, GROUPS, dict(group, log_group_class="INFREQUENT_ACCESS"))


def test_numbers_in_tags_of_a_log_group_mean_their_digits(logs):
    group = dict(name="/acme/app", tags=dict(Cost=4711))
    write(logs, GROUPS, group)
    assert not write(logs, GROUPS, group)["changed"] and logs.gather(GROUPS)[0]["tags"] == dict(Cost="4711")


def test_a_metric_with_dimensions_has_no_default_value():
    metric = dict(metric_name="Errors", metric_namespace="acme", metric_value="1")
    filters = dict(log_group="/acme/app", filter_pattern="ERROR")
    both = dict(filters, name="both", metric_transformations=[dict(metric, dimensions=dict(Path="$.path"), default_value=0)])
    either = [dict(metric, dimensions=dict(Path="$.path")), dict(metric, default_value=0)]
    assert faults(FILTERS, dict(filters, name="one", metric_transformations=either), both) == [(1, "metric_transformations.default_value", "one_of")]


# -- topics


@pytest.fixture
def topics(stage):
    stage.prepare(TOPICS)
    stage.run(TOPICS, examples(TOPICS).make)
    return stage


def policy(principal, **more):
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:acme-reports"
    statement = dict(Sid="own", Effect="Allow", Principal=principal, Action="SNS:Subscribe", Resource=arn, **more)
    return dict(name="acme-reports", policy=dict(Version="2012-10-17", Statement=[statement]))


def test_services_cannot_publish_with_the_key_that_only_sns_may_use(topics):
    entry = dict(kms_master_key_id="alias/aws/sns", publishers=["cloudwatch.amazonaws.com"])
    for name in ("acme-reports", "acme-new"):
        assert "cloudwatch.amazonaws.com cannot publish" in refused(topics, TOPICS, dict(entry, name=name))
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/sns"
    assert "cannot publish" in refused(topics, TOPICS, dict(name="acme-alarm", kms_master_key_id=arn), confirm=["sns_topics/acme-alarm"])
    harmless(topics, TOPICS, dict(name="acme-reports", kms_master_key_id="alias/aws/sns"))
    assert "cannot publish" in refused(topics, TOPICS, dict(name="acme-reports", publishers=["ses.amazonaws.com"]))


def test_silencing_publishers_needs_a_confirmation(topics):
    assert "would silence every publisher" in dangerous(topics, TOPICS, dict(name="acme-alarm", kms_master_key_id="alias/acme-sns"))
    why = dangerous(topics, TOPICS, dict(name="acme-alarm", publishers=dict(remove=["budgets.amazonaws.com"])))
    assert "would stop budgets.amazonaws.com from publishing" in why
    harmless(topics, TOPICS, dict(name="acme-alarm", clear=["kms_master_key_id"]))
    harmless(topics, TOPICS, dict(name="acme-reports", kms_master_key_id="alias/acme-sns"))


@pytest.mark.parametrize("anyone", ["*", dict(AWS="*"), dict(AWS=["*"]), dict(AWS=["arn:aws:iam::210987654321:root", "*"])])
def test_opening_a_topic_to_everybody_needs_a_confirmation(topics, anyone):
    assert "would open the topic to everybody" in dangerous(topics, TOPICS, policy(anyone))


@pytest.mark.parametrize(
    "entry",
    [policy(dict(AWS="arn:aws:iam::210987654321:root")), policy("*", Condition=dict(StringEquals={"aws:PrincipalOrgID": "o-0123456789"}))],
)
def test_a_topic_for_some_needs_none(topics, entry):
    harmless(topics, TOPICS, entry)


def test_a_policy_that_sns_answers_in_its_own_words_is_the_same(topics):
    """Actions in another case, lists where one was written, ARNs of their root for accounts."""
    wanted = policy(dict(AWS="210987654321"))
    write(topics, TOPICS, wanted)
    statement = dict(wanted["policy"]["Statement"][0], Action=["sns:SUBSCRIBE"], Principal=dict(AWS=["arn:aws:iam::210987654321:root"]))
    assert not write(topics, TOPICS, dict(wanted, policy=dict(wanted["policy"], Statement=statement)))["changed"]
    arn = statement["Resource"]
    now = json.loads(client(topics, "sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    text = json.dumps(dict(now, Statement=[statement]))
    client(topics, "sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)
    assert not write(topics, TOPICS, wanted)["changed"]


def test_what_a_sheet_says_wrong_of_topics():
    own, publisher = dict(name="a", kms_master_key_id="alias/aws/sns"), ["ses.amazonaws.com"]
    assert faults(TOPICS, own, dict(own, name="b", publishers=publisher)) == [(1, "kms_master_key_id", "one_of")]
    assert faults(TOPICS, dict(own, publishers=dict(set=publisher))) == [(0, "kms_master_key_id", "one_of")]
    assert faults(TOPICS, dict(own, publishers=dict(remove=publisher))) == []
    names = [dict(name="a.fifo", fifo_topic=True), dict(name="a", fifo_topic=True), dict(name="b.fifo", fifo_topic=False), dict(name="c.fifo")]
    assert faults(TOPICS, *names) == [(1, "fifo_topic", "needs"), (2, "fifo_topic", "needs")]


# -- subscriptions


@pytest.fixture
def subscriptions(stage):
    stage.prepare(SUBSCRIPTIONS)
    stage.run(SUBSCRIPTIONS, examples(SUBSCRIPTIONS).make)
    return stage


QUEUE = dict(topic="acme-alarm", protocol="sqs", endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-tickets")
AUDIT = dict(QUEUE, endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-audit")
NEW = dict(QUEUE, endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:acme-new")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(NEW, filter_policy_scope="MessageBody"), "filter_policy_scope needs a filter_policy"),
        (dict(AUDIT, filter_policy_scope="MessageBody"), "filter_policy_scope needs a filter_policy"),
        (dict(QUEUE, filter_policy_scope="MessageBody", clear=["filter_policy"]), "filter_policy_scope needs a filter_policy"),
        (dict(NEW, filter_policy={}), "take it away with clear: [filter_policy]"),
        (dict(QUEUE, filter_policy={}), "take it away with clear: [filter_policy]"),
        (dict(AUDIT, redrive_policy={}), "take it away with clear: [redrive_policy]"),
        (dict(topic="acme-alarm", protocol="https", endpoint="https://acme:secret-4711@acme.example/in"), "an endpoint with a password in it"),
    ],
)
def test_a_subscription_that_cannot_be_kept_is_refused_in_the_plan(subscriptions, entry, said):
    before = subscriptions.gather(SUBSCRIPTIONS)
    assert said in refused(subscriptions, SUBSCRIPTIONS, entry)
    assert subscriptions.gather(SUBSCRIPTIONS) == before


def test_what_nobody_has_confirmed_cannot_be_removed(subscriptions):
    gone = dict(topic="acme-alarm", protocol="email", endpoint="operation@acme.example", state="absent")
    confirm = ["sns_subscriptions/acme-alarm/email/operation@acme.example"]
    for given in ([], confirm):  # no confirmation would help, so none is asked for
        said = refused(subscriptions, SUBSCRIPTIONS, gone, confirm=given)
        assert "waits for operation@acme.example to confirm it" in said and "confirmation" not in said
    subscriptions.double.confirm(endpoint="operation@acme.example")
    assert write(subscriptions, SUBSCRIPTIONS, gone, confirm=confirm)["changed"]


def test_a_password_in_an_endpoint_is_shown_nowhere(subscriptions):
    secret = "Xq7-long-and-odd-0451"
    entry = dict(topic="acme-alarm", protocol="https", endpoint=f"https://user:{secret}@hooks.acme.example/x")
    for check in (True, False):
        result = subscriptions.attempt(SUBSCRIPTIONS, dict(subscriptions=[entry]), check=check)
        assert result["failed"] and "with a password in it" in result["msg"] and secret not in str(result)
    told = sheet_faults({SUBSCRIPTIONS: [entry, entry]})
    assert told and secret not in str(told)


def test_a_retention_that_logs_does_not_know_is_told_before_anything_is_made(stage):
    stage.double.reset()
    for days in (0, 15):
        entry = dict(name="/acme/app", retention_in_days=days)
        assert "retention_in_days" in refused(stage, "logs_log_groups", entry)
        assert stage.gather("logs_log_groups") == []
        (told,) = sheet_faults({"logs_log_groups": [entry]})
        assert "retention_in_days" in told and "3653" in told


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (dict(period=45), ("period", "choice")),
        (dict(period=60, evaluation_periods=1441), ("evaluation_periods", "most")),
        (dict(period=3600, evaluation_periods=169), ("evaluation_periods", "most")),
        (dict(datapoints_to_alarm=2), ("datapoints_to_alarm", "most")),
        (dict(treat_missing_data="breach"), ("treat_missing_data", "choice")),
        (dict(comparison_operator="GreaterThanUpperThreshold"), ("comparison_operator", "needs")),
    ],
)
def test_an_alarm_that_cannot_be_is_told_in_the_sheet_and_in_the_plan(alarms, wrong, fault):
    assert faults(ALARMS, dict(CPU, **wrong)) == [(0, *fault)]
    assert f"{fault[0]}: " in refused(alarms, ALARMS, dict(CPU, name="acme-new", **wrong))


def test_statistics_and_periods_of_alarms():
    def of(**options):
        return faults(ALARMS, dict(without(CPU, "statistic"), **options))

    for good in ("p99", "p99.9", "tm90", "IQM", "PR(:300)", "PR(1:2.5)", "TM(10%:90%)", "TS(80%:)"):
        assert of(extended_statistic=good) == []
    for bad in ("q90", "p101", "TM(10%:", "PR(10%:90%)"):
        assert of(extended_statistic=bad) == [(0, "extended_statistic", "pattern")]
    query = dict(id="a", metric_stat=dict(metric=dict(namespace="AWS/EC2", metric_name="CPUUtilization"), period=90, stat="Average"))
    entry = dict(name="acme", metrics=[query], evaluation_periods=2, comparison_operator="GreaterThanThreshold", threshold=1)
    assert faults(ALARMS, entry) == [(0, "metrics.metric_stat.period", "choice")]


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{ $.latency > 1000", "unbalanced"),
        ('{ ($.errorCode = "Access(Denied") }', None),
        ("{ ($.latency > 1000 }", "unbalanced"),
        ("{ $.a = 1 } x", "unbalanced"),
        ("[host, status=5*", "unbalanced"),
        ('"ERROR', "unbalanced"),
        ("%4[0-9]{2}", "unbalanced"),
        ("ERROR: something", "pattern"),
        ('?ERROR ?"WARN:" -debug %4[0-9]{2}%', None),
        ("[host, ident, user, time, request, status=5*, size]", None),
        ("", None),
    ],
)
def test_a_pattern_that_cannot_be_read_is_told_in_the_sheet_and_in_the_plan(stage, pattern, code):
    for kind in (FILTERS, "logs_subscription_filters"):
        entry = dict(name="errors", log_group="/acme/app", filter_pattern=pattern)
        assert faults(kind, entry) == ([(0, "filter_pattern", code)] if code else [])
    if code:
        stage.prepare(FILTERS)
        metric = dict(metric_name="Errors", metric_namespace="acme", metric_value="1")
        assert "filter_pattern: " in refused(stage, FILTERS, dict(entry, metric_transformations=[metric]))


MAIL = dict(topic="acme-alarm", protocol="email", endpoint="ops@acme.example")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (dict(MAIL, protocol="pigeon"), ("protocol", "choice")),
        (dict(MAIL, endpoint="ops"), ("endpoint", "pattern")),
        (dict(MAIL, protocol="https", endpoint="http://acme.example"), ("endpoint", "pattern")),
        (dict(MAIL, raw_message_delivery=True), ("raw_message_delivery", "needs")),
        (dict(NEW, endpoint=f"{NEW['endpoint']}.fifo"), ("endpoint", "needs")),
        (dict(NEW, filter_policy=dict(a=["b"]), filter_policy_scope="Body"), ("filter_policy_scope", "choice")),
        (dict(NEW, filter_policy={str(number): ["b"] for number in range(6)}), ("filter_policy", "most_items")),
        (dict(NEW, filter_policy=dict(a=dict(b=["c"])), filter_policy_scope="MessageAttributes"), ("filter_policy", "needs")),
        (dict(NEW, redrive_policy=dict(deadLetterTargetArn="q")), ("redrive_policy", "pattern")),
    ],
)
def test_a_subscription_that_cannot_be_is_told_in_the_sheet_and_in_the_plan(subscriptions, entry, fault):
    assert faults(SUBSCRIPTIONS, entry) == [(0, *fault)]
    assert f"{fault[0]}: " in refused(subscriptions, SUBSCRIPTIONS, entry)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (dict(name="a b"), ("name", "pattern")),
        (dict(name="a", maximum_message_size=1000), ("maximum_message_size", "least")),
        (dict(name="a", tracing_config="On"), ("tracing_config", "choice")),
        (dict(name="a", display_name="x" * 101), ("display_name", "longest")),
        (dict(name="a", content_based_deduplication=True), ("content_based_deduplication", "needs")),
    ],
)
def test_a_topic_that_cannot_be_is_told_in_the_sheet_and_in_the_plan(stage, entry, fault):
    assert faults(TOPICS, entry) == [(0, *fault)]
    assert f"{fault[0]}: " in refused(stage, TOPICS, entry)
