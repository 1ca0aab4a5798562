# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation menu (運用メニュー): what a month costs (第35条, 別紙2第2表, 別紙5), and how far the provider is liable (第30条, 第36条).

A month's fee is the sum of its days, each worth price × units ÷ days of the month, of the days that are charged at all. That one sum holds a whole
month, one that is prorated, components that come and go, and days on which the menu could not be used. All of it is exact; one floor makes yen of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_outages as outages
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement, Change, Option
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, counted, deduction, floor, key_of, rounded, spelled
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month, month_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, price, units, units_of

Counts = dict[str, dict[str, int]]


class Charged(NamedTuple):
    """The days that are charged in a billing month, first to last, why these, and on which of them the service ended, which decides its tax rate.

    `of`: the month that they are of, which is the billing month itself, or where that of the start is charged in full the one that they fill.
    """

    of: Month
    first: date
    last: date
    provided_until: date
    clauses: tuple[str, ...]
    rules: Mapping[str, Any]


class Service(NamedTuple):
    """The plan or a customised option: its first and last day, the application that 別紙2※5 asks for, and the rules that said so."""

    start: date
    end: date | None
    applied_on: date | None
    rules: Mapping[str, Any] = {}


def services(agreed: Agreement) -> list[Service]:
    """The plan and the customised options."""
    return [*([plan_service(agreed)] if agreed.plans else []), *(option_service(agreed, option) for option in agreed.options)]


def plan_service(agreed: Agreement) -> Service:
    return Service(agreed.plans[0].start, agreed.cancelled_on, agreed.menu_applied_on)


def option_service(agreed: Agreement, option: Option) -> Service:
    """An option, which ends with the contract. Of an old menu the rule `legacy_options` says whether one that was agreed later is charged as old."""
    end = min((day for day in (option.until, agreed.cancelled_on) if day), default=None)
    own, menu = option.applied_on or option.start, agreed.menu_applied_on
    if not _legacy(menu) or _legacy(own):
        return Service(option.start, end, menu)
    rule = agreed.rules["legacy_options"]
    return Service(option.start, end, menu if rule == "contract" else own, dict(legacy_options=rule))


def start_clause(service: Service) -> str:
    """What says from when a service is paid: of a menu that was applied for until 2022-03-31 it is the start itself."""
    return "annex2-note5" if _legacy(service.applied_on) else "35-1"


def _legacy(applied_on: date | None) -> bool:
    return applied_on is not None and applied_on <= book()["legacy"]["applied_until"]


def lines(agreed: Agreement, month: Month) -> list[Line]:
    """The plan and the customised options in a month."""
    return _lines(agreed, month, charged_days)


def of_provided_days(agreed: Agreement, month: Month) -> list[Line]:
    """The same, as if each day were charged on which they were provided."""
    return _lines(agreed, month, _provided_days)


def _lines(agreed: Agreement, month: Month, charging: Charging) -> list[Line]:
    return [line for line in (_plan_line(agreed, month, charging), *_option_lines(agreed, month, charging)) if line]


def _plan_line(agreed: Agreement, month: Month, charging: Charging) -> Line | None:
    charged = agreed.plans and charging(agreed, plan_service(agreed), month)
    if not charged:
        return None
    of = charged.of
    plan, why, rules = plan_of(agreed, of)
    yen = price(plan, of.first)
    count = counts_by_day(agreed, of)
    shares = {day: units_of("operation", count(day), agreed.rules["unit_scope"]) for day in of.days}
    total = {day: sum(share.values()) for day, share in shares.items()}
    last = charged.last
    rules = dict(rules, **charged.rules, **_component_rules(agreed, of, shares[last]))
    constant = len({tuple(sorted(shares[day].items())) for day in of.days if charged.first <= day <= last}) == 1
    found = Line(
        key="operation",
        text=("operation", dict(plan=plan, month=of)),
        month=month,
        period=(charged.first, last),
        amount=0,
        taxed_on=charged.provided_until,
        clauses=(*charged.clauses, *why, book()["prices"][plan]["clause"], *([] if not total[last] else ["annex5-1"]), "24-1"),
        rules=rules,
        quantity=total[last] if constant else None,
        unit=book()["prices"][plan]["unit"],
        unit_price=yen,
        components=counted("operation", count(last), shares[last]),
    )
    return _priced(agreed, found, charged, total)


