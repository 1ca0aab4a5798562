# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VPCs, subnets and interfaces, instance profiles and the password policy refuse, call dangerous or find wrong in a sheet."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _networks
from tests.laws.stage import KINDS, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, write

VPCS, SUBNETS, INTERFACES, PROFILES, PASSWORDS = "ec2_vpcs", "ec2_subnets", "ec2_network_interfaces", "iam_instance_profiles", "iam_password_policy"
ACME = dict(name="acme", cidr_block="10.20.0.0/16")
SUBNET = dict(name="a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")


@pytest.fixture
def network(stage):
    """A VPC with an IPv6 block, and a subnet."""
    stage.double.reset()
    write(stage, VPCS, dict(ACME, amazon_provided_ipv6_cidr_block=True))
    write(stage, SUBNETS, SUBNET)
    return stage


def ipv6_blocks(stage, count):
    vpc = next(vpc for vpc in client(stage, "ec2").describe_vpcs()["Vpcs"] if vpc["CidrBlock"] == ACME["cidr_block"])
    whole = _networks.network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
    return [str(block) for block, dummy in zip(whole.subnets(new_prefix=64), range(count), strict=False)]


@pytest.mark.parametrize(("kind", "more"), [(SUBNETS, dict(vpc="acme", cidr_block="10.20.9.0/24")), ("ec2_volumes", dict(size=1))])
def test_a_zone_that_the_region_does_not_have_is_told_in_the_plan(network, kind, more):
    told = refused(network, kind, dict(name="new", availability_zone="ap-northeast-1z", **more))
    assert "availability_zone: 'ap-northeast-1z' is not one of ap-northeast-1a, " in told


def test_a_zone_is_said_by_its_id_as_well(network):
    entry = dict(name="by-id", vpc="acme", cidr_block="10.20.2.0/24", availability_zone_id="apne1-az1")
    assert "availability_zone_id: 'apne1-az9' is not one of apne1-az1, " in refused(network, SUBNETS, dict(entry, availability_zone_id="apne1-az9"))
    assert "'apne1-az1' is not ap-northeast-1a, which is apne1-az4" in refused(network, SUBNETS, dict(entry, availability_zone="ap-northeast-1a"))
    assert "availability_zone or availability_zone_id must be named" in refused(network, SUBNETS, dict(name="by-id", vpc="acme", cidr_block="10.20.2.0/24"))
    write(network, SUBNETS, entry)
    made = next(one for one in client(network, "ec2").describe_subnets()["Subnets"] if one["CidrBlock"] == entry["cidr_block"])
    assert made["AvailabilityZoneId"] == "apne1-az1"
    assert not write(network, SUBNETS, dict(entry, availability_zone=made["AvailabilityZone"]), dict(SUBNET, availability_zone_id="apne1-az4"))["changed"]
    assert "availability_zone_id cannot change" in refused(network, SUBNETS, dict(SUBNET, availability_zone_id="apne1-az1"))


def test_a_zone_is_told_before_its_vpc_is_there(network):
    entry = dict(SUBNET, name="new", vpc="later", availability_zone="ap-northeast-1z")
    assert "is not one of" in network.run(SUBNETS, dict(subnets=[entry], sheet_names=dict(ec2_vpcs=["later"])), check=True, fails=True)["msg"]


# -- blocks


def test_a_block_that_overlaps_what_is_there_is_told_in_the_plan(network):
    told = refused(network, SUBNETS, dict(SUBNET, name="new", cidr_block="10.20.1.128/25"))
    assert "cidr_block: 10.20.1.128/25 overlaps 10.20.1.0/24 of a" in told
    assert "10.20.9.0/24 overlaps 10.20.0.0/16" in refused(network, VPCS, dict(name="acme", secondary_cidr_blocks=["10.20.9.0/24"]))


def test_the_last_security_group_of_an_interface_stays(network):
    entry = dict(name="new", subnet="a")
    write(network, "ec2_security_groups", dict(vpc="acme", name="web", description="web"))
    write(network, INTERFACES, dict(entry, security_groups=["web"]))
    assert "the last one cannot be taken away" in refused(network, INTERFACES, dict(entry, security_groups=dict(remove=["web"])))


