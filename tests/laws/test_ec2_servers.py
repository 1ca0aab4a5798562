# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What key pairs, instances and volumes refuse, and what they take up again: beyond what their EXAMPLES show."""

from __future__ import annotations

import boto3
import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client
from tests.laws.stage import KINDS, REGION, examples
from tests.laws.test_gateways import dangerous, faults, refused, write

IMAGES = ("ami-02b76b739f98bb809", "ami-0990bd2af79bd53a7")
WEB = dict(name="acme-web01", image_id=IMAGES[0], instance_type="m7i.large", subnet="acme-a")


@pytest.fixture
def client(double):
    """Somebody else at the same account."""
    keys = dict(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    return lambda service: boto3.client(service, endpoint_url=double.url, region_name=REGION, **keys)


@pytest.fixture
def servers(stage):
    """An account with the prerequisites of instances, and one instance."""
    stage.prepare("ec2_instances")
    stage.run("ec2_instances", dict(instances=[WEB]))
    stage.double.clear_calls()
    return stage


def instance_ids(client, *states):
    filters = [dict(Name="instance-state-name", Values=list(states))]
    return [one["InstanceId"] for group in client("ec2").describe_instances(Filters=filters)["Reservations"] for one in group["Instances"]]


def test_another_image_never_launches_a_second_instance(servers):
    result = servers.run("ec2_instances", dict(instances=[dict(WEB, image_id=IMAGES[1])]), fails=True)
    assert "image_id cannot change after creation" in result["msg"] and servers.writes() == []


def test_the_type_changes_only_while_the_instance_is_stopped(servers, client):
    larger = dict(instances=[dict(name="acme-web01", instance_type="m7i.xlarge")])
    assert "ec2.change_instance_type" in servers.run("ec2_instances", larger, fails=True)["msg"]
    assert servers.writes() == []
    client("ec2").stop_instances(InstanceIds=instance_ids(client, "running"))
    assert servers.run("ec2_instances", larger)["changed"] and not servers.run("ec2_instances", larger)["changed"]


def test_a_terminated_instance_is_none_and_its_token_is_not_taken_again(servers, client):
    servers.run("ec2_instances", dict(instances=[dict(name="acme-web01", state="absent")], confirm=["ec2_instances/acme-web01"]))
    servers.run("ec2_instances", dict(instances=[WEB]))
    assert len(instance_ids(client, "running")) == 1 and len(instance_ids(client, "terminated")) == 1


def test_an_instances_own_disk_is_agreed_upon_with_it(servers, client):
    """Nobody writes a root volume into a sheet; one that outlives the instance is a thing of its own."""
    (root,) = client("ec2").describe_volumes()["Volumes"]
    assert servers.look(dict(ec2_instances=[WEB]))["ec2_volumes"]["beside"] == []
    assert [thing["id"] for thing in servers.look({})["ec2_volumes"]["beside"]] == [root["VolumeId"]]
    loose = client("ec2").create_volume(AvailabilityZone=root["AvailabilityZone"], Size=1)["VolumeId"]
    assert [thing["id"] for thing in servers.look(dict(ec2_instances=[WEB]))["ec2_volumes"]["beside"]] == [loose]


def test_termination_protection_holds(servers, client):
    servers.run("ec2_instances", dict(instances=[dict(name="acme-web01", disable_api_termination=True)]))
    absent = dict(instances=[dict(name="acme-web01", state="absent")], confirm=["ec2_instances/acme-web01"])
    for check in (True, False):
        assert "protected from termination" in servers.run("ec2_instances", absent, check=check, fails=True)["msg"]
    assert len(instance_ids(client, "running")) == 1


def test_an_image_that_nobody_publishes_is_told_before_its_subnet_is_there(servers):
    entry = dict(name="acme-web02", instance_type="m7i.large", subnet="later", image_parameter="/aws/service/x")
    planned = dict(instances=[entry], sheet_names=dict(ec2_subnets=["later"]))
    assert "image_parameter: there is no parameter '/aws/service/x'" in servers.run("ec2_instances", planned, check=True, fails=True)["msg"]


def test_an_image_must_be_named_once(servers):
    twice = dict(WEB, name="acme-web02", image_parameter="/aws/service/x")
    never = dict(name="acme-web02", instance_type="m7i.large", subnet="acme-a")
    for entry, said in ((twice, "image_id and image_parameter are both named"), (never, "image_id or image_parameter must be named")):
        assert said in servers.run("ec2_instances", dict(instances=[entry]), fails=True)["msg"]


def test_credits_that_ec2_refuses_are_a_failure(servers):
    small = dict(WEB, name="acme-small", instance_type="t3.micro", cpu_credits="standard")
    servers.run("ec2_instances", dict(instances=[small]))
    result = servers.run("ec2_instances", dict(instances=[dict(small, cpu_credits="many")]), fails=True)
    assert "ModifyInstanceCreditSpecification" in result["msg"] and "InvalidParameterValue" in result["msg"]


@pytest.fixture
def volumes(stage):
    stage.prepare("ec2_volumes")
    stage.run("ec2_volumes", examples("ec2_volumes").make)
    stage.double.clear_calls()
    return stage


@pytest.mark.parametrize(
    "entry, said",
    [
        (dict(name="acme-web01-data", size=50), "only grows"),
        (dict(name="acme-web01-data", attachments=[dict(instance="acme-web02", device="/dev/sdf")]), "name that one in attachments.remove"),
        (dict(name="acme-web01-data", state="absent"), "must be unmounted and detached (acme-web01)"),
        (dict(name="acme-new", availability_zone="ap-northeast-1a"), "size or snapshot_id"),
    ],
)
def test_what_a_volume_refuses(volumes, entry, said):
    assert said in volumes.run("ec2_volumes", dict(volumes=[entry], confirm=["ec2_volumes/acme-web01-data"]), fails=True)["msg"]
    assert volumes.writes() == []


def test_a_key_is_meant_by_its_arn_its_id_and_each_of_its_aliases(volumes, client):
    alias = next(one for one in client("kms").list_aliases()["Aliases"] if one["AliasName"] == "alias/aws/ebs")
    arn = f"arn:aws:kms:{REGION}:123456789012:key/{alias['TargetKeyId']}"
    for word in (alias["AliasName"], alias["AliasArn"], alias["TargetKeyId"], arn):
        assert not volumes.run("ec2_volumes", dict(volumes=[dict(name="acme-web01-data", kms_key_id=word)]))["changed"]
    volumes.run("ec2_volumes", dict(volumes=[dict(name="acme-web01-data", kms_key_id="alias/aws/s3")]), fails=True)


SECRET = "acme/key-pairs/acme-web"
PAIR = dict(key_pairs=[dict(name="acme-web", private_key_secret=SECRET)])


@pytest.fixture
def keys(stage):
    stage.prepare("ec2_key_pairs")
    return stage


def test_a_pair_that_is_gone_comes_back_from_its_secret(keys, client):
    keys.run("ec2_key_pairs", PAIR)
    before = keys.gather("ec2_key_pairs")
    client("ec2").delete_key_pair(KeyName="acme-web")
    keys.run("ec2_key_pairs", PAIR)
    assert keys.gather("ec2_key_pairs") == before


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("kept", ["rsa", "ed25519"])
def test_a_kept_key_says_so_and_is_taken_for_no_other_type(keys, client, monkeypatch, kept, check):
    entry, said = PAIR["key_pairs"][0], []
    monkeypatch.setattr(_client.Aws, "warn", lambda aws, text: said.append(text))
    keys.run("ec2_key_pairs", dict(key_pairs=[dict(entry, key_type=kept)]))
    client("ec2").delete_key_pair(KeyName="acme-web")
    keys.double.clear_calls()
    assert said == []
    for wanted in {"rsa", "ed25519"} - {kept}:
        message = keys.run("ec2_key_pairs", dict(key_pairs=[dict(entry, key_type=wanted)]), check=check, fails=True)["msg"]
        assert f"of type {kept}, key_type says {wanted}" in message and keys.writes() == []
    assert keys.run("ec2_key_pairs", dict(key_pairs=[dict(entry, key_type=kept)]), check=check)["changed"]
    assert said and all("the secret 'acme/key-pairs/acme-web' is there already, and what it holds is used" in text for text in said)


@pytest.mark.parametrize("check", [True, False])
def test_the_secret_of_something_else_is_left_alone(keys, client, check):
    client("secretsmanager").create_secret(Name=SECRET, SecretString="something else")
    assert "nothing was written to it" in keys.run("ec2_key_pairs", PAIR, check=check, fails=True)["msg"]
    assert client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"] == "something else"
    assert keys.gather("ec2_key_pairs") == []


def test_a_pair_whose_secret_is_gone_is_not_replaced(keys, client):
    keys.run("ec2_key_pairs", PAIR)
    client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    keys.double.clear_calls()
    assert "private_key_secret cannot change after creation" in keys.run("ec2_key_pairs", PAIR, fails=True)["msg"]
    assert keys.writes() == []


def test_the_private_key_is_in_no_result(keys, client):
    result = keys.run("ec2_key_pairs", PAIR)
    secret = client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    assert secret.splitlines()[1] not in str(result)


@pytest.mark.parametrize(
    "more, said",
    [
        ({}, "public_key or private_key_secret must be named"),
        (dict(public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFfYBsf22rsuKz00nm10ry+XaBfqCz4z/TIJArHxNi65", key_type="rsa"), "is of type ed25519"),
    ],
)
def test_what_a_key_pair_refuses(keys, more, said):
    assert said in keys.run("ec2_key_pairs", dict(key_pairs=[dict(name="acme-ops", **more)]), fails=True)["msg"]
    assert keys.writes() == []


@pytest.mark.parametrize(
    "kind, entry, fault",
    [
        ("ec2_instances", dict(image_id=IMAGES[0], image_parameter="/aws/service/x"), ("image_id", "one_of")),
        ("ec2_key_pairs", dict(public_key="ssh-rsa AAAA", private_key_secret=SECRET), ("public_key", "one_of")),
        ("ec2_key_pairs", dict(public_key="ssh-rsa AAAA", key_format="ppk"), ("key_format", "needs")),
        ("ec2_volumes", dict(kms_key_id="alias/acme"), ("kms_key_id", "needs")),
    ],
)
def test_what_is_wrong_in_a_sheet_alone(kind, entry, fault):
    assert [found[1:3] for found in KINDS[kind].faults([entry], {})] == [fault]
    for made in examples(kind).make[KINDS[kind].things]:
        assert list(KINDS[kind].faults([made], {})) == []


def test_a_volume_that_is_going_is_none():
    class Going:
        @staticmethod
        def pages(service, operation, result, **arguments):
            return [dict(VolumeId=f"vol-{state}", State=state, AvailabilityZone="a", Tags=[]) for state in ("available", "deleting", "deleted")]

    assert [have["id"] for have in KINDS["ec2_volumes"].find(Going, [])] == ["vol-available"]


def test_a_thing_made_anew_after_its_end_does_not_come_from_its_old_token(volumes):
    spare = dict(name="acme-spare", availability_zone="ap-northeast-1a", size=1)
    made = []
    for dummy in range(3):
        made.append(volumes.run("ec2_volumes", dict(volumes=[spare]))["entries"][0]["id"])
        volumes.run("ec2_volumes", dict(volumes=[dict(spare, state="absent")], confirm=["ec2_volumes/acme-spare"]))
    assert len(set(made)) == 3


# ---- what the model of EC2 says in words only


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        (dict(volume_type="gp3", size=20, iops=10001), ("iops", "most")),
        (dict(volume_type="gp3", size=1, iops=3000), None),
        (dict(volume_type="gp3", iops=4000, throughput=1001), ("throughput", "most")),
        (dict(volume_type="gp3", throughput=1000), None),  # it may have the IOPS for it already
        (dict(volume_type="gp3", iops=2999), ("iops", "least")),
        (dict(volume_type="gp2", iops=3000), ("iops", "needs")),
        (dict(volume_type="io2", throughput=250), ("throughput", "needs")),
        (dict(volume_type="io1", size=100, iops=5001), ("iops", "most")),
        (dict(volume_type="io2", size=100, iops=100001), ("iops", "most")),
        (dict(volume_type="io2", size=100), None),
        (dict(volume_type="st1", size=124), ("size", "least")),
        (dict(size=1, iops=9), None),
    ],
)
def test_the_numbers_of_a_volume_suit_its_type_and_one_another(numbers, fault):
    told = [(0, *fault)] if fault else []
    assert faults("ec2_volumes", dict(numbers, name="data")) == told
    assert faults("ec2_instances", dict(name="web", root_volume=numbers)) == [(0, f"root_volume.{option}", code) for dummy, option, code in told]


@pytest.mark.parametrize(
    ("volume", "said"),
    [
        (dict(volume_type="io2", size=20), "volume_type: iops is needed"),
        (dict(volume_type="gp3", size=20, throughput=1000), "throughput: 1000 is more than the most allowed, 750"),
        (dict(volume_type="gp3", size=20, multi_attach_enabled=True), "multi_attach_enabled: a new volume can have it with the type io1 or io2, not gp3"),
    ],
)
def test_a_new_volume_that_cannot_be_is_refused_in_the_plan(stage, volume, said):
    assert said in refused(stage, "ec2_volumes", dict(volume, name="data", availability_zone="ap-northeast-1a"))


def test_a_volume_is_told_as_it_will_be(stage):
    stage.prepare("ec2_volumes")
    write(stage, "ec2_volumes", dict(name="data", availability_zone="ap-northeast-1a", size=20, volume_type="gp2"))
    assert "iops" in refused(stage, "ec2_volumes", dict(name="data", iops=3000))
    harmless_growth = dict(volumes=[dict(name="data", size=30)], confirm=["ec2_volumes/data"])
    assert stage.run("ec2_volumes", harmless_growth)["changed"]
    assert stage.run("ec2_volumes", dict(volumes=[dict(name="data", volume_type="gp3", throughput=750)]))["changed"]
    assert "throughput: 1000" in refused(stage, "ec2_volumes", dict(name="data", throughput=1000))
    assert stage.run("ec2_volumes", dict(volumes=[dict(name="data", iops=4000, throughput=1000)]))["changed"]


def test_one_confirmation_is_asked_for_all_that_it_allows(volumes):
    slower = dict(name="acme-web01-data", volume_type="gp2", size=400, attachments=dict(set=[]))
    said = dangerous(volumes, "ec2_volumes", slower)
    for one in ("would detach the volume from i-", "; would grow the volume from ", "; would give the volume less than it has: "):
        assert one in said


def test_what_only_some_instances_have(servers):
    assert faults("ec2_instances", dict(WEB, cpu_credits="standard")) == [(0, "cpu_credits", "needs")]
    assert faults("ec2_instances", dict(WEB, instance_type="t3.micro", cpu_credits="standard", user_data="#" * 16384)) == []
    assert faults("ec2_instances", dict(WEB, user_data="#" * 16385)) == [(0, "user_data", "longest")]
    hops = "http_put_response_hop_limit"
    assert faults("ec2_instances", dict(WEB, metadata_options={hops: 65})) == [(0, f"metadata_options.{hops}", "most")]
    assert faults("ec2_instances", dict(WEB, root_volume=dict(kms_key_id="alias/acme"))) == [(0, "root_volume.kms_key_id", "needs")]
    assert "cpu_credits: only instances of the types" in refused(servers, "ec2_instances", dict(name="acme-web01", cpu_credits="unlimited"))
    new = dict(WEB, name="acme-new", root_volume=dict(volume_type="io1", size=20))
    assert "root_volume.volume_type: iops is needed" in refused(servers, "ec2_instances", new)


@pytest.mark.parametrize("kind", ["ec2_instances", "ec2_network_interfaces", "ec2_nat_gateways"])
def test_private_addresses_lie_in_their_subnet_and_are_one_things(kind):
    subnets = [dict(name="acme-a", vpc="acme", cidr_block="10.20.1.0/24")]
    for address, code in {"10.20.1.3": "reserved_address", "10.20.1.255": "reserved_address", "10.20.2.9": "outside_subnet"}.items():
        for subnet in ("acme-a", "acme/acme-a"):
            assert faults(kind, dict(name="one", subnet=subnet, private_ip_address=address), ec2_subnets=subnets) == [(0, "private_ip_address", code)]
    there = dict(name="one", subnet="acme-a", private_ip_address="10.20.1.9")
    assert faults(kind, there, ec2_subnets=subnets) == []
    assert [code for dummy, option, code in faults(kind, there, dict(there, name="two"), ec2_subnets=subnets)] == ["address_taken"] * 2
    assert [fault[3]["other"] for fault in KINDS[kind].faults([there, dict(there, name="two"), dict(there, name=None)], {})][1] == f"{kind} one, {kind} #3"
    other = "ec2_instances" if kind != "ec2_instances" else "ec2_network_interfaces"
    assert faults(kind, there, **{other: [there]}) == [(0, "private_ip_address", "address_taken")]
    elsewhere = dict(there, subnet="acme-b")
    assert faults(kind, there, dict(elsewhere, name="two"), ec2_subnets=subnets) == []


@pytest.mark.parametrize(("address", "said"), [("10.20.1.3", "is one of the five that AWS reserves in"), ("10.20.9.9", "is not in")])
def test_a_private_address_of_a_subnet_in_the_account_is_refused_in_the_plan(servers, address, said):
    new = dict(
        ec2_instances=dict(image_id=IMAGES[0], instance_type="m7i.large"),
        ec2_nat_gateways=dict(connectivity_type="private"),
        ec2_network_interfaces={},
    )
    for kind, more in new.items():
        told = refused(servers, kind, dict(more, name="acme-new", subnet="acme-a", private_ip_address=address))
        assert f"private_ip_address: {address} {said} 10.20.1.0/24" in told
