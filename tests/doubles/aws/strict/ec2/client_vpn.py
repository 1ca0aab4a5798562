# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client VPN, all of which moto lacks: endpoints, target networks, authorization rules, routes.

Sources: the documentation strings of botocore's ec2 model (named by operation), "Error codes for the
Amazon EC2 API", and the Client VPN Administrator Guide ("Guide").
What is on its way shows so to whoever looks next, and is done at the look after that.
"""

from __future__ import annotations

import ipaddress

from moto.acm.models import acm_backends
from moto.core.utils import utcnow
from moto.ec2 import models
from moto.ec2.utils import random_id
from moto.logs.models import logs_backends

from ..acm import domains
from ..rules import Refused
from .book import BOOK, dependency, forget_tags, invalid, known, subnet_of
from .security_groups import group_of

LOOKS = 1  # how often a thing is seen on its way
LEAST_PREFIX, MOST_PREFIX = 12, 22
WHOLE = dict(  # options of both calls that are written whole, and how they are read
    ConnectionLogOptions="connection_log",
    ClientConnectOptions="client_connect",
    ClientLoginBannerOptions="banner",
    ClientRouteEnforcementOptions="route_enforcement",
)
PLAIN = dict(
    Description="description",
    SplitTunnel="split_tunnel",
    VpnPort="port",
    SessionTimeoutHours="session_timeout_hours",
    DisconnectOnSessionTimeout="disconnect_on_session_timeout",
    ServerCertificateArn="server_certificate",
    SelfServicePortal="portal",
)
AUTHENTICATION = {
    "certificate-authentication": ("MutualAuthentication", "ClientRootCertificateChainArn"),
    "directory-service-authentication": ("ActiveDirectory", "DirectoryId"),
    "federated-authentication": ("FederatedAuthentication", "SAMLProviderArn"),
}


class Thing:
    """Something with states. `_tick` is no state of the account: it says how often it will yet be seen on its way."""

    coming, there, leaving = "", "", ""

    def __init__(self, **facts):
        vars(self).update(facts)
        self.going = False
        self._tick = LOOKS

    @property
    def ready(self):
        return not self.going and self._tick <= 0

    def look(self):
        """The state that this look sees; None when it is gone."""
        if self._tick > 0:
            self._tick -= 1
            return self.leaving if self.going else self.coming
        return None if self.going else self.there

    def go(self):
        self.going, self._tick = True, LOOKS
        return self.leaving


class Endpoint(Thing):
    """`_tick` of an endpoint counts only once it is deleted."""

    leaving = "deleting"


class Association(Thing):
    coming, there, leaving = "associating", "associated", "disassociating"


class Rule(Thing):
    coming, there, leaving = "authorizing", "active", "revoking"


class Route(Thing):
    coming, there, leaving = "creating", "active", "deleting"


def endpoints_of(ec2):
    return vars(ec2).get("client_vpn_endpoints", {})


def endpoint_of(ec2, endpoint_id):
    """InvalidClientVpnEndpointId.NotFound: "The specified Client VPN Endpoint cannot be found." """
    found = endpoints_of(ec2).get(endpoint_id)
    if found is None or found.going:
        raise Refused("InvalidClientVpnEndpointId.NotFound", f"Endpoint {endpoint_id} does not exist")
    return found


@BOOK.patch(models, "is_valid_resource_id")
def an_endpoint_has_an_id(original, resource_id):
    """moto knows no such prefix, and so would take no tags."""
    return resource_id.startswith("cvpn-endpoint-") or original(resource_id)


@BOOK.rule("CreateTags", "DeleteTags")
def a_tagged_endpoint_exists(ec2, Resources, **_):
    for one in Resources:
        if one.startswith("cvpn-endpoint-"):
            endpoint_of(ec2, one)


# -- what an endpoint may be like -----------------------------------------------------------------


def block(text, what):
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise invalid(f"{what} {text} is not a valid IPv4 CIDR block") from None


def check_client_cidr(text):
    """CreateClientVpnEndpoint.ClientCidrBlock: "must have a size of at least /22 and must not be greater than /12"."""
    if text is None:
        raise Refused("MissingParameter", "The request must contain the parameter ClientCidrBlock")
    if not LEAST_PREFIX <= block(text, "ClientCidrBlock").prefixlen <= MOST_PREFIX:
        raise invalid(f"ClientCidrBlock {text}: the size must be between /12 and /22")


def certificate_of(ec2, arn):
    """ServerCertificateArn: "The server certificate must be provisioned in Certificate Manager", in the endpoint's Region."""
    bundle = acm_backends[ec2.account_id][ec2.region_name]._certificates.get(arn)
    if bundle is None:
        raise invalid(f"Certificate {arn} not found")
    return bundle


