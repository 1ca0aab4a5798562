# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct Connect: what is refused, dangerous or wrong in a sheet, what is waited for, what a carrier's notice is held against, and what is never shown."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_names
from ansible_collections.msp.aws.plugins.module_utils import _directconnect
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.modules import directconnect_carrier_info, directconnect_loa
from tests.laws.outside import CARRIER, OUTSIDE, PARTNER, wait_for_ports
from tests.laws.stage import ACCOUNT, KINDS, REGION, VAULT, entries, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

GATEWAYS, PORTS, HOSTED = "directconnect_gateways", "directconnect_connections", "directconnect_hosted_connections"
VIRTUAL, TRANSIT = "directconnect_virtual_gateway_associations", "directconnect_transit_gateway_associations"
INTERFACES, CARRIERS = "directconnect_virtual_interfaces", "directconnect_hosted_virtual_interfaces"
NOTICE, WAITING = entries(CARRIERS, examples(CARRIERS).make)
CONFIRM_500M = ["directconnect_hosted_connections/acme-500m"]


def made(stage, kind, by=True):
    """The account before the kind's examples, or after the first of them."""
    stage.prepare(kind)
    if by:
        stage.run(kind, examples(kind).make)
    stage.double.clear_calls()
    return stage


def run_module(stage, module, /, check=False, **given):
    """What a module that is no kind says."""
    keys = dict(access_key=f"AKIA{ACCOUNT}OTHR", secret_key="x" * 20, region=REGION, endpoint_url=stage.double.url)
    out = io.StringIO()
    with patch_module_args(dict(keys, **given, _ansible_check_mode=check)), redirect_stdout(out):
        try:
            module.main()
        except SystemExit:
            pass
    return json.loads(out.getvalue().strip().splitlines()[-1])


# -- gateways and what is behind them


@pytest.mark.parametrize(
    ("there", "kind", "name", "said"),
    [
        (INTERFACES, GATEWAYS, "acme-dxgw", "virtual interfaces that lead to it (dxvif-"),
        (VIRTUAL, GATEWAYS, "acme-dxgw", "gateways behind it (vgw-"),
        (TRANSIT, GATEWAYS, "acme-dxgw", "gateways behind it (tgw-"),
        (INTERFACES, PORTS, "acme-ty2-1", "virtual interfaces on it (dxvif-"),
        (TRANSIT, "ec2_transit_gateways", "acme", "attachments (tgw-attach-"),
    ],
)
def test_what_others_need_stays_and_the_plan_says_so(stage, there, kind, name, said):
    made(stage, there)
    gone, confirmed = dict(name=name, state="absent"), [f"{kind}/{name}"]
    assert said in refused(stage, kind, gone, confirm=confirmed)
    leaving = [entry["id"] for entry in stage.run(there, examples(there).make)["entries"]]
    planned = stage.run(kind, task(kind, gone, confirm=confirmed), check=True, touched={there: leaving})
    assert planned["entries"][0]["action"] == "deleted"


def test_two_gateways_of_one_name_are_told_apart_by_their_id(stage):
    made(stage, GATEWAYS, by=False)
    ids = [client(stage, "directconnect").create_direct_connect_gateway(directConnectGatewayName="acme")["directConnectGateway"] for dummy in range(2)]
    message = refused(stage, GATEWAYS, dict(name="acme", tags=dict(Env="prod")))
    assert all(one["directConnectGatewayId"] in message for one in ids) and "Add `id`" in message
    assert write(stage, GATEWAYS, dict(id=ids[0]["directConnectGatewayId"], name="acme-1"))["entries"][0]["changed"] == ["name"]


def test_the_asn_of_a_gateway_stays(stage):
    made(stage, GATEWAYS)
    assert "amazon_side_asn cannot change" in refused(stage, GATEWAYS, dict(name="acme-dxgw", amazon_side_asn=64700))


def test_a_prefix_goes_only_with_a_confirmation(stage):
    for kind, name in ((VIRTUAL, dict(virtual_gateway="acme")), (TRANSIT, dict(transit_gateway="acme"))):
        made(stage, kind)
        name["direct_connect_gateway"] = DXGW
        harmless(stage, kind, dict(name, allowed_prefixes=["10.24.0.0/16"]))
        why = dangerous(stage, kind, dict(name, allowed_prefixes=dict(remove=["10.21.0.0/16"])))
        assert "no longer advertise 10.21.0.0/16" in why and "lose these routes" in why
        assert "cut all that goes between" in stage.run(kind, task(kind, dict(name, state="absent")), fails=True)["msg"]


