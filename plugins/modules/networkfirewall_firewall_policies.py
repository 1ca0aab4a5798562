#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from collections import Counter

from ansible_collections.msp.aws.plugins.module_utils import _networkfirewall
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._documents import merged as merged_documents
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref, tags, to_make

PLAIN = dict(
    stateless_default_actions="StatelessDefaultActions",
    stateless_fragment_default_actions="StatelessFragmentDefaultActions",
    stateful_default_actions="StatefulDefaultActions",
    rule_order="StatefulEngineOptions.RuleOrder",
    stream_exception_policy="StatefulEngineOptions.StreamExceptionPolicy",
    tcp_idle_timeout_seconds="StatefulEngineOptions.FlowTimeouts.TcpIdleTimeoutSeconds",
    tls_inspection_configuration="TLSInspectionConfigurationArn",
)
GROUP = dict(rule_group="ResourceArn", priority="Priority")
STATEFUL_GROUP = dict(**GROUP, override_action="Override.Action", deep_threat_inspection="DeepThreatInspection")
CUSTOM_ACTION = dict(
    action_name="ActionName",
    dimensions=Field(
        "ActionDefinition.PublishMetricAction.Dimensions",
        lambda found: [one["Value"] for one in found],
        lambda wanted: [dict(Value=one) for one in wanted],
    ),
)
# Option → (member, fields of an item, the option and the member that tell which one an item is)
LISTS = dict(
    stateless_rule_groups=("StatelessRuleGroupReferences", GROUP, "rule_group", "ResourceArn"),
    stateful_rule_groups=("StatefulRuleGroupReferences", STATEFUL_GROUP, "rule_group", "ResourceArn"),
    stateless_custom_actions=("StatelessCustomActions", CUSTOM_ACTION, "action_name", "ActionName"),
)
FILTERS = {*PLAIN, *LISTS, "policy_variables"}
STANDARD = ("aws:pass", "aws:drop", "aws:forward_to_sfe")
# Rules of TLS and HTTP can match only after the handshake, which this drops.
HASTY = "aws:drop_strict"


def find(aws, wanted):
    return _networkfirewall.listed(aws, "list_firewall_policies", "FirewallPolicies")


def read(aws, have, names):
    """The list gives names only; everything else of one policy comes in one call."""
    return _have(_active(aws, have["id"]))


def _active(aws, arn):
    return _networkfirewall.active(
        aws,
        f"firewall policy {arn}",
        lambda: aws.network_firewall.describe_firewall_policy(FirewallPolicyArn=arn),
        "FirewallPolicyResponse",
        "FirewallPolicyStatus",
    )


def _have(described):
    response, policy = described["FirewallPolicyResponse"], described["FirewallPolicy"]
    return {
        "id": response["FirewallPolicyArn"],
        "name": response["FirewallPolicyName"],
        "rule_order": "DEFAULT_ACTION_ORDER",
        **flat(PLAIN, policy),
        **{option: [flat(fields, one) for one in policy.get(member) or []] for option, (member, fields, *dummy) in LISTS.items()},
        "policy_variables": _networkfirewall.definitions((policy.get("PolicyVariables") or {}).get("RuleVariables")),
        "_policy": policy,
        "_token": described["UpdateToken"],
        "_used": response.get("NumberOfAssociations", 0),
        **_networkfirewall.common(response),
    }


def create(aws, want):
    change = {name: value for name, value in want.items() if name in PLAIN or name == "policy_variables"}
    policy = _policy({}, change)
    for option, (member, fields, *dummy) in LISTS.items():
        if option in want:
            policy[member] = [deep(fields, one, {}) for one in to_make(want, option)]
    _groups_suit(aws, policy)
    _warn(aws, want)
    created = aws.network_firewall.create_firewall_policy(
        FirewallPolicyName=want["name"],
        FirewallPolicy={member: value for member, value in policy.items() if value != []},
        **_networkfirewall.described(want),
        **_networkfirewall.tagged(want),
    )
    return _have(_active(aws, created["FirewallPolicyResponse"]["FirewallPolicyArn"]))


