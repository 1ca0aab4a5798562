# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers of the fees say what the fee filters said, and a quotation of a change says what the month will then cost."""

from __future__ import annotations

import inspect
import json
import re
import unicodedata
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter.billing import FilterModule, change_quotation, fee_paper
from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import CONTRACT as CONTRACT_FIELDS
from ansible_collections.msp.aws.plugins.plugin_utils._papers import addressee, read
from ansible_collections.msp.aws.plugins.plugin_utils._papers_fees import TEXTS
from ansible_collections.msp.aws.plugins.plugin_utils._papers_html import page, text

FILTERS = FilterModule().filters()
FOLDER = Path(__file__).resolve().parents[2] / "plugins" / "filter"
ISSUER = dict(name="Example MSP", registration_number="T7000012050002", address="1-1-1 Chiyoda\nTokyo")
CONTRACT = dict(
    number="ACME-1",
    customer="Acme",
    applied_on="2026-04-13",
    accepted_on="2026-04-16",
    sheet_support_minutes=390,
    set_up=dict(basic=True, components=dict(ec2=4, rds=1)),
    plans=[{"plan": "standard", "from": "2026-06-15"}, {"plan": "advanced", "from": "2026-09-10"}],
    operation=dict(components=dict(ec2=4, ecs_task=4), options=[{"name": "night watch", "yen": 12345, "from": "2026-07-01", "covers": ["monitoring"]}]),
    qualified_invoice=True,
)
EVENTS = [
    dict(date="2026-07-10", event="components_added", components=dict(rds=1)),
    {"date": "2026-08-10 09:00", "event": "outage", "until": "2026-08-12 20:00", "cause": "third_party"},
    dict(date="2026-08-01", event="reduction", month="2026-08", percent=7),
    dict(date="2026-09-20", event="payment", yen=2000000),
]
MINUTES = dict(date="2026-08-05", event="sheet_support", minutes=60)
ISSUED = invoice(CONTRACT, [EVENTS[0], *EVENTS[2:]], "2026-08", ISSUER)
SHEET = dict(ec2_instances=[dict(name=f"web{number}") for number in range(4)])


def all_results(language):
    """Each fee filter's result with the paper's kind."""
    return {
        "quotation": (quotation(dict(CONTRACT, operation=None, set_up=None), SHEET, language=language), "quotation"),
        "change": (change_quotation(CONTRACT, EVENTS, dict(ec2_instances=[{}] * 7), "2026-08-20", language), "quotation"),
        "usage": (usage_statement(CONTRACT, EVENTS, "2026-08", language), "usage_statement"),
        "set-up": (usage_statement(CONTRACT, EVENTS, "2026-04", language), "usage_statement"),
        "empty": (usage_statement(CONTRACT, EVENTS, "2026-05", language), "usage_statement"),
        "suspended": (
            usage_statement(CONTRACT, [*EVENTS, dict(date="2026-10-05", event="suspended", until="2026-10-09", reason="other")], "2026-10", language),
            "usage_statement",
        ),
        "invoice": (invoice(CONTRACT, EVENTS, "2026-08", ISSUER, language), "invoice"),
        "late": (invoice(dict(CONTRACT, qualified_invoice=False), EVENTS, "2026-09", ISSUER, language), "invoice"),
    }


RESULTS = [(name, language) for language in TEXTS for name in all_results("en")]


def printed(name, language):
    told, kind = all_results(language)[name]
    return told, page(read(fee_paper(told, kind, ISSUER, language, ["a note"])))


def figures(html):
    return [int(value) for value in re.findall(r'<data value="(-?\d+)">', html)]


# ---- papers


@pytest.mark.parametrize("name, language", RESULTS)
def test_a_paper_has_every_figure_and_every_clause_of_the_result(name, language):
    told, html = printed(name, language)
    parts = [told[part] for part in ("set_up", "monthly") if part in told] or [told]
    found = figures(html)
    for part in parts:
        if part is not told.get("set_up") or part["lines"] or "change" not in told:
            for rate in part["rates"]:
                assert rate["net"] in found and (rate["tax"] in found or not rate["percent"])
            assert part["total"] in found
        for line in part["lines"]:
            assert {line["amount"], line["unit_price"] or 0} <= {0, *found}
            assert all(said in text(html) for said in (line["description"], *line["clauses"]))
            for component in line["components"]:
                assert {component["count"], component["units"]} <= set(found) and component["name"] in html
            for deduction in line["deductions"]:
                assert deduction["text"] in html and f"{line['gross']:,}" in html and f"{line['gross'] - line['amount']:,}" in html
    assert all(note["text"] in text(html) for note in told.get("notes", []))
    assert "a note" in html


@pytest.mark.parametrize("name, language", RESULTS)
def test_what_the_figures_rest_on_has_a_worksheet_and_no_page_of_its_own(name, language):
    """Notes that reach over to a second page would leave it all but empty."""
    told, kind = all_results(language)[name]
    sections = fee_paper(told, kind, ISSUER, language)["sections"]
    assert not [one for one in sections if one.get("own_page")] and sum(one.get("own_worksheet", False) for one in sections) <= 1


@pytest.mark.parametrize("name", sorted({name for name, dummy in RESULTS}))
def test_both_languages_say_the_same_figures(name):
    assert figures(printed(name, "ja")[1]) == figures(printed(name, "en")[1])
    english = text(printed(name, "en")[1])
    assert not [sign for sign in english if unicodedata.east_asian_width(sign) in "WF"], english


def test_the_words_of_both_languages_are_the_same_ones():
    assert set(TEXTS["ja"]) == set(TEXTS["en"])
    fields = {language: {name: sorted(re.findall(r"{(\w+)", words)) for name, words in TEXTS[language].items()} for language in TEXTS}
    assert fields["ja"] == fields["en"]


def test_a_qualified_invoice_has_the_items_that_the_law_asks_for():
    """消費税法第57条の4第1項: issuer and number, when, what, net and tax with the rate for each rate, and the recipient."""
    told, html = printed("invoice", "ja")
    said = text(html)
    assert told["qualified"]
    items = (
        "Example MSP",
        "登録番号 T7000012050002",
        "対象期間  2026年8月1日〜2026年8月31日",
        "運用メニュー",
        f"10%対象 小計（税抜）  ¥{told['rates'][0]['net']:,}",
        f"消費税（10%）  ¥{told['rates'][0]['tax']:,}",
        "Acme 御中",
    )
    assert [item for item in items if item not in said] == []


@pytest.mark.parametrize("name, follows", [("Acme 佐藤様", ""), ("Acme 経理部御中", ""), ("Acme", " 御中"), ("お客様サービス", " 御中")])
def test_a_name_that_has_an_honorific_gets_no_other(name, follows):
    assert addressee(dict(to=dict(name=name, honorific=None), language="ja")) == name + follows
    assert addressee(dict(to=dict(name=name, honorific="様"), language="ja")) == f"{name} 様"


def test_what_is_no_qualified_invoice_has_no_number_that_would_make_it_one():
    plain = dict(CONTRACT, qualified_invoice=False)
    for kind, told in (("invoice", invoice(plain, [], "2026-08", ISSUER)), ("usage_statement", usage_statement(CONTRACT, [], "2026-08"))):
        said = text(page(read(fee_paper(told, kind, ISSUER))))
        assert told["lines"] and "Example MSP" in said and "T7000012050002" not in said


