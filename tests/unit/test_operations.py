# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations without AWS: requests and their faults, the gates, plans and the way back, the ledger and its chain."""

from __future__ import annotations

import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.msp.aws.plugins.plugin_utils import (
    _gates,
    _ledger,
    _operation_plans,
    _operations,
    _operations_awx,
    _papers,
    _papers_operation,
    _requests,
)
from ansible_collections.msp.aws.plugins.plugin_utils._calendar import JST
from tests import awx
from tests.awx import PLACE
from tools import operations as pages_of

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = _operations.operations()
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=JST)
REQUEST = dict(
    contract="C-1",
    ticket="REQ-1",
    operation="ec2.change_instance_type",
    target="web01",
    parameters=dict(instance_type="t3.large"),
    received="2026-11-20",
    wished="2026-11-26 02:00",
)
CONTRACT = dict(
    number="C-1",
    customer="Acme",
    applied_on="2026-01-05",
    plans=[{"plan": "advanced", "from": "2026-02-01"}],
    operation=dict(components=dict(ec2=1)),
)


def read(**more):
    return _requests.read({name: value for name, value in {**REQUEST, **more}.items() if value is not None})


# ---- the catalogue


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_row_is_whole_and_its_role_has_it(name):
    row = OPERATIONS[name]
    assert row["interruption"] in _operations.INTERRUPTIONS and row["roll_back"] in _operations.ROLL_BACKS
    assert row.get("way_back", {}).keys() in (set(), {"ja", "en"})
    assert (ROOT / "roles" / row["role"] / "tasks" / f"{row['entry']}.yml").exists()
    assert row["module"] is None and row["inside"] or (ROOT / "plugins" / "modules" / f"{row['module']}.py").exists()
    declared = _operations.options(name)
    assert row["target"] in declared and declared[row["target"]]["required"]
    assert all(option.startswith(_operations.prefix(name)) and facts["description"] for option, facts in declared.items())
    example = dict(REQUEST, operation=name, target=row["example"]["target"], parameters=row["example"]["parameters"])
    assert _requests.read(example)["variables"]


def test_every_entry_point_of_an_operations_role_is_an_operation():
    told = {(row["role"], row["entry"]) for row in OPERATIONS.values()}
    assert told == {(role.name, name) for role in (ROOT / "roles").glob("ops_*") for name in _operations.entry_points(role.name)}


# ---- requests


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (dict(operation="ec2.change_instance_typ"), "did you mean 'ec2.change_instance_type'?"),
        (dict(ticket="REQ/1"), "ticket: 'REQ/1' will not do"),
        (dict(target=None), "target: is needed"),
        (dict(wished="tomorrow"), "wished: "),
        (dict(received="2026-13-01"), "received: "),
        (dict(parameters=dict(instance_typ="t3.large")), "did you mean 'instance_type'?"),
        (dict(parameters={}), "parameters instance_type: is needed"),
        (dict(parameters=dict(instance="x", instance_type="y")), "the target is said in target"),
        (dict(purpose="hurry"), "purpose: 'hurry' will not do"),
        (dict(who="x"), "there is no 'who'"),
    ],
)
def test_what_is_wrong_in_a_request_is_said_with_its_place(more, said):
    with pytest.raises(_requests.RequestError) as caught:
        read(**more)
    assert said in caught.value.text("en") and caught.value.text("ja") != caught.value.text("en")


def test_all_faults_of_a_request_are_told_at_once():
    with pytest.raises(_requests.RequestError) as caught:
        read(ticket="a b", wished="x", target=None)
    assert len(caught.value.text("ja").splitlines()) == 3


def test_the_same_content_has_the_same_hash_and_any_other_another():
    assert read()["digest"] == read(received="2026-11-20")["digest"]
    others = [read(target="web02"), read(parameters=dict(instance_type="t3.xlarge")), read(wished="2026-11-27 02:00"), read(note="please")]
    assert len({one["digest"] for one in [read(), *others]}) == 5


# ---- gates


