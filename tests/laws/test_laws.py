# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws that every kind obeys, each played with the kind's own EXAMPLES."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import replace

import pytest
from moto.core.utils import get_service_model
from policy_sentry.querying.all import get_all_actions

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_faults
from ansible_collections.msp.aws.plugins.module_utils._client import PROGRESS
from ansible_collections.msp.aws.plugins.module_utils._options import Option, equal, hidden
from ansible_collections.msp.aws.plugins.module_utils._reports import AFTER_APPLY
from tests.laws.bystanders import COMMON, LEAST, PLANT
from tests.laws.moved import assert_nothing_foreign_moved, assert_only_what_is_named_moved, leaves
from tests.laws.privileges import POLICIES, actions, calls_in_code, calls_of, has_policy, is_read, of_options, shipped, words
from tests.laws.stage import KINDS, WATCHED, agreed, entries, examples, like


def acts(name):
    shown = examples(name)
    return [shown.make, *shown.changes, shown.remove]


def told(result):
    """What a result says, as far as a plan can know it: without ids and what is known after apply."""
    said = [{key: value for key, value in entry.items() if key != "id"} for entry in result["entries"]]
    return dict(changed=result["changed"], entries=said, diff=_known(result["diff"]))


def _known(value):
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner) for inner in value]
    return value.removesuffix(f" {AFTER_APPLY}") if isinstance(value, str) else value


def test_law_1_a_plan_predicts_exactly_what_apply_does_and_writes_nothing(prepared, kind):
    for act in acts(kind.name):
        before = prepared.double.state()
        prepared.double.clear_calls()
        plan = prepared.run(kind.name, act, check=True)
        assert prepared.writes() == [] and prepared.double.state() == before
        applied = prepared.run(kind.name, act)
        assert told(plan) == told(applied)
        assert_came_true(kind, applied["diff"]["after"], {kind.label(one): one for one in prepared.gather(kind.name)})
        assert applied["changed"] == (prepared.double.state() != before), "changed is true exactly when the account changed"


def assert_came_true(kind, promised, gathered):
    """What the diff promised is what is read afterwards; AWS may add to what was asked, never say otherwise."""
    for label, after in promised.items():
        for name, value in after.items():
            option, found = kind.options[name], gathered[label].get(name)
            if option.write_only or option.secret:
                continue
            if option.many and option.options:
                for item in value or []:
                    asked = {inner: said for inner, said in item.items() if said is not None}
                    assert any(holds(option, asked, one) for one in found or []), f"{label} {name}: {asked} is not in {found}"
            elif option.many:
                assert set(value or []) <= set(found or []), f"{label} {name}: {value} is not in {found}"
            elif option.options and isinstance(value, dict):
                assert holds(option, {inner: said for inner, said in value.items() if said is not None}, found or {}), f"{name}: {found}"
            elif option.merges:
                asked, there = ({key: str(said) for key, said in (one or {}).items()} for one in (value, found))
                assert asked.items() <= there.items() and (name != "tags" or asked == there)
            else:
                assert equal(option, value, found) or (value is None and not found), f"{label} {name}: {found!r} instead of {value!r}"


def test_law_2_apply_makes_it_and_gathered_returns_every_named_option(prepared, kind):
    done = []
    for act in acts(kind.name):
        prepared.run(kind.name, act)
        done.append(act)
        gathered = {kind.label(entry): entry for entry in prepared.gather(kind.name)}
        for label, wanted in agreed(kind.name, *done).items():
            assert label in gathered
            for option, value in wanted.items():
                assert_is_so(kind, option, value, gathered[label], last=act)
        for entry in entries(kind.name, act):
            if entry.get("state") == "absent":
                assert kind.label(entry) not in gathered


def assert_is_so(kind, name, value, actual, last):
    name, dummy, key = name.partition(".")
    option = kind.options[name]
    found = actual.get(name)
    if value is None:
        assert not (found or {}).get(key) if key else found in (None, [], {}), f"{name} was to be taken away"
    elif option.write_only:
        return
    elif option.many:
        if not any(entry.get(name) for entry in entries(kind.name, last)):
            return
        for item in [*value.get("add", []), *value.get("set", [])]:
            assert any(holds(option, item, one) for one in found or []), f"{name}: {item} is not in {found}"
        for item in value.get("remove", []):
            assert not any(holds(option, item, one) for one in found or []), f"{name}: {item} is still in {found}"
        if "set" in value:
            assert len(found or []) == len(value["set"])
    elif option.options and isinstance(value, dict):
        for inner, wanted in value.items():
            assert equal(option.options[inner], wanted, (found or {}).get(inner)), f"{name}.{inner}: {found}"
    elif option.merges:
        assert {**(found or {}), **(hidden(value) if option.secret else value)} == found
    else:
        assert equal(option, value, found), f"{name} is {found!r} instead of {value!r}"


