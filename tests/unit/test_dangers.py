# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No note of catalog/dangers.yml without a test that shows it, no such test without a note."""

from __future__ import annotations

import ast

import pytest

from tools import dangers


def functions_of(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {part.name: part for part in body if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")}


ROOMS = {path.stem.removeprefix("test_dangers_"): functions_of(path) for path in (dangers.ROOT / "tests" / "laws").glob("test_dangers*.py")}
TESTS = {name: test for tests in ROOMS.values() for name, test in tests.items()}


def test_each_note_has_one_test_of_its_name():
    told = {room: [dangers.test_of(note) for note in notes] for room, notes in dangers.rooms().items()}
    assert told == {room: list(tests) for room, tests in ROOMS.items()}, "the notes of a room stand in the order of its tests"
    assert len(TESTS) == len(dangers.notes()), "no name stands twice"


@pytest.mark.parametrize("note", dangers.notes(), ids=lambda note: note["id"])
def test_a_test_runs_the_modules_of_its_note_or_says_why_it_cannot(note):
    test = TESTS[dangers.test_of(note)]
    words = {str(part.value) for part in ast.walk(test) if isinstance(part, ast.Constant)}
    runs = {word for word in words if word.startswith(("amazon.aws.", "community.aws."))}
    if note.get("seen", True):
        assert runs == set(note["modules"])
    else:
        assert not runs and "double" in (ast.get_docstring(test) or "")


@pytest.mark.parametrize("note", dangers.notes(), ids=lambda note: note["id"])
def test_a_name_begins_with_the_module(note):
    assert len(note["modules"]) > 1 or note["id"].startswith(note["modules"][0].rpartition(".")[2] + "_")


def test_the_page_is_current():
    assert dangers.PAGE.read_text(encoding="utf-8") == dangers.page(), "make dangers"
