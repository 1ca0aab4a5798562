# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as an xlsx workbook that a person can fill in: headings, explanations, pull-downs, print areas. No macros, no formulas in cells.

Every text is written as text, also where it looks like a formula or a number, and cells to be filled in with text have Excel's text format.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import ceil
from typing import Any

try:
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation
except ImportError:
    Workbook = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._names import makers
from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_cells import Kept
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Row
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import Column, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_looks import CENTRE, CREATED, EXPLAINED, Styles, put, set_page, width_of
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_read import COVER
from ansible_collections.msp.aws.plugins.plugin_utils.labels import description, note

TITLE, LINKS, GROUP, HEADING, MARK, NOTE, EMPTY = range(1, 8)  # rows above the keys, where no mapping says otherwise
SPARE = 15  # rows to be filled in, below those that are filled; fewer where these and the heads leave no room for them on the first printed page
PAGE_HEIGHT = 500  # points that a printed page has, A4 across
LAST = 2000  # the last row that has pull-downs
INLINE = 250  # characters of choices that Excel takes in the cell itself
LINE_HEIGHT = 14  # points
EXPLAINED_HEIGHT = 12
WORDS = re.compile("[!-~]+ *|[^!-~]")
LINES, WIDENED = 6, 26  # a column is made wider, up to this, for an explanation that would take more lines than these
ROW_HEIGHT = 15  # of a row with one line
USUAL_WIDTH = 8.43  # of a column that nobody set
HISTORY = (("version", 6), ("date", 12), ("ticket", 16), ("worksheet", 26), ("cell", 9), ("what", 34), ("before", 38), ("after", 38))
HISTORY_ROW = 4  # the first one below its headings
CONNECTOR = r"(?:\s+value)?\s*(?::|is(?:\s+used)?|of|value\s+of|set\s+to)?\s*(?:of\s+)?"
DEFAULT = re.compile(rf"\b[Dd]efault{CONNECTOR}\s*([\w.-]*\w)")


