#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _autoscaling, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, as_named, deep, flat, listed
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Delta, Option, Problem, camel, fixed, items, merged, ref, refs, same_text, tags

# Options that CreateAutoScalingGroup, UpdateAutoScalingGroup and DescribeAutoScalingGroups call alike.
PLAIN = (
    *_autoscaling.SIZES,
    *("health_check_type", "health_check_grace_period", "default_cooldown", "default_instance_warmup", "termination_policies"),
    *("new_instances_protected_from_scale_in", "capacity_rebalance", "max_instance_lifetime", "deletion_protection"),
)
MAINTENANCE = ("min_healthy_percentage", "max_healthy_percentage")
# What UpdateAutoScalingGroup takes for none.
NONE = dict(default_instance_warmup=-1, max_instance_lifetime=0)
TAGS = dict(tags=False, tags_at_launch=True)  # whether instances get them at launch
PROCESSES = (
    *("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy"),
    "ScheduledActions",
)
HOOK = ("lifecycle_transition", "heartbeat_timeout", "default_result", "notification_metadata")
# Who marks a group so keeps its sizes, and sets them again.
KEEPERS = {"elasticbeanstalk:environment-name": "Elastic Beanstalk", "eks:nodegroup-name": "Amazon EKS"}
# A capacity provider of ECS scales the group between its limits, which somebody else sets.
DESIRED = "AmazonECSManaged"
OVERRIDE = dict(instance_type="InstanceType", weighted_capacity=Field("WeightedCapacity", int, str))
DISTRIBUTION = (
    *("on_demand_allocation_strategy", "on_demand_base_capacity", "on_demand_percentage_above_base_capacity"),
    *("spot_allocation_strategy", "spot_instance_pools", "spot_max_price"),
)
MIXED = dict(
    {option: f"InstancesDistribution.{camel(option)}" for option in DISTRIBUTION},
    overrides=listed("LaunchTemplate.Overrides", OVERRIDE),
)


# ---- what is there


def find(aws, wanted):
    asked = wanted is None or any("notifications" in entry for entry in wanted)
    notified = _notified(aws) if asked else {}
    return [dict(_have(group), notifications=notified.get(group["AutoScalingGroupName"], [])) for group in _autoscaling.groups(aws)]


def _notified(aws):
    """Group → its topics with their types, of which AWS tells a line for each."""
    found = {}
    for one in aws.pages("autoscaling", "describe_notification_configurations", "NotificationConfigurations"):
        found.setdefault(one["AutoScalingGroupName"], {}).setdefault(one["TopicARN"], []).append(one["NotificationType"])
    return {group: [dict(topic=topic, notification_types=sorted(types)) for topic, types in topics.items()] for group, topics in found.items()}


def look(aws, ids):
    """With what still goes on until as many instances are in service as shall be, and why there are not more."""
    return [dict(_have(group), _moving=_explained(aws, group, _goes_on(group))) for group in _autoscaling.groups(aws) if group["AutoScalingGroupName"] in ids]


def _explained(aws, group, lacking):
    failed = [one for one in _activities(aws, group) if one["StatusCode"] == "Failed"] if lacking else []
    return "; ".join([lacking, *(one.get("StatusMessage", "") for one in failed[:1])]) if lacking else None


