# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account as it is beside what was agreed for it: all kinds in one process, with the modules' own engine, in check mode.

One process for all kinds, because starting a module takes longer than its calls. What counts as a difference is what the engine would change:
so a difference here and the plan of the next run can never contradict each other. What lies in an agreed list beside what was agreed, and is
left alone by the engine because nobody said that the list is all there may be, is told as `extra` and is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, Door
from ansible_collections.msp.aws.plugins.module_utils._engine import Run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, differences, equal, identity, named, spread
from ansible_collections.msp.aws.plugins.module_utils._reports import Step, in_sheet_form, shown
from ansible_collections.msp.aws.plugins.plugin_utils import _trail, references
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

__all__ = ["FORESEEN", "Aws", "Found", "Place", "attribute", "doors", "doors_elsewhere", "foreign", "joined", "look", "look_elsewhere", "look_through"]
SAME, CHANGED, MISSING, ADDED, EXTRA, UNKNOWN = "same", "changed", "missing", "added", "extra", "unknown"
FORESEEN = (Problem, TimeoutError, *AWS_ERRORS, *Mackerel.errors)
AT_ONCE = 4  # kinds; each of them has threads of its own


class Place:
    """Where the calls go, in the place of a module: Region and credentials. Always in check mode, so no write can leave.

    params: the options of amazon.aws's `aws_argument_spec`.
    """

    check_mode = True

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def fail_json(self, msg: str, **dummy: Any) -> None:
        raise Problem(msg)


@dataclass
class Found:
    """What was found of one kind. `unread` says why nothing could be found out."""

    account: list[dict[str, Any]] = field(default_factory=list)
    agreed: list[dict[str, Any]] = field(default_factory=list)
    beside: list[dict[str, Any]] = field(default_factory=list)
    main: list[str] = field(default_factory=list)
    unread: str | None = None


def doors(place: Place) -> list[Door]:
    """Those that the options lead to. A key alone does not say that what it opens belongs to this contract: it may lie about in the environment."""
    told = place.params.get("mackerel_api_key") and place.params.get("mackerel_organization")
    return [Aws(place), *([Mackerel(place)] if told else [])]


def look_through(
    opened: Iterable[Door], sheet: Mapping[str, Any], only: Iterable[str] | None = None, neighbours: Mapping[str, Any] | None = None
) -> dict[str, Found]:
    """What `look` finds behind each of these doors. Of what the sheet names and none of them leads to, it is told that it could not be read."""
    found = {name: one for door in opened for name, one in look(door, sheet, only, neighbours).items()}
    wanted = set(kinds()) & set(sheet if only is None else only)
    closed = {name: Found(unread=f"{name}: this run has no key that leads to it, or {kinds()[name].door.owner} is not said") for name in wanted - set(found)}
    return dict(sorted({**found, **closed}.items()))


def look(aws: Door, sheet: Mapping[str, Any], only: Iterable[str] | None = None, neighbours: Mapping[str, Any] | None = None) -> dict[str, Found]:
    """kind → what is there, what was agreed and how it is, and what is there beside it. A kind that cannot be read does not hide the others.

    Of the kinds that are behind this door.

    `account` holds every thing in sheet form, as `state: gathered` gives it. `agreed` has for each entry of the sheet
    {entry, id, verdict, reason, options: [{option, agreed, actual, verdict}]}, where `option` is a path of names and verdict is None for
    what the sheet does not name; and `rivals`, the entries beside which it cannot be true, if there are any.
    `beside` has {entry, id} of what no entry names and is no part of something agreed. `main` has the labels of things to which AWS itself leads
    what names none of them, such as the main route table of a VPC.
    """
    wanted = [kind for name, kind in kinds().items() if isinstance(aws, kind.door) and (only is None or name in set(only))]
    known = dict(sheet_names=references.names(sheet), neighbours=neighbours or {})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        looked = dict(pool.map(lambda kind: (kind.name, _look(aws, kind, sheet.get(kind.name), known)), wanted))
    agreed = {entry["id"] for found in looked.values() for entry in found.agreed if entry["id"] is not None}
    for found in looked.values():
        found.beside = [dict(entry=thing["entry"], id=thing["id"]) for thing in found.beside if thing["part_of"] not in agreed]
    return looked


def doors_elsewhere(place: Place, regions: Iterable[str]) -> dict[str, Aws]:
    """Region → the door to the same account there."""
    return {region: Aws(Place({**place.params, "region": region})) for region in regions}


def look_elsewhere(
    opened: Mapping[str, Aws], regions: Mapping[str, Mapping[str, Any]], only: Iterable[str] | None = None, neighbours: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Found]]:
    """Region → what `look` finds there of the kinds that its part of the sheet names. A service may keep what it tells of the whole world in one Region."""
    wanted = {region: [kind for kind in sheet if only is None or kind in only] for region, sheet in regions.items()}
    return {region: look(opened[region], sheet, wanted[region], neighbours) for region, sheet in regions.items()}


