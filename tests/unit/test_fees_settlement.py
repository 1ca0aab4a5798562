# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settlements of one invoice that follow on one another, and what the events tell of them."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.filter.billing import fee_paper
from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, usage_statement
from tests.fees import ISSUER, contract, happened, interest_billed, ordered
from tests.unit.test_fees_faults import CONTRACT, ISSUED, refused


@pytest.mark.parametrize(
    "then, month, known_late",
    [
        ([], "2026-09", [happened("2026-08-20", "cancelled", wish="2026-08-31")]),
        ([], "2026-09", [happened("2026-07-05", "channel_changed", channel="resale")]),
        ([happened("2026-06-20", "sheet_support", minutes=60)], "2026-06", []),  # in the free month of the start
    ],
)
def test_an_invoice_of_which_nothing_is_due_any_more_is_given_back(then, month, known_late):
    issued = invoice(contract(), then, month, ISSUER)
    said = happened("2026-10-01", "invoiced", months=[month], yen=issued["total"])
    settled = [invoice_settlement(issued, contract(), [*known_late, *told], "2026-11-05") for told in ([], [said])]
    assert settled[0] == settled[1] and settled[0]["total"] == -issued["total"] < 0
    back = happened("2026-11-05", "settled", months=[month], yen=-issued["total"])
    off = happened("2026-10-20", "settled", months=[month], yen=5, written_off=True)
    for told in ([said], [said, back], [said, off, back], [said, dict(back, yen=back["yen"] + 1), happened("2026-11-06", "settled", months=[month], yen=-1)]):
        assert usage_statement(contract(), [*known_late, *told], "2026-08")["lines"]


def individual(yen, minutes=0):
    """An order that came to some yen, and minutes of help."""
    order = happened("2026-08-02", "set_up_ordered", order="more", individual=[dict(name="x", yen=yen)])
    more = [happened("2026-08-05", "sheet_support", minutes=minutes)] if minutes else []
    return [order, happened("2026-08-03", "set_up_completed", order="more"), *more]


def settled_one_after_the_other(limit, issued, steps):
    agreed = dict(contract(fee_rules=dict(write_off_up_to=limit)), accepted_on="2026-05-10", set_up=dict(basic=False, components={}))
    paper, found = invoice(agreed, individual(*issued), "2026-08", ISSUER), []
    for step in steps:
        found.append(invoice_settlement(paper, agreed, individual(*step), "2026-10-01", settled=found))
    return found, [invoice(agreed, individual(*step), "2026-08", ISSUER)["total"] - paper["total"] for step in steps]


def test_only_what_was_billed_is_given_back():
    """102,000 yen were believed for a while, and written off against; then they are 100,000 again, and other hours become known."""
    for steps in ([(102_000,), (100_000,), (100_000, 20)], [(102_000,), (100_000, 20)]):
        found, dummy = settled_one_after_the_other(3000, (100_000,), steps)
        assert (found[0]["written_off"]["total"], found[0]["total"]) == (2200, 0)
        assert ([line["amount"] for line in found[-1]["charge"]["lines"]], found[-1]["credit_note"], found[-1]["total"]) == ([5000], None, 5500)
        assert all((one["charge"], one["credit_note"], one["written_off_before"]) == (None, None, 0) for one in found[1:-1])


def test_a_settlement_after_a_write_off_is_right_to_the_yen():
    found, right = settled_one_after_the_other(1, (1008,), [(1009,), (1010,), (1008,)])
    assert found[0]["written_off"] and sum(one["total"] for one in found) == right[-1] == 0


def test_small_differences_of_one_invoice_have_the_limit_together():
    """別紙3 asks what billing costs for what is to be paid: all of it, however often one looks."""
    found, right = settled_one_after_the_other(100, (1000,), [(1050,), (1080,), (1100,), (1150,)])
    assert right == [55, 88, 110, 165]
    assert [one["total"] for one in found] == [0, 0, 110, 0]
    assert [one["written_off"] and one["written_off"]["total"] for one in found] == [55, 88, None, 55]
    assert [one["written_off_before"] for one in found] == [0, 55, 88, 0]
    notes = [fee_paper(one, "invoice_settlement", ISSUER, language="en")["notes"] for one in found]
    assert [[note for note in told if "written off before" in note] for told in notes] == [
        [],
        *([f"The difference holds ¥{yen} that were written off before."] for yen in (55, 88)),
        [],
    ]


LESS_AND_MORE = [happened("2026-07-03", "outage", until="2026-07-05", cause="provider"), happened("2026-07-20", "sheet_support", minutes=60)]


