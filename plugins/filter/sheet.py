# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over a parameter sheet and over the results of a run with it.

Knowing the kinds means importing all of them. Ansible loads this file in a fresh process for nearly every task, so only the filters
that need the kinds import them, when they are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

# What stands before the kind in the names under which the roles register results.
REGISTERED = re.compile(r"^(?:setup_[a-z]+|monitoring_setup)_((accept|await|finish|global|remove)_)?")
TAGS_OF_ANSIBLE = ("all", "always", "never", "tagged", "untagged")
DONE = ("created", "updated", "deleted", "unchanged", "failed")
NOT_HERE = re.compile(r"^(setup_[a-z]+|monitoring_setup)_(global|remove)_")  # what is gone, or in another Region


def sheet_faults(
    sheet: Any,
    account: Mapping[str, Any] | None = None,
    neighbours: Mapping[str, Any] | None = None,
    language: str = "ja",
    expanded: Mapping[str, Any] | None = None,
    looked: Mapping[str, Any] | None = None,
    region: str | None = None,
) -> list[str]:
    """What is wrong in a sheet, one line each.

    `account`: what msp.aws.names_info found of the names in sheet_outside_names. `neighbours`: what neighbour_ids says of the other contracts.
    `looked`: what msp.aws.account_info found of the kinds in sheet_doubtful. `region`: where the sheet's things are.
    `expanded`, here and below: what monitoring_expanded made of the sheet, which counts as if it stood there.
    """
    references, languages = _part("references"), _part("_sheets_words").TEXTS
    if language not in languages:
        raise AnsibleFilterError(f"language is one of {', '.join(languages)}, not {language!r}")
    own, sheet = sheet, _whole(sheet, expanded)
    found = _part("sheets").faults(sheet)
    unsure = {(fault.kind, fault.entry) for fault in found if fault.code in _part("sheets").UNSURE}
    found += references.to_be_made_of_what_is_gone(sheet, account, looked)
    found += [*references.unresolved(sheet, account, neighbours), *references.incomplete(sheet, account, looked, unsure)]
    found += references.in_other_regions(sheet, region) if region else []
    told = {(fault.kind, fault.entry) for fault in found}
    found += [fault for fault in _part("_rivals").seen(looked) if (fault.kind, fault.entry) not in told]
    return [*dict.fromkeys(fault.text(language) for fault in _as_written(found, own, expanded))]


def _as_written(found: Iterable[Any], own: Mapping[str, Any], expanded: Mapping[str, Any] | None) -> Iterator[Any]:
    """Of what the monitoring comes to a fault is told of what the sheet says: one mistake, however many alarms come of it."""
    watched = _part("_plain").unpacked(expanded["of"]) if expanded else {}
    options = {name for some in _part("_monitoring").OPTIONS.values() for name in some} if watched else ()
    for fault in found:
        given = own.get(fault.kind)
        is_own = isinstance(given, list) and any(isinstance(entry, Mapping) and entry.get("name") == fault.entry for entry in given)
        if fault.entry not in watched or is_own:
            yield fault
            continue
        target, component, item = watched[fault.entry]
        words = (target, component) if fault.facts.get("value") == component else (target, component, item)
        yield fault._replace(kind="monitoring", entry=" ".join(words), option=fault.option if fault.option in options else None, number=None)


def sheet_doubtful(sheet: Any, account: Mapping[str, Any] | None = None) -> list[str]:
    """The kinds of which only a look at the account tells whether two entries mean one thing, or one would take the name of another, or cannot be made.

    With `account` as of sheet_faults those as well of which it tells whether something is to be made of what is there no more.
    """
    sheet, references = _whole(sheet), _part("references")
    remade = {reference.kind for reference in references.made_of_what_is_gone(sheet, account)}
    return sorted({*_part("_rivals").doubtful(sheet), *references.unsure_to_exist(sheet), *remade})


def sheet_names(sheet: Any, expanded: Mapping[str, Any] | None = None) -> dict[str, list[str]]:
    """kind → names that the sheet gives, as scope/name where a thing lies in a scope."""
    return _part("references").names(_whole(sheet, expanded))


