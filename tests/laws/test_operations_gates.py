# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refusing gate lets no write call through: every operation at every gate, each through the whole frame."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment

from ansible_collections.msp.aws.plugins.plugin_utils._calendar import JST
from ansible_collections.msp.aws.plugins.plugin_utils._operations import argument_spec, operations, prefix
from tests.laws.frame import Acts, Frame, Refused, compile_once
from tests.laws.operations import OPERATIONS, Desk
from tests.laws.stage import ACCOUNT, REGION

ROWS = operations()
COMPONENTS = {row["component"] for row in ROWS.values() if row["component"]}
CONTRACT = dict(
    number="C-1",
    customer="Acme",
    account_id=ACCOUNT,
    region=REGION,
    language="en",
    applied_on="2020-01-06",
    plans=[{"plan": "advanced", "from": "2020-02-01"}],
    operation=dict(components=dict.fromkeys(sorted(COMPONENTS), 1)),
)
SHORT = [dict(name="short", when="every Sunday 01:00-01:05")]  # nothing that interrupts is done in five minutes


def day(number):
    return f"{datetime.now(JST) + timedelta(days=number):%Y-%m-%d %H:%M}"


WISHED = day(-1)
# Gate → what of the request, of the contract and of the events makes it refuse.
CLOSED = [
    ("contract", dict(contract="C-2"), {}, []),
    ("contract", {}, {}, [dict(date=day(-9)[:10], event="cancelled")]),
    ("plan", {}, dict(plans=[{"plan": "standard", "from": "2020-02-01"}]), []),
    ("suspension", {}, {}, [dict(date=day(-9)[:10], event="suspended", until=day(9)[:10], reason="unpaid")]),
    ("monitoring", {}, dict(operation=dict(components={})), []),
    ("date", dict(received=day(0)[:10]), {}, []),
    ("date", dict(wished=day(1)), {}, []),
    ("window", {}, dict(maintenance_windows=SHORT), []),
]
# Of some rows a gate asks nothing.
OPEN = dict(
    monitoring=lambda row: row["component"] is None,
    window=lambda row: row["interruption"] == "none",
)
# A value of no such type.
WRONG = dict(int="many", float="much", bool="perhaps", list={"no": "list"}, dict="no dictionary")
REPEATED = {"ec2.create_snapshot", "ec2.reboot_instance"}
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")  # three words of a sentence, which no name is
ELSEWHERE = dict(account_id="210987654321")
READ, APPROVE = "Read the request", "Refuse a plan that nobody has approved"
REFUSE = "Refuse what cannot be done as the account is"
PLAN = {
    REFUSE,
    "Refuse to make what was to be changed",
    "Refuse to change what was to be made",
    "Refuse a request that would change nothing",
}


class Counter:
    """Where a ticket of an operation comes in; each with a ledger of its own."""

    def __init__(self, desk, operation, folder):
        self.desk, self.operation, self.folder, self.tickets = desk, operation, folder, 0

    def ledger(self):
        self.tickets += 1
        return dict(directory=str(self.folder / str(self.tickets)))

    def come(self, phase, request=(), contract=(), events=(), **more):
        asked = dict(contract="C-1", ticket="REQ-1", operation=self.operation, **ROWS[self.operation]["example"], received=day(-30)[:10], wished=WISHED)
        given = dict(operation_request={**asked, **dict(request)}, contract={**CONTRACT, **dict(contract)}, events=list(events), operation_phase=phase)
        return Frame(self.desk, self.operation, **{"operation_ledger": self.ledger(), **given, **more}).run()

    def refused(self, *how, **more):
        """By which task of a run that would do it, and what that told; nothing was written, and nothing is said to have begun."""
        ledger = more.setdefault("operation_ledger", self.ledger())
        self.desk.double.clear_calls()
        with pytest.raises(Refused) as caught:
            self.come("apply", *how, **more)
        assert self.desk.writes() == [] and "before" not in kinds(ledger)
        return caught.value


def kinds(ledger):
    return [json.loads(path.read_text(encoding="utf-8"))["kind"] for path in sorted(Path(ledger["directory"]).rglob("*.json"))]


