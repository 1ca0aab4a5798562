# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hangs on a Client VPN endpoint: target networks, authorization rules, routes. Each takes its time to come and to go.

Private to the collection. What is on its way counts as there, and the engine waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _networks
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

LOCAL = "local"  # where a route between clients leads
COMING = ("associating", "authorizing", "creating")
FAILED = ("association-failed", "failed")
LEAVING = ("disassociating", "revoking", "deleting")
NARROWEST = 27
# An association takes 10 minutes, and what follows one or two.
SECONDS = 1800


def described(aws: Aws, *filters: dict[str, Any]) -> list[dict[str, Any]]:
    return aws.pages("ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints", Filters=list(filters))


def endpoints(aws: Aws) -> list[dict[str, Any]]:
    """All that are there and stay."""
    return [one for one in described(aws) if code(one) not in ("deleting", "deleted")]


def endpoint(aws: Aws, endpoint_id: str) -> dict[str, Any] | None:
    """The endpoint as long as it is there."""
    found = described(aws, dict(Name="endpoint-id", Values=[endpoint_id]))
    return next((one for one in found if code(one) != "deleted"), None)


def code(thing: Mapping[str, Any]) -> str:
    return thing["Status"]["Code"]


def sessions(aws: Aws, endpoint_id: str) -> list[str]:
    """Who is connected right now. AWS goes on showing sessions for an hour after they have ended."""
    found = aws.pages("ec2", "describe_client_vpn_connections", "Connections", ClientVpnEndpointId=endpoint_id)
    return sorted(one.get("Username") or one.get("CommonName") or one["ConnectionId"] for one in found if code(one) == "active")


# ---- before anything is touched


def blocks_of_vpcs(aws: Aws) -> dict[str, list[str]]:
    found = aws.pages("ec2", "describe_vpcs", "Vpcs")
    return {vpc["VpcId"]: [block["CidrBlock"] for block in vpc.get("CidrBlockAssociationSet", [])] for vpc in found}


def _subnets(aws: Aws) -> dict[str, dict[str, Any]]:
    return {subnet["SubnetId"]: subnet for subnet in aws.pages("ec2", "describe_subnets", "Subnets")}


def check_networks(aws: Aws, subnet_ids: Iterable[str]) -> None:
    """What AWS would refuse only when some of them are associated already."""
    zones: dict[str, str] = {}
    for subnet_id in subnet_ids:
        subnet = aws.once(_subnets)[subnet_id]
        zone, block = subnet["AvailabilityZone"], subnet["CidrBlock"]
        if zones.setdefault(zone, subnet_id) != subnet_id:
            raise Problem(f"target_networks: {zones[zone]} and {subnet_id} are both in {zone}, and an endpoint takes one subnet of each Availability Zone")
        if _networks.network(block).prefixlen > NARROWEST:
            raise Problem(f"target_networks: {subnet_id} is {block}, and a target network must be a /{NARROWEST} or larger")


def make_stream(aws: Aws, options: Mapping[str, Any]) -> None:
    """A log stream that is named has to be there; one that is not named AWS makes itself."""
    group, stream = options.get("cloudwatch_log_group"), options.get("cloudwatch_log_stream")
    if not (options.get("enabled") and group and stream):
        return
    if stream not in aws.once(_streams, group):
        try:
            aws.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        except AWS_ERRORS as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise


def _streams(aws: Aws, group: str) -> set[str]:
    return {one["logStreamName"] for one in aws.pages("logs", "describe_log_streams", "logStreams", logGroupName=group)}


# ---- the three parts, and how they come and go


@dataclass(frozen=True)
class Part:
    """One of the three: how AWS lists them, how the sheet writes one, and how one comes and goes. `key` is what makes two the same, of a thing or an item."""

    option: str
    listed: Callable[[Aws, str], list[dict[str, Any]]]
    shown: Callable[[Mapping[str, Any]], Any]
    key: Callable[[Any], Any]
    make: Callable[..., Any]
    drop: Callable[..., Any]


def _networks_of(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    found = aws.pages("ec2", "describe_client_vpn_target_networks", "ClientVpnTargetNetworks", ClientVpnEndpointId=endpoint_id)
    return [one for one in found if code(one) != "disassociated"]


def _associate(aws: Aws, endpoint_id: str, subnet_id: str) -> None:
    aws.ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint_id, SubnetId=subnet_id)


def _disassociate(aws: Aws, endpoint_id: str, network: Mapping[str, Any]) -> None:
    aws.ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint_id, AssociationId=network["AssociationId"])


def _rules_of(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    return aws.pages("ec2", "describe_client_vpn_authorization_rules", "AuthorizationRules", ClientVpnEndpointId=endpoint_id)


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return dict(
        target_network_cidr=rule["DestinationCidr"],
        access_group_id=rule.get("GroupId") or None,
        authorize_all_groups=bool(rule.get("AccessAll")),
        description=rule.get("Description") or None,
    )


def _authorize(aws: Aws, endpoint_id: str, rule: Mapping[str, Any]) -> None:
    who = dict(AccessGroupId=rule["access_group_id"]) if rule.get("access_group_id") else dict(AuthorizeAllGroups=True)
    aws.ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint_id, TargetNetworkCidr=rule["target_network_cidr"], **who, **_with_description(rule))


