#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

from ansible_collections.msp.aws.plugins.module_utils import _certificates, _client_vpn, _private_files, _secrets
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, explain
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem


def main():
    module = AwsModule(
        dict(
            client_vpn_endpoint=dict(type="str", required=True),
            certificate=dict(type="str"),
            private_key_secret=dict(type="str", no_log=False),
            path=dict(type="path"),
        )
    )
    aws = Aws(module)
    try:
        module.exit_json(**_result(module, aws))
    except (Problem, *AWS_ERRORS) as error:
        module.fail_json(msg=explain(error, None if isinstance(error, Problem) else aws.last_call))


def _result(module, aws):
    params = module.params
    if not params["path"] and (params["certificate"] or params["private_key_secret"]):
        raise Problem("a private key is written to a file only: name its path")
    if bool(params["certificate"]) != bool(params["private_key_secret"]):
        raise Problem("certificate and private_key_secret are named together: a profile needs both, or neither")
    names = Names(aws, {}, check_mode=False)
    endpoint_id = names.id_of("ec2_client_vpn_endpoints", params["client_vpn_endpoint"])
    if module.check_mode:
        return dict(changed=bool(params["path"]) and not os.path.exists(params["path"]), id=endpoint_id)
    profile = aws.ec2.export_client_vpn_client_configuration(ClientVpnEndpointId=endpoint_id)["ClientConfiguration"]
    status = _client_vpn.endpoint(aws, endpoint_id)["Status"]["Code"]
    if status != "available":
        aws.warn(f"{params['client_vpn_endpoint']} is {status}: nobody can connect with the profile until a target network is associated")
    found = dict(changed=False, id=endpoint_id, status=status, client_configuration=profile)
    if params["path"]:
        found.update(path=params["path"], changed=_private_files.write(params["path"], _whole(aws, names, params, profile), "a private key"))
    return found


def _whole(aws, names, params, profile):
    """The profile with what ACM and Secrets Manager hold of the user; this text goes to the file and nowhere else."""
    if not params["certificate"]:
        return profile
    arn = names.id_of("acm_certificates", params["certificate"])
    certificate = aws.acm.get_certificate(CertificateArn=arn)["Certificate"].strip()
    private_key = _secrets.held(aws, params["private_key_secret"]).strip()
    _certificates.check_key(certificate, private_key)
    return f"{profile.rstrip()}\n<cert>\n{certificate}\n</cert>\n<key>\n{private_key}\n</key>\n"


if __name__ == "__main__":
    main()