def test_the_number_of_a_qualified_invoice_is_that_of_its_issuer():
    assert "登録番号 T7000012050002" in text(page(read(fee_paper(ISSUED, "invoice", dict(name="Example MSP")))))


def test_late_interest_says_on_what_and_for_how_long():
    told, html = printed("late", "ja")
    parts = [part for line in told["lines"] for part in line["segments"] if not line["tax_percent"]]
    assert parts
    for part in parts:
        assert f"¥{part['yen']:,} × 年14.5% × {part['days']}日" in text(html)


@pytest.mark.parametrize("language, told", [
    ("ja", ["¥231,000 × 年14.5% × 49日（2026年9月1日〜2026年10月19日）", "1 円未満切捨て"]),
    ("en", ["¥231,000 at 14.5% a year for 49 day(s) (2026-09-01 to 2026-10-19)", "fractions of a yen are cut off"]),
])  # fmt: skip
def test_a_settlement_shows_how_late_interest_is_calculated_as_an_invoice_does(language, told):
    agreed = dict(CONTRACT, set_up=None, accepted_on=None, sheet_support_minutes=None, operation=dict(components=dict(ec2=14)), qualified_invoice=False)
    late = [dict(date="2026-10-20", event="payment", yen=231_000)]
    issued, line = (invoice(agreed, events, "2026-10", ISSUER, language) for events in ([], late))
    settled = invoice_settlement(issued, agreed, late, "2026-12-05", language)
    (charged,) = settled["charge"]["lines"]
    assert charged["amount"] == 4_496 and charged["segments"] == line["lines"][-1]["segments"]
    for kind, paper in (("invoice_settlement", settled), ("invoice", line)):
        said = text(page(read(fee_paper(paper, kind, ISSUER, language))))
        assert all(words in said for words in told), kind


@pytest.mark.parametrize("language, said", [("ja", " × {days}日/{of}日（"), ("en", " × {days} day(s) / {of} days (")])
@pytest.mark.parametrize("rules, month, days, of", [
    ({}, "2026-09", 30, 30),
    (dict(cancel_proration="calendar"), "2026-10", 12, 31),
    (dict(cancel_proration="calendar", billing_month_start_day=10), "2026-10", 3, 31),
    (dict(cancel_proration="calendar", billing_month_start_day=20), "2026-09", 23, 30),
])  # fmt: skip
def test_a_fee_of_some_days_says_of_how_many(rules, month, days, of, language, said):
    ended = [dict(date="2026-06-01", event="set_up_completed"), dict(date="2026-10-12", event="cancelled")]
    told = usage_statement(dict(CONTRACT, fee_rules=rules), ended, month, language)
    html = text(page(read(fee_paper(told, "usage_statement", ISSUER, language))))
    assert html.count(said.format(days=days, of=of)) == (2 if days < of else 0), "the plan and the option"
    (line,) = [line for line in told["lines"] if line["key"].startswith("option")]
    assert line["amount"] == 12345 * days // of


FROM_THE_16TH = dict(
    number="ACME-1",
    customer="Acme",
    applied_on="2026-04-13",
    plans=[{"plan": "advanced", "from": "2026-06-15"}],
    operation=dict(components=dict(ec2=2)),
    fee_rules=dict(billing_month_start_day=16),
)
THIRD = dict(date="2026-08-20", event="components_added", components=dict(rds=1))
LOST = [
    {"date": "2026-08-30 10:00", "event": "outage", "until": "2026-09-02 20:00", "cause": "third_party"},
    {"date": "2026-09-05 10:00", "event": "outage", "until": "2026-09-05 15:20:05", "cause": "provider_gross"},
    dict(date="2026-09-01", event="reduction", month="2026-08", percent=7),
]


@pytest.mark.parametrize("language, told, deducted, components", [
    (
        "ja",
        ["2 × ¥30,000 × 16日/31日（2026年8月16日〜2026年8月31日）", "3 × ¥30,000 × 15日/31日（2026年9月1日〜2026年9月15日）"],
        [
            "利用不能による減額 2026年8月30日 10:00〜2026年9月2日 20:00のうち24時間の倍数である部分（第35条第2項表1欄）: "
            "2 × ¥30,000 × 2日/31日（2026年8月30日〜2026年8月31日）"
            " + 3 × ¥30,000 × 1日/31日（2026年9月1日） = ¥6,774.19",
            "利用不能による減額 2026年9月5日 10:00〜2026年9月5日 15:20（第35条第2項表2欄）: 3 × ¥30,000 × 5時間20分5秒/31日（2026年9月5日） = ¥645.33",
            "臨時減免 7%（第25条）: ¥4,696.76",
            "減額前 ¥74,516、減額 ¥12,117",
        ],
        "（2026年9月15日時点の数）",
    ),
    (
        "en",
        ["2 × ¥30,000 × 16 day(s) / 31 days (2026-08-16 to 2026-08-31)", "3 × ¥30,000 × 15 day(s) / 31 days (2026-09-01 to 2026-09-15)"],
        [
            "Deduction for an outage 2026-08-30 10:00 to 2026-09-02 20:00, full 24 hours of it (Article 35 (2), row 1): "
            "2 × ¥30,000 × 2 day(s) / 31 days (2026-08-30 to 2026-08-31)"
            " + 3 × ¥30,000 × 1 day(s) / 31 days (2026-09-01) = ¥6,774.19",
            "Deduction for an outage 2026-09-05 10:00 to 2026-09-05 15:20 (Article 35 (2), row 2): "
            "3 × ¥30,000 × 5 h 20 min 5 s / 31 days (2026-09-05) = ¥645.33",
            "Special reduction 7% (Article 25): ¥4,696.76",
            "¥74,516 before deductions of ¥12,117",
        ],
        " (as of 2026-09-15)",
    ),
])  # fmt: skip
def test_a_fee_by_the_day_says_how_it_is_calculated_on_each_paper(language, told, deducted, components):
    plain, less = (usage_statement(FROM_THE_16TH, [THIRD, *more], "2026-08", language) for more in ([], LOST))
    assert plain["net"] == 74_516 and less["net"] == 62_399
    issued = invoice(FROM_THE_16TH, [], "2026-08", ISSUER, language)
    settled = invoice_settlement(issued, FROM_THE_16TH, [THIRD, *LOST], "2026-11-05", language)
    for kind, paper in (("usage_statement", plain), ("usage_statement", less), ("invoice_settlement", settled)):
        found = fee_paper(paper, kind, ISSUER, language)
        about = found["sections"][0]["table"]["rows"][0]["description"]
        assert about[2:4] == told and TEXTS[language]["floored"] in about, kind
        assert [part for part in deducted if part in about] == ([] if paper is plain else deducted), kind
    groups = fee_paper(less, "usage_statement", ISSUER, language)["sections"][1]["table"]["groups"]
    assert [group["heading"].removeprefix(less["lines"][0]["description"]) for group in groups] == [components]


