# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Internet, egress-only, virtual private and NAT gateways."""

from __future__ import annotations

import ipaddress
from itertools import count

from moto.ec2.models import EC2Backend
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.utils import generic_filter, random_eip_association_id, random_private_ip

from ..rules import Refused
from .book import BOOK, forget_tags, invalid, known, subnet_of
from .interfaces import address_is_free, taken_addresses
from .vpcs import attached_to

# -- internet gateways ----------------------------------------------------------------------------


@BOOK.rule("AttachInternetGateway")
def one_internet_gateway_per_vpc(ec2, InternetGatewayId, VpcId, **_):
    """AttachInternetGateway; VPC guide, quotas: "Only one internet gateway can be attached to a
    VPC at a time".
    """
    igw = ec2.internet_gateways.get(InternetGatewayId)
    if igw is not None and igw.vpc:
        message = f"resource {InternetGatewayId} is already attached to network {igw.vpc.id}"
        raise Refused("Resource.AlreadyAssociated", message)
    if any(one.vpc and one.vpc.id == VpcId for one in ec2.internet_gateways.values()):
        raise invalid(f"Network {VpcId} already has an internet gateway attached")


@BOOK.rule("DetachInternetGateway")
def no_public_address_depends_on_it(ec2, VpcId, **_):
    """DetachInternetGateway: "The VPC must not contain any running instances with Elastic IP
    addresses or public IPv4 addresses."
    """
    if any(eni.public_ip for eni in ec2.enis.values() if eni.subnet.vpc_id == VpcId):
        message = f"Network {VpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        raise Refused("DependencyViolation", message)


@BOOK.after("DeleteInternetGateway")
def tags_of_an_internet_gateway_go(ec2, InternetGatewayId, **_):
    forget_tags(ec2, InternetGatewayId)


@BOOK.after("DeleteEgressOnlyInternetGateway")
def tags_of_an_egress_gateway_go(ec2, EgressOnlyInternetGatewayId, **_):
    forget_tags(ec2, EgressOnlyInternetGatewayId)


@BOOK.rule("DescribeEgressOnlyInternetGateways")
def egress_gateway_ids_exist(ec2, EgressOnlyInternetGatewayIds, **_):
    code = "InvalidEgressOnlyInternetGatewayId.NotFound"
    for one in EgressOnlyInternetGatewayIds or []:
        known(ec2.egress_only_internet_gateways, one, code, "egress only internet gateway")


# -- virtual private gateways ---------------------------------------------------------------------

PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
AMAZON_ASN = 64512


@BOOK.rule("CreateVpnGateway")
def asn_is_private(_ec2, AmazonSideAsn, **_):
    """CreateVpnGateway.AmazonSideAsn: "64512 to 65534 ... 4200000000 to 4294967294"."""
    if AmazonSideAsn is not None and not any(int(AmazonSideAsn) in r for r in PRIVATE_ASNS):
        raise invalid(f"Invalid ASN {AmazonSideAsn}: it must be a private ASN")


@BOOK.patch(EC2Backend, "create_vpn_gateway")
def asn_has_a_default(original, ec2, *args, **kwargs):
    """CreateVpnGateway.AmazonSideAsn: "Default: 64512"."""
    gateway = original(ec2, *args, **kwargs)
    gateway.amazon_side_asn = gateway.amazon_side_asn or AMAZON_ASN
    return gateway


@BOOK.rule("AttachVpnGateway")
def one_vpn_gateway_per_vpc(ec2, VpnGatewayId, VpcId, **_):
    """VPN quotas: one virtual private gateway per VPC, and one VPC per gateway."""
    mine = ec2.vpn_gateways.get(VpnGatewayId)
    if mine is None or mine.state == "deleted":
        raise Refused("InvalidVpnGatewayID.NotFound", f"The vpnGateway ID '{VpnGatewayId}' does not exist")
    for vpc_id in mine.attachments:
        if attached_to(mine, vpc_id) and vpc_id != VpcId:
            message = f"The vpnGateway '{VpnGatewayId}' is already attached to {vpc_id}"
            raise Refused("VpnGatewayAttachmentLimitExceeded", message)
    for other in ec2.vpn_gateways.values():
        if other is not mine and attached_to(other, VpcId):
            raise invalid(f"The VPC {VpcId} already has an attached virtual private gateway: {other.id}")


@BOOK.rule("DetachVpnGateway")
def only_what_is_attached_can_be_detached(ec2, VpnGatewayId, VpcId, **_):
    """DetachVpnGateway: the attachment must exist."""
    gateway = ec2.vpn_gateways.get(VpnGatewayId)
    if gateway is not None and not attached_to(gateway, VpcId):
        message = f"The attachment with vpn gateway ID '{VpnGatewayId}' and vpc ID '{VpcId}' does not exist"
        raise Refused("InvalidVpnGatewayAttachment.NotFound", message)


