# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What transit gateways, their attachments, route tables and shares refuse, call dangerous, find wrong in a sheet, and leave alone."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client, _transit_gateways
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.plugin_utils import references, sheets
from tests.laws.bystanders import at_rest
from tests.laws.stage import ACCOUNT, KINDS, REGION, examples
from tests.laws.test_gateways import Answers, client, dangerous, faults, harmless, refused, task, write

GATEWAYS, VPCS, PEERINGS = "ec2_transit_gateways", "ec2_transit_gateway_vpc_attachments", "ec2_transit_gateway_peering_attachments"
ACCEPTERS, TABLES, SHARES = "ec2_transit_gateway_attachment_accepters", "ec2_transit_gateway_route_tables", "ram_resource_shares"
OTHER = "210987654321"
CLOSED = dict(default_route_table_association="disable", default_route_table_propagation="disable")


def played(stage, kind):
    """An account in which the kind's first example has been done."""
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    return stage


def theirs(stage, service="ec2"):
    return stage.client(service, OTHER)


@pytest.fixture(autouse=True)
def told(stage, monkeypatch):
    """What Ansible would show as warnings. It shows each only once in a process."""
    stage.told = []
    monkeypatch.setattr(_client.Aws, "warn", lambda aws, text: stage.told.append(text))


def warned(stage, act, *arguments):
    stage.told.clear()
    act(stage, *arguments)
    return " ".join(stage.told)


def plan(stage, kind, *entries):
    return stage.run(kind, task(kind, *entries), check=True)


def attachments(stage):
    return client(stage, "ec2").describe_transit_gateway_attachments()["TransitGatewayAttachments"]


# -- gateways


def test_a_gateway_that_lets_all_reach_each_other_is_told_in_the_plan(stage):
    stage.double.reset()
    entry = dict(name="acme")
    for act in (plan, write):
        assert "all reach each other" in warned(stage, act, GATEWAYS, entry)
    assert "all reach" in warned(stage, plan, GATEWAYS, dict(CLOSED, name="b", default_route_table_propagation="enable"))
    assert not warned(stage, plan, GATEWAYS, dict(CLOSED, name="c"))


def test_to_close_a_gateway_later_leaves_what_is_attached_and_says_so(stage):
    stage.prepare(VPCS)
    write(stage, GATEWAYS, dict(name="acme", **dict.fromkeys(CLOSED, "enable")))
    stage.run(VPCS, examples(VPCS).make)
    before = placed(stage)
    assert "stays under the route tables" in warned(stage, write, GATEWAYS, dict(CLOSED, name="acme"))
    assert placed(stage) == before and len(before) == 2


def placed(stage):
    return {one["TransitGatewayAttachmentId"]: one["Association"]["TransitGatewayRouteTableId"] for one in attachments(stage)}


def test_the_asn_stays_as_long_as_a_vpn_is_attached(stage):
    stage.double.reset()
    gateway = write(stage, GATEWAYS, dict(CLOSED, name="acme"))["entries"][0]["id"]
    harmless(stage, GATEWAYS, dict(name="acme", amazon_side_asn=64601))
    ec2 = client(stage, "ec2")
    customer = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="203.0.113.1")["CustomerGateway"]["CustomerGatewayId"]
    ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, TransitGatewayId=gateway)
    assert "VPN or Direct Connect attachments" in refused(stage, GATEWAYS, dict(name="acme", amazon_side_asn=64602))


def test_what_opens_a_gateway_or_takes_its_blocks_needs_a_confirmation(stage):
    played(stage, GATEWAYS)
    assert "without being asked" in dangerous(stage, GATEWAYS, dict(name="acme", auto_accept_shared_attachments="enable"))
    assert "take 10.99.0.0/24" in dangerous(stage, GATEWAYS, dict(name="acme", transit_gateway_cidr_blocks=dict(set=[])))
    harmless(stage, GATEWAYS, dict(name="acme", auto_accept_shared_attachments="disable", dns_support="disable"))


def test_a_gateway_with_attachments_is_not_deleted(stage):
    played(stage, VPCS)
    message = refused_removal(stage, GATEWAYS, dict(name="acme"))
    assert "attachments (tgw-attach-" in message and "vpc-" in message


