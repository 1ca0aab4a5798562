# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transit gateways, their attachments and route tables, and RAM, which shares them."""

from __future__ import annotations

import pytest

OTHER = "210987654321"
THEIRS = {"aws_access_key_id": f"AKIA{OTHER}XXXX"}
LOOKS = 3  # until a passing state has passed


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def theirs(aws):
    return aws("ec2", **THEIRS)


def settled(look, **which):
    for dummy in range(LOOKS):
        answer = look(**which)
    return answer


def make_gateway(ec2, **options):
    made = ec2.create_transit_gateway(Options=options)["TransitGateway"]
    settled(ec2.describe_transit_gateways)
    return made["TransitGatewayId"]


def make_vpc(ec2, number=20, zones=("a",)):
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{place}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]["SubnetId"]
        for place, zone in enumerate(zones)
    ]
    return vpc, subnets


def attach(ec2, gateway, vpc, subnets, **options):
    made = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=subnets, Options=options)
    return made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]


def attached(ec2, gateway, number=20):
    one = attach(ec2, gateway, *make_vpc(ec2, number))
    settled(ec2.describe_transit_gateway_attachments)
    return one


def make_table(ec2, gateway):
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
    settled(ec2.describe_transit_gateway_route_tables)
    return made


OFF = {"DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"}

# -- gateways


def test_a_gateway_takes_its_time_and_reads_do_not_show(ec2, double):
    gateway = ec2.create_transit_gateway()["TransitGateway"]
    before = double.state()
    states = [ec2.describe_transit_gateways()["TransitGateways"][0]["State"] for dummy in range(LOOKS)]
    assert (gateway["State"], states) == ("pending", ["pending", "pending", "available"])
    assert double.state() == before
    assert gateway["Options"]["AssociationDefaultRouteTableId"] == gateway["Options"]["PropagationDefaultRouteTableId"]


def test_what_a_gateway_refuses(ec2, refused):
    for options in (
        {"AmazonSideAsn": 100},
        {"DnsSupport": "on"},
        {"TransitGatewayCidrBlocks": ["10.0.0.0/25"]},
        {"TransitGatewayCidrBlocks": ["169.254.0.0/20"]},
        {"TransitGatewayCidrBlocks": ["10.0.0.0/24", "10.0.0.0/20"]},
    ):
        refused("InvalidParameterValue", ec2.create_transit_gateway, Options=options)
    refused("InvalidTransitGatewayID.NotFound", ec2.describe_transit_gateways, TransitGatewayIds=["tgw-0123456789abcdef0"])
    make_gateway(ec2)
    refused("InvalidParameterValue", ec2.describe_transit_gateways, Filters=[{"Name": "colour", "Values": ["red"]}])


def test_a_gateway_is_modified_when_it_is_at_rest(ec2, refused):
    gateway = ec2.create_transit_gateway(Options=OFF)["TransitGateway"]["TransitGatewayId"]
    refused("IncorrectState", ec2.modify_transit_gateway, TransitGatewayId=gateway, Description="x")
    settled(ec2.describe_transit_gateways)
    change = {"AddTransitGatewayCidrBlocks": ["10.0.0.0/24"], "DefaultRouteTableAssociation": "enable"}
    made = ec2.modify_transit_gateway(TransitGatewayId=gateway, Options=change)["TransitGateway"]
    assert made["State"] == "modifying" and made["Options"]["TransitGatewayCidrBlocks"] == ["10.0.0.0/24"]
    assert "AssociationDefaultRouteTableId" in made["Options"] and "PropagationDefaultRouteTableId" not in made["Options"]
    settled(ec2.describe_transit_gateways)
    gone = {"RemoveTransitGatewayCidrBlocks": ["10.9.0.0/24"]}
    refused("InvalidParameterValue", ec2.modify_transit_gateway, TransitGatewayId=gateway, Options=gone)


def test_a_vpn_holds_the_asn(ec2, refused):
    gateway = make_gateway(ec2)
    customer = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="203.0.113.1")["CustomerGateway"]["CustomerGatewayId"]
    ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, TransitGatewayId=gateway)
    shown = settled(ec2.describe_transit_gateway_attachments)["TransitGatewayAttachments"][0]
    assert (shown["ResourceType"], shown["State"]) == ("vpn", "available")
    refused("IncorrectState", ec2.modify_transit_gateway, TransitGatewayId=gateway, Options={"AmazonSideAsn": 64999})
    assert "non-deleted VPN" in refused("IncorrectState", ec2.delete_transit_gateway, TransitGatewayId=gateway)


