# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of PolicyDetails that the service model tells only in words.

Source of each: the documentation strings of botocore's dlm/2018-01-12 model (named by shape).
"""

from __future__ import annotations

import re

from .exceptions import InvalidRequest

SNAPSHOT, IMAGE, EVENT = "EBS_SNAPSHOT_MANAGEMENT", "IMAGE_MANAGEMENT", "EVENT_BASED_POLICY"
HOURS = (1, 2, 3, 4, 6, 8, 12, 24)  # CreateRule.Interval
DEFAULT_ONLY = (
    "ResourceType",
    "CreateInterval",
    "RetainInterval",
    "CopyTags",
    "CrossRegionCopyTargets",
    "ExtendDeletion",
    "Exclusions",
)


def is_simplified(values):
    return values.get("PolicyDetails", {}).get("PolicyLanguage") == "SIMPLIFIED"


def need(holder, name, where):
    if holder.get(name) in (None, [], {}):
        raise InvalidRequest(f"Required parameter {where}{name} is missing", required=[name])


def refuse(holder, names, where, because):
    for name in names:
        if name in holder:
            raise InvalidRequest(f"Parameter {where}{name} is not allowed: {because}")


def exactly_one(holder, names, where):
    given = [name for name in names if name in holder]
    if len(given) != 1:
        choice = " or ".join(names)
        given = given or ["none"]
        raise InvalidRequest(
            f"Exactly one of {choice} must be given in {where}, got {', '.join(given)}",
            required=names if given == ["none"] else (),
            exclusive=given if given != ["none"] else (),
        )


# -- custom policies ------------------------------------------------------------------------------


def check_details(values):
    """PolicyDetails of a custom policy; returns it with the service's own defaults."""
    if values.get("Description") == "":
        raise InvalidRequest("Parameter Description must not be empty")
    need(values, "PolicyDetails", "")
    refuse(values, [n for n in DEFAULT_ONLY if n != "ResourceType"], "", "default policies only")
    details = values["PolicyDetails"]
    refuse(details, DEFAULT_ONLY, "PolicyDetails.", "default policies only")
    details.setdefault("PolicyType", SNAPSHOT)
    if details["PolicyType"] == EVENT:
        return check_event(details)
    return check_scheduled(details)


def check_event(details):
    for name in ("EventSource", "Actions"):
        need(details, name, "PolicyDetails.")
    need(details["EventSource"], "Parameters", "PolicyDetails.EventSource.")
    names = ("ResourceTypes", "ResourceLocations", "TargetTags", "Schedules", "Parameters")
    refuse(details, names, "PolicyDetails.", "the policy is event-based")
    return details


def check_scheduled(details):
    for name in ("ResourceTypes", "TargetTags", "Schedules"):
        need(details, name, "PolicyDetails.")
    refuse(details, ("EventSource", "Actions"), "PolicyDetails.", "event-based policies only")
    kind, types = details["PolicyType"], details["ResourceTypes"]
    if kind == IMAGE and types != ["INSTANCE"]:
        raise InvalidRequest("PolicyDetails.ResourceTypes of IMAGE_MANAGEMENT must be INSTANCE")
    check_unique_tags(details["TargetTags"], "PolicyDetails.TargetTags")
    names = [schedule["Name"] for schedule in details["Schedules"] if schedule.get("Name")]
    if len(set(names)) < len(names):
        raise InvalidRequest("PolicyDetails.Schedules: two have the same name")
    check_parameters(details.get("Parameters", {}), kind, types)
    for number, schedule in enumerate(details["Schedules"], 1):
        check_schedule(schedule, kind, types, f"PolicyDetails.Schedules.{number}.")
    return details


def check_unique_tags(tags, where):
    pairs = [(tag["Key"], tag["Value"]) for tag in tags]
    if len(set(pairs)) < len(pairs):
        raise InvalidRequest(f"{where} names a tag twice")


def check_parameters(given, kind, types):
    """Parameters: NoReboot is for custom AMI policies, the others for snapshots of instances."""
    if kind != IMAGE:
        refuse(given, ("NoReboot",), "PolicyDetails.Parameters.", "custom AMI policies only")
    if kind != SNAPSHOT or types != ["INSTANCE"]:
        names = ("ExcludeBootVolume", "ExcludeDataVolumeTags")
        refuse(given, names, "PolicyDetails.Parameters.", "snapshots of instances only")


