# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's rules: each refuses what EC2 refuses, and the right thing passes."""

from __future__ import annotations

import ipaddress

import pytest

AMI = "ami-0abcdef1234567890"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]


def make_subnet(ec2, vpc, cidr="10.20.1.0/24", zone="ap-northeast-1a"):
    answer = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
    return answer["Subnet"]["SubnetId"]


def make_igw(ec2, vpc=None):
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    if vpc:
        ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    return igw


def make_group(ec2, vpc, name="web"):
    answer = ec2.create_security_group(GroupName=name, Description="for tests", VpcId=vpc)
    return answer["GroupId"]


def make_table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def allocate(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


def image(ec2):
    name = [{"Name": "name", "Values": ["amzn2-ami-hvm-2.0.2*-x86_64-gp2"]}]
    return ec2.describe_images(Owners=["amazon"], Filters=name)["Images"][0]["ImageId"]


def run(ec2, **given):
    given = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **given}
    return ec2.run_instances(**given)["Instances"][0]


# -- VPCs and subnets -----------------------------------------------------------------------------


def test_cidr_blocks(ec2, vpc, refused):
    assert ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"
    refused("InvalidVpc.Range", ec2.create_vpc, CidrBlock="10.0.0.0/8")
    refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc, CidrBlock="10.21.0.0/24")
    refused("InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc, CidrBlock="10.20.0.0/29")
    make_subnet(ec2, vpc)
    refused("InvalidSubnet.Conflict", ec2.create_subnet, VpcId=vpc, CidrBlock="10.20.1.128/25")
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.21.0.0/24")
    for block in ("10.20.1.0/24", "10.21.0.0/24", "10.21.0.0/16"):
        refused("InvalidVpc.Range", ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock=block)
    zone = {"VpcId": vpc, "CidrBlock": "10.20.2.0/24", "AvailabilityZone": "us-east-1a"}
    refused("InvalidParameterValue", ec2.create_subnet, **zone)


def test_a_vpc_with_something_in_it_stays(ec2, vpc, refused):
    def stays():
        refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)

    subnet = make_subnet(ec2, vpc)
    stays()
    ec2.delete_subnet(SubnetId=subnet)
    table = make_table(ec2, vpc)
    stays()
    ec2.delete_route_table(RouteTableId=table)
    group = make_group(ec2, vpc)
    stays()
    ec2.delete_security_group(GroupId=group)
    igw = make_igw(ec2, vpc)
    stays()
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=vpc)
    stays()
    ec2.detach_vpn_gateway(VpnGatewayId=vgw, VpcId=vpc)
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    stays()
    ec2.delete_network_acl(NetworkAclId=acl)
    endpoint = gateway_endpoint(ec2, vpc)
    stays()
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=vpc)


