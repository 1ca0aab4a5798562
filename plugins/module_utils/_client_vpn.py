# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hangs on a Client VPN endpoint: target networks, authorization rules, routes. Each takes its time to come and to go.

Private to the collection. What a broken run has left on its way is waited for and not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _networks
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

LOCAL = "local"  # where a route between clients leads
THERE = ("associated", "active")
FAILED = ("association-failed", "failed")
LEAVING = ("disassociating", "disassociated", "revoking", "deleting")
NARROWEST = 27
ASSOCIATION_SECONDS = 1800
OTHER_SECONDS = 900


def endpoint(aws: Aws, endpoint_id: str) -> dict[str, Any] | None:
    """The endpoint as long as it is there."""
    filters = [dict(Name="endpoint-id", Values=[endpoint_id])]
    found = aws.pages("ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints", Filters=filters)
    return next((one for one in found if one["Status"]["Code"] != "deleted"), None)


def target_networks(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    found = aws.pages("ec2", "describe_client_vpn_target_networks", "ClientVpnTargetNetworks", ClientVpnEndpointId=endpoint_id)
    return [one for one in found if code(one) != "disassociated"]


def authorization_rules(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    return aws.pages("ec2", "describe_client_vpn_authorization_rules", "AuthorizationRules", ClientVpnEndpointId=endpoint_id)


def routes(aws: Aws, endpoint_id: str) -> list[dict[str, Any]]:
    return aws.pages("ec2", "describe_client_vpn_routes", "Routes", ClientVpnEndpointId=endpoint_id)


def code(thing: Mapping[str, Any]) -> str:
    return thing["Status"]["Code"]


def there(thing: Mapping[str, Any]) -> bool:
    """Whether it is in force: what is on its way counts as still to come, so that a run waits for it."""
    return code(thing) in THERE


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


# ---- coming and going


def _come(aws: Aws, look: Callable[[], dict[Any, dict]], keys: list, make: Callable[[Any], Any], what: str, limit: float) -> None:
    """Make those of the keys that are not there yet, and wait until all are in force."""
    if not keys:
        return
    present = _settled(aws, look, keys, what, limit)
    for key in keys:
        if key not in present:
            make(key)
    done = aws.wait(what, look, lambda seen: all(key in seen and code(seen[key]) in THERE + FAILED for key in keys), limit)
    for key in keys:
        if code(done[key]) in FAILED:
            raise Problem(f"{what}: {key} is {code(done[key])}. AWS says: {done[key]['Status'].get('Message') or 'nothing'}")


def _settled(aws: Aws, look: Callable[[], dict[Any, dict]], keys: list, what: str, limit: float) -> dict[Any, dict]:
    """What is there when nothing of the keys is on its way out any more."""
    return aws.wait(f"{what}: the end of the former", look, lambda seen: not any(key in seen and code(seen[key]) in LEAVING for key in keys), limit)


def _leave(aws: Aws, look: Callable[[], dict[Any, dict]], keys: list, drop: Callable[[Any, dict], Any], what: str, limit: float) -> None:
    if not keys:
        return
    with aws.reading():
        present = look()
    for key in keys:
        if key in present and code(present[key]) not in LEAVING:
            drop(key, present[key])
    aws.wait(f"end of {what}", look, lambda seen: not any(key in seen for key in keys), limit)


def associate(aws: Aws, endpoint_id: str, subnet_ids: list[str]) -> None:
    def look() -> dict[Any, dict]:
        return {one["TargetNetworkId"]: one for one in target_networks(aws, endpoint_id)}

    with aws.reading():
        failed = [key for key, one in look().items() if key in subnet_ids and code(one) in FAILED] if subnet_ids else []
    disassociate(aws, endpoint_id, failed)
    _come(
        aws,
        look,
        subnet_ids,
        lambda key: aws.ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint_id, SubnetId=key),
        f"target networks of {endpoint_id}",
        ASSOCIATION_SECONDS,
    )


def disassociate(aws: Aws, endpoint_id: str, subnet_ids: list[str]) -> None:
    _leave(
        aws,
        lambda: {one["TargetNetworkId"]: one for one in target_networks(aws, endpoint_id)},
        subnet_ids,
        lambda key, one: aws.ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint_id, AssociationId=one["AssociationId"]),
        f"target networks of {endpoint_id}",
        ASSOCIATION_SECONDS,
    )


