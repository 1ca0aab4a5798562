#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.msp.aws.plugins.module_utils._client import Aws, BotoCoreError, ClientError, explain
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, Names

try:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
except ImportError:
    aws_argument_spec = dict


def main():
    module = AnsibleModule(argument_spec={**aws_argument_spec(), "names": dict(type="dict", required=True)}, supports_check_mode=True)
    unknown = sorted(module.params["names"].keys() - LOOKUPS.keys())
    if unknown:
        module.fail_json(msg=f"names: {', '.join(unknown)} cannot be referred to; these can: {', '.join(sorted(LOOKUPS))}")
    aws = Aws(module)
    names = Names(aws, {}, module.check_mode)
    try:
        found = {kind: {name: names.ids(kind, name) for name in wanted} for kind, wanted in module.params["names"].items()}
    except (ClientError, BotoCoreError) as error:
        module.fail_json(msg=explain(error, aws.last_call))
    module.exit_json(changed=False, names=found)


if __name__ == "__main__":
    main()
