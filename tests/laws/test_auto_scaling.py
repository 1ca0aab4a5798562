# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only Auto Scaling can show: images that are rolled out, and rolled back; sizes that terminate; schedules that collide."""

from __future__ import annotations

import pytest

from tests.laws.operations import Desk, sample
from tests.laws.stage import examples

IMAGE, SIZES = "autoscaling.change_launch_template_image", "autoscaling.change_capacity"
ADD, CHANGE = "autoscaling.add_scheduled_scaling", "autoscaling.change_scheduled_scaling"
OLD, NEW = "ami-02b76b739f98bb809", "ami-760aaa0f"


@pytest.fixture
def desk(stage):
    opened = Desk(stage).open(IMAGE)
    yield opened
    opened.close()


def group(desk):
    return desk.stage.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"][0]


def follow(desk, version):
    """The group launches by this version, and is well."""
    client = desk.stage.client("autoscaling")
    launched = dict(LaunchTemplateName="acme-web", Version=version)
    client.update_auto_scaling_group(AutoScalingGroupName="acme-web", LaunchTemplate=launched)
    for dummy in range(3):
        group(desk)
    desk.double.clear_calls()


def versions(desk):
    found = desk.stage.client("ec2").describe_launch_template_versions(LaunchTemplateName="acme-web")["LaunchTemplateVersions"]
    return {one["VersionNumber"]: one for one in found}


def test_who_keeps_the_sizes_of_a_group_is_told(desk):
    bigger = dict(ops_auto_scaling_group="acme-web", ops_auto_scaling_max_size=9)
    assert "confirm" not in desk.run(SIZES, check=True, variables=bigger)["entries"][0]
    mark = dict(ResourceId="acme-web", ResourceType="auto-scaling-group", Key="eks:nodegroup-name", Value="acme", PropagateAtLaunch=True)
    desk.stage.client("autoscaling").create_or_update_tags(Tags=[mark])
    assert "Amazon EKS made the group" in desk.run(SIZES, check=True, variables=bigger)["entries"][0]["confirm"]


def test_ecs_sets_how_many_there_are_and_not_the_limits(desk):
    mark = dict(ResourceId="acme-web", ResourceType="auto-scaling-group", Key="AmazonECSManaged", Value="", PropagateAtLaunch=True)
    desk.stage.client("autoscaling").create_or_update_tags(Tags=[mark])
    limit = dict(ops_auto_scaling_group="acme-web", ops_auto_scaling_max_size=9)
    assert "confirm" not in desk.run(SIZES, check=True, variables=limit)["entries"][0]
    more = desk.run(SIZES, check=True, variables=dict(limit, ops_auto_scaling_desired_capacity=2))["entries"][0]["confirm"]
    assert "Amazon ECS sets the desired capacity" in more


@pytest.mark.parametrize(("version", "after"), [("1", "2"), ("$Default", "$Default"), ("$Latest", "$Latest")])
def test_the_group_names_its_version_as_before(desk, version, after):
    follow(desk, version)
    desk.run(IMAGE)
    found = group(desk)
    assert found["LaunchTemplate"]["Version"] == after
    assert {one["LaunchTemplate"]["Version"] for one in found["Instances"]} == {"2"}
    assert versions(desk)[2]["LaunchTemplateData"]["ImageId"] == NEW and versions(desk)[2]["DefaultVersion"] == (version == "$Default")
    assert "REQ-1" in versions(desk)[2]["VersionDescription"]


@pytest.mark.parametrize("version", ["1", "$Default"])
def test_a_refresh_that_fails_leaves_the_old_image_everywhere(desk, version):
    follow(desk, version)
    before = group(desk)["Instances"]
    desk.double.instance_types(impaired=["t3.micro"])
    result = desk.run(IMAGE, fails=True)
    assert result["returned"] and "RollbackSuccessful" in result["msg"]
    found = group(desk)
    assert found["LaunchTemplate"]["Version"] == version and found["Instances"] == before
    # It is made once for a ticket; another ticket may try anew.
    assert "request it anew" in desk.run(IMAGE, check=True, fails=True)["msg"]
    desk.double.instance_types()
    desk.run(IMAGE, ticket="REQ-2")
    assert {one["LaunchTemplate"]["Version"] for one in group(desk)["Instances"]} == {"3"}


def test_a_group_of_the_latest_version_is_held_at_the_old_one(desk):
    follow(desk, "$Latest")
    desk.double.instance_types(impaired=["t3.micro"])
    result = desk.run(IMAGE, fails=True)
    assert "stays at version 1" in result["msg"] and group(desk)["LaunchTemplate"]["Version"] == "1"


def test_only_later_instances_where_that_is_asked_for(desk):
    follow(desk, "1")
    before = group(desk)["Instances"]
    variables = dict(sample(IMAGE), ops_auto_scaling_rollout="next_launch_only")
    desk.run(IMAGE, variables=variables, confirmed=False)
    assert desk.writes() == ["ec2:CreateLaunchTemplateVersion", "autoscaling:UpdateAutoScalingGroup"]
    assert group(desk)["LaunchTemplate"]["Version"] == "2" and group(desk)["Instances"] == before
    assert not desk.run(IMAGE, variables=variables, check=True)["changed"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (dict(ops_auto_scaling_image_id="ami-0123456789abcdef0"), "there is no image"),
        (dict(ops_auto_scaling_group="acme-none"), "there is no group"),
    ],
)
def test_what_cannot_be_is_refused_in_the_plan(desk, variables, said):
    for check in (True, False):
        result = desk.run(IMAGE, check=check, confirmed=False, variables={**sample(IMAGE), **variables}, fails=True)
        assert said in result["msg"]
    assert desk.writes() == []


