#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _networkfirewall
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "networkfirewall_change_rule"


def plan(aws, params):
    arn = Names(aws, {}, check_mode=False).id_of("networkfirewall_rule_groups", params["rule_group"])
    described = _described(aws, arn)
    response, sid = described["RuleGroupResponse"], _sid(params)
    have = _lines(described)
    was, wanted = _rule(have, sid), _rule(_changed(have, sid, params), sid)
    done = was == wanted
    if not done:
        _refuse(response, params["action"], was, sid)
    return Plan(
        label=response["RuleGroupName"],
        id=arn,
        before={} if done or was is None else {f"sid:{sid}": was},
        after={} if done else {f"sid:{sid}": wanted},
        facts={**_place(have, sid), **{name: params["before"][name] for name in ("rule", "before_sid") if name in params["before"]}},
        dangers=() if done else _dangers(response),
    )


def _described(aws, arn):
    with aws.reading():
        return _networkfirewall.active(
            aws,
            f"rule group {arn}",
            lambda: aws.network_firewall.describe_rule_group(RuleGroupArn=arn),
            "RuleGroupResponse",
            "RuleGroupStatus",
        )


# ---- the rules as lines


def _sid(params):
    """Which rule is meant: that of the line, or the one that is named."""
    rule, action = (params["rule"] or "").strip(), params["action"]
    if action == "delete":
        if params["sid"] is None:
            raise Problem("sid: name the rule that is to be deleted")
        return str(params["sid"])
    found = list(_networkfirewall.sids(dict(RulesString=rule)))
    if len(rule.splitlines()) != 1 or len(found) != 1:
        raise Problem("rule: write one line, one rule with one sid, such as: drop tcp any any -> any 23 (msg:\"telnet\"; sid:2; rev:1;)")
    if params["sid"] not in (None, int(found[0])):
        raise Problem(f"rule: it has the sid {found[0]}, not {params['sid']}")
    return found[0]


def _lines(described):
    source = described["RuleGroup"]["RulesSource"]
    if "RulesString" not in source:
        raise Problem(f"its rules are no text but {', '.join(source)}: change the rule group instead")
    return source["RulesString"].splitlines()


def _sids(line):
    return list(_networkfirewall.sids(dict(RulesString=line)))


def _at(lines, sid):
    """Where the rule is; None where it is not."""
    places = [place for place, line in enumerate(lines) if sid in _sids(line)]
    if len(places) > 1:
        raise Problem(f"the rule group has {len(places)} rules with the sid {sid}: change the rule group instead")
    return places[0] if places else None


def _rule(lines, sid):
    place = _at(lines, sid)
    return None if place is None else lines[place].strip()


def _place(lines, sid):
    """What puts the rule back: its text, and the sid of the rule after it."""
    place = _at(lines, sid)
    if place is None:
        return dict(rule=None, before_sid=None)
    after = next((_sids(line)[0] for line in lines[place + 1 :] if _sids(line)), None)
    return dict(rule=lines[place].strip(), before_sid=after and int(after))


def _changed(lines, sid, params):
    place = _at(lines, sid)
    if params["action"] == "delete":
        return [line for other, line in enumerate(lines) if other != place]
    if place is not None:
        return [*lines[:place], params["rule"].strip(), *lines[place + 1 :]]
    before = None if params["before_sid"] is None else _at(lines, str(params["before_sid"]))
    if before is None and params["before_sid"] is not None:
        raise Problem(f"before_sid: the rule group has no rule with the sid {params['before_sid']}")
    end = len(lines) if before is None else before
    return [*lines[:end], params["rule"].strip(), *lines[end:]]


# ---- what speaks against it


def _refuse(response, action, was, sid):
    if action == "add" and was is not None:
        raise Problem(f"rule: the rule group has another rule with the sid {sid} already: {was}")
    if action == "change" and was is None:
        raise Problem(f"rule: the rule group has no rule with the sid {sid} that could be changed")
    if action == "add" and response.get("ConsumedCapacity", 0) >= response["Capacity"]:
        raise Problem(f"its capacity of {response['Capacity']} is used up, and a rule group keeps its capacity: a larger one has to take its place")
    if action == "delete" and response.get("ConsumedCapacity") == 1:
        raise Problem("it is the last rule, and a rule group has at least one: delete the rule group instead")


def _dangers(response):
    used = response.get("NumberOfAssociations", 0)
    return (f"would change at once what {used} firewall policies let through and what they block",) if used else ()


# ---- the act


def act(aws, params, planned):
    drive(aws, planned.label, partial(_described, aws, planned.id), partial(_next_step, aws, params))
    _described(aws, planned.id)


def _next_step(aws, params, described):
    lines, sid = _lines(described), _sid(params)
    wanted = _changed(lines, sid, params)
    return None if _rule(lines, sid) == _rule(wanted, sid) else partial(_write, aws, described, wanted)


def _write(aws, described, lines):
    """UpdateRuleGroup takes the whole group, with the token of what was looked at: whoever was faster is not overwritten."""
    group, response = copy.deepcopy(described["RuleGroup"]), described["RuleGroupResponse"]
    end = "\n" if group["RulesSource"]["RulesString"].endswith("\n") else ""
    group["RulesSource"]["RulesString"] = "\n".join(lines) + end
    aws.network_firewall.update_rule_group(
        UpdateToken=described["UpdateToken"],
        RuleGroupArn=response["RuleGroupArn"],
        RuleGroup=group,
        **_networkfirewall.rewritten(_networkfirewall.common(response)),
    )


VERB = Verb(
    name=NAME,
    options=dict(
        rule_group=dict(type="str", required=True),
        action=dict(type="str", required=True, choices=["add", "change", "delete"]),
        rule=dict(type="str"),
        sid=dict(type="int"),
        before_sid=dict(type="int"),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
