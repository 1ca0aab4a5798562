# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances take time to stop and start, and some types have no capacity."""

from __future__ import annotations

import pytest


@pytest.fixture
def server(aws, double):
    """A running instance: (client, id)."""
    ec2 = aws("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    double.transition("ec2::instance", progression="manual", times=2)
    yield ec2, made
    double.transition("ec2::instance", progression="immediate")
    double.instance_types()


def states(ec2, instance, looks):
    return [ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"] for dummy in range(looks)]


def test_it_is_stopping_for_a_while_and_then_stopped(double, server, refused):
    ec2, instance = server
    ec2.stop_instances(InstanceIds=[instance])
    before = double.state()
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[instance])
    refused("IncorrectInstanceState", ec2.modify_instance_attribute, InstanceId=instance, InstanceType=dict(Value="t3.large"))
    assert states(ec2, instance, 3) == ["stopping", "stopping", "stopped"] and double.state() == before
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType=dict(Value="t3.large"))
    ec2.start_instances(InstanceIds=[instance])
    refused("IncorrectInstanceState", ec2.stop_instances, InstanceIds=[instance])
    assert states(ec2, instance, 3) == ["pending", "pending", "running"]


def test_the_status_checks_begin_anew_after_a_start_and_a_reboot(server):
    ec2, instance = server
    ec2.reboot_instances(InstanceIds=[instance])
    told = [ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0] for dummy in range(3)]
    assert [one["InstanceStatus"]["Status"] for one in told] == ["initializing", "initializing", "ok"]
    assert {one["InstanceState"]["Name"] for one in told} == {"running"}


def test_a_reboot_does_not_start_a_stopped_instance(server):
    ec2, instance = server
    ec2.stop_instances(InstanceIds=[instance])
    states(ec2, instance, 3)
    ec2.reboot_instances(InstanceIds=[instance])
    assert states(ec2, instance, 1) == ["stopped"]


def test_types_without_capacity_and_types_that_do_not_come_up(double, server, refused):
    ec2, instance = server
    ec2.stop_instances(InstanceIds=[instance])
    states(ec2, instance, 3)
    double.instance_types(no_capacity=["t3.small"])
    refused("InsufficientInstanceCapacity", ec2.start_instances, InstanceIds=[instance])
    double.instance_types(impaired=["t3.small"])
    ec2.start_instances(InstanceIds=[instance])
    for dummy in range(6):
        status = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)["InstanceStatuses"][0]
    assert status["InstanceStatus"]["Status"] == "impaired" and status["SystemStatus"]["Status"] == "ok"
    double.instance_types()
    assert ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "ok"
