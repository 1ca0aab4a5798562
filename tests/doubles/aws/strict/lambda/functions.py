# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and event source mappings with states over time, revisions, the role they run with, and what the account has room for."""

from __future__ import annotations

import json
import uuid

from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction, LambdaStorage
from moto.ec2.models import ec2_backends
from moto.kinesis.models import kinesis_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ..access import allows, role_of, trusts
from ..passing import Passing
from ..rules import Refused, RuleBook

BOOK = RuleBook("lambda", invalid="InvalidParameterValueException")
NAMESPACE = uuid.UUID("5f0a7c1e-3f64-4a53-9d0b-6a9b0c7d1e2f")
ACCOUNT_CONCURRENCY, UNRESERVED = 1000, 100
TIMEOUT, MEMORY, VARIABLES = 900, 10240, 4096
# Guide, "Defined runtime environment variables"
RESERVED = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}
# Members of the configuration that moto does not keep, and what a function has of itself
KEPT = ("DeadLetterConfig", "TracingConfig", "EphemeralStorage", "LoggingConfig", "ImageConfig", "FileSystemConfigs", "SnapStart")
UNLISTED = ("State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode", "RuntimeVersionConfig")
STREAM_ONLY = ("StartingPosition", "ParallelizationFactor", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "BisectBatchOnFunctionError")
STREAM_ONLY += ("TumblingWindowInSeconds", "DestinationConfig")
# What a role needs: on the source, to send to a queue or topic
READS = {
    "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
}
SENDS = {"sqs": "SendMessage", "sns": "Publish", "lambda": "InvokeFunction", "events": "PutEvents", "s3": "PutObject"}


class State(Passing):
    """What goes on, for a few looks, and what comes of it."""


def invalid(message):
    return Refused("InvalidParameterValueException", message)


def conflict(message):
    return Refused("ResourceConflictException", message, 409)


# ---- functions


def function_of(backend, name):
    """The function of this name or ARN; None where moto will say that there is none."""
    plain = name.rpartition(":function:")[2].partition(":")[0]
    group = backend._lambdas._functions.get(plain)
    return group["latest"] if group else None


def passing(going_on, then="at rest"):
    state = State()
    state.be(going_on, then)
    return state


def state_of(thing):
    """What goes on with it."""
    return vars(thing)["passing"].state if "passing" in vars(thing) else "at rest"


def check_configuration(backend, role_arn, Timeout=None, MemorySize=None, Environment=None, VpcConfig=None, DeadLetterConfig=None, **_):
    role = role_of(backend.account_id, role_arn)
    if role is None or not trusts(role, "lambda.amazonaws.com"):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")
    # CreateFunction: Timeout, "the maximum allowed value is 900 seconds"; guide, "Lambda quotas": 128 MB to 10,240 MB
    for name, value, most in (("timeout", Timeout, TIMEOUT), ("memorySize", MemorySize, MEMORY)):
        if value and value > most:
            raise invalid(f"Value '{value}' at '{name}' failed to satisfy constraint: Member must have value less than or equal to {most}")
    check_variables((Environment or {}).get("Variables") or {})
    check_network(backend, role, VpcConfig or {})
    target = (DeadLetterConfig or {}).get("TargetArn")
    if target:
        check_target(backend, role, target, ("sqs", "sns"))


def check_variables(variables):
    """Guide, "Defined runtime environment variables" and "Lambda quotas": environment variables 4 KB, for all of them together."""
    reserved = sorted(RESERVED & variables.keys())
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys "
            f"that are currently not supported for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    if sum(len(name.encode()) + len(value.encode()) for name, value in variables.items()) > VARIABLES:
        raise invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.")


def check_network(backend, role, wanted):
    """Guide, "Giving Lambda functions access to resources in an Amazon VPC": subnets and groups of one VPC, and a role that may make interfaces."""
    subnets, groups = wanted.get("SubnetIds") or [], wanted.get("SecurityGroupIds") or []
    if bool(subnets) != bool(groups):
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    there = {subnet.id: subnet.vpc_id for by_zone in ec2.subnets.values() for subnet in by_zone.values()}
    known = {group.id: group.vpc_id for by_vpc in ec2.groups.values() for group in by_vpc.values()}
    for ids, listed, what in ((subnets, there, "subnet"), (groups, known, "securityGroup")):
        unknown = [one for one in ids if one not in listed]
        if unknown:
            raise invalid(f"Error occurred while DescribeNetwork. EC2 Error Message: The {what} ID '{unknown[0]}' does not exist")
    if len({there[one] for one in subnets} | {known[one] for one in groups}) > 1:
        raise invalid("Security groups and subnets have to be in one VPC")
    if subnets and not may(role, "ec2:CreateNetworkInterface", "*"):
        raise invalid("The provided execution role does not have permissions to call CreateNetworkInterface on EC2")