def holds(option, wanted, found):
    if not option.options:
        return wanted == found
    return all(_is_so_inside(option.options.get(name, Option()), value, found.get(name)) for name, value in wanted.items())


def _is_so_inside(option, wanted, found):
    """Of a free dictionary only what is named counts."""
    return {**(found or {}), **wanted} == found if option.merges and wanted is not None else equal(option, wanted, found)


def test_law_3_a_second_apply_writes_nothing(prepared, kind):
    for act in acts(kind.name):
        prepared.run(kind.name, act)
        prepared.double.clear_calls()
        again = prepared.run(kind.name, act)
        assert not again["changed"] and prepared.writes() == [], "the second run wrote"
        assert {entry["action"] for entry in again["entries"]} == {"unchanged"}
        assert not prepared.run(kind.name, act, check=True)["changed"]


def test_law_4_what_is_not_named_stays_byte_identical(prepared, kind):
    """Each entry of each change alone: only objects of that entry move, and options that it does not name stay as they are."""
    prepared.run(kind.name, examples(kind.name).make)
    for change in examples(kind.name).changes:
        for entry in entries(kind.name, change):
            task = {**change, kind.things: entry if kind.single else [entry]}
            before = {kind.label(one): one for one in prepared.gather(kind.name)}
            state = prepared.double.state()
            result = prepared.run(kind.name, task)
            moved_state = state, prepared.double.state()
            after = {kind.label(one): one for one in prepared.gather(kind.name)}
            label = kind.label(entry)
            moved = {name for name in kind.options if before.get(label, {}).get(name) != after[label].get(name)}
            said = set(entry) | {path.partition(".")[0] for path in entry.get("clear", ())}
            assert moved <= said, "options moved that were not named"
            assert set(result["entries"][0]["changed"]) <= said
            can_move = {name for name in said & set(kind.options) if not kind.options[name].fixed}
            about = [{name: one.get(name) for name in can_move} for one in (entry, before.get(label, {}), after[label])]
            if not kind.single:
                own = {result["entries"][0]["id"], label.rpartition("/")[2]}
                assert_nothing_foreign_moved(*moved_state, own | leaves(about))
                assert_only_what_is_named_moved(kind, own, about, *moved_state)
            neighbours = {name: one for name, one in after.items() if name != label}
            assert neighbours == {name: one for name, one in before.items() if name != label}, "a neighbour moved"


def empties(kind, entry):
    """The entry with each of its texts empty in turn, also inside its first item of a list."""
    own = {name: entry[name] for name in kind.identity}
    for name, option in kind.options.items():
        if option.type == "str" and name not in kind.identity:
            yield name, {**own, name: ""}
        given = entry.get(name)
        items = (given.get("add") or given.get("set")) if option.many and isinstance(given, dict) else given
        for inner, facts in (option.options or {}).items() if isinstance(items, list) and items else ():
            if facts.type == "str" and inner not in option.key:
                yield f"{name}.{inner}", {**own, name: [{**items[0], inner: ""}, *items[1:]]}


def test_law_3_an_empty_text_is_refused_in_the_plan_or_converges(prepared, kind):
    make = examples(kind.name).make
    prepared.run(kind.name, make)
    prepared.double.snapshot("made")
    for entry in entries(kind.name, make):
        for option, emptied in empties(kind, entry):
            prepared.double.restore("made")
            task = {kind.things: emptied if kind.single else [emptied], "confirm": [f"{kind.name}/{kind.label(emptied)}"]}
            if prepared.attempt(kind.name, task, check=True).get("failed"):
                continue
            prepared.run(kind.name, task)
            prepared.double.clear_calls()
            assert not prepared.run(kind.name, task)["changed"] and prepared.writes() == [], option


