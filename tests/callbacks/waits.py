# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the run right before the task that WAITS_BEFORE names until the file WAITS_FOR exists: what somebody else does meanwhile is never late."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Ansible's way in."""

    CALLBACK_VERSION = 2.0
    CALLBACK_NAME = "waits"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        if task.get_name().rpartition(" : ")[2] == os.environ["WAITS_BEFORE"]:
            while not Path(os.environ["WAITS_FOR"]).exists():
                time.sleep(0.02)
