# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cron expressions as EventBridge reads them, and Data Lifecycle Manager does the same: minutes, hours, day of month, month, day of week, year.

Source: Amazon EventBridge User Guide, "Cron expressions reference".

Private to the collection.
"""

from __future__ import annotations


def _field(value: str, *others: str) -> str:
    """A list of values, ranges and steps."""
    part = "|".join([rf"(?:\*|{value}(?:-{value})?)(?:/[1-9]\d*)?", *others])
    return f"(?:{part})(?:,(?:{part}))*"


_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY = "(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"
_MINUTES, _HOURS = _field(r"[0-5]?\d"), _field(r"(?:[01]?\d|2[0-3])")
_MONTHS = _field("(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)")
_DAYS, _WEEKDAYS = _field(_DAY, "LW?", f"{_DAY}W"), _field(_WEEKDAY, "L", f"{_WEEKDAY}L", f"{_WEEKDAY}#[1-5]")
_YEARS = _field(r"(?:19[7-9]\d|2[01]\d\d)")
# Of the two days one is said, and the other is ?.
EXPRESSION = rf"cron\({_MINUTES} {_HOURS} (?:{_DAYS} {_MONTHS} \?|\? {_MONTHS} {_WEEKDAYS}) {_YEARS}\)"
EXAMPLES = "cron(0 17 * * ? *), cron(0 17 ? * MON *)"
