# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of operations, on the controller. Its documentation is that of the module of the same name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.msp.aws.plugins.plugin_utils import _ledger

PLACE = dict(
    directory=dict(type="path"),
    bucket=dict(type="str"),
    prefix=dict(type="str", default=""),
    profile=dict(type="str"),
    region=dict(type="str"),
    endpoint_url=dict(type="str"),
)
OPTIONS = dict(
    ledger=dict(type="dict", required=True, options=PLACE, required_one_of=[("directory", "bucket")], mutually_exclusive=[("directory", "bucket")]),
    state=dict(type="str", choices=["read", "added", "claimed", "verified"], default="read"),
    request=dict(type="dict"),
    kind=dict(type="str", choices=list(_ledger.RECORDS)),
    content=dict(type="dict", default={}),
    take_over=dict(type="bool", default=False),
    heads=dict(type="dict", default={}),
)


class ActionModule(ActionBase):
    """Ansible's way in."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        needed = [("state", "added", ("kind",)), ("state", "read", ("request",)), ("state", "added", ("request",)), ("state", "claimed", ("request",))]
        dummy, given = self.validate_argument_spec(OPTIONS, required_if=needed)
        try:
            store = self._store(given["ledger"])
            told = _verified(store, given["heads"]) if given["state"] == "verified" else self._journal(store, given)
        except (_ledger.LedgerError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {**result, **told}

    def _store(self, place: Mapping[str, Any]) -> _ledger.Store:
        if place["directory"]:
            return _ledger.Directory(os.path.realpath(self._loader.path_dwim(place["directory"])))
        try:
            import boto3
        except ImportError as error:
            raise AnsibleActionFail(f"ledger: boto3 is needed where Ansible runs: {error}") from None
        session = boto3.session.Session(profile_name=place["profile"], region_name=place["region"])
        return _ledger.Bucket(session.client("s3", endpoint_url=place["endpoint_url"]), place["bucket"], place["prefix"])

    def _journal(self, store: _ledger.Store, given: Mapping[str, Any]) -> dict[str, Any]:
        request = given["request"]
        journal = _ledger.Journal.open(store, request["contract"], request["ticket"])
        _refuse_other_content(journal, request)
        writes = 0 if self._task.check_mode else len(journal.records)
        if given["state"] == "claimed" and not self._task.check_mode:
            journal.claim(_ledger.here(), datetime.now(UTC), given["take_over"])
        elif given["state"] == "added" and not self._task.check_mode:
            journal.add(given["kind"], given["content"], _ledger.here(), datetime.now(UTC))
        return dict(_told(journal), changed=not self._task.check_mode and len(journal.records) > writes)


def _refuse_other_content(journal: _ledger.Journal, request: Mapping[str, Any]) -> None:
    """The ticket is the key: what was once requested under it is what it stands for."""
    there = journal.first("request")
    if there and there["content"]["digest"] != request["digest"]:
        differing = sorted(name for name in {**there["content"], **request} if name != "digest" and there["content"].get(name) != request.get(name))
        raise _ledger.LedgerError(
            f"ledger {journal.place}: the ticket {request['ticket']} was received with another content "
            f"({', '.join(differing) or 'a secret'} differs). Nothing was done. Give the changed request a ticket of its own"
        )


def _told(journal: _ledger.Journal) -> dict[str, Any]:
    before = journal.first("before")
    found = {kind: (journal.last(kind) or {}).get("content") for kind in ("plan", "approval", "result", "failure", "end")}
    told = dict(found, status=journal.status, head=journal.head, records=journal.records, before=None, undo=None)
    if before:
        told.update(before=dict(before["content"]["facts"], at=before["at"]), plan=before["content"]["plan"], undo=before["content"]["undo"])
    return told


def _verified(store: _ledger.Store, heads: Mapping[str, str]) -> dict[str, Any]:
    """Every journal's chain anew; `heads` are hashes that stand on reports, by which a journal that was cut short or written anew is found."""
    found, journals = [], {}
    for place in store.places():
        journal = _ledger.Journal(store, place)
        try:
            journal.read()
        except _ledger.LedgerError as error:
            found.append(str(error))
            continue
        journals[place] = journal.head
        wanted = heads.get(place) or heads.get(place.rpartition("/")[2])
        if wanted and wanted != journal.head:
            found.append(f"ledger {place}: its hash is {journal.head}, the report says {wanted}")
    missing = [place for place in heads if not any(place in (there, there.rpartition("/")[2]) for there in [*journals, *store.places()])]
    found += [f"ledger {place}: there is no such journal" for place in missing]
    said = "\n".join(found) or f"{len(journals)} journals are as they were written"
    return dict(changed=False, journals=journals, faults=found, failed=bool(found), msg=said)