def test_an_outage_takes_off_no_more_than_there_is_and_says_so():
    lost = {"date": "2026-08-16 00:00", "event": "outage", "until": "2026-09-15 12:00", "cause": "provider_gross"}
    agreed = dict(FROM_THE_16TH, fee_rules=dict(billing_month_start_day=16, outage_day_basis="thirty_days"))
    (line,) = usage_statement(agreed, [lost], "2026-08")["lines"]
    assert line["amount"] == 0 and line["deductions"][0]["capped"]
    said = text(page(read(fee_paper(usage_statement(agreed, [lost], "2026-08"), "usage_statement", ISSUER))))
    assert "2 × ¥30,000 × 30日12時間/30日（2026年8月16日〜2026年9月15日） = ¥60,000（料金の残額まで）" in said


@pytest.mark.parametrize("language, unit", [("ja", "コンポーネント"), ("en", "component")])
def test_what_was_charged_by_the_day_has_a_unit_only_where_it_has_a_quantity(language, unit):
    """Where there were now more and now fewer, and of a fee that was evaded."""
    agreed, evaded = dict(CONTRACT, fee_rules=dict(component_change_rule="calendar")), dict(date="2026-08-12", event="evaded", month="2026-08", yen=1001)
    for events, shown in ((EVENTS[1:], unit), ([dict(EVENTS[0], date="2026-08-11"), evaded], None)):
        paper = fee_paper(usage_statement(agreed, events, "2026-08", language), "usage_statement", ISSUER, language)
        rows = paper["sections"][0]["table"]["rows"]
        assert rows[0]["unit"] == shown and all((row["quantity"] is None) == (row["unit"] is None) for row in rows)
        assert any(re.match(r"\d+ × ", part) for part in rows[0]["description"]) == (shown is None)
    assert [(row["quantity"], row["unit_price"]) for row in rows[2:]] == [(1, 1001), (2, 1001)]


def test_what_bears_no_tax_stands_for_itself():
    told, html = printed("late", "ja")
    (untaxed,) = [rate for rate in told["rates"] if not rate["percent"]]
    assert untaxed["net"] > 0 and f"不課税 小計  ¥{untaxed['net']:,}" in text(html) and "消費税（0%）" not in html


@pytest.mark.parametrize(
    "arguments, words",
    {
        "kind": (({}, "offer", ISSUER), "kind に 'offer' は使えません。使える値: quotation, usage_statement, invoice, invoice_settlement"),
        "kind of a list": (({}, ["x"], ISSUER), "kind に ['x'] は使えません"),
        "another issuer": ((ISSUED, "invoice", dict(name="Other")), "issuer name: 'Other' は、この請求書の発行者 'Example MSP' と異なります"),
        "another number": ((ISSUED, "invoice", dict(ISSUER, registration_number="T8000012050001")), "issuer registration_number: "),
        "language": (({}, "invoice", ISSUER, "fr"), "language に 'fr' は使えません"),
        "no result": (("x", "invoice", ISSUER), "told は、フィルタ invoice が返したものではありません"),
        "nothing in it": (({}, "invoice", ISSUER), "told は、フィルタ invoice が返したものではありません（'late_from' がありません）"),
        "a bad part": ((dict(all_results("en")["usage"][0], lines=3), "usage_statement", ISSUER), "told は、フィルタ usage_statement が"),
        "notes": (({}, "invoice", ISSUER, "ja", "abc"), "notes は文の一覧（リスト）で書いてください。現在の値: 'abc'"),
        "issuer": (({}, "invoice", dict(registration_number="T8000012050002", phone="1")), "issuer name: 必要です"),
        "check digit": (({}, "invoice", dict(name="x", registration_number="T8000012050002")), "T の次の数字は 7 のはずです"),
    }.values(),
)
def test_what_makes_no_paper_is_refused(arguments, words):
    with pytest.raises(AnsibleFilterError, match=re.escape(words)):
        fee_paper(*arguments)


@pytest.mark.parametrize("language, note", [("ja", "申し受けます（第49条）"), ("en", "and its postage (Article 49)")])
def test_a_note_ends_with_its_clauses(language, note):
    assert note in text(printed("quotation", language)[1])


@pytest.mark.parametrize("channel", ["aws_marketplace", "resale"])
@pytest.mark.parametrize("language", TEXTS)
def test_an_invoice_that_is_not_issued_makes_no_paper(channel, language):
    told = invoice(dict(CONTRACT, billing=dict(channel=channel)), EVENTS[:1], "2026-08", ISSUER, language)
    with pytest.raises(AnsibleFilterError) as caught:
        fee_paper(told, "invoice", ISSUER, language)
    assert str(caught.value).startswith("invoice: ") and told["reason"] in str(caught.value)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(
    "events, qualified, titles",
    [
        ([*EVENTS[:2], EVENTS[2], MINUTES], True, ("精算書", "Settlement")),
        (EVENTS, True, ("適格返還請求書", "Credit note (qualified return invoice)")),
        (EVENTS, False, ("返還請求書", "Credit note")),
        ([EVENTS[0], *EVENTS[2:], MINUTES], True, ("追加請求書（適格請求書）", "Additional invoice (qualified invoice)")),
        ([EVENTS[0], *EVENTS[2:]], True, ("精算書", "Settlement")),
    ],
)
def test_a_settlement_is_a_paper_with_all_its_figures(events, qualified, titles, language):
    contract = dict(CONTRACT, qualified_invoice=qualified)
    issued = invoice(contract, [EVENTS[0], *EVENTS[2:]], "2026-08", ISSUER)
    told = invoice_settlement(issued, contract, events, "2026-10-01", language)
    paper = fee_paper(told, "invoice_settlement", ISSUER, language, ["a note"])
    html = page(read(paper))
    assert paper["title"] == titles[language == "en"]
    found, said = figures(html), text(html)
    parts = [part for part in (told["credit_note"], told["charge"]) if part]
    for part in parts:
        assert {part["total"], *(rate[what] for rate in part["rates"] for what in ("net", "tax"))} <= set(found)
        assert {line[what] for line in part["lines"] for what in ("was", "now", "amount")} <= set(found)
        assert all(line["description"] in said and clause in said for line in part["lines"] for clause in line["clauses"])
        assert part["number"] in said
    assert told["number"] in said and (ISSUER["registration_number"] in said) == told["qualified"] and "Acme" in said and "a note" in said
    assert parts or TEXTS[language]["no_difference"] in said


def test_what_is_charged_without_tax_alone_is_no_qualified_invoice():
    """Late interest of a payment that became known when the invoice was out."""
    issued = invoice(CONTRACT, [], "2026-09", ISSUER)
    told = invoice_settlement(issued, CONTRACT, [dict(date="2026-09-20", event="payment", yen=10_000)], "2026-11-15")
    assert [line["tax_percent"] for line in told["charge"]["lines"]] == [0]
    assert fee_paper(told, "invoice_settlement", ISSUER)["title"] == "追加請求書"


def test_what_is_written_off_stands_on_the_paper():
    contract = dict(CONTRACT, fee_rules=dict(write_off_up_to=100_000))
    told = invoice_settlement(ISSUED, contract, [EVENTS[0], *EVENTS[2:], MINUTES], "2026-10-01")
    assert "請求費用が過大となるため、差額を請求しません ¥16,500" in text(page(read(fee_paper(told, "invoice_settlement", ISSUER))))


