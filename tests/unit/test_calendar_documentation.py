# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the calendar's filters: their options are those of the functions, and their examples come out as written beside them."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.msp.aws.plugins.filter import calendar as filters
from ansible_collections.msp.aws.plugins.plugin_utils import _calendar
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_when import read_when
from tests.playbook import run_playbook

ROOT = Path(__file__).resolve().parents[2]
FILTERS = filters.FilterModule().filters()
PAGES = {name: yaml.safe_load((ROOT / "plugins" / "filter" / f"{name}.yml").read_text(encoding="utf-8")) for name in FILTERS}
RESULT = re.compile(r"^ *# => .*(?:\n *#     .*)*", re.MULTILINE)


def examples(page) -> list[dict]:
    """The tasks of the EXAMPLES that show a value, each with the value that stands below it."""
    shown = [task for task in yaml.safe_load(page["EXAMPLES"]) if "ansible.builtin.debug" in task]
    results = [yaml.safe_load(re.sub(r"^ *# (?:=>|   )", "", found, flags=re.MULTILINE)) for found in RESULT.findall(page["EXAMPLES"])]
    return [dict(task, result=result) for task, result in zip(shown, results, strict=True)]


def play(tasks: list[dict], variables: dict) -> str:
    return yaml.safe_dump([dict(name="Examples", hosts="localhost", gather_facts=False, vars=variables, tasks=tasks)], allow_unicode=True, sort_keys=False)


def test_every_example_comes_out_as_written(tmp_path):
    tasks = []
    for name, page in PAGES.items():
        for example in examples(page):
            variables = dict(example.get("vars", {}), shown=example["ansible.builtin.debug"]["msg"], expected=example["result"])
            check = {"that": "shown == expected", "fail_msg": "{{ shown | string }}"}
            tasks.append({"name": f"{name} | {example['name']}", "ansible.builtin.assert": check, "vars": variables})
        tasks += [task for task in yaml.safe_load(page["EXAMPLES"]) if "ansible.builtin.debug" not in task]
    contract = dict(number="SMP-2026-0412", maintenance_windows=[dict(name="Patches", when="third Sunday 01:00-05:00")])
    (tmp_path / "play.yml").write_text(play(tasks, dict(contract=contract)), encoding="utf-8")
    result = run_playbook(["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", tmp_path / "play.yml"])
    assert result.recap["localhost"]["ok"] == len(tasks) >= 2 * len(PAGES)
    assert (tmp_path / "windows.ics").read_bytes().count(b"\r\nBEGIN:VEVENT\r\n") == 6


def test_days_and_hours_as_yaml_reads_them_are_understood(tmp_path):
    text = """
- name: Unquoted
  hosts: localhost
  gather_facts: false
  vars:
    received: 2026-11-20
    at: 2026-12-20 04:00:00+09:00
    closures:
      - {from: 2026-11-25}
      - {from: 12-28, until: 01-04}
    windows:
      - {name: Patches, when: third Sunday 01:00-05:00, from: 2026-12-01, until: 2026-12-31}
  tasks:
    - name: Days and moments
      ansible.builtin.assert:
        that:
          - received | msp.aws.earliest_date(closures=closures) == '2026-11-27'
          - at | msp.aws.in_maintenance_window(windows, 60)
          - windows | msp.aws.maintenance_windows(received, at | string | truncate(10, true, '')) | length == 1
          - ([dict(name='a', date=received)] | msp.aws.ical('A')) is search('DATE:20261120')
    - name: Now is refused until it says its zone
      ansible.builtin.debug:
        msg: "{{ now() | msp.aws.in_maintenance_window(windows) }}"
"""
    (tmp_path / "play.yml").write_text(text, encoding="utf-8")
    result = run_playbook(["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", tmp_path / "play.yml"], rc=2)
    assert result.recap["localhost"] == dict(result.recap["localhost"], ok=1, failed=1)
    assert "時差が分かりません" in result.output


@pytest.mark.parametrize("name", FILTERS)
def test_a_page_has_the_options_of_its_function(name):
    documented = PAGES[name]["DOCUMENTATION"]
    first, *others = inspect.signature(FILTERS[name]).parameters.values()
    assert documented["name"] == name
    assert list(documented["options"]) == ["_input", *(parameter.name for parameter in others)]
    assert documented["options"]["_input"]["required"] and first.default is first.empty
    for parameter in others:
        option = documented["options"][parameter.name]
        assert option.get("required", False) == (parameter.default is parameter.empty), parameter.name
        if parameter.default not in (parameter.empty, None):
            assert option["default"] == parameter.default
    positional = [parameter.name for parameter in others if parameter.name not in ("language", "strict", "contract")]
    assert documented.get("positional", "") == ", ".join(positional)


def test_what_the_pages_say_of_the_data_is_so():
    catalog = _calendar.catalog()
    options = PAGES["reception"]["DOCUMENTATION"]["options"]
    assert options["desk"]["choices"] == list(catalog["reception"])
    assert set(options["plan"]["choices"]) == {plan for plans in catalog["reception"].values() for plan in plans}
    assert PAGES["earliest_date"]["DOCUMENTATION"]["options"]["days"]["default"] == catalog["lead_business_days"]
    assert [(closure["from"], closure["until"]) for closure in catalog["closures"]] == [("12-29", "01-03")]
    plans = yaml.safe_load((ROOT / "roles/contract/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
    known = plans["options"]["contract"]["options"]["plans"]["options"]["plan"]["choices"]
    assert set(options["plan"]["choices"]) == set(known)


def test_the_words_for_days_on_the_pages_are_all_understood():
    page = "\n".join(PAGES["maintenance_windows"]["DOCUMENTATION"]["options"]["_input"]["description"][-1:])
    words = re.findall(r"V\((.*?)\)", page)
    assert len(words) > 20
    assert all(read_when(f"{word} 01:00-05:00").minutes == 240 for word in words)
