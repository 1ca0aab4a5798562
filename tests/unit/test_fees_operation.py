# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation menu against worked figures: what a month costs."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import invoice, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from tests.fees import ISSUER, amounts, contract, fee, happened, the_line


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


@pytest.mark.parametrize("own, yen, option", [({}, 112_000, 16_000), (dict(applied_on="2022-03-31"), 112_000, 16_000), (dict(applied_on="2023-06-01"), 0, 0)])
def test_the_application_for_the_operation_menu_counts_that_may_be_later_than_that_for_the_contract(own, yen, option):
    """別紙2※5: 16 of 30 days, or from the month after."""
    old = dict(contract(applied_on="2021-05-10", plans=[{"plan": "advanced", "from": "2023-06-15", **own}]), accepted_on="2021-05-12")
    options = [{"name": "Runbook", "yen": 30_000, "covers": ["operations"], "from": "2023-06-15"}]
    agreed = dict(old, set_up=dict(basic=True, components=dict(ec2=7)), operation=dict(components=dict(ec2=7), options=options))
    agreed["fee_rules"] = dict(legacy_options="contract")
    events = [happened("2021-06-30", "set_up_completed")]
    papers = [amounts(usage_statement(agreed, events, month)) for month in ("2023-06", "2023-07")]
    assert [paper.get("operation", 0) for paper in papers] == [yen, 210_000]
    assert [paper.get("option/Runbook/2023-06-15", 0) for paper in papers] == [option, 30_000]


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
    assert any("開始月の料金を全額" in note["text"] for note in paper["notes"]) == (month == "2026-06")
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


@pytest.mark.parametrize("applied_on, clause, since", [("2022-03-31", "別紙2※5", "2022-05-11"), ("2022-04-01", "第35条第1項", "2022-06-01")])
def test_what_has_not_begun_names_the_clause_that_says_from_when_it_is_charged(applied_on, clause, since):
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2022-05-11"}
    agreed = contract(applied_on=applied_on, plans=[{"plan": "advanced", "from": "2022-05-11"}])
    agreed["operation"] = dict(components=dict(ec2=7), options=[option])
    notes = usage_statement(agreed, [], "2022-04")["notes"]
    since = said(date.fromisoformat(since), "ja")
    assert [(since in note["text"], note["clauses"]) for note in notes] == [(True, [clause])] * 2
    assert clause in invoice(agreed, [], "2022-04", ISSUER)["reason"]


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


def test_an_option_without_a_plan_was_possible_for_some_time():
    option = {"name": "VDI", "yen": 20_000, "covers": ["monitoring"], "from": "2023-07-20", "omakase_vdi": True, "applied_on": "2023-07-01"}
    agreed = dict(applied_on="2023-07-01", operation=dict(components={}, options=[option]))
    assert usage_statement(agreed, [], "2023-08")["net"] == 20_000


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


@pytest.mark.parametrize("start, end, rules, fees, days", [
    ("2026-06-10", "2026-06-20", {}, (0, 210_000, 0), ("2026-06-01", "2026-06-30")),
    ("2026-06-01", "2026-06-30", dict(cancel_proration="calendar"), (0, 210_000, 0), ("2026-06-01", "2026-06-30")),
    ("2026-06-03", "2026-06-15", {}, (210_000, 0, 0), ("2026-06-01", "2026-06-30")),
    ("2026-06-16", "2026-06-20", {}, (0, 210_000, 0), ("2026-06-01", "2026-06-30")),
    ("2026-06-10", "2026-06-15", dict(first_charge_day="billing_month"), (210_000, 0, 0), ("2026-05-16", "2026-06-15")),
])  # fmt: skip
def test_the_month_of_the_start_in_which_a_contract_ends_is_billed_when_it_ends(start, end, rules, fees, days):
    """第35条第1項ただし書: 開始した月 is that of 翌月の1日, and nobody knows before the end that it is payable; an option is charged like the contract."""
    agreed = contract(plans=[{"plan": "advanced", "from": start}], fee_rules=dict(billing_month_start_day=16, **rules))
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": start, "until": end}
    agreed["operation"] = dict(agreed["operation"], options=[option])
    ended, months = [happened(end, "cancelled")], ("2026-05", "2026-06", "2026-07")
    assert tuple(fee(agreed, ended, month) for month in months) == fees
    papers = [usage_statement(agreed, events, month) for events in (ended, []) for month in months]
    told = [(line["amount"], line["from"], line["until"]) for paper in papers for line in paper["lines"] if line["key"].startswith("option/")]
    assert told == [(20_000, *days)] * 2
    (paper,) = (paper for paper in papers[:3] if paper["lines"])
    line = the_line(paper, "operation")
    assert (line["from"], line["until"], line["quantity"]) == (*days, 7) and "第35条第1項ただし書" in line["clauses"]
    lost = happened(f"{start} 09:00", "outage", until=f"{start[:8]}{int(start[8:]) + 3:02} 10:00", cause="provider")
    number = (date.fromisoformat(days[1]) - date.fromisoformat(days[0])).days + 1
    assert fee(agreed, [*ended, lost], paper["month"]) == 210_000 * (number - 3) // number


