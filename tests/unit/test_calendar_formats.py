# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is handed to others: recurrences of AWX as dateutil plays them, and calendar files as the icalendar package reads them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import icalendar
import pytest
from ansible.errors import AnsibleFilterError
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter import calendar as filters
from ansible_collections.msp.aws.plugins.plugin_utils import _calendar, _calendar_formats
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import read_when

CLOSURES = [{"from": "08-13", "until": "08-14"}, {"from": "2028-02-29"}, {"from": "2027-03-31"}]
PLAIN = ["every day 00:00", "日曜 23:59", "Saturday and Sunday 08:30", "third Sunday 01:00-05:00", "第2・第4金曜 19:00", "last Thursday 00:01",
         "weekdays 09:00", "last weekdays 09:00", "15日 12:00", "28th day 12:00", "5日・月末 00:00"]  # fmt: skip
BUSINESS = ["営業日 09:00", "business days 00:00", "第3営業日 09:00", "21st business day 23:59", "最終営業日 18:00-22:00", "first and last business day 07:30"]


# ---- AWX


def refusals_of_awx(rrule: str) -> list[str]:
    """What the API of AWX has against an rrule, as its answers are known."""
    rules = re.findall(r"(?:EX|R)RULE:\S+", rrule)
    checks = {
        "one DTSTART": len(re.findall("DTSTART", rrule)) != 1,
        "DTSTART has a zone": not re.match(r"DTSTART(;TZID=[A-Za-z]+/[A-Za-z_]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) ", rrule),
        "a rule": not any(rule.startswith("RRULE") for rule in rules),
        "nothing but rules": rrule.split()[1:] != rules,
        "INTERVAL in each": not all("INTERVAL=" in rule for rule in rules),
        "no SECONDLY": "SECONDLY" in rrule,
        "no BYDAY with a number": re.search(r"BYDAY=[^;\s]*\d", rrule) is not None,
        "COUNT or UNTIL": any("COUNT" in rule and "UNTIL" in rule for rule in rules),
        "COUNT up to 999": any(int(count) > 999 for count in re.findall(r"COUNT=(\d+)", rrule)),
    }
    return [what for what, refused in checks.items() if refused]


@pytest.mark.parametrize(
    ("rrule", "refused"),
    [
        ("DTSTART:20270101T000000Z RRULE:FREQ=DAILY;INTERVAL=1;COUNT=999", []),
        ("DTSTART:20270101T000000 RRULE:FREQ=DAILY;INTERVAL=1", ["DTSTART has a zone"]),
        ("DTSTART:20270101T000000Z DTSTART:20270102T000000Z RRULE:FREQ=DAILY;INTERVAL=1", ["one DTSTART", "nothing but rules"]),
        ("DTSTART:20270101T000000Z EXRULE:FREQ=DAILY;INTERVAL=1", ["a rule"]),
        ("DTSTART:20270101T000000Z RRULE:FREQ=DAILY;INTERVAL=1 EXDATE:20270102T000000Z", ["nothing but rules"]),
        ("DTSTART:20270101T000000Z RRULE:FREQ=DAILY;INTERVAL=1 EXRULE:FREQ=DAILY", ["INTERVAL in each"]),
        ("DTSTART:20270101T000000Z RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,2TU", ["no BYDAY with a number"]),
        ("DTSTART:20270101T000000Z RRULE:FREQ=SECONDLY;INTERVAL=1;COUNT=1000;UNTIL=20280101T000000Z", ["no SECONDLY", "COUNT or UNTIL", "COUNT up to 999"]),
    ],
)
def test_the_refusals_of_awx_are_known(rrule, refused):
    assert refusals_of_awx(rrule) == refused


def played(rrule: str, until: date) -> list[datetime]:
    """The runs of a recurrence up to the end of a day."""
    runs = rrulestr(rrule, forceset=True)
    return runs.between(datetime(2000, 1, 1, tzinfo=_calendar.JST), _calendar.moment_of(until, 1439), inc=True)


def meant(text: str, since: str, until: str, closures=None) -> list[datetime]:
    """The same by days alone."""
    when = read_when(text)
    with Reading() as read:
        closed = read.closures(closures)
    days = _calendar.days_of(when, date.fromisoformat(since), date.fromisoformat(until), closed)
    return [_calendar.moment_of(day, when.start) for day in days]