def test_a_group_that_cannot_replace_is_not_refreshed(desk):
    desk.stage.client("autoscaling").suspend_processes(AutoScalingGroupName="acme-web", ScalingProcesses=["Launch"])
    assert "Launch of the group are suspended" in desk.run(IMAGE, check=True, fails=True)["msg"]


def test_nobody_elses_refresh_is_touched(desk):
    follow(desk, "1")
    desk.stage.client("autoscaling").start_instance_refresh(AutoScalingGroupName="acme-web")
    assert "of somebody else" in desk.run(IMAGE, check=True, fails=True)["msg"]


# ---- sizes and schedules


def test_fewer_instances_need_a_confirmation_that_says_how_many(desk):
    desk.stage.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="acme-web", DesiredCapacity=3)
    variables = dict(ops_auto_scaling_group="acme-web", ops_auto_scaling_desired_capacity=1)
    result = desk.run(SIZES, confirmed=False, variables=variables, fails=True)
    assert "would terminate 2 of the 3 instances" in result["msg"]
    desk.run(SIZES, variables=variables)
    assert len(group(desk)["Instances"]) == 1


def test_sizes_that_would_move_what_is_not_named_are_refused(desk):
    variables = dict(ops_auto_scaling_group="acme-web", ops_auto_scaling_min_size=2)
    for check in (True, False):
        assert "desired_capacity 1, as it is now, is not between" in desk.run(SIZES, check=check, confirmed=False, variables=variables, fails=True)["msg"]
    assert [call for call in desk.writes() if call == "autoscaling:UpdateAutoScalingGroup"] == []


def test_two_actions_at_one_time_are_refused(desk):
    variables = dict(sample(ADD), ops_auto_scaling_recurrence="0 22 * * *")
    assert "night of the same group is at the same time" in desk.run(ADD, check=True, variables=variables, fails=True)["msg"]


def test_what_is_past_is_refused(desk):
    variables = dict(ops_auto_scaling_auto_scaling_group="acme-web", ops_auto_scaling_action="sale", ops_auto_scaling_start_time="2020-01-01T00:00:00Z")
    assert "is in the past" in desk.run(CHANGE, check=True, variables=variables, fails=True)["msg"]


def test_a_template_keeps_what_is_no_option(stage):
    """Of a version made by somebody else, with members of which the kind knows nothing."""
    stage.prepare("ec2_launch_templates")
    stage.run("ec2_launch_templates", examples("ec2_launch_templates").make)
    ec2 = stage.client("ec2")
    theirs = dict(EnclaveOptions=dict(Enabled=True), Placement=dict(GroupName="close"))
    ec2.create_launch_template_version(LaunchTemplateName="acme-worker", SourceVersion="1", LaunchTemplateData=theirs)
    ec2.modify_launch_template(LaunchTemplateName="acme-worker", DefaultVersion="2")
    for change in (dict(tenancy="default"), dict(key_pair="acme-web", monitoring=True), dict(clear=["key_pair"])):
        stage.run("ec2_launch_templates", dict(launch_templates=[dict(name="acme-worker", **change)]))
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="acme-worker", Versions=["$Default"])["LaunchTemplateVersions"]
    data = version["LaunchTemplateData"]
    assert data["EnclaveOptions"] == dict(Enabled=True) and data["Placement"] == dict(GroupName="close", Tenancy="default")
    assert data["Monitoring"] == dict(Enabled=True) and "KeyName" not in data


# ---- several types, and who is told


@pytest.fixture
def mixed(stage):
    """The groups of the examples; one of their types has a template of its own, of which the kind knows nothing."""
    stage.prepare("autoscaling_groups")
    stage.run("autoscaling_groups", examples("autoscaling_groups").make)
    scaling = stage.client("autoscaling")
    policy = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"][0]["MixedInstancesPolicy"]
    policy["LaunchTemplate"]["Overrides"][1]["LaunchTemplateSpecification"] = dict(LaunchTemplateName="acme-worker", Version="1")
    del policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateName"]
    scaling.update_auto_scaling_group(AutoScalingGroupName="acme-web", MixedInstancesPolicy=policy)
    stage.double.clear_calls()
    return stage


def changed(stage, fails=False, **entry):
    return stage.run("autoscaling_groups", dict(groups=[dict(name="acme-web", **entry)]), fails=fails)


def policy_of(stage):
    (found,) = stage.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"]
    return found.get("MixedInstancesPolicy"), found.get("LaunchTemplate")


def test_what_is_no_option_of_a_policy_stays(mixed):
    before, dummy = policy_of(mixed)
    changed(mixed, mixed_instances_policy=dict(on_demand_base_capacity=1))
    after, dummy = policy_of(mixed)
    assert after["LaunchTemplate"] == before["LaunchTemplate"]
    assert after["InstancesDistribution"] == dict(before["InstancesDistribution"], OnDemandBaseCapacity=1)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(mixed_instances_policy=dict(overrides=[dict(instance_type="t3.large")])), "LaunchTemplateSpecification, which no sheet names"),
        (dict(mixed_instances_policy=dict(spot_allocation_strategy="capacity-optimized", spot_instance_pools=3)), "spot_instance_pools is only for"),
        (dict(notifications=[dict(topic="acme-audit", notification_types=[])]), "name notification_types for each topic"),
    ],
)
def test_what_a_policy_and_a_notification_cannot_be_is_refused_before_the_first_write(mixed, entry, said):
    assert said in changed(mixed, fails=True, **entry)["msg"] and mixed.writes() == []


def test_a_group_without_its_policy_keeps_its_template(mixed):
    template = policy_of(mixed)[0]["LaunchTemplate"]["LaunchTemplateSpecification"]
    changed(mixed, clear=["mixed_instances_policy"])
    assert policy_of(mixed) == (None, template)
