# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything stands in a workbook: kinds → worksheets → columns. The one description that writing, reading and history share.

A kind is one worksheet, an entry one row. Options of a structure are columns of their own (`root_volume.size`). A list of dictionaries is a
worksheet of its own with a row for each, which says in its first columns what it belongs to; the column of the list itself stays where it was,
for the marks. Every other option is one column. All of it follows from the declarations of the kinds; a mapping changes only how it looks.

Keys are option paths as in `ec2_security_groups.ingress` and `cidr_ipv4`; what the layout itself adds begins with `@`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close_kind
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import MARKS, WORDS, Fault, Marks, near
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from ansible_collections.msp.aws.plugins.plugin_utils.labels import label, note

STATE, ID, NUMBER, PARENT = "@state", "@id", "@number", "@parent"
LONGEST_TITLE = 31  # of a worksheet, in Excel
NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
HEADING_ROW, FIRST_ROW = 8, 9  # where no mapping says otherwise: the row of keys, and the first row to fill in
SEARCHED = 40  # rows in which the headings are looked for
LAST_FIRST_ROW = 1000  # how far below the headings the first row can be
MAPPING = ("worksheet", "heading_row", "first_row", "columns", "ignore")


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `role`: value, list, structure, state, id, number or parent; `path` is the option's, from its table."""

    key: str
    role: str
    heading: str
    path: tuple[str, ...] = ()
    option: Option | None = None
    group: str = ""
    note: str = ""
    clearable: bool = False
    title: str = ""  # what the mapping calls it
    hidden: bool = False  # a mapping has no place for it: its values stay in the sheet's file

    @property
    def written(self) -> str:
        """What stands in the row of headings by which a file is read."""
        return self.title or self.key


@dataclass(frozen=True, eq=False)
class Table:
    """One worksheet. `path` is the option's whose items are the rows; () for the entries of the kind."""

    kind: Kind
    path: tuple[str, ...]
    option: Option | None
    parent: Table | None
    title: str
    name: str
    columns: tuple[Column, ...]
    heading_row: int = HEADING_ROW
    first_row: int = FIRST_ROW
    mapped: bool = False
    hidden: bool = False  # its list has no column in a mapping: the rows stay in the sheet's file
    ignore: tuple[str, ...] = ()  # headings of columns that are not read

    @property
    def key(self) -> str:
        return ".".join((self.kind.name, *self.path))

    @property
    def options(self) -> Mapping[str, Option]:
        return self.option.options if self.option else self.kind.options

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """The columns that the worksheet has."""
        return tuple(column for column in self.columns if not column.hidden)

    @property
    def parents(self) -> list[Column]:
        return [column for column in self.columns if column.role == "parent"]

    @property
    def verbs(self) -> bool:
        """Rows can say that they are to be taken away."""
        return self.option is None or self.option.many

    @property
    def naming(self) -> tuple[str, ...]:
        """The columns whose values tell the rows of one parent apart; () where only their order does."""
        if self.option is None:
            return self.kind.identity
        return (NUMBER,) if self.column(NUMBER) else self.option.key

    @cached_property
    def _by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns}

    def column(self, key: str) -> Column | None:
        return self._by_key.get(key)


@dataclass(frozen=True)
class Layout:
    """All worksheets of a workbook, in their order."""

    language: str
    tables: tuple[Table, ...]
    ignore: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    named: frozenset[str] = frozenset()  # keys of the tables of which a mapping speaks

    @property
    def marks(self) -> Marks:
        return MARKS[self.language]

    @property
    def words(self) -> dict[str, str]:
        return WORDS[self.language]

    @property
    def fixed_titles(self) -> list[str]:
        return [self.words[word] for word in ("cover", "contents", "history", "lists")]

    @cached_property
    def worksheets(self) -> list[Table]:
        """The tables that have a worksheet."""
        return [table for table in self.tables if not table.hidden]

    @cached_property
    def by_key(self) -> dict[str, Table]:
        return {table.key: table for table in self.tables}

    @cached_property
    def _children(self) -> dict[tuple[str, tuple[str, ...]], Table]:
        return {(table.parent.key, table.path[len(table.parent.path) :]): table for table in self.tables if table.parent}

    def child(self, table: Table, column: Column) -> Table:
        """The worksheet with the rows of a list."""
        return self._children[table.key, column.path]

    def title(self, kind: str) -> str:
        """What the workbook calls a kind."""
        return self.by_key[kind].title if kind in self.by_key else label(kind, (), self.language)

    def heading(self, kind: str, path: tuple[str, ...]) -> str:
        """What the workbook calls an option. Raises KeyError where there is none."""
        for depth in range(len(path)):
            table = self.by_key.get(".".join((kind, *path[:depth])))
            column = table.column(".".join(path[depth:])) if table else None
            if column is not None:
                return column.heading
        return label(kind, path, self.language)

    def kinds(self) -> list[str]:
        return [table.key for table in self.tables if table.parent is None]

    def of(self, names: Iterable[str]) -> Layout:
        """The same layout with these kinds only."""
        wanted = set(names)
        return Layout(self.language, tuple(table for table in self.tables if table.kind.name in wanted), self.ignore, self.faults, self.named)


