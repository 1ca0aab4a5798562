# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes, snapshots and key pairs."""

from __future__ import annotations

import hashlib
import re

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.kms.models import kms_backends

from ..rules import Refused
from .book import BOOK, all_instances, forget_tags, invalid, known


def volume_of(ec2, volume_id):
    return known(ec2.volumes, volume_id, "InvalidVolume.NotFound", "volume")


@BOOK.rule("AttachVolume")
def a_volume_is_attached_once_and_nearby(ec2, VolumeId, InstanceId, Device, **_):
    """AttachVolume: "Volumes can be attached to instances in the same Availability Zone only";
    VolumeInUse unless Multi-Attach; a device name is used once.
    """
    volume = volume_of(ec2, VolumeId)
    instance = next((one for one in all_instances(ec2) if one.id == InstanceId), None)
    if instance is None:
        message = f"The instance ID '{InstanceId}' does not exist"
        raise Refused("InvalidInstanceID.NotFound", message)
    if volume.attachment and not volume.multi_attach_enabled:
        raise Refused("VolumeInUse", f"{VolumeId} is already attached to an instance")
    if volume.zone.name != instance.availability_zone:
        message = f"The volume '{VolumeId}' is not in the same availability zone as instance '{InstanceId}'"
        raise Refused("InvalidVolume.ZoneMismatch", message)
    if Device in instance.block_device_mapping:
        message = f"Invalid value '{Device}' for unixDevice. Attachment point {Device} is already in use"
        raise invalid(message)
    if instance.state not in ("running", "stopped"):
        message = f"Instance '{InstanceId}' is not 'running' or 'stopped'."
        raise Refused("IncorrectState", message)


@BOOK.rule("DetachVolume")
def only_what_is_attached_there_is_detached(ec2, VolumeId, InstanceId, Device, **_):
    """DetachVolume: IncorrectState for an available volume; another instance or device is an error."""
    volume = volume_of(ec2, VolumeId)
    if not volume.attachment:
        message = f"Volume '{VolumeId}' is in the 'available' state."
        raise Refused("IncorrectState", message)
    attached = volume.attachment
    if InstanceId not in (None, attached.instance.id) or Device not in (None, attached.device):
        message = f"The volume {VolumeId} is not attached to instance {InstanceId} as device {Device}"
        raise Refused("InvalidAttachment.NotFound", message)
    root = attached.device == attached.instance.root_device_name
    if root and attached.instance.state != "stopped":
        message = f"Unable to detach root volume '{VolumeId}' from instance '{attached.instance.id}'"
        raise Refused("OperationNotPermitted", message)


@BOOK.patch(EC2Backend, "detach_volume")
def the_instance_need_not_be_named(original, ec2, volume_id, instance_id, device_path):
    """DetachVolume.InstanceId: "If you are detaching a Multi-Attach enabled volume, you must
    specify an instance ID", otherwise not.
    """
    attachment = volume_of(ec2, volume_id).attachment
    return original(ec2, volume_id, instance_id or attachment.instance.id, device_path)


def as_the_instance_has_it(attachment):
    """VolumeAttachment.DeleteOnTermination: kept by the instance, shown on both sides (moto: only there)."""
    block = attachment.instance.block_device_mapping.get(attachment.device)
    return bool(block and block.delete_on_termination)


VolumeAttachment.delete_on_termination = property(as_the_instance_has_it)


@BOOK.rule("DeleteVolume")
def a_volume_in_use_stays(ec2, VolumeId, **_):
    """DeleteVolume: "The volume must be in the available state"."""
    volume = volume_of(ec2, VolumeId)
    if volume.attachment:
        message = f"Volume {VolumeId} is currently attached to {volume.attachment.instance.id}"
        raise Refused("VolumeInUse", message)


@BOOK.after("DeleteVolume")
def tags_of_a_volume_go(ec2, VolumeId, **_):
    forget_tags(ec2, VolumeId)


@BOOK.after("DeleteSnapshot")
def tags_of_a_snapshot_go(ec2, SnapshotId, **_):
    forget_tags(ec2, SnapshotId)


