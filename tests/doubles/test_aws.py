# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's own machinery: record, faults, state, snapshots. Its rules are in test_aws_*.py."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.doubles import process
from tests.doubles.aws import AwsDouble

TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'


# -- record ---------------------------------------------------------------------------------------

S3 = {"Bucket": "acme-logs"}
NAMED = [
    # protocol, service, method, parameters, operation, write
    ("ec2", "describe_vpcs", {}, "DescribeVpcs", False),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "CreateVpc", True),
    ("iam", "list_users", {}, "ListUsers", False),
    ("iam", "generate_credential_report", {}, "GenerateCredentialReport", False),
    ("sts", "get_caller_identity", {}, "GetCallerIdentity", False),
    ("sts", "get_session_token", {}, "GetSessionToken", False),
    ("sns", "create_topic", {"Name": "t"}, "CreateTopic", True),
    ("cloudwatch", "describe_alarms", {}, "DescribeAlarms", False),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["a"]}, "DeleteAlarms", True),
    ("logs", "create_log_group", {"logGroupName": "/a"}, "CreateLogGroup", True),
    ("logs", "describe_log_groups", {}, "DescribeLogGroups", False),
    ("secretsmanager", "list_secrets", {}, "ListSecrets", False),
    ("kms", "list_keys", {}, "ListKeys", False),
    ("dlm", "get_lifecycle_policies", {}, "GetLifecyclePolicies", False),
    ("dlm", "delete_lifecycle_policy", {"PolicyId": "policy-0a"}, "DeleteLifecyclePolicy", True),
    ("ssm", "describe_parameters", {}, "DescribeParameters", False),
    ("elbv2", "describe_load_balancers", {}, "DescribeLoadBalancers", False),
    ("route53", "list_hosted_zones", {}, "ListHostedZones", False),
    ("lambda", "list_functions", {}, "ListFunctions", False),
    ("s3", "list_buckets", {}, "ListBuckets", False),
    ("s3", "head_bucket", S3, "HeadBucket", False),
    ("s3", "delete_bucket", S3, "DeleteBucket", True),
    ("s3", "list_objects_v2", S3, "ListObjectsV2", False),
    ("s3", "get_bucket_policy", S3, "GetBucketPolicy", False),
    ("s3", "list_bucket_inventory_configurations", S3, "ListBucketInventoryConfigurations", False),
    (
        "s3",
        "get_bucket_inventory_configuration",
        {**S3, "Id": "i"},
        "GetBucketInventoryConfiguration",
        False,
    ),
    ("s3", "put_object", {**S3, "Key": "a/b", "Body": b"x"}, "PutObject", True),
    ("s3", "copy_object", {**S3, "Key": "c", "CopySource": "acme-logs/a"}, "CopyObject", True),
    ("s3", "get_object_tagging", {**S3, "Key": "a/b"}, "GetObjectTagging", False),
]


@pytest.mark.parametrize(("service", "method", "given", "operation", "write"), NAMED)
def test_record_names_the_operation(double, aws, service, method, given, operation, write):
    try:
        getattr(aws(service), method)(**given)
    except ClientError:
        pass  # the thing is not there: the call was still this one
    call = double.calls()[-1]
    assert (call["service"], call["operation"], call["write"]) == (service, operation, write)
    assert call["region"] == "ap-northeast-1"
    assert call["access_key"] == "AKIAIOSFODNN7EXAMPLE"
    assert call["executed"]
    assert call["status"]
    assert call["error"] is None


def test_record_keeps_order_ids_and_codes(double, aws):
    aws("ec2").describe_vpcs()
    with pytest.raises(ClientError):
        aws("iam").get_user(UserName="nobody")
    first, second = double.calls()
    assert (first["n"], second["n"]) == (1, 2)
    assert first["request_id"]
    assert (second["status"], second["code"]) == (404, "NoSuchEntity")
    assert double.calls(since=1) == [second]
    double.clear_calls()
    assert double.calls() == []


def test_what_moto_lacks_says_so(double, aws, refused):
    with pytest.raises(ClientError) as caught:
        aws("gamelift").list_builds()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert double.calls()[-1]["operation"] == "ListBuilds"


def test_cbor_requests_are_named():
    pytest.importorskip("moto")
    from tests.doubles.aws import naming

    scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/monitoring/aws4_request, S"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
        "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor",
        "HTTP_AUTHORIZATION": scope,
    }
    named = naming.name_of(environ, b"")
    assert (named.service, named.operation, named.protocol) == (
        "cloudwatch",
        "PutMetricAlarm",
        "cbor",
    )
    assert named.write


# -- faults ---------------------------------------------------------------------------------------

