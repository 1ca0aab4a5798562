# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Customer managed policies: what is refused, and what needs a confirmation."""

from __future__ import annotations

import json
import re

import pytest

from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

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
        assert "users that have it (alice)" in iam.run(POLICIES, gone, check=check, fails=True)["msg"] and iam.writes() == []


def test_a_sixth_version_needs_a_confirmation_and_takes_the_oldest(iam):
    for action in ("s3:PutObject", "s3:ListBucket", "s3:DeleteObject", "s3:GetObjectTagging"):
        harmless(iam, POLICIES, dict(name="acme", policy=allowing(action)))
    assert set(versions(iam)) == {"v1", "v2", "v3", "v4", "v5"}
    assert "the oldest, v1 of " in dangerous(iam, POLICIES, dict(name="acme", policy=allowing("s3:GetBucketLocation")))
    assert set(versions(iam)) == {"v2", "v3", "v4", "v5", "v6"}


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
