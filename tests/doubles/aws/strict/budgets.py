# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets: what a budget may be made of, its notifications and subscribers, and its tags.

Source of each rule: the documentation strings of botocore's budgets model (named by operation or shape).
"""

from __future__ import annotations

import copy
import datetime
from decimal import Decimal

from moto.budgets.models import Budget, BudgetsBackend
from moto.core.utils import unix_time

from .rules import Refused, RuleBook

BOOK = RuleBook("budgets", invalid="InvalidParameterException")

NOTIFICATIONS, EMAILS, TOPICS = 10, 10, 1
TAGS = 50
LIMITED = ("COST", "USAGE")
PERIODS = {"DAILY": 60, "MONTHLY": 12, "QUARTERLY": 4, "ANNUALLY": 1}
EXPRESSION, COSTS = ("FilterExpression", "Metrics"), ("CostFilters", "CostTypes")
TIMES = (("LastUpdatedTime",), ("TimePeriod", "Start"), ("TimePeriod", "End"), ("AutoAdjustData", "LastAutoAdjustTime"))


def invalid(message):
    return Refused("InvalidParameterException", message)


def budget_of(budgets, account, name):
    found = budgets.budgets[account].get(name)
    if found is None:
        raise Refused("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def notification_of(budget, which):
    found = next((one for one in budget.notifications if key_of(one.details) == key_of(which)), None)
    if found is None:
        raise Refused("NotFoundException", "Unable to get notification - the notification doesn't exist.")
    return found


def key_of(notification):
    """Notification: ThresholdType is PERCENTAGE where nothing is said."""
    members = ("NotificationType", "ComparisonOperator", "Threshold")
    return (*(notification[member] for member in members), notification.get("ThresholdType", "PERCENTAGE"))


@BOOK.rule(
    *("CreateBudget", "UpdateBudget", "DescribeBudget", "DescribeBudgets", "DeleteBudget", "CreateNotification", "DeleteNotification", "CreateSubscriber"),
    *("UpdateNotification", "UpdateSubscriber", "DeleteSubscriber", "DescribeSubscribersForNotification", "DescribeBudgetNotificationsForAccount"),
)
def the_account_is_the_callers(budgets, AccountId, **_):
    """AccessDeniedException: "You are not authorized to use this operation with the given parameters"."""
    if AccountId != budgets.account_id:
        raise Refused("AccessDeniedException", f"Account {AccountId} is not the caller's")


# -- what a budget is made of ---------------------------------------------------------------------


def is_sound(budget):
    """CreateBudget, UpdateBudget and Budget, AutoAdjustData, HistoricalOptions; BudgetName, whose pattern is of Java's dialect."""
    if any(part in budget["BudgetName"] for part in (":", "\\", "/action/")):
        raise invalid('The : and \\ characters, and the "/action/" substring, aren\'t allowed in BudgetName')
    if "BudgetLimit" in budget and "PlannedBudgetLimits" in budget:
        raise invalid("Only one of BudgetLimit or PlannedBudgetLimits can be present")
    if "BudgetLimit" in budget and "AutoAdjustData" in budget:
        raise invalid("BudgetLimit cannot be given for an auto-adjusting budget")
    if any(member in budget for member in EXPRESSION) and any(member in budget for member in COSTS):
        raise invalid("Either FilterExpression and Metrics or CostFilters and CostTypes can be given, not both")
    limits = ("BudgetLimit", "PlannedBudgetLimits", "AutoAdjustData")
    if budget["BudgetType"] in LIMITED and not any(member in budget for member in limits):
        raise invalid("Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget Limit/ Auto Adjust Data")
    if budget["BudgetType"] != "COST" and "CostTypes" in budget:
        raise invalid(f"{budget['BudgetType']} budgets do not have CostTypes")
    adjusts(budget)
    period = budget.get("TimePeriod", {})
    if "Start" in period and "End" in period and stamp(period["Start"]) >= stamp(period["End"]):
        raise invalid("The start date must come before the end date")


