#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from collections import Counter

from ansible_collections.msp.aws.plugins.module_utils import _networkfirewall
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, tags

# Option → member of RuleGroup.RuleVariables
VARIABLES = dict(ip_sets="IPSets", port_sets="PortSets")
RULES = ("rules_source", "ip_sets", "port_sets", "ip_set_references")
# What of RulesSource belongs to which type
SOURCES = dict(STATEFUL=("RulesString", "RulesSourceList", "StatefulRules"), STATELESS=("StatelessRulesAndCustomActions",))


def find(aws, wanted):
    return _networkfirewall.listed(aws, "list_rule_groups", "RuleGroups")


def read(aws, have, names):
    """The list gives names only; everything else of one rule group comes in one call."""
    return _have(_active(aws, have["id"]))


def _active(aws, arn):
    return _networkfirewall.active(
        aws,
        f"rule group {arn}",
        lambda: aws.network_firewall.describe_rule_group(RuleGroupArn=arn),
        "RuleGroupResponse",
        "RuleGroupStatus",
    )


def _have(described):
    response, group = described["RuleGroupResponse"], described.get("RuleGroup") or {}
    variables, stateful = group.get("RuleVariables") or {}, response.get("Type") == "STATEFUL"
    references = (group.get("ReferenceSets") or {}).get("IPSetReferences") or {}
    return dict(
        id=response["RuleGroupArn"],
        name=response["RuleGroupName"],
        type=response.get("Type"),
        capacity=response.get("Capacity"),
        rule_order=(group.get("StatefulRuleOptions") or {}).get("RuleOrder", "DEFAULT_ACTION_ORDER") if stateful else None,
        rules_source=group.get("RulesSource"),
        ip_set_references={name: reference.get("ReferenceArn") for name, reference in references.items()},
        _group=group,
        _token=described["UpdateToken"],
        _used=response.get("NumberOfAssociations", 0),
        **{option: _networkfirewall.definitions(variables.get(member)) for option, member in VARIABLES.items()},
        **_networkfirewall.common(response),
    )


def create(aws, want):
    group = _group({}, want)
    if "rule_order" in want:
        group["StatefulRuleOptions"] = dict(RuleOrder=want["rule_order"])
    created = aws.network_firewall.create_rule_group(
        RuleGroupName=want["name"],
        Type=want["type"],
        Capacity=want["capacity"],
        RuleGroup=group,
        **_networkfirewall.described(want),
        **_networkfirewall.tagged(want),
    )
    return _have(_active(aws, created["RuleGroupResponse"]["RuleGroupArn"]))


def _group(found, change):
    """The whole RuleGroup after a change; what no option stands for stays as it was."""
    group = copy.deepcopy(found)
    if "rules_source" in change:
        group["RulesSource"] = change["rules_source"]
    for option, member in VARIABLES.items():
        if option in change:
            sets = group.setdefault("RuleVariables", {})
            sets[member] = _networkfirewall.with_definitions(sets.get(member), change[option])
    if "ip_set_references" in change:
        _put_references(group, change["ip_set_references"])
    return group


def _put_references(group, wanted):
    found = (group.get("ReferenceSets") or {}).get("IPSetReferences") or {}
    after = {} if wanted is None else {**found, **{name: arn and dict(ReferenceArn=arn) for name, arn in wanted.items()}}
    group.setdefault("ReferenceSets", {})["IPSetReferences"] = {name: reference for name, reference in after.items() if reference is not None}


def update(aws, have, change):
    """UpdateRuleGroup takes the whole group, and the token of the state that the change was compared with."""
    _networkfirewall.update_tags(aws, have, change)
    if change.keys() <= {"tags"}:
        return
    aws.network_firewall.update_rule_group(
        UpdateToken=have["_token"],
        RuleGroupArn=have["id"],
        RuleGroup=_group(have["_group"], change),
        **_networkfirewall.rewritten({**have, **change}),
    )
    _active(aws, have["id"])


def delete(aws, have):
    aws.network_firewall.delete_rule_group(RuleGroupArn=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: _names(aws), lambda arns: have["id"] not in arns, limit=600)


def holders(aws, haves):
    """AWS says how many use it, and not which."""
    for have in haves:
        used = aws.network_firewall.describe_rule_group(RuleGroupArn=have["id"])["RuleGroupResponse"].get("NumberOfAssociations", 0)
        if used:
            yield Holder(have["id"], "firewall policies that use it", str(used), (("networkfirewall_firewall_policies", None),))


def _names(aws):
    return [group["id"] for group in find(aws, None)]


def danger(have, change):
    if not (have and have.get("_used") and change.keys() & set(RULES)):
        return None
    return f"would change at once what {have['_used']} firewall policies let through and what they block"


def refuse(want, have, change):
    kind, source = {**have, **want}.get("type"), change.get("rules_source")
    fault = _networkfirewall.needs_key(change.get("encryption_configuration")) or _fault(kind, source, change)
    if fault:
        raise Problem(fault)


def _fault(kind, source, change):
    allowed = SOURCES.get(kind)
    if allowed is None:
        return f"type: rule groups of type {kind} are for another generation of policies, which this collection does not set up"
    if source is not None and (len(source) != 1 or not set(source) <= set(allowed)):
        return f"rules_source: a {kind} rule group has exactly one of {', '.join(allowed)}, not {', '.join(source) or 'nothing'}"
    for option in ("rule_order", *VARIABLES, "ip_set_references"):
        if kind == "STATELESS" and change.get(option):
            return f"{option} is for STATEFUL rule groups only"
    return None


def faults(entries, sheet):
    """Each rule of a group has a signature id of its own, and what it is made of suits its type."""
    for index, entry in enumerate(entries):
        source, allowed = entry.get("rules_source"), SOURCES.get(entry.get("type"))
        if allowed and isinstance(source, dict) and (len(source) != 1 or not set(source) <= set(allowed)):
            yield index, "rules_source", "one_of", dict(value=", ".join(map(str, source)), other=", ".join(allowed))
        for sid, count in Counter(_networkfirewall.sids(source)).items():
            if count > 1:
                yield index, "rules_source", "duplicate", dict(value=f"sid:{sid}", limit=count)


def _same_rules(wanted, has):
    """Blank ends of a text mean nothing: YAML adds a line's end to a block."""
    return _without_blank_ends(wanted) == _without_blank_ends(has)


def _without_blank_ends(source):
    text = source.get("RulesString")
    return {**source, "RulesString": [line.rstrip() for line in text.strip().splitlines()]} if isinstance(text, str) else source


KIND = Kind(
    name="networkfirewall_rule_groups",
    service=_networkfirewall.SERVICE,
    identity=("name",),
    options=dict(
        name=Option(api="CreateRuleGroup.RuleGroupName"),
        type=fixed(required=True, api="CreateRuleGroup.Type"),
        capacity=fixed("int", required=True),
        description=Option(clearable=True, api="CreateRuleGroup.Description"),
        rule_order=fixed(api="CreateRuleGroup.RuleGroup.StatefulRuleOptions.RuleOrder"),
        rules_source=Option("dict", required=True, same=_same_rules),
        ip_sets=_networkfirewall.variables(),
        port_sets=_networkfirewall.variables(),
        ip_set_references=Option("dict", clearable=True),
        encryption_configuration=_networkfirewall.encryption_option("CreateRuleGroup"),
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
