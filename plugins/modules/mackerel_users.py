#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, fixed


def find(aws, wanted):
    """Members, and those who are invited and have not come yet."""
    members = [dict(id=one["id"], email=one["email"], authority=one["authority"]) for one in aws.get("/users")["users"]]
    invited = [dict(id=one["email"], email=one["email"], authority=one["authority"], _invited=True) for one in aws.get("/invitations")["invitations"]]
    return members + invited


def create(aws, want):
    made = aws.post("/invitations", body=dict(email=want["email"], authority=want["authority"]))
    return dict(id=made["email"], email=made["email"], authority=made["authority"], _invited=True)


def update(aws, have, change):
    """Nothing can change."""


def delete(aws, have):
    if have.get("_invited"):
        aws.post("/invitations/revoke", body=dict(email=have["email"]))
    else:
        aws.remove("/users/{}", have["id"])


def danger(have, change):
    if change:
        return "may make API keys and decide who is a member" if change.get("authority") == "manager" and not have else None
    if have["authority"] == "owner":
        raise Problem("the owner of the organization cannot be removed")
    return "the invitation would be revoked" if have.get("_invited") else "would be no member of the organization any more"


KIND = Kind(
    name="mackerel_users",
    door=_mackerel.Mackerel,
    identity=("email",),
    options=dict(
        email=fixed(limits=dict(pattern="[^@ ]+@[^@ ]+", example="noc@example.jp")),
        authority=fixed(
            required=True,
            choices=("owner", "manager", "collaborator", "viewer"),
            remedy="Change a member in Mackerel's web console; revoke an invitation in one run and invite anew in the next; or correct the sheet",
        ),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
