# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger in S3 keeps what it keeps in a directory: one of two runs wins, a lost answer makes no second record, and the chain holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config

from ansible_collections.msp.aws.plugins.plugin_utils import _ledger

RUN, OTHER = dict(host="a", pid=1, started="1"), dict(host="b", pid=2, started="2")
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


@pytest.fixture
def client(double):
    double.clear_faults()
    double.reset()
    keys = dict(aws_access_key_id="AKIA999999999999DESK", aws_secret_access_key="x" * 20)
    made = boto3.client("s3", endpoint_url=double.url, region_name="ap-northeast-1", config=Config(retries=dict(mode="standard", total_max_attempts=3)), **keys)
    made.create_bucket(Bucket="msp-ledger", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    return made


@pytest.fixture(params=["bucket", "directory"])
def store(request, client, tmp_path):
    return _ledger.Bucket(client, "msp-ledger", "operations/") if request.param == "bucket" else _ledger.Directory(str(tmp_path))


def journal(store, ticket="REQ-1"):
    return _ledger.Journal.open(store, "C-1", ticket)


def test_a_journal_reads_back_as_it_was_written(store):
    one = journal(store)
    for kind in ("request", "plan", "claim", "before", "result", "end"):
        one.add(kind, dict(outcome="done", text="あ"), RUN, NOW)
    assert journal(store).records == one.records and journal(store).status == "done"
    assert list(store.places()) == ["C-1/REQ-1"] and journal(store, "REQ-2").status == "new"


def test_of_two_runs_at_once_one_wins(store):
    journal(store).add("request", {}, RUN, NOW)
    one, other = journal(store), journal(store)
    one.claim(RUN, NOW)
    with pytest.raises(_ledger.LedgerError, match="at the same moment"):
        other.claim(OTHER, NOW)
    with pytest.raises(_ledger.LedgerError, match="is at work"):
        journal(store).claim(OTHER, NOW)
    assert journal(store).claim(OTHER, NOW + timedelta(hours=2))
    with pytest.raises(_ledger.LedgerError):
        one.add("before", {}, RUN, NOW + timedelta(hours=2))


@pytest.mark.parametrize("fault", ["server_error", "server_error_after", "timeout_after", "throttle"])
def test_a_lost_answer_makes_no_second_record_and_no_false_loser(client, double, fault):
    store = _ledger.Bucket(client, "msp-ledger")
    one = journal(store)
    double.faults([dict(fault=fault, at=1, of="write")])
    one.claim(RUN, NOW)
    double.clear_faults()
    assert journal(store).records == one.records and len(one.records) == 1