def test_what_stands_in_the_way_of_an_association_is_told_in_the_plan(stage):
    made(stage, VIRTUAL)
    write(stage, GATEWAYS, dict(name="other", amazon_side_asn=64630))
    write(stage, "ec2_vpn_gateways", dict(name="free"))
    assert "is associated with Direct Connect gateway" in refused(stage, VIRTUAL, dict(direct_connect_gateway="other", virtual_gateway="acme"))
    assert "is not attached to a VPC" in refused(stage, VIRTUAL, dict(direct_connect_gateway="other", virtual_gateway="free"))
    write(stage, "ec2_transit_gateways", dict(name="same", amazon_side_asn=64630), dict(name="acme", amazon_side_asn=64600))
    new = dict(name="new", direct_connect_gateway="other", transit_gateway="acme")
    assert "a transit gateway needs one at least" in refused(stage, TRANSIT, new)
    assert "have the same ASN, 64630" in refused(stage, TRANSIT, dict(new, transit_gateway="same", allowed_prefixes=["10.0.0.0/8"]))
    assert "serves vgw-" in refused(stage, TRANSIT, dict(new, direct_connect_gateway="acme-dxgw", allowed_prefixes=["10.0.0.0/8"]))


def test_what_a_sheet_says_wrong_of_associations():
    one = dict(direct_connect_gateway="dx", virtual_gateway="vgw")
    assert faults(VIRTUAL, one, dict(one, direct_connect_gateway="other")) == [(1, "virtual_gateway", "claimed")]
    transit = dict(name="a", direct_connect_gateway="dx", transit_gateway="tgw")
    assert faults(TRANSIT, transit, dict(transit, transit_gateway="other")) == [(1, "name", "claimed")]
    assert faults(VIRTUAL, one, **{TRANSIT: [transit]}) == [(0, "direct_connect_gateway", "one_of")]
    assert faults(TRANSIT, transit, **{VIRTUAL: [one]}) == [(0, "direct_connect_gateway", "one_of")]
    alike = dict(directconnect_gateways=[dict(name="dx", amazon_side_asn=64512)], ec2_transit_gateways=[dict(name="tgw", amazon_side_asn=64512)])
    assert faults(TRANSIT, transit, **alike) == [(0, "transit_gateway", "alike")]


def test_an_association_that_is_on_its_way_is_waited_for_and_not_made_again(stage, monkeypatch, said):
    """The first run reaches its limit; a plan tells and does not wait; the next run waits on."""
    made(stage, TRANSIT, by=False)
    make = examples(TRANSIT).make
    with monkeypatch.context() as limited:
        limited.setitem(KINDS, TRANSIT, replace(KINDS[TRANSIT], seconds=0))
        assert "the next run goes on from here" in stage.run(TRANSIT, make, fails=True)["msg"]
    stage.run(TRANSIT, make, check=True)
    stage.double.clear_calls()
    assert stage.run(TRANSIT, make)["changed"]
    assert stage.writes() == ["ec2:CreateTags"]
    assert [one.get("name") for one in stage.gather(TRANSIT)].count("acme-dx") == 1 and not stage.run(TRANSIT, make)["changed"]


def console(stage):
    """An association that somebody made by hand, of which the sheet knows nothing."""
    made(stage, TRANSIT, by=False)
    dx, ec2 = client(stage, "directconnect"), client(stage, "ec2")
    where = dict(directConnectGatewayId=next(one for one in dx.describe_direct_connect_gateways()["directConnectGateways"])["directConnectGatewayId"])
    gateways = ec2.describe_transit_gateways()["TransitGateways"]
    where["gatewayId"] = next(one["TransitGatewayId"] for one in gateways if {"Key": "Name", "Value": "acme"} in one["Tags"])
    prefixes = [dict(cidr="10.20.0.0/16"), dict(cidr="10.99.0.0/16")]
    answer = dx.create_direct_connect_gateway_association(**where, addAllowedPrefixesToDirectConnectGateway=prefixes)
    return answer["directConnectGatewayAssociation"]["associationId"]


MINE = dict(name="mine", direct_connect_gateway="acme-dxgw", transit_gateway="acme")


def mine(stage):
    return [one for one in stage.gather(TRANSIT) if one["transit_gateway"] == "acme"]


def test_an_association_that_has_no_name_gets_that_of_the_entry(stage):
    """Its prefixes go only when that is confirmed."""
    console(stage)
    why = dangerous(stage, TRANSIT, dict(MINE, allowed_prefixes=dict(set=["10.20.0.0/16"])))
    assert "no longer advertise 10.99.0.0/16" in why
    assert [(one["name"], one["allowed_prefixes"]) for one in mine(stage)] == [("mine", ["10.20.0.0/16"])]
    harmless(stage, TRANSIT, dict(MINE, name="another"))
    assert [one["name"] for one in mine(stage)] == ["another"]


def test_an_attachment_that_does_not_show_yet_is_waited_for(stage, monkeypatch):
    """And a plan, which does not wait, does not fail."""
    console(stage)
    code = KINDS[TRANSIT].find.__globals__
    look, behind = code["_attachments"], [99]

    def late(aws):
        behind[0] -= 1
        return {} if behind[0] > 0 else look(aws)

    monkeypatch.setitem(code, "_attachments", late)
    entry = dict(MINE, allowed_prefixes=["10.20.0.0/16"])
    assert stage.run(TRANSIT, task(TRANSIT, entry), check=True)["changed"]
    behind[0] = 4
    assert write(stage, TRANSIT, entry)["changed"] and mine(stage)[0]["name"] == "mine"