def test_nothing_is_left_of_a_deleted_vpc(ec2, double):
    before = double.state()
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "x"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    subnet = make_subnet(ec2, vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert double.state() == before


def test_dhcp_options_outlive_their_vpc(ec2, vpc, refused):
    wanted = [{"Key": "domain-name", "Values": ["example.jp"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=wanted)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=made)
    ec2.delete_vpc(VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=made)


def test_one_attribute_at_a_time(ec2, vpc, refused):
    both = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}
    refused("InvalidParameterCombination", ec2.modify_vpc_attribute, VpcId=vpc, **both)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    hostnames = {"EnableDnsHostnames": {"Value": True}}
    refused("InvalidParameterValue", ec2.modify_vpc_attribute, VpcId=vpc, **hostnames)
    subnet = make_subnet(ec2, vpc)
    ec2.modify_subnet_attribute(
        SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name"
    )
    found = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert found["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    assert not found["MapPublicIpOnLaunch"]
    assert not found["DefaultForAz"]


def test_a_subnet_in_use_stays(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    instance = run(ec2, SubnetId=subnet)["InstanceId"]
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_subnet(SubnetId=subnet)


# -- gateways -------------------------------------------------------------------------------------


def test_internet_gateways(ec2, vpc, refused):
    igw, other = make_igw(ec2, vpc), make_igw(ec2)
    again = {"InternetGatewayId": igw, "VpcId": vpc}
    refused("Resource.AlreadyAssociated", ec2.attach_internet_gateway, **again)
    second = {"InternetGatewayId": other, "VpcId": vpc}
    refused("InvalidParameterValue", ec2.attach_internet_gateway, **second)
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=igw)
    eni = ec2.create_network_interface(SubnetId=make_subnet(ec2, vpc))["NetworkInterface"]
    address = allocate(ec2)
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=eni["NetworkInterfaceId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, **again)
    association = ec2.describe_addresses()["Addresses"][0]["AssociationId"]
    ec2.disassociate_address(AssociationId=association)
    ec2.detach_internet_gateway(**again)
    ec2.delete_internet_gateway(InternetGatewayId=igw)


def test_vpn_gateways(ec2, vpc, refused):
    refused("InvalidParameterValue", ec2.create_vpn_gateway, Type="ipsec.1", AmazonSideAsn=65535)
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]
    assert gateway["AmazonSideAsn"] == 64512
    mine = gateway["VpnGatewayId"]
    asn = {"Type": "ipsec.1", "AmazonSideAsn": 4200000001}
    other = ec2.create_vpn_gateway(**asn)["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=mine, VpcId=vpc)
    refused("InvalidParameterValue", ec2.attach_vpn_gateway, VpnGatewayId=other, VpcId=vpc)
    elsewhere = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    move = {"VpnGatewayId": mine, "VpcId": elsewhere}
    refused("VpnGatewayAttachmentLimitExceeded", ec2.attach_vpn_gateway, **move)
    refused("IncorrectState", ec2.delete_vpn_gateway, VpnGatewayId=mine)
    table = make_table(ec2, vpc)
    ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=mine)
    assert propagating(ec2, table) == [mine]
    on = {"RouteTableId": table, "GatewayId": other}
    refused("Gateway.NotAttached", ec2.enable_vgw_route_propagation, **on)
    ec2.disable_vgw_route_propagation(RouteTableId=table, GatewayId=mine)
    assert propagating(ec2, table) == []
    ec2.detach_vpn_gateway(VpnGatewayId=mine, VpcId=vpc)
    ec2.delete_vpn_gateway(VpnGatewayId=mine)


def propagating(ec2, table):
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    return [one["GatewayId"] for one in found["PropagatingVgws"]]


def test_nat_gateways(ec2, vpc, refused):
    subnet, address = make_subnet(ec2, vpc), allocate(ec2)
    refused("MissingParameter", ec2.create_nat_gateway, SubnetId=subnet)
    unknown = {"SubnetId": subnet, "AllocationId": "eipalloc-0123456789abcdef0"}
    refused("InvalidAllocationID.NotFound", ec2.create_nat_gateway, **unknown)
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    found = describe_nat(ec2, made["NatGatewayId"])
    assert (found["State"], found["FailureCode"]) == ("failed", "Gateway.NotAttached")
    make_igw(ec2, vpc)
    token = {"SubnetId": subnet, "AllocationId": address, "ClientToken": "t1"}
    nat = ec2.create_nat_gateway(**token)["NatGateway"]["NatGatewayId"]
    assert ec2.create_nat_gateway(**token)["NatGateway"]["NatGatewayId"] == nat
    block = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"]
    private = describe_nat(ec2, nat)["NatGatewayAddresses"][0]["PrivateIp"]
    assert ipaddress.ip_address(private) in ipaddress.ip_network(block)
    other = {**token, "AllocationId": allocate(ec2)}
    refused("IdempotentParameterMismatch", ec2.create_nat_gateway, **other)
    used = {"SubnetId": subnet, "AllocationId": address}
    refused("Resource.AlreadyAssociated", ec2.create_nat_gateway, **used)
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    second = allocate(ec2)
    added = ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[second])
    assert len(added["NatGatewayAddresses"]) == 2
    association = added["NatGatewayAddresses"][1]["AssociationId"]
    ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[association])
    assert len(describe_nat(ec2, nat)["NatGatewayAddresses"]) == 1
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert describe_nat(ec2, nat)["State"] == "deleted"
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet)
    refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId="nat-0123456789abcdef0")


def describe_nat(ec2, nat):
    return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]


# -- routes ---------------------------------------------------------------------------------------


def test_route_tables(ec2, vpc, refused):
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    main = main["RouteTables"][0]["RouteTableId"]
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=main)
    subnet, table, other = make_subnet(ec2, vpc), make_table(ec2, vpc), make_table(ec2, vpc)
    answer = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    again = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert again["AssociationId"] == answer["AssociationId"]
    second = {"RouteTableId": other, "SubnetId": subnet}
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, **second)
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
    ec2.disassociate_route_table(AssociationId=answer["AssociationId"])
    ec2.delete_route_table(RouteTableId=table)


def test_a_route_table_is_associated_with_a_gateway_once(ec2, vpc, refused):
    igw, table, other = make_igw(ec2, vpc), make_table(ec2, vpc), make_table(ec2, vpc)
    answer = ec2.associate_route_table(RouteTableId=table, GatewayId=igw)
    assert ec2.associate_route_table(RouteTableId=table, GatewayId=igw)["AssociationId"] == answer["AssociationId"]
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=other, GatewayId=igw)
    ec2.disassociate_route_table(AssociationId=answer["AssociationId"])
    ec2.associate_route_table(RouteTableId=other, GatewayId=igw)


def test_routes(ec2, vpc, refused):
    table, igw = make_table(ec2, vpc), make_igw(ec2)
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    refused("InvalidParameterValue", ec2.create_route, **route, GatewayId=igw)
    refused("MissingParameter", ec2.create_route, **route)
    missing = {"NatGatewayId": "nat-0123456789abcdef0"}
    refused("InvalidNatGatewayID.NotFound", ec2.create_route, **route, **missing)
    unknown = {"GatewayId": "igw-0123456789abcdef0"}
    refused("InvalidInternetGatewayID.NotFound", ec2.create_route, **route, **unknown)
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    ec2.create_route(**route, GatewayId=igw)
    refused("RouteAlreadyExists", ec2.create_route, **route, GatewayId=igw)
    local = {**route, "DestinationCidrBlock": "10.20.0.0/16"}
    refused("RouteAlreadyExists", ec2.create_route, **local, GatewayId=igw)
    refused("InvalidParameterValue", ec2.delete_route, **local)
    ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [one["State"] for one in routes] == ["active", "blackhole"]
    ec2.delete_route(**route)
    refused("InvalidRoute.NotFound", ec2.delete_route, **route)


