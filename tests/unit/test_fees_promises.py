# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is quoted is what is charged: each month that a quotation names, against the usage statements of the contract that is made of it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation
from ansible_collections.msp.aws.plugins.filter.fees import billable_components, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import month_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from tests.fees import happened

# The same examples in every run, and no files: a run on another machine must come to the same result.
TRIED = settings(deadline=None, max_examples=60, derandomize=True, database=None)
DECIDE = (
    "billing_month_start_day",
    "first_charge_day",
    "hour_unit",
    "legacy_start_proration",
    "legacy_options",
    "component_change_rule",
    "component_within_month",
    "option_within_month",
    "several_plan_changes",
    "unit_scope",
)
RULES = {name: book()["rules"][name] for name in DECIDE}
PLANS = ("entry", "standard", "advanced")
NOTE = re.compile(r"(\d+)年(\d+)月(から)?の運用メニューは(?: |、変更後 )([\d,]+) 円(?:/月)?(?:、この変更による差額 ([+-][\d,]+) 円)?")


@st.composite
def rules(draw):
    chosen = draw(st.sets(st.sampled_from(DECIDE), max_size=4))
    one = {name: st.sampled_from(list(rule["choices"])) if "choices" in rule else st.integers(rule["least"], rule["most"]) for name, rule in RULES.items()}
    return {name: draw(one[name]) for name in sorted(chosen)}


def named(name, count):
    return [dict(name=f"{name}{number}") for number in range(count)]


@st.composite
def sheets(draw):
    """Components that kinds count, those that are only watched, and those of which three make one unit."""
    count = st.integers(0, 5)
    watched = {name: named(name, draw(count)) for name in draw(st.sets(st.sampled_from(["rds", "waf", "ecs_task", "connect", "ec2"])))}
    kinds = {kind: named(kind, draw(count)) for kind in ("ec2_instances", "s3_buckets", "lambda_functions")}
    return dict(kinds, ec2_vpcs=named("vpc", draw(st.integers(0, 1))), monitoring=watched)


@st.composite
def applications(draw):
    """A contract that is not accepted yet, of the menu as it is or of the old one."""
    applied_on, began = draw(st.sampled_from([("2026-04-13", date(2026, 6, 1)), ("2022-03-10", date(2022, 5, 1))]))
    days = st.integers(0, 110).map(lambda number: began + timedelta(number))
    starts = sorted(draw(st.sets(days, min_size=1, max_size=4)))
    names = draw(st.permutations(PLANS))
    options = [{"name": f"o{number}", "yen": draw(st.integers(1, 99_999)), "covers": ["monitoring"]} for number in range(draw(st.integers(0, 2)))]
    for option in options:
        option["from"] = max(draw(days), starts[0])
        option.update(dict(until=option["from"] + timedelta(draw(st.integers(0, 90)))) if draw(st.booleans()) else {})
    return dict(
        number="C-1",
        customer="Example Corp",
        applied_on=applied_on,
        sheet_support_minutes=draw(st.integers(0, 600)),
        plans=[{"plan": names[number % 3], "from": day} for number, day in enumerate(starts)],
        operation=dict(options=options),
        fee_rules=draw(rules()),
    )


def accepted(application, sheet):
    """The contract that is made of an application once it is accepted: with what the sheet has."""
    counted = billable_components(sheet)
    made = dict(application, accepted_on=application["applied_on"], set_up=dict(basic=bool(sheet["ec2_vpcs"]), components=counted["set_up"]))
    return dict(made, operation=dict(application["operation"], components=counted["operation"]))


