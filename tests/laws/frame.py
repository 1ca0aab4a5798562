# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of operations as the laws play it: the tasks of playbooks/operate.yml, rendered by Ansible, its modules run in process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar, trust_as_template
from jinja2 import Environment

from ansible_collections.msp.aws.plugins.plugin_utils._operation_plans import on_server
from ansible_collections.msp.aws.plugins.plugin_utils._operations import ROOT, operations, prefix
from tests.laws.operations import Desk

LOADER, CONTEXT = DataLoader(), PlayContext()  # the loader reads a file once
COMPILE: Any = Environment.compile
COMPILED: dict[Any, Any] = {}
# What a role plans that works inside a server: there is none here.
INSIDE = dict(before={}, after=dict(certificate="new"), facts={}, dangers=["would restart nginx"])


@cache
def _plugin(word: str) -> Any:
    return action_loader.get(word, class_only=True)


@cache
def _here() -> Any:
    return connection_loader.get("ansible.builtin.local", CONTEXT)


def compile_once(environment: Environment, source: Any, *more: Any, **how: Any) -> Any:
    """In the place of Environment.compile, which takes a third of the time of a frame: a template that was compiled is not compiled again."""
    if not isinstance(source, str):
        return COMPILE(environment, source, *more, **how)
    key = (type(environment), str(source))
    if key not in COMPILED:
        COMPILED[key] = COMPILE(environment, source, *more, **how)
    return COMPILED[key]


class Refused(Exception):
    """A task of the frame failed: its name, and what it registered."""

    def __init__(self, task: str, result: Mapping[str, Any]) -> None:
        super().__init__(f"{task}: {result['msg']}")
        self.task, self.result = task, result


class Acts(Exception):
    """The frame has come to where the work is done."""


class Frame:
    """One run of playbooks/operate.yml up to where the work would be done. A task that it does not know is an error, not nothing."""

    def __init__(self, desk: Desk, operation: str, **given: Any) -> None:
        self.desk, self.operation = desk, operation
        self.templar = Templar(LOADER)
        self.roles: list[Path] = []
        self.known: dict[str, Any] = dict(given, ansible_check_mode=False)
        self.given = given

    def run(self) -> dict[str, Any]:
        """The variables at the end of a run that does nothing. Refused and Acts say that it came to another end."""
        (play,) = self._load(ROOT / "playbooks" / "operate.yml")
        self._play(play["tasks"], {})
        return self.known

    def _load(self, path: Path) -> Any:
        return LOADER.load_from_file(str(path), trusted_as_template=True)

    def _play(self, tasks: list[dict[str, Any]], outer: Mapping[str, Any]) -> None:
        for task in tasks:
            self._task(task, {**outer, **task.get("vars", {})})

    def _task(self, task: dict[str, Any], given: Mapping[str, Any]) -> None:
        conditions = task.get("when", [])
        if not all(self._is(one, given) for one in (conditions if isinstance(conditions, list) else [conditions])):
            result: dict[str, Any] = dict(changed=False, skipped=True)
        else:
            result = self._deed(task, given)
        if result.get("failed"):
            raise Refused(task["name"], result)
        if "register" in task:
            self.known[task["register"]] = result

    def _deed(self, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        if "block" in task:
            return self._block(task, given)
        word = next(word for word in task if "." in word)
        try:
            return self.DEEDS[word](self, word, task, given)
        except AnsibleError as error:
            return dict(failed=True, msg=str(error))

    def _block(self, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            self._play(task["block"], given)
        except Refused as refused:
            if "rescue" not in task:
                raise
            self.known["ansible_failed_result"] = refused.result
            self._play(task["rescue"], given)
        return {}

    def _render(self, value: Any, given: Mapping[str, Any]) -> Any:
        self.templar.available_variables = {**self.known, **given}
        return self.templar.template(value)

    def _is(self, condition: Any, given: Mapping[str, Any]) -> bool:
        return bool(self._render(trust_as_template("{{ " + str(condition) + " }}"), given))

    # ---- what tasks do

    def _role(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        role = self._render(task[word], given)
        name, file = role["name"].removeprefix("msp.aws."), role.get("tasks_from", "main")
        if name == operations()[self.operation]["role"]:
            return self._entry_point(given)
        root = ROOT / "roles" / name
        for part in ("defaults", "vars"):
            if (root / part / "main.yml").exists():
                self.known.update(self._load(root / part / "main.yml"))
        self.known.update(self.given)
        self.roles.append(root)
        self._play(self._load(root / "tasks" / f"{file}.yml"), given)
        self.roles.pop()
        return {}

    def _entry_point(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if self._render(given.get("operation_acts", False), given):
            raise Acts
        row = operations()[self.operation]
        variables = {name: value for name, value in self.known.items() if name.startswith(prefix(self.operation))}
        result = self.desk.attempt(self.operation, check=True, variables=variables) if row["module"] else on_server({}, INSIDE, row["example"]["target"], "i-1")
        self.known[f"{row['role']}_result"] = result
        return result

    def _tasks(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        self._play(self._load(self.roles[-1] / "tasks" / task[word]), given)
        return {}

    def _facts(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        for item in self._render(task.get("loop", [None]), given):
            for name, value in task[word].items():
                self.known[self._render(name, dict(given, item=item))] = self._render(value, dict(given, item=item))
        return {}

    def _assert(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        return {} if self._is(task[word]["that"], given) else dict(failed=True, assertion=task[word]["that"], msg=self._render(task[word]["fail_msg"], given))

    def _fail(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        return dict(failed=True, msg=self._render(task[word]["msg"], given))

    def _caller(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        return dict(account=self.desk.stage.client("sts").get_caller_identity()["Account"])

    def _action(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        made = Task()
        made.args, made.action = self._render(task[word], given), word
        parts = dict(task=made, connection=_here(), play_context=CONTEXT, loader=LOADER, templar=self.templar, shared_loader_obj=None)
        return _plugin(word)(**parts).run(task_vars={**self.known, **given})

    def _said(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """What is said counts where a later task goes by it."""
        return dict(msg=self._render(task[word]["msg"], given)) if "register" in task else {}

    def _nothing(self, word: str, task: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    DEEDS = {
        "ansible.builtin.include_role": _role,
        "ansible.builtin.import_role": _role,
        "ansible.builtin.include_tasks": _tasks,
        "ansible.builtin.import_tasks": _tasks,
        "ansible.builtin.set_fact": _facts,
        "ansible.builtin.assert": _assert,
        "ansible.builtin.debug": _said,
        "ansible.builtin.fail": _fail,
        "ansible.builtin.set_stats": _nothing,
        "amazon.aws.aws_caller_info": _caller,
        "msp.aws.operation_request": _action,
        "msp.aws.operation_ledger": _action,
    }
