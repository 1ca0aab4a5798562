# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops an instance does so only where it comes back, and says before what it will have less of."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances, _quotas, _targets, _volumes
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.modules import ec2_change_instance_type
from tests.laws.operations import STOPPED, Desk, sample

TYPE, START, STOP, REPLACE = "ec2.change_instance_type", "ec2.start_instance", "ec2.stop_instance", "ec2.replace_volume_from_snapshot"
RETIREMENT = "ec2.handle_retirement"


@pytest.fixture
def scaling(stage):
    opened = Desk(stage).open("autoscaling.change_capacity")
    yield opened
    opened.close()


def test_a_member_of_an_auto_scaling_group_is_stopped_only_where_its_group_leaves_it_alone(scaling, capfd):
    """Its group would terminate it."""
    client = scaling.stage.client("autoscaling")
    member = client.describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
    for operation, more in ((STOP, {}), (TYPE, dict(ops_ec2_instance_type="t3.large"))):
        plan = scaling.run(operation, check=True, variables=dict(ops_ec2_instance=member, **more), fails=True)
        assert "the Auto Scaling group acme-web takes an instance that is stopped for a sick one" in plan["msg"]
    client.suspend_processes(AutoScalingGroupName="acme-web", ScalingProcesses=["HealthCheck", "AZRebalance"])
    assert scaling.run(STOP, check=True, variables=dict(ops_ec2_instance=member))["changed"]
    assert "the Auto Scaling group acme-web has HealthCheck suspended, which must last until" in capfd.readouterr().err
    client.resume_processes(AutoScalingGroupName="acme-web", ScalingProcesses=["HealthCheck"])
    client.enter_standby(AutoScalingGroupName="acme-web", InstanceIds=[member], ShouldDecrementDesiredCapacity=True)
    assert scaling.run(STOP, check=True, variables=dict(ops_ec2_instance=member))["changed"]


@pytest.mark.parametrize("operation", [TYPE, START, STOP, REPLACE])
def test_with_a_key_that_cannot_be_used_nothing_is_started(desk, operation):
    """It is stopped where that is all: a server may be isolated for the very reason that its key was."""
    kms, ec2 = desk.stage.client("kms"), desk.stage.client("ec2")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = "acme-stopped01" if operation == START else "acme-batch01"
    (found,) = ec2.describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"]
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=8, Encrypted=True, KmsKeyId=key)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=found["Instances"][0]["InstanceId"], Device="/dev/sdk")
    assert desk.run(operation, check=True)["changed"]
    kms.disable_key(KeyId=key)
    desk.double.clear_calls()
    result = desk.run(operation, check=True, fails=operation != STOP)
    said = result["entries"][0]["confirm"] if operation == STOP else result["msg"]
    assert f"key/{key} of its volumes is Disabled, and without it the instance does not start" in said and desk.writes() == []


@pytest.mark.parametrize(("key_state", "told"), [("Enabled", []), ("Updating", []), ("PendingDeletion", [("key", "PendingDeletion")])])
def test_a_key_that_moves_can_be_used(key_state, told):
    class Aws:
        reading = contextlib.nullcontext
        kms = SimpleNamespace(describe_key=lambda **dummy: dict(KeyMetadata=dict(KeyState=key_state)))

        def pages(self, *dummy, **arguments):
            return [dict(KmsKeyId="key")]

    assert list(_instances.unusable_keys(Aws(), dict(InstanceId="i-1"))) == told


def test_a_smaller_type_tells_what_its_volumes_lose(desk):
    ec2 = desk.stage.client("ec2")
    (found,) = ec2.describe_instances(Filters=[dict(Name="tag:Name", Values=["acme-batch01"])])["Reservations"]
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=500, VolumeType="io2", Iops=30000)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=found["Instances"][0]["InstanceId"], Device="/dev/sdk")
    smaller = desk.run(TYPE, check=True, variables=dict(sample(TYPE), ops_ec2_instance_type="t3.large"))["entries"][0]["confirm"]
    assert "and t3.large gives them at most 15700" in smaller
    assert "gives them at most" not in desk.run(TYPE, check=True)["entries"][0]["confirm"]


