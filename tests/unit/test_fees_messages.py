# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a mistake is enough to mend it: what was found, what is possible in its place, and no word that leads astray."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation
from ansible_collections.msp.aws.plugins.filter.fees import invoice, liability_limits, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import EVENTS
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, units
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close_kind
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from ansible_collections.msp.aws.plugins.plugin_utils.sheets import faults as sheet_faults
from tests.fees import ISSUER, contract, happened
from tests.unit.test_fees_faults import refused


def said(events, agreed=None, month="2026-07", language="ja"):
    return refused(lambda: usage_statement(agreed or contract(), events, month, language))


@pytest.mark.parametrize("language, day", [("ja", "2026年5月1日"), ("en", "2026-05-01")])
def test_days_within_what_is_wrong_are_told_as_people_write_them(language, day):
    (line,) = said([happened("2026-06-03", "invoiced", months=[date(2026, 5, 1)])], language=language)
    assert f": ['{day}'] " in line
    wrong = said([], dict(contract(), plans=dict(plan="standard", start=date(2026, 5, 1))), language=language)
    assert f"'start': '{day}'" in wrong[0]


@pytest.mark.parametrize("language, words", [("ja", ("承諾前の申込みは契約ではなく", "見積りはできます")), ("en", ("is no contract", "can be quoted"))])
def test_of_a_contract_that_is_not_accepted_yet_is_told_what_is_lacking_where_and_what_to_do(language, words):
    (line,) = said([], dict(contract(), set_up=dict(basic=True, components={})), language=language)
    assert line.startswith("contract accepted_on: ") and all(word in line for word in (*words, "group_vars/all/contract.yml", "accepted_on: '2026-04-16'"))


@pytest.mark.parametrize("language, words", [("ja", "半角で書いてください"), ("en", "write them half-width")])
def test_what_only_looks_right_is_told_as_that(language, words):
    (line,) = said([happened("2026-07-03", "components_added", components=dict(ec2="２"))], language=language)
    assert words in line and all(words not in other for other in said([happened("2026-07-03", "components_added", components=dict(ec2="2"))]))


@pytest.mark.parametrize("agreed, events, words", [
    (dict(billing="aws_marketplace"), [], "（名前: "),
    (dict(operation=dict(components=["ec2"])), [], "ec2: 2 のように"),
    ({}, "- {date: 2026-07-01}\n- {date: 2026-07-02}\n", "1 つの文字列になっています"),
])  # fmt: skip
def test_what_has_another_shape_is_told_with_the_shape_that_it_has(agreed, events, words):
    (line,) = said(events, dict(contract(), **agreed))
    assert words in line


def test_a_registration_number_without_its_t_is_told_as_it_is_written():
    (line,) = refused(lambda: invoice(contract(), [], "2026-07", dict(ISSUER, registration_number=7000012050002)))
    assert "T と 13 桁の数字" in line


def test_an_outage_that_ends_before_it_begins_is_told_with_both_moments():
    (line,) = said([happened("2026-07-03 10:00", "outage", until="2026-07-03 09:30", cause="provider")])
    assert line.endswith("until: 2026年7月3日 09:30は 2026年7月3日 10:00（date）より前です。どちらかを直してください")


@pytest.mark.parametrize("event, words", [
    (happened("2026-07-03", "sheet_support", hours=2), "時間は minutes に分で書いてください（2 時間であれば minutes: 120）"),
    (happened("2026-07-03", "outage", hours=30, cause="provider"), "長さではなく、いつまでかを until に書いてください"),
    (happened("2026-07-03", "outage", to="2026-07-05", cause="provider"), "（「until」の誤りではありませんか）"),
    (happened("2026-07-03", "cancelled", until="2026-07-31"), "（「wish」の誤りではありませんか）"),
    (happened("2026-08-03", "invoiced", months=["2026-07"], until="2026-08-31"), "（「due」の誤りではありませんか）"),
    (happened("2026-07-03", "components_added", components=dict(ec2=1), until="2026-07-31"), "その日付の components_removed という出来事として"),
])  # fmt: skip
def test_a_key_that_is_meant_for_another_is_told_with_that_one_alone(event, words):
    """What it is meant for is not said to be missing as well."""
    (line,) = said([event])
    assert words in line


