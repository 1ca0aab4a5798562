# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site-to-Site VPN: customer gateways, connections with two tunnels, static routes and what a router is told."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

LOOKS = 3  # until a passing state has passed
KEY = "test.key_1_a87ff679"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def gateways(ec2):
    """The router, a virtual private gateway, a transit gateway."""
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    settled(ec2.describe_transit_gateways)
    return router(ec2), vpn, transit


def settled(look, **which):
    for dummy in range(LOOKS):
        answer = look(**which)
    return answer


def router(ec2, **given):
    order = {"Type": "ipsec.1", "IpAddress": "203.0.113.10", "BgpAsn": 65000, **given}
    return ec2.create_customer_gateway(**{name: value for name, value in order.items() if value is not None})["CustomerGateway"]["CustomerGatewayId"]


def connect(ec2, customer, **given):
    made = ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, **given)["VpnConnection"]
    settled(ec2.describe_vpn_connections)
    return made["VpnConnectionId"]


def shown(ec2, connection):
    return ec2.describe_vpn_connections(VpnConnectionIds=[connection])["VpnConnections"][0]


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert raised.value.response["Error"]["Code"] == code
    return str(raised.value)


# -- customer gateways


def test_an_identical_gateway_is_the_one_that_is_there(ec2):
    first = router(ec2)
    assert router(ec2) == first
    assert len({first, router(ec2, DeviceName="second"), router(ec2, BgpAsn=65001), router(ec2, IpAddress="203.0.113.11")}) == 4
    states = [ec2.describe_customer_gateways(CustomerGatewayIds=[first])["CustomerGateways"][0]["State"] for dummy in range(LOOKS)]
    assert states == ["pending", "pending", "available"]


@pytest.mark.parametrize(
    "code, given",
    [
        ("MissingParameter", dict(IpAddress=None)),
        ("MissingParameter", dict(BgpAsn=None)),
        ("MissingParameter", dict(BgpAsnExtended=4200000000)),
        ("InvalidParameterValue", dict(BgpAsn=0)),
        ("InvalidParameterValue", dict(BgpAsn=None, BgpAsnExtended=65000)),
        ("InvalidParameterValue", dict(IpAddress="203.0.113.300")),
        ("InvalidParameterValue", dict(IpAddress="224.0.0.1")),
        ("InvalidParameterValue", dict(DeviceName="x" * 256)),
        ("InvalidParameterValue", dict(CertificateArn="arn:aws:acm:ap-northeast-1:123456789012:certificate/none")),
        ("InvalidParameterValue", dict(Type="ipsec.2")),
        ("InvalidParameterValue", dict(TagSpecifications=[dict(ResourceType="vpc", Tags=[dict(Key="a", Value="b")])])),
    ],
)
def test_what_a_customer_gateway_must_be_like(ec2, code, given):
    refused(code, lambda: router(ec2, **given))
    assert ec2.describe_customer_gateways()["CustomerGateways"] == []


def test_a_gateway_goes_after_its_connections(ec2, gateways):
    customer, vpn, dummy = gateways
    connection = connect(ec2, customer, VpnGatewayId=vpn)
    refused("IncorrectState", ec2.delete_customer_gateway, CustomerGatewayId=customer)
    refused("IncorrectState", ec2.delete_vpn_gateway, VpnGatewayId=vpn)
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    refused("IncorrectState", ec2.delete_customer_gateway, CustomerGatewayId=customer)
    assert settled(ec2.describe_vpn_connections)["VpnConnections"][0]["State"] == "deleted"
    ec2.delete_customer_gateway(CustomerGatewayId=customer)
    refused("InvalidCustomerGatewayID.NotFound", ec2.delete_customer_gateway, CustomerGatewayId=customer)
    refused("InvalidVpnConnectionID.NotFound", ec2.delete_vpn_connection, VpnConnectionId=connection)


# -- connections


def test_a_connection_has_two_tunnels_and_shows_their_keys(ec2, gateways, double):
    customer, vpn, dummy = gateways
    made = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer,
        VpnGatewayId=vpn,
        Options=dict(TunnelOptions=[dict(TunnelInsideCidr="169.254.10.0/30", PreSharedKey=KEY, IKEVersions=[dict(Value="ikev2")], DPDTimeoutSeconds=40)]),
    )["VpnConnection"]
    assert made["State"] == "pending"
    before = double.state("ec2")
    states = [shown(ec2, made["VpnConnectionId"])["State"] for dummy in range(LOOKS)]
    assert states == ["pending", "pending", "available"] and double.state("ec2") == before, "a look changes nothing"
    seen = shown(ec2, made["VpnConnectionId"])
    first, second = seen["Options"]["TunnelOptions"]
    assert first["PreSharedKey"] == KEY and first["IkeVersions"] == [dict(Value="ikev2")] and first["DpdTimeoutSeconds"] == 40
    assert second["TunnelInsideCidr"].startswith("169.254.") and len(second["PreSharedKey"]) >= 8 and "StartupAction" not in second
    assert KEY in seen["CustomerGatewayConfiguration"] and {one["Status"] for one in seen["VgwTelemetry"]} == {"DOWN"}


