#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ansible_collections.msp.aws.plugins.module_utils import _policies, _publishing, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref, tags

PUBLISHER = "budgets.amazonaws.com"
FEW = 10  # notifications of a budget


def _day(moment):
    """A date as a sheet writes it; with the time where it is not midnight (UTC)."""
    return moment.strftime("%Y-%m-%d" if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else "%Y-%m-%dT%H:%M:%SZ")


def _moment(text):
    """As AWS takes it: without a zone it would be local time."""
    return text if "T" in text else f"{text}T00:00:00Z"


# Option → member and what lies in it.
VALUES = dict(budget_type="BudgetType", time_unit="TimeUnit", filter_expression="FilterExpression", metrics="Metrics")
STRUCTURES = dict(
    budget_limit=("BudgetLimit", dict(amount="Amount", unit="Unit")),
    auto_adjust_data=(
        "AutoAdjustData",
        dict(auto_adjust_type="AutoAdjustType", budget_adjustment_period="HistoricalOptions.BudgetAdjustmentPeriod"),
    ),
    time_period=("TimePeriod", dict(start=Field("Start", _day, _moment), end=Field("End", _day, _moment))),
    cost_types=(
        "CostTypes",
        dict(
            include_tax="IncludeTax",
            include_subscription="IncludeSubscription",
            use_blended="UseBlended",
            include_refund="IncludeRefund",
            include_credit="IncludeCredit",
            include_upfront="IncludeUpfront",
            include_recurring="IncludeRecurring",
            include_other_subscription="IncludeOtherSubscription",
            include_support="IncludeSupport",
            include_discount="IncludeDiscount",
            use_amortized="UseAmortized",
        ),
    ),
)
OF_THE_BUDGET = {*VALUES, *STRUCTURES, "cost_filters"}
# "Either FilterExpression and Metrics or CostFilters and CostTypes" (CreateBudget).
EXPRESSION = dict(filter_expression="FilterExpression", metrics="Metrics")
COSTS = dict(cost_filters="CostFilters", cost_types="CostTypes")
# What AWS tells of a budget and takes from nobody.
TOLD = ("CalculatedSpend", "LastUpdatedTime", "HealthStatus")
NOTIFICATION = dict(notification_type="NotificationType", comparison_operator="ComparisonOperator", threshold="Threshold", threshold_type="ThresholdType")
SUBSCRIBER = dict(email="EMAIL", sns_topic="SNS")


# ---- what is there


def find(aws, wanted):
    try:
        budgets = aws.pages("budgets", "describe_budgets", "Budgets", AccountId=aws.account, ShowFilterExpression=True)
    except AWS_ERRORS as error:
        if code_of(error) != "AccessDeniedException":
            raise
        raise Problem(
            f"budgets:DescribeBudgets: {error.response['Error'].get('Message')}. Beside the policy of who runs this it takes access to billing: the root user "
            "has to activate IAM access to billing information; in a resold or linked account the payer has to open AWS Budgets to it, ask them"
        ) from error
    named = wanted is None or any("notifications" in entry for entry in wanted)
    notifications = _notifications(aws) if named else {}
    return [_have(budget, notifications.get(budget["BudgetName"], [])) for budget in budgets]


def _notifications(aws):
    """Name of a budget → its notifications, in one list for the whole account."""
    listed = aws.pages("budgets", "describe_budget_notifications_for_account", "BudgetNotificationsForAccount", AccountId=aws.account)
    found = {}
    for one in listed:
        found.setdefault(one["BudgetName"], []).extend(one.get("Notifications") or [])
    return found


def _have(budget, notifications=()):
    filters = sorted((budget.get("CostFilters") or {}).items())
    return dict(
        id=budget["BudgetName"],
        name=budget["BudgetName"],
        cost_filters=[dict(key=key, values=values) for key, values in filters],
        **{option: budget.get(member) or None for option, member in VALUES.items()},
        **{option: flat(fields, budget.get(member) or {}) or None for option, (member, fields) in STRUCTURES.items()},
        _budget=budget,
        _notifications=notifications,
    )


def read(aws, have, names):
    found = {}
    if "notifications" in names:
        found["notifications"] = [_notification(aws, have["name"], one) for one in have["_notifications"]]
    if "tags" in names:
        arn = _arn(aws, have["name"])
        found["tags"] = _tags.as_dict(aws.budgets.list_tags_for_resource(ResourceARN=arn).get("ResourceTags"))
    return found


