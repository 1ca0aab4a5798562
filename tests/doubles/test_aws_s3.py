# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3's rules: each refuses what S3 refuses, and the right thing passes."""

from __future__ import annotations

import json
import urllib.request

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NAME = "acme-logs"
HERE = {"CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-1"}}
OTHER = {"aws_access_key_id": "AKIA222222222222ABCD"}
PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{NAME}/*"}
    ],
}


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket=NAME, **HERE)
    return NAME


def test_names(s3, aws, refused, bucket):
    for name in ("ab", "Acme", "acme_logs", "-acme", "acme..x", "192.168.5.4", "xn--acme", "acme-s3alias"):
        refused("InvalidBucketName", s3.create_bucket, Bucket=name, **HERE)
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=bucket, **HERE)
    refused("BucketAlreadyExists", aws("s3", **OTHER).create_bucket, Bucket=bucket, **HERE)
    refused("403", aws("s3", **OTHER).head_bucket, Bucket=bucket)
    refused("404", s3.head_bucket, Bucket="acme-unknown")
    refused("IllegalLocationConstraintException", s3.create_bucket, Bucket="acme-elsewhere")


def test_names_of_the_own_namespace(s3, refused):
    own = "acme-123456789012-ap-northeast-1-an"
    for name, namespace in ((own, "global"), (own.replace("1234", "9999"), "account-regional"), (NAME, "account-regional")):
        refused("InvalidBucketName", s3.create_bucket, Bucket=name, BucketNamespace=namespace, **HERE)
    s3.create_bucket(Bucket=own, BucketNamespace="account-regional", **HERE)


def test_a_new_bucket_is_closed(s3, bucket, refused):
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    owner = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket=bucket, ACL="private")
    refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(PUBLIC))
    open_one = {"Bucket": "acme-open", "ACL": "public-read", **HERE}
    refused("InvalidBucketAclWithObjectOwnership", s3.create_bucket, **open_one)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(PUBLIC))
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    code = "OwnershipControlsNotFoundError"
    refused(code, s3.get_bucket_ownership_controls, Bucket=bucket)


def test_absent_configurations(s3, bucket, refused):
    for code, call in {
        "NoSuchLifecycleConfiguration": s3.get_bucket_lifecycle_configuration,
        "NoSuchBucketPolicy": s3.get_bucket_policy,
        "NoSuchTagSet": s3.get_bucket_tagging,
        "NoSuchCORSConfiguration": s3.get_bucket_cors,
        "NoSuchWebsiteConfiguration": s3.get_bucket_website,
        "ReplicationConfigurationNotFoundError": s3.get_bucket_replication,
        "ObjectLockConfigurationNotFoundError": s3.get_object_lock_configuration,
    }.items():
        refused(code, call, Bucket=bucket)
        refused("NoSuchBucket", call, Bucket="acme-unknown")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_versioning_has_no_way_back(s3, bucket, refused):
    def wanted(status):
        return {"Bucket": bucket, "VersioningConfiguration": {"Status": status}}

    code = "IllegalVersioningConfigurationException"
    refused(code, s3.put_bucket_versioning, **wanted("Disabled"))
    s3.put_bucket_versioning(**wanted("Enabled"))
    s3.put_bucket_versioning(**wanted("Suspended"))
    locked = {"Bucket": "acme-locked", "ObjectLockEnabledForBucket": True, **HERE}
    s3.create_bucket(**locked)
    refused("InvalidBucketState", s3.put_bucket_versioning, **{**wanted("Suspended"), "Bucket": "acme-locked"})


def test_policies(s3, bucket, refused):
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy="x")
    other = json.dumps(PUBLIC).replace(NAME, "acme-other")
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=other)


def test_configurations_come_back_as_they_went(s3, bucket, refused):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 500}},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    empty = {"Rules": [{"Status": "Enabled", "Filter": {}}]}
    wrong = {"Bucket": bucket, "LifecycleConfiguration": empty}
    refused("InvalidRequest", s3.put_bucket_lifecycle_configuration, **wrong)

    wanted = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["EventBridgeConfiguration"] == {}

    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/acme"}
    rules = [{"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert found == {"Rules": rules}
    bad = {"Rules": [{"ApplyServerSideEncryptionByDefault": {**kms, "SSEAlgorithm": "AES256"}}]}
    wrong = {"Bucket": bucket, "ServerSideEncryptionConfiguration": bad}
    refused("InvalidArgument", s3.put_bucket_encryption, **wrong)
    s3.delete_bucket_encryption(Bucket=bucket)
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}

    s3.put_bucket_request_payment(
        Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"}
    )
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"

    replication = {
        "Role": "arn:aws:iam::123456789012:role/r",
        "Rules": [
            {
                "ID": "one",
                "Priority": 1,
                "Status": "Enabled",
                "Filter": {"Prefix": "x/"},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "Destination": {"Bucket": "arn:aws:s3:::acme-copy", "StorageClass": "STANDARD_IA"},
            }
        ],
    }
    s3.create_bucket(Bucket="acme-copy", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="acme-copy", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=replication)
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == replication


def test_configurations_that_moto_lacks(s3, bucket, refused):
    tiering = {"Id": "t", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
    s3.put_bucket_intelligent_tiering_configuration(
        Bucket=bucket, Id="t", IntelligentTieringConfiguration=tiering
    )
    found = s3.list_bucket_intelligent_tiering_configurations(Bucket=bucket)
    assert found["IntelligentTieringConfigurationList"] == [tiering]
    s3.delete_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="t")
    unknown = {"Bucket": bucket, "Id": "t"}
    refused("NoSuchConfiguration", s3.get_bucket_intelligent_tiering_configuration, **unknown)
    inventory = {
        "Id": "i",
        "IsEnabled": True,
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::x", "Format": "CSV"}},
        "OptionalFields": ["Size"],
    }
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="i", InventoryConfiguration=inventory)
    found = s3.get_bucket_inventory_configuration(Bucket=bucket, Id="i")
    assert found["InventoryConfiguration"] == inventory
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="i")
    assert s3.head_bucket(Bucket=bucket)


def test_an_unknown_sub_resource_does_not_hit_the_bucket(s3, bucket, double, refused):
    refused("NotImplemented", s3.delete_bucket_metadata_table_configuration, Bucket=bucket)
    signer = S3SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "x"), "s3", "ap-northeast-1")
    for method in ("PUT", "DELETE"):
        request = AWSRequest(method=method, url=f"{double.url}/{bucket}?nonsense", data=b"")
        signer.add_auth(request)
        sent = urllib.request.Request(request.url, b"", dict(request.headers), method=method)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(sent)
        assert caught.value.code == 501
    assert s3.head_bucket(Bucket=bucket)


def test_a_bucket_with_anything_in_it_stays(s3, bucket, refused):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)
    for one in (version, marker):
        s3.delete_object(Bucket=bucket, Key="a", VersionId=one)
    s3.delete_bucket(Bucket=bucket)
    refused("NoSuchBucket", s3.delete_bucket, Bucket=bucket)


def test_conditions_of_writes(s3, bucket, refused):
    """PutObject and DeleteObject, IfMatch and IfNoneMatch: "S3 returns a 412 Precondition Failed error"; the ledger stands on it."""
    held = {"Bucket": bucket, "Key": "a"}
    refused("NoSuchKey", s3.put_object, **held, Body=b"one", IfMatch='"0123"')
    first = s3.put_object(**held, Body=b"one", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", s3.put_object, **held, Body=b"two", IfNoneMatch="*")
    s3.put_object(**held, Body=b"two", IfMatch=first)
    refused("PreconditionFailed", s3.put_object, **held, Body=b"three", IfMatch=first)
    refused("PreconditionFailed", s3.delete_object, **held, IfMatch=first)
    assert s3.get_object(**held)["Body"].read() == b"two"


def test_versions_survive_a_snapshot(s3, bucket, double):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="a", Body=body)
    before = double.state()
    double.snapshot("versions")
    s3.put_object(Bucket=bucket, Key="a", Body=b"three")
    double.restore("versions")
    assert double.state() == before
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    bodies = {
        s3.get_object(Bucket=bucket, Key="a", VersionId=one["VersionId"])["Body"].read()
        for one in versions
    }
    assert bodies == {b"one", b"two"}


# -- life cycles ----------------------------------------------------------------------------------


def days(storage_class, count):
    return {"Days": count, "StorageClass": storage_class}


def old_days(storage_class, count, **more):
    return {"NoncurrentDays": count, "StorageClass": storage_class, **more}


TAG = {"Key": "a", "Value": "b"}
LIFECYCLES = [
    ("InvalidArgument", dict(Transitions=[days("STANDARD_IA", 29)])),
    ("InvalidArgument", dict(Transitions=[days("ONEZONE_IA", 0)])),
    ("InvalidArgument", dict(Transitions=[days("GLACIER", -1)])),
    ("InvalidArgument", dict(Transitions=[days("STANDARD_IA", 30), days("GLACIER", 59)])),
    ("InvalidArgument", dict(Transitions=[days("GLACIER", 90), days("DEEP_ARCHIVE", 90)])),
    ("InvalidArgument", dict(Transitions=[days("DEEP_ARCHIVE", 30), days("GLACIER", 90)])),
    ("InvalidArgument", dict(Transitions=[days("GLACIER", 90)], Expiration={"Days": 90})),
    ("InvalidArgument", dict(NoncurrentVersionTransitions=[old_days("STANDARD_IA", 29)])),
    ("InvalidArgument", dict(NoncurrentVersionTransitions=[old_days("GLACIER", 30)], NoncurrentVersionExpiration={"NoncurrentDays": 30})),
    ("InvalidArgument", dict(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101})),
    ("InvalidArgument", dict(Expiration={"Days": 0})),
    ("InvalidArgument", dict(Expiration={"Date": "2030-04-01T09:00:00Z"})),
    ("InvalidArgument", dict(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0})),
    ("InvalidArgument", dict(ID="x" * 256)),
    ("InvalidArgument", dict(Filter={"And": {"Tags": [TAG, TAG]}})),
    ("InvalidRequest", dict(Transitions=[days("GLACIER", 30), days("GLACIER", 90)])),
    ("InvalidRequest", dict(Transitions=[days("GLACIER", 30)], Expiration={"Date": "2030-04-01T00:00:00Z"})),
    ("InvalidRequest", dict(Filter={"Tag": TAG}, Expiration={"ExpiredObjectDeleteMarker": True})),
    ("InvalidRequest", dict(Filter={"Tag": TAG}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})),
    ("InvalidRequest", dict(Filter={"ObjectSizeGreaterThan": 5}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})),
    ("InvalidRequest", dict(Filter={"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}})),
    ("MalformedXML", dict(Transitions=[{"Days": 30}])),
    ("MalformedXML", dict(Transitions=[days("COLD", 30)])),
    ("MalformedXML", dict(Transitions=[{**days("GLACIER", 30), "Date": "2030-04-01T00:00:00Z"}])),
    ("MalformedXML", dict(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})),
    ("MalformedXML", dict(Prefix="a/")),
    ("MalformedXML", dict(Filter={"Prefix": "a/", "Tag": TAG})),
    ("MalformedXML", dict(Filter={"And": {"Prefix": "a/"}})),
    ("MalformedXML", dict(Status="On")),
]


@pytest.mark.parametrize("number", range(len(LIFECYCLES)))
def test_life_cycles_that_are_refused(s3, bucket, refused, number):
    code, wrong = LIFECYCLES[number]
    rule = {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 3650}, **wrong}
    refused(code, s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def test_a_life_cycle_down_to_the_end(s3, bucket):
    rule = {
        "ID": "down",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", "Tags": [TAG]}},
        "Transitions": [days("STANDARD_IA", 30), days("GLACIER_IR", 60), days("DEEP_ARCHIVE", 150)],
        "Expiration": {"Days": 151},
        "NoncurrentVersionTransitions": [old_days("STANDARD_IA", 30, NewerNoncurrentVersions=2), old_days("GLACIER", 60)],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 61},
    }
    dated = {"ID": "dated", "Status": "Enabled", "Prefix": "", "Expiration": {"Date": "2030-04-01T00:00:00Z"}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule, dated]})


def test_replication_rules(s3, bucket, refused):
    def rules(*given):
        configuration = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": list(given)}
        return {"Bucket": bucket, "ReplicationConfiguration": configuration}

    other = "acme-copies-210987654321"
    location = {"LocationConstraint": "ap-northeast-1"}
    s3.create_bucket(Bucket=other, CreateBucketConfiguration=location)
    one = {"ID": "one", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": "a/"}}
    one |= {"DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{other}"}}
    refused("InvalidRequest", s3.put_bucket_replication, **rules(one))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    refused("InvalidRequest", s3.put_bucket_replication, **rules(one))
    s3.put_bucket_versioning(Bucket=other, VersioningConfiguration={"Status": "Enabled"})
    refused("InvalidRequest", s3.put_bucket_replication, **rules({**one, "Destination": {"Bucket": "arn:aws:s3:::acme-nowhere-1"}}))
    refused("InvalidRequest", s3.put_bucket_replication, **rules(one, {**one, "ID": "two"}))
    refused("InvalidArgument", s3.put_bucket_replication, **rules(one, {**one, "Priority": 2}))
    refused("MalformedXML", s3.put_bucket_replication, **rules())
    tagged = {**one, "Filter": {"Tag": TAG}, "DeleteMarkerReplication": {"Status": "Enabled"}}
    refused("InvalidRequest", s3.put_bucket_replication, **rules(tagged))
    refused("InvalidRequest", s3.put_bucket_replication, **rules({name: value for name, value in one.items() if name != "DeleteMarkerReplication"}))
    s3.put_bucket_replication(**rules(one, {**one, "ID": "two", "Priority": 2}))
    suspend = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Suspended"}}
    refused("InvalidBucketState", s3.put_bucket_versioning, **suspend)
    s3.delete_bucket_replication(Bucket=bucket)
    s3.put_bucket_versioning(**suspend)


def letting_s3_in(action, resource, account="123456789012"):
    condition = {"StringEquals": {"aws:SourceAccount": account}}
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": action, "Resource": resource, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_notifications_go_where_s3_is_let_in(s3, bucket, aws, refused):
    sns, sqs, functions = aws("sns"), aws("sqs"), aws("lambda")

    def told(**more):
        sort, member = next((f"{name}Configurations", f"{name}Arn") for name in ("Topic", "Queue", "LambdaFunction") if name in more)
        one = {member: more[sort.removesuffix("Configurations")], "Events": ["s3:ObjectCreated:*"]}
        return {"Bucket": bucket, "NotificationConfiguration": {sort: [one]}}

    put, place = s3.put_bucket_notification_configuration, "ap-northeast-1:123456789012"
    arns = {"Topic": f"arn:aws:sns:{place}:files", "Queue": f"arn:aws:sqs:{place}:files", "LambdaFunction": f"arn:aws:lambda:{place}:function:files"}
    for sort, missing in arns.items():
        refused("InvalidArgument", put, **told(**{sort: missing}))
        put(**told(**{sort: missing}), SkipDestinationValidation=True)

    topic = sns.create_topic(Name="files")["TopicArn"]
    for policy in (letting_s3_in("sns:Subscribe", topic), letting_s3_in("sns:Publish", topic, account="210987654321")):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        refused("InvalidArgument", put, **told(Topic=topic))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=letting_s3_in("sns:Publish", topic))
    put(**told(Topic=topic))

    url, queue = sqs.create_queue(QueueName="files")["QueueUrl"], f"arn:aws:sqs:{place}:files"
    refused("InvalidArgument", put, **told(Queue=queue))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": letting_s3_in("sqs:SendMessage", queue)})
    put(**told(Queue=queue))

    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws("iam").create_role(RoleName="files", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
    code = {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/files:1"}}
    function = functions.create_function(FunctionName="files", Role=role, **code)["FunctionArn"]
    permission = {"FunctionName": "files", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceAccount": "123456789012"}
    functions.add_permission(StatementId="other", SourceArn="arn:aws:s3:::another-bucket", **permission)
    refused("InvalidArgument", put, **told(LambdaFunction=function))
    functions.add_permission(StatementId="own", SourceArn=f"arn:aws:s3:::{bucket}", **permission)
    put(**told(LambdaFunction=function))


def test_notifications_that_overlap_and_other_settings(s3, bucket, aws, refused):
    topic = aws("sns").create_topic(Name="files", Attributes={"Policy": letting_s3_in("sns:Publish", "*")})["TopicArn"]

    def topics(*given):
        return {"Bucket": bucket, "NotificationConfiguration": {"TopicConfigurations": list(given)}}

    def told(event, prefix=None, **more):
        rules = {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}} if prefix else {}
        return {"TopicArn": topic, "Events": [event], **rules, **more}

    put = s3.put_bucket_notification_configuration
    for pair in ([told("s3:ObjectCreated:*"), told("s3:ObjectCreated:Put")], [told("s3:ObjectCreated:*", "a/"), told("s3:ObjectCreated:*", "a/b")]):
        refused("InvalidArgument", put, **topics(*pair))
    refused("InvalidArgument", put, **topics(told("s3:Nonsense")))
    put(**topics(told("s3:ObjectCreated:*", "a/"), told("s3:ObjectCreated:*", "b/"), told("s3:ObjectRemoved:*")))

    def tiering(tier, count):
        tierings = [{"AccessTier": tier, "Days": count}]
        return {"Bucket": bucket, "Id": "all", "IntelligentTieringConfiguration": {"Id": "all", "Status": "Enabled", "Tierings": tierings}}

    for tier, count in (("ARCHIVE_ACCESS", 89), ("DEEP_ARCHIVE_ACCESS", 179), ("ARCHIVE_ACCESS", 731)):
        refused("InvalidArgument", s3.put_bucket_intelligent_tiering_configuration, **tiering(tier, count))
    s3.put_bucket_intelligent_tiering_configuration(**tiering("DEEP_ARCHIVE_ACCESS", 180))
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    for wrong in ({"AllowedMethods": ["PATCH"]}, {"AllowedOrigins": ["https://*.*.jp"]}):
        refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [{**rule, **wrong}]})
    refused("MalformedXML", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule] * 101})
