# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site-to-Site VPN. moto's own has no options, tunnels, routes or states, so all of it is answered here.

Sources: the documentation strings of botocore's ec2 model (named by operation), "Error codes for the Amazon EC2 API",
and the Site-to-Site VPN User Guide ("Guide"). Things live in moto's collections, where gateways look for them.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta

from moto.acm.models import acm_backends
from moto.core.utils import utcnow
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_customer_gateway_id, random_vpn_connection_id
from moto.logs.models import logs_backends
from moto.moto_api._internal import mock_random

from ..passing import Passing
from ..rules import Refused
from .book import BOOK, invalid, known
from .transit_gateways import end, gateway_of, incorrect, listed, must_be, put_tags, tags_of

CONNECTION, CUSTOMER = "InvalidVpnConnectionID.NotFound", "InvalidCustomerGatewayID.NotFound"
# VpnTunnelOptionsSpecification.TunnelInsideCidr: "The following CIDR blocks are reserved and cannot be used"
RESERVED = {f"169.254.{third}.0/30" for third in range(6)} | {"169.254.169.252/30"}
LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")
KEY = re.compile(r"(?!0)[A-Za-z0-9._]{8,64}")
ENCRYPTION, INTEGRITY = ("AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16"), ("SHA1", "SHA2-256", "SHA2-384", "SHA2-512")
GROUPS = (2, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 35)
# VpnTunnelOptionsSpecification: "Valid values" of texts and lists, "Constraints" of numbers
VALUES = dict(
    DPDTimeoutAction=("clear", "none", "restart"),
    StartupAction=("add", "start"),
    Phase1EncryptionAlgorithms=ENCRYPTION,
    Phase2EncryptionAlgorithms=ENCRYPTION,
    Phase1IntegrityAlgorithms=INTEGRITY,
    Phase2IntegrityAlgorithms=INTEGRITY,
    Phase1DHGroupNumbers=GROUPS,
    Phase2DHGroupNumbers=(5, 36, 37, *GROUPS),
    IKEVersions=("ikev1", "ikev2"),
)
NUMBERS = dict(
    Phase1LifetimeSeconds=(900, 28800),
    Phase2LifetimeSeconds=(900, 3600),
    RekeyFuzzPercentage=(0, 100),
    ReplayWindowSize=(64, 2048),
    DPDTimeoutSeconds=(30, 2**31),
)
# Members that requests and answers spell differently
ANSWERED = dict(DPDTimeoutSeconds="DpdTimeoutSeconds", DPDTimeoutAction="DpdTimeoutAction", IKEVersions="IkeVersions")
OPTIONS = {
    "EnableAcceleration": False,
    "StaticRoutesOnly": False,
    "LocalIpv4NetworkCidr": "0.0.0.0/0",
    "RemoteIpv4NetworkCidr": "0.0.0.0/0",
    "OutsideIpAddressType": "PublicIpv4",
    "TunnelInsideIpVersion": "ipv4",
    "TunnelBandwidth": "standard",
}
# GetVpnConnectionDeviceTypes, in the manner of the Guide's list; the first is its vendor agnostic one
DEVICES = [
    dict(VpnConnectionDeviceTypeId=number, Vendor=vendor, Platform=platform, Software=software)
    for number, vendor, platform, software in (
        ("9005b6c1", "Generic", "Generic", "Vendor Agnostic"),
        ("7125681a", "Fortinet", "Fortigate 40+ Series", "FortiOS 6.4.4+ (GUI)"),
        ("9ac9c6fb", "Yamaha", "RTX Routers", "Rev.10.01.16+"),
        ("b0adb196", "Cisco Systems, Inc.", "ISR Series Routers", "IOS 12.4+"),
        ("670add1b", "Cisco Systems, Inc.", "ASA 5500 Series", "ASA 9.7+ VTI"),
    )
]


class CustomerGateway(Passing, TaggedEC2Resource):
    def __init__(self, ec2, facts):
        self.ec2_backend = ec2
        self.id = random_customer_gateway_id()
        self.facts = facts
        self.be("pending", "available")

    def described(self, state):
        return {"CustomerGatewayId": self.id, "State": state, "Tags": tags_of(self.ec2_backend, self.id), **self.facts}


