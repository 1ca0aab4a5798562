# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users, groups, roles and instance profiles have in common. IAM knows them by their names, which are their ids here.

Private to the collection. IAM has the same operations for each of them under a name of its own, such as AttachUserPolicy and
AttachRolePolicy: the functions here are told `what` is meant, "user", "group", "role" or "instance_profile".
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _policies, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, camel, refs

# IAM answers from many places: what was just made, or what a policy just named, may not have arrived there yet.
NOT_YET = (
    r"\(NoSuchEntity\).* with name .* cannot be found",
    r"\(EntityAlreadyExists\)",
    r"\((ConcurrentModification|EntityTemporarilyUnmodifiable)",
    r"\(MalformedPolicyDocument\).*[Ii]nvalid principal",
)
# The largest page there is: an account may hold thousands of each.
PAGES = dict(PaginationConfig=dict(PageSize=1000))
# Options that go with the creation itself, so that nothing ever exists without its boundary.
AT_CREATION = dict(path="Path", permissions_boundary="PermissionsBoundary", description="Description", max_session_duration="MaxSessionDuration")

# Managed policies on one: what every account has; an account may have been granted more.
ATTACHED = 10

# The tag of a secret that says whose console password it holds, and how long one is at least; a password policy may ask for more.
HOLDS = "LoginProfileUser"
LENGTH = 20


def policies() -> dict[str, Option]:
    """The options for what a user, group or role may do."""
    return dict(
        # The customer's own by name, Amazon's by ARN: so one is never mistaken for the other.
        managed_policies=refs("iam_policies", elsewhere=True),
        inline_policies=_policies.policies(clearable=True),
    )


def details(aws: Aws, what: str) -> list[dict[str, Any]]:
    """All users, groups or roles with the policies on them, in one call per page."""
    return aws.pages("iam", "get_account_authorization_details", f"{camel(what)}DetailList", Filter=[camel(what)], **PAGES)


def users(aws: Aws) -> list[str]:
    """The names of all users."""
    return [user["UserName"] for user in aws.pages("iam", "list_users", "Users", **PAGES)]


