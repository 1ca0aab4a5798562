# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents: in the sheet they are dictionaries, AWS takes and returns them as JSON text, spelt as it likes.

Private to the collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from ansible_collections.msp.aws.plugins.module_utils._options import Option

try:
    from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies
except ImportError:  # the argument spec of amazon.aws says what to install
    compare_policies = None


def policy(rest: bool = False, **facts: Any) -> Option:
    """An option that holds a whole policy document. It is one thing: it is written whole, never merged key by key.

    `rest`: other options hold statements of it too, so that what is left for this one may be nothing.
    """
    return Option("dict", same=alike, flaws=partial(flaws, rest=rest), **facts)


def policies(**facts: Any) -> Option:
    """An option that holds policy documents, each under its name."""
    return Option("dict", same_each=alike, flaws=flaws_of_each, **facts)


# The grammar of IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
MEMBERS = ("Version", "Id", "Statement")
VERSIONS = ("2012-10-17", "2008-10-17")
STATEMENT = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
EFFECTS = ("Allow", "Deny")


def flaws(wanted: Mapping[str, Any], rest: bool = False) -> Iterator[tuple[str, Any, str, Any]]:
    """What the grammar does not know in a document; for an option's `flaws`. A document without a statement would take away what is there."""
    wanted, meant = _in_right_case(wanted)
    if meant:
        yield "", ", ".join(meant), "key_case", ", ".join(meant.values())
    unknown = list(_unknown("", wanted, MEMBERS))
    yield from unknown
    if "Version" in wanted and wanted["Version"] not in VERSIONS:
        yield ".Version", wanted["Version"], "choice", ", ".join(VERSIONS)
    given = wanted.get("Statement")
    statements = given if isinstance(given, list) else [given]
    if given is None:
        yield from [] if unknown else [("", None, "lacking", "Statement")]  # what is misspelt may be what is lacking
        return
    if not (statements or rest) or not all(isinstance(statement, Mapping) for statement in statements):
        yield ".Statement", given, _no_document(given), None
        return
    for number, statement in enumerate(statements, 1):
        yield from _flaws_of_statement(f".Statement.{number}", statement)


def flaws_of_each(wanted: Mapping[str, Any]) -> Iterator[tuple[str, Any, str, Any]]:
    """The same of a dictionary of documents."""
    if "Statement" in wanted and not isinstance(wanted["Statement"], Mapping):
        yield "", ", ".join(map(str, wanted)), "no_policy_name", None
        return
    for name, one in wanted.items():
        found = flaws(one) if isinstance(one, Mapping) else [("", one, _no_document(one), None)]
        yield from ((f".{name}{inside}", *rest) for inside, *rest in found)


def _no_document(given: Any) -> str:
    """Why it is none: what stands in a file is a text until somebody reads it as JSON."""
    return "text_document" if isinstance(given, str) and given.lstrip().startswith(("{", "[")) else "no_statement"


def _in_right_case(wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The document as it is meant where only capitals are wrong, and how each such word is written."""
    meant: dict[str, str] = {}

    def right(given: Any, known: tuple[str, ...]) -> Any:
        if not isinstance(given, Mapping):
            return given
        words = {name.lower(): name for name in known}
        wrong = {key: words[str(key).lower()] for key in given if key not in known and str(key).lower() in words}
        wrong = {key: name for key, name in wrong.items() if name not in given}
        meant.update(wrong)
        return {wrong.get(key, key): value for key, value in given.items()}

    document = right(wanted, MEMBERS)
    given = document.get("Statement")
    if given is not None:
        document["Statement"] = [right(one, STATEMENT) for one in given] if isinstance(given, list) else right(given, STATEMENT)
    return document, meant


def _flaws_of_statement(where: str, statement: Mapping[str, Any]) -> Iterator[tuple[str, Any, str, Any]]:
    unknown = list(_unknown(where, statement, STATEMENT))
    yield from unknown
    if "Effect" in statement and statement["Effect"] not in EFFECTS:
        yield f"{where}.Effect", statement["Effect"], "choice", ", ".join(EFFECTS)
    for needed in (("Effect",), ("Action", "NotAction")):
        if not unknown and not any(statement.get(member) for member in needed):
            yield where, None, "lacking", " / ".join(needed)


def _unknown(where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[tuple[str, Any, str, Any]]:
    yield from ((where, key, "unknown_key", ", ".join(known)) for key in given if key not in known)


def document(text_or_dict: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """A document as AWS returns it (JSON text, from IAM percent-encoded) as a dictionary; {} where there is none."""
    if not text_or_dict:
        return {}
    if isinstance(text_or_dict, Mapping):
        return dict(text_or_dict)
    return json.loads(text_or_dict if text_or_dict.lstrip().startswith("{") else unquote(text_or_dict))


def text(wanted: Mapping[str, Any]) -> str:
    """A document as AWS takes it."""
    return json.dumps(wanted)


def size(wanted: Mapping[str, Any] | str) -> int:
    """The characters that IAM counts: white space is none."""
    return len(re.sub(r"\s", "", wanted if isinstance(wanted, str) else text(wanted)))


def names_principals(wanted: Mapping[str, Any]) -> bool:
    """Whether it says whose it is, which a policy of an identity must not."""
    if not isinstance(wanted, Mapping):
        return False
    statements = wanted.get("Statement") or []
    listed = statements if isinstance(statements, list) else [statements]
    return any({"Principal", "NotPrincipal"} & set(one) for one in listed if isinstance(one, Mapping))


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents mean the same: order, single values as lists and spellings of principals and actions do not count."""
    return not compare_policies(_caseless(one), _caseless(other))


def _caseless(document):
    """AWS does not tell actions apart by case, and some services answer them in a case of their own."""
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if not statements:
        return document
    statements = [statements] if isinstance(statements, Mapping) else statements
    return {**document, "Statement": [{**statement, **_lowered_actions(statement)} for statement in statements]}


def _lowered_actions(statement):
    named = {member: statement[member] for member in ("Action", "NotAction") if member in statement}
    return {member: [action.lower() for action in ([value] if isinstance(value, str) else value)] for member, value in named.items()}
