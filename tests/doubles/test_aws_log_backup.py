# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Firehose and of the subscription filters that send logs to it."""

from __future__ import annotations

import json

import pytest

NAME = {"DeliveryStreamName": "s"}
ARN = "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/s"


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


@pytest.fixture
def role(aws):
    """role(service) is the ARN of a role that the service can take on and that may send."""
    iam = aws("iam")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "firehose:PutRecord", "Resource": ARN}]}

    def make(service, allows=True):
        name = f"r{len(iam.list_roles()['Roles'])}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if allows:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
        return arn

    return make


@pytest.fixture
def destination(aws, role):
    aws("s3").create_bucket(Bucket="log-backup-1", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    return {"RoleARN": role("firehose.amazonaws.com"), "BucketARN": "arn:aws:s3:::log-backup-1", "Prefix": "a/"}


@pytest.fixture
def firehose(aws):
    return aws("firehose")


def status(firehose):
    return firehose.describe_delivery_stream(**NAME)["DeliveryStreamDescription"]["DeliveryStreamStatus"]


def settled(firehose):
    while status(firehose) == "CREATING":
        pass


def test_a_role_that_denies_it_is_none(aws, firehose, destination, refused):
    trusting = json.loads(trust("firehose.amazonaws.com"))
    trusting["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"})
    aws("iam").update_assume_role_policy(RoleName=destination["RoleARN"].rpartition("/")[2], PolicyDocument=json.dumps(trusting))
    refused("InvalidArgumentException", firehose.create_delivery_stream, **NAME, ExtendedS3DestinationConfiguration=destination)


def test_states_pass(firehose, destination, refused):
    firehose.create_delivery_stream(**NAME, ExtendedS3DestinationConfiguration=destination)
    refused("ResourceInUseException", firehose.create_delivery_stream, **NAME, ExtendedS3DestinationConfiguration=destination)
    refused("ResourceInUseException", firehose.delete_delivery_stream, **NAME)
    change = {"CurrentDeliveryStreamVersionId": "1", "DestinationId": "destinationId-000000000001"}
    refused("ResourceInUseException", firehose.update_destination, **NAME, **change, ExtendedS3DestinationUpdate={"Prefix": "b/"})
    assert [status(firehose) for dummy in range(3)] == ["CREATING", "CREATING", "ACTIVE"]
    firehose.delete_delivery_stream(**NAME)
    refused("ResourceInUseException", firehose.create_delivery_stream, **NAME, ExtendedS3DestinationConfiguration=destination)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == ["s"]
    assert [status(firehose) for dummy in range(2)] == ["DELETING", "DELETING"]
    refused("ResourceNotFoundException", firehose.describe_delivery_stream, **NAME)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    firehose.create_delivery_stream(**NAME, ExtendedS3DestinationConfiguration=destination)


def test_a_stale_version_is_refused(firehose, destination, refused):
    """UpdateDestination, CurrentDeliveryStreamVersionId: "This value is required, and helps the service perform conditional operations"."""
    firehose.create_delivery_stream(**NAME, ExtendedS3DestinationConfiguration=destination)
    settled(firehose)
    change = {"CurrentDeliveryStreamVersionId": "1", "DestinationId": "destinationId-000000000001"}
    firehose.update_destination(**NAME, **change, ExtendedS3DestinationUpdate={"Prefix": "b/"})
    refused("ConcurrentModificationException", firehose.update_destination, **NAME, **change, ExtendedS3DestinationUpdate={"Prefix": "c/"})
    assert firehose.describe_delivery_stream(**NAME)["DeliveryStreamDescription"]["VersionId"] == "2"


def test_a_destination_must_be_possible(firehose, destination, role, refused):
    for change in (
        {"RoleARN": "arn:aws:iam::123456789012:role/nobody"},
        {"RoleARN": role("ec2.amazonaws.com")},
        {"BucketARN": "arn:aws:s3:::nowhere"},
        {"BufferingHints": {"SizeInMBs": 5}},
        {"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}},
        {"CompressionFormat": "RAR"},
        {"FileExtension": "gz"},
        {"CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g"}},
    ):
        refused("InvalidArgumentException", firehose.create_delivery_stream, **NAME, ExtendedS3DestinationConfiguration={**destination, **change})
    refused("InvalidArgumentException", firehose.create_delivery_stream, DeliveryStreamName="a b", ExtendedS3DestinationConfiguration=destination)


