# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine without AWS: a kind whose things live in a dictionary."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.msp.aws.plugins.module_utils import _client, _engine, _names, _shapes
from ansible_collections.msp.aws.plugins.module_utils._engine import Run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind, Module
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._names import Known
from ansible_collections.msp.aws.plugins.module_utils._options import (
    Delta,
    Option,
    Problem,
    contradictions,
    differences,
    fixed,
    items,
    merged,
    ref,
    spread,
    tags,
)


class FakeAws(_client.Door):
    """Counts writes; refuses them in check mode as the real client does."""

    last_call, patient = "shelf:Call", True

    def __init__(self, check_mode=False, things=()):
        super().__init__(SimpleNamespace(check_mode=check_mode))
        self.patient = not check_mode
        self.things = {thing["id"]: thing for thing in things}

    def once(self, look, *arguments):
        return look(self, *arguments)

    def warn(self, text):
        self.warned = text

    def wait(self, what, look, until, limit):
        """Nine looks are as long as anybody waits."""
        for dummy in range(9):
            if until(look()):
                return
        raise TimeoutError(what)

    def write(self, call):
        if self.check_mode:
            raise _engine.Rehearsed(call)
        self.writes.append(call)


def find(aws, wanted):
    aws.reads += 1
    return [dict(thing) for thing in aws.things.values()]


def create(aws, want):
    aws.write("create")
    if want["name"] == "cursed":
        raise Problem("the shelf is full")
    thing = dict(id=f"id-{want['name']}", name=want["name"], colour=want.get("colour", "grey"))
    aws.things[thing["id"]] = dict(thing)
    return thing


def update(aws, have, change):
    aws.write("update")
    aws.things[have["id"]] = merged(KIND.options, aws.things[have["id"]], change)


def delete(aws, have):
    aws.write("delete")
    if any(other.get("parent") == have["id"] for other in aws.things.values()):
        raise Problem("something stands on it")
    del aws.things[have["id"]]


KIND = Kind(
    name="shelf_boxes",
    identity=("name",),
    options=dict(
        name=Option(),
        colour=fixed(),
        size=Option("int", clearable=True),
        parent=ref("shelf_boxes"),
        base=ref("shelf_boxes", fixed=True),
        labels=Option("list", "str", many=True),
        rules=items(key=("port",), options=dict(port=Option("int", required=True), note=Option())),
        limits=Option("dict", options=dict(low=Option("int"), high=Option("int"))),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=lambda have, change: "would crush it" if change.get("size") == 1 else None,
)


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    monkeypatch.setattr(_engine, "PAUSES", (0, 0))
    monkeypatch.setitem(_names.LOOKUPS, "shelf_boxes", None)
    monkeypatch.setattr(_names, "_list", lambda aws, dummy: [Known(t["id"], t["name"], None) for t in aws.things.values()])


def run(*entries, aws=None, confirm=(), state="present", sheet_names=None, wait=True):
    aws = aws or FakeAws()
    aws.writes, aws.patient = [], wait and not aws.check_mode
    boxes = [dict({"state": "present"}, **spread(KIND.options, entry)) for entry in entries]
    params = dict(boxes=boxes, state=state, account_id=None, sheet_names=sheet_names or {}, confirm=list(confirm))
    return Run(KIND, params, aws).go(), aws


def box(name, **options):
    return dict(id=f"id-{name}", name=name, **options)


def actions(result):
    return {entry["entry"]: entry["action"] for entry in result["entries"]}


def test_what_is_not_named_is_left_alone():
    aws = FakeAws(things=[box("a", size=3, tags={"Env": "prod"}, labels=["x"])])
    result, aws = run(dict(name="a"), aws=aws)
    assert not result["changed"] and not aws.writes


def test_what_cannot_be_read_back_is_shown_when_it_is_used(monkeypatch):
    options = dict(KIND.options, recipe=Option(write_only=True), combination=Option(write_only=True, secret=True))
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, options=options))
    for check in (True, False):
        result, dummy = run(dict(name="a", recipe="oak", combination="hunter2"), aws=FakeAws(check))
        assert result["entries"][0]["changed"] == ["combination", "name", "recipe"]
        assert result["diff"]["after"]["a"] == dict(name="a", recipe="oak", combination="********")
    result, dummy = run(dict(name="a", recipe="ash"), aws=FakeAws(things=[box("a")]))
    assert not result["changed"]


