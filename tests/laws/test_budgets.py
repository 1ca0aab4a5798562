# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What budgets refuse, call dangerous or find wrong in a sheet; what they leave as it is; and who would not be heard."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from tests.laws.stage import ACCOUNT
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, unconfirmed, write

BUDGETS, TOPICS = "budgets_budgets", "sns_topics"
LIMIT = dict(amount="2000", unit="USD")
COST = dict(name="b", budget_type="COST", time_unit="MONTHLY", budget_limit=LIMIT)
MAIL, OTHER = dict(email="a@example.jp"), dict(email="b@example.jp")


def notification(threshold=80, *subscribers, **more):
    which = dict(notification_type="ACTUAL", comparison_operator="GREATER_THAN", threshold=threshold, threshold_type="PERCENTAGE", **more)
    return dict(which, subscribers=list(subscribers)) if subscribers else which


def budget(stage, name="b"):
    return client(stage, "budgets").describe_budgets(AccountId=ACCOUNT, ShowFilterExpression=True)["Budgets"][0]


def subscribers(stage, threshold=80.0):
    which = dict(NotificationType="ACTUAL", ComparisonOperator="GREATER_THAN", Threshold=threshold, ThresholdType="PERCENTAGE")
    where = dict(AccountId=ACCOUNT, BudgetName="b")
    return {one["Address"] for one in client(stage, "budgets").describe_subscribers_for_notification(**where, Notification=which)["Subscribers"]}


@pytest.fixture
def account(stage):
    stage.double.reset()
    return stage


@pytest.fixture
def made(account):
    write(account, BUDGETS, dict(COST, notifications=[notification(80, MAIL, OTHER)]))
    return account


# ---- the amount


@pytest.mark.parametrize("amount", ["2000", "2000.0", "2000.00", "02000"])
def test_an_amount_is_compared_as_the_number_it_is(made, amount):
    made.double.clear_calls()
    assert not write(made, BUDGETS, dict(COST, budget_limit=dict(amount=amount)))["changed"] and made.writes() == []


@pytest.mark.parametrize("amount", ["0.1", "1234567890123456789.12", ".5"])
def test_an_amount_keeps_every_digit(made, amount):
    harmless(made, BUDGETS, dict(name="b", budget_limit=dict(amount=amount)))
    assert Decimal(budget(made)["BudgetLimit"]["Amount"]) == Decimal(amount)
    assert not write(made, BUDGETS, dict(name="b", budget_limit=dict(amount=amount)))["changed"]


def test_a_budget_of_costs_needs_an_amount(account):
    why = refused(account, BUDGETS, {name: value for name, value in COST.items() if name != "budget_limit"})
    assert "needs budget_limit" in why
    write(account, BUDGETS, dict(name="savings", budget_type="SAVINGS_PLANS_COVERAGE", time_unit="MONTHLY"))


def test_what_adjusts_itself_takes_no_amount(account):
    write(account, BUDGETS, dict(name="b", budget_type="COST", time_unit="MONTHLY", auto_adjust_data=dict(auto_adjust_type="FORECAST")))
    assert "adjusts itself" in refused(account, BUDGETS, dict(name="b", budget_limit=LIMIT))
    assert "needs budget_limit" in refused(account, BUDGETS, dict(name="b", clear=["auto_adjust_data"]))
    harmless(account, BUDGETS, dict(name="b", clear=["auto_adjust_data"], budget_limit=LIMIT))
    assert "AutoAdjustData" not in budget(account)
    harmless(account, BUDGETS, dict(name="b", time_unit="QUARTERLY"))


# ---- the whole budget


def planned(stage):
    limits = {str(1775001600 + month * 2592000): dict(Amount="100", Unit="USD") for month in range(12)}
    given = dict(BudgetName="b", BudgetType="COST", TimeUnit="MONTHLY", PlannedBudgetLimits=limits, BillingViewArn=VIEW)
    client(stage, "budgets").create_budget(AccountId=ACCOUNT, Budget=given)
    return limits


VIEW = f"arn:aws:billing::{ACCOUNT}:billingview/primary"


def test_what_the_sheet_does_not_know_goes_along(account):
    limits = planned(account)
    harmless(account, BUDGETS, dict(name="b", cost_types=dict(include_credit=False)))
    found = budget(account)
    assert found["PlannedBudgetLimits"] == limits and found["BillingViewArn"] == VIEW
    assert found["CostTypes"]["IncludeCredit"] is False and found["CostTypes"]["IncludeTax"] is True


def test_planned_limits_are_not_replaced_by_one(account):
    planned(account)
    assert "planned limits" in refused(account, BUDGETS, dict(name="b", budget_limit=LIMIT))


