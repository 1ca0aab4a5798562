# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the policy of a thing lets a service do something: an explicit Deny wins, and what nothing allows is denied.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. What cannot be judged from here speaks for the service,
and is told: where a function gives `bool | str`, a text is that on which it depends. Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws

# Of a condition's key, in small letters, what the service says; nothing where its calls do not have the key.
Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Verdict:
    """`doubts` is what of the policy it depends on and could not be judged."""

    allowed: bool
    doubts: tuple[str, ...] = ()


def judged(policy: Mapping[str, Any], service: str, action: str, resource: str | None = None, context: Context | None = None) -> Verdict:
    """Whether the service may do it. Without `resource` a statement means the thing that has the policy, as in a key's or a role's."""
    said = {**_said_by(service), **(context or {})}
    fates: dict[str, list[bool | str]] = {"Allow": [], "Deny": []}
    for number, statement in enumerate(_listed(policy.get("Statement") or []), 1):
        told = _applies(statement, service, action, resource, said)
        fates[statement["Effect"]].append(f"{statement.get('Sid') or f'statement {number}'} ({told})" if isinstance(told, str) else told)
    if True in fates["Deny"]:
        return Verdict(allowed=False)
    allowing = [] if True in fates["Allow"] else [told for told in fates["Allow"] if told]
    if not allowing and True not in fates["Allow"]:
        return Verdict(allowed=False)
    return Verdict(allowed=True, doubts=tuple(str(told) for told in [*allowing, *fates["Deny"]] if told))


def lets(aws: Aws, what: str, *verdicts: Verdict) -> bool:
    """Whether all of them allow it; a warning where that depends on what was not judged, of which nobody else would hear."""
    if not all(verdict.allowed for verdict in verdicts):
        return False
    doubts = dict.fromkeys(doubt for verdict in verdicts for doubt in verdict.doubts)
    if doubts:
        aws.warn(f"whether {what} depends on what was not judged of its policy: {'; '.join(doubts)}")
    return True


def _said_by(service: str) -> Context:
    """What a service says of itself in every call: IAM guide, "AWS global condition context keys". It comes from no organization and no network."""
    itself = {"aws:securetransport": ("true",), "aws:principalisawsservice": ("true",), "aws:principalservicename": (service,)}
    return {**itself, **dict.fromkeys(("aws:principalorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner"), ())}


def _applies(statement: Mapping[str, Any], service: str, action: str, resource: str | None, said: Context) -> bool | str:
    return _all(
        [
            _means(statement, "Principal", lambda principal: _names(principal, service)),
            _means(statement, "Action", lambda patterns: any(_like(action.lower(), str(one).lower()) for one in _listed(patterns))),
            resource is None or _means(statement, "Resource", lambda patterns: _one_of([resource], patterns, _like, "Resource")),
            *(_met(operator, key.lower(), patterns, said) for operator, keys in (statement.get("Condition") or {}).items() for key, patterns in keys.items()),
        ]
    )


def _all(parts: Iterable[bool | str]) -> bool | str:
    """One that is surely not so decides; else all on which it depends."""
    parts = list(parts)
    doubts = [part for part in parts if isinstance(part, str)]
    return False if False in parts else ", ".join(dict.fromkeys(doubts)) or True


def _not(told: bool | str) -> bool | str:
    return told if isinstance(told, str) else not told


def _means(statement: Mapping[str, Any], member: str, fits: Callable[[Any], bool | str]) -> bool | str:
    """Action or NotAction, and so on."""
    if member in statement:
        return fits(statement[member])
    return _not(fits(statement[f"Not{member}"])) if f"Not{member}" in statement else False


def _names(principal: Any, service: str) -> bool:
    if not isinstance(principal, Mapping):
        return principal == "*"
    return bool({service, "*"} & set(_listed(principal.get("Service", [])))) or "*" in _listed(principal.get("AWS", []))


def _one_of(values: Iterable[str], patterns: Any, fits: Callable[[str, str], bool], name: str) -> bool | str:
    """Whether one of the values is as one of the patterns says. One with a ${variable} says so only where it is used."""
    patterns = [str(one) for one in _listed(patterns)]
    plain = [one for one in patterns if "${" not in one]
    if any(fits(value, one) for value in values for one in plain):
        return True
    return name if len(plain) < len(patterns) else False


def _like(value: str, pattern: str) -> bool:
    wild = {"*": ".*", "?": "."}
    return bool(re.fullmatch("".join(wild.get(char) or re.escape(char) for char in pattern), value, re.DOTALL))


def _same(value: str, pattern: str) -> bool:
    return value == pattern


def _same_caseless(value: str, pattern: str) -> bool:
    return value.lower() == pattern.lower()


# IAM guide, "IAM JSON policy elements: Condition operators". ArnEquals knows wild cards, too.
OPERATORS = dict(StringEquals=_same, StringEqualsIgnoreCase=_same_caseless, StringLike=_like, ArnEquals=_like, ArnLike=_like, Bool=_same_caseless)
NEGATED = {name.replace("Equals", "NotEquals").replace("Like", "NotLike"): name for name in OPERATORS if name != "Bool"}


def _met(operator: str, key: str, patterns: Any, said: Context) -> bool | str:
    name, there = f"{operator} {key}", said.get(key)
    if there is None:
        return name
    if operator == "Null":
        return (not there) == (str(_listed(patterns)[0]).lower() == "true")
    plain = operator.removesuffix("IfExists")
    if not there and operator != plain:
        return True
    if plain in NEGATED:
        return _not(_one_of(there, patterns, OPERATORS[NEGATED[plain]], name))
    return _one_of(there, patterns, OPERATORS[plain], name) if plain in OPERATORS else name


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