def test_targets_of_another_vpc(ec2, vpc, refused):
    far = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    subnet = make_subnet(ec2, far, cidr="10.30.1.0/24")
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    egress = ec2.create_egress_only_internet_gateway(VpcId=far)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    instance = run(ec2, SubnetId=subnet)["InstanceId"]
    four = {"DestinationCidrBlock": "192.168.0.0/16"}
    targets = {"NetworkInterfaceId": eni, "NatGatewayId": nat, "InstanceId": instance}
    tables = [make_table(ec2, vpc), make_table(ec2, far)]
    for name, value in targets.items():
        refused("InvalidParameterValue", ec2.create_route, RouteTableId=tables[0], **four, **{name: value})
        ec2.create_route(RouteTableId=tables[1], **four, **{name: value})
        ec2.delete_route(RouteTableId=tables[1], **four)
    six = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": egress}
    refused("InvalidParameterValue", ec2.create_route, RouteTableId=tables[0], **six)
    refused("InvalidParameterValue", ec2.create_route, RouteTableId=tables[1], **four, EgressOnlyInternetGatewayId=egress)
    ec2.create_route(RouteTableId=tables[1], **six)
    for block in ("192.168.0.0", "192.168.0.0/33", "::/0"):
        refused("InvalidParameterValue", ec2.create_route, RouteTableId=tables[1], DestinationCidrBlock=block, NatGatewayId=nat)
    # Inside the VPC only to where something can look at what passes, and for whole subnets.
    igw = make_igw(ec2, far)
    inside = {"RouteTableId": tables[1], "DestinationCidrBlock": "10.30.1.0/24"}
    refused("InvalidParameterValue", ec2.create_route, **inside, GatewayId=igw)
    refused("InvalidParameterValue", ec2.create_route, **{**inside, "DestinationCidrBlock": "10.30.1.0/25"}, NatGatewayId=nat)
    ec2.create_route(**inside, NetworkInterfaceId=eni)


# -- addresses ------------------------------------------------------------------------------------


def test_addresses(ec2, vpc, refused):
    subnet, address = make_subnet(ec2, vpc), allocate(ec2)
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for dummy in range(2)]
    one, other = (eni["NetworkInterfaceId"] for eni in made)
    refused("Gateway.NotAttached", ec2.associate_address, AllocationId=address, NetworkInterfaceId=one)
    make_igw(ec2, vpc)
    refused("MissingParameter", ec2.associate_address, AllocationId=address)
    unknown = {"AllocationId": "eipalloc-0123456789abcdef0", "NetworkInterfaceId": one}
    refused("InvalidAllocationID.NotFound", ec2.associate_address, **unknown)
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=one)
    move = {"AllocationId": address, "NetworkInterfaceId": other}
    refused("Resource.AlreadyAssociated", ec2.associate_address, **move, AllowReassociation=False)
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    found = ec2.associate_address(**move, AllowReassociation=True)
    ec2.disassociate_address(AssociationId=found["AssociationId"])
    ec2.modify_address_attribute(AllocationId=address, DomainName="mail.example.jp")
    domain = {"Attribute": "domain-name", "AllocationIds": [address]}
    shown = ec2.describe_addresses_attribute(**domain)["Addresses"]
    assert [one["PtrRecord"] for one in shown] == ["mail.example.jp."]
    refused("InvalidAddress.Locked", ec2.release_address, AllocationId=address)
    ec2.reset_address_attribute(AllocationId=address, Attribute="domain-name")
    assert ec2.describe_addresses_attribute(**domain)["Addresses"] == []
    ec2.release_address(AllocationId=address)


def test_addresses_are_few_and_an_instance_with_two_interfaces_has_to_say_which(ec2, vpc, refused):
    subnet, dummy = make_subnet(ec2, vpc), make_igw(ec2, vpc)
    addresses = [allocate(ec2) for dummy in range(5)]
    refused("AddressLimitExceeded", ec2.allocate_address, Domain="vpc")
    ec2.release_address(AllocationId=addresses[4])
    refused("InvalidAddress.Malformed", ec2.allocate_address, Domain="vpc", Address="nonsense")
    instance = run(ec2, SubnetId=subnet)["InstanceId"]
    target = {"AllocationId": addresses[0], "InstanceId": instance}
    refused("InvalidParameterValue", ec2.associate_address, **target, PrivateIpAddress="10.20.1.99")
    ec2.associate_address(**target)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    both = {**target, "NetworkInterfaceId": eni}
    refused("InvalidParameterCombination", ec2.associate_address, **both)
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)
    refused("InvalidInstanceID", ec2.associate_address, **{**target, "AllocationId": addresses[1]})
    ec2.associate_address(AllocationId=addresses[1], NetworkInterfaceId=eni)
    shown = {one["AllocationId"]: one.get("InstanceId") for one in ec2.describe_addresses()["Addresses"]}
    assert shown[addresses[0]] == shown[addresses[1]] == instance


