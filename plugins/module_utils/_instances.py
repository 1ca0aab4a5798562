# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single instances, as the verbs see them: by name or id, what state they are in, whether they are well, and waiting for it.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

MOVING = ("pending", "stopping", "shutting-down")
GONE = ("shutting-down", "terminated")
STATE_SECONDS = 900  # an instance that cannot stop is stopped by force by EC2 well within this time
WELL_SECONDS = 900

GROUP = "aws:autoscaling:groupName"
# Whoever made the instance by one of these would undo a change, or take the instance away.
OWNERS = {
    "aws:cloudformation:stack-name": "the CloudFormation stack",
    "elasticbeanstalk:environment-name": "the Elastic Beanstalk environment",
    GROUP: "the Auto Scaling group",
}
STANDBY = "Standby"
# With one of these suspended a group leaves a member alone that is stopped.
REPLACING = ("HealthCheck", "ReplaceUnhealthy", "Terminate")
USABLE = ("Enabled", "Updating")


def find(aws: Aws, named: str) -> dict[str, Any]:
    """The instance that is meant, as DescribeInstances shows it."""
    return described(aws, Names(aws, {}, check_mode=False).id_of("ec2_instances", named))


def described(aws: Aws, instance_id: str) -> dict[str, Any]:
    with aws.reading():
        reservations = aws.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return reservations[0]["Instances"][0]


def label(instance: Mapping[str, Any]) -> str:
    return _tags.name_and_tags(instance)["name"] or instance["InstanceId"]


def state(instance: Mapping[str, Any]) -> str:
    return instance["State"]["Name"]


# ---- where something is attached


def hosts(aws: Aws) -> dict[str, dict[str, Any]]:
    """Id → every instance, with what its type takes as _type."""
    found = [one for group in aws.pages("ec2", "describe_instances", "Reservations") for one in group["Instances"] if state(one) not in GONE]
    known = types(aws, {one["InstanceType"] for one in found}) if found else {}
    return {one["InstanceId"]: dict(one, _type=known.get(one["InstanceType"], {})) for one in found}


def refuse_zone(host: Mapping[str, Any] | None, zone: str) -> None:
    """What is attached is in the zone of its instance. AWS says so only when it has been made, or been taken off another one."""
    there = host["Placement"]["AvailabilityZone"] if host else zone
    if there != zone:
        raise Problem(f"it is in {zone}, and {host['InstanceId']} is in {there}: only what is in the same zone can be attached")


def refuse_interface(host: Mapping[str, Any] | None, interface_id: str, index: int) -> None:
    """Why no interface can be attached there: its place is taken, or its type takes no more."""
    cards = {one["Attachment"]["DeviceIndex"]: one["NetworkInterfaceId"] for one in (host or {}).get("NetworkInterfaces", [])}
    others = {place: one for place, one in cards.items() if one != interface_id}
    if index in others:
        raise Problem(f"attachment.device_index: at {index} {host['InstanceId']} has {others[index]}: choose another index")
    most = (host or {}).get("_type", {}).get("NetworkInfo", {}).get("MaximumNetworkInterfaces")
    if most and len(others) >= most:
        raise Problem(f"{host['InstanceId']} has {len(others)} network interfaces, and its type {host['InstanceType']} takes {most}")
    if interface_id not in cards.values() and _ebs(host).get("AttachmentLimitType") == "shared":
        _refuse_more(host)


def refuse_device(host: Mapping[str, Any] | None, device: str) -> None:
    """Why no volume can be attached there: its name is taken."""
    there = {one["DeviceName"]: one.get("Ebs", {}).get("VolumeId") for one in (host or {}).get("BlockDeviceMappings", [])}
    if device in there:
        raise Problem(f"attachments: at {device} {host['InstanceId']} has {there[device]}; its devices are {', '.join(sorted(there))}: choose another one")


def refuse_volume(host: Mapping[str, Any] | None, device: str) -> None:
    """The same, or its type takes no more."""
    refuse_device(host, device)
    _refuse_more(host)


