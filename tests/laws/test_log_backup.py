# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup of logs: what streams and subscription filters refuse, call dangerous or find wrong in a sheet, and what they wait for."""

from __future__ import annotations

import boto3
import pytest

from tests.laws.stage import ACCOUNT, REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, unconfirmed, write

STREAMS, FILTERS = "firehose_delivery_streams", "logs_subscription_filters"
WEB = dict(log_group="/acme/web/access", name="to-s3")
APP = dict(log_group="/acme/app", name="to-s3")
NEW = dict(name="acme-new", role="acme-firehose-to-s3", bucket="acme-log-backup")
SENT = dict(filter_pattern="", delivery_stream="acme-logs-to-s3", role="acme-logs-to-firehose")


@pytest.fixture
def streams(stage):
    stage.prepare(STREAMS)
    stage.run(STREAMS, examples(STREAMS).make)
    return stage


@pytest.fixture
def filters(stage):
    stage.prepare(FILTERS)
    stage.run(FILTERS, examples(FILTERS).make)
    return stage


def destination(stage, name):
    told = client(stage, "firehose").describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    return told["Destinations"][0]["ExtendedS3DestinationDescription"]


def settle(stage, name):
    for dummy in range(4):
        client(stage, "firehose").describe_delivery_stream(DeliveryStreamName=name)


# ---- streams


def test_a_stream_is_waited_for(streams):
    write(streams, STREAMS, NEW)
    told = client(streams, "firehose").describe_delivery_stream(DeliveryStreamName="acme-new")["DeliveryStreamDescription"]
    assert told["DeliveryStreamStatus"] == "ACTIVE"


def test_a_stream_that_is_still_made_is_waited_for_before_it_is_changed(streams):
    role = client(streams, "iam").get_role(RoleName="acme-firehose-to-s3")["Role"]["Arn"]
    where = dict(RoleARN=role, BucketARN="arn:aws:s3:::acme-log-backup")
    client(streams, "firehose").create_delivery_stream(DeliveryStreamName="theirs", ExtendedS3DestinationConfiguration=where)
    harmless(streams, STREAMS, dict(name="theirs", prefix="theirs/"))
    assert destination(streams, "theirs")["Prefix"] == "theirs/"


def test_a_name_on_its_way_out_is_waited_for(streams):
    client(streams, "firehose").delete_delivery_stream(DeliveryStreamName="acme-app-logs")
    assert "acme-app-logs" not in [one["name"] for one in streams.gather(STREAMS)]
    write(streams, STREAMS, dict(NEW, name="acme-app-logs"))
    assert destination(streams, "acme-app-logs")["BucketARN"] == "arn:aws:s3:::acme-log-backup"


