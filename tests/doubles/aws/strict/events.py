# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventBridge: what a rule can be, how many targets it has, and what a put leaves alone.

Source of each rule: the documentation strings of botocore's events model (named by operation), or the EventBridge user guide (named by page).
"""

from __future__ import annotations

import json
import re

from moto.events.models import EventsBackend

from .rules import Refused, RuleBook

BOOK = RuleBook("events", invalid="ValidationException")
TARGETS, AT_ONCE = 5, 10
# Guide, "Creating a rule that runs on a schedule": "If the value is equal to 1, then the unit must be singular"
RATE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)")
# PutTargets: "For EC2 instances, Kinesis Data Streams, Step Functions state machines and API Gateway APIs, EventBridge relies on IAM roles"
BY_ROLE = ("kinesis", "states", "execute-api")
CRON = re.compile(r"cron\(\S+( \S+){5}\)")


def invalid(message):
    return Refused("ValidationException", message)


def rule_of(backend, name):
    return backend.event_buses["default"].rules.get(name)


@BOOK.rule("PutRule")
def a_rule_is_sound(_backend, ScheduleExpression, EventPattern, **_):
    """PutRule: "A rule must contain at least an EventPattern or ScheduleExpression"."""
    if not (ScheduleExpression or EventPattern):
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if ScheduleExpression and not (RATE.fullmatch(ScheduleExpression) or CRON.fullmatch(ScheduleExpression)):
        raise invalid("Parameter ScheduleExpression is not valid.")
    if EventPattern:
        check_pattern(EventPattern)


def check_pattern(text):
    """Guide, "Creating event patterns": JSON, and what is compared with stands in lists."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise Refused("InvalidEventPatternException", "Event pattern is not valid. Reason: not a JSON document") from error
    if not isinstance(pattern, dict) or not pattern or not all(is_compared(value) for value in pattern.values()):
        raise Refused("InvalidEventPatternException", "Event pattern is not valid. Reason: must be an object or an array")


def is_compared(value):
    return all(map(is_compared, value.values())) if isinstance(value, dict) else isinstance(value, list) and bool(value)


@BOOK.patch(EventsBackend, "put_rule")
def tags_come_with_a_new_rule_only(original, backend, name, **given):
    """PutRule: "If you are updating an existing rule, any tags you specify in the PutRule operation are not applied"; each rule is shown by itself."""
    bus = backend.event_buses["default"]
    made = original(backend, name=name, **{**given, "tags": None if name in bus.rules else given.get("tags")})
    backend.rules = bus.rules
    return made


@BOOK.rule("PutTargets")
def a_rule_has_a_few_targets(backend, Rule, Targets, **_):
    """PutTargets: "The maximum number of entries per request is 10. Each rule can have up to five (5) targets"; Target: one of Input, InputPath and
    InputTransformer, "mutually exclusive and optional".
    """
    rule = rule_of(backend, Rule)
    if len(Targets) > AT_ONCE:
        raise invalid(f"Member must have length less than or equal to {AT_ONCE}")
    for one in Targets:
        if len({"Input", "InputPath", "InputTransformer"} & one.keys()) > 1:
            raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {one['Id']}.")
        if "Input" in one:
            check_input(one)
        if one["Arn"].split(":")[2] in BY_ROLE and not one.get("RoleArn"):
            raise invalid(f"RoleArn is required for target {one['Arn']}.")
    if rule and len({target["Id"] for target in [*rule.targets, *Targets]}) > TARGETS:
        raise Refused("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


def check_input(target):
    """Target.Input: "Valid JSON text passed to the target"."""
    try:
        json.loads(target["Input"])
    except ValueError as error:
        raise invalid(f"JSON syntax error in input for target {target['Id']}") from error


@BOOK.rule("DeleteRule")
def a_rule_with_targets_stays(backend, Name, **_):
    """DeleteRule: "Before you can delete the rule, you must remove all targets"."""
    rule = rule_of(backend, Name)
    if rule and rule.targets:
        raise invalid("Rule can't be deleted since it has targets.")
