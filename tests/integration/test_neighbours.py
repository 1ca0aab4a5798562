# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contracts of one run that name each other's things: two accounts and two Regions, each with its own credentials."""

from __future__ import annotations

import json

import boto3
import pytest

from tests.integration.conftest import SECRET, Customer

OURS, THEIRS = "123456789012", "210987654321"
OPTIONS = dict(allow_dns_resolution_from_remote_vpc=True)


class Customers(Customer):
    """Three contracts in one inventory: two Regions of an account, and another account, into which a role leads."""

    PLACES = dict(tokyo=(OURS, "ap-northeast-1"), osaka=(OURS, "ap-northeast-3"), partner=(THEIRS, "ap-northeast-1"))

    def __init__(self, folder, double):
        super().__init__(folder, double)
        host = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
        self._write("hosts.yml", dict(contract=dict(hosts=dict.fromkeys(self.PLACES, host))))
        (self.inventory / "group_vars/all/contract.yml").unlink()
        (self.inventory / "host_vars").mkdir()
        trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(AWS=f"arn:aws:iam::{OURS}:root"), Action="sts:AssumeRole")])
        self.client("iam", "partner").create_role(RoleName="msp-operator", AssumeRolePolicyDocument=json.dumps(trust))

    def client(self, service, place):
        """Eyes and hands of its own in one of the places."""
        account, region = self.PLACES[place]
        return boto3.client(service, endpoint_url=self.double.url, region_name=region, aws_access_key_id=f"AKIA{account}EYES", aws_secret_access_key=SECRET)

    def sheets(self, **sheets):
        for host, (account, region) in self.PLACES.items():
            contract = dict(number=f"ACME-{host}", customer="Acme", account_id=account, region=region, language="en")
            if account != OURS:
                contract["role_arn"] = f"arn:aws:iam::{account}:role/msp-operator"
            self._write(f"host_vars/{host}.yml", dict(contract=contract, sheet=sheets.get(host, {})))


@pytest.fixture
def customers(tmp_path, double):
    return Customers(tmp_path / "acme", double)


def vpc(name, block):
    return dict(name=name, cidr_block=block)


def route(table, owner, block, peering):
    return dict(name=table, vpc=owner, routes=[dict(destination_cidr_block=block, vpc_peering_connection=peering)])


SHEETS = dict(
    tokyo=dict(
        ec2_vpcs=[vpc("acme", "10.20.0.0/16")],
        ec2_vpc_peering_connections=[
            dict(name="to-partner", vpc="acme", peer_vpc="partner:hub", peer_owner_id=THEIRS, requester_peering_connection_options=OPTIONS),
            dict(name="to-osaka", vpc="acme", peer_vpc="osaka:dr", peer_region="ap-northeast-3"),
        ],
        ec2_route_tables=[route("private", "acme", "10.30.0.0/16", "to-partner")],
    ),
    osaka=dict(
        ec2_vpcs=[vpc("dr", "10.40.0.0/16")],
        ec2_vpc_peering_connections=[dict(id="tokyo:to-osaka", name="from-tokyo", requester_owner_id=OURS, accept=True)],
    ),
    partner=dict(
        ec2_vpcs=[vpc("hub", "10.30.0.0/16")],
        ec2_vpc_peering_connections=[
            dict(id="tokyo:to-partner", name="from-acme", requester_owner_id=OURS, accept=True, accepter_peering_connection_options=OPTIONS)
        ],
        ec2_route_tables=[route("private", "hub", "10.20.0.0/16", "from-acme")],
    ),
)


def test_both_sides_of_a_peering_in_one_run(customers):
    customers.sheets(**SHEETS)
    plan = customers.setup("--check", "--diff")
    assert customers.writes() == ["sts:AssumeRole"] * customers.writes().count("sts:AssumeRole")
    assert "partner:hub (known after apply)" in plan.stdout and "tokyo:to-partner" in plan.stdout
    assert customers.setup().changed == plan.changed
    peerings = customers.client("ec2", "partner").describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert [peering["Status"]["Code"] for peering in peerings] == ["active"]
    assert customers.setup().changed == 0


def test_drift_knows_the_neighbours_names_and_one_contract_alone_can_be_run_once_they_are_there(customers):
    customers.sheets(**SHEETS)
    customers.setup("--tags", "ec2")
    customers.inspect("drift")
    ids = {}
    for place, name in (("partner", "hub"), ("osaka", "dr")):
        (found,) = customers.client("ec2", place).describe_vpcs(Filters=[dict(Name="tag:Name", Values=[name])])["Vpcs"]
        ids[name] = found["VpcId"]
    assert "partner:hub" in customers.setup("--limit", "tokyo", rc=2).output
    tokyo = json.loads(json.dumps(SHEETS["tokyo"]).replace("partner:hub", ids["hub"]).replace("osaka:dr", ids["dr"]))
    customers.sheets(**{**SHEETS, "tokyo": tokyo})
    assert customers.setup("--limit", "tokyo").changed == 0
    customers.sheets(**SHEETS)
    (peering,) = customers.client("ec2", "partner").describe_vpc_peering_connections()["VpcPeeringConnections"]
    customers.client("ec2", "partner").delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    assert "to-partner" in customers.inspect("drift", rc=2).output