def test_one_address_for_one_private_address(ec2, vpc, refused):
    subnet, dummy = make_subnet(ec2, vpc), make_igw(ec2, vpc)
    wanted = {"SubnetId": subnet, "PrivateIpAddress": "10.20.1.10"}
    eni = ec2.create_network_interface(**wanted)["NetworkInterface"]["NetworkInterfaceId"]
    refused("InvalidPublicIpv4PoolID.Malformed", ec2.allocate_address, PublicIpv4Pool="mine")
    first, second = allocate(ec2), allocate(ec2)
    target = {"NetworkInterfaceId": eni, "PrivateIpAddress": "10.20.1.10"}
    ec2.associate_address(AllocationId=first, **target)
    ec2.associate_address(AllocationId=second, **target)
    shown = {one["AllocationId"]: one for one in ec2.describe_addresses()["Addresses"]}
    assert "AssociationId" not in shown[first] and shown[second]["PrivateIpAddress"] == "10.20.1.10"
    assert shown[first]["PublicIpv4Pool"] == "amazon"
    elsewhere = {**target, "PrivateIpAddress": "10.20.1.99"}
    refused("InvalidParameterValue", ec2.associate_address, AllocationId=second, **elsewhere)


# -- security groups ------------------------------------------------------------------------------


def test_security_group_words(ec2, vpc, refused):
    good = {"GroupName": "web", "Description": "for tests", "VpcId": vpc}
    for name in ("sg-web", "日本", "a" * 256):
        refused("InvalidParameterValue", ec2.create_security_group, **{**good, "GroupName": name})
    words = {**good, "Description": "ウェブ"}
    refused("InvalidParameterValue", ec2.create_security_group, **words)
    ec2.create_security_group(**good)
    for name in ("web", "WEB", "web  "):
        refused("InvalidGroup.Duplicate", ec2.create_security_group, **{**good, "GroupName": name})
    made = ec2.create_security_group(**{**good, "GroupName": " db "})["GroupId"]
    assert ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["GroupName"] == " db"


def test_a_group_has_sixty_rules_in_each_direction_and_family(ec2, vpc, refused):
    group = make_group(ec2, vpc)

    def rules(count, first=1, **source):
        source = source or {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        return {"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": n, "ToPort": n, **source} for n in range(first, first + count)]}

    refused("RulesPerSecurityGroupLimitExceeded", ec2.authorize_security_group_ingress, **rules(61))
    ec2.authorize_security_group_ingress(**rules(60))
    refused("RulesPerSecurityGroupLimitExceeded", ec2.authorize_security_group_ingress, **rules(1, 100))
    ec2.authorize_security_group_ingress(**rules(1, 100, Ipv6Ranges=[{"CidrIpv6": "::/0"}]))
    ec2.authorize_security_group_egress(**rules(1, 100))
    for bad in (dict(IpProtocol="sctpx"), dict(IpProtocol="icmp", FromPort=256, ToPort=-1), dict(IpProtocol="icmp", FromPort=-1, ToPort=3)):
        permission = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}], **bad}
        refused("InvalidParameterValue", ec2.authorize_security_group_egress, GroupId=group, IpPermissions=[permission])
    crossed = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "10.0.0.0/8"}]}
    refused("InvalidParameterValue", ec2.authorize_security_group_egress, GroupId=group, IpPermissions=[crossed])


def test_security_group_rules(ec2, vpc, refused):
    group = make_group(ec2, vpc)

    def permission(cidr="10.0.0.0/8", port=443, **more):
        ranges = [{"CidrIp": cidr, **more}]
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges}

    def allow(*permissions):
        return {"GroupId": group, "IpPermissions": list(permissions)}

    ec2.authorize_security_group_ingress(**allow(permission(), permission(port=80)))
    again = allow(permission(port=22), permission())
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, **again)
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert sorted(one["FromPort"] for one in found["IpPermissions"]) == [80, 443]  # all or nothing
    for bad in (permission("10.0.0.0/33"), permission(Description="日本"), permission(port=70000)):
        refused("InvalidParameterValue", ec2.authorize_security_group_ingress, **allow(bad))
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    rule = next(one for one in rules if one["FromPort"] == 80)
    new = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "CidrIpv6": "::/0"}
    change = {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": new}
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[change])
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    changed = next(one for one in found if one["FromPort"] == 81)
    assert changed["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    assert changed["IpRanges"] == []


def test_security_group_rules_are_described_in_canonical_form(ec2, vpc, refused):
    sent = [
        ({"IpProtocol": "6", "FromPort": 22, "ToPort": 22}, "10.0.0.1/8", ("tcp", 22, 22, "10.0.0.0/8")),
        ({"IpProtocol": "ICMP"}, "10.0.0.0/8", ("icmp", -1, -1, "10.0.0.0/8")),
        ({"IpProtocol": "58", "FromPort": -1, "ToPort": -1}, "2001:DB8::1/32", ("icmpv6", -1, -1, "2001:db8::/32")),
        ({"IpProtocol": "ALL", "FromPort": 0, "ToPort": 0}, "10.0.0.0/8", ("-1", -1, -1, "10.0.0.0/8")),
        ({"IpProtocol": "50", "FromPort": 22, "ToPort": 22}, "10.0.0.0/8", ("50", -1, -1, "10.0.0.0/8")),
    ]
    for number, (ports, cidr, described) in enumerate(sent):
        group = make_group(ec2, vpc, f"g{number}")
        ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
        request = {"GroupId": group, "IpPermissions": [{**ports, **ranges}]}
        ec2.authorize_security_group_ingress(**request)
        filters = [{"Name": "group-id", "Values": [group]}]
        rules = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        rule = next(one for one in rules if not one["IsEgress"])
        found = (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        assert (*found, rule.get("CidrIpv4") or rule["CidrIpv6"]) == described
        refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, **request)
        ec2.revoke_security_group_ingress(**request)


def test_a_security_group_in_use_stays(ec2, vpc, refused):
    group, other = make_group(ec2, vpc), make_group(ec2, vpc, "db")
    pair = [{"GroupId": group}]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": pair}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[permission])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[permission])
    subnet = make_subnet(ec2, vpc)
    eni = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni["NetworkInterfaceId"], Groups=[other]
    )
    ec2.delete_security_group(GroupId=group)
    default = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    default = default["SecurityGroups"][0]["GroupId"]
    refused("CannotDelete", ec2.delete_security_group, GroupId=default)