def check_schedule(schedule, kind, types, where):
    for name in ("CreateRule", "RetainRule"):
        need(schedule, name, where)
    schedule.setdefault("CopyTags", False)
    check_create_rule(schedule["CreateRule"], kind, types, f"{where}CreateRule")
    check_retain_rule(schedule, f"{where}RetainRule")
    if kind == IMAGE:
        names = ("FastRestoreRule", "ShareRules", "ArchiveRule")
        refuse(schedule, names, where, "custom snapshot policies only")
    else:
        refuse(schedule, ("DeprecateRule",), where, "custom AMI policies only")
    if types != ["VOLUME"]:
        refuse(schedule, ("ArchiveRule",), where, "policies that target volumes only")
    if types != ["INSTANCE"]:
        refuse(schedule, ("VariableTags",), where, "policies that target instances only")
    check_fast_restore(schedule.get("FastRestoreRule"), f"{where}FastRestoreRule")
    check_deprecation(schedule, f"{where}DeprecateRule")
    check_unique_keys(schedule.get("TagsToAdd", []) + schedule.get("VariableTags", []), f"{where}TagsToAdd")
    regions = [rule.get("Target") or rule.get("TargetRegion") for rule in schedule.get("CrossRegionCopyRules", [])]
    if len(set(regions)) < len(regions):
        raise InvalidRequest(f"{where}CrossRegionCopyRules: a target is named twice")
    for rule in schedule.get("CrossRegionCopyRules", []):
        check_copy(rule, kind, f"{where}CrossRegionCopyRules.")
    for tag in schedule.get("VariableTags", []):
        if tag["Value"] not in ("$(instance-id)", "$(timestamp)"):
            raise InvalidRequest(f"{where}VariableTags: {tag['Value']} is no variable")


def check_create_rule(rule, kind, types, where):
    """CreateRule: a cron expression, or an interval in hours with at most one time."""
    exactly_one(rule, ("CronExpression", "Interval"), where)
    if "CronExpression" in rule:
        refuse(rule, ("IntervalUnit", "Times"), f"{where}.", "CronExpression is given")
        check_cron(rule["CronExpression"], f"{where}.CronExpression")
    else:
        need(rule, "IntervalUnit", f"{where}.")
        if rule["Interval"] not in HOURS:
            raise InvalidRequest(f"{where}.Interval must be one of {HOURS}")
        for time in rule.get("Times", []):
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time):
                raise InvalidRequest(f"{where}.Times: {time} is not hh:mm")
        rule.setdefault("Times", ["09:00"])  # "Amazon Data Lifecycle Manager selects a time"
    if kind == IMAGE:
        refuse(rule, ("Location",), f"{where}.", "custom snapshot policies only")
    if types != ["INSTANCE"]:
        refuse(rule, ("Scripts",), f"{where}.", "snapshots of instances only")


# EventBridge, "Cron expressions reference": minutes, hours, day-of-month, month, day-of-week, year
MONTHS, DAYS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC", "SUN|MON|TUE|WED|THU|FRI|SAT"
FIELDS = (
    (range(60), None, ""),
    (range(24), None, ""),
    (range(1, 32), None, "L|W|\\d+W"),
    (range(1, 13), MONTHS, ""),
    (range(1, 8), DAYS, r"L|[1-7]L|[1-7]#[1-5]"),
    (range(1970, 2200), None, ""),
)


def check_cron(expression, where):
    """CreateRule.CronExpression; EventBridge: one of the two days is ?; "must be between 1 hour and 1 year"."""
    fields = expression[5:-1].split()
    if len(fields) != 6:
        raise InvalidRequest(f"{where} must have six fields")
    for field, (numbers, names, others) in zip(fields, FIELDS, strict=True):
        if not all(is_cron(part, numbers, names, others) for part in field.split(",")):
            raise InvalidRequest(f"{where}: {field} is no value of its field")
    if "?" in fields[0] + fields[1] + fields[3] + fields[5] or (fields[2] == "?") == (fields[4] == "?"):
        raise InvalidRequest(f"{where}: exactly one of day-of-month and day-of-week is ?")
    if not re.fullmatch(r"\d+", fields[0]):
        raise InvalidRequest(f"{where}: the interval must be at least one hour")


def is_cron(part, numbers, names, others):
    base, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if base in ("*", "?") or (others and re.fullmatch(others, base)):
        return True
    ends = base.split("-")
    return len(ends) <= 2 and all((one.isdigit() and int(one) in numbers) or (names and re.fullmatch(names, one.upper())) for one in ends)


LONGEST = {"DAYS": 36500, "WEEKS": 5200, "MONTHS": 1200, "YEARS": 100}


