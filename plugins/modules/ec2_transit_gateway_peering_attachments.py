#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

CREATED_WITH = dict(transit_gateway="TransitGatewayId", peer_transit_gateway="PeerTransitGatewayId", peer_account_id="PeerAccountId", peer_region="PeerRegion")


def find(aws, wanted):
    """Those that this account and Region asked for: AWS also lists those that it was asked for."""
    here = (aws.account, aws.region)
    return [_have(one) for one in _live(aws) if (one["RequesterTgwInfo"]["OwnerId"], one["RequesterTgwInfo"]["Region"]) == here]


def _live(aws):
    return [one for one in _described(aws) if one["State"] not in _transit_gateways.DEAD]


def _described(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateway_peering_attachments", "TransitGatewayPeeringAttachments", Filters=list(filters))


def _have(attachment):
    accepter = attachment["AccepterTgwInfo"]
    return dict(
        id=attachment["TransitGatewayAttachmentId"],
        transit_gateway=attachment["RequesterTgwInfo"]["TransitGatewayId"],
        peer_transit_gateway=accepter["TransitGatewayId"],
        peer_account_id=accepter["OwnerId"],
        peer_region=accepter["Region"],
        dynamic_routing=attachment.get("Options", {}).get("DynamicRouting") or "disable",
        **_transit_gateways.progress(attachment),
        **_tags.name_and_tags(attachment),
    )


def look(aws, ids):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    return [_have(one) for one in _described(aws, dict(Name="transit-gateway-attachment-id", Values=ids))]


def create(aws, want):
    _check(aws, want)
    arguments = {member: want[option] for option, member in CREATED_WITH.items()}
    if "dynamic_routing" in want:
        arguments["Options"] = dict(DynamicRouting=want["dynamic_routing"])
    tagged = _tags.specifications("transit-gateway-attachment", want)
    attachment = aws.ec2.create_transit_gateway_peering_attachment(**arguments, TagSpecifications=tagged)["TransitGatewayPeeringAttachment"]
    return _have(attachment)


def _check(aws, want):
    """Two gateways are peered once, whoever asked; and with equal ASNs they can never exchange routes by themselves."""
    pair = {want["transit_gateway"], want["peer_transit_gateway"]}
    with aws.reading():
        there = aws.once(_live) if aws.check_mode else _live(aws)
        asns = aws.once(_asns)
    for one in there:
        if {one["RequesterTgwInfo"]["TransitGatewayId"], one["AccepterTgwInfo"]["TransitGatewayId"]} == pair:
            said = f"{one['TransitGatewayAttachmentId']} ({_tags.name_and_tags(one)['name']})"
            raise Problem(f"{' and '.join(sorted(pair))} are peered already, as {said}. Add its id to the entry to mean that one")
    if len({asns.get(gateway, gateway) for gateway in pair}) == 1:
        aws.warn(f"{want['name']}: both transit gateways have the ASN {asns[want['transit_gateway']]}. Dynamic routing between them needs different ones")


def _asns(aws):
    """The ASNs of the gateways that can be seen from here."""
    gateways = aws.pages("ec2", "describe_transit_gateways", "TransitGateways")
    return {gateway["TransitGatewayId"]: gateway["Options"].get("AmazonSideAsn") for gateway in gateways}


def update(aws, have, change):
    _tags.update(aws, have, change)


def danger(have, change):
    if have and not change:
        return f"would cut all that goes to and from {have['peer_transit_gateway']}, at both sides"
    return None


def delete(aws, have):
    aws.ec2.delete_transit_gateway_peering_attachment(TransitGatewayAttachmentId=have["id"])
    _transit_gateways.await_end(aws, have["id"], look)


KIND = Kind(
    name="ec2_transit_gateway_peering_attachments",
    identity=("name",),
    options=dict(
        name=Option(),
        transit_gateway=ref("ec2_transit_gateways", fixed=True, required=True),
        peer_transit_gateway=ref("ec2_transit_gateways", elsewhere=True, fixed=True, required=True),
        peer_account_id=fixed(required=True, api="CreateTransitGatewayPeeringAttachment.PeerAccountId"),
        peer_region=fixed(required=True, api="CreateTransitGatewayPeeringAttachment.PeerRegion"),
        dynamic_routing=fixed(api="CreateTransitGatewayPeeringAttachment.Options.DynamicRouting"),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    seconds=_transit_gateways.SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