@pytest.mark.parametrize(("kind", "entry"), [(VPCS, dict(ACME, cidr_block="10.21.0.0/16")), (SUBNETS, dict(SUBNET, cidr_block="10.20.2.0/24"))])
def test_where_a_network_lies_stays(network, kind, entry):
    assert "cidr_block cannot change after creation" in refused(network, kind, entry)


def test_a_block_is_the_same_however_it_is_spelt(network):
    """AWS makes 10.0.0.0/16 of 10.0.0.1/16, and writes IPv6 small and short."""
    block = ipv6_blocks(network, 1)[0]
    write(network, SUBNETS, dict(SUBNET, ipv6_cidr_block=block))
    long = _networks.network(block).exploded.upper()
    assert long != block
    assert not write(network, SUBNETS, dict(SUBNET, ipv6_cidr_block=long))["changed"]
    for kind, entry in ((SUBNETS, dict(SUBNET, cidr_block="10.20.1.7/24")), (VPCS, dict(name="new", cidr_block="10.20.1.7/24"))):
        assert "cidr_block: '10.20.1.7/24' is not how AWS writes a network: 10.20.1.0/24" in refused(network, kind, entry)
    assert not _networks.same("10.0.0.0/16", "10.0.0.0/17") and not _networks.same("x", "y")


@pytest.mark.parametrize(("block", "said"), [("10.21.0.1/16", "not how AWS writes a network: 10.21.0.0/16"), ("10.21.0.0", "is not a network address")])
def test_a_secondary_block_that_would_not_be_found_again_is_refused(network, block, said):
    for name in ("acme", "acme-new"):
        assert said in refused(network, VPCS, dict(name=name, cidr_block=ACME["cidr_block"], secondary_cidr_blocks=[block]))


def test_another_ipv6_block_of_a_subnet_needs_a_confirmation(network):
    one, other = ipv6_blocks(network, 2)
    subnet = dict(vpc="acme", name="a")
    harmless(network, SUBNETS, dict(subnet, ipv6_cidr_block=one))
    assert f"would take the IPv6 block {one} off the subnet" in dangerous(network, SUBNETS, dict(subnet, ipv6_cidr_block=other))
    assert f"would take the IPv6 block {other} off the subnet" in dangerous(network, SUBNETS, dict(subnet, clear=["ipv6_cidr_block"]))


def test_what_a_sheet_says_wrong_of_vpcs():
    small, far = dict(name="small", cidr_block="10.20.128.0/17"), dict(name="far", cidr_block="172.16.0.0/16")
    assert faults(VPCS, ACME, far, small) == [(2, "cidr_block", "overlap")]
    assert faults(VPCS, ACME, dict(far, secondary_cidr_blocks=["10.20.3.0/24", "10.21.0.0/16"])) == [(1, "secondary_cidr_blocks", "overlap")]
    assert faults(VPCS, ACME, dict(far, secondary_cidr_blocks=dict(remove=["10.20.3.0/24"]))) == []


def test_what_a_sheet_says_wrong_of_subnets():
    sheet = dict(ec2_vpcs=[dict(ACME, secondary_cidr_blocks=["10.30.0.0/16"]), dict(name="other", cidr_block="172.16.0.0/16")])
    half, outside, second = dict(SUBNET, cidr_block="10.20.1.128/25"), dict(SUBNET, cidr_block="172.16.1.0/24"), dict(SUBNET, cidr_block="10.30.1.0/24")
    assert faults(SUBNETS, SUBNET, dict(half, name="b"), dict(second, name="c"), **sheet) == [(1, "cidr_block", "overlap")]
    assert faults(SUBNETS, SUBNET, dict(outside, name="b"), **sheet) == [(1, "cidr_block", "outside")]
    assert faults(SUBNETS, SUBNET, dict(outside, name="b", vpc="other"), dict(half, vpc="elsewhere"), **sheet) == []


# -- interfaces


