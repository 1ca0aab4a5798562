# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail: the event history, which moto lacks (what is told of the calls, and how it is looked up), and trails."""

from __future__ import annotations

import datetime
import json
import types

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

HERE = "ap-northeast-1:123456789012"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
DAY = datetime.timedelta(days=1)


@pytest.fixture
def trail(aws):
    return aws("cloudtrail")


def found(trail, key="ReadOnly", value="false", **given):
    return trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **given)["Events"]


def names(events):
    return [event["EventName"] for event in events]


def record(event):
    return json.loads(event["CloudTrailEvent"])


def about(event):
    """{name: type} of an event's resources."""
    return {one["ResourceName"]: one.get("ResourceType") for one in event["Resources"]}


# -- what is told ---------------------------------------------------------------------------------


def test_a_write_is_told_with_all_that_cloudtrail_says(trail, aws):
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    group = aws("ec2").create_security_group(GroupName="web", Description="d")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    event = found(trail, "EventName", "AuthorizeSecurityGroupIngress")[0]
    assert event["ReadOnly"] == "false"
    assert event["EventSource"] == "ec2.amazonaws.com"
    assert event["AccessKeyId"] == "AKIAIOSFODNN7EXAMPLE"
    assert before <= event["EventTime"] <= datetime.datetime.now(datetime.UTC)
    assert about(event)[group] == "AWS::EC2::SecurityGroup"
    told = record(event)
    assert (told["eventID"], told["eventName"], told["eventSource"]) == (event["EventId"], event["EventName"], event["EventSource"])
    assert datetime.datetime.fromisoformat(told["eventTime"]) == event["EventTime"]
    assert (told["awsRegion"], told["recipientAccountId"], told["sourceIPAddress"]) == ("ap-northeast-1", "123456789012", "127.0.0.1")
    assert "Boto3" in told["userAgent"]
    assert told["requestParameters"]["groupId"] == group
    permission = told["requestParameters"]["ipPermissions"]["items"][0]
    assert (permission["fromPort"], permission["ipRanges"]) == (443, {"items": [{"cidrIp": "192.0.2.0/24"}]})
    assert told["responseElements"]["securityGroupRuleSet"]["items"][0]["securityGroupRuleId"] in about(event)
    assert "errorCode" not in told


GROUP, INSTANCE, BUCKET = "AWS::EC2::SecurityGroup", "AWS::EC2::Instance", {"acme-logs": "AWS::S3::Bucket"}
ROLE = dict.fromkeys(("ops", "arn:aws:iam::123456789012:role/team/ops"), "AWS::IAM::Role")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALARM = {
    "AlarmName": "cpu",
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "Statistic": "Average",
    "Dimensions": [{"Name": "InstanceId", "Value": "{instance}"}],
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 90.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": [f"arn:aws:sns:{HERE}:other"],
}


def alarms(*names_of_alarms):
    return {told: "AWS::CloudWatch::Alarm" for name in names_of_alarms for told in (name, f"arn:aws:cloudwatch:{HERE}:alarm:{name}")}


