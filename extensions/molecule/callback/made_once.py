# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends of a module is made once for all scenarios: each step of each of them is a process of its own, which spends most of its time on that."""

from __future__ import annotations

import os
from pathlib import Path

from ansible import constants
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "made_once"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        # A folder of the process, whose files are locked while they are written, becomes one of the run.
        Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(os.environ["MSP_MODULES"])
