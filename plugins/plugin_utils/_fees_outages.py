# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outages of the operation menu: how much of which days is lost by them (第35条第2項), and why it may be nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement, Outage
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month

CLAUSES = dict(third_party="35-2-1", provider="35-2-1", provider_gross="35-2-2")
WHOLE_DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


def spelled(outage: Outage) -> dict[str, str]:
    return {"from": outage.known.isoformat(sep=" "), "until": outage.until.isoformat(sep=" "), "cause": outage.cause}


def idle_days(agreed: Agreement) -> Iterator[tuple[Outage, dict[date, Fraction]]]:
    """Each outage with its days, and how much of them counts as lost.

    第35条第2項: by the customer's doing nothing; by the provider's intent or gross fault the time itself, or its full hours by the rule `gross_fault_time`;
    otherwise each full 24 hours since the provider knew is one day, the one on which they start (or end, by the rule `outage_unit_day`). A state that goes
    on by the doing of somebody else is one state; its 24 hours belong to the outage in which they start. The second row gives more than the first one, so
    by the rule `outage_of_both_rows` its time counts in the 24 hours of a state as well, and they give what it leaves of them.
    """
    # 24 hours that end at midnight end with the day before it.
    shift = WHOLE_DAY - timedelta(microseconds=1) if agreed.rules["outage_unit_day"] == "end" else timedelta(0)
    unit = HOUR if agreed.rules["gross_fault_time"] == "full_hours" else timedelta(seconds=1)
    for state in _states(_while_in_use(agreed), apart=agreed.rules["outage_of_both_rows"] == "apart"):
        gross = [
            (outage, min(outage.until, run[0].known + (run[-1].until - run[0].known) // unit * unit))
            for run in _states(state, apart=True)
            for outage in run
            if outage.cause == "provider_gross"
        ]
        found = {outage: _time_by_day(outage.known, until) for outage, until in gross}
        for number in range((state[-1].until - state[0].known) // WHOLE_DAY):
            start = state[0].known + WHOLE_DAY * number
            stop = start + WHOLE_DAY
            rest = 1 - sum(_of_a_day(min(until, stop) - max(outage.known, start)) for outage, until in gross if outage.known < stop and until > start)
            first = next((one for one in state if CLAUSES.get(one.cause) == "35-2-1" and one.known < stop and one.until > start), None)
            if first and rest:
                found.setdefault(first, {})[(start + shift).date()] = rest
        yield from ((outage, found[outage]) for outage in state if outage in found)


class Kept(NamedTuple):
    """An outage that takes nothing off a month: a text that says why, what goes into it, and what it rests on."""

    outage: Outage
    text: str
    facts: Mapping[str, Any]
    clauses: tuple[str, ...]


def without_deduction(agreed: Agreement, month: Month, deductions: Iterable[Mapping[str, Any]]) -> Iterator[Kept]:
    """The outages that fell into a month and are in none of its deductions, each with the reason: others are to be paid for (第35条第2項ただし書)."""
    taken = [(datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["until"])) for one in deductions if one["text"] == "outage"]
    in_use = _while_in_use(agreed)
    states = _states(in_use, apart=agreed.rules["outage_of_both_rows"] == "apart")
    idle: dict[str, set[date]] = {}
    for outage, lost in idle_days(agreed):  # a suspension may have made two parts of one
        idle.setdefault(outage.where, set()).update(lost)
    for outage in agreed.outages:
        if outage.known >= midnight(month.last + DAY) or outage.until <= midnight(month.first):
            continue
        together = [one for state in states if any(part.where == outage.where for part in state) for one in state] or [outage]
        if any(one.known <= since and until <= one.until for one in (outage, *together) for since, until in taken):
            continue
        days = [day for one in together for day in idle.get(one.where, ())]
        if outage.cause == "customer":
            yield Kept(outage, "outage_by_customer", {}, ("35-2",))
        elif not any(one.where == outage.where for one in in_use):
            yield Kept(outage, "outage_suspended", {}, ("35-2", "34-1"))
        elif not days and outage not in in_use:
            yield Kept(outage, "outage_rest_short", {}, (CLAUSES[outage.cause], "34-1"))
        elif not days:
            text = "outage_short_hour" if outage.cause == "provider_gross" else "outage_short"
            yield Kept(outage, text, {}, (CLAUSES[outage.cause],))
        elif not any(month.first <= day <= month.last for day in days):
            text = "outage_of_other_days" if min(days) < max(days) else "outage_of_another_day"
            yield Kept(outage, text, dict(first=min(days), last=max(days)), (CLAUSES[outage.cause],))
        else:
            yield Kept(outage, "outage_uncharged", {}, ("35-2", "35-1"))


def _states(outages: Iterable[Outage], apart: bool) -> list[list[Outage]]:
    """Outages in the order of time, those together that are one state without a break: not by the customer's doing, and `apart` by row of 第35条第2項."""
    found: list[list[Outage]] = []
    for outage in sorted(outages):
        before = found[-1][-1] if found else None
        rows = [CLAUSES.get(one.cause) for one in (before, outage) if one]
        if before and before.until == outage.known and None not in rows and (rows[0] == rows[1] or not apart):
            found[-1].append(outage)
        else:
            found.append([outage])
    return found


def of_both_rows(agreed: Agreement, days: list[date]) -> bool:
    """Whether a state without a break falls under both rows of 第35条第2項 on some of these days."""
    first, after = midnight(days[0]), midnight(days[-1] + DAY)
    states = (state for state in _states(_while_in_use(agreed), apart=False) if state[0].known < after and state[-1].until > first)
    return any(len({CLAUSES.get(outage.cause) for outage in state}) > 1 for state in states)


def _while_in_use(agreed: Agreement) -> list[Outage]:
    """The outages without the time for which the customer was suspended anyway (第34条), unless the rule `outage_while_suspended` counts it."""
    found = list(agreed.outages)
    for first, last in agreed.suspensions if agreed.rules["outage_while_suspended"] == "ignored" else ():
        start, stop = midnight(first), midnight(last + DAY)
        parts = (part for one in found for part in (one._replace(until=min(one.until, start)), one._replace(known=max(one.known, stop))))
        found = [part for part in parts if part.known < part.until]
    return found


def overlap(outage: Outage, span: tuple[date, date], days: list[date]) -> bool:
    """Whether an outage fell into a suspension on some of these days."""
    return any(span[0] <= day <= span[1] and outage.known < midnight(day + DAY) and outage.until > midnight(day) for day in days)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _time_by_day(start: datetime, until: datetime) -> dict[date, Fraction]:
    found = {}
    while start < until:
        stop = min(until, midnight(start.date()) + WHOLE_DAY)
        found[start.date()] = _of_a_day(stop - start)
        start = stop
    return found


def _of_a_day(time: timedelta) -> Fraction:
    return Fraction(time // timedelta.resolution, WHOLE_DAY // timedelta.resolution)
