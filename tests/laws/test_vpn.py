# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Customer gateways and VPN connections: what is refused, dangerous or wrong in a sheet, where keys are; one tunnel carries while the other changes."""

from __future__ import annotations

import io
import json
import stat
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_entries
from ansible_collections.msp.aws.plugins.module_utils import _engine, _vpn_tunnels
from ansible_collections.msp.aws.plugins.modules import ec2_vpn_connections, ec2_vpn_device_configuration
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.bystanders import at_rest
from tests.laws.stage import KINDS, REGION, VAULT, entries, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

CUSTOMERS, CONNECTIONS, TABLES = "ec2_customer_gateways", "ec2_vpn_connections", "ec2_transit_gateway_route_tables"
HEAD, BRANCH = entries(CONNECTIONS, examples(CONNECTIONS).make)
KEYS = [VAULT["acme_vpn_key_1"], VAULT["acme_vpn_key_2"]]
ONE, OTHER = "169.254.10.0/30", "169.254.10.4/30"


@pytest.fixture
def before(stage, said):
    """The gateways of both sides, and no connection."""
    stage.prepare(CONNECTIONS)
    return stage


@pytest.fixture
def vpn(before):
    """Both connections; the tunnels of the head office are up, those of the branch are not."""
    before.run(CONNECTIONS, examples(CONNECTIONS).make)
    at_rest(client(before, "ec2").describe_vpn_connections)
    return before


def shown(stage, name):
    found = client(stage, "ec2").describe_vpn_connections(Filters=[dict(Name="tag:Name", Values=[name])])["VpnConnections"]
    return next(one for one in found if one["State"] != "deleted")


def tunnels(stage, name="acme-head-office"):
    return {one["TunnelInsideCidr"]: one for one in shown(stage, name)["Options"]["TunnelOptions"]}


def head(**options):
    return dict(name="acme-head-office", **options)


def tunnel(block=ONE, **options):
    return dict(tunnel_inside_cidr=block, **options)


# -- customer gateways


def test_a_router_that_is_there_under_another_name_is_told_and_adopted_by_id(stage, said):
    stage.double.reset()
    ec2 = client(stage, "ec2")
    theirs = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65010, IpAddress="203.0.113.10")["CustomerGateway"]["CustomerGatewayId"]
    entry = dict(name="acme", bgp_asn=65010, ip_address="203.0.113.10")
    assert theirs in refused(stage, CUSTOMERS, entry)
    harmless(stage, CUSTOMERS, dict(entry, id=theirs))
    assert [one["name"] for one in stage.gather(CUSTOMERS)] == ["acme"]
    write(stage, CUSTOMERS, dict(entry, name="acme-2", device_name="second"))
    assert any("has the address 203.0.113.10 too" in text for text in said)


def test_a_gateway_is_never_another_one(stage, said):
    stage.double.reset()
    write(stage, CUSTOMERS, dict(name="acme", bgp_asn=65010, ip_address="203.0.113.10"))
    assert "cannot change after creation" in refused(stage, CUSTOMERS, dict(name="acme", bgp_asn=65011))
    write(stage, CUSTOMERS, dict(name="acme-2", bgp_asn=65011, ip_address="203.0.113.10"))
    assert len(stage.gather(CUSTOMERS)) == 2


def test_large_asns_are_asns_too(stage, said):
    stage.double.reset()
    harmless(stage, CUSTOMERS, dict(name="acme", bgp_asn=4200000010, ip_address="203.0.113.10"))
    assert stage.gather(CUSTOMERS)[0]["bgp_asn"] == 4200000010
    assert "is no ASN" in refused(stage, CUSTOMERS, dict(name="b", bgp_asn=2**32, ip_address="203.0.113.11"))
    assert "is not an IP address" in refused(stage, CUSTOMERS, dict(name="b", bgp_asn=1, ip_address="203.0.113"))
    assert "ip_address or certificate must be named" in refused(stage, CUSTOMERS, dict(name="b", bgp_asn=1))


