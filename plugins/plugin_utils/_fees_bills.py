# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bills: which months are billed together, when they are due, and what they hold (別紙2, 第18条, 第19条, 第23条, 第49条)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_set_up as set_up
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement, Issue, Settled
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import Debt, Late, last_day, late_interest, unwritten
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, spelled, sums
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month, end_of_calendar_month, first_issue
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, price

STANDING = ("qualified_invoice/standing", "postage/standing")  # keys of what comes with each invoice


class Bill(NamedTuple):
    """One invoice: the months it is for, what it holds, its day of issue (the first one it can have, unless it is known), and when it is due.

    `lines` are what the provider bills itself, month by month, `used` what the months cost, whoever bills it. `issue` is what was written down of the
    invoice. `channel` is the provider's own where one of its months is.
    """

    months: tuple[Month, ...]
    lines: tuple[Line, ...]
    used: tuple[Line, ...]
    issue_day: date
    issue: Issue | None
    due: date
    qualified: bool
    clauses: tuple[str, ...]
    channel: str

    @property
    def owed(self) -> bool:
        """Whether there is anything to bill but what a qualified invoice itself costs."""
        return any(line.amount for line in self.lines if line.key not in STANDING)

    @property
    def period(self) -> tuple[date, date]:
        return self.months[0].first, self.months[-1].last


def charges(agreed: Agreement, month: Month) -> list[Line]:
    """What a month costs, without what comes with billing it: late interest and the price of its own qualified invoice."""
    return [*set_up.lines(agreed, month), *operation.lines(agreed, month), *_premiums(agreed, month), *_copies(agreed, month)]


def _premiums(agreed: Agreement, month: Month) -> list[Line]:
    """第18条: an evaded fee, and as a premium twice its amount without tax, plus tax on that."""
    found: dict[str, int] = {}
    for day, service, yen in agreed.evaded:
        if month.first <= day <= month.last:
            found[service] = found.get(service, 0) + yen
    times = book()["premium"]["times"]
    rule = agreed.rules["premium_tax_date"]
    lines = []
    for service, yen in sorted(found.items()):
        then = agreed.month(service)
        period = (then.first, then.last)
        facts = dict(month=then)
        # Who was cheated of the fee is owed it and its premium, though somebody else has begun to bill since.
        ours = agreed.biller(then) == "own"
        evaded = dict(quantity=1, unit_price=yen, ours=ours)
        lines.append(Line(f"evaded/{service}", ("evaded", facts), month, period, yen, then.last, ("18", "24-1"), **evaded))
        taxed_on = then.last if rule == "service" else month.last
        rests = dict(rules=dict(premium_tax_date=rule), quantity=times, unit_price=yen, kind="premium", ours=ours)
        lines.append(Line(f"premium/{service}", ("premium", facts), month, period, times * yen, taxed_on, ("18",), **rests))
    return lines


def _copies(agreed: Agreement, month: Month) -> list[Line]:
    """Qualified invoices that were asked for one by one, each by the month that it bills and the day of the request (第49条)."""
    found = []
    for day, of, postage in sorted(one for one in agreed.requests if month.first <= one[0] <= month.last):
        lines = _qualified(month, day, f"requested/{of}/{day}", 1, postage, ("qualified_invoice_of", "postage_of"), dict(month=agreed.month(of)))
        found += [line._replace(period=(day, day), ours=True) for line in lines]  # they are copies of what the provider billed
    return found


def _qualified(
    month: Month,
    taxed_on: date,
    key: str,
    count: int,
    postage: int,
    texts: tuple[str, str] = ("qualified_invoice", "postage"),
    facts: Mapping[str, Any] | None = None,
) -> list[Line]:
    yen = price("qualified_invoice", taxed_on)
    period = (month.first, month.last)
    found = []
    if count:
        told = dict(quantity=count, unit=book()["prices"]["qualified_invoice"]["unit"], unit_price=yen)
        found.append(Line(f"qualified_invoice/{key}", (texts[0], facts or {}), month, period, count * yen, taxed_on, ("49",), **told))
    if postage:
        found.append(Line(f"postage/{key}", (texts[1], facts or {}), month, period, postage, taxed_on, ("49",), quantity=1, unit_price=postage))
    return found


