#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

# AWS needs a few minutes to attach or detach a virtual private gateway.
ATTACHMENT_SECONDS = 600


def find(aws, wanted):
    """AWS goes on showing deleted gateways for a while."""
    gateways = aws.pages("ec2", "describe_vpn_gateways", "VpnGateways")
    return [_have(gateway) for gateway in gateways if gateway["State"] not in ("deleting", "deleted")]


def _have(gateway):
    attached = [attachment["VpcId"] for attachment in gateway.get("VpcAttachments", []) if attachment["State"] in ("attaching", "attached")]
    return dict(
        id=gateway["VpnGatewayId"],
        amazon_side_asn=gateway.get("AmazonSideAsn"),
        vpc=attached[0] if attached else None,
        **_tags.name_and_tags(gateway),
    )


def create(aws, want):
    _one_per_vpc(aws, want)
    # ipsec.1 is the only type there is, and the API wants to be told.
    arguments = dict(Type="ipsec.1", TagSpecifications=_tags.specifications("vpn-gateway", want))
    if "amazon_side_asn" in want:
        arguments["AmazonSideAsn"] = want["amazon_side_asn"]
    return _have(aws.ec2.create_vpn_gateway(**arguments)["VpnGateway"])


def update(aws, have, change):
    _one_per_vpc(aws, change)
    _tags.update(aws, have, change)
    if change.get("vpc"):
        aws.ec2.attach_vpn_gateway(VpnGatewayId=have["id"], VpcId=change["vpc"])
        _wait(aws, have["id"], change["vpc"], "attached")
    elif "vpc" in change:
        _detach(aws, have)


def _one_per_vpc(aws, want):
    """AWS would refuse a second gateway only when it is attached: made already, and of no use. A plan asks once for all entries."""
    if want.get("vpc"):
        with aws.reading():
            found = aws.once(find, None) if aws.check_mode else find(aws, None)
        there = [gateway["id"] for gateway in found if gateway["vpc"] == want["vpc"]]
        if there:
            raise Problem(f"{want['vpc']} already has the virtual private gateway {there[0]}. To make it this one, add its id to the entry")


def _detach(aws, have):
    aws.ec2.detach_vpn_gateway(VpnGatewayId=have["id"], VpcId=have["vpc"])
    _wait(aws, have["id"], have["vpc"], "detached")


def _wait(aws, gateway_id, vpc_id, state):
    """Routes need the one state, deleting the gateway or its VPC needs the other."""
    what = f"{gateway_id} {state} to {vpc_id}" if state == "attached" else f"{gateway_id} {state} from {vpc_id}"
    aws.wait(what, lambda: _state(aws, gateway_id, vpc_id), lambda found: found == state, limit=ATTACHMENT_SECONDS)


def _state(aws, gateway_id, vpc_id):
    """An attachment that is not shown at all is none."""
    gateways = aws.pages("ec2", "describe_vpn_gateways", "VpnGateways", VpnGatewayIds=[gateway_id])
    attachments = [attachment for gateway in gateways for attachment in gateway.get("VpcAttachments", [])]
    return next((attachment["State"] for attachment in attachments if attachment["VpcId"] == vpc_id), "detached")


def danger(have, change):
    if have.get("vpc") and "vpc" in change:
        return f"would take the virtual private gateway off {have['vpc']} and cut the VPN and Direct Connect connections that end there"
    return None


def refuse(want, have, change):
    _networks.refuse_asn(change)
    if have.get("vpc") and change.get("vpc"):
        raise Problem(
            f"{have['id']} is attached to {have['vpc']}, and moving it would cut the connections that end there. "
            "Take it off in a run of its own (clear: [vpc]), then name the new VPC"
        )


def delete(aws, have):
    if have["vpc"]:
        _detach(aws, have)
    aws.ec2.delete_vpn_gateway(VpnGatewayId=have["id"])


def faults(entries, sheet):
    """A VPC has one virtual private gateway, or none."""
    yield from _networks.claimed_twice(entries, "vpc")


KIND = Kind(
    name="ec2_vpn_gateways",
    identity=("name",),
    options=dict(
        name=Option(),
        amazon_side_asn=fixed("int"),
        vpc=ref("ec2_vpcs", clearable=True),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=_network_holders.of_vpn_gateways,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
