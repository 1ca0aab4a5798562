#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, ref, refs, tags

# What a user signs in with, and what keeps DeleteUser from going through: how it is listed, what names it, how it is deleted, what it is.
CREDENTIALS = (
    ("list_access_keys", "AccessKeyMetadata", "AccessKeyId", "delete_access_key", "access keys"),
    ("list_signing_certificates", "Certificates", "CertificateId", "delete_signing_certificate", "signing certificates"),
    ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "delete_ssh_public_key", "SSH public keys"),
    (
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "delete_service_specific_credential",
        "credentials for single services",
    ),
)

ADMINISTRATOR = "AdministratorAccess"


def find(aws, wanted):
    found = [dict(_have(user), **{word: partial(look, aws, user["UserName"]) for word, look in LOOKS.items()}) for user in _iam.details(aws, "user")]
    _iam.warn_of_quota(aws, "user", found, wanted)
    return found


def _have(user):
    return dict(_iam.have("user", user), groups=sorted(user.get("GroupList", [])))


def create(aws, want):
    return dict(_iam.create(aws, "user", want), groups=[])


def update(aws, have, change):
    user = dict(UserName=have["id"])
    if "path" in change:
        aws.iam.update_user(**user, NewPath=change["path"])
    _iam.update(aws, "user", have, change)
    if "groups" in change:
        for group in change["groups"].add:
            aws.iam.add_user_to_group(**user, GroupName=group)
        for group in change["groups"].remove:
            aws.iam.remove_user_from_group(**user, GroupName=group)


def delete(aws, have):
    # Credentials go first: were they left for a moment without a group that denies, they would open more than before.
    _delete_credentials(aws, have["id"])
    for group in have["groups"]:
        aws.iam.remove_user_from_group(UserName=have["id"], GroupName=group)
    _iam.delete(aws, "user", have)


def _delete_credentials(aws, name):
    user = dict(UserName=name)
    if _iam.if_any(aws.iam.get_login_profile, **user):
        aws.iam.delete_login_profile(**user)
    for listing, result, member, deletion, dummy in CREDENTIALS:
        for credential in aws.pages("iam", listing, result, **user):
            getattr(aws.iam, deletion)(**user, **{member: credential[member]})
    for device in aws.pages("iam", "list_mfa_devices", "MFADevices", **user):
        serial = dict(SerialNumber=device["SerialNumber"])
        aws.iam.deactivate_mfa_device(**user, **serial)
        # A virtual device is of no use to anybody else; hardware goes to its next owner.
        if ":mfa/" in device["SerialNumber"]:
            aws.iam.delete_virtual_mfa_device(**serial)
    for serial in _left_over(aws, name):
        aws.iam.delete_virtual_mfa_device(SerialNumber=serial)


def _left_over(aws, name):
    """Virtual devices of this name that nobody has: deactivated by a run that broke off before it could delete them, when their user no longer shows them."""
    devices = aws.pages("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Unassigned")
    return [device["SerialNumber"] for device in devices if device["SerialNumber"].rpartition("/")[2] == name]


def _own(aws, name):
    """What goes with a user, in words. It is seven calls, made only about a user that shall go."""
    user = dict(UserName=name)
    found = ["its console password"] if _iam.if_any(aws.iam.get_login_profile, **user) else []
    for listing, result, member, dummy, words in CREDENTIALS:
        ids = [credential[member] for credential in aws.pages("iam", listing, result, **user)]
        found += [f"its {len(ids)} {words} ({', '.join(f'{one[:4]}…{one[-4:]}' for one in sorted(ids))})"] if ids else []
    devices = sorted([device["SerialNumber"] for device in aws.pages("iam", "list_mfa_devices", "MFADevices", **user)] + _left_over(aws, name))
    return found + ([f"its MFA devices ({', '.join(devices)})"] if devices else [])


def _use(aws, name):
    """Why somebody may miss it, in words that do not change by the day: they are part of what is approved. When it was, is a warning."""
    keys = sorted(key["AccessKeyId"] for key in aws.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=name))
    used = {f"{key[:4]}…{key[-4:]}": aws.iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"].get("LastUsedDate") for key in keys}
    used["its console password"] = aws.iam.get_user(UserName=name)["User"].get("PasswordLastUsed")
    signs = {sign: last for sign, last in used.items() if last}
    for sign, last in signs.items():
        aws.warn(f"iam_users {name}: {sign} was used last on {last:%Y-%m-%d}")
    return f"{' and '.join(signs)} has been used" if signs else None


def _last_administrator(aws, name):
    """Whether nobody else of IAM is left who may do everything, by a policy of the user's own or of a group."""
    groups = {group["GroupName"] for group in _iam.details(aws, "group") if _administers(group)}
    users = [user["UserName"] for user in _iam.details(aws, "user") if _administers(user) or groups & {*user.get("GroupList", [])}]
    return f"no other IAM user has {ADMINISTRATOR}" if users == [name] else None


def _administers(found):
    return any(policy["PolicyArn"].endswith(f"::aws:policy/{ADMINISTRATOR}") for policy in found.get("AttachedManagedPolicies", []))


def _missed(aws, name):
    return [told for told in (_use(aws, name), _last_administrator(aws, name)) if told]


# Asked only about a user that shall go.
LOOKS = dict(_own=_own, _missed=_missed)


def danger(have, change):
    if change:
        return _iam.danger("user", have, change)
    own, missed = have["_own"](), have["_missed"]()
    return "; ".join([f"would be deleted with {', '.join(own)}" if own else "would be deleted", *missed]) if own or missed else None


KIND = Kind(
    name="iam_users",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateUser.UserName"),
        path=Option(api="CreateUser.Path"),
        permissions_boundary=ref("iam_policies", elsewhere=True, clearable=True),
        **_iam.policies(),
        groups=refs("iam_groups"),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=partial(_iam.refuse, "user"),
    faults=partial(_iam.faults, "user"),
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
