# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces."""

from __future__ import annotations

import ipaddress

from ..rules import Refused
from .book import BOOK, all_instances, forget_tags, invalid, known, subnet_of
from .security_groups import group_of

CODE = "InvalidNetworkInterfaceID.NotFound"


@BOOK.rule("CreateNetworkInterface")
def groups_and_addresses_suit_the_subnet(ec2, SubnetId, Groups, PrivateIpAddress, PrivateIpAddresses, **_):
    """CreateNetworkInterface: groups of the subnet's VPC; addresses of the subnet, not in use, one of them primary."""
    subnet = subnet_of(ec2, SubnetId)
    if subnet is None:
        return
    few_enough_groups(Groups)
    for one in Groups or []:
        if group_of(ec2, one, None).vpc_id != subnet.vpc_id:
            message = f"You have specified two resources that belong to different networks: {one}"
            raise Refused("InvalidGroup.NotFound", message)
    given = [one["PrivateIpAddress"] for one in PrivateIpAddresses or [] if one.get("PrivateIpAddress")]
    if len([one for one in PrivateIpAddresses or [] if one.get("Primary")]) + bool(PrivateIpAddress) > 1:
        raise Refused("InvalidParameterCombination", "Only one private IP address can be designated as primary")
    addresses_are_free(ec2, subnet, [*given, *([PrivateIpAddress] if PrivateIpAddress else [])])
    if free_addresses(ec2, subnet) <= 0:
        raise Refused("InsufficientFreeAddressesInSubnet", f"Insufficient free addresses in subnet '{SubnetId}'")


@BOOK.rule("AssignPrivateIpAddresses")
def secondary_addresses_are_free(ec2, NetworkInterfaceId, PrivateIpAddresses, SecondaryPrivateIpAddressCount, **given):
    """AssignPrivateIpAddresses.PrivateIpAddresses: "within the subnet's IPv4 CIDR range", not together with a count;
    AllowReassignment: without it an address of another interface stays where it is.
    """
    eni = known(ec2.enis, NetworkInterfaceId, CODE, "networkInterface")
    ways = [PrivateIpAddresses, SecondaryPrivateIpAddressCount, given.get("Ipv4Prefixes"), given.get("Ipv4PrefixCount")]
    if len([one for one in ways if one]) != 1:
        raise Refused("InvalidParameterCombination", "Exactly one of addresses, a count of them and prefixes must be specified")
    moving = own_addresses(eni) if not given.get("AllowReassignment") else taken_addresses(ec2, eni.subnet)
    addresses_are_free(ec2, eni.subnet, [one for one in PrivateIpAddresses or [] if one not in moving])


@BOOK.rule("UnassignPrivateIpAddresses")
def only_its_own_secondary_addresses_go(ec2, NetworkInterfaceId, PrivateIpAddresses, **_):
    """UnassignPrivateIpAddresses: "Unassigns the specified secondary private IP addresses"; the primary one stays."""
    eni = known(ec2.enis, NetworkInterfaceId, CODE, "networkInterface")
    secondary = [one["PrivateIpAddress"] for one in eni.private_ip_addresses if not one.get("Primary")]
    for one in PrivateIpAddresses or []:
        if one not in secondary:
            raise invalid(f"Some of {[one]} are not assigned to interface {NetworkInterfaceId} as secondary addresses")


GROUPS_PER_INTERFACE = 5


def few_enough_groups(groups):
    """VPC quotas: "Security groups per network interface: 5"; EC2 error codes, SecurityGroupsPerInterfaceLimitExceeded."""
    if len(groups or []) > GROUPS_PER_INTERFACE:
        message = "The maximum number of security groups per interface has been reached."
        raise Refused("SecurityGroupsPerInterfaceLimitExceeded", message)


def own_addresses(eni):
    return [one.get("PrivateIpAddress") for one in eni.private_ip_addresses]


def taken_addresses(ec2, subnet):
    return [address for eni in ec2.enis.values() if eni.subnet.id == subnet.id for address in own_addresses(eni)]


RESERVED = 5


def free_addresses(ec2, subnet):
    return ipaddress.ip_network(subnet.cidr_block, strict=False).num_addresses - RESERVED - len(taken_addresses(ec2, subnet))


def addresses_are_free(ec2, subnet, addresses):
    if len(set(addresses)) < len(addresses):
        raise invalid("The same private IP address is named twice")
    for one in addresses:
        address_is_free(ec2, subnet, one)


def address_is_free(ec2, subnet, address):
    """An address of the subnet that nobody has; VPC guide, subnet sizing: "The first four IP addresses and the last IP
    address in each subnet CIDR block are not available for your use".
    """
    if subnet is None:
        return
    network = ipaddress.ip_network(subnet.cidr_block, strict=False)
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        raise invalid(f"invalid value for parameter address: {address}") from None
    if wanted not in network:
        raise invalid(f"Address {address} does not fall within the subnet's address range")
    if wanted in (*(network[number] for number in range(4)), network[-1]):
        raise invalid(f"Address {address} is in subnet's reserved address range")
    if address in taken_addresses(ec2, subnet):
        raise Refused("InvalidIPAddress.InUse", f"Address {address} is in use.")