# service, method, parameters, event name, {name: type} under which it can be found; {group} stands for what was made before
NAMED = [
    (
        "ec2",
        "create_tags",
        {"Resources": ["{group}", "{instance}"], "Tags": [{"Key": "k", "Value": "vpc-0123456789abcdef0"}]},
        "CreateTags",
        {"{group}": GROUP, "{instance}": INSTANCE},
    ),
    (
        "ec2",
        "modify_instance_attribute",
        {"InstanceId": "{instance}", "Groups": ["{group}"]},
        "ModifyInstanceAttribute",
        {"{group}": GROUP, "{instance}": INSTANCE},
    ),
    ("ec2", "create_key_pair", {"KeyName": "ops"}, "CreateKeyPair", {"ops": "AWS::EC2::KeyPair"}),
    (
        "iam",
        "create_user",
        {"UserName": "taro", "Path": "/staff/"},
        "CreateUser",
        {"taro": "AWS::IAM::User", "arn:aws:iam::123456789012:user/staff/taro": "AWS::IAM::User"},
    ),
    ("iam", "tag_role", {"RoleName": "ops", "Tags": [{"Key": "a", "Value": "b"}]}, "TagRole", ROLE),
    ("iam", "attach_role_policy", {"RoleName": "ops", "PolicyArn": READ_ONLY}, "AttachRolePolicy", {**ROLE, READ_ONLY: "AWS::IAM::Policy"}),
    ("s3", "put_bucket_versioning", {"Bucket": "acme-logs", "VersioningConfiguration": {"Status": "Enabled"}}, "PutBucketVersioning", BUCKET),
    (
        "s3",
        "put_public_access_block",
        {"Bucket": "acme-logs", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        "PutBucketPublicAccessBlock",
        BUCKET,
    ),
    ("sns", "create_topic", {"Name": "alarms"}, "CreateTopic", dict.fromkeys(("alarms", f"arn:aws:sns:{HERE}:alarms"), "AWS::SNS::Topic")),
    ("cloudwatch", "put_metric_alarm", ALARM, "PutMetricAlarm", alarms("cpu")),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["one", "two"]}, "DeleteAlarms", alarms("one", "two")),
    ("logs", "put_retention_policy", {"logGroupName": "/acme/web", "retentionInDays": 7}, "PutRetentionPolicy", {"/acme/web": "AWS::Logs::LogGroup"}),
    ("dlm", "delete_lifecycle_policy", {"PolicyId": "policy-0a"}, "DeleteLifecyclePolicy", {"policy-0a": "AWS::DLM::Policy"}),
]
SOURCES = {"cloudwatch": "monitoring"}


