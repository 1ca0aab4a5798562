# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network ACLs."""

from __future__ import annotations

from moto.ec2.models import EC2Backend
from moto.ec2.models.network_acls import NetworkAcl

from ..rules import Refused
from .book import BOOK, dependency, filters, forget_tags, invalid, known, subnet_of

CODE = "InvalidNetworkAclID.NotFound"
LAST = 32767  # the rule that denies everything, which every network ACL has
PER_DIRECTION = 20  # VPC quotas: "Rules per network ACL"

# DescribeNetworkAcls.Filters
filters(NetworkAcl, network_acl_id=lambda acl: acl.id)


def acl_of(ec2, acl_id):
    return known(ec2.network_acls, acl_id, CODE, "networkAcl")


@BOOK.rule("DescribeNetworkAcls")
def acl_ids_exist(ec2, NetworkAclIds, **_):
    for one in NetworkAclIds or []:
        acl_of(ec2, one)


@BOOK.rule("DeleteNetworkAcl")
def an_acl_in_use_stays(ec2, NetworkAclId, **_):
    """DeleteNetworkAcl: "You can't delete the ACL if it's associated with any subnets. You can't
    delete the default network ACL."
    """
    acl = acl_of(ec2, NetworkAclId)
    if acl.default:
        raise invalid(f"Cannot delete default network ACL {NetworkAclId}")
    if acl._associations:
        raise dependency("networkAcl", NetworkAclId)


@BOOK.after("DeleteNetworkAcl")
def tags_of_an_acl_go(ec2, NetworkAclId, **_):
    forget_tags(ec2, NetworkAclId)


@BOOK.patch(EC2Backend, "create_network_acl")
def every_acl_ends_with_deny(original, ec2, vpc_id, tags=None, default=False):
    """VPC guide, network ACLs: "each network ACL includes a default rule whose rule number is an
    asterisk", shown as 32767, in both directions. moto has it in default ACLs only.
    """
    acl = original(ec2, vpc_id, tags, default)
    if not default:
        for egress in (True, False):
            add_deny(ec2, acl.id, egress)
    return acl


def add_deny(ec2, acl_id, egress):
    ec2.create_network_acl_entry(
        network_acl_id=acl_id,
        rule_number=LAST,
        protocol="-1",
        rule_action="deny",
        egress=egress,
        cidr_block="0.0.0.0/0",
        icmp_code=None,
        icmp_type=None,
        port_range_from=None,
        port_range_to=None,
        ipv6_cidr_block=None,
    )


@BOOK.rule("CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry")
def rule_numbers_end_at_32766(_ec2, RuleNumber, **_):
    """CreateNetworkAclEntry.RuleNumber: "Positive integer from 1 to 32766. The range 32767 to
    65535 is reserved for internal use."
    """
    if not 1 <= int(RuleNumber) < LAST:
        message = f"Invalid value '{RuleNumber}' for ruleNumber. Must be between 1 and 32766."
        raise invalid(message)


@BOOK.rule("CreateNetworkAclEntry")
def an_entry_is_new_and_fits(ec2, NetworkAclId, Egress, RuleNumber, **_):
    """NetworkAclEntryAlreadyExists, NetworkAclEntryLimitExceeded."""
    entries = [e for e in acl_of(ec2, NetworkAclId).network_acl_entries if e.egress == bool(Egress)]
    if any(int(entry.rule_number) == int(RuleNumber) for entry in entries):
        message = f"The network acl entry identified by {RuleNumber} already exists."
        raise Refused("NetworkAclEntryAlreadyExists", message)
    if len([e for e in entries if int(e.rule_number) < LAST]) >= PER_DIRECTION:
        message = f"The maximum of {PER_DIRECTION} entries in a direction has been reached"
        raise Refused("NetworkAclEntryLimitExceeded", message)


@BOOK.rule("ReplaceNetworkAclEntry", "DeleteNetworkAclEntry")
def the_entry_exists(ec2, NetworkAclId, Egress, RuleNumber, **_):
    """InvalidNetworkAclEntry.NotFound of the error codes of EC2: "The specified network ACL entry does not exist"."""
    entries = acl_of(ec2, NetworkAclId).network_acl_entries
    if not any(e.egress == bool(Egress) and int(e.rule_number) == int(RuleNumber) for e in entries):
        message = f"The networkAcl entry identified by {RuleNumber} does not exist"
        raise Refused("InvalidNetworkAclEntry.NotFound", message)


@BOOK.rule("CreateNetworkAclEntry", "ReplaceNetworkAclEntry")
def an_entry_is_complete(_ec2, Protocol, CidrBlock, Ipv6CidrBlock, PortRange, IcmpTypeCode, **_):
    """CreateNetworkAclEntry: one CIDR block; ports "if you specify protocol 6 (TCP) or 17 (UDP)",
    type and code for 1 (ICMP) and 58 (ICMPv6).
    """
    if bool(CidrBlock) == bool(Ipv6CidrBlock):
        raise Refused("MissingParameter", "Exactly one of CidrBlock and Ipv6CidrBlock is needed")
    protocol = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}.get(str(Protocol), Protocol)
    if str(protocol) not in [str(number) for number in range(-1, 256)]:
        raise invalid(f"Invalid protocol: {Protocol}")
    if protocol in ("6", "17") and not PortRange:
        raise Refused("MissingParameter", "The request must contain the parameter portRange")
    if protocol in ("1", "58") and not IcmpTypeCode:
        raise Refused("MissingParameter", "The request must contain the parameter icmpTypeCode")
    if PortRange and PortRange.get("From", 0) > PortRange.get("To", 65535):
        raise invalid("Invalid port range")


@BOOK.after("CreateNetworkAclEntry", "ReplaceNetworkAclEntry")
def type_and_code_are_kept(ec2, NetworkAclId, Egress, RuleNumber, IcmpTypeCode, **_):
    """DescribeNetworkAcls: NetworkAclEntry.IcmpTypeCode. moto reads it by the wrong name and loses it."""
    for entry in acl_of(ec2, NetworkAclId).network_acl_entries:
        if entry.egress == bool(Egress) and int(entry.rule_number) == int(RuleNumber):
            entry.icmp_type = (IcmpTypeCode or {}).get("Type")
            entry.icmp_code = (IcmpTypeCode or {}).get("Code")


@BOOK.rule("ReplaceNetworkAclAssociation")
def both_ends_exist_in_one_vpc(ec2, AssociationId, NetworkAclId, **_):
    """ReplaceNetworkAclAssociation: all or nothing."""
    acl = acl_of(ec2, NetworkAclId)
    for other in ec2.network_acls.values():
        if AssociationId in other._associations:
            subnet = subnet_of(ec2, other._associations[AssociationId].subnet_id)
            if subnet is not None and subnet.vpc_id != acl.vpc_id:
                raise invalid(f"{NetworkAclId} and {subnet.id} belong to different networks")
            return
    message = f"The association ID '{AssociationId}' does not exist"
    raise Refused("InvalidAssociationID.NotFound", message)
