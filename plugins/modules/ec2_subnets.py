#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref


def find(aws, wanted):
    return [_have(subnet) for subnet in aws.pages("ec2", "describe_subnets", "Subnets")]


def look(aws, ids):
    return [_have(subnet) for subnet in aws.pages("ec2", "describe_subnets", "Subnets", Filters=[dict(Name="subnet-id", Values=ids)])]


def _have(subnet):
    ipv6 = [block for block in subnet.get("Ipv6CidrBlockAssociationSet", []) if _live(block)]
    dns = subnet.get("PrivateDnsNameOptionsOnLaunch", {})
    return dict(
        id=subnet["SubnetId"],
        vpc=subnet["VpcId"],
        cidr_block=subnet.get("CidrBlock"),
        availability_zone=subnet["AvailabilityZone"],
        availability_zone_id=subnet.get("AvailabilityZoneId"),
        map_public_ip_on_launch=subnet.get("MapPublicIpOnLaunch"),
        ipv6_cidr_block=ipv6[0]["Ipv6CidrBlock"] if ipv6 else None,
        assign_ipv6_address_on_creation=subnet.get("AssignIpv6AddressOnCreation"),
        private_dns_hostname_type=dns.get("HostnameType"),
        _ipv6_association=ipv6[0]["AssociationId"] if ipv6 else None,
        _moving=subnet["State"] if subnet["State"] == "pending" else None,
        **_tags.name_and_tags(subnet),
    )


def _live(block):
    return block["Ipv6CidrBlockState"]["State"] in ("associating", "associated")


def create(aws, want):
    # Of a zone said in both ways, which the plan has seen to be one, the call gets one.
    zone = dict(AvailabilityZone=want["availability_zone"]) if "availability_zone" in want else dict(AvailabilityZoneId=want["availability_zone_id"])
    arguments = dict(VpcId=want["vpc"], CidrBlock=want["cidr_block"], **zone)
    if "ipv6_cidr_block" in want:
        arguments["Ipv6CidrBlock"] = want["ipv6_cidr_block"]
    return _have(aws.ec2.create_subnet(**arguments, TagSpecifications=_tags.specifications("subnet", want))["Subnet"])


# ModifySubnetAttribute takes one attribute in a call.
ATTRIBUTES = dict(
    map_public_ip_on_launch=lambda value: dict(MapPublicIpOnLaunch=dict(Value=value)),
    assign_ipv6_address_on_creation=lambda value: dict(AssignIpv6AddressOnCreation=dict(Value=value)),
    private_dns_hostname_type=lambda value: dict(PrivateDnsHostnameTypeOnLaunch=value),
)


def update(aws, have, change):
    _tags.update(aws, have, change)
    if "ipv6_cidr_block" in change and have["_ipv6_association"]:
        aws.ec2.disassociate_subnet_cidr_block(AssociationId=have["_ipv6_association"])
    if change.get("ipv6_cidr_block"):
        made = aws.ec2.associate_subnet_cidr_block(SubnetId=have["id"], Ipv6CidrBlock=change["ipv6_cidr_block"])["Ipv6CidrBlockAssociation"]
        what = f"block {change['ipv6_cidr_block']} of {have['id']}"
        _networks.await_association(aws, what, lambda: _block_state(aws, have["id"], made["AssociationId"]))
    for name, argument in ATTRIBUTES.items():
        if name in change:
            aws.ec2.modify_subnet_attribute(SubnetId=have["id"], **argument(change[name]))


def _block_state(aws, subnet_id, association_id):
    subnets = aws.pages("ec2", "describe_subnets", "Subnets", Filters=[dict(Name="subnet-id", Values=[subnet_id])])
    blocks = [block for subnet in subnets for block in subnet.get("Ipv6CidrBlockAssociationSet", [])]
    return next((block["Ipv6CidrBlockState"] for block in blocks if block["AssociationId"] == association_id), {})


def foresee(aws, want):
    _networks.refuse_zone(aws, want.get("availability_zone"), want.get("availability_zone_id"))
    mine = _networks.network(want["cidr_block"])
    for other in aws.once(find, None):
        if other["vpc"] == want["vpc"] and other["cidr_block"] and _networks.network(other["cidr_block"]).overlaps(mine):
            whose = other["name"] or other["id"]
            raise Problem(f"cidr_block: {want['cidr_block']} overlaps {other['cidr_block']} of {whose}, which is there: take another block")


def danger(have, change):
    if not change:
        return None
    if "ipv6_cidr_block" in change and have.get("ipv6_cidr_block"):
        return f"would take the IPv6 block {have['ipv6_cidr_block']} off the subnet"
    return None


def delete(aws, have):
    aws.ec2.delete_subnet(SubnetId=have["id"])


def faults(entries, sheet):
    """Subnets of one VPC must not overlap, and must lie inside it, where the sheet says how large it is, and not only what is added to it."""
    vpcs, by_vpc = {}, {}
    for vpc in sheet.get("ec2_vpcs", []):  # a name that is there twice is told of the VPCs
        blocks = [_networks.network(block) for dummy, block in _networks.blocks(vpc, "cidr_block", "secondary_cidr_blocks")]
        if vpc.get("cidr_block") and None not in blocks:
            vpcs.setdefault(vpc.get("name"), []).extend(blocks)
    for index, entry in enumerate(entries):
        for option, block in _networks.blocks(entry, "cidr_block"):
            by_vpc.setdefault(entry.get("vpc"), []).append((index, option, block))
            parsed, around = _networks.network(block), vpcs.get(entry.get("vpc"))
            if parsed and around and not any(parsed.version == outer.version and parsed.subnet_of(outer) for outer in around):
                yield index, option, "outside", dict(value=block, other=", ".join(str(outer) for outer in around))
    for named in by_vpc.values():
        yield from _networks.overlaps(named)


KIND = Kind(
    name="ec2_subnets",
    identity=("vpc", "name"),
    needs_one=(("availability_zone", "availability_zone_id"),),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        cidr_block=fixed(required=True, api="CreateSubnet.CidrBlock", same=_networks.same, wrong=_networks.wrong_range),
        availability_zone=fixed(listed="ec2_availability_zones", api="CreateSubnet.AvailabilityZone"),
        availability_zone_id=fixed(listed="ec2_availability_zone_ids", api="CreateSubnet.AvailabilityZoneId"),
        map_public_ip_on_launch=Option("bool"),
        ipv6_cidr_block=Option(clearable=True, same=_networks.same, wrong=_networks.wrong_ipv6_block),
        assign_ipv6_address_on_creation=Option("bool"),
        private_dns_hostname_type=Option(api="ModifySubnetAttribute.PrivateDnsHostnameTypeOnLaunch"),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    holders=_network_holders.of_subnets,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
