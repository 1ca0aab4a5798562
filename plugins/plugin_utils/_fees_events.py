# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a contract, each read by its own shape, in an order that does not depend on how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import EVENTS, THOUGHT
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, moment, no_list, read_table
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close


def event_day(event: Mapping[str, Any]) -> date:
    """The day of an event in which no fault was found."""
    return moment(event["date"]).date()


class Event(NamedTuple):
    """A well-formed event: when, what, its fields, and how the engineer finds it again."""

    date: Any
    kind: str
    fields: Mapping[str, Any]
    where: str


def read_events(given: Any, faults: list[Fault]) -> list[Event]:
    if not isinstance(given, (list, tuple)):
        faults.append(no_list(given, "events"))
        return []
    found = (_event(number, event, faults) for number, event in enumerate(given, 1))
    return sorted((event for event in found if event), key=lambda event: (str(event.date), event.kind, repr(sorted(event.fields.items()))))


def _event(number: int, given: Any, faults: list[Fault]) -> Event | None:
    where = f"events #{number}"
    if not isinstance(given, Mapping):
        faults.append(Fault(where, "table", given))
        return None
    kind = given.get("event")
    # A number alone is not found again in a long list.
    where = " ".join([where, *(str(given[name]) for name in ("event", "date") if isinstance(given.get(name), (str, int, float, date)))])
    if not isinstance(kind, str) or kind not in EVENTS:
        faults.append(Fault(f"{where} event", "missing") if kind is None else Fault(where, "event", kind, ", ".join(EVENTS), close=close(kind, EVENTS)))
        return None
    shape = dict(dict(date=Field("day", required=True), event=Field("text"), note=Field("text")), **EVENTS[kind])
    before = len(faults)
    fields = read_table(Field("table", fields=shape, elsewhere=THOUGHT.get(kind, {})), given, where, faults)
    if len(faults) > before:
        return None
    return Event(fields.pop("date"), fields.pop("event"), {name: value for name, value in fields.items() if name != "note"}, where)
