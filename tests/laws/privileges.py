# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least privileges of a kind in IAM's words: the calls that stand in its code, and those seen when its EXAMPLES are played."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from botocore import xform_name
from botocore.session import get_session

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, SCOPES, scoped
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations as operations_of_the_catalogue
from tests.laws.stage import KINDS, Stage, examples

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "plugins" / "modules"
# What an entry point asks of AWS beside its module: the role that makes a host of the server, and the plugin that reads a secret.
BESIDE = {"inside.yml": "ec2:DescribeInstances", "amazon.aws.secretsmanager_secret": "secretsmanager:GetSecretValue"}
POLICIES = ROOT / "docs" / "iam"


@cache
def words() -> dict[str, Any]:
    return yaml_load((ROOT / "catalog" / "iam_actions.yml").read_text(encoding="utf-8"))


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


def calls_in_code(kind: str) -> set[str]:
    """Every call that the code of a kind can come to: in its module, in what that uses of module_utils, and to look up what its options refer to."""
    path = MODULES / f"{kind}.py"
    return _calls(list(reached(path)), {KINDS[kind].service}) | _look_ups(KINDS[kind].options)


def calls_in_operation(operation: str) -> set[str]:
    """The same for an operation. A setting is found, read and changed; it is made only where its row says so, and removed only where its task does."""
    row = operations_of_the_catalogue()[operation]
    task = (ROOT / "roles" / row["role"] / "tasks" / f"{row['entry']}.yml").read_text(encoding="utf-8")
    beside = {call for word, call in BESIDE.items() if word in task}
    if row["module"] is None:
        return beside
    path, kind = MODULES / f"{row['module']}.py", KINDS.get(row["module"])
    if kind is None:
        return _calls(list(reached(path)), set()) | beside
    deeds = [kind.find, kind.look, kind.read, kind.update, kind.create if row.get("makes") else None]
    deeds += [kind.holders, kind.delete] if "state: absent" in task else []
    used = [function for function in deeds if function and function.__name__ in parts(path)]
    return _calls(list(reached(path, [parts(path)[function.__name__] for function in used])), {kind.service}) | _look_ups(kind.options) | beside


def _calls(code: list[ast.AST], known: set[str]) -> set[str]:
    services = known | {named(node) for node in code if isinstance(node, ast.Attribute) and is_name(node.value, "aws")}
    said = {node.value for node in code if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = set()
    for service in (services | said) & set(get_session().get_available_services()):
        called = {node.attr for node in code if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and named(node.value) == service}
        found |= {f"{service}:{operation}" for method, operation in operations(service).items() if method in called or method in said}
    return found


def _look_ups(options: Any) -> set[str]:
    found = set()
    for other in {kind for option in every_option(options) for kind in (option.ref, *(option.value_refs or {}).values())} & LOOKUPS.keys():
        for listed in {other, *([SCOPES] if scoped(other) else [])}:
            found.add(f"{LOOKUPS[listed].service}:{operations(LOOKUPS[listed].service)[LOOKUPS[listed].operation]}")
    return found


def named(node: ast.Attribute) -> str:
    """The service whose client `aws.<attribute>` is."""
    return node.attr.rstrip("_").replace("_", "-")


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def every_option(options: Any) -> Iterator[Any]:
    for option in options.values():
        yield option
        yield from every_option(option.options or {})


@cache
def operations(service: str) -> dict[str, str]:
    """Method of a client → operation."""
    return {xform_name(name): name for name in get_session().get_service_model(service).operation_names}


@cache
def parts(path: Path) -> dict[str, ast.AST]:
    """The functions and constants of a file by their names."""
    found: dict[str, ast.AST] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        for name in [getattr(node, "name", None), *(target.id for target in targets if isinstance(target, ast.Name))]:
            if name:
                found[name] = node
    return found


def reached(path: Path, begin: Iterable[ast.AST] = ()) -> Iterator[ast.AST]:
    """All nodes of a module, or of these parts of it, and those of the functions of its own and of module_utils that they come to."""
    waiting: list[tuple[Path, ast.AST]] = [(path, part) for part in begin or [ast.parse(path.read_text(encoding="utf-8"))]]
    seen: set[ast.AST] = {part for dummy, part in waiting}
    while waiting:
        here, tree = waiting.pop()
        for node in ast.walk(tree):
            yield node
            for there, part in used_by(node, here):
                if part not in seen:
                    seen.add(part)
                    waiting.append((there, part))


def used_by(node: ast.AST, here: Path) -> Iterator[tuple[Path, ast.AST]]:
    utils = ROOT / "plugins" / "module_utils"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        there = utils / f"{node.value.id}.py"
        if there.exists() and node.attr in parts(there):
            yield there, parts(there)[node.attr]
    elif isinstance(node, ast.Name) and node.id in parts(here):
        yield here, parts(here)[node.id]


def actions(calls: set[str]) -> list[str]:
    """IAM's names of these calls."""
    named = words()["actions"]
    return sorted({action for call in calls if call not in words()["free"] for action in named.get(call, [call])})


def of_options(kind: str) -> set[str]:
    """What options of a kind need beyond its calls."""
    return {action for needed in words()["options"].get(kind, {}).values() for action in needed}


def document(needed: list[str]) -> dict[str, Any]:
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action=needed, Resource="*")])


def has_policy(kind: Any) -> bool:
    """Whether IAM has a say: elsewhere a key may read, or read and write."""
    return kind.door is Aws


def with_policy(kinds: Iterable[str]) -> list[str]:
    return [kind for kind in kinds if has_policy(KINDS[kind])]


def shipped(kind: str) -> list[str]:
    """The actions of the policy in docs/iam."""
    return json.loads((POLICIES / f"{kind}.json").read_text(encoding="utf-8"))["Statement"][0]["Action"]


def to_look(kinds: Iterable[str]) -> list[str]:
    """The actions with which an account is looked at and nothing is changed: the reads of all kinds, and who changed what."""
    reading = {action for kind in kinds for action in set(shipped(kind)) - of_options(kind) if is_read(action)}
    return sorted((reading | {"cloudtrail:LookupEvents"}) - {"secretsmanager:GetSecretValue"})  # whoever only looks has no use for a secret


def is_read(action: str) -> bool:
    return re.match(r"BatchGet|Describe|Get|List|Search|View|Generate\w*Report$", action.partition(":")[2]) is not None
