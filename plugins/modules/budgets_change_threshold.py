#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "budgets_change_threshold"
# What tells notifications of a budget apart, beside their threshold.
SORT = dict(notification_type="NotificationType", comparison_operator="ComparisonOperator", threshold_type="ThresholdType")


def plan(aws, params):
    found = _notifications(aws, params["budget"])
    old, new = (_with(found, params, params[name]) for name in ("threshold", "new_threshold"))
    if len(old) + len(new) > 1:
        raise Problem(f"more than one notification is meant: {_said([*old, *new])}. Say notification_type, comparison_operator or threshold_type, too")
    if not old and not new:
        raise Problem(f"no notification has the threshold {params['threshold']:g}; there is {_said(found) or 'none'}")
    return Plan(
        label=params["budget"],
        id=params["budget"],
        before=dict(notification=_said(old)) if old else {},
        after=dict(notification=_said([_moved(old[0], params)])) if old else {},
        facts={option: (old or new)[0][member] for option, member in SORT.items()},
    )


def _notifications(aws, budget):
    try:
        with aws.reading():
            found = aws.pages("budgets", "describe_notifications_for_budget", "Notifications", AccountId=aws.account, BudgetName=budget)
    except AWS_ERRORS as error:
        if code_of(error) != "NotFoundException":
            raise
        raise Problem("there is no budget of this name") from error
    return [{"ThresholdType": "PERCENTAGE", **one} for one in found]


def _with(found, params, threshold):
    said = {member: params[option] for option, member in SORT.items() if params[option]}
    return [one for one in found if one["Threshold"] == threshold and said.items() <= one.items()]


def _said(notifications):
    return ", ".join(" ".join([one["NotificationType"], one["ComparisonOperator"], f"{one['Threshold']:g}", one["ThresholdType"]]) for one in notifications)


def _moved(notification, params):
    return {**notification, "Threshold": params["new_threshold"]}


def act(aws, params, planned):
    """Those who are told stay the same: nothing is deleted and made anew."""
    drive(aws, planned.label, partial(_notifications, aws, params["budget"]), partial(_next_step, aws, params))


def _next_step(aws, params, found):
    old = _with(found, params, params["threshold"])
    return partial(_update, aws, params, old[0]) if old else None


def _update(aws, params, old):
    told = {member: old[member] for member in (*SORT.values(), "Threshold")}
    aws.budgets.update_notification(AccountId=aws.account, BudgetName=params["budget"], OldNotification=told, NewNotification=_moved(told, params))


VERB = Verb(
    name=NAME,
    options=dict(
        budget=dict(type="str", required=True),
        threshold=dict(type="float", required=True),
        new_threshold=dict(type="float", required=True),
        **{option: dict(type="str") for option in SORT},
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