def refused_removal(stage, kind, entry):
    name = f"{kind}/{KINDS[kind].label(entry)}"
    stage.double.clear_calls()
    message = stage.run(kind, task(kind, dict(entry, state="absent"), confirm=[name]), fails=True)["msg"]
    assert stage.writes() == []
    return message


def test_a_gateway_of_another_account_is_nobodys_to_change(stage):
    stage.double.reset()
    shared_gateway(stage)
    assert stage.gather(GATEWAYS) == []


def test_blocks_of_a_gateway_in_a_sheet():
    assert faults(GATEWAYS, dict(name="a", transit_gateway_cidr_blocks=["10.0.0.0/24", "10.0.0.0/20"])) == [(0, "transit_gateway_cidr_blocks", "overlap")]
    assert faults(GATEWAYS, dict(name="a", transit_gateway_cidr_blocks=["10.0.0.0/24"]), dict(name="b", transit_gateway_cidr_blocks=["10.0.0.0/24"])) == []


# -- attachments of VPCs


def test_a_vpc_is_attached_once_and_the_plan_says_as_what(stage):
    played(stage, VPCS)
    entry = dict(name="again", transit_gateway="acme", vpc="acme", subnets=["acme-tgw-c"])
    message = refused(stage, VPCS, entry)
    assert "attached" in message and "(acme)" in message and "Add its id" in message
    there = next(one["TransitGatewayAttachmentId"] for one in attachments(stage) if dict(Key="Name", Value="acme") in one["Tags"])
    assert write(stage, VPCS, dict(entry, id=there))["entries"][0]["changed"] == ["name", "subnets"]


def test_vpcs_that_overlap_are_attached_and_both_are_told(stage):
    played(stage, VPCS)
    vpc = write(stage, "ec2_vpcs", dict(name="twin", cidr_block="10.20.128.0/17"))["entries"][0]["id"]
    write(stage, "ec2_subnets", dict(name="twin-a", vpc="twin", cidr_block="10.20.128.0/28", availability_zone="ap-northeast-1a"))
    said = warned(stage, write, VPCS, dict(name="twin", transit_gateway="acme", vpc="twin", subnets=["twin-a"]))
    assert vpc in said and "10.20.0.0/16 of vpc-" in said


def test_what_an_attachment_loses_needs_a_confirmation(stage):
    played(stage, VPCS)
    harmless(stage, VPCS, dict(name="acme", vpc="acme", subnets=["acme-tgw-c"]))
    assert "out of 1 subnets" in dangerous(stage, VPCS, dict(name="acme", vpc="acme", subnets=dict(remove=["acme-tgw-c"])))
    assert "public addresses" in dangerous(stage, VPCS, dict(name="acme", dns_support="disable"))
    assert "through another zone" in dangerous(stage, VPCS, dict(name="acme", appliance_mode_support="enable"))
    assert "different zones" in dangerous(stage, VPCS, dict(name="acme", appliance_mode_support="disable"))
    assert "void security group rules" in dangerous(stage, VPCS, dict(name="acme", security_group_referencing_support="disable"))
    harmless(stage, VPCS, dict(name="acme", ipv6_support="enable", dns_support="enable"))
    assert "over IPv6" in dangerous(stage, VPCS, dict(name="acme", ipv6_support="disable"))


def test_an_attachment_keeps_a_subnet(stage):
    played(stage, VPCS)
    assert "has one at least" in refused(stage, VPCS, dict(name="acme", vpc="acme", subnets=dict(set=[])), confirm=[f"{VPCS}/acme"])


def test_a_sheet_attaches_a_vpc_once_and_with_one_subnet_in_a_zone():
    one = dict(name="a", transit_gateway="tgw", vpc="acme", subnets=["s-1"])
    assert faults(VPCS, one, dict(one, name="b")) == [(1, "vpc", "claimed")]
    assert faults(VPCS, one, dict(one, name="b", transit_gateway="other")) == []
    subnets = [dict(name=f"s-{number}", vpc="acme", cidr_block=f"10.0.{number}.0/28", availability_zone="ap-northeast-1a") for number in (1, 2)]
    assert faults(VPCS, dict(one, subnets=["s-1", "s-2"]), ec2_subnets=subnets) == [(0, "subnets", "overlap")]