def test_what_comes_and_goes_in_the_month_of_the_start_counts_in_that_month():
    agreed = contract(plans=[{"plan": "advanced", "from": "2026-06-10"}], fee_rules=dict(billing_month_start_day=16, component_within_month="charged"))
    events = [happened("2026-06-12", "components_added", components=dict(ec2=1)), happened("2026-06-20", "cancelled")]
    paper = usage_statement(agreed, events, "2026-06")
    assert paper["net"] == 240_000 and the_line(paper, "operation")["rules"]["component_within_month"] == "charged"


def test_a_quotation_names_no_month_before_that_in_which_a_fee_of_days_of_its_own_is_billed():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-06-10", "until": "2026-06-20"}
    agreed = contract(plans=[{"plan": "advanced", "from": "2026-06-10"}], fee_rules=dict(billing_month_start_day=16))
    agreed["operation"] = dict(agreed["operation"], options=[option])
    notes = [note["text"] for note in quotation(agreed, None, "2026-05-01")["monthly"]["notes"]]
    assert "2026年6月の運用メニューは 125,000 円です（税抜）" in notes and not [note for note in notes if note.startswith("2026年5月")]


@pytest.mark.parametrize("start, gone, rules, fees", [
    ("2026-06-20", "2026-06-28", {}, (0, 90_000, 180_000)),  # no day is charged on which the seventh was there
    ("2026-06-20", "2026-06-28", dict(component_within_month="charged"), (0, 105_000, 180_000)),
    ("2026-06-20", "2026-06-20", {}, (0, 90_000, 180_000)),
    ("2026-06-20", "2026-07-01", {}, (0, 105_000, 180_000)),
    ("2026-06-10", "2026-06-20", {}, (0, 90_000, 180_000)),
    ("2026-06-20", "2026-06-28", dict(component_change_rule="calendar"), (0, 90_000, 180_000)),
    ("2026-06-20", "2026-06-28", dict(first_charge_day="billing_month"), (0, 0, 180_000)),
])  # fmt: skip
def test_what_the_menu_began_with_and_went_before_the_first_charge_is_not_charged(start, gone, rules, fees):
    """第35条第1項 charges from 2026-07-01 on: 15 of the 30 days from 2026-06-16."""
    agreed = contract(plans=[{"plan": "advanced", "from": start}], fee_rules=dict(billing_month_start_day=16, **rules))
    events = [happened(gone, "components_removed", components=dict(ec2=1))]
    assert tuple(fee(agreed, events, month) for month in ("2026-05", "2026-06", "2026-07")) == fees


def test_what_went_before_the_first_charge_of_a_contract_that_ends_before_it_is_part_of_its_month():
    agreed = contract(plans=[{"plan": "advanced", "from": "2026-06-20"}], fee_rules=dict(billing_month_start_day=16))
    events = [happened("2026-06-25", "components_removed", components=dict(ec2=1)), happened("2026-06-28", "cancelled")]
    assert fee(agreed, events, "2026-06") == 210_000
