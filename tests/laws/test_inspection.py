# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind owes those who look at an account: as agreed means no finding, each change is found, and both ways out of it lead back to none."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _papers, _papers_account, _workbook_read, _workbook_write, findings, references, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_rows import canonical_sheet, rows_of

from .privileges import actions, has_policy, shipped, to_look, with_policy
from .stage import ACCOUNT, KINDS, REGION, WATCHED, entries, examples

CONTRACT = dict(number="ACME-1", customer="ACME", account_id=ACCOUNT, region=REGION)
AT = "2026-04-01T00:00:00+00:00"


def sheet(name: str, *acts: dict) -> dict:
    """Everything that the examples make, and of the kind itself what the acts name: one entry for each thing, the last word counts."""
    made: dict = {}
    for kind, task in [*examples(name).before, *((name, act) for act in acts)]:
        given = copy.deepcopy(entries(kind, task))
        if KINDS[kind].single:
            before = {name: value for name, value in made.get(kind, {}).items() if name not in ("clear", *given[0].get("clear", ()))}
            made[kind] = {**before, **given[0]}
        else:
            own = {KINDS[kind].label(entry): entry for entry in made.get(kind, [])}
            own.update({KINDS[kind].label(entry): entry for entry in given})
            made[kind] = list(own.values())
    return made


def touched(name: str) -> set[str]:
    """The kinds with which the examples have to do. The others are looked at where the whole account is, in tests/integration."""
    return {name, *(kind for kind, dummy in examples(name).before)}


def verdicts(looked: dict, name: str) -> dict[str, str]:
    return {entry["entry"]: entry["verdict"] for entry in looked[name]["agreed"]}


def confirmed(name: str, task: dict) -> dict:
    return dict(task, confirm=[f"{name}/{KINDS[name].label(entry)}" for entry in entries(name, task)])


def test_what_was_just_made_is_as_agreed(prepared, kind):
    agreed = sheet(kind.name, examples(kind.name).make)
    prepared.run(kind.name, examples(kind.name).make)
    prepared.double.clear_calls()
    looked = prepared.look(agreed, touched(kind.name))
    assert prepared.writes() == []
    assert not has_policy(kind) or set(actions(set(prepared.reads()))) <= set(shipped("account_info")), "make iam"
    assert findings.findings(looked) == [] and set(verdicts(looked, kind.name).values()) == {"same"}
    planted = [str(entry[name]) for entry in agreed[kind.name] if not kind.single for name, option in kind.options.items() if option.secret and entry.get(name)]
    assert not [secret for secret in planted if secret in str(looked)]
    assert findings.counts(looked, [])["agreed"] == sum(len(entries(name, {KINDS[name].things: given})) for name, given in agreed.items())


def test_what_the_plan_would_change_is_found_and_nothing_else(prepared, kind):
    """The verdicts beside an independent run of the module in check mode, after every act."""
    shown = examples(kind.name)
    agreed = sheet(kind.name, shown.make)
    for act in (shown.make, *shown.changes, shown.remove):
        prepared.run(kind.name, act)
        task = {kind.things: agreed[kind.name]}
        plan = {entry["entry"]: entry["action"] for entry in prepared.attempt(kind.name, task, check=True)["entries"]}
        looked = prepared.look({kind.name: agreed[kind.name]}, touched(kind.name))
        differ = {label for label, verdict in verdicts(looked, kind.name).items() if verdict != "same"}
        assert differ == {label for label, action in plan.items() if action != "unchanged"}
        found = findings.findings(looked)
        assert differ == {finding["entry"] for finding in findings.differences(found) if finding["kind"] == kind.name}
        assert set(findings.put_back({kind.name: agreed[kind.name]}, found)) == ({kind.name} if differ else set())
        the_papers_can_be_printed(looked)


def the_papers_can_be_printed(looked: dict) -> None:
    found = findings.findings(looked)
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    for language in ("ja", "en"):
        for paper in (_papers_account.as_built(result, CONTRACT, AT, language), _papers_account.drift(result, CONTRACT, AT, language, dict(adopt="x.yml"))):
            _papers.read(paper)
        assert len(list(_papers_account.lines(found, language))) == len(found)


