# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of a workbook keep of the sheet so far: what the worksheet has no column for, and what a cell says is as it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_found import Workbook, named
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Identities, Row, look, renamed
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import NUMBER, PARENT, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault


def carry(layout: Layout, found: Workbook, before: Mapping[str, list[Row]], ids: Identities) -> None:
    """Give every row what the sheet so far says of it in columns that the worksheet does not have."""
    for table in layout.tables:
        if table.hidden:
            found.rows[table.key] = _carried(layout, table, found, before, ids)
            continue
        hidden = [column.key for column in table.columns if column.hidden]
        if hidden and found.rows.get(table.key) and not named(table) & found.lacking[table.key]:
            old, new = (_alike(rows.get(table.key, []), own[table.key]) for rows, own in zip((before, found.rows), ids, strict=True))
            for identity, rows in new.items():
                for row, meant in zip(rows, _meant(table, old.get(identity, []), rows), strict=True):
                    _carry_over(table, found, row, [_cells_of(one, hidden) for one in meant])
            if table.option is not None:
                _warn(table, found, hidden, old, new)


def _cells_of(row: Row, keys: list[str]) -> dict[str, Any]:
    return {key: row.cells[key] for key in keys if key in row.cells}


def _carried(layout: Layout, table: Table, found: Workbook, before: Mapping[str, list[Row]], ids: Identities) -> list[Row]:
    """The rows of a list that has no worksheet. They go with their entries, whatever name means these now."""
    name, first = table.kind.name, f"{PARENT}1"
    rows = [Row(dict(row.cells), carried=True) for row in before.get(table.key, [])]
    if not table.kind.single and name in found.rows:
        names = renamed(layout.by_key[name], before.get(name, []), found.rows[name], (ids[0][name], ids[1][name]))
        for row in rows:
            said = look(row.cells[first])
            row.cells[first] = cells.text_cell(names.get(said, said), layout.marks)
    return rows


def _warn(table: Table, found: Workbook, hidden: list[str], old: dict[tuple, list[Row]], new: dict[tuple, list[Row]]) -> None:
    """Rows that came where others went: they may be the same ones with something else in what tells them apart."""
    gone: dict[Any, dict[str, Any]] = defaultdict(dict)
    for identity, rows in old.items():
        for row in rows if identity not in new else ():
            gone[identity[0]].update(_cells_of(row, hidden))
    for identity, rows in new.items():
        if identity not in old and gone[identity[0]]:
            facts = dict(limit=", ".join(gone[identity[0]]))
            found.warnings += [Fault(table.title, found.address(table, row, table.shown[0].key), None, "not_carried", facts) for row in rows]


def _alike(rows: list[Row], ids: list[tuple]) -> dict[tuple, list[Row]]:
    """Rows that the columns of the worksheet do not tell apart, in their order."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    for (*identity, dummy), row in zip(ids, rows, strict=True):
        found[tuple(identity)].append(row)
    return found


def _carry_over(table: Table, found: Workbook, row: Row, kept: list[dict[str, Any]]) -> None:
    if any(one != kept[0] for one in kept):
        names = ", ".join(dict.fromkeys(key for one in kept for key in one))
        found.faults.append(Fault(table.title, found.address(table, row, table.shown[0].key), None, "alike", dict(value=len(kept), limit=names)))
    elif kept:
        row.cells.update(kept[0])


def keep(layout: Layout, found: Workbook, before: Mapping[str, list[Row]], ids: Identities) -> None:
    """Put the values of the sheet so far where a cell says "as it is"."""
    mark = layout.marks.kept
    for table in layout.tables:
        rows = found.rows.get(table.key, [])
        if not any(cell == mark for row in rows for cell in row.cells.values()):
            continue
        old, new = (_alike(some, own[table.key]) for some, own in zip((before.get(table.key, []), rows), ids, strict=True))
        for identity, group in new.items():
            so_far = old.get(identity, [])
            for row, meant in zip(group, _meant(table, so_far, group), strict=True):
                _keep_cells(table, found, row, meant, so_far)


def _keep_cells(table: Table, found: Workbook, row: Row, meant: list[Row], so_far: list[Row]) -> None:
    mark = found.layout.marks.kept
    for key in [key for key, cell in row.cells.items() if cell == mark]:
        kept = [one.cells.get(key) for one in meant]
        if kept and isinstance(kept[0], cells.Kept) and all(cell == kept[0] for cell in kept):
            row.cells[key] = kept[0]
        else:
            del row.cells[key]
            if any(name in found.lacking[table.key] or (table.title, found.address(table, row, name)) in found.unread for name in named(table)):
                found.unread.add((table.title, found.address(table, row, key)))
                continue
            code = "kept_unclear" if any(isinstance(one.cells.get(key), cells.Kept) for one in so_far) else "kept_nothing"
            found.faults.append(Fault(table.title, found.address(table, row, key), table.column(key).heading, code, dict(value=mark)))


def _meant(table: Table, old: list[Row], new: list[Row]) -> Iterator[list[Row]]:
    """For each of the rows that their names do not tell apart, the rows of the sheet so far that it can be.

    They are those that look the same; else the only one that was changed where it stands; else all, or where rows came, those that are left, and none.
    """
    keys = [column.key for column in table.shown if column.key != NUMBER]
    before, after = ([tuple(look(row.cells.get(key)) for key in keys) for row in rows] for rows in (old, new))
    alike: dict[tuple, list[Row]] = defaultdict(list)
    for row, one in zip(old, before, strict=True):
        alike[one].append(row)
    wanted, seen = Counter(after), Counter()
    changed = [index for index, one in enumerate(after) if one not in alike]
    in_place = len(old) == len(new) and changed == [index for index, one in enumerate(before) if one not in wanted]
    for index, one in enumerate(after):
        if len(alike[one]) == wanted[one]:
            yield [alike[one][seen[one]]]
            seen[one] += 1
        elif alike[one]:
            yield alike[one]
        elif in_place and len(changed) == 1:
            yield [old[index]]
        else:
            yield old if len(new) <= len(old) else [*(row for row, looks in zip(old, before, strict=True) if looks not in wanted), Row({})]
