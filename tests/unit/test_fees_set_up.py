# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The set-up menu against worked figures."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import liability_limits, usage_statement
from tests.fees import amounts, contract, fee, happened, ordered


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


@pytest.mark.parametrize("ended", [[], [happened("2026-04-19", "cancelled")]])
@pytest.mark.parametrize("given, yen", [(390, 97_500), (60, 15_000), (0, 0)])
def test_help_that_was_given_before_work_began_is_charged_whatever_becomes_of_the_work(ended, given, yen):
    """第29条: it was begun, though the set-up itself was not (第1項ただし書)."""
    agreed = dict(ordered(basic=True, components=dict(ec2=4)), sheet_support_minutes=390)
    gone = happened("2026-04-19", "set_up_cancelled", payable=dict(sheet_support_minutes=given))
    paper = usage_statement(agreed, [gone, *ended], "2026-04")
    assert amounts(paper) == ({"sheet_support/contract": yen} if yen else {})
    assert [line["clauses"][0] for line in paper["lines"]] == ["第29条第2項"] * bool(yen)


def test_only_what_is_not_complete_ends_with_the_contract():
    later = dict(order="more", work_from="2026-06-10", components=dict(ec2=1))
    events = [happened("2026-05-10", "set_up_completed"), happened("2026-06-01", "set_up_ordered", **later), happened("2026-06-05", "cancelled")]
    assert [usage_statement(ordered(basic=True), events, month)["net"] for month in ("2026-04", "2026-06")] == [100_000, 0]


@pytest.mark.parametrize("components", [{}, dict(ec2=0)])
def test_where_no_set_up_was_ordered_nothing_is_asked_of_it_when_the_contract_ends(components):
    agreed = dict(ordered(components=components), plans=[{"plan": "advanced", "from": "2026-06-15"}], operation=dict(components=dict(ec2=7)))
    del agreed["set_up_from"]
    assert [usage_statement(agreed, [happened("2026-08-10", "cancelled")], month)["net"] for month in ("2026-08", "2026-09")] == [210_000, 0]


def test_a_special_reduction_of_the_set_up_menu():
    agreed = ordered(basic=True, individual=[dict(name="AD", yen=1_001)])
    events = [happened("2026-04-20", "reduction", month="2026-04", percent=30, menu="set_up"), happened("2026-05-20", "set_up_completed")]
    paper = usage_statement(agreed, events, "2026-04")
    assert amounts(paper) == {"basic/contract": 70_000, "individual/contract/AD": 700}
    assert all("第25条" in line["clauses"] for line in paper["lines"])
    assert fee(contract(), [happened("2026-08-20", "reduction", month="2026-08", percent=30, menu="set_up")], "2026-08") == 210_000
    both = [happened("2026-08-20", "reduction", month="2026-08", percent=30, menu=menu) for menu in ("set_up", "operation")]
    assert fee(contract(), both, "2026-08") == 147_000
