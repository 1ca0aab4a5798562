# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty parameter sheet as an Excel workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_action import MAPPING, WorkbookAction, new_file


class ActionModule(WorkbookAction):
    """Ansible's way in."""

    OPTIONS = dict(
        **MAPPING,
        dest=dict(type="path", required=True),
        kinds=dict(type="list", elements="str"),
        force=dict(type="bool", default=False),
    )

    def outcome(self, workbook: Any, setting: Any, args: dict[str, Any]) -> Any:
        return new_file(workbook, workbook.template(setting, Path(args["dest"])), Path(args["dest"]), args["force"], args["language"])
