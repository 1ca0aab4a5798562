#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections import Counter
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _cron, _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import as_named, deep, flat, listed, merged, tag_list
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, instead, items, ref, to_make

COPY = dict(
    target="Target",
    target_region="TargetRegion",
    encrypted="Encrypted",
    cmk_arn="CmkArn",
    copy_tags="CopyTags",
    retain_interval="RetainRule.Interval",
    retain_interval_unit="RetainRule.IntervalUnit",
    deprecate_interval="DeprecateRule.Interval",
    deprecate_interval_unit="DeprecateRule.IntervalUnit",
)
SCRIPT = dict(
    stages="Stages",
    execution_handler_service="ExecutionHandlerService",
    execution_handler="ExecutionHandler",
    execute_operation_on_script_failure="ExecuteOperationOnScriptFailure",
    execution_timeout="ExecutionTimeout",
    maximum_retry_count="MaximumRetryCount",
)
SCHEDULE = dict(
    name="Name",
    cron_expression="CreateRule.CronExpression",
    interval="CreateRule.Interval",
    interval_unit="CreateRule.IntervalUnit",
    times="CreateRule.Times",
    scripts=listed("CreateRule.Scripts", SCRIPT),
    retain_count="RetainRule.Count",
    retain_interval="RetainRule.Interval",
    retain_interval_unit="RetainRule.IntervalUnit",
    copy_tags="CopyTags",
    tags_to_add=tag_list("TagsToAdd"),
    variable_tags=tag_list("VariableTags"),
    cross_region_copy_rules=listed("CrossRegionCopyRules", COPY),
    fast_restore_availability_zones="FastRestoreRule.AvailabilityZones",
    fast_restore_count="FastRestoreRule.Count",
    fast_restore_interval="FastRestoreRule.Interval",
    fast_restore_interval_unit="FastRestoreRule.IntervalUnit",
    deprecate_count="DeprecateRule.Count",
    deprecate_interval="DeprecateRule.Interval",
    deprecate_interval_unit="DeprecateRule.IntervalUnit",
)
DETAILS = dict(
    policy_type="PolicyType",
    resource_types="ResourceTypes",
    target_tags=tag_list("TargetTags"),
    exclude_boot_volume="Parameters.ExcludeBootVolume",
    exclude_data_volume_tags=tag_list("Parameters.ExcludeDataVolumeTags"),
    no_reboot="Parameters.NoReboot",
)
# Rules go by a count or by an age, and a schedule by a cron expression or by an interval.
ALTERNATIVES = (
    (("cron_expression",), ("interval", "interval_unit", "times")),
    *(((f"{rule}_count",), (f"{rule}_interval", f"{rule}_interval_unit")) for rule in ("retain", "fast_restore", "deprecate")),
)


def find(aws, wanted):
    return [
        dict(
            id=policy["PolicyId"],
            description=policy["Description"],
            policy_state=policy["State"],
            policy_type=policy.get("PolicyType"),
            **_name_and_tags(policy.get("Tags")),
        )
        for policy in aws.dlm.get_lifecycle_policies()["Policies"]
    ]


def _name_and_tags(found):
    """DLM has no names: the Name tag is the name."""
    own = {key: value for key, value in (found or {}).items() if not key.startswith("aws:")}
    return dict(name=own.pop("Name", None), tags=own)


def read(aws, have, names):
    """The list gives summaries; everything else of one policy comes in one call."""
    return dict(_have(aws.dlm.get_lifecycle_policy(PolicyId=have["id"])["Policy"]), _tell_beyond=partial(_tell_beyond, aws, have))


def _tell_beyond(aws, have, schedule, count):
    """A warning and no danger: it is another number every day, and the plan of the night must be the one that was approved."""
    snapshots, volumes = _beyond(aws, have, schedule, count)
    said = f"schedule {schedule} has {snapshots} snapshots or images of {volumes} volumes or instances beyond {count} now"
    aws.warn(f"dlm_lifecycle_policies {have['name']}: {said}")


def _beyond(aws, have, schedule, count):
    """How many of its snapshots or images are beyond a count, of how many volumes or instances. Not which: that is another one every day."""
    filters = [dict(Name=f"tag:aws:dlm:lifecycle-{word}", Values=[value]) for word, value in (("policy-id", have["id"]), ("schedule-name", schedule))]
    if have["policy_type"] == "IMAGE_MANAGEMENT":
        # An image that does not tell its instance is beyond no count.
        made = [one.get("SourceInstanceId", one["ImageId"]) for one in aws.pages("ec2", "describe_images", "Images", Filters=filters, Owners=["self"])]
    else:
        made = [one["VolumeId"] for one in aws.pages("ec2", "describe_snapshots", "Snapshots", Filters=filters, OwnerIds=["self"])]
    beyond = [number - count for number in Counter(made).values() if number > count]
    return sum(beyond), len(beyond)


def _have(policy):
    details = policy["PolicyDetails"]
    return dict(
        id=policy["PolicyId"],
        description=policy["Description"],
        policy_state=policy["State"],
        execution_role=policy["ExecutionRoleArn"].rpartition("/")[2],
        schedules=[flat(SCHEDULE, schedule) for schedule in details.get("Schedules", [])],
        _arn=policy["PolicyArn"],
        _details=details,
        **flat(DETAILS, details),
        **_name_and_tags(policy.get("Tags")),
    )


