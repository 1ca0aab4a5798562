# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Billing months (料金月): a calendar month, or one that begins on another day of it. A month has the name of the calendar month it begins in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)


class Month(NamedTuple):
    """A billing month, first and last day included."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * offset for offset in range((self.last - self.first).days + 1)]

    def next(self) -> Month:
        return month_from(self.last + DAY)

    def said(self, language: str) -> str:
        return f"{self.first.year}年{self.first.month}月" if language == "ja" else self.name


def month_from(first: date) -> Month:
    """The month that begins on this day."""
    return Month(first, _same_day_next_month(first) - DAY)


def month_of(day: date, start_day: int) -> Month:
    """The month in which a day lies."""
    first = day.replace(day=start_day)
    return month_from(first if first <= day else (first.replace(day=1) - DAY).replace(day=start_day))


def end_of_calendar_month(day: date) -> date:
    return _same_day_next_month(day.replace(day=1)) - DAY


def last_of_months(first: date, months: int) -> date:
    """The last day of so many months: before the same day of the month they lead to, or that month's last where it has no such day (民法第143条第2項)."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    end = end_of_calendar_month(date(year, month + 1, 1))
    return min(date(year, month + 1, 1) + DAY * (first.day - 2), end)


def first_issue(last: Month) -> date:
    """The first day on which an invoice can be issued, unless several months are billed in advance: that of the month after its last one (別紙2)."""
    return last.next().first


def _same_day_next_month(day: date) -> date:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