READS = {
    "ec2": lambda aws: aws("ec2").describe_vpcs(),
    "iam": lambda aws: aws("iam").list_users(),
    "sns": lambda aws: aws("sns").list_topics(),
    "cloudwatch": lambda aws: aws("cloudwatch").describe_alarms(),
    "logs": lambda aws: aws("logs").describe_log_groups(),
    "dlm": lambda aws: aws("dlm").get_lifecycle_policies(),
    "s3": lambda aws: aws("s3").list_buckets(),
}
CODES = [
    ("throttle", "ec2", 503, "RequestLimitExceeded"),
    ("throttle", "iam", 400, "Throttling"),
    ("throttle", "sns", 400, "Throttling"),
    ("throttle", "cloudwatch", 400, "Throttling"),
    ("throttle", "logs", 400, "ThrottlingException"),
    ("throttle", "dlm", 429, "ThrottlingException"),
    ("throttle", "s3", 503, "SlowDown"),
    ("server_error", "ec2", 500, "InternalError"),
    ("server_error", "iam", 500, "InternalFailure"),
    ("server_error", "logs", 500, "InternalFailure"),
    ("server_error", "s3", 500, "InternalError"),
    ("expired", "ec2", 400, "RequestExpired"),
    ("expired", "iam", 403, "ExpiredToken"),
    ("expired", "s3", 400, "ExpiredToken"),
    ("denied", "ec2", 403, "UnauthorizedOperation"),
    ("denied", "iam", 403, "AccessDenied"),
    ("denied", "logs", 400, "AccessDeniedException"),
    ("denied", "s3", 403, "AccessDenied"),
]


@pytest.mark.parametrize(("fault", "service", "status", "code"), CODES)
def test_fault_codes(double, aws, fault, service, status, code):
    double.faults([{"fault": fault}])
    with pytest.raises(ClientError) as caught:
        READS[service](aws)
    answer = caught.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
    assert answer["Error"]["Message"]
    call = double.calls()[-1]
    assert (call["fault"], call["executed"], call["status"]) == (fault, False, status)
    READS[service](aws)  # once only


@pytest.mark.parametrize("fault", ["server_error", "timeout", "server_error_after", "timeout_after"])
def test_executed_or_not(double, aws, fault):
    double.faults([{"fault": fault, "of": "write"}])
    iam = aws("iam")
    iam.list_users()
    began = time.monotonic()
    with pytest.raises(ConnectionClosedError if "timeout" in fault else ClientError):
        iam.create_group(GroupName="ops")
    assert time.monotonic() - began < 2
    names = [group["GroupName"] for group in iam.list_groups()["Groups"]]
    assert names == (["ops"] if fault.endswith("_after") else [])


@pytest.mark.parametrize("fault", ["die", "die_after"])
def test_dead_until_cleared(double, aws, fault):
    iam = aws("iam")
    double.faults([{"fault": fault, "of": "write", "at": 2}])
    iam.create_group(GroupName="one")
    with pytest.raises(ConnectionClosedError):
        iam.create_group(GroupName="two")
    with pytest.raises(ConnectionClosedError):
        iam.list_groups()
    double.clear_faults()
    names = {group["GroupName"] for group in iam.list_groups()["Groups"]}
    assert names == ({"one", "two"} if fault == "die_after" else {"one"})


def test_fault_counting(double, aws):
    iam, ec2 = aws("iam"), aws("ec2")
    double.faults(
        [
            {"fault": "throttle", "at": 2, "times": 2, "service": "iam"},
            {"fault": "denied", "operation": "DescribeVpcs", "times": 0},
        ]
    )
    seen = []
    for dummy in range(5):
        ec2.describe_subnets()
        try:
            iam.list_groups()
            seen.append(True)
        except ClientError:
            seen.append(False)
        with pytest.raises(ClientError):
            ec2.describe_vpcs()
    assert seen == [True, False, False, True, True]


def test_botocore_retries_through_faults(double):
    import boto3
    from botocore.config import Config

    iam = boto3.client(
        "iam",
        endpoint_url=double.url,
        region_name="ap-northeast-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="x",
        config=Config(retries={"mode": "standard", "total_max_attempts": 4}),
    )
    double.faults([{"fault": "throttle"}, {"fault": "timeout", "at": 2}])
    iam.create_group(GroupName="ops")
    assert [call["fault"] for call in double.calls()] == ["throttle", "timeout", None]


def test_unknown_faults_are_refused(double):
    import urllib.error

    with pytest.raises(urllib.error.HTTPError):
        double.faults([{"fault": "nonsense"}])


# -- state ----------------------------------------------------------------------------------------


def test_reads_do_not_change_the_state(double, aws):
    aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    before = double.state()
    for service in READS:
        READS[service](aws)
    ec2 = aws("ec2", "us-east-1")  # a region nobody has looked at yet
    for name in ("vpcs", "subnets", "security_groups", "route_tables", "network_acls", "addresses"):
        getattr(ec2, f"describe_{name}")()
    ec2.describe_instances()
    aws("iam").get_account_authorization_details()
    aws("sts").get_caller_identity()
    aws("ssm").get_parameters_by_path(Path="/aws/service/ami-amazon-linux-latest")
    assert double.state() == before


