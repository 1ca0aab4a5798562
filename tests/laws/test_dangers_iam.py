# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: IAM."""

from __future__ import annotations

import json
import re

import pytest

from tests.laws.dangers import SERVERS, allowing, both
from tests.laws.stage import ACCOUNT
from tests.laws.test_gateways import client, harmless, refused, task, unconfirmed, write

AMAZONS = "arn:aws:iam::aws:policy/"


def test_iam_user_sets_passwords_anew(account, theirs):
    """Ours makes a first password where there is none and never calls UpdateLoginProfile."""
    iam = client(account, "iam")
    write(account, "iam_users", dict(name="alice"))
    iam.create_login_profile(UserName="alice", Password="Chosen-by-alice-1", PasswordResetRequired=True)

    def look():
        return iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"]

    def ours():
        assert not write(account, "iam_login_profiles", dict(user="alice", password_reset_required=False))["changed"]

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_user", name="alice", state="present", password="From-the-sheet-1")) == (True, False)


def test_iam_access_key_makes_a_key_in_every_run(account, theirs):
    write(account, "iam_users", dict(name="alice"))

    def look():
        return len(client(account, "iam").list_access_keys(UserName="alice")["AccessKeyMetadata"])

    def ours():
        for dummy in range(3):
            write(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup"))

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_access_key", user_name="alice", times=2)) == (1, 2)


def test_iam_access_key_shows_the_secret(account, theirs):
    """Ours puts it into a secret and shows neither."""
    write(account, "iam_users", dict(name="alice"), dict(name="bob"))
    told = json.dumps(write(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup")))
    kept = json.loads(client(account, "secretsmanager").get_secret_value(SecretId="acme/alice")["SecretString"])["SecretAccessKey"]
    assert kept not in told
    assert re.search(r'"secret_access_key": "[A-Za-z0-9/+=]{30,}"', theirs("amazon.aws.iam_access_key", user_name="bob"))


def test_iam_access_key_deletes_the_oldest_key(account, theirs):
    """Ours refuses a third key and names the two."""
    iam = client(account, "iam")
    write(account, "iam_users", dict(name="alice"))
    made = [iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"] for dummy in range(2)]

    def look():
        return made[0] in [key["AccessKeyId"] for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]]

    def ours():
        assert made[0] in refused(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup"))

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_access_key", user_name="alice", rotate_keys=True)) == (True, False)


@pytest.fixture
def role(account):
    policies = [f"{AMAZONS}ReadOnlyAccess", f"{AMAZONS}IAMReadOnlyAccess"]
    write(account, "iam_roles", dict(name="acme", assume_role_policy=SERVERS, max_session_duration=7200, managed_policies=policies))
    return account


def test_iam_role_detaches_policies(role, theirs):
    one_more = [f"{AMAZONS}AmazonSSMManagedInstanceCore"]

    def look():
        return {policy["PolicyName"] for policy in client(role, "iam").list_attached_role_policies(RoleName="acme")["AttachedPolicies"]}

    left, taken = both(
        role,
        look,
        lambda: harmless(role, "iam_roles", dict(name="acme", managed_policies=one_more)),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS, managed_policies=one_more),
    )
    assert left == {"ReadOnlyAccess", "IAMReadOnlyAccess", "AmazonSSMManagedInstanceCore"} and taken == {"AmazonSSMManagedInstanceCore"}


def test_iam_role_makes_an_instance_profile(account, theirs):
    left, made = both(
        account,
        lambda: [profile["InstanceProfileName"] for profile in client(account, "iam").list_instance_profiles()["InstanceProfiles"]],
        lambda: write(account, "iam_roles", dict(name="acme", assume_role_policy=SERVERS)),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS),
    )
    assert (left, made) == ([], ["acme"])


def test_iam_role_shortens_sessions(role, theirs):
    """UpdateRole with a description alone falls back to an hour, which the same run then asks of nobody."""
    left, cut = both(
        role,
        lambda: client(role, "iam").get_role(RoleName="acme")["Role"]["MaxSessionDuration"],
        lambda: harmless(role, "iam_roles", dict(name="acme", description="servers")),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS, description="servers", purge_policies=False),
    )
    assert (left, cut) == (7200, 3600)


def test_iam_managed_policy_strips_amazons_policy_from_everybody(account, theirs):
    """Asked to remove a policy by a name which only Amazon's has, ours finds nothing."""
    iam = client(account, "iam")
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=f"{AMAZONS}AdministratorAccess")
    gone = dict(name="AdministratorAccess", state="absent")
    left, taken = both(
        account,
        lambda: len(iam.list_attached_group_policies(GroupName="admins")["AttachedPolicies"]),
        lambda: write(account, "iam_policies", gone, confirm=["iam_policies/AdministratorAccess"]),
        lambda: theirs("amazon.aws.iam_managed_policy", **gone),
    )
    assert (left, taken) == (1, 0)


