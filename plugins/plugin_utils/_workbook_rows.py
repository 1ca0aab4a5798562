# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet as the rows of a workbook's worksheets, and back. Pure functions; where a value stands in a file is not known here, only its row.

rows_of(layout, sheet) → {table: [Row]}, sheet_of(layout, {table: [Row]}) → Reading. The second undoes the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Row, entry_names, look, loosely
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import ID, NUMBER, STATE, Column, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault, Mistake, near
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS


class Place(NamedTuple):
    """Where an entry's option stands: the table, the row, the column, and the value that was read there."""

    table: Table
    row: Row
    column: Column
    value: Any


@dataclass
class Reading:
    """What the rows say: the sheet, what is wrong with single cells, and (kind, entry) → where its options stand.

    `orphans` is a sheet of entries that hold the rows whose parent is not there, so that what is wrong in them is told in the same pass.
    """

    sheet: dict[str, Any] = field(default_factory=dict)
    orphans: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    faults: list[tuple[Table, Row | None, Column | None, str, dict]] = field(default_factory=list)
    places: dict[tuple[str, str], list[tuple[str, Place]]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[int, str] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)  # tables with a row whose name is not known, which is told; to miss that name is no fault of its own


# ---- from sheet to rows


def unshown(layout: Layout, rows: Mapping[str, list[Row]]) -> Iterator[Fault]:
    """What the rows hold and no worksheet shows."""
    for table in layout.tables:
        for row in rows.get(table.key, []):
            said = [column for column in table.columns if column.key in row.cells and (table.hidden or column.hidden) and column.role != "parent"]
            named = [row.cells.get(key) for key in (*(column.key for column in table.parents), *table.naming)]
            name = "/".join(look(cell) or layout.marks.kept for cell in named if cell is not None)
            path = f"{'.'.join(table.path)}." if table.path else ""
            yield from (Fault(table.title, None, f"{name} {path}{column.key}".strip(), "no_column", {}) for column in said)


def rows_of(layout: Layout, sheet: Mapping[str, Any]) -> tuple[dict[str, list[Row]], list[Fault]]:
    """The rows of every table, and what of the sheet the workbook cannot hold. Parts that are no kinds stay in the sheet's file alone."""
    writer = _Writer(layout)
    for name in (name for name in sheet if name not in PARTS):
        if name in layout.by_key:
            writer.kind(layout.by_key[name], sheet[name])
        else:
            writer.faults.append(Fault(None, None, None, "no_worksheet", dict(value=name)))
    return writer.rows, writer.faults


