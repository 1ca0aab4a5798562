# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the fee filters: it names every parameter, and every example comes to what stands beneath it."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.msp.aws.plugins.filter.fees import FilterModule
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import CONTRACT, EVENTS
from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import read_events

FOLDER = Path(__file__).resolve().parents[2] / "plugins" / "filter"
FILTERS = FilterModule().filters()
EXAMPLE = re.compile(r"^- name: .*?^  # => (?P<result>[^\n]+)$", re.MULTILINE | re.DOTALL)


def page(name):
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def trusted(value):
    """A value with its templates marked as our own, as Ansible marks what stands in a playbook."""
    if isinstance(value, dict):
        return {key: trusted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return trust_as_template(value) if isinstance(value, str) else value


EXAMPLES = [(name, match) for name in sorted(FILTERS) for match in EXAMPLE.finditer(page(name)["EXAMPLES"])]


@pytest.mark.parametrize("name, match", EXAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_example_comes_to_what_it_says(name, match):
    (task,) = yaml.safe_load(match[0])
    templar = Templar(loader=DataLoader(), variables=trusted(task["vars"]))
    found = templar.template(trust_as_template(task["ansible.builtin.debug"]["msg"]))
    assert json.loads(json.dumps(found)) == json.loads(match["result"])


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_page_has_examples_with_results_and_names_every_parameter(name):
    documented = page(name)["DOCUMENTATION"]
    tasks = yaml.safe_load(page(name)["EXAMPLES"])
    assert len(tasks) == sum(1 for owner, dummy in EXAMPLES if owner == name) > 0
    own, *others = inspect.signature(FILTERS[name]).parameters.values()
    assert set(documented["options"]) == {"_input", *(one.name for one in others)}
    for one in others:
        assert documented["options"][one.name].get("required", False) == (one.default is inspect.Parameter.empty), one.name
    positional = [part for part in documented.get("positional", "").split(", ") if part]
    assert positional == [one.name for one in others][: len(positional)]


def test_the_page_of_the_invoice_names_every_field_and_every_event():
    text = json.dumps(page("invoice")["DOCUMENTATION"], ensure_ascii=False)
    words = set(re.findall(r"\w+", text))
    fields = {name for shape in EVENTS.values() for name in shape}
    assert {*CONTRACT, *EVENTS, *fields} - words == set()


ROOT = FOLDER.parents[1]


@pytest.mark.parametrize("name", ["events.md", "events.ja.md"])
def test_the_table_of_events_names_each_with_its_fields_and_which_of_them_it_needs(name):
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines() if line.count(" | ") == 2]
    told = {row[0].strip("`"): row[1] for row in rows if row[0].strip("`") in EVENTS}
    assert {name: set(re.findall(r"`(\w+)`", fields)) for name, fields in told.items()} == {name: set(shape) for name, shape in EVENTS.items()}
    needed = {name: {field for field, one in shape.items() if one.required} for name, shape in EVENTS.items()}
    assert {name: set(re.findall(r"\*\*`(\w+)`\*\*", fields)) for name, fields in told.items()} == needed


def test_the_template_has_a_right_example_of_every_event():
    lines = (ROOT / "inventories/template/group_vars/all/events.yml").read_text(encoding="utf-8").splitlines()
    given = yaml.safe_load("\n".join(line[1:] for line in lines if line.startswith("#  - ")))
    faults = []
    found = read_events(given, faults)
    assert (faults, {event.kind for event in found}) == ([], set(EVENTS))