class Tunnel(Passing):
    """Its router answers whenever it is called: a tunnel that AWS starts comes up, one that waits for the router does not."""

    def __init__(self, number, options):
        self.address = f"52.{mock_random.randint(1, 250)}.{mock_random.randint(1, 250)}.{10 + number}"
        self.options = options
        self._telemetry = ("DOWN", utcnow().replace(microsecond=0))
        self.start()

    def start(self):
        self.be("DOWN", "UP" if self.options.get("StartupAction") == "start" else "DOWN")

    def described(self, with_key):
        shown = {ANSWERED.get(name, name): value for name, value in self.options.items() if with_key or name != "PreSharedKey"}
        return {"OutsideIpAddress": self.address, **shown}

    def telemetry(self):
        """VgwTelemetry.LastStatusChange: "updated when changes in ... status are detected", in whole seconds."""
        status, (told, since) = self.look(), self._telemetry
        if status != told:
            since = max(utcnow().replace(microsecond=0), since + timedelta(seconds=1))
            self._telemetry = (status, since)
        return {"OutsideIpAddress": self.address, "Status": status, "LastStatusChange": since, "AcceptedRouteCount": 0, "StatusMessage": ""}


class Route(Passing):
    def __init__(self, block):
        self.block = block
        self.be("pending", "available")


class Connection(Passing, TaggedEC2Resource):
    def __init__(self, ec2, customer_gateway_id, vpn_gateway_id, transit_gateway_id, options, storage):
        self.ec2_backend = ec2
        self.id = random_vpn_connection_id()
        self.customer_gateway_id = customer_gateway_id
        self.vpn_gateway_id, self.transit_gateway_id = vpn_gateway_id, transit_gateway_id
        tunnels = options.pop("TunnelOptions", [])
        self.options = {**OPTIONS, **options}
        self.storage = storage or "Standard"
        self.routes = {}
        self.tunnels = [Tunnel(number, complete(ec2, self, dict(given))) for number, given in enumerate([*tunnels, {}, {}][:2])]
        self.be("pending", "available")

    def described(self, state):
        shown = {}
        if state in ("pending", "available", "modifying"):
            shown["CustomerGatewayConfiguration"] = configuration(self)
        if self.storage == "SecretsManager":
            shown["PreSharedKeyArn"] = f"arn:aws:secretsmanager:{self.ec2_backend.region_name}:{self.ec2_backend.account_id}:secret:s2svpn!{self.id}"
        routes = [route for route in self.routes.values() if route.state != "deleted"]
        gateway = {"VpnGatewayId": self.vpn_gateway_id, "TransitGatewayId": self.transit_gateway_id}
        return {
            **shown,
            **{name: value for name, value in gateway.items() if value},
            "VpnConnectionId": self.id,
            "CustomerGatewayId": self.customer_gateway_id,
            "Category": "VPN",
            "Type": "ipsec.1",
            "State": state,
            "Options": {**self.options, "TunnelOptions": [tunnel.described(self.storage == "Standard") for tunnel in self.tunnels]},
            "Routes": [{"DestinationCidrBlock": route.block, "Source": "Static", "State": route.look()} for route in routes],
            "Tags": tags_of(self.ec2_backend, self.id),
        }

    def looked_at(self):
        """A look: time passes for it and for its tunnels."""
        return {**self.described(self.look()), "VgwTelemetry": [tunnel.telemetry() for tunnel in self.tunnels]}


def configuration(connection):
    keys = (f"<pre_shared_key>{tunnel.options['PreSharedKey']}</pre_shared_key>" for tunnel in connection.tunnels)
    tunnels = "".join(f"<ipsec_tunnel><ike>{key}</ike></ipsec_tunnel>" for key in keys)
    return f'<vpn_connection id="{connection.id}">{tunnels}</vpn_connection>'


def live_connections(ec2):
    return [one for one in ec2.vpn_connections.values() if one.settled != "deleted"]


# -- customer gateways ------------------------------------------------------------------------------------