def _option_lines(agreed: Agreement, month: Month, charging: Charging) -> list[Line | None]:
    found = []
    for option in agreed.options:
        charged = charging(agreed, option_service(agreed, option), month)
        if charged:
            line = Line(
                key=key_of("option", option.name, f"{option.start}"),
                text=("option", dict(name=option.name, month=charged.of)),
                month=month,
                period=(charged.first, charged.last),
                amount=0,
                taxed_on=charged.provided_until,
                clauses=(*charged.clauses, "annex1-3", "annex2-2", "annex2-note4", "24-1"),
                rules=charged.rules,
                quantity=1,
                unit_price=option.yen,
            )
            found.append(_priced(agreed, line, charged, dict.fromkeys(charged.of.days, 1)))
    return found


def whole_month(agreed: Agreement, month: Month) -> list[Line]:
    """The plan and the customised options in a month at the price of a whole month, however much of it is charged."""
    found = []
    if agreed.plans and agreed.plans[0].start <= month.last and not (agreed.cancelled_on and agreed.cancelled_on < month.first):
        last = min(month.last, agreed.cancelled_on or month.last)
        plan, why, rules = plan_of(agreed, month)
        units_there = sum(units_of("operation", counts_by_day(agreed, month)(last), agreed.rules["unit_scope"]).values())
        found.append((price(plan, month.first) * units_there, last, why, rules))
    for option in agreed.options:
        until = min(day for day in (option.until, agreed.cancelled_on, month.last) if day)
        if option.start <= month.last and max(option.start, month.first) <= until:
            found.append((option.yen, until, (), {}))
    return [Line("operation", ("plan", {}), month, (month.first, month.last), yen, day, why, rules) for yen, day, why, rules in found]


def charged_days(agreed: Agreement, service: Service, month: Month) -> Charged | None:
    """Which days are charged for a service in a billing month, or None.

    From the month after its start (第35条第1項), as `first_charge` has it; a menu applied for until 2022-03-31 from the start itself (別紙2※5). The
    month of the start, as `month_of_start` has it, is charged in full when the contract ends in it (第35条第1項ただし書), of an old contract by the rule
    `legacy_within_month`; when an option ends in it while the contract goes on, the rule `option_within_month` says whether it is. Only the end makes it
    payable, so it belongs to the billing month of the end. The month of the end is charged whole, unless the rule `cancel_proration` says otherwise.
    """
    start, end = service.start, service.end
    if end and end < start:
        return None
    began, of = agreed.month_of(start), month
    legacy = _legacy(service.applied_on)
    within = end is not None and end < first_charge(agreed, start)
    clauses, rules = ["35-1"], dict(service.rules)
    if within and legacy:
        within = end == agreed.cancelled_on and agreed.rules["legacy_within_month"] == "whole_month"
        rules |= dict(legacy_within_month=agreed.rules["legacy_within_month"]) if end == agreed.cancelled_on else {}
    if within:
        if month != agreed.month_of(end) or (end != agreed.cancelled_on and agreed.rules["option_within_month"] == "free"):
            return None
        of = month_of_start(agreed, start)
        first, last = of
        clauses += ["35-1-proviso"] if end == agreed.cancelled_on else []
        rules |= {} if end == agreed.cancelled_on else dict(option_within_month=agreed.rules["option_within_month"])
    else:
        first = (start if agreed.rules["legacy_start_proration"] == "calendar" else began.first) if legacy else first_charge(agreed, start)
        last = month.last if not end else end if agreed.rules["cancel_proration"] == "calendar" else agreed.month_of(end).last
        if legacy and month == began:
            clauses.append("annex2-note5")
            rules["legacy_start_proration"] = agreed.rules["legacy_start_proration"]
        if end and month.first <= end <= month.last:
            rules["cancel_proration"] = agreed.rules["cancel_proration"]
    if agreed.rules["billing_month_start_day"] != 1:
        rules |= {name: agreed.rules[name] for name in ("billing_month_start_day", "first_charge_day")}
    if end == agreed.cancelled_on and end and month.first <= end <= month.last:
        clauses.append(agreed.cancelled_by)
    first, last = max(first, of.first), min(last, of.last)
    return Charged(of, first, last, min(last, end or last), tuple(clauses), rules) if first <= last else None


