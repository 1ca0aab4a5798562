# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed nodes and their patches: only who answers is commanded, and what is installed is installed."""

from __future__ import annotations

import pytest

BASELINE = "AWS-RunPatchBaseline"


@pytest.fixture
def node(aws, double):
    """An instance that lacks two patches: (client, id)."""
    ec2 = aws("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    double.managed_node(made, patches={"kernel-6.1": "MISSING", "openssl-3.0": "MISSING"}, scanned="2026-01-05T00:00:00+00:00")
    return aws("ssm"), made


def lacking(ssm, instance, *states):
    found = ssm.describe_instance_patches(InstanceId=instance, Filters=[dict(Key="State", Values=list(states))])["Patches"]
    return {one["KBId"]: one["State"] for one in found}


def send(ssm, instance, operation, reboot):
    parameters = dict(Operation=[operation], RebootOption=[reboot])
    return ssm.send_command(InstanceIds=[instance], DocumentName=BASELINE, Parameters=parameters, Comment="REQ-1")["Command"]["CommandId"]


def test_a_kernel_waits_for_its_reboot(node):
    ssm, instance = node
    send(ssm, instance, "Scan", "NoReboot")
    assert lacking(ssm, instance, "Missing") == {"kernel-6.1": "MISSING", "openssl-3.0": "MISSING"}
    send(ssm, instance, "Install", "NoReboot")
    assert lacking(ssm, instance, "Missing", "InstalledPendingReboot") == {"kernel-6.1": "INSTALLED_PENDING_REBOOT"}
    send(ssm, instance, "Install", "RebootIfNeeded")
    assert lacking(ssm, instance, "Missing", "InstalledPendingReboot") == {}
    (state,) = ssm.describe_instance_patch_states(InstanceIds=[instance])["InstancePatchStates"]
    assert state["Operation"] == "Install" and state["MissingCount"] == 0 and state["OperationEndTime"].year > 2025


def test_only_nodes_that_answer_are_commanded(double, node, refused):
    ssm, instance = node
    sends = dict(DocumentName=BASELINE, Parameters=dict(Operation=["Install"]))
    refused("InvalidInstanceId", ssm.send_command, InstanceIds=["i-0123456789abcdef0"], **sends)
    refused("InvalidParameters", ssm.send_command, InstanceIds=[instance], DocumentName=BASELINE, Parameters=dict(Operation=["Everything"]))
    double.managed_node(instance, ping="ConnectionLost")
    refused("InvalidInstanceId", ssm.send_command, InstanceIds=[instance], **sends)
    filters = [dict(Key="InstanceIds", Values=[instance])]
    assert [one["PingStatus"] for one in ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]] == ["ConnectionLost"]


def test_what_fails_makes_the_command_fail(double, node):
    ssm, instance = node
    double.managed_node(instance, patches={"openssl-3.0": "FAILED"})
    command = send(ssm, instance, "Install", "NoReboot")
    assert ssm.list_commands(CommandId=command)["Commands"][0]["Status"] == "Failed"
    (invocation,) = ssm.list_command_invocations(CommandId=command, InstanceId=instance, Details=True)["CommandInvocations"]
    assert invocation["CommandPlugins"][0]["Output"] == "failed to install"
