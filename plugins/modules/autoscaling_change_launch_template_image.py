#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _autoscaling, _launches, _tokens
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Plan, Returned, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "autoscaling_change_launch_template_image"
REFRESH = "instance_refresh"
NEXT = "next_launch_only"
DEFAULT = "$Default"
LATEST = "$Latest"
ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
REFRESH_SECONDS = 3 * 3600
NEEDED = {"Launch", "Terminate", "InstanceRefresh"}  # processes without which nothing is replaced


# ---- what is there


def _look(aws, params):
    """The group, by which version it launches, all versions of its template, and its refreshes."""
    name = params["auto_scaling_group"]
    with aws.reading():
        group = _autoscaling.group(aws, name)
        if group is None:
            raise Problem(f"auto_scaling_group: there is no group {name!r} in this Region")
        if "LaunchTemplate" not in group:
            raise Problem("it launches by a mixed instances policy or a launch configuration, and not by a launch template alone: that is another work")
        template = group["LaunchTemplate"]["LaunchTemplateId"]
        versions = aws.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=template)
        refreshes = aws.pages("autoscaling", "describe_instance_refreshes", "InstanceRefreshes", AutoScalingGroupName=name)
    reference = group["LaunchTemplate"].get("Version") or DEFAULT
    default = next(one for one in versions if one["DefaultVersion"])
    latest = max(versions, key=lambda one: one["VersionNumber"])
    numbered = {str(one["VersionNumber"]): one for one in versions}
    in_use = {DEFAULT: default, LATEST: latest}.get(reference) or numbered[reference]
    return dict(group=group, template=template, reference=reference, in_use=in_use, default=default, versions=versions, refreshes=refreshes)


def _image_of(version):
    return version["LaunchTemplateData"].get("ImageId")


def _mark(ticket):
    """A version takes no tag, so its description says for which ticket it was made."""
    return f"{TICKET} {ticket}"


def _wanted(have, params):
    """The version with the image: the one that was made for this ticket, or the one in use. None as long as there is none."""
    made = [one for one in have["versions"] if _image_of(one) == params["image_id"] and one.get("VersionDescription") == _mark(params["ticket"])]
    return next(iter(made), have["in_use"] if _image_of(have["in_use"]) == params["image_id"] else None)


def _others(have, version):
    """Instances that are of another version, but for those that a refresh leaves alone."""
    number = version and str(version["VersionNumber"])
    going = [one for one in have["group"]["Instances"] if not one.get("ProtectedFromScaleIn") and one["LifecycleState"] != "Standby"]
    return [one["InstanceId"] for one in going if one.get("LaunchTemplate", {}).get("Version") != number]


def _refresh(have, version):
    """The newest refresh to this version."""
    return next((one for one in have["refreshes"] if version and _number_in(one) == str(version["VersionNumber"])), None)


def _number_in(refresh):
    return (refresh.get("DesiredConfiguration") or {}).get("LaunchTemplate", {}).get("Version")


# ---- the plan


def plan(aws, params):
    have = _look(aws, params)
    version = _wanted(have, params)
    # A run that goes on finds the group on its way: how it was is told by whoever began.
    facts = dict(version=have["reference"], number=have["in_use"]["VersionNumber"], image_id=_image_of(have["in_use"]))
    facts.update({name: value for name, value in params["before"].items() if name in facts})
    replaces = params["rollout"] == REFRESH and not _replaced(have, version)
    done = _image_of(have["in_use"]) == params["image_id"] and have["reference"] == _launched_by(facts, version) and not replaces
    if not done:
        _refuse(aws, params, have, version)
    after = dict(image_id=params["image_id"], **({"replaced_instances": len(_others(have, version))} if replaces else {}))
    return Plan(
        label=params["auto_scaling_group"],
        id=params["auto_scaling_group"],
        before={} if done else dict(image_id=facts["image_id"]),
        after={} if done else after,
        facts=facts,
        dangers=tuple(_dangers(aws, params, have, version)) if not done else (),
    )


def _launched_by(before, version):
    """What the group names in the end: the word that it named before, or the number of the version with the image."""
    return before["version"] if before["version"] in (DEFAULT, LATEST) else str(version["VersionNumber"])


def _replaced(have, version):
    """Whether nothing is left to replace: no instance is of another version, or it was done, and what was launched since is somebody else's matter."""
    refresh = _refresh(have, version)
    return not _others(have, version) or bool(refresh and refresh["Status"] == "Successful")