def test_a_gateway_on_its_way_is_waited_for(stage, said):
    stage.double.reset()
    entry = dict(name="acme", bgp_asn=65010, ip_address="203.0.113.10")
    stage.double.faults([dict(fault="die_after", at=1, of="write")])
    stage.run(CUSTOMERS, task(CUSTOMERS, entry), fails=True)
    stage.double.clear_faults()
    assert not write(stage, CUSTOMERS, entry)["changed"]
    assert [one["State"] for one in client(stage, "ec2").describe_customer_gateways()["CustomerGateways"]] == ["available"]


def test_a_gateway_in_use_stays(vpn):
    entry = dict(name="acme-branch", state="absent")
    assert "VPN connections that end at it (acme-branch)" in refused(vpn, CUSTOMERS, entry, confirm=[f"{CUSTOMERS}/acme-branch"])


def test_what_a_sheet_says_wrong_of_customer_gateways():
    same = dict(bgp_asn=65000, ip_address="203.0.113.10")
    assert faults(CUSTOMERS, dict(same, name="a"), dict(same, name="b")) == [(1, "ip_address", "overlap")]
    assert faults(CUSTOMERS, dict(same, name="a"), dict(same, name="b", device_name="b"), dict(same, name="c", state="absent")) == []
    wrong = [dict(name="a", bgp_asn=0), dict(name="b", bgp_asn=2**32)]
    assert faults(CUSTOMERS, *wrong) == [(0, "bgp_asn", "least"), (1, "bgp_asn", "most")]


# -- keys


def test_no_key_is_in_a_result_a_plan_or_an_error(before):
    told = [before.attempt(CONNECTIONS, examples(CONNECTIONS).make, check=True), before.run(CONNECTIONS, examples(CONNECTIONS).make)]
    told.append(before.gather(CONNECTIONS))
    change = head(tunnel_options=[tunnel(pre_shared_key="next.key_a1b2c3d4"), tunnel(OTHER, dpd_timeout_seconds=45, pre_shared_key=KEYS[1])])
    told += [before.attempt(CONNECTIONS, task(CONNECTIONS, change), check=check) for check in (True, False)]
    before.double.faults([dict(fault="denied", at=1, of="write")])
    told.append(before.attempt(CONNECTIONS, task(CONNECTIONS, change, confirm=[f"{CONNECTIONS}/acme-head-office"])))
    before.double.clear_faults()
    both = head(tunnel_options=dict(add=[tunnel(pre_shared_key=KEYS[0])], remove=[tunnel(pre_shared_key=KEYS[0])]))
    told.append(before.attempt(CONNECTIONS, task(CONNECTIONS, both)))
    generated = [one["PreSharedKey"] for one in tunnels(before, "acme-branch").values()]
    for key in (*KEYS, "next.key_a1b2c3d4", *generated):
        assert key not in json.dumps(told)
    assert "ipsec_tunnel" not in json.dumps(told)


def test_no_key_is_in_what_a_sheet_is_told():
    twice = head(tunnel_options=[tunnel(pre_shared_key=KEYS[0]), tunnel(pre_shared_key=KEYS[0]), tunnel(OTHER, pre_shared_key="0" + KEYS[1])])
    both = head(tunnel_options=dict(add=[tunnel(pre_shared_key=KEYS[0])], remove=[tunnel(pre_shared_key=KEYS[0])]))
    for entry in (twice, both):
        texts = [fault.text(language) for fault in sheets.faults({CONNECTIONS: [entry]}) for language in ("ja", "en")]
        assert texts and not any(key in text for key in KEYS for text in texts)


def test_a_new_key_takes_the_tunnel_down_and_is_written_once(vpn):
    why = dangerous(vpn, CONNECTIONS, head(tunnel_options=[tunnel(pre_shared_key="next.key_a1b2c3d4")]))
    assert "until the customer's router has the new key" in why
    assert [one["PreSharedKey"] for one in tunnels(vpn).values()] == ["next.key_a1b2c3d4", KEYS[1]]
    assert not write(vpn, CONNECTIONS, head(tunnel_options=[tunnel(pre_shared_key="********")]))["changed"]


