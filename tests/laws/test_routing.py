# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laws do not reach in route tables, network ACLs, endpoints and peerings: moves between two of a kind, other accounts, refusals."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client
from tests.laws.stage import KINDS, REGION

TABLES, ACLS, PEERINGS, ENDPOINTS = "ec2_route_tables", "ec2_network_acls", "ec2_vpc_peering_connections", "ec2_vpc_endpoints"
OTHER = "210987654321"
ALLOW = dict(rule_number=100, rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0")
OPEN = dict(vpc="acme", ingress=[ALLOW], egress=[ALLOW])


@pytest.fixture
def network(stage):
    """A VPC with one subnet, an internet and a VPN gateway."""
    stage.double.reset()
    stage.run("ec2_vpcs", dict(vpcs=[dict(name="acme", cidr_block="10.20.0.0/16")]))
    stage.run("ec2_subnets", dict(subnets=[dict(name="a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")]))
    stage.run("ec2_internet_gateways", dict(internet_gateways=[dict(name="acme", vpc="acme")]))
    stage.run("ec2_vpn_gateways", dict(vpn_gateways=[dict(name="acme", vpc="acme")]))
    return stage


def client(stage, account):
    return stage.client("ec2", account)


def write(stage, kind, *entries, **more):
    return stage.run(kind, {kind.partition("_")[2]: list(entries), **more})


def refused(stage, kind, entry, **more):
    """The message; the plan says the same as apply."""
    task = {kind.partition("_")[2]: [entry], **more}
    planned, applied = stage.run(kind, task, check=True, fails=True), stage.run(kind, task, fails=True)
    assert planned["msg"] == applied["msg"]
    return applied["msg"]


def unconfirmed(stage, kind, entry):
    stage.double.clear_calls()
    message = stage.run(kind, {kind.partition("_")[2]: [entry]}, fails=True)["msg"]
    assert "confirmation" in message and stage.writes() == []
    return message


# -- route tables


def test_a_route_that_leads_nowhere_is_told(network, said):
    ec2 = network.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    own = ec2.describe_vpcs(Filters=[dict(Name="tag:Name", Values=["acme"])])["Vpcs"][0]["VpcId"]
    pending = ec2.create_vpc_peering_connection(VpcId=own, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    routes = [dict(destination_cidr_block="10.30.0.0/16", vpc_peering_connection=pending), dict(destination_cidr_block="0.0.0.0/0", internet_gateway="acme")]
    write(network, TABLES, dict(name="one", vpc="acme", routes=routes))
    (lost,) = [one for one in said if "blackhole" in one]
    assert lost.startswith("one: what goes to 10.30.0.0/16 arrives nowhere")
    (main,) = [table for table in network.gather(TABLES) if "name" not in table and table["vpc"] == "acme"]
    write(network, TABLES, dict(id=main["id"], routes=routes[:1]))
    assert said[-1].startswith(f"{main['id']}: what goes to 10.30.0.0/16 arrives nowhere")


def test_a_subnet_moves_to_another_route_table_in_one_call(network):
    write(network, TABLES, dict(name="one", vpc="acme", subnets=["a"]), dict(name="other", vpc="acme"))
    moved = dict(name="other", vpc="acme", subnets=["a"])
    assert "off the route table rtb-" in unconfirmed(network, TABLES, moved)
    write(network, TABLES, moved, confirm=["ec2_route_tables/acme/other"])
    assert network.writes() == ["ec2:ReplaceRouteTableAssociation"]


def test_a_subnet_named_away_and_elsewhere_ends_where_it_is_named(network):
    write(network, TABLES, dict(name="one", vpc="acme", subnets=["a"]), dict(name="other", vpc="acme"))
    both = [dict(name="one", vpc="acme", subnets=dict(remove=["a"])), dict(name="other", vpc="acme", subnets=["a"])]
    write(network, TABLES, *both, confirm=["ec2_route_tables/acme/one", "ec2_route_tables/acme/other"])
    assert {table.get("name"): table["subnets"] for table in network.gather(TABLES) if table.get("name")} == dict(one=[], other=["a"])


def test_a_route_table_in_use_stays(network):
    write(network, TABLES, dict(name="one", vpc="acme", subnets=["a"]))
    told = refused(network, TABLES, dict(name="one", vpc="acme", state="absent"), confirm=["ec2_route_tables/acme/one"])
    assert "subnets or gateways that use it (a)" in told


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (dict(destination_cidr_block="10.9.0.1/16", internet_gateway="acme"), "10.9.0.0/16"),
        (dict(destination_cidr_block="elsewhere", internet_gateway="acme"), "is not a network address"),
        (dict(internet_gateway="acme"), "exactly one of destination_cidr_block"),
        (dict(destination_cidr_block="10.9.0.0/16"), "exactly one target"),
        (dict(destination_cidr_block="10.9.0.0/16", internet_gateway="acme", vpn_gateway="acme"), "exactly one target"),
    ],
)
def test_an_impossible_route_is_refused_in_the_plan(network, route, said):
    assert said in refused(network, TABLES, dict(name="one", vpc="acme", routes=[route]))


