# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Papers (帳票): one structure, checked as a whole, of which a page and a workbook are made.

The structure's shape is the documentation of the module `paper`: what stands there is what is read, and nothing else. A value's kind decides how it
is shown to people (`shown`) and what a cell holds (`number`, `number_format`), so that page and workbook cannot say different things.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._papers_svg import drawing

SHAPE = Path(__file__).resolve().parents[1] / "modules" / "paper.yml"
WRONG = object()  # stands for a value that cannot be read
LONGEST = 32767  # characters of a cell
LARGEST = 10**15  # numbers of up to 15 digits are exact in a cell
# Neither HTML nor a workbook can hold these: control characters but tab and line break, halves of a pair, and what is no character at all.
NO_CHARACTERS = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
UNFIT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{NO_CHARACTERS}]")
NEEDS = dict(
    text="text, or a list of texts",
    integer="a whole number of at most 15 digits",
    yen="whole yen, at most 15 digits",
    percent="a number of per cent such as 10 or 14.5, with at most 4 decimal places",
    date="a date such as 2026-07-31",
    minutes="whole minutes, 0 or more",
    verdict="one of same, changed, missing, added, extra, unknown",
    str="text",
    bool="true or false",
    dict="a dictionary",
    list="a list",
)
HONORIFICS = ("様", "御中", "殿", "先生")
WORDS = dict(
    ja=dict(honorific=" 御中", number="No. ", registration="登録番号 ", notes="備考", nothing="該当なし", contents="目次"),
    en=dict(honorific="", number="No. ", registration="Registration number ", notes="Notes", nothing="none", contents="Contents"),
)
WORDS["ja"]["on_the_page"] = "次の図は、同じ名前の HTML のページにあります。"
WORDS["en"]["on_the_page"] = "These figures are on the HTML page of the same name:"
HOURS = dict(ja=("{}時間", "{}分"), en=("{} h ", "{} min"))
MINUTES_A_DAY = 24 * 60
# The sign says it, so that a print without colours and an eye that does not tell them apart miss nothing.
VERDICTS = dict(
    ja=dict(same="○ 一致", changed="▲ 変更", missing="× 消失", added="＋ 追加", extra="⊕ 追加（参考）", unknown="？ 判定不能"),
    en=dict(same="○ same", changed="▲ changed", missing="× missing", added="+ added", extra="⊕ extra", unknown="? unknown"),
)
# Ink and ground of each, and the ground of a row that stands out.
LOOKS = dict(
    same=("#1f4d2e", "#eaf4ec"),
    changed=("#5f3d00", "#fff0d0"),
    missing=("#7c1d1d", "#fce6e6"),
    added=("#1d3f7c", "#e3edfb"),
    extra=("#1d3f7c", "#f2f6fc"),
    unknown=("#3c4350", "#ebecee"),
)
STANDS_OUT = "#fdf9ec"