def test_the_name_tag_is_kept_as_it_is_said_or_refused_in_the_plan(prepared, kind):
    if "tags" not in kind.options:
        return
    make = examples(kind.name).make
    entry = entries(kind.name, make)[0]
    named = {**entry, "tags": {**entry.get("tags", {}), "Name": "another"}}
    task = {**make, kind.things: named if kind.single else [named]}
    told = sheet_faults({kind.name: task[kind.things]})
    if prepared.attempt(kind.name, task, check=True).get("failed"):
        assert len(told) == 1 and "Name" in told[0]
        return
    assert told == []
    prepared.run(kind.name, task)
    assert not prepared.run(kind.name, task)["changed"]


def test_nothing_in_a_dictionary_is_not_named(prepared, kind):
    """A key without a value neither takes away what is there, nor writes a word for nothing."""
    make = examples(kind.name).make
    prepared.run(kind.name, make)
    free = [name for name, option in kind.options.items() if option.merges and not option.write_only]
    for entry in entries(kind.name, make):
        own = {name: entry[name] for name in kind.identity}
        for name in free:
            empty = {**own, name: dict.fromkeys([*entry.get(name, {}), "nobody"])}
            assert not prepared.run(kind.name, {kind.things: empty if kind.single else [empty]})["changed"]


PLANTED = set()


def planted_in(stage):
    """What others have there: one of everything. Planted once, and brought back from then on."""
    if stage.double.url not in PLANTED:
        stage.double.reset()
        PLANT[type(stage)](stage.double)
        stage.double.snapshot("bystanders")
        PLANTED.add(stage.double.url)
    stage.double.restore("bystanders")
    return {path: thing for path, thing in stage.double.state().items() if not COMMON.search(path)}


def test_law_4_bystanders_stay_byte_identical(home, kind):
    """Things that others made, of every service, and the service's own: the whole life of the examples passes and not a byte of them moves."""
    planted = planted_in(home)
    assert len(planted) > LEAST[type(home)] and "bystander" in str(planted)
    home.lead_up(kind.name)
    for act in acts(kind.name):
        home.run(kind.name, act)
        now = home.double.state()
        moved = [path for path, thing in planted.items() if now.get(path) != thing]
        assert not moved


def test_law_4_naming_one_option_alone_touches_no_other_object(prepared, kind):
    """Seen through the double's own state: re-applying the make example with one option left out at a time moves nothing at all."""
    make = examples(kind.name).make
    prepared.run(kind.name, make)
    state = prepared.double.state()
    for entry in entries(kind.name, make):
        for left_out in entry.keys() - set(kind.identity):
            less = {name: value for name, value in entry.items() if name != left_out}
            prepared.run(kind.name, {**make, kind.things: less if kind.single else [less]})
            assert prepared.double.state() == state, f"leaving out {left_out} moved something"


def test_law_5_killed_at_every_write_a_second_run_converges(prepared, kind):
    """Nothing twice, nothing lost: the account ends as it does when nobody kills the run.

    Killed after each write; for the account that is the same as killed before the next one.
    """
    prepared.double.snapshot("before")
    for act in acts(kind.name):
        prepared.double.clear_calls()
        prepared.run(kind.name, act)
        writes, whole = len(prepared.writes()), prepared.gather(kind.name)
        prepared.double.snapshot("after")
        for k in range(1, writes + 1):
            prepared.double.restore("before")
            prepared.double.faults([dict(fault="die_after", at=k, of="write")])
            prepared.run(kind.name, act, fails=True)
            prepared.double.clear_faults()
            prepared.run(kind.name, act)
            assert prepared.settled(kind.name) == whole, f"killed after write {k} of {writes}"
        prepared.double.restore("after")
        prepared.double.snapshot("before")


def test_law_5_who_does_not_wait_gets_the_same_and_the_next_run_waits(prepared, kind):
    make = examples(kind.name).make
    prepared.double.snapshot("before")
    prepared.run(kind.name, make)
    whole = prepared.gather(kind.name)
    prepared.double.restore("before")
    begun = prepared.run(kind.name, make, wait=False)
    assert set(begun.get("awaited", ())) <= {kind.label(entry) for entry in entries(kind.name, make)}
    assert "awaited" not in prepared.run(kind.name, make)
    assert prepared.gather(kind.name) == whole and not prepared.run(kind.name, make)["changed"]


# What takes AWS longest. Other kinds with a `look` show only a moment after they are made.
TAKES_MINUTES = {
    "directconnect_virtual_interfaces",
    "ec2_nat_gateways",
    "ec2_transit_gateway_vpc_attachments",
    "ec2_vpn_connections",
    "networkfirewall_firewalls",
}


