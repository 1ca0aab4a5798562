# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances take time to stop and start, and some types have no capacity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


def test_no_more_vcpus_start_than_the_quota_of_the_standard_families(aws, double, server, refused):
    ec2, instance = server
    ec2.stop_instances(InstanceIds=[instance])
    states(ec2, instance, 3)
    double.instance_types(vcpus=1)
    refused("VcpuLimitExceeded", ec2.start_instances, InstanceIds=[instance])
    quotas = aws("service-quotas")
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]["Value"] == 1
    refused("NoSuchResourceException", quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-417A185B")
    assert quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")["Quota"]["Value"] == 0
    double.instance_types(vcpus=2)
    ec2.start_instances(InstanceIds=[instance])


def events(ec2, instance):
    (status,) = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)["InstanceStatuses"]
    return {event["InstanceEventId"]: event for event in status.get("Events", [])}


def test_scheduled_events_end_with_a_stop_and_a_start_and_move_before_their_deadline(double, server, refused):
    ec2, instance = server
    now = datetime.now(UTC)
    times = dict(NotBefore=(now + timedelta(days=3)).isoformat())
    deadline = dict(NotBeforeDeadline=(now + timedelta(days=6)).isoformat())
    stays = dict(InstanceEventId="instance-event-1", Code="instance-retirement", Description="degraded hardware", **times)
    moves = dict(InstanceEventId="instance-event-2", Code="instance-reboot", Description="reboot", **times, **deadline)
    double.instance_events(instance, [stays, moves])
    which = dict(InstanceId=instance, InstanceEventId="instance-event-2")
    ec2.modify_instance_event_start_time(**which, NotBefore=now + timedelta(days=5))
    assert events(ec2, instance)["instance-event-2"]["NotBefore"].date() == (now + timedelta(days=5)).date()
    refused("InvalidInstanceEventStartTime", ec2.modify_instance_event_start_time, **which, NotBefore=now + timedelta(days=7))
    other = dict(which, InstanceEventId="instance-event-1")
    refused("InvalidInstanceEventStartTime", ec2.modify_instance_event_start_time, **other, NotBefore=now + timedelta(days=4))
    refused("InvalidInstanceEventIDNotFound", ec2.modify_instance_event_start_time, **{**which, "InstanceEventId": "instance-event-9"}, NotBefore=now)
    launched = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["LaunchTime"]
    ec2.stop_instances(InstanceIds=[instance])
    states(ec2, instance, 3)
    ec2.start_instances(InstanceIds=[instance])
    told = events(ec2, instance)
    assert told["instance-event-1"]["Description"] == "[Completed] degraded hardware" and told["instance-event-2"]["Description"] == "reboot"
    assert ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["LaunchTime"] >= launched


def test_images_have_names_of_their_own_and_are_pending_first(server, refused):
    ec2, instance = server
    tags = [dict(ResourceType=kind, Tags=[dict(Key="Ticket", Value="1")]) for kind in ("image", "snapshot")]
    refused("InvalidAMIName.Malformed", ec2.create_image, InstanceId=instance, Name="web:1", NoReboot=True)
    made = ec2.create_image(InstanceId=instance, Name="web", TagSpecifications=tags)["ImageId"]
    refused("InvalidAMIName.Duplicate", ec2.create_image, InstanceId=instance, Name="web", NoReboot=True)
    assert ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "initializing"
    found = [ec2.describe_images(ImageIds=[made])["Images"][0] for dummy in range(3)]
    assert [one["State"] for one in found] == ["pending", "pending", "available"]
    snapshot = found[0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Tags"] == [dict(Key="Ticket", Value="1")]
    ec2.stop_instances(InstanceIds=[instance])
    refused("IncorrectState", ec2.create_image, InstanceId=instance, Name="web2", NoReboot=True)
