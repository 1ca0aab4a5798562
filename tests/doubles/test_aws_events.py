# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of EventBridge: schedules, patterns, and how many targets there are."""

from __future__ import annotations

import json

import pytest

NIGHTLY = {"Name": "nightly", "ScheduleExpression": "cron(0 18 * * ? *)"}
FUNCTION = "arn:aws:lambda:ap-northeast-1:123456789012:function:f"
INVALID, PATTERN = "ValidationException", "InvalidEventPatternException"


@pytest.fixture
def events(aws):
    client = aws("events")
    client.put_rule(**NIGHTLY, Tags=[{"Key": "Env", "Value": "prod"}])
    return client


def target(number, **more):
    return {"Id": f"t{number}", "Arn": FUNCTION, **more}


@pytest.mark.parametrize("schedule", ["rate(1 minutes)", "rate(5 minute)", "rate(0 hours)", "cron(0 18 * * *)", "every night"])
def test_what_is_no_schedule(events, refused, schedule):
    refused(INVALID, events.put_rule, Name="new", ScheduleExpression=schedule)


@pytest.mark.parametrize("pattern", ["{", "{}", '{"source": "aws.ec2"}', '{"detail": {"state": []}}'])
def test_what_is_no_pattern(events, refused, pattern):
    refused(PATTERN, events.put_rule, Name="new", EventPattern=pattern)


def test_a_put_replaces_all_but_targets_and_tags(events, refused):
    refused(INVALID, events.put_rule, Name="nightly")
    events.put_targets(Rule="nightly", Targets=[target(1)])
    arn = events.put_rule(Name="nightly", EventPattern=json.dumps({"source": ["aws.ec2"]}), Tags=[{"Key": "Env", "Value": "new"}])["RuleArn"]
    (rule,) = events.list_rules()["Rules"]
    assert "ScheduleExpression" not in rule and rule["State"] == "ENABLED"
    assert events.list_targets_by_rule(Rule="nightly")["Targets"] == [target(1)]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "Env", "Value": "prod"}]


def test_a_rule_has_five_targets_at_most(events, refused):
    events.put_targets(Rule="nightly", Targets=[target(number) for number in range(5)])
    events.put_targets(Rule="nightly", Targets=[target(4, Input='{"a": 1}')])
    refused("LimitExceededException", events.put_targets, Rule="nightly", Targets=[target(5)])
    refused(INVALID, events.put_targets, Rule="nightly", Targets=[target(4, Input="{}", InputPath="$.detail")])
    refused(INVALID, events.put_targets, Rule="nightly", Targets=[target(4, Input="{")])


def test_what_is_invoked_by_a_role_needs_one(events, refused):
    flow = target(1, Arn="arn:aws:states:ap-northeast-1:123456789012:stateMachine:acme")
    refused(INVALID, events.put_targets, Rule="nightly", Targets=[flow])
    events.put_targets(Rule="nightly", Targets=[dict(flow, RoleArn="arn:aws:iam::123456789012:role/acme-events")])


def test_a_rule_with_targets_stays(events, refused):
    events.put_targets(Rule="nightly", Targets=[target(1)])
    refused(INVALID, events.delete_rule, Name="nightly")
    events.remove_targets(Rule="nightly", Ids=["t1"])
    events.delete_rule(Name="nightly")
    assert events.list_rules()["Rules"] == []
