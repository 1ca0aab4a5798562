# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What IAM users sign in with, and who would miss one.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _iam
from ansible_collections.msp.aws.plugins.module_utils._client import Aws

ADMINISTRATOR = "AdministratorAccess"


class Credential(NamedTuple):
    """What a list of them is called in its answer, the member that names one, and what they are."""

    result: str
    member: str
    words: str


# By how they are listed.
CREDENTIALS = dict(
    list_access_keys=Credential("AccessKeyMetadata", "AccessKeyId", "access keys"),
    list_signing_certificates=Credential("Certificates", "CertificateId", "signing certificates"),
    list_ssh_public_keys=Credential("SSHPublicKeys", "SSHPublicKeyId", "SSH public keys"),
    list_service_specific_credentials=Credential("ServiceSpecificCredentials", "ServiceSpecificCredentialId", "credentials for single services"),
)
PASSWORD = "its console password"


def credentials(aws: Aws, name: str) -> dict[str, dict[str, str]]:
    """How it is listed → id → status, of all that the user has."""
    return {
        listing: {found[one.member]: found["Status"] for found in aws.pages("iam", listing, one.result, UserName=name)} for listing, one in CREDENTIALS.items()
    }


def in_words(found: Mapping[str, Iterable[str]]) -> list[str]:
    """These ids, as a plan tells them: nobody needs more of one than its ends."""
    told = ((CREDENTIALS[listing].words, sorted(ids)) for listing, ids in found.items())
    return [f"its {len(ids)} {words} ({', '.join(f'{one[:4]}…{one[-4:]}' for one in ids)})" for words, ids in told if ids]


def signs_in(aws: Aws, name: str) -> bool:
    return bool(_iam.if_any(aws.iam.get_login_profile, UserName=name))


def devices(aws: Aws, name: str) -> list[str]:
    """The serial numbers of the user's MFA devices."""
    return sorted(device["SerialNumber"] for device in aws.pages("iam", "list_mfa_devices", "MFADevices", UserName=name))


def left_over(aws: Aws, name: str) -> list[str]:
    """Virtual devices of this name that nobody has: deactivated by a run that broke off before it could delete them, when their user no longer shows them."""
    found = aws.pages("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Unassigned")
    return sorted(device["SerialNumber"] for device in found if device["SerialNumber"].rpartition("/")[2] == name)


def take_off(aws: Aws, name: str, serial: str) -> None:
    """A virtual device is of no use to anybody else; hardware goes to its next owner."""
    aws.iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
    if ":mfa/" in serial:
        aws.iam.delete_virtual_mfa_device(SerialNumber=serial)


def missed(aws: Aws, name: str) -> list[str]:
    return [told for told in (_use(aws, name), _last_administrator(aws, name)) if told]


def _use(aws: Aws, name: str) -> str | None:
    """Why somebody may miss it, in words that do not change by the day: they are part of what is approved. When it was, is a warning."""
    keys = sorted(key["AccessKeyId"] for key in aws.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=name))
    used = {f"{key[:4]}…{key[-4:]}": aws.iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"].get("LastUsedDate") for key in keys}
    used[PASSWORD] = aws.iam.get_user(UserName=name)["User"].get("PasswordLastUsed")
    signs = {sign: last for sign, last in used.items() if last}
    for sign, last in signs.items():
        aws.warn(f"IAM user {name}: {sign} was used last on {last:%Y-%m-%d}")
    return f"{' and '.join(signs)} has been used" if signs else None


def _last_administrator(aws: Aws, name: str) -> str | None:
    """Whether nobody else of IAM is left who may do everything, by a policy of the user's own or of a group."""
    groups = {group["GroupName"] for group in _iam.details(aws, "group") if _administers(group)}
    users = [user["UserName"] for user in _iam.details(aws, "user") if _administers(user) or groups & {*user.get("GroupList", [])}]
    return f"no other IAM user has {ADMINISTRATOR}" if users == [name] else None


def _administers(found: Mapping[str, Any]) -> bool:
    return any(policy["PolicyArn"].endswith(f"::aws:policy/{ADMINISTRATOR}") for policy in found.get("AttachedManagedPolicies", []))
