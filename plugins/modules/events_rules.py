#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _cron, _lambda, _networks, _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Delta, Option, Problem, fixed, items, merged, tags

OFF = "DISABLED"
SETTINGS = dict(
    description="Description",
    schedule_expression="ScheduleExpression",
    event_pattern=Field("EventPattern", json.loads, json.dumps),
    enabled=Field("State", lambda found: found != OFF, lambda wanted: "ENABLED" if wanted else OFF),
)
TARGET = dict(
    id="Id",
    arn="Arn",
    role_arn="RoleArn",
    input="Input",
    input_path="InputPath",
    dead_letter_arn="DeadLetterConfig.Arn",
    maximum_retry_attempts="RetryPolicy.MaximumRetryAttempts",
    maximum_event_age_in_seconds="RetryPolicy.MaximumEventAgeInSeconds",
)
INPUTS = ("input", "input_path")
# What a target says of itself whatever it is; all else is said of one of its service.
OF_ALL = {"Id", "Arn", "Input", "InputPath", "InputTransformer", "DeadLetterConfig", "RetryPolicy"}
# Guide, "Amazon EventBridge targets": what it invokes by a role. Functions, queues, topics and log groups let it in by a policy of their own.
BY_ROLE = {
    *("states", "ecs", "kinesis", "firehose", "batch", "codebuild", "codepipeline", "ssm", "inspector", "redshift", "redshift-serverless", "sagemaker"),
    *("execute-api", "appsync"),
}
PUBLISHER = "events.amazonaws.com"
MOST_TARGETS = 5
# EventBridge guide, "Creating a rule that runs on a schedule": six fields, or a number with a unit that is singular for 1.
SCHEDULE = r"rate\((1 (minute|hour|day)|(?!1 )[1-9][0-9]* (minutes|hours|days))\)|" + _cron.EXPRESSION


# ---- what is there


def find(aws, wanted):
    """Those of the default bus, but for those that services of AWS keep for themselves."""
    return [_have(rule) for rule in aws.pages("events", "list_rules", "Rules") if not rule.get("ManagedBy")]


def _have(rule):
    return dict(flat(SETTINGS, rule), id=rule["Name"], name=rule["Name"], _arn=rule["Arn"], _rule=rule, _targets=[])


def read(aws, have, names):
    found = {}
    if {"targets", "only_for"} & set(names):
        targets = aws.pages("events", "list_targets_by_rule", "Targets", Rule=have["name"])
        found.update(targets=[flat(TARGET, one) for one in targets], _targets=targets)
    if "tags" in names:
        found["tags"] = _tags.as_dict(aws.events.list_tags_for_resource(ResourceARN=have["_arn"])["Tags"])
    return found


# ---- writing


def create(aws, want):
    """Its targets come afterwards."""
    put = _tags.split({}, want)[0]
    rule = deep(SETTINGS, want, dict(Name=want["name"]))
    made = aws.events.put_rule(**rule, **(dict(Tags=_tags.as_list(put)) if put else {}))
    return dict(_have(dict(dict(State="ENABLED"), **rule, Arn=made["RuleArn"])), targets=[], tags=want.get("tags", {}))


def update(aws, have, change):
    """The rule first: what it says holds for all targets. What goes makes room for what comes."""
    _lambda.tell_closed(aws, PUBLISHER, have["_arn"], _arns(change))
    _tags.write(have, change, aws.events.tag_resource, aws.events.untag_resource, ResourceARN=have["_arn"])
    if SETTINGS.keys() & change.keys():
        _put(aws, have, change)
    if "targets" in change:
        _aim(aws, have, change["targets"])


def _arns(change):
    return [item["arn"] for item in change["targets"].coming] if "targets" in change else []


def _put(aws, have, change):
    """PutRule replaces the whole rule, so everything that it has and nobody named goes along; its tags it leaves alone."""
    whole = deep(SETTINGS, change, have["_rule"])
    members = _shapes.model("events").operation_model("PutRule").input_shape.members
    aws.events.put_rule(**{member: whole[member] for member in members if member in whole})


def _aim(aws, have, delta):
    present = {target["Id"]: target for target in have["_targets"]}
    if delta.remove:
        _whole(aws.events.remove_targets(Rule=have["name"], Ids=[item["id"] for item in delta.remove]))
    if delta.coming:
        _whole(aws.events.put_targets(Rule=have["name"], Targets=[_target(item, present.get(item["id"], {})) for item in delta.coming]))


def _target(item, found):
    """What is sent is one of three, and what no option stands for stays; but not what was said of another service."""
    kept = {member: value for member, value in found.items() if member != "InputTransformer" or not any(item.get(one) for one in INPUTS)}
    if _service(item["arn"]) != _service(found.get("Arn", item["arn"])):
        kept = {member: value for member, value in kept.items() if member in OF_ALL}
    return deep(TARGET, {option: None if value == "" else value for option, value in item.items()}, kept)


def _service(arn):
    return (f"{arn}::").split(":")[2]


def _whole(answer):
    """AWS answers well even where it took only some of them."""
    for one in answer.get("FailedEntries", []):
        raise Problem(f"targets: {one['TargetId']} was not taken: {one.get('ErrorMessage') or one['ErrorCode']}")


def delete(aws, have):
    """A rule with targets cannot go."""
    ids = [target["Id"] for target in aws.pages("events", "list_targets_by_rule", "Targets", Rule=have["name"])]
    if ids:
        _whole(aws.events.remove_targets(Rule=have["name"], Ids=ids))
    aws.events.delete_rule(Name=have["name"])


