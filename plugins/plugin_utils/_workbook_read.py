# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook's file as rows, and all that is wrong with it in one pass. No call of AWS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

try:
    from openpyxl.utils import get_column_letter
except ImportError:
    get_column_letter = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_check import check
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_file import Cells, opened, plain
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_found import Workbook, named
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Row, identities
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_kept import carry, keep
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import SEARCHED, Column, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_rows import sheet_of
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import WORDS, Fault, near
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

COVER = ("customer", "number", "account_id", "region", "version", "date", "digest")  # label in column B, value in the column behind it
COVERED = 3
STAMPED = ("version", "date", "digest")  # of these, what an import writes
NEEDED = STAMPED[:2]  # of these, what a cover must have a place for


def read(
    path: Path,
    layout: Layout,
    before: Mapping[str, list[Row]],
    contract: Mapping[str, Any],
    outside: Mapping[str, list[str]],
    sheet: Mapping[str, Any] | None = None,
) -> Workbook:
    """The workbook at a path.

    before:   the rows of the sheet so far, for cells that say "as it is"
    contract: facts that must agree with the cover, such as account_id
    outside:  kind → names that are in the account though no worksheet has them
    sheet:    the sheet so far, which stays what it is where the workbook has no worksheets
    """
    found = Workbook(layout=layout, faults=list(layout.faults))
    book = found.book = opened(path, found.faults, [layout.words["history"]]) if not found.faults else None
    if book is None:
        return found
    found.own = bool(layout.named) and not any(_is_ours(book, words, layout.ignore) for words in WORDS.values())
    other = [language for language, words in WORDS.items() if words["contents"] in book.sheetnames and layout.words["contents"] not in book.sheetnames]
    if other and not found.own:
        found.faults.append(Fault(None, None, str(path), "other_language", dict(value=other[0])))
        return found
    _cover(book, layout, contract, found)
    found.layout = layout = _present(book, layout, found)
    for table in layout.worksheets:
        if table.title in book.sheetnames:
            rows = _Worksheet(book[table.title], table, found).rows()
            if rows is not None:
                found.rows[table.key] = rows
    ids = identities(layout, before, found.rows)
    there = {key: set(given) for key, given in ids[1].items()}
    found.gone = {name: [index for index, identity in enumerate(ids[0][name]) if identity not in there[name]] for name in layout.kinds()}
    carry(layout, found, before, ids)
    keep(layout, found, before, ids)
    reading = sheet_of(layout, found.rows, [table.key for table in layout.tables if not found.has_names(table)])
    for table, row, column, code, facts in reading.faults:
        at = (table.title, found.address(table, row, column.key if column else None))
        if at in found.unread or (column and column.key in found.lacking.get(table.key, ())):
            continue
        if column is not None and column.option is not None and column.option.secret:
            facts = dict.fromkeys(facts, layout.words["hidden"]) if code != "wrong_type" else dict(facts, value=layout.words["hidden"])
        found.faults.append(Fault(*at, column.heading if column else None, code, facts))
    found.nameless |= reading.nameless
    rest = {name: given for name, given in (sheet or {}).items() if name in kinds() and name not in layout.by_key}
    check(found, reading, rest, outside, contract.get("region"))
    order = {title: index for index, title in enumerate(book.sheetnames)}
    found.faults.sort(key=lambda fault: order.get(fault.worksheet or "", -1))
    found.sheet = reading.sheet
    return found


# ---- the worksheets


def _is_ours(book: Any, words: Mapping[str, str], ignored: Collection[str]) -> bool:
    """Has it a cover, contents and a history as we make them? A company may call others so."""
    titles = [words[word] for word in ("cover", "contents", "history")]
    return not set(titles) & set(ignored) and set(titles) <= set(book.sheetnames) and words["key"] in _texts(book[words["contents"]])


def _texts(contents: Any) -> set[Any]:
    return {plain(cell.value) for row in contents.iter_rows(max_col=8, max_row=min(contents.max_row, 2000)) for cell in row}


def cover_cells(cover: Any) -> dict[Any, Any]:
    """The cell beside each label of a cover."""
    found: dict[Any, Any] = {}
    for row in range(1, SEARCHED):
        found.setdefault(plain(cover.cell(row, COVERED - 1).value), cover.cell(row, COVERED))
    return found