@BOOK.patch(EC2Backend, "create_snapshot")
def an_images_snapshot_is_always_the_same(original, ec2, *args, **kwargs):
    """An image of Amazon has the same snapshot for everybody and for ever (moto: another one in each process)."""
    snapshot = original(ec2, *args, **kwargs)
    if snapshot.from_ami:
        del ec2.snapshots[snapshot.id]
        snapshot.id = f"snap-{hashlib.sha256(snapshot.from_ami.encode()).hexdigest()[:17]}"
        ec2.snapshots[snapshot.id] = snapshot
    return snapshot


# CreateVolume.Size and .Iops
SIZES = {
    "gp2": (1, 16384),
    "gp3": (1, 65536),
    "io1": (4, 16384),
    "io2": (4, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}
IOPS = {"gp3": (3000, 80000), "io1": (100, 64000), "io2": (100, 256000)}
# EBS guide, volume types: "The maximum ratio of provisioned IOPS to requested volume size"; of gp3 the
# 3,000 IOPS and 125 MiB/s that every volume has need no size.
IOPS_PER_GIB = {"gp3": 500, "io1": 50, "io2": 1000}
BASELINE_IOPS, THROUGHPUT_PER_IOPS = 3000, 0.25


@BOOK.rule("CreateVolume")
def size_and_iops_suit_the_type(ec2, VolumeType, Size, Iops, Throughput, SnapshotId, **_):
    """CreateVolume: the supported sizes, IOPS and throughput of each volume type; Size "equal to or larger than the snapshot size"."""
    smallest = size_of_snapshot(ec2, SnapshotId)
    if Size is None and smallest is None:
        raise Refused("MissingParameter", "The request must contain the parameter size/snapshot")
    if Size is not None and smallest is not None and int(Size) < smallest:
        raise invalid(f"Volume of size {Size}GB is smaller than snapshot '{SnapshotId}', expect size>= {smallest}GB")
    volume_is_sound(VolumeType or "gp2", Size or smallest, Iops, Throughput)


@BOOK.rule("CreateVolume")
def several_instances_suit_the_type(_ec2, VolumeType, MultiAttachEnabled, **_):
    """CreateVolume.MultiAttachEnabled: "supported with io1 and io2 volumes only"."""
    if MultiAttachEnabled and VolumeType not in ("io1", "io2"):
        raise Refused("InvalidParameterCombination", f"Multi-Attach is not supported for {VolumeType or 'gp2'} volumes")


def size_of_snapshot(ec2, snapshot_id):
    if not snapshot_id:
        return None
    if snapshot_id not in ec2.snapshots:
        raise Refused("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
    return int(ec2.snapshots[snapshot_id].volume.size)


def volume_is_sound(kind, size, iops, throughput):
    """CreateVolume, EbsBlockDevice: Iops "Required for io1 and io2 volumes. Optional for gp3 volumes. Omit for all other
    volume types"; Throughput "for gp3 volumes only".
    """
    least, most = SIZES.get(kind, (1, 65536))
    if size is not None and not least <= int(size) <= most:
        raise invalid(f"Volume of {size}GiB is not supported for {kind}: {least} to {most} GiB")
    iops_are_sound(kind, size, iops)
    if throughput is None:
        return
    if kind != "gp3":
        raise Refused("InvalidParameterCombination", "throughput can only be specified for volumeType gp3.")
    if not 125 <= int(throughput) <= 2000:
        raise invalid(f"Throughput of {throughput} MiB/s is not supported: 125 to 2000")
    ratio = int(throughput) / int(iops or BASELINE_IOPS)
    if ratio > THROUGHPUT_PER_IOPS:
        raise invalid(f"Throughput (MiBps) to iops ratio of {ratio:f} is too high; maximum is {THROUGHPUT_PER_IOPS:f} MiBps per iops")


def iops_are_sound(kind, size, iops):
    if iops is None:
        if kind in ("io1", "io2"):
            raise Refused("MissingParameter", f"The parameter iops must be specified for {kind} volumes.")
        return
    if kind not in IOPS:
        raise Refused("InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes.")
    if not IOPS[kind][0] <= int(iops) <= IOPS[kind][1]:
        raise invalid(f"Volume iops of {iops} is not supported for {kind}: {IOPS[kind]}")
    above = kind != "gp3" or int(iops) > BASELINE_IOPS
    if size is not None and above and int(iops) > int(size) * IOPS_PER_GIB[kind]:
        raise invalid(f"Iops to volume size ratio of {int(iops) / int(size):f} is too high; maximum is {IOPS_PER_GIB[kind]}")


@BOOK.patch(EC2Backend, "create_volume")
def a_key_is_told_by_its_arn(original, ec2, *args, **kwargs):
    """Volume.KmsKeyId: "The Amazon Resource Name (ARN) of the KMS key", whatever word it was named by (moto: that word)."""
    volume = original(ec2, *args, **kwargs)
    if volume.kms_key_id:
        volume.kms_key_id = kms_backends[ec2.account_id][ec2.region_name].describe_key(volume.kms_key_id).arn
    return volume


@BOOK.rule("ModifyVolume")
def a_volume_only_grows(ec2, VolumeId, Size, VolumeType, Iops, Throughput, **_):
    """ModifyVolume.Size: "The target size of the volume must be greater than or equal to the
    existing size of the volume."
    """
    volume = volume_of(ec2, VolumeId)
    if Size is not None and int(Size) < int(volume.size):
        raise invalid("New size cannot be smaller than existing size")
    before = volume.volume_type or "gp2"
    kind = VolumeType or before
    volume_is_sound(kind, Size or volume.size, Iops or iops_after(volume, before, kind), Throughput or (volume.throughput if kind == before == "gp3" else None))


def iops_after(volume, before, kind):
    """ModifyVolume.Iops: "The existing value is retained if you keep the same volume type. If you change the volume type to
    io1, io2, or gp3, the default is 3,000."
    """
    if kind not in IOPS:
        return None
    return volume.iops if kind == before else BASELINE_IOPS


@BOOK.rule("ModifyVolume")
def several_instances_may_have_it_only_where_it_is_io(ec2, VolumeId, MultiAttachEnabled, VolumeType, **_):
    """EBS guide, "Considerations and limitations" of Multi-Attach: switched on after creation for io2 only; both ways
    "only if it is not attached" (on), "not attached to more than one instance" (off).
    """
    volume = volume_of(ec2, VolumeId)
    now = bool(volume.multi_attach_enabled)
    if MultiAttachEnabled is None or bool(MultiAttachEnabled) == now:
        return
    if MultiAttachEnabled and (VolumeType or volume.volume_type) != "io2":
        raise Refused("InvalidParameterCombination", f"Multi-Attach can be enabled for existing io2 volumes only, not for {volume.volume_type}")
    if MultiAttachEnabled and volume.attachment:
        raise Refused("IncorrectState", f"{VolumeId} is attached: detach it before Multi-Attach is enabled")


# EC2 guide, "Device names for volumes"
DEVICE = re.compile(r"(/dev/)?(sd[a-z]([1-9]|1[0-5])?|hd[a-z]([1-9]|1[0-5])?|xvd[a-d]?[a-z]([1-9]|1[0-5])?)")


@BOOK.rule("AttachVolume")
def the_device_name_is_one(_ec2, Device, **_):
    """AttachVolume.Device: "The device name (for example, /dev/sdh or xvdh)"."""
    if not DEVICE.fullmatch(Device):
        raise invalid(f"Value ({Device}) for parameter device is invalid. {Device} is not a valid EBS device name.")


# -- key pairs ------------------------------------------------------------------------------------


@BOOK.rule("CreateKeyPair", "ImportKeyPair")
def key_names_are_ascii(_ec2, KeyName, **_):
    """CreateKeyPair.KeyName: "Up to 255 ASCII characters"."""
    if not KeyName or len(KeyName) > 255 or not KeyName.isascii():
        raise invalid(f"Invalid value '{KeyName}' for keyName. It exceeds 255 ASCII characters.")


@BOOK.after("CreateKeyPair")
def a_key_type_is_rsa_unless_said(ec2, KeyName, **_):
    """CreateKeyPair.KeyType: "Default: rsa"."""
    ec2.key_pairs[KeyName].key_type = ec2.key_pairs[KeyName].key_type or "rsa"
