# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups, their health checks and their targets."""

from __future__ import annotations

import ipaddress

from moto.awslambda.models import lambda_backends
from moto.elbv2 import models

from .. import access, passing
from ..rules import Refused
from . import attributes, tags
from .book import BOOK, group_of, invalid, name_is_sound, once_again, wrong

PROTOCOLS = {"alb": ("TCP",)}
CHECKS = ("HTTP", "HTTPS", "TCP")
PRIVATE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
SERVICE = "elasticloadbalancing.amazonaws.com"
GENEVE = 6081


# -- groups ---------------------------------------------------------------------------------------


@BOOK.rule("CreateTargetGroup")
def it_fits_together(_elbv2, Name, Protocol, Port, VpcId, TargetType, HealthCheckProtocol, HealthCheckEnabled, ProtocolVersion, **_):
    """CreateTargetGroup: Port "If the protocol is GENEVE, the supported port is 6081"; HealthCheckProtocol "The TCP protocol is not supported for
    health checks if the protocol of the target group is HTTP or HTTPS. The GENEVE, TLS, UDP, TCP_UDP ... protocols are not supported for health
    checks"; HealthCheckEnabled "can't be disabled" but for functions; ProtocolVersion "[HTTP/HTTPS protocol]".
    """
    name_is_sound(Name)
    kind = TargetType or "instance"
    if kind != "lambda" and not (Protocol and Port and VpcId):
        raise invalid("A protocol, a port and a VPC ID must be specified")
    if Protocol == "GENEVE" and Port != GENEVE:
        raise invalid(f"The port of a target group with the protocol GENEVE must be {GENEVE}")
    if Protocol not in PROTOCOLS.get(kind, (Protocol,)):
        raise wrong(f"The protocol {Protocol} is not supported for target groups with the target type {kind}")
    if HealthCheckEnabled is False and kind != "lambda":
        raise wrong("Health checks must be enabled for target groups with this target type")
    if ProtocolVersion and Protocol not in ("HTTP", "HTTPS"):
        raise wrong(f"The protocol {Protocol} has no versions")
    checks_fit(Protocol, HealthCheckProtocol)


def checks_fit(protocol, check):
    if check and (check not in CHECKS or (check == "TCP" and protocol in ("HTTP", "HTTPS"))):
        raise wrong(f"The health check protocol {check} is not supported for target groups with the protocol {protocol}")


@BOOK.patch(models.ELBv2Backend, "create_target_group")
def the_same_order_again_is_the_same_group(original, elbv2, name, **kwargs):
    """CreateTargetGroup: "This operation is idempotent"; and the attributes of a new one are those of its sort."""
    asked = {key: value for key, value in kwargs.items() if value is not None}
    there = next((one for one in elbv2.target_groups.values() if one.name == name), None)
    if once_again(there, asked):
        return there
    if there is not None:
        raise models.DuplicateTargetGroupName()
    group = original(elbv2, name, **kwargs)
    group.asked = asked
    group.attributes = attributes.defaults(attributes.GROUPS[attributes.sort_of(group)])
    if group.protocol == "GENEVE":
        group.health_check_protocol = kwargs.get("healthcheck_protocol") or "TCP"
    if group.protocol in ("HTTP", "HTTPS") and kwargs.get("protocol_version") == "GRPC" and not kwargs.get("matcher"):
        group.matcher = {"GrpcCode": "12"}
    group._draining = {}
    return group


@BOOK.rule("ModifyTargetGroup")
def the_checks_still_fit(elbv2, TargetGroupArn, HealthCheckProtocol, HealthCheckEnabled, HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds, **_):
    """ModifyTargetGroup, and CreateTargetGroup's "Health check timeout must be smaller than the interval"."""
    group = group_of(elbv2, TargetGroupArn)
    checks_fit(group.protocol, HealthCheckProtocol)
    if HealthCheckEnabled is False and group.target_type != "lambda":
        raise wrong("Health checks must be enabled for target groups with this target type")
    interval = HealthCheckIntervalSeconds or group.health_check_interval_seconds
    timeout = HealthCheckTimeoutSeconds or group.health_check_timeout_seconds
    if int(timeout) > int(interval):
        raise invalid(f"Health check timeout '{timeout}' must be smaller than or equal to the interval '{interval}'")


