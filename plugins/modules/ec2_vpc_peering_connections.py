#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

STARTING = ("initiating-request", "provisioning")
# Peerings that will never carry anything again; AWS still shows them for hours or days.
DEAD = ("deleted", "deleting", "rejected", "failed", "expired")

DNS = "allow_dns_resolution_from_remote_vpc"
# Option → (member of the request, side of a described peering)
SIDES = dict(
    requester_peering_connection_options=("RequesterPeeringConnectionOptions", "RequesterVpcInfo"),
    accepter_peering_connection_options=("AccepterPeeringConnectionOptions", "AccepterVpcInfo"),
)


def find(aws, wanted):
    here = _here(aws)
    return [_have(peering, here) for peering in _described(aws) if _code(peering) not in DEAD]


def look(aws, ids):
    here = _here(aws)
    return [_have(peering, here) for peering in _described(aws, dict(Name="vpc-peering-connection-id", Values=ids))]


def _described(aws, *filters):
    return aws.pages("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=list(filters))


def _here(aws):
    """The VPCs of this account and Region: a side of a peering can only be changed from where its VPC is."""
    return {vpc["VpcId"] for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs")}


def _have(peering, here):
    requester, accepter = peering["RequesterVpcInfo"], peering["AccepterVpcInfo"]
    return dict(
        id=peering["VpcPeeringConnectionId"],
        # A requester elsewhere has no name here, and nobody here chooses it.
        vpc=requester["VpcId"] if requester["VpcId"] in here else None,
        peer_vpc=accepter["VpcId"],
        peer_owner_id=accepter["OwnerId"],
        peer_region=accepter["Region"],
        requester_owner_id=requester["OwnerId"],
        accept=_code(peering) == "active",
        _requester_here=requester["VpcId"] in here,
        _accepter_here=accepter["VpcId"] in here,
        _moving=_code(peering) if _code(peering) in STARTING else None,
        _failed=_failure(peering),
        **{option: _options(peering[side]) for option, (dummy, side) in SIDES.items()},
        **_tags.name_and_tags(peering),
    )


def _options(side):
    return {DNS: side.get("PeeringOptions", {}).get("AllowDnsResolutionFromRemoteVpc", False)}


def foresee(aws, want):
    """Whoever is asked accepts, and who asks here is this account."""
    if want.get("accept") and (want.get("peer_owner_id", aws.account), want.get("peer_region", aws.region)) != (aws.account, aws.region):
        raise Problem("accept is for the entry of the side that is asked: leave it out here, and accept there with the id of this one")
    if want.get("requester_owner_id", aws.account) != aws.account:
        raise Problem(f"requester_owner_id says {want['requester_owner_id']}, and this is account {aws.account}: what another account asks for has an id")


def create(aws, want):
    foresee(aws, want)
    arguments = dict(VpcId=want["vpc"], PeerVpcId=want["peer_vpc"], TagSpecifications=_tags.specifications("vpc-peering-connection", want))
    arguments.update((member, want[option]) for option, member in (("peer_owner_id", "PeerOwnerId"), ("peer_region", "PeerRegion")) if option in want)
    made = aws.ec2.create_vpc_peering_connection(**arguments)["VpcPeeringConnection"]
    with aws.reading():
        have = next(iter(look(aws, [made["VpcPeeringConnectionId"]])), None) or _have(made, _here(aws))
    if have["name"] != want["name"]:
        # AWS answers a second request for the same VPCs with the first one, which another team may own.
        raise Problem(f"{have['id']} ({have['name']}) connects these two VPCs already. Add its id to the entry to mean that one")
    return have


def _failure(peering):
    """Within seconds AWS has looked at both VPCs and asked the other side, or given up."""
    why = "mostly the VPCs have overlapping blocks, or the peer's VPC id, account or Region is wrong"
    return f"it failed: {peering['Status'].get('Message')} ({why})" if _code(peering) == "failed" else None


def _look(aws, peering_id):
    return next(iter(_described(aws, dict(Name="vpc-peering-connection-id", Values=[peering_id]))), None)


def _code(peering):
    return peering["Status"]["Code"]


def update(aws, have, change):
    _tags.update(aws, have, change)
    peering = dict(VpcPeeringConnectionId=have["id"])
    if "accept" in change:
        if not have["_accepter_here"]:
            raise Problem(f"{have['id']} waits: account {have['peer_owner_id']} has to accept it in {have['peer_region']}, within 7 days")
        aws.ec2.accept_vpc_peering_connection(**peering)
    sides = {member: dict(AllowDnsResolutionFromRemoteVpc=change[option][DNS]) for option, (member, dummy) in SIDES.items() if option in change}
    if sides:
        if not have["accept"] and "accept" not in change:
            raise Problem(f"{have['id']} waits for account {have['peer_owner_id']}: its options can be set once it is accepted")
        aws.wait(f"acceptance of {have['id']}", lambda: _look(aws, have["id"]), lambda seen: seen and _code(seen) == "active", limit=120)
        aws.ec2.modify_vpc_peering_connection_options(**peering, **sides)
    return "provisioning" if "accept" in change else None


def refuse(want, have, change):
    if have.get("accept") and "accept" in change:
        raise Problem("an accepted peering cannot go back to waiting: remove it (state: absent) or leave accept out")
    if change.get("accept") and not have.get("_requester_here", True) and "requester_owner_id" not in want:
        told = "the account that is expected to have asked; it is held against the request before it is accepted"
        raise Problem(f"accept: write requester_owner_id too, {told}")
    for option, here in (("requester_peering_connection_options", "_requester_here"), ("accepter_peering_connection_options", "_accepter_here")):
        if option in change and not have.get(here, True):
            raise Problem(f"{option} can only be changed with the credentials and in the Region of that side")


def danger(have, change):
    off = [option for option in SIDES if change and have.get(option, {}).get(DNS) and option in change and not change[option][DNS]]
    sides = " and ".join("accepter" if option.startswith("requester") else "requester" for option in off)
    return f"would answer names of the {sides} VPC with public addresses again, which do not go through the peering" if off else None


def delete(aws, have):
    aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]), lambda seen: not seen or seen["Status"]["Code"] == "deleted", 120)


def _side():
    return Option("dict", options={DNS: Option("bool", required=True)})


KIND = Kind(
    name="ec2_vpc_peering_connections",
    identity=("name",),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        peer_vpc=ref("ec2_vpcs", elsewhere=True, fixed=True, required=True),
        peer_owner_id=fixed(api="CreateVpcPeeringConnection.PeerOwnerId"),
        peer_region=fixed(api="CreateVpcPeeringConnection.PeerRegion"),
        requester_owner_id=fixed(remedy="It is left as it is: ask its owner what it is for", api="CreateVpcPeeringConnection.PeerOwnerId"),
        accept=Option("bool"),
        requester_peering_connection_options=_side(),
        accepter_peering_connection_options=_side(),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
