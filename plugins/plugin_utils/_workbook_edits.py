# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed in the sheet's file by hand since the last import, so that no workbook from before writes over it unseen.

An import leaves a digest of each entry in the history. A workbook has one of all of them on its cover: that of the sheet from which it was made.
All are of sheets without what is secret: a workbook says "as it is" of that.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import WORDS, Fault, few
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

LENGTH = 16  # of a digest
LONGEST = 80  # characters of a value in one

Digests = Mapping[str, Mapping[str, str]]  # kind → entry → digest


def entries(sheet: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Kind → how people are told of an entry → the entry."""
    given = {name: [value] if isinstance(value, Mapping) else value for name, value in sheet.items() if name in kinds()}
    return {name: {kinds()[name].label(entry): entry for entry in some} for name, some in given.items()}


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


def lost(written: Digests, old: Mapping[str, Any], new: Mapping[str, Any], confirmed: Collection[str]) -> dict[str, tuple[Any, Any]]:
    """kind/entry → the entry in the file and in the workbook, of those that are other than the last import wrote them and would be other again.

    What only the file has is not among them: that it is not in the workbook is told anyway. An entry is the same one with and without its id.
    """
    found, there = {}, entries(old)
    for name, some in entries(new).items():
        named = {_by_name(name, entry): entry for entry in there.get(name, {}).values()}
        for label, entry in some.items():
            mine = there.get(name, {}).get(label, named.get(_by_name(name, entry)))
            digest = _digest(mine) if mine is not None else None
            if digest not in (_digest(entry), written.get(name, {}).get(label)) and f"{name}/{label}" not in confirmed:
                found[f"{name}/{label}"] = mine, entry
    return found


def _by_name(name: str, entry: Mapping[str, Any]) -> str:
    return kinds()[name].label({**entry, "id": None})


def fault(path: Any, given: Mapping[str, tuple[Any, Any]], language: str) -> Iterable[Fault]:
    """All of it as one message."""
    if given:
        words = WORDS[language]
        told = [f"{name} {said}" for name, pair in given.items() for said in _differences(*pair, words)]
        paste = json.dumps(dict(confirm=list(given)), ensure_ascii=False)
        yield Fault(None, None, str(path), "edited", dict(value=None, limit=words["between"].join(few(told, language)), other=paste))


def _differences(mine: Any, other: Any, words: Mapping[str, str]) -> Iterator[str]:
    """The options in which two entries differ; all of an entry that only one side has."""
    if mine is None:
        yield f"({words['gone']} → {words['there']})"
        return
    for name in dict.fromkeys((*mine, *other)):
        if _comparable(mine.get(name)) != _comparable(other.get(name)):
            yield f"{name} ({' → '.join(_shown(side, words) for side in _apart(mine.get(name), other.get(name)))})"


def _apart(mine: Any, other: Any) -> tuple[Any, Any]:
    """Both values without what they have in common."""
    if isinstance(mine, list) and isinstance(other, list):
        sides = [item for item in mine if item not in other], [item for item in other if item not in mine]
        return (sides[0] or None, sides[1] or None) if any(sides) else (mine, other)
    if isinstance(mine, Mapping) and isinstance(other, Mapping):
        differing = [name for name in dict.fromkeys((*mine, *other)) if mine.get(name) != other.get(name)]
        sides = [{name: side[name] for name in differing if name in side} or None for side in (mine, other)]
        return sides[0], sides[1]
    return mine, other


def _shown(value: Any, words: Mapping[str, str]) -> str:
    if value is None:
        return words["gone"]
    text = value if isinstance(value, str) else json.dumps(_comparable(value), ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
