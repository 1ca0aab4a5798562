# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Late payment: which payment pays which debt (第22条第2項), and late interest (延滞利息, 第19条)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from importlib import import_module
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import floor
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book


class Debt(NamedTuple):
    """Yen with tax that are due on a day. Late interest is a debt as well, and bears none itself.

    `written` is whether it is known that so much was asked for; otherwise it is what the events come to by now.
    """

    due: date
    bears_no_interest: int
    yen: int
    written: bool = True


class Share(NamedTuple):
    """A part of a debt and the day on which it was paid, None for what is still open."""

    yen: int
    paid_on: date | None


class Late(NamedTuple):
    """The interest on what was due on one day, as far as it has been paid: `yen` is floored, `exact` is not; `days` are those of the last payment.

    `paid_on` is None as long as some of it is open.
    """

    due: date
    principal: int
    open_yen: int
    paid_on: date | None
    days: int
    exact: Fraction
    segments: tuple[dict[str, Any], ...]

    @property
    def yen(self) -> int:
        return floor(self.exact)


def allocate(debts: Iterable[Debt], payments: Iterable[tuple[date, int]], order: str = "bearing_first") -> list[tuple[Debt, list[Share]]]:
    """Every debt with the payments that pay it: debts in the order of their due dates (第22条第2項), payments in the order of their days.

    `order` is the rule `late_payment_order`: which debts of one due date are paid first. What is paid too much pays what is due next.
    """
    sign = 1 if order == "bearing_first" else -1
    purse = [[yen, day] for day, yen in sorted(payments)]
    found = []
    for debt in sorted(debts, key=lambda one: (one.due, sign * one.bears_no_interest, one.written, one.yen)):
        shares, open_yen = [], debt.yen
        while open_yen and purse:
            part = min(open_yen, purse[0][0])
            shares.append(Share(part, purse[0][1]))
            open_yen -= part
            purse[0][0] -= part
            if not purse[0][0]:
                purse.pop(0)
        found.append((debt, [*shares, *([Share(open_yen, None)] if open_yen else [])]))
    return found


def late_interest(
    debts: Iterable[Debt], payments: Iterable[tuple[date, int]], rules: Mapping[str, Any], until: date | None = None, known: date | None = None
) -> list[Late]:
    """The interest on each due date's debts. What is still open counts as paid on `until`; without it, it has none yet.

    `known` is the day up to which payments are told, without it that of the last one: what was open on it was not paid within the days of grace before it.
    """
    told = list(payments)
    order = rules["late_payment_order"]
    return _late_of(allocate(_as_asked_for(list(debts), told, order), told, order), told, rules, until, known)


def unwritten(debts: Iterable[Debt], payments: Iterable[tuple[date, int]], rules: Mapping[str, Any], known: date) -> list[Late]:
    """What is paid late or in part by what the events come to, of due dates of which nobody knows that so much was asked for: it bears no interest."""
    owed, told, order = list(debts), list(payments), rules["late_payment_order"]
    open_to_doubt = _open_to_doubt(owed, told, order)
    found = [late for late in _late_of(allocate(owed, told, order), told, rules, None, known) if late.due in open_to_doubt]
    return [late for late in found if late.yen or (0 < late.open_yen < late.principal and late.due <= known)]


def _as_asked_for(debts: list[Debt], payments: list[tuple[date, int]], order: str) -> list[Debt]:
    """Debts without what perhaps nobody asked for: of those open to doubt there is what was paid by their due dates, and it bears no interest."""
    doubted = _open_to_doubt(debts, payments, order)
    if not doubted:
        return debts
    sure = [debt for debt in debts if debt.written or debt.due not in doubted]
    for due in sorted(doubted):
        before = sum(debt.yen for debt in sure if debt.due <= due)
        paid = sum(yen for day, yen in payments if day <= due)
        asked_for = sum(debt.yen for debt in debts if debt.due == due and not debt.written)
        sure.append(Debt(due, 1, max(0, min(asked_for, paid - before))))
    return sure