def workbook(layout: Layout, rows: Mapping[str, list[Row]], facts: Mapping[str, Any], history: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """The file. `facts`: what stands on the cover (customer, number, account_id, region, version, date)."""
    book = Workbook()
    book.properties.created = book.properties.modified = CREATED
    book.properties.creator = "msp.aws"
    book.properties.title = layout.words["title"]
    styles = Styles()
    _cover(book.active, layout, facts, styles)
    _contents(book.create_sheet(layout.words["contents"]), layout, rows, styles)
    lists = _Lists(layout)
    for table in layout.worksheets:
        _Worksheet(book.create_sheet(table.title), table, layout, styles, lists).fill(rows.get(table.key, []))
    _names(book, layout)
    history_sheet(book, layout, history)
    lists.write(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def same(one: bytes, other: bytes) -> bool:
    """Do two files hold the same? The times inside are of no interest."""
    try:
        contents = []
        for data in (one, other):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                contents.append({name: archive.read(name) for name in archive.namelist() if name != "docProps/core.xml"})
    except zipfile.BadZipFile:
        return False
    return contents[0] == contents[1]


def blank_behaviour(table: Table, column: Column, words: Mapping[str, str]) -> str:
    """What happens when a cell is left blank."""
    if column.role == "state":
        return words["blank_state"]
    if column.role == "id":
        return words["blank_id"]
    if column.option is None:
        return ""
    if required(table, column):
        return words["blank_required"]
    # What lies inside a structure may come from elsewhere, such as a disk's type from the image.
    known = default_of(table.kind.service, column.option) if len(column.path) == 1 else None
    return words["blank_default"].format(known) if known else words["blank"]


def required(table: Table, column: Column) -> bool:
    naming = column.option is not None and table.option is None and column.key in table.kind.identity
    return naming or column.role in ("parent", "number") or (column.option is not None and column.option.required and len(column.path) == 1)


def default_of(service: str, option: Option) -> str | None:
    """AWS's own default, where the service model says it in a way that leaves no doubt."""
    if not option.api:
        return None
    shape = _shapes.shape(service, option.api)
    found = DEFAULT.search(re.sub(r"<[^>]+>", "", shape.documentation or ""))
    word = found.group(1) if found else ""
    if word.isdecimal() and any(_shapes.refused(shape, int(word))):
        return None  # it says "none" and is no value
    choices = getattr(shape, "enum", None)
    if choices:
        return next((choice for choice in choices if choice == word), None)
    return word if re.fullmatch(r"[0-9]+|true|false", word) and option.type in ("int", "float", "bool") else None


class _Lists:
    """Choices that are too long for a cell, in the columns of a hidden worksheet."""

    def __init__(self, layout: Layout) -> None:
        self.title = layout.words["lists"]
        self.lists: dict[tuple[str, ...], int] = {}

    def formula(self, choices: tuple[str, ...]) -> str:
        inline = ",".join(choices)
        if len(inline) <= INLINE and not any("," in choice for choice in choices):
            return f'"{inline}"'
        index = self.lists.setdefault(choices, len(self.lists) + 1)
        letter = get_column_letter(index)
        return f"'{self.title}'!${letter}$1:${letter}${len(choices)}"

    def write(self, book: Any) -> None:
        sheet = book.create_sheet(self.title)
        sheet.sheet_state = "hidden"
        for choices, index in self.lists.items():
            for number, choice in enumerate(choices):
                put(sheet.cell(number + 1, index), choice)


def _explained(text: str, width: int) -> int:
    """The lines that an explanation takes in a column: a word goes whole to the next line, and one that is longer than a line is broken there."""
    room, lines = int(width * 9.5) / EXPLAINED, 0
    for line in text.split("\n"):
        lines, left = lines + 1, room
        for wide in map(width_of, WORDS.findall(line)):
            if wide > left < room:
                lines, left = lines + 1, room
            beyond = max(0, ceil(wide / room) - 1)
            lines, left = lines + beyond, left - wide + beyond * room
    return lines


class _Worksheet:
    """The worksheet of one table."""

    def __init__(self, sheet: Any, table: Table, layout: Layout, styles: Styles, lists: _Lists) -> None:
        self.sheet = sheet
        self.table = table
        self.layout = layout
        self.words = layout.words
        self.styles = styles
        self.lists = lists
        self.told = {column.key: (self._explanation(column), blank_behaviour(table, column, self.words)) for column in table.shown}
        self.widths: dict[str, int] = {}
        self.numbers = {column.key: index + 1 for index, column in enumerate(table.shown)}

    def fill(self, rows: list[Row]) -> None:
        self._head()
        for offset, row in enumerate(rows):
            self._row(self.table.first_row + offset, row.cells)
        end = self.table.first_row + len(rows)
        for number in range(end, end + self._spare(end)):
            self._row(number, {})
        self._pull_downs()
        self._page()

    def _spare(self, end: int) -> int:
        """How many empty rows, from `end` on."""
        above = sum(self.sheet.row_dimensions[number].height or ROW_HEIGHT for number in range(1, end))
        return max(3, min(SPARE, int((PAGE_HEIGHT - above) // ROW_HEIGHT)))

    # -- the rows above

    def _head(self) -> None:
        table, sheet, styles = self.table, self.sheet, self.styles
        for index, column in enumerate(table.shown):
            letter = get_column_letter(index + 1)
            sheet.column_dimensions[letter].width = self._width(column)
            sheet.column_dimensions[letter].number_format = self._format(column)
        if table.mapped:
            for column, number in zip(table.shown, self.numbers.values(), strict=True):
                cell = sheet.cell(table.heading_row, number)
                put(cell, column.written)
                styles.set(cell, styles.bold, self._fill(column), styles.centre)
                cell.comment = Comment(self.told[column.key][0], "msp.aws", width=320, height=140)
            return
        for row, height in ((TITLE, 24), (LINKS, 18), (GROUP, 16), (HEADING, 32), (MARK, 28), (table.heading_row, 14)):
            sheet.row_dimensions[row].height = height
        put(sheet.cell(TITLE, 1), table.title)
        sheet.cell(TITLE, 1).font = styles.big
        self._links()
        group = ""
        for column in table.shown:
            self._headings(column, "" if column.group == group else column.group)
            group = column.group
        for row, number in ((NOTE, 0), (EMPTY, 1)):
            lines = max(_explained(self.told[column.key][number], self._width(column)) for column in table.shown)
            sheet.row_dimensions[row].height = max(16, min(lines * EXPLAINED_HEIGHT + 4, 400))
        sheet.row_dimensions.group(NOTE, EMPTY, outline_level=1, hidden=False)
        sheet.sheet_properties.outlinePr.summaryBelow = False

    def _headings(self, column: Column, group: str) -> None:
        styles, number, fill = self.styles, self.numbers[column.key], self._fill(column)
        lines = {
            GROUP: (group, styles.small, fill, Alignment(vertical="center")),
            HEADING: (column.heading, styles.bold, fill, styles.centre),
            MARK: (self._marks(column), styles.small, fill, styles.centre),
            NOTE: (self.told[column.key][0], styles.explained, "note", styles.top),
            EMPTY: (self.told[column.key][1], styles.small, "note", styles.top),
            self.table.heading_row: (column.key, styles.small, "key", Alignment(vertical="center", shrink_to_fit=True)),
        }
        for row, (text, font, colour, alignment) in lines.items():
            cell = self.sheet.cell(row, number)
            put(cell, text or None)
            styles.set(cell, font, colour, alignment)

    def _links(self) -> None:
        """Back to the contents, and to and from the worksheets of lists."""
        links = [(self.words["contents"], self.words["back"])]
        if self.table.parent is not None:
            links.append((self.table.parent.title, self.table.parent.title))
        links += [(child.title, child.title.removeprefix(f"{self.table.title}_")) for child in self.layout.worksheets if child.parent is self.table]
        widths, number = [self._width(column) for column in self.table.shown], 1
        for title, text in links:
            cell = self.sheet.cell(LINKS, number)
            put(cell, f"→ {text}")
            cell.hyperlink = f"#'{title}'!A1"
            cell.font = self.styles.link
            # The next one stands where this one ends, and beside the columns that every printed page repeats.
            room = 0.0
            while room < width_of(text) + 4:
                room += widths[number - 1] if number <= len(widths) else USUAL_WIDTH
                number += 1
            number = max(number, self._frozen() + 1)

    def _fill(self, column: Column) -> str:
        if column.option is None:
            return "required" if required(self.table, column) else "layout"
        return "required" if required(self.table, column) else "fixed" if column.option.fixed else "plain"

    def _marks(self, column: Column) -> str:
        option = column.option
        told = [
            (required(self.table, column), "required"),
            (option is not None and option.fixed and self.table.option is None, "fixed"),
            (column.clearable, "clearable"),
            (option is not None and option.secret, "secret"),
        ]
        return "・".join(self.words[word] for holds, word in told if holds)

    def _explanation(self, column: Column) -> str:
        words, option = self.words, column.option
        english = option is not None and self.layout.language == "en"
        lines = [description(self.table.kind.name, (*self.table.path, *column.path)) if english else column.note]
        if column.role == "list":
            lines += [words["rows"].format(self.layout.child(self.table, column).title), words["list_note"]]
        elif column.role == "structure":
            lines.append(words["structure_note"])
        elif option is not None:
            lines += self._format_notes(option)
        return "\n".join(line for line in lines if line)

    def _format_notes(self, option: Option) -> Iterable[str]:
        words = self.words
        if option.ref:
            targets = [self.layout.by_key[kind].title for kind in makers(option.ref) if kind in self.layout.by_key]
            if targets:
                yield words["reference"].format(", ".join(targets))
        choices, limits = self._choices(option), self._limits(option)
        if choices:
            yield words["choices"].format(", ".join(choices[:6]) + (" …" if len(choices) > 6 else ""))
        elif option.type in ("bool", "int", "float"):
            yield words[option.type] + (f" {words['limits'].format(*limits)}" if limits else "")
        if option.type == "list":
            yield words["lines"] if option.elements in ("str", "int", "float", "bool") else words["json"]
        elif option.type == "dict":
            yield words["json"] if option.same is not None or "polic" in " ".join(self._key_of(option)) else words["pairs"]

    def _key_of(self, option: Option) -> list[str]:
        return [column.key for column in self.table.shown if column.option is option]

    # -- the rows to fill in

    def _row(self, number: int, given: Mapping[str, Any]) -> None:
        for column in self.table.shown:
            cell = self.sheet.cell(number, self.numbers[column.key])
            value = given.get(column.key)
            kept = isinstance(value, Kept)
            self.styles.look(cell, self._format(column), kept)
            if value is not None:
                put(cell, self.layout.marks.kept if kept else value)
        lines = max((self._lines(str(value), column) for column in self.table.shown if isinstance(value := given.get(column.key), str)), default=1)
        if lines > 1:  # not every program makes a row as high as its text
            self.sheet.row_dimensions[number].height = min(lines * LINE_HEIGHT + 2, 400)

    def _lines(self, text: str, column: Column) -> int:
        """The lines that a text takes in its column."""
        return sum(max(1, -(-width_of(line) // int(self._width(column)))) for line in text.split("\n"))

    def _format(self, column: Column) -> str:
        number = column.role == "number" or (column.option is not None and column.role == "value" and column.option.type in ("int", "float", "bool"))
        return "General" if number else "@"

    def _width(self, column: Column) -> int:
        if column.key not in self.widths:
            usual, told = self._usual_width(column), "" if self.table.mapped else max(self.told[column.key], key=len)
            self.widths[column.key] = next((width for width in range(usual, WIDENED) if _explained(told, width) <= LINES), max(usual, WIDENED))
        return self.widths[column.key]

    def _usual_width(self, column: Column) -> int:
        option = column.option
        small = column.role in ("state", "number") or (option is not None and option.type in ("bool", "int", "float"))
        large = option is not None and column.role == "value" and option.type in ("dict", "list")
        least = 14 if small else 32 if large else 22
        return min(max(least, width_of(column.heading) + 2), 36)

    # -- pull-downs

    def _choices(self, option: Option) -> tuple[str, ...]:
        if option.type == "bool":
            return ("TRUE", "FALSE")
        return tuple(map(str, getattr(_shapes.described(self.table.kind.service, option), "enum", None) or ()))

    def _limits(self, option: Option) -> tuple[int, int] | None:
        if option.type not in ("int", "float"):
            return None
        limits = _shapes.described(self.table.kind.service, option).metadata
        return (limits["min"], limits["max"]) if "min" in limits and "max" in limits else None

    def _pull_downs(self) -> None:
        for column in self.table.shown:
            rule = self._rule(column)
            if rule is not None:
                letter = get_column_letter(self.numbers[column.key])
                rule.add(f"{letter}{self.table.first_row}:{letter}{max(LAST, self.sheet.max_row)}")
                self.sheet.add_data_validation(rule)

    def _rule(self, column: Column) -> DataValidation | None:
        marks, option = self.layout.marks, column.option
        none = (marks.none,) if column.clearable else ()
        if column.role in ("state", "structure"):
            return self._list_rule((marks.none,))
        if column.role == "list":
            return self._list_rule((marks.only, *none))
        if column.role == "parent":
            return self._name_rule(f"REF_{self.table.kind.name}") if column is self.table.parents[0] else None
        if column.role != "value":
            return None
        if option.ref:
            return self._name_rule(f"REF_{option.ref}") if option.ref in self.layout.by_key else None
        choices = self._choices(option)
        if choices:
            return self._list_rule((*choices, *none), option.type == "list")
        return None

    def _list_rule(self, choices: tuple[str, ...], lines: bool = False) -> DataValidation:
        """A pull-down. Where several values can be written in lines, it offers and does not insist."""
        rule = DataValidation("list", formula1=self.lists.formula(choices), allow_blank=True, showErrorMessage=not lines)
        rule.errorTitle, rule.error = self.words["title"], self.words["choices"].format(", ".join(choices))[:220]
        return rule

    def _name_rule(self, name: str) -> DataValidation:
        """Names of another worksheet; one that is in the account only may be written too."""
        return DataValidation("list", formula1=name, allow_blank=True, showErrorMessage=False)

    # -- looks

    def _frozen(self) -> int:
        """How many columns stay in sight, and are repeated on each page: those that say which row it is."""
        table = self.table
        own = [self.numbers[column.key] for column in table.shown if column.role in ("state", "parent") or column.key in table.naming]
        return max((number for number in own if number <= 5), default=1)

    def _page(self) -> None:
        sheet, table, frozen = self.sheet, self.table, self._frozen()
        sheet.freeze_panes = sheet.cell(table.first_row, frozen + 1)
        set_page(sheet, sum(self._width(column) for column in table.shown))
        sheet.print_title_rows = f"1:{table.first_row - 1}" if table.mapped else f"{HEADING}:{HEADING}"
        sheet.print_title_cols = f"A:{get_column_letter(frozen)}"
        sheet.sheet_view.zoomScale = 90


def _names(book: Any, layout: Layout) -> None:
    """One name per worksheet of entries: the column of their names, down to the last one. Pull-downs of other worksheets offer it."""
    for table in layout.tables:
        named_by = table.kind.named_by or "".join(table.kind.identity[-1:])
        shown = [column.key for column in table.shown]
        if table.parent is None and named_by in shown:
            letter = get_column_letter(shown.index(named_by) + 1)
            quoted = "'" + table.title.replace("'", "''") + "'"
            top = f"{quoted}!${letter}${table.first_row}"
            names = f"{top}:${letter}${LAST}"
            # Not their number: a row that was cleared in between would hide the last of them.
            height = f'MAX(1,SUMPRODUCT(MAX(({names}<>"")*ROW({names})))-ROW({top})+1)'
            book.defined_names[f"REF_{table.key}"] = DefinedName(f"REF_{table.key}", attr_text=f"OFFSET({top},0,0,{height},1)")


# ---- the worksheets around


def _cover(sheet: Any, layout: Layout, facts: Mapping[str, Any], styles: Styles) -> None:
    words = layout.words
    sheet.title = words["cover"]
    sheet.sheet_view.showGridLines = False
    for letter, width in (("A", 4), ("B", 26), ("C", 70)):
        sheet.column_dimensions[letter].width = width
    put(sheet.cell(3, 2), words["title"])
    sheet.cell(3, 2).font = styles.huge
    sheet.row_dimensions[3].height = 36
    for offset, word in enumerate(COVER):
        cells = sheet.cell(5 + offset, 2), sheet.cell(5 + offset, 3)
        put(cells[0], words[word])
        put(cells[1], str(facts[word]) if facts.get(word) not in (None, "") else None)
        cells[1].number_format = "@"
        styles.set(cells[0], styles.bold, "plain", styles.middle)
        styles.set(cells[1], styles.text, None, styles.middle)
        sheet.row_dimensions[5 + offset].height = 22
    put(sheet.cell(13, 2), words["legend"])
    sheet.cell(13, 2).font = styles.big
    for offset, word in enumerate(word for word in words if word.startswith("legend_")):
        cell = sheet.cell(14 + offset, 2)
        put(cell, words[word])
        cell.font, cell.alignment = styles.text, Alignment(vertical="center")
        sheet.row_dimensions[14 + offset].height = 20
    set_page(sheet, 100)
    sheet.print_area = "A1:C24"


def _contents(sheet: Any, layout: Layout, rows: Mapping[str, list[Row]], styles: Styles) -> None:
    words = layout.words
    sheet.sheet_view.showGridLines = False
    heads = (("no", 6), ("worksheet", 46), ("count", 8), ("about", 80), ("key", 48))
    for index, (word, width) in enumerate(heads):
        sheet.column_dimensions[get_column_letter(index + 1)].width = width
        cell = sheet.cell(3, index + 1)
        put(cell, words[word])
        styles.set(cell, styles.bold, "plain", styles.centre)
    put(sheet.cell(1, 1), words["contents"])
    sheet.cell(1, 1).font = styles.big
    number, count = 4, 0
    for service, tables in groupby(layout.worksheets, key=lambda table: table.kind.service):
        for index in range(1, len(heads) + 1):
            styles.set(sheet.cell(number, index), styles.white, "title", Alignment(vertical="center"), border=False)
        put(sheet.cell(number, 1), _shapes.title(service))
        number += 1
        for table in tables:
            count += 1
            indent = "　" * (len(table.path) - 1) + "　└ " if table.parent else ""
            about = note(table.kind.name, table.path) if layout.language == "ja" else None
            texts = (count, indent + table.title, len(rows.get(table.key, [])) or None, about, table.key)
            for index, text in enumerate(texts):
                cell = sheet.cell(number, index + 1)
                put(cell, text)
                styles.set(cell, (styles.text, styles.link, styles.text, styles.note, styles.small)[index], None, styles.middle if index == 3 else CENTRE)
            sheet.cell(number, 2).hyperlink = f"#'{table.title}'!A1"
            sheet.cell(number, 2).font = styles.link
            sheet.row_dimensions[number].height = 28 if width_of(about or "") > 88 else 16
            number += 1
    sheet.freeze_panes = "A4"
    set_page(sheet, 100)
    sheet.print_title_rows = "3:3"


def history_sheet(book: Any, layout: Layout, history: Iterable[Mapping[str, Any]]) -> None:
    """The history, with an empty row below: a workbook that comes back takes the looks of further rows from it."""
    styles, words, title = Styles(), layout.words, layout.words["history"]
    sheet = book.create_sheet(title)
    put(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = styles.big
    for number, (word, width) in enumerate(HISTORY, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        cell = sheet.cell(HISTORY_ROW - 1, number)
        put(cell, words[word])
        styles.set(cell, styles.bold, "plain", styles.centre)
    for row, (values, height) in enumerate([*history_rows(history), ([None] * len(HISTORY), ROW_HEIGHT)], HISTORY_ROW):
        for number, value in enumerate(values, 1):
            cell = sheet.cell(row, number)
            styles.look(cell, "@", False)
            cell.quotePrefix = True
            put(cell, value)
        sheet.row_dimensions[row].height = height
    sheet.freeze_panes = f"A{HISTORY_ROW}"
    set_page(sheet, sum(width for dummy, width in HISTORY))
    sheet.print_title_rows = f"{HISTORY_ROW - 1}:{HISTORY_ROW - 1}"


def history_rows(history: Iterable[Mapping[str, Any]]) -> Iterator[tuple[list[Any], int]]:
    """The cells of each row of the history, and how high the row is, which not every program finds by itself."""
    for version in history:
        for change in version["changes"]:
            facts = {**change, **{word: version.get(word) for word in ("version", "date", "ticket")}}
            values = [value if isinstance(value := facts.get(word), int) else str(value) if value else None for word, dummy in HISTORY]
            texts = [("" if value is None else str(value), width) for value, (dummy, width) in zip(values, HISTORY, strict=True)]
            yield values, ROW_HEIGHT * max(sum(max(1, -(-width_of(line) // width)) for line in text.split("\n")) for text, width in texts)