def check_age(rule, where):
    """RetainRule.Interval: "The maximum is 100 years. This is equivalent to 1200 months, 5200 weeks, or 36500 days."""
    most = LONGEST.get(rule.get("IntervalUnit"))
    if most is not None and rule.get("Interval", 0) > most:
        raise InvalidRequest(f"{where}.Interval must be at most {most}")


def check_deprecation(schedule, where):
    """DeprecateRule: "For age-based schedules, you must specify Interval and IntervalUnit. For count-based schedules, you must
    specify Count", which "must be less than or equal to the schedule's retention count".
    """
    rule, retained = schedule.get("DeprecateRule"), schedule["RetainRule"]
    if rule is None:
        return
    exactly_one(rule, ("Count", "Interval"), where)
    if ("Count" in rule) != ("Count" in retained):
        raise InvalidRequest(f"{where} must go by count or by age, as the RetainRule does")
    if "Count" in rule and rule["Count"] > retained["Count"]:
        raise InvalidRequest(f"{where}.Count must not exceed the Count of the RetainRule")
    if "Interval" in rule:
        need(rule, "IntervalUnit", f"{where}.")
    check_age(rule, where)


def check_unique_keys(tags, where):
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) < len(keys):
        raise InvalidRequest(f"{where} names a key twice")
    if any(key.lower().startswith(("aws:", "dlm:")) for key in keys):
        raise InvalidRequest(f"{where}: aws: and dlm: are reserved")


def check_retain_rule(schedule, where):
    """RetainRule: by count or by age; nothing is kept only when an ArchiveRule takes it over."""
    rule = schedule["RetainRule"]
    exactly_one(rule, ("Count", "Interval"), where)
    if "Interval" in rule:
        need(rule, "IntervalUnit", f"{where}.")
    else:
        refuse(rule, ("IntervalUnit",), f"{where}.", "Count is given")
    check_age(rule, where)
    value = rule.get("Count", rule.get("Interval"))
    if value < 1 and "ArchiveRule" not in schedule:
        raise InvalidRequest(f"{where} must retain at least 1")


def check_fast_restore(rule, where):
    if rule is None:
        return
    exactly_one(rule, ("AvailabilityZones", "AvailabilityZoneIds"), where)
    exactly_one(rule, ("Count", "Interval"), where)
    if "Interval" in rule:
        need(rule, "IntervalUnit", f"{where}.")
    check_age(rule, where)


def check_copy(rule, kind, where):
    """CrossRegionCopyRule: Target for snapshots (TargetRegion for old ones), TargetRegion for AMIs."""
    if kind == IMAGE:
        refuse(rule, ("Target",), where, "use TargetRegion for AMI policies")
        need(rule, "TargetRegion", where)
    else:
        exactly_one(rule, ("Target", "TargetRegion"), where)
        refuse(rule, ("DeprecateRule",), where, "custom AMI policies only")


# -- default policies -----------------------------------------------------------------------------


def check_default(values, old=None):
    """CreateLifecyclePolicyRequest.DefaultPolicy: body or PolicyDetails, but not both."""
    inside = values.get("PolicyDetails", {})
    body = {name: values[name] for name in DEFAULT_ONLY if name in values}
    if body and inside:
        raise InvalidRequest(
            "A default policy takes its parameters in the body or in PolicyDetails, not in both",
            exclusive=["PolicyDetails", *body],
        )
    details = {**(old or {}), **inside, **body, "PolicyLanguage": "SIMPLIFIED"}
    if old is None:
        details.setdefault("ResourceType", values.get("DefaultPolicy"))
    need(details, "ResourceType", "PolicyDetails.")
    custom = ("ResourceTypes", "TargetTags", "Schedules", "Parameters", "EventSource", "Actions")
    refuse(details, custom, "PolicyDetails.", "custom policies only")
    details["PolicyType"] = SNAPSHOT if details["ResourceType"] == "VOLUME" else IMAGE
    details.setdefault("CreateInterval", 1)
    details.setdefault("RetainInterval", 7)
    details.setdefault("CopyTags", False)
    details.setdefault("ExtendDeletion", False)
    check_intervals(details["CreateInterval"], details["RetainInterval"])
    return details


def check_intervals(create, retain):
    if not 1 <= create <= 7:
        raise InvalidRequest("CreateInterval must be from 1 to 7 days")
    if not 2 <= retain <= 14 or retain <= create:
        raise InvalidRequest("RetainInterval must be from 2 to 14 days, and above CreateInterval")
