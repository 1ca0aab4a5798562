# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the fees: what the terms print twice agrees, nothing is missing, and nothing is kept that nobody uses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import CATALOG, book, price, tax_percent, units
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS, kinds

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "plugins" / "plugin_utils").glob("_fees_*.py")))
PRICES = [(name, line) for name, row in book()["prices"].items() for line in row["since"]]
# The rows of 別紙2 and the words of 第49条, as the terms print them.
PRINTED = """\
パラメータシート作成支援	時間	15,000円 (税込価格 16,500円)
クラウド基本設定	アカウント	100,000円 (税込価格 110,000円)
コンポーネント設定	コンポーネント※1	50,000円 (税込価格 55,000円)
保守初期設定 (基本)	アカウント	50,000円 (税込価格 55,000円)
保守初期設定 (コンポーネント)	コンポーネント※1	10,000円 (税込価格 11,000円)
エントリープラン※2	コンポーネント※3	5,000円 (税込価格 5,500円)
スタンダードプラン※2	コンポーネント※3	15,000円 (税込価格 16,500円)
アドバンストプラン※2	コンポーネント※3	30,000円 (税込価格 33,000円)
適格請求書発行手数料	請求	400円(税込価格 440円)
"""
UNITS = {"時間": ("minute", 60), "アカウント": ("account", 1), "コンポーネント": ("component", 1), "請求": ("request", 1)}


def test_the_prices_are_those_that_the_terms_print():
    printed = {}
    for row in PRINTED.splitlines():
        name, unit, yen = (re.sub("※[0-9]", "", cell) for cell in row.split("\t"))
        printed[name.replace(" (", "（").replace(")", "）"), *UNITS[unit]] = tuple(int(amount.replace(",", "")) for amount in re.findall("[0-9,]+", yen))
    data = {(row["ja"], row["unit"], row["per"]): tuple(row["since"][0][key] for key in ("yen", "printed")) for row in book()["prices"].values()}
    assert data == printed


@pytest.mark.parametrize("name, line", PRICES, ids=[f"{name}-{line['from']}" for name, line in PRICES])
def test_the_printed_price_is_the_price_with_tax(name, line):
    assert line["printed"] == line["yen"] + line["yen"] * book()["printed_percent"] // 100


@pytest.mark.parametrize("table", [book()["consumption_tax"], *(row["since"] for row in book()["prices"].values())])
def test_dated_lines_stand_in_the_order_of_their_days(table):
    starts = [line["from"] for line in table]
    assert starts == sorted(set(starts))
    assert all(isinstance(start, date) for start in starts)


@pytest.mark.parametrize("start, percent", [(date(1989, 4, 1), 3), (date(1997, 4, 1), 5), (date(2014, 4, 1), 8), (date(2019, 10, 1), 10)])
def test_the_rates_of_tax(start, percent):
    assert tax_percent(start) == percent
    assert tax_percent(start - timedelta(days=1)) < percent or percent == 3


def test_plans_are_listed_by_what_they_include_and_cost():
    plans = book()["plans"]
    fees = [price(plan, date(2026, 6, 1)) for plan in plans]
    assert fees == sorted(fees)
    for smaller, larger in zip(list(plans.values()), list(plans.values())[1:], strict=False):
        assert set(smaller) < set(larger)


def test_the_units_are_those_of_the_terms():
    by_three = {(menu, name) for menu in ("set_up", "operation") for name, row in units()[menu].items() if row["per"] != 1}
    assert by_three == {("operation", name) for name in ("ecs_cluster", "ecs_task", "eks_pod", "api_gateway", "waf")}
    assert all(row["per"] in (1, 3) for menu in ("set_up", "operation") for row in units()[menu].values())
    assert (len(units()["set_up"]), len(units()["operation"])) == (28, 24), "rows of 別紙4 第2表 and 別紙5 第1表"


def test_every_kind_is_counted_or_part_of_what_is():
    counted = [kind for menu in ("set_up", "operation") for row in units()[menu].values() for kind in row.get("kinds", [])]
    inside = [kind for names in units()["inside"].values() for kind in names]
    lost = set(kinds()) - set(counted) - set(inside)
    assert not lost, "write them into catalog/units.yml: under `kinds` of the component they are counted as, or under `inside`"
    assert not set(counted) & set(inside)
    assert len(inside) == len(set(inside))
    assert {*counted, *inside} <= set(kinds())
    assert tuple(units()["parts"]) == PARTS, "what a sheet has beside kinds is known to the fees as well"
    assert set(units()["inside"]) - {"basic", "monitoring", "operation"} <= set(units()["set_up"])


@pytest.mark.parametrize("table", ["clauses", "texts", "units"])
def test_words_are_in_both_languages_and_used(table):
    data = (CATALOG / "prices.yml").read_text(encoding="utf-8")
    for name, words in book()[table].items():
        assert set(words) == {"ja", "en"}
        assert set(re.findall(r"{(\w+)}", words["ja"])) == set(re.findall(r"{(\w+)}", words["en"])), name
        used = f'"{name}"' in SOURCES or re.search(rf'(?:clause|unit): "?{re.escape(name)}"?[,}}]', data)
        assert used or name in ("aws_marketplace", "resale"), f"nobody says {name}"


@pytest.mark.parametrize("name", sorted(book()["rules"]))
def test_a_rule_has_its_choices_its_clause_and_its_words(name):
    rule = book()["rules"][name]
    assert rule["clause"] in book()["clauses"]
    assert rule["ja"] and rule["en"]
    if "choices" in rule:
        assert rule["default"] == next(iter(rule["choices"])) and len(rule["choices"]) > 1
        assert all(words["ja"] and words["en"] for words in rule["choices"].values())
    else:
        assert rule["least"] <= rule["default"] <= rule["most"]
    assert f'"{name}"' in SOURCES, "a rule that nobody asks for"
