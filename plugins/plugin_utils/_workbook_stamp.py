# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook that came back, with its version and its history as they are now.

It is the customer's file, with things that openpyxl does not know and would not write again, such as logos, shapes and newer rules for cells. So it is
not written anew: two cells of the cover and the rows of the history are replaced in the XML of their worksheets, and all else stays byte for byte.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

try:
    from openpyxl.reader.workbook import WorkbookParser
    from openpyxl.utils import get_column_letter
except ImportError:
    WorkbookParser = get_column_letter = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import Layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_read import STAMPED, cover_cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_write import HISTORY, HISTORY_ROW, history_rows

BOOK = "xl/workbook.xml"
ORDER_OF_FORMULAS = "xl/calcChain.xml"  # Excel makes it anew, and calls a file damaged whose chain names a cell without a formula
ITS_NAMES = re.compile(rb"<(?:\w+:)?(?:Override|Relationship)\s[^>]*calcChain[^>]*/>")
DATA = re.compile(rb"<((?:\w+:)?)sheetData\b[^>]*?(?:/>|>(.*?)</\1sheetData>)", re.DOTALL)
CELL = rb"""<((?:\w+:)?)c(?=\s)([^>]*?\sr=["']%s["'][^>]*?)(?:/>|>.*?</\1c>)"""
ADDRESS, STYLE = re.compile(rb"""\sr=["']([A-Z]+[0-9]+)["']"""), re.compile(rb"""\ss=["']([0-9]+)["']""")
OF_THE_ROWS = re.compile(rb"<(\w+:)?(mergeCells|dimension)\b[^>]*?(?:/>|>.*?</\1?\2>)", re.DOTALL)  # what may be wrong when there are others
TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def stamp(data: bytes, book: Any, layout: Layout, version: int, date: str, history: Iterable[Mapping[str, Any]]) -> bytes:
    """The file of a workbook with its version on the cover, and with its history. `book`: the same as openpyxl read it."""
    places, words, out = cover_cells(book[layout.words["cover"]]), layout.words, io.BytesIO()
    stamped = [(places[words[word]], text) for word, text in zip(STAMPED, (str(version), date), strict=True) if words[word] in places]
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts = _parts(old)
        for part in old.infolist():
            content = old.read(part)
            if part.filename == parts[words["cover"]]:
                for cell, text in stamped:
                    content = _beside(content, cell, text)
            elif part.filename == parts[words["history"]]:
                content = _with_history(content, layout, history)
            elif part.filename.endswith((".rels", "[Content_Types].xml")):
                content = ITS_NAMES.sub(b"", content)
            if part.filename != ORDER_OF_FORMULAS:
                new.writestr(part, content)
    return out.getvalue()


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Title of a worksheet → the part of the file that it is."""
    parser = WorkbookParser(archive, BOOK, keep_links=False)
    parser.parse()
    return {sheet.name: part.target for sheet, part in parser.find_sheets()}


def _beside(content: bytes, cell: Any, text: str) -> bytes:
    """The worksheet with a text in a cell, which perhaps is not there yet: the one with its label, to the left of it, is."""
    label = re.search(CELL % f"{get_column_letter(cell.column - 1)}{cell.row}".encode(), content, re.DOTALL)
    own = re.compile(CELL % cell.coordinate.encode(), re.DOTALL).search(content)
    if label is None:
        return content
    style = STYLE.search(own[2]) if own else None
    made = _cell(label[1].decode(), cell.coordinate, style[1].decode() if style else None, text)
    start, end = own.span() if own else (label.end(), label.end())
    return content[:start] + made.encode() + content[end:]


def _with_history(content: bytes, layout: Layout, history: Iterable[Mapping[str, Any]]) -> bytes:
    """The worksheet with these rows and no others. Cells look as those that stood there; further rows look as the first one."""
    data = DATA.search(content)
    if data is None:
        return content
    cells = re.findall(CELL % rb"[A-Z]+[0-9]+", data[2] or b"", re.DOTALL)
    looks = {ADDRESS.search(facts)[1].decode(): style[1].decode() for dummy, facts in cells if (style := STYLE.search(facts))}
    prefix = data[1].decode()
    rows = b"".join(row.encode() for row in _rows(prefix, looks, layout, history))
    whole = f"<{prefix}sheetData>".encode() + rows + f"</{prefix}sheetData>".encode()
    return OF_THE_ROWS.sub(b"", content[: data.start()]) + whole + OF_THE_ROWS.sub(b"", content[data.end() :])


def _rows(prefix: str, looks: Mapping[str, str], layout: Layout, history: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    head = {1: ([layout.words["history"]], None), HISTORY_ROW - 1: ([layout.words[word] for word, dummy in HISTORY], None)}
    filled = {HISTORY_ROW + number: row for number, row in enumerate(history_rows(history))}
    spare = {HISTORY_ROW + len(filled): ([None] * len(HISTORY), None)}
    for number, (values, height) in {**head, **filled, **spare}.items():
        like = min(number, HISTORY_ROW)
        letters = [get_column_letter(index) for index in range(1, len(values) + 1)]
        cells = (_cell(prefix, f"{letter}{number}", looks.get(f"{letter}{like}"), value) for letter, value in zip(letters, values, strict=True))
        high = f' ht="{height}" customHeight="1"' if height else ""
        yield f'<{prefix}row r="{number}"{high}>{"".join(cells)}</{prefix}row>'


def _cell(prefix: str, address: str, style: str | None, value: Any) -> str:
    """A cell as XML: a text is one whatever it looks like."""
    start = f'<{prefix}c r="{address}"' + (f' s="{style}"' if style else "")
    if value is None:
        return f"{start}/>"
    if isinstance(value, int):
        return f"{start}><{prefix}v>{value}</{prefix}v></{prefix}c>"
    text = escape(TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", value))
    return f'{start} t="inlineStr"><{prefix}is><{prefix}t xml:space="preserve">{text}</{prefix}t></{prefix}is></{prefix}c>'
