# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that make quotations, usage statements and invoices of a contract and of what happened.

All of them are functions of what is given and of the data in `catalog/`: no clock, no network, whole yen and exact fractions. What they stand on is
imported when one is called, since Ansible loads this file in a fresh process for nearly every task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.plugin_utils._filters import called, language_of


@called
def billable_components(sheet: Any, language: str | None = None) -> dict[str, dict[str, int]]:
    """menu → component → how many a sheet has."""

    def make(dummy: str, faults: list[Any]) -> dict[str, Any]:
        told = _part("words")
        if not isinstance(sheet, Mapping):
            raise told.FeeError([told.Fault("sheet", "table", sheet)])
        found = _part("sheet").components(sheet, faults)
        if faults:
            raise told.FeeError(faults)
        return found

    return _paper(make, None, language)


@called
def quotation(contract: Any, sheet: Any = None, date: Any = None, language: str | None = None) -> dict[str, Any]:
    """What set-up and a month of operation will cost."""

    def make(words: str, dummy: list[Any]) -> dict[str, Any]:
        return _part("papers").quotation(*_part("sheet").planned(contract, sheet, date), words)

    return _paper(make, contract, language)


@called
def usage_statement(contract: Any, events: Any, month: Any, language: str | None = None) -> dict[str, Any]:
    """What a month costs, line by line."""

    def make(words: str, faults: list[Any]) -> dict[str, Any]:
        return _part("papers").usage_statement(*_part("agreement").agreement_and_month(contract, events, month, faults), words)

    return _paper(make, contract, language)


@called
def invoice(contract: Any, events: Any, month: Any, issuer: Any, language: str | None = None) -> dict[str, Any]:
    """The invoice that holds a month."""

    def make(words: str, faults: list[Any]) -> dict[str, Any]:
        sender = _part("papers").read_issuer(issuer, faults)
        return _part("papers").invoice(*_part("agreement").agreement_and_month(contract, events, month, faults), sender, words)

    return _paper(make, contract, language)


@called
def invoice_settlement(issued: Any, contract: Any, events: Any, date: Any, language: str | None = None, settled: Any = ()) -> dict[str, Any]:
    """What an issued invoice lacks or has too much by what is known now."""

    def make(words: str, faults: list[Any]) -> dict[str, Any]:
        then, before, day = _part("settlement").read_issued(issued, settled, date, faults)
        return _part("settlement").settlement(then, before, _part("agreement").agreement(contract, events, faults), day, words)

    return _paper(make, contract, language)


@called
def liability_limits(contract: Any, events: Any, month: Any, language: str | None = None) -> dict[str, Any]:
    """Up to what the provider is liable."""

    def make(words: str, faults: list[Any]) -> dict[str, Any]:
        return _part("papers").liability_limits(*_part("agreement").agreement_and_month(contract, events, month, faults), words)

    return _paper(make, contract, language)


@called
def late_interest(debts: Any, payments: Any, until: Any = None, rules: Any = None, language: str | None = None) -> dict[str, Any]:
    """Late interest on debts by due date."""

    def make(words: str, faults: list[Any]) -> dict[str, Any]:
        given = _part("papers").read_late(debts, payments, until, rules, faults)
        if faults:
            raise _part("words").FeeError(faults)
        return _part("papers").late_interest(**given, language=words)

    return _paper(make, None, language)


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils._fees_{name}")


def _paper(make: Callable[[str, list[Any]], dict[str, Any]], contract: Any, language: str | None) -> dict[str, Any]:
    """A paper in the language asked for, the contract's, or Japanese. Everything that is wrong with what was given is told at once, in the same language."""
    words = language_of(language, contract)
    try:
        return make(words, [])
    except _part("words").FeeError as error:
        raise AnsibleFilterError("\n".join(fault.text(words) for fault in error.faults)) from None  # its text would be told once more


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            billable_components=billable_components,
            invoice=invoice,
            invoice_settlement=invoice_settlement,
            late_interest=late_interest,
            liability_limits=liability_limits,
            quotation=quotation,
            usage_statement=usage_statement,
        )
