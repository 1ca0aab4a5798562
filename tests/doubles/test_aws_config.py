# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Config: one recorder, one channel that reaches its bucket, and the circle between them."""

from __future__ import annotations

import json

import pytest

RECORDER = "arn:aws:config:ap-northeast-1:123456789012:configuration-recorder/default/"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@pytest.fixture
def config(aws):
    return aws("config")


@pytest.fixture
def role(aws):
    trust = document(Principal={"Service": "config.amazonaws.com"}, Action="sts:AssumeRole")
    return aws("iam").create_role(RoleName="config", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    return "logs"


def let_in(aws, key="*", **more):
    resources = ["arn:aws:s3:::logs", f"arn:aws:s3:::logs/{key}"]
    policy = document(Principal={"Service": "config.amazonaws.com"}, Action=["s3:GetBucketAcl", "s3:PutObject"], Resource=resources, **more)
    aws("s3").put_bucket_policy(Bucket="logs", Policy=policy)


def put(config, role, **more):
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role, **more})


def recorder(config):
    return config.describe_configuration_recorders()["ConfigurationRecorders"][0]


def test_the_circle(config, role, bucket, aws, refused):
    channel = {"name": "default", "s3BucketName": bucket}
    let_in(aws)
    refused("NoAvailableConfigurationRecorderException", config.put_delivery_channel, DeliveryChannel=channel)
    put(config, role)
    refused("NoAvailableDeliveryChannelException", config.start_configuration_recorder, ConfigurationRecorderName="default")
    config.put_delivery_channel(DeliveryChannel=channel)
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    refused("LastDeliveryChannelDeleteFailedException", config.delete_delivery_channel, DeliveryChannelName="default")
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    config.delete_delivery_channel(DeliveryChannelName="default")
    config.delete_configuration_recorder(ConfigurationRecorderName="default")
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []


def test_a_recorder_is_put_whole_and_keeps_its_arn_and_tags(config, role, refused):
    mode = {"recordingFrequency": "DAILY", "recordingModeOverrides": []}
    given = {"name": "default", "roleARN": role, "recordingMode": mode}
    config.put_configuration_recorder(ConfigurationRecorder=given, Tags=[{"Key": "Env", "Value": "prod"}])
    arn = recorder(config)["arn"]
    assert arn.startswith(RECORDER) and recorder(config)["recordingMode"] == mode
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role}, Tags=[{"Key": "Env", "Value": "test"}])
    assert recorder(config)["recordingMode"] == {"recordingFrequency": "CONTINUOUS"} and recorder(config)["arn"] == arn
    config.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": "infra"}])
    tags = [{"Key": "Env", "Value": "prod"}, {"Key": "Owner", "Value": "infra"}]
    assert config.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    config.untag_resource(ResourceArn=arn, TagKeys=["Env"])
    assert config.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags[1:]
    code = "MaxNumberOfConfigurationRecordersExceededException"
    refused(code, config.put_configuration_recorder, ConfigurationRecorder={"name": "other", "roleARN": role})


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("InvalidRoleException", {"roleARN": "arn:aws:iam::123456789012:role/nobody"}),
        ("ValidationException", {"recordingMode": {"recordingFrequency": "HOURLY"}}),
        ("ValidationException", {"recordingMode": {"recordingModeOverrides": []}}),
        ("ValidationException", {"recordingGroup": {"resourceTypes": ["AWS::None::Such"]}}),
        ("InvalidRecordingGroupException", {"recordingGroup": {"allSupported": True, "resourceTypes": ["AWS::S3::Bucket"]}}),
    ],
)
def test_recorders_that_are_refused(config, role, refused, code, change):
    refused(code, config.put_configuration_recorder, ConfigurationRecorder={"name": "default", "roleARN": role, **change})


def test_a_role_has_to_trust_config(config, aws, refused):
    trust = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
    role = aws("iam").create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    refused("InvalidRoleException", put, config=config, role=role)
    refused("InvalidRoleException", config.put_configuration_recorder, ConfigurationRecorder={"name": "default"})