OPTION = dict(name="o", yen=1000, covers=["monitoring"])
OPTIONS = dict(components=dict(ec2=7), options=[dict(OPTION, **{"from": "2026-09-15"})])


@pytest.mark.parametrize("plans", ["standard", [{"plan": "standart", "from": "2026-06-15"}]])
def test_a_plan_that_cannot_be_read_makes_nothing_too_early(plans):
    """What happened to the operation menu is not before it because only the option after it could be read."""
    lost = [happened("2026-07-20", "outage", until="2026-07-22", cause="provider"), happened("2026-07-20", "reduction", month="2026-07", percent=10)]
    (line,) = said(lost, dict(contract(), plans=plans, operation=OPTIONS))
    assert line.startswith("contract plans")


@pytest.mark.parametrize("language, words", [("ja", "（「standard」の誤りではありませんか）。使える"), ("en", " (did you mean 'standard'?); write")])
def test_a_word_of_a_few_is_told_with_the_nearest(language, words):
    (line,) = said([], dict(contract(), plans=[{"plan": "standart", "from": "2026-06-15"}]), language=language)
    assert words in line


def test_a_cancellation_of_complete_work_is_told_of_that_alone():
    order = dict(accepted_on="2026-04-15", set_up_from="2026-04-20", set_up=dict(basic=True, components=dict(ec2=1)))
    for gone in ({}, dict(payable=dict(components=dict(ec2=9)))):
        events = [happened("2026-06-01", "set_up_completed"), happened("2026-06-10", "set_up_cancelled", **gone)]
        (line,) = said(events, dict(contract(), **order))
        assert "完了した作業は取り消せません" in line


@pytest.mark.parametrize("language, words", [("ja", "整数を引用符なしで書いてください"), ("en", ", without quotes")])
@pytest.mark.parametrize("event", [
    happened("2026-07-03", "payment", yen="99440"), happened("2026-07-03", "reduction", month="2026-07", percent="10"),
    happened("2026-07-03", "components_added", components=dict(ec2="２")),
])  # fmt: skip
def test_a_number_in_quotes_is_told_as_one(event, language, words):
    (line,) = said([event], language=language)
    assert words in line


def test_a_misspelt_key_is_told_with_the_one_that_is_needed():
    (line,) = said([happened("2026-07-03", "payment", yenn=1)])
    assert line.endswith("「yenn」という項目はありません（「yen」の誤りではありませんか）")


@pytest.mark.parametrize("language, words", [("ja", " のように書いてください"), ("en", "there is no field 'plan'; write it as ")])
@pytest.mark.parametrize("plan", ["standard", {"plan": "entry", "from": "2026-06-15"}, [{"plan": "entry", "from": "2026-06-15"}]])
def test_a_plan_under_the_name_of_one_is_told_with_how_plans_are_written(plan, language, words):
    applied = {name: value for name, value in contract().items() if name not in ("plans", "operation")}
    (line,) = said([], dict(applied, plan=plan), language=language)
    assert "plans: [{plan: standard, from: '2026-06-15'}]" in line and words in line
    assert usage_statement(dict(applied, plan="gold"), [], "2026-07"), "a word of somebody else"


@pytest.mark.parametrize("event, place", [
    (dict(date="2026-07-03", event="outages"), "events #2 outages 2026-07-03"), (dict(date=date(2026, 7, 3)), "events #2 2026-07-03 event"),
    (dict(event="payed"), "events #2 payed"), (dict(yen=1), "events #2 event"), (dict(date=["2026-07-03"], event="payment", yen=1), "events #2 payment date"),
])  # fmt: skip
def test_an_event_is_named_by_its_number_and_what_it_has_of_kind_and_day(event, place):
    (line,) = said([happened("2026-07-01", "payment", yen=1), event])
    assert line.startswith(f"{place}: ")


def test_a_day_is_told_where_it_was_written():
    assert refused(lambda: quotation(dict(contract(), applied_on="soon")))[0].startswith("contract applied_on: 'soon' ")
    assert [line.partition(":")[0] for line in refused(lambda: quotation(dict(contract(), applied_on="soon"), None, "now"))] == ["date", "contract applied_on"]