def test_filters_that_nobody_named_stay(account):
    filters = {"Service": ["Amazon S3"], "Region": ["ap-northeast-1"]}
    given = dict(BudgetName="b", BudgetType="COST", TimeUnit="MONTHLY", BudgetLimit=dict(Amount="1", Unit="USD"), CostFilters=filters)
    client(account, "budgets").create_budget(AccountId=ACCOUNT, Budget=given)
    harmless(account, BUDGETS, dict(name="b", cost_filters=[dict(key="LinkedAccount", values=[ACCOUNT])]))
    assert budget(account)["CostFilters"] == {**filters, "LinkedAccount": [ACCOUNT]}


def test_the_other_kind_of_filters_takes_away_the_first(account):
    write(account, BUDGETS, dict(COST, cost_filters=[dict(key="Service", values=["Amazon S3"])]))
    expression = dict(Dimensions=dict(Key="SERVICE", Values=["Amazon S3"]))
    why = dangerous(account, BUDGETS, dict(name="b", metrics=["UnblendedCost"], filter_expression=expression))
    assert "take away cost_filters and cost_types" in why
    found = budget(account)
    assert found["Metrics"] == ["UnblendedCost"] and "CostFilters" not in found and "CostTypes" not in found
    harmless(account, BUDGETS, dict(name="b", budget_limit=dict(amount="3")))
    assert budget(account)["FilterExpression"] == expression


def test_an_end_takes_the_budget_away(made):
    told = dangerous(made, BUDGETS, dict(name="b", time_period=dict(end="2030-01-01")))
    assert "would let AWS delete the budget with its notifications after 2030-01-01" in told
    harmless(made, BUDGETS, dict(name="b", time_period=dict(start="2026-04-01")))
    assert budget(made)["TimePeriod"]["Start"].timestamp() == 1775001600


