# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No row of the terms without code, no code without a row."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tools import coverage

ROWS = coverage.rows()
ITEMS = [item for row in ROWS for item in row["items"]]
MODULES = {path.stem for path in (coverage.ROOT / "plugins" / "modules").glob("*.py")}
INSIDE = [item for part in ("servers", "operated_servers") for row in coverage.rows(part) for item in row["items"]]
UNITS = yaml.safe_load((coverage.ROOT / "catalog" / "units.yml").read_text(encoding="utf-8"))


def test_the_first_table_is_whole():
    assert len(ROWS) == 36, "別紙4 第1表 has 36 rows"
    assert len({(row["service"], row["ja"]) for row in ROWS}) == 36
    assert len({item["id"] for item in ITEMS}) == len(ITEMS) == 95, "95 items were found in them"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_no_row_is_without_code(item):
    assert item["kinds"] and set(item["kinds"]) <= kinds().keys()
    assert set(item.get("options", ())) <= {option for kind in item["kinds"] for option in kinds()[kind].options}
    assert set(item.get("modules", ())) <= MODULES - kinds().keys()


@pytest.mark.parametrize("item", INSIDE, ids=lambda item: item["id"])
def test_every_role_inside_servers_is_played(item):
    played = "".join(coverage.scenarios_of().values())
    assert item["roles"] and not [role for role in item["roles"] if f"msp.aws.{role}\n" not in played]


def test_no_kind_is_without_a_row():
    """Kinds of 別紙4 第2表 have theirs in the units of the components."""
    basic = {kind for item in ITEMS for kind in item["kinds"]}
    components = {kind for menu in ("set_up", "operation") for unit in UNITS[menu].values() for kind in unit.get("kinds", ())}
    inside = {kind for unit, named in UNITS["inside"].items() if unit != "basic" for kind in named}
    assert kinds().keys() - basic - components - inside == set()
    assert set(UNITS["inside"]["basic"]) - basic == set(), "what counts as basic stands in a row of the first table"


def test_no_module_is_without_a_row():
    """What is no kind is an operation, stands in a row beside its kinds, or is called by a role or a playbook."""
    operated = {row["module"] for row in operations().values()}
    beside = {module for item in ITEMS for module in item.get("modules", ())}
    texts = [path.read_text(encoding="utf-8") for folder in ("roles", "playbooks") for path in (coverage.ROOT / folder).rglob("*.yml")]
    called = set(re.findall(r"^\s+msp\.aws\.(\w+):", "\n".join(texts), re.MULTILINE))
    assert MODULES - kinds().keys() - operated - beside - called == set()


def test_every_kind_runs_in_a_role():
    tasks = "\n".join(path.read_text(encoding="utf-8") for path in coverage.ROOT.glob("roles/setup_*/tasks/*.yml"))
    called = set(re.findall(r"^\s+msp\.aws\.(\w+):", tasks, re.MULTILINE))
    assert kinds().keys() - called == set()


@pytest.mark.parametrize("path, text", coverage.pages().items(), ids=lambda value: getattr(value, "name", ""))
def test_the_pages_are_current(path, text):
    assert path.read_text(encoding="utf-8") == text, "make coverage"