class _Writer:
    """Fills the rows of all tables."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.rows: dict[str, list[Row]] = {table.key: [] for table in layout.tables}
        self.faults: list[Fault] = []

    def kind(self, table: Table, given: Any) -> None:
        entries = [given] if isinstance(given, Mapping) else list(given or [])
        for entry, name in zip(entries, entry_names(table.kind, entries), strict=True):
            row = Row({})
            self.rows[table.key].append(row)
            if entry.get("state") == "absent":
                row.cells[STATE] = self.layout.marks.none
            elif isinstance(entry.get("state"), Hidden):
                row.cells[STATE] = cells.Kept(entry["state"])
            if entry.get("id") is not None:
                own = _id_of(entry)
                self._set(table, row, ID, cells.Kept(own) if isinstance(own, Hidden) else cells.text_cell(own, self.layout.marks))
            clears = [str(path) for path in entry.get("clear") or []]
            self.fill(table, row, entry, () if table.kind.single else (name,), clears)
            self._no_place(table, row, entry, clears)

    def fill(self, table: Table, row: Row, thing: Mapping[str, Any], pointer: tuple[str, ...], clears: list[str]) -> None:
        for column in table.columns:
            if column.option is None:
                continue
            clear = column.clearable and column.key in clears
            value = thing
            for part in column.path:
                value = value.get(part) if isinstance(value, Mapping) else None
            try:
                if column.role == "value":
                    keys = tuple(path.partition(".")[2] for path in clears if column.clearable and path.startswith(f"{column.key}."))
                    said = cells.canonical(column.option, value)
                    written = cells.write(column.option, said, self.layout.marks, clear, keys)
                    broken = _is_name(table, column) and isinstance(written, str) and "\n" in written
                    self._set(table, row, column.key, cells.quoted(said, self.layout.marks) if broken else written)
                elif column.role == "list":
                    self.items(table, row, column, value, pointer, clear)
                elif clear:
                    row.cells[column.key] = self.layout.marks.none
            except Mistake as mistake:
                self.faults.append(Fault(table.title, None, f"{'/'.join(pointer)} {column.heading}", mistake.code, mistake.facts))

    def items(self, table: Table, row: Row, column: Column, value: Any, pointer: tuple[str, ...], clear: bool) -> None:
        """The rows of a list, and its mark in the row it belongs to."""
        child, marks = self.layout.child(table, column), self.layout.marks
        verbs = value if isinstance(value, Mapping) and column.option.many else dict(add=value)
        if clear:
            self._set(table, row, column.key, marks.none)
        elif verbs.get("set") is not None or (value == [] and not column.option.many):
            self._set(table, row, column.key, marks.only)
        # Numbered through, so that rows of deeper lists tell what is added from what is removed.
        numbered = enumerate(((name, item) for name in ("set", "add", "remove") for item in verbs.get(name) or []), 1)
        for number, (verb, item) in numbered:
            inner = Row({parent.key: cells.text_cell(text, marks) for parent, text in zip(child.parents, pointer, strict=True)})
            self.rows[child.key].append(inner)
            if verb == "remove":
                inner.cells[STATE] = marks.none
            own = str(number if child.column(NUMBER) else item.get(child.naming[0]) if child.naming else "")
            if child.column(NUMBER):
                inner.cells[NUMBER] = own
            self.fill(child, inner, item, (*pointer, own), [])

    def _set(self, table: Table, row: Row, key: str, cell: Any) -> None:
        if cell is not None:
            row.cells[key] = cell

    def _no_place(self, table: Table, row: Row, entry: Mapping[str, Any], clears: list[str]) -> None:
        """What an entry names and no column of the table can hold."""
        known = {column.path[0] for column in table.columns if column.option is not None}
        clearable = {column.path[0] for column in table.columns if column.clearable}
        lost = [name for name, value in entry.items() if name not in known and name not in ("state", "id", "clear") and value is not None]
        lost += [path for path in clears if path.partition(".")[0] not in clearable]
        for name in lost:
            heading = f"{table.kind.label(entry)} {name}"
            self.faults.append(Fault(table.title, None, heading, "inexpressible", dict(value=name)))


# ---- from rows to sheet


@dataclass
class _Thing:
    """An entry or an item on its way from a row."""

    row: Row
    said: dict[str, Any] = field(default_factory=dict)
    clears: list[str] = field(default_factory=list)
    state: str | None = None  # absent, or an expression
    only: set[str] = field(default_factory=set)
    label: str = ""
    path: tuple[str, ...] = ()  # what the parent columns of its own rows say
    names: set[str] = field(default_factory=set)  # what they may say too, of the entry
    items: dict[str, list[_Thing]] = field(default_factory=lambda: defaultdict(list))


def sheet_of(layout: Layout, rows: Mapping[str, list[Row]], nameless: Iterable[str] = ()) -> Reading:
    """The sheet that the rows mean, in the order of the rows, options in the order of the declarations.

    nameless: tables whose rows could not be read; that they lack what others belong to is no fault of its own.
    """
    reader = _Reader(layout, rows)
    reader.found.nameless.update(nameless)
    for table in layout.tables:
        if table.parent is None:
            entries = reader.entries(table)
            if any(entries):  # a row that says nothing is none
                reader.found.sheet[table.kind.name] = entries[0] if table.kind.single else entries
    return reader.found


class _Reader:
    def __init__(self, layout: Layout, rows: Mapping[str, list[Row]]) -> None:
        self.layout = layout
        self.rows = rows
        self.found = Reading()

    def fault(self, table: Table, row: Row | None, column: Column | None, code: str, **facts: Any) -> None:
        self.found.faults.append((table, row, column, code, facts))

    def entries(self, table: Table) -> list[dict]:
        things = [self.thing(table, row) for row in self.rows.get(table.key, [])]
        if table.kind.single and len(things) > 1:
            self.fault(table, things[1].row, None, "one_row", value=len(things))
            things = things[:1]
        named = [{**thing.said, **({"id": thing.row.cells[ID]} if thing.row.cells.get(ID) else {})} for thing in things]
        for thing, entry, name in zip(things, named, entry_names(table.kind, named), strict=True):
            thing.label, thing.path, thing.names = table.kind.label(entry), () if table.kind.single else (name,), loosely(table.kind, entry)
        lost: list[_Thing] = []
        self.belonging(table, things, lost.append)
        for number, thing in enumerate(lost):
            thing.label = f"\0{number}"
            self.found.orphans[table.kind.name].append({**self.filled(table, thing, ""), "id": thing.label})
        return [self.entry(table, thing) for thing in things]

    def thing(self, table: Table, row: Row) -> _Thing:
        thing = _Thing(row)
        for column in table.columns:
            cell = row.cells.get(column.key)
            if cell is None:
                continue
            try:
                self.cell(table, thing, column, cell)
            except Mistake as mistake:
                self.fault(table, row, column, mistake.code, **mistake.facts)
                if column.key in (*table.naming, ID):
                    self.found.nameless.add(table.key)
                if column.role == "id":
                    row.cells[ID] = str(cell).replace(":", "-")  # no name of a neighbour's; which thing is meant is known no better, but that one is meant
        if not (row.carried or NUMBER in table.naming or row.cells.get(ID)) and any(row.cells.get(key) is None for key in table.naming):
            self.found.nameless.add(table.key)
        return thing

    def cell(self, table: Table, thing: _Thing, column: Column, cell: Any) -> None:
        marks = self.layout.marks
        if column.role == "value":
            meaning = cells.read(column.option, cell, marks, column.clearable)
            if _is_name(table, column) and isinstance(cell, str) and "\n" in cell.strip(cells.BLANKS):
                raise Mistake("one_line")
            if meaning.clear:
                thing.clears.append(column.key)
            thing.clears += [f"{column.key}.{key}" for key in meaning.keys]
            if meaning.value is not None:
                _put(thing.said, column.path, meaning.value)
        elif column.role == "id":
            thing.row.cells[ID] = cells.read(Option(), cell, marks, False).value
        elif column.role == "state" and isinstance(cell, cells.Kept):
            thing.state = cell.value
        elif column.role in ("state", "list", "structure"):
            self.mark(thing, column, cell)

    def mark(self, thing: _Thing, column: Column, cell: Any) -> None:
        marks = self.layout.marks
        text = cell.strip(cells.BLANKS) if isinstance(cell, str) else cell
        allowed = [marks.none] if column.role != "list" else [marks.only, *([marks.none] if column.clearable else [])]
        if text not in allowed:
            raise Mistake("only_marks", value=cell, limit=" / ".join(allowed))
        if column.role == "state":
            thing.state = "absent"
        elif text == marks.none:
            thing.clears.append(column.key)
        else:
            thing.only.add(column.key)

    # -- rows of lists

    def belonging(self, table: Table, things: list[_Thing], adopt: Callable[[_Thing], None]) -> None:
        """Give every row of a list to the thing it belongs to, at all depths. `things` are all of the table.

        What belongs to none gets a thing of its own, which `adopt` gives to one above.
        """
        for column in table.columns:
            if column.role != "list":
                continue
            child = self.layout.child(table, column)
            found: list[_Thing] = []
            for row in self.rows.get(child.key, []):
                owner, item = self.owner(table, child, row, things), self.thing(child, row)
                if owner is None:
                    owner = _Thing(Row({}), path=tuple(str(row.cells.get(parent.key)) for parent in child.parents))
                    adopt(owner)
                owner.items[column.key].append(item)
                item.label, item.path, item.names = owner.label, (*owner.path, self.own(child, item)), owner.names
                found.append(item)
            self.belonging(child, found, self._adopter(column.key, adopt))

    @staticmethod
    def _adopter(key: str, adopt: Callable[[_Thing], None]) -> Callable[[_Thing], None]:
        def adopt_inside(thing: _Thing) -> None:
            outer = _Thing(Row({}), path=thing.path[:-1])
            outer.items[key].append(thing)
            adopt(outer)

        return adopt_inside

    def own(self, table: Table, thing: _Thing) -> str:
        """By what rows of deeper lists mean this row."""
        if table.column(NUMBER):
            return _pointer(thing.row.cells.get(NUMBER), self.layout) or ""
        return str(thing.said.get(table.naming[0], "")) if table.naming else ""

    def owner(self, table: Table, child: Table, row: Row, things: list[_Thing]) -> _Thing | None:
        """The thing that the parent columns of a row name; what is wrong is told at its column."""
        found = self._owner(table, child, row, things)
        if found is None:
            self.found.nameless.add(child.key)
        return found

    def _owner(self, table: Table, child: Table, row: Row, things: list[_Thing]) -> _Thing | None:
        candidates, said = things, []
        for index, column in enumerate(child.parents):
            title = self.layout.by_key[".".join(child.key.split(".")[:1])].title if index == 0 else table.title
            try:
                text = _pointer(row.cells.get(column.key), self.layout)
            except Mistake as mistake:
                self.fault(child, row, column, mistake.code, **mistake.facts)
                return None
            if text is None:
                self.fault(child, row, column, "parent_missing", limit=title)
                return None
            matching = [thing for thing in candidates if text == thing.path[index] or (index == 0 and text == thing.label)]
            matching = matching or [thing for thing in candidates if index == 0 and text in thing.names]
            if not matching:
                if table.key not in self.found.nameless and not row.carried:
                    close = near(text, sorted({thing.path[index] for thing in candidates}))
                    self.fault(child, row, column, "parent_unknown", value=text, limit=title, close=close)
                return None
            candidates = matching
            said.append(column)
        if not said and not candidates and (table.key in self.found.nameless or row.carried):
            return None
        if not said and not candidates:
            self.fault(child, row, None, "no_row", limit=table.title)
            return None
        if len(candidates) > 1:
            names = "、".join(sorted({thing.label for thing in candidates}))
            self.fault(child, row, said[-1], "parent_ambiguous", value=text, limit=table.title, other=names)
            return None
        for column, text in zip(child.parents, candidates[0].path, strict=True):
            row.cells[column.key] = cells.text_cell(text, self.layout.marks)
        return candidates[0]

    # -- things as they stand in the sheet

    def entry(self, table: Table, thing: _Thing) -> dict[str, Any]:
        entry = self.filled(table, thing, "")
        if thing.row.cells.get(ID):
            entry["id"] = thing.row.cells[ID]
        if thing.state:
            entry["state"] = thing.state
        if thing.clears:
            entry["clear"] = in_column_order(table.kind, thing.clears)
        self.found.labels[id(thing.row)] = thing.label
        return entry

    def filled(self, table: Table, thing: _Thing, path: str, label: str | None = None) -> dict[str, Any]:
        """The thing with the rows of its lists, in the order of the declaration."""
        label = thing.label if label is None else label
        for column in table.columns:
            if column.option is None:
                continue
            here = f"{path}{column.key}"
            value = None
            if column.role == "list":
                value = self.list_of(table, column, thing, f"{here}.", label)
                if value is not None:
                    _put(thing.said, column.path, value)
            elif column.role == "value":
                value = _get(thing.said, column.path)
            self.found.places[table.kind.name, label].append((here, Place(table, thing.row, column, value)))
        return ordered(table.options, thing.said)

    def list_of(self, table: Table, column: Column, thing: _Thing, path: str, label: str) -> Any:
        child, given = self.layout.child(table, column), thing.items[column.key]
        made = [(item, self.filled(child, item, path, label)) for item in given]
        for item, value in made:
            self.found.places[table.kind.name, label].append((path[:-1], Place(child, item.row, child.columns[0], value)))
        add = [value for item, value in made if not item.state]
        remove = [value for item, value in made if item.state]
        only = column.key in thing.only
        if not column.option.many:
            return add if add or only else None
        if only and remove:
            gone = next(item for item, dummy in made if item.state)
            self.fault(child, gone.row, child.column(STATE), "only_and_none", limit=(self.layout.marks.only, self.layout.marks.none))
            return None
        if only:
            return dict(set=add)
        return dict(dict(add=add) if add else {}, remove=remove) if remove else add or None


def _is_name(table: Table, column: Column) -> bool:
    """Does the cell hold one name?"""
    return column.option.type == "str" and (column.option.ref is not None or column.key in table.naming)


def ordered(options: Mapping[str, Option], thing: Mapping[str, Any]) -> dict[str, Any]:
    """The options in the order of the declaration, at every depth of structures."""
    found = {}
    for name, option in options.items():
        if name in thing:
            value = thing[name]
            found[name] = ordered(option.options, value) if option.options and option.type == "dict" and isinstance(value, Mapping) else value
    return found


def canonical_sheet(sheet: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """The sheet as the workbook gives it back: what says nothing left out, kinds and options in the order of the layout. Raises Mistake."""
    whole = [path for name in layout.kinds() for path in _without_cells(layout.by_key[name].kind, sheet.get(name))]
    if whole:
        raise Mistake("without_cells", value=len(whole), limit=", ".join(whole))
    found = {}
    for name in layout.kinds():
        kind, given = layout.by_key[name].kind, sheet.get(name)
        entries = [canonical_entry(kind, entry) for entry in ([given] if isinstance(given, Mapping) else given or [])]
        entries = [entry for entry in entries if entry]
        if entries:
            found[name] = entries[0] if kind.single else entries
    return found


def _without_cells(kind: Any, given: Any) -> Iterator[str]:
    """The expressions of a kind that stand for what the workbook has cells in: a structure, a list of them, one of these, or all of an entry."""
    for number, entry in enumerate(given if isinstance(given, list) else [given], 1):
        if isinstance(entry, Hidden):
            yield f"{kind.name}[{number}]"
        elif isinstance(entry, Mapping):
            at = f"{kind.name} {kind.label(entry)} "
            yield from (f"{at}{path}" for path in _structures(kind.options, entry, ""))
            clear = entry.get("clear")
            if isinstance(clear, Hidden) or (isinstance(clear, list) and cells.hidden(clear)):
                yield f"{at}clear"


def _structures(options: Mapping[str, Option], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Hidden):
        yield path
    elif isinstance(value, list):
        for item in value:
            yield from _structures(options, item, path)
    elif isinstance(value, Mapping):
        for name, option in options.items():
            if option.options:
                inner = value.get(name)
                verbs = list(inner.values()) if option.many and isinstance(inner, Mapping) else inner
                yield from _structures(option.options, verbs, f"{path}.{name}".lstrip("."))


def _id_of(entry: Mapping[str, Any]) -> str:
    return entry["id"] if isinstance(entry["id"], Hidden) else str(entry["id"])


def canonical_entry(kind: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    made = cells.canonical_all(kind.options, entry)
    if entry.get("id") is not None:
        made["id"] = _id_of(entry)
    if entry.get("state") == "absent" or isinstance(entry.get("state"), Hidden):
        made["state"] = entry["state"]
    if entry.get("clear"):
        made["clear"] = in_column_order(kind, [str(path) for path in entry["clear"]])
    return made


def in_column_order(kind: Any, clears: list[str]) -> list[str]:
    order = {name: index for index, name in enumerate((*kind.identity, *(name for name in kind.options if name not in kind.identity)))}
    whole = {path for path in clears if "." not in path}
    kept = [path for path in dict.fromkeys(clears) if path in whole or path.partition(".")[0] not in whole]
    return sorted(kept, key=lambda path: (order.get(path.partition(".")[0], len(order)), "." in path))


def _put(said: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        said = said.setdefault(part, {})
    said[path[-1]] = value


def _get(said: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = said
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _pointer(cell: Any, layout: Layout) -> str | None:
    """The text of a cell that names a row; people number rows with numbers."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return str(int(cell)) if cell == int(cell) else str(cell)
    return cells.read(Option(), cell, layout.marks, False).value
