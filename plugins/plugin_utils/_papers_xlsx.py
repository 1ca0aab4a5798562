# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A paper as an xlsx workbook: numbers and dates as such, set up for A4, a worksheet for each section with a page of its own.

Texts are written as texts, never as formulas or links, whatever they begin with.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._papers import (
    LOOKS,
    STANDS_OUT,
    WORDED,
    WORDS,
    addressee,
    apart,
    label_columns,
    listed,
    number,
    number_format,
    registration,
    rows_of,
    shown,
    stands_out,
    width,
)

FONT = "Yu Gothic"
ACCENT, SHADE, PALE, RULE = "#1F3A5F", "#E9EEF4", "#F5F6F8", "#C9CED4"
NARROWEST, WIDEST = 9, 44  # of a column, in characters
FEWEST = 4  # columns, so that a paper without a table has room beside its labels
PORTRAIT = 130  # characters in a row that can still be read on a portrait page
LINE = 17.0  # the height of a line in points; not every program finds the height of wrapped text for itself
MADE = datetime(2000, 1, 1)  # a workbook must say when it was made; of a paper without a date nobody knows
LONGEST = 31  # characters of a worksheet's name
FROZEN = 10  # lines above a table that may stay in sight with its heads; more would leave no room for the rows on a small screen
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")  # in a worksheet's name


def workbook(paper: Mapping[str, Any]) -> bytes:
    """The workbook of a paper that `_papers.read` returned."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, dict(in_memory=True))
    made = paper["date"]
    author = paper["from"]["name"] if paper["from"] else ""
    book.set_properties(dict(title=paper["title"], author=author, created=datetime(made.year, made.month, made.day) if made else MADE))
    names: set[str] = set()
    drawn = [section for section in paper["sections"] if _is_figure(section)]
    first, *others = _pages([section for section in paper["sections"] if not _is_figure(section)])
    sheets = [_Sheet(book, _name(paper["title"], names), first, paper["language"])]
    contents = [_Sheet(book, _name(WORDS[paper["language"]]["contents"], names), [], paper["language"])] if listed(paper) else []
    sheets[0].head(paper)
    links = sheets[0].body(first)
    if drawn:
        links += sheets[0].elsewhere(drawn)
    if paper["notes"]:
        sheets[0].notes(paper["notes"])
    for sections in others:
        sheets.append(_Sheet(book, _name(sections[0]["heading"] or paper["title"], names), sections, paper["language"], own=True))
        links += sheets[-1].body(sections)
    for sheet in contents:
        sheet.contents(links)
    landscape = any(sum(sheet.widths) > PORTRAIT for sheet in sheets)
    for sheet in (*sheets, *contents):
        sheet.set_up(landscape)
    book.close()
    return target.getvalue()


def _is_figure(section: Mapping[str, Any]) -> bool:
    """Only a page can show it; a worksheet would be empty but for its name."""
    return bool(section["figure"] and not section["table"] and not section["text"])


def _pages(sections: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The sections of each worksheet; the first one has the head, even without a section."""
    sheets: list[list[dict[str, Any]]] = [[]]
    for section in sections:
        if apart(section):
            sheets.append([])
        sheets[-1].append(section)
    return sheets


def _name(title: str, taken: set[str]) -> str:
    """A name that a worksheet can have and no other one has: 31 characters, not all of them allowed."""
    base = FORBIDDEN.sub(" ", title).strip(" '") or "-"
    # "History" is Excel's own.
    base = f"{base} -" if base.lower() == "history" else base
    name, count = _cut(base, LONGEST), 1
    while _alike(name) in taken:
        count += 1
        name = f"{_cut(base, LONGEST - len(f' ({count})'))} ({count})"
    taken.add(_alike(name))
    return name


def _cut(text: str, length: int) -> str:
    """As many characters as a program has room for that counts in UTF-16."""
    return text.encode("utf-16-le")[: 2 * length].decode("utf-16-le", errors="ignore").rstrip(" '")


def _alike(name: str) -> str:
    """The same for names that a program may take for the same."""
    return unicodedata.normalize("NFKC", name).casefold()


