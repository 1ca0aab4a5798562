# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holidays day by day against two libraries; business days, windows and hours against what they mean, minute by minute."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import holidays as one_library
import jpholiday as another_library
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter import calendar as filters
from ansible_collections.msp.aws.plugins.plugin_utils import _calendar
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import Unreadable, read_when
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import TEXTS

DAY = timedelta(days=1)
YEARS = range(2000, 2100)
# The act of 2018 says の where the library says が.
ACT = {"即位礼正殿の儀が行われる日": "即位礼正殿の儀の行われる日", "即位礼正殿の儀": "即位礼正殿の儀の行われる日"}


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + number * DAY for number in range((end - start).days + 1)]


# ---- holidays


@pytest.mark.parametrize("year", YEARS)
def test_a_year_has_the_holidays_of_both_libraries_with_their_names(year):
    found = filters.holidays(year)
    first = one_library.country_holidays("JP", years=year, language="ja")
    english = one_library.country_holidays("JP", years=year, language="en_US")
    second = {day: "振替休日" if name.endswith("振替休日") else name for day, name in another_library.year_holidays(year)}
    names = {date.fromisoformat(holiday["date"]): holiday["name"] for holiday in found}
    assert names == {day: ACT.get(name, name) for day, name in first.items()}
    assert names == {day: ACT.get(name, name) for day, name in second.items()}
    assert {date.fromisoformat(holiday["date"]): holiday["name"] for holiday in filters.holidays(year, language="en")} == dict(english)
    assert list(names) == sorted(names)


def test_holidays_that_are_not_published_yet_are_forecasts():
    published = _calendar.catalog()["published_through"]
    told = {year: {holiday["forecast"] for holiday in filters.holidays(year)} for year in YEARS}
    assert told == {year: {year > published} for year in YEARS}


# ---- business days


def test_every_day_of_fifty_years_is_a_business_day_or_not_as_the_libraries_say():
    first = one_library.country_holidays("JP", years=range(2000, 2051))
    wrong = [
        day
        for day in days("2000-01-01", "2050-12-31")
        if filters.is_business_day(day)
        != (day.weekday() < 5 and day not in first and not another_library.is_holiday(day) and "01-03" < f"{day:%m-%d}" < "12-29")
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-11-20", "2026-11-26"),
        ("2026-11-21", "2026-11-26"),
        ("2026-12-25", "2027-01-05"),
        ("2026-12-28", "2027-01-06"),
        ("2027-04-28", "2027-05-07"),
        ("2026-09-18", "2026-09-28"),
    ],
)
def test_the_earliest_date_of_known_receipts(received, expected):
    assert filters.earliest_date(received) == expected


@pytest.mark.parametrize("closures", [None, [{"from": "08-12", "until": "08-16"}, {"from": "2026-11-24"}], {"set": []}], ids=["none", "own", "always open"])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_the_earliest_date_is_a_business_day_with_as_many_after_receipt(count, closures):
    with Reading() as read:
        closed = read.closures(closures)
    works = {day: _calendar.is_business_day(day, closed) for day in days("2024-01-01", "2031-12-31")}
    for day in days("2024-01-01", "2031-10-31"):
        found = _calendar.earliest(day, count, closed)
        after = [other for other in days(str(day + DAY), str(found)) if works[other]]
        assert works[found] and len(after) == count
        assert _calendar.earliest(day, count, closed, strict=True) == _calendar.earliest(found, 1, closed)


def test_receipt_is_the_day_in_japan():
    assert filters.earliest_date("2026-11-19T14:59:59Z") == filters.earliest_date("2026-11-19") == "2026-11-25"
    assert filters.earliest_date("2026-11-19T15:00:00Z") == filters.earliest_date("2026-11-20") == "2026-11-26"
    assert filters.earliest_date("2026-11-19T10:00:00-05:00") == filters.earliest_date("2026-11-20 00:00") == "2026-11-26"
    assert filters.earliest_date(datetime(2026, 11, 19, 15, tzinfo=UTC)) == filters.earliest_date(date(2026, 11, 20)) == "2026-11-26"


