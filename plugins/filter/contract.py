# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for contracts. What they stand on is imported when one is called, since Ansible loads this file in a fresh process for nearly every task."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def contract_faults(contract: Any) -> list[str]:
    """All that is wrong with a contract as it is written."""
    return import_module("ansible_collections.msp.aws.plugins.plugin_utils._contract").faults(contract)


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(contract_faults=contract_faults)
