#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import Kind, run
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

STARTING = ("initiating-request", "provisioning")
# Peerings that will never carry anything again; AWS still shows them for hours or days.
DEAD = ("deleted", "deleting", "rejected", "failed", "expired")

# Option → (member of the request, side of a described peering)
SIDES = dict(
    requester_peering_connection_options=("RequesterPeeringConnectionOptions", "RequesterVpcInfo"),
    accepter_peering_connection_options=("AccepterPeeringConnectionOptions", "AccepterVpcInfo"),
)


def find(aws, wanted):
    return _living(aws)


def _living(aws, *filters):
    """Each with whether its two VPCs are in this account and Region, because every side is changed from where it is."""
    peerings = aws.pages("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=list(filters))
    here = {vpc["VpcId"] for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs")}
    return [_have(peering, here) for peering in peerings if peering["Status"]["Code"] not in DEAD]


def _have(peering, here):
    requester, accepter = peering["RequesterVpcInfo"], peering["AccepterVpcInfo"]
    return dict(
        id=peering["VpcPeeringConnectionId"],
        # A requester elsewhere has no name here, and nobody here chooses it.
        vpc=requester["VpcId"] if requester["VpcId"] in here else None,
        peer_vpc=accepter["VpcId"],
        peer_owner_id=accepter["OwnerId"],
        peer_region=accepter["Region"],
        accept=peering["Status"]["Code"] == "active",
        _requester_here=requester["VpcId"] in here,
        _accepter_here=accepter["VpcId"] in here,
        **{option: _options(peering[side]) for option, (dummy, side) in SIDES.items()},
        **_tags.name_and_tags(peering),
    )


def _options(side):
    return dict(allow_dns_resolution_from_remote_vpc=side.get("PeeringOptions", {}).get("AllowDnsResolutionFromRemoteVpc", False))


def create(aws, want):
    arguments = dict(VpcId=want["vpc"], PeerVpcId=want["peer_vpc"], TagSpecifications=_tags.specifications("vpc-peering-connection", want))
    arguments.update((member, want[option]) for option, member in (("peer_owner_id", "PeerOwnerId"), ("peer_region", "PeerRegion")) if option in want)
    have = _settled(aws, aws.ec2.create_vpc_peering_connection(**arguments)["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    if have["name"] != want["name"]:
        # AWS answers a second request for the same VPCs with the first one, which another team may own.
        raise Problem(f"{have['id']} ({have['name']}) connects these two VPCs already. Add its id to the entry to mean that one")
    return have


def _settled(aws, peering_id):
    """Within seconds AWS has looked at both VPCs and asked the other side, or given up."""
    peering = aws.wait(f"VPC peering connection {peering_id}", lambda: _look(aws, peering_id), lambda seen: seen and seen["Status"]["Code"] not in STARTING, 120)
    if peering["Status"]["Code"] == "failed":
        raise Problem(
            f"{peering_id} failed: {peering['Status'].get('Message')}. Mostly the two VPCs have overlapping blocks, or the peer's VPC id, account or Region is wrong"
        )
    with aws.reading():
        return next(have for have in _living(aws, dict(Name="vpc-peering-connection-id", Values=[peering_id])))


def _look(aws, peering_id):
    filters = [dict(Name="vpc-peering-connection-id", Values=[peering_id])]
    return next(iter(aws.pages("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=filters)), None)


def update(aws, have, change):
    _tags.update(aws, have, change)
    if "accept" in change:
        if not have["_accepter_here"]:
            raise Problem(f"{have['id']} is there and waits: account {have['peer_owner_id']} accepts it in {have['peer_region']}, within 7 days")
        aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=have["id"])
        aws.wait(f"acceptance of {have['id']}", lambda: _look(aws, have["id"])["Status"]["Code"], lambda code: code == "active", 120)
    sides = {
        member: dict(AllowDnsResolutionFromRemoteVpc=change[option]["allow_dns_resolution_from_remote_vpc"]) for option, (member, dummy) in SIDES.items() if option in change
    }
    if sides:
        if not have["accept"] and "accept" not in change:
            raise Problem(f"{', '.join(SIDES.keys() & change.keys())} can be set once account {have['peer_owner_id']} has accepted {have['id']}: run again then")
        aws.ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=have["id"], **sides)


def refuse(want, have, change):
    if have.get("accept") and "accept" in change:
        raise Problem("an accepted peering cannot go back to waiting: remove it (state: absent) or leave accept out")
    for option, here in (("requester_peering_connection_options", "_requester_here"), ("accepter_peering_connection_options", "_accepter_here")):
        if option in change and not have.get(here, True):
            raise Problem(f"{option} can only be changed with the credentials and in the Region of that side")


def delete(aws, have):
    aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]), lambda seen: not seen or seen["Status"]["Code"] == "deleted", 120)


def _side(member):
    api = f"ModifyVpcPeeringConnectionOptions.{member}.AllowDnsResolutionFromRemoteVpc"
    return Option("dict", options=dict(allow_dns_resolution_from_remote_vpc=Option("bool", required=True, api=api)))


KIND = Kind(
    name="ec2_vpc_peering_connections",
    identity=("name",),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        peer_vpc=ref("ec2_vpcs", elsewhere=True, fixed=True, required=True),
        peer_owner_id=fixed(api="CreateVpcPeeringConnection.PeerOwnerId"),
        peer_region=fixed(api="CreateVpcPeeringConnection.PeerRegion"),
        accept=Option("bool"),
        tags=tags(),
        **{option: _side(member) for option, (member, dummy) in SIDES.items()},
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