@pytest.fixture
def made(aws, double):
    """What the operations are about; made before the record begins, but for the role, whose path no later call tells."""
    ec2 = aws("ec2")
    name = [{"Name": "name", "Values": ["amzn2-ami-hvm-2.0.2*-x86_64-gp2"]}]
    image = ec2.describe_images(Owners=["amazon"], Filters=name)["Images"][0]["ImageId"]
    things = {
        "group": ec2.create_security_group(GroupName="made", Description="d")["GroupId"],
        "instance": ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][0]["InstanceId"],
    }
    aws("s3").create_bucket(Bucket="acme-logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    aws("logs").create_log_group(logGroupName="/acme/web")
    double.clear_calls()
    aws("iam").create_role(RoleName="ops", Path="/team/", AssumeRolePolicyDocument=TRUST)
    return things


def filled(value, made):
    return json.loads(json.dumps(value).replace("{group}", made["group"]).replace("{instance}", made["instance"]))


@pytest.mark.parametrize(("service", "method", "given", "event_name", "expected"), NAMED, ids=[case[3] for case in NAMED])
def test_things_are_named_as_the_call_names_them(aws, made, service, method, given, event_name, expected):
    try:
        getattr(aws(service), method)(**filled(given, made))
    except ClientError:
        pass  # the thing is not there: the event tells of the attempt
    trail = aws("cloudtrail", "us-east-1" if service == "iam" else "ap-northeast-1")
    expected = filled(expected, made)
    for name in expected:
        event = found(trail, "ResourceName", name)[0]
        assert event["EventName"] == event_name
        assert event["EventSource"] == f"{SOURCES.get(service, service)}.amazonaws.com"
        assert expected.items() <= about(event).items()
        assert not set(about(event)) - set(expected) - created(event)


def created(event):
    """What only the answer named: an event may tell of that beside what the call named."""
    return {name for name in about(event) if json.dumps(name) in json.dumps(record(event)["responseElements"])}


def test_reads_sessions_and_data_are_not_told(aws, made):
    aws("ec2").describe_vpcs()
    aws("sts").get_caller_identity()
    aws("s3").put_object(Bucket="acme-logs", Key="a", Body=b"x")
    aws("s3").delete_objects(Bucket="acme-logs", Delete={"Objects": [{"Key": "a"}]})
    aws("cloudwatch").put_metric_data(Namespace="acme", MetricData=[{"MetricName": "m", "Value": 1.0}])
    for region, told in (("ap-northeast-1", []), ("us-east-1", ["CreateRole"])):
        assert names(found(aws("cloudtrail", region))) == told
        assert found(aws("cloudtrail", region), value="true") == []


def test_refusals_are_told_with_their_code(aws, refused):
    refused("InvalidGroup.NotFound", aws("ec2").delete_security_group, GroupId="sg-0123456789abcdef0")
    refused("NoSuchEntity", aws("iam").delete_user, UserName="nobody")
    refused("ResourceNotFoundException", aws("logs").delete_log_group, logGroupName="/none")
    codes = {}
    for region in ("ap-northeast-1", "us-east-1"):
        for event in found(aws("cloudtrail", region)):
            codes[event["EventName"]] = record(event)["errorCode"]
            assert record(event)["errorMessage"]
            assert record(event)["responseElements"] is None
    assert codes == {
        "DeleteSecurityGroup": "Client.InvalidGroup.NotFound",
        "DeleteUser": "NoSuchEntityException",
        "DeleteLogGroup": "ResourceNotFoundException",
    }


@pytest.mark.parametrize(("fault", "told"), [("server_error", False), ("timeout", False), ("server_error_after", True), ("timeout_after", True)])
def test_what_was_done_is_told_whatever_the_caller_saw(aws, trail, double, fault, told):
    double.faults([{"fault": fault, "of": "write"}])
    with pytest.raises((ClientError, ConnectionClosedError)):
        aws("logs").create_log_group(logGroupName="/acme/web")
    assert names(found(trail)) == (["CreateLogGroup"] if told else [])
    assert all("errorCode" not in record(event) for event in found(trail))


def test_secrets_are_not_told(aws):
    iam, history = aws("iam"), aws("cloudtrail", "us-east-1")
    iam.create_user(UserName="taro")
    iam.create_login_profile(UserName="taro", Password="Quite-0dd-and-long")
    secret = iam.create_access_key(UserName="taro")["AccessKey"]["SecretAccessKey"]
    texts = [event["CloudTrailEvent"] for event in found(history)]
    assert len(texts) == 3
    assert not any(word in text for text in texts for word in (secret, "Quite-0dd"))


# -- who ------------------------------------------------------------------------------------------


def test_users_and_sessions_are_told(aws, trail):
    iam = aws("iam")
    user = iam.create_user(UserName="taro", Path="/staff/")["User"]
    key = iam.create_access_key(UserName="taro")["AccessKey"]["AccessKeyId"]
    role = iam.create_role(RoleName="ops", AssumeRolePolicyDocument=TRUST)["Role"]
    session = aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="hanako")
    token = session["Credentials"]
    aws("logs").create_log_group(logGroupName="/nobodys")
    aws("logs", aws_access_key_id=key).create_log_group(logGroupName="/users")
    aws("logs", aws_access_key_id=token["AccessKeyId"], aws_session_token=token["SessionToken"]).create_log_group(logGroupName="/sessions")
    aws("iam", aws_access_key_id=key).delete_access_key(UserName="taro", AccessKeyId=key)  # its own key, which is still who it was
    (nobodys,), (users,), (sessions,) = (found(trail, "ResourceName", name) for name in ("/nobodys", "/users", "/sessions"))
    (gone,) = found(aws("cloudtrail", "us-east-1"), "EventName", "DeleteAccessKey")
    assert [event["Username"] for event in (nobodys, users, sessions, gone)] == ["moto", "taro", "hanako", "taro"]
    told = record(users)["userIdentity"]
    assert (told["type"], told["arn"], told["principalId"], told["userName"]) == ("IAMUser", user["Arn"], user["UserId"], "taro")
    told = record(sessions)["userIdentity"]
    assert (told["type"], told["arn"], told["principalId"]) == ("AssumedRole", session["AssumedRoleUser"]["Arn"], session["AssumedRoleUser"]["AssumedRoleId"])
    issuer = told["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["principalId"], issuer["userName"]) == ("Role", role["Arn"], role["RoleId"], "ops")
    assert found(trail, "Username", "hanako") == found(trail, "AccessKeyId", token["AccessKeyId"]) == [sessions]


def test_events_stay_in_their_account_and_region(aws, trail):
    other = {"aws_access_key_id": "AKIA999999999999ABCD"}
    aws("logs", "us-west-2").create_log_group(logGroupName="/west")
    aws("logs", **other).create_log_group(logGroupName="/other")
    aws("iam").create_group(GroupName="ops")  # a global service: its events are in us-east-1
    assert names(found(trail)) == []
    assert names(found(aws("cloudtrail", "us-west-2"))) == names(found(aws("cloudtrail", **other))) == ["CreateLogGroup"]
    assert names(found(aws("cloudtrail", "us-east-1"))) == ["CreateGroup"]


# -- looking up -----------------------------------------------------------------------------------


@pytest.fixture
def groups(aws):
    """Seven events."""
    for number in range(7):
        aws("logs").create_log_group(logGroupName=f"/{number}")
    return [f"/{number}" for number in reversed(range(7))]


def shown(events):
    return [event["Resources"][0]["ResourceName"] for event in events]


def test_each_attribute_finds_what_has_it(aws, trail, groups):
    aws("sns").create_topic(Name="alarms")
    events = trail.lookup_events()["Events"]
    assert names(events) == ["CreateTopic", *["CreateLogGroup"] * 7]
    for key in ("EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId"):
        for event in events:
            assert found(trail, key, event[key]) == [one for one in events if one[key] == event[key]]
        assert found(trail, key, "nonsense") == []
    assert found(trail, "ResourceType", "AWS::SNS::Topic") == found(trail, "ResourceName", "alarms") == events[:1]
    assert shown(found(trail, "ResourceType", "AWS::Logs::LogGroup")) == groups


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_pages_hold_everything_once_and_newest_first(aws, trail, groups, size):
    seen, token = [], {}
    while True:
        page = trail.lookup_events(MaxResults=size, **token)
        assert 1 <= len(page["Events"]) <= size
        seen += shown(page["Events"])
        aws("logs").create_log_group(logGroupName=f"/later/{len(seen)}")  # what comes later does not move the pages
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == groups


def test_tokens_belong_to_their_question(trail, groups, refused):
    token = trail.lookup_events(MaxResults=2)["NextToken"]
    by_name = [{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]
    refused("InvalidNextTokenException", trail.lookup_events, NextToken=token, LookupAttributes=by_name)
    for nonsense in ("nonsense", "bm9uc2Vuc2U=", "W10="):
        refused("InvalidNextTokenException", trail.lookup_events, NextToken=nonsense)


def test_times(trail, groups, refused):
    now = datetime.datetime.now(datetime.UTC)
    assert shown(found(trail, StartTime=now - DAY, EndTime=now + DAY)) == groups
    assert found(trail, StartTime=now + DAY) == found(trail, EndTime=now - DAY) == []
    assert found(trail, StartTime=now - 200 * DAY, EndTime=now - 100 * DAY) == []
    refused("InvalidTimeRangeException", trail.lookup_events, StartTime=now, EndTime=now - DAY)


def test_the_history_reaches_ninety_days_back(monkeypatch):
    from tests.doubles.aws.strict import cloudtrail
    from tests.doubles.aws.trail import Told

    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    identity = {"accessKeyId": "A", "userName": "u"}
    records = [{"userIdentity": identity, "eventID": str(days), "eventName": "E", "eventSource": "s", "readOnly": False} for days in (89, 91)]
    told = [Told(n, "1", "r", now - int(one["eventID"]) * DAY, [], one) for n, one in enumerate(records)]
    monkeypatch.setattr(cloudtrail, "TRAIL", types.SimpleNamespace(events=lambda account, region: told))
    here = types.SimpleNamespace(account_id="1", region_name="r")
    given = dict.fromkeys(("LookupAttributes", "EndTime", "EventCategory", "MaxResults", "NextToken"))
    for start in (None, now - 100 * DAY):
        assert [event["EventId"] for event in cloudtrail.lookup_events(here, StartTime=start, **given)["Events"]] == ["89"]


def test_lookups_that_are_refused(trail, refused):
    one = {"AttributeKey": "EventName", "AttributeValue": "CreateVpc"}
    for attributes in ([one, one], [{**one, "AttributeKey": "Region"}], [{**one, "AttributeValue": ""}], [{**one, "AttributeValue": "x" * 2001}]):
        refused("InvalidLookupAttributesException", trail.lookup_events, LookupAttributes=attributes)
    for size in (0, 51):
        refused("InvalidMaxResultsException", trail.lookup_events, MaxResults=size)
    refused("InvalidEventCategoryException", trail.lookup_events, EventCategory="management")
    assert trail.lookup_events(EventCategory="insight")["Events"] == []


def test_faults_and_the_record(aws, trail, double, groups, refused):
    double.faults([{"fault": "throttle", "service": "cloudtrail"}, {"fault": "denied", "service": "cloudtrail", "at": 2}])
    refused("ThrottlingException", trail.lookup_events)
    refused("AccessDeniedException", trail.lookup_events)
    assert shown(trail.lookup_events()["Events"]) == groups
    double.clear_calls()
    assert trail.lookup_events()["Events"] == []


def test_looking_changes_nothing(double, trail, groups):
    before = double.state()
    trail.lookup_events()
    assert double.state() == before


# -- the reader of the collection -----------------------------------------------------------------


def test_who_changed_it(aws, made, double):
    """From the calls of three people to what is said of their changes."""
    from ansible_collections.msp.aws.plugins.plugin_utils._trail import DENIED, NOTHING, Pace, Question, changes

    iam = aws("iam")
    iam.create_user(UserName="taro")
    key = {"aws_access_key_id": iam.create_access_key(UserName="taro")["AccessKey"]["AccessKeyId"]}
    role = "arn:aws:iam::123456789012:role/team/ops"
    token = aws("sts").assume_role(RoleArn=role, RoleSessionName="hanako")["Credentials"]
    session = {"aws_access_key_id": token["AccessKeyId"], "aws_session_token": token["SessionToken"]}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("ec2", **key).authorize_security_group_ingress(GroupId=made["group"], IpPermissions=[rule])
    aws("ec2", **session).revoke_security_group_ingress(GroupId=made["group"], IpPermissions=[rule])
    with pytest.raises(ClientError):
        aws("ec2", **key).delete_security_group(GroupId="sg-0123456789abcdef0")
    aws("iam", **session).tag_role(RoleName="ops", Tags=[{"Key": "a", "Value": "b"}])
    aws("logs").put_retention_policy(logGroupName="/acme/web", retentionInDays=7)
    questions = [
        Question("group", [made["group"], "made"], "ec2", "ap-northeast-1"),
        Question("role", ["ops", role], "iam", "ap-northeast-1"),
        Question("log", ["/acme/web"], "logs", "ap-northeast-1"),
        Question("gone", ["sg-0123456789abcdef0"], "ec2", "ap-northeast-1"),
        Question("bucket", ["acme-logs"], "s3", "ap-northeast-1"),
    ]
    now = datetime.datetime.now(datetime.UTC) + DAY

    def ask():
        return changes(lambda region: aws("cloudtrail", region), questions, now - 2 * DAY, now, pace=Pace(sleep=lambda seconds: None))

    told = ask()
    assert {key: [(event.name, event.user) for event in answer.events] for key, answer in told.items()} == {
        "group": [("RevokeSecurityGroupIngress", "ops/hanako"), ("AuthorizeSecurityGroupIngress", "taro")],
        "role": [("TagRole", "ops/hanako"), ("CreateRole", "moto")],
        "log": [("PutRetentionPolicy", "moto")],
        "gone": [],
        "bucket": [],
    }
    assert {key: answer.unknown for key, answer in told.items()} == {"group": None, "role": None, "log": None, "gone": NOTHING, "bucket": NOTHING}
    double.faults([{"fault": "denied", "service": "cloudtrail", "times": 0}])
    assert {answer.unknown for answer in ask().values()} == {DENIED}


# -- trails ---------------------------------------------------------------------------------------


def open_to(service, bucket, **statement):
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    given = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["s3:GetBucketAcl", "s3:PutObject"], "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**given, **statement}]})


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    aws("s3").put_bucket_policy(Bucket="logs", Policy=open_to("cloudtrail.amazonaws.com", "logs"))
    return "logs"


def test_a_trail_lives(trail, bucket, refused, double):
    made = trail.create_trail(Name="acme", S3BucketName=bucket, TagsList=[{"Key": "Env", "Value": "prod"}])
    arn = f"arn:aws:cloudtrail:{HERE}:trail/acme"
    assert made["TrailARN"] == arn and made["RecursiveLogging"] and "S3KeyPrefix" not in made
    assert not trail.get_trail_status(Name=arn)["IsLogging"]
    trail.start_logging(Name="acme")
    trail.update_trail(Name=arn, S3KeyPrefix="p", EnableLogFileValidation=True, RecursiveLogging=False)
    trail.update_trail(Name=arn, S3KeyPrefix="")
    told = trail.get_trail(Name="acme")["Trail"]
    assert told["HomeRegion"] == "ap-northeast-1" and told["LogFileValidationEnabled"] and not told["RecursiveLogging"]
    assert "S3KeyPrefix" not in told and not told["IsMultiRegionTrail"]
    before = double.state()
    assert trail.get_trail_status(Name="acme")["IsLogging"] and double.state() == before
    assert trail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"] == [{"Key": "Env", "Value": "prod"}]
    refused("TrailAlreadyExistsException", trail.create_trail, Name="acme", S3BucketName=bucket)
    trail.delete_trail(Name=arn)
    refused("TrailNotFoundException", trail.get_trail_status, Name="acme")
    refused("TrailNotFoundException", trail.delete_trail, Name="acme")
    refused("ResourceNotFoundException", trail.list_tags, ResourceIdList=[arn])


@pytest.mark.parametrize("name", ["my--trail", "my-_trail", "192.168.5.4", "-trail", "trail-", "tr", "my trail"])
def test_trail_names_that_are_refused(trail, bucket, refused, name):
    refused("InvalidTrailNameException", trail.create_trail, Name=name, S3BucketName=bucket)


def test_the_policy_of_the_bucket_is_read(trail, bucket, aws, refused):
    code, s3 = "InsufficientS3BucketPolicyException", aws("s3")
    arn = f"arn:aws:cloudtrail:{HERE}:trail/acme"
    refused("S3BucketDoesNotExistException", trail.create_trail, Name="acme", S3BucketName="nowhere")
    for wrong in (
        {"Principal": {"Service": "config.amazonaws.com"}},
        {"Action": "s3:PutObject"},
        {"Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/other/AWSLogs/123456789012/*"]},
        {"Condition": {"StringEquals": {"aws:SourceArn": f"{arn}x"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
    ):
        s3.put_bucket_policy(Bucket="logs", Policy=open_to("cloudtrail.amazonaws.com", "logs", **wrong))
        refused(code, trail.create_trail, Name="acme", S3BucketName=bucket)
    condition = {"StringEquals": {"aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control"}}
    s3.put_bucket_policy(Bucket="logs", Policy=open_to("cloudtrail.amazonaws.com", "logs", Condition=condition))
    trail.create_trail(Name="acme", S3BucketName=bucket)
    trail.start_logging(Name="acme")
    s3.delete_bucket_policy(Bucket="logs")
    assert trail.get_trail_status(Name="acme")["LatestDeliveryError"] == "AccessDenied"
    refused(code, trail.update_trail, Name="acme", S3KeyPrefix="p")


def test_a_deny_wins(trail, bucket, aws, refused):
    policy = json.loads(open_to("cloudtrail.amazonaws.com", bucket))
    plain = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]}
    tls = {**plain, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], plain]}))
    refused("InsufficientS3BucketPolicyException", trail.create_trail, Name="acme", S3BucketName=bucket)
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], tls]}))
    trail.create_trail(Name="acme", S3BucketName=bucket)