class PaperError(ValueError):
    """The structure cannot be printed; `faults` holds every reason, each with the place where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read(given: Any) -> dict[str, Any]:
    """A paper with every place filled: lists that are not given are empty, values have the type of their kind. Raises PaperError with every fault.

    Rows and totals hold a value, or None, for each key of the columns; a table's rows are in `groups`, of which one without groups has one, its heading None.
    """
    faults: list[str] = []
    paper = _given(dict(_shape(), type="dict"), given, "paper", faults)
    if paper is not WRONG:
        _values(paper, faults)
    if faults:
        raise PaperError(faults)
    return paper


@cache
def _shape() -> Mapping[str, Any]:
    return yaml_load(SHAPE.read_text(encoding="utf-8"))["DOCUMENTATION"]["options"]["paper"]


# ---- the shape


def _given(shape: Mapping[str, Any], value: Any, where: str, faults: list[str]) -> Any:
    """A value as the shape says, or WRONG."""
    type_of = shape["type"]
    if type_of == "raw":
        return value
    if type_of == "list":
        return _list(shape, value, where, faults)
    if type_of == "dict" and isinstance(value, Mapping):
        return _dict(shape["suboptions"], value, where, faults) if "suboptions" in shape else dict(value)
    if type_of == "bool" and isinstance(value, bool):
        return value
    if type_of == "str" and isinstance(value, (str, int)) and not isinstance(value, bool):
        return _str(shape, str(value), where, faults)
    return _wrong(where, value, type_of, faults)


def _wrong(where: str, value: Any, need: str, faults: list[str]) -> Any:
    faults.append(f"{where}: {value!r} will not do; write {NEEDS[need]}")
    return WRONG


def _list(shape: Mapping[str, Any], value: Any, where: str, faults: list[str]) -> Any:
    element = dict(shape, type=shape["elements"])
    if element["type"] == "str" and isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return _wrong(where, value, "list", faults)
    found = [_given(element, one, f"{where} #{number}", faults) for number, one in enumerate(value, 1)]
    return [one for one in found if one is not WRONG]


def _dict(shapes: Mapping[str, Any], value: Mapping[str, Any], where: str, faults: list[str]) -> dict[str, Any]:
    faults += [f"{where}: there is no {name!r}; there are {', '.join(shapes)}" for name in value if name not in shapes]
    found = {}
    for name, shape in shapes.items():
        inner = value.get(name)
        if inner is not None:
            found[name] = _given(shape, inner, f"{where} {name}", faults)
        elif shape.get("required"):
            faults.append(f"{where} {name}: is needed")
            found[name] = WRONG
        else:
            found[name] = [] if shape["type"] == "list" else shape.get("default")
    return found


def _str(shape: Mapping[str, Any], value: str, where: str, faults: list[str]) -> Any:
    if "choices" in shape and value not in shape["choices"]:
        faults.append(f"{where}: {value!r} will not do; write one of {', '.join(shape['choices'])}")
        return WRONG
    if shape.get("required") and not value.strip():
        faults.append(f"{where}: is empty")
        return WRONG
    return _fit(value, where, faults)


def _fit(value: str, where: str, faults: list[str]) -> Any:
    unfit = UNFIT.search(value)
    if unfit:
        faults.append(f"{where}: has the character U+{ord(unfit[0]):04X} at place {unfit.start() + 1}, which cannot be printed; take it out")
    if len(value) > LONGEST:
        faults.append(f"{where}: has {len(value)} characters, a cell holds {LONGEST}; divide it")
    return WRONG if unfit or len(value) > LONGEST else value


# ---- the values


def _values(paper: dict[str, Any], faults: list[str]) -> None:
    """Read the values by their kinds, where the shape only knows that there is one."""
    paper["date"] = _value("date", paper["date"], "paper date", faults)
    for number, fact in enumerate(_each(paper["facts"]), 1):
        fact["value"] = _value(fact["kind"], fact["value"], f"paper facts #{number} value", faults)
    for number, section in enumerate(_each(paper["sections"]), 1):
        where = f"paper sections #{number}"
        if isinstance(section["table"], dict):
            _table(section["table"], f"{where} table", faults)
        if isinstance(section["figure"], dict):
            _figure(section["figure"], f"{where} figure svg", faults)


def _each(value: Any) -> list[Any]:
    """The elements of a list, of which there is none where it was no list."""
    return value if isinstance(value, list) else []


def _value(kind: Any, value: Any, where: str, faults: list[str]) -> Any:
    if value is None or kind is WRONG:
        return None
    try:
        found = KINDS[kind](value)
    except (ValueError, InvalidOperation):
        return _wrong(where, value, kind, faults)
    return _fit(found, where, faults) if kind == "text" else found


def _figure(figure: dict[str, Any], where: str, faults: list[str]) -> None:
    try:
        figure["svg"] = None if figure["svg"] is WRONG else drawing(figure["svg"])
    except ValueError as error:
        faults.append(f"{where}: {error}")


def _table(table: dict[str, Any], where: str, faults: list[str]) -> None:
    """Put the rows into groups, and check each against the columns."""
    columns = [column for column in _each(table["columns"]) if WRONG not in column.values()]
    if table["columns"] == []:
        faults.append(f"{where} columns: is needed")
    keys = [column["key"] for column in columns]
    faults += [f"{where} columns: two columns have the key {key!r}" for key in sorted({key for key in keys if keys.count(key) > 1})]
    if table["rows"] and table["groups"]:
        faults.append(f"{where}: has rows and groups; write the rows into the groups")
    for row, place in _rows(table, where):
        _cells(row, columns, place, faults)
    for total, place in _totals(table, where):
        if isinstance(total["cells"], dict):
            if keys and total["cells"].get(keys[0]) is not None:
                faults.append(f"{place} cells {keys[0]}: the first column belongs to the label")
            _cells(total["cells"], columns, f"{place} cells", faults)
    if not table["groups"]:
        table["groups"] = [dict(heading=None, rows=table["rows"], totals=[])]


def _rows(table: dict[str, Any], where: str) -> Iterator[tuple[dict[str, Any], str]]:
    groups = [(table, where), *((group, f"{where} groups #{number}") for number, group in enumerate(_each(table["groups"]), 1))]
    for owner, place in groups:
        yield from ((row, f"{place} rows #{number}") for number, row in enumerate(_each(owner["rows"]), 1))


def _totals(table: dict[str, Any], where: str) -> Iterator[tuple[dict[str, Any], str]]:
    groups = [(table, where), *((group, f"{where} groups #{number}") for number, group in enumerate(_each(table["groups"]), 1))]
    for owner, place in groups:
        yield from ((total, f"{place} totals #{number}") for number, total in enumerate(_each(owner["totals"]), 1))


def _cells(row: dict[str, Any], columns: list[dict[str, Any]], where: str, faults: list[str]) -> None:
    keys = [column["key"] for column in columns]
    faults += [f"{where}: there is no column {key!r}; there are {', '.join(keys)}" for key in row if key not in keys]
    for column in columns:
        row[column["key"]] = _value(column["kind"], row.get(column["key"]), f"{where} {column['key']}", faults)


# ---- the kinds of value


def _text(value: Any) -> str:
    lines = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(line, bool) or not isinstance(line, (str, int)) for line in lines):
        raise ValueError
    return "\n".join(str(line) for line in lines)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST:
        raise ValueError
    return int(value)


def _minutes(value: Any) -> int:
    if _integer(value) < 0:
        raise ValueError
    return int(value)


def _percent(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError
    found = Decimal(str(value)).normalize()
    if not found.is_finite() or abs(found) >= LARGEST or decimal_places(found) > 4 or len(found.as_tuple().digits) > 15:
        raise ValueError
    return found + 0  # a negative zero is a zero


def _date(value: Any) -> date:
    found = date.fromisoformat(value) if isinstance(value, str) else value
    # Workbooks count days from 1900 on, and take that year for a leap year.
    if isinstance(found, datetime) or not isinstance(found, date) or found.year < 1901:
        raise ValueError
    return date(found.year, found.month, found.day)


def _verdict(value: Any) -> str:
    if not isinstance(value, str) or value not in LOOKS:
        raise ValueError
    return str(value)


KINDS = dict(text=_text, integer=_integer, yen=_integer, percent=_percent, date=_date, minutes=_minutes, verdict=_verdict)
WORDED = ("text", "verdict")  # the kinds of which a cell holds what people read


def decimal_places(value: Decimal) -> int:
    """How many there are of a number without trailing zeros."""
    return max(0, -int(value.as_tuple().exponent))


def shown(kind: str, value: Any, language: str) -> str:
    """A value as people read it; nothing where there is none."""
    if value is None:
        return ""
    if kind == "yen":
        return f"{'-' if value < 0 else ''}¥{abs(value):,}"
    if kind == "integer":
        return f"{value:,}"
    if kind == "percent":
        return f"{value:,f}%"
    if kind == "date":
        return said(value, language)
    if kind == "verdict":
        return VERDICTS[language][value]
    if kind == "minutes":
        hours, minutes = divmod(value, 60)
        return (HOURS[language][0].format(f"{hours:,}") if hours else "") + (HOURS[language][1].format(minutes) if minutes or not hours else "")
    return value


def number(kind: str, value: Any) -> float | int:
    """What a cell holds of a value that is a number: a part of 1 for per cent, a part of a day for minutes."""
    if kind == "percent":
        return float(value / 100)
    return value / MINUTES_A_DAY if kind == "minutes" else value


def number_format(kind: str, value: Any, language: str) -> str:
    """How a cell shows what it holds."""
    if kind == "percent":
        places = decimal_places(value) if value is not None else 0
        return f"#,##0{'.' if places else ''}{'0' * places}%"
    if kind == "minutes":
        return '[h]"時間"mm"分"' if language == "ja" else '[h]" h "mm" min"'
    return dict(
        text="@",
        verdict="@",
        integer="#,##0",
        yen='"¥"#,##0;-"¥"#,##0',
        date='yyyy"年"m"月"d"日"' if language == "ja" else "yyyy-mm-dd",
    )[kind]


# ---- words around the values


def addressee(paper: Mapping[str, Any]) -> str:
    """The name with what follows it. A name of a person has its own already."""
    to = paper["to"]
    own = to["name"].rstrip().endswith(HONORIFICS)
    honorific = f" {to['honorific']}" if to["honorific"] is not None else "" if own else WORDS[paper["language"]]["honorific"]
    return to["name"] + honorific.rstrip()


def registration(paper: Mapping[str, Any]) -> str:
    """The issuer's registration number with its label; nothing where there is none."""
    told = paper["from"]["registration_number"]
    return WORDS[paper["language"]]["registration"] + told if told else ""


def rows_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a table, whatever group they are in."""
    return [row for group in table["groups"] for row in group["rows"]]


def stands_out(row: Mapping[str, Any], columns: list[dict[str, Any]]) -> bool:
    """Does a verdict of the row say that something is not as it was?"""
    return any(row[column["key"]] not in (None, "same") for column in columns if column["kind"] == "verdict")


def apart(section: Mapping[str, Any]) -> bool:
    """Whether it has a worksheet of its own."""
    return bool(section["own_page"] or section["own_worksheet"])


def listed(paper: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """The sections that a table of contents names, each with its number from 1 on; none where the paper asks for no contents."""
    return [(count, section) for count, section in enumerate(paper["sections"], 1) if section["heading"]] if paper["contents"] else []


def width(text: str) -> int:
    """The columns of a typewriter that a text takes in its longest line; Japanese characters take two."""
    return max(sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in line) for line in text.split("\n"))


def label_columns(total: Mapping[str, Any], columns: list[dict[str, Any]]) -> int:
    """Over how many columns a total's label reaches: all before the first value."""
    return next((place for place, column in enumerate(columns) if total["cells"][column["key"]] is not None), len(columns))
