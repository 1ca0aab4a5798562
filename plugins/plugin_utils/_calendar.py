# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Japanese holidays, business days, reception hours and maintenance windows, worked out from rules and from catalog/calendar.yml.

Nothing here asks a clock, a network or a package of time zones: Japan has kept +09:00 all year since 1952. Days are `date`, moments are
`datetime` in that zone. Holidays follow 国民の祝日に関する法律 and are known for the years 2000 to 2099; in each February the next year's
become official, until then they are a forecast. `Reading` makes days, windows and closures of what people wrote, and refuses all that is
wrong in one go. Other code of the controller may hand over what a contract says as it is: `is_business_day(day, contract["closures"])`.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint

CATALOG = Path(__file__).resolve().parents[2] / "catalog" / "calendar.yml"
JST = timezone(timedelta(hours=9), "JST")
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)  # the table of holidays begins, and the formula for equinoxes ends
KNOWN = f"{FIRST} – {LAST}"
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
            substitute = next(later for later in _span(day, LAST) if later not in named)
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


def is_business_day(day: date, closures: Any = None) -> bool:
    """Whether the provider works on that day: Monday to Friday, no holiday, no closure.

    The terms use 営業日 (別紙1 1.4) and do not define it. `closures` is what the contract says (see `Reading.closures`); the year-end
    closing of the data file is always among them, unless the contract says {set: […]}. CalendarError outside of 2000 to 2099.
    """
    closed = _closures(closures)
    return day.weekday() < 5 and day not in holidays(day.year) and not any(closure.covers(day) for closure in closed)


def closed_days(since: date, until: date, closures: Any = None) -> Iterator[Holiday]:
    """Every holiday and every day of a closure in a span, both ends included; the law's name goes before the provider's."""
    closed = _closures(closures)
    for day in _span(since, until):
        closure = next((closure for closure in closed if closure.covers(day)), None)
        if day in holidays(day.year):
            yield holidays(day.year)[day]
        elif closure:
            yield Holiday(day, closure.ja, closure.en)


def earliest(received: date, days: int | None = None, closures: Any = None, strict: bool = False) -> date:
    """The first day on which a request may be carried out: the `days`-th business day counted from the day after receipt (別紙1 1.4).

    "3営業日以降" includes the third day itself. `strict` is for those who agreed that three whole business days lie between: one more.
    CalendarError when it would lie beyond 2099.
    """
    closed = _closures(closures)
    wanted = left = (catalog()["lead_business_days"] if days is None else days) + bool(strict)
    day = received
    while left:
        if (day - received).days > 4 * (wanted + 30):
            raise CalendarError([Fault("closures", "closed", dict(value=f"{received}", other=f"{day}"))])
        if day == LAST:
            raise CalendarError([Fault("received", "beyond", dict(value=f"{received}", other=KNOWN))])
        day += ONE_DAY
        left -= is_business_day(day, closed)
    return day


def _closures(closures: Any) -> Closures:
    if isinstance(closures, Closures):
        return closures
    with Reading() as read:
        return read.closures(closures)


@cache
def _own_closures() -> tuple[Closure, ...]:
    return tuple(Closure(entry["from"], entry["until"], entry["ja"], entry["en"]) for entry in catalog()["closures"])


def _span(since: date, until: date) -> Iterator[date]:
    """The days of a span as far as they are known."""
    since, until = max(since, FIRST), min(until, LAST)
    return (since + number * ONE_DAY for number in range((until - since).days + 1))


# ---- when: "third Sunday 01:00-05:00", "最終営業日 18:00"


class When(NamedTuple):
    """Which days, and from which minute for how many.

    A day counts when its weekday is in `weekdays` (0 is Monday) and, with `business`, when it is a business day. `positions` are those
    taken of them in each month, 1 the first and -1 the last; all when empty.
    """

    positions: tuple[int, ...]
    weekdays: frozenset[int]
    business: bool
    start: int
    minutes: int | None  # None when no end was written

    @property
    def skips_months(self) -> bool:
        """Whether it means a day of the month that not every month has."""
        return self.weekdays == WEEKDAYS and any(position > 28 for position in self.positions)


