#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref, refs, to_make

# Option → member of Options, in both calls
VALUES = dict(
    dns_support="DnsSupport",
    ipv6_support="Ipv6Support",
    appliance_mode_support="ApplianceModeSupport",
    security_group_referencing_support="SecurityGroupReferencingSupport",
)
LOST = dict(
    dns_support="answer public names of the VPC's servers with public addresses again, which do not go through the gateway",
    ipv6_support="cut what goes through the gateway over IPv6",
    appliance_mode_support="let both directions of a connection come through different zones, which breaks it at a firewall",
    security_group_referencing_support="void security group rules that name groups across the gateway",
)


def find(aws, wanted):
    """Those of one's own VPCs: the owner of a gateway also sees those of other accounts."""
    mine = aws.account
    return [_have(one) for one in _live(aws) if one["VpcOwnerId"] == mine]


def _live(aws):
    return [one for one in _described(aws) if one["State"] not in _transit_gateways.DEAD]


def _described(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments", Filters=list(filters))


def _have(attachment):
    options = attachment.get("Options", {})
    return dict(
        id=attachment["TransitGatewayAttachmentId"],
        transit_gateway=attachment["TransitGatewayId"],
        vpc=attachment["VpcId"],
        subnets=attachment.get("SubnetIds") or [],
        _asked=attachment["State"] == _transit_gateways.ASKED,
        **{option: options.get(member) for option, member in VALUES.items()},
        **_transit_gateways.progress(attachment),
        **_tags.name_and_tags(attachment),
    )


def look(aws, ids):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    return [_have(one) for one in _described(aws, dict(Name="transit-gateway-attachment-id", Values=ids))]


def create(aws, want):
    _check(aws, want)
    arguments = dict(TransitGatewayId=want["transit_gateway"], VpcId=want["vpc"], SubnetIds=to_make(want, "subnets"))
    options = {member: want[option] for option, member in VALUES.items() if option in want}
    if options:
        arguments["Options"] = options
    tagged = _tags.specifications("transit-gateway-attachment", want)
    attachment = aws.ec2.create_transit_gateway_vpc_attachment(**arguments, TagSpecifications=tagged)["TransitGatewayVpcAttachment"]
    return _have(attachment)


def _check(aws, want):
    """A VPC is attached to a gateway once, under whatever name; and AWS attaches one that overlaps another, but nothing finds it."""
    with aws.reading():
        attached = aws.once(_live) if aws.check_mode else _live(aws)
        attached = [one for one in attached if one["TransitGatewayId"] == want["transit_gateway"]]
        blocks = aws.once(_blocks)
    for one in attached:
        if one["VpcId"] == want["vpc"]:
            said = f"{one['TransitGatewayAttachmentId']} ({_tags.name_and_tags(one)['name']})"
            raise Problem(f"{want['vpc']} is attached to {want['transit_gateway']} already, as {said}. Add its id to the entry to mean that one")
        overlapping = [f"{block} of {one['VpcId']}" for block in blocks.get(one["VpcId"], []) for mine in blocks.get(want["vpc"], []) if block.overlaps(mine)]
        if overlapping:
            said = f"{want['name']}: {want['vpc']} overlaps {', '.join(overlapping)}, which is attached already"
            aws.warn(f"{said}. AWS attaches it, but propagates no route to it")


def _blocks(aws):
    """VPC → its IPv4 networks."""
    vpcs = aws.pages("ec2", "describe_vpcs", "Vpcs")
    return {vpc["VpcId"]: [_networks.network(one["CidrBlock"]) for one in vpc.get("CidrBlockAssociationSet", [])] for vpc in vpcs}


def update(aws, have, change):
    """One call for subnets and options, so that a subnet can take the place of another one of its zone."""
    arguments = {}
    if "subnets" in change:
        arguments.update(AddSubnetIds=change["subnets"].add, RemoveSubnetIds=change["subnets"].remove)
    options = {member: change[option] for option, member in VALUES.items() if option in change}
    if options:
        arguments["Options"] = options
    if arguments:
        given = {member: value for member, value in arguments.items() if value}
        aws.ec2.modify_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=have["id"], **given)
    _tags.update(aws, have, change)
    return "modifying" if arguments else None


def refuse(want, have, change):
    delta = change.get("subnets")
    if delta and not delta.add and not set(have.get("subnets", [])) - set(delta.remove):
        raise Problem("subnets: an attachment has one at least. To take it off the VPC, remove it (state: absent)")
    if have.get("_asked") and change.keys() - {"name", "tags"}:
        raise Problem(f"{have['id']} waits for the owner of {have['transit_gateway']} to accept it: it can be changed after that")


def danger(have, change):
    if not have:
        return None
    if not change:
        return f"would cut all that goes between {have['vpc']} and the transit gateway"
    reasons = [LOST[option] for option in VALUES if have.get(option) == "enable" and change.get(option) == "disable"]
    if have.get("appliance_mode_support") == "disable" and change.get("appliance_mode_support") == "enable":
        reasons.append("send connections that are open now through another zone, which breaks them at a firewall")
    if "subnets" in change and change["subnets"].remove:
        reasons.append(f"take the gateway out of {len(change['subnets'].remove)} subnets, and cut the zones where it has no other")
    return f"would {', and '.join(reasons)}" if reasons else None


def delete(aws, have):
    aws.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=have["id"])
    _transit_gateways.await_end(aws, have["id"], look)


def faults(entries, sheet):
    """A VPC is attached to a gateway once, and with one subnet in a zone."""
    yield from _networks.claimed_twice(entries, "vpc", "transit_gateway")
    subnets = {(subnet.get("vpc"), subnet.get("name")): subnet.get("availability_zone") for subnet in sheet.get("ec2_subnets", [])}
    for index, entry in enumerate(entries):
        zones = {}
        for dummy, name in _networks.blocks(entry, "subnets"):
            zone = subnets.get((entry.get("vpc"), str(name).rpartition("/")[2]))
            if zone and zone in zones:
                yield index, "subnets", "overlap", dict(value=f"{name} ({zone})", other=zones[zone], other_entry=index)
            zones.setdefault(zone, name)


def _switch(option):
    return Option(api=f"ModifyTransitGatewayVpcAttachment.Options.{VALUES[option]}")


KIND = Kind(
    name="ec2_transit_gateway_vpc_attachments",
    identity=("name",),
    options=dict(
        name=Option(),
        transit_gateway=ref("ec2_transit_gateways", elsewhere=True, fixed=True, required=True),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        subnets=refs("ec2_subnets", within="vpc", required=True),
        dns_support=_switch("dns_support"),
        ipv6_support=_switch("ipv6_support"),
        appliance_mode_support=_switch("appliance_mode_support"),
        security_group_referencing_support=_switch("security_group_referencing_support"),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    seconds=_transit_gateways.SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
