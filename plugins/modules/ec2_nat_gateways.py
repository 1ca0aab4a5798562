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
SECONDS = 900
LIVE = ("pending", "available")
COMING = ("assigning", "associating")
LEAVING = ("unassigning", "disassociating")


def find(aws, wanted):
    """AWS goes on showing failed and deleted gateways for an hour."""
    return [_have(gateway) for gateway in _described(aws, "state", LIVE)]


def look(aws, ids):
    return [_have(gateway) for gateway in _described(aws, "nat-gateway-id", ids)]


def _described(aws, name, values):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    return aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=[dict(Name=name, Values=list(values))])


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
        _moving=_moving(gateway),
        _failed=_failure(gateway),
        **_tags.name_and_tags(gateway),
    )


def _moving(gateway):
    """The gateway itself, or one of its addresses."""
    states = [gateway["State"], *(address.get("Status") for address in gateway.get("NatGatewayAddresses", []))]
    return next((state for state in states if state in ("pending", *COMING, *LEAVING)), None)


def _failure(gateway):
    """AWS tells only afterwards why it made nothing of it, or of an address."""
    if gateway["State"] not in LIVE:
        return f"it is {gateway['State']}. AWS says {gateway.get('FailureCode')}: {gateway.get('FailureMessage')}"
    failed = [address for address in gateway.get("NatGatewayAddresses", []) if address.get("Status") == "failed"]
    return "; ".join(f"{address.get('AllocationId')} did not come. AWS says {address.get('FailureMessage')}" for address in failed)


MEMBERS = dict(subnet="SubnetId", connectivity_type="ConnectivityType", elastic_ip="AllocationId", private_ip_address="PrivateIpAddress")


def create(aws, want):
    arguments = {MEMBERS[name]: value for name, value in want.items() if name in MEMBERS}
    arguments["TagSpecifications"], ended = _tags.specifications("natgateway", want), aws.once(_ended)
    order = aws.ec2.create_nat_gateway
    return _have(_tokens.make(aws, order, arguments, lambda answer: answer["NatGateway"]["NatGatewayId"], lambda one: _gateway(aws, one), ended))


def update(aws, have, change):
    _tags.update(aws, have, change)
    if "secondary_elastic_ips" not in change:
        return None
    delta = change["secondary_elastic_ips"]
    # While one address comes or goes AWS takes no order for another. The new ones come first: there is no gap.
    if delta.add:
        aws.ec2.associate_nat_gateway_address(NatGatewayId=have["id"], AllocationIds=delta.add)
    if delta.add and delta.remove:
        _all_came(_settled(aws, have["id"]), delta.add)
    if delta.remove:
        associations = [have["_secondary"][allocation]["AssociationId"] for allocation in delta.remove]
        aws.ec2.disassociate_nat_gateway_address(NatGatewayId=have["id"], AssociationIds=associations)
    return "associating"


def _settled(aws, gateway_id):
    return aws.wait(f"NAT gateway {gateway_id}", lambda: _gateway(aws, gateway_id), lambda seen: seen and not _moving(seen), limit=SECONDS)


def _gateway(aws, gateway_id):
    return next(iter(_described(aws, "nat-gateway-id", [gateway_id])), None)


def _ended(aws):
    """Ids of gateways that failed or are no more."""
    return {gateway["NatGatewayId"] for gateway in _described(aws, "state", ["deleting", "deleted", "failed"])}


def _all_came(gateway, allocations):
    missing = set(allocations) - set(_have(gateway)["secondary_elastic_ips"])
    if missing:
        raise Problem(f"{', '.join(sorted(missing))} did not come to {gateway['NatGatewayId']}: {_failure(gateway)}")


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
    aws.wait(what, lambda: (_gateway(aws, have["id"]) or {}).get("State", "deleted"), lambda state: state == "deleted", limit=SECONDS)


def faults(entries, sheet):
    """A private NAT gateway has no Elastic IP addresses, a public one cannot do without."""
    for index, entry in enumerate(entries):
        for option in ("elastic_ip", "secondary_elastic_ips"):
            if entry.get("connectivity_type") == "private" and entry.get(option):
                yield index, option, "one_of", dict(value=entry[option], other=f"connectivity_type private, {option}")
        if entry.get("connectivity_type") == "public" and not entry.get("elastic_ip"):
            yield index, "connectivity_type", "needs", dict(value="public", other="elastic_ip")
    yield from _networks.misplaced("ec2_nat_gateways", entries, sheet)


def foresee(aws, want):
    _networks.refuse_address(aws, "ec2_nat_gateways", want)


KIND = Kind(
    name="ec2_nat_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        subnet=ref("ec2_subnets", fixed=True, required=True),
        connectivity_type=fixed(api="CreateNatGateway.ConnectivityType"),
        elastic_ip=ref("ec2_elastic_ips", fixed=True),
        private_ip_address=fixed(wrong=_networks.wrong_address),
        secondary_elastic_ips=refs("ec2_elastic_ips"),
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
    faults=faults,
    seconds=SECONDS,
    not_yet=(*_tags.NOT_YET, "NatGatewayNotFound"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
