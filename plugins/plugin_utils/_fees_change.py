# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a changed sheet does to the fees of a contract that runs: the agreement as it is, beside the one with the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_set_up as set_up
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, sums
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, tax_percent, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Fault, Field, read
from ansible_collections.msp.aws.plugins.plugin_utils._fees_sheet import components

ORDERS = dict(ja="{} 見積", en="quoted on {}")  # what the work of a change is called until it is ordered


def change_quotation(contract: Any, events: Any, sheet: Any, day: Any, language: str, faults: list[Fault]) -> dict[str, Any]:
    """What it costs to make the account as the sheet says from a day on, beside what was agreed and has happened until then.

    Only components that a sheet can count are compared; the others stay as agreed. What is new is set up once (第29条) and looked after by the month (第35条).
    """
    told = read(dict(date=Field("day", required=True)), dict(date=day), "", faults)
    if not isinstance(sheet, Mapping):
        faults.append(Fault("sheet", "table", sheet))
    before = agreement(contract, events, faults)
    on = told["date"]
    month = _first_month(before, on)
    wanted = components(sheet)
    moves = {menu: _moves(menu, _agreed(before, menu, on), wanted[menu]) for menu in MENUS}
    order = ORDERS[language].format(on)
    operated_on = max(on, before.plans[0].start) if before.plans else None
    after = agreement(contract, [*events, *_events(moves, on, operated_on, order)], [])
    once = [line._replace(taxed_on=on) for line in set_up.lines(after, after.month_of(on)) if line.key == f"components/{order}"]
    was, will = ([line._replace(taxed_on=on) for line in operation.lines(agreed, month)] if before.plans else [] for agreed in (before, after))
    return dict(
        contract=before.number,
        customer=before.customer,
        quoted_on=on.isoformat(),
        tax_percent=tax_percent(on),
        set_up=_sheet(once, language),
        monthly=dict(month=month.name, billed_from=_charged_from(before, on, month).isoformat(), before=sums(was), **_sheet(will, language)),
        change=dict(
            components=_told(moves, before, after, on, language),
            units=_units(will) - _units(was),
            monthly={name: sums(will)[name] - sums(was)[name] for name in ("net", "tax", "total")},
        ),
    )


def _sheet(lines: list[Line], language: str) -> dict[str, Any]:
    return dict(lines=[line.told(language) for line in lines], **sums(lines))


def _first_month(agreed: Agreement, day: date) -> Month:
    """The first month that the change and the menu itself fill from its first to its last day."""
    return max(agreed.month_of(start).next() for start in (day, *(plan.start for plan in agreed.plans[:1])))


def _charged_from(agreed: Agreement, day: date, month: Month) -> date:
    """The first day of which the change is felt: by the rule `component_change_rule` that of the month, or the day itself once the menu is charged."""
    by_day = agreed.rules["component_change_rule"] == "calendar"
    return day if by_day and agreed.plans and agreed.month_of(agreed.plans[0].start) < agreed.month_of(day) else month.first


def _units(lines: list[Line]) -> int:
    return sum(component["units"] for line in lines for component in line.components)


def _agreed(agreed: Agreement, menu: str, day: date) -> dict[str, int]:
    """component → how many there are by a day, over all groups."""
    if menu == "operation":
        changes = [(change.component, change.count) for change in agreed.changes if change.day <= max(day, agreed.plans[0].start)] if agreed.plans else []
    else:
        orders = (order.parts["components"] for order in agreed.orders if order.accepted_on <= day)
        changes = [(name, sum(groups.values())) for parts in orders for name, groups in parts.items()]
    found: dict[str, int] = {}
    for name, count in changes:
        found[name] = found.get(name, 0) + count
    return found


def _moves(menu: str, agreed: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """component → how many more (or less, when negative) the sheet has of what a sheet can count."""
    countable = [name for name, row in units()[menu].items() if row.get("kinds")]
    return {name: wanted.get(name, 0) - agreed.get(name, 0) for name in countable if wanted.get(name, 0) != agreed.get(name, 0)}


def _events(moves: Mapping[str, Mapping[str, int]], on: date, operated_on: date | None, order: str) -> list[dict[str, Any]]:
    """The change as events of the contract; of the operation menu not before it begins. What goes is not set up, and nothing is given back for it."""
    new = {name: count for name, count in moves["set_up"].items() if count > 0}
    found: list[dict[str, Any]] = [dict(date=on, event="set_up_ordered", order=order, components=new)] if new else []
    for event, sign in (("components_added", 1), ("components_removed", -1)) if operated_on else ():
        counts = {name: sign * count for name, count in moves["operation"].items() if sign * count > 0}
        found += [dict(date=operated_on, event=event, components=counts)] if counts else []
    return found


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
        )
        for menu in MENUS
        for name in moves[menu]
        if had[menu].get(name, 0) != has[menu].get(name, 0)
    ]
