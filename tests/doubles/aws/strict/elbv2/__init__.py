# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing: what moto forgives. Source of each rule: the documentation strings of botocore's elbv2/2015-12-01 model
(named by operation or shape), unless another is named.
"""

from __future__ import annotations

from . import attributes, balancers, listeners, rules, tags, target_groups, trust_stores  # noqa: F401
from .book import BOOK  # noqa: F401