# -- network ACLs ---------------------------------------------------------------------------------


def test_network_acls(ec2, vpc, refused):
    made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    acl = made["NetworkAclId"]
    assert sorted(entry["RuleNumber"] for entry in made["Entries"]) == [32767, 32767]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False, "Protocol": "-1"}
    entry |= {"RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(**entry)
    refused("NetworkAclEntryAlreadyExists", ec2.create_network_acl_entry, **entry)
    for number in (0, 32767):
        bad = {**entry, "RuleNumber": number}
        refused("InvalidParameterValue", ec2.create_network_acl_entry, **bad)
    tcp = {**entry, "RuleNumber": 110, "Protocol": "6"}
    refused("MissingParameter", ec2.create_network_acl_entry, **tcp)
    gone = {"NetworkAclId": acl, "RuleNumber": 7, "Egress": False}
    refused("InvalidNetworkAclEntry.NotFound", ec2.delete_network_acl_entry, **gone)
    unknown = {"NetworkAclIds": ["acl-0123456789abcdef0"]}
    refused("InvalidNetworkAclID.NotFound", ec2.describe_network_acls, **unknown)
    subnet = make_subnet(ec2, vpc)
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    default = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]
    mine = next(a for a in default["Associations"] if a["SubnetId"] == subnet)
    ec2.replace_network_acl_association(
        AssociationId=mine["NetworkAclAssociationId"], NetworkAclId=acl
    )
    refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=acl)
    refused("InvalidParameterValue", ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl(NetworkAclId=acl)


# -- endpoints ------------------------------------------------------------------------------------

S3_SERVICE, SSM = "com.amazonaws.ap-northeast-1.s3", "com.amazonaws.ap-northeast-1.ssm"


def gateway_endpoint(ec2, vpc, *tables):
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3_SERVICE, RouteTableIds=list(tables))
    return made["VpcEndpoint"]["VpcEndpointId"]


def test_gateway_endpoints(ec2, vpc, refused):
    one, other = make_table(ec2, vpc), make_table(ec2, vpc)
    endpoint = gateway_endpoint(ec2, vpc, one)
    second = {"VpcId": vpc, "ServiceName": S3_SERVICE, "RouteTableIds": [one]}
    refused("RouteAlreadyExists", ec2.create_vpc_endpoint, **second)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[other])
    tables = ec2.describe_route_tables(RouteTableIds=[one, other])["RouteTables"]
    assert all(endpoint in [r.get("GatewayId") for r in table["Routes"]] for table in tables)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[one])
    tables = ec2.describe_route_tables(RouteTableIds=[one])["RouteTables"]
    assert len(tables[0]["Routes"]) == 1
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    gateway_endpoint(ec2, vpc, one, other)
    wrong = {"VpcId": vpc, "ServiceName": SSM}
    refused("InvalidParameter", ec2.create_vpc_endpoint, **wrong)


@pytest.mark.parametrize("name", [f"{SSM}x", "shop:api", SSM.replace("northeast-1", "northeast-9")])
def test_an_endpoint_is_of_a_service_that_is_there(ec2, vpc, refused, name):
    refused("InvalidServiceName", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=name, VpcEndpointType="Interface", PrivateDnsEnabled=False)


def test_interface_endpoints(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    wanted = {"VpcId": vpc, "ServiceName": SSM, "VpcEndpointType": "Interface"}
    wanted["SubnetIds"] = [subnet]
    refused("InvalidParameter", ec2.create_vpc_endpoint, **wanted)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]
    assert made["PrivateDnsEnabled"]
    refused("InvalidParameter", ec2.create_vpc_endpoint, **wanted)
    ec2.create_vpc_endpoint(**wanted, PrivateDnsEnabled=False)
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=False)
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    assert not found["PrivateDnsEnabled"]
    group = found["Groups"][0]["GroupId"]
    last = {"VpcEndpointId": made["VpcEndpointId"], "RemoveSecurityGroupIds": [group]}
    refused("InvalidParameter", ec2.modify_vpc_endpoint, **last)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    everything = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"] for one in everything])
    ec2.delete_subnet(SubnetId=subnet)


# -- peering --------------------------------------------------------------------------------------


