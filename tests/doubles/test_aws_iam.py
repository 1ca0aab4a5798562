# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's and STS's rules: each refuses what AWS refuses, and the right thing passes."""

from __future__ import annotations

import json
import re

import pytest

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OTHER = {"aws_access_key_id": "AKIA222222222222ABCD"}


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
POLICY = document(Action="s3:ListAllMyBuckets", Resource="*")


@pytest.fixture
def iam(aws):
    return aws("iam")


def make_policy(iam, name="p", **given):
    return iam.create_policy(PolicyName=name, PolicyDocument=POLICY, **given)["Policy"]["Arn"]


def test_names_clash_regardless_of_case(iam, refused):
    iam.create_user(UserName="Ops")
    refused("EntityAlreadyExists", iam.create_user, UserName="ops")
    iam.create_user(UserName="other")
    refused("EntityAlreadyExists", iam.update_user, UserName="other", NewUserName="OPS")
    iam.create_group(GroupName="Ops")
    refused("EntityAlreadyExists", iam.create_group, GroupName="ops")
    iam.create_role(RoleName="Ops", AssumeRolePolicyDocument=TRUST)
    again = {"RoleName": "ops", "AssumeRolePolicyDocument": TRUST}
    refused("EntityAlreadyExists", iam.create_role, **again)
    iam.create_instance_profile(InstanceProfileName="Ops")
    refused("EntityAlreadyExists", iam.create_instance_profile, InstanceProfileName="ops")
    make_policy(iam, "Ops")
    refused("EntityAlreadyExists", make_policy, iam=iam, name="OPS")


def test_a_user_with_something_left_stays(iam, refused):
    iam.create_user(UserName="ops")

    def stays():
        refused("DeleteConflict", iam.delete_user, UserName="ops")

    key = iam.create_access_key(UserName="ops")["AccessKey"]["AccessKeyId"]
    stays()
    iam.delete_access_key(UserName="ops", AccessKeyId=key)
    iam.create_login_profile(UserName="ops", Password="Secret-123")
    stays()
    iam.delete_login_profile(UserName="ops")
    iam.create_group(GroupName="g")
    iam.add_user_to_group(UserName="ops", GroupName="g")
    stays()
    refused("DeleteConflict", iam.delete_group, GroupName="g")
    iam.remove_user_from_group(UserName="ops", GroupName="g")
    made = iam.create_service_specific_credential(
        UserName="ops", ServiceName="codecommit.amazonaws.com"
    )["ServiceSpecificCredential"]
    stays()
    iam.delete_service_specific_credential(
        UserName="ops", ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"]
    )
    iam.put_user_policy(UserName="ops", PolicyName="inline", PolicyDocument=POLICY)
    stays()
    iam.delete_user_policy(UserName="ops", PolicyName="inline")
    iam.delete_user(UserName="ops")
    iam.attach_group_policy(GroupName="g", PolicyArn=READ_ONLY)
    refused("DeleteConflict", iam.delete_group, GroupName="g")
    iam.detach_group_policy(GroupName="g", PolicyArn=READ_ONLY)
    iam.delete_group(GroupName="g")


def test_roles_and_profiles(iam, refused):
    role = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}
    refused("MalformedPolicyDocument", iam.create_role, RoleName="r", AssumeRolePolicyDocument="{}")
    nobody = document(Principal={"AWS": "arn:aws:iam::123456789012:role/no"}, Action="sts:AssumeRole")
    refused("MalformedPolicyDocument", iam.create_role, **{**role, "AssumeRolePolicyDocument": nobody})
    refused("ValidationError", iam.create_role, **role, MaxSessionDuration=60)
    iam.create_role(**role, Description="d", MaxSessionDuration=7200)
    iam.update_role(RoleName="r", MaxSessionDuration=5000)
    found = iam.get_role(RoleName="r")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("d", 5000)
    iam.update_role(RoleName="r", Description="e")
    found = iam.get_role(RoleName="r")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("e", 3600)
    iam.create_role(**{**role, "RoleName": "s"})
    iam.create_instance_profile(InstanceProfileName="p", Tags=[{"Key": "a", "Value": "b"}])
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    second = {"InstanceProfileName": "p", "RoleName": "s"}
    refused("LimitExceeded", iam.add_role_to_instance_profile, **second)
    refused("NoSuchEntity", iam.remove_role_from_instance_profile, **second)
    refused("DeleteConflict", iam.delete_role, RoleName="r")
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="p")
    tags = iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    iam.delete_role(RoleName="r")