@pytest.mark.parametrize("text", PLAIN)
def test_what_one_rule_can_say_holds_for_ever(text):
    found = filters.awx_schedule(text, "2026-11-24")
    assert refusals_of_awx(found["rrule"]) == []
    assert (found["form"], found["until"]) == ("rule", None)
    assert played(found["rrule"], date(2033, 1, 1)) == meant(text, "2026-11-24", "2033-01-01")


@pytest.mark.parametrize("closures", [None, CLOSURES, {"set": []}], ids=["none", "own", "always open"])
@pytest.mark.parametrize(("since", "until"), [("2027-01-01", "2027-12-31"), ("2026-11-24", "2031-10-31"), ("2028-02-29", "2028-02-29")])
@pytest.mark.parametrize("text", BUSINESS + PLAIN[2:4])
def test_a_schedule_runs_on_the_days_that_are_meant_and_ends_with_its_span(text, since, until, closures):
    expected = meant(text, since, until, closures)
    if not expected:
        with pytest.raises(filters.AnsibleFilterError, match="when: .*2028年2月29日から2028年2月29日までの間"):
            filters.awx_schedule(text, since, until, closures)
        return
    found = filters.awx_schedule(text, since, until, closures)
    assert refusals_of_awx(found["rrule"]) == []
    assert found["until"] == until
    assert played(found["rrule"], date(2060, 1, 1)) == expected
    assert found["rrule"].startswith(f"DTSTART;TZID=Asia/Tokyo:{expected[0]:%Y%m%dT%H%M%S} ")


def test_the_form_says_how_it_is_said():
    forms = {text: filters.awx_schedule(text, "2027-01-01", "2027-12-31")["form"] for text in BUSINESS + PLAIN}
    assert forms == {**dict.fromkeys(PLAIN, "rule"), **dict.fromkeys(BUSINESS[:2], "exceptions"), **dict.fromkeys(BUSINESS[2:], "dates")}


def test_the_third_business_days_of_2027():
    found = filters.awx_schedule("第3営業日 09:00", "2027-01-01", "2027-12-31")["rrule"]
    days = "1/6 2/3 3/3 4/5 5/10 6/3 7/5 8/4 9/3 10/5 11/4 12/3"
    assert [f"{run.month}/{run.day}" for run in played(found, date(2030, 1, 1))] == days.split()


@pytest.mark.parametrize("year", range(2000, 2094))
def test_within_the_longest_span_month_day_and_weekday_mean_one_date(year):
    for month in range(1, 13):
        since = date(year, month, 1)
        span = [since + number * timedelta(days=1) for number in range((_calendar_formats.longest_until(since) - since).days + 1)]
        assert len({(day.month, day.day, day.weekday()) for day in span}) == len(span) > 5 * 365 - 1


# ---- calendar files


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def events_of(text: str) -> list:
    read = icalendar.Calendar.from_ical(text)
    assert not read.errors and not any(part.errors for part in read.walk())
    return read.walk("VEVENT")


WINDOWS = [{"name": "第3日曜; パッチ, 再起動", "when": "第3日曜 01:00-05:00"}, {"name": "night", "when": "Saturday 22:00-02:00"}]
OCCURRENCES = filters.maintenance_windows(WINDOWS, "2026-12-01", "2027-11-30")


def test_a_calendar_program_reads_the_windows_as_they_are():
    text = filters.ical(OCCURRENCES, "SMP-2026-0412")
    read = events_of(text)
    assert [(str(event["SUMMARY"]), event.start, event.end) for event in read] == [
        (one["name"], datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])) for one in OCCURRENCES
    ]
    assert {event.start.tzinfo.key for event in read} == {"Asia/Tokyo"}
    zones = icalendar.Calendar.from_ical(text).timezones
    assert [zone.to_tz().utcoffset(datetime(2027, month, 1)) for zone in zones for month in (1, 7)] == [timedelta(hours=9)] * 2
    assert {icalendar.Calendar.from_ical(text)[name] for name in ("NAME", "X-WR-CALNAME")} == {"SMP-2026-0412"}


