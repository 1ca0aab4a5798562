#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_apply_os_patches"
DOCUMENT = "AWS-RunPatchBaseline"
GOING = ("Pending", "InProgress", "Cancelling")
SECONDS = 2 * 3600
REPORTED_SECONDS = 900
LISTED_SECONDS = 120
FRESH = timedelta(days=1)  # what was found longer ago is no list to approve


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    instance_id, installs = instance["InstanceId"], params["operation"] == "Install"
    _refuse(aws, instance)
    missing = _missing(aws, instance_id, params["reboot_option"]) if installs else []
    done = not missing if installs else any(one["Status"] == "Success" for one in _commands(aws, params, instance_id))
    wanted = (dict(missing=missing), dict(missing=[])) if installs else ({}, dict(scanned=True))
    return Plan(
        label=_instances.label(instance),
        id=instance_id,
        before={} if done else wanted[0],
        after={} if done else wanted[1],
        facts=dict(state=_instances.state(instance)),
        dangers=tuple(_dangers(aws, params, instance)) if installs else (),
    )


def _refuse(aws, instance):
    """Whoever does not answer Systems Manager is not patched, by no other way either."""
    if _instances.state(instance) != "running":
        raise Problem(f"the instance is {_instances.state(instance)}, and only one that is running is patched")
    ping = _ping(aws, instance["InstanceId"])
    if ping != "Online":
        raise Problem(f"Systems Manager says {ping or 'that it is no managed node'}: see to its agent, its instance profile and its way to the endpoints")


def _ping(aws, instance_id):
    filters = [dict(Key="InstanceIds", Values=[instance_id])]
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=filters)
    return found[0]["PingStatus"] if found else None


def _missing(aws, instance_id, reboot_option):
    """What the last scan found, which is what somebody can approve. What only waits for a reboot is done where there shall be none."""
    scanned = _scanned(aws, instance_id)
    if scanned is None or datetime.now(UTC) - scanned > FRESH:
        when = "never" if scanned is None else f"on {scanned:%Y-%m-%d}"
        raise Problem(f"its patches were looked for {when}: scan it first (operation Scan), so that there is a list to approve")
    states = ["Missing", "Failed", *(["InstalledPendingReboot"] if reboot_option == "RebootIfNeeded" else [])]
    filters = [dict(Key="State", Values=states)]
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_patches", "Patches", InstanceId=instance_id, Filters=filters)
    return sorted(f"{one['KBId']} ({one['Classification']}, {one['Severity']})" for one in found)


def _scanned(aws, instance_id):
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_patch_states", "InstancePatchStates", InstanceIds=[instance_id])
    return found[0]["OperationEndTime"] if found else None


def _commands(aws, params, instance_id):
    """Those of this ticket, which is in their comment."""
    filters = [dict(key="DocumentName", value=DOCUMENT)]
    with aws.reading():
        found = aws.pages("ssm", "list_commands", "Commands", InstanceId=instance_id, Filters=filters)
    return [one for one in found if one.get("Comment") == _comment(params)]


def _comment(params):
    return f"{params['ticket']} {params['operation']}"


def _dangers(aws, params, instance):
    if params["reboot_option"] == "RebootIfNeeded":
        yield "would install patches, and reboot the instance where one asks for it"
    else:
        yield "would install patches, which may restart what they are about"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may replace it by one without these patches"


def act(aws, params, planned):
    # SendCommand takes no token: what is on its way is waited for, and only what had ended before is followed by another one.
    past = {one["CommandId"] for one in _commands(aws, params, planned.id) if one["Status"] not in GOING}

    def look():
        return next((one for one in _commands(aws, params, planned.id) if one["CommandId"] not in past), None)

    drive(aws, planned.label, look, lambda there: None if there else partial(_send, aws, params, planned.id))
    ended = aws.wait(f"{DOCUMENT} on {planned.label}", look, lambda one: one["Status"] not in GOING, limit=SECONDS)
    if ended["Status"] != "Success":
        raise Problem(f"{DOCUMENT} {ended['CommandId']} ended with {ended['Status']}: {_output(aws, ended, planned.id)}")
    # The times of reports have no fractions of a second.
    _verify(aws, params, planned, ended["RequestedDateTime"].replace(microsecond=0))


def _send(aws, params, instance_id):
    """Listed a moment after it was sent: who looked in that moment would send another one."""
    parameters = dict(Operation=[params["operation"]], RebootOption=[params["reboot_option"]])
    sent = aws.ssm.send_command(InstanceIds=[instance_id], DocumentName=DOCUMENT, Comment=_comment(params), Parameters=parameters)["Command"]["CommandId"]
    aws.wait(f"command {sent}", lambda: [one["CommandId"] for one in _commands(aws, params, instance_id)], lambda listed: sent in listed, limit=LISTED_SECONDS)


def _output(aws, command, instance_id):
    with aws.reading():
        found = aws.pages("ssm", "list_command_invocations", "CommandInvocations", CommandId=command["CommandId"], InstanceId=instance_id, Details=True)
    said = [plugin.get("Output", "").strip() for one in found for plugin in one["CommandPlugins"]]
    return "\n".join(text[-1000:] for text in said if text) or "it said nothing"


def _verify(aws, params, planned, sent):
    """It answers again, and its own report from after the command has nothing left."""
    aws.wait(f"agent of {planned.label}", partial(_ping, aws, planned.id), lambda ping: ping == "Online", limit=REPORTED_SECONDS)
    aws.wait(f"patch report of {planned.label}", partial(_scanned, aws, planned.id), lambda when: when is not None and when >= sent, limit=REPORTED_SECONDS)
    _instances.await_well(aws, planned.id)
    left = _missing(aws, planned.id, params["reboot_option"]) if params["operation"] == "Install" else []
    if left:
        raise Problem(f"still to be installed after it: {', '.join(left)}. See the output of the command in Systems Manager before another attempt")


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("instance", "ticket")},
        operation=dict(type="str", required=True, choices=["Scan", "Install"]),
        reboot_option=dict(type="str", required=True, choices=["RebootIfNeeded", "NoReboot"]),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