# ---- what to think about first


def refuse(want, have, change):
    after = merged(KIND.options, have, change)
    if not (after.get("schedule_expression") or after.get("event_pattern")):
        raise Problem("schedule_expression and event_pattern: a rule has one of them at least")
    nowhere = [item["id"] for item in after.get("targets") or () if not item.get("arn")]
    if nowhere:
        raise Problem(f"targets: {', '.join(nowhere)} is new and needs arn, which says what is invoked")
    if len(after.get("targets") or ()) > MOST_TARGETS:
        raise Problem(f"targets: a rule has at most {MOST_TARGETS}, and would have {len(after['targets'])}: make another rule for the others")
    delta = change.get("targets") or Delta([], [], [])
    for item in delta.coming:
        if _lacks_role(item):
            raise Problem(f"targets: {item['id']}: EventBridge invokes {item['arn']} by a role: name it in role_arn")
    if have and want.get("only_for"):
        have["_others"] = _others(want["only_for"], have, change, delta)


def _lacks_role(item):
    arn = str(item.get("arn") or "")
    return (_service(arn) in BY_ROLE or ":api-destination/" in arn) and not item.get("role_arn")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for dummy, item in _networks.blocks(entry, "targets"):
            if isinstance(item, dict) and _lacks_role(item):
                yield index, "targets.role_arn", "needs", dict(value=item["arn"], other="role_arn", item=item)


def _others(function, have, change, delta):
    """What the rule invokes beside the function for which alone something is to be done; a Problem where that would be done to others alone."""

    def others(items):
        return [item for item in items if item["arn"] != function and not item["arn"].startswith(f"{function}:")]

    foreign = others([*(old for old, dummy in delta.change), *delta.remove])
    if foreign:
        raise Problem(f"targets: {foreign[0]['id']} is {foreign[0]['arn']}, and only what is done for {function} is asked for: name a target that is this one")
    there = have.get("targets", [])
    beside = others(there)
    if not SETTINGS.keys() & change.keys():
        return []
    if len(beside) == len(there):
        raise Problem(f"only_for: the rule does not invoke {function}, but {', '.join(item['arn'] for item in beside) or 'nothing'}: name another rule")
    added = [option for option in ("schedule_expression", "event_pattern") if change.get(option) and not have.get(option)]
    if added:
        raise Problem(f"{added[0]}: the rule has none, and would invoke {function} by another occasion as well: make another rule for that")
    return [item["arn"] for item in beside]


def foresee(aws, want):
    rule = f"arn:{aws.events.meta.partition}:events:{aws.region}:{aws.account}:rule/{want['name']}"
    _lambda.tell_closed(aws, PUBLISHER, rule, [item["arn"] for verb in ("add", "set") for item in want.get("targets", {}).get(verb) or ()])


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted: what it invokes is not invoked by it any more, and events of then are lost"
    reasons = ["would be disabled: events of meanwhile are lost"] if change.get("enabled") is False else []
    if have.get("_others"):
        reasons.append(f"would hold for {', '.join(have['_others'])} too, which the rule invokes as well")
    if "targets" in change:
        delta = change["targets"]
        reasons += [f"would invoke {new['arn']} instead of {old['arn']} ({new['id']})" for old, new in delta.change if new["arn"] != old["arn"]]
        reasons += [f"would no longer invoke {item['arn']} ({item['id']})" for item in delta.remove]
    return " and ".join(reasons) or None


def wrong_input(value):
    """Target.Input: "Valid JSON text passed to the target"."""
    try:
        json.loads(value)
    except ValueError:
        return "no_json", '{"kind": "full"}'
    return None


API = "PutRule"
TARGETS = "PutTargets.Targets"
KIND = Kind(
    name="events_rules",
    identity=("name",),
    options=dict(
        name=fixed(api=f"{API}.Name"),
        description=Option(clearable=True, api=f"{API}.Description"),
        schedule_expression=Option(clearable=True, limits=dict(pattern=SCHEDULE, example="rate(5 minutes), cron(0 18 * * ? *)")),
        event_pattern=Option("dict", clearable=True, same=lambda wanted, has: wanted == has),
        enabled=Option("bool"),
        targets=items(
            key=("id",),
            one_of=INPUTS,
            options=dict(
                id=Option(required=True, api=f"{TARGETS}.Id"),
                arn=Option(api=f"{TARGETS}.Arn", wrong=_lambda.wrong_arn),
                role_arn=Option(api=f"{TARGETS}.RoleArn"),
                input=Option(api=f"{TARGETS}.Input", wrong=wrong_input),
                input_path=Option(api=f"{TARGETS}.InputPath"),
                dead_letter_arn=Option(api=f"{TARGETS}.DeadLetterConfig.Arn"),
                maximum_retry_attempts=Option("int", api=f"{TARGETS}.RetryPolicy.MaximumRetryAttempts"),
                maximum_event_age_in_seconds=Option("int", api=f"{TARGETS}.RetryPolicy.MaximumEventAgeInSeconds"),
            ),
        ),
        only_for=Option(write_only=True, wrong=_lambda.wrong_arn),
        tags=tags(),
    ),
    needs_one=(("schedule_expression", "event_pattern"),),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    foresee=foresee,
    danger=danger,
    faults=faults,
    # It may not be known everywhere yet, and may be in another change.
    not_yet=(r"\(ResourceNotFoundException\)", r"\(ConcurrentModificationException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
