# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed in the sheet's file by hand since the last import, so that no workbook from before writes over it unseen.

An import leaves a digest of each option of each entry in the history. A workbook has one of all of them on its cover: that of the sheet from which it
was made. None is of what is secret: a workbook says "as it is" of that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_history
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import WORDS, Fault
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

LENGTH = 16  # of a digest

Digests = Mapping[str, Mapping[str, Mapping[str, str]]]  # kind → entry → option → digest


@dataclass(frozen=True)
class Lost:
    """Options of an entry that were edited by hand; `mine` is what the file calls the entry, if it has it still."""

    kind: str
    label: str
    mine: str | None
    options: frozenset[str]


def entries(sheet: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Kind → how people are told of an entry → the entry."""
    given = {name: [value] if isinstance(value, Mapping) else value for name, value in sheet.items() if name in kinds()}
    return {name: {kinds()[name].label(masked_of(name, entry)): entry for entry in some} for name, some in given.items()}


def _in_order(options: Mapping[str, Option], value: Any) -> Any:
    """The same with the things of an option of which there are many in one order: theirs means nothing."""
    if not isinstance(value, Mapping):
        return value
    found = dict(value)
    for name, option in options.items():
        given = found.get(name)
        if option.many and isinstance(given, Mapping):
            found[name] = {verb: _sorted(option, things) for verb, things in given.items()}
        elif option.many:
            found[name] = _sorted(option, given)
        elif option.options and given is not None:
            found[name] = [_in_order(option.options, one) for one in given] if isinstance(given, list) else _in_order(option.options, given)
    return {name: inner for name, inner in found.items() if name in value}


def _sorted(option: Option, things: Any) -> Any:
    return sorted((_in_order(option.options or {}, one) for one in things), key=_digest) if isinstance(things, list) else things


def digests(sheet: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    return {name: {label: _of_options(name, entry) for label, entry in some.items()} for name, some in entries(sheet).items()}


def _of_options(kind: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """Of each option what it says, and what of it is to be taken away."""
    said = _in_order(kinds()[kind].options, masked_of(kind, entry))
    options = {*said, *map(_option, said.get("clear") or ())} - {"clear"}
    return {name: _digest([said.get(name), sorted(_clears(said, [name]))]) for name in sorted(options)}


def _clears(entry: Mapping[str, Any], options: Collection[str]) -> list[str]:
    return [path for path in entry.get("clear") or () if _option(path) in options]


def _option(path: str) -> str:
    return path.partition(".")[0]


def are_digests(given: Any) -> bool:
    return isinstance(given, Mapping) and all(isinstance(some, Mapping) and all(isinstance(own, Mapping) for own in some.values()) for some in given.values())


def of_all(given: Digests) -> str:
    return _digest(given)


def _digest(value: Any) -> str:
    return sha256(json.dumps(_comparable(value), sort_keys=True, default=str).encode()).hexdigest()[:LENGTH]


def _comparable(value: Any) -> Any:
    """With keys of one type, which alone can be sorted."""
    if isinstance(value, Mapping):
        return {str(key): _comparable(inner) for key, inner in value.items()}
    return [_comparable(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def lost(written: Digests, old: Mapping[str, Any], new: Mapping[str, Any], confirmed: Collection[str]) -> list[Lost]:
    """What the file says otherwise than the last import wrote it, and would say otherwise again.

    What only the file has is not among it: that it is not in the workbook is told anyway. An entry is the same one with and without its id.
    """
    found, there = [], entries(old)
    for name, some in entries(new).items():
        mine, before = there.get(name, {}), written.get(name, {})
        named = {_by_name(name, entry): label for label, entry in mine.items()}
        for label, entry in some.items():
            own = label if label in mine else named.get(_by_name(name, entry))
            said, will = {} if own is None else _of_options(name, mine[own]), _of_options(name, entry)
            was = before.get(own, before.get(label, {}))
            options = frozenset(option for option in {**said, **will} if said.get(option) not in (will.get(option), was.get(option)))
            if options and f"{name}/{label}" not in confirmed:
                found.append(Lost(name, label, own, options))
    return found


def _by_name(name: str, entry: Mapping[str, Any]) -> str:
    return kinds()[name].label({**entry, "id": None})


def overwritten(given: Collection[Lost], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The file's kinds of which something would be lost, as they were if the workbook took nothing else back."""
    found = {name: dict(some) for name, some in entries({lost.kind: old.get(lost.kind) or [] for lost in given}).items()}
    came = entries(new)
    for lost in given:
        mine = found[lost.kind].get(lost.mine, {})
        found[lost.kind][lost.mine or lost.label] = _mixed(mine, came[lost.kind][lost.label], lost.options)
    return {name: next(iter(some.values())) if kinds()[name].single else list(some.values()) for name, some in found.items()}


def _mixed(entry: Mapping[str, Any], other: Mapping[str, Any], options: Collection[str]) -> dict[str, Any]:
    """An entry with some options of another one."""
    rest = {*entry, *map(_option, entry.get("clear") or ())} - {*options}
    clears = [*_clears(entry, rest), *_clears(other, options)]
    made = {name: value for name, value in entry.items() if name in rest} | {name: value for name, value in other.items() if name in options}
    return {**made, "clear": clears} if clears else {name: value for name, value in made.items() if name != "clear"}


def masked(sheet: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet as it may be shown."""
    return {name: masked_of(name, given) if name in kinds() else given for name, given in sheet.items()}


def masked_of(kind: str, given: Any) -> Any:
    return _masked(kinds()[kind].options, given)


def _masked(options: Mapping[str, Option], value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(options, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _masked_option(options.get(name), inner) for name, inner in value.items()}


def _masked_option(option: Option | None, value: Any) -> Any:
    if value is not None and ((option and option.secret) or (isinstance(value, Hidden) and value.tag)):
        return WORDS["en"]["hidden"]
    if option and option.many and option.options and isinstance(value, Mapping):
        return {verb: _masked(option.options, things) for verb, things in value.items()}
    return _masked(option.options, value) if option and option.options else value


def faults(path: Any, given: list[str], changes: list[dict[str, str]], language: str) -> Iterator[Fault]:
    """What to do about entries that would be lost, as kind/label, and each cell that would be other. `changes`: from the file to the workbook."""
    if given:
        yield Fault(None, None, str(path), "edited", dict(value=None, other=json.dumps(dict(confirm=given), ensure_ascii=False)))
        yield from (Fault(None, None, None, None, {}, line) for line in _workbook_history.lines(changes, language))