def test_what_the_events_tell_of_settlements_is_compared_with_what_those_given_say():
    """Not how many they are: a settlement may be told day by day, or in one sum, and what was written off perhaps not at all."""
    agreed = dict(CONTRACT, fee_rules=dict(write_off_up_to=275))
    first = invoice_settlement(ISSUED, agreed, [happened("2026-07-20", "sheet_support", minutes=1)], "2026-10-01")
    second = invoice_settlement(ISSUED, agreed, LESS_AND_MORE, "2026-10-02", settled=[first])
    third = invoice_settlement(ISSUED, agreed, LESS_AND_MORE[1:], "2026-10-02", settled=[first, second])
    due = dict(due="2026-10-31")
    parts = [
        happened("2026-10-02", "settled", months=["2026-07"], yen=second["charge"]["total"], **due),
        happened("2026-10-03", "settled", months=["2026-07"], yen=second["credit_note"]["total"]),
    ]
    whole = [happened("2026-10-02", "settled", months=["2026-07"], yen=second["total"], **(due if second["total"] > 0 else {}))]
    off = happened("2026-10-01", "settled", months=["2026-07"], yen=first["written_off"]["total"], written_off=True)
    last = happened("2026-10-02", "settled", months=["2026-07"], yen=third["total"], **due)
    assert first["written_off"] and second["charge"] and second["credit_note"] and third["charge"]
    for told in ([*parts, last], [off, *parts, last], [off, *whole, last], [off, last], []):
        issue = happened("2026-08-03", "invoiced", months=["2026-07"], yen=ISSUED["total"])
        events = [*LESS_AND_MORE[1:], issue, *told]
        assert invoice_settlement(ISSUED, agreed, events, "2026-11-01", settled=[first, second, third])["total"] == 0
        for given in ([], [first], [first, second]) if told else ():
            (line,) = refused(lambda events=events, given=given: invoice_settlement(ISSUED, agreed, events, "2026-11-01", "en", given))
            assert "was settled on 2026-10-0" in line


def test_two_settlements_of_the_same_yen_are_two():
    known = [happened("2026-07-03", "outage", until="2026-07-05", cause="provider")]
    settled = []
    for number in range(1, 4):
        settled.append(invoice_settlement(ISSUED, CONTRACT, known, f"2026-10-0{number}", settled=settled))
        known.append(happened(f"2026-07-2{number}", "sheet_support", minutes=60))
    charges = [(one["settled_on"], one["charge"]) for one in settled if one["charge"]]
    assert len({charge["total"] for dummy, charge in charges}) == 1 < len(charges)
    told = [happened(day, "settled", months=["2026-07"], yen=charge["total"], due=charge["due"]) for day, charge in charges]
    assert invoice_settlement(ISSUED, CONTRACT, [*known[:-1], *told], "2026-11-01", settled=settled)["total"] == 0
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, [*known[:-1], *told], "2026-11-01", "en", settled[:2]))
    assert "was settled on 2026-10-03" in line


def test_what_is_charged_holds_what_was_written_off_before():
    """The invoice of July came to 231,000 yen, which the events say by what was charged since; nothing was paid but the charge, in time."""
    hours = [happened(f"2026-07-2{day}", "sheet_support", minutes=1) for day in range(3)]
    off = [happened(f"2026-09-1{day}", "settled", months=["2026-07"], yen=275 * (day + 1), written_off=True) for day in range(2)]
    charge = happened("2026-09-12", "settled", months=["2026-07"], yen=825, due="2026-09-30")
    paid = [happened("2026-12-28", "payment", yen=10**7), happened("2026-10-01", "cancelled", wish="2026-12-31")]
    exact = [happened("2026-08-03", "invoiced", months=["2026-07"], yen=231_000)]
    for told in (off, [*off, charge], [charge]):
        known = hours[: 2 if told == off else 3]
        assert interest_billed(contract(), [*known, *told, *paid], "2026-12") == interest_billed(contract(), [*known, *exact, *told, *paid], "2026-12") != {}


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


def test_an_invoice_is_no_settlement_and_a_settlement_no_invoice():
    """Its own JSON among the earlier settlements would count as one that settled nothing."""
    less = invoice_settlement(ISSUED, CONTRACT, LESS_AND_MORE[:1], "2026-10-01")
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, [], "2026-10-02", settled=[less, ISSUED]))
    assert line.startswith("settled #2: 請求書の JSON で、精算の JSON ではありません")
    (line,) = refused(lambda: invoice_settlement(less, CONTRACT, [], "2026-10-02"))
    assert line.startswith("invoice: 精算の JSON で、請求書の JSON ではありません")