def test_route_tables_name_the_attachment_of_an_association(stage):
    made(stage, TRANSIT)
    write(stage, "ec2_transit_gateway_route_tables", dict(name="onprem", transit_gateway="acme", propagations=["acme-dx"]))
    tables = stage.gather("ec2_transit_gateway_route_tables")
    assert [one["propagations"] for one in tables if one.get("name") == "onprem"] == [["acme-dx"]]


def test_a_sheet_calls_an_association_by_its_name():
    """Not by the two gateways that say which one it is; what has no name nobody can refer to."""
    transit = dict(name="acme-dx", direct_connect_gateway="dx", transit_gateway="tgw")
    theirs = dict(direct_connect_gateway="dx", transit_gateway="partner:tgw")
    assert sheet_names({TRANSIT: [transit, theirs]}) == {TRANSIT: ["acme-dx"]}


# -- two accounts

PARTNERS = dict(access_key=f"AKIA{PARTNER}OTHR", account_id=PARTNER)
DXGW = "acme-dxgw"


def gateway_id(stage):
    return client(stage, "directconnect").describe_direct_connect_gateways()["directConnectGateways"][0]["directConnectGatewayId"]


def test_a_transit_gateway_goes_from_the_proposal_to_its_name_in_two_accounts(stage, said):
    made(stage, TRANSIT, by=False)
    transit = stage.neighbours["partner"]["ec2_transit_gateways"]["partner"]
    theirs = dict(name="mine", direct_connect_gateway=gateway_id(stage), transit_gateway=transit, direct_connect_gateway_owner_account=ACCOUNT)
    theirs.update(allowed_prefixes=["10.70.0.0/16"])
    ours = dict(direct_connect_gateway=DXGW, transit_gateway="partner:partner", associated_gateway_owner_account=PARTNER)
    assert not stage.run(TRANSIT, task(TRANSIT, theirs), **PARTNERS)["changed"]
    label = f"{theirs['direct_connect_gateway']}/{transit}"
    assert any(f"account {ACCOUNT} has to accept" in text for text in said)
    assert "leave it out here" in stage.run(TRANSIT, task(TRANSIT, dict(theirs, accept=True)), fails=True, **PARTNERS)["msg"]
    unnamed = {name: value for name, value in ours.items() if name != "associated_gateway_owner_account"}
    assert "write associated_gateway_owner_account too" in refused(stage, TRANSIT, dict(unnamed, accept=True))
    assert "It is left as it is" in refused(stage, TRANSIT, dict(ours, accept=True, associated_gateway_owner_account="999988887777"))
    assert f"is account {PARTNER}'s, and so is its name" in refused(stage, TRANSIT, dict(ours, name="ours"))
    assert "name them together with accept" in refused(stage, TRANSIT, dict(ours, allowed_prefixes=["10.71.0.0/16"]))
    assert write(stage, TRANSIT, dict(ours, accept=True))["entries"][0]["changed"] == ["accept"]
    assert not write(stage, TRANSIT, dict(ours, accept=True))["changed"]
    assert "cannot go back" in refused(stage, TRANSIT, dict(ours, accept=False))
    stage.double.clear_calls()
    assert stage.run(TRANSIT, task(TRANSIT, theirs), **PARTNERS)["changed"] and stage.writes() == ["ec2:CreateTags"]
    assert not stage.run(TRANSIT, task(TRANSIT, theirs), **PARTNERS)["changed"]
    narrower = task(TRANSIT, dict(theirs, allowed_prefixes=dict(set=["10.70.1.0/24"])))
    assert "no longer advertise 10.70.0.0/16" in stage.run(TRANSIT, narrower, fails=True, **PARTNERS)["msg"]
    assert stage.run(TRANSIT, dict(narrower, confirm=[f"{TRANSIT}/{label}"]), **PARTNERS)["changed"]
    assert not stage.run(TRANSIT, narrower, **PARTNERS)["changed"]
    more = task(TRANSIT, dict(theirs, allowed_prefixes=["10.71.0.0/16"]))
    assert "another one takes its place" in stage.run(TRANSIT, more, fails=True, **PARTNERS)["msg"]
    assert "no longer advertise 10.70.0.0/16" in dangerous(stage, TRANSIT, dict(ours, accept=True))
    assert stage.run(TRANSIT, dict(state="gathered"), **PARTNERS)["gathered"][0]["allowed_prefixes"] == ["10.70.1.0/24"]
    gone = task(TRANSIT, dict(theirs, state="absent"))
    assert "cut all that goes between" in stage.run(TRANSIT, gone, fails=True, **PARTNERS)["msg"]
    assert stage.run(TRANSIT, dict(gone, confirm=[f"{TRANSIT}/{label}"]), **PARTNERS)["changed"]


