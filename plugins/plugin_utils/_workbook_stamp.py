# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook that came back, with its version and its history as they are now.

It is the customer's file, with things that openpyxl does not know and would not write again, such as logos, shapes and newer rules for cells. So it is
not written anew: cells of the cover and the history, and how many rows the contents say there are, are replaced in the XML of their worksheets, and all
else stays byte for byte. What was made is read once more: a file that does not say what it should is not written.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

try:
    from openpyxl.packaging.relationship import get_dependents, get_rels_path
    from openpyxl.reader.workbook import WorkbookParser
    from openpyxl.utils import coordinate_to_tuple, get_column_letter, range_boundaries
except ImportError:
    WorkbookParser = get_dependents = get_rels_path = coordinate_to_tuple = get_column_letter = range_boundaries = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_file import made_of, plain
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import Layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_read import cover_cells
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_write import HISTORY, HISTORY_ROW, history_rows

BOOK = "xl/workbook.xml"
ORDER_OF_FORMULAS = "xl/calcChain.xml"  # Excel makes it anew, and calls a file damaged whose chain names a cell without a formula
ITS_NAMES = re.compile(rb"<(?:[\w.-]+:)?(?:Override|Relationship)\s[^>]*calcChain[^>]*/>")
TABLE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/table"
AREA = re.compile(rb"(\$?[A-Z]+\$?)(\d+):(\$?[A-Z]+\$?)(\d+)")
REF = re.compile(rb"""(\sref=["'])([^"']+)""")
CLOSING = re.compile(rb"</([^\s>]+)\s*>")
TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
OWN = range(1, len(HISTORY) + 1)  # the columns of the history; those behind are the customer's
WRITTEN = ("r", "spans", "ht", "customHeight")  # what of a row is not as it was


def stamp(
    data: bytes,
    book: Any,
    layout: Layout,
    facts: Mapping[str, str],
    counts: Mapping[str, int],
    history: Iterable[Mapping[str, Any]],
    faults: list[Fault],
) -> bytes:
    """The file of a workbook with facts such as its version on the cover, and with its history. `book`: the same as openpyxl read it.

    counts: how many rows each table has.
    """
    words, out = layout.words, io.BytesIO()
    places = cover_cells(book[words["cover"]])
    texts = {places[words[word]].coordinate: text for word, text in facts.items() if words[word] in places}
    numbers = _counts(book[words["contents"]], words, counts)
    lines = list(history_rows(history))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            parts = _parts(old)
            tables = _tables(old, parts[words["history"]])
            number, last = book.sheetnames.index(words["history"]), HISTORY_ROW + len(lines) - 1
            for part in old.infolist():
                content = old.read(part)
                if part.filename == parts[words["cover"]]:
                    content = _with_cells(content, texts)
                elif part.filename == parts[words["contents"]] and numbers:
                    content = _with_cells(content, numbers)
                elif part.filename == parts[words["history"]]:
                    content = _with_history(content, layout, lines, faults)
                elif part.filename in tables:
                    content = _reaching(content, last)
                elif part.filename == BOOK:
                    content = _with_names(content, number, last)
                elif part.filename.endswith((".rels", "[Content_Types].xml")):
                    content = ITS_NAMES.sub(b"", content)
                if part.filename != ORDER_OF_FORMULAS:
                    new.writestr(part, content)
        right = _says(out.getvalue(), book.sheetnames, words, texts, [values for values, dummy in lines])
    except (expat.ExpatError, KeyError, ValueError):
        right = False
    if not right and not faults:
        faults.append(Fault(words["history"], None, None, "not_stamped", {}))
    return out.getvalue()


