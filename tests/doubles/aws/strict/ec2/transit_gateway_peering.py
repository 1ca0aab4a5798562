# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peerings of transit gateways, within a Region and across Regions and accounts: one peering, and an attachment at each side."""

from __future__ import annotations

import re

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_transit_gateway_attachment_id

from ..passing import meets
from ..rules import Refused
from .book import BOOK, invalid
from .transit_gateways import ATTACHMENT, Attachment, begin, end, gateway_of, incorrect, must_be, put_tags, tags_of, wrong_filter


class Side(Attachment):
    """One end of a peering; `other` is the other end, or None when the peer does not exist."""

    def __init__(self, ec2, gateway, peer_id, peer_owner, peering, attachment_id, **states):
        super().__init__(ec2, gateway, "peering", peer_id, attachment_id, **states)
        self.resource_owner_id = peer_owner
        self.peering = peering
        self.other = None

    def both(self):
        return [side for side in (self, self.other) if side is not None]


def described(side, viewer, state):
    peering = side.peering
    accepter = {"AccepterTransitGatewayAttachmentId": peering["accepter_id"]} if peering["accepter_id"] != peering["id"] else {}
    return {
        "TransitGatewayAttachmentId": peering["id"],
        "RequesterTgwInfo": peering["requester"],
        "AccepterTgwInfo": peering["accepter"],
        "Options": {"DynamicRouting": peering["dynamic_routing"]},
        "Status": {"Code": state, "Message": peering["message"]},
        "State": state,
        "CreationTime": side.created,
        "Tags": tags_of(viewer, peering["id"]),
        **accepter,
    }


def sides_in(ec2):
    """One for each peering: where both ends are here, that of the requester."""
    found = {}
    for one in ec2.transit_gateway_attachments.values():
        if isinstance(one, Side):
            found.setdefault(one.peering["id"], one)
    return found


def side_of(ec2, attachment_id):
    found = sides_in(ec2)
    if attachment_id not in found or found[attachment_id].state == "deleted":
        raise Refused(ATTACHMENT, f"Transit Gateway Attachment {attachment_id} was deleted or does not exist.")
    return found[attachment_id]


@BOOK.adds("CreateTransitGatewayPeeringAttachment")
def create_peering(ec2, TransitGatewayId, PeerTransitGatewayId, PeerAccountId, PeerRegion, Options, TagSpecifications, **_):
    """CreateTransitGatewayPeeringAttachment: "the owner of the accepter transit gateway must accept the attachment request"; a wrong peer shows as failed."""
    gateway = must_be(gateway_of(ec2, TransitGatewayId), "available", "modifying")
    put_tags(ec2, None, TagSpecifications, "transit-gateway-attachment")
    if not re.fullmatch(r"\d{12}", PeerAccountId) or not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", PeerRegion):
        raise invalid("PeerAccountId or PeerRegion is malformed")
    if PeerTransitGatewayId == TransitGatewayId:
        raise invalid("A transit gateway cannot peer with itself")
    here = [side for side in sides_in(ec2).values() if not side.dead]
    if any({side.gateway.id, side.resource_id} == {TransitGatewayId, PeerTransitGatewayId} for side in here):
        raise Refused("DuplicateTransitGatewayAttachment", f"{TransitGatewayId} and {PeerTransitGatewayId} are peered already.")
    peer = peer_of(PeerAccountId, PeerRegion, PeerTransitGatewayId)
    one_id = random_transit_gateway_attachment_id()
    peering = {
        "id": one_id,
        "accepter_id": random_transit_gateway_attachment_id() if PeerRegion == ec2.region_name else one_id,
        "requester": {"TransitGatewayId": TransitGatewayId, "OwnerId": ec2.account_id, "Region": ec2.region_name},
        "accepter": {"TransitGatewayId": PeerTransitGatewayId, "OwnerId": PeerAccountId, "Region": PeerRegion},
        "dynamic_routing": (Options or {}).get("DynamicRouting", "disable"),
        "message": None,
    }
    mine = Side(ec2, gateway, PeerTransitGatewayId, PeerAccountId, peering, one_id, passing="initiatingRequest", settled="pendingAcceptance")
    ec2.transit_gateway_attachments[mine.id] = mine
    put_tags(ec2, mine.id, TagSpecifications, "transit-gateway-attachment")
    if peer is None:
        fail(mine, f"Transit Gateway {PeerTransitGatewayId} was deleted or does not exist")
    elif peering["dynamic_routing"] == "enable" and peer.options["AmazonSideAsn"] == gateway.options["AmazonSideAsn"]:
        fail(mine, "Dynamic routing needs transit gateways with different ASNs")
    else:
        backend = peer.ec2_backend
        states = {"passing": "initiatingRequest", "settled": "pendingAcceptance"}
        theirs = Side(backend, peer, TransitGatewayId, ec2.account_id, peering, peering["accepter_id"], **states)
        mine.other, theirs.other = theirs, mine
        backend.transit_gateway_attachments[theirs.id] = theirs
    return {"TransitGatewayPeeringAttachment": described(mine, ec2, mine.state)}


