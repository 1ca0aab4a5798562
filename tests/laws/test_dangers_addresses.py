# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: addresses, network interfaces and VPC endpoints."""

from __future__ import annotations

import pytest

from tests.laws.dangers import both, named, subnet_id, vpc_id
from tests.laws.stage import REGION
from tests.laws.test_gateways import client, harmless, unconfirmed, write

ADDRESSES, ENDPOINTS, TABLES, WALLS = "ec2_elastic_ips", "ec2_vpc_endpoints", "ec2_route_tables", "ec2_security_groups"


def test_ec2_eip_allocates_one_more_in_every_run(account, theirs):
    def ours():
        for dummy in range(2):
            write(account, ADDRESSES, dict(name="acme"))

    left, more = both(
        account,
        lambda: len(client(account, "ec2").describe_addresses()["Addresses"]),
        ours,
        lambda: theirs("amazon.aws.ec2_eip", in_vpc=True, tags=dict(Name="acme"), times=2),
    )
    assert (left, more) == (1, 2)


def test_ec2_eip_takes_any_free_address(account, theirs):
    """That of a partner's firewall list, say, which is kept for later."""
    write(account, ADDRESSES, dict(name="partner"))
    left, taken = both(
        account,
        lambda: sorted(one["Tags"][0]["Value"] for one in client(account, "ec2").describe_addresses()["Addresses"]),
        lambda: write(account, ADDRESSES, dict(name="acme")),
        lambda: theirs("amazon.aws.ec2_eip", in_vpc=True, reuse_existing_ip_allowed=True, tags=dict(Name="acme")),
    )
    assert (left, taken) == (["acme", "partner"], ["acme"])


@pytest.fixture
def interfaces(network):
    """Two groups, two servers; an interface with one of the groups, which is one of the servers'."""
    write(network, WALLS, *(dict(name=name, vpc="acme", description=name) for name in ("web", "monitored")))
    server = dict(image_id="ami-02b76b739f98bb809", instance_type="m7i.large", subnet="a")
    write(network, "ec2_instances", dict(server, name="one"), dict(server, name="two"))
    own = dict(security_groups=["web"], attachment=dict(instance="one", device_index=1))
    write(network, "ec2_network_interfaces", dict(own, name="inside", subnet="a", private_ip_address="10.20.1.20"))
    return network


def interface(ec2):
    return ec2.describe_network_interfaces(Filters=[dict(Name="tag:Name", Values=["inside"])])["NetworkInterfaces"][0]


def group_id(ec2, name):
    return ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=[name])])["SecurityGroups"][0]["GroupId"]


def test_ec2_eni_takes_the_other_groups_off(interfaces, ec2, theirs):
    left, taken = both(
        interfaces,
        lambda: sorted(group["GroupName"] for group in interface(ec2)["Groups"]),
        lambda: harmless(interfaces, "ec2_network_interfaces", dict(name="inside", security_groups=["monitored"])),
        lambda: theirs("amazon.aws.ec2_eni", eni_id=interface(ec2)["NetworkInterfaceId"], security_groups=[group_id(ec2, "monitored")]),
    )
    assert (left, taken) == (["monitored", "web"], ["monitored"])


def test_ec2_eni_takes_an_interface_away_from_its_server(interfaces, ec2, theirs):
    """Ours asks first."""
    other = named(dict(all=[one for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]), "two")["InstanceId"]
    first = interface(ec2)["Attachment"]["InstanceId"]
    wish = dict(instance_id=other, attached=True, device_index=2, force_detach=True)
    left, moved = both(
        interfaces,
        lambda: interface(ec2).get("Attachment", {}).get("InstanceId"),
        lambda: unconfirmed(interfaces, "ec2_network_interfaces", dict(name="inside", attachment=dict(instance="two", device_index=2))),
        lambda: theirs("amazon.aws.ec2_eni", eni_id=interface(ec2)["NetworkInterfaceId"], **wish),
    )
    assert left == first and moved != first


@pytest.fixture
def endpoints(network):
    """A gateway endpoint of one table, and one with a network interface in one subnet."""
    write(network, TABLES, dict(name="one", vpc="acme"), dict(name="other", vpc="acme"))
    write(network, WALLS, dict(name="web", vpc="acme", description="web"))
    where = dict(service_name=f"com.amazonaws.{REGION}.ssm", vpc_endpoint_type="Interface", subnets=["a"], security_groups=["web"], private_dns_enabled=False)
    through = dict(service_name=f"com.amazonaws.{REGION}.s3", vpc_endpoint_type="Gateway", route_tables=["one"])
    write(network, ENDPOINTS, dict(through, name="s3", vpc="acme"), dict(where, name="ssm", vpc="acme"))
    return network


def test_ec2_vpc_endpoint_makes_a_second_one_for_a_table_more(endpoints, ec2, theirs):
    """Which AWS refuses, because a table has one route to a service: so the table stays without."""
    tables = sorted(named(ec2.describe_route_tables(), name)["RouteTableId"] for name in ("one", "other"))
    wish = dict(vpc_id=vpc_id(ec2), service=f"com.amazonaws.{REGION}.s3", vpc_endpoint_type="Gateway")
    assert "RouteAlreadyExists" in theirs("amazon.aws.ec2_vpc_endpoint", **wish, route_table_ids=tables)
    harmless(endpoints, ENDPOINTS, dict(name="s3", vpc="acme", route_tables=["other"]))
    found = ec2.describe_vpc_endpoints(Filters=[dict(Name="service-name", Values=[wish["service"]])])["VpcEndpoints"]
    assert [sorted(one["RouteTableIds"]) for one in found] == [tables]


def test_ec2_vpc_endpoint_passes_over_another_subnet(endpoints, ec2, theirs):
    wish = dict(vpc_id=vpc_id(ec2), service=f"com.amazonaws.{REGION}.ssm", vpc_endpoint_type="Interface")
    both_subnets = [subnet_id(ec2), subnet_id(ec2, "c")]

    def look():
        return len(ec2.describe_vpc_endpoints(Filters=[dict(Name="service-name", Values=[wish["service"]])])["VpcEndpoints"][0]["SubnetIds"])

    left, passed = both(
        endpoints,
        look,
        lambda: write(endpoints, ENDPOINTS, dict(name="ssm", vpc="acme", subnets=["c"]), confirm=[f"{ENDPOINTS}/acme/ssm"]),
        lambda: theirs("amazon.aws.ec2_vpc_endpoint", **wish, vpc_endpoint_subnets=both_subnets),
    )
    assert (left, passed) == (2, 1)
