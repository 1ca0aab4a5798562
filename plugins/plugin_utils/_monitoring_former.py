# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What still tells somebody, though the sheet has it watched no more, or by the other side: known by the names that an expansion gives.

Nothing is removed for it. Alarms are of this account, so those of components that left the sheet are known by what they look at, too; an organization
of Mackerel may be that of several accounts, so of monitors only those are told whose very names this sheet could have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import OTHER_SIDE, PAGES, PART, SIDES, Row, catalogue, fill, rows
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring_entries import MONITORS, watched

WORDS = dict(
    ja=dict(
        off="監視項目「{item}」は監視しません（false）",
        other_side="監視項目「{item}」は {side} が通知します",
        shown="監視項目「{item}」は表示だけです",
        gone="シートの monitoring にはありません",
        line="{kind} {name}: {why}。アカウントに残っているため、今も通知します。"
        "止めるには、シート{where}に加えてください: {kind}: [{{name: {quoted}, state: absent}}]",
        elsewhere="（リージョンが {} のホスト）",
    ),
    en=dict(
        off="the item {item!r} is not watched (false)",
        other_side="of the item {item!r} {side} pages",
        shown="the item {item!r} is only shown",
        gone="nothing under monitoring of the sheet comes to it",
        line="{kind} {name}: {why}; it is there and still pages. To end that, add to the sheet{where}: {kind}: [{{name: {quoted}, state: absent}}]",
        elsewhere=" (of a host whose Region is {})",
    ),
)
KEPT = ""  # in the place of a reason
Names = dict[str, dict[str, str]]


def names(made: list[Row], sheet: Mapping[str, Any], contract: Mapping[str, Any], known: Mapping[str, Any] | None, language: str) -> Names:
    """Kind → name → why the sheet does not have it tell anybody; of what it does, or has an entry of its own for, nothing."""
    found: Names = {kind: {str(entry.get("name")): KEPT for entry in sheet.get(kind) or ()} for kind in ("cloudwatch_alarms", "mackerel_monitors")}
    paged = {row.subject: row.side for row in made if row.meant == PAGES}
    for row in sorted(made, key=lambda row: row.meant != PAGES):
        side = paged.get(row.subject)
        code = "other_side" if row.meant == OTHER_SIDE and side else "shown"
        _note(found, row, KEPT if row.meant == PAGES else _why(row, code, language, side))
    for row in _switched_off(made, sheet, contract, known):
        _note(found, row, _why(row, "off", language, None))
    return found


def _note(found: Names, row: Row, why: str) -> None:
    kind = "cloudwatch_alarms" if row.side == "cloudwatch" else "mackerel_monitors"
    if "lightsail" not in row.definition and (row.side == "cloudwatch" or row.definition["type"] in MONITORS):
        found[kind].setdefault(row.name, why)


def _why(row: Row, code: str, language: str, side: str | None) -> str:
    return WORDS[language][code].format(item=catalogue()[row.target]["items"][row.item][language], side=SIDES.get(side or ""))


def _switched_off(made: list[Row], sheet: Mapping[str, Any], contract: Mapping[str, Any], known: Mapping[str, Any] | None) -> list[Row]:
    """The rows that there would be if no item were false."""
    agreed = contract.get(PART) or {}
    for_all = {target: _not_false(items) for target, items in (agreed.get("items") or {}).items()}
    fewer = {target for target, items in (agreed.get("items") or {}).items() if items != for_all[target]}
    woken = {
        target: [dict(entry, items=_not_false(entry.get("items"))) for entry in entries if target in fewer or False in (entry.get("items") or {}).values()]
        for target, entries in (sheet.get(PART) or {}).items()
    }
    there = {row.subject for row in made}
    all_of_them = rows({PART: woken}, dict(contract, **{PART: dict(agreed, items=for_all)}), known)
    return [row for row in all_of_them if row.subject not in there]


def _not_false(items: Mapping[str, Any] | None) -> dict[str, Any]:
    return {item: said for item, said in (items or {}).items() if said is not False}


def told(
    called: Names, own: str, targets: Iterable[str], alarms: Mapping[str, Iterable[Mapping[str, Any]]], monitors: Iterable[str], language: str
) -> Iterator[str]:
    """A line for each. `alarms`: Region → those there; `own` is the Region of the contract, and `targets` those that the sheet names."""
    for region, some in alarms.items():
        for alarm in some:
            why = called["cloudwatch_alarms"].get(alarm["name"])
            if why is None and _is_ours(alarm, region, own, set(targets)):
                why = WORDS[language]["gone"]
            if why and alarm["pages"]:
                yield _line("cloudwatch_alarms", alarm["name"], why, language, WORDS[language]["elsewhere"].format(region) if region != own else "")
    for name in monitors:
        if called["mackerel_monitors"].get(name):
            yield _line("mackerel_monitors", name, called["mackerel_monitors"][name], language, "")


def _line(kind: str, name: str, why: str, language: str, where: str) -> str:
    return WORDS[language]["line"].format(kind=kind, name=name, why=why, where=where, quoted=json.dumps(name, ensure_ascii=False))


def _is_ours(alarm: Mapping[str, Any], region: str, own: str, targets: set[str]) -> bool:
    """Whether the name is one that the catalogue gives to an alarm on just these metrics.

    What is in one Region for the whole world may be another sheet's, of that Region, as long as this one does not name its target.
    """
    for target in (target for target in catalogue() if alarm["name"].startswith(f"{target}-")):
        for item, about in catalogue()[target]["items"].items():
            for key, definition in about.get("cloudwatch", {}).items():
                ends = alarm["name"].endswith(f"-{item}" if key == item else f"-{item}-{key}")
                there = target in targets if "region" in definition else True
                if ends and there and definition.get("region", own) == region and _metrics(definition, alarm["name"]) == sorted(alarm["metrics"]):
                    return True
    return False


def _metrics(definition: Mapping[str, Any], name: str) -> list[list[str]]:
    if "lightsail" in definition:
        return []
    return sorted([one["namespace"], fill(one["metric_name"], dict(metric_name=name))] for one in watched(definition))
