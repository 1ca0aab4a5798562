# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events say of invoices: what was billed, settled, asked for and paid, and who bills (第18条, 第20条, 第22条, 第23条, 第49条)."""

from __future__ import annotations

from datetime import date

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Issue, Settled
from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import Event
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import first_issue
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from ansible_collections.msp.aws.plugins.plugin_utils._fees_told import Told


def issues(told: Told) -> tuple[Issue, ...]:
    found, seen = [], {}
    for event in told.all("invoiced"):
        fields = event.fields
        issue = Issue(event.date, fields["months"], fields.get("due"), fields.get("yen"), fields.get("net"), event.where)
        _net_where_needed(told, event)
        told.not_before(f"{event.where} months", told.month(issue.months[0]).last, told.facts.get("applied_on"), "applied_on")
        for month in issue.months:
            if seen.setdefault(month, issue) is not issue:
                told.fault(event.where, "invoiced", limit=month, other=seen[month].where)
        if (issue.due is None) == (len(issue.months) > 1):
            told.fault(event.where, "due_needed" if issue.due is None else "due_only")
        told.not_before(f"{event.where} due", issue.due, issue.day, "date")
        if len(issue.months) > 1:  # 第23条: perhaps before the first of them
            told.not_before(event.where, issue.day, told.facts.get("applied_on"), "applied_on")
        elif issue.day < first_issue(told.month(issue.months[0])):
            told.fault(event.where, "too_early", value=issue.day, limit=first_issue(told.month(issue.months[0])), other=issue.months[0])
        found.append(issue)
    return tuple(found)


def settlements(told: Told, issues: tuple[Issue, ...]) -> tuple[Settled, ...]:
    found: list[Settled] = []
    _each_once(told)
    for event in told.all("settled"):
        fields, written_off = event.fields, event.fields.get("written_off", False)
        one = Settled(fields["months"], fields["yen"], fields.get("net"), fields.get("due"), event.date, written_off, fields.get("number"), event.where)
        issue = next((issue for issue in issues if set(issue.months) & set(one.months)), None)
        months = issue.months if issue else one.months[:1]
        if one.months != months:
            told.fault(f"{event.where} months", "other_months", value=", ".join(one.months), limit=", ".join(months))
        told.not_before(event.where, event.date, issue.day if issue else first_issue(told.month(months[-1])), issue.where if issue else "invoiced")
        if (one.due is None) == (one.yen > 0 and not one.written_off):
            told.fault(event.where, "due_of_charge")
        if one.written_off and one.yen < 0:
            told.fault(f"{event.where} yen", "positive", value=one.yen)
        told.not_before(f"{event.where} due", one.due, event.date, "date")
        _net_where_needed(told, event)
        found.append(one)
        rest = sum(other.yen for other in found if other.months == one.months and not other.written_off) + (issue.yen or 0) if issue else 0
        if issue and issue.yen is not None and rest < 0:
            told.fault(event.where, "beyond_invoice", value=-rest, limit=issue.yen, other=issue.where)
        elif not issue:
            told.not_before(f"{event.where} months", told.month(months[0]).last, told.facts.get("applied_on"), "applied_on")
    return tuple(found)


def _each_once(told: Told) -> None:
    """Two settlements of one day, one amount and one invoice are two where each has the number of its paper, and a number stands once."""
    first: dict[tuple, Event] = {}
    numbers: dict[str, str] = {}
    for event in told.all("settled"):
        fields = event.fields
        other = first.setdefault((event.date, fields["months"], fields["yen"], fields.get("written_off", False)), event)
        if other is not event and not ("number" in fields and "number" in other.fields):
            told.fault(event.where, "settled_twice", other=other.where)
        if "number" in fields and (where := numbers.setdefault(fields["number"], event.where)) != event.where:
            told.fault(f"{event.where} number", "same_name", limit=fields["number"], other=where)


def requests(told: Told, issues: tuple[Issue, ...]) -> tuple[tuple[date, str, int], ...]:
    """第49条: of what has been billed, and was billed when there were qualified invoices. The contract's postage holds where a request has none of its own."""
    found, agreed = [], told.facts.get("billing", {}).get("postage", 0)
    for event in told.once("qualified_invoice_requested", lambda event: (event.date, event.fields["month"])):
        month = event.fields["month"]
        issue = next((issue for issue in issues if month in issue.months), None)
        billed_on = issue.day if issue else first_issue(told.month(month))
        since = book()["prices"]["qualified_invoice"]["since"][0]["from"]
        told.not_before(event.where, event.date, billed_on, issue.where if issue else f"invoice {month}")
        if billed_on < since:
            told.fault(f"{event.where} month", "before_the_law", value=month, limit=since, other=billed_on)
        found.append((event.date, month, event.fields.get("postage", agreed)))
    return tuple(found)


def payments(told: Told) -> tuple[tuple[date, int], ...]:
    """Nothing is paid before it was applied for: a payment of a mistaken year would hide that another is late."""
    events = told.all("payment")
    for event in events:
        told.not_before(event.where, event.date, told.facts.get("applied_on"), "applied_on")
    return tuple((event.date, event.fields["yen"]) for event in events)


def refunds(told: Told) -> tuple[tuple[date, int], ...]:
    """What was paid back had been paid before, or on the same day."""
    refunds, back = told.all("refund"), 0
    for event in refunds if told.sound else ():
        paid = sum(one.fields["yen"] for one in told.all("payment") if one.date <= event.date)
        if back + event.fields["yen"] > paid:
            told.fault(event.where, "not_paid", value=event.fields["yen"], limit=paid - back)
        back += event.fields["yen"]
    return tuple((event.date, event.fields["yen"]) for event in refunds)


def channels(told: Told) -> list[tuple[date, str]]:
    found = [(date.min, told.facts.get("billing", {}).get("channel", "own"))]
    for event in told.once("channel_changed", lambda event: event.date):
        if event.fields["channel"] == found[-1][1]:
            told.fault(event.where, "same_channel")
        found.append((event.date, event.fields["channel"]))
    return found


def evaded(told: Told) -> tuple[tuple[date, str, int], ...]:
    events = told.all("evaded")
    for event in events:
        told.not_before(event.where, event.date, told.month_of_contract(event).first, "month")
    return tuple((event.date, event.fields["month"], event.fields["yen"]) for event in events)


def _net_where_needed(told: Told, event: Event) -> None:
    if "yen" in event.fields and "net" not in event.fields and told.facts.get("fee_rules", {}).get("late_principal") == "without_tax":
        told.fault(event.where, "net_needed")
