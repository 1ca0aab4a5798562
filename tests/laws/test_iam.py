# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laws do not reach in the IAM kinds: leftovers on deletion, clashing names, and what is refused or needs a confirmation."""

from __future__ import annotations

import datetime
import json

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.modules import iam_password_policy as password_policy
from tests.laws.stage import ACCOUNT, REGION

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
OPEN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "sts:AssumeRole"}}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.fixture
def iam(stage):
    stage.double.reset()
    keys = dict(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    return boto3.client("iam", endpoint_url=stage.double.url, region_name=REGION, **keys)


def certificate():
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "u")])
    start = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2036)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def removed(stage, kind, name):
    task = {kind.partition("_")[2]: [{"name": name, "state": "absent"}], "confirm": [f"{kind}/{name}"]}
    stage.run(kind, task, check=True)
    assert stage.run(kind, task)["changed"]
    assert not stage.run(kind, task)["changed"]


def told(stage, kind, name):
    """What the plan says of a removal; a run without its confirmation says the same."""
    task = {kind.partition("_")[2]: [{"name": name, "state": "absent"}]}
    said = stage.run(kind, task, check=True)["entries"][0]["confirm"]
    assert stage.run(kind, task, fails=True)["entries"][0]["reason"] == said
    return said


def test_a_user_goes_with_all_that_is_its_own_and_nothing_else(stage, iam):
    before = stage.double.state("iam")
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    iam.create_login_profile(UserName="u", Password="Secret-12345")
    iam.create_access_key(UserName="u")
    iam.create_access_key(UserName="u")
    iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody="ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCx")
    iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    iam.upload_signing_certificate(UserName="u", CertificateBody=certificate())
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="u")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="234567")
    said = told(stage, "iam_users", "u")
    for own in ("console password", "2 access keys (AKIA…", "1 signing certificates", "1 SSH public keys", "1 credentials for single", serial):
        assert own in said
    for key in iam.list_access_keys(UserName="u")["AccessKeyMetadata"]:
        assert key["AccessKeyId"][-4:] in said and key["AccessKeyId"] not in said
    removed(stage, "iam_users", "u")
    iam.delete_group(GroupName="g")
    assert stage.double.state("iam") == before


def test_a_group_goes_and_its_members_stay(stage, iam):
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    user = stage.double.state("iam")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    assert "its 1 members (u) lose" in told(stage, "iam_groups", "g")
    removed(stage, "iam_groups", "g")
    assert [one["UserName"] for one in iam.list_users()["Users"]] == ["u"] and user


def test_a_role_goes_and_its_profile_stays(stage, iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    assert "out of the instance profiles p" in told(stage, "iam_roles", "r")
    removed(stage, "iam_roles", "r")
    assert iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Roles"] == []


@pytest.mark.parametrize("kind", ["iam_users", "iam_groups", "iam_roles"])
def test_what_goes_along_is_asked_only_about_what_goes(stage, iam, kind):
    things, more = kind.partition("_")[2], dict(assume_role_policy=TRUST) if kind == "iam_roles" else {}
    reads = []
    for number in (1, 10):
        stage.run(kind, {things: [dict(name=f"a{n}", **more) for n in range(number)]})
        stage.double.clear_calls()
        removal = {things: [dict(name="a0", state="absent"), *(dict(name=f"a{n}", **more) for n in range(1, number))]}
        confirm = stage.run(kind, removal, check=True)["entries"][0]["confirm"]
        assert confirm.startswith("would be deleted") and " with " not in confirm.partition("needs a confirmation")[0]
        reads.append(len(stage.reads()))
    assert reads[0] == reads[1]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("kind", ["iam_users", "iam_groups", "iam_roles", "iam_instance_profiles"])
def test_a_name_that_differs_only_in_case_is_refused(stage, iam, kind, check):
    more = dict(assume_role_policy=TRUST) if kind == "iam_roles" else {}
    things = kind.partition("_")[2]
    stage.run(kind, {things: [{"name": "Acme", **more}]})
    stage.double.clear_calls()
    result = stage.run(kind, {things: [{"name": "acme", **more}, {"name": "other", **more}]}, check=check, fails=True)
    assert "'Acme' exists already" in result["msg"]
    assert [entry["action"] for entry in result["entries"]] == ["failed", "created"]


def test_a_service_linked_role_is_its_services(stage, iam):
    entry = dict(name="AWSServiceRoleForAcme", assume_role_policy=TRUST)
    assert "CreateServiceLinkedRole" in stage.run("iam_roles", {"roles": [entry]}, check=True, fails=True)["msg"]
    name = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]["RoleName"]
    removal = {"roles": [dict(name=name, state="absent")], "confirm": [f"iam_roles/{name}"]}
    assert "DeleteServiceLinkedRole" in stage.run("iam_roles", removal, fails=True)["msg"]


