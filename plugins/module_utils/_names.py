# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in, ids inside: where the things that others refer to are listed, and how a name in a sheet finds its id.

Private to the collection. A kind that can be referred to has a line in LOOKUPS; the whole list is read once per run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils._options import Problem, Unknown

TAG = "tag"
ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}|arn:.+")


class Lookup(NamedTuple):
    """How to list a kind: the call, where its results are, and which members hold id, name and scope."""

    service: str
    operation: str
    result: str
    id: str
    name: str = TAG
    scope: str | None = None
    arguments: Mapping[str, Any] = {}
    state: str | None = None


DEAD = {"deleted", "deleting", "failed", "rejected", "expired", "shutting-down", "terminated"}

LOOKUPS: dict[str, Lookup] = {
    "ec2_dhcp_options": Lookup("ec2", "describe_dhcp_options", "DhcpOptions", "DhcpOptionsId"),
    "ec2_elastic_ips": Lookup("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "ec2_instances": Lookup("ec2", "describe_instances", "Reservations[].Instances", "InstanceId", state="State.Name"),
    "ec2_internet_gateways": Lookup("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "ec2_key_pairs": Lookup("ec2", "describe_key_pairs", "KeyPairs", "KeyName", "KeyName"),
    "ec2_nat_gateways": Lookup("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", scope="VpcId", state="State"),
    "ec2_network_interfaces": Lookup("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", scope="VpcId"),
    "ec2_route_tables": Lookup("ec2", "describe_route_tables", "RouteTables", "RouteTableId", scope="VpcId"),
    "ec2_security_groups": Lookup("ec2", "describe_security_groups", "SecurityGroups", "GroupId", "GroupName", scope="VpcId"),
    "ec2_subnets": Lookup("ec2", "describe_subnets", "Subnets", "SubnetId", scope="VpcId"),
    "ec2_vpc_endpoints": Lookup("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", scope="VpcId", state="State"),
    "ec2_vpc_peering_connections": Lookup(
        "ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId", state="Status.Code"
    ),
    "ec2_vpcs": Lookup("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "ec2_vpn_gateways": Lookup("ec2", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", state="State"),
    "iam_groups": Lookup("iam", "list_groups", "Groups", "GroupName", "GroupName"),
    "iam_instance_profiles": Lookup("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", "InstanceProfileName"),
    "iam_roles": Lookup("iam", "list_roles", "Roles", "RoleName", "RoleName"),
    "iam_users": Lookup("iam", "list_users", "Users", "UserName", "UserName"),
    "logs_log_groups": Lookup("logs", "describe_log_groups", "logGroups", "logGroupName", "logGroupName"),
    "s3_buckets": Lookup("s3", "list_buckets", "Buckets", "Name", "Name"),
    "sns_topics": Lookup("sns", "list_topics", "Topics", "TopicArn", "TopicArn:last"),
}


class Missing(Problem):
    """Nothing has this name."""


class Known(NamedTuple):
    id: str
    name: str | None
    scope: str | None


class Names:
    """Name ↔ id for every kind that is referred to. `planned` are names of the sheet that may not exist yet (kind → names)."""

    def __init__(self, aws: Any, planned: Mapping[str, Iterable[str]], check_mode: bool) -> None:
        self._aws = aws
        self._planned = {kind: set(names) for kind, names in planned.items()}
        self._check_mode = check_mode
        self._known: dict[str, list[Known]] = {}
        self._lock = threading.Lock()

    def plan(self, kind: str, names: Iterable[str]) -> None:
        """This run itself will make these, even when no sheet was given."""
        self._planned.setdefault(kind, set()).update(names)

    def add(self, kind: str, id: str, name: str | None, scope: str | None = None) -> None:  # pylint: disable=redefined-builtin
        """A thing was just made."""
        if kind in LOOKUPS:
            self._all(kind).append(Known(id, name, scope))

    def id_of(self, kind: str, value: str, scope: str | None = None, own: bool = False, elsewhere: bool = False) -> str:
        """The id for a name, an id or scope/name. Unknown (known after apply) for what this run will make."""
        found = self._matches(kind, value, scope)
        if len({known.id for known in found}) > 1:
            listed = ", ".join(sorted(f"{known.id} ({known.scope})" if known.scope else known.id for known in found))
            raise Problem(f"{value!r} means more than one of {kind}: {listed}. Write the id, or scope/name, instead of the name")
        if found:
            return found[0].id
        planned = self._planned.get(kind, ())
        if value in planned or value.rpartition("/")[2] in planned:
            if self._check_mode or own:
                return Unknown(value)
            raise Problem(f"{value!r} of {kind} is in the sheet but does not exist: it was not made in this run, see what is said about it there")
        if elsewhere and ID.fullmatch(value):
            return value
        raise Missing(f"there is no {value!r} among {kind}, neither in the account nor in the sheet")

    def ids(self, kind: str, value: str) -> list[str]:
        """Every id that a name (an id, scope/name) means, without judging."""
        return sorted({known.id for known in self._matches(kind, value, None)})

    def name_of(self, kind: str, id: str | None) -> str | None:  # pylint: disable=redefined-builtin
        """The name to show for an id: with its scope where the name alone could be another's; the id itself where it has none."""
        if id is None or kind not in LOOKUPS:
            return id
        known = next((known for known in self._all(kind) if known.id == id), None)
        if known is None or not known.name or known.name == id:
            return id
        alike = [other for other in self._all(kind) if other.name == known.name]
        return known.name if len(alike) == 1 else id

    def _matches(self, kind: str, value: str, scope: str | None) -> list[Known]:
        everything = self._all(kind)
        exact = [known for known in everything if known.id == value]
        if exact:
            return exact
        by_name = [known for known in everything if known.name == value]
        if scope and len(by_name) > 1:
            by_name = [known for known in by_name if known.scope == scope] or by_name
        # Names may hold a / themselves, such as those of log groups: only what lies in a scope can be scope/name.
        if by_name or "/" not in value or not any(known.scope for known in everything):
            return by_name
        parent, dummy, name = value.partition("/")
        parents = {parent} | {known.id for known in self._all("ec2_vpcs") if known.name == parent}
        return [known for known in everything if known.name == name and known.scope in parents]

    def _all(self, kind: str) -> list[Known]:
        with self._lock:
            if kind not in self._known:
                self._known[kind] = [] if kind not in LOOKUPS else list(_list(self._aws, LOOKUPS[kind]))
            return self._known[kind]


def _list(aws: Any, lookup: Lookup) -> Iterable[Known]:
    outer, dummy, inner = lookup.result.partition("[].")
    things = aws.pages(lookup.service, lookup.operation, outer, **lookup.arguments)
    if inner:
        things = [thing for group in things for thing in group[inner]]
    for thing in things:
        if lookup.state is None or str(_member(thing, lookup.state)).lower() not in DEAD:
            yield Known(thing[lookup.id], _name(thing, lookup.name), thing.get(lookup.scope) if lookup.scope else None)


def _member(thing: Mapping[str, Any], path: str) -> Any:
    for part in path.split("."):
        thing = (thing or {}).get(part)
    return thing


def _name(thing: Mapping[str, Any], member: str) -> str | None:
    if member == TAG:
        return next((tag["Value"] for tag in thing.get("Tags") or thing.get("TagSet") or [] if tag["Key"] == "Name"), None)
    member, dummy, last = member.partition(":")
    return thing[member].rpartition(":")[2] if last else thing[member]
