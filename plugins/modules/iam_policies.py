#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _iam, _policies, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, fixed, tags

# IAM and STS quotas: "Versions per managed policy: 5".
VERSIONS = 5


def find(aws, wanted):
    """The customer's own policies. Amazon's are never looked at for a name, so that none of them can ever be meant."""
    own = aws.pages("iam", "get_account_authorization_details", "Policies", Filter=["LocalManagedPolicy"], **_iam.PAGES)
    return [_have(policy, partial(_attached, aws, policy["Arn"])) for policy in own]


def _have(policy, attached):
    versions = policy.get("PolicyVersionList", [])
    document = next((version["Document"] for version in versions if version["IsDefaultVersion"]), None)
    return dict(
        id=policy["Arn"],
        name=policy["PolicyName"],
        path=policy["Path"],
        description=policy.get("Description") or None,
        policy=_policies.document(document),
        _versions=sorted(versions, key=lambda version: version["CreateDate"]),
        _attached=attached,
    )


def read(aws, have, names):
    return dict(tags=_tags.as_dict(aws.pages("iam", "list_policy_tags", "Tags", PolicyArn=have["id"]))) if "tags" in names else {}


def create(aws, want):
    if want["name"] in aws.once(_names_of_amazon):
        raise Problem(f"AWS has a policy of its own named {want['name']}: whoever attaches one by its name could take the other. Choose another name")
    arguments = {member: want[option] for option, member in (("path", "Path"), ("description", "Description")) if option in want}
    if want.get("tags"):
        arguments["Tags"] = _tags.as_list(want["tags"])
    made = aws.iam.create_policy(PolicyName=want["name"], PolicyDocument=_policies.text(want["policy"]), **arguments)["Policy"]
    return dict(_have(made, dict), policy=want["policy"], description=want.get("description"), tags=want.get("tags", {}))


def _names_of_amazon(aws):
    return {policy["PolicyName"] for policy in aws.pages("iam", "list_policies", "Policies", Scope="AWS", **_iam.PAGES)}


def update(aws, have, change):
    if "policy" in change:
        # The newest version is in force; the ones before stay as the way back.
        if len(have["_versions"]) >= VERSIONS:
            aws.iam.delete_policy_version(PolicyArn=have["id"], VersionId=_oldest(have)["VersionId"])
        aws.iam.create_policy_version(PolicyArn=have["id"], PolicyDocument=_policies.text(change["policy"]), SetAsDefault=True)
    _tags.write(have, change, aws.iam.tag_policy, aws.iam.untag_policy, PolicyArn=have["id"])


def _oldest(have):
    return next(version for version in have["_versions"] if not version["IsDefaultVersion"])


def delete(aws, have):
    for version in have["_versions"]:
        if not version["IsDefaultVersion"]:
            aws.iam.delete_policy_version(PolicyArn=have["id"], VersionId=version["VersionId"])
    aws.iam.delete_policy(PolicyArn=have["id"])


def _attached(aws, arn):
    """Who has it: what → names. As permissions and as boundary, of which the second keeps a policy from being deleted too."""
    members = dict(users=("PolicyUsers", "UserName"), groups=("PolicyGroups", "GroupName"), roles=("PolicyRoles", "RoleName"))
    found = {}
    for usage in ("PermissionsPolicy", "PermissionsBoundary"):
        with aws.reading():
            pages = list(aws.iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn, PolicyUsageFilter=usage))
        for what, (result, member) in members.items():
            found.setdefault(what, set()).update(one[member] for page in pages for one in page.get(result, []))
    return found


def holders(aws, haves):
    """It is theirs to lose."""
    for have in haves:
        for what, names in have["_attached"]().items():
            yield from (Holder(have["id"], f"{what} that have it", name, ((f"iam_{what}", name),)) for name in names)


def danger(have, change):
    if "policy" in change and len(have.get("_versions", ())) >= VERSIONS:
        oldest = _oldest(have)
        which = f"{oldest['VersionId']} of {oldest['CreateDate']:%Y-%m-%d}"
        return f"has {VERSIONS} versions, as many as there can be: the oldest, {which}, would go for the new one"
    return None


def refuse(want, have, change):
    if _policies.names_principals(change.get("policy") or {}):
        raise Problem("policy names a Principal, which is whom it is attached to")
    if "policy" in change and _policies.size(change["policy"]) > LONGEST:
        raise Problem(f"policy has {_policies.size(change['policy'])} characters, and IAM takes at most {LONGEST}: make two of it")


# Characters of a managed policy, white space apart.
LONGEST = 6144


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        document = entry.get("policy") or {}
        if _policies.size(document) > LONGEST:
            yield index, "policy", "longest", dict(value="…", limit=LONGEST)
        if _policies.names_principals(document):
            yield index, "policy", "no_principal", dict(value=entry.get("name"))


KIND = Kind(
    name="iam_policies",
    identity=("name",),
    options=dict(
        name=fixed(api="CreatePolicy.PolicyName"),
        path=fixed(api="CreatePolicy.Path"),
        description=fixed(api="CreatePolicy.Description"),
        policy=_policies.policy(required=True),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    not_yet=_iam.NOT_YET,
    caseless=True,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