def slowly(kind, looks):
    """The kind at an AWS that is slower than the double: for so many looks everything still goes on."""
    left = iter(range(looks))

    def look(aws, ids):
        goes_on = next(left, None) is not None
        return [dict(have, _moving=have.get("_moving") or "pending") if goes_on else have for have in kind.look(aws, ids)]

    return replace(kind, look=look)


def test_law_5_a_wait_tells_what_and_since_when_and_after_its_limit_the_next_run_goes_on(prepared, kind, monkeypatch, tmp_path):
    """Who waits is told of the entries, when it began, its limit and how far they are; at the limit each entry says that, and nothing is made anew."""
    if not kind.look:
        assert kind.name not in TAKES_MINUTES
        return
    make, start = examples(kind.name).make, time.time()
    prepared.double.snapshot("before")
    with monkeypatch.context() as shown:
        shown.setenv(PROGRESS, str(tmp_path / "progress"))
        shown.setitem(KINDS, kind.name, slowly(kind, 3))
        labels = [entry["entry"] for entry in prepared.run(kind.name, make)["entries"]]
    whole = prepared.gather(kind.name)
    words = [json.loads(line) for line in (tmp_path / "progress").read_text(encoding="utf-8").splitlines()]
    words = [word for word in words if word["what"].startswith(f"{kind.name} ") and "seen" in word]
    assert words and all(start <= word["since"] <= time.time() and word["limit"] == kind.seconds for word in words)
    assert all(any(label in word["what"] and label in word["seen"] for label in labels) for word in words)
    prepared.double.restore("before")
    with monkeypatch.context() as limited:
        limited.setitem(KINDS, kind.name, replace(slowly(kind, 99), seconds=0))
        reported = prepared.run(kind.name, make, fails=True)["entries"]
    late = [entry["reason"] for entry in reported if "reason" in entry]
    assert late and all(re.search(r" is .+ after 0 s; the next run goes on from here$", reason) for reason in late)
    prepared.run(kind.name, make)
    assert prepared.gather(kind.name) == whole and not prepared.run(kind.name, make)["changed"]


# What AWS makes anew whenever it is asked: the call takes no ClientToken, and a name is only a tag.
MADE_TWICE = dict(
    acm_certificates="ImportCertificate",
    directconnect_connections="CreateConnection",
    directconnect_gateways="CreateDirectConnectGateway",
    dlm_lifecycle_policies="CreateLifecyclePolicy",
    ec2_dhcp_options="CreateDhcpOptions",
    ec2_elastic_ips="AllocateAddress",
    ec2_internet_gateways="CreateInternetGateway",
    ec2_transit_gateway_route_tables="CreateTransitGatewayRouteTable",
    ec2_transit_gateways="CreateTransitGateway",
    ec2_vpcs="CreateVpc",
    ec2_vpn_connections="CreateVpnConnection",
    ec2_vpn_gateways="CreateVpnGateway",
    iam_access_keys="CreateAccessKey",
)


def test_law_5_what_a_list_does_not_show_yet_is_not_made_twice(prepared, kind):
    """The answer of a creation gets lost, the run dies, and the lists of the next run are behind: at the latest the run after that agrees."""
    if kind.name in MADE_TWICE:
        taken = get_service_model(kind.service).operation_model(MADE_TWICE[kind.name]).input_shape.members
        assert "ClientToken" not in taken
        return
    make = examples(kind.name).make
    prepared.double.snapshot("before")
    prepared.run(kind.name, make)
    writes, whole = len(prepared.writes()), prepared.gather(kind.name)
    for k in range(1, writes + 1):
        prepared.double.restore("before")
        prepared.double.faults([dict(fault="die_after", at=k, of="write"), dict(fault="stale", times=2)])
        prepared.run(kind.name, make, fails=True)
        prepared.double.faults([dict(fault="stale", times=2)])
        prepared.attempt(kind.name, make)
        prepared.double.clear_faults()
        prepared.run(kind.name, make)
        assert prepared.settled(kind.name) == whole, f"killed at write {k} of {writes}"


# A read whose answer is lost is for the account a read that was never made.
BAD_MOMENTS = dict(call=["throttle", "server_error", "timeout"], write=["server_error_after", "timeout_after"])


