# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A contract and its events as they were told, and what contradicts what in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import Event
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month, month_from
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault


class Told:
    """The fields of a contract, its events in order, and the faults that are found in them."""

    def __init__(self, facts: Mapping[str, Any], written: set[str], events: list[Event], faults: list[Fault]) -> None:
        self.facts = facts
        self.written = written  # what the contract names, be it right or wrong
        self.events = events
        self.faults = faults
        self.sound = not faults  # with faults before, what is left may lack what a check would count
        self.cancelled_on: date | None = None

    def fault(self, where: str, code: str, **facts: Any) -> None:
        self.faults.append(Fault(where, code, **facts))

    def needs(self, name: str, code: str = "missing") -> None:
        if name not in self.written:
            self.fault(f"contract {name}", code)

    def all(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def once(self, kind: str, key: Callable[[Event], Any]) -> list[Event]:
        """Events of a kind of which there may be one for each key."""
        first: dict[Any, Event] = {}
        for event in self.all(kind):
            other = first.setdefault(key(event), event)
            if other is not event:
                self.fault(event.where, "twice", other=other.where)
        return list(first.values())

    def not_before(self, where: str, day: Any, limit: Any, other: str) -> bool:
        if day is not None and limit is not None and day < limit:
            self.fault(where, "before", value=day, limit=limit, other=other)
            return False
        return True

    def not_ended(self, where: str, day: date) -> None:
        if self.cancelled_on and day > self.cancelled_on:
            self.fault(where, "ended", limit=self.cancelled_on)

    def month(self, name: str) -> Month:
        return month_from(date(int(name[:4]), int(name[5:]), self.facts.get("fee_rules", {}).get("billing_month_start_day", 1)))

    def month_of_contract(self, event: Event) -> Month:
        """The month that an event is about, in which there must have been a contract."""
        month = self.month(event.fields["month"])
        self.not_before(f"{event.where} month", month.last, self.facts.get("applied_on"), "applied_on")
        self.not_ended(f"{event.where} month", month.first)
        return month
