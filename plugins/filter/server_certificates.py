# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over server certificates, before they go to their server.

What they stand on is imported when one is called, since Ansible loads this file in a fresh process for nearly every task.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError


def server_certificate(entry: Mapping[str, Any], held: str = "") -> dict[str, Any]:
    """What a certificate is, what is wrong with it, and what somebody has to confirm, beside the one that its server holds."""
    lacking = [name for name in ("certificate", "private_key", "names") if not entry.get(name)]
    if lacking:
        raise AnsibleFilterError(f"a server certificate needs {', '.join(lacking)}")
    return _part().reading(entry, held)


def certificate_fingerprints(text: str) -> list[str]:
    """SHA-256 of each certificate in a text."""
    return _part().fingerprints(text)


def _part() -> Any:
    return import_module("ansible_collections.msp.aws.plugins.plugin_utils._server_certificates")


class FilterModule:
    """Ansible's way in."""

    def filters(self) -> dict[str, Any]:
        return dict(certificate_fingerprints=certificate_fingerprints, server_certificate=server_certificate)
