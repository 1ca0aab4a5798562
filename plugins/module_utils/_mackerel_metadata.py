# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata of Mackerel's services, roles and hosts: a value of any shape for each namespace, of which only named ones are written.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._options import Option

# Mackerel keeps namespaces of its own, which nobody else can write.
OWN = "mackerel"


def metadata() -> Option:
    return Option("dict", clearable=True)


def read(aws: Mackerel, names: Iterable[str], path: str, *parts: str) -> dict[str, Any]:
    """The option, where it is asked for."""
    if "metadata" not in names:
        return {}
    namespaces = [one["namespace"] for one in aws.get(f"{path}/metadata", *parts)["metadata"]]
    own = [namespace for namespace in namespaces if not namespace.startswith(OWN)]
    return dict(metadata={namespace: aws.get(f"{path}/metadata/{{}}", *parts, namespace) for namespace in sorted(own)})


def write(aws: Mackerel, have: Mapping[str, Any], change: Mapping[str, Any], path: str, *parts: str) -> None:
    changed = change.get("metadata", {})
    for namespace, value in (dict.fromkeys(have.get("metadata") or {}) if changed is None else changed).items():
        if value is None:
            aws.remove(f"{path}/metadata/{{}}", *parts, namespace)
        else:
            aws.put(f"{path}/metadata/{{}}", *parts, namespace, body=value)
