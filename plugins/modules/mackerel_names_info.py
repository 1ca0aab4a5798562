#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils._client import DoorModule
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, tell


def main():
    module = DoorModule(Mackerel, dict(names=dict(type="dict", required=True), mackerel_organization=dict(type="str")))
    mackerel = Mackerel(module)
    kinds = [kind for kind, lookup in LOOKUPS.items() if lookup.service == "mackerel"]
    tell(module, mackerel, kinds, lambda: dict(organization=mackerel.organization()))


if __name__ == "__main__":
    main()
