# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`MackerelDouble`: start the double as a process of its own and talk to its control interface."""

from __future__ import annotations

from ..process import Double


class MackerelDouble(Double):
    """The state is of the one organisation: {"mackerel/services/acme": {...}}."""

    package = "tests.doubles.mackerel"
    key, read_key = "write-key-of-the-double", "read-key-of-the-double"
    organisation = "acme-org"

    def modes(self, **modes):
        """Set what the documents leave open; the others stay as they are."""
        self._control("PUT", "modes", modes)

    def belongs_to(self, name):
        """The organisation has another name."""
        self._control("PUT", "organisation", name)

    def plant(self, collection, **thing):
        """Something that no call of the API makes, such as a member; gives it with its id."""
        return self._control("PUT", "thing", dict(collection=collection, thing=thing))
