# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with entries before anything is looked at. No word of any service.

Private to the collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, clearable, contradictions, named
from ansible_collections.msp.aws.plugins.module_utils._reports import Step


def check(kind: Kind, steps: Iterable[Step]) -> None:
    """Give each step that cannot be right its reason, all that is wrong with it at once."""
    seen = defaultdict(list)
    for step in steps:
        seen[kind.apart(step.entry)].append(step)
        step.reason = "; ".join(_faults(kind, step.entry)) or None
    for alike in seen.values():
        for step in alike if len(alike) > 1 else ():
            step.reason = f"{step.label!r} is named {len(alike)} times; write it once"


def check_ids(kind: Kind, want: Mapping[str, Any], shown: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """The same once names are ids: what is named in two ways may be wanted there and away at once."""
    for name, item in contradictions(kind.options, want):
        raise Problem(f"{name}: {shown({name: [item]})[name][0]!r} is both to be there and not to be there, once by name and once by id")


def _faults(kind: Kind, entry: Mapping[str, Any]) -> Iterator[str]:
    if "id" not in entry:
        yield from (f"{name} is needed to say which one is meant" for name in kind.identity if name not in entry)
    for path in entry.get("clear", ()):
        name = path.partition(".")[0]
        if not clearable(kind.options, path):
            can_be = sorted(name for name, option in kind.options.items() if option.clearable)
            yield f"clear: {path!r} is not an option that can be taken away ({', '.join(can_be)})"
        elif name == path and name in entry:
            yield f"clear: {path!r} also has a value in the same entry"
    for path, value in contradictions(kind.options, entry):
        yield f"{path}: {value!r} is both to be there and not to be there"
    yield from map(str, _shapes.faults(kind.service, kind.options, named(kind.options, entry)))
