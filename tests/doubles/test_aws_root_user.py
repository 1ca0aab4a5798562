# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root user: his own calls, what others are told of him, and sessions of AssumeRoot."""

from __future__ import annotations

import pytest

TASK = "arn:aws:iam::aws:policy/root-task/"
DELETE, AUDIT = (f"{TASK}IAM{task}RootUserCredentials" for task in ("Delete", "Audit"))


@pytest.fixture
def root(aws):
    """root(account) signs as the root user."""
    return lambda account="123456789012": aws("iam", aws_access_key_id=f"AKIA{account}ROOT")


@pytest.fixture
def member(aws):
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    aws("iam").enable_organizations_root_credentials_management()
    return organizations.create_account(AccountName="m", Email="m@example.jp")["CreateAccountStatus"]["AccountId"]


def session(aws, member, task):
    keys = aws("sts").assume_root(TargetPrincipal=member, TaskPolicyArn={"arn": task})["Credentials"]
    named = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "aws_session_token": keys["SessionToken"]}
    return aws("iam", **named)


def test_what_the_summary_and_the_report_tell(aws, root):
    iam = aws("iam")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccountAccessKeysPresent"], summary["AccountMFAEnabled"], summary["AccountPasswordPresent"]) == (0, 0, 1)
    key = root().create_access_key()["AccessKey"]["AccessKeyId"]
    root().enable_mfa_device(UserName="root", SerialNumber="arn:aws:iam::123456789012:mfa/root", AuthenticationCode1="123456", AuthenticationCode2="654321")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccountAccessKeysPresent"], summary["AccountMFAEnabled"]) == (1, 1)
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    lines = iam.get_credential_report()["Content"].decode().splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (row["user"], row["access_key_1_active"], row["access_key_1_last_used_date"]) == ("<root_account>", "true", "N/A")
    aws("iam", aws_access_key_id=key).list_users()
    assert root().get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]["ServiceName"] == "iam"


def test_nobody_else_reaches_a_root_key(aws, root, refused):
    key = root().create_access_key()["AccessKey"]["AccessKeyId"]
    for call in (aws("iam").delete_access_key, aws("iam", aws_access_key_id="AKIA123456789012OTHR").delete_access_key):
        refused("NoSuchEntity", call, AccessKeyId=key)
    root().delete_access_key(AccessKeyId=key)
    assert root().list_access_keys()["AccessKeyMetadata"] == []
    refused("NoSuchEntity", root().delete_access_key, AccessKeyId=key)


def test_features_need_an_organization_that_trusts_iam(aws, refused):
    iam, organizations = aws("iam"), aws("organizations")
    refused("OrganizationNotFoundException", iam.list_organizations_features)
    organizations.create_organization(FeatureSet="ALL")
    refused("ServiceAccessNotEnabledException", iam.enable_organizations_root_credentials_management)
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    iam.enable_organizations_root_credentials_management()
    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement"]


def test_a_member_is_not_its_manager(aws, member, refused):
    theirs = aws("iam", aws_access_key_id=f"AKIA{member}OTHR")
    refused("AccountNotManagementOrDelegatedAdministratorException", theirs.list_organizations_features)
    aws("organizations").register_delegated_administrator(AccountId=member, ServicePrincipal="iam.amazonaws.com")
    assert theirs.list_organizations_features()["EnabledFeatures"]
    refused("CallerIsNotManagementAccountException", theirs.enable_organizations_root_credentials_management)


def test_a_session_does_its_task_alone(aws, member, root, refused):
    key = root(member).create_access_key()["AccessKey"]["AccessKeyId"]
    audit, delete = session(aws, member, AUDIT), session(aws, member, DELETE)
    assert [one["AccessKeyId"] for one in audit.list_access_keys()["AccessKeyMetadata"]] == [key]
    refused("AccessDenied", audit.delete_access_key, AccessKeyId=key)
    refused("AccessDenied", delete.create_access_key)
    delete.delete_access_key(AccessKeyId=key)
    assert delete.list_access_keys()["AccessKeyMetadata"] == []


def test_who_cannot_be_assumed(aws, member, refused):
    sts = aws("sts")
    for target in ("123456789012", "999988887777"):
        refused("AccessDenied", sts.assume_root, TargetPrincipal=target, TaskPolicyArn={"arn": DELETE})
    refused("AccessDenied", sts.assume_root, TargetPrincipal=member, TaskPolicyArn={"arn": f"{TASK}S3UnlockBucketPolicy"})
    refused("ValidationError", sts.assume_root, TargetPrincipal=member, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    refused("ValidationError", sts.assume_root, TargetPrincipal=member, TaskPolicyArn={"arn": DELETE}, DurationSeconds=901)
    refused("AccessDenied", aws("sts", aws_access_key_id=f"AKIA{member}OTHR").assume_root, TargetPrincipal=member, TaskPolicyArn={"arn": DELETE})


def test_a_session_takes_the_password_away(aws, member, refused):
    refused("AccessDenied", session(aws, member, AUDIT).delete_login_profile)
    session(aws, member, DELETE).delete_login_profile()
    assert aws("iam", aws_access_key_id=f"AKIA{member}OTHR").get_account_summary()["SummaryMap"]["AccountPasswordPresent"] == 0