@pytest.fixture
def tokyo(monkeypatch):
    """A machine that is not in UTC."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("start, end", [("2026-04-01", "2030-01-01"), ("2026-04-01T09:30:00Z", "2030-01-01T15:00:00Z")])
def test_a_period_is_the_same_wherever_the_run_is(made, tokyo, start, end):
    entry = dict(name="b", time_period=dict(start=start, end=end))
    write(made, BUDGETS, entry, confirm=[f"{BUDGETS}/b"])
    made.double.clear_calls()
    assert not write(made, BUDGETS, entry)["changed"] and made.writes() == []
    assert made.gather(BUDGETS)[0]["time_period"] == entry["time_period"]


def test_a_removal_says_what_goes_with_it(made):
    assert "with its notifications and actions" in unconfirmed(made, BUDGETS, dict(name="b", state="absent"))


# ---- notifications


def test_80_becomes_90_by_two_words(made):
    """A notification has no id: the new one is there before the old one goes."""
    made.double.clear_calls()
    dangerous(made, BUDGETS, dict(name="b", notifications=dict(add=[notification(90, MAIL)], remove=[notification(80)])))
    assert made.writes() == ["budgets:CreateNotification", "budgets:DeleteNotification"]
    assert subscribers(made, 90.0) == {"a@example.jp"}


def test_there_is_room_for_ten(made):
    ten = [notification(number, MAIL) for number in range(1, 10)]
    harmless(made, BUDGETS, dict(name="b", notifications=ten))
    assert "at most 10" in refused(made, BUDGETS, dict(name="b", notifications=[notification(99, MAIL)]))
    made.double.clear_calls()
    dangerous(made, BUDGETS, dict(name="b", notifications=dict(add=[notification(99, MAIL)], remove=[notification(80)])))
    assert made.writes() == ["budgets:DeleteNotification", "budgets:CreateNotification"]


def test_somebody_is_left_out_only_when_confirmed(made):
    why = dangerous(made, BUDGETS, dict(name="b", notifications=[notification(80, OTHER)]))
    assert "no longer tell a@example.jp" in why and subscribers(made) == {"b@example.jp"}


def test_the_last_subscriber_does_not_go_with_the_notification(made):
    made.double.clear_calls()
    dangerous(made, BUDGETS, dict(name="b", notifications=[notification(80, dict(email="c@example.jp"))]))
    assert subscribers(made) == {"c@example.jp"}


@pytest.mark.parametrize("entry", [dict(COST, notifications=[notification(70)]), dict(COST, notifications=[dict(notification(70), subscribers=[])])])
def test_a_notification_needs_somebody(made, entry):
    assert "needs a subscriber" in refused(made, BUDGETS, entry)


def test_what_kind_of_threshold_is_always_said(made):
    entry = notification(70, MAIL)
    del entry["threshold_type"]
    assert "threshold_type" in made.run(BUDGETS, dict(budgets=[dict(name="b", notifications=[entry])]), check=True, fails=True)["msg"]


def test_a_topic_gives_way_to_another_in_one_call(made):
    write(made, TOPICS, *(dict(name=name, publishers=["budgets.amazonaws.com"]) for name in ("one", "two")))
    harmless(made, BUDGETS, dict(name="b", notifications=[notification(80, MAIL, OTHER, dict(sns_topic="one"))]))
    made.double.clear_calls()
    dangerous(made, BUDGETS, dict(name="b", notifications=[notification(80, MAIL, OTHER, dict(sns_topic="two"))]))
    assert made.writes() == ["budgets:UpdateSubscriber"]


def test_a_forecast_needs_weeks_and_says_so(account, capfd):
    forecast = dict(notification(100, MAIL), notification_type="FORECASTED")
    write(account, BUDGETS, dict(COST, notifications=[forecast]))
    assert "five weeks" in capfd.readouterr().err


# ---- who would not be heard


def into(topic):
    return dict(name="b", notifications=[notification(80, MAIL, OTHER, dict(sns_topic=topic))])


def unheard(stage, capfd, entry):
    """The plan warns, because the same run may be about to mend it; apply refuses before anything is written."""
    stage.double.clear_calls()
    assert stage.run(BUDGETS, dict(budgets=[entry]), check=True)["changed"]
    warned = capfd.readouterr().err
    why = stage.run(BUDGETS, dict(budgets=[entry]), fails=True)["msg"]
    assert stage.writes() == [] and "nobody would be told" in warned and "nobody would be told" in why
    return why


def test_a_topic_that_is_closed_to_budgets(made, capfd):
    write(made, TOPICS, dict(name="closed"))
    assert "publishers: [budgets.amazonaws.com]" in unheard(made, capfd, into("closed"))
    write(made, TOPICS, dict(name="closed", publishers=["budgets.amazonaws.com"]))
    harmless(made, BUDGETS, into("closed"))


def test_a_key_that_only_sns_may_use(made, capfd):
    arn = client(made, "sns").create_topic(Name="sealed", Attributes=dict(KmsMasterKeyId="alias/aws/sns"))["TopicArn"]
    opened = dict(Effect="Allow", Principal=dict(Service="budgets.amazonaws.com"), Action="SNS:Publish", Resource=arn)
    policy = json.dumps(dict(Version="2012-10-17", Statement=[opened]))
    client(made, "sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    assert "give the topic a key of your own" in unheard(made, capfd, into("sealed"))


def test_a_key_whose_policy_does_not_let_budgets_in(made, capfd):
    kms = client(made, "kms")
    own = dict(Effect="Allow", Principal=dict(AWS=f"arn:aws:iam::{ACCOUNT}:root"), Action="kms:*", Resource="*")
    key = kms.create_key(Policy=json.dumps(dict(Version="2012-10-17", Statement=[own])))["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/billing", TargetKeyId=key)
    write(made, TOPICS, dict(name="locked", kms_master_key_id="alias/billing", publishers=["budgets.amazonaws.com"]))
    assert "kms:GenerateDataKey* and kms:Decrypt" in unheard(made, capfd, into("locked"))
    opened = dict(Effect="Allow", Principal=dict(Service="budgets.amazonaws.com"), Action=["kms:GenerateDataKey*", "kms:Decrypt"], Resource="*")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(dict(Version="2012-10-17", Statement=[own, opened])))
    harmless(made, BUDGETS, into("locked"))


def test_a_topic_of_another_account_is_its_owners(made):
    harmless(made, BUDGETS, into("arn:aws:sns:ap-northeast-1:210987654321:theirs"))


# ---- the rest


def test_who_may_not_look_is_told_what_to_ask_for(account):
    account.double.faults([dict(fault="denied", at=1, of="call", service="budgets", times=0)])
    why = account.run(BUDGETS, dict(budgets=[COST]), check=True, fails=True)["msg"]
    assert "budgets:DescribeBudgets" in why and "activate IAM access to billing" in why and "payer" in why


def test_a_sheet_says_one_thing_of_two():
    both = dict(COST, auto_adjust_data=dict(auto_adjust_type="FORECAST"))
    assert faults(BUDGETS, both) == [(0, "budget_limit", "one_of")]
    mixed = dict(COST, metrics=["UnblendedCost"], cost_types=dict(include_tax=True))
    assert faults(BUDGETS, mixed) == [(0, "metrics", "one_of")]
    assert faults(BUDGETS, COST) == []
