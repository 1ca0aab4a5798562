# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lambda: what moto forgives. Source of each rule: the documentation strings of botocore's lambda model (named by operation or shape), or the Lambda
developer guide (named by page), unless another is named.
"""

from __future__ import annotations

from . import aliases  # noqa: F401
from .functions import BOOK  # noqa: F401
