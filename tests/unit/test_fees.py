# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fees against worked figures: each article of the terms by itself, and one contract through 24 months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import (
    billable_components,
    invoice,
    invoice_settlement,
    late_interest,
    liability_limits,
    quotation,
    usage_statement,
)
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import EVENTS
from ansible_collections.msp.aws.plugins.plugin_utils._fees_papers import check_digit
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book

RATE = Fraction("14.5") / 100
ISSUER = dict(name="Example MSP", registration_number="T7000012050002")


def contract(**more):
    """Seven EC2 instances on the advanced plan since June 2026: 210,000 yen a month from July."""
    plain = dict(number="C-1", customer="Example Corp", applied_on="2026-04-13", plans=[{"plan": "advanced", "from": "2026-06-15"}])
    return dict(plain, operation=dict(components=dict(ec2=7)), **more)


def happened(day, event, **fields):
    return dict(date=day, event=event, **fields)


def amounts(paper):
    return {line["key"]: line["amount"] for line in paper["lines"]}


def fee(agreed, events, month):
    """Yen of the plan in a month; 0 where there is no line."""
    return amounts(usage_statement(agreed, events, month)).get("operation", 0)


def the_line(paper, key):
    return next(line for line in paper["lines"] if line["key"] == key)


# ---- set-up menu


def ordered(**parts):
    days = dict(applied_on="2026-04-13", accepted_on="2026-04-15", set_up_from="2026-04-20")
    return dict(days, number="C-1", customer="Example Corp", set_up=dict(dict(basic=False, components={}), **parts))


@pytest.mark.parametrize(
    "parts, yen",
    [
        (dict(basic=True), 100_000),
        (dict(components=dict(ec2=4, s3=2, cognito=1)), 350_000),
        (dict(maintenance=True), 50_000),
        (dict(maintenance=True, maintenance_components=dict(ec2=3)), 80_000),
        (dict(individual=[dict(name="AD", yen=123_456), dict(name="Files", yen=1)]), 123_457),
        (dict(basic=False), 0),
    ],
)
def test_each_part_of_the_set_up_menu_has_its_price(parts, yen):
    paper = usage_statement(ordered(**parts), [], "2026-04")
    assert paper["net"] == yen
    assert usage_statement(ordered(**parts), [], "2026-05")["net"] == 0, "it is due once, in the month of acceptance"


@pytest.mark.parametrize("minutes, unit, yen", [(390, 1, 97_500), (1, 1, 250), (61, 15, 18_750), (61, 60, 30_000), (100, 1, 25_000)])
def test_hours_are_charged_by_the_minute_or_by_the_unit_agreed(minutes, unit, yen):
    paper = usage_statement(dict(fee_rules=dict(hour_unit=unit)), [happened("2026-05-10", "sheet_support", minutes=minutes)], "2026-05")
    assert paper["net"] == yen
    assert paper["lines"][0]["rules"] == dict(hour_unit=unit)


@pytest.mark.parametrize("own, worked, yen", [
    (30, [30], 15_000), (30, [15, 15], 15_000), (10, [50, 1], 30_000), (61, [], 30_000), (0, [1], 15_000), (60, [60], 30_000),
])  # fmt: skip
def test_the_minutes_of_a_month_are_rounded_once_whoever_ordered_them(own, worked, yen):
    agreed = dict(number="C", customer="X", applied_on="2026-05-01", accepted_on="2026-05-10", sheet_support_minutes=own)
    agreed |= dict(set_up=dict(basic=False, components={}), fee_rules=dict(hour_unit=60))
    paper = usage_statement(agreed, [happened("2026-05-20", "sheet_support", minutes=minutes) for minutes in worked], "2026-05")
    assert paper["net"] == yen and sum(line["quantity"] for line in paper["lines"]) == yen * 60 // 15_000