def test_of_the_same_two_gateways_there_is_one_connection_but_at_a_transit_gateway(ec2, gateways):
    customer, vpn, transit = gateways
    assert connect(ec2, customer, VpnGatewayId=vpn) == connect(ec2, customer, VpnGatewayId=vpn)
    assert connect(ec2, customer, TransitGatewayId=transit) != connect(ec2, customer, TransitGatewayId=transit)


@pytest.mark.parametrize(
    "code, tunnel",
    [
        ("InvalidParameterValue", dict(TunnelInsideCidr="169.254.10.0/29")),
        ("InvalidParameterValue", dict(TunnelInsideCidr="169.254.5.0/30")),
        ("InvalidParameterValue", dict(TunnelInsideCidr="10.0.0.0/30")),
        ("InvalidParameterValue", dict(TunnelInsideCidr="169.254.10.1/30")),
        ("InvalidParameterValue", dict(PreSharedKey="0123456789")),
        ("InvalidParameterValue", dict(PreSharedKey="short")),
        ("InvalidParameterValue", dict(PreSharedKey="with-a-hyphen")),
        ("InvalidParameterValue", dict(Phase1LifetimeSeconds=28801)),
        ("InvalidParameterValue", dict(Phase1LifetimeSeconds=3600)),
        ("InvalidParameterValue", dict(RekeyMarginTimeSeconds=1801)),
        ("InvalidParameterValue", dict(DPDTimeoutSeconds=29)),
        ("InvalidParameterValue", dict(DPDTimeoutAction="stop")),
        ("InvalidParameterValue", dict(StartupAction="wait")),
        ("InvalidParameterValue", dict(IKEVersions=[dict(Value="ikev3")])),
        ("InvalidParameterValue", dict(Phase1DHGroupNumbers=[dict(Value=5)])),
        ("InvalidParameterValue", dict(LogOptions=dict(CloudWatchLogOptions=dict(LogEnabled=True, LogGroupArn="arn:aws:logs:x:1:log-group:none")))),
        ("MissingParameter", dict(LogOptions=dict(CloudWatchLogOptions=dict(LogEnabled=True)))),
    ],
)
def test_what_a_tunnel_must_be_like(ec2, gateways, code, tunnel):
    customer, vpn, dummy = gateways
    arguments = dict(Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId=vpn)
    message = refused(code, ec2.create_vpn_connection, **arguments, Options=dict(TunnelOptions=[tunnel]))
    assert tunnel.get("PreSharedKey", "-") == "-" or tunnel["PreSharedKey"] not in message
    assert ec2.describe_vpn_connections()["VpnConnections"] == []
    connection = connect(ec2, customer, VpnGatewayId=vpn)
    address = shown(ec2, connection)["Options"]["TunnelOptions"][0]["OutsideIpAddress"]
    refused(code, ec2.modify_vpn_tunnel_options, VpnConnectionId=connection, VpnTunnelOutsideIpAddress=address, TunnelOptions=tunnel)


@pytest.mark.parametrize(
    "code, given",
    [
        ("InvalidParameterCombination", dict(both=True)),
        ("InvalidParameterCombination", dict(Options=dict(EnableAcceleration=True))),
        ("InvalidParameterCombination", dict(Options=dict(TunnelBandwidth="large"))),
        ("InvalidParameterValue", dict(Options=dict(LocalIpv4NetworkCidr="10.0.0.1/8"))),
        ("InvalidParameterValue", dict(Options=dict(TunnelOptions=[dict(StartupAction="add")] * 3))),
        ("InvalidParameterValue", dict(Options=dict(TunnelOptions=[dict(TunnelInsideCidr="169.254.9.0/30")] * 2))),
        ("InvalidParameterValue", dict(PreSharedKeyStorage="Elsewhere")),
        ("InvalidCustomerGatewayID.NotFound", dict(CustomerGatewayId="cgw-00000000000000000")),
        ("InvalidVpnGatewayID.NotFound", dict(VpnGatewayId="vgw-00000000000000000")),
    ],
)
def test_what_a_connection_must_be_like(ec2, gateways, code, given):
    customer, vpn, transit = gateways
    arguments = {"Type": "ipsec.1", "CustomerGatewayId": customer, "VpnGatewayId": vpn, **given}
    if arguments.pop("both", None):
        arguments["TransitGatewayId"] = transit
    refused(code, ec2.create_vpn_connection, **arguments)
    assert ec2.describe_vpn_connections()["VpnConnections"] == []