def test_a_key_that_nobody_can_read_is_left_alone_and_that_is_told(before, said):
    write(before, CONNECTIONS, dict(HEAD, pre_shared_key_storage="SecretsManager"))
    other = head(tunnel_options=[tunnel(pre_shared_key="next.key_a1b2c3d4")])
    said.clear()
    assert not write(before, CONNECTIONS, other)["changed"]
    (text,) = [text for text in said if "Secrets Manager" in text]
    assert ONE in text and OTHER not in text and "next.key" not in text
    said.clear()
    write(before, CONNECTIONS, head(tunnel_options=[tunnel(pre_shared_key="********")]))
    assert not [text for text in said if "Secrets Manager" in text]
    assert "are not moved" in refused(before, CONNECTIONS, head(pre_shared_key_storage="Standard"))


# -- tunnels


def test_the_second_tunnel_waits_until_the_first_is_up_again(vpn):
    both = [tunnel(dpd_timeout_action="restart"), tunnel(OTHER, dpd_timeout_action="restart")]
    seen = []
    look = ec2_vpn_connections._list

    def watched(aws, *filters):
        found = look(aws, *filters)
        seen.extend([one["Status"] for one in found[0]["VgwTelemetry"]] for dummy in filters)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ec2_vpn_connections, "_list", watched)
        why = dangerous(vpn, CONNECTIONS, head(tunnel_options=both))
    assert f"{ONE} (" in why and f"{OTHER} (" in why
    assert ["DOWN", "UP"] in seen and ["UP", "DOWN"] in seen and ["DOWN", "DOWN"] not in seen


def test_while_the_first_is_not_up_the_second_is_left_alone_and_the_next_run_goes_on(vpn, monkeypatch):
    monkeypatch.setattr(ec2_vpn_connections, "UP_AGAIN_SECONDS", 0.1)
    both = [tunnel(startup_action="add", dpd_timeout_action="restart"), tunnel(OTHER, dpd_timeout_action="restart")]
    change = task(CONNECTIONS, head(tunnel_options=both), confirm=[f"{CONNECTIONS}/acme-head-office"])
    message = vpn.run(CONNECTIONS, change, fails=True)["msg"]
    assert f"tunnel {ONE} up again" in message and f"{OTHER} is left alone" in message
    assert [one.get("DpdTimeoutAction") for one in tunnels(vpn).values()] == ["restart", None]
    plan = vpn.run(CONNECTIONS, change, check=True)
    assert plan["entries"][0]["changed"] == ["tunnel_options"]
    alone = vpn.run(CONNECTIONS, task(CONNECTIONS, head(tunnel_options=both)), check=True)["entries"][0]["confirm"]
    assert "the only one that is up" in alone
    assert f"tunnel {ONE} up again" in vpn.run(CONNECTIONS, change, fails=True)["msg"], "the same confirmation does not take the last one down"
    assert [one.get("DpdTimeoutAction") for one in tunnels(vpn).values()] == ["restart", None]
    monkeypatch.setattr(_vpn_tunnels, "RECENT", timedelta(seconds=-9))
    vpn.run(CONNECTIONS, change)
    assert [one["DpdTimeoutAction"] for one in tunnels(vpn).values()] == ["restart", "restart"]


