# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a removal and what this run leaves is told in the plan; what the run itself takes away is in nobody's way."""

from __future__ import annotations

import pytest

from tests.laws.test_gateways import client, refused, task, write

BLOCK = dict(cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")
TRAFFIC = dict(protocol="tcp", from_port=443, to_port=443)


@pytest.fixture(name="account")
def account_(stage):
    """A VPC with a little of everything, and others that have nothing in them."""
    stage.double.reset()
    write(stage, "ec2_dhcp_options", dict(name="own", domain_name="acme.example"))
    write(stage, "ec2_vpcs", dict(name="acme", cidr_block="10.20.0.0/16", dhcp_options="own"), dict(name="empty", cidr_block="10.30.0.0/16"))
    write(stage, "ec2_subnets", dict(name="a", vpc="acme", **BLOCK), dict(name="b", vpc="acme", **dict(BLOCK, cidr_block="10.20.2.0/24")))
    groups = [dict(vpc="acme", name=name, description=name) for name in ("app", "web", "free")]
    write(stage, "ec2_security_groups", dict(groups[1], ingress=[dict(TRAFFIC, security_group="app")]), groups[0], groups[2])
    write(stage, "ec2_network_interfaces", dict(name="web", subnet="a", security_groups=["web"]))
    write(stage, "ec2_internet_gateways", dict(name="acme", vpc="acme"), dict(name="empty", vpc="empty"))
    write(stage, "ec2_elastic_ips", dict(name="web", network_interface="web"))
    write(stage, "ec2_vpn_gateways", dict(name="acme"))
    write(stage, "ec2_customer_gateways", dict(name="office", ip_address="203.0.113.10", bgp_asn=65010))
    write(stage, "ec2_vpn_connections", dict(name="office-vpn", customer_gateway="office", vpn_gateway="acme"))
    return stage


def gone(kind, label):
    *scope, name = label.split("/")
    return dict(name=name, state="absent", **(dict(vpc=scope[0]) if scope else {})), dict(confirm=[f"{kind}/{label}"])


HELD = [
    ("ec2_vpcs", "acme", "subnets in it (a, b) and security groups in it (app, free, web) and internet gateways attached to it (acme)"),
    ("ec2_subnets", "acme/a", "network interfaces in it (eni-"),
    ("ec2_security_groups", "acme/web", "network interfaces that use it (eni-"),
    ("ec2_security_groups", "acme/app", "groups whose rules name it (web"),
    ("ec2_internet_gateways", "acme", "public addresses in its VPC ("),
    ("ec2_elastic_ips", "web", "interfaces or instances that use it (web"),
    ("ec2_dhcp_options", "own", "VPCs that use it (acme)"),
    ("ec2_customer_gateways", "office", "VPN connections that end at it (office-vpn)"),
    ("ec2_vpn_gateways", "acme", "VPN connections that end at it (office-vpn)"),
]


@pytest.mark.parametrize(("kind", "label", "said"), HELD)
def test_what_others_hold_is_refused_in_the_plan(account, kind, label, said):
    entry, more = gone(kind, label)
    message = refused(account, kind, entry, **more)
    assert f"cannot be deleted while there are {said}" in message and "which this run leaves there" in message


@pytest.mark.parametrize(("kind", "label"), [("ec2_subnets", "acme/b"), ("ec2_security_groups", "acme/free"), ("ec2_internet_gateways", "empty")])
def test_what_nobody_holds_goes(account, kind, label):
    entry, more = gone(kind, label)
    for check in (True, False):
        assert account.run(kind, task(kind, entry, **more), check=check)["entries"][0]["action"] == "deleted"


def test_what_the_run_takes_away_holds_nothing(account):
    """As the removals of a plan follow one another, each knowing what those before it would have done."""
    removals = [
        ("ec2_network_interfaces", "web"),
        ("ec2_security_groups", "acme/web", "acme/app", "acme/free"),
        ("ec2_elastic_ips", "web"),
        ("ec2_internet_gateways", "acme"),
        ("ec2_subnets", "acme/a", "acme/b"),
        ("ec2_vpcs", "acme"),
        ("ec2_dhcp_options", "own"),
        ("ec2_vpn_connections", "office-vpn"),
        ("ec2_customer_gateways", "office"),
        ("ec2_vpn_gateways", "acme"),
    ]
    for check in (True, False):
        touched = {}
        for kind, *labels in removals:
            made = [gone(kind, label) for label in labels]
            given = task(kind, *(entry for entry, dummy in made), confirm=[name for dummy, more in made for name in more["confirm"]])
            done = account.run(kind, given, check=check, touched=touched)["entries"]
            assert [entry["action"] for entry in done] == ["deleted"] * len(labels)
            touched[kind] = [entry["id"] for entry in done]


def test_what_is_held_goes_on_holding_others(account):
    """The group that an interface wears cannot go, so neither can the one that it names."""
    (web, confirm), (app, also) = gone("ec2_security_groups", "acme/web"), gone("ec2_security_groups", "acme/app")
    given = task("ec2_security_groups", web, app, confirm=[*confirm["confirm"], *also["confirm"]])
    planned = account.run("ec2_security_groups", given, check=True, fails=True)
    assert [entry["action"] for entry in planned["entries"]] == ["failed", "failed"]


def test_the_first_interface_of_a_server_stays_with_it(account):
    ec2 = client(account, "ec2")
    subnet = next(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"] if one["CidrBlock"] == "10.20.2.0/24")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    server = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
    interface = server["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.create_tags(Resources=[interface], Tags=[dict(Key="Name", Value="first")])
    entry, more = gone("ec2_network_interfaces", "first")
    assert f"first interface ({server['InstanceId']})" in refused(account, "ec2_network_interfaces", entry, **more)


def test_a_removal_asks_as_much_for_many_as_for_one(account):
    entries = [gone("ec2_subnets", f"acme/{name}")[0] for name in "ab"]
    reads = [account.attempt("ec2_subnets", task("ec2_subnets", *some), check=True)["calls"]["reads"] for some in (entries[:1], entries)]
    assert reads[0] == reads[1]
