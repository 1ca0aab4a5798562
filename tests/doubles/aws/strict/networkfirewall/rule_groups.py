# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule groups, stateless and stateful; and a few of those that AWS manages."""

from __future__ import annotations

import copy
import math
import re

from .book import BOOK, Thing, encryption, found, invalid, kept, missing, named_anew, not_valid, page, shown_tags

KINDS = {"STATEFUL": "stateful-rulegroup", "STATELESS": "stateless-rulegroup"}
STATEFUL_SOURCES = ("RulesString", "RulesSourceList", "StatefulRules")
STATELESS_SOURCE = "StatelessRulesAndCustomActions"
RULE = re.compile(r"(pass|drop|alert|reject)\s+\w+\s+\S+\s+\S+\s+(->|<>)\s+\S+\s+\S+\s+\((?P<options>.*)\)\s*", re.IGNORECASE)
SID = re.compile(r"(?:^|;)\s*sid\s*:\s*(\d+)\s*;")
PRIORITY = re.compile(r"(?:^|;)\s*priority\s*:")
STANDARD = ("aws:pass", "aws:drop", "aws:forward_to_sfe")
# Developer guide, "Working with AWS managed rule groups": one for each rule order
MANAGED = ("ThreatSignaturesMalware", "MalwareDomains")
ORDERS = {"StrictOrder": "STRICT_ORDER", "ActionOrder": "DEFAULT_ACTION_ORDER"}
MANAGED_CAPACITY = 1000


class Group(Thing):
    def __init__(self, backend, name, kind, capacity, tags):
        super().__init__(backend, KINDS[kind], name, tags)
        self.type = kind
        self.capacity = capacity
        self.consumed = 0
        self.rule_group = {}
        self.description = None
        self.encryption = encryption(None)

    @property
    def order(self):
        return order_of(self.rule_group)


def order_of(rule_group):
    """StatefulRuleOptions.RuleOrder: DEFAULT_ACTION_ORDER is the default behavior."""
    return rule_group.get("StatefulRuleOptions", {}).get("RuleOrder", "DEFAULT_ACTION_ORDER")


def groups(backend):
    return kept(backend, "rule_groups")


def group_of(backend, arn, name, kind):
    """DescribeRuleGroup.Type: "If you don't provide the ARN, you must provide the type"."""
    if not arn and not kind:
        raise invalid("Type is required with RuleGroupName")
    return found(groups(backend), arn, name, **({"type": kind} if kind else {}))


# -- what the rules must be -------------------------------------------------------------------------


def checked(kind, rule_group):
    """The group's consumed capacity."""
    sources = [name for name, value in rule_group["RulesSource"].items() if value is not None]
    allowed = STATEFUL_SOURCES if kind == "STATEFUL" else (STATELESS_SOURCE,)
    if len(sources) != 1 or sources[0] not in allowed:
        raise invalid(f"RulesSource: a {kind} group has exactly one of {', '.join(allowed)}")
    if kind == "STATELESS" and (rule_group.get("RuleVariables") or rule_group.get("StatefulRuleOptions") or rule_group.get("ReferenceSets")):
        raise invalid("RuleVariables, ReferenceSets and StatefulRuleOptions are for stateful rule groups only")
    source = rule_group["RulesSource"][sources[0]]
    if kind == "STATELESS":
        return stateless(source)
    for variables in (rule_group.get("RuleVariables") or {}).values():
        for name in variables:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", name):
                raise invalid(f"RuleVariables: {name} is no name of a variable")
    if sources[0] == "RulesSourceList":
        return len(source["Targets"])
    strict = order_of(rule_group) == "STRICT_ORDER"
    return suricata(source, strict) if sources[0] == "RulesString" else stateful(source)


