# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook's file and its cells, whatever they mean: what cannot be opened, and what is wrong with a cell in any workbook.

The file comes from a stranger: its size is bounded before it is unpacked, and whatever openpyxl cannot read is one fault and no traceback.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import product
from pathlib import Path
from typing import Any
from xml.parsers import expat

try:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.utils import range_boundaries
except ImportError:
    range_boundaries = CellRichText = TextBlock = None  # the actions say what to install
    ExcelReader = object

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_cells as cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault

OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # the container of old Excel files, and of encrypted new ones
LARGEST = 300  # MB of a workbook, unpacked
STRICT = b"http://purl.oclc.org/ooxml/"  # the names of another form of xlsx, by which openpyxl finds nothing
MERGED = re.compile(rb"m\0?e\0?r\0?g\0?e\0?C\0?e\0?l\0?l")  # in UTF-16 too
UNREADABLE = (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error, expat.ExpatError)  # RuntimeError: encrypted, or packed otherwise
MOST_MERGED = 100_000  # cells of all areas; openpyxl makes each of them, and a whole worksheet has 17 thousand million
EMPTY = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
TRUTHS = {"=TRUE()": True, "=FALSE()": False}  # how LibreOffice writes a truth value
# How Excel writes a letter that XML cannot hold, and an underscore of a text that looks like it. Halves of letters are none.
ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")
UNDERSCORE = re.compile(b"_x005[Ff]_")
LINKS = re.compile(rb"(</?(?:[\w.-]+:)?)hyperlinks(?=[\s/>])")
AS_IS = re.compile(r'"[^"]*"|\\.')  # what a format of numbers shows as it is written
AS_IT_STANDS = "\ufdd0"  # no letter: such an underscore, whose sign openpyxl would drop


def opened(path: Path, faults: list[Fault], anew: Collection[str] = ()) -> Any:
    """The workbook; None, with the reason among the faults, where it is none that can be read. `anew`: titles of worksheets that are empty in it."""
    code, facts = _unfit(path)
    if code is None:
        with path.open("rb") as file:  # a path would be judged by how its name ends
            book, why = made_of(file, anew)
        if book is not None:
            return book
        code, facts = "broken", dict(value=why)
    faults.append(Fault(None, None, str(path), code, facts))
    return None


def made_of(file: Any, anew: Collection[str]) -> tuple[Any, str]:
    """The workbook of a file; None, and why, where openpyxl cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that what openpyxl does not know will be lost: nothing is written by it
            return _Reader(file, anew).book(), ""
    except Exception as error:  # pylint: disable=broad-except  # whatever a damaged file makes of the library
        return None, type(error).__name__


class _Reader(ExcelReader):
    """Openpyxl's, but that it keeps the signs of underscores that stand for themselves, and leaves out what is written anew anyway, and links.

    A history of years has more cells than all the rest. Of each cell of a link openpyxl makes one, with where the link leads as its value if it is blank.
    """

    def __init__(self, file: Any, anew: Collection[str]) -> None:
        super().__init__(file, rich_text=True)
        self.anew, self.left_out = anew, set[str]()
        self.as_it_is, self.archive.open = self.archive.open, self.part

    def part(self, name: str, *how: Any) -> io.BytesIO:
        content = EMPTY if name in self.left_out else self.as_it_is(name, *how).read()
        return io.BytesIO(LINKS.sub(rb"\1no_links", UNDERSCORE.sub(AS_IT_STANDS.encode(), content)))

    def book(self) -> Any:
        self.read()
        return self.wb

    def read_worksheets(self) -> None:
        self.left_out = {part.target for sheet, part in self.parser.find_sheets() if sheet.name in self.anew}
        super().read_worksheets()


def _unfit(path: Path) -> tuple[str | None, dict[str, Any]]:
    """Why a file cannot be a workbook of ours, before a library that trusts it looks at it."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if start == OLE:
                return ("locked" if "EncryptedPackage".encode("utf-16-le") in start + file.read(2**24) else "old_xls"), {}
    except FileNotFoundError:
        return "absent", {}
    if not start.startswith(b"PK"):
        return "not_xlsx", {}
    try:
        with zipfile.ZipFile(path) as archive:
            names, size = archive.namelist(), sum(info.file_size for info in archive.infolist()) // 2**20
            merged = _merged_without_end(archive) if size <= LARGEST else None
            strict = size <= LARGEST and "xl/workbook.xml" in names and STRICT in archive.read("xl/workbook.xml")
    except UNREADABLE as error:
        return "broken", dict(value=type(error).__name__)
    if "xl/workbook.xml" not in names:
        return "not_xlsx", {}
    if any(name.endswith("vbaProject.bin") for name in names):
        return "macros", {}
    if size > LARGEST:
        return "too_large", dict(value=size, limit=LARGEST)
    if strict:
        return "strict", {}
    return ("merged", dict(value=merged)) if merged else (None, {})


def _merged_without_end(archive: zipfile.ZipFile) -> str | None:
    """The area with which the merged cells are too many to be looked at, such as whole columns."""
    count = 0
    for name in archive.namelist():
        for area in _merged(archive.read(name)) if name.startswith("xl/worksheets/") and name.endswith(".xml") else ():
            left, top, right, bottom = range_boundaries(area)
            count += (right - left + 1) * (bottom - top + 1)
            if count > MOST_MERGED:
                return area
    return None