@pytest.mark.parametrize(
    ("instance", "new", "said"),
    [
        (dict(EnaSupport=False), dict(NetworkInfo=dict(EnaSupport="required")), "needs the ENA driver"),
        (dict(NetworkInterfaces=[dict(InterfaceType="efa")]), {}, "no Elastic Fabric Adapter"),
        (dict(BlockDeviceMappings=[dict(Ebs={})] * 3), dict(EbsInfo=dict(MaximumEbsAttachments=2)), "takes 2 attachments"),
        (
            dict(BlockDeviceMappings=[dict(Ebs={})] * 2, NetworkInterfaces=[{}]),
            dict(EbsInfo=dict(MaximumEbsAttachments=2, AttachmentLimitType="shared")),
            "2 volumes and 1 network interfaces",
        ),
    ],
)
def test_a_type_without_what_the_instance_uses_is_refused(instance, new, said):
    class Aws:
        def pages(self, *dummy, **arguments):
            return ["offered"]

    network = dict(MaximumNetworkInterfaces=4, Ipv4AddressesPerInterface=15, **new.get("NetworkInfo", {}))
    types = dict(ProcessorInfo=dict(SupportedArchitectures=[]), SupportedVirtualizationTypes=[], SupportedUsageClasses=["on-demand"])
    wanted = dict(types, InstanceType="m5.large", **{**new, "NetworkInfo": network})
    (told,) = ec2_change_instance_type._against_the_type(Aws(), dict(instance, Placement=dict(AvailabilityZone="a")), {}, wanted)
    assert said in told


# ---- another type: what is kept before, who asks the load balancer, and whether it may start

SERVERS = ("acme-batch01", "acme-web01")
IN_STANDARD = 2 + 2  # vCPUs of the servers of the examples that run beside acme-batch01


@pytest.fixture
def balanced(desk):
    """acme-batch01 is a target behind a load balancer, at two ports of one group beside another server, and alone by its address in a second group."""
    ec2, elbv2 = desk.stage.client("ec2"), desk.stage.client("elbv2")
    mine, beside = (ec2.describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"][0]["Instances"][0] for name in SERVERS)
    vpc = mine["VpcId"]
    far = dict(name="acme-c", vpc="acme", cidr_block="10.20.98.0/24", availability_zone="ap-northeast-1c")
    desk.stage.run("ec2_subnets", dict(subnets=[far]))
    subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=[dict(Name="vpc-id", Values=[vpc])])["Subnets"] if one["CidrBlock"].startswith("10.20.")]
    zones = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
    balancer = elbv2.create_load_balancer(Name="web", Subnets=sorted(zones.values()), Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
    arns = {}
    for port, (name, kind) in enumerate(dict(web="instance", api="ip").items(), 80):
        made = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=port, VpcId=vpc, TargetType=kind)["TargetGroups"][0]["TargetGroupArn"]
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[dict(Type="forward", TargetGroupArn=made)])
        arns[name] = made
    elbv2.register_targets(TargetGroupArn=arns["web"], Targets=[dict(Id=mine["InstanceId"]), dict(Id=mine["InstanceId"], Port=8080)])
    elbv2.register_targets(TargetGroupArn=arns["web"], Targets=[dict(Id=beside["InstanceId"])])
    elbv2.register_targets(TargetGroupArn=arns["api"], Targets=[dict(Id=mine["PrivateIpAddress"])])
    desk.double.clear_calls()
    desk.targets = lambda: [
        (name, one["Target"]["Id"], one["Target"]["Port"], one["TargetHealth"]["State"])
        for name, arn in arns.items()
        for one in elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    ]
    return desk


@pytest.fixture(params=[TYPE, RETIREMENT])
def stopping(balanced, request):
    """An operation that stops and starts it, its variables, and what it does while the instance is stopped. Its host is to be retired."""
    (instance,) = balanced.stage.client("ec2").describe_instances(Filters=[dict(Name="tag:Name", Values=[SERVERS[0]])])["Reservations"][0]["Instances"]
    event = dict(InstanceEventId="instance-event-0d", Code="instance-stop", Description="degraded hardware")
    balanced.double.instance_events(instance["InstanceId"], [dict(event, NotBefore=(datetime.now(UTC) + timedelta(days=9)).isoformat())])
    balanced.double.clear_calls()
    return request.param, dict(sample(request.param), ops_ec2_instance=SERVERS[0]), ["ec2:ModifyInstanceAttribute"] if request.param == TYPE else []


