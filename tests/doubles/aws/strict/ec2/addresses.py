# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic IP addresses."""

from __future__ import annotations

from ..rules import Refused
from .book import BOOK, forget_tags


def address_of(ec2, AllocationId=None, PublicIp=None, AssociationId=None, **_):
    for address in ec2.addresses:
        if AllocationId and address.allocation_id == AllocationId:
            return address
        if PublicIp and address.public_ip == PublicIp:
            return address
        if AssociationId and address.association_id == AssociationId:
            return address
    return None


@BOOK.rule("ReleaseAddress")
def an_address_in_use_is_not_released(ec2, **given):
    """ReleaseAddress: "you must disassociate ... before you can release it. Otherwise, Amazon EC2
    returns an error (InvalidIPAddress.InUse)."
    """
    address = address_of(ec2, **given)
    if address is not None and address.association_id:
        raise Refused("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@BOOK.after("ReleaseAddress")
def tags_of_an_address_go(ec2, AllocationId, **_):
    if AllocationId:
        forget_tags(ec2, AllocationId)
        vars(ec2).get("reverse_dns", {}).pop(AllocationId, None)


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