@BOOK.after("DetachVpnGateway")
def propagation_ends_with_the_attachment(ec2, VpnGatewayId, **_):
    for table in ec2.route_tables.values():
        if VpnGatewayId in vars(table).get("propagating", ()):
            table.propagating.remove(VpnGatewayId)


@BOOK.rule("DeleteVpnGateway")
def a_vpn_gateway_in_use_stays(ec2, VpnGatewayId, **_):
    """DeleteVpnGateway: "You must first detach it from the VPC and delete its VPN connections"."""
    gateway = ec2.vpn_gateways.get(VpnGatewayId)
    if gateway is None:
        return
    connections = ec2.vpn_connections.values()
    used = any(c.vpn_gateway_id == VpnGatewayId and c.state != "deleted" for c in connections)
    if used or any(attached_to(gateway, vpc_id) for vpc_id in gateway.attachments):
        message = f"The vpnGateway ID '{VpnGatewayId}' is in use"
        raise Refused("IncorrectState", message)


@BOOK.rule("DescribeVpnGateways")
def vpn_gateway_ids_exist(ec2, VpnGatewayIds, **_):
    for one in VpnGatewayIds or []:
        known(ec2.vpn_gateways, one, "InvalidVpnGatewayID.NotFound", "vpnGateway")


# -- NAT gateways ---------------------------------------------------------------------------------


@BOOK.rule("CreateNatGateway")
def a_public_nat_gateway_needs_a_free_address(ec2, SubnetId, AllocationId, ConnectivityType, **_):
    """CreateNatGateway.AllocationId: "[Public NAT gateways only]"; "You cannot specify an Elastic
    IP address with a private NAT gateway"; "If the Elastic IP address is associated with another
    resource, you must first disassociate it."
    """
    if SubnetId and subnet_of(ec2, SubnetId) is None:
        message = f"The subnet ID '{SubnetId}' does not exist"
        raise Refused("InvalidSubnetID.NotFound", message)
    if ConnectivityType == "private":
        if AllocationId:
            message = "AllocationId must not be given for a private NAT gateway"
            raise Refused("InvalidParameterCombination", message)
        return
    if not AllocationId:
        raise Refused("MissingParameter", "The request must include the AllocationId parameter")
    free_address(ec2, AllocationId)


def free_address(ec2, allocation_id):
    address = next((a for a in ec2.addresses if a.allocation_id == allocation_id), None)
    if address is None:
        message = f"The allocation ID '{allocation_id}' does not exist"
        raise Refused("InvalidAllocationID.NotFound", message)
    if address.association_id:
        message = f"Elastic IP address [{allocation_id}] is already associated"
        raise Refused("Resource.AlreadyAssociated", message)
    return address


@BOOK.rule("CreateNatGateway")
def its_private_address_is_free(ec2, SubnetId, PrivateIpAddress, **_):
    if PrivateIpAddress:
        address_is_free(ec2, subnet_of(ec2, SubnetId), PrivateIpAddress)


@BOOK.patch(NatGateways, "create_nat_gateway")
def with_a_private_address_of_its_subnet(original, response):
    """CreateNatGateway.PrivateIpAddress: "The private IPv4 address to assign to the NAT gateway. If you don't provide an address, a private
    IPv4 address will be automatically assigned"; moto takes one of anywhere.
    """
    result = original(response)
    gateway = result.result["NatGateway"]
    ec2 = response.ec2_backend
    address = response._get_param("PrivateIpAddress") or last_free_address(ec2, subnet_of(ec2, gateway.subnet_id))
    gateway._eni.private_ip_address = address
    gateway._eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    gateway.address_set[0]["privateIp"] = address
    return result


def last_free_address(ec2, subnet):
    """The last one, since people name the first ones."""
    network, taken = ipaddress.ip_network(subnet.cidr_block, strict=False), taken_addresses(ec2, subnet)
    return next(address for number in count(2) if (address := str(network[-number])) not in taken)


@BOOK.patch(EC2Backend, "create_nat_gateway")
def without_an_internet_gateway_it_fails(original, ec2, subnet_id, allocation_id, *args, **kwargs):
    """NatGateway.FailureCode: Gateway.NotAttached: the gateway is made, and its state is failed."""
    kwargs["connectivity_type"] = kwargs.get("connectivity_type") or "public"
    gateway = original(ec2, subnet_id, allocation_id, *args, **kwargs)
    igws = ec2.internet_gateways.values()
    interface = gateway._eni
    interface.interface_type, interface.requester_managed = "nat_gateway", True
    interface.description = f"Interface for NAT Gateway {gateway.id}"
    gateway.address_set[0]["isPrimary"] = True
    gateway.address_set[0]["status"] = "succeeded"
    if gateway.connectivity_type == "public" and not any(
        igw.vpc and igw.vpc.id == gateway.vpc_id for igw in igws
    ):
        let_go(ec2, gateway)
        gateway.state = "failed"
        gateway.failure_code = "Gateway.NotAttached"
        gateway.failure_message = f"Network {gateway.vpc_id} has no Internet gateway attached"
    return gateway