def test_the_linked_role_is_made_once(config, aws, refused):
    made = aws("iam").create_service_linked_role(AWSServiceName="config.amazonaws.com")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForConfig"
    put(config, made["Arn"])
    refused("InvalidInput", aws("iam").create_service_linked_role, AWSServiceName="config.amazonaws.com")


def test_the_channel_has_to_reach_its_bucket(config, role, bucket, aws, refused):
    put(config, role)
    code, channel = "InsufficientDeliveryPolicyException", {"name": "default", "s3BucketName": bucket}
    refused("NoSuchBucketException", config.put_delivery_channel, DeliveryChannel={**channel, "s3BucketName": "nowhere"})
    refused(code, config.put_delivery_channel, DeliveryChannel=channel)
    let_in(aws, Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}})
    refused(code, config.put_delivery_channel, DeliveryChannel=channel)
    let_in(aws, key="AWSLogs/123456789012/*", Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})
    config.put_delivery_channel(DeliveryChannel=channel)
    refused(code, config.put_delivery_channel, DeliveryChannel={**channel, "s3KeyPrefix": "p"})
    allowed = document(Action="s3:PutObject", Resource="arn:aws:s3:::logs/p/*")
    aws("iam").put_role_policy(RoleName="config", PolicyName="p", PolicyDocument=allowed)
    config.put_delivery_channel(DeliveryChannel={**channel, "s3KeyPrefix": "p"})
    refused("MaxNumberOfDeliveryChannelsExceededException", config.put_delivery_channel, DeliveryChannel={**channel, "name": "two"})
    topic = "arn:aws:sns:ap-northeast-1:123456789012:no"
    refused("InvalidSNSTopicARNException", config.put_delivery_channel, DeliveryChannel={**channel, "snsTopicARN": topic})
    refused("InvalidS3KmsKeyArnException", config.put_delivery_channel, DeliveryChannel={**channel, "s3KmsKeyArn": "alias/x"})


def test_the_status_after_a_start(config, role, bucket, aws, double):
    let_in(aws)
    put(config, role)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    before = double.state()

    def status():
        return config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]

    assert [status()["lastStatus"] for dummy in range(3)] == ["PENDING", "SUCCESS", "SUCCESS"]
    assert double.state() == before
    aws("s3").delete_bucket_policy(Bucket=bucket)
    assert (status()["lastStatus"], status()["lastErrorCode"]) == ("FAILURE", "AccessDenied")


def test_a_services_own_recorder_is_beside_the_customers(config, role, refused):
    name = config.put_service_linked_configuration_recorder(ServicePrincipal="securityhub.amazonaws.com")["Name"]
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
    put(config, role)
    refused("UnmodifiableEntityException", config.delete_configuration_recorder, ConfigurationRecorderName=name)


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        ("ENCRYPTED_VOLUMES", {"MaximumExecutionFrequency": "One_Hour"}, "only a change in resources triggers"),
        ("ROOT_ACCOUNT_MFA_ENABLED", {"Scope": {"TagKey": "Env"}}, "not supported for periodic rules"),
    ],
)
def test_a_rule_is_told_only_of_what_triggers_it(config, role, refused, source, more, words):
    put(config, role)
    rule = {"ConfigRuleName": "acme", "Source": {"Owner": "AWS", "SourceIdentifier": source}}
    assert words in str(refused("InvalidParameterValueException", config.put_config_rule, ConfigRule={**rule, **more}))
    config.put_config_rule(ConfigRule=rule)
    both = {"MaximumExecutionFrequency": "One_Hour", "Scope": {"ComplianceResourceTypes": ["AWS::EC2::SecurityGroup"]}}
    config.put_config_rule(ConfigRule={"ConfigRuleName": "both", "Source": {"Owner": "AWS", "SourceIdentifier": "INCOMING_SSH_DISABLED"}, **both})
