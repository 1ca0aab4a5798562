# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invoices against worked figures: what they hold, when they are issued and due, and who issues them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ansible_collections.msp.aws.plugins.filter.billing import fee_paper
from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_papers import check_digit
from tests.fees import ISSUER, RATE, amounts, contract, happened


@pytest.mark.parametrize("qualified", [False, True])
@pytest.mark.parametrize(
    "event, why",
    [
        (happened("2026-08-01", "outage", until="2026-09-01", cause="provider_gross"), "利用不能による減額"),
        (happened("2026-08-01", "reduction", month="2026-08", percent=100), "臨時減免"),
        (happened("2026-07-10", "cancelled"), "契約は 2026年7月10日に解除されています（第15条第2項）"),
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


def test_the_check_digit():
    assert check_digit("000012050002") == 7


def test_a_qualified_invoice_has_all_that_the_law_asks_for():
    paper = invoice(contract(qualified_invoice=True, billing=dict(postage=110, recipient="Example Corp, Accounts")), [], "2026-07", ISSUER)
    assert paper["qualified"]
    assert paper["issuer"] == ISSUER
    assert paper["recipient"] == "Example Corp, Accounts"
    assert (paper["from"], paper["until"]) == ("2026-07-01", "2026-07-31")
    assert amounts(paper) == {"operation": 210_000, "qualified_invoice/standing": 400, "postage/standing": 110}
    assert [line["clauses"] for line in paper["lines"][1:]] == [["第49条"]] * 2, "which says the tax itself, and is no price of 別紙2"
    assert all(line["description"] for line in paper["lines"])
    assert paper["rates"] == [dict(percent=10, net=210_510, tax=21_051)]
    assert (paper["issue_month"], paper["due"], paper["total"]) == ("2026-08", "2026-08-31", 231_561)


@pytest.mark.parametrize("language, more, less", [
    ("ja", "請求書 C-1-2026-10（2026年10月分）には、発行後に判明した料金や延滞利息 4,496 円（税込）が含まれていません。追加請求書により精算いたします",
     "請求書 C-1-2026-08（2026年8月分）は、発行後に判明した内容により 66,000 円（税込）過大です。返還請求書により精算いたします"),
    ("en", "The invoice C-1-2026-10 (2026-10) lacks 4,496 yen (with tax) of fees or late interest that became known since; an additional invoice settles it",
     "The invoice C-1-2026-08 (2026-08) has 66,000 yen (with tax) too much by what became known since; a credit note settles it"),
])  # fmt: skip
def test_an_invoice_names_the_earlier_ones_that_are_to_be_settled(language, more, less):
    """231,000 yen due on August 31 and paid on October 20 were told after the invoice of October had gone out."""
    issued = [happened(f"2026-{number + 1:02}-03", "invoiced", months=[f"2026-{number:02}"], yen=231_000) for number in range(7, 11)]
    events = [*issued, *(happened(day, "payment", yen=231_000) for day in ("2026-10-20", "2026-10-21"))]
    agreed, english = contract(), language == "en"
    assert int(231_000 * RATE * 49 / 365) == 4_496
    paper = invoice(agreed, events[:4], "2026-11", ISSUER, language)
    assert paper["notes"] == []
    paper = invoice(agreed, events[:5], "2026-11", ISSUER, language)
    clauses = ["Article 20 (2)", "Article 19"] if english else ["第20条第2項", "第19条"]
    assert paper["notes"] == [dict(text=more, clauses=clauses)] and amounts(paper) == {"operation": 210_000}
    assert any(more in note for note in fee_paper(paper, "invoice", ISSUER, language)["notes"])
    settled = happened("2026-12-05", "settled", months=["2026-10"], yen=4_496, due="2026-12-31")
    assert invoice(agreed, [*events[:5], settled], "2026-11", ISSUER, language)["notes"] == []
    off = happened("2026-12-05", "settled", months=["2026-10"], yen=4_496, written_off=True)
    assert invoice(agreed, [*events[:5], off], "2026-11", ISSUER, language)["notes"] == []
    assert invoice(dict(agreed, fee_rules=dict(write_off_up_to=4_496)), events[:5], "2026-11", ISSUER, language)["notes"] == []
    outage = happened("2026-08-03 09:00", "outage", until="2026-08-11 12:00", cause="provider")  # 8 of 31 days
    fee = 210_000 - int(210_000 * 23 / 31)
    less = less.replace("66,000", f"{231_000 - (210_000 - fee) * 11 // 10:,}")
    assert [note["text"] for note in invoice(agreed, [*events[:4], outage], "2026-11", ISSUER, language)["notes"]] == [less]


def test_an_invoice_of_late_interest_alone_is_no_qualified_one():
    events = [happened("2026-07-31", "cancelled"), happened("2026-10-20", "payment", yen=10**6)]
    paper = invoice(contract(qualified_invoice=True), events, "2026-10", dict(name="Example MSP"))
    assert list(amounts(paper)) == ["late_interest/2026-08-31"] and not paper["qualified"]


def test_there_were_no_qualified_invoices_before_october_2023():
    agreed = contract(qualified_invoice=True, plans=[{"plan": "advanced", "from": "2023-06-15"}], applied_on="2023-06-01")
    found = {month: invoice(agreed, [], month, ISSUER) for month in ("2023-08", "2023-09")}
    assert [paper["qualified"] for paper in found.values()] == [False, True]  # that of September is issued in October
    assert [paper["net"] for paper in found.values()] == [210_000, 210_400]


@pytest.mark.parametrize("agreed, own, yen", [(110, None, 110), (110, 84, 84), (110, 0, None), (None, 84, 84), (None, None, None)])
def test_a_request_has_its_own_postage_or_else_that_of_the_contract(agreed, own, yen):
    asked = [happened("2026-09-12", "qualified_invoice_requested", month="2026-07", postage=own)]
    assert amounts(invoice(contract(billing=dict(postage=agreed)), asked, "2026-09", ISSUER)).get("postage/requested/2026-07/2026-09-12") == yen


def test_a_qualified_invoice_that_is_asked_for_is_one():
    asked = [happened("2026-09-12", "qualified_invoice_requested", month="2026-07", postage=110)]
    papers = {month: invoice(contract(), asked, month, ISSUER) for month in ("2026-07", "2026-08", "2026-09")}
    assert [paper["qualified"] for paper in papers.values()] == [True, False, False]
    assert "消費税法第57条の4第1項" in papers["2026-07"]["clauses"] and "第49条" in papers["2026-07"]["clauses"]
    assert amounts(papers["2026-09"])["qualified_invoice/requested/2026-07/2026-09-12"] == 400
    issued = invoice(contract(), [], "2026-07", ISSUER)
    assert not issued["qualified"]
    outage = happened("2026-07-05", "outage", until="2026-07-10", cause="provider")
    note = invoice_settlement(issued, contract(), [*asked, outage], "2026-10-01")["credit_note"]
    assert note["qualified"] and note["needed"] and "消費税法第57条の4第3項" in note["clauses"]


@pytest.mark.parametrize("language, said", [
    ("ja", ["適格請求書発行手数料（2026年6月分の請求書）", "適格請求書の郵送料等（2026年6月分の請求書）", "適格請求書発行手数料（2026年7月分の請求書）"]),
    ("en", ["Issue of a qualified invoice (invoice of 2026-06)", "Postage of a qualified invoice (invoice of 2026-06)",
            "Issue of a qualified invoice (invoice of 2026-07)"]),
])  # fmt: skip
def test_each_request_says_for_which_invoice_and_on_which_day_it_was(language, said):
    """第49条: 1請求ごとに."""
    agreed = contract(plans=[{"plan": "advanced", "from": "2026-05-15"}])
    asked = [dict(event="qualified_invoice_requested", date="2026-09-12", month="2026-07")]
    asked.append(dict(asked[0], date="2026-09-03", month="2026-06", postage=84))
    lines = [line for line in invoice(agreed, asked, "2026-09", ISSUER, language)["lines"] if line["key"].partition("/")[0] in ("qualified_invoice", "postage")]
    assert [line["description"] for line in lines] == said and [line["amount"] for line in lines] == [400, 84, 400]
    assert [(line["from"], line["until"]) for line in lines] == [(day, day) for day in ("2026-09-03", "2026-09-03", "2026-09-12")]


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
    (
        dict(event="qualified_invoice_requested", postage=100),
        {"qualified_invoice/requested/2026-07/2026-09-10": 400, "postage/requested/2026-07/2026-09-10": 100},
    ),
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


@pytest.mark.parametrize("day", ["2026-06-20", "2026-07-20"])
def test_several_months_may_be_billed_together(day):
    event = happened(day, "invoiced", months=["2026-08", "2026-07"], due="2026-07-31")
    papers = [invoice(contract(), [event], month, ISSUER) for month in ("2026-07", "2026-08")]
    assert papers[0] == papers[1]
    assert (papers[0]["net"], papers[0]["due"], papers[0]["issued_on"]) == (420_000, "2026-07-31", day)
    assert "第23条" in papers[0]["clauses"]
    resold = invoice(contract(), [event, happened("2026-08-15", "channel_changed", channel="resale")], "2026-07", ISSUER)
    assert resold["issued"] and amounts(resold) == dict(operation=210_000), "each month is billed by who bills it"
    assert [line["month"] for line in resold["lines"]] == ["2026-07"] and resold["reason"].startswith("2026年8月: ")
    assert not invoice(contract(billing=dict(channel="resale")), [], "2026-07", ISSUER)["issued"]


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


def test_the_last_month_that_can_be_named_can_be_billed():
    paper = invoice(contract(), [], "2099-12", ISSUER)
    assert (paper["due"], paper["late_from"]) == ("2100-01-31", "2100-02-02")
