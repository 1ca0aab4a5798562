# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes on their way to an instance and off it, and the snapshots of which they are made.

Private to the collection. An attachment is in sheet form: instance, device, delete_on_termination.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

GONE = ("deleting", "deleted")


def described(aws: Aws, volume_id: str) -> dict[str, Any] | None:
    """The volume as long as it is there."""
    found = aws.pages("ec2", "describe_volumes", "Volumes", Filters=[dict(Name="volume-id", Values=[volume_id])])
    return next((volume for volume in found if volume["State"] not in GONE), None)


def wait(aws: Aws, volume_id: str, what: str, until: Callable[[Any, Any], bool]) -> None:
    """Until its state and, of each instance, that of its attachment are so."""
    def look() -> tuple[Any, dict[str, str]]:
        volume = described(aws, volume_id) or dict(State=None)
        return volume["State"], {one["InstanceId"]: one["State"] for one in volume.get("Attachments", [])}

    def judged(seen: Any) -> bool:
        if seen[0] == "error":
            raise Problem(f"volume {volume_id} went into state error: AWS could not make it, for example because its KMS key may not be used")
        return until(*seen)

    aws.wait(f"volume {volume_id} {what}", look, judged, limit=300)


def detach(aws: Aws, volume_id: str, attachment: Mapping[str, Any]) -> None:
    instance_id = attachment["instance"]
    aws.ec2.detach_volume(VolumeId=volume_id, InstanceId=instance_id, Device=attachment["device"])
    # It stays `busy` while the operating system has it mounted.
    wait(aws, volume_id, f"detached from {instance_id}", lambda state, attached: instance_id not in attached)


def attach(aws: Aws, volume_id: str, attachment: Mapping[str, Any]) -> None:
    instance_id = attachment["instance"]
    aws.ec2.attach_volume(VolumeId=volume_id, InstanceId=instance_id, Device=attachment["device"])
    wait(aws, volume_id, f"attached to {instance_id}", lambda state, attached: attached.get(instance_id) == "attached")
    if attachment.get("delete_on_termination"):
        goes_along(aws, attachment)


def goes_along(aws: Aws, attachment: Mapping[str, Any]) -> None:
    """Whether a volume goes when its instance goes is kept by the instance; a volume that is attached does not, by AWS's own default."""
    mapping = dict(DeviceName=attachment["device"], Ebs=dict(DeleteOnTermination=attachment["delete_on_termination"]))
    aws.ec2.modify_instance_attribute(InstanceId=attachment["instance"], BlockDeviceMappings=[mapping])


def snapshot(aws: Aws, snapshot_id: str) -> dict[str, Any]:
    try:
        return aws.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
    except AWS_ERRORS as error:
        if code_of(error) not in ("InvalidSnapshot.NotFound", "InvalidSnapshotID.Malformed"):
            raise
        raise Problem(f"snapshot_id: there is no snapshot {snapshot_id!r} in this Region that this account may use") from error


def refuse_snapshot(found: Mapping[str, Any], want: Mapping[str, Any]) -> None:
    """A volume is made of a snapshot that is complete and not archived, and is no smaller than what is in it."""
    if found["State"] != "completed":
        raise Problem(f"snapshot_id: {found['SnapshotId']} is {found['State']}: only of one that is completed a volume is made")
    if found.get("StorageTier") == "archive":
        raise Problem(f"snapshot_id: {found['SnapshotId']} is archived: restore it to the standard tier first, which takes up to three days")
    if want.get("size", found["VolumeSize"]) < found["VolumeSize"]:
        raise Problem(f"size: {want['size']} GiB are too few for {found['SnapshotId']}, which is of a volume of {found['VolumeSize']} GiB")