@BOOK.rule("DeleteNetworkInterface")
def an_attached_interface_stays(ec2, NetworkInterfaceId, **_):
    """DeleteNetworkInterface: "You must detach the network interface before you can delete it"."""
    eni = ec2.enis.get(NetworkInterfaceId)
    if eni is not None and (eni.instance or eni.attachment_id or eni.status == "in-use"):
        message = f"Network interface '{NetworkInterfaceId}' is currently in use."
        raise Refused("InvalidParameterValue", message)
    if eni is not None and any(nat._eni.id == eni.id for nat in ec2.nat_gateways.values()):
        raise Refused("OperationNotPermitted", "The interface is managed by a NAT gateway")


@BOOK.after("DeleteNetworkInterface")
def what_it_had_is_free(ec2, NetworkInterfaceId, **_):
    """EC2 guide: deleting an interface "releases any private IP addresses or Elastic IP addresses to be used by another instance"."""
    forget_tags(ec2, NetworkInterfaceId)
    for address in ec2.addresses:
        if address.eni is not None and address.eni.id == NetworkInterfaceId:
            ec2.disassociate_address(address=address.public_ip)


@BOOK.rule("AttachNetworkInterface")
def an_interface_is_attached_once_and_nearby(ec2, NetworkInterfaceId, InstanceId, DeviceIndex, **_):
    """AttachNetworkInterface: InvalidNetworkInterface.InUse; same Availability Zone; free index."""
    eni = known(ec2.enis, NetworkInterfaceId, CODE, "networkInterface")
    if eni.instance is not None or eni.status == "in-use":
        message = f"Interface: {NetworkInterfaceId} in use."
        raise Refused("InvalidNetworkInterface.InUse", message)
    instance = next((one for one in all_instances(ec2) if one.id == InstanceId), None)
    if instance is None:
        return
    if instance.availability_zone != eni.subnet.availability_zone:
        raise invalid(f"{NetworkInterfaceId} and {InstanceId} are not in the same availability zone")
    if int(DeviceIndex) in instance.nics:
        message = f"Instance '{InstanceId}' already has an interface attached at device index '{DeviceIndex}'."
        raise invalid(message)


@BOOK.rule("DetachNetworkInterface")
def the_primary_interface_stays(ec2, AttachmentId, **_):
    """DetachNetworkInterface: "You can't detach the primary network interface"."""
    for eni in ec2.enis.values():
        if eni.attachment_id == AttachmentId and eni.device_index == 0:
            message = "The network interface at device index 0 cannot be detached."
            raise Refused("OperationNotPermitted", message)


@BOOK.after("DetachNetworkInterface")
def detached_it_is_as_one_that_was_never_attached(ec2, **_):
    """NetworkInterface: the index belongs to the attachment (moto: 0 before the first one, None after it)."""
    for eni in ec2.enis.values():
        if eni.attachment_id is None:
            eni.device_index = 0


@BOOK.rule("ModifyNetworkInterfaceAttribute")
def only_ones_own_interfaces(ec2, NetworkInterfaceId, Groups, **given):
    """ModifyNetworkInterfaceAttribute: "You can specify only one attribute at a time", and Groups: "You must
    specify at least one group"; interfaces of a service are changed through it.
    """
    eni = known(ec2.enis, NetworkInterfaceId, CODE, "networkInterface")
    if eni.requester_managed:
        message = "You do not have permission to access the specified resource."
        raise Refused("AuthFailure", message)
    names = ("Attachment", "Description", "SourceDestCheck")
    if len([name for name in names if name in given]) + bool(Groups) > 1:
        raise Refused("InvalidParameterCombination", "Only one attribute at a time")
    if not Groups and given.keys() <= {"DryRun"}:
        raise Refused("InvalidParameterCombination", "No attributes specified")
    for one in Groups or []:
        if group_of(ec2, one, None).vpc_id != eni.subnet.vpc_id:
            raise Refused("InvalidGroup.NotFound", f"{one} belongs to a different network")
    few_enough_groups(Groups)


@BOOK.after("ModifyNetworkInterfaceAttribute")
def attributes_that_moto_forgets(ec2, NetworkInterfaceId, Attachment, Description, **_):
    """Attachment.DeleteOnTermination, and a description that is made empty."""
    eni = ec2.enis[NetworkInterfaceId]
    if Attachment and "DeleteOnTermination" in Attachment:
        eni.delete_on_termination = Attachment["DeleteOnTermination"]
    if Description is not None:
        eni.description = Description.get("Value", "")