def test_what_creation_needs_is_asked_in_the_plan_once(monkeypatch):
    def foresee(aws, want):
        asked.append(want["name"])
        if want["name"] == "odd":
            raise Problem("there is no such wood")

    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, foresee=foresee))
    for check in (True, False):
        asked = []
        result, aws = run(dict(name="there", size=2), dict(name="new"), dict(name="odd", parent="new"), aws=FakeAws(check, things=[box("there")]))
        assert asked == ["new", "odd"] and "there is no such wood" in result["msg"]
        assert actions(result) == dict(there="updated", new="created", odd="failed")


def test_only_what_differs_reaches_update():
    aws = FakeAws(things=[box("a", size=3, tags={"Env": "prod", "Own": "1"})])
    result, aws = run(dict(name="a", size=4, tags={"Env": "test"}), aws=aws)
    assert result["entries"][0]["changed"] == ["size", "tags"]
    assert aws.things["id-a"] == box("a", size=4, tags={"Env": "test", "Own": "1"})


def test_a_value_is_taken_away_only_by_clear():
    aws = FakeAws(things=[box("a", size=3, tags={"Env": "prod", "Own": "1"})])
    result, aws = run(dict(name="a", clear=["size", "tags.Env"]), aws=aws)
    assert result["changed"] and aws.things["id-a"] == box("a", size=None, tags={"Own": "1"})
    again, aws = run(dict(name="a", clear=["size", "tags.Env"]), aws=aws)
    assert not again["changed"]


@pytest.mark.parametrize("clear", [["colour"], ["nothing"], ["tags", "size"]])
def test_clear_is_checked_before_anything_happens(clear):
    entry = dict(name="a", clear=clear, **({"size": 1} if "size" in clear else {}))
    result, aws = run(entry, aws=FakeAws(things=[box("a", size=3)]))
    assert result["failed"] and not aws.writes and "clear" in result["msg"]


VERBS = [
    (["b"], ["a", "b"]),
    (dict(add=["b"]), ["a", "b"]),
    (dict(remove=["a"]), []),
    (dict(add=["c"], remove=["a"]), ["c"]),
    (dict(set=["c"]), ["c"]),
    (dict(set=[]), []),
    (["a"], None),
    (dict(remove=["z"]), None),
    (dict(set=["a"]), None),
]


@pytest.mark.parametrize("verbs, after", VERBS)
def test_lists_of_independent_things(verbs, after):
    result, aws = run(dict(name="x", labels=verbs), aws=FakeAws(things=[box("x", labels=["a"])]))
    assert result["changed"] == (after is not None)
    assert aws.things["id-x"]["labels"] == (["a"] if after is None else after)


def test_items_are_the_same_by_their_key_and_keep_what_is_not_named():
    have = box("x", rules=[dict(port=1, note="old", _id="r1"), dict(port=2, note="two", _id="r2")])
    change = differences(KIND.options, dict(rules=dict(add=[dict(port=1, note="new"), dict(port=3)])), have)
    assert change["rules"] == Delta([dict(port=3)], [(have["rules"][0], dict(port=1, note="new", _id="r1"))], [])
    assert not differences(KIND.options, dict(rules=dict(add=[dict(port=2)])), have)


def test_of_a_nested_option_only_the_named_part_changes():
    change = differences(KIND.options, dict(limits=dict(low=2)), box("x", limits=dict(low=1, high=9)))
    assert change == dict(limits=dict(low=2, high=9))


def test_a_fixed_option_fails_in_the_plan_and_says_what_would_be_needed():
    aws = FakeAws(check_mode=True, things=[box("a", colour="red")])
    result, aws = run(dict(name="a", colour="blue"), aws=aws)
    assert result["failed"] and "'red'" in result["msg"] and "'blue'" in result["msg"] and "new one" in result["msg"]


def test_two_of_one_name_are_both_listed_and_an_id_decides():
    twins = [box("a", size=1), dict(box("a", size=1), id="id-other")]
    result, aws = run(dict(name="a", size=5), aws=FakeAws(things=twins))
    assert result["failed"] and "id-a" in result["msg"] and "id-other" in result["msg"] and not aws.writes
    result, aws = run(dict(name="a", id="id-other", size=5), aws=FakeAws(things=twins))
    assert aws.things["id-other"]["size"] == 5 and aws.things["id-a"]["size"] == 1


