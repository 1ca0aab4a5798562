# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with a contract as it is written, found in one pass and without a call, in Japanese and in English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._shapes import loader, octal
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import CONTRACT, STRAY
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, read_table
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault as Misread
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close, hint

FILE = "contract.yml"
NOBODY = "0" * 12  # the account of inventories/template
ACCOUNT = re.compile(r"[0-9]{12}")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/\S+")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")

UNKNOWN_YET = {"missing", "counts_needed", "basic_needed", "accepted_needed"}
READ_HERE = dict.fromkeys(("regions", "maintenance_windows", "closures"), Field("rows"))  # a `read` of the fees has no words for them
CONTACT = dict(name=Field("text", required=True), email=Field("text", required=True), role=Field("text"))
SHAPE = dict(
    CONTRACT,
    number=Field("file_name", required=True),
    customer=Field("text", required=True),
    account_id=Field("text", required=True),
    region=Field("text", required=True),
    role_arn=Field("text"),
    external_id=Field("text"),
    session_seconds=Field("whole", limits=(900, 43200)),
    mackerel_organization=Field("text"),
    monitoring=Field("table", others=True),
    contacts=Field("rows", fields=CONTACT),
    lead_strict=Field("flag"),
    **READ_HERE,
)

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        left="ひな形の {value!r} のままです。契約の値を書いてください（使わない項目は行ごと消してください）",
        empty="空です。契約の値を書いてください（使わない項目は行ごと消してください）",
        account="{value!r} は使えません。12 桁の数字を引用符で囲んで書いてください（例: \"111122223333\"）",
        octal="{value} は使えません。引用符のない 0 で始まる数は 8 進数とみなされるため、{other} と書いても {value} として読まれます。\
12 桁の数字を引用符で囲んで書いてください（例: \"{other}\"）",
        region="{value!r} というリージョンはありません{hint}。ap-northeast-1 のように書いてください",
        new_region="{value!r} というリージョンを、ここの botocore（{other}）は知りません{hint}。新しいリージョンであれば、boto3 と botocore を更新してください",
        role="{value!r} はロールの ARN ではありません。arn:aws:iam::111122223333:role/msp-operator のように書いてください",
        role_of_another="アカウント {value} のロールですが、account_id は {other} です。どちらかを直してください",
        external_id="この値は使えません。ロールの信頼ポリシーの sts:ExternalId と同じ、2〜1224 文字の英数字と _+=,.@:/- を書いてください",
        external_number="数として読まれるため、この値は使えません。引用符で囲んで書いてください",
    ),
    en=dict(
        left="is still {value!r}, as in the template; write the contract's own, or take the line away where it is not needed",
        empty="is empty; write the contract's own, or take the line away where it is not needed",
        account="{value!r} is not allowed here; write it as 12 digits in quotes, such as \"111122223333\"",
        octal="{value} is not allowed here; without quotes {other} is read as {value}, because a number that begins with 0 is taken as octal: \
write it as 12 digits in quotes, such as \"{other}\"",
        region="there is no Region {value!r}{hint}; write it as ap-northeast-1",
        new_region="the Region {value!r} is none that botocore ({other}) knows here{hint}; where it is a new one, update boto3 and botocore",
        role="{value!r} is not the ARN of a role; write it as arn:aws:iam::111122223333:role/msp-operator",
        role_of_another="is a role of account {value}, and account_id is {other}; mend one of them",
        external_id="this value is not allowed here; write what the role's trust policy says of sts:ExternalId, 2 to 1224 letters, digits and _+=,.@:/-",
        external_number="this value is not allowed here, as it is read as a number; write it in quotes",
    ),
)


class Fault(NamedTuple):
    """One thing that is wrong: where it was written, a code of TEXTS, and what goes into the text."""

    where: str
    code: str
    value: Any
    other: Any = None
    close: str | None = None

    def text(self, language: str) -> str:
        return f"{self.where}: {TEXTS[language][self.code].format(value=self.value, other=self.other, hint=hint(language, self.close))}"


