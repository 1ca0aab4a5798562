# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of itself: the entries on their way, and how they are shown to people. No word of any service.

Private to the collection.
"""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Door
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, declared, hidden, masked, transform_all

AFTER_APPLY = "(known after apply)"
FORESEEN = (Problem, TimeoutError)


@dataclass(eq=False)  # each is itself: to compare the fields of thousands with one another takes seconds
class Step:
    """One entry on its way. `action`, `before` and `after` are the plan and stay; `have` and `change` follow what is found."""

    entry: dict[str, Any]
    label: str
    pinned: str | None = None  # the id that the entry gives
    action: str = "unchanged"
    want: dict[str, Any] = field(default_factory=dict)
    have: dict[str, Any] | None = None
    change: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    rivals: list[str] = field(default_factory=list)  # entries of the same task that cannot be true beside it
    confirm: str | None = None
    planned: bool = False
    awaited: str | None = None  # what AWS is still at work on

    @property
    def unseen(self) -> bool:
        """Whether it is something that another contract of this run will make: nothing is known of it yet."""
        return isinstance(self.pinned, Unknown)

    @property
    def absent(self) -> bool:
        return self.entry.get("state") == "absent"


def shown(kind: Kind, names: Names, thing: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """A thing for people: names instead of ids, no secrets (of a free dictionary its keys), nothing that is not an option."""

    def show(option: Option, value: Any, dummy: Any) -> Any:
        if option.secret:
            return hidden(value)
        if isinstance(value, Unknown):
            return f"{value} {AFTER_APPLY}" if check_mode else str(value)
        told = names.name_of(option.ref, value) if option.ref else value
        return masked(told) if isinstance(told, str) else told

    return transform_all(kind.options, declared(kind.options, thing), show)


def gathered(kind: Kind, steps: list[Step], aws: Door, show: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """What is there in the form of the entries, each with its id where its identity alone does not say which it is, or could be of nothing new (`_by_id`)."""
    failed = [f"{step.label}: {step.reason}" for step in steps if step.reason]
    if failed:
        return dict(failed=True, msg=f"{kind.name}: {'; '.join(failed)}", calls=calls(aws))
    entries = [entry for dummy, entry in in_sheet_form(kind, [step.have for step in steps if step.have], show)]
    return dict(changed=False, gathered=entries, calls=calls(aws))


def in_sheet_form(
    kind: Kind, found: list[dict[str, Any]], show: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each thing found with its entry, in the order of their labels."""
    alike = Counter(kind.key(have) for have in found)
    pairs = []
    for have in found:
        entry = {name: value for name, value in show(have).items() if value is not None}
        if kind.identity and (alike[kind.key(have)] > 1 or None in kind.key(have) or have.get("_by_id")):
            entry["id"] = have["id"]
        pairs.append((have, entry))
    return sorted(pairs, key=lambda pair: kind.label(pair[1]))


def outcome(kind: Kind, steps: list[Step], aws: Door, told: Callable[[str], str]) -> dict[str, Any]:
    """What was done, or in check mode would be done, entry by entry; failed when one of them failed. `told` says what ids in a text are called."""
    for step in steps:
        step.reason, step.confirm = (text and told(text) for text in (step.reason, step.confirm))
    awaited = [step.label for step in steps if step.awaited and not step.reason]
    done = [step for step in steps if step.action in ("created", "updated", "deleted") and not step.reason]
    failed = [step for step in steps if step.reason]
    result: dict[str, Any] = dict(
        changed=bool(done) if aws.check_mode else any("refused" not in write for write in aws.writes),
        entries=[_report(step) for step in steps],
        calls=calls(aws),
        diff=dict(before={step.label: step.before for step in done if step.before}, after={step.label: step.after for step in done if step.after}),
    )
    if awaited:
        result["awaited"] = awaited
    if failed:
        listed = "\n".join(f"  {kind.name} {step.label}: {step.reason}" for step in failed)
        result.update(failed=True, msg=f"{len(failed)} of {len(steps)} {kind.things} failed:\n{listed}")
    return result


def _report(step: Step) -> dict[str, Any]:
    report = dict(entry=step.label, action="failed" if step.reason else step.action, changed=sorted({**step.before, **step.after}))
    if step.have and not step.unseen:
        report["id"] = step.have["id"]
    for name in ("confirm", "reason", "awaited"):
        if getattr(step, name):
            report[name] = getattr(step, name)
    return report


def calls(aws: Door) -> dict[str, Any]:
    return dict(reads=aws.reads, writes=aws.writes)


def why(error: BaseException, aws: Door) -> str:
    """One line for people. What a kind itself found wrong has its own words; of everything else the last call is told."""
    if not isinstance(error, (*FORESEEN, *aws.errors)):
        return unforeseen(error)
    return masked(aws.explain(error, None if isinstance(error, Problem) else aws.last_call))


def unforeseen(error: BaseException) -> str:
    """The surprise of one thing must not cost the record of what was done for the others."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"a fault of this collection, please report it: {type(error).__name__} {error} at {os.path.basename(place.filename)}:{place.lineno}"
