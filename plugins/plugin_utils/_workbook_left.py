# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the sheet by an import and stays in AWS: a row that was deleted, a line of a cell, a cell that was emptied. Blank means "as it is"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_history import Address, name_of, shown
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Identities, Row, look
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import NUMBER, STATE, Column, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault, Mistake, few

Rows = Mapping[str, list[Row]]


def left(layout: Layout, before: Rows, after: Rows, ids: Identities, address: Address) -> list[str]:
    """A line for each worksheet of which rows went, and for each row of which something went. Entries that went as a whole are told elsewhere."""
    rows, values = list[str](), list[str]()
    for table in layout.tables:
        old = dict(zip(ids[0][table.key], before.get(table.key, []), strict=True))
        new = dict(zip(ids[1][table.key], after.get(table.key, []), strict=True))
        if table.parent is not None and not _is_whole(table.parent):
            gone = _gone_rows(layout, table, old, new, _owners(table.parent, ids[1], after))
            if table.option.many and gone:
                names = layout.words["between"].join(few([name_of(layout, table, row) for row, dummy in gone], layout.language))
                rows.append(Fault(table.title, None, None, "rows_left", dict(value=layout.marks.none, limit=names)).text(layout.language))
            for owner in () if table.option.many else {id(owner): owner for dummy, owner in gone}.values():
                column = _list_column(table)
                values.append(_told(layout, table.parent, owner, {column: column.heading}, address))
        for identity, row in new.items() if not _is_whole(table) else ():
            lost = _lost(layout, table, old[identity], row) if identity in old and not row.cells.get(STATE) else {}
            if lost:
                values.append(_told(layout, table, row, lost, address))
    return [*rows, *few(values, layout.language)]


def _told(layout: Layout, table: Table, row: Row, lost: Mapping[Column, str], address: Address) -> str:
    facts = dict(value=layout.marks.none, limit=layout.words["between"].join(lost.values()))
    return Fault(table.title, address(table, row, next(iter(lost)).key), name_of(layout, table, row) or None, "values_left", facts).text(layout.language)


def _is_whole(table: Table | None) -> bool:
    """Is it, or does it lie in, a list that is written as it stands? What is not in it is not in AWS either."""
    return table is not None and table.option is not None and (not table.option.many or _is_whole(table.parent))


def _list_column(table: Table) -> Column:
    return table.parent.column(".".join(table.path[len(table.parent.path) :]))


def _owners(table: Table, ids: Mapping[str, list[tuple]], after: Rows) -> dict[tuple, Row]:
    """The rows of a table by what the rows of its lists say of them, of what shall be there."""
    own = NUMBER if table.column(NUMBER) else next(iter(table.naming), "")
    found = {}
    for (above, name, dummy), row in zip(ids[table.key], after.get(table.key, []), strict=True):
        inner = look(row.cells.get(own)) or ""
        key = (*above, inner) if table.option is not None else () if table.kind.single else (name,)
        if not row.cells.get(STATE):
            found[key] = row
    return found


def _gone_rows(layout: Layout, table: Table, old: Mapping[tuple, Row], new: Mapping[tuple, Row], owners: Mapping[tuple, Row]) -> list[tuple[Row, Row]]:
    """Rows that went though what they belong to is there and does not say that there are no others, and the rows of that."""
    column, still = _list_column(table), {identity[0] for identity in new}
    gone = [(identity[0], row) for identity, row in old.items() if identity not in new and not row.cells.get(STATE)]
    found = [(row, owners[above]) for above, row in gone if above in owners and (table.option.many or above not in still)]
    return [(row, owner) for row, owner in found if owner.cells.get(column.key) not in (layout.marks.only, layout.marks.none)]


def _lost(layout: Layout, table: Table, was: Row, row: Row) -> dict[Column, str]:
    """Each column of which something went from a row, and what."""
    found = {}
    for column in table.columns if not was.cells.get(STATE) else ():
        old, new = was.cells.get(column.key), row.cells.get(column.key)
        if column.role == "value" and old is not None and old != new and not _replaced(table, column, was, row):
            lost = layout.words["between"].join(_without(layout, column, old, new))
            if lost:
                found[column] = f"{column.heading}: {lost}"
    return found


def _replaced(table: Table, column: Column, was: Row, row: Row) -> bool:
    """Did another one come in its place, where there can be one of several only?"""
    outer = table.option
    options = table.options
    for part in column.path[:-1]:
        outer, options = options[part], options[part].options
    came = [one for one in table.columns if one.path[:-1] == column.path[:-1] and one.key in row.cells and one.key not in was.cells]
    return bool(came) and outer is not None and bool(outer.one_of or outer.alternatives)


def _without(layout: Layout, column: Column, old: Any, new: Any) -> Iterator[str]:
    """What of a cell is neither in the new one nor taken away by it."""
    try:
        was, now = (cells.read(column.option, cell, layout.marks, column.clearable) for cell in (old, new))
    except Mistake:
        return
    if was.value is None or now.clear:
        return
    if now.value is None and not now.keys:
        yield from shown(layout, old).split("\n")
    elif column.option.merges and isinstance(was.value, Mapping):
        there = {*(now.value or {}), *now.keys}
        yield from (f"{key}={value}" for key, value in was.value.items() if key not in there)
    elif column.option.many and isinstance(now.value, list | Mapping) and "set" not in now.value:
        there = [item for verb in ("add", "remove") for item in now.value.get(verb, [])] if isinstance(now.value, Mapping) else now.value
        had = was.value if isinstance(was.value, list) else was.value.get("set") or was.value.get("add") or []
        yield from (str(item) for item in had if item not in there)
