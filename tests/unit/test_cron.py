# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cron expression can be, as EventBridge's guide says it."""

from __future__ import annotations

import re

import pytest

from ansible_collections.msp.aws.plugins.module_utils._cron import EXAMPLES, EXPRESSION

GOOD = [
    *EXAMPLES.split(", "),
    *("cron(0/15 * * * ? *)", "cron(5,35 14 * * ? *)", "cron(0 */2 * * ? *)", "cron(0 18 ? * MON-FRI *)", "cron(0 9 3W 1,6 ? 2026-2030)"),
    *("cron(0 9 L * ? *)", "cron(0 9 LW * ? *)", "cron(0 9 ? * 6L *)", "cron(0 9 ? * 2#1 *)", "cron(0 18 ? JAN-MAR MON#2 *)"),
]
BAD = [
    *("0 17 * * ? *", "cron(0 17 * * ?)", "cron(0 17 * * * *)", "cron(0 17 ? * ? *)", "cron(0  17 * * ? *)"),
    *("cron(60 9 * * ? *)", "cron(0 25 * * ? *)", "cron(0 9 32 * ? *)", "cron(0 9 ? 13 MON *)", "cron(0 9 ? * 8 *)", "cron(0 9 ? * 2#6 *)"),
    *("cron(0 9 * * ? 1969)", "cron(0/0 9 * * ? *)", "cron(0 9 ? * MONDAY *)", "cron(0 9 1, * ? *)"),
]


@pytest.mark.parametrize(("text", "good"), [*((text, True) for text in GOOD), *((text, False) for text in BAD)])
def test_an_expression_is_what_the_guide_says(text, good):
    assert bool(re.fullmatch(EXPRESSION, text)) == good
