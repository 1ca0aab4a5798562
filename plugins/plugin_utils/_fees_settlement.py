# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settles an issued invoice: what has to be charged on top of it and what has to be given back (第20条第2項, 第24条第2項)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import Bill, bills
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement, Settled
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import last_day
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import redescribed, spelled, taxes, totals
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, end_of_calendar_month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_papers import ISSUER, registration_faults
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, cite, say
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, read, read_table
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError

ISSUED_LINE = dict(
    key=Field("text", required=True),
    description=Field("text", required=True),
    month=Field("month", required=True),
    amount=Field("count", required=True),
    tax_percent=Field("count", required=True),
    gross=Field("count"),
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
    total=Field("count", required=True),
)
BILLED = ("charge", "credit_note")
PARTS = dict(charge="S", credit_note="R", written_off="W")  # what a settlement may hold, and the letter in its number
SETTLED_LINES = dict(
    number=Field("text", required=True),
    total=Field("signed", required=True),
    lines=Field("rows", required=True, fields=dict(ISSUED_LINE, amount=Field("signed", required=True)), others=True),
)
SETTLED = dict(
    number=Field("text", required=True),
    settled_on=Field("day", required=True),
    total=Field("integer", required=True),
    **dict.fromkeys(PARTS, Field("table", fields=SETTLED_LINES, others=True)),
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


def read_issued(given: Any, settled: Any, day: Any, faults: list[Fault]) -> tuple[dict[str, Any], list[dict[str, Any]], date | None]:
    """An invoice and its earlier settlements as the filters made them, perhaps kept in files since, and the day of its settlement."""
    mistaken = _mistaken(given, settled)
    if mistaken:
        raise FeeError(mistaken)
    shape = dict(date=Field("day", required=True), settled=Field("rows", fields=SETTLED, others=True))
    told = read(shape, dict(date=day, settled=settled or []), "", faults)
    return read_table(Field("table", fields=ISSUED, others=True), given, "invoice", faults), told.get("settled", []), told.get("date")


def _mistaken(given: Any, settled: Any) -> list[Fault]:
    """A settlement that was given as the invoice, and invoices that were given as settlements: to say what they lack would be no help."""
    told = enumerate(settled, 1) if isinstance(settled, list) else ()
    invoices = [number for number, one in told if isinstance(one, Mapping) and "issued" in one]
    found = [Fault("invoice", "no_invoice")] if isinstance(given, Mapping) and "settled_on" in given else []
    return [*found, *(Fault(f"settled #{number}", "no_settlement") for number in invoices)]


def settlement(issued: Mapping[str, Any], settled: list[Mapping[str, Any]], agreed: Agreement, day: date, language: str) -> dict[str, Any]:
    """What has to be charged on top of an issued invoice, and what has to be given back, by what is known now (第20条第2項, 第24条第2項).

    `issued` and its earlier settlements have been read by ISSUED and SETTLED. Taxes are the differences between those of the whole invoice before and
    after, so that the customer has paid in the end what one right invoice would have said. What lacks all in all may be written off as long as it is too
    little to ask for (別紙3), however often the invoice is settled; once it is more, all of it is asked for. What was written off stays so.
    """
    bill = bills(agreed, agreed.month(issued["months"][0]))[-1]
    _same_invoice(issued, settled, agreed, bill)
    if day < bill.issue_day:
        raise FeeError([Fault("date", "before", day, bill.issue_day, "invoice")])
    qualified = issued["qualified"] or bill.qualified  # it may have been asked for since
    if qualified and "registration_number" not in issued["issuer"]:
        raise FeeError([Fault("invoice issuer registration_number", "number_needed")])
    now = [line.told(language) for line in bill.lines]  # nothing of what somebody else bills
    had = _billed(issued, settled)
    extra, back = _differences(agreed, had, now, language)
    then, between, after = _taxes(had), _taxes([*had, *back]), _taxes(now)
    net = dict(lines=[*back, *extra], **_step(then, after))
    limit, before, lacking = agreed.rules["write_off_up_to"], _written_off(settled), net["total"]
    let_go = 0 < lacking <= max(limit, before)
    names = {name: issued[name] for name in ("number", "contract", "months", "issuer", "recipient")}
    numbers = {part: _number(issued, part, len(settled) + 1) for part in PARTS}
    charge = dict(lines=extra, **_step(between, after), number=numbers["charge"], **_due(agreed, day))
    credit = dict(lines=back, **_step(then, between))
    credit |= dict(number=numbers["credit_note"], **_credit_note(qualified, credit["total"], language))
    gone = dict(net, number=numbers["written_off"], text=say("texts", "written_off", language), clauses=cite(("20-2", "annex3"), language), limit=limit)
    found = dict(
        **names,
        qualified=qualified,
        settled_on=day.isoformat(),
        charge=charge if extra and not let_go else None,
        credit_note=credit if back and not let_go else None,
        written_off=gone if let_go and lacking > before else None,
        written_off_before=min(before, max(0, lacking)),
        total=0 if let_go else lacking,
    )
    _each_named(agreed, settled, found, day)
    return found


def _number(issued: Mapping[str, Any], part: str, count: int) -> str:
    return f"{issued['number']}-{PARTS[part]}{count}"


def _due(agreed: Agreement, day: date) -> dict[str, str]:
    """別紙2: what is charged is due at the end of the month in which it is asked for."""
    due = end_of_calendar_month(day)
    return dict(due=due.isoformat(), late_from=(last_day(due, agreed.rules) + DAY).isoformat())


def _each_named(agreed: Agreement, settled: list[Mapping[str, Any]], found: Mapping[str, Any], day: date) -> None:
    """What the events tell of earlier settlements that are not named would be charged or given back once more. One of the day itself may be this one."""
    unnamed = [one for one in agreed.settlements if one.months == tuple(found["months"]) and one.day <= day]
    for one in settled:
        unnamed = _without(unnamed, one)
    earlier = [one for one in unnamed if one.day < day] + _without([one for one in unnamed if one.day == day], found)
    if earlier:
        raise FeeError([Fault("settled", "settled_before", earlier[0].day, earlier[0].yen, earlier[0].where)])


def _without(told: list[Settled], settlement: Mapping[str, Any]) -> list[Settled]:
    """What the events tell, less what they tell of one settlement: its papers one by one, or in one sum."""
    parts = [part for part in PARTS if settlement.get(part)]
    papers = [(settlement[part]["total"], part == "written_off") for part in parts]
    numbers = {settlement["number"], *(settlement[part]["number"] for part in parts)}
    ways = Counter(papers), Counter([(sum(yen for yen, dummy in papers), False)])
    kinds = Counter((one.yen, one.written_off) for one in told if one.number in (None, *numbers))
    rest = next((way for way in ways if way <= kinds), ways[0])
    left = []
    for one in told:
        kind = (one.yen, one.written_off)
        if rest[kind] and one.number in (None, *numbers):
            rest[kind] -= 1
        else:
            left.append(one)
    return left


def _written_off(settled: list[Mapping[str, Any]]) -> int:
    """Yen that are written off after these settlements: a write-off is of all that lacks, and whatever was billed since holds it."""
    last = next((one for one in reversed(settled) if not PARTS.keys().isdisjoint(one)), {})
    return last.get("written_off", {}).get("total", 0)


def _billed(issued: Mapping[str, Any], settled: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The lines of an invoice with what its earlier settlements charged and gave back, which alone are what was billed."""
    found: dict[Any, dict[str, Any]] = {}
    moved = [line for one in settled for part in BILLED for line in one.get(part, {}).get("lines", [])]
    for line in [*issued["lines"], *moved]:
        same = found.setdefault(_same_line(line), dict(line, amount=0, **spelled((line["from"], line["until"]))))
        same["amount"] += line["amount"]
        same["gross"] = line.get("gross")
    return [line for line in found.values() if line["amount"]]


def _taxes(lines: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, int]]:
    return taxes((line["tax_percent"], line["amount"]) for line in lines)


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
    papers = [(count, part, one[part].get("number")) for count, one in enumerate(settled, 1) for part in PARTS if part in one]
    faults += [
        Fault(f"settled #{count} {part} number", "settled_number", told, right)
        for count, part, told in papers
        if told != (right := _number(issued, part, count))
    ]
    months = [month.name for month in bill.months]
    if list(issued["months"]) != months:
        faults.append(Fault("invoice months", "other_months", ", ".join(issued["months"]), ", ".join(months)))
    faults = faults or [*_totals_of_their_own(issued, settled)]
    total = totals(_taxes(issued["lines"]))["total"]
    sent = next((issue for issue in agreed.issues if list(issue.months) == months and issue.yen not in (None, total)), None)
    if sent:
        faults.append(Fault("invoice lines", "other_yen", total, sent.yen, sent.where))
    if faults:
        raise FeeError(faults)


def _totals_of_their_own(issued: Mapping[str, Any], settled: list[Mapping[str, Any]]) -> Iterator[Fault]:
    """What was written beneath an invoice and its settlements, held against their lines. Taxes are those of all lines billed by then, as they were settled."""
    told = [("invoice total", issued["total"], totals(_taxes(issued["lines"]))["total"])]
    for number, one in enumerate(settled, 1):
        lines = list(_billed(issued, settled[: number - 1]))
        for part in [part for part in ("credit_note", "charge", "written_off") if part in one]:
            after = [*lines, *one[part]["lines"]]
            told.append((f"settled #{number} {part} total", one[part]["total"], _step(_taxes(lines), _taxes(after))["total"]))
            lines = after
        told.append((f"settled #{number} total", one["total"], sum(one[part]["total"] for part in BILLED if part in one)))
    yield from (Fault(where, "own_total", total, right) for where, total, right in told if total != right)


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
            told |= {name: line[name] for name in ("gross", "segments", "deductions")}
            grounds = _taken_off(line, old.get(key, {})) if is_now < was else line["clauses"]
        else:
            grounds = cite(_why_gone(agreed, line), language)
        clauses = list(dict.fromkeys([*cite(("20-2", *(("24-2",) if key[:2] in rates else ())), language), *grounds]))
        changes.append(dict(told, was=was, now=is_now, amount=is_now - was, clauses=clauses))
    return [line for line in changes if line["amount"] > 0], [line for line in changes if line["amount"] < 0]


def _taken_off(line: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """What a line rests on that has become less: its deductions where they alone have changed, or else all that it rests on."""
    taken = [clause for one in line["deductions"] for clause in one["clauses"]]
    return taken if taken and before.get("gross") == line["gross"] else line["clauses"]


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
