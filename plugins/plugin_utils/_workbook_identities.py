# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of a worksheet, and what tells it from the others: in the sheet so far and in the workbook, whatever names what it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import ID, NUMBER, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import MARKS, Mistake
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden

UNSAID = {marks.kept for marks in MARKS.values()}
Identities = tuple[Mapping[str, list[tuple]], Mapping[str, list[tuple]]]  # of the rows of a sheet so far, and of those of the workbook


@dataclass
class Row:
    """One row: column key → cell. `number` is its row in the file, where it came from one; `carried`: it stands in no worksheet, but in the sheet so far."""

    cells: dict[str, Any]
    number: int | None = None
    carried: bool = False


def entry_names(kind: Any, entries: list[Mapping[str, Any]]) -> list[str]:
    """For each entry the shortest text that means it and no other: its name, or all of its identity, or its id."""
    last = [str(entry.get(kind.identity[-1]) or "") if kind.identity else "" for entry in entries]
    labels = [kind.label(entry) for entry in entries]
    counts = Counter(last)
    return [name if name and counts[name] == 1 and (name == labels[index] or name not in labels) else labels[index] for index, name in enumerate(last)]


def loosely(kind: Any, entry: Mapping[str, Any]) -> set[str]:
    """What means an entry where it is not another one's name: all of its identity, or its name alone."""
    last = str(entry.get(kind.identity[-1]) or "") if kind.identity else ""
    return {last, kind.label({**entry, "id": None})} if last else set()


def renamed(table: Table, before: list[Row], after: list[Row], ids: tuple[list[tuple], list[tuple]]) -> dict[str, str]:
    """How the second version of a sheet names each entry that the first one names so; what is no more there has a name that means no other."""
    old, new = (_named(table, rows) for rows in (before, after))
    there = dict(zip(ids[1], entry_names(table.kind, new), strict=True))
    names = entry_names(table.kind, old)
    return {name: there.get(own, table.kind.label(entry)) for name, own, entry in zip(names, ids[0], old, strict=True)}


def identities(layout: Layout, before: Mapping[str, list[Row]], after: Mapping[str, list[Row]]) -> Identities:
    """What tells each row from the others of its table, the same in both versions of a sheet: what it belongs to, its own names, and a number.

    It does not matter in which of the allowed ways a row of a list names the entry to which it belongs.
    """
    found: tuple[dict[str, list[tuple]], dict[str, list[tuple]]] = ({}, {})
    meant: list[dict[str, tuple | None]] = [{}, {}]
    for table in layout.tables:
        one, other = before.get(table.key, []), after.get(table.key, [])
        if table.option is None:
            own = [_entry_keys(table, one, other), _entry_keys(table, other, one)]
            called = [{} if table.kind.single else _called(table, rows, keys) for rows, keys in zip((one, other), own, strict=True)]
            meant = [{**called[1], **called[0]}, {**called[0], **called[1]}]  # a text that only the other version knows means the same there
            above: list[list[tuple]] = [[()] * len(rows) for rows in (one, other)]
        else:
            own = [[_item_key(table, row) for row in rows] for rows in (one, other)]
            above = [[_above(table, row, names) for row in rows] for rows, names in zip((one, other), meant, strict=True)]
        for ids, outer, inner in zip(found, above, own, strict=True):
            seen: Counter = Counter()
            ids[table.key] = []
            for key in zip(outer, inner, strict=True):
                seen[key] += 1
                ids[table.key].append((*key, seen[key]))
    return found


def _entry_keys(table: Table, rows: list[Row], others: list[Row]) -> list[tuple]:
    """An entry is known by its id where both versions have that, else by its identity: many get their ids later."""
    shown = table.column(ID) is not None and not table.column(ID).hidden
    ids = [_said(row, ID) if shown else "" for row in rows]
    names = [tuple(look(row.cells.get(key)) for key in _shown_names(table)) for row in rows]
    shared = {_said(row, ID) for row in others}
    counts = Counter(name for own, name in zip(ids, names, strict=True) if own not in shared or not own)
    return [(own,) if own and (own in shared or counts[name] > 1 or not any(name)) else name for own, name in zip(ids, names, strict=True)]


def _item_key(table: Table, row: Row) -> tuple:
    """The names of a row of a list as AWS writes them: to a workbook, too, TCP and tcp are one protocol."""
    names = _shown_names(table)
    said = {key: text for key in names if (text := look(row.cells.get(key))) is not None}
    try:
        said = table.option.spelt(said) if table.option.spelt and said.keys() <= {*table.option.key} <= {*names} else said
    except (KeyError, TypeError, ValueError):
        pass  # it has a wrong type or is not there, which is told
    return tuple(None if said.get(key) is None else str(said[key]) for key in names)


def _shown_names(table: Table) -> list[str]:
    return [key for key in table.naming if key != NUMBER and not table.column(key).hidden]


def _called(table: Table, rows: list[Row], keys: list[tuple]) -> dict[str, tuple | None]:
    """What each text means by which rows of lists name an entry; None where it could mean several."""
    entries = _named(table, rows)
    exact: dict[str, tuple | None] = {}
    loose: dict[str, set[tuple]] = defaultdict(set)
    for entry, name, key in zip(entries, entry_names(table.kind, entries), keys, strict=True):
        exact |= dict.fromkeys((name, table.kind.label(entry)), key)
        for text in loosely(table.kind, entry):
            loose[text].add(key)
    return {text: next(iter(meant)) if len(meant) == 1 else None for text, meant in loose.items()} | exact


def _named(table: Table, rows: list[Row]) -> list[dict[str, str]]:
    """The entries with nothing but their names."""
    said = [{**{name: _said(row, name) for name in table.kind.identity}, "id": _said(row, ID)} for row in rows]
    return [{name: text for name, text in entry.items() if text} for entry in said]


def _above(table: Table, row: Row, meant: Mapping[str, tuple | None]) -> tuple:
    """To what a row of a list belongs."""
    said = [_said(row, column.key) for column in table.parents]
    return tuple(meant.get(text) or text if index == 0 else text for index, text in enumerate(said))


def _said(row: Row, key: str) -> str:
    return look(row.cells.get(key)) or ""


def look(cell: Any) -> str | None:
    """What a cell says, the same in a file and in the rows of a sheet: of a value that is not shown nothing but that it is there."""
    if cell is None:
        return None
    if isinstance(cell, (cells.Kept, Hidden)):
        return ""
    text = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip(cells.BLANKS)
    quoting = next((marks for marks in MARKS.values() if text.startswith(marks.text)), None)
    try:
        return cells.read(Option(), text, quoting, False).value if quoting else "" if text in UNSAID else text
    except Mistake:
        return text  # several lines of a list


def walk(layout: Layout, rows: Mapping[str, list[Row]], ids: Mapping[str, list[tuple]]) -> Iterator[tuple[Table, tuple, Row]]:
    """Every row with its table and identity."""
    for table in layout.tables:
        yield from ((table, identity, row) for identity, row in zip(ids[table.key], rows.get(table.key, []), strict=True))
