#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

# What another one attaches, and as which type of resource AWS tells of it.
RESOURCES = dict(vpc="vpc", peer_transit_gateway="peering")
ARRIVING = ("initiating", "initiatingRequest")
# A request from another Region is on its way for a minute or two.
ARRIVAL_SECONDS = 180


def find(aws, wanted):
    """What others asked to attach to one's own gateways. The accepter's tags are in the list of all attachments; who asked for a peering is in its own."""
    mine = aws.account
    requests = {_accepted_as(one): one["TransitGatewayAttachmentId"] for one in _asked_peerings(aws, mine)}
    found = []
    for one in _described(aws):
        of_others = one["ResourceType"] == "vpc" and one["TransitGatewayOwnerId"] == mine != one["ResourceOwnerId"]
        if one["State"] not in _transit_gateways.DEAD and (of_others or one["TransitGatewayAttachmentId"] in requests):
            found.append(_have(one, requests.get(one["TransitGatewayAttachmentId"])))
    return found


def _asked_peerings(aws, mine):
    peerings = aws.pages("ec2", "describe_transit_gateway_peering_attachments", "TransitGatewayPeeringAttachments")
    return [one for one in peerings if (one["AccepterTgwInfo"]["OwnerId"], one["AccepterTgwInfo"]["Region"]) == (mine, aws.region)]


def _accepted_as(peering):
    """Within a Region the two sides of a peering have attachments of their own; across Regions one id means both."""
    return peering.get("AccepterTransitGatewayAttachmentId") or peering["TransitGatewayAttachmentId"]


def _described(aws, *filters):
    return aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=list(filters))


def _have(attachment, request=None):
    return dict(
        id=attachment["TransitGatewayAttachmentId"],
        transit_gateway=attachment["TransitGatewayId"],
        **{option: attachment["ResourceId"] if attachment["ResourceType"] == kind else None for option, kind in RESOURCES.items()},
        resource_owner_id=attachment["ResourceOwnerId"],
        accept=attachment["State"] not in (*ARRIVING, _transit_gateways.ASKED),
        _peering=request,
        **_transit_gateways.progress(attachment),
        **_tags.name_and_tags(attachment),
    )


def look(aws, ids):
    """Without who asked for a peering, which `find` tells."""
    found = [_have(one) for one in _described(aws, dict(Name="transit-gateway-attachment-id", Values=ids))]
    return [{name: value for name, value in have.items() if name != "_peering"} for have in found]


def create(aws, want):
    """Another one has made it. Here it gets its name, which says from then on which one is meant; it is accepted afterwards."""
    with aws.reading():
        there = aws.once(find, None) if aws.check_mode else find(aws, None)
    asked = next((one for one in there if one["transit_gateway"] == want["transit_gateway"] and _attached(one) == _attached(want)), None)
    if asked is None:
        raise Problem(f"nobody has asked to attach {_attached(want)} to {want['transit_gateway']}: its owner has to do that first")
    if asked["resource_owner_id"] != want["resource_owner_id"]:
        said = f"{asked['id']} was asked for by account {asked['resource_owner_id']}, the sheet expects {want['resource_owner_id']}"
        raise Problem(f"{said}: it is left as it is")
    if asked["name"]:
        raise Problem(f"{asked['id']} has the name {asked['name']!r} already. Add its id to the entry to mean that one")
    named = _tags.specifications("transit-gateway-attachment", want)[0]["Tags"]
    aws.ec2.create_tags(Resources=[asked["id"]], Tags=named)
    return {**asked, **_tags.name_and_tags(dict(Tags=named)), "tags": {**asked["tags"], **want.get("tags", {})}}


def _attached(thing):
    return next((thing[option] for option in RESOURCES if thing.get(option)), None)


def update(aws, have, change):
    _tags.update(aws, have, change)
    if not change.get("accept"):
        return None
    _transit_gateways.await_state(aws, f"request {have['id']}", have["id"], look, lambda state: state not in (None, *ARRIVING), ARRIVAL_SECONDS)
    if have["_peering"]:
        aws.ec2.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=have["_peering"])
    else:
        aws.ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=have["id"])
    return "pending"


def refuse(want, have, change):
    if have.get("accept") and "accept" in change:
        raise Problem("what is accepted cannot go back to waiting: remove it (state: absent) or leave accept out")
    if change.get("accept") and "resource_owner_id" not in want:
        raise Problem("accept: write resource_owner_id too, the account that is expected to have asked; it is held against the request before it is accepted")


def danger(have, change):
    if not have or change:
        return None
    if not have["accept"]:
        return f"would reject the request of account {have['resource_owner_id']} for {_attached(have)}"
    return f"would delete the attachment, and cut all that goes to and from {_attached(have)} of account {have['resource_owner_id']}"


def delete(aws, have):
    """What waits is rejected, what is accepted is deleted."""
    if have["_peering"]:
        end = aws.ec2.delete_transit_gateway_peering_attachment if have["accept"] else aws.ec2.reject_transit_gateway_peering_attachment
    else:
        end = aws.ec2.delete_transit_gateway_vpc_attachment if have["accept"] else aws.ec2.reject_transit_gateway_vpc_attachment
    end(TransitGatewayAttachmentId=have["_peering"] or have["id"])
    _transit_gateways.await_end(aws, have["id"], look)


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        given = [option for option in RESOURCES if entry.get(option) is not None]
        if len(given) > 1:
            yield index, given[0], "one_of", dict(value=entry[given[0]], other=", ".join(RESOURCES))


KIND = Kind(
    name="ec2_transit_gateway_attachment_accepters",
    identity=("name",),
    needs_one=(tuple(RESOURCES),),
    asked_by=("ec2_transit_gateway_vpc_attachments", "ec2_transit_gateway_peering_attachments"),
    options=dict(
        name=Option(),
        transit_gateway=ref("ec2_transit_gateways", fixed=True, required=True),
        vpc=ref("ec2_vpcs", elsewhere=True, fixed=True),
        peer_transit_gateway=ref("ec2_transit_gateways", elsewhere=True, fixed=True),
        resource_owner_id=fixed(required=True),
        accept=Option("bool"),
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
    # The request is seen in this Region a moment before it can be accepted.
    not_yet=(*_tags.NOT_YET, r"\(IncorrectState\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