def may(role, action, resource):
    """By every policy of the role, Amazon's too."""
    documents = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    return any(allows(json.loads(one) if isinstance(one, str) else one, action, resource, None, {}) for one in documents)


def check_target(backend, role, target, services):
    """Guide, "Capturing records of Lambda asynchronous invocations": which targets there are, and that the role may send there."""
    service = target.split(":")[2]
    if service not in services:
        raise invalid(f"The destination ARN {target} is invalid.")
    if not target_is_there(backend, service, target):
        raise invalid(f"The destination ARN {target} does not exist.")
    if not may(role, f"{service}:{SENDS[service]}", target):
        raise invalid(f"The function execution role does not have permissions to call {SENDS[service]} on {service.upper()}")


def target_is_there(backend, service, target):
    if service == "sqs":
        return any(queue.queue_arn == target for queue in sqs_backends[backend.account_id][backend.region_name].queues.values())
    return service != "sns" or target in sns_backends[backend.account_id][backend.region_name].topics


@BOOK.rule("CreateFunction")
def a_new_function_is_sound(backend, Role, PackageType, Runtime, Handler, **given):
    """CreateFunction: Runtime and Handler are "required if the deployment package is a .zip file archive"."""
    if PackageType != "Image" and not (Runtime and Handler):
        raise invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    check_configuration(backend, Role, **given)


@BOOK.patch(LambdaBackend, "create_function")
def it_is_being_made(original, backend, spec):
    """CreateFunction: the State of a new function is Pending while Lambda provisions it."""
    made = original(backend, spec)
    function = function_of(backend, spec["FunctionName"])
    function.kept = {member: spec[member] for member in KEPT if spec.get(member) not in (None, {})}
    function.passing = passing("Pending")
    function.code_or_config_updated = True  # what was never published is new
    backend.functions = backend._lambdas._functions  # the state shows each by itself, and not all of them as one thing
    return made


@BOOK.rule("UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion")
def one_change_at_a_time(backend, FunctionName, RevisionId, **_):
    """UpdateFunctionConfiguration: "During this time, you can't modify the function"; RevisionId: "only if the revision ID matches"."""
    function = function_of(backend, FunctionName)
    if function is None:
        return
    if state_of(function) != "at rest":
        raise conflict(f"The operation cannot be performed at this time. An update is in progress for resource: {function.function_arn}")
    if RevisionId and RevisionId != function.get_configuration()["RevisionId"]:
        raise Refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction API", 412)


@BOOK.rule("PublishVersion")
def the_code_is_as_it_was_seen(backend, FunctionName, CodeSha256, **_):
    """PublishVersion: CodeSha256, "Only publish a version if the hash value matches"."""
    function = function_of(backend, FunctionName)
    if function and CodeSha256 and CodeSha256 != function.code_sha_256:
        raise invalid(f"CodeSHA256 ({CodeSha256}) is different from current CodeSHA256 in $LATEST ({function.code_sha_256}). Please try again.")


@BOOK.after("PublishVersion")
def what_is_published_is_new_no_more(backend, FunctionName, **_):
    """PublishVersion: "doesn't publish a version if the function's configuration and code haven't changed since the last version", the first one too."""
    function_of(backend, FunctionName).code_or_config_updated = False


@BOOK.patch(LambdaStorage, "publish_version")
def a_version_is_made_ready(original, storage, name_or_arn, description=""):
    """Guide, "Improving startup performance with Lambda SnapStart", "Lambda function states" and the waiter PublishedVersionActive: with SnapStart, as an image
    or in a VPC a version is Pending until it is ready.
    """
    made = original(storage, name_or_arn, description)
    if made and "published" not in vars(made):
        made.published = True
        if vars(made).get("kept", {}).get("SnapStart", {}).get("ApplyOn") == "PublishedVersions" or made.package_type == "Image" or network_of(made):
            made.passing = passing("Pending")
    return made


