# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the things that are there an entry means, and that no two entries mean one or want one name. No word of any service.

Private to the collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.module_utils._reports import Step


class Matcher:
    """Gives a step what it means of the things found: by the id of its entry, else by its identity."""

    def __init__(self, kind: Kind, found: Iterable[dict[str, Any]]) -> None:
        self.kind = kind
        self.by_id = {have["id"]: have for have in found}
        self.by_identity = defaultdict(list)
        for have in found:
            self.by_identity[kind.key(have)].append(have)

    def __call__(self, step: Step) -> None:
        step.have = None  # what an earlier look found counts no more
        step.have = self._of_id(step) if step.pinned else self._of_identity(step)

    def _of_id(self, step: Step) -> dict[str, Any] | None:
        if step.unseen and not step.absent:
            return dict(id=step.pinned)
        if step.pinned not in self.by_id and not step.absent:
            raise Problem(f"id {step.pinned} does not exist in this account and Region")
        return self.by_id.get(step.pinned)

    def _of_identity(self, step: Step) -> dict[str, Any] | None:
        matches = self.by_identity[self.kind.key(step.want)]
        if len(matches) > 1:
            raise Problem(f"more than one has this name: {', '.join(sorted(have['id'] for have in matches))}. Add `id` to the entry to say which")
        if self.kind.caseless and not matches and not step.absent:
            self._refuse_clash(step)
        return matches[0] if matches else None

    def _refuse_clash(self, step: Step) -> None:
        """AWS would refuse it too, but only on creation and without a word of the other one."""
        for have in self.by_id.values():
            if str(self.kind.key(have)).lower() == str(self.kind.key(step.want)).lower():
                raise Problem(f"{self.kind.label(have)!r} exists already, and AWS does not tell names apart by case: write it so, or take another")


def refuse_rivals(kind: Kind, steps: list[Step]) -> None:
    """Of entries that cannot all be as they say, none is touched: each run would undo what another one says."""
    _refuse_same(kind, steps)
    _refuse_taken(kind, [step for step in steps if not (step.rivals or step.unseen)])


def _refuse_same(kind: Kind, steps: Iterable[Step]) -> None:
    """One thing in two spellings, such as by name and by id."""
    same = defaultdict(list)
    for step in steps:
        same[(step.have["id"], kind.key(step.have)) if step.have else (step.pinned, kind.key(step.want))].append(step)
    for alike in same.values():
        for step in alike if len(alike) > 1 else ():
            step.rivals = [other.label for other in alike if other is not step]
            step.reason = f"{', '.join(map(repr, step.rivals))} means the same one; write it once"


def _refuse_taken(kind: Kind, steps: list[Step]) -> None:
    """A name that another entry has: whom others mean by it would depend on which of the two is changed first."""
    after = {step: kind.key({**(step.have or {}), **step.want}) for step in steps}
    holders = defaultdict(list)
    for step in steps:
        holders[kind.key(step.have or step.want)].append(step)
    for step in steps:
        renamed = step.have and not step.absent and after[step] != kind.key(step.have)
        for other in holders[after[step]] if renamed and None not in after[step] else ():
            _refuse_two(step, other, leaves=other.absent or after[other] != after[step])


def _refuse_two(step: Step, other: Step, leaves: bool) -> None:
    """Whoever gives the name up may do so. Of who keeps it, or would be made under it, nobody could say any more which of the two is meant by it."""
    if leaves:
        step.rivals = [other.label]
        step.reason = f"would take the name of {other.label!r}, which gives it up in the same run: let it do so in a run of its own first"
    elif not other.pinned:
        for one, another in ((step, other), (other, step)):
            one.rivals, one.reason = [another.label], f"wants the same name as {another.label!r}: take another for one of them"
