# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses in a sheet: which blocks overlap, which lie outside where they belong. Pure functions.

Private to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def network(text: Any) -> Any:
    """The network that a text means, or None when it means none."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def canonical(text: Any) -> str | None:
    """How AWS writes the block that a text means, or None when it means none. AWS changes 10.0.0.1/24 to 10.0.0.0/24 without a word."""
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in str(text) else None
    except ValueError:
        return None


def blocks(entry: Mapping[str, Any], *options: str) -> Iterator[tuple[str, str]]:
    """Every block that an entry names, as (option, block); a list may also be written as {add, set}."""
    for option in options:
        value = entry.get(option)
        values = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
        yield from ((option, block) for block in values if block is not None)


def overlaps(named: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Faults of (entry, option, block): what is no block at all, and what overlaps one named before it."""
    seen: list[tuple[int, Any]] = []
    for index, option, block in named:
        parsed = network(block)
        if parsed is None:
            yield index, option, "not_a_network", dict(value=block)
            continue
        for other_index, other in seen:
            if other.version == parsed.version and other.overlaps(parsed) and other_index != index:
                yield index, option, "overlap", dict(value=block, other=str(other), other_entry=other_index)
        seen.append((index, parsed))