@pytest.fixture
def interfaces(stage):
    stage.prepare(INTERFACES)
    stage.run(INTERFACES, examples(INTERFACES).make)
    return stage


INSIDE = dict(name="acme-fw-inside")


def test_an_interface_stays_where_it_was_made(interfaces):
    assert "private_ip_address cannot change after creation" in refused(interfaces, INTERFACES, dict(INSIDE, private_ip_address="10.20.1.99"))


@pytest.mark.parametrize("place", [dict(instance="acme-fw02", device_index=1), dict(instance="acme-fw01", device_index=2)])
def test_an_interface_moves_only_with_a_confirmation(interfaces, place):
    assert "would detach the interface from i-" in dangerous(interfaces, INTERFACES, dict(INSIDE, attachment=place))
    assert "would detach the interface from i-" in dangerous(interfaces, INTERFACES, dict(INSIDE, clear=["attachment"]))
    harmless(interfaces, INTERFACES, dict(INSIDE, attachment=place))


def test_an_address_leaves_an_interface_only_with_a_confirmation(interfaces):
    less, exactly = dict(remove=["10.20.1.21"]), dict(set=["10.20.1.23"])
    assert "would take 10.20.1.21 off the interface" in dangerous(interfaces, INTERFACES, dict(INSIDE, secondary_private_ip_addresses=less))
    assert "would take 10.20.1.22 off the interface" in dangerous(interfaces, INTERFACES, dict(INSIDE, secondary_private_ip_addresses=exactly))


def test_what_moves_no_interface_needs_no_confirmation(interfaces):
    harmless(interfaces, INTERFACES, dict(INSIDE, attachment=dict(instance="acme-fw01", device_index=1, delete_on_termination=False)))
    harmless(interfaces, INTERFACES, dict(INSIDE, secondary_private_ip_addresses=["10.20.1.24"]))
    harmless(interfaces, INTERFACES, dict(name="acme-license", attachment=dict(instance="acme-fw02", device_index=1)))


# -- instance profiles and passwords


@pytest.fixture
def profiles(stage):
    stage.double.reset()
    trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="ec2.amazonaws.com"), Action="sts:AssumeRole")])
    write(stage, "iam_roles", dict(name="one", assume_role_policy=trust), dict(name="other", assume_role_policy=trust))
    write(stage, PROFILES, dict(name="acme", path="/acme/", role="one"))
    return stage


def test_a_role_leaves_a_profile_only_with_a_confirmation(profiles):
    assert "would take the role one out of the profile" in dangerous(profiles, PROFILES, dict(name="acme", role="other"))
    assert "would take the role other out of the profile" in dangerous(profiles, PROFILES, dict(name="acme", clear=["role"]))
    harmless(profiles, PROFILES, dict(name="acme", role="one"))


def test_the_path_of_a_profile_stays(profiles):
    assert "path cannot change after creation" in refused(profiles, PROFILES, dict(name="acme", path="/other/"))


@pytest.fixture
def passwords(stage):
    """A policy under which passwords never end."""
    stage.double.reset()
    strong = [name for name, option in KINDS[PASSWORDS].options.items() if option.required and option.type == "bool"]
    write(stage, PASSWORDS, dict(dict.fromkeys(strong, True), minimum_password_length=14))
    return stage


def test_ending_passwords_that_are_in_use_needs_a_confirmation(passwords):
    assert "whose password is older than 90 days choose a new one" in dangerous(passwords, PASSWORDS, dict(max_password_age=90))
    assert "older than 60 days choose a new one" in dangerous(passwords, PASSWORDS, dict(max_password_age=60))
    harmless(passwords, PASSWORDS, dict(max_password_age=90))
    assert "would lock out every user whose password is older than 90 days" in dangerous(passwords, PASSWORDS, dict(hard_expiry=True))
    assert "would lock out every user whose password is older than 30 days" in dangerous(passwords, PASSWORDS, dict(max_password_age=30))
    harmless(passwords, PASSWORDS, dict(max_password_age=120))
    harmless(passwords, PASSWORDS, dict(hard_expiry=False))
    harmless(passwords, PASSWORDS, dict(clear=["max_password_age"]))