def months_of(contract):
    began = contract["plans"][0]["from"]
    numbers = range(began.year * 12 + began.month - 3, began.year * 12 + began.month + 10)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def promised(monthly, quoted):
    """month → what is said of it. `quoted` is what is said of the month that is quoted, and of each without a word of its own."""
    notes = [match.groups() for match in map(NOTE.match, (note["text"] for note in monthly["notes"])) if match]
    said = {f"{year}-{int(month):02}": (bool(on), [int(yen.replace(",", "")) for yen in yens if yen]) for year, month, on, *yens in notes}

    def of(month):
        since = max((one for one in said if one <= month), default=None)
        goes_on = since is not None and (said[since][0] or since == month) and not since < monthly["month"] <= month
        return said[since][1] if goes_on else quoted

    return of


def operation(contract, events, month):
    """Yen of the operation menu without tax."""
    lines = usage_statement(contract, events, month)["lines"]
    return sum(line["amount"] for line in lines if line["key"] == "operation" or line["key"].startswith("option/"))


# A contract of the old menu without components: what is quoted is the fee of an option that begins two months after the plan.
OPTION_OF_THE_OLD_MENU = {"name": "o", "yen": 10_000, "covers": ["monitoring"], "from": date(2022, 7, 1)}
OLD = dict(
    number="C-1",
    customer="Example Corp",
    applied_on="2022-03-10",
    sheet_support_minutes=0,
    plans=[{"plan": "standard", "from": date(2022, 5, 1)}],
    operation=dict(options=[OPTION_OF_THE_OLD_MENU]),
    fee_rules={},
)
EMPTY = dict(ec2_instances=[], s3_buckets=[], lambda_functions=[], ec2_vpcs=[], monitoring={})


@TRIED
@given(applications(), sheets())
@example(OLD, EMPTY)
def test_each_month_costs_what_its_quotation_says(application, sheet):
    quoted, contract = quotation(application, sheet), accepted(application, sheet)
    ordered_in = month_of(date.fromisoformat(application["applied_on"]), application["fee_rules"].get("billing_month_start_day", 1)).name
    once = usage_statement(contract, [], ordered_in)["lines"]
    assert [(line["key"], line["amount"]) for line in once] == [(line["key"], line["amount"]) for line in quoted["set_up"]["lines"]]
    monthly = quoted["monthly"]
    said = promised(monthly, [monthly["net"]])
    assert operation(contract, [], monthly["month"]) == monthly["net"]
    for month in months_of(contract):
        charged = operation(contract, [], month)
        begun = monthly["billed_from"] and usage_statement(contract, [], month)["until"] >= monthly["billed_from"]
        # An option that begins and ends in a calendar month is billed when it ends, which may be after the billing month of its first day.
        begun = begun and (charged or month >= monthly["billed_from"][:7] or not any("until" in option for option in application["operation"]["options"]))
        assert [charged] == (said(month) if begun else [0]), month


@TRIED
@given(applications(), sheets(), sheets(), st.integers(0, 150))
def test_each_month_costs_by_a_change_what_its_quotation_says(application, sheet, changed, later):
    contract = accepted(application, sheet)
    day = application["plans"][0]["from"] - timedelta(30) + timedelta(later)
    quoted = change_quotation(contract, [], changed, day)
    had, has = (billable_components(one)["operation"] for one in (sheet, changed))
    more = {name: has.get(name, 0) - had.get(name, 0) for name in {*had, *has}}
    kinds = dict(components_added={name: number for name, number in more.items() if number > 0})
    kinds |= dict(components_removed={name: -number for name, number in more.items() if number < 0})
    on = max(day, application["plans"][0]["from"])
    events = [happened(on, kind, components=counts) for kind, counts in kinds.items() if counts]
    monthly, difference = quoted["monthly"], quoted["change"]["monthly"]["net"]
    said = promised(monthly, [monthly["net"], difference])
    changes = bool(difference or any(map(NOTE.match, (note["text"] for note in monthly["notes"]))))
    for month in months_of(contract):
        before, after = operation(contract, [], month), operation(contract, events, month)
        if changes and usage_statement(contract, events, month)["until"] >= monthly["billed_from"]:
            assert [after, after - before] == said(month), month
        else:  # before it, or as it was
            assert after == before, month
