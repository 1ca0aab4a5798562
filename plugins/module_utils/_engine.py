# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine for all kinds: find what is there, compare what was named, plan, apply. No word of any service.

Private to the collection.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Door, Rehearsed
from ansible_collections.msp.aws.plugins.module_utils._entries import check, check_ids
from ansible_collections.msp.aws.plugins.module_utils._holding import not_held
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind, Module
from ansible_collections.msp.aws.plugins.module_utils._matching import Matcher, refuse_rivals
from ansible_collections.msp.aws.plugins.module_utils._names import Missing, Names
from ansible_collections.msp.aws.plugins.module_utils._options import (
    Option,
    Problem,
    Unknown,
    Unmade,
    differences,
    emptied,
    merged,
    named,
    transform,
    unknowns,
    unmade,
)
from ansible_collections.msp.aws.plugins.module_utils._reports import Step, calls, gathered, outcome, shown, why
from ansible_collections.msp.aws.plugins.module_utils._waiting import moving, settle

WORKERS = 8
PAUSES = (1, 2, 4, 8, 15, 30, 30)


def run(kind: Kind) -> None:
    """The whole of a module's main()."""
    module = Module(kind)
    result = Run(kind, module.params, kind.door(module)).attempt()
    (module.fail_json if result.pop("failed", False) else module.exit_json)(**result)


