# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers of a contract as plain data in Japanese or English: quotation, usage statement, invoice, limits of liability.

Every line says on which clauses of the terms it rests, and which rules of the contract (`fee_rules`) had something to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_outages as outages
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_set_up as set_up
from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import Bill, bills, charges, lacking, of_unknown_yen
from ansible_collections.msp.aws.plugins.plugin_utils._fees_built import not_prepared, not_watched
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import RULES, Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import Debt, last_day
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import late_interest as late
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, spelled, sums
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, cite, price, say, tax_percent
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, read
from ansible_collections.msp.aws.plugins.plugin_utils._fees_spans import otherwise, spans_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError

REGISTRATION_NUMBER = re.compile(r"T([0-9])([0-9]{12})")
ISSUER = dict(name=Field("text", required=True), registration_number=Field("registration"), address=Field("text"))
LATE_RULES = ("late_day_count", "late_grace", "late_while_open", "due_date_roll")
LATE = dict(
    debts=Field("rows", required=True, fields=dict(due=Field("day", required=True), yen=Field("positive", required=True))),
    payments=Field("rows", required=True, fields=dict(date=Field("day", required=True), yen=Field("positive", required=True))),
    until=Field("day"),
    rules=Field("table", fields={name: RULES[name] for name in LATE_RULES}),
)


# ---- before the contract


def quotation(agreed: Agreement, day: date, services: tuple[str, ...], unwatched: Mapping[str, int], language: str) -> dict[str, Any]:
    """What set-up and one whole month will cost at the tax rate of a day, and at the prices of the days on which it is ordered and provided.

    The month is the first one in which the plan and all customised options are charged. `services`: those of クラウド基本設定, `unwatched`: what is
    counted and not watched, by the sheet.
    """
    once = [line for order in agreed.orders for line in set_up.lines(agreed, agreed.month_of(order.accepted_on))]
    charged = [operation.charged_from(agreed, service) or operation.first_charge(agreed, service.start) for service in operation.services(agreed)]
    month = operation.first_whole_month(agreed, charged) if charged else None
    billed_from, first = _billed_from(agreed), operation.first_charged_month(agreed)
    return dict(
        contract=agreed.number,
        customer=agreed.customer,
        quoted_on=day.isoformat(),
        tax_percent=tax_percent(day),
        notes=[
            *billed_elsewhere(agreed.channel(day), language),
            *_price_of_qualified_invoices(agreed, day, language),
            *not_prepared(agreed, day, language),
            *not_watched(unwatched, language),
        ],
        set_up=_added_up([line._replace(taxed_on=day, services=services if line.text[0] == "basic" else ()) for line in once], language),
        monthly=dict(
            month=month.name if month else None,
            billed_from=billed_from,
            notes=_of_other_months(agreed, date.fromisoformat(billed_from), first, month, language) if billed_from and first and month else [],
            **_added_up([line._replace(taxed_on=day) for line in operation.lines(agreed, month)] if month else [], language),
        ),
    )


def _of_other_months(agreed: Agreement, since: date, first: Month, month: Month, language: str) -> list[dict[str, Any]]:
    """What the quoted month leaves out, and the months from the first charged one on that cost otherwise. `since`: the first charged day."""
    spans = spans_of(agreed, first)
    return [*_options_beside(agreed, since, month, language), *otherwise(spans, month, agreed, ("month_costs", "months_costs"), language)]


def _price_of_qualified_invoices(agreed: Agreement, day: date, language: str) -> list[dict[str, Any]]:
    """第49条: what comes with each invoice where qualified ones are wanted, and the provider bills."""
    if agreed.qualified_from is None or agreed.channel(day) != "own":
        return []
    return [dict(text=say("texts", "each_qualified_invoice", language, yen=price("qualified_invoice", day)), clauses=cite(("49",), language))]


def _billed_from(agreed: Agreement) -> str | None:
    """The first day for which the operation menu is paid."""
    charged = [day for service in operation.services(agreed) if (day := operation.charged_from(agreed, service))]
    return min(charged).isoformat() if charged else None


# ---- every month


def usage_statement(agreed: Agreement, month: Month, language: str) -> dict[str, Any]:
    """What a month costs. Late interest and what comes with an invoice are not use; they stand on the invoice."""
    lines = charges(agreed, month)
    channel = agreed.biller(month)
    stopped = [span for span in agreed.suspensions if span[0] <= month.last and span[1] >= month.first]
    return dict(
        contract=agreed.number,
        customer=agreed.customer,
        month=month.name,
        **spelled((month.first, month.last)),
        channel=channel,
        **_added_up(lines, language),
        notes=[
            *(dict(text=say("texts", "suspended", language, first=first, last=last), clauses=cite(("34-1", "35-2"), language)) for first, last in stopped),
            *billed_elsewhere(channel, language),
            *_not_yet(agreed, month, language),
            *_beside(agreed, month, language),
            *_ended_at_first(agreed, lines, language),
            *_not_deducted(agreed, month, lines, language),
        ],
    )


