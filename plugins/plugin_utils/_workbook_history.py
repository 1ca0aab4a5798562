# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between two versions of a sheet, cell by cell, and the worksheet that says so. Secrets are never in it.

The history lies in a YAML file beside the inventory, a list of {version, date, ticket, workbook, changes: [{worksheet, cell, what, before, after}]},
and is shown on a worksheet. So it outlives a workbook that comes back from somewhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_cells import Kept
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Identities, Row, identities, walk
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import ID, STATE, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import WORDS, Fault, few

LONGEST = 2000  # characters of one value in the history
SHORTEST = 120  # and in a line of a log
INSIDE = re.compile(r"(?<=[{\[,])\n\s*|\n\s*(?=[}\]])")  # the line ends of JSON, which divide no values
Address = Callable[[Table, Row, str], str | None]


def changes(layout: Layout, before: Mapping[str, list[Row]], after: Mapping[str, list[Row]], address: Address) -> list[dict[str, str]]:
    """Each cell that differs; a row that is new or gone is one change. `address` knows where a row of `after` stands in the workbook."""
    ids = identities(layout, before, after)
    old = {(table.key, identity): row for table, identity, row in walk(layout, before, ids[0])}
    found: list[dict[str, str]] = []
    for table, identity, row in walk(layout, after, ids[1]):
        was = old.pop((table.key, identity), None)
        if was is None:
            found.append(_change(table, address(table, row, table.shown[0].key), name_of(layout, table, row), "", _row_text(layout, table, row)))
        else:
            found += _cells(layout, table, was, row, address)
    gone = [(table, row) for table, identity, row in walk(layout, before, ids[0]) if (table.key, identity) in old]
    found += [_change(table, None, name_of(layout, table, row), _row_text(layout, table, row), "") for table, row in gone]
    told = {change["worksheet"] for change in found}
    return found + list(_orders(layout, before, after, {table.kind.name for table in layout.tables if table.title in told}))


def lines(changes_made: list[dict[str, str]], language: str) -> list[str]:
    """The changes for a log, without those that nobody would read; the worksheet has all of them."""
    return few([_line(change, language) for change in changes_made], language)


def _line(change: Mapping[str, str], language: str) -> str:
    place = Fault(change["worksheet"], change["cell"] or None, change["what"], None, {}).place(language)
    return f"{place}: " + " → ".join(_short(text, language) for text in _apart(change["before"], change["after"]))


def _apart(before: str, after: str) -> tuple[str, str]:
    """Both without the lines that they have in common: of a list what goes and what comes."""
    sides = [text.split("\n") for text in (before, after)]
    gone, come = ([line for line in sides[one] if line not in sides[1 - one]] for one in (0, 1))
    return ("\n".join(gone), "\n".join(come)) if gone or come else (before, after)


def _short(text: str, language: str) -> str:
    words = WORDS[language]
    told = words["between"].join(INSIDE.sub(" ", text).split("\n")) or words["nothing"]
    return told if len(told) <= SHORTEST else f"{told[: SHORTEST - 1]}…"


def fixed(layout: Layout, before: Mapping[str, list[Row]], after: Mapping[str, list[Row]], ids: Identities, address: Address) -> list[str]:
    """What says something else of a thing that stays the same, and cannot change after creation."""
    old, found = {(table.key, identity): row for table, identity, row in walk(layout, before, ids[0])}, list[str]()
    for table, identity, row in walk(layout, after, ids[1]):
        was = old.get((table.key, identity))
        for column in table.columns if was is not None and not row.cells.get(STATE) else ():
            cells = [one.cells.get(column.key) for one in (was, row)]
            said = [None if cell is None or isinstance(cell, Kept) else shown(layout, cell) for cell in cells]
            if column.role == "value" and table.kind.options[(*table.path, *column.path)[0]].fixed and None not in said and said[0] != said[1]:
                facts = dict(value=said[1], other=said[0], limit=layout.marks.none)
                what = f"{name_of(layout, table, row)} {column.heading}".strip()
                found.append(Fault(table.title, address(table, row, column.key), what, "fixed_changed", facts).text(layout.language))
    return few(found, layout.language)


def _orders(layout: Layout, before: Mapping[str, list[Row]], after: Mapping[str, list[Row]], told: set[str]) -> Iterator[dict[str, str]]:
    """Of a kind in which nothing else changed, that its rows stand in another order: a version is never without a line."""
    for table in layout.tables:
        orders = ["\n".join(name_of(layout, table, row) for row in rows.get(table.key, [])) for rows in (before, after)]
        if table.kind.name not in told and orders[0] != orders[1]:
            told.add(table.kind.name)
            yield _change(table, None, layout.words["order"], *orders)


def _cells(layout: Layout, table: Table, was: Row, row: Row, address: Address) -> Iterator[dict[str, str]]:
    for column in table.columns:
        old, new = was.cells.get(column.key), row.cells.get(column.key)
        if old != new and column.role not in ("parent", "number"):
            what = f"{name_of(layout, table, row)} {column.heading}".strip()
            yield _change(table, address(table, row, column.key), what, shown(layout, old), shown(layout, new))


def _change(table: Table, cell: str | None, what: str, before: str, after: str) -> dict[str, str]:
    return dict(worksheet=table.title, cell=cell or "", what=what, before=_cut(before), after=_cut(after))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def name_of(layout: Layout, table: Table, row: Row) -> str:
    """How people are told which row it is."""
    own = [row.cells.get(ID)] if table.option is None and row.cells.get(ID) else [row.cells.get(key) for key in table.naming]
    return "/".join(shown(layout, part) for part in (*(row.cells.get(column.key) for column in table.parents), *own) if part is not None)


def _row_text(layout: Layout, table: Table, row: Row) -> str:
    said = [(column, row.cells.get(column.key)) for column in table.columns if column.role not in ("parent", "number")]
    return "\n".join(f"{column.heading}: {shown(layout, cell)}" for column, cell in said if cell is not None)


def shown(layout: Layout, cell: Any) -> str:
    """A cell as people see it."""
    if isinstance(cell, Kept):
        return layout.words["hidden"]
    return "" if cell is None else str(cell).upper() if isinstance(cell, bool) else str(cell)
