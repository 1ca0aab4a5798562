# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that are behind: AWS is eventually consistent, and what was just made may not be shown yet.

EC2 "Eventual consistency in the Amazon EC2 API": "the result of an API command you run ... might not be immediately visible to all
subsequent commands you run".
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager

from moto.core.base_backend import BackendDict

from . import births

MAKES = re.compile(r"^(Create|Run|Allocate|Import|Subscribe|Put)")
LISTS = re.compile(r"^(Describe|List)")


class Past:
    """A service as it was before the last thing was made in it; every list operation answers so, `times` times after that."""

    def __init__(self):
        self.arm(0)

    def arm(self, times):
        """Anew for what was made already; 0 forgets it."""
        self.times = times
        self.shown = Counter()
        if not times:
            self.service, self.held = None, []

    def before(self, named):
        """A call is about to be executed: keep what it may change."""
        if not (self.times and named.write and MAKES.match(named.operation)):
            return
        there = backends_of(named.service)
        for one in there:
            births.wake(one)
        copied = births.unpack(births.pack([births.contents(one) for one in there]))
        self.service, self.shown = named.service, Counter()
        self.held = list(zip(there, copied, strict=True))

    @contextmanager
    def as_shown(self, named):
        """While this call is answered: the past, where the call is a list that is behind."""
        behind = self.service == named.service and not named.write and LISTS.match(named.operation)
        if not behind or self.shown[named.operation] >= self.times:
            yield
            return
        self.shown[named.operation] += 1
        now = [(one, births.contents(one)) for one, dummy in self.held]
        for one, held in self.held:
            births.hold(one, held)
        try:
            yield
        finally:
            for one, held in now:
                births.hold(one, held)


def backends_of(service):
    return [
        backend
        for backend_dict in BackendDict._instances
        if backend_dict.service_name == service
        for by_region in dict.values(backend_dict)
        for backend in dict.values(by_region)
    ]
