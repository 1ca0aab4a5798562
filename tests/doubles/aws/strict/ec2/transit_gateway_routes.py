# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables of transit gateways: who looks them up, who propagates into them, their static routes and prefix lists."""

from __future__ import annotations

import ipaddress

from moto.ec2.utils import random_transit_gateway_route_table_id

from ..passing import meets
from ..rules import Refused
from .book import BOOK, invalid, known
from .transit_gateways import Association, Thing, attachment_of, gateway_of, listed, must_be, put_tags, tags_of, wrong_filter

TABLE = "InvalidRouteTableID.NotFound"
PAGE = 1000  # SearchTransitGatewayRoutes.MaxResults: "If a value is not provided, the default is 1000"


class Table(Thing):
    def __init__(self, ec2, gateway):
        super().__init__(ec2, random_transit_gateway_route_table_id())
        self.gateway = gateway
        self.propagations = {}  # attachment -> enabled
        self.routes = {}  # block -> attachment, or None for a blackhole
        self.prefix_lists = {}  # id -> attachment, or None

    @property
    def transit_gateway_id(self):
        return self.gateway.id

    def default(self, member):
        return self.gateway.options.get(member) == self.id

    def described(self, viewer, state):
        return {
            "TransitGatewayRouteTableId": self.id,
            "TransitGatewayId": self.gateway.id,
            "State": state,
            "DefaultAssociationRouteTable": self.default("AssociationDefaultRouteTableId"),
            "DefaultPropagationRouteTable": self.default("PropagationDefaultRouteTableId"),
            "CreationTime": self.created,
            "Tags": tags_of(viewer, self.id),
        }


def table_of(ec2, table_id):
    table = known(ec2.transit_gateways_route_tables, table_id, TABLE, "transitGatewayRouteTable")
    if table.state == "deleted":
        raise Refused(TABLE, f"Transit Gateway Route Table {table_id} was deleted or does not exist.")
    return table


def usable(ec2, table_id):
    return must_be(table_of(ec2, table_id), "available")


def attachment_for(ec2, table, attachment_id):
    """An attachment of the table's own gateway that can be used."""
    one = attachment_of(ec2, attachment_id)
    if one.gateway is not table.gateway:
        raise invalid(f"{attachment_id} and {table.id} belong to different transit gateways")
    return must_be(one, "available", "modifying")


def told(one):
    return {"TransitGatewayAttachmentId": one.id, "ResourceId": one.resource_id, "ResourceType": one.resource_type}


def using(ec2, table):
    return [one for one in ec2.transit_gateway_attachments.values() if one.associated() and one.association.table_id == table.id]


@BOOK.adds("CreateTransitGatewayRouteTable")
def create_table(ec2, TransitGatewayId, TagSpecifications, **_):
    gateway = must_be(gateway_of(ec2, TransitGatewayId), "available", "modifying")
    put_tags(ec2, None, TagSpecifications, "transit-gateway-route-table")
    table = Table(ec2, gateway)
    ec2.transit_gateways_route_tables[table.id] = table
    put_tags(ec2, table.id, TagSpecifications, "transit-gateway-route-table")
    return {"TransitGatewayRouteTable": table.described(ec2, table.state)}


@BOOK.adds("DescribeTransitGatewayRouteTables")
def describe_tables(ec2, TransitGatewayRouteTableIds, Filters, **_):
    def values(one):
        return {
            "default-association-route-table": one.default("AssociationDefaultRouteTableId"),
            "default-propagation-route-table": one.default("PropagationDefaultRouteTableId"),
            "state": one.state,
            "transit-gateway-id": one.gateway.id,
            "transit-gateway-route-table-id": one.id,
        }

    tables = list(ec2.transit_gateways_route_tables.values())
    found = listed(tables, TransitGatewayRouteTableIds, TABLE, "transitGatewayRouteTable", Filters, values, ec2)
    return {"TransitGatewayRouteTables": [one.described(ec2, one.look()) for one in found]}


@BOOK.adds("DeleteTransitGatewayRouteTable")
def delete_table(ec2, TransitGatewayRouteTableId, **_):
    """DeleteTransitGatewayRouteTable: "you must disassociate all attachments from it"; guide: not the default ones."""
    table = usable(ec2, TransitGatewayRouteTableId)
    if table.default("AssociationDefaultRouteTableId") or table.default("PropagationDefaultRouteTableId"):
        raise Refused("IncorrectState", f"{table.id} is a default route table and cannot be deleted")
    if using(ec2, table):
        raise Refused("IncorrectState", f"{table.id} has associations: {', '.join(one.id for one in using(ec2, table))}")
    table.be("deleting", "deleted")
    table.propagations.clear()
    return {"TransitGatewayRouteTable": table.described(ec2, table.state)}