@BOOK.adds("CreateCustomerGateway")
def create_customer_gateway(ec2, BgpAsn, BgpAsnExtended, IpAddress, PublicIp, CertificateArn, DeviceName, TagSpecifications, **_):
    """CreateCustomerGateway: "You must specify either BgpAsn or BgpAsnExtended"; "An identical request returns information about the
    existing customer gateway; it doesn't create a new customer gateway."
    """
    put_tags(ec2, None, TagSpecifications, "customer-gateway")
    facts = {**asn_of(BgpAsn, BgpAsnExtended), "Type": "ipsec.1"}
    address = IpAddress or PublicIp
    if not (address or CertificateArn):
        raise Refused("MissingParameter", "The request must contain the parameter ipAddress")
    if address:
        facts["IpAddress"] = address_of(address)
    if CertificateArn:
        facts["CertificateArn"] = private_certificate(ec2, CertificateArn)
    if DeviceName:
        if len(DeviceName) > 255:
            raise invalid("DeviceName: Up to 255 characters")
        facts["DeviceName"] = DeviceName
    same = next((one for one in ec2.customer_gateways.values() if one.settled != "deleted" and one.facts == facts), None)
    if same is None:
        same = CustomerGateway(ec2, facts)
        ec2.customer_gateways[same.id] = same
        put_tags(ec2, same.id, TagSpecifications, "customer-gateway")
    return {"CustomerGateway": same.described(same.state)}


def asn_of(plain, extended):
    """BgpAsn: "1 to 2,147,483,647"; BgpAsnExtended: "2,147,483,648 to 4,294,967,295"."""
    if (plain is None) == (extended is None):
        raise Refused("MissingParameter", "The request must contain exactly one of the parameters bgpAsn, bgpAsnExtended")
    if plain is not None and not 1 <= plain <= 2147483647:
        raise invalid(f"Value ({plain}) for parameter bgpAsn is invalid")
    if extended is not None and not 2147483648 <= extended <= 4294967295:
        raise invalid(f"Value ({extended}) for parameter bgpAsnExtended is invalid")
    return {"BgpAsn": str(plain)} if plain is not None else {"BgpAsnExtended": str(extended)}


