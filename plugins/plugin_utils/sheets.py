# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a parameter sheet, all of it in one pass and without a call of AWS."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
    check_type_raw,
    check_type_str,
)

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._options import (
    VERBS,
    Option,
    contradictions,
    identity,
    named,
    spread,
    transform_all,
    without_secrets,
)
from ansible_collections.msp.aws.plugins.module_utils._options import clearable as can_clear
from ansible_collections.msp.aws.plugins.plugin_utils import _rivals, references
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close, close_kind
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS, kinds

TYPES = dict(
    bool=check_type_bool,
    dict=check_type_dict,
    float=check_type_float,
    int=check_type_int,
    list=check_type_list,
    raw=check_type_raw,
    str=check_type_str,
)
ENTRY_OPTIONS = ("state", "clear", "id")
ID = dict(id=Option())
MISSHAPEN = ("empty_item", "not_entry", "unknown_verb", "unquoted", "wrong_type")  # after which nothing else can be said of an option
UNSURE = (*MISSHAPEN, "kind_inside", "state", "unknown_option")  # which may be what is lacking, or say that nothing is
LACKING = ("needs", "one_of")
NO_JSON = (bytes, datetime.date, set)  # what YAML can make of a text and no API takes


def faults(sheet: Mapping[str, Any]) -> list[Fault]:
    """Everything that can be known to be wrong without looking at the account, in the order of the sheet."""
    found: list[Fault] = []
    well_formed: dict[str, list[dict]] = {}
    left_out: dict[str, list[set[str]]] = defaultdict(list)  # options of an entry that have a wrong shape
    unsure: set[tuple[str, int]] = set()
    sheet = _with_days_as_texts(sheet)
    called = references.renamed(sheet)
    for name, given in sheet.items():
        if name in PARTS:
            continue
        if name not in kinds():
            found.append(Fault(name, None, None, "unknown_kind", dict(value=name, close=_meant_kind(name, given))))
            continue
        kind = kinds()[name]
        if not isinstance(given, Mapping if kind.single else list):
            code = "not_pairs" if kind.single else "not_entries"
            found.append(Fault(name, None, None, code, dict(value=without_secrets(Option(options=kind.options), given))))
            continue
        entries = [given] if kind.single else given
        well_formed[name] = []
        for number, entry in enumerate(entries, 1):
            mistakes = list(_entry(kind, entry, number))
            found += mistakes
            misshapen = {str(mistake.option) for mistake in mistakes if mistake.code in MISSHAPEN}
            well_formed[name].append(_typed({**kind.options, **ID}, _sound(kind, entry, misshapen)))
            left_out[name].append({path.partition(".")[0] for path in misshapen})
            unsure |= {(name, number) for mistake in mistakes if mistake.code in UNSURE}
        found += _rivals.twice(kind, [entry for entry in entries if isinstance(entry, Mapping) and _tells_itself(kind, entry)], called)
    known = {name: _known(kinds()[name], entries, left_out[name]) for name, entries in well_formed.items()}
    for name, entries in well_formed.items():
        found += _of_the_kind(kinds()[name], entries, unsure, known)
    found += references.to_be_removed(well_formed)
    found += references.circular(references.references(well_formed))
    return found


