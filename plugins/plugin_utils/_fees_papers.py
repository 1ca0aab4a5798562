# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers of a contract as plain data in Japanese or English: quotation, usage statement, invoice, settlement, limits of liability.

Every line says on which clauses of the terms it rests, and which rules of the contract (`fee_rules`) had something to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils import _fees_set_up as set_up
from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import Bill, bills, charges
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import RULES, Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import Debt, last_day
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import late_interest as late
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import Line, redescribed, spelled, sums, taxes, totals
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, cite, price, say, tax_percent
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Fault, FeeError, Field, read

REGISTRATION_NUMBER = re.compile(r"T([0-9])([0-9]{12})")
ISSUER = dict(name=Field("text", required=True), registration_number=Field("text"), address=Field("text"))
ISSUED_LINE = dict(
    key=Field("text", required=True),
    description=Field("text", required=True),
    month=Field("month", required=True),
    amount=Field("count", required=True),
    tax_percent=Field("count", required=True),
    text=Field("table", fields=dict(dict.fromkeys(("plan", "month", "name", "order", "due"), Field("text")), of=Field("text", required=True)), others=True),
    **{"from": Field("day", required=True), "until": Field("day", required=True)},
)
ISSUED = dict(
    issued=Field("flag", required=True),
    number=Field("text", required=True),
    contract=Field("text", required=True),
    months=Field("months", required=True),
    qualified=Field("flag", required=True),
    issuer=Field("table", required=True, fields=ISSUER),
    recipient=Field("text", required=True),
    lines=Field("rows", required=True, fields=ISSUED_LINE, others=True),
)
SETTLED_LINES = dict(number=Field("text"), lines=Field("rows", required=True, fields=dict(ISSUED_LINE, amount=Field("signed", required=True)), others=True))
SETTLED = dict(
    number=Field("text", required=True),
    charge=Field("table", fields=SETTLED_LINES, others=True),
    credit_note=Field("table", fields=SETTLED_LINES, others=True),
)
# What makes a line due, by the first word of its key; the rest is of the set-up menu.
DUE_BY = {
    "operation": "35-1",
    "option": "35-1",
    "late_interest": "19",
    "evaded": "18",
    "premium": "18",
    "qualified_invoice": "49",
    "postage": "49",
}
LATE_RULES = ("late_day_count", "late_grace", "late_while_open", "due_date_roll")
LATE = dict(
    debts=Field("rows", required=True, fields=dict(due=Field("day", required=True), yen=Field("positive", required=True))),
    payments=Field("rows", required=True, fields=dict(date=Field("day", required=True), yen=Field("positive", required=True))),
    until=Field("day"),
    rules=Field("table", fields={name: RULES[name] for name in LATE_RULES}),
)


# ---- before the contract


def quotation(agreed: Agreement, day: date, language: str) -> dict[str, Any]:
    """What set-up and one whole month will cost at the tax rate of a day, and at the prices of the days on which it is ordered and provided.

    The month is the first one in which the plan and all customised options are charged.
    """
    once = [line for order in agreed.orders for line in set_up.lines(agreed, agreed.month_of(order.accepted_on))]
    starts = [plan.start for plan in agreed.plans[:1]] + [option.start for option in agreed.options]
    month = operation.first_whole_month(agreed, starts) if starts else None
    billed_from = _billed_from(agreed)
    return dict(
        contract=agreed.number,
        customer=agreed.customer,
        quoted_on=day.isoformat(),
        tax_percent=tax_percent(day),
        notes=_price_of_qualified_invoices(agreed, day, language),
        set_up=_added_up([line._replace(taxed_on=day) for line in once], language),
        monthly=dict(
            month=month.name if month else None,
            billed_from=billed_from,
            notes=_options_beside(agreed, date.fromisoformat(billed_from), month, language) if billed_from and month else [],
            **_added_up([line._replace(taxed_on=day) for line in operation.lines(agreed, month)] if month else [], language),
        ),
    )


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
            *([_elsewhere(channel, language)] if channel != "own" else []),
            *_not_yet(agreed, month, language),
            *_beside(agreed, month, language),
        ],
    )


