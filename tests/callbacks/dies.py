# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the run right before the task that DIES_BEFORE names, as a power cut would: nothing is tidied up, and no rescue runs."""

from __future__ import annotations

import os
import signal

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Ansible's way in."""

    CALLBACK_VERSION = 2.0
    CALLBACK_NAME = "dies"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        if task.get_name().rpartition(" : ")[2] == os.environ["DIES_BEFORE"]:
            os.kill(os.getpid(), signal.SIGKILL)
