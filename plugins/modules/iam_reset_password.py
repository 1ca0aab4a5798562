#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import uuid
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam, _secrets, _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "iam_reset_password"
# As in Secrets Manager's own rotation: a version is pending until IAM has taken it, and then becomes what the secret holds.
PENDING = "AWSPENDING"
CURRENT = "AWSCURRENT"


def plan(aws, params):
    user = params["user"]
    have = _look(aws, params)
    if have["required"] is None:
        raise Problem(f"{user} has no console password that could be reset: give a first one with the operation iam.create_login_profile")
    if "DeletedDate" in (have["secret"] or {}):
        raise Problem(f"the secret {params['password_secret']!r} is about to be deleted: restore it, or name another")
    facts = dict(password_reset_required=params["before"].get("password_reset_required", have["required"]))
    wanted = dict(password_secret=params["password_secret"], password_reset_required=True)
    return Plan(
        label=user,
        id=user,
        before={} if _done(have) else dict(facts),
        after={} if _done(have) else wanted,
        facts=facts,
        dangers=tuple(_dangers(aws, user)),
    )


def _dangers(aws, user):
    yield f"the password that {user} has now would no longer be good; sessions that are open stay open"
    with aws.reading():
        policy = _iam.password_policy(aws)
    if not policy.get("AllowUsersToChangePassword"):
        yield "the account's password policy lets nobody change the own password: unless a policy such as IAMUserChangePassword does, the user cannot sign in"


def _look(aws, params):
    """Whether the user has to choose a password (None: there is none), and the secret with its versions. This ticket's version is found by its id."""
    user, secret = params["user"], params["password_secret"]
    with aws.reading():
        profile = _iam.if_any(aws.iam.get_login_profile, UserName=user)
    described = _secrets.seen(aws, secret, (_iam.HOLDS, user))
    version = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAME} {params['ticket']} {user}"))
    return dict(
        required=profile and profile["LoginProfile"].get("PasswordResetRequired", False),
        secret=described,
        version=version,
        stages=_versions(described).get(version),
    )


def _versions(described):
    return (described or {}).get("VersionIdsToStages") or {}


def _done(have):
    return have["stages"] is not None and PENDING not in have["stages"]


def act(aws, params, planned):
    drive(aws, planned.label, partial(_look, aws, params), partial(_next_step, aws, params, planned.facts))


def _next_step(aws, params, before, have):
    if _done(have):
        return None
    if have["secret"] is None:
        return partial(_make_secret, aws, params)
    if have["stages"] is None:
        return partial(_keep, aws, params, have["version"])
    return partial(_put_in_force, aws, params, before, have)


def _make_secret(aws, params):
    tags = _tags.as_list({_iam.HOLDS: params["user"]})
    aws.secretsmanager.create_secret(Name=params["password_secret"], Description=f"Console password of the IAM user {params['user']}", Tags=tags)


def _keep(aws, params, version):
    """The password is in the secret before IAM knows it, so that no broken run can lose it; nobody who reads the secret gets it before it is good."""
    kept = dict(SecretString=_iam.password(aws), ClientRequestToken=version, VersionStages=[PENDING])
    aws.secretsmanager.put_secret_value(SecretId=params["password_secret"], **kept)


def _put_in_force(aws, params, before, have):
    secret, version = dict(SecretId=params["password_secret"]), have["version"]
    if before["password_reset_required"] or not have["required"]:
        # Where the user had to choose one already nothing shows whether it was done; the same password once more harms nobody.
        password = _secrets.held(aws, params["password_secret"], version)
        aws.iam.update_login_profile(UserName=params["user"], Password=password, PasswordResetRequired=True)
    if CURRENT not in have["stages"]:
        holder = next((other for other, stages in _versions(have["secret"]).items() if CURRENT in stages), None)
        from_it = dict(RemoveFromVersionId=holder) if holder else {}
        aws.secretsmanager.update_secret_version_stage(**secret, VersionStage=CURRENT, MoveToVersionId=version, **from_it)
    aws.secretsmanager.update_secret_version_stage(**secret, VersionStage=PENDING, RemoveFromVersionId=version)


VERB = Verb(
    name=NAME,
    options={name: dict(type="str", required=True, no_log=False) for name in ("user", "password_secret", "ticket")},
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
