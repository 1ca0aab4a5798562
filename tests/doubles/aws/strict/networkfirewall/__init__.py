# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network Firewall: of all its operations moto has five, and forgives everything. Source of each rule: the documentation strings of
botocore's network-firewall/2020-11-12 model (named by shape), unless another is named.
"""

from __future__ import annotations

from . import firewalls, logging, policies, rule_groups, tags  # noqa: F401
from .book import BOOK  # noqa: F401
