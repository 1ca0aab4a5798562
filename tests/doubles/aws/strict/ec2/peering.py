# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPC peering connections."""

from __future__ import annotations

import copy
import ipaddress

from moto.ec2.models import EC2Backend
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter

from ..rules import Refused
from .book import BOOK, filters

CODE = "InvalidVpcPeeringConnectionID.NotFound"  # the spelling that botocore's waiters expect
LIVE = ("pending-acceptance", "provisioning", "active")


def peering_of(ec2, pcx_id):
    if pcx_id not in ec2.vpc_pcxs:
        raise Refused(CODE, f"The vpcPeeringConnection ID '{pcx_id}' does not exist")
    return ec2.vpc_pcxs[pcx_id]


@BOOK.rule("DescribeVpcPeeringConnections")
def peering_ids_exist(ec2, VpcPeeringConnectionIds, **_):
    for one in VpcPeeringConnectionIds or []:
        peering_of(ec2, one)


@BOOK.rule(
    "AcceptVpcPeeringConnection",
    "RejectVpcPeeringConnection",
    "DeleteVpcPeeringConnection",
    "ModifyVpcPeeringConnectionOptions",
)
def the_peering_exists(ec2, VpcPeeringConnectionId, **_):
    peering_of(ec2, VpcPeeringConnectionId)


@BOOK.rule("DeleteVpcPeeringConnection")
def only_a_living_peering_is_deleted(ec2, VpcPeeringConnectionId, **_):
    """DeleteVpcPeeringConnection: "active" or "pending-acceptance"; a failed one goes by itself."""
    code = ec2.vpc_pcxs[VpcPeeringConnectionId]._status.code
    if code not in LIVE:
        message = f"Invalid state transition for {VpcPeeringConnectionId}, attempted to transition from {code} to deleting"
        raise Refused("InvalidStateTransition", message)


@BOOK.rule("ModifyVpcPeeringConnectionOptions")
def options_need_an_active_peering(ec2, VpcPeeringConnectionId, **given):
    """ModifyVpcPeeringConnectionOptions: "The peering connection must be in the active state";
    each account changes its own side only.
    """
    peering = ec2.vpc_pcxs[VpcPeeringConnectionId]
    if peering._status.code != "active":
        message = f"Peering connection {VpcPeeringConnectionId} is not active"
        raise Refused("OperationNotPermitted", message)
    sides = {"Requester": peering.vpc, "Accepter": peering.peer_vpc}
    for side, vpc in sides.items():
        mine = (vpc.owner_id, vpc.region) == (ec2.account_id, ec2.region_name)
        if given.get(f"{side}PeeringConnectionOptions") and not mine:
            message = f"User {ec2.account_id} cannot modify the {side.lower()}'s options of {VpcPeeringConnectionId}"
            raise Refused("OperationNotPermitted", message)


@BOOK.patch(EC2Backend, "create_vpc_peering_connection")
def overlapping_ranges_fail(original, ec2, vpc, peer_vpc, tags=None):
    """CreateVpcPeeringConnection: "the requester VPC and accepter VPC cannot have overlapping CIDR
    blocks ... results in the VPC peering connection having a status of failed."
    The same request again gives the pending connection that there is.
    """
    for one in ec2.vpc_pcxs.values():
        if (one.vpc.id, one.peer_vpc.id) == (vpc.id, peer_vpc.id) and one._status.code in LIVE:
            if one._status.code == "active":
                from moto.ec2.exceptions import EC2ClientError

                message = f"A peering connection between {vpc.id} and {peer_vpc.id} exists: {one.id}"
                raise EC2ClientError("VpcPeeringConnectionAlreadyExists", message)
            return one
    peering = original(ec2, vpc, peer_vpc, tags)
    if vpc.id == peer_vpc.id or overlap(vpc, peer_vpc):
        peering._status.code = "failed"
        peering._status.message = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
    return peering


def overlap(one, other):
    def ranges(vpc):
        found = vpc.get_cidr_block_association_set()
        return [ipaddress.ip_network(a["cidr_block"], strict=False) for a in found]

    return any(a.overlaps(b) for a in ranges(one) for b in ranges(other))


# -- filters, of which moto knows none ------------------------------------------------------------


# DescribeVpcPeeringConnections.Filters
filters(
    VPCPeeringConnection,
    status_code=lambda peering: peering._status.code,
    status_message=lambda peering: peering._status.message,
    vpc_peering_connection_id=lambda peering: peering.id,
    **{
        f"{side}_vpc_info.{attribute}": lambda peering, vpc=vpc, member=member: getattr(getattr(peering, vpc), member)
        for side, vpc in dict(accepter="peer_vpc", requester="vpc").items()
        for attribute, member in dict(cidr_block="cidr_block", owner_id="owner_id", vpc_id="id").items()
    },
)


def as_seen_from(ec2, peering):
    """Peering guide: the tags of the two sides are their own, in each account and Region."""
    seen = copy.copy(peering)
    seen.ec2_backend = ec2
    return seen


def describe_with_filters(response):
    """As moto's own, with the request's filters."""
    from moto.core.responses import ActionResult

    found = response.ec2_backend.describe_vpc_peering_connections(
        vpc_peering_ids=response._get_param("VpcPeeringConnectionIds", [])
    )
    found = [as_seen_from(response.ec2_backend, peering) for peering in found]
    filters = response._filters_from_querystring()
    return ActionResult({"VpcPeeringConnections": generic_filter(filters, found)})


EC2Response.describe_vpc_peering_connections = describe_with_filters
