# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Budgets: what a budget may be made of, its notifications, subscribers and tags."""

from __future__ import annotations

import pytest

ACCOUNT = "123456789012"
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/b"
BUDGET = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "100", "Unit": "USD"}}
WHICH = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0, "ThresholdType": "PERCENTAGE"}
WHERE = {"AccountId": ACCOUNT, "BudgetName": "b"}
MAIL = {"SubscriptionType": "EMAIL", "Address": "a@example.jp"}
OTHER = {"SubscriptionType": "EMAIL", "Address": "b@example.jp"}


def topic(name):
    return {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:{name}"}


@pytest.fixture
def budgets(aws):
    return aws("budgets")


@pytest.fixture
def made(budgets):
    told = [{"Notification": WHICH, "Subscribers": [MAIL]}]
    budgets.create_budget(AccountId=ACCOUNT, Budget=BUDGET, NotificationsWithSubscribers=told, ResourceTags=[{"Key": "Env", "Value": "prod"}])
    return budgets


def listed(budgets, **more):
    return budgets.describe_budgets(AccountId=ACCOUNT, **more)["Budgets"]


def test_what_aws_fills_in(made, double, refused):
    found = listed(made)[0]
    assert found["BudgetLimit"]["Amount"] == "100.0" and found["CalculatedSpend"]["ActualSpend"]["Amount"] == "0"
    assert found["CostTypes"]["IncludeTax"] is True and found["CostTypes"]["UseBlended"] is False
    assert found["TimePeriod"]["Start"].day == 1 and found["TimePeriod"]["End"].year == 2087
    assert any(path.endswith("/b") for path in double.state("budgets"))
    refused("DuplicateRecordException", made.create_budget, AccountId=ACCOUNT, Budget=BUDGET)
    refused("AccessDeniedException", made.describe_budgets, AccountId="210987654321")
    made.delete_budget(**WHERE)
    refused("NotFoundException", made.delete_budget, **WHERE)


@pytest.mark.parametrize(
    "change",
    [
        {"BudgetName": "a:b"},
        {"TimeUnit": "WEEKLY"},
        {"BudgetLimit": {"Amount": "1,000", "Unit": "USD"}},
        {"BudgetLimit": {"Amount": "-1", "Unit": "USD"}},
        {"BudgetLimit": {"Amount": "1"}},
        {"PlannedBudgetLimits": {"1775001600": {"Amount": "1", "Unit": "USD"}}},
        {"AutoAdjustData": {"AutoAdjustType": "FORECAST"}},
        {"BudgetType": "USAGE", "CostTypes": {"IncludeTax": True}},
        {"CostFilters": {"Service": ["x"]}, "Metrics": ["UnblendedCost"]},
        {"CostTypes": {"IncludeTax": True}, "FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["x"]}}},
        {"Metrics": ["UnblendedCost", "AmortizedCost"]},
        {"TimePeriod": {"Start": 1775001600, "End": 1743465600}},
    ],
)
def test_what_a_budget_cannot_be(budgets, made, refused, change):
    refused("InvalidParameterException", budgets.create_budget, AccountId=ACCOUNT, Budget={**BUDGET, "BudgetName": "c", **change})
    refused("InvalidParameterException", made.update_budget, AccountId=ACCOUNT, NewBudget={**BUDGET, **change})


def test_a_limit_is_needed_for_costs_alone(budgets, refused):
    bare = {"BudgetName": "c", "TimeUnit": "MONTHLY"}
    refused("InvalidParameterException", budgets.create_budget, AccountId=ACCOUNT, Budget={**bare, "BudgetType": "USAGE"})
    budgets.create_budget(AccountId=ACCOUNT, Budget={**bare, "BudgetType": "RI_COVERAGE"})
    assert listed(budgets)[0]["BudgetLimit"] == {"Amount": "100.0", "Unit": "PERCENTAGE"}


def test_what_adjusts_itself(budgets, refused):
    past = {"AutoAdjustType": "HISTORICAL", "HistoricalOptions": {"BudgetAdjustmentPeriod": 13}}
    whole = {"BudgetName": "c", "BudgetType": "COST", "TimeUnit": "MONTHLY", "AutoAdjustData": past}
    refused("InvalidParameterException", budgets.create_budget, AccountId=ACCOUNT, Budget=whole)
    past["HistoricalOptions"]["BudgetAdjustmentPeriod"] = 12
    budgets.create_budget(AccountId=ACCOUNT, Budget=whole)
    found = listed(budgets)[0]
    assert found["BudgetLimit"] and found["AutoAdjustData"]["HistoricalOptions"]["LookBackAvailablePeriods"] == 1
    # What was read cannot be sent back as it is.
    refused("InvalidParameterException", budgets.update_budget, AccountId=ACCOUNT, NewBudget={**whole, "AutoAdjustData": found["AutoAdjustData"]})
    refused("InvalidParameterException", budgets.update_budget, AccountId=ACCOUNT, NewBudget={**whole, "BudgetLimit": found["BudgetLimit"]})


def test_an_update_replaces_the_whole(made):
    made.update_budget(AccountId=ACCOUNT, NewBudget={**BUDGET, "CostFilters": {"Service": ["x"]}})
    made.update_budget(AccountId=ACCOUNT, NewBudget={**BUDGET, "BudgetLimit": {"Amount": "2.50", "Unit": "USD"}})
    found = listed(made)[0]
    assert found["BudgetLimit"]["Amount"] == "2.50" and "CostFilters" not in found


def test_the_expression_is_shown_on_request(budgets):
    expression = {"Dimensions": {"Key": "SERVICE", "Values": ["x"]}}
    budgets.create_budget(AccountId=ACCOUNT, Budget={**BUDGET, "Metrics": ["UnblendedCost"], "FilterExpression": expression})
    assert "FilterExpression" not in listed(budgets)[0]
    assert listed(budgets, ShowFilterExpression=True)[0]["FilterExpression"] == expression
    assert "CostTypes" not in listed(budgets)[0]


def test_lists_come_in_pages(budgets):
    for number in range(3):
        budgets.create_budget(AccountId=ACCOUNT, Budget={**BUDGET, "BudgetName": f"b{number}"})
    first = budgets.describe_budgets(AccountId=ACCOUNT, MaxResults=2)
    rest = budgets.describe_budgets(AccountId=ACCOUNT, MaxResults=2, NextToken=first["NextToken"])
    assert [one["BudgetName"] for one in first["Budgets"] + rest["Budgets"]] == ["b0", "b1", "b2"] and "NextToken" not in rest


def test_notifications(made, refused):
    told = made.describe_budget_notifications_for_account(AccountId=ACCOUNT)["BudgetNotificationsForAccount"]
    assert [(one["BudgetName"], one["Notifications"][0]["Threshold"]) for one in told] == [("b", 80.0)]
    unsaid = {member: value for member, value in WHICH.items() if member != "ThresholdType"}  # which means PERCENTAGE
    refused("DuplicateRecordException", made.create_notification, **WHERE, Notification=unsaid, Subscribers=[MAIL])
    refused("InvalidParameterException", made.create_notification, **WHERE, Notification={**WHICH, "Threshold": -1.0}, Subscribers=[MAIL])
    refused("InvalidParameterException", made.create_notification, **WHERE, Notification={**WHICH, "Threshold": 1.0}, Subscribers=[])
    for number in range(1, 10):
        made.create_notification(**WHERE, Notification={**WHICH, "Threshold": float(number)}, Subscribers=[MAIL])
    refused("CreationLimitExceededException", made.create_notification, **WHERE, Notification={**WHICH, "Threshold": 99.0}, Subscribers=[MAIL])
    made.delete_notification(**WHERE, Notification=WHICH)
    refused("NotFoundException", made.delete_notification, **WHERE, Notification=WHICH)
    refused("NotFoundException", made.describe_subscribers_for_notification, **WHERE, Notification=WHICH)


def test_subscribers(made, refused):
    notification = {**WHERE, "Notification": WHICH}
    refused("DuplicateRecordException", made.create_subscriber, **notification, Subscriber=MAIL)
    made.create_subscriber(**notification, Subscriber=topic("one"))
    refused("CreationLimitExceededException", made.create_subscriber, **notification, Subscriber=topic("two"))
    refused("InvalidParameterException", made.create_subscriber, **notification, Subscriber={**OTHER, "Address": "nobody"})
    made.update_subscriber(**notification, OldSubscriber=topic("one"), NewSubscriber=topic("two"))
    refused("NotFoundException", made.update_subscriber, **notification, OldSubscriber=topic("one"), NewSubscriber=topic("two"))
    refused("NotFoundException", made.delete_subscriber, **notification, Subscriber=OTHER)
    for number in range(9):
        made.create_subscriber(**notification, Subscriber={**MAIL, "Address": f"{number}@example.jp"})
    refused("CreationLimitExceededException", made.create_subscriber, **notification, Subscriber=OTHER)
    assert len(made.describe_subscribers_for_notification(**notification)["Subscribers"]) == 11


def test_a_notification_goes_with_its_last_subscriber(made):
    made.delete_subscriber(**WHERE, Notification=WHICH, Subscriber=MAIL)
    assert made.describe_budget_notifications_for_account(AccountId=ACCOUNT)["BudgetNotificationsForAccount"] == []


def test_tags(made, refused):
    made.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Owner", "Value": "infra"}])
    made.untag_resource(ResourceARN=ARN, ResourceTagKeys=["Env", "nothing"])
    assert made.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == [{"Key": "Owner", "Value": "infra"}]
    refused("NotFoundException", made.list_tags_for_resource, ResourceARN=f"{ARN}x")
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    refused("ServiceQuotaExceededException", made.tag_resource, ResourceARN=ARN, ResourceTags=many)
