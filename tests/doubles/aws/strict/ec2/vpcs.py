# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPCs and subnets."""

from __future__ import annotations

import ipaddress
import threading

from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.subnets import Subnet

from ..rules import Refused
from .book import (
    BOOK,
    all_groups,
    all_subnets,
    dependency,
    forget_tags,
    invalid,
    subnet_of,
)


def canonical(cidr):
    """CreateVpc, CreateSubnet and CreateRoute: "We modify the specified CIDR block to its
    canonical form; for example, if you specify 100.68.0.18/18, we modify it to 100.68.0.0/18."
    """
    try:
        return str(ipaddress.ip_network(cidr, strict=False)) if cidr else cidr
    except ValueError:
        return cidr


@BOOK.patch(EC2Backend, "create_vpc")
def vpc_cidr_is_made_canonical(original, ec2, cidr_block, *args, **kwargs):
    """CreateVpc.CidrBlock."""
    return original(ec2, canonical(cidr_block), *args, **kwargs)


@BOOK.patch(EC2Backend, "create_subnet")
def subnet_cidr_is_made_canonical(original, ec2, vpc_id, cidr_block, *args, **kwargs):
    """CreateSubnet.CidrBlock; and a subnet is a zone's default only if CreateDefaultSubnet made it."""
    subnet = original(ec2, vpc_id, canonical(cidr_block), *args, **kwargs)
    if subnet.default_for_az and not ec2.vpcs[vpc_id].is_default:
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
    return subnet


@BOOK.rule("AssociateVpcCidrBlock")
def blocks_of_a_vpc_do_not_overlap(ec2, VpcId, CidrBlock, **_):
    """VPC User Guide, IPv4 VPC CIDR blocks: a block to associate "must not overlap" with one that the VPC has."""
    vpc = ec2.vpcs.get(VpcId)
    try:
        wanted = ipaddress.ip_network(CidrBlock, strict=False) if CidrBlock else None
    except ValueError:
        return
    for one in vpc.cidr_block_association_set if vpc and wanted else ():
        if one["cidr_block_state"]["state"] in ("associating", "associated") and ipaddress.ip_network(one["cidr_block"]).overlaps(wanted):
            raise Refused("InvalidVpc.Range", f"The CIDR '{CidrBlock}' is invalid.")


@BOOK.rule("CreateSubnet")
def the_zone_is_of_this_region(ec2, AvailabilityZone, AvailabilityZoneId, **_):
    """CreateSubnet.AvailabilityZone: a zone of the Region of the request."""
    zones = RegionsAndZonesBackend.zones.get(ec2.region_name, [])
    names, ids = [zone.name for zone in zones], [zone.zone_id for zone in zones]
    if AvailabilityZone and AvailabilityZone not in names:
        raise invalid(
            f"Value ({AvailabilityZone}) for parameter availabilityZone is invalid. "
            f"Subnets can currently only be created in the following availability zones: "
            f"{', '.join(names)}."
        )
    if AvailabilityZoneId and AvailabilityZoneId not in ids:
        raise invalid(f"Value ({AvailabilityZoneId}) for parameter availabilityZoneId is invalid.")


@BOOK.rule("CreateSubnet")
def subnets_are_between_16_and_28(_ec2, CidrBlock, **_):
    """CreateSubnet: "The allowed block size is between a /16 netmask and a /28 netmask"."""
    try:
        network = ipaddress.ip_network(CidrBlock, strict=False) if CidrBlock else None
    except ValueError:
        return
    if network and not 16 <= network.prefixlen <= 28:
        raise refused_range(CidrBlock)


def refused_range(cidr):
    return Refused("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")


@BOOK.rule("DeleteVpc")
def nothing_may_be_left_in_a_vpc(ec2, VpcId, **_):
    """DeleteVpc: "You must detach or delete all gateways and resources that are associated with
    the VPC before you can delete it."
    """
    if any(things_in_vpc(ec2, VpcId)):
        raise dependency("vpc", VpcId)