def _not_yet(agreed: Agreement, month: Month, language: str) -> list[dict[str, Any]]:
    """Why a month has no fee of the operation menu: it begins later, or in this month, which is not charged (第35条第1項)."""
    since = _billed_from(agreed)
    if since is None or month.last.isoformat() >= since:
        return []
    start = min([*(plan.start for plan in agreed.plans[:1]), *(option.start for option in agreed.options)])
    return [dict(text=say("texts", "not_yet", language, start=start, since=since), clauses=cite(("35-1",), language))]


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
    charged = [(option, operation.charged_from(agreed, operation.option_service(agreed, option))) for option in agreed.options]
    return [
        dict(text=say("texts", "option_not_yet", language, name=option.name, start=option.start, since=since), clauses=cite(("35-1",), language))
        for option, since in charged
        if since and day < since
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


def _elsewhere(channel: str, language: str) -> dict[str, Any]:
    return dict(text=say("texts", channel, language), clauses=cite(("annex2-channel",), language))


def _added_up(lines: list[Line], language: str) -> dict[str, Any]:
    """Lines with their sums, as every paper has them."""
    return dict(lines=[line.told(language) for line in lines], **sums(lines))


def invoice(agreed: Agreement, month: Month, issuer: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The invoice that holds a month, with the items of a qualified invoice when the customer wants one (第49条, 消費税法第57条の4第1項).

    `issued` is false where nothing is billed, or AWS or the reseller bills (別紙2); the lines of the month are there all the same. Late interest on what the
    provider billed before is billed by the provider.
    """
    bill = bills(agreed, month)[-1]
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
    )


def _about(agreed: Agreement, bill: Bill, issuer: Mapping[str, Any]) -> dict[str, Any]:
    return dict(
        number=f"{agreed.number}-{bill.months[0].name}",
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
        told = [f"{month.said(language)}: {_elsewhere(channel, language)['text']}" for month, channel in others]
        return dict(issued=True, reason=" / ".join(told) or None)
    if bill.channel != "own":
        return dict(issued=False, reason=_elsewhere(bill.channel, language)["text"])
    notes = [*_not_yet(agreed, bill.months[-1], language), *_ended(agreed, bill.months[0], language), *_taken_off(bill, language)]
    why = [say("texts", "nothing", language), *(f"{note['text']} ({', '.join(note['clauses'])})" for note in notes)]
    return dict(issued=False, reason=": ".join(why))


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


# ---- after an invoice


def settlement(issued: Mapping[str, Any], settled: list[Mapping[str, Any]], agreed: Agreement, day: date, language: str) -> dict[str, Any]:
    """What has to be charged on top of an issued invoice, and what has to be given back, by what is known now (第20条第2項, 第24条第2項).

    `issued` and its earlier settlements have been read by ISSUED and SETTLED. Taxes are the differences between those of the whole invoice before and
    after, so that the customer has paid in the end what one right invoice would have said.
    """
    bill = bills(agreed, agreed.month(issued["months"][0]))[-1]
    _same_invoice(issued, settled, agreed, bill)
    if day < bill.issue_day:
        raise FeeError([Fault("date", "before", day, bill.issue_day, "invoice")])
    before = sorted({one.day for one in agreed.settlements if one.months == tuple(issued["months"]) and one.day < day and not one.written_off})
    if len(before) > len(settled):  # what is not named would be charged or given back once more
        raise FeeError([Fault("settled", "settled_before", f"{before[len(settled)]}")])
    qualified = issued["qualified"] or bill.qualified  # it may have been asked for since
    if qualified and "registration_number" not in issued["issuer"]:
        raise FeeError([Fault("invoice issuer registration_number", "number_needed")])
    had = _had(issued, settled)
    now = [line.told(language) for line in bill.lines]  # nothing of what somebody else bills
    extra, back = _differences(agreed, had, now, language)
    then = taxes((line["tax_percent"], line["amount"]) for line in had)
    between = taxes((line["tax_percent"], line["amount"]) for line in [*had, *back])
    after = taxes((line["tax_percent"], line["amount"]) for line in now)
    charge = dict(lines=extra, **_step(between, after))
    credit = dict(lines=back, **_step(then, between))
    limit = agreed.rules["write_off_up_to"]
    net = dict(lines=[*back, *extra], **_step(then, after))
    written_off = 0 < net["total"] <= limit
    names = {name: issued[name] for name in ("number", "contract", "months", "issuer", "recipient")}
    count = len(settled) + 1
    about = dict(number=f"{issued['number']}-R{count}", **_credit_note(qualified, credit["total"], language))
    return dict(
        **names,
        qualified=qualified,
        settled_on=day.isoformat(),
        charge=dict(charge, number=f"{issued['number']}-S{count}") if extra and not written_off else None,
        credit_note=dict(credit, **about) if back and not written_off else None,
        written_off=dict(net, text=say("texts", "written_off", language), clauses=cite(("20-2", "annex3"), language), limit=limit) if written_off else None,
        total=0 if written_off else net["total"],
    )


def _had(issued: Mapping[str, Any], settled: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The lines of an invoice as they are after its earlier settlements."""
    found: dict[Any, dict[str, Any]] = {}
    moved = [line for one in settled for part in ("charge", "credit_note") for line in one.get(part, {}).get("lines", [])]
    for line in [*issued["lines"], *moved]:
        same = found.setdefault(_same_line(line), dict(line, amount=0, **spelled((line["from"], line["until"]))))
        same["amount"] += line["amount"]
    return [line for line in found.values() if line["amount"]]


def _same_line(line: Mapping[str, Any]) -> tuple[str, str, int]:
    """Lines are the same thing when month and key are; where the rate of tax is another one, the old line is credited and the new one charged."""
    return line["month"], line["key"], line["tax_percent"]


def _same_invoice(issued: Mapping[str, Any], settled: list[Mapping[str, Any]], agreed: Agreement, bill: Bill) -> None:
    """Two invoices can be compared when they are of the same contract and for the same months."""
    faults = registration_faults(issued["issuer"].get("registration_number"), "invoice issuer")
    if not issued["issued"]:
        faults.append(Fault("invoice issued", "not_issued"))
    if issued["contract"] != agreed.number:
        faults.append(Fault("invoice contract", "other_contract", issued["contract"], agreed.number))
    others = [(number, one["number"]) for number, one in enumerate(settled, 1) if one["number"] != issued["number"]]
    faults += [Fault(f"settled #{number} number", "other_invoice", told, issued["number"]) for number, told in others]
    seen: dict[str, int] = {}
    for number, one in enumerate(settled, 1):
        papers = [paper for part in ("charge", "credit_note") if (paper := one.get(part, {}).get("number"))]
        faults += [Fault(f"settled #{number}", "twice", other=f"settled #{seen[paper]}") for paper in papers[:1] if paper in seen]
        seen |= dict.fromkeys(papers, number)
    months = [month.name for month in bill.months]
    if list(issued["months"]) != months:
        faults.append(Fault("invoice months", "other_months", ", ".join(issued["months"]), ", ".join(months)))
    total = totals(taxes((line["tax_percent"], line["amount"]) for line in issued["lines"]))["total"]
    sent = next((issue for issue in agreed.issues if list(issue.months) == months and issue.yen not in (None, total)), None)
    if sent:
        faults.append(Fault("invoice lines", "other_yen", total, sent.yen, sent.where))
    if faults:
        raise FeeError(faults)


def _credit_note(qualified: bool, total: int, language: str) -> dict[str, Any]:
    """適格返還請求書: for a qualified invoice, and needed unless it is about less than 10,000 yen with tax."""
    return dict(
        qualified=qualified,
        needed=qualified and -total >= book()["credit_note"]["needed_from"],
        clauses=cite(("20-2", *(("tax-57-4-3",) if qualified else ())), language),
    )


def _differences(
    agreed: Agreement, then: list[Mapping[str, Any]], now: list[Mapping[str, Any]], language: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines that go up and those that go down, each with its ground."""
    old, new = ({_same_line(line): line for line in lines} for lines in (then, now))
    rates = {key[:2] for key in old} & {key[:2] for key in new if key not in old}
    changes = []
    for key in [*old, *(key for key in new if key not in old)]:
        was, is_now = (side[key]["amount"] if key in side else 0 for side in (old, new))
        line = new.get(key) or old[key]
        told = {name: line[name] for name in ("key", "description", "month", "from", "until", "tax_percent")}
        if key not in new:
            told["description"] = redescribed(line.get("text"), language) or line["description"]
        told |= dict(text=line["text"]) if line.get("text") else {}
        if key in new:
            grounds = [clause for one in line["deductions"] for clause in one["clauses"]] or line["clauses"]
        else:
            grounds = cite(_why_gone(agreed, line), language)
        clauses = list(dict.fromkeys([*cite(("20-2", *(("24-2",) if key[:2] in rates else ())), language), *grounds]))
        changes.append(dict(told, was=was, now=is_now, amount=is_now - was, clauses=clauses))
    return [line for line in changes if line["amount"] > 0], [line for line in changes if line["amount"] < 0]


def _why_gone(agreed: Agreement, line: Mapping[str, Any]) -> tuple[str, ...]:
    """What says that a line which was billed is not to be paid: that somebody else bills its month, that the contract ended, or what would make it due."""
    month = agreed.month(line["month"])
    kind, *rest = line["key"].split("/")
    ours = agreed.biller(agreed.month(rest[0])) == "own" if kind in ("evaded", "premium") else kind in ("late_interest", "qualified_invoice", "postage")
    if agreed.biller(month) != "own" and not ours:
        return ("annex2-channel",)
    ended = agreed.cancelled_on is not None and agreed.cancelled_on <= month.last
    return (DUE_BY.get(kind, "29-1"), *((agreed.cancelled_by,) if ended else ()))


def _step(before: Mapping[int, Mapping[str, int]], after: Mapping[int, Mapping[str, int]]) -> dict[str, Any]:
    """From one set of rates to another."""
    nothing = dict(net=0, tax=0)
    steps = {
        percent: {what: after.get(percent, nothing)[what] - before.get(percent, nothing)[what] for what in nothing} for percent in sorted({*before, *after})
    }
    return totals({percent: step for percent, step in steps.items() if step["net"]})


# ---- when something went wrong


def liability_limits(agreed: Agreement, month: Month, language: str) -> dict[str, Any]:
    """Up to what the provider is liable, in yen without and with tax; there is no limit in case of intent or gross fault (第30条第2項, 第36条第4項).

    For the set-up menu all that was ordered until the end of the month, before special reductions (第30条第1項). For the operation menu the fee of a whole
    month, charged or not (第36条第3項); for days on which the provider did not provide it, the fee of these days (第36条第2項), which the usage statement
    has taken off already: it is not paid twice.
    """
    gross = any(one.cause == "provider_gross" and one.known.date() <= month.last and one.until.date() >= month.first for one in agreed.outages)
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


def read_issued(given: Any, settled: Any, day: Any, faults: list[Fault]) -> tuple[dict[str, Any], list[dict[str, Any]], date | None]:
    """An invoice and its earlier settlements as the filters made them, perhaps kept in files since, and the day of its settlement."""
    shape = dict(date=Field("day", required=True), settled=Field("rows", fields=SETTLED, others=True))
    told = read(shape, dict(date=day, settled=settled or []), "", faults)
    return read(ISSUED, given, "invoice", faults, others=True), told.get("settled", []), told.get("date")


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