def test_what_failed_says_why():
    told = _transit_gateways.progress(dict(State="failed", Status=dict(Message="no such gateway")))
    assert told == dict(_moving=None, _failed="it is failed: no such gateway", _state="failed")
    asked = _transit_gateways.progress(dict(State="pendingAcceptance"))
    assert asked == dict(_moving=None, _failed=None, _state="pendingAcceptance"), "nobody waits for another account"


# -- two accounts


def shared_gateway(stage, **options):
    """A gateway of another account, shared with this one."""
    ec2 = theirs(stage)
    gateway = ec2.create_transit_gateway(Options=options)["TransitGateway"]
    at_rest(ec2.describe_transit_gateways)
    theirs(stage, "ram").create_resource_share(name="tgw", resourceArns=[gateway["TransitGatewayArn"]], principals=[ACCOUNT])
    mine = client(stage, "ram")
    mine.accept_resource_share_invitation(
        resourceShareInvitationArn=mine.get_resource_share_invitations()["resourceShareInvitations"][0]["resourceShareInvitationArn"]
    )
    return gateway["TransitGatewayId"]


def network(stage):
    write(stage, "ec2_vpcs", dict(name="acme", cidr_block="10.20.0.0/16"))
    write(stage, "ec2_subnets", dict(name="a", vpc="acme", cidr_block="10.20.0.0/28", availability_zone="ap-northeast-1a"))


def test_an_attachment_to_another_accounts_gateway_waits_and_is_no_failure(stage):
    stage.double.reset()
    gateway = shared_gateway(stage)
    network(stage)
    entry = dict(name="acme", transit_gateway=gateway, vpc="acme", subnets=["a"])
    one = write(stage, VPCS, entry)["entries"][0]["id"]
    assert not write(stage, VPCS, entry)["changed"]
    assert "waits for the owner" in refused(stage, VPCS, dict(entry, dns_support="disable"), confirm=[f"{VPCS}/acme"])
    theirs(stage).accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    harmless(stage, VPCS, dict(entry, appliance_mode_support="disable", ipv6_support="enable"))
    route = dict(destination_cidr_block="10.0.0.0/8", transit_gateway=gateway)
    write(stage, "ec2_route_tables", dict(vpc="acme", name="acme", routes=[route]))
    found = next(one for one in stage.gather("ec2_route_tables") if one.get("name") == "acme")
    assert [one["transit_gateway"] for one in found["routes"]] == [gateway]


@pytest.fixture
def asked(stage):
    """A gateway of ours, shared with another account, which asks to attach its VPC."""
    stage.double.reset()
    write(stage, GATEWAYS, dict(CLOSED, name="acme"))
    write(stage, SHARES, dict(name="acme", principals=[OTHER], transit_gateways=["acme"]))
    ram, ec2 = theirs(stage, "ram"), theirs(stage)
    invitation = ram.get_resource_share_invitations()["resourceShareInvitations"][0]["resourceShareInvitationArn"]
    ram.accept_resource_share_invitation(resourceShareInvitationArn=invitation)
    stage.vpc = ec2.create_vpc(CidrBlock="10.70.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=stage.vpc, CidrBlock="10.70.0.0/28")["Subnet"]["SubnetId"]
    gateway = ec2.describe_transit_gateways()["TransitGateways"][0]["TransitGatewayId"]
    stage.entry = dict(name="partner", transit_gateway="acme", vpc=stage.vpc, resource_owner_id=OTHER, accept=True)
    stage.ask = lambda: ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=stage.vpc, SubnetIds=[subnet])
    return stage


def test_a_vpc_of_another_account_is_accepted_and_routed(asked):
    asked.ask()
    harmless(asked, ACCEPTERS, asked.entry)
    assert not write(asked, ACCEPTERS, asked.entry)["changed"]
    assert asked.gather(VPCS) == [], "what others attach is not ours"
    harmless(asked, TABLES, dict(transit_gateway="acme", name="partners", associations=["partner"], propagations=["partner"]))
    assert "and cut all" in dangerous_removal(asked, ACCEPTERS, dict(name="partner"))


def dangerous_removal(stage, kind, entry):
    name = f"{kind}/{KINDS[kind].label(entry)}"
    why = plan(stage, kind, dict(entry, state="absent"))["entries"][0]["confirm"]
    assert stage.run(kind, task(kind, dict(entry, state="absent"), confirm=[name]))["changed"]
    assert not write(stage, kind, dict(entry, state="absent"))["changed"]
    return why