def let_go(ec2, gateway):
    """Give back the addresses and the network interface of a NAT gateway."""
    for address in list(ec2.addresses):
        if address.eni is not None and address.eni.id == gateway._eni.id:
            ec2.disassociate_address(address=address.public_ip)
    ec2.enis.pop(gateway._eni.id, None)


@BOOK.rule("DeleteNatGateway")
def the_nat_gateway_exists(ec2, NatGatewayId, **_):
    nat_gateway(ec2, NatGatewayId)


def nat_gateway(ec2, gateway_id):
    gateway = ec2.nat_gateways.get(gateway_id)
    if gateway is None:
        raise Refused("NatGatewayNotFound", f"The Nat Gateway {gateway_id} was not found")
    return gateway


@BOOK.after("DeleteNatGateway")
def a_deleted_nat_gateway_lets_go(ec2, NatGatewayId, **_):
    """DeleteNatGateway: "disassociates its Elastic IP address, but does not release the address
    from your account"; the gateway itself is shown as deleted for a while.
    """
    let_go(ec2, ec2.nat_gateways[NatGatewayId])


@BOOK.rule("DescribeNatGateways")
def nat_gateway_ids_exist(ec2, NatGatewayIds, **_):
    for one in NatGatewayIds or []:
        nat_gateway(ec2, one)


@BOOK.patch(EC2Backend, "describe_nat_gateways")
def nat_gateways_by_every_filter(original, ec2, filters, nat_gateway_ids):
    """DescribeNatGateways.Filter: tag:<key>, tag-key besides those that moto knows."""
    found = original(ec2, filters, nat_gateway_ids)
    tags = {k: v for k, v in (filters or {}).items() if k.startswith("tag")}
    return generic_filter(tags, found) if tags else found


@BOOK.adds("AssociateNatGatewayAddress")
def associate_nat_gateway_address(ec2, NatGatewayId, AllocationIds, PrivateIpAddresses, **_):
    """AssociateNatGatewayAddress: secondary Elastic IPs of a public NAT gateway, at most 8 in all."""
    gateway = nat_gateway(ec2, NatGatewayId)
    if gateway.connectivity_type != "public" or gateway.state != "available":
        raise invalid("Addresses can be associated with an available public NAT gateway only")
    if len(gateway.address_set) + len(AllocationIds) > 8:
        raise Refused("NatGatewayAddressLimitExceeded", "A NAT gateway has at most 8 addresses")
    for place, address in enumerate([free_address(ec2, one) for one in AllocationIds]):
        address.eni = gateway._eni
        address.private_ip = PrivateIpAddresses[place] if PrivateIpAddresses else random_private_ip()
        address.association_id = random_eip_association_id()
        gateway.address_set.append(
            {
                "allocationId": address.allocation_id,
                "publicIp": address.public_ip,
                "associationId": address.association_id,
                "networkInterfaceId": gateway._eni.id,
                "privateIp": address.private_ip,
                "isPrimary": False,
                "status": "succeeded",
            }
        )
    return addresses_of(gateway)


@BOOK.adds("DisassociateNatGatewayAddress")
def disassociate_nat_gateway_address(ec2, NatGatewayId, AssociationIds, **_):
    """DisassociateNatGatewayAddress: "You cannot disassociate your primary EIP"."""
    gateway = nat_gateway(ec2, NatGatewayId)
    chosen = [a for a in gateway.address_set if a.get("associationId") in AssociationIds]
    if len(chosen) < len(AssociationIds):
        raise Refused("InvalidAssociationID.NotFound", "The association ID does not exist")
    if any(address["isPrimary"] for address in chosen):
        raise invalid("The primary address cannot be disassociated")
    for one in chosen:
        gateway.address_set.remove(one)
        address = next(a for a in ec2.addresses if a.allocation_id == one["allocationId"])
        address.eni = address.association_id = address.private_ip = None
    return addresses_of(gateway)


def addresses_of(gateway):
    return {
        "NatGatewayId": gateway.id,
        "NatGatewayAddresses": [
            {name[0].upper() + name[1:]: value for name, value in address.items()}
            for address in gateway.address_set
        ],
    }
