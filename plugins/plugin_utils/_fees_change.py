# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a changed sheet does to the fees of a contract that runs: the agreement as it is, beside the one with the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_set_up as set_up
from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement, maintenance_alone
from ansible_collections.msp.aws.plugins.plugin_utils._fees_built import built, listed, not_prepared, not_watched
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import event_day
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, key_of, sums
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_papers import billed_elsewhere
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, cite, say, tax_percent, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, read
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import day as read_day
from ansible_collections.msp.aws.plugins.plugin_utils._fees_sheet import basic, components, unwatched
from ansible_collections.msp.aws.plugins.plugin_utils._fees_spans import Span, otherwise, spans_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError

ORDERS = dict(ja="{} 見積", en="quoted on {}")  # what the work of a change is called until it is ordered

BESIDE = ("cancelled", "invoiced", "settled", "qualified_invoice_requested", "payment", "refund")  # events that say nothing of what a month costs
AFTER = ("month_after_change", "months_after_change")  # the texts of months that cost otherwise
DUE = dict(set_up="29-1", operation="35-1")  # what makes a component of a menu payable


def change_quotation(contract: Any, events: Any, sheet: Any, day: Any, language: str, faults: list[Fault]) -> dict[str, Any]:
    """What it costs to make the account as the sheet says from a day on, beside what was agreed and has happened until then.

    Only components that a sheet can count are compared; the others stay as agreed. What is new is set up once (第29条) and looked after by the month (第35条).
    クラウド基本設定 is due when the sheet has anything of 別紙4 第1表 and it was not ordered before.
    """
    told = read(dict(date=Field("day", required=True)), dict(date=day), "", faults)
    if not isinstance(sheet, Mapping):
        faults.append(Fault("sheet", "table", sheet))
    wanted = components(sheet, faults) if isinstance(sheet, Mapping) else {}
    whole = agreement(contract, events, faults)
    ends_on, on = whole.cancelled_on, told["date"]
    if (began := contract.get("accepted_on") or contract.get("applied_on")) and on < read_day(began):
        raise FeeError([Fault("date", "before", on, read_day(began), "accepted_on" if contract.get("accepted_on") else "applied_on")])
    if ends_on and on > ends_on:
        raise FeeError([Fault("date", "ended", limit=ends_on)])
    # Components planned for later were planned for what there is now; they say nothing of the changed sheet. The plans are agreed, be they written into the
    # contract or as events. What was billed, perhaps of what comes later, says nothing of what a month costs. All of the set-up work is quoted, even where
    # the contract has an end.
    events = [event for event in events if event["event"] not in BESIDE and (event["event"] == "plan_changed" or event_day(event) <= on)]
    before = _as_every_month(agreement(contract, events))
    moves = {menu: _moves(_countable(menu, sheet), _agreed(before, menu, on), wanted[menu]) for menu in MENUS}
    services = basic(sheet)
    base = bool(services) and not _has_base(before, on)
    order = _free_name(ORDERS[language].format(said(on, language)), {one.name for one in before.orders})
    operated_on = max(on, before.plans[0].start) if before.plans else None
    if operated_on and ends_on and operated_on > ends_on:
        operated_on = None
    after = _as_every_month(agreement(contract, [*events, *_events(moves, base, on, operated_on, order, before)]))
    decided = _decided(before, on, [name for name in moves["set_up"] if moves["set_up"][name] > 0])
    work = {key_of("basic", order): dict(services=services), key_of("components", order): dict(rules=decided)}
    once = [line._replace(taxed_on=on, **work[line.key]) for line in set_up.lines(after, after.month_of(on)) if line.key in work]
    billed = [replace(agreed, cancelled_on=ends_on, cancelled_by=whole.cancelled_by) for agreed in (before, after)]
    felt = _felt(*billed, on)
    charged_from = min(felt)
    charged = bool(operation.services(before)) and (not ends_on or charged_from <= ends_on)
    first = _first_month(before, felt)
    month = _settled_month(*billed, first)
    was, will = ([line._replace(taxed_on=on) for line in operation.lines(agreed, month)] if charged else [] for agreed in billed)
    begins = max(before.month_of(charged_from), operation.first_charged_month(billed[1]) or first)
    spans = spans_of(billed[1], begins, billed[0], first) if charged else []
    return dict(
        contract=before.number,
        customer=before.customer,
        quoted_on=on.isoformat(),
        tax_percent=tax_percent(on),
        notes=[
            *billed_elsewhere(before.channel(on), language),
            *(not_prepared(after, operated_on, language, before) if operated_on else []),
            *_gone_unwatched(sheet, moves["operation"] if operated_on else {}, language),
            *(not_watched(unwatched(sheet), language) if operated_on else []),
            *_perhaps_there(contract, before, moves["set_up"], language),
        ],
        set_up=_sheet(once, language),
        monthly=dict(
            month=month.name,
            billed_from=charged_from.isoformat() if charged else None,
            notes=[*otherwise(spans, month, before, AFTER, language, (DUE["operation"],)), *([_end(whole, charged, language)] if ends_on else [])],
            before=sums(was),
            **_sheet(will, language),
        ),
        change=dict(
            components=[*([_told_base(language)] if base else []), *_told(moves, before, after, on, language)],
            units=_units(will) - _units(was),
            monthly={name: sums(will)[name] - sums(was)[name] for name in ("net", "tax", "total")},
            since=_since(spans, month, max(felt)).isoformat() if charged else None,
        ),
    )