@pytest.mark.parametrize("of, faults", BAD_MOMENTS.items(), ids=["not executed", "executed"])
def test_law_6_a_bad_moment_is_survived(prepared, kind, of, faults):
    """Throttled, failing or silent at the k-th call, and again at the next: tried again after another look, and the account ends as if nothing had been."""
    make = examples(kind.name).make
    prepared.double.snapshot("start")
    prepared.double.clear_calls()
    prepared.run(kind.name, make)
    count = len(prepared.double.calls() if of == "call" else prepared.writes())
    whole = prepared.gather(kind.name)
    for k in range(1, count + 1):
        fault, another = faults[k % len(faults)], faults[(k + 1) % len(faults)]
        prepared.double.restore("start")
        prepared.double.faults([dict(fault=fault, at=k, of=of), dict(fault=another, at=k + 1, of=of)])
        prepared.run(kind.name, make)
        prepared.double.clear_faults()
        assert prepared.settled(kind.name) == whole, f"{fault} at {of} {k} of {count}, then {another}"


def test_law_6_a_refusal_names_kind_entry_and_call(prepared, kind):
    if kind.name in WATCHED:
        assert [action for action in shipped(kind.name) if not is_read(action)] == [], "nothing that could be refused"
        return
    prepared.double.faults([dict(fault="denied", at=1, of="write", times=0)])
    result = prepared.run(kind.name, examples(kind.name).make, fails=True)
    prepared.double.clear_faults()
    failed = [entry for entry in result["entries"] if entry["action"] == "failed"]
    assert failed and all(entry["entry"] in result["msg"] for entry in failed)
    refused = {f"{call['service']}:{call['operation']}" for call in prepared.double.calls() if call["write"]}
    assert kind.name in result["msg"] and any(call in result["msg"] for call in refused), result["msg"]


def test_law_7_absent_removes_only_what_is_named(prepared, kind):
    shown = examples(kind.name)
    if kind.name in WATCHED:
        for confirm in ([], [f"{kind.name}/{kind.things}"]):
            refused = prepared.run(kind.name, {kind.things: dict(state="absent"), "confirm": confirm}, fails=True)
            assert prepared.writes() == [] and "cannot be removed" in refused["msg"] and "confirm" not in refused["msg"]
        return
    prepared.run(kind.name, shown.make)
    for change in shown.changes:
        prepared.run(kind.name, change)
    before = {kind.label(one): one for one in prepared.gather(kind.name)}
    unconfirmed = {name: value for name, value in shown.remove.items() if name != "confirm"}
    prepared.double.clear_calls()
    refused = prepared.run(kind.name, unconfirmed, fails=True)
    assert prepared.writes() == [] and "confirm" in refused["msg"], "removing needs a confirmation"
    prepared.run(kind.name, shown.remove)
    gone = {kind.label(entry) for entry in entries(kind.name, shown.remove) if entry.get("state") == "absent"}
    after = {kind.label(one): one for one in prepared.gather(kind.name)}
    assert after == {label: one for label, one in before.items() if label not in gone}
    assert not prepared.run(kind.name, shown.remove)["changed"]


def test_law_7_an_id_of_nothing_stops_no_other_entry(prepared, kind):
    """One of a thing that is gone, and one of no thing at all: to be absent they already are, to be present is that entry's fault alone."""
    if kind.single:
        return
    shown = examples(kind.name)
    ids = {one["entry"]: one["id"] for one in prepared.run(kind.name, shown.make)["entries"]}
    for act in (*shown.changes, shown.remove):
        prepared.run(kind.name, act)
    gone = {kind.label(entry) for entry in entries(kind.name, shown.remove) if entry.get("state") == "absent"}
    rest = [entry for entry in entries(kind.name, shown.make) if kind.label(entry) not in gone]
    alone = failures(prepared.attempt(kind.name, {**shown.make, kind.things: rest}, check=True)) if rest else set()
    for odd in {*(ids[label] for label in gone & ids.keys()), "nothing"}:
        for state, failed in (("absent", set()), ("present", {odd})):
            task = {**shown.make, kind.things: [*rest, dict(id=odd, state=state)]}
            assert failures(prepared.attempt(kind.name, task, check=True)) == alone | failed, f"{odd} {state}"


def failures(result):
    assert "diff" in result, result["msg"]
    return {one["entry"] for one in result["entries"] if one["action"] == "failed"}


def test_the_examples_use_every_option(kind):
    shown = examples(kind.name)
    used = {name for act in (shown.make, *shown.changes) for entry in entries(kind.name, act) for name in entry}
    used |= {name for entry in entries(kind.name, shown.remove) for name in entry if name in kind.options and kind.options[name].parting}
    assert set(kind.options) - used == set(), "every option is proven by an example"