def _notification(aws, budget, found):
    which = {member: found[member] for member in NOTIFICATION.values() if member in found}
    told = aws.pages("budgets", "describe_subscribers_for_notification", "Subscribers", AccountId=aws.account, BudgetName=budget, Notification=which)
    options = {option: found[member] for option, member in NOTIFICATION.items() if member in found}
    kinds = {member: option for option, member in SUBSCRIBER.items()}
    return dict(dict(threshold_type="PERCENTAGE"), **options, subscribers=[{kinds[one["SubscriptionType"]]: one["Address"]} for one in told])


def _arn(aws, name):
    return f"arn:{aws.budgets.meta.partition}:budgets::{aws.account}:budget/{name}"


# ---- writing


def create(aws, want):
    notifications = _wanted(want, "notifications")
    _look_ahead(aws, want["name"], notifications)
    budget = _request(dict(BudgetName=want["name"]), {**want, "cost_filters": _filters({}, want.get("cost_filters"))})
    arguments = dict(NotificationsWithSubscribers=[dict(Notification=_which(one), Subscribers=_subscribers(one)) for one in notifications])
    if want.get("tags"):
        arguments["ResourceTags"] = _tags.as_list(want["tags"])
    aws.budgets.create_budget(AccountId=aws.account, Budget=budget, **{member: value for member, value in arguments.items() if value})
    # All that was named was in the call.
    named = {option: want.get(option) for option in OF_THE_BUDGET}
    told = dict(cost_filters=_wanted(want, "cost_filters"), notifications=notifications, tags=want.get("tags", {}))
    return {**named, **told, "id": want["name"], "name": want["name"], "_budget": budget}


def _wanted(want, option):
    return want.get(option, {}).get("add") or want.get(option, {}).get("set") or []


def _filters(before, change):
    """CostFilters after a change of the option, which is {add, set} for a new budget."""
    if change is None:
        return before
    if isinstance(change, dict):
        return {one["key"]: one["values"] for verb in ("add", "set") for one in change.get(verb) or []}
    gone = {one["key"] for one in change.remove}
    kept = {key: values for key, values in before.items() if key not in gone}
    return {**kept, **{one["key"]: one["values"] for one in [*(new for dummy, new in change.change), *change.add]}}


def _request(budget, change):
    """The whole budget as the API takes it: what it holds and nobody named goes along."""
    after = deep(VALUES, change, {member: value for member, value in budget.items() if member not in TOLD})
    for option, (member, fields) in STRUCTURES.items():
        if option in change:
            after[member] = deep(fields, change[option], after.get(member) or {}) if change[option] else None
    if "cost_filters" in change:
        after["CostFilters"] = change["cost_filters"]
    if after.get("AutoAdjustData"):
        after["AutoAdjustData"] = _adjusting(after["AutoAdjustData"])
    if after.get("AutoAdjustData") or after.get("PlannedBudgetLimits"):
        after.pop("BudgetLimit", None)  # AWS tells what it is in this period, and takes it with neither of these
    for option in _other_set(after, change):
        after.pop({**EXPRESSION, **COSTS}[option], None)
    return {member: value for member, value in after.items() if value not in (None, {}, [])}


def _adjusting(found):
    """AutoAdjustData without what AWS alone can set, and without the past where it goes by the forecast."""
    period = found.get("HistoricalOptions", {}).get("BudgetAdjustmentPeriod")
    past = dict(HistoricalOptions=dict(BudgetAdjustmentPeriod=period)) if period and found["AutoAdjustType"] == "HISTORICAL" else {}
    return dict(AutoAdjustType=found["AutoAdjustType"], **past)


def _other_set(budget, change):
    """Of the two sets of filters, as options, the one that the budget is not to have. AWS may tell both of a budget that has one."""
    if any(change.get(option) for option in EXPRESSION):
        return COSTS
    if any(change.get(option) for option in COSTS):
        return EXPRESSION
    return COSTS if budget.get("Metrics") else EXPRESSION if budget.get("CostFilters") or budget.get("CostTypes") else ()