def bills(agreed: Agreement, last: Month) -> list[Bill]:
    """Every bill up to the one that holds a month, in order: each needs those before it, for the interest on what was paid late."""
    if agreed.first_day is None:
        return [_bill(agreed, (last,), [])]
    found: list[Bill] = []
    month = min(last, agreed.month_of(agreed.first_day))
    while month <= last:
        together = tuple(agreed.month(name) for name in agreed.billed_together(month.name))
        found.append(_bill(agreed, together, found))
        month = together[-1].next()
    return found


def _bill(agreed: Agreement, together: tuple[Month, ...], before: list[Bill]) -> Bill:
    names = [month.name for month in together]
    issue = next((issue for issue in agreed.issues if together[0].name in issue.months), None)
    day = issue.day if issue else first_issue(together[-1])
    due = (issue and issue.due) or end_of_calendar_month(day)
    channels = {month: agreed.biller(month) for month in together}
    channel = "own" if "own" in channels.values() else channels[together[-1]]
    used = [line for month in together for line in charges(agreed, month)]
    # What was owed to the provider before somebody else began to bill is owed to the provider still.
    lines = [line for line in used if line.ours or channels[line.month] == "own"]
    alone = not any(line.amount for line in lines)
    lines = lines + ([] if alone and agreed.rules["late_interest_alone"] == "waived" else _interest(agreed, before, together[-1], day))
    since = book()["prices"]["qualified_invoice"]["since"][0]["from"]
    possible = day >= since and any(line.taxed_on for line in lines)  # late interest is no price of a supply
    standing = possible and agreed.qualified(day)
    lines += _qualified(together[-1], day, "standing", int(standing), agreed.postage if standing else 0)
    asked = any(month in names for dummy, month, dummy in agreed.requests)
    clauses = ("23" if len(together) > 1 else "annex2-billing",)
    return Bill(together, tuple(lines), tuple(used), day, issue, due, possible and (agreed.qualified(day) or asked), clauses, channel)


def debts(agreed: Agreement, before: list[Bill]) -> list[Debt]:
    """What the customer had to pay: for bills as they were issued, less what was given back since, and for what was charged on top when that was due.

    Each is divided into what bears late interest and what does not. What was paid back to the customer was a payment no longer, so it takes from what was
    paid as a debt does that is due on that day.
    """
    found = [Debt(day, 1, yen) for day, yen in agreed.refunds]
    for bill in before:
        if bill.owed or bill.issue:
            since = _settlements(agreed, bill)
            bearing, rest = _issued(agreed, bill, since)
            written = bill.issue is not None and bill.issue.yen is not None
            found += [Debt(bill.due, 0, bearing, written), Debt(bill.due, 1, rest, written)]
            for one in since:
                principal = one.yen if agreed.rules["late_principal"] == "with_tax" else one.net
                found += [Debt(one.due, 0, principal), Debt(one.due, 1, one.yen - principal)] if one.due else []
    return [debt for debt in found if debt.yen > 0]


def lacking(agreed: Agreement, bill: Bill) -> int:
    """Yen with tax that a bill lacks (or has too much, when negative) of what is known now, as it was issued and settled and if it is worth a paper (別紙3)."""
    if bill.issue is None or bill.issue.yen is None:
        return 0
    since = _settlements(agreed, bill)
    moved = [one for one in since if not one.written_off]
    found = sums(bill.lines)["total"] - bill.issue.yen - sum(one.yen for one in moved)
    let_go = sum(one.yen for one in _written_off(since, [one for one in moved if one.yen > 0]))
    return 0 if 0 < found <= max(agreed.rules["write_off_up_to"], let_go) else found


def _settlements(agreed: Agreement, bill: Bill) -> list[Settled]:
    return [one for one in agreed.settlements if one.months == tuple(month.name for month in bill.months)]


