# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transit gateways and what is attached to them. moto's own know no time, no second account and hardly a rule, so all of it is answered here.

Things live in moto's collections, where routes and VPN connections look for them. Those of two accounts are held by both backends.
"""

from __future__ import annotations

import ipaddress

from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_transit_gateway_attachment_id, random_transit_gateway_id

from ..passing import Passing, meets
from ..ram import reaches
from ..rules import Refused
from .book import BOOK, dependency, invalid, known, subnet_of
from .gateways import PRIVATE_ASNS

GATEWAY = "InvalidTransitGatewayID.NotFound"
ATTACHMENT = "InvalidTransitGatewayAttachmentID.NotFound"
DEAD = ("deleting", "deleted", "failing", "failed", "rejecting", "rejected")
# ModifyTransitGateway.Options.AmazonSideAsn: with these "the modify ASN operation is not allowed"
HOLD_THE_ASN = ("vpn", "direct-connect-gateway", "connect", "vpn-concentrator", "client-vpn")
# How DeleteTransitGateway tells of what is still attached
SPOKEN = {"vpc": "VPC", "vpn": "VPN", "peering": "Peering", "direct-connect-gateway": "DirectConnect Gateway"}
# CreateTransitGatewayRequestOptions: "Enabled by default", "Disabled by default"
GATEWAY_OPTIONS = {
    "AmazonSideAsn": 64512,
    "AutoAcceptSharedAttachments": "disable",
    "DefaultRouteTableAssociation": "enable",
    "DefaultRouteTablePropagation": "enable",
    "DnsSupport": "enable",
    "MulticastSupport": "disable",
    "SecurityGroupReferencingSupport": "disable",
    "TransitGatewayCidrBlocks": [],
    "VpnEcmpSupport": "enable",
}
# CreateTransitGatewayVpcAttachmentRequestOptions
VPC_OPTIONS = {
    "ApplianceModeSupport": "disable",
    "DnsSupport": "enable",
    "Ipv6Support": "disable",
    "SecurityGroupReferencingSupport": "enable",
}


class Thing(Passing, TaggedEC2Resource):
    def __init__(self, ec2, thing_id, passing="pending", settled="available"):
        self.ec2_backend = ec2
        self.id = thing_id
        self.created = utcnow().replace(microsecond=0)
        self.be(passing, settled)

    @property
    def dead(self):
        return self.settled in DEAD


class Gateway(Thing):
    def __init__(self, ec2, description, options):
        super().__init__(ec2, random_transit_gateway_id())
        self.owner_id, self.region = ec2.account_id, ec2.region_name
        self.description = description
        self.options = {**GATEWAY_OPTIONS, **options}
        self.default_table_id = None

    @property
    def arn(self):
        return f"arn:{self.ec2_backend.partition}:ec2:{self.region}:{self.owner_id}:transit-gateway/{self.id}"

    def described(self, viewer, state):
        return {
            "TransitGatewayId": self.id,
            "TransitGatewayArn": self.arn,
            "State": state,
            "OwnerId": self.owner_id,
            "Description": self.description,
            "CreationTime": self.created,
            "Options": self.options,
            "Tags": tags_of(viewer, self.id),
        }


class Attachment(Thing):
    """Of a VPC, a VPN connection or (see Side) a peering."""

    def __init__(self, ec2, gateway, resource_type, resource_id, attachment_id=None, **states):
        super().__init__(ec2, attachment_id or random_transit_gateway_attachment_id(), **states)
        self.gateway = gateway
        self.resource_type, self.resource_id = resource_type, resource_id
        self.resource_owner_id = ec2.account_id
        self.association = None
        self.options = {}
        self.subnet_ids = []

    @property
    def transit_gateway_id(self):
        return self.gateway.id

    def associated(self):
        """The association that there is, also while it comes or goes."""
        gone = self.settled == "deleted" or self.association is None or self.association.state == "disassociated"
        return None if gone else self.association

    def described(self, viewer, state):
        mine = viewer.account_id == self.gateway.owner_id
        association = self.associated() if mine else None
        shown = {"Association": {"TransitGatewayRouteTableId": association.table_id, "State": association.look()}} if association else {}
        return {
            "TransitGatewayAttachmentId": self.id,
            "TransitGatewayId": self.gateway.id,
            "TransitGatewayOwnerId": self.gateway.owner_id,
            "ResourceOwnerId": self.resource_owner_id,
            "ResourceType": self.resource_type,
            "ResourceId": self.resource_id,
            "State": state,
            "CreationTime": self.created,
            "Tags": tags_of(viewer, self.id),
            **shown,
        }

    def described_as_vpc(self, viewer, state):
        return {
            "TransitGatewayAttachmentId": self.id,
            "TransitGatewayId": self.gateway.id,
            "VpcId": self.resource_id,
            "VpcOwnerId": self.resource_owner_id,
            "State": state,
            "SubnetIds": self.subnet_ids,
            "CreationTime": self.created,
            "Options": self.options,
            "Tags": tags_of(viewer, self.id),
        }


class Association(Passing):
    def __init__(self, table_id):
        self.table_id = table_id
        self.be("associating", "associated")


# -- what all operations need -------------------------------------------------------------------------


def tags_of(ec2, thing_id):
    """Tags are those of the account and Region that looks."""
    return [{"Key": key, "Value": value} for key, value in ec2.tags.get(thing_id, {}).items()]


def put_tags(ec2, thing_id, specifications, resource_type):
    """TagSpecifications: the resource type must be that of what is made."""
    for one in specifications or []:
        if one["ResourceType"] != resource_type:
            raise invalid(f"'{one['ResourceType']}' is not a valid taggable resource type for this operation.")
        if thing_id:
            ec2.create_tags([thing_id], {tag["Key"]: tag.get("Value", "") for tag in one.get("Tags", [])})


def wrong_filter(name):
    return invalid(f"The filter '{name}' is invalid")


def incorrect(thing_id, state):
    return Refused("IncorrectState", f"{thing_id} is in invalid state: {state}")


def must_be(thing, *states):
    if thing.state not in states:
        raise incorrect(thing.id, thing.state)
    return thing


def gateway_of(ec2, gateway_id, own=True):
    """The gateway, one's own or one that another account shares."""
    gateway = ec2.transit_gateways.get(gateway_id)
    if gateway is None and not own:
        gateway = next((one for one in shared_gateways(ec2) if one.id == gateway_id), None)
    if gateway is None or gateway.settled == "deleted" or (own and gateway.owner_id != ec2.account_id):
        raise Refused(GATEWAY, f"Transit Gateway {gateway_id} was deleted or does not exist.")
    return gateway


