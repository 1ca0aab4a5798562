# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only operations on networks can show."""

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client_vpn
from ansible_collections.msp.aws.plugins.plugin_utils._calendar import JST
from ansible_collections.msp.aws.plugins.plugin_utils._operations import prefix
from tests.laws.operations import LONG_AGO, Desk, sample

TABLE, ACL, TUNNEL, KEY = "vpc.change_route_table", "vpc.change_network_acl", "vpc.change_site_to_site_vpn", "vpc.change_vpn_pre_shared_key"
HOSTED, CERTIFICATE = "vpc.add_cloud_gateway_connection", "vpc.renew_client_vpn_certificate"
RANGE, GONE = "vpc.change_client_vpn_cidr", "vpc.delete_client_vpn_endpoint"
REVOKED = "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----"
HOLD = "elastic_ip.hold"
RULE, LAST = "network_firewall.add_rule", "network_firewall.delete_rule"
PRIVATE = "169.254.10.0/30"


@pytest.fixture
def desk(stage):
    opened = Desk(stage)
    yield opened
    opened.close()


def refused(desk, operation, **more):
    """Why it is refused, in the plan and in the run alike; nothing is written."""
    desk.open(operation)
    told = [desk.run(operation, check=check, confirmed=False, variables=variables(operation, more), fails=True)["msg"] for check in (True, False)]
    assert told[0] == told[1] and desk.writes() == []
    return told[0]


def variables(operation, more):
    """Those of the example with others in their place; None takes one away."""
    given = {**sample(operation), **{prefix(operation) + name: value for name, value in more.items()}}
    return {name: value for name, value in given.items() if value is not None}


def danger(desk, operation, **more):
    desk.open(operation)
    (entry,) = desk.run(operation, check=True, variables=variables(operation, more))["entries"]
    return entry.get("confirm")


# ---- route tables and network ACLs


def test_another_target_is_one_call_and_told_as_what_it_is(desk):
    assert "send what goes to 10.30.0.0/16 another way" in danger(desk, TABLE)
    desk.run(TABLE)
    assert desk.writes() == ["ec2:ReplaceRoute"]


def test_a_subnet_moves_in_one_call_and_comes_back_in_one(desk):
    desk.open(TABLE)
    moved = dict(ops_vpc_vpc="acme", ops_vpc_route_table="acme-public", ops_vpc_change="add", ops_vpc_subnet="acme-private-a")
    assert "take " in desk.run(TABLE, check=True, variables=moved)["entries"][0]["confirm"]
    desk.run(TABLE, variables=moved)
    assert desk.writes() == ["ec2:ReplaceRouteTableAssociation"]


def test_a_propagation_ends_and_no_route_is_deleted(desk):
    desk.open(TABLE)
    ended = dict(ops_vpc_vpc="acme", ops_vpc_route_table="acme-private", ops_vpc_change="remove", ops_vpc_propagating_vpn_gateway="acme")
    desk.run(TABLE, variables=ended)
    assert desk.writes() == ["ec2:DisableVgwRoutePropagation"]


@pytest.mark.parametrize(
    ("operation", "more", "words"),
    [
        (TABLE, dict(destination_cidr_block=None), "exactly one of destination_cidr_block"),
        (TABLE, dict(destination_cidr_block="10.30.1.0/16"), "not how AWS writes a network: 10.30.0.0/16"),
        (TABLE, dict(internet_gateway="acme"), "exactly one target must be named"),
        (TABLE, dict(vpn_gateway="acme-x"), "acme-x"),
        (ACL, dict(protocol=None), "ingress 130: protocol must be named"),
        (ACL, dict(rule_number=32767), "rule_number is 1 to 32766"),
        (ACL, dict(cidr_block="203.0.113.1/24"), "not how AWS writes a network: 203.0.113.0/24"),
    ],
)
def test_what_aws_would_refuse_half_way_is_refused_in_the_plan(desk, operation, more, words):
    assert words in refused(desk, operation, **more)


def test_a_number_that_is_there_is_replaced_in_one_call(desk):
    desk.open(ACL)
    desk.run(ACL, variables=variables(ACL, dict(rule_number=100)))
    assert desk.writes() == ["ec2:ReplaceNetworkAclEntry"]


