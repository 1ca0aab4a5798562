# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of a parameter sheet, and the contract that would be made of a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement, maintenance_alone
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import CONTRACT, Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, basic_services, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, fits, no_component, read
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close_kind

SOME_DAY = date(2000, 1, 1)  # stands for one that cannot be read, which is told by its own name


def components(sheet: Mapping[str, Any], faults: list[Fault]) -> dict[str, dict[str, int]]:
    """menu → component → how many: the entries of the kinds that `catalog/units.yml` counts, without those that shall go."""
    counts = {kind for menu in MENUS for row in units()[menu].values() for kind in row.get("kinds", ())}
    inside = {kind for kinds in units()["inside"].values() for kind in kinds}
    known = {*counts, *inside, *units()["parts"]}
    # What is not known would be left out of a quotation without a word.
    faults += [Fault("sheet", "kind", kind, close=close_kind(kind, known)) for kind in sheet if kind not in known]
    entries = {kind: _entries(kind, sheet[kind], faults) for kind in sorted(counts & set(sheet))}
    for kind in sorted(inside & set(sheet)):
        _some(kind, sheet[kind], faults)
    beside = dict.fromkeys(MENUS, {}) | dict(operation=_watched(sheet.get("monitoring"), faults))
    counted = {menu: {name: _count(row, entries, beside[menu].get(name, ())) for name, row in units()[menu].items()} for menu in MENUS}
    return {menu: {name: number for name, number in rows.items() if number} for menu, rows in counted.items()}


def _count(row: Mapping[str, Any], entries: Mapping[str, list[Mapping[str, Any]]], watched: Iterable[Mapping[str, Any]]) -> int:
    """How many entries a row of the tables counts; where it says `where`, those for which one of its conditions holds. What is only watched counts as well."""
    found = _of_row(row, entries)
    return len(found) + len(_without_those(watched, found))


