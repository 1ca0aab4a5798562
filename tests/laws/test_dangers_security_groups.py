# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: security groups and network ACLs."""

from __future__ import annotations

import pytest

from tests.laws.dangers import OWNED, both, subnet_id, vpc_id
from tests.laws.test_gateways import harmless, refused, write

ACLS, WALLS = "ec2_network_acls", "ec2_security_groups"
ALL = dict(rule_number=100, rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0")


WEB = dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0")


@pytest.fixture
def wall(network, ec2):
    """A group with a rule, and how to look at its rules."""
    write(network, WALLS, dict(name="web", vpc="acme", description="web", ingress=[WEB]))

    def look():
        (group,) = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["web"])])["SecurityGroups"]
        return [block["CidrIp"] for rule in group["IpPermissions"] for block in rule["IpRanges"]]

    return look


def test_ec2_security_group_revokes_the_rules(network, ec2, wall, theirs):
    left, revoked = both(
        network,
        wall,
        lambda: harmless(network, WALLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), tags=OWNED),
    )
    assert (left, revoked) == (["0.0.0.0/0"], [])


def test_ec2_security_group_leaves_the_old_rule_open(network, ec2, wall, theirs):
    """One rule in the place of another, and no other rule moves: ours has add and remove, the other one either adds or takes all that is not named."""
    office = dict(WEB, cidr_ipv4="203.0.113.0/24")
    rule = dict(proto="tcp", from_port=443, to_port=443, cidr_ip="203.0.113.0/24")
    left, open_still = both(
        network,
        wall,
        lambda: harmless(network, WALLS, dict(name="web", vpc="acme", ingress=dict(add=[office], remove=[WEB]))),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), rules=[rule], purge_rules=False),
    )
    assert left == ["203.0.113.0/24"] and "0.0.0.0/0" in open_still


def test_ec2_security_group_makes_a_group_of_a_wrong_name(network, ec2, wall, theirs):
    rule = dict(proto="tcp", from_port=22, to_port=22, group_name="bastoin", group_desc="wrong")
    entry = dict(name="web", vpc="acme", ingress=[dict(protocol="tcp", from_port=22, to_port=22, security_group="bastoin")])
    left, made = both(
        network,
        lambda: "bastoin" in [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]],
        lambda: refused(network, WALLS, entry),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), rules=[rule], purge_rules=False),
    )
    assert (left, made) == (False, True)


@pytest.fixture
def acl(network, ec2):
    """One that lets everything through, with a subnet; and how to look at it."""
    write(network, ACLS, dict(name="web", vpc="acme", ingress=[ALL], egress=[ALL], subnets=["a"]))
    return lambda: ec2.describe_network_acls(Filters=[dict(Name="tag:Name", Values=["web"])])["NetworkAcls"][0]


def rules(acl):
    return [(one["Egress"], one["RuleNumber"]) for one in acl["Entries"] if one["RuleNumber"] < 32767]


def test_ec2_vpc_nacl_empties_the_one_of_another_vpc(network, ec2, theirs):
    """Asked for a new one in a VPC which has none of the name."""
    write(network, ACLS, dict(name="web", vpc="acme", ingress=[ALL], egress=[ALL]))

    def look():
        return [(len(rules(acl)), acl["VpcId"]) for acl in ec2.describe_network_acls(Filters=[dict(Name="tag:Name", Values=["web"])])["NetworkAcls"]]

    left, emptied = both(
        network,
        look,
        lambda: write(network, ACLS, dict(name="web", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2, "other")),
    )
    assert sorted(left) == sorted([(2, vpc_id(ec2)), (0, vpc_id(ec2, "other"))]) and emptied == [(0, vpc_id(ec2))]


def test_ec2_vpc_nacl_deletes_the_rules(network, ec2, acl, theirs):
    left, deleted = both(
        network,
        lambda: rules(acl()),
        lambda: harmless(network, ACLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), subnets=[subnet_id(ec2)], tags=OWNED),
    )
    assert sorted(left) == [(False, 100), (True, 100)] and deleted == []


def test_ec2_vpc_nacl_sends_the_subnets_back(network, ec2, acl, theirs):
    every = [[100, "all", "allow", "0.0.0.0/0", None, None, None, None]]
    left, back = both(
        network,
        lambda: [one["SubnetId"] for one in acl()["Associations"]],
        lambda: harmless(network, ACLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), ingress=every, egress=every, tags=OWNED),
    )
    assert (left, back) == ([subnet_id(ec2)], [])


def test_ec2_vpc_nacl_lets_a_rule_be_missing_while_it_changes(network, ec2, acl, theirs):
    """Deleted and made again; ours replaces it in one call."""
    other = [[100, "all", "deny", "0.0.0.0/0", None, None, None, None]]
    every = [[100, "all", "allow", "0.0.0.0/0", None, None, None, None]]
    denied = dict(rule_number=100, rule_action="deny")
    network.double.clear_calls()
    left, missing = both(
        network,
        lambda: "ec2:DeleteNetworkAclEntry" in network.writes(),
        lambda: write(network, ACLS, dict(name="web", vpc="acme", ingress=[denied]), confirm=[f"{ACLS}/acme/web"]),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), subnets=[subnet_id(ec2)], ingress=other, egress=every),
    )
    assert (left, missing) == (False, True)
    assert [one["RuleAction"] for one in acl()["Entries"] if one["RuleNumber"] == 100 and not one["Egress"]] == ["deny"]