# -- associations -----------------------------------------------------------------------------------------


@BOOK.adds("AssociateTransitGatewayRouteTable")
def associate(ec2, TransitGatewayRouteTableId, TransitGatewayAttachmentId, **_):
    """AssociateTransitGatewayRouteTable: "You can associate only one route table with an attachment"."""
    table = usable(ec2, TransitGatewayRouteTableId)
    one = attachment_for(ec2, table, TransitGatewayAttachmentId)
    if one.associated():
        message = f"Transit Gateway Attachment {one.id} is already associated to a route table."
        raise Refused("Resource.AlreadyAssociated", message)
    one.association = Association(table.id)
    return {"Association": {**told(one), "TransitGatewayRouteTableId": table.id, "State": one.association.state}}


@BOOK.adds("DisassociateTransitGatewayRouteTable")
def disassociate(ec2, TransitGatewayRouteTableId, TransitGatewayAttachmentId, **_):
    """DisassociateTransitGatewayRouteTable; TransitGatewayAssociationState: only what is associated can be taken off."""
    table = table_of(ec2, TransitGatewayRouteTableId)
    one = attachment_of(ec2, TransitGatewayAttachmentId)
    if not one.associated() or one.association.table_id != table.id:
        raise Refused("InvalidAssociation.NotFound", f"{one.id} is not associated with {table.id}")
    if one.association.state != "associated":
        raise Refused("IncorrectState", f"The association of {one.id} is {one.association.state}")
    one.association.be("disassociating", "disassociated")
    return {"Association": {**told(one), "TransitGatewayRouteTableId": table.id, "State": one.association.state}}


@BOOK.adds("GetTransitGatewayRouteTableAssociations")
def associations(ec2, TransitGatewayRouteTableId, Filters, **_):
    table = table_of(ec2, TransitGatewayRouteTableId)
    found = [one for one in using(ec2, table) if meets(Filters, attachment_filters(one), {}, wrong_filter)]
    return {"Associations": [{**told(one), "State": one.association.look()} for one in found]}


def attachment_filters(one):
    return {"resource-id": one.resource_id, "resource-type": one.resource_type, "transit-gateway-attachment-id": one.id}


# -- propagation ------------------------------------------------------------------------------------------


@BOOK.adds("EnableTransitGatewayRouteTablePropagation")
def enable_propagation(ec2, TransitGatewayRouteTableId, TransitGatewayAttachmentId, **_):
    """Guide, peering: "you must add static routes"; a second time is TransitGatewayRouteTablePropagation.Duplicate."""
    table = usable(ec2, TransitGatewayRouteTableId)
    one = attachment_for(ec2, table, TransitGatewayAttachmentId)
    if one.resource_type == "peering":
        raise invalid(f"{one.id} is a peering attachment, which does not propagate routes")
    if one.id in table.propagations:
        message = f"Propagation of {one.id} to {table.id} exists already."
        raise Refused("TransitGatewayRouteTablePropagation.Duplicate", message)
    table.propagations[one.id] = "enabled"
    return {"Propagation": {**told(one), "TransitGatewayRouteTableId": table.id, "State": "enabled"}}


@BOOK.adds("DisableTransitGatewayRouteTablePropagation")
def disable_propagation(ec2, TransitGatewayRouteTableId, TransitGatewayAttachmentId, **_):
    """DisableTransitGatewayRouteTablePropagation of an attachment that does propagate into the table."""
    table = usable(ec2, TransitGatewayRouteTableId)
    one = attachment_of(ec2, TransitGatewayAttachmentId)
    if table.propagations.pop(one.id, None) is None:
        raise Refused("TransitGatewayRouteTablePropagation.NotFound", f"{one.id} does not propagate to {table.id}")
    return {"Propagation": {**told(one), "TransitGatewayRouteTableId": table.id, "State": "disabled"}}


def propagating(ec2, table):
    attachments = [ec2.transit_gateway_attachments[one] for one in table.propagations]
    return [one for one in attachments if not one.dead]


@BOOK.adds("GetTransitGatewayRouteTablePropagations")
def propagations(ec2, TransitGatewayRouteTableId, Filters, **_):
    table = table_of(ec2, TransitGatewayRouteTableId)
    found = [one for one in propagating(ec2, table) if meets(Filters, attachment_filters(one), {}, wrong_filter)]
    return {"TransitGatewayRouteTablePropagations": [{**told(one), "State": "enabled"} for one in found]}


