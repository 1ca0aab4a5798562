#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _networks
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, tags

SECONDS = 300


def find(aws, wanted):
    return [_have(gateway) for gateway in _directconnect.gateways(aws)]


def _have(gateway):
    state = gateway["directConnectGatewayState"]
    return dict(
        id=gateway["directConnectGatewayId"],
        name=gateway["directConnectGatewayName"],
        amazon_side_asn=gateway["amazonSideAsn"],
        tags=_directconnect.tags_of(gateway),
        _owner=gateway["ownerAccount"],
        _moving=state if state == "pending" else None,
        _failed=_directconnect.failure(state, gateway, ("pending", "available")),
    )


def look(aws, ids):
    """AWS goes on showing what is gone for a while."""
    listed = _directconnect.listed(aws, "describe_direct_connect_gateways", "directConnectGateways")
    return [_have(gateway) for gateway in listed if gateway["directConnectGatewayId"] in ids]


def create(aws, want):
    arguments = dict(directConnectGatewayName=want["name"], **_directconnect.tagged(want))
    if "amazon_side_asn" in want:
        arguments["amazonSideAsn"] = want["amazon_side_asn"]
    return _have(aws.directconnect.create_direct_connect_gateway(**arguments)["directConnectGateway"])


def _look(aws, gateway_id):
    found = aws.pages("directconnect", "describe_direct_connect_gateways", "directConnectGateways", directConnectGatewayId=gateway_id)
    return next(iter(found), {})


def update(aws, have, change):
    if "name" in change:
        aws.directconnect.update_direct_connect_gateway(directConnectGatewayId=have["id"], newDirectConnectGatewayName=change["name"])
    _directconnect.write_tags(aws, "dx-gateway", have, change)


def refuse(want, have, change):
    _networks.refuse_asn(change)


def delete(aws, have):
    aws.directconnect.delete_direct_connect_gateway(directConnectGatewayId=have["id"])
    gone = (None, "deleted")
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]).get("directConnectGatewayState"), lambda state: state in gone, limit=SECONDS)


KIND = Kind(
    name="directconnect_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        amazon_side_asn=fixed("int"),
        tags=tags(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    holders=_directconnect.holders_of_gateways,
    seconds=SECONDS,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