ELSEWHERE = ["0.0.0.0/0", "10.9.0.0/16"]


@pytest.mark.parametrize("block", ELSEWHERE)
def test_another_way_or_none_needs_a_confirmation_where_there_is_traffic(network, block):
    destination = dict(destination_cidr_block=block)
    write(network, TABLES, dict(name="one", vpc="acme", routes=[dict(destination, internet_gateway="acme")], subnets=["a"]))
    for routes in ([dict(destination, vpn_gateway="acme")], dict(remove=[destination]), dict(set=[])):
        assert f"send what goes to {block}" in unconfirmed(network, TABLES, dict(name="one", vpc="acme", routes=routes))
    write(network, TABLES, dict(name="one", vpc="acme", subnets=dict(set=[])), confirm=["ec2_route_tables/acme/one"])
    assert write(network, TABLES, dict(name="one", vpc="acme", routes=dict(remove=[destination])))["changed"]


def test_a_route_that_leads_nowhere_goes_without_a_confirmation(network):
    interface = client(network, "123456789012")
    subnet = interface.describe_subnets(Filters=[dict(Name="tag:Name", Values=["a"])])["Subnets"][0]["SubnetId"]
    made = interface.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    route = dict(destination_cidr_block="10.9.0.0/16")
    write(network, TABLES, dict(name="one", vpc="acme", routes=[dict(route, network_interface=made)], subnets=["a"]))
    interface.delete_network_interface(NetworkInterfaceId=made)
    assert write(network, TABLES, dict(name="one", vpc="acme", routes=dict(remove=[route])))["changed"]


def test_what_was_learned_or_steered_needs_a_confirmation(network):
    write(network, TABLES, dict(name="one", vpc="acme", propagating_vpn_gateways=["acme"], subnets=["a"], internet_gateways=["acme"]))
    assert "learned from the other side" in unconfirmed(network, TABLES, dict(name="one", vpc="acme", propagating_vpn_gateways=dict(remove=["acme"])))
    assert "no longer steer what comes in" in unconfirmed(network, TABLES, dict(name="one", vpc="acme", internet_gateways=dict(set=[])))
    assert "main route table" in unconfirmed(network, TABLES, dict(name="one", vpc="acme", subnets=dict(set=[])))


@pytest.mark.parametrize("kind", [TABLES, ACLS])
@pytest.mark.parametrize("other", [["a"], dict(set=["b", "acme/a"]), dict(add=["a"])])
def test_a_subnet_is_named_by_one_entry_only(kind, other):
    faults = KINDS[kind].faults
    entries = [dict(name="one", vpc="acme", subnets=["a", "b"][:1]), dict(name="other", vpc="acme", subnets=other)]
    assert [(fault[:3], fault[3]["other_entry"]) for fault in faults(entries, {})] == [((1, "subnets", "overlap"), 0)]
    for apart in (dict(vpc="second"), dict(state="absent"), dict(subnets=dict(remove=["a"]))):
        assert list(faults([entries[0], {**entries[1], **apart}], {})) == []


def test_another_target_takes_the_old_one_away(network):
    route = dict(destination_cidr_block="10.9.0.0/16")
    write(network, TABLES, dict(name="one", vpc="acme", routes=[dict(route, internet_gateway="acme")]))
    after = write(network, TABLES, dict(name="one", vpc="acme", routes=[dict(route, vpn_gateway="acme")]))["diff"]["after"]["acme/one"]["routes"][0]
    assert ("internet_gateway" in after, after["vpn_gateway"]) == (False, "acme")


