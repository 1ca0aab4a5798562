# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases that say days and hours, in English or Japanese: "third Sunday 01:00-05:00", "最終営業日 18:00"."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple


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
# 二十三, and not 二三.
NUMERAL = re.compile("(?<![0-9一二三四五六七八九十])(?:([一二三四五六七八九]?)十([一二三四五六七八九]?)|([一二三四五六七八九]))(?![0-9一二三四五六七八九十])")
HOURS = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?:\s*[-–—~〜]\s*([0-9]{1,2}):([0-9]{2}))?\s*(?:jst)?$")


def read_when(text: str) -> When:
    """Reads days and hours in English or Japanese; raises Unreadable.

    Days: every day, Sunday, Saturday and Sunday, weekdays, third Sunday, second and fourth Friday, 15th day, last day, business days,
    third business day, last business day; 毎日, 日曜, 平日, 第3日曜, 第2・第4金曜, 15日, 月末, 営業日, 第3営業日, 最終営業日. Numbers of days may be
    written in kanji, such as 第三日曜.
    Hours: 01:00, or 01:00-05:00; an end that is not after the start is of the next day, and 24:00 is the end of the day.
    """
    said = unicodedata.normalize("NFKC", text).strip().lower()
    hours = HOURS.search(said)
    if not hours:
        raise Unreadable("hours", value=text)
    start, minutes = _read_hours(text, *hours.groups())
    days = NUMERAL.sub(lambda match: str(_number(*match.groups(""))), said[: hours.start()].strip())
    return _read_days(text, days)._replace(start=start, minutes=minutes)


def _number(tens: str, ones: str, alone: str) -> int:
    """The number that kanji up to 九十九 say."""
    digits = "〇一二三四五六七八九"
    return digits.index(alone) if alone else 10 * (digits.index(tens) if tens else 1) + (digits.index(ones) if ones else 0)


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