@pytest.mark.parametrize(
    "language, words", [("ja", "月の途中に増減したコンポーネントの起算  増は翌月から、減は当月末まで"), ("en", "Components added or removed within a month")]
)
def test_the_readings_of_the_terms_that_decided_stand_on_the_paper_each_in_a_row(language, words):
    told, html = printed("usage", language)
    assert any("component_change_rule" in line["rules"] for line in told["lines"])
    assert words in text(html)


def test_the_rule_that_decides_about_the_end_of_an_option_says_that_it_does():
    option = {"name": "o", "yen": 3100, "covers": ["monitoring"], "from": "2026-06-15", "until": "2026-08-10"}
    contract = dict(CONTRACT, operation=dict(components={}, options=[option]), fee_rules=dict(cancel_proration="calendar"))
    told = usage_statement(contract, [], "2026-08")
    said = text(page(read(fee_paper(told, "usage_statement", ISSUER))))
    assert told["net"] == 1000 and "解除月（カスタマイズオプションの終了月を含む）の日割  暦日で日割" in said


# ---- the change of a sheet

DAYS = st.dates(date(2026, 4, 20), date(2027, 6, 30))


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 9), st.integers(0, 9), DAYS, st.sampled_from(["next_month", "calendar"]))
def test_a_quotation_of_a_change_is_what_the_month_then_costs(agreed, wanted, day, rule):
    contract = dict(CONTRACT, operation=dict(components=dict(ec2=agreed, ecs_task=4)), fee_rules=dict(component_change_rule=rule))
    quoted = change_quotation(contract, EVENTS[:1], dict(ec2_instances=[{}] * wanted), day)
    # Before the menu begins there is nothing to take away.
    event = "components_added" if wanted > agreed else "components_removed"
    more = [dict(date=max(day, date(2026, 6, 15)), event=event, components=dict(ec2=abs(wanted - agreed)))]
    before = [event for event in EVENTS[:1] if event["date"] <= f"{day}"]  # what is planned for later is another change
    happened = before + (more if wanted != agreed else [])
    month = quoted["monthly"]["month"]
    assert quoted["monthly"]["net"] == usage_statement(contract, happened, month)["net"]
    assert quoted["monthly"]["before"]["net"] == usage_statement(contract, before, month)["net"]
    assert quoted["change"]["units"] == wanted - agreed
    assert quoted["change"]["monthly"]["net"] == quoted["monthly"]["net"] - quoted["monthly"]["before"]["net"]
    assert quoted["set_up"]["net"] == 50000 * max(0, wanted - max(4, agreed))  # what is operated is built
    assert f"{month}-01" >= quoted["monthly"]["billed_from"] >= f"{day}"


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 9), DAYS)
def test_the_sheet_that_was_agreed_changes_nothing(count, day):
    contract = dict(CONTRACT, set_up=dict(basic=False, components=dict(ec2=count)), operation=dict(components=dict(ec2=count, ecs_task=4)))
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * count), day)
    unchanged = dict(components=[], units=0, monthly=dict(net=0, tax=0, total=0), since=quoted["monthly"]["billed_from"])
    assert quoted["change"] == unchanged and quoted["set_up"]["lines"] == []


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), DAYS.filter(lambda day: day > date(2026, 7, 1)))
def test_the_day_of_a_change_that_counts_by_the_day_is_charged_and_no_earlier_one(more, day):
    contract = dict(CONTRACT, fee_rules=dict(component_change_rule="calendar"))
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * (4 + more)), day)
    added = [dict(date=day, event="components_added", components=dict(ec2=more))]
    month = f"{day:%Y-%m}"
    assert quoted["monthly"]["billed_from"] == f"{day}"
    assert usage_statement(contract, added, month)["net"] > usage_statement(contract, [], month)["net"]
    earlier = f"{day.replace(day=1) - timedelta(1):%Y-%m}"
    assert usage_statement(contract, added, earlier)["net"] == usage_statement(contract, [], earlier)["net"]


def test_what_others_built_is_not_set_up_again():
    taken_over = dict(CONTRACT, set_up=dict(basic=False, components=dict(ec2=1), maintenance=True, maintenance_components=dict(ec2=3)))
    assert change_quotation(taken_over, [], SHEET, "2026-08-20")["set_up"]["net"] == 0
    assert change_quotation(taken_over, [], dict(ec2_instances=[{}] * 6), "2026-08-20")["set_up"]["net"] == 100_000


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.integers(0, 4), st.integers(0, 6))
def test_what_left_is_set_up_again_and_what_stayed_is_not(agreed, gone, wanted):
    gone = min(gone, agreed)
    contract = dict(CONTRACT, set_up=dict(basic=False, components=dict(ec2=agreed)), operation=dict(components=dict(ec2=agreed)))
    removed = [dict(date="2026-08-05", event="components_removed", components=dict(ec2=gone))] if gone else []
    quoted = change_quotation(contract, removed, dict(ec2_instances=[{}] * wanted), "2026-10-05")
    assert quoted["set_up"]["net"] == 50_000 * max(0, wanted - (agreed - gone))
    again = [*removed, dict(date="2026-10-05", event="set_up_ordered", order="again", components=dict(ec2=1))] if gone else []
    more = [dict(date="2026-10-05", event="components_added", components=dict(ec2=1))] if gone else []
    same = change_quotation(contract, [*again, *more], dict(ec2_instances=[{}] * (agreed - gone + bool(gone))), "2026-10-06")
    assert same["set_up"]["net"] == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3), st.integers(0, 5), DAYS.filter(lambda day: day > date(2026, 7, 10)))
def test_what_is_operated_is_not_set_up_again_whoever_built_it(ordered, agreed, added, more, day):
    contract = dict(CONTRACT, set_up=dict(basic=False, components={}))
    events = [dict(date="2026-07-10", event="components_added", components=dict(ec2=added))] if added else []
    events += [dict(date="2026-07-01", event="set_up_ordered", order="some", components=dict(ec2=ordered))] if ordered else []
    contract = dict(contract, operation=dict(components=dict(ec2=agreed)))
    there = max(ordered + agreed, agreed + added)  # what was ordered came on top of what was operated
    assert change_quotation(contract, events, dict(ec2_instances=[{}] * (agreed + added)), day)["set_up"]["net"] == 0
    assert change_quotation(contract, events, dict(ec2_instances=[{}] * (there + more)), day)["set_up"]["net"] == 50_000 * more


@pytest.mark.parametrize("day", ["2026-04-20", "2026-06-15", "2026-10-01"])
def test_what_was_agreed_for_operation_alone_is_taken_as_built(day):
    contract = dict(CONTRACT, set_up=dict(basic=False, components={}))
    assert change_quotation(contract, [], SHEET, day)["set_up"]["net"] == 0


def test_an_option_without_a_plan_is_part_of_a_change():
    option = {"name": "VDI", "yen": 10_000, "covers": ["monitoring"], "from": "2023-09-10", "omakase_vdi": True, "applied_on": "2023-08-01"}
    contract = dict(number="V", customer="X", applied_on="2023-08-01", operation=dict(components={}, options=[option]))
    assert change_quotation(contract, [], {}, "2023-11-01")["monthly"]["before"]["net"] == 10_000
    assert fee_paper(quotation(contract), "quotation", ISSUER)