def test_a_change_is_merged(firehose, destination, refused):
    firehose.create_delivery_stream(**NAME, ExtendedS3DestinationConfiguration=destination)
    settled(firehose)
    before = firehose.describe_delivery_stream(**NAME)["DeliveryStreamDescription"]
    change = {"CurrentDeliveryStreamVersionId": before["VersionId"], "DestinationId": before["Destinations"][0]["DestinationId"]}
    firehose.update_destination(**NAME, **change, ExtendedS3DestinationUpdate={"FileExtension": ".gz"})
    refused("ConcurrentModificationException", firehose.update_destination, **NAME, **change, ExtendedS3DestinationUpdate={"FileExtension": ".log"})
    after = firehose.describe_delivery_stream(**NAME)["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (after["Prefix"], after["FileExtension"], after["CompressionFormat"]) == ("a/", ".gz", "UNCOMPRESSED")


def test_lists_come_in_pages(firehose, destination):
    for number in range(12):
        firehose.create_delivery_stream(DeliveryStreamName=f"s{number:02}", ExtendedS3DestinationConfiguration=destination)
    first = firehose.list_delivery_streams()
    assert len(first["DeliveryStreamNames"]) == 10 and first["HasMoreDeliveryStreams"]
    rest = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="s09")
    assert rest["DeliveryStreamNames"] == ["s10", "s11"] and not rest["HasMoreDeliveryStreams"]


def test_the_way_of_a_subscription_is_tried(aws, firehose, destination, role, refused):
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    sender = role("logs.amazonaws.com")
    wanted = {"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": ARN, "roleArn": sender}
    refused("InvalidParameterException", logs.put_subscription_filter, **wanted)
    firehose.create_delivery_stream(**NAME, ExtendedS3DestinationConfiguration=destination)
    refused("InvalidParameterException", logs.put_subscription_filter, **wanted)  # still CREATING
    settled(firehose)
    for roles in ({"roleArn": role("ec2.amazonaws.com")}, {"roleArn": role("logs.amazonaws.com", allows=False)}):
        refused("InvalidParameterException", logs.put_subscription_filter, **{**wanted, **roles})
    refused("InvalidParameterException", logs.put_subscription_filter, **{name: value for name, value in wanted.items() if name != "roleArn"})
    refused("InvalidOperationException", logs.put_subscription_filter, **{**wanted, "logGroupName": "rare"})
    logs.put_subscription_filter(**wanted, emitSystemFields=["@aws.account"])
    logs.put_subscription_filter(**{**wanted, "filterName": "a"})
    refused("LimitExceededException", logs.put_subscription_filter, **{**wanted, "filterName": "third"})
    found = logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"]
    assert [(one["filterName"], one.get("emitSystemFields")) for one in found] == [("a", None), ("f", ["@aws.account"])]
    logs.put_subscription_filter(**wanted)  # whole: what is not said is gone
    assert "emitSystemFields" not in logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"][1]


def test_export_tasks(aws, refused):
    logs, s3 = aws("logs"), aws("s3")
    logs.create_log_group(logGroupName="g")
    s3.create_bucket(Bucket="here", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    aws("s3", region="us-east-1").create_bucket(Bucket="there")
    wanted = {"logGroupName": "g", "from": 0, "to": 4_000_000_000_000, "destination": "here", "destinationPrefix": "p"}
    refused("ResourceNotFoundException", logs.create_export_task, **{**wanted, "logGroupName": "none"})
    for wrong in ({}, {"destination": "nowhere"}, {"destination": "there"}, {"to": 1}, {"from": 4_000_000_000_001}):
        refused("InvalidParameterException", logs.create_export_task, **{**wanted, **wrong})
    allowed = {"Effect": "Allow", "Principal": {"Service": "logs.ap-northeast-1.amazonaws.com"}, "Action": "s3:*"}
    allowed = [{**allowed, "Resource": ["arn:aws:s3:::here", "arn:aws:s3:::here/*"]}]
    s3.put_bucket_policy(Bucket="here", Policy=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    task = logs.create_export_task(**wanted)["taskId"]
    refused("LimitExceededException", logs.create_export_task, **wanted)
    states = [logs.describe_export_tasks(taskId=task)["exportTasks"][0]["status"]["code"] for dummy in range(3)]
    assert states == ["PENDING", "RUNNING", "COMPLETED"]
    assert logs.describe_export_tasks(statusCode="RUNNING")["exportTasks"] == []
    refused("ResourceNotFoundException", logs.describe_export_tasks, taskId="none")

    for name in ("web/1", "db/1"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    refused("InvalidParameterException", logs.create_export_task, **wanted, logStreamNamePrefix="web*")
    logs.create_export_task(**wanted, logStreamNamePrefix="web")
    assert [one["Key"].split("/")[-2] for one in s3.list_objects_v2(Bucket="here", Prefix="p/")["Contents"]] == ["web-1"]
