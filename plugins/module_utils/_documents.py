# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flat options of a sheet and the fields deep in AWS's whole documents that they stand for.

Private to the collection. An API that only takes whole documents gets back what it gave, with nothing but the named fields
changed: fields, rules and lists that no option stands for pass through as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._options import Delta

Fields = Mapping[str, Any]  # option → "Member.Member" or Field


class Field(NamedTuple):
    """Where an option's value is, and how it is read from there and written to there."""

    path: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def listed(path: str, fields: Fields) -> Field:
    """A list of dictionaries that have options of their own."""
    return Field(path, lambda found: [flat(fields, one) for one in found], lambda wanted: [deep(fields, one, {}) for one in wanted])


def tag_list(path: str) -> Field:
    """A list of {Key, Value}, in the sheet a dictionary."""
    return Field(path, lambda found: {tag["Key"]: tag["Value"] for tag in found}, _tags.as_list)


def flat(fields: Fields, document: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a document has a value for."""
    found = {}
    for option, field in _all(fields):
        value = _at(document, field.path.split("."))
        if value is not None:
            found[option] = field.read(value)
    return found


def deep(fields: Fields, wanted: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the wanted options in it. None takes one away; what already is as wanted is not rewritten."""
    after, is_now = copy.deepcopy(dict(document)), flat(fields, document)
    for option, field in _all(fields):
        value = wanted.get(option)
        if option in wanted and value != is_now.get(option):
            _put(after, field.path.split("."), None if value is None else field.write(value))
    return after


def merged(write: Callable[[dict, dict], dict], key: str, member: str, documents: Iterable[dict], delta: Delta | None) -> list[dict]:
    """A list of documents after a change of the items that stand for them (None: all are taken away).

    write   makes a document of (the item, the document as it is)
    key     the option, and member the field, that tell which document an item stands for
    """
    if delta is None:
        return []
    gone = {item[key] for item in delta.remove}
    changed = {new[key]: new for dummy, new in delta.change}
    kept = [document for document in documents if document.get(member) not in gone]
    kept = [write(changed[document[member]], document) if document.get(member) in changed else document for document in kept]
    return kept + [write(item, {}) for item in delta.add]


def as_named(wanted: list[Mapping[str, Any]], found: list[Mapping[str, Any]]) -> bool:
    """Whether a list of dictionaries is as wanted, whatever else AWS has filled in."""
    return len(wanted) == len(found) and all({**there, **one} == there for one, there in zip(wanted, found, strict=True))


def _all(fields: Fields) -> Iterable[tuple[str, Field]]:
    for option, field in fields.items():
        yield option, Field(field, _same, _same) if isinstance(field, str) else field


def _same(value: Any) -> Any:
    return value


def _at(document: Any, path: list[str]) -> Any:
    for member in path:
        document = (document or {}).get(member)
    return document


def _put(document: dict, path: list[str], value: Any) -> None:
    head, *rest = path
    if not rest:
        document[head] = value
    else:
        _put(document.setdefault(head, {}), rest, value)
    if document[head] is None or (rest and not document[head]):
        del document[head]
