# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation makes is what its plan said, and all else of the account is byte for byte as it was. What removes it again is a law of every way back."""

from __future__ import annotations

import json

import pytest

from tests.laws.operations import MAKING, OPERATIONS
from tests.laws.stage import KINDS


def moved(before, after):
    return sorted(path for path in {**before, **after} if before.get(path) != after.get(path))


def mentions(words, *things):
    told = json.dumps(things)
    return any(word in told for word in words)


def without(words, thing):
    """A thing of the state without what is there because of these."""
    if isinstance(thing, dict):
        return {name: without(words, inner) for name, inner in thing.items() if not mentions(words, name) and not alone(words, inner)}
    return [without(words, inner) for inner in thing if not alone(words, inner)] if isinstance(thing, list) else thing


def alone(words, thing):
    """It is about them as a whole, and not only in some part: what has an id, or is no dictionary."""
    return mentions(words, thing) and (not isinstance(thing, (dict, list)) or isinstance(thing, dict) and mentions(words, thing.get("id")))


@pytest.mark.parametrize("operation", sorted(MAKING))
def test_all_else_is_byte_identical(desk, operation):
    """New is only what it makes. What was there and is not its target differs by nothing but what leads to the new thing."""
    row = OPERATIONS[operation]
    before, own = desk.double.state(), desk.members(operation)
    (entry,) = desk.run(operation)["entries"]
    after = desk.double.state()
    words = {entry["id"], row["example"]["target"], *own, *desk.members(operation)}
    # What it makes bears the name of the target, or the ticket.
    words |= {path.rpartition("/")[2] for path in moved(before, after) if "/tags/" in path and path not in before and mentions({*words, "REQ-1"}, after[path])}
    for path in moved(before, after):
        if path not in before:
            assert mentions(words, path, after[path]), path
        elif row.get("makes") and not mentions(words, path):
            assert without(words, after.get(path)) == without((), before[path]), path


@pytest.mark.parametrize("operation", sorted(name for name in MAKING if OPERATIONS[name].get("makes")))
def test_what_is_made_is_what_the_plan_said(desk, operation):
    """Read back, and compared without any leave to spell it otherwise."""
    ((label, planned),) = desk.run(operation, check=True)["diff"]["after"].items()
    desk.run(operation)
    kind = KINDS[OPERATIONS[operation]["module"]]
    (made,) = [one for one in desk.stage.gather(kind.name) if kind.label(one) == label]
    assert holds({name: value for name, value in planned.items() if not kind.options[name].write_only}, made)


def holds(planned, made):
    """All that is planned is so, whatever else AWS has filled in."""
    if isinstance(planned, dict):
        return isinstance(made, dict) and all(holds(value, made.get(name)) for name, value in planned.items())
    if isinstance(planned, list):
        return isinstance(made, list) and len(planned) == len(made) and all(map(holds, planned, made))
    return planned == made


@pytest.mark.parametrize("operation", sorted(name for name in MAKING if not OPERATIONS[name].get("makes")))
def test_every_word_of_the_plan_is_in_the_account(desk, operation):
    """Of an action, which has no form to be read back in: each name, description and id that its plan has stands in what has moved."""
    (planned,) = desk.run(operation, check=True)["diff"]["after"].values()
    before = desk.double.state()
    desk.run(operation)
    after = desk.double.state()
    told = json.dumps([after.get(path) for path in moved(before, after)])
    words = [value.removeprefix("of ") for value in planned.values() if isinstance(value, str)]
    assert words and [word for word in words if json.dumps(word)[1:-1] not in told] == []


BEARING = [name for name in MAKING if OPERATIONS[name].get("makes") and "tags" in KINDS[OPERATIONS[name]["module"]].options]


@pytest.mark.parametrize("operation", sorted(BEARING))
def test_what_is_made_bears_its_ticket(desk, operation):
    (entry,) = desk.run(operation)["entries"]
    kind = KINDS[OPERATIONS[operation]["module"]]
    (made,) = [one for one in desk.stage.gather(kind.name) if kind.label(one) == entry["entry"]]
    assert made["tags"]["OpsTicket"] == "REQ-1"
