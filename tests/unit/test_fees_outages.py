# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outages, suspensions and reductions against worked figures: what is taken off a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import invoice, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import cite
from tests.fees import ISSUER, amounts, contract, fee, happened, the_line


@pytest.mark.parametrize("known, until, days", [
    ("2026-08-01T10:00:00.9", "2026-08-02T10:00:00.1", 0),  # 23:59:59.2
    ("2026-08-01T10:00:00.1", "2026-08-02T10:00:00.1", 1),
])  # fmt: skip
def test_a_fraction_of_a_second_is_not_cut_off(known, until, days):
    assert fee(contract(), [happened(known, "outage", until=until, cause="provider")], "2026-08") == 210_000 - int(-(-210_000 * days // 31))


@pytest.mark.parametrize(
    "span, cause, rules, days",
    [
        (("2026-08-10 00:00", "2026-08-10 23:59"), "third_party", {}, "0"),
        (("2026-08-10 00:00", "2026-08-11 00:00"), "third_party", {}, "1"),
        (("2026-08-09 24:00", "2026-08-10 24:00"), "third_party", {}, "1"),
        (("2026-08-31 00:00", "2026-08-31T24:00:00+09:00"), "provider", {}, "1"),
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


SUSPENDED = happened("2026-08-20", "suspended", until="2026-08-25", reason="unpaid")
ONE_MORE = happened("2026-08-10 20:00", "outage", until="2026-08-11 10:00", cause="third_party")  # together 24 hours


@pytest.mark.parametrize("month, span, cause, more, ja, en, clause", [
    ("2026-08", "10 00:00/2026-08-10 23:59", "provider", [], "24 時間以上連続していないため", "did not last for 24 hours", "35-2-1"),
    ("2026-08", "10 10:00/2026-08-13 10:00", "customer", [], "契約者の責めによるため", "by the customer's own doing", "35-2"),
    ("2026-08", "21 00:00/2026-08-23 00:00", "provider", [SUSPENDED], "利用停止の期間中のため", "fell into a suspension", "35-2"),
    ("2026-08", "25 12:00/2026-08-26 12:00", "provider", [SUSPENDED], "利用停止の期間を除くと", "without the time of a suspension", "35-2-1"),
    ("2026-09", "31 12:00/2026-09-01 12:00", "provider", [], "日数が 2026年8月31日に属するため", "belong to 2026-08-31, so", "35-2-1"),
    ("2026-09", "30 12:00/2026-09-01 12:00", "provider", [], "2026年8月30日から 2026年8月31日までに属するため", "belong to 2026-08-30 to 2026-08-31", "35-2-1"),
    ("2026-08", "10 10:00/2026-08-11 10:00", "provider", [], None, None, None),
    ("2026-08", "10 10:00/2026-08-10 20:00", "provider", [ONE_MORE], None, None, None),
])  # fmt: skip
def test_an_outage_that_takes_nothing_off_says_why(month, span, cause, more, ja, en, clause):
    known, until = f"2026-08-{span}".split("/")
    events = [happened(known, "outage", until=until, cause=cause), *more]
    for language, words in (("ja", ja), ("en", en)):
        for paper in (usage_statement(contract(), events, month, language), invoice(contract(), events, month, ISSUER, language)):
            told = [note for note in paper["notes"] if "減額はありません" in note["text"] or "nothing is taken off" in note["text"]]
            assert [(words in note["text"], note["clauses"][0]) for note in told] == ([(True, cite((clause,), language)[0])] if words else [])


@pytest.mark.parametrize("rules, until, words", [
    (dict(gross_fault_time="full_hours"), "2026-08-10 10:59", "1 時間に満たないため、減額はありません"),
    (dict(gross_fault_time="full_hours"), "2026-08-10 11:00", None),
    ({}, "2026-08-10 10:01", None),
])  # fmt: skip
def test_an_outage_by_gross_fault_takes_its_time_off_or_says_that_it_was_none(rules, until, words):
    event = happened("2026-08-10 10:00", "outage", until=until, cause="provider_gross")
    assert [words in note["text"] for note in usage_statement(contract(fee_rules=rules), [event], "2026-08")["notes"]] == [True] * bool(words)


def test_an_outage_of_what_is_not_charged_says_so():
    event = happened("2026-06-20 10:00", "outage", until="2026-06-22 10:00", cause="provider")
    *dummy, note = usage_statement(contract(), [event], "2026-06")["notes"]
    assert "対応する月額料金がないため" in note["text"] and note["clauses"] == ["第35条第2項", "第35条第1項"]
    nothing = dict(contract(), operation=dict(components={}))
    event = happened("2026-08-20 10:00", "outage", until="2026-08-22 10:00", cause="provider")
    assert ["対応する月額料金がないため" in note["text"] for note in usage_statement(nothing, [event], "2026-08")["notes"]] == [True]


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