def _policy(found, change):
    """The whole FirewallPolicy after a change; what no option stands for stays as it was."""
    policy = deep(PLAIN, {name: value for name, value in change.items() if name in PLAIN}, copy.deepcopy(found))
    for option, (member, fields, key, name) in LISTS.items():
        if option in change:
            policy[member] = merged_documents(
                lambda item, document, fields=fields: deep(fields, item, document), key, name, policy.get(member) or [], change[option]
            )
    if "policy_variables" in change:
        variables = policy.setdefault("PolicyVariables", {})
        variables["RuleVariables"] = _networkfirewall.with_definitions(variables.get("RuleVariables"), change["policy_variables"])
    return policy


def _groups_suit(aws, policy, known=()):
    """AWS says of a group of another order only that the policy is invalid."""
    order = (policy.get("StatefulEngineOptions") or {}).get("RuleOrder", "DEFAULT_ACTION_ORDER")
    for arn in [one["ResourceArn"] for one in policy.get("StatefulRuleGroupReferences") or []]:
        its_order = order if arn in known else aws.once(_order_of, arn)
        if its_order != order:
            raise Problem(
                f"{arn} evaluates its rules in {its_order}, this policy in {order}: make the rule group anew, under another name, with rule_order {order}"
            )


def _order_of(aws, arn):
    options = aws.network_firewall.describe_rule_group_metadata(RuleGroupArn=arn).get("StatefulRuleOptions") or {}
    return options.get("RuleOrder", "DEFAULT_ACTION_ORDER")


def _warn(aws, change):
    if HASTY in (change.get("stateful_default_actions") or []):
        aws.warn(
            f"{HASTY} drops the first packets of a connection, before rules about TLS or HTTP can let it pass: "
            "in most cases aws:drop_established is what is meant"
        )


def update(aws, have, change):
    """UpdateFirewallPolicy takes the whole policy, and the token of the state that the change was compared with."""
    _groups_suit(aws, _policy(have["_policy"], change), known=[one["rule_group"] for one in have["stateful_rule_groups"]])
    _warn(aws, change)
    _networkfirewall.update_tags(aws, have, change)
    if change.keys() <= {"tags"}:
        return
    aws.network_firewall.update_firewall_policy(
        UpdateToken=have["_token"],
        FirewallPolicyArn=have["id"],
        FirewallPolicy=_policy(have["_policy"], change),
        **_networkfirewall.rewritten({**have, **change}),
    )
    _active(aws, have["id"])


def delete(aws, have):
    aws.network_firewall.delete_firewall_policy(FirewallPolicyArn=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: [policy["id"] for policy in find(aws, None)], lambda arns: have["id"] not in arns, limit=600)


def holders(aws, haves):
    """AWS says how many use it, and not which."""
    for have in haves:
        used = aws.network_firewall.describe_firewall_policy(FirewallPolicyArn=have["id"])["FirewallPolicyResponse"].get("NumberOfAssociations", 0)
        if used:
            yield Holder(have["id"], "firewalls that use it", str(used), (("networkfirewall_firewalls", None),))


def danger(have, change):
    if not (have and have.get("_used") and change.keys() & FILTERS):
        return None
    return f"would change at once what {have['_used']} firewalls let through and what they block"


def refuse(want, have, change):
    after = merged(KIND.options, have, {name: value for name, value in change.items() if name in KIND.options})
    if not have:
        after = {**want, **after}
    fault = _networkfirewall.needs_key(change.get("encryption_configuration")) or _fault(after)
    if fault:
        raise Problem(fault)


