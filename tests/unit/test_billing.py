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
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter.billing import FilterModule, change_quotation, fee_paper
from ansible_collections.msp.aws.plugins.filter.fees import invoice, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._papers import read
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
SHEET = dict(ec2_instances=[dict(name=f"web{number}") for number in range(4)])


def all_results(language):
    """Each fee filter's result with the paper's kind."""
    return {
        "quotation": (quotation(dict(CONTRACT, operation=None, set_up=None), SHEET, language=language), "quotation"),
        "change": (change_quotation(CONTRACT, EVENTS, dict(ec2_instances=[{}] * 7), "2026-08-20", language), "quotation"),
        "usage": (usage_statement(CONTRACT, EVENTS, "2026-08", language), "usage_statement"),
        "set-up": (usage_statement(CONTRACT, EVENTS, "2026-04", language), "usage_statement"),
        "empty": (usage_statement(CONTRACT, EVENTS, "2026-03", language), "usage_statement"),
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
            assert all(clause in html for clause in line["clauses"]) and line["description"] in html
            for component in line["components"]:
                assert {component["count"], component["units"]} <= set(found) and component["name"] in html
            for deduction in line["deductions"]:
                assert deduction["text"] in html and f"{line['gross']:,}" in html and f"{line['gross'] - line['amount']:,}" in html
    assert all(note["text"] in html for note in told.get("notes", []))
    assert "a note" in html


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


def test_what_bears_no_tax_stands_for_itself():
    told, html = printed("late", "ja")
    (untaxed,) = [rate for rate in told["rates"] if not rate["percent"]]
    assert untaxed["net"] > 0 and f"不課税 小計  ¥{untaxed['net']:,}" in text(html) and "消費税（0%）" not in html


@pytest.mark.parametrize(
    "arguments, words",
    {
        "kind": (({}, "offer", ISSUER), "kind is one of quotation, usage_statement, invoice, not 'offer'"),
        "language": (({}, "invoice", ISSUER, "fr"), "language is one of ja, en, not 'fr'"),
        "no result": (("x", "invoice", ISSUER), "of what the filter invoice returns, not of str"),
        "issuer": (({}, "invoice", dict(registration_number="T8000012050002", phone="1")), "issuer name: 必要です"),
        "check digit": (({}, "invoice", dict(name="x", registration_number="T8000012050002")), "T の次の数字は 7 のはずです"),
    }.values(),
)
def test_what_makes_no_paper_is_refused(arguments, words):
    with pytest.raises(AnsibleFilterError, match=re.escape(words)):
        fee_paper(*arguments)


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
    happened = EVENTS[:1] + (more if wanted != agreed else [])
    month = quoted["monthly"]["month"]
    assert quoted["monthly"]["net"] == usage_statement(contract, happened, month)["net"]
    assert quoted["monthly"]["before"]["net"] == usage_statement(contract, EVENTS[:1], month)["net"]
    assert quoted["change"]["units"] == wanted - agreed
    assert quoted["change"]["monthly"]["net"] == quoted["monthly"]["net"] - quoted["monthly"]["before"]["net"]
    assert quoted["set_up"]["net"] == 50000 * max(0, wanted - 4)
    assert month > f"{day:%Y-%m}" and quoted["monthly"]["billed_from"] >= f"{day}"


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 9), DAYS)
def test_the_sheet_that_was_agreed_changes_nothing(count, day):
    contract = dict(CONTRACT, set_up=dict(components=dict(ec2=count)), operation=dict(components=dict(ec2=count, ecs_task=4)))
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * count), day)
    assert quoted["change"] == dict(components=[], units=0, monthly=dict(net=0, tax=0, total=0)) and quoted["set_up"]["lines"] == []


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


def test_a_change_is_told_in_one_line():
    contract = dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-06-15"}])
    quoted = change_quotation(contract, [], dict(ec2_instances=[{}] * 5), "2026-08-20")
    assert fee_paper(quoted, "quotation", ISSUER)["lead"][1] == "+1 コンポーネント、2026年9月から +30,000円/月（税抜）"


def test_all_faults_around_a_change_are_told_at_once():
    with pytest.raises(AnsibleFilterError) as caught:
        change_quotation(dict(CONTRACT, plans=[{"plan": "gold", "from": "2026-06-15"}]), [dict(event="payed")], "sheet", "tomorrow", "en")
    for words in ("contract plans #1 plan", "events #1: there is no event 'payed'", "sheet: write name", "date: 'tomorrow'"):
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