def test_a_gateway_goes_last(ec2, refused):
    gateway = make_gateway(ec2)
    one = attached(ec2, gateway)
    assert one in refused("IncorrectState", ec2.delete_transit_gateway, TransitGatewayId=gateway)
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    refused("IncorrectState", ec2.delete_transit_gateway, TransitGatewayId=gateway)  # still going
    settled(ec2.describe_transit_gateway_vpc_attachments)
    ec2.delete_transit_gateway(TransitGatewayId=gateway)
    states = {shown["State"] for shown in settled(ec2.describe_transit_gateways)["TransitGateways"]}
    assert states == {"deleted"}
    refused("InvalidTransitGatewayID.NotFound", ec2.delete_transit_gateway, TransitGatewayId=gateway)


# -- attachments of VPCs


def test_subnets_of_an_attachment(ec2, refused):
    gateway, (vpc, subnets), other = make_gateway(ec2), make_vpc(ec2, zones=("a", "a", "c")), make_vpc(ec2, 30)
    place = {"TransitGatewayId": gateway, "VpcId": vpc}
    create = ec2.create_transit_gateway_vpc_attachment
    refused("DuplicateSubnetsInSameZone", create, **place, SubnetIds=subnets[:2])
    refused("InvalidParameterValue", create, **place, SubnetIds=other[1])
    refused("InvalidSubnetID.NotFound", create, **place, SubnetIds=["subnet-0123456789abcdef0"])
    refused("MissingParameter", create, **place)
    one = attach(ec2, gateway, vpc, subnets[:1])
    modify = ec2.modify_transit_gateway_vpc_attachment
    refused("IncorrectState", modify, TransitGatewayAttachmentId=one, AddSubnetIds=subnets[2:])
    settled(ec2.describe_transit_gateway_vpc_attachments)
    refused("DuplicateTransitGatewayAttachment", create, **place, SubnetIds=subnets[2:])
    refused("DuplicateSubnetsInSameZone", modify, TransitGatewayAttachmentId=one, AddSubnetIds=subnets[1:2])
    refused("InvalidParameterValue", modify, TransitGatewayAttachmentId=one, RemoveSubnetIds=subnets[:1])
    refused("MissingParameter", modify, TransitGatewayAttachmentId=one)
    modify(TransitGatewayAttachmentId=one, AddSubnetIds=subnets[1:2], RemoveSubnetIds=subnets[:1])  # one in the place of another
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[1])
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnets[0])


def test_a_route_to_a_gateway_needs_the_attachment(ec2, refused):
    gateway, (vpc, subnets) = make_gateway(ec2), make_vpc(ec2)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": gateway}
    refused("InvalidTransitGatewayID.NotFound", ec2.create_route, **route)
    one = attach(ec2, gateway, vpc, subnets)
    refused("InvalidTransitGatewayID.NotFound", ec2.create_route, **route)
    settled(ec2.describe_transit_gateway_attachments)
    ec2.create_route(**route)
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [shown["State"] for shown in routes if shown.get("TransitGatewayId")] == ["blackhole"]


def test_the_default_table_takes_every_attachment(ec2):
    gateway = make_gateway(ec2)
    one = attached(ec2, gateway)
    table = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"][0]
    assert table["DefaultAssociationRouteTable"] and table["DefaultPropagationRouteTable"]
    which = {"TransitGatewayRouteTableId": table["TransitGatewayRouteTableId"]}
    associations = ec2.get_transit_gateway_route_table_associations(**which)["Associations"]
    propagations = ec2.get_transit_gateway_route_table_propagations(**which)["TransitGatewayRouteTablePropagations"]
    assert [[shown["TransitGatewayAttachmentId"] for shown in found] for found in (associations, propagations)] == [[one], [one]]
    attached(ec2, make_gateway(ec2, **OFF), 30)
    assert len(ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]) == 1


# -- two accounts