def _cover(book: Any, layout: Layout, contract: Mapping[str, Any], found: Workbook) -> None:
    """What the cover says, and whether it is the cover of this contract: the sheet of another customer is the worst mistake there is."""
    title = layout.words["cover"]
    if title not in book.sheetnames or title in layout.ignore:
        return  # told with the missing worksheets, or none of ours
    cover = book[title]
    said = cover_cells(cover)
    words = [word for word in COVER if not (found.own and word in STAMPED)]
    found.cover = {word: plain(getattr(said.get(layout.words[word]), "value", None)) for word in words}
    for word in () if found.own else STAMPED:
        cell = said.get(layout.words[word])
        if cell is None and word in NEEDED:
            found.faults.append(Fault(title, None, None, "no_cover", dict(limit=layout.words[word])))
        if cell is None:
            continue
        area = next((area for area in cover.merged_cells.ranges if cell.coordinate in area), None)
        if area and (area.min_row, area.min_col) != (cell.row, cell.column):  # nothing can be written there
            found.faults.append(Fault(title, cell.coordinate, layout.words[word], "merged", dict(value=str(area))))
    for word in ("number", "account_id"):
        value, wanted, heading = found.cover.get(word), contract.get(word), layout.words[word]
        place = said[heading].coordinate if heading in said else None
        if wanted and value is None:
            found.faults += [] if found.own else [Fault(title, place, None, "no_cover", dict(limit=heading))]
        elif wanted and str(value).strip(cells.BLANKS) != str(wanted):
            found.faults.append(Fault(title, place, heading, "other_contract", dict(value=str(value), limit=str(wanted))))


def _present(book: Any, layout: Layout, found: Workbook) -> Layout:
    """The layout of the kinds that this workbook is meant to have, as its contents say."""
    words = layout.words
    missing = [words[word] for word in ("cover", "contents", "history") if words[word] not in book.sheetnames and not found.own]
    wanted = {table.kind.name for table in layout.worksheets if table.title in book.sheetnames}  # whatever became of its line
    if found.own:
        wanted |= {key.partition(".")[0] for key in layout.named}
    elif words["contents"] in book.sheetnames:  # without them, that is told, and not every worksheet that was perhaps never there
        wanted |= _texts(book[words["contents"]])
    layout = layout.of(wanted)
    titles = [table.title for table in layout.worksheets]
    missing += [title for title in titles if title not in book.sheetnames]
    extra = [title for title in book.sheetnames if title not in {*titles, *layout.fixed_titles, *layout.ignore}]
    meant = {title: near(title, missing) for title in extra}
    found.faults += [Fault(None, None, None, "missing_sheet", dict(value=title)) for title in missing if title not in meant.values()]
    found.faults += [Fault(None, None, None, "extra_sheet", dict(value=title, close=close)) for title, close in meant.items()]
    return layout