@pytest.mark.parametrize(
    ("request_more", "contract_more", "sheet", "events", "gate", "clause"),
    [
        ({}, {}, {}, [], None, None),
        (dict(contract="C-2"), {}, {}, [], "contract", "第4条"),
        ({}, {}, {}, [dict(date="2026-11-01", event="cancelled")], "contract", "第15条・第16条"),
        ({}, dict(plans=[{"plan": "standard", "from": "2026-02-01"}]), {}, [], "plan", "別紙1の1.2"),
        ({}, dict(plans=[{"plan": "advanced", "from": "2026-12-01"}]), {}, [], "plan", "別紙1の1.2"),
        (dict(purpose="incident"), {}, {}, [], "plan", "別紙1の1.2"),
        ({}, {}, {}, [dict(date="2026-11-25", event="suspended", until="2026-11-30", reason="unpaid")], "suspension", "第34条"),
        ({}, dict(operation=dict(components=dict(rds=1))), {}, [], "monitoring", "別紙1の2"),
        ({}, {}, dict(monitoring=dict(ec2=[dict(name="web02")])), [], "monitoring", "別紙1の2"),
        ({}, {}, dict(monitoring=dict(ec2=[dict(name="web01")])), [], None, None),
        (dict(wished="2026-11-25 02:00"), {}, {}, [], "date", "別紙1の1.4"),
        ({}, dict(lead_strict=True), {}, [], "date", "別紙1の1.4"),
        ({}, dict(maintenance_windows=[dict(name="w", when="every Thursday 01:00-05:00")]), {}, [], None, None),
        ({}, dict(maintenance_windows=[dict(name="w", when="every Sunday 01:00-05:00")]), {}, [], "window", "別紙1の1.4"),
        ({}, dict(maintenance_windows=[dict(name="w", when="every Thursday 01:00-02:20")]), {}, [], "window", "別紙1の1.4"),
    ],
)
def test_the_gates_let_pass_or_refuse_with_their_clause(request_more, contract_more, sheet, events, gate, clause):
    refused = _gates.refusal(read(**request_more), {**CONTRACT, **contract_more}, sheet, events)
    assert (refused and (refused["gate"], refused["clause"])) == (gate and (gate, clause))
    if refused:
        assert clause in refused["ja"] and refused["ja"].rstrip("）").endswith(clause)


def test_what_goes_wrong_is_put_right_at_once_from_the_standard_plan_on():
    contract = dict(CONTRACT, plans=[{"plan": "standard", "from": "2026-02-01"}])
    reboot = dict(operation="ec2.reboot_instance", parameters={}, received="2026-11-26", wished="2026-11-26 02:00")
    assert _gates.refusal(read(**reboot, purpose="incident"), contract, {}) is None
    assert _gates.refusal(read(**reboot), contract, {})["gate"] == "plan"
    entry = dict(CONTRACT, plans=[{"plan": "entry", "from": "2026-02-01"}])
    assert _gates.refusal(read(**reboot, purpose="incident"), entry, {})["gate"] == "plan"


def test_nothing_begins_before_its_time_or_after_the_window():
    assert _gates.refusal(read(), CONTRACT, {}, now=NOW) is None
    assert _gates.refusal(read(), CONTRACT, {}, now=NOW - timedelta(hours=2))["gate"] == "date"
    window = dict(CONTRACT, maintenance_windows=[dict(name="w", when="every Thursday 01:00-05:00")])
    assert _gates.refusal(read(), window, {}, now=NOW) is None
    assert _gates.refusal(read(), window, {}, now=NOW + timedelta(hours=2))["gate"] == "window"


@pytest.mark.parametrize("now", [None, datetime(2026, 11, 20, 9, tzinfo=JST)], ids=["plan", "apply"])
def test_a_wish_that_is_told_is_the_one_that_was_asked_for(now):
    refused = _gates.refusal(read(wished="2026-11-21 02:00"), CONTRACT, {}, now=now)
    assert "ご希望の日（2026-11-21）" in refused["ja"] and "another day than 2026-11-21" in refused["en"]


def test_the_day_of_the_look_is_no_wish():
    refused = _gates.refusal(read(wished="2026-12-01 02:00"), CONTRACT, {}, now=datetime(2026, 11, 20, 9, tzinfo=JST))
    assert refused["gate"] == "date" and "本日（2026-11-20）" in refused["ja"] and "ご希望" not in refused["ja"] and "today (2026-11-20)" in refused["en"]