def trusting(name, *principals):
    """A role that trusts these of this account."""
    arns = [f"arn:aws:iam::{ACCOUNT}:{one}" for one in principals]
    return dict(name=name, assume_role_policy={**TRUST, "Statement": [{"Effect": "Allow", "Principal": {"AWS": arns}, "Action": "sts:AssumeRole"}]})


CIRCLE = dict(roles=[trusting("a", "role/b", "role/a"), trusting("b", "role/a"), dict(name="c", assume_role_policy=TRUST)])


def test_roles_that_trust_each_other_are_made_in_one_run(stage, iam):
    """Each is made before it trusts anybody; whom nothing of this run is trusted by is made at once."""
    assert all(entry["action"] == "created" for entry in stage.run("iam_roles", CIRCLE, check=True)["entries"]) and stage.writes() == []
    writes = [f"{write['call']} {write['entry']}" for write in stage.run("iam_roles", CIRCLE)["calls"]["writes"]]
    assert sorted(writes[:3]) == [f"iam:CreateRole {name}" for name in "abc"]
    assert sorted(writes[3:]) == [f"iam:UpdateAssumeRolePolicy {name}" for name in "ab"]
    assert not stage.run("iam_roles", CIRCLE)["changed"]
    later = dict(roles=[*CIRCLE["roles"], trusting("d", "role/c")])
    assert [write["call"] for write in stage.run("iam_roles", later)["calls"]["writes"]] == ["iam:CreateRole"]


