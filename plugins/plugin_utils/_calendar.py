# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Japanese holidays, business days, reception hours and maintenance windows, worked out from rules and from catalog/calendar.yml.

Nothing here asks a clock, a network or a package of time zones: Japan has kept +09:00 all year since 1952. Days are `date`, moments are
`datetime` in that zone. Holidays follow 国民の祝日に関する法律 and are known for the years 2000 to 2099; in each February the next year's
become official, until then they are a forecast. What people wrote is read by `_calendar_reading.Reading` before it comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import When
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError, Fault

CATALOG = Path(__file__).resolve().parents[2] / "catalog" / "calendar.yml"
JST = timezone(timedelta(hours=9), "JST")
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)  # the table of holidays begins, and the formula for equinoxes ends
KNOWN = (FIRST, LAST)
ONE_DAY = timedelta(days=1)


@cache
def catalog() -> Mapping[str, Any]:
    """The data file: holidays, closures, lead_business_days, reception, …"""
    return yaml_load(CATALOG.read_text(encoding="utf-8"))


# ---- holidays


class Holiday(NamedTuple):
    """A day on which nobody is asked to work: a holiday by law, or a closure of the provider."""

    day: date
    ja: str
    en: str
    forecast: bool = False  # the year's holidays have not been published yet


@cache
def holidays(year: int) -> Mapping[date, Holiday]:
    """The holidays of a year by their days, in order: Articles 2 and 3 of 国民の祝日に関する法律. CalendarError outside of 2000 to 2099."""
    if not FIRST.year <= year <= LAST.year:
        raise CalendarError([Fault("year", "years", dict(value=year, other=KNOWN))])
    forecast = year > catalog()["published_through"]
    named = {day: Holiday(day, row["ja"], row["en"], forecast) for day, row in _named_days(year)}
    derived: dict[date, Holiday] = {}
    for day in sorted(named):
        # Until 2006 the law said only "the next day"; no holiday fell on a Monday after a Sunday's then, so one rule tells all years.
        if day.weekday() == 6:
            substitute = next(later for later in days_between(day, LAST) if later not in named)
            derived[substitute] = Holiday(substitute, **catalog()["substitute"], forecast=forecast)
    for day in named:
        # A Sunday was not counted until 2006, and has not been between two holidays since.
        between = day + ONE_DAY
        if between + ONE_DAY in named and between not in named and between.weekday() != 6:
            derived[between] = Holiday(between, **catalog()["between"], forecast=forecast)
    return dict(sorted({**named, **derived}.items()))


def _named_days(year: int) -> Iterator[tuple[date, Mapping[str, Any]]]:
    for row in catalog()["holidays"]:
        if row.get("from", year) <= year <= row.get("until", year):
            yield date(year, row["month"], _day_of_month(row, year)), row


def _day_of_month(row: Mapping[str, Any], year: int) -> int:
    if "equinox" in row:
        return _equinox(year, row["month"])
    if "monday" in row:
        first_monday = 1 + -date(year, row["month"], 1).weekday() % 7
        return first_monday + 7 * (row["monday"] - 1)
    return row["day"]


def _equinox(year: int, month: int) -> int:
    """The day of March or September on which the Sun crosses the equator in Japan; good for 1980 to 2099.

    In millionths of a day: where the equinox fell in 1980, what a tropical year has over 365 days, and back by one day for each leap year.
    """
    in_1980 = {3: 20_843_100, 9: 23_248_800}[month]
    return (in_1980 + 242_194 * (year - 1980)) // 1_000_000 - (year - 1980) // 4


# ---- closures and business days


class Closure(NamedTuple):
    """Days on which the provider is closed, both ends included: of one year (2026-08-13), or of every year (12-29)."""

    first: str
    last: str
    ja: str
    en: str

    def covers(self, day: date) -> bool:
        here = day.isoformat()[-len(self.first):]  # both forms sort as texts; one of every year may reach over the end of the year
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


class Closures(tuple):
    """Closures that have been read, so that nobody reads them again."""


def is_business_day(day: date, closures: Closures | None = None) -> bool:
    """Whether the provider works on that day: Monday to Friday, no holiday, no closure.

    The terms use 営業日 (別紙1の1.4) and do not define it. `closures` is what the contract says (see `Reading.closures`); the year-end
    closing of the data file is always among them, unless the contract says {set: […]}. CalendarError outside of 2000 to 2099.
    """
    closed = _known(closures)
    return day.weekday() < 5 and day not in holidays(day.year) and not any(closure.covers(day) for closure in closed)


