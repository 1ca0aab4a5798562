#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed

# Option → key of a DHCP configuration; all of them are fixed: an option set is made once and exchanged as a whole.
CONFIGURATION = dict(
    domain_name="domain-name",
    domain_name_servers="domain-name-servers",
    ntp_servers="ntp-servers",
    netbios_name_servers="netbios-name-servers",
    netbios_node_type="netbios-node-type",
)


def find(aws, wanted):
    return [_have(options) for options in aws.pages("ec2", "describe_dhcp_options", "DhcpOptions")]


def _have(options):
    values = {entry["Key"]: [value["Value"] for value in entry["Values"]] for entry in options.get("DhcpConfigurations", [])}
    found = {name: values.get(key) for name, key in CONFIGURATION.items()}
    for name in ("domain_name", "netbios_node_type"):
        found[name] = found[name][0] if found[name] else None
    return dict(id=options["DhcpOptionsId"], **found, **_tags.name_and_tags(options))


def create(aws, want):
    configurations = [
        dict(Key=key, Values=want[name] if isinstance(want[name], list) else [want[name]]) for name, key in CONFIGURATION.items() if name in want
    ]
    arguments = dict(DhcpConfigurations=configurations, TagSpecifications=_tags.specifications("dhcp-options", want))
    return _have(aws.ec2.create_dhcp_options(**arguments)["DhcpOptions"])


def delete(aws, have):
    aws.ec2.delete_dhcp_options(DhcpOptionsId=have["id"])


def holders(aws, haves):
    going = {have["id"] for have in haves}
    for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs"):
        if vpc.get("DhcpOptionsId") in going:
            yield Holder(vpc["DhcpOptionsId"], "VPCs that use it", _tags.name_and_tags(vpc)["name"] or vpc["VpcId"], (("ec2_vpcs", vpc["VpcId"]),))


KIND = Kind(
    name="ec2_dhcp_options",
    identity=("name",),
    options=dict(
        name=Option(),
        domain_name=fixed(),
        domain_name_servers=fixed("list", elements="str"),
        ntp_servers=fixed("list", elements="str"),
        netbios_name_servers=fixed("list", elements="str"),
        netbios_node_type=fixed(),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=_tags.update,
    delete=delete,
    holders=holders,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