def shared_gateways(ec2):
    for account, by_region in list(dict.items(ec2_backends)):
        backend = dict.get(by_region, ec2.region_name)
        if account != ec2.account_id and backend is not None:
            mine = [one for one in backend.transit_gateways.values() if one.owner_id == account]
            yield from (one for one in mine if reaches(account, ec2.region_name, one.arn, ec2.account_id))


def attachment_of(ec2, attachment_id, *types):
    one = known(ec2.transit_gateway_attachments, attachment_id, ATTACHMENT, "transitGatewayAttachment")
    if (types and one.resource_type not in types) or one.state == "deleted":
        raise Refused(ATTACHMENT, f"Transit Gateway Attachment {attachment_id} was deleted or does not exist.")
    return one


def attachments_to(gateway):
    """In the backend of the gateway's owner, who sees all of them."""
    return [one for one in gateway.ec2_backend.transit_gateway_attachments.values() if one.gateway is gateway]


def listed(things, ids, code, kind, filters, values, viewer):
    for one in ids or []:
        if not any(thing.id == one for thing in things):
            raise Refused(code, f"The {kind} ID '{one}' does not exist")
    asked = [thing for thing in things if not ids or thing.id in ids]
    return [thing for thing in asked if meets(filters, values(thing), viewer.tags.get(thing.id, {}), wrong_filter)]


# -- gateways -------------------------------------------------------------------------------------------