def test_nothing_is_quoted_after_the_end_of_the_contract():
    contract = dict(CONTRACT, plans=CONTRACT["plans"][:1])
    ended = [dict(date="2026-07-10", event="set_up_completed"), dict(date="2026-08-01", event="cancelled", wish="2026-08-20")]
    with pytest.raises(AnsibleFilterError) as caught:
        change_quotation(contract, ended, SHEET, "2026-08-21", "en")
    assert str(caught.value) == "date: the contract was cancelled on 2026-08-20"
    assert change_quotation(contract, ended, dict(ec2_instances=[{}] * 5), "2026-08-20", "en")["change"]["monthly"]["net"] == 0


@pytest.mark.parametrize("end, rule, charged", [("2026-08-31", "next_month", False), ("2026-09-01", "next_month", True), ("2026-08-31", "calendar", True)])
@pytest.mark.parametrize("notice", ["2026-08-01", "2026-08-25"])
@pytest.mark.parametrize("language", TEXTS)
def test_a_change_before_the_end_of_the_contract_says_so(end, rule, charged, notice, language):
    contract = dict(CONTRACT, plans=CONTRACT["plans"][:1], fee_rules=dict(component_change_rule=rule))
    ended = [dict(date="2026-07-10", event="set_up_completed"), dict(date=notice, event="cancelled", wish=end)]
    quoted = change_quotation(contract, ended, dict(ec2_instances=[{}] * 5), "2026-08-20", language)
    assert (quoted["monthly"]["billed_from"] is not None) == charged
    assert bool(quoted["change"]["monthly"]["net"]) == charged and quoted["set_up"]["net"] == 50_000
    end = said(date.fromisoformat(end), language)
    assert [end in note["text"] for note in quoted["monthly"]["notes"]] == [True]
    paper = fee_paper(quoted, "quotation", ISSUER, language)
    assert any(end in text for section in paper["sections"] for text in section.get("text", []))
    assert len(paper["lead"][1:]) == 1 + charged, "once, and by the month"


def test_what_goes_is_taken_from_the_groups_that_are_there():
    contract = dict(CONTRACT, operation=dict(components=dict(ec2=dict(a=4, b=3))), fee_rules=dict(unit_scope="group"))
    for wanted in range(8):
        quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * wanted), "2026-08-20")
        assert quoted["change"]["units"] == wanted - 7


def test_what_is_planned_for_later_is_no_part_of_a_quotation():
    later = [dict(date="2026-12-01", event="components_removed", components=dict(ec2=4))]
    quoted = change_quotation(CONTRACT, later, dict(ec2_instances=[{}] * 3), "2026-08-20")
    assert quoted == change_quotation(CONTRACT, [], dict(ec2_instances=[{}] * 3), "2026-08-20")
    assert quoted["change"]["units"] == -1


def test_a_month_that_was_billed_in_advance_is_no_part_of_a_quotation():
    """第23条: what it was for may come after the day of the quotation."""
    agreed = dict(CONTRACT, plans=[], operation=None)
    events = [
        dict(date="2026-09-05", event="invoiced", months=["2026-08", "2026-09"], yen=16_500, due="2026-09-30"),
        dict(date="2026-09-06", event="payment", yen=16_500),
        dict(date="2026-09-20", event="sheet_support", minutes=60),
    ]
    assert change_quotation(agreed, events, SHEET, "2026-09-10") == change_quotation(agreed, [], SHEET, "2026-09-10")


TAKEN_OFF = [
    dict(date="2026-08-10", event="reduction", month="2026-09", percent=50),
    {"date": "2026-08-18", "event": "outage", "until": "2026-09-11", "cause": "provider"},
    {"date": "2026-08-18", "event": "outage", "until": "2026-09-11", "cause": "provider_gross"},
    dict(date="2026-08-19", event="suspended", until="2026-09-20", reason="unpaid"),
]


@pytest.mark.parametrize("rule", ["ignored", "deducted"])
@pytest.mark.parametrize("event", TAKEN_OFF, ids=lambda event: event["event"])
def test_what_is_taken_off_one_month_is_no_part_of_what_each_month_costs(event, rule):
    contract = dict(CONTRACT, fee_rules=dict(outage_while_suspended=rule))
    sheet = dict(ec2_instances=[{}] * 7)
    assert change_quotation(contract, [event], sheet, "2026-08-20") == change_quotation(contract, [], sheet, "2026-08-20")


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 7), DAYS, st.lists(DAYS.filter(lambda day: day > date(2026, 6, 15)), min_size=1, max_size=3, unique=True))
def test_a_plan_that_is_agreed_counts_alike_as_a_row_and_as_an_event(wanted, day, changed_on):
    names = ["standard", "advanced", "entry", "advanced"]
    rows = [{"plan": name, "from": since} for name, since in zip(names, [date(2026, 6, 15), *sorted(changed_on)], strict=False)]
    events = [dict(date=row["from"], event="plan_changed", plan=row["plan"]) for row in rows[1:]]
    sheet = dict(ec2_instances=[{}] * wanted)
    plain = dict(CONTRACT, operation=dict(components=dict(ec2=4)))
    quoted = [change_quotation(dict(plain, plans=rows[:count]), events[count - 1 :], sheet, day) for count in range(1, len(rows) + 1)]
    assert all(one == quoted[0] for one in quoted)


def test_an_option_that_needs_a_plan_agreed_for_later_is_no_fault():
    option = {"name": "o", "yen": 1000, "covers": ["operations"], "from": "2026-10-01"}
    contract = dict(CONTRACT, plans=CONTRACT["plans"][:1], operation=dict(components=dict(ec2=4), options=[option]))
    events = [dict(date="2026-10-01", event="plan_changed", plan="advanced")]
    assert change_quotation(contract, events, dict(ec2_instances=[{}] * 5), "2026-08-20")["change"]["monthly"]["net"] == 15_000


def test_an_order_may_already_have_the_name_of_a_quotation():
    ordered = [dict(date="2026-08-20", event="set_up_ordered", order="2026年8月20日 見積", components=dict(s3=1))]
    assert change_quotation(CONTRACT, ordered, dict(ec2_instances=[{}] * 5), "2026-08-20")["set_up"]["net"] == 50_000


def test_a_sheet_that_is_none_is_refused_by_its_entries():
    with pytest.raises(AnsibleFilterError, match="sheet ec2_instances #2"):
        change_quotation(CONTRACT, [], dict(ec2_instances=[{}, "web02"]), "2026-08-20")


def test_a_change_is_told_in_one_line():
    contract = dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-06-15"}])
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * 5), "2026-08-20")
    assert fee_paper(quoted, "quotation", ISSUER)["lead"][1] == "+1 コンポーネント、来月（2026年9月）から +30,000円/月（税抜）"
    assert [one["clauses"] for one in quoted["change"]["components"]] == [["別紙4第2表", "第29条第1項"], ["別紙5第1表", "第35条第1項"]]
    early = change_quotation(contract, [], dict(ec2_instances=[{}] * 5), "2026-04-20")
    assert "、2026年7月から" in fee_paper(early, "quotation", ISSUER)["lead"][1], "the menu itself begins later"