@pytest.mark.parametrize(("deed", "interruption"), [("add", "none"), ("remove", "downtime")])
def test_to_close_a_port_interrupts_and_to_open_one_does_not(deed, interruption):
    rule = dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="203.0.113.0/24")
    parameters = dict(rule, vpc="acme", rule_action=deed, direction="ingress")
    request = read(operation="ec2.change_security_group", target="acme-web", parameters=parameters)
    result = dict(diff=dict(before={}, after={"acme/acme-web": dict(ingress=[])}), entries=[dict(entry="acme/acme-web", action="updated")])
    made = _operation_plans.plan(request, result)
    assert (made["interruption"], made["approval_needed"]) == (interruption, deed == "remove")
    window = dict(CONTRACT, maintenance_windows=[dict(name="w", when="every Sunday 01:00-05:00")])
    assert (_gates.refusal(request, window, {}) is None) == (deed == "add")
    paper = str(_papers.read(_papers_operation.procedure(made, request, CONTRACT, "2026-11-24", "ja")))
    assert _operations.INTERRUPTIONS[interruption]["ja"] in paper


def test_who_lets_somebody_do_more_needs_an_approval():
    assert all(_operations.needs_approval(row) for name, row in OPERATIONS.items() if name.startswith("iam.create_"))


def test_the_first_gate_in_their_order_is_told():
    contract = dict(CONTRACT, plans=[{"plan": "entry", "from": "2026-02-01"}])
    assert _gates.refusal(read(wished="2026-11-21 02:00"), contract, {})["gate"] == "plan"


# ---- plans


STATES = (dict(web01=dict(instance_type="t3.medium")), dict(web01=dict(instance_type="t3.large")))


def result(before, after, **more):
    return dict(diff=dict(before=before, after=after), entries=[dict(entry="web01", **more)], facts=dict(instance_type="t3.medium", state="running"))


def test_a_plan_has_the_hash_of_what_it_would_do():
    one = _operation_plans.plan(read(), result(*STATES, confirm="would stop"))
    same = _operation_plans.plan(read(), result(*STATES, confirm="would stop"))
    other = _operation_plans.plan(read(), result(dict(web01=dict(instance_type="t3.small")), dict(web01=dict(instance_type="t3.large")), confirm="would stop"))
    assert one == same and one["hash"] != other["hash"] and one["approval_needed"]
    assert one["confirm"] == ["ec2_change_instance_type/web01"] and one["undo"] == dict(instance_type="t3.medium", state="running")
    warned = _operation_plans.plan(read(), dict(result(*STATES, confirm="would stop"), warnings=["two are connected"]))
    assert warned == dict(one, warnings=["two are connected"]) and _operation_plans.moved(one, warned) == []
    assert _operation_plans.moved(one, other) == ["web01 instance_type: ('t3.medium', 't3.large') → ('t3.small', 't3.large')"]


def test_the_way_back_of_a_setting_names_only_what_changed():
    rule, other, changed = (dict(protocol="tcp", from_port=port, to_port=port, cidr_ipv4="0.0.0.0/0") for port in (22, 80, 443))
    was, became = [rule, changed], [dict(changed, description="new"), other]
    row = OPERATIONS["ec2.change_security_group"]
    diff = dict(before={"acme/web": dict(ingress=was)}, after={"acme/web": dict(ingress=became)})
    undo = _operation_plans.undo(row, dict(diff=diff, entries=[dict(entry="acme/web", action="updated")]))
    assert undo == dict(vpc="acme", name="web", ingress=dict(add=[rule, changed], remove=[other]))


def test_where_something_else_was_before_is_not_remembered_so_there_is_no_way_back_by_itself():
    request = read(**dict(operation="vpc.change_route_table", target="acme-public", parameters=dict(vpc="acme", change="add", subnet="a")))
    diff = dict(before={"acme/acme-public": dict(subnets=[])}, after={"acme/acme-public": dict(subnets=["a"])})
    made = _operation_plans.plan(request, dict(diff=diff, entries=[dict(entry="acme/acme-public", action="updated")]))
    assert (made["undo"], made["undo_confirm"], made["roll_back"]) == (None, [], "manual")
    paper = str(_papers.read(_papers_operation.procedure(made, request, CONTRACT, "2026-11-24", "ja")))
    assert "元の所属先を対象に、同じ作業をご依頼ください" in paper and "operation_phase=roll_back" not in paper


