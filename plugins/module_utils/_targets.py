# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance as a target of load balancers: taken out before it is stopped, and back again when it is well.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._client import Aws

# A group waits at most an hour for what is still open, and checks as seldom as every five minutes, ten times.
DRAINED_SECONDS = 3900
HEALTHY_SECONDS = 3600
TYPES = ("instance", "ip")
LEAVING = "Target.DeregistrationInProgress"


def of_instance(aws: Aws, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where it is a target, by its id or one of its addresses: {group, target, healthy}, as the facts of a plan can hold it."""
    return [one for one, leaves in _mine(aws, instance) if not leaves]


def _mine(aws: Aws, instance: Mapping[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    """The same, and whether it is leaving."""
    addresses = {one["PrivateIpAddress"] for card in instance.get("NetworkInterfaces", []) for one in card.get("PrivateIpAddresses", [])}
    with aws.reading():
        groups = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    near = sorted(one["TargetGroupArn"] for one in groups if one.get("VpcId") == instance.get("VpcId") and one["TargetType"] in TYPES)
    return [told for arn in near for told in _of_group(aws, arn) if told[0]["target"]["Id"] in {instance["InstanceId"], *addresses}]


def _of_group(aws: Aws, arn: str) -> Iterator[tuple[dict[str, Any], bool]]:
    """Its targets. In which zone an address of the VPC is AWS finds out by itself."""
    with aws.reading():
        found = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    for one in found:
        target = {member: value for member, value in one["Target"].items() if member != "AvailabilityZone"}
        health = one["TargetHealth"]
        yield dict(group=arn, target=target, healthy=health["State"] == "healthy"), health.get("Reason") == LEAVING


def name(target: Mapping[str, Any]) -> str:
    """arn:…:targetgroup/<name>/<id> → its name and port, as a plan shows it."""
    port = target["target"].get("Port")
    return _group(target) + (f":{port}" if port else "")


def _group(target: Mapping[str, Any]) -> str:
    return target["group"].split("/")[1]


def lacking(wanted: Iterable[Mapping[str, Any]], have: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    there = [(one["group"], one["target"]) for one in have]
    return [one for one in wanted if (one["group"], one["target"]) not in there]


def left(aws: Aws, instance: Mapping[str, Any], begun: Mapping[str, Any], targets: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a run that goes on has still to do and to see, as attributes of its plan, when the instance runs again."""
    missing = [name(one) for one in lacking(targets, of_instance(aws, instance))]
    return {**_instances.unchecked(aws, instance, begun), **(dict(targets=missing) if missing else {})}


def dangers(aws: Aws, targets: Collection[Mapping[str, Any]]) -> Iterator[str]:
    """What it means for those who ask the load balancer."""
    if targets:
        yield f"would take the instance out of the target groups {', '.join(map(name, targets))} until it is well again"
    mine = [one["target"] for one in targets]
    serving = {one["group"]: _group(one) for one in targets if one["healthy"]}
    alone = [called for arn, called in serving.items() if not any(one["healthy"] for one, dummy in _of_group(aws, arn) if one["target"] not in mine)]
    if alone:
        yield f"no other target of {', '.join(alone)} is healthy, so that nobody answers there meanwhile"


def take_out(aws: Aws, targets: Iterable[Mapping[str, Any]]) -> None:
    for one in targets:
        aws.elbv2.deregister_targets(TargetGroupArn=one["group"], Targets=[one["target"]])


def drain(aws: Aws, instance: Mapping[str, Any]) -> Callable[[], Any] | None:
    """The next step of an instance that shall be no target: what is registered is taken out, what is leaving is waited for, else none."""
    mine = _mine(aws, instance)
    registered = [one for one, leaves in mine if not leaves]
    if registered:
        return partial(take_out, aws, registered)
    return partial(_drained, aws, instance) if mine else None


def _drained(aws: Aws, instance: Mapping[str, Any]) -> None:
    what = f"end of the connections to {_instances.label(instance)}"
    aws.wait(what, lambda: [_group(one) for one, dummy in _mine(aws, instance)], lambda left: not left, limit=DRAINED_SECONDS)


def put_back(aws: Aws, instance: Mapping[str, Any], targets: Iterable[Mapping[str, Any]]) -> None:
    """Only when it is well, so that nobody is sent to one that does not answer."""
    _instances.await_well(aws, instance["InstanceId"])
    for one in targets:
        aws.elbv2.register_targets(TargetGroupArn=one["group"], Targets=[one["target"]])


def await_healthy(aws: Aws, instance: Mapping[str, Any], targets: Iterable[Mapping[str, Any]]) -> None:
    """As those were that were healthy before."""
    wanted = [one for one in targets if one["healthy"]]

    def look() -> list[str]:
        healthy = [one for one in of_instance(aws, instance) if one["healthy"]]
        return [name(one) for one in lacking(wanted, healthy)]

    if wanted:
        aws.wait(f"health of {_instances.label(instance)} in its target groups", look, lambda left: not left, limit=HEALTHY_SECONDS)