def test_adopting_shows_no_change(prepared, kind):
    """What `gathered` returns is a sheet: applied as it is, it changes nothing."""
    prepared.run(kind.name, examples(kind.name).make)
    gathered = prepared.gather(kind.name)
    task = {kind.things: gathered[0] if kind.single else gathered}
    plan = prepared.run(kind.name, task, check=True)
    assert not plan["changed"], plan["diff"]


def test_there_are_kinds():
    assert len(KINDS) > 3


def test_law_8_the_shipped_policy_allows_exactly_the_calls_that_are_made(prepared, kind):
    if not has_policy(kind):
        reader = prepared.as_reader()
        for act in acts(kind.name):
            reader.run(kind.name, act, check=True)
            prepared.double.clear_calls()
            refused = reader.run(kind.name, act, fails=True)
            assert all(write["refused"] in ("401", "403") for write in refused["calls"]["writes"]) and refused["calls"]["writes"]
            prepared.run(kind.name, act)
        return
    seen, written = actions(calls_of(prepared, kind.name)), actions(calls_in_code(kind.name))
    assert {*seen, *written, *of_options(kind.name)} == set(shipped(kind.name)), "make iam"


def test_law_8_the_shipped_policies_speak_iams_words(kind):
    if not has_policy(kind):
        assert not (POLICIES / f"{kind.name}.json").exists()
        return
    known = get_all_actions(lowercase=True)
    assert [action for action in shipped(kind.name) if action.lower() not in known] == []


def test_law_8_every_use_of_a_key_is_an_options():
    for name, told in words()["options"].items():
        for path in told:
            options = KINDS[name].options
            for part in path.split("."):
                assert part in options, f"{name} {path}"
                options = options[part].options or {}


def test_reads_do_not_grow_with_the_entries(prepared, kind):
    """A plan of ten and of a hundred new entries makes the same reading calls."""
    if kind.single:
        assert entries(kind.name, examples(kind.name).make) == [examples(kind.name).make[kind.things]], "there is one, so nothing can grow"
        return
    template = entries(kind.name, examples(kind.name).make)[0]
    reads = []
    for number in (10, 100):
        clones = [{**template, kind.identity[-1]: f"{template[kind.identity[-1]]}{index}"} for index in range(number)]
        prepared.double.clear_calls()
        prepared.attempt(kind.name, {kind.things: clones}, check=True)
        reads.append(prepared.reads())
    assert sorted(reads[0]) == sorted(reads[1])


# Reads that AWS answers for one thing at a time, and for which it has no list.
ONE_BY_ONE = dict(
    autoscaling_groups={"autoscaling:DescribeLifecycleHooks"},
    budgets_budgets={"budgets:DescribeSubscribersForNotification", "budgets:ListTagsForResource"},
    cloudtrail_trails={"cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors"},
    config_rules={"config:ListTagsForResource"},
    acm_certificates={"acm:GetCertificate", "acm:ListTagsForCertificate"},
    cloudwatch_alarms={"cloudwatch:ListTagsForResource"},
    dlm_lifecycle_policies={"dlm:GetLifecyclePolicy"},
    ec2_client_vpn_endpoints={"ec2:DescribeClientVpnTargetNetworks", "ec2:DescribeClientVpnAuthorizationRules", "ec2:DescribeClientVpnRoutes"},
    ec2_instances={"ec2:DescribeInstanceAttribute"},
    ec2_vpc_endpoint_services={"ec2:DescribeVpcEndpointServicePermissions"},
    ec2_vpcs={"ec2:DescribeVpcAttribute"},
    elbv2_listeners={"elbv2:DescribeListenerAttributes", "elbv2:DescribeListenerCertificates"},
    elbv2_load_balancers={"elbv2:DescribeLoadBalancerAttributes"},
    elbv2_target_groups={"elbv2:DescribeTargetGroupAttributes", "elbv2:DescribeTargetHealth"},
    elbv2_trust_stores={"elbv2:DescribeTrustStoreRevocations"},
    events_rules={"events:ListTagsForResource", "events:ListTargetsByRule"},
    firehose_delivery_streams={"firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"},
    iam_instance_profiles={"iam:GetInstanceProfile"},  # for its tags
    iam_policies={"iam:ListPolicyTags"},
    lambda_event_source_mappings={"lambda:ListTags"},
    lambda_functions={"lambda:GetFunction", "lambda:GetPolicy", "lambda:ListFunctionEventInvokeConfigs"},
    logs_log_groups={"logs:ListTagsForResource"},
    mackerel_dashboards={"mackerel:GET /dashboards/{}"},
    mackerel_graph_annotations={"mackerel:GET /graph-annotations"},
    mackerel_hosts={"mackerel:GET /hosts/{}/metadata", "mackerel:GET /hosts/{}/metadata/{}"},
    mackerel_roles={"mackerel:GET /services/{}/roles", "mackerel:GET /services/{}/roles/{}/metadata", "mackerel:GET /services/{}/roles/{}/metadata/{}"},
    mackerel_services={"mackerel:GET /services/{}/metadata", "mackerel:GET /services/{}/metadata/{}"},
    networkfirewall_firewall_policies={"network-firewall:DescribeFirewallPolicy"},
    networkfirewall_firewalls={"network-firewall:DescribeFirewall", "network-firewall:DescribeLoggingConfiguration"},
    networkfirewall_rule_groups={"network-firewall:DescribeRuleGroup"},
    ec2_transit_gateway_route_tables={
        "ec2:GetTransitGatewayPrefixListReferences",
        "ec2:GetTransitGatewayRouteTablePropagations",
        "ec2:SearchTransitGatewayRoutes",
    },
    s3_buckets={
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:ListObjectVersions",
    },
    secretsmanager_secrets={"secretsmanager:DescribeSecret"},
    securityhub_standards={"securityhub:BatchGetStandardsControlAssociations", "securityhub:ListSecurityControlDefinitions"},
    shield_protections={"shield:ListTagsForResource"},
    sns_subscriptions={"sns:GetSubscriptionAttributes"},
    sns_topics={"sns:GetTopicAttributes", "sns:ListTagsForResource"},
)


