# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rule groups, policies and firewalls of Network Firewall have in common: lists, tokens, tags, keys, and variables of their rules.

Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem

SERVICE = "network-firewall"
# Every write carries the token of what was read. When somebody else was faster the engine reads and compares anew.
NOT_YET = (r"InvalidTokenException",)
# Of a statement of Suricata: its signature id
SID = re.compile(r"[(;]\s*sid\s*:\s*(\d+)\s*;")


def listed(aws: Aws, operation: str, result: str, name: str = "Name", arn: str = "Arn") -> list[dict[str, str]]:
    """What a list tells: name and ARN, which is the id."""
    return [dict(id=one[arn], name=one[name]) for one in aws.pages(SERVICE, operation, result)]


def active(aws: Aws, what: str, look: Callable[[], Mapping[str, Any]], response: str, status: str) -> Mapping[str, Any]:
    """What is described, when AWS is done with the last change."""
    described = aws.wait(what, look, lambda seen: seen[response].get(status) not in ("UPDATING", "DELETING"), limit=600)
    if described[response].get(status) == "ERROR":
        raise Problem(f"{what} is in the state ERROR: {described[response].get('StatusMessage') or 'AWS does not say why'}")
    return described


def common(response: Mapping[str, Any]) -> dict[str, Any]:
    """The options that all of them have."""
    return dict(
        description=response.get("Description") or None,
        encryption_configuration=_encryption(response.get("EncryptionConfiguration") or {}),
        tags=_tags.as_dict(response.get("Tags")),
    )


def _encryption(found: Mapping[str, Any]) -> dict[str, Any]:
    own = found.get("Type") == "AWS_OWNED_KMS_KEY"
    return dict(type=found.get("Type"), **({} if own or "KeyId" not in found else dict(key_id=found["KeyId"])))


def encryption(wanted: Mapping[str, Any]) -> dict[str, str]:
    """EncryptionConfiguration as AWS takes it."""
    return dict(Type=wanted["type"], **({"KeyId": wanted["key_id"]} if wanted.get("key_id") and wanted["type"] == "CUSTOMER_KMS" else {}))


def encryption_option(operation: str) -> Option:
    path = f"{operation}.EncryptionConfiguration"
    return Option("dict", options=dict(type=Option(required=True, api=f"{path}.Type"), key_id=Option(api=f"{path}.KeyId")))


def needs_key(value: Mapping[str, Any] | None) -> str | None:
    """Why AWS would refuse the encryption."""
    if value and value.get("type") == "CUSTOMER_KMS" and not value.get("key_id"):
        return "encryption_configuration: CUSTOMER_KMS needs a key_id"
    return None


def update_tags(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    _tags.write(have, change, aws.network_firewall.tag_resource, aws.network_firewall.untag_resource, ResourceArn=have["id"])


def tagged(want: Mapping[str, Any]) -> dict[str, Any]:
    """The Tags of a creating call, which takes no empty list."""
    return dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}


def described(want: Mapping[str, Any]) -> dict[str, Any]:
    """Description and encryption, as a creating call takes them."""
    found = dict(Description=want["description"]) if want.get("description") else {}
    if (want.get("encryption_configuration") or {}).get("type"):
        found["EncryptionConfiguration"] = encryption(want["encryption_configuration"])
    return found


def rewritten(want: Mapping[str, Any]) -> dict[str, Any]:
    """The same for calls that write a whole thing anew: what they left out could be lost, and an empty description is none."""
    return dict(described(want), Description=want.get("description") or "")


# ---- variables of rules, by their names


def definitions(found: Mapping[str, Any] | None) -> dict[str, list[str]]:
    return {name: variable.get("Definition", []) for name, variable in (found or {}).items()}


def with_definitions(found: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> dict[str, dict[str, list[str]]]:
    """The variables after a change: named ones only are written, None takes one away (or all of them)."""
    after = {} if wanted is None else {**(found or {}), **{name: value and dict(Definition=[str(one) for one in value]) for name, value in wanted.items()}}
    return {name: variable for name, variable in after.items() if variable is not None}


def variables() -> Option:
    return Option("dict", clearable=True, same_each=lambda wanted, has: [str(one) for one in wanted] == has)


# ---- what is wrong in a sheet alone


def sids(source: Any) -> Iterator[str]:
    """The signature ids of a RulesSource."""
    if not isinstance(source, Mapping):
        return
    for line in str(source.get("RulesString") or "").splitlines():
        if not line.lstrip().startswith("#"):
            yield from SID.findall(line)
    rules = source.get("StatefulRules")
    for rule in rules if isinstance(rules, list) else ():
        for option in (rule.get("RuleOptions") or []) if isinstance(rule, Mapping) else ():
            keyword, dummy, value = str(option.get("Keyword")).partition(":")
            if keyword.strip() == "sid":
                yield from [value.strip()] if value else [str(one) for one in option.get("Settings") or []]
