# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook's file as rows, and all that is wrong with it in one pass. No call of AWS."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

try:
    from openpyxl.utils import get_column_letter
except ImportError:
    get_column_letter = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.module_utils._names import is_id
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils import references, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import Fault as SheetFault
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_file import Cells, opened, plain
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import ID, NUMBER, PARENT, SEARCHED, Column, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_rows import Place, Reading, Row, identities, look, renamed, sheet_of
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import WORDS, Fault, near
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden

COVER = ("customer", "number", "account_id", "region", "version", "date", "digest")  # label in column B, value in the column behind it
COVERED = 3
STAMPED = ("version", "date", "digest")  # of these, what an import writes
NEEDED = STAMPED[:2]  # of these, what a cover must have a place for
TOGETHER = ("one_of", "needs")  # faults of several cells together: none where one of them could not be read
OF_NAMES = ("duplicate", "removed_and_made")  # faults of a name that is there more than once
OF_OPTIONS = ("icmp_ports", "needs", "one_of", "ports", "reserved")  # faults that name other options
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")  # of an option
Identities = tuple[Mapping[str, list[tuple]], Mapping[str, list[tuple]]]  # of the rows so far, and of those of the workbook
ZONES = "ec2_availability_zones"  # no workbook has them
VERB = re.compile(r"\.(add|remove|set)(?=\.|$)")


@dataclass
class Workbook:
    """What was read: the sheet, the rows (with their row numbers), where columns stand, the cover, and the faults."""

    sheet: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    columns: dict[str, dict[str, int]] = field(default_factory=dict)
    lacking: dict[str, set[str]] = field(default_factory=dict)  # columns that a table should have and has not, which is told
    unread: set[tuple[str, str]] = field(default_factory=set)  # worksheet and cell of what could not be read, which is told
    nameless: set[str] = field(default_factory=set)  # tables with a row whose name, or what it belongs to, could not be read
    cover: dict[str, Any] = field(default_factory=dict)
    layout: Layout | None = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    gone: dict[str, list[int]] = field(default_factory=dict)  # kind → which of its entries so far are not there
    book: Any = None  # openpyxl's

    def address(self, table: Table, row: Row | None, key: str | None) -> str | None:
        """The cell of a row's column, such as C12."""
        number = row.number if row else None
        index = self.columns.get(table.key, {}).get(key or "")
        return f"{get_column_letter(index)}{number}" if index and number else f"A{number}" if number else None

    def lacks_names(self, table: Table) -> bool:
        """Could it be that a row is one of the sheet so far, but what is wrong is by what it is known?"""
        told = {(fault.cell or "").rstrip("0123456789") for fault in self.faults if fault.worksheet == table.title}
        columns = self.columns.get(table.key, {})
        named = {get_column_letter(columns[key]) for key in (*table.naming, ID) if key in columns}
        return bool(told) and (bool(told & named) or not _has_names(self, table))


def read(path: Path, layout: Layout, before: Mapping[str, list[Row]], contract: Mapping[str, Any], outside: Mapping[str, list[str]]) -> Workbook:
    """The workbook at a path.

    before:   the rows of the sheet so far, for cells that say "as it is"
    contract: facts that must agree with the cover, such as account_id
    outside:  kind → names that are in the account though no worksheet has them
    """
    found = Workbook(layout=layout, faults=list(layout.faults))
    book = found.book = opened(path, found.faults, [layout.words["history"]]) if not found.faults else None
    if book is None:
        return found
    other = [language for language, words in WORDS.items() if words["contents"] in book.sheetnames and layout.words["contents"] not in book.sheetnames]
    if other:
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
    _carry(layout, found, before, ids)
    _keep(layout, found, before, ids)
    reading = sheet_of(layout, found.rows, [table.key for table in layout.tables if not _has_names(found, table)])
    for table, row, column, code, facts in reading.faults:
        at = (table.title, found.address(table, row, column.key if column else None))
        if at in found.unread or (column and column.key in found.lacking.get(table.key, ())):
            continue
        if column is not None and column.option is not None and column.option.secret:
            facts = dict.fromkeys(facts, layout.words["hidden"]) if code != "wrong_type" else dict(facts, value=layout.words["hidden"])
        found.faults.append(Fault(*at, column.heading if column else None, code, facts))
    found.nameless |= reading.nameless
    _check(found, reading, outside)
    order = {title: index for index, title in enumerate(book.sheetnames)}
    found.faults.sort(key=lambda fault: order.get(fault.worksheet or "", -1))
    found.sheet = reading.sheet
    return found


# ---- the worksheets


