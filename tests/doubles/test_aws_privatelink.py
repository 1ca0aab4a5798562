# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint services of PrivateLink: what moto forgives or lacks."""

from __future__ import annotations

import pytest

OTHER = {"aws_access_key_id": "AKIA210987654321XXXX"}


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def balancers(aws, ec2):
    """ARNs of a network, a gateway and an application load balancer."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("ac")
    ]
    internal = {"network": {"Scheme": "internal"}, "gateway": {}, "application": {"Scheme": "internal"}}
    made = [aws("elbv2").create_load_balancer(Name=kind, Type=kind, Subnets=subnets, **more)["LoadBalancers"][0] for kind, more in internal.items()]
    return [one["LoadBalancerArn"] for one in made]


def make(ec2, balancers, **more):
    return ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=balancers[:1], **more)["ServiceConfiguration"]


def consume(aws, service):
    """An endpoint of another account."""
    other = aws("ec2", **OTHER)
    vpc = other.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    given = {"VpcId": vpc, "ServiceName": service["ServiceName"], "VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    return other.create_vpc_endpoint(**given)["VpcEndpoint"]["VpcEndpointId"]


def test_load_balancers_are_of_one_type_and_there(ec2, balancers, refused):
    assert "/net/network/" in balancers[0] and "/gwy/gateway/" in balancers[1]
    create = ec2.create_vpc_endpoint_service_configuration
    code = "InvalidParameter"
    for given in (
        {},
        {"NetworkLoadBalancerArns": balancers[:1], "GatewayLoadBalancerArns": balancers[1:2]},
        {"NetworkLoadBalancerArns": balancers[1:2]},
        {"NetworkLoadBalancerArns": balancers[2:]},
        {"NetworkLoadBalancerArns": [f"{balancers[0]}x"]},
        {"GatewayLoadBalancerArns": balancers[1:2], "PrivateDnsName": "a.example.jp"},
    ):
        refused(code, create, **given)
    refused("InvalidParameterValue", create, NetworkLoadBalancerArns=balancers[:1], SupportedIpAddressTypes=["ipx"])
    service = create(GatewayLoadBalancerArns=balancers[1:2])["ServiceConfiguration"]
    assert (service["ServiceType"], service["AcceptanceRequired"]) == ([{"ServiceType": "GatewayLoadBalancer"}], True)
    refused(code, ec2.modify_vpc_endpoint_service_configuration, ServiceId=service["ServiceId"], RemoveGatewayLoadBalancerArns=balancers[1:2])


def test_nobody_may_connect_who_was_not_allowed(ec2, aws, balancers, refused):
    service = make(ec2, balancers)
    with pytest.raises(Exception, match="InvalidServiceName"):
        consume(aws, service)
    refused("InvalidPrincipal", ec2.modify_vpc_endpoint_service_permissions, ServiceId=service["ServiceId"], AddAllowedPrincipals=["210987654321"])
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"], AddAllowedPrincipals=["arn:aws:iam::210987654321:root"])
    assert consume(aws, service)


def test_connections_wait_are_accepted_and_rejected(ec2, aws, balancers):
    service = make(ec2, balancers)
    mine = {"ServiceId": service["ServiceId"]}
    ec2.modify_vpc_endpoint_service_permissions(**mine, AddAllowedPrincipals=["*"])
    endpoint = consume(aws, service)

    def state():
        filters = [{"Name": "service-id", "Values": [service["ServiceId"]]}]
        return [one["VpcEndpointState"] for one in ec2.describe_vpc_endpoint_connections(Filters=filters)["VpcEndpointConnections"]]

    assert state() == ["pendingAcceptance"]
    left = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"], "vpce-svc-0"])["Unsuccessful"]
    assert {one["Error"]["Code"] for one in left} == {"ExistingVpcEndpointConnections", "InvalidVpcEndpointServiceId.NotFound"}
    assert ec2.accept_vpc_endpoint_connections(**mine, VpcEndpointIds=[endpoint])["Unsuccessful"] == [] and state() == ["available"]
    assert len(ec2.accept_vpc_endpoint_connections(**mine, VpcEndpointIds=[endpoint, "vpce-0"])["Unsuccessful"]) == 2
    ec2.reject_vpc_endpoint_connections(**mine, VpcEndpointIds=[endpoint])
    assert state() == ["rejected"]
    assert ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])["Unsuccessful"] == []
    assert ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"] == []


def test_a_private_dns_name_is_verified_by_a_record(ec2, aws, balancers, refused):
    service = make(ec2, balancers, PrivateDnsName="api.example.jp")
    mine = {"ServiceId": service["ServiceId"]}

    def dns():
        return ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])["ServiceConfigurations"][0].get(
            "PrivateDnsNameConfiguration"
        )

    assert dns()["State"] == "pendingVerification"
    ec2.start_vpc_endpoint_service_private_dns_verification(**mine)
    assert dns()["State"] == "failed"
    zone = aws("route53").create_hosted_zone(Name="example.jp", CallerReference="x")["HostedZone"]["Id"]
    record = {"Name": f"{dns()['Name']}.api.example.jp", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": f'"{dns()["Value"]}"'}]}
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})
    ec2.start_vpc_endpoint_service_private_dns_verification(**mine)
    assert dns()["State"] == "verified"
    ec2.modify_vpc_endpoint_service_configuration(**mine, RemovePrivateDnsName=True)
    assert dns() is None
    refused("InvalidParameter", ec2.start_vpc_endpoint_service_private_dns_verification, **mine)


def test_what_a_change_names_is_new_or_there(ec2, balancers, refused):
    service = make(ec2, balancers, TagSpecifications=[{"ResourceType": "vpc-endpoint-service", "Tags": [{"Key": "Name", "Value": "a"}]}])
    modify, mine = ec2.modify_vpc_endpoint_service_configuration, {"ServiceId": service["ServiceId"]}
    assert service["Tags"] == [{"Key": "Name", "Value": "a"}]
    refused("InvalidParameterValue", modify, **mine, AddSupportedRegions=["ap-northeast-1"])
    refused("InvalidParameterValue", modify, **mine, RemoveSupportedIpAddressTypes=["ipv6"])
    modify(**mine, AddSupportedRegions=["ap-northeast-3"], AddSupportedIpAddressTypes=["ipv6"])
    ec2.modify_vpc_endpoint_service_payer_responsibility(**mine, PayerResponsibility="ServiceOwner")
    found = ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"][0]
    assert [one["Region"] for one in found["SupportedRegions"]] == ["ap-northeast-1", "ap-northeast-3"]
    assert (found["SupportedIpAddressTypes"], found["PayerResponsibility"]) == (["ipv4", "ipv6"], "ServiceOwner")


def test_fixed_addresses_are_free_and_replace_the_interface(ec2, balancers, refused):
    subnet = ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.0.0/24"]}])["Subnets"][0]
    given = {"VpcId": subnet["VpcId"], "ServiceName": "com.amazonaws.ap-northeast-1.ssm", "VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    given["SubnetIds"] = [subnet["SubnetId"]]

    def fixed(address):
        return [{"SubnetId": subnet["SubnetId"], "Ipv4": address}]

    refused("InvalidParameter", ec2.create_vpc_endpoint, **given, SubnetConfigurations=fixed("10.0.9.5"))
    endpoint = ec2.create_vpc_endpoint(**given, SubnetConfigurations=fixed("10.0.0.50"))["VpcEndpoint"]["VpcEndpointId"]
    refused("InvalidIPAddress.InUse", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, SubnetConfigurations=fixed("10.0.0.50"))
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, SubnetConfigurations=fixed("10.0.0.51"))
    interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "interface-type", "Values": ["vpc_endpoint"]}])["NetworkInterfaces"]
    assert [one["PrivateIpAddress"] for one in interfaces] == ["10.0.0.51"]
