# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the filters of fees and calendar are called: what a call lacks or has too much is told by filter and argument, and not in Python's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.plugin_utils._hints import close as nearest
from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        missing="{argument} がありません。{usage} のように書いてください",
        unknown="{argument} という引数はありません{hint}。{usage} のように書いてください",
        twice="{argument} が 2 回指定されています。{usage} のように書いてください",
        too_many="引数が多すぎます。{usage} のように書いてください",
        choice="{argument} に {value!r} は使えません{hint}。使える値: {choices}",
        table="{argument} は「名前: 値」の組で書いてください。現在の値: {value!r}",
        texts="{argument} は文の一覧（リスト）で書いてください。現在の値: {value!r}",
        no_result="{argument} は、フィルタ {of} が返したものではありません",
        lacking="{argument} は、フィルタ {of} が返したものではありません（{value!r} がありません）",
    ),
    en=dict(
        missing="{argument} is missing; write {usage}",
        unknown="there is no argument {argument}{hint}; write {usage}",
        twice="{argument} is there twice; write {usage}",
        too_many="has too many arguments; write {usage}",
        choice="{argument} cannot be {value!r}{hint}; write one of: {choices}",
        table="{argument} is written as name: value pairs; found {value!r}",
        texts="{argument} is a list of texts; found {value!r}",
        no_result="{argument} is not what the filter {of} returns",
        lacking="{argument} is not what the filter {of} returns (it has no {value!r})",
    ),
)


class Misfit(AnsibleFilterError):
    """A filter was called as it cannot be: a mistake of the playbook, and not of its data."""


def misfit(name: str, argument: str, code: str, language: str, *, close: str | None = None, **facts: Any) -> Misfit:
    """What is wrong with an argument of a filter."""
    return Misfit(f"msp.aws.{name}: {TEXTS[language][code].format(argument=argument, hint=hint(language, close), **facts)}")


def language_of(language: Any, contract: Any = None) -> str:
    """The language asked for, the contract's, or Japanese."""
    own = contract.get("language") if isinstance(contract, Mapping) else None
    return next((one for one in (language, own) if isinstance(one, str) and one in TEXTS), "ja")


def called(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is called only with the arguments that it has, and in a language that there is."""
    shape, name = signature(function), function.__name__

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        told = dict(zip(shape.parameters, given, strict=False)) | named
        language = language_of(told.get("language"), told.get("contract"))
        for argument, code, facts in _misfits(shape, given, named):
            raise misfit(name, argument, code, language, usage=_usage(name, shape), **facts)
        if "language" in shape.parameters and told.get("language", shape.parameters["language"].default) not in (*TEXTS, shape.parameters["language"].default):
            raise misfit(name, "language", "choice", language, value=told["language"], choices=", ".join(TEXTS))
        return function(*given, **named)

    return call


def _misfits(shape: Signature, given: tuple[Any, ...], named: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The arguments that do not fit; what is misspelt is not missing as well."""
    names = list(shape.parameters)
    there = {*names[: len(given)], *named}
    if len(given) > len(names):
        yield "", "too_many", {}
    yield from ((one, "twice", {}) for one in named if one in names[: len(given)])
    yield from ((one, "unknown", dict(close=nearest(one, names))) for one in named if one not in names)
    yield from ((one, "missing", {}) for one in _needed(shape) if one not in there)


def _needed(shape: Signature) -> list[str]:
    return [name for name, parameter in shape.parameters.items() if parameter.default is Parameter.empty]


def _usage(name: str, shape: Signature) -> str:
    """How a filter is called, with what it needs."""
    own, *others = _needed(shape)
    return f"{own} | msp.aws.{name}" + (f"({', '.join(others)})" if others else "")