def closed_days(since: date, until: date, closures: Closures | None = None) -> Iterator[Holiday]:
    """Every holiday and every day of a closure in a span, both ends included; the law's name goes before the provider's."""
    closed = _known(closures)
    for day in days_between(since, until):
        closure = next((closure for closure in closed if closure.covers(day)), None)
        if day in holidays(day.year):
            yield holidays(day.year)[day]
        elif closure:
            yield Holiday(day, closure.ja, closure.en)


def earliest(received: date, days: int | None = None, closures: Closures | None = None, strict: bool = False) -> date:
    """The first day on which a request may be carried out: the `days`-th business day counted from the day after receipt (別紙1の1.4).

    "3営業日以降" includes the third day itself. `strict` is for those who agreed that three whole business days lie between: one more.
    CalendarError when it would lie beyond 2099.
    """
    closed = _known(closures)
    wanted = left = (catalog()["lead_business_days"] if days is None else days) + bool(strict)
    day = received
    while left:
        if (day - received).days > 4 * (wanted + 30):
            raise CalendarError([Fault("closures", "closed", dict(value=received, other=day))])
        if day == LAST:
            raise CalendarError([Fault("received", "beyond", dict(value=received, other=KNOWN))])
        day += ONE_DAY
        left -= is_business_day(day, closed)
    return day


def _known(closures: Closures | None) -> Closures:
    return Closures(own_closures()) if closures is None else closures


@cache
def own_closures() -> tuple[Closure, ...]:
    return tuple(Closure(entry["from"], entry["until"], entry["ja"], entry["en"]) for entry in catalog()["closures"])


def days_between(since: date, until: date) -> Iterator[date]:
    """The days of a span as far as they are known."""
    since, until = max(since, FIRST), min(until, LAST)
    return (since + number * ONE_DAY for number in range((until - since).days + 1))


# ---- the days of a phrase


def days_of(when: When, since: date, until: date, closures: Closures | None = None) -> Iterator[date]:
    """The days that a `When` means in a span, both ends included, in order."""
    closed = _known(closures)
    since, until = max(since, FIRST), min(until, LAST)
    month = since.replace(day=1)
    while month <= until:
        following = (month + 31 * ONE_DAY).replace(day=1) if month < LAST.replace(day=1) else LAST + ONE_DAY
        found = [day for day in days_between(month, following - ONE_DAY) if day.weekday() in when.weekdays]
        if when.business:
            found = [day for day in found if is_business_day(day, closed)]
        if when.positions:
            found = sorted({found[place - 1 if place > 0 else place] for place in when.positions if abs(place) <= len(found)})
        yield from (day for day in found if since <= day <= until)
        month = following


# ---- maintenance windows and reception hours


class Window(NamedTuple):
    """An agreed maintenance window, and the days on which it may begin."""

    name: str
    when: When
    since: date = FIRST
    until: date = LAST


class Occurrence(NamedTuple):
    """A window of one day; its end does not belong to it."""

    start: datetime
    end: datetime
    name: str


def moment_of(day: date, minute: int) -> datetime:
    """A minute of a day in Japan; 1440 is the end of the day."""
    return datetime.combine(day, time(), JST) + timedelta(minutes=minute)


def occurrences(windows: Iterable[Window], since: date, until: date, closures: Closures | None = None) -> list[Occurrence]:
    """What begins on the days of a span, both included, in order of time."""
    closed = _known(closures)
    return sorted(
        Occurrence(moment_of(day, window.when.start), moment_of(day, window.when.start + (window.when.minutes or 0)), window.name)
        for window in windows
        for day in days_of(window.when, max(since, window.since), min(until, window.until), closed)
    )


def within(windows: Iterable[Window], moment: datetime, minutes: int = 0, closures: Closures | None = None) -> bool:
    """Whether a moment, and the minutes of work after it, lie within windows. Windows that touch or overlap are as good as one."""
    end = moment + timedelta(minutes=minutes)
    reach = moment
    for occurrence in occurrences(windows, moment.date() - ONE_DAY, end.date(), closures):  # one of the day before may go on
        if occurrence.start <= reach < occurrence.end:
            reach = occurrence.end
    return moment < reach and end <= reach


def reception(moment: datetime, hours: When) -> tuple[bool, datetime]:
    """Whether a desk takes calls at a moment, and when a call of that moment is taken (別紙1の1.4)."""
    days = [day for number in range(-1, 8) if (day := moment.date() + number * ONE_DAY).weekday() in hours.weekdays]  # a desk knows no holidays
    found = (Occurrence(moment_of(day, hours.start), moment_of(day, hours.start + (hours.minutes or 0)), "") for day in days)
    nearest = next(occurrence for occurrence in found if moment < occurrence.end)
    return nearest.start <= moment, max(moment, nearest.start)
