# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameter sheet of an inventory as an Excel workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_action import MAPPING, WorkbookAction, new_file


class ActionModule(WorkbookAction):
    """Ansible's way in."""

    OPTIONS = dict(
        **MAPPING,
        dest=dict(type="path", required=True),
        sheet=dict(type="path", required=True),
        history=dict(type="path"),
        kinds=dict(type="list", elements="str"),
        force=dict(type="bool", default=False),
    )

    def outcome(self, workbook: Any, setting: Any, args: dict[str, Any]) -> Any:
        dest, history = Path(args["dest"]), args["history"]
        outcome = workbook.export(setting, Path(args["sheet"]), Path(history) if history else None, dest)
        return new_file(workbook, outcome, dest, args["force"], args["language"], "exists_filled")
