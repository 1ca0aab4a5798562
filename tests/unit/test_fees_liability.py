# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the provider is liable, against worked figures."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import liability_limits, usage_statement
from tests.fees import contract, happened, ordered, the_line


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


@pytest.mark.parametrize("until", ["2026-10-11 00:00", "2026-11-01 00:00"])
@pytest.mark.parametrize("month, unlimited", [("2026-09", False), ("2026-10", True), ("2026-11", False)])
def test_there_is_no_limit_of_what_was_gross_fault(month, unlimited, until):
    causes = [("2026-10-10", until, "provider_gross"), ("2026-09-10", "2026-09-11", "provider")]
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