def share(aws, theirs, gateway, ec2):
    arn = ec2.describe_transit_gateways(TransitGatewayIds=[gateway])["TransitGateways"][0]["TransitGatewayArn"]
    ram, other = aws("ram"), aws("ram", **THEIRS)
    made = ram.create_resource_share(name="tgw", resourceArns=[arn], principals=[OTHER])["resourceShare"]["resourceShareArn"]
    assert theirs.describe_transit_gateways()["TransitGateways"] == []
    invitation = other.get_resource_share_invitations()["resourceShareInvitations"][0]["resourceShareInvitationArn"]
    other.accept_resource_share_invitation(resourceShareInvitationArn=invitation)
    return ram, made


def test_another_account_attaches_and_the_owner_accepts(aws, ec2, theirs, refused):
    gateway, (vpc, subnets) = make_gateway(ec2), make_vpc(theirs)
    place = {"TransitGatewayId": gateway, "VpcId": vpc, "SubnetIds": subnets}
    refused("InvalidTransitGatewayID.NotFound", theirs.create_transit_gateway_vpc_attachment, **place)
    share(aws, theirs, gateway, ec2)
    assert [shown["OwnerId"] for shown in theirs.describe_transit_gateways()["TransitGateways"]] == ["123456789012"]
    one = attach(theirs, gateway, vpc, subnets)
    which = {"TransitGatewayAttachmentId": one}
    refused("IncorrectState", ec2.accept_transit_gateway_vpc_attachment, **which)  # on its way
    assert settled(ec2.describe_transit_gateway_vpc_attachments)["TransitGatewayVpcAttachments"][0]["State"] == "pendingAcceptance"
    refused("UnauthorizedOperation", theirs.accept_transit_gateway_vpc_attachment, **which)
    refused("IncorrectState", theirs.modify_transit_gateway_vpc_attachment, **which, Options={"DnsSupport": "disable"})
    refused("IncorrectState", ec2.associate_transit_gateway_route_table, **which, TransitGatewayRouteTableId=make_table(ec2, gateway))
    ec2.create_tags(Resources=[one], Tags=[{"Key": "Name", "Value": "mine"}])
    assert theirs.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"][0]["Tags"] == []
    ec2.accept_transit_gateway_vpc_attachment(**which)
    refused("IncorrectState", ec2.accept_transit_gateway_vpc_attachment, **which)
    refused("UnauthorizedOperation", ec2.modify_transit_gateway_vpc_attachment, **which, Options={"DnsSupport": "disable"})
    shown = settled(theirs.describe_transit_gateway_attachments)["TransitGatewayAttachments"][0]
    assert shown["State"] == "available" and "Association" not in shown
    assert "Association" in ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"][0]


def test_the_owner_rejects_or_accepts_everything(aws, ec2, theirs, refused):
    gateway = make_gateway(ec2)
    share(aws, theirs, gateway, ec2)
    one = attached(theirs, gateway)
    ec2.reject_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    assert settled(theirs.describe_transit_gateway_vpc_attachments)["TransitGatewayVpcAttachments"][0]["State"] == "rejected"
    ec2.modify_transit_gateway(TransitGatewayId=gateway, Options={"AutoAcceptSharedAttachments": "enable"})
    two = attached(theirs, gateway, 30)
    found = ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[two])["TransitGatewayVpcAttachments"]
    assert [shown["State"] for shown in found] == ["available"]
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=two)


# -- peerings


