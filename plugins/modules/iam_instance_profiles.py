#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _iam, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import fixed, ref, tags

WHAT = "instance_profile"


def find(aws, wanted):
    return [_have(profile) for profile in aws.pages("iam", "list_instance_profiles", "InstanceProfiles", **_iam.PAGES)]


def _have(profile):
    # A profile holds one role at most.
    roles = [role["RoleName"] for role in profile["Roles"]]
    name = profile["InstanceProfileName"]
    return dict(id=name, name=name, path=profile["Path"], role=roles[0] if roles else None)


def read(aws, have, names):
    """Tags are the one thing that ListInstanceProfiles does not tell."""
    if "tags" not in names:
        return {}
    return dict(tags=_tags.as_dict(_iam.call(aws, "get_{}", WHAT, have["id"])["InstanceProfile"].get("Tags")))


def create(aws, want):
    return dict(_iam.create(aws, WHAT, want), role=None)


def update(aws, have, change):
    if "role" in change:
        # There is no call that replaces the role, and no room for two.
        if have["role"]:
            _iam.call(aws, "remove_role_from_{}", WHAT, have["id"], RoleName=have["role"])
        if change["role"]:
            _iam.call(aws, "add_role_to_{}", WHAT, have["id"], RoleName=change["role"])
    _iam.update_tags(aws, WHAT, have, change)


def danger(have, change):
    if "role" in change and have.get("role"):
        return f"would take the role {have['role']} out of the profile: its instances lose their credentials, at least until another role has come"
    return None


def delete(aws, have):
    if have["role"]:
        _iam.call(aws, "remove_role_from_{}", WHAT, have["id"], RoleName=have["role"])
    _iam.call(aws, "delete_{}", WHAT, have["id"])


KIND = Kind(
    name="iam_instance_profiles",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateInstanceProfile.InstanceProfileName"),
        path=fixed(api="CreateInstanceProfile.Path"),
        role=ref("iam_roles", clearable=True),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
