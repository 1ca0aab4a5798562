# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pattern allows, in words, where it says no more than which characters there can be and how many of them.

Private to the collection.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN

PRINTED = frozenset(map(chr, range(0x20, 0x7F)))
LATIN = frozenset(map(chr, range(0xA1, 0x100)))
OTHERS = "あ漢"  # whoever takes these takes every character that is not left out
FEW = 12  # characters that can be listed
ENOUGH = 5  # of those that are wrong

UNIT = re.compile(
    r"(?P<open>\()?(?P<characters>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dsw])(?(open)\))(?P<count>[+*?]|\{\d+(?:,\d*)?\})?"
    r"|(?P<literal>(?:\\[^\w\s]|[\w @/:=,-])+(?![+*?{]))"
)
BETWEEN = re.compile(r"\|(?![^\[]*\])")  # alternatives, not in a class
FIRST = re.compile(r"\(\?!(?:\(\?i:)?([\w-]+)\)?\)")  # what cannot begin it
LAST = re.compile(r"\(\?!\.\*([^.()*+?\[\]\\])\$\)|\(\?<!\\?([^()*+?\[\]\\])\)")  # what cannot end it

WORDS = dict(
    ja=dict(
        groups=("英数字", "英字", "英大文字と数字", "英小文字と数字", "英大文字", "英小文字", "数字"),
        blanks={" ": "空白", "\u3000": "全角空白", "\t": "タブ", "\n": "改行", "\r": "改行"},
        ascii="半角の英数字・記号・空白",
        latin="西欧の文字",
        but="{} のほかの文字",
        first="「{}」で始まらない",
        last="「{}」で終わらない",
        counts=("{} 文字以上", "{} 文字", "{}～{} 文字"),
        aside="{}（{}）",
        also="、",
        then="、続けて ",
        other="、または ",
        wrong="使えない文字: {}。",
        allowed="使える文字: {}",
        form="正しい形式: {}",
    ),
    en=dict(
        groups=("letters, digits", "letters", "capital letters, digits", "small letters, digits", "capital letters", "small letters", "digits"),
        blanks={" ": "blanks", "\u3000": "wide blanks", "\t": "tabs", "\n": "line breaks", "\r": "line breaks"},
        ascii="all of ASCII",
        latin="letters of Western Europe",
        but="all but {}",
        first="not beginning with {!r}",
        last="not ending with {!r}",
        counts=("{} or more", "{} of them", "{} to {} of them"),
        aside="{} ({})",
        also=", ",
        then=", then ",
        other=", or ",
        wrong="not possible: {}; ",
        allowed="possible: {}",
        form="the right one: {}",
    ),
)
GROUPS = (
    string.ascii_letters + string.digits,
    string.ascii_letters,
    string.ascii_uppercase + string.digits,
    string.ascii_lowercase + string.digits,
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
)


class Unit(NamedTuple):
    """One part of a pattern: a text as it stands, or some characters of a class."""

    characters: str
    literal: str
    least: int
    most: int | None

    def takes(self, char: str) -> bool:
        return char in self.literal or bool(self.characters and re.fullmatch(self.characters, char, re.ASCII))


def words(pattern: str, value: object, language: str) -> str:
    """What of the value is wrong, and what the pattern allows; the pattern itself where it says more than can be put into words."""
    said = WORDS[language]
    bare, aside = _edges(str(pattern), language)
    alternatives = [_units(one) for one in BETWEEN.split(re.sub(r"^\^?\(([^()]*)\)\$?$", r"\1", bare)) if one.strip("^$")]
    told = [said["then"].join(text) for units in alternatives if (text := [_unit(unit, len(units) > 1, language) for unit in units]) and None not in text]
    if not told or len(told) < len(alternatives) or not any(unit.characters for units in alternatives for unit in units):
        return said["form"].format(pattern)
    unfit = dict.fromkeys(char for char in str(value) if not any(unit.takes(char) for units in alternatives for unit in units))
    wrong = said["wrong"].format(_listed([*unfit][:ENOUGH], language) + " …" * (len(unfit) > ENOUGH)) if unfit and value != HIDDEN else ""
    allowed = said["other"].join(told)
    return wrong + said["allowed"].format(said["aside"].format(allowed, said["also"].join(aside)) if aside else allowed)


def _edges(pattern: str, language: str) -> tuple[str, list[str]]:
    """The pattern without what it says of how a text cannot begin and end, and that in words."""
    said, found = WORDS[language], []
    for name, edge in (("first", FIRST), ("last", LAST)):
        found += [said[name].format(said["blanks"].get(match[match.lastindex], match[match.lastindex])) for match in edge.finditer(pattern)]
        pattern = edge.sub("", pattern)
    return pattern, found


def _units(pattern: str) -> list[Unit]:
    """The parts of a pattern, one after the other; none where one of them is more than characters."""
    text, found, place = pattern.removeprefix("^").removesuffix("$"), [], 0
    while place < len(text):
        match = UNIT.match(text, place)
        if not match:
            return []
        place = match.end()
        found.append(Unit(match["characters"] or "", re.sub(r"\\(.)", r"\1", match["literal"] or ""), *_count(match["count"])))
    return found


def _count(text: str | None) -> tuple[int, int | None]:
    if text and text[0] == "{":
        least, comma, most = text.strip("{}").partition(",")
        return int(least), int(most) if most else None if comma else int(least)
    return {None: (1, 1), "+": (1, None), "*": (0, None), "?": (0, 1)}[text]


def _unit(unit: Unit, counted: bool, language: str) -> str | None:
    """One part in words. Of characters that are all there is, how many of them is said where AWS sets a limit."""
    said = WORDS[language]
    if unit.literal:
        return _quoted(unit.literal, language)
    text = _characters(unit.characters, language)
    if text is None or not (counted or unit.most):
        return text
    least, exactly, between = said["counts"]
    count = least if unit.most is None else exactly if unit.least == unit.most else between
    return said["aside"].format(text, count.format(unit.least, unit.most))


def _characters(source: str, language: str) -> str | None:
    said = WORDS[language]
    there = {char for char in {*PRINTED, *LATIN, *said["blanks"]} if re.fullmatch(source, char, re.ASCII)}
    if all(re.fullmatch(source, char, re.ASCII) for char in OTHERS):
        left_out = sorted({*PRINTED, "\t"} - there)
        return said["but"].format(_listed(left_out, language)) if 0 < len(left_out) <= FEW else None
    found, rest = [], set(there)
    for name, group in (("ascii", PRINTED), ("latin", LATIN)):
        if rest >= group:
            found.append(said[name])
            rest -= group
    for name, group in zip(said["groups"], GROUPS, strict=True):
        if rest >= set(group):
            found.append(name)
            rest -= set(group)
    if rest & LATIN or len([char for char in rest if char.isalnum()]) > FEW:
        return None
    return " ".join([*found, *sorted(rest - said["blanks"].keys()), *dict.fromkeys(said["blanks"][char] for char in said["blanks"] if char in rest)])


def _listed(chars: Iterable[str], language: str) -> str:
    return " ".join(dict.fromkeys(WORDS[language]["blanks"].get(char, char) for char in chars))


def _quoted(text: str, language: str) -> str:
    return f"「{text}」" if language == "ja" else repr(text)
