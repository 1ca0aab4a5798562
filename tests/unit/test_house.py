# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that no linter knows: what belongs to what, who may import whom, what is declared where."""

from __future__ import annotations

import ast
import io
import keyword
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from ansible.module_utils.common.yaml import yaml_load
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
MODULES = sorted(PLUGINS.glob("modules/*.py"))
# Those without these options know neither Region nor credentials.
TO_AWS = [path for path in MODULES if "amazon.aws.region.modules" in path.with_suffix(".yml").read_text(encoding="utf-8")]
TO_MACKEREL = [path for path in MODULES if "msp.aws.mackerel\n" in path.with_suffix(".yml").read_text(encoding="utf-8")]
SOURCES = sorted(PLUGINS.rglob("*.py"))
TEXTS = sorted([*ROOT.glob("roles/**/*.yml"), *ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("catalog/*.yml")])
JAPANESE = "[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff60]"
# The environments in which the collection runs; Cloud Custodian's is only its own.
PINS = [path for path in sorted((ROOT / "tests" / "requirements").glob("*.txt")) if path.stem != "custodian"]


def load(path: str) -> dict:
    return yaml_load((ROOT / path).read_text(encoding="utf-8"))


def pins(path: Path) -> dict[str, Version]:
    lines = (line.split("==") for line in path.read_text(encoding="utf-8").splitlines() if "==" in line)
    return {name.lower().replace("_", "-"): Version(version) for name, version in lines}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- what is declared where


def test_every_module_is_in_the_action_group():
    groups = load("meta/runtime.yml")["action_groups"]
    assert groups == dict(aws=sorted(path.stem for path in TO_AWS), mackerel=sorted(path.stem for path in TO_MACKEREL)), "meta/runtime.yml: action_groups"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_gives_one_name_at_a_time_to_what_it_knows(path):
    """ansible-doc warns of two at once."""
    given = [target for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign) for target in node.targets]
    assert [ast.unparse(target) for target in given if not isinstance(target, ast.Name)] == []


def test_every_module_has_an_action_of_its_own_or_runs_in_the_worker():
    short_cut = PLUGINS / "plugin_utils" / "_in_process.py"
    actions = {path.stem: path for path in PLUGINS.glob("action/*.py")}
    assert actions.keys() == {path.stem for path in MODULES}, "plugins/action: ln -s ../plugin_utils/_in_process.py"
    links = {name: path.readlink() for name, path in actions.items() if path.is_symlink()}
    assert set(links.values()) == {Path("../plugin_utils") / short_cut.name}