def check_server_certificate(ec2, arn):
    bundle = certificate_of(ec2, arn)
    if not domains(bundle._cert):
        raise invalid(f"Certificate {arn} does not have a domain")


def check_authentication(ec2, options):
    """ClientVpnAuthenticationRequest: what goes with each type. Guide, "Client authentication": mutual, one user-based type, or both."""
    types = [one.get("Type") for one in options]
    if not types or None in types:
        raise Refused("MissingParameter", "The request must contain the parameter Type")
    if len(set(types)) < len(types) or len(set(types) - {"certificate-authentication"}) > 1:
        raise invalid("Only mutual authentication can be combined with one user-based authentication")
    for one in options:
        member, needed = AUTHENTICATION[one["Type"]]
        if not one.get(member, {}).get(needed):
            raise Refused("MissingParameter", f"The request must contain the parameter {member}.{needed}")
        if set(one) - {"Type", member}:
            raise invalid(f"Only {member} can be specified for {one['Type']}")
        if member == "MutualAuthentication":
            certificate_of(ec2, one[member][needed])


def check_settings(ec2, given):
    """What CreateClientVpnEndpoint and ModifyClientVpnEndpoint say of their values."""
    if given.get("VpnPort") not in (None, 443, 1194):
        raise invalid("VpnPort: Valid Values: 443 | 1194")
    if given.get("SessionTimeoutHours") not in (None, 8, 10, 12, 24):
        raise invalid("SessionTimeoutHours: Valid values: 8 | 10 | 12 | 24")
    check_log(ec2, given.get("ConnectionLogOptions"))
    banner = given.get("ClientLoginBannerOptions") or {}
    if banner.get("Enabled") and not banner.get("BannerText"):
        raise Refused("MissingParameter", "The request must contain the parameter BannerText")
    if len(banner.get("BannerText", "").encode()) > 1400:
        raise invalid("BannerText: Maximum of 1400 characters")
    connect = given.get("ClientConnectOptions") or {}
    if connect.get("Enabled") and not connect.get("LambdaFunctionArn", "").rpartition(":function:")[2].startswith("AWSClientVPN-"):
        raise invalid("The name of the client connect handler must start with AWSClientVPN-")  # Guide, "Connection authorization"


def check_log(ec2, options):
    """ConnectionLogOptions.CloudwatchLogGroup: "Required if connection logging is enabled"; group and stream are there before."""
    if not (options or {}).get("Enabled"):
        return
    group = options.get("CloudwatchLogGroup")
    if not group:
        raise Refused("MissingParameter", "The request must contain the parameter CloudwatchLogGroup")
    groups = logs_backends[ec2.account_id][ec2.region_name].groups
    if group not in groups:
        raise invalid(f"CloudWatch log group {group} does not exist")
    stream = options.get("CloudwatchLogStream")
    if stream and stream not in groups[group].streams:
        raise invalid(f"CloudWatch log stream {stream} does not exist")


def check_servers(servers):
    """DnsServers: "A Client VPN endpoint can have up to two DNS servers"."""
    if len(servers) > 2:
        raise invalid("A Client VPN endpoint can have up to two DNS servers")
    for server in servers:
        block(server, "DnsServers")