@pytest.mark.parametrize("lost", [True, False])
def test_a_tunnel_is_up_again_only_after_it_was_down(vpn, monkeypatch, lost):
    """AWS goes on telling for a while what was, and an answer may be lost: the second tunnel waits all the same."""
    monkeypatch.setattr(ec2_vpn_connections, "UP_AGAIN_SECONDS", 5)
    monkeypatch.setattr(_engine, "PAUSES", (0, 0))
    behind, look, told = [6], ec2_vpn_connections._list, []
    before = shown(vpn, "acme-head-office")["VgwTelemetry"]

    def late(aws, *filters):
        found = look(aws, *filters)
        for one in found if vpn.writes() else ():
            if one["VpnConnectionId"] == connection and behind[0]:
                behind[0] -= 1
                one["VgwTelemetry"] = before
            elif one["VpnConnectionId"] == connection:
                told.append([tunnel["Status"] for tunnel in one["VgwTelemetry"]])
        return found

    connection = shown(vpn, "acme-head-office")["VpnConnectionId"]
    vpn.double.clear_calls()
    monkeypatch.setattr(ec2_vpn_connections, "_list", late)
    if lost:
        vpn.double.faults([dict(fault="timeout_after", at=1, of="write")])
    both = [tunnel(dpd_timeout_action="restart"), tunnel(OTHER, dpd_timeout_action="restart")]
    write(vpn, CONNECTIONS, head(tunnel_options=both), confirm=[f"{CONNECTIONS}/acme-head-office"])
    vpn.double.clear_faults()
    assert [one["DpdTimeoutAction"] for one in tunnels(vpn).values()] == ["restart", "restart"]
    assert ["UP", "DOWN"] in told and ["DOWN", "DOWN"] not in told
    assert vpn.writes() == ["ec2:ModifyVpnTunnelOptions"] * 2


def test_what_nobody_feels_needs_no_confirmation(vpn):
    harmless(vpn, CONNECTIONS, head(tunnel_options=[tunnel(enable_tunnel_lifecycle_control=True)]))
    harmless(vpn, CONNECTIONS, head(routes=[dict(destination_cidr_block="10.9.0.0/16")], tags=dict(Owner="network")))
    # The tunnels of the branch are not up yet.
    harmless(vpn, CONNECTIONS, dict(name="acme-branch", log_options=[tunnel("169.254.20.4/30", log_enabled=True, log_group="/acme/vpn")]))
    harmless(vpn, CONNECTIONS, dict(name="acme-branch", transit_gateway_attachment_tags=dict(Env="prod")))


def test_usual_values_that_aws_does_not_tell_are_no_change(vpn):
    usual = tunnel(OTHER, phase1_lifetime_seconds=28800, dpd_timeout_action="clear", rekey_fuzz_percentage=100, enable_tunnel_lifecycle_control=False)
    usual["dpd_timeout_seconds"] = 40
    assert not write(vpn, CONNECTIONS, head(tunnel_options=[usual, tunnel(phase1_dh_group_numbers=[14])]))["changed"]


@pytest.mark.parametrize(
    "entry, said",
    [
        (head(tunnel_options=[tunnel(dpd_timeout_seconds=60)]), "takes it down"),
        (head(log_options=[tunnel(log_enabled=True, log_group="/acme/vpn")]), "change log of the tunnel"),
        (head(local_ipv4_network_cidr="192.168.0.0/16"), "interrupt both tunnels"),
        (head(customer_gateway="acme-head-office-2"), "move the connection to another customer_gateway"),
        (head(transit_gateway="acme", clear=["vpn_gateway"], routes=dict(set=[])), "move the connection to another transit_gateway"),
        (head(routes=dict(remove=[dict(destination_cidr_block="192.168.0.0/16")])), "stop sending traffic to 192.168.0.0/16"),
        (dict(name="acme-branch", tunnel_bandwidth="large"), "higher rate"),
        (dict(name="acme-branch", tunnel_options=[tunnel("169.254.20.0/30", startup_action="start")]), "takes it down"),
        (dict(BRANCH, name="second", enable_acceleration=True, tunnel_options=[], log_options=[]), "an accelerator for each tunnel"),
    ],
)
def test_what_interrupts_or_costs_needs_a_confirmation(vpn, entry, said):
    assert said in dangerous(vpn, CONNECTIONS, entry)


