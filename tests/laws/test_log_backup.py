# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup of logs: what streams and subscription filters refuse, call dangerous or find wrong in a sheet, and what they wait for."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import boto3
import pytest
from ansible.module_utils.testing import patch_module_args
from botocore.exceptions import ClientError

from ansible_collections.msp.aws.plugins.module_utils._client import AwsModule
from ansible_collections.msp.aws.plugins.modules import logs_export_log_group
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


FIREHOSE = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
OF_US = dict(StringEquals={"sts:ExternalId": ACCOUNT, "aws:SourceAccount": ACCOUNT})
OF_A_STREAM = dict(ArnLike={"aws:SourceArn": f"arn:aws:firehose:*:{ACCOUNT}:deliverystream/acme-*"})
OTHERS = dict(StringEquals={"aws:SourceAccount": "210987654321"})
OFFICE = dict(NotIpAddress={"aws:SourceIp": "192.0.2.0/24"})


@pytest.mark.parametrize(
    ("statements", "allowed", "doubts"),
    [
        ([dict(FIREHOSE, Condition=OF_US), dict(FIREHOSE, Effect="Deny", Condition=OTHERS)], True, 0),
        ([dict(FIREHOSE, Condition=OF_A_STREAM)], True, 0),
        ([FIREHOSE, dict(FIREHOSE, Effect="Deny", Condition=OFFICE)], True, 1),
        ([dict(FIREHOSE, Condition=OTHERS)], False, 0),
        ([FIREHOSE, dict(FIREHOSE, Effect="Deny", Principal="*")], False, 0),
        ([dict(FIREHOSE, Principal={"Service": "lambda.amazonaws.com"})], False, 0),
    ],
)
def test_a_stream_has_a_role_that_firehose_can_assume(streams, said, statements, allowed, doubts):
    """An explicit Deny wins, as everywhere. Which of several streams, and whose, a trust policy may say."""
    trust = dict(Version="2012-10-17", Statement=statements)
    write(streams, "iam_roles", dict(name="acme-firehose-to-s3", assume_role_policy=trust))
    if allowed:
        harmless(streams, STREAMS, NEW)
    else:
        assert "does not let firehose.amazonaws.com assume it" in refused(streams, STREAMS, NEW)
    assert len({text for text in said if "may assume the role acme-firehose-to-s3 depends on" in text}) == doubts


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


# ---- exports on request

SPAN = {"from": "2026-11-01T00:00:00+09:00", "to": "2126-12-01T00:00:00+09:00"}
EXPORT = dict(SPAN, log_group="/acme/app", name="app-2026-11", bucket="acme-log-backup", prefix=f"AWSLogs/{ACCOUNT}/app")


@pytest.fixture
def logs(stage, monkeypatch):
    monkeypatch.setattr("ansible_collections.msp.aws.plugins.module_utils._client.time.sleep", lambda seconds: None)
    stage.double.reset()
    service = dict(service=f"logs.{REGION}.amazonaws.com")
    write(stage, "s3_buckets", dict(name="acme-log-backup", deliveries=[service]), dict(name="acme-closed"))
    write(stage, "logs_log_groups", dict(name="/acme/app"), dict(name="/acme/web"))
    stage.double.clear_calls()
    return stage


def exported(stage, check=False, fails=False, **more):
    args = {**EXPORT, **stage.hands(), **more, "_ansible_check_mode": check}
    out = io.StringIO()
    with patch_module_args(args), redirect_stdout(out), pytest.raises(SystemExit):
        logs_export_log_group.main()
    result = json.loads(out.getvalue())
    assert bool(result.get("failed")) == fails, result
    return result


def tasks(stage):
    return client(stage, "logs").describe_export_tasks()["exportTasks"]


def test_an_export_is_made_once_and_waited_for(logs):
    planned = exported(logs, check=True)
    assert planned["changed"] and logs.writes() == []
    assert exported(logs)["diff"] == planned["diff"] and logs.writes() == ["logs:CreateExportTask"]
    assert [(one["taskName"], one["status"]["code"]) for one in tasks(logs)] == [("app-2026-11", "COMPLETED")]
    assert not exported(logs)["changed"] and len(tasks(logs)) == 1
    keys = [one["Key"] for one in client(logs, "s3").list_objects_v2(Bucket="acme-log-backup").get("Contents", [])]
    assert keys


def test_an_export_waits_for_the_one_that_is_under_way(logs):
    wanted = {"from": 0, "to": 4_000_000_000_000, "logGroupName": "/acme/web", "destination": "acme-log-backup", "destinationPrefix": f"AWSLogs/{ACCOUNT}/x"}
    client(logs, "logs").create_export_task(taskName="theirs", **wanted)
    assert exported(logs, check=True)["diff"]["after"]["/acme/app"]["waits_for"] == "theirs"
    exported(logs)
    assert [(one["taskName"], one["status"]["code"]) for one in tasks(logs)] == [("theirs", "COMPLETED"), ("app-2026-11", "COMPLETED")]


def test_a_run_that_broke_off_is_gone_on_with(logs):
    logs.double.faults([dict(fault="die_after", at=1, of="write")])
    exported(logs, fails=True)
    logs.double.clear_faults()
    exported(logs)
    assert [one["taskName"] for one in tasks(logs)] == ["app-2026-11"]