@pytest.mark.parametrize("known, until, days", [
    ("2026-08-01T10:00:00.9", "2026-08-02T10:00:00.1", 0),  # 23:59:59.2
    ("2026-08-01T10:00:00.1", "2026-08-02T10:00:00.1", 1),
])  # fmt: skip
def test_a_fraction_of_a_second_is_not_cut_off(known, until, days):
    assert fee(contract(), [happened(known, "outage", until=until, cause="provider")], "2026-08") == 210_000 - int(-(-210_000 * days // 31))


@pytest.mark.parametrize("more", [[], [{"name": "B", "yen": 7, "covers": ["monitoring"], "from": "2026-10-01"}]])
@pytest.mark.parametrize("until", ["2026-06-30", "2026-09-30", "2026-11-30", None])
def test_each_agreed_option_stands_in_a_quotation_as_a_line_or_in_a_note(more, until):
    options = [{"name": "A", "yen": 100_000, "covers": ["monitoring"], "from": "2026-06-15"}, *more]
    options[0].update({} if until is None else dict(until=until))
    monthly = quotation(dict(contract(), operation=dict(components=dict(ec2=1), options=options)))["monthly"]
    told = [*(line["description"] for line in monthly["lines"]), *(note["text"] for note in monthly["notes"] if "100,000" in note["text"])]
    assert [sum(f"オプション {option['name']}" in text for text in told) for option in options] == [1] * len(options)


def test_fractions_of_a_yen_are_cut_off():
    agreed = contract()
    outage = happened("2027-01-31 10:00", "outage", until="2027-02-02 15:00", cause="third_party")
    assert (fee(agreed, [outage], "2027-01"), fee(agreed, [outage], "2027-02")) == (203_225, 202_500)


@pytest.mark.parametrize(
    "day, payable, yen, clause",
    [
        ("2026-04-19", None, 0, None),  # work had not begun: nothing (29-1, proviso)
        ("2026-04-19", dict(basic=True), 100_000, "第29条第1項"),  # called off in part
        ("2026-04-20", dict(basic=True, components=dict(ec2=2)), 200_000, "第29条第2項"),  # what had been begun
        ("2026-05-11", {}, 0, None),
    ],
)
def test_a_set_up_that_is_called_off_costs_what_had_been_begun(day, payable, yen, clause):
    event = happened(day, "set_up_cancelled", **({} if payable is None else dict(payable=payable)))
    paper = usage_statement(ordered(basic=True, components=dict(ec2=4)), [event], "2026-04")
    assert paper["net"] == yen
    assert {line["clauses"][0] for line in paper["lines"]} == ({clause} if clause else set())


@pytest.mark.parametrize(
    "more, yen",
    [
        ([], 300_000),
        ([happened("2026-04-16", "cancelled")], 0),  # before work began: nothing (29-1, proviso)
        ([happened("2026-04-14", "cancelled", wish="2026-04-19")], 0),
        ([happened("2026-04-25", "cancelled"), happened("2026-04-25", "set_up_cancelled", payable=dict(basic=True))], 100_000),  # what had been begun (29-2)
        ([happened("2026-04-25", "cancelled"), happened("2026-04-24", "set_up_cancelled", payable={})], 0),
        ([happened("2026-04-25", "cancelled"), happened("2026-04-25", "set_up_completed")], 300_000),
    ],
)
def test_the_end_of_the_contract_is_the_end_of_its_set_up(more, yen):
    paper = usage_statement(ordered(basic=True, components=dict(ec2=4)), more, "2026-04")
    assert paper["net"] == yen
    assert liability_limits(ordered(basic=True, components=dict(ec2=4)), more, "2026-04")["set_up"]["net"] == yen


def test_only_what_is_not_complete_ends_with_the_contract():
    later = dict(order="more", work_from="2026-06-10", components=dict(ec2=1))
    events = [happened("2026-05-10", "set_up_completed"), happened("2026-06-01", "set_up_ordered", **later), happened("2026-06-05", "cancelled")]
    assert [usage_statement(ordered(basic=True), events, month)["net"] for month in ("2026-04", "2026-06")] == [100_000, 0]


# ---- operation menu


@pytest.mark.parametrize("plan, yen", [("entry", 5_000), ("standard", 15_000), ("advanced", 30_000)])
@pytest.mark.parametrize("component", ["ecs_cluster", "ecs_task", "eks_pod", "api_gateway", "waf"])
def test_three_make_one_unit_and_one_that_is_begun_counts(component, plan, yen):
    agreed = contract(plans=[{"plan": plan, "from": "2026-06-15"}])
    counts = [dict(agreed, operation=dict(components={component: count})) for count in range(8)]
    assert [fee(one, [], "2026-07") // yen for one in counts] == [0, 1, 1, 1, 2, 2, 2, 3]


def test_units_may_be_counted_in_groups():
    agreed = dict(contract(), operation=dict(components=dict(ecs_task=dict(blue=1, green=4))))
    assert fee(agreed, [], "2026-07") == 2 * 30_000
    assert fee(dict(agreed, fee_rules=dict(unit_scope="group")), [], "2026-07") == 3 * 30_000


def test_the_fee_begins_in_the_month_after_the_start():
    assert [fee(contract(), [], month) for month in ("2026-05", "2026-06", "2026-07")] == [0, 0, 210_000]
    assert fee(contract(plans=[{"plan": "advanced", "from": "2026-07-01"}]), [], "2026-07") == 0, "a start on the 1st as well"


@pytest.mark.parametrize(
    "applied_on, rules, yen",
    [
        ("2022-03-31", {}, 140_000),  # 20 of 30 days
        ("2022-03-31", dict(legacy_start_proration="none"), 210_000),
        ("2022-04-01", {}, 0),
    ],
)
def test_contracts_applied_for_until_march_2022_pay_from_the_day_of_the_start(applied_on, rules, yen):
    agreed = contract(plans=[{"plan": "advanced", "from": "2022-04-11"}], fee_rules=rules)
    assert fee(dict(agreed, applied_on=applied_on), [], "2022-04") == yen
    assert fee(dict(agreed, applied_on=applied_on), [], "2022-05") == 210_000


def test_what_goes_on_the_day_of_the_start_is_paid_to_the_end_of_the_month():
    agreed = contract(applied_on="2022-03-31", plans=[{"plan": "advanced", "from": "2022-04-01"}])
    gone = happened("2022-04-01", "components_removed", components=dict(ec2=3))
    come = happened("2022-04-01", "components_added", components=dict(ec2=1))
    assert [fee(agreed, [gone, come], month) for month in ("2022-04", "2022-05")] == [240_000, 150_000]


@pytest.mark.parametrize(
    "notice, wish, rules, fees",
    [
        ("2026-09-10", None, {}, (210_000, 210_000, 0)),
        ("2026-09-10", "2026-09-10", dict(cancel_proration="calendar"), (210_000, 70_000, 0)),
        ("2026-08-01", "2026-09-30", dict(cancel_proration="calendar"), (210_000, 210_000, 0)),
        ("2026-09-02", "2026-08-20", {}, (210_000, 210_000, 0)),  # wished for before the notice arrived (15-2)
        ("2026-08-20", "2026-08-19", {}, (210_000, 0, 0)),
    ],
)
def test_the_fee_ends_with_the_month_of_cancellation(notice, wish, rules, fees):
    event = happened(notice, "cancelled", **({} if wish is None else dict(wish=wish)))
    assert tuple(fee(contract(fee_rules=rules), [event], month) for month in ("2026-08", "2026-09", "2026-10")) == fees


@pytest.mark.parametrize("told, clause", [
    ({}, "第15条第2項"), (dict(by="provider"), "第16条"), (dict(by="provider", ground="end_of_service"), "第14条第2項"),
    (dict(by="provider", ground="antisocial"), "第48条第2項"),
])  # fmt: skip
def test_the_end_of_a_contract_cites_its_ground(told, clause):
    events = [happened("2026-08-10", "cancelled", **told)]
    assert clause in the_line(usage_statement(contract(), events, "2026-08"), "operation")["clauses"]
    assert usage_statement(contract(), events, "2026-09")["notes"][0]["clauses"] == [clause]


@pytest.mark.parametrize("rules", [{}, dict(cancel_proration="calendar")])
@pytest.mark.parametrize("day", [15, 20, 30])
def test_a_contract_that_ends_in_its_first_month_pays_that_month(rules, day):
    event = happened(f"2026-06-{day}", "cancelled")
    assert [fee(contract(fee_rules=rules), [event], month) for month in ("2026-06", "2026-07")] == [210_000, 0]
    assert "第35条第1項ただし書" in the_line(usage_statement(contract(), [event], "2026-06"), "operation")["clauses"]


@pytest.mark.parametrize("rules", [{}, dict(cancel_proration="calendar"), dict(legacy_start_proration="none")])
@pytest.mark.parametrize("day", [11, 20, 30])
def test_an_old_contract_that_ends_in_its_first_month_pays_no_more_than_one_that_goes_on(rules, day):
    agreed = contract(applied_on="2022-03-31", plans=[{"plan": "advanced", "from": "2022-04-11"}], fee_rules=rules)
    ended = [happened(f"2022-04-{day}", "cancelled")]
    paper = usage_statement(agreed, ended, "2022-04")
    prorated = day - 10 if rules.get("cancel_proration") else 20
    assert amounts(paper)["operation"] == (210_000 if rules.get("legacy_start_proration") else 7_000 * prorated) <= fee(agreed, [], "2022-04")
    assert "別紙2※5" in paper["lines"][0]["clauses"] and "第35条第1項ただし書" not in paper["lines"][0]["clauses"]


def test_a_menu_that_never_began_costs_nothing():
    assert [fee(contract(), [happened("2026-06-14", "cancelled")], month) for month in ("2026-06", "2026-07")] == [0, 0]


@pytest.mark.parametrize(
    "rule, fees",
    [
        ("next_month", (210_000, 210_000, 270_000, 270_000, 240_000)),
        # 2 more on 13 of 31 days; 1 less on 21 of 31 days
        ("calendar", (210_000, 235_161, 270_000, 249_677, 240_000)),
    ],
)
def test_components_come_and_go(rule, fees):
    events = [happened("2026-08-19", "components_added", components=dict(ec2=2)), happened("2026-10-10", "components_removed", components=dict(ec2=1))]
    agreed = contract(fee_rules=dict(component_change_rule=rule))
    found = [fee(agreed, events, month) for month in ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11")]
    assert found == list(fees)


@pytest.mark.parametrize("rule, fees", [("free", (210_000, 210_000)), ("charged", (360_000, 210_000))])
def test_components_that_come_and_go_within_a_month(rule, fees):
    events = [happened("2026-08-03", "components_added", components=dict(ec2=5)), happened("2026-08-28", "components_removed", components=dict(ec2=5))]
    agreed = contract(fee_rules=dict(component_within_month=rule))
    assert tuple(fee(agreed, events, month) for month in ("2026-08", "2026-09")) == fees
    assert [fee(agreed, [], month) for month in ("2026-08", "2026-09")] == [210_000, 210_000]
    swapped = [happened("2026-08-03", "components_removed", components=dict(ec2=5)), happened("2026-08-28", "components_added", components=dict(ec2=5))]
    assert [fee(agreed, swapped, month) for month in ("2026-08", "2026-09")] == [210_000, 210_000], "what was there before is paid for already"


@pytest.mark.parametrize("rule, fees", [("free", (210_000, 0)), ("charged", (360_000, 0))])
@pytest.mark.parametrize("month", ["2026-06", "2026-08"])
def test_components_that_come_in_the_month_in_which_the_contract_ends(month, rule, fees):
    """Also where that is the month of the start, which is charged in full (第35条第1項ただし書)."""
    events = [happened(f"{month}-16", "components_added", components=dict(ec2=5)), happened(f"{month}-20", "cancelled")]
    paper = usage_statement(contract(fee_rules=dict(component_within_month=rule)), events, month)
    assert (amounts(paper)["operation"], the_line(paper, "operation")["rules"]["component_within_month"]) == (fees[0], rule)
    assert fee(contract(), events, "2026-09") == fees[1]


def test_an_old_contract_that_ends_in_its_first_month_may_pay_it_in_full():
    agreed = contract(applied_on="2022-03-31", plans=[{"plan": "advanced", "from": "2022-04-11"}], fee_rules=dict(legacy_within_month="whole_month"))
    paper = usage_statement(agreed, [happened("2022-04-20", "cancelled")], "2022-04")
    assert amounts(paper)["operation"] == 210_000 and "第35条第1項ただし書" in paper["lines"][0]["clauses"]
    assert fee(agreed, [happened("2022-05-20", "cancelled")], "2022-04") == 140_000


@pytest.mark.parametrize(
    "changes, rules, price",
    [
        ([("2026-08-10", "standard")], {}, 15_000),  # one change: the new price, be it higher or lower
        ([("2026-08-31", "entry")], {}, 5_000),
        ([("2026-08-10", "entry"), ("2026-08-20", "standard")], {}, 30_000),  # several: the dearest, the one of the 1st included
        ([("2026-08-10", "entry"), ("2026-08-20", "standard")], dict(several_plan_changes="changes_only"), 15_000),
        ([("2026-08-01", "entry"), ("2026-08-20", "standard")], {}, 15_000),  # the old one was not in force in August
        ([("2026-08-01", "standard"), ("2026-08-20", "entry")], {}, 15_000),
        ([("2026-07-31", "entry"), ("2026-08-20", "standard")], {}, 15_000),
    ],
)
def test_a_change_of_plan(changes, rules, price):
    events = [happened(day, "plan_changed", plan=plan) for day, plan in changes]
    assert fee(contract(fee_rules=rules), events, "2026-08") == 7 * price
    planned = contract(fee_rules=rules, plans=[{"plan": "advanced", "from": "2026-06-15"}, *({"plan": plan, "from": day} for day, plan in changes)])
    assert fee(planned, [], "2026-08") == 7 * price, "the same when the contract says it beforehand"


def test_a_customised_option_is_charged_like_a_plan():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-08-10", "until": "2026-10-05"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option]))
    key = "option/Runbook/2026-08-10"
    assert [amounts(usage_statement(agreed, [], month)).get(key) for month in ("2026-08", "2026-09", "2026-10", "2026-11")] == [None, 20_000, 20_000, None]


@pytest.mark.parametrize("rule, yen", [("charged", 20_000), ("free", None)])
def test_an_option_that_begins_and_ends_within_a_month(rule, yen):
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-08-10", "until": "2026-08-20"}
    agreed = dict(contract(fee_rules=dict(option_within_month=rule)), operation=dict(components=dict(ec2=7), options=[option]))
    key = "option/Runbook/2026-08-10"
    paper = usage_statement(agreed, [], "2026-08")
    assert amounts(paper).get(key) == yen
    if yen:
        assert the_line(paper, key)["rules"]["option_within_month"] == rule and "第35条第1項ただし書" not in the_line(paper, key)["clauses"]
    ended = usage_statement(agreed, [happened("2026-08-15", "cancelled")], "2026-08")
    assert amounts(ended)[key] == 20_000 and "第35条第1項ただし書" in the_line(ended, key)["clauses"]


def test_a_statement_says_what_comes_later_and_what_has_ended():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-09-10"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option]))
    ended = [happened("2026-10-05", "cancelled")]
    months = ("2026-06", "2026-08", "2026-09", "2026-10", "2026-11")
    notes = {month: [note["text"] for note in usage_statement(agreed, ended, month)["notes"]] for month in months}
    later = "カスタマイズオプション Runbook は 2026年9月10日に開始し、2026年10月1日から課金します"
    not_yet = "運用メニューは 2026年6月15日に開始し、2026年7月1日から課金します"
    assert list(notes.values()) == [[not_yet, later], [later], [later], [], ["契約は 2026年10月5日に解除されています"]]


@pytest.mark.parametrize("rule, yen, noted", [("contract", [7_096, 10_000], False), ("own", [None, 10_000], True)])
def test_an_option_of_an_old_contract(rule, yen, noted):
    """別紙2※5: 10,000 × 22 of August's 31 days, or from the month after, for what was agreed later."""
    option = {"name": "Runbook", "yen": 10_000, "covers": ["operations"], "from": "2026-08-10", "applied_on": "2026-08-01"}
    agreed = dict(contract(applied_on="2022-03-31", fee_rules=dict(legacy_options=rule)), operation=dict(components=dict(ec2=1), options=[option]))
    papers = [usage_statement(agreed, [], month) for month in ("2026-08", "2026-09")]
    assert [amounts(paper).get("option/Runbook/2026-08-10") for paper in papers] == yen
    assert any("Runbook" in note["text"] for note in papers[0]["notes"]) == noted
    from_the_beginning = dict(option, applied_on="2022-03-01")
    agreed["operation"]["options"] = [from_the_beginning]
    assert amounts(usage_statement(agreed, [], "2026-08"))["option/Runbook/2026-08-10"] == 7_096


def test_a_quotation_says_which_option_is_charged_later():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-09-10"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option, dict(option, name="At once", **{"from": "2026-06-15"})]))
    notes = quotation(agreed, None, "2026-05-01")["monthly"]["notes"]
    assert [note["text"] for note in notes] == ["カスタマイズオプション Runbook は 2026年9月10日に開始し、2026年10月1日から課金します"]


@pytest.mark.parametrize("channel, wanted, noted", [("own", True, True), ("own", False, False), ("resale", True, False)])
def test_a_quotation_names_the_price_of_qualified_invoices(channel, wanted, noted):
    notes = quotation(contract(qualified_invoice=wanted, billing=dict(channel=channel)))["notes"]
    told = [(note["text"], note["clauses"]) for note in notes if "別紙1 2" not in note["clauses"]]
    assert told == [("適格請求書は 1 請求ごとに 400 円（税抜）及び郵送料等を申し受けます", ["第49条"])] * noted


@pytest.mark.parametrize("parts, yen", [
    (dict(maintenance=True), 50_000), (dict(maintenance=True, maintenance_components=dict(ec2=2)), 70_000), (dict(maintenance=True, basic=True), 250_000),
])  # fmt: skip
def test_where_maintenance_alone_is_set_up_nothing_of_the_sheet_is(parts, yen):
    sheet = dict(ec2_instances=[dict(name="a"), dict(name="b")])
    assert quotation(dict(applied_on="2026-04-13", set_up=parts), sheet)["set_up"]["net"] == yen
    if "basic" not in parts:
        without = dict(number="C", customer="X", applied_on="2026-04-13", accepted_on="2026-04-15", set_up=parts)
        assert usage_statement(without, [], "2026-04")["net"] == yen


def test_an_option_without_a_plan_is_quoted():
    option = {"name": "VDI", "yen": 20_000, "covers": ["monitoring"], "from": "2023-07-20", "omakase_vdi": True, "applied_on": "2023-07-01"}
    monthly = quotation(dict(applied_on="2023-07-01", operation=dict(components={}, options=[option])))["monthly"]
    assert (monthly["month"], monthly["billed_from"], monthly["net"]) == ("2023-08", "2023-08-01", 20_000)


def test_an_option_without_a_plan_was_possible_for_some_time():
    option = {"name": "VDI", "yen": 20_000, "covers": ["monitoring"], "from": "2023-07-20", "omakase_vdi": True, "applied_on": "2023-07-01"}
    agreed = dict(applied_on="2023-07-01", operation=dict(components={}, options=[option]))
    assert usage_statement(agreed, [], "2023-08")["net"] == 20_000


# ---- outages


@pytest.mark.parametrize(
    "span, cause, rules, days",
    [
        (("2026-08-10 00:00", "2026-08-10 23:59"), "third_party", {}, "0"),
        (("2026-08-10 00:00", "2026-08-11 00:00"), "third_party", {}, "1"),
        (("2026-08-10 10:00", "2026-08-12 09:59"), "provider", {}, "1"),
        (("2026-08-10 10:00", "2026-08-15 10:00"), "customer", {}, "0"),
        (("2026-08-10 10:00", "2026-08-10 16:00"), "provider_gross", {}, "1/4"),  # no threshold, minutes kept
        (("2026-08-10 10:00", "2026-08-10 10:01"), "provider_gross", {}, "1/1440"),
        (("2026-08-31 12:00", "2026-09-02 12:00"), "provider", {}, "1"),  # the other day is September's
        (("2026-07-31 12:00", "2026-08-01 12:00"), "provider", dict(outage_unit_day="end"), "1"),
        (("2026-07-31 12:00", "2026-08-01 12:00"), "provider", {}, "0"),
        (("2026-07-31 00:00", "2026-08-01 00:00"), "provider", dict(outage_unit_day="end"), "0"),  # all of it lies in July
        (("2026-08-31 00:00", "2026-09-01 00:00"), "provider", dict(outage_unit_day="end"), "1"),
    ],
)
def test_an_outage_takes_off_its_days(span, cause, rules, days):
    event = happened(span[0], "outage", until=span[1], cause=cause)
    for basis, length in (("month_days", 31), ("thirty_days", 30)):
        agreed = contract(fee_rules=dict(rules, outage_day_basis=basis))
        assert fee(agreed, [event], "2026-08") == int(210_000 * (1 - Fraction(days) / length))


@pytest.mark.parametrize(
    "span, cause, days",
    [
        (("2026-08-05 00:00", "2026-08-25 00:00"), "third_party", 9),  # five days before the suspension, four after it
        (("2026-08-09 12:00", "2026-08-21 12:00"), "provider", 0),  # half a day before and half a day after
        (("2026-08-12 00:00", "2026-08-15 00:00"), "provider", 0),
        (("2026-08-09 12:00", "2026-08-21 12:00"), "provider_gross", 1),
    ],
)
def test_a_suspended_menu_could_not_be_used_anyway(span, cause, days):
    events = [happened(span[0], "outage", until=span[1], cause=cause), happened("2026-08-10", "suspended", until="2026-08-20", reason="unpaid")]
    paper = usage_statement(contract(), events, "2026-08")
    assert the_line(paper, "operation")["amount"] == 210_000 * (31 - days) // 31
    assert the_line(paper, "operation")["rules"]["outage_while_suspended"] == "ignored"
    counted = contract(fee_rules=dict(outage_while_suspended="deducted"))
    assert fee(counted, events, "2026-08") == fee(contract(), events[:1], "2026-08") < 210_000


def test_an_option_that_has_ended_loses_nothing():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-08-10", "until": "2026-09-09"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option]))
    paper = usage_statement(agreed, [happened("2026-09-09", "outage", until="2026-09-12", cause="provider")], "2026-09")
    assert amounts(paper) == {"operation": 210_000 * 27 // 30, "option/Runbook/2026-08-10": 20_000 * 29 // 30}


def test_full_hours_of_gross_fault_are_those_of_the_whole_time():
    agreed = contract(fee_rules=dict(gross_fault_time="full_hours"))
    pieces = [("2026-08-10 10:00", "2026-08-10 10:40"), ("2026-08-10 10:40", "2026-08-10 11:50")]
    events = [happened(known, "outage", until=until, cause="provider_gross") for known, until in pieces]
    assert fee(agreed, events, "2026-08") == 210_000 * (31 * 24 - 1) // (31 * 24)
    assert fee(contract(), events, "2026-08") == 210_000 * (31 * 1440 - 110) // (31 * 1440)


@pytest.mark.parametrize("rule, hours", [("together", [24, 24, 24, 26, 24]), ("apart", [24, 1, 12, 3, 24])])
def test_24_hours_in_a_row_may_be_of_both_rows(rule, hours):
    """第35条第2項: 24 hours by others; 23 and one of gross fault; twelve each; 23 and three; 24 after two by the customer."""
    agreed = contract(fee_rules=dict(outage_of_both_rows=rule, outage_day_basis="thirty_days"))
    cases = [
        [(24, "third_party")],
        [(23, "third_party"), (1, "provider_gross")],
        [(12, "provider_gross"), (12, "provider")],
        [(23, "third_party"), (3, "provider_gross")],
        [(2, "customer"), (24, "third_party")],
    ]
    for case, taken in zip(cases, hours, strict=True):
        events, known = [], datetime(2026, 8, 10)
        for length, cause in case:
            events.append(happened(known, "outage", until=known + timedelta(hours=length), cause=cause))
            known += timedelta(hours=length)
        assert fee(agreed, events, "2026-08") == int(210_000 - Fraction(7_000 * taken, 24))


def test_what_is_rounded_may_be_the_deduction():
    event = happened("2027-01-10", "outage", until="2027-01-11", cause="provider")
    assert fee(contract(), [event], "2027-01") == 203_225  # 210,000 × 30/31 = 203,225.8
    assert fee(contract(fee_rules=dict(floor_target="deduction")), [event], "2027-01") == 203_226  # 210,000 - 6,774


def test_moments_of_other_zones_are_japans_time():
    utc = datetime(2027, 1, 31, 20, 0, tzinfo=UTC)  # February in Japan
    outage = happened(utc, "outage", until=utc + timedelta(hours=24), cause="third_party")
    for event in (outage, dict(outage, date="2027-01-31T20:00:00Z", until="2027-02-02 05:00:00")):
        assert [fee(contract(), [event], month) for month in ("2027-01", "2027-02")] == [210_000, 202_500]


@pytest.mark.parametrize("qualified", [False, True])
@pytest.mark.parametrize(
    "event, why",
    [
        (happened("2026-08-01", "outage", until="2026-09-01", cause="provider_gross"), "利用不能による減額"),
        (happened("2026-08-01", "reduction", month="2026-08", percent=100), "臨時減免"),
        (happened("2026-07-10", "cancelled"), "契約は 2026年7月10日に解除されています (第15条第2項)"),
    ],
)
def test_an_invoice_of_nothing_is_not_issued_and_says_why(event, why, qualified):
    agreed = contract(qualified_invoice=qualified)
    paper = invoice(agreed, [event], "2026-08", ISSUER)
    assert (paper["issued"], paper["total"]) == (False, 0) and "請求する料金がありません: " in paper["reason"] and why in paper["reason"]
    paid = happened("2026-10-20", "payment", yen=10**6)
    found = [{key for key in amounts(invoice(agreed, [*more, paid], "2026-10", ISSUER)) if key.startswith("late")} for more in ([event], [])]
    owed = {"late_interest/2026-08-31"}, {"late_interest/2026-08-31", "late_interest/2026-09-30"}
    assert found == list(owed), "nothing is owed for an invoice that was not issued"


def test_a_qualified_invoice_that_was_issued_stays_paid_for_though_nothing_is_left():
    agreed = contract(qualified_invoice=True)
    issued = invoice(agreed, [], "2026-08", ISSUER)
    lost = [happened("2026-08-01", "outage", until="2026-09-01", cause="provider_gross")]
    assert invoice_settlement(issued, agreed, lost, "2026-10-01")["total"] == -231_000


@pytest.mark.parametrize("cause", ["provider", "provider_gross"])
@pytest.mark.parametrize("basis", ["month_days", "thirty_days"])
@pytest.mark.parametrize("first, middle, after", [
    ("2027-02-01", "2027-02-10", "2027-03-01"), ("2026-09-01", "2026-09-10", "2026-10-01"), ("2026-08-01", "2026-08-10", "2026-09-01"),
])  # fmt: skip
def test_a_month_that_was_out_of_use_altogether_costs_nothing(first, middle, after, basis, cause):
    agreed, month = contract(fee_rules=dict(outage_day_basis=basis)), first[:7]
    whole, rest = happened(first, "outage", until=after, cause=cause), happened(middle, "outage", until=after, cause=cause)
    assert fee(agreed, [whole], month) == fee(agreed, [happened(first, "outage", until=middle, cause="third_party"), rest], month) == 0
    length = 30 if basis == "thirty_days" else (date.fromisoformat(after) - date.fromisoformat(first)).days
    days = (date.fromisoformat(after) - date.fromisoformat(middle)).days
    assert fee(agreed, [rest], month) == int(210_000 * (1 - Fraction(days, length))) > 0


def test_a_suspension_changes_no_fee_and_is_noted():
    paper = usage_statement(contract(), [happened("2026-08-10", "suspended", until="2026-09-09", reason="unpaid")], "2026-08")
    assert amounts(paper) == dict(operation=210_000)
    edges = [happened("2026-07-20", "suspended", until="2026-08-01", reason="other"), happened("2026-08-31", "suspended", until="2026-09-05", reason="other")]
    notes = [usage_statement(contract(), edges, month)["notes"] for month in ("2026-06", "2026-07", "2026-08", "2026-09", "2026-10")]
    assert [sum("利用停止" in note["text"] for note in told) for told in notes] == [0, 1, 2, 1, 0]
    assert "2026年8月10日〜2026年9月9日" in paper["notes"][0]["text"]


def test_a_suspension_ends_with_the_contract():
    events = [happened("2026-08-10", "suspended", until="2026-12-09", reason="unpaid"), happened("2026-09-20", "cancelled", by="provider")]
    notes = {month: [note["text"] for note in usage_statement(contract(), events, month)["notes"]] for month in ("2026-09", "2026-10")}
    assert "2026年8月10日〜2026年9月20日" in notes["2026-09"][0] and notes["2026-10"] == ["契約は 2026年9月20日に解除されています"]


def test_a_special_reduction():
    event = happened("2026-08-20", "reduction", month="2026-08", percent=30)
    assert [fee(contract(), [event], month) for month in ("2026-07", "2026-08")] == [210_000, 147_000]
    outage = happened("2026-08-01", "outage", until="2026-08-02", cause="provider")
    assert fee(contract(), [event, outage], "2026-08") == int(Fraction(210_000 * 30, 31) * 7 / 10), "of what is left to be paid"


def test_a_special_reduction_of_the_set_up_menu():
    agreed = ordered(basic=True, individual=[dict(name="AD", yen=1_001)])
    events = [happened("2026-04-20", "reduction", month="2026-04", percent=30, menu="set_up"), happened("2026-05-20", "set_up_completed")]
    paper = usage_statement(agreed, events, "2026-04")
    assert amounts(paper) == {"basic/contract": 70_000, "individual/contract/AD": 700}
    assert all("第25条" in line["clauses"] for line in paper["lines"])
    assert fee(contract(), [happened("2026-08-20", "reduction", month="2026-08", percent=30, menu="set_up")], "2026-08") == 210_000
    both = [happened("2026-08-20", "reduction", month="2026-08", percent=30, menu=menu) for menu in ("set_up", "operation")]
    assert fee(contract(), both, "2026-08") == 147_000


def test_billing_months_may_begin_on_another_day():
    agreed = contract(fee_rules=dict(billing_month_start_day=16, first_charge_day="billing_month"))
    paper = usage_statement(agreed, [], "2026-06")
    assert (paper["from"], paper["until"], paper["net"]) == ("2026-06-16", "2026-07-15", 210_000)  # June 15 lies in the month of May 16


@pytest.mark.parametrize("start", ["2026-06-14", "2026-06-15", "2026-06-30"])
def test_the_fee_begins_on_the_first_of_the_month_after_whenever_billing_months_begin(start):
    """第35条第1項: 運用メニューの提供を開始した翌月の1日から起算して."""
    agreed = contract(plans=[{"plan": "advanced", "from": start}], fee_rules=dict(billing_month_start_day=15))
    papers = [usage_statement(agreed, [], month) for month in ("2026-05", "2026-06", "2026-07")]
    assert [paper["net"] for paper in papers] == [0, 210_000 * 14 // 30, 210_000]
    assert papers[1]["lines"][0]["from"] == "2026-07-01"
    quoted = quotation(agreed, None, "2026-05-01")["monthly"]
    assert (quoted["billed_from"], quoted["month"], quoted["net"]) == ("2026-07-01", "2026-07", 210_000)
    ended = [happened("2026-06-30", "cancelled")]
    assert sum(usage_statement(agreed, ended, month)["net"] for month in ("2026-05", "2026-06", "2026-07")) == 210_000


# ---- liability


@pytest.mark.parametrize("rule, yen", [("nothing", 0), ("fee", 14_000)])
def test_the_limit_for_days_that_are_not_charged(rule, yen):
    """第36条第2項: two of June's 30 days, in the month of the start, which is free."""
    outage = happened("2026-06-20", "outage", until="2026-06-22", cause="provider")
    limits = liability_limits(contract(fee_rules=dict(liability_uncharged_days=rule)), [outage], "2026-06")["outage"]
    assert (limits["net"], limits["deducted"]) == (yen, 0)


def test_what_gross_fault_took_off_is_told_beside_the_limit():
    """第36条第4項: there is no limit for it; the limit for days (第36条第2項) is about the other outage alone."""
    gross = happened("2026-08-03 00:00", "outage", until="2026-08-03 12:00", cause="provider_gross")
    plain = happened("2026-08-10", "outage", until="2026-08-12", cause="provider")
    for events, limit in (([gross], 0), ([plain], 13_549), ([gross, plain], 13_548)):
        told = liability_limits(contract(), events, "2026-08")["outage"]
        line = the_line(usage_statement(contract(), events, "2026-08"), "operation")
        assert abs(told["deducted"] - (line["gross"] - line["amount"])) <= 1 and told["unlimited"] == (gross in events)
        assert abs(told["net"] - limit) <= 1


@pytest.mark.parametrize("percent", [30, 100])
def test_a_reduction_does_not_reduce_liability(percent):
    """第30条第1項: 導入メニューの提供料金; 第36条第3項 is read in the same way."""
    agreed = ordered(basic=True)
    events = [happened("2026-04-20", "reduction", month="2026-04", percent=percent, menu="set_up")]
    assert liability_limits(agreed, events, "2026-04")["set_up"]["net"] == liability_limits(agreed, [], "2026-04")["set_up"]["net"] == 100_000


def test_the_limits_of_liability():
    agreed = contract(accepted_on="2026-04-15", set_up=dict(basic=True, components=dict(ec2=7)))
    events = [
        happened("2027-01-31 10:00", "outage", until="2027-02-02 15:00", cause="provider"),
        happened("2027-02-10", "outage", until="2027-02-11", cause="third_party"),
    ]
    limits = liability_limits(agreed, events, "2027-02")
    assert {name: limits[name]["net"] for name in ("set_up", "operation", "outage")} == dict(set_up=450_000, operation=210_000, outage=7_500)
    assert limits["operation"]["total"] == 231_000
    assert limits["outage"]["deducted"] == 7_500, "what was taken off is not paid again"


@pytest.mark.parametrize("month, unlimited", [("2026-09", False), ("2026-10", True), ("2026-11", False)])
def test_there_is_no_limit_of_what_was_gross_fault(month, unlimited):
    causes = [("2026-10-10", "2026-10-11", "provider_gross"), ("2026-09-10", "2026-09-11", "provider")]
    events = [happened(known, "outage", until=until, cause=cause) for known, until, cause in causes]
    limits = liability_limits(contract(), events, month)
    assert [limits[name]["unlimited"] for name in ("operation", "outage")] == [unlimited, unlimited]
    assert bool(limits["notes"]) == unlimited


@pytest.mark.parametrize("rule, yen", [("payable", 6_775), ("deduction", 6_774)])
def test_what_was_taken_off_is_told_as_the_statement_took_it(rule, yen):
    agreed = contract(fee_rules=dict(floor_target=rule))
    events = [happened("2027-01-10", "outage", until="2027-01-11", cause="provider"), happened("2027-01-20", "outage", until="2027-01-21", cause="customer")]
    line = the_line(usage_statement(agreed, events, "2027-01"), "operation")
    limits = liability_limits(agreed, events, "2027-01")["outage"]
    assert line["gross"] - line["amount"] == limits["deducted"] == yen
    assert limits["net"] == yen
    both = liability_limits(agreed, [*events, happened("2027-01-25", "outage", until="2027-01-26", cause="third_party")], "2027-01")["outage"]
    assert both["net"] == both["deducted"] > 0


@pytest.mark.parametrize(
    "agreed, events, month, yen",
    [
        (contract(), [], "2026-06", 210_000),  # the month of the start, which is free
        (contract(applied_on="2022-03-31", plans=[{"plan": "advanced", "from": "2022-04-11"}]), [], "2022-04", 210_000),
        (contract(fee_rules=dict(cancel_proration="calendar")), [happened("2026-08-10", "cancelled")], "2026-08", 210_000),
        (contract(), [happened("2026-08-10", "reduction", month="2026-08", percent=50)], "2026-08", 210_000),
        (contract(), [], "2026-05", 0),
        (contract(), [happened("2026-08-10", "cancelled")], "2026-09", 0),
    ],
)
def test_the_limit_of_a_months_fee_is_that_of_a_whole_month(agreed, events, month, yen):
    assert liability_limits(agreed, events, month)["operation"]["net"] == yen


# ---- tax


def test_the_rate_is_that_of_the_service():
    agreed = contract(applied_on="2019-06-28", plans=[{"plan": "advanced", "from": "2019-07-01"}])
    found = [usage_statement(agreed, [], month)["tax"] for month in ("2019-09", "2019-10")]
    assert found == [16_800, 21_000]


def test_a_month_over_a_change_of_the_rate_has_the_rate_of_its_end():
    agreed = contract(applied_on="2019-06-28", plans=[{"plan": "advanced", "from": "2019-07-01"}], fee_rules=dict(billing_month_start_day=16))
    assert usage_statement(agreed, [], "2019-09")["rates"] == [dict(percent=10, net=210_000, tax=21_000)]


@pytest.fixture
def twelve_per_cent(monkeypatch):
    """A rate of tax that changes on 15 August 2026."""
    monkeypatch.setitem(book(), "consumption_tax", [*book()["consumption_tax"], {"from": date(2026, 8, 15), "percent": 12}])


def nets(paper):
    return {rate["percent"]: rate["net"] for rate in paper["rates"]}


def test_what_ended_before_a_change_of_the_rate_has_the_old_one(twelve_per_cent):
    assert nets(usage_statement(contract(), [], "2026-08")) == {12: 210_000}
    for rules in ({}, dict(cancel_proration="calendar")):
        ended = [happened("2026-08-05", "cancelled")]
        assert list(nets(usage_statement(contract(fee_rules=rules), ended, "2026-08"))) == [10]
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-07-10", "until": "2026-08-14"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option]))
    assert nets(usage_statement(agreed, [], "2026-08")) == {10: 20_000, 12: 210_000}


def test_hours_have_the_rate_of_their_day_and_are_rounded_once(twelve_per_cent):
    worked = [happened("2026-08-03", "sheet_support", minutes=20), happened("2026-08-20", "sheet_support", minutes=30)]
    found = {unit: nets(usage_statement(dict(fee_rules=dict(hour_unit=unit)), worked, "2026-08")) for unit in (1, 60)}
    assert found == {1: {10: 5_000, 12: 7_500}, 60: {10: 5_000, 12: 10_000}}
    assert nets(usage_statement({}, worked[:1], "2026-08")) == {10: 5_000}


def test_copies_have_the_rate_of_their_day(twelve_per_cent):
    asked = [happened(day, "qualified_invoice_requested", month="2026-06") for day in ("2026-08-03", "2026-08-04", "2026-08-20")]
    agreed = dict(ordered(basic=True), accepted_on="2026-06-02", set_up_from="2026-06-03")
    assert nets(usage_statement(agreed, [*asked, happened("2026-06-10", "set_up_completed")], "2026-08")) == {10: 800, 12: 400}


def test_a_price_that_changes_within_a_month_holds_from_the_next(monkeypatch):
    dearer = {"from": date(2026, 8, 2), "yen": 31_000}
    monkeypatch.setitem(book()["prices"]["advanced"], "since", [*book()["prices"]["advanced"]["since"], dearer])
    assert [fee(contract(), [], month) for month in ("2026-08", "2026-09")] == [210_000, 217_000]


def test_tax_is_rounded_once_for_each_rate_of_an_invoice():
    items = [dict(name=name, yen=105) for name in ("a", "b", "c")]
    assert usage_statement(ordered(individual=items), [], "2026-04")["tax"] == 31


def test_a_change_of_the_rate_is_settled():
    agreed = dict(ordered(basic=True, individual=[dict(name="x", yen=333)]), applied_on="2019-09-01", accepted_on="2019-09-02", set_up_from="2019-09-10")
    issued = invoice(agreed, [], "2019-09", ISSUER)
    assert (issued["net"], issued["tax"]) == (100_333, 8_026)
    settled = invoice_settlement(issued, agreed, [happened("2019-10-20", "set_up_completed")], "2019-11-01")
    assert settled["credit_note"]["total"] == -108_359
    assert settled["charge"]["total"] == 110_366
    assert settled["total"] == 10_033 - 8_026
    assert all("第24条第2項" in line["clauses"] for line in settled["charge"]["lines"])


def test_what_stays_of_an_order_has_the_rate_of_its_completion():
    agreed = dict(ordered(basic=True, maintenance=True), applied_on="2019-09-01", accepted_on="2019-09-02", set_up_from="2019-09-10")
    events = [happened("2019-09-20", "set_up_cancelled", payable=dict(basic=True)), happened("2019-10-02", "set_up_completed")]
    assert [usage_statement(agreed, events[:count], "2019-09")["tax"] for count in (0, 1, 2)] == [12_000, 8_000, 10_000]


# ---- invoices


def test_the_check_digit():
    assert check_digit("000012050002") == 7


def test_a_qualified_invoice_has_all_that_the_law_asks_for():
    paper = invoice(contract(qualified_invoice=True, billing=dict(postage=110, recipient="Example Corp, Accounts")), [], "2026-07", ISSUER)
    assert paper["qualified"]
    assert paper["issuer"] == ISSUER
    assert paper["recipient"] == "Example Corp, Accounts"
    assert (paper["from"], paper["until"]) == ("2026-07-01", "2026-07-31")
    assert amounts(paper) == {"operation": 210_000, "qualified_invoice/standing": 400, "postage/standing": 110}
    assert all(line["description"] for line in paper["lines"])
    assert paper["rates"] == [dict(percent=10, net=210_510, tax=21_051)]
    assert (paper["issue_month"], paper["due"], paper["total"]) == ("2026-08", "2026-08-31", 231_561)


def test_an_invoice_of_late_interest_alone_is_no_qualified_one():
    events = [happened("2026-07-31", "cancelled"), happened("2026-10-20", "payment", yen=10**6)]
    paper = invoice(contract(qualified_invoice=True), events, "2026-10", dict(name="Example MSP"))
    assert list(amounts(paper)) == ["late_interest/2026-08-31"] and not paper["qualified"]


def test_there_were_no_qualified_invoices_before_october_2023():
    agreed = contract(qualified_invoice=True, plans=[{"plan": "advanced", "from": "2023-06-15"}], applied_on="2023-06-01")
    found = {month: invoice(agreed, [], month, ISSUER) for month in ("2023-08", "2023-09")}
    assert [paper["qualified"] for paper in found.values()] == [False, True]  # that of September is issued in October
    assert [paper["net"] for paper in found.values()] == [210_000, 210_400]


def test_a_qualified_invoice_that_is_asked_for_is_one():
    asked = [happened("2026-09-12", "qualified_invoice_requested", month="2026-07", postage=110)]
    papers = {month: invoice(contract(), asked, month, ISSUER) for month in ("2026-07", "2026-08", "2026-09")}
    assert [paper["qualified"] for paper in papers.values()] == [True, False, False]
    assert "消費税法第57条の4第1項" in papers["2026-07"]["clauses"] and "第49条" in papers["2026-07"]["clauses"]
    assert amounts(papers["2026-09"])["qualified_invoice/requested"] == 400
    issued = invoice(contract(), [], "2026-07", ISSUER)
    assert not issued["qualified"]
    outage = happened("2026-07-05", "outage", until="2026-07-10", cause="provider")
    note = invoice_settlement(issued, contract(), [*asked, outage], "2026-10-01")["credit_note"]
    assert note["qualified"] and note["needed"] and "消費税法第57条の4第3項" in note["clauses"]


@pytest.mark.parametrize("channel", ["aws_marketplace", "resale"])
def test_an_invoice_of_others_needs_no_number(channel):
    agreed = contract(qualified_invoice=True, billing=dict(channel=channel))
    paper = invoice(agreed, [], "2026-08", dict(name="Example MSP"))
    assert (paper["issued"], paper["qualified"]) == (False, False)


@pytest.mark.parametrize("channel", ["aws_marketplace", "resale"])
def test_late_interest_is_billed_by_the_provider_after_a_change_of_who_bills(channel):
    events = [happened("2026-08-15", "channel_changed", channel=channel), happened("2026-10-20", "payment", yen=231_000)]
    paid = happened("2026-10-20", "payment", yen=440)
    paper = invoice(contract(qualified_invoice=True), [*events, paid], "2026-10", dict(name="Example MSP"))
    assert paper["issued"] and not paper["qualified"]
    assert amounts(paper) == {"late_interest/2026-08-31": int(231_440 * RATE * 49 / 365)}
    paper = invoice(contract(), events, "2026-10", ISSUER)
    assert paper["issued"] and amounts(paper) == {"late_interest/2026-08-31": int(231_000 * RATE * 49 / 365)}
    assert not invoice(contract(), events, "2026-11", ISSUER)["issued"]
    assert not invoice(contract(fee_rules=dict(late_interest_alone="waived")), events, "2026-10", ISSUER)["issued"]


@pytest.mark.parametrize("more", [[], [happened("2023-07-16", "sheet_support", minutes=1)]])
def test_the_fee_of_an_option_without_a_plan_bears_late_interest_whatever_happened_first(more):
    option = {"name": "vdi", "yen": 200_000, "covers": ["monitoring"], "from": "2023-07-15", "omakase_vdi": True, "applied_on": "2023-07-10"}
    agreed = dict(number="V", customer="X", applied_on="2023-07-10", operation=dict(components={}, options=[option]))
    paid = [happened("2023-12-20", "payment", yen=220_000 + (275 if more else 0))]
    # August's fee was due on September 30, a Saturday; the next day on which banks are open is October 2.
    lines = amounts(invoice(agreed, [*paid, *more], "2023-12", ISSUER))
    assert lines["late_interest/2023-09-30"] == int(220_000 * RATE * (date(2023, 12, 20) - date(2023, 10, 3)).days / 365)


@pytest.mark.parametrize("channel", ["aws_marketplace", "resale"])
@pytest.mark.parametrize("kind, lines", [
    (dict(event="evaded", yen=1000), {"evaded/2026-07": 1000, "premium/2026-07": 2000}),
    (dict(event="qualified_invoice_requested", postage=100), {"qualified_invoice/requested": 400, "postage/requested": 100}),
])  # fmt: skip
def test_what_is_owed_of_an_own_month_is_billed_by_the_provider_whoever_bills_now(channel, kind, lines):
    events = [happened("2026-09-01", "channel_changed", channel=channel), dict(kind, date="2026-09-10", month="2026-07")]
    paper = invoice(contract(), events, "2026-09", ISSUER)
    assert (paper["issued"], amounts(paper)) == (True, lines)
    assert paper["reason"].startswith("2026年9月: "), "the rest of the month is billed by others"
    late = invoice(contract(), [*events, happened("2026-12-20", "payment", yen=10**6)], "2026-12", ISSUER)
    assert {"late_interest/2026-08-31", "late_interest/2026-10-31"} <= set(amounts(late)), "and it is owed to the provider"
    without = invoice_settlement(paper, contract(), events[:1], "2026-10-10")
    assert without["total"] == -paper["total"]
    assert "別紙2（AWS Marketplace・リセール）" not in {clause for line in without["credit_note"]["lines"] for clause in line["clauses"]}


@pytest.mark.parametrize("channel", ["aws_marketplace", "resale"])
def test_others_bill_what_was_bought_through_them(channel):
    for agreed, events in (
        (contract(billing=dict(channel=channel)), []),
        (contract(), [happened("2026-08-01", "channel_changed", channel=channel)]),
    ):
        paper = invoice(agreed, events, "2026-08", ISSUER)
        assert not paper["issued"]
        assert paper["reason"]
        assert amounts(paper) == dict(operation=210_000)
        assert usage_statement(agreed, events, "2026-08")["notes"][0]["clauses"] == ["別紙2（AWS Marketplace・リセール）"]
    assert invoice(contract(), events, "2026-07", ISSUER)["issued"], "before the change"


@pytest.mark.parametrize(
    "issued_on, due, late_from",
    [
        ("2026-12-01", "2026-12-31", "2027-01-05"),  # a Thursday on which banks are closed; the next open day is Monday the 4th
        ("2027-01-12", "2027-01-31", "2027-02-02"),  # a Sunday
        ("2026-10-30", "2026-10-31", "2026-11-03"),  # a Saturday
        ("2027-04-01", "2027-04-30", "2027-05-01"),  # a Friday
        ("2029-04-02", "2029-04-30", "2029-05-02"),  # a Monday in place of a holiday
    ],
)
def test_an_invoice_is_due_at_the_end_of_the_month_of_issue(issued_on, due, late_from):
    event = [happened(issued_on, "invoiced", months=["2026-09"])]
    paper = invoice(contract(), event, "2026-09", ISSUER)
    assert (paper["due"], paper["late_from"]) == (due, late_from)
    exact = invoice(contract(fee_rules=dict(due_date_roll="none")), event, "2026-09", ISSUER)
    assert exact["late_from"] == (date.fromisoformat(due) + timedelta(days=1)).isoformat()


def test_several_months_may_be_billed_together():
    event = happened("2026-07-20", "invoiced", months=["2026-08", "2026-07"], due="2026-07-31")
    papers = [invoice(contract(), [event], month, ISSUER) for month in ("2026-07", "2026-08")]
    assert papers[0] == papers[1]
    assert (papers[0]["net"], papers[0]["due"], papers[0]["issued_on"]) == (420_000, "2026-07-31", "2026-07-20")
    assert "第23条" in papers[0]["clauses"]
    resold = invoice(contract(), [event, happened("2026-08-15", "channel_changed", channel="resale")], "2026-07", ISSUER)
    assert resold["issued"] and amounts(resold) == dict(operation=210_000), "each month is billed by who bills it"
    assert [line["month"] for line in resold["lines"]] == ["2026-07"] and resold["reason"].startswith("2026年8月: ")
    assert not invoice(contract(billing=dict(channel="resale")), [], "2026-07", ISSUER)["issued"]


def test_what_is_given_back_says_on_which_clause():
    issued = invoice(contract(), [], "2026-08", ISSUER)
    outage = happened("2026-08-10", "outage", until="2026-08-12", cause="provider")
    (line,) = invoice_settlement(issued, contract(), [outage], "2026-09-20")["credit_note"]["lines"]
    assert line["clauses"] == ["第20条第2項", "第35条第2項表1欄"]
    hours = happened("2026-08-05", "sheet_support", minutes=60)
    (line,) = invoice_settlement(issued, contract(), [hours], "2026-09-20")["charge"]["lines"]
    assert {"第20条第2項", "第29条第1項", "別紙2第1表"} <= set(line["clauses"])


def test_a_settlement_gives_back_and_asks_for_what_is_missing():
    issued = invoice(contract(), [], "2026-08", ISSUER)
    later = [happened("2026-08-10", "outage", until="2026-08-12", cause="provider"), happened("2026-08-05", "sheet_support", minutes=60)]
    settled = invoice_settlement(issued, contract(), later, "2026-09-20")
    assert [line["amount"] for line in settled["credit_note"]["lines"]] == [196_451 - 210_000]
    assert [line["amount"] for line in settled["charge"]["lines"]] == [15_000]
    assert settled["total"] == invoice(contract(), later, "2026-08", ISSUER)["total"] - issued["total"]
    assert invoice_settlement(issued, contract(), [], "2026-09-20")["total"] == 0


@pytest.mark.parametrize(
    "happens, clauses",
    [
        ([happened("2026-07-20", "cancelled")], {"operation": "第15条第2項"}),
        ([happened("2026-07-20", "cancelled", by="provider")], {"operation": "第16条"}),
        ([happened("2026-07-20", "channel_changed", channel="resale")], {"operation": "別紙2（AWS Marketplace・リセール）"}),
        ([happened("2026-07-20", "components_removed", components=dict(ec2=7))], {"operation": "第35条第1項"}),
        ([happened("2026-08-01", "outage", until="2026-09-01", cause="provider")], {"operation": "第35条第2項表1欄"}),
        ([happened("2026-08-20", "reduction", month="2026-08", percent=100)], {"operation": "第25条"}),
    ],
)
def test_a_line_that_is_given_back_altogether_says_why(happens, clauses):
    back = invoice_settlement(invoice(contract(), [], "2026-08", ISSUER), contract(), happens, "2026-09-10")["credit_note"]
    assert {line["key"]: line["amount"] for line in back["lines"]} == {"operation": -210_000}
    for line in back["lines"]:
        assert line["clauses"][0] == "第20条第2項" and clauses[line["key"]] in line["clauses"]


@pytest.mark.parametrize("yen, needed", [(9_090, False), (9_091, True)])
def test_a_credit_note_is_needed_from_ten_thousand_yen(yen, needed):
    """消費税法施行令第70条の9第3項第2号."""
    agreed = dict(ordered(basic=True, individual=[dict(name="AD", yen=yen)]), qualified_invoice=True)
    event = happened("2026-05-11", "set_up_cancelled", payable=dict(basic=True))
    settled = invoice_settlement(invoice(agreed, [], "2026-04", ISSUER), agreed, [event], "2026-06-01")
    assert -settled["credit_note"]["total"] == yen + yen // 10 == (10_000 if needed else 9_999)
    assert (settled["credit_note"]["qualified"], settled["credit_note"]["needed"]) == (True, needed)
    assert settled["issuer"] == ISSUER
    plain = dict(agreed, qualified_invoice=False)
    assert not invoice_settlement(invoice(plain, [], "2026-04", ISSUER), plain, [event], "2026-06-01")["credit_note"]["needed"]


def test_a_small_difference_may_be_written_off():
    issued = invoice(contract(), [], "2026-08", ISSUER)
    later = [happened("2026-08-05", "sheet_support", minutes=1)]
    found = {limit: invoice_settlement(issued, contract(fee_rules=dict(write_off_up_to=limit)), later, "2026-09-20") for limit in (0, 274, 275)}
    assert [(settled["total"], bool(settled["written_off"])) for settled in found.values()] == [(275, False), (275, False), (0, True)]


def test_what_is_written_off_is_the_difference_of_all_lines(twelve_per_cent):
    agreed = ordered(individual=[dict(name="x", yen=1000)])
    issued = invoice(agreed, [happened("2026-05-01", "set_up_completed")], "2026-04", ISSUER)
    found = [
        invoice_settlement(issued, dict(agreed, fee_rules=dict(write_off_up_to=limit)), [happened("2026-08-20", "set_up_completed")], "2026-09-01")
        for limit in (19, 20)
    ]
    assert [(one["total"], bool(one["charge"]), bool(one["credit_note"])) for one in found] == [(20, True, True), (0, False, False)]
    assert found[1]["written_off"]["total"] == 20


def test_settlements_of_one_invoice_follow_on_one_another():
    issued = invoice(contract(), [], "2026-08", ISSUER)
    outage = happened("2026-08-10", "outage", until="2026-08-12", cause="provider")
    hours = happened("2026-08-05", "sheet_support", minutes=60)
    more = happened("2026-08-20", "outage", until="2026-08-21", cause="provider")
    found, known = [], []
    for event in (outage, hours, more):
        known.append(event)
        found.append(invoice_settlement(issued, contract(), known, "2026-10-01", settled=found))
        assert sum(one["total"] for one in found) == invoice(contract(), known, "2026-08", ISSUER)["total"] - issued["total"]
    assert [(bool(one["charge"]), bool(one["credit_note"])) for one in found] == [(False, True), (True, False), (False, True)]
    numbers = [paper["number"] for one in found for paper in (one["charge"], one["credit_note"]) if paper]
    assert numbers == ["C-1-2026-08-R1", "C-1-2026-08-S2", "C-1-2026-08-R3"]
    assert invoice_settlement(issued, contract(), known, "2026-11-01", settled=found)["total"] == 0


@pytest.mark.parametrize("day, due, late_from", [("2026-09-20", "2026-09-30", "2026-10-01"), ("2026-10-01", "2026-10-31", "2026-11-03")])
def test_what_is_charged_on_top_is_due_at_the_end_of_the_month_in_which_it_is_asked_for(day, due, late_from):
    """別紙2; 31 October 2026 is a Saturday."""
    hours = [happened("2026-08-05", "sheet_support", minutes=60)]
    issued = invoice(contract(), [], "2026-08", ISSUER)
    charge = invoice_settlement(issued, contract(), hours, day)["charge"]
    assert (charge["due"], charge["late_from"]) == (due, late_from)
    said = happened(day, "settled", months=["2026-08"], yen=charge["total"], due=charge["due"])
    assert usage_statement(contract(), [*hours, said], "2026-08")["lines"]


def test_what_somebody_else_bills_is_given_back():
    issued = invoice(contract(), [], "2026-07", ISSUER)
    settled = invoice_settlement(issued, contract(), [happened("2026-07-05", "channel_changed", channel="resale")], "2026-10-01")
    assert (settled["charge"], settled["total"]) == (None, -231_000)
    (line,) = settled["credit_note"]["lines"]
    assert (line["from"], line["until"], line["amount"]) == ("2026-07-01", "2026-07-31", -210_000)


# ---- premium and late interest


def test_a_premium_is_twice_the_evaded_fee():
    paper = usage_statement({}, [happened("2027-03-05", "evaded", month="2027-01", yen=100_000)], "2027-03")
    assert (amounts(paper), paper["total"]) == ({"evaded/2027-01": 100_000, "premium/2027-01": 200_000}, 330_000)


def test_a_premium_has_the_tax_rate_of_the_evaded_fee():
    event = [happened("2019-11-05", "evaded", month="2019-09", yen=100_000)]
    assert usage_statement({}, event, "2019-11")["tax"] == 24_000
    assert usage_statement(dict(fee_rules=dict(premium_tax_date="billing")), event, "2019-11")["tax"] == 28_000


@pytest.mark.parametrize(
    "due, paid_on, rules, yen",
    [
        ("2027-03-31", "2027-03-31", {}, 0),
        ("2027-03-31", "2027-04-15", {}, 0),  # the 15th day
        ("2027-03-31", "2027-04-16", {}, 1_376),  # 15 days
        ("2027-03-31", "2027-04-20", {}, 1_743),  # 19 days
        ("2028-01-31", "2028-03-15", {}, 3_935),  # 43 days of a leap year
        ("2028-01-31", "2028-03-15", dict(late_day_count="fixed_365"), 3_945),
        ("2027-01-31", "2027-02-16", {}, 0),  # due on a Sunday: the grace ends 15 days after Monday
        ("2027-01-31", "2027-02-16", dict(due_date_roll="none"), 1_376),
    ],
)
def test_late_interest(due, paid_on, rules, yen):
    assert late_interest([dict(due=due, yen=231_000)], [dict(date=paid_on, yen=231_000)], rules=rules)["interest"] == yen


@pytest.mark.parametrize(
    "rules, yen",
    [
        ({}, int(100_000 * RATE * 9 / 365 + 131_000 * RATE * 19 / 365)),
        (dict(late_grace="each_payment"), int(131_000 * RATE * 19 / 365)),
    ],
)
def test_part_payments(rules, yen):
    paid = [dict(date="2027-04-10", yen=100_000), dict(date="2027-04-20", yen=131_000)]
    assert late_interest([dict(due="2027-03-31", yen=231_000)], paid, rules=rules)["interest"] == yen


def test_what_is_paid_after_the_day_asked_for_is_not_known_yet():
    debts, late_payment = [dict(due="2026-08-31", yen=330_000)], [dict(date="2026-12-20", yen=340_000)]
    assert late_interest(debts, late_payment, "2026-10-31") == late_interest(debts, [], "2026-10-31")
    assert late_interest(debts, late_payment, "2026-10-31")["surplus"] == 0


def test_the_oldest_debt_is_paid_first():
    debts = [dict(due="2027-04-30", yen=50_000), dict(due="2027-03-31", yen=100_000)]
    paid = [dict(date="2027-06-30", yen=50_000), dict(date="2027-03-31", yen=100_000)]
    assert [debt["paid_on"] for debt in late_interest(debts, paid)["debts"]] == ["2027-03-31", "2027-06-30"]
    found = late_interest(debts, [dict(date="2027-05-31", yen=100_000)])
    assert [(debt["due"], debt["open"]) for debt in found["debts"]] == [("2027-03-31", 0), ("2027-04-30", 50_000)]
    assert found["interest"] == int(100_000 * RATE * 60 / 365)
    assert late_interest(debts, [], until="2027-05-31")["interest"] == int(100_000 * RATE * 60 / 365) + int(50_000 * RATE * 30 / 365)


@pytest.mark.parametrize("paid, surplus", [(99_999, 0), (100_000, 0), (100_001, 1)])
def test_what_was_paid_beyond_the_debts_is_told(paid, surplus):
    assert late_interest([dict(due="2027-03-31", yen=100_000)], [dict(date="2027-03-31", yen=paid)])["surplus"] == surplus


@pytest.mark.parametrize(
    "more, rules, yen",
    [
        ([], {}, 231_000),
        ([], dict(late_principal="without_tax"), 210_000),
        ([happened("2026-07-05", "evaded", month="2026-06", yen=100)], {}, 231_330),
        ([happened("2026-07-05", "evaded", month="2026-06", yen=100)], dict(late_on_premium="excluded"), 231_110),
    ],
)
def test_late_interest_comes_with_the_invoice_of_the_month_of_payment(more, rules, yen):
    debt = 231_000 if not more else 231_330
    events = [*more, happened("2026-10-20", "payment", yen=debt)]
    agreed = contract(fee_rules=rules)
    line = the_line(invoice(agreed, events, "2026-10", ISSUER), "late_interest/2026-08-31")
    assert line["amount"] == int(yen * RATE * 49 / 365)
    assert line["tax_percent"] == 0
    assert "late_interest/2026-08-31" not in amounts(invoice(agreed, events, "2026-11", ISSUER))


def test_late_interest_can_be_worked_out_from_its_line():
    events = [happened("2026-09-20", "payment", yen=131_000), happened("2026-10-20", "payment", yen=10**6)]
    for month in ("2026-09", "2026-10"):
        for line in invoice(contract(), events, month, ISSUER)["lines"]:
            parts = [Fraction(part["yen"] * part["days"]) * Fraction(part["percent_a_year"]) / 36_500 for part in line["segments"]]
            assert bool(parts) == line["key"].startswith("late_interest/")
            assert not parts or int(sum(parts)) == line["gross"] >= line["amount"]


def test_late_interest_bears_no_interest():
    events = [happened("2026-10-20", "payment", yen=231_000), happened("2026-10-21", "payment", yen=231_000)]
    agreed = contract()
    ended = [*events, happened("2026-07-15", "cancelled", wish="2026-08-31")]
    bill = invoice(agreed, ended, "2026-10", ISSUER)
    assert set(amounts(bill)) == {"late_interest/2026-08-31", "late_interest/2026-09-30"}
    late = [*ended, happened("2027-03-31", "payment", yen=bill["total"])]  # due on November 30
    assert not invoice(agreed, late, "2027-03", ISSUER)["issued"]


PAID_IN_TIME = [happened(day, "payment", yen=231_000) for day in ("2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30")]


def interest_billed(agreed, events, last="2027-01"):
    months = [f"2026-{number:02}" for number in range(6, 13)] + ["2027-01"]
    papers = [invoice(agreed, events, month, ISSUER) for month in months if month <= last]
    return {key: yen for paper in papers for key, yen in amounts(paper).items() if key.startswith("late_interest")}


@pytest.mark.parametrize(
    "day, rules, yen",
    [
        ("2026-12-20", {}, int(329_999 * RATE * 110 / 365)),
        ("2026-12-20", dict(late_while_open="waits"), 0),
        ("2026-09-10", {}, 0),  # the rest may still come within the days of grace
    ],
)
def test_one_yen_that_is_open_keeps_nothing_back(day, rules, yen):
    debts, paid = [dict(due="2026-08-31", yen=330_000)], [dict(date=day, yen=329_999)]
    assert late_interest(debts, paid, rules=rules)["interest"] == yen
    whole = late_interest(debts, [*paid, dict(date="2026-12-20", yen=1)], rules=rules)
    assert whole["interest"] == int(329_999 * RATE * (date.fromisoformat(day) - date(2026, 9, 1)).days / 365 + RATE * 110 / 365)


def test_a_part_that_was_paid_has_its_interest_once():
    events = [happened("2026-07-20", "cancelled"), happened("2026-09-10", "payment", yen=200_000), happened("2026-11-20", "payment", yen=31_000)]
    papers = [invoice(contract(), events, month, ISSUER) for month in ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12")]
    first, both = int(200_000 * RATE * 9 / 365), int(200_000 * RATE * 9 / 365 + 31_000 * RATE * 80 / 365)
    assert [paper["total"] for paper in papers] == [0, first, 0, both - first, 0]


def test_a_bill_holds_no_interest_on_what_was_paid_after_its_issue():
    events = [
        happened("2026-06-20", "sheet_support", minutes=600),
        happened("2026-07-05", "invoiced", months=["2026-07", "2026-08", "2026-09"], due="2026-07-31"),
        happened("2026-08-20", "payment", yen=165_000),
        happened("2026-11-20", "payment", yen=99_000),
    ]
    agreed = dict(contract(), operation=dict(components=dict(ec2=1)))
    papers = [invoice(agreed, events, month, ISSUER) for month in ("2026-07", "2026-10", "2026-11", "2026-12")]
    found = [sum(yen for key, yen in amounts(paper).items() if key.startswith("late_interest")) for paper in papers]
    first, both = int(165_000 * RATE * 19 / 365), int(165_000 * RATE * 19 / 365 + 99_000 * RATE * 111 / 365)
    assert (both, found) == (5_610, [0, first, both - first, 0])


@pytest.mark.parametrize(
    "recorded, paid_on, interest",
    [
        # The hours were found in November: charged on top, due at the end of the year.
        ([happened("2026-11-20", "settled", months=["2026-07"], yen=16_500, due="2026-12-31")], "2026-12-20", {}),
        ([happened("2026-11-20", "settled", months=["2026-07"], yen=16_500, due="2026-12-31")], "2027-01-25", {"2026-12-31": int(16_500 * RATE * 20 / 365)}),
        # Or nobody has asked for them yet.
        ([happened("2026-08-03", "invoiced", months=["2026-07"], yen=231_000)], "2026-12-20", {}),
    ],
)
def test_late_interest_is_on_what_was_asked_for_and_from_its_own_due_date(recorded, paid_on, interest):
    found_late = happened("2026-07-20", "sheet_support", minutes=60)
    december = [happened("2026-12-15", "payment", yen=231_000)]
    events = [*PAID_IN_TIME, *december, found_late, *recorded, happened(paid_on, "payment", yen=16_500)]
    ended = [*events, happened("2026-10-01", "cancelled", wish="2026-11-30")]
    assert interest_billed(contract(), ended) == {f"late_interest/{due}": yen for due, yen in interest.items()}


def test_what_was_given_back_never_bore_interest():
    outage = happened("2026-07-05", "outage", until="2026-07-10", cause="provider")  # 37,258.06 yen less without tax
    events = [outage, happened("2026-08-03", "invoiced", months=["2026-07"], yen=231_000)]
    credit = happened("2026-08-20", "settled", months=["2026-07"], yen=-37_258)
    late = happened("2026-09-20", "payment", yen=231_000 - 37_258)
    for recorded in ([*events, credit, late], [credit, late, *reversed(events)]):
        found = interest_billed(contract(), recorded, "2026-09")
        assert found["late_interest/2026-08-31"] in {int(yen * RATE * 19 / 365) for yen in (231_000 - 37_258, fee(contract(), [outage], "2026-07") * 11 // 10)}


def test_a_refund_takes_back_what_was_paid_too_much():
    outage = happened("2026-07-05", "outage", until="2026-07-10", cause="provider")
    right = invoice(contract(), [outage], "2026-07", ISSUER)["total"]
    events = [outage, *PAID_IN_TIME, happened("2026-12-28", "payment", yen=231_000)]
    back = happened("2026-09-15", "refund", yen=231_000 - right)
    ended = happened("2026-10-01", "cancelled", wish="2026-11-30")
    assert interest_billed(contract(), [*events, back, ended]) == {}
    # What is not given back in money pays what is due next.
    short = [outage, *PAID_IN_TIME[:3], happened("2026-11-30", "payment", yen=right), happened("2026-12-28", "payment", yen=231_000), ended]
    assert interest_billed(contract(), short) == {}
    assert interest_billed(contract(), [*short, back]) == {"late_interest/2026-11-30": int((231_000 - right) * RATE * 27 / 365)}


def test_late_interest_without_tax_is_on_the_recorded_yen_without_tax():
    agreed = contract(fee_rules=dict(late_principal="without_tax"))
    events = [
        happened("2026-08-03", "invoiced", months=["2026-07"], yen=242_000, net=220_000),
        happened("2026-08-20", "settled", months=["2026-07"], yen=-11_000, net=-10_000),
        happened("2026-10-20", "payment", yen=231_000),
    ]
    assert interest_billed(agreed, events, "2026-10") == {"late_interest/2026-08-31": int(210_000 * RATE * 49 / 365)}


def test_late_interest_alone_may_be_waived():
    events = [happened("2026-07-15", "cancelled"), happened("2026-10-20", "payment", yen=231_000)]
    assert invoice(contract(), events, "2026-10", ISSUER)["issued"]
    assert not invoice(contract(fee_rules=dict(late_interest_alone="waived")), events, "2026-10", ISSUER)["issued"]


def test_what_was_written_off_bears_no_interest():
    """別紙3: hours that nobody was billed for; without the event they are owed with the rest."""
    found_late = happened("2026-07-20", "sheet_support", minutes=60)
    off = happened("2026-09-10", "settled", months=["2026-07"], yen=16_500, written_off=True)
    ended = [*PAID_IN_TIME, happened("2026-12-28", "payment", yen=231_000), found_late, happened("2026-10-01", "cancelled", wish="2026-12-31")]
    assert interest_billed(contract(), ended) != {}
    assert interest_billed(contract(), [*ended, off]) == {}
    issued = invoice(contract(), [], "2026-07", ISSUER)
    agreed = contract(fee_rules=dict(write_off_up_to=16_500))
    gone = invoice_settlement(issued, agreed, [*ended, off], "2026-09-10")
    assert gone["written_off"]["total"] == 16_500 and gone == invoice_settlement(issued, agreed, ended, "2026-09-10")
    again = invoice_settlement(issued, contract(), [*ended, off], "2026-10-01", settled=[gone])
    assert (again["total"], again["charge"], again["written_off"]) == (0, None, None), "it is not found again"


@pytest.mark.parametrize("since, billed", [(True, [1, 1, 1]), ({"from": "2026-09-05"}, [0, 1, 1]), ({"from": "2026-10-01"}, [0, 0, 1]), (False, [0, 0, 0])])
def test_qualified_invoices_may_be_wanted_from_a_day_on(since, billed):
    agreed = contract(qualified_invoice=since)
    events = [happened("2026-08-03", "invoiced", months=["2026-07"]), happened("2026-09-05", "invoiced", months=["2026-08"])]
    papers = [invoice(agreed, events, month, ISSUER) for month in ("2026-07", "2026-08", "2026-09")]
    assert [paper["qualified"] for paper in papers] == [bool(one) for one in billed]
    assert [paper["net"] for paper in papers] == [210_000 + 400 * one for one in billed]
    paid = [happened(day, "payment", yen=231_000) for day in ("2026-08-31", "2026-09-30", "2026-10-31")]
    late = [line for line in invoice(contract(qualified_invoice={"from": "2027-03-01"}), [*events, *paid], "2026-12", ISSUER)["lines"] if "late" in line["key"]]
    assert late == [], "what was paid stays paid"


# ---- quotation and sheet


SHEET = dict(
    ec2_instances=[dict(name="a"), dict(name="b"), dict(name="c", state="absent")],
    s3_buckets=[dict(name="x")],
    ec2_volumes=[dict(name="v")],
    iam_password_policy=dict(require_symbols=True),
)


def test_load_balancing_counts_target_groups_and_network_ones_in_operation_load_balancers():
    """別紙4 第2表: 1 ターゲットグループ; 別紙5 第1表: (NLB) 1 ロードバランサ, (ALB) 1 ターゲットグループ."""
    balancers = [dict(name="web", type="application"), dict(name="tcp", type="network"), dict(name="old", type="network", state="absent")]
    groups = [dict(name="a", protocol="HTTP"), dict(name="b", protocol="HTTPS"), dict(name="c", target_type="lambda"), dict(name="d", protocol="TCP")]
    counted = billable_components(dict(elbv2_load_balancers=balancers, elbv2_target_groups=groups))
    assert counted == dict(set_up=dict(elb=4), operation=dict(nlb=1, alb=3))


def test_the_components_of_a_sheet():
    assert billable_components(SHEET) == dict(set_up=dict(ec2=2, s3=1), operation=dict(ec2=2))


def test_what_is_only_watched_counts_in_operation_and_nothing_counts_twice():
    watched = dict(SHEET, monitoring=dict(ec2=[dict(name=SHEET["ec2_instances"][0]["name"]), dict(name="theirs")], waf=[dict(name="acl")]))
    assert billable_components(watched) == dict(set_up=dict(ec2=2, s3=1), operation=dict(ec2=3, waf=1))


def test_the_last_month_that_can_be_named_can_be_billed():
    paper = invoice(contract(), [], "2099-12", ISSUER)
    assert (paper["due"], paper["late_from"]) == ("2100-01-31", "2100-02-02")


def test_a_quotation_counts_the_sheet_where_the_contract_does_not():
    plain = dict(applied_on="2026-04-13", sheet_support_minutes=390, plans=[{"plan": "standard", "from": "2026-06-15"}])
    quoted = quotation(plain, SHEET)
    assert (quoted["set_up"]["net"], quoted["monthly"]["net"]) == (97_500 + 100_000 + 150_000, 30_000)
    assert (quoted["monthly"]["billed_from"], quoted["monthly"]["total"]) == ("2026-07-01", 33_000)
    told = dict(plain, set_up=dict(components=dict(ec2=1)), operation=dict(components=dict(ec2=5)))
    assert quotation(told, SHEET)["monthly"]["net"] == quotation(told)["monthly"]["net"] == 75_000


def test_each_component_that_the_contract_does_not_name_is_counted_in_the_sheet():
    plain = dict(applied_on="2026-04-13", plans=[{"plan": "standard", "from": "2026-06-15"}])
    rds = dict(plain, set_up=dict(basic=False, components=dict(rds=1)), operation=dict(components=dict(rds=1)))
    quoted = quotation(rds, SHEET)
    assert (quoted["set_up"]["net"], quoted["monthly"]["net"]) == (4 * 50_000, 3 * 15_000)
    assert quotation(dict(plain, set_up=dict(basic=False, components=dict(s3=0))), SHEET)["set_up"]["net"] == 2 * 50_000


@pytest.mark.parametrize("kinds, yen", [
    (dict(ec2_vpcs=[dict(name="v")]), 100_000),
    (dict(ec2_vpcs=[dict(name="v", state="absent")]), 0),
    (dict(iam_password_policy=dict(require_symbols=True)), 100_000),
    (dict(iam_password_policy=dict(state="absent")), 0),
    (dict(ec2_vpcs=[], iam_users=None, guardduty_detector=None), 0),
    (dict(ec2_volumes=[dict(name="v")]), 0),
])  # fmt: skip
def test_the_basic_set_up_is_counted_once_where_the_sheet_has_anything_of_it(kinds, yen):
    plain = dict(applied_on="2026-04-13")
    assert quotation(plain, kinds)["set_up"]["net"] == yen
    assert quotation(dict(plain, set_up=dict(basic=False)), kinds)["set_up"]["net"] == 0


def test_a_contract_without_operation_has_no_monthly_fee():
    monthly = quotation(dict(set_up=dict(basic=True)), SHEET, "2026-04-13")["monthly"]
    assert (monthly["lines"], monthly["billed_from"], monthly["total"]) == ([], None, 0)


# ---- one contract through 24 months

WALK_CONTRACT = dict(
    number="C-24",
    customer="Example Corp",
    applied_on=date(2026, 4, 13),
    accepted_on="2026-04-15",
    set_up_from="2026-04-20",
    sheet_support_minutes=390,
    set_up=dict(basic=True, components=dict(ec2=4, s3=2), individual=[dict(name="AD", yen=250_000)]),
    plans=[{"plan": "standard", "from": "2026-06-15"}],
    operation=dict(
        components=dict(ec2=4, ecs_task=4),
        options=[{"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2027-04-10", "until": "2027-12-05"}],
    ),
)
# Each month with what happened in it; what the customer pays is written beside what is paid.
WALK = [
    ("2026-04", [], {"sheet_support/contract": 97_500, "basic/contract": 100_000, "components/contract": 300_000, "individual/contract/AD": 250_000}, 822_250),
    (
        "2026-05",
        [
            happened("2026-05-29", "payment", yen=822_250),
            happened("2026-05-10", "sheet_support", minutes=100),
            happened("2026-05-20", "set_up_ordered", order="more", work_from="2026-05-22", maintenance=True, components=dict(rds=1)),
            happened("2026-05-25", "set_up_cancelled", order="more", payable=dict(maintenance=True)),
        ],
        {"sheet_support": 25_000, "maintenance/more": 50_000},
        82_500,
    ),
    ("2026-06", [happened("2026-06-10", "set_up_completed"), happened("2026-06-30", "payment", yen=82_500)], {}, 0),  # the month of the start
    ("2026-07", [happened("2026-07-20", "components_added", components=dict(ec2=1, ecs_task=2))], dict(operation=90_000), 99_000),
    ("2026-08", [happened("2026-08-31", "payment", yen=99_000)], dict(operation=105_000), 115_500),  # 5 + 6/3
    ("2026-09", [happened("2026-09-10", "plan_changed", plan="advanced"), happened("2026-09-30", "payment", yen=115_500)], dict(operation=210_000), 231_000),
    (
        "2026-10",
        [
            happened("2026-10-05", "plan_changed", plan="entry"),
            happened("2026-10-20", "plan_changed", plan="standard"),
            happened("2026-10-30", "payment", yen=231_000),
        ],
        dict(operation=210_000),  # the dearest, that of the 1st
        231_000,
    ),
    (
        "2026-11",
        [happened("2026-11-15", "components_removed", components=dict(ec2=1)), happened("2026-11-30", "payment", yen=231_000)],
        dict(operation=105_000),
        115_500,
    ),
    (
        "2026-12",
        [
            happened("2026-12-10", "suspended", until="2026-12-20", reason="other"),
            happened("2026-12-31", "plan_changed", plan="advanced"),
            happened("2026-12-28", "payment", yen=115_500),
        ],
        dict(operation=180_000),
        198_000,
    ),
    (
        "2027-01",
        [
            happened("2027-01-31 10:00", "outage", until="2027-02-02 15:00", cause="third_party"),
            happened("2027-02-01", "payment", yen=198_000),  # January 31 is a Sunday
        ],
        dict(operation=174_193),  # 180,000 × 30/31
        191_612,
    ),
    ("2027-02", [happened("2027-02-26", "payment", yen=191_612)], dict(operation=173_571), 190_928),  # × 27/28
    (
        "2027-03",
        [happened("2027-03-10 06:00", "outage", until="2027-03-10 18:00", cause="provider_gross"), happened("2027-03-31", "payment", yen=190_928)],
        dict(operation=177_096),  # × (1 - 12/744)
        194_805,
    ),
    (
        "2027-04",
        [happened("2027-04-25", "reduction", month="2027-04", percent=50), happened("2027-04-30", "payment", yen=194_805)],
        dict(operation=90_000),
        99_000,
    ),
    ("2027-05", [happened("2027-05-31", "payment", yen=99_000)], {"operation": 180_000, "option/Runbook/2027-04-10": 20_000}, 220_000),
    (
        "2027-06",
        [happened("2027-06-12", "qualified_invoice_requested", month="2027-04", postage=110)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000, "qualified_invoice/requested": 400, "postage/requested": 110},
        220_561,
    ),
    (
        "2027-07",
        [happened("2027-07-20", "payment", yen=220_000), happened("2027-07-30", "payment", yen=220_561)],  # May's was due on June 30: 19 days late
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000, "late_interest/2027-06-30": 1_660},
        221_660,
    ),
    (
        "2027-08",
        [happened("2027-08-31", "payment", yen=221_660), happened("2027-08-05", "evaded", month="2027-05", yen=100_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000, "evaded/2027-05": 100_000, "premium/2027-05": 200_000},
        550_000,
    ),
    (
        "2027-09",
        [happened("2027-09-01", "channel_changed", channel="aws_marketplace"), happened("2027-09-30", "payment", yen=550_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        None,  # AWS bills it
    ),
    (
        "2027-10",
        [happened("2027-10-01", "channel_changed", channel="own"), happened("2027-12-05", "invoiced", months=["2027-10", "2027-11"], due="2027-12-28")],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        440_000,
    ),
    ("2027-11", [], {"operation": 180_000, "option/Runbook/2027-04-10": 20_000}, 440_000),  # on the same invoice
    (
        "2027-12",
        [happened("2027-12-28", "payment", yen=440_000), happened("2028-01-11", "invoiced", months=["2027-12"], yen=231_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        220_000,
    ),
    (
        "2028-01",
        [
            happened("2028-01-20", "settled", months=["2027-12"], yen=-11_000),  # too much had been billed
            happened("2028-01-25", "cancelled", wish="2028-02-10"),
            happened("2028-01-31", "payment", yen=231_000),
        ],
        dict(operation=180_000),
        198_000,
    ),
    ("2028-02", [happened("2028-02-10", "refund", yen=11_000), happened("2028-02-29", "payment", yen=198_000)], dict(operation=180_000), 198_000),
    ("2028-03", [happened("2028-03-31", "payment", yen=198_000)], {}, 0),
]
WALK_EVENTS = [event for dummy, events, dummy, dummy in WALK for event in events]


@pytest.mark.parametrize("month, lines, total", [(month, lines, total) for month, dummy, lines, total in WALK], ids=[row[0] for row in WALK])
def test_one_contract_through_24_months(month, lines, total):
    bill = invoice(WALK_CONTRACT, WALK_EVENTS, month, ISSUER)
    assert bill["issued"] == bool(total)
    assert {line["key"]: line["amount"] for line in bill["lines"] if line["month"] == month} == lines
    if total is not None:
        assert bill["total"] == total


def test_the_walk_may_be_written_backwards():
    more = [happened("2027-01-10", "outage", until="2027-01-11", cause="provider"), *WALK_EVENTS]
    for month, *dummy in WALK:
        assert invoice(WALK_CONTRACT, more, month, ISSUER) == invoice(WALK_CONTRACT, more[::-1], month, ISSUER)


def test_the_walk_knows_every_event_and_leaves_nothing_open():
    assert len(WALK) == 24
    assert {event["event"] for event in WALK_EVENTS} == set(EVENTS)
    billed = {tuple(bill["months"]): bill["total"] for bill in (invoice(WALK_CONTRACT, WALK_EVENTS, month, ISSUER) for month, *dummy in WALK) if bill["issued"]}
    moved = {kind: sum(event["yen"] for event in WALK_EVENTS if event["event"] == kind) for kind in ("payment", "refund")}
    assert sum(billed.values()) == moved["payment"] - moved["refund"]