def _issued(agreed: Agreement, bill: Bill, since: list[Settled]) -> tuple[int, int]:
    """Yen of a bill as it was issued, less what was given back since, that bear late interest, and those that do not.

    Where the invoice's own sum is not written down, it is what the events come to, without what was charged on top since.
    """
    now = sums(bill.lines)
    credits, charges = ([one for one in since if not one.written_off and (one.yen < 0) == back] for back in (True, False))
    extras = [*charges, *_written_off(since, charges)]
    told = bill.issue if bill.issue and bill.issue.yen is not None else None
    more = sum(one.yen for one in credits) + told.yen - now["total"] if told else -sum(one.yen for one in extras)
    more_bearing = more
    if agreed.rules["late_principal"] == "without_tax":
        more_bearing = sum(one.net for one in credits) + told.net - now["net"] if told else -sum(one.net for one in extras)
    bearing = bearing_interest(agreed, bill.lines)
    return max(0, bearing + more_bearing), max(0, now["total"] - bearing + more - more_bearing)


def _written_off(since: list[Settled], charges: list[Settled]) -> list[Settled]:
    """A write-off is of all that an invoice lacks by then, so the last one counts; what is charged later holds it."""
    charged = max((one.day for one in charges), default=date.min)
    return sorted((one for one in since if one.written_off and one.day >= charged), key=lambda one: (one.day, one.yen))[-1:]


def bearing_interest(agreed: Agreement, lines: tuple[Line, ...]) -> int:
    """第19条: fees and other debts but late interest itself; by the rules with tax, and premiums as well."""
    without = {"late_interest"} | ({"premium"} if agreed.rules["late_on_premium"] == "excluded" else set())
    return sums(line for line in lines if line.kind not in without)["total" if agreed.rules["late_principal"] == "with_tax" else "net"]


def of_unknown_yen(agreed: Agreement, before: list[Bill], bill: Bill) -> list[Bill]:
    """Which earlier bills may be paid late or in part, and bear no late interest since it is not written down how much they asked for (第19条)."""
    known = min(bill.months[-1].last, bill.issue_day)
    paid = [(day, yen) for day, yen in agreed.payments if day <= known]
    dues = {late.due for late in unwritten(debts(agreed, before), paid, agreed.rules, known)}
    return [one for one in before if one.due in dues and (one.issue is None or one.issue.yen is None) and (one.owed or one.issue)]


def _interest(agreed: Agreement, before: list[Bill], month: Month, issue_day: date) -> list[Line]:
    """Late interest on what was paid by the end of a month and before the bill was issued, less what earlier bills had of it."""
    known = min(month.last, issue_day)
    paid = [(day, yen) for day, yen in agreed.payments if day <= known]
    had: dict[str, int] = {}
    for line in (line for bill in before for line in bill.lines if line.kind == "late_interest"):
        had[line.key] = had.get(line.key, 0) + line.amount
    found = [_interest_line(agreed, late, month) for late in late_interest(debts(agreed, before), paid, agreed.rules, known=known) if late.yen]
    return [line._replace(amount=rest) for line in found if (rest := line.amount - had.get(line.key, 0)) > 0]


def _interest_line(agreed: Agreement, late: Late, month: Month) -> Line:
    rules = {name: rule for name, rule in agreed.rules.items() if name.startswith("late_") or name == "due_date_roll"}
    period = (last_day(late.due, agreed.rules) + DAY, max(segment["last"] for segment in late.segments))
    percent = book()["late_interest"]["percent_a_year"]
    parts = [dict(spelled((part["first"], part["last"])), days=part["days"], yen=part["yen"], percent_a_year=percent) for part in late.segments]
    quantity = late.days if len(late.segments) == 1 else None  # of several payments each has its own days
    told = dict(quantity=quantity, unit="day", kind="late_interest", gross=late.yen, segments=tuple(parts))
    return Line(f"late_interest/{late.due}", ("late_interest", dict(due=f"{late.due}")), month, period, late.yen, None, ("19", "22-2", "21"), rules, **told)