def test_nothing_is_accepted_that_nobody_asked_for(asked):
    assert "nobody has asked" in refused(asked, ACCEPTERS, asked.entry)


TRANSIT, VIRTUAL = "directconnect_transit_gateway_associations", "directconnect_virtual_gateway_associations"
ACCEPTED_SHARES = "ram_resource_share_accepters"
PROPOSED = dict(associated_gateway_owner_account=OTHER, accept=True)
REQUESTS = {  # what accepts, the kind and the label of what the neighbour asks with, what it has, and what is said while nobody asks
    "vpc": (ACCEPTERS, VPCS, "theirs", "ec2_vpcs", "vpc-0123456789abcdef0", "nobody has asked"),
    "peer_transit_gateway": (ACCEPTERS, PEERINGS, "theirs", "ec2_transit_gateways", "tgw-0123456789abcdef0", "nobody has asked"),
    "transit_gateway": (TRANSIT, TRANSIT, "acme-dxgw/new", "ec2_transit_gateways", "tgw-0123456789abcdef0", "nobody has proposed"),
    "virtual_gateway": (VIRTUAL, VIRTUAL, "acme-dxgw/new", "ec2_vpn_gateways", "vgw-0123456789abcdef0", "nobody has proposed"),
    "resource_share": (ACCEPTED_SHARES, SHARES, "new", SHARES, f"arn:aws:ram:{REGION}:{OTHER}:resource-share/new", "nobody has invited"),
}
OF_ENTRIES = {
    ACCEPTERS: dict(name="theirs", transit_gateway="acme", resource_owner_id=OTHER, accept=True),
    TRANSIT: dict(PROPOSED, direct_connect_gateway="acme-dxgw"),
    VIRTUAL: dict(PROPOSED, direct_connect_gateway="acme-dxgw"),
    ACCEPTED_SHARES: dict(accept=True),
}


@pytest.mark.parametrize("option", REQUESTS)
def test_what_the_plan_of_a_neighbour_asks_for_is_foreseen(stage, option, monkeypatch):
    """It can be seen by nobody before the run; a plan of something else, and a run in which it did not come, leave the message as it is."""
    kind, asking, label, of, there, nobody = REQUESTS[option]
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    stage.prepare(kind)
    entry = task(kind, {**OF_ENTRIES[kind], option: "far:new"})

    def plans(**labels):
        return {**stage.neighbours, "far": dict({of: dict(new=there)}, plans=labels)}

    for others in ({}, {"ec2_vpcs": ["new"]} if of != "ec2_vpcs" else {"ec2_subnets": ["new"]}, {asking: []}):
        assert nobody in stage.run(kind, entry, check=True, fails=True, neighbours=plans(**others))["msg"]
    planned = stage.run(kind, entry, check=True, neighbours=plans(**{asking: [label]}))
    (after,) = planned["diff"]["after"].values()
    assert planned["entries"][0]["action"] == "created" and after[option] == "far:new (known after apply)"
    assert nobody in stage.run(kind, entry, fails=True, neighbours=plans(**{asking: [label]}))["msg"]


def test_another_share_of_the_neighbour_is_no_invitation(stage):
    stage.prepare(ACCEPTED_SHARES)
    share = REQUESTS["resource_share"][4]
    others = dict(stage.neighbours, far={SHARES: dict(new=share), "plans": {SHARES: ["other"]}})
    entry = task(ACCEPTED_SHARES, dict(resource_share="far:new", accept=True))
    assert "nobody has invited" in stage.run(ACCEPTED_SHARES, entry, check=True, fails=True, neighbours=others)["msg"]


def test_a_request_of_an_unexpected_account_is_left_as_it_is(asked):
    asked.ask()
    at_rest(client(asked, "ec2").describe_transit_gateway_vpc_attachments)
    assert f"by account {OTHER}" in refused(asked, ACCEPTERS, dict(asked.entry, resource_owner_id="111122223333"))
    assert attachments(asked)[0]["State"] == "pendingAcceptance"