def layout(language: str = "ja", mapping: Mapping[str, Any] | None = None, only: Iterable[str] | None = None) -> Layout:
    """The layout of a workbook with all kinds, or `only` some. A mapping's mistakes are `faults` of the layout.

    mapping: {ignore: [titles of worksheets],
              tables: {key of a table: {worksheet, heading_row, first_row, columns: {key of a column: heading}, ignore: [headings of columns]}}}
    What has no column there is `hidden`: no worksheet has it, and its values stay as the sheet's file has them.
    """
    wanted = None if only is None else frozenset(only)
    made = _made(language, wanted)
    unknown = [name for name in wanted or () if name not in kinds()]
    faults = [Fault(None, None, None, "unknown_kind", dict(value=name, close=close_kind(name, kinds()))) for name in sorted(unknown)]
    faults += _mapping_faults({} if mapping is None else mapping, {table.key: table for table in made}, WORDS[language])
    if faults:
        return Layout(language, made, (), tuple(faults))
    told = mapping or {}
    tables = told.get("tables") or {}
    return Layout(language, tuple(_mapped(made, tables)), tuple(told.get("ignore") or ()), named=frozenset(tables))


@cache
def _made(language: str, only: frozenset[str] | None) -> tuple[Table, ...]:
    """The collection's own tables."""
    titles = _Titles([WORDS[language][word] for word in ("cover", "contents", "history", "lists")])
    return tuple(table for kind in in_order(kinds()) if only is None or kind.name in only for table in _tables(kind, language, titles))


def in_order(known: Mapping[str, Kind]) -> list[Kind]:
    """By service; within a service what others need to be made comes before them, else by name."""
    done: dict[str, Kind] = {}

    def visit(kind: Kind, above: tuple[str, ...]) -> None:
        needs = {option.ref for option in kind.options.values() if option.ref and (option.required or option.fixed)}
        for name in sorted(needs):
            if name in known and known[name].service == kind.service and name not in above:
                visit(known[name], (*above, kind.name))
        done.setdefault(kind.name, kind)

    for kind in sorted(known.values(), key=lambda one: (one.service, one.name)):
        visit(kind, ())
    return list(done.values())


