# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: a value is written once and never shown; what nobody named is not taken away."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.laws.test_gateways import client, dangerous, faults, refused, task, write

SECRETS = "secretsmanager_secrets"
FUNCTION = "arn:aws:lambda:ap-northeast-1:123456789012:function:acme-rotation"
PUBLIC = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal="*", Action="secretsmanager:GetSecretValue", Resource="*")])
PARTNER = dict(PUBLIC, Statement=[dict(PUBLIC["Statement"][0], Principal=dict(AWS="arn:aws:iam::210987654321:root"))])


@pytest.fixture
def account(stage):
    stage.double.reset()
    return stage


def value(stage, name="acme"):
    return client(stage, "secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def test_a_generated_value_stands_in_its_template_and_nowhere_else(account):
    result = write(account, SECRETS, dict(name="acme", generate=dict(key="password", template=dict(username="admin"), password_length=40)))
    held = json.loads(value(account))
    assert held["username"] == "admin" and len(held["password"]) == 40 and held["password"] not in json.dumps(result)


@pytest.mark.parametrize("again", [dict(secret_string="from the sheet"), dict(generate=dict(password_length=8))])
def test_a_value_that_is_there_is_neither_read_nor_written(account, again):
    client(account, "secretsmanager").create_secret(Name="acme", SecretString="rotated since")
    write(account, SECRETS, dict(name="acme", **again))
    calls = {call["operation"] for call in account.double.calls()} - {"CreateSecret"}
    assert calls == {"ListSecrets", "GetCallerIdentity"} and value(account) == "rotated since"


def test_a_public_policy_is_refused(account):
    write(account, SECRETS, dict(name="acme", secret_string="x"))
    assert "PublicPolicyException" in account.run(SECRETS, task(SECRETS, dict(name="acme", policy=PUBLIC)), fails=True)["msg"]


def test_a_name_that_still_goes_is_told_with_its_day(account):
    write(account, SECRETS, dict(name="acme", secret_string="x"))
    write(account, SECRETS, dict(name="acme", state="absent"), confirm=["secretsmanager_secrets/acme"])
    assert "until then no other one can have its name" in refused(account, SECRETS, dict(name="acme", secret_string="y"))


@pytest.mark.parametrize("change, words", [(dict(kms_key_id="alias/other"), "kms:Decrypt"), (dict(clear=["policy"]), "shut out the accounts")])
def test_what_shuts_readers_out_is_told(account, change, words):
    write(account, SECRETS, dict(name="acme", secret_string="x", policy=PARTNER))
    assert words in dangerous(account, SECRETS, dict(name="acme", **change))


def test_one_schedule_is_named(account):
    both = dict(lambda_arn=FUNCTION, automatically_after_days=30, schedule_expression="rate(10 days)")
    assert "either automatically_after_days or schedule_expression" in refused(account, SECRETS, dict(name="acme", rotation=both))


def test_a_value_is_given_or_generated():
    assert faults(SECRETS, dict(name="acme", secret_string="x", generate=dict(key="y"))) == [(0, "generate", "one_of")]
    assert faults(SECRETS, dict(name="acme", generate=dict(template=dict(a="b")))) == [(0, "generate.key", "needs")]


def test_a_secret_goes_in_its_own_time_or_at_once(account):
    """Each with its confirmation, which says what is lost; replicas go before."""
    for name in ("acme", "other", "third"):
        write(account, SECRETS, dict(name=name, secret_string="x", replica_regions=[dict(region="us-east-1")]))
    week = dict(name="acme", state="absent", recovery_window_in_days=7)
    assert "planned for deletion in 7 days" in account.run(SECRETS, task(SECRETS, week), fails=True)["msg"]
    write(account, SECRETS, week, confirm=["secretsmanager_secrets/acme"])
    at_once = dict(name="other", state="absent", force_delete_without_recovery=True)
    assert "nothing brings it back" in account.run(SECRETS, task(SECRETS, at_once), fails=True)["msg"]
    write(account, SECRETS, at_once, confirm=["secretsmanager_secrets/other"])
    there = {one["Name"]: one for one in client(account, "secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]}
    assert (there["acme"]["DeletedDate"] - datetime.now(UTC)).days in (6, 7)
    assert there.keys() == {"acme", "third"} and "DeletedDate" not in there["third"]
    assert [one["Name"] for one in client(account, "secretsmanager", region="us-east-1").list_secrets()["SecretList"]] == ["third"]


def test_a_replica_is_changed_where_it_was_made_and_a_namesake_is_left_alone(account):
    write(account, SECRETS, dict(name="acme", secret_string="x", replica_regions=[dict(region="us-east-1")]))
    virginia = dict(region="us-east-1", access_key="AKIA123456789012USEA")  # another key, because runs of one key share their clients
    there = account.run(SECRETS, task(SECRETS, dict(name="acme", description="y")), fails=True, **virginia)["msg"]
    assert "is the replica of that in ap-northeast-1" in there
    client(account, "secretsmanager", region="us-west-2").create_secret(Name="acme", SecretString="another's")
    refused_there = account.run(SECRETS, task(SECRETS, dict(name="acme", replica_regions=[dict(region="us-west-2")])), fails=True)["msg"]
    assert "no replica in us-west-2" in refused_there
    assert client(account, "secretsmanager", region="us-west-2").get_secret_value(SecretId="acme")["SecretString"] == "another's"
    assert "shut out" in dangerous(account, SECRETS, dict(name="acme", replica_regions=dict(remove=[dict(region="us-east-1")])))