def test_a_request_is_accepted_only_by_the_account_that_is_expected(asked):
    """By its id too, which says nothing of who asked."""
    asked.ask()
    write(asked, ACCEPTERS, dict(asked.entry, accept=False))
    there = attachments(asked)[0]["TransitGatewayAttachmentId"]
    for entry in (dict(name="partner", accept=True), dict(id=there, name="partner", accept=True)):
        assert "write resource_owner_id too" in refused(asked, ACCEPTERS, entry)
    harmless(asked, ACCEPTERS, dict(name="partner", accept=True, resource_owner_id=OTHER))


def test_who_only_looks_at_a_request_waits_for_nothing(asked, monkeypatch):
    asked.ask()
    write(asked, ACCEPTERS, asked.entry)
    code = KINDS[ACCEPTERS].find.__globals__
    look = code["_described"]
    monkeypatch.setitem(code, "_described", lambda aws, *filters: [dict(one, State="pending") for one in look(aws, *filters)])
    monkeypatch.setitem(code, "look", None)
    assert "AWS is still at work" in warned(asked, plan, ACCEPTERS, dict(name="partner"))
    assert [one["name"] for one in asked.gather(ACCEPTERS)] == ["partner"]


def test_a_request_waits_and_is_rejected_with_a_confirmation(asked):
    asked.ask()
    write(asked, ACCEPTERS, dict(asked.entry, accept=False))
    assert "has the name 'partner' already" in refused(asked, ACCEPTERS, dict(asked.entry, name="other"))
    entry = dict(transit_gateway="acme", name="partners", associations=["partner"])
    write(asked, TABLES, dict(entry, associations=[]))
    assert "once it is accepted" in warned(asked, plan, TABLES, entry)
    assert "waits for the other side to accept it" in asked.run(TABLES, task(TABLES, entry), fails=True)["msg"]
    assert "would reject" in dangerous_removal(asked, ACCEPTERS, dict(name="partner"))
    assert attachments(asked)[0]["State"] == "rejected"


def test_what_is_accepted_does_not_go_back(asked):
    asked.ask()
    write(asked, ACCEPTERS, asked.entry)
    assert "cannot go back" in refused(asked, ACCEPTERS, dict(asked.entry, accept=False))


def test_a_peering_of_two_regions_is_asked_for_and_accepted_at_the_other_side(stage):
    stage.double.reset()
    osaka = client(stage, "ec2", "ap-northeast-3")
    peer = osaka.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    at_rest(osaka.describe_transit_gateways)
    write(stage, GATEWAYS, dict(CLOSED, name="acme"))
    entry = dict(name="osaka", transit_gateway="acme", peer_transit_gateway=peer, peer_account_id=ACCOUNT, peer_region="ap-northeast-3")
    one = write(stage, PEERINGS, entry)["entries"][0]["id"]
    assert not write(stage, PEERINGS, entry)["changed"] and stage.gather(ACCEPTERS) == []
    at_rest(osaka.describe_transit_gateway_peering_attachments)
    osaka.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=one)
    table = dict(transit_gateway="acme", name="t", associations=["osaka"], routes=[dict(destination_cidr_block="10.80.0.0/16", attachment="osaka")])
    harmless(stage, TABLES, table)
    assert "propagates nothing" in refused(stage, TABLES, dict(transit_gateway="acme", name="t", propagations=["osaka"]))
    assert "propagates nothing" in refused_in_plan(stage, dict(transit_gateway="acme", name="new", propagations=["osaka"]))


def refused_in_plan(stage, entry):
    return stage.run(TABLES, task(TABLES, entry), check=True, fails=True)["msg"]


def test_a_peering_with_a_wrong_peer_says_why(stage):
    stage.double.reset()
    write(stage, GATEWAYS, dict(CLOSED, name="acme"))
    entry = dict(name="x", transit_gateway="acme", peer_transit_gateway="tgw-0123456789abcdef0", peer_account_id=OTHER, peer_region="ap-northeast-3")
    assert "is failed: Transit Gateway tgw-0123456789abcdef0 was deleted" in stage.run(PEERINGS, task(PEERINGS, entry), fails=True)["msg"]
    assert stage.gather(PEERINGS) == []


