# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: Site-to-Site VPN."""

from __future__ import annotations

import json

import pytest

from tests.laws.dangers import both
from tests.laws.stage import VAULT, entries, examples
from tests.laws.test_gateways import client, task, write


@pytest.fixture
def router(account):
    """A customer gateway, and how to look at its name and ASN."""
    write(account, "ec2_customer_gateways", dict(name="acme", bgp_asn=65010, ip_address="203.0.113.10"))

    def look():
        found = client(account, "ec2").describe_customer_gateways()["CustomerGateways"]
        return sorted((one["Tags"][0]["Value"], one["BgpAsn"]) for one in found)

    return look


def test_ec2_customer_gateway_renames_in_check_mode(account, router, theirs):
    gateway = client(account, "ec2").describe_customer_gateways()["CustomerGateways"][0]["CustomerGatewayId"]
    renamed = task("ec2_customer_gateways", dict(id=gateway, name="renamed"))
    left, written = both(
        account,
        router,
        lambda: account.run("ec2_customer_gateways", renamed, check=True),
        lambda: theirs("community.aws.ec2_customer_gateway", "--check", name="renamed", ip_address="203.0.113.10", bgp_asn=65010),
    )
    assert (left, written) == ([("acme", "65010")], [("renamed", "65010")])


def test_ec2_customer_gateway_takes_another_one_for_its_own(account, router, theirs):
    """The address alone says which one it is; of another ASN at the same address it renames the one that is there."""
    left, taken = both(
        account,
        router,
        lambda: write(account, "ec2_customer_gateways", dict(name="second", bgp_asn=65011, ip_address="203.0.113.10")),
        lambda: theirs("community.aws.ec2_customer_gateway", name="second", ip_address="203.0.113.10", bgp_asn=65011),
    )
    assert left == [("acme", "65010"), ("second", "65011")] and taken == [("second", "65010")]


@pytest.fixture
def connection(stage):
    """One VPN connection, and what of it there is."""
    kind = "ec2_vpn_connections"
    stage.prepare(kind)
    stage.run(kind, task(kind, entries(kind, examples(kind).make)[0]))

    def look():
        return [one for one in client(stage, "ec2").describe_vpn_connections()["VpnConnections"] if one["State"] not in ("deleting", "deleted")]

    return look


def test_ec2_vpc_vpn_deletes_the_only_connection(stage, connection, theirs):
    """Asked to remove one without a word of which."""

    def ours():
        assert "is needed to say which one" in stage.run("ec2_vpn_connections", task("ec2_vpn_connections", dict(state="absent")), fails=True)["msg"]

    left, deleted = both(
        stage,
        lambda: len(connection()),
        ours,
        lambda: theirs("amazon.aws.ec2_vpc_vpn", state="absent", delay=1),
    )
    assert (left, deleted) == (1, 0)


def test_ec2_vpc_vpn_shows_the_keys(stage, connection, theirs):
    (there,) = connection()
    told = json.dumps([stage.gather("ec2_vpn_connections"), stage.run("ec2_vpn_connections", examples("ec2_vpn_connections").make, check=True)])
    assert VAULT["acme_vpn_key_1"] not in told
    wish = dict(vpn_connection_id=there["VpnConnectionId"], static_only=there["Options"]["StaticRoutesOnly"])
    assert VAULT["acme_vpn_key_1"] in theirs("amazon.aws.ec2_vpc_vpn", **wish)