def _fault(policy):
    """What is wrong in a policy as it is to be."""
    strict, stateful = policy.get("rule_order") == "STRICT_ORDER", policy.get("stateful_rule_groups") or []
    for option in ("stateless_default_actions", "stateless_fragment_default_actions"):
        if len([action for action in policy.get(option) or [] if action in STANDARD]) != 1:
            return f"{option}: exactly one of {', '.join(STANDARD)} must be named"
    if not strict and policy.get("stateful_default_actions"):
        return "stateful_default_actions is for policies with rule_order STRICT_ORDER only"
    for group in stateful:
        if strict != (group.get("priority") is not None):
            return f"stateful_rule_groups: {group['rule_group']} {'needs a' if strict else 'takes no'} priority with rule_order {policy.get('rule_order')}"
    for option in ("stateless_rule_groups", "stateful_rule_groups"):
        for priority, count in Counter(group.get("priority") for group in policy.get(option) or []).items():
            if priority is not None and count > 1:
                clash = " and ".join(sorted(group["rule_group"] for group in policy[option] if group.get("priority") == priority))
                return f"{option}: {clash} have the same priority {priority}"
    return None


def faults(entries, sheet):
    """Priorities are there once, and so are the signature ids of the rules that a policy brings together."""
    rules = {group.get("name"): set(_networkfirewall.sids(group.get("rules_source"))) for group in sheet.get("networkfirewall_rule_groups", [])}
    for index, entry in enumerate(entries):
        for option in ("stateless_rule_groups", "stateful_rule_groups"):
            named = _named(entry.get(option))
            for priority, count in Counter(group.get("priority") for group in named).items():
                if priority is not None and count > 1:
                    yield index, option, "duplicate", dict(value=f"priority: {priority}", limit=count)
            counted = Counter(sid for group in named for sid in rules.get(group.get("rule_group"), ()))
            yield from ((index, option, "duplicate", dict(value=f"sid:{sid}", limit=count)) for sid, count in counted.items() if count > 1)


def _named(value):
    things = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []
    return [thing for thing in things if isinstance(thing, dict)]


API = "CreateFirewallPolicy.FirewallPolicy"


def _group(path, **more):
    options = dict(
        rule_group=ref("networkfirewall_rule_groups", required=True, elsewhere=True),
        priority=Option("int", api=f"{API}.{path}.Priority"),
        **more,
    )
    return items(key=("rule_group",), options=options)


KIND = Kind(
    name="networkfirewall_firewall_policies",
    service=_networkfirewall.SERVICE,
    identity=("name",),
    options=dict(
        name=Option(api="CreateFirewallPolicy.FirewallPolicyName"),
        description=Option(clearable=True, api="CreateFirewallPolicy.Description"),
        rule_order=fixed(api=f"{API}.StatefulEngineOptions.RuleOrder"),
        stateless_default_actions=Option("list", "str", required=True),
        stateless_fragment_default_actions=Option("list", "str", required=True),
        stateless_rule_groups=_group("StatelessRuleGroupReferences"),
        stateless_custom_actions=items(
            key=("action_name",),
            options=dict(
                action_name=Option(required=True, api=f"{API}.StatelessCustomActions.ActionName"),
                dimensions=Option("list", "str", required=True, api=f"{API}.StatelessCustomActions.ActionDefinition.PublishMetricAction.Dimensions.Value"),
            ),
        ),
        stateful_rule_groups=_group(
            "StatefulRuleGroupReferences",
            override_action=Option(api=f"{API}.StatefulRuleGroupReferences.Override.Action"),
            deep_threat_inspection=Option("bool"),
        ),
        stateful_default_actions=Option("list", "str", clearable=True),
        stream_exception_policy=Option(api=f"{API}.StatefulEngineOptions.StreamExceptionPolicy"),
        tcp_idle_timeout_seconds=Option("int", clearable=True),
        policy_variables=_networkfirewall.variables(),
        tls_inspection_configuration=Option(clearable=True, api=f"{API}.TLSInspectionConfigurationArn"),
        encryption_configuration=_networkfirewall.encryption_option("CreateFirewallPolicy"),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    not_yet=_networkfirewall.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
