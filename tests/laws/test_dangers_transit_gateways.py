# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: transit gateways."""

from __future__ import annotations

import pytest

from tests.laws.dangers import both, named, subnet_id
from tests.laws.stage import examples
from tests.laws.test_gateways import client, harmless, write


def test_ec2_transit_gateway_passes_over_a_change(account, theirs):
    ec2 = client(account, "ec2")
    write(account, "ec2_transit_gateways", dict(name="acme", description="acme", vpn_ecmp_support="enable"))
    left, passed = both(
        account,
        lambda: ec2.describe_transit_gateways()["TransitGateways"][0]["Options"]["VpnEcmpSupport"],
        lambda: write(account, "ec2_transit_gateways", dict(name="acme", vpn_ecmp_support="disable"), confirm=["ec2_transit_gateways/acme"]),
        lambda: theirs("amazon.aws.ec2_transit_gateway", description="acme", vpn_ecmp_support=False),
    )
    assert (left, passed) == ("disable", "enable")


@pytest.fixture
def attachment(stage):
    """Of a VPC with one subnet, and how to look at it."""
    kind, ec2 = "ec2_transit_gateway_vpc_attachments", client(stage, "ec2")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    there = named(ec2.describe_transit_gateway_vpc_attachments(), "acme")["TransitGatewayAttachmentId"]
    return lambda: ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[there])["TransitGatewayVpcAttachments"][0]


def test_ec2_transit_gateway_vpc_attachment_swaps_the_subnets(stage, attachment, theirs):
    there, more = attachment(), subnet_id(client(stage, "ec2"), "acme-tgw-c")
    left, swapped = both(
        stage,
        lambda: attachment()["SubnetIds"],
        lambda: write(stage, "ec2_transit_gateway_vpc_attachments", dict(name="acme", vpc="acme", subnets=["acme-tgw-c"])),
        lambda: theirs("amazon.aws.ec2_transit_gateway_vpc_attachment", id=there["TransitGatewayAttachmentId"], subnets=[more], wait=False),
    )
    assert sorted(left) == sorted([*there["SubnetIds"], more]) and swapped == [more]


def test_ec2_transit_gateway_vpc_attachment_takes_the_name_away(stage, attachment, theirs):
    """With all other tags, where none are named."""
    there = attachment()
    left, taken = both(
        stage,
        lambda: len(attachment().get("Tags", [])),
        lambda: harmless(stage, "ec2_transit_gateway_vpc_attachments", dict(name="acme", vpc="acme", ipv6_support="enable")),
        lambda: theirs("amazon.aws.ec2_transit_gateway_vpc_attachment", id=there["TransitGatewayAttachmentId"], ipv6_support=True, wait=False),
    )
    assert (left, taken) == (len(there["Tags"]), 0)