def _merged(content: bytes) -> list[str]:
    """The areas of merged cells of a worksheet's XML."""
    found: list[str] = []
    if MERGED.search(content):
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda tag, facts: found.append(facts.get("ref", "")) if tag.rpartition(":")[2] == "mergeCell" else None
        parser.Parse(content, True)
    return found


# ---- cells


class Cells:
    """The cells of a worksheet that hold something, and what is wrong with them whatever they mean."""

    def __init__(self, sheet: Any, faults: list[Fault]) -> None:
        self.sheet, self.faults = sheet, faults
        by_row: dict[int, dict[int, Any]] = defaultdict(dict)
        # Only the cells that are there: one cell in the last row of Excel must not cost a million empty ones.
        for (row, index), cell in getattr(sheet, "_cells", {}).items():
            if cell.value is not None and cell.value != "":
                by_row[row][index] = cell
        self.by_row = by_row
        self.struck = {number for number, font in enumerate(sheet.parent._fonts) if font.strike}  # pylint: disable=protected-access

    def fault(self, cell: str | None, heading: str | None, code: str, **facts: Any) -> None:
        self.faults.append(Fault(self.sheet.title, cell, heading, code, facts))

    def merged(self, first: int, ignored: Collection[int] = ()) -> set[tuple[int, int]]:
        """Merged cells are read as if each had the value, so that nothing is told of them as blank. Returns them, as rows and columns.

        ignored: columns in which nothing is wrong.
        """
        found: set[tuple[int, int]] = set()
        for area in self.sheet.merged_cells.ranges:
            if area.max_row >= first and not set(range(area.min_col, area.max_col + 1)) <= set(ignored):
                anchor = self.sheet.cell(area.min_row, area.min_col)
                self.fault(anchor.coordinate, None, "merged", value=str(area))
                mine = set(product(range(area.min_row, area.max_row + 1), range(area.min_col, area.max_col + 1)))
                found |= mine
                if anchor.value is not None and area.min_row >= first:
                    for row, index in mine:
                        self.by_row[row].setdefault(index, anchor)
        return found

    def merged_across(self, row: int) -> bool:
        """Whether there are merged cells in a row, which is told."""
        areas = [area for area in self.sheet.merged_cells.ranges if area.min_row <= row <= area.max_row]
        for area in areas:
            self.fault(self.sheet.cell(area.min_row, area.min_col).coordinate, None, "merged", value=str(area))
        return bool(areas)

    def unsure(self, first: int, headings: Mapping[int, str | None]) -> None:
        """What is perhaps not meant: what nobody sees, what is struck through. `headings` of the columns that are read."""
        rows = [line for number, line in self.by_row.items() if number >= first]
        if rows and self.sheet.sheet_state != "visible":
            self.fault(None, None, "hidden_sheet")
        for index in sorted(self._hidden_columns() & headings.keys()):
            cell = next((line[index] for line in rows if index in line), None)
            if cell is not None:
                self.fault(cell.coordinate, headings[index], "hidden_column")
        for number, line in self.by_row.items():
            mine = [(cell, headings[index]) for index, cell in sorted(line.items()) if index in headings] if number >= first else []
            struck = next(((cell, heading) for cell, heading in mine if self._is_struck(cell)), None)
            if mine and number in self.sheet.row_dimensions and self.sheet.row_dimensions[number].hidden:
                self.fault(mine[0][0].coordinate, None, "hidden_row")
            if struck is not None:
                self.fault(struck[0].coordinate, struck[1], "struck")

    def _hidden_columns(self) -> set[int]:
        """One dimension of a file can be that of several columns."""
        hidden = [dimension for dimension in self.sheet.column_dimensions.values() if dimension.hidden]
        return {index for dimension in hidden for index in range(dimension.min, dimension.max + 1)}

    def _is_struck(self, cell: Any) -> bool:
        parts = cell.value if isinstance(cell.value, CellRichText) else []
        style = cell._style  # pylint: disable=protected-access
        return (style is not None and style.fontId in self.struck) or any(isinstance(part, TextBlock) and part.font.strike for part in parts)

    def value(self, cell: Any, heading: str | None) -> Any:
        value = plain(cell.value)
        if cell.data_type == "f" and value in TRUTHS:
            return TRUTHS[value]
        if cell.data_type in ("f", "e"):
            code, text = dict(f="formula", e="error_value")[cell.data_type], getattr(value, "text", value)
            if not isinstance(text, str):
                code, text = "table_of_data", None
            self.fault(cell.coordinate, heading, code, value=f": {text}" if code == "formula" else text)
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and "%" in AS_IS.sub("", cell.number_format):
            self.fault(cell.coordinate, heading, "percent", value=f"{value * 100:.10g}%", limit=value)
            return None
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n")
            return value if value.strip(cells.BLANKS) else None
        return value


def plain(value: Any) -> Any:
    """A cell's value without its looks, as Excel shows it: parts of a text can have fonts of their own, and letters that XML lacks are escaped."""
    if not isinstance(value, (str, CellRichText)):
        return value
    text = str(value)
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace(AS_IT_STANDS, "_") if "_" in text or AS_IT_STANDS in text else text
