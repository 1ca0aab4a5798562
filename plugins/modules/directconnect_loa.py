#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

from ansible_collections.msp.aws.plugins.module_utils import _private_files
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, check_account, explain
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem


def main():
    options = dict(connection=dict(type="str", required=True), path=dict(type="path", required=True))
    module = AwsModule(dict(options, provider_name=dict(type="str"), account_id=dict(type="str")))
    aws = Aws(module)
    try:
        module.exit_json(**_result(module, aws))
    except (Problem, *AWS_ERRORS) as error:
        module.fail_json(msg=explain(error, None if isinstance(error, Problem) else aws.last_call))


def _result(module, aws):
    params = module.params
    check_account(aws, params["account_id"])
    connection_id = Names(aws, {}, check_mode=False).id_of("directconnect_connections", params["connection"])
    state = aws.directconnect.describe_connections(connectionId=connection_id)["connections"][0]["connectionState"]
    if state in ("ordering", "requested"):
        raise Problem(f"{params['connection']} is {state}: AWS issues the LOA-CFA when it has approved the order (72 hours). Try again when it is pending")
    there = os.path.exists(params["path"])
    # AWS keeps when it was last fetched, and writes each one anew: one that is there stays.
    if not (there or module.check_mode):
        arguments = dict(providerName=params["provider_name"]) if params["provider_name"] else {}
        loa = aws.directconnect.describe_loa(connectionId=connection_id, loaContentType="application/pdf", **arguments)["loaContent"]
        _write(params["path"], loa)
    return dict(changed=not there, id=connection_id, state=state, path=params["path"])


def _write(path, content):
    try:
        _private_files.replace(path, content, 0o666)
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from None


if __name__ == "__main__":
    main()
