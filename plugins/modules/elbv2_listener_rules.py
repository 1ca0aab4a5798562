#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2
from ansible_collections.msp.aws.plugins.module_utils._client import Rehearsed
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, fixed, ref, tags

CONDITION = "CreateRule.Conditions"
# Fields that have their values in two places: one value may stand in Values, and all stand in the field's own structure.
PLAIN = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}
# AWS's fields with a structure of their own → the option
STRUCTURES = {
    "http-header": "http_header_config",
    "http-request-method": "http_request_method_config",
    "query-string": "query_string_config",
    "source-ip": "source_ip_config",
}


# ---- what is there


def find(aws, wanted):
    """AWS lists listeners of one load balancer and rules of one listener at a time; a name is a tag."""
    found = _elbv2.listeners(aws, _elbv2.balancers_of(aws, wanted))
    asked = None if wanted is None else {_listener_of(entry) if "id" in entry else (entry["load_balancer"], entry["port"]) for entry in wanted}
    rules = [
        (listener, rule)
        for listener in found
        if asked is None or {listener["ListenerArn"], (listener["LoadBalancerArn"], listener.get("Port"))} & asked
        for rule in _rules(aws, listener["ListenerArn"])
    ]
    tagged = _elbv2.tags_of(aws, [rule["RuleArn"] for dummy, rule in rules])
    moving = {entry.get("id") or (entry["load_balancer"], entry["port"], entry["name"]) for entry in wanted or () if "priority" in entry}
    return [_have(listener, rule, tagged, _held(listener, rules, tagged, moving)) for listener, rule in rules]


def _listener_of(entry):
    return entry["id"].replace(":listener-rule/", ":listener/").rpartition("/")[0]


def _rules(aws, listener):
    """Those that a listener has besides its default actions."""
    return [rule for rule in aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener) if not rule.get("IsDefault")]


def _have(listener, rule, tagged, held):
    tags_ = dict(tagged.get(rule["RuleArn"], {}))
    return dict(
        id=rule["RuleArn"],
        load_balancer=listener["LoadBalancerArn"],
        port=listener.get("Port"),
        name=tags_.pop("Name", None),
        priority=int(rule["Priority"]),
        conditions=_conditions_of(rule.get("Conditions", [])),
        actions=_elbv2.actions_of(rule.get("Actions", [])),
        tags=tags_,
        _actions=rule.get("Actions", []),
        _held=held,
    )


def _held(listener, rules, tagged, moving):
    """Priorities of this listener that somebody has and does not give up in this run → who."""
    held = {}
    for other, rule in rules:
        name = tagged.get(rule["RuleArn"], {}).get("Name")
        if other is listener and not {rule["RuleArn"], (listener["LoadBalancerArn"], listener.get("Port"), name)} & moving:
            held[int(rule["Priority"])] = name or rule["RuleArn"]
    return held


# ---- conditions


def _conditions_of(found):
    told = []
    for condition in found:
        field = condition.get("Field")
        own = condition.get(PLAIN.get(field, "")) or {}
        spread = {member: own.get(member) or condition.get(member) for member in ("Values", "RegexValues")} if field in PLAIN else {}
        told.append(_elbv2.to_sheet(CONDITIONS, {**condition, **{member: value for member, value in spread.items() if value}}))
        if field not in PLAIN:
            told[-1].pop("values", None)
    return told


def _same_conditions(wanted, found):
    """All conditions have to be met, so their order says nothing, and neither does that of the values of which one is enough."""
    return _elbv2.covers(sorted(map(_sorted, found), key=_told), sorted(map(_sorted, wanted), key=_told))


def _sorted(value):
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items() if inner is not None}
    return sorted(map(_sorted, value), key=_told) if isinstance(value, list) else value


def _told(value):
    """What orders values of one kind; what AWS fills in must not."""
    if isinstance(value, dict):
        return repr(sorted((name, _told(inner)) for name, inner in value.items() if name not in ("ip_address_type",)))
    return repr(value)


def _as_condition(item):
    condition = _elbv2.to_aws(CONDITIONS, item)
    if item["field"] in PLAIN:
        condition[PLAIN[item["field"]]] = {member: condition.pop(member) for member in ("Values", "RegexValues") if member in condition}
    return condition


# ---- writing


def create(aws, want):
    listener = next((one for one in aws.once(_listeners, want["load_balancer"]) if one.get("Port") == want["port"]), None)
    if listener is None and aws.check_mode:
        raise Rehearsed("elbv2:CreateRule")  # the same run may make the listener
    if listener is None:
        raise Problem(f"there is no listener on port {want['port']}: it was not made in this run, see what is said about it there")
    rule = aws.elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=want["priority"],
        Conditions=[_as_condition(one) for one in want["conditions"]],
        Actions=_elbv2.written(want["actions"]),
        **_elbv2.tagged({"Name": want["name"], **want.get("tags", {})}),
    )["Rules"][0]
    tagged = {rule["RuleArn"]: {"Name": want["name"], **{key: str(value) for key, value in want.get("tags", {}).items()}}}
    return _have(listener, rule, tagged, {})