def test_it_is_no_target_while_it_is_stopped_and_one_again_when_it_is_well(balanced, stopping):
    operation, variables, between = stopping
    before = sorted(balanced.targets())
    plan = balanced.run(operation, check=True, variables=variables)
    said = plan["entries"][0]["confirm"]
    assert "out of the target groups api:81, web:80, web:8080 until it is well again" in said and "no other target of api is healthy" in said
    balanced.run(operation, variables=variables)
    out, back = ["elbv2:DeregisterTargets"] * 3, ["elbv2:RegisterTargets"] * 3
    assert balanced.writes() == [*out, "ec2:StopInstances", *between, "ec2:StartInstances", *back]
    assert sorted(balanced.targets()) == before


@pytest.mark.parametrize("fault", ["die", "die_after"])
def test_wherever_it_breaks_off_it_becomes_a_target_again(balanced, stopping, fault):
    operation, variables, between = stopping
    before, plan = sorted(balanced.targets()), balanced.run(operation, check=True, variables=variables)
    balanced.double.snapshot("balanced")
    for k in range(1, 9 + len(between)):
        balanced.double.restore("balanced")
        balanced.double.faults([dict(fault=fault, at=k, of="write")])
        balanced.run(operation, variables=variables, fails=True)
        balanced.double.clear_faults()
        balanced.run(operation, variables=variables, before=plan["facts"])
        kept = "m7i.xlarge" if operation == TYPE else "m7i.large"
        assert sorted(balanced.targets()) == before and balanced.states()["acme-batch01"] == (kept, "running")


@pytest.mark.parametrize("trouble", ["no_capacity", "impaired"])
def test_where_it_comes_back_it_is_a_target_as_before(balanced, trouble, monkeypatch):
    monkeypatch.setattr(_instances, "WELL_SECONDS", 1)
    before = sorted(balanced.targets())
    balanced.double.instance_types(**{trouble: ["m7i.xlarge"]})
    assert balanced.run(TYPE, fails=True)["returned"] and sorted(balanced.targets()) == before


def test_one_that_does_not_get_healthy_with_its_new_type_comes_back(balanced, monkeypatch):
    monkeypatch.setattr(_targets, "HEALTHY_SECONDS", 1)
    healthy, told = _targets.of_instance, []

    def of_instance(aws, instance):
        sick = instance["InstanceType"] == "m7i.xlarge"
        told.append(sick)
        return [dict(one, healthy=one["healthy"] and not sick) for one in healthy(aws, instance)]

    monkeypatch.setattr(_targets, "of_instance", of_instance)
    result = balanced.run(TYPE, fails=True)
    assert any(told) and result["returned"] and "health of acme-batch01 in its target groups" in result["msg"]
    assert balanced.states()["acme-batch01"] == ("m7i.large", "running")


def test_an_image_is_complete_before_it_is_stopped_or_nothing_is(desk, monkeypatch):
    variables = dict(sample(TYPE), ops_ec2_image_name="acme-batch01 before m7i.xlarge")
    assert "no image is made before it" in desk.run(TYPE, check=True)["entries"][0]["confirm"]
    plan = desk.run(TYPE, check=True, variables=variables)
    assert "no image" not in plan["entries"][0]["confirm"]
    assert plan["diff"]["after"]["acme-batch01"] == dict(instance_type="m7i.xlarge", image="acme-batch01 before m7i.xlarge")
    with monkeypatch.context() as late:
        late.setattr(_images, "_settled", lambda image: False)
        late.setattr(_images, "BEFORE_SECONDS", 0)
        result = desk.run(TYPE, variables=variables, fails=True)
        assert result["returned"] and "Nothing else was done" in result["msg"] and desk.writes() == ["ec2:CreateImage"]
    desk.run(TYPE, variables=variables)
    assert desk.writes() == ["ec2:CreateImage", "ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:StartInstances"]


def test_more_vcpus_than_the_account_may_run_are_refused_before_the_image(desk):
    variables = dict(sample(TYPE), ops_ec2_image_name="acme-batch01 before m7i.xlarge")
    desk.double.instance_types(vcpus=IN_STANDARD + 3)
    for check in (True, False):
        said = desk.run(TYPE, check=check, confirmed=False, variables=variables, fails=True)["msg"]
        assert f"m7i.xlarge has 4 vCPUs, and of the {IN_STANDARD + 3} that the account may run of such types" in said and f"{IN_STANDARD} are in use" in said
    assert desk.writes() == []
    desk.double.instance_types(vcpus=IN_STANDARD + 4)
    assert desk.run(TYPE)["changed"]


