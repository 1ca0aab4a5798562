# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters around the fees: what a changed sheet costs, the papers that customers get, and what was written with them.

What they stand on is imported when one is called, since Ansible loads this file in a fresh process for nearly every task.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.plugin_utils._filters import Misfit, called, language_of, misfit
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close

MONTH = re.compile(r"[0-9]{4}-[0-9]{2}$")


@called
def change_quotation(contract: Any, events: Any, sheet: Any, date: Any, language: str | None = None) -> dict[str, Any]:
    """What a changed sheet costs once and by the month."""
    words = language_of(language, contract)
    try:
        return _part("_fees_change").change_quotation(contract, events, sheet, date, words, [])
    except _part("_fees_words").FeeError as error:
        raise AnsibleFilterError("\n".join(fault.text(words) for fault in error.faults)) from None  # its text would be told once more


@called
def fee_paper(told: Any, kind: str, issuer: Any, language: str | None = None, notes: Any = ()) -> dict[str, Any]:
    """The paper for what a fee filter returned."""
    papers, faults, words = _part("_papers_fees"), [], language_of(language)
    wrong = partial(misfit, "fee_paper", language=words)
    if not isinstance(kind, str) or kind not in papers.PAPERS:
        raise wrong("kind", "choice", value=kind, choices=", ".join(papers.PAPERS), close=close(kind, papers.PAPERS))
    if not isinstance(notes, (list, tuple)) or not all(isinstance(note, str) for note in notes):
        raise wrong("notes", "texts", value=notes)
    if not isinstance(told, Mapping):
        raise wrong("told", "no_result", of=kind)
    sender = _part("_fees_papers").read_issuer(issuer, faults)
    if faults:
        raise AnsibleFilterError("\n".join(fault.text(words) for fault in faults))
    try:
        return papers.fee_paper(told, kind, sender, words, list(notes))
    except _part("_fees_words").FeeError as error:
        raise AnsibleFilterError("\n".join(fault.text(words) for fault in error.faults)) from None
    except KeyError as error:
        raise wrong("told", "lacking", of=kind, value=error.args[0]) from None
    except (TypeError, ValueError, AttributeError):
        raise wrong("told", "no_result", of=kind) from None


@called
def fee_figures(path: Any) -> dict[str, Any]:
    """The figures of an invoice or a settlement that an earlier run wrote, or nothing where there are none."""
    try:
        told = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (TypeError, ValueError, OSError, RuntimeError):  # no path, no JSON, no file, nobody's home
        return {}
    months = told.get("months") if isinstance(told, dict) else None
    return told if isinstance(months, list) and months and MONTH.match(str(months[0])) else {}


@called
def contract_fields(variables: Any) -> list[str]:
    """Which variables are meant as fields of the contract: another tool may have one of the same name, but none of the same shape.

    Of names alone, those which could be; no number, customer or language, which are words of every tool.
    """
    if not isinstance(variables, (Mapping, list, tuple)):
        raise misfit("contract_fields", "variables", "table", "ja", value=variables)
    shapes, fits = _part("_fees_contract"), _part("_fees_reading").fits
    fields = dict(shapes.CONTRACT, billing_channel=shapes.BILLING["channel"])
    names = [name for name in fields if name in variables and name not in ("number", "customer", "language")]
    if isinstance(variables, Mapping):
        alike = ((name, fields[name], variables[name]) for name in names)
        names = [name for name, field, value in alike if value and (field.type not in ("table", "rows") or fits(field, value))]
    return sorted(names)


@called
def fees_or_faults(given: Any, name: str, options: Any = None) -> dict[str, Any]:
    """What a filter of the fees makes of something, or all that is wrong with what it was given: both as data.

    Of a filter that fails Ansible tells each template that led to it, a screen full of them, before what is wrong.
    """
    fees = import_module("ansible_collections.msp.aws.plugins.filter.fees").FilterModule().filters()
    filters = dict(fees, change_quotation=change_quotation, fee_paper=fee_paper)
    wrong = partial(misfit, "fees_or_faults", language=language_of(None, given))
    if not isinstance(name, str) or name not in filters:
        raise wrong("name", "choice", value=name, choices=", ".join(sorted(filters)), close=close(name, filters))
    if not isinstance(options or {}, Mapping):
        raise wrong("options", "table", value=options)
    given_by_name = {str(option): options[option] for option in options or ()}  # one by one: Ansible templates a value where it is asked for
    try:
        return dict(figures=filters[name](given, **given_by_name), faults=[])
    except Misfit:
        raise
    except AnsibleFilterError as error:
        return dict(figures={}, faults=str(error).splitlines())


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            change_quotation=change_quotation,
            contract_fields=contract_fields,
            fee_figures=fee_figures,
            fee_paper=fee_paper,
            fees_or_faults=fees_or_faults,
        )
