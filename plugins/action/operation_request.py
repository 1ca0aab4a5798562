# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a request for an operation and passes it through the gates, on the controller. Its documentation is that of the module of the same name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.msp.aws.plugins.plugin_utils import _gates, _requests
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations, options, secrets

OPTIONS = dict(
    request=dict(type="dict"),
    path=dict(type="path"),
    contract=dict(type="dict", required=True),
    sheet=dict(type="dict", default={}),
    events=dict(type="list", elements="dict", default=[]),
    language=dict(type="str", choices=["ja", "en"], default="ja"),
    gates=dict(type="str", choices=["none", "plan", "start"], default="plan"),
    secret=dict(type="bool", default=False),
)


class ActionModule(ActionBase):
    """Ansible's way in."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, given = self.validate_argument_spec(OPTIONS, required_one_of=[("request", "path")], mutually_exclusive=[("request", "path")])
        try:
            request = self._request(given["request"], given["path"], self._vault(task_vars or {}))
            now = datetime.now(UTC) if given["gates"] == "start" else None
            refused = None if given["gates"] == "none" else _gates.refusal(request, given["contract"], given["sheet"], given["events"], now)
        except _requests.RequestError as error:
            raise AnsibleActionFail(_gates.unclear(error, given["language"])) from None
        except (FeeError, CalendarError) as error:
            raise AnsibleActionFail(_gates.unreadable(error, given["language"])) from None
        if refused:
            return {**result, "failed": True, "msg": refused[given["language"]], "refused": refused}
        variables, operation = request.pop("variables"), request["operation"]
        _refuse_others(operation, variables, task_vars or {})
        # What a task returns is written down by whoever listens, such as AWX.
        told = {name: value for name, value in variables.items() if (name in secrets(operation)) is given["secret"]}
        result.update(changed=False, request=request, row=dict(operations()[operation], id=operation), variables=told)
        return dict(result, secrets=[name for name in variables if name in secrets(operation)])

    def _request(self, given: Any, path: str | None, vault: dict[str, Any]) -> dict[str, Any]:
        if path is not None and path.lower().endswith(".xlsx"):
            return _requests.read_form(Path(self._loader.path_dwim(path)), vault)
        return _requests.read(given if path is None else self._file(path), vault)

    def _vault(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Secrets do not stand on a form: they come as the variables of the operation's role."""
        names = {name for operation in operations() for name in secrets(operation)} & task_vars.keys()
        return {name: self._templar.template(task_vars[name]) for name in names}

    def _file(self, path: str) -> Any:
        try:
            return self._loader.load_from_file(self._loader.path_dwim(path), trusted_as_template=False)
        except AnsibleError as error:
            raise AnsibleActionFail(str(error)) from None


def _refuse_others(operation: str, variables: dict[str, Any], task_vars: dict[str, Any]) -> None:
    """A variable of the same name from elsewhere, such as -e, would be done instead of, or beside, what was requested and approved."""
    for name in options(operation):
        if name in task_vars and task_vars[name] != variables.get(name):
            raise AnsibleActionFail(f"{name} is also set outside of the request, to another value. Take it away there, or write it into the request")
