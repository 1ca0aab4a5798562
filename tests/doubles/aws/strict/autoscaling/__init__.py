# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule book of EC2 Auto Scaling. Its chapters are the other files of this folder."""

from __future__ import annotations

from . import (  # noqa: F401 - each writes its rules into the book
    groups,
    instances,
    mixed,
    notifications,
    plans,
    refreshes,
)
from .book import BOOK

__all__ = ["BOOK"]