def _refuse(aws, params, have, version):
    """Everything that speaks against it, before anything is touched."""
    _refuse_image(aws, params, have["in_use"]["LaunchTemplateData"])
    ours = _refresh(have, version)
    foreign = [one for one in have["refreshes"] if one["Status"] in ACTIVE and one is not ours]
    if foreign:
        raise Problem(f"the instance refresh {foreign[0]['InstanceRefreshId']} of somebody else is {foreign[0]['Status']}: wait until it has ended")
    if params["rollout"] != REFRESH or ours:
        _refuse_failed(ours)
        return
    suspended = NEEDED & {one["ProcessName"] for one in have["group"].get("SuspendedProcesses", [])}
    if suspended:
        raise Problem(f"the processes {', '.join(sorted(suspended))} of the group are suspended, so nothing would be replaced: resume them first")
    well = [one for one in have["group"]["Instances"] if one["HealthStatus"] == "Healthy" and one["LifecycleState"] in ("InService", "Standby")]
    unwell = [one["InstanceId"] for one in have["group"]["Instances"] if one not in well]
    if unwell:
        raise Problem(f"{', '.join(unwell)} are not healthy or not in service: see to that first, a sick group is not refreshed")


def _refuse_image(aws, params, data):
    old, wanted = data.get("ImageId", ""), params["image_id"]
    if old.startswith("resolve:"):
        raise Problem(f"the template asks {old} for its image at each launch: change that parameter instead")
    if "InstanceType" not in data:
        raise Problem("the template names no instance type, so nobody can tell whether the image fits")
    image = aws.once(_launches.image, wanted)
    _launches.refuse_image(aws, image, data["InstanceType"])
    if image.get("DeprecationTime") and _autoscaling.moment(image["DeprecationTime"]) <= datetime.now(UTC):
        raise Problem(f"image_id: {wanted} is deprecated since {image['DeprecationTime']}: take a newer one")
    _refuse_volumes(image, {one["DeviceName"]: one.get("Ebs", {}) for one in data.get("BlockDeviceMappings", [])})


def _refuse_volumes(image, mappings):
    """A mapping of a device that is not the image's root is another volume, and none may be smaller than its snapshot."""
    root = next((one["Ebs"] for one in image.get("BlockDeviceMappings", []) if one["DeviceName"] == image.get("RootDeviceName") and "Ebs" in one), {})
    if mappings and image.get("RootDeviceName") not in mappings:
        raise Problem(f"image_id: its root device is {image.get('RootDeviceName')}, and the template maps {', '.join(mappings)}: change the template first")
    size = mappings.get(image.get("RootDeviceName"), {}).get("VolumeSize")
    if size and root.get("VolumeSize", 0) > size:
        raise Problem(f"image_id: its root volume has {root['VolumeSize']} GiB, and the template gives it {size}: change the template first")


def _refuse_failed(refresh):
    if refresh and refresh["Status"] not in (*ACTIVE, "Successful"):
        raise Problem(f"{_outcome(refresh)}. It is made once for a ticket: when its cause is known and mended, request it anew")


def _outcome(refresh):
    reason = refresh.get("StatusReason")
    return f"the instance refresh {refresh['InstanceRefreshId']} ended with {refresh['Status']}" + (f" ({reason})" if reason else "")


def _dangers(aws, params, have, version):
    group = have["group"]
    if params["rollout"] == REFRESH and _others(have, version):
        least = params["min_healthy_percentage"]
        kept = f", at least {least} % of the capacity in service" if least is not None else ""
        yield f"would replace {len(_others(have, version))} instances one after another{kept}, and lose what lies on them alone"
        if have["reference"] in (DEFAULT, LATEST):
            held = have["in_use"]["VersionNumber"]
            yield f"would hold the group at version {held} until that is done, so that AWS can roll it back, and then give it {have['reference']} again"
    alone = [one["InstanceId"] for one in group["Instances"] if one.get("ProtectedFromScaleIn") or one["LifecycleState"] == "Standby"]
    if params["rollout"] == REFRESH and alone:
        yield f"{', '.join(alone)} are protected from scale-in or stand by, and keep their image"
    for other in _followers(aws, have):
        yield f"the group {other} uses the same template without a fixed version, and may launch by the new one too"


def _followers(aws, have):
    """Other groups that a new version, or another default, reaches."""
    for group in aws.once(_autoscaling.groups):
        template = group.get("LaunchTemplate", {})
        follows = template.get("Version", DEFAULT) == LATEST or (template.get("Version", DEFAULT) == DEFAULT and have["reference"] == DEFAULT)
        if group["AutoScalingGroupName"] != have["group"]["AutoScalingGroupName"] and template.get("LaunchTemplateId") == have["template"] and follows:
            yield group["AutoScalingGroupName"]


# ---- the act