@pytest.mark.parametrize("start_day, rule, day, wanted, billed_from, month, since, ja, en", [
    # What goes is charged to the end of its billing month, what comes from the 1st of the next calendar month.
    (1, "next_month", "2026-08-20", 3, "2026-09-01", "2026-09", "2026-09-01", "来月（2026年9月）から", "next month (2026-09)"),
    (16, "next_month", "2026-08-10", 3, "2026-08-16", "2026-08", "2026-08-16", "2026年8月16日から", "2026-08-16"),
    (16, "next_month", "2026-08-20", 3, "2026-09-16", "2026-09", "2026-09-16", "2026年9月16日から", "2026-09-16"),
    (16, "next_month", "2026-08-20", 5, "2026-09-01", "2026-09", "2026-09-01", "2026年9月1日から", "2026-09-01"),
    (16, "calendar", "2026-08-20", 3, "2026-08-21", "2026-09", "2026-08-21", "2026年8月21日から", "2026-08-21"),
])  # fmt: skip
def test_the_month_of_a_removal_is_the_billing_month(start_day, rule, day, wanted, billed_from, month, since, ja, en):
    rules = dict(billing_month_start_day=start_day, component_change_rule=rule)
    contract = dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-06-15"}], operation=dict(components=dict(ec2=4)), fee_rules=rules)
    for language, words in (("ja", ja), ("en", en)):
        quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * wanted), day, language)
        assert (quoted["monthly"]["billed_from"], quoted["monthly"]["month"], quoted["change"]["since"]) == (billed_from, month, since)
        assert quoted["change"]["monthly"]["net"] == 30_000 * (wanted - 4)
        assert words in fee_paper(quoted, "quotation", ISSUER, language)["lead"][1]
    event = dict(date=day, event="components_added" if wanted > 4 else "components_removed", components=dict(ec2=abs(wanted - 4)))
    for one in ("2026-07", "2026-08", "2026-09"):
        will, was = (usage_statement(contract, events, one) for events in ([event], []))
        assert (will["net"] == was["net"]) == (will["until"] < billed_from), one


def test_where_nothing_is_left_the_day_is_told_from_which_that_is_so():
    rules = dict(billing_month_start_day=16, component_change_rule="calendar")
    contract = dict(CONTRACT, plans=CONTRACT["plans"][:1], operation=dict(components=dict(ec2=4)), fee_rules=rules)
    line = fee_paper(change_quotation(contract, [], {}, "2026-07-31"), "quotation", ISSUER)["lead"][1]
    assert "、2026年8月1日から -60,000円/月" in line


def test_of_what_comes_and_what_goes_each_is_felt_in_its_own_time():
    contract = dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-06-15"}], fee_rules=dict(billing_month_start_day=16))
    contract["operation"] = dict(components={"ec2": 4, "lambda": 1})
    for day, since in (("2026-08-10", "2026-09-01"), ("2026-08-20", "2026-09-16")):
        quoted = change_quotation(contract, [], dict(SHEET, ec2_instances=[{}] * 6), day)
        assert (quoted["monthly"]["billed_from"], quoted["change"]["since"]) == ("2026-08-16" if day < "2026-08-16" else "2026-09-01", since)
        events = [dict(date=day, event="components_added", components=dict(ec2=2)), dict(date=day, event="components_removed", components={"lambda": 1})]
        assert quoted["monthly"]["net"] == usage_statement(contract, events, quoted["monthly"]["month"])["net"]
        noted = " ".join(note["text"] for note in quoted["monthly"]["notes"])
        assert f"{usage_statement(contract, events, '2026-08')['net']:,} 円" in noted, "a month of which a part is felt"


@pytest.mark.parametrize("plans, option, month, since, more, noted", [
    (["2026-09-05 entry", "2026-09-20 standard"], None, "2026-10", "2026-10-01", 15_000, ["2026年9月の", "150,000 円", "+30,000 円"]),
    (["2026-10-05 entry"], None, "2026-09", "2026-09-01", 30_000, ["2026年10月からの", "25,000 円/月", "+5,000 円/月"]),
    (["2026-09-05 entry"], None, "2026-09", "2026-09-01", 5_000, []),
    ([], "2026-09-10", "2026-10", "2026-09-01", 30_000, ["2026年9月の", "151,000 円", "+30,000 円"]),
    ([], "2026-09-30", "2026-09", "2026-09-01", 30_000, ["2026年10月からの", "150,000 円/月", "+30,000 円/月"]),
])  # fmt: skip
def test_what_is_quoted_is_what_each_month_costs_and_what_costs_otherwise_is_noted(plans, option, month, since, more, noted):
    """別紙2（注）: the dearest plan of a month in which several changes are made is that of no other month."""
    options = [{"name": "o", "yen": 1000, "covers": ["monitoring"], "from": "2026-07-01", "until": option}] if option else []
    contract = dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-06-15"}], operation=dict(components=dict(ec2=4), options=options))
    events = [dict(date=told.split()[0], event="plan_changed", plan=told.split()[1]) for told in plans]
    quoted = change_quotation(contract, events, dict(ec2_instances=[{}] * 5), "2026-08-20")
    assert (quoted["monthly"]["month"], quoted["change"]["since"], quoted["change"]["monthly"]["net"]) == (month, since, more)
    assert all(word in note["text"] for note in quoted["monthly"]["notes"] for word in noted) and len(quoted["monthly"]["notes"]) == bool(noted)
    assert f"{int(since[5:7])}月" in (line := fee_paper(quoted, "quotation", ISSUER)["lead"][1]) and f"から +{more:,}円/月" in line
    english = change_quotation(contract, events, dict(ec2_instances=[{}] * 5), "2026-08-20", "en")["monthly"]["notes"]
    assert all(re.search(r"after the change, a difference of \+[\d,]+ yen( a month)? \(without tax\)$", note["text"]) for note in english)
    added = [*events, dict(date="2026-08-20", event="components_added", components=dict(ec2=1))]
    assert quoted["monthly"]["net"] == usage_statement(contract, added, month)["net"]
    fees = {one: usage_statement(contract, added, one)["net"] for one in ("2026-09", "2026-10", "2027-03")}
    for one, net in fees.items():
        assert net == quoted["monthly"]["net"] or any(f"変更後 {net:,} 円" in note["text"] for note in quoted["monthly"]["notes"]), one