def test_the_last_entry_that_lets_something_in_is_no_small_thing(desk):
    desk.open(ACL)
    gone = dict(ops_vpc_vpc="acme", ops_vpc_network_acl="acme-web", ops_vpc_change="remove", ops_vpc_direction="egress", ops_vpc_rule_number=100)
    assert "leave its subnets without any traffic" in desk.run(ACL, check=True, variables=gone)["entries"][0]["confirm"]


# ---- addresses on hold


@pytest.mark.parametrize("day", ["2026-01-05", f"{datetime.now(JST):%Y-%m-%d}", "2099-13-01", "next week"])
def test_an_address_is_held_until_a_day_to_come(desk, day):
    """What has begun goes on, whatever day it is by now."""
    assert "release_after is a day to come" in refused(desk, HOLD, release_after=day)
    assert desk.run(HOLD, variables=variables(HOLD, dict(release_after=day)), before=dict(at=LONG_AGO))["changed"]


# ---- VPN connections and hosted virtual interfaces


def test_the_key_is_in_no_result_and_the_tunnel_that_goes_down_is_told(desk):
    desk.open(KEY)
    key = sample(KEY)["ops_vpc_pre_shared_key"]
    results = [desk.run(KEY, check=True), desk.run(KEY)]
    assert key not in str(results) and PRIVATE in results[0]["entries"][0]["confirm"]
    assert desk.writes() == ["ec2:ModifyVpnTunnelOptions"]


def test_only_the_tunnel_that_is_named_is_touched(desk):
    desk.open(TUNNEL)
    before = desk.double.state()
    desk.run(TUNNEL)
    changed = [path for path, thing in desk.double.state().items() if thing != before.get(path)]
    assert len(changed) == 1 and desk.writes().count("ec2:ModifyVpnTunnelOptions") == 1


@pytest.mark.parametrize("more", [dict(asn=65099), dict(virtual_interface_type="public"), dict(vlan=999)])
def test_what_differs_from_the_carriers_notice_is_not_accepted(desk, more):
    assert refused(desk, HOSTED, **more)


# ---- the certificate of a Client VPN endpoint


def test_who_is_connected_is_told_and_is_no_part_of_the_plan(desk, said):
    desk.open(CERTIFICATE)
    quiet = desk.run(CERTIFICATE, check=True)
    desk.double.client_vpn_sessions(quiet["entries"][0]["id"], ["taro", "hanako"])
    said.clear()
    busy = desk.run(CERTIFICATE, check=True)
    assert any("2 are connected now (hanako, taro)" in text for text in said)
    assert {name: value for name, value in busy.items() if name != "calls"} == {name: value for name, value in quiet.items() if name != "calls"}


def test_a_certificate_that_profiles_refuse_waits_until_the_users_are_told(desk):
    message = refused(desk, CERTIFICATE, server_certificate="acme-vpn-server-2")
    assert "they ask for the name vpn.acme.example, and it has vpn2.acme.example" in message and "clients_told" in message
    assert "lock out everybody who has no new profile" in danger(desk, CERTIFICATE, server_certificate="acme-vpn-server-2", clients_told=True)
    told = variables(CERTIFICATE, dict(server_certificate="acme-vpn-server-2", clients_told=True))
    assert "in confirm" in desk.run(CERTIFICATE, variables=told, confirmed=False, fails=True)["msg"] and desk.writes() == []
    desk.run(CERTIFICATE, variables=told)
    assert desk.writes() == ["ec2:ModifyClientVpnEndpoint"]


def test_another_authority_is_another_trust(desk):
    desk.open(CERTIFICATE)
    authority = dict(name="acme/other/ca", common_name="other CA", validity_days=3650)
    desk.stage.run("secretsmanager_certificate_authorities", dict(certificate_authorities=[authority]))
    given = dict(domain_name="vpn.acme.example", extended_key_usages=["TLS_WEB_SERVER_AUTHENTICATION"], validity_days=800)
    certificate = dict(name="acme-vpn-other", authority="acme/other/ca", private_key_secret="acme/other/server", **given)
    desk.stage.run("acm_certificates", dict(certificates=[certificate]))
    other = variables(CERTIFICATE, dict(server_certificate="acme-vpn-other"))
    message = desk.run(CERTIFICATE, check=True, variables=other, fails=True)["msg"]
    assert "they trust CN=acme client VPN CA, and it is issued by CN=other CA" in message