class Run:
    """One module call: many entries of one kind."""

    def __init__(self, kind: Kind, params: Mapping[str, Any], aws: Door) -> None:
        self.kind, self.params, self.aws = kind, params, aws
        given = params.get(kind.things)
        entries = [given] if isinstance(given, dict) else given or []
        self.steps = [Step(entry, kind.label(entry)) for entry in ({k: v for k, v in entry.items() if v is not None} for entry in entries)]
        own = [step.label for step in self.steps if kind.identity and not step.absent and "id" not in step.entry]
        aws.sheet_names = {kind.name: own, **(params.get("sheet_names") or {})}
        self.names = Names(aws, aws.sheet_names, aws.check_mode, params.get("neighbours"))
        self.names.plan(kind.name, own, Unmade)

    def attempt(self) -> dict[str, Any]:
        """The result, also of a run that could not even begin."""
        try:
            return self.go()
        except Exception as error:
            return dict(failed=True, msg=f"{self.kind.name}: {why(error, self.aws)}", entries=[], calls=calls(self.aws))

    def go(self) -> dict[str, Any]:
        self.aws.check_owner(self.params.get(self.kind.door.owner))
        if self.params["state"] == "gathered":
            self.aws.check_mode = True  # who only looks writes nothing, and waits for nothing
            return self._gather()
        check(self.kind, self.steps)
        self._look(self.steps)
        self._create_all()
        self._change_all()
        self._delete_all()
        return outcome(self.kind, self.steps, self.aws, self.names.told)

    # ---- find and compare

    def _look(self, steps: Iterable[Step]) -> None:
        live = self._live(steps)
        for step in live:
            self._guarded(step, self._resolve)
        live = self._live(live)
        there = [step for step in live if not step.unseen]
        found = list(self.kind.find(self.aws, [{**step.want, **({"id": step.pinned} if step.pinned else {})} for step in there])) if there else []
        match = Matcher(self.kind, found)
        for step in live:
            self._guarded(step, match)
        refuse_rivals(self.kind, self._live(live))
        there = [step for step in live if step.have and not (step.absent or step.unseen)]
        self._settle(moving(there))
        if self.kind.read:
            self._each(self._live(there), self._read)
            self._settle(moving(step for step in there if not step.awaited))
        for step in live:
            if not step.reason:
                self._guarded(step, self._compare)

    def _resolve(self, step: Step) -> None:
        wanted = named(self.kind.options, step.entry)
        for name in emptied(self.kind.options, wanted):
            del wanted[name]
        step.pinned = self.names.pinned(self.kind.name, step.entry.get("id"), going=step.absent)
        if step.absent:
            wanted = {name: value for name, value in wanted.items() if name in self.kind.identity or self.kind.options[name].parting}

        def id_of(option: Option, value: Any, entry: Mapping[str, Any] | None) -> Any:
            if not option.ref or not isinstance(value, str):
                return value
            scope = step.want.get(option.within) or (step.have or {}).get(option.within) if option.within else None
            try:
                found = self.names.id_of(option.ref, value, scope, option.elsewhere)
                return self.names.near(found) if option.regional else found
            except Missing:
                if step.absent:
                    return Unknown(value)  # what lies in something that is gone is gone too
                raise

        step.want = {}
        for name in sorted(wanted, key=lambda name: bool(self.kind.options[name].within or self.kind.options[name].options)):
            option, value = self.kind.options[name], wanted[name]
            if option.many and "remove" in value:
                value = {**value, "remove": [item for item in value["remove"] if self._is_there(step, option, item, id_of, wanted)]}
            step.want[name] = transform(option, value, id_of, wanted)
        check_ids(self.kind, step.want, self._shown)

    def _is_there(self, step: Step, option: Option, item: Any, id_of: Callable[..., Any], entry: Mapping[str, Any]) -> bool:
        """Whether what shall leave a list is there at all. The run after the one that removed it altogether has nothing to do."""
        try:
            transform(option, [item], id_of, entry)
        except Missing as gone:
            self.aws.warn(f"{self.kind.name} {step.label}: {gone}, so it leaves no list")
            return False
        return True

    def _read(self, step: Step) -> None:
        cleared = {path.partition(".")[0] for path in step.entry.get("clear", ())}
        step.have.update(self.kind.read(self.aws, step.have, [name for name in self.kind.options if name in step.want or name in cleared]))

    def _compare(self, step: Step) -> None:
        options, have = self.kind.options, step.have
        if self.aws.check_mode and not (have or step.absent):
            self._foretell(step)
        step.change = {} if step.absent else self._changes(step)
        if step.absent:
            action = "deleted" if have else "unchanged"
            if have:
                have["_parting"] = step.want
        elif have is None:
            action = "created"
            lacking = [" or ".join(group) for group in self.kind.lacking(step.want)]
            if lacking:
                raise Problem(f"does not exist, and to create it {', '.join(lacking)} must be named")
        else:
            action = "updated" if step.change else "unchanged"
            for name in emptied(options, step.entry):
                if have.get(name) not in (None, ""):
                    raise Problem(f"{name} is empty here and not there: take it away with clear: [{name}] where that can be, or leave it out")
            stuck = [name for name in step.change if options[name].fixed]
            if stuck and not (step.planned or step.unseen):
                raise Problem("; ".join(self._stuck(step, name) for name in stuck))
        if self.kind.refuse and step.change and not (step.planned or step.unseen):
            self.kind.refuse(step.want, have or {}, step.change)
        if self.kind.foresee and action == "created" and not step.planned:
            self.kind.foresee(self.aws, step.want)
        if not step.planned:
            self._plan(step, action)

    def _foretell(self, step: Step) -> None:
        """What the plan of a neighbour asks for can be accepted then, and nobody can see it yet: whose it is, is known after apply."""
        for name, value in step.entry.items():
            option = self.kind.options.get(name)
            if option and option.elsewhere and isinstance(value, str) and self.names.is_asked_for(value, option.ref, self.kind.asked_by):
                step.want[name] = Unknown(value)

    def _changes(self, step: Step) -> dict[str, Any]:
        have = step.have or {}
        change = differences(self.kind.options, step.want, have)
        for path in step.entry.get("clear", ()):
            name, dummy, key = path.partition(".")
            if key and (have.get(name) or {}).get(key) is not None:
                change.setdefault(name, {})[key] = None
            elif not key and have.get(name) not in (None, [], {}):
                change[name] = None
        return change

    def _stuck(self, step: Step, name: str) -> str:
        is_now, wanted = (self._shown({name: value})[name] for value in (step.have.get(name), step.change[name]))
        remedy = self.kind.options[name].remedy or "Make a new one under another name and remove this one, or correct the sheet"
        return f"{name} cannot change after creation: it is {is_now!r}, the sheet says {wanted!r}. {remedy}"

    def _plan(self, step: Step, action: str) -> None:
        """Fix what will be reported: it must be the same in check mode and after apply."""
        step.planned, step.action = True, action
        if action == "unchanged":
            return
        if action == "deleted":
            step.before = {name: value for name, value in self._shown(step.have).items() if value is not None}  # what nobody asked of it is not nothing
            danger = self.kind.danger and self.kind.danger(step.have, {}) or "would be deleted"
        else:
            after = {name: value for name, value in merged(self.kind.options, step.have or {}, step.change).items() if name in step.change}
            once = {} if step.have else {name: value for name, value in step.want.items() if self.kind.options[name].write_only}
            step.after = self._shown({**after, **once})
            step.before = self._shown({name: step.have.get(name) for name in step.change}) if step.have else {}
            danger = self.kind.danger and not step.unseen and self.kind.danger(step.have or {}, step.change)
        name = f"{self.kind.name}/{step.label}"
        if danger and name not in self.params["confirm"]:
            paste = json.dumps(dict(confirm=[name]), ensure_ascii=False)
            step.confirm = f"{danger}, which needs a confirmation of its own: run again with {name!r} in confirm, such as -e '{paste}'"
            if not self.aws.check_mode:
                raise Problem(step.confirm)

    # ---- apply, which a plan rehearses

    def _create_all(self) -> None:
        waiting = self._going("created")
        while waiting:
            ready = [step for step in waiting if not self._blocked(step) and not step.reason]
            if not ready:
                for step in self._live(waiting):
                    step.reason = f"waits for {', '.join(sorted(set(unmade(step.want))))}, which was not made or in turn waits for this one"
            self._each(ready, partial(self._act, deed=self._make))
            self._settle(ready)
            tried = set(ready)
            waiting = [step for step in self._live(waiting) if step not in tried]

    def _change_all(self) -> None:
        going = self._going("created", "updated")
        if self.aws.check_mode:
            self._each(going, partial(self._act, deed=self._change))
            return
        self._settle(moving(self._differing(going)), needed=True)
        changing = self._differing(going)
        self._each(changing, partial(self._act, deed=self._change))
        self._settle(moving(changing))

    def _blocked(self, step: Step) -> bool:
        """Whether it takes something to create it that does not exist yet."""
        self._guarded(step, self._renew)
        return any(unmade({name: value for name, value in step.want.items() if self.kind.options[name].required or self.kind.options[name].fixed}))

    def _renew(self, step: Step) -> None:
        """What it waited for may have been made by now."""
        if any(unmade(step.want)):
            self._resolve(step)
            if self.aws.check_mode and not step.have:
                self._foretell(step)

    def _make(self, step: Step) -> None:
        known = {name: value for name, value in step.want.items() if not any(unknowns(value))}
        if step.have is None and not (self.aws.check_mode and len(known) < len(step.want)):
            made = self._call(self.kind.create, known)
            step.have = None if self.aws.check_mode else made
        if self.kind.identity:
            made = step.have or {**step.want, "id": Unknown(step.label)}
            scope = made.get(self.kind.identity[0]) if len(self.kind.identity) > 1 else None
            self.names.add(self.kind.name, made["id"], made.get(self.kind.identity[-1]), scope)

    def _change(self, step: Step) -> None:
        self._aim(step)
        if step.have and step.change and not any(unknowns([step.want, step.pinned])):
            step.have["_moving"] = self._call(self.kind.update, step.have, step.change)

    def _call(self, deed: Callable[..., Any], *given: Any) -> Any:
        """Have the kind do it. A plan goes as far as the first write, which is built and validated but never leaves."""
        with suppress(Rehearsed):
            return deed(self.aws, *given)

    def _aim(self, step: Step) -> None:
        """By now all that it refers to must be there."""
        self._renew(step)
        missing = set(unmade(step.want))
        if missing:
            raise Problem(f"{', '.join(sorted(missing))} of {self.kind.name} does not exist: it was not made in this run")
        if step.have:
            step.change = self._changes(step)

    def _differing(self, steps: Iterable[Step]) -> list[Step]:
        live = self._live(steps)
        for step in live:
            self._guarded(step, self._aim)
        return [step for step in self._live(live) if step.change]

    def _settle(self, steps: Iterable[Step], needed: bool = False) -> None:
        settle(self.kind, self.aws, [step for step in self._live(steps) if step.have], needed)

    def _remove(self, step: Step) -> None:
        if step.have is not None:
            self._call(self.kind.delete, step.have)

    def _delete_all(self) -> None:
        """Things may stand in each other's way: what failed is tried again as long as another one went."""
        left = not_held(self.kind, self.aws, self._going("created", "updated", "deleted"), self.params.get("touched", {}), self.names.name_of)
        while left:
            self._each(left, partial(self._act, deed=self._remove))
            failed = [step for step in left if step.reason]
            left = failed if len(failed) < len(left) else []
            for step in left:
                step.reason = None

    def _act(self, step: Step, deed: Callable[[Step], None]) -> None:
        """Do it. When the answer was lost or the service was busy, look what is there now and do what is still to do."""
        with self.aws.acting_for(step.label):
            for pause in (*PAUSES, None):
                try:
                    deed(step)
                    return
                except Exception as error:
                    failure, again = why(error, self.aws), self._again(error)
                if pause is None or not again or self.aws.check_mode:
                    break
                time.sleep(pause)
                with self.aws.reading():
                    self._guarded(step, lambda step: self._look([step]))
                if step.reason:
                    return
            step.reason = failure

    def _again(self, error: BaseException) -> bool:
        return self.aws.transient(error) or any(re.search(pattern, str(error)) for pattern in self.kind.not_yet)

    # ---- helpers

    def _going(self, *actions: str) -> list[Step]:
        return [step for step in self._live(self.steps) if step.action in actions]

    @staticmethod
    def _live(steps: Iterable[Step]) -> list[Step]:
        return [step for step in steps if not step.reason]

    def _each(self, steps: list[Step], deed: Callable[[Step], None]) -> None:
        if len(steps) < 2:
            for step in steps:
                self._guarded(step, deed)
            return
        with ThreadPoolExecutor(min(WORKERS, len(steps))) as pool:
            list(pool.map(lambda step: self._guarded(step, deed), steps))

    def _guarded(self, step: Step, deed: Callable[[Step], None]) -> None:
        try:
            deed(step)
        except Exception as error:
            step.reason = why(error, self.aws)

    def _shown(self, thing: Mapping[str, Any]) -> dict[str, Any]:
        return shown(self.kind, self.names, thing, self.aws.check_mode)

    def _gather(self) -> dict[str, Any]:
        """What is there: the entries named, or all of the kind."""
        if self.steps:
            self._look(self.steps)
        else:
            self.steps = [Step({}, have["id"], have=have) for have in self.kind.find(self.aws, None)]
            self._settle(moving(self.steps))
        if self.kind.read:
            holders = [step for step in self.steps if step.have and not step.reason]
            self._each(holders, lambda step: step.have.update(self.kind.read(self.aws, step.have, list(self.kind.options))))
        return gathered(self.kind, self.steps, self.aws, self._shown)
