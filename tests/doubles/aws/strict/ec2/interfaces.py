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
def groups_and_addresses_suit_the_subnet(ec2, SubnetId, Groups, PrivateIpAddress, **_):
    """CreateNetworkInterface: groups of the subnet's VPC; an address of the subnet, not in use."""
    subnet = subnet_of(ec2, SubnetId)
    if subnet is None:
        return
    for one in Groups or []:
        if group_of(ec2, one, None).vpc_id != subnet.vpc_id:
            message = f"You have specified two resources that belong to different networks: {one}"
            raise Refused("InvalidGroup.NotFound", message)
    if PrivateIpAddress:
        address_is_free(ec2, subnet, PrivateIpAddress)


def address_is_free(ec2, subnet, address):
    if ipaddress.ip_address(address) not in ipaddress.ip_network(subnet.cidr_block, strict=False):
        raise invalid(f"Address {address} does not fall within the subnet's address range")
    for eni in ec2.enis.values():
        taken = [one.get("PrivateIpAddress") for one in eni.private_ip_addresses]
        if eni.subnet.id == subnet.id and address in taken:
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
def tags_of_an_interface_go(ec2, NetworkInterfaceId, **_):
    forget_tags(ec2, NetworkInterfaceId)


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


@BOOK.rule("ModifyNetworkInterfaceAttribute")
def only_ones_own_interfaces(ec2, NetworkInterfaceId, Groups, **given):
    """ModifyNetworkInterfaceAttribute: "You can specify only one attribute at a time"; interfaces
    of a service are changed through it.
    """
    eni = known(ec2.enis, NetworkInterfaceId, CODE, "networkInterface")
    if eni.requester_managed:
        message = "You do not have permission to access the specified resource."
        raise Refused("AuthFailure", message)
    names = ("Attachment", "Description", "SourceDestCheck")
    if len([name for name in names if name in given]) + bool(Groups) > 1:
        raise Refused("InvalidParameterCombination", "Only one attribute at a time")
    for one in Groups or []:
        if group_of(ec2, one, None).vpc_id != eni.subnet.vpc_id:
            raise Refused("InvalidGroup.NotFound", f"{one} belongs to a different network")
    if len(Groups or []) > 5:
        message = "The maximum number of security groups per interface has been reached."
        raise Refused("SecurityGroupsPerInterfaceLimitExceeded", message)


@BOOK.after("ModifyNetworkInterfaceAttribute")
def attributes_that_moto_forgets(ec2, NetworkInterfaceId, Attachment, Description, **_):
    """Attachment.DeleteOnTermination, and a description that is made empty."""
    eni = ec2.enis[NetworkInterfaceId]
    if Attachment and "DeleteOnTermination" in Attachment:
        eni.delete_on_termination = Attachment["DeleteOnTermination"]
    if Description is not None:
        eni.description = Description.get("Value", "")
