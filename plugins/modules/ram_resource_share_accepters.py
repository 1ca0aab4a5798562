#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref

SECONDS = 120
NOBODY = "nobody has invited this account"


def find(aws, wanted):
    """The shares of others that were accepted, and those whose invitation waits."""
    invited = [one for one in aws.pages("ram", "get_resource_share_invitations", "resourceShareInvitations") if one["status"] == "PENDING"]
    accepted = {share["resourceShareArn"]: share for share in _accepted(aws)}
    waiting = {one["resourceShareArn"]: one for one in invited if one["resourceShareArn"] not in accepted}
    return [_have(one, False, one["resourceShareInvitationArn"]) for one in waiting.values()] + [_have(share, True, None) for share in accepted.values()]


def _accepted(aws):
    shares = aws.pages("ram", "get_resource_shares", "resourceShares", resourceOwner="OTHER-ACCOUNTS")
    return [share for share in shares if share["status"] in ("PENDING", "ACTIVE")]


def _have(share, accepted, invitation):
    return dict(id=share["resourceShareArn"], resource_share=share["resourceShareArn"], accept=accepted, _invitation=invitation)


def create(aws, want):
    """An invitation is another account's to send."""
    raise Problem(f"{NOBODY} to {want['resource_share']}: its owner has to share it first, or to invite again, since an invitation lapses after 12 hours")


def update(aws, have, change):
    if change.get("accept"):
        aws.ram.accept_resource_share_invitation(resourceShareInvitationArn=have["_invitation"])
        _await(aws, have["id"], True)


def _await(aws, share_arn, accepted):
    """Until the account is in the share, or out of it."""
    what = f"resource share {share_arn}" if accepted else f"the end of {share_arn} in this account"
    aws.wait(what, lambda: [share["resourceShareArn"] for share in _accepted(aws)], lambda arns: (share_arn in arns) is accepted, limit=SECONDS)


def refuse(want, have, change):
    if have.get("accept") and "accept" in change:
        raise Problem("what is accepted cannot go back to waiting: remove it (state: absent) or leave accept out")


def danger(have, change):
    if change:
        return None
    if not have["accept"]:
        return f"would reject the invitation to {have['id']}"
    return f"would leave {have['id']}: nothing that it shares can be used anew, and only its owner can invite again"


def delete(aws, have):
    """What waits is rejected, what was accepted is left."""
    if not have["accept"]:
        aws.ram.reject_resource_share_invitation(resourceShareInvitationArn=have["_invitation"])
        return
    aws.ram.disassociate_resource_share(resourceShareArn=have["id"], principals=[aws.account])
    _await(aws, have["id"], False)


KIND = Kind(
    name="ram_resource_share_accepters",
    identity=("resource_share",),
    asked_by=("ram_resource_shares",),
    options=dict(
        resource_share=ref("ram_resource_shares", elsewhere=True, fixed=True),
        accept=Option("bool"),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    # An invitation is on its way for a moment.
    not_yet=(NOBODY,),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
