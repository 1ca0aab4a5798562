# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on order: which call fails, how, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass

# fault -> (is the call executed?, what the caller sees)
KINDS = {
    "throttle": (False, "throttle"),
    "server_error": (False, "server_error"),
    "server_error_after": (True, "server_error"),
    "timeout": (False, "hang_up"),
    "timeout_after": (True, "hang_up"),
    "die": (False, "hang_up"),
    "die_after": (True, "hang_up"),
    "expired": (False, "expired"),
    "denied": (False, "denied"),
    "stale": (True, "past"),
}


@dataclass
class Fault:
    """`times` failing calls, beginning with the `at`-th that matches; 0 times is for ever.

    `stale` is no failure: each list operation does not show the last thing that was made, `times` times.
    """

    fault: str
    at: int = 1
    of: str = "call"
    service: str | None = None
    operation: str | None = None
    times: int = 1
    seen: int = 0

    def __post_init__(self):
        if self.fault not in KINDS or self.of not in ("call", "read", "write"):
            raise ValueError(f"no such fault: {self}")
        if self.at < 1 or self.times < 0:
            raise ValueError(f"at counts from 1, times from 0: {self}")

    @property
    def executes(self):
        return KINDS[self.fault][0]

    @property
    def shows(self):
        return KINDS[self.fault][1]

    @property
    def kills(self):
        return self.fault.startswith("die")

    def matches(self, named):
        return (
            (self.of == "call" or named.write == (self.of == "write"))
            and self.service in (None, named.service)
            and self.operation in (None, named.operation)
        )

    def fires(self, named):
        if not self.matches(named):
            return False
        self.seen += 1
        return self.seen >= self.at and (not self.times or self.seen < self.at + self.times)


class FaultPlan:
    def __init__(self, past):
        self._past = past
        self._lock = threading.Lock()
        self._faults = []
        self.dead = False

    def arm(self, faults):
        armed = [Fault(**fault) for fault in faults]
        with self._lock:
            self._faults = [fault for fault in armed if fault.fault != "stale"]
            self._past.arm(max((fault.times for fault in armed if fault.fault == "stale"), default=0))
            self.dead = False

    def clear(self):
        self.arm([])

    def next(self, named):
        """The fault this call meets, or None. Every fault counts every call that matches it."""
        with self._lock:
            if self.dead:
                return Fault("die")
            fired = [fault for fault in self._faults if fault.fires(named)]
            if fired and fired[0].kills:
                self.dead = True
            return fired[0] if fired else None
