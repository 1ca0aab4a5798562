# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates and Auto Scaling: what AWS refuses, what a version inherits, and instance refreshes over time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

IMAGE, NEXT = "ami-02b76b739f98bb809", "ami-760aaa0f"
SCRIPT = base64.b64encode(b"#cloud-config").decode()


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def scaling(aws):
    return aws("autoscaling")


@pytest.fixture
def template(ec2):
    snapshot = ec2.create_snapshot(VolumeId=ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=1)["VolumeId"])["SnapshotId"]
    mapping = dict(DeviceName="/dev/xvdf", Ebs=dict(VolumeSize=20, VolumeType="gp3", SnapshotId=snapshot))
    data = dict(ImageId=IMAGE, InstanceType="t3.micro", UserData=SCRIPT, BlockDeviceMappings=[mapping])
    return ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]


@pytest.fixture
def group(ec2, scaling, template):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    launched = dict(LaunchTemplateId=template, Version="1")
    given = dict(AutoScalingGroupName="web", MinSize=1, MaxSize=3, DesiredCapacity=2, LaunchTemplate=launched, VPCZoneIdentifier=subnet)
    scaling.create_auto_scaling_group(**given)
    return given


def shown(scaling):
    return scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]


def settled(scaling):
    for dummy in range(3):
        found = shown(scaling)
    return found


# -- launch templates -----------------------------------------------------------------------------


def test_a_version_inherits_all_but_snapshots(ec2, template):
    made = ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=dict(InstanceType="t3.large"))
    data = made["LaunchTemplateVersion"]["LaunchTemplateData"]
    assert (data["ImageId"], data["InstanceType"], data["UserData"]) == (IMAGE, "t3.large", SCRIPT)
    assert data["BlockDeviceMappings"][0]["Ebs"] == dict(VolumeSize=20, VolumeType="gp3")
    alone = ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=dict(InstanceType="t3.large"))
    assert alone["LaunchTemplateVersion"]["LaunchTemplateData"] == dict(InstanceType="t3.large")
    assert not made["LaunchTemplateVersion"]["DefaultVersion"]


def test_a_token_makes_one_version(ec2, template):
    order = dict(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=dict(InstanceType="t3.large"), ClientToken="once")
    numbers = {ec2.create_launch_template_version(**order)["LaunchTemplateVersion"]["VersionNumber"] for dummy in range(2)}
    assert numbers == {2}


def test_what_a_template_cannot_be(ec2, template, refused):
    data = dict(ImageId=IMAGE)
    refused("InvalidLaunchTemplateName.MalformedException", ec2.create_launch_template, LaunchTemplateName="a b", LaunchTemplateData=data)
    refused("InvalidLaunchTemplateName.AlreadyExistsException", ec2.create_launch_template, LaunchTemplateName="web", LaunchTemplateData=data)
    refused("InvalidLaunchTemplateId.VersionNotFound", ec2.modify_launch_template, LaunchTemplateId=template, DefaultVersion="7")
    refused("InvalidLaunchTemplateId.NotFound", ec2.delete_launch_template, LaunchTemplateId="lt-0123456789abcdef0")
    both = dict(NetworkInterfaces=[dict(DeviceIndex=0)], SecurityGroupIds=["sg-1"])
    refused("InvalidParameterValue", ec2.create_launch_template_version, LaunchTemplateId=template, LaunchTemplateData=both)
    refused("InvalidParameterValue", ec2.describe_launch_template_versions, Versions=["1"])


# -- groups ---------------------------------------------------------------------------------------


def test_instances_come_into_service_over_time(scaling, group):
    assert {one["LifecycleState"] for one in shown(scaling)["Instances"]} == {"Pending"}
    assert [one["LifecycleState"] for one in settled(scaling)["Instances"]] == ["InService"] * 2
    assert len(shown(scaling)["Instances"]) == 2


def test_what_a_group_cannot_be(scaling, group, refused):
    refused("AlreadyExists", scaling.create_auto_scaling_group, **group)
    other = dict(group, AutoScalingGroupName="other")
    for wrong in (
        dict(MinSize=4),
        dict(DesiredCapacity=9),
        dict(VPCZoneIdentifier="subnet-0123456789abcdef0"),
        dict(LaunchTemplate=dict(LaunchTemplateId="lt-0123456789abcdef0")),
        dict(LaunchTemplate=dict(group["LaunchTemplate"], Version="9")),
        dict(HealthCheckType="PING"),
        dict(TerminationPolicies=["Youngest"]),
        dict(MaxInstanceLifetime=60),
        dict(InstanceMaintenancePolicy=dict(MinHealthyPercentage=90)),
        dict(TargetGroupARNs=["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/none/0"]),
    ):
        refused("ValidationError", scaling.create_auto_scaling_group, **{**other, **wrong})
    refused("ValidationError", scaling.update_auto_scaling_group, AutoScalingGroupName="none", MinSize=0)
    refused("ValidationError", scaling.update_auto_scaling_group, AutoScalingGroupName="web", DesiredCapacity=4)


