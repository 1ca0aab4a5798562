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
    orders = [order for order in agreed.orders if month.first <= order.accepted_on <= month.last]
    found = [*_all_hours(agreed, orders, month), *(line for order in orders for line in _order(agreed, order, month))]
    percent = agreed.reductions.get(("set_up", month.name), 0)
    return [_reduced(line, percent, agreed.rules["floor_target"]) for line in found] if percent else found


def _all_hours(agreed: Agreement, orders: list[Order], month: Month) -> Iterator[Line]:
    """The hours that were ordered or worked in a month. Their minutes are rounded up once, with those that come last."""
    told = [(key_of("sheet_support", order.name), [order.parts["sheet_support"]], *_about(_of_help(order), month)) for order in orders]
    worked = by_rate((day, minutes) for day, minutes in agreed.support if month.first <= day <= month.last)
    told += [("sheet_support", minutes, day, (month.first, month.last), ("29-1",), {}) for day, minutes in worked]
    told = [one for one in told if sum(one[1])]
    lacking = -sum(minutes for one in told for minutes in one[1]) % agreed.rules["hour_unit"]
    for number, (key, minutes, *rest) in enumerate(told, 1):
        yield _hours(agreed, sum(minutes) + (lacking if number == len(told) else 0), month, key, *rest)


def _of_help(order: Order) -> Order:
    """Help comes before the work: of an order that was called off it is what had been begun (第29条第2項), be it that the work had not (第1項ただし書)."""
    return order._replace(clause="29-2") if order.cancelled_on and not order.completed_on else order


def _about(order: Order, month: Month) -> tuple[date, tuple[date, date], tuple[str, ...], dict[str, str]]:
    """By which day an order is taxed, its time, its clause, and its name where it is not the contract's own."""
    done = order.completed_on or order.cancelled_on
    return done or month.last, (order.accepted_on, done or order.accepted_on), (order.clause,), {} if order.name == OWN_ORDER else dict(order=order.name)


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
    taxed_on, period, clauses, facts = _about(order, month)
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
                clauses=(*clauses, kind["clause"], *(["annex4-2"] if shares else ["annex4-1"] if part == "basic" else []), "24-1"),
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
) -> Line:
    """Help with the parameter sheet is charged by the hour; minutes are kept, and have been rounded up only to the unit that was agreed."""
    kind = book()["prices"]["sheet_support"]
    yen = price("sheet_support", period[0])
    amount = floor(Fraction(yen * charged, kind["per"]))
    rests = (*clauses, kind["clause"], "21", "24-1")
    told = dict(quantity=charged, unit=kind["unit"], unit_price=yen, per=kind["per"])
    return Line(key, ("sheet_support", facts), month, period, amount, taxed_on, rests, dict(hour_unit=agreed.rules["hour_unit"]), **told)
