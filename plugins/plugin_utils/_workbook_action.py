# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins of the workbook share: they run on the controller, honour check mode and diff, and write whole files."""

from __future__ import annotations

import gc
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

COMMON = dict(
    contract=dict(type="dict", default={}),
    language=dict(type="str", choices=["ja", "en"], default="ja"),
)
MAPPING = dict(mapping=dict(type="path"))
REFUSED = dict(
    ja="誤りが {} 件あります（下の一覧を参照）。何も書き出していません",
    en="Faults: {}, listed below. Nothing was written",
)


class WorkbookAction(ActionBase):
    """An action on a workbook. A subclass has its options and says what is to be written."""

    TRANSFERS_FILES = False
    OPTIONS: dict[str, dict[str, Any]] = {}
    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    @abstractmethod
    def outcome(self, workbook: Any, setting: Any, args: dict[str, Any]) -> Any:
        """What is to be written, as plugin_utils.workbook says it."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(argument_spec={**COMMON, **self.OPTIONS})
        try:
            import_module("openpyxl")
            workbook = import_module("ansible_collections.msp.aws.plugins.plugin_utils.workbook")
        except ImportError as error:
            return {**result, "failed": True, "msg": f"openpyxl and botocore are needed where Ansible runs: {error}"}
        mapping, only = args.get("mapping"), args.get("kinds")
        setting = workbook.Setting(args["contract"], args["language"], Path(mapping) if mapping else None, tuple(only) if only else None)
        try:
            with _all_kept():
                outcome = self.outcome(workbook, setting, args)
            if outcome.files and not self._task.check_mode:
                outcome.write()
        except workbook.Refused as refused:
            # As msp.aws.refuse does it: what is in msg Ansible shows twice.
            msg = REFUSED[args["language"]].format(len(refused.lines))
            return {**result, "failed": True, "msg": msg, "faults": refused.lines, "_ansible_verbose_always": True}
        except OSError as error:
            return {**result, "failed": True, "msg": f"{error.filename}: {error.strerror}"}
        result.update(changed=bool(outcome.files), files=[str(path) for path in outcome.files])
        if outcome.warnings:
            result["warnings"] = outcome.warnings
        if self._task.diff and outcome.files:
            before, after = outcome.shown()
            header = str(next(iter(outcome.files)))
            result["diff"] = [dict(before=before, after=after, before_header=header, after_header=header)]
        return {**result, **self.more(outcome)}

    def more(self, outcome: Any) -> dict[str, Any]:
        """What else the task returns."""
        return {}


@contextmanager
def _all_kept() -> Iterator[None]:
    """Without a search for garbage: nothing of a workbook is any, and to look through all its cells again and again takes a third more time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def new_file(workbook: Any, outcome: Any, dest: Path, force: bool, language: str, code: str = "exists") -> Any:
    """A workbook that somebody may have filled in is not overwritten without being told so. `code`: what is told then."""
    if outcome.files and dest.exists() and not force:
        raise workbook.Refused([workbook.Fault(None, None, str(dest), code, {}).text(language)])
    return outcome
