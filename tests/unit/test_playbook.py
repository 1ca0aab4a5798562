# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The helper that runs playbooks sees every warning and lets none pass without a reason."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from tests import demo
from tests.playbook import PlaybookError, run_playbook

HEAD = "---\n- name: Try\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"
QUIET = HEAD + "    - name: Say\n      ansible.builtin.command: echo hello\n      changed_when: true\n"
FAILS = HEAD + "    - name: Fail\n      ansible.builtin.fail:\n        msg: no\n"
# Jinja delimiters in a condition have been warned about for as long as there are conditions.
WARNS = HEAD + '    - name: Warn\n      ansible.builtin.debug:\n        msg: seen\n      when: "{{ true }}"\n'


@pytest.fixture
def play(tmp_path):
    def run(text, **options):
        path = tmp_path / "play.yml"
        path.write_text(text, encoding="utf-8")
        return run_playbook(["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", path], **options)

    return run


def test_a_quiet_run_passes_and_is_counted(play):
    result = play(QUIET)
    assert (result.rc, result.changed, result.warnings) == (0, 1, ())
    assert result.recap["localhost"]["ok"] == 1


def test_a_warning_fails_the_run(play):
    with pytest.raises(PlaybookError, match="unexpected .*WARNING"):
        play(WARNS)


def test_a_warning_with_a_reason_passes(play):
    result = play(WARNS, allow={"Jinja|templating": "this very test"})
    assert len(result.warnings) == 1


def test_an_unexpected_exit_status_fails_the_run(play):
    with pytest.raises(PlaybookError, match="exit status 2 instead of 0"):
        play(FAILS)
    assert play(FAILS, rc=2).rc == 2


def test_a_warning_fails_the_demo(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "RESULTS", tmp_path)
    (tmp_path / "play.yml").write_text(WARNS, encoding="utf-8")
    played = demo.Demo(SimpleNamespace(url="http://127.0.0.1:9"), SimpleNamespace(url="http://127.0.0.1:9", key="none"), verbose=False)
    command = ["ansible-playbook", "-i", "localhost,", str(tmp_path / "play.yml"), "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    with pytest.raises(demo.Failed, match="nothing to warn of"):
        played.execute("Try", command)