@pytest.mark.parametrize("word", ["障害", "outages", 7])
def test_an_event_that_there_is_not_is_told_with_all_that_there_are(word):
    for language in ("ja", "en"):
        (line,) = said([happened("2026-07-03", word)], language=language)
        assert line.endswith(f": {', '.join(EVENTS)}") and ("outage'" in line or "「outage」" in line) == (word == "outages")


@pytest.mark.parametrize("name, menu, instead", [
    ("ecs", "operation", "ecs_cluster, ecs_task"), ("elb", "operation", "clb, nlb, alb"), ("aurora", "set_up", "rds"), ("nlb", "set_up", "elb"),
])
def test_a_component_of_another_name_in_this_table_is_told_with_its_name_here(name, menu, instead):
    (line,) = _of_components(menu, name)
    assert f"「{name}」は別の表での名前です。ここでは {instead} と書いてください" in line


@pytest.mark.parametrize("name, menu, why", [
    ("s3", "operation", "set_up_ordered"), ("eks_pod", "set_up", "individual"), ("monkeys", "set_up", "catalog/units.yml"),
])
def test_a_component_that_the_table_has_not_is_told_with_all_that_it_has(name, menu, why):
    (line,) = _of_components(menu, name)
    assert why in line and line.endswith(f"使える値: {', '.join(units()[menu])}") and "誤りでは" not in line


def test_no_component_of_a_table_is_called_as_one_of_the_other_that_is_something_else():
    """Whatever is written into the wrong table is told either with its own name there or as what only the other one has."""
    for menu in MENUS:
        for name in {*units()["set_up"], *units()["operation"]} - {*units()[menu]}:
            (line,) = _of_components(menu, name)
            assert "誤りでは" not in line and ("別の表での名前" in line or "だけのコンポーネント" in line)


def _of_components(menu, name):
    if menu == "operation":
        return said([happened("2026-07-03", "components_added", components={name: 1})])
    return said([], dict(contract(), accepted_on="2026-04-15", set_up=dict(basic=False, components={name: 1})))


@pytest.mark.parametrize("word, meant", [
    ("rds_instances", None), ("sqs_topics", None), ("ecs_instances", None), ("instances", "ec2_instances"), (7, None),
    ("ec2_instence", "ec2_instances"), ("EC2-Instances", "ec2_instances"), ("aws_iam_user", "iam_users"), ("s3_bucket", "s3_buckets"),
    ("subnets", "ec2_subnets"), ("vpc", "ec2_vpcs"), ("Security-Group", "ec2_security_groups"), ("s3", "s3_buckets"), ("ec2", None),
    ("ecs_load_balancers", None), ("ec2_eips", None),
])
def test_the_hint_at_a_kind_is_one_of_the_same_service_or_none(word, meant):
    assert close_kind(word, kinds()) == meant
    assert [fault.facts["close"] for fault in sheet_faults({word: []})] == [meant]
    for make in (lambda: quotation(contract(), {word: []}), lambda: change_quotation(contract(), [], {word: []}, "2026-07-01")):
        (line,) = refused(make)
        assert line == f"sheet: 「{word}」という種類はありません" + (f"（「{meant}」の誤りではありませんか）" if meant else "")


def test_events_that_are_no_list_and_entries_that_are_texts_are_told_with_what_to_write():
    for given in ("outage", dict(event="outage"), 7):
        assert said(given) == [f"events: 一覧（リスト）で書いてください。現在の値: {given!r}"]
    assert said(["outage"]) == ["events #1: 「名前: 値」の組で書いてください。現在の値: 'outage'"]


def test_a_month_before_the_application_has_neither_statement_nor_invoice():
    for make in (usage_statement, liability_limits):
        assert refused(lambda make=make: make(contract(), [], "2026-03")) == [BEFORE]
    assert refused(lambda: invoice(contract(), [], "2026-03", ISSUER)) == [BEFORE]
    assert usage_statement(contract(), [], "2026-04")["lines"] == [], "the application was made within it"


BEFORE = "month: 2026-03 は申込み（2026年4月13日）より前の月です。月か、契約の applied_on を確認してください"
