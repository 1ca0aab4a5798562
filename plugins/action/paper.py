# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a paper as a page and as a workbook, on the controller. Its documentation is that of the module of the same name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.msp.aws.plugins.plugin_utils import _files, _papers, _papers_html


class ActionModule(ActionBase):
    """Ansible's way in."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, given = self.validate_argument_spec(
            dict(paper=dict(type="dict", required=True), html=dict(type="path"), xlsx=dict(type="path"), mode=dict(type="str")),
            required_one_of=[("html", "xlsx")],
        )
        files = {name: Path(os.path.realpath(self._loader.path_dwim(given[name]))) for name in ("html", "xlsx") if given[name]}
        faults = [fault for path in files.values() for fault in _misplaced(path)] + _twice(files)
        mode = _mode(given["mode"], faults)
        contents = _contents(given["paper"], files, faults)
        if faults:
            raise AnsibleActionFail("\n".join(faults))
        before = {name: path.read_bytes() if path.exists() else None for name, path in files.items()}
        differs = {name: before[name] != contents[name] or _other_mode(path, mode) for name, path in files.items()}
        if not self._task.check_mode:
            _write({path: contents[name] for name, path in files.items() if differs[name]}, mode)
        result.update(changed=any(differs.values()), files=[dict(path=str(path), changed=differs[name]) for name, path in files.items()])
        if self._task.diff and "html" in files:
            result["diff"] = [_diff(files["html"], before["html"], contents["html"])]
        return result


def _contents(given: Mapping[str, Any], files: Mapping[str, Path], faults: list[str]) -> dict[str, bytes]:
    """The bytes of each file; none where the paper cannot be printed."""
    try:
        paper = _papers.read(given)
    except _papers.PaperError as error:
        faults += error.faults
        return {}
    made = dict(html=lambda: _papers_html.page(paper).encode(), xlsx=lambda: _workbook(paper))
    return {name: made[name]() for name in files}


def _workbook(paper: Mapping[str, Any]) -> bytes:
    # Only workbooks need the library behind it.
    try:
        from ansible_collections.msp.aws.plugins.plugin_utils._papers_xlsx import workbook

        return workbook(paper)
    except ImportError as error:
        raise AnsibleActionFail(f"xlsx: the Python package XlsxWriter is needed on the controller: {error}") from error


def _misplaced(path: Path) -> list[str]:
    """Why a file cannot be there."""
    if not path.parent.is_dir():
        return [f"{path}: the directory {path.parent} does not exist; make it, or write another path"]
    if path.exists() and not path.is_file():
        return [f"{path}: is no file; write the path of a file"]
    return []


def _twice(files: Mapping[str, Path]) -> list[str]:
    return [f"{files['html']}: html and xlsx are the same file; write two paths"] if len(set(files.values())) < len(files) else []


def _mode(given: str | None, faults: list[str]) -> int | None:
    try:
        mode = None if given is None else int(given, 8)
    except ValueError:
        mode = -1
    if mode is not None and not 0 <= mode <= 0o777:
        faults.append(f'mode: {given!r} is no octal number of permissions; write it in quotes, such as "0640"')
    return mode


def _other_mode(path: Path, mode: int | None) -> bool:
    return mode is not None and path.exists() and stat.S_IMODE(path.stat().st_mode) != mode


def _write(files: Mapping[Path, bytes], mode: int | None) -> None:
    try:
        _files.write(files, mode)
    except OSError as error:
        raise AnsibleActionFail(f"{error.filename}: cannot be written: {error.strerror}") from error


def _diff(path: Path, before: bytes | None, after: bytes) -> dict[str, str]:
    old = "" if before is None else _papers_html.text(before.decode(errors="replace"))
    return dict(before_header=str(path), after_header=str(path), before=old, after=_papers_html.text(after.decode()))
