#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, refs

# AWS makes and removes one in a few minutes, and lets connections drain for up to 350 s before it takes an address off.
NAT_SECONDS = 900
LIVE = ("pending", "available")
COMING = ("assigning", "associating")
LEAVING = ("unassigning", "disassociating")


def find(aws, wanted):
    """AWS goes on showing failed and deleted gateways for an hour."""
    return [_have(gateway) for gateway in aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=[dict(Name="state", Values=list(LIVE))])]


def _have(gateway):
    there = [address for address in gateway.get("NatGatewayAddresses", []) if address.get("Status") not in (*LEAVING, "failed")]
    primary = next((address for address in there if address.get("IsPrimary")), {})
    secondary = {address["AllocationId"]: address for address in there if address is not primary and "AllocationId" in address}
    return dict(
        id=gateway["NatGatewayId"],
        subnet=gateway.get("SubnetId"),
        connectivity_type=gateway.get("ConnectivityType"),
        elastic_ip=primary.get("AllocationId"),
        private_ip_address=primary.get("PrivateIp"),
        secondary_elastic_ips=list(secondary),
        _secondary=secondary,
        _at_rest=_at_rest(gateway),
        **_tags.name_and_tags(gateway),
    )


def _at_rest(gateway):
    moving = [address for address in gateway.get("NatGatewayAddresses", []) if address.get("Status") in (*COMING, *LEAVING)]
    return gateway["State"] != "pending" and not moving


def read(aws, have, names):
    """What a broken run left half-made can be compared, and changed, only when AWS is done with it."""
    return {} if have["_at_rest"] else _have(_settled(aws, have["id"]))


MEMBERS = dict(subnet="SubnetId", connectivity_type="ConnectivityType", elastic_ip="AllocationId", private_ip_address="PrivateIpAddress")


def create(aws, want):
    arguments = {MEMBERS[name]: value for name, value in want.items() if name in MEMBERS}
    arguments["TagSpecifications"], ended = _tags.specifications("natgateway", want), aws.once(_ended)
    order = aws.ec2.create_nat_gateway
    gateway = _tokens.make(aws, order, arguments, lambda answer: answer["NatGateway"]["NatGatewayId"], lambda one: _described(aws, one), ended)
    return _have(_settled(aws, gateway["NatGatewayId"]))


def update(aws, have, change):
    _tags.update(aws, have, change)
    if "secondary_elastic_ips" not in change:
        return
    delta = change["secondary_elastic_ips"]
    # While one address comes or goes AWS takes no order for another, so each step waits. The new ones come first: there is no gap.
    if delta.add:
        aws.ec2.associate_nat_gateway_address(NatGatewayId=have["id"], AllocationIds=delta.add)
        _all_came(_settled(aws, have["id"]), delta.add)
    if delta.remove:
        associations = [have["_secondary"][allocation]["AssociationId"] for allocation in delta.remove]
        aws.ec2.disassociate_nat_gateway_address(NatGatewayId=have["id"], AssociationIds=associations)
        _settled(aws, have["id"])


def _settled(aws, gateway_id):
    """The gateway when AWS is done with it and all its addresses; the reason when it failed, which AWS tells only afterwards."""
    gateway = {}

    def look():
        gateway.update(_described(aws, gateway_id))
        return [gateway.get("State"), *(address.get("Status") for address in gateway.get("NatGatewayAddresses", []))]

    aws.wait(f"NAT gateway {gateway_id}", look, lambda dummy: gateway and _at_rest(gateway), limit=NAT_SECONDS)
    if gateway["State"] == "failed":
        raise Problem(f"{gateway_id} failed. AWS says {gateway.get('FailureCode')}: {gateway.get('FailureMessage')}")
    return gateway


def _ended(aws):
    """Ids of gateways that failed or are no more."""
    filters = [dict(Name="state", Values=["deleting", "deleted", "failed"])]
    return {gateway["NatGatewayId"] for gateway in aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters)}


def _described(aws, gateway_id):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    filters = [dict(Name="nat-gateway-id", Values=[gateway_id])]
    return next(iter(aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters)), {})


def _all_came(gateway, allocations):
    missing = set(allocations) - set(_have(gateway)["secondary_elastic_ips"])
    if missing:
        said = [address.get("FailureMessage") for address in gateway["NatGatewayAddresses"] if address.get("AllocationId") in missing]
        raise Problem(f"{', '.join(sorted(missing))} did not come to {gateway['NatGatewayId']}. AWS says: {said}")


def danger(have, change):
    leaving = change["secondary_elastic_ips"].remove if have and "secondary_elastic_ips" in change else []
    if leaving:
        addresses = ", ".join(have["_secondary"][allocation]["PublicIp"] for allocation in leaving)
        return f"would take {addresses} off the NAT gateway, and after 350 s cut the connections that still use it"
    return None


def refuse(want, have, change):
    """AWS has no address to give of its own, and would refuse further ones of a private gateway only when it has been made."""
    private = {**have, **change}.get("connectivity_type") == "private"
    if not have and not private and "elastic_ip" not in want:
        raise Problem("a public NAT gateway needs an elastic_ip to be created")
    if private and (change.get("elastic_ip") or ("secondary_elastic_ips" in change and change["secondary_elastic_ips"].add)):
        raise Problem("a private NAT gateway has no Elastic IP addresses: leave out elastic_ip and secondary_elastic_ips, or make a public one")


def delete(aws, have):
    aws.ec2.delete_nat_gateway(NatGatewayId=have["id"])
    # Its addresses and its interface in the subnet are free only when it is gone.
    what = f"the end of NAT gateway {have['id']}"
    aws.wait(what, lambda: _described(aws, have["id"]).get("State", "deleted"), lambda state: state == "deleted", limit=NAT_SECONDS)


def faults(entries, sheet):
    """A private NAT gateway has no Elastic IP addresses, a public one cannot do without."""
    for index, entry in enumerate(entries):
        for option in ("elastic_ip", "secondary_elastic_ips"):
            if entry.get("connectivity_type") == "private" and entry.get(option):
                yield index, option, "one_of", dict(value=entry[option], other=f"connectivity_type private, {option}")
        if entry.get("connectivity_type") == "public" and not entry.get("elastic_ip"):
            yield index, "connectivity_type", "needs", dict(value="public", other="elastic_ip")
    yield from _networks.misplaced("ec2_nat_gateways", entries, sheet)


KIND = Kind(
    name="ec2_nat_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        subnet=ref("ec2_subnets", fixed=True, required=True),
        connectivity_type=fixed(api="CreateNatGateway.ConnectivityType"),
        elastic_ip=ref("ec2_elastic_ips", fixed=True),
        private_ip_address=fixed(),
        secondary_elastic_ips=refs("ec2_elastic_ips"),
        tags=_tags.beside_name(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    not_yet=(*_tags.NOT_YET, "NatGatewayNotFound"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
