# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client VPN: what comes and goes takes its time, and what AWS refuses is refused with its own codes."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles.aws import AwsDouble
from tests.doubles.test_aws_acm import certificate, pem

REGION = "ap-northeast-1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LOG = dict(Enabled=False)


@pytest.fixture(scope="module")
def running():
    with AwsDouble() as double:
        yield double


@pytest.fixture
def double(running):
    running.reset()
    return running


@pytest.fixture
def client(double):
    def connect(service, region=REGION):
        return boto3.client(service, endpoint_url=double.url, region_name=region, aws_access_key_id="AKIA123456789012XXXX", aws_secret_access_key="x")

    return connect


@pytest.fixture
def ec2(client):
    return client("ec2")


@pytest.fixture
def arn(client):
    return client("acm").import_certificate(Certificate=pem(certificate(KEY)), PrivateKey=pem(KEY))["CertificateArn"]


@pytest.fixture
def network(ec2):
    """A VPC and its subnets: two in one zone, one in another, one that is too small."""
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    blocks = (("10.20.1.0/24", "a"), ("10.20.2.0/24", "a"), ("10.20.3.0/24", "c"), ("10.20.4.0/28", "d"))
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"] for block, zone in blocks]
    return vpc, subnets


def mutual(arn):
    return [dict(Type="certificate-authentication", MutualAuthentication=dict(ClientRootCertificateChainArn=arn))]


def made(ec2, arn, **more):
    given = dict(ClientCidrBlock="172.31.240.0/22", ServerCertificateArn=arn, AuthenticationOptions=mutual(arn), ConnectionLogOptions=LOG)
    return ec2.create_client_vpn_endpoint(**{**given, **more})["ClientVpnEndpointId"]


def code(call, *arguments, **more):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    return refused.value.response["Error"]["Code"]


def described(ec2, endpoint):
    return ec2.describe_client_vpn_endpoints(ClientVpnEndpointIds=[endpoint])["ClientVpnEndpoints"][0]


def states(ec2, endpoint):
    found = ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]
    return [one["Status"]["Code"] for one in found]


def associated(ec2, endpoint, subnet):
    association = ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)["AssociationId"]
    assert states(ec2, endpoint)[-1] == "associating" and states(ec2, endpoint)[-1] == "associated"
    return association


def test_an_endpoint_waits_for_its_first_network_and_loses_its_last(ec2, arn, network):
    vpc, subnets = network
    endpoint = made(ec2, arn)
    assert described(ec2, endpoint)["Status"]["Code"] == "pending-associate"
    association = associated(ec2, endpoint, subnets[0])
    found = described(ec2, endpoint)
    assert (found["Status"]["Code"], found["VpcId"], len(found["SecurityGroupIds"])) == ("available", vpc, 1)
    routes = ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"]
    assert [(one["DestinationCidr"], one["Origin"]) for one in routes] == [("10.20.0.0/16", "associate")]
    assert code(ec2.delete_client_vpn_endpoint, ClientVpnEndpointId=endpoint) == "DependencyViolation"
    assert code(ec2.delete_subnet, SubnetId=subnets[0]) == "DependencyViolation"
    ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint, AssociationId=association)
    assert states(ec2, endpoint) == ["disassociating"] and states(ec2, endpoint) == []
    assert described(ec2, endpoint)["Status"]["Code"] == "pending-associate"
    ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    assert described(ec2, endpoint)["Status"]["Code"] == "deleting"
    assert ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"] == []
    assert code(described, ec2, endpoint) == "InvalidClientVpnEndpointId.NotFound"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (dict(ClientCidrBlock="172.31.240.0/23"), "InvalidParameterValue"),
        (dict(ClientCidrBlock="172.0.0.0/11"), "InvalidParameterValue"),
        (dict(ClientCidrBlock="172.31.240.1/22"), "InvalidParameterValue"),
        (dict(AuthenticationOptions=[dict(Type="certificate-authentication")]), "MissingParameter"),
        (dict(AuthenticationOptions=[dict(Type="password")]), "InvalidParameterValue"),
        (dict(ConnectionLogOptions=dict(Enabled=True)), "MissingParameter"),
        (dict(ConnectionLogOptions=dict(Enabled=True, CloudwatchLogGroup="none")), "InvalidParameterValue"),
        (dict(DnsServers=["10.0.0.2", "10.0.0.3", "10.0.0.4"]), "InvalidParameterValue"),
        (dict(VpnPort=80), "InvalidParameterValue"),
        (dict(SessionTimeoutHours=9), "InvalidParameterValue"),
        (dict(ClientLoginBannerOptions=dict(Enabled=True)), "MissingParameter"),
        (dict(ClientConnectOptions=dict(Enabled=True, LambdaFunctionArn="arn:aws:lambda:ap-northeast-1:123456789012:function:mine")), "InvalidParameterValue"),
        (dict(SecurityGroupIds=["sg-12345678"]), "MissingParameter"),
        (dict(VpcId="vpc-12345678"), "InvalidVpcID.NotFound"),
    ],
)
def test_what_an_endpoint_cannot_be(double, ec2, arn, more, expected):
    before = double.state()
    assert code(made, ec2, arn, **more) == expected
    assert double.state() == before


