# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Custodian has nothing to say about the demo customer's account, and finds each fault that somebody plants in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import boto3
import pytest
import yaml

from tests import demo
from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble
from tests.playbook import ROOT, run_playbook

BASELINE = Path(__file__).parent / "baseline.yml"
CUSTODIAN = ROOT / ".venv" / "custodian" / "bin" / "custodian"
POLICIES = [policy["name"] for policy in yaml.safe_load(BASELINE.read_text(encoding="utf-8"))["policies"]]
ACCESS = dict(AWS_ACCESS_KEY_ID=f"AKIA{demo.ACCOUNT}EYES", AWS_SECRET_ACCESS_KEY="x" * 20, AWS_DEFAULT_REGION="ap-northeast-1")
NAME = "planted"
TOLD = {"forecasts only after about five weeks": "the account is new", "AWS Config does not record": "told before it does", "not up": "no router answers here"}
OPEN = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal="*", Action="SNS:Publish", Resource="*")])


@pytest.fixture(scope="module")
def account():
    """The demo customer's account, made by the playbook."""
    with AwsDouble() as double, MackerelDouble() as mackerel:
        demo.customer_opens_the_doors(double, mackerel)
        run_playbook(["-i", ROOT / "inventories/demo", ROOT / "playbooks/setup.yml"], demo.session(double, mackerel, demo.OPERATOR), allow=TOLD)
        double.snapshot("made")
        yield double


def opinion(double, folder):
    """policy → how many things it finds wrong."""
    command = [CUSTODIAN, "run", "--cache-period", "0", "--output-dir", folder, "--region", "ap-northeast-1", BASELINE]
    subprocess.run(command, env={**os.environ, **ACCESS, "AWS_ENDPOINT_URL": double.url}, check=True, capture_output=True, text=True)
    return {policy: len(json.loads((folder / policy / "resources.json").read_text(encoding="utf-8"))) for policy in POLICIES}


def test_nothing_is_said_about_the_account_that_was_made(account, tmp_path):
    account.restore("made")
    assert opinion(account, tmp_path) == dict.fromkeys(POLICIES, 0)


def test_every_planted_fault_is_found(account, tmp_path):
    account.restore("made")
    assert PLANTS.keys() == set(POLICIES), "a fault is planted for each policy, so that none of them is deaf"
    for plant in PLANTS.values():
        plant(lambda service, **who: boto3.client(service, endpoint_url=account.url, **{**SESSION, **who}))
    found = opinion(account, tmp_path)
    assert [policy for policy, count in found.items() if not count] == []


# ---- how each fault comes about

SESSION = dict(region_name=ACCESS["AWS_DEFAULT_REGION"], aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"])


def weak_passwords(client):
    client("iam").update_account_password_policy(MinimumPasswordLength=6)


def administrator(client):
    client("iam").create_user(UserName=NAME)
    client("iam").attach_user_policy(UserName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def ssh(client):
    group = client("ec2").describe_security_groups(Filters=[dict(Name="group-name", Values=["smp-app"])])["SecurityGroups"][0]["GroupId"]
    rule = dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="0.0.0.0/0")])
    client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def bucket(client):
    client("s3").create_bucket(Bucket=f"{NAME}-{demo.ACCOUNT}", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    client("s3").delete_public_access_block(Bucket=f"{NAME}-{demo.ACCOUNT}")


def log_group(client):
    client("logs").create_log_group(logGroupName=NAME)


def volume(client):
    tags = [dict(ResourceType="volume", Tags=[dict(Key="Backup", Value="daily")])]
    client("ec2").create_volume(AvailabilityZone="ap-northeast-1a", Size=1, Encrypted=False, TagSpecifications=tags)


def unprotected(client):
    running = client("ec2").describe_instances(Filters=[dict(Name="tag:Name", Values=["smp-web01"])])["Reservations"][0]["Instances"][0]
    client("ec2").modify_instance_attribute(InstanceId=running["InstanceId"], DisableApiTermination=dict(Value=False))


def topic(client):
    arn = client("sns").create_topic(Name=NAME)["TopicArn"]
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(OPEN))


def trail(client):
    client("cloudtrail").stop_logging(Name="smp-trail")


def recorder(client):
    client("config").stop_configuration_recorder(ConfigurationRecorderName="default")


def detector(client):
    (detector_id,) = client("guardduty").list_detectors()["DetectorIds"]
    client("guardduty").update_detector(DetectorId=detector_id, Enable=False)


def hub(client):
    client("securityhub").disable_security_hub()


def root_key(client):
    """The double knows the root user by the last letters of the key."""
    client("iam", aws_access_key_id=f"AKIA{demo.ACCOUNT}ROOT").create_access_key()


PLANTS = {
    "password-policy-is-weak": weak_passwords,
    "administrators-without-a-group": administrator,
    "ssh-open-to-the-world": ssh,
    "bucket-open-to-the-public": bucket,
    "log-group-kept-for-ever": log_group,
    "data-volume-not-encrypted": volume,
    "instance-without-protection": unprotected,
    "topic-open-to-other-accounts": topic,
    "actions-not-recorded": trail,
    "configuration-not-recorded": recorder,
    "threats-not-detected": detector,
    "findings-not-gathered": hub,
    "root-user-with-a-key": root_key,
}
