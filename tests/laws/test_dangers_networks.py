# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: VPCs, their gateways and route tables."""

from __future__ import annotations

import pytest

from tests.laws.dangers import OWNED, both, named, subnet_id, vpc_id
from tests.laws.stage import REGION
from tests.laws.test_gateways import dangerous, harmless, refused, write

ADDRESSES, NATS, SUBNETS, TABLES, VGWS, VPCS = "ec2_elastic_ips", "ec2_nat_gateways", "ec2_subnets", "ec2_route_tables", "ec2_vpn_gateways", "ec2_vpcs"


def test_ec2_vpc_net_makes_a_second_vpc_of_a_renamed_one(network, ec2, theirs):
    left, more = both(
        network,
        lambda: len(ec2.describe_vpcs(Filters=[dict(Name="cidr", Values=["10.20.0.0/16"])])["Vpcs"]),
        lambda: write(network, VPCS, dict(id=vpc_id(ec2), name="renamed", cidr_block="10.20.0.0/16")),
        lambda: theirs("amazon.aws.ec2_vpc_net", name="renamed", cidr_block="10.20.0.0/16"),
    )
    assert (left, more) == (1, 2)


def test_ec2_vpc_subnet_stops_public_addresses(network, ec2, theirs):
    write(network, SUBNETS, dict(name="a", vpc="acme", map_public_ip_on_launch=True))
    left, stopped = both(
        network,
        lambda: named(ec2.describe_subnets(), "a")["MapPublicIpOnLaunch"],
        lambda: harmless(network, SUBNETS, dict(name="a", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
    )
    assert (left, stopped) == (True, False)


def test_ec2_vpc_subnet_takes_the_ipv6_block_off(network, ec2, theirs):
    write(network, VPCS, dict(name="acme", amazon_provided_ipv6_cidr_block=True))
    block = named(ec2.describe_vpcs(), "acme")["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")
    write(network, SUBNETS, dict(name="a", vpc="acme", ipv6_cidr_block=block))

    def look():
        return [one["Ipv6CidrBlockState"]["State"] for one in named(ec2.describe_subnets(), "a")["Ipv6CidrBlockAssociationSet"]]

    left, taken = both(
        network,
        look,
        lambda: harmless(network, SUBNETS, dict(name="a", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
    )
    assert left == ["associated"] and "associated" not in taken


def test_ec2_vpc_subnet_passes_over_another_zone(network, ec2, theirs):
    """Where a subnet is cannot change; ours says so in place of "ok"."""
    assert "cannot change after creation" in refused(network, SUBNETS, dict(name="a", vpc="acme", availability_zone=f"{REGION}d"))
    told = theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", az=f"{REGION}d")
    assert "failed=0" in told and '"changed": false' in told
    assert named(ec2.describe_subnets(), "a")["AvailabilityZone"] == f"{REGION}a"


def test_ec2_vpc_igw_makes_a_second_gateway(network, ec2, theirs):
    """There is one of this name, which nothing is attached to yet."""
    write(network, "ec2_internet_gateways", dict(name="waiting"))
    left, more = both(
        network,
        lambda: len(ec2.describe_internet_gateways(Filters=[dict(Name="tag:Name", Values=["waiting"])])["InternetGateways"]),
        lambda: harmless(network, "ec2_internet_gateways", dict(name="waiting", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_igw", vpc_id=vpc_id(ec2, "other"), tags=dict(Name="waiting")),
    )
    assert (left, more) == (1, 2)


@pytest.fixture
def attached(network, ec2):
    """Where the VPN gateway is attached."""
    write(network, VGWS, dict(name="acme", vpc="acme", amazon_side_asn=64620))
    return lambda: [one["VpcId"] for one in named(ec2.describe_vpn_gateways(), "acme")["VpcAttachments"] if one["State"] == "attached"]


def test_ec2_vpc_vgw_detaches_the_gateway(network, ec2, attached, theirs):
    left, detached = both(
        network,
        attached,
        lambda: harmless(network, VGWS, dict(name="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_vgw", name="acme", tags=OWNED),
    )
    assert (left, detached) == ([vpc_id(ec2)], [])


def test_ec2_vpc_vgw_moves_the_gateway(network, ec2, attached, theirs):
    """Ours wants the cut to be made on its own, which needs a confirmation."""
    left, moved = both(
        network,
        attached,
        lambda: refused(network, VGWS, dict(name="acme", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_vgw", name="acme", vpc_id=vpc_id(ec2, "other")),
    )
    assert (left, moved) == ([vpc_id(ec2)], [vpc_id(ec2, "other")])


def test_ec2_vpc_vgw_passes_over_another_asn(network, ec2, attached, theirs):
    assert "cannot change after creation" in refused(network, VGWS, dict(name="acme", amazon_side_asn=64621))
    told = theirs("amazon.aws.ec2_vpc_vgw", name="acme", vpc_id=vpc_id(ec2), asn=64621)
    assert "failed=0" in told and '"changed": false' in told
    assert named(ec2.describe_vpn_gateways(), "acme")["AmazonSideAsn"] == 64620


def test_ec2_vpc_nat_gateway_makes_one_more_in_every_run(network, ec2, theirs):
    """With an address each, which costs as well."""
    write(network, ADDRESSES, dict(name="nat"))

    def ours():
        for dummy in range(2):
            write(network, NATS, dict(name="acme", subnet="a", elastic_ip="nat"))

    left, more = both(
        network,
        lambda: (len(ec2.describe_nat_gateways()["NatGateways"]), len(ec2.describe_addresses()["Addresses"])),
        ours,
        lambda: theirs("amazon.aws.ec2_vpc_nat_gateway", subnet_id=subnet_id(ec2), tags=dict(Name="acme"), times=2),
    )
    assert (left, more) == ((1, 1), (2, 3))


def test_ec2_vpc_nat_gateway_takes_any_gateway_of_the_subnet(network, ec2, theirs):
    """Asked for a private one beside a public one, it hands out and renames that."""
    write(network, ADDRESSES, dict(name="nat"))
    write(network, NATS, dict(name="acme", subnet="a", elastic_ip="nat"))
    wish = dict(subnet_id=subnet_id(ec2), connectivity_type="private", if_exist_do_not_create=True, tags=dict(Name="office"))
    left, renamed = both(
        network,
        lambda: {one["ConnectivityType"]: one["Tags"][0]["Value"] for one in ec2.describe_nat_gateways()["NatGateways"]},
        lambda: write(network, NATS, dict(name="office", subnet="a", connectivity_type="private")),
        lambda: theirs("amazon.aws.ec2_vpc_nat_gateway", **wish),
    )
    assert left == dict(public="acme", private="office") and renamed == dict(public="office")


@pytest.fixture
def tables(network):
    """One with a default route, a subnet and a propagating gateway; and another one."""
    write(network, VGWS, dict(name="acme", vpc="acme"))
    out = dict(destination_cidr_block="0.0.0.0/0", internet_gateway="acme")
    write(network, TABLES, dict(name="one", vpc="acme", routes=[out], subnets=["a"], propagating_vpn_gateways=["acme"]), dict(name="other", vpc="acme"))
    return network


def subnets_of(ec2, name):
    return sorted(one["SubnetId"] for one in named(ec2.describe_route_tables(), name)["Associations"] if "SubnetId" in one)


def test_ec2_vpc_route_table_deletes_the_routes(tables, ec2, theirs):
    left, deleted = both(
        tables,
        lambda: "0.0.0.0/0" in [route.get("DestinationCidrBlock") for route in named(ec2.describe_route_tables(), "one")["Routes"]],
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", subnets=["c"])),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), subnets=["c"], purge_subnets=False),
    )
    assert (left, deleted) == (True, False)


def test_ec2_vpc_route_table_takes_the_other_subnets_off(tables, ec2, theirs):
    a, c = subnet_id(ec2), subnet_id(ec2, "c")
    left, taken = both(
        tables,
        lambda: subnets_of(ec2, "one"),
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", subnets=["c"])),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), subnets=["c"], purge_routes=False),
    )
    assert left == sorted([a, c]) and taken == [c]


def test_ec2_vpc_route_table_loses_a_subnet_on_its_way(tables, ec2, theirs):
    """After its run the subnet has the main table; ours moves it in one call, with a confirmation."""
    moved = dict(name="other", vpc="acme", subnets=["a"])
    left, lost = both(
        tables,
        lambda: subnets_of(ec2, "other"),
        lambda: dangerous(tables, TABLES, moved),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="other"), subnets=["a"], purge_routes=False),
    )
    assert (left, lost) == ([subnet_id(ec2)], [])


def test_ec2_vpc_route_table_makes_a_second_table(tables, ec2, theirs):
    """For one tag more."""
    left, more = both(
        tables,
        lambda: len(ec2.describe_route_tables(Filters=[dict(Name="tag:Name", Values=["one"])])["RouteTables"]),
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(OWNED, Name="one"), purge_routes=False),
    )
    assert (left, more) == (1, 2)


def test_ec2_vpc_route_table_never_stops_a_propagation(tables, ec2, theirs):
    left, still = both(
        tables,
        lambda: len(named(ec2.describe_route_tables(), "one")["PropagatingVgws"]),
        lambda: dangerous(tables, TABLES, dict(name="one", vpc="acme", propagating_vpn_gateways=dict(set=[]))),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), propagating_vgw_ids=[], purge_routes=False),
    )
    assert (left, still) == (0, 1)