def test_an_inside_block_is_used_once_at_a_virtual_private_gateway(ec2, gateways):
    customer, vpn, transit = gateways
    options = dict(TunnelOptions=[dict(TunnelInsideCidr="169.254.10.0/30")])
    connect(ec2, customer, VpnGatewayId=vpn, Options=options)
    arguments = dict(Type="ipsec.1", CustomerGatewayId=router(ec2, BgpAsn=65001), Options=options)
    assert "already in use" in refused("InvalidParameterValue", ec2.create_vpn_connection, VpnGatewayId=vpn, **arguments)
    ec2.create_vpn_connection(TransitGatewayId=transit, **arguments)


def test_with_secrets_manager_nobody_reads_the_key(ec2, gateways):
    connection = connect(ec2, gateways[0], VpnGatewayId=gateways[1], PreSharedKeyStorage="SecretsManager")
    seen = shown(ec2, connection)
    assert "secretsmanager" in seen["PreSharedKeyArn"] and not any("PreSharedKey" in one for one in seen["Options"]["TunnelOptions"])


def test_one_change_at_a_time_and_the_tunnel_is_down_meanwhile(ec2, gateways):
    tunnels = [dict(TunnelInsideCidr=f"169.254.10.{number}/30", StartupAction="start") for number in (0, 4)]
    connection = connect(ec2, gateways[0], VpnGatewayId=gateways[1], Options=dict(TunnelOptions=tunnels))
    one, other = [tunnel["OutsideIpAddress"] for tunnel in shown(ec2, connection)["Options"]["TunnelOptions"]]

    def change(address, **more):
        return dict(VpnConnectionId=connection, VpnTunnelOutsideIpAddress=address, **more)

    def status():
        seen = shown(ec2, connection)
        return [seen["State"], *(tunnel["Status"] for tunnel in seen["VgwTelemetry"])]

    assert status() == ["available", "UP", "UP"]
    ec2.modify_vpn_tunnel_options(**change(one, TunnelOptions=dict(DPDTimeoutAction="restart")))
    refused("IncorrectState", ec2.modify_vpn_tunnel_options, **change(other, TunnelOptions=dict(DPDTimeoutAction="restart")))
    assert [status() for dummy in range(LOOKS)] == [["modifying", "DOWN", "UP"]] * 2 + [["available", "UP", "UP"]]
    assert shown(ec2, connection)["Options"]["TunnelOptions"][0]["StartupAction"] == "start", "what was not named stays"
    ec2.modify_vpn_tunnel_options(**change(other, TunnelOptions=dict(EnableTunnelLifecycleControl=True), SkipTunnelReplacement=True))
    assert status()[1:] == ["UP", "UP"]
    settled(ec2.describe_vpn_connections)
    both = dict(EnableTunnelLifecycleControl=False, StartupAction="add")
    refused("InvalidParameterCombination", ec2.modify_vpn_tunnel_options, **change(other, TunnelOptions=both, SkipTunnelReplacement=True))
    refused("InvalidParameterValue", ec2.modify_vpn_tunnel_options, **change("52.0.0.1", TunnelOptions=both))
    refused("MissingParameter", ec2.modify_vpn_tunnel_options, **change(one, TunnelOptions={}))


def test_routes_are_for_static_connections_at_a_virtual_private_gateway(ec2, gateways):
    customer, vpn, transit = gateways
    route = dict(DestinationCidrBlock="192.168.0.0/16")
    static = connect(ec2, customer, VpnGatewayId=vpn, Options=dict(StaticRoutesOnly=True))
    dynamic = connect(ec2, router(ec2, BgpAsn=65001), VpnGatewayId=vpn)
    at_transit = connect(ec2, customer, TransitGatewayId=transit, Options=dict(StaticRoutesOnly=True))
    for connection in (dynamic, at_transit):
        refused("UnsupportedOperation", ec2.create_vpn_connection_route, VpnConnectionId=connection, **route)
    refused("InvalidParameterValue", ec2.create_vpn_connection_route, VpnConnectionId=static, DestinationCidrBlock="192.168.0.1/16")
    ec2.create_vpn_connection_route(VpnConnectionId=static, **route)
    assert [one["State"] for one in shown(ec2, static)["Routes"]] == ["pending"]
    refused("IncorrectState", ec2.modify_vpn_connection, VpnConnectionId=static, TransitGatewayId=transit)
    ec2.delete_vpn_connection_route(VpnConnectionId=static, **route)
    refused("InvalidRoute.NotFound", ec2.delete_vpn_connection_route, VpnConnectionId=static, **route)
    assert shown(ec2, static)["Routes"] == []