def test_routes_of_gateway_endpoints_are_never_the_sheets(network):
    write(network, TABLES, dict(name="one", vpc="acme"))
    write(network, ENDPOINTS, dict(name="s3", vpc="acme", service_name=f"com.amazonaws.{REGION}.s3", route_tables=["one"]))
    assert not write(network, TABLES, dict(name="one", vpc="acme", routes=dict(set=[])))["changed"]


# -- network ACLs


def test_a_subnet_moves_to_another_network_acl_in_one_call(network):
    write(network, ACLS, dict(OPEN, name="one", subnets=["a"]), dict(OPEN, name="other"))
    moved = dict(name="other", vpc="acme", subnets=["a"])
    assert "under the network ACL acl-" in unconfirmed(network, ACLS, moved)
    write(network, ACLS, moved, confirm=["ec2_network_acls/acme/other"])
    assert network.writes() == ["ec2:ReplaceNetworkAclAssociation"]


def test_an_entry_that_goes_unnamed_needs_a_confirmation_where_there_are_subnets(network):
    also = dict(ALLOW, rule_number=200)
    write(network, ACLS, dict(OPEN, name="one", ingress=[ALLOW, also]))
    for entry in (dict(name="one", vpc="acme", ingress=dict(set=[ALLOW])), dict(name="one", vpc="acme", ingress=[also], subnets=["a"])):
        assert write(network, ACLS, entry)["changed"]
    assert "take away ingress 200" in unconfirmed(network, ACLS, dict(name="one", vpc="acme", ingress=dict(set=[ALLOW])))
    assert write(network, ACLS, dict(name="one", vpc="acme", ingress=dict(remove=[dict(rule_number=200)])))["changed"]


def test_a_network_acl_in_use_stays(network):
    write(network, ACLS, dict(OPEN, name="one", subnets=["a"]))
    assert "subnets under it (a)" in refused(network, ACLS, dict(name="one", vpc="acme", state="absent"), confirm=["ec2_network_acls/acme/one"])


BACK = dict(ALLOW, rule_number=110, protocol="tcp", from_port=1024, to_port=65535)
HTTPS = dict(ALLOW, rule_number=100, protocol="tcp", from_port=443, to_port=443, cidr_block="10.20.0.0/16")


@pytest.mark.parametrize(
    "ingress, egress, told",
    [
        ([HTTPS], [BACK], []),
        ([HTTPS], [ALLOW], []),
        ([HTTPS], [dict(BACK, cidr_block="10.20.1.0/24")], []),
        ([HTTPS], [HTTPS], ["ingress 100", "egress 100"]),
        ([HTTPS], [dict(BACK, cidr_block="192.0.2.0/24")], ["ingress 100"]),
        ([HTTPS], [dict(BACK, protocol="udp")], ["ingress 100"]),
        ([HTTPS], [dict(BACK, rule_action="deny"), dict(HTTPS, rule_action="deny")], ["ingress 100"]),
        ([dict(HTTPS, rule_action="deny"), BACK], [HTTPS], []),
    ],
)
def test_connections_whose_answers_a_network_acl_drops_are_told(network, monkeypatch, ingress, egress, told):
    """In the plan as in the run, of a new one and of one that changes."""
    texts = []
    monkeypatch.setattr(_client.Aws, "warn", lambda aws, text: texts.append(text))
    new = dict(name="one", vpc="acme", ingress=ingress, egress=egress)
    for check in (True, False):
        texts.clear()
        network.run(ACLS, dict(network_acls=[new]), check=check)
        assert {text.partition(" lets")[0] for text in texts} == {f"one: {place}" for place in told}
    write(network, ACLS, dict(OPEN, name="two"))
    texts.clear()
    changed = dict(new, name="two", ingress=dict(set=ingress), egress=dict(set=egress))
    network.run(ACLS, dict(network_acls=[changed]), check=True)
    assert {text.partition(" lets")[0] for text in texts} == {f"two: {place}" for place in told}


