# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over days and hours: holidays, business days, reception, maintenance windows, calendar files, AWX schedules.

They read no clock and no account; all days and hours are those of Asia/Tokyo. plugins/plugin_utils/_calendar.py and its neighbours have the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.plugin_utils import _calendar, _calendar_formats
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import read_when
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError
from ansible_collections.msp.aws.plugins.plugin_utils._filters import called


@contextmanager
def _reading(language: str) -> Iterator[Reading]:
    """What is wrong inside becomes one error of Ansible, in the language asked for."""
    try:
        with Reading() as read:
            yield read
    except CalendarError as error:
        raise AnsibleFilterError(error.text(language)) from None  # Ansible would add the text of the cause, in another language


@called
def holidays(year: Any, language: str = "ja") -> list[dict[str, Any]]:
    """The national holidays of a year, in order."""
    with _reading(language) as read:
        known = read.year(year, "year")
    return [_told(holiday, language) for holiday in _calendar.holidays(known).values()]


@called
def closed_days(since: Any, until: Any, closures: Any = None, language: str = "ja", contract: Any = None) -> list[dict[str, Any]]:
    """The holidays and the provider's closures of a span, in order."""
    with _reading(language) as read:
        first, last = read.span(since, until)
        closed = _closed(read, closures, contract)
    return [_told(holiday, language) for holiday in _calendar.closed_days(first, last, closed)]


@called
def is_business_day(day: Any, closures: Any = None, language: str = "ja", contract: Any = None) -> bool:
    """Whether the provider works on a day."""
    with _reading(language) as read:
        known, closed = read.day(day, "day"), _closed(read, closures, contract)
    return _calendar.is_business_day(known, closed)


@called
def earliest_date(received: Any, days: Any = None, closures: Any = None, strict: Any = None, contract: Any = None, language: str = "ja") -> str:
    """The first day on which a request received on that day may be carried out."""
    with _reading(language) as read:
        day = read.day_of_receipt(received, "received")
        closed = _closed(read, closures, contract)
        agreed = contract if isinstance(contract, Mapping) else {}
        count = None if days is None else read.whole(days, "days", 1, 366)
        strictly = read.flag(strict, "strict") if strict is not None else read.flag(agreed.get("lead_strict") or False, "contract lead_strict")
    with _reading(language):
        return _calendar.earliest(day, count, closed, strictly).isoformat()


@called
def reception(moment: Any, plan: Any, desk: str = "incident", language: str = "ja") -> dict[str, Any]:
    """Whether a desk takes calls at a moment, and when it takes a call of that moment."""
    desks = _calendar.catalog()["reception"]
    with _reading(language) as read:
        here = read.moment(moment, "moment")
        known = read.choice(plan, "plan", desks["incident"]) and read.choice(desk, "desk", desks)  # every plan has that desk
        if known and plan not in desks[desk]:
            read.fault("plan", "no_desk", value=plan, other=", ".join(desks[desk]))
    hours = desks[desk][plan]
    is_open, taken = _calendar.reception(here, read_when(hours))
    return dict(open=is_open, accepted_at=_moment(taken), hours=hours.split()[-1])


@called
def maintenance_windows(windows: Any, since: Any, until: Any, closures: Any = None, language: str = "ja", contract: Any = None) -> list[dict[str, Any]]:
    """When the agreed windows are, from their description to hours."""
    with _reading(language) as read:
        agreed, closed = read.windows(windows), _closed(read, closures, contract)
        first, last = read.span(since, until)
    found = _calendar.occurrences(agreed, first, last, closed)
    return [dict(name=one.name, start=_moment(one.start), end=_moment(one.end)) for one in found]


@called
def in_maintenance_window(moment: Any, windows: Any, minutes: Any = 0, closures: Any = None, language: str = "ja", contract: Any = None) -> bool:
    """Whether a moment, and the minutes of work after it, lie within the agreed windows."""
    with _reading(language) as read:
        here, agreed, closed = read.moment(moment, "moment"), read.windows(windows), _closed(read, closures, contract)
        length = read.whole(minutes, "minutes", 0, 366 * 24 * 60)
    return _calendar.within(agreed, here, length, closed)


@called
def ical(events: Any, calendar: Any = None, stamp: Any = None, language: str = "ja") -> str:
    """Events as the text of an iCalendar file."""
    with _reading(language) as read:
        known, name = read.events(events), read.text(calendar, "calendar") if calendar is not None else read.fault("calendar", "calendar")
        written = None if stamp is None else read.moment(stamp, "stamp")
    return _calendar_formats.ical(known, name, written)


@called
def day_in_japan(seconds: Any, language: str = "ja") -> str:
    """The day in Japan of a moment that is told in seconds since 1970, as `now().timestamp()` does."""
    with _reading(language) as read:
        try:
            moment = read.moment(datetime.fromtimestamp(seconds, _calendar.JST), "seconds")
        except (TypeError, ValueError, OverflowError):
            read.fault("seconds", "seconds", value=seconds)
    return moment.date().isoformat()


@called
def awx_schedule(when: Any, since: Any, until: Any = None, closures: Any = None, language: str = "ja", contract: Any = None) -> dict[str, Any]:
    """Days and a time as a recurrence that AWX takes."""
    with _reading(language) as read:
        meant, closed = read.when(when, "when"), _closed(read, closures, contract)
        first, last = (read.day(since, "since"),) * 2 if until is None else read.span(since, until)
        if meant and meant.skips_months:
            read.fault("when", "skips_months", value=when)
        if meant and first and last and meant.business and (until is None or last > _calendar_formats.longest_until(first)):
            read.fault("until", "needs_until", other=_calendar_formats.longest_until(first))
    with _reading(language) as read:
        found = _calendar_formats.awx_schedule(meant, first, None if until is None else last, closed)
        if found is None:
            read.fault("when", "never", value=when, other=(first, last if until else _calendar.LAST))
    return dict(found._asdict(), until=found.until and found.until.isoformat())


def _closed(read: Reading, closures: Any, contract: Any) -> _calendar.Closures:
    """The closures that are given, or else those of the contract."""
    agreed = read.contract(contract)
    return read.closures(closures) if closures is not None else read.closures(agreed.get("closures"), "contract closures")


def _told(holiday: _calendar.Holiday, language: str) -> dict[str, Any]:
    return dict(date=holiday.day.isoformat(), name=getattr(holiday, language), forecast=holiday.forecast)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            awx_schedule=awx_schedule,
            closed_days=closed_days,
            day_in_japan=day_in_japan,
            earliest_date=earliest_date,
            holidays=holidays,
            ical=ical,
            in_maintenance_window=in_maintenance_window,
            is_business_day=is_business_day,
            maintenance_windows=maintenance_windows,
            reception=reception,
        )
