# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How people write days: one form in each language, wherever somebody reads them, and moments. What machines read is ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

END_OF_DAY = re.compile(r"(?<=^.{10}[ T])24(?=:00(:00(\.0+)?)?([Z+-].*)?$)")


def said(fact: Any, language: str) -> Any:
    """A day as people write it, a moment with its hour, also in a list or a table; anything else as it is."""
    if isinstance(fact, tuple):
        return tuple(said(one, language) for one in fact)
    if isinstance(fact, list):
        return [said(one, language) for one in fact]
    if isinstance(fact, Mapping):
        return {name: said(value, language) for name, value in fact.items()}
    if not isinstance(fact, date):
        return fact
    day = f"{fact.year}年{fact.month}月{fact.day}日" if language == "ja" else f"{fact:%Y-%m-%d}"
    return f"{day} {fact:%H:%M}" if isinstance(fact, datetime) else day


def moment_of(text: str) -> datetime:
    """A moment as ISO 8601 writes it, 24:00 included, which is the end of its day: of Python only the newest reads it."""
    ends = END_OF_DAY.search(text)
    return datetime.fromisoformat(END_OF_DAY.sub("00", text)) + timedelta(days=1 if ends else 0)
