# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic IP addresses."""

from __future__ import annotations

import ipaddress
import zlib

from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses

from ..rules import Refused
from .book import BOOK, all_instances, forget_tags, invalid, known


def address_of(ec2, AllocationId=None, PublicIp=None, AssociationId=None, **_):
    for address in ec2.addresses:
        if AllocationId and address.allocation_id == AllocationId:
            return address
        if PublicIp and address.public_ip == PublicIp:
            return address
        if AssociationId and address.association_id == AssociationId:
            return address
    return None


ADDRESSES = 5


@BOOK.rule("AllocateAddress")
def few_enough_addresses(ec2, PublicIpv4Pool, **_):
    """EC2 error codes, AddressLimitExceeded: "You've reached the limit on the number of Elastic IP addresses that you can
    allocate"; EC2 quotas: 5 in a Region. Addresses that somebody brought are not counted.
    """
    counted = [one for one in ec2.addresses if vars(one).get("public_ipv4_pool", "amazon") == "amazon"]
    if (PublicIpv4Pool or "amazon") == "amazon" and len(counted) >= ADDRESSES:
        raise Refused("AddressLimitExceeded", "The maximum number of addresses has been reached.")


@BOOK.rule("AllocateAddress")
def the_recovered_address_is_no_bodys(ec2, Address, **_):
    """AllocateAddress.Address: "The Elastic IP address to recover"; EC2 error codes, InvalidAddress.NotFound."""
    if not Address:
        return
    try:
        ipaddress.IPv4Address(Address)
    except ValueError:
        raise Refused("InvalidAddress.Malformed", f"'{Address}' is not an address") from None
    if any(one.public_ip == Address for one in ec2.addresses):
        raise Refused("InvalidAddress.NotFound", f"Address '{Address}' cannot be recovered: it is allocated")


@BOOK.patch(ElasticIPAddresses, "allocate_address")
def from_a_pool(original, response):
    """AllocateAddress.PublicIpv4Pool: "The ID of an address pool that you own"; Amazon's own is
    shown as amazon.
    """
    pool = response._get_param("PublicIpv4Pool") or "amazon"
    if pool != "amazon" and not pool.startswith("ipv4pool-ec2-"):
        raise Refused("InvalidPublicIpv4PoolID.Malformed", f"The pool ID '{pool}' is malformed")
    result = original(response)
    result.result["PublicIpv4Pool"] = pool
    address = address_of(response.ec2_backend, AllocationId=result.result["AllocationId"])
    address.public_ipv4_pool = pool
    if not response._get_param("Address"):
        address.public_ip = result.result["PublicIp"] = by_name(response.ec2_backend, address)
    return result


def by_name(ec2, address):
    """The same name gets the same address in every order of calls, so that two runs can be compared."""
    name = next((tag["value"] for tag in address.get_tags() if tag["key"] == "Name"), None)
    if name is None:
        return address.public_ip
    number, taken = zlib.crc32(name.encode()), {other.public_ip for other in ec2.addresses}
    return next(ip for ip in (str(ipaddress.ip_address((number + k) % 2**24 + (52 << 24))) for k in range(256)) if ip not in taken)