def _open_to_doubt(debts: list[Debt], payments: list[tuple[date, int]], order: str) -> set[date]:
    """Due dates of sums that nobody wrote down and that were not paid on one day, together with all else that was due by then, to the last yen."""
    paid: dict[tuple[date, bool], set[date | None]] = {}
    for debt, shares in allocate(debts, payments, order):
        paid.setdefault((debt.due, debt.written), set()).update(share.paid_on for share in shares)
    partly = {day for (due, dummy), days in paid.items() if len(days) > 1 for day in days if day and due <= day}
    return {due for (due, written), days in paid.items() if not written and (len(days) > 1 or days & partly)}


def _late_of(
    allocated: Iterable[tuple[Debt, list[Share]]], told: list[tuple[date, int]], rules: Mapping[str, Any], until: date | None, known: date | None
) -> list[Late]:
    known = until or known or max((day for day, dummy in told), default=None)
    by_due: dict[date, list[Share]] = {}
    for debt, shares in allocated:
        if not debt.bears_no_interest:
            by_due.setdefault(debt.due, []).extend(shares)
    return [_late(due, shares, rules, until, known) for due, shares in sorted(by_due.items())]


def _late(due: date, shares: list[Share], rules: Mapping[str, Any], until: date | None, known: date | None) -> Late:
    """第19条: from the day after the due date to the day before payment; none for what is paid within the days of grace.

    A part that was paid has its days, whatever becomes of the rest; by the rule `late_while_open` its interest may wait for the rest.
    """
    counted = last_day(due, rules)
    open_yen = sum(share.yen for share in shares if share.paid_on is None)
    paid: dict[date, int] = {}
    for share in shares:
        if day := share.paid_on or until:
            paid[day] = paid.get(day, 0) + share.yen
    last = max(paid, default=None)
    waits = open_yen and not until and rules["late_while_open"] == "waits"
    end_of_grace = counted + DAY * book()["late_interest"]["grace_days"]
    whole_by = known if open_yen and not until else last
    forgiven = (lambda dummy: whole_by <= end_of_grace) if rules["late_grace"] == "whole_debt" else (lambda day: day <= end_of_grace)
    late = [(yen, day) for day, yen in sorted(paid.items()) if day > counted + DAY and not forgiven(day)] if not waits else []
    segments = [_segment(yen, counted, day, rules["late_day_count"]) for yen, day in late]
    return Late(
        due,
        sum(share.yen for share in shares),
        open_yen,
        None if open_yen else last,
        max((segment["days"] for segment in segments), default=0),
        sum((segment["exact"] for segment in segments), Fraction(0)),
        tuple(segments),
    )


def _segment(yen: int, due: date, paid_on: date, day_count: str) -> dict[str, Any]:
    first, last = due + DAY, paid_on - DAY
    return dict(yen=yen, first=first, last=last, days=(last - first).days + 1, exact=interest(yen, first, last, day_count))


def interest(yen: int, first: date, last: date, day_count: str) -> Fraction:
    """Interest on an amount for a time, first and last day included; exact, so that a time may be divided at will.

    With `calendar_year` a day of a leap year is one of 366.
    """
    rate = Fraction(book()["late_interest"]["percent_a_year"]) / 100
    return sum((yen * rate * days / (365 if day_count == "fixed_365" else length) for days, length in _days_by_year(first, last)), Fraction(0))


def _days_by_year(first: date, last: date) -> Iterator[tuple[int, int]]:
    while first <= last:
        end = min(last, date(first.year, 12, 31))
        yield (end - first).days + 1, (date(first.year, 12, 31) - date(first.year, 1, 1)).days + 1
        first = end + DAY


def last_day(due: date, rules: Mapping[str, Any]) -> date:
    """The day after which a payment is late: the due date, or the next day on which banks are open (rule `due_date_roll`)."""
    while rules["due_date_roll"] == "next_bank_day" and not _bank_day(due):
        due += DAY
    return due


def _bank_day(day: date) -> bool:
    """Holidays that nobody can know yet are none."""
    if day.weekday() >= 5 or f"{day:%m-%d}" in book()["bank_holidays"]:
        return False
    calendar = import_module("ansible_collections.msp.aws.plugins.plugin_utils._calendar")
    return day > calendar.LAST or day not in calendar.holidays(day.year)