def names_to_come(names: Mapping[str, list[str]], variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → what sheet_names gives, without those that the tasks of this run so far could not make: what refers to one must not count on it.

    `variables` are the host's, in which the roles registered their results.
    """
    results = list(_results(variables))
    failed = [(kind, result) for kind, result in results if result.get("failed")]
    lost = {(kind, entry["entry"]) for kind, result in failed for entry in result.get("entries", ()) if entry["action"] == "failed"}
    if lost:  # what one task made is there, though a later one could not go on with it
        lost -= {(kind, entry["entry"]) for kind, result in results for entry in result.get("entries", ()) if entry["action"] != "failed"}
        called = _called(_whole(variables.get("sheet") or {}, variables.get("sheet_expanded")))
        lost = {(kind, called.get((kind, label), label)) for kind, label in lost}
    lost |= {(kind, name) for kind, result in failed if not result.get("entries") for name in names.get(kind, ())}
    left = {kind: [label for label in labels if (kind, label) not in lost] for kind, labels in names.items()}
    return {kind: labels for kind, labels in left.items() if labels or not names[kind]}


def touched(variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → ids of what the tasks of this run so far have made, changed or removed, or in a plan would have; labels of what has none yet.

    `variables` as of names_to_come.
    """
    found: dict[str, list[str]] = {}
    for kind, result in _results(variables, everywhere=True):
        done = [entry for entry in result.get("entries", ()) if entry["action"] in ("created", "updated", "deleted")]
        found.setdefault(kind, []).extend(entry.get("id", entry["entry"]) for entry in done)
    return {kind: ids for kind, ids in found.items() if ids}


def _called(sheet: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """What others call each entry, by its kind and how results tell of it, which may be its id."""
    kinds = {name: kind for name, kind in _part("kinds").kinds().items() if isinstance(sheet.get(name), list)}
    return {(name, kind.label(entry)): kind.called(entry) for name, kind in kinds.items() for entry in sheet[name]}


def sheet_outside_names(
    sheet: Any, host: str | None = None, others: Iterable[Any] = (), expanded: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """kind → names that only the account can explain.

    Entries refer to them, or other sheets of the same run do, as host:name; or entries have them that say too little to be made anew.
    """
    references = _part("references")
    found = references.to_look_up(_whole(sheet, expanded))
    theirs = references.wanted_of(host, map(_whole, others)) if host else {}
    return {kind: sorted({*found.get(kind, ()), *theirs.get(kind, ())}) for kind in {**found, **theirs}}


def sheet_neighbours(sheet: Any, hosts: Iterable[str], expanded: Mapping[str, Any] | None = None) -> list[str]:
    """Those of the hosts of a run whose things the sheet names, as host:name."""
    return _part("references").hosts_named(_whole(sheet, expanded), hosts)


def neighbour_ids(hostvars: Mapping[str, Any], hosts: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """host → kind → label → id, as far as these hosts know by now: what they will make (None), what they looked up, what their tasks made or found.

    Under `plans` stands kind → labels of what their tasks make or change: what they ask others for is there only when that is done.
    """
    return {host: dict(_known_of(hostvars[host]), plans=_plans_of(hostvars[host])) for host in hosts}


def _known_of(variables: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    to_come = names_to_come(variables.get("sheet_own_names", {}), variables)
    found: dict[str, dict[str, str | None]] = {kind: dict.fromkeys(names) for kind, names in to_come.items()}
    for kind, looked_up in (variables.get("sheet_account") or {}).get("names", {}).items():
        # Two things of one name stay unknown here: their host's own check tells of them.
        found.setdefault(kind, {}).update({_label(name, *things): things[0]["id"] for name, things in looked_up.items() if len(things) == 1})
    for kind, entries in _told_of(variables):
        found.setdefault(kind, {}).update({entry["entry"]: entry["id"] for entry in entries if "id" in entry})
    return found


def _plans_of(variables: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, entries in _told_of(variables):
        found.setdefault(kind, []).extend(entry["entry"] for entry in entries if entry.get("action") in ("created", "updated"))
    return found


def _told_of(variables: Mapping[str, Any]) -> Iterator[tuple[str, Iterable[Mapping[str, Any]]]]:
    """Kind and entries of every result that the roles registered."""
    return ((kind, result.get("entries", ())) for kind, result in _results(variables))


def _results(variables: Mapping[str, Any], everywhere: bool = False) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and result of every task of the roles so far; without `everywhere` of those alone that make something, and here."""
    for name in (name for name in variables if REGISTERED.match(name) and (everywhere or not NOT_HERE.match(name))):
        yield REGISTERED.sub("", name), variables[name] if isinstance(variables[name], Mapping) else {}


def _label(name: str, thing: Mapping[str, Any]) -> str:
    """As entries are labelled: scope/name for what lies in a scope."""
    return f"{thing['scope']}/{name.removeprefix(thing['scope'] + '/')}" if thing["scope"] else name


def sheet_entries(
    sheet: Any,
    kind: str,
    state: str = "present",
    naming: list[str] | None = None,
    later: list[str] | None = None,
    theirs: bool | None = None,
    lacking: list[str] | None = None,
) -> Any:
    """The entries of a kind that shall be there (or with `absent`, that shall go), in the order of the sheet.

    Where two kinds need each other, one of them is done twice: first without what comes `later`, then those `naming` it as a whole.
    `theirs`: only entries whose id is host:name, something that another contract of the run makes; false leaves these out.
    `lacking`: only entries which name none of these, such as those that accept what others ask for.
    """
    given = _sheet(sheet).get(kind)
    if isinstance(given, Mapping):
        return given if given.get("state", "present") == state else {}
    entries = [entry for entry in given or [] if entry.get("state", "present") == state]
    if theirs is not None:
        entries = [entry for entry in entries if _is_theirs(entry) == theirs]
    if naming is not None:
        entries = [entry for entry in entries if _names_one_of(entry, naming)]
    if lacking is not None:
        entries = [entry for entry in entries if not _names_one_of(entry, lacking)]
    return entries if later is None else [_without(entry, later) for entry in entries]


def _is_theirs(entry: Mapping[str, Any]) -> bool:
    given = str(entry.get("id", ""))
    return ":" in given and not given.startswith("arn:")


def _without(entry: Mapping[str, Any], later: list[str]) -> dict[str, Any]:
    """The entry without these options. A list that loses an item only adds: what it takes away needs the whole of it."""
    left = {}
    for name, value in entry.items():
        if name in later:
            continue
        if _names_one_of(value, later):
            verbs = value if isinstance(value, Mapping) else dict(add=value)
            value = [item for verb in ("add", "set") for item in verbs.get(verb) or [] if not _names_one_of(item, later)]
        left[name] = value
    return left


def _names_one_of(value: Any, options: list[str]) -> bool:
    if isinstance(value, Mapping):
        return any((name in options and inner is not None) or _names_one_of(inner, options) for name, inner in value.items())
    return isinstance(value, list) and any(_names_one_of(inner, options) for inner in value)


def run_summary(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the results of the kinds' modules say together; results of tasks that were skipped count as nothing."""
    summary: dict[str, Any] = {**{action: [] for action in DONE}, "warnings": [], "reads": 0, "writes": []}
    things: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for name, result in results.items():
        kind = REGISTERED.sub("", name)
        for entry in result.get("entries", ()):
            # What a kind does in parts, such as a firewall and its logs, is one entry; what is elsewhere or goes is another.
            things.setdefault((kind, entry["entry"], NOT_HERE.match(name) and name), []).append(dict(entry, kind=kind))
        if result.get("failed") and not result.get("entries"):
            summary["failed"].append(dict(kind=kind, entry=None, action="failed", reason=result.get("msg")))
        told = [dict(kind=kind, warning=text.removeprefix(f"{kind} ")) for text in result.get("warnings", ())]
        summary["warnings"] += [one for one in told if one not in summary["warnings"]]  # the second task of a kind says the same again
        calls = result.get("calls", {})
        summary["reads"] += calls.get("reads", 0)
        summary["writes"] += calls.get("writes", [])
    for parts in things.values():
        for one in _as_one(parts):
            summary[one["action"]].append(one)
    return summary


def _as_one(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What several tasks did to one entry: the most of it, with all that changed, and each reason for which one failed."""
    failed = {part["reason"]: part for part in reversed(parts) if part["action"] == "failed"}
    done = sorted((part for part in parts if part["action"] != "failed"), key=lambda part: DONE.index(part["action"]))
    if not done or (failed and done[0]["action"] == "unchanged"):
        return list(failed.values())[::-1]
    changed = dict.fromkeys(option for part in done for option in part.get("changed", ()))
    whole = {name: value for part in reversed(done) for name, value in part.items()}
    return [{**whole, **({"changed": list(changed)} if changed else {})}, *list(failed.values())[::-1]]


def sheet_left(sheet: Any, summary: Mapping[str, Any], expanded: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """The entries of a sheet that a run summary does not tell of, neither as done nor as failed."""
    told = {(entry["kind"], entry["entry"]) for action in DONE for entry in summary[action]}
    return [dict(kind=kind, entry=label) for kind, label in _part("sheets").labels(_whole(sheet, expanded)) if (kind, label) not in told]


def unknown_tags(tags: Iterable[str]) -> list[str]:
    """Tags that no task has, each with the one that may have been meant: those there are name kinds, their services, and what is watched."""
    kinds = _part("kinds").kinds()
    known = {*kinds, *(kind.partition("_")[0] for kind in kinds), "monitoring", *TAGS_OF_ANSIBLE}
    unknown = sorted(set(tags) - known)
    return [" → ".join(word for word in (tag, nearest(tag, known)) if word) for tag in unknown]


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that may have been meant by, or written for, another one."""
    return _part("_hints").close(word, (other for other in words if other != word), 0.75)


def failure_line(entry: Mapping[str, Any]) -> str:
    """One entry of a run summary as a line for people, with the reason where it failed."""
    line = " ".join(part for part in (entry["kind"], entry.get("entry")) if part)
    return f"{line}: {entry['reason']}" if "reason" in entry else line


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


def _whole(sheet: Any, expanded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A sheet in Python's own containers, with what its monitoring comes to."""
    own = _part("_plain").plain(_sheet(sheet))
    return _part("_monitoring_entries").whole(own, expanded) if expanded else own


def _sheet(sheet: Any) -> Mapping[str, Any]:
    if not isinstance(sheet, Mapping):
        raise AnsibleFilterError(f"a sheet is a dictionary from kind to entries, not {type(sheet).__name__}")
    return sheet


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            failure_line=failure_line,
            names_to_come=names_to_come,
            nearest=nearest,
            neighbour_ids=neighbour_ids,
            run_summary=run_summary,
            sheet_doubtful=sheet_doubtful,
            sheet_entries=sheet_entries,
            sheet_faults=sheet_faults,
            sheet_left=sheet_left,
            sheet_names=sheet_names,
            sheet_neighbours=sheet_neighbours,
            sheet_outside_names=sheet_outside_names,
            touched=touched,
            unknown_tags=unknown_tags,
        )