def test_topic_log_group_and_role_have_to_be_reached(trail, bucket, aws, refused):
    given = {"Name": "acme", "S3BucketName": bucket}
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    refused("InsufficientSnsTopicPolicyException", trail.create_trail, **given, SnsTopicName=topic)
    refused("InvalidKmsKeyIdException", trail.create_trail, **given, KmsKeyId="a b")
    group, code = f"arn:aws:logs:{HERE}:log-group:g:*", "InvalidCloudWatchLogsRoleArnException"
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST.replace('"AWS": "*"', '"Service": "cloudtrail.amazonaws.com"'))["Role"]["Arn"]
    both = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
    refused("InvalidCloudWatchLogsLogGroupArnException", trail.create_trail, **given, **both)
    aws("logs").create_log_group(logGroupName="g")
    refused(code, trail.create_trail, **given, **both)
    allowed = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"arn:aws:logs:{HERE}:log-group:g:log-stream:*"}
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    refused("InvalidCloudWatchLogsLogGroupArnException", trail.create_trail, **given, **{**both, "CloudWatchLogsLogGroupArn": group.removesuffix(":*")})
    refused(code, trail.create_trail, **given, CloudWatchLogsLogGroupArn=group)
    trail.create_trail(**given, **both)
    trail.update_trail(Name="acme", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn="")
    assert "CloudWatchLogsRoleArn" not in trail.get_trail(Name="acme")["Trail"]