@pytest.mark.parametrize(
    "said, contract, expected",
    [
        ({}, {}, "2026-11-26"),
        ({}, dict(lead_strict=True), "2026-11-27"),
        ({}, dict(lead_strict=False), "2026-11-26"),
        (dict(strict=False), dict(lead_strict=True), "2026-11-26"),
        ({}, dict(closures=[{"from": "2026-11-25"}]), "2026-11-27"),
        ({}, dict(closures=[{"from": "2026-11-25"}], lead_strict=True, number="C-1"), "2026-11-30"),
        (dict(closures=[]), dict(closures=[{"from": "2026-11-25"}]), "2026-11-26"),
    ],
)
def test_the_contract_says_how_long_an_operation_is_announced_before(said, contract, expected):
    assert filters.earliest_date("2026-11-20", contract=contract, **said) == expected


# ---- closures


def test_a_list_of_closures_adds_and_set_is_exactly_these():
    span = days("2025-12-01", "2027-02-01")
    plain = {day for day in span if filters.is_business_day(day)}
    own = [{"from": "2026-08-13", "until": "2026-08-14", "name": "夏季休業"}]
    summer = {date(2026, 8, 13), date(2026, 8, 14)}
    assert {day for day in span if filters.is_business_day(day, own)} == plain - summer
    assert {day for day in span if filters.is_business_day(day, {"add": own})} == plain - summer
    year_end = {day for day in span if day.weekday() < 5 and f"{day:%m-%d}" in ("12-29", "12-30", "12-31", "01-02", "01-03")}
    assert {day for day in span if filters.is_business_day(day, {"set": own})} == (plain | year_end) - summer
    assert {day for day in span if filters.is_business_day(day, [])} == plain


def test_a_closure_of_every_year_is_the_same_in_each_year_and_reaches_over_its_end():
    for first, last, expected in [("12-31", "01-01", {"12-31", "01-01"}), ("02-28", "03-01", {"02-28", "02-29", "03-01"}), ("02-29", "02-29", {"02-29"})]:
        closure = _calendar.Closure(first, last, "", "")
        assert {f"{day:%m-%d}" for day in days("2023-01-01", "2028-12-31") if closure.covers(day)} == expected


def test_closed_days_are_the_holidays_and_the_closures_and_have_the_names_of_either():
    own = [{"from": "2027-01-01", "until": "2027-01-05", "name": "移転"}, {"from": "2026-11-24"}]
    found = filters.closed_days("2026-11-01", "2027-01-31", own)
    assert {(entry["date"], entry["name"]) for entry in found} == {
        *((holiday["date"], holiday["name"]) for year in (2026, 2027) for holiday in filters.holidays(year) if "2026-11-01" <= holiday["date"] <= "2027-01-31"),
        *((day, "年末年始休業") for day in ("2026-12-29", "2026-12-30", "2026-12-31", "2027-01-02", "2027-01-03")),
        *((day, "移転") for day in ("2027-01-04", "2027-01-05")),
        ("2026-11-24", "休業日"),
    }
    off = {entry["date"] for entry in found}
    assert {str(day) for day in days("2026-11-01", "2027-01-31") if day.weekday() < 5 and not filters.is_business_day(day, own)} == {
        day for day in off if date.fromisoformat(day).weekday() < 5
    }


# ---- days in words


def nth_business_day(day: date) -> int:
    return sum(filters.is_business_day(other) for other in days(f"{day:%Y-%m-01}", str(day)))


def last_of_month(day: date, counts) -> bool:
    """Whether no later day of the month counts."""
    return counts(day) and not any(counts(other) for other in (day + number * DAY for number in range(1, 31)) if other.month == day.month)