def test_peering(ec2, vpc, refused):
    near = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    same = ec2.create_vpc(CidrBlock="10.20.0.0/17")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=near)["VpcPeeringConnection"]
    mine = made["VpcPeeringConnectionId"]
    failed = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=same)["VpcPeeringConnection"]
    states = {
        one["VpcPeeringConnectionId"]: one["Status"]["Code"]
        for one in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    }
    assert states == {mine: "pending-acceptance", failed["VpcPeeringConnectionId"]: "failed"}
    filters = [{"Name": "accepter-vpc-info.vpc-id", "Values": [near]}]
    found = ec2.describe_vpc_peering_connections(Filters=filters)["VpcPeeringConnections"]
    assert [one["VpcPeeringConnectionId"] for one in found] == [mine]
    options = {"RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
    change = {"VpcPeeringConnectionId": mine, **options}
    refused("OperationNotPermitted", ec2.modify_vpc_peering_connection_options, **change)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=mine)
    ec2.modify_vpc_peering_connection_options(**change)
    refused("DependencyViolation", ec2.delete_vpc, VpcId=near)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=mine)
    refused("InvalidStateTransition", ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=mine)
    unknown = {"VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"]}
    code = "InvalidVpcPeeringConnectionID.NotFound"
    refused(code, ec2.describe_vpc_peering_connections, **unknown)


# -- interfaces, instances, volumes ---------------------------------------------------------------


def test_network_interfaces(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    wanted = {"SubnetId": subnet, "PrivateIpAddress": "10.20.1.10"}
    eni = ec2.create_network_interface(**wanted)["NetworkInterface"]["NetworkInterfaceId"]
    refused("InvalidParameterCombination", ec2.modify_network_interface_attribute, NetworkInterfaceId=eni, Groups=[])
    refused("InvalidIPAddress.InUse", ec2.create_network_interface, **wanted)
    instance = run(ec2, SubnetId=subnet)["InstanceId"]
    attach = {"NetworkInterfaceId": eni, "InstanceId": instance, "DeviceIndex": 1}
    refused("InvalidParameterValue", ec2.attach_network_interface, **{**attach, "DeviceIndex": 0})
    attachment = ec2.attach_network_interface(**attach)["AttachmentId"]
    refused("InvalidNetworkInterface.InUse", ec2.attach_network_interface, **attach)
    refused("InvalidParameterValue", ec2.delete_network_interface, NetworkInterfaceId=eni)
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni,
        Attachment={"AttachmentId": attachment, "DeleteOnTermination": True},
    )
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert found["Attachment"]["DeleteOnTermination"]
    ec2.detach_network_interface(AttachmentId=attachment)
    ec2.attach_internet_gateway(InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=eni)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.release_address(AllocationId=address)


def test_private_addresses(ec2, vpc, refused):
    """Of the subnet, neither reserved by AWS nor somebody else's; wherever one can be named."""
    subnet = make_subnet(ec2, vpc)

    def nic(address):
        return {"SubnetId": subnet, "PrivateIpAddress": address}

    made = ec2.create_network_interface(**nic("10.20.1.10"))["NetworkInterface"]["NetworkInterfaceId"]
    other = ec2.create_network_interface(**nic("10.20.1.30"))["NetworkInterface"]["NetworkInterfaceId"]
    wrong = dict.fromkeys(("10.20.1.0", "10.20.1.1", "10.20.1.3", "10.20.1.255", "10.20.2.10", "here"), "InvalidParameterValue")
    wrong["10.20.1.10"] = "InvalidIPAddress.InUse"
    launch = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    for address, code in wrong.items():
        refused(code, ec2.create_network_interface, **nic(address))
        refused(code, ec2.run_instances, **launch, **nic(address))
        interface = {"DeviceIndex": 0, **nic(address)}
        refused(code, ec2.run_instances, **launch, NetworkInterfaces=[interface])
        refused(code, ec2.create_nat_gateway, ConnectivityType="private", **nic(address))
        second = {"NetworkInterfaceId": other, "PrivateIpAddresses": [address]}
        refused(code, ec2.assign_private_ip_addresses, **second)
    run(ec2, **nic("10.20.1.4"))
    several = {**launch, "MaxCount": 2, **nic("10.20.1.40")}
    refused("InvalidParameterCombination", ec2.run_instances, **several)
    twice = {"SubnetId": subnet, "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet}]}
    refused("InvalidParameterCombination", ec2.run_instances, **launch, **twice)
    ec2.assign_private_ip_addresses(NetworkInterfaceId=made, PrivateIpAddresses=["10.20.1.11"])
    refused("InvalidParameterCombination", ec2.assign_private_ip_addresses, NetworkInterfaceId=made)
    primary = {"NetworkInterfaceId": made, "PrivateIpAddresses": ["10.20.1.10"]}
    refused("InvalidParameterValue", ec2.unassign_private_ip_addresses, **primary)
    groups = [make_group(ec2, vpc, f"g{number}") for number in range(6)]
    code = "SecurityGroupsPerInterfaceLimitExceeded"
    refused(code, ec2.create_network_interface, SubnetId=subnet, Groups=groups)
    refused(code, ec2.run_instances, **launch, SubnetId=subnet, SecurityGroupIds=groups)


def test_a_full_subnet(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc, cidr="10.20.1.0/28")
    for number in range(4, 15):
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=f"10.20.1.{number}")
    refused("InsufficientFreeAddressesInSubnet", ec2.create_network_interface, SubnetId=subnet)