def test_what_the_sheet_does_not_know_of_a_stream_stays(streams):
    processing = dict(Enabled=True, Processors=[dict(Type="Decompression", Parameters=[dict(ParameterName="CompressionFormat", ParameterValue="GZIP")])])
    told = client(streams, "firehose").describe_delivery_stream(DeliveryStreamName="acme-web-logs")["DeliveryStreamDescription"]
    client(streams, "firehose").update_destination(
        DeliveryStreamName="acme-web-logs",
        CurrentDeliveryStreamVersionId=told["VersionId"],
        DestinationId=told["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate=dict(ProcessingConfiguration=processing),
    )
    harmless(streams, STREAMS, dict(name="acme-web-logs", prefix="other/", buffering_hints=dict(size_in_mbs=32)))
    after = destination(streams, "acme-web-logs")
    assert after["ProcessingConfiguration"] == processing and after["Prefix"] == "other/"
    assert after["BufferingHints"] == dict(SizeInMBs=32, IntervalInSeconds=300)


def test_half_a_buffer_is_refused_before_anything_is_made(streams):
    assert "only together" in refused(streams, STREAMS, dict(NEW, buffering_hints=dict(size_in_mbs=5)))


def test_a_stream_to_something_else_is_left_alone(streams):
    role = client(streams, "iam").get_role(RoleName="acme-firehose-to-s3")["Role"]["Arn"]
    s3 = dict(RoleARN=role, BucketARN="arn:aws:s3:::acme-log-backup")
    http = dict(EndpointConfiguration=dict(Url="https://collector.example.com"), S3Configuration=s3)
    client(streams, "firehose").create_delivery_stream(DeliveryStreamName="elsewhere", HttpEndpointDestinationConfiguration=http)
    settle(streams, "elsewhere")
    assert "something else than a bucket" in refused(streams, STREAMS, dict(NEW, name="elsewhere"))


def test_what_a_stream_calls_dangerous(streams):
    why = dangerous(streams, STREAMS, dict(name="acme-web-logs", bucket="acme-log-archive"))
    assert "nothing more to acme-log-backup" in why
    assert "would no longer encrypt" in dangerous(streams, STREAMS, dict(name="acme-web-logs", clear=["kms_key_arn"]))
    assert destination(streams, "acme-web-logs")["EncryptionConfiguration"] == dict(NoEncryptionConfig="NoEncryption")
    assert "not delivered yet" in unconfirmed(streams, STREAMS, dict(name="acme-web-logs", state="absent"))


def test_a_bucket_of_another_account_goes_by_its_arn(streams):
    theirs = "arn:aws:s3:::partner-logs"
    keys = dict(aws_access_key_id="AKIA210987654321XXXX", aws_secret_access_key="x")
    boto3.client("s3", endpoint_url=streams.double.url, region_name=REGION, **keys).create_bucket(
        Bucket="partner-logs", CreateBucketConfiguration=dict(LocationConstraint=REGION)
    )
    write(streams, STREAMS, dict(NEW, bucket=theirs))
    assert not write(streams, STREAMS, dict(NEW, bucket=theirs))["changed"]


# ---- subscription filters


def test_a_group_has_two_at_most(filters):
    assert "at most 2" in refused(filters, FILTERS, dict(APP, name="third", **SENT))
    assert "errors, to-s3" in refused(filters, FILTERS, dict(APP, name="third", **SENT))


def test_what_a_filter_calls_dangerous(filters):
    why = dangerous(filters, FILTERS, dict(WEB, filter_pattern="ERROR"))
    assert "only what matches 'ERROR' from now on, instead of everything" in why
    harmless(filters, FILTERS, dict(WEB, filter_pattern=""))
    assert f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/acme-logs-to-s3" in dangerous(filters, FILTERS, dict(WEB, delivery_stream="acme-errors-to-s3"))
    assert "no longer be backed up" in unconfirmed(filters, FILTERS, dict(WEB, state="absent"))


def test_what_the_sheet_does_not_know_of_a_filter_goes_along(filters):
    logs = client(filters, "logs")
    found = logs.describe_subscription_filters(logGroupName="/acme/app")["subscriptionFilters"][1]
    given = {member: found[member] for member in ("logGroupName", "filterName", "filterPattern", "destinationArn", "roleArn")}
    logs.put_subscription_filter(**given, fieldSelectionCriteria='@aws.region = "ap-northeast-1"', emitSystemFields=["@aws.account"])
    harmless(filters, FILTERS, dict(APP, role="acme-logs-to-archive"))
    after = logs.describe_subscription_filters(logGroupName="/acme/app")["subscriptionFilters"][1]
    assert after["fieldSelectionCriteria"] and after["emitSystemFields"] == ["@aws.account"] and after["roleArn"].endswith("archive")


def test_a_filter_to_something_else_shows_no_stream(filters):
    kinesis = client(filters, "kinesis")
    kinesis.create_stream(StreamName="other", ShardCount=1)
    arn = kinesis.describe_stream(StreamName="other")["StreamDescription"]["StreamARN"]
    role = client(filters, "iam").get_role(RoleName="acme-logs-to-firehose")["Role"]["Arn"]
    client(filters, "logs").put_subscription_filter(logGroupName="/acme/web/access", filterName="other", filterPattern="", destinationArn=arn, roleArn=role)
    gathered = next(one for one in filters.gather(FILTERS) if one["name"] == "other")
    assert gathered.get("delivery_stream") is None


def test_a_longer_name_is_another_filter(filters):
    write(filters, FILTERS, dict(WEB, name="to-s3-too", **SENT))
    write(filters, FILTERS, dict(WEB, state="absent"), confirm=[f"{FILTERS}//acme/web/access/to-s3"])
    left = client(filters, "logs").describe_subscription_filters(logGroupName="/acme/web/access")["subscriptionFilters"]
    assert [one["filterName"] for one in left] == ["to-s3-too"]


def test_errors_of_a_stream_do_not_go_through_it():
    stream = dict(name="s", cloudwatch_logging_options=dict(enabled=True, log_group="/acme/firehose"))
    entry = dict(log_group="/acme/firehose", name="to-s3", delivery_stream="s")
    assert faults(FILTERS, entry, firehose_delivery_streams=[stream]) == [(0, "log_group", "loop")]
    assert faults(FILTERS, dict(entry, log_group="/acme/app"), firehose_delivery_streams=[stream]) == []