# -- routes -----------------------------------------------------------------------------------------------


def leads_to(ec2, table, attachment_id, blackhole):
    """CreateTransitGatewayRoute: an attachment, or Blackhole."""
    if bool(attachment_id) == bool(blackhole):
        raise Refused("InvalidParameterCombination" if blackhole else "MissingParameter", "Name either TransitGatewayAttachmentId or Blackhole")
    return attachment_for(ec2, table, attachment_id).id if attachment_id else None


def block(text):
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise invalid(f"{text} is not a valid CIDR block") from None


def as_route(ec2, table, destination):
    """TransitGatewayRoute.State: blackhole when the target is gone, or none was ever named."""
    target = table.routes[destination]
    attachment = ec2.transit_gateway_attachments.get(target)
    gone = attachment is None or attachment.dead
    shown = {"TransitGatewayAttachments": [told(attachment)]} if attachment else {}
    return {"DestinationCidrBlock": destination, "Type": "static", "State": "blackhole" if gone else "active", **shown}


@BOOK.adds("CreateTransitGatewayRoute")
def create_route(ec2, TransitGatewayRouteTableId, DestinationCidrBlock, TransitGatewayAttachmentId, Blackhole, **_):
    """CreateTransitGatewayRoute; one that is there is for ReplaceTransitGatewayRoute (RouteAlreadyExists of the error codes of EC2)."""
    table, destination = usable(ec2, TransitGatewayRouteTableId), block(DestinationCidrBlock)
    target = leads_to(ec2, table, TransitGatewayAttachmentId, Blackhole)
    if destination in table.routes:
        raise Refused("RouteAlreadyExists", f"Route {destination} already exists in Transit Gateway Route Table {table.id}.")
    table.routes[destination] = target
    return {"Route": as_route(ec2, table, destination)}


@BOOK.adds("ReplaceTransitGatewayRoute")
def replace_route(ec2, TransitGatewayRouteTableId, DestinationCidrBlock, TransitGatewayAttachmentId, Blackhole, **_):
    table, destination = usable(ec2, TransitGatewayRouteTableId), block(DestinationCidrBlock)
    target = leads_to(ec2, table, TransitGatewayAttachmentId, Blackhole)
    there_is_a_route(table, destination)
    table.routes[destination] = target
    return {"Route": as_route(ec2, table, destination)}


@BOOK.adds("DeleteTransitGatewayRoute")
def delete_route(ec2, TransitGatewayRouteTableId, DestinationCidrBlock, **_):
    table, destination = usable(ec2, TransitGatewayRouteTableId), block(DestinationCidrBlock)
    there_is_a_route(table, destination)
    gone = as_route(ec2, table, destination)
    del table.routes[destination]
    return {"Route": {**gone, "State": "deleted"}}


def there_is_a_route(table, destination):
    if destination not in table.routes:
        raise Refused("InvalidRoute.NotFound", f"Route {destination} does not exist in Transit Gateway Route Table {table.id}.")


def propagated(ec2, table):
    """CreateTransitGatewayVpcAttachment: of a VPC that overlaps one before it "the new VPC CIDR range is not propagated"."""
    blocks = {}
    for one in propagating(ec2, table):
        vpc = one.ec2_backend.vpcs.get(one.resource_id)
        for association in vpc.get_cidr_block_association_set() if vpc is not None else ():
            network = ipaddress.ip_network(association["cidr_block"])
            if not any(network.overlaps(other) for other in blocks):
                blocks[network] = one
    return {str(network): one for network, one in blocks.items()}


def from_prefix_lists(ec2, table):
    for prefix_list, target in table.prefix_lists.items():
        attachment = ec2.transit_gateway_attachments.get(target)
        shown = {"TransitGatewayAttachments": [told(attachment)]} if attachment else {}
        state = "active" if attachment and not attachment.dead else "blackhole"
        for entry in ec2.managed_prefix_lists[prefix_list].entries.get(ec2.managed_prefix_lists[prefix_list].version) or []:
            yield {"DestinationCidrBlock": entry["Cidr"], "PrefixListId": prefix_list, "Type": "static", "State": state, **shown}


def all_routes(ec2, table):
    yield from (as_route(ec2, table, destination) for destination in table.routes)
    yield from from_prefix_lists(ec2, table)
    for destination, one in propagated(ec2, table).items():
        if destination not in table.routes:
            yield {"DestinationCidrBlock": destination, "Type": "propagated", "State": "active", "TransitGatewayAttachments": [told(one)]}