def test_a_certificate_of_a_user_is_none_of_a_server(desk):
    desk.open(CERTIFICATE)
    user = dict(domain_name="taro.acme.example", extended_key_usages=["TLS_WEB_CLIENT_AUTHENTICATION"], validity_days=800)
    certificate = dict(name="acme-taro", authority="acme/client-vpn/ca", private_key_secret="acme/client-vpn/taro", **user)
    desk.stage.run("acm_certificates", dict(certificates=[certificate]))
    other = variables(CERTIFICATE, dict(server_certificate="acme-taro"))
    assert "not one of a server" in desk.run(CERTIFICATE, check=True, variables=other, fails=True)["msg"]


# ---- the range of a Client VPN endpoint


def endpoints(desk):
    return {one["Tags"][0]["Value"]: one for one in desk.stage.client("ec2").describe_client_vpn_endpoints()["ClientVpnEndpoints"]}


def whole(desk, endpoint):
    """All of an endpoint by which its users could tell it from another one, but for name, address, range and ticket."""
    ec2, which = desk.stage.client("ec2"), dict(ClientVpnEndpointId=endpoint["ClientVpnEndpointId"])
    own = ("ClientVpnEndpointId", "CreationTime", "DnsName", "ClientCidrBlock", "Tags", "SelfServicePortalUrl")
    told = [
        {name: value for name, value in endpoint.items() if name not in own},
        {one["Key"]: one["Value"] for one in endpoint["Tags"] if one["Key"] not in ("Name", "OpsTicket")},
        [one["TargetNetworkId"] for one in ec2.describe_client_vpn_target_networks(**which)["ClientVpnTargetNetworks"]],
        [(one["DestinationCidr"], one["AccessAll"]) for one in ec2.describe_client_vpn_authorization_rules(**which)["AuthorizationRules"]],
        sorted((one["DestinationCidr"], one["TargetSubnet"]) for one in ec2.describe_client_vpn_routes(**which)["Routes"]),
        ec2.export_client_vpn_client_certificate_revocation_list(**which).get("CertificateRevocationList"),
    ]
    return [str(one).replace(endpoint["ClientCidrBlock"], "the range") for one in told]


def test_the_new_endpoint_is_like_the_old_one_but_for_its_range(desk):
    """With who is locked out, before anybody can connect, and with what is said of the clients' own range."""
    desk.open(RANGE)
    ec2, old = desk.stage.client("ec2"), endpoints(desk)["acme-vpn"]
    which = dict(ClientVpnEndpointId=old["ClientVpnEndpointId"])
    ec2.import_client_vpn_client_certificate_revocation_list(**which, CertificateRevocationList=REVOKED)
    ec2.create_client_vpn_route(**which, DestinationCidrBlock=old["ClientCidrBlock"], TargetVpcSubnetId="local")
    for dummy in range(3):
        ec2.describe_client_vpn_routes(**which)
    desk.double.clear_calls()
    desk.run(RANGE)
    assert desk.writes()[:2] == ["ec2:CreateClientVpnEndpoint", "ec2:ImportClientVpnClientCertificateRevocationList"]
    made = endpoints(desk)["acme-vpn-2"]
    assert made["ClientCidrBlock"] == "172.30.0.0/20" and {"Key": "OpsTicket", "Value": "REQ-1"} in made["Tags"]
    assert whole(desk, made) == whole(desk, old) and "the range" in str(whole(desk, made))


def test_another_ticket_does_not_take_what_is_not_its_own(desk):
    desk.open(RANGE)
    desk.run(RANGE)
    assert "is not of this ticket" in desk.run(RANGE, check=True, ticket="REQ-2", fails=True)["msg"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (dict(client_cidr_block="172.30.0.0/23"), "between /12 and /22"),
        (dict(client_cidr_block="172.30.0.1/20"), "between /12 and /22"),
        (dict(client_cidr_block="10.20.64.0/20"), "overlaps 10.20.0.0/16 of its VPC"),
        (dict(client_cidr_block="172.31.240.0/20"), "the present range"),
        (dict(client_cidr_block="192.168.128.0/20"), "overlaps 192.168.0.0/16, which the users reach"),
        (dict(new_client_vpn_endpoint="acme-vpn-admin"), "is called so already"),
        (dict(client_vpn_endpoint="acme-vpn-x"), "acme-vpn-x"),
    ],
)
def test_a_range_that_will_not_do_is_refused_in_the_plan(desk, more, words):
    assert words in refused(desk, RANGE, **more)


