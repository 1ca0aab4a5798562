#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._names import makers
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, to_make

# Option → member of Options, in both calls
VALUES = dict(
    amazon_side_asn="AmazonSideAsn",
    auto_accept_shared_attachments="AutoAcceptSharedAttachments",
    default_route_table_association="DefaultRouteTableAssociation",
    default_route_table_propagation="DefaultRouteTablePropagation",
    dns_support="DnsSupport",
    security_group_referencing_support="SecurityGroupReferencingSupport",
    vpn_ecmp_support="VpnEcmpSupport",
)
BLOCKS = "transit_gateway_cidr_blocks"
DEFAULTS = ("default_route_table_association", "default_route_table_propagation")
# ModifyTransitGateway: the ASN cannot be changed as long as there are attachments of these types.
HOLD_THE_ASN = ("vpn", "direct-connect-gateway", "connect", "vpn-concentrator", "client-vpn")


def find(aws, wanted):
    """One's own: AWS also lists those that other accounts share."""
    mine, attached = aws.account, {}
    for attachment in aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments"):
        if attachment["State"] not in ("deleted", "failed", "rejected"):
            attached.setdefault(attachment["TransitGatewayId"], []).append(attachment)
    own = [gateway for gateway in _described(aws) if gateway["OwnerId"] == mine and gateway["State"] not in _transit_gateways.DEAD]
    return [dict(_have(gateway), _attached=attached.get(gateway["TransitGatewayId"], [])) for gateway in own]


def _have(gateway):
    options = gateway.get("Options", {})
    return {
        "id": gateway["TransitGatewayId"],
        "description": gateway.get("Description"),
        "multicast_support": options.get("MulticastSupport"),
        BLOCKS: options.get("TransitGatewayCidrBlocks") or [],
        **{option: options.get(member) for option, member in VALUES.items()},
        **_transit_gateways.progress(gateway),
        **_tags.name_and_tags(gateway),
    }


def look(aws, ids):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    return [_have(gateway) for gateway in _described(aws, dict(Name="transit-gateway-id", Values=ids))]


def _described(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateways", "TransitGateways", Filters=list(filters))


def create(aws, want):
    options = {member: want[option] for option, member in VALUES.items() if option in want}
    if "multicast_support" in want:
        options["MulticastSupport"] = want["multicast_support"]
    if BLOCKS in want:
        options["TransitGatewayCidrBlocks"] = to_make(want, BLOCKS)
    _warn_of_defaults(aws, want)
    arguments = dict(Options=options) if options else {}
    if "description" in want:
        arguments["Description"] = want["description"]
    gateway = aws.ec2.create_transit_gateway(**arguments, TagSpecifications=_tags.specifications("transit-gateway", want))["TransitGateway"]
    return dict(_have(gateway), _attached=[])


def _warn_of_defaults(aws, want):
    left = [option for option in DEFAULTS if want.get(option) != "disable"]
    if left:
        aws.warn(
            f"{want['name']}: {' and '.join(left)} not 'disable', so AWS puts every new attachment under one route table, where all reach each other. "
            "To switch it off later does not touch what is attached by then"
        )


def update(aws, have, change):
    """All options in one call. They hold for what is attached from then on."""
    options = {member: change[option] for option, member in VALUES.items() if option in change}
    if BLOCKS in change:
        blocks = dict(AddTransitGatewayCidrBlocks=change[BLOCKS].add, RemoveTransitGatewayCidrBlocks=change[BLOCKS].remove)
        options.update((member, value) for member, value in blocks.items() if value)
    arguments = dict(Options=options) if options else {}
    if "description" in change:
        arguments["Description"] = change["description"]
    if have["_attached"] and any(option in change for option in DEFAULTS):
        aws.warn(f"{have['name']}: what is attached already stays under the route tables where it is")
    if arguments:
        aws.ec2.modify_transit_gateway(TransitGatewayId=have["id"], **arguments)
    _tags.update(aws, have, change)
    return "modifying" if arguments else None


def refuse(want, have, change):
    _networks.refuse_asn(change)
    holding = [attachment["TransitGatewayAttachmentId"] for attachment in have.get("_attached", []) if attachment["ResourceType"] in HOLD_THE_ASN]
    if "amazon_side_asn" in change and holding:
        raise Problem(f"amazon_side_asn cannot change as long as these VPN or Direct Connect attachments are there: {', '.join(holding)}")


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would delete the transit gateway with its route tables"
    reasons = []
    if change.get("auto_accept_shared_attachments") == "enable":
        reasons.append("let every account that the gateway is shared with attach its VPCs without being asked")
    if BLOCKS in change and change[BLOCKS].remove:
        reasons.append(f"take {', '.join(change[BLOCKS].remove)} from the gateway, whose addresses Connect and private VPN attachments use")
    return f"would {' and '.join(reasons)}" if reasons else None


def delete(aws, have):
    aws.ec2.delete_transit_gateway(TransitGatewayId=have["id"])
    _transit_gateways.await_end(aws, have["id"], look)


def holders(aws, haves):
    for have in haves:
        for one in have["_attached"]:
            ids = (one["TransitGatewayAttachmentId"], one.get("ResourceId"))
            freed = tuple((kind, id) for kind in makers("ec2_transit_gateway_attachments") for id in ids)
            if one["ResourceType"] == "direct-connect-gateway":  # it goes with the association, whose id is another one
                freed += (("directconnect_transit_gateway_associations", None),)
            yield Holder(have["id"], "attachments", f"{ids[0]} {one['ResourceType']} {ids[1]}", freed)


def faults(entries, sheet):
    """Its own blocks do not overlap."""
    for index, entry in enumerate(entries):
        yield from _networks.overlaps((index, option, block) for option, block in _networks.blocks(entry, BLOCKS))


def _switch(option, call="ModifyTransitGateway"):
    return Option(api=f"{call}.Options.{VALUES[option]}")


KIND = Kind(
    name="ec2_transit_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        description=Option(),
        amazon_side_asn=Option("int"),
        default_route_table_association=_switch("default_route_table_association"),
        default_route_table_propagation=_switch("default_route_table_propagation"),
        auto_accept_shared_attachments=_switch("auto_accept_shared_attachments"),
        dns_support=_switch("dns_support"),
        security_group_referencing_support=_switch("security_group_referencing_support"),
        vpn_ecmp_support=_switch("vpn_ecmp_support"),
        multicast_support=fixed(api="CreateTransitGateway.Options.MulticastSupport"),
        transit_gateway_cidr_blocks=Option("list", "str", many=True, wrong=_networks.wrong_key),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    seconds=_transit_gateways.SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
