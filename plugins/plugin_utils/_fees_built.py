# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set up and what is operated of it: the operation menu is for what was set up or prepared for maintenance here (別紙1 2)."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import COMPONENTS, Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import cite, price, say, units


def built(agreed: Agreement, day: date, reading: str) -> dict[str, int]:
    """component → how many there are by a day that need no set-up, as far as they are still there.

    What was ordered needs none. What is operated has been set up or prepared, or it could not be operated (別紙1 2), so by the rule `set_up_of_operated` it
    needs none either, be there an order of it or not; or only what was ordered counts. What was agreed when the menu begins is taken to be there before.
    """
    ordered = [(order.accepted_on, 0, order.parts[part]) for order in agreed.orders for part in COMPONENTS]
    moves = [(since, first, name, sum(groups.values())) for since, first, counts in ordered if since <= day for name, groups in counts.items()]
    moves += [(change.day, 1, change.component, change.count) for change in agreed.changes if change.day <= _operated_by(agreed, day)]
    moves += [(change.day, 2, change.component, change.count) for change in agreed.gone if change.day <= day]
    found: dict[str, int] = {}
    operated: dict[str, int] = {}
    for dummy, kind, name, number in sorted(moves, key=lambda move: move[:2]):
        has, runs = found.get(name, 0), operated.get(name, 0)
        if kind == 1:
            operated[name] = runs + number
        if kind != 1:
            found[name] = has + number
        elif reading == "done":
            found[name] = max(has + min(number, 0), runs + number, 0)
        else:  # what was not ordered goes first
            found[name] = max(has - max(-number - max(runs - has, 0), 0), 0)
    return found


def not_prepared(agreed: Agreement, day: date, language: str, before: Agreement | None = None) -> list[dict[str, Any]]:
    """Notes on what is operated by a day without an order that sets it up or prepares it for maintenance, or on what of that is new.

    Where both tables count in the same unit, numbers are compared, or else whether there is any.
    """
    lacking = _lacking(agreed, day)
    had = _lacking(before, day) if before else {}
    new = {name: number - had.get(name, 0) for name, number in lacking.items() if number > had.get(name, 0)}
    prices = {part: f"{price(part, day):,}" for part in ("maintenance", "maintenance_components")}
    found = []
    for text, clauses, names in (
        ("not_prepared", ("annex1-2", "annex2-1"), [name for name in new if _set_up_as(name)]),
        ("not_prepared_individual", ("annex1-2", "annex4-3"), [name for name in new if not _set_up_as(name)]),
    ):
        rows = units()["operation"]
        told = [f"{rows[name][language]} {new[name]:,} {rows[name]['unit'][language]}" for name in names]
        if told:
            words = say("texts", text, language, what=("、" if language == "ja" else ", ").join(told), **prices)
            found.append(dict(text=words, clauses=cite(clauses, language)))
    return found


def _lacking(agreed: Agreement, day: date) -> dict[str, int]:
    """component of the operation menu → how many were neither set up nor prepared by us."""
    operated: dict[str, int] = {}
    for change in agreed.changes:
        if change.day <= _operated_by(agreed, day):
            operated[change.component] = operated.get(change.component, 0) + change.count
    there, individual = built(agreed, day, "as_ordered"), any(order.parts["individual"] for order in agreed.orders)
    found = {}
    for name, number in operated.items():
        work = _set_up_as(name)
        if not work:
            found[name] = 0 if individual else number
        elif units()["set_up"][work]["unit"] == units()["operation"][name]["unit"]:
            found[name] = max(number - there.get(work, 0), 0)
            there[work] = max(there.get(work, 0) - number, 0)
        else:
            found[name] = 0 if there.get(work) else number
    return found


def _set_up_as(component: str) -> str | None:
    """The row of 別紙4 第2表 that sets up a component of 別紙5 第1表, or None where it has none: then the work is priced individually (第3表)."""
    name = units()["operation"][component].get("set_up", component)
    return name if name in units()["set_up"] else None


def _operated_by(agreed: Agreement, day: date) -> date:
    return max(day, agreed.plans[0].start) if agreed.plans else day