def adjusts(budget):
    data = budget.get("AutoAdjustData")
    if not data:
        return
    past = data.get("HistoricalOptions")
    if (data["AutoAdjustType"] == "HISTORICAL") != bool(past):
        raise invalid("HistoricalOptions belong to the auto-adjust type HISTORICAL")
    if past and past["BudgetAdjustmentPeriod"] > PERIODS.get(budget["TimeUnit"], 60):
        raise invalid(f"BudgetAdjustmentPeriod is more than the maximum for {budget['TimeUnit']}")
    if "LookBackAvailablePeriods" in (past or {}) or "LastAutoAdjustTime" in data:
        raise invalid("You can't set your own LookBackAvailablePeriods or LastAutoAdjustTime")


def stamp(moment):
    return moment.timestamp() if isinstance(moment, datetime.datetime) else float(moment)


def kept(budget):
    """As AWS tells it afterwards: amounts with a decimal, moments as numbers."""
    told = copy.deepcopy(budget)
    for member in ("CalculatedSpend", "LastUpdatedTime", "HealthStatus"):
        told.pop(member, None)
    if "BudgetLimit" in told:
        amount = Decimal(told["BudgetLimit"]["Amount"])
        told["BudgetLimit"]["Amount"] = f"{amount}.0" if amount == amount.to_integral_value() and "." not in str(amount) else str(amount)
    if "AutoAdjustData" in told:  # AWS works the amount out
        told["BudgetLimit"] = {"Amount": "100.0", "Unit": "USD"}
        told["AutoAdjustData"]["LastAutoAdjustTime"] = unix_time()
        if "HistoricalOptions" in told["AutoAdjustData"]:
            told["AutoAdjustData"]["HistoricalOptions"]["LookBackAvailablePeriods"] = 1
    elif told["BudgetType"] not in LIMITED:
        told.setdefault("BudgetLimit", {"Amount": "100.0", "Unit": "PERCENTAGE"})
    if "PlannedBudgetLimits" in told:  # the limit of this period
        told["BudgetLimit"] = dict(next(iter(told["PlannedBudgetLimits"].values())))
    for member, moment in told.get("TimePeriod", {}).items():
        told["TimePeriod"][member] = stamp(moment)
    return told


