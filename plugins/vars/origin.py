# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says where a file of the inventory cannot be read. Ansible's own plugin wraps the error and loses file, line and column with it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: origin
short_description: Say in which file and line a variable of the inventory is not written as YAML
version_added: 1.0.0
description:
  - Of a file in C(group_vars) or C(host_vars) that is no YAML, Ansible says what is wrong and not where. With this it says file, line and column, too.
  - It gives no variables of its own.
author:
  - msp.aws contributors (@msp-aws)
requirements:
  - To be named before C(host_group_vars) in C(vars_plugins_enabled) of C(ansible.cfg), or in the environment variable C(ANSIBLE_VARS_ENABLED).
options: {}
"""

from ansible.errors import AnsibleParserError
from ansible.plugins.loader import vars_loader
from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):
    """Reads what Ansible's own plugin will read next, which keeps it."""

    def get_vars(self, loader, path, entities, cache=True):
        try:
            vars_loader.get("ansible.builtin.host_group_vars").get_vars(loader, path, entities, cache)
        except AnsibleParserError as error:
            lost = error.__context__ or error
            raise lost from lost.__cause__
        return {}