def cover_cells(cover: Any) -> dict[Any, Any]:
    """The cell beside each label of a cover."""
    found: dict[Any, Any] = {}
    for row in range(1, SEARCHED):
        found.setdefault(plain(cover.cell(row, COVERED - 1).value), cover.cell(row, COVERED))
    return found


def _cover(book: Any, layout: Layout, contract: Mapping[str, Any], found: Workbook) -> None:
    """What the cover says, and whether it is the cover of this contract: the sheet of another customer is the worst mistake there is."""
    title = layout.words["cover"]
    if title not in book.sheetnames:
        return  # told with the missing worksheets
    cover = book[title]
    said = cover_cells(cover)
    found.cover = {word: plain(getattr(said.get(layout.words[word]), "value", None)) for word in COVER}
    for word in STAMPED:
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
            found.faults.append(Fault(title, place, None, "no_cover", dict(limit=heading)))
        elif wanted and str(value).strip(cells.BLANKS) != str(wanted):
            found.faults.append(Fault(title, place, heading, "other_contract", dict(value=str(value), limit=str(wanted))))


def _present(book: Any, layout: Layout, found: Workbook) -> Layout:
    """The layout of the kinds that this workbook is meant to have, as its contents say."""
    words = layout.words
    missing = [words[word] for word in ("cover", "contents", "history") if words[word] not in book.sheetnames]
    if words["contents"] in book.sheetnames:
        contents = book[words["contents"]]
        listed = {plain(cell.value) for row in contents.iter_rows(max_col=8, max_row=min(contents.max_row, 2000)) for cell in row}
        there = {table.kind.name for table in layout.worksheets if table.title in book.sheetnames}  # whatever became of its line
        layout = layout.of(name for name in layout.kinds() if name in listed | there)
    else:  # that is told, and not every worksheet that was perhaps never there
        layout = layout.of(table.kind.name for table in layout.worksheets if table.title in book.sheetnames)
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
        heading_row = self._heading_row()
        if heading_row is None:
            self.fault(None, None, "no_headings", limit=", ".join(column.written for column in self.table.shown[:3]))
            return None
        if self.merged_across(heading_row):
            return None  # which column a heading stands for is not known
        columns = self._columns(heading_row)
        self.found.columns[self.table.key] = {column.key: index for index, column in columns.items()}
        self.found.lacking[self.table.key] = {column.key for column in self.table.shown} - self.found.columns[self.table.key].keys()
        first = heading_row + self.table.first_row - self.table.heading_row
        self._headings_again(first)
        merged = self.merged(first)
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

    def _heading_row(self) -> int | None:
        """The row in which most of the headings stand: people put lines above it."""
        headings = {column.written for column in self.table.shown}
        counts = {
            row: len({text for cell in line.values() if (text := _text(cell.value)) in headings}) for row, line in self.by_row.items() if row <= SEARCHED
        }
        best = max(counts, key=lambda row: (counts[row], -row), default=None)
        return best if best is not None and counts[best] * 2 >= min(len(headings), 4) else None

    def _columns(self, heading_row: int) -> dict[int, Column]:
        wanted = {column.written: column for column in self.table.shown}
        places: dict[str, list[Any]] = defaultdict(list)
        for dummy, cell in sorted(self.by_row[heading_row].items()):
            if _text(cell.value):
                places[_text(cell.value)].append(cell)
        self.known = {cell.column for given in places.values() for cell in given}
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
        if value is None and cell.data_type in ("f", "e"):
            self._unread(cell.coordinate, column)
        return value

    def _unread(self, cell: str, column: Column | None) -> None:
        self.found.unread.add((self.table.title, cell))
        if column is not None and column.key in _named(self.table):
            self.found.nameless.add(self.table.key)


def _text(value: Any) -> str:
    return str(plain(value)).strip(cells.BLANKS)


def _carry(layout: Layout, found: Workbook, before: Mapping[str, list[Row]], ids: Identities) -> None:
    """Give every row what the sheet so far says of it in columns that the worksheet does not have."""
    for table in layout.tables:
        if table.hidden:
            found.rows[table.key] = _carried(layout, table, found, before, ids)
            continue
        hidden = [column.key for column in table.columns if column.hidden]
        if hidden and found.rows.get(table.key) and not _named(table) & found.lacking[table.key]:
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


def _keep(layout: Layout, found: Workbook, before: Mapping[str, list[Row]], ids: Identities) -> None:
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
            if any(name in found.lacking[table.key] or (table.title, found.address(table, row, name)) in found.unread for name in _named(table)):
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


# ---- the sheet as a whole