@BOOK.adds("CreateTransitGateway")
def create_transit_gateway(ec2, Description, Options, TagSpecifications, **_):
    """CreateTransitGateway; TransitGatewayOptions: "Either defaultRouteTableAssociation or defaultRouteTablePropagation
    must be set to enable for ... the default transit gateway route table."
    """
    options = dict(Options or {})
    asn_is_private(options.get("AmazonSideAsn"))
    blocks_are_sound(options.get("TransitGatewayCidrBlocks", []), [])
    put_tags(ec2, None, TagSpecifications, "transit-gateway")
    gateway = Gateway(ec2, Description, options)
    ec2.transit_gateways[gateway.id] = gateway
    with_default_tables(ec2, gateway)
    put_tags(ec2, gateway.id, TagSpecifications, "transit-gateway")
    return {"TransitGateway": gateway.described(ec2, gateway.state)}


def asn_is_private(asn):
    """TransitGatewayRequestOptions.AmazonSideAsn: "64512 to 65534 ... 4200000000 to 4294967294"."""
    if asn is not None and not any(int(asn) in numbers for numbers in PRIVATE_ASNS):
        raise invalid(f"Invalid ASN {asn}: it must be a private ASN")


def blocks_are_sound(blocks, there):
    """TransitGatewayCidrBlocks: "a size /24 CIDR block or larger for IPv4, or a size /64 CIDR block or larger for IPv6"; guide: not 169.254.0.0/16."""
    networks = [ipaddress.ip_network(one) for one in there]
    for text in blocks:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            raise invalid(f"{text} is not a valid CIDR block") from None
        if network.prefixlen > (24 if network.version == 4 else 64) or network.is_link_local:
            raise invalid(f"The CIDR block {text} is not allowed for a transit gateway")
        if any(network.version == other.version and network.overlaps(other) for other in networks):
            raise invalid(f"The CIDR block {text} overlaps another one of the transit gateway")
        networks.append(network)


def with_default_tables(ec2, gateway):
    """ModifyTransitGateway.DefaultRouteTablePropagation: "If ... set to enable, ... will create the default transit gateway route table." """
    from .transit_gateway_routes import Table

    pairs = (("DefaultRouteTableAssociation", "AssociationDefaultRouteTableId"), ("DefaultRouteTablePropagation", "PropagationDefaultRouteTableId"))
    for switch, member in pairs:
        if gateway.options[switch] == "enable" and member not in gateway.options:
            if gateway.default_table_id is None:
                table = Table(ec2, gateway)
                gateway.default_table_id = table.id
                ec2.transit_gateways_route_tables[table.id] = table
            gateway.options[member] = gateway.default_table_id
        elif gateway.options[switch] == "disable":
            gateway.options.pop(member, None)


@BOOK.adds("DescribeTransitGateways")
def describe_transit_gateways(ec2, TransitGatewayIds, Filters, **_):
    """DescribeTransitGateways: one's own, and those that other accounts share."""
    own = [one for one in ec2.transit_gateways.values() if one.owner_id == ec2.account_id]
    things = [*own, *shared_gateways(ec2)]

    def values(one):
        names = {"amazon-side-asn": "AmazonSideAsn", "default-route-table-association": "DefaultRouteTableAssociation"}
        names |= {"default-route-table-propagation": "DefaultRouteTablePropagation", "dns-support": "DnsSupport"}
        names |= {"auto-accept-shared-attachments": "AutoAcceptSharedAttachments", "vpn-ecmp-support": "VpnEcmpSupport"}
        options = {f"options.{name}": one.options.get(member) for name, member in names.items()}
        return {"transit-gateway-id": one.id, "state": one.state, "owner-id": one.owner_id, **options}

    found = listed(things, TransitGatewayIds, GATEWAY, "transitGateway", Filters, values, ec2)
    return {"TransitGateways": [one.described(ec2, one.look()) for one in found]}