def suricata(text, strict):
    """RulesString: one rule per line, each with a sid of its own; "You can't use the priority keyword if the RuleOrder [...] is STRICT_ORDER"."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    sids = []
    for number, line in enumerate(lines, 1):
        rule = RULE.fullmatch(line)
        sid = SID.search(rule["options"]) if rule else None
        if sid is None:
            raise invalid(f"stateful rule is invalid, rule: {line}, reason: illegal rule syntax in rule {number}")
        if strict and PRIORITY.search(rule["options"]):
            raise invalid(f"stateful rule is invalid, rule: {line}, reason: priority is not supported with STRICT_ORDER")
        sids.append(sid[1])
    unique(sids)
    return len(lines)


def stateful(rules):
    """RuleOption.Keyword: "You must include a sid (signature ID)"."""
    sids = [one["Settings"][0] for rule in rules for one in rule["RuleOptions"] if one["Keyword"] == "sid" and one.get("Settings")]
    sids += [one["Keyword"].partition(":")[2] for rule in rules for one in rule["RuleOptions"] if one["Keyword"].startswith("sid:")]
    if len(sids) < len(rules):
        raise invalid("stateful rule is invalid, reason: every rule needs a sid")
    unique(sids)
    return len(rules)


def unique(sids):
    twice = {sid for sid in sids if sids.count(sid) > 1}
    if twice:
        raise invalid(f"stateful rule is invalid, reason: duplicate sid {', '.join(sorted(twice))}")


def stateless(source):
    """StatelessRule.Priority is unique in the group; RuleDefinition.Actions: exactly one standard action; capacity as CreateRuleGroup.Capacity counts."""
    rules, custom = source["StatelessRules"], {action["ActionName"] for action in source.get("CustomActions") or []}
    priorities = [rule["Priority"] for rule in rules]
    if len(set(priorities)) < len(priorities):
        raise invalid("StatelessRules: priorities must be unique")
    for rule in rules:
        actions_are_sound(rule["RuleDefinition"]["Actions"], custom)
    matches = [rule["RuleDefinition"]["MatchAttributes"] for rule in rules]
    return sum(math.prod(max(1, len(setting or ())) for setting in match.values()) for match in matches)


def actions_are_sound(actions, custom):
    if len([action for action in actions if action in STANDARD]) != 1:
        raise invalid(f"exactly one of {', '.join(STANDARD)} must be specified, not {actions}")
    for action in actions:
        if action not in STANDARD and action not in custom:
            raise invalid(f"{action} is no action, and no custom action of that name is defined")


# -- operations -------------------------------------------------------------------------------------


def given_group(RuleGroup, Rules, Type):
    if bool(RuleGroup) == bool(Rules):
        raise invalid("You must provide either RuleGroup or Rules, but not both")
    if Type not in KINDS:
        raise invalid(f"the double knows no rule groups of type {Type}")
    return copy.deepcopy(RuleGroup) if RuleGroup else {"RulesSource": {"RulesString": Rules}}


def put(group, rule_group, description, encrypted):
    """What a write leaves out is gone afterwards: the model does not say that it stays, so the double takes the harder reading."""
    consumed = checked(group.type, rule_group)
    if consumed > group.capacity:
        raise invalid(f"Capacity exceeded: the rules need {consumed}, the group has {group.capacity}")
    group.rule_group, group.consumed, group.description, group.encryption = rule_group, consumed, description, encryption(encrypted)


@BOOK.adds("CreateRuleGroup")
def create_rule_group(backend, RuleGroupName, RuleGroup, Rules, Type, Capacity, Description, Tags, EncryptionConfiguration, **_):
    """CreateRuleGroup: "Capacity [...] is fixed at creation"."""
    wanted = given_group(RuleGroup, Rules, Type)
    if Capacity < 1:
        raise invalid("Capacity must be at least 1")
    named_anew(groups(backend), RuleGroupName, type=Type)
    group = Group(backend, RuleGroupName, Type, Capacity, Tags)
    put(group, wanted, Description, EncryptionConfiguration)
    groups(backend)[group.arn] = group
    group.touch(1)
    return {"UpdateToken": group.token, "RuleGroupResponse": response(backend, group, "ACTIVE")}


@BOOK.adds("UpdateRuleGroup")
def update_rule_group(backend, UpdateToken, RuleGroupArn, RuleGroupName, RuleGroup, Rules, Type, Description, EncryptionConfiguration, **_):
    """UpdateRuleGroup: limited to the capacity; the order of evaluation stays (developer guide, "Updating a stateful rule group")."""
    group = group_of(backend, RuleGroupArn, RuleGroupName, Type)
    group.check_token(UpdateToken, required=True)
    wanted = given_group(RuleGroup, Rules, group.type)
    if order_of(wanted) != group.order:
        raise invalid("StatefulRuleOptions: the rule order of a rule group cannot be changed")
    put(group, wanted, Description, EncryptionConfiguration)
    group.touch(1)
    return {"UpdateToken": group.token, "RuleGroupResponse": response(backend, group, "UPDATING")}


@BOOK.adds("DescribeRuleGroup")
def describe_rule_group(backend, RuleGroupArn, RuleGroupName, Type, **_):
    """DescribeRuleGroup: rules, properties and token. Rules of managed groups are AWS's own."""
    if managed(RuleGroupArn):
        raise invalid("the rules of this managed rule group cannot be viewed")
    group = group_of(backend, RuleGroupArn, RuleGroupName, Type)
    status = "UPDATING" if group.look() else "ACTIVE"
    shown = copy.deepcopy(group.rule_group)
    return {"UpdateToken": group.token, "RuleGroup": shown, "RuleGroupResponse": response(backend, group, status)}


