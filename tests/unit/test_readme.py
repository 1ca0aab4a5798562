# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of YAML files that README.md and README.ja.md recommend."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r"^\$ (yamllint .+) \S+$", re.MULTILINE)
BAD = {
    "a: [1": "syntax error",
    "a: *nothing": 'undeclared alias "nothing"',
    "sheet:\n  ec2_vpcs: []\n  ec2_vpcs: []": 'duplication of key "ec2_vpcs"',
}


def check(page: str, text: str, folder: Path) -> str:
    (folder / "sheet.yml").write_text(text, encoding="utf-8")
    command = shlex.split(COMMAND.search((ROOT / page).read_text(encoding="utf-8"))[1])
    return subprocess.run([*command, "sheet.yml"], cwd=folder, text=True, capture_output=True, check=False).stdout


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
@pytest.mark.parametrize("text", BAD)
def test_the_check_names_file_line_and_mistake(page, text, tmp_path):
    said = check(page, text, tmp_path)
    assert said.startswith(f"sheet.yml:{text.count(chr(10)) + 1}:") and BAD[text] in said


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_the_check_is_silent_where_all_is_well(page, tmp_path):
    well = "a: &a {b: 1}\nc: {<<: *a, d: 2026-02-28}\nkey: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n"
    assert check(page, well, tmp_path) == ""
