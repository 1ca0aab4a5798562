# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what an engineer wrote: values of a declared shape, and every fault in them found in one pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._days import moment_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, rows, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close

JAPAN = timezone(timedelta(hours=9))
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(DATE.pattern + r"([ T][0-9]{2}:.*)?")
NEAR = 0.85  # so like a field of ours that it must be one, though there may be fields of others
FEW = 6  # so many names a line has room for
WRONG = object()  # stands for a value that cannot be read


class Field(NamedTuple):
    """What may be written in one place.

    `type`: a name of READERS; `word` and `words` (one or several of `choices`); `whole` (a number within `limits`); `table` and `rows` (of `fields`);
    `counts` (of the components of a `menu`, or of `any`). A `flag` may be a table of its `fields`, too.
    With `others` a table may hold fields for somebody else. `elsewhere`: what a table is thought to have, the fault that says where it belongs (its code, and
    its `limit`, `other` and `close`), and the fields of which it then has the shape.
    """

    type: str
    required: bool = False
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] = (0, 0)
    fields: Mapping[str, Any] = {}
    menu: str = ""
    others: bool = False
    elsewhere: Mapping[str, tuple[str, tuple[str | None, ...], tuple[Field, ...]]] = {}


def day(value: Any) -> date:
    """A date as YAML reads it, or as a text in that form alone. A moment is no date: its hours would be lost without a word."""
    if isinstance(value, str) and not DATE.fullmatch(value):
        raise ValueError
    told = date.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(told, datetime) or not isinstance(told, date) or not 2000 <= told.year <= 2099:
        raise ValueError
    return date(told.year, told.month, told.day)


def moment(value: Any) -> datetime:
    """A moment in Japan's time without an offset; a date is its first moment, and 24:00 the first one of the next day."""
    if isinstance(value, str) and not MOMENT.fullmatch(value):
        raise ValueError
    told = moment_of(value) if isinstance(value, str) else value
    if not isinstance(told, datetime):
        told = day(told)
        return datetime(told.year, told.month, told.day)
    told = told.astimezone(JAPAN) if told.tzinfo else told
    day(told.date())
    return datetime(told.year, told.month, told.day, told.hour, told.minute, told.second, told.microsecond)