def test_what_nobody_proposed_or_whose_owner_is_not_named_is_told(stage):
    made(stage, VIRTUAL, by=False)
    theirs = stage.neighbours["partner"]["directconnect_gateways"]["partner-dxgw"]
    assert "write whose" in refused(stage, VIRTUAL, dict(direct_connect_gateway=theirs, virtual_gateway="acme"))
    unknown = dict(direct_connect_gateway=DXGW, virtual_gateway="vgw-0123456789abcdef0", associated_gateway_owner_account=PARTNER, accept=True)
    assert "nobody has proposed vgw-0123456789abcdef0" in refused(stage, VIRTUAL, unknown)
    assert "leave it out here" in refused(stage, VIRTUAL, dict(direct_connect_gateway=DXGW, virtual_gateway="acme", accept=True))


def test_a_proposal_is_rejected_or_withdrawn_with_a_confirmation(stage):
    made(stage, VIRTUAL, by=False)
    mine = dict(direct_connect_gateway="partner:partner-dxgw", virtual_gateway="acme-dev", direct_connect_gateway_owner_account=PARTNER)
    write(stage, VIRTUAL, mine)
    assert "would withdraw the proposal" in stage.run(VIRTUAL, task(VIRTUAL, dict(mine, state="absent")), fails=True)["msg"]
    asked = dict(direct_connect_gateway=DXGW, virtual_gateway="partner:partner", state="absent")
    assert "would reject the proposal" in stage.run(VIRTUAL, task(VIRTUAL, asked), fails=True)["msg"]


# -- ports


def test_an_order_needs_a_confirmation_and_what_a_location_lacks_is_told(stage):
    made(stage, PORTS, by=False)
    new = dict(name="new", location="EqTY2", bandwidth="10Gbps")
    assert "'EqTY9' is not one of AtTDC, EqTY2" in refused(stage, PORTS, dict(new, location="EqTY9"))
    assert "does not have 1Gbps with MACsec" in refused(stage, PORTS, dict(new, bandwidth="1Gbps", request_mac_sec=True))
    assert "'Nobody' is not one of those at EqTY2" in refused(stage, PORTS, dict(new, provider_name="Nobody"))
    assert "this port has no MACsec" in refused(stage, PORTS, dict(new, encryption_mode="must_encrypt"))
    assert "would order a port (10Gbps at EqTY2)" in dangerous(stage, PORTS, new)
    assert "bandwidth cannot change after creation" in refused(stage, PORTS, dict(new, bandwidth="100Gbps"))
    assert "would give up the port at EqTY2 for good" in stage.run(PORTS, task(PORTS, dict(name="new", state="absent")), fails=True)["msg"]


def test_a_port_goes_into_a_lag_and_out_of_it_with_a_confirmation(stage):
    made(stage, PORTS)
    assert "take it out of its LAG" in dangerous(stage, PORTS, dict(name="acme-lag-1", clear=["lag"]))
    assert "put it into another LAG" in dangerous(stage, PORTS, dict(name="acme-lag-1", lag="acme-lag"))


def test_an_order_is_not_waited_for_but_told_of(stage, said):
    made(stage, PORTS)
    assert any("acme-tdc-1" in text and "up to 72 hours" in text for text in said)
    for state, word in (("requested", "up to 72 hours"), ("pending", "LOA-CFA"), ("down", "the link is down")):
        KINDS[PORTS].read(type("Aws", (), dict(warn=lambda aws, text: said.append(text)))(), dict(name="one", id="dxcon-1", _state=state), [])
        assert word in said[-1]


def test_the_letter_comes_as_a_file_when_the_order_is_approved(stage, tmp_path):
    made(stage, PORTS)
    path = tmp_path / "loa.pdf"
    early = run_module(stage, directconnect_loa, connection="acme-tdc-1", path=str(path))
    assert early["failed"] and "Try again when it is pending" in early["msg"] and not path.exists()
    wait_for_ports(stage.client)
    assert run_module(stage, directconnect_loa, check=True, connection="acme-tdc-1", path=str(path))["changed"] and not path.exists()
    assert run_module(stage, directconnect_loa, connection="acme-tdc-1", path=str(path), provider_name="AT TOKYO")["changed"]
    assert path.read_bytes().startswith(b"%PDF")
    assert not run_module(stage, directconnect_loa, connection="acme-tdc-1", path=str(path))["changed"]
    assert [one.name for one in tmp_path.iterdir()] == ["loa.pdf"]
    other = run_module(stage, directconnect_loa, connection="acme-tdc-1", path=str(path), account_id="210987654321")
    assert "the contract is for 210987654321" in other["msg"]
    assert "No such file" in run_module(stage, directconnect_loa, connection="acme-tdc-1", path=str(tmp_path / "none" / "loa.pdf"))["msg"]


# -- what carriers host


