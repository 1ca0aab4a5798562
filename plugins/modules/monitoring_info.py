#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _components
from ansible_collections.msp.aws.plugins.module_utils._client import Aws, AwsModule


def main():
    module = AwsModule(
        dict(
            targets=dict(type="list", elements="str", default=[], choices=[*_components.LISTINGS]),
            partial=dict(type="bool", default=False),
            metrics=dict(type="list", elements="dict", default=[]),
            alarms=dict(type="bool", default=False),
        )
    )
    aws = Aws(module)
    unread = {} if module.params["partial"] else None
    try:
        found = _components.components(aws, module.params["targets"], unread)
        alarms = _components.alarms(aws) if module.params["alarms"] or module.params["metrics"] else []
        gone = _components.missing(aws, module.params["metrics"], {one["name"] for one in alarms})
    except Aws.errors as error:
        module.fail_json(msg=aws.explain(error, aws.last_call))
    asked = dict(alarms=alarms) if module.params["alarms"] else {}
    module.exit_json(changed=False, components=found, missing_metrics=gone, **asked, **({} if unread is None else dict(unread=unread)))


if __name__ == "__main__":
    main()
