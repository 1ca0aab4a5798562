# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Premiums and late interest against worked figures."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, late_interest, usage_statement
from tests.fees import ISSUER, RATE, amounts, contract, fee, happened, interest_billed, invoiced, the_line, worked_out


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
            assert int(worked_out(line)[0]) == line["gross"] >= line["amount"]


def test_late_interest_bears_no_interest():
    events = [happened("2026-10-20", "payment", yen=231_000), happened("2026-10-21", "payment", yen=231_000)]
    agreed = contract()
    ended = [*events, happened("2026-07-15", "cancelled", wish="2026-08-31")]
    bill = invoice(agreed, ended, "2026-10", ISSUER)
    assert set(amounts(bill)) == {"late_interest/2026-08-31", "late_interest/2026-09-30"}
    late = [*ended, happened("2027-03-31", "payment", yen=bill["total"])]  # due on November 30
    assert not invoice(agreed, late, "2027-03", ISSUER)["issued"]


PAID_IN_TIME = [happened(day, "payment", yen=231_000) for day in ("2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30")]


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
    paid = [happened("2026-09-10", "payment", yen=200_000), happened("2026-11-20", "payment", yen=31_000)]
    events = [happened("2026-07-20", "cancelled"), invoiced(), *paid]
    papers = [invoice(contract(), events, month, ISSUER) for month in ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12")]
    first, both = int(200_000 * RATE * 9 / 365), int(200_000 * RATE * 9 / 365 + 31_000 * RATE * 80 / 365)
    assert [paper["total"] for paper in papers] == [0, first, 0, both - first, 0]


def test_a_bill_holds_no_interest_on_what_was_paid_after_its_issue():
    events = [
        happened("2026-06-20", "sheet_support", minutes=600),
        happened("2026-07-05", "invoiced", months=["2026-07", "2026-08", "2026-09"], due="2026-07-31", yen=264_000),
        happened("2026-08-20", "payment", yen=165_000),
        happened("2026-11-20", "payment", yen=99_000),
    ]
    agreed = dict(contract(), operation=dict(components=dict(ec2=1)))
    papers = [invoice(agreed, events, month, ISSUER) for month in ("2026-07", "2026-10", "2026-11", "2026-12")]
    found = [sum(yen for key, yen in amounts(paper).items() if key.startswith("late_interest")) for paper in papers]
    first, both = int(165_000 * RATE * 19 / 365), int(165_000 * RATE * 19 / 365 + 99_000 * RATE * 111 / 365)
    assert (both, found) == (5_610, [0, first, both - first, 0])


@pytest.mark.parametrize(
    "sent, interest, months_to_check",
    [
        ([], {}, ["2026-07", "2026-08"]),
        ([happened("2026-08-03", "invoiced", months=["2026-07"]), happened("2026-09-03", "invoiced", months=["2026-08"])], {}, ["2026-07", "2026-08"]),
        ([invoiced(), invoiced("2026-08")], {}, []),
        # It was asked for after all.
        ([invoiced(yen=264_000), invoiced("2026-08", 264_000)], {"2026-08-31": 33_000, "2026-09-30": 66_000}, []),
        ([invoiced(yen=264_000)], {"2026-08-31": 33_000}, ["2026-08"]),
        # What July asked for is not known: it takes nothing of what August's was paid with.
        ([invoiced("2026-08")], {}, ["2026-07"]),
    ],
)
def test_what_perhaps_no_invoice_asked_for_bears_no_interest_and_is_to_be_checked(sent, interest, months_to_check):
    """第19条: a component since June that was found in October, when the invoices of July and August had been sent and paid in time."""
    events = [*PAID_IN_TIME[:3], happened("2026-06-20", "components_added", components=dict(ec2=1)), *sent]
    paper = invoice(contract(), events, "2026-10", ISSUER)
    billed = interest_billed(contract(), events, "2026-10")
    assert billed == {f"late_interest/{due}": int(yen * RATE * days / 365) for (due, yen), days in zip(interest.items(), (29, 30), strict=False)}
    assert [one["text"][:15] for one in paper["to_check"]] == [f"請求書 C-1-{month}" for month in [*months_to_check, "2026-09"]]
    assert all("yen" in one["text"] and one["clauses"] == ["第19条"] for one in paper["to_check"])


def test_a_sum_that_was_paid_on_one_day_is_taken_as_asked_for():
    late = [happened("2026-10-20", "payment", yen=2 * 231_000)]
    assert set(interest_billed(contract(), late, "2026-10")) == {"late_interest/2026-08-31", "late_interest/2026-09-30"}
    more = [*late, happened("2026-06-20", "components_added", components=dict(ec2=1))]
    assert interest_billed(contract(), more, "2026-10") == {}, "it ends within what August comes to"


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
    sent = [invoiced(yen=right), *(invoiced(month) for month in ("2026-08", "2026-09", "2026-10", "2026-11"))]
    assert interest_billed(contract(), [*sent, *events, back, ended]) == {}
    # What is not given back in money pays what is due next.
    short = [outage, *sent, *PAID_IN_TIME[:3], happened("2026-11-30", "payment", yen=right), happened("2026-12-28", "payment", yen=231_000), ended]
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
    """別紙3: hours that nobody was billed for; without the event it is to be checked whether they were."""
    found_late = happened("2026-07-20", "sheet_support", minutes=60)
    off = happened("2026-09-10", "settled", months=["2026-07"], yen=16_500, written_off=True)
    ended = [*PAID_IN_TIME, happened("2026-12-28", "payment", yen=231_000), found_late, happened("2026-10-01", "cancelled", wish="2026-12-31")]
    assert interest_billed(contract(), [*ended, off]) == {}
    assert [len(invoice(contract(), told, "2026-09", ISSUER)["to_check"]) for told in (ended, [*ended, off])] == [2, 0]
    issued = invoice(contract(), [], "2026-07", ISSUER)
    agreed = contract(fee_rules=dict(write_off_up_to=16_500))
    gone = invoice_settlement(issued, agreed, [*ended, off], "2026-09-10")
    assert gone["written_off"]["total"] == 16_500 and gone == invoice_settlement(issued, agreed, ended, "2026-09-10")
    again = invoice_settlement(issued, contract(), [*ended, off], "2026-10-01", settled=[gone])
    assert (again["total"], again["charge"], again["written_off"]) == (0, None, None), "it is not found again"


def test_interest_on_several_payments_has_no_number_of_days_of_its_own():
    """Each of them has its own, by which its part is reckoned."""
    paid = [happened("2026-09-20", "payment", yen=100_000), happened("2026-09-25", "payment", yen=131_000)]
    for payments, quantity, days in (([dict(paid[0], yen=231_000)], 19, [19]), (paid, None, [19, 24])):
        line = the_line(invoice(contract(), [invoiced(), *payments], "2026-09", ISSUER), "late_interest/2026-08-31")
        assert (line["quantity"], [part["days"] for part in line["segments"]]) == (quantity, days)
