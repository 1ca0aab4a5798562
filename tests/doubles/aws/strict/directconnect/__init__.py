# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct Connect: moto knows connections without states and nothing else, so all of it is answered here. Source of each rule: the documentation
strings of botocore's directconnect/2012-10-25 model (named by operation or shape), unless another is named.
"""

from __future__ import annotations

from . import associations, connections, gateways, interfaces, proposals, tags  # noqa: F401
from .book import BOOK  # noqa: F401
