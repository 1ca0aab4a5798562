# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has that can be watched: the targets of 別紙5 第1表, each by one list of its service, and the metrics there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

ALARMS_AT_ONCE = 100  # DescribeAlarms answers with as many
CLASSES_AT_ONCE = 100  # DescribeInstanceTypes takes as many


class Listing(NamedTuple):
    """One list call, and what it tells of each component: a dictionary with its name, or None where it is none of these."""

    service: str
    operation: str
    result: str
    component: Callable[[Any], Any]
    arguments: Mapping[str, Any] = {}

    def components(self, aws: Any) -> list[dict[str, Any]]:
        told = [self.component(thing) for thing in aws.pages(self.service, self.operation, self.result, **self.arguments)]
        return [one for some in told for one in (some if isinstance(some, list) else [some]) if one]


class Look(NamedTuple):
    """Where one list call does not tell all."""

    service: str
    components: Callable[[Any], list[dict[str, Any]]]


def _last(arn: str, separator: str = "/") -> str:
    return arn.rpartition(separator)[2]


def _tag(thing: Mapping[str, Any]) -> str | None:
    return next((tag["Value"] for tag in thing.get("Tags", ()) if tag["Key"] == "Name" and tag["Value"]), None)


def _instances(reservation: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_instance(one) for one in reservation["Instances"] if one["State"]["Name"] not in ("terminated", "shutting-down")]


def _instance(one: Mapping[str, Any]) -> dict[str, Any]:
    cores = one.get("CpuOptions", {})
    found = dict(name=_tag(one) or one["InstanceId"], id=one["InstanceId"], platform="windows" if one.get("Platform") == "windows" else "linux")
    return dict(found, vcpu_count=cores["CoreCount"] * cores["ThreadsPerCore"]) if {"CoreCount", "ThreadsPerCore"} <= cores.keys() else found


def _database(aurora: bool) -> Callable[[Any], dict[str, Any] | None]:
    def component(one: Mapping[str, Any]) -> dict[str, Any] | None:
        found = dict(name=one["DBInstanceIdentifier"], engine=one["Engine"], _class=one["DBInstanceClass"].removeprefix("db."))
        return found if one["Engine"].startswith("aurora") == aurora else None

    return component


def _load_balancer(one: Mapping[str, Any]) -> dict[str, Any] | None:
    found = dict(name=one["LoadBalancerName"], load_balancer=one["LoadBalancerArn"].partition("loadbalancer/")[2])
    return found if one["Type"] == "network" else None


def _target_group(one: Mapping[str, Any]) -> dict[str, Any] | None:
    if not one["LoadBalancerArns"]:
        return None  # nobody sends it anything, and there are no metrics
    return dict(
        name=one["TargetGroupName"],
        target_group=_last(one["TargetGroupArn"], ":"),
        load_balancer=one["LoadBalancerArns"][0].partition("loadbalancer/")[2],
    )


def _of_an_application(one: Mapping[str, Any]) -> dict[str, Any] | None:
    found = _target_group(one)
    return found if found and found["load_balancer"].startswith("app/") else None


def _node(one: Mapping[str, Any]) -> dict[str, Any]:
    return dict(name=one["CacheClusterId"])