def test_a_trail_is_changed_at_home(trail, bucket, aws, refused):
    trail.create_trail(Name="acme", S3BucketName=bucket, IsMultiRegionTrail=True)
    far, code = aws("cloudtrail", region="us-east-1"), "InvalidHomeRegionException"
    assert far.describe_trails()["trailList"][0]["HomeRegion"] == "ap-northeast-1"
    assert far.describe_trails(includeShadowTrails=False)["trailList"] == []
    refused(code, far.update_trail, Name="acme", EnableLogFileValidation=True)
    refused(code, far.stop_logging, Name="acme")
    refused(code, far.delete_trail, Name=f"arn:aws:cloudtrail:{HERE}:trail/acme")
    refused(code, far.put_event_selectors, TrailName="acme", EventSelectors=[{}])
    refused("TrailAlreadyExistsException", far.create_trail, Name="acme", S3BucketName=bucket)
    refused("InvalidParameterCombinationException", trail.update_trail, Name="acme", IncludeGlobalServiceEvents=False)


def test_five_trails_and_organizations(trail, bucket, aws, refused):
    refused("OrganizationsNotInUseException", trail.create_trail, Name="org", S3BucketName=bucket, IsOrganizationTrail=True)
    aws("organizations").create_organization(FeatureSet="ALL")
    for number in range(5):
        trail.create_trail(Name=f"t-{number}", S3BucketName=bucket, IsOrganizationTrail=number == 0)
    refused("MaximumNumberOfTrailsExceededException", trail.create_trail, Name="t-5", S3BucketName=bucket)


