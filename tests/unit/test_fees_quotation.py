# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotations, and what a sheet has of components, against worked figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation
from ansible_collections.msp.aws.plugins.filter.fees import billable_components, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import cite
from tests.fees import contract, happened

SET_UP = dict(basic=True, components=dict(ec2=7))


@pytest.mark.parametrize("more", [[], [{"name": "B", "yen": 7, "covers": ["monitoring"], "from": "2026-10-01"}]])
@pytest.mark.parametrize("until", ["2026-06-30", "2026-09-30", "2026-11-30", None])
def test_each_agreed_option_stands_in_a_quotation_as_a_line_or_in_a_note(more, until):
    options = [{"name": "A", "yen": 100_000, "covers": ["monitoring"], "from": "2026-06-15"}, *more]
    options[0].update({} if until is None else dict(until=until))
    monthly = quotation(dict(contract(), operation=dict(components=dict(ec2=1), options=options)))["monthly"]
    told = [*(line["description"] for line in monthly["lines"]), *(note["text"] for note in monthly["notes"] if "100,000" in note["text"])]
    assert [sum(f"オプション {option['name']}" in text for text in told) for option in options] == [1] * len(options)


def test_a_quotation_says_which_option_is_charged_later():
    option = {"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2026-09-10"}
    agreed = dict(contract(), operation=dict(components=dict(ec2=7), options=[option, dict(option, name="At once", **{"from": "2026-06-15"})]))
    notes = quotation(agreed, None, "2026-05-01")["monthly"]["notes"]
    until_then = "2026年7月からの運用メニューは 230,000 円/月です（税抜）"
    assert [note["text"] for note in notes] == ["カスタマイズオプション Runbook は 2026年9月10日に開始し、2026年10月1日から課金します", until_then]


@pytest.mark.parametrize("language, plans, net, noted", [
    ("ja", ["2026-06-15 advanced", "2026-07-10 standard", "2026-07-20 entry"], 210_000, ["2026年8月からの運用メニューは 35,000 円/月です（税抜）"]),
    ("en", ["2026-06-15 advanced", "2026-07-10 standard", "2026-07-20 entry"], 210_000,
     ["From 2026-08 the operation menu costs 35,000 yen a month (without tax)"]),
    ("ja", ["2026-06-15 entry", "2026-08-01 advanced"], 35_000, ["2026年8月からの運用メニューは 210,000 円/月です（税抜）"]),
    ("ja", ["2026-06-15 entry", "2026-08-05 advanced", "2026-08-20 standard"], 35_000,
     ["2026年8月の運用メニューは 210,000 円です（税抜）", "2026年9月からの運用メニューは 105,000 円/月です（税抜）"]),
    ("en", ["2026-06-15 entry", "2026-08-05 advanced", "2026-08-20 standard"], 35_000,
     ["In 2026-08 the operation menu costs 210,000 yen (without tax)", "From 2026-09 the operation menu costs 105,000 yen a month (without tax)"]),
    ("ja", ["2026-06-15 entry"], 35_000, []),
])  # fmt: skip
def test_a_quotation_names_the_months_that_cost_otherwise(language, plans, net, noted):
    agreed = dict(contract(), plans=[dict(zip(("from", "plan"), plan.split(), strict=True)) for plan in plans])
    quoted = quotation(agreed, None, "2026-05-01", language)["monthly"]
    assert (quoted["month"], quoted["net"], [note["text"] for note in quoted["notes"]]) == ("2026-07", net, noted)