def _check(found: Workbook, reading: Reading, outside: Mapping[str, list[str]]) -> None:
    """What the checks of a sheet find, told at the cell where it stands. A cell that has a fault already gets no second one."""
    layout = found.layout
    told: set[tuple] = {(fault.worksheet, fault.cell) for fault in found.faults if fault.cell} | found.unread
    rows = {(worksheet, _row_of(cell)) for worksheet, cell in told}
    spent: set[int] = set()
    lost = [fault for fault in sheets.faults(reading.orphans) if _stands(_place(reading, fault, set()))]
    told_of_sheet = sheets.faults(reading.sheet)
    for fault in [*told_of_sheet, *lost]:
        value = fault.facts.get("value")
        if isinstance(value, Hidden):
            continue  # an expression of the file: what it means is known at run time only
        place = _place(reading, fault, spent)
        at = (place.table.title, found.address(place.table, place.row, place.column.key)) if place else (layout.by_key[fault.kind].title, None)
        row = (at[0], _row_of(at[1]))
        whole = fault.code in TOGETHER or (isinstance(value, Mapping) and fault.code != "wrong_type") or fault.facts.get("value", "") is None
        lacking = found.lacking.get(place.table.key) if place else None
        if lacking and (place.column.key in lacking or fault.code in (*TOGETHER, "item_twice")):
            continue
        if (at[1] and at in told) or (whole and row in rows):
            continue
        told.add(at)
        rows.add(row)
        heading = place.column.heading if place else " ".join(part for part in (fault.entry, fault.option) if part)
        found.faults.append(Fault(*at, heading, None, {}, _said(fault, layout) + _cells_of_name(found, reading, fault)))
    removed = {(fault.kind, fault.entry, fault.option, fault.facts["value"]) for fault in told_of_sheet if fault.code == "to_be_removed"}
    rows |= {(fault.worksheet, _row_of(fault.cell)) for fault in found.faults if fault.cell}
    found.faults += list(_dangling(found, reading, outside, removed, rows))


def _stands(place: Any) -> bool:
    """Is it in a row of the file?"""
    return place is not None and place.row.number is not None