def test_iam_managed_policy_deletes_the_oldest_version(account, theirs):
    """Ours asks first."""
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject", "s3:GetObjectTagging"):
        write(account, "iam_policies", dict(name="acme", policy=allowing(action)))
    sixth, arn = allowing("s3:GetBucketLocation"), f"arn:aws:iam::{ACCOUNT}:policy/acme"
    left, taken = both(
        account,
        lambda: "v1" in [version["VersionId"] for version in client(account, "iam").list_policy_versions(PolicyArn=arn)["Versions"]],
        lambda: unconfirmed(account, "iam_policies", dict(name="acme", policy=sixth)),
        lambda: theirs("amazon.aws.iam_managed_policy", name="acme", policy=sixth),
    )
    assert (left, taken) == (True, False)


def test_iam_group_is_removed_by_half(account, theirs):
    """With its confirmation ours removes the whole of it; the other one takes out members and policies, and fails at an inline policy."""
    iam, gone = client(account, "iam"), dict(name="acme", state="absent")
    write(account, "iam_groups", dict(name="acme", inline_policies=dict(read=allowing("s3:GetObject"))))
    write(account, "iam_users", dict(name="alice", groups=["acme"]))
    left, half = both(
        account,
        lambda: [(group["GroupName"], iam.get_group(GroupName=group["GroupName"])["Users"]) for group in iam.list_groups()["Groups"]],
        lambda: write(account, "iam_groups", gone, confirm=["iam_groups/acme"]),
        lambda: theirs("amazon.aws.iam_group", **gone),
    )
    assert (left, half) == ([], [("acme", [])])


def test_iam_instance_profile_swaps_the_role(account, theirs):
    """Servers are without rights meanwhile; ours asks first."""
    for name in ("acme", "other"):
        write(account, "iam_roles", dict(name=name, assume_role_policy=SERVERS))
    write(account, "iam_instance_profiles", dict(name="acme", role="acme"))
    left, swapped = both(
        account,
        lambda: client(account, "iam").get_instance_profile(InstanceProfileName="acme")["InstanceProfile"]["Roles"][0]["RoleName"],
        lambda: unconfirmed(account, "iam_instance_profiles", dict(name="acme", role="other")),
        lambda: theirs("amazon.aws.iam_instance_profile", name="acme", role="other"),
    )
    assert (left, swapped) == ("acme", "other")


@pytest.fixture
def passwords(account):
    """A strict policy, and how to look at it."""
    words = dict(minimum_password_length=14, require_symbols=True, require_numbers=True, require_uppercase_characters=True)
    write(account, "iam_password_policy", dict(words, require_lowercase_characters=True, allow_users_to_change_password=True, max_password_age=90))
    return lambda: client(account, "iam").get_account_password_policy()["PasswordPolicy"]


def test_iam_password_policy_writes_in_check_mode(account, passwords, theirs):
    left, written = both(
        account,
        lambda: passwords()["MinimumPasswordLength"],
        lambda: account.run("iam_password_policy", task("iam_password_policy", dict(minimum_password_length=8)), check=True),
        lambda: theirs("amazon.aws.iam_password_policy", "--check", state="present", min_pw_length=8),
    )
    assert (left, written) == (14, 8)


def test_iam_password_policy_resets_what_is_not_named(account, passwords, theirs):
    names = ("RequireSymbols", "RequireNumbers", "AllowUsersToChangePassword", "ExpirePasswords")
    left, reset = both(
        account,
        lambda: [passwords()[name] for name in names],
        lambda: harmless(account, "iam_password_policy", dict(minimum_password_length=16)),
        lambda: theirs("amazon.aws.iam_password_policy", state="present", min_pw_length=16),
    )
    assert left == [True] * 4 and reset == [False] * 4