@BOOK.adds("ModifyTransitGateway")
def modify_transit_gateway(ec2, TransitGatewayId, Description, Options, **_):
    """ModifyTransitGateway: "the modified options are applied to new transit gateway attachments only"."""
    gateway = must_be(gateway_of(ec2, TransitGatewayId), "available")
    options = dict(Options or {})
    asn_is_private(options.get("AmazonSideAsn"))
    add, gone = options.pop("AddTransitGatewayCidrBlocks", []), options.pop("RemoveTransitGatewayCidrBlocks", [])
    there = gateway.options["TransitGatewayCidrBlocks"]
    if set(gone) - set(there):
        raise invalid(f"The CIDR blocks {gone} are not those of {TransitGatewayId}")
    blocks_are_sound(add, [one for one in there if one not in gone])
    if "AmazonSideAsn" in options:
        holding = [one.id for one in attachments_to(gateway) if not one.dead and one.resource_type in HOLD_THE_ASN]
        if holding:
            raise Refused("IncorrectState", f"The ASN of {TransitGatewayId} cannot be modified while it has attachments: {', '.join(holding)}")
    if Description is not None:
        gateway.description = Description
    gateway.options.update(options, TransitGatewayCidrBlocks=[one for one in there if one not in gone] + list(add))
    with_default_tables(ec2, gateway)
    gateway.be("modifying", "available")
    return {"TransitGateway": gateway.described(ec2, gateway.state)}


@BOOK.adds("DeleteTransitGateway")
def delete_transit_gateway(ec2, TransitGatewayId, **_):
    """Guide, delete a transit gateway: "You can't delete a transit gateway with existing attachments."; its route tables go with it."""
    gateway = gateway_of(ec2, TransitGatewayId)
    must_be(gateway, "available", "pending", "modifying")
    # An attachment that is going counts until it is gone.
    left = [one for one in attachments_to(gateway) if one.state not in ("deleted", "failed", "rejected")]
    if left:
        kind = SPOKEN.get(left[0].resource_type, left[0].resource_type)
        raise Refused("IncorrectState", f"{TransitGatewayId} has non-deleted {kind} Attachments: {', '.join(one.id for one in left)}.")
    gateway.be("deleting", "deleted")
    for table in ec2.transit_gateways_route_tables.values():
        if table.gateway is gateway:
            table.be("deleting", "deleted")
    return {"TransitGateway": gateway.described(ec2, gateway.state)}


# -- attachments of VPCs --------------------------------------------------------------------------------


def begin(attachment):
    """What the gateway does with an attachment that nobody, or nobody any more, has to accept."""
    attachment.be("pending", "available")
    options = attachment.gateway.options
    if attachment.resource_type == "peering":
        propagate = None  # guide, peering: "static routes" only
    else:
        propagate = options.get("PropagationDefaultRouteTableId")
    owner = attachment.gateway.ec2_backend
    if options.get("AssociationDefaultRouteTableId"):
        attachment.association = Association(options["AssociationDefaultRouteTableId"])
    if propagate:
        owner.transit_gateways_route_tables[propagate].propagations[attachment.id] = "enabled"


def end(attachment, passing="deleting", settled="deleted"):
    """It goes, and with it its association and what it propagates. Static routes to it stay, and lead nowhere."""
    attachment.be(passing, settled)
    attachment.association = None
    for table in attachment.gateway.ec2_backend.transit_gateways_route_tables.values():
        table.propagations.pop(attachment.id, None)


def subnets_are_sound(ec2, vpc_id, subnet_ids):
    """SubnetIds: "You can specify only one subnet per Availability Zone. You must specify at least one subnet"."""
    zones = []
    for one in subnet_ids:
        subnet = subnet_of(ec2, one)
        if subnet is None:
            raise Refused("InvalidSubnetID.NotFound", f"The subnet ID '{one}' does not exist")
        if subnet.vpc_id != vpc_id:
            raise invalid(f"Subnet {one} does not belong to {vpc_id}")
        zones.append(subnet.availability_zone)
    if not subnet_ids:
        raise invalid("At least one subnet must be specified")
    if len(set(zones)) < len(zones):
        raise Refused("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")