def address_of(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise invalid(f"Value ({text}) for parameter ipAddress is invalid. Invalid IPv4 address.") from None
    if address.is_multicast or address.is_loopback or address.is_unspecified or address.is_link_local:
        raise invalid(f"Value ({text}) for parameter ipAddress is invalid")
    return str(address)


def private_certificate(ec2, arn):
    """Guide, "Site-to-Site VPN tunnel authentication options": a private certificate from AWS Private Certificate Authority, in ACM."""
    bundle = acm_backends[ec2.account_id][ec2.region_name]._certificates.get(arn)
    if bundle is None or not bundle.cert_authority_arn:
        raise invalid(f"Certificate {arn} is not a private certificate of this Region")
    return arn


@BOOK.adds("DescribeCustomerGateways")
def describe_customer_gateways(ec2, CustomerGatewayIds, Filters, **_):
    def values(one):
        facts = {"bgp-asn": one.facts.get("BgpAsn"), "ip-address": one.facts.get("IpAddress"), "type": "ipsec.1"}
        return {**facts, "customer-gateway-id": one.id, "state": one.state}

    things = list(ec2.customer_gateways.values())
    found = listed(things, CustomerGatewayIds, CUSTOMER, "customerGateway", Filters, values, ec2)
    return {"CustomerGateways": [one.described(one.look()) for one in found]}


def customer_gateway_of(ec2, gateway_id):
    gateway = known(ec2.customer_gateways, gateway_id, CUSTOMER, "customerGateway")
    if gateway.settled == "deleted":
        raise Refused(CUSTOMER, f"The customerGateway ID '{gateway_id}' does not exist")
    return gateway


@BOOK.adds("DeleteCustomerGateway")
def delete_customer_gateway(ec2, CustomerGatewayId, **_):
    """DeleteCustomerGateway: "You must delete the VPN connection before you can delete the customer gateway."; one that is going counts."""
    gateway = customer_gateway_of(ec2, CustomerGatewayId)
    if any(one.customer_gateway_id == CustomerGatewayId and one.state != "deleted" for one in ec2.vpn_connections.values()):
        raise Refused("IncorrectState", "The customer gateway is in use.")
    gateway.be("deleting", "deleted")
    return {}


# -- what a connection may be like ------------------------------------------------------------------------


def complete(ec2, connection, options):
    """Guide: AWS generates the key and the inside block that nobody names."""
    if "TunnelInsideCidr" not in options:
        taken = {str(network) for network in inside_blocks(ec2, connection)}
        free = (f"169.254.{mock_random.randint(6, 168)}.{4 * mock_random.randint(0, 63)}/30" for dummy in range(1000))
        options["TunnelInsideCidr"] = next(block for block in free if block not in taken)
    options.setdefault("PreSharedKey", f"G{mock_random.getrandbits(120):x}")
    return options


def inside_blocks(ec2, connection, besides=None):
    """Those of all connections at the same virtual private gateway."""
    ours = vars(connection).get("tunnels", [])
    others = [one for one in live_connections(ec2) if one is not connection and one.vpn_gateway_id and one.vpn_gateway_id == connection.vpn_gateway_id]
    tunnels = [*ours, *(tunnel for one in others for tunnel in one.tunnels)]
    return [ipaddress.ip_network(tunnel.options["TunnelInsideCidr"]) for tunnel in tunnels if tunnel is not besides]


def tunnels_are_sound(ec2, tunnels, vpn_gateway_id):
    """VpnConnectionOptionsSpecification.TunnelOptions: a connection has two tunnels."""
    if len(tunnels) > 2:
        raise invalid("TunnelOptions: at most two tunnels")
    beside = [one for one in live_connections(ec2) if vpn_gateway_id and one.vpn_gateway_id == vpn_gateway_id]
    taken = [ipaddress.ip_network(tunnel.options["TunnelInsideCidr"]) for one in beside for tunnel in one.tunnels]
    for one in tunnels:
        options_are_sound(ec2, one, one)
        if "TunnelInsideCidr" in one:
            block = inside_block(one["TunnelInsideCidr"])
            not_taken(block, taken)
            taken.append(block)


def not_taken(block, taken):
    """TunnelInsideCidr: "must be unique across all VPN connections that use the same virtual private gateway"."""
    if block in taken:
        raise invalid(f"Value ({block}) for parameter tunnelInsideCidr is already in use")


def inside_block(text):
    """TunnelInsideCidr: "A size /30 CIDR block from the 169.254.0.0/16 range", and not one of those reserved."""
    try:
        block = ipaddress.IPv4Network(text)
    except ValueError:
        raise invalid(f"Value ({text}) for parameter tunnelInsideCidr is invalid") from None
    if block.prefixlen != 30 or not block.subnet_of(LINK_LOCAL) or str(block) in RESERVED:
        raise invalid(f"Value ({text}) for parameter tunnelInsideCidr is invalid: a /30 of 169.254.0.0/16 that is not reserved")
    return block


def options_are_sound(ec2, given, whole):
    """What VpnTunnelOptionsSpecification says of each value; `whole` is the tunnel as it will be."""
    if "PreSharedKey" in given and not KEY.fullmatch(given["PreSharedKey"]):
        raise invalid("Value for parameter preSharedKey is invalid: 8 to 64 letters, digits, . and _, not starting with 0")
    for name, allowed in VALUES.items():
        said = given.get(name, [])
        said = [one["Value"] for one in said] if isinstance(said, list) else [said]
        if set(said) - set(allowed):
            raise invalid(f"Value ({said}) for parameter {name} is invalid. Valid values: {allowed}")
    for name, (least, most) in NUMBERS.items():
        if name in given and not least <= given[name] <= most:
            raise invalid(f"Value ({given[name]}) for parameter {name} is invalid: {least} to {most}")
    lifetime = whole.get("Phase2LifetimeSeconds", 3600)
    if lifetime >= whole.get("Phase1LifetimeSeconds", 28800):
        raise invalid("Phase2LifetimeSeconds must be less than Phase1LifetimeSeconds")
    if "RekeyMarginTimeSeconds" in whole and not 60 <= whole["RekeyMarginTimeSeconds"] <= lifetime / 2:
        raise invalid("RekeyMarginTimeSeconds: between 60 and half of Phase2LifetimeSeconds")
    log_is_sound(ec2, (given.get("LogOptions") or {}).get("CloudWatchLogOptions") or {})


def log_is_sound(ec2, log):
    """Guide, "Site-to-Site VPN logs": the log group exists."""
    for switch, member, output in (("LogEnabled", "LogGroupArn", "LogOutputFormat"), ("BgpLogEnabled", "BgpLogGroupArn", "BgpLogOutputFormat")):
        if log.get(output) not in (None, "json", "text"):
            raise invalid(f"{output}: Valid values: json | text")
        if not log.get(switch):
            continue
        if not log.get(member):
            raise Refused("MissingParameter", f"The request must contain the parameter {member}")
        home, colon, name = log[member].partition(":log-group:")
        if home != f"arn:aws:logs:{ec2.region_name}:{ec2.account_id}" or name not in logs_backends[ec2.account_id][ec2.region_name].groups:
            raise invalid(f"The log group {log[member]} does not exist")


def block_of(text, member):
    try:
        return ipaddress.IPv4Network(text)
    except (ValueError, TypeError):
        raise invalid(f"Value ({text}) for parameter {member} is invalid. This is not a valid CIDR block.") from None


def networks_are_sound(options, transit_gateway_id):
    for member in ("LocalIpv4NetworkCidr", "RemoteIpv4NetworkCidr"):
        if member in options:
            block_of(options[member], member)
    if options.get("TunnelBandwidth") == "large" and not transit_gateway_id:
        raise Refused("InvalidParameterCombination", "Large bandwidth is only available for VPN connections attached to a transit gateway or to Cloud WAN")


# -- connections ------------------------------------------------------------------------------------------


@BOOK.adds("CreateVpnConnection")
def create_vpn_connection(ec2, CustomerGatewayId, Type, VpnGatewayId, TransitGatewayId, Options, PreSharedKeyStorage, TagSpecifications, **_):
    """CreateVpnConnection: "If you specify a virtual private gateway, you cannot specify a transit gateway"; idempotent for the same two
    gateways (Guide: several connections of one customer gateway are for a transit gateway, with ECMP).
    """
    options = dict(Options or {})
    if Type != "ipsec.1":
        raise invalid(f"Value ({Type}) for parameter type is invalid")
    if VpnGatewayId and TransitGatewayId:
        raise Refused("InvalidParameterCombination", "The request must not contain both parameter vpnGatewayId and transitGatewayId")
    if PreSharedKeyStorage not in (None, "Standard", "SecretsManager"):
        raise invalid(f"Value ({PreSharedKeyStorage}) for parameter preSharedKeyStorage is invalid")
    put_tags(ec2, None, TagSpecifications, "vpn-connection")
    customer_gateway_of(ec2, CustomerGatewayId)
    if VpnGatewayId:
        vpn_gateway_of(ec2, VpnGatewayId)
    if TransitGatewayId:
        must_be(gateway_of(ec2, TransitGatewayId), "available", "modifying")
    if options.get("EnableAcceleration") and not TransitGatewayId:
        raise Refused("InvalidParameterCombination", "Acceleration is supported only for VPN connections with a transit gateway")
    networks_are_sound(options, TransitGatewayId)
    tunnels_are_sound(ec2, options.get("TunnelOptions", []), VpnGatewayId)
    pair = (CustomerGatewayId, VpnGatewayId)
    same = next((one for one in live_connections(ec2) if VpnGatewayId and (one.customer_gateway_id, one.vpn_gateway_id) == pair), None)
    if same is None:
        same = Connection(ec2, CustomerGatewayId, VpnGatewayId, TransitGatewayId, options, PreSharedKeyStorage)
        ec2.vpn_connections[same.id] = same
        put_tags(ec2, same.id, TagSpecifications, "vpn-connection")
        if TransitGatewayId:
            ec2.create_transit_gateway_vpn_attachment(same.id, TransitGatewayId)
    return {"VpnConnection": same.described(same.state)}


def vpn_gateway_of(ec2, gateway_id):
    gateway = known(ec2.vpn_gateways, gateway_id, "InvalidVpnGatewayID.NotFound", "vpnGateway")
    if gateway.state == "deleted":
        raise Refused("InvalidVpnGatewayID.NotFound", f"The vpnGateway ID '{gateway_id}' does not exist")
    return gateway


def connection_of(ec2, connection_id):
    connection = known(ec2.vpn_connections, connection_id, CONNECTION, "vpnConnection")
    if connection.settled == "deleted":
        raise Refused(CONNECTION, f"The vpnConnection ID '{connection_id}' does not exist")
    return connection


def ready(ec2, connection_id):
    """One change at a time."""
    connection = connection_of(ec2, connection_id)
    if connection.state != "available":
        raise incorrect(connection_id, connection.state)
    return connection


@BOOK.adds("DescribeVpnConnections")
def describe_vpn_connections(ec2, VpnConnectionIds, Filters, **_):
    """DescribeVpnConnections. CustomerGatewayConfiguration: "present ... only if the VPN connection is in the pending or available state"."""

    def values(one):
        gateways = {"customer-gateway-id": one.customer_gateway_id, "vpn-gateway-id": one.vpn_gateway_id, "transit-gateway-id": one.transit_gateway_id}
        routes = {"option.static-routes-only": one.options["StaticRoutesOnly"], "route.destination-cidr-block": list(one.routes)}
        return {**gateways, **routes, "vpn-connection-id": one.id, "state": one.state, "type": "ipsec.1"}

    things = list(ec2.vpn_connections.values())
    found = listed(things, VpnConnectionIds, CONNECTION, "vpnConnection", Filters, values, ec2)
    return {"VpnConnections": [one.looked_at() for one in found]}


@BOOK.adds("DeleteVpnConnection")
def delete_vpn_connection(ec2, VpnConnectionId, **_):
    connection = connection_of(ec2, VpnConnectionId)
    detach(ec2, connection)
    connection.be("deleting", "deleted")
    return {}


def detach(ec2, connection):
    for one in ec2.transit_gateway_attachments.values():
        if one.resource_id == connection.id and not one.dead:
            end(one)


@BOOK.adds("ModifyVpnConnection")
def modify_vpn_connection(ec2, VpnConnectionId, TransitGatewayId, CustomerGatewayId, VpnGatewayId, **_):
    """ModifyVpnConnection: "Modifies the customer gateway or the target gateway"; "You must delete the static routes before you migrate"."""
    connection = ready(ec2, VpnConnectionId)
    if sum(one is not None for one in (TransitGatewayId, CustomerGatewayId, VpnGatewayId)) != 1:
        raise Refused("InvalidParameterCombination", "The request must contain exactly one of transitGatewayId, customerGatewayId, vpnGatewayId")
    if CustomerGatewayId:
        customer_gateway_of(ec2, CustomerGatewayId)
        connection.customer_gateway_id = CustomerGatewayId
    else:
        move(ec2, connection, VpnGatewayId, TransitGatewayId)
    connection.be("modifying", "available")
    return {"VpnConnection": connection.described(connection.state)}


def move(ec2, connection, vpn_gateway_id, transit_gateway_id):
    if transit_gateway_id:
        must_be(gateway_of(ec2, transit_gateway_id), "available", "modifying")
        if any(route.state != "deleted" for route in connection.routes.values()):
            raise Refused("IncorrectState", f"{connection.id} has static routes, which must be deleted before the migration")
    else:
        vpn_gateway_of(ec2, vpn_gateway_id)
        if connection.options["EnableAcceleration"] or connection.options["TunnelBandwidth"] == "large":
            raise Refused("InvalidParameterCombination", "Acceleration and large bandwidth need a transit gateway")
    detach(ec2, connection)
    connection.vpn_gateway_id, connection.transit_gateway_id = vpn_gateway_id, transit_gateway_id
    if transit_gateway_id:
        ec2.create_transit_gateway_vpn_attachment(connection.id, transit_gateway_id)


@BOOK.adds("ModifyVpnConnectionOptions")
def modify_vpn_connection_options(ec2, VpnConnectionId, **given):
    """ModifyVpnConnectionOptions: "the tunnel options do not change"; "temporarily unavailable for a brief period"."""
    connection = ready(ec2, VpnConnectionId)
    named = {name: value for name, value in given.items() if value is not None and name != "DryRun"}
    if not named:
        raise Refused("MissingParameter", "The request must name what to modify")
    networks_are_sound(named, connection.transit_gateway_id)
    connection.options.update(named)
    connection.be("modifying", "available")
    return {"VpnConnection": connection.described(connection.state)}


@BOOK.adds("ModifyVpnTunnelOptions")
def modify_vpn_tunnel_options(ec2, VpnConnectionId, VpnTunnelOutsideIpAddress, TunnelOptions, SkipTunnelReplacement, PreSharedKeyStorage, **_):
    """ModifyVpnTunnelOptions: "you can only modify one tunnel at a time"; SkipTunnelReplacement: "only applicable when turning on or off
    EnableTunnelLifecycleControl". The tunnel is replaced, and is down until its router is there again.
    """
    connection = ready(ec2, VpnConnectionId)
    tunnel = next((one for one in connection.tunnels if one.address == VpnTunnelOutsideIpAddress), None)
    if tunnel is None:
        raise invalid(f"Value ({VpnTunnelOutsideIpAddress}) for parameter vpnTunnelOutsideIpAddress is invalid")
    if not TunnelOptions and not PreSharedKeyStorage:
        raise Refused("MissingParameter", "The request must name what to modify")
    if SkipTunnelReplacement and set(TunnelOptions) != {"EnableTunnelLifecycleControl"}:
        raise Refused("InvalidParameterCombination", "SkipTunnelReplacement is only applicable to EnableTunnelLifecycleControl")
    if "TunnelInsideCidr" in TunnelOptions:
        not_taken(inside_block(TunnelOptions["TunnelInsideCidr"]), inside_blocks(ec2, connection, tunnel))
    whole = {**tunnel.options, **TunnelOptions}
    options_are_sound(ec2, TunnelOptions, whole)
    tunnel.options = whole
    if not SkipTunnelReplacement:
        tunnel.start()
    connection.be("modifying", "available")
    return {"VpnConnection": connection.described(connection.state)}


# -- static routes ----------------------------------------------------------------------------------------


def with_routes(ec2, connection_id):
    """CreateVpnConnectionRoute: "a static route associated with a VPN connection between an existing virtual private gateway and a VPN
    customer gateway"; StaticRoutesOnly: "Use CreateVpnConnectionRoute to create a static route."
    """
    connection = ready(ec2, connection_id)
    if not connection.vpn_gateway_id or not connection.options["StaticRoutesOnly"]:
        raise Refused("UnsupportedOperation", f"{connection_id} takes no static routes")
    return connection


@BOOK.adds("CreateVpnConnectionRoute")
def create_vpn_connection_route(ec2, VpnConnectionId, DestinationCidrBlock, **_):
    connection = with_routes(ec2, VpnConnectionId)
    block = str(block_of(DestinationCidrBlock, "destinationCidrBlock"))
    if block not in connection.routes or connection.routes[block].settled == "deleted":
        connection.routes[block] = Route(block)
    return {}


@BOOK.adds("DeleteVpnConnectionRoute")
def delete_vpn_connection_route(ec2, VpnConnectionId, DestinationCidrBlock, **_):
    connection = with_routes(ec2, VpnConnectionId)
    route = connection.routes.get(DestinationCidrBlock)
    if route is None or route.settled == "deleted":
        raise Refused("InvalidRoute.NotFound", f"{VpnConnectionId} has no static route to {DestinationCidrBlock}")
    route.state = "deleted"
    return {}


# -- what a router is told --------------------------------------------------------------------------------


@BOOK.adds("GetVpnConnectionDeviceTypes")
def get_device_types(ec2, **_):
    return {"VpnConnectionDeviceTypes": DEVICES}


@BOOK.adds("GetVpnConnectionDeviceSampleConfiguration")
def get_device_sample(ec2, VpnConnectionId, VpnConnectionDeviceTypeId, InternetKeyExchangeVersion, SampleType, **_):
    """GetVpnConnectionDeviceSampleConfiguration.SampleType: "recommended" (throws UnsupportedOperationException for IKEv1)."""
    connection = connection_of(ec2, VpnConnectionId)
    device = next((one for one in DEVICES if one["VpnConnectionDeviceTypeId"] == VpnConnectionDeviceTypeId), None)
    if device is None:
        raise invalid(f"Value ({VpnConnectionDeviceTypeId}) for parameter vpnConnectionDeviceTypeId is invalid")
    if InternetKeyExchangeVersion not in (None, "ikev1", "ikev2") or SampleType not in (None, "compatibility", "recommended"):
        raise invalid("InternetKeyExchangeVersion: ikev1 or ikev2; SampleType: compatibility or recommended")
    if SampleType == "recommended" and InternetKeyExchangeVersion == "ikev1":
        raise Refused("UnsupportedOperation", "The recommended sample does not support ikev1")
    tunnels = "\n".join(f"tunnel {one.address} pre-shared-key {one.options['PreSharedKey']}" for one in connection.tunnels)
    text = f"! {device['Vendor']} {device['Platform']} {device['Software']}, {InternetKeyExchangeVersion or 'ikev1'}\n! {connection.id}\n{tunnels}\n"
    return {"VpnConnectionDeviceSampleConfiguration": text}
