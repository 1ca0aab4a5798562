# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct Connect, of which moto has connections without states."""

from __future__ import annotations

import pytest

CODE = "DirectConnectClientException"
OWNER, CARRIER = "123456789012", {"aws_access_key_id": "AKIA999988887777XXXX"}
NEW = {"virtualInterfaceName": "acme", "vlan": 101, "asnLong": 65000}


@pytest.fixture
def dx(aws):
    return aws("directconnect")


@pytest.fixture
def carrier(aws):
    return aws("directconnect", **CARRIER)


@pytest.fixture
def gateway(dx):
    return made_gateway(dx, 64620)


def made_gateway(dx, asn):
    made = dx.create_direct_connect_gateway(directConnectGatewayName=f"acme-{asn}", amazonSideAsn=asn)["directConnectGateway"]
    settle(dx.describe_direct_connect_gateways)
    return {"directConnectGatewayId": made["directConnectGatewayId"]}


@pytest.fixture
def port(dx):
    made = dx.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="acme")["connectionId"]
    settle(dx.describe_connections)
    return made


def settle(look, **which):
    for dummy in range(25):
        look(**which)


def states(dx, looks, **which):
    return [dx.describe_virtual_interfaces(**which)["virtualInterfaces"][0]["virtualInterfaceState"] for dummy in range(looks)]


def test_an_order_takes_time_and_its_letter_comes_with_the_approval(dx, refused, double):
    refused(CODE, dx.create_connection, location="Nowhere", bandwidth="10Gbps", connectionName="acme")
    refused(CODE, dx.create_connection, location="AtTDC", bandwidth="100Gbps", connectionName="acme")
    refused(CODE, dx.create_connection, location="EqTY2", bandwidth="1Gbps", connectionName="acme", requestMACSec=True)
    refused(CODE, dx.create_connection, location="EqTY2", bandwidth="1Gbps", connectionName="acme", providerName="Nobody")
    one = dx.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="acme", tags=[{"key": "Env", "value": "prod"}])["connectionId"]
    refused(CODE, dx.describe_loa, connectionId=one)
    refused(CODE, dx.create_private_virtual_interface, connectionId=one, newPrivateVirtualInterface=NEW)
    seen = [dx.describe_connections()["connections"][0]["connectionState"] for dummy in range(21)]
    assert seen == ["requested"] * 10 + ["pending"] * 10 + ["available"]
    assert dx.describe_loa(connectionId=one)["loaContent"].startswith(b"%PDF")
    key = f"directconnect/{OWNER}/ap-northeast-1/connections/{one}"
    double.snapshot("ordered")
    dx.delete_connection(connectionId=one)
    assert double.state()[key]["settled"] == "deleted"
    double.restore("ordered")
    assert double.state()[key]["settled"] == "available"