def test_equal_asns_are_told_and_a_second_peering_is_refused(stage):
    stage.double.reset()
    write(stage, GATEWAYS, dict(CLOSED, name="a"), dict(CLOSED, name="b"))
    entry = dict(name="a-b", transit_gateway="a", peer_transit_gateway="b", peer_account_id=ACCOUNT, peer_region=REGION)
    for act in (plan, write):
        assert "both transit gateways have the ASN 64512" in warned(stage, act, PEERINGS, entry)
    assert "are peered already" in refused(stage, PEERINGS, dict(entry, name="b-a", transit_gateway="b", peer_transit_gateway="a"))
    assert "at both sides" in dangerous_removal(stage, PEERINGS, dict(name="a-b"))


# -- route tables

PROD, SPARE = dict(transit_gateway="acme", name="prod"), dict(transit_gateway="acme", name="spare")


def test_a_used_table_loses_nothing_without_a_confirmation(stage):
    played(stage, TABLES)
    lost = dict(PROD, routes=dict(remove=[dict(destination_cidr_block="10.40.0.0/16")]))
    assert "send what goes to 10.40.0.0/16 another way" in dangerous(stage, TABLES, lost)
    dropped = dict(PROD, routes=[dict(destination_cidr_block="10.61.0.0/16", blackhole=True)])
    assert "send what goes to 10.61.0.0/16" in dangerous(stage, TABLES, dropped)
    harmless(stage, TABLES, dict(PROD, routes=dict(remove=[dict(destination_cidr_block="10.61.0.0/16")])))
    assert "has propagated" in dangerous(stage, TABLES, dict(PROD, propagations=dict(remove=["acme-shared"])))
    assert "comes from tgw-attach-" in dangerous(stage, TABLES, dict(PROD, associations=dict(set=[])))
    harmless(stage, TABLES, dict(PROD, routes=[dict(destination_cidr_block="10.62.0.0/16", blackhole=True)]))


def test_an_attachment_moves_with_a_confirmation_and_lands_where_it_shall(stage):
    played(stage, TABLES)
    assert "cut its traffic for about a minute" in dangerous(stage, TABLES, dict(SPARE, associations=["acme"]))
    found = {one["name"]: one["associations"] for one in stage.gather(TABLES) if one["transit_gateway"] == "acme"}
    assert (found["prod"], found["spare"]) == ([], ["acme"])


def test_a_new_table_moves_nothing(stage):
    played(stage, TABLES)
    entry = dict(transit_gateway="acme", name="new", associations=["acme"])
    assert "cuts its traffic" in refused_in_plan(stage, entry)
    assert "The new table is made without" in stage.run(TABLES, task(TABLES, entry), fails=True)["msg"]
    found = {one["name"]: one["associations"] for one in stage.gather(TABLES) if one["transit_gateway"] == "acme"}
    assert (found["prod"], found["new"]) == (["acme"], [])
    assert "cut its traffic" in dangerous(stage, TABLES, entry)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (dict(destination_cidr_block="10.0.0.1/8", blackhole=True), "not how AWS writes a network: 10.0.0.0/8"),
        (dict(destination_cidr_block="10.0.0.0/8"), "exactly one of attachment, blackhole"),
        (dict(destination_cidr_block="10.0.0.0/8", attachment="acme", blackhole=True), "exactly one of attachment, blackhole"),
        (dict(destination_cidr_block="10.0.0.0/8", attachment="dev-from-acme"), "belongs to another transit gateway"),
    ],
)
def test_an_impossible_route_is_refused_in_the_plan(stage, route, said):
    played(stage, TABLES)
    assert said in refused(stage, TABLES, dict(PROD, routes=[route]))
    assert said in refused_in_plan(stage, dict(PROD, name="new", routes=[route]))


def test_a_route_whose_attachment_is_gone_is_told(stage):
    played(stage, TABLES)
    ec2 = client(stage, "ec2")
    peering = ec2.describe_transit_gateway_peering_attachments()["TransitGatewayPeeringAttachments"][0]["TransitGatewayAttachmentId"]
    ec2.delete_transit_gateway_peering_attachment(TransitGatewayAttachmentId=peering)
    said = warned(stage, plan, TABLES, dict(PROD, routes=[dict(destination_cidr_block="10.50.0.0/16", blackhole=True)]))
    assert f"the route to 10.40.0.0/16 leads to {peering}" in said


def test_a_used_table_is_not_deleted(stage):
    played(stage, TABLES)
    assert "attachments that use it (tgw-attach-" in refused_removal(stage, TABLES, PROD)


