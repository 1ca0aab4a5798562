# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes on by itself after the call that began it: all entries are waited for together, each look looks at all. No word of any service.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.msp.aws.plugins.module_utils._client import Door
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._reports import Step, why

NOT_SHOWN = "not shown yet"
TOLD = 5  # how many names a line has room for


def moving(steps: Iterable[Step]) -> list[Step]:
    """Those of which the last look said that something goes on."""
    return [step for step in steps if step.have.get("_moving")]


def settle(kind: Kind, aws: Door, steps: list[Step], needed: bool) -> None:
    """Wait for what goes on by itself. Who only looks, or does not want to wait, is told of it."""
    if kind.look and steps and (needed or aws.patient):
        _await(kind, aws, steps)
        return
    for step in steps:
        step.awaited = step.have.get("_moving")
        if step.awaited and aws.check_mode:
            aws.warn(f"{kind.name} {step.label}: AWS is still at work on {step.have['id']} ({step.awaited})")


def _await(kind: Kind, aws: Door, steps: list[Step]) -> None:
    """Until none of them moves. Each gets what it is then, or the reason why it came to nothing or is not there in time."""
    waiting = {step.have["id"]: step for step in steps}

    def look() -> dict[str, str]:
        """Label → what still goes on, of those that move."""
        there = {have["id"]: have for have in kind.look(aws, sorted(waiting))}
        moving = {}
        for thing_id, step in list(waiting.items()):
            state = there[thing_id].get("_moving") if thing_id in there else NOT_SHOWN
            if state:
                moving[step.label] = step.awaited = state
            else:
                _arrived(waiting.pop(thing_id), there[thing_id])
        return moving

    try:
        aws.wait(f"{kind.name} {_listed(steps)}", look, lambda moving: not moving, limit=kind.seconds)
    except TimeoutError:
        for step in waiting.values():
            step.reason = f"{step.have['id']} is {step.awaited} after {kind.seconds} s; the next run goes on from here"
    except Exception as error:  # a look that is refused must not cost the record of what was done
        for step in waiting.values():
            step.reason = why(error, aws)


def _arrived(step: Step, have: dict) -> None:
    step.have.update(have)
    step.awaited = None
    if have.get("_failed"):
        step.reason = f"{have['id']}: {have['_failed']}"


def _listed(steps: list[Step]) -> str:
    labels = [step.label for step in steps]
    return ", ".join(labels[:TOLD]) + (f" and {len(labels) - TOLD} more" if len(labels) > TOLD else "")