def test_what_is_not_named_stays(vpn):
    """Somebody else's options of a tunnel, routes, and tags."""
    ec2, connection = client(vpn, "ec2"), shown(vpn, "acme-head-office")
    address = connection["Options"]["TunnelOptions"][1]["OutsideIpAddress"]
    given = dict(ReplayWindowSize=512, Phase2EncryptionAlgorithms=[dict(Value="AES128")])
    ec2.modify_vpn_tunnel_options(VpnConnectionId=connection["VpnConnectionId"], VpnTunnelOutsideIpAddress=address, TunnelOptions=given)
    at_rest(ec2.describe_vpn_connections)
    ec2.create_vpn_connection_route(VpnConnectionId=connection["VpnConnectionId"], DestinationCidrBlock="10.77.0.0/16")
    change = head(tunnel_options=[tunnel(OTHER, dpd_timeout_action="restart")], routes=[dict(destination_cidr_block="10.78.0.0/16")])
    write(vpn, CONNECTIONS, change, confirm=[f"{CONNECTIONS}/acme-head-office"])
    after = tunnels(vpn)[OTHER]
    assert after["ReplayWindowSize"] == 512 and after["Phase2EncryptionAlgorithms"] == [dict(Value="AES128")] and after["PreSharedKey"] == KEYS[1]
    assert {one["DestinationCidrBlock"] for one in shown(vpn, "acme-head-office")["Routes"]} == {"192.168.0.0/16", "10.77.0.0/16", "10.78.0.0/16"}


# -- connections


@pytest.mark.parametrize(
    "entry, said",
    [
        (dict(vpn_gateway=None), "exactly one of vpn_gateway, transit_gateway"),
        (dict(transit_gateway="acme"), "exactly one of vpn_gateway, transit_gateway"),
        (dict(enable_acceleration=True), "enable_acceleration needs a transit_gateway"),
        (dict(tunnel_bandwidth="large"), "large needs a transit_gateway"),
        (dict(transit_gateway_attachment_tags=dict(a="b")), "a virtual private gateway has no attachments"),
        (dict(static_routes_only=False), "announces its networks by BGP"),
        (dict(vpn_gateway=None, transit_gateway="acme"), "routes of ec2_transit_gateway_route_tables"),
        (dict(routes=[dict(destination_cidr_block="192.168.0.1/16")]), "192.168.0.0/16"),
        (dict(local_ipv4_network_cidr="10.0.0.1/8"), "10.0.0.0/8"),
        (dict(tunnel_options=[tunnel("169.254.5.0/30")]), "that AWS has not reserved"),
        (dict(tunnel_options=[tunnel("169.254.9.0/29")]), "must be a /30"),
        (dict(tunnel_options=[tunnel(pre_shared_key="0123456789")]), "not 0 first"),
        (dict(tunnel_options=[tunnel(phase1_lifetime_seconds=3600)]), "less than phase1"),
        (dict(tunnel_options=[tunnel(rekey_margin_time_seconds=1801)]), "half of phase2"),
        (dict(tunnel_options=[tunnel(dpd_timeout_seconds=29)]), "at least 30"),
        (dict(tunnel_options=[tunnel(replay_window_size=4096)]), "64 to 2048"),
        (dict(tunnel_options=[tunnel(f"169.254.9.{number}/30") for number in (0, 4, 8)]), "has 2 tunnels, not 3"),
        (dict(log_options=[tunnel("169.254.99.0/30", log_enabled=True, log_group="/acme/vpn")]), "is no tunnel of this connection"),
        (dict(log_options=[tunnel(log_enabled=True)]), "log_enabled needs log_group"),
        (dict(log_options=[tunnel(log_enabled=False, log_group="/acme/vpn")]), "to end the logs write remove"),
    ],
)
def test_what_a_new_connection_refuses_in_the_plan(before, entry, said):
    whole = {name: value for name, value in {**HEAD, **entry}.items() if value is not None}
    assert said in refused(before, CONNECTIONS, whole, confirm=[f"{CONNECTIONS}/acme-head-office"])