@pytest.mark.parametrize("wait", [True, False])
def test_names_that_change_hands_are_refused_on_both_sides_and_a_chain_takes_a_run_for_each(wait):
    aws = FakeAws(things=[box("a"), box("b"), box("c")])
    swap, dummy = run(dict(id="id-a", name="b"), dict(id="id-b", name="a"), aws=aws, wait=wait)
    assert not aws.writes and [entry["action"] for entry in swap["entries"]] == ["failed", "failed"]
    assert "id-a: would take the name of 'id-b', which gives it up in the same run" in swap["msg"]
    chain = [dict(id="id-a", name="b"), dict(id="id-b", name="d")]
    assert actions(run(*chain, aws=aws)[0]) == {"id-a": "failed", "id-b": "updated"}
    assert actions(run(*chain, aws=aws)[0]) == {"id-a": "updated", "id-b": "unchanged"}


SAME = "wants the same name"


@pytest.mark.parametrize("other, told", [(dict(name="b"), SAME), (dict(name="new"), SAME), (dict(id="id-b", state="absent"), "gives it up")])
def test_a_name_that_another_entry_has_is_not_taken(other, told):
    aws = FakeAws(things=[box("a"), box("b")])
    result, dummy = run(dict(id="id-a", name=other.get("name", "b")), other, aws=aws, confirm=["shelf_boxes/id-b"])
    assert told in result["entries"][0]["reason"] and aws.things["id-a"]["name"] == "a"
    assert ("reason" in result["entries"][1]) == ("name" in other), "neither is made nor changed that would be called as another one"


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("other", [dict(id="id-b", name="other"), dict(id="id-b", state="absent")])
def test_who_keeps_its_name_takes_it_from_nobody(other, turn):
    aws = FakeAws(things=[box("a"), dict(box("a"), id="id-b")])
    result, dummy = run(*[dict(id="id-a", size=2), other][::turn], aws=aws, confirm=["shelf_boxes/id-b"])
    assert not result.get("failed") and aws.things["id-a"]["size"] == 2


def test_two_that_are_meant_by_their_ids_may_have_one_name():
    aws = FakeAws(things=[box("a"), dict(box("a"), id="id-b")])
    assert actions(run(dict(id="id-a", name="a", size=2), dict(id="id-b", name="a"), aws=aws)[0]) == {"id-a": "updated", "id-b": "unchanged"}


def test_a_name_written_twice_is_refused():
    result, aws = run(dict(name="a"), dict(name="a", size=1), dict(name="b"))
    assert actions(result) == dict(a="failed", b="created") and "2 times" in result["msg"]


def test_two_names_that_aws_does_not_tell_apart_are_refused_in_the_plan(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, caseless=True))
    for check in (True, False):
        result, aws = run(dict(name="A"), dict(name="a"), dict(name="b"), aws=FakeAws(check))
        assert actions(result) == dict(A="failed", a="failed", b="created") and "2 times" in result["msg"]


def test_what_is_to_be_there_by_name_and_away_by_id_is_refused_in_the_plan(monkeypatch):
    options = dict(KIND.options, friends=Option("list", "str", many=True, ref="shelf_boxes"))
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, options=options))
    for check in (True, False):
        aws = FakeAws(check, things=[box("a", friends=["id-b"]), box("b")])
        result, aws = run(dict(name="a", friends=dict(add=["b"], remove=["id-b"])), aws=aws)
        assert "friends: 'b' is both to be there and not to be there" in result["msg"] and not aws.writes


def test_what_leaves_a_list_and_is_gone_altogether_is_no_fault_of_the_next_run(monkeypatch):
    options = dict(KIND.options, friends=Option("list", "str", many=True, ref="shelf_boxes"))
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, options=options))
    aws = FakeAws(things=[box("a", friends=["id-b", "id-c"]), box("b"), box("c")])
    entries = dict(name="a", friends=dict(remove=["b"])), dict(name="b", state="absent")
    result, aws = run(*entries, aws=aws, confirm=["shelf_boxes/b"])
    assert result["changed"] and aws.things == {"id-a": box("a", friends=["id-c"]), "id-c": box("c")}
    again, aws = run(*entries, aws=aws, confirm=["shelf_boxes/b"])
    assert not again.get("failed") and not again["changed"] and "there is no 'b'" in aws.warned
    wrong, aws = run(dict(name="a", friends=["b"]), aws=aws)
    assert wrong["failed"] and "there is no 'b'" in wrong["msg"]


