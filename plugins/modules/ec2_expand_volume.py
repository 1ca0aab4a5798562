#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _attachments, _snapshots, _tags, _volumes
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_expand_volume"
# ModifyVolume: "up to four times within a rolling 24-hour period".
MOST = 4
DAY = timedelta(days=1)


def plan(aws, params):
    volume_id = Names(aws, {}, check_mode=False).id_of("ec2_volumes", params["volume"])
    volume = _attachments.described(aws, volume_id)
    label, size = _tags.name_and_tags(volume)["name"] or volume_id, params["size"]
    done = _next_step(aws, size, volume) is None
    if not done:
        _refuse(aws, size, volume)
    return Plan(
        label=label,
        id=volume_id,
        before={} if done else dict(size=volume["Size"]),
        after={} if done else dict(size=size, snapshot=_kept(label, params)),
        facts=dict(size=params["before"].get("size", volume["Size"])),
        dangers=() if done else (f"would grow the volume from {volume['Size']} to {size} GiB, which cannot be taken back",),
    )


def _kept(label, params):
    return f"{label}-before-{params['ticket']}"


def _refuse(aws, size, volume):
    """What AWS would refuse when the snapshot has been made, and what nobody can grow by itself."""
    if size < volume["Size"]:
        raise Problem(f"size: a volume only grows, and it has {volume['Size']} GiB. Make a smaller one and copy what is on it")
    if volume.get("MultiAttachEnabled"):
        raise Problem("several instances share it (Multi-Attach): what they keep on it has to be grown by a procedure of its own")
    _volumes.refuse(_volumes.changed(_volumes.described(volume), dict(size=size)))
    latest = _volumes.modification(aws, volume["VolumeId"])
    if latest.get("ModificationState") in ("modifying", "optimizing") and latest.get("TargetSize") != size:
        raise Problem(f"its last modification is {latest['ModificationState']} ({latest.get('Progress', 0)} %): AWS takes the next one when that is completed")
    lately = _lately(aws, volume["VolumeId"])
    if len(lately) >= MOST:
        again = f"{lately[-MOST] + DAY:%Y-%m-%d %H:%M} UTC"
        raise Problem(f"it was modified {len(lately)} times in the last 24 hours, and AWS takes {MOST}: it takes the next one from {again} on")


def _lately(aws, volume_id):
    """When it was modified in the last day, as CloudTrail tells some minutes later: EC2 itself shows the last time only."""
    now, attributes = datetime.now(UTC), [dict(AttributeKey="EventName", AttributeValue="ModifyVolume")]
    with aws.reading():
        events = aws.pages("cloudtrail", "lookup_events", "Events", LookupAttributes=attributes, StartTime=now - DAY, EndTime=now)
    return sorted(one["EventTime"] for one in events if volume_id in one["CloudTrailEvent"] and '"errorCode"' not in one["CloudTrailEvent"])


def _next_step(aws, size, volume):
    if volume is None:
        raise Problem("the volume is gone")
    if _volumes.modification(aws, volume["VolumeId"]).get("ModificationState") == "modifying":
        return partial(_volumes.await_modified, aws, volume["VolumeId"])
    return partial(_volumes.modify, aws, volume["VolumeId"], Size=size) if volume["Size"] != size else None


def act(aws, params, planned):
    """What a snapshot holds is fixed when it begins, so the volume need not wait for its copy."""
    kept = planned.after["snapshot"]
    _snapshots.begin(aws, planned.label, planned.id, params["ticket"], kept)
    drive(aws, planned.label, partial(_attachments.described, aws, planned.id), partial(_next_step, aws, params["size"]))
    made = _snapshots.of_ticket(aws, planned.id, params["ticket"])
    planned.notes.append(f"The snapshot {kept} of what the volume held before is {made['SnapshotId']}" if made else f"The snapshot {kept} went wrong")


VERB = Verb(
    name=NAME,
    options=dict(**{name: dict(type="str", required=True) for name in ("volume", "ticket")}, size=dict(type="int", required=True)),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
