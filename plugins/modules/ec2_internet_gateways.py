#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref


def find(aws, wanted):
    return [_have(gateway) for gateway in aws.pages("ec2", "describe_internet_gateways", "InternetGateways")]


def _have(gateway):
    return dict(
        id=gateway["InternetGatewayId"],
        vpc=next((attachment["VpcId"] for attachment in gateway.get("Attachments", [])), None),
        **_tags.name_and_tags(gateway),
    )


def create(aws, want):
    _one_per_vpc(aws, want)
    gateway = aws.ec2.create_internet_gateway(TagSpecifications=_tags.specifications("internet-gateway", want))["InternetGateway"]
    return _have(gateway)


def update(aws, have, change):
    _one_per_vpc(aws, change)
    _tags.update(aws, have, change)
    if change.get("vpc"):
        aws.ec2.attach_internet_gateway(InternetGatewayId=have["id"], VpcId=change["vpc"])
        what = f"the attachment of {have['id']} to {change['vpc']}"
        aws.wait(what, lambda: _attached(aws, change["vpc"]), lambda found: have["id"] in found, limit=60)
    elif "vpc" in change:
        _detach(aws, have)


def _one_per_vpc(aws, want):
    """AWS would refuse a second gateway only when it is attached: made already, and of no use. A plan asks once for all entries."""
    if want.get("vpc"):
        with aws.reading():
            found = aws.once(find, None) if aws.check_mode else find(aws, None)
        there = [gateway["id"] for gateway in found if gateway["vpc"] == want["vpc"]]
        if there:
            raise Problem(f"{want['vpc']} already has the internet gateway {there[0]}. To make it this one, add its id to the entry")


def _attached(aws, vpc_id):
    filters = [dict(Name="attachment.vpc-id", Values=[vpc_id])]
    return [gateway["InternetGatewayId"] for gateway in aws.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters)]


def _detach(aws, have):
    aws.ec2.detach_internet_gateway(InternetGatewayId=have["id"], VpcId=have["vpc"])


def danger(have, change):
    if have.get("vpc") and "vpc" in change:
        return f"would take the internet gateway off {have['vpc']} and cut what goes through it"
    return None


def refuse(want, have, change):
    if have.get("vpc") and change.get("vpc"):
        raise Problem(
            f"{have['id']} is attached to {have['vpc']}, and moving it would cut what goes through it. "
            "Take it off in a run of its own (clear: [vpc]), then name the new VPC"
        )


def delete(aws, have):
    if have["vpc"]:
        _detach(aws, have)
    aws.ec2.delete_internet_gateway(InternetGatewayId=have["id"])


def faults(entries, sheet):
    """A VPC has one internet gateway, or none."""
    yield from _networks.claimed_twice(entries, "vpc")


KIND = Kind(
    name="ec2_internet_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", clearable=True),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=_network_holders.of_internet_gateways,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
