# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over the `monitoring` of a sheet: what it says, as entries of kinds.

What they stand on is imported when one is called, since Ansible loads this file in a fresh process for nearly every task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError


def monitoring_faults(sheet: Any, contract: Any, language: str = "ja", known: Mapping[str, Any] | None = None) -> list[str]:
    """What is wrong in the `monitoring` of sheet and contract, one line each; with what is `known` of the account, what only that shows as well."""
    reading = _part("_monitoring_reading")
    if language not in reading.TEXTS:
        raise AnsibleFilterError(f"language is one of {', '.join(reading.TEXTS)}, not {language!r}")
    return reading.read(_plain(_table(sheet, "a sheet")), _plain(_table(contract, "a contract")), _plain(known), language)[1]


def monitoring_expanded(sheet: Any, contract: Any, known: Mapping[str, Any] | None = None, language: str = "ja") -> dict[str, Any]:
    """All that comes of the `monitoring` of a sheet, made once: Region by Region the entries and the metrics that alarms stand on, and what is still lacking.

    What the sheet itself has an entry for is left to that, in the Region of the contract, which is the only one that its entries speak of.
    """
    sheet, contract = _plain(_table(sheet, "a sheet")), _plain(_table(contract, "a contract"))
    rows = _rows(sheet, contract, known)
    regions, of = _part("_monitoring_entries").expanded(rows, contract, language), _part("_monitoring_entries").components_of(rows)
    for region, made in regions.items():
        left = _without_own(made["entries"], sheet) if region == contract["region"] else made["entries"]
        made.update(entries={kind: _packed(entries) for kind, entries in left.items()}, metrics=_packed(made["metrics"]))
    absent = _absent(sheet, known or {})
    called = _part("_monitoring_former").names(rows, sheet, contract, known, language)
    return dict(
        region=contract["region"],
        targets=list(sheet.get("monitoring") or {}),
        regions=regions,
        lacks=_lacks(rows),
        absent=_told(absent, known or {}, language),
        unmade=[dict(alarm=name) for name in _unmade(rows, absent)],
        of=_packed(of),
        called=_packed(called),
        silent_monitors=[name for name, why in called["mackerel_monitors"].items() if why],
    )