@pytest.mark.parametrize(("known", "roll_back"), [(True, "manual"), (False, "automatic")])
def test_what_a_secret_was_is_kept_nowhere_so_its_change_has_no_way_back_by_itself(known, roll_back):
    """A variable that was not there before goes back by going."""
    request = read(**dict(operation="lambda.change_environment_variables", target="acme", parameters=dict(variable="TOKEN", value="new")))
    names = (["STAGE", "TOKEN"] if known else ["STAGE"], ["STAGE", "TOKEN"])
    before, after = (dict(acme=dict(environment=dict.fromkeys(told, "********"))) for told in names)
    made = _operation_plans.plan(request, dict(diff=dict(before=before, after=after), entries=[dict(entry="acme", action="updated")]))
    assert (made["roll_back"], made["undo"]) == (roll_back, None if known else dict(name="acme", clear=["environment.TOKEN"]))
    for language, words in (("ja", "どこにも記録しない"), ("en", "is a secret and kept nowhere")):
        paper = str(_papers.read(_papers_operation.procedure(made, request, CONTRACT, "2026-11-24", language)))
        assert (words in paper) == known and ("operation_phase=roll_back" in paper) != known


def test_the_way_back_has_a_confirmation_of_its_own():
    """To make a group is no danger, and to remove it is one."""
    request = read(**dict(operation="iam.create_group", target="acme-developers", parameters={}))
    diff = dict(before={}, after={"acme-developers": dict(name="acme-developers")})
    made = _operation_plans.plan(request, dict(diff=diff, entries=[dict(entry="acme-developers", action="created")]))
    assert made["confirm"] == [] and made["undo_confirm"] == ["iam_groups/acme-developers"]
    assert "iam_groups/acme-developers" in _papers_operation.command("roll_back", request, made)


# ---- the ledger in a directory; what holds in every store is in tests/laws/test_ledger.py


RUN = dict(host="a", pid=1, started="1")


@pytest.fixture
def store(tmp_path):
    return _ledger.Directory(str(tmp_path / "ledger"))


def journal(store, ticket="REQ-1"):
    return _ledger.Journal.open(store, "C-1", ticket)


def test_records_are_private_and_chained(store):
    one = journal(store)
    for kind in ("request", "plan", "claim"):
        one.add(kind, dict(text="あ"), RUN, NOW)
    assert journal(store).records == one.records and one.status == "planned"
    path = store.root / "C-1" / "REQ-1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600} and len(list(path.iterdir())) == 3


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_text(path.read_text().replace("あ", "い")), "record 0002 (plan) was changed"),
        (lambda path: path.unlink(), "record 0002 is missing"),
        (lambda path: path.write_text(""), "record 0002 cannot be read"),
        (lambda path: os.replace(path, path.with_name("0003.json")), "record 0003 holds another record"),
    ],
)
def test_whoever_touches_a_record_breaks_the_chain(store, spoil, said):
    one = journal(store)
    for kind in ("request", "plan", "claim"):
        one.add(kind, dict(text="あ"), RUN, NOW)
    spoil(store.root / "C-1" / "REQ-1" / "0002.json")
    with pytest.raises(_ledger.LedgerError, match=re.escape(said)):
        journal(store)


def test_a_record_that_was_written_anew_does_not_follow(store):
    one = journal(store)
    for kind in ("request", "plan", "claim"):
        one.add(kind, dict(text="あ"), RUN, NOW)
    forged = dict(one.records[1], content=dict(text="い"))
    forged["hash"] = _operations.digest({name: value for name, value in forged.items() if name != "hash"})
    (store.root / "C-1" / "REQ-1" / "0002.json").write_text(json.dumps(forged))
    with pytest.raises(_ledger.LedgerError, match="0003 .* does not follow"):
        journal(store)