def _ebs(host: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (host or {}).get("_type", {}).get("EbsInfo", {})


def _refuse_more(host: Mapping[str, Any] | None) -> None:
    """Of a type of which AWS does not tell how many attachments it takes nothing is refused."""
    most = _ebs(host).get("MaximumEbsAttachments")
    volumes, shared = attachments(host, _ebs(host)) if most else (0, 0)
    if most and volumes + shared >= most:
        beside = f" and {shared} network interfaces that count" if shared else ""
        raise Problem(f"{host['InstanceId']} has {volumes} volumes{beside}, and its type {host['InstanceType']} takes {most} attachments")


def attachments(instance: Mapping[str, Any], ebs: Mapping[str, Any]) -> tuple[int, int]:
    """How many attachments of its type it uses: by volumes, and by network interfaces where these share them."""
    volumes = [one for one in instance.get("BlockDeviceMappings", []) if "Ebs" in one]
    return len(volumes), len(instance.get("NetworkInterfaces", [])) if ebs.get("AttachmentLimitType") == "shared" else 0


# ---- how it is


def unwell(aws: Aws, instance_id: str) -> str | None:
    """What the two status checks of a running instance say, where that is not ok."""
    with aws.reading():
        found = aws.ec2.describe_instance_status(InstanceIds=[instance_id])["InstanceStatuses"]
    if not found:
        return "no status yet"
    checks = {name: found[0][name]["Status"] for name in ("SystemStatus", "InstanceStatus")}
    return ", ".join(f"{name} {status}" for name, status in checks.items() if status != "ok") or None


def unchecked(aws: Aws, instance: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, str]:
    """What a run that goes on has still to see, as an attribute of its plan: one that broke off right after a start did not see it well."""
    sick = before and state(instance) == "running" and unwell(aws, instance["InstanceId"])
    return dict(status_checks="ok") if sick else {}


def owners(aws: Aws, instance: Mapping[str, Any]) -> Iterator[str]:
    """Who else manages it; a member of an Auto Scaling group that stands by is left alone by its group."""
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    for key, what in OWNERS.items():
        if key in tags and not (key == GROUP and _stands_by(aws, instance["InstanceId"])):
            yield f"{what} {tags[key]}"


def _stands_by(aws: Aws, instance_id: str) -> bool:
    members = aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
    return all(member["LifecycleState"] == STANDBY for member in members)


def types(aws: Aws, names: Iterable[str]) -> dict[str, Any]:
    """Filtered, not by name: a name that is none would be an error for all."""
    filters = [dict(Name="instance-type", Values=sorted(names))]
    return {one["InstanceType"]: one for one in aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=filters)}


def attribute(aws: Aws, instance: Mapping[str, Any], name: str) -> Any:
    """One of those that DescribeInstances does not tell."""
    return aws.ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute=name)[name[0].upper() + name[1:]]["Value"]


def against_a_restart(aws: Aws, instance: Mapping[str, Any]) -> Iterator[str]:
    """Why it cannot be stopped, or would not come back."""
    yield from against_a_stop(aws, instance)
    yield from against_a_start(aws, instance)


def against_a_stop(aws: Aws, instance: Mapping[str, Any]) -> Iterator[str]:
    """Why it cannot be stopped, or would not stay there."""
    if instance.get("RootDeviceType") != "ebs":
        yield "its root device is an instance store, which a stop would destroy"
    if instance.get("InstanceLifecycle"):
        yield f"it is a {instance['InstanceLifecycle']} instance"
    if state(instance) == "running" and attribute(aws, instance, "disableApiStop"):
        yield "it is protected from being stopped: set disable_api_stop to false first"
    yield from _against_its_group(aws, instance)