def ask(ec2, gateway, peer, account="123456789012", region="ap-northeast-1", **options):
    made = ec2.create_transit_gateway_peering_attachment(
        TransitGatewayId=gateway, PeerTransitGatewayId=peer, PeerAccountId=account, PeerRegion=region, Options=options
    )
    return made["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]


def peerings(ec2):
    return settled(ec2.describe_transit_gateway_peering_attachments)["TransitGatewayPeeringAttachments"]


def test_a_peering_across_regions(aws, ec2, refused):
    osaka = aws("ec2", region="ap-northeast-3")
    gateway, peer = make_gateway(ec2), make_gateway(osaka)
    one = ask(ec2, gateway, peer, region="ap-northeast-3")
    which = {"TransitGatewayAttachmentId": one}
    refused("IncorrectState", osaka.accept_transit_gateway_peering_attachment, **which)
    assert [shown["State"] for shown in peerings(ec2)] == ["pendingAcceptance"]
    refused("IncorrectState", osaka.accept_transit_gateway_peering_attachment, **which)  # not there yet as the accepter sees it
    assert [shown["State"] for shown in peerings(osaka)] == ["pendingAcceptance"]
    refused("InvalidParameterValue", ec2.accept_transit_gateway_peering_attachment, **which)
    refused("DuplicateTransitGatewayAttachment", osaka.create_transit_gateway_peering_attachment, TransitGatewayId=peer,
            PeerTransitGatewayId=gateway, PeerAccountId="123456789012", PeerRegion="ap-northeast-1")  # fmt: skip
    osaka.accept_transit_gateway_peering_attachment(**which)
    assert [peerings(side)[0]["State"] for side in (ec2, osaka)] == ["available"] * 2
    table = make_table(ec2, gateway)
    refused("InvalidParameterValue", ec2.enable_transit_gateway_route_table_propagation, **which, TransitGatewayRouteTableId=table)
    ec2.delete_transit_gateway_peering_attachment(**which)
    assert [peerings(side)[0]["State"] for side in (ec2, osaka)] == ["deleted"] * 2


def test_a_peering_within_a_region_has_two_attachments(ec2):
    gateway, peer = make_gateway(ec2), make_gateway(ec2)
    one = ask(ec2, gateway, peer)
    shown = peerings(ec2)
    assert len(shown) == 1 and shown[0]["AccepterTransitGatewayAttachmentId"] != one
    settled(ec2.describe_transit_gateway_attachments)
    ec2.reject_transit_gateway_peering_attachment(TransitGatewayAttachmentId=one)
    states = [side["State"] for side in settled(ec2.describe_transit_gateway_attachments)["TransitGatewayAttachments"]]
    assert states == ["rejected", "rejected"]


def test_a_peering_that_cannot_be_fails_afterwards(ec2, refused):
    gateway, peer = make_gateway(ec2), make_gateway(ec2)
    refused("InvalidParameterValue", ec2.create_transit_gateway_peering_attachment, TransitGatewayId=gateway,
            PeerTransitGatewayId=gateway, PeerAccountId="123456789012", PeerRegion="ap-northeast-1")  # fmt: skip
    ask(ec2, gateway, "tgw-0123456789abcdef0")
    ask(ec2, gateway, peer, DynamicRouting="enable")
    assert [shown["Status"]["Code"] for shown in peerings(ec2)] == ["failed", "failed"]
    assert "does not exist" in peerings(ec2)[0]["Status"]["Message"] and "ASN" in peerings(ec2)[1]["Status"]["Message"]


# -- route tables


@pytest.fixture
def routed(ec2):
    """A gateway with an attachment and a table, which knows nothing of it yet."""
    gateway = make_gateway(ec2, **OFF)
    return gateway, attached(ec2, gateway), make_table(ec2, gateway)


def test_an_attachment_has_one_table(ec2, routed, refused):
    gateway, one, table = routed
    which = {"TransitGatewayAttachmentId": one, "TransitGatewayRouteTableId": table}
    refused("InvalidAssociation.NotFound", ec2.disassociate_transit_gateway_route_table, **which)
    assert ec2.associate_transit_gateway_route_table(**which)["Association"]["State"] == "associating"
    other = {**which, "TransitGatewayRouteTableId": make_table(ec2, gateway)}
    refused("Resource.AlreadyAssociated", ec2.associate_transit_gateway_route_table, **other)
    refused("IncorrectState", ec2.disassociate_transit_gateway_route_table, **which)
    settled(ec2.describe_transit_gateway_attachments)
    refused("IncorrectState", ec2.delete_transit_gateway_route_table, TransitGatewayRouteTableId=table)
    ec2.disassociate_transit_gateway_route_table(**which)
    refused("Resource.AlreadyAssociated", ec2.associate_transit_gateway_route_table, **other)  # still going
    settled(ec2.describe_transit_gateway_attachments)
    ec2.associate_transit_gateway_route_table(**other)
    ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)


def test_the_default_table_stays(ec2, refused):
    make_gateway(ec2)
    table = settled(ec2.describe_transit_gateway_route_tables)["TransitGatewayRouteTables"][0]["TransitGatewayRouteTableId"]
    refused("IncorrectState", ec2.delete_transit_gateway_route_table, TransitGatewayRouteTableId=table)


