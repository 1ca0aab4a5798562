# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a thing from being deleted, told before the first deletion and so in the plan. No word of any service.

Private to the collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._client import Door
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._reports import Step, why

TOLD = 5  # how many of one sort a line has room for


class Holder(NamedTuple):
    """One thing for whose sake another one cannot be deleted.

    held      the id of the other one
    what      in what way, in the plural
    who       how people are told of it: its id where they know it by its name
    freed_by  (kind, id) of what lets go when the run removes or changes it; without an id anything of that kind may
    """

    held: str
    what: str
    who: str
    freed_by: tuple[tuple[str, str | None], ...] = ()


def not_held(kind: Kind, aws: Door, live: Iterable[Step], touched: Mapping[str, Iterable[str]], name_of: Callable[[str, str], str | None]) -> list[Step]:
    """Those of the steps that are to be deleted and can be; the others get their reason. What the run has removed or changed holds nothing.

    live     all steps of the task that do something, and did not fail
    touched  kind → ids of what the run has made, changed or removed before this task
    name_of  kind and id → name
    """
    going = [step for step in live if step.action == "deleted" and step.have]
    if not kind.holders or not going:
        return going
    try:
        holders = list(kind.holders(aws, [step.have for step in going]))
    except Exception as error:  # a look that is refused must not cost the record of what was done
        for step in going:
            step.reason = why(error, aws)
        return []
    while True:  # what is held goes on holding others
        held = _held(holders, kind, [step for step in live if not step.reason], touched)
        stuck = [step for step in going if step.have["id"] in held]
        for step in stuck:
            step.reason = f"{_told(held[step.have['id']], name_of)}, which this run leaves there: move or remove them first"
        if not stuck:
            return going
        going = [step for step in going if not step.reason]


def _held(holders: Iterable[Holder], kind: Kind, live: Iterable[Step], touched: Mapping[str, Iterable[str]]) -> dict[str, list[Holder]]:
    """Id of what is held → what holds it, of that which neither the run so far nor this task removes or changes."""
    own = {step.have["id"] if step.have else step.label for step in live}
    changing = {name for name, ids in touched.items() if ids} | {kind.name for step in live if step.action != "deleted"}
    found = defaultdict(list)
    for holder in holders:
        if not any(name in changing if id is None else id in touched.get(name, ()) or name == kind.name and id in own for name, id in holder.freed_by):
            found[holder.held].append(holder)
    return dict(found)


def _told(holders: Iterable[Holder], name_of: Callable[[str, str], str | None]) -> str:
    by_what = defaultdict(list)
    for holder in holders:
        names = (name_of(kind, id) for kind, id in holder.freed_by if id == holder.who)
        by_what[holder.what].append(next((name for name in names if name), holder.who))
    sorts = [f"{what} ({', '.join(sorted(who)[:TOLD])}{f' and {len(who) - TOLD} more' if len(who) > TOLD else ''})" for what, who in by_what.items()]
    return f"cannot be deleted while there are {' and '.join(sorts)}"