NAMES = ["entry", "standard", "advanced", "entry"]
OF_2026 = dict(applied_on="2026-04-13", began=date(2026, 6, 15))
OF_2022 = dict(applied_on="2022-03-01", began=date(2022, 5, 16))  # 別紙2※5: charged from the start


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([OF_2026, OF_2022]),
    st.lists(st.integers(1, 120), max_size=3, unique=True),
    st.permutations(NAMES[:3]),
    st.integers(-60, 120),
    st.sampled_from([6, 8, 9]),
    st.sampled_from(["calendar", "next_month"]),
)
@example(OF_2026, [97], ["entry", "advanced", "standard"], 56, 8, "calendar")
@example(OF_2026, [97], ["advanced", "entry", "standard"], 56, 8, "calendar")
@example(OF_2022, [25], ["entry", "advanced", "standard"], -36, 8, "next_month")
def test_each_month_costs_what_a_changed_sheet_was_quoted_or_is_noted(told, changed, names, after, wanted, rule):
    began = told["began"]
    day = max(began + timedelta(after), date.fromisoformat(told["applied_on"]))
    plans = [{"plan": (names * 2)[number], "from": began + timedelta(since)} for number, since in enumerate([0, *sorted(changed)])]
    contract = dict(number="C", customer="X", applied_on=told["applied_on"], plans=plans, operation=dict(components=dict(ec2=7)))
    contract["fee_rules"] = dict(component_change_rule=rule)
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * wanted), day)
    kind = "components_added" if wanted > 7 else "components_removed"
    event = dict(date=max(day, began), event=kind, components=dict(ec2=abs(wanted - 7)))
    more, since, notes = quoted["change"]["monthly"]["net"], quoted["change"]["since"], [note["text"] for note in quoted["monthly"]["notes"]]
    months = [f"{began.year + number // 12}-{number % 12 + 1:02}" for number in range(began.month - 1, began.month + 10)]
    for month in months:
        was, will = (usage_statement(contract, events, month) for events in ([], [event]))
        net = will["net"] - was["net"]
        if will["until"] < quoted["monthly"]["billed_from"]:
            assert not net
        elif (will["net"], net) != (quoted["monthly"]["net"], more):
            assert any(f"変更後 {will['net']:,} 円" in note and f"差額 {net:+,} 円" in note for note in notes), month
        if will["from"] > since and month <= quoted["monthly"]["month"]:
            assert net == more
        elif will["from"] <= since <= will["until"]:  # a part of a month, at the same price; what goes is charged on its last day
            first, begins, last = (date.fromisoformat(one) for one in (will["from"], since, will["until"]))
            left, days = (last - begins).days + 1, (last - first).days + 1
            assert abs(net - more * Fraction(left, days)) <= (left < days) + abs(more) / days * (wanted < 7)


ADDED = dict(date="2026-08-05", event="components_added", components={"lambda": 1})
OLD = dict(applied_on="2022-03-10", accepted_on="2022-03-15")


@pytest.mark.parametrize("more, start, rules, events, day, wanted, billed_from, told", [
    # What began or was added and goes before it is charged is never charged.
    ({}, "2026-06-20", dict(billing_month_start_day=16), [], "2026-06-28", 1, "2026-07-01", {"2026-06": -7_500, "2026-07": -15_000}),
    ({}, "2026-06-20", dict(billing_month_start_day=16), [], "2026-06-11", 1, "2026-07-01", {"2026-06": -7_500, "2026-07": -15_000}),
    ({}, "2026-06-15", dict(billing_month_start_day=16), [ADDED], "2026-08-09", 2, "2026-09-01", {"2026-08": -7_258, "2026-09": -15_000}),
    ({}, "2026-06-15", dict(billing_month_start_day=16), [ADDED], "2026-08-09", 0, "2026-08-16", {"2026-08": -37_258, "2026-09": -45_000}),
    ({}, "2026-06-15", dict(billing_month_start_day=28), [dict(ADDED, date="2026-08-18")], "2026-08-30", 2, "2026-09-01",
     {"2026-08": -13_064, "2026-09": -15_000}),
    # Of a contract that ends.
    ({}, "2026-06-15", {}, "2026-06-30", "2026-06-12", 3, "2026-06-01", {"2026-06": 15_000}),
    ({}, "2026-06-10", dict(billing_month_start_day=16), "2026-06-20", "2026-06-08", 3, "2026-06-01", {"2026-06": 15_000}),
    ({}, "2026-06-15", dict(component_within_month="charged"), "2026-08-31", "2026-08-20", 3, "2026-08-01", {"2026-08": 15_000}),
    ({}, "2026-06-15", dict(billing_month_start_day=16), "2026-09-10", "2026-08-20", 3, "2026-09-01", {"2026-08": 7_258}),
    ({}, "2026-06-15", dict(component_change_rule="calendar"), "2026-08-31", "2026-08-20", 3, "2026-08-20", {"2026-08": 5_806}),
    (OLD, "2022-04-11", {}, "2022-04-30", "2022-04-05", 3, "2022-04-11", {"2022-04": 10_000}),
    ({}, "2026-06-15", dict(cancel_proration="calendar"), "2026-09-20", "2026-07-10", 3, "2026-08-01", {"2026-08": 15_000, "2026-09": 10_000}),
    ({}, "2026-06-15", dict(cancel_proration="calendar"), "2026-09-20", "2026-08-20", 3, "2026-09-01", {"2026-09": 10_000}),
    ({}, "2026-06-15", {}, "2026-08-31", "2026-08-20", 3, None, {}),
])  # fmt: skip
def test_a_change_costs_in_each_month_what_was_quoted_or_is_noted(more, start, rules, events, day, wanted, billed_from, told):
    plans = [{"plan": "standard", "from": start}]
    contract = dict(CONTRACT, set_up=dict(basic=False, components={}), plans=plans, operation=dict(components=dict(ec2=2)), fee_rules=rules, **more)
    contract.pop("sheet_support_minutes")
    if isinstance(events, str):
        events = [dict(date=day, event="set_up_completed"), dict(date=day, event="cancelled", wish=events)]
    quoted = change_quotation(contract, events, dict(ec2_instances=[{}] * wanted), day)
    gone = {"ec2": 2 - wanted, **({"lambda": 1} if events and events[0]["event"] == "components_added" else {})}
    at, counts = max(day, start), dict(components_added={"ec2": wanted - 2}, components_removed=gone)
    changed = [dict(date=at, event=kind, components={name: count for name, count in of.items() if count > 0}) for kind, of in counts.items()]
    changed = [*events, *(event for event in changed if event["components"])]
    months = [f"{start[:4]}-{number:02}" for number in range(4, 13)]
    fees = {month: [usage_statement(contract, one, month) for one in (events, changed)] for month in months}
    differences = {month: will["net"] - was["net"] for month, (was, will) in fees.items()}
    last = max(told, default="")
    assert {month: net for month, net in differences.items() if net and month <= last} == told
    assert {differences[month] for month in months if month > last} <= {0, told.get(last)}
    assert quoted["monthly"]["billed_from"] == billed_from
    for month, net in told.items():
        if month == quoted["monthly"]["month"]:
            assert (quoted["change"]["monthly"]["net"], quoted["monthly"]["net"]) == (net, fees[month][1]["net"])
        else:
            assert any(f"変更後 {fees[month][1]['net']:,} 円" in note["text"] and f"差額 {net:+,} 円" in note["text"] for note in quoted["monthly"]["notes"])
    assert billed_from is None or quoted["monthly"]["month"] in told


def test_what_costs_nothing_by_the_month_has_no_line_of_it():
    plans = [{"plan": "advanced", "from": "2026-06-15"}]
    for contract in (dict(CONTRACT, plans=plans), {name: value for name, value in CONTRACT.items() if name not in ("plans", "operation")}):
        quoted = change_quotation(contract, [], dict(SHEET, s3_buckets=[dict(name="new")]), "2026-08-20")
        once = "コンポーネント設定（2026年8月20日 見積）: +50,000円（税抜、初回のみ）"
        assert quoted["set_up"]["net"] == 50_000 and fee_paper(quoted, "quotation", ISSUER)["lead"][1:] == [once]
    assert quoted["monthly"]["billed_from"] is None, "without a plan nothing is charged by the month"


