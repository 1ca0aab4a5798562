#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils._client import DoorModule
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

OWN = sorted(kind for kind, lookup in LOOKUPS.items() if lookup.service == "mackerel")


def main():
    module = DoorModule(Mackerel, dict(names=dict(type="dict", required=True), mackerel_organization=dict(type="str")))
    unknown = sorted(module.params["names"].keys() - set(OWN))
    if unknown:
        module.fail_json(msg=f"names: {', '.join(unknown)} cannot be referred to; these can: {', '.join(OWN)}")
    mackerel = Mackerel(module)
    names = Names(mackerel, {}, module.check_mode)
    try:
        mackerel.check_owner(module.params["mackerel_organization"])
        found = {kind: {name: names.found(kind, name) for name in wanted} for kind, wanted in module.params["names"].items()}
    except (Problem, *Mackerel.errors) as error:
        module.fail_json(msg=mackerel.explain(error, None if isinstance(error, Problem) else mackerel.last_call))
    module.exit_json(changed=False, names=found)


if __name__ == "__main__":
    main()