@BOOK.adds("SearchTransitGatewayRoutes")
def search_routes(ec2, TransitGatewayRouteTableId, Filters, MaxResults, NextToken, **_):
    """SearchTransitGatewayRoutes: at least one filter; AdditionalRoutesAvailable when there are more than asked for."""
    table = table_of(ec2, TransitGatewayRouteTableId)

    def values(route):
        attachments = route.get("TransitGatewayAttachments", [])
        return {
            "attachment.transit-gateway-attachment-id": [one["TransitGatewayAttachmentId"] for one in attachments],
            "attachment.resource-id": [one["ResourceId"] for one in attachments],
            "attachment.resource-type": [one["ResourceType"] for one in attachments],
            "prefix-list-id": route.get("PrefixListId"),
            "route-search.exact-match": route["DestinationCidrBlock"],
            "state": route["State"],
            "type": route["Type"],
        }

    found = [route for route in all_routes(ec2, table) if meets(Filters, values(route), {}, wrong_filter)]
    start, size = int(NextToken or 0), MaxResults or PAGE
    more = start + size < len(found)
    return {"Routes": found[start : start + size], "AdditionalRoutesAvailable": more, **({"NextToken": str(start + size)} if more else {})}


# -- prefix lists -------------------------------------------------------------------------------------------


def as_reference(ec2, table, prefix_list):
    target = table.prefix_lists[prefix_list]
    attachment = ec2.transit_gateway_attachments.get(target)
    return {
        "TransitGatewayRouteTableId": table.id,
        "PrefixListId": prefix_list,
        "PrefixListOwnerId": ec2.managed_prefix_lists[prefix_list].owner_id,
        "State": "available",
        "Blackhole": target is None,
        **({"TransitGatewayAttachment": told(attachment)} if attachment else {}),
    }


def reference_of(ec2, table, prefix_list):
    if prefix_list not in table.prefix_lists:
        message = f"The prefix list {prefix_list} is not referenced in Transit Gateway Route Table {table.id}."
        raise Refused("InvalidPrefixListReference.NotFound", message)


@BOOK.adds("CreateTransitGatewayPrefixListReference")
def create_reference(ec2, TransitGatewayRouteTableId, PrefixListId, TransitGatewayAttachmentId, Blackhole, **_):
    """CreateTransitGatewayPrefixListReference: of a prefix list that exists, once in a table."""
    table = usable(ec2, TransitGatewayRouteTableId)
    known(ec2.managed_prefix_lists, PrefixListId, "InvalidPrefixListID.NotFound", "prefix list")
    if PrefixListId in table.prefix_lists:
        raise invalid(f"The prefix list {PrefixListId} is already referenced in Transit Gateway Route Table {table.id}.")
    table.prefix_lists[PrefixListId] = leads_to(ec2, table, TransitGatewayAttachmentId, Blackhole)
    return {"TransitGatewayPrefixListReference": as_reference(ec2, table, PrefixListId)}


@BOOK.adds("ModifyTransitGatewayPrefixListReference")
def modify_reference(ec2, TransitGatewayRouteTableId, PrefixListId, TransitGatewayAttachmentId, Blackhole, **_):
    table = usable(ec2, TransitGatewayRouteTableId)
    reference_of(ec2, table, PrefixListId)
    table.prefix_lists[PrefixListId] = leads_to(ec2, table, TransitGatewayAttachmentId, Blackhole)
    return {"TransitGatewayPrefixListReference": as_reference(ec2, table, PrefixListId)}


@BOOK.adds("DeleteTransitGatewayPrefixListReference")
def delete_reference(ec2, TransitGatewayRouteTableId, PrefixListId, **_):
    table = usable(ec2, TransitGatewayRouteTableId)
    reference_of(ec2, table, PrefixListId)
    gone = as_reference(ec2, table, PrefixListId)
    del table.prefix_lists[PrefixListId]
    return {"TransitGatewayPrefixListReference": {**gone, "State": "deleting"}}


@BOOK.adds("GetTransitGatewayPrefixListReferences")
def references(ec2, TransitGatewayRouteTableId, Filters, **_):
    table = table_of(ec2, TransitGatewayRouteTableId)
    shown = [as_reference(ec2, table, one) for one in table.prefix_lists]

    def values(one):
        lists = {"prefix-list-id": one["PrefixListId"], "prefix-list-owner-id": one["PrefixListOwnerId"]}
        return {**lists, "is-blackhole": one["Blackhole"], "state": one["State"]}

    return {"TransitGatewayPrefixListReferences": [one for one in shown if meets(Filters, values(one), {}, wrong_filter)]}