def _absent(sheet: Mapping[str, Any], known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Target and name of the components that neither the account has, as far as it was looked at, nor the sheet makes, nor says by id what they are."""
    monitoring = _part("_monitoring")
    found = []
    for target, entries in (sheet.get("monitoring") or {}).items():
        there = {one.get(word) for one in known.get(target, ()) for word in ("id", "name")}
        there |= {entry.get("name") for entry in sheet.get(monitoring.catalogue()[target].get("kind", "")) or ()}
        told = monitoring.identifying(target)
        found += [(target, entry["name"]) for entry in entries if target in known and entry["name"] not in there and not told & entry.keys()]
    return found


def _unmade(rows: Iterable[Any], absent: Iterable[tuple[str, str]]) -> list[str]:
    """The alarms of these components, but for those that others have as well, such as one of the whole account."""
    names: dict[bool, list[str]] = {True: [], False: []}
    for row in rows:
        if row.side == "cloudwatch" and row.state == _part("_monitoring").PAGES:
            names[(row.target, row.component) in absent].append(row.name)
    return [name for name in names[True] if name not in set(names[False])]


def _told(absent: Iterable[tuple[str, str]], known: Mapping[str, Any], language: str) -> list[str]:
    """A line for each, with the one that may be meant."""
    hints = _part("_hints")
    close = {(target, name): hints.close(name, [one["name"] for one in known[target]]) for target, name in absent}
    return [f"monitoring {target} {name}{hints.hint(language, meant)}" for (target, name), meant in close.items()]


def _without_own(made: Mapping[str, list[dict[str, Any]]], sheet: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    own = {kind: {_identity(entry) for entry in sheet.get(kind) or ()} for kind in made}
    left = {kind: [entry for entry in entries if _identity(entry) not in own[kind]] for kind, entries in made.items()}
    return {kind: entries for kind, entries in left.items() if entries}


def _lacks(rows: Iterable[Any]) -> list[str]:
    """What cannot be made yet, because something is known neither from the sheet nor from the account: a line each."""
    lacking = _part("_monitoring").unwatched(list(rows))
    return [f"monitoring {row.target} {row.component} {row.item} ({row.key}): {', '.join(row.lacks)}" for row in lacking]


def monitoring_entries(expanded: Any, region: str | None = None, unseen: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """kind → entries, as JSON, of what pages in a Region, that of the contract where none is said. `unseen`: metrics on which no alarm is made yet."""
    made = _part("_monitoring_entries").of_region(_table(expanded, "an expanded monitoring"), region or expanded["region"], unseen)
    return {kind: _packed(entries) for kind, entries in made.items()}


def monitoring_former(expanded: Any, alarms: Mapping[str, Any], monitors: Iterable[str] = (), language: str = "ja") -> list[str]:
    """What is there and still tells somebody, though the sheet has it watched no more, or by the other side: a line each, with the entry that ends it."""
    expanded = _table(expanded, "an expanded monitoring")
    called = _part("_plain").unpacked(expanded["called"])
    return list(_part("_monitoring_former").told(called, expanded["region"], expanded["targets"], _plain(alarms), _plain(monitors), language))


def monitoring_open(sheet: Any, contract: Any, language: str = "ja", known: Mapping[str, Any] | None = None) -> list[str]:
    """What is still to be said before everything in the `monitoring` of a sheet is watched: what is wrong in it, and what is lacking."""
    rows, wrong = _part("_monitoring_reading").read(_plain(_table(sheet, "a sheet")), _plain(_table(contract, "a contract")), _plain(known), language)
    return [*wrong, *_lacks(rows)]


def monitoring_proposal(known: Any, sheet: Any = None) -> dict[str, Any]:
    """The `monitoring` that a sheet would have with all that was found."""
    return _part("_monitoring_entries").proposal(_table(known, "what was found"), _table(sheet or {}, "a sheet").get("monitoring") or {})


def monitoring_agents(sheet: Any, contract: Any, known: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What the agents of hosts have to be told: files, each with host, name and text, and what it waits for."""
    return _part("_monitoring_agents").files(_rows(sheet, _table(contract, "a contract"), known))


def monitoring_paper(sheet: Any, contract: Any, at: str, known: Mapping[str, Any] | None = None, language: str = "ja") -> dict[str, Any]:
    """The 監視設計書."""
    papers = _part("_papers_monitoring")
    if language not in papers.WORDS:
        raise AnsibleFilterError(f"language is one of {', '.join(papers.WORDS)}, not {language!r}")
    contract = _table(contract, "a contract")
    return papers.design(_rows(sheet, contract, known), contract, at, language)


def monitoring_sheet(sheet: Any, expanded: Any, unseen: Iterable[Mapping[str, Any]] = (), region: str | None = None) -> dict[str, Any]:
    """The sheet with what its `monitoring` comes to in a Region, that of the contract where none is said."""
    return _part("_monitoring_entries").whole(_table(sheet, "a sheet"), expanded, unseen, region)


def _identity(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(name) for name in ("log_group", "name", "url_path")) + ((entry.get("service"),) if entry.keys() == {"service", "name"} else ())


def _rows(sheet: Any, contract: Mapping[str, Any], known: Mapping[str, Any] | None) -> list[Any]:
    """The rows of a sheet that is in order; else everything that is wrong in it."""
    language = contract.get("language", "ja")
    rows, wrong = _part("_monitoring_reading").read(_plain(_table(sheet, "a sheet")), _plain(contract), _plain(known), language)
    if wrong:
        raise AnsibleFilterError("\n".join(wrong))
    return rows


def _table(given: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise AnsibleFilterError(f"{what} is a dictionary, not {type(given).__name__}")
    return given


def _plain(value: Any) -> Any:
    return _part("_plain").plain(value)


def _packed(value: Any) -> str:
    return _part("_plain").packed(value)


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            monitoring_agents=monitoring_agents,
            monitoring_entries=monitoring_entries,
            monitoring_expanded=monitoring_expanded,
            monitoring_faults=monitoring_faults,
            monitoring_former=monitoring_former,
            monitoring_open=monitoring_open,
            monitoring_paper=monitoring_paper,
            monitoring_proposal=monitoring_proposal,
            monitoring_sheet=monitoring_sheet,
        )