def test_propagation(ec2, routed, refused):
    gateway, one, table = routed
    which = {"TransitGatewayAttachmentId": one, "TransitGatewayRouteTableId": table}
    refused("TransitGatewayRouteTablePropagation.NotFound", ec2.disable_transit_gateway_route_table_propagation, **which)
    ec2.enable_transit_gateway_route_table_propagation(**which)
    refused("TransitGatewayRouteTablePropagation.Duplicate", ec2.enable_transit_gateway_route_table_propagation, **which)
    search = {"TransitGatewayRouteTableId": table, "Filters": [{"Name": "type", "Values": ["propagated"]}]}
    assert [route["DestinationCidrBlock"] for route in ec2.search_transit_gateway_routes(**search)["Routes"]] == ["10.20.0.0/16"]
    overlapping = attached(ec2, gateway, 20)
    ec2.enable_transit_gateway_route_table_propagation(TransitGatewayAttachmentId=overlapping, TransitGatewayRouteTableId=table)
    assert len(ec2.search_transit_gateway_routes(**search)["Routes"]) == 1
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    assert len(ec2.get_transit_gateway_route_table_propagations(TransitGatewayRouteTableId=table)["TransitGatewayRouteTablePropagations"]) == 1


def test_routes(ec2, routed, refused):
    gateway, one, table = routed
    route = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.0.0.0/8"}
    refused("MissingParameter", ec2.create_transit_gateway_route, **route)
    refused("InvalidParameterCombination", ec2.create_transit_gateway_route, **route, TransitGatewayAttachmentId=one, Blackhole=True)
    refused("InvalidParameterValue", ec2.create_transit_gateway_route, **{**route, "DestinationCidrBlock": "10.0.0.1/8"}, Blackhole=True)
    refused("InvalidRoute.NotFound", ec2.replace_transit_gateway_route, **route, Blackhole=True)
    foreign = make_table(ec2, make_gateway(ec2))
    refused("InvalidParameterValue", ec2.create_transit_gateway_route, **{**route, "TransitGatewayRouteTableId": foreign}, TransitGatewayAttachmentId=one)
    ec2.create_transit_gateway_route(**route, TransitGatewayAttachmentId=one)
    refused("RouteAlreadyExists", ec2.create_transit_gateway_route, **route, Blackhole=True)
    search = {"TransitGatewayRouteTableId": table, "Filters": [{"Name": "type", "Values": ["static"]}]}
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=one)
    shown = ec2.search_transit_gateway_routes(**search)["Routes"][0]
    assert shown["State"] == "blackhole" and shown["TransitGatewayAttachments"]
    ec2.delete_transit_gateway_route(**route)
    refused("InvalidRoute.NotFound", ec2.delete_transit_gateway_route, **route)
    for number in range(7):
        ec2.create_transit_gateway_route(**{**route, "DestinationCidrBlock": f"10.{number}.0.0/16"}, Blackhole=True)
    page = ec2.search_transit_gateway_routes(**search, MaxResults=5)
    assert page["AdditionalRoutesAvailable"] and len(page["Routes"]) == 5
    assert len(ec2.search_transit_gateway_routes(**search, MaxResults=5, NextToken=page["NextToken"])["Routes"]) == 2


def test_prefix_lists(ec2, routed, refused):
    dummy, one, table = routed
    entries = [{"Cidr": "203.0.113.0/24"}]
    made = ec2.create_managed_prefix_list(PrefixListName="offices", Entries=entries, MaxEntries=5, AddressFamily="IPv4")
    which = {"TransitGatewayRouteTableId": table, "PrefixListId": made["PrefixList"]["PrefixListId"]}
    create = ec2.create_transit_gateway_prefix_list_reference
    refused("InvalidPrefixListID.NotFound", create, TransitGatewayRouteTableId=table, PrefixListId="pl-0123456789abcdef0", Blackhole=True)
    refused("MissingParameter", create, **which)
    refused("InvalidPrefixListReference.NotFound", ec2.modify_transit_gateway_prefix_list_reference, **which, Blackhole=True)
    create(**which, TransitGatewayAttachmentId=one)
    refused("InvalidParameterValue", create, **which, Blackhole=True)
    search = {"TransitGatewayRouteTableId": table, "Filters": [{"Name": "prefix-list-id", "Values": [which["PrefixListId"]]}]}
    assert [route["State"] for route in ec2.search_transit_gateway_routes(**search)["Routes"]] == ["active"]
    ec2.modify_transit_gateway_prefix_list_reference(**which, Blackhole=True)
    shown = ec2.get_transit_gateway_prefix_list_references(TransitGatewayRouteTableId=table)["TransitGatewayPrefixListReferences"]
    assert [reference["Blackhole"] for reference in shown] == [True]
    ec2.delete_transit_gateway_prefix_list_reference(**which)
    refused("InvalidPrefixListReference.NotFound", ec2.delete_transit_gateway_prefix_list_reference, **which)