def create(aws, want):
    """The name is in the creating call, because nothing else would tell a second policy from the first."""
    schedules = to_make(want, "schedules")
    details = deep(DETAILS, want, dict(Schedules=[deep(SCHEDULE, schedule, {}) for schedule in schedules]))
    policy_id = aws.dlm.create_lifecycle_policy(
        ExecutionRoleArn=aws.once(_role_arn, want["execution_role"]),
        Description=want["description"],
        State=want["policy_state"],
        PolicyDetails=details,
        Tags={"Name": want["name"], **_tags.split({}, want)[0]},
    )["PolicyId"]
    return _have(_sound(aws, policy_id))


def _role_arn(aws, name):
    """The default roles of DLM have a path, so the ARN cannot be told from the name."""
    return aws.iam.get_role(RoleName=name)["Role"]["Arn"]


def _sound(aws, policy_id):
    """The policy as it is after a write. DLM takes what it cannot carry out, and says so in the state."""
    with aws.reading():
        policy = aws.dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"]
    if policy["State"] == "ERROR":
        raise Problem(f"DLM cannot carry out policy {policy_id}: {policy.get('StatusMessage')}")
    return policy


def update(aws, have, change):
    put, gone = _tags.split(have, change)
    if "name" in change:
        put["Name"] = change["name"]
    if put:
        aws.dlm.tag_resource(ResourceArn=have["_arn"], Tags=put)
    if gone:
        aws.dlm.untag_resource(ResourceArn=have["_arn"], TagKeys=gone)
    arguments = {member: change[option] for option, member in (("description", "Description"), ("policy_state", "State")) if option in change}
    if "execution_role" in change:
        arguments["ExecutionRoleArn"] = aws.once(_role_arn, change["execution_role"])
    if change.keys() & {*DETAILS, "schedules"}:
        arguments["PolicyDetails"] = _details(have, change)
    if arguments:
        aws.dlm.update_lifecycle_policy(PolicyId=have["id"], **arguments)
        _sound(aws, have["id"])


def _details(have, change):
    """UpdateLifecyclePolicy takes the whole PolicyDetails."""
    details = deep(DETAILS, change, have["_details"])
    if "schedules" in change:
        details["Schedules"] = merged(_schedule, "name", "Name", details.get("Schedules", []), change["schedules"])
    return details


def _schedule(item, schedule):
    return deep(SCHEDULE, instead(item, flat(SCHEDULE, schedule), *ALTERNATIVES), schedule)


def delete(aws, have):
    aws.dlm.delete_lifecycle_policy(PolicyId=have["id"])


# What the model of DLM says in words: hours of an interval, a cron expression that is due once an hour at most, and that nothing is kept longer than 100 years.
HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
HOURLY = rf"(?=cron\(\d+ ){_cron.EXPRESSION}"
LONGEST = dict(DAYS=36500, WEEKS=5200, MONTHS=1200, YEARS=100)
RULES = ("retain", "fast_restore", "deprecate")


def mistakes(schedule):
    """What no schedule can be, as (option, code, facts), as far as it is named."""
    interval, cron = schedule.get("interval"), schedule.get("cron_expression")
    if interval is not None and int(interval) not in HOURS:
        yield "interval", "choice", dict(value=interval, limit=", ".join(map(str, HOURS)))
    if cron and not re.fullmatch(HOURLY, str(cron)):
        yield "cron_expression", "pattern", dict(value=cron, limit=_cron.EXAMPLES)
    for time in schedule.get("times") or []:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(time)):
            yield "times", "pattern", dict(value=time, limit="hh:mm")
    for rule in RULES:
        count, most = schedule.get(f"{rule}_interval"), LONGEST.get(schedule.get(f"{rule}_interval_unit"))
        if count is not None and most is not None and int(count) > most:
            yield f"{rule}_interval", "most", dict(value=count, limit=most)
    kept, deprecated = schedule.get("retain_count"), schedule.get("deprecate_count")
    if kept is not None and deprecated is not None and int(deprecated) > int(kept):
        yield "deprecate_count", "most", dict(value=deprecated, limit=kept)


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        given = entry.get("schedules") or []
        named = [*(given.get("add") or []), *(given.get("set") or [])] if isinstance(given, dict) else given
        for schedule in named:
            for option, code, facts in mistakes(schedule) if isinstance(schedule, dict) else ():
                yield index, f"schedules.{option}", code, dict(facts, item=schedule)


def refuse(want, have, change):
    changed = change.get("schedules")
    for schedule in changed.coming if changed else ():
        for option, code, facts in mistakes(schedule):
            raise Problem(f"schedule {schedule['name']!r}: {option}: {_shapes.said(code, **facts)}")
    for schedule in change["schedules"].add if "schedules" in change else ():
        for needed in (("cron_expression", "interval"), ("retain_count", "retain_interval")):
            if not any(schedule.get(option) is not None for option in needed):
                raise Problem(f"schedule {schedule['name']!r} is new and needs {' or '.join(needed)}")