def period_of(budget):
    """TimePeriod: what was not said is the start of the chosen time, and 06/15/87."""
    now = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {"DAILY": now, "ANNUALLY": now.replace(month=1, day=1), "QUARTERLY": now.replace(month=1 + 3 * ((now.month - 1) // 3), day=1)}
    start = starts.get(budget["TimeUnit"], now.replace(day=1))
    return {"Start": start.timestamp(), "End": 3706473600.0, **budget.get("TimePeriod", {})}


def cost_types_of(budget):
    """CostTypes: "The default value is true", but for UseBlended and UseAmortized; only COST budgets have them, and not with Metrics."""
    if budget["BudgetType"] != "COST" or any(member in budget for member in EXPRESSION):
        return {}
    words = ("Credit", "Discount", "OtherSubscription", "Recurring", "Refund", "Subscription", "Support", "Tax", "Upfront")
    given = {**{f"Include{word}": True for word in words}, "UseAmortized": False, "UseBlended": False, **budget.get("CostTypes", {})}
    return {"CostTypes": given}


@BOOK.rule("CreateBudget")
def a_new_budget_is_sound(budgets, AccountId, Budget, NotificationsWithSubscribers, ResourceTags, **_):
    """CreateBudget."""
    if Budget["BudgetName"] in budgets.budgets[AccountId]:
        raise Refused("DuplicateRecordException", f"Error creating budget: {Budget['BudgetName']} - the budget already exists.")
    is_sound(Budget)
    seen = set()
    for one in NotificationsWithSubscribers or []:
        if key_of(one["Notification"]) in seen:
            raise Refused("DuplicateRecordException", "Error creating notification - the notification already exists.")
        seen.add(key_of(one["Notification"]))
        subscribers_are_sound(one["Subscribers"])
    tags_are_sound({}, ResourceTags)


@BOOK.patch(BudgetsBackend, "create_budget")
def what_aws_fills_in(original, budgets, account_id, budget, notifications):
    """CreateBudget: moto asks for a limit even where the amount adjusts itself."""
    made = Budget.__new__(Budget)
    told = kept(budget)
    made.budget = {**told, "TimePeriod": period_of(told), **cost_types_of(told), "LastUpdatedTime": unix_time()}
    made.notifications = []
    made.tags = {}
    for one in notifications or []:
        made.add_notification({"ThresholdType": "PERCENTAGE", **one["Notification"]}, list(one["Subscribers"]))
    budgets.budgets[account_id][budget["BudgetName"]] = made


@BOOK.after("CreateBudget")
def tags_are_kept(budgets, AccountId, Budget, ResourceTags, **_):
    made = budgets.budgets[AccountId][Budget["BudgetName"]]
    made.tags = {tag["Key"]: tag["Value"] for tag in ResourceTags or []}


@BOOK.adds("UpdateBudget")
def update_budget(budgets, AccountId, NewBudget, **_):
    """UpdateBudget: "Updates a budget", whole; the calculatedSpend drops to zero."""
    is_sound(NewBudget)
    found = budget_of(budgets, AccountId, NewBudget["BudgetName"])
    told = kept(NewBudget)
    found.budget = {**told, "TimePeriod": period_of(told), **cost_types_of(told), "LastUpdatedTime": unix_time()}
    return {}


@BOOK.adds("DescribeBudgets")
def describe_budgets(budgets, AccountId, MaxResults, NextToken, ShowFilterExpression, **_):
    """DescribeBudgets: in pages of 100; FilterExpression only where it is asked for."""
    found = []
    for budget in budgets.budgets[AccountId].values():
        told = budget.to_dict()
        if any(member in told for member in EXPRESSION):
            told.pop("CostTypes", None)
        if not ShowFilterExpression:
            told.pop("FilterExpression", None)
        for *outer, member in TIMES:
            holder = told
            for name in outer:
                holder = holder.get(name, {})
            if member in holder:
                holder[member] = datetime.datetime.fromtimestamp(holder[member], datetime.UTC)
        found.append(told)
    return paged("Budgets", found, MaxResults or 100, NextToken)


def paged(key, found, size, token):
    start = int(token or 0)
    more = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return {key: found[start : start + size], **more}


# -- notifications and subscribers ----------------------------------------------------------------


def subscribers_are_sound(subscribers):
    """CreateNotification: "Each notification can have one SNS subscriber and up to 10 email subscribers"."""
    if len({(one["SubscriptionType"], one["Address"]) for one in subscribers}) < len(subscribers):
        raise Refused("DuplicateRecordException", "Error creating subscriber - the subscriber already exists.")
    for kind, most in (("SNS", TOPICS), ("EMAIL", EMAILS)):
        if sum(one["SubscriptionType"] == kind for one in subscribers) > most:
            raise Refused("CreationLimitExceededException", f"A notification can have at most {most} subscribers of type {kind}")
    for one in subscribers:
        if one["SubscriptionType"] == "SNS" and not one["Address"].startswith("arn:aws:sns:"):
            raise invalid("Please comply with SNS Topic ARN format")
        if one["SubscriptionType"] == "EMAIL" and "@" not in one["Address"]:
            raise invalid("The email address is not valid")


@BOOK.adds("DescribeBudgetNotificationsForAccount")
def describe_budget_notifications_for_account(budgets, AccountId, MaxResults, NextToken, **_):
    """DescribeBudgetNotificationsForAccount: budgets with their notifications, in pages of 50."""
    found = [
        {"BudgetName": name, "Notifications": [dict(one.details, NotificationState="OK") for one in budget.notifications]}
        for name, budget in budgets.budgets[AccountId].items()
        if budget.notifications
    ]
    return paged("BudgetNotificationsForAccount", found, MaxResults or 50, NextToken)


@BOOK.adds("CreateNotification")
def create_notification(budgets, AccountId, BudgetName, Notification, Subscribers, **_):
    """CreateNotification: ten for a budget, each once."""
    budget = budget_of(budgets, AccountId, BudgetName)
    if key_of(Notification) in [key_of(one.details) for one in budget.notifications]:
        raise Refused("DuplicateRecordException", "Error creating notification - the notification already exists.")
    if len(budget.notifications) >= NOTIFICATIONS:
        raise Refused("CreationLimitExceededException", f"A budget can have at most {NOTIFICATIONS} notifications")
    subscribers_are_sound(Subscribers)
    budget.add_notification({"ThresholdType": "PERCENTAGE", **Notification}, list(Subscribers))
    return {}


@BOOK.adds("DeleteNotification")
def delete_notification(budgets, AccountId, BudgetName, Notification, **_):
    """DeleteNotification: with its subscribers; NotFoundException (moto takes any)."""
    budget = budget_of(budgets, AccountId, BudgetName)
    budget.notifications.remove(notification_of(budget, Notification))
    return {}


@BOOK.rule("DescribeNotificationsForBudget")
def the_budget_is_there(budgets, AccountId, BudgetName, **_):
    """NotFoundException, over which moto falls."""
    budget_of(budgets, AccountId, BudgetName)


@BOOK.adds("UpdateNotification")
def update_notification(budgets, AccountId, BudgetName, OldNotification, NewNotification, **_):
    """UpdateNotification: the subscribers stay; DuplicateRecordException "because the notification already exists"."""
    budget = budget_of(budgets, AccountId, BudgetName)
    found = notification_of(budget, OldNotification)
    if key_of(NewNotification) in [key_of(one.details) for one in budget.notifications]:
        raise Refused("DuplicateRecordException", "Error updating notification - the notification already exists.")
    found.details = {"ThresholdType": "PERCENTAGE", **NewNotification}
    return {}


@BOOK.adds("DescribeSubscribersForNotification")
def describe_subscribers(budgets, AccountId, BudgetName, Notification, MaxResults, NextToken, **_):
    found = notification_of(budget_of(budgets, AccountId, BudgetName), Notification)
    return paged("Subscribers", found.subscribers, MaxResults or 100, NextToken)


@BOOK.adds("CreateSubscriber")
def create_subscriber(budgets, AccountId, BudgetName, Notification, Subscriber, **_):
    found = notification_of(budget_of(budgets, AccountId, BudgetName), Notification)
    subscribers_are_sound([*found.subscribers, Subscriber])
    found.subscribers = [*found.subscribers, Subscriber]
    return {}


@BOOK.adds("UpdateSubscriber")
def update_subscriber(budgets, AccountId, BudgetName, Notification, OldSubscriber, NewSubscriber, **_):
    found = notification_of(budget_of(budgets, AccountId, BudgetName), Notification)
    others = [one for one in found.subscribers if one != OldSubscriber]
    if len(others) == len(found.subscribers):
        raise Refused("NotFoundException", "Unable to get subscriber - the subscriber doesn't exist.")
    subscribers_are_sound([*others, NewSubscriber])
    found.subscribers = [*others, NewSubscriber]
    return {}


@BOOK.adds("DeleteSubscriber")
def delete_subscriber(budgets, AccountId, BudgetName, Notification, Subscriber, **_):
    """DeleteSubscriber: "Deleting the last subscriber to a notification also deletes the notification"."""
    budget = budget_of(budgets, AccountId, BudgetName)
    found = notification_of(budget, Notification)
    if Subscriber not in found.subscribers:
        raise Refused("NotFoundException", "Unable to get subscriber - the subscriber doesn't exist.")
    found.subscribers = [one for one in found.subscribers if one != Subscriber]
    if not found.subscribers:
        budget.notifications.remove(found)
    return {}


# -- tags -----------------------------------------------------------------------------------------


def by_arn(budgets, arn):
    account, dummy, name = arn.partition("::")[2].partition(":budget/")
    return budget_of(budgets, account, name)


def tags_are_sound(before, tags):
    """ResourceTag: fifty of the customer's own."""
    if len({**before, **{tag["Key"]: tag["Value"] for tag in tags or []}}) > TAGS:
        raise Refused("ServiceQuotaExceededException", f"A budget can have at most {TAGS} tags")


@BOOK.adds("ListTagsForResource")
def list_tags_for_resource(budgets, ResourceARN, **_):
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in by_arn(budgets, ResourceARN).tags.items()]}


@BOOK.adds("TagResource")
def tag_resource(budgets, ResourceARN, ResourceTags, **_):
    budget = by_arn(budgets, ResourceARN)
    tags_are_sound(budget.tags, ResourceTags)
    budget.tags = {**budget.tags, **{tag["Key"]: tag["Value"] for tag in ResourceTags}}
    return {}


@BOOK.adds("UntagResource")
def untag_resource(budgets, ResourceARN, ResourceTagKeys, **_):
    budget = by_arn(budgets, ResourceARN)
    budget.tags = {key: value for key, value in budget.tags.items() if key not in ResourceTagKeys}
    return {}