def _provided_days(agreed: Agreement, service: Service, month: Month) -> Charged | None:
    first, last = max(service.start, month.first), min(service.end or month.last, month.last)
    return Charged(month, first, last, last, (), {}) if first <= last else None


Charging = Callable[[Agreement, Service, Month], Charged | None]


def charged_from(agreed: Agreement, service: Service) -> date | None:
    """The first day for which a service is paid, or None where it never is."""
    return next((days.first for dummy, days in _first_charged(agreed, service)), None)


def first_charged_month(agreed: Agreement) -> Month | None:
    """The first billing month in which anything is paid for."""
    return min((month for service in services(agreed) for month, dummy in _first_charged(agreed, service)), default=None)


def _first_charged(agreed: Agreement, service: Service) -> Iterator[tuple[Month, Charged]]:
    """The billing month of the start and the next one, as far as a service is charged in them."""
    began = agreed.month_of(service.start)
    for month in (began, began.next()):
        if days := charged_days(agreed, service, month):
            yield month, days


def month_of_start(agreed: Agreement, day: date) -> Month:
    """The month in which something starts (第35条第1項): a calendar month, or by the rule `first_charge_day` a billing month."""
    return month_of(day, 1) if agreed.rules["first_charge_day"] == "calendar_month" else agreed.month_of(day)


def first_charge(agreed: Agreement, start: date) -> date:
    """The day from which what starts on a day is paid for (第35条第1項: 翌月の1日から起算して)."""
    return month_of_start(agreed, start).next().first


def counted_from(agreed: Agreement, day: date, count: int) -> date:
    """The day from which components that come (or go, when negative) on a day within the menu's time are paid for (or no longer are)."""
    if agreed.rules["component_change_rule"] == "calendar":
        return day if count > 0 else day + DAY
    return first_charge(agreed, day) if count > 0 else agreed.month_of(day).next().first


def first_whole_month(agreed: Agreement, days: Iterable[date]) -> Month:
    """The first month that all of what is charged from these days on fills from its first to its last day."""
    months = [(agreed.month_of(day), day) for day in days]
    return max(month if month.first >= day else month.next() for month, day in months)