def test_a_mixed_instances_policy_and_what_it_cannot_be(scaling, group, refused):
    template = dict(LaunchTemplateSpecification=group["LaunchTemplate"])
    which = dict(AutoScalingGroupName="web")
    for wrong in (
        dict(LaunchTemplate=dict(template, Overrides=[dict(InstanceType="m7i.gigantic")])),
        dict(LaunchTemplate=dict(template, Overrides=[dict(InstanceType="t3.micro")] * 2)),
        dict(LaunchTemplate=dict(template, Overrides=[dict(InstanceType="t3.micro", WeightedCapacity="1"), dict(InstanceType="t3.large")])),
        dict(LaunchTemplate=template, InstancesDistribution=dict(SpotAllocationStrategy="cheapest")),
        dict(LaunchTemplate=template, InstancesDistribution=dict(OnDemandPercentageAboveBaseCapacity=101)),
        dict(LaunchTemplate=template, InstancesDistribution=dict(SpotAllocationStrategy="capacity-optimized", SpotInstancePools=2)),
    ):
        refused("ValidationError", scaling.update_auto_scaling_group, **which, MixedInstancesPolicy=wrong)
    policy = dict(LaunchTemplate=template, InstancesDistribution=dict(OnDemandBaseCapacity=1))
    refused("ValidationError", scaling.update_auto_scaling_group, **which, MixedInstancesPolicy=policy, LaunchTemplate=group["LaunchTemplate"])
    scaling.update_auto_scaling_group(**which, MixedInstancesPolicy=policy)
    found = shown(scaling)["MixedInstancesPolicy"]["InstancesDistribution"]
    assert (found["OnDemandBaseCapacity"], found["OnDemandPercentageAboveBaseCapacity"], found["SpotInstancePools"]) == (1, 100, 2)
    scaling.update_auto_scaling_group(**which, LaunchTemplate=group["LaunchTemplate"])
    assert "MixedInstancesPolicy" not in shown(scaling)


def test_a_topic_is_told_of_what_was_put_last(aws, scaling, group, refused):
    arn = aws("sns").create_topic(Name="alerts")["TopicArn"]
    launch, end = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"
    which = dict(AutoScalingGroupName="web", TopicARN=arn)
    put = scaling.put_notification_configuration
    refused("ValidationError", put, AutoScalingGroupName="none", TopicARN=arn, NotificationTypes=[launch])
    refused("ValidationError", put, **which, NotificationTypes=["autoscaling:LUNCH"])
    refused("ValidationError", put, AutoScalingGroupName="web", TopicARN=f"{arn}-none", NotificationTypes=[launch])
    put(**which, NotificationTypes=[launch, end])
    put(**which, NotificationTypes=[end])
    told = scaling.describe_notification_configurations(AutoScalingGroupNames=["web"])["NotificationConfigurations"]
    assert [(one["TopicARN"], one["NotificationType"]) for one in told] == [(arn, end)]
    scaling.delete_notification_configuration(**which)
    assert scaling.describe_notification_configurations()["NotificationConfigurations"] == []


def test_a_group_with_instances_is_not_deleted(scaling, group, refused):
    refused("ResourceInUse", scaling.delete_auto_scaling_group, AutoScalingGroupName="web")
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", DeletionProtection="prevent-all-deletion")
    refused("ResourceInUse", scaling.delete_auto_scaling_group, AutoScalingGroupName="web", ForceDelete=True)
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", DeletionProtection="none", MinSize=0, DesiredCapacity=0)
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web")
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_what_an_update_does_not_name_stays(scaling, group):
    which = dict(AutoScalingGroupName="web")
    scaling.update_auto_scaling_group(**which, DefaultCooldown=60, TerminationPolicies=["OldestInstance"], DefaultInstanceWarmup=30)
    scaling.update_auto_scaling_group(**which, MaxSize=5)
    found = shown(scaling)
    assert (found["DefaultCooldown"], found["TerminationPolicies"], found["DefaultInstanceWarmup"], found["MaxSize"]) == (60, ["OldestInstance"], 30, 5)
    scaling.update_auto_scaling_group(**which, DefaultInstanceWarmup=-1)
    assert "DefaultInstanceWarmup" not in shown(scaling)


