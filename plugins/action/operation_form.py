# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form on which operations are requested, as an Excel workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _calendar, _gates
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_action import WorkbookAction, new_file


class ActionModule(WorkbookAction):
    """Ansible's way in."""

    OPTIONS = dict(
        dest=dict(type="path", required=True),
        sheet=dict(type="dict", default={}),
        events=dict(type="list", elements="dict", default=[]),
        force=dict(type="bool", default=False),
    )

    def outcome(self, workbook: Any, setting: Any, args: dict[str, Any]) -> Any:
        from ansible_collections.msp.aws.plugins.plugin_utils import _request_form  # it needs openpyxl

        dest, language = Path(args["dest"]), args["language"]
        try:
            features = _gates.features(setting.contract, args["events"], datetime.now(_calendar.JST).date())
        except (FeeError, CalendarError) as error:
            raise workbook.Refused(_gates.unreadable(error, language).splitlines()) from None
        if not _request_form.offered(features):
            raise workbook.Refused([_request_form.WORDS[language]["nothing"]])
        made = workbook.made_file(dest, _request_form.workbook(setting.contract, args["sheet"], features, language), "")
        return new_file(workbook, made, dest, args["force"], language)
