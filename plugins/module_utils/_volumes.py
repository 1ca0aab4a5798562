# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an EBS volume is, whether it stands alone or is made with an instance.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Option

# Option → member of a described volume.
MEMBERS = dict(size="Size", volume_type="VolumeType", iops="Iops", throughput="Throughput", encrypted="Encrypted", kms_key_id="KmsKeyId")


def options() -> dict[str, Option]:
    """The options that a volume has wherever it is made."""
    return dict(
        size=Option("int"),
        volume_type=Option(api="CreateVolume.VolumeType"),
        iops=Option("int"),
        throughput=Option("int"),
        encrypted=Option("bool"),
        kms_key_id=Option(api="CreateVolume.KmsKeyId"),
    )


def described(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {option: volume.get(member) for option, member in MEMBERS.items()}


def key_words(aws: Aws, wanted: Iterable[tuple[Mapping[str, Any], str | None]] | None) -> Callable[[Mapping[str, Any], str | None], str | None]:
    """How to say a KMS key: EC2 answers with its ARN, but who wrote its id or an alias is answered in the same words.

    `wanted` are entries, each with its word for its key; None when nobody asked in any words, then a key is said by its alias.
    The aliases are listed once, and only where one is used.
    """
    words = {entry.get("id") or entry.get("name"): word for entry, word in wanted or () if word}
    aliases = {}
    if wanted is None or any(_tail(word, ":").startswith("alias/") for word in words.values()):
        aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in aws.pages("kms", "list_aliases", "Aliases")}
    by_key = {key: alias for alias, key in aliases.items()}

    def said(have: Mapping[str, Any], arn: str | None) -> str | None:
        if arn is None:
            return None
        key, word = _tail(arn, "/"), words.get(have["id"]) or words.get(have["name"])
        if word is not None and aliases.get(_tail(word, ":"), _tail(word, "/")) == key:
            return word
        return by_key.get(key, arn)

    return said


def _tail(text: str, separator: str) -> str:
    return text.rpartition(separator)[2]