def test_a_connection_moves_with_its_tunnels_and_gets_another_attachment(ec2, gateways, double):
    customer, vpn, transit = gateways
    connection = connect(ec2, customer, VpnGatewayId=vpn)
    tunnels = shown(ec2, connection)["Options"]["TunnelOptions"]
    refused("InvalidParameterCombination", ec2.modify_vpn_connection, VpnConnectionId=connection, TransitGatewayId=transit, CustomerGatewayId=customer)
    refused("MissingParameter", ec2.modify_vpn_connection_options, VpnConnectionId=connection)
    refused("InvalidParameterCombination", ec2.modify_vpn_connection_options, VpnConnectionId=connection, TunnelBandwidth="large")
    ec2.modify_vpn_connection(VpnConnectionId=connection, TransitGatewayId=transit)
    (attachment,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert attachment["ResourceType"] == "vpn" and attachment["ResourceId"] == connection and attachment["State"] == "pending"
    seen = settled(ec2.describe_vpn_connections)["VpnConnections"][0]
    assert seen["TransitGatewayId"] == transit and "VpnGatewayId" not in seen and seen["Options"]["TunnelOptions"] == tunnels
    double.snapshot("moved")
    ec2.modify_vpn_connection(VpnConnectionId=connection, VpnGatewayId=vpn)
    assert settled(ec2.describe_transit_gateway_attachments)["TransitGatewayAttachments"][0]["State"] == "deleted"
    double.restore("moved")
    assert shown(ec2, connection)["TransitGatewayId"] == transit


def test_what_a_router_is_told(ec2, gateways):
    connection = connect(ec2, gateways[0], VpnGatewayId=gateways[1])
    devices = ec2.get_vpn_connection_device_types()["VpnConnectionDeviceTypes"]
    assert {"Generic", "Yamaha"} <= {device["Vendor"] for device in devices}
    which = dict(VpnConnectionId=connection, VpnConnectionDeviceTypeId=devices[0]["VpnConnectionDeviceTypeId"])
    text = ec2.get_vpn_connection_device_sample_configuration(**which, InternetKeyExchangeVersion="ikev2")["VpnConnectionDeviceSampleConfiguration"]
    assert all(tunnel["PreSharedKey"] in text for tunnel in shown(ec2, connection)["Options"]["TunnelOptions"])
    sample = ec2.get_vpn_connection_device_sample_configuration
    refused("UnsupportedOperation", sample, **which, InternetKeyExchangeVersion="ikev1", SampleType="recommended")
    refused("InvalidParameterValue", sample, **{**which, "VpnConnectionDeviceTypeId": "00000000"})


def test_names_are_found_without_the_keys(ec2, gateways, aws):
    """DescribeTags with resource-type, also where other things have tags of which moto knows no type."""
    key = aws("acm").request_certificate(DomainName="vpn.example.jp")["CertificateArn"]
    endpoint = ec2.create_client_vpn_endpoint(
        ClientCidrBlock="172.20.0.0/22",
        ServerCertificateArn=key,
        AuthenticationOptions=[dict(Type="certificate-authentication", MutualAuthentication=dict(ClientRootCertificateChainArn=key))],
        ConnectionLogOptions=dict(Enabled=False),
    )["ClientVpnEndpointId"]
    ec2.create_tags(Resources=[endpoint], Tags=[dict(Key="Name", Value="endpoint")])
    tags = [dict(ResourceType="vpn-connection", Tags=[dict(Key="Name", Value="office"), dict(Key="Env", Value="prod")])]
    connection = connect(ec2, gateways[0], VpnGatewayId=gateways[1], TagSpecifications=tags)
    found = ec2.describe_tags(Filters=[dict(Name="resource-type", Values=["vpn-connection"]), dict(Name="key", Values=["Name"])])["Tags"]
    assert [(tag["ResourceId"], tag["Value"]) for tag in found] == [(connection, "office")]