def test_selectors_take_each_others_place(trail, bucket, refused):
    trail.create_trail(Name="acme", S3BucketName=bucket)

    def told():
        answer = trail.get_event_selectors(TrailName="acme")
        return answer.get("EventSelectors") or [], answer.get("AdvancedEventSelectors") or []

    default = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
    assert told() == ([default], []) and not trail.get_trail(Name="acme")["Trail"]["HasCustomEventSelectors"]
    management = {"Name": "m", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    trail.put_event_selectors(TrailName="acme", AdvancedEventSelectors=[management])
    assert told() == ([], [management]) and trail.get_trail(Name="acme")["Trail"]["HasCustomEventSelectors"]
    trail.put_event_selectors(TrailName="acme", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    assert told() == ([{**default, "ReadWriteType": "ReadOnly"}], [])
    category = management["FieldSelectors"]
    for basic, advanced in (
        ([{}], [management]),
        ([], []),
        ([{"ReadWriteType": "Some"}], None),
        ([{"IncludeManagementEvents": False}], None),
        ([{"DataResources": [{"Type": "AWS::EC2::VPC", "Values": ["x"]}]}], None),
        ([{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}], None),
        ([{}] * 6, None),
        ([{"DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::acme-{n}/" for n in range(126)]}]}] * 2, None),
        (None, [{"FieldSelectors": [*category, {"Field": "eventName", "Equals": [f"Get{n}" for n in range(250)]}]}] * 2),
        (None, [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}]),
        (None, [{"FieldSelectors": [*category, {"Field": "readOnly", "NotEquals": ["true"]}]}]),
        (None, [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]),
    ):
        given = {"EventSelectors": basic, "AdvancedEventSelectors": advanced}
        refused("InvalidEventSelectorsException", trail.put_event_selectors, TrailName="acme", **{k: v for k, v in given.items() if v is not None})