def _nodes(reservation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Instances of a cluster; those of managed node groups bear its name as a tag."""
    tagged = [(one, {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}) for one in reservation["Instances"] if one["State"]["Name"] == "running"]
    return [
        dict(name=one["PrivateDnsName"], cluster_name=tags["eks:cluster-name"], instance_id=one["InstanceId"])
        for one, tags in tagged
        if "eks:cluster-name" in tags
    ]


def _pod(metric: Mapping[str, Any]) -> dict[str, Any] | None:
    """Kubernetes has no API of AWS: what Container Insights tells of."""
    of = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
    return dict(name=of["PodName"], cluster_name=of["ClusterName"], namespace=of["Namespace"]) if of.keys() == {"PodName", "ClusterName", "Namespace"} else None


def _services(aws: Any) -> list[dict[str, Any]]:
    clusters = aws.pages("ecs", "list_clusters", "clusterArns")
    return [
        dict(name=_last(service), cluster_name=_last(cluster))
        for cluster in clusters
        for service in aws.pages("ecs", "list_services", "serviceArns", cluster=cluster)
    ]


def _distributions(aws: Any) -> list[dict[str, Any]]:
    pages = aws.client("cloudfront").get_paginator("list_distributions").paginate()
    found = [one for page in pages for one in page["DistributionList"].get("Items") or ()]
    return [dict(name=next(iter(one["Aliases"].get("Items") or ()), one["Id"]), id=one["Id"], distribution_id=one["Id"]) for one in found]


def _apis(aws: Any) -> list[dict[str, Any]]:
    rest = [
        dict(name=one["name"], id=one["id"], api_id=one["id"], api_type="rest", **_stage(aws.apigateway.get_stages(restApiId=one["id"])["item"], "stageName"))
        for one in aws.pages("apigateway", "get_rest_apis", "items")
    ]
    return rest + [
        dict(name=one["Name"], id=one["ApiId"], api_id=one["ApiId"], api_type=one["ProtocolType"].lower(), **_stage(_stages(aws, one["ApiId"]), "StageName"))
        for one in aws.pages("apigatewayv2", "get_apis", "Items")
    ]


def _stages(aws: Any, api: str) -> list[Mapping[str, Any]]:
    return aws.pages("apigatewayv2", "get_stages", "Items", ApiId=api)


def _stage(stages: list[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Where there are several, the sheet says which one is meant."""
    if len(stages) != 1:
        return {}
    return dict(stage=stages[0][name], cache="on" if stages[0].get("cacheClusterEnabled") else "off")


def _web_acls(aws: Any) -> list[dict[str, Any]]:
    """Those of CloudFront are listed, and counted, in us-east-1 only."""
    scopes = ("REGIONAL", "CLOUDFRONT") if aws.region == "us-east-1" else ("REGIONAL",)
    return [dict(name=one["Name"], scope=scope.lower()) for scope in scopes for one in _web_acls_of(aws, scope)]


def _web_acls_of(aws: Any, scope: str) -> list[Mapping[str, Any]]:
    """botocore has no paginator for them."""
    found, marker = [], {}
    while True:
        page = aws.wafv2.list_web_acls(Scope=scope, **marker)
        found += page["WebACLs"]
        if not page.get("NextMarker") or not page["WebACLs"]:
            return found
        marker = dict(NextMarker=page["NextMarker"])


def _senders(aws: Any) -> list[dict[str, Any]]:
    """It is watched as a whole, where something may send."""
    return [dict(name=aws.region)] if aws.pages("ses", "list_identities", "Identities") else []


LISTINGS: dict[str, Listing | Look] = {
    "ec2": Listing("ec2", "describe_instances", "Reservations", _instances),
    "ecs_cluster": Listing("ecs", "list_clusters", "clusterArns", lambda arn: dict(name=_last(arn))),
    "ecs_task": Look("ecs", _services),
    "eks_cluster": Listing("eks", "list_clusters", "clusters", lambda name: dict(name=name)),
    "eks_node": Listing("ec2", "describe_instances", "Reservations", _nodes),
    "eks_pod": Listing("cloudwatch", "list_metrics", "Metrics", _pod, dict(Namespace="ContainerInsights", MetricName="pod_cpu_utilization")),
    "lambda": Listing("lambda", "list_functions", "Functions", lambda one: dict(name=one["FunctionName"], timeout_ms=one.get("Timeout", 3) * 1000)),
    "efs": Listing(
        "efs",
        "describe_file_systems",
        "FileSystems",
        lambda one: dict(
            name=one.get("Name") or one["FileSystemId"],
            file_system_id=one["FileSystemId"],
            throughput_mode=one.get("ThroughputMode"),
            performance_mode=one.get("PerformanceMode"),
        ),
    ),
    "rds": Listing("rds", "describe_db_instances", "DBInstances", _database(aurora=False)),
    "aurora": Listing("rds", "describe_db_instances", "DBInstances", _database(aurora=True)),
    "redshift": Listing("redshift", "describe_clusters", "Clusters", lambda one: dict(name=one["ClusterIdentifier"])),
    "elasticache": Listing("elasticache", "describe_cache_clusters", "CacheClusters", _node),
    "dynamodb": Listing("dynamodb", "list_tables", "TableNames", lambda name: dict(name=name)),
    "clb": Listing("elb", "describe_load_balancers", "LoadBalancerDescriptions", lambda one: dict(name=one["LoadBalancerName"])),
    "nlb": Listing("elbv2", "describe_load_balancers", "LoadBalancers", _load_balancer),
    "alb": Listing("elbv2", "describe_target_groups", "TargetGroups", _of_an_application),
    "cloudfront": Look("cloudfront", _distributions),
    "api_gateway": Look("apigateway", _apis),
    "waf": Look("wafv2", _web_acls),
    "sqs": Listing(
        "sqs",
        "list_queues",
        "QueueUrls",
        lambda url: dict(name=_last(url), queue_type="fifo" if url.endswith(".fifo") else "standard"),
    ),
    "ses": Look("ses", _senders),
    "connect": Listing("connect", "list_instances", "InstanceSummaryList", lambda one: dict(name=one["InstanceAlias"], instance_id=one["Id"])),
    "lightsail": Listing(
        "lightsail",
        "get_instances",
        "instances",
        lambda one: dict(name=one["name"], platform="windows" if "windows" in one["blueprintId"] else "linux", vcpu_count=one["hardware"]["cpuCount"]),
    ),
    "step_functions": Listing("stepfunctions", "list_state_machines", "stateMachines", lambda one: dict(name=one["name"])),
}


def components(aws: Any, targets: Iterable[str], unread: dict[str, str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """target → its components with the facts that thresholds and dimensions need, in as few calls as the services allow.

    unread: where given, it gets why a target could not be read, and the others are read.
    """
    listed = {target: _read(aws, target, unread, _listed, LISTINGS[target]) for target in targets}
    found = {target: some for target, some in listed.items() if some is not None}
    databases = [one for target in ("rds", "aurora") for one in found.get(target, ())]
    _read(aws, "rds", unread, _add_memory, [(one, one.pop("_class")) for one in databases])
    if found.get("nlb"):
        _read(aws, "nlb", unread, _add_target_groups, found["nlb"])
    return found


def _read(aws: Any, target: str, unread: dict[str, str] | None, look: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return look(aws, *arguments)
    except aws.errors as error:
        if unread is None:
            raise
        unread[target] = aws.explain(error, aws.last_call)
        return None


def _listed(aws: Any, listing: Listing | Look) -> list[dict[str, Any]]:
    """A name that several have is nobody's name: these are told by their ids, and how they are called beside it."""
    found = listing.components(aws) if aws.offers(listing.service) else []
    times = Counter(one["name"] for one in found)
    named = [dict(one, name=one["id"], called=one["name"]) if times[one["name"]] > 1 and "id" in one else one for one in found]
    return sorted(named, key=lambda one: one["name"])


def _add_memory(aws: Any, databases: list[tuple[dict[str, Any], str]]) -> None:
    """The service has no call that says it; the class without its prefix is a type of EC2, but for the serverless ones."""
    classes = sorted({name for dummy, name in databases} - {"serverless"})
    filters = [classes[start : start + CLASSES_AT_ONCE] for start in range(0, len(classes), CLASSES_AT_ONCE)]
    types = [one for some in filters for one in aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=[dict(Name="instance-type", Values=some)])]
    memory = {one["InstanceType"]: one["MemoryInfo"]["SizeInMiB"] * 2**20 for one in types}
    for one, name in databases:
        one.update(dict(memory_bytes=memory[name]) if name in memory else {})


def _add_target_groups(aws: Any, balancers: list[dict[str, Any]]) -> None:
    groups = [_target_group(one) for one in aws.pages("elbv2", "describe_target_groups", "TargetGroups")]
    of = {group["load_balancer"]: group["target_group"] for group in groups if group}
    for one in balancers:
        one.update(dict(target_group=of[one["load_balancer"]]) if one["load_balancer"] in of else {})


def missing(aws: Any, metrics: Iterable[Mapping[str, Any]], alarms: Container[str]) -> list[dict[str, Any]]:
    """Those of the metrics that nobody has published, by one list for each namespace.

    What an alarm stands on that is there already is not missed: a metric is listed for two weeks after its last value.
    """
    wanted = list(metrics)
    there = {
        _key(namespace, one["MetricName"], {dimension["Name"]: dimension["Value"] for dimension in one["Dimensions"]})
        for namespace in sorted({one["namespace"] for one in wanted})
        for one in aws.pages("cloudwatch", "list_metrics", "Metrics", Namespace=namespace)
    }
    gone = [one for one in wanted if _key(one["namespace"], one["metric_name"], one.get("dimensions") or {}) not in there]
    return [one for one in gone if one.get("alarm") not in alarms]


def alarms(aws: Any) -> list[dict[str, Any]]:
    """All that there are, by one list: of each its name, whether it tells anybody, and the namespaces and names of the metrics that it looks at."""
    return [
        dict(name=one["AlarmName"], pages=bool(one.get("ActionsEnabled") and one.get("AlarmActions")), metrics=_looked_at(one))
        for one in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", MaxRecords=ALARMS_AT_ONCE)
    ]


def _looked_at(alarm: Mapping[str, Any]) -> list[list[str]]:
    parts = [alarm, *(part["MetricStat"]["Metric"] for part in alarm.get("Metrics", ()) if "MetricStat" in part)]
    return [[part["Namespace"], part["MetricName"]] for part in parts if "MetricName" in part]


def _key(namespace: str, name: str, dimensions: Mapping[str, Any]) -> tuple[Any, ...]:
    return (namespace, name, *sorted((key, str(value)) for key, value in dimensions.items()))
