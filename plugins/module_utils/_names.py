# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in, ids inside: where the things that others refer to are listed, and how a name in a sheet finds its id.

Private to the collection. A kind that can be referred to has a line in LOOKUPS; the whole list is read once per run.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, Unknown, Unmade

TAG = "tag"
ID = re.compile(r"(\d{12}/)?[a-z]+-[0-9a-f]{8,17}|dx[a-z]+-[0-9a-z]{8}|arn:.+")  # of another account also as account/id
# Ids in a text beside which it does not say yet what they are called. After a / one is part of a word that is to be pasted, such as that of a confirmation.
IN_TEXT = re.compile(r"""(?<![(/\w-])(?:dx[a-z]+-[0-9a-z]{8}|[a-z]+-[0-9a-f]{8,17}|arn:[^\s,;'")]++)(?![\w-]| \()""")
OWNED = re.compile(r"arn:[^:]+:[^:]+:(?P<region>[^:]*):(?P<account>[^:]*):.+")
AWS_ITSELF = "aws"  # in the place of the account, in the ARN of what AWS has for everybody
ZONE = re.compile(r"[a-z0-9-]+")
IMAGE = re.compile(r"ami-[0-9a-f]{8}([0-9a-f]{9})?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Lookup(NamedTuple):
    """How to list a kind: the call, where its results are, and which members hold id, name and scope.

    every      arguments that leave something out of the list unless they name all choices of the service model: argument → its path there
    tags_call  where the list has no tags: the call that gives those of one thing, and its argument for the id
    called     (member, resource type): a thing is called as the EC2 resource of that type whose id its member holds
    between    members that hold the ids of the two things that it joins, in the order of the identity of the kind that means it by them
    ids        how its ids look, where not like those of others
    provided   with these arguments the call lists what AWS has for everybody
    asked      the filter by which the call is asked for ids, of what is too much to be listed; whose entry is there needs it no more
    What no kind makes has a line too, under a name of its own, and so has what several make and one call lists; `made_by` says which kinds.
    """

    service: str
    operation: str
    result: str
    id: str
    name: str = TAG
    scope: str | None = None
    arguments: Mapping[str, Any] = {}
    state: str | None = None
    every: Mapping[str, str] = {}
    tags_call: tuple[str, str] | None = None
    called: tuple[str, str] | None = None
    between: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()
    ids: re.Pattern[str] = ID
    provided: Mapping[str, Any] = {}
    asked: str = ""


FILTERED = 200  # values of a filter
DEAD = {"deleted", "deleting", "failed", "rejected", "expired", "shutting-down", "terminated"}

LOOKUPS: dict[str, Lookup] = {
    "acm_certificates": Lookup(
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        "CertificateArn",
        every={"Includes": "ListCertificates.Includes.keyTypes"},
        tags_call=("list_tags_for_certificate", "CertificateArn"),
    ),
    "autoscaling_groups": Lookup("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName", "AutoScalingGroupName"),
    "directconnect_connections": Lookup(
        "directconnect",
        "describe_connections",
        "connections",
        "connectionId",
        "connectionName",
        state="connectionState",
        made_by=("directconnect_connections", "directconnect_hosted_connections"),
    ),
    "directconnect_gateways": Lookup(
        "directconnect",
        "describe_direct_connect_gateways",
        "directConnectGateways",
        "directConnectGatewayId",
        "directConnectGatewayName",
        state="directConnectGatewayState",
        ids=UUID,
    ),
    "directconnect_lags": Lookup("directconnect", "describe_lags", "lags", "lagId", "lagName", state="lagState"),
    "ec2_availability_zone_ids": Lookup("ec2", "describe_availability_zones", "AvailabilityZones", "ZoneId", "ZoneId", ids=ZONE),
    "ec2_availability_zones": Lookup("ec2", "describe_availability_zones", "AvailabilityZones", "ZoneName", "ZoneName", ids=ZONE),
    "ec2_client_vpn_endpoints": Lookup("ec2", "describe_client_vpn_endpoints", "ClientVpnEndpoints", "ClientVpnEndpointId", state="Status.Code"),
    "ec2_customer_gateways": Lookup("ec2", "describe_customer_gateways", "CustomerGateways", "CustomerGatewayId", state="State"),
    "ec2_dhcp_options": Lookup("ec2", "describe_dhcp_options", "DhcpOptions", "DhcpOptionsId"),
    "ec2_elastic_ips": Lookup("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "ec2_images": Lookup(
        "ec2", "describe_images", "Images", "ImageId", "ImageId", arguments={"IncludeDeprecated": True, "IncludeDisabled": True}, ids=IMAGE, asked="image-id"
    ),
    "ec2_instances": Lookup("ec2", "describe_instances", "Reservations[].Instances", "InstanceId", state="State.Name"),
    "ec2_internet_gateways": Lookup("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "ec2_key_pairs": Lookup("ec2", "describe_key_pairs", "KeyPairs", "KeyName", "KeyName"),
    "ec2_launch_templates": Lookup("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", "LaunchTemplateName"),
    "ec2_managed_prefix_lists": Lookup("ec2", "describe_managed_prefix_lists", "PrefixLists", "PrefixListId", "PrefixListName"),
    "ec2_nat_gateways": Lookup("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", scope="VpcId", state="State"),
    "ec2_network_interfaces": Lookup("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", scope="VpcId"),
    "ec2_route_tables": Lookup("ec2", "describe_route_tables", "RouteTables", "RouteTableId", scope="VpcId"),
    "ec2_security_groups": Lookup("ec2", "describe_security_groups", "SecurityGroups", "GroupId", "GroupName", scope="VpcId"),
    "ec2_subnets": Lookup("ec2", "describe_subnets", "Subnets", "SubnetId", scope="VpcId"),
    "ec2_transit_gateway_attachments": Lookup(
        "ec2",
        "describe_transit_gateway_attachments",
        "TransitGatewayAttachments",
        "TransitGatewayAttachmentId",
        state="State",
        called=("ResourceId", "vpn-connection"),
        between=("ResourceId", "TransitGatewayId"),
        made_by=(
            "directconnect_transit_gateway_associations",
            "ec2_transit_gateway_attachment_accepters",
            "ec2_transit_gateway_peering_attachments",
            "ec2_vpn_connections",
            "ec2_transit_gateway_vpc_attachments",
        ),
    ),
    "ec2_transit_gateways": Lookup("ec2", "describe_transit_gateways", "TransitGateways", "TransitGatewayId", state="State"),
    "ec2_volumes": Lookup("ec2", "describe_volumes", "Volumes", "VolumeId", state="State"),
    "ec2_vpc_endpoints": Lookup("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", scope="VpcId", state="State"),
    "ec2_vpc_peering_connections": Lookup(
        "ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId", state="Status.Code"
    ),
    "ec2_vpcs": Lookup("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "ec2_vpn_connections": Lookup("ec2", "describe_vpn_connections", "VpnConnections", "VpnConnectionId", state="State"),
    "ec2_vpn_gateways": Lookup("ec2", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", state="State"),
    "elbv2_load_balancers": Lookup("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "LoadBalancerName"),
    "elbv2_target_groups": Lookup("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn", "TargetGroupName"),
    "elbv2_trust_stores": Lookup("elbv2", "describe_trust_stores", "TrustStores", "TrustStoreArn", "Name"),
    "firehose_delivery_streams": Lookup(
        "firehose", "list_delivery_streams", "DeliveryStreamNames", "DeliveryStreamName", "DeliveryStreamName", arguments={"Limit": 10000}
    ),
    "iam_groups": Lookup("iam", "list_groups", "Groups", "GroupName", "GroupName"),
    "iam_instance_profiles": Lookup("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", "InstanceProfileName"),
    "iam_policies": Lookup(
        "iam",
        "list_policies",
        "Policies",
        "Arn",
        "PolicyName",
        arguments={"Scope": "Local"},
        provided={"Scope": "AWS", "PaginationConfig": {"PageSize": 1000}},
    ),
    "iam_roles": Lookup("iam", "list_roles", "Roles", "RoleName", "RoleName"),
    "iam_users": Lookup("iam", "list_users", "Users", "UserName", "UserName"),
    "lambda_functions": Lookup("lambda", "list_functions", "Functions", "FunctionName", "FunctionName"),
    "logs_log_groups": Lookup("logs", "describe_log_groups", "logGroups", "logGroupName", "logGroupName"),
    "mackerel_channels": Lookup("mackerel", "/channels", "channels", "id", "name"),
    "mackerel_hosts": Lookup(
        "mackerel", "/hosts", "hosts", "id", "name", arguments={"status": ("working", "standby", "maintenance", "poweroff")}
    ),
    "mackerel_monitors": Lookup("mackerel", "/monitors", "monitors", "id", "name"),
    "mackerel_notification_groups": Lookup("mackerel", "/notification-groups", "notificationGroups", "id", "name"),
    "mackerel_roles": Lookup("mackerel", "roles", "", "fullname", "fullname"),
    "mackerel_scopes": Lookup("mackerel", "scopes", "", "fullname", "fullname", made_by=("mackerel_roles", "mackerel_services")),
    "mackerel_services": Lookup("mackerel", "services", "", "name", "name"),
    "mackerel_users": Lookup("mackerel", "/users", "users", "id", "email"),
    "networkfirewall_firewall_policies": Lookup("network-firewall", "list_firewall_policies", "FirewallPolicies", "Arn", "Name"),
    "networkfirewall_firewalls": Lookup("network-firewall", "list_firewalls", "Firewalls", "FirewallArn", "FirewallName"),
    "networkfirewall_rule_groups": Lookup("network-firewall", "list_rule_groups", "RuleGroups", "Arn", "Name"),
    "ram_resource_shares": Lookup(
        "ram", "get_resource_shares", "resourceShares", "resourceShareArn", "name", state="status", arguments={"resourceOwner": "SELF"}
    ),
    "s3_buckets": Lookup("s3", "list_buckets", "Buckets", "Name", "Name"),
    "secretsmanager_certificate_authorities": Lookup(
        "secretsmanager", "list_secrets", "SecretList", "Name", "Name", arguments={"Filters": [{"Key": "tag-key", "Values": ["CertificateAuthority"]}]}
    ),
    "sns_topics": Lookup("sns", "list_topics", "Topics", "TopicArn", "TopicArn:last"),
}


SCOPES = "ec2_vpcs"  # what the scopes in LOOKUPS are


class Missing(Problem):
    """Nothing has this name."""


class Known(NamedTuple):
    """A thing with its name, and the ids of what it lies in and of what it joins.

    One that the sheet will make has an Unknown as id, and its scope as the sheet writes it.
    """

    id: str
    name: str | None
    scope: str | None
    between: tuple[str | None, ...] = ()


class Index:
    """The things of one kind, by id and by name."""

    def __init__(self, things: Iterable[Known]) -> None:
        self.by_id: dict[str, Known] = {}
        self.by_name: dict[str | None, list[Known]] = defaultdict(list)
        for thing in things:
            self.add(thing)

    def add(self, thing: Known) -> None:
        if thing.id not in self.by_id:
            self.by_id[thing.id] = thing
            self.by_name[thing.name].append(thing)


class Names:
    """Name ↔ id for every kind that is referred to. `planned` are names of the sheet that may not exist yet (kind → names, or scope/name).

    `neighbours` are the other contracts of the same run (host → kind → label → id, or None for what that run will make; and host → "plans" →
    kind → labels of what their tasks make or change); a reference to something of theirs is host:name.
    """

    def __init__(
        self, aws: Any, planned: Mapping[str, Iterable[str]], check_mode: bool, neighbours: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._aws = aws
        self._check_mode = check_mode
        self._neighbours = neighbours or {}
        self._planned: dict[str, dict[str, dict[str | None, type[Unknown]]]] = {}
        self._known: dict[str, Index] = {}
        self._lock = threading.Lock()
        for kind, labels in planned.items():
            self.plan(kind, labels)

    def plan(self, kind: str, labels: Iterable[str], known_as: type[Unknown] = Unknown) -> None:
        """The sheet will make these; or this very task will, until when they are Unmade."""
        planned = self._planned.setdefault(kind, {})
        for label in labels:
            scope, dummy, name = label.partition("/") if scoped(kind) and "/" in label else (None, "", label)
            planned.setdefault(name, {})[scope] = known_as

    def add(self, kind: str, id: str, name: str | None, scope: str | None = None) -> None:  # pylint: disable=redefined-builtin
        """A thing was just made, or would be by now. A plan in which nothing was asked of the kind asks nothing for this."""
        if kind in LOOKUPS and (kind in self._known or not self._check_mode):
            index = self._all(kind)
            with self._lock:
                index.add(Known(id, name, scope))

    def near(self, id: str) -> str:  # pylint: disable=redefined-builtin
        """The id of what must be in this Region."""
        region = region_of(id)
        if region and region != self._aws.region:
            raise Problem(_shapes.said("other_region", value=id, limit=self._aws.region, other=region))
        return id

    def id_of(self, kind: str, value: str, scope: str | None = None, elsewhere: bool = False) -> str:
        """The id for a name, an id or scope/name. Unknown (known after apply) for what this run will make.

        What the sheet will make counts like what is there: a name must never lead to another thing because the right one is still missing.
        """
        if elsewhere and self._is_neighbours(value):
            return self._of_neighbour(kind, value)
        found = self._matches(kind, value, scope)
        if len(found) > 1:
            listed = ", ".join(sorted(self._told(known) for known in found))
            raise Problem(f"{value!r} means more than one of {kind}: {listed}. Write the id, or scope/name, instead of the name")
        if not found and elsewhere and is_id(kind, value) and not self._is_listed(value):
            return value
        if not found:
            raise Missing(f"there is no {value!r} among {kind}, neither in the account nor in what this run makes")
        if isinstance(found[0].id, Unknown) and not (self._check_mode or isinstance(found[0].id, Unmade)):
            raise Problem(f"{value!r} of {kind} is in the sheet but does not exist: it was not made in this run, see what is said about it there")
        return found[0].id

    def pinned(self, kind: str, given: str | None, going: bool = False) -> str | None:
        """The id that an entry gives: as it is, or as host:name of the neighbour that made the thing.

        What is to go, and the neighbour has no more or removes in this run, is not there.
        """
        if not given or not self._is_neighbours(given):
            return given
        try:
            return self._of_neighbour(kind, given)
        except Missing as gone:
            if not going:
                raise
            self._aws.warn(f"{kind} {given}: {gone}, so there is nothing to remove")
            return Unknown(given)

    def _is_neighbours(self, value: str) -> bool:
        """Whether it is host:name. A host's name alone is nothing: a thing of one's own may be called so."""
        host, colon, dummy = value.partition(":")
        return bool(colon) and host in self._neighbours

    def _of_neighbour(self, kind: str, value: str) -> str:
        """The id for host:name."""
        host, dummy, name = value.partition(":")
        things = labelled(self._neighbours[host].get(kind) or {}, name)
        if len(things) > 1:
            raise Problem(f"{value!r} means more than one of {kind}: {', '.join(sorted(things))}. Write host:scope/name instead")
        if not things:
            raise Missing(f"{host} has no {name!r} among {kind}, neither in its account nor in what this run makes there")
        (thing,) = things.values()
        if thing is None and not self._check_mode:
            raise Problem(f"{value!r} of {kind} is in the sheet of {host} but does not exist: it was not made in this run, see what is said about it there")
        return thing or Unknown(value)

    def is_asked_for(self, value: str, kind: str, kinds: Iterable[str]) -> bool:
        """Whether the plan of a neighbour whose thing it is, host:name, makes or changes something of these kinds; of its own kind, that very thing."""
        host, dummy, name = value.partition(":")
        plans = (self._neighbours.get(host) or {}).get("plans") or {}
        return any(name in plans.get(one, ()) if one == kind else plans.get(one) for one in kinds)

    def ask(self, kind: str, ids: Sequence[str]) -> None:
        """Look for these of what is not listed, all at once."""
        chunks = (ids[start : start + FILTERED] for start in range(0, len(ids), FILTERED))
        self._known[kind] = Index(thing for some in chunks for thing in _list(self._aws, kind, some))

    def found(self, kind: str, value: str) -> list[dict[str, Any]]:
        """Everything that a name (an id, scope/name) means, without judging: id, name and id of what it lies in, and ids of what it joins, if it does.

        The ARN of what another account has is taken at its word: it means one thing there. One of AWS itself is looked for among all that AWS has.
        """
        matches = self._matches(kind, value, None)
        if not matches and self._is_foreign(kind, value):
            matches = [Known(value, None, None)]
        return [self._said(known) for known in sorted(matches)]

    def _is_foreign(self, kind: str, value: str) -> bool:
        owned = OWNED.fullmatch(value)
        if not owned or not is_id(kind, value) or self._is_listed(value):
            return False
        provided = LOOKUPS[kind].provided
        return not provided or owned["account"] != AWS_ITSELF or value in self._aws.once(_provided, kind)

    def _is_listed(self, value: str) -> bool:
        """Whether it is the ARN of something of this account and Region, which the list of its kind has when it exists."""
        owned = OWNED.fullmatch(value)
        return bool(owned) and owned["account"] == self._aws.account and owned["region"] in ("", self._aws.region)

    def _said(self, known: Known) -> dict[str, Any]:
        joins = dict(between=list(known.between)) if known.between else {}
        return dict(id=known.id, scope=self.name_of(SCOPES, known.scope), scope_id=known.scope, **joins)

    def name_of(self, kind: str, id: str | None) -> str | None:  # pylint: disable=redefined-builtin
        """The name to show for an id: with its scope where the name alone could be another's; the id itself where that does not help."""
        known = self._all(kind).by_id.get(id) if id is not None and kind in LOOKUPS else None
        if known is None or not known.name:
            theirs = (f"{host}:{label}" for host, things in self._neighbours.items() for label, thing in (things.get(kind) or {}).items() if thing == id)
            return next(theirs, id) if id is not None else None
        alike = self._all(kind).by_name[known.name]
        if len(alike) == 1:
            return known.name
        if known.scope and [other.scope for other in alike].count(known.scope) == 1:
            return f"{self.name_of(SCOPES, known.scope)}/{known.name}"
        return id

    def told(self, text: str) -> str:
        """A text with the names of the ids in it beside them, as far as they were looked up, and unless the id of an ARN tells it anyway."""

        def beside(match: re.Match[str]) -> str:
            thing = match[0].rstrip(".:")
            known = next((index.by_id[thing] for index in list(self._known.values()) if thing in index.by_id), None)
            if known is None or not known.name or re.split("[:/]", thing)[-1] == known.name:
                return match[0]
            return f"{self._told(known)}{match[0].removeprefix(thing)}"

        return IN_TEXT.sub(beside, text)

    def _told(self, known: Known) -> str:
        scope = f"{self.name_of(SCOPES, known.scope)}/" if known.scope else ""
        return f"{scope}{known.name} (which the sheet makes)" if isinstance(known.id, Unknown) else f"{known.id} ({scope}{known.name})"

    def _matches(self, kind: str, value: str, scope: str | None) -> list[Known]:
        index = self._all(kind)
        if value in index.by_id:
            return [index.by_id[value]]
        named = self._named(kind, value)
        # Names may hold a / themselves, such as those of security groups.
        if not named and "/" in value and scoped(kind):
            scope, dummy, name = value.partition("/")
            named = self._named(kind, name)
        if scope is None or not scoped(kind):
            return named
        where = self._spellings(scope)
        return [known for known in named if known.scope is None or known.scope in where]

    def _named(self, kind: str, name: str) -> list[Known]:
        """What is there with this name, and what the sheet will make with it."""
        there = self._all(kind).by_name.get(name, [])
        missing = []
        for scope, known_as in {scope: one for maker in makers(kind) for scope, one in self._planned.get(maker, {}).get(name, {}).items()}.items():
            where = self._spellings(scope)
            if not any(scope is None or known.scope in where for known in there):
                label = f"{scope}/{name}" if len(there) and scope else name
                missing.append(Known(known_as(label), name, scope))
        return [*there, *missing]

    def _spellings(self, scope: str | None) -> set[str | None]:
        """A scope as the sheet and as AWS may write it: by its name and by its ids."""
        if scope is None:
            return {None}
        index = self._all(SCOPES)
        names = {index.by_id[scope].name} if scope in index.by_id else set()
        return {scope, *names, *(known.id for known in index.by_name.get(scope, []))} - {None}

    def _all(self, kind: str) -> Index:
        with self._lock:
            if kind not in self._known:
                self._known[kind] = Index(self._aws.once(_list, kind) if kind in LOOKUPS else [])
            return self._known[kind]


def labelled(things: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Of things by their labels (name, or scope/name) those that a name can mean."""
    return {label: thing for label, thing in things.items() if name in (label, label.rpartition("/")[2])}


def region_of(id: str) -> str:  # pylint: disable=redefined-builtin
    """The Region that an ARN tells, or nothing."""
    owned = OWNED.fullmatch(id)
    return owned["region"] if owned else ""


def is_id(kind: str, value: str) -> bool:
    """Whether it can be the id of such a thing, wherever that is."""
    return bool((LOOKUPS[kind].ids if kind in LOOKUPS else ID).fullmatch(value))


def scoped(kind: str) -> bool:
    """Whether things of this kind lie in another one, so that a name may be there once in each."""
    return bool(LOOKUPS.get(kind) and LOOKUPS[kind].scope)


def makers(kind: str) -> tuple[str, ...]:
    """The kinds whose entries make what this one refers to: itself, where it is not the name of what several make."""
    lookup = LOOKUPS.get(kind)
    return lookup.made_by if lookup and lookup.made_by else (kind,)


def _list(aws: Any, kind: str, ids: Sequence[str] = ()) -> list[Known]:
    lookup = LOOKUPS[kind]
    asked = dict(Filters=[dict(Name=lookup.asked, Values=ids)]) if lookup.asked else {}
    outer, dummy, inner = lookup.result.partition("[].")
    things = aws.pages(lookup.service, lookup.operation, outer, **lookup.arguments, **everything(lookup), **asked)
    if inner:
        things = [thing for group in things for thing in group[inner]]
    things = [{lookup.id: thing} if isinstance(thing, str) else thing for thing in things]  # a list of bare names
    if lookup.tags_call:
        things = [dict(thing, Tags=tags_of(aws, lookup, thing[lookup.id])) for thing in things]
    member, called = (lookup.called[0], _called(aws, lookup.called[1])) if lookup.called else ("", {})
    return [
        Known(
            thing[lookup.id],
            called.get(thing.get(member)) or _name(thing, lookup.name),
            thing.get(lookup.scope) if lookup.scope else None,
            tuple(thing.get(one) for one in lookup.between),
        )
        for thing in things
        if lookup.state is None or str(_member(thing, lookup.state)).lower() not in DEAD
    ]


def _provided(aws: Any, kind: str) -> set[str]:
    """The ids of all that AWS has for everybody."""
    lookup = LOOKUPS[kind]
    return {thing[lookup.id] for thing in aws.pages(lookup.service, lookup.operation, lookup.result, **{**lookup.arguments, **lookup.provided})}


def _called(aws: Any, resource_type: str) -> dict[str, str]:
    """The Name tags of all resources of a type. Their own list may tell more than whoever asks for names is allowed to read."""
    filters = [dict(Name="resource-type", Values=[resource_type]), dict(Name="key", Values=["Name"])]
    return {tag["ResourceId"]: tag["Value"] for tag in aws.pages("ec2", "describe_tags", "Tags", Filters=filters)}


def everything(lookup: Lookup) -> dict[str, Any]:
    """The arguments without which a list would leave something out: all choices that the service model has."""
    return {
        argument: {path.rpartition(".")[2]: list(_shapes.shape(lookup.service, path).enum)} for argument, path in lookup.every.items()
    }


def tags_of(aws: Any, lookup: Lookup, id: str) -> list[Mapping[str, str]]:  # pylint: disable=redefined-builtin
    """The tags of one thing, where they are not in the list."""
    operation, argument = lookup.tags_call
    return aws.pages(lookup.service, operation, "Tags", **{argument: id})


def _member(thing: Mapping[str, Any], path: str) -> Any:
    for part in path.split("."):
        thing = (thing or {}).get(part)
    return thing


def _name(thing: Mapping[str, Any], member: str) -> str | None:
    if member == TAG:
        return next((tag["Value"] for tag in thing.get("Tags") or thing.get("TagSet") or [] if tag["Key"] == "Name"), None)
    member, dummy, last = member.partition(":")
    return thing[member].rpartition(":")[2] if last else thing.get(member)


def tell(module: Any, door: Any, kinds: Iterable[str], more: Callable[[], dict[str, Any]] = dict) -> None:
    """What the names that a module is given mean, kind by kind, and `more`: all that a module does which looks them up."""
    unknown = sorted(module.params["names"].keys() - set(kinds))
    if unknown:
        module.fail_json(msg=f"names: {', '.join(unknown)} cannot be referred to; these can: {', '.join(sorted(kinds))}")
    names = Names(door, {}, module.check_mode)
    try:
        door.check_owner(module.params.get(door.owner))
        for kind in (kind for kind in module.params["names"] if LOOKUPS[kind].asked):
            names.ask(kind, module.params["names"][kind])
        found = {kind: {name: names.found(kind, name) for name in wanted} for kind, wanted in module.params["names"].items()}
        told = more()
    except (Problem, *door.errors) as error:
        module.fail_json(msg=door.explain(error, None if isinstance(error, Problem) else door.last_call))
    module.exit_json(changed=False, names=found, **told)
