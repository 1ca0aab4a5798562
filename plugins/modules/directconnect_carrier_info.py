#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, explain


def main():
    module = AwsModule(dict(account_id=dict(type="str")))
    aws = Aws(module)
    try:
        account = aws.account
        wanted = module.params["account_id"]
        if wanted and wanted != account:
            module.fail_json(msg=f"these credentials belong to account {account}, the contract is for {wanted}")
        found = dict(account_id=account, region=aws.region, direct_connect_gateways=_gateways(aws), virtual_gateways=_virtual_gateways(aws))
        found.update(hosted_connections=_hosted_connections(aws), hosted_virtual_interfaces=_hosted_interfaces(aws))
    except AWS_ERRORS as error:
        module.fail_json(msg=explain(error, aws.last_call))
    for text in _warnings(aws, found):
        aws.warn(text)
    module.exit_json(changed=False, **found)


def _gateways(aws):
    found = []
    for gateway in _directconnect.gateways(aws):
        gateway_id = gateway["directConnectGatewayId"]
        associated = [one["associatedGateway"]["id"] for one in _directconnect.associations(aws, gateway_id)]
        told = dict(id=gateway_id, name=gateway["directConnectGatewayName"], amazon_side_asn=gateway["amazonSideAsn"])
        found.append(dict(told, state=gateway["directConnectGatewayState"], associated_gateways=associated))
    return found


def _virtual_gateways(aws):
    found = []
    for gateway in aws.pages("ec2", "describe_vpn_gateways", "VpnGateways"):
        if gateway["State"] in ("pending", "available"):
            attached = [one["VpcId"] for one in gateway.get("VpcAttachments", []) if one["State"] == "attached"]
            named = _tags.name_and_tags(gateway)["name"]
            found.append(dict(id=gateway["VpnGatewayId"], name=named, amazon_side_asn=gateway.get("AmazonSideAsn"), vpc_id=next(iter(attached), None)))
    return found


def _hosted_connections(aws):
    members = dict(id="connectionId", name="connectionName", state="connectionState", partner_name="partnerName", bandwidth="bandwidth", vlan="vlan")
    hosted = [one for one in _directconnect.connections(aws) if _directconnect.is_hosted(one)]
    return [{option: one.get(member) for option, member in members.items()} for one in hosted]


def _hosted_interfaces(aws):
    """Without the BGP key, and without the router configuration, which holds it."""
    members = dict(
        id="virtualInterfaceId",
        connection="connectionId",
        vlan="vlan",
        virtual_interface_name="virtualInterfaceName",
        virtual_interface_type="virtualInterfaceType",
        state="virtualInterfaceState",
        asn="asnLong",
        amazon_address="amazonAddress",
        customer_address="customerAddress",
    )
    return [{option: one.get(member) for option, member in members.items()} for one in _directconnect.interfaces(aws, hosted=True)]


def _warnings(aws, found):
    """What would stand in the way when the circuit opens."""
    associated = {one for gateway in found["direct_connect_gateways"] for one in gateway["associated_gateways"]}
    free = [gateway["id"] for gateway in found["virtual_gateways"] if not gateway["vpc_id"]]
    for gateway_id in free:
        yield f"{gateway_id} is not attached to a VPC: a Direct Connect gateway cannot be associated with it"
    for table in aws.pages("ec2", "describe_route_tables", "RouteTables"):
        for propagated in table.get("PropagatingVgws", []):
            if propagated["GatewayId"] not in associated:
                yield (
                    f"{table['RouteTableId']} propagates {propagated['GatewayId']} already: where that is to be associated with a Direct Connect gateway, "
                    "AWS advises to switch propagation on only afterwards"
                )


if __name__ == "__main__":
    main()