def _against_its_group(aws: Aws, instance: Mapping[str, Any]) -> Iterator[str]:
    """Its group terminates what is stopped, unless it stands by or the group is told not to replace any."""
    if not any(owner.startswith(OWNERS[GROUP]) for owner in owners(aws, instance)):
        return
    name = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}[GROUP]
    groups = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=[name])
    suspended = [one["ProcessName"] for group in groups for one in group.get("SuspendedProcesses", []) if one["ProcessName"] in REPLACING]
    if suspended:
        aws.warn(f"{label(instance)}: {OWNERS[GROUP]} {name} has {', '.join(sorted(suspended))} suspended, which must last until the instance runs again")
    else:
        yield (
            f"{OWNERS[GROUP]} {name} takes an instance that is stopped for a sick one, and terminates it: "
            f"put it into {STANDBY}, or suspend {REPLACING[1]} of the group, first"
        )


def against_a_start(aws: Aws, instance: Mapping[str, Any]) -> Iterator[str]:
    for key, key_state in unusable_keys(aws, instance):
        yield f"the KMS key {key} of its volumes is {key_state}, and without it the instance does not start: enable the key first"


def unusable_keys(aws: Aws, instance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of its volumes without which EC2 would let it go back to stopped. A key of another account may not be ours to look at."""
    filters = [dict(Name="attachment.instance-id", Values=[instance["InstanceId"]])]
    with aws.reading():
        volumes = aws.pages("ec2", "describe_volumes", "Volumes", Filters=filters)
        for key in sorted({volume["KmsKeyId"] for volume in volumes if volume.get("KmsKeyId")}):
            try:
                key_state = aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
            except AWS_ERRORS as error:
                if code_of(error) != "AccessDeniedException":
                    raise
                aws.warn(f"{label(instance)}: nobody could see whether the KMS key {key} of its volumes can be used, without which it does not start")
                continue
            if key_state not in USABLE:
                yield key, key_state


def lost_by_a_stop(aws: Aws, instance: Mapping[str, Any], instance_type: str) -> Iterator[str]:
    """What it will not have when it is started again."""
    if any(one.get("Association", {}).get("IpOwnerId") == "amazon" for one in instance.get("NetworkInterfaces", [])):
        yield f"its public address {instance.get('PublicIpAddress')} is no Elastic IP and becomes another one"
    if types(aws, {instance_type}).get(instance_type, {}).get("InstanceStorageSupported"):
        yield "what lies on its instance store is lost"


def settled(aws: Aws, instance_id: str, what: str) -> dict[str, Any]:
    """The instance when it is on its way to no state any more."""

    def look() -> tuple[str, str | None]:
        found = described(aws, instance_id)
        return state(found), (found.get("StateReason") or {}).get("Message")

    aws.wait(f"instance {instance_id} {what}", look, lambda seen: seen[0] not in MOVING, limit=STATE_SECONDS)
    return described(aws, instance_id)


def next_step(aws: Aws, leaves: str, go: Callable[[Aws, str], None], instance: Mapping[str, Any]) -> Callable[[], Any] | None:
    """On a way of one step: wait while it is moving, go where it is still in the state that it leaves, else nothing."""
    if state(instance) in MOVING:
        return partial(settled, aws, instance["InstanceId"], "in a state that lasts")
    return partial(go, aws, instance["InstanceId"]) if state(instance) == leaves else None


def stop(aws: Aws, instance_id: str) -> None:
    """In order, as the system inside does it."""
    aws.ec2.stop_instances(InstanceIds=[instance_id])
    settled(aws, instance_id, "stopped")


def start(aws: Aws, instance_id: str) -> None:
    """One that goes back to stopped says why; trying again would not help."""
    aws.ec2.start_instances(InstanceIds=[instance_id])
    found = settled(aws, instance_id, "running")
    if state(found) != "running":
        reason = found.get("StateReason") or {}
        raise Problem(f"it did not start, and is {state(found)}: {reason.get('Code', '')} {reason.get('Message', '')}".rstrip(": "))


def await_well(aws: Aws, instance_id: str) -> None:
    """Both status checks ok."""
    aws.wait(f"status checks of {instance_id}", lambda: unwell(aws, instance_id), lambda said: said is None, limit=WELL_SECONDS)