def peer_of(account, region, gateway_id):
    by_region = dict.get(ec2_backends, account, {})
    backend = dict.get(by_region, region)
    gateway = backend.transit_gateways.get(gateway_id) if backend is not None else None
    return gateway if gateway is not None and gateway.owner_id == account and not gateway.dead else None


def fail(side, message):
    side.peering["message"] = message
    end(side, "initiatingRequest", "failed")


@BOOK.adds("DescribeTransitGatewayPeeringAttachments")
def describe_peerings(ec2, TransitGatewayAttachmentIds, Filters, **_):
    """DescribeTransitGatewayPeeringAttachments: those that were asked for here, and those asked of this side."""
    found = sides_in(ec2)
    for one in TransitGatewayAttachmentIds or []:
        if one not in found:
            raise Refused(ATTACHMENT, f"The transitGatewayAttachment ID '{one}' does not exist")

    def values(one, side):
        ends = [side.peering["requester"], side.peering["accepter"]]
        return {
            "transit-gateway-attachment-id": one,
            "local-owner-id": ec2.account_id,
            "remote-owner-id": side.resource_owner_id,
            "state": side.state,
            "transit-gateway-id": [end["TransitGatewayId"] for end in ends],
        }

    asked = {one: side for one, side in found.items() if not TransitGatewayAttachmentIds or one in TransitGatewayAttachmentIds}
    met = {one: side for one, side in asked.items() if meets(Filters, values(one, side), ec2.tags.get(one, {}), wrong_filter)}
    return {"TransitGatewayPeeringAttachments": [described(side, ec2, side.look()) for side in met.values()]}


def to_accept(ec2, attachment_id):
    """Accept and reject: by the account, and in the Region, of the accepter, while it is pendingAcceptance."""
    side = side_of(ec2, attachment_id)
    accepter = side.peering["accepter"]
    if (accepter["OwnerId"], accepter["Region"]) != (ec2.account_id, ec2.region_name):
        raise invalid(f"Cannot accept or reject {attachment_id} as the source of the peering request")
    if any(one.state != "pendingAcceptance" for one in side.both()):
        raise incorrect(attachment_id, side.state)
    return side


@BOOK.adds("AcceptTransitGatewayPeeringAttachment")
def accept_peering(ec2, TransitGatewayAttachmentId, **_):
    """AcceptTransitGatewayPeeringAttachment: "must be in the pendingAcceptance state"."""
    side = to_accept(ec2, TransitGatewayAttachmentId)
    for one in side.both():
        begin(one)
    return {"TransitGatewayPeeringAttachment": described(side, ec2, side.state)}


@BOOK.adds("RejectTransitGatewayPeeringAttachment")
def reject_peering(ec2, TransitGatewayAttachmentId, **_):
    """RejectTransitGatewayPeeringAttachment: as accepting."""
    side = to_accept(ec2, TransitGatewayAttachmentId)
    for one in side.both():
        end(one, "rejecting", "rejected")
    return {"TransitGatewayPeeringAttachment": described(side, ec2, side.state)}


@BOOK.adds("DeleteTransitGatewayPeeringAttachment")
def delete_peering(ec2, TransitGatewayAttachmentId, **_):
    """DeleteTransitGatewayPeeringAttachment: by either side; it goes at both."""
    side = must_be(side_of(ec2, TransitGatewayAttachmentId), "available", "pendingAcceptance", "initiatingRequest")
    for one in side.both():
        end(one)
    return {"TransitGatewayPeeringAttachment": described(side, ec2, side.state)}
