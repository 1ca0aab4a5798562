#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances, _nodes
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Returned, Verb, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_apply_os_patches"
DOCUMENT = "AWS-RunPatchBaseline"
SECONDS = 2 * 3600
REPORTED_SECONDS = 900
FRESH = timedelta(days=1)  # what was found longer ago is no list to approve
RECENT = timedelta(hours=1)  # what was found longer ago is looked for once more right before it is installed


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    instance_id, installs = instance["InstanceId"], params["operation"] == "Install"
    _refuse(aws, instance)
    missing = _missing(aws, instance_id, params["reboot_option"]) if installs else []
    done = not missing if installs else any(one["Status"] == "Success" for one in _nodes.commands(aws, _order(params, instance_id)))
    image = _images.kept_before(aws, instance, params["ticket"], params["image_name"]) if installs and not done else {}
    wanted = (dict(missing=missing), dict(missing=[], **image)) if installs else ({}, dict(scanned=True))
    return Plan(
        label=_instances.label(instance),
        id=instance_id,
        before={} if done else wanted[0],
        after={} if done else wanted[1],
        # A run that goes on installs what was approved then, though part of it is there by now.
        facts=dict(state=_instances.state(instance), missing=params["before"].get("missing", missing)),
        dangers=tuple(_dangers(aws, params, instance)) if installs else (),
    )


def _refuse(aws, instance):
    """Whoever does not answer Systems Manager is not patched, by no other way either."""
    if _instances.state(instance) != "running":
        raise Problem(f"the instance is {_instances.state(instance)}, and only one that is running is patched")
    ping = _nodes.ping(aws, instance["InstanceId"])
    if ping != "Online":
        raise Problem(f"Systems Manager says {ping or 'that it is no managed node'}: see to its agent, its instance profile and its way to the endpoints")


def _missing(aws, instance_id, reboot_option):
    """What the last scan found, which is what somebody can approve. What only waits for a reboot is done where there shall be none."""
    scanned = _scanned(aws, instance_id)
    if scanned is None or datetime.now(UTC) - scanned > FRESH:
        when = "never" if scanned is None else f"on {scanned:%Y-%m-%d}"
        raise Problem(f"its patches were looked for {when}: scan it first (operation Scan), so that there is a list to approve")
    waiting = ["InstalledPendingReboot"] if reboot_option == "RebootIfNeeded" else []
    return [_told(one) for one in _patches(aws, instance_id, ["Missing", "Failed", *waiting])]


def _patches(aws, instance_id, states):
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_patches", "Patches", InstanceId=instance_id, Filters=[dict(Key="State", Values=states)])
    return sorted(found, key=lambda one: one["Title"])


def _told(patch):
    """By its title, which has the version of a package where the id has only its name."""
    return f"{patch['Title']} ({patch['Classification']}, {patch['Severity']})"


def _scanned(aws, instance_id):
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_patch_states", "InstancePatchStates", InstanceIds=[instance_id])
    return found[0]["OperationEndTime"] if found else None


def _order(params, instance_id, looks_again=False):
    """Looking once more before an installation is no scan that somebody requested."""
    operation, comment = ("Scan", "look again") if looks_again else (params["operation"], params["operation"])
    reboot_option = "NoReboot" if looks_again else params["reboot_option"]
    return _nodes.Order(instance_id, DOCUMENT, f"{params['ticket']} {comment}", dict(Operation=[operation], RebootOption=[reboot_option]))


def _dangers(aws, params, instance):
    if params["reboot_option"] == "RebootIfNeeded":
        yield "would install patches, and reboot the instance where one asks for it"
    else:
        yield "would install patches, which may restart what they are about"
    if params["image_name"] is None:
        yield "no image is made before it (image_name), so there is nothing of this ticket to go back to"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may replace it by one without these patches"


def act(aws, params, planned):
    installs = params["operation"] == "Install"
    if installs:
        _look_again(aws, params, planned)
        if params["image_name"]:
            _images.make_before(aws, planned.label, planned.id, params["ticket"], params["image_name"])
            _look_again(aws, params, planned)
    began = _run(aws, planned, _order(params, planned.id))
    _verify(aws, params, planned, began)
    if installs:
        planned.notes.extend(_compared(aws, planned, began))


def _run(aws, planned, order):
    """When the command was sent; the times of reports have no fractions of a second."""
    ended = _nodes.carry_out(aws, planned.label, order, SECONDS)
    if ended["Status"] != "Success":
        said = _nodes.output(aws, ended, planned.id) or "it said nothing"
        raise Problem(f"{DOCUMENT} {ended['CommandId']} ended with {ended['Status']}: {said}")
    return ended["RequestedDateTime"].replace(microsecond=0)


def _look_again(aws, params, planned):
    """The baseline decides what is installed, and it may have approved more since the list was: then nothing is."""
    if datetime.now(UTC) - _scanned(aws, planned.id) > RECENT:
        began = _run(aws, planned, _order(params, planned.id, looks_again=True))
        _await_report(aws, planned, began)
    more = [one for one in _missing(aws, planned.id, params["reboot_option"]) if one not in planned.facts["missing"]]
    if more:
        raise Returned(f"besides what was approved it would install {', '.join(more)}. Nothing was installed: request it anew, with the list of now")


def _await_report(aws, planned, began):
    aws.wait(f"patch report of {planned.label}", partial(_scanned, aws, planned.id), lambda when: when is not None and when >= began, limit=REPORTED_SECONDS)


def _verify(aws, params, planned, began):
    """It answers again, and its own report from after the command has nothing left."""
    _nodes.await_answer(aws, planned.label, planned.id, REPORTED_SECONDS)
    _await_report(aws, planned, began)
    _instances.await_well(aws, planned.id)
    left = _missing(aws, planned.id, params["reboot_option"]) if params["operation"] == "Install" else []
    if left:
        raise Problem(f"still to be installed after it: {', '.join(left)}. See the output of the command in Systems Manager before another attempt")


def _compared(aws, planned, began):
    """What came with the command, held against what was approved: packages bring others that they need, and not every system tells its times."""
    there = _patches(aws, planned.id, ["Installed", "InstalledOther", "InstalledPendingReboot"])
    new = [_told(one) for one in there if one["InstalledTime"] >= began]
    beside = [one for one in new if one not in planned.facts["missing"]]
    yield f"Of the {len(planned.facts['missing'])} approved patches none is missing any more"
    if beside:
        aws.warn(f"{planned.label}: installed beside the approved list: {', '.join(beside)}")
        yield f"Installed beside the approved list: {', '.join(beside)}"


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("instance", "ticket")},
        operation=dict(type="str", required=True, choices=["Scan", "Install"]),
        reboot_option=dict(type="str", required=True, choices=["RebootIfNeeded", "NoReboot"]),
        image_name=dict(type="str"),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
