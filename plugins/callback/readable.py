# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what a run says as Ansible does, and Japanese in a diff as Japanese: in Ansible's own dump each sign is an escape, by which nobody judges a plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: readable
type: stdout
short_description: Ansible's own output, with a diff that can be read in any language
version_added: 1.0.0
description:
  - The output of P(ansible.builtin.default#callback), with the texts of a diff as they are and not as C(\u76e3\u8996).
author:
  - msp.aws contributors (@msp-aws)
requirements:
  - To be named in C(stdout_callback) of C(ansible.cfg), or in the environment variable C(ANSIBLE_STDOUT_CALLBACK).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""

import json
from collections.abc import Mapping
from typing import Any

from ansible.plugins.callback.default import CallbackModule as Default


class CallbackModule(Default):
    """Ansible's way in."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "msp.aws.readable"

    def _serialize_diff(self, diff: Mapping[str, Any]) -> str:
        text = super()._serialize_diff(diff)
        return json.dumps(json.loads(text), ensure_ascii=False, indent=4) + "\n" if self.get_option("result_format") == "json" else text
