#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

NO_OPTIONS = "default"  # the word in the place of an id with which AWS says that a VPC has no option set, and takes one away


def find(aws, wanted):
    subnets = defaultdict(list)
    for subnet in aws.pages("ec2", "describe_subnets", "Subnets"):
        subnets[subnet["VpcId"]].append(_tags.name_and_tags(subnet)["name"] or subnet["SubnetId"])
    return [dict(_have(vpc), _subnets=sorted(subnets[vpc["VpcId"]])) for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs")]


def look(aws, ids):
    return [_have(vpc) for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=[dict(Name="vpc-id", Values=ids)])]


def _have(vpc):
    blocks = [block["CidrBlock"] for block in vpc.get("CidrBlockAssociationSet", []) if block["CidrBlockState"]["State"] in ("associating", "associated")]
    ipv6 = [block for block in vpc.get("Ipv6CidrBlockAssociationSet", []) if block["Ipv6CidrBlockState"]["State"] in ("associating", "associated")]
    return dict(
        id=vpc["VpcId"],
        cidr_block=vpc["CidrBlock"],
        secondary_cidr_blocks=[block for block in blocks if block != vpc["CidrBlock"]],
        amazon_provided_ipv6_cidr_block=bool(ipv6),
        instance_tenancy=vpc.get("InstanceTenancy"),
        dhcp_options=None if vpc.get("DhcpOptionsId") == NO_OPTIONS else vpc.get("DhcpOptionsId"),
        _associations={block["CidrBlock"]: block["AssociationId"] for block in vpc.get("CidrBlockAssociationSet", [])},
        _ipv6=[block["AssociationId"] for block in ipv6],
        _moving=vpc["State"] if vpc["State"] == "pending" else None,
        **_tags.name_and_tags(vpc),
    )


ATTRIBUTES = dict(enable_dns_support="EnableDnsSupport", enable_dns_hostnames="EnableDnsHostnames")


def read(aws, have, names):
    """DescribeVpcAttribute answers for one attribute of one VPC."""
    found = {}
    for name in ATTRIBUTES.keys() & set(names):
        attribute = ATTRIBUTES[name]
        answer = aws.ec2.describe_vpc_attribute(VpcId=have["id"], Attribute=attribute[0].lower() + attribute[1:])
        found[name] = answer[attribute]["Value"]
    return found


def create(aws, want):
    arguments = dict(CidrBlock=want["cidr_block"], TagSpecifications=_tags.specifications("vpc", want))
    if "instance_tenancy" in want:
        arguments["InstanceTenancy"] = want["instance_tenancy"]
    if want.get("amazon_provided_ipv6_cidr_block"):
        arguments["AmazonProvidedIpv6CidrBlock"] = True
    vpc = aws.ec2.create_vpc(**arguments)["Vpc"]
    # A new VPC resolves names and gives none, by AWS's own default.
    return dict(_have(vpc), enable_dns_support=True, enable_dns_hostnames=False)


def update(aws, have, change):
    vpc = dict(VpcId=have["id"])
    _tags.update(aws, have, change)
    # Host names need support: switch it on first, and off last.
    for name in sorted(ATTRIBUTES.keys() & change.keys(), key=lambda name: (name == "enable_dns_support") != change[name]):
        aws.ec2.modify_vpc_attribute(**vpc, **{ATTRIBUTES[name]: dict(Value=change[name])})
    if "secondary_cidr_blocks" in change:
        for block in change["secondary_cidr_blocks"].add:
            _wait(aws, have["id"], aws.ec2.associate_vpc_cidr_block(**vpc, CidrBlock=block)["CidrBlockAssociation"])
        for block in change["secondary_cidr_blocks"].remove:
            aws.ec2.disassociate_vpc_cidr_block(AssociationId=have["_associations"][block])
    if change.get("amazon_provided_ipv6_cidr_block"):
        _wait(aws, have["id"], aws.ec2.associate_vpc_cidr_block(**vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"])
    elif "amazon_provided_ipv6_cidr_block" in change:
        for association in have["_ipv6"]:
            aws.ec2.disassociate_vpc_cidr_block(AssociationId=association)
    if "dhcp_options" in change:
        aws.ec2.associate_dhcp_options(**vpc, DhcpOptionsId=change["dhcp_options"] or NO_OPTIONS)


def _wait(aws, vpc_id, association):
    """Subnets of this run may lie in the block, which AWS lets them only once it is associated."""

    def look():
        vpcs = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=[dict(Name="vpc-id", Values=[vpc_id])])
        states = {}
        for vpc in vpcs:
            states.update((block["AssociationId"], block["CidrBlockState"]) for block in vpc.get("CidrBlockAssociationSet", []))
            states.update((block["AssociationId"], block["Ipv6CidrBlockState"]) for block in vpc.get("Ipv6CidrBlockAssociationSet", []))
        return states.get(association["AssociationId"], {})

    _networks.await_association(aws, f"block {association['AssociationId']} of {vpc_id}", look)


def danger(have, change):
    """A VPC without subnets has nobody in it whom it could interrupt."""
    if not have or not have["_subnets"]:
        return None
    reasons = []
    if change.get("enable_dns_support") is False:
        reasons.append("switch off the name resolution of the VPC, without which nothing in it finds AWS's services, private zones or its peers by name")
    if change.get("enable_dns_hostnames") is False:
        reasons.append("take their DNS names from its servers, and stop private zones and private names of endpoints in it")
    if "dhcp_options" in change and change["dhcp_options"] is None:
        reasons.append("leave its servers without any DHCP options, name servers included, when they next renew their lease")
    elif "dhcp_options" in change:
        reasons.append("give its servers other name servers and domain names when they next renew their lease, which is within hours")
    return f"would {', and '.join(reasons)}" if reasons else None


def refuse(want, have, change):
    """A block that is to go is still there when the new one comes."""
    there = [block for block in (have.get("cidr_block", want.get("cidr_block")), *have.get("secondary_cidr_blocks", [])) if block]
    for block in change["secondary_cidr_blocks"].add if "secondary_cidr_blocks" in change else ():
        other = next((one for one in there if _networks.network(one).overlaps(_networks.network(block))), None)
        if other:
            raise Problem(f"secondary_cidr_blocks: {block} overlaps {other}, which the VPC has: take another block")


def delete(aws, have):
    aws.ec2.delete_vpc(VpcId=have["id"])


def faults(entries, sheet):
    """VPCs of one sheet that overlap can never be peered or reach one network on premises, and AWS refuses blocks of one VPC that do."""
    blocks = [(index, option, block) for index, entry in enumerate(entries) for option, block in _networks.blocks(entry, "cidr_block", "secondary_cidr_blocks")]
    yield from _networks.overlaps(blocks)


KIND = Kind(
    name="ec2_vpcs",
    identity=("name",),
    options=dict(
        name=Option(),
        cidr_block=fixed(required=True, api="CreateVpc.CidrBlock", same=_networks.same, wrong=_networks.wrong_range),
        secondary_cidr_blocks=Option("list", "str", many=True, wrong=_networks.wrong_range),
        amazon_provided_ipv6_cidr_block=Option("bool"),
        instance_tenancy=fixed(api="CreateVpc.InstanceTenancy"),
        enable_dns_support=Option("bool"),
        enable_dns_hostnames=Option("bool"),
        dhcp_options=ref("ec2_dhcp_options", clearable=True),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=_network_holders.of_vpcs,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
