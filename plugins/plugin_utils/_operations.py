# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that can be requested: their rows in catalog/operations.yml, and their parameters, which stand in the roles only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

ROOT = Path(__file__).resolve().parents[2]
# The classes of the rows, as papers, pages and forms word them.
INTERRUPTIONS = dict(
    none=dict(ja="なし", en="none"),
    restart=dict(ja="瞬断（再起動）", en="a short break (restart)"),
    downtime=dict(ja="停止あり", en="downtime"),
    data_risk=dict(ja="データまたはアドレスが失われることがあります", en="data or an address can be lost"),
)
WORSE = dict(ja="（{} が {} の場合は{}）", en=" ({} {}: {})")
ROLL_BACKS = dict(
    automatic=dict(ja="自動", en="automatic"),
    manual=dict(ja="手動", en="by hand"),
    impossible=dict(ja="不可", en="impossible"),
)
# Of an option of a role what Ansible's own check of arguments understands.
CHECKED = ("type", "required", "choices", "elements", "options", "no_log")


@cache
def operations() -> Mapping[str, Mapping[str, Any]]:
    """The rows by their ids."""
    return yaml_load((ROOT / "catalog" / "operations.yml").read_text(encoding="utf-8"))["operations"]


@cache
def entry_points(role: str) -> Mapping[str, Any]:
    return yaml_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]


def options(operation: str) -> Mapping[str, Any]:
    """The parameters of an operation as its role declares them: the role's variable → the option."""
    row = operations()[operation]
    return entry_points(row["role"])[row["entry"]].get("options", {})


def prefix(operation: str) -> str:
    """What the variables of the role begin with. A request leaves it out."""
    return operations()[operation]["role"] + "_"


def label_of(option: Mapping[str, Any]) -> str:
    """What a parameter is called in Japanese: the beginning of what is told of it."""
    return option["description"][-1].partition("。")[0].partition("（")[0]


def argument_spec(operation: str) -> dict[str, Any]:
    return {name: {word: option[word] for word in CHECKED if word in option} for name, option in options(operation).items()}


def secrets(operation: str) -> list[str]:
    """The parameters that no record and no paper may show."""
    return [name for name, option in options(operation).items() if option.get("no_log")]


def needs_approval(row: Mapping[str, Any]) -> bool:
    """What interrupts, what lets somebody do more, and what cannot be brought back, is done only when somebody has approved that very plan."""
    return row["interruption"] != "none" or bool(row.get("grants")) or row["roll_back"] == "impossible"


def row_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of a request, with the interruption that it has with these parameters."""
    row, given = operations()[request["operation"]], request["parameters"]
    worse = [cases[given[name]] for name, cases in row.get("worse", {}).items() if given.get(name) in cases]
    return dict(row, interruption=worse[0]) if worse else row


def interruption_of(row: Mapping[str, Any], language: str) -> str:
    """Its class in words, with what makes it worse."""
    told = [(name, value, INTERRUPTIONS[worse][language]) for name, cases in row.get("worse", {}).items() for value, worse in cases.items()]
    return INTERRUPTIONS[row["interruption"]][language] + "".join(WORSE[language].format(*one) for one in told)


def canonical(value: Any) -> bytes:
    """The one way to write a value, so that equal values have equal hashes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