class _Titles:
    """Titles of worksheets: short enough, without what Excel refuses, each once, in capitals or not."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = {title.casefold() for title in taken}

    def new(self, wanted: str, before: str = "") -> str:
        """A title that ends with what tells it from its neighbours, also where it has to be cut."""
        wanted, before = (NOT_IN_TITLES.sub("・", part).strip("' ") for part in (wanted, before))
        for count in range(1, len(self.taken) + 2):
            end = f"~{count}" if count > 1 else ""
            room = LONGEST_TITLE - len(end)
            title = before[: max(room - len(wanted), 8)] + wanted
            title = title[:room] + end
            if title.casefold() not in self.taken:
                break
        self.taken.add(title.casefold())
        return title


def _tables(kind: Kind, language: str, titles: _Titles) -> Iterator[Table]:
    words, name = WORDS[language], label(kind.name, (), language)
    own = [Column(STATE, "state", words["state"], note=words["state_note"])]
    ids = [] if kind.single else [Column(ID, "id", words["id"], note=words["id_note"])]
    named = {option: kind.options[option] for option in (*kind.identity, *kind.options)}
    columns = list(_columns(kind, named, (), (), language, ""))
    table = Table(kind, (), None, None, titles.new(name), name, (*own, *columns, *ids))
    yield table
    yield from _child_tables(table, language, titles)


def _child_tables(table: Table, language: str, titles: _Titles) -> Iterator[Table]:
    words = WORDS[language]
    for column in table.columns:
        if column.role != "list":
            continue
        path, option = (*table.path, *column.path), column.option
        above = enumerate(_above(table), 1)
        outer = [Column(f"{PARENT}{level}", "parent", words["parent"].format(one.name), note=words["parent_note"]) for level, one in above]
        state = [Column(STATE, "state", words["state"], note=words["item_state_note"])] if option.many else []
        inner = list(_columns(table.kind, option.options, path, (), language, ""))
        deeper = any(one.role == "list" for one in inner)
        named = option.many and len(option.key) == 1 and option.options[option.key[0]].required
        number = [Column(NUMBER, "number", words["item"], note=words["number_note"])] if deeper and not named else []
        name = label(table.kind.name, path, language)
        title = titles.new(name, f"{label(table.kind.name, (), language)}_")
        child = Table(table.kind, path, option, table, title, name, (*outer, *state, *number, *inner))
        yield child
        yield from _child_tables(child, language, titles)


def _above(table: Table | None) -> list[Table]:
    """The tables whose rows a row of a child table has to name, outermost first."""
    found: list[Table] = []
    while table is not None:
        if not (table.parent is None and table.kind.single):
            found.insert(0, table)
        table = table.parent
    return found


def _columns(kind: Kind, options: Mapping[str, Option], base: tuple[str, ...], path: tuple[str, ...], language: str, group: str) -> Iterator[Column]:
    for name, option in options.items():
        here = (*path, name)
        full = (*base, *here)
        facts = dict(path=here, option=option, group=group, note=note(kind.name, full) or "", clearable=option.clearable and len(full) == 1)
        heading = label(kind.name, full, language)
        if option.options and option.type == "list":
            yield Column(".".join(here), "list", heading, **facts)
        elif option.options:
            inside = f"{group}・{heading}" if group else heading
            if facts["clearable"]:
                yield Column(".".join(here), "structure", heading, **{**facts, "group": inside})
            yield from _columns(kind, option.options, base, here, language, inside)
        else:
            yield Column(".".join(here), "value", heading, **facts)


# ---- a company's own headings


def _mapping_faults(mapping: Any, tables: Mapping[str, Table], words: Mapping[str, str]) -> Iterator[Fault]:
    """All that is wrong with a mapping, before anything is made of it."""
    if not isinstance(mapping, Mapping):
        yield _wrong("map_dict", "", value=mapping)
        return
    yield from _unknown("", mapping, ("ignore", "tables"))
    yield from _ignore_faults("", mapping)
    told = {} if mapping.get("tables") is None else mapping["tables"]
    if not isinstance(told, Mapping):
        yield _wrong("map_dict", "tables", value=told)
        return
    yield from _unknown("tables", told, tables)
    for key, facts in told.items():
        at = f"tables.{key}"
        if key in tables and not isinstance(facts, Mapping):
            yield _wrong("map_dict", at, value=facts)
        elif key in tables:
            yield from _unknown(at, facts, MAPPING)
            yield from _row_faults(at, facts)
            yield from _ignore_faults(f"{at}.", facts)
            if "columns" in facts:
                yield from _column_faults(f"{at}.columns", facts["columns"], tables[key])
    facts_of = {key: facts for key, facts in told.items() if key in tables and isinstance(facts, Mapping)}
    yield from _title_faults(facts_of, tables, words)
    yield from _lost_tables(facts_of, tables)


def _wrong(code: str, at: str, **facts: Any) -> Fault:
    return Fault(None, None, None, code, dict(facts, at=f" {at}" if at else ""))


def _unknown(at: str, given: Mapping[Any, Any], known: Iterable[str]) -> Iterator[Fault]:
    words = list(known)
    for word in given:
        if word not in words:
            yield _wrong("map_unknown", at, value=word, close=near(word, words))


def _ignore_faults(at: str, facts: Mapping[str, Any]) -> Iterator[Fault]:
    ignored = facts.get("ignore")
    if ignored is not None and not (isinstance(ignored, list) and all(isinstance(title, str) for title in ignored)):
        yield _wrong("map_list", f"{at}ignore", value=ignored)


def _row_faults(at: str, facts: Mapping[str, Any]) -> Iterator[Fault]:
    heading = facts.get("heading_row", HEADING_ROW)
    if not _is_row(heading, SEARCHED):
        yield _wrong("map_row", f"{at}.heading_row", value=heading, limit=SEARCHED)
        heading = 0
    first = facts.get("first_row", heading + 1)
    if not _is_row(first, LAST_FIRST_ROW):
        yield _wrong("map_row", f"{at}.first_row", value=first, limit=LAST_FIRST_ROW)
    elif first <= heading:
        yield _wrong("map_first_row", f"{at}.first_row", value=first, limit=heading)


def _is_row(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _column_faults(at: str, columns: Any, table: Table) -> Iterator[Fault]:
    if not isinstance(columns, Mapping):
        yield _wrong("map_dict", at, value=columns)
        return
    yield from _unknown(at, columns, [column.key for column in table.columns])
    yield from (_wrong("map_text", f"{at}.{key}", value=heading) for key, heading in columns.items() if not _is_text(heading))
    headings = [heading.strip() for heading in columns.values() if _is_text(heading)]
    for heading in dict.fromkeys(headings):
        if headings.count(heading) > 1:
            yield _wrong("map_twice", at, value=heading, limit=headings.count(heading))
    needed = [*(column.key for column in table.parents), *(table.naming if table.option is None or len(table.naming) == 1 else ())]
    missing = [key for key in needed if key not in columns]
    if missing:
        yield _wrong("map_needed", at, value=", ".join(missing))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _title_faults(facts_of: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Table], words: Mapping[str, str]) -> Iterator[Fault]:
    """A title must be one that Excel takes, and no other worksheet's."""
    taken = {words[word].casefold(): words[word] for word in ("cover", "contents", "history", "lists")}
    taken |= {table.title.casefold(): key for key, table in tables.items() if "worksheet" not in facts_of.get(key, {})}
    for key, facts in facts_of.items():
        if "worksheet" not in facts:
            continue
        at, title = f"tables.{key}.worksheet", facts["worksheet"]
        fits = _is_text(title) and len(title) <= LONGEST_TITLE and title == title.strip("' \u3000") and title.casefold() != "history"
        if not fits or NOT_IN_TITLES.search(title) or not title.isprintable():
            yield _wrong("map_title", at, value=title, limit=LONGEST_TITLE)
        elif taken.setdefault(title.casefold(), key) != key:
            yield _wrong("map_title_taken", at, value=title, limit=taken[title.casefold()])