@pytest.mark.parametrize("applied_on, own, first, later", [
    ("2022-04-01", {}, [], ["第35条第1項", "別紙2（注）"]),
    ("2022-03-31", dict(applied_on="2022-03-31"), ["別紙2※5"], ["別紙2※5", "別紙2（注）"]),
    ("2022-03-31", {}, ["別紙2※5", "第35条第1項"], ["別紙2※5", "第35条第1項", "別紙2（注）"]),
])  # fmt: skip
def test_the_months_of_a_quotation_name_the_clause_that_says_from_when_they_are_charged(applied_on, own, first, later):
    """別紙2※5: that of the start is a part of a month."""
    option = {"name": "o", "yen": 20_000, "covers": ["monitoring"], "from": "2022-05-16", **own}
    agreed = contract(applied_on=applied_on, plans=[{"plan": "entry", "from": "2022-05-16"}, {"plan": "advanced", "from": "2022-07-10"}])
    agreed |= dict(operation=dict(components=dict(ec2=7), options=[option]), fee_rules=dict(legacy_options="own"))
    notes = {note["text"][:7]: note["clauses"] for note in quotation(agreed)["monthly"]["notes"] if "運用メニュー" in note["text"]}
    assert notes == ({"2022年5月": first} if first else {}) | {"2022年7月": later}
    changed = change_quotation(dict(agreed, accepted_on=applied_on, set_up=SET_UP), [], dict(ec2_instances=[{}] * 8), "2022-05-20")["monthly"]["notes"]
    assert {note["text"][:7]: set(note["clauses"]) for note in changed}["2022年7月"] == {"第35条第1項", *later}


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.integers(1, 200), max_size=3, unique=True),
    st.permutations(["entry", "standard", "advanced"]),
    st.tuples(st.integers(0, 120), st.one_of(st.none(), st.integers(0, 120))),
    st.sampled_from([("2026-04-13", date(2026, 6, 15)), ("2022-03-01", date(2022, 5, 16))]),
)
def test_each_month_costs_what_was_quoted_first_or_is_noted(changed, names, lasts, told):
    applied_on, began = told
    plans = [{"plan": (names * 2)[number], "from": began + timedelta(days)} for number, days in enumerate([0, *sorted(changed)])]
    starts = began + timedelta(lasts[0])
    option = {"name": "o", "yen": 20_000, "covers": ["monitoring"], "from": starts}
    option |= {} if lasts[1] is None else dict(until=starts + timedelta(lasts[1]))
    agreed = dict(number="C", customer="X", applied_on=applied_on, plans=plans, operation=dict(components=dict(ec2=7), options=[option]))
    quoted = quotation(agreed)["monthly"]
    for month in (f"{began.year + number // 12}-{number % 12 + 1:02}" for number in range(began.month - 1, began.month + 12)):
        net = usage_statement(agreed, [], month)["net"]
        assert net in (0, quoted["net"]) or any(f"運用メニューは {net:,} 円" in note["text"] for note in quoted["notes"]), month


def test_an_option_before_the_plan_is_quoted_with_both():
    option = {"name": "VDI", "yen": 9000, "covers": ["monitoring"], "from": "2023-08-10", "omakase_vdi": True, "applied_on": "2023-08-01"}
    agreed = dict(applied_on="2023-07-01", plans=[{"plan": "entry", "from": "2024-05-16"}], operation=dict(components=dict(ec2=1), options=[option]))
    quoted = quotation(agreed)["monthly"]
    assert (quoted["month"], quoted["net"]) == ("2024-06", 14_000)
    assert [note["text"] for note in quoted["notes"]] == ["2023年9月からの運用メニューは 9,000 円/月です（税抜）"]


@pytest.mark.parametrize("channel, wanted, noted", [("own", True, True), ("own", False, False), ("resale", True, False)])
def test_a_quotation_names_the_price_of_qualified_invoices(channel, wanted, noted):
    notes = quotation(contract(qualified_invoice=wanted, billing=dict(channel=channel)))["notes"]
    told = [(note["text"], note["clauses"]) for note in notes if "適格請求書" in note["text"]]
    assert told == [("適格請求書は 1 請求ごとに 400 円（税抜）及び郵送料等を申し受けます", ["第49条"])] * noted


@pytest.mark.parametrize("quoted", [
    lambda agreed, events, language: quotation(agreed, None, "2026-05-20", language),
    lambda agreed, events, language: change_quotation(dict(agreed, accepted_on="2026-04-15", set_up=SET_UP), events, SHEET, "2026-08-20", language),
], ids=["first", "change"])  # fmt: skip
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_quotation_says_who_bills_where_that_is_not_the_provider(quoted, language):
    for channel, words in (("aws_marketplace", "AWS Marketplace"), ("resale", dict(ja="リセール規約", en="resale account")[language])):
        note = quoted(contract(billing=dict(channel=channel)), [], language)["notes"][0]
        assert words in note["text"] and note["clauses"] == cite(("annex2-channel",), language)
    assert cite(("annex2-channel",), language) not in [note["clauses"] for note in quoted(contract(), [], language)["notes"]]


def test_who_bills_on_the_day_of_a_quotation_is_told():
    agreed = contract(accepted_on="2026-04-15", set_up=SET_UP)
    events = [happened("2026-08-01", "channel_changed", channel="resale")]
    told = {day: [note["text"] for note in change_quotation(agreed, events, SHEET, day)["notes"]] for day in ("2026-07-31", "2026-08-01")}
    assert [any("リセール" in text for text in notes) for notes in told.values()] == [False, True]


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
