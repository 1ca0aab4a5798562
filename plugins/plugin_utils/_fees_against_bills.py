# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with events about invoices, held against what is billed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import bills
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement, Settled
from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import Event
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault


def against_bills(agreed: Agreement, happened: Iterable[Event]) -> Iterator[Fault]:
    """The faults of an agreement that is free of contradictions otherwise."""
    happened = list(happened)
    yield from (Fault(event.where, "not_billed", value=event.fields["month"]) for event in _of_no_invoice(agreed, happened))
    yield from _of_nothing(agreed, happened)
    yield from (Fault(one.where, "yen_needed", value=", ".join(one.months)) for one in _credits_of_unknown_yen(agreed))


def _of_no_invoice(agreed: Agreement, happened: Iterable[Event]) -> list[Event]:
    """第49条: requests for a qualified invoice where the provider billed nothing that bears consumption tax."""
    asked = [event for event in happened if event.kind == "qualified_invoice_requested"]
    return [event for event in asked if not bills(agreed, agreed.month(event.fields["month"]))[-1].qualified]


def _of_nothing(agreed: Agreement, happened: Iterable[Event]) -> Iterator[Fault]:
    """Invoices, and what settles them, of months in which nothing is charged, or that somebody else bills.

    An invoice whose yen are written down was issued, whatever is due of it by what is known now: then it is to be given back, or was. After the end late
    interest and what articles 18 and 49 ask for may follow.
    """
    told = [event for event in happened if event.kind in ("invoiced", "settled")]
    last = max((event.fields["months"][0] for event in told), default=None)
    made = {month.name: bill for bill in (bills(agreed, agreed.month(last)) if last else ()) for month in bill.months}
    issued = {event.fields["months"] for event in told if event.kind == "invoiced" and "yen" in event.fields}
    for event in told:
        months = event.fields["months"]
        # Of what was charged all may have been taken off since; then that is to be given back.
        bill = made.get(months[0])
        if months in issued or (bill and any(line.amount or line.gross for line in bill.lines)):
            continue
        where = f"{event.where} months"
        if agreed.cancelled_on and agreed.month(months[0]).first > agreed.cancelled_on:
            yield Fault(where, "billed_after_end", limit=agreed.cancelled_on)
        else:
            yield Fault(where, "nothing_charged" if agreed.biller(agreed.month(months[0])) == "own" else "others_bill", ", ".join(months))


def _credits_of_unknown_yen(agreed: Agreement) -> list[Settled]:
    """What was given back of invoices of which the yen were not written down: it could not be told whether the events say so already."""
    known = {issue.months for issue in agreed.issues if issue.yen is not None}
    return [one for one in agreed.settlements if one.yen < 0 and one.months not in known]
