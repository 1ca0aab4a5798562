# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell and the value it means, in both directions. Pure functions over what an option declares.

A cell is blank (left as it is), a mark (`Marks`) or a value. Several values stand one on each line; a free dictionary has `key=value` on each
line, or JSON where that cannot say it. Whatever would be read as something else is written as text in JSON's quotation marks.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, NamedTuple

from ansible.module_utils.common.validation import check_type_bool, check_type_float, check_type_int, check_type_str

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Marks, Mistake
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden

LONGEST = 32767  # characters that a cell of Excel can hold
BLANKS = " \t\r\n\u3000\u00a0"
FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000]")
HALF_KANA = re.compile("[\uff61-\uff9f]")
APART = re.compile("[\u3099\u309a]")  # the marks of a voiced sound as letters of their own: so names of files on a Mac are spelt
# What comes along from pages, mails and other programs; nobody means it.
INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u00a0\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
UNSEEN = re.compile(f"[{INVISIBLE}]")
# What XML cannot hold, Excel would decode, or a person would not see.
UNPRINTABLE = re.compile(f"[{INVISIBLE}]|_(?=x[0-9A-Fa-f]{{4}}_)|x(?=005[Ff]_)")
SEVERAL = re.compile(r"[\w.:/@*+-]+(?:\s*[,、，]\s*[\w.:/@*+-]+)+")  # words with commas between them, where each should have its line
ANOTHER_PAIR = re.compile(r"[,、，]\s*[^\s=,、，]+\s*=")
FILLERS = {"-", "--", "ー", "－", "―", "—", "–", "‐", "n/a", "tbd", "該当なし", "特になし", "未定", "同上", "同左", "〃", "々", "ditto", "same as above"}
HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
# Halves of letters as JSON spells them, but for those behind a backslash that stands for itself, and two that are one letter.
PAIR = re.compile(r"\\\\|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}")
HALF = re.compile(r"\\u[Dd][89A-Fa-f][0-9A-Fa-f]{2}")
WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
PLAIN = dict(bool=check_type_bool, float=check_type_float, int=check_type_int, str=check_type_str)


class Kept(NamedTuple):
    """A cell whose value is not shown: only the sheet's file has it, and which keys of a free dictionary are taken away."""

    value: Any
    keys: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """What a cell says: a value (None: nothing), that all of it is taken away, the keys of a free dictionary that are."""

    value: Any = None
    clear: bool = False
    keys: tuple[str, ...] = ()


NOTHING = Meaning()


# ---- from value to cell


def canonical(option: Option, value: Any) -> Any:
    """The one form of a value that the workbook gives back: None for nothing, a plain list where all is added, numbers as numbers."""
    if value is None:
        return None
    if isinstance(value, Hidden):
        return value
    if option.many:
        verbs = value if isinstance(value, Mapping) else dict(add=value)
        plain = replace(option, many=False)
        said = {verb: canonical(plain, verbs.get(verb)) for verb in ("add", "remove", "set") if verb == "set" or verbs.get(verb)}
        said = {verb: things for verb, things in said.items() if things is not None}
        return said.get("add") if set(said) <= {"add"} else said
    if option.options and isinstance(value, list):
        return [canonical_all(option.options, item) for item in value]
    if option.options:
        return canonical_all(option.options, value) or None
    if option.type == "list" and option.elements in PLAIN:
        return [_plain(option.elements, item) for item in value]
    if option.type in PLAIN:
        return _plain(option.type, value)
    if option.type == "dict" and isinstance(value, list):
        raise Mistake("wrong_type", value=value, limit="dict")
    return None if option.merges and value == {} else _document(value)


def canonical_all(options: Mapping[str, Option], thing: Mapping[str, Any]) -> dict[str, Any]:
    """The same for every option, in the order of the declaration."""
    said = {name: canonical(option, thing.get(name)) for name, option in options.items()}
    return {name: value for name, value in said.items() if value is not None}


