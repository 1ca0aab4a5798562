#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, explain
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, Names


def main():
    module = AwsModule(dict(names=dict(type="dict", required=True)))
    unknown = sorted(module.params["names"].keys() - LOOKUPS.keys())
    if unknown:
        module.fail_json(msg=f"names: {', '.join(unknown)} cannot be referred to; these can: {', '.join(sorted(LOOKUPS))}")
    aws = Aws(module)
    names = Names(aws, {}, module.check_mode)
    try:
        found = {kind: {name: names.found(kind, name) for name in wanted} for kind, wanted in module.params["names"].items()}
    except AWS_ERRORS as error:
        module.fail_json(msg=explain(error, aws.last_call))
    module.exit_json(changed=False, names=found)


if __name__ == "__main__":
    main()
