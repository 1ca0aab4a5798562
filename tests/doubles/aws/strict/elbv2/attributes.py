# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes: which keys there are for what, their defaults and values (shapes LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute)."""

from __future__ import annotations

import json
import re

from .. import access
from .book import BOOK, balancer_of, group_of, invalid, listener_of, wrong

SWITCH = "true|false"
ALB, NLB, GWLB = "application", "network", "gateway"
DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


def logs(option):
    return {f"{option}.s3.enabled": ("false", SWITCH), f"{option}.s3.bucket": ("", ".*"), f"{option}.s3.prefix": ("", "(?!.*AWSLogs).*")}


# key → default and the values that it takes
ANY_BALANCER = {"deletion_protection.enabled": ("false", SWITCH)}
ALB_AND_NLB = {**logs("access_logs"), "ipv6.deny_all_igw_traffic": ("false", SWITCH), "zonal_shift.config.enabled": ("false", SWITCH)}
BALANCERS = {
    ALB: {
        **ANY_BALANCER,
        **ALB_AND_NLB,
        **logs("connection_logs"),
        **logs("health_check_logs"),
        "load_balancing.cross_zone.enabled": ("true", "true"),
        "idle_timeout.timeout_seconds": ("60", range(1, 4001)),
        "client_keep_alive.seconds": ("3600", range(60, 604801)),
        "routing.http.desync_mitigation_mode": ("defensive", "monitor|defensive|strictest"),
        "routing.http.drop_invalid_header_fields.enabled": ("false", SWITCH),
        "routing.http.preserve_host_header.enabled": ("false", SWITCH),
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": ("false", SWITCH),
        "routing.http.xff_client_port.enabled": ("false", SWITCH),
        "routing.http.xff_header_processing.mode": ("append", "append|preserve|remove"),
        "routing.http2.enabled": ("true", SWITCH),
        "waf.fail_open.enabled": ("false", SWITCH),
    },
    NLB: {
        **ANY_BALANCER,
        **ALB_AND_NLB,
        "load_balancing.cross_zone.enabled": ("false", SWITCH),
        "dns_record.client_routing_policy": ("any_availability_zone", "availability_zone_affinity|partial_availability_zone_affinity|any_availability_zone"),
        "secondary_ips.auto_assigned.per_subnet": ("0", range(8)),
    },
    GWLB: {**ANY_BALANCER, "load_balancing.cross_zone.enabled": ("false", SWITCH)},
}
ANY_GROUP = {"stickiness.enabled": ("false", SWITCH)}
DELAY = {"deregistration_delay.timeout_seconds": ("300", range(3601))}
CROSS_ZONE = {"load_balancing.cross_zone.enabled": ("use_load_balancer_configuration", f"{SWITCH}|use_load_balancer_configuration")}
HEALTHY = {
    f"target_group_health.{what}.minimum_healthy_targets.{unit}": (default, r"off|\d+")
    for what, unit, default in (
        ("dns_failover", "count", "1"),
        ("dns_failover", "percentage", "off"),
        ("unhealthy_state_routing", "count", "1"),
        ("unhealthy_state_routing", "percentage", "off"),
    )
}
SECONDS = ("86400", range(1, 604801))
GROUPS = {
    ALB: {
        **ANY_GROUP,
        **DELAY,
        **CROSS_ZONE,
        **HEALTHY,
        "load_balancing.algorithm.type": ("round_robin", "round_robin|least_outstanding_requests|weighted_random"),
        "load_balancing.algorithm.anomaly_mitigation": ("off", "on|off"),
        "slow_start.duration_seconds": ("0", [0, *range(30, 901)]),
        "stickiness.type": ("lb_cookie", "lb_cookie|app_cookie"),
        "stickiness.lb_cookie.duration_seconds": SECONDS,
        "stickiness.app_cookie.duration_seconds": SECONDS,
        "stickiness.app_cookie.cookie_name": ("", "(?!AWSALB).*"),
    },
    NLB: {
        **ANY_GROUP,
        **DELAY,
        **CROSS_ZONE,
        **HEALTHY,
        "stickiness.type": ("source_ip", "source_ip"),
        "deregistration_delay.connection_termination.enabled": ("false", SWITCH),
        "preserve_client_ip.enabled": ("true", SWITCH),
        "proxy_protocol_v2.enabled": ("false", SWITCH),
        "target_health_state.unhealthy.connection_termination.enabled": ("true", SWITCH),
        "target_health_state.unhealthy.draining_interval_seconds": ("0", range(360001)),
    },
    GWLB: {
        **ANY_GROUP,
        **DELAY,
        "stickiness.type": ("source_ip_dest_ip_proto", "source_ip_dest_ip|source_ip_dest_ip_proto"),
        "target_failover.on_deregistration": ("no_rebalance", "rebalance|no_rebalance"),
        "target_failover.on_unhealthy": ("no_rebalance", "rebalance|no_rebalance"),
    },
    "lambda": {
        **ANY_GROUP,
        **CROSS_ZONE,
        **HEALTHY,
        "stickiness.type": ("lb_cookie", "lb_cookie|app_cookie"),
        "lambda.multi_value_headers.enabled": ("false", SWITCH),
    },
}
HEADERS = "routing.http.request.x_amzn_{}.header_name"
ANSWERS = (
    "strict_transport_security",
    "access_control_allow_origin",
    "access_control_allow_methods",
    "access_control_allow_headers",
    "access_control_allow_credentials",
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "x_content_type_options",
    "x_frame_options",
)
TOLD = ("mtls_clientcert", *(f"mtls_clientcert_{name}" for name in ("serial_number", "issuer", "subject", "validity", "leaf")))
IDLE = {"tcp.idle_timeout.seconds": ("350", range(60, 6001))}
LISTENERS = {
    ALB: {
        **{HEADERS.format(name): ("", ".*") for name in (*TOLD, "tls_version", "tls_cipher_suite")},
        "routing.http.response.server.enabled": ("true", SWITCH),
        **{f"routing.http.response.{name}.header_value": ("", ".*") for name in ANSWERS},
    },
    NLB: IDLE,
    GWLB: {**IDLE, "send_tcp_reset.on_idle_timeout.enabled": ("false", SWITCH)},
}
SERVES = {"HTTP": ALB, "HTTPS": ALB, "GENEVE": GWLB}