def joined(looked: Mapping[str, Found], elsewhere: Mapping[str, Mapping[str, Found]]) -> dict[str, Found]:
    """All in one, where the entries of other Regions are called region/entry. `account` stays what this Region has, which is what its sheet can say."""
    found = {kind: replace(one) for kind, one in looked.items()}
    for region, there in elsewhere.items():
        for kind, one in there.items():
            here = found.setdefault(kind, Found())
            here.agreed = [*here.agreed, *(dict(entry, entry=f"{region}/{entry['entry']}", region=region) for entry in one.agreed)]
            here.beside = [*here.beside, *(dict(thing, entry=f"{region}/{thing['entry']}") for thing in one.beside)]
            if one.unread:  # which must not hide what was read here
                here.agreed.append(dict(entry=region, region=region, id=None, reason=one.unread, verdict=UNKNOWN, options=[]))
    return found


def foreign(opened: Iterable[Door], params: Mapping[str, Any]) -> str:
    """What is wrong with the credentials: they must belong to this account, and to whatever else each door is asked for."""
    for door in opened:
        try:
            door.check_owner(params[door.owner])
        except Problem as problem:
            return str(problem)
    return ""


def attribute(params: Mapping[str, Any], found: Iterable[dict[str, Any]], since: datetime, now: datetime) -> None:
    """Give each finding `changed_by`, the changes CloudTrail knows of its thing, newest first.

    `untold` (a word) and `unattributed` (a sentence) say why there are none, or not all.
    """

    def client_of(region: str) -> Any:
        return Aws(Place({**params, "region": region})).client("cloudtrail")

    for finding in found:
        if finding["entry"] and kinds()[finding["kind"]].door is not Aws:
            finding.update(changed_by=[], untold=_trail.NOTHING, unattributed=f"CloudTrail knows nothing of {finding['kind']}")
    found = [finding for finding in found if finding["entry"] and kinds()[finding["kind"]].door is Aws]
    here = Aws(Place(params)).region
    questions = {
        (kind, entry): _trail.Question((kind, entry), _known_as(one), kinds()[kind].service, one.get("region", here), kind, one["id"] is None)
        for one in found
        for kind, entry in [(one["kind"], one["entry"])]
    }
    answers = _trail.changes(client_of, questions.values(), since, now)
    for finding in found:
        answer = answers[finding["kind"], finding["entry"]]
        finding["changed_by"] = [dict(asdict(event), time=event.time.isoformat()) for event in answer.events]
        finding.update(untold=answer.unknown, unattributed=answer.reason)


def _known_as(finding: Mapping[str, Any]) -> list[str]:
    """CloudTrail knows things by id, by ARN or by the last part of their name; of what is gone nobody knows the id."""
    names = [finding["id"], finding["entry"], finding["entry"].rpartition("/")[2]]
    return [name for name in dict.fromkeys(names) if name]


def _look(aws: Door, kind: Kind, given: Any, known: Mapping[str, Any]) -> Found:
    everything = Run(kind, _params(kind, None, "gathered", known), aws)
    result = everything.attempt()
    if result.get("failed"):
        return Found(unread=result["msg"])
    found = Found(account=result["gathered"])
    try:
        plan = Run(kind, _params(kind, given, "present", known), aws)
    except Problem as problem:
        return Found(account=found.account, unread=f"{kind.name}: {problem}")
    plan.attempt()
    there = {have["id"]: (have, entry) for have, entry in in_sheet_form(kind, [step.have for step in everything.steps], partial(_show, kind, plan))}
    found.agreed = [_judged(kind, plan, step, there) for step in plan.steps]
    found.main = [kind.label(entry) for have, entry in there.values() if have.get("_main")]
    named = {entry["id"] for entry in found.agreed}
    # `find` may tell of what a thing is a part, with which it comes and goes: a server's own disk is agreed upon with the server.
    found.beside = [dict(entry=kind.label(entry), id=id, part_of=have.get("_part_of")) for id, (have, entry) in there.items() if id not in named]
    return found


