#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances, _quotas, _targets
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Returned, Verb, drive, run, why
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_change_instance_type"


# ---- the plan


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    have, wanted = _facts(aws, instance), params["instance_type"]
    # A run that goes on where another broke off finds the instance half-way: how it was is told by whoever began.
    before = {**have, **{name: value for name, value in params["before"].items() if name in have}}
    typed = have["instance_type"] == wanted and not (before["state"] == "running" and have["state"] != "running")
    if not typed:
        _refuse(aws, instance, before, wanted)
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        # On the way back the old type is what is wanted.
        before={} if typed else dict(instance_type=(have if before["instance_type"] == wanted else before)["instance_type"]),
        after=_targets.left(aws, instance, params["before"], before["targets"]) if typed else _changed(aws, params, instance),
        facts=before,
        dangers=() if typed else tuple(_dangers(aws, params, instance, before)),
    )


def _facts(aws, instance):
    """How it is: on its way down it is as good as stopped, on its way up as good as running."""
    settles = dict(stopping="stopped", pending="running")
    state = settles.get(_instances.state(instance), _instances.state(instance))
    return dict(instance_type=instance["InstanceType"], state=state, targets=_targets.of_instance(aws, instance))


def _changed(aws, params, instance):
    return dict(instance_type=params["instance_type"], **_images.kept_before(aws, instance, params["ticket"], params["image_name"]))


def _refuse(aws, instance, before, wanted):
    """Everything that speaks against it, before anything is touched."""
    if _instances.state(instance) in _instances.GONE:
        raise Problem(f"the instance is {_instances.state(instance)}")
    types = _instances.types(aws, {before["instance_type"], wanted})
    if wanted not in types:
        raise Problem(f"instance_type: there is no type {wanted!r} in this Region")
    old = types.get(before["instance_type"], {})
    said = [*_against_the_stop(aws, instance), *_against_the_type(aws, instance, old, types[wanted])]
    if before["state"] == "running":
        said += _quotas.against_vcpus(aws, instance, old, types[wanted])
    if said:
        raise Problem("; ".join(said))


def _against_the_stop(aws, instance):
    """What AWS's own runbook asks of an instance before it is stopped and started."""
    yield from _instances.against_a_restart(aws, instance)
    if instance["Placement"].get("Tenancy", "default") != "default":
        yield f"its tenancy is {instance['Placement']['Tenancy']}"
    if instance.get("HibernationOptions", {}).get("Configured"):
        yield "it is set up for hibernation"
    if _instances.attribute(aws, instance, "instanceInitiatedShutdownBehavior") == "terminate":
        yield "a shutdown would terminate it: set instance_initiated_shutdown_behavior to stop first"
    unwell = _instances.state(instance) == "running" and _instances.unwell(aws, instance["InstanceId"])
    if unwell:
        yield f"its status checks are not ok ({unwell}): see to that first, a sick instance is not changed"


def _against_the_type(aws, instance, old, new):
    """What the type must have for this instance to start with it. Of what AWS does not tell of an instance nothing is asked."""
    network, interfaces = new["NetworkInfo"], instance.get("NetworkInterfaces", [])
    name, zone = new["InstanceType"], instance["Placement"]["AvailabilityZone"]
    fits = (
        ("architecture", instance.get("Architecture"), new["ProcessorInfo"]["SupportedArchitectures"]),
        ("virtualization type", instance.get("VirtualizationType"), new["SupportedVirtualizationTypes"]),
        ("boot mode", instance.get("CurrentInstanceBootMode") or instance.get("BootMode"), [*new.get("SupportedBootModes", []), "uefi-preferred"]),
        ("usage class", "on-demand", new["SupportedUsageClasses"]),
    )
    for what, has, can in fits:
        if has and has not in can:
            yield f"{name} has not its {what} {has} ({', '.join(can)})"
    if old and old.get("Hypervisor") != new.get("Hypervisor"):
        way = f"from {old.get('Hypervisor')} to {new.get('Hypervisor')}"
        yield f"{way} is a migration, for which its system needs other drivers: {name} is not possible this way"
    if len(interfaces) > network["MaximumNetworkInterfaces"]:
        yield f"{name} takes {network['MaximumNetworkInterfaces']} network interfaces, it has {len(interfaces)}"
    most = max([len(one.get("PrivateIpAddresses", [])) for one in interfaces], default=0)
    if most > network["Ipv4AddressesPerInterface"]:
        yield f"{name} takes {network['Ipv4AddressesPerInterface']} private addresses at an interface, one of its has {most}"
    if network.get("EnaSupport") == "required" and instance.get("EnaSupport") is False:
        yield f"{name} needs the ENA driver, and the instance is not enabled for it"
    if not network.get("EfaSupported") and any(one.get("InterfaceType") == "efa" for one in interfaces):
        yield f"{name} has no Elastic Fabric Adapter, and the instance has one"
    yield from _against_its_volumes(instance, name, new.get("EbsInfo", {}))
    offered = aws.pages(
        "ec2",
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[dict(Name="instance-type", Values=[name]), dict(Name="location", Values=[zone])],
    )
    if not offered:
        yield f"{name} is not offered in {zone}"