ALL = dict(rule_number=90, rule_action="deny", protocol="-1", cidr_block="10.20.0.0/16")
PING = dict(rule_number=120, rule_action="allow", protocol="icmp", icmp_type=8, icmp_code=-1, cidr_block="10.20.1.0/24")


@pytest.mark.parametrize(
    ("before", "behind", "shadows"),
    [
        (ALL, HTTPS, True),
        (dict(ALL, rule_action="allow"), dict(HTTPS, rule_action="deny"), True),
        (dict(ALL, rule_number=110), HTTPS, False),
        (dict(ALL, cidr_block="10.20.1.0/24"), HTTPS, False),
        (dict(ALL, cidr_block=None, ipv6_cidr_block="::/0"), HTTPS, False),
        (dict(HTTPS, rule_number=90, from_port=0, to_port=1023), HTTPS, True),
        (dict(HTTPS, rule_number=90, protocol="6", from_port=440, to_port=442), HTTPS, False),
        (dict(HTTPS, rule_number=90, protocol="udp"), HTTPS, False),
        (dict(PING, rule_number=90, icmp_type=-1), PING, True),
        (dict(PING, rule_number=90, icmp_type=3), PING, False),
    ],
)
def test_an_entry_that_is_never_reached_is_told(network, said, before, behind, shadows):
    """In the plan, of a new one and of one that gets it later."""
    told = f"ingress {behind['rule_number']} ({behind['rule_action']}) is never reached: ingress {before['rule_number']} ({before['rule_action']}) decides"
    entries = [{name: value for name, value in one.items() if value is not None} for one in (behind, before)]
    network.run(ACLS, dict(network_acls=[dict(name="one", vpc="acme", ingress=entries)]), check=True)
    assert any(told in text for text in said) == shadows
    write(network, ACLS, dict(name="one", vpc="acme", ingress=entries[1:]))
    said.clear()
    network.run(ACLS, dict(network_acls=[dict(name="one", vpc="acme", ingress=dict(add=entries[:1]))]), check=True)
    assert any(told in text for text in said) == shadows


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(ALLOW, rule_number=32767), "1 to 32766"),
        (dict(ALLOW, cidr_block="10.0.0.1/8"), "10.0.0.0/8"),
        (dict(ALLOW, ipv6_cidr_block="::/0"), "exactly one of cidr_block"),
        (dict(ALLOW, protocol="udp"), "from_port, to_port must be named"),
        (dict(ALLOW, protocol="icmp"), "icmp_type, icmp_code must be named"),
        (dict(rule_number=1, cidr_block="10.0.0.0/8"), "rule_action, protocol must be named"),
    ],
)
def test_an_impossible_entry_is_refused_in_the_plan(network, entry, said):
    assert said in refused(network, ACLS, dict(name="one", vpc="acme", ingress=[entry]))


def test_subnets_without_any_traffic_need_a_confirmation(network):
    assert "no ingress and no egress" in unconfirmed(network, ACLS, dict(name="one", vpc="acme", subnets=["a"]))
    write(network, ACLS, dict(OPEN, name="other", subnets=["a"]))
    assert "no egress" in unconfirmed(network, ACLS, dict(name="other", vpc="acme", egress=dict(set=[])))
    assert "default network ACL" in unconfirmed(network, ACLS, dict(name="other", vpc="acme", subnets=dict(remove=["a"])))


def test_the_default_network_acl_takes_what_no_other_has(network):
    default = next(acl["id"] for acl in network.gather(ACLS) if acl["vpc"] == "acme")
    assert "comes under the default" in refused(network, ACLS, dict(id=default, subnets=["a"]))
    assert write(network, ACLS, dict(id=default, name="acme-default", tags=dict(Tier="none")))["changed"]


# -- peerings


@pytest.fixture
def far(network):
    """A request to a VPC of another account, which waits there."""
    vpc = client(network, OTHER).create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    entry = dict(name="far", vpc="acme", peer_vpc=vpc, peer_owner_id=OTHER)
    write(network, PEERINGS, entry)
    return entry