def _as_every_month(agreed: Agreement) -> Agreement:
    """Without what is taken off the operation menu for one month alone: a quotation says what each month costs from now on."""
    reductions = {about: percent for about, percent in agreed.reductions.items() if about[0] != "operation"}
    return replace(agreed, outages=(), suspensions=(), reductions=reductions)


def _end(agreed: Agreement, charged: bool, language: str) -> dict[str, Any]:
    """That the contract ends, perhaps before the change is charged by the month."""
    clauses = ("35-1", agreed.cancelled_by)
    return dict(text=say("texts", "ends" if charged else "ends_before", language, end=agreed.cancelled_on), clauses=cite(clauses, language))


def _free_name(name: str, taken: set[str]) -> str:
    return next(free for number in count(1) if (free := name if number == 1 else f"{name} {number}") not in taken)


def _sheet(lines: list[Line], language: str) -> dict[str, Any]:
    return dict(lines=[line.told(language) for line in lines], **sums(lines))


def _first_month(agreed: Agreement, felt: list[date]) -> Month:
    """The first month that the change and the menu itself fill from its first to its last day."""
    return operation.first_whole_month(agreed, [*felt, *(operation.first_charge(agreed, start) for start in _starts(agreed))])


def _settled_month(before: Agreement, after: Agreement, month: Month) -> Month:
    """The first month from one on that costs what it would if all went on as it is at its end: at the price of its last plan, without what ends in it and
    what comes and goes within it. Where the contract ends before it, the month from one on, or that of the end.
    """
    found = month
    while not _settled(before, found) or any(found.first < day <= found.last for agreed in (before, after) for day in operation.moved_on(agreed)):
        found = found.next()
    end = before.cancelled_on
    return found if not end or found.first <= end else min(month, before.month_of(end))


def _settled(agreed: Agreement, month: Month) -> bool:
    held = [plan.name for plan in agreed.plans if plan.start <= month.last]
    ending = any(option.until and month.first <= option.until < month.last for option in agreed.options)
    return not ending and (not held or operation.plan_of(agreed, month)[0] == held[-1])


def _since(spans: list[Span], quoted: Month, felt: date) -> date:
    """The first day from which on each month costs as much more as the quoted one: where no month does otherwise, the day on which all of it is felt."""
    until_then = [span for span in spans if span.month <= quoted]
    changed = [number for number, span in enumerate(until_then, 1) if span.rate != until_then[-1].rate]
    return until_then[changed[-1]].month.first if changed else felt


def _starts(agreed: Agreement) -> list[date]:
    """When the menu begins that is charged by the month."""
    return [plan.start for plan in agreed.plans[:1]] or [option.start for option in agreed.options]


def _felt(before: Agreement, after: Agreement, day: date) -> list[date]:
    """The days from which on a change is felt, once the menu itself is charged and until the end; without a change, as if something came."""
    charged = [operation.charged_from(before, service) or operation.first_charge(before, service.start) for service in operation.services(before)]
    since = (charged[0] if before.plans else max(charged)) if charged else operation.first_charge(before, day)
    change: Counter[tuple[date, str, str]] = Counter()
    for sign, agreed in ((-1, before), (1, after)):
        for one, component, group, number in operation.moves(agreed) if agreed.plans else []:
            change[one, component, group] += sign * number
    end = before.cancelled_on or date.max
    days = [one for (one, *dummy), number in change.items() if number and one <= end]
    unfelt = date.min if before.plans and day <= before.plans[0].start else operation.first_charge(before, day)
    return [max(since, one) for one in days or [unfelt]]


def _units(lines: list[Line]) -> int:
    return sum(component["units"] for line in lines for component in line.components)


def _agreed(agreed: Agreement, menu: str, day: date) -> dict[str, int]:
    """component → how many there are by a day, over all groups."""
    if menu == "operation":
        changes = [(change.component, change.count) for change in agreed.changes if change.day <= max(day, agreed.plans[0].start)] if agreed.plans else []
    else:
        return built(agreed, day, agreed.rules["set_up_of_operated"])
    found: dict[str, int] = {}
    for name, number in changes:
        found[name] = found.get(name, 0) + number
    return found


def _decided(agreed: Agreement, day: date, new: Iterable[str]) -> dict[str, Any]:
    """The rule `set_up_of_operated`, where it decided how many of what is new are set up."""
    rule, *readings = agreed.rules["set_up_of_operated"], *(built(agreed, day, reading) for reading in ("done", "as_ordered"))
    return dict(set_up_of_operated=rule) if any(readings[0].get(name, 0) != readings[1].get(name, 0) for name in new) else {}