def _plain(wanted: str, value: Any) -> Any:
    if isinstance(value, Hidden):
        return value
    if isinstance(value, (list, Mapping)):
        raise Mistake("wrong_type", value=value, limit=wanted)
    try:
        made = PLAIN[wanted](value)
    except (OverflowError, TypeError, ValueError):
        raise Mistake("wrong_type", value=value, limit=wanted) from None
    return int(made) if wanted == "float" and math.isfinite(made) and made == int(made) else made


def _document(value: Any) -> Any:
    """As it comes out of JSON; a date, which YAML makes of an unquoted version of a policy, is its text."""
    return value if hidden(value) else json.loads(json.dumps(value, default=str))


def hidden(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(hidden(inner) for inner in value.values())
    return any(hidden(inner) for inner in value) if isinstance(value, list) else isinstance(value, Hidden)


def write(option: Option, value: Any, marks: Marks, clear: bool = False, keys: tuple[str, ...] = ()) -> Any:
    """The cell for a canonical value: None, a text, a number, a truth value, or `Kept`."""
    if clear:
        return marks.none
    if value is not None and (option.secret or hidden(value)):
        return Kept(value, keys)
    if value is None and not keys:
        return None
    cell = _cell(option, value, marks, keys)
    if isinstance(cell, str) and len(cell) > LONGEST:
        raise Mistake("too_long", value=len(cell), limit=LONGEST)
    return cell


def _cell(option: Option, value: Any, marks: Marks, keys: tuple[str, ...]) -> Any:
    if option.type == "list" and option.elements in PLAIN:
        return _list_cell(option, value, marks)
    if option.type == "dict":
        return _dict_cell(option, value or {}, marks, keys)
    if option.type in ("bool", "int", "float"):
        return value if isinstance(value, bool) or float(f"{value:.15g}") == value else str(value)
    if option.type == "str" or isinstance(value, str):
        return quoted(value, marks) if option.type != "str" and value[:1] in ("[", "{") else text_cell(value, marks)
    return json.dumps(value, ensure_ascii=False)


def _list_cell(option: Option, value: Any, marks: Marks) -> Any:
    verbs = value if isinstance(value, Mapping) else dict(add=value)
    lines = [marks.only] if "set" in verbs or value == [] else []
    lines += [_line(option, item, marks) for item in verbs.get("set") or verbs.get("add") or []]
    lines += [f"{_line(option, item, marks)}={marks.none}" for item in verbs.get("remove") or []]
    return "\n".join(lines)


def _line(option: Option, item: Any, marks: Marks) -> str:
    if not isinstance(item, str):
        return str(item)
    plain = "\n" not in item and item != marks.only and not item.endswith(f"={marks.none}") and not SEVERAL.fullmatch(item)
    return text_cell(item, marks) if plain else quoted(item, marks)


def _dict_cell(option: Option, value: Mapping[str, Any], marks: Marks, keys: tuple[str, ...]) -> str:
    if all(isinstance(inner, str) for inner in value.values()):
        pairs = [f"{key}={_pair_value(inner, marks)}" for key, inner in value.items()]
        lines = "\n".join([*pairs, *(f"{key}={marks.none}" for key in keys)])
        if lines and not UNPRINTABLE.search(lines) and _says(lines, value, keys, marks):
            return lines
    said = {key: quoted(inner, marks) if isinstance(inner, str) and _marked(inner, marks) else inner for key, inner in value.items()}
    return printable(json.dumps({**said, **dict.fromkeys(keys, marks.none)}, ensure_ascii=False, indent=1))


def _pair_value(value: str, marks: Marks) -> str:
    return "" if value == "" else quoted(value, marks) if "\n" in value or ANOTHER_PAIR.search(value) else text_cell(value, marks)


def _says(lines: str, value: Mapping[str, Any], keys: tuple[str, ...], marks: Marks) -> bool:
    try:
        return _dict(lines, marks, True) == Meaning(dict(value) or None, keys=tuple(keys))
    except Mistake:
        return False


def _marked(value: str, marks: Marks) -> bool:
    return value == marks.none or value.startswith(marks.text)


def text_cell(value: str, marks: Marks) -> str:
    """The text itself where it is read as itself, else in quotation marks."""
    try:
        if not UNPRINTABLE.search(value) and _text(value, marks) == value and value:
            return value
    except Mistake:
        pass
    return quoted(value, marks)


def quoted(value: str, marks: Marks) -> str:
    return marks.text + printable(json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """JSON text without what a cell cannot hold; JSON has another spelling for each."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text) if UNPRINTABLE.search(text.replace("\n", "")) else text


# ---- from cell to value


def read(option: Option, cell: Any, marks: Marks, clearable: bool) -> Meaning:
    """What a cell says. `clearable`: the mark for nothing is allowed here. Raises Mistake."""
    if isinstance(cell, Kept):
        return Meaning(cell.value, keys=cell.keys)
    if isinstance(cell, str):
        cell = cell.strip(BLANKS)
    if cell is None or cell == "":
        return NOTHING
    if cell == marks.none:
        if not clearable:
            raise Mistake("not_clearable", limit=marks.none)
        return Meaning(clear=True)
    if option.type == "list" and option.elements in PLAIN:
        return Meaning(_list(option, cell, marks))
    if option.type == "dict":
        meaning = _dict(cell, marks, clearable)
        return meaning._replace(value=None) if option.merges and not meaning.value else meaning
    if option.type in PLAIN:
        return Meaning(_scalar(option.type, cell, marks))
    return Meaning(_json(cell) if isinstance(cell, str) and cell[0] in "[{" else _text(cell, marks) if isinstance(cell, str) else cell)


def _list(option: Option, cell: Any, marks: Marks) -> Any:
    if not isinstance(cell, str):
        return [_scalar(option.elements, cell, marks)]
    lines = [line.strip(BLANKS) for line in cell.split("\n")]
    lines = [line for line in lines if line]
    only, wanted, gone = lines[0] == marks.only, [], []
    for line in lines[1:] if only else lines:
        bare = line.removesuffix(f"={marks.none}")
        removing = bare != line
        if removing and not option.many:
            raise Mistake("not_clearable", limit=marks.none)
        if option.elements == "str" and SEVERAL.fullmatch(bare):
            raise Mistake("several", value=bare, other=quoted(bare, marks))
        (gone if removing else wanted).append(_scalar(option.elements, bare, marks))
    if not option.many:
        return wanted
    if only and gone:
        raise Mistake("only_and_none", limit=(marks.only, marks.none))
    if only:
        return dict(set=wanted)
    return dict(dict(add=wanted) if wanted else {}, remove=gone) if gone else wanted


def _dict(cell: Any, marks: Marks, clearable: bool) -> Meaning:
    if not isinstance(cell, str):
        raise Mistake("wrong_type", value=cell, limit="dict")
    meaning = _object(cell, marks) if cell.startswith("{") else _pairs(cell, marks)
    if meaning.keys and not clearable:
        raise Mistake("not_clearable", limit=marks.none)
    return meaning


def _object(cell: str, marks: Marks) -> Meaning:
    said = _json(cell)
    keys = tuple(key for key, value in said.items() if value == marks.none)
    value = {key: _unquoted(value, marks) if isinstance(value, str) else value for key, value in said.items() if key not in keys}
    return Meaning(value if value or not keys else None, keys=keys)


def _pairs(cell: str, marks: Marks) -> Meaning:
    value: dict[str, str] = {}
    keys: list[str] = []
    for line in (line.strip(BLANKS) for line in cell.split("\n")):
        key, equals, said = line.partition("=")
        key, said = key.strip(BLANKS), said.strip(BLANKS)
        if not line:
            continue
        if not equals or not key:
            if "＝" in line:
                raise Mistake("wide", value=line, limit=line.replace("＝", "="))
            raise Mistake("pair", value=line)
        if key in value or key in keys:
            raise Mistake("key_twice", value=key)
        if ANOTHER_PAIR.search(said) and not said.startswith(marks.text):
            raise Mistake("several", value=line, other=f"{key}={quoted(said, marks)}")
        _same_width(key)
        if said == marks.none:
            keys.append(key)
        else:
            value[key] = _text(said, marks)
    return Meaning(value or None, keys=tuple(keys))


def _scalar(wanted: str, cell: Any, marks: Marks) -> Any:
    if wanted == "str":
        return _text(cell, marks)
    if isinstance(cell, str):
        cell = _number(wanted, cell)
    right = dict(bool=bool, int=int, float=(int, float))[wanted]
    if wanted != "bool" and isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        cell = int(cell)  # Excel knows one kind of number only
    if not isinstance(cell, right) or (wanted != "bool" and isinstance(cell, bool)):
        raise Mistake("date" if hasattr(cell, "isoformat") else "wrong_type", value=cell, limit=wanted)
    return cell


def _number(wanted: str, text: str) -> Any:
    """What a text means where a number or a truth value is asked for; the text itself when it means none."""
    _same_width(text)
    if wanted == "bool":
        return dict(true=True, false=False).get(text.lower(), text)
    if WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text) if wanted == "float" else None
    except ValueError:
        return text
    return number if number is not None and math.isfinite(number) else text


def _text(cell: Any, marks: Marks) -> str:
    if not isinstance(cell, str):
        code = "truth" if isinstance(cell, bool) else "number" if isinstance(cell, (int, float)) else "date"
        raise Mistake(code, value=cell)
    return _meant(cell.strip(BLANKS), marks)


@lru_cache(maxsize=2**16)
def _meant(text: str, marks: Marks) -> str:
    """What a text says. Most are read, written and compared with what they were, so each is looked at once."""
    if text.startswith(marks.text):
        return _unquoted(text, marks)
    _same_width(text)
    if text in marks:
        raise Mistake("stray", value=text, limit=(marks.none, marks.only), other=quoted(text, marks))
    mark = _by_look(marks).get(_like(text), text)
    if mark != text:
        raise Mistake("near", value=text, limit=mark, other=quoted(text, marks))
    if text.lower() in FILLERS:
        raise Mistake("filler", value=text, limit=marks.none, other=quoted(text, marks))
    return text


def _unquoted(text: str, marks: Marks) -> str:
    if not text.startswith(marks.text):
        return text
    try:
        value = json.loads(text.removeprefix(marks.text))
    except ValueError:
        value = None
    _whole_letters(text)
    if not isinstance(value, str):
        raise Mistake("quoted", value=text, limit=marks.text)
    return value


def _same_width(text: str) -> None:
    """Full-width letters where all could be ASCII, half-width katakana, sounds in two letters, and what nobody sees, are slips and never meant."""
    usual = unicodedata.normalize("NFKC", text)
    unseen = UNSEEN.search(text)
    if unseen:
        raise Mistake("unseen", value=f"U+{ord(unseen.group()):04X}", limit=UNSEEN.sub("", text.replace("\u00a0", " ")))
    if APART.search(text):
        raise Mistake("apart", value=text, limit=unicodedata.normalize("NFC", text))
    if HALF_KANA.search(text):
        raise Mistake("kana", value=text, limit=usual)
    if FULL_WIDTH.search(text) and usual.isascii():
        raise Mistake("wide", value=text, limit=usual)


@cache
def _by_look(marks: Marks) -> dict[str, str]:
    """The marks that a text can be meant as."""
    return {_like(mark): mark for mark in (marks.none, marks.only)}


def _like(text: str) -> str:
    """Spellings of a mark that people use for one another."""
    hiragana = unicodedata.normalize("NFKC", text).replace(" ", "").strip("「」。.\"'").lower().translate(HIRAGANA)
    return hiragana.replace("無し", "なし").replace("無", "なし") if len(hiragana) <= 2 else hiragana


def _whole_letters(text: str) -> None:
    """JSON can say one half of a letter, which no file can hold."""
    half = HALF.search(PAIR.sub(" ", text))
    if half:
        raise Mistake("half", value=half[0])


def _json(cell: str) -> Any:
    _whole_letters(cell)
    try:
        return json.loads(cell, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        place = (getattr(error, "lineno", 1), getattr(error, "colno", 1))
        raise Mistake("json", value=cell if len(cell) <= 40 else f"{cell[:40]}…", limit=place) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, dummy in pairs]
        raise Mistake("key_twice", value=next(key for key in made if keys.count(key) > 1))
    return made