def plan_of(agreed: Agreement, month: Month) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The plan whose price a month has, with clauses and rules: the one changed to, or after several changes the dearest (別紙2（注）)."""
    held = [plan for plan in agreed.plans if plan.start <= month.last]
    changes = [plan for plan in held[1:] if plan.start >= month.first]
    if len(changes) < 2:
        return held[-1].name, ("annex2-change",) if changes else (), {}
    on_first_day = [plan for plan in held if plan.start <= month.first][-1:] or held[:1]
    rule = agreed.rules["several_plan_changes"]
    among = [*changes, *(on_first_day if rule == "with_first_day" else [])]
    return max(among, key=lambda plan: price(plan.name, month.first)).name, ("annex2-change",), dict(several_plan_changes=rule)


def counts_by_day(agreed: Agreement, month: Month) -> Callable[[date], Counts]:
    """What there is to be paid for on each day of a month: component → group → how many."""
    changes = moves(agreed, month)

    def count(day: date) -> Counts:
        found: Counts = {}
        for since, component, group, number in changes:
            if since <= day:
                groups = found.setdefault(component, {})
                groups[group] = groups.get(group, 0) + number
        return found

    return count


def moves(agreed: Agreement, of: Month | None = None) -> list[tuple[date, str, str, int]]:
    """From which day on so many components of a group more (or less, when negative) are to be paid for, once the menu itself is.

    Components that were there when the menu began count from its beginning. By the rule `component_change_rule` later ones are charged from the month after
    they came (第35条第1項; also those of an old menu, of which 別紙2※5 speaks of the start alone), and removed ones to the end of their month; or both by the
    day, the day of removal included. What goes before it is charged would never count by the month; by the rule `component_within_month` it may count for
    the month in which it went: the one that is asked for (`of`), or else the billing month.
    """
    start = agreed.plans[0].start
    by_day = agreed.rules["component_change_rule"] == "calendar"

    def effective(day: date, count: int) -> date:
        return date.min if day < start or (day == start and count > 0) else counted_from(agreed, day, count)

    lasting, fleeting = (agreed.changes, []) if by_day else _within_a_month(agreed)
    found = [(effective(change.day, change.count), change.component, change.group, change.count) for change in lasting]
    if agreed.rules["component_within_month"] == "charged":
        for change in fleeting:
            one = of if of and of.first <= change.day <= of.last else agreed.month_of(change.day)
            found += [(one.first, change.component, change.group, change.count), (one.next().first, change.component, change.group, -change.count)]
    return found


def moved_on(agreed: Agreement) -> set[date]:
    """The days on which what is to be paid for changes while the menu goes on."""
    return {day for day, *dummy in moves(agreed) if day > date.min} if agreed.plans else set()


def _within_a_month(agreed: Agreement) -> tuple[list[Change], list[Change]]:
    """The changes without what goes before it is charged, be it removed or the contract at its end, and what does, by the day on which it goes.

    What was added last goes first.

    What was there when the menu began is charged from the start of an old one (別紙2※5), and where the contract ends before its first charge (第35条第1項
    ただし書).
    """
    changes, start, end = agreed.changes, agreed.plans[0].start, agreed.cancelled_on
    from_start = _legacy(agreed.menu_applied_on) or (end is not None and end < first_charge(agreed, start))
    by_group = agreed.rules["unit_scope"] == "group"
    left, fleeting = [change.count for change in changes], []
    for number, gone in enumerate(changes):
        if gone.count < 0 and gone.day >= start:
            for earlier in range(number - 1, -1, -1):
                come = changes[earlier]
                if (come.day <= start and from_start) or first_charge(agreed, max(come.day, start)) <= gone.day:
                    break
                if come.count > 0 and come.component == gone.component and (come.group == gone.group or not by_group):
                    both = min(left[earlier], -left[number])
                    left[earlier], left[number] = left[earlier] - both, left[number] + both
                    fleeting += [come._replace(day=gone.day, count=both)] if both else []
    for number, come in enumerate(changes):
        if end and come.count > 0 and come.day > start and first_charge(agreed, come.day) > end:
            fleeting += [come._replace(day=end, count=left[number])] if left[number] else []
            left[number] = 0
    return [change._replace(count=rest) for change, rest in zip(changes, left, strict=True) if rest], fleeting


def _component_rules(agreed: Agreement, month: Month, shares: Mapping[str, int]) -> dict[str, Any]:
    """The rules that had something to decide about the components of a month."""
    found = {}
    if any(units()["operation"][name]["per"] > 1 for name, share in shares.items() if share):
        found["unit_scope"] = agreed.rules["unit_scope"]
    before = agreed.month_of(month.first - DAY)
    if any(before.first <= change.day <= month.last and change.day > agreed.plans[0].start for change in agreed.changes):
        found["component_change_rule"] = agreed.rules["component_change_rule"]
    if agreed.rules["component_change_rule"] == "next_month" and any(month.first <= change.day <= month.last for change in _within_a_month(agreed)[1]):
        found["component_within_month"] = agreed.rules["component_within_month"]
    return found


def _segments(line: Line, numbers: Mapping[date, int], parts: Mapping[date, Fraction | int], of: int) -> tuple[list[dict[str, Any]], Fraction]:
    """Days next to one another with the same number, each with how much of it counts (`parts`) out of so many; and what they cost."""
    runs: list[list[date]] = []
    for day in sorted(parts):
        if runs and runs[-1][-1] + DAY == day and numbers[runs[-1][-1]] == numbers[day]:
            runs[-1].append(day)
        else:
            runs.append([day])
    found, yen = [], Fraction(0)
    for run in runs:
        number, days = numbers[run[0]], sum(parts[day] for day in run)
        yen += Fraction(line.unit_price * number * days) / of
        told = days if isinstance(days, int) else str(days)
        found.append(dict(spelled((run[0], run[-1])), quantity=number, unit_price=line.unit_price, days=told, of=of))
    return found, yen


def _priced(agreed: Agreement, line: Line, charged: Charged, numbers: Mapping[date, int]) -> Line | None:
    """The line with its amount. `numbers`: how many there are to be paid for on each day of the month."""
    days = [day for day in charged.of.days if charged.first <= day <= charged.last]
    segments, gross = _segments(line, numbers, dict.fromkeys(days, 1), len(numbers))
    if not gross:
        return None
    provided = [day for day in days if day <= charged.provided_until]  # nothing is lost of what has ended, though it is charged to the end of its month
    deductions, rules = [], dict(line.rules)
    left = gross
    if any(outages.overlap(outage, span, provided) for outage in agreed.outages if outage.cause != "customer" for span in agreed.suspensions):
        rules["outage_while_suspended"] = agreed.rules["outage_while_suspended"]
    if provided and outages.of_both_rows(agreed, provided):
        rules["outage_of_both_rows"] = agreed.rules["outage_of_both_rows"]
    lost = list(outages.idle_days(agreed))
    # 第35条第2項: of a month that could not be used at all nothing is paid, however many days are reckoned for it.
    whole = all(sum(idle.get(day, 0) for dummy, idle in lost) >= 1 for day in provided)
    basis = 30 if agreed.rules["outage_day_basis"] == "thirty_days" and not whole else len(numbers)
    for outage, idle in lost:
        parts, full = _segments(line, numbers, {day: Fraction(idle[day]) for day in provided if idle.get(day) and numbers[day]}, basis)
        if full:
            share = min(full, left)
            left -= share
            told = dict(outages.spelled(outage), segments=parts, capped=share < full)
            deductions.append(deduction("outage", share, (outages.CLAUSES[outage.cause],), **told))
            rules["outage_day_basis"] = agreed.rules["outage_day_basis"]
            unit = "gross_fault_time" if outage.cause == "provider_gross" else "outage_unit_day"
            rules[unit] = agreed.rules[unit]
    percent = agreed.reductions.get(("operation", line.month.name), 0)
    if percent:
        share = left * percent / 100
        left -= share
        deductions.append(deduction("reduction", share, ("25",), percent=percent))
    if deductions:
        rules["floor_target"] = agreed.rules["floor_target"]
    amount = rounded(gross, gross - left, agreed.rules["floor_target"])
    by = {cause: sum(Fraction(one["yen"]) for one in deductions if one.get("cause") == cause) for cause in ("provider", "provider_gross")}
    less = {cause: rounded(gross, gross - left - yen, agreed.rules["floor_target"]) - amount for cause, yen in by.items()}
    return line._replace(
        amount=amount,
        by_provider=less["provider"],
        by_gross_fault=less["provider_gross"],
        gross=floor(gross),
        segments=tuple(segments),
        deductions=tuple(deductions),
        clauses=(*line.clauses, *(clause for one in deductions for clause in one["clauses"]), "21"),
        rules=rules,
    )