@pytest.mark.parametrize("option, value", [("partner_name", "Another Carrier"), ("bandwidth", "1Gbps"), ("vlan", 109), ("location", "AtTDC")])
def test_a_hosted_connection_is_held_against_the_notice(stage, option, value):
    made(stage, HOSTED, by=False)
    entry = {**entries(HOSTED, examples(HOSTED).make)[0], option: value}
    message = refused(stage, HOSTED, entry, confirm=CONFIRM_500M)
    assert f"{option} cannot change" in message and repr(value) in message


def test_a_hosted_connection_is_confirmed_once_and_with_its_notice(stage):
    made(stage, HOSTED, by=False)
    entry = entries(HOSTED, examples(HOSTED).make)[0]
    assert "write vlan too" in refused(stage, HOSTED, {name: value for name, value in entry.items() if name != "vlan"}, confirm=CONFIRM_500M)
    assert "bills from then on" in dangerous(stage, HOSTED, entry)
    assert "cannot go back" in refused(stage, HOSTED, dict(name="acme-500m", accept=False))
    absent = {name: stage.run(HOSTED, task(HOSTED, dict(name=name, state="absent")), fails=True)["msg"] for name in ("acme-500m", "acme-50m")}
    assert "cut all that goes through it" in absent["acme-500m"] and "would decline" in absent["acme-50m"]
    assert "There are: acme-500m (dxcon-" in refused(stage, HOSTED, dict(name="later"))


def test_a_hosted_connection_that_is_on_its_way_is_waited_for(stage, monkeypatch):
    made(stage, HOSTED, by=False)
    make = examples(HOSTED).make
    with monkeypatch.context() as limited:
        limited.setitem(KINDS, HOSTED, replace(KINDS[HOSTED], seconds=0))
        assert "the next run goes on from here" in stage.run(HOSTED, make, fails=True)["msg"]
    stage.double.clear_calls()
    assert not stage.run(HOSTED, make)["changed"] and stage.writes() == []
    states = {one["connectionName"]: one["connectionState"] for one in client(stage, "directconnect").describe_connections()["connections"]}
    assert states["acme-500m"] == "available"


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize(
    "kind, call",
    [
        (HOSTED, ("describe_connections", "connections", "connectionId")),
        (CARRIERS, ("describe_virtual_interfaces", "virtualInterfaces", "virtualInterfaceId")),
    ],
)
def test_what_is_confirmed_is_not_confirmed_again(stage, monkeypatch, kind, call, wait):
    """AWS takes note of it a moment after the call, and until then it looks as before: so whoever confirms waits for that, even who waits for nothing else."""
    made(stage, kind, by=False)
    (operation, things, named), listed, behind = call, _directconnect.listed, [3]
    before = list(listed(stage.door(), operation, things))

    def late(aws, asked, *result, **which):
        if asked == operation and aws.writes and behind[0] > 0:
            behind[0] -= 1
            return [one for one in before if which.get(named, one[named]) == one[named]]
        return listed(aws, asked, *result, **which)

    monkeypatch.setattr(_directconnect, "listed", late)
    assert bool(stage.run(kind, examples(kind).make, wait=wait).get("awaited")) is not wait
    confirming = [call for call in stage.writes() if ":Confirm" in call]
    assert behind == [0] and confirming
    assert not stage.run(kind, examples(kind).make)["changed"]


@pytest.mark.parametrize(
    "option, value",
    [
        ("virtual_interface_type", "transit"),
        ("asn", 65001),
        ("virtual_interface_name", "acme-other"),
        ("amazon_address", "169.254.109.1/30"),
        ("customer_address", "169.254.109.2/30"),
    ],
)
def test_a_virtual_interface_of_a_carrier_is_held_against_the_notice(stage, option, value):
    made(stage, CARRIERS, by=False)
    message = refused(stage, CARRIERS, {**NOTICE, option: value}, confirm=[f"{CARRIERS}/{NOTICE['connection']}/101"])
    assert f"{option} cannot change" in message and repr(value) in message


def test_a_virtual_interface_of_a_carrier_is_confirmed_once_and_for_one_gateway(stage):
    made(stage, CARRIERS, by=False)
    named = dict(connection=NOTICE["connection"], vlan=101)
    less = {name: value for name, value in NOTICE.items() if name != "asn"}
    assert "write asn too" in refused(stage, CARRIERS, less, confirm=[f"{CARRIERS}/{NOTICE['connection']}/101"])
    assert "name it together with accept" in refused(stage, CARRIERS, dict(named, direct_connect_gateway="acme-dxgw"))
    neither = {name: value for name, value in NOTICE.items() if name != "direct_connect_gateway"}
    for wrong in (neither, dict(NOTICE, virtual_gateway="acme")):
        assert "needs either virtual_gateway or direct_connect_gateway" in refused(stage, CARRIERS, wrong)
    assert "needs direct_connect_gateway alone" in refused(stage, CARRIERS, dict(WAITING, accept=True, virtual_gateway="acme"))
    assert "which cannot be changed afterwards" in dangerous(stage, CARRIERS, NOTICE)
    assert "cannot change after the confirmation" in refused(stage, CARRIERS, dict(named, direct_connect_gateway="acme-transit-dxgw"))
    assert "cannot go back" in refused(stage, CARRIERS, dict(named, accept=False))
    message = stage.run(CARRIERS, task(CARRIERS, dict(WAITING, accept=True, direct_connect_gateway="acme-dxgw")), check=True, fails=True)["msg"]
    assert "serves dxvif-" in message and "needs a second gateway" in message
    absent = [stage.run(CARRIERS, task(CARRIERS, dict(named, vlan=vlan, state="absent")), fails=True)["msg"] for vlan in (101, 102)]
    assert "would delete" in absent[0] and "is cut" in absent[0] and "would decline" in absent[1]
    assert f"There are: {NOTICE['connection']}/101 (dxvif-" in refused(stage, CARRIERS, dict(named, vlan=999))


