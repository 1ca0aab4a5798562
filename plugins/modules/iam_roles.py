#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _iam, _policies
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

# CreateRole.MaxSessionDuration: without a value "the default value of one hour is applied".
HOUR = 3600
LINKED_NAME = "AWSServiceRoleFor"
LINKED_PATH = "/aws-service-role/"
# Whom AWS takes as a principal; of one that was deleted it tells the unique id.
PRINCIPAL = re.compile(r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+|A[A-Z0-9]{15,}")
# A role or a user, which IAM refuses in a trust policy where it is in no account; a path may stand before its name.
ONE_OF_IAM = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<what>role|user)/(.+/)?(?P<name>[^/]+)")
# Whom a role trusts at first where it is to trust what the same run makes, itself too: roles may trust each other, and one of them is made before the other.
NOBODY = dict(Version="2012-10-17", Statement=[dict(Effect="Deny", Principal=dict(AWS="*"), Action="sts:AssumeRole")])


def find(aws, wanted):
    # The details lack what only ListRoles says, and the other way round.
    listed = {role["RoleName"]: role for role in aws.pages("iam", "list_roles", "Roles", **_iam.PAGES)}
    found = [_have({**listed.get(role["RoleName"], {}), **role}) for role in _iam.details(aws, "role")]
    _iam.warn_of_quota(aws, "role", found, wanted)
    return found


def _have(role):
    return dict(
        _iam.have("role", role),
        assume_role_policy=_policies.document(role["AssumeRolePolicyDocument"]),
        description=role.get("Description") or None,
        max_session_duration=role.get("MaxSessionDuration", HOUR),
        _instance_profiles=[profile["InstanceProfileName"] for profile in role.get("InstanceProfileList", [])],
    )


def create(aws, want):
    trust = NOBODY if _to_come(aws, want) else want["assume_role_policy"]
    settings = dict(assume_role_policy=trust, description=None, max_session_duration=HOUR)
    return {**settings, **_iam.create(aws, "role", want, AssumeRolePolicyDocument=_policies.text(trust))}


def _to_come(aws, want):
    """Those whom it is to trust, of this account, and who are not there yet."""
    named = [principal for principal in _trusted(want["assume_role_policy"]) if (one := ONE_OF_IAM.fullmatch(principal)) and one["account"] == aws.account]
    return [principal for principal in named if principal not in aws.once(_there)]


def _there(aws):
    roles, users = aws.pages("iam", "list_roles", "Roles", **_iam.PAGES), aws.pages("iam", "list_users", "Users", **_iam.PAGES)
    return {one["Arn"] for one in [*roles, *users]}


def update(aws, have, change):
    role = dict(RoleName=have["id"])
    if "assume_role_policy" in change:
        aws.iam.update_assume_role_policy(**role, PolicyDocument=_policies.text(change["assume_role_policy"]))
    if "description" in change or "max_session_duration" in change:
        # UpdateRole sets a duration that it is not told back to one hour: both go together.
        after = {**have, **change}
        aws.iam.update_role(**role, Description=after["description"] or "", MaxSessionDuration=after["max_session_duration"])
    _iam.update(aws, "role", have, change)


def delete(aws, have):
    if have["path"].startswith(LINKED_PATH):
        raise Problem(f"{have['name']} is a service-linked role: it goes when the service has no more use for it, through DeleteServiceLinkedRole")
    for profile in have["_instance_profiles"]:
        aws.iam.remove_role_from_instance_profile(RoleName=have["id"], InstanceProfileName=profile)
    _iam.delete(aws, "role", have)


def refuse(want, have, change):
    if not have and want["name"].startswith(LINKED_NAME):
        raise Problem(f"a name that begins with {LINKED_NAME} is a service-linked role's, which its service makes through CreateServiceLinkedRole")
    _iam.refuse("role", want, have, change)
    for principal in _trusted(change.get("assume_role_policy") or {}):
        if not PRINCIPAL.fullmatch(principal):
            raise Problem(f"assume_role_policy trusts {principal!r}, which is no account (12 digits) and no ARN of one or of what is in it")
    size = _policies.size(change.get("assume_role_policy") or {})
    if size > TRUST:
        raise Problem(f"assume_role_policy has {size} characters, and IAM takes at most {TRUST}")


def foresee(aws, want):
    for principal in _to_come(aws, want):
        one = ONE_OF_IAM.fullmatch(principal)
        if one["name"] not in aws.sheet_names.get(f"iam_{one['what']}s", ()):
            raise Problem(
                f"assume_role_policy trusts {principal}, and neither is there such a {one['what']} in the account nor does this run make one: "
                f"write its ARN as it is, with its path, or have it in iam_{one['what']}s"
            )


# Characters of a trust policy, where the quota has been raised as far as it goes.
TRUST = 4096


def faults(entries, sheet):
    yield from _iam.faults("role", entries, sheet)
    for index, entry in enumerate(entries):
        if _policies.size(entry.get("assume_role_policy") or {}) > TRUST:
            yield index, "assume_role_policy", "longest", dict(value="…", limit=TRUST)


def danger(have, change):
    if not change:
        profiles = ", ".join(have["_instance_profiles"])
        return f"would be deleted and taken out of the instance profiles {profiles}: programs on their instances can do nothing more" if profiles else None
    if _trusts_anyone(change.get("assume_role_policy") or {}):
        return "would let anyone in any AWS account assume the role"
    return _iam.danger("role", have, change)


def _trusts_anyone(document):
    statements = document.get("Statement", [])
    return any(
        statement.get("Effect") == "Allow" and not statement.get("Condition") and _is_anyone(statement.get("Principal"))
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _is_anyone(principal):
    return "*" in _accounts(principal)


def _accounts(principal):
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal or []
    return named if isinstance(named, list) else [named]


def _trusted(document):
    """Every account, user and role that it names."""
    statements = document.get("Statement", [])
    return [str(one) for statement in (statements if isinstance(statements, list) else [statements]) for one in _accounts(statement.get("Principal"))]


KIND = Kind(
    name="iam_roles",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateRole.RoleName"),
        path=fixed(api="CreateRole.Path"),
        assume_role_policy=_policies.policy(required=True),
        description=Option(clearable=True, api="CreateRole.Description"),
        max_session_duration=Option("int", api="CreateRole.MaxSessionDuration"),
        permissions_boundary=ref("iam_policies", elsewhere=True, clearable=True),
        **_iam.policies(),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
