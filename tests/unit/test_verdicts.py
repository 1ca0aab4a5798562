# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a policy lets in, and what of it cannot be judged."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _lambda, _publishing, _verdicts

SERVICE, BUCKET, ACCOUNT = "logs.amazonaws.com", "arn:aws:s3:::acme-logs", "111122223333"
GROUP = f"arn:aws:logs:ap-northeast-1:{ACCOUNT}:log-group:/acme/app"
SAID = {"aws:sourceaccount": (ACCOUNT,), "aws:sourcearn": (GROUP, f"{GROUP}:*")}
OPEN = dict(Effect="Allow", Principal=dict(Service=SERVICE), Action="s3:PutObject", Resource=f"{BUCKET}/*")
SHUT = dict(OPEN, Effect="Deny", Principal="*", Sid="Shut")


def verdict(*statements):
    return _verdicts.judged(dict(Statement=list(statements)), SERVICE, "s3:PutObject", f"{BUCKET}/app/file", SAID)


def when(operator, key, value, statement=None):
    return dict(statement or OPEN, Condition={operator: {key: value}})


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([OPEN], True),
        ([dict(OPEN, Principal="*")], True),
        ([dict(OPEN, Principal=dict(AWS="*"))], True),
        ([dict(OPEN, Principal=dict(Service="other.amazonaws.com"))], False),
        ([dict(OPEN, Principal=dict(AWS=f"arn:aws:iam::{ACCOUNT}:root"))], False),
        ([dict(OPEN, Action=["s3:Get*", "S3:put*"])], True),
        ([dict(OPEN, Action="s3:Put[A-Z]bject")], False),
        ([dict(OPEN, Resource=BUCKET)], False),
        ([dict(OPEN, Resource=[BUCKET, f"{BUCKET}/a?p/*"])], True),
        ([dict(OPEN, Resource=f"{BUCKET}/App/*")], False),
        ([OPEN, SHUT], False),
        ([OPEN, dict(SHUT, Resource=f"{BUCKET}/web/*")], True),
        ([OPEN, dict(SHUT, Action="s3:Delete*")], True),
        ([OPEN, {"Effect": "Deny", "Principal": "*", "NotAction": "s3:Get*", "Resource": f"{BUCKET}/*"}], False),
        ([OPEN, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": f"{BUCKET}/app/*"}], True),
        ([OPEN, {"Effect": "Deny", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": f"{BUCKET}/*"}], False),
        ([OPEN, {"Effect": "Deny", "NotPrincipal": {"Service": SERVICE}, "Action": "s3:*", "Resource": f"{BUCKET}/*"}], True),
        ([when("StringEquals", "AWS:SourceAccount", 111122223333)], True),
        ([when("StringEquals", "aws:SourceAccount", [999999999999, ACCOUNT])], True),
        ([when("StringEquals", "aws:SourceAccount", 999999999999)], False),
        ([when("StringEquals", "aws:SourceAccount", [999999999999])], False),
        ([when("ArnLike", "aws:SourceArn", f"{GROUP}:*")], True),
        ([when("ArnLike", "aws:SourceArn", "arn:aws:logs:*:*:log-group:/other*")], False),
        ([OPEN, when("StringNotEquals", "aws:SourceAccount", ACCOUNT, SHUT)], True),
        ([OPEN, when("StringNotEquals", "aws:SourceAccount", "999999999999", SHUT)], False),
        ([OPEN, when("ArnNotLike", "aws:SourceArn", "arn:aws:logs:*:*:log-group:/acme/*", SHUT)], True),
        ([OPEN, when("Bool", "aws:SecureTransport", "false", SHUT)], True),
        ([OPEN, when("Bool", "aws:SecureTransport", True, SHUT)], False),
        ([when("StringEquals", "aws:PrincipalOrgID", "o-acme")], False),
        ([OPEN, when("StringNotEquals", "aws:PrincipalOrgID", "o-acme", SHUT)], False),
        ([OPEN, when("Null", "aws:SourceAccount", "true", SHUT)], True),
        # A wall around the own organization, as AWS advises it: services pass, whatever else stands in it.
        (
            [OPEN, dict(SHUT, Condition={"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "ops"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})],
            True,
        ),
    ],
)
def test_what_is_said_is_judged(statements, allowed):
    assert verdict(*statements) == _verdicts.Verdict(allowed)


@pytest.mark.parametrize(
    ("statements", "doubts"),
    [
        ([when("IpAddress", "aws:SourceIp", "192.0.2.0/24")], ["statement 1 (IpAddress aws:sourceip)"]),
        ([when("DateLessThan", "aws:SourceAccount", "2030-01-01")], ["statement 1 (DateLessThan aws:sourceaccount)"]),
        ([when("StringEquals", "aws:SourceAccount", "${aws:PrincipalTag/account}")], ["statement 1 (StringEquals aws:sourceaccount)"]),
        ([OPEN, when("NotIpAddress", "aws:SourceIp", "192.0.2.0/24", SHUT)], ["Shut (NotIpAddress aws:sourceip)"]),
        ([OPEN, dict(SHUT, Resource=BUCKET + "/${aws:username}/*")], ["Shut (Resource)"]),
    ],
)
def test_what_cannot_be_judged_is_told(statements, doubts):
    assert verdict(*statements) == _verdicts.Verdict(True, tuple(doubts))


def test_what_surely_lets_in_leaves_no_doubt():
    assert verdict(when("IpAddress", "aws:SourceIp", "192.0.2.0/24"), OPEN) == _verdicts.Verdict(True)


class Account:
    """Where a topic with a key, a function and a role let everybody in who comes from an office."""

    account, region = ACCOUNT, "ap-northeast-1"

    def __init__(self):
        anyone = dict(Effect="Allow", Principal="*", Action="*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
        policy, self.told = dict(Statement=[dict(anyone, Resource="*")]), []
        text, key = json.dumps(policy), f"arn:aws:kms:{self.region}:{ACCOUNT}:key/1"
        attributes = dict(Policy=text, KmsMasterKeyId=key)
        self.sns = SimpleNamespace(meta=SimpleNamespace(region_name=self.region), get_topic_attributes=lambda TopicArn: dict(Attributes=attributes))
        self.kms = SimpleNamespace(describe_key=lambda KeyId: dict(KeyMetadata=dict(KeyId="1")), get_key_policy=lambda KeyId, PolicyName: dict(Policy=text))
        self.lambda_ = SimpleNamespace(get_policy=lambda FunctionName: dict(Policy=text))
        self.iam = SimpleNamespace(get_role=lambda RoleName: dict(Role=dict(Arn="arn", AssumeRolePolicyDocument=policy)))

    def once(self, look, *arguments):
        return look(self, *arguments)

    def warn(self, text):
        self.told.append(text)


TOPIC, FUNCTION = (f"arn:aws:{kind}:ap-northeast-1:{ACCOUNT}:{name}" for kind, name in (("sns", "acme"), ("lambda", "function:acme")))


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (lambda aws: _lambda.lets(aws, FUNCTION, SERVICE, GROUP), [f"{SERVICE} may invoke {FUNCTION} for {GROUP}"]),
        (lambda aws: _deliveries.trusted_role(aws, "acme", "lambda.amazonaws.com"), ["lambda.amazonaws.com may assume the role acme"]),
        (
            lambda aws: _publishing.silent(aws, TOPIC, SERVICE, ACCOUNT) is None,
            [f"{SERVICE} may publish to {TOPIC}", f"{SERVICE} may use arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/1"],
        ),
    ],
)
def test_whoever_judges_tells_the_doubts_once(judge, said):
    aws = Account()
    assert judge(aws) and aws.told == [f"whether {one} depends on what was not judged of its policy: statement 1 (IpAddress aws:sourceip)" for one in said]
