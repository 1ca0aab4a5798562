#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _attachments, _instances, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Plan, Returned, Verb, drive, run, why
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_replace_volume"


# ---- the plan


def plan(aws, params):
    facts = {name: value for name, value in params["before"].items() if name != "at"} or _facts(aws, params)
    there = _look(aws, params, facts)
    # Who has seen it well in the end has nothing left to do, whichever way it went.
    left = _instances.unchecked(aws, there["instance"], params["before"])
    if _next_step(aws, params, facts, there) is None:
        return Plan(label=facts["name"], id=facts["volume"], before={}, after=left, facts=facts)
    if params["put_back"]:
        before, after = dict(volume=there["new"] and there["new"]["VolumeId"]), dict(volume=facts["volume"])
    else:
        before, after = dict(volume=facts["volume"]), dict(volume=f"of {params['snapshot_id']}", former_volume=_kept(params, facts))
    return Plan(facts["name"], facts["volume"], before, after, facts, dangers=tuple(_dangers(aws, params, facts, there)))


def _facts(aws, params):
    """Where the volume is, and what it is called: by that the way back finds it."""
    volume = _attachments.described(aws, Names(aws, {}, check_mode=False).id_of("ec2_volumes", params["volume"]))
    attached = [one for one in volume["Attachments"] if one["State"] == "attached"]
    if len(attached) != 1:
        raise Problem(f"volume: it is attached to {len(attached)} instances, and what is replaced is at one. See the operation that only makes a volume")
    (attachment,) = attached
    instance = _instances.described(aws, attachment["InstanceId"])
    facts = dict(
        volume=volume["VolumeId"],
        name=_tags.name_and_tags(volume)["name"] or volume["VolumeId"],
        instance=attachment["InstanceId"],
        device=attachment["Device"],
        delete_on_termination=attachment["DeleteOnTermination"],
        state=_instances.state(instance),
    )
    _refuse(aws, params, volume, instance)
    return facts


def _refuse(aws, params, volume, instance):
    if _instances.state(instance) not in ("running", "stopped"):
        raise Problem(f"the instance is {_instances.state(instance)}, and a volume is replaced where it is running or stopped")
    said = list(_instances.against_a_restart(aws, instance))
    if said:
        raise Problem("; ".join(said))
    _attachments.refuse_snapshot(aws.once(_attachments.snapshot, params["snapshot_id"]), {})


def _look(aws, params, facts):
    """The instance, the volume that was there and the one of this ticket, as they are now."""
    filters = [dict(Name=f"tag:{TICKET}", Values=[params["ticket"]]), dict(Name="snapshot-id", Values=[params["snapshot_id"]])]
    with aws.reading():
        made = [one for one in aws.pages("ec2", "describe_volumes", "Volumes", Filters=filters) if one["State"] not in _attachments.GONE]
        old = _attachments.described(aws, facts["volume"])
    if old is None:
        raise Problem(f"the volume {facts['volume']} is gone")
    return dict(instance=_instances.described(aws, facts["instance"]), old=old, new=next(iter(made), None))


def _kept(params, facts):
    return f"{facts['name']}-before-{params['ticket']}"


def _dangers(aws, params, facts, there):
    if params["put_back"]:
        yield f"would delete the volume that was made of {params['snapshot_id']}, with all that was written to it since"
    else:
        snapshot = aws.once(_attachments.snapshot, params["snapshot_id"])
        since = f"{snapshot['StartTime']:%Y-%m-%d %H:%M} UTC"
        yield f"would take out of sight what was written to {facts['name']} since {since}; the volume itself is kept as {_kept(params, facts)}"
        if snapshot["VolumeId"] != facts["volume"]:
            yield f"the snapshot is not of this volume but of {snapshot['VolumeId']}"
    if facts["state"] == "running":
        yield "would stop the instance and start it again"
        yield from _instances.lost_by_a_stop(aws, there["instance"], there["instance"]["InstanceType"])
    for owner in _instances.owners(aws, there["instance"]):
        yield f"{owner} manages it, and may replace it"


# ---- the act


def act(aws, params, planned):
    facts = planned.facts
    try:
        _bring(aws, params, planned)
    except Exception as failure:
        if params["put_back"]:
            raise
        # Whatever it was, the instance must be neither without its volume nor left stopped; and nothing is deleted because something went wrong.
        _bring_back(aws, params, planned, why(failure, aws))
    if facts["state"] == "running":
        _instances.await_well(aws, facts["instance"])