def _has_base(agreed: Agreement, day: date) -> bool:
    """Whether the account has its basic set-up: it was ordered, or its maintenance was, or the account is operated without any order of set-up work."""
    ordered = [order.parts for order in agreed.orders if order.accepted_on <= day]
    work = any(wanted for parts in ordered for part, wanted in parts.items() if part != "sheet_support")  # which is help, and sets up nothing
    return any(parts["basic"] or parts["maintenance"] for parts in ordered) or bool(agreed.changes and not work)


def _countable(menu: str, sheet: Mapping[str, Any]) -> list[str]:
    """The components that a sheet can count: those that it makes, and of the operation menu, where it says what is watched, all that can be."""
    watches = menu == "operation" and isinstance(sheet.get("monitoring"), Mapping)
    return [name for name, row in units()[menu].items() if watches or row.get("kinds")]


def _moves(countable: Iterable[str], agreed: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """component → how many more (or less, when negative) the sheet has of what a sheet can count."""
    return {name: wanted.get(name, 0) - agreed.get(name, 0) for name in countable if wanted.get(name, 0) != agreed.get(name, 0)}


def _gone_unwatched(sheet: Mapping[str, Any], moves: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """What goes because a sheet that says what is watched has no entry of it, where nothing else in a sheet could tell that it is there."""
    gone = {("operation", name): -number for name, number in moves.items() if number < 0 and not units()["operation"][name].get("kinds")}
    silent = {what: number for what, number in gone.items() if not sheet["monitoring"].get(what[1])}
    return [dict(text=say("texts", "not_watched", language, what=listed(silent, language)), clauses=cite(("annex5-1",), language))] if silent else []


def _perhaps_there(contract: Mapping[str, Any], agreed: Agreement, moves: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """What is set up anew for an account that somebody else has built, where the contract has no word of what was there before."""
    new = {("set_up", name): number for name, number in moves.items() if number > 0}
    taken_over = any(maintenance_alone(order.parts) for order in agreed.orders) and not any(order.parts["basic"] for order in agreed.orders)
    if not new or not taken_over or (contract.get("set_up") or {}).get("there") is not None:
        return []
    return [dict(text=say("texts", "perhaps_there", language, what=listed(new, language)), clauses=cite(("annex2-1", "annex4-2"), language))]


def _events(moves: Mapping[str, Mapping[str, int]], base: bool, on: date, operated_on: date | None, order: str, agreed: Agreement) -> list[dict[str, Any]]:
    """The change as events of the contract; of the operation menu not before it begins. What goes is not set up, and nothing is given back for it."""
    new = {name: number for name, number in moves["set_up"].items() if number > 0}
    found: list[dict[str, Any]] = [dict(date=on, event="set_up_ordered", order=order, basic=base, components=new)] if new or base else []
    found += [dict(date=on, event="set_up_completed", order=order)] if new or base else []
    if operated_on:
        more = {name: number for name, number in moves["operation"].items() if number > 0}
        less = {name: _taken(agreed, name, -number, operated_on) for name, number in moves["operation"].items() if number < 0}
        found += [dict(date=operated_on, event="components_added", components=more)] if more else []
        found += [dict(date=operated_on, event="components_removed", components=less)] if less else []
    return found


def _taken(agreed: Agreement, component: str, number: int, day: date) -> dict[str, int]:
    """group → how many go: a sheet does not say of which groups, so from the largest first."""
    there: dict[str, int] = {}
    for change in agreed.changes:
        if change.component == component and change.day <= day:
            there[change.group] = there.get(change.group, 0) + change.count
    found = {}
    for group, has in sorted(there.items(), key=lambda one: (-one[1], one[0])):
        found[group] = min(number, max(has, 0))
        number -= found[group]
    return {group: taken for group, taken in found.items() if taken}


def _told_base(language: str) -> dict[str, Any]:
    """クラウド基本設定, for people."""
    words = dict(name=say("prices", "basic", language), unit=say("units", "account", language))
    return dict(menu="set_up", component="basic", **words, before=0, after=1, clauses=cite(("annex4-1", DUE["set_up"]), language))


def _told(moves: Mapping[str, Mapping[str, int]], before: Agreement, after: Agreement, on: date, language: str) -> list[dict[str, Any]]:
    """The components that change, for people."""
    had, has = ({menu: _agreed(agreed, menu, on) for menu in MENUS} for agreed in (before, after))
    return [
        dict(
            menu=menu,
            component=name,
            name=units()[menu][name][language],
            unit=units()[menu][name]["unit"][language],
            before=had[menu].get(name, 0),
            after=has[menu].get(name, 0),
            clauses=cite((MENUS[menu], DUE[menu]), language),
        )
        for menu in MENUS
        for name in moves[menu]
        if had[menu].get(name, 0) != has[menu].get(name, 0) and (menu == "operation" or moves[menu][name] > 0)
    ]
