# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines on the screen."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.msp.aws.plugins.plugin_utils._preload import preload

preload()


class ActionModule(ActionBase):
    """Ansible's way in."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(argument_spec=dict(lines=dict(type="list", elements="str", required=True)))
        if args["lines"]:
            Display().display("\n".join(args["lines"]))  # at once, so that nothing of another host comes between them
        return {**result, **args, "changed": False}
