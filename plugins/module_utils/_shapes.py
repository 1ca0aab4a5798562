# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices and limits of options, asked of AWS's own service models, so that no list of values is written down here.

Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option

try:
    import botocore.session
except ImportError:
    botocore = None


@lru_cache(maxsize=None)
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@lru_cache(maxsize=None)
def shape(service: str, api: str) -> Any:
    """The shape behind "Operation.Member.Member" (lists are stepped through), or "service:Operation.Member" of another service."""
    other, dummy, path = api.rpartition(":")
    operation, *members = path.split(".")
    found = model(other or service).operation_model(operation).input_shape
    for member in members:
        while found.type_name == "list":
            found = found.member
        found = found.value if found.type_name == "map" else found.members[member]
    while found.type_name == "list":
        found = found.member
    return found


def faults(service: str, options: Mapping[str, Option], entry: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What the service model refuses in an entry, one line each, naming the option."""
    for name, value in entry.items():
        option = options.get(name)
        if option is not None:
            yield from _value(service, option, value, f"{path}{name}")


def _value(service: str, option: Option, value: Any, path: str) -> Iterator[str]:
    if option.many and isinstance(value, Mapping):
        for verb, things in value.items():
            for thing in things or ():
                yield from _one(service, option, thing, path if verb == "add" else f"{path}.{verb}")
    elif isinstance(value, list):
        for thing in value:
            yield from _one(service, option, thing, path)
    else:
        yield from _one(service, option, value, path)


def _one(service: str, option: Option, value: Any, path: str) -> Iterator[str]:
    if option.options and isinstance(value, Mapping):
        yield from faults(service, option.options, {name: inner for name, inner in value.items() if inner is not None}, f"{path}.")
    elif option.api and not isinstance(value, Mapping):
        fault = refused(shape(service, option.api), value)
        if fault:
            yield f"{path}: {'(a secret value)' if option.secret else repr(value)} {fault}"


def refused(found: Any, value: Any) -> str | None:
    """Why the shape refuses the value, or None."""
    choices = getattr(found, "enum", None)
    if choices and value not in choices:
        return f"is not one of {', '.join(choices)}"
    limits = found.metadata
    size = value if isinstance(value, (int, float)) and not isinstance(value, bool) else len(value) if isinstance(value, str) else None
    unit = "" if not isinstance(value, str) else " characters"
    if size is not None and "min" in limits and size < limits["min"]:
        return f"is less than the least allowed, {limits['min']}{unit}"
    if size is not None and "max" in limits and size > limits["max"]:
        return f"is more than the most allowed, {limits['max']}{unit}"
    if isinstance(value, str) and "pattern" in limits and not _fits(limits["pattern"], value):
        return f"does not fit the pattern {limits['pattern']}"
    return None


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(f"(?:{pattern})", value, re.DOTALL) is not None
    except re.error:  # a few patterns are of Java's dialect; AWS itself will judge those
        return True