def test_a_quota_that_was_never_raised_is_the_one_that_all_have_and_one_that_nobody_may_see_is_told(desk, said):
    accelerated = dict(InstanceType="p5.48xlarge", VCpuInfo=dict(DefaultVCpus=192))
    (told,) = _quotas.against_vcpus(desk.stage.door(), dict(InstanceId="i-1"), {}, accelerated)
    assert "of the 0 that the account may run" in told
    desk.double.faults([dict(fault="denied", at=1, of="call", service="service-quotas", times=0)])
    assert desk.run(TYPE, check=True)["changed"]
    assert said == ["acme-batch01: nobody could see whether the quota L-1216C47A of vCPUs leaves room for its new type"]


# ---- what is attached


def elsewhere(desk):
    """An instance in another zone than all that the examples have."""
    run = desk.stage.run
    run("ec2_subnets", dict(subnets=[dict(name="acme-c", vpc="acme", cidr_block="10.20.99.0/24", availability_zone="ap-northeast-1c")]))
    made = dict(STOPPED, name="acme-far01", subnet="acme-c")
    run("ec2_instances", dict(instances=[made]))
    desk.double.clear_calls()


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("ec2.restore_volume_from_snapshot", dict(ops_ec2_instance="acme-far01", ops_ec2_device="/dev/sdf")),
        ("ec2.attach_network_interface", dict(ops_ec2_instance="acme-far01")),
        ("ec2.attach_network_interface", dict(ops_ec2_instance="acme-far01", ops_ec2_network_interface="acme-inside")),
    ],
)
def test_what_is_in_another_zone_is_refused_before_anything_is_made_or_detached(desk, operation, variables):
    elsewhere(desk)
    for check in (True, False):
        result = desk.run(operation, check=check, confirmed=False, variables={**sample(operation), **variables}, fails=True)
        assert "it is in ap-northeast-1a, and i-" in result["msg"] and "is in ap-northeast-1c" in result["msg"]
    assert desk.writes() == []


RESTORE, ATTACH = "ec2.restore_volume_from_snapshot", "ec2.attach_network_interface"


@pytest.mark.parametrize(
    ("operation", "variables", "said"),
    [
        (RESTORE, dict(ops_ec2_instance="acme-batch01", ops_ec2_device="/dev/sdg"), "at /dev/sdg i-"),
        (RESTORE, dict(ops_ec2_instance="acme-batch01", ops_ec2_device="/dev/disk1"), "does not have the right form; the right one: /dev/sdf, xvdf"),
        (ATTACH, dict(ops_ec2_device_index=0), "device_index: at 0 i-"),
        (ATTACH, dict(ops_ec2_instance="acme-web01"), "device_index: at 1 i-"),
        (ATTACH, dict(ops_ec2_instance="acme-stopped01", ops_ec2_device_index=2), "has 2 network interfaces, and its type t3.micro takes 2"),
    ],
)
def test_a_place_that_is_taken_and_one_too_many_are_refused_before_anything_is_made(desk, operation, variables, said):
    ec2 = desk.stage.client("ec2")
    stopped = ec2.describe_instances(Filters=[dict(Name="tag:Name", Values=["acme-stopped01"])])["Reservations"][0]["Instances"][0]
    second = ec2.create_network_interface(SubnetId=stopped["SubnetId"])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=second, InstanceId=stopped["InstanceId"], DeviceIndex=1)
    desk.double.clear_calls()
    for check in (True, False):
        result = desk.run(operation, check=check, confirmed=False, variables={**sample(operation), **variables}, fails=True)
        assert said in result["msg"], result["msg"]
    assert desk.writes() == []