def check_place(ec2, vpc_id, groups, client_cidr):
    """SecurityGroupIds: "You must also specify the ID of the VPC that contains the security groups"; five at most."""
    if vpc_id is None:
        if groups:
            raise Refused("MissingParameter", "The request must contain the parameter VpcId")
        return
    known(ec2.vpcs, vpc_id, "InvalidVpcID.NotFound", "vpc")
    if len(groups) > 5:
        raise invalid("Up to 5 security groups can be applied")
    for one in groups:
        if group_of(ec2, one, None).vpc_id != vpc_id:
            raise invalid(f"Security group {one} does not belong to VPC {vpc_id}")
    if overlaps(ec2, vpc_id, client_cidr):
        raise invalid(f"The client CIDR {client_cidr} overlaps with the CIDR of VPC {vpc_id}")


def overlaps(ec2, vpc_id, client_cidr):
    blocks = [one["cidr_block"] for one in ec2.vpcs[vpc_id].cidr_block_association_set]
    return any(ipaddress.ip_network(one).overlaps(ipaddress.ip_network(client_cidr)) for one in blocks)


def default_group(ec2, vpc_id):
    return [ec2.get_default_security_group(vpc_id).id]


# -- endpoints ------------------------------------------------------------------------------------


@BOOK.adds("CreateClientVpnEndpoint")
def create_client_vpn_endpoint(ec2, ClientCidrBlock, ServerCertificateArn, AuthenticationOptions, VpcId, SecurityGroupIds, DnsServers, **given):
    """CreateClientVpnEndpoint, with its defaults: udp, 443, no split tunnel, 24 hours, portal enabled."""
    if given.get("TransitGatewayConfiguration") or given.get("TrafficIpAddressType") not in (None, "ipv4"):
        raise Refused("UnsupportedOperation", "Not in this double")
    check_client_cidr(ClientCidrBlock)
    check_server_certificate(ec2, ServerCertificateArn)
    check_authentication(ec2, AuthenticationOptions)
    check_settings(ec2, given)
    check_servers(DnsServers or [])
    check_place(ec2, VpcId, SecurityGroupIds or [], ClientCidrBlock)
    endpoint = Endpoint(
        id=random_id("cvpn-endpoint"),
        client_cidr=ClientCidrBlock,
        authentication=AuthenticationOptions,
        transport=given.get("TransportProtocol") or "udp",
        dns_servers=list(DnsServers or []),
        vpc_id=VpcId,
        groups=list(SecurityGroupIds or (default_group(ec2, VpcId) if VpcId else [])),
        created=utcnow().isoformat() + "Z",
        associations={},
        rules={},
        routes={},
        sessions=[],
        revoked="",
        description="",
        split_tunnel=False,
        port=443,
        session_timeout_hours=24,
        disconnect_on_session_timeout=True,
        server_certificate=ServerCertificateArn,
        portal="enabled",
        connection_log={},
        client_connect={"Enabled": False},
        banner={"Enabled": False},
        route_enforcement={"Enforced": False},
    )
    write(endpoint, given)
    vars(ec2).setdefault("client_vpn_endpoints", {})[endpoint.id] = endpoint
    for specification in given.get("TagSpecifications") or []:
        if specification["ResourceType"] != "client-vpn-endpoint":
            raise invalid(f"{specification['ResourceType']} is not a valid resource type for this request")
        ec2.create_tags([endpoint.id], {tag["Key"]: tag.get("Value", "") for tag in specification["Tags"]})
    mark_certificates(ec2)
    return {"ClientVpnEndpointId": endpoint.id, "Status": {"Code": status(endpoint)}, "DnsName": dns_name(ec2, endpoint)}


def write(endpoint, given):
    for member, name in {**PLAIN, **WHOLE}.items():
        if given.get(member) is not None:
            setattr(endpoint, name, given[member])


def status(endpoint):
    """ClientVpnEndpointStatus.Code: pending-associate until a target network is associated."""
    return "available" if any(one.ready for one in endpoint.associations.values()) else "pending-associate"


def dns_name(ec2, endpoint):
    return f"*.{endpoint.id}.prod.clientvpn.{ec2.region_name}.amazonaws.com"