@pytest.mark.parametrize(
    "entry, said",
    [
        (dict(tunnel_options=[tunnel("169.254.99.0/30", startup_action="start")]), f"which are {ONE}, {OTHER}"),
        (dict(tunnel_options=dict(set=[tunnel()])), "keeps its two tunnels"),
        (dict(transit_gateway="acme"), "also write clear: [vpn_gateway]"),
        (dict(clear=["vpn_gateway"]), "exactly one of"),
        (dict(transit_gateway="acme", clear=["vpn_gateway"]), "static routes must go before"),
        (dict(static_routes_only=False), "cannot change after creation"),
        (dict(enable_acceleration=True), "cannot change after creation"),
    ],
)
def test_what_a_connection_keeps(vpn, entry, said):
    assert said in refused(vpn, CONNECTIONS, head(**entry))


def test_a_connection_between_the_same_two_is_told_and_adopted_by_id(vpn):
    other = dict(HEAD, name="another", tunnel_options=[])
    there = shown(vpn, "acme-head-office")["VpnConnectionId"]
    assert there in refused(vpn, CONNECTIONS, other)
    harmless(vpn, CONNECTIONS, dict(name="another", id=there))
    write(vpn, CONNECTIONS, dict(BRANCH, name="acme-branch-2", tunnel_options=[], log_options=[]))
    assert len(vpn.gather(CONNECTIONS)) == 3, "at a transit gateway there may be several"


def test_a_block_of_another_tunnel_at_the_gateway_is_told_with_its_connection(vpn):
    entry = dict(name="b", customer_gateway="acme-branch", vpn_gateway="acme", tunnel_options=[tunnel()])
    assert "acme-head-office" in refused(vpn, CONNECTIONS, entry)


def test_a_connection_on_its_way_is_waited_for_and_not_made_again(before):
    before.double.faults([dict(fault="die_after", at=1, of="write")])
    before.run(CONNECTIONS, task(CONNECTIONS, BRANCH), fails=True)
    before.double.clear_faults()
    before.double.clear_calls()
    write(before, CONNECTIONS, BRANCH)
    assert before.writes() == ["ec2:CreateTags"] and shown(before, "acme-branch")["State"] == "available"
    write(before, CONNECTIONS, dict(BRANCH, name="at-rest", tunnel_options=[], log_options=[]))
    assert shown(before, "at-rest")["State"] == "available"


@pytest.mark.parametrize("kind, name", [(CUSTOMERS, "acme-branch"), (CONNECTIONS, "acme-branch")])
def test_who_only_looks_waits_for_nothing(vpn, said, monkeypatch, kind, name):
    module = sys.modules[KINDS[kind].find.__module__]
    look, member = module._list, "State"
    monkeypatch.setattr(module, "_list", lambda aws, *filters: [{**one, member: "pending"} for one in look(aws, *filters)])
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], look=lambda aws, ids: pytest.fail("nobody waits")))
    said.clear()
    assert not vpn.run(kind, task(kind, dict(name=name)), check=True)["changed"]
    assert any("(pending)" in text for text in said)
    said.clear()
    assert vpn.gather(kind) and any("(pending)" in text for text in said)


def test_a_connection_that_is_at_neither_gateway_can_have_tags(vpn, monkeypatch):
    look = ec2_vpn_connections._list
    monkeypatch.setattr(ec2_vpn_connections, "_list", lambda aws, *filters: [{**one, "TransitGatewayId": None} for one in look(aws, *filters)])
    harmless(vpn, CONNECTIONS, dict(name="acme-branch", tags=dict(Owner="network")))


def test_a_bandwidth_that_aws_does_not_tell_is_the_standard_one(vpn, monkeypatch):
    look = ec2_vpn_connections._list

    def silent(aws, *filters):
        return [{**one, "Options": {name: value for name, value in one["Options"].items() if name != "TunnelBandwidth"}} for one in look(aws, *filters)]

    monkeypatch.setattr(ec2_vpn_connections, "_list", silent)
    assert not write(vpn, CONNECTIONS, dict(name="acme-branch", tunnel_bandwidth="standard"))["changed"]


