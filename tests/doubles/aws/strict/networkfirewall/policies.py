# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall policies."""

from __future__ import annotations

import copy

from ..rules import Refused
from .book import BOOK, Thing, encryption, found, invalid, kept, named_anew, not_valid, page, shown_tags
from .rule_groups import actions_are_sound, managed, referenced

CAPACITY = 30000  # quota: capacity of stateless, and of stateful rule groups per firewall policy
DEFAULTS = ("aws:drop_strict", "aws:drop_established", "aws:alert_strict", "aws:alert_established")
DEFAULTS += ("aws:drop_established_app_layer", "aws:alert_established_app_layer")


class Policy(Thing):
    def __init__(self, backend, name, tags):
        super().__init__(backend, "firewall-policy", name, tags)
        self.policy = {}
        self.description = None
        self.encryption = encryption(None)

    def uses(self):
        return [one["ResourceArn"] for member in ("StatelessRuleGroupReferences", "StatefulRuleGroupReferences") for one in self.policy.get(member) or []]


def policies(backend):
    return kept(backend, "policies")


def order_of(policy):
    return (policy.get("StatefulEngineOptions") or {}).get("RuleOrder", "DEFAULT_ACTION_ORDER")


def checked(backend, policy):
    """FirewallPolicy: actions, priorities, orders and capacities."""
    custom = {action["ActionName"] for action in policy.get("StatelessCustomActions") or []}
    for member in ("StatelessDefaultActions", "StatelessFragmentDefaultActions"):
        actions_are_sound(policy[member], custom)
    strict = order_of(policy) == "STRICT_ORDER"
    stateless, stateful = (policy.get(f"{kind}RuleGroupReferences") or [] for kind in ("Stateless", "Stateful"))
    suits(backend, stateless, "STATELESS", None)
    suits(backend, stateful, "STATEFUL", order_of(policy))
    unique([one["Priority"] for one in stateless])
    if strict:
        if any("Priority" not in one for one in stateful):
            raise invalid("StatefulRuleGroupReferences: Priority is required with STRICT_ORDER")
        unique([one["Priority"] for one in stateful])
    elif policy.get("StatefulDefaultActions") or any("Priority" in one for one in stateful):
        raise invalid("StatefulDefaultActions and priorities of stateful rule groups are only valid with STRICT_ORDER")
    for action in policy.get("StatefulDefaultActions") or []:
        if action not in DEFAULTS:
            raise invalid(f"StatefulDefaultActions: {action}")
    for one in stateful:
        if one.get("Override") and not managed(one["ResourceArn"]):
            raise invalid("StatefulRuleGroupOverride: only applies to managed rule groups")
    timeouts = (policy.get("StatefulEngineOptions") or {}).get("FlowTimeouts") or {}
    if not 60 <= timeouts.get("TcpIdleTimeoutSeconds", 350) <= 6000:
        raise invalid("TcpIdleTimeoutSeconds must be between 60 and 6000")


def suits(backend, references, kind, order):
    """References are of the right type and order, none stands there twice, and all fit into the policy's capacity."""
    arns = [one["ResourceArn"] for one in references]
    if len(set(arns)) < len(arns):
        raise invalid("a rule group can be referenced once")
    total = 0
    for arn in arns:
        try:
            its_kind, its_order, capacity = referenced(backend, arn)
        except Refused:
            raise invalid(f"{arn} does not exist") from None
        if its_kind != kind:
            raise invalid(f"{arn} is no {kind} rule group")
        if order and its_order != order:
            raise invalid(f"the rule order of {arn} is {its_order}, that of the policy {order}")
        total += capacity
    if total > CAPACITY:
        raise Refused("LimitExceededException", f"the {kind} rule groups have a capacity of {total}, more than {CAPACITY}")


def unique(priorities):
    if len(set(priorities)) < len(priorities):
        raise invalid("priorities must be unique within each policy")


def response(backend, policy, status):
    shown = {
        "FirewallPolicyName": policy.name,
        "FirewallPolicyArn": policy.arn,
        "FirewallPolicyId": policy.id,
        "FirewallPolicyStatus": status,
        "Tags": shown_tags(policy),
        "NumberOfAssociations": len(users(backend, policy.arn)),
        "EncryptionConfiguration": policy.encryption,
    }
    return {**shown, "Description": policy.description} if policy.description is not None else shown


def users(backend, arn):
    return [firewall for firewall in backend.firewalls.values() if firewall.policy_arn == arn]


def put(backend, policy, wanted, description, encrypted):
    """As with rule groups, what a write leaves out is gone."""
    checked(backend, wanted)
    policy.policy, policy.description, policy.encryption = copy.deepcopy(wanted), description, encryption(encrypted)


@BOOK.adds("CreateFirewallPolicy")
def create_firewall_policy(backend, FirewallPolicyName, FirewallPolicy, Description, Tags, EncryptionConfiguration, **_):
    named_anew(policies(backend), FirewallPolicyName)
    policy = Policy(backend, FirewallPolicyName, Tags)
    put(backend, policy, FirewallPolicy, Description, EncryptionConfiguration)
    policies(backend)[policy.arn] = policy
    policy.touch(1)
    return {"UpdateToken": policy.token, "FirewallPolicyResponse": response(backend, policy, "ACTIVE")}


@BOOK.adds("UpdateFirewallPolicy")
def update_firewall_policy(backend, UpdateToken, FirewallPolicyArn, FirewallPolicyName, FirewallPolicy, Description, EncryptionConfiguration, **_):
    """UpdateFirewallPolicy: whole; the rule order stays; firewalls that use it have to follow."""
    policy = found(policies(backend), FirewallPolicyArn, FirewallPolicyName)
    policy.check_token(UpdateToken, required=True)
    if order_of(FirewallPolicy) != order_of(policy.policy):
        raise invalid("StatefulEngineOptions: the rule order of a firewall policy cannot be changed")
    put(backend, policy, FirewallPolicy, Description, EncryptionConfiguration)
    policy.touch(1)
    for firewall in users(backend, policy.arn):
        firewall.touch(2)
    return {"UpdateToken": policy.token, "FirewallPolicyResponse": response(backend, policy, "UPDATING")}


@BOOK.adds("DescribeFirewallPolicy")
def describe_firewall_policy(backend, FirewallPolicyArn, FirewallPolicyName, **_):
    policy = found(policies(backend), FirewallPolicyArn, FirewallPolicyName)
    status = "UPDATING" if policy.look() else "ACTIVE"
    return {
        "UpdateToken": policy.token,
        "FirewallPolicyResponse": response(backend, policy, status),
        "FirewallPolicy": copy.deepcopy(policy.policy),
    }


@BOOK.adds("ListFirewallPolicies")
def list_firewall_policies(backend, NextToken, MaxResults, **_):
    rows = [{"Name": one.name, "Arn": one.arn} for one in policies(backend).values()]
    return page("FirewallPolicies", rows, NextToken, MaxResults)


@BOOK.adds("DeleteFirewallPolicy")
def delete_firewall_policy(backend, FirewallPolicyArn, FirewallPolicyName, **_):
    """InvalidOperationException: in use."""
    policy = found(policies(backend), FirewallPolicyArn, FirewallPolicyName)
    if users(backend, policy.arn):
        raise not_valid(f"Unable to delete the object because it is still in use: {policy.arn}")
    del policies(backend)[policy.arn]
    return {"FirewallPolicyResponse": response(backend, policy, "DELETING")}