def test_insights_are_put_whole_and_off_is_an_error(trail, bucket, refused):
    trail.create_trail(Name="acme", S3BucketName=bucket)
    refused("InsightNotEnabledException", trail.get_insight_selectors, TrailName="acme")
    refused("InvalidInsightSelectorsException", trail.put_insight_selectors, TrailName="acme", InsightSelectors=[{"InsightType": "Other"}])
    for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        trail.put_insight_selectors(TrailName="acme", InsightSelectors=[{"InsightType": kind}])
    found = trail.get_insight_selectors(TrailName="acme")["InsightSelectors"]
    assert found == [{"InsightType": "ApiErrorRateInsight", "EventCategories": ["Management"]}]
    trail.put_insight_selectors(TrailName="acme", InsightSelectors=[])
    refused("InsightNotEnabledException", trail.get_insight_selectors, TrailName="acme")


@pytest.mark.parametrize(
    ("selectors", "insights"),
    [
        (dict(EventSelectors=[{"ReadWriteType": "ReadOnly"}]), [("ApiErrorRateInsight", "Management")]),
        (dict(EventSelectors=[{"ReadWriteType": "WriteOnly"}]), [("ApiCallRateInsight", "Management"), ("ApiErrorRateInsight", "Management")]),
        (
            dict(EventSelectors=[{"IncludeManagementEvents": False, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme/"]}]}]),
            [("ApiCallRateInsight", "Data"), ("ApiErrorRateInsight", "Data")],
        ),
        (
            dict(
                AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}]}]
            ),
            [("ApiErrorRateInsight", "Management")],
        ),
    ],
)
def test_insights_are_of_what_is_recorded(trail, bucket, refused, selectors, insights):
    trail.create_trail(Name="acme", S3BucketName=bucket)
    trail.put_event_selectors(TrailName="acme", **selectors)
    for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        for category in ("Management", "Data"):
            asked = dict(TrailName="acme", InsightSelectors=[{"InsightType": kind, "EventCategories": [category]}])
            if (kind, category) in insights:
                trail.put_insight_selectors(**asked)
            else:
                refused("InvalidInsightSelectorsException", trail.put_insight_selectors, **asked)