def things_in_vpc(ec2, vpc_id):
    yield any(subnet.vpc_id == vpc_id for subnet in all_subnets(ec2))
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == vpc_id]
    yield any(table.main_association_id is None for table in tables)
    yield any(group.vpc_id == vpc_id and not group.is_default for group in all_groups(ec2))
    yield any(acl.vpc_id == vpc_id and not acl.default for acl in ec2.network_acls.values())
    yield any(igw.vpc and igw.vpc.id == vpc_id for igw in ec2.internet_gateways.values())
    yield any(e.vpc_id == vpc_id for e in ec2.egress_only_internet_gateways.values())
    yield any(attached_to(vgw, vpc_id) for vgw in ec2.vpn_gateways.values())
    yield any(nat.vpc_id == vpc_id and nat.state == "available" for nat in ec2.nat_gateways.values())
    endpoints = ec2.vpc_end_points.values()
    yield any(one.vpc_id == vpc_id and one.state != "deleted" for one in endpoints)
    yield any(eni.subnet.vpc_id == vpc_id for eni in ec2.enis.values())
    yield any(
        vpc_id in (pcx.vpc.id, pcx.peer_vpc.id)
        and pcx._status.code in ("active", "pending-acceptance", "provisioning")
        for pcx in ec2.vpc_pcxs.values()
    )


def attached_to(vgw, vpc_id):
    attachment = vgw.attachments.get(vpc_id)
    return attachment is not None and attachment.state == "attached"


@BOOK.patch(EC2Backend, "delete_vpc")
def a_vpc_takes_only_its_own_things_along(original, ec2, vpc_id):
    """DeleteVpc deletes the default security group, network ACL and main route table; the DHCP
    options set is only no longer associated (moto deletes it), and tags go with their things.
    """
    vpc = ec2.vpcs.get(vpc_id)
    if vpc is None:
        return original(ec2, vpc_id)
    if vpc.dhcp_options is not None:
        vpc.dhcp_options.vpc = vpc.dhcp_options = None
    gone = [acl.id for acl in ec2.network_acls.values() if acl.vpc_id == vpc_id]
    gone += [table.id for table in ec2.route_tables.values() if table.vpc_id == vpc_id]
    gone += [group.id for group in all_groups(ec2) if group.vpc_id == vpc_id]
    result = original(ec2, vpc_id)
    for one in gone:
        ec2.network_acls.pop(one, None)
    forget_tags(ec2, vpc_id, *gone)
    return result


@BOOK.after("AssociateDhcpOptions")
def options_know_one_vpc_that_has_them(ec2, **_):
    """Several VPCs may share a set; one that none has any more can be deleted."""
    for options in ec2.dhcp_options_sets.values():
        users = (vpc for vpc in ec2.vpcs.values() if vpc.dhcp_options is options)
        options.vpc = next(users, None)


_asked = threading.local()  # the tags of the request that this thread is answering


@BOOK.rule("CreateDhcpOptions")
def tags_of_the_creating_call(_ec2, TagSpecifications, **_):
    """CreateDhcpOptions: TagSpecifications "The tags to assign to the DHCP option"; moto does not read them."""
    _asked.tags = {tag["Key"]: tag["Value"] for one in TagSpecifications or [] for tag in one.get("Tags", [])}


@BOOK.patch(EC2Backend, "create_dhcp_options")
def dhcp_options_have_their_tags_at_once(original, ec2, *args, **kwargs):
    options = original(ec2, *args, **kwargs)
    options.add_tags(_asked.tags)
    return options


@BOOK.rule("DeleteDhcpOptions")
def dhcp_options_in_use_stay(ec2, DhcpOptionsId, **_):
    """DeleteDhcpOptions: "You must disassociate the set of DHCP options before you can delete it"."""
    for vpc in ec2.vpcs.values():
        if vpc.dhcp_options is not None and vpc.dhcp_options.id == DhcpOptionsId:
            raise dependency("dhcpOptions", DhcpOptionsId)