@BOOK.adds("CreateTransitGatewayVpcAttachment")
def create_vpc_attachment(ec2, TransitGatewayId, VpcId, SubnetIds, Options, TagSpecifications, **_):
    """CreateTransitGatewayVpcAttachment; guide, shared transit gateways: the owner accepts, unless AutoAcceptSharedAttachments."""
    gateway = must_be(gateway_of(ec2, TransitGatewayId, own=False), "available", "modifying")
    known(ec2.vpcs, VpcId, "InvalidVpcID.NotFound", "vpc")
    subnets_are_sound(ec2, VpcId, SubnetIds)
    if any(one.resource_id == VpcId and one.state not in ("deleted", "failed", "rejected") for one in attachments_to(gateway)):
        message = f"{TransitGatewayId} has non-deleted Transit Gateway Attachments with same VPC ID."
        raise Refused("DuplicateTransitGatewayAttachment", message)
    put_tags(ec2, None, TagSpecifications, "transit-gateway-attachment")
    one = Attachment(ec2, gateway, "vpc", VpcId)
    one.subnet_ids, one.options = list(SubnetIds), {**VPC_OPTIONS, **(Options or {})}
    for backend in (ec2, gateway.ec2_backend):
        backend.transit_gateway_attachments[one.id] = one
    ec2.transit_gateways[gateway.id] = gateway  # where the routes of the VPC look for it
    if gateway.owner_id == ec2.account_id or gateway.options["AutoAcceptSharedAttachments"] == "enable":
        begin(one)
    else:
        one.be("initiatingRequest", "pendingAcceptance")
    put_tags(ec2, one.id, TagSpecifications, "transit-gateway-attachment")
    return {"TransitGatewayVpcAttachment": one.described_as_vpc(ec2, one.state)}


@BOOK.adds("DescribeTransitGatewayVpcAttachments")
def describe_vpc_attachments(ec2, TransitGatewayAttachmentIds, Filters, **_):
    """DescribeTransitGatewayVpcAttachments: the owner of the VPC and that of the gateway see it."""
    things = [one for one in ec2.transit_gateway_attachments.values() if one.resource_type == "vpc"]

    def values(one):
        return {"transit-gateway-attachment-id": one.id, "transit-gateway-id": one.gateway.id, "vpc-id": one.resource_id, "state": one.state}

    found = listed(things, TransitGatewayAttachmentIds, ATTACHMENT, "transitGatewayAttachment", Filters, values, ec2)
    return {"TransitGatewayVpcAttachments": [one.described_as_vpc(ec2, one.look()) for one in found]}