def test_of_roles_that_trust_each_other_a_broken_run_leaves_none_that_anybody_can_assume(stage, iam):
    for writes in range(1, 4):
        stage.double.reset()
        stage.double.faults([dict(fault="die_after", at=writes, of="write")])
        stage.attempt("iam_roles", CIRCLE)
        stage.double.clear_faults()
        trust = {role["RoleName"]: role["AssumeRolePolicyDocument"] for role in iam.list_roles()["Roles"]}
        assert all(one["Statement"][0]["Effect"] == "Deny" for name, one in trust.items() if name != "c")
        stage.run("iam_roles", CIRCLE)
        assert not stage.run("iam_roles", CIRCLE)["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_whom_a_new_role_trusts_must_be_there_or_come(stage, iam, check):
    """With its path. What another task of the same sheet makes may not be listed yet."""
    iam.create_role(RoleName="deep", Path="/x/", AssumeRolePolicyDocument=json.dumps(TRUST))
    roles = [trusting("good", "role/x/deep", "user/alice"), trusting("typo", "role/deep"), trusting("gone", "user/bob")]
    stage.double.clear_calls()
    iam.create_user(UserName="alice")
    result = stage.run("iam_roles", dict(roles=roles, sheet_names=dict(iam_users=["alice"])), check=check, fails=True)
    good, *bad = result["entries"]
    assert good["action"] == "created"
    assert [entry["reason"].partition(", and neither is there such a ")[0] for entry in bad] == [
        f"assume_role_policy trusts arn:aws:iam::{ACCOUNT}:{one}" for one in ("role/deep", "user/bob")
    ]
    assert {write["entry"] for write in result["calls"]["writes"]} == (set() if check else {"good"})


@pytest.mark.parametrize("trust", [OPEN, {**OPEN, "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}])
def test_trusting_anyone_needs_a_confirmation(stage, iam, trust):
    task = {"roles": [dict(name="r", assume_role_policy=trust)]}
    assert "anyone" in stage.run("iam_roles", task, fails=True)["msg"]
    assert stage.run("iam_roles", {**task, "confirm": ["iam_roles/r"]})["changed"]


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(managed_policies=["AmazonSSMManagedInstanceCore"]), "there is no"),
        (dict(permissions_boundary="AmazonSSMManagedInstanceCore"), "there is no"),
        (dict(inline_policies=dict(p="{}")), "inline_policies.p: a policy is a dictionary"),
    ],
)
def test_what_aws_would_refuse_half_way_is_refused_in_the_plan(stage, iam, options, said):
    task = {"users": [dict(name="u", **options)]}
    assert said in stage.run("iam_users", task, check=True, fails=True)["msg"]
    assert said in stage.run("iam_users", task, fails=True)["msg"]
    assert iam.list_users()["Users"] == []


def test_documents_are_compared_by_what_they_mean(stage, iam):
    task = {"roles": [dict(name="r", assume_role_policy=TRUST, inline_policies=dict(p=POLICY))]}
    stage.run("iam_roles", task)
    spelt = {"Statement": {"Resource": ["*"], "Action": ["s3:GetObject"], "Effect": "Allow"}, "Version": "2012-10-17"}
    trust = {**TRUST, "Statement": TRUST["Statement"][0]}
    again = {"roles": [dict(name="r", assume_role_policy=trust, inline_policies=dict(p=spelt))]}
    assert not stage.run("iam_roles", again)["changed"]


def test_reading_does_not_grow_with_the_entries(stage, iam):
    for kind in ("iam_users", "iam_groups"):
        things = kind.partition("_")[2]
        reads = []
        for number in (1, 20):
            entries = [dict(name=f"a{n}") for n in range(number)]
            stage.run(kind, {things: entries})
            stage.double.clear_calls()
            stage.run(kind, {things: entries})
            reads.append(len(stage.reads()))
        assert reads[0] == reads[1]


def test_more_managed_policies_than_the_quota_are_told_in_the_plan(stage, iam, monkeypatch):
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    arns = [iam.create_policy(PolicyName=f"p{number:02}", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"] for number in range(11)]
    for things, kind, remedy in (("users", "User", "on a group of the user"), ("groups", "Group", "join some"), ("roles", "Role", "join some")):
        trust = dict(assume_role_policy=TRUST) if things == "roles" else {}
        ten = dict(name="many", managed_policies=dict(add=arns[:10]), **trust)
        stage.run(f"iam_{things}", {things: [ten]})
        assert said == []
        for entry in (dict(ten, managed_policies=dict(add=arns[10:])), dict(ten, name="more", managed_policies=dict(set=arns))):
            stage.run(f"iam_{things}", {things: [entry]}, check=True)
            assert len(said) == 1 and "would have 11 managed policies, and IAM attaches 10" in said[0] and f"AttachedPoliciesPer{kind}Quota" in said[0]
            assert remedy in said[0] and (arns[0] in said[0]) == (entry["name"] == "many")
            said.clear()
        stage.run(f"iam_{things}", {things: [dict(ten, managed_policies=dict(add=arns[10:], remove=arns[:1]))]}, check=True)
        assert said == []


def test_passwords_that_a_shorter_life_reaches_are_told_before(stage, iam, monkeypatch):
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    policy = dict(minimum_password_length=14, max_password_age=90, allow_users_to_change_password=True)
    policy |= dict.fromkeys(("require_symbols", "require_numbers", "require_uppercase_characters", "require_lowercase_characters"), True)
    for name in ("older", "other"):
        iam.create_user(UserName=name)
    iam.create_login_profile(UserName="older", Password="Correct-Horse-1")

    def told(days, **more):
        said.clear()
        monkeypatch.setattr(password_policy, "now", lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days))
        stage.run("iam_password_policy", dict(password_policy=dict(policy, **more), confirm=["iam_password_policy/password_policy"]))
        return said

    assert told(10) == [] and told(100) == [], "nothing is shorter than it was"
    (text,) = told(100, max_password_age=60)
    assert text.endswith(": older have passwords older than 60 days and must choose a new one when they sign in next")
    (text,) = told(100, max_password_age=60, hard_expiry=True)
    assert "older than 60 days and are locked out until an administrator" in text
    assert told(10, max_password_age=30, hard_expiry=True) == []


def test_locking_users_out_needs_a_confirmation_from_the_start(stage, iam):
    strong = ("require_symbols", "require_numbers", "require_uppercase_characters", "require_lowercase_characters", "allow_users_to_change_password")
    policy = dict.fromkeys(strong, True) | dict(minimum_password_length=14, max_password_age=90, hard_expiry=True)
    assert "lock out" in stage.run("iam_password_policy", {"password_policy": policy}, fails=True)["msg"]
    weak = stage.run("iam_password_policy", {"password_policy": dict(minimum_password_length=14)}, fails=True)["msg"]
    assert "require_symbols" in weak
