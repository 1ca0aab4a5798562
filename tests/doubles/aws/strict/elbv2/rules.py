# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of listeners: priorities, conditions, and the default one, which stays."""

from __future__ import annotations

import copy
import ipaddress

from moto.elbv2 import models
from moto.moto_api._internal import mock_random

from ..rules import Refused
from . import tags
from .book import BOOK, balancer_of, invalid, listener_of, page, rule_of
from .listeners import checked
from .target_groups import settle

PLAIN = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}
CONFIGS = {
    **PLAIN,
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
ONCE = (*PLAIN, "http-request-method", "source-ip")
MOST_VALUES = 5


def conditions_of(given):
    """RuleCondition: "up to one of each of the following conditions: http-request-method, host-header, path-pattern, and source-ip"; "the value for a
    condition can't be empty"; Values "Specify only when Field is host-header or path-pattern", one of them. ALB guide: five values in a rule.
    """
    conditions = copy.deepcopy(given)
    if not conditions:
        raise invalid("A condition must be specified")
    fields = [one.get("Field") for one in conditions]
    for field in fields:
        if field not in CONFIGS:
            raise invalid(f"Condition field '{field}' must be one of '{sorted(CONFIGS)}'")
        if field in ONCE and fields.count(field) > 1:
            raise invalid(f"Only one condition of the field '{field}' can be specified")
    if sum(len(spread(one)) for one in conditions) > MOST_VALUES:
        raise Refused("InvalidConfigurationRequest", f"A rule has at most {MOST_VALUES} values in its conditions")
    return conditions


def spread(condition):
    """The values of a condition; of the plain ones they stand in two places."""
    field = condition["Field"]
    config = condition.get(CONFIGS[field]) or {}
    if field in PLAIN:
        plain = condition.get("Values") or []
        if len(plain) > 1 and not config:
            raise invalid(f"The '{field}' field contains too many values; the limit is '1'")
        values = config.get("Values") or plain
        if values:
            condition[CONFIGS[field]] = {**config, "Values": values}
            condition["Values"] = values
    elif condition.get("Values"):
        raise invalid(f"The 'Values' field is not compatible with '{field}'")
    found = [*(config.get("Values") or condition.get("Values") or []), *(config.get("RegexValues") or [])]
    if not found and not config.get("IpAddressType"):
        raise invalid("A condition value must be specified")
    if field == "http-header" and not config.get("HttpHeaderName"):
        raise invalid("A header name must be specified")
    for value in found if field == "source-ip" else ():
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise invalid(f"The source IP value '{value}' is not a CIDR block") from None
    return found


@BOOK.adds("CreateRule")
def create(elbv2, ListenerArn, Conditions, Priority, Actions, Tags, **_):
    """CreateRule: "The listener must be associated with an Application Load Balancer"; PriorityInUseException. It is not said to be idempotent."""
    listener = listener_of(elbv2, ListenerArn)
    balancer = balancer_of(elbv2, listener.load_balancer_arn)
    if balancer.type != "application":
        raise Refused("UnsupportedProtocol", f"Rules are not supported for load balancers of the type {balancer.type}")
    free(listener, {Priority})
    conditions = conditions_of(Conditions)
    actions = checked(elbv2, balancer, listener.protocol, Actions)
    arn = f"{ListenerArn.replace(':listener/', ':listener-rule/')}/{mock_random.get_random_hex(16)}"
    rule = models.FakeListenerRule(ListenerArn, arn, conditions, Priority, actions)
    listener.register(arn, rule)
    elbv2.tagging_service.tag_resource(arn, Tags)
    settle(elbv2)
    return {"Rules": [shown(rule)]}


def free(listener, priorities, leaving=()):
    for rule in listener._non_default_rules.values():
        if rule.arn not in leaving and rule.priority in priorities:
            raise Refused("PriorityInUse", f"Priority '{rule.priority}' is currently in use")


def shown(rule):
    return {
        "RuleArn": rule.arn,
        "Priority": str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": [one.data for one in rule.actions],
        "IsDefault": rule.is_default,
    }


@BOOK.adds("DescribeRules")
def describe(elbv2, ListenerArn, RuleArns, Marker, PageSize, **_):
    """DescribeRules: "You must specify either a listener or rules"; in the order of their priorities, the default one last."""
    if bool(ListenerArn) == bool(RuleArns):
        raise invalid("You must specify either listener rule ARNs or a listener ARN")
    found = list(listener_of(elbv2, ListenerArn).rules.values()) if ListenerArn else [rule_of(elbv2, one) for one in RuleArns]
    ordered = sorted(found, key=lambda rule: (rule.is_default, 0 if rule.is_default else rule.priority))
    return page([shown(one) for one in ordered], Marker, PageSize, "Rules")


@BOOK.adds("ModifyRule")
def modify(elbv2, RuleArn, Conditions, Actions, **_):
    """ModifyRule: "Any properties that you do not specify are unchanged"; OperationNotPermittedException for the default one."""
    rule = rule_of(elbv2, RuleArn)
    listener = listener_of(elbv2, rule.listener_arn)
    if rule.is_default:
        raise Refused("OperationNotPermitted", f"Default rule '{RuleArn}' cannot be modified")
    if Conditions:
        rule.conditions = conditions_of(Conditions)
    if Actions:
        rule.actions = checked(elbv2, balancer_of(elbv2, listener.load_balancer_arn), listener.protocol, Actions, rule.actions)
    settle(elbv2)
    return {"Rules": [shown(rule)]}


@BOOK.adds("SetRulePriorities")
def move(elbv2, RulePriorities, **_):
    """SetRulePriorities: "You can reorder the rules as long as there are no priority conflicts in the new order"."""
    rules = [(rule_of(elbv2, one["RuleArn"]), one["Priority"]) for one in RulePriorities]
    wanted = [priority for dummy, priority in rules]
    if len(set(wanted)) < len(wanted):
        raise invalid("A priority was specified more than once")
    for rule, dummy in rules:
        if rule.is_default:
            raise Refused("OperationNotPermitted", f"The priority of the default rule '{rule.arn}' cannot be set")
        free(listener_of(elbv2, rule.listener_arn), set(wanted), [one.arn for one, dummy in rules])
    for rule, priority in rules:
        rule.priority = priority
    return {"Rules": [shown(rule) for rule, dummy in rules]}


@BOOK.adds("DeleteRule")
def delete(elbv2, RuleArn, **_):
    """OperationNotPermittedException: the default rule goes with its listener only."""
    rule = rule_of(elbv2, RuleArn)
    if rule.is_default:
        raise Refused("OperationNotPermitted", f"Default rule '{RuleArn}' cannot be deleted")
    del listener_of(elbv2, rule.listener_arn)._non_default_rules[RuleArn]
    tags.forget(elbv2, RuleArn)
    settle(elbv2)