def version_of(backend, name, qualifier):
    """The version that a qualifier means, which may be an alias; None where moto will say that there is none."""
    function = function_of(backend, name)
    alias = function and backend._lambdas._aliases[function.function_arn].get(qualifier)
    return function and backend._lambdas._get_version(function.function_name, alias.function_version if alias else qualifier)


@BOOK.rule("Invoke")
def what_is_pending_answers_nobody(backend, FunctionName, Qualifier, **_):
    """Guide, "Lambda function states": while it is Pending, "invocations and other API actions that operate on the function return an error"."""
    version = version_of(backend, FunctionName, Qualifier) if Qualifier else function_of(backend, FunctionName)
    if version and state_of(version) == "Pending":
        raise conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")


@BOOK.rule("UpdateFunctionConfiguration")
def a_changed_function_is_sound(backend, FunctionName, **given):
    function = function_of(backend, FunctionName)
    if function is not None:
        present = {member: function.kept.get(member) for member in ("DeadLetterConfig",)} if "kept" in vars(function) else {}
        check_configuration(backend, **{"role_arn": function.role, "VpcConfig": function._vpc_config, **present, **renamed(given)})


def renamed(given):
    return {"role_arn" if member == "Role" else member: value for member, value in given.items()}


@BOOK.patch(LambdaFunction, "update_configuration")
def its_settings_are_being_changed(original, function, config_updates):
    """GetFunctionConfiguration: LastUpdateStatus is InProgress for a while after an update."""
    kept = {**vars(function).get("kept", {}), **{member: config_updates[member] for member in KEPT if config_updates.get(member) is not None}}
    function.kept = {member: value for member, value in kept.items() if value != {"TargetArn": ""}}
    function.kms_key_arn = config_updates.get("KMSKeyArn", function.kms_key_arn) or None
    function.passing = passing("InProgress")
    return original(function, config_updates)


@BOOK.patch(LambdaFunction, "update_function_code")
def its_code_is_being_changed(original, function, updated_spec):
    function.passing = passing("InProgress")
    return original(function, updated_spec)


def look(thing):
    if "passing" in vars(thing):
        thing.passing.look()


@BOOK.after("GetFunction", "GetFunctionConfiguration")
def time_passes(backend, FunctionName, Qualifier, **_):
    look((Qualifier and version_of(backend, FunctionName, Qualifier)) or function_of(backend, FunctionName))


