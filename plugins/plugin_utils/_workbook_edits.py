# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed in the sheet's file by hand since the last import, so that no workbook from before writes over it unseen.

An import leaves a digest of each entry in the history. A workbook has one of all of them on its cover: that of the sheet from which it was made.
All are of sheets without what is secret: a workbook says "as it is" of that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_history
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

LENGTH = 16  # of a digest

Digests = Mapping[str, Mapping[str, str]]  # kind → entry → digest


def entries(sheet: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Kind → how people are told of an entry → the entry."""
    given = {name: [value] if isinstance(value, Mapping) else value for name, value in sheet.items() if name in kinds()}
    return {name: {kinds()[name].label(entry): _in_order(kinds()[name].options, entry) for entry in some} for name, some in given.items()}


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


def digests(sheet: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {label: _digest(entry) for label, entry in some.items()} for name, some in entries(sheet).items()}


def of_all(given: Digests) -> str:
    return _digest(given)


def _digest(value: Any) -> str:
    return sha256(json.dumps(_comparable(value), sort_keys=True, default=str).encode()).hexdigest()[:LENGTH]


def _comparable(value: Any) -> Any:
    """With keys of one type, which alone can be sorted."""
    if isinstance(value, Mapping):
        return {str(key): _comparable(inner) for key, inner in value.items()}
    return [_comparable(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def lost(written: Digests, old: Mapping[str, Any], new: Mapping[str, Any], confirmed: Collection[str]) -> list[tuple[str, str, tuple[Any, Any]]]:
    """Kind, label, and the entry in the file and in the workbook, of those that are other than the last import wrote them and would be other again.

    What only the file has is not among them: that it is not in the workbook is told anyway. An entry is the same one with and without its id.
    """
    found, there = [], entries(old)
    for name, some in entries(new).items():
        named = {_by_name(name, entry): entry for entry in there.get(name, {}).values()}
        for label, entry in some.items():
            mine = there.get(name, {}).get(label, named.get(_by_name(name, entry)))
            digest = _digest(mine) if mine is not None else None
            if digest not in (_digest(entry), written.get(name, {}).get(label)) and f"{name}/{label}" not in confirmed:
                found.append((name, label, (mine, entry)))
    return found


def _by_name(name: str, entry: Mapping[str, Any]) -> str:
    return kinds()[name].label({**entry, "id": None})


def faults(path: Any, given: list[str], changes: list[dict[str, str]], language: str) -> Iterator[Fault]:
    """What to do about entries that would be lost, as kind/label, and each cell that would be other. `changes`: from the file to the workbook."""
    if given:
        yield Fault(None, None, str(path), "edited", dict(value=None, other=json.dumps(dict(confirm=given), ensure_ascii=False)))
        yield from (Fault(None, None, None, None, {}, line) for line in _workbook_history.lines(changes, language))