def by_themselves(sheet: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with each entry by itself, of a sheet whose kinds have their shape: a small part of the time that all faults take."""
    for kind, given in [(kinds()[name], given) for name, given in sheet.items() if name in kinds()]:
        for number, entry in enumerate([given] if kind.single else given or (), 1):
            yield from _entry(kind, entry, number)


def _with_days_as_texts(value: Any) -> Any:
    """As a module gets it: what YAML reads as a day goes there as the text that was written, which was the only way to write it.

    What has no day in it stays the very same, by which workbooks find their rows again.
    """
    if isinstance(value, Mapping):
        made = {name: _with_days_as_texts(inner) for name, inner in value.items()}
        return made if any(made[name] is not inner for name, inner in value.items()) else value
    if isinstance(value, list):
        items = [_with_days_as_texts(inner) for inner in value]
        return items if any(item is not inner for item, inner in zip(items, value, strict=True)) else value
    return value.isoformat() if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime) else value


def _meant_kind(word: Any, given: Any) -> str | None:
    """The kind that was meant, where several are called alike that which fits what is written. With a service alone only this tells."""
    fitting = _fitting(given)
    return close_kind(word, fitting) or next((name for name in fitting if given and name.startswith(f"{word}_")), None)


def _fitting(given: Any) -> list[str]:
    """All kinds, those first that have what is written and need nothing else."""
    written = {option for entry in (given if isinstance(given, list) else [given]) if isinstance(entry, Mapping) for option in entry}

    def unfit(name: str) -> tuple[int, int, int]:
        kind = kinds()[name]
        needed = {*kind.identity, *(option for option, one in kind.options.items() if one.required)}
        return len(written - kind.options.keys()), len(needed - written), isinstance(given, Mapping) is not kind.single

    return sorted(kinds(), key=unfit)


def _sound(kind: Any, entry: Any, misshapen: set[str]) -> dict[str, Any]:
    """The entry without the options of which nothing else can be said; nothing at all where it is not known which thing it is of."""
    if not isinstance(entry, Mapping) or misshapen & {*kind.identity, *ID}:
        return {}
    return _without({**kind.options, **ID}, entry, misshapen)


def _without(options: Mapping[str, Option], entry: Mapping[str, Any], misshapen: set[str]) -> dict[str, Any]:
    """What is left without these paths. Of a structure the rest stays; an item of a list would be another thing without a part of it."""
    kept = {}
    for name, value in entry.items():
        inside = {path.partition(".")[2] for path in misshapen if path.partition(".")[0] == name}
        if not inside:
            kept[name] = value
        elif "" not in inside and options[name].type == "dict" and options[name].options and not options[name].many:
            kept[name] = _without(options[name].options, value, inside)
    return kept


def _known(kind: Any, entries: list[dict], left_out: list[set[str]]) -> list[dict]:
    """What others can be held against, each at its place: not what is there twice, nor what may have more in its lists than is known."""
    staying = _staying(entries)
    count = Counter(kind.apart(entry) for entry in staying if entry)
    lists = {name for name, option in kind.options.items() if option.many}
    return [{} if entry and (count[kind.apart(entry)] > 1 or misshapen & lists) else entry for entry, misshapen in zip(staying, left_out, strict=True)]


def _typed(options: Mapping[str, Option], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as its module gets it: where a text is meant, Ansible makes one of a number."""

    def typed(option: Option, value: Any, dummy: Any) -> Any:
        wanted = option.type if isinstance(value, list) else option.elements or option.type
        return value if value is None else TYPES[wanted](value)

    return transform_all(options, entry, typed)


def labels(sheet: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and label of every entry, as results tell of them."""
    for kind, given in [(kinds()[name], given) for name, given in sheet.items() if name in kinds()]:
        yield from ((kind.name, kind.label(entry)) for entry in ([given] if kind.single else given or ()))


def _tells_itself(kind: Any, entry: Mapping[str, Any]) -> bool:
    """Whether the entry says which thing it is of."""
    return "id" in entry or all(entry.get(name) for name in kind.identity)


def _fault(kind: Any, entry: Mapping[str, Any], number: int, option: str | None, code: str, facts: Mapping[str, Any]) -> Fault:
    return Fault(kind.name, kind.label(entry), option, code, facts, None if _tells_itself(kind, entry) else number)


def _entry(kind: Any, entry: Any, number: int) -> Iterator[Fault]:
    """What is wrong with an entry by itself; its number counts from one."""
    if isinstance(entry, Mapping):
        yield from (_fault(kind, entry, number, *fault) for fault in _mistakes(kind, entry))
    else:
        yield Fault(kind.name, None, None, "not_entry", dict(value=without_secrets(Option(options=kind.options), entry)), number)


def _mistakes(kind: Any, entry: Mapping[str, Any]) -> Iterator[tuple[str, str, dict]]:
    plain = {name: value for name, value in entry.items() if name not in ("state", "clear")}
    mistakes = list(_values({**kind.options, **ID}, spread(kind.options, plain), ""))
    yield from mistakes
    if entry.get("state", "present") not in ("present", "absent"):
        yield "state", "state", dict(value=entry["state"])
    if "id" not in entry:
        yield from ((name, "identity", {}) for name in kind.identity if entry.get(name) in (None, "") and name not in _meant(mistakes))
    try:
        for path, value in contradictions(kind.options, {**spread(kind.options, plain), "clear": entry.get("clear")}):
            yield path, "contradiction", dict(value=value)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # something inside has a wrong type or is not there, which is told above
    yield from _cleared(kind, entry)


def _meant(mistakes: list[tuple[str, str, dict]]) -> set[str]:
    """What misspelt options were meant to be: it is not lacking."""
    return {facts["close"] for dummy, code, facts in mistakes if code == "unknown_option"}


def _cleared(kind: Any, entry: Mapping[str, Any]) -> Iterator[tuple[str, str, dict]]:
    clear = entry.get("clear") or []
    if not isinstance(clear, list):
        yield "clear", "wrong_type", dict(value=clear, limit="list")
        return
    clearable = sorted(name for name, option in kind.options.items() if option.clearable)
    for path in clear:
        if not can_clear(kind.options, path):
            yield "clear", "clear", dict(value=path, limit=", ".join(clearable))
        elif entry.get(path) is not None:
            yield "clear", "clear_and_set", dict(value=path)


def _values(options: Mapping[str, Option], entry: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, dict]]:
    for name, value in entry.items():
        option, here = options.get(name), f"{path}{name}"
        if option is None and name in kinds():
            yield here, "kind_inside", dict(value=name)
        elif option is None:
            yield here, "unknown_option", dict(value=name, close=close(name, [*options, *(() if path else ENTRY_OPTIONS)]))
        elif value is None:
            yield here, "empty", {}
        else:
            yield from _value(option, value, here)
            empty = [key for key, inner in value.items() if inner is None] if option.merges and isinstance(value, Mapping) else []
            yield from ((f"{here}.{key}", "empty", {}) for key in empty)


def _value(option: Option, value: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    if option.many and isinstance(value, Mapping) and (not value or value.keys() & {*VERBS}):
        if "set" in value and ("add" in value or "remove" in value):
            yield path, "set_and_add", {}
        for verb, things in value.items():
            if verb not in VERBS:
                yield path, "unknown_verb", dict(value=verb, limit=", ".join(VERBS))
            else:
                yield from _things(option, things, path if verb == "add" else f"{path}.{verb}")
    elif option.many or option.type == "list":
        yield from _things(option, value, path)
    else:
        yield from _one(option, option.type, value, path)


def _things(option: Option, things: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    if not isinstance(things, list):
        yield path, "wrong_type", dict(value=without_secrets(option, things), limit="list")
        return
    for number, thing in enumerate(things, 1):
        found = [(path, "empty_item", {})] if thing is None else _one(option, option.elements or "raw", thing, path)
        yield from ((where, code, dict(dict(place=number) if option.options and len(things) > 1 else {}, **facts)) for where, code, facts in found)
    for number, thing in _twice(option, things) if option.many else ():
        place = dict(place=number) if option.options else {}
        yield path, "item_twice", dict(value=without_secrets(option, thing), item=thing, **place)


def _twice(option: Option, things: list) -> Iterator[tuple[int, Any]]:
    """Items that are the same thing as one before, each with its place: only one of them would count."""
    seen: list[Any] = []
    for number, thing in enumerate(things, 1):
        if thing is None:
            continue
        try:
            known = identity(option, thing)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # it has a wrong type, which is told as such
        if known in seen:
            yield number, thing
        seen.append(known)


def _one(option: Option, wanted: str, value: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    unquoted = [value] if wanted == "str" and isinstance(value, bool) else [] if option.options else list(_unquoted(value))
    if unquoted:
        yield from ((path, "unquoted", dict(value=without_secrets(option, one))) for one in unquoted)
        return
    try:
        # A list or a dictionary in the place of a text would be accepted by Ansible and turned into one.
        if wanted in ("str", "int", "float", "bool") and isinstance(value, (list, Mapping)):
            raise TypeError
        TYPES[wanted](value)
    except (OverflowError, TypeError, ValueError):
        yield path, "wrong_type", dict(value=without_secrets(option, value), limit=wanted)
        return
    if option.options:
        if isinstance(value, Mapping):
            mistakes = list(_values(option.options, value, f"{path}."))
            yield from mistakes
            lacking = [name for name, inner in option.options.items() if inner.required and value.get(name) is None and option.many]
            yield from ((f"{path}.{name}", "identity", {}) for name in lacking if name not in _meant(mistakes))
        else:
            yield path, "wrong_type", dict(value=without_secrets(option, value), limit="dict")


def _unquoted(value: Any) -> Iterator[Any]:
    """What was meant as a text and is none, because it stands without quotation marks."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _unquoted(key)
            yield from _unquoted(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _unquoted(inner)
    elif isinstance(value, NO_JSON):
        yield value


def _of_the_kind(kind: Any, entries: list[dict], unsure: set[tuple[str, int]], sheet: Mapping[str, Any]) -> Iterator[Fault]:
    """What the service model refuses, and what the kind itself knows to be wrong, which may be what is misspelt or has a wrong shape."""
    known = list(kind.faults(_staying(entries), sheet)) if kind.faults else []
    better = {(index, option) for index, option, code, dummy in known if code == "pattern"}  # than that it is too short
    for index, entry in enumerate(entries):
        refused = list(_shapes.faults(kind.service, kind.options, named(kind.options, spread(kind.options, entry))))
        for fault in [fault for fault in refused if (index, fault.path) not in better]:
            facts = dict(value=fault.value, limit=fault.limit, **(dict(place=fault.place) if fault.place else {}))
            yield _fault(kind, entry, index + 1, fault.path, fault.code, facts)
        for name in set(kind.identity) - {fault.path for fault in refused}:
            if isinstance(value := entry.get(name), str) and value != value.strip():
                yield _fault(kind, entry, index + 1, name, "blanks", dict(value=value))
    for index, option, code, facts in known:
        if (kind.name, index + 1) not in unsure or code not in LACKING:
            other = dict(other_label=kind.label(entries[facts["other_entry"]])) if "other_entry" in facts else {}
            place = dict(place=_place(entries[index].get(str(option).partition(".")[0]), facts["item"])) if "item" in facts else {}
            yield _fault(kind, entries[index], index + 1, option, code, {**facts, **other, **place})


def _place(given: Any, item: Any) -> int | None:
    """Which of several items in an option's list this one is."""
    lists = [things for things in (given.values() if isinstance(given, Mapping) else [given]) if isinstance(things, list) and len(things) > 1]
    return next((number for things in lists for number, thing in enumerate(things, 1) if thing is item), None)


def _staying(entries: list[dict]) -> list[dict]:
    """The entries of what shall be there, each at its place: what goes stands in nobody's way."""
    return [{} if entry.get("state") == "absent" else entry for entry in entries]