@BOOK.after("ModifyTargetGroup")
def all_of_it_is_kept(elbv2, TargetGroupArn, Matcher, HealthCheckEnabled, **_):
    """Matcher, of which moto keeps that of HTTP groups only."""
    group = group_of(elbv2, TargetGroupArn)
    if Matcher:
        group.matcher = dict(Matcher)
    if HealthCheckEnabled is not None:
        group.health_check_enabled = HealthCheckEnabled


@BOOK.after("DeleteTargetGroup")
def its_tags_go_too(elbv2, TargetGroupArn, **_):
    tags.forget(elbv2, TargetGroupArn)


def settle(elbv2):
    """TargetGroup.LoadBalancerArns, which moto only ever adds to."""
    for group in elbv2.target_groups.values():
        group.load_balancer_arns = [
            balancer.arn for balancer in elbv2.load_balancers.values() if any(leads_to(rule.actions, group.arn) for rule in rules_of(balancer))
        ]


def rules_of(balancer):
    return [rule for listener in balancer.listeners.values() for rule in listener.rules.values()]


def leads_to(actions, arn):
    return any(one["TargetGroupArn"] == arn for action in actions for one in action.data.get("ForwardConfig", {}).get("TargetGroups", []))


# -- targets --------------------------------------------------------------------------------------


@BOOK.adds("RegisterTargets")
def register(elbv2, TargetGroupArn, Targets, **_):
    """RegisterTargets: "If the target is an EC2 instance, it must be in the running state", "You can register each EC2 instance or IP address with
    the same target group multiple times using different ports".
    """
    group = group_of(elbv2, TargetGroupArn)
    found = [described(elbv2, group, target) for target in Targets]
    after = {key_of(one): one for one in found}
    if group.target_type in ("lambda", "alb") and len({**group.targets, **after}) > 1:
        raise Refused("TooManyTargets", f"A target group of the type {group.target_type} has one target")
    group.targets.update(after)
    for key in after:
        group._draining.pop(key, None)


def key_of(target):
    return f"{target['Id']}:{target['Port']}" if target.get("Port") else target["Id"]


def described(elbv2, group, target):
    kind, zone = group.target_type, target.get("AvailabilityZone")
    if kind in ("instance", "alb") and zone:
        raise invalid(f"An Availability Zone cannot be specified for targets of the type {kind}")
    port = None if kind == "lambda" else target.get("Port") or int(group.port)
    if kind == "lambda" and target.get("Port"):
        raise invalid("A port cannot be specified for functions")
    if group.protocol == "GENEVE" and port != GENEVE:
        raise invalid(f"The port of a target with the protocol GENEVE must be {GENEVE}")
    zone = {"instance": instance, "ip": address, "lambda": function, "alb": balancer}[kind](elbv2, group, target["Id"], port, zone)
    return {"Id": target["Id"], **({"Port": port} if port else {}), **({"AvailabilityZone": zone} if zone else {})}


def instance(elbv2, group, target, _port, _zone):
    """InvalidTargetException: "The specified target does not exist, is not in the same VPC as the target group, or has an unsupported instance type"."""
    found = next((one for one in elbv2.ec2_backend.all_instances() if one.id == target), None)
    if found is None:
        raise Refused("InvalidTarget", f"The following targets do not exist: '{target}'")
    if found.vpc_id != group.vpc_id:
        raise Refused("InvalidTarget", f"The following targets are not in the target group VPC '{group.vpc_id}': '{target}'")
    if found.state != "running":
        raise Refused("InvalidTarget", f"The following targets are not in the running state: '{target}'")


def address(elbv2, group, target, _port, zone):
    """TargetType ip: "the subnets of the virtual private cloud (VPC) for the target group, the RFC 1918 range, and the RFC 6598 range";
    TargetDescription.AvailabilityZone: found out for what lies in the VPC, "all" for what lies outside it.
    """
    try:
        found = ipaddress.ip_address(target)
    except ValueError:
        raise invalid(f"The IP address '{target}' is not a valid IPv4 address") from None
    for subnet in (one for by_zone in elbv2.ec2_backend.subnets.values() for one in by_zone.values()):
        if subnet.vpc_id == group.vpc_id and found in ipaddress.ip_network(subnet.cidr_block):
            return subnet.availability_zone
    if not any(found in one for one in PRIVATE):
        raise invalid(f"The IP address '{target}' is not in the VPC and not in the private ranges")
    if zone != "all":
        raise invalid(f"You must specify the Availability Zone 'all' for the IP address '{target}', which is outside the VPC")
    return "all"