def _revoke(aws: Aws, endpoint_id: str, rule: Mapping[str, Any]) -> None:
    who = dict(AccessGroupId=rule["GroupId"]) if rule.get("GroupId") else dict(RevokeAllGroups=True)
    aws.ec2.revoke_client_vpn_ingress(ClientVpnEndpointId=endpoint_id, TargetNetworkCidr=rule["DestinationCidr"], **who)


def _routes_of(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    """Without those that came with a target network."""
    found = aws.pages("ec2", "describe_client_vpn_routes", "Routes", ClientVpnEndpointId=endpoint_id)
    return [one for one in found if one["Origin"] == "add-route"]


def _route(route: Mapping[str, Any]) -> dict[str, Any]:
    subnet = route["TargetSubnet"]
    return dict(
        destination_cidr_block=route["DestinationCidr"],
        target_vpc_subnet=None if subnet == LOCAL else subnet,
        description=route.get("Description") or None,
    )


def _create_route(aws: Aws, endpoint_id: str, route: Mapping[str, Any]) -> None:
    network, subnet = route["destination_cidr_block"], route.get("target_vpc_subnet") or LOCAL
    aws.ec2.create_client_vpn_route(ClientVpnEndpointId=endpoint_id, DestinationCidrBlock=network, TargetVpcSubnetId=subnet, **_with_description(route))


def _delete_route(aws: Aws, endpoint_id: str, route: Mapping[str, Any]) -> None:
    network, subnet = route["DestinationCidr"], route["TargetSubnet"]
    aws.ec2.delete_client_vpn_route(ClientVpnEndpointId=endpoint_id, DestinationCidrBlock=network, TargetVpcSubnetId=subnet)


def _with_description(item: Mapping[str, Any]) -> dict[str, Any]:
    return dict(Description=item["description"]) if item.get("description") else {}


NETWORKS = Part("target_networks", _networks_of, lambda one: one["TargetNetworkId"], lambda item: item, _associate, _disassociate)
RULES = Part(
    "authorization_rules", _rules_of, _rule, lambda item: (item["target_network_cidr"], item.get("access_group_id")), _authorize, _revoke
)
ROUTES = Part(
    "routes", _routes_of, _route, lambda item: (item["destination_cidr_block"], item.get("target_vpc_subnet")), _create_route, _delete_route
)
PARTS = (NETWORKS, RULES, ROUTES)


def in_sheet_form(aws: Aws, endpoint_id: str, parts: Iterable[Part] = PARTS) -> dict[str, Any]:
    """The options of these parts, what AWS is still at work on, and what came to nothing."""
    found: dict[str, Any] = dict(_moving=None, _failed=None)
    for part in parts:
        listed = part.listed(aws, endpoint_id)
        found[part.option] = [part.shown(one) for one in listed if code(one) not in LEAVING + FAILED]
        found["_moving"] = found["_moving"] or next((code(one) for one in listed if code(one) in COMING + LEAVING), None)
        failed = next((one for one in listed if code(one) in FAILED), None)
        if failed:
            said = failed["Status"].get("Message") or "nothing"
            found["_failed"] = f"{part.option}: {part.key(part.shown(failed))} is {code(failed)}. AWS says: {said}"
    return found


def end(aws: Aws, part: Part, endpoint_id: str, items: Iterable[Any]) -> bool:
    """Begin the end of these; whether any of them goes."""
    keys = {part.key(item) for item in items}
    leaving = [one for one in _there(aws, part, endpoint_id) if part.key(part.shown(one)) in keys] if keys else []
    for one in leaving:
        if code(one) not in LEAVING:
            part.drop(aws, endpoint_id, one)
    return bool(leaving)


def begin(aws: Aws, part: Part, endpoint_id: str, items: list[Any]) -> None:
    """Begin these. What has failed before stands in the way of another try."""
    failed = [part.shown(one) for one in _there(aws, part, endpoint_id) if code(one) in FAILED] if items else []
    keys = {part.key(item) for item in items}
    if end(aws, part, endpoint_id, [one for one in failed if part.key(one) in keys]):
        await_end(aws, endpoint_id)
    for item in items:
        part.make(aws, endpoint_id, item)


def _there(aws: Aws, part: Part, endpoint_id: str) -> list[dict[str, Any]]:
    with aws.reading():
        return part.listed(aws, endpoint_id)


def await_end(aws: Aws, endpoint_id: str) -> None:
    """Until what goes is gone: what comes may take its place, or need it away. A plan does not wait."""
    if aws.check_mode:
        return
    aws.wait(f"end of what {endpoint_id} no longer has", lambda: _codes(aws, endpoint_id), lambda seen: not set(seen) & set(LEAVING), SECONDS)


def await_networks(aws: Aws, endpoint_id: str) -> None:
    """Until its target networks are there, which their routes need."""
    aws.wait(f"target networks of {endpoint_id}", lambda: _codes(aws, endpoint_id, NETWORKS), lambda seen: "associating" not in seen, SECONDS)


def _codes(aws: Aws, endpoint_id: str, *parts: Part) -> list[str]:
    return [code(one) for part in parts or PARTS for one in part.listed(aws, endpoint_id)]


def has_coming_networks(aws: Aws, endpoint_id: str) -> bool:
    return "associating" in [code(one) for one in _there(aws, NETWORKS, endpoint_id)]
