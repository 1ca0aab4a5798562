# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and access keys: made once, kept in secrets of their own, never shown, never reset."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.laws.stage import KINDS
from tests.laws.test_gateways import client, dangerous, refused, task, write

PROFILES, KEYS = "iam_login_profiles", "iam_access_keys"


@pytest.fixture
def alice(stage):
    stage.double.reset()
    write(stage, "iam_users", dict(name="alice"))
    return stage


def secret(stage, name):
    return client(stage, "secretsmanager").get_secret_value(SecretId=name)["SecretString"]


@pytest.mark.parametrize("kind, entry", [(PROFILES, dict(user="alice", password_secret="theirs")), (KEYS, dict(user="alice", secret="theirs", purpose="x"))])
def test_a_secret_of_others_is_neither_read_nor_written(alice, kind, entry):
    client(alice, "secretsmanager").create_secret(Name="theirs", SecretString="their own")
    assert "does not say 'alice'" in refused(alice, kind, entry)
    assert secret(alice, "theirs") == "their own"


def test_a_password_is_kept_in_its_secret_and_shown_nowhere(alice):
    result = write(alice, PROFILES, dict(user="alice", password_secret="acme/alice", password_reset_required=True))
    password = secret(alice, "acme/alice")
    assert len(password) >= 20 and password not in json.dumps(result)
    assert client(alice, "iam").get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"]


def test_a_password_that_is_there_is_never_written_again(alice):
    """Ours never calls UpdateLoginProfile: who has a password keeps it, whatever the entry says."""
    client(alice, "iam").create_login_profile(UserName="alice", Password="Chosen-by-alice-1", PasswordResetRequired=False)
    alice.double.clear_calls()
    write(alice, PROFILES, dict(user="alice", password_reset_required=True))
    assert alice.writes() == []
    assert "password_secret cannot change" in refused(alice, PROFILES, dict(user="alice", password_secret="acme/alice"))


def test_a_key_is_kept_in_its_secret_and_shown_nowhere(alice):
    entry = dict(user="alice", secret="acme/alice", purpose="backup")
    result = write(alice, KEYS, entry)
    kept = json.loads(secret(alice, "acme/alice"))
    assert kept["AccessKeyId"] == result["entries"][0]["id"] and kept["SecretAccessKey"] not in json.dumps(result)


def test_a_third_key_is_refused_and_the_two_are_named(alice):
    made = [client(alice, "iam").create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"] for _number in range(2)]
    message = refused(alice, KEYS, dict(user="alice", secret="acme/alice", purpose="backup"))
    assert all(key in message for key in made) and message.count("never used") == 2


def test_of_two_keys_that_are_in_the_way_is_told_when_they_were_used_last(alice, monkeypatch):
    for _number in range(2):
        client(alice, "iam").create_access_key(UserName="alice")
    used = dict(LastUsedDate=datetime(2026, 3, 31, tzinfo=UTC), ServiceName="s3", Region="ap-northeast-1")
    monkeypatch.setitem(KINDS[KEYS].create.__globals__, "_last_used", lambda aws, key: used)
    assert "used last on 2026-03-31 for s3" in refused(alice, KEYS, dict(user="alice", secret="acme/alice", purpose="backup"))


def test_a_key_that_others_made_is_never_taken_for_a_lost_one(alice):
    other = client(alice, "iam").create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    write(alice, KEYS, dict(user="alice", secret="acme/alice", purpose="backup"))
    assert other in [key["AccessKeyId"] for key in client(alice, "iam").list_access_keys(UserName="alice")["AccessKeyMetadata"]]


def test_to_switch_a_key_off_is_told(alice):
    write(alice, KEYS, dict(user="alice", secret="acme/alice", purpose="backup"))
    assert "would stop whatever signs with AKIA" in dangerous(alice, KEYS, dict(user="alice", secret="acme/alice", status="Inactive"))


def test_to_lock_somebody_out_is_told(alice):
    write(alice, PROFILES, dict(user="alice", password_secret="acme/alice"))
    plan = alice.run(PROFILES, task(PROFILES, dict(user="alice", state="absent")), check=True)
    assert "would lock alice out of the console" in plan["entries"][0]["confirm"]
