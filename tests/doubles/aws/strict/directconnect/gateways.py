# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct Connect gateways."""

from __future__ import annotations

from moto.moto_api._internal import mock_random

from ..ec2.gateways import PRIVATE_ASNS
from .book import BOOK, Thing, everywhere, found, home, kept, page, refused, shown_tags


class Gateway(Thing):
    def __init__(self, backend, name, asn, tags):
        super().__init__(backend, name, tags)
        self.id = str(mock_random.uuid4())
        self.asn = asn
        self.be(("pending",), "available")

    def described(self, state):
        shown = {"directConnectGatewayId": self.id, "directConnectGatewayName": self.name, "amazonSideAsn": self.asn}
        return {**shown, "ownerAccount": self.owner, "directConnectGatewayState": state, "tags": shown_tags(self)}


def gateways(backend):
    """DescribeDirectConnectGateways: "Deleted Direct Connect gateways are not returned."."""
    return {key: one for key, one in kept(home(backend), "gateways").items() if one.state != "deleted"}


def gateway_of(backend, gateway_id, *states):
    gateway = found(gateways(backend), gateway_id, "Direct Connect gateway")
    if states and gateway.state not in states:
        raise refused(f"Direct Connect gateway {gateway_id} is in state {gateway.state}.")
    return gateway


@BOOK.adds("CreateDirectConnectGateway")
def create_direct_connect_gateway(backend, directConnectGatewayName, tags, amazonSideAsn, **_):
    """CreateDirectConnectGateway.amazonSideAsn: "64,512 to 65,534 or 4,200,000,000 to 4,294,967,294. The default is 64512."."""
    if amazonSideAsn is not None and not any(amazonSideAsn in numbers for numbers in PRIVATE_ASNS):
        raise refused(f"ASN {amazonSideAsn} is not in the private range.")
    gateway = Gateway(home(backend), directConnectGatewayName, amazonSideAsn or 64512, tags)
    kept(home(backend), "gateways")[gateway.id] = gateway
    return {"directConnectGateway": gateway.described(gateway.state)}


@BOOK.adds("DescribeDirectConnectGateways")
def describe_direct_connect_gateways(backend, directConnectGatewayId, nextToken, maxResults, **_):
    things = list(gateways(backend).values())
    if directConnectGatewayId:
        things = [one for one in things if one.id == directConnectGatewayId]
    return page("directConnectGateways", things, nextToken, maxResults, lambda one, state: one.described(state))


@BOOK.adds("UpdateDirectConnectGateway")
def update_direct_connect_gateway(backend, directConnectGatewayId, newDirectConnectGatewayName, **_):
    gateway = gateway_of(backend, directConnectGatewayId, "available")
    gateway.name = newDirectConnectGatewayName
    return {"directConnectGateway": gateway.described(gateway.state)}


@BOOK.adds("DeleteDirectConnectGateway")
def delete_direct_connect_gateway(backend, directConnectGatewayId, **_):
    """DeleteDirectConnectGateway: "You must first delete all virtual interfaces that are attached ... and disassociate all virtual private gateways"."""
    gateway = gateway_of(backend, directConnectGatewayId, "pending", "available")
    left = [one.id for one in associations_of(backend, gateway.id)] + [one.id for one in attached_to(gateway.id)]
    if left:
        raise refused(f"Direct Connect gateway {gateway.id} has associations or attachments: {', '.join(left)}.")
    gateway.be(("deleting",), "deleted")
    return {"directConnectGateway": gateway.described(gateway.state)}


def associations_of(backend, gateway_id):
    """Also those that are on their way out."""
    return [one for one in kept(home(backend), "associations").values() if one.gateway_id == gateway_id and one.state != "disassociated"]


def attached_to(gateway_id):
    from moto.directconnect.models import directconnect_backends

    regions = {region for dummy, by_region in list(dict.items(directconnect_backends)) for region in dict.keys(by_region)}
    interfaces = [one for region in sorted(regions) for one in everywhere(region, "interfaces")]
    return [one for one in interfaces if one.gateway_id == gateway_id and one.state not in ("deleted", "rejected")]


@BOOK.adds("DescribeDirectConnectGatewayAttachments")
def describe_direct_connect_gateway_attachments(backend, directConnectGatewayId, virtualInterfaceId, nextToken, maxResults, **_):
    """DescribeDirectConnectGatewayAttachments: "You must specify a Direct Connect gateway, a virtual interface, or both."."""
    if not (directConnectGatewayId or virtualInterfaceId):
        raise refused("A Direct Connect gateway or a virtual interface must be specified.")
    chosen = [gateway_of(backend, directConnectGatewayId).id] if directConnectGatewayId else list(gateways(backend))
    things = [one for gateway in chosen for one in attached_to(gateway) if virtualInterfaceId in (None, one.id)]
    states = {"deleting": "detaching", "pending": "attaching", "confirming": "attaching"}

    def show(one, state):
        kind = "TransitVirtualInterface" if one.type == "transit" else "PrivateVirtualInterface"
        where = {"virtualInterfaceRegion": one.region, "virtualInterfaceOwnerAccount": one.owner}
        told = {"directConnectGatewayId": one.gateway_id, "virtualInterfaceId": one.id, **where}
        return {**told, "attachmentState": states.get(state, "attached"), "attachmentType": kind}

    return page("directConnectGatewayAttachments", things, nextToken, maxResults, show)