# Whose names others give, or of which there is one for each pair of other things; the examples have two.
FEW = {
    "directconnect_hosted_connections",
    "directconnect_hosted_virtual_interfaces",
    "ec2_transit_gateway_peering_attachments",
    "ec2_transit_gateway_vpc_attachments",
    "ec2_vpc_peering_connections",
    "iam_login_profiles",
    "lambda_event_source_mappings",
    "mackerel_hosts",
    "ram_resource_share_accepters",
    "securityhub_standards",
}
MORE = 4
CROWDS: dict[str, list] = {}


@pytest.fixture
def crowded(prepared, kind):
    """A task that makes the kind's example and more entries like one of it, as many as the account lets stand side by side; None where there is one at most."""
    if kind.single:
        return None
    task = {**examples(kind.name).make, "wait": True}
    if kind.name not in CROWDS:
        CROWDS[kind.name] = max((crowd_of(prepared, kind, task, one) for one in entries(kind.name, task)), key=len)
        prepared.prepare(kind.name)
    assert (len(CROWDS[kind.name]) < 3) == (kind.name in FEW), "what reads grow with is seen from three entries on"
    return {**task, **confirmed(kind, CROWDS[kind.name])}


def crowd_of(stage, kind, task, pattern):
    """Those that are as they shall be after one run: they do not stand in each other's way."""
    stage.prepare(kind.name)
    crowd = [*entries(kind.name, task), *(like(kind.name, pattern, number) for number in range(1, MORE + 1))]
    stage.attempt(kind.name, {**task, **confirmed(kind, crowd)})
    after = stage.attempt(kind.name, {**task, **confirmed(kind, crowd)}, check=True)
    settled = {one["entry"] for one in after["entries"] if one["action"] == "unchanged"}
    return [one for one in crowd if kind.label(one) in settled]


def confirmed(kind, crowd):
    return {kind.things: crowd, "confirm": [f"{kind.name}/{kind.label(one)}" for one in crowd]}


def growing(few, many):
    """Calls that more entries need more of. A list may be read twice: to find the entries, and to find what they refer to."""
    return {call for call, count in Counter(many).items() if count > max(few.count(call), 2)}


def test_reads_of_what_is_there_grow_only_where_aws_has_no_list(prepared, kind, crowded):
    if not crowded:
        assert kind.name not in ONE_BY_ONE
        return
    prepared.attempt(kind.name, crowded)
    reads = []
    for number in (1, None):
        prepared.double.clear_calls()
        prepared.run(kind.name, {**crowded, kind.things: crowded[kind.things][:number]}, check=True)
        reads.append(prepared.reads())
    assert growing(*reads) <= ONE_BY_ONE.get(kind.name, set())