def mark_certificates(ec2):
    """CertificateDetail.InUseBy: the endpoints of each certificate."""
    users = {}
    for endpoint in endpoints_of(ec2).values():
        roots = [one.get("MutualAuthentication", {}).get("ClientRootCertificateChainArn") for one in endpoint.authentication]
        for arn in {endpoint.server_certificate, *roots} - {None}:
            users.setdefault(arn, []).append(arn_of(ec2, endpoint))
    for arn, bundle in acm_backends[ec2.account_id][ec2.region_name]._certificates.items():
        others = [user for user in bundle.in_use_by if ":client-vpn-endpoint/" not in user]
        bundle.in_use_by = others + users.get(arn, [])


def arn_of(ec2, endpoint):
    return f"arn:aws:ec2:{ec2.region_name}:{ec2.account_id}:client-vpn-endpoint/{endpoint.id}"


@BOOK.adds("ModifyClientVpnEndpoint")
def modify_client_vpn_endpoint(ec2, ClientVpnEndpointId, VpcId, SecurityGroupIds, DnsServers, **given):
    """ModifyClientVpnEndpoint: structures are written whole; a VPC changes only without target networks of the old one."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    if given.get("ServerCertificateArn"):
        check_server_certificate(ec2, given["ServerCertificateArn"])
    check_settings(ec2, given)
    if VpcId and VpcId != endpoint.vpc_id and endpoint.associations:
        raise invalid(f"Endpoint {endpoint.id} has target networks in VPC {endpoint.vpc_id}")
    vpc_id = VpcId or endpoint.vpc_id
    if VpcId or SecurityGroupIds is not None:
        moved = VpcId and VpcId != endpoint.vpc_id
        groups = SecurityGroupIds or (default_group(ec2, VpcId) if moved else endpoint.groups)
        check_place(ec2, vpc_id, groups, endpoint.client_cidr)
        endpoint.vpc_id, endpoint.groups = vpc_id, list(groups)
    if DnsServers is not None:
        servers = DnsServers.get("CustomDnsServers", [])
        check_servers(servers)
        endpoint.dns_servers = [] if DnsServers.get("Enabled") is False else list(servers)
    write(endpoint, given)
    mark_certificates(ec2)
    return {"Return": True}


@BOOK.adds("DeleteClientVpnEndpoint")
def delete_client_vpn_endpoint(ec2, ClientVpnEndpointId, **_):
    """DeleteClientVpnEndpoint: "You must disassociate all target networks before"."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    if endpoint.associations:
        raise Refused("DependencyViolation", f"Endpoint {endpoint.id} has associated target networks")
    endpoint.go()
    return {"Status": {"Code": "deleting"}}


@BOOK.adds("DescribeClientVpnEndpoints")
def describe_client_vpn_endpoints(ec2, ClientVpnEndpointIds, Filters, MaxResults, NextToken, **_):
    """DescribeClientVpnEndpoints."""
    for one in ClientVpnEndpointIds or []:
        if one not in endpoints_of(ec2):
            endpoint_of(ec2, one)
    values = {"endpoint-id": lambda one: one.id, "transport-protocol": lambda one: one.transport}
    found = []
    for endpoint in chosen(list(endpoints_of(ec2).values()), Filters, values):
        if ClientVpnEndpointIds and endpoint.id not in ClientVpnEndpointIds:
            continue
        code = endpoint.look() if endpoint.going else status(endpoint)
        if code is None:
            del endpoints_of(ec2)[endpoint.id]
            forget_tags(ec2, endpoint.id)
            mark_certificates(ec2)
            continue
        found.append(described(ec2, endpoint, code))
    return page("ClientVpnEndpoints", found, MaxResults, NextToken)