@BOOK.rule("DeleteSubnet")
def nothing_may_be_left_in_a_subnet(ec2, SubnetId, **_):
    """DeleteSubnet: "You must terminate all running instances in the subnet before"."""
    if any(eni.subnet.id == SubnetId for eni in ec2.enis.values()):
        raise dependency("subnet", SubnetId)
    for nat in ec2.nat_gateways.values():
        if nat.subnet_id == SubnetId and nat.state == "available":
            raise dependency("subnet", SubnetId)


@BOOK.after("DeleteSubnet")
def associations_go_with_the_subnet(ec2, SubnetId, **_):
    """A deleted subnet is in no network ACL and in no route table any more."""
    for acl in ec2.network_acls.values():
        for key in [k for k, a in acl._associations.items() if a.subnet_id == SubnetId]:
            del acl._associations[key]
    for table in ec2.route_tables.values():
        for key in [k for k, subnet in table._associations.items() if subnet == SubnetId]:
            del table._associations[key]
    forget_tags(ec2, SubnetId)


@BOOK.rule("ModifySubnetAttribute")
def one_subnet_attribute_at_a_time(_ec2, **given):
    """ModifySubnetAttribute: "You can only modify one attribute at a time"."""
    if len([name for name in given if name not in ("SubnetId", "DryRun")]) > 1:
        raise Refused("InvalidParameterCombination", "Only one attribute can be modified at a time")


@BOOK.after("ModifySubnetAttribute")
def subnet_attributes_that_moto_forgets(ec2, SubnetId, **given):
    """PrivateDnsHostnameTypeOnLaunch, EnableResourceNameDnsAAAARecordOnLaunch and EnableDns64."""
    subnet = subnet_of(ec2, SubnetId)
    names = subnet.private_dns_name_options_on_launch
    if "PrivateDnsHostnameTypeOnLaunch" in given:
        names["HostnameType"] = given["PrivateDnsHostnameTypeOnLaunch"]
    if "EnableResourceNameDnsAAAARecordOnLaunch" in given:
        value = given["EnableResourceNameDnsAAAARecordOnLaunch"]["Value"]
        names["EnableResourceNameDnsAAAARecord"] = value
    if "EnableDns64" in given:
        subnet.enable_dns64 = given["EnableDns64"]["Value"]


@BOOK.rule("ModifyVpcAttribute")
def one_vpc_attribute_at_a_time(ec2, VpcId, **given):
    """ModifyVpcAttribute: "You cannot modify the DNS resolution and DNS hostnames attributes in
    the same request"; hostnames need support: "You can only enable DNS hostnames if you've
    enabled DNS support."
    """
    if "EnableDnsHostnames" in given and "EnableDnsSupport" in given:
        message = "Fields for multiple attribute types specified: enableDnsSupport, enableDnsHostnames"
        raise Refused("InvalidParameterCombination", message)
    vpc = ec2.vpcs.get(VpcId)
    wanted = given.get("EnableDnsHostnames", {}).get("Value")
    if vpc and wanted and not vpc.enable_dns_support:
        raise invalid("DNS hostnames can only be enabled when DNS support is enabled")


def ipv6_associations(subnet):
    """moto nests the state of a subnet's IPv6 block once too often (SubnetIpv6CidrBlockAssociation, SubnetCidrBlockState of the model)."""
    live = (one for one in subnet.ipv6_cidr_block_associations.values() if one["ipv6CidrBlockState"]["State"] == "associated")
    return [
        {
            "associationId": one["associationId"],
            "ipv6CidrBlock": one["ipv6CidrBlock"],
            "ipv6CidrBlockState": {"state": one["ipv6CidrBlockState"]["State"]},
        }
        for one in live
    ]


Subnet.ipv6_cidr_block_association_set = property(ipv6_associations)