def _of_row(row: Mapping[str, Any], entries: Mapping[str, list[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    of_kinds = [entry for kind in row.get("kinds", ()) for entry in entries.get(kind, ())]
    return [entry for entry in of_kinds if any(_holds(condition, entry) for condition in row.get("where", ({},)))]


def _without_those(entries: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries whose names none of the others has."""
    names = {entry.get("name") for entry in others}
    return [entry for entry in entries if entry.get("name") not in names]


def unwatched(sheet: Mapping[str, Any]) -> dict[str, int]:
    """component of the operation menu → how many are counted that a sheet without faults, though it says what is watched, does not name there."""
    if not isinstance(sheet.get("monitoring"), Mapping):
        return {}
    watched = _watched(sheet["monitoring"], [])
    counted = {name: _of_row(row, {kind: _entries(kind, sheet.get(kind), []) for kind in row.get("kinds", ())}) for name, row in units()["operation"].items()}
    left = {name: len(_without_those(entries, watched.get(name, ()))) for name, entries in counted.items()}
    return {name: number for name, number in left.items() if number}


def _holds(condition: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Value by value: what Ansible hands to a filter is no dict in everything, and has no view of its items to compare."""
    return all(entry.get(name) == value for name, value in condition.items())


def _watched(given: Any, faults: list[Fault]) -> dict[str, list[Mapping[str, Any]]]:
    """Targets of 別紙5 第1表 are its rows, and their components are in its units."""
    if given is not None and not isinstance(given, Mapping):
        faults.append(Fault("sheet monitoring", "table", given))
        return {}
    rows = units()["operation"]
    faults += [no_component("sheet monitoring", target, "operation") for target in given or {} if target not in rows]
    return {target: _entries(f"monitoring {target}", found, faults) for target, found in (given or {}).items()}


def _entries(kind: str, given: Any, faults: list[Fault]) -> list[Mapping[str, Any]]:
    if given is not None and not isinstance(given, list):
        faults.append(Fault(f"sheet {kind}", "rows", given))
        return []
    found = list(enumerate(given or [], 1))
    faults += [Fault(f"sheet {kind} #{number}", "table", entry) for number, entry in found if not isinstance(entry, Mapping)]
    tables = [(number, entry) for number, entry in found if isinstance(entry, Mapping)]
    names = [(number, entry.get("name")) for number, entry in tables]
    faults += [Fault(f"sheet {kind} #{number} name", "text", name) for number, name in names if isinstance(name, (Mapping, list))]
    return [entry for number, entry in tables if not isinstance(entry.get("name"), (Mapping, list)) and entry.get("state", "present") != "absent"]


def _some(kind: str, given: Any, faults: list[Fault]) -> list[Mapping[str, Any]]:
    """The entries of a kind that is not counted, of which an account or a Region may have one alone, without a list."""
    return _entries(kind, [given] if isinstance(given, Mapping) else given, faults)


def basic(sheet: Mapping[str, Any]) -> tuple[str, ...]:
    """The AWS services for which the sheet makes クラウド基本設定 due (別紙4 第1表), which is charged once for the account."""
    found = {basic_services()[kind] for kind in units()["inside"]["basic"] if any(_some(kind, sheet.get(kind), []))}
    return tuple(name for name in dict.fromkeys(reversed(basic_services().values())) if name in found)


def planned(contract: Any, sheet: Any, day: Any) -> tuple[Agreement, date, tuple[str, ...], dict[str, int]]:
    """A contract that need not be accepted yet, the day of the quotation (that of the application), the services of クラウド基本設定, and what is `unwatched`.

    What the contract does not name is counted in the sheet, component by component, without what it says was there before; クラウド基本設定
    where the sheet has anything of 別紙4 第1表.
    """
    faults: list[Fault] = []
    if not isinstance(contract, Mapping):
        raise FeeError([Fault("contract", "table", contract)])
    if sheet is not None and not isinstance(sheet, Mapping):
        faults.append(Fault("sheet", "table", sheet))
    applied_on = contract.get("applied_on")
    # The contract's own day is told by its own name, with the rest of the contract.
    told = read(dict(date=Field("day", required=True)), dict(date=day or applied_on), "", faults if day or not applied_on else [])
    made: dict[Any, Any] = dict(applied_on=told.get("date"), accepted_on=applied_on if fits(CONTRACT["applied_on"], applied_on) else told.get("date", SOME_DAY))
    made |= _written(contract)
    if sheet is None:
        made.setdefault("set_up", dict(basic=False, components={}))  # what nobody names is not quoted
    counted = components(sheet, faults) if isinstance(sheet, Mapping) else None
    services = basic(sheet) if isinstance(sheet, Mapping) else ()
    found = dict(set_up=dict(basic=bool(services)), operation={})
    for part in found:
        given = _written(made.get(part, {}))
        named = _written(given.get("components", {})) if isinstance(given, Mapping) else given
        if not isinstance(named, Mapping):
            continue  # the agreement refuses it by its name
        # Without a plan there is nothing to operate, and where maintenance alone is set up, somebody else has built the rest.
        if not (made.get("plans") if part == "operation" else not maintenance_alone(given)):
            continue
        if counted is not None:
            made[part] = {**found[part], **given, "components": {**_without(counted[part], given.get("there")), **named}}
        elif part in made:
            made[part] = {**found[part], **given, **(dict(components=named) if "components" in given else {})}
    agreed = agreement(made, (), faults)
    if agreed.applied_on and told["date"] < agreed.applied_on:
        raise FeeError([Fault("date", "before", told["date"], agreed.applied_on, "applied_on")])
    named = (_written(contract).get("operation") or {}).get("components") or {}
    beside = unwatched(sheet) if isinstance(sheet, Mapping) and agreed.plans else {}
    return agreed, told["date"], services, {name: number for name, number in beside.items() if name not in _written(named)}


def _without(counted: Mapping[str, int], there: Any) -> dict[str, int]:
    """What a sheet has beside what others had built before. What is wrong in the latter is told by the agreement."""
    groups = read(CONTRACT["set_up"].fields, dict(there=there), "", []).get("there", {})
    left = {name: number - sum(groups.get(name, {}).values()) for name, number in counted.items()}
    return {name: number for name, number in left.items() if number > 0}


def _written(given: Any) -> Any:
    """As everywhere, what is null is not written."""
    return {name: value for name, value in given.items() if value is not None} if isinstance(given, Mapping) else given
