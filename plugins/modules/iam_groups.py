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
    return [_iam.have("group", group) for group in _iam.details(aws, "group")]


def create(aws, want):
    return _iam.create(aws, "group", want)


def update(aws, have, change):
    if "path" in change:
        aws.iam.update_group(GroupName=have["id"], NewPath=change["path"])
    _iam.update(aws, "group", have, change)


def delete(aws, have):
    # A group with members cannot be deleted; the users themselves stay.
    for user in aws.pages("iam", "get_group", "Users", GroupName=have["id"], **_iam.PAGES):
        aws.iam.remove_user_from_group(GroupName=have["id"], UserName=user["UserName"])
    _iam.delete(aws, "group", have)


KIND = Kind(
    name="iam_groups",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateGroup.GroupName"),
        path=Option(api="CreateGroup.Path"),
        **_iam.policies("group"),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=partial(_iam.danger, "group"),
    refuse=_iam.refuse,
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