def _bring(aws, params, planned):
    drive(aws, planned.label, partial(_look, aws, params, planned.facts), partial(_next_step, aws, params, planned.facts))


def _bring_back(aws, params, planned, failure):
    facts = planned.facts
    try:
        drive(aws, planned.label, partial(_look, aws, params, facts), partial(_back, aws, params, facts))
    except Exception as second:
        raise Problem(
            f"{failure}. The way back did not succeed either: {why(second, aws)}. {facts['volume']} is whole; it was at {facts['device']} of "
            f"{facts['instance']}, which was {facts['state']}. Run this ticket again"
        ) from second
    raise Returned(f"{failure}. {facts['volume']} is at {facts['device']} and the instance is {facts['state']}, as before; what was made of the snapshot stays")


def _next_step(aws, params, facts, there):
    if params["put_back"]:
        step = _back(aws, params, facts, there)
        return step or (partial(aws.ec2.delete_volume, VolumeId=there["new"]["VolumeId"]) if there["new"] else None)
    if there["new"] is None:
        return partial(_make, aws, params, facts, there["old"])
    step = _swap(aws, facts, there["instance"], comes=there["new"], goes=there["old"])
    # At no moment two volumes have one name.
    return step or _named(aws, there["old"], _kept(params, facts)) or _named(aws, there["new"], facts["name"])


def _back(aws, params, facts, there):
    step = _swap(aws, facts, there["instance"], comes=there["old"], goes=there["new"])
    return step or _named(aws, there["new"], _coming(params, facts)) or _named(aws, there["old"], facts["name"])


def _swap(aws, facts, instance, comes, goes):
    """The one at the device and the other one nowhere, and the instance in the state that it had."""
    state = _instances.state(instance)
    if state in _instances.MOVING:
        return partial(_instances.settled, aws, facts["instance"], "in a state that lasts")
    at, leaves = _attachment(comes), _attachment(goes)
    wanted = {name: facts[name] for name in ("instance", "device", "delete_on_termination")}
    if leaves or not at:
        if state == "running":
            return partial(_instances.stop, aws, facts["instance"])
        if leaves:
            return partial(_attachments.detach, aws, goes["VolumeId"], wanted)
        return partial(_attachments.attach, aws, comes["VolumeId"], dict(wanted, delete_on_termination=False))
    if at["DeleteOnTermination"] != facts["delete_on_termination"]:
        return partial(_attachments.goes_along, aws, wanted)
    return partial(_instances.start, aws, facts["instance"]) if state == "stopped" and facts["state"] == "running" else None


def _attachment(volume):
    return next((one for one in (volume or {}).get("Attachments", []) if one["State"] != "detached"), None)


def _named(aws, volume, name):
    if volume is None or _tags.name_and_tags(volume)["name"] == name:
        return None
    return partial(aws.ec2.create_tags, Resources=[volume["VolumeId"]], Tags=[dict(Key="Name", Value=name)])


def _coming(params, facts):
    return f"{facts['name']}-{params['ticket']}"


def _make(aws, params, facts, old):
    """Of the snapshot, and else like the one that it replaces. What was encrypted stays so; an encrypted snapshot has its own key."""
    snapshot = aws.once(_attachments.snapshot, params["snapshot_id"])
    kind = old["VolumeType"]
    arguments = dict(
        SnapshotId=params["snapshot_id"],
        AvailabilityZone=old["AvailabilityZone"],
        VolumeType=kind,
        Size=max(old["Size"], snapshot["VolumeSize"]),
        **{member: old[member] for member in ("Iops", "Throughput") if kind in _volumes.LEAST[member.lower()] and old.get(member)},
        **(dict(Encrypted=True, KmsKeyId=old["KmsKeyId"]) if old["Encrypted"] and not snapshot["Encrypted"] else {}),
    )
    tags = dict(_tags.name_and_tags(old)["tags"], **{TICKET: params["ticket"]})
    arguments["TagSpecifications"] = _tags.specifications("volume", dict(name=_coming(params, facts), tags=tags))
    made = _tokens.make(aws, aws.ec2.create_volume, arguments, lambda answer: answer["VolumeId"], partial(_attachments.described, aws))
    _attachments.wait(aws, made["VolumeId"], "available", lambda state, attached: state == "available")


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("volume", "snapshot_id", "ticket")},
        put_back=dict(type="bool", default=False),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
