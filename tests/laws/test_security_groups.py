# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laws do not reach in security groups: one rule in many spellings, deletions that are refused, and what needs a confirmation."""

from __future__ import annotations

import boto3
import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _effects, sheets
from tests.laws.stage import KINDS, REGION

GROUPS = "ec2_security_groups"
HTTPS = dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="10.0.0.0/8")
WEB = dict(name="web", vpc="acme", description="web servers")
APP = dict(name="app", vpc="acme", description="applications")


@pytest.fixture
def ec2(double):
    """Somebody else at the same account."""
    keys = dict(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    return boto3.client("ec2", endpoint_url=double.url, region_name=REGION, **keys)


@pytest.fixture
def vpc(stage):
    stage.double.reset()
    stage.run("ec2_vpcs", dict(vpcs=[dict(name="acme", cidr_block="10.20.0.0/16")]))
    return stage


def write(stage, *entries, **more):
    return stage.run(GROUPS, dict(security_groups=list(entries), **more))


def failing(stage, *entries, **more):
    """The message of a run that must fail."""
    return stage.run(GROUPS, dict(security_groups=list(entries), **more), fails=True)["msg"]


def group_of(stage, name):
    return next(one for one in stage.gather(GROUPS) if one["name"] == name)


def names(stage):
    return {one["name"] for one in stage.gather(GROUPS)}


def absent(*entries):
    gone = [dict(name=entry["name"], vpc="acme", state="absent") for entry in entries]
    return gone, dict(confirm=[f"{GROUPS}/acme/{entry['name']}" for entry in entries])


# -- one rule, many spellings

SPELLINGS = [
    (dict(HTTPS), dict(HTTPS, protocol="6"), dict(HTTPS, protocol="TCP")),
    (dict(HTTPS, protocol="udp"), dict(HTTPS, protocol="17")),
    (dict(protocol="-1", cidr_ipv4="10.0.0.0/8"), dict(protocol="all", cidr_ipv4="10.0.0.0/8")),
    (dict(protocol="-1", cidr_ipv4="10.0.0.0/8"), dict(protocol="-1", from_port=0, to_port=0, cidr_ipv4="10.0.0.0/8")),
    (dict(protocol="-1", cidr_ipv4="10.0.0.0/8"), dict(protocol="-1", from_port=-1, to_port=-1, cidr_ipv4="10.0.0.0/8")),
    (dict(protocol="icmp", cidr_ipv4="10.0.0.0/8"), dict(protocol="1", from_port=-1, to_port=-1, cidr_ipv4="10.0.0.0/8")),
    (dict(protocol="icmp", from_port=8, cidr_ipv4="10.0.0.0/8"), dict(protocol="ICMP", from_port=8, to_port=-1, cidr_ipv4="10.0.0.0/8")),
    (dict(protocol="icmpv6", cidr_ipv6="2001:db8::/32"), dict(protocol="58", cidr_ipv6="2001:DB8:0::/32")),
    (dict(protocol="50", cidr_ipv4="10.0.0.0/8"), dict(protocol="50", from_port=0, to_port=0, cidr_ipv4="10.0.0.0/8")),
]
PAIRS = [pair for first, *others in SPELLINGS for other in others for pair in ((first, other), (other, first))]


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_rule_is_one_rule_however_it_is_spelt(vpc, direction, one, other):
    write(vpc, {**WEB, direction: [one]})
    before = group_of(vpc, "web")[direction]
    for rules in ([other], dict(set=before), dict(add=before)):
        assert not write(vpc, {**WEB, direction: rules})["changed"]
    # Taken away by its other spelling it is gone, and the rules beside it are not.
    write(vpc, {**WEB, direction: dict(remove=[other])}, confirm=[f"{GROUPS}/acme/web"])
    assert len(group_of(vpc, "web")[direction]) == len(before) - 1


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_spellings_in_one_list_make_one_rule(vpc, one, other):
    write(vpc, dict(WEB, ingress=[one, other]))
    assert len(group_of(vpc, "web")["ingress"]) == 1


@pytest.mark.parametrize(
    ("rule", "option", "code", "said"),
    [
        (dict(HTTPS, cidr_ipv4="10.0.0.1/24"), "cidr_ipv4", "network_spelling", "10.0.0.0/24"),
        (dict(HTTPS, cidr_ipv4="10.0.0.1"), "cidr_ipv4", "not_a_network", "10.0.0.1"),
        (dict(HTTPS, cidr_ipv4="::/0"), "cidr_ipv4", "not_a_network", "::/0"),
        (dict(HTTPS, cidr_ipv6="::/0"), "cidr_ipv6", "one_of", "cidr_ipv6"),
        (dict(protocol="tcp", cidr_ipv4="10.0.0.0/8"), "from_port", "needs", "from_port, to_port"),
        (dict(protocol="tcp", from_port=443, cidr_ipv4="10.0.0.0/8"), "to_port", "needs", "'tcp 443'"),
        (dict(protocol="tcp", to_port=443, cidr_ipv4="10.0.0.0/8"), "from_port", "needs", "'tcp to_port 443'"),
        (dict(HTTPS, to_port=442), "from_port", "ports", "443-442"),
        (dict(HTTPS, to_port=65536), "to_port", "ports", "443-65536"),
        (dict(HTTPS, protocol="-1"), "from_port", "no_ports", "all 443"),
        (dict(HTTPS, protocol="all"), "from_port", "no_ports", "443"),
        (dict(HTTPS, protocol="50"), "from_port", "no_ports", "443"),
        (dict(HTTPS, protocol="htps"), "protocol", "choice", "htps"),
        (dict(HTTPS, protocol="icmp"), "from_port", "icmp_ports", "icmp 443"),
        (dict(protocol="icmp", to_port=3, cidr_ipv4="10.0.0.0/8"), "from_port", "icmp_ports", "icmp to_port 3"),
    ],
)
def test_a_mistaken_rule_is_found_in_the_sheet_and_in_the_plan(vpc, rule, option, code, said):
    for rules in ([rule], dict(set=[rule])):
        found = sheets.faults({GROUPS: [dict(WEB, ingress=rules)]})
        assert [(fault.option.replace(".set", ""), fault.code) for fault in found] == [(f"ingress.{option}", code)] and said in str(found)
    for check in (True, False):
        assert said in vpc.run(GROUPS, dict(security_groups=[dict(WEB, ingress=[rule])]), check=check, fails=True)["msg"]
    assert names(vpc) == {"default"}


@pytest.mark.parametrize("rule", [rule for alike in SPELLINGS for rule in alike])
def test_a_right_rule_has_no_fault(rule):
    assert list(KINDS[GROUPS].faults([dict(WEB, ingress=[rule])], {})) == []


# -- deletion


def test_a_group_in_use_keeps_its_rules(vpc, ec2):
    vpc.run("ec2_subnets", dict(subnets=[dict(name="a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")]))
    both = dict(HTTPS, cidr_ipv4=None)
    write(vpc, dict(WEB, egress=[dict(both, security_group="app")]), dict(APP, ingress=[dict(both, security_group="web")]))
    subnet = ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=["a"])])["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["app"])])["SecurityGroups"][0]["GroupId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    before = group_of(vpc, "app")
    gone, more = absent(APP)
    assert f"network interfaces that use it ({interface})" in failing(vpc, *gone, **more)
    assert group_of(vpc, "app") == before


def test_a_group_that_another_names_keeps_its_rules(vpc):
    write(vpc, WEB, dict(APP, ingress=[dict(HTTPS, cidr_ipv4=None, security_group="web"), HTTPS]))
    before = vpc.gather(GROUPS)
    gone, more = absent(WEB)
    assert "groups whose rules name it (app)" in failing(vpc, *gone, **more)
    assert vpc.gather(GROUPS) == before


@pytest.mark.parametrize("check", [True, False])
def test_groups_that_name_each_other_go_together(vpc, check):
    rule = dict(HTTPS, cidr_ipv4=None)
    third = dict(APP, name="db")
    circle = [dict(WEB, egress=[dict(rule, security_group="app")]), dict(APP, egress=[dict(rule, security_group="db")])]
    write(vpc, *circle, dict(third, ingress=[dict(rule, security_group="web"), dict(rule, security_group="db")], egress=[dict(rule, security_group="web")]))
    gone, more = absent(WEB, APP, third)
    result = vpc.run(GROUPS, dict(security_groups=gone, **more), check=check)
    assert [entry["action"] for entry in result["entries"]] == ["deleted"] * 3
    assert names(vpc) == ({"default", "web", "app", "db"} if check else {"default"})


def test_one_of_a_circle_alone_says_who_names_it_and_keeps_its_rules(vpc):
    rule = dict(HTTPS, cidr_ipv4=None)
    write(vpc, dict(WEB, ingress=[dict(rule, security_group="app"), HTTPS]), dict(APP, ingress=[dict(rule, security_group="web")]))
    before = group_of(vpc, "web")
    gone, more = absent(WEB)
    assert "groups whose rules name it (app)" in failing(vpc, *gone, **more)
    assert group_of(vpc, "web") == before


# -- confirmations


def confirmed(stage, entry, *, needed):
    """The run goes through at once, or only with a confirmation; the plan says which."""
    task = dict(security_groups=[entry])
    planned = stage.run(GROUPS, task, check=True)["entries"][0]
    assert ("confirm" in planned) == needed
    if needed:
        stage.double.clear_calls()
        assert stage.run(GROUPS, task, fails=True)["entries"][0]["reason"] == planned["confirm"] and stage.writes() == []
        task["confirm"] = [f"{GROUPS}/acme/{entry['name']}"]
    assert stage.run(GROUPS, task)["changed"]
    return planned.get("confirm")


def test_what_set_takes_away_unnamed_needs_a_confirmation(vpc):
    write(vpc, dict(WEB, ingress=[HTTPS, dict(HTTPS, from_port=22, to_port=22)]))
    assert "tcp 22 10.0.0.0/8" in confirmed(vpc, dict(WEB, ingress=dict(set=[HTTPS])), needed=True)


def test_what_is_named_goes_without_and_the_last_rule_does_not(vpc):
    ssh = dict(HTTPS, from_port=22, to_port=22)
    write(vpc, dict(WEB, ingress=[HTTPS, ssh]))
    confirmed(vpc, dict(WEB, ingress=dict(remove=[ssh])), needed=False)
    assert "nothing comes in" in confirmed(vpc, dict(WEB, ingress=dict(remove=[HTTPS])), needed=True)


def test_a_new_group_is_closed_without_a_confirmation_and_an_old_one_is_not(vpc):
    confirmed(vpc, dict(WEB, egress=dict(set=[HTTPS])), needed=False)
    write(vpc, APP)
    assert "all 0.0.0.0/0" in confirmed(vpc, dict(APP, egress=dict(set=[HTTPS])), needed=True)
    assert "nothing goes out" in confirmed(vpc, dict(APP, egress=dict(set=[])), needed=True)


# -- groups of others


def test_a_group_of_a_peers_account_is_named_by_account_and_id(vpc, ec2):
    write(vpc, WEB)
    theirs = dict(protocol="tcp", from_port=443, to_port=443, security_group="210987654321/sg-0123456789abcdef0")
    assert write(vpc, dict(WEB, ingress=[theirs]))["changed"]
    (rule,) = [one for one in ec2.describe_security_group_rules()["SecurityGroupRules"] if one.get("ReferencedGroupInfo")]
    assert rule["ReferencedGroupInfo"] == dict(GroupId="sg-0123456789abcdef0", UserId="210987654321")
    assert not write(vpc, dict(WEB, ingress=[theirs]))["changed"]
    assert [one["security_group"] for one in group_of(vpc, "web")["ingress"]] == [theirs["security_group"]]
    assert write(vpc, dict(WEB, ingress=[dict(theirs, description="partner")]))["changed"]
    assert not write(vpc, dict(WEB, ingress=[dict(theirs, description="partner")]))["changed"]


def test_one_group_in_two_spellings_is_refused_before_anything_is_written(vpc, ec2):
    write(vpc, WEB)
    vpc_id = next(one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"] if one["CidrBlock"] == "10.20.0.0/16")
    web_id = next(one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] == "web")
    for other in (dict(WEB, vpc=vpc_id), dict(id=web_id, ingress=[HTTPS])):
        vpc.double.clear_calls()
        assert "means the same one; write it once" in failing(vpc, WEB, other)
        assert vpc.writes() == []
    assert "means the same one" in failing(vpc, APP, dict(APP, vpc=vpc_id))
    assert "app" not in names(vpc)


# -- doors to the world

SSH = dict(protocol="tcp", from_port=22, to_port=22, cidr_ipv4="0.0.0.0/0")


RDP = dict(protocol="tcp", from_port=3389, to_port=3389, cidr_ipv6="::/0")


@pytest.mark.parametrize("rule", [SSH, dict(SSH, from_port=0, to_port=65535), RDP, dict(protocol="-1", cidr_ipv4="0.0.0.0/0")])
def test_a_door_is_opened_to_the_world_only_with_a_confirmation(vpc, rule):
    write(vpc, WEB)
    opened = dict(name="web", vpc="acme", ingress=dict(add=[rule]))
    assert "to the whole internet" in failing(vpc, opened)
    write(vpc, opened, confirm=[f"{GROUPS}/acme/web"])
    write(vpc, dict(opened, ingress=dict(add=[dict(rule, description="agreed")])))


@pytest.mark.parametrize("rules", [[SSH], dict(set=[SSH])])
def test_a_new_group_is_no_door_to_the_world_without_a_confirmation(vpc, rules):
    assert "to the whole internet" in confirmed(vpc, dict(WEB, ingress=rules), needed=True)


def test_one_confirmation_is_asked_for_all_that_it_allows(vpc):
    write(vpc, dict(WEB, ingress=[HTTPS]))
    said = confirmed(vpc, dict(WEB, ingress=dict(set=[SSH]), egress=dict(set=[])), needed=True)
    opened, closed, last, rest = _effects.in_japanese(said.partition(", which needs")[0])
    assert "tcp 22 0.0.0.0/0" in opened and "tcp 443 10.0.0.0/8" in closed and "アウトバウンド" in last and "all 0.0.0.0/0" in rest


@pytest.mark.parametrize("rule", [dict(SSH, from_port=443, to_port=443), dict(SSH, cidr_ipv4="203.0.113.0/24"), dict(protocol="icmp", cidr_ipv4="0.0.0.0/0")])
def test_what_is_no_door_or_not_for_the_world_needs_none(vpc, rule):
    write(vpc, WEB)
    write(vpc, dict(name="web", vpc="acme", ingress=dict(add=[rule])))