def update(aws, have, change):
    budget = OF_THE_BUDGET & change.keys()
    delta = change.get("notifications")
    if delta:
        _look_ahead(aws, have["name"], delta.coming, [old for old, dummy in delta.change])
    if budget:
        wanted = {option: change[option] for option in budget}
        if "cost_filters" in wanted:
            wanted["cost_filters"] = _filters(have["_budget"].get("CostFilters") or {}, wanted["cost_filters"])
        aws.budgets.update_budget(AccountId=aws.account, NewBudget=_request(have["_budget"], wanted))
    if delta:
        _notify(aws, have, delta)
    _tags.write(have, change, aws.budgets.tag_resource, aws.budgets.untag_resource, ResourceARN=_arn(aws, have["name"]))


def _notify(aws, have, delta):
    """The new ones come before the old ones go, so that nothing happens unheard; unless there is no room for both."""
    where = dict(AccountId=aws.account, BudgetName=have["name"])
    deeds = [lambda one=one: aws.budgets.create_notification(**where, Notification=_which(one), Subscribers=_subscribers(one)) for one in delta.add]
    ends = [lambda one=one: aws.budgets.delete_notification(**where, Notification=_which(one)) for one in delta.remove]
    crowded = len(have["notifications"]) + len(delta.add) > FEW
    for deed in [*ends, *deeds] if crowded else [*deeds, *ends]:
        deed()
    for old, new in delta.change:
        _subscribe(aws, dict(where, Notification=_which(new)), _subscribers(old), _subscribers(new))


def _subscribe(aws, where, before, after):
    """A notification has one topic and few addresses, and goes with the last of them: one gives way to another in the same call."""
    left = []
    for kind in SUBSCRIBER.values():
        gone = [one for one in before if one["SubscriptionType"] == kind and one not in after]
        new = [one for one in after if one["SubscriptionType"] == kind and one not in before]
        while gone and new:
            aws.budgets.update_subscriber(**where, OldSubscriber=gone.pop(0), NewSubscriber=new.pop(0))
        for one in new:
            aws.budgets.create_subscriber(**where, Subscriber=one)
        left += gone
    for one in left:
        aws.budgets.delete_subscriber(**where, Subscriber=one)


def _which(notification):
    return {member: notification[option] for option, member in NOTIFICATION.items()}


def _subscribers(notification):
    told = [(option, address) for one in notification.get("subscribers") or [] for option, address in one.items() if address]
    return [dict(SubscriptionType=SUBSCRIBER[option], Address=address) for option, address in told]


def delete(aws, have):
    aws.budgets.delete_budget(AccountId=aws.account, BudgetName=have["name"])


# ---- what to think about first


def _look_ahead(aws, name, notifications, before=()):
    """What AWS takes without a word, and then nobody hears of. In a plan the topic may be one that the same run is about to open."""
    if any(one["notification_type"] == "FORECASTED" for one in notifications):
        aws.warn(f"budgets_budgets {name}: AWS forecasts only after about five weeks of usage; in a new account FORECASTED notifications say nothing before")
    known = {one["Address"] for notification in before for one in _subscribers(notification)}
    topics = {one["Address"] for notification in notifications for one in _subscribers(notification) if one["SubscriptionType"] == "SNS"}
    for topic in sorted(topics - known):
        why = aws.once(_publishing.silent, topic, PUBLISHER, aws.account)
        if why and not aws.check_mode:
            raise Problem(why)
        if why:
            aws.warn(f"budgets_budgets {name}: {why}")


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    limited = {"COST", "USAGE"} & {after.get("budget_type")}
    if limited and not have and not (want.get("budget_limit") or want.get("auto_adjust_data")):
        raise Problem("a budget of costs or usage needs budget_limit (amount and unit), or auto_adjust_data")
    if "budget_limit" in change and after.get("auto_adjust_data"):
        raise Problem("the amount of this budget adjusts itself: leave budget_limit out, or take that away with clear: [auto_adjust_data]")
    if "budget_limit" in change and have.get("_budget", {}).get("PlannedBudgetLimits"):
        raise Problem("this budget has planned limits, one for each period, which budget_limit would replace: leave it out, or change them in the console")
    if have.get("auto_adjust_data") and after.get("auto_adjust_data") is None and "budget_limit" not in want:
        raise Problem("without auto_adjust_data the budget needs budget_limit")
    delta = change.get("notifications")
    for one in delta.coming if delta else ():
        if not _subscribers(one):
            raise Problem(f"the notification {_said(one)} needs a subscriber; to be rid of it name it in remove")
    if delta and len(after["notifications"]) > FEW:
        raise Problem(f"a budget has at most {FEW} notifications, this would be {len(after['notifications'])}")


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted with its notifications and actions"
    reasons = [f"would no longer tell anybody when it is {_said(one)}" for one in (change["notifications"].remove if "notifications" in change else ())]
    for old, new in change["notifications"].change if "notifications" in change else ():
        gone = [one["Address"] for one in _subscribers(old) if one not in _subscribers(new)]
        if gone:
            reasons.append(f"would no longer tell {', '.join(gone)} when it is {_said(old)}")
    lost = [option for option in _other_set(have["_budget"], change) if have.get(option) and change.keys() & {*EXPRESSION, *COSTS}]
    if lost:
        reasons.append(f"would take away {' and '.join(lost)}, because a budget has one kind of filters: other costs would count than now")
    end = (change.get("time_period") or {}).get("end")
    if end and end != (have.get("time_period") or {}).get("end"):
        reasons.append(f"would let AWS delete the budget with its notifications after {end}")
    return " and ".join(reasons) or None