@BOOK.adds("ModifyTransitGatewayVpcAttachment")
def modify_vpc_attachment(ec2, TransitGatewayAttachmentId, AddSubnetIds, RemoveSubnetIds, Options, **_):
    """ModifyTransitGatewayVpcAttachment: by the owner of the VPC; "at most one subnet per Availability Zone"."""
    one = attachment_of(ec2, TransitGatewayAttachmentId, "vpc")
    if one.resource_owner_id != ec2.account_id:
        raise Refused("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    must_be(one, "available")
    if not (AddSubnetIds or RemoveSubnetIds or Options):
        raise Refused("MissingParameter", "The request must name what to modify")
    unknown, double = set(RemoveSubnetIds or []) - set(one.subnet_ids), set(AddSubnetIds or []) & set(one.subnet_ids)
    if unknown or double:
        raise invalid(f"Subnets {sorted(unknown | double)} cannot be removed from, or added to, {one.id}")
    subnets = [subnet for subnet in one.subnet_ids if subnet not in (RemoveSubnetIds or [])] + list(AddSubnetIds or [])
    subnets_are_sound(ec2, one.resource_id, subnets)
    one.subnet_ids = subnets
    one.options.update(Options or {})
    one.be("modifying", "available")
    return {"TransitGatewayVpcAttachment": one.described_as_vpc(ec2, one.state)}


@BOOK.adds("DeleteTransitGatewayVpcAttachment")
def delete_vpc_attachment(ec2, TransitGatewayAttachmentId, **_):
    """Guide, sharing: "The transit gateway owner, and the share owner can delete the transit gateway attachment." """
    one = must_be(attachment_of(ec2, TransitGatewayAttachmentId, "vpc"), "available", "pendingAcceptance", "modifying")
    end(one)
    return {"TransitGatewayVpcAttachment": one.described_as_vpc(ec2, one.state)}


def asked_of(ec2, attachment_id):
    """An attachment that waits for the owner of the gateway, who is calling."""
    one = attachment_of(ec2, attachment_id, "vpc")
    if one.gateway.owner_id != ec2.account_id:
        raise Refused("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    return must_be(one, "pendingAcceptance")


@BOOK.adds("AcceptTransitGatewayVpcAttachment")
def accept_vpc_attachment(ec2, TransitGatewayAttachmentId, **_):
    """AcceptTransitGatewayVpcAttachment: "The VPC attachment must be in the pendingAcceptance state"."""
    one = asked_of(ec2, TransitGatewayAttachmentId)
    begin(one)
    return {"TransitGatewayVpcAttachment": one.described_as_vpc(ec2, one.state)}


@BOOK.adds("RejectTransitGatewayVpcAttachment")
def reject_vpc_attachment(ec2, TransitGatewayAttachmentId, **_):
    """RejectTransitGatewayVpcAttachment: "The VPC attachment must be in the pendingAcceptance state"."""
    one = asked_of(ec2, TransitGatewayAttachmentId)
    end(one, "rejecting", "rejected")
    return {"TransitGatewayVpcAttachment": one.described_as_vpc(ec2, one.state)}


@BOOK.rule("DeleteSubnet")
def a_subnet_with_an_attachment_stays(ec2, SubnetId, **_):
    """The gateway has a network interface in each subnet of an attachment."""
    if any(SubnetId in one.subnet_ids and one.state != "deleted" for one in ec2.transit_gateway_attachments.values()):
        raise dependency("subnet", SubnetId)


@BOOK.rule("DeleteVpc")
def a_vpc_with_an_attachment_stays(ec2, VpcId, **_):
    """DeleteVpc: "You must detach or delete all gateways and resources that are associated with the VPC before"."""
    if any(one.resource_id == VpcId and one.state != "deleted" for one in ec2.transit_gateway_attachments.values()):
        raise dependency("vpc", VpcId)


# -- all attachments --------------------------------------------------------------------------------------


@BOOK.adds("DescribeTransitGatewayAttachments")
def describe_attachments(ec2, TransitGatewayAttachmentIds, Filters, **_):
    """DescribeTransitGatewayAttachments: of every kind; the owner of the gateway sees the associations."""
    things = list(ec2.transit_gateway_attachments.values())

    def values(one):
        association = one.associated()
        return {
            "association.state": association.state if association else None,
            "association.transit-gateway-route-table-id": association.table_id if association else None,
            "resource-id": one.resource_id,
            "resource-owner-id": one.resource_owner_id,
            "resource-type": one.resource_type,
            "state": one.state,
            "transit-gateway-attachment-id": one.id,
            "transit-gateway-id": one.gateway.id,
            "transit-gateway-owner-id": one.gateway.owner_id,
        }

    found = listed(things, TransitGatewayAttachmentIds, ATTACHMENT, "transitGatewayAttachment", Filters, values, ec2)
    return {"TransitGatewayAttachments": [one.described(ec2, one.look()) for one in found]}


@BOOK.patch(EC2Backend, "create_transit_gateway_vpn_attachment")
def a_vpn_connection_is_attached(_original, ec2, vpn_id, transit_gateway_id, tags=None):
    """CreateVpnConnection.TransitGatewayId: the connection is an attachment, under the gateway's own default tables."""
    one = Attachment(ec2, gateway_of(ec2, transit_gateway_id), "vpn", vpn_id)
    ec2.transit_gateway_attachments[one.id] = one
    begin(one)
    if tags:
        ec2.create_tags([one.id], tags)
    return one
