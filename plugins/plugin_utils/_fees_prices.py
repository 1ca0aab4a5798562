# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the fees: prices, tax rates, units, rules, words and the services of クラウド基本設定, out of `catalog/`. Amounts are whole yen without tax."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.plugin_utils._days import said

CATALOG = Path(__file__).resolve().parents[2] / "catalog"
MENUS = dict(set_up="annex4-2", operation="annex5-1")  # the tables of units, and the clauses that hold them


@cache
def book() -> dict[str, Any]:
    """`catalog/prices.yml`."""
    return _load("prices.yml")


@cache
def units() -> dict[str, Any]:
    """`catalog/units.yml`."""
    return _load("units.yml")


@cache
def basic_services() -> dict[str, str]:
    """kind → the AWS service of 別紙4 第1表 for which クラウド基本設定 sets it up: the first one that `catalog/setup.yml` names it at."""
    told = [(kind, row["service"]) for row in _load("setup.yml")["rows"] for item in row["items"] for kind in item["kinds"]]
    return dict(reversed(told))


def _load(name: str) -> dict[str, Any]:
    return yaml_load((CATALOG / name).read_text(encoding="utf-8"))


def price(name: str, day: date) -> int:
    """Yen without tax for one unit on a day."""
    return _in_force(book()["prices"][name]["since"], day)["yen"]


def tax_percent(day: date) -> int:
    """The standard rate of consumption tax on a day, in per cent."""
    return _in_force(book()["consumption_tax"], day)["percent"]


def _in_force(table: list[dict[str, Any]], day: date) -> dict[str, Any]:
    """The last line that has begun; before the first one, the first: what was agreed earlier than a price begins is charged at it."""
    return max((line for line in table if line["from"] <= day), key=lambda line: line["from"], default=table[0])


def units_of(menu: str, counts: Mapping[str, Mapping[str, int]], scope: str) -> dict[str, int]:
    """component → units to be paid for. `counts`: component → group → how many. A unit that has been begun counts (別紙5: 「3クラスター」)."""
    found = {}
    for component, groups in counts.items():
        per = units()[menu][component]["per"]
        shares = [sum(groups.values())] if scope == "contract" else groups.values()
        found[component] = sum(-(-share // per) for share in shares)
    return found


def rows(menu: str) -> Mapping[str, Any]:
    """The components of a menu by name; of `any`, those of both."""
    return {name: row for one in MENUS for name, row in units()[one].items()} if menu == "any" else units()[menu]


def say(table: str, key: str, language: str, /, **facts: Any) -> str:
    """The words of `catalog/prices.yml` for a key of one of its tables."""
    return book()[table][key][language].format(**{name: said(fact, language) for name, fact in facts.items()})


def cite(clauses: Any, language: str) -> list[str]:
    """Clauses as people write them, each once."""
    return [say("clauses", clause, language) for clause in dict.fromkeys(clauses)]
