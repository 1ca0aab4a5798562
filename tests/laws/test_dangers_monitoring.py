# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: alarms, logs and notifications."""

from __future__ import annotations

import pytest

from tests.laws.dangers import both
from tests.laws.test_gateways import client, harmless, task, write

ALARMS, GROUPS = "cloudwatch_alarms", "logs_log_groups"


@pytest.fixture
def alarm(account):
    """Silenced for maintenance; it tells a topic. And how to look at it."""
    write(account, "sns_topics", dict(name="acme"))
    metric = dict(namespace="AWS/EC2", metric_name="CPUUtilization", statistic="Average", period=300, evaluation_periods=1)
    rule = dict(metric, comparison_operator="GreaterThanThreshold", threshold=90)
    write(account, ALARMS, dict(rule, name="acme", alarm_actions=["acme"], actions_enabled=False))
    return lambda: client(account, "cloudwatch").describe_alarms()["MetricAlarms"][0]


LOWER = dict(name="acme", namespace="AWS/EC2", metric_name="CPUUtilization", statistic="Average", period=300, evaluation_periods=1, threshold=80)


def test_cloudwatch_metric_alarm_takes_the_actions_off(account, alarm, theirs):
    left, taken = both(
        account,
        lambda: len(alarm()["AlarmActions"]),
        lambda: harmless(account, ALARMS, dict(name="acme", threshold=80)),
        lambda: theirs("amazon.aws.cloudwatch_metric_alarm", state="present", comparison="GreaterThanThreshold", **LOWER),
    )
    assert (left, taken) == (1, 0)


def test_cloudwatch_metric_alarm_ends_the_silence(account, alarm, theirs):
    left, loud = both(
        account,
        lambda: alarm()["ActionsEnabled"],
        lambda: harmless(account, ALARMS, dict(name="acme", threshold=80)),
        lambda: theirs("amazon.aws.cloudwatch_metric_alarm", state="present", comparison="GreaterThanThreshold", **LOWER),
    )
    assert (left, loud) == (False, True)


@pytest.fixture
def group(account):
    """A log group with a stream."""
    write(account, GROUPS, dict(name="/acme", retention_in_days=400))
    client(account, "logs").create_log_stream(logGroupName="/acme", logStreamName="web")
    return client(account, "logs")


def test_cloudwatchlogs_log_group_deletes_the_group(account, group, theirs):
    """For 2557 days, which AWS knows and the module does not."""
    left, deleted = both(
        account,
        lambda: [(one["logGroupName"], one["retentionInDays"]) for one in group.describe_log_groups()["logGroups"]],
        lambda: harmless(account, GROUPS, dict(name="/acme", retention_in_days=2557)),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", retention=2557),
    )
    assert (left, deleted) == ([("/acme", 2557)], [])


def test_cloudwatchlogs_log_group_writes_in_check_mode(account, group, theirs):
    left, written = both(
        account,
        lambda: group.describe_log_groups()["logGroups"][0]["retentionInDays"],
        lambda: account.run(GROUPS, task(GROUPS, dict(name="/acme", retention_in_days=30)), check=True),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", "--check", log_group_name="/acme", retention=30),
    )
    assert (left, written) == (400, 30)


def test_cloudwatchlogs_log_group_makes_the_group_anew(account, group, theirs):
    """With overwrite, which sounds like its settings, and is its logs."""
    left, anew = both(
        account,
        lambda: len(group.describe_log_streams(logGroupName="/acme")["logStreams"]),
        lambda: write(account, GROUPS, dict(name="/acme", retention_in_days=545)),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", retention=545, overwrite=True),
    )
    assert (left, anew) == (1, 0)


def test_cloudwatchlogs_log_group_passes_over_a_key(account, group, theirs):
    key = client(account, "kms").create_key()["KeyMetadata"]["Arn"]
    left, passed = both(
        account,
        lambda: group.describe_log_groups()["logGroups"][0].get("kmsKeyId"),
        lambda: write(account, GROUPS, dict(name="/acme", kms_key_id=key), confirm=[f"{GROUPS}//acme"]),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", kms_key_id=key),
    )
    assert (left, passed) == (key, None)


def test_cloudwatchlogs_log_group_metric_filter_takes_a_longer_name_for_its_own(account, group, theirs):
    """Asked for "errors" beside the same of the name "errors-all", it makes none and says that nothing changed."""
    count = dict(metric_name="errors", metric_namespace="acme", metric_value="1")
    write(account, "logs_metric_filters", dict(log_group="/acme", name="errors-all", filter_pattern="ERROR", metric_transformations=[count]))
    wish = dict(state="present", log_group_name="/acme", filter_name="errors", filter_pattern="ERROR", metric_transformation=dict(count, unit="None"))
    left, none = both(
        account,
        lambda: [one["filterName"] for one in group.describe_metric_filters(logGroupName="/acme")["metricFilters"]],
        lambda: write(account, "logs_metric_filters", dict(log_group="/acme", name="errors", filter_pattern="ERROR", metric_transformations=[count])),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group_metric_filter", **wish),
    )
    assert (sorted(left), none) == (["errors", "errors-all"], ["errors-all"])


def test_sns_topic_unsubscribes_everybody(account, theirs):
    """Who reads by mail has to confirm anew."""
    sns = client(account, "sns")
    write(account, "sns_topics", dict(name="acme"))
    write(account, "sns_subscriptions", dict(topic="acme", protocol="email", endpoint="ops@acme.example.jp"))
    account.double.confirm()
    arn = sns.list_topics()["Topics"][0]["TopicArn"]
    left, gone = both(
        account,
        lambda: len(sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]),
        lambda: harmless(account, "sns_topics", dict(name="acme", display_name="Acme")),
        lambda: theirs("community.aws.sns_topic", name="acme", display_name="Acme"),
    )
    assert (left, gone) == (1, 0)


def test_sns_topic_replaces_the_policy(account, theirs):
    """Ours has a word for a service that publishes, which becomes a statement beside the others."""
    sns, service = client(account, "sns"), "config.amazonaws.com"
    write(account, "sns_topics", dict(name="acme", publishers=["cloudwatch.amazonaws.com"]))
    arn = sns.list_topics()["Topics"][0]["TopicArn"]
    publish = dict(Sid="Config", Effect="Allow", Principal=dict(Service=service), Action="sns:Publish", Resource=arn)
    left, replaced = both(
        account,
        lambda: "cloudwatch.amazonaws.com" in sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"],
        lambda: harmless(account, "sns_topics", dict(name="acme", publishers=[service])),
        lambda: theirs("community.aws.sns_topic", name="acme", policy=dict(Version="2012-10-17", Statement=[publish])),
    )
    assert (left, replaced) == (True, False)