@BOOK.patch(LambdaFunction, "get_configuration")
def what_a_function_says_of_itself(original, function, on_create=False):
    """FunctionConfiguration: RevisionId "is changed every time" something is written, here a hash of all that is told."""
    state = state_of(function)
    told = dict(original(function, on_create), **{"LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}})
    kept = vars(function).get("kept", {})
    told.update({member: value for member, value in kept.items() if member not in ("ImageConfig", "LoggingConfig")})
    told["LoggingConfig"] = {**told["LoggingConfig"], **kept.get("LoggingConfig", {})}
    told["VpcConfig"] = network_of(function)
    told["State"] = "Pending" if state == "Pending" else "Active"
    told["LastUpdateStatus"] = "Successful" if state == "at rest" else "InProgress"
    told["RevisionId"] = str(uuid.uuid5(NAMESPACE, json.dumps([told, str(function.reserved_concurrency)], sort_keys=True, default=str)))
    return told


def network_of(function):
    wanted = function._vpc_config
    if not wanted or not wanted.get("SubnetIds"):
        return None
    ec2 = ec2_backends[function.account_id][function.region]
    return {"Ipv6AllowedForDualStack": False, **wanted, "VpcId": ec2.get_subnet(wanted["SubnetIds"][0]).vpc_id}


@BOOK.adds("ListFunctions")
def list_functions(backend, FunctionVersion, **_):
    """ListFunctions: "returns a subset of the FunctionConfiguration fields"; those that are not in it the documentation names."""
    functions = [function.get_configuration() for function in backend.list_functions(FunctionVersion)]
    return {"Functions": [{member: value for member, value in one.items() if member not in UNLISTED and value is not None} for one in functions]}


# ---- concurrency


def unreserved(backend, but=None):
    taken = (one.reserved_concurrency or 0 for one in backend._lambdas.latest() if one.function_name != but)
    return ACCOUNT_CONCURRENCY - sum(map(int, taken))


@BOOK.adds("GetAccountSettings")
def get_account_settings(backend, **_):
    """GetAccountSettings, AccountLimit: UnreservedConcurrentExecutions is "the maximum ... minus the capacity that's reserved for individual functions"."""
    limit = {"ConcurrentExecutions": ACCOUNT_CONCURRENCY, "UnreservedConcurrentExecutions": unreserved(backend)}
    sizes = {"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800}
    return {"AccountLimit": {**sizes, **limit}, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": len(backend._lambdas._functions)}}


@BOOK.rule("PutFunctionConcurrency")
def the_others_keep_a_hundred(backend, FunctionName, ReservedConcurrentExecutions, **_):
    """PutFunctionConcurrency: "as long as you leave at least 100 simultaneous executions unreserved"."""
    if function_of(backend, FunctionName) and unreserved(backend, FunctionName) - ReservedConcurrentExecutions < UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
        )


@BOOK.patch(LambdaFunction, "get_code")
def a_reservation_of_none_is_told(original, function):
    """GetFunction: Concurrency is "the function's reserved concurrency", of which 0 is one (moto tells none)."""
    told = original(function)
    if function.reserved_concurrency == 0:
        told["Concurrency"] = {"ReservedConcurrentExecutions": 0}
    return told


# ---- permissions, asynchronous invocation


@BOOK.rule("AddPermission")
def a_statement_has_its_own_id(backend, FunctionName, StatementId, **_):
    """AddPermission: ResourceConflictException, "The resource already exists"."""
    function = function_of(backend, FunctionName)
    if function and any(statement.get("Sid") == StatementId for statement in function.policy.statements):
        raise conflict(f"The statement id ({StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.")


@BOOK.rule("PutFunctionEventInvokeConfig")
def destinations_can_be_reached(backend, FunctionName, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig, **_):
    """PutFunctionEventInvokeConfig: destinations, and the role that sends there."""
    function = function_of(backend, FunctionName)
    if MaximumRetryAttempts is None and MaximumEventAgeInSeconds is None and not DestinationConfig:
        raise invalid("You must specify at least one of error handling or destination setting.")
    for destination in (DestinationConfig or {}).values() if function else ():
        if destination.get("Destination"):
            check_target(backend, role_of(backend.account_id, function.role), destination["Destination"], tuple(SENDS))


@BOOK.after("PutFunctionEventInvokeConfig")
def the_last_one_counts(backend, FunctionName, **_):
    """PutFunctionEventInvokeConfig: "If a configuration already exists ..., the operation overwrites it" (moto goes on telling the first)."""
    function = function_of(backend, FunctionName)
    function.event_invoke_config = function.event_invoke_config[-1:]


# ---- event source mappings


def source_of(backend, arn):
    return next((queue for queue in sqs_backends[backend.account_id][backend.region_name].queues.values() if queue.queue_arn == arn), None)


def check_mapping(backend, function, source, given):
    """CreateEventSourceMapping: what is of streams only, batches of queues; guide, "Using Lambda with Amazon SQS"."""
    service, batch = source.split(":")[2], given.get("BatchSize") or 0
    if service == "sqs":
        wrong = [member for member in STREAM_ONLY if given.get(member) is not None]
        if wrong:
            raise invalid(f"{wrong[0]} is not supported for Amazon SQS event source mappings.")
        if source.endswith(".fifo") and batch > 10:
            raise invalid("BatchSize exceeds the max of 10 for FIFO queues.")
        if batch > 10 and not given.get("MaximumBatchingWindowInSeconds"):
            raise invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
        queue = source_of(backend, source)
        if queue is None:
            raise invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue.")
        hidden = int(queue.visibility_timeout)
        if hidden < function.timeout:
            raise invalid(f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {function.timeout} seconds")
    elif given.get("ScalingConfig"):
        raise invalid("ScalingConfig is only supported for Amazon SQS event source mappings.")
    role = role_of(backend.account_id, function.role)
    for action in READS.get(service, ()):
        if role and not may(role, f"{service}:{action}", source):
            raise invalid(f"The provided execution role does not have permissions to call {action} on {service.upper()}")


@BOOK.rule("CreateEventSourceMapping")
def a_new_mapping_is_sound(backend, FunctionName, EventSourceArn, **given):
    """CreateEventSourceMapping: ResourceConflictException; StartingPosition is "required for ... stream event sources"."""
    function = function_of(backend, FunctionName)
    if function is None:
        return
    if ":sqs:" not in EventSourceArn and not given.get("StartingPosition"):
        raise invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
    for one in backend._event_source_mappings.values():
        if one.event_source_arn == EventSourceArn and one.function_name == FunctionName:
            raise conflict(
                f'An event source mapping with arn (" {EventSourceArn} ") and function (" {FunctionName} ") already exists. '
                f"Please update or delete the existing mapping with UUID {one.uuid}"
            )
    check_mapping(backend, function, EventSourceArn, given)


@BOOK.patch(LambdaBackend, "create_event_source_mapping")
def it_is_being_connected(original, backend, spec):
    """EventSourceMappingConfiguration: State "can be one of ... Creating, Enabling, Enabled, Disabling, Disabled, Updating, or Deleting"."""
    mapping = original(backend, spec)
    mapping.passing = passing("Creating")
    return led_to(mapping, spec)


@BOOK.patch(LambdaBackend, "update_event_source_mapping")
def it_is_being_updated(original, backend, uuid, spec):
    mapping = original(backend, uuid, spec)
    mapping.passing = passing("Updating")
    return led_to(mapping, spec)


def led_to(mapping, spec):
    """FunctionArn: an alias stays an alias (moto tells the version that it leads to)."""
    name, dummy, qualifier = spec.get("FunctionName", "").partition(":")
    if name:
        mapping.function_arn = ":".join([*mapping.function_arn.split(":")[:7], *filter(None, [qualifier])])
    return mapping


@BOOK.rule("UpdateEventSourceMapping", "DeleteEventSourceMapping")
def it_is_at_rest(backend, UUID, **given):
    """UpdateEventSourceMapping: ResourceInUseException, "you ... tried to update an event source mapping in the CREATING, or ... UPDATING state"."""
    mapping = backend._event_source_mappings.get(UUID)
    if mapping is None:
        raise Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    if state_of(mapping) != "at rest":
        raise Refused("ResourceInUseException", f"Cannot change the event source mapping because it is in use ({state_of(mapping)}).")
    if given:
        present = {"BatchSize": mapping.batch_size, "MaximumBatchingWindowInSeconds": mapping.max_batch_window}
        function = function_of(backend, given.get("FunctionName") or mapping.function_arn)
        if function:
            check_mapping(backend, function, mapping.event_source_arn, {**present, **given})


@BOOK.patch(LambdaBackend, "delete_event_source_mapping")
def it_goes_slowly(original, backend, mapping_id):
    """DeleteEventSourceMapping: "it enters a Deleting state and might not be completely deleted for several seconds"."""
    mapping = backend._event_source_mappings.get(mapping_id)
    if mapping:
        mapping.passing = passing("Deleting", "gone")
    return mapping


@BOOK.patch(EventSourceMapping, "get_configuration")
def what_a_mapping_says_of_itself(original, mapping):
    state = state_of(mapping)
    return original(mapping) if state == "at rest" else {**original(mapping), "State": state}


@BOOK.rule("ListEventSourceMappings", "GetEventSourceMapping", "CreateEventSourceMapping")
def what_has_gone_is_gone(backend, **_):
    """DeleteEventSourceMapping; moto leaves it at its source."""
    gone = [key for key, one in backend._event_source_mappings.items() if state_of(one) == "gone"]
    queues, streams = (backends[backend.account_id][backend.region_name] for backends in (sqs_backends, kinesis_backends))
    sources = [*queues.queues.values(), *streams.streams.values()]
    for mapping in map(backend._event_source_mappings.pop, gone):
        for held in (source.lambda_event_source_mappings for source in sources):
            for key in [key for key, one in held.items() if one is mapping]:
                del held[key]


@BOOK.after("ListEventSourceMappings", "GetEventSourceMapping")
def mappings_come_to_rest(backend, **_):
    for one in backend._event_source_mappings.values():
        look(one)
