# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of EventBridge: what is refused, dangerous, told or wrong in a sheet, and that a request for one function leaves what is of others alone."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.modules import events_rules
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.operations import Desk
from tests.laws.stage import examples
from tests.laws.test_gateways import client, dangerous, harmless, refused, unconfirmed, write

RULES = "events_rules"
NIGHTLY, STOPPED, OTHERS = dict(name="acme-nightly"), dict(name="acme-stopped"), dict(name="others", schedule_expression="rate(1 day)")
TARGET = "arn:aws:lambda:ap-northeast-1:123456789012:function:acme-import"
FLOW, ROLE = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:acme", "arn:aws:iam::123456789012:role/acme-events"
QUEUED = "arn:aws:sqs:ap-northeast-1:123456789012:acme-orders"


@pytest.fixture
def rules(stage):
    stage.prepare(RULES)
    stage.run(RULES, examples(RULES).make)
    return stage


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(NIGHTLY, clear=["schedule_expression"]), "one of them at least"),
        (dict(NIGHTLY, schedule_expression="rate(1 hours)"), "does not have the right form"),
        (dict(name="new", description="x"), "schedule_expression or event_pattern must be named"),
        (dict(NIGHTLY, targets=[dict(id="new")]), "new is new and needs arn"),
        (dict(NIGHTLY, targets=[dict(id=f"t{number}", arn=TARGET) for number in range(5)]), "at most 5, and would have 6"),
        (dict(NIGHTLY, targets=[dict(id="import", input="{")]), "is not JSON"),
        (dict(NIGHTLY, targets=[dict(id="import", arn=TARGET.replace("function:", ""))]), "does not have the right form"),
        (dict(NIGHTLY, targets=[dict(id="flow", arn=FLOW)]), "by a role: name it in role_arn"),
        (dict(NIGHTLY, targets=[dict(id="import", arn=FLOW)]), "by a role: name it in role_arn"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_the_plan(rules, entry, said):
    assert said in refused(rules, RULES, entry)


def test_what_is_invoked_by_a_role_has_the_role_that_is_named(rules):
    write(rules, RULES, dict(NIGHTLY, targets=[dict(id="flow", arn=FLOW, role_arn=ROLE)]))
    harmless(rules, RULES, dict(NIGHTLY, targets=[dict(id="flow", maximum_retry_attempts=1)]))  # and keeps it
    (target,) = [one for one in client(rules, "events").list_targets_by_rule(Rule="acme-nightly")["Targets"] if one["Id"] == "flow"]
    assert (target["Arn"], target["RoleArn"]) == (FLOW, ROLE)


def test_what_ends_or_pauses_an_invocation_is_dangerous(rules):
    assert "would be disabled" in dangerous(rules, RULES, dict(NIGHTLY, enabled=False))
    assert f"no longer invoke {TARGET} (import)" in dangerous(rules, RULES, dict(NIGHTLY, targets=dict(remove=[dict(id="import")])))
    assert "would be deleted" in unconfirmed(rules, RULES, dict(STOPPED, state="absent"))


@pytest.fixture
def queued(rules):
    """A rule of somebody else's, which invokes only a queue."""
    client(rules, "events").put_rule(Name="queued", ScheduleExpression="rate(1 day)")
    client(rules, "events").put_targets(Rule="queued", Targets=[dict(Id="import", Arn=QUEUED, SqsParameters=dict(MessageGroupId="g"))])
    return rules


def test_a_target_becomes_another_thing_only_when_that_is_confirmed(queued):
    entry = dict(name="queued", targets=[dict(id="import", arn=TARGET)])
    assert f"would invoke {TARGET} instead of {QUEUED} (import)" in dangerous(queued, RULES, entry)
    write(queued, RULES, entry, confirm=["events_rules/queued"])
    assert client(queued, "events").list_targets_by_rule(Rule="queued")["Targets"] == [dict(Id="import", Arn=TARGET)]


@pytest.mark.parametrize(
    ("operation", "more", "said"),
    [
        ("lambda.change_schedule_trigger", dict(enabled=False), f"does not invoke {TARGET}, but {QUEUED}"),
        ("lambda.change_rule_trigger", dict(trigger_action="add", target_id="import"), f"import is {QUEUED}"),
        ("lambda.change_rule_trigger", dict(trigger_action="remove", target_id="import"), f"import is {QUEUED}"),
        ("lambda.change_schedule_trigger", dict(rule="acme-stopped", schedule_expression="rate(1 day)"), "schedule_expression: the rule has none"),
    ],
)
def test_a_request_for_a_function_touches_nothing_of_others(stage, operation, more, said):
    desk = Desk(stage).open(operation)
    client(stage, "events").put_rule(Name="queued", ScheduleExpression="rate(1 day)")
    client(stage, "events").put_targets(Rule="queued", Targets=[dict(Id="import", Arn=QUEUED)])
    desk.double.clear_calls()
    given = {f"ops_lambda_{name}": value for name, value in {"function": "acme-import", "rule": "queued", **more}.items()}
    for check in (True, False):
        assert said in desk.run(operation, variables=given, check=check, confirmed=False, fails=True)["msg"]
    assert desk.writes() == []


def test_what_else_a_rule_invokes_is_told_to_who_asks_for_a_function(stage):
    desk = Desk(stage).open("lambda.change_schedule_trigger")
    client(stage, "events").put_targets(Rule="acme-nightly", Targets=[dict(Id="more", Arn=QUEUED), dict(Id="live", Arn=f"{TARGET}:live")])
    (entry,) = desk.run("lambda.change_schedule_trigger", check=True)["entries"]
    assert f"would hold for {QUEUED} too" in entry["confirm"]


def test_what_cannot_be_a_target_is_found_in_the_sheet():
    targets = [dict(id="a", arn=TARGET, input="{"), dict(id="b", arn=TARGET.replace("function:", "")), dict(id="c", arn=FLOW)]
    found = sheets.faults(dict(events_rules=[dict(OTHERS, targets=[*targets, dict(id="d", arn=FLOW, role_arn=ROLE)])]))
    assert [(fault.option, fault.code) for fault in found] == [("targets.input", "no_json"), ("targets.arn", "pattern"), ("targets.role_arn", "needs")]
    assert all(fault.text("ja") != fault.text("en") for fault in found)


def test_what_no_option_stands_for_stays(rules):
    """A put replaces all of a rule, and all of a target."""
    events = client(rules, "events")
    events.put_rule(Name="acme-stopped", State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", EventPattern='{"source": ["aws.ec2"]}')
    transformer = dict(InputPathsMap=dict(id="$.id"), InputTemplate="<id>")
    events.put_targets(Rule="acme-stopped", Targets=[dict(Id="report", Arn=TARGET, InputTransformer=transformer)])
    harmless(rules, RULES, dict(STOPPED, description="x", targets=[dict(id="report", maximum_retry_attempts=1)]))
    assert events.describe_rule(Name="acme-stopped")["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    (target,) = [one for one in events.list_targets_by_rule(Rule="acme-stopped")["Targets"] if one["Id"] == "report"]
    assert target == dict(Id="report", Arn=TARGET, InputTransformer=transformer, RetryPolicy=dict(MaximumRetryAttempts=1))
    harmless(rules, RULES, dict(STOPPED, targets=[dict(id="report", input="{}")]))
    assert "InputTransformer" not in events.list_targets_by_rule(Rule="acme-stopped")["Targets"][0]


@pytest.mark.parametrize("entry", [OTHERS, dict(NIGHTLY, schedule_expression="rate(1 day)")])
def test_a_function_that_does_not_let_eventbridge_in_is_told_and_another_is_not(rules, said, entry):
    client(rules, "lambda").remove_permission(FunctionName="acme-import", StatementId="rules")
    only = dict(FunctionName="acme-import", StatementId="others", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    client(rules, "lambda").add_permission(**only, SourceArn="arn:aws:events:ap-northeast-1:123456789012:rule/others")
    harmless(rules, RULES, dict(entry, targets=[dict(id="more", arn=TARGET)]))
    assert any("does not let events.amazonaws.com invoke it" in text for text in said) == (entry["name"] != "others")


@pytest.mark.parametrize("arn", [f"{TARGET}-2", f"{TARGET}:nobody"])
def test_a_function_that_is_not_there_is_no_target(rules, arn):
    """EventBridge takes it, and nothing would be invoked."""
    assert f"there is no function {arn}" in refused(rules, RULES, dict(NIGHTLY, targets=[dict(id="more", arn=arn)]))


def test_what_aws_took_only_in_part_is_a_failure():
    with pytest.raises(events_rules.Problem, match="import was not taken: busy"):
        events_rules._whole(dict(FailedEntryCount=1, FailedEntries=[dict(TargetId="import", ErrorCode="x", ErrorMessage="busy")]))


def test_a_rule_that_a_service_keeps_for_itself_is_left_alone():
    class Account:
        @staticmethod
        def pages(*dummy):
            return [dict(Name="own", Arn="a", State="ENABLED"), dict(Name="theirs", Arn="b", State="ENABLED", ManagedBy="guardduty.amazonaws.com")]

    assert [one["name"] for one in events_rules.find(Account, None)] == ["own"]


def test_rules_of_others_are_seen_when_the_account_is_read(rules):
    client(rules, "events").put_rule(Name="theirs", ScheduleExpression="rate(1 day)")
    assert {one["name"] for one in rules.gather(RULES)} >= {"theirs", "acme-nightly", "acme-stopped"}
    write(rules, RULES, dict(name="theirs", description="ours now"))
    assert client(rules, "events").describe_rule(Name="theirs")["ScheduleExpression"] == "rate(1 day)"