def test_who_looks_hears_of_tunnels_that_are_down(vpn, said):
    said.clear()
    write(vpn, CONNECTIONS, dict(name="acme-branch"), head())
    (text,) = [text for text in said if "not up" in text]
    assert "acme-branch" in text and "169.254.20.0/30" in text and "UDP 500" in text
    write(vpn, CONNECTIONS, head(tunnel_options=[tunnel(startup_action="add")]), confirm=[f"{CONNECTIONS}/acme-head-office"])
    said.clear()
    write(vpn, CONNECTIONS, head())
    assert "with one tunnel alone" in said[-1] and OTHER not in said[-1]


def test_removing_says_what_it_means(vpn):
    plan = vpn.run(CONNECTIONS, task(CONNECTIONS, head(state="absent")), check=True)
    assert "router has to be set up again" in plan["entries"][0]["confirm"]


def test_what_a_sheet_says_wrong_of_connections():
    assert faults(CONNECTIONS, head(vpn_gateway="a", transit_gateway="b")) == [(0, "vpn_gateway", "one_of")]
    pair = dict(customer_gateway="c", vpn_gateway="a")
    assert faults(CONNECTIONS, dict(pair, name="a"), dict(pair, name="b")) == [(1, "customer_gateway", "overlap")]
    entries = [dict(name=name, customer_gateway=name, vpn_gateway="a", tunnel_options=[tunnel()]) for name in "ab"]
    assert faults(CONNECTIONS, *entries) == [(1, "tunnel_options", "overlap")]
    assert faults(CONNECTIONS, head(tunnel_options=[tunnel(f"169.254.9.{number}/30") for number in (0, 4, 8)])) == [(0, "tunnel_options", "most_items")]


@pytest.mark.parametrize(
    ("wrong", "option", "said"),
    [
        (tunnel("10.0.0.0/30"), "tunnel_inside_cidr", "形式が正しくありません。正しい形式: 169.254.x.x/30"),
        (tunnel(pre_shared_key="short"), "pre_shared_key", "形式が正しくありません。使える文字: 英数字 . _（8～64 文字）（「0」で始まらない）"),
        (tunnel(phase2_lifetime_seconds=60), "phase2_lifetime_seconds", "小さすぎます。最小値は 900"),
        (tunnel(phase1_lifetime_seconds=1800), "phase2_lifetime_seconds", "正しい形式: < phase1_lifetime_seconds"),
        (tunnel(rekey_margin_time_seconds=1801), "rekey_margin_time_seconds", "正しい形式: 60 … phase2_lifetime_seconds / 2"),
    ],
)
def test_what_a_sheet_says_wrong_of_tunnels_is_told_in_its_language(wrong, option, said):
    found = [fault for fault in sheets.faults({CONNECTIONS: [head(tunnel_options=[wrong])]}) if fault.option == f"tunnel_options.{option}"]
    assert len(found) == 1 and said in found[0].text("ja") and "short" not in found[0].text("ja")


def test_in_the_roles_the_logs_come_after_the_log_groups():
    sheet = {CONNECTIONS: [HEAD, BRANCH]}
    first = sheet_entries(sheet, CONNECTIONS, later=["log_options"])
    assert first[1] == {name: value for name, value in BRANCH.items() if name != "log_options"} and first[0] == HEAD
    assert sheet_entries(sheet, CONNECTIONS, naming=["log_options"]) == [BRANCH]


# -- at the transit gateway


def test_the_attachment_is_called_as_its_connection(vpn):
    """Whatever Name its own tags say."""
    routes = [dict(destination_cidr_block="10.9.0.0/16", attachment="acme-branch")]
    entry = dict(name="onprem", transit_gateway="acme", propagations=["acme-branch"], routes=routes)
    write(vpn, TABLES, entry)
    table = next(one for one in vpn.gather(TABLES) if one["name"] == "onprem")
    assert table["propagations"] == ["acme-branch"] and table["routes"][0]["attachment"] == "acme-branch"
    why = dangerous(vpn, TABLES, dict(name="onprem", transit_gateway="acme", associations=["acme-branch"]))
    assert "off the route table" in why
    seen = client(vpn, "ec2").describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert [one["Association"]["State"] for one in seen if one["ResourceType"] == "vpn"] == ["associated"]


