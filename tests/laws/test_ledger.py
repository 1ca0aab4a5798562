# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger keeps, in a directory and in S3: one of two runs wins, a dead one lets go, and a lost answer makes no second record."""

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
    with pytest.raises(_ledger.LedgerError, match="is at work on this ticket"):
        journal(store).claim(OTHER, NOW + timedelta(minutes=59))


def test_a_ticket_of_a_dead_run_is_taken_and_the_dead_one_cannot_write_any_more(store):
    late = journal(store)
    late.add("request", {}, RUN, NOW)
    late.claim(RUN, NOW)
    assert journal(store).claim(OTHER, NOW + timedelta(minutes=61))
    with pytest.raises(_ledger.LedgerError):
        late.add("result", {}, RUN, NOW + timedelta(minutes=62))
    with pytest.raises(_ledger.LedgerError, match="has taken this ticket"):
        journal(store).add("result", {}, RUN, NOW + timedelta(minutes=62))


def test_on_this_machine_it_is_known_whether_a_run_lives(store):
    here = _ledger.here()
    one = journal(store)
    one.add("request", {}, here, NOW)
    one.claim(here, NOW)
    with pytest.raises(_ledger.LedgerError, match="is at work"):
        journal(store).claim(OTHER, NOW + timedelta(days=1))
    assert journal(store).claim(OTHER, NOW, take_over=True)
    dead = dict(here, pid=2**22 + 1, started="1")
    other = journal(store, "REQ-2")
    other.claim(dead, NOW)
    assert journal(store, "REQ-2").claim(here, NOW)


def test_a_failure_and_the_end_let_go_of_the_ticket(store):
    one = journal(store)
    one.claim(RUN, NOW)
    one.add("before", {}, RUN, NOW)
    one.add("failure", {}, RUN, NOW)
    assert one.status == "failed" and journal(store).claim(OTHER, NOW)
    two = journal(store)
    two.add("end", dict(outcome="done"), OTHER, NOW)
    assert two.status == "done" and two.holder() is None


@pytest.mark.parametrize("word", ["..", "a/b", "", "x" * 65])
def test_a_journal_lies_where_it_belongs(store, word):
    with pytest.raises(_ledger.LedgerError):
        _ledger.Journal.open(store, "C-1", word)


@pytest.mark.parametrize("fault", ["server_error", "server_error_after", "timeout_after", "throttle"])
def test_a_lost_answer_makes_no_second_record_and_no_false_loser(client, double, fault):
    store = _ledger.Bucket(client, "msp-ledger")
    one = journal(store)
    double.faults([dict(fault=fault, at=1, of="write")])
    one.claim(RUN, NOW)
    double.clear_faults()
    assert journal(store).records == one.records and len(one.records) == 1