def have(what: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The found form of the details of one, or of the answer to its creation."""
    name = found[f"{camel(what)}Name"]
    inline = found.get(f"{camel(what)}PolicyList", [])
    return dict(
        id=name,
        name=name,
        path=found["Path"],
        managed_policies=sorted(policy["PolicyArn"] for policy in found.get("AttachedManagedPolicies", [])),
        inline_policies={policy["PolicyName"]: _policies.document(policy["PolicyDocument"]) for policy in inline},
        permissions_boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        tags=_tags.as_dict(found.get("Tags")),
    )


def create(aws: Aws, what: str, want: Mapping[str, Any], **arguments: Any) -> dict[str, Any]:
    """Make one. The answer does not repeat everything that was sent with it."""
    sent = {option: want[option] for option in AT_CREATION if option in want}
    arguments.update({AT_CREATION[option]: value for option, value in sent.items()})
    if want.get("tags"):
        arguments["Tags"], sent["tags"] = _tags.as_list(want["tags"]), want["tags"]
    made = call(aws, "create_{}", what, want["name"], **arguments)[camel(what)]
    return {**have(what, made), **sent}


def update(aws: Aws, what: str, thing: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """A boundary comes before what it bounds and goes after it; policies come before those whose place they take go."""
    name, boundary = thing["id"], change.get("permissions_boundary")
    if boundary:
        call(aws, "put_{}_permissions_boundary", what, name, PermissionsBoundary=boundary)
    _update_policies(aws, what, thing, change)
    if "permissions_boundary" in change and not boundary:
        call(aws, "delete_{}_permissions_boundary", what, name)
    update_tags(aws, what, thing, change)


def _update_policies(aws: Aws, what: str, thing: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    inline, managed = _each("inline_policies", thing, change), change.get("managed_policies")
    for policy, document in inline.items():
        if document is not None:
            call(aws, "put_{}_policy", what, thing["id"], PolicyName=policy, PolicyDocument=_policies.text(document))
    for arn in managed.add if managed else ():
        call(aws, "attach_{}_policy", what, thing["id"], PolicyArn=arn)
    gone = [policy for policy, document in inline.items() if document is None]
    _remove_policies(aws, what, thing["id"], gone, managed.remove if managed else [])


def _remove_policies(aws: Aws, what: str, name: str, inline: Any, managed: Any) -> None:
    for policy in inline:
        call(aws, "delete_{}_policy", what, name, PolicyName=policy)
    for arn in managed:
        call(aws, "detach_{}_policy", what, name, PolicyArn=arn)


def update_tags(aws: Aws, what: str, thing: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    put, gone = _tags.split(thing, change)
    if put:
        call(aws, "tag_{}", what, thing["id"], Tags=_tags.as_list(put))
    if gone:
        call(aws, "untag_{}", what, thing["id"], TagKeys=gone)


def _each(option: str, thing: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a dictionary that change; taking the whole away takes each of its keys away."""
    return dict.fromkeys(thing[option]) if option in change and change[option] is None else change.get(option, {})


def delete(aws: Aws, what: str, thing: Mapping[str, Any]) -> None:
    """Take the policies off, without which IAM would not let it go, and then delete it."""
    _remove_policies(aws, what, thing["id"], thing["inline_policies"], thing["managed_policies"])
    call(aws, "delete_{}", what, thing["id"])


# Quotas that nobody can have raised: characters of all inline policies together.
INLINE = dict(user=2048, role=10240, group=5120)


def faults(what: str, entries: list, sheet: Mapping[str, Any]) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Inline policies that are longer than IAM takes, or say whose they are."""
    for index, entry in enumerate(entries):
        given = entry.get("inline_policies")
        named = {name: document for name, document in given.items() if isinstance(document, Mapping)} if isinstance(given, Mapping) else {}
        if sum(map(_policies.size, named.values())) > INLINE[what]:
            yield index, "inline_policies", "longest", dict(value=", ".join(named), limit=INLINE[what])
        for name, document in named.items():
            if _policies.names_principals(document):
                yield index, f"inline_policies.{name}", "no_principal", dict(value=name)


def refuse(what: str, want: Mapping[str, Any], thing: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """AWS would refuse these only when the user, group or role has already been made."""
    for name, document in want.get("inline_policies", {}).items():
        if _policies.names_principals(document):
            raise Problem(f"inline_policies.{name} names a Principal, which is whom it is attached to")
    if change.get("inline_policies"):
        after = {**thing.get("inline_policies", {}), **change["inline_policies"]}
        total = sum(_policies.size(document) for document in after.values() if document is not None)
        if total > INLINE[what]:
            raise Problem(f"inline_policies would have {total} characters together, and IAM takes at most {INLINE[what]} of a {what}: use managed_policies")


def warn_of_quota(aws: Aws, what: str, found: list, wanted: list | None) -> None:
    """More managed policies than IAM attaches, which it says only at the first that is too many. Whether more were granted it tells nobody for certain."""
    there = {thing["name"]: set(thing["managed_policies"]) for thing in found}
    for entry in wanted or ():
        name, said = entry.get("name") or entry["id"], entry.get("managed_policies") or {}
        now = there.get(name, set())
        after = (set(said["set"]) if "set" in said else now | set(said.get("add") or ())) - set(said.get("remove") or ())
        quota = aws.once(_quotas)[f"AttachedPoliciesPer{camel(what)}Quota"] if len(after) > ATTACHED and after - now else len(after)
        if len(after) > quota:
            remedy = "put some on a group of the user" if what == "user" else "join some into one"
            aws.warn(
                f"iam_{what}s {name}: would have {len(after)} managed policies, and IAM attaches {quota} to a {what} here "
                f"(AttachedPoliciesPer{camel(what)}Quota): {remedy}, or have the quota raised. "
                f"Attached now: {', '.join(sorted(now)) or 'none'}"
            )


def _quotas(aws: Aws) -> Mapping[str, int]:
    return aws.iam.get_account_summary()["SummaryMap"]


def danger(what: str, thing: Mapping[str, Any], change: Mapping[str, Any] | None) -> str | None:
    if not change:
        return None
    if "permissions_boundary" in change and not change["permissions_boundary"]:
        return f"would take the permissions boundary {thing['permissions_boundary']} off the {what}, and all that its policies allow takes effect"
    if thing and "path" in change:
        return f"would move the {what} from {thing['path']} to {change['path']}: its ARN changes, and policies that name the old one do not reach it"
    return None


def call(aws: Aws, operation: str, what: str, name: str, **arguments: Any) -> Any:
    """call(aws, "attach_{}_policy", "user", "alice", PolicyArn=…) is AttachUserPolicy(UserName="alice", PolicyArn=…)."""
    return getattr(aws.iam, operation.format(what))(**{f"{camel(what)}Name": name}, **arguments)


def password(aws: Aws) -> str:
    """From Secrets Manager's own source, with every class of characters that a password policy can ask for."""
    length = max(LENGTH, password_policy(aws).get("MinimumPasswordLength", LENGTH))
    return aws.secretsmanager.get_random_password(PasswordLength=length, RequireEachIncludedType=True, ExcludeCharacters="\"'`\\/ ")["RandomPassword"]


def password_policy(aws: Aws) -> Mapping[str, Any]:
    """The account's own, or nothing where it has none."""
    return (if_any(aws.iam.get_account_password_policy) or {}).get("PasswordPolicy", {})


def credential_report(aws: Aws) -> list[dict[str, str]]:
    """Of every user with a credential, and of the root user as <root_account>. IAM makes it anew every four hours at most."""
    aws.wait("credential report", lambda: aws.iam.generate_credential_report()["State"], lambda state: state == "COMPLETE", limit=120)
    return list(csv.DictReader(aws.iam.get_credential_report()["Content"].decode().splitlines()))


def if_any(look: Callable[..., Any], **arguments: Any) -> Any:
    """What a Get operation answers, or None where IAM says that there is no such thing."""
    try:
        return look(**arguments)
    except AWS_ERRORS as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return None
