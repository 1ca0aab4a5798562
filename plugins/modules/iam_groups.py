#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed


def find(aws, wanted):
    found = [dict(_iam.have("group", group), _members=partial(_members, aws, group["GroupName"])) for group in _iam.details(aws, "group")]
    _iam.warn_of_quota(aws, "group", found, wanted)
    return found


def _members(aws, name):
    """Asked only about a group that shall go."""
    return [user["UserName"] for user in aws.pages("iam", "get_group", "Users", GroupName=name, **_iam.PAGES)]


def create(aws, want):
    return _iam.create(aws, "group", want)


def update(aws, have, change):
    if "path" in change:
        aws.iam.update_group(GroupName=have["id"], NewPath=change["path"])
    _iam.update(aws, "group", have, change)


def delete(aws, have):
    # A group with members cannot be deleted; the users themselves stay.
    for user in _members(aws, have["id"]):
        aws.iam.remove_user_from_group(GroupName=have["id"], UserName=user)
    _iam.delete(aws, "group", have)


def danger(have, change):
    members = [] if change else have["_members"]()
    if members:
        return f"would be deleted, and its {len(members)} members ({', '.join(sorted(members))}) lose what its policies allow and deny"
    return _iam.danger("group", have, change)


KIND = Kind(
    name="iam_groups",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateGroup.GroupName"),
        path=Option(api="CreateGroup.Path"),
        **_iam.policies(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=partial(_iam.refuse, "group"),
    faults=partial(_iam.faults, "group"),
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
