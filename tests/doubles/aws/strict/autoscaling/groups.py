# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: what they are made of, sizes, target groups, processes, metrics, hooks, tags, and their end.

Source: the service model of Auto Scaling (2011-01-01), its operations and their errors, where a rule does not say more.
"""

from __future__ import annotations

import re

from ..ec2.book import subnet_of
from ..ec2.launch_templates import template_of, version_of
from ..rules import Refused
from .book import BOOK, Held, group_of, invalid, sizes_are_in_order, told_of

PROCESSES = {
    *("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy"),
    "ScheduledActions",
}
METRICS = {
    *("GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances"),
    *("GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity"),
    *("GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity"),
    *("WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity"),
}
CHECKS = {"EC2", "EBS", "ELB", "VPC_LATTICE"}
POLICIES = {
    *("Default", "AllocationStrategy", "ClosestToNextInstanceHour", "NewestInstance", "OldestInstance", "OldestLaunchConfiguration"),
    "OldestLaunchTemplate",
}
TRANSITIONS = {"autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"}
DAY = 86400
# What moto drops, and what stands for none.
KEPT = {
    "DefaultCooldown": ("default_cooldown", None),
    "DefaultInstanceWarmup": ("default_instance_warmup", -1),
    "MaxInstanceLifetime": ("max_instance_lifetime", 0),
    "TerminationPolicies": ("termination_policies", None),
    "DeletionProtection": ("deletion_protection", None),
    "CapacityRebalance": ("capacity_rebalance", None),
}


# -- what it is made of ---------------------------------------------------------------------------


@BOOK.rule("CreateAutoScalingGroup")
def its_name_is_free(autoscaling, AutoScalingGroupName, **_):
    """CreateAutoScalingGroup: AlreadyExists."""
    if AutoScalingGroupName in autoscaling.autoscaling_groups:
        message = f"AutoScalingGroup by this name already exists - A group with the name {AutoScalingGroupName} already exists"
        raise Refused("AlreadyExists", message)


@BOOK.rule("UpdateAutoScalingGroup", "SuspendProcesses", "ResumeProcesses", "EnableMetricsCollection", "DisableMetricsCollection", "DeleteAutoScalingGroup")
@BOOK.rule("AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups", "PutLifecycleHook", "DeleteLifecycleHook", "DescribeLifecycleHooks")
def the_group_is_there(autoscaling, AutoScalingGroupName, **_):
    group_of(autoscaling, AutoScalingGroupName)


@BOOK.rule("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def what_it_launches_is_there(autoscaling, LaunchTemplate, VPCZoneIdentifier, **_):
    """LaunchTemplateSpecification: "You must specify either a LaunchTemplateId or a LaunchTemplateName"; VPCZoneIdentifier: subnets that are there."""
    ec2 = autoscaling.ec2_backend
    if LaunchTemplate:
        launchable(ec2, LaunchTemplate)
    for one in (VPCZoneIdentifier or "").split(",") if VPCZoneIdentifier else ():
        if subnet_of(ec2, one) is None:
            raise invalid(f"The subnet ID '{one}' does not exist")


def launchable(ec2, specification):
    """The user guide, troubleshooting launch templates: "You must use a valid fully-formed launch template"."""
    words = [specification[name] for name in ("LaunchTemplateId", "LaunchTemplateName") if specification.get(name)]
    if len(words) != 1:
        raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    try:
        template = template_of(ec2, specification.get("LaunchTemplateId"), specification.get("LaunchTemplateName"))
        version = version_of(template, specification.get("Version") or "$Default")
    except Refused as refused:
        raise invalid(f"You must use a valid fully-formed launch template. {refused}") from None
    if version.image_id not in ec2.amis:
        raise invalid(f"You must use a valid fully-formed launch template. The image id '[{version.image_id}]' does not exist")
    return version


@BOOK.rule("CreateAutoScalingGroup")
def new_sizes_are_in_order(_autoscaling, MinSize, DesiredCapacity, MaxSize, **_):
    sizes_are_in_order(MinSize, DesiredCapacity, MaxSize)


@BOOK.rule("UpdateAutoScalingGroup")
def changed_sizes_are_in_order(autoscaling, AutoScalingGroupName, MinSize, DesiredCapacity, MaxSize, **_):
    group = group_of(autoscaling, AutoScalingGroupName)
    least, most = (group.min_size if MinSize is None else MinSize, group.max_size if MaxSize is None else MaxSize)
    sizes_are_in_order(least, DesiredCapacity, most)


@BOOK.rule("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def its_values_are_known(_autoscaling, HealthCheckType, TerminationPolicies, MaxInstanceLifetime, InstanceMaintenancePolicy, **_):
    """HealthCheckType, TerminationPolicies: "Valid values"; MaxInstanceLifetime: "either 0 or a number equal to or greater than 86,400 seconds";
    InstanceMaintenancePolicy: "Both MinHealthyPercentage and MaxHealthyPercentage must be specified, and their difference cannot be greater than 100".
    """
    if HealthCheckType and set(HealthCheckType.split(",")) - CHECKS:
        raise invalid(f"Invalid health check type: {HealthCheckType}")
    for one in TerminationPolicies or []:
        if one not in POLICIES and not one.startswith("arn:"):
            raise invalid(f"Termination policy {one} is invalid")
    if MaxInstanceLifetime and MaxInstanceLifetime < DAY:
        raise invalid("Max instance lifetime must be greater than or equal to 86400 seconds")
    if InstanceMaintenancePolicy is not None:
        least, most = (InstanceMaintenancePolicy.get(f"{which}HealthyPercentage") for which in ("Min", "Max"))
        if None in (least, most) or (least, most) != (-1, -1) and not (0 <= least <= 100 <= most <= 200 and most - least <= 100):
            raise invalid(f"The instance maintenance policy {least}-{most} is not valid")


@BOOK.rule("CreateAutoScalingGroup", "AttachLoadBalancerTargetGroups")
def its_target_groups_are_there(autoscaling, TargetGroupARNs, **_):
    for arn in TargetGroupARNs or []:
        if arn not in autoscaling.elbv2_backend.target_groups:
            raise invalid(f"Provided Target Groups may not be valid: {arn}. Please ensure they exist and try again.")


@BOOK.after("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def all_of_it_is_kept(autoscaling, AutoScalingGroupName, InstanceMaintenancePolicy, **given):
    group = group_of(autoscaling, AutoScalingGroupName)
    for member, (attribute, none) in KEPT.items():
        if member in given:
            setattr(group, attribute, None if given[member] == none else given[member])
    if InstanceMaintenancePolicy:
        group.instance_maintenance_policy = None if InstanceMaintenancePolicy["MinHealthyPercentage"] == -1 else InstanceMaintenancePolicy


# -- processes and metrics ------------------------------------------------------------------------


@BOOK.rule("SuspendProcesses", "ResumeProcesses")
def processes_have_names(_autoscaling, ScalingProcesses, **_):
    for one in ScalingProcesses or []:
        if one not in PROCESSES:
            raise invalid(f"{one} is not a valid scaling process")


@BOOK.adds("SuspendProcesses")
def suspend_processes(autoscaling, AutoScalingGroupName, ScalingProcesses, **_):
    """In the order of their names (moto: by chance)."""
    group = group_of(autoscaling, AutoScalingGroupName)
    group.suspended_processes = sorted({*group._suspended_processes, *(ScalingProcesses or PROCESSES)})


@BOOK.adds("ResumeProcesses")
def resume_processes(autoscaling, AutoScalingGroupName, ScalingProcesses, **_):
    group = group_of(autoscaling, AutoScalingGroupName)
    group.suspended_processes = sorted({*group._suspended_processes} - {*(ScalingProcesses or PROCESSES)})


@BOOK.rule("EnableMetricsCollection", "DisableMetricsCollection")
def metrics_have_names(_autoscaling, Metrics, **_):
    for one in Metrics or []:
        if one not in METRICS:
            raise invalid(f"{one} is not a valid metric")


@BOOK.rule("EnableMetricsCollection")
def figures_come_each_minute(_autoscaling, Granularity, **_):
    """EnableMetricsCollection.Granularity: "The only valid value is 1Minute"."""
    if Granularity != "1Minute":
        raise invalid(f"{Granularity} is not a valid granularity")


@BOOK.adds("EnableMetricsCollection")
def enable_metrics_collection(autoscaling, AutoScalingGroupName, Metrics, **_):
    """Beside those that are enabled (moto: in their place)."""
    group = group_of(autoscaling, AutoScalingGroupName)
    group.metrics = sorted({*group.metrics, *(Metrics or METRICS)})


@BOOK.adds("DisableMetricsCollection")
def disable_metrics_collection(autoscaling, AutoScalingGroupName, Metrics, **_):
    group = group_of(autoscaling, AutoScalingGroupName)
    group.metrics = sorted({*group.metrics} - {*(Metrics or METRICS)})


# -- hooks ----------------------------------------------------------------------------------------


def sound_hook(hook, new):
    """LifecycleHookSpecification.HeartbeatTimeout: "The range is from 30 to 7200 seconds"; PutLifecycleHook: "Required for new lifecycle hooks"."""
    if new and hook.get("LifecycleTransition") is None:
        raise invalid("LifecycleTransition is required for new lifecycle hooks")
    if hook.get("LifecycleTransition") not in (None, *TRANSITIONS):
        raise invalid(f"Invalid lifecycle transition: {hook['LifecycleTransition']}")
    if not 30 <= hook.get("HeartbeatTimeout", 3600) <= 7200:
        raise invalid("Heartbeat timeout must be between 30 and 7200 seconds")
    if hook.get("DefaultResult") not in (None, "CONTINUE", "ABANDON"):
        raise invalid(f"Invalid default result: {hook['DefaultResult']}")


def put_hook(autoscaling, group, hook):
    key = f"{group}/{hook['LifecycleHookName']}"
    there = told_of(autoscaling.lifecycle_hooks, key)
    sound_hook(hook, new=not there)
    fresh = {"AutoScalingGroupName": group, "HeartbeatTimeout": 3600, "DefaultResult": "ABANDON", "GlobalTimeout": 172800}
    autoscaling.lifecycle_hooks[key] = Held({**(there or fresh), **hook})


@BOOK.adds("PutLifecycleHook")
def put_lifecycle_hook(autoscaling, AutoScalingGroupName, **hook):
    """PutLifecycleHook.RoleARN: "optional when updating existing hooks": what is not said stays (moto makes it anew, with a role and a queue)."""
    put_hook(autoscaling, AutoScalingGroupName, hook)


@BOOK.rule("CreateAutoScalingGroup")
def its_hooks_are_sound(_autoscaling, LifecycleHookSpecificationList, **_):
    for hook in LifecycleHookSpecificationList or []:
        sound_hook(hook, new=True)


@BOOK.after("CreateAutoScalingGroup")
def it_has_its_hooks_from_the_first(autoscaling, AutoScalingGroupName, LifecycleHookSpecificationList, **_):
    for hook in LifecycleHookSpecificationList or []:
        put_hook(autoscaling, AutoScalingGroupName, hook)


@BOOK.adds("DescribeLifecycleHooks")
def describe_lifecycle_hooks(autoscaling, AutoScalingGroupName, LifecycleHookNames, **_):
    hooks = [held.told for held in autoscaling.lifecycle_hooks.values() if held.told["AutoScalingGroupName"] == AutoScalingGroupName]
    return {"LifecycleHooks": [hook for hook in hooks if not LifecycleHookNames or hook["LifecycleHookName"] in LifecycleHookNames]}


@BOOK.adds("DeleteLifecycleHook")
def delete_lifecycle_hook(autoscaling, AutoScalingGroupName, LifecycleHookName, **_):
    if autoscaling.lifecycle_hooks.pop(f"{AutoScalingGroupName}/{LifecycleHookName}", None) is None:
        raise invalid(f"No Lifecycle Hook found with the name {LifecycleHookName}")


# -- tags and the end -----------------------------------------------------------------------------


@BOOK.rule("CreateOrUpdateTags", "DeleteTags")
def tags_are_of_a_group(autoscaling, Tags, **_):
    """Tag.ResourceType: "The only supported value is auto-scaling-group"; Tag.Key: not what begins with aws:."""
    for tag in Tags:
        group_of(autoscaling, tag.get("ResourceId"))
        if tag.get("ResourceType") != "auto-scaling-group":
            raise invalid(f"Invalid resource type: {tag.get('ResourceType')}")
        if re.match("aws:", tag["Key"], re.IGNORECASE):
            raise invalid(f"The tag key {tag['Key']} is reserved for AWS internal use")


@BOOK.rule("DeleteAutoScalingGroup")
def nothing_may_be_left_in_it(autoscaling, AutoScalingGroupName, ForceDelete, **_):
    """DeleteAutoScalingGroup: "If the group has instances or scaling activities in progress, you must specify the option to force the deletion";
    DeletionProtection.
    """
    group = group_of(autoscaling, AutoScalingGroupName)
    protection = vars(group).get("deletion_protection")
    if protection == "prevent-all-deletion" or (ForceDelete and protection == "prevent-force-deletion"):
        raise Refused("ResourceInUse", f"The group is protected from deletion by {protection}")
    if group.instance_states and not ForceDelete:
        message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."
        raise Refused("ResourceInUse", message)


@BOOK.after("DeleteAutoScalingGroup")
def what_was_its_goes_with_it(autoscaling, AutoScalingGroupName, **_):
    """DeleteAutoScalingGroup: "deleting the group deletes the policies"; actions, hooks, refreshes and notifications are parts of a group."""
    for things in (autoscaling.policies, autoscaling.scheduled_actions, autoscaling.lifecycle_hooks):
        for key in [key for key in things if key.startswith(f"{AutoScalingGroupName}/")]:
            del things[key]
    for things in ("instance_refreshes", "notifications"):
        vars(autoscaling).get(things, {}).pop(AutoScalingGroupName, None)
