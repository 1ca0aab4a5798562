# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days for other programs: recurrence rules that AWX takes, and iCalendar (RFC 5545)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._calendar import LAST, ONE_DAY, Closures, days_between, days_of, moment_of
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import BYDAY, WEEKDAYS, When

# ---- AWX: what its schedules take is a part of RFC 5545

# It wants one DTSTART with a zone, and INTERVAL in each rule. It takes several RRULE and EXRULE, but neither RDATE nor EXDATE, no BYDAY
# with a number, and COUNT up to 999 only. A single date is therefore said by its month, day and weekday, which no other date
# within five years has.


class Schedule(NamedTuple):
    """A recurrence for AWX, its form (see `awx_schedule`), and the last day for which it is right; None when it holds for ever."""

    rrule: str
    form: str
    until: date | None


def longest_until(since: date) -> date:
    """The last day up to which a date can be told by month, day and weekday alone, counted from `since`."""
    return date(since.year + 5, since.month, 1) - ONE_DAY


def awx_schedule(when: When, since: date, until: date | None = None, closures: Closures | None = None) -> Schedule | None:
    """The recurrence of a `When` from `since` on as AWX takes it, or None when no day of the span is meant.

    The form is `rule` where one rule says it (第3日曜); `exceptions` for business days: Monday to Friday, and an EXRULE for each of these
    that is none; `dates` for the n-th or last business day, for which no recurrence rule exists: a rule for each date. The latter two
    need `until`, not later than `longest_until`, and end there: a schedule that has run out is better than one that runs on holidays.
    """
    last = min(LAST, since + 366 * ONE_DAY) if until is None else until
    meant = list(days_of(when, since, last, closures))
    if not meant:
        return None
    ends = "" if until is None else f";UNTIL={moment_of(until, 24 * 60 - 1).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if not when.business:
        form, rules = "rule", [f"RRULE:{_plain_rule(when)}{ends}"]
    elif when.positions:
        form, rules = "dates", [f"RRULE:{_date_rule(day)}{ends}" for day in meant]
    else:
        form, rules = "exceptions", [f"RRULE:{_plain_rule(when)}{ends}"]
        off = set(days_between(meant[0], last)) - set(meant)
        rules += [f"EXRULE:{_date_rule(day)}{ends}" for day in sorted(off) if day.weekday() in when.weekdays]
    start = f"DTSTART;TZID=Asia/Tokyo:{moment_of(meant[0], when.start):%Y%m%dT%H%M%S}"
    return Schedule(" ".join([start, *rules]), form, until)


def _plain_rule(when: When) -> str:
    places = ",".join(map(str, when.positions))
    if when.weekdays == WEEKDAYS:
        return f"FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY={places}" if places else "FREQ=DAILY;INTERVAL=1"
    weekdays = ",".join(BYDAY[weekday] for weekday in sorted(when.weekdays))
    return f"FREQ=MONTHLY;INTERVAL=1;BYDAY={weekdays};BYSETPOS={places}" if places else f"FREQ=WEEKLY;INTERVAL=1;BYDAY={weekdays}"


def _date_rule(day: date) -> str:
    return f"FREQ=YEARLY;INTERVAL=1;BYMONTH={day.month};BYMONTHDAY={day.day};BYDAY={BYDAY[day.weekday()]}"


# ---- iCalendar (RFC 5545)


class Event(NamedTuple):
    """What a calendar shows: from a moment to a moment, or a whole day (then `end` is None and `start` a date)."""

    name: str
    start: date | datetime
    end: datetime | None
    description: str | None = None
    forecast: bool = False

    @property
    def day(self) -> date:
        return self.start.date() if isinstance(self.start, datetime) else self.start


TIME_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Tokyo",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0900",
    "TZNAME:JST",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def ical(events: Iterable[Event], calendar: str, stamp: datetime | None = None) -> str:
    """Events as an iCalendar file. The same calendar, name and day have the same UID, so a later file moves the event to its new hours.

    DTSTAMP is `stamp`, or else the beginning of the event: the file does not differ from run to run.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//msp.aws//calendar//EN", "CALSCALE:GREGORIAN"]
    lines += [f"NAME:{_escaped(calendar)}", f"X-WR-CALNAME:{_escaped(calendar)}"]  # by RFC 7986, and as most programs read it
    lines += TIME_ZONE  # a calendar needs a component, also when it has no event
    for event in events:
        lines += _event_lines(event, calendar, stamp)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event_lines(event: Event, calendar: str, stamp: datetime | None) -> Iterator[str]:
    written = stamp or (event.start if isinstance(event.start, datetime) else moment_of(event.start, 0))
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(('urn:msp.aws:calendar', calendar, event.name, event.day.isoformat())))}"
    yield f"DTSTAMP:{written.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if event.end is None:
        yield f"DTSTART;VALUE=DATE:{event.start:%Y%m%d}"
        yield "TRANSP:TRANSPARENT"  # a holiday does not make anybody busy
    else:
        yield f"DTSTART;TZID=Asia/Tokyo:{event.start:%Y%m%dT%H%M%S}"
        yield f"DTEND;TZID=Asia/Tokyo:{event.end:%Y%m%dT%H%M%S}"
    yield f"SUMMARY:{_escaped(event.name)}"
    if event.description:
        yield f"DESCRIPTION:{_escaped(event.description)}"
    yield f"STATUS:{'TENTATIVE' if event.forecast else 'CONFIRMED'}"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\r\n", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets a line, and no character cut in two."""
    lines, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            lines.append(" ")
            size = 1
        lines[-1] += character
        size += octets
    return "\r\n".join(lines)
