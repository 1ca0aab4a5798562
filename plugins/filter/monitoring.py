# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over the `monitoring` of a sheet: what it says, as entries of kinds.

What they stand on is imported when one is called, since Ansible loads this file in a fresh process for nearly every task.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError


def monitoring_faults(sheet: Any, contract: Any, language: str = "ja") -> list[str]:
    """What is wrong in the `monitoring` of sheet and contract, one line each."""
    reading = _part("_monitoring_reading")
    if language not in reading.TEXTS:
        raise AnsibleFilterError(f"language is one of {', '.join(reading.TEXTS)}, not {language!r}")
    return reading.faults(_table(sheet, "a sheet"), _table(contract, "a contract"), language)


def monitoring_entries(
    sheet: Any, contract: Any, known: Mapping[str, Any] | None = None, region: str | None = None, language: str = "ja"
) -> dict[str, list[dict[str, Any]]]:
    """kind → entries of what pages in a Region, that of the contract where none is said."""
    contract = _table(contract, "a contract")
    return _part("_monitoring_entries").entries(_rows(sheet, contract, known), region or contract["region"], language)


def monitoring_regions(sheet: Any, contract: Any, known: Mapping[str, Any] | None = None) -> list[str]:
    """The Regions in which the sheet has alarms."""
    return _part("_monitoring_entries").regions(_rows(sheet, _table(contract, "a contract"), known))


def monitoring_sheet(sheet: Any, contract: Any, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The sheet with what its `monitoring` comes to in the Region of the contract; what the sheet itself has an entry for is left to that."""
    whole = {kind: given for kind, given in _table(sheet, "a sheet").items() if kind != "monitoring"}
    for kind, made in monitoring_entries(sheet, contract, known).items() if "monitoring" in sheet else ():
        own = whole.get(kind) or []
        whole[kind] = [*own, *(entry for entry in made if not any(_same_thing(entry, other) for other in own))]
    return whole


def _same_thing(entry: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(entry.get(name) == other.get(name) for name in ("name", "log_group")) and entry.get("service") in (None, other.get("service"))


def _rows(sheet: Any, contract: Mapping[str, Any], known: Mapping[str, Any] | None) -> list[Any]:
    """The rows of a sheet that is in order; else everything that is wrong in it."""
    wrong = monitoring_faults(sheet, contract, contract.get("language", "ja"))
    if wrong:
        raise AnsibleFilterError("\n".join(wrong))
    return _part("_monitoring").rows(sheet, contract, known)


def _table(given: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise AnsibleFilterError(f"{what} is a dictionary, not {type(given).__name__}")
    return given


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            monitoring_entries=monitoring_entries,
            monitoring_faults=monitoring_faults,
            monitoring_regions=monitoring_regions,
            monitoring_sheet=monitoring_sheet,
        )
