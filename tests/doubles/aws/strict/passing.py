# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States over time: what was ordered shows a passing state for a few looks before it is done.

The time that passes is counted in describing calls, so that a test needs no clock. The double's own
state shows where a thing will settle, so reads do not change it.
"""

from __future__ import annotations

import fnmatch

LOOKS = 2  # how many describing calls still show the passing state


class Passing:
    """`be(passing, settled)`; `state` is what a caller is told now, and `look()` tells it and lets time pass."""

    settled = None
    _transitions = None
    _tick = 0

    def be(self, passing, settled):
        self._transitions, self.settled, self._tick = passing, settled, LOOKS

    def look(self):
        seen = self.state
        self._tick = max(self._tick - 1, 0)
        return seen

    @property
    def state(self):
        return self._transitions if self._tick else self.settled

    @state.setter
    def state(self, settled):
        self.settled, self._tick = settled, 0


def meets(filters, values, tags, refuse):
    """Whether a thing is one of those that the Filters of a Describe call ask for; `refuse(name)` says no to unknown ones."""
    for one in filters or []:
        name, wanted = one["Name"], one.get("Values") or []
        if name.startswith("tag:"):
            has = [tags[name[4:]]] if name[4:] in tags else []
        elif name == "tag-key":
            has = list(tags)
        elif name in values:
            has = values[name] if isinstance(values[name], list) else [values[name]]
        else:
            raise refuse(name)
        if not any(fnmatch.fnmatchcase(text(one), pattern) for one in has for pattern in wanted):
            return False
    return True


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