def test_the_tagging_api_answers_beside_lines(aws, dx, port):
    dx.create_lag(numberOfConnections=1, location="EqTY2", connectionsBandwidth="10Gbps", lagName="acme")
    assert port not in str(aws("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]), "it has no tag"


def test_encryption_is_for_ports_with_macsec(dx, port, refused):
    refused(CODE, dx.update_connection, connectionId=port, encryptionMode="must_encrypt")
    one = dx.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="safe", requestMACSec=True)["connectionId"]
    refused(CODE, dx.update_connection, connectionId=one, encryptionMode="perhaps")
    assert dx.update_connection(connectionId=one, encryptionMode="must_encrypt")["encryptionMode"] == "must_encrypt"


def test_a_lag_holds_its_connections(dx, port, refused):
    lag = dx.create_lag(numberOfConnections=0, location="EqTY2", connectionsBandwidth="10Gbps", lagName="acme")["lagId"]
    other = dx.create_connection(location="AtTDC", bandwidth="10Gbps", connectionName="other")["connectionId"]
    refused(CODE, dx.associate_connection_with_lag, connectionId=other, lagId=lag)
    dx.associate_connection_with_lag(connectionId=port, lagId=lag)
    refused(CODE, dx.delete_connection, connectionId=port)
    assert dx.describe_lags()["lags"][0]["connections"][0]["connectionId"] == port
    dx.disassociate_connection_from_lag(connectionId=port, lagId=lag)
    refused(CODE, dx.disassociate_connection_from_lag, connectionId=port, lagId=lag)


def test_a_hosted_connection_waits_for_its_owner(dx, carrier, gateway, refused):
    plain = carrier.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="plain")["connectionId"]
    port = carrier.create_interconnect(interconnectName="Carrier", bandwidth="10Gbps", location="EqTY2")["interconnectId"]
    given = {"ownerAccount": OWNER, "bandwidth": "500Mbps", "connectionName": "acme", "vlan": 101}
    refused(CODE, carrier.allocate_hosted_connection, connectionId=plain, **given)
    refused(CODE, carrier.allocate_hosted_connection, connectionId=port, **{**given, "bandwidth": "3Mbps"})
    one = carrier.allocate_hosted_connection(connectionId=port, **given)["connectionId"]
    refused(CODE, carrier.allocate_hosted_connection, connectionId=port, **given)
    settle(dx.describe_connections)
    found = dx.describe_connections()["connections"][0]
    assert (found["connectionState"], found["partnerName"], found["vlan"]) == ("ordering", "Carrier", 101)
    refused(CODE, dx.create_private_virtual_interface, connectionId=one, newPrivateVirtualInterface={**NEW, **gateway})
    dx.confirm_connection(connectionId=one)
    refused(CODE, dx.confirm_connection, connectionId=one)
    settle(dx.describe_connections)
    wrong = {**NEW, **gateway, "vlan": 102}
    refused(CODE, dx.create_private_virtual_interface, connectionId=one, newPrivateVirtualInterface=wrong)
    dx.create_private_virtual_interface(connectionId=one, newPrivateVirtualInterface={**NEW, **gateway})
    refused(CODE, dx.delete_connection, connectionId=one)
    declined = carrier.allocate_hosted_connection(connectionId=port, **{**given, "vlan": 103})["connectionId"]
    assert dx.delete_connection(connectionId=declined)["connectionState"] == "rejected"