def test_one_bad_entry_stops_only_what_depends_on_it():
    result, aws = run(dict(name="cursed"), dict(name="child", base="cursed"), dict(name="fine"))
    reasons = {entry["entry"]: entry.get("reason") for entry in result["entries"]}
    assert result["failed"] and reasons["fine"] is None and set(aws.things) == {"id-fine"}
    assert "full" in reasons["cursed"] and "cursed" in reasons["child"]


def test_entries_may_refer_to_each_other_in_what_can_change():
    result, aws = run(dict(name="a", parent="b"), dict(name="b", parent="a"))
    assert not result.get("failed") and (aws.things["id-a"]["parent"], aws.things["id-b"]["parent"]) == ("id-b", "id-a")


def test_entries_that_wait_for_each_other_are_told():
    result, aws = run(dict(name="a", base="b"), dict(name="b", base="a"))
    assert result["failed"] and not aws.writes and "waits for" in result["msg"]


@pytest.mark.parametrize("size", [0, 5])
def test_a_plan_tells_what_depends_on_a_failure_as_the_run_does(monkeypatch, size):
    """At any depth, through what creation needs and through what can be set later, and in a circle; what depends on none of it goes on."""

    def foresee(aws, want):
        if want["name"] == "bad":
            raise Problem("size: there is no such size")

    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, foresee=foresee))
    hangs = [dict(name="on-bad", base="bad"), dict(name="on-that", base="on-bad"), dict(name="beside", parent="bad"), dict(name="old", parent="bad")]
    circle = [dict(name="round", base="trip"), dict(name="trip", base="round")]
    fine = [dict(name="apart"), dict(name="on-apart", base="apart", parent="on-top"), dict(name="on-top", base="on-apart", size=size)]
    told = []
    for check_mode in (True, False):
        result, aws = run(dict(name="bad"), *hangs, *circle, *fine, aws=FakeAws(check_mode, things=[box("old")]))
        told.append([(entry["entry"], entry["action"], entry.get("reason")) for entry in result["entries"]])
        assert bool(aws.writes) != check_mode
    assert told[0] == told[1]
    assert [entry for entry, action, dummy in told[0] if action != "failed"] == [entry["name"] for entry in fine]


def test_a_chain_is_made_in_its_order():
    result, aws = run(dict(name="c", base="b"), dict(name="b", base="a"), dict(name="a"))
    assert not result.get("failed") and list(aws.things) == ["id-a", "id-b", "id-c"]


def test_what_the_sheet_will_make_is_known_after_apply():
    result, aws = run(dict(name="a", parent="later"), aws=FakeAws(check_mode=True), sheet_names=dict(shelf_boxes=["later"]))
    assert result["diff"]["after"]["a"]["parent"] == "later (known after apply)"
    result, aws = run(dict(name="a", parent="nowhere"), aws=FakeAws(check_mode=True))
    assert result["failed"] and "neither in the account nor in what this run makes" in result["msg"]


def test_check_mode_rehearses_and_writes_nothing():
    aws = FakeAws(check_mode=True, things=[box("b", size=1), box("c")])
    result, aws = run(dict(name="a"), dict(name="b", size=2), dict(name="c", state="absent"), aws=aws)
    assert actions(result) == dict(a="created", b="updated", c="deleted") and not aws.writes
    assert result["diff"]["before"]["c"] and None not in result["diff"]["before"]["c"].values(), "what was not asked of it is not told as nothing"


def test_what_destroys_needs_a_confirmation_of_its_own():
    for entry in (dict(name="a", state="absent"), dict(name="a", size=1)):
        plan, aws = run(entry, aws=FakeAws(check_mode=True, things=[box("a", size=2)]))
        assert "'shelf_boxes/a'" in plan["entries"][0]["confirm"] and not plan.get("failed"), "the plan says what the run will ask for"
        aws = FakeAws(things=[box("a", size=2)])
        result, aws = run(entry, aws=aws)
        assert result["failed"] and "'shelf_boxes/a'" in result["msg"] and not aws.writes
        result, aws = run(entry, aws=aws, confirm=["shelf_boxes/a"])
        assert result["changed"] and aws.writes


