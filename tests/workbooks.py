# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sheets of every kind, made from nothing but the declarations: for laws of workbooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option

# What a cell, a line or a key could be mistaken for something else by.
TRAPS = (
    *("なし", "これだけ", "（現行どおり）", "文字列:", '文字列:"x"', "無し", "ﾅｼ", "none", "１０", "ｱｲｳ", "日本語の説明（全角）", "a=なし", "=なし"),
    *("=1+1", '=HYPERLINK("http://example.com","x")', "+1", "-1", "@SUM(A1)", "'x", "#N/A", "#REF!", "_x000D_", "ax005F_b", "\x07", "a\rb", "\u2028", "a\tb"),
    *("1", "1.50", "007", "TRUE", "1e3", "2026-01-01", "12:30", "yes", "null", "~", "#", "- x", "x: y", "x:", "!x", "&<>", "|", "a #b", "{{ x }}"),
    *("", " x ", "\u3000x", "x\n", "a\nb", "a=b", "[]", "{}", '{"a": 1}', "x,y", "\\", '"', "a/b", "ab\\n"),
    *("-", "同上", "該当なし", "x、y", "x, y=z", "a\u200bb", "a\u00a0b", "\u202ex", "\ufeff"),
)
TEXT = st.one_of(st.sampled_from(TRAPS), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12))
NAME = st.one_of(st.text("abcdefgh-_./0123456789", min_size=1, max_size=10), st.sampled_from([text for text in TRAPS if text]))
LEAF = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), TEXT)
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6)
WRITTEN = st.sampled_from(["plain", "set", "split"])
FREE = st.one_of(st.dictionaries(TEXT, TEXT, max_size=4), st.dictionaries(TEXT, JSON, max_size=3))
RAW = JSON.filter(lambda value: value is not None)


def once(make: Callable[..., Any]) -> Callable[..., Any]:
    """A strategy is made, and checked by Hypothesis, once for the same arguments: anew for each draw that took longer than the draws."""
    made: dict[tuple, tuple[Any, tuple]] = {}

    @wraps(make)
    def found(*arguments: Any) -> Any:
        key = tuple(map(id, arguments))
        if key not in made:
            made[key] = make(*arguments), arguments  # which live on with it, so that their ids are nobody else's
        return made[key][0]

    return found


@once
def scalars(wanted: str, service: str, option: Option) -> Any:
    if wanted == "bool":
        return st.booleans()
    if wanted == "int":
        return st.integers(-5, 2**70)
    if wanted == "float":
        return st.one_of(st.integers(-5, 10**6), st.floats(allow_nan=False, allow_infinity=False))
    choices = list(getattr(_shapes.shape(service, option.api), "enum", None) or ()) if option.api else []
    return st.one_of(NAME if option.ref else TEXT, *([st.sampled_from(choices)] if choices else []))


@once
@st.composite
def values(draw: Any, service: str, option: Option) -> Any:
    """A value that the modules take for the option."""
    if option.many:
        one = draw(unique_items(service, option)) if option.options else draw(several(service, option, True))
        return spread(draw(WRITTEN), one)
    if option.options and option.type == "list":
        return draw(structures(service, option.options, 3))
    if option.options:
        return draw(things(service, option.options))
    if option.type == "list":
        return draw(several(service, option, False))
    if option.type == "dict":
        return draw(FREE)
    return draw(scalars(option.type, service, option) if option.type != "raw" else RAW)


@once
def several(service: str, option: Option, unique: bool) -> Any:
    return st.lists(scalars(option.elements, service, option), unique=unique, max_size=4)


@once
def structures(service: str, options: Any, most: int) -> Any:
    return st.lists(things(service, options), max_size=most)


@once
def subsets(options: Any) -> Any:
    return st.sets(st.sampled_from(sorted(options)))


def spread(how: str, items: list) -> Any:
    """The same things as the three ways to write them."""
    half = len(items) // 2
    return items if how == "plain" else dict(set=items) if how == "set" else dict(add=items[:half], remove=items[half:])


@once
@st.composite
def unique_items(draw: Any, service: str, option: Option) -> list:
    """Items with different keys; the first field of the key is always there."""
    found = draw(structures(service, option.options, 4))
    for index, item in enumerate(found):
        first = option.key[0]
        item[first] = index + 1 if option.options[first].type == "int" else f"{item.get(first) or ''}{index}"
    return found


@once
@st.composite
def things(draw: Any, service: str, options: Any) -> dict[str, Any]:
    """A structure: what it must have, and some of the rest."""
    some = draw(subsets(options))
    return {name: draw(values(service, option)) for name, option in options.items() if name in some or option.required}


@once
@st.composite
def entries(draw: Any, kind: Kind, index: int) -> dict[str, Any]:
    entry = draw(things(kind.service, kind.options))
    for name in kind.identity:
        entry[name] = 100 + index if kind.options[name].type == "int" else f"{draw(NAME)}{index}"
    if draw(st.booleans()):
        entry["state"] = draw(st.sampled_from(["absent", "present"]))
    if kind.identity and draw(st.integers(0, 4)) == 0:
        entry["id"] = f"it-{index}{draw(st.integers(0, 9))}"
    clearable = [name for name, option in kind.options.items() if option.clearable]
    clears = draw(st.lists(st.sampled_from(clearable), unique=True, max_size=2)) if clearable else []
    for name in clears:
        entry.pop(name, None)
    keyed = [name for name in clearable if kind.options[name].merges and name not in clears]
    clears += [f"{draw(st.sampled_from(keyed))}.{draw(NAME)}" for dummy in range(draw(st.integers(0, 2)))] if keyed else []
    clears = [path for path in dict.fromkeys(clears) if path.partition(".")[2] not in (entry.get(path.partition(".")[0]) or {})]
    if clears:
        entry["clear"] = clears
    return entry


@once
@st.composite
def sheets(draw: Any, kind: Kind) -> dict[str, Any]:
    """A sheet with entries of one kind."""
    if kind.single:
        return {kind.name: draw(entries(kind, 0))}
    return {kind.name: [draw(entries(kind, index)) for index in range(draw(st.integers(0, 4)))]}