class _Sheet:
    """One worksheet, written from top to bottom."""

    def __init__(self, book: Any, name: str, sections: list[dict[str, Any]], language: str, own: bool = False) -> None:
        self.book, self.language = book, language
        self.name, self.own = name, own
        self.sheet = book.add_worksheet(name)
        self.formats: dict[tuple[Any, ...], Any] = {}
        self.tables = [section["table"] for section in sections if section["table"]]
        self.widths = _widths(self.tables, language)
        self.last = len(self.widths) - 1
        self.row = 0
        self.lines = 0.0  # how high all is that is written
        self.longest = max(self.tables, key=lambda table: len(rows_of(table)), default=None)
        self.repeated: int | None = None

    def set_up(self, landscape: bool) -> None:
        for place, wide in enumerate(self.widths):
            self.sheet.set_column(place, place, wide, self._format())
        self.sheet.hide_gridlines(2)
        self.sheet.set_paper(9)
        if landscape:
            self.sheet.set_landscape()
        self.sheet.set_margins(left=0.6, right=0.6, top=0.65, bottom=0.75)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer('&C&8&P / &N')
        if self.repeated is not None:
            self.sheet.repeat_rows(self.repeated)

    def _format(self, **more: Any) -> Any:
        """A cell format; each exists once, whoever asks for it."""
        told = dict(dict(font_name=FONT, font_size=10, valign="top"), **more)
        key = tuple(sorted(told.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(told)
        return self.formats[key]

    # ---- lines over the whole width

    def _line(self, text: str, lines: float = 1, **look: Any) -> None:
        """A text over all columns, as high as it needs: a merged cell does not find its own height."""
        self._height(lines, (text, sum(self.widths), look.get("font_size", 10)))
        self.sheet.merge_range(self.row, 0, self.row, self.last, "", self._format(text_wrap=True, **look))
        self.sheet.write_string(self.row, 0, text, self._format(text_wrap=True, **look))
        self.row += 1

    def _height(self, lines: float, *texts: tuple[str, int, int]) -> None:
        """Make the row so many lines high, or as high as its texts need, each with the width and the size of its font."""
        needed = [sum(-(-width(part) * size // (10 * wide)) or 1 for part in text.split("\n")) * size / 10 for text, wide, size in texts]
        high = max([lines, *needed])
        self.lines += high
        self.sheet.set_row(self.row, LINE * high)

    def head(self, paper: Mapping[str, Any]) -> None:
        self._line(paper["title"], 2.2, font_size=18, bold=True, font_color=ACCENT, align="center", valign="vcenter", bottom=6, bottom_color=ACCENT)
        self.row += 1
        if paper["number"]:
            self._right(WORDS[self.language]["number"] + paper["number"])
        if paper["date"]:
            # Unlike a text, a date that is wider than its column is not shown.
            self.sheet.merge_range(self.row, 0, self.row, self.last, "", self._format(align="right"))
            self._put(self.row, 0, "date", paper["date"], align="right")
            self.row += 1
        self._parties(paper)
        for line in paper["lead"]:
            self._line(line)
        if paper["lead"]:
            self.row += 1
        for strong in (True, False):
            for fact in paper["facts"]:
                if bool(fact["strong"]) is strong:
                    self._fact(fact)

    def _right(self, text: str, **look: Any) -> None:
        """A line at the right edge; it runs over the empty cells at its left."""
        self.sheet.write_string(self.row, self.last, text, self._format(align="right", **look))
        self.row += 1

    def _parties(self, paper: Mapping[str, Any]) -> None:
        if paper["to"]:
            self.sheet.write_string(self.row, 0, addressee(paper), self._format(font_size=14, bold=True, bottom=1))
            self.sheet.set_row(self.row, LINE * 1.5)
            self.row += 1
            for line in paper["to"]["lines"]:
                self.sheet.write_string(self.row, 0, line, self._format())
                self.row += 1
        if paper["from"]:
            self._right(paper["from"]["name"], bold=True)
            for line in [*paper["from"]["lines"], registration(paper)]:
                if line:
                    self._right(line)
        self.row += 1

    def _fact(self, fact: Mapping[str, Any]) -> None:
        look = dict(bottom=2, bottom_color=ACCENT, bold=True) if fact["strong"] else dict(bottom=1, bottom_color=RULE)
        value = dict(look, font_size=16) if fact["strong"] else look
        text = (shown(fact["kind"], fact["value"], self.language), sum(self.widths[1:]), value.get("font_size", 10))
        self._height(1.6 if fact["strong"] else 1, text, (fact["label"], self.widths[0], 10))
        self.sheet.write_string(self.row, 0, fact["label"], self._format(text_wrap=True, **dict(look, valign="vcenter")))
        self.sheet.merge_range(self.row, 1, self.row, self.last, "", self._format(**value))
        self._put(self.row, 1, fact["kind"], fact["value"], **dict(value, align="left"))
        self.row += 1

    def body(self, sections: list[dict[str, Any]]) -> list[tuple[str, str]]:
        """Write the sections; returns the heading of each that has one, and where it stands."""
        links = []
        for section in sections:
            self.row += 1 if self.row else 0
            links += self._link(section)
            self._section(section)
        return links

    def _link(self, section: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The heading that is about to be written, if there is one, and where it stands."""
        quoted = self.name.replace("'", "''")
        return [(section["heading"], f"internal:'{quoted}'!A{self.row + 1}")] if section["heading"] else []

    def contents(self, links: list[tuple[str, str]]) -> None:
        self._line(WORDS[self.language]["contents"], 1.6, font_size=14, bold=True, font_color=ACCENT, valign="vcenter")
        for heading, place in links:
            look = dict(text_wrap=True, font_color=ACCENT, underline=1, valign="vcenter", bottom=1, bottom_color=RULE)
            self._height(1.2, (heading, sum(self.widths), 10))
            self.sheet.merge_range(self.row, 0, self.row, self.last, "", self._format(**look))
            self.sheet.write_url(self.row, 0, place, self._format(**look), heading)
            self.row += 1

    def _section(self, section: Mapping[str, Any]) -> None:
        if section["heading"]:
            self._line(section["heading"], 1.3, font_size=12, bold=True, font_color=ACCENT, left=5, left_color=ACCENT, indent=1, valign="vcenter")
        for line in section["text"]:
            self._line(line)
        if section["table"]:
            self._table(section["table"])
        if section["figure"]:
            self._line(section["figure"]["text"])

    def elsewhere(self, drawn: list[dict[str, Any]]) -> list[tuple[str, str]]:
        """Where the figures are; returns links as `body` does."""
        self.row += 1
        self._line(WORDS[self.language]["on_the_page"])
        links = []
        for section in drawn:
            links += self._link(section)
            if section["heading"]:
                self._line(section["heading"], bold=True, indent=1)
            self._line(section["figure"]["text"], indent=1)
        return links

    def notes(self, notes: list[str]) -> None:
        self.row += 1
        self._line(WORDS[self.language]["notes"], bold=True)
        for note in notes:
            self._line(note)

    # ---- tables

    def _table(self, table: Mapping[str, Any]) -> None:
        columns = table["columns"]
        if table is self.longest:
            self.repeated = self.row
        look = dict(bold=True, bg_color=SHADE, top=2, top_color=ACCENT, bottom=1, bottom_color=ACCENT, text_wrap=True)
        above, head = self.lines, self.row
        self._height(1, *((column["label"], self.widths[place] - 3, 10) for place, column in enumerate(columns)))
        for place, column in enumerate(columns):
            self.sheet.write_string(self.row, place, column["label"], self._format(align=_align(column["kind"]), indent=1, **look))
        self.row += 1
        for group in table["groups"]:
            self._group(group, columns)
        if self.own and len(self.tables) == 1:
            if above <= FROZEN:
                self.sheet.freeze_panes(head + 1, 0)
            if rows_of(table) and table["groups"][0]["heading"] is None:
                self.sheet.autofilter(head, 0, self.row - 1, len(columns) - 1)
        for total in table["totals"]:
            self._total(total, columns)

    def _group(self, group: Mapping[str, Any], columns: list[dict[str, Any]]) -> None:
        if group["heading"] is not None:
            self._across(group["heading"], len(columns), bold=True, indent=1, bg_color=PALE, bottom=1, bottom_color=RULE)
        for row in group["rows"]:
            self._row(row, columns)
        if not group["rows"]:
            self._across(WORDS[self.language]["nothing"], len(columns), align="center", bottom=1, bottom_color=RULE)
        for total in group["totals"]:
            self._total(total, columns)

    def _row(self, row: Mapping[str, Any], columns: list[dict[str, Any]]) -> None:
        texts = ((shown("text", row[column["key"]], self.language), place) for place, column in enumerate(columns) if column["kind"] == "text")
        self._height(1, *((text, self.widths[place], 10) for text, place in texts))
        look = dict(indent=1, bottom=1, bottom_color=RULE)
        if stands_out(row, columns):
            look["bg_color"] = STANDS_OUT
        for place, column in enumerate(columns):
            bold = place == 0 and "bg_color" in look
            self._put(self.row, place, column["kind"], row[column["key"]], align=_align(column["kind"]), bold=bold, **look)
        self.row += 1

    def _across(self, text: str, columns: int, **look: Any) -> None:
        """A text over the columns of a table."""
        self._height(1, (text, sum(self.widths[:columns]), 10))
        self._label(text, columns, **look)
        self.row += 1

    def _label(self, text: str, columns: int, **look: Any) -> None:
        if columns > 1:
            self.sheet.merge_range(self.row, 0, self.row, columns - 1, "", self._format(text_wrap=True, **look))
        self.sheet.write_string(self.row, 0, text, self._format(text_wrap=True, **look))

    def _total(self, total: Mapping[str, Any], columns: list[dict[str, Any]]) -> None:
        strong = dict(bold=True, bg_color=SHADE, bottom=2, bottom_color=ACCENT, valign="vcenter")
        look = strong if total["strong"] else dict(bottom=1, bottom_color=RULE, valign="vcenter")
        reach = label_columns(total, columns)
        self._height(1, (total["label"], sum(self.widths[:reach]), 10))
        self._label(total["label"], reach, align="right", indent=1, **look)
        for place, column in enumerate(columns[reach:], reach):
            self._put(self.row, place, column["kind"], total["cells"][column["key"]], align=_align(column["kind"]), indent=1, **look)
        self.row += 1

    def _put(self, row: int, place: int, kind: str, value: Any, **look: Any) -> None:
        """A value into a cell, as what it is."""
        if kind == "verdict" and value is not None:
            look.update(bold=True, font_color=LOOKS[value][0], bg_color=LOOKS[value][1])
        form = self._format(num_format=number_format(kind, value, self.language), text_wrap=kind == "text", **look)
        if value is None:
            self.sheet.write_blank(row, place, None, form)
        elif kind in WORDED:
            self.sheet.write_string(row, place, shown(kind, value, self.language), form)
        elif kind == "date":
            self.sheet.write_datetime(row, place, value, form)
        else:
            self.sheet.write_number(row, place, number(kind, value), form)


def _align(kind: str) -> str:
    return "left" if kind in (*WORDED, "date") else "right"


def _widths(tables: list[dict[str, Any]], language: str) -> list[int]:
    """Widths that show every number, and texts in a few lines; what is left of a page is for the longest texts."""
    found = [NARROWEST] * max([FEWEST, *(len(table["columns"]) for table in tables)])
    longer: dict[int, int] = {}
    for table in tables:
        lines = [*rows_of(table), *(total["cells"] for total in _totals(table))]
        for place, column in enumerate(table["columns"]):
            texts = [column["label"], *(shown(column["kind"], line[column["key"]], language) for line in lines)]
            # A character of the format's own beside each value, and a little air.
            wanted = max(map(width, texts)) + 4
            found[place] = max(found[place], min(wanted, WIDEST) if column["kind"] == "text" else wanted)
            if wanted > found[place]:
                longer[place] = max(wanted, longer.get(place, 0))
    # Labels of facts and names stand in the first column.
    found[0] = max(found[0], 22)
    spare = max(PORTRAIT - sum(found), 0)
    for place, wanted in longer.items():
        found[place] = max(found[place], min(wanted, found[place] + spare // len(longer)))
    return found


def _totals(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*table["totals"], *(total for group in table["groups"] for total in group["totals"])]