def act(aws, params, planned):
    drive(aws, planned.label, partial(_look, aws, params), partial(_next_step, aws, params, planned.facts))


def _next_step(aws, params, before, have):
    """A group that follows $Default or $Latest is held at its version while it is refreshed; AWS rolls back to a number only."""
    version = _wanted(have, params)
    refresh = _refresh(have, version) if params["rollout"] == REFRESH else None
    if refresh and refresh["Status"] in ACTIVE:
        return partial(_await, aws, params, refresh)
    if refresh and refresh["Status"] != "Successful":
        return _after_failure(aws, before, have, refresh)
    replaces = params["rollout"] == REFRESH and not _replaced(have, version)
    if replaces and have["reference"] in (DEFAULT, LATEST):
        return partial(_launch_by, aws, have, have["in_use"]["VersionNumber"])
    if version is None:
        return partial(_make_version, aws, params, have)
    if replaces:
        return partial(_start, aws, params, have, version["VersionNumber"])
    if before["version"] == DEFAULT and not version["DefaultVersion"]:
        return partial(aws.ec2.modify_launch_template, LaunchTemplateId=have["template"], DefaultVersion=str(version["VersionNumber"]))
    goal = _launched_by(before, version)
    return partial(_launch_by, aws, have, goal) if have["reference"] != goal else None


def _launch_by(aws, have, version):
    template = dict(LaunchTemplateId=have["template"], Version=str(version))
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName=have["group"]["AutoScalingGroupName"], LaunchTemplate=template)


def _make_version(aws, params, have):
    """All but the image is inherited; snapshots of volumes only where they are named, and the root volume's is the old image's."""
    mappings, root = have["in_use"]["LaunchTemplateData"].get("BlockDeviceMappings", []), aws.once(_launches.image, params["image_id"]).get("RootDeviceName")
    kept = [dict(one, Ebs=_without_snapshot(one["Ebs"])) if one["DeviceName"] == root and "Ebs" in one else one for one in mappings]
    arguments = dict(
        LaunchTemplateId=have["template"],
        SourceVersion=str(have["in_use"]["VersionNumber"]),
        VersionDescription=_mark(params["ticket"]),
        LaunchTemplateData=dict(ImageId=params["image_id"], **({"BlockDeviceMappings": kept} if kept else {})),
    )
    aws.ec2.create_launch_template_version(**arguments, ClientToken=_tokens.token(NAME, arguments, 0))


def _without_snapshot(ebs):
    return {member: value for member, value in ebs.items() if member != "SnapshotId"}


def _start(aws, params, have, number):
    preferences = dict(MinHealthyPercentage=params["min_healthy_percentage"], InstanceWarmup=params["instance_warmup"])
    aws.autoscaling.start_instance_refresh(
        AutoScalingGroupName=params["auto_scaling_group"],
        DesiredConfiguration=dict(LaunchTemplate=dict(LaunchTemplateId=have["template"], Version=str(number))),
        Preferences={**{member: value for member, value in preferences.items() if value is not None}, "AutoRollback": True, "SkipMatching": True},
    )


def _await(aws, params, refresh):
    which = dict(AutoScalingGroupName=params["auto_scaling_group"], InstanceRefreshIds=[refresh["InstanceRefreshId"]])

    def look():
        found = aws.autoscaling.describe_instance_refreshes(**which)["InstanceRefreshes"][0]
        return found["Status"], f"{found.get('PercentageComplete', 0)} %"

    aws.wait(f"instance refresh of {params['auto_scaling_group']}", look, lambda seen: seen[0] not in ACTIVE, limit=REFRESH_SECONDS)


def _after_failure(aws, before, have, refresh):
    """The group launches as it did, as far as that is the old image, and whoever requested it is told."""
    if before["version"] == DEFAULT and have["reference"] != DEFAULT:
        return partial(_launch_by, aws, have, DEFAULT)
    said = _outcome(refresh)
    if before["version"] == LATEST:
        raise Problem(f"{said}. The group stays at version {have['reference']} with its old image, because {LATEST} would be the new one")
    if refresh["Status"] != "RollbackSuccessful":
        raise Problem(f"{said}. It launches by the old image {before['image_id']} again; see which of its instances have the new one")
    raise Returned(f"{said}. All instances and the group have the old image {before['image_id']} again")


VERB = Verb(
    name=NAME,
    options=dict(
        auto_scaling_group=dict(type="str", required=True),
        image_id=dict(type="str", required=True),
        rollout=dict(type="str", required=True, choices=[REFRESH, NEXT]),
        min_healthy_percentage=dict(type="int"),
        instance_warmup=dict(type="int"),
        ticket=dict(type="str", required=True),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