class _Worksheet(Cells):
    """One worksheet's cells as rows of its table."""

    def __init__(self, sheet: Any, table: Table, found: Workbook) -> None:
        super().__init__(sheet, found.faults)
        self.table = table
        self.found = found

    def rows(self) -> list[Row] | None:
        """None when there are no headings by which to read."""
        if self.table.mapped:
            self._spread_headings()
        heading_row = self._heading_row()
        if heading_row is None:
            self.fault(None, None, "no_headings", limit=", ".join(column.written for column in self.table.shown[:3]))
            return None
        if not self.table.mapped and self.merged_across(heading_row):
            return None  # which column a heading stands for is not known
        columns = self._columns(heading_row)
        self.found.columns[self.table.key] = {column.key: index for index, column in columns.items()}
        self.found.lacking[self.table.key] = {column.key for column in self.table.shown} - self.found.columns[self.table.key].keys()
        first = heading_row + self.table.first_row - self.table.heading_row
        self._headings_again(first)
        merged = self.merged(first, self.ignored)
        for row, index in merged:
            self._unread(f"{get_column_letter(index)}{row}", columns.get(index))
        self.unsure(first, {index: column.heading for index, column in columns.items()})
        lost: set[int] = set()
        found: list[Row] = []
        for number in sorted(row for row in self.by_row if row >= first):
            row = Row({}, number)
            for index, cell in sorted(self.by_row[number].items()):
                column = columns.get(index)
                if (number, index) in merged:
                    continue
                if column is not None:
                    value = self._value(cell, column)
                    if value is not None:
                        row.cells[column.key] = value
                elif index not in lost and index not in self.known:
                    lost.add(index)
                    self.fault(cell.coordinate, None, "outside_columns", value=str(plain(cell.value)))
            if row.cells:
                found.append(row)
        return found

    def _headings_again(self, first: int) -> None:
        """Rows that came along with what was copied: those above the table. They are told once for each place, and then are not there."""
        lines = {row: {index: _text(cell.value) for index, cell in line.items()} for row, line in self.by_row.items()}
        above = [line for row, line in lines.items() if row < first]
        below = sorted(row for row in lines if row >= first)
        for again, rows in groupby(below, lambda row: any(lines[row].items() <= one.items() for one in above)):
            block = list(rows)
            # A row with one word of them may be meant; beside a row with more it is not.
            if again and any(len(lines[row]) > 1 for row in block):
                self.fault(f"A{block[0]}", None, "headings_again", value=block[0], limit=block[-1])
                for row in block:
                    del self.by_row[row]

    def _spread_headings(self) -> None:
        """A company's headings can be merged: one stands in each row of its area, for the first of its columns."""
        for area in self.sheet.merged_cells.ranges:
            anchor = self.by_row.get(area.min_row, {}).get(area.min_col)
            for row in range(area.min_row, min(area.max_row, SEARCHED) + 1) if anchor is not None else ():
                self.by_row[row].setdefault(area.min_col, anchor)

    def _below(self, cell: Any) -> Iterable[int]:
        """The columns of a heading."""
        area = next((area for area in self.sheet.merged_cells.ranges if cell.coordinate in area), None)
        return range(area.min_col, area.max_col + 1) if area else [cell.column]

    def _heading_row(self) -> int | None:
        """The row in which most of the headings stand: people put lines above it."""
        headings = {column.written for column in self.table.shown}
        counts = {
            row: len({text for cell in line.values() if (text := _text(cell.value)) in headings}) for row, line in self.by_row.items() if row <= SEARCHED
        }
        best = max(counts, key=lambda row: (counts[row], row == self.table.heading_row and self.table.mapped, -row), default=None)
        return best if best is not None and counts[best] * 2 >= min(len(headings), 4) else None

    def _columns(self, heading_row: int) -> dict[int, Column]:
        wanted = {column.written: column for column in self.table.shown}
        places: dict[str, list[Any]] = defaultdict(list)
        for dummy, cell in sorted(self.by_row[heading_row].items()):
            if _text(cell.value):
                places[_text(cell.value)].append(cell)
        self.known = {cell.column for given in places.values() for cell in given}
        self.ignored = {index for heading in self.table.ignore for cell in places.get(heading, ()) for index in self._below(cell)}
        self.known |= self.ignored
        strange = [heading for heading in places if heading not in wanted and heading not in self.table.ignore]
        meant = {heading: near(heading, [name for name in wanted if name not in places]) for heading in strange}
        lost = self._lost(heading_row, {heading: given[0].column for heading, given in places.items() if heading not in strange}, list(wanted))
        meant |= {heading: lost.get(places[heading][0].column) for heading in strange if meant[heading] is None}
        self.known |= lost.keys()
        for heading, given in places.items():
            if heading in meant:
                self.fault(given[0].coordinate, None, "extra_column", value=heading, close=meant[heading])
            elif len(given) > 1 and heading in wanted:
                self.fault(given[1].coordinate, None, "heading_twice", value=heading, limit=", ".join(cell.coordinate for cell in given))
        stood = {heading: f"{get_column_letter(index)}{heading_row}" for index, heading in lost.items()}
        for heading, column in wanted.items():
            if heading not in places and heading not in meant.values():
                self.fault(stood.get(heading), column.heading, "missing_column", value=heading)
        return {given[0].column: wanted[heading] for heading, given in places.items() if heading in wanted}

    def _lost(self, heading_row: int, stands: dict[str, int], order: list[str]) -> dict[int, str]:
        """Columns that hold something between those beside which a missing heading should stand: it is what was overwritten or deleted there."""
        used = {index for row, line in self.by_row.items() if row >= heading_row for index in line}
        found: dict[int, str] = {}
        for number, heading in enumerate(order):
            if heading not in stands:
                index = stands.get(order[number - 1], -1) + 1 if number else 1
                after = stands.get(order[number + 1]) if number + 1 < len(order) else None
                if index in used and index not in stands.values() and after in (None, index + 1):
                    found[index] = heading
                    stands[heading] = index
        return found

    def _value(self, cell: Any, column: Column) -> Any:
        value = self.value(cell, column.heading)
        if value is None and cell.data_type != "s":  # it holds something, which is told
            self._unread(cell.coordinate, column)
        return value

    def _unread(self, cell: str, column: Column | None) -> None:
        self.found.unread.add((self.table.title, cell))
        if column is not None and column.key in named(self.table):
            self.found.nameless.add(self.table.key)


def _text(value: Any) -> str:
    return str(plain(value)).strip(cells.BLANKS)