@pytest.fixture
def counter(stage, operation, tmp_path, monkeypatch):
    monkeypatch.setattr(Environment, "compile", compile_once)
    desk = Desk(stage)
    if operation in OPERATIONS:
        desk.open(operation)
    yield Counter(desk, operation, tmp_path)
    desk.close()


@pytest.mark.parametrize("operation", ROWS)
def test_a_refusing_gate_lets_no_write_call_through(counter, operation):
    row, before = ROWS[operation], counter.desk.double.state()
    for gate, *how in CLOSED:
        if not OPEN.get(gate, lambda row: False)(row):
            assert counter.refused(*how).result["refused"]["gate"] == gate
    assert "210987654321" in str(counter.refused({}, ELSEWHERE))
    for parameters in impossible(operation):
        read = counter.refused(dict(parameters=parameters))
        assert read.task == READ and "(terms of service, Annex 1, 2)" in read.result["msg"]
    ledger, approval = planned(counter)
    assert counter.desk.double.state() == before
    if row["module"]:
        somebody_acts(counter.desk, operation)
        moved = counter.refused(operation_ledger=ledger, operation_approval=approval)
        assert moved.task in PLAN | {APPROVE}
        assert (moved.task == APPROVE) != ("(terms of service, Annex 1, 1.2, note 4)" in moved.result["msg"])


@pytest.mark.parametrize("operation", [name for name, row in ROWS.items() if row["module"]])
def test_what_cannot_be_done_is_refused_in_the_words_of_the_customer_with_its_clause(counter, operation):
    """Each operation on something that is not there, and each with a value of each parameter that nothing has; and what is wrong with a request itself."""
    nobody = dict(target="no-such-thing") if not ROWS[operation].get("makes") else {}
    parameters = ROWS[operation]["example"]["parameters"]
    others = [dict(parameters={**parameters, name: f"no-such-{name}"}) for name, value in parameters.items() if isinstance(value, str)]
    for wrong in [nobody, *others]:
        try:
            counter.come("plan", wrong, dict(language="ja"))
        except Refused as refused:
            said = refused.result["msg"]
            assert refused.task in PLAN | {READ} and "（利用規約 別紙1の" in said and "何も変更していません" in said
            assert not ENGLISH.search(said), said
        else:
            assert wrong not in ([nobody] if nobody else [])
    for wrong in impossible(operation):
        said = counter.refused(dict(parameters=wrong), dict(language="ja")).result["msg"]
        assert "（利用規約 別紙1の2）" in said and not ENGLISH.search(said), said


def somebody_acts(desk, operation):
    """Somebody else has done the same meanwhile; where a second time is as good as the first, the target has another name."""
    if operation not in REPEATED:
        desk.run(operation, ticket="REQ-2")
        return
    (entry,) = desk.run(operation, check=True)["entries"]
    desk.stage.client("ec2").create_tags(Resources=[entry["id"]], Tags=[dict(Key="Name", Value="acme-other")])


def impossible(operation):
    """Parameters of which each time one is of no such type, or no such choice, or is not there at all."""
    given = ROWS[operation]["example"]["parameters"]
    yield ["no dictionary"]
    yield dict(given, no_such_parameter="x")
    for name, option in argument_spec(operation).items():
        if option.get("choices") or option["type"] in WRONG:
            yield {**given, name.removeprefix(prefix(operation)): "nothing" if option.get("choices") else WRONG[option["type"]]}


def planned(counter):
    """A ledger with a plan, and its approval. Without one, where one is needed, and with one for another plan nothing begins; with this one it does."""
    ledger = counter.ledger()
    plan = counter.come("plan", operation_ledger=ledger)["operation_plan"]
    if plan["approval_needed"]:
        assert counter.refused(operation_ledger=ledger).task == APPROVE
    assert counter.refused(operation_ledger=ledger, operation_approval=dict(by="Yamada", plan="0" * 64)).task == APPROVE
    approval, copied = dict(by="Yamada", plan=plan["hash"]), counter.ledger()
    shutil.copytree(ledger["directory"], copied["directory"])
    with pytest.raises(Acts):
        counter.come("apply", operation_ledger=copied, operation_approval=approval)
    assert kinds(copied)[-1] == "before"
    return ledger, approval