def function(elbv2, _group, target, _port, _zone):
    """ALB guide, "Lambda functions as targets": Elastic Load Balancing must be allowed to invoke the function."""
    found = lambda_backends[elbv2.account_id][elbv2.region_name].get_function_by_arn(target)
    if found is None:
        raise Refused("InvalidTarget", f"The following targets do not exist: '{target}'")
    policy = {"Statement": found.policy.statements}
    if not access.allows(policy, "lambda:InvokeFunction", target, SERVICE, {}):
        raise Refused("AccessDenied", f"elasticloadbalancing principal does not have permission to invoke {target} from target group", 403)


def balancer(elbv2, _group, target, port, _zone):
    """TargetDescription.Port: "If the target type is alb, the targeted Application Load Balancer must have at least one listener whose port
    matches the target group port".
    """
    found = elbv2.load_balancers.get(target)
    if found is None or found.type != "application":
        raise Refused("InvalidTarget", f"'{target}' is no Application Load Balancer")
    if not any(int(one.port) == port for one in found.listeners.values()):
        raise Refused("InvalidTarget", f"The Application Load Balancer '{target}' has no listener on port {port}")


@BOOK.adds("DeregisterTargets")
def deregister(elbv2, TargetGroupArn, Targets, **_):
    """DeregisterTargets: "If the specified target does not exist, the action returns successfully", "If you specified a port override when you
    registered a target, you must specify both the target ID and the port"; it drains for a while.
    """
    group = group_of(elbv2, TargetGroupArn)
    for target in Targets:
        port = target.get("Port") or (int(group.port) if group.port else None)
        key = key_of({"Id": target["Id"], "Port": port})
        gone = group.targets.pop(key, None)
        if gone:
            group._draining[key] = [gone, passing.LOOKS]


@BOOK.adds("DescribeTargetHealth")
def health(elbv2, TargetGroupArn, Targets, **_):
    """TargetHealth.Reason: Target.NotInUse as long as no load balancer uses the group; Target.DeregistrationInProgress, after which it is not shown."""
    group = group_of(elbv2, TargetGroupArn)
    told = [{"Target": one, "TargetHealth": state_of(elbv2, group, one)} for one in group.targets.values()]
    leaving = {"State": "draining", "Reason": "Target.DeregistrationInProgress", "Description": "Target deregistration is in progress"}
    told += [{"Target": one, "TargetHealth": leaving} for one, dummy in group._draining.values()]
    group._draining = {key: [one, left - 1] for key, (one, left) in group._draining.items() if left > 1}
    asked = {key_of(one) for one in Targets or []}
    return {"TargetHealthDescriptions": [one for one in told if not asked or asked & {key_of(one["Target"]), one["Target"]["Id"]}]}


def state_of(elbv2, group, target):
    """Checks fail where nobody answers: at an address of the VPC that no network interface has."""
    if not group.load_balancer_arns:
        return {"State": "unused", "Reason": "Target.NotInUse", "Description": "Target group is not configured to receive traffic from the load balancer"}
    instances = {one.id: one.state for one in elbv2.ec2_backend.all_instances()}
    if instances.get(target["Id"], "running") != "running":
        return {"State": "unused", "Reason": "Target.InvalidState", "Description": "Target is in the stopped state"}
    held = {one.private_ip_address for one in elbv2.ec2_backend.get_all_network_interfaces()}
    if group.target_type == "ip" and target["AvailabilityZone"] != "all" and target["Id"] not in held:
        return {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
    return {"State": "healthy"}


@BOOK.patch(models.FakeTargetGroup, "deregister_terminated_instances")
def what_is_terminated_leaves(_original, group, instance_ids):
    for key in [key for key, one in group.targets.items() if one["Id"] in instance_ids]:
        group.terminated_targets[key] = group.targets.pop(key)