def test_things_that_stand_on_each_other_are_removed_in_rounds():
    aws = FakeAws(things=[box("a"), box("b", parent="id-a"), box("c", parent="id-b")])
    result, aws = run(*(dict(name=name, state="absent") for name in "abc"), aws=aws, confirm=[f"shelf_boxes/{name}" for name in "abc"])
    assert not result.get("failed") and not aws.things


def test_gathered_is_a_sheet():
    aws = FakeAws(things=[box("b", parent="id-a", labels=["x"], _hidden=1), box("a", size=2)])
    result, aws = run(aws=aws, state="gathered")
    assert result["gathered"] == [dict(name="a", size=2), dict(name="b", parent="a", labels=["x"])]
    again, aws = run(*result["gathered"], aws=aws)
    assert not again["changed"]


def test_a_thing_without_a_name_is_gathered_with_its_id():
    result, aws = run(aws=FakeAws(things=[dict(id="id-1", name=None, size=1)]), state="gathered")
    assert result["gathered"] == [dict(size=1, id="id-1")]


def test_the_service_of_a_kind_begins_its_name_unless_it_is_said():
    functions = dict.fromkeys(("find", "create", "update", "delete"))
    assert KIND.service == "shelf"
    kind = Kind(name="onetwo_things", service="one-two", identity=("name",), options={}, **functions)
    assert (kind.service, kind.things) == ("one-two", "things")


@pytest.mark.parametrize("identity, shape", [(("name",), lambda entry: [entry]), ((), lambda entry: entry)], ids=["many", "single"])
def test_entries_may_come_as_one_text_with_plain_lists_in_them(identity, shape):
    kind = replace(KIND, identity=identity, door=Mackerel)
    given = dict(boxes=json.dumps(shape(dict(name="a", labels=["b"]))), mackerel_api_key="key-4d1f")
    with patch_module_args(given):
        taken = Module(kind).params["boxes"]
    assert (taken[0] if identity else taken)["labels"]["add"] == ["b"]


def test_where_the_parts_of_a_name_are_joined_otherwise_the_whole_is_the_name():
    functions = dict(find=find, create=create, update=update, delete=delete)
    kind = Kind(name="shelf_places", identity=("room", "name"), joined=":", options={}, **functions)
    assert kind.label(dict(room="cellar", name="left")) == "cellar:left"


def test_what_to_do_about_a_fixed_value_may_be_said_by_the_option():
    kind = replace(KIND, options={**KIND.options, "colour": fixed(remedy="Paint it")})
    params = dict(boxes=[dict(name="a", colour="blue", state="present")], state="present", account_id=None, sheet_names={}, confirm=[], wait=True)
    result = Run(kind, params, FakeAws(things=[box("a", colour="red")])).go()
    assert "colour cannot change" in result["msg"] and result["msg"].endswith("Paint it")


def test_an_option_says_its_limits_where_there_is_no_service_model():
    options = dict(size=Option("int", limits=dict(min=1, max=9)), word=Option(limits=dict(pattern="[a-z]+")), key=Option(secret=True, limits=dict(max=3)))
    told = [str(fault) for fault in _shapes.faults("shelf", options, dict(size=10, word="A", key="hidden-0c1d"))]
    assert told == [
        "size: 10 is more than the most allowed, 9",
        "word: 'A' does not have the right form; not possible: A; possible: small letters",
        "key: '********' has more than 3 characters",
    ]
    assert _shapes.title("shelf") == "Shelf"


READS = ("DescribeVpcs", "GetThing", "GenerateThingReport", "GenerateReports", "AssumeThing")
WRITES = ("CreateThing", "GenerateThing", "GenerateReportThing", "EnableThing")


@pytest.mark.parametrize("operation, reads", [*((name, True) for name in READS), *((name, False) for name in WRITES)])
def test_what_changes_nothing_is_let_out_in_check_mode(operation, reads):
    """A report is made to be read, and a session changes nothing."""
    aws = _client.Aws(SimpleNamespace(check_mode=True))
    model = SimpleNamespace(name=operation, service_model=SimpleNamespace(service_name="shelf"))
    if reads:
        aws._before_call(model)
    else:
        with pytest.raises(_client.Rehearsed):
            aws._before_call(model)
    assert (aws.reads, aws.writes) == (int(reads), [])


