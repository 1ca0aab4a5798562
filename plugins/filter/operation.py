# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for operations on request: the plan, where it has moved, its commands and papers. What they stand on is imported when one is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def operation_plan(result: Any, request: Any) -> dict[str, Any]:
    """The plan with its hash."""
    return _part("_operation_plans").plan(request, result)


def operation_moved(approved: Any, now: Any) -> list[str]:
    """Where two plans differ."""
    return _part("_operation_plans").moved(approved, now)


def operation_on_server(result: Any, planned: Any, server: str, server_id: str) -> dict[str, Any]:
    """What is done at AWS and inside a server as one result."""
    return _part("_operation_plans").on_server(result, planned, server, server_id)


def operation_paper(records: Any, contract: Any, language: str = "ja", edition: str = "customer", issuer: Any = None) -> dict[str, Any]:
    """The 作業完了報告書."""
    return _part("_papers_operation").completion(records, contract, language, edition, issuer)


def operation_procedure(plan: Any, request: Any, contract: Any, day: str, language: str = "ja") -> dict[str, Any]:
    """The 作業手順書."""
    return _part("_papers_operation").procedure(plan, request, contract, day, language)


def operation_command(plan: Any, request: Any, phase: str) -> str:
    """The command line of a phase."""
    return _part("_papers_operation").command(phase, request, plan)


def operation_refusal(result: Any, request: Any, language: str = "ja") -> str:
    """Why it cannot be done, for the customer."""
    return _part("_refusals").refusal(result, request, language)


def operation_awx(place: Any, only: Any = None) -> dict[str, Any]:
    """Job templates, surveys and workflows."""
    return _part("_operations_awx").configuration(place, only)


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(
            operation_awx=operation_awx,
            operation_command=operation_command,
            operation_moved=operation_moved,
            operation_on_server=operation_on_server,
            operation_paper=operation_paper,
            operation_plan=operation_plan,
            operation_refusal=operation_refusal,
            operation_procedure=operation_procedure,
        )