@BOOK.rule("ReleaseAddress")
def an_address_in_use_is_not_released(ec2, **given):
    """ReleaseAddress: "you must disassociate ... before you can release it. Otherwise, Amazon EC2
    returns an error (InvalidIPAddress.InUse)."
    """
    address = address_of(ec2, **given)
    if address is not None and address.association_id:
        raise Refused("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    if address is not None and address.allocation_id in vars(ec2).get("reverse_dns", {}):
        # EC2 error codes, InvalidAddress.Locked: "cannot be released from your account. A reverse
        # DNS record may be associated with the Elastic IP address."
        message = f"The address with allocation id [{address.allocation_id}] is locked"
        raise Refused("InvalidAddress.Locked", message)


@BOOK.after("ReleaseAddress")
def tags_of_an_address_go(ec2, AllocationId, **_):
    if AllocationId:
        forget_tags(ec2, AllocationId)


@BOOK.rule("AssociateAddress")
def an_associated_address_moves_only_if_told_to(ec2, AllowReassociation, **given):
    """AssociateAddress.AllowReassociation: without it "the operation fails if the Elastic IP
    address is already associated".
    """
    address = address_of(ec2, **given)
    if address is None or not address.association_id or AllowReassociation:
        return
    same_instance = address.instance and address.instance.id == given.get("InstanceId")
    same_interface = address.eni and address.eni.id == given.get("NetworkInterfaceId")
    if not (same_instance or same_interface):
        message = f"resource {address.allocation_id} is already associated with associate-id {address.association_id}"
        raise Refused("Resource.AlreadyAssociated", message)


@BOOK.rule("AssociateAddress")
def the_target_is_one_and_the_internet_is_reached(ec2, InstanceId, NetworkInterfaceId, **given):
    """AssociateAddress: an address that is there, an instance ("must have exactly one attached network interface") or an
    interface; EC2 error codes, Gateway.NotAttached: "An internet gateway is not attached to a VPC", which a public address needs.
    """
    if address_of(ec2, **{**given, "AssociationId": None}) is None:
        named = given.get("AllocationId") or given.get("PublicIp")
        code = "InvalidAllocationID.NotFound" if given.get("AllocationId") else "InvalidAddress.NotFound"
        raise Refused(code, f"The allocation ID '{named}' does not exist")
    if not InstanceId and not NetworkInterfaceId:
        raise Refused("MissingParameter", "Either instance ID or network interface id must be specified")
    if InstanceId and NetworkInterfaceId:
        raise Refused("InvalidParameterCombination", "You may specify either an instance ID or a network interface ID, not both")
    if NetworkInterfaceId:
        eni = known(ec2.enis, NetworkInterfaceId, "InvalidNetworkInterfaceID.NotFound", "networkInterface")
    else:
        eni = only_interface(ec2, InstanceId)
    if not any(igw.vpc and igw.vpc.id == eni.subnet.vpc_id for igw in ec2.internet_gateways.values()):
        raise Refused("Gateway.NotAttached", f"Network {eni.subnet.vpc_id} is not attached to any internet gateway")


def only_interface(ec2, instance_id):
    instance = next((one for one in all_instances(ec2) if one.id == instance_id), None)
    if instance is None:
        raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    if len(instance.nics) > 1:
        message = f"There are multiple interfaces attached to instance '{instance_id}'. Please specify an interface ID for the operation instead."
        raise Refused("InvalidInstanceID", message)
    return instance.nics[0]


@BOOK.rule("AssociateAddress")
def a_private_address_is_one_of_its_own(ec2, NetworkInterfaceId, InstanceId, PrivateIpAddress, **_):
    """AssociateAddress.PrivateIpAddress: "The primary or secondary private IP address"."""
    eni = ec2.enis[NetworkInterfaceId] if NetworkInterfaceId else only_interface(ec2, InstanceId)
    if PrivateIpAddress and PrivateIpAddress not in [one["PrivateIpAddress"] for one in eni.private_ip_addresses]:
        raise invalid(f"{PrivateIpAddress} is not assigned to {eni.id}")


@BOOK.patch(ElasticAddress, "private_ip_address")
def the_private_address_it_was_given(original, address):
    return (vars(address).get("private_ip") or original(address)) if address.eni else None


@BOOK.after("AssociateAddress")
def one_address_for_one_private_address(ec2, PrivateIpAddress, **given):
    """AssociateAddress: "If no private IP address is specified, the Elastic IP address is
    associated with the primary"; "the existing address is disassociated from the instance, but
    remains allocated to your account". Where it was before, there is none any more. Address.InstanceId:
    "The ID of the instance that the address is associated with (if any)", through whichever interface.
    """
    address = address_of(ec2, **{**given, "AssociationId": None})
    vars(address).pop("private_ip", None)
    if PrivateIpAddress:
        address.private_ip = PrivateIpAddress
    address.instance = address.eni.instance
    for other in ec2.addresses:
        same = other.eni is address.eni and other.private_ip_address == address.private_ip_address
        if other is not address and same:
            other.instance = other.eni = other.association_id = None
    for eni in ec2.enis.values():
        if eni is not address.eni and eni.public_ip == address.public_ip:
            eni.public_ip = None


@BOOK.rule("DisassociateAddress")
def an_address_of_a_nat_gateway_stays(ec2, **given):
    """DisassociateAddress: "you can't disassociate an Elastic IP address from a NAT gateway"."""
    address = address_of(ec2, **given)
    nats = [nat for nat in ec2.nat_gateways.values() if nat.state == "available"]
    if address is not None and address.eni and any(n._eni.id == address.eni.id for n in nats):
        message = "You do not have permission to access the specified resource."
        raise Refused("AuthFailure", message)


# -- reverse DNS ----------------------------------------------------------------------------------


@BOOK.adds("ModifyAddressAttribute")
def modify_address_attribute(ec2, AllocationId, DomainName, **_):
    """ModifyAddressAttribute: the PTR record of an Elastic IP address."""
    existing(ec2, AllocationId)
    if not DomainName:
        raise Refused("MissingParameter", "The request must contain the parameter DomainName")
    domain = DomainName if DomainName.endswith(".") else f"{DomainName}."
    vars(ec2).setdefault("reverse_dns", {})[AllocationId] = domain
    return {"Address": attributes(ec2, AllocationId)}


@BOOK.adds("ResetAddressAttribute")
def reset_address_attribute(ec2, AllocationId, Attribute, **_):
    """ResetAddressAttribute: back to Amazon's own name."""
    existing(ec2, AllocationId)
    vars(ec2).get("reverse_dns", {}).pop(AllocationId, None)
    return {"Address": attributes(ec2, AllocationId)}


@BOOK.adds("DescribeAddressesAttribute")
def describe_addresses_attribute(ec2, AllocationIds, Attribute, **_):
    """DescribeAddressesAttribute: with Attribute=domain-name only addresses that have one."""
    ids = AllocationIds or [address.allocation_id for address in ec2.addresses]
    for one in ids:
        existing(ec2, one)
    found = [attributes(ec2, one) for one in ids]
    if Attribute == "domain-name":
        found = [one for one in found if "PtrRecord" in one]
    return {"Addresses": found}


def existing(ec2, allocation_id):
    address = address_of(ec2, AllocationId=allocation_id)
    if address is None:
        message = f"The allocation ID '{allocation_id}' does not exist"
        raise Refused("InvalidAllocationID.NotFound", message)
    return address


def attributes(ec2, allocation_id):
    result = {"AllocationId": allocation_id, "PublicIp": existing(ec2, allocation_id).public_ip}
    domain = vars(ec2).get("reverse_dns", {}).get(allocation_id)
    return {**result, "PtrRecord": domain} if domain else result
