# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Direct Connect gateway leads to: virtual private gateways, or transit gateways, of its own account or of one that has proposed it."""

from __future__ import annotations

import ipaddress

from moto.directconnect.models import directconnect_backends
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from ..ec2.transit_gateways import Attachment, begin, end
from .book import BOOK, HOME, Staged, everywhere, found, home, kept, page, refused
from .gateways import associations_of, attached_to, gateway_of

GOING = ("disassociating", "disassociated")


class Association(Staged):
    """`backend` is where the associated gateway is; it is kept with the Direct Connect gateway, whose account may be another one."""

    def __init__(self, backend, gateway, kind, associated_id, prefixes):
        self.id = str(mock_random.uuid4())
        self.owner, self.region, self.gateway_owner = backend.account_id, backend.region_name, gateway.owner
        self.gateway_id, self.type, self.associated_id = gateway.id, kind, associated_id
        self.prefixes = list(prefixes)
        self.attachment_id = None
        self.be(("associating", "associating"), "associated")

    @property
    def associated(self):
        return {"id": self.associated_id, "type": self.type, "ownerAccount": self.owner, "region": self.region}

    def described(self, state):
        virtual = {"virtualGatewayId": self.associated_id, "virtualGatewayRegion": self.region, "virtualGatewayOwnerAccount": self.owner}
        return {
            "directConnectGatewayId": self.gateway_id,
            "directConnectGatewayOwnerAccount": self.gateway_owner,
            "associationState": state,
            "associatedGateway": self.associated,
            "associationId": self.id,
            "allowedPrefixesToDirectConnectGateway": [{"cidr": one} for one in self.prefixes],
            **(virtual if self.type == "virtualPrivateGateway" else {}),
        }


def cidrs(prefixes):
    given = [one["cidr"] for one in prefixes or []]
    for one in given:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise refused(f"{one} is not a valid CIDR block.") from None
    if len(set(given)) < len(given):
        raise refused("A prefix was specified more than once.")
    return given


@BOOK.adds("CreateDirectConnectGatewayAssociation")
def create_association(backend, directConnectGatewayId, gatewayId, virtualGatewayId, addAllowedPrefixesToDirectConnectGateway, **_):
    gateway = gateway_of(backend, directConnectGatewayId, "available")
    wanted, prefixes = gatewayId or virtualGatewayId or "", cidrs(addAllowedPrefixesToDirectConnectGateway)
    association = associated(backend, gateway, wanted, prefixes)
    return {"directConnectGatewayAssociation": association.described(association.state)}


def associated(backend, gateway, wanted, prefixes):
    """`backend` is that of the associated gateway."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    kind, thing, prefixes = fitting(backend, gateway, wanted, prefixes)
    owner = directconnect_backends[gateway.owner][HOME]
    serves_one_kind(owner, gateway, kind)
    if any(one.associated_id == wanted for one in associations_of(owner, gateway.id)):
        raise refused(f"{wanted} is already associated with {gateway.id}.")
    association = Association(backend, gateway, kind, wanted, prefixes)
    if kind == "transitGateway":
        association.attachment_id = attach(ec2, thing, gateway)
    kept(owner, "associations")[association.id] = association
    return association


def fitting(backend, gateway, wanted, prefixes):
    """What of this backend is to be associated: its type, the thing, and what is then advertised."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    if wanted.startswith("tgw-"):
        return "transitGateway", transit_gateway(ec2, wanted, gateway, prefixes), prefixes
    thing = virtual_gateway(ec2, wanted)
    return "virtualPrivateGateway", thing, prefixes or blocks_of(ec2, thing)


def virtual_gateway(ec2, wanted):
    """CreateDirectConnectGatewayAssociation: "must be attached to a VPC and must not be associated with another Direct Connect gateway"."""
    gateway = ec2.vpn_gateways.get(wanted)
    if gateway is None or not any(one.state == "attached" for one in gateway.attachments.values()):
        raise refused(f"Virtual private gateway {wanted} does not exist or is not attached to a VPC.")
    if any(one.associated_id == wanted and one.state != "disassociated" for one in everywhere(HOME, "associations")):
        raise refused(f"Virtual private gateway {wanted} is already associated with a Direct Connect gateway.")
    return gateway


def blocks_of(ec2, gateway):
    """Guide, allowed prefixes: without any, the blocks of the VPC are advertised."""
    return [block["cidr_block"] for vpc_id in gateway.attachments for block in ec2.vpcs[vpc_id].cidr_block_association_set]