def test_hooks(scaling, group, refused):
    which = dict(AutoScalingGroupName="web", LifecycleHookName="drain")
    refused("ValidationError", scaling.put_lifecycle_hook, **which)
    refused("ValidationError", scaling.put_lifecycle_hook, **which, LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING", HeartbeatTimeout=9)
    scaling.put_lifecycle_hook(**which, LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING", DefaultResult="CONTINUE")
    scaling.put_lifecycle_hook(**which, HeartbeatTimeout=60)
    (hook,) = scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"]
    assert (hook["HeartbeatTimeout"], hook["DefaultResult"], "RoleARN" in hook) == (60, "CONTINUE", False)


# -- schedules and policies -----------------------------------------------------------------------


def test_what_a_scheduled_action_cannot_be(scaling, group, refused):
    put, which = scaling.put_scheduled_update_group_action, dict(AutoScalingGroupName="web", ScheduledActionName="night")
    refused("ValidationError", put, **which, Recurrence="0 22 * * *")
    refused("ValidationError", put, **which, MinSize=1)
    refused("ValidationError", put, **which, MinSize=1, Recurrence="0 22 * *")
    refused("ValidationError", put, **which, MinSize=1, Recurrence="0 22 * * *", TimeZone="Asia/Nowhere")
    refused("ValidationError", put, **which, MinSize=3, MaxSize=2, Recurrence="0 22 * * *")
    refused("ValidationError", put, **which, MinSize=1, StartTime=datetime.now(UTC) - timedelta(hours=1))
    refused("ValidationError", put, **dict(which, AutoScalingGroupName="none"), MinSize=1, Recurrence="0 22 * * *")
    refused("ValidationError", scaling.delete_scheduled_action, **which)


def test_names_are_of_a_group(scaling, group):
    scaling.create_auto_scaling_group(**dict(group, AutoScalingGroupName="other"))
    for name in ("web", "other"):
        scaling.put_scheduled_update_group_action(AutoScalingGroupName=name, ScheduledActionName="night", Recurrence="0 22 * * *", MinSize=1)
    assert len(scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]) == 2


def test_what_a_policy_cannot_be(scaling, group, refused):
    put, which = scaling.put_scaling_policy, dict(AutoScalingGroupName="web", PolicyName="cpu")
    refused("ValidationError", put, **which, PolicyType="TargetTrackingScaling")
    refused("ValidationError", put, **which, PolicyType="StepScaling", AdjustmentType="ChangeInCapacity")
    refused("ValidationError", put, **which, AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, StepAdjustments=[dict(ScalingAdjustment=1)])
    scaling.put_scaling_policy(**which, AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    tracking = dict(TargetValue=50.0, PredefinedMetricSpecification=dict(PredefinedMetricType="ASGAverageCPUUtilization"))
    refused("ValidationError", put, **which, PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)


# -- instance refreshes ---------------------------------------------------------------------------


def refreshed(scaling, template, version="2", **preferences):
    wanted = dict(LaunchTemplate=dict(LaunchTemplateId=template, Version=version))
    return dict(AutoScalingGroupName="web", DesiredConfiguration=wanted, Preferences=preferences)


def looks(scaling):
    return [scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0]["Status"] for dummy in range(4)]


@pytest.fixture
def next_version(ec2, template, group):
    ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=dict(ImageId=NEXT))
    return template


def test_a_refresh_replaces_instances_over_time(scaling, refused, next_version):
    before = {one["InstanceId"] for one in settled(scaling)["Instances"]}
    order = refreshed(scaling, next_version, AutoRollback=True, SkipMatching=True)
    scaling.start_instance_refresh(**order)
    refused("InstanceRefreshInProgress", scaling.start_instance_refresh, **order)
    assert looks(scaling) == ["Pending", "InProgress", "Successful", "Successful"]
    found = settled(scaling)
    assert found["LaunchTemplate"]["Version"] == "2" and not before & {one["InstanceId"] for one in found["Instances"]}
    assert {one["LaunchTemplate"]["Version"] for one in found["Instances"]} == {"2"} and len(found["Instances"]) == 2


def test_a_refresh_that_fails_is_rolled_back(double, scaling, next_version):
    before = settled(scaling)["Instances"]
    double.instance_types(impaired=["t3.micro"])
    try:
        scaling.start_instance_refresh(**refreshed(scaling, next_version, AutoRollback=True))
    finally:
        double.instance_types()
    assert looks(scaling) == ["Pending", "InProgress", "RollbackInProgress", "RollbackSuccessful"]
    assert settled(scaling)["Instances"] == before and shown(scaling)["LaunchTemplate"]["Version"] == "1"


def test_only_a_number_can_be_rolled_back_to(scaling, refused, next_version):
    refused("ValidationError", scaling.start_instance_refresh, AutoScalingGroupName="web", Preferences=dict(AutoRollback=True))
    refused("ValidationError", scaling.start_instance_refresh, **refreshed(scaling, next_version, "$Latest", AutoRollback=True))
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=dict(LaunchTemplateId=next_version, Version="$Default"))
    refused("ValidationError", scaling.start_instance_refresh, **refreshed(scaling, next_version, AutoRollback=True))