def _rules(aws: Aws, endpoint_id: str) -> dict[Any, dict]:
    return {(one["DestinationCidr"], one.get("GroupId") or None): one for one in authorization_rules(aws, endpoint_id)}


def authorize(aws: Aws, endpoint_id: str, rules: list[dict[str, Any]]) -> None:
    by_key = {(rule["target_network_cidr"], rule.get("access_group_id")): rule for rule in rules}

    def make(key: Any) -> None:
        network, group = key
        who = dict(AccessGroupId=group) if group else dict(AuthorizeAllGroups=True)
        aws.ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint_id, TargetNetworkCidr=network, **who, **_described(by_key[key]))

    _come(aws, lambda: _rules(aws, endpoint_id), list(by_key), make, f"authorization rules of {endpoint_id}", OTHER_SECONDS)


def revoke(aws: Aws, endpoint_id: str, rules: list[dict[str, Any]]) -> None:
    def drop(key: Any, dummy: dict) -> None:
        network, group = key
        who = dict(AccessGroupId=group) if group else dict(RevokeAllGroups=True)
        aws.ec2.revoke_client_vpn_ingress(ClientVpnEndpointId=endpoint_id, TargetNetworkCidr=network, **who)

    keys = [(rule["target_network_cidr"], rule.get("access_group_id")) for rule in rules]
    _leave(aws, lambda: _rules(aws, endpoint_id), keys, drop, f"authorization rules of {endpoint_id}", OTHER_SECONDS)


def _routes(aws: Aws, endpoint_id: str) -> dict[Any, dict]:
    return {(one["DestinationCidr"], one["TargetSubnet"]): one for one in routes(aws, endpoint_id)}


def create_routes(aws: Aws, endpoint_id: str, wanted: list[dict[str, Any]]) -> None:
    """A route needs its network associated, which a run before this one may have begun."""
    by_key = {(route["destination_cidr_block"], route.get("target_vpc_subnet") or LOCAL): route for route in wanted}
    if by_key:
        aws.wait(f"target networks of {endpoint_id}", lambda: target_networks(aws, endpoint_id), _none_coming, ASSOCIATION_SECONDS)

    def make(key: Any) -> None:
        network, subnet = key
        aws.ec2.create_client_vpn_route(
            ClientVpnEndpointId=endpoint_id, DestinationCidrBlock=network, TargetVpcSubnetId=subnet, **_described(by_key[key])
        )

    _come(aws, lambda: _routes(aws, endpoint_id), list(by_key), make, f"routes of {endpoint_id}", OTHER_SECONDS)


def _none_coming(networks: list[dict[str, Any]]) -> bool:
    return not any(code(one) == "associating" for one in networks)


def delete_routes(aws: Aws, endpoint_id: str, unwanted: list[dict[str, Any]]) -> None:
    def drop(key: Any, dummy: dict) -> None:
        network, subnet = key
        aws.ec2.delete_client_vpn_route(ClientVpnEndpointId=endpoint_id, DestinationCidrBlock=network, TargetVpcSubnetId=subnet)

    keys = [(route["destination_cidr_block"], route.get("target_vpc_subnet") or LOCAL) for route in unwanted]
    _leave(aws, lambda: _routes(aws, endpoint_id), keys, drop, f"routes of {endpoint_id}", OTHER_SECONDS)


def _described(item: Mapping[str, Any]) -> dict[str, Any]:
    return dict(Description=item["description"]) if item.get("description") else {}