def transit_gateway(ec2, wanted, gateway, prefixes):
    """addAllowedPrefixesToDirectConnectGateway: "required when you create an association to a transit gateway"; CreateTransitVirtualInterface: "the
    Autonomous System Number (ASN) used by the transit gateway and the Direct Connect gateway must be different".
    """
    transit = ec2.transit_gateways.get(wanted)
    if transit is None or transit.owner_id != ec2.account_id or transit.state != "available":
        raise refused(f"Transit gateway {wanted} does not exist or is not available.")
    if not prefixes:
        raise refused("Allowed prefixes are required for a transit gateway.")
    if int(transit.options["AmazonSideAsn"]) == gateway.asn:
        raise refused(f"Transit gateway {wanted} and Direct Connect gateway {gateway.id} have the same ASN {gateway.asn}.")
    return transit


def serves_one_kind(backend, gateway, kind):
    """Guide, transit gateway associations: "You cannot attach a Direct Connect gateway to a transit gateway when the Direct Connect gateway is already
    associated with a virtual private gateway or is attached to a private virtual interface".
    """
    others = [one.id for one in associations_of(backend, gateway.id) if one.type != kind]
    fitting = "transit" if kind == "transitGateway" else "private"
    others += [one.id for one in attached_to(gateway.id) if one.type != fitting]
    if others:
        raise refused(f"Direct Connect gateway {gateway.id} serves {', '.join(others)} already.")


def attach(ec2, transit, gateway):
    """EC2: the association is an attachment of the transit gateway, of the type direct-connect-gateway."""
    attachment = Attachment(ec2, transit, "direct-connect-gateway", gateway.id)
    attachment.resource_owner_id = gateway.owner
    begin(attachment)
    ec2.transit_gateway_attachments[attachment.id] = attachment
    return attachment.id


@BOOK.adds("DescribeDirectConnectGatewayAssociations")
def describe_associations(backend, associationId, associatedGatewayId, directConnectGatewayId, virtualGatewayId, nextToken, maxResults, **_):
    """DescribeDirectConnectGatewayAssociations: "You must specify one of the following"."""
    if not (associationId or associatedGatewayId or directConnectGatewayId or virtualGatewayId):
        raise refused("A gateway or an association must be specified.")
    wanted = associatedGatewayId or virtualGatewayId
    things = [
        one
        for one in seen_by(backend)
        if associationId in (None, one.id) and directConnectGatewayId in (None, one.gateway_id) and wanted in (None, one.associated_id)
    ]
    return page("directConnectGatewayAssociations", things, nextToken, maxResults, lambda one, state: one.described(state))


def seen_by(backend):
    """The owners of both gateways see it. DescribeDirectConnectGatewayAssociations: of a gateway "the response contains the Direct Connect gateway"."""
    return [one for one in everywhere(HOME, "associations") if backend.account_id in (one.owner, one.gateway_owner)]


def settled(association):
    association_id = association.id
    if association.state != "associated":
        raise refused(f"Association {association_id} is in state {association.state}.")
    return association


@BOOK.adds("UpdateDirectConnectGatewayAssociation")
def update_association(backend, associationId, addAllowedPrefixesToDirectConnectGateway, removeAllowedPrefixesToDirectConnectGateway, **_):
    """Guide, allowed prefixes: the owner of the Direct Connect gateway changes them; who has proposed them proposes anew."""
    association = settled(found(kept(home(backend), "associations"), associationId, "Association"))
    add, gone = cidrs(addAllowedPrefixesToDirectConnectGateway), cidrs(removeAllowedPrefixesToDirectConnectGateway)
    if set(gone) - set(association.prefixes) or set(add) & set(association.prefixes) or not (add or gone):
        raise refused(f"Association {associationId} cannot be changed so.")
    association.prefixes = [one for one in association.prefixes if one not in gone] + add
    association.be(("updating",), "associated")
    return {"directConnectGatewayAssociation": association.described(association.state)}


@BOOK.adds("DeleteDirectConnectGatewayAssociation")
def delete_association(backend, associationId, directConnectGatewayId, virtualGatewayId, **_):
    """DeleteDirectConnectGatewayAssociation: "Alternatively, ... you can specify the virtualGatewayId and directConnectGatewayId". Guide, deleting a proposal:
    who has proposed an accepted one "can disassociate" the gateway.
    """
    named = [one.id for one in associations_of(backend, directConnectGatewayId) if one.associated_id == virtualGatewayId]
    association = settled(found({one.id: one for one in seen_by(backend)}, associationId or next(iter(named), ""), "Association"))
    if association.attachment_id:
        end(ec2_backends[association.owner][association.region].transit_gateway_attachments[association.attachment_id])
    association.be(("disassociating",), "disassociated")
    return {"directConnectGatewayAssociation": association.described(association.state)}
