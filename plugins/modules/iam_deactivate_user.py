#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _holds, _iam, _iam_users, _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "iam_deactivate_user"
# How it is listed → how it is switched off and on.
UPDATES = dict(
    list_access_keys="update_access_key",
    list_signing_certificates="update_signing_certificate",
    list_ssh_public_keys="update_ssh_public_key",
    list_service_specific_credentials="update_service_specific_credential",
)
ON = "Active"
OFF = "Inactive"


def plan(aws, params):
    user, put_back = params["user"], params["put_back"]
    have = _look(aws, user)
    # A run that goes on, and the way back, are told what was on before.
    facts = dict(active=_with(have, ON), one_way=have["password"], held_until=have["held_until"])
    facts.update({name: value for name, value in params["before"].items() if name in facts})
    wanted = _wanted(params, facts)
    steps = list(_steps(aws, params, wanted, have))
    if steps and not put_back and not params["before"]:
        _holds.refuse(params["delete_after"])
    shown = {name: (had, becomes) for name, had, becomes in _shown(have, wanted) if had != becomes}
    return Plan(
        label=user,
        id=user,
        before={name: had for name, (had, dummy) in shown.items()} if steps else {},
        after={name: becomes for name, (dummy, becomes) in shown.items()} if steps else {},
        facts=facts,
        dangers=tuple(_dangers(aws, user, have)) if not put_back else (),
    )


def _look(aws, user):
    with aws.reading():
        found = _iam.if_any(aws.iam.get_user, UserName=user)
        if not found:
            raise Problem(f"there is no IAM user {user!r}")
        held_until = _tags.as_dict(found["User"].get("Tags")).get(_holds.TAG)
        return dict(credentials=_iam_users.credentials(aws, user), password=_iam_users.signs_in(aws, user), held_until=held_until)


def _with(have, status):
    return {listing: sorted(one for one, has in found.items() if has == status) for listing, found in have["credentials"].items()}


def _wanted(params, facts):
    """Which are to be on, and until when the user is kept."""
    if params["put_back"]:
        return dict(active=facts["active"], password=False, held_until=facts["held_until"])
    return dict(active={listing: [] for listing in UPDATES}, password=False, held_until=params["delete_after"])


def _shown(have, wanted):
    """What differs, in words; the console password only where it goes."""
    yield "active", _iam_users.in_words(_with(have, ON)), _iam_users.in_words(wanted["active"])
    yield "console_password", have["password"], wanted["password"]
    yield _holds.TAG, have["held_until"], wanted["held_until"]


def _dangers(aws, user, have):
    own = _iam_users.in_words(_with(have, ON))
    if own:
        yield f"would switch off {', '.join(own)}"
    if have["password"]:
        yield f"would delete the console password of {user}, who could only sign in again with a new one"
    if own or have["password"]:
        yield from _iam_users.missed(aws, user)


def act(aws, params, planned):
    wanted = _wanted(params, planned.facts)
    drive(aws, planned.label, partial(_look, aws, params["user"]), lambda have: next(_steps(aws, params, wanted, have), None))


def _steps(aws, params, wanted, have):
    """The tag comes first: whoever finds the user switched off finds until when."""
    user = dict(UserName=params["user"])
    if wanted["held_until"] and have["held_until"] != wanted["held_until"]:
        yield partial(aws.iam.tag_user, **user, Tags=[dict(Key=_holds.TAG, Value=wanted["held_until"])])
    if have["password"] and not params["put_back"]:
        yield partial(aws.iam.delete_login_profile, **user)
    for listing, found in have["credentials"].items():
        for one, status in found.items():
            becomes = _becomes(params, wanted["active"].get(listing, ()), one, status)
            if status != becomes:
                yield partial(getattr(aws.iam, UPDATES[listing]), **user, Status=becomes, **{_iam_users.CREDENTIALS[listing].member: one})
    if have["held_until"] and not wanted["held_until"]:
        yield partial(aws.iam.untag_user, **user, TagKeys=[_holds.TAG])


def _becomes(params, active, one, status):
    """On the way back what was off before stays off, and what came since stays as it is."""
    if params["put_back"]:
        return ON if one in active else status
    return OFF


VERB = Verb(
    name=NAME,
    options=dict(
        user=dict(type="str", required=True),
        delete_after=dict(type="str", required=True),
        put_back=dict(type="bool", default=False),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