@pytest.mark.parametrize("way", ["put_back", "adopted"])
def test_both_ways_lead_to_no_difference(prepared, kind, way):
    shown = examples(kind.name)
    for number, change in enumerate(shown.changes):
        prepared.prepare(kind.name)
        for earlier in (shown.make, *shown.changes[:number]):
            prepared.run(kind.name, earlier)
        agreed = sheet(kind.name, shown.make, *shown.changes[:number])
        prepared.run(kind.name, change)
        looked = prepared.look(agreed, touched(kind.name))
        found = findings.findings(looked)
        if way == "put_back":
            back = findings.put_back(agreed, [finding for finding in found if finding["kind"] == kind.name])
            result = prepared.attempt(kind.name, confirmed(kind.name, {kind.things: back[kind.name]})) if back else {}
            # What AWS cannot undo, such as a disk that grew, is refused with its reason before any write, and stays a difference.
            stuck = {entry["entry"] for entry in result.get("entries", ()) if entry["action"] == "failed"}
            after = findings.differences(findings.findings(prepared.look(agreed, touched(kind.name))))
        else:
            stuck = set()
            after = findings.findings(prepared.look(findings.adopted(agreed, looked), touched(kind.name)))
        left = [finding for finding in after if finding["entry"] not in stuck]
        assert left == [], str(left)[:1500]


def test_a_thing_that_is_gone_is_missing(prepared, kind):
    if kind.name in WATCHED:
        return  # it cannot go
    shown = examples(kind.name)
    prepared.run(kind.name, shown.make)
    for change in shown.changes:
        prepared.run(kind.name, change)
    agreed = sheet(kind.name, shown.make, *shown.changes)
    prepared.run(kind.name, shown.remove)
    gone = {kind.label(entry) for entry in entries(kind.name, shown.remove) if entry.get("state") == "absent"}
    looked = prepared.look(agreed, touched(kind.name))
    mine = {entry: verdict for entry, verdict in verdicts(looked, kind.name).items() if entry in gone}
    assert mine and set(mine.values()) <= {"missing", "changed"}
    taken = findings.adopted(agreed, looked)
    kept = {kind.label(entry) for entry in entries(kind.name, {kind.things: taken.get(kind.name, [])})}
    assert not {entry for entry, verdict in mine.items() if verdict == "missing"} & kept
    alone = [entry for entry in entries(kind.name, {kind.things: agreed[kind.name]}) if mine.get(kind.label(entry)) == "missing"]
    if alone:  # nothing that is there is agreed upon now
        looked = prepared.look({kind.name: alone[0] if kind.single else alone}, touched(kind.name))
        assert {name: len(one["beside"]) for name, one in looked.items()} == {name: len(one["account"]) for name, one in looked.items()}


def test_adopt_then_plan_shows_no_change_and_the_workbook_comes_back(prepared, kind, tmp_path):
    """Of everything the examples make, whoever made it: a sheet without a fault, a plan without a change, a workbook that says the same."""
    shown = examples(kind.name)
    prepared.run(kind.name, shown.make)
    for change in shown.changes:
        prepared.run(kind.name, change)
    made = findings.sheet_of({name: one["account"] for name, one in prepared.look({}, touched(kind.name)).items()})
    assert made[kind.name]
    assert sheets.faults(made) == []
    after = prepared.look(made, touched(kind.name))
    assert findings.findings(after) == [], str(findings.findings(after))[:1500]
    assert all(one["beside"] == [] for one in after.values())
    for name in made:
        plan = prepared.run(name, {KINDS[name].things: made[name]}, check=True, sheet_names=references.names(made))
        assert {entry["action"] for entry in plan["entries"]} == {"unchanged"}
    mine = layout("ja", only=made)
    rows, lost = rows_of(mine, made)
    assert lost == []
    book = tmp_path / "book.xlsx"
    book.write_bytes(_workbook_write.workbook(mine, rows, CONTRACT))
    found = _workbook_read.read(book, mine, rows, CONTRACT, references.to_look_up(made))
    assert found.faults == [] and found.sheet == canonical_sheet(made, mine)


def test_the_policy_to_look_is_that_of_all_kinds_and_cannot_write():
    assert shipped("account_info") == to_look(with_policy(KINDS))