BAD = {
    "name": {"virtualInterfaceName": "acme_private"},
    "asn": {"asnLong": 4294967295},
    "vlan": {"vlan": 4095},
    "mtu": {"mtu": 9001},
    "key": {"authKey": "short"},
    "one address": {"amazonAddress": "169.254.1.1/30"},
    "own addresses in IPv6": {"addressFamily": "ipv6", "amazonAddress": "2001:db8::1/64", "customerAddress": "2001:db8::2/64"},
    "two places": {"virtualGatewayId": "vgw-0123456789abcdef0"},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_virtual_interfaces_that_are_refused(dx, port, gateway, refused, change):
    refused(CODE, dx.create_private_virtual_interface, connectionId=port, newPrivateVirtualInterface={**NEW, **gateway, **change})


def test_what_each_type_needs(dx, port, gateway, refused):
    refused(CODE, dx.create_private_virtual_interface, connectionId=port, newPrivateVirtualInterface=NEW)
    refused(CODE, dx.create_transit_virtual_interface, connectionId=port, newTransitVirtualInterface=NEW)
    refused(CODE, dx.create_public_virtual_interface, connectionId=port, newPublicVirtualInterface=NEW)
    dx.create_private_virtual_interface(connectionId=port, newPrivateVirtualInterface={**NEW, **gateway})
    refused(CODE, dx.create_private_virtual_interface, connectionId=port, newPrivateVirtualInterface={**NEW, **gateway})
    refused(CODE, dx.create_transit_virtual_interface, connectionId=port, newTransitVirtualInterface={**NEW, **gateway, "vlan": 102})
    addresses = {"amazonAddress": "203.0.113.1/30", "customerAddress": "203.0.113.2/30", "routeFilterPrefixes": [{"cidr": "198.51.100.0/24"}]}
    one = dx.create_public_virtual_interface(connectionId=port, newPublicVirtualInterface={**NEW, **addresses, "vlan": 103})["virtualInterfaceId"]
    assert states(dx, 5, virtualInterfaceId=one) == ["verifying", "verifying", "pending", "pending", "available"]
    refused(CODE, dx.update_virtual_interface_attributes, virtualInterfaceId=one, mtu=8500)
    refused(CODE, dx.update_virtual_interface_attributes, virtualInterfaceId=one, enableSiteLink=True)


def test_a_large_asn_shows_in_its_own_member(dx, port, gateway):
    found = dx.create_private_virtual_interface(connectionId=port, newPrivateVirtualInterface={**NEW, **gateway, "asnLong": 4200000000})
    assert (found["asn"], found["asnLong"]) == (0, 4200000000) and len(found["authKey"]) >= 6


def test_a_virtual_interface_of_a_carrier_waits_for_its_owner(dx, carrier, gateway, refused):
    port = carrier.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="carrier")["connectionId"]
    given = {"connectionId": port, "ownerAccount": OWNER}
    one = carrier.allocate_private_virtual_interface(**given, newPrivateVirtualInterfaceAllocation=NEW)["virtualInterfaceId"]
    refused(CODE, carrier.allocate_private_virtual_interface, **given, newPrivateVirtualInterfaceAllocation=NEW)
    assert set(states(dx, 4)) == set(states(carrier, 1)) == {"confirming"}
    refused(CODE, carrier.confirm_private_virtual_interface, virtualInterfaceId=one, **gateway)
    refused(CODE, dx.confirm_public_virtual_interface, virtualInterfaceId=one)
    refused(CODE, dx.confirm_private_virtual_interface, virtualInterfaceId=one)
    dx.confirm_private_virtual_interface(virtualInterfaceId=one, **gateway)
    refused(CODE, dx.confirm_private_virtual_interface, virtualInterfaceId=one, **gateway)
    assert states(dx, 3) == ["pending", "pending", "available"]
    refused(CODE, dx.delete_direct_connect_gateway, **gateway)
    attached = dx.describe_direct_connect_gateway_attachments(**gateway)["directConnectGatewayAttachments"]
    assert [(one["virtualInterfaceId"], one["attachmentType"]) for one in attached] == [(one, "PrivateVirtualInterface")]
    dx.delete_virtual_interface(virtualInterfaceId=one)
    assert states(dx, 3) == ["deleting", "deleting", "deleted"]
    dx.delete_direct_connect_gateway(**gateway)


def test_associations_take_time_and_a_gateway_serves_one_kind(dx, aws, gateway, refused):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    virtual = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    refused(CODE, dx.create_direct_connect_gateway_association, **gateway, gatewayId=virtual)
    ec2.attach_vpn_gateway(VpnGatewayId=virtual, VpcId=vpc)
    refused(CODE, dx.create_direct_connect_gateway_association, **gateway, gatewayId=virtual, addAllowedPrefixesToDirectConnectGateway=[{"cidr": "here"}])
    made = dx.create_direct_connect_gateway_association(**gateway, gatewayId=virtual)["directConnectGatewayAssociation"]
    assert made["allowedPrefixesToDirectConnectGateway"] == [{"cidr": "10.20.0.0/16"}]
    refused(CODE, dx.create_direct_connect_gateway_association, **made_gateway(dx, 64621), gatewayId=virtual)
    refused(CODE, dx.describe_direct_connect_gateway_associations)
    change = {"associationId": made["associationId"], "addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.20.0.0/15"}]}
    refused(CODE, dx.update_direct_connect_gateway_association, **change)
    settle(dx.describe_direct_connect_gateway_associations, **gateway)
    dx.update_direct_connect_gateway_association(**change)
    transit = ec2.create_transit_gateway(Options={"AmazonSideAsn": 64620})["TransitGateway"]["TransitGatewayId"]
    settle(ec2.describe_transit_gateways)
    prefixes = {"addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.20.0.0/16"}]}
    assert "same ASN" in refused(CODE, dx.create_direct_connect_gateway_association, **gateway, gatewayId=transit, **prefixes)
    ec2.modify_transit_gateway(TransitGatewayId=transit, Options={"AmazonSideAsn": 64600})
    settle(ec2.describe_transit_gateways)
    assert "serves" in refused(CODE, dx.create_direct_connect_gateway_association, **gateway, gatewayId=transit, **prefixes)
    other = made_gateway(dx, 64622)
    refused(CODE, dx.create_direct_connect_gateway_association, **other, gatewayId=transit)
    dx.create_direct_connect_gateway_association(**other, gatewayId=transit, **prefixes)
    attachment = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"][0]
    assert (attachment["ResourceType"], attachment["ResourceId"]) == ("direct-connect-gateway", other["directConnectGatewayId"])
    refused(CODE, dx.delete_direct_connect_gateway, **other)


