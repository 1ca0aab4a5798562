#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam, _secrets
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, ref


def find(aws, wanted):
    secrets = {secret["tags"][_iam.HOLDS]: secret["name"] for secret in _secrets.holding(aws, _iam.HOLDS)}
    users = _iam.users(aws) if wanted is None else {want["user"] for want in wanted if "user" in want} | {want["id"] for want in wanted if "id" in want}
    profiles = [_iam.if_any(aws.iam.get_login_profile, UserName=user) for user in sorted(users)]
    return [_have(profile["LoginProfile"]["UserName"], secrets) for profile in profiles if profile]


def _have(user, secrets):
    return dict(id=user, user=user, password_secret=secrets.get(user))


def create(aws, want):
    """The password is in its secret before IAM knows it, so that no broken run can lose it. It is never reset: the user may have chosen another."""
    user, name = want["user"], want["password_secret"]
    key = dict(KmsKeyId=want["password_secret_kms_key_id"]) if "password_secret_kms_key_id" in want else {}
    described = dict(Description=f"First console password of the IAM user {user}", **key)
    password = _secrets.kept(aws, name, (_iam.HOLDS, user), partial(_iam.password, aws), {}, **described)
    reset = dict(PasswordResetRequired=want["password_reset_required"]) if "password_reset_required" in want else {}
    aws.iam.create_login_profile(UserName=user, Password=password, **reset)
    return _have(user, {user: name})


def update(aws, have, change):
    """Nothing of a profile can be compared: what it was made with is the user's to change."""


def delete(aws, have):
    aws.iam.delete_login_profile(UserName=have["user"])


def danger(have, change):
    return None if change else f"would lock {have['user']} out of the console"


KIND = Kind(
    name="iam_login_profiles",
    identity=("user",),
    options=dict(
        user=ref("iam_users", fixed=True),
        password_secret=fixed(required=True, api="secretsmanager:CreateSecret.Name"),
        password_secret_kms_key_id=Option(write_only=True, api="secretsmanager:CreateSecret.KmsKeyId"),
        password_reset_required=Option("bool", write_only=True),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    not_yet=(*_iam.NOT_YET, r"\(NoSuchEntity\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
