# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The set-up menu (導入メニュー): orders, what is left of a cancelled one, and hours worked (第29条, 別紙2第1表, 別紙4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import OWN_ORDER, Agreement, Order
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, by_rate, counted, deduction, floor, key_of, rounded
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, price, units_of


def lines(agreed: Agreement, month: Month) -> list[Line]:
    """What was ordered in a month, and the hours worked in it.

    The fee is due when the provider accepts the order (第29条第1項). Its tax rate is that of the day on which the work was completed or cancelled, as far
    as that is known: a later change of the rate is settled (第24条第2項).
    """
    found = [line for order in agreed.orders if month.first <= order.accepted_on <= month.last for line in _order(agreed, order, month)]
    worked = [(day, minutes) for day, minutes in agreed.support if month.first <= day <= month.last]
    minutes = sum(minutes for dummy, minutes in worked)
    rounded = -(-minutes // agreed.rules["hour_unit"]) * agreed.rules["hour_unit"]
    for number, (day, group) in enumerate(rates := by_rate(worked), 1):
        # The minutes of a month are rounded once: where its rate of tax changes, with those of the last rate.
        charged = sum(group) if number < len(rates) else rounded
        rounded -= charged
        found += _hours(agreed, charged, month, "sheet_support", day, (month.first, month.last), ("29-1",), {})
    percent = agreed.reductions.get(("set_up", month.name), 0)
    return [_reduced(line, percent, agreed.rules["floor_target"]) for line in found] if percent else found


def _reduced(line: Line, percent: int, target: str) -> Line:
    """第25条: less some per cent."""
    off = Fraction(line.amount * percent, 100)
    return line._replace(
        amount=rounded(line.amount, off, target),
        gross=line.amount,
        deductions=(deduction("reduction", off, ("25",), percent=percent),),
        clauses=(*line.clauses, "25", "21"),
        rules=dict(line.rules, floor_target=target),
    )


def _order(agreed: Agreement, order: Order, month: Month) -> Iterator[Line]:
    done = order.completed_on or order.cancelled_on
    taxed_on = done or month.last
    period = (order.accepted_on, done or order.accepted_on)
    clauses = (order.clause,)
    facts = {} if order.name == OWN_ORDER else dict(order=order.name)

    minutes = -(-order.parts["sheet_support"] // agreed.rules["hour_unit"]) * agreed.rules["hour_unit"]
    yield from _hours(agreed, minutes, month, key_of("sheet_support", order.name), taxed_on, period, clauses, facts)
    for part in ("basic", "components", "maintenance", "maintenance_components"):
        wanted = order.parts[part]
        shares = units_of("set_up", wanted, agreed.rules["unit_scope"]) if isinstance(wanted, Mapping) else {}
        quantity = sum(shares.values()) if isinstance(wanted, Mapping) else wanted
        if quantity:
            kind, yen = book()["prices"][part], price(part, order.accepted_on)
            yield Line(
                key=key_of(part, order.name),
                text=(part, facts),
                month=month,
                period=period,
                amount=quantity * yen,
                taxed_on=taxed_on,
                clauses=(*clauses, kind["clause"], *(["annex4-2"] if shares else []), "24-1"),
                quantity=quantity,
                unit=kind["unit"],
                unit_price=yen,
                components=counted("set_up", wanted, shares) if shares else (),
            )
    for name, yen in sorted(order.parts["individual"].items()):
        rests = (*clauses, "annex2-1", "annex4-3", "24-1")
        text = ("individual", dict(facts, name=name))
        yield Line(key_of("individual", order.name, name), text, month, period, yen, taxed_on, rests, quantity=1, unit_price=yen)


def _hours(
    agreed: Agreement, charged: int, month: Month, key: str, taxed_on: date, period: tuple[date, date], clauses: tuple[str, ...], facts: Mapping[str, str]
) -> list[Line]:
    """Help with the parameter sheet is charged by the hour; minutes are kept, and have been rounded up only to the unit that was agreed."""
    kind = book()["prices"]["sheet_support"]
    yen = price("sheet_support", period[0])
    amount = floor(Fraction(yen * charged, kind["per"]))
    rests = (*clauses, kind["clause"], "21", "24-1")
    told = dict(quantity=charged, unit=kind["unit"], unit_price=yen, per=kind["per"])
    return [Line(key, ("sheet_support", facts), month, period, amount, taxed_on, rests, dict(hour_unit=agreed.rules["hour_unit"]), **told)] if charged else []