def response(backend, group, status):
    shown = {
        "RuleGroupArn": group.arn,
        "RuleGroupName": group.name,
        "RuleGroupId": group.id,
        "Type": group.type,
        "Capacity": group.capacity,
        "ConsumedCapacity": group.consumed,
        "RuleGroupStatus": status,
        "Tags": shown_tags(group),
        "NumberOfAssociations": len(users(backend, group.arn)),
        "EncryptionConfiguration": group.encryption,
    }
    return {**shown, "Description": group.description} if group.description is not None else shown


def users(backend, arn):
    return [policy for policy in kept(backend, "policies").values() if arn in policy.uses()]


@BOOK.adds("DescribeRuleGroupMetadata")
def describe_rule_group_metadata(backend, RuleGroupArn, RuleGroupName, Type, **_):
    """DescribeRuleGroupMetadata: of managed groups too."""
    order = managed(RuleGroupArn)
    if order:
        shown = {"RuleGroupArn": RuleGroupArn, "RuleGroupName": RuleGroupArn.rpartition("/")[2], "Type": "STATEFUL", "Capacity": MANAGED_CAPACITY}
        return {**shown, "StatefulRuleOptions": {"RuleOrder": order}}
    group = group_of(backend, RuleGroupArn, RuleGroupName, Type)
    shown = {"RuleGroupArn": group.arn, "RuleGroupName": group.name, "Type": group.type, "Capacity": group.capacity}
    return {**shown, "StatefulRuleOptions": {"RuleOrder": group.order}} if group.type == "STATEFUL" else shown


def managed(arn):
    """The rule order of a group that AWS manages, None where there is none of that ARN."""
    told = re.fullmatch(r"arn:aws:network-firewall:[\w-]+:aws-managed:stateful-rulegroup/(\w+?)(StrictOrder|ActionOrder)", arn or "")
    return ORDERS[told[2]] if told and told[1] in MANAGED else None


@BOOK.adds("ListRuleGroups")
def list_rule_groups(backend, NextToken, MaxResults, Scope, Type, **_):
    """ListRuleGroups.Scope: ACCOUNT is the default."""
    if Scope == "MANAGED":
        arn = f"arn:aws:network-firewall:{backend.region_name}:aws-managed:stateful-rulegroup/"
        rows = [{"Name": f"{name}{order}", "Arn": f"{arn}{name}{order}"} for name in MANAGED for order in ORDERS]
    else:
        rows = [{"Name": one.name, "Arn": one.arn} for one in groups(backend).values() if Type in (None, one.type)]
    return page("RuleGroups", rows, NextToken, MaxResults)


@BOOK.adds("DeleteRuleGroup")
def delete_rule_group(backend, RuleGroupArn, RuleGroupName, Type, **_):
    """InvalidOperationException: "you might have tried to delete a rule group or firewall policy that's in use"."""
    group = group_of(backend, RuleGroupArn, RuleGroupName, Type)
    if users(backend, group.arn):
        raise not_valid(f"Unable to delete the object because it is still in use: {group.arn}")
    del groups(backend)[group.arn]
    return {"RuleGroupResponse": response(backend, group, "DELETING")}


def referenced(backend, arn):
    """(type, rule order, capacity) of a group that a policy refers to."""
    if managed(arn):
        return "STATEFUL", managed(arn), MANAGED_CAPACITY
    if arn not in groups(backend):
        raise missing(arn)
    group = groups(backend)[arn]
    return group.type, group.order, group.capacity
