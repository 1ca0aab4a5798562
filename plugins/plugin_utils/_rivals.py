# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a parameter sheet that mean one thing, or want one name: what the sheet alone tells of it, and what only a look at the account does."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._names import is_id, scoped
from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds


def twice(kind: Kind, entries: Iterable[Mapping[str, Any]], called: Mapping[str, str]) -> Iterator[Fault]:
    """Entries that the sheet itself shows to be one, or to want one name. `called` has the names that it gives to ids.

    AWS takes what is written with other characters and looks the same (が, composed or not) for two names, and nobody could tell these apart.
    """
    same: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    pinned = []
    for entry in entries:
        same[_apart(kind, _by_names(kind, entry, called))].append(entry)
        if "id" in entry and not any(entry.get(name) in (None, "") for name in kind.identity):
            pinned.append(entry)
    for entry in pinned:
        # Two things may have one name when both are meant by their ids. Meant by its name, each of them would be either.
        alike = same.get(_apart(kind, _by_names(kind, {name: entry[name] for name in kind.identity}, called)), [])
        if any("id" not in other for other in alike):
            alike.append(entry)
    for alike in same.values():
        gone = [entry.get("state") == "absent" for entry in alike]
        if len(gone) > 1:
            yield Fault(kind.name, kind.label(alike[-1]), None, "removed_and_made" if len(set(gone)) > 1 else "duplicate", dict(limit=len(gone)))


def _apart(kind: Kind, entry: Mapping[str, Any]) -> str:
    return unicodedata.normalize("NFC", kind.apart(entry))


def _by_names(kind: Kind, entry: Mapping[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    """The entry with the names of what it lies in, where the sheet gives names to ids."""
    return {name: called.get(str(value), value) if name in kind.identity and kind.options[name].ref else value for name, value in entry.items()}


def doubtful(sheet: Mapping[str, Any]) -> list[str]:
    """The kinds of which only the account can tell whether two entries mean one thing, or one would take the name of another."""
    known = ((kinds()[name], [entry for entry in given if isinstance(entry, Mapping)]) for name, given in sheet.items() if _listed(name, given))
    return sorted(kind.name for kind, entries in known if _pinned_beside_others(kind, entries) or _in_two_spellings(kind, entries))


def _listed(name: str, given: Any) -> bool:
    return name in kinds() and not kinds()[name].single and isinstance(given, list)


def _pinned_beside_others(kind: Kind, entries: list[Mapping[str, Any]]) -> bool:
    """Whether some are meant by their ids, and some give a name."""
    return len(entries) > 1 and any("id" in entry for entry in entries) and any(kind.identity[-1] in entry for entry in entries)


def _in_two_spellings(kind: Kind, entries: list[Mapping[str, Any]]) -> bool:
    """Whether two have the same name in what may be the same. A name is never another name, but an id may be what a name means."""
    inside = [name for name in kind.identity if kind.options[name].ref]
    alike = defaultdict(set)
    for entry in entries if inside else ():
        if "id" not in entry:
            places = tuple((str(entry.get(name)), _form(kind.options[name], str(entry.get(name)))) for name in inside)
            alike[tuple(str(entry.get(name)) for name in kind.identity if name not in inside)].add(places)
    return any(_may_be_one(*two) for places in alike.values() for two in combinations(places, 2))


def _may_be_one(one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> bool:
    return all(value == said or form != told for (value, form), (said, told) in zip(one, other, strict=True))


def _form(option: Option, value: str) -> str:
    """How a reference is written: two that are written alike and are not equal mean two things."""
    if is_id(option.ref, value):
        return "id"
    return "host:name" if option.elsewhere and ":" in value else "scope/name" if scoped(option.ref) and "/" in value else "name"


def seen(looked: Mapping[str, Mapping[str, Any]] | None) -> Iterator[Fault]:
    """The same as `looked` tells it, what msp.aws.account_info found of the doubtful kinds."""
    for kind, found in (looked or {}).items():
        for entry in found["agreed"]:
            if entry.get("rivals"):
                yield Fault(kind, entry["entry"], None, "rivals", dict(other=", ".join(entry["rivals"])))