def described(ec2, endpoint, code):
    user_based = any(one["Type"] != "certificate-authentication" for one in endpoint.authentication)
    portal = {"SelfServicePortalUrl": f"https://self-service.clientvpn.amazonaws.com/endpoints/{endpoint.id}"}
    return {
        "ClientVpnEndpointId": endpoint.id,
        "Description": endpoint.description,
        "Status": {"Code": code},
        "CreationTime": endpoint.created,
        "DnsName": dns_name(ec2, endpoint),
        "ClientCidrBlock": endpoint.client_cidr,
        "DnsServers": endpoint.dns_servers,
        "SplitTunnel": endpoint.split_tunnel,
        "VpnProtocol": "openvpn",
        "TransportProtocol": endpoint.transport,
        "VpnPort": endpoint.port,
        "AssociatedTargetNetworks": [],
        "ServerCertificateArn": endpoint.server_certificate,
        "AuthenticationOptions": [read_back(one) for one in endpoint.authentication],
        "ConnectionLogOptions": endpoint.connection_log,
        "Tags": [{"Key": key, "Value": value} for key, value in ec2.tags.get(endpoint.id, {}).items()],
        "SecurityGroupIds": endpoint.groups,
        "ClientConnectOptions": {**endpoint.client_connect, "Status": {"Code": "applied"}},
        "SessionTimeoutHours": endpoint.session_timeout_hours,
        "ClientLoginBannerOptions": endpoint.banner,
        "ClientRouteEnforcementOptions": endpoint.route_enforcement,
        "DisconnectOnSessionTimeout": endpoint.disconnect_on_session_timeout,
        "EndpointIpAddressType": "ipv4",
        "TrafficIpAddressType": "ipv4",
        **({"VpcId": endpoint.vpc_id} if endpoint.vpc_id else {}),
        **(portal if endpoint.portal == "enabled" and user_based else {}),
    }


def read_back(option):
    """What is …Arn in the request is named otherwise in the answer."""
    if "MutualAuthentication" in option:
        chain = option["MutualAuthentication"]["ClientRootCertificateChainArn"]
        return {"Type": option["Type"], "MutualAuthentication": {"ClientRootCertificateChain": chain}}
    if "FederatedAuthentication" in option:
        given = option["FederatedAuthentication"]
        names = {"SAMLProviderArn": "SamlProviderArn", "SelfServiceSAMLProviderArn": "SelfServiceSamlProviderArn"}
        return {"Type": option["Type"], "FederatedAuthentication": {names[name]: value for name, value in given.items()}}
    return option


def chosen(things, filters, values):
    for one in filters or []:
        if one["Name"] not in values:
            raise invalid(f"The filter '{one['Name']}' is invalid")
        things = [thing for thing in things if values[one["Name"]](thing) in one["Values"]]
    return things


def page(name, found, size, token):
    start, size = int(token or 0), size or 1000
    more = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return {name: found[start : start + size], **more}


def seen(things):
    """(thing, state) of what this look sees; what has gone is gone."""
    for key, thing in list(things.items()):
        state = thing.look()
        if state is None:
            del things[key]
        else:
            yield thing, state


# -- target networks ------------------------------------------------------------------------------


@BOOK.adds("AssociateClientVpnTargetNetwork")
def associate_client_vpn_target_network(ec2, ClientVpnEndpointId, SubnetId, **_):
    """AssociateClientVpnTargetNetwork: one VPC, one subnet in each Availability Zone, no overlap with the clients' range.
    Guide, target networks: a /27 at least.
    """
    endpoint, subnet = endpoint_of(ec2, ClientVpnEndpointId), subnet_of(ec2, SubnetId)
    if subnet is None:
        raise Refused("InvalidClientVpnSubnetId.NotFound", f"Subnet {SubnetId} does not exist")
    if endpoint.vpc_id and subnet.vpc_id != endpoint.vpc_id:
        raise Refused("InvalidClientVpnSubnetId.NotFound", f"Subnet {SubnetId} is not in VPC {endpoint.vpc_id}")
    for other in endpoint.associations.values():
        if other.subnet_id == SubnetId:
            raise Refused("InvalidClientVpnDuplicateAssociationException", f"Subnet {SubnetId} is already associated with {endpoint.id}")
        if subnet_of(ec2, other.subnet_id).availability_zone == subnet.availability_zone:
            raise Refused("InvalidClientVpnSubnetId.DuplicateAz", f"A subnet of {subnet.availability_zone} is already associated with {endpoint.id}")
    if overlaps(ec2, subnet.vpc_id, endpoint.client_cidr):
        raise Refused("InvalidClientVpnSubnetId.OverlappingCidr", f"The client CIDR {endpoint.client_cidr} overlaps with the VPC of {SubnetId}")
    if ipaddress.ip_network(subnet.cidr_block).prefixlen > 27:
        raise invalid(f"Subnet {SubnetId} must have a block of at least /27")
    if not endpoint.vpc_id:
        endpoint.vpc_id, endpoint.groups = subnet.vpc_id, default_group(ec2, subnet.vpc_id)
    association = Association(id=random_id("cvpn-assoc"), subnet_id=SubnetId)
    endpoint.associations[association.id] = association
    vpc_block = ec2.vpcs[subnet.vpc_id].cidr_block
    endpoint.routes[f"{vpc_block} {SubnetId}"] = Route(cidr=vpc_block, subnet_id=SubnetId, origin="associate", description="Default Route")
    return {"AssociationId": association.id, "Status": {"Code": "associating"}}