@pytest.mark.parametrize("day", ["2022-03-20", "2022-04-05", "2022-04-11"])
@pytest.mark.parametrize("rule", ["next_month", "calendar"])
def test_a_change_before_the_start_of_an_old_contract_is_charged_from_the_start(day, rule):
    """別紙2※5."""
    contract = dict(number="O", customer="X", applied_on="2022-03-10", plans=[{"plan": "advanced", "from": "2022-04-11"}])
    contract |= dict(operation=dict(components=dict(ec2=1)), fee_rules=dict(component_change_rule=rule))
    assert change_quotation(contract, [], dict(ec2_instances=[{}] * 2), day)["monthly"]["billed_from"] == "2022-04-11"
    added = [dict(date=day, event="components_added", components=dict(ec2=1))]
    assert usage_statement(contract, added, "2022-04")["net"] == 2 * 20_000
    later = change_quotation(contract, [], dict(ec2_instances=[{}] * 2), "2022-04-12")
    assert later["monthly"]["billed_from"] == ("2022-04-12" if rule == "calendar" else "2022-05-01")


def test_of_an_unchanged_sheet_only_that_is_told():
    quoted = change_quotation(dict(CONTRACT, set_up=dict(basic=False, components=dict(ec2=4))), [], SHEET, "2026-08-20")
    paper = fee_paper(quoted, "quotation", ISSUER)
    assert paper["lead"][1:] == ["この変更で料金は変わりません。"]
    assert not [words for words in ("変更の内容", "から課金します", "変更後の運用") if words in text(page(read(paper)))], "nothing is charged anew"


def test_all_faults_around_a_change_are_told_at_once():
    with pytest.raises(AnsibleFilterError) as caught:
        change_quotation(dict(CONTRACT, plans=[{"plan": "gold", "from": "2026-06-15"}]), [dict(event="payed")], "sheet", "tomorrow", "en")
    for words in ("contract plans #1 plan", "events #1 payed: there is no event 'payed'", "sheet: write name", "date: 'tomorrow'"):
        assert words in str(caught.value)


def test_a_contract_without_a_plan_is_charged_for_set_up_only():
    contract = {name: value for name, value in CONTRACT.items() if name not in ("plans", "operation")}
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * 5), "2026-08-20")
    assert (quoted["set_up"]["net"], quoted["change"]["units"], quoted["monthly"]["net"]) == (50000, 0, 0)
    read(fee_paper(quoted, "quotation", ISSUER))


# ---- the documentation

SAID = re.compile(r"^- name: .*?^  # => (?P<result>[^\n]+)$", re.MULTILINE | re.DOTALL)


def documented(name):
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def trusted(value):
    """A value with its templates marked as our own, as Ansible marks what stands in a playbook."""
    if isinstance(value, dict):
        return {key: trusted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return trust_as_template(value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_page_names_every_parameter_and_its_examples_come_to_what_they_say(name):
    examples = list(SAID.finditer(documented(name)["EXAMPLES"]))
    assert len(examples) == len(yaml.safe_load(documented(name)["EXAMPLES"])) > 0
    for match in examples:
        (task,) = yaml.safe_load(match[0])
        templar = Templar(loader=DataLoader(), variables=trusted(task["vars"]))
        found = templar.template(trust_as_template(task["ansible.builtin.debug"]["msg"]))
        assert json.loads(json.dumps(found)) == json.loads(match["result"])
    dummy, *others = inspect.signature(FILTERS[name]).parameters.values()
    options = documented(name)["DOCUMENTATION"]["options"]
    assert set(options) == {"_input", *(one.name for one in others)}
    assert {one.name for one in others if options[one.name].get("required")} == {one.name for one in others if one.default is inspect.Parameter.empty}


@pytest.mark.parametrize("name, ours, of_others", [
    ("plans", [[{"plan": "entry", "from": "2026-06-15"}]], [["gold"], [dict(plan="gold")], "gold", dict(plan="gold")]),
    ("billing", [dict(channel="resale"), dict(recipient="A"), dict(postage=84)], ["monthly", dict(cycle=1), []]),
    ("set_up", [dict(components={}), dict(basic=True)], ["install.sh", dict(script="install.sh"), True]),
    ("operation", [dict(components={})], ["deploy", dict(name="deploy")]),
    ("fee_rules", [dict(unit_scope="group")], [dict(gold=1), [1]]),
    ("applied_on", ["2026-04-13", "soon"], [None, ""]),
    ("qualified_invoice", [True, {"from": "2026-06-15"}], [False]),
    ("sheet_support_minutes", [60], [0]),
    ("billing_channel", ["resale"], [""]),
    ("vlans", [], [[{"plan": "entry", "from": "2026-06-15"}]]),
    ("language", [], ["ja"]),
])  # fmt: skip
def test_a_variable_is_a_field_of_the_contract_where_it_has_its_shape(name, ours, of_others):
    assert [FILTERS["contract_fields"]({name: value}) for value in ours] == [[name]] * len(ours)
    assert [FILTERS["contract_fields"]({name: value}) for value in of_others] == [[]] * len(of_others)


@pytest.mark.parametrize("text", [None, "{", "[]", "7", '{"months": []}', '{"months": [1]}', '{"months": "2026-08"}', "\xff"])
def test_a_file_holds_the_figures_of_an_invoice_or_none(tmp_path, text):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    assert FILTERS["fee_figures"](str(path)) == {}
    path.write_text(json.dumps(dict(months=["2026-08"], total=1)), encoding="utf-8")
    assert FILTERS["fee_figures"](str(path)) == dict(months=["2026-08"], total=1)


@pytest.mark.parametrize("path", [None, "", 7, True, ["a.json"], dict(path="a.json"), "~nobody-of-this-name/a.json", "/", "a\0b"])
def test_what_is_no_path_has_no_figures(path):
    assert FILTERS["fee_figures"](path) == {}


def test_of_names_alone_those_are_told_that_could_be_fields():
    listed = [*CONTRACT_FIELDS, "billing_channel", "deploy"]
    assert FILTERS["contract_fields"](listed) == sorted({*listed} - {"number", "customer", "language", "deploy"})


@pytest.mark.parametrize("variables", [None, "plans", 7])
def test_variables_are_a_dictionary_or_names(variables):
    with pytest.raises(AnsibleFilterError, match="contract_fields: variables は"):
        FILTERS["contract_fields"](variables)


def test_what_is_wrong_is_data_where_figures_or_faults_are_asked_for():
    asked = dict(events=EVENTS, month="2026-08", language="ja")
    assert FILTERS["fees_or_faults"](CONTRACT, "usage_statement", asked) == dict(figures=usage_statement(CONTRACT, EVENTS, "2026-08", "ja"), faults=[])
    wrong = FILTERS["fees_or_faults"](dict(CONTRACT, applied_on="x"), "usage_statement", dict(asked, month="2026-13"))
    assert wrong["figures"] == {} and [line.partition(":")[0] for line in wrong["faults"]] == ["month", "contract applied_on"]
    with pytest.raises(AnsibleFilterError, match="name に 'usage' は使えません（「usage_statement」の誤りではありませんか）"):
        FILTERS["fees_or_faults"](CONTRACT, "usage", asked)
    for options, words in ((dict(asked, event=[]), "event という引数"), (dict(month="2026-08"), "events がありません"), (["2026-08"], "名前: 値")):
        with pytest.raises(AnsibleFilterError, match=words):
            FILTERS["fees_or_faults"](CONTRACT, "usage_statement", options)
