# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entries of a parameter sheet name of each other and of the account: which names there are, what refers to them, and what leads nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._names import ID, LOOKUPS, is_id, labelled, makers, region_of
from ansible_collections.msp.aws.plugins.module_utils._options import Option, spread
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds


class Reference(NamedTuple):
    """A name that an entry gives for a thing of another kind; `scope` is what the thing must lie in, where another option of the entry says so."""

    kind: str
    entry: str
    option: str
    to: str
    name: str
    hard: bool
    scope: str | None = None
    elsewhere: bool = False
    regional: bool = False
    place: int | None = None  # which of several items in the option's list names it


def names(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → the names that the sheet gives (scope/name for what lies in a scope), of things that shall be there."""
    found = {}
    for name, entries in sheet.items():
        kind = kinds().get(name)
        if kind and kind.identity and isinstance(entries, list):
            own = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("state") != "absent"]
            found[name] = sorted({kind.called(entry) for entry in own} - {""})
        elif kind and kind.single and isinstance(entries, Mapping) and entries.get("state") != "absent":
            found[name] = [kind.things]
    return found


def references(sheet: Mapping[str, Any]) -> list[Reference]:
    """Every name that an entry of the sheet gives for another thing."""
    found = []
    for name, entries in sheet.items():
        kind = kinds().get(name)
        for entry in [entries] if isinstance(entries, Mapping) else entries if kind and isinstance(entries, list) else []:
            if kind and isinstance(entry, Mapping) and entry.get("state") != "absent":
                found += _references(kind.name, kind.label(entry), kind.options, spread(kind.options, entry), "", entry)
                if isinstance(entry.get("id"), str) and ":" in entry["id"] and not ID.fullmatch(entry["id"]):
                    found.append(Reference(kind.name, kind.label(entry), "id", kind.name, entry["id"], hard=False, elsewhere=True))
    return found


def _parting(sheet: Mapping[str, Any]) -> list[Reference]:
    """Names of other things by which an entry says what it removes."""
    found = []
    for kind, entries in ((kinds().get(name), entries) for name, entries in sheet.items()):
        for entry in entries if kind and isinstance(entries, list) else []:
            if isinstance(entry, Mapping) and entry.get("state") == "absent":
                meant = {name: entry[name] for name in kind.identity if name in entry}
                found += _references(kind.name, kind.label(entry), kind.options, meant, "", entry)
    return found


def _references(kind: str, label: str, options: Mapping[str, Option], entry: Mapping[str, Any], path: str, whole: Mapping[str, Any]) -> Iterator[Reference]:
    for name, value in entry.items():
        option = options.get(name)
        if option is None or value is None:
            continue
        values = value
        if option.many and isinstance(value, Mapping):
            values = [thing for verb in ("add", "set") if isinstance(value.get(verb), list) for thing in value[verb]]
        for number, one in enumerate(values if isinstance(values, list) else [values], 1):
            if option.options and isinstance(one, Mapping):
                inside = _references(kind, label, option.options, one, f"{path}{name}.", whole)
                yield from (found._replace(place=found.place or number) for found in inside) if isinstance(values, list) and len(values) > 1 else inside
            elif option.ref and not isinstance(one, (list, Mapping)) and not (option.elsewhere and is_id(option.ref, str(one)) and not _is_arn(str(one))):
                hard = not path and (option.required or option.fixed)
                scope = whole.get(option.within) if option.within else None
                scope = scope if scope is None else str(scope)
                yield Reference(kind, label, f"{path}{name}", option.ref, str(one), hard, scope, option.elsewhere, option.regional)
            elif option.listed and not isinstance(one, (list, Mapping)) and (is_id(option.listed, str(one)) or not LOOKUPS[option.listed].asked):
                yield Reference(kind, label, f"{path}{name}", option.listed, str(one), hard=False)
            elif option.value_refs and isinstance(one, Mapping):
                yield from _references(kind, label, option.values(entry), one, f"{path}{name}.", whole)


def to_look_up(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → names that the sheet alone cannot explain.

    References to what it does not make, or to what has a name that something else may have, too; its own entries that do not say
    enough to make them, which is no fault of what is there; what is joined by things that it removes without their names;
    and what it removes by its name, where something else is referred to by its id.
    """
    own, found = _by_words(names(sheet)), defaultdict(set)
    for reference in references(sheet):
        if not _of_neighbour(reference) and (not _own(reference, own) or _may_be_elsewhere(reference)):
            found[reference.to].add(reference.name)
            if _at_first(reference):
                found[reference.kind].add(reference.entry)
    for name, label, *dummy in _too_little_to_create(sheet):
        if name in LOOKUPS:
            found[name].add(label)
    for kind, value in (end for dummy, ends in _nameless(sheet) for end in ends):
        found[kind].add(value)
    going = _going(sheet)
    for kind in {maker for reference in references(sheet) if is_id(reference.to, reference.name) for maker in makers(reference.to)} & LOOKUPS.keys():
        found[kind] |= {label for label in going.get(kind, ()) if label and not is_id(kind, label)}
    return {kind: sorted(wanted) for kind, wanted in found.items() if wanted}


def _too_little_to_create(sheet: Mapping[str, Any]) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """Entries that lack options which their creation needs: kind, label, groups of which one is needed each."""
    for name in sheet.keys() & kinds().keys():
        kind, given = kinds()[name], sheet[name]
        for entry in given if isinstance(given, list) else [given]:
            new = isinstance(entry, Mapping) and entry.get("state") != "absent" and "id" not in entry and None not in kind.key(entry)
            if new and kind.lacking(entry):
                yield name, kind.label(entry), kind.lacking(entry)


def unsure_to_exist(sheet: Mapping[str, Any]) -> set[str]:
    """The kinds of such entries that nothing refers to, so that their names cannot be looked up, and the whole kind has to be."""
    return {name for name, *dummy in _too_little_to_create(sheet)} - LOOKUPS.keys()


def incomplete(
    sheet: Mapping[str, Any],
    account: Mapping[str, Mapping[str, list[Mapping[str, Any]]]] | None,
    looked: Mapping[str, Mapping[str, Any]] | None = None,
    unsure: Iterable[tuple[str, str]] = (),
) -> Iterator[Fault]:
    """What does not exist yet, as far as it was looked up or `looked` at, and cannot be made of what its entry says.

    `unsure`: kind and label of entries in which something is misspelt, which may be what they lack.
    """
    missing = {(name, entry["entry"]) for name, found in (looked or {}).items() for entry in found["agreed"] if entry["id"] is None}
    for name, label, lacking in _too_little_to_create(sheet):
        if (name, label) not in unsure and ((account or {}).get(name, {}).get(label) == [] or (name, label) in missing):
            yield Fault(name, label, None, "incomplete", dict(value=", ".join(" / ".join(group) for group in lacking)))


def hosts_named(sheet: Mapping[str, Any], hosts: Iterable[str]) -> list[str]:
    """Those of the hosts of a run whose things the sheet names, as host:name."""
    return sorted({reference.name.partition(":")[0] for reference in [*references(sheet), *_parting(sheet)] if _of_neighbour(reference)} & set(hosts))


def wanted_of(host: str, others: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """kind → names of things of this host that other sheets name."""
    found = defaultdict(set)
    for reference in (reference for sheet in others for reference in [*references(sheet), *_parting(sheet)]):
        if reference.elsewhere and reference.name.startswith(f"{host}:"):
            found[reference.to].add(reference.name.removeprefix(f"{host}:"))
    return {kind: sorted(wanted) for kind, wanted in found.items()}


def unresolved(
    sheet: Mapping[str, Any], account: Mapping[str, Mapping[str, list[Mapping[str, Any]]]] | None, neighbours: Mapping[str, Any] | None = None
) -> Iterator[Fault]:
    """References that lead to nothing, or to more than one thing.

    account     what msp.aws.names_info found; without it only the sheet is looked at
    neighbours  the other contracts of the run: host → kind → label → id; without them what is theirs is not judged
    """
    going, called = _going(sheet), renamed(sheet)
    ids = {kind: [*labels, *_ids_of(kind, labels, account)] for kind, labels in going.items()}
    own, away = _by_words(names(sheet)), _by_words(going)
    joined = [(name, [_ids(kind, value, account, neighbours) for kind, value in ends]) for name, ends in _nameless(sheet)]
    for reference in references(sheet):
        if neighbours is None and _of_neighbour(reference):
            continue
        host, dummy, name = reference.name.partition(":")
        if _of_neighbour(reference) and host in (neighbours or {}):
            if not labelled(neighbours[host].get(reference.to) or {}, name):
                yield _fault(reference, "no_neighbour", value=name, other=host)
            continue
        mine = _own(reference, own)
        there = (account or {}).get(reference.to, {}).get(reference.name, [])
        by_name = _own(reference, away)
        gone = [*by_name, *(thing["id"] for thing in there if _goes(makers(reference.to), thing, ids, joined) and thing["id"] not in by_name)]
        if gone and not mine and not set(_others(reference, by_name, there)) - set(gone):
            if _label(reference) not in going.get(reference.to, ()):  # else it was told of the sheet alone
                yield _fault(reference, "to_be_removed")
            continue
        becomes = next((called[thing["id"]] for thing in there if thing["id"] in called and thing["id"] != reference.name), None)
        if becomes and not mine:
            yield _fault(reference, "renamed", other=becomes)
            continue
        others = _others(reference, mine, there)
        if len(mine) + len(others) > 1:
            yield _fault(reference, "ambiguous", limit=(reference.to, ", ".join([*mine, *others])))
        elif account is not None and not mine and not others and not (_at_first(reference) and account.get(reference.kind, {}).get(reference.entry)):
            yield _fault(reference, "no_host", other=host, close=close(host, neighbours or ())) if _of_neighbour(reference) else _dangling(reference, own)


def made_of_what_is_gone(sheet: Mapping[str, Any], account: Mapping[str, Any] | None) -> Iterator[Reference]:
    """What is there no more and what things that are there would be made of anew, which only a look at them tells."""
    for reference in references(sheet):
        known = account or {}
        gone = _at_first(reference) and known.get(reference.to, {}).get(reference.name) == [] and known.get(reference.kind, {}).get(reference.entry)
        if gone and not kinds()[reference.kind].options[reference.option.partition(".")[0]].fixed:
            yield reference


def to_be_made_of_what_is_gone(
    sheet: Mapping[str, Any], account: Mapping[str, Any] | None, looked: Mapping[str, Mapping[str, Any]] | None
) -> Iterator[Fault]:
    """Those of them that the sheet changes to it, as `looked` tells it, what msp.aws.account_info found of the doubtful kinds."""
    entries = {(kind, entry["entry"]): entry.get("options", ()) for kind, found in (looked or {}).items() for entry in found["agreed"]}
    for reference in made_of_what_is_gone(sheet, account):
        if any(line["option"] == reference.option and line["verdict"] != "same" for line in entries.get((reference.kind, reference.entry), ())):
            yield _dangling(reference, _by_words(names(sheet)))


def _dangling(reference: Reference, own: Mapping[str, Mapping[str, Any]]) -> Fault:
    others = [kind for kind, by_words in own.items() if reference.name in by_words and kind not in makers(reference.to)]
    near = close(reference.name, [words for maker in makers(reference.to) for words in own.get(maker, ())])
    offered = dict(offered=True) if not set(makers(reference.to)) & kinds().keys() else {}
    return _fault(reference, "dangling", **(dict(other=", ".join(others)) if others else dict(close=near)), **offered)


def _fault(reference: Reference, code: str, **facts: Any) -> Fault:
    place = dict(place=reference.place) if reference.place else {}
    return Fault(reference.kind, reference.entry, reference.option, code, {**dict(value=reference.name, limit=reference.to), **facts, **place})


def in_other_regions(sheet: Mapping[str, Any], region: str) -> Iterator[Fault]:
    """References to what is in another Region, where only this one will do."""
    for reference in references(sheet):
        its = region_of(reference.name) if reference.regional else ""
        if its not in ("", region):
            yield _fault(reference, "other_region", limit=region, other=its)


def to_be_removed(sheet: Mapping[str, Any]) -> Iterator[Fault]:
    """References to what the same sheet removes."""
    going, own = _going(sheet), _by_words(names(sheet))
    for reference in references(sheet):
        if _label(reference) in going.get(reference.to, ()) and not _own(reference, own):
            yield _fault(reference, "to_be_removed")


def circular(found: list[Reference]) -> Iterator[Fault]:
    """Entries that must exist before each other. Only what is needed to create a thing counts: rules may name each other."""
    waits: dict[tuple[str, str], set] = defaultdict(set)
    for reference in found:
        if reference.hard:
            waits[reference.kind, reference.entry.rpartition("/")[2]].add((reference.to, reference.name.rpartition("/")[2]))
    told: set = set()
    for start in list(waits):
        path, seen = _path_back(start, waits), set()
        if path and not told & set(path):
            told |= seen | set(path)
            yield Fault(start[0], start[1], None, "circular", dict(limit=" → ".join(f"{kind} {name}" for kind, name in path), path=path))


def _path_back(start: tuple[str, str], waits: Mapping[tuple[str, str], set]) -> list[tuple[str, str]] | None:
    """The way from an entry over what it waits for back to itself, or None."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop()
        for onward in sorted(waits.get(way[-1], ())):
            if onward == start:
                return [*way, start]
            if onward not in seen:
                seen.add(onward)
                ways.append([*way, onward])
    return None


# ---- what a reference can mean


def _of_neighbour(reference: Reference) -> bool:
    """Whether it is something of another contract of the run, host:name."""
    return reference.elsewhere and ":" in reference.name and not _is_arn(reference.name)


def _is_arn(name: str) -> bool:
    """Whether it is an id that says itself whose it is; of any other id that may be elsewhere nobody here can tell."""
    return name.startswith("arn:")


def _at_first(reference: Reference) -> bool:
    """Whether it means what a thing is made of: that may be gone when the thing is there."""
    return reference.to in LOOKUPS and bool(LOOKUPS[reference.to].asked)


def _label(reference: Reference) -> str:
    """What a reference means as entries are labelled, as far as it says so itself."""
    return f"{reference.scope}/{reference.name}" if reference.scope and "/" not in reference.name else reference.name


def _by_words(labels: Mapping[str, Iterable[str]]) -> dict[str, dict[str, list[tuple[str | None, str]]]]:
    """kind → what a reference may say → scope and label of what it can mean, so that not every reference has to look at all labels."""
    found: dict[str, dict[str, list[tuple[str | None, str]]]] = {}
    for kind, some in labels.items():
        said = found.setdefault(kind, {})
        for label in some:
            scope, slash, name = label.partition("/") if kinds()[kind].scoped else ("", "", label)
            for words in {label, name} if slash else {label}:
                said.setdefault(words, []).append((scope if slash else None, label))
    return found


def _own(reference: Reference, by_words: Mapping[str, Mapping[str, list[tuple[str | None, str]]]]) -> list[str]:
    """The sheet's own things that a reference can mean."""
    found = [one for maker in makers(reference.to) for one in by_words.get(maker, {}).get(reference.name, ())]
    return [label for scope, label in found if scope is None or reference.scope in (None, scope)]


def _others(reference: Reference, mine: list[str], there: list[Mapping[str, Any]]) -> list[str]:
    """Those in the account that a reference can mean, and that are not the sheet's own."""
    found = []
    for thing in there:
        scopes = {thing["scope"], thing["scope_id"]} - {None}
        own = any("/" not in label or label.partition("/")[0] in scopes or not scopes for label in mine)
        if not own and (reference.scope is None or not scopes or reference.scope in scopes):
            found.append(thing["id"])
    return found


def _may_be_elsewhere(reference: Reference) -> bool:
    """A bare name of something that lies in a scope: another scope of the account may have one, too."""
    return reference.scope is None and "/" not in reference.name and any(kind in kinds() and kinds()[kind].scoped for kind in makers(reference.to))


# ---- what the sheet removes


def _going(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → labels of what the sheet removes, or ids where the entries give these."""
    found = {}
    for name, entries in sheet.items():
        if name in kinds() and isinstance(entries, list):
            gone = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("state") == "absent"]
            found[name] = [entry.get("id") or kinds()[name].called(entry) for entry in gone]
    return found


def _ids_of(kind: str, labels: Iterable[str], account: Mapping[str, Any] | None) -> list[str]:
    """The ids of what is removed by a name, as far as they were looked up and mean one thing."""
    found = ((account or {}).get(kind, {}).get(label, []) for label in labels)
    return [things[0]["id"] for things in found if len(things) == 1]


def renamed(sheet: Mapping[str, Any]) -> dict[str, str]:
    """id → the name that the sheet gives to what it means by its id."""
    found = {}
    for kind, entries in ((kinds()[name], entries) for name, entries in sheet.items() if name in kinds() and kinds()[name].identity):
        for entry in entries if isinstance(entries, list) else []:
            name = entry.get(kind.named_by or kind.identity[-1]) if isinstance(entry, Mapping) and entry.get("state") != "absent" else None
            if name is not None and entry.get("id"):
                found[str(entry["id"])] = str(name)
    return found


def _nameless(sheet: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What the sheet removes without the name by which others refer to it: its kind, and kind and name of each thing that it joins."""
    for name, entries in sheet.items():
        kind = kinds().get(name)
        for entry in entries if kind and kind.named_by and isinstance(entries, list) else []:
            ends = [(kind.options[option].ref, entry.get(option)) for option in kind.identity] if isinstance(entry, Mapping) else []
            if ends and entry.get("state") == "absent" and not entry.get(kind.named_by) and all(isinstance(value, str) for dummy, value in ends):
                yield name, ends


def _ids(kind: str, value: str, account: Mapping[str, Any] | None, neighbours: Mapping[str, Any] | None) -> set[str]:
    """The ids that a name can mean, here or as host:name, or the id that it is itself."""
    host, dummy, name = value.partition(":")
    theirs = labelled((neighbours or {}).get(host, {}).get(kind) or {}, name)
    return {value, *(thing["id"] for thing in (account or {}).get(kind, {}).get(value, [])), *(one for one in theirs.values() if one)}


def _goes(kinds_of_it: Iterable[str], thing: Mapping[str, Any], going: Mapping[str, list[str]], joined: list[tuple[str, list[set[str]]]]) -> bool:
    """Whether something of the account is what the sheet removes, by its id or by what it joins."""
    if any(thing["id"] in going.get(kind, ()) for kind in kinds_of_it):
        return True
    between = thing.get("between", ())
    return any(kind in kinds_of_it and len(ends) == len(between) and all(map(set.__contains__, ends, between)) for kind, ends in joined)