def test_a_service_with_a_hyphen_has_a_client(monkeypatch):
    aws = _client.Aws(SimpleNamespace(check_mode=False))
    monkeypatch.setattr(aws, "_connect", lambda service, acting: service)
    assert (aws.one_two, aws.one) == ("one-two", "one")


def test_an_item_is_told_without_its_secrets():
    """An item that shall be there and not be there: the error names it."""
    rules = items(key=("port",), options=dict(port=Option("int"), key=Option(secret=True)))
    item = dict(port=1, key="not.for.anybody_4f1c")
    assert list(contradictions(dict(rules=rules), dict(rules=dict(add=[item], remove=[item])))) == [("rules", dict(port=1, key="********"))]


# ---- what goes on by itself after the call that began it


def slow(monkeypatch, **looks):
    """Boxes that dry for as many looks as are said of each; below zero one falls apart."""
    left, seen = dict(looks), []

    def look(aws, ids):
        seen.append(ids)
        for one in ids:
            left[one[3:]] -= 1
        return [told(aws.things[one]) for one in ids]

    def told(thing):
        n = left.get(thing["name"], 0)
        return dict(thing, _moving="drying" if n > 0 else None, _failed="it fell apart" if looks.get(thing["name"]) == -1 else None)

    kind = dict(look=look, find=lambda aws, wanted: map(told, find(aws, wanted)), create=lambda aws, want: told(create(aws, want)), seconds=60)
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, **kind))
    return seen


def test_all_are_waited_for_together(monkeypatch):
    seen = slow(monkeypatch, a=1, b=3)
    result, aws = run(dict(name="a"), dict(name="b"))
    assert seen == [["id-a", "id-b"], ["id-b"], ["id-b"]], "one look at all, and no more at what has arrived"
    assert "awaited" not in result and len(aws.writes) == 2


def test_who_does_not_want_to_wait_is_told_and_the_next_run_waits(monkeypatch):
    seen = slow(monkeypatch, a=2)
    result, aws = run(dict(name="a"), wait=False)
    assert result["awaited"] == ["a"] and result["entries"][0]["awaited"] == "drying" and not seen
    result, aws = run(dict(name="a"), aws=aws)
    assert "awaited" not in result and seen == [["id-a"], ["id-a"]] and not aws.writes


def test_a_plan_waits_for_nothing_and_says_so(monkeypatch):
    seen = slow(monkeypatch, a=2)
    result, aws = run(dict(name="a"), aws=FakeAws(check_mode=True, things=[box("a")]))
    assert result["awaited"] == ["a"] and not seen and "drying" in aws.warned


def test_what_is_changed_once_more_after_it_was_made_is_waited_for_all_the_same(monkeypatch):
    seen = slow(monkeypatch, a=2, b=2)
    result, aws = run(dict(name="a", size=3), dict(name="b"), wait=False)
    assert seen == [["id-a"], ["id-a"]] and aws.writes == ["create", "create", "update"] and result["awaited"] == ["b"]


def test_what_came_to_nothing_fails_with_the_reason_and_stops_no_other(monkeypatch):
    slow(monkeypatch, a=-1, b=1)
    result, aws = run(dict(name="a", size=3), dict(name="b", size=3))
    assert actions(result) == dict(a="failed", b="created") and "id-a: it fell apart" in result["msg"]
    assert aws.writes == ["create", "create", "update"]


def test_a_look_that_is_refused_while_waiting_leaves_the_record_of_what_was_done(monkeypatch):
    def look(aws, ids):
        raise Problem("nobody may look")

    slow(monkeypatch, a=1)
    monkeypatch.setattr(sys.modules[__name__], "KIND", replace(KIND, look=look))
    result, aws = run(dict(name="a"), dict(name="b", state="absent"), aws=FakeAws(things=[box("b")]), confirm=["shelf_boxes/b"])
    assert actions(result) == dict(a="failed", b="deleted") and "nobody may look" in result["msg"] and aws.writes == ["create", "delete"]


def test_what_is_not_there_in_time_fails_and_says_what_goes_on(monkeypatch):
    slow(monkeypatch, a=1, b=99)
    result, dummy = run(dict(name="a"), dict(name="b"))
    assert actions(result) == dict(a="created", b="failed") and "id-b is drying after 60 s; the next run goes on from here" in result["msg"]