def faults(contract: Any) -> list[str]:
    """A line for each, Japanese first."""
    written, misread = contract if isinstance(contract, Mapping) else {}, []
    left = list(_left(written))
    told = {fault.where for fault in left}
    found: list[Any] = [*left, *(fault for fault in _access(written) if fault.where not in told), *_regions(written), *_days(written)]
    shape = Field("table", fields=SHAPE, elsewhere=STRAY)
    read_table(shape, {name: value for name, value in contract.items() if name not in READ_HERE} if written else contract, FILE, misread)
    for more in (misread, _fees(written)):
        told = {fault.where for fault in found}
        found += [fault for fault in more if fault.where not in told]
    return [f"{fault.text('ja')} ({fault.text('en').removeprefix(f'{fault.where}: ')})" for fault in found]


def _left(contract: Mapping[str, Any]) -> Iterator[Fault]:
    """What nobody has filled in yet."""
    for name, value in contract.items():
        role = ROLE.fullmatch(value) if name == "role_arn" and isinstance(value, str) else None
        if isinstance(value, str) and not value.strip():
            yield Fault(f"{FILE} {name}", "empty", None)
        elif (name == "account_id" and value == NOBODY) or (role and role[1] == NOBODY):
            yield Fault(f"{FILE} {name}", "left", value)


def _access(contract: Mapping[str, Any]) -> Iterator[Fault]:
    """Whose account it is, and the way in."""
    account, role, external = (contract.get(name) for name in ("account_id", "role_arn", "external_id"))
    known = isinstance(account, str) and ACCOUNT.fullmatch(account)
    if account and not known:
        meant = octal(account) if isinstance(account, int) else None
        yield Fault(f"{FILE} account_id", "octal" if meant else "account", account, meant)
    match = ROLE.fullmatch(role) if isinstance(role, str) else None
    if role and not match:
        yield Fault(f"{FILE} role_arn", "role", role)
    elif match and known and NOBODY not in (match[1], account) and match[1] != account:
        yield Fault(f"{FILE} role_arn", "role_of_another", match[1], account)
    if external and not (isinstance(external, str) and EXTERNAL_ID.fullmatch(external)):  # which may be vaulted: its value is not told
        number = isinstance(external, (int, float)) and not isinstance(external, bool)
        yield Fault(f"{FILE} external_id", "external_number" if number else "external_id", None)


def _regions(contract: Mapping[str, Any]) -> Iterator[Any]:
    """Regions that botocore does not know: of a mistyped one AWS would say nothing but that it cannot be reached."""
    one, several = contract.get("region"), contract.get("regions")
    if several is not None and not isinstance(several, list):
        yield Misread(f"{FILE} regions", "rows", several)
        several = []
    partitions = loader().load_data("endpoints")["partitions"]
    known = {name: facts["description"] for partition in partitions for name, facts in partition["regions"].items()}
    named = [(f"{FILE} region", one)] if one else []
    for where, name in [*named, *((f"{FILE} regions #{number}", name) for number, name in enumerate(several or [], 1))]:
        if not isinstance(name, str) or name not in known:
            possible = any(re.fullmatch(partition["regionRegex"], str(name)) for partition in partitions)
            yield Fault(where, "new_region" if possible else "region", name, version("botocore"), _near(name, known))


def _near(word: Any, known: Mapping[str, str]) -> str | None:
    """The Region that was meant: one that is spelt nearly so, or that AWS calls so, such as Tokyo."""
    called = (name for name, title in known.items() if str(word).lower() in re.findall(r"\w+", title.lower()))
    return close(word, known) or next(called, None)


def _fees(contract: Mapping[str, Any]) -> list[Misread]:
    """What an invoice would refuse of it: nothing that may not be known before it is accepted, nor a plan that may come as an event (plan_changed)."""
    later = {"plan_needed"} | (set() if contract.get("accepted_on") else UNKNOWN_YET)
    try:
        agreement(contract)
    except FeeError as error:
        return [fault._replace(where=fault.where.replace("contract", FILE, 1)) for fault in error.faults if fault.code not in later]
    return []


def _days(contract: Mapping[str, Any]) -> Iterator[Any]:
    """What the calendar has to say."""
    reading = Reading()
    if contract.get("maintenance_windows") is not None:
        reading.windows(contract["maintenance_windows"], f"{FILE} maintenance_windows")
    if contract.get("closures") is not None:
        reading.closures(contract["closures"], f"{FILE} closures")
    yield from reading.faults