def test_a_public_one_leads_to_no_gateway(stage):
    made(stage, CARRIERS, by=False)
    public = dict(NOTICE, vlan=103, virtual_interface_type="public", virtual_interface_name="acme-vif-103")
    public.update(amazon_address="203.0.113.1/30", customer_address="203.0.113.2/30")
    assert "needs no gateway" in refused(stage, CARRIERS, public)
    assert "lead it to AWS's public services" in dangerous(stage, CARRIERS, {k: v for k, v in public.items() if k != "direct_connect_gateway"})


def test_what_is_down_is_told_with_its_bgp_state(said):
    aws = type("Aws", (), dict(warn=lambda aws, text: said.append(text)))()
    for state, word in (("down", "BGP peers: ipv4 down"), ("verifying", "72 working hours"), ("pending", "when its connection does")):
        _directconnect.tell_state(aws, "one", dict(_state=state, _bgp=[("ipv4", "down")]))
        assert word in said[-1]


def test_what_a_sheet_says_wrong_of_virtual_interfaces_of_carriers():
    both = dict(NOTICE, virtual_gateway="acme")
    assert faults(CARRIERS, both) == [(0, "virtual_gateway", "one_of")]
    assert faults(CARRIERS, dict(WAITING, accept=True)) == [(0, "direct_connect_gateway", "needs")]
    assert faults(CARRIERS, {**NOTICE, "direct_connect_gateway": None}) == [(0, "direct_connect_gateway", "needs")]


def test_what_the_carrier_has_to_be_told(stage, said):
    made(stage, CARRIERS, by=False)
    write(stage, "ec2_vpn_gateways", dict(name="free"))
    write(stage, "ec2_route_tables", dict(name="a", vpc="acme", propagating_vpn_gateways=["acme"]))
    stage.double.clear_calls()
    told = run_module(stage, directconnect_carrier_info, account_id=ACCOUNT)
    assert stage.writes() == [] and not told["changed"]
    assert (told["account_id"], told["region"]) == (ACCOUNT, REGION)
    assert {(one["name"], one["amazon_side_asn"]) for one in told["direct_connect_gateways"]} == {("acme-dxgw", 64620), ("acme-transit-dxgw", 64621)}
    assert {(one["vlan"], one["state"]) for one in told["hosted_virtual_interfaces"]} == {(vlan, "confirming") for vlan in (101, 102, 103, 104)}
    assert any("is not attached to a VPC" in text for text in said) and any("propagates" in text for text in said)
    keys = [one["authKey"] for one in client(stage, "directconnect").describe_virtual_interfaces()["virtualInterfaces"]]
    assert keys and not any(key in json.dumps(told) for key in keys)
    assert "the contract is for 210987654321" in run_module(stage, directconnect_carrier_info, account_id="210987654321")["msg"]


# -- one's own virtual interfaces


@pytest.fixture
def interfaces(stage):
    return made(stage, INTERFACES)


NEW = dict(name="new", connection="acme-ty2-1", virtual_interface_type="private", vlan=301, asn=65000, direct_connect_gateway="acme-dxgw")


@pytest.mark.parametrize(
    "entry, said",
    [
        (dict(NEW, vlan=201), "VLAN 201 is in use on dxcon-"),
        (dict(NEW, direct_connect_gateway="acme-transit-dxgw"), "needs a second gateway"),
        (dict(NEW, virtual_interface_type="transit"), "needs a second gateway"),
        (dict(NEW, virtual_gateway="acme"), "a private virtual interface has one place"),
        (dict(NEW, virtual_interface_type="transit", virtual_gateway="acme"), "leads to a Direct Connect gateway"),
        (dict(NEW, virtual_interface_type="public"), "to no gateway"),
        (dict(name="new", connection="acme-ty2-1", virtual_interface_type="public", vlan=301, asn=65000), "needs route_filter_prefixes, amazon_address"),
        (dict(name="acme-private", vlan=299), "vlan cannot change after creation"),
        (dict(name="acme-public", mtu=8500), "1500 and nothing else"),
        (dict(name="acme-vgw", enable_site_link=True), "SiteLink goes through a Direct Connect gateway"),
    ],
)
def test_an_impossible_virtual_interface_is_refused_in_the_plan(interfaces, entry, said):
    before = interfaces.gather(INTERFACES)
    assert said in refused(interfaces, INTERFACES, entry)
    assert interfaces.gather(INTERFACES) == before


