# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set up and what is operated of it: the operation menu is for what was set up or prepared for maintenance here (別紙1の2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import COMPONENTS, Agreement, Change
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, cite, price, say, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault


def built(agreed: Agreement, day: date, reading: str) -> dict[str, int]:
    """row of 別紙4 第2表 → how many there are by a day that need no set-up, as far as they are still there.

    What was there before needs none, nor what was ordered. What is operated has been set up or prepared, or it could not be operated (別紙1の2), so by the rule
    `set_up_of_operated` it needs none either, be there an order of it or not; or only what was ordered counts. What was agreed when the menu begins is taken
    to be there before.
    """
    ordered = [(order.accepted_on, order.parts[part]) for order in agreed.orders for part in COMPONENTS]
    moves = [(date.min, 0, row, number) for row, number in agreed.there.items()]
    moves += [(since, 0, row, sum(groups.values())) for since, counts in ordered if since <= day for row, groups in counts.items()]
    moves += [(change.day, 1, _place(change.component), change.count) for change in _operated_changes(agreed, day) if _place(change.component)]
    moves += [(change.day, 2, change.component, change.count) for change in agreed.gone if change.day <= day]
    found: dict[str, int] = {}
    operated: dict[str, int] = {}
    for dummy, kind, row, number in sorted(moves, key=lambda move: move[:2]):
        has, ran = found.get(row, 0), operated.get(row, 0)
        operated[row] = ran + (number if kind == 1 else 0)
        if kind == 0:
            found[row] = has + number
        elif reading == "done":
            found[row] = max(has + min(number, 0), operated[row])
        elif kind == 2:
            found[row] = has + number
        else:  # what was not ordered goes first
            found[row] = max(has - max(-number - max(ran - has, 0), 0), 0)
    return found


def not_set_up(agreed: Agreement) -> Iterator[Fault]:
    """What goes without being operated must have been set up, beside what is operated of the same name."""
    for change in agreed.gone:
        runs = sum(other.count for other in _operated_changes(agreed, change.day) if other.component == change.component)
        lacking = runs - built(agreed, change.day, "as_ordered").get(change.component, 0)
        if lacking > 0:
            yield Fault(change.where, "too_many", value=min(lacking, -change.count), limit=change.component)


def not_prepared(agreed: Agreement, day: date, language: str, before: Agreement | None = None) -> list[dict[str, Any]]:
    """Notes on what is operated by a day without an order that sets it up or prepares it for maintenance, or on what of that is new."""
    lacking = _lacking(agreed, day)
    had = _lacking(before, day) if before else {}
    new = {what: number - had.get(what, 0) for what, number in lacking.items() if number > had.get(what, 0)}
    prices = {part: f"{price(part, day):,}" for part in ("maintenance", "maintenance_components")}
    found = []
    for text, clauses, individual in (("not_prepared", ("annex1-2", "annex2-1"), False), ("not_prepared_individual", ("annex1-2", "annex4-3"), True)):
        told = {(menu, name): number for (menu, name), number in new.items() if individual == (menu == "operation" and not _set_up_as(name))}
        if told:
            words = say("texts", text, language, what=listed(told, language), **prices)
            found.append(dict(text=words, clauses=cite(clauses, language)))
    return found


def not_watched(counts: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """A note on what a sheet counts as operated, though it says what is watched and does not name it there (別紙5: 運用メニューにおける監視対象)."""
    told = listed({("operation", name): number for name, number in counts.items()}, language)
    return [dict(text=say("texts", "counted_unwatched", language, what=told), clauses=cite(("annex1-2", "annex5-1"), language))] if told else []


def listed(counts: Mapping[tuple[str, str], int], language: str) -> str:
    """How many there are of rows of the menus, for people."""
    told = [(units()[menu][name], number) for (menu, name), number in counts.items()]
    return ("、" if language == "ja" else ", ").join(f"{row[language]} {number:,} {row['unit'][language]}" for row, number in told)


def _lacking(agreed: Agreement, day: date) -> dict[tuple[str, str], int]:
    """menu and row → how many are operated that were neither set up nor prepared by us.

    All that is operated of one row of 別紙4 第2表 is compared with what was ordered of that row; of what are only parts, whether anything was.
    """
    operated: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for change in _operated_changes(agreed, day):
        operated[change.component] += change.count
        places[_place(change.component) or ""] += change.count
    ordered, individual = built(replace(agreed, there={}), day, "as_ordered"), any(order.parts["individual"] for order in agreed.orders)
    found = {("set_up", row): number - ordered.get(row, 0) for row, number in places.items() if row}
    for name, number in operated.items():
        work = _set_up_as(name)
        if not _place(name) and not (ordered.get(work) if work else individual):
            found["operation", name] = number
    in_order = [(menu, name) for menu in MENUS for name in units()[menu]]
    return {what: found[what] for what in in_order if found.get(what, 0) > 0}


def _set_up_as(component: str) -> str | None:
    """The row of 別紙4 第2表 that sets up a component of 別紙5 第1表, or None where it has none: then the work is priced individually (第3表)."""
    name = units()["operation"][component].get("set_up", component)
    return name if name in units()["set_up"] else None


def _place(component: str) -> str | None:
    """The row of 別紙4 第2表 of which a component of 別紙5 第1表 is one, or None where it is only a part of one."""
    return None if units()["operation"][component].get("part") else _set_up_as(component)


def _operated_changes(agreed: Agreement, day: date) -> list[Change]:
    """The changes of the operation menu by a day, or by its beginning."""
    until = max(day, agreed.plans[0].start) if agreed.plans else day
    return [change for change in agreed.changes if change.day <= until]