def _lost_tables(facts_of: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Table]) -> Iterator[Fault]:
    """A worksheet of rows whose list has no column in the worksheet above cannot be there."""
    for key in facts_of:
        above = tables[key].parent
        columns = facts_of.get(above.key, {}).get("columns") if above else None
        name = ".".join(tables[key].path[len(above.path) :]) if above else ""
        if isinstance(columns, Mapping) and name not in columns:
            yield _wrong("map_list_column", f"tables.{key}", value=name, limit=f"tables.{above.key}.columns")


def _mapped(tables: Iterable[Table], told: Mapping[str, Mapping[str, Any]]) -> list[Table]:
    made: dict[str, Table] = {}
    for table in tables:
        facts = told.get(table.key) or {}
        columns = table.columns
        if "columns" in facts:
            shown = [replace(table.column(key), heading=heading.strip(), title=heading.strip()) for key, heading in facts["columns"].items()]
            columns = (*shown, *(replace(column, hidden=True) for column in columns if column.key not in facts["columns"]))
        heading_row = facts.get("heading_row", table.heading_row)
        above = made[table.parent.key] if table.parent else None
        list_column = above.column(".".join(table.path[len(above.path) :])) if above else None
        made[table.key] = replace(
            table,
            parent=above,
            title=facts.get("worksheet", table.title),
            columns=tuple(columns),
            heading_row=heading_row,
            first_row=facts.get("first_row", heading_row + 1),
            mapped=bool({"columns", "heading_row", "first_row"} & set(facts)),
            hidden=bool(above and (above.hidden or list_column.hidden)),
            ignore=tuple(heading.strip() for heading in facts.get("ignore") or ()),
        )
    return list(made.values())
