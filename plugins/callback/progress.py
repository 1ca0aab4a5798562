# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what a running module waits for. Ansible shows a task's output only at its end, and a VPN or a firewall takes many minutes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
short_description: Say what a run waits for, and since when
version_added: 1.0.0
description:
  - While a module of C(msp.aws) waits for AWS, this says what it waits for, for how long already, for how long at most, and what was seen last.
  - Modules write it to a temporary file, which this reads. They must run on the control node, as they do in the playbooks of this collection.
author:
  - msp.aws contributors (@msp-aws)
requirements:
  - To be named in C(callbacks_enabled) of C(ansible.cfg), or in the environment variable C(ANSIBLE_CALLBACKS_ENABLED).
options:
  interval:
    description: Seconds between two lines on the same thing. What is there sooner gets no line.
    type: int
    default: 30
    ini:
      - section: callback_msp_aws_progress
        key: interval
    env:
      - name: MSP_AWS_PROGRESS_INTERVAL
"""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.msp.aws.plugins.module_utils._client import PROGRESS

TICK = 1.0


class CallbackModule(CallbackBase):
    """Ansible's way in."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "msp.aws.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display: Any = None, options: Any = None) -> None:
        super().__init__(display=display, options=options)
        self._end = threading.Event()
        self._reader: threading.Thread | None = None
        self._place: tempfile.TemporaryDirectory | None = None  # goes with this process, however it ends

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="msp-aws-progress-")
        file = Path(self._place.name) / "awaited"
        file.touch()
        os.environ[PROGRESS] = str(file)
        self._reader = threading.Thread(target=self._watch, args=(file, self.get_option("interval")), daemon=True)
        self._reader.start()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end.set()
        if self._reader:
            self._reader.join()
            os.environ.pop(PROGRESS, None)

    def _watch(self, file: Path, interval: float) -> None:
        shown: dict[str, float] = {}
        while not self._end.wait(TICK):
            for line in due(awaited(file.read_text(encoding="utf-8")), shown, time.time(), interval):
                self._display.display(line)


def awaited(text: str) -> dict[str, dict[str, Any]]:
    """What is still waited for, by its key: the newest word on each. A last line that is still being written counts the next time."""
    found: dict[str, dict[str, Any]] = {}
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            word = json.loads(line)
            found.pop(word["key"], None)
            if "end" not in word:
                found[word["key"]] = word
    return found


def due(words: dict[str, dict[str, Any]], shown: dict[str, float], now: float, interval: float) -> Iterator[str]:
    """The lines that are to be shown now; `shown` keeps when each thing had its last one."""
    for key, word in words.items():
        if now - shown.get(key, word["since"]) >= interval:
            shown[key] = now
            yield f"  waiting for {word['what']}: {now - word['since']:.0f} s of at most {word['limit']:.0f} s, seen last: {word['seen']}"
