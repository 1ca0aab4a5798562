# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the workbooks look that people fill in: fonts, fills, borders and pages, and how a value is put into a cell."""

from __future__ import annotations

import unicodedata
from copy import copy
from datetime import datetime
from typing import Any

try:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.worksheet.properties import PageSetupProperties
except ImportError:
    Side = CENTRE = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_cells import LONGEST

FONT = "Meiryo UI"
EXPLAINED = 8  # points of explanations above a table, which take room on every printed page
INK, FAINT, LINE = "1F2A37", "6B7280", "B8C0CC"
FILL = dict(title="1F3A5F", required="CFE2F3", fixed="E3E3E3", plain="F4F6F8", note="FFFFFF", key="FAFAFA", layout="FFF2CC")
CREATED = datetime(2020, 1, 1)  # the same content is the same file
if Side:
    THIN = Side(style="thin", color=LINE)
    CENTRE = Alignment(vertical="center")
    BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def put(cell: Any, value: Any) -> None:
    """Write a value as what it is: a text stays a text, whatever it looks like."""
    cell.value = value[:LONGEST] if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
        if value[:1] in ("=", "+", "-", "@", "'"):
            cell.quotePrefix = True


def width_of(text: str) -> int:
    """In columns of a screen: a Japanese letter is two wide."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


class Styles:
    """Fonts, fills and the rest, made once: each new one makes the file larger."""

    def __init__(self) -> None:
        self.text = Font(name=FONT, size=10, color=INK)
        self.bold = Font(name=FONT, size=10, color=INK, bold=True)
        self.big = Font(name=FONT, size=14, color=INK, bold=True)
        self.huge = Font(name=FONT, size=22, color=INK, bold=True)
        self.small = Font(name=FONT, size=8, color=FAINT)
        self.note = Font(name=FONT, size=9, color=INK)
        self.explained = Font(name=FONT, size=EXPLAINED, color=INK)
        self.white = Font(name=FONT, size=12, color="FFFFFF", bold=True)
        self.link = Font(name=FONT, size=10, color="1155CC", underline="single")
        self.kept = Font(name=FONT, size=10, color=FAINT, italic=True)
        self.fills = {name: PatternFill("solid", start_color=colour) for name, colour in FILL.items()}
        self.top = Alignment(vertical="top", wrap_text=True)
        self.middle = Alignment(vertical="center", wrap_text=True)
        self.centre = Alignment(vertical="center", horizontal="center", wrap_text=True)
        self.made: dict[tuple, Any] = {}  # the looks of cells to be filled in

    def set(self, cell: Any, font: Any, fill: str | None = None, alignment: Any = None, border: bool = True) -> None:
        cell.font = font
        if fill:
            cell.fill = self.fills[fill]
        if alignment:
            cell.alignment = alignment
        if border:
            cell.border = BOX

    def look(self, cell: Any, number_format: str, kept: bool) -> None:
        """How a cell with a value looks. A look that was made once is copied: ten times as fast as setting each part anew."""
        if (number_format, kept) not in self.made:
            self.set(cell, self.kept if kept else self.text, None, self.top)
            cell.number_format = number_format
            self.made[number_format, kept] = copy(cell._style)  # pylint: disable=protected-access
        cell._style = copy(self.made[number_format, kept])  # pylint: disable=protected-access


def set_page(sheet: Any, width: float) -> None:
    """A4 across, as many pages wide as it takes to stay readable."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth = max(1, -(-int(width) // 180))
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.5, 0.7, 0.3
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
