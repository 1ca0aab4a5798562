# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No note of catalog/dangers.yml without a test that shows it, no such test without a note."""

from __future__ import annotations

import ast

import pytest

from tools import dangers

LAWS = (dangers.ROOT / "tests" / "laws" / "test_dangers.py").read_text(encoding="utf-8")
TESTS = {part.name: part for part in ast.parse(LAWS).body if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")}


def test_each_note_has_one_test_of_its_name():
    assert [dangers.test_of(note) for note in dangers.notes()] == list(TESTS), "the notes stand in the order of the tests"


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