def test_credits_user_data_and_metadata_at_launch(ec2, refused):
    launch = {"ImageId": image(ec2), "MinCount": 1, "MaxCount": 1}
    for word in ("standard", "unlimited"):
        credits_of = {"InstanceType": "m5.large", "CreditSpecification": {"CpuCredits": word}}
        refused("InstanceCreditSpecification.NotSupported", ec2.run_instances, **launch, **credits_of)
    odd = {"InstanceType": "t3.micro", "CreditSpecification": {"CpuCredits": "many"}}
    refused("InvalidParameterValue", ec2.run_instances, **launch, **odd)
    small = {**launch, "InstanceType": "t3.micro"}
    refused("InvalidParameterValue", ec2.run_instances, **small, UserData="#" * (16 * 1024 + 1))
    ec2.run_instances(**small, UserData="#" * 16 * 1024)
    for hops in (0, 65):
        options = {"HttpPutResponseHopLimit": hops}
        refused("InvalidParameterValue", ec2.run_instances, **small, MetadataOptions=options)


def test_volumes_at_launch(ec2, refused):
    launch = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    shown = ec2.describe_images(ImageIds=[launch["ImageId"]])["Images"][0]
    root, smallest = shown["RootDeviceName"], shown["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"]

    def launched(code, device=root, **ebs):
        mapping = [{"DeviceName": device, "Ebs": ebs}]
        if code:
            return refused(code, ec2.run_instances, **launch, BlockDeviceMappings=mapping)
        return ec2.run_instances(**launch, BlockDeviceMappings=mapping)

    launched("InvalidBlockDeviceMapping", VolumeSize=smallest - 1)
    launched("InvalidBlockDeviceMapping", device="/dev/sdf", VolumeType="gp3")
    launched("MissingParameter", VolumeType="io2", VolumeSize=20)
    launched("InvalidParameterCombination", VolumeType="gp2", VolumeSize=20, Iops=3000)
    launched("InvalidParameterCombination", VolumeType="gp2", VolumeSize=20, Throughput=250)
    launched("InvalidParameterValue", VolumeType="gp3", VolumeSize=20, Iops=10500)
    launched("InvalidParameterValue", VolumeType="gp3", VolumeSize=20, Throughput=1000)
    launched(None, VolumeType="gp3", VolumeSize=20, Iops=10000, Throughput=1000)


def test_launch_checks(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    good = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    good["SubnetId"] = subnet
    refused("InvalidAMIID.NotFound", ec2.run_instances, **{**good, "ImageId": AMI})
    refused("InvalidKeyPair.NotFound", ec2.run_instances, **good, KeyName="nobody")
    profile = {"IamInstanceProfile": {"Name": "nobody"}}
    refused("InvalidParameterValue", ec2.run_instances, **good, **profile)
    typo = {**good, "InstanceType": "t3.mikro"}
    refused("InvalidParameterValue", ec2.run_instances, **typo)
    token = {**good, "ClientToken": "launch-1"}
    first = ec2.run_instances(**token)["Instances"][0]["InstanceId"]
    assert ec2.run_instances(**token)["Instances"][0]["InstanceId"] == first
    other = {**token, "InstanceType": "t3.small"}
    refused("IdempotentParameterMismatch", ec2.run_instances, **other)
    assert len(ec2.describe_instances()["Reservations"]) == 1
    ec2.terminate_instances(InstanceIds=[first])
    refused("IdempotentInstanceTerminated", ec2.run_instances, **token)


def test_instance_changes(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    group = make_group(ec2, vpc)
    instance = run(ec2, SubnetId=subnet, DisableApiTermination=True)["InstanceId"]
    bigger = {"InstanceId": instance, "InstanceType": {"Value": "t3.small"}}
    refused("IncorrectInstanceState", ec2.modify_instance_attribute, **bigger)
    ec2.stop_instances(InstanceIds=[instance])
    ec2.modify_instance_attribute(**bigger)
    ec2.modify_instance_attribute(
        InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"}
    )
    ec2.modify_instance_attribute(InstanceId=instance, Groups=[group])
    found = ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert [one["GroupId"] for one in found["SecurityGroups"]] == [group]
    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[instance])
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpPutResponseHopLimit=2)
    found = ec2.describe_instances()["Reservations"][0]["Instances"][0]["MetadataOptions"]
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 2)
    ec2.monitor_instances(InstanceIds=[instance])
    found = ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert found["Monitoring"]["State"] == "enabled"
    ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": instance, "CpuCredits": "standard"}]
    )
    shown = ec2.describe_instance_credit_specifications(InstanceIds=[instance])
    assert shown["InstanceCreditSpecifications"][0]["CpuCredits"] == "standard"
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[instance])


def test_volumes(ec2, vpc, refused):
    instance = run(ec2, SubnetId=make_subnet(ec2, vpc))["InstanceId"]
    wanted = {"Size": 10, "AvailabilityZone": "ap-northeast-1a", "VolumeType": "gp3"}
    near = ec2.create_volume(**wanted)["VolumeId"]
    far = ec2.create_volume(**{**wanted, "AvailabilityZone": "ap-northeast-1c"})["VolumeId"]
    attach = {"InstanceId": instance, "Device": "/dev/sdf"}
    refused("InvalidVolume.ZoneMismatch", ec2.attach_volume, VolumeId=far, **attach)
    ec2.attach_volume(VolumeId=near, **attach)
    refused("VolumeInUse", ec2.attach_volume, VolumeId=near, **{**attach, "Device": "/dev/sdg"})
    third = ec2.create_volume(**wanted)["VolumeId"]
    refused("InvalidParameterValue", ec2.attach_volume, VolumeId=third, **attach)
    refused("VolumeInUse", ec2.delete_volume, VolumeId=near)
    refused("InvalidParameterValue", ec2.modify_volume, VolumeId=near, Size=9)
    ec2.modify_volume(VolumeId=near, Size=11)
    ec2.detach_volume(VolumeId=near)
    refused("IncorrectState", ec2.detach_volume, VolumeId=near)
    ec2.delete_volume(VolumeId=near)
    root = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])
    refused("OperationNotPermitted", ec2.detach_volume, VolumeId=root["Volumes"][0]["VolumeId"])
    token = {**wanted, "ClientToken": "v1"}
    assert ec2.create_volume(**token)["VolumeId"] == ec2.create_volume(**token)["VolumeId"]


