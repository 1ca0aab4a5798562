# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found in a workbook: its rows, where they stand, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

try:
    from openpyxl.utils import get_column_letter
except ImportError:
    get_column_letter = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Row
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import ID, Layout, Table
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault


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
    own: bool = False  # the company made it itself: it has nothing of ours around the worksheets that the mapping names
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
        letters = {get_column_letter(columns[key]) for key in (*table.naming, ID) if key in columns}
        return bool(told) and (bool(told & letters) or not self.has_names(table))

    def has_names(self, table: Table) -> bool:
        """Can the rows of a table be told apart at all? If not, that is told, and that its names are missing elsewhere is no fault of its own."""
        return table.hidden or (table.key in self.rows and table.key not in self.nameless and not named(table) & self.lacking[table.key])


def named(table: Table) -> set[str]:
    """The columns that say which row it is, and what it belongs to."""
    return {*table.naming, *(column.key for column in table.parents)}