@BOOK.adds("DisassociateClientVpnTargetNetwork")
def disassociate_client_vpn_target_network(ec2, ClientVpnEndpointId, AssociationId, **_):
    """DisassociateClientVpnTargetNetwork: the route that came with it goes with it, and so do others through the subnet."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    association = endpoint.associations.get(AssociationId)
    if association is None or association.going:
        raise Refused("InvalidClientVpnAssociationIdNotFound", f"Association {AssociationId} does not exist")
    for route in endpoint.routes.values():
        if route.subnet_id == association.subnet_id:
            route.go()
    return {"AssociationId": AssociationId, "Status": {"Code": association.go()}}


@BOOK.adds("DescribeClientVpnTargetNetworks")
def describe_client_vpn_target_networks(ec2, ClientVpnEndpointId, AssociationIds, Filters, MaxResults, NextToken, **_):
    """DescribeClientVpnTargetNetworks."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    values = {"association-id": lambda one: one.id, "target-network-id": lambda one: one.subnet_id, "vpc-id": lambda one: endpoint.vpc_id}
    states = {id(one): state for one, state in seen(endpoint.associations)}
    found = [one for one in chosen(list(endpoint.associations.values()), Filters, values) if not AssociationIds or one.id in AssociationIds]
    told = [
        {
            "AssociationId": one.id,
            "VpcId": endpoint.vpc_id,
            "TargetNetworkId": one.subnet_id,
            "ClientVpnEndpointId": endpoint.id,
            "Status": {"Code": states[id(one)]},
            "SecurityGroups": endpoint.groups,
        }
        for one in found
    ]
    return page("ClientVpnTargetNetworks", told, MaxResults, NextToken)


@BOOK.rule("DeleteSubnet")
def a_target_network_stays(ec2, SubnetId, **_):
    """Guide, target networks: the service puts network interfaces into the subnet, which stand in the way of DeleteSubnet."""
    if any(one.subnet_id == SubnetId for endpoint in endpoints_of(ec2).values() for one in endpoint.associations.values()):
        raise dependency("subnet", SubnetId)


@BOOK.rule("DeleteSecurityGroup")
def a_group_of_target_networks_stays(ec2, GroupId, **_):
    """As its network interfaces have the group."""
    if any(GroupId in endpoint.groups for endpoint in endpoints_of(ec2).values() if GroupId):
        raise Refused("DependencyViolation", f"resource {GroupId} has a dependent object")


# -- authorization rules --------------------------------------------------------------------------


@BOOK.adds("AuthorizeClientVpnIngress")
def authorize_client_vpn_ingress(ec2, ClientVpnEndpointId, TargetNetworkCidr, AccessGroupId, AuthorizeAllGroups, Description, **_):
    """AuthorizeClientVpnIngress: a group, or all groups said so."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    block(TargetNetworkCidr, "TargetNetworkCidr")
    if bool(AccessGroupId) == bool(AuthorizeAllGroups):
        raise invalid("Exactly one of AccessGroupId and AuthorizeAllGroups must be specified")
    key = f"{TargetNetworkCidr} {AccessGroupId or ''}"
    if key in endpoint.rules:
        raise Refused("InvalidClientVpnDuplicateAuthorizationRule", f"The rule for {TargetNetworkCidr} has already been added to {endpoint.id}")
    endpoint.rules[key] = Rule(cidr=TargetNetworkCidr, group=AccessGroupId, description=Description)
    return {"Status": {"Code": "authorizing"}}


@BOOK.adds("RevokeClientVpnIngress")
def revoke_client_vpn_ingress(ec2, ClientVpnEndpointId, TargetNetworkCidr, AccessGroupId, RevokeAllGroups, **_):
    """RevokeClientVpnIngress: RevokeAllGroups is for the rule of all groups and leaves those of a group alone."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    if bool(AccessGroupId) == bool(RevokeAllGroups):
        raise invalid("Exactly one of AccessGroupId and RevokeAllGroups must be specified")
    rule = endpoint.rules.get(f"{TargetNetworkCidr} {AccessGroupId or ''}")
    if rule is None or rule.going:
        raise Refused("InvalidClientVpnEndpointAuthorizationRuleNotFound", f"There is no rule for {TargetNetworkCidr}")
    return {"Status": {"Code": rule.go()}}