def test_an_export_that_goes_wrong_is_told_and_not_made_again_by_itself(logs):
    for attempts in (1, 2):
        assert "FAILED: Internal error" in exported(logs, name="app-fails", fails=True)["msg"] and len(tasks(logs)) == attempts


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (dict(log_group="/acme/none"), "there is no '/acme/none'"),
        (dict(bucket="acme-closed"), "does not allow logs.ap-northeast-1.amazonaws.com s3:GetBucketAcl and s3:PutObject"),
        (dict(to="2026-10-01T00:00:00+09:00"), "is not after 2026-11-01"),
        ({"from": "2026-04-01"}, "no moment with its time zone"),
        ({"from": "2000-01-01T00:00:00Z", "to": "2000-02-01T00:00:00Z"}, "is before /acme/app was made"),
        (dict(log_stream_name_prefix="web*"), "log_stream_name_prefix: "),
        (dict(log_stream_name_prefix=""), "log_stream_name_prefix: "),
    ],
)
def test_an_export_that_aws_would_refuse_is_refused_in_the_plan(logs, more, said):
    assert said in exported(logs, check=True, fails=True, **more)["msg"] and logs.writes() == []


def test_a_name_belongs_to_one_export(logs):
    exported(logs)
    assert "is an export with another destinationPrefix" in exported(logs, check=True, fails=True, prefix="other")["msg"]


def test_an_export_may_be_of_some_streams(logs):
    for name in ("web-1", "db-1"):
        client(logs, "logs").create_log_stream(logGroupName="/acme/app", logStreamName=name)
    planned = exported(logs, check=True, log_stream_name_prefix="web-")
    assert planned["diff"]["after"]["/acme/app"]["log_stream_name_prefix"] == "web-"
    assert exported(logs, log_stream_name_prefix="web-")["diff"] == planned["diff"]
    keys = [one["Key"] for one in client(logs, "s3").list_objects_v2(Bucket="acme-log-backup", Prefix=EXPORT["prefix"])["Contents"]]
    assert [key.split("/")[-2] for key in keys] == ["web-1"]
    assert not exported(logs, log_stream_name_prefix="web-")["changed"]


OWN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"


def its_policy_says(logs, *more, **let_in):
    """A bucket with a policy of somebody's own: what lets the service in, and more."""
    bucket = "arn:aws:s3:::acme-closed"
    given = dict(Effect="Allow", Principal=dict(Service=f"logs.{REGION}.amazonaws.com"), Action=["s3:GetBucketAcl", "s3:PutObject"])
    statements = [dict(given, Resource=[bucket, f"{bucket}/*"], **let_in), *more]
    write(logs, "s3_buckets", dict(name="acme-closed", policy=dict(Version="2012-10-17", Statement=statements)))
    logs.double.clear_calls()


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"{OWN}:*"}}, True),
        ({"StringEquals": {"AWS:SourceAccount": ["210987654321", ACCOUNT]}}, True),
        ({"ArnEquals": {"aws:SourceArn": f"{OWN}:/acme/app"}}, True),
        ({"StringEquals": {"aws:SourceAccount": "210987654321"}}, False),
        ({"ArnLike": {"aws:SourceArn": [f"{OWN}:/acme/web*", f"{OWN}:/other"]}}, False),
        ({"StringLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:*"}}, False),
    ],
)
def test_conditions_of_the_policy_are_looked_into(logs, condition, allowed):
    its_policy_says(logs, Condition=condition)
    if allowed:
        assert exported(logs, bucket="acme-closed")["changed"]
    else:
        assert f"on behalf of {OWN}:/acme/app" in exported(logs, check=True, fails=True, bucket="acme-closed")["msg"] and logs.writes() == []


def test_what_the_policy_denies_is_told_in_the_plan(logs):
    shut = dict(Effect="Deny", Principal="*", Action="s3:*", Resource=["arn:aws:s3:::acme-closed/AWSLogs/*"])
    its_policy_says(logs, shut)
    told = exported(logs, check=True, fails=True, bucket="acme-closed")["msg"]
    assert "does not allow logs.ap-northeast-1.amazonaws.com s3:PutObject on behalf of" in told and "what denies it has to go" in told
    assert "GetBucketAcl call on the given bucket failed" in str(refusal(logs, bucket="acme-closed")), "AWS would say so, too"
    its_policy_says(logs, dict(shut, Resource=["arn:aws:s3:::acme-closed/other/*"]))
    assert exported(logs, bucket="acme-closed")["changed"]


def refusal(logs, bucket):
    wanted = {"from": 0, "to": 4_000_000_000_000, "logGroupName": "/acme/app", "destination": bucket, "destinationPrefix": EXPORT["prefix"]}
    with pytest.raises(ClientError) as caught:
        client(logs, "logs").create_export_task(taskName="theirs", **wanted)
    return caught.value


def test_what_cannot_be_judged_of_the_policy_is_a_warning(logs, monkeypatch):
    told = []
    monkeypatch.setattr(AwsModule, "warn", lambda module, text: told.append(text))
    office = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    its_policy_says(logs, dict(Sid="Office", Effect="Deny", Principal="*", Action="s3:PutObject", Resource="arn:aws:s3:::acme-closed/*", Condition=office))
    assert exported(logs, check=True, bucket="acme-closed")["changed"]
    assert told == [
        "whether logs.ap-northeast-1.amazonaws.com may write to acme-closed on behalf of "
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/acme/app depends on what was not judged of its policy: Office (NotIpAddress aws:sourceip)"
    ]
