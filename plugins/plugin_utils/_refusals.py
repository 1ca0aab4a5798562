# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a request as the account is: modules say it in English, to engineers; the customer reads it in the form of the gates, with its clause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._effects import in_japanese
from ansible_collections.msp.aws.plugins.plugin_utils._operations import row_of

TEXTS = dict(
    ja="ご依頼の「{what}」（対象「{target}」）は、次の理由により実施することができません。\
ご確認のうえ、再度ご依頼ください。何も変更していません。（利用規約 {clause}）\n{why}",
    en="{what} ({target}) cannot be done. Please see to the following and request it again. Nothing was done. (terms of service, {clause})\n{why}",
)
# ※4 of the table: "depending on the customer's environment and state it may not be possible".
CLAUSE = dict(ja="別紙1の1.2※4", en="Annex 1, 1.2, note 4")
# What is no refusal: an answer of AWS, a wait that came to nothing, a fault of our own.
BROKEN = re.compile(r"[a-z0-9-]+:[A-Z]\w+: |a fault of this collection, |.* is not there after \d+ s \(seen last: ", re.DOTALL)
NAMED = re.compile(r"\A[a-z0-9]+_[a-z0-9_]+: ")
# What an entry point refuses by itself it says in both languages.
BOTH = re.compile(r"(?P<ja>.*?)(?:何も変更していません。)?\s*\((?P<en>[^()]*?)(?: Nothing was done\.)?\)", re.DOTALL)


def refusal(result: Mapping[str, Any], request: Mapping[str, Any], language: str) -> str:
    """Why a plan could not be made, of what the task registered that failed. What is no refusal is told as it is, to us."""
    reasons = list(_reasons(result))
    if not reasons or any(map(BROKEN.match, reasons)):
        return str(result.get("msg", result))
    told = [line for reason in reasons for line in _in(reason, language)]
    facts = dict(what=row_of(request)[language], target=request["target"], clause=CLAUSE[language])
    return TEXTS[language].format(**facts, why="\n".join(f"- {line}" for line in told))


def _reasons(result: Mapping[str, Any]) -> Iterator[str]:
    """Those of the entries, or of a module that came to none, or of an entry point."""
    if "assertion" in result:
        yield result["msg"]
    elif "entries" in result:
        yield from [entry["reason"] for entry in result["entries"] if entry.get("reason")] or [NAMED.sub("", result["msg"], count=1)]


def _in(reason: str, language: str) -> list[str]:
    both = BOTH.fullmatch(reason.strip())
    if both and not both["ja"].isascii():
        return [both[language].strip()]
    return in_japanese(reason, "refusals") if language == "ja" else [reason]
