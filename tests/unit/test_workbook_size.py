# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large customer: 3,000 entries over all kinds, in time and memory that an engineer does not notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_outside_names
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_rows, _workbook_write, _workbook_yaml, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.laws.stage import entries, examples

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 3000
SECONDS, MEGABYTES = 10, 500  # of CPU, so that waiting for others on the same machine does not count
BARE_SECONDS = 1.2  # what openpyxl alone takes to read that workbook on the machine that the seconds are meant for
CHANGED = 6  # rows of each worksheet
CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")


def without_secrets(options, thing):
    """A workbook holds none: it says that they stay as the sheet's file has them."""
    kept = {key: value for key, value in thing.items() if not options[key].secret}
    for key, value in kept.items():
        if isinstance(value, list) and options[key].options:
            kept[key] = [without_secrets(options[key].options, item) for item in value]
    return kept


def many():
    """The kinds' own examples, each many times under other names."""
    found = {}
    each = ENTRIES // sum(not kind.single for kind in kinds().values()) + 3
    for name, kind in kinds().items():
        if kind.single:
            found[name] = entries(name, examples(name).make)[0]
            continue
        entry = without_secrets(kind.options, entries(name, examples(name).make)[0])
        last = kind.identity[-1]
        found[name] = [dict(entry, **({last: f"{entry[last]}{index}"} if index else {})) for index in range(each)]
    for dummy in range(5):
        clashes = sheets.faults(found)
        if not clashes:
            break
        for fault in clashes:  # what many cannot have at once, such as one range of addresses, none of them gets
            kind, option = kinds()[fault.kind], (fault.option or "").partition(".")[0]
            for entry in [entry for entry in found[kind.name] if kind.label(entry) == fault.entry]:
                if option in kind.identity:
                    found[kind.name].remove(entry)
                else:
                    entry.pop(option, None)
    return found


def written(folder, sheet):
    """A customer without a sheet yet, whose workbook has it."""
    mine = layout("ja")
    rows, faults = _workbook_rows.rows_of(mine, sheet)
    assert faults == []
    folder.with_suffix(".xlsx").write_bytes(_workbook_write.workbook(mine, rows, CONTRACT))
    (folder / "group_vars/all").mkdir(parents=True)
    host = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
    (folder / "hosts.yml").write_text(json.dumps(dict(contract=dict(hosts=dict(acme=host)))), encoding="utf-8")
    variables = dict(contract=CONTRACT, sheet_outside_names=sheet_outside_names(sheet))
    (folder / "group_vars/all/contract.yml").write_text(json.dumps(variables), encoding="utf-8")


def measured(command, log):
    """A command's exit status, and what it took with all its children: seconds of CPU, and the megabytes of the largest process."""
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as process:
        dummy, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def imported(folder):
    """The whole playbook, from the workbook to the written sheet, with Ansible's own start: what it took, as on the machine that the seconds are meant for."""
    book, log = str(folder.with_suffix(".xlsx")), folder.with_suffix(".log")
    dummy, bare, dummy = measured([sys.executable, "-c", "import openpyxl, sys; openpyxl.load_workbook(sys.argv[1])", book], log)
    status, seconds, megabytes = measured([sys.executable, "-m", "ansible", "playbook", "-i", str(folder), str(ROOT / "playbooks/sheet_import.yml")], log)
    assert status == 0, log.read_text(encoding="utf-8")
    # A slow core, or one that others share, takes longer over everything alike.
    return seconds / max(1, bare / BARE_SECONDS), megabytes


def tagged(folder, sheet):
    """The workbook with one tag more in the first rows of every worksheet that has tags; how many cells that are."""
    book, count = load_workbook(folder.with_suffix(".xlsx")), 0
    for table in layout("ja").worksheets:
        given = sheet.get(table.key)
        if isinstance(given, list) and table.column("tags"):
            index = [column.key for column in table.shown].index("tags") + 1
            for row in range(table.first_row, table.first_row + min(CHANGED, len(given))):
                cell = book[table.title].cell(row, index)
                cell.value = "\n".join(filter(None, [cell.value, "Round=2"]))
                count += 1
    book.save(folder.with_suffix(".xlsx"))
    return count


def test_three_thousand_entries_are_imported_quickly_and_in_little_memory(tmp_path):
    """A first time, and again with some hundred cells changed in all corners, each of which the history then names."""
    acme, sheet = tmp_path / "acme", many()
    assert sum(len(given) for given in sheet.values() if isinstance(given, list)) >= ENTRIES
    written(acme, sheet)
    first = imported(acme)
    text = (acme / "group_vars/all/sheet.yml").read_text(encoding="utf-8")
    assert _workbook_yaml.load(text)["sheet"].keys() == {name for name, given in sheet.items() if given}
    changed = tagged(acme, sheet)
    assert changed >= 300, changed
    second = imported(acme)
    text = acme.with_name("acme-history.yml").read_text(encoding="utf-8")
    assert [change["after"].endswith("Round=2") for change in _workbook_yaml.load(text)["sheet_history"][1]["changes"]] == [True] * changed
    for seconds, megabytes in (first, second):
        assert seconds < SECONDS and megabytes < MEGABYTES, (first, second)
