# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over a parameter sheet and over the results of a run with it.

Knowing the kinds means importing all of them. Ansible loads this file in a fresh process for nearly every task, so only the filters
that need the kinds import them, when they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

REGISTERED = re.compile(r"^setup_[a-z]+_(remove_)?")  # before the kind, in the names under which the roles register results


def sheet_faults(sheet: Any, account: Mapping[str, Any] | None = None, language: str = "ja") -> list[str]:
    """What is wrong in a sheet, one line each. `account`: what msp.aws.names_info found of the names in sheet_outside_names."""
    sheets = _sheets()
    if language not in sheets.TEXTS:
        raise AnsibleFilterError(f"language is one of {', '.join(sheets.TEXTS)}, not {language!r}")
    _sheet(sheet)
    return [fault.text(language) for fault in [*sheets.faults(sheet), *sheets.unresolved(sheet, account)]]


def sheet_names(sheet: Any) -> dict[str, list[str]]:
    """kind → names that the sheet gives, as scope/name where a thing lies in a scope."""
    return _sheets().names(_sheet(sheet))


def sheet_outside_names(sheet: Any) -> dict[str, list[str]]:
    """kind → names that entries refer to and that the sheet alone does not explain: the account must be asked."""
    return _sheets().to_look_up(_sheet(sheet))


def sheet_entries(sheet: Any, kind: str, state: str = "present", naming: list[str] | None = None, later: list[str] | None = None) -> Any:
    """The entries of a kind that shall be there (or with `absent`, that shall go), in the order of the sheet.

    Where two kinds need each other, one of them is done twice: first without what comes `later`, then those `naming` it as a whole.
    """
    given = _sheet(sheet).get(kind)
    if isinstance(given, Mapping):
        return given if given.get("state", "present") == state else {}
    entries = [entry for entry in given or [] if entry.get("state", "present") == state]
    if naming is not None:
        entries = [entry for entry in entries if _names_one_of(entry, naming)]
    return entries if later is None else [_without(entry, later) for entry in entries]


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
    summary: dict[str, Any] = dict(created=[], updated=[], deleted=[], unchanged=[], failed=[], reads=0, writes=[])
    for name, result in results.items():
        kind = REGISTERED.sub("", name)
        for entry in result.get("entries", ()):
            summary[entry["action"]].append(dict(entry, kind=kind))
        if result.get("failed") and not result.get("entries"):
            summary["failed"].append(dict(kind=kind, entry=None, action="failed", reason=result.get("msg")))
        calls = result.get("calls", {})
        summary["reads"] += calls.get("reads", 0)
        summary["writes"] += calls.get("writes", [])
    return summary


def failure_line(entry: Mapping[str, Any]) -> str:
    """One failed entry of a run summary as a line for people."""
    return " ".join(part for part in (entry["kind"], entry.get("entry")) if part) + f": {entry.get('reason')}"


def _sheets() -> Any:
    return import_module("ansible_collections.msp.aws.plugins.plugin_utils.sheets")


def _sheet(sheet: Any) -> Mapping[str, Any]:
    if not isinstance(sheet, Mapping):
        raise AnsibleFilterError(f"a sheet is a dictionary from kind to entries, not {type(sheet).__name__}")
    return sheet


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            failure_line=failure_line,
            run_summary=run_summary,
            sheet_entries=sheet_entries,
            sheet_faults=sheet_faults,
            sheet_names=sheet_names,
            sheet_outside_names=sheet_outside_names,
        )
