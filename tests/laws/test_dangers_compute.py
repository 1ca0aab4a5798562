# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: Auto Scaling groups and Lambda functions."""

from __future__ import annotations

import pytest

from tests.laws.dangers import both
from tests.laws.stage import examples
from tests.laws.test_gateways import client, harmless


@pytest.fixture
def servers(account):
    """The group of the examples; what tells of it."""
    account.prepare("autoscaling_groups")
    account.run("autoscaling_groups", examples("autoscaling_groups").make)
    scaling = client(account, "autoscaling")
    # With a mixed instances policy the other one fails.
    scaling.update_auto_scaling_group(AutoScalingGroupName="acme-web", LaunchTemplate=dict(LaunchTemplateName="acme-web", Version="1"))
    return scaling


def test_autoscaling_group_resets_what_is_not_named(account, servers, theirs):
    kept = ("HealthCheckType", "HealthCheckGracePeriod", "DefaultCooldown", "TerminationPolicies")

    def look():
        (told,) = servers.describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"]
        return told["MaxSize"], *(told[name] for name in kept), [one["ProcessName"] for one in told["SuspendedProcesses"]], len(told["EnabledMetrics"])

    wish = dict(name="acme-web", max_size=9, wait_for_instances=False)
    assert both(
        account,
        look,
        lambda: harmless(account, "autoscaling_groups", dict(name="acme-web", max_size=9)),
        lambda: theirs({"amazon.aws.autoscaling_group": wish}),
    ) == ((9, "ELB", 300, 180, ["OldestLaunchTemplate", "Default"], ["AZRebalance"], 2), (9, "EC2", 300, 300, ["Default"], [], 0))


def test_autoscaling_group_overwrites_the_notifications(account, servers, theirs):
    arn = next(one["TopicArn"] for one in client(account, "sns").list_topics()["Topics"] if one["TopicArn"].endswith(":acme-alerts"))

    def look():
        told = servers.describe_notification_configurations(AutoScalingGroupNames=["acme-web"])["NotificationConfigurations"]
        return [one["NotificationType"].rpartition(":")[2] for one in told if one["TopicARN"] == arn]

    audited = dict(topic="acme-audit", notification_types=["autoscaling:EC2_INSTANCE_LAUNCH"])
    assert both(
        account,
        look,
        lambda: harmless(account, "autoscaling_groups", dict(name="acme-web", notifications=[audited])),
        lambda: theirs({"amazon.aws.autoscaling_group": dict(name="acme-web", notification_topic=arn, wait_for_instances=False)}),
    ) == (["EC2_INSTANCE_LAUNCH_ERROR"], [f"EC2_INSTANCE_{what}" for what in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")])


def test_lambda_resets_what_is_not_named(account, theirs):
    account.prepare("lambda_functions")
    account.run("lambda_functions", examples("lambda_functions").make)
    functions, which = client(account, "lambda"), dict(FunctionName="acme-import")

    def look():
        while functions.get_function_configuration(**which)["LastUpdateStatus"] == "InProgress":
            pass
        told = functions.get_function_configuration(**which)
        return told["MemorySize"], told["Timeout"], "VpcConfig" in told, sorted(told["Environment"]["Variables"])

    def ours():
        harmless(account, "lambda_functions", dict(name="acme-import", environment=dict(LOG_LEVEL="INFO")))

    before = functions.get_function_configuration(**which)
    wish = dict(name="acme-import", runtime=before["Runtime"], role=before["Role"], handler=before["Handler"], environment_variables=dict(LOG_LEVEL="INFO"))
    names = ["LOG_LEVEL", "ORDERS_TOKEN", "STAGE"]
    assert both(account, look, ours, lambda: theirs({"amazon.aws.lambda": wish})) == ((256, 30, True, names), (128, 3, False, ["LOG_LEVEL"]))


def test_lambda_alias_leads_to_the_latest_by_default(account, theirs):
    account.prepare("lambda_aliases")
    alias = dict(function="acme-import", name="live")
    harmless(account, "lambda_aliases", dict(alias, function_version="1"))

    def look():
        return client(account, "lambda").get_alias(FunctionName="acme-import", Name="live")["FunctionVersion"]

    def ours():
        harmless(account, "lambda_aliases", dict(alias, description="what the shop calls"))

    wish = dict(function_name="acme-import", name="live", description="what the shop calls")
    assert both(account, look, ours, lambda: theirs({"amazon.aws.lambda_alias": wish})) == ("1", "$LATEST")


def test_cloudwatchevent_rule_loses_its_targets_and_is_switched_on(account, theirs):
    account.prepare("events_rules")
    account.run("events_rules", examples("events_rules").make)
    events, which = client(account, "events"), dict(Name="acme-nightly")
    events.disable_rule(**which)

    def look():
        rule = events.describe_rule(**which)
        return [target["Id"] for target in events.list_targets_by_rule(Rule="acme-nightly")["Targets"]], rule["State"], "Description" in rule

    def ours():
        harmless(account, "events_rules", dict(name="acme-nightly", schedule_expression="rate(6 hours)"))

    wish = dict(name="acme-nightly", schedule_expression="rate(6 hours)")
    assert both(account, look, ours, lambda: theirs({"amazon.aws.cloudwatchevent_rule": wish})) == ((["import"], "DISABLED", True), ([], "ENABLED", False))
