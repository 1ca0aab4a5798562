# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes days, moments, closures, windows and events of what people wrote, and refuses all that is wrong in one go."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._calendar import FIRST, JST, KNOWN, LAST, Closure, Closures, Window, own_closures
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_formats import Event
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import Unreadable, When, read_when
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError, Fault
from ansible_collections.msp.aws.plugins.plugin_utils._days import moment_of

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = re.compile(rf"{DAY}[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?")
EVERY_YEAR = re.compile(r"[0-9]{2}-[0-9]{2}")


class Reading:
    """Makes days, moments, closures and windows of what was written, and raises CalendarError with every fault at the end of `with`.

    Until then a value that cannot be read is None, so that the rest is read as well. `where` is what the writer calls the place.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, kind: type | None, *rest: Any) -> None:
        if kind is None and self.faults:
            raise CalendarError(self.faults)

    def fault(self, where: str, code: str, **facts: Any) -> None:
        self.faults.append(Fault(where, code, dict(dict(value=None), **facts)))

    def day(self, value: Any, where: str) -> date | None:
        """A date: 2026-11-20 as a text or as YAML reads it without quotes."""
        found = _day(value)
        if found is None:
            self.fault(where, "day", value=value)
        return self._known(found, value, where)

    def moment(self, value: Any, where: str) -> datetime | None:
        """A moment in Japan's zone. A text without a zone is Japan time, since that is what people write.

        A `datetime` without one is refused: it comes from now() or to_datetime, and may be hours away.
        """
        try:
            if not isinstance(value, datetime) and not (isinstance(value, str) and MOMENT.fullmatch(value)):
                return self.fault(where, "moment", value=value)
            found = moment_of(str(value))
            if found.tzinfo is None and isinstance(value, datetime):
                return self.fault(where, "zone", value=value)
            found = found.astimezone(JST) if found.tzinfo else found.replace(tzinfo=JST)
            return self._known(found, value, where)
        except (ValueError, OverflowError):
            return self.fault(where, "moment", value=value)

    def day_of_receipt(self, value: Any, where: str) -> date | None:
        """A date, or the day in Japan of a moment: the desk for operations takes requests at any hour (別紙1の1.4)."""
        if isinstance(value, datetime) or (isinstance(value, str) and MOMENT.fullmatch(value)):
            moment = self.moment(value, where)
            return moment.date() if moment else None
        return self.day(value, where)

    def span(self, since: Any, until: Any) -> tuple[date | None, date | None]:
        """The first and the last day of a span."""
        first, last = self.day(since, "since"), self.day(until, "until")
        if first and last and last < first:
            self.fault("until", "backwards", value=last, other=first)
        return first, last

    def year(self, value: Any, where: str) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return self.fault(where, "year", value=value, other=KNOWN)
        if not FIRST.year <= value <= LAST.year:
            return self.fault(where, "years", value=value, other=KNOWN)
        return int(value)

    def whole(self, value: Any, where: str, least: int, most: int) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            return self.fault(where, "whole", value=value, other=f"{least}–{most}")
        return int(value)

    def flag(self, value: Any, where: str) -> bool | None:
        # A text such as "false" would count as true.
        return value if isinstance(value, bool) else self.fault(where, "flag", value=value)

    def choice(self, value: Any, where: str, choices: Iterable[str]) -> str | None:
        known = list(choices)
        return value if value in known else self.fault(where, "choice", value=value, other=", ".join(known))

    def text(self, value: Any, where: str) -> str | None:
        """A text that can stand in a calendar."""
        if not isinstance(value, str) or not value.strip():
            return self.fault(where, "text", value=value)
        if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n" for character in value.replace("\r\n", "\n")):
            return self.fault(where, "control", value=value)
        return value

    def when(self, value: Any, where: str) -> When | None:
        """Days and hours, see `read_when`."""
        try:
            return read_when(value) if isinstance(value, str) else self.fault(where, "hours", value=value)
        except Unreadable as error:
            return self.fault(where, error.code, **error.facts)

    def window_hours(self, value: Any, where: str) -> When | None:
        """Days and hours that have an end."""
        found = self.when(value, where)
        return self.fault(where, "no_end", value=value) if found and found.minutes is None else found

    def contract(self, raw: Any) -> Mapping[str, Any]:
        """A contract, of which only what is about days is read."""
        if raw is None or isinstance(raw, Mapping):
            return raw or {}
        self.fault("contract", "table", value=raw)
        return {}

    def closures(self, raw: Any, where: str = "closures") -> Closures:
        """The provider's closures: entries {from, until, name}, `until` and `name` at will, both ends closed.

        A list, or {add: […]}, comes on top of the year-end closing of the data file; {set: […]} is exactly these.
        """
        if isinstance(raw, Closures):
            return raw
        own, entries = own_closures(), raw
        if isinstance(raw, Mapping):
            if len(raw) != 1 or not set(raw) <= {"add", "set"}:
                self.fault(where, "choice", value=", ".join(map(str, raw)), other="add, set")
                return Closures()
            ((verb, entries),) = raw.items()
            own, where = () if verb == "set" else own, f"{where} {verb}"
        found = [self._closure(entry, place) for place, entry in self._entries([] if entries is None else entries, where, ("from", "until", "name"), ("from",))]
        return Closures([*own, *(closure for closure in found if closure)])

    def windows(self, raw: Any, where: str = "maintenance_windows") -> list[Window]:
        """Maintenance windows: entries {name, when, from, until}; `from` and `until` are the first and last day on which one may begin."""
        found: dict[str, Window] = {}
        for place, entry in self._entries(raw, where, ("name", "when", "from", "until"), ("name", "when")):
            name, when = self._given(self.text, entry, "name", place), self._given(self.window_hours, entry, "when", place)
            since, until = self._span_of(entry, place)
            if name in found:
                self.fault(f"{place} name", "duplicate", value=name)
            elif name is not None:
                found[name] = Window(name, when, since, until)
        return list(found.values())

    def events(self, raw: Any, where: str = "events") -> list[Event]:
        """What goes into a calendar: entries {name, date} or {name, start, end}, with a description and forecast at will."""
        found: dict[tuple, Event] = {}
        for place, entry in self._entries(raw, where, ("name", "date", "start", "end", "description", "forecast"), ("name",)):
            event = self._event(entry, place)
            if event and (event.name, event.day) in found:
                self.fault(place, "event_twice", value=event.name, other=event.day)
            elif event:
                found[event.name, event.day] = event
        return list(found.values())

    def _known(self, found: Any, value: Any, where: str) -> Any:
        if found is not None and not FIRST.year <= found.year <= LAST.year:
            return self.fault(where, "years", value=value, other=KNOWN)
        return found

    def _entries(self, raw: Any, where: str, known: tuple[str, ...], needed: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The entries that can be read further, each with its place; words that are unknown or missing are noted."""
        if not isinstance(raw, (list, tuple)):
            self.fault(where, "list", value=raw)
            return
        for number, entry in enumerate(raw, 1):
            place = f"{where} #{number}"
            if not isinstance(entry, Mapping):
                self.fault(place, "entry", value=entry)
                continue
            for word in entry:
                if word not in known:
                    close = next(iter(get_close_matches(str(word), known, 1)), None)
                    self.fault(place, "unknown", value=word, close=close, other=", ".join(known))
            for word in needed:
                if entry.get(word) is None:
                    self.fault(f"{place} {word}", "missing")
            yield place, entry

    def _span_of(self, entry: Mapping[str, Any], place: str) -> tuple[date, date]:
        """`from` and `until` of an entry, as far as they can be read."""
        first, last = self._given(self.day, entry, "from", place) or FIRST, self._given(self.day, entry, "until", place) or LAST
        if last < first:
            self.fault(f"{place} until", "backwards", value=last, other=first)
        return first, last

    def _given(self, read: Callable[[Any, str], Any], entry: Mapping[str, Any], word: str, place: str, otherwise: Any = None) -> Any:
        """What an entry says under a word; a word without a value is as good as none."""
        return otherwise if entry.get(word) is None else read(entry[word], f"{place} {word}")

    def _closure(self, entry: Mapping[str, Any], place: str) -> Closure | None:
        first = self._given(self._closure_day, entry, "from", place)
        last = self._given(self._closure_day, entry, "until", place, first)
        name = self._given(self.text, entry, "name", place)
        if first is None or last is None:
            return None
        if len(first) != len(last):
            return self.fault(place, "closure_mixed", value=first, other=last)
        if last < first and not EVERY_YEAR.fullmatch(first):
            return self.fault(f"{place} until", "backwards", value=_day(last), other=_day(first))
        return Closure(first, last, name or "休業日", name or "Closed")

    def _closure_day(self, value: Any, where: str) -> str | None:
        if isinstance(value, str) and EVERY_YEAR.fullmatch(value) and _day(f"2000-{value}"):  # 2000 was a leap year
            return str(value)
        found = _day(value)
        if found is None:
            return self.fault(where, "closure_day", value=value)
        return found.isoformat() if self._known(found, value, where) else None

    def _event(self, entry: Mapping[str, Any], place: str) -> Event | None:
        name, description = self._given(self.text, entry, "name", place), self._given(self.text, entry, "description", place)
        forecast = self._given(self.flag, entry, "forecast", place, False)
        day = self._given(self.day, entry, "date", place)
        start, end = self._given(self.moment, entry, "start", place), self._given(self.moment, entry, "end", place)
        if {word for word in ("date", "start", "end") if entry.get(word) is not None} not in ({"date"}, {"start", "end"}):
            return self.fault(place, "one_of")
        if start and end and end <= start:
            self.fault(f"{place} end", "backwards", value=end, other=start)
        return Event(name, day or start, end, description, forecast) if name and (day or start) else None


def _day(value: Any) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    try:
        return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(DAY, value) else None
    except ValueError:
        return None
