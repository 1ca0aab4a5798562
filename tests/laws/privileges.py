# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least privileges of a kind: the calls it makes when its EXAMPLES are played, in IAM's words."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.laws.stage import Stage, examples

ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "docs" / "iam"


@cache
def words() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "catalog" / "iam_actions.yml").read_text(encoding="utf-8"))


def calls_of(stage: Stage, kind: str) -> set[str]:
    """Every call of a kind: gather, plan, apply and apply again each of its examples. The account must be prepared."""
    shown = examples(kind)
    for act in (shown.make, *shown.changes, shown.remove):
        for check in (True, False, False):
            stage.run(kind, act, check=check)
        if act is not shown.remove:
            stage.gather(kind)
    stage.gather(kind)
    return {f"{call['service']}:{call['operation']}" for call in stage.double.calls()}


def actions(calls: set[str]) -> list[str]:
    """IAM's names of these calls."""
    named = words()["actions"]
    return sorted({action for call in calls if call not in words()["free"] for action in named.get(call, [call])})


def document(needed: list[str]) -> dict[str, Any]:
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action=needed, Resource="*")])


def shipped(kind: str) -> list[str]:
    """The actions of the policy in docs/iam."""
    return json.loads((POLICIES / f"{kind}.json").read_text(encoding="utf-8"))["Statement"][0]["Action"]