def test_certificates_are_of_the_region_and_of_a_domain(client, ec2, arn):
    foreign = client("acm", "us-east-1").import_certificate(Certificate=pem(certificate(KEY)), PrivateKey=pem(KEY))["CertificateArn"]
    unnamed = client("acm").import_certificate(Certificate=pem(certificate(KEY, "nobody")), PrivateKey=pem(KEY))["CertificateArn"]
    assert code(made, ec2, foreign) == "InvalidParameterValue"
    assert code(made, ec2, unnamed) == "InvalidParameterValue"
    assert code(made, ec2, arn, AuthenticationOptions=mutual(foreign)) == "InvalidParameterValue"


def test_a_certificate_in_use_stays(client, ec2, arn):
    endpoint = made(ec2, arn)
    acm = client("acm")
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [f"arn:aws:ec2:{REGION}:123456789012:client-vpn-endpoint/{endpoint}"]
    assert code(acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"
    ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    for dummy in range(2):
        ec2.describe_client_vpn_endpoints()
    acm.delete_certificate(CertificateArn=arn)


def test_what_a_target_network_cannot_be(ec2, arn, network):
    vpc, subnets = network
    endpoint = made(ec2, arn)
    first, twin, dummy, small = subnets

    def associate(subnet, to=endpoint):
        return code(ec2.associate_client_vpn_target_network, ClientVpnEndpointId=to, SubnetId=subnet)

    assert associate("subnet-12345678") == "InvalidClientVpnSubnetId.NotFound"
    assert associate(first, "cvpn-endpoint-12345678") == "InvalidClientVpnEndpointId.NotFound"
    assert associate(small) == "InvalidParameterValue"
    associated(ec2, endpoint, first)
    assert associate(first) == "InvalidClientVpnDuplicateAssociationException"
    assert associate(twin) == "InvalidClientVpnSubnetId.DuplicateAz"
    other = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_subnet(VpcId=other, CidrBlock="10.30.1.0/24", AvailabilityZone=f"{REGION}c")["Subnet"]["SubnetId"]
    assert associate(foreign) == "InvalidClientVpnSubnetId.NotFound"
    assert associate(first, made(ec2, arn, ClientCidrBlock="10.20.0.0/20")) == "InvalidClientVpnSubnetId.OverlappingCidr"
    assert code(made, ec2, arn, ClientCidrBlock="10.20.0.0/20", VpcId=vpc) == "InvalidParameterValue"
    gone = dict(ClientVpnEndpointId=endpoint, AssociationId="cvpn-assoc-12345678")
    assert code(ec2.disassociate_client_vpn_target_network, **gone) == "InvalidClientVpnAssociationIdNotFound"


def test_rules_of_all_and_of_a_group_stand_beside_each_other(ec2, arn):
    endpoint = made(ec2, arn)
    rule = dict(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.20.0.0/16")

    def look():
        found = ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"]
        return [(one["GroupId"], one["AccessAll"], one["Status"]["Code"]) for one in found]

    assert code(ec2.authorize_client_vpn_ingress, **rule) == "InvalidParameterValue"
    ec2.authorize_client_vpn_ingress(**rule, AuthorizeAllGroups=True)
    ec2.authorize_client_vpn_ingress(**rule, AccessGroupId="g")
    assert look() == [("", True, "authorizing"), ("g", False, "authorizing")]
    assert look() == [("", True, "active"), ("g", False, "active")]
    assert code(ec2.authorize_client_vpn_ingress, **rule, AccessGroupId="g") == "InvalidClientVpnDuplicateAuthorizationRule"
    ec2.revoke_client_vpn_ingress(**rule, RevokeAllGroups=True)
    assert look() == [("", True, "revoking"), ("g", False, "active")]
    assert look() == [("g", False, "active")]
    assert code(ec2.revoke_client_vpn_ingress, **rule, RevokeAllGroups=True) == "InvalidClientVpnEndpointAuthorizationRuleNotFound"


def test_routes_need_their_network_and_those_of_aws_stay(ec2, arn, network):
    dummy, subnets = network
    endpoint = made(ec2, arn)
    route = dict(ClientVpnEndpointId=endpoint, DestinationCidrBlock="192.168.0.0/16", TargetVpcSubnetId=subnets[0])
    assert code(ec2.create_client_vpn_route, **route) == "InvalidClientVpnActiveAssociationNotFound"
    associated(ec2, endpoint, subnets[0])
    assert code(ec2.create_client_vpn_route, **{**route, "TargetVpcSubnetId": subnets[2]}) == "InvalidClientVpnActiveAssociationNotFound"
    ec2.create_client_vpn_route(**route)
    assert code(ec2.create_client_vpn_route, **route) == "InvalidClientVpnDuplicateRoute"
    assert code(ec2.create_client_vpn_route, **{**route, "TargetVpcSubnetId": "local"}) == "InvalidParameterValue"
    ec2.create_client_vpn_route(**{**route, "DestinationCidrBlock": "172.31.240.0/22", "TargetVpcSubnetId": "local"})
    assert code(ec2.delete_client_vpn_route, **{**route, "DestinationCidrBlock": "10.20.0.0/16"}) == "InvalidParameterValue"
    ec2.delete_client_vpn_route(**route)
    assert code(ec2.delete_client_vpn_route, **route) == "InvalidClientVpnRouteNotFound"


def test_a_change_writes_structures_whole(client, ec2, arn, network):
    vpc, subnets = network
    client("logs").create_log_group(logGroupName="g")
    endpoint = made(ec2, arn, VpcId=vpc, ConnectionLogOptions=dict(Enabled=True, CloudwatchLogGroup="g"), DnsServers=["10.20.0.2"])
    lost = dict(Enabled=True, CloudwatchLogGroup="g", CloudwatchLogStream="s")
    assert code(ec2.modify_client_vpn_endpoint, ClientVpnEndpointId=endpoint, ConnectionLogOptions=lost) == "InvalidParameterValue"
    ec2.modify_client_vpn_endpoint(ClientVpnEndpointId=endpoint, ConnectionLogOptions=LOG, DnsServers=dict(Enabled=False), SplitTunnel=True)
    found = described(ec2, endpoint)
    assert (found["ConnectionLogOptions"], found["DnsServers"], found["SplitTunnel"], found["VpnPort"]) == (LOG, [], True, 443)
    associated(ec2, endpoint, subnets[0])
    other = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    assert code(ec2.modify_client_vpn_endpoint, ClientVpnEndpointId=endpoint, VpcId=other) == "InvalidParameterValue"


def test_a_portal_is_for_users_of_an_identity_provider(ec2, arn):
    saml = [dict(Type="federated-authentication", FederatedAuthentication=dict(SAMLProviderArn="arn:aws:iam::123456789012:saml-provider/x"))]
    for more, expected in ((dict(AuthenticationOptions=saml), True), (dict(AuthenticationOptions=saml, SelfServicePortal="disabled"), False), ({}, False)):
        assert ("SelfServicePortalUrl" in described(ec2, made(ec2, arn, **more))) == expected


def test_a_token_used_again_makes_no_second_endpoint(ec2, arn):
    assert made(ec2, arn, ClientToken="t") == made(ec2, arn, ClientToken="t")
    assert code(made, ec2, arn, ClientToken="t", Description="other") == "IdempotentParameterMismatch"


def test_a_profile_names_port_and_authority_and_no_key(ec2, arn):
    profile = ec2.export_client_vpn_client_configuration(ClientVpnEndpointId=made(ec2, arn, TransportProtocol="tcp"))["ClientConfiguration"]
    assert "proto tcp" in profile and " 443\n" in profile and "<ca>" in profile and "<key>" not in profile


def test_looking_is_no_change_and_snapshots_hold_it(double, ec2, arn, network):
    endpoint = made(ec2, arn)
    ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=network[1][0])
    state = double.state()
    assert states(ec2, endpoint) == ["associating"] and states(ec2, endpoint) == ["associated"] and double.state() == state
    double.snapshot("one")
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.20.0.0/16", AuthorizeAllGroups=True)
    assert double.state() != state
    double.restore("one")
    assert double.state() == state


def test_tags_are_of_endpoints_that_exist(ec2, arn):
    endpoint = made(ec2, arn)
    ec2.create_tags(Resources=[endpoint], Tags=[dict(Key="a", Value="b")])
    assert described(ec2, endpoint)["Tags"] == [dict(Key="a", Value="b")]
    assert code(ec2.create_tags, Resources=["cvpn-endpoint-12345678"], Tags=[dict(Key="a", Value="b")]) == "InvalidClientVpnEndpointId.NotFound"


def test_who_is_connected_is_told_by_endpoint(double, ec2, arn):
    endpoint, other = made(ec2, arn), made(ec2, arn)
    double.client_vpn_sessions(endpoint, ["taro"])
    (session,) = ec2.describe_client_vpn_connections(ClientVpnEndpointId=endpoint)["Connections"]
    assert session["CommonName"] == "taro" and session["Status"]["Code"] == "active" and "Username" not in session
    assert ec2.describe_client_vpn_connections(ClientVpnEndpointId=other)["Connections"] == []
