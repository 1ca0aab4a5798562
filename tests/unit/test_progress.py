# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run waits for is shown while it waits: from the waiting client to the line on the screen."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.callback import progress
from ansible_collections.msp.aws.plugins.module_utils._client import PROGRESS, Aws


class Screen:
    """Stands in for Ansible's display."""

    verbosity = 0

    def __init__(self):
        self.lines, self.shown = [], threading.Event()

    def display(self, line, *dummy, **more):
        self.lines.append(line)
        self.shown.set()


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setattr(progress, "TICK", 0.01)
    screen = Screen()
    callback = progress.CallbackModule(display=screen)
    monkeypatch.setattr(callback, "get_option", lambda name: 0.1)
    callback.v2_playbook_on_start(None)
    yield screen
    callback.v2_playbook_on_stats(None)
    assert PROGRESS not in os.environ


def test_what_is_awaited_is_told_with_its_limit_and_what_was_seen(screen):
    aws = Aws(SimpleNamespace(check_mode=False))
    answers = iter(["pending"])
    seen = aws.wait("firewall acme", lambda: next(answers, None) or (screen.shown.wait(10) and "ready"), lambda state: state == "ready", limit=600)
    assert seen == "ready"
    assert "waiting for firewall acme: " in screen.lines[0] and screen.lines[0].endswith("of at most 600 s, seen last: 'pending'")


def test_nothing_is_told_of_what_has_come_or_is_being_written():
    text = '{"key": "1", "what": "a"}\n{"key": "2", "what": "b"}\n{"key": "1", "what": "a", "end": true}\n{"key": "3", "wh'
    assert [word["what"] for word in progress.awaited(text).values()] == ["b"]


def test_each_thing_is_told_once_in_an_interval():
    words, shown = {"1": dict(key="1", what="a", since=100.0, limit=600, seen="x")}, {}
    told = [len(list(progress.due(words, shown, now, 30))) for now in (110.0, 130.0, 145.0, 160.0)]
    assert told == [0, 1, 0, 1]
