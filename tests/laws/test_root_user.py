# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root user: what is not as asked for is said and never done; and the keys of a member's root user, which the management account can delete."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import boto3
import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.msp.aws.plugins.modules import iam_member_root_keys
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.outside import OUTSIDE
from tests.laws.stage import ACCOUNT, REGION
from tests.laws.test_gateways import client, refused, write

ROOT = "iam_root_user"
NO_KEY, MFA = dict(account_access_keys_present=False), dict(account_mfa_enabled=True)


def signed_by_root(stage, account=ACCOUNT):
    """The root user of an account, whom the double knows by the key's last letters."""
    keys = dict(aws_access_key_id=f"AKIA{account}ROOT", aws_secret_access_key="x")
    return boto3.client("iam", endpoint_url=stage.double.url, region_name=REGION, **keys)


@pytest.fixture
def account(stage):
    stage.double.reset()
    return stage


# ---- what is looked at


def test_it_is_as_asked_for(account):
    OUTSIDE[ROOT](account.client)
    account.double.clear_calls()
    result = write(account, ROOT, {**NO_KEY, **MFA})
    assert not result["changed"] and account.writes() == []
    assert account.gather(ROOT) == [dict(account_access_keys_present=False, account_mfa_enabled=True)]


def test_a_key_is_said_and_never_called_done(account):
    signed_by_root(account).create_access_key()
    why = refused(account, ROOT, NO_KEY)
    assert "key 1 is active and was never used" in why and "sign in to the console as the root user" in why
    assert "ルートユーザでコンソールにサインイン" in why and "changed nothing" in why and "confirm" not in why
    assert refused(account, ROOT, NO_KEY), "and it is said again, however often it is run"
    assert account.gather(ROOT)[0]["account_access_keys_present"] is True


def test_missing_mfa_is_said(account):
    why = refused(account, ROOT, {**NO_KEY, **MFA})
    assert "has no MFA" in why and "MFAデバイスを割り当ててください" in why and "access key" not in why


def test_what_is_not_named_is_not_judged(account):
    signed_by_root(account).create_access_key()
    account.double.clear_calls()
    assert "has no MFA" in refused(account, ROOT, MFA)
    assert set(account.reads()) == {"iam:GetAccountSummary", "sts:GetCallerIdentity"}, "without a key to ask about nobody needs the report"


def test_a_sheet_of_an_unsound_account_can_be_adopted_and_is_told_when_it_is_better(account):
    signed_by_root(account).create_access_key()
    (adopted,) = account.gather(ROOT)
    assert adopted == dict(account_access_keys_present=True, account_mfa_enabled=False)
    assert sheets.faults({ROOT: adopted}) == [] and not write(account, ROOT, adopted)["changed"]
    OUTSIDE[ROOT](account.client)
    assert "is true by now, which is better" in refused(account, ROOT, adopted)


# ---- the keys of a member's root user


@pytest.fixture
def member(account):
    """A member account of an organization with centralized root access, whose root user has a key."""
    organizations = client(account, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    client(account, "iam").enable_organizations_root_credentials_management()
    made = organizations.create_account(AccountName="member", Email="member@example.jp")["CreateAccountStatus"]["AccountId"]
    signed_by_root(account, made).create_access_key()
    account.double.clear_calls()
    return made


def run(stage, account, days=90, check=False, **more):
    keys = dict(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    args = dict(account=account, unused_for_days=days, region=REGION, endpoint_url=stage.double.url, **keys, **more)
    out = io.StringIO()
    with patch_module_args(dict(args, _ansible_check_mode=check)), redirect_stdout(out), pytest.raises(SystemExit):
        iam_member_root_keys.main()
    return json.loads(out.getvalue())


def keys_of(stage, account):
    return signed_by_root(stage, account).list_access_keys()["AccessKeyMetadata"]


def test_the_keys_go_only_when_confirmed(account, member):
    why = run(account, member)
    assert why["failed"] and f"iam_member_root_keys/{member}" in why["msg"] and "for good" in why["msg"]
    planned = run(account, member, check=True)
    assert planned["changed"] and planned["confirm"] and len(keys_of(account, member)) == 1
    account.double.clear_calls()
    done = run(account, member, confirm=[f"iam_member_root_keys/{member}"])
    assert done["changed"] and [key["id"] for key in done["access_keys"]] == [key["id"] for key in planned["access_keys"]]
    assert account.writes() == ["iam:DeleteAccessKey"] and keys_of(account, member) == []
    assert run(account, member, confirm=[f"iam_member_root_keys/{member}"])["changed"] is False


def test_a_confirmation_is_for_one_account(account, member):
    assert run(account, member, confirm=["iam_member_root_keys/999988887777"])["failed"] and len(keys_of(account, member)) == 1


def test_a_key_that_was_used_lately_stays_whatever_is_confirmed(account, member):
    keys = dict(aws_access_key_id=keys_of(account, member)[0]["AccessKeyId"], aws_secret_access_key="x")
    boto3.client("iam", endpoint_url=account.double.url, region_name=REGION, **keys).list_users()
    why = run(account, member, confirm=[f"iam_member_root_keys/{member}"])
    assert why["failed"] and "less than 90 days ago: nothing was deleted" in why["msg"] and len(keys_of(account, member)) == 1


def test_nobodys_secret_is_told(account, member):
    told = json.dumps([run(account, member, check=True), run(account, member)])
    assert "SessionToken" not in told and f"AKIA{member}DELE" not in told


def test_the_management_account_cannot_help_itself(account, member):
    assert "only that user can delete" in run(account, ACCOUNT)["msg"]


@pytest.mark.parametrize("missing", ["organization", "trust", "feature"])
def test_without_centralized_root_access_it_says_whom_to_ask(account, missing):
    organizations = client(account, "organizations")
    if missing != "organization":
        organizations.create_organization(FeatureSet="ALL")
    if missing == "feature":
        organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    said = dict(organization="in no organization", trust="trusted access for IAM is off", feature="not switched on in this organization")
    why = run(account, "210987654321")
    assert why["failed"] and said[missing] in why["msg"]


def test_an_account_outside_the_organization_is_denied(account, member):
    why = run(account, "999988887777")
    assert why["failed"] and "sts:AssumeRoot" in why["msg"] and "AccessDenied" in why["msg"]