def month(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 7:
        raise ValueError
    return f"{day(f'{value}-01'):%Y-%m}"


def months(value: Any) -> tuple[str, ...]:
    """Months in a row, in any order."""
    if not isinstance(value, list) or not value:
        raise ValueError
    found = sorted(month(one) for one in value)
    numbers = [int(one[:4]) * 12 + int(one[5:]) for one in found]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise ValueError
    return tuple(found)


def _whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
            raise ValueError
        return int(value)

    return read


def integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return int(value)


def signed(value: Any) -> int:
    if not integer(value):
        raise ValueError
    return int(value)


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return str(value)


def file_name(value: Any) -> str:
    """A text that the name of a file can hold."""
    if "/" in text(value) or not value.isprintable():
        raise ValueError
    return str(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return bool(value)


READERS: dict[str, Callable[[Any], Any]] = dict(
    day=day,
    moment=moment,
    month=month,
    months=months,
    count=_whole(0),
    positive=_whole(1),
    integer=integer,
    signed=signed,
    percent=_whole(1, 100),
    text=text,
    registration=text,
    file_name=file_name,
    flag=flag,
)


def read(shape: Mapping[str, Field], given: Any, where: str, faults: list[Fault]) -> dict[str, Any]:
    """The values of a table of these fields, as far as they are right; what is not goes to `faults`."""
    return read_table(Field("table", fields=shape), given, where, faults)


def read_table(table: Field, given: Any, where: str, faults: list[Fault]) -> dict[str, Any]:
    """The same of a table that may hold more than its fields, or is thought to."""
    if not isinstance(given, Mapping):
        faults.append(_no_table(table, given, where))
        return {}
    strange = [name for name in given if name not in table.fields and not (table.others and _of_others(name, given[name], table))]
    told = [_unknown(name, table, where) for name in strange]
    faults += told
    meant = {fault.close or fault.limit for fault in told}  # what is misspelt is not missing as well
    found = {}
    for name, field in table.fields.items():
        here = f"{where} {name}".strip()
        if given.get(name) is not None:
            found[name] = _value(field, given[name], here, faults)
        elif field.required and name not in meant:
            faults.append(Fault(here, "counts_needed" if field.type == "counts" else "missing"))
    return {name: value for name, value in found.items() if value is not WRONG}


def _no_table(table: Field, given: Any, where: str) -> Fault:
    names = ", ".join(table.fields)
    return Fault(where, "table_of", given, names) if 0 < len(table.fields) <= FEW else Fault(where, "table", given)


def no_list(given: Any, where: str) -> Fault:
    return Fault(where, "block") if isinstance(given, str) and "\n" in given else Fault(where, "rows", given)


def _inside(name: Any, shape: Mapping[str, Field]) -> dict[str, str]:
    """The tables of a shape that have a field of a name, which may begin with the table's, and what the field is called there."""
    inner = {one: str(name).removeprefix(f"{one}_") for one, field in shape.items() if field.type == "table"}
    return {one: field for one, field in inner.items() if field in shape[one].fields}


def _of_others(name: Any, value: Any, table: Field) -> bool:
    """Whether a field that is none of a table's may be somebody else's: it says nothing, or its name is a word of every day and its value not like ours."""
    shape, near = table.fields, _near(name, table.fields)
    meant = [shape[one].fields[field] for one, field in _inside(name, shape).items()]
    meant += [*(table.elsewhere[name][2] if name in table.elsewhere else ()), *([shape[near]] if near else [])]
    return not value or not meant or ("_" not in str(name) and not any(fits(field, value) for field in meant))


def fits(field: Field, value: Any) -> bool:
    """Whether a value has the shape that a field has, be what it holds right or wrong. A text says nothing of whose it is."""
    if field.type == "rows":
        rows_of = [value] if isinstance(value, Mapping) else value  # one may be written without its list
        return isinstance(rows_of, list) and any(isinstance(row, Mapping) and sum(name in field.fields for name in row) > 1 for row in rows_of)
    if isinstance(value, Mapping):
        return any(name in (rows(field.menu) if field.type == "counts" else field.fields) for name in value)
    return field.type not in ("text", "file_name", "registration") and _value(field, value, "", []) is not WRONG


def _unknown(name: Any, table: Field, where: str) -> Fault:
    """What is wrong with a name that is none of a table's."""
    shape = table.fields
    if inner := _inside(name, shape):
        return Fault(where, "inside", name, " / ".join(inner), next(iter(inner.values())))
    if name in table.elsewhere:
        code, belongs, dummy = table.elsewhere[name]
        return Fault(where, code, name, *belongs)
    near = _near(name, shape)
    if isinstance(name, int) and not isinstance(name, bool):  # {yen: 1,482,690} are three fields
        return Fault(where, "digits", name)
    # An unquoted `on:` in YAML is the boolean, so `on` is no name for a field.
    return Fault(where, "read_as_true") if name is True or name == "on" else Fault(where, "unknown", name, close=near or close(name, shape))


def _near(name: Any, words: Mapping[str, Any]) -> str | None:
    """Which of our fields a field must be meant for: it is nearly the same, or the first or last words of it."""
    plain = str(name).lower().replace("-", "_")
    part_of = (word for word in words if word.startswith(f"{plain}_") or word.endswith(f"_{plain}"))
    return plain if plain in words else next(part_of, None) or close(name, words, NEAR)


def _value(field: Field, value: Any, where: str, faults: list[Fault]) -> Any:
    """What is meant, or WRONG."""
    if isinstance(value, Mapping) and (field.type == "table" or (field.type == "flag" and field.fields)):
        return read_table(field, value, where, faults)
    if field.type == "rows":
        return _rows(field, value, where, faults)
    if field.type == "counts":
        return _counts(field.menu, value, where, faults)
    if field.type == "table":
        faults.append(_no_table(field, value, where))
        return WRONG
    if field.choices:
        return _words(field, value, where, faults)
    try:
        return (_whole(*field.limits) if field.type == "whole" else READERS[field.type])(value)
    except (ValueError, OverflowError):
        faults.append(Fault(where, field.type, value, field.limits))
        return WRONG


def _words(field: Field, value: Any, where: str, faults: list[Fault]) -> Any:
    words = value if field.type == "words" and isinstance(value, list) else [value]
    wrong = [word for word in words if not (isinstance(word, str) and word in field.choices)]
    faults += [Fault(where, "word", word, ", ".join(field.choices), close=close(word, field.choices)) for word in wrong]
    if not words:
        faults.append(Fault(where, "word", value, ", ".join(field.choices)))
    if wrong or not words:
        return WRONG
    return tuple(str(word) for word in words) if field.type == "words" else str(value)


def _rows(field: Field, value: Any, where: str, faults: list[Fault]) -> Any:
    if not isinstance(value, list):
        faults.append(no_list(value, where))
        return WRONG
    return [read_table(field, row, f"{where} #{number}", faults) for number, row in enumerate(value, 1)]


def _counts(menu: str, value: Any, where: str, faults: list[Fault]) -> Any:
    """component → group → how many. A plain number is one group without a name."""
    if not isinstance(value, Mapping):
        faults.append(Fault(where, "counts", value))
        return WRONG
    found = {}
    for component, groups in value.items():
        if component not in rows(menu):
            faults.append(no_component(f"{where} {component}", component, menu))
        elif isinstance(groups, Mapping):
            wrong = [group for group in groups if not isinstance(group, str)]
            faults += [Fault(f"{where} {component}", "text", group) for group in wrong]
            rest = {group: number for group, number in groups.items() if isinstance(group, str)}
            found[str(component)] = read(dict.fromkeys(rest, Field("count", required=True)), rest, f"{where} {component}", faults)
        else:
            count = _value(Field("count"), groups, f"{where} {component}", faults)
            found[str(component)] = {} if count is WRONG else {"": count}
    return found


def no_component(where: str, name: Any, menu: str) -> Fault:
    """What is wrong with a component that a table of units does not have: it has another name there, it is of the other table alone, or of none."""
    there = ", ".join(rows(menu))
    if name not in rows("any"):
        return Fault(where, "component", name, there, menu, close(name, rows(menu)))
    (elsewhere,) = (other for other in MENUS if other != menu)
    if menu == "operation":
        called = [own for own, row in units()[menu].items() if row.get("set_up") == name]
    else:
        called = [row["set_up"] for own, row in units()[elsewhere].items() if own == name and "set_up" in row]
    return Fault(where, "component_called", name, ", ".join(called), menu) if called else Fault(where, f"only_{elsewhere}", name, there)