@BOOK.adds("DescribeClientVpnAuthorizationRules")
def describe_client_vpn_authorization_rules(ec2, ClientVpnEndpointId, Filters, MaxResults, NextToken, **_):
    """DescribeClientVpnAuthorizationRules."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    values = {"description": lambda one: one.description, "destination-cidr": lambda one: one.cidr, "group-id": lambda one: one.group}
    states = {id(one): state for one, state in seen(endpoint.rules)}
    told = [
        {
            "ClientVpnEndpointId": endpoint.id,
            "Description": one.description or "",
            "GroupId": one.group or "",
            "AccessAll": one.group is None,
            "DestinationCidr": one.cidr,
            "Status": {"Code": states[id(one)]},
        }
        for one in chosen(list(endpoint.rules.values()), Filters, values)
    ]
    return page("AuthorizationRules", told, MaxResults, NextToken)


# -- routes ---------------------------------------------------------------------------------------


@BOOK.adds("CreateClientVpnRoute")
def create_client_vpn_route(ec2, ClientVpnEndpointId, DestinationCidrBlock, TargetVpcSubnetId, Description, **_):
    """CreateClientVpnRoute: the subnet "must be an existing target network", or `local` for the clients' own range."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    destination = block(DestinationCidrBlock, "DestinationCidrBlock")
    if TargetVpcSubnetId is None:
        raise Refused("MissingParameter", "The request must contain the parameter TargetVpcSubnetId")
    ready = {one.subnet_id for one in endpoint.associations.values() if one.ready}
    if not ready:
        raise Refused("InvalidClientVpnActiveAssociationNotFound", f"Endpoint {endpoint.id} has no active association")
    client_range = ipaddress.ip_network(endpoint.client_cidr)
    if TargetVpcSubnetId == "local":
        if destination != client_range:
            raise invalid("The target local is for the client CIDR range")
    elif TargetVpcSubnetId not in ready:
        raise Refused("InvalidClientVpnActiveAssociationNotFound", f"Subnet {TargetVpcSubnetId} is not associated with {endpoint.id}")
    elif destination.prefixlen and destination.overlaps(client_range):
        raise invalid(f"{DestinationCidrBlock} overlaps with the client CIDR {endpoint.client_cidr}")
    key = f"{DestinationCidrBlock} {TargetVpcSubnetId}"
    if key in endpoint.routes:
        raise Refused("InvalidClientVpnDuplicateRoute", f"The route {key} has already been added to {endpoint.id}")
    endpoint.routes[key] = Route(cidr=DestinationCidrBlock, subnet_id=TargetVpcSubnetId, origin="add-route", description=Description)
    return {"Status": {"Code": "creating"}}


