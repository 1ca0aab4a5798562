#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ansible_collections.msp.aws.plugins.module_utils import _iam
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, camel

DATE = re.compile(r"\d{4}-\d\d-\d\dT")  # a user without a password has none, such as N/A
UPDATE = "UpdateAccountPasswordPolicy"


def _option(name, kind, **facts):
    return Option(kind, api=f"{UPDATE}.{camel(name)}", **facts)


# What a policy does not say AWS sets to its weakest: a new one must say all that makes it strong.
OPTIONS = dict(
    minimum_password_length=_option("minimum_password_length", "int", required=True),
    require_symbols=_option("require_symbols", "bool", required=True),
    require_numbers=_option("require_numbers", "bool", required=True),
    require_uppercase_characters=_option("require_uppercase_characters", "bool", required=True),
    require_lowercase_characters=_option("require_lowercase_characters", "bool", required=True),
    allow_users_to_change_password=_option("allow_users_to_change_password", "bool", required=True),
    max_password_age=_option("max_password_age", "int", clearable=True),
    password_reuse_prevention=_option("password_reuse_prevention", "int", clearable=True),
    hard_expiry=_option("hard_expiry", "bool"),
)


def find(aws, wanted):
    answer = _iam.if_any(aws.iam.get_account_password_policy)
    found = [_have(answer["PasswordPolicy"])] if answer else []
    for want in wanted or ():
        _warn_of_old_passwords(aws, want, *(found or [{}]))
    return found


def _warn_of_old_passwords(aws, want, have):
    """Whom a shorter life of passwords is about to reach. It reaches IAM users only: roles have no password, and the root user is outside of it."""
    age, before = want.get("max_password_age"), have.get("max_password_age")
    locks = want.get("hard_expiry", have.get("hard_expiry"))
    if not age or (before and before <= age and bool(locks) == bool(have.get("hard_expiry"))):
        return
    oldest = (now() - timedelta(days=age)).isoformat()
    changed = {row["user"]: row.get("password_last_changed", "") for row in _iam.credential_report(aws) if row.get("password_enabled") == "true"}
    old = sorted(user for user, when in changed.items() if DATE.match(when) and when < oldest and user != "<root_account>")
    if old:
        what = "are locked out until an administrator gives a new one" if locks else "must choose a new one when they sign in next"
        aws.warn(f"iam_password_policy password_policy: {', '.join(old)} have passwords older than {age} days and {what}")


def now():
    return datetime.now(UTC)


def _have(policy):
    """A switch that AWS does not mention is off; a number that is 0 or missing does not apply."""
    values = {name: policy.get(camel(name)) for name in OPTIONS}
    return dict(
        {name: bool(value) if OPTIONS[name].type == "bool" else value or None for name, value in values.items()},
        id="password_policy",
        _policy=policy,
    )


def create(aws, want):
    return _have(_put(aws, {}, want))


def update(aws, have, change):
    _put(aws, have["_policy"], change)


def _put(aws, policy, change):
    """The call replaces the whole policy: all it can take of what is there goes with it."""
    known = aws.iam.meta.service_model.operation_model(UPDATE).input_shape.members
    kept = {member: value for member, value in policy.items() if member in known and value}
    wanted = {**kept, **{camel(name): value for name, value in change.items()}}
    whole = {member: value for member, value in wanted.items() if value is not None}
    aws.iam.update_account_password_policy(**whole)
    return whole


def danger(have, change):
    """A shorter life of passwords ends those that are already older."""
    age, before = {**have, **change}.get("max_password_age"), have.get("max_password_age")
    shorter = age and (not before or age < before)
    if age and {**have, **change}.get("hard_expiry") and (shorter or "hard_expiry" in change):
        return f"would lock out every user whose password is older than {age} days, until an administrator gives a new one"
    if have and shorter:
        return f"would make every user whose password is older than {age} days choose a new one"
    return None


def delete(aws, have):
    aws.iam.delete_account_password_policy()


KIND = Kind(
    name="iam_password_policy",
    identity=(),
    options=OPTIONS,
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