def test_policies(iam, refused):
    arn = make_policy(iam)
    iam.create_user(UserName="ops")
    unknown = {"UserName": "ops", "PolicyArn": f"{arn}x"}
    refused("NoSuchEntity", iam.attach_user_policy, **unknown)
    for dummy in range(2):
        iam.attach_user_policy(UserName="ops", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.detach_user_policy(UserName="ops", PolicyArn=arn)
    refused("NoSuchEntity", iam.detach_user_policy, UserName="ops", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=POLICY, SetAsDefault=True)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    refused("AccessDenied", iam.delete_policy, PolicyArn=READ_ONLY)
    for number in range(10):
        iam.attach_user_policy(UserName="ops", PolicyArn=make_policy(iam, f"p{number}"))
    full = {"UserName": "ops", "PolicyArn": READ_ONLY}
    refused("LimitExceeded", iam.attach_user_policy, **full)


def test_boundaries(iam, refused):
    arn = make_policy(iam)
    refused("NoSuchEntity", iam.create_user, UserName="ops", PermissionsBoundary=f"{arn}x")
    iam.create_user(UserName="ops", PermissionsBoundary=arn)
    found = iam.get_user(UserName="ops")["User"]["PermissionsBoundary"]
    assert found["PermissionsBoundaryArn"] == arn
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName="ops")
    assert "PermissionsBoundary" not in iam.get_user(UserName="ops")["User"]
    refused("NoSuchEntity", iam.delete_user_permissions_boundary, UserName="ops")
    iam.put_user_permissions_boundary(UserName="ops", PermissionsBoundary=READ_ONLY)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    bad = {"RoleName": "r", "PermissionsBoundary": f"{arn}x"}
    refused("NoSuchEntity", iam.put_role_permissions_boundary, **bad)
    refused("NoSuchEntity", iam.delete_role_permissions_boundary, RoleName="r")


def test_passwords(iam, refused):
    for bad in ({"MinimumPasswordLength": 5}, {"MaxPasswordAge": 1096}, {"PasswordReusePrevention": 25}):
        refused("ValidationError", iam.update_account_password_policy, **bad)
    iam.create_user(UserName="ops")
    short = {"UserName": "ops", "Password": "secret"}
    refused("PasswordPolicyViolation", iam.create_login_profile, **short)
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)
    weak = {"UserName": "ops", "Password": "Secret1234567890"}
    refused("PasswordPolicyViolation", iam.create_login_profile, **weak)
    good = {"UserName": "ops", "Password": "Secret-1234567890"}
    iam.create_login_profile(**good, PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="ops")["LoginProfile"]["PasswordResetRequired"]
    refused("EntityAlreadyExists", iam.create_login_profile, **good)
    iam.update_login_profile(UserName="ops", PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName="ops")["LoginProfile"]["PasswordResetRequired"]


def test_renaming_a_user_keeps_all(iam):
    iam.create_user(UserName="ops", Tags=[{"Key": "a", "Value": "b"}])
    iam.update_user(UserName="ops", NewUserName="ops2", NewPath="/x/")
    found = iam.get_user(UserName="ops2")["User"]
    assert (found["Path"], found["Tags"]) == ("/x/", [{"Key": "a", "Value": "b"}])


def test_bulk_reader_is_complete_and_lists_are_not(iam):
    arn = make_policy(iam)
    tags = [{"Key": "a", "Value": "b"}]
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="inline", PolicyDocument=POLICY)
    iam.create_user(UserName="u", Tags=tags, PermissionsBoundary=arn)
    iam.put_user_policy(UserName="u", PolicyName="inline", PolicyDocument=POLICY)
    iam.attach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.create_role(
        RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags, PermissionsBoundary=arn
    )
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=POLICY)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    details = iam.get_account_authorization_details()
    user, role = details["UserDetailList"][0], details["RoleDetailList"][0]
    assert (user["Tags"], user["GroupList"]) == (tags, ["g"])
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert user["UserPolicyList"][0]["PolicyDocument"] == json.loads(POLICY)
    assert user["AttachedManagedPolicies"][0]["PolicyArn"] == READ_ONLY
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert (role["Tags"], role["RolePolicyList"][0]["PolicyName"]) == (tags, "inline")
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert role["AttachedManagedPolicies"][0]["PolicyArn"] == arn
    assert role["InstanceProfileList"][0]["InstanceProfileName"] == "p"
    assert details["GroupDetailList"][0]["GroupPolicyList"][0]["PolicyName"] == "inline"
    assert {one["Arn"] for one in details["Policies"]} == {arn, READ_ONLY}
    for listed in (iam.list_roles()["Roles"][0], iam.list_users()["Users"][0]):
        assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & set(listed)


