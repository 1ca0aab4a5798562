# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to Mackerel: what is sent, what is tried again, and what an error says."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import urllib3

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._client import Rehearsed
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel, Refused
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Delta, Option, Problem, fixed, items
from ansible_collections.msp.aws.plugins.modules import mackerel_channels, mackerel_monitors
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.doubles.mackerel.contract import Contract

KEY = "key-5f2a19c0"
SCHEMAS = dict(
    mackerel_downtimes="Downtime",
    mackerel_notification_groups="NotificationGroup",
    mackerel_alert_group_settings="AlertGroupSetting",
    mackerel_graph_annotations="GraphAnnotation",
    mackerel_dashboards="Dashboard",
    mackerel_aws_integrations="AwsIntegration",
)


class Pool:
    """Gives the answers one after another: (status, body, headers), or an error."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def request(self, method, url, body=None, headers=None):
        self.sent.append(SimpleNamespace(method=method, url=url, body=body, headers=headers))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, told, more = (*answer, {})[:3]
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        return SimpleNamespace(status=status, data=data, headers=more, reason="Reason")


def door(*answers, check=False, base=None):
    mackerel = Mackerel(SimpleNamespace(check_mode=check, params=dict(mackerel_api_key=KEY, mackerel_api_base=base)))
    mackerel._pool = Pool(*answers)
    return mackerel


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    slept = []
    monkeypatch.setattr(_mackerel.time, "sleep", lambda seconds: slept.append(seconds) if seconds else None)
    monkeypatch.setattr(_mackerel.time, "monotonic", lambda: 1000.0)
    return slept


LOST = urllib3.exceptions.ProtocolError("Connection aborted.")
BUSY = (429, dict(error=dict(message="too many requests")), {"Retry-After": "7"})


def test_a_call_goes_where_it_shall_with_the_key_in_a_header():
    mackerel = door((200, dict(id="1")))
    assert mackerel.post("/services/{}/roles", "a/b c", body=dict(name="ü")) == dict(id="1")
    (sent,) = mackerel._pool.sent
    assert (sent.method, sent.url) == ("POST", "https://api.mackerelio.com/api/v0/services/a%2Fb%20c/roles")
    assert sent.headers["X-Api-Key"] == KEY and json.loads(sent.body) == dict(name="ü") and KEY not in sent.url
    assert mackerel.writes == [dict(call="mackerel:POST /services/{}/roles", entry=None)]


def test_another_base_and_a_query():
    mackerel = door((200, dict(hosts=[])), base="https://kcps-mackerel.io/")
    mackerel.get("/hosts", status=["working", "standby"])
    assert mackerel._pool.sent[0].url == "https://kcps-mackerel.io/api/v0/hosts?status=working&status=standby"


@pytest.mark.parametrize("bad", [BUSY, (503, b"<html>"), LOST], ids=["429", "503", "lost"])
def test_a_read_is_tried_again_and_a_write_is_not(bad):
    mackerel = door(bad, (200, {}))
    assert mackerel.get("/org") == {} and (mackerel.reads, len(mackerel._pool.sent)) == (1, 2)
    mackerel = door(bad)
    with pytest.raises(Mackerel.errors) as caught:
        mackerel.post("/services", body={})
    assert mackerel.transient(caught.value) and len(mackerel._pool.sent) == 1


def test_a_read_that_belongs_to_an_entry_is_the_engines_to_try_again():
    mackerel = door(LOST)
    with mackerel.acting_for("entry"), pytest.raises(Mackerel.errors):
        mackerel.get("/org")
    assert len(mackerel._pool.sent) == 1


def test_retry_after_holds_for_every_call_that_follows(pauses):
    mackerel = door(BUSY, (200, {}))
    with pytest.raises(Refused):
        mackerel.post("/services", body={})
    mackerel.put("/services", body={})
    assert pauses == [7.0]


def test_a_refusal_is_not_tried_again_and_is_told_in_mackerels_words():
    mackerel = door((400, dict(error=dict(message=f"bad name, said {KEY}"))))
    with pytest.raises(Refused) as caught:
        mackerel.put("/monitors/{}", "1", body={})
    assert not mackerel.transient(caught.value) and mackerel.writes[0]["refused"] == "400"
    assert mackerel.explain(caught.value, mackerel.last_call) == f"mackerel:PUT /monitors/{{}}: 400 bad name, said {HIDDEN}"


@pytest.mark.parametrize("body, said", [(dict(error="text"), "500 text"), (b"<html>", "500 Reason"), (dict(oops=1), "500 Reason"), ([], "500 Reason")])
def test_errors_of_any_form_are_told(body, said):
    mackerel = door((500, body))
    with pytest.raises(Refused, match=said):
        mackerel.post("/services", body={})


def test_an_answer_that_is_not_json_is_told_as_that():
    with pytest.raises(Refused, match="not JSON"):
        door((200, b"<html>Sign in</html>")).post("/services", body={})


def test_no_write_goes_out_in_check_mode():
    mackerel = door((200, {}), check=True)
    mackerel.get("/org")
    for call in (mackerel.post, mackerel.put):
        with pytest.raises(Rehearsed):
            call("/services", body={})
    with pytest.raises(Rehearsed):
        mackerel.remove("/services/{}", "x")
    assert len(mackerel._pool.sent) == 1 and mackerel.writes == []


def test_the_organization_is_compared_first():
    door().check_owner(None)
    door((200, dict(name="acme"))).check_owner("acme")
    with pytest.raises(Problem, match="nothing was done"):
        door((200, dict(name="globex"))).check_owner("acme")


# ---- every field of the API


def fields(contract, schema):
    return {name for name, facts in contract.schemas[schema]["properties"].items() if not facts.get("readOnly")}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_kind_has_every_field_that_can_be_written(kind):
    assert fields(Contract(), SCHEMAS[kind]) == {_mackerel.member(name) for name in kinds()[kind].options}


@pytest.mark.parametrize("kind, schema", [(mackerel_monitors, "Monitor"), (mackerel_channels, "ChannelInput")], ids=["monitors", "channels"])
def test_each_type_has_every_field_that_can_be_written(kind, schema):
    contract = Contract()
    told = {}
    for one in contract.schemas[schema]["oneOf"]:
        properties = contract.schemas[one["$ref"]]["properties"]
        told[properties["type"].get("const") or properties["type"]["enum"][0]] = fields(contract, one["$ref"])
    said = {name: {_mackerel.member(option) for option in (*kind.COMMON, *kind.NEEDED[name], *kind.MORE[name])} for name in kind.NEEDED}
    assert told == said


# ---- forms

OPTIONS = dict(
    name=fixed(),
    is_mute=Option("bool"),
    warning=Option("float", clearable=True),
    scopes=Option("list", "str", many=True, ref="mackerel_scopes"),
    headers=items(key=("name",), options=dict(name=Option(), value=_mackerel.secret())),
    start=_mackerel.moment(),
)


def test_sheet_form_fills_defaults_and_takes_spaces_and_nulls_away():
    found = dict(name="x", warning=None, scopes=["b: c", "a"], start=1775318400)
    thing = _mackerel.in_sheet_form(OPTIONS, found, dict(is_mute=False))
    assert thing == dict(name="x", is_mute=False, scopes=["a", "b:c"], start="2026-04-04T16:00:00+00:00")
    assert _mackerel.same_moment("2026-04-05T01:00:00+09:00", thing["start"])


def test_api_form_leaves_out_what_is_not_there():
    assert _mackerel.in_api_form(OPTIONS, dict(name="x", warning=80.0, is_mute=None)) == dict(name="x", warning=80)
    with pytest.raises(Problem, match="stands for a secret"):
        _mackerel.in_api_form(OPTIONS, dict(headers=[dict(name="X-Key", value=HIDDEN)]))


def test_a_replacement_keeps_what_nobody_named():
    live = dict(id="1", name="x", isMute=True, warning=80, scopes=["a", "b: c"], addedLater=dict(x=1))
    have = dict(_mackerel.in_sheet_form(OPTIONS, live), _object=live)
    body = _mackerel.replacement(OPTIONS, have, dict(warning=None, scopes=Delta(["d"], [], ["a"])))
    assert body == dict(name="x", isMute=True, scopes=["b:c", "d"], addedLater=dict(x=1))