def test_a_peering_with_another_account_waits_there(network, far):
    assert not write(network, PEERINGS, far)["changed"]
    names = dict(allow_dns_resolution_from_remote_vpc=True)
    assert f"account {OTHER} has to accept it" in refused(network, PEERINGS, dict(far, accept=True))
    assert f"waits for account {OTHER}" in refused(network, PEERINGS, dict(far, requester_peering_connection_options=names))
    assert "of that side" in refused(network, PEERINGS, dict(far, accepter_peering_connection_options=names))
    other = client(network, OTHER)
    peering = other.describe_vpc_peering_connections()["VpcPeeringConnections"][0]["VpcPeeringConnectionId"]
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert write(network, PEERINGS, dict(far, accept=True, requester_peering_connection_options=names))["changed"]
    assert "cannot go back" in refused(network, PEERINGS, dict(far, accept=False))


def test_the_other_side_accepts_by_id(network):
    theirs, mine = client(network, OTHER), client(network, "123456789012")
    vpc = mine.describe_vpcs(Filters=[dict(Name="tag:Name", Values=["acme"])])["Vpcs"][0]["VpcId"]
    asking = theirs.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    request = theirs.create_vpc_peering_connection(VpcId=asking, PeerVpcId=vpc, PeerOwnerId="123456789012")
    peering = request["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    accepted = dict(id=peering, name="them", peer_vpc="acme", accept=True)
    assert "write requester_owner_id too" in refused(network, PEERINGS, accepted)
    assert "requester_owner_id cannot change" in refused(network, PEERINGS, dict(accepted, requester_owner_id="111111111111"))
    write(network, PEERINGS, dict(accepted, requester_owner_id=OTHER))
    assert not write(network, PEERINGS, accepted)["changed"]
    assert [(one["name"], one["accept"], one["peer_vpc"]) for one in network.gather(PEERINGS)] == [("them", True, "acme")]


def test_who_asks_elsewhere_does_not_accept(network):
    entry = dict(name="far", vpc="acme", peer_vpc="vpc-0123456789abcdef0", accept=True)
    for where in (dict(peer_owner_id=OTHER), dict(peer_region="ap-northeast-3")):
        assert "accept is for the entry of the side that is asked" in refused(network, PEERINGS, dict(entry, **where))
    assert "this is account 123456789012" in refused(network, PEERINGS, dict(entry, accept=False, requester_owner_id=OTHER))


def test_what_the_side_that_asked_has_removed_is_not_there_to_be_removed(network, said):
    entry, nothing = dict(id="shop:acme-shop", state="absent"), dict(neighbours=dict(shop={}))
    for check in (True, False):
        done = network.run(PEERINGS, dict(vpc_peering_connections=[entry]), check=check, **nothing)
        assert [one["action"] for one in done["entries"]] == ["unchanged"]
    assert said[-1].endswith("so there is nothing to remove") and "shop has no 'acme-shop'" in said[-1]
    kept = network.run(PEERINGS, dict(vpc_peering_connections=[dict(entry, state="present")]), **nothing, fails=True)
    assert "shop has no 'acme-shop'" in kept["msg"]


def test_a_second_peering_of_the_same_vpcs_is_refused_and_the_first_stays(network, far):
    before = network.gather(PEERINGS)
    task = {"vpc_peering_connections": [dict(far, name="again")]}
    assert "connects these two VPCs already" in network.run(PEERINGS, task, fails=True)["msg"]
    assert network.gather(PEERINGS) == before


def test_a_peering_that_fails_says_why_and_counts_as_not_there(network):
    write(network, "ec2_vpcs", dict(name="same", cidr_block="10.20.0.0/16"))
    task = {"vpc_peering_connections": [dict(name="same", vpc="acme", peer_vpc="same")]}
    assert "overlapping CIDR range" in network.run(PEERINGS, task, fails=True)["msg"]
    assert network.gather(PEERINGS) == []


def test_a_name_of_a_peer_must_exist_and_an_id_may_be_elsewhere(network):
    assert "there is no 'nope' among ec2_vpcs" in refused(network, PEERINGS, dict(name="x", vpc="acme", peer_vpc="nope"))
    assert network.run(PEERINGS, {"vpc_peering_connections": [dict(name="x", vpc="acme", peer_vpc="vpc-0123456789abcdef0")]}, check=True)["changed"]