def test_a_route_table_of_the_same_sheet_waits_for_the_connection(before):
    entry = dict(name="onprem", transit_gateway="acme", associations=["acme-branch"])
    sheet = {CONNECTIONS: [BRANCH], TABLES: [entry]}
    assert not [fault for fault in sheets.faults(sheet) if fault.code == "dangling"]
    planned = before.run(TABLES, task(TABLES, entry), check=True, sheet_names={CONNECTIONS: ["acme-branch"]})
    assert planned["diff"]["after"]["acme/onprem"]["associations"] == ["acme-branch (known after apply)"]


def test_tags_of_the_attachment_move_with_the_connection(vpn):
    ec2 = client(vpn, "ec2")
    write(vpn, "ec2_transit_gateways", dict(name="acme-2", amazon_side_asn=64602))
    (was,) = [one for one in ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"] if one["State"] != "deleted"]
    ec2.create_tags(Resources=[was["TransitGatewayAttachmentId"]], Tags=[dict(Key="Theirs", Value="kept")])
    why = dangerous(vpn, CONNECTIONS, dict(name="acme-branch", transit_gateway="acme-2"))
    assert "would end its attachment to the transit gateway, with the association" in why
    (now,) = [one for one in ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"] if one["State"] == "available"]
    assert now["TransitGatewayAttachmentId"] != was["TransitGatewayAttachmentId"]
    assert {tag["Key"]: tag["Value"] for tag in now["Tags"]} == dict(Name="acme-branch-vpn", Theirs="kept")


# -- what a router is told


def configured(stage, check=False, **given):
    keys = dict(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region=REGION, endpoint_url=stage.double.url)
    out = io.StringIO()
    with patch_module_args(dict(keys, vpn_connection="acme-head-office", **given, _ansible_check_mode=check)), redirect_stdout(out):
        try:
            ec2_vpn_device_configuration.main()
        except SystemExit:
            pass
    return json.loads(out.getvalue())


def test_the_keys_are_in_the_file_and_nowhere_else(vpn, tmp_path):
    path = tmp_path / "router.txt"
    given = dict(vendor="Yamaha", path=str(path), internet_key_exchange_version="ikev2")
    vpn.double.clear_calls()
    assert configured(vpn, check=True, **given)["changed"] and not path.exists()
    result = configured(vpn, **given)
    assert result["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text(encoding="utf-8")
    assert all(key in text and key not in json.dumps(result) for key in KEYS) and "Yamaha" in text and "ikev2" in text
    assert not configured(vpn, **given)["changed"] and not configured(vpn, check=True, **given)["changed"]
    path.write_text("of yesterday", encoding="utf-8")
    assert configured(vpn, check=True, **given)["changed"] and path.read_text(encoding="utf-8") == "of yesterday"
    assert "the contract is for 210987654321" in configured(vpn, **given, account_id="210987654321")["msg"]
    assert result["device_type"]["platform"] == "RTX Routers" and vpn.writes() == []


def test_what_a_configuration_refuses(vpn, tmp_path):
    path = str(tmp_path / "router.txt")
    assert "to a file only" in configured(vpn, vendor="Yamaha")["msg"]
    assert "Take vendor: Generic" in configured(vpn, vendor="Furukawa", path=path)["msg"]
    several = configured(vpn, vendor="Cisco Systems, Inc.", path=path)["msg"]
    assert "more than one device fits" in several and "ASA 5500 Series" in several and "Yamaha" not in several
    assert "ASA 9.7+ VTI" in configured(vpn, vendor="Cisco Systems, Inc.", platform="ASA", path=path)["msg"]
    assert "ikev2 only" in configured(vpn, vendor="Yamaha", path=path, sample_type="recommended", internet_key_exchange_version="ikev1")["msg"]
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert "no plain file" in configured(vpn, vendor="Yamaha", path=str(tmp_path / "link"))["msg"]
    assert [one["vendor"] for one in configured(vpn)["device_types"]][0] == "Generic"
