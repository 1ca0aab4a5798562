# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of operations: for each ticket a journal of records that are only ever added, each bound to the one before it by its hash.

A store knows nothing but numbered records and how to make the next one exactly once: a hard link in a directory, a conditional write in S3. All
else follows from that: of two runs one wins, a run that was overtaken cannot write any more, and whoever changes a record breaks the chain.
"""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.msp.aws.plugins.plugin_utils._operations import canonical, digest

NAME = re.compile(r"[\w+=,.@-]{1,64}")
NUMBER = re.compile(r"(\d{4})\.json")
LEASE = timedelta(minutes=60)  # after so long without a record the run on another machine is taken for dead
RECORDS = ("request", "plan", "approval", "claim", "before", "result", "failure", "end")
RELEASING = ("failure", "end")
NO_RECORD = "0" * 64
TAKEN = ("PreconditionFailed", "412")
AT_ONCE = ("ConditionalRequestConflict", "409")


class LedgerError(Exception):
    """The journal forbids it, or cannot be trusted."""


class Store(Protocol):
    """Where the journals are."""

    def numbers(self, place: str) -> list[int]: ...

    def read(self, place: str, number: int) -> bytes: ...

    def create(self, place: str, number: int, data: bytes) -> bool:
        """Whether this call made the record: False when there is another one of this number."""

    def places(self) -> Iterator[str]:
        """Every journal."""


class Directory:
    """Below a directory on the controller; only its owner may look into it."""

    def __init__(self, path: str) -> None:
        self.root = Path(path)

    def numbers(self, place: str) -> list[int]:
        folder = self.root / place
        names = os.listdir(folder) if folder.is_dir() else []
        return sorted(int(found[1]) for found in map(NUMBER.fullmatch, names) if found)

    def read(self, place: str, number: int) -> bytes:
        return (self.root / place / f"{number:04}.json").read_bytes()

    def create(self, place: str, number: int, data: bytes) -> bool:
        """Written whole beside its place and then linked there, which fails where something is."""
        folder = self.root / place
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(beside, folder / f"{number:04}.json")
        except FileExistsError:
            return False
        finally:
            os.unlink(beside)
        _sync(folder)
        return True

    def places(self) -> Iterator[str]:
        return (str(path.relative_to(self.root)) for path in sorted(self.root.glob("*/*")) if path.is_dir())


def _sync(folder: Path) -> None:
    """The new name is on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """In S3: a write that only succeeds where no object is. The client is the provider's own, not the customer's."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix.strip("/") + "/" if prefix.strip("/") else ""

    def numbers(self, place: str) -> list[int]:
        names = (key.rpartition("/")[2] for key in self._keys(f"{self.prefix}{place}/"))
        return sorted(int(found[1]) for found in map(NUMBER.fullmatch, names) if found)

    def read(self, place: str, number: int) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=self._key(place, number))["Body"].read()

    def create(self, place: str, number: int, data: bytes) -> bool:
        while True:
            try:
                self.client.put_object(Bucket=self.bucket, Key=self._key(place, number), Body=data, IfNoneMatch="*", ContentType="application/json")
                return True
            except self.client.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                if code in AT_ONCE:
                    continue
                if code not in TAKEN:
                    raise
                # An answer that was lost on the way is asked for again by botocore, and then finds its own record.
                return self.read(place, number) == data

    def places(self) -> Iterator[str]:
        keys = (key.removeprefix(self.prefix) for key in self._keys(self.prefix))
        return iter(sorted({key.rpartition("/")[0] for key in keys if key.count("/") == 2}))

    def _key(self, place: str, number: int) -> str:
        return f"{self.prefix}{place}/{number:04}.json"

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", []))


# ---- who writes


def here() -> dict[str, Any]:
    """This run, by the process of ansible-playbook whose worker this is."""
    pid = os.getppid()
    return dict(host=socket.gethostname(), pid=pid, started=_started(pid))


def _started(pid: int) -> str | None:
    """When a process began, by which it is told from a later one with the same number. None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None if Path("/proc/self").exists() else "unknown"
    return text.rpartition(")")[2].split()[19]


def at_work(run: Mapping[str, Any], last: datetime, now: datetime, lease: timedelta = LEASE) -> bool:
    """Whether a run may still be going on: on this machine that is known, elsewhere it is by the time of its last record."""
    if run["host"] == socket.gethostname():
        return _started(run["pid"]) == run["started"]
    return now < last + lease


# ---- a journal


