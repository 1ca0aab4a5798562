# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filled Excel workbook as the parameter sheet of an inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_action import MAPPING, WorkbookAction


class ActionModule(WorkbookAction):
    """Ansible's way in."""

    OPTIONS = dict(
        **MAPPING,
        src=dict(type="path", required=True),
        sheet=dict(type="path", required=True),
        history=dict(type="path"),
        ticket=dict(type="str", default=""),
        date=dict(type="str", default=""),
        outside_names=dict(type="dict", default={}),
        force=dict(type="bool", default=False),
        confirm=dict(type="list", elements="str", default=[]),
    )

    def outcome(self, workbook: Any, setting: Any, args: dict[str, Any]) -> Any:
        history = Path(args["history"]) if args["history"] else None
        told = (args["ticket"], args["date"], args["outside_names"], args["force"], args["confirm"])
        return workbook.take_in(setting, Path(args["src"]), Path(args["sheet"]), history, *told)

    def more(self, outcome: Any) -> dict[str, Any]:
        if not outcome.kinds:
            return {}
        return dict(version=outcome.version, changes=outcome.changes, lines=outcome.lines, kinds=outcome.kinds, sheet=outcome.sheet)