def defaults(known):
    return {key: default for key, (default, dummy) in known.items()}


def sort_of(group):
    """By its protocol a target group tells what it is for."""
    return "lambda" if group.target_type == "lambda" else SERVES.get(group.protocol, NLB)


def check(what, known, given):
    for one in given:
        key, value = one["Key"], one.get("Value", "")
        if key not in known:
            raise invalid(f"{what} attribute key '{key}' is not recognized")
        allowed = known[key][1]
        fits = re.fullmatch(allowed, value) if isinstance(allowed, str) else value.isdigit() and int(value) in allowed
        if not fits:
            raise invalid(f"{what} attribute value '{value}' is not valid for '{key}'")


def listed(attributes):
    return {"Attributes": [{"Key": key, "Value": str(value)} for key, value in attributes.items()]}


@BOOK.adds("DescribeLoadBalancerAttributes")
def describe_balancer(elbv2, LoadBalancerArn, **_):
    return listed(balancer_of(elbv2, LoadBalancerArn).attrs)


@BOOK.adds("ModifyLoadBalancerAttributes")
def modify_balancer(elbv2, LoadBalancerArn, Attributes, **_):
    """LoadBalancerAttribute, access_logs.s3.bucket: "The bucket must exist in the same region as the load balancer and have a bucket policy
    that grants Elastic Load Balancing permissions to write to the bucket".
    """
    balancer = balancer_of(elbv2, LoadBalancerArn)
    check("Load balancer", BALANCERS[balancer.type], Attributes)
    after = {**balancer.attrs, **{one["Key"]: one.get("Value", "") for one in Attributes}}
    for option in ("access_logs", "connection_logs", "health_check_logs"):
        if after.get(f"{option}.s3.enabled") == "true":
            may_be_written(elbv2, LoadBalancerArn, after[f"{option}.s3.bucket"], after[f"{option}.s3.prefix"])
    balancer.attrs = after
    return listed(after)


def may_be_written(elbv2, arn, name, prefix):
    if not name:
        raise invalid("The value of 'access_logs.s3.bucket' cannot be empty")
    bucket = access.bucket_of(name)
    if bucket is None:
        raise wrong(f"S3Bucket: {name} does not exist")
    if bucket.region_name != elbv2.region_name:
        raise wrong(f"S3Bucket: {name} is not located in the same region as the load balancer")
    key = f"{prefix}/AWSLogs/{elbv2.account_id}/ELBAccessLogTestFile".lstrip("/")
    if not may_write(bucket, elbv2.account_id, key, arn):
        raise wrong(f"Access Denied for bucket: {name}. Please check S3bucket permission")


def may_write(bucket, account, key, arn):
    """ALB guide, "Access logs": s3:PutObject alone is asked for."""
    policy = json.loads(bucket.policy) if bucket.policy else {}
    context = {"aws:SourceAccount": account, "aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control"}
    return access.allows(policy, "s3:PutObject", f"arn:aws:s3:::{bucket.name}/{key}", DELIVERY, context)


@BOOK.adds("DescribeTargetGroupAttributes")
def describe_group(elbv2, TargetGroupArn, **_):
    return listed(group_of(elbv2, TargetGroupArn).attributes)


@BOOK.rule("ModifyTargetGroupAttributes")
def keys_are_those_of_the_group(elbv2, TargetGroupArn, Attributes, **_):
    """TargetGroupAttribute.Key: which are "supported by" what."""
    group = group_of(elbv2, TargetGroupArn)
    check("Target group", GROUPS[sort_of(group)], Attributes)


@BOOK.adds("DescribeListenerAttributes")
def describe_listener(elbv2, ListenerArn, **_):
    return listed(listener_of(elbv2, ListenerArn).attributes)


@BOOK.adds("ModifyListenerAttributes")
def modify_listener(elbv2, ListenerArn, Attributes, **_):
    listener = listener_of(elbv2, ListenerArn)
    check("Listener", LISTENERS[balancer_of(elbv2, listener.load_balancer_arn).type], Attributes)
    listener.attributes = {**listener.attributes, **{one["Key"]: one.get("Value", "") for one in Attributes}}
    return listed(listener.attributes)