@dataclass
class Journal:
    """All records of one ticket, and what follows from them."""

    store: Store
    place: str
    records: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, store: Store, contract: str, ticket: str) -> Journal:
        for word in (contract, ticket):
            if not NAME.fullmatch(word) or word.strip(".") == "":
                raise LedgerError(f"{word!r} cannot name a journal: 1 to 64 letters, digits and +=,.@_- are possible")
        journal = cls(store, f"{contract}/{ticket}")
        journal.read()
        return journal

    def read(self) -> None:
        self.records = [_loaded(self.store.read(self.place, number), self.place, number) for number in self.store.numbers(self.place)]
        fault = broken(self.records)
        if fault:
            raise LedgerError(f"ledger {self.place}: {fault}. Nothing is done for this ticket before it is known what happened to its journal")

    def last(self, *kinds: str) -> dict[str, Any] | None:
        return next((record for record in reversed(self.records) if record["kind"] in kinds), None)

    def first(self, kind: str) -> dict[str, Any] | None:
        return next((record for record in self.records if record["kind"] == kind), None)

    @property
    def head(self) -> str:
        """The hash that stands for the whole journal."""
        return self.records[-1]["hash"] if self.records else NO_RECORD

    @property
    def status(self) -> str:
        """new, requested, planned, approved, begun, failed, or how it ended: done, returned, rolled_back."""
        end = self.last("end")
        if end:
            return end["content"]["outcome"]
        if self.last("before"):
            return "failed" if self.records[-1]["kind"] == "failure" else "begun"
        told = dict(approval="approved", plan="planned", request="requested")
        return next((status for kind, status in told.items() if self.last(kind)), "new")

    def holder(self) -> dict[str, Any] | None:
        """The record by which a run took the ticket and has not let go of it."""
        claim = self.last("claim")
        released = self.last(*RELEASING)
        return claim if claim and (released is None or released["number"] < claim["number"]) else None

    def add(self, kind: str, content: Any, run: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The next record. Who was overtaken, by whatever run, cannot write."""
        holder = self.holder()
        if holder and holder["run"] != run and kind != "claim":
            raise LedgerError(f"ledger {self.place}: {_told(holder)} has taken this ticket; this run stops here")
        return self._write(kind, content, run, now)

    def claim(self, run: Mapping[str, Any], now: datetime, take_over: bool = False) -> dict[str, Any] | None:
        """This ticket is ours from here on."""
        holder = self.holder()
        if holder and holder["run"] == run:
            return None
        if holder and not take_over:
            last = datetime.fromisoformat(next(record for record in reversed(self.records) if record["run"] == holder["run"])["at"])
            if at_work(holder["run"], last, now):
                raise LedgerError(
                    f"ledger {self.place}: {_told(holder)} is at work on this ticket. Wait until it has ended; where it is certainly dead, "
                    "say operation_take_over=true"
                )
        return self._write("claim", dict(after=holder["number"] if holder else None), run, now)

    def _write(self, kind: str, content: Any, run: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        if kind not in RECORDS:
            raise ValueError(kind)
        record = dict(number=len(self.records) + 1, kind=kind, at=now.astimezone(UTC).isoformat(timespec="microseconds"), run=dict(run), previous=self.head)
        record["content"] = json.loads(canonical(content))
        record["hash"] = digest(record)
        if not self.store.create(self.place, record["number"], json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"):
            raise LedgerError(f"ledger {self.place}: another run wrote at the same moment; this run stops here. Run it again to see what became of it")
        self.records.append(record)
        return record


def broken(records: list[dict[str, Any]]) -> str | None:
    """What is wrong with the first record that is not as it was written; None where the chain holds."""
    before = NO_RECORD
    for number, record in enumerate(records, 1):
        if record.get("number") != number:
            return f"record {number:04} is missing"
        if digest({name: value for name, value in record.items() if name != "hash"}) != record.get("hash"):
            return f"record {number:04} ({record.get('kind')}) was changed after it was written"
        if record["previous"] != before:
            return f"record {number:04} ({record['kind']}) does not follow from the one before it"
        before = record["hash"]
    return None


def _loaded(data: bytes, place: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise LedgerError(f"ledger {place}: record {number:04} cannot be read")
    if record.get("number") != number:
        raise LedgerError(f"ledger {place}: record {number:04} holds another record, of the number {record.get('number')}")
    return record


def _told(record: Mapping[str, Any]) -> str:
    return f"the run {record['run']['pid']} on {record['run']['host']}, since {record['at'][:19]}Z,"
