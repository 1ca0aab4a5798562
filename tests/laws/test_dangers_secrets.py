# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: secrets and certificates."""

from __future__ import annotations

import pytest

from tests.laws.dangers import OWNED, allowing, both
from tests.laws.outside import OUTSIDE
from tests.laws.stage import ACCOUNT, REGION
from tests.laws.test_gateways import client, harmless, task, write

SECRETS = "secretsmanager_secrets"


@pytest.fixture
def secret(account):
    """It rotates on Sundays, another account reads it; and a look at it."""
    OUTSIDE[SECRETS](account.client)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-rotation"
    partner = dict(allowing("secretsmanager:GetSecretValue"))
    partner["Statement"] = [dict(partner["Statement"][0], Principal=dict(AWS="arn:aws:iam::210987654321:root"))]
    rotation = dict(lambda_arn=function, schedule_expression="cron(0 18 ? * SUN *)")
    write(account, SECRETS, dict(name="acme", secret_string="x", description="mail", policy=partner, rotation=rotation))
    return lambda: client(account, "secretsmanager").describe_secret(SecretId="acme")


def test_secretsmanager_secret_cancels_the_rotation(account, secret, theirs):
    left, cancelled = both(
        account,
        lambda: secret().get("RotationEnabled", False),
        lambda: harmless(account, SECRETS, dict(name="acme", tags=OWNED)),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x", description="mail", tags=OWNED),
    )
    assert (left, cancelled) == (True, False)


def test_secretsmanager_secret_deletes_the_policy(account, secret, theirs):
    left, deleted = both(
        account,
        lambda: "ResourcePolicy" in client(account, "secretsmanager").get_resource_policy(SecretId="acme"),
        lambda: harmless(account, SECRETS, dict(name="acme", tags=OWNED)),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x", description="mail", tags=OWNED),
    )
    assert (left, deleted) == (True, False)


def test_secretsmanager_secret_rotates_in_check_mode(account, secret, theirs):
    left, cancelled = both(
        account,
        lambda: secret().get("RotationEnabled", False),
        lambda: account.run(SECRETS, task(SECRETS, dict(name="acme", clear=["rotation"])), check=True),
        lambda: theirs("community.aws.secretsmanager_secret", "--check", name="acme", secret="x", description="mail"),
    )
    assert (left, cancelled) == (True, False)


def test_secretsmanager_secret_replaces_the_schedule(account, secret):
    """Of the function alone, ours sees no difference. The other one's call would rotate at once, for which the double has no function to run."""
    before = secret()["RotationRules"]
    assert not write(account, SECRETS, dict(name="acme", rotation=dict(lambda_arn=secret()["RotationLambdaARN"])))["changed"]
    assert secret()["RotationRules"] == before == dict(ScheduleExpression="cron(0 18 ? * SUN *)")


def test_secretsmanager_secret_rotates_at_once(account, theirs):
    """Its wish is a schedule. The double has no function that it could run, and says so where a call asks it to."""
    OUTSIDE[SECRETS](account.client)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-rotation"
    write(account, SECRETS, dict(name="acme", secret_string="x"))
    harmless(account, SECRETS, dict(name="acme", rotation=dict(lambda_arn=function, automatically_after_days=30)))
    told = theirs("community.aws.secretsmanager_secret", name="acme", secret="x", rotation_lambda=function, rotation_interval=31)
    assert "the function would have to run" in told


def test_secretsmanager_secret_writes_the_old_value_back(account, theirs):
    write(account, SECRETS, dict(name="acme", secret_string="of the sheet"))
    client(account, "secretsmanager").put_secret_value(SecretId="acme", SecretString="rotated since")
    left, old = both(
        account,
        lambda: client(account, "secretsmanager").get_secret_value(SecretId="acme")["SecretString"],
        lambda: write(account, SECRETS, dict(name="acme", secret_string="of the sheet")),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="of the sheet"),
    )
    assert (left, old) == ("rotated since", "of the sheet")


def test_secretsmanager_secret_makes_a_version_in_every_run(account, theirs):
    """Of a secret with a key of the customer's that is not named again."""
    write(account, SECRETS, dict(name="acme", secret_string="x", kms_key_id="alias/acme"))
    left, more = both(
        account,
        lambda: client(account, "secretsmanager").get_secret_value(SecretId="acme")["VersionId"],
        lambda: write(account, SECRETS, dict(name="acme", secret_string="x")),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x"),
    )
    assert left != more


def test_acm_certificate_deletes_every_one_of_a_domain(account, theirs):
    """Ours knows a certificate by its name."""
    acm = client(account, "acm")
    for name in ("old", "new"):
        acm.request_certificate(DomainName="www.acme.example.jp", Tags=[dict(Key="Name", Value=name)])
    left, deleted = both(
        account,
        lambda: len(acm.list_certificates()["CertificateSummaryList"]),
        lambda: write(account, "acm_certificates", dict(name="old", state="absent"), confirm=["acm_certificates/old"]),
        lambda: theirs("community.aws.acm_certificate", state="absent", domain_name="www.acme.example.jp"),
    )
    assert (left, deleted) == (1, 0)