def test_gateways_are_global_and_their_arns_have_no_region(aws, dx, gateway, refused):
    refused(CODE, dx.create_direct_connect_gateway, directConnectGatewayName="acme", amazonSideAsn=65535)
    there = aws("directconnect", region="eu-west-1").describe_direct_connect_gateways()["directConnectGateways"]
    assert [one["directConnectGatewayId"] for one in there] == [gateway["directConnectGatewayId"]]
    arn = f"arn:aws:directconnect::{OWNER}:dx-gateway/{gateway['directConnectGatewayId']}"
    dx.tag_resource(resourceArn=arn, tags=[{"key": "Env", "value": "prod"}])
    assert dx.describe_direct_connect_gateways()["directConnectGateways"][0]["tags"] == [{"key": "Env", "value": "prod"}]
    refused("DuplicateTagKeysException", dx.tag_resource, resourceArn=arn, tags=[{"key": "a"}, {"key": "a"}])
    refused("TooManyTagsException", dx.tag_resource, resourceArn=arn, tags=[{"key": str(number)} for number in range(50)])
    refused(CODE, dx.tag_resource, resourceArn=arn.replace("::", ":ap-northeast-1:"), tags=[{"key": "a"}])
    dx.untag_resource(resourceArn=arn, tagKeys=["Env"])
    assert dx.describe_tags(resourceArns=[arn])["resourceTags"][0]["tags"] == []


def test_lists_come_in_pages(dx):
    for number in range(3):
        dx.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName=f"acme-{number}")
    first = dx.describe_connections(maxResults=2)
    rest = dx.describe_connections(maxResults=2, nextToken=first["nextToken"])
    assert [len(page["connections"]) for page in (first, rest)] == [2, 1] and "nextToken" not in rest