def _have(group):
    mixed = group.get("MixedInstancesPolicy")
    template = (mixed or {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification") or group.get("LaunchTemplate", {})
    policy = group.get("InstanceMaintenancePolicy") or {}
    return dict(
        {option: group.get(camel(option)) for option in PLAIN},
        id=group["AutoScalingGroupName"],
        name=group["AutoScalingGroupName"],
        launch_template=dict(name=template.get("LaunchTemplateId"), version=template.get("Version")),
        subnets=[one for one in group.get("VPCZoneIdentifier", "").split(",") if one],
        target_groups=group.get("TargetGroupARNs", []),
        suspended_processes=sorted(one["ProcessName"] for one in group.get("SuspendedProcesses", [])),
        enabled_metrics=sorted(one["Metric"] for one in group.get("EnabledMetrics", [])),
        instance_maintenance_policy={option: policy.get(camel(option)) for option in MAINTENANCE} if policy else None,
        mixed_instances_policy=flat(MIXED, mixed) if mixed else None,
        **{option: _tags.as_dict(tag for tag in group.get("Tags", []) if tag["PropagateAtLaunch"] == at_launch) for option, at_launch in TAGS.items()},
        _mixed=mixed,
        _instances=[one["InstanceId"] for one in group.get("Instances", [])],
        _protected=[one["InstanceId"] for one in group.get("Instances", []) if one.get("ProtectedFromScaleIn")],
    )


def _goes_on(group):
    """How many instances are in service of how many, until there are as many."""
    stopped = {one["ProcessName"] for one in group.get("SuspendedProcesses", [])}
    states = [one["LifecycleState"] for one in group["Instances"] if one["LifecycleState"] != "Standby"]
    serve = sum(int(one.get("WeightedCapacity") or 1) for one in group["Instances"] if one["LifecycleState"] == "InService")
    if stopped & {"Launch", "Terminate"} or (serve >= group["DesiredCapacity"] and set(states) <= {"InService"}):
        return None
    return f"{serve} of {group['DesiredCapacity']} in service"


def _activities(aws, group):
    return aws.autoscaling.describe_scaling_activities(AutoScalingGroupName=group["AutoScalingGroupName"], MaxRecords=5)["Activities"]


def read(aws, have, names):
    if "lifecycle_hooks" not in names:
        return {}
    hooks = aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=have["name"])["LifecycleHooks"]
    return dict(lifecycle_hooks=[dict(name=hook["LifecycleHookName"], **{one: hook.get(camel(one)) for one in HOOK}) for hook in hooks])


# ---- make and change


def create(aws, want):
    arguments = dict(
        {camel(option): want[option] for option in PLAIN if option in want},
        VPCZoneIdentifier=",".join(_coming(want, "subnets")),
        TargetGroupARNs=_coming(want, "target_groups"),
        LifecycleHookSpecificationList=[dict(_hook(one), LifecycleHookName=one["name"]) for one in _coming(want, "lifecycle_hooks")],
        Tags=[tag for option in TAGS for tag in _as_tags(want, option, want.get(option, {}))],
        InstanceMaintenancePolicy=_maintenance(want["instance_maintenance_policy"]) if "instance_maintenance_policy" in want else None,
    )
    given = {member: value for member, value in arguments.items() if value not in ([], None)}
    aws.autoscaling.create_auto_scaling_group(**_which(want), **_launched(dict(want, _mixed=None), want), **given)
    made = _autoscaling.shown(aws, _all, want, "name")
    return dict(made, lifecycle_hooks=_coming(want, "lifecycle_hooks"), notifications=[])


def _all(aws, dummy):
    """Without a word of why instances are late: of a group that was made a moment ago they always are."""
    return [dict(_have(group), _moving=_goes_on(group)) for group in _autoscaling.groups(aws)]


def _coming(want, option):
    verbs = want.get(option, {})
    return [*verbs.get("add", []), *verbs.get("set", [])]


def _which(thing):
    return dict(AutoScalingGroupName=thing["name"])


def _template(wanted):
    return dict(LaunchTemplateId=wanted["name"], **({"Version": str(wanted["version"])} if wanted.get("version") else {}))


def _maintenance(wanted):
    return {camel(option): -1 if wanted is None else wanted[option] for option in MAINTENANCE if wanted is None or wanted.get(option) is not None}


def _hook(hook):
    return {camel(option): hook[option] for option in HOOK if hook.get(option) is not None}


def _as_tags(thing, option, wanted):
    resource = dict(ResourceId=thing["name"], ResourceType="auto-scaling-group", PropagateAtLaunch=TAGS[option])
    return [dict(resource, **tag) for tag in _tags.as_list(wanted)]


def update(aws, have, change):
    arguments = {camel(option): NONE.get(option) if change[option] is None else change[option] for option in PLAIN if option in change}
    if {"launch_template", "mixed_instances_policy"} & change.keys():
        arguments.update(_launched(have, change))
    if "subnets" in change:
        arguments["VPCZoneIdentifier"] = ",".join(merged(OPTIONS, have, change)["subnets"])
    if "instance_maintenance_policy" in change:
        arguments["InstanceMaintenancePolicy"] = _maintenance(change["instance_maintenance_policy"])
    if set(_autoscaling.SIZES) & change.keys():
        _warn_of_schedules(aws, have, change)
    if arguments:
        aws.autoscaling.update_auto_scaling_group(**_which(have), **arguments)
    for option, calls in PAIRS.items():
        if option in change:
            _pair(aws, have, change[option], *calls)
    if "lifecycle_hooks" in change:
        _hooks(aws, have, change["lifecycle_hooks"])
    if "notifications" in change:
        _notify(aws, have, change["notifications"])
    _write_tags(aws, have, change)
    return "capacity is changing" if set(_autoscaling.SIZES) & change.keys() else None


def _launched(have, change):
    """A group with a mixed instances policy has its template there; alone it takes the place of the policy."""
    template = _template(change.get("launch_template") or have["launch_template"])
    wanted = change.get("mixed_instances_policy", have.get("mixed_instances_policy"))
    if wanted is None:
        return dict(LaunchTemplate=template)
    policy = deep(MIXED, wanted, have["_mixed"] or {})
    return dict(MixedInstancesPolicy=dict(policy, LaunchTemplate=dict(policy.get("LaunchTemplate", {}), LaunchTemplateSpecification=template)))


# Of a list: the calls that add and take away, and their argument.
PAIRS = dict(
    target_groups=("attach_load_balancer_target_groups", "detach_load_balancer_target_groups", "TargetGroupARNs"),
    suspended_processes=("suspend_processes", "resume_processes", "ScalingProcesses"),
    enabled_metrics=("enable_metrics_collection", "disable_metrics_collection", "Metrics"),
)


def _pair(aws, have, delta, attach, detach, argument):
    for things, operation in ((delta.add, attach), (delta.remove, detach)):
        more = dict(Granularity="1Minute") if operation == "enable_metrics_collection" else {}
        if things:
            getattr(aws.autoscaling, operation)(**_which(have), **{argument: things}, **more)


def _hooks(aws, have, delta):
    for hook in delta.coming:
        aws.autoscaling.put_lifecycle_hook(**_which(have), LifecycleHookName=hook["name"], **_hook(hook))
    for hook in delta.remove:
        aws.autoscaling.delete_lifecycle_hook(**_which(have), LifecycleHookName=hook["name"])


def _notify(aws, have, delta):
    """What is put for a topic takes the place of what it had."""
    for one in delta.coming:
        aws.autoscaling.put_notification_configuration(**_which(have), TopicARN=one["topic"], NotificationTypes=one["notification_types"])
    for one in delta.remove:
        aws.autoscaling.delete_notification_configuration(**_which(have), TopicARN=one["topic"])


def _write_tags(aws, have, change):
    put, gone = [], []
    for option in TAGS:
        written, away = _tags.split(dict(tags=have[option]), {"tags": change[option]} if option in change else {})
        put += _as_tags(have, option, written)
        gone += [dict(ResourceId=have["name"], ResourceType="auto-scaling-group", Key=key) for key in away]
    if put:
        aws.autoscaling.create_or_update_tags(Tags=put)
    if gone:
        aws.autoscaling.delete_tags(Tags=gone)


def _warn_of_schedules(aws, have, change):
    """A scheduled action sets sizes again, whatever was agreed meanwhile."""
    with aws.reading():
        planned = aws.pages("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", **_which(have))
    for action in planned:
        sizes = {size: action[camel(size)] for size in _autoscaling.SIZES if size in change and camel(size) in action}
        if sizes:
            when = action.get("Recurrence") or _autoscaling.told(action.get("StartTime"))
            said = ", ".join(f"{size} {value}" for size, value in sizes.items())
            action_name = f"{action['ScheduledActionName']} ({when} {action.get('TimeZone') or 'UTC'})"
            aws.warn(f"autoscaling_groups {have['name']}: the scheduled action {action_name} sets {said}")


def delete(aws, have):
    """First its instances go, in order and with their hooks; a deletion by force would wait for none of that."""
    if have["deletion_protection"] == "prevent-all-deletion":
        raise Problem("is protected from deletion: first set deletion_protection to none")
    if have["_protected"]:
        raise Problem(f"{', '.join(have['_protected'])} are protected from scale-in, and stay as long as they are: take the protection away first")
    if have["_instances"] or have["desired_capacity"]:
        aws.autoscaling.update_auto_scaling_group(**_which(have), MinSize=0, DesiredCapacity=0)
        _await(aws, have, "without instances", lambda group: not group or not group["Instances"])
    aws.autoscaling.delete_auto_scaling_group(**_which(have))
    _await(aws, have, "gone", lambda group: not group)


def _await(aws, have, what, until):
    aws.wait(f"group {have['name']} {what}", partial(_autoscaling.group, aws, have["name"]), until, limit=KIND.seconds)


# ---- what to think about first


def _twice(entry):
    """Keys that both dictionaries of tags name; the group has each once."""
    return sorted(set(entry.get("tags") or {}) & set(entry.get("tags_at_launch") or {}))


def refuse(want, have, change):
    if _twice(want):
        raise Problem(f"{', '.join(_twice(want))} is in tags and in tags_at_launch: write it once")
    after = merged(OPTIONS, have, change)
    least, desired, most = (after.get(size) for size in _autoscaling.SIZES)
    if least > most:
        raise Problem(f"min_size {least} is more than max_size {most}")
    if set(_autoscaling.SIZES) & change.keys() and desired is not None and not least <= desired <= most:
        hint = "" if "desired_capacity" in change else ", as it is now,"
        raise Problem(f"desired_capacity {desired}{hint} is not between min_size {least} and max_size {most}: name one that is")
    policy = change.get("instance_maintenance_policy")
    if policy and {policy.get(option) for option in MAINTENANCE} & {None}:
        raise Problem(f"instance_maintenance_policy: {' and '.join(MAINTENANCE)} are set together")
    _refuse_mixed(want, have, change.get("mixed_instances_policy") or {})
    for one in change["notifications"].coming if "notifications" in change else ():
        if not one.get("notification_types"):
            raise Problem("notifications: name notification_types for each topic, or remove the topic")


def _refuse_mixed(want, have, wanted):
    there = ((have.get("_mixed") or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    if wanted and wanted.get("overrides") != flat(MIXED, have.get("_mixed") or {}).get("overrides"):
        others = sorted({member for override in there for member in override} - {"InstanceType", "WeightedCapacity"})
        if others:
            raise Problem(f"mixed_instances_policy.overrides: those of the group have {', '.join(others)}, which no sheet names: leave overrides out")
    if (want.get("mixed_instances_policy") or {}).get("spot_instance_pools") and wanted.get("spot_allocation_strategy", CHEAPEST) != CHEAPEST:
        raise Problem(f"mixed_instances_policy.spot_instance_pools is only for spot_allocation_strategy: {CHEAPEST}")


def danger(have, change):
    there = have.get("_instances", [])
    if not change:
        return f"would be deleted with its {len(there)} instances ({', '.join(there) or 'none'}) and what lies on them alone"
    if not have:
        return None
    return "; ".join(_dangers(have, change, len(there))) or None


def _dangers(have, change, number):
    after = change.get("desired_capacity")
    if after is not None and after < number:
        policies = ", ".join(have["termination_policies"])
        yield f"would terminate {number - after} of the {number} instances with what lies on them alone (termination policies {policies})"
    marks = {**have["tags"], **have["tags_at_launch"]}
    if set(_autoscaling.SIZES) & change.keys():
        yield from (f"{keeper} made the group and sets its sizes: change them there" for key, keeper in KEEPERS.items() if key in marks)
    if "desired_capacity" in change and DESIRED in marks:
        yield "Amazon ECS sets the desired capacity of the group, and will set it again"
    gone = {option: change[option].remove for option in ("subnets", "target_groups") if isinstance(change.get(option), Delta)}
    if gone.get("subnets"):
        yield f"would replace the instances in {len(gone['subnets'])} subnets by others elsewhere"
    if gone.get("target_groups"):
        yield f"would take its instances out of {len(gone['target_groups'])} target groups"


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in _autoscaling.size_faults(entry):
            yield index, option, code, facts
        for key in _twice(entry):
            yield index, f"tags_at_launch.{key}", "one_of", dict(value=key, other="tags, tags_at_launch")


CREATE = "CreateAutoScalingGroup"
# The valid values in the words of InstancesDistribution.
CHEAPEST = "lowest-price"
SPOT = ("capacity-optimized", "capacity-optimized-prioritized", CHEAPEST, "price-capacity-optimized")


def _spelt(policy):
    """Another strategy than the cheapest has no pools."""
    return policy if policy.get("spot_allocation_strategy", CHEAPEST) == CHEAPEST else dict(policy, spot_instance_pools=None)


POLICY = dict(
    overrides=Option(
        "list",
        "dict",
        options=dict(instance_type=Option(required=True), weighted_capacity=Option("int", limits=dict(min=1, max=999))),
        same=as_named,
    ),
    on_demand_allocation_strategy=Option(choices=(CHEAPEST, "prioritized")),
    on_demand_base_capacity=Option("int", limits=dict(min=0)),
    on_demand_percentage_above_base_capacity=Option("int", limits=dict(min=0, max=100)),
    spot_allocation_strategy=Option(choices=SPOT),
    spot_instance_pools=Option("int", limits=dict(min=1, max=20)),
    spot_max_price=Option(api=f"{CREATE}.MixedInstancesPolicy.InstancesDistribution.SpotMaxPrice", same=same_text),
)
# What DescribeAutoScalingNotificationTypes tells.
EVENTS = (
    *(f"autoscaling:EC2_INSTANCE_{what}" for what in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")),
    "autoscaling:TEST_NOTIFICATION",
)
NOTIFICATIONS = dict(
    topic=ref("sns_topics", required=True),
    notification_types=Option("list", "str", choices=EVENTS, same=lambda wanted, has: set(wanted) == set(has)),
)
CHECK = "(EC2|ELB|EBS|VPC_LATTICE)"
HOOKS = dict(
    name=Option(required=True, api="PutLifecycleHook.LifecycleHookName"),
    lifecycle_transition=Option(required=True, choices=("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")),
    heartbeat_timeout=Option("int", limits=dict(min=30, max=7200)),
    default_result=Option(choices=("CONTINUE", "ABANDON")),
    notification_metadata=Option(api="PutLifecycleHook.NotificationMetadata"),
)
OPTIONS = dict(
    name=fixed(api=f"{CREATE}.AutoScalingGroupName"),
    launch_template=Option(
        "dict",
        required=True,
        options=dict(name=ref("ec2_launch_templates"), version=Option(api=f"{CREATE}.LaunchTemplate.Version", same=same_text)),
    ),
    min_size=Option("int", required=True),
    max_size=Option("int", required=True),
    desired_capacity=Option("int"),
    subnets=refs("ec2_subnets", required=True),
    target_groups=refs("elbv2_target_groups"),
    health_check_type=Option(limits=dict(pattern=f"{CHECK}(,{CHECK})*", example="ELB,EBS")),
    health_check_grace_period=Option("int"),
    default_cooldown=Option("int"),
    default_instance_warmup=Option("int", clearable=True),
    termination_policies=Option("list", "str"),
    new_instances_protected_from_scale_in=Option("bool"),
    capacity_rebalance=Option("bool"),
    max_instance_lifetime=Option("int", clearable=True, limits=dict(min=86400)),
    deletion_protection=Option(api=f"{CREATE}.DeletionProtection"),
    instance_maintenance_policy=Option(
        "dict",
        clearable=True,
        options={option: Option("int", api=f"{CREATE}.InstanceMaintenancePolicy.{camel(option)}") for option in MAINTENANCE},
    ),
    mixed_instances_policy=Option("dict", clearable=True, options=POLICY, spelt=_spelt),
    suspended_processes=Option("list", "str", many=True, choices=PROCESSES),
    enabled_metrics=Option("list", "str", many=True),
    lifecycle_hooks=items(key=("name",), options=HOOKS),
    notifications=items(key=("topic",), options=NOTIFICATIONS),
    tags_at_launch=tags(),
    tags=tags(),
)

KIND = Kind(
    name="autoscaling_groups",
    identity=("name",),
    options=OPTIONS,
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    not_yet=_autoscaling.NOT_YET,
    seconds=900,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
