# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from an account looked at beside its sheet: the differences as a list, and the two sheets that would end them.

Everything here takes and gives plain data: `looked` is kind → {account, agreed, beside, unread}, as M(msp.aws.account_info) returns it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, identity
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

VERDICTS = ("changed", "missing", "added", "unknown")


def findings(looked: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every difference: {kind, entry, id, option, verdict, agreed, actual, reason}. `option` is None where the whole thing is meant.

    `added` is what is there in a list or an option that was agreed, without being agreed itself. Whole things beside the sheet are no finding.
    """
    return [dict(found, kind=kind) for kind, one in looked.items() for found in _of_kind(kind, one)]


def _of_kind(kind: str, one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if one["unread"]:
        yield _finding(kind, dict(entry=None, id=None, reason=one["unread"]), None, "unknown")
    for entry in one["agreed"]:
        lines = [line for line in entry["options"] if line["verdict"] in ("changed", "missing", "added")]
        if entry["verdict"] in ("missing", "unknown") or (entry["verdict"] == "added" and not lines):
            yield _finding(kind, entry, None, entry["verdict"])
        elif entry["verdict"] == "changed" and not lines:
            yield _finding(kind, entry, None, "changed")
        else:
            yield from (_finding(kind, entry, line["option"], line["verdict"], line["agreed"], line["actual"]) for line in lines)


def _finding(kind: str, entry: Mapping[str, Any], option: str | None, verdict: str, agreed: Any = None, actual: Any = None) -> dict[str, Any]:
    return dict(kind=kind, entry=entry["entry"], id=entry["id"], option=option, verdict=verdict, agreed=agreed, actual=actual, reason=entry["reason"])


def counts(looked: Mapping[str, Mapping[str, Any]], found: list[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings of each verdict, how many entries were agreed and are so, and how many things stand beside the sheet."""
    agreed = [entry for one in looked.values() for entry in one["agreed"]]
    told = {verdict: sum(finding["verdict"] == verdict for finding in found) for verdict in VERDICTS}
    bad = {(finding["kind"], finding["entry"]) for finding in found}
    same = sum((kind, entry["entry"]) not in bad for kind, one in looked.items() for entry in one["agreed"])
    return dict(told, agreed=len(agreed), same=same, beside=sum(len(one["beside"]) for one in looked.values()))


# ---- the two ways to end a difference


def put_back(sheet: Mapping[str, Any], found: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The part of the sheet with which a run of setup makes the account as agreed again.

    It is the entries that differ, and what was added to their lists is taken away by name.
    """
    made: dict[str, Any] = {}
    for name, entries in _entries(sheet):
        kind = kinds()[name]
        mine = [dict(entry, **_without_added(kind, entry, _of_entry(kind, entry, found))) for entry in entries if _of_entry(kind, entry, found)]
        if mine:
            made[name] = mine[0] if kind.single else mine
    return made


def _without_added(kind: Kind, entry: Mapping[str, Any], found: list[Mapping[str, Any]]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for finding in found:
        name = finding["option"]
        option = kind.options.get(name or "")
        if finding["verdict"] != "added" or option is None or not option.many or entry.get(name) is None:
            continue
        verbs = changed.setdefault(name, _verbs(entry[name]))
        if "set" not in verbs:
            verbs["remove"] = [*verbs.get("remove", []), finding["actual"]]
    return changed


def adopted(sheet: Mapping[str, Any], looked: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The whole sheet with what is there in place of what was agreed, as far as the two differ."""
    found, made = findings(looked), {}
    for name, given in sheet.items():
        made[name] = given
        if name not in looked or not isinstance(given, (list, Mapping)):
            continue
        kind = kinds()[name]
        entries = [_adopted_entry(kind, entry, _of_entry(kind, entry, found), looked[name]) for entry in ([given] if kind.single else given)]
        kept = [entry for entry in entries if entry is not None]
        made[name] = kept[0] if kind.single and kept else kept
    return {name: given for name, given in made.items() if given}


def _adopted_entry(kind: Kind, entry: Mapping[str, Any], found: list[Mapping[str, Any]], looked: Mapping[str, Any]) -> dict[str, Any] | None:
    """None: it is gone, and so goes from the sheet."""
    verdicts = {finding["verdict"] for finding in found}
    if not verdicts or "unknown" in verdicts:
        return dict(entry)
    if any(finding["option"] is None and finding["verdict"] == "missing" for finding in found):
        return None
    judged = next(one for one in looked["agreed"] if one["entry"] == kind.label(entry))
    actual = next((one for one in looked["account"] if kind.label(one) in (judged["id"], judged["entry"])), {})
    if entry.get("state") == "absent":
        return {name: value for name, value in actual.items() if not _secret(kind.options.get(name))}
    made = dict(entry)
    touched = {(finding["option"] or "").partition(".")[0] for finding in found}
    for name in touched & kind.options.keys():
        value = _taken(kind.options[name], entry.get(name), actual.get(name), [line for line in judged["options"] if line["option"] == name])
        made.pop(name, None)
        if value not in (None, [], {}):
            made[name] = value
    if entry.get("clear"):
        made["clear"] = [path for path in entry["clear"] if path.partition(".")[0] not in touched]
    return {name: value for name, value in made.items() if value not in (None, []) or name not in touched | {"clear"}}


def _taken(option: Option, said: Any, is_now: Any, lines: list[Mapping[str, Any]]) -> Any:
    """What the account has, of what the sheet says something about."""
    if option.many:
        there = [line["actual"] for line in lines if line["actual"] is not None and line["verdict"] is not None]
        if "set" in _verbs(said):
            return dict(set=is_now or [])
        gone = [item for item in _verbs(said).get("remove", []) if identity(option, item) not in [identity(option, one) for one in there]]
        return dict(add=there, remove=gone) if gone else there
    if option.merges and isinstance(said, Mapping):
        return {key: (is_now or {})[key] for key in said if key in (is_now or {})}
    if option.options and isinstance(said, Mapping) and isinstance(is_now, Mapping):
        inner = {name: _taken(option.options[name], value, is_now.get(name), []) for name, value in said.items() if not option.options[name].many}
        return {name: value for name, value in inner.items() if value is not None}
    return is_now


def _verbs(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else dict(add=value or [])


def _of_entry(kind: Kind, entry: Mapping[str, Any], found: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    label = kind.label(entry)
    return [finding for finding in found if finding["kind"] == kind.name and finding["entry"] == label and finding["verdict"] != "unknown"]


def _entries(sheet: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for name, given in sheet.items():
        if name in kinds():
            yield name, [given] if isinstance(given, Mapping) else given or []


# ---- a sheet of an account that others built


def sheet_of(account: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, Any]:
    """What `state: gathered` found, as a sheet. What is secret or shown to nobody stays out: it could not be read."""
    made: dict[str, Any] = {}
    for name, things in account.items():
        kind = kinds()[name]
        entries = [_readable(kind.options, thing) for thing in things]
        if entries:
            made[name] = entries[0] if kind.single else entries
    return made


def _readable(options: Mapping[str, Option], thing: Any) -> Any:
    if isinstance(thing, list):
        return [_readable(options, item) for item in thing]
    if not isinstance(thing, Mapping):
        return thing
    kept = {}
    for name, value in thing.items():
        option = options.get(name)
        if not _secret(option):
            kept[name] = _readable(option.options, value) if option and option.options else value
    return kept


def _secret(option: Option | None) -> bool:
    return bool(option and (option.secret or option.write_only))
