# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's rule book: names, leftovers, limits, boundaries, and what each reader returns."""

from __future__ import annotations

import datetime
import json
import re

from moto.core.responses import ActionResult
from moto.core.serialize import never_return, return_if_not_empty
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import SERVICE_NAME_CONVERSION, AccountSummary, IAMBackend, ManagedPolicy, User
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random
from moto.organizations.models import organizations_backends

from .rules import Refused, RuleBook

BOOK = RuleBook("iam", invalid="ValidationError")

# IAM quotas (defaults of a new account)
ATTACHED_POLICIES = 10
GROUPS_PER_USER = 10
VERSIONS_PER_POLICY = 5


def no_such(kind, name):
    return Refused("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)


def conflict(what):
    return Refused("DeleteConflict", f"Cannot delete entity, must {what} first.", 409)


def exists(kind, name):
    return Refused("EntityAlreadyExists", f"{kind} with name {name} already exists.", 409)


def limit(what, number):
    return Refused("LimitExceeded", f"Cannot exceed quota for {what}: {number}", 409)


def role_of(iam, name):
    return next((role for role in iam.roles.values() if role.name == name), None)


# -- names ----------------------------------------------------------------------------------------


def free_name(kind, name, taken, mine=None):
    """CreateUser.UserName and its like: "Names are not distinguished by case"."""
    if name is None:
        return
    for other in taken:
        if other.lower() == name.lower() and other != mine:
            raise exists(kind, name)


@BOOK.rule("CreateUser")
def user_name_is_free(iam, UserName, **_):
    free_name("User", UserName, iam.users)


@BOOK.rule("UpdateUser")
def new_user_name_is_free(iam, UserName, NewUserName, **_):
    free_name("User", NewUserName, iam.users, mine=UserName)


@BOOK.rule("CreateGroup")
def group_name_is_free(iam, GroupName, **_):
    free_name("Group", GroupName, iam.groups)


@BOOK.rule("UpdateGroup")
def new_group_name_is_free(iam, GroupName, NewGroupName, **_):
    free_name("Group", NewGroupName, iam.groups, mine=GroupName)


@BOOK.rule("CreateRole")
def role_name_is_free(iam, RoleName, **_):
    """CreateRole, RoleName: "Names are not distinguished by case"; those of services are made by CreateServiceLinkedRole."""
    free_name("Role", RoleName, [role.name for role in iam.roles.values()])
    if RoleName.startswith("AWSServiceRoleFor"):
        message = "Cannot create a role with the prefix AWSServiceRoleFor"
        raise Refused("InvalidInput", message)


@BOOK.rule("CreateInstanceProfile")
def profile_name_is_free(iam, InstanceProfileName, **_):
    free_name("Instance Profile", InstanceProfileName, iam.instance_profiles)


@BOOK.rule("CreatePolicy")
def policy_name_is_free(iam, PolicyName, **_):
    """CreatePolicy: unique in the account whatever its path."""
    own = [one.name for arn, one in iam.managed_policies.items() if iam.account_id in arn]
    free_name("Policy", PolicyName, own)


@BOOK.patch(IAMBackend, "update_user")
def tags_and_keys_follow_the_name(original, iam, user_name, new_path=None, new_user_name=None):
    """UpdateUser: "the user's ARN changes"; everything else of the user stays (moto loses tags)."""
    user = iam.users.get(user_name)
    tags = iam.tagger.get_tag_dict_for_resource(user.arn) if user else {}
    if user:
        iam.tagger.delete_all_tags_for_resource(user.arn)
    original(iam, user_name, new_path, new_user_name)
    iam.tagger.tag_resource(user.arn, [{"Key": k, "Value": v} for k, v in tags.items()])
    for key in user.access_keys:
        key.user_name = user.name


@BOOK.after("UpdateGroup")
def a_new_path_alone_counts(iam, GroupName, NewGroupName, NewPath, **_):
    """UpdateGroup.NewPath (moto looks at it only together with a new name)."""
    if NewPath:
        iam.groups[NewGroupName or GroupName].path = NewPath


# -- leftovers ------------------------------------------------------------------------------------


@BOOK.rule("DeleteUser")
def nothing_may_be_left_of_a_user(iam, UserName, **_):
    """DeleteUser: "you must delete the items attached to the user manually, or the deletion fails":
    password, access keys, certificates, SSH keys, service credentials, MFA, policies, groups.
    """
    user = iam.users.get(UserName)
    if user is None:
        return
    credentials = vars(iam).get("service_specific", {}).values()
    leftovers = {
        "remove users from group": any(user in group.users for group in iam.groups.values()),
        "delete login profile": user.password,
        "delete access keys": user.access_keys,
        "deactivate MFA device": user.mfa_devices,
        "delete SSH public keys": user.ssh_public_keys,
        "delete signing certificates": user.signing_certificates,
        "delete service specific credentials": [c for c in credentials if c["UserName"] == UserName],
        "detach all policies": user.managed_policies,
        "delete policies": user.policies,
    }
    for what, left in leftovers.items():
        if left:
            raise conflict(what)


@BOOK.rule("DeleteGroup")
def nothing_may_be_left_of_a_group(iam, GroupName, **_):
    """DeleteGroup: "The group must not contain any users or have any attached policies"."""
    group = iam.groups.get(GroupName)
    if group is None:
        return
    if group.users:
        raise conflict("remove users from group")
    if group.managed_policies:
        raise conflict("detach all policies")
    if group.policies:
        raise conflict("delete policies")


@BOOK.rule("DeletePolicy")
def a_policy_in_use_stays(iam, PolicyArn, **_):
    """DeletePolicy: detach it everywhere and delete all versions but the default one before."""
    policy = iam.managed_policies.get(PolicyArn)
    if policy is None:
        return
    if PolicyArn.split(":")[4] == "aws":
        raise Refused("AccessDenied", f"Cannot delete an AWS managed policy: {PolicyArn}", 403)
    if policy.attachment_count or bounded(iam, PolicyArn):
        message = "Cannot delete a policy attached to entities."
        raise Refused("DeleteConflict", message, 409)
    if len(policy.versions) > 1:
        message = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        raise Refused("DeleteConflict", message, 409)


def bounded(iam, arn):
    entities = [*iam.roles.values(), *iam.users.values()]
    return any(vars(one).get("permissions_boundary_arn") == arn for one in entities)


@BOOK.rule("CreatePolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion", "TagPolicy")
def amazons_policies_are_amazons(_iam, PolicyArn, **_):
    """IAM guide, "Managed policies and inline policies": "You cannot change the permissions defined in AWS managed policies"."""
    if PolicyArn.split(":")[4] == "aws":
        raise Refused("AccessDenied", f"Cannot change an AWS managed policy: {PolicyArn}", 403)


@BOOK.rule("RemoveRoleFromInstanceProfile")
def only_what_is_in_it_is_removed(iam, InstanceProfileName, RoleName, **_):
    """RemoveRoleFromInstanceProfile: NoSuchEntityException, "it referenced a resource entity that does not exist"."""
    profile = iam.instance_profiles.get(InstanceProfileName)
    if profile is not None and RoleName not in [role.name for role in profile.roles]:
        raise no_such("Role in the Instance Profile", RoleName)


# -- attaching ------------------------------------------------------------------------------------


@BOOK.patch(ManagedPolicy, "attach_to")
def attaching_twice_counts_once(original, policy, entity):
    """AttachRolePolicy and its like: attaching what is attached changes nothing."""
    if policy.arn not in entity.managed_policies:
        original(policy, entity)


def room_for_policy(entity, arn, kind):
    if entity is None or arn in entity.managed_policies:
        return
    if len(entity.managed_policies) >= ATTACHED_POLICIES:
        raise limit(f"PoliciesPer{kind}", ATTACHED_POLICIES)


@BOOK.rule("AttachRolePolicy")
def room_on_the_role(iam, RoleName, PolicyArn, **_):
    room_for_policy(role_of(iam, RoleName), PolicyArn, "Role")


@BOOK.rule("AttachUserPolicy")
def room_on_the_user(iam, UserName, PolicyArn, **_):
    room_for_policy(iam.users.get(UserName), PolicyArn, "User")


@BOOK.rule("AttachGroupPolicy")
def room_on_the_group(iam, GroupName, PolicyArn, **_):
    room_for_policy(iam.groups.get(GroupName), PolicyArn, "Group")


# IAM quotas: characters of policies, "IAM doesn't count white space when calculating the size of a policy"
MANAGED_SIZE, TRUST_SIZE = 6144, 2048
INLINE_SIZES = {"User": 2048, "Role": 10240, "Group": 5120}


def size_of(text):
    return len(re.sub(r"\s", "", text if isinstance(text, str) else json.dumps(text)))


@BOOK.rule("CreatePolicy", "CreatePolicyVersion")
def a_managed_policy_is_short(_iam, PolicyDocument, **_):
    """IAM quotas: "managed policies: the size of each managed policy cannot exceed 6,144 characters"."""
    if size_of(PolicyDocument) > MANAGED_SIZE:
        raise limit("PolicySize", MANAGED_SIZE)


@BOOK.rule("CreateRole", "UpdateAssumeRolePolicy")
def a_trust_policy_is_short(_iam, **given):
    """IAM quotas: "Role trust policy length: 2048 characters" (can be raised to 4096)."""
    if size_of(given.get("AssumeRolePolicyDocument") or given.get("PolicyDocument") or "") > TRUST_SIZE:
        raise limit("ACLSizePerRole", TRUST_SIZE)


def inline_policies_are_short(kind, entity, name, document):
    """IAM quotas: "inline policies: the total aggregate policy size (the sum size of all inline policies) per entity"."""
    if entity is None:
        return
    others = entity.policies.items() if isinstance(entity.policies, dict) else []
    total = size_of(document) + sum(size_of(text) for other, text in others if other != name)
    if total > INLINE_SIZES[kind]:
        message = f"Maximum policy size of {INLINE_SIZES[kind]} bytes exceeded for {kind.lower()} {entity.name}"
        raise Refused("LimitExceeded", message, 409)


@BOOK.rule("PutUserPolicy")
def inline_policies_of_a_user(iam, UserName, PolicyName, PolicyDocument, **_):
    inline_policies_are_short("User", iam.users.get(UserName), PolicyName, PolicyDocument)


@BOOK.rule("PutRolePolicy")
def inline_policies_of_a_role(iam, RoleName, PolicyName, PolicyDocument, **_):
    inline_policies_are_short("Role", role_of(iam, RoleName), PolicyName, PolicyDocument)


@BOOK.rule("PutGroupPolicy")
def inline_policies_of_a_group(iam, GroupName, PolicyName, PolicyDocument, **_):
    inline_policies_are_short("Group", iam.groups.get(GroupName), PolicyName, PolicyDocument)


@BOOK.rule("CreatePolicy", "CreatePolicyVersion", "PutUserPolicy", "PutRolePolicy", "PutGroupPolicy")
def whose_it_is_needs_no_saying(_iam, PolicyDocument, **_):
    """IAM guide, Principal: "You cannot use the Principal element in an identity-based policy"."""
    try:
        statements = as_list(json.loads(PolicyDocument).get("Statement", []))
    except (ValueError, AttributeError):
        return  # moto tells what is no policy at all
    if any({"Principal", "NotPrincipal"} & set(one) for one in statements if isinstance(one, dict)):
        raise Refused("MalformedPolicyDocument", "Policy document should not specify a principal.")


@BOOK.rule("AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary")
def a_linked_role_is_its_services(iam, RoleName, **_):
    """IAM guide, service-linked roles: "can't be edited ... except for its description"; UnmodifiableEntity."""
    role = role_of(iam, RoleName)
    if role is not None and role._linked_service:
        message = f"Cannot perform the operation on the protected role '{RoleName}' - this role is only modifiable by AWS"
        raise Refused("UnmodifiableEntity", message)


@BOOK.rule("AddUserToGroup")
def room_for_groups(iam, UserName, GroupName, **_):
    """IAM quotas: "IAM groups an IAM user can be a member of: 10"."""
    user, group = iam.users.get(UserName), iam.groups.get(GroupName)
    if user is None or group is None or user in group.users:
        return
    if len([one for one in iam.groups.values() if user in one.users]) >= GROUPS_PER_USER:
        raise limit("GroupsPerUser", GROUPS_PER_USER)


# -- roles ----------------------------------------------------------------------------------------


@BOOK.rule("CreateRole", "UpdateAssumeRolePolicy")
def the_trust_policy_is_sound(iam, **given):
    """CreateRole.AssumeRolePolicyDocument: MalformedPolicyDocument, also for a principal of this
    account that does not exist.
    """
    document = given.get("AssumeRolePolicyDocument") or given.get("PolicyDocument")
    try:
        IAMTrustPolicyDocumentValidator(document).validate()
    except MalformedPolicyDocument as error:
        raise Refused("MalformedPolicyDocument", error.message) from None
    for arn in principals(json.loads(document)):
        if not principal_exists(iam, arn):
            raise Refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def principals(document):
    for statement in as_list(document.get("Statement", [])):
        principal = statement.get("Principal", {})
        if isinstance(principal, dict):
            yield from as_list(principal.get("AWS", []))


def as_list(value):
    return value if isinstance(value, list) else [value]


def principal_exists(iam, arn):
    match = re.fullmatch(rf"arn:[^:]+:iam::{iam.account_id}:(role|user)/(?:.*/)?([^/]+)", arn)
    if match is None:
        return True  # another account's, the root, a bare account, a star
    kind, name = match.groups()
    return bool(role_of(iam, name)) if kind == "role" else name in iam.users


@BOOK.patch(IAMBackend, "update_role")
def an_omitted_duration_is_an_hour(original, iam, role_name, description, duration):
    """UpdateRole.MaxSessionDuration: "If you do not specify a value for this setting, the default
    value of one hour is applied." An omitted description stays.
    """
    role = iam.get_role(role_name)
    description = role.description if description is None else description
    return original(iam, role_name, description, duration or 3600)


# The name that a service's role has at AWS, where moto's is spelt another way.
SERVICE_NAME_CONVERSION.update(config="Config")


@BOOK.rule("CreateServiceLinkedRole")
def a_service_has_one_linked_role(iam, AWSServiceName, CustomSuffix, **_):
    """CreateServiceLinkedRole: InvalidInput when the service has its role already."""
    if not CustomSuffix and any(role._linked_service == AWSServiceName for role in iam.roles.values()):
        raise Refused("InvalidInput", "Service role name has been taken in this account, please try a different suffix.")


@BOOK.rule("DeleteRole")
def a_linked_role_is_not_deleted_like_others(iam, RoleName, **_):
    """UnmodifiableEntityException: "Only the service that depends on the service-linked role can modify or delete the role"."""
    role = role_of(iam, RoleName)
    if role is not None and role._linked_service:
        message = f"Cannot perform the operation on the protected role '{RoleName}'"
        raise Refused("UnmodifiableEntity", message)


# -- permissions boundaries -----------------------------------------------------------------------


@BOOK.rule("PutRolePermissionsBoundary", "CreateRole", "CreateUser")
def the_boundary_exists(iam, PermissionsBoundary, **_):
    """PutRolePermissionsBoundary.PermissionsBoundary: the ARN of a managed policy."""
    if PermissionsBoundary and PermissionsBoundary not in iam.managed_policies:
        message = f"Scope ARN: {PermissionsBoundary} does not exist or is not attachable."
        raise Refused("NoSuchEntity", message, 404)


@BOOK.after("CreateUser")
def a_new_user_has_its_boundary(iam, UserName, PermissionsBoundary, **_):
    if PermissionsBoundary:
        iam.users[UserName].permissions_boundary_arn = PermissionsBoundary


@BOOK.adds("PutUserPermissionsBoundary")
def put_user_permissions_boundary(iam, UserName, PermissionsBoundary, **_):
    """PutUserPermissionsBoundary."""
    user = existing_user(iam, UserName)
    the_boundary_exists(iam, PermissionsBoundary)
    user.permissions_boundary_arn = PermissionsBoundary


@BOOK.adds("DeleteUserPermissionsBoundary")
def delete_user_permissions_boundary(iam, UserName, **_):
    """DeleteUserPermissionsBoundary: NoSuchEntity when there is none."""
    user = existing_user(iam, UserName)
    if not vars(user).get("permissions_boundary_arn"):
        raise no_such("permissions boundary of user", UserName)
    user.permissions_boundary_arn = None


@BOOK.rule("DeleteRolePermissionsBoundary")
def there_is_a_boundary_to_delete(iam, RoleName, **_):
    """DeleteRolePermissionsBoundary: NoSuchEntityException, "it referenced a resource entity that does not exist"."""
    role = role_of(iam, RoleName)
    if role is not None and not role.permissions_boundary_arn:
        raise no_such("permissions boundary of role", RoleName)


def existing_user(iam, name):
    if name not in iam.users:
        raise Refused("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
    return iam.users[name]


def boundary_of(user):
    arn = vars(user).get("permissions_boundary_arn")
    kind = "PermissionsBoundaryPolicy"
    return {"PermissionsBoundaryType": kind, "PermissionsBoundaryArn": arn} if arn else None


User.permissions_boundary = property(boundary_of)


# -- passwords ------------------------------------------------------------------------------------


@BOOK.rule("CreateLoginProfile", "UpdateLoginProfile")
def the_password_keeps_the_policy(iam, Password, **_):
    """PasswordPolicyViolation; without an account policy: 8 characters, three kinds of four."""
    if Password is None:
        return
    kinds = {
        "RequireUppercaseCharacters": re.search(r"[A-Z]", Password),
        "RequireLowercaseCharacters": re.search(r"[a-z]", Password),
        "RequireNumbers": re.search(r"[0-9]", Password),
        "RequireSymbols": re.search(r"[^A-Za-z0-9]", Password),
    }
    policy = iam.account_password_policy
    if policy is None:
        sound = len(Password) >= 8 and len([k for k in kinds.values() if k]) >= 3
    else:
        wanted = {
            "RequireUppercaseCharacters": policy.require_uppercase_characters,
            "RequireLowercaseCharacters": policy.require_lowercase_characters,
            "RequireNumbers": policy.require_numbers,
            "RequireSymbols": policy.require_symbols,
        }
        sound = len(Password) >= int(policy.minimum_password_length)
        sound = sound and all(kinds[name] for name, needed in wanted.items() if needed)
    if not sound:
        message = "Password does not conform to the account password policy."
        raise Refused("PasswordPolicyViolation", message)


@BOOK.after("CreateLoginProfile")
def a_first_password_may_have_to_change(iam, UserName, PasswordResetRequired, **_):
    iam.users[UserName].password_reset_required = bool(PasswordResetRequired)


@BOOK.patch(IAMBackend, "update_login_profile")
def unnamed_parts_of_a_login_stay(original, iam, user_name, password, reset_required):
    """UpdateLoginProfile: only what is named changes."""
    user = iam.users.get(user_name)
    if user is not None and user.password:
        password = user.password if password is None else password
        kept = user.password_reset_required
        reset_required = kept if reset_required is None else reset_required
    return original(iam, user_name, password, reset_required)


# -- tags -----------------------------------------------------------------------------------------


def tags_are_sound(_iam, Tags, **_):
    """Tagging IAM resources: keys are unique regardless of case, aws: is reserved, 50 at most."""
    keys = [tag["Key"].lower() for tag in Tags or []]
    if len(set(keys)) < len(keys):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise Refused("InvalidInput", message)
    if any(key.startswith("aws:") for key in keys):
        raise Refused("InvalidInput", "Tag keys must not begin with the reserved prefix aws:")


for _operation in ("User", "Role", "Policy", "InstanceProfile"):
    BOOK.rule(f"Create{_operation}", f"Tag{_operation}")(tags_are_sound)

TAGS = 50


def tags_are_few(thing, given):
    """IAM quotas: "Tags that can be attached to" a role, user, managed policy or instance profile: 50, with those that it has."""
    if thing is None:
        return
    now = thing if isinstance(thing, dict) else {tag["Key"]: tag["Value"] for tag in thing}
    if len({*(key.lower() for key in now), *(tag["Key"].lower() for tag in given or [])}) > TAGS:
        raise limit("TagsPerResource", TAGS)


@BOOK.rule("TagUser")
def tags_of_a_user_are_few(iam, UserName, Tags, **_):
    user = iam.users.get(UserName)
    tags_are_few(user and iam.tagger.get_tag_dict_for_resource(user.arn), Tags)


@BOOK.rule("TagRole")
def tags_of_a_role_are_few(iam, RoleName, Tags, **_):
    role = role_of(iam, RoleName)
    tags_are_few(role and role.tags, Tags)


@BOOK.adds("ListInstanceProfileTags")
def list_instance_profile_tags(iam, InstanceProfileName, **_):
    """ListInstanceProfileTags."""
    if InstanceProfileName not in iam.instance_profiles:
        raise no_such("Instance Profile", InstanceProfileName)
    tags = iam.instance_profiles[InstanceProfileName].tags
    return {"Tags": sorted(tags, key=lambda tag: tag["Key"]), "IsTruncated": False}


# -- service-specific credentials -----------------------------------------------------------------


@BOOK.adds("CreateServiceSpecificCredential")
def create_service_specific_credential(iam, UserName, ServiceName, **_):
    """CreateServiceSpecificCredential: at most two of a service for a user."""
    existing_user(iam, UserName)
    kept = vars(iam).setdefault("service_specific", {})
    mine = [c for c in kept.values() if (c["UserName"], c["ServiceName"]) == (UserName, ServiceName)]
    if len(mine) >= 2:
        raise limit("ServiceSpecificCredentialsPerUser", 2)
    identity = f"ACCA{mock_random.get_random_string(17).upper()}"
    kept[identity] = {
        "CreateDate": datetime.datetime.now(datetime.UTC),
        "ServiceName": ServiceName,
        "ServiceUserName": f"{UserName}-at-{iam.account_id}",
        "UserName": UserName,
        "ServiceSpecificCredentialId": identity,
        "Status": "Active",
    }
    secret = {"ServicePassword": mock_random.get_random_string(40)}
    return {"ServiceSpecificCredential": {**kept[identity], **secret}}


@BOOK.adds("ListServiceSpecificCredentials")
def list_service_specific_credentials(iam, UserName, ServiceName, **_):
    """ListServiceSpecificCredentials."""
    kept = vars(iam).get("service_specific", {}).values()
    found = [c for c in kept if c["UserName"] == UserName]
    if ServiceName:
        found = [c for c in found if c["ServiceName"] == ServiceName]
    return {"ServiceSpecificCredentials": found}


@BOOK.adds("DeleteServiceSpecificCredential")
def delete_service_specific_credential(iam, ServiceSpecificCredentialId, **_):
    """DeleteServiceSpecificCredential."""
    credential(iam, ServiceSpecificCredentialId)
    del iam.service_specific[ServiceSpecificCredentialId]


@BOOK.adds("UpdateServiceSpecificCredential")
def update_service_specific_credential(iam, ServiceSpecificCredentialId, Status, **_):
    """UpdateServiceSpecificCredential."""
    credential(iam, ServiceSpecificCredentialId)["Status"] = Status


def credential(iam, identity):
    kept = vars(iam).get("service_specific", {})
    if identity not in kept:
        raise no_such("service specific credential", identity)
    return kept[identity]


# -- what readers return --------------------------------------------------------------------------


@BOOK.patch(IAMBackend, "get_account_authorization_details")
def details_of_policies_in_use(original, iam, policy_filter):
    """GetAccountAuthorizationDetails: of Amazon's own policies only those that are in use."""
    found = original(iam, policy_filter)
    policies = [p for p in found["managed_policies"] if p.attachment_count or not of_amazon(p)]
    return {**found, "managed_policies": sorted(policies, key=lambda policy: policy.arn)}


def of_amazon(policy):
    return policy.arn.split(":")[4] == "aws"


@BOOK.patch(IamResponse, "list_entities_for_policy")
def those_bounded_by_it(original, response):
    """ListEntitiesForPolicy.PolicyUsageFilter: "To list only the permissions boundaries ... set to PermissionsBoundary"."""
    if response._get_param("PolicyUsageFilter") != "PermissionsBoundary":
        return original(response)
    arn, iam = response._get_param("PolicyArn"), response.backend
    users, roles = ([one for one in things.values() if vars(one).get("permissions_boundary_arn") == arn] for things in (iam.users, iam.roles))
    return ActionResult({"PolicyUsers": users, "PolicyRoles": roles, "PolicyGroups": [], "IsTruncated": False})


# ManagedPolicyDetail has PolicyName and PolicyId, which moto's own spelling of these leaves out.
ManagedPolicy.policy_name = property(lambda policy: policy.name)
ManagedPolicy.policy_id = property(lambda policy: policy.id)

# "IAM resource-listing operations return a subset of the available attributes for the resource."
IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = {
    **IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER,
    "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
    "GetGroupResponse.Users.User.PermissionsBoundary": never_return,
    "GetGroupResponse.Users.User.Tags": never_return,
    "ListInstanceProfilesResponse.InstanceProfiles.InstanceProfile.Tags": never_return,
    "ListInstanceProfilesForRoleResponse.InstanceProfiles.InstanceProfile.Tags": never_return,
    "GetUserResponse.User.PermissionsBoundary": return_if_not_empty,
}


# -- the root user --------------------------------------------------------------------------------

# Who signs: the root user himself, or a session of AssumeRoot for one task. (A key id AKIA<account>XXXX is of that account.)
AS_ROOT = re.compile(r"AKIA\d{12}(ROOT|AUDI|DELE)")
ROOT, AUDIT, DELETE = "ROOT", "AUDI", "DELE"
NO_SUCH_KEY = "The Access Key with id {} cannot be found."


def root_keys(iam):
    return vars(iam).setdefault("root_keys", {})


def as_root(response, *allowed):
    """Whether the root user signs, or a session of his whose task policy lets it through; AccessDenied for other sessions."""
    match = AS_ROOT.fullmatch(response.get_access_key() or "")
    if match and match[1] not in allowed:
        raise Refused("AccessDenied", "User is not authorized to perform this action with an explicit deny in a session policy", 403)
    return bool(match)


@BOOK.patch(IamResponse, "list_access_keys")
def list_own_keys(original, response):
    """ListAccessKeys: "If the UserName is not specified, the user name is determined implicitly based on the ... access key ID used to sign"."""
    if response._get_param("UserName") or not as_root(response, ROOT, AUDIT, DELETE):
        return original(response)
    keys = [{"AccessKeyId": key, "Status": found["status"], "CreateDate": found["created"]} for key, found in root_keys(response.backend).items()]
    return ActionResult({"AccessKeyMetadata": keys, "IsTruncated": False})


@BOOK.patch(IamResponse, "create_access_key")
def create_own_key(original, response):
    if response._get_param("UserName") or not as_root(response, ROOT):
        return original(response)
    key = f"AKIA{response.backend.account_id}{mock_random.get_random_hex(4).upper()}"
    root_keys(response.backend)[key] = {"status": "Active", "created": datetime.datetime(2020, 4, 1, tzinfo=datetime.UTC), "used": None}
    told = {"UserName": "root", "AccessKeyId": key, "Status": "Active", "SecretAccessKey": mock_random.get_random_hex(40)}
    return ActionResult({"AccessKey": told})


@BOOK.patch(IamResponse, "delete_access_key")
def delete_own_key(original, response):
    """DeleteAccessKey without a user: "This operation works for access keys under the Amazon Web Services account"."""
    if response._get_param("UserName") or not as_root(response, ROOT, DELETE):
        return original(response)
    key = response._get_param("AccessKeyId")
    if key not in root_keys(response.backend):
        raise Refused("NoSuchEntity", NO_SUCH_KEY.format(key), 404)
    del root_keys(response.backend)[key]
    return ActionResult({})


@BOOK.patch(IamResponse, "get_access_key_last_used")
def own_key_last_used(original, response):
    key = response._get_param("AccessKeyId")
    if key not in root_keys(response.backend) or not as_root(response, ROOT, AUDIT, DELETE):
        return original(response)
    used = root_keys(response.backend)[key]["used"]
    told = {"ServiceName": "N/A", "Region": "N/A"}
    if used:
        told = {"LastUsedDate": used, "ServiceName": root_keys(response.backend)[key]["service"], "Region": "us-east-1"}
    return ActionResult({"AccessKeyLastUsed": told})


@BOOK.patch(IamResponse, "enable_mfa_device")
def enable_own_mfa(original, response):
    if not as_root(response, ROOT):
        return original(response)
    response.backend.root_mfa = response._get_param("SerialNumber")
    return ActionResult({})


@BOOK.patch(IamResponse, "delete_login_profile")
def delete_own_password(original, response):
    """DeleteLoginProfile: "If no user name is included, it defaults to the principal making the request", of the root user in "an AssumeRoot session"."""
    if response._get_param("UserName") or not as_root(response, DELETE):
        return original(response)
    response.backend.root_password = False
    return ActionResult({})


@BOOK.patch(AccountSummary, "summary_map")
def what_the_summary_tells_of_root(original, summary):
    """GetAccountSummary: AccountAccessKeysPresent, AccountMFAEnabled and AccountPasswordPresent are 0 or 1."""
    iam = vars(summary._iam_backend)
    told = dict(AccountAccessKeysPresent=iam.get("root_keys"), AccountMFAEnabled=iam.get("root_mfa"), AccountPasswordPresent=iam.get("root_password", True))
    return {**original(summary), **{key: int(bool(value)) for key, value in told.items()}}


@BOOK.patch(IAMBackend, "get_credential_report")
def the_report_begins_with_root(original, iam):
    """Credential reports (IAM guide): "<root_account>" is the first row; what was never used is N/A."""
    header, dummy, users = original(iam).partition("\n")
    row = dict.fromkeys(header.split(","), "N/A")
    row.update(user="<root_account>", arn=f"arn:aws:iam::{iam.account_id}:root", access_key_1_active="false", access_key_2_active="false")
    for number, key in enumerate(list(vars(iam).get("root_keys", {}).values())[:2], 1):
        row[f"access_key_{number}_active"] = str(key["status"] == "Active").lower()
        if key["used"]:
            row[f"access_key_{number}_last_used_date"], row[f"access_key_{number}_last_used_service"] = key["used"].isoformat(), key["service"]
    return "\n".join([header, ",".join(row.values()), users])


# -- centralized root access ----------------------------------------------------------------------


def organization_of(iam):
    """The backend of the organization in which this account is the manager, or has IAM delegated to it."""
    backends = [one["aws"] for one in dict.values(organizations_backends) if "aws" in one and one["aws"].org]
    for one in backends:
        members = [account.id for account in one.accounts]
        if iam.account_id in members and one.account_id == one.org.master_account_id:
            break
    else:
        raise Refused("OrganizationNotFoundException", "The account is not a member of an organization", 404)
    delegated = [admin.account.id for admin in one.admins if IAM_PRINCIPAL in admin.services]
    if iam.account_id not in (one.account_id, *delegated):
        raise Refused("AccountNotManagementOrDelegatedAdministratorException", "The account is neither the management account nor a delegated administrator")
    if one.org.feature_set != "ALL":
        raise Refused("OrganizationNotInAllFeaturesModeException", "All features must be enabled in the organization", 409)
    if IAM_PRINCIPAL not in [service["ServicePrincipal"] for service in one.services]:
        raise Refused("ServiceAccessNotEnabledException", "Trusted access for IAM is not enabled", 409)
    return one


IAM_PRINCIPAL = "iam.amazonaws.com"


def features_of(organization):
    return vars(organization).setdefault("root_features", [])


def told_of(organization):
    return {"OrganizationId": organization.org.id, "EnabledFeatures": list(features_of(organization))}


@BOOK.adds("ListOrganizationsFeatures")
def list_organizations_features(iam, **_):
    """ListOrganizationsFeatures."""
    return told_of(organization_of(iam))


@BOOK.adds("EnableOrganizationsRootCredentialsManagement")
def enable_root_credentials_management(iam, **_):
    """EnableOrganizationsRootCredentialsManagement: CallerIsNotManagementAccountException."""
    organization = organization_of(iam)
    if iam.account_id != organization.account_id:
        raise Refused("CallerIsNotManagementAccountException", "Only the management account can enable this")
    if "RootCredentialsManagement" not in features_of(organization):
        features_of(organization).append("RootCredentialsManagement")
    return told_of(organization)