# What looks once more for each thing that it makes: whether what its token stands for shows, or nobody has taken its place meanwhile, or what to go on with.
LOOK_BEFORE = dict(
    autoscaling_groups={"autoscaling:DescribeAutoScalingGroups"},
    autoscaling_policies={"autoscaling:DescribePolicies"},
    autoscaling_scheduled_actions={"autoscaling:DescribeScheduledActions"},
    directconnect_transit_gateway_associations={
        "directconnect:DescribeDirectConnectGatewayAssociations",
        "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeDirectConnectGateways",
        "ec2:DescribeTransitGatewayAttachments",
        "ec2:DescribeTransitGateways",
    },
    directconnect_virtual_gateway_associations={
        "directconnect:DescribeDirectConnectGatewayAssociations",
        "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeDirectConnectGateways",
        "ec2:DescribeVpnGateways",
    },
    directconnect_virtual_interfaces={
        "directconnect:DescribeConnections",
        "directconnect:DescribeDirectConnectGatewayAssociations",
        "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeLags",
        "directconnect:DescribeVirtualInterfaces",
    },
    ec2_client_vpn_endpoints={"ec2:DescribeClientVpnEndpoints"},
    ec2_customer_gateways={"ec2:DescribeCustomerGateways"},
    ec2_elastic_ips={"ec2:DescribeAddresses"},
    ec2_instances={"ec2:DescribeInstances", "ec2:DescribeInstanceTypes"},  # the latter once for each type
    ec2_launch_templates={"ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"},
    ec2_nat_gateways={"ec2:DescribeNatGateways"},
    ec2_network_acls={"ec2:DescribeNetworkAcls"},
    ec2_network_interfaces={"ec2:DescribeNetworkInterfaces"},
    ec2_route_tables={"ec2:DescribeRouteTables"},
    ec2_transit_gateway_attachment_accepters={"ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayPeeringAttachments"},
    ec2_transit_gateway_peering_attachments={"ec2:DescribeTransitGatewayPeeringAttachments"},
    ec2_transit_gateway_route_tables={"ec2:DescribeTransitGatewayAttachments"},
    ec2_transit_gateway_vpc_attachments={"ec2:DescribeTransitGatewayVpcAttachments"},
    ec2_volumes={"ec2:DescribeVolumes"},
    ec2_vpc_endpoint_services={"ec2:DescribeVpcEndpointServiceConfigurations"},
    ec2_vpc_endpoints={"ec2:DescribeVpcEndpoints"},
    ec2_vpc_peering_connections={"ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs"},
    ec2_vpn_connections={"ec2:DescribeVpnConnections", "ec2:DescribeTransitGatewayAttachments"},
    ec2_vpcs={"ec2:DescribeVpcs"},  # for its blocks, one after another
    # What creation did not set needs a load balancer that is active, so this waits whatever was said, and looks by time.
    elbv2_load_balancers={"elbv2:DescribeLoadBalancers"},
    elbv2_trust_stores={"elbv2:DescribeTrustStores"},
    iam_access_keys={"iam:ListAccessKeys", "secretsmanager:DescribeSecret"},
    # What is left to reserve changes with each one, and how it was used lately is asked of those that get a limit.
    lambda_functions={"cloudwatch:GetMetricStatistics", "lambda:GetAccountSettings", "lambda:GetFunctionConfiguration"},
    logs_subscription_filters={"logs:DescribeSubscriptionFilters"},
    ram_resource_shares={"ram:GetResourceShareAssociations", "ram:GetResourceShares"},  # a share takes one change at a time
    secretsmanager_secrets={"secretsmanager:GetRandomPassword"},
    securityhub_standards={"securityhub:GetEnabledStandards"},
    shield_protections={"shield:DescribeProtection"},
)


def test_reads_of_a_run_that_makes_grow_only_where_each_thing_is_looked_at(prepared, kind, crowded):
    if not crowded:
        assert kind.name not in LOOK_BEFORE
        return
    reads = []
    prepared.double.snapshot("before")
    for number in (1, None):
        prepared.double.restore("before")
        prepared.double.clear_calls()
        # The first one may need the second; and how often one looks while waiting is a matter of time.
        prepared.attempt(kind.name, {**crowded, kind.things: crowded[kind.things][:number], "wait": False})
        reads.append(prepared.reads())
    assert growing(*reads) <= LOOK_BEFORE.get(kind.name, set()) | ONE_BY_ONE.get(kind.name, set())