class Unreadable(ValueError):
    """A text that says no `When`: a code of TEXTS and what goes into it."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


WEEKDAYS = frozenset(range(7))
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # what RFC 5545 calls them; English names begin so too
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1, "最終": -1}
# The first that matches counts; so what contains another word stands before it. The first letter of a family is its sign in PHRASE.
WORD = re.compile(
    r"""
    (?P<filler>    \s+ | (?:of\ )?(?:the|every|each)\ month | every\ (?=business|week|day|mon|tue|wed|thu|fri|sat|sun) | the | 毎月(?!末) | 毎(?!週) | の )
    | (?P<joint>     [,、・&]+ | and | と )
    | (?P<period>    毎週 )
    | (?P<noun_business>  business\ days? | 営業日 )
    | (?P<noun_workdays>  weekdays? | 平日 )
    | (?P<noun_weekday>   (?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)? | [月火水木金土日]曜日? )
    | (?P<end>       月末 | 末日 )
    | (?P<dated>     [0-9]{1,2}日(?!曜) )
    | (?P<noun_day>       days? | daily | 日 )
    | (?P<ordinal>   first | second | third | fourth | fifth | last | 最終 | 第[0-9]{1,2}(?:[,、・][0-9]{1,2}(?![0-9]|日(?!曜)))* | [0-9]{1,2}(?:st|nd|rd|th) )
    """,
    re.VERBOSE,
)
# Days of each week (毎週), or such as have a place in the month, each with all of its ordinals before it: second and fourth Friday, 5日・月末.
PHRASE = re.compile(r"p?n(j*n)*|(o(j+o)*n|[de])(j+(o(j+o)*n|[de]))*")
HOURS = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?:\s*[-–—~〜]\s*([0-9]{1,2}):([0-9]{2}))?\s*(?:jst)?$")


def read_when(text: str) -> When:
    """Reads days and hours in English or Japanese; raises Unreadable.

    Days: every day, Sunday, Saturday and Sunday, weekdays, third Sunday, second and fourth Friday, 15th day, last day, business days,
    third business day, last business day; 毎日, 日曜, 平日, 第3日曜, 第2・第4金曜, 15日, 月末, 営業日, 第3営業日, 最終営業日.
    Hours: 01:00, or 01:00-05:00; an end that is not after the start is of the next day, and 24:00 is the end of the day.
    """
    said = unicodedata.normalize("NFKC", text).strip().lower()
    hours = HOURS.search(said)
    if not hours:
        raise Unreadable("hours", value=text)
    start, minutes = _read_hours(text, *hours.groups())
    return _read_days(text, said[: hours.start()].strip())._replace(start=start, minutes=minutes)


def _read_hours(text: str, hour: str, minute: str, end_hour: str | None, end_minute: str | None) -> tuple[int, int | None]:
    start = int(hour) * 60 + int(minute)
    end = start + 1 if end_hour is None else int(end_hour) * 60 + int(end_minute or 0)
    if start >= 24 * 60 or end > 24 * 60 or end == start or any(int(part or 0) > 59 for part in (minute, end_minute)):
        raise Unreadable("hours", value=text)
    return start, None if end_hour is None else (end - start) % (24 * 60) or 24 * 60


def _read_days(text: str, said: str) -> When:
    positions, weekdays, families = set(), set(), set()
    at, signs = 0, ""
    while at < len(said):
        word = WORD.match(said, at)
        if not word:
            raise Unreadable("days", value=text, other=said[at:])
        at, family = word.end(), word.lastgroup
        signs += family[0] if family != "filler" else ""
        if family in ("ordinal", "dated", "end"):
            positions |= _positions(family, word[0])
        if family == "noun_weekday":
            weekdays.add(_weekday(word[0]))
        if family in ("dated", "end"):
            families.add("day")
        if family.startswith("noun_"):
            families.add(family.removeprefix("noun_"))
    if len(families) != 1:
        raise Unreadable("days", value=text, other=said)
    family = families.pop()
    most = {"day": 31, "weekday": 5}.get(family, 23)  # a month has at most 23 days from Monday to Friday
    if (positions and len(weekdays) > 1) or not all(position == -1 or 1 <= position <= most for position in positions):
        raise Unreadable("positions", value=text, other=most)
    if not PHRASE.fullmatch(signs):
        raise Unreadable("days", value=text, other=said)
    members = {"weekday": frozenset(weekdays), "day": WEEKDAYS}.get(family, frozenset(range(5)))
    return When(tuple(sorted(positions)), members, family == "business", 0, None)


def _positions(family: str, word: str) -> set[int]:
    return {-1} if family == "end" else {ORDINALS[word]} if word in ORDINALS else {int(number) for number in re.findall("[0-9]+", word)}


def _weekday(word: str) -> int:
    return "月火水木金土日".index(word[0]) if word[0] in "月火水木金土日" else BYDAY.index(word[:2].upper())


def days_of(when: When, since: date, until: date, closures: Any = None) -> Iterator[date]:
    """The days that a `When` means in a span, both ends included, in order."""
    closed = _closures(closures)
    since, until = max(since, FIRST), min(until, LAST)
    month = since.replace(day=1)
    while month <= until:
        following = (month + 31 * ONE_DAY).replace(day=1) if month < LAST.replace(day=1) else LAST + ONE_DAY
        found = [day for day in _span(month, following - ONE_DAY) if day.weekday() in when.weekdays]
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


def occurrences(windows: Iterable[Window], since: date, until: date, closures: Any = None) -> list[Occurrence]:
    """What begins on the days of a span, both included, in order of time."""
    closed = _closures(closures)
    return sorted(
        Occurrence(moment_of(day, window.when.start), moment_of(day, window.when.start + (window.when.minutes or 0)), window.name)
        for window in windows
        for day in days_of(window.when, max(since, window.since), min(until, window.until), closed)
    )


def within(windows: Iterable[Window], moment: datetime, minutes: int = 0, closures: Any = None) -> bool:
    """Whether a moment, and the minutes of work after it, lie within windows. Windows that touch or overlap are as good as one."""
    end = moment + timedelta(minutes=minutes)
    reach = moment
    for occurrence in occurrences(windows, moment.date() - ONE_DAY, end.date(), closures):  # one of the day before may go on
        if occurrence.start <= reach < occurrence.end:
            reach = occurrence.end
    return moment < reach and end <= reach


def reception(moment: datetime, hours: When) -> tuple[bool, datetime]:
    """Whether a desk takes calls at a moment, and when a call of that moment is taken (別紙1 1.4)."""
    days = [day for number in range(-1, 8) if (day := moment.date() + number * ONE_DAY).weekday() in hours.weekdays]  # a desk knows no holidays
    found = (Occurrence(moment_of(day, hours.start), moment_of(day, hours.start + (hours.minutes or 0)), "") for day in days)
    nearest = next(occurrence for occurrence in found if moment < occurrence.end)
    return nearest.start <= moment, max(moment, nearest.start)


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


def awx_schedule(when: When, since: date, until: date | None = None, closures: Any = None) -> Schedule | None:
    """The recurrence of a `When` from `since` on as AWX takes it, or None when no day of the span is meant.

    The form is `rule` where one rule says it (第3日曜); `exceptions` for business days: Monday to Friday, and an EXRULE for each of these
    that is none; `dates` for the n-th or last business day, for which no recurrence rule exists: a rule for each date. The latter two
    need `until`, not later than `longest_until`, and end there: a schedule that has run out is better than one that runs on holidays.
    """
    closed = _closures(closures)
    last = min(LAST, since + 366 * ONE_DAY) if until is None else until
    meant = list(days_of(when, since, last, closed))
    if not meant:
        return None
    ends = "" if until is None else f";UNTIL={moment_of(until, 24 * 60 - 1).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if not when.business:
        form, rules = "rule", [f"RRULE:{_plain_rule(when)}{ends}"]
    elif when.positions:
        form, rules = "dates", [f"RRULE:{_date_rule(day)}{ends}" for day in meant]
    else:
        form, rules = "exceptions", [f"RRULE:{_plain_rule(when)}{ends}"]
        off = set(_span(meant[0], last)) - set(meant)
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


# ---- reading what people wrote

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        day="「{value}」は日付ではありません。2026-11-20 のように書いてください",
        moment="「{value}」は日時ではありません。'2026-11-20 01:30'（日本時間）または '2026-11-19T16:30Z' のように書いてください",
        zone="「{value}」は時差が分かりません。'…Z' や '…+09:00' を付けるか、日本時間を引用符で囲んで書いてください"
        "（現在時刻は now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')）",
        years="「{value}」は扱える範囲（{other}）の外です",
        beyond="「{value}」から数えた日は、扱える範囲（{other}）を超えます",
        closed="「{value}」から {other} までに営業日が足りません。休業日（closures）を確認してください",
        closure_day="「{value}」は日付ではありません。2026-08-13、または毎年の日として '12-29' のように書いてください",
        closure_mixed="from と until は、両方とも年付き（2026-08-13）か、両方とも毎年（12-29）で書いてください。現在の値: {value}、{other}",
        backwards="「{value}」は {other} より前です",
        days="「{value}」の「{other}」が日の指定として読めません。"
        "例: 毎日、日曜、第3日曜、第2・第4土曜、15日、月末、平日、営業日、第3営業日、最終営業日",
        positions="「{value}」の日の順番は、1 から {other} まで、または「最終」で、曜日は 1 つにしてください",
        hours="「{value}」の時刻が読めません。終わりに 01:00-05:00（または開始だけの 09:00）と書いてください。日をまたぐときは 22:00-02:00 とします",
        no_end="「{value}」に終わりの時刻がありません。01:00-05:00 のように書いてください",
        text="「{value}」は文字列ではないか、空です",
        control="{value!r} には使えない文字（制御文字）があります",
        whole="「{value}」は {other} の整数ではありません",
        table="「{value}」は契約ではありません。「名前: 値」の組で書いてください",
        flag="「{value}」は true / false ではありません",
        list="一覧（リスト）で書いてください。現在の値: {value}",
        entry="「名前: 値」の組で書いてください。現在の値: {value}",
        unknown="「{value}」という項目はありません{hint}。使える項目: {other}",
        missing="必要な項目です",
        duplicate="「{value}」が 2 回以上あります。1 回だけ書いてください",
        choice="「{value}」は使えません。使える値: {other}",
        no_desk="「{value}」のプランにこの窓口はありません（別紙1 1.2）。あるプラン: {other}",
        skips_months="「{value}」の日がない月には実行されません。月の最後の日は「月末」と、それ以外は 28 日までで書いてください",
        one_of="date か、start と end の組か、どちらか一方を書いてください",
        needs_until="営業日は祝日の決まった範囲でしか書き出せません。終わりの日を {other} までで書いてください",
        never="「{value}」に当たる日が {other} の間にありません",
    ),
    en=dict(
        day="{value!r} is not a date; write it like 2026-11-20",
        moment="{value!r} is not a date and time; write it like '2026-11-20 01:30' (Japan time) or '2026-11-19T16:30Z'",
        zone="{value!r} does not say its zone; add 'Z' or '+09:00', or write Japan time in quotes (for now: now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ'))",
        years="{value!r} lies outside of what is known ({other})",
        beyond="the day counted from {value!r} lies outside of what is known ({other})",
        closed="there are not enough business days from {value!r} to {other}; check the closures",
        closure_day="{value!r} is not a date; write it like 2026-08-13, or '12-29' for every year",
        closure_mixed="write from and until both with the year (2026-08-13) or both for every year (12-29); found {value} and {other}",
        backwards="{value!r} is before {other}",
        days="{other!r} in {value!r} does not say which days; for example: every day, Sunday, third Sunday, second and fourth Saturday, 15th day, "
        "last day, weekdays, business days, third business day, last business day",
        positions="{value!r} must count from 1 to {other}, or be the last, and count one weekday only",
        hours="{value!r} does not end in hours; write 01:00-05:00 (or 09:00 for a start alone), and 22:00-02:00 past midnight",
        no_end="{value!r} has no end; write it like 01:00-05:00",
        text="{value!r} is not a text, or empty",
        control="{value!r} has control characters",
        whole="{value!r} is not a whole number of {other}",
        table="{value!r} is no contract; write name: value pairs",
        flag="{value!r} is neither true nor false",
        list="write a list here; found {value!r}",
        entry="write name: value pairs here; found {value!r}",
        unknown="there is no {value!r}{hint}; what there is: {other}",
        missing="is needed",
        duplicate="{value!r} is there more than once; write it once",
        choice="{value!r} is not allowed here; what is: {other}",
        no_desk="the plan {value!r} has no such desk (Annex 1, 1.2); plans that have it: {other}",
        skips_months="{value!r} skips the months without that day; write 'last day' for the last day of a month, or a day up to the 28th",
        one_of="write either date, or start and end",
        needs_until="business days can be written out only as far as holidays are listed; give an end, not later than {other}",
        never="{value!r} means no day in {other}",
    ),
)

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = re.compile(rf"{DAY}[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?")
EVERY_YEAR = re.compile(r"[0-9]{2}-[0-9]{2}")


class Fault(NamedTuple):
    """One thing that is wrong: where, a code of TEXTS, and what goes into the text."""

    where: str
    code: str
    facts: Mapping[str, Any]

    def text(self, language: str) -> str:
        facts = dict(self.facts)
        close = facts.pop("close", None)
        return f"{self.where}: {TEXTS[language][self.code].format(hint=hint(language, close), **facts)}"


class CalendarError(ValueError):
    """All that is wrong in what was written, one line each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(self.text("ja"))

    def text(self, language: str) -> str:
        return "\n".join(fault.text(language) for fault in self.faults)


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
        value = facts.get("value")
        self.faults.append(Fault(where, code, dict(facts, value=str(value) if isinstance(value, date) else value)))

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
            found = datetime.fromisoformat(str(value))
            if found.tzinfo is None and isinstance(value, datetime):
                return self.fault(where, "zone", value=value)
            found = found.astimezone(JST) if found.tzinfo else found.replace(tzinfo=JST)
            return self._known(found, value, where)
        except (ValueError, OverflowError):
            return self.fault(where, "moment", value=value)

    def day_of_receipt(self, value: Any, where: str) -> date | None:
        """A date, or the day in Japan of a moment: the desk for operations takes requests at any hour (別紙1 1.4)."""
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
        if not isinstance(value, int) or isinstance(value, bool) or not FIRST.year <= value <= LAST.year:
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
        own, entries = _own_closures(), raw
        if isinstance(raw, Mapping):
            if len(raw) != 1 or not set(raw) <= {"add", "set"}:
                self.fault(where, "choice", value=", ".join(map(str, raw)), other="add, set")
                return Closures()
            ((verb, entries),) = raw.items()
            own, where = () if verb == "set" else own, f"{where}.{verb}"
        found = [self._closure(entry, place) for place, entry in self._entries([] if entries is None else entries, where, ("from", "until", "name"), ("from",))]
        return Closures([*own, *(closure for closure in found if closure)])

    def windows(self, raw: Any, where: str = "maintenance_windows") -> list[Window]:
        """Maintenance windows: entries {name, when, from, until}; `from` and `until` are the first and last day on which one may begin."""
        found: dict[str, Window] = {}
        for place, entry in self._entries(raw, where, ("name", "when", "from", "until"), ("name", "when")):
            name, when = self._given(self.text, entry, "name", place), self._given(self.window_hours, entry, "when", place)
            since, until = self._span_of(entry, place)
            if name in found:
                self.fault(f"{place}.name", "duplicate", value=name)
            elif name is not None:
                found[name] = Window(name, when, since, until)
        return list(found.values())

    def events(self, raw: Any, where: str = "events") -> list[Event]:
        """What goes into a calendar: entries {name, date} or {name, start, end}, with a description and forecast at will."""
        found: dict[tuple, Event] = {}
        for place, entry in self._entries(raw, where, ("name", "date", "start", "end", "description", "forecast"), ("name",)):
            event = self._event(entry, place)
            if event and (event.name, event.day) in found:
                self.fault(place, "duplicate", value=f"{event.day} {event.name}")
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
        for index, entry in enumerate(raw):
            place = f"{where}[{index}]"
            if not isinstance(entry, Mapping):
                self.fault(place, "entry", value=entry)
                continue
            for word in entry:
                if word not in known:
                    close = next(iter(get_close_matches(str(word), known, 1)), None)
                    self.fault(place, "unknown", value=word, close=close, other=", ".join(known))
            for word in needed:
                if entry.get(word) is None:
                    self.fault(f"{place}.{word}", "missing")
            yield place, entry

    def _span_of(self, entry: Mapping[str, Any], place: str) -> tuple[date, date]:
        """`from` and `until` of an entry, as far as they can be read."""
        first, last = self._given(self.day, entry, "from", place) or FIRST, self._given(self.day, entry, "until", place) or LAST
        if last < first:
            self.fault(f"{place}.until", "backwards", value=last, other=first)
        return first, last

    def _given(self, read: Callable[[Any, str], Any], entry: Mapping[str, Any], word: str, place: str, otherwise: Any = None) -> Any:
        """What an entry says under a word; a word without a value is as good as none."""
        return otherwise if entry.get(word) is None else read(entry[word], f"{place}.{word}")

    def _closure(self, entry: Mapping[str, Any], place: str) -> Closure | None:
        first = self._given(self._closure_day, entry, "from", place)
        last = self._given(self._closure_day, entry, "until", place, first)
        name = self._given(self.text, entry, "name", place)
        if first is None or last is None:
            return None
        if len(first) != len(last):
            return self.fault(place, "closure_mixed", value=first, other=last)
        if last < first and not EVERY_YEAR.fullmatch(first):
            return self.fault(f"{place}.until", "backwards", value=last, other=first)
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
            self.fault(f"{place}.end", "backwards", value=entry["end"], other=entry["start"])
        return Event(name, day or start, end, description, forecast) if name and (day or start) else None


def _day(value: Any) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    try:
        return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(DAY, value) else None
    except ValueError:
        return None
