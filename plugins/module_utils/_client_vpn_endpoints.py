# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client VPN endpoints, without what hangs on them: how the sheet writes one, how AWS takes it, and how one is made.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _client_vpn, _networks, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

CERTIFICATE = "certificate-authentication"
WIDEST = 12
NARROWEST = 22
# Where home routers have their networks, from which users come.
HOMES = ("192.168.0.0/24", "192.168.1.0/24", "192.168.10.0/24", "192.168.11.0/24", "192.168.100.0/24")

# Option → member, of both calls.
VALUES = dict(
    description="Description",
    server_certificate="ServerCertificateArn",
    split_tunnel="SplitTunnel",
    vpn_port="VpnPort",
    self_service_portal="SelfServicePortal",
    session_timeout_hours="SessionTimeoutHours",
    disconnect_on_session_timeout="DisconnectOnSessionTimeout",
    vpc="VpcId",
)
# Structures, which both calls take whole.
STRUCTURES = dict(
    connection_log_options=(
        "ConnectionLogOptions",
        dict(
            enabled="Enabled",
            cloudwatch_log_group="CloudwatchLogGroup",
            cloudwatch_log_stream="CloudwatchLogStream",
            include_authorization_policy_context="IncludeAuthorizationPolicyContext",
        ),
    ),
    client_connect_options=("ClientConnectOptions", dict(enabled="Enabled", lambda_function_arn="LambdaFunctionArn")),
    client_login_banner_options=("ClientLoginBannerOptions", dict(enabled="Enabled", banner_text="BannerText")),
    client_route_enforcement_options=("ClientRouteEnforcementOptions", dict(enforced="Enforced")),
)
# Option of an authentication → the paths of its value in the request and in the answer.
AUTHENTICATION = dict(
    client_root_certificate_chain=("MutualAuthentication", "ClientRootCertificateChainArn", "ClientRootCertificateChain"),
    directory_id=("ActiveDirectory", "DirectoryId", "DirectoryId"),
    saml_provider_arn=("FederatedAuthentication", "SAMLProviderArn", "SamlProviderArn"),
    self_service_saml_provider_arn=("FederatedAuthentication", "SelfServiceSAMLProviderArn", "SelfServiceSamlProviderArn"),
)


def in_sheet_form(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    have = {option: endpoint.get(member) or None for option, member in VALUES.items() if option not in ("split_tunnel", "disconnect_on_session_timeout")}
    structures = {option: _read(members, endpoint.get(member, {})) for option, (member, members) in STRUCTURES.items()}
    return dict(
        have,
        **structures,
        id=endpoint["ClientVpnEndpointId"],
        client_cidr_block=endpoint.get("ClientCidrBlock"),
        authentication_options=[_authentication(one) for one in endpoint["AuthenticationOptions"]],
        transport_protocol=endpoint["TransportProtocol"],
        dns_servers=endpoint.get("DnsServers", []),
        security_groups=endpoint.get("SecurityGroupIds", []),
        split_tunnel=endpoint.get("SplitTunnel"),
        disconnect_on_session_timeout=endpoint.get("DisconnectOnSessionTimeout"),
        # Nothing but the address of the portal tells whether it is on.
        self_service_portal="enabled" if endpoint.get("SelfServicePortalUrl") else "disabled",
        _status=endpoint["Status"]["Code"],
        **_tags.name_and_tags(endpoint),
    )


def _read(members: Mapping[str, str], structure: Mapping[str, Any]) -> dict[str, Any]:
    return {option: structure[member] for option, member in members.items() if structure.get(member) is not None}


def _authentication(given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(type=given["Type"])
    for option, (outer, dummy, member) in AUTHENTICATION.items():
        if given.get(outer, {}).get(member):
            found[option] = given[outer][member]
    return found


def settings(named: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry, or the change, says of values and structures, as both calls take it."""
    arguments = {member: named[option] for option, member in VALUES.items() if option in named}
    for option, (member, members) in STRUCTURES.items():
        if option in named:
            arguments[member] = {inner: named[option][name] for name, inner in members.items() if named[option].get(name) is not None}
    return arguments


def _requested(given: Mapping[str, Any]) -> dict[str, Any]:
    request = dict(Type=given["type"])
    for option, (outer, member, dummy) in AUTHENTICATION.items():
        if given.get(option):
            request.setdefault(outer, {})[member] = given[option]
    return request


def check_size(client_cidr_block: str) -> None:
    block = _networks.network(client_cidr_block)
    if block is None or not WIDEST <= block.prefixlen <= NARROWEST:
        raise Problem(f"client_cidr_block must be an IPv4 block between /{WIDEST} and /{NARROWEST}, not {client_cidr_block}")


def check_place(aws: Aws, vpc: str | None, client_cidr_block: str) -> None:
    mine = _networks.network(client_cidr_block)
    for block in aws.once(_client_vpn.blocks_of_vpcs).get(vpc, ()):
        if _networks.network(block).overlaps(mine):
            raise Problem(f"client_cidr_block {client_cidr_block} overlaps {block} of its VPC: take a range that nothing else uses")


def make(aws: Aws, want: Mapping[str, Any], security_groups: list[str]) -> dict[str, Any]:
    """One without target networks, rules and routes, which come afterwards, one by one."""
    homes = [home for home in HOMES if _networks.network(home).overlaps(_networks.network(want["client_cidr_block"]))]
    if homes:
        aws.warn(f"ec2_client_vpn_endpoints {want['name']}: its range overlaps {', '.join(homes)}, which many home routers use; from there it may not work")
    _client_vpn.make_stream(aws, want["connection_log_options"])
    arguments = settings(want)
    # AWS switches the portal on unless told otherwise, and nobody asked for it.
    arguments.setdefault("SelfServicePortal", "disabled")
    if "dns_servers" in want:
        arguments["DnsServers"] = want["dns_servers"]
    if security_groups:
        arguments["SecurityGroupIds"] = security_groups
    if "transport_protocol" in want:
        arguments["TransportProtocol"] = want["transport_protocol"]
    arguments["ClientCidrBlock"] = want["client_cidr_block"]
    arguments["AuthenticationOptions"] = [_requested(one) for one in want["authentication_options"]]
    arguments["TagSpecifications"] = _tags.specifications("client-vpn-endpoint", want)
    order, look = aws.ec2.create_client_vpn_endpoint, partial(_client_vpn.endpoint, aws)
    made = _tokens.make(aws, order, arguments, lambda answer: answer["ClientVpnEndpointId"], look)
    return in_sheet_form(made)