def danger(have, change):
    return "; ".join(_dangers(have, change)) or None


def _dangers(have, change):
    if change.get("no_reboot") is False:
        yield "would reboot the instances each time the policy makes images of them (the times of a schedule are UTC)"
    for old, new in change["schedules"].change if "schedules" in change else ():
        before, after = _retention(old), _retention(instead(new, old, *ALTERNATIVES))
        if after != before and not _longer(before, after):
            yield f"would keep {_said(after)} instead of {_said(before)} in schedule {new['name']}: what is beyond that is deleted"
            if new.get("retain_count") is not None:
                have["_tell_beyond"](new["name"], new["retain_count"])


def _retention(schedule):
    return schedule.get("retain_count"), schedule.get("retain_interval"), schedule.get("retain_interval_unit")


def _longer(before, after):
    """Whether one number has grown and all else is as it was."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    return all(isinstance(old, int) and isinstance(new, int) and new > old for old, new in pairs)


def _said(retention):
    count, *age = retention
    return f"{count} generations" if count is not None else " ".join(str(part) for part in age if part is not None)


API = "CreateLifecyclePolicy.PolicyDetails"


def _limited(path, **facts):
    return Option(api=f"{API}.{path}", **facts)


def _owned_tags(**facts):
    """Tags that are one condition, or one label: written whole."""
    return Option("dict", same=_tags.same_texts, texts=True, **facts)


def _schedules():
    rule = "Schedules.CrossRegionCopyRules"
    copies = dict(
        target=_limited(f"{rule}.Target"),
        target_region=_limited(f"{rule}.TargetRegion"),
        encrypted=Option("bool", required=True),
        cmk_arn=_limited(f"{rule}.CmkArn"),
        copy_tags=Option("bool"),
        retain_interval=_limited(f"{rule}.RetainRule.Interval", type="int"),
        retain_interval_unit=_limited(f"{rule}.RetainRule.IntervalUnit"),
        deprecate_interval=_limited(f"{rule}.DeprecateRule.Interval", type="int"),
        deprecate_interval_unit=_limited(f"{rule}.DeprecateRule.IntervalUnit"),
    )
    script = "Schedules.CreateRule.Scripts"
    scripts = dict(
        stages=_limited(f"{script}.Stages", type="list", elements="str"),
        execution_handler_service=_limited(f"{script}.ExecutionHandlerService"),
        execution_handler=_limited(f"{script}.ExecutionHandler", required=True),
        execute_operation_on_script_failure=Option("bool"),
        execution_timeout=_limited(f"{script}.ExecutionTimeout", type="int"),
        maximum_retry_count=_limited(f"{script}.MaximumRetryCount", type="int"),
    )
    return items(
        key=("name",),
        alternatives=ALTERNATIVES,
        required=True,
        options=dict(
            name=_limited("Schedules.Name", required=True),
            cron_expression=_limited("Schedules.CreateRule.CronExpression"),
            interval=_limited("Schedules.CreateRule.Interval", type="int"),
            interval_unit=_limited("Schedules.CreateRule.IntervalUnit"),
            times=_limited("Schedules.CreateRule.Times", type="list", elements="str"),
            scripts=Option("list", "dict", options=scripts, same=as_named),
            retain_count=_limited("Schedules.RetainRule.Count", type="int"),
            retain_interval=_limited("Schedules.RetainRule.Interval", type="int"),
            retain_interval_unit=_limited("Schedules.RetainRule.IntervalUnit"),
            copy_tags=Option("bool"),
            tags_to_add=_owned_tags(),
            variable_tags=_owned_tags(),
            cross_region_copy_rules=Option("list", "dict", options=copies, same=as_named),
            fast_restore_availability_zones=Option("list", "str"),
            fast_restore_count=_limited("Schedules.FastRestoreRule.Count", type="int"),
            fast_restore_interval=_limited("Schedules.FastRestoreRule.Interval", type="int"),
            fast_restore_interval_unit=_limited("Schedules.FastRestoreRule.IntervalUnit"),
            deprecate_count=_limited("Schedules.DeprecateRule.Count", type="int"),
            deprecate_interval=_limited("Schedules.DeprecateRule.Interval", type="int"),
            deprecate_interval_unit=_limited("Schedules.DeprecateRule.IntervalUnit"),
        ),
    )


KIND = Kind(
    name="dlm_lifecycle_policies",
    identity=("name",),
    options=dict(
        name=Option(),
        policy_type=fixed(api=f"{API}.PolicyType"),
        resource_types=fixed("list", elements="str", required=True, api=f"{API}.ResourceTypes"),
        description=Option(required=True, api="CreateLifecyclePolicy.Description"),
        policy_state=Option(required=True, api="CreateLifecyclePolicy.State"),
        execution_role=ref("iam_roles", required=True),
        target_tags=_owned_tags(required=True),
        schedules=_schedules(),
        exclude_boot_volume=Option("bool"),
        exclude_data_volume_tags=_owned_tags(clearable=True),
        no_reboot=Option("bool"),
        tags=_tags.beside_name(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