def test_what_interrupts_or_costs_needs_a_confirmation(interfaces):
    harmless(interfaces, INTERFACES, NEW)
    assert "every virtual interface of the connection for up to 30 seconds" in dangerous(interfaces, INTERFACES, dict(name="acme-private", mtu=8500))
    assert "drop packets" in dangerous(interfaces, INTERFACES, dict(name="acme-private", mtu=1500))
    assert "AWS bills by the hour" in dangerous(interfaces, INTERFACES, dict(name="acme-private", enable_site_link=True))
    assert "between the customer's sites" in dangerous(interfaces, INTERFACES, dict(name="acme-private", enable_site_link=False))
    assert "30 seconds" in dangerous(interfaces, INTERFACES, dict(NEW, name="jumbo", vlan=302, mtu=8500))
    gone = task(INTERFACES, dict(name="acme-private", state="absent"))
    assert "cut all that goes through VLAN 201" in interfaces.run(INTERFACES, gone, fails=True)["msg"]


def test_the_order_of_prefixes_is_no_difference(interfaces):
    assert not write(interfaces, INTERFACES, dict(name="acme-public", route_filter_prefixes=["198.51.100.0/24"]))["changed"]
    assert KINDS[INTERFACES].options["route_filter_prefixes"].same(["a", "b"], ["b", "a"])


def test_the_bgp_key_is_never_shown(stage):
    made(stage, INTERFACES, by=False)
    make = examples(INTERFACES).make
    told = [stage.run(INTERFACES, make, check=True), stage.run(INTERFACES, make), stage.gather(INTERFACES)]
    assert VAULT["acme_bgp_key"] not in json.dumps(told) and "bgp_auth_key" not in json.dumps(told)
    held = [one["authKey"] for one in client(stage, "directconnect").describe_virtual_interfaces()["virtualInterfaces"]]
    assert VAULT["acme_bgp_key"] in held and not any(key in json.dumps(told) for key in held)


def test_half_a_letter_is_no_letter(tmp_path, monkeypatch):
    """What is there is left alone from then on."""
    path = tmp_path / "loa.pdf"

    def full(old, new):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(directconnect_loa._private_files.os, "replace", full)
    with pytest.raises(Problem, match="No space left"):
        directconnect_loa._write(str(path), b"%PDF")
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_is_not_there_yet_is_told(stage, said):
    """One that the same sheet may confirm is no fault of a plan, which confirms nothing."""
    made(stage, INTERFACES, by=False)
    write(stage, PORTS, dict(name="fresh", location="EqTY2", bandwidth="10Gbps"), confirm=["directconnect_connections/fresh"])
    assert "is requested: it has to be approved" in stage.run(INTERFACES, task(INTERFACES, dict(NEW, connection="fresh")), check=True, fails=True)["msg"]
    OUTSIDE[HOSTED](stage.client)
    entry = task(INTERFACES, dict(NEW, connection="acme-500m", vlan=101))
    assert "is ordering: it has to be confirmed" in stage.run(INTERFACES, entry, fails=True)["msg"]
    said.clear()
    assert stage.run(INTERFACES, entry, check=True)["changed"] and any("is ordering: it has to be confirmed" in text for text in said)
    stage.run(HOSTED, examples(HOSTED).make)
    assert stage.run(INTERFACES, entry)["changed"]


def peers(stage, name):
    found = client(stage, "directconnect").describe_virtual_interfaces()["virtualInterfaces"]
    return {one["addressFamily"]: one for one in next(one["bgpPeers"] for one in found if one["virtualInterfaceName"] == name)}


def test_a_second_bgp_peer_stands_beside_the_interfaces_own(interfaces):
    """An interface carries IPv4 and IPv6, each by a peer of its own; the one that it was made with stays as it is."""
    entry = dict(name="acme-vgw", bgp_peers=[dict(address_family="ipv6", asn=65010)])
    own = peers(interfaces, "acme-vgw")["ipv4"]
    assert "is the interface's own" in refused(interfaces, INTERFACES, dict(name="acme-vgw", bgp_peers=[dict(address_family="ipv4", asn=65010)]))
    harmless(interfaces, INTERFACES, entry)
    assert peers(interfaces, "acme-vgw")["ipv6"]["asnLong"] == 65010 and peers(interfaces, "acme-vgw")["ipv4"] == own
    why = dangerous(interfaces, INTERFACES, dict(name="acme-vgw", bgp_peers=[dict(address_family="ipv6", asn=65020)]))
    assert "would end the BGP session for ipv6" in why and "make it anew" in why
    assert peers(interfaces, "acme-vgw")["ipv6"]["asnLong"] == 65020
    dangerous(interfaces, INTERFACES, dict(name="acme-vgw", bgp_peers=dict(remove=[dict(address_family="ipv6", asn=65020)])))
    assert [one["bgp_peers"] for one in interfaces.gather(INTERFACES) if one["name"] == "acme-vgw"] == [[]]