def test_a_gateway_of_another_account_is_proposed_and_accepted(aws, dx, carrier, gateway, refused):
    ec2 = aws("ec2", **CARRIER)
    vpc = ec2.create_vpc(CidrBlock="10.70.0.0/16")["Vpc"]["VpcId"]
    virtual = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    wanted = {**gateway, "directConnectGatewayOwnerAccount": OWNER, "gatewayId": virtual}
    refused(CODE, carrier.create_direct_connect_gateway_association_proposal, **wanted)
    ec2.attach_vpn_gateway(VpnGatewayId=virtual, VpcId=vpc)
    refused(CODE, carrier.create_direct_connect_gateway_association, **gateway, gatewayId=virtual)
    refused(CODE, carrier.create_direct_connect_gateway_association_proposal, **{**wanted, "directConnectGatewayOwnerAccount": "999988887777"})
    made = carrier.create_direct_connect_gateway_association_proposal(**wanted)["directConnectGatewayAssociationProposal"]
    assert (made["proposalState"], made["requestedAllowedPrefixesToDirectConnectGateway"]) == ("requested", [{"cidr": "10.70.0.0/16"}])
    refused(CODE, carrier.create_direct_connect_gateway_association_proposal, **wanted)
    accept = {**gateway, "proposalId": made["proposalId"], "associatedGatewayOwnerAccount": "999988887777"}
    refused(CODE, carrier.accept_direct_connect_gateway_association_proposal, **accept)
    refused(CODE, dx.accept_direct_connect_gateway_association_proposal, **{**accept, "associatedGatewayOwnerAccount": OWNER})
    other = made_gateway(dx, 64621)
    refused(CODE, dx.accept_direct_connect_gateway_association_proposal, **{**accept, **other})
    dx.accept_direct_connect_gateway_association_proposal(**accept, overrideAllowedPrefixesToDirectConnectGateway=[{"cidr": "10.70.0.0/15"}])
    assert "has been accepted" in refused(CODE, dx.accept_direct_connect_gateway_association_proposal, **accept)
    refused(CODE, carrier.delete_direct_connect_gateway_association_proposal, proposalId=made["proposalId"])
    settle(dx.describe_direct_connect_gateway_associations, **gateway)
    for side in (dx, carrier):
        (seen,) = side.describe_direct_connect_gateway_associations(associatedGatewayId=virtual)["directConnectGatewayAssociations"]
        assert (seen["associationState"], seen["allowedPrefixesToDirectConnectGateway"]) == ("associated", [{"cidr": "10.70.0.0/15"}])
        assert (seen["associatedGateway"]["ownerAccount"], seen["directConnectGatewayOwnerAccount"]) == ("999988887777", OWNER)
        (proposal,) = side.describe_direct_connect_gateway_association_proposals()["directConnectGatewayAssociationProposals"]
        assert proposal["proposalState"] == "accepted"
    narrower = {"addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.70.0.0/16"}]}
    refused(CODE, carrier.update_direct_connect_gateway_association, associationId=seen["associationId"], **narrower)
    refused(CODE, carrier.create_direct_connect_gateway_association_proposal, **wanted)
    again = carrier.create_direct_connect_gateway_association_proposal(**wanted, **narrower)["directConnectGatewayAssociationProposal"]
    assert again["existingAllowedPrefixesToDirectConnectGateway"] == [{"cidr": "10.70.0.0/15"}]
    assert dx.delete_direct_connect_gateway_association_proposal(proposalId=again["proposalId"])
    carrier.delete_direct_connect_gateway_association(associationId=seen["associationId"])
    settle(dx.describe_direct_connect_gateway_associations, **gateway)
    dx.delete_direct_connect_gateway(**gateway)


def test_a_transit_gateway_of_another_account_gets_its_attachment_there(aws, dx, carrier, gateway, refused):
    ec2 = aws("ec2", **CARRIER)
    transit = ec2.create_transit_gateway(Options={"AmazonSideAsn": 64600})["TransitGateway"]["TransitGatewayId"]
    settle(ec2.describe_transit_gateways)
    wanted = {**gateway, "directConnectGatewayOwnerAccount": OWNER, "gatewayId": transit}
    refused(CODE, carrier.create_direct_connect_gateway_association_proposal, **wanted)
    prefixes = {"addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.70.0.0/16"}]}
    made = carrier.create_direct_connect_gateway_association_proposal(**wanted, **prefixes)["directConnectGatewayAssociationProposal"]
    accept = {**gateway, "proposalId": made["proposalId"], "associatedGatewayOwnerAccount": "999988887777"}
    dx.accept_direct_connect_gateway_association_proposal(**accept)
    (attachment,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert (attachment["ResourceType"], attachment["ResourceOwnerId"], attachment["TransitGatewayOwnerId"]) == ("direct-connect-gateway", OWNER, "999988887777")
    assert aws("ec2").describe_transit_gateway_attachments()["TransitGatewayAttachments"] == []
