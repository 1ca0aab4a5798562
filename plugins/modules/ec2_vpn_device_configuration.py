#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _private_files
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, check_account, explain
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

DEVICE = dict(vendor="Vendor", platform="Platform", software="Software")
ARGUMENTS = dict(internet_key_exchange_version="InternetKeyExchangeVersion", sample_type="SampleType")


def main():
    module = AwsModule(
        dict(
            vpn_connection=dict(type="str", required=True),
            vendor=dict(type="str"),
            platform=dict(type="str"),
            software=dict(type="str"),
            internet_key_exchange_version=dict(type="str", choices=["ikev1", "ikev2"], no_log=False),
            sample_type=dict(type="str", choices=["compatibility", "recommended"]),
            path=dict(type="path"),
            account_id=dict(type="str"),
        )
    )
    aws = Aws(module)
    try:
        module.exit_json(**_result(module, aws))
    except (Problem, *AWS_ERRORS) as error:
        module.fail_json(msg=explain(error, None if isinstance(error, Problem) else aws.last_call))


def _result(module, aws):
    params = module.params
    if bool(params["path"]) != bool(params["vendor"]):
        raise Problem("path and vendor are named together: the configuration holds the pre-shared keys, so it is written to a file only")
    if params["sample_type"] == "recommended" and params["internet_key_exchange_version"] == "ikev1":
        raise Problem("sample_type: recommended is for ikev2 only")
    check_account(aws, params["account_id"])
    connection_id = Names(aws, {}, check_mode=False).id_of("ec2_vpn_connections", params["vpn_connection"])
    offered = aws.pages("ec2", "get_vpn_connection_device_types", "VpnConnectionDeviceTypes")
    found = dict(changed=False, id=connection_id)
    if not params["path"]:
        return dict(found, device_types=[_told(device) for device in offered])
    device = _chosen(offered, params)
    found.update(path=params["path"], device_type=_told(device))
    arguments = {member: params[option] for option, member in ARGUMENTS.items() if params[option]}
    which = dict(VpnConnectionId=connection_id, VpnConnectionDeviceTypeId=device["VpnConnectionDeviceTypeId"])
    text = aws.ec2.get_vpn_connection_device_sample_configuration(**which, **arguments)["VpnConnectionDeviceSampleConfiguration"]
    return dict(found, changed=_private_files.write(params["path"], text, "a pre-shared key", only_look=module.check_mode))


def _told(device):
    return {option: device.get(member) for option, member in DEVICE.items()}


def _chosen(offered, params):
    """The one device that vendor, platform and software mean. Nobody guesses: another router's configuration would not fit."""
    fitting = [device for device in offered if all(params[option] in (None, device.get(member)) for option, member in DEVICE.items())]
    if len(fitting) == 1:
        return fitting[0]
    of_vendor = [device for device in offered if device.get("Vendor") == params["vendor"]]
    listed = "; ".join(" / ".join(str(part) for part in _told(device).values()) for device in fitting or of_vendor or offered)
    if fitting:
        raise Problem(f"more than one device fits, name platform and software too: {listed}")
    raise Problem(f"AWS has no configuration for that device. Take vendor: Generic, or one of these (vendor / platform / software): {listed}")


if __name__ == "__main__":
    main()
