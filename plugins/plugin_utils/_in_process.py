# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of this collection inside Ansible's own worker, where it would be started with this very Python on this very machine anyway.

Starting Python, importing boto3 and unpacking the module take several times as long as what a list module does that finds everything in order. Ansible forks a
worker per task from a process that has all of it loaded already. The network collections run their modules in this way too.

Each module's action plugin is a link to this file and not a redirect: `module_defaults` and their groups go by the action's name, which a redirect changes.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from typing import Any

from ansible import constants
from ansible.module_utils.testing import patch_module_args
from ansible.plugins.action.normal import ActionModule as Ordinary
from ansible.utils.display import Display

from ansible_collections.msp.aws.plugins.plugin_utils._preload import preload

preload()
PROFILE = "legacy"  # in which patch_module_args writes the arguments, and the module its answer


class ActionModule(Ordinary):
    """The ordinary way of running a module, with a short cut."""

    def _execute_module(self, *arguments: Any, task_vars: Any = None, wrap_async: bool = False, **options: Any) -> dict[str, Any]:
        if wrap_async or not self._is_here(task_vars or {}):
            return super()._execute_module(*arguments, task_vars=task_vars, wrap_async=wrap_async, **options)
        name, given = self._task.action, dict(self._task.args)
        Display().vvv(f"{name} runs in the worker, without a process of its own")
        self._update_module_args(name, given, task_vars)
        module = import_module(f"ansible_collections.msp.aws.plugins.modules.{name.rpartition('.')[2]}")
        said = StringIO()
        with patch_module_args(given), redirect_stdout(said), suppress(SystemExit):
            module.main()
        answer = self._parse_returned_data(dict(rc=0, stdout=said.getvalue(), stderr=""), PROFILE)
        return answer.as_result_dict(for_round_trip=True) if hasattr(answer, "as_result_dict") else answer  # ansible-core 2.21 has an own class for it

    def _is_here(self, task_vars: dict[str, Any]) -> bool:
        """Whether the module would start with this Python on this machine, as this user, in this environment; and nobody wants to see its file."""
        return (
            self._connection.transport == "local"
            and not self._task.delegate_to
            and not self._connection.become
            and not self._compute_environment_string().strip()
            and not constants.DEFAULT_KEEP_REMOTE_FILES
            and self._templar.template(task_vars.get("ansible_python_interpreter")) == sys.executable
        )