MEANINGS = {
    ("every day", "daily", "毎日"): lambda day: True,
    ("Sunday", "every Sunday", "sundays", "日曜", "毎週日曜日"): lambda day: day.weekday() == 6,
    ("Saturday and Sunday", "Sat, Sun", "土曜・日曜"): lambda day: day.weekday() > 4,
    ("third Sunday", "3rd Sunday", "the third Sunday of the month", "third Sun of every month", "第3日曜", "毎月第3日曜日", "第３日曜", "第三日曜日"): (
        lambda day: day.weekday() == 6 and 15 <= day.day <= 21
    ),
    ("second and fourth Friday", "4th, 2nd Friday", "第2・第4金曜", "第2・4金曜", "第二・第四金曜"): (
        lambda day: day.weekday() == 4 and (7 < day.day < 15 or 21 < day.day < 29)
    ),
    ("second and fourth Sunday", "第2・4日曜"): lambda day: day.weekday() == 6 and (7 < day.day < 15 or 21 < day.day < 29),
    ("fifth Wednesday", "第5水曜"): lambda day: day.weekday() == 2 and day.day > 28,
    ("last Thursday", "最終木曜"): lambda day: day.weekday() == 3 and (day + 7 * DAY).month != day.month,
    ("first and last Monday", "第1・最終月曜日", "第一・最終月曜日"): lambda day: day.weekday() == 0 and (day.day < 8 or (day + 7 * DAY).month != day.month),
    ("weekdays", "every weekday", "平日"): lambda day: day.weekday() < 5,
    ("15th day", "the 15th day of each month", "15日", "毎月15日", "第15日", "十五日"): lambda day: day.day == 15,
    ("31st day", "31日", "三十一日"): lambda day: day.day == 31,
    ("5th and 20th day", "5日・20日"): lambda day: day.day in (5, 20),
    ("last day", "月末", "末日", "毎月末"): lambda day: (day + DAY).day == 1,
    ("business days", "every business day", "営業日", "毎営業日"): filters.is_business_day,
    ("third business day", "第3営業日", "毎月第3営業日"): lambda day: filters.is_business_day(day) and nth_business_day(day) == 3,
    ("21st business day", "第21営業日", "第二十一営業日"): lambda day: filters.is_business_day(day) and nth_business_day(day) == 21,
    ("last business day", "最終営業日", "毎月の最終営業日"): lambda day: last_of_month(day, filters.is_business_day),
}


@pytest.mark.parametrize(("texts", "meant"), MEANINGS.items(), ids=[texts[0] for texts in MEANINGS])
def test_words_mean_days(texts, meant):
    span = days("2026-01-15", "2029-03-10")
    expected = [day for day in span if meant(day)]
    for text in texts:
        when = read_when(f"{text} 01:00-05:00")
        assert list(_calendar.days_of(when, span[0], span[-1])) == expected, text


UNCLEAR = [
    "last 2 business days", "最終2営業日", "last 2 days", "月末2日", "first 3 business days", "second last Sunday", "last second Sunday", "第2最終営業日",
    "3 Sundays", "2 days", "day 15", "15th", "Sunday 3rd", "日曜の第3", "business day 3", "月末の営業日", "月末の日曜", "Sunday and third Sunday", "毎週2日",
    "毎週第2日曜", "third and Sunday", "and Sunday", "Sunday and", "15日と日曜", "第3日曜1", "the day 5 days", "every Sunday every week", "",
    "三日曜", "二三日", "一五日", "第二十一一営業日", "1五日", "第〇日曜", "第三十二日", "第六日曜",
]  # fmt: skip


@pytest.mark.parametrize("text", UNCLEAR)
def test_words_that_may_mean_something_else_are_refused(text):
    with pytest.raises(Unreadable) as caught:
        read_when(f"{text} 01:00-05:00")
    assert caught.value.code in ("days", "positions")


CLOCKS = ["101:00-05:00", "115:00", "01:00:00", "1:01:00-05:00", "01:00-105:00", "01:00-05:000", "01:00-05:00-06:00", "01:00--05:00", "01:00-05:00 utc"]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("day", ["third Sunday", "15日", "第3日曜", "Sunday"])
def test_hours_that_are_mistyped_are_refused(day, clock):
    with pytest.raises(Unreadable):
        read_when(f"{day} {clock}")


@pytest.mark.parametrize(
    ("text", "start", "minutes"),
    [
        ("日曜 01:00-05:00", 60, 240),
        ("日曜 1:00–5:00", 60, 240),
        ("日曜 01:00～05:00 JST", 60, 240),
        ("日曜０１：００〜０５：００", 60, 240),
        ("Sunday 22:00-02:30", 22 * 60, 270),
        ("Sunday 00:00-24:00", 0, 1440),
        ("Sunday 23:59-24:00", 1439, 1),
        ("Sunday 00:01-00:00", 1, 1439),
        ("Sunday 09:05", 545, None),
    ],
)
def test_hours_mean_minutes(text, start, minutes):
    when = read_when(text)
    assert (when.weekdays, when.start, when.minutes) == ({6}, start, minutes)