@BOOK.adds("DeleteClientVpnRoute")
def delete_client_vpn_route(ec2, ClientVpnEndpointId, DestinationCidrBlock, TargetVpcSubnetId, **_):
    """DeleteClientVpnRoute: "You can only delete routes that you manually added"."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    route = endpoint.routes.get(f"{DestinationCidrBlock} {TargetVpcSubnetId}")
    if route is None or route.going:
        raise Refused("InvalidClientVpnRouteNotFound", f"There is no route to {DestinationCidrBlock} through {TargetVpcSubnetId}")
    if route.origin == "associate":
        raise invalid("A route that came with a target network cannot be deleted")
    return {"Status": {"Code": route.go()}}


@BOOK.adds("DescribeClientVpnRoutes")
def describe_client_vpn_routes(ec2, ClientVpnEndpointId, Filters, MaxResults, NextToken, **_):
    """DescribeClientVpnRoutes."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    values = {"destination-cidr": lambda one: one.cidr, "origin": lambda one: one.origin, "target-subnet": lambda one: one.subnet_id}
    states = {id(one): state for one, state in seen(endpoint.routes)}
    told = [
        {
            "ClientVpnEndpointId": endpoint.id,
            "DestinationCidr": one.cidr,
            "TargetSubnet": one.subnet_id,
            "Type": "Nat",
            "Origin": one.origin,
            "Status": {"Code": states[id(one)]},
            "Description": one.description or "",
        }
        for one in chosen(list(endpoint.routes.values()), Filters, values)
    ]
    return page("Routes", told, MaxResults, NextToken)


# -- sessions -------------------------------------------------------------------------------------


def connect(account, region, endpoint, names):
    """These have a session at the endpoint, as AWS shows it. Control interface."""
    endpoint_of(models.ec2_backends[account][region], endpoint).sessions = [
        {"ConnectionId": f"cvpn-connection-{place:017x}", "CommonName": name} for place, name in enumerate(names)
    ]


@BOOK.adds("DescribeClientVpnConnections")
def describe_client_vpn_connections(ec2, ClientVpnEndpointId, Filters, MaxResults, NextToken, **_):
    """DescribeClientVpnConnections. Username: "only provided if Active Directory client authentication is used"."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    values = {"connection-id": lambda one: one["ConnectionId"]}
    found = chosen(endpoint.sessions, Filters, values)
    told = [{**one, "ClientVpnEndpointId": endpoint.id, "Status": {"Code": "active"}} for one in found]
    return page("Connections", told, MaxResults, NextToken)


# -- revoked certificates -------------------------------------------------------------------------


@BOOK.adds("ImportClientVpnClientCertificateRevocationList")
def import_client_vpn_client_certificate_revocation_list(ec2, ClientVpnEndpointId, CertificateRevocationList, **_):
    """ImportClientVpnClientCertificateRevocationList: it overwrites. Guide, "Client certificate revocation lists": for mutual authentication."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    if not any(one["Type"] == "certificate-authentication" for one in endpoint.authentication):
        raise invalid(f"Endpoint {endpoint.id} does not use certificate-based authentication")
    if not CertificateRevocationList.startswith("-----BEGIN X509 CRL-----"):
        raise invalid("The certificate revocation list is not valid")
    endpoint.revoked = CertificateRevocationList
    return {"Return": True}


@BOOK.adds("ExportClientVpnClientCertificateRevocationList")
def export_client_vpn_client_certificate_revocation_list(ec2, ClientVpnEndpointId, **_):
    """ExportClientVpnClientCertificateRevocationList: no member of its answer is required, and without a list there is nothing to tell."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    return {"CertificateRevocationList": endpoint.revoked, "Status": {"Code": "active"}} if endpoint.revoked else {}


# -- profiles -------------------------------------------------------------------------------------


@BOOK.adds("ExportClientVpnClientConfiguration")
def export_client_vpn_client_configuration(ec2, ClientVpnEndpointId, **_):
    """ExportClientVpnClientConfiguration. Guide, "Export the client configuration file": without the user's certificate and key."""
    endpoint = endpoint_of(ec2, ClientVpnEndpointId)
    bundle = certificate_of(ec2, endpoint.server_certificate)
    lines = [
        "client",
        "dev tun",
        f"proto {endpoint.transport}",
        f"remote {dns_name(ec2, endpoint).removeprefix('*.')} {endpoint.port}",
        "remote-random-hostname",
        "resolv-retry infinite",
        "nobind",
        "remote-cert-tls server",
        "cipher AES-256-GCM",
        "verb 3",
        "<ca>",
        (bundle.chain or bundle.cert).decode().strip(),
        "</ca>",
        "reneg-sec 0",
        f"verify-x509-name {domains(bundle._cert)[0]} name",
    ]
    return {"ClientConfiguration": "\n".join([*lines, ""])}