def _ended_at_first(agreed: Agreement, lines: Iterable[Line], language: str) -> list[dict[str, Any]]:
    """Why the month of the start is charged, which it is only where the contract ends in it (第35条第1項ただし書)."""
    if not any("35-1-proviso" in line.clauses for line in lines):
        return []
    start = min(service.start for service in operation.services(agreed))
    clauses = ("35-1-proviso", agreed.cancelled_by)
    return [dict(text=say("texts", "ended_at_first", language, start=start, end=agreed.cancelled_on), clauses=cite(clauses, language))]


def _not_deducted(agreed: Agreement, month: Month, lines: Iterable[Line], language: str) -> list[dict[str, Any]]:
    """Why an outage takes nothing off a month (第35条第2項)."""
    deductions = [one for line in lines for one in line.deductions]
    return [
        dict(text=say("texts", one.text, language, start=one.outage.known, end=one.outage.until, **one.facts), clauses=cite(one.clauses, language))
        for one in outages.without_deduction(agreed, month, deductions)
    ]


def _not_yet(agreed: Agreement, month: Month, language: str) -> list[dict[str, Any]]:
    """Why a month has no fee of the operation menu: it begins later, or in this month, which is not charged (第35条第1項)."""
    since = _billed_from(agreed)
    if since is None or month.last.isoformat() >= since:
        return []
    first = min(operation.services(agreed), key=lambda service: service.start)
    clauses = cite((operation.start_clause(first),), language)
    return [dict(text=say("texts", "not_yet", language, start=first.start, since=date.fromisoformat(since)), clauses=clauses)]


def _beside(agreed: Agreement, month: Month, language: str) -> list[dict[str, Any]]:
    """What a month does not hold, though the contract names it: options that are charged later, and all of it after the end."""
    return _ended(agreed, month, language) or _options_after(agreed, month.last, language)


def _ended(agreed: Agreement, month: Month, language: str) -> list[dict[str, Any]]:
    end = agreed.cancelled_on
    if not end or end >= month.first:
        return []
    return [dict(text=say("texts", "ended", language, end=end), clauses=cite((agreed.cancelled_by,), language))]


def _options_after(agreed: Agreement, day: date, language: str) -> list[dict[str, Any]]:
    """The options that are charged only after a day, each with its first charged one (第35条第1項)."""
    services = [(option.name, operation.option_service(agreed, option)) for option in agreed.options]
    return [
        dict(
            text=say("texts", "option_not_yet", language, name=name, start=service.start, since=since),
            clauses=cite((operation.start_clause(service),), language),
        )
        for name, service in services
        if (since := operation.charged_from(agreed, service)) and day < since
    ]


def _options_beside(agreed: Agreement, day: date, month: Month, language: str) -> list[dict[str, Any]]:
    """What a month leaves out or a day is too early for: options that have ended before it, and those that are charged only after the day."""
    ended = [
        dict(name=option.name, start=option.start, end=option.until, yen=f"{option.yen:,}")
        for option in agreed.options
        if option.until and option.until < month.first
    ]
    told = [dict(text=say("texts", "option_ended", language, **facts), clauses=cite(("35-1",), language)) for facts in ended]
    return [*told, *_options_after(agreed, day, language)]


def billed_elsewhere(channel: str, language: str) -> list[dict[str, Any]]:
    """Who bills, where that is not the provider (別紙2)."""
    return [dict(text=say("texts", channel, language), clauses=cite(("annex2-channel",), language))] if channel != "own" else []


def _added_up(lines: list[Line], language: str) -> dict[str, Any]:
    """Lines with their sums, as every paper has them."""
    return dict(lines=[line.told(language) for line in lines], **sums(lines))