def test_key_pairs(ec2, refused):
    ec2.create_key_pair(KeyName="ops")
    ec2.create_key_pair(KeyName="ed", KeyType="ed25519")
    found = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert {one["KeyName"]: one["KeyType"] for one in found} == {"ops": "rsa", "ed": "ed25519"}
    assert all(one["PublicKey"].startswith("ssh-") for one in found)
    assert "PublicKey" not in ec2.describe_key_pairs()["KeyPairs"][0]
    refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="ops")
    ec2.delete_key_pair(KeyName="ops")
    ec2.delete_key_pair(KeyName="ops")  # no error on AWS either


# -- tags -----------------------------------------------------------------------------------------


def test_tags(ec2, vpc, refused):
    def tag(*keys):
        return {"Resources": [vpc], "Tags": [{"Key": key, "Value": "v"} for key in keys]}

    refused("InvalidParameterValue", ec2.create_tags, **tag("aws:x"))
    refused("InvalidParameterValue", ec2.create_tags, **tag("k" * 129))
    refused("InvalidParameterValue", ec2.create_tags, **tag("a", "a"))
    refused("TagLimitExceeded", ec2.create_tags, **tag(*[str(n) for n in range(51)]))
    ec2.create_tags(**tag(*[str(n) for n in range(50)]))
    refused("TagLimitExceeded", ec2.create_tags, **tag("one more"))
    wanted = [{"ResourceType": "vpc", "Tags": [{"Key": "aws:x", "Value": "v"}]}]
    new = {"CidrBlock": "10.9.0.0/16", "TagSpecifications": wanted}
    refused("InvalidParameterValue", ec2.create_vpc, **new)


def test_dry_run_changes_nothing(ec2, double, refused):
    before = double.state()
    refused("DryRunOperation", ec2.create_key_pair, KeyName="ops", DryRun=True)
    assert double.state() == before


def test_what_a_volume_can_be(ec2, refused):
    zone = {"AvailabilityZone": "ap-northeast-1a"}
    for code, bad in (
        ("InvalidParameterValue", dict(VolumeType="gp3", Size=20, Iops=10500)),
        ("InvalidParameterValue", dict(VolumeType="gp3", Size=20, Throughput=751)),
        ("InvalidParameterValue", dict(VolumeType="io1", Size=20, Iops=1001)),
        ("InvalidParameterValue", dict(VolumeType="io2", Size=20, Iops=20001)),
        ("InvalidParameterValue", dict(VolumeType="st1", Size=124)),
        ("MissingParameter", dict(VolumeType="io2", Size=20)),
        ("MissingParameter", dict(VolumeType="gp3")),
        ("InvalidParameterCombination", dict(VolumeType="gp2", Size=20, Iops=3000)),
        ("InvalidParameterCombination", dict(VolumeType="gp2", Size=20, Throughput=125)),
        ("InvalidParameterCombination", dict(VolumeType="gp3", Size=20, MultiAttachEnabled=True)),
        ("InvalidSnapshot.NotFound", dict(SnapshotId="snap-0123456789abcdef0")),
    ):
        refused(code, ec2.create_volume, **zone, **bad)
    snapshot = ec2.describe_images(ImageIds=[image(ec2)])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]
    small = {"SnapshotId": snapshot["SnapshotId"], "Size": snapshot["VolumeSize"] - 1}
    refused("InvalidParameterValue", ec2.create_volume, **zone, **small)
    ec2.create_volume(**zone, VolumeType="gp3", Size=1)
    made = ec2.create_volume(**zone, VolumeType="gp3", Size=20, Iops=10000, Throughput=2000)["VolumeId"]
    change = {"VolumeId": made}
    refused("InvalidParameterValue", ec2.modify_volume, **change, Iops=7999)  # its throughput stays
    refused("InvalidParameterValue", ec2.modify_volume, **change, VolumeType="io1")  # 3,000 for 20 GiB
    refused("InvalidParameterCombination", ec2.modify_volume, **change, MultiAttachEnabled=True)
    ec2.modify_volume(**change, VolumeType="io2")
    ec2.modify_volume(**change, MultiAttachEnabled=True)


def test_device_names(ec2, vpc, refused):
    subnet = make_subnet(ec2, vpc)
    instance = run(ec2, SubnetId=subnet)["InstanceId"]
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=8, VolumeType="gp3")["VolumeId"]
    for bad in ("/dev/nvme1n1", "sdf99", "D:"):
        refused("InvalidParameterValue", ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device=bad)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="xvdbb")
