# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large customer: 3,000 entries over all kinds, in time and memory that an engineer does not notice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_outside_names
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_rows, _workbook_write, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.laws.stage import entries, examples

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 3000
SECONDS, MEGABYTES = 10, 500  # of CPU, so that others on the same machine do not count
SLACK = 1.5  # for the cores of a CI
CONTRACT = dict(number="C-1", account_id="111122223333")
TIMED = """
import json, resource, sys, time
from pathlib import Path
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[1]])
from ansible_collections.msp.aws.plugins.plugin_utils import workbook
start = time.process_time()
try:
    book = Path(sys.argv[2])
    sheet, history = book.with_name("sheet.yml"), book.with_name("history.yml")
    workbook.take_in(workbook.Setting(json.loads(sys.argv[3])), book, sheet, history, outside=json.loads(sys.argv[4])).write()
    faults = []
except workbook.Refused as refused:
    faults = refused.lines
print(json.dumps([time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, faults]))
"""


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


def test_three_thousand_entries_are_read_quickly_and_in_little_memory(tmp_path):
    mine, sheet = layout("ja"), many()
    assert sum(len(given) for given in sheet.values() if isinstance(given, list)) >= ENTRIES
    rows, faults = _workbook_rows.rows_of(mine, sheet)
    assert faults == []
    (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(mine, rows, CONTRACT))
    facts = [json.dumps(CONTRACT), json.dumps(sheet_outside_names(sheet))]
    command = [sys.executable, "-c", TIMED, str(ROOT / ".build" / "tree"), str(tmp_path / "book.xlsx"), *facts]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes, told = json.loads(run.stdout)
    assert told == []
    assert yaml.safe_load((tmp_path / "sheet.yml").read_text(encoding="utf-8"))["sheet"].keys() == {name for name, given in sheet.items() if given}
    assert seconds < SECONDS * SLACK and megabytes < MEGABYTES, (seconds, megabytes)