def versions_of(data: bytes, titles: Iterable[str], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The versions that a workbook itself has on its worksheet of changes. Rows of something else are none."""
    history, found = words["history"], dict[int, dict[str, Any]]()
    book, dummy = made_of(io.BytesIO(data), [title for title in titles if title != history])
    rows = book[history].iter_rows(min_row=HISTORY_ROW, max_col=len(HISTORY), values_only=True) if book is not None else ()
    for row in rows:
        said = {word: plain(value) for value, (word, dummy) in zip(row, HISTORY, strict=True)}
        if str(said["version"]).isdecimal() and said["date"]:
            texts = {word: "" if value is None else str(value) for word, value in said.items()}
            version = dict(version=int(texts["version"]), date=texts["date"], ticket=texts["ticket"], changes=[])
            change = {word: texts[word] for word in ("worksheet", "cell", "what", "before", "after")}
            found.setdefault(version["version"], version)["changes"].append(change)
    return [found[number] for number in sorted(found)]


def _says(data: bytes, titles: Iterable[str], words: Mapping[str, str], texts: Mapping[str, str], lines: list[list[Any]]) -> bool:
    """Whether another reader finds in the file what was written."""
    cover, history = words["cover"], words["history"]
    book, dummy = made_of(io.BytesIO(data), [title for title in titles if title not in (cover, history)])
    if book is None or any(plain(book[cover][address].value) != text for address, text in texts.items()):
        return False
    found = book[history].iter_rows(min_row=HISTORY_ROW, max_row=HISTORY_ROW + len(lines), max_col=len(HISTORY), values_only=True)
    return [[plain(value) for value in row] for row in found] == [*lines, [None] * len(HISTORY)]


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Title of a worksheet → the part of the file that it is."""
    parser = WorkbookParser(archive, BOOK, keep_links=False)
    parser.parse()
    return {sheet.name: part.target for sheet, part in parser.find_sheets()}


def _tables(archive: zipfile.ZipFile, sheet: str) -> set[str]:
    """The parts of the tables that the customer made of a worksheet."""
    rels = get_rels_path(sheet)
    return {one.Target for one in get_dependents(archive, rels).find(TABLE)} if rels in archive.namelist() else set()


# ---- the XML of a worksheet


@dataclass(slots=True)
class _Element:
    """An element, and which bytes it takes."""

    tag: str
    facts: dict[str, str]
    start: int = 0
    end: int = 0
    inside: list[_Element] = field(default_factory=list)
    filled: bool = False  # a cell: it holds something

    def all(self, name: str) -> list[_Element]:
        return [one for one in self.inside if one.name == name]

    @property
    def name(self) -> str:
        return self.tag.rpartition(":")[2]


def _worksheet(content: bytes) -> _Element:
    """The root of a worksheet's XML. Of what a cell holds, nothing but that it does."""
    parser, around = expat.ParserCreate(), [_Element("", {})]

    def begin(tag: str, facts: dict[str, str]) -> None:
        made, above = _Element(tag, facts, parser.CurrentByteIndex), around[-1]
        if above.name == "c":
            above.filled = True
        else:
            above.inside.append(made)
        around.append(made)

    def finish(tag: str) -> None:
        closing = CLOSING.match(content, parser.CurrentByteIndex)  # there is none where the element is empty
        around.pop().end = closing.end() if closing and closing[1] == tag.encode() else parser.CurrentByteIndex

    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.Parse(content, True)
    return around[0].inside[0]


def _no_doctype(*dummy: Any) -> None:
    raise ValueError("a worksheet declares no entities")


def _placed(elements: Iterable[_Element], place: Callable[[str], int]) -> dict[int, _Element]:
    """Rows or cells by their number; one that does not say where it is follows the one before."""
    found: dict[int, _Element] = {}
    last = 0
    for one in elements:
        last = place(one.facts["r"]) if "r" in one.facts else last + 1
        found[last] = one
    return found


def _rows(sheet: _Element) -> tuple[_Element, dict[int, _Element]]:
    (data,) = sheet.all("sheetData")
    return data, _placed(data.all("row"), int)


def _cells(row: _Element) -> dict[int, _Element]:
    return _placed(row.all("c"), lambda address: coordinate_to_tuple(address)[1])


def _spliced(content: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """With other bytes in these places, of which none lies in another one."""
    for start, end, made in sorted(changes, reverse=True):
        content = content[:start] + made + content[end:]
    return content


def _with_cells(content: bytes, values: Mapping[str, str | int | None]) -> bytes:
    """The worksheet with values in cells, which perhaps are not there yet: those to their left are."""
    rows, made = _rows(_worksheet(content))[1], []
    for address, value in values.items():
        number, column = coordinate_to_tuple(address)
        cells = _cells(rows[number])
        own, label = cells.get(column), cells[column - 1]
        start, end = (own.start, own.end) if own else (label.end, label.end)
        made.append((start, end, _cell(label.tag.removesuffix("c"), address, own.facts.get("s") if own else None, value).encode()))
    return _spliced(content, made)


def _counts(contents: Any, words: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, int | None]:
    """The cells of the contents that say another number of rows than there is, and what is right. What else the company writes there stays."""
    found: dict[str, int | None] = {}
    columns: dict[Any, int] = {}
    for row in contents.iter_rows(max_row=min(contents.max_row, 2000), max_col=8):
        said = {plain(cell.value): cell.column for cell in row}
        if words["count"] in said and words["key"] in said:
            columns = said
        elif columns:
            cell, key = (row[columns[words[word]] - 1] for word in ("count", "key"))
            right = counts.get(plain(key.value)) or None
            if plain(key.value) in counts and cell.value != right and isinstance(cell.value, int | None):
                found[cell.coordinate] = right
    return found


# ---- the history


def _with_history(content: bytes, layout: Layout, lines: list[tuple[list[Any], int]], faults: list[Fault]) -> bytes:
    """The worksheet with these rows and no others of the history. What the customer has beside and above them stays; what is in their way is told."""
    sheet = _worksheet(content)
    data, rows = _rows(sheet)
    prefix = data.tag.removesuffix("sheetData")
    cells = {number: _cells(row) for number, row in rows.items()}
    last = HISTORY_ROW + len(lines)
    filled = {number: [index for index in OWN if index in line and line[index].filled] for number, line in cells.items() if number >= HISTORY_ROW}
    ours = {number for number, there in filled.items() if {1, 2} <= set(there)}  # a version and its day
    taken = [f"{get_column_letter(there[0])}{number}" for number, there in filled.items() if there and number not in ours and number <= last]
    faults += [Fault(layout.words["history"], address, None, "history_taken", {}) for address in taken]
    written = {1: ([layout.words["history"]], None), HISTORY_ROW - 1: ([layout.words[word] for word, dummy in HISTORY], None)}
    written |= {number: ([None] * len(HISTORY), None) for number in (*ours, last)}
    written |= dict(enumerate(lines, HISTORY_ROW))
    like = cells.get(max(ours, default=HISTORY_ROW - 1) + 1) or cells.get(HISTORY_ROW, {})  # the empty row below them
    made = [
        _row(content, prefix, number, *written[number], rows.get(number), cells.get(number, {}), like)
        if number in written
        else content[rows[number].start : rows[number].end]
        for number in sorted({*rows, *written})
    ]
    whole = f"<{prefix}sheetData>".encode() + b"".join(made) + f"</{prefix}sheetData>".encode()
    gone = ((one.start, one.end, b"") for one in (*sheet.all("dimension"), *_in_the_way(sheet)))
    return _spliced(content, [(data.start, data.end, whole), *gone, *_reaches(content, sheet, last - 1)])


def _reaching(content: bytes, last: int) -> bytes:
    """A worksheet or table whose filter, and that itself as a table, takes in the history down to its last row."""
    return _spliced(content, _reaches(content, _worksheet(content), last))


def _reaches(content: bytes, root: _Element, last: int) -> Iterator[tuple[int, int, bytes]]:
    """Where such an area is written, and as what."""
    areas = [one for one in (root, *root.all("autoFilter")) if "ref" in one.facts and one.facts.get("totalsRowCount", "0") == "0"]
    for said in filter(None, (REF.search(content, one.start, one.end) for one in areas)):
        yield said.start(), said.end(), said[1] + AREA.sub(lambda found: _area(found, last), said[2])


def _with_names(content: bytes, number: int, last: int) -> bytes:
    """The workbook whose names of its worksheet with this number, such as what is printed of it, take in the history down to its last row."""
    names = [name for part in _worksheet(content).all("definedNames") for name in part.all("definedName") if name.facts.get("localSheetId") == str(number)]
    areas = [(name.start, name.end) for name in names if name.facts["name"] in ("_xlnm.Print_Area", "_xlnm._FilterDatabase")]
    return _spliced(content, [(start, end, AREA.sub(lambda found: _area(found, last), content[start:end])) for start, end in areas])


def _area(found: re.Match[bytes], last: int) -> bytes:
    """An area, down to the last row where it is one of the history."""
    left, top, right, bottom = found.groups()
    ours = int(top) <= HISTORY_ROW and HISTORY_ROW - 1 <= int(bottom) < last
    return left + top + b":" + right + str(last).encode() if ours else found[0]


def _in_the_way(sheet: _Element) -> list[_Element]:
    """Merged cells among those that are written, of which only the first would be seen."""
    areas = [range_boundaries(area.facts["ref"]) for merged in sheet.all("mergeCells") for area in merged.all("mergeCell")]
    return sheet.all("mergeCells") if any(bottom >= HISTORY_ROW - 1 and left in OWN for left, dummy, dummy, bottom in areas) else []


def _row(
    content: bytes, prefix: str, number: int, values: list[Any], height: int | None, row: _Element | None, cells: dict[int, _Element], like: dict[int, _Element]
) -> bytes:
    """A row with these values in its first cells. Each looks as it did, or as the one that it is like."""
    facts = {name: fact for name, fact in (row.facts if row else {}).items() if name not in (WRITTEN if height else WRITTEN[:2])}
    facts = {"r": str(number), **({"ht": str(height), "customHeight": "1"} if height else {}), **facts}
    looks = {index: cell.facts.get("s") for index, cell in {**(like if number >= HISTORY_ROW else {}), **cells}.items()}
    own = [_cell(prefix, f"{get_column_letter(index)}{number}", looks.get(index), value) for index, value in enumerate(values, 1)]
    start = f"<{prefix}row" + "".join(f" {name}={quoteattr(fact)}" for name, fact in facts.items()) + ">"
    others = b"".join(content[cell.start : cell.end] for index, cell in sorted(cells.items()) if index > len(values))
    return start.encode() + "".join(own).encode() + others + f"</{prefix}row>".encode()


def _cell(prefix: str, address: str, style: str | None, value: Any) -> str:
    """A cell as XML: a text is one whatever it looks like."""
    start = f'<{prefix}c r="{address}"' + (f' s="{style}"' if style else "")
    if value is None:
        return f"{start}/>"
    if isinstance(value, int):
        return f"{start}><{prefix}v>{value}</{prefix}v></{prefix}c>"
    text = escape(TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", value))
    return f'{start} t="inlineStr"><{prefix}is><{prefix}t xml:space="preserve">{text}</{prefix}t></{prefix}is></{prefix}c>'
