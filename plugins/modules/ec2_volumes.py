#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

from ansible_collections.msp.aws.plugins.module_utils import _attachments, _instances, _networks, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, ref

# Option → member of CreateVolume, ModifyVolume and a described volume.
MODIFIED = dict(size="Size", volume_type="VolumeType", iops="Iops", throughput="Throughput", multi_attach_enabled="MultiAttachEnabled")
# EC2 guide, "Device names for volumes"; the service model does not say it.
DEVICE = r"(/dev/)?(sd[a-z]([1-9]|1[0-5])?|hd[a-z]([1-9]|1[0-5])?|xvd[a-d]?[a-z]([1-9]|1[0-5])?)"
CREATED = dict(MODIFIED, availability_zone="AvailabilityZone", encrypted="Encrypted", kms_key_id="KmsKeyId", snapshot_id="SnapshotId")


def find(aws, wanted):
    key_word = _volumes.key_words(aws, None if wanted is None else [(want, want.get("kms_key_id")) for want in wanted])
    found = [_have(volume) for volume in aws.pages("ec2", "describe_volumes", "Volumes") if volume["State"] not in _attachments.GONE]
    hosts = aws.once(_instances.hosts) if any("attachments" in want for want in wanted or ()) else {}
    return [dict(have, kms_key_id=key_word(have, have["kms_key_id"]), _hosts=hosts) for have in found]


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
    volume = _tokens.make(aws, aws.ec2.create_volume, arguments, lambda answer: answer["VolumeId"], lambda one: _attachments.described(aws, one))
    _attachments.wait(aws, volume["VolumeId"], "available", lambda state, attached: state in ("available", "in-use"))
    have = _have(volume)
    return dict(have, kms_key_id=want.get("kms_key_id", have["kms_key_id"]))


def update(aws, have, change):
    _tags.update(aws, have, change)
    modified = {member: change[option] for option, member in MODIFIED.items() if option in change}
    if modified:
        _volumes.modify(aws, have["id"], **modified)
    if "attachments" in change:
        _change_attachments(aws, have, change["attachments"])


def _change_attachments(aws, have, delta):
    moved = [(old, new) for old, new in delta.change if old["device"] != new["device"]]
    # A volume is at one instance, unless Multi-Attach lets it be at several: let go first.
    for attachment in [*delta.remove, *(old for old, dummy in moved)]:
        _attachments.detach(aws, have["id"], attachment)
    for attachment in [*delta.add, *(new for dummy, new in moved)]:
        _attachments.attach(aws, have["id"], attachment)
    for old, new in delta.change:
        if (old, new) not in moved:
            _attachments.goes_along(aws, new)


def refuse(want, have, change):
    if have and change.get("size", have["size"]) < have["size"]:
        raise Problem(f"a volume only grows: it has {have['size']} GiB, the sheet says {change['size']}. Make a smaller one and copy what is on it")
    if have and "attachments" in change:
        _refuse_place(have, change["attachments"])
    if MODIFIED.keys() & change.keys():
        _volumes.refuse(_volumes.changed(have, change))
        _refuse_several(have, change)
    if have and "attachments" in change and not want.get("multi_attach_enabled", have["multi_attach_enabled"]):
        _refuse_second_instance(have, change["attachments"])


def _refuse_place(have, delta):
    for attachment in delta.coming:
        _instances.refuse_zone(have["_hosts"].get(attachment["instance"]), have["availability_zone"])
    for attachment in delta.add:
        _instances.refuse_volume(have["_hosts"].get(attachment["instance"]), attachment["device"])
    for attachment in [new for old, new in delta.change if old["device"] != new["device"]]:
        _instances.refuse_device(have["_hosts"].get(attachment["instance"]), attachment["device"])


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
    attachments = want.get("attachments", {})
    for attachment in [*attachments.get("add", []), *attachments.get("set", [])]:
        host = aws.once(_instances.hosts).get(attachment["instance"])
        _instances.refuse_zone(host, want["availability_zone"])
        _instances.refuse_volume(host, attachment["device"])
    if "snapshot_id" in want:
        _attachments.refuse_snapshot(aws.once(_attachments.snapshot, want["snapshot_id"]), want)


def danger(have, change):
    return "; ".join(_dangers(have, change)) or None if have else None


def _dangers(have, change):
    delta = change.get("attachments")
    leaving = [*delta.remove, *(old for old, new in delta.change if old["device"] != new["device"])] if delta else []
    if leaving:
        yield f"would detach the volume from {', '.join(one['instance'] for one in leaving)}, where it must be unmounted before"
    if "size" in change:
        yield f"would grow the volume from {have['size']} to {change['size']} GiB, which cannot be taken back"
    less = _volumes.less(have, change)
    if less:
        yield f"would give the volume less than it has: {less}"


def delete(aws, have):
    aws.ec2.delete_volume(VolumeId=have["id"])


def holders(aws, haves):
    """It must be unmounted and detached before, unless its server goes."""
    for have in haves:
        servers = [one["instance"] for one in have["attachments"] or ()]
        yield from (Holder(have["id"], "servers from which it must be unmounted and detached", server, (("ec2_instances", server),)) for server in servers)


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
    needs_one=(("size", "snapshot_id"),),
    options=dict(
        name=Option(),
        availability_zone=fixed(required=True, listed="ec2_availability_zones", api="CreateVolume.AvailabilityZone"),
        **dict(COMMON, encrypted=replace(COMMON["encrypted"], fixed=True), kms_key_id=replace(COMMON["kms_key_id"], fixed=True)),
        snapshot_id=fixed(api="CreateVolume.SnapshotId"),
        multi_attach_enabled=Option("bool"),
        attachments=items(
            key=("instance",),
            options=dict(
                instance=ref("ec2_instances", required=True),
                device=Option(required=True, limits=dict(pattern=DEVICE, example="/dev/sdf, xvdf")),
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
    holders=holders,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