# ---- the report


def test_the_customers_edition_has_nothing_of_ours(store):
    one, request = journal(store), {name: value for name, value in read(requester="山田様").items() if name != "variables"}
    made = _operation_plans.plan(read(), result(*STATES))
    calls = dict(writes=[dict(call="ec2:StopInstances", request_id="r-1")])
    done = dict(result=dict(calls=calls, notes=["seen"], warnings=["late", "early"]), end=dict(outcome="done"))
    begun = dict(approval=dict(by="佐藤"), before=dict(operator="ops1"))
    made["warnings"] = ["early"]
    told = dict(request=request, plan=made, **begun, **done)
    for kind, content in told.items():
        one.add(kind, content, RUN, datetime.now(UTC))
    for language in ("ja", "en"):
        papers = [_papers_operation.completion(one.records, CONTRACT, language, edition) for edition in _papers_operation.EDITIONS]
        customer, internal = (str(_papers.read(paper)) for paper in papers)
        assert "t3.medium" in customer and one.head in customer and "山田様" in customer
        assert ("instance_type" in customer, "変更後のインスタンスタイプ" in customer) == (language == "en", language == "ja")
        assert "StopInstances" not in customer and "ops1" not in customer and "r-1" in internal and "ops1" in internal and "seen" in internal
        assert "early" not in customer and internal.count("early") == internal.count("late") == 1


def test_a_ticket_that_stands_half_way_has_a_report_with_the_commands_for_us(store):
    one, request = journal(store), {name: value for name, value in read().items() if name != "variables"}
    made = _operation_plans.plan(read(), result(*STATES, confirm="would stop"))
    told = dict(request=request, plan=made, before=dict(operator="ops1", plan=made, undo=made["undo"]), failure=dict(reason="it went wrong", unverified=False))
    for kind, content in told.items():
        one.add(kind, content, RUN, datetime.now(UTC))
    confirmed = 'operation_phase=roll_back -e \'{"confirm": ["ec2_change_instance_type/web01"]}\''
    for language in ("ja", "en"):
        papers = [_papers_operation.completion(one.records, CONTRACT, language, edition) for edition in _papers_operation.EDITIONS]
        customer, internal = (json.dumps(paper, ensure_ascii=False) for paper in papers)
        assert _papers_operation.WORDS[language]["outcomes"]["failed"] in customer and "it went wrong" not in customer and "ansible-playbook" not in customer
        assert "it went wrong" in internal and json.dumps(confirmed)[1:-1] in internal and "operation_phase=apply" in internal
    one.add("failure", dict(told["failure"], unverified=True), RUN, datetime.now(UTC))
    assert _papers_operation.WORDS["en"]["outcomes"]["unverified"] in str(_papers_operation.completion(one.records, CONTRACT, "en"))


def test_the_procedure_has_the_plan_and_every_command():
    made = _operation_plans.plan(read(), dict(result(*STATES, confirm="would stop"), warnings=["two are connected"]))
    for language in ("ja", "en"):
        paper = str(_papers.read(_papers_operation.procedure(made, read(), CONTRACT, "2026-11-24", language)))
        assert all(word in paper for word in ("t3.medium", made["hash"], "would stop", "two are connected", "operation_phase=roll_back", "verify_evidence.yml"))