def update(aws, have, change):
    which = dict(RuleArn=have["id"])
    arguments = {}
    if "conditions" in change:
        arguments["Conditions"] = [_as_condition(one) for one in change["conditions"]]
    if "actions" in change:
        arguments["Actions"] = _elbv2.written(change["actions"], have["_actions"])
    if arguments:
        aws.elbv2.modify_rule(**which, **arguments)
    if "priority" in change:
        aws.elbv2.set_rule_priorities(RulePriorities=[dict(which, Priority=change["priority"])])
    _elbv2.update_tags(aws, have, change, **({"Name": change["name"]} if "name" in change else {}))


def delete(aws, have):
    aws.elbv2.delete_rule(RuleArn=have["id"])


# ---- what is dangerous or wrong


def danger(have, change):
    if not have or not change:
        return f"would be deleted; the rules behind it would take what it takes (priority {have['priority']})" if have else None
    reasons = []
    if "conditions" in change:
        reasons.append("would take other requests than now")
    if "actions" in change:
        reasons.append("would lead its requests elsewhere, from one moment to the next")
    if "priority" in change:
        reasons.append(f"would be asked as number {change['priority']} instead of {have['priority']}, so that other rules take its requests or it takes theirs")
    return " and ".join(reasons) or None


def refuse(want, have, change):
    holder = have.get("_held", {}).get(change.get("priority"))
    if holder:
        raise Problem(f"priority {change['priority']} is that of {holder}: give that one another priority first")
    fault = _elbv2.action_problem(change.get("actions"))
    if fault:
        raise Problem(f"actions: {fault}")
    for condition in change.get("conditions") or ():
        fault = _condition_fault(condition)
        if fault:
            raise Problem(f"conditions: {condition.get('field')} needs {fault}")


def foresee(aws, want):
    """A new rule is made before others are moved, so its priority has to be free already."""
    if isinstance(want["load_balancer"], Unknown):
        return
    for listener in aws.once(_listeners, want["load_balancer"]):
        if listener.get("Port") == want["port"]:
            rules = aws.once(_rules, listener["ListenerArn"])
            holders = [rule["RuleArn"] for rule in rules if rule["Priority"] == str(want["priority"])]
            if holders:
                name = _elbv2.tags_of(aws, holders)[holders[0]].get("Name") or holders[0]
                raise Problem(f"priority {want['priority']} is that of {name}: give that one another priority in a run of its own")


def _listeners(aws, balancer):
    return _elbv2.listeners(aws, {balancer})


def _condition_fault(condition):
    """What the field of a condition needs, and is not there."""
    field = condition.get("field")
    if field in PLAIN:
        return None if condition.get("values") or condition.get("regex_values") else "values"
    option = STRUCTURES.get(field)
    return option if option and not condition.get(option) else None


def faults(entries, sheet):
    """Conditions with what their field needs, actions that lead to one place, and no priority twice."""
    seen = {}
    for index, entry in enumerate(entries):
        for code, facts in _elbv2.action_faults(entry.get("actions")):
            yield index, "actions", code, facts
        given = entry.get("conditions")
        for condition in given if isinstance(given, list) else ():
            needed = _condition_fault(condition) if isinstance(condition, dict) else None
            if needed:
                yield index, "conditions", "needs", dict(value=condition.get("field"), other=needed, item=condition)
        where = (str(entry.get("load_balancer")), str(entry.get("port")), str(entry.get("priority")))
        if entry.get("priority") is not None and where in seen:
            yield index, "priority", "alike", dict(value=entry["priority"], other=f"{seen[where]}, {entry.get('name')}")
        seen.setdefault(where, entry.get("name"))


def _values(**more):
    return Option("dict", options=dict(more, values=Option("list", "str")))


CONDITIONS = dict(
    field=Option(required=True, choices=(*PLAIN, *STRUCTURES)),
    values=Option("list", "str"),
    regex_values=Option("list", "str"),
    http_header_config=_values(http_header_name=Option(), regex_values=Option("list", "str")),
    http_request_method_config=_values(),
    query_string_config=Option("dict", options=dict(values=Option("list", "dict", options=dict(key=Option(), value=Option())))),
    source_ip_config=_values(ip_address_type=Option(api=f"{CONDITION}.SourceIpConfig.IpAddressType")),
)
KIND = Kind(
    name="elbv2_listener_rules",
    identity=("load_balancer", "port", "name"),
    options=dict(
        load_balancer=ref("elbv2_load_balancers", fixed=True),
        port=fixed("int", api="CreateListener.Port"),
        name=Option(),
        priority=Option("int", required=True, api="CreateRule.Priority"),
        conditions=Option("list", "dict", required=True, options=CONDITIONS, same=_same_conditions),
        actions=_elbv2.actions(required=True),
        tags=tags(reserved=dict(Name="name")),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    # Rules that change places: one has to leave before the other comes.
    not_yet=(*_elbv2.NOT_YET, r"\(PriorityInUse\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