def _row_of(cell: str | None) -> str:
    return (cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _said(fault: Any, layout: Layout) -> str:
    """The message of a sheet's fault without its own way of saying where, with kinds and options as the workbook calls them."""
    facts = dict(fault.facts)
    if fault.code == "circular":
        facts["limit"] = " → ".join(f"{layout.title(kind)} {name}" for kind, name in facts["path"])
    elif fault.code == "ambiguous":
        facts["limit"] = (layout.title(facts["limit"][0]), facts["limit"][1])
    elif fault.code == "to_be_removed":
        facts["limit"] = layout.title(facts["limit"])
    elif fault.code in OF_OPTIONS:
        named = ["limit", "other"]
        if fault.code == "one_of" and set(str(facts["value"]).split(", ")) <= set(facts["other"].split(", ")):
            named.append("value")  # the options that are there, not the value of one
        facts.update({name: _headings(fault, facts[name], layout) for name in named if facts.get(name)})
    return SheetFault("", None, None, fault.code, facts).text(layout.language).removeprefix(": ")


def _headings(fault: Any, text: Any, layout: Layout) -> Any:
    """The text with options as the worksheets call them; those beside the one that is at fault come before those further out."""
    path = VERB.sub("", fault.option or "").split(".")

    def heading(found: re.Match[str]) -> str:
        for depth in range(len(path), -1, -1):
            try:
                return layout.heading(fault.kind, (*path[:depth], found[0]))
            except KeyError:
                continue
        return found[0]

    return NAME.sub(heading, text) if isinstance(text, str) else [_headings(fault, one, layout) for one in text]


def _place(reading: Reading, fault: Any, spent: set[int]) -> Any:
    """The place of a fault: where its value stands, else where its option does, else the entry. Each place is used once for equal faults."""
    given = reading.places.get((fault.kind, fault.entry or ""), [])
    path = VERB.sub("", fault.option or "")
    if fault.option == "clear":
        path = str(fault.facts.get("value")).partition(".")[0]
    value = fault.facts.get("value")
    item = fault.facts.get("item")
    near = [place for here, place in given if here == path] or [place for here, place in given if path and here.startswith(f"{path}.")]
    while not near and "." in path:  # a key of what one cell holds
        path = path.rpartition(".")[0]
        near = [place for here, place in given if here == path]
    if item is not None and near:
        rows = {id(place.row) for dummy, place in given if place.value is item} or {id(place.row) for dummy, place in given if place.value == item}
        near = [place for place in near if id(place.row) in rows] or near
    if fault.code in OF_NAMES and not fault.option:
        return next(iter(_named_so(reading, fault)[1:]), None)
    right = [place for place in near if _holds(place.value, value) or (value is None and place.value is None)] or near
    chosen = next((place for place in right if id(place) not in spent), next(iter(right), None))
    if chosen is not None:
        spent.add(id(chosen))
        return chosen
    return next((place for dummy, place in given if place.table.option is None), None)


def _named_so(reading: Reading, fault: Any) -> list[Place]:
    """Where the name of an entry stands, in each row that has it."""
    given = [place for dummy, place in reading.places.get((fault.kind, fault.entry or ""), [])]
    named = [place for place in given if place.table.option is None and place.column.key == (place.table.naming or ("",))[-1]]
    return list({id(place.row): place for place in named}.values())


def _cells_of_name(found: Workbook, reading: Reading, fault: Any) -> str:
    """All cells of a name that is there more than once: one of them says nothing of the others."""
    if fault.code not in OF_NAMES or fault.option:
        return ""
    cells_of = (found.address(place.table, place.row, place.column.key) for place in _named_so(reading, fault))
    return found.layout.words["cells"].format(", ".join(cell for cell in cells_of if cell))


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(value, Mapping) and not isinstance(wanted, Mapping):
        return any(_holds(inner, wanted) for inner in value.values())
    return (value is not None and value == wanted) or (isinstance(value, list) and any(_holds(inner, wanted) for inner in value))


def _has_names(found: Workbook, table: Table) -> bool:
    """Can the rows of a table be told apart at all? If not, that is told, and that its names are missing elsewhere is no fault of its own."""
    return table.hidden or (table.key in found.rows and table.key not in found.nameless and not _named(table) & found.lacking[table.key])


def _named(table: Table) -> set[str]:
    """The columns that say which row it is, and what it belongs to."""
    return {*table.naming, *(column.key for column in table.parents)}


def _dangling(found: Workbook, reading: Reading, outside: Mapping[str, list[str]], removed: set[tuple], rows: set[tuple]) -> Iterator[Fault]:
    """Names of things that neither the workbook nor the given names of the account have, or that more than one thing in the workbook has.

    rows: those of which something was told already. That a name is missing because its row says the wrong place is no fault of its own.
    """
    layout, own = found.layout, references.names(reading.sheet)
    spent: set[int] = set()
    hints: dict[tuple[str, str], str | None] = {}
    elsewhere: list[tuple[str, list[str], Fault]] = []
    for fault in references.unresolved(reading.sheet, {}):
        name, to = fault.facts["value"], fault.facts["limit"] if fault.code == "dangling" else fault.facts["limit"][0]
        known = [*own.get(to, ()), *(outside.get(to) or ())]
        there = {name, name.rpartition("/")[2]} & {*(outside.get(to) or ()), *(one.rpartition("/")[2] for one in outside.get(to) or ())}
        if isinstance(name, Hidden) or (fault.kind, fault.entry, fault.option, name) in removed:
            continue
        if fault.code == "dangling" and (there or to in reading.nameless or is_id(to, name)):
            continue
        place = _place(reading, fault, spent)
        at = (place.table.title, found.address(place.table, place.row, place.column.key), place.column.heading)
        if (to, name) not in hints:
            hints[to, name] = _near(name, known)
        title = layout.title(to)
        others = [one for one in own.get(to, ()) if "/" not in name and one.rpartition("/")[2] == name]
        if fault.code != "dangling":
            yield Fault(*at, None, {}, _said(fault, layout))
        elif not others:
            rows.add((at[0], _row_of(at[1])))
            yield Fault(*at, "no_zone" if to == ZONES else "not_there", dict(value=name, limit=title, close=hints[to, name]))
        else:
            elsewhere.append((to, others, Fault(*at, "not_here", dict(value=name, limit=title, other=", ".join(others)))))
    yield from (told for to, others, told in elsewhere if not any(_row_told(found, reading, to, one, rows) for one in others))


def _row_told(found: Workbook, reading: Reading, kind: str, name: str, rows: set[tuple]) -> bool:
    """Was something told of the row that has this name?"""
    places = (place for dummy, place in reading.places.get((kind, name), []) if place.table.option is None)
    return any((place.table.title, _row_of(found.address(place.table, place.row, place.column.key))) in rows for place in places)


def _near(name: str, known: list[str]) -> str | None:
    return near(name, sorted({*known, *(one.rpartition("/")[2] for one in known)} - {name}))
