# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rate of consumption tax holds, and how it is rounded."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from tests.fees import ISSUER, contract, fee, happened, ordered


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


def test_what_is_written_off_is_the_difference_of_all_lines(twelve_per_cent):
    agreed = ordered(individual=[dict(name="x", yen=1000)])
    issued = invoice(agreed, [happened("2026-05-01", "set_up_completed")], "2026-04", ISSUER)
    found = [
        invoice_settlement(issued, dict(agreed, fee_rules=dict(write_off_up_to=limit)), [happened("2026-08-20", "set_up_completed")], "2026-09-01")
        for limit in (19, 20)
    ]
    assert [(one["total"], bool(one["charge"]), bool(one["credit_note"])) for one in found] == [(20, True, True), (0, False, False)]
    assert found[1]["written_off"]["total"] == 20
