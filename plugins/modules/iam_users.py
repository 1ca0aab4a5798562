#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _holds, _iam, _iam_users
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, ref, refs, tags

# What keeps DeleteUser from going through: how it is listed, how it is deleted.
DELETIONS = dict(
    list_access_keys="delete_access_key",
    list_signing_certificates="delete_signing_certificate",
    list_ssh_public_keys="delete_ssh_public_key",
    list_service_specific_credentials="delete_service_specific_credential",
)


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
    if _iam_users.signs_in(aws, name):
        aws.iam.delete_login_profile(**user)
    for listing, ids in _iam_users.credentials(aws, name).items():
        for one in ids:
            getattr(aws.iam, DELETIONS[listing])(**user, **{_iam_users.CREDENTIALS[listing].member: one})
    for serial in _iam_users.devices(aws, name):
        _iam_users.take_off(aws, name, serial)
    for serial in _iam_users.left_over(aws, name):
        aws.iam.delete_virtual_mfa_device(SerialNumber=serial)


def _own(aws, name):
    """What goes with a user, in words. It is seven calls, made only about a user that shall go."""
    found = [_iam_users.PASSWORD] if _iam_users.signs_in(aws, name) else []
    found += _iam_users.in_words(_iam_users.credentials(aws, name))
    devices = sorted(_iam_users.devices(aws, name) + _iam_users.left_over(aws, name))
    return found + ([f"its MFA devices ({', '.join(devices)})"] if devices else [])


# Asked only about a user that shall go.
LOOKS = dict(_own=_own, _missed=_iam_users.missed)


def danger(have, change):
    if change:
        return _iam.danger("user", have, change)
    own = have["_own"]()
    return "; ".join([f"would be deleted with {', '.join(own)}" if own else "would be deleted", *have["_missed"](), _holds.told(have["tags"])])


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