@pytest.mark.parametrize("role", sorted(path.name for path in (ROOT / "roles").glob("setup_*") if (path / "tasks" / "remove.yml").exists()))
def test_a_role_tells_of_its_kinds_in_the_order_in_which_it_runs_them(role):
    folder = ROOT / "roles" / role
    runs = [folder / "tasks" / f"{name}.yml" for name in ("main", "audit", "notifications")]
    called = [re.findall(r"^\s+msp\.aws\.(\w+):", path.read_text(encoding="utf-8"), re.MULTILINE) for path in runs if path.exists()]
    order = [kind for one in called for kind in dict.fromkeys(one)]
    readme, specs = ((folder / name).read_text(encoding="utf-8") for name in ("README.md", "meta/argument_specs.yml"))
    assert re.findall(r"^\| [^|`]+ \| `sheet\.(\w+)` \| `ansible-doc msp\.aws\.\1` \|$", readme, re.MULTILINE) == order
    assert re.findall(r"^      - M\(msp\.aws\.(\w+)\)\.$", specs, re.MULTILINE) == order


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/tasks/*.yml")), ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_what_a_role_does_not_wait_for_it_awaits_later(path):
    tasks = [task for task in yaml_load(path.read_text(encoding="utf-8")) or [] if any(name.startswith("msp.aws.") for name in task)]
    modules = {task["register"]: next((name, task[name]) for name in task if name.startswith("msp.aws.")) for task in tasks if "register" in task}
    begun = defaultdict(list)
    for register, (dummy, arguments) in modules.items():
        if arguments.get("wait") is False:
            begun[re.sub(r"^(setup_[a-z]+_)(?:accept_)?", r"\1await_", register)].append(register)
    for later, registers in begun.items():
        for register in registers:
            module, arguments = modules[register]
            # What one side of two accounts asks for and the other accepts is begun by two tasks, and awaited by one.
            whole = {name: re.sub(r", (?:naming|lacking)=\['accept'\]", "", value) for name, value in arguments.items() if name != "wait"}
            assert modules[later] == (module, whole)
            assert list(modules).index(later) > list(modules).index(register)
        seen = " or ".join(f"{register}.awaited is defined" for register in registers)
        when = next(task["when"] for task in tasks if task.get("register") == later)
        assert when == f"{seen} and not ansible_check_mode" or (when.startswith("not ansible_check_mode and (") and seen in when)


def test_the_collections_in_galaxy_and_requirements_are_the_same():
    listed = {entry["name"]: entry["version"] for entry in load("requirements.yml")["collections"]}
    assert listed == load("galaxy.yml")["dependencies"]


def test_every_collection_that_is_used_is_declared():
    declared = {*load("galaxy.yml")["dependencies"], "ansible.builtin", "msp.aws"}
    families = r"(?:amazon|ansible|community|microsoft)"
    python = re.compile(rf"ansible_collections\.({families}\.\w+)\.|^\s*-\s+({families}\.\w+)\.\w", re.MULTILINE)
    places = (r"^\s*(?:-\s+)?NAME\.\w+:", r"(?:lookup|query|q)\(['\"]NAME\.", r"\|\s*NAME\.", r"^(?:plugin|\s*ansible_connection):\s*NAME\.")
    task = re.compile("|".join(places).replace("NAME", f"({families}\\.\\w+)"), re.MULTILINE)
    undeclared = {}
    for folder in ("plugins", "roles", "playbooks", "inventories", "extensions"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".yml", ".yaml"} and path.is_file():
                text = path.read_text(encoding="utf-8")
                used = {name for pattern in (python, task) for match in pattern.finditer(text) for name in match.groups() if name}
                if used - declared:
                    undeclared[name_of(path)] = sorted(used - declared)
    assert not undeclared, "add to galaxy.yml and requirements.yml, with a range"


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_the_pins_lie_in_the_promised_ranges(path):
    pinned = pins(path)
    assert pinned["ansible-core"] in SpecifierSet(load("meta/runtime.yml")["requires_ansible"])
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            assert pinned[requirement.name] in requirement.specifier


def test_the_installed_collections_lie_in_the_promised_ranges():
    import ansible_collections

    places = [Path(place) for place in ansible_collections.__path__]
    for name, wanted in load("galaxy.yml")["dependencies"].items():
        manifest = next(place / name.replace(".", "/") / "MANIFEST.json" for place in places if (place / name.replace(".", "/") / "MANIFEST.json").exists())
        version = yaml_load(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
        assert Version(version) in SpecifierSet(wanted), name


def test_sanity_has_no_ignore_entries():
    assert not list((ROOT / "tests" / "sanity").glob("ignore*.txt"))


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_a_line_break_in_an_expression_stands_in_double_quotes(path):
    """Elsewhere in YAML Ansible takes the backslash of '\\n' for itself, and people read it."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "join('\\n')" in line]
    assert all(line.rstrip().endswith('"') for line in lines), lines


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_blank_comes_into_a_japanese_sentence(path):
    """YAML makes one of a line break. Behind a sentence it does no harm."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    folded = [(one, other) for one, other in pairwise(lines) if re.search(f"{JAPANESE}$", one) and re.match(JAPANESE, other)]
    assert [pair for pair in folded if not pair[0].startswith("#") and not pair[0].endswith("。")] == []


def test_the_pre_commit_hooks_are_valid():
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(ROOT / ".pre-commit-config.yaml")], check=True)


# ---- who may import whom: modules stand on module_utils and on nothing beside or above them


def imports_of(path: Path) -> set[str]:
    package = ["ansible_collections", "msp", "aws", *path.relative_to(ROOT).with_suffix("").parts][:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (start, node.module) if part)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", [path for path in SOURCES if path.relative_to(PLUGINS).parts[0] in {"modules", "module_utils"}], ids=name_of)
def test_nothing_imports_upwards(path):
    own = "ansible_collections.msp.aws"
    forbidden = (f"{own}.plugins.modules.", f"{own}.plugins.plugin_utils", f"{own}.tests", "tests.")
    upwards = sorted(name for name in imports_of(path) if name.startswith(forbidden))
    assert not upwards, "modules and module_utils import module_utils only"


ENGINE = [PLUGINS / "module_utils" / f"_{part}.py" for part in ("engine", "entries", "holding", "kinds", "matching", "options", "reports", "waiting")]


def code_lines(path):
    """How many lines hold code: blank lines, comments and docstrings do not count."""
    text = path.read_text(encoding="utf-8")
    bodies = [node.body for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    docs = [body[0] for body in bodies if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)]
    said = {line for doc in docs for line in range(doc.lineno, doc.end_lineno + 1)}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({line for token in tokens if token.string.strip() and token.type != tokenize.COMMENT for line in range(token.start[0], token.end[0] + 1)} - said)


def test_the_engine_stays_small():
    assert code_lines(ENGINE[0]) < 300


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_the_engine_has_no_word_of_any_service(path):
    """One service is called as a word of Python's own."""
    services = {module.stem.split("_")[0] for module in (*TO_AWS, *TO_MACKEREL) if not module.stem.endswith("_info")} - set(keyword.kwlist)
    assert not services & set(re.findall(r"[a-z0-9]+", path.read_text(encoding="utf-8").lower()))


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem != "_secrets"], ids=name_of)
def test_what_a_secret_holds_is_read_in_one_place(path):
    assert "get_secret_value" not in path.read_text(encoding="utf-8"), "_secrets.kept and _secrets.held read it"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_source_says_its_licence(path):
    text = path.read_text(encoding="utf-8")
    assert not text or "GNU General Public License v3.0+" in text[:1000]
