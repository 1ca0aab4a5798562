# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Customer managed policies: what is refused, what needs a confirmation, and what another module destroys."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write
from tests.playbook import run_playbook

POLICIES = "iam_policies"


def allowing(action):
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action=action, Resource="*")])


@pytest.fixture
def iam(stage):
    stage.double.reset()
    write(stage, POLICIES, dict(name="acme", policy=allowing("s3:GetObject")))
    return stage


def versions(stage):
    arn = "arn:aws:iam::123456789012:policy/acme"
    return [version["VersionId"] for version in client(stage, "iam").list_policy_versions(PolicyArn=arn)["Versions"]]


def test_a_name_of_amazons_is_refused(iam):
    assert "AWS has a policy of its own named ReadOnlyAccess" in refused(iam, POLICIES, dict(name="ReadOnlyAccess", policy=allowing("s3:*")))


@pytest.mark.parametrize("usage", ["permissions", "boundary"])
def test_a_policy_that_somebody_has_is_not_removed(iam, usage):
    arn = "arn:aws:iam::123456789012:policy/acme"
    boundary = dict(PermissionsBoundary=arn) if usage == "boundary" else {}
    client(iam, "iam").create_user(UserName="alice", **boundary)
    if not boundary:
        client(iam, "iam").attach_user_policy(UserName="alice", PolicyArn=arn)
    gone = task(POLICIES, dict(name="acme", state="absent"), confirm=["iam_policies/acme"])
    for check in (True, False):
        iam.double.clear_calls()
        assert "the users alice" in iam.run(POLICIES, gone, check=check, fails=True)["msg"] and iam.writes() == []


def test_a_sixth_version_needs_a_confirmation_and_takes_the_oldest(iam):
    for action in ("s3:PutObject", "s3:ListBucket", "s3:DeleteObject", "s3:GetObjectTagging"):
        harmless(iam, POLICIES, dict(name="acme", policy=allowing(action)))
    assert set(versions(iam)) == {"v1", "v2", "v3", "v4", "v5"}
    assert "the oldest, v1 of " in dangerous(iam, POLICIES, dict(name="acme", policy=allowing("s3:GetBucketLocation")))
    assert set(versions(iam)) == {"v2", "v3", "v4", "v5", "v6"}


def test_danger_amazon_aws_iam_managed_policy_strips_amazons_policy_from_everybody(iam, tmp_path):
    """Asked to remove a policy by a name which only Amazon's has, ours finds nothing; amazon.aws takes Amazon's off its holders."""
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    client(iam, "iam").create_group(GroupName="admins")
    client(iam, "iam").attach_group_policy(GroupName="admins", PolicyArn=administrator)

    def attached():
        return client(iam, "iam").list_attached_group_policies(GroupName="admins")["AttachedPolicies"]

    write(iam, POLICIES, dict(name="AdministratorAccess", state="absent"), confirm=["iam_policies/AdministratorAccess"])
    assert len(attached()) == 1
    play = [dict(hosts="localhost", gather_facts=False, tasks=[{"amazon.aws.iam_managed_policy": dict(name="AdministratorAccess", state="absent")}])]
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    access = dict(AWS_ENDPOINT_URL=iam.double.url, AWS_ACCESS_KEY_ID="AKIA123456789012XXXX", AWS_SECRET_ACCESS_KEY="x", AWS_REGION="us-east-1")
    local = ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    run_playbook([tmp_path / "play.yml", *local], access, rc=None, allow={".": "another's module"})
    assert attached() == []


def long_policy(size):
    base = allowing("s3:GetObject")
    left = size - len(re.sub(r"\s", "", json.dumps(base))) + 1
    return dict(base, Statement=[dict(base["Statement"][0], Resource="arn:aws:s3:::".ljust(left, "x"))])


def test_policies_that_iam_refuses_are_told_in_the_sheet_and_in_the_plan(iam):
    assert faults(POLICIES, dict(name="acme", policy=long_policy(6144))) == []
    assert faults(POLICIES, dict(name="acme", policy=long_policy(6145))) == [(0, "policy", "longest")]
    assert "IAM takes at most 6144" in refused(iam, POLICIES, dict(name="acme-long", policy=long_policy(6145)))
    whose = dict(allowing("s3:*"), Statement=[dict(allowing("s3:*")["Statement"][0], Principal="*")])
    assert faults(POLICIES, dict(name="acme", policy=whose)) == [(0, "policy", "no_principal")]
    assert "names a Principal" in refused(iam, POLICIES, dict(name="acme-open", policy=whose))
    for kind, most in (("iam_users", 2048), ("iam_roles", 10240), ("iam_groups", 5120)):
        halves = dict(a=long_policy(most - 200), b=long_policy(200))
        assert faults(kind, dict(name="acme", inline_policies=halves)) == []
        more = dict(halves, b=long_policy(201))
        assert faults(kind, dict(name="acme", inline_policies=more)) == [(0, "inline_policies", "longest")]
        assert faults(kind, dict(name="acme", inline_policies=dict(a=whose))) == [(0, "inline_policies.a", "no_principal")]
        trust = dict(assume_role_policy=allowing("sts:AssumeRole")) if kind == "iam_roles" else {}
        assert f"at most {most} of a" in refused(iam, kind, dict(trust, name="acme", inline_policies=more))


def test_inline_policies_are_counted_with_those_that_are_there(iam):
    write(iam, "iam_groups", dict(name="acme", inline_policies=dict(a=long_policy(5000))))
    more = dict(name="acme", inline_policies=dict(b=long_policy(200)))
    assert faults("iam_groups", more) == []
    assert "inline_policies would have 5200 characters together" in refused(iam, "iam_groups", more)
