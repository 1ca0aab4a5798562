# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all roles have in common: one interface, written once, and a short page on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.module_utils.common.yaml import yaml_load
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
# These work inside a server, so they have a page of forty lines and a scenario.
IN_GUEST = [
    ROOT / "roles" / name
    for name in (
        "cloudwatch_agent",
        "ebs_volume",
        "linux_files",
        "linux_packages",
        "linux_server",
        "mackerel_agent",
        "middleware",
        "os_patch",
        "server_certificate",
        "ssm_agent",
    )
]
# The other roles run these.
HELPERS = ("linux_files", "linux_packages")


def load(path: Path):
    return yaml_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def entry_points(role: Path) -> dict:
    return load(role / "meta" / "argument_specs.yml")["argument_specs"]


def options(role: Path) -> dict:
    return {name: option for entry in entry_points(role).values() for name, option in entry.get("options", {}).items()}


def name_of(role: Path) -> str:
    return role.name


@pytest.mark.parametrize("role", ROLES, ids=name_of)
def test_the_defaults_are_those_that_the_argument_specs_tell(role):
    told = {name: option["default"] for name, option in options(role).items() if "default" in option}
    # Where a validation fails, Ansible shows its whole spec with all defaults, and a sheet may hold secrets.
    assert told == {name: value for name, value in (load(role / "defaults" / "main.yml") or {}).items() if not str(value).startswith("{{ sheet ")}


@pytest.mark.parametrize("role", ROLES, ids=name_of)
def test_every_entry_point_has_its_tasks(role):
    assert not [name for name in entry_points(role) if not (role / "tasks" / f"{name}.yml").exists()]


def test_what_all_papers_of_the_billing_take_is_written_once():
    """An alias in YAML is the very thing that it stands for."""
    told = [(name, option) for entry in entry_points(ROOT / "roles" / "billing").values() for name, option in entry["options"].items()]
    assert not [name for name, option in told if any(other == option and other is not option for same, other in told if same == name)]


@pytest.mark.parametrize("role", ROLES, ids=name_of)
def test_every_role_has_a_page(role):
    text = (role / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {role.name}\n")
    assert len(text.splitlines()) <= (40 if role in IN_GUEST else 60)


@pytest.mark.parametrize("role", IN_GUEST, ids=name_of)
def test_every_option_bears_the_name_of_its_role(role):
    named = [*options(role), *(name for path in (role / "vars").glob("*.yml") for name in load(path) or {})]
    assert not [name for name in named if not name.startswith(role.name)]


@pytest.mark.parametrize("role", IN_GUEST, ids=name_of)
def test_every_option_that_is_told_is_used(role):
    text = "".join(path.read_text(encoding="utf-8") for folder in ("tasks", "vars", "handlers") for path in (role / folder).rglob("*.yml"))
    assert not [name for name in options(role) if name not in text]


@pytest.mark.parametrize("role", [role for role in IN_GUEST if role.name not in HELPERS], ids=name_of)
def test_a_scenario_runs_every_role(role):
    converge = [path.read_text(encoding="utf-8") for path in (ROOT / "extensions" / "molecule").glob("*/converge.yml")]
    assert any(f"msp.aws.{role.name}\n" in text for text in converge)


REFUSE = {"ansible.builtin.assert": "fail_msg", "ansible.builtin.fail": "msg", "msp.aws.refuse": "msg"}


def refusals(tasks):
    """What tasks say when they refuse, without what templates put in."""
    for task in tasks or []:
        for part in ("block", "rescue", "always", "tasks"):
            yield from refusals(task.get(part))
        said = next((task[action][words] for action, words in REFUSE.items() if action in task and words in task[action]), "")
        yield re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", said, flags=re.DOTALL)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("roles/*/tasks/**/*.yml"), *ROOT.glob("playbooks/*.yml")]), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_refusal_is_told_in_japanese_and_behind_it_in_english(path):
    for said in refusals(load(path)):
        assert not re.search(r"\w{2}", said) or re.search(r"[\u3040-\u30ff\u4e00-\u9fff].*\([^()]*[a-z]{2,} [a-z]{2,}", said, re.DOTALL), said


@pytest.mark.parametrize("version, asked", [("latest", ["{0}", True]), ("3.3", ["{0}-3.3", False])])
@pytest.mark.parametrize("agent", ["ssm_agent", "cloudwatch_agent"])
def test_on_amazon_linux_an_agent_comes_from_its_repository_in_the_version_that_was_agreed(agent, version, asked):
    loader = DataLoader()
    facts = dict(distribution="Amazon", architecture="x86_64", pkg_mgr="dnf")
    given = {"ansible_facts": facts, f"{agent}_version": version, "ssm_agent_asked": dict(stdout="SSM Agent version: 3.2")}
    templar = Templar(loader, variables=loader.load_from_file(str(ROOT / "roles" / agent / "vars" / "main.yml"), trusted_as_template=True) | given)
    tasks = loader.load_from_file(str(ROOT / "roles" / agent / "tasks" / "install.yml"), trusted_as_template=True)
    task = next(task for task in tasks if task["name"] == "Install it from the repository of the distribution")
    assert templar.template(trust_as_template("{{ " + task["when"] + " }}"))
    assert list(templar.template(task["vars"]).values()) == [[asked[0].format("amazon-" + agent.replace("_", "-"))], asked[1]]


@pytest.mark.parametrize("latest", [False, True])
def test_mackerels_packages_come_as_they_are_or_as_the_newest(latest):
    loader = DataLoader()
    tasks = loader.load_from_file(str(ROOT / "roles" / "mackerel_agent" / "tasks" / "install.yml"), trusted_as_template=True)
    given = dict(mackerel_agent_packages=["mackerel-agent"], mackerel_agent_latest=latest)
    told = Templar(loader, variables=given).template(next(task for task in tasks if task["name"] == "Packages")["vars"])
    assert told == dict(linux_packages_names=["mackerel-agent"], linux_packages_latest=latest)
