# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verbs on one thing: what is there, what speaks against it, what would change, and then one step after another. No word of any service.

Private to the collection. A verb is a state machine without a memory: each step follows from what a fresh look shows, so a run that was killed
is gone on with by the next one, and the way back is the same machine with another goal. What a look cannot show, namely how the thing was
before the work began, comes as the option `before`, which is what the first run's plan told as `facts`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, check_account, explain
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.module_utils._reports import calls, unforeseen

PAUSES = (1, 2, 4, 8, 15, 30, 30)
TICKET = "OpsTicket"  # the tag of what we make, from its first moment: a later run finds it by that
MOST_STEPS = 20  # more than any way has; who goes round in a circle is stopped


class Returned(Problem):
    """It came to nothing, and the thing is again as it was before."""


@dataclass
class Plan:
    """What a verb would do to a thing, told to people with names.

    before, after  the attributes that differ; none when there is nothing to do
    facts          how the thing is, as far as the way back and a later run need it: the option `before` takes it
    dangers        what needs a confirmation of its own
    notes          what is told beside, by who has done it: how it was proved
    """

    label: str
    id: str
    before: dict[str, Any]
    after: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    dangers: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verb:
    """plan(aws, params) -> Plan, which reads only and raises Problem for what speaks against it; act(aws, params, plan) does it and sees that it is so."""

    name: str
    options: Mapping[str, Any]
    plan: Callable[[Aws, Mapping[str, Any]], Plan]
    act: Callable[[Aws, Mapping[str, Any], Plan], None]

    def argument_spec(self) -> dict[str, Any]:
        own = dict(account_id=dict(type="str"), confirm=dict(type="list", elements="str", default=[]), before=dict(type="dict", default={}))
        return {**self.options, **own}


def run(verb: Verb) -> None:
    """The whole of a module's main()."""
    module = AwsModule(verb.argument_spec())
    result = attempt(verb, module.params, Aws(module))
    (module.fail_json if result.pop("failed", False) else module.exit_json)(**result)


def attempt(verb: Verb, params: Mapping[str, Any], aws: Aws) -> dict[str, Any]:
    """The result, in the words in which the kinds tell theirs."""
    plan = None
    try:
        check_account(aws, params["account_id"])
        plan = verb.plan(aws, params)
        asked = _asked(verb, params, plan)
        if plan.after and asked and not aws.check_mode:
            raise Problem(asked)
        if plan.after and not aws.check_mode:
            verb.act(aws, params, plan)
        return _told(aws, plan, confirm=asked)
    except Exception as error:
        reason = why(error, aws)
        told = _told(aws, plan, reason=reason) if plan else dict(changed=False, entries=[], calls=calls(aws))
        return dict(told, failed=True, returned=isinstance(error, Returned), msg=f"{verb.name} {plan.label if plan else ''}".rstrip() + f": {reason}")


def why(error: BaseException, aws: Aws) -> str:
    """One line for people."""
    if isinstance(error, (Problem, TimeoutError)):
        return str(error)
    if isinstance(error, AWS_ERRORS):
        return explain(error, aws.last_call)
    return unforeseen(error)


def drive(aws: Aws, label: str, look: Callable[[], Any], next_step: Callable[[Any], Callable[[], Any] | None]) -> Any:
    """Take the next step until a look shows that none is left, and give what it showed.

    Where an answer was lost or the service was busy nothing is repeated blindly: after a pause another look says what is still to do.
    """
    pauses = iter(PAUSES)
    for dummy in range(MOST_STEPS):
        have = look()
        step = next_step(have)
        if step is None:
            return have
        try:
            with aws.acting_for(label):
                step()
        except AWS_ERRORS as error:
            pause = next(pauses, None)
            if pause is None or not aws.transient(error):
                raise
            time.sleep(pause)
    raise Problem(f"{MOST_STEPS} steps did not lead to the end: somebody else is changing it at the same time. See what it is, and run again")


def _asked(verb: Verb, params: Mapping[str, Any], plan: Plan) -> str | None:
    """What has to be confirmed and was not, with the words that do."""
    name = f"{verb.name}/{plan.label}"
    if not plan.after or not plan.dangers or name in params["confirm"]:
        return None
    paste = json.dumps(dict(confirm=[name]), ensure_ascii=False)
    return f"{'; '.join(plan.dangers)}: this needs a confirmation of its own. Run again with {name!r} in confirm, such as -e '{paste}'"


def _told(aws: Aws, plan: Plan, confirm: str | None = None, reason: str | None = None) -> dict[str, Any]:
    acts = bool(plan.after)
    entry = dict(entry=plan.label, id=plan.id, action="failed" if reason else "updated" if acts else "unchanged", changed=sorted(plan.after))
    entry.update({name: value for name, value in dict(confirm=confirm, reason=reason).items() if value})
    return dict(
        changed=acts if aws.check_mode else any("refused" not in write for write in aws.writes),
        entries=[entry],
        facts=plan.facts,
        **(dict(notes=plan.notes) if plan.notes else {}),
        calls=calls(aws),
        diff=dict(before={plan.label: plan.before} if plan.before else {}, after={plan.label: plan.after} if plan.after else {}),
    )