@pytest.mark.parametrize(("limit_type", "said"), [("shared", "has 2 volumes and 1 network interfaces that count"), ("dedicated", None)])
def test_what_a_type_takes_of_volumes_and_interfaces_together(limit_type, said):
    ebs = dict(MaximumEbsAttachments=3, AttachmentLimitType=limit_type)
    cards = [dict(NetworkInterfaceId="eni-1", Attachment=dict(DeviceIndex=0))]
    kind = dict(EbsInfo=ebs, NetworkInfo=dict(MaximumNetworkInterfaces=8))
    volumes = [dict(DeviceName=f"/dev/sd{letter}", Ebs=dict(VolumeId=letter)) for letter in "ab"]
    host = dict(InstanceId="i-1", InstanceType="m7i.large", BlockDeviceMappings=volumes, NetworkInterfaces=cards, _type=kind)
    for refuse in (lambda: _instances.refuse_volume(host, "/dev/sdc"), lambda: _instances.refuse_interface(host, "eni-2", 1)):
        with pytest.raises(Problem, match=f"i-1 {said}, and its type m7i.large takes 3") if said else contextlib.nullcontext():
            refuse()
    _instances.refuse_interface(host, "eni-1", 1)


def test_a_volume_that_would_be_slower_needs_a_confirmation(desk):
    variables = dict(ops_ec2_volume="acme-logs", ops_ec2_volume_type="gp3", ops_ec2_iops=3000)
    assert "3000 IOPS instead of 4000" in desk.run("ec2.change_volume_type", check=True, variables=variables)["entries"][0]["confirm"]
    assert "confirm" not in desk.run("ec2.change_volume_type", check=True)["entries"][0]


# ---- a volume that grows

GROW = "ec2.expand_volume"


def test_before_a_volume_grows_a_snapshot_of_it_is_begun(desk):
    result = desk.run(GROW)
    assert desk.writes() == ["ec2:CreateSnapshot", "ec2:ModifyVolume"]
    (kept,) = desk.stage.client("ec2").describe_snapshots(Filters=[dict(Name="tag:OpsTicket", Values=["REQ-1"])])["Snapshots"]
    assert result["notes"] == [f"The snapshot acme-data-before-REQ-1 of what the volume held before is {kept['SnapshotId']}"]


@pytest.mark.parametrize(("size", "said"), [(10, "a volume only grows, and it has 20 GiB")])
def test_a_size_that_it_cannot_have_is_refused_before_the_snapshot(desk, size, said):
    for check in (True, False):
        result = desk.run(GROW, check=check, confirmed=False, variables=dict(sample(GROW), ops_ec2_size=size), fails=True)
        assert said in result["msg"]
    assert "ec2:ModifyVolume" not in desk.writes()


def test_what_is_still_being_modified_is_refused_before_the_snapshot(desk, monkeypatch):
    modifying = dict(ModificationState="optimizing", Progress=40, TargetSize=20)
    monkeypatch.setattr(_volumes, "modification", lambda *dummy: modifying)
    assert "its last modification is optimizing (40 %)" in desk.run(GROW, check=True, fails=True)["msg"]


def test_more_modifications_than_aws_takes_in_a_day_are_refused_before_the_snapshot(desk):
    ec2 = desk.stage.client("ec2")
    (volume,) = ec2.describe_volumes(Filters=[dict(Name="tag:Name", Values=["acme-data"])])["Volumes"]
    for throughput in (130, 140, 150):
        ec2.modify_volume(VolumeId=volume["VolumeId"], Throughput=throughput)
    assert desk.run(GROW, check=True)["changed"]
    ec2.modify_volume(VolumeId=volume["VolumeId"], Throughput=160)
    for check in (True, False):
        result = desk.run(GROW, check=check, confirmed=False, fails=True)
        assert "modified 4 times in the last 24 hours, and AWS takes 4" in result["msg"] and "ec2:CreateSnapshot" not in desk.writes()


def test_the_modification_before_is_not_taken_for_the_own_one():
    began = datetime(2026, 11, 30, 12, 0, 0, 250000, UTC)
    shown = [dict(ModificationState="completed", StartTime=began - timedelta(hours=1))] * 2
    ours = [dict(ModificationState=state, StartTime=began.replace(microsecond=0)) for state in ("modifying", "optimizing")]
    seen = iter([*shown, *ours])

    class Aws:
        ec2 = SimpleNamespace(modify_volume=lambda **dummy: dict(VolumeModification=dict(StartTime=began)))

        def pages(self, *dummy, **arguments):
            return [next(seen)]

        def wait(self, what, look, until, limit):
            while not until(look()):
                pass

    _volumes.modify(Aws(), "vol-1", Size=9)
    assert list(seen) == []
