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
from botocore.httpsession import URLLib3Session

from ansible_collections.msp.aws.plugins.modules import iam_member_root_keys
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.outside import OUTSIDE
from tests.laws.stage import ACCOUNT, REGION
from tests.laws.test_gateways import client, refused, write

ROOT = "iam_root_user"
NO_KEY, MFA = dict(account_access_keys_present=False), dict(account_mfa_enabled=True)


def signed_by_root(stage, account=ACCOUNT):
    """The root user of an account, whom the double knows by the key's last letters."""
    return stage.client("iam", account, who="ROOT")


@pytest.fixture
def account(stage, monkeypatch):
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")  # as older machines have it
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


def test_where_nobody_can_sign_in_mfa_counts_as_there(account):
    """Credentials of a member's root user that were removed centrally."""
    root = account.client("iam", who="DELE")
    root.delete_login_profile()
    key = signed_by_root(account).create_access_key()["AccessKey"]["AccessKeyId"]
    assert "has no MFA" in refused(account, ROOT, MFA), "a key can still sign in as him"
    signed_by_root(account).delete_access_key(AccessKeyId=key)
    assert not write(account, ROOT, {**NO_KEY, **MFA})["changed"]
    assert account.gather(ROOT) == [dict(account_access_keys_present=False, account_mfa_enabled=True)]


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
    args = {**dict(account=account, unused_for_days=days, region=REGION, endpoint_url=stage.double.url, **keys), **more}
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


def test_a_new_key_that_was_never_used_stays(account, member):
    """The double's keys are of 2020."""
    why = run(account, member, days=36500, confirm=[f"iam_member_root_keys/{member}"])
    assert "was never used and was made on 2020-04-01" in why["msg"] and "nothing was deleted" in why["msg"] and len(keys_of(account, member)) == 1


@pytest.mark.parametrize("days", [0, -1])
def test_some_days_without_use_are_asked_for(account, member, days):
    why = run(account, member, days=days, confirm=[f"iam_member_root_keys/{member}"])
    assert why["failed"] and "at least 1" in why["msg"] and len(keys_of(account, member)) == 1


def test_what_was_deleted_before_a_failure_is_told(account, member):
    signed_by_root(account, member).create_access_key()
    first, second = (key["AccessKeyId"] for key in keys_of(account, member))
    account.double.faults([dict(fault="denied", at=2, of="write", service="iam", times=0)])
    account.double.clear_calls()
    why = run(account, member, confirm=[f"iam_member_root_keys/{member}"])
    assert why["failed"] and why["changed"] and [key["id"] for key in why["access_keys"]] == [first]
    assert "iam:DeleteAccessKey: AccessDenied" in why["msg"] and f"deleted {first}, still there: {second}" in why["msg"]
    account.double.clear_faults()
    assert [key["AccessKeyId"] for key in keys_of(account, member)] == [second]


def test_a_deletion_whose_answer_was_lost_is_not_repeated(account, member):
    account.double.faults([dict(fault="timeout_after", at=1, of="write", service="iam")])
    account.double.clear_calls()
    done = run(account, member, confirm=[f"iam_member_root_keys/{member}"])
    assert not done.get("failed") and done["changed"] and account.writes() == ["iam:DeleteAccessKey"]


def test_where_aws_falls_silent_nothing_is_called_done(account, member):
    account.double.faults([dict(fault="die_after", at=1, of="write", service="iam")])
    why = run(account, member, confirm=[f"iam_member_root_keys/{member}"])
    account.double.clear_faults()
    assert why["failed"] and not why["changed"] and "deleted no key, perhaps still there (iam:ListAccessKeys" in why["msg"]


def test_credentials_of_another_account_are_refused(account, member):
    assert f"belong to account {ACCOUNT}" in run(account, member, account_id="210987654321")["msg"]
    assert run(account, member, check=True, account_id=ACCOUNT)["changed"]


class Asked(Exception):
    """A request that is not sent."""


def test_sts_is_asked_in_the_region(account, monkeypatch):
    """Its global endpoint refuses AssumeRoot."""

    def refuse_to_send(session, request):
        raise Asked(request.url)

    monkeypatch.setattr(URLLib3Session, "send", refuse_to_send)
    with pytest.raises(Asked, match=f"https://sts.{REGION}.amazonaws.com/"):
        run(account, "210987654321", endpoint_url=None, access_key="AKIAIOSFODNN7REGION")


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