def _params(kind: Kind, given: Any, state: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """A task's arguments, read as Ansible reads those of a module."""
    entries = [given] if isinstance(given, Mapping) else given or []
    task = dict(state=state, **known)
    if entries:
        spelt = [spread(kind.options, entry) for entry in entries]
        task[kind.things] = spelt[0] if kind.single else spelt
    read = ArgumentSpecValidator(kind.argument_spec()).validate(task)
    if read.error_messages:
        raise Problem("; ".join(read.error_messages))
    return dict(read.validated_parameters)


def _show(kind: Kind, run: Run, thing: Mapping[str, Any]) -> dict[str, Any]:
    return shown(kind, run.names, thing, check_mode=False)


# ---- agreed against actual


def _judged(kind: Kind, run: Run, step: Step, there: Mapping[str, tuple[dict, dict]]) -> dict[str, Any]:
    """One entry of the sheet: whether it is as agreed, and each of its options."""
    have, actual = there.get(step.have["id"], (step.have, {})) if step.have else (None, {})
    # Lists as the engine sees them beside the sheet: without what need not be said, such as the port of a group's targets.
    lists = {name: step.have[name] for name in step.want if kind.options[name].many and name in step.have} if have else {}
    actual = {**actual, **_show(kind, run, lists)}
    entry = dict(entry=step.label, id=have["id"] if have else None, reason=step.reason, **(dict(rivals=step.rivals) if step.rivals else {}))
    if step.absent:
        return dict(entry, verdict=ADDED if have else SAME, options=[])
    if have is None:
        verdict = MISSING if step.action == "created" or step.change else UNKNOWN
        return dict(entry, verdict=verdict, options=list(_options(kind.options, _agreed(kind, run, step), {})))
    if step.reason and not step.change:
        return dict(entry, verdict=UNKNOWN, options=list(_options(kind.options, {}, actual)))
    options = list(_options(kind.options, _agreed(kind, run, step), actual))
    for option in options:
        if option["verdict"] in (CHANGED, MISSING, ADDED) and option["option"].partition(".")[0] not in step.change:
            option["verdict"] = SAME  # spelt differently: the engine would not touch it
    return dict(entry, verdict=CHANGED if step.change else SAME, options=options)


def _agreed(kind: Kind, run: Run, step: Step) -> dict[str, Any]:
    """What the entry names, in the words in which the account is shown; None stands for what it wants taken away."""
    told = {}
    for name, value in step.want.items():
        verbs = value if kind.options[name].many else {"": value}
        spelt = {verb: _show(kind, run, {name: one})[name] for verb, one in verbs.items()}
        told[name] = spelt if kind.options[name].many else spelt[""]
    for path in step.entry.get("clear", ()):
        name, dot, key = path.partition(".")
        if dot:
            told[name] = {**(told.get(name) or {}), key: None}
        else:
            told[name] = None
    return told


def _options(options: Mapping[str, Option], agreed: Mapping[str, Any], actual: Mapping[str, Any], path: str = "") -> Iterator[dict[str, Any]]:
    """A line for each value: those agreed, and those that are there without being agreed."""
    for name, option in options.items():
        if name in agreed or actual.get(name) not in (None, [], {}):
            yield from _option(option, agreed, actual, name, f"{path}{name}")


def _option(option: Option, agreed: Mapping[str, Any], actual: Mapping[str, Any], name: str, path: str) -> Iterator[dict[str, Any]]:
    said, is_now = agreed.get(name), actual.get(name)
    if option.many:
        yield from _items(option, said or {}, is_now or [], path, cleared=name in agreed and said is None)
    elif option.merges and (said is not None or name not in agreed):
        for key in dict.fromkeys([*(said or {}), *(is_now or {})]):
            each = Option(same=option.same_each)
            yield _line(each, f"{path}.{key}", (said or {}).get(key), (is_now or {}).get(key), key in (said or {}))
    elif option.options and option.type == "dict" and (said is not None or name not in agreed):
        yield from _options(option.options, said or {}, is_now or {}, f"{path}.")
    else:
        yield _line(option, path, said, is_now, name in agreed)


def _items(option: Option, verbs: Mapping[str, list], there: list, path: str, cleared: bool) -> Iterator[dict[str, Any]]:
    """A line for each thing of a list: agreed or not, there or not."""
    present = {identity(option, item): item for item in there}
    wanted = {identity(option, item): item for item in verbs.get("add") or verbs.get("set") or []}
    gone = [identity(option, item) for item in verbs.get("remove") or []]
    for key in dict.fromkeys([*wanted, *present]):
        said, is_now = wanted.get(key), present.get(key)
        verdict = None
        if said is not None:
            verdict = MISSING if is_now is None else SAME if _fits(option, said, is_now) else CHANGED
        elif cleared or "set" in verbs or key in gone:
            verdict = ADDED
        elif verbs.get("add"):
            verdict = EXTRA
        yield dict(option=path, agreed=said, actual=is_now, verdict=verdict)


def _fits(option: Option, said: Any, is_now: Any) -> bool:
    """Whether an item is as agreed, as far as it was agreed."""
    return not option.options or not differences(option.options, named(option.options, said), is_now)


def _line(option: Option, path: str, said: Any, is_now: Any, agreed: bool) -> dict[str, Any]:
    verdict = None
    if agreed and option.write_only:
        verdict = UNKNOWN
    elif agreed:
        verdict = SAME if equal(option, said, is_now) else MISSING if is_now is None else ADDED if said is None else CHANGED
    return dict(option=path, agreed=said, actual=is_now, verdict=verdict)