@pytest.mark.parametrize("part", ["charge", "credit_note", "written_off", None])
def test_a_settlement_or_an_invoice_that_does_not_add_up_is_refused(part):
    agreed = dict(CONTRACT, fee_rules=dict(write_off_up_to=275))
    first = invoice_settlement(ISSUED, agreed, [happened("2026-07-20", "sheet_support", minutes=1)], "2026-10-01")
    second = invoice_settlement(ISSUED, agreed, LESS_AND_MORE, "2026-10-02", settled=[first])
    settled = [first, second]
    assert invoice_settlement(ISSUED, agreed, LESS_AND_MORE, "2026-11-01", settled=settled)["total"] == 0
    number = 1 if part == "written_off" else 2
    own = settled[number - 1][part] if part else second
    settled[number - 1] = {**settled[number - 1], part: dict(own, total=own["total"] - 1)} if part else dict(second, total=own["total"] - 1)
    lines = refused(lambda: invoice_settlement(ISSUED, agreed, LESS_AND_MORE, "2026-11-01", settled=settled))
    where = f"settled #{number} {part} total" if part else "settled #2 total"
    assert lines[0].startswith(f"{where}: {own['total'] - 1} 円と書かれていますが、その内容からは {own['total']} 円になります")
    (line,) = refused(lambda: invoice_settlement(ISSUED, agreed, [], "2026-11-01", settled=[dict(first, total="0")]))
    assert line.startswith("settled #1 total: '0' は使えません。整数を")
    (line,) = refused(lambda: invoice_settlement(dict(ISSUED, total=1), agreed, [], "2026-11-01"))
    assert line.startswith("invoice total: 1 円と書かれていますが")


def test_two_settlements_of_one_day_and_one_amount_are_told_apart_by_their_numbers():
    one = happened("2026-10-01", "settled", months=["2026-07"], yen=1100, due="2026-10-31")
    (line,) = refused(lambda: usage_statement(CONTRACT, [one, dict(one)], "2026-08"))
    assert "number に書いて区別してください" in line
    numbered = [dict(one, number=f"C-1-2026-07-S{count}") for count in (1, 2)]
    assert usage_statement(CONTRACT, numbered, "2026-08")["lines"]
    for same in (numbered[0], dict(one, net=1000)):
        (line,) = refused(lambda same=same: usage_statement(CONTRACT, [one, same], "2026-08"))
        assert "number に書いて区別してください" in line, "one that says more of itself is not another one"
    (line,) = refused(lambda: usage_statement(CONTRACT, [numbered[0], dict(numbered[0], yen=2200)], "2026-08"))
    assert "C-1-2026-07-S1" in line


def test_the_number_of_a_settlement_is_that_of_its_paper():
    issued = invoice(CONTRACT, [], "2026-07", dict(name="Example MSP"))
    more = dict(CONTRACT, operation=dict(components=dict(ec2=5)))
    first = invoice_settlement(issued, more, [], "2026-10-01")
    told = happened("2026-10-01", "settled", months=["2026-07"], yen=first["charge"]["total"], due=first["charge"]["due"])
    assert invoice_settlement(issued, more, [dict(told, number=first["charge"]["number"])], "2026-10-02", settled=[first])["total"] == 0
    (line,) = refused(lambda: invoice_settlement(issued, more, [dict(told, number="C-9-2026-07-S1")], "2026-10-02", settled=[first]))
    assert line.startswith("settled: ")


def test_a_charge_says_what_makes_it_due_though_what_is_taken_off_moved_with_it():
    """One component more all the month, which the same outage takes its days off."""
    outage = happened("2026-07-03", "outage", until="2026-07-05", cause="provider")
    issued = invoice(CONTRACT, [outage], "2026-07", dict(name="Example MSP"))
    more, less = (dict(CONTRACT, operation=dict(components=dict(ec2=count))) for count in (5, 3))
    (line,) = invoice_settlement(issued, more, [outage], "2026-10-01")["charge"]["lines"]
    assert "第35条第1項" in line["clauses"] and "別紙2第2表" in line["clauses"]
    (line,) = invoice_settlement(issued, less, [outage], "2026-10-01")["credit_note"]["lines"]
    assert "第35条第1項" in line["clauses"], "what is operated has changed, not what is taken off alone"
    first = invoice_settlement(issued, more, [outage], "2026-10-01")
    longer = dict(outage, until="2026-07-06")
    (line,) = invoice_settlement(issued, more, [longer], "2026-10-02", settled=[first])["credit_note"]["lines"]
    assert line["clauses"] == ["第20条第2項", "第35条第2項表1欄"], "an outage that was longer than it was known to be"
