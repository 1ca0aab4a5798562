# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter patterns of CloudWatch Logs: terms, [space-delimited, fields] or { $.json = conditions }.

What is likely to be mistyped, so that it is told before anything is made; what a pattern means is AWS's to say.

Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

# What brackets and the like mean nothing in: "phrases" and %regular expressions%.
CLOSED = re.compile(r'"(?:[^"\\]|\\.)*"|%[^%]*%')
PAIRS = {"{": "}", "[": "]", "(": ")"}
TERM = re.compile(r"[?-]?\w*")


def faults(pattern: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong with a pattern, as (code, facts)."""
    text = str(pattern or "").strip()
    bare = CLOSED.sub("x", text)
    if '"' in bare or "%" in bare or not _paired(bare):
        yield "unbalanced", dict(value=text)
    elif not text.startswith(tuple(PAIRS)) and not all(TERM.fullmatch(term) for term in bare.split()):
        yield "pattern", dict(value=text, limit='"…"')


def _paired(bare: str) -> bool:
    """Brackets close in the order in which they open; what begins with a brace or a square bracket ends with it."""
    opened: list[str] = []
    for place, char in enumerate(bare):
        if char in PAIRS:
            opened.append(PAIRS[char])
        elif char in PAIRS.values():
            if not opened or opened.pop() != char:
                return False
            if not opened and bare[0] in "{[" and place < len(bare) - 1:
                return False
    return not opened


def refuse(pattern: Any) -> None:
    """Raise Problem for a pattern that cannot be read."""
    for code, facts in faults(pattern):
        if code == "unbalanced":
            raise Problem(f"filter_pattern: {facts['value']!r} has a bracket or a quotation mark without its partner")
        raise Problem(f"filter_pattern: {_shapes.said(code, **facts)}: what is not a plain word stands in quotation marks")
