# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Lambda: functions and event source mappings over time, the role, the network, what there is room for."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

NAME = {"FunctionName": "f"}
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:q"
STREAM = "arn:aws:kinesis:ap-northeast-1:123456789012:stream/s"
INVALID, CONFLICT = "InvalidParameterValueException", "ResourceConflictException"
ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage", "kinesis:*", "ec2:CreateNetworkInterface"]


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


@pytest.fixture
def role(aws):
    """role(name, service, may) is the ARN of a role."""

    def make(name, service="lambda.amazonaws.com", may=tuple(ACTIONS)):
        arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if may:
            allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(may), "Resource": "*"}]}
            aws("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
        return arn

    return make


@pytest.fixture
def sound(role):
    """What it takes to make a function."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("app.py", "def handler(event, context):\n    pass\n")
    return {**NAME, "Role": role("runs"), "Runtime": "python3.13", "Handler": "app.handler", "Code": {"ZipFile": archive.getvalue()}}


@pytest.fixture
def functions(aws, sound):
    """Lambda with a function that is ready."""
    client = aws("lambda")
    client.create_function(**sound)
    settle(client)
    return client


@pytest.fixture
def sources(aws):
    aws("sqs").create_queue(QueueName="q")
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)


def settle(client):
    while client.get_function_configuration(**NAME)["LastUpdateStatus"] == "InProgress":
        pass


def mapping(client, uuid):
    return client.get_event_source_mapping(UUID=uuid)["State"]


def rest(client, uuid):
    while mapping(client, uuid) not in ("Enabled", "Disabled"):
        pass


def test_one_change_at_a_time(aws, sound, refused):
    client = aws("lambda")
    client.create_function(**sound)
    assert client.get_function_configuration(**NAME)["State"] == "Pending"
    refused(CONFLICT, client.update_function_configuration, **NAME, Timeout=10)
    settle(client)
    assert client.update_function_configuration(**NAME, Timeout=10)["LastUpdateStatus"] == "InProgress"
    refused(CONFLICT, client.update_function_configuration, **NAME, Timeout=11)
    refused(CONFLICT, client.update_function_code, **NAME, ZipFile=sound["Code"]["ZipFile"])
    settle(client)
    assert client.get_function(**NAME)["Configuration"]["State"] == "Active"


def test_the_revision_must_be_the_last_one(functions, refused):
    old = functions.get_function_configuration(**NAME)["RevisionId"]
    functions.update_function_configuration(**NAME, Timeout=10, RevisionId=old)
    settle(functions)
    refused("PreconditionFailedException", functions.update_function_configuration, **NAME, Timeout=11, RevisionId=old)


def test_the_list_tells_less(functions):
    (listed,) = functions.list_functions()["Functions"]
    assert listed["RevisionId"] and "State" not in listed and "LastUpdateStatus" not in listed


def test_the_role_is_one_that_lambda_may_have(functions, sound, role, refused):
    wrong = role("backup", "backup.amazonaws.com")
    refused(INVALID, functions.update_function_configuration, **NAME, Role=wrong)
    refused(INVALID, functions.update_function_configuration, **NAME, Role="arn:aws:iam::123456789012:role/nobody")
    refused(INVALID, functions.create_function, **{**sound, "FunctionName": "g", "Role": wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"Timeout": 901},
        {"MemorySize": 10241},
        {"MemorySize": 127},
        {"EphemeralStorage": {"Size": 511}},
        {"Environment": {"Variables": {"AA": "x" * 4095}}},
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        {"VpcConfig": {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": ["sg-12345678"]}},
        {"VpcConfig": {"SubnetIds": ["subnet-12345678"]}},
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:ap-northeast-1:123456789012:nobody"}},
        {"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::bucket"}},
    ],
)
def test_what_no_function_can_have(functions, sound, refused, wrong):
    refused(INVALID, functions.update_function_configuration, **NAME, **wrong)
    refused(INVALID, functions.create_function, **{**sound, "FunctionName": "g", **wrong})
    assert functions.update_function_configuration(**NAME, Environment={"Variables": {"AA": "x" * 4094}})


def test_an_archive_has_a_handler(aws, sound, refused):
    refused(INVALID, aws("lambda").create_function, **{name: value for name, value in sound.items() if name != "Handler"})


def test_a_function_in_a_vpc_may_make_interfaces(aws, functions, role, refused):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    where = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    refused(INVALID, functions.update_function_configuration, **NAME, VpcConfig=where, Role=role("weak", may=()))
    elsewhere = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_security_group(GroupName="g", Description="g", VpcId=elsewhere)["GroupId"]
    refused(INVALID, functions.update_function_configuration, **NAME, VpcConfig={**where, "SecurityGroupIds": [other]})
    functions.update_function_configuration(**NAME, VpcConfig=where)
    settle(functions)
    assert functions.get_function_configuration(**NAME)["VpcConfig"]["VpcId"] == vpc


def test_what_moto_does_not_keep_is_kept(functions):
    functions.update_function_configuration(**NAME, EphemeralStorage={"Size": 1024}, TracingConfig={"Mode": "Active"}, LoggingConfig={"LogFormat": "JSON"})
    settle(functions)
    told = functions.get_function_configuration(**NAME)
    assert told["EphemeralStorage"]["Size"] == 1024 and told["TracingConfig"]["Mode"] == "Active"
    assert told["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/aws/lambda/f"}


def test_a_hundred_stay_unreserved(functions, refused):
    refused(INVALID, functions.put_function_concurrency, **NAME, ReservedConcurrentExecutions=901)
    functions.put_function_concurrency(**NAME, ReservedConcurrentExecutions=900)
    assert functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    functions.put_function_concurrency(**NAME, ReservedConcurrentExecutions=0)
    assert functions.get_function(**NAME)["Concurrency"] == {"ReservedConcurrentExecutions": 0}


def test_a_statement_id_is_there_once(functions, refused):
    statement = {**NAME, "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    functions.add_permission(**statement)
    refused(CONFLICT, functions.add_permission, **statement)


def test_destinations(aws, functions, refused):
    refused(INVALID, functions.put_function_event_invoke_config, **NAME)
    refused(INVALID, functions.put_function_event_invoke_config, **NAME, DestinationConfig={"OnFailure": {"Destination": QUEUE}})
    aws("sqs").create_queue(QueueName="q")
    functions.put_function_event_invoke_config(**NAME, DestinationConfig={"OnFailure": {"Destination": QUEUE}})
    functions.put_function_event_invoke_config(**NAME, MaximumRetryAttempts=1)
    (told,) = functions.list_function_event_invoke_configs(**NAME)["FunctionEventInvokeConfigs"]
    assert told["MaximumRetryAttempts"] == 1 and "OnFailure" not in told.get("DestinationConfig", {})


# ---- event source mappings


def test_a_mapping_comes_and_goes_slowly(functions, sources, refused):
    uuid = functions.create_event_source_mapping(**NAME, EventSourceArn=QUEUE)["UUID"]
    assert mapping(functions, uuid) == "Creating"
    refused("ResourceInUseException", functions.update_event_source_mapping, UUID=uuid, BatchSize=5)
    rest(functions, uuid)
    assert functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] in ("Disabled", "Updating")
    refused("ResourceInUseException", functions.delete_event_source_mapping, UUID=uuid)
    rest(functions, uuid)
    refused(CONFLICT, functions.create_event_source_mapping, **NAME, EventSourceArn=QUEUE)
    functions.delete_event_source_mapping(UUID=uuid)
    refused(CONFLICT, functions.create_event_source_mapping, **NAME, EventSourceArn=QUEUE)
    while functions.list_event_source_mappings()["EventSourceMappings"]:
        pass
    functions.create_event_source_mapping(**NAME, EventSourceArn=QUEUE)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (QUEUE, {"BatchSize": 11}),
        (QUEUE, {"StartingPosition": "LATEST"}),
        (QUEUE, {"ParallelizationFactor": 2}),
        (STREAM, {}),
        (STREAM, {"StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}}),
        (QUEUE.replace(":q", ":nobody"), {}),
    ],
)
def test_what_no_mapping_can_be(functions, sources, refused, source, wrong):
    refused(INVALID, functions.create_event_source_mapping, **NAME, EventSourceArn=source, **wrong)


def test_a_queue_hides_a_message_for_as_long_as_the_function_runs(functions, sources, refused):
    functions.update_function_configuration(**NAME, Timeout=31)
    settle(functions)
    refused(INVALID, functions.create_event_source_mapping, **NAME, EventSourceArn=QUEUE)


def test_the_role_may_read_the_source(functions, sources, role, refused):
    functions.update_function_configuration(**NAME, Role=role("weak", may=("sqs:SendMessage",)))
    settle(functions)
    refused(INVALID, functions.create_event_source_mapping, **NAME, EventSourceArn=QUEUE)


# ---- aliases and what is provisioned


@pytest.fixture
def versions(functions):
    """Lambda with a function of two versions."""
    for number in range(2):
        functions.update_function_configuration(**NAME, Description=f"release {number}")
        settle(functions)
        functions.publish_version(**NAME)
    return functions


@pytest.fixture
def live(versions):
    versions.create_alias(**NAME, Name="live", FunctionVersion="1")
    return {**NAME, "Name": "live"}


def test_a_version_is_published_of_what_was_seen(functions, refused):
    old = functions.get_function_configuration(**NAME)
    functions.update_function_configuration(**NAME, Timeout=10)
    refused(CONFLICT, functions.publish_version, **NAME)
    settle(functions)
    refused("PreconditionFailedException", functions.publish_version, **NAME, RevisionId=old["RevisionId"])
    refused(INVALID, functions.publish_version, **NAME, CodeSha256="x")
    assert {functions.publish_version(**NAME, CodeSha256=old["CodeSha256"])["Version"] for dummy in range(2)} == {"1"}


def test_a_version_with_snap_start_is_made_ready_before_it_answers(functions, refused):
    functions.update_function_configuration(**NAME, SnapStart={"ApplyOn": "PublishedVersions"})
    settle(functions)
    which = {**NAME, "Qualifier": functions.publish_version(**NAME)["Version"]}
    functions.create_alias(**NAME, Name="live", FunctionVersion=which["Qualifier"])
    assert functions.get_function_configuration(**which)["State"] == "Pending"
    for qualifier in (which["Qualifier"], "live"):
        refused(CONFLICT, functions.invoke, **NAME, Qualifier=qualifier)
    while functions.get_function_configuration(**which)["State"] == "Pending":
        pass
    assert functions.publish_version(**NAME)["State"] == "Active"


def test_an_alias_leads_to_what_is_there(versions, refused):
    refused("ResourceNotFoundException", versions.create_alias, **NAME, Name="live", FunctionVersion="9")
    refused(INVALID, versions.create_alias, **NAME, Name="7", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"9": 0.1}}
    refused("ResourceNotFoundException", versions.create_alias, **NAME, Name="live", FunctionVersion="1", RoutingConfig=weights)


@pytest.mark.parametrize(("main", "weights"), [("1", {"1": 0.1}), ("$LATEST", {"1": 0.1}), ("1", {"2": 1.5}), ("1", {"2": 0.1, "3": 0.1})])
def test_what_no_alias_can_share(versions, live, refused, main, weights):
    refused(INVALID, versions.create_alias, **NAME, Name="new", FunctionVersion=main, RoutingConfig={"AdditionalVersionWeights": weights})
    refused(INVALID, versions.update_alias, **live, FunctionVersion=main, RoutingConfig={"AdditionalVersionWeights": weights})


def test_only_alike_versions_share_calls(versions, live, role, refused):
    versions.update_function_configuration(**NAME, Role=role("other"))
    settle(versions)
    other = versions.publish_version(**NAME)["Version"]
    refused(INVALID, versions.update_alias, **live, RoutingConfig={"AdditionalVersionWeights": {other: 0.1}})
    versions.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    refused(INVALID, versions.update_alias, **live, FunctionVersion="2")


def test_the_revision_of_an_alias_must_be_the_last_one(versions, live, refused):
    old = versions.get_alias(**live)["RevisionId"]
    assert versions.update_alias(**live, Description="new", RevisionId=old)["RevisionId"] != old
    refused("PreconditionFailedException", versions.update_alias, **live, Description="newer", RevisionId=old)


def test_what_is_provisioned_takes_its_time_and_moves_with_the_alias(versions, live):
    which = {**NAME, "Qualifier": "live"}
    assert versions.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=5)["Status"] == "IN_PROGRESS"
    while versions.get_provisioned_concurrency_config(**which)["Status"] == "IN_PROGRESS":
        pass
    (told,) = versions.list_provisioned_concurrency_configs(**NAME)["ProvisionedConcurrencyConfigs"]
    assert told["FunctionArn"].endswith(":f:live") and told["AllocatedProvisionedConcurrentExecutions"] == 5
    versions.update_alias(**live, FunctionVersion="2")
    assert versions.get_provisioned_concurrency_config(**which)["Status"] == "IN_PROGRESS"
    versions.delete_provisioned_concurrency_config(**which)
    assert versions.list_provisioned_concurrency_configs(**NAME)["ProvisionedConcurrencyConfigs"] == []


def test_what_nothing_is_provisioned_for(versions, live, refused):
    def put(qualifier, number=5):
        return dict(NAME, Qualifier=qualifier, ProvisionedConcurrentExecutions=number)

    refused("ResourceNotFoundException", versions.put_provisioned_concurrency_config, **put("nobody"))
    refused("ProvisionedConcurrencyConfigNotFoundException", versions.get_provisioned_concurrency_config, **NAME, Qualifier="live")
    refused(INVALID, versions.put_provisioned_concurrency_config, **put("$LATEST"))
    versions.create_alias(**NAME, Name="edge", FunctionVersion="$LATEST")
    refused(INVALID, versions.put_provisioned_concurrency_config, **put("edge"))
    refused(INVALID, versions.put_provisioned_concurrency_config, **put("live", 901))
    versions.put_function_concurrency(**NAME, ReservedConcurrentExecutions=10)
    versions.put_provisioned_concurrency_config(**put("2", 6))
    refused(INVALID, versions.put_provisioned_concurrency_config, **put("live"))
    versions.put_provisioned_concurrency_config(**put("live", 4))
    versions.update_alias(**live, RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    refused(INVALID, versions.put_provisioned_concurrency_config, **put("live", 3))