# -- RAM


def test_a_share_lives(aws, ec2, theirs, refused, double):
    gateway = make_gateway(ec2)
    ram, arn = share(aws, theirs, gateway, ec2)
    which = {"resourceShareArn": arn}
    associate = ram.associate_resource_share
    refused("InvalidStateTransitionException", associate, **which, principals=["111122223333"])  # still pending
    settled(ram.get_resource_shares, resourceOwner="SELF")
    associate(**which, principals=["111122223333"])
    found = settled(ram.get_resource_share_associations, associationType="PRINCIPAL")["resourceShareAssociations"]
    assert {one["associatedEntity"]: one["status"] for one in found} == {OTHER: "ASSOCIATED", "111122223333": "ASSOCIATING"}
    missing = f"arn:aws:ec2:ap-northeast-1:123456789012:transit-gateway/{gateway[:-4]}dead"
    refused("UnknownResourceException", associate, **which, resourceArns=[missing])
    refused("MalformedArnException", associate, **which, resourceArns=["tgw"])
    refused("InvalidParameterException", associate, **which, principals=["me"])
    refused("OperationNotPermittedException", ram.update_resource_share, **which, allowExternalPrincipals=False)
    refused("UnknownResourceException", ram.disassociate_resource_share, **which, principals=["444455556666"])
    ram.tag_resource(**which, tags=[{"key": "Env", "value": "prod"}, {"key": "Owner", "value": "x"}])
    ram.untag_resource(**which, tagKeys=["Owner"])
    ram.update_resource_share(**which, name="renamed")
    shown = ram.get_resource_shares(resourceOwner="SELF", name="renamed")["resourceShares"][0]
    assert (shown["status"], shown["tags"], shown["allowExternalPrincipals"]) == ("ACTIVE", [{"key": "Env", "value": "prod"}], True)
    assert len(aws("ram", **THEIRS).get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"]) == 1
    ram.disassociate_resource_share(**which, principals=[OTHER])
    assert theirs.describe_transit_gateways()["TransitGateways"] == []
    assert any(key.startswith("ram/123456789012/ap-northeast-1/resource_shares/") for key in double.state())
    ram.delete_resource_share(**which)
    assert settled(ram.get_resource_shares, resourceOwner="SELF")["resourceShares"][0]["status"] == "DELETED"
    refused("UnknownResourceException", ram.delete_resource_share, **which)


def test_a_closed_share_and_its_invitations(aws, refused):
    ram = aws("ram")
    refused("OperationNotPermittedException", ram.create_resource_share, name="a", principals=[OTHER], allowExternalPrincipals=False)
    refused("InvalidParameterException", ram.get_resource_shares, resourceOwner="ME")
    refused("InvalidParameterException", ram.get_resource_share_associations, associationType="RESOURCE", principal=OTHER)
    refused("MalformedArnException", ram.delete_resource_share, resourceShareArn="a")
    other = aws("ram", **THEIRS)
    ram.create_resource_share(name="a", principals=[OTHER])
    invitation = other.get_resource_share_invitations()["resourceShareInvitations"][0]["resourceShareInvitationArn"]
    other.accept_resource_share_invitation(resourceShareInvitationArn=invitation)
    refused("ResourceShareInvitationAlreadyAcceptedException", other.accept_resource_share_invitation, resourceShareInvitationArn=invitation)
    refused("ResourceShareInvitationArnNotFoundException", ram.accept_resource_share_invitation, resourceShareInvitationArn=invitation)