def _against_its_volumes(instance, name, ebs):
    if instance.get("EbsOptimized") and ebs.get("EbsOptimizedSupport") == "unsupported":
        yield f"{name} cannot be EBS-optimized, which it is"
    volumes, shared = _instances.attachments(instance, ebs)
    if volumes + shared > ebs.get("MaximumEbsAttachments", volumes + shared):
        yield f"{name} takes {ebs['MaximumEbsAttachments']} attachments, and the instance has {volumes} volumes and {shared} network interfaces that count"


def _dangers(aws, params, instance, before):
    if before["state"] == "running":
        yield "would stop the instance and start it again"
        yield from _instances.lost_by_a_stop(aws, instance, before["instance_type"])
        yield from _targets.dangers(aws, before["targets"])
        # On the way back there is nothing to keep.
        if params["image_name"] is None and before["instance_type"] != params["instance_type"]:
            yield "no image is made before it (image_name): if its system takes harm, only its type comes back"
    yield from _slower(aws, instance, before["instance_type"], params["instance_type"])
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may undo this or take it for a fault"


def _slower(aws, instance, old, new):
    """A smaller type may give its volumes less than they are provisioned with, and than it gave them."""
    filters = [dict(Name="attachment.instance-id", Values=[instance["InstanceId"]])]
    with aws.reading():
        volumes = aws.pages("ec2", "describe_volumes", "Volumes", Filters=filters)
    most = {name: one.get("EbsInfo", {}).get("EbsOptimizedInfo", {}) for name, one in _instances.types(aws, {old, new}).items()}
    for volume_member, type_member, what in (("Iops", "MaximumIops", "IOPS"), ("Throughput", "MaximumThroughputInMBps", "MiB/s")):
        provisioned = sum(volume.get(volume_member) or 0 for volume in volumes)
        gave, gives = (most.get(name, {}).get(type_member) for name in (old, new))
        if gave and gives and gives < min(gave, provisioned):
            yield f"its volumes are provisioned with {provisioned} {what} together, and {new} gives them at most {gives}"


# ---- the act


def act(aws, params, planned):
    before, goal = planned.facts, dict(planned.facts, instance_type=params["instance_type"])
    if params["image_name"] and "instance_type" in planned.after:
        _instances.settled(aws, planned.id, "in a state that lasts")
        _images.make_before(aws, planned.label, planned.id, params["ticket"], params["image_name"])
    try:
        _bring(aws, planned, goal)
    except Exception as failure:
        # Whatever it was, the instance must not be left stopped.
        _bring_back(aws, planned, before, goal, why(failure, aws))


def _bring(aws, planned, goal):
    """To this type, and running and among the targets of its groups if it was before."""
    instance = drive(aws, planned.label, partial(_instances.described, aws, planned.id), partial(_next_step, aws, goal))
    if goal["state"] == "running":
        _instances.await_well(aws, planned.id)
        _targets.await_healthy(aws, instance, goal["targets"])


def _next_step(aws, goal, instance):
    instance_id, state = instance["InstanceId"], _instances.state(instance)
    if state in _instances.GONE:
        raise Problem(f"the instance is {state}")
    if state in _instances.MOVING:
        return partial(_instances.settled, aws, instance_id, "in a state that lasts")
    if instance["InstanceType"] != goal["instance_type"]:
        if state == "running":
            return _targets.drain(aws, instance) or partial(_instances.stop, aws, instance_id)
        return partial(aws.ec2.modify_instance_attribute, InstanceId=instance_id, InstanceType=dict(Value=goal["instance_type"]))
    if goal["state"] == "running" and state == "stopped":
        return partial(_instances.start, aws, instance_id)
    missing = _targets.lacking(goal["targets"], _targets.of_instance(aws, instance)) if state == "running" else []
    return partial(_targets.put_back, aws, instance, missing) if missing else None


def _bring_back(aws, planned, before, goal, failure):
    """The same way with the old type as its goal. What it cannot reach is said with what is to be done by hand."""
    if before["instance_type"] == goal["instance_type"]:
        raise Problem(failure)
    try:
        _bring(aws, planned, before)
    except Exception as second:
        raise Problem(
            f"{failure}. The way back to {before['instance_type']} did not succeed either: {why(second, aws)}. "
            f"It was {before['state']} before. Run this ticket again, or give it a type that can start, and start it by hand"
        ) from second
    raise Returned(f"{failure}. It has its old type {before['instance_type']} again and is {before['state']}, as before")


VERB = Verb(
    name=NAME,
    options=dict(**{name: dict(type="str", required=True) for name in ("instance", "instance_type", "ticket")}, image_name=dict(type="str")),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