def _said(notification):
    return " ".join(f"{notification[option]:g}" if option == "threshold" else str(notification[option]) for option in NOTIFICATION)


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for one, others in (("budget_limit", ("auto_adjust_data",)), *((option, COSTS) for option in EXPRESSION)):
            for other in others:
                if entry.get(one) and entry.get(other):
                    yield index, one, "one_of", dict(value=entry[one], other=f"{one}, {other}")


# ---- the options


def _same_amount(one, other):
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return one == other


def _same_moment(one, other):
    return _moment(str(one)) == _moment(str(other))


def _same_texts(one, other):
    return sorted(one) == sorted(other)


def _same_subscribers(one, other):
    return sorted(_subscribers(dict(subscribers=one)), key=repr) == sorted(_subscribers(dict(subscribers=other)), key=repr)


def _spelt(notification):
    """A number is a number, however it is written."""
    return {**notification, "threshold": float(notification["threshold"])}


API = "CreateBudget.Budget"
NOTICE = "CreateBudget.NotificationsWithSubscribers.Notification"
OPTIONS = dict(
    name=fixed(api=f"{API}.BudgetName"),
    budget_type=Option(required=True, api=f"{API}.BudgetType"),
    time_unit=Option(required=True, api=f"{API}.TimeUnit"),
    budget_limit=Option(
        "dict",
        options=dict(amount=Option(api=f"{API}.BudgetLimit.Amount", same=_same_amount), unit=Option(api=f"{API}.BudgetLimit.Unit")),
    ),
    auto_adjust_data=Option(
        "dict",
        clearable=True,
        options=dict(
            auto_adjust_type=Option(api=f"{API}.AutoAdjustData.AutoAdjustType"),
            budget_adjustment_period=Option("int", api=f"{API}.AutoAdjustData.HistoricalOptions.BudgetAdjustmentPeriod"),
        ),
    ),
    time_period=Option("dict", options=dict(start=Option(same=_same_moment), end=Option(same=_same_moment))),
    cost_filters=items(key=("key",), options=dict(key=Option(required=True), values=Option("list", "str", required=True, same=_same_texts))),
    cost_types=Option("dict", options={option: Option("bool") for option in STRUCTURES["cost_types"][1]}),
    filter_expression=Option("dict", same=_policies.alike, clearable=True),
    metrics=Option("list", "str", api=f"{API}.Metrics"),
    notifications=items(
        key=tuple(NOTIFICATION),
        spelt=_spelt,
        options=dict(
            notification_type=Option(required=True, api=f"{NOTICE}.NotificationType"),
            comparison_operator=Option(required=True, api=f"{NOTICE}.ComparisonOperator"),
            threshold=Option("float", required=True, api=f"{NOTICE}.Threshold"),
            threshold_type=Option(required=True, api=f"{NOTICE}.ThresholdType"),
            subscribers=Option("list", "dict", same=_same_subscribers, options=dict(email=Option(), sns_topic=ref("sns_topics", elsewhere=True))),
        ),
    ),
    tags=tags(),
)
KIND = Kind(
    name="budgets_budgets",
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
    # A list that is behind does not show yet what a broken run has made: look again, and take that one.
    not_yet=(r"DuplicateRecordException",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