def test_names_that_no_neighbour_has_are_told_before_the_first_write(customers):
    wrong = dict(x="partner:hubb", y="partnr:hub")
    peerings = [dict(name=name, vpc="acme", peer_vpc=peer) for name, peer in wrong.items()]
    tokyo = dict(SHEETS["tokyo"], ec2_vpc_peering_connections=peerings, ec2_route_tables=[])
    customers.sheets(tokyo=tokyo, partner=dict(ec2_vpcs=SHEETS["partner"]["ec2_vpcs"]))
    output = customers.setup(rc=2).output
    assert all(f"ec2_vpc_peering_connections {name} peer_vpc" in output for name in wrong) and "hubb" in output and "partnr" in output
    # Each contract has its own sheet: the others go on.
    made = [call for call in customers.double.calls() if call["write"] and call["service"] == "ec2"]
    assert all(call["access_key"] != f"AKIA{OURS}ENGR" for call in made)


CLOSED = dict(default_route_table_association="disable", default_route_table_propagation="disable")
GATEWAYS = dict(
    tokyo=dict(
        ec2_vpcs=[vpc("acme", "10.20.0.0/16")],
        ec2_subnets=[dict(name="acme-a", vpc="acme", cidr_block="10.20.0.0/28", availability_zone="ap-northeast-1a")],
        ec2_vpn_gateways=[dict(name="acme", vpc="acme", amazon_side_asn=64620)],
    ),
    partner=dict(
        ec2_transit_gateways=[dict(CLOSED, name="core", amazon_side_asn=64610)],
        directconnect_gateways=[dict(name="dx", amazon_side_asn=64600)],
        ram_resource_shares=[dict(name="core", transit_gateways=["core"])],
    ),
)
REQUESTS = dict(
    tokyo=dict(
        ram_resource_share_accepters=[dict(resource_share="partner:core", accept=True)],
        ec2_transit_gateway_vpc_attachments=[dict(name="core", transit_gateway="partner:core", vpc="acme", subnets=["acme-a"])],
        directconnect_virtual_gateway_associations=[
            dict(direct_connect_gateway="partner:dx", virtual_gateway="acme", direct_connect_gateway_owner_account=THEIRS)
        ],
    ),
    partner=dict(
        ram_resource_shares=[dict(name="core", principals=[OURS])],
        ec2_transit_gateway_attachment_accepters=[
            dict(name="acme", transit_gateway="core", vpc="tokyo:acme", resource_owner_id=OURS, accept=True),
        ],
        directconnect_virtual_gateway_associations=[
            dict(direct_connect_gateway="dx", virtual_gateway="tokyo:acme", associated_gateway_owner_account=OURS, accept=True),
        ],
    ),
)


def test_what_is_asked_for_and_accepted_in_one_run_between_gateways_that_are_there(customers):
    """A share, an attachment and an association: the plan of the side that accepts can see none of the requests, and foresees them."""
    told = {"(has to|must) accept": "whose turn it is, of which a later task of the same run takes care"}
    customers.sheets(**GATEWAYS)
    customers.setup("--tags", "ec2,directconnect,ram")
    customers.sheets(**{place: {**GATEWAYS[place], **REQUESTS[place]} for place in GATEWAYS})
    plan = customers.setup("--check", "--diff", allow=told)
    assert not set(customers.writes()) - {"sts:AssumeRole"}
    assert all(f"{name} (known after apply)" in plan.stdout for name in ("partner:core", "tokyo:acme"))
    assert customers.setup(allow=told).changed == plan.changed
    assert customers.setup().changed == 0


def test_one_confirm_is_told_and_judged_for_all_hosts_of_a_run(customers):
    sheets = dict(tokyo=vpc("acme", "10.20.0.0/16"), osaka=vpc("dr", "10.40.0.0/16"), partner=vpc("hub", "10.30.0.0/16"))
    customers.sheets(**{place: dict(ec2_vpcs=[one]) for place, one in sheets.items()})
    customers.setup()
    gone = {place: dict(ec2_vpcs=[dict(one, state="absent")]) for place, one in sheets.items() if place != "partner"}
    customers.sheets(**gone)
    plan = customers.setup("--check", "-e", json.dumps(dict(confirm=["ec2_vpcs/dr", "ec2_vpcs/drr"])))
    told = [line for line in plan.stdout.replace('\\"', '"').splitlines() if "run again with: -e" in line or "needed them" in line]
    assert [line.rpartition(": ")[2].strip('",') for line in told] == ['["ec2_vpcs/dr", "ec2_vpcs/acme"]}\'', *["ec2_vpcs/drr"] * 3]
    assert customers.setup("-e", json.dumps(dict(confirm=["ec2_vpcs/dr", "ec2_vpcs/acme"]))).changed == 2
