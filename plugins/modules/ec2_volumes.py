#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, ref

# Option → member of CreateVolume, ModifyVolume and a described volume.
MODIFIED = dict(size="Size", volume_type="VolumeType", iops="Iops", throughput="Throughput", multi_attach_enabled="MultiAttachEnabled")
GONE = ("deleting", "deleted")
CREATED = dict(MODIFIED, availability_zone="AvailabilityZone", encrypted="Encrypted", kms_key_id="KmsKeyId", snapshot_id="SnapshotId")


def find(aws, wanted):
    key_word = _volumes.key_words(aws, None if wanted is None else [(want, want.get("kms_key_id")) for want in wanted])
    found = [_have(volume) for volume in aws.pages("ec2", "describe_volumes", "Volumes") if volume["State"] not in GONE]
    return [dict(have, kms_key_id=key_word(have, have["kms_key_id"])) for have in found]


def _have(volume):
    return dict(
        _volumes.described(volume),
        id=volume["VolumeId"],
        availability_zone=volume["AvailabilityZone"],
        snapshot_id=volume.get("SnapshotId") or None,
        multi_attach_enabled=bool(volume.get("MultiAttachEnabled")),
        attachments=[_attachment(one) for one in volume.get("Attachments", []) if one["State"] in ("attaching", "attached", "busy")],
        _part_of=next((one["InstanceId"] for one in volume.get("Attachments", []) if one.get("DeleteOnTermination")), None),
        **_tags.name_and_tags(volume),
    )


def _attachment(attachment):
    return dict(instance=attachment["InstanceId"], device=attachment["Device"], delete_on_termination=attachment.get("DeleteOnTermination"))


def create(aws, want):
    arguments = {member: want[option] for option, member in CREATED.items() if option in want}
    arguments["TagSpecifications"] = _tags.specifications("volume", want)
    volume = _tokens.make(aws, aws.ec2.create_volume, arguments, lambda answer: answer["VolumeId"], lambda one: _described(aws, one))
    _wait(aws, volume["VolumeId"], "available", lambda state, attached: state in ("available", "in-use"))
    have = _have(volume)
    return dict(have, kms_key_id=want.get("kms_key_id", have["kms_key_id"]))


def _described(aws, volume_id):
    found = aws.pages("ec2", "describe_volumes", "Volumes", Filters=[dict(Name="volume-id", Values=[volume_id])])
    return next((volume for volume in found if volume["State"] not in GONE), None)


def _wait(aws, volume_id, what, until):
    def look():
        volume = _described(aws, volume_id) or dict(State=None)
        return volume["State"], {one["InstanceId"]: one["State"] for one in volume.get("Attachments", [])}

    def judged(seen):
        if seen[0] == "error":
            raise Problem(f"volume {volume_id} went into state error: AWS could not make it, for example because its KMS key may not be used")
        return until(*seen)

    aws.wait(f"volume {volume_id} {what}", look, judged, limit=300)


def update(aws, have, change):
    _tags.update(aws, have, change)
    modified = {member: change[option] for option, member in MODIFIED.items() if option in change}
    if modified:
        aws.ec2.modify_volume(VolumeId=have["id"], **modified)
        _wait_modified(aws, have["id"])
    if "attachments" in change:
        _change_attachments(aws, have, change["attachments"])


def _wait_modified(aws, volume_id):
    """From the state `optimizing` on a volume has its new size and may be used; the rest can take hours."""

    def look():
        found = aws.pages("ec2", "describe_volumes_modifications", "VolumesModifications", Filters=[dict(Name="volume-id", Values=[volume_id])])
        latest = max(found, key=lambda one: one["StartTime"], default={})
        return latest.get("ModificationState"), latest.get("StatusMessage")

    def until(seen):
        if seen[0] == "failed":
            raise Problem(f"the modification of volume {volume_id} failed: {seen[1]}")
        return seen[0] in ("optimizing", "completed")

    aws.wait(f"modification of volume {volume_id}", look, until, limit=600)


def _change_attachments(aws, have, delta):
    moved = [(old, new) for old, new in delta.change if old["device"] != new["device"]]
    # A volume is at one instance, unless Multi-Attach lets it be at several: let go first.
    for attachment in [*delta.remove, *(old for old, dummy in moved)]:
        _detach(aws, have["id"], attachment)
    for attachment in [*delta.add, *(new for dummy, new in moved)]:
        _attach(aws, have["id"], attachment)
    for old, new in delta.change:
        if (old, new) not in moved:
            _goes_along(aws, new)


def _detach(aws, volume_id, attachment):
    instance_id = attachment["instance"]
    aws.ec2.detach_volume(VolumeId=volume_id, InstanceId=instance_id, Device=attachment["device"])
    # It stays `busy` while the operating system has it mounted.
    _wait(aws, volume_id, f"detached from {instance_id}", lambda state, attached: instance_id not in attached)


def _attach(aws, volume_id, attachment):
    instance_id = attachment["instance"]
    aws.ec2.attach_volume(VolumeId=volume_id, InstanceId=instance_id, Device=attachment["device"])
    _wait(aws, volume_id, f"attached to {instance_id}", lambda state, attached: attached.get(instance_id) == "attached")
    if attachment.get("delete_on_termination"):
        _goes_along(aws, attachment)


