# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: Direct Connect."""

from __future__ import annotations

import pytest

from tests.laws.dangers import OWNED, both
from tests.laws.outside import wait_for_ports
from tests.laws.stage import VAULT, examples
from tests.laws.test_gateways import client, harmless, refused, write


def test_directconnect_gateway_deletes_the_associations(stage, theirs):
    """And says that nothing changed."""
    kind, direct = "directconnect_virtual_gateway_associations", client(stage, "directconnect")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    where = dict(directConnectGatewayId=direct.describe_direct_connect_gateways()["directConnectGateways"][0]["directConnectGatewayId"])
    told = []
    left, deleted = both(
        stage,
        lambda: [one["associationState"] for one in direct.describe_direct_connect_gateway_associations(**where)["directConnectGatewayAssociations"]],
        lambda: harmless(stage, "directconnect_gateways", dict(name="acme-dxgw", tags=OWNED)),
        lambda: told.append(theirs("community.aws.directconnect_gateway", name="acme-dxgw", amazon_asn="64620")),
    )
    assert set(left) == {"associated"} and "associated" not in deleted and '"changed": false' in told[0]


def test_directconnect_connection_takes_a_port_out_of_its_lag(stage, theirs):
    kind = "directconnect_connections"
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    same = dict(name="acme-lag-1", location="EqTY2", bandwidth="10Gbps")

    def look():
        return [bool(one.get("lagId")) for one in client(stage, "directconnect").describe_connections()["connections"] if one["connectionName"] == "acme-lag-1"]

    left, out = both(
        stage,
        look,
        lambda: harmless(stage, kind, dict(same, tags=OWNED)),
        lambda: theirs("community.aws.directconnect_connection", state="present", **same),
    )
    assert (left, out) == ([True], [False])


def test_directconnect_connection_gives_the_port_up(stage, theirs):
    """Its order takes days, its cross connect too."""
    kind = "directconnect_connections"
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    wait_for_ports(stage.client)
    own = port_id(stage, "acme-tdc-1")
    moved = dict(name="acme-tdc-1", location="EqTY2", bandwidth="10Gbps")

    def look():
        found = client(stage, "directconnect").describe_connections()["connections"]
        return own in [one["connectionId"] for one in found if one["connectionState"] == "available"]

    left, gone = both(
        stage,
        look,
        lambda: refused(stage, kind, moved),
        lambda: theirs("community.aws.directconnect_connection", state="present", forced_update=True, **moved),
    )
    assert (left, gone) == (True, False)


@pytest.fixture
def interface_of_a_port(stage):
    """A private virtual interface, another port beside its own; and where it is."""
    kind, direct = "directconnect_virtual_interfaces", client(stage, "directconnect")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    port = "directconnect_connections"
    write(stage, port, dict(name="other", location="EqTY2", bandwidth="10Gbps"), confirm=[f"{port}/other"])
    wait_for_ports(stage.client)
    names = {one["connectionId"]: one["connectionName"] for one in direct.describe_connections()["connections"]}
    return lambda: {one["virtualInterfaceName"]: names[one["connectionId"]] for one in direct.describe_virtual_interfaces()["virtualInterfaces"]}


def port_id(stage, name):
    return next(one["connectionId"] for one in client(stage, "directconnect").describe_connections()["connections"] if one["connectionName"] == name)


def test_directconnect_virtual_interface_moves_a_live_one(stage, interface_of_a_port, theirs):
    """And prints its BGP key. Ours refuses in the plan."""
    told, own = [], interface_of_a_port()["acme-private"]
    wish = dict(state="present", name="acme-private", public=False, connection_id=port_id(stage, "other"))
    left, moved = both(
        stage,
        lambda: interface_of_a_port()["acme-private"],
        lambda: told.append(refused(stage, "directconnect_virtual_interfaces", dict(name="acme-private", connection="other"))),
        lambda: told.append(theirs("community.aws.directconnect_virtual_interface", **wish)),
    )
    assert (left, moved) == (own, "other")
    assert "connection cannot change after creation" in told[0] and VAULT["acme_bgp_key"] in told[1]


def test_directconnect_virtual_interface_makes_up_vlan_and_asn(stage, interface_of_a_port, theirs):
    """100 and 65000, which the carrier knows nothing of; ours demands them."""
    kind, direct = "directconnect_virtual_interfaces", client(stage, "directconnect")
    gateway = next(one for one in direct.describe_direct_connect_gateways()["directConnectGateways"] if one["directConnectGatewayName"] == "acme-dxgw")
    wish = dict(state="present", name="new", public=False, connection_id=port_id(stage, "other"), direct_connect_gateway_id=gateway["directConnectGatewayId"])
    entry = dict(name="new", connection="other", virtual_interface_type="private", direct_connect_gateway="acme-dxgw")
    left, made = both(
        stage,
        lambda: [(one["vlan"], one["asn"]) for one in direct.describe_virtual_interfaces()["virtualInterfaces"] if one["virtualInterfaceName"] == "new"],
        lambda: refused(stage, kind, entry),
        lambda: theirs("community.aws.directconnect_virtual_interface", **wish),
    )
    assert (left, made) == ([], [(100, 65000)])