def test_state_says_what_changed(double, aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    before = double.state()
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    after = double.state()
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert any(key.endswith(f"/{subnet}") for key in changed)
    assert f"ec2/123456789012/ap-northeast-1/vpcs/{vpc}" in after
    assert f"ec2/123456789012/ap-northeast-1/vpcs/{vpc}" not in changed
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "acme"}])
    assert {k for k, v in double.state().items() if after.get(k) != v} == {
        f"ec2/123456789012/ap-northeast-1/tags/{vpc}"
    }


def test_state_shows_changes_of_what_was_there_from_birth(double, aws):
    ec2 = aws("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    assert double.state("ec2/") == {}
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    assert list(double.state("ec2/")) == [f"ec2/123456789012/ap-northeast-1/vpcs/{vpc}"]


def test_attaching_an_aws_policy_shows(double, aws):
    iam = aws("iam")
    iam.create_group(GroupName="ops")
    before = double.state()
    iam.attach_group_policy(GroupName="ops", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    after = double.state()
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert changed == {"iam/123456789012/aws/groups/ops"}, changed
    double.snapshot("attached")
    iam.detach_group_policy(GroupName="ops", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert double.state() == before
    double.restore("attached")
    assert double.state() == after


def test_snapshot_and_restore(double, aws):
    ec2, s3, iam = aws("ec2"), aws("s3"), aws("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    s3.create_bucket(
        Bucket="acme-logs", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    s3.put_object(Bucket="acme-logs", Key="a", Body=b"one")
    before = double.state()
    double.snapshot("mine")
    for body in (b"two", b"three"):
        ec2.delete_vpc(VpcId=vpc)
        s3.put_object(Bucket="acme-logs", Key="a", Body=body)
        iam.create_group(GroupName="ops")
        aws("sns").create_topic(Name="new-service")
        assert double.state() != before
        double.restore("mine")
        assert double.state() == before
    assert s3.get_object(Bucket="acme-logs", Key="a")["Body"].read() == b"one"
    assert iam.list_groups()["Groups"] == []
    assert aws("sns").list_topics()["Topics"] == []
    assert vpc in {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]}


def test_snapshots_are_fast(double, aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number in range(20):
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")
    double.snapshot("warm")
    began = time.monotonic()
    double.snapshot("timed")
    double.restore("timed")
    assert time.monotonic() - began < 0.5  # 0.1 on an idle machine


# -- life -----------------------------------------------------------------------------------------


def test_a_backend_is_strict_from_birth_whoever_asks_for_it_first():
    """Lambda asks for that of EC2, and then images must have the snapshots that they have for everybody."""
    asked = """
from tests.doubles.aws import backends
backends.prepare()
from moto.ec2.models import ec2_backends
print("snap-6ddb69734836945ef" in ec2_backends["123456789012"]["ap-northeast-1"].snapshots)
"""
    assert subprocess.run([sys.executable, "-c", asked], text=True, capture_output=True, check=True).stdout == "True\n"


def test_reset_empties_the_account():
    with AwsDouble() as double:
        import boto3

        iam = boto3.client(
            "iam",
            endpoint_url=double.url,
            region_name="ap-northeast-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="x",
        )
        iam.create_group(GroupName="ops")
        double.reset()
        assert (double.state(), double.calls()) == ({}, [])
        assert iam.list_groups()["Groups"] == []


def command(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.aws", *arguments],
        cwd=process.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


STRICT = Path(__file__).parent / "aws" / "strict"


@pytest.mark.parametrize("path", sorted(STRICT.rglob("*.py")), ids=lambda path: str(path.relative_to(STRICT)))
def test_every_rule_that_refuses_says_what_it_is_taken_from(path):
    """The model or document stands at the rule, or at the head of a file whose rules are all of one model."""
    book = ast.parse(path.read_text(encoding="utf-8"))
    if re.search(r"^Sources?\b.*:", ast.get_docstring(book) or "", re.MULTILINE):
        return
    rules = [one for one in book.body if isinstance(one, ast.FunctionDef) and one.decorator_list and not ast.get_docstring(one)]
    assert [rule.name for rule in rules if any(isinstance(inner, ast.Raise) for inner in ast.walk(rule))] == []


def test_ends_on_sigterm_and_when_its_parent_is_gone():
    process = command()
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    os.kill(process.pid, signal.SIGTERM)
    assert process.communicate(timeout=5) == ("", "")
    assert process.returncode == 0

    process = command("--until-stdin-closes")
    process.stdout.readline()
    process.stdin.close()
    process.stdin = None
    assert process.communicate(timeout=5) == ("", "")
