# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over what msp.aws.account_info found: papers for people, sheets for the next run. They import the kinds only when called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import pass_context


def as_built_paper(result: Any, contract: Any, at: str, language: str = "ja") -> dict[str, Any]:
    """The 定義書 of an account."""
    papers = _papers(language)
    return papers.as_built(_found(result), contract, at, language)


def drift_paper(
    result: Any, contract: Any, at: str, language: str = "ja", ways: Mapping[str, str] | None = None, former: Iterable[str] = ()
) -> dict[str, Any]:
    """The 差異報告書 of an account."""
    papers = _papers(language)
    return papers.drift(_found(result), contract, at, language, ways or {}, list(former))


def drift_total_paper(results: Any, at: str, language: str = "ja") -> dict[str, Any]:
    """The 差異報告書 of many contracts, a line for each."""
    return _papers(language).total(list(results), at, language)


def drift_lines(result: Any, language: str = "ja") -> list[str]:
    """Each difference as a line for the log."""
    return list(_papers(language).lines(_found(result)["findings"], language))


@pass_context
def put_back_yaml(context: Any, result: Any, sheet: Any, head: str = "", lacks: str = "{}", nothing: str = "") -> str:
    """The file with the part of the sheet that makes an account as agreed again. `lacks` says which secrets are not in it.

    `nothing` stands above what was found, where no run can put any of it back.
    """
    found = _found(result)["findings"]
    made = _findings().put_back(sheet, found, result.get("written") or (), _vaulted(context, result, sheet))
    missing = _findings().left_out(sheet, made)
    lines = [head, *([lacks.format(", ".join(missing))] if missing else [])]
    if nothing and not made:
        told = [" ".join(str(one[part]) for part in ("verdict", "kind", "entry", "option") if one[part]) for one in found]
        lines = [nothing, *dict.fromkeys(told)]
    return _part("_workbook_yaml").dump(dict(sheet=made), tuple(lines))


@pass_context
def adopted_yaml(context: Any, result: Any, sheet: Any, head: str = "", whole: Any = None) -> str:
    """The file with the sheet with what is there in place of what was agreed. `whole`: with the entries that the sheet only implies."""
    made = _findings().adopted(sheet, _found(result)["looked"], result.get("written") or (), whole or {}, _vaulted(context, result, sheet))
    return _part("_workbook_yaml").dump(dict(sheet=made), (head,))


def account_sheet(result: Any, region: str | None = None) -> dict[str, Any]:
    """A whole account as a sheet; `region`: what was read of it in another Region than that of the contract."""
    if region:
        return _findings().sheet_of(_found(result)["elsewhere"][region])
    return _findings().sheet_of({kind: one["account"] for kind, one in _found(result)["looked"].items()})


def sheet_yaml(variables: Any, head: str = "") -> str:
    """The text of a variables file, such as that of a sheet, written so that nothing in it is ever evaluated."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(f"a file of variables is a dictionary, not {type(variables).__name__}")
    return _part("_workbook_yaml").dump(variables, tuple(head.splitlines()))


@pass_context
def without_vaulted(context: Any, result: Any, sheet: Any) -> Mapping[str, Any]:
    """What was found, to be shown: without what the sheet's file has vaulted, itself or behind an expression."""
    return _findings().without_vaulted(_found(result), _vaulted(context, result, sheet))


def _vaulted(context: Any, result: Mapping[str, Any], sheet: Any) -> list[str]:
    """What is behind the expressions is looked up here, in what the variables mean: no result has it in clear."""
    follow = _part("_vaulted").follow
    return _findings().vaulted(sheet, result.get("written") or (), lambda way: follow({way[0]: context.resolve(way[0])}, way))


def _found(result: Any) -> Mapping[str, Any]:
    if not isinstance(result, Mapping) or not {"looked", "findings", "counts"} <= result.keys():
        raise AnsibleFilterError("this filter takes what msp.aws.account_info returned")
    return result


def _papers(language: str) -> Any:
    papers = _part("_papers_account")
    if language not in papers.WORDS:
        raise AnsibleFilterError(f"language is one of {', '.join(papers.WORDS)}, not {language!r}")
    return papers


def _findings() -> Any:
    return _part("findings")


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            account_sheet=account_sheet,
            adopted_yaml=adopted_yaml,
            as_built_paper=as_built_paper,
            drift_lines=drift_lines,
            drift_paper=drift_paper,
            drift_total_paper=drift_total_paper,
            put_back_yaml=put_back_yaml,
            sheet_yaml=sheet_yaml,
            without_vaulted=without_vaulted,
        )
