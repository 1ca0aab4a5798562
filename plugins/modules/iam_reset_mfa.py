#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam, _iam_users
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "iam_reset_mfa"


def plan(aws, params):
    user, begun = params["user"], params["before"].get("devices")
    with aws.reading():
        if not _iam.if_any(aws.iam.get_user, UserName=user):
            raise Problem(f"there is no IAM user {user!r}")
    there = _there(aws, user)
    if not there and begun is None:
        raise Problem(f"{user} has no MFA device that could be reset")
    # What the user has enrolled since a run broke off is the new one.
    devices = there if begun is None else begun
    left = [serial for serial in there if serial in devices]
    return Plan(
        label=user,
        id=user,
        before=dict(devices=left) if left else {},
        after=dict(devices=[]) if left else {},
        facts=dict(devices=devices),
        dangers=(f"would take the MFA devices {', '.join(devices)} off {user}, who signs in by the password alone until another one is enrolled",),
    )


def _there(aws, user):
    """The user's, and those that a run has deactivated that broke off before it could delete them."""
    with aws.reading():
        return sorted({*_iam_users.devices(aws, user), *_iam_users.left_over(aws, user)})


def act(aws, params, planned):
    drive(aws, planned.label, partial(_look, aws, params["user"]), partial(_next_step, aws, params["user"], planned.facts["devices"]))


def _look(aws, user):
    with aws.reading():
        return _iam_users.devices(aws, user), _iam_users.left_over(aws, user)


def _next_step(aws, user, devices, have):
    held, left_over = ([serial for serial in found if serial in devices] for found in have)
    if left_over:
        return partial(aws.iam.delete_virtual_mfa_device, SerialNumber=left_over[0])
    return partial(_iam_users.take_off, aws, user, held[0]) if held else None


VERB = Verb(name=NAME, options=dict(user=dict(type="str", required=True)), plan=plan, act=act)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