def test_addresses_of_ipv6_are_not_for_the_sheet():
    entry = dict(name="a", bgp_peers=[dict(address_family="ipv6", asn=65000, amazon_address="2001:db8::1/125")])
    assert faults(INTERFACES, entry) == [(0, "bgp_peers", "one_of")]


def test_a_hosted_connection_takes_one_virtual_interface_on_its_vlan(stage):
    made(stage, INTERFACES, by=False)
    OUTSIDE[HOSTED](stage.client)
    stage.run(HOSTED, examples(HOSTED).make)
    hosted = dict(NEW, connection="acme-500m")
    assert "whose carrier has given it VLAN 101; the sheet says 301" in refused(stage, INTERFACES, hosted)
    harmless(stage, INTERFACES, dict(hosted, vlan=101))
    assert "takes one virtual interface only" in refused(stage, INTERFACES, dict(hosted, name="second"))


def test_a_virtual_interface_that_is_on_its_way_is_waited_for(stage, monkeypatch):
    made(stage, INTERFACES, by=False)
    with monkeypatch.context() as limited:
        limited.setitem(KINDS, INTERFACES, replace(KINDS[INTERFACES], seconds=0))
        assert "the next run goes on from here" in stage.run(INTERFACES, task(INTERFACES, NEW), fails=True)["msg"]
    stage.double.clear_calls()
    assert not stage.run(INTERFACES, task(INTERFACES, NEW))["changed"] and stage.writes() == []
    assert client(stage, "directconnect").describe_virtual_interfaces()["virtualInterfaces"][0]["virtualInterfaceState"] == "available"


def test_what_is_made_for_another_account_is_not_ones_own(stage):
    made(stage, INTERFACES, by=False)
    mine = client(stage, "directconnect")
    port = mine.describe_connections()["connections"][0]["connectionId"]
    told = dict(virtualInterfaceName="theirs", vlan=400, asnLong=65000)
    mine.allocate_private_virtual_interface(connectionId=port, ownerAccount=CARRIER, newPrivateVirtualInterfaceAllocation=told)
    assert stage.gather(INTERFACES) == stage.gather(CARRIERS) == []
    seen = stage.client("directconnect", CARRIER).describe_virtual_interfaces()["virtualInterfaces"]
    assert [one["virtualInterfaceName"] for one in seen] == ["theirs"]


def test_what_a_sheet_says_wrong_of_virtual_interfaces():
    assert faults(INTERFACES, NEW, dict(NEW, name="second")) == [(1, "vlan", "overlap")]
    assert faults(INTERFACES, dict(NEW, virtual_gateway="acme")) == [(0, "direct_connect_gateway", "needs")]
    bare = {name: value for name, value in NEW.items() if name != "direct_connect_gateway"}
    assert faults(INTERFACES, dict(bare, virtual_interface_type="transit")) == [(0, "direct_connect_gateway", "needs")]
    assert faults(INTERFACES, dict(bare, virtual_interface_type="public")) == [(0, "route_filter_prefixes", "needs")]


# -- lists and ends


def test_lists_that_boto3_does_not_page_are_read_whole():
    class Client:
        def can_paginate(self, operation):
            return False

        def describe_connections(self, nextToken=None):
            return dict(connections=[1, 2], nextToken="more") if nextToken is None else dict(connections=[3])

    aws = type("Aws", (), dict(directconnect=Client()))()
    assert _directconnect.listed(aws, "describe_connections", "connections") == [1, 2, 3]


class Seen:
    """AWS with one answer."""

    account = "1"

    def __init__(self, **answers):
        self.directconnect = self
        self.answers = answers

    def can_paginate(self, operation):
        return False

    def __getattr__(self, operation):
        return lambda **dummy: self.answers[operation]


def test_what_fails_after_a_while_says_why():
    gateways = dict(directConnectGatewayId="dx", directConnectGatewayOwnerAccount="1", associatedGateway=dict(id="tgw", ownerAccount="1"))
    dead = dict(gateways, associationId="a", associationState="disassociated", stateChangeError="no such gateway")
    aws = Seen(describe_direct_connect_gateway_associations=dict(directConnectGatewayAssociations=[dead]))
    (seen,) = _directconnect.progress_of_associations(aws, ["a"])
    assert seen["_failed"] == "it is disassociated: no such gateway"
    interface = dict(virtualInterfaceId="dxvif-1", virtualInterfaceType="private", vlan=1, ownerAccount="1", virtualInterfaceState="rejected")
    assert _directconnect.in_sheet_form(interface)["_failed"] == "it is rejected"
    assert _directconnect.failure("failed", dict(stateChangeError="no capacity"), ("available",)) == "it is failed: no capacity"
