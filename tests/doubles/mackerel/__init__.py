# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mackerel double: a strict stand-in for Mackerel's API, in one process on loopback.

    with MackerelDouble() as double:
        Mackerel(...) with mackerel_api_base=double.url and mackerel_api_key=MackerelDouble.key

See README.md beside this file for what it enforces.
"""

from __future__ import annotations

from .client import MackerelDouble

__all__ = ["MackerelDouble"]
