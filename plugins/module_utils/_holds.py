# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to go is first put out of use and kept for a while, so that whoever misses it can say so. A tag says until when.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from ansible_collections.msp.aws.plugins.module_utils._options import Problem

TAG = "OpsDeleteAfter"


def told(tags: Mapping[str, str]) -> str:
    """What whoever approves the end has to know, in words that do not change by the day."""
    return f"it is on hold until {tags[TAG]}" if TAG in tags else f"it was not put on hold first (tag {TAG}), so nobody has seen whether it is missed"


def refuse(day: str) -> None:
    """A hold ends on a day to come."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise Problem(f"delete_after: {day!r} is no date such as 2026-12-07") from error
    if wanted <= datetime.now(UTC).date():
        raise Problem(f"delete_after: {day} is not to come")