# ---- windows


WINDOWS = [
    {"name": "パッチ適用枠", "when": "第3日曜 01:00-05:00"},
    {"name": "night", "when": "Saturday 22:00-02:00"},
    {"name": "end of month", "when": "最終営業日 18:00-24:00", "from": "2026-12-01"},
    {"name": "start of year", "when": "every day 00:00-03:00", "from": "2027-01-01", "until": "2027-01-03"},
]


def hours(windows, first="2026-11-01", last="2027-02-28"):
    found = filters.maintenance_windows(windows, first, last)
    return [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"]), one["name"]) for one in found]


def test_windows_are_told_in_order_of_time_in_japans_zone():
    found = hours(WINDOWS)
    assert [(str(start), str(end)) for start, end, name in found if name == "パッチ適用枠"] == [
        (f"{day} 01:00:00+09:00", f"{day} 05:00:00+09:00") for day in ("2026-11-15", "2026-12-20", "2027-01-17", "2027-02-21")
    ]
    assert {str(start)[:10] for start, dummy, name in found if name == "end of month"} == {"2026-12-28", "2027-01-29", "2027-02-26"}
    assert {str(start)[:10] for start, dummy, name in found if name == "start of year"} == {"2027-01-01", "2027-01-02", "2027-01-03"}
    assert found == sorted(found)


@pytest.mark.parametrize("minutes", [0, 1, 90, 241])
def test_work_lies_within_windows_when_each_of_its_minutes_does(minutes):
    agreed = hours(WINDOWS)
    start = datetime(2026, 12, 18, tzinfo=_calendar.JST)
    moments = [start + number * timedelta(hours=1) + shift for number in range(24 * 17) for shift in (timedelta(0), -timedelta(minutes=1))]
    inside = {start + number * timedelta(minutes=1) for number in range(-1440, 1440 * 19)}
    inside = {minute for minute in inside if any(first <= minute < last for first, last, dummy in agreed)}
    for moment in moments:
        expected = all(moment + timedelta(minutes=number) in inside for number in range(max(minutes, 1)))
        assert filters.in_maintenance_window(moment.astimezone(UTC).isoformat(), WINDOWS, minutes) == expected, moment


def test_without_windows_nothing_lies_within():
    assert filters.in_maintenance_window("2026-12-20 01:00", []) is False


def test_closures_move_windows_of_business_days():
    window = [{"name": "monthly", "when": "first business day 18:00-20:00"}]
    assert filters.in_maintenance_window("2026-12-01 18:00", window)
    assert not filters.in_maintenance_window("2026-12-01 18:00", window, closures=[{"from": "2026-12-01"}])
    assert filters.in_maintenance_window("2026-12-02 18:00", window, closures=[{"from": "2026-12-01"}])
    assert filters.maintenance_windows(window, "2026-12-01", "2026-12-31", [{"from": "2026-12-01"}])[0]["start"] == "2026-12-02T18:00+09:00"


# ---- reception


@pytest.mark.parametrize(("plan", "opens", "closes"), [("entry", 9 * 60, 21 * 60), ("standard", 0, 1440), ("advanced", 0, 1440)])
def test_the_desk_is_open_in_the_hours_of_the_plan_every_day(plan, opens, closes):
    for first in (date(2026, 11, 20), date(2026, 12, 31), date(2027, 1, 3)):
        for minute in sorted({*range(0, 1440, 7), opens, opens - 1, closes - 1, closes} & set(range(1440))):
            moment = datetime.combine(first, datetime.min.time(), _calendar.JST) + timedelta(minutes=minute)
            found = filters.reception(moment, plan)
            taken = (datetime.fromisoformat(found["accepted_at"]) - moment) / timedelta(minutes=1)
            assert found["open"] == (opens <= minute < closes)
            assert taken == (0 if found["open"] else (opens - minute) % 1440)


def test_operations_are_requested_under_the_advanced_plan_at_any_hour_and_under_no_other():
    assert filters.reception("2027-01-01 03:00", "advanced", "operation") == dict(open=True, accepted_at="2027-01-01T03:00+09:00", hours="00:00-24:00")
    for plan in ("entry", "standard"):
        with pytest.raises(AnsibleFilterError, match=f"plan: 「{plan}」のプランにこの窓口はありません（別紙1の1.2）。あるプラン: advanced"):
            filters.reception("2027-01-01 03:00", plan, "operation")


# ---- what is refused

NOON = "2026-11-20 12:00"
NAMED = {"name": "a"}
SUNDAY = dict(NAMED, when="Sunday 01:00-05:00")
REFUSED = {
    "a day of no calendar": ("day", "day", "is_business_day", "2026-02-29"),
    "a day in other digits": ("day", "day", "is_business_day", "２０２６-02-28"),
    "a day of another form": ("received", "day", "earliest_date", "20261120"),
    "no day": ("day", "day", "is_business_day", None),
    "a moment for a day": ("until", "day", "closed_days", "2026-01-01", NOON),
    "a day before the table": ("day", "years", "is_business_day", "1999-12-31"),
    "a day after the formula": ("day", "years", "is_business_day", date(2100, 1, 1)),
    "a year before the table": ("year", "years", "holidays", 1999),
    "a year that is a text": ("year", "year", "holidays", "2026"),
    "a count that leads out of the table": ("received", "beyond", "earliest_date", "2099-12-28"),
    "no business day at all": ("closures", "closed", "earliest_date", "2026-12-01", None, [{"from": "01-01", "until": "12-31"}]),
    "a day for a moment": ("moment", "moment", "in_maintenance_window", "2026-11-20", [SUNDAY]),
    "a moment of no clock": ("moment", "moment", "reception", "2026-11-20 25:00", "entry"),
    "a moment after the end of its day": ("moment", "moment", "reception", "2026-11-20 24:01", "entry"),
    "a moment at the end of time": ("moment", "moment", "reception", "9999-12-31T23:00:00-09:00", "entry"),
    "a moment that does not say its zone": ("moment", "zone", "reception", datetime(2026, 11, 20, 12), "entry"),
    "a span backwards": ("until", "backwards", "closed_days", "2026-01-02", "2026-01-01"),
    "a window backwards": (
        "maintenance_windows #1 until",
        "backwards",
        "in_maintenance_window",
        NOON,
        [dict(SUNDAY, **{"from": "2026-02-01", "until": "2026-01-01"})],
    ),
    "a closure backwards": ("closures #1 until", "backwards", "is_business_day", NOON[:10], [{"from": "2026-08-13", "until": "2026-08-12"}]),
    "an event backwards": ("events #1 end", "backwards", "ical", [dict(NAMED, start=NOON, end="2026-11-20T03:00:00Z")], "A"),
    "a closure of no day": ("closures #2 from", "closure_day", "is_business_day", NOON[:10], [{"from": "12-28"}, {"from": "02-30"}]),
    "a closure by halves": ("closures set #1", "closure_mixed", "is_business_day", NOON[:10], {"set": [{"from": "12-29", "until": "2027-01-03"}]}),
    "closures that take away": ("closures", "choice", "is_business_day", NOON[:10], {"remove": []}),
    "a plan that is none": ("plan", "choice", "reception", NOON, "bronze"),
    "a desk that is none": ("desk", "choice", "reception", NOON, "entry", "sales"),
    "no first day": ("since", "day", "awx_schedule", "Sunday 09:00", "2026/1/1"),
    "words for no day": ("when", "days", "awx_schedule", "blue Sunday 09:00", "2026-01-01"),
    "no days": ("when", "days", "awx_schedule", "09:00", "2026-01-01"),
    "days of two sorts": ("when", "days", "awx_schedule", "weekdays and Sunday 09:00", "2026-01-01"),
    "a count of nothing": ("when", "days", "awx_schedule", "third 09:00", "2026-01-01"),
    "every third, which may be every three weeks": ("when", "days", "awx_schedule", "every third Sunday 09:00", "2026-01-01"),
    "a sixth Sunday": ("when", "positions", "awx_schedule", "第6日曜 09:00", "2026-01-01"),
    "the third of two weekdays": ("when", "positions", "awx_schedule", "third Saturday and Sunday 09:00", "2026-01-01"),
    "a day nought": ("when", "positions", "awx_schedule", "0日 09:00", "2026-01-01"),
    "no hours": ("when", "hours", "awx_schedule", "third Sunday", "2026-01-01"),
    "hours of no clock": ("when", "hours", "awx_schedule", "Sunday 09:60", "2026-01-01"),
    "a start at the end of the day": ("when", "hours", "awx_schedule", "Sunday 24:00-05:00", "2026-01-01"),
    "an end beyond the day": ("when", "hours", "awx_schedule", "Sunday 22:00-26:00", "2026-01-01"),
    "no time at all": ("when", "hours", "awx_schedule", "Sunday 09:00-09:00", "2026-01-01"),
    "hours that YAML took for a number": ("when", "hours", "awx_schedule", 600, "2026-01-01"),
    "a window without an end": ("maintenance_windows #1 when", "no_end", "in_maintenance_window", NOON, [dict(NAMED, when="Sunday 01:00")]),
    "a name that is no text": ("maintenance_windows #1 name", "text", "in_maintenance_window", NOON, [dict(SUNDAY, name=5)]),
    "a calendar without a name": ("calendar", "calendar", "ical", []),
    "seconds that are a day": ("seconds", "seconds", "day_in_japan", "2026-11-20"),
    "an empty name": ("calendar", "text", "ical", [], " "),
    "a name with a bell": ("events #1 name", "control", "ical", [{"name": "a\a", "date": "2026-01-01"}], "A"),
    "half a minute": ("minutes", "whole", "in_maintenance_window", NOON, [SUNDAY], 0.5),
    "minutes backwards": ("minutes", "whole", "in_maintenance_window", NOON, [SUNDAY], -1),
    "minutes without end": ("minutes", "whole", "in_maintenance_window", NOON, [SUNDAY], 10**12),
    "no days of lead": ("days", "whole", "earliest_date", "2026-01-05", 0),
    "a number that is a bool": ("days", "whole", "earliest_date", "2026-01-05", True),
    "a bool that is a text": ("strict", "flag", "earliest_date", "2026-01-05", None, None, "false"),
    "a contract that is none": ("contract", "table", "earliest_date", "2026-01-05", None, None, None, "C-1"),
    "a bool of the contract": ("contract lead_strict", "flag", "earliest_date", "2026-01-05", None, None, None, {"lead_strict": "yes"}),
    "closures of the contract": ("contract closures #1", "entry", "earliest_date", "2026-01-05", None, None, None, {"closures": ["2026-08-13"]}),
    "one closure without a list": ("closures", "list", "is_business_day", "2026-01-05", "2026-08-13"),
    "no windows at all": ("maintenance_windows", "list", "in_maintenance_window", NOON, None),
    "a closure that is only a day": ("closures #1", "entry", "is_business_day", "2026-01-05", ["2026-08-13"]),
    "a word that is none": ("closures #1", "unknown", "is_business_day", "2026-01-05", [{"from": "12-29", "untill": "01-03"}]),
    "a window without hours": ("maintenance_windows #1 when", "missing", "in_maintenance_window", NOON, [NAMED]),
    "two windows of one name": ("maintenance_windows #2 name", "duplicate", "in_maintenance_window", NOON, [SUNDAY, SUNDAY]),
    "an event twice": ("events #2", "event_twice", "ical", [dict(NAMED, date="2026-01-01"), dict(NAMED, date=date(2026, 1, 1))], "A"),
    "an event at no time": ("events #1", "one_of", "ical", [dict(NAMED, start=NOON)], "A"),
    "business days for ever": ("until", "needs_until", "awx_schedule", "営業日 09:00", "2026-01-01"),
    "business days for five years": ("until", "needs_until", "awx_schedule", "営業日 09:00", "2026-01-15", "2031-01-01"),
    "a schedule that never runs": ("when", "never", "awx_schedule", "第5日曜 09:00", "2026-02-01", "2026-02-28"),
    "a schedule that skips months": ("when", "skips_months", "awx_schedule", "31日 09:00", "2026-01-01"),
    "a schedule that skips February": ("when", "skips_months", "awx_schedule", "15日・29日 09:00", "2026-01-01"),
    "operations by a plan without them": ("plan", "no_desk", "reception", NOON, "entry", "operation"),
}


@pytest.mark.parametrize(("where", "code", "name", "given"), [(*row[:3], row[3:]) for row in REFUSED.values()], ids=REFUSED)
def test_bad_input_is_refused_naming_the_place_in_both_languages(where, code, name, given):
    said = {}
    for language in ("ja", "en"):
        with pytest.raises(AnsibleFilterError) as caught:
            getattr(filters, name)(*given, language=language)
        said[language] = str(caught.value)
        text = re.sub(r"\\\{.*?\\\}", ".*", re.escape(TEXTS[language][code]))
        assert re.fullmatch(f"{re.escape(where)}: {text}", said[language])  # and not a line more
    assert said["ja"] != said["en"]
    if code in ("years", "beyond", "closed", "backwards", "event_twice", "needs_until", "never"):
        assert not re.search(r"[0-9]{4}-[0-9]{2}", said["ja"].partition("」")[2]), "what was not written so is said in the words of people"


def test_every_refusal_is_tried_and_told_in_both_languages():
    assert {row[1] for row in REFUSED.values()} == set(TEXTS["ja"]) == set(TEXTS["en"])


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(AnsibleFilterError) as caught:
        filters.in_maintenance_window("yesterday", [{"nam": "a", "when": "blue 01:00-02:00"}, 5], "long", [{"from": "13-01", "name": 7}], "en")
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        "moment",
        "maintenance_windows #1",
        "maintenance_windows #1 name",
        "maintenance_windows #1 when",
        "maintenance_windows #2",
        "closures #1 from",
        "closures #1 name",
        "minutes",
    ]