def invoice(agreed: Agreement, month: Month, issuer: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The invoice that holds a month, with the items of a qualified invoice when the customer wants one (第49条, 消費税法第57条の4第1項).

    `issued` is false where nothing is billed, or AWS or the reseller bills (別紙2); the lines of the month are there all the same. Late interest on what the
    provider billed before is billed by the provider.
    """
    *before, bill = bills(agreed, month)
    faults = [Fault(f"contract {name}", "missing") for name, value in (("number", agreed.number), ("customer", agreed.recipient)) if not value]
    if bill.qualified and "registration_number" not in issuer:
        faults.append(Fault("issuer registration_number", "number_needed"))
    if faults:
        raise FeeError(faults)
    return dict(
        **_about(agreed, bill, issuer),
        **_verdict(agreed, bill, language),
        **_dates(agreed, bill),
        **_added_up(list(bill.lines if bill.owed else bill.used), language),
        clauses=cite((*bill.clauses, *(("49", "tax-57-4-1") if bill.qualified else ()), "22-1", "21"), language),
        notes=[
            *_ended_at_first(agreed, bill.lines, language),
            *(note for month in bill.months for note in _not_deducted(agreed, month, [line for line in bill.used if line.month == month], language)),
            *_unsettled(agreed, before, language),
        ],
        to_check=[
            dict(text=say("texts", "yen_unknown", language, number=_number(agreed, one), months=_months(one, language)), clauses=cite(("19",), language))
            for one in of_unknown_yen(agreed, before, bill)
        ],
    )


def _unsettled(agreed: Agreement, before: list[Bill], language: str) -> list[dict[str, Any]]:
    """Which earlier invoices are to be settled by what became known since, such as the interest on a payment that was told late (第20条第2項)."""
    found = []
    for bill in before:
        if yen := lacking(agreed, bill):
            facts = dict(number=_number(agreed, bill), months=_months(bill, language), yen=f"{abs(yen):,}")
            clauses = ("20-2", *(("19",) if any(line.kind == "late_interest" for line in bill.lines) else ()))
            found.append(dict(text=say("texts", "to_charge" if yen > 0 else "to_give_back", language, **facts), clauses=cite(clauses, language)))
    return found


def _months(bill: Bill, language: str) -> str:
    return ("、" if language == "ja" else ", ").join(month.said(language) for month in bill.months)


def _number(agreed: Agreement, bill: Bill) -> str:
    return f"{agreed.number}-{bill.months[0].name}"


def _about(agreed: Agreement, bill: Bill, issuer: Mapping[str, Any]) -> dict[str, Any]:
    return dict(
        number=_number(agreed, bill),
        contract=agreed.number,
        qualified=bill.qualified,
        issuer=dict(issuer),
        recipient=agreed.recipient,
        months=[month.name for month in bill.months],
        **spelled(bill.period),
    )


def _verdict(agreed: Agreement, bill: Bill, language: str) -> dict[str, Any]:
    if bill.owed:
        others = [(month, agreed.biller(month)) for month in bill.months if agreed.biller(month) != "own"]
        told = [f"{month.said(language)}: {note['text']}" for month, channel in others for note in billed_elsewhere(channel, language)]
        return dict(issued=True, reason=" / ".join(told) or None)
    if bill.channel != "own":
        return dict(issued=False, reason=billed_elsewhere(bill.channel, language)[0]["text"])
    notes = [*_not_yet(agreed, bill.months[-1], language), *_ended(agreed, bill.months[0], language), *_taken_off(bill, language)]
    why = [say("texts", "nothing", language), *(_cited(note, language) for note in notes)]
    return dict(issued=False, reason=": ".join(why))


def _cited(note: Mapping[str, Any], language: str) -> str:
    return f"{note['text']}（{'、'.join(note['clauses'])}）" if language == "ja" else f"{note['text']} ({', '.join(note['clauses'])})"


def _taken_off(bill: Bill, language: str) -> list[dict[str, Any]]:
    """Of fees of which nothing is left, what was taken off them."""
    return [
        dict(text=say("texts", "taken_off", language, what=line.told(language)["description"], why=one["text"]), clauses=one["clauses"])
        for line in bill.used
        for one in line.told(language)["deductions"]
    ]


def _dates(agreed: Agreement, bill: Bill) -> dict[str, Any]:
    """Issued in the month after, due at the end of the month of issue (別紙2), late after the next day on which banks are open."""
    return dict(
        issued_on=bill.issue and bill.issue.day.isoformat(),
        issue_month=f"{bill.issue_day:%Y-%m}",
        due=bill.due.isoformat(),
        late_from=(last_day(bill.due, agreed.rules) + DAY).isoformat(),
    )


# ---- when something went wrong


def liability_limits(agreed: Agreement, month: Month, language: str) -> dict[str, Any]:
    """Up to what the provider is liable, in yen without and with tax; there is no limit in case of intent or gross fault (第30条第2項, 第36条第4項).

    For the set-up menu all that was ordered until the end of the month, before special reductions (第30条第1項). For the operation menu the fee of a whole
    month, charged or not (第36条第3項); for days on which the provider did not provide it, the fee of these days (第36条第2項), which the usage statement
    has taken off already: it is not paid twice.
    """
    gross = any(one.cause == "provider_gross" and one.known.date() <= month.last and one.until > outages.midnight(month.first) for one in agreed.outages)
    notes = [dict(text=say("texts", "unlimited", language), clauses=cite(("36-4",), language))] if gross else []
    charged = operation.lines(agreed, month)
    rule = agreed.rules["liability_uncharged_days"]
    of_days = charged if rule == "nothing" else operation.of_provided_days(agreed, month)
    days = [line._replace(amount=line.by_provider) for line in of_days]
    ordered = [line for past in _months_until(agreed, month) for line in set_up.lines(agreed, past)]
    provided = [line._replace(amount=line.amount if line.gross is None else line.gross) for line in ordered]
    return dict(
        contract=agreed.number,
        customer=agreed.customer,
        month=month.name,
        set_up=_limit(provided, ("30-1", "30-2"), language),
        operation=dict(_limit(operation.whole_month(agreed, month), ("36-3", "36-4"), language), unlimited=gross),
        outage=dict(
            _limit(days, ("36-2", "35-2-1", "36-4"), language),
            unlimited=gross,
            deducted=sum(line.by_provider + line.by_gross_fault for line in charged),
            rules=dict(liability_uncharged_days=rule),
        ),
        notes=notes,
    )


def _limit(lines: list[Line], clauses: tuple[str, ...], language: str) -> dict[str, Any]:
    return dict({name: value for name, value in sums(lines).items() if name != "rates"}, clauses=cite(clauses, language))


def _months_until(agreed: Agreement, last: Month) -> Iterator[Month]:
    month = agreed.month_of(agreed.first_day) if agreed.first_day else last
    while month <= last:
        yield month
        month = month.next()


def late_interest(debts: list[Debt], payments: list[tuple[date, int]], until: date | None, rules: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Late interest on each due date's debts (第19条), in yen; it bears no consumption tax."""
    known = [(day, yen) for day, yen in payments if not until or day <= until]
    found = late(debts, known, rules, until)
    return dict(
        debts=[
            dict(
                due=one.due.isoformat(),
                late_from=(last_day(one.due, rules) + DAY).isoformat(),
                yen=one.principal,
                open=one.open_yen,
                paid_on=one.paid_on and one.paid_on.isoformat(),
                interest=one.yen,
                segments=[dict(spelled((part["first"], part["last"])), days=part["days"], yen=part["yen"]) for part in one.segments],
                clauses=cite(("19", "22-2", "21"), language),
                rules={name: rules[name] for name in LATE_RULES},
            )
            for one in found
        ],
        interest=sum(one.yen for one in found),
        open=sum(one.open_yen for one in found),
        surplus=max(0, sum(yen for dummy, yen in known) - sum(debt.yen for debt in debts)),
    )


# ---- what papers are made of


def read_issuer(given: Any, faults: list[Fault]) -> dict[str, Any]:
    """Name, address and registration number of the provider."""
    issuer = read(ISSUER, given, "issuer", faults)
    faults += registration_faults(issuer.get("registration_number"))
    return issuer


def registration_faults(number: str | None, issuer: str = "issuer") -> list[Fault]:
    """What is wrong with a company's registration number (登録番号): T, a check digit and the 12 digits that it is of."""
    where = f"{issuer} registration_number"
    if number is None:
        return []
    parts = REGISTRATION_NUMBER.fullmatch(number)
    if not parts:
        return [Fault(where, "registration", number)]
    right = check_digit(parts[2])
    return [] if int(parts[1]) == right else [Fault(where, "check_digit", number, right)]


def check_digit(base: str) -> int:
    """法人番号の指定等に関する省令第2条: 9 less the rest by 9 of the digits' sum, every second one from the right taken twice."""
    return 9 - sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(base))) % 9


def read_late(debts: Any, payments: Any, until: Any, rules: Any, faults: list[Fault]) -> dict[str, Any]:
    """What the filter for late interest alone is given."""
    given = dict(debts=debts, payments=payments, until=until, rules=rules or {})
    told = read(LATE, given, "", faults)
    chosen = {name: rule["default"] for name, rule in book()["rules"].items()} | told.get("rules", {})
    return dict(
        debts=[Debt(row.get("due"), 0, row.get("yen")) for row in told.get("debts", [])],
        payments=[(row.get("date"), row.get("yen")) for row in told.get("payments", [])],
        until=told.get("until"),
        rules=chosen,
    )