def test_what_a_sheet_says_wrong_of_route_tables():
    one, other = dict(PROD, associations=["x"]), dict(SPARE, associations=["x"])
    assert faults(TABLES, one, other) == [(1, "associations", "overlap")]
    assert faults(TABLES, dict(PROD, prefix_list_references=[dict(prefix_list="x")])) == [(0, "prefix_list_references", "one_of")]


def test_a_name_of_an_attachment_leads_to_what_any_kind_of_the_sheet_makes():
    sheet = {
        GATEWAYS: [dict(name="acme")],
        "ec2_vpcs": [dict(name="acme", cidr_block="10.20.0.0/16")],
        VPCS: [dict(name="acme-vpc", transit_gateway="acme", vpc="acme", subnets=["subnet-0123456789abcdef0"])],
        ACCEPTERS: [dict(name="partner", transit_gateway="acme", vpc="vpc-0123456789abcdef0", resource_owner_id=OTHER, accept=True)],
        TABLES: [dict(PROD, associations=["acme-vpc", "partner", "nobody"])],
    }
    assert sheets.faults(sheet) == []
    assert references.to_look_up(sheet)["ec2_transit_gateway_attachments"] == ["nobody"]
    dangling = [fault for fault in references.unresolved(sheet, {}) if fault.kind == TABLES]
    assert [(fault.code, fault.facts["value"]) for fault in dangling] == [("dangling", "nobody")]


def test_the_plan_of_a_whole_sheet_knows_attachments_that_do_not_exist_yet(stage):
    stage.double.reset()
    write(stage, GATEWAYS, dict(CLOSED, name="acme"))
    given = {VPCS: ["later"]}
    result = stage.run(TABLES, task(TABLES, dict(PROD, associations=["later"])), check=True, sheet_names=given)
    assert result["diff"]["after"]["acme/prod"]["associations"] == ["later (known after apply)"]
    failed = stage.run(TABLES, task(TABLES, dict(PROD, associations=["later"])), fails=True, sheet_names=given)
    assert "not made in this run" in failed["msg"]


def test_a_route_of_a_vpc_names_the_transit_gateway(stage):
    played(stage, VPCS)
    route = dict(destination_cidr_block="10.0.0.0/8", transit_gateway="acme")
    write(stage, "ec2_route_tables", dict(vpc="acme", name="acme", routes=[route]))
    found = next(one for one in stage.gather("ec2_route_tables") if one.get("name") == "acme")
    assert [(one["destination_cidr_block"], one["transit_gateway"]) for one in found["routes"]] == [("10.0.0.0/8", "acme")]


# -- shares


def test_who_must_accept_an_invitation_is_told(stage):
    stage.double.reset()
    write(stage, GATEWAYS, dict(CLOSED, name="acme"))
    assert f"{OTHER} must accept the invitation" in warned(stage, write, SHARES, dict(name="acme", principals=[OTHER], transit_gateways=["acme"]))
    assert not write(stage, SHARES, dict(name="acme", principals=[OTHER], transit_gateways=["acme"]))["changed"]


def test_what_a_share_takes_away_or_opens_needs_a_confirmation(stage):
    played(stage, SHARES)
    assert "take what is shared from 111122223333" in dangerous(stage, SHARES, dict(name="acme-tgw", principals=dict(remove=["111122223333"])))
    assert "with nobody of this share" in dangerous(stage, SHARES, dict(name="acme-tgw", transit_gateways=dict(set=[])))
    assert "outside of the organization" in dangerous(stage, SHARES, dict(name="acme-later", allow_external_principals=True))
    harmless(stage, SHARES, dict(name="acme-tgw", transit_gateways=["acme"]))
    assert "share nothing any more" in dangerous_removal(stage, SHARES, dict(name="acme-tgw"))


def test_a_resource_that_cannot_be_shared_says_why():
    settled = KINDS[SHARES].create.__globals__["_settled"]
    share = dict(resourceShareArn="arn:x", status="ACTIVE", name="a")
    failed = dict(resourceShareArn="arn:x", associatedEntity="arn:y", associationType="RESOURCE", status="FAILED", statusMessage="no such type")
    with pytest.raises(Problem, match="arn:y could not be put into the share: no such type"):
        settled(Answers(get_resource_shares=[share], get_resource_share_associations=[failed]), "arn:x")