def test_the_closures_of_the_contract_hold_for_every_filter():
    contract = dict(closures=[{"from": "2026-11-25"}])
    assert not filters.is_business_day("2026-11-25", contract=contract) and filters.is_business_day("2026-11-25", [], contract=contract)
    assert [day["date"] for day in filters.closed_days("2026-11-24", "2026-11-26", contract=contract)] == ["2026-11-25"]
    windows = [dict(name="a", when="business days 01:00-05:00")]
    assert len(filters.maintenance_windows(windows, "2026-11-24", "2026-11-26", contract=contract)) == 2
    assert not filters.in_maintenance_window("2026-11-25 02:00", windows, contract=contract)
    assert "BYMONTHDAY=25" in filters.awx_schedule("business days 09:00", "2026-11-24", "2026-11-26", contract=contract)["rrule"]


def test_the_last_evening_has_a_morning_after_it():
    assert filters.reception("2099-12-31 21:30", "entry") == dict(open=False, accepted_at="2100-01-01T09:00+09:00", hours="09:00-21:00")


@pytest.mark.parametrize("end", ["2026-11-20 24:00", "2026-11-20T24:00:00", "2026-11-20T24:00+09:00", "2026-11-20T15:00Z"])
def test_the_end_of_a_day_is_the_beginning_of_the_next(end):
    assert filters.reception(end, "entry") == filters.reception("2026-11-21 00:00", "entry")
    work = dict(name="a", start="2026-11-20 22:00")
    assert filters.ical([dict(work, end=end)], "C") == filters.ical([dict(work, end="2026-11-21 00:00")], "C")


def test_a_list_is_no_language():
    with pytest.raises(AnsibleFilterError, match="language に .*使える値: ja, en"):
        filters.holidays(2026, language=["ja"])


def test_an_unknown_language_is_refused():
    with pytest.raises(AnsibleFilterError, match="holidays: language に 'fr' は使えません。使える値: ja, en"):
        filters.holidays(2026, language="fr")


@pytest.mark.parametrize("moment, day", [("2026-12-31T14:59:59+00:00", "2026-12-31"), ("2026-12-31T15:00:00+00:00", "2027-01-01")])
def test_the_day_in_japan_begins_nine_hours_before_that_of_greenwich(moment, day):
    assert filters.day_in_japan(datetime.fromisoformat(moment).timestamp()) == day


@pytest.mark.parametrize("seconds", ["1798758300", True, None, -1e12])
def test_what_is_no_moment_has_no_day(seconds):
    with pytest.raises(AnsibleFilterError, match="seconds: "):
        filters.day_in_japan(seconds)