def _goes_along(aws, attachment):
    """Whether a volume goes when its instance goes is kept by the instance; a volume that is attached does not, by AWS's own default."""
    mapping = dict(DeviceName=attachment["device"], Ebs=dict(DeleteOnTermination=attachment["delete_on_termination"]))
    aws.ec2.modify_instance_attribute(InstanceId=attachment["instance"], BlockDeviceMappings=[mapping])


def refuse(want, have, change):
    if not have and "size" not in want and "snapshot_id" not in want:
        raise Problem("does not exist, and to create it size or snapshot_id must be named")
    if have and change.get("size", have["size"]) < have["size"]:
        raise Problem(f"a volume only grows: it has {have['size']} GiB, the sheet says {change['size']}. Make a smaller one and copy what is on it")
    if "attachments" in change and any(one["device"] == "" for one in change["attachments"].coming):
        raise Problem("attachments: device is empty")
    if MODIFIED.keys() & change.keys():
        _volumes.refuse(_volumes.changed(have, change))
        _refuse_several(have, change)
    if have and "attachments" in change and not want.get("multi_attach_enabled", have["multi_attach_enabled"]):
        _refuse_second_instance(have, change["attachments"])


def _refuse_several(have, change):
    """Several instances share volumes of two types only, and one of them can learn it."""
    kind = change.get("volume_type", have.get("volume_type"))
    able = ("io2",) if have else ("io1", "io2")
    if change.get("multi_attach_enabled") and kind not in able:
        raise Problem(f"multi_attach_enabled: a {'made' if have else 'new'} volume can have it with the type {' or '.join(able)}, not {kind or 'gp2'}")


def _refuse_second_instance(have, delta):
    staying = [one["instance"] for one in have["attachments"] if one not in delta.remove]
    if staying and delta.add:
        instances = ", ".join(staying)
        raise Problem(f"is attached to {instances}: to move it, name that one in attachments.remove, or the new one alone in attachments.set")


def foresee(aws, want):
    _networks.refuse_zone(aws, want["availability_zone"])
    if "snapshot_id" in want:
        _refuse_snapshot(aws.once(_snapshot, want["snapshot_id"]), want)


def _snapshot(aws, snapshot_id):
    try:
        return aws.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
    except AWS_ERRORS as error:
        if code_of(error) not in ("InvalidSnapshot.NotFound", "InvalidSnapshotID.Malformed"):
            raise
        raise Problem(f"snapshot_id: there is no snapshot {snapshot_id!r} in this Region that this account may use") from error


def _refuse_snapshot(snapshot, want):
    """A volume is made of a snapshot that is complete and not archived, and is no smaller than what is in it."""
    if snapshot["State"] != "completed":
        raise Problem(f"snapshot_id: {snapshot['SnapshotId']} is {snapshot['State']}: only of one that is completed a volume is made")
    if snapshot.get("StorageTier") == "archive":
        raise Problem(f"snapshot_id: {snapshot['SnapshotId']} is archived: restore it to the standard tier first, which takes up to three days")
    if want.get("size", snapshot["VolumeSize"]) < snapshot["VolumeSize"]:
        raise Problem(f"size: {want['size']} GiB are too few for {snapshot['SnapshotId']}, which is of a volume of {snapshot['VolumeSize']} GiB")


def danger(have, change):
    delta = change.get("attachments")
    leaving = [*delta.remove, *(old for old, new in delta.change if old["device"] != new["device"])] if have and delta else []
    if leaving:
        return f"would detach the volume from {', '.join(one['instance'] for one in leaving)}, where it must be unmounted before"
    if have and "size" in change:
        return f"would grow the volume from {have['size']} to {change['size']} GiB, which cannot be taken back"
    return None


def delete(aws, have):
    if have["attachments"]:
        instances = ", ".join(one["instance"] for one in have["attachments"])
        raise Problem(f"is attached to {instances}: unmount and detach it first (attachments.remove)")
    aws.ec2.delete_volume(VolumeId=have["id"])


def faults(entries, sheet):
    """A key only for what is encrypted; numbers that suit the type."""
    for index, entry in enumerate(entries):
        if entry.get("kms_key_id") and not entry.get("encrypted"):
            yield index, "kms_key_id", "needs", dict(value=entry["kms_key_id"], other="encrypted")
        if entry.get("multi_attach_enabled") and entry.get("volume_type", "io2") not in ("io1", "io2"):
            yield index, "multi_attach_enabled", "needs", dict(value=entry["multi_attach_enabled"], other="volume_type: io1 / io2")
        for option, code, facts in _volumes.faults(entry):
            yield index, option, code, facts


COMMON = _volumes.options()

KIND = Kind(
    name="ec2_volumes",
    identity=("name",),
    options=dict(
        name=Option(),
        availability_zone=fixed(required=True, api="CreateVolume.AvailabilityZone"),
        **dict(COMMON, encrypted=replace(COMMON["encrypted"], fixed=True), kms_key_id=replace(COMMON["kms_key_id"], fixed=True)),
        snapshot_id=fixed(api="CreateVolume.SnapshotId"),
        multi_attach_enabled=Option("bool"),
        attachments=items(
            key=("instance",),
            options=dict(
                instance=ref("ec2_instances", required=True),
                device=Option(required=True, api="AttachVolume.Device"),
                delete_on_termination=Option("bool"),
            ),
        ),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    refuse=refuse,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
