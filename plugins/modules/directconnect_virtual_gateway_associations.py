#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _networks
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, Unknown, ref


def find(aws, wanted):
    found = _directconnect.in_this_account(aws, "virtualPrivateGateway", lambda: _virtual_gateways(aws), wanted)
    return [_have(one) for one in found]


def _have(association):
    return dict(association, virtual_gateway=association["_associated"])


def read(aws, have, names):
    """Nothing more; but who looks hears of what waits for somebody."""
    _directconnect.tell_proposal(aws, have, names)
    return {}


def foresee(aws, want):
    """What AWS would refuse, told with what stands in the way."""
    _directconnect.refuse_other_kind(aws, want["direct_connect_gateway"], "private")
    wanted = want["virtual_gateway"]
    if isinstance(wanted, Unknown):
        return
    taken = [one for one in _directconnect.ask(aws, _directconnect.all_associations) if one["associatedGateway"]["id"] == wanted]
    if taken and taken[0]["directConnectGatewayId"] != want["direct_connect_gateway"]:
        raise Problem(f"{wanted} is associated with Direct Connect gateway {taken[0]['directConnectGatewayId']} already, and can have one only")


def create(aws, want):
    gateway = _directconnect.ask(aws, _virtual_gateways).get(want["virtual_gateway"])
    if gateway is None:
        raise _directconnect.nobody_proposed(want["virtual_gateway"], want)
    if "accept" in want:
        raise Problem(_directconnect.NOT_ASKED)
    foresee(aws, want)
    if not any(one["State"] == "attached" for one in gateway.get("VpcAttachments", [])):
        raise Problem(f"{want['virtual_gateway']} is not attached to a VPC: AWS associates it only then (vpc of ec2_vpn_gateways)")
    return _have(_directconnect.associate(aws, want, want["virtual_gateway"]))


def _virtual_gateways(aws):
    return {one["VpnGatewayId"]: one for one in aws.pages("ec2", "describe_vpn_gateways", "VpnGateways")}


def faults(entries, sheet):
    """A virtual private gateway has one Direct Connect gateway."""
    yield from _networks.claimed_twice(entries, "virtual_gateway")
    yield from _directconnect.faults_of_other_kind(entries, sheet, "directconnect_transit_gateway_associations")


KIND = Kind(
    name="directconnect_virtual_gateway_associations",
    identity=("direct_connect_gateway", "virtual_gateway"),
    asked_by=("directconnect_virtual_gateway_associations",),
    options=dict(
        direct_connect_gateway=ref("directconnect_gateways", elsewhere=True, fixed=True),
        virtual_gateway=ref("ec2_vpn_gateways", elsewhere=True, fixed=True),
        **_directconnect.between_accounts(),
        allowed_prefixes=_directconnect.prefixes(),
    ),
    find=find,
    look=_directconnect.progress_of_associations,
    read=read,
    create=create,
    update=_directconnect.update_prefixes,
    delete=_directconnect.disassociate,
    danger=_directconnect.danger_of_association,
    refuse=_directconnect.refuse_acceptance,
    foresee=foresee,
    faults=faults,
    seconds=_directconnect.ASSOCIATION_SECONDS,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
