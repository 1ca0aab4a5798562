# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sheet's file: read without evaluating anything in it, written so that nobody reads it otherwise.

What comes from a workbook is never evaluated by Ansible: a text with braces is written as `!unsafe`. What an engineer wrote into the file
as an expression, and what is encrypted, is `Hidden`: it is carried through but never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

TEMPLATE = re.compile(r"\{\{|\{%|\{#")
PLAIN = re.compile(r"(?:[^\W\d]|/)(?:[\w./@+=,()-]|:(?=[^\s:])| (?=[\w(/]))*")  # begins with a letter, so no number of any version of YAML
WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
DEEPEST = 100  # levels of lists and dictionaries
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Hidden(str):
    """A text of the sheet's file that is not for the workbook; `tag` is its tag in YAML."""

    __slots__ = ("tag",)
    tag: str | None

    def __new__(cls, text: str, tag: str | None = None) -> Hidden:
        made = super().__new__(cls, text)
        made.tag = tag
        return made


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe, and with Ansible's two tags. libyaml's, where PyYAML has it, as Ansible reads the file too: a fifth of the time.

    What is wrong is told with its place: a value that is not what its tag says, and a key that is there twice, of which one would be lost.
    """

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (KeyError, ValueError):
            raise yaml.constructor.ConstructorError(None, None, f"this is no {node.tag.rpartition(':')[2]}", node.start_mark) from None

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set[tuple[str, Any]]()
        for key, dummy in node.value if isinstance(node, yaml.MappingNode) else ():
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen |= {name} if name else set()
        return super().construct_mapping(node, deep)


def _load_text(loader: Loader, node: Any) -> str:
    text = loader.construct_scalar(node)
    return Hidden(text) if TEMPLATE.search(text) else text


def _load_hidden(loader: Loader, node: Any) -> Hidden:
    return Hidden(loader.construct_scalar(node), node.tag)


def _load_unsafe(loader: Loader, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    return _shown(loader.construct_mapping(node, True) if isinstance(node, yaml.MappingNode) else loader.construct_sequence(node, True))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    return [_shown(inner) for inner in value] if isinstance(value, list) else str(value) if isinstance(value, Hidden) else value


Loader.add_constructor("tag:yaml.org,2002:str", _load_text)
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
Loader.add_constructor("!vault", _load_hidden)
Loader.add_constructor("!unsafe", _load_unsafe)


def load(text: str) -> Any:
    """The content of a YAML file; raises yaml.YAMLError."""
    loader = Loader(text)  # a SafeLoader with two more tags for texts
    try:
        node = loader.get_single_node()
        _bound(node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _bound(root: Any) -> None:
    """Refuse what lies within itself, or so deep that nothing of it could be gone through."""
    waiting, seen = [(root, 1)], dict[int, int]()
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, yaml.CollectionNode) and seen.get(id(node), 0) < depth:
            seen[id(node)] = depth
            if depth > DEEPEST:
                raise yaml.constructor.ConstructorError(None, None, f"there are more than {DEEPEST} levels within one another", node.start_mark)
            waiting += ((part, depth + 1) for inner in node.value for part in (inner if isinstance(inner, tuple) else (inner,)))


def line_of(text: str, path: Iterable[Any]) -> int:
    """The line in which the value at a path of keys and places begins, or the last part of the path that is there."""
    node = yaml.compose(text, Loader)
    line = node.start_mark.line
    for part in path:
        if isinstance(node, yaml.MappingNode):
            key, inner = next(((key, inner) for key, inner in reversed(node.value) if key.value == part), (None, None))
        else:
            inner = key = node.value[part] if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value) else None
        if key is None:
            break
        node, line = inner, key.start_mark.line
    return line + 1


def comments(text: str) -> list[int]:
    """The lines that have a comment: what is between the parts of the file and no blank."""
    found, last = list[int](), 0
    for token in yaml.scan(text, Loader):
        between = text[last : token.start_mark.index]
        first = text.count("\n", 0, last) + 1 if "#" in between else 0
        found += [first + number for number, line in enumerate(between.split("\n")) if "#" in line]
        last = token.end_mark.index
    return found


def wrong(error: Exception, data: bytes) -> tuple[int, str]:
    """In which line of a file an error of `load` is, or one of its letters, and what it is."""
    if isinstance(error, UnicodeDecodeError):
        return data.count(b"\n", 0, error.start) + 1, f"{error.reason} (UTF-8)"
    if isinstance(error, yaml.reader.ReaderError):  # which says the place as each reader counts
        letter = yaml.reader.Reader.NON_PRINTABLE.search(text := data.decode())
        return text.count("\n", 0, letter.start() if letter else 0) + 1, str(error.reason)
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1, " ".join(str(getattr(error, "problem", None) or error).split())


def dump(content: Any, head: tuple[str, ...] = ()) -> str:
    """The file's text: the head as comments, keys in the order they have, one option on each line. PyYAML's own takes a minute for large customers."""
    return "\n".join(["---", *(f"# {' '.join(line.split())}" for line in head), *_lines(content, 0)]) + "\n"


def _lines(value: Any, depth: int) -> Iterator[str]:
    """The lines of a structure; what is in a list or dictionary is two columns further in."""
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _item(f"{indent}{scalar(key, depth)}:", inner, depth)
    elif isinstance(value, (list, tuple)) and value:
        for inner in value:
            lines = list(_lines(inner, depth + 1))
            yield f"{indent}- {lines[0].lstrip(' ')}"
            yield from lines[1:]
    else:
        yield indent + scalar(value, depth)


def _item(start: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, (Mapping, list, tuple)) and value:
        yield start
        yield from _lines(value, depth + 1)
    else:
        yield f"{start} {scalar(value, depth + 1)}"


def scalar(value: Any, depth: int) -> str:
    """One value on its line; a text in quotation marks unless everybody reads it as this text."""
    if isinstance(value, Hidden) and value.tag:
        return f"{value.tag} |\n" + "\n".join("  " * depth + line for line in str(value).strip("\n").split("\n"))
    if not isinstance(value, str):
        return "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, (list, tuple)) else _number(value)
    if TEMPLATE.search(value) and not isinstance(value, Hidden):
        return f"!unsafe {_quoted(value)}"
    if PLAIN.fullmatch(value) and value.lower() not in WORDS and not isinstance(value, Hidden):
        return str(value)
    return _quoted(value)


def _number(value: Any) -> str:
    text = json.dumps(value)
    return text if "e" not in text or not isinstance(value, float) or "." in text else text.replace("e", ".0e")  # 1e+16 is a text in YAML 1.1


def _quoted(text: str) -> str:
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(str(text), ensure_ascii=False))