def test_what_is_done_at_aws_and_inside_a_server_is_one_plan():
    image = dict(
        changed=True,
        entries=[dict(entry="web01", id="i-1", action="updated", changed=["image"])],
        facts=dict(state="running"),
        diff=dict(before={}, after=dict(web01=dict(image="before"))),
        calls=dict(reads=2, writes=[]),
    )
    facts = dict(replaced=[dict(name="nginx", version="1")], one_way=False)
    planned = dict(before=dict(nginx="1"), after=dict(nginx="2"), facts=facts, dangers=["would restart nginx"])
    result = _operation_plans.on_server(image, planned, "web01", "i-1")
    update = read(operation="ec2.update_software", parameters=dict(package="nginx", version="2", image_name="before"))
    made = _operation_plans.plan(update, result)
    assert [(one["entry"], one["option"], one["before"], one["after"]) for one in made["changes"]] == [
        ("web01", "image", None, "before"),
        ("web01", "nginx", "1", "2"),
    ]
    assert (made["dangers"], made["confirm"]) == (["would restart nginx"], ["ec2_create_image/web01"])
    assert (made["roll_back"], made["undo"]) == ("automatic", {**image["facts"], **planned["facts"]})
    lost = _operation_plans.on_server(image, dict(planned, facts=dict(one_way=True)), "web01", "i-1")
    assert (_operation_plans.plan(update, lost)["roll_back"], _operation_plans.plan(update, lost)["undo"]) == ("manual", None)
    nothing = _operation_plans.on_server({}, dict(before={}, after={}, facts={}, dangers=["would restart nginx"]), "web01", "i-1")
    assert not nothing["changed"] and _operation_plans.plan(update, nothing)["changes"] == _operation_plans.plan(update, nothing)["dangers"] == []


# ---- AWX and the pages


def test_the_data_for_awx_has_no_fault_and_asks_for_every_parameter():
    made = _operations_awx.configuration(PLACE)
    assert _operations_awx.faults(made) == [] and len(made["controller_templates"]) == 3 * len(OPERATIONS)
    for name, row in OPERATIONS.items():
        asked = {question["variable"] for question in _operations_awx.survey(name)["spec"]}
        short = {option.removeprefix(_operations.prefix(name)) for option in _operations.options(name) if option != row["target"]}
        assert asked == {*_operations_awx.COMMON, *(f"request_{one}" for one in short)}
        # Nobody else has approved a plan that turns out to have a danger.
        nodes = {node["identifier"]: node for node in _operations_awx.workflow(name, PLACE)["simplified_workflow_nodes"]}
        assert nodes["plan"]["success_nodes"] == ["approve"] and "approval_node" in nodes["approve"] and nodes["approve"]["success_nodes"] == ["apply"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_to_a_survey_make_the_request_of_the_example(name):
    """In every job of its workflow, as Ansible renders its extra variables; AWX takes the answers."""
    made, given = _operations_awx.configuration(PLACE, [name]), awx.answers(name)
    common = {word: given[f"request_{word}"] for word in ("received", "wished", "requester")}
    wanted = _requests.read(dict(contract="C-1", ticket="REQ-1", operation=name, **OPERATIONS[name]["example"], **common))
    for survey in (one["survey_spec"] for one in [*made["controller_templates"], *made["controller_workflows"]]):
        assert list(awx.refusals(survey, given)) == []
    for template in made["controller_templates"]:
        asked = trusted(template["extra_vars"]["operation_request"])
        assert _requests.read(Templar(DataLoader(), variables=dict(given, contract=CONTRACT)).template(asked)) == wanted


def trusted(value):
    if isinstance(value, dict):
        return {name: trusted(one) for name, one in value.items()}
    return trust_as_template(value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (dict(variable="日本語"), "no playbook can use this name"),
        (dict(variable="ansible_user"), "no playbook can use this name"),
        (dict(type="boolean"), "there is no type"),
        (dict(required="yes"), "required is true or false"),
        (dict(type="multiplechoice"), "needs a list of choices"),
        (dict(type="multiplechoice", choices=["a"], default="b"), "is no choice"),
        (dict(type="integer", default="3"), "the default is a number"),
        (dict(type="password", default="x"), "a secret has no default"),
        (dict(min=5, max=1), "min is more than max"),
        (dict(hint="x"), "there is no 'hint'"),
    ],
)
def test_what_awx_would_take_and_nobody_could_use_is_told(spoil, said):
    survey = _operations_awx.survey("ec2.reboot_instance")
    survey["spec"][0].update(spoil)
    assert any(said in fault for fault in _operations_awx.survey_faults(survey))


def test_the_pages_are_those_of_the_catalogue():
    pages = pages_of.pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "operations").glob("*.md")}
    assert there == pages, "make operations"


def test_every_parameter_is_told_in_english_and_in_japanese():
    for name in OPERATIONS:
        for option, told in _operations.options(name).items():
            english, japanese = told["description"]
            assert english.isascii() and not japanese.isascii(), option