def test_a_network_that_cannot_be_associated_leaves_the_old_endpoint_and_the_ticket_goes_on(desk, monkeypatch):
    desk.open(RANGE)
    plan, old, state = desk.run(RANGE, check=True), endpoints(desk)["acme-vpn"], _client_vpn.code

    def code(one):
        fails = state(one) == "associated" and one["ClientVpnEndpointId"] != old["ClientVpnEndpointId"]
        return "association-failed" if fails else state(one)

    with monkeypatch.context() as failing:
        failing.setattr(_client_vpn, "code", code)
        message = desk.run(RANGE, fails=True)["msg"]
    assert "is association-failed" in message and "run this ticket again" in message and whole(desk, endpoints(desk)["acme-vpn"]) == whole(desk, old)
    desk.run(RANGE, before=plan["facts"])
    assert len(endpoints(desk)) == 3 and whole(desk, endpoints(desk)["acme-vpn-2"]) == whole(desk, old)


def test_who_is_connected_is_told_before_an_endpoint_is_deleted(desk, said):
    desk.open(GONE)
    desk.double.client_vpn_sessions(endpoints(desk)["acme-vpn"]["ClientVpnEndpointId"], ["taro"])
    desk.run(GONE)
    assert any("1 are connected now (taro)" in text for text in said)


# ---- rules of Network Firewall


def rules(desk):
    group = desk.stage.client("network-firewall").describe_rule_group(RuleGroupName="acme-suricata", Type="STATEFUL")["RuleGroup"]
    return group["RulesSource"]["RulesString"].splitlines()


def test_a_rule_comes_where_it_was_asked_for_and_the_others_stay(desk):
    desk.open(RULE)
    before = rules(desk)
    desk.run(RULE)
    assert rules(desk) == [before[0], sample(RULE)["ops_network_firewall_rule"], before[1]]


@pytest.mark.parametrize(
    ("operation", "more", "words"),
    [
        (RULE, dict(sid=2, rule='drop tcp any any -> any 22 (msg:"ssh"; sid:2; rev:1;)'), "another rule with the sid 2 already: drop tcp any any -> any 23"),
        (RULE, dict(sid=4), "it has the sid 3, not 4"),
        (RULE, dict(before_sid=9), "no rule with the sid 9"),
        (RULE, dict(rule="drop tcp any any -> any 22"), "one rule with one sid"),
        (RULE, dict(rule_group="acme-domains"), "its rules are no text but RulesSourceList"),
        ("network_firewall.change_rule", dict(sid=7, rule='drop tcp any any -> any 22 (msg:"ssh"; sid:7; rev:1;)'), "no rule with the sid 7"),
    ],
)
def test_a_rule_that_will_not_do_is_refused_in_the_plan(desk, operation, more, words):
    assert words in refused(desk, operation, **more)


def test_the_last_rule_is_not_deleted(desk):
    desk.open(LAST)
    desk.run(LAST)
    desk.double.clear_calls()
    assert "it is the last rule" in desk.run(LAST, check=True, variables=variables(LAST, dict(sid=2)), fails=True)["msg"] and desk.writes() == []


def test_what_somebody_else_has_added_since_the_plan_stays(desk):
    desk.open(RULE)
    plan = desk.run(RULE, check=True)
    client = desk.stage.client("network-firewall")
    found = client.describe_rule_group(RuleGroupName="acme-suricata", Type="STATEFUL")
    theirs = "\n".join([*rules(desk), 'drop tcp any any -> any 25 (msg:"mail"; sid:8; rev:1;)'])
    group = dict(found["RuleGroup"], RulesSource=dict(RulesString=theirs))
    client.update_rule_group(UpdateToken=found["UpdateToken"], RuleGroupArn=found["RuleGroupResponse"]["RuleGroupArn"], RuleGroup=group)
    assert desk.run(RULE, check=True)["diff"] == plan["diff"]
    desk.run(RULE)
    assert {line.partition("sid:")[2].partition(";")[0] for line in rules(desk)} == {"1", "2", "3", "8"}