def test_tags(iam, refused):
    both = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    refused("InvalidInput", iam.create_user, UserName="u", Tags=both)
    reserved = [{"Key": "aws:x", "Value": "1"}]
    refused("InvalidInput", iam.create_user, UserName="u", Tags=reserved)


def test_assuming_roles(iam, aws, refused, double):
    sts = aws("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    assert aws("sts", **OTHER).get_caller_identity()["Account"] == "222222222222"
    trust = document(
        Principal={"AWS": "arn:aws:iam::123456789012:root"},
        Action="sts:AssumeRole",
        Condition={"StringEquals": {"sts:ExternalId": "e1"}},
    )
    made = aws("iam", **OTHER).create_role(RoleName="msp", AssumeRolePolicyDocument=trust)
    wanted = {"RoleArn": made["Role"]["Arn"], "RoleSessionName": "run"}
    refused("AccessDenied", sts.assume_role, **wanted)
    refused("AccessDenied", sts.assume_role, **wanted, ExternalId="e2")
    refused("AccessDenied", sts.assume_role, **{**wanted, "RoleArn": f"{wanted['RoleArn']}x"})
    before = double.state()
    answer = sts.assume_role(**wanted, ExternalId="e1")["Credentials"]
    refused("ValidationError", sts.assume_role, **wanted, ExternalId="e1", DurationSeconds=7200)
    assert double.state() == before
    keys = {"aws_access_key_id": answer["AccessKeyId"], "aws_session_token": answer["SessionToken"]}
    keys["aws_secret_access_key"] = answer["SecretAccessKey"]
    identity = aws("sts", **keys).get_caller_identity()
    assert identity["Account"] == "222222222222"
    assert identity["Arn"] == "arn:aws:sts::222222222222:assumed-role/msp/run"
    aws("iam", **keys).create_group(GroupName="there")
    assert iam.list_groups()["Groups"] == []


def of_size(size, **more):
    """A policy of that many characters without white space."""
    base = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::"], **more}]}
    left = size - len(re.sub(r"\s", "", json.dumps(base)))
    base["Statement"][0]["Resource"][0] += "x" * left
    return json.dumps(base, indent=8)


def test_sizes_of_policies(aws, refused):
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trusting = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_user(UserName="u")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting)
    iam.create_group(GroupName="g")
    refused("LimitExceeded", iam.create_policy, PolicyName="p", PolicyDocument=of_size(6145))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=of_size(6144))["Policy"]["Arn"]
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=of_size(6145))
    for put, whose, most in (
        (iam.put_user_policy, {"UserName": "u"}, 2048),
        (iam.put_role_policy, {"RoleName": "r"}, 10240),
        (iam.put_group_policy, {"GroupName": "g"}, 5120),
    ):
        refused("LimitExceeded", put, **whose, PolicyName="a", PolicyDocument=of_size(most + 1))
        put(**whose, PolicyName="a", PolicyDocument=of_size(most - 200))
        refused("LimitExceeded", put, **whose, PolicyName="b", PolicyDocument=of_size(201))
        put(**whose, PolicyName="b", PolicyDocument=of_size(200))
        put(**whose, PolicyName="a", PolicyDocument=of_size(most - 200))
        refused("MalformedPolicyDocument", put, **whose, PolicyName="b", PolicyDocument=of_size(150, Principal="*"))
    long = json.dumps({"Version": "2012-10-17", "Statement": [{**trust, "Condition": {"StringEquals": {"aws:PrincipalTag/a": "x" * 2048}}}]})
    refused("LimitExceeded", iam.create_role, RoleName="long", AssumeRolePolicyDocument=long)
    refused("LimitExceeded", iam.update_assume_role_policy, RoleName="r", PolicyDocument=long)


def test_roles_of_services_and_tags(aws, refused):
    iam = aws("iam")
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    own = {"RoleName": "AWSServiceRoleForAutoScaling"}
    refused("UnmodifiableEntity", iam.attach_role_policy, **own, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    refused("UnmodifiableEntity", iam.put_role_policy, **own, PolicyName="a", PolicyDocument=of_size(200))
    iam.create_user(UserName="u")
    many = [{"Key": str(number), "Value": "v"} for number in range(51)]
    iam.tag_user(UserName="u", Tags=many[:30])
    refused("LimitExceeded", iam.tag_user, UserName="u", Tags=many[30:])
    iam.tag_user(UserName="u", Tags=many[:20] + many[30:50])