def test_holidays_are_whole_days_on_which_one_is_free_and_those_to_come_are_tentative():
    holidays = filters.holidays(2027) + filters.holidays(2050)
    read = events_of(filters.ical(holidays, "祝日"))
    assert [(event.start, str(event["SUMMARY"]), str(event["STATUS"]), str(event["TRANSP"])) for event in read] == [
        (date.fromisoformat(one["date"]), one["name"], "TENTATIVE" if one["forecast"] else "CONFIRMED", "TRANSPARENT") for one in holidays
    ]
    assert all(event.end - event.start == timedelta(days=1) for event in read)


def test_a_calendar_without_events_is_still_one():
    read = icalendar.Calendar.from_ical(filters.ical([], "empty"))
    assert [part.name for part in read.subcomponents] == ["VTIMEZONE"]
    assert not read.errors


def uids(events, calendar="SMP-2026-0412", stamp=None) -> list[str]:
    return [str(event["UID"]) for event in events_of(filters.ical(events, calendar, stamp))]


def test_an_event_keeps_its_uid_whatever_is_around_it_and_has_another_in_another_calendar():
    plain = uids(OCCURRENCES)
    assert len(set(plain)) == len(plain)
    assert uids(OCCURRENCES[::-1]) == plain[::-1]
    assert uids(OCCURRENCES[3:]) == plain[3:]
    assert uids(OCCURRENCES, stamp="2026-11-24T00:00:00Z") == plain
    assert uids([dict(one, start=one["start"].replace("T0", "T1"), end=one["end"].replace("T0", "T1")) for one in OCCURRENCES]) == plain
    assert not set(uids(OCCURRENCES, "SMP-2026-0413")) & set(plain)


def test_the_same_events_make_the_same_file_until_a_later_stamp_is_given():
    assert filters.ical(OCCURRENCES, "A") == filters.ical(OCCURRENCES, "A")
    stamped = events_of(filters.ical(OCCURRENCES, "A", "2026-11-24 09:00"))
    assert {event.DTSTAMP.isoformat() for event in stamped} == {"2026-11-24T00:00:00+00:00"}
    assert all(event.start == event.DTSTAMP for event in events_of(filters.ical(OCCURRENCES, "A")))


WRITTEN = st.text(st.one_of(st.sampled_from("\\;,\n\": 日𠮷"), st.characters(exclude_categories=("Cc", "Cs"))), max_size=120).map(lambda text: f"x{text}")


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(name=WRITTEN, description=WRITTEN)
@example(name="C:\\new; a, b", description="\\\\n\n\\,")
def test_every_text_comes_back(name, description):
    text = filters.ical([dict(name=name, description=description, date="2027-01-01")], description)
    (event,) = events_of(text)
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (name, description)
    # The package does not take back the escapes of these two, so they are compared with one whose escapes it does.
    described = next(line for line in unfolded(text) if line.startswith("DESCRIPTION:")).partition(":")[2]
    assert {f"NAME:{described}", f"X-WR-CALNAME:{described}"} <= set(unfolded(text))


@pytest.mark.parametrize("character", "aé日𠮷")
def test_no_line_is_too_long_or_shorter_than_it_must_be_and_no_character_is_cut_in_two(character):
    octets = len(character.encode())
    for count in range(1, 160):
        text = filters.ical([dict(name=character * count, date="2027-01-01")], "A")
        assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
        lines = text.encode().split(b"\r\n")
        assert all(line.decode() and len(line) <= 75 for line in lines[:-1])
        assert all(len(line) + octets > 75 for line, following in zip(lines, lines[1:], strict=False) if following.startswith(b" "))


def test_line_ends_of_another_system_are_line_ends():
    (event,) = events_of(filters.ical([dict(name="a\r\nb\nc", date="2027-01-01")], "A"))
    assert str(event["SUMMARY"]) == "a\nb\nc"
    assert "SUMMARY:a\\nb\\nc" in unfolded(filters.ical([dict(name="a\r\nb\nc", date="2027-01-01")], "A"))


@pytest.mark.parametrize("language, words", [("ja", "ical(contract.number) のように"), ("en", "such as ical(contract.number)")])
def test_a_calendar_and_an_event_without_a_name_are_told(language, words):
    with pytest.raises(AnsibleFilterError) as caught:
        filters.ical([dict(date="2027-01-01")], language=language)
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["events #1 name", "calendar"] and words in lines[1]
