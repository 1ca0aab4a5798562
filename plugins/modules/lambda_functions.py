#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _lambda, _lambda_unversioned, _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import (
    HIDDEN,
    Option,
    Problem,
    differences,
    fixed,
    items,
    merged,
    ref,
    refs,
    same_secret,
    tags,
)

LOGGING = dict(log_format="LogFormat", log_group="LogGroup", application_log_level="ApplicationLogLevel", system_log_level="SystemLogLevel")
# What one call writes. Lambda keeps what it is not told of, and takes each member whole.
CONFIGURATION = dict(
    description="Description",
    handler="Handler",
    runtime="Runtime",
    memory_size="MemorySize",
    timeout="Timeout",
    ephemeral_storage="EphemeralStorage.Size",
    tracing_config="TracingConfig.Mode",
    dead_letter_target_arn="DeadLetterConfig.TargetArn",
    kms_key_arn="KMSKeyArn",
    layers=Field("Layers", lambda found: [layer["Arn"] for layer in found], lambda wanted: wanted),
    logging_config=Field("LoggingConfig", lambda found: flat(LOGGING, found), lambda wanted: deep(LOGGING, wanted, {})),
)
NONE = dict(description="", dead_letter_target_arn="", kms_key_arn="", layers=[])  # how the call says that there is none
VPC = dict(subnets="SubnetIds", security_groups="SecurityGroupIds", ipv6_allowed_for_dual_stack="Ipv6AllowedForDualStack")
PACKAGE = dict(s3_bucket="S3Bucket", s3_key="S3Key", s3_object_version="S3ObjectVersion", image_uri="ImageUri")
CODE = {"image_uri", "code_sha256"}  # by these it is seen that it is another one
VERSIONED = {"role", "environment", *CONFIGURATION, *VPC, *CODE}
SERVICE = "lambda.amazonaws.com"
NAMES = "EnvironmentVariableName"
VARIABLES_BYTES = 4096  # names and values together


# ---- what is there


def find(aws, wanted):
    """What the list says of functions; whether one is still being changed is said only by a call for each, in `read`."""
    functions = aws.pages("lambda", "list_functions", "Functions")
    return [_have(one, _named(wanted, one["FunctionName"])) for one in functions]


def _named(wanted, name):
    """What the sheet says of this function: where its code comes from is nowhere else."""
    return next((entry for entry in wanted or () if name in (entry.get("id"), entry.get("name"))), {})


def _have(function, named):
    vpc, environment = function.get("VpcConfig") or {}, function.get("Environment") or {}
    return dict(
        {"layers": [], **{option: value for option, value in flat(CONFIGURATION, function).items() if value != ""}},
        id=function["FunctionName"],
        name=function["FunctionName"],
        role=function["Role"].rpartition("/")[2],
        environment=environment.get("Variables") or {},
        subnets=vpc.get("SubnetIds") or [],
        security_groups=vpc.get("SecurityGroupIds") or [],
        ipv6_allowed_for_dual_stack=bool(vpc.get("Ipv6AllowedForDualStack")),
        package_type=function.get("PackageType"),
        architectures=function.get("Architectures"),
        code_sha256=function.get("CodeSha256") if function.get("PackageType") != "Image" else None,
        _arn=function["FunctionArn"],
        _named=named,
        _hidden=(environment.get("Error") or {}).get("Message"),
        **_progress(function),
    )


def _sha256(file):
    return base64.b64encode(hashlib.sha256(_content(file)).digest()).decode()


def _content(file):
    try:
        with open(file, "rb") as package:
            return package.read()
    except OSError as error:
        raise Problem(f"zip_file: {file} cannot be read ({error.strerror})") from error


def _progress(function):
    """What goes on, or came to nothing, and the revision that a change must be of."""
    making, changing = function.get("State"), function.get("LastUpdateStatus")
    return dict(
        _moving=making if making == "Pending" else changing if changing == "InProgress" else None,
        _failed=function.get("StateReason") if making == "Failed" else function.get("LastUpdateStatusReason") if changing == "Failed" else None,
        _revision=function.get("RevisionId"),
    )


def look(aws, ids):
    return [dict(id=name, **_progress(_configured(aws, name))) for name in ids]


def _configured(aws, name):
    return aws.lambda_.get_function_configuration(FunctionName=name)


def read(aws, have, names):
    found = aws.lambda_.get_function(FunctionName=have["name"])
    more = _have(found["Configuration"], have["_named"])
    _refuse_other_code(have["_named"], more["code_sha256"])
    more["image_uri"] = found.get("Code", {}).get("ImageUri")
    more["tags"] = {key: value for key, value in (found.get("Tags") or {}).items() if not key.startswith("aws:")}
    more["reserved_concurrent_executions"] = found.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    return dict(more, **_lambda_unversioned.read(aws, have["name"], names))


def _refuse_other_code(named, present):
    """Lambda tells only the hash of its code, so a file is compared by that, and the sheet says it."""
    file = named.get("zip_file")
    if file and "code_sha256" not in named and _sha256(file) != present:
        raise Problem(f"zip_file: {file} is other code than the function has: name code_sha256: {_sha256(file)} beside it to have it sent")


# ---- writing


def create(aws, want):
    """Concurrency, asynchronous invocation and permissions come afterwards."""
    more = dict(PackageType=want.get("package_type"), Architectures=want.get("architectures"), Tags=_tags.split({}, want)[0] or None)
    made = aws.lambda_.create_function(
        FunctionName=want["name"],
        Code=_package(want),
        **_settings(aws, {}, differences(OPTIONS, want, {})),
        **{member: value for member, value in more.items() if value is not None},
    )
    return dict(_have(made, want), image_uri=want.get("image_uri"), tags=want.get("tags", {}), permissions=[])


def _package(named):
    """Where the code comes from."""
    given = {member: named[option] for option, member in PACKAGE.items() if option in named}
    return dict(given, **({"ZipFile": _content(named["zip_file"])} if "zip_file" in named else {}))


def _settings(aws, have, change):
    """The members of the configuration that the change names, each whole."""
    values = {option: NONE.get(option) if value is None else value for option, value in change.items()}
    settings = deep(CONFIGURATION, values, {})
    after = merged(OPTIONS, have, change)
    if "role" in change:
        settings["Role"] = _deliveries.trusted_role(aws, change["role"], SERVICE)
    if "environment" in change:
        settings["Environment"] = dict(Variables={name: str(value) for name, value in (after["environment"] or {}).items()})
    if VPC.keys() & change.keys():
        settings["VpcConfig"] = {member: after[option] for option, member in VPC.items() if after.get(option) is not None}
    return settings


def update(aws, have, change):
    """All settings go in one call, because Lambda takes no other while it is at work on one; the code follows, and then what is not of a version."""
    _lambda.consider(aws, have, change, versioned=bool(VERSIONED & change.keys()))
    moving, settings = None, _settings(aws, have, change)
    if settings:
        moving = _moving(aws.lambda_.update_function_configuration(FunctionName=have["name"], RevisionId=have["_revision"], **settings))
    if CODE & change.keys():
        _deploy(aws, have, _at_rest(aws, have["name"]) if moving else have["_revision"])
        moving = "InProgress"
    if not _lambda_unversioned.named(change):
        return moving
    if moving:
        _at_rest(aws, have["name"])
    _lambda_unversioned.write(aws, have, change, merged(OPTIONS, have, change))
    return None


def _moving(function):
    return _progress(function)["_moving"]


def _at_rest(aws, name):
    """The revision that the change has come to."""
    seen = aws.wait(f"function {name}", lambda: _progress(_configured(aws, name)), lambda progress: not progress["_moving"], limit=KIND.seconds)
    if seen["_failed"]:
        raise Problem(f"the change of its settings came to nothing: {seen['_failed']}")
    return seen["_revision"]


def _deploy(aws, have, revision):
    named = have["_named"]
    made = aws.lambda_.update_function_code(FunctionName=have["name"], RevisionId=revision, **_package(named))
    if named.get("code_sha256", made["CodeSha256"]) != made["CodeSha256"]:
        raise Problem(f"code_sha256: the archive has {made['CodeSha256']}, not {named['code_sha256']}, and is what runs now: correct the sheet, or the archive")


def delete(aws, have):
    aws.lambda_.delete_function(FunctionName=have["name"])


# ---- what to think about first


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    if bool(after.get("subnets")) != bool(after.get("security_groups")):
        raise Problem("subnets and security_groups: a function has both, or none of both")
    if have and CODE & change.keys() and not _package_named(want):
        raise Problem("code_sha256 differs, so the code is to be another one: name zip_file, or s3_bucket and s3_key, too")
    if {"zip_file", "code_sha256"} <= want.keys() and _sha256(want["zip_file"]) != want["code_sha256"]:
        raise Problem(f"code_sha256: {want['zip_file']} has {_sha256(want['zip_file'])}")
    if "environment" in change and have.get("_hidden"):
        raise Problem(f"environment cannot be read ({have['_hidden']}), and Lambda takes all variables at once: let these credentials decrypt with its key")
    for option, code, facts in mistakes(dict(want, environment=after.get("environment"))):
        raise Problem(f"{option}: {WORDS[code].format(**_shapes.worded(code, facts))}")


def foresee(aws, want):
    image = want.get("package_type") == "Image"
    lacking = [] if image else [option for option in ("handler", "runtime") if option not in want]
    if lacking:
        raise Problem(f"does not exist, and to create it {', '.join(lacking)} must be named, where it is no image")
    if not _package_named(want) or image != ("image_uri" in want):
        raise Problem("does not exist, and to create it " + ("image_uri" if image else "zip_file, or s3_bucket and s3_key,") + " must be named")
    if HIDDEN in want.get("environment", {}).values():
        raise Problem("environment: a sheet that was read from an account has stars in the place of values: write what the new function shall have")


def _package_named(want):
    return bool({"image_uri", "zip_file"} & want.keys()) or {"s3_bucket", "s3_key"} <= want.keys()


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted with its versions, its aliases and who may invoke it; its event source mappings stay behind and fail"
    reasons = []
    if change.get("reserved_concurrent_executions") == 0:
        reasons.append("would stop the function: with a reserved concurrency of 0 every invocation is refused")
    gone = [item["statement_id"] for item in change["permissions"].remove] if "permissions" in change else []
    if gone:
        reasons.append(f"would no longer let those of {', '.join(gone)} invoke it")
    if have.get("subnets") and not merged(OPTIONS, have, change).get("subnets"):
        reasons.append("would take the function out of its VPC")
    return " and ".join(reasons) or None


# Lambda guide, "Defined runtime environment variables": those that cannot be set in the configuration.
RESERVED = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}
WORDS = dict(
    _shapes.TEXTS,
    most="the names and values take {value} bytes, and Lambda has room for {limit}: move what is large, or secret, to Secrets Manager",
    reserved_name="{value} is a name that Lambda keeps for itself: take another",
)


def mistakes(entry):
    """What no function can have, as (option, code, facts); values of variables are never part of it."""
    variables = {name: str(value) for name, value in (entry.get("environment") or {}).items() if value is not None}
    for name in sorted(RESERVED & variables.keys()):
        yield "environment", "reserved_name", dict(value=name)
    for name in sorted(variables.keys() - RESERVED):
        yield from (("environment", code, dict(value=name, limit=limit)) for code, limit in _shapes.refused(_shapes.model("lambda").shape_for(NAMES), name))
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > VARIABLES_BYTES:
        yield "environment", "most", dict(value=size, limit=VARIABLES_BYTES)


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in mistakes(entry):
            yield index, option, code, facts


API = "CreateFunction"
OPTIONS = dict(
    name=fixed(api=f"{API}.FunctionName"),
    description=Option(clearable=True, api=f"{API}.Description"),
    role=ref("iam_roles", required=True),
    package_type=fixed(api=f"{API}.PackageType"),
    architectures=fixed("list", elements="str", api=f"{API}.Architectures"),
    zip_file=Option(write_only=True),
    s3_bucket=Option(write_only=True, api=f"{API}.Code.S3Bucket"),
    s3_key=Option(write_only=True, api=f"{API}.Code.S3Key"),
    s3_object_version=Option(write_only=True, api=f"{API}.Code.S3ObjectVersion"),
    image_uri=Option(),
    code_sha256=Option(),
    handler=Option(api=f"{API}.Handler"),
    runtime=Option(api=f"{API}.Runtime"),
    # The model's limits are those of managed instances; these of all others stand in its words and in the quotas of Lambda.
    memory_size=Option("int", limits=dict(min=128, max=10240)),
    timeout=Option("int", limits=dict(min=1, max=900)),
    ephemeral_storage=Option("int", api=f"{API}.EphemeralStorage.Size"),
    environment=Option("dict", clearable=True, secret=True, texts=True, same_each=lambda wanted, has: same_secret(str(wanted), has)),
    kms_key_arn=Option(clearable=True, api=f"{API}.KMSKeyArn"),
    subnets=refs("ec2_subnets"),
    security_groups=refs("ec2_security_groups"),
    ipv6_allowed_for_dual_stack=Option("bool"),
    layers=Option("list", "str", clearable=True, api=f"{API}.Layers"),
    dead_letter_target_arn=Option(clearable=True, api=f"{API}.DeadLetterConfig.TargetArn"),
    tracing_config=Option(api=f"{API}.TracingConfig.Mode"),
    logging_config=Option("dict", options={option: Option(api=f"{API}.LoggingConfig.{member}") for option, member in LOGGING.items()}),
    reserved_concurrent_executions=Option("int", clearable=True, api="PutFunctionConcurrency.ReservedConcurrentExecutions"),
    maximum_retry_attempts=Option("int", clearable=True, api="PutFunctionEventInvokeConfig.MaximumRetryAttempts"),
    maximum_event_age_in_seconds=Option("int", clearable=True, api="PutFunctionEventInvokeConfig.MaximumEventAgeInSeconds"),
    on_success=Option(clearable=True, api="PutFunctionEventInvokeConfig.DestinationConfig.OnSuccess.Destination"),
    on_failure=Option(clearable=True, api="PutFunctionEventInvokeConfig.DestinationConfig.OnFailure.Destination"),
    permissions=items(
        key=("statement_id",),
        options=dict(
            statement_id=Option(required=True, api="AddPermission.StatementId"),
            action=Option(required=True, api="AddPermission.Action"),
            principal=Option(required=True, same=lambda wanted, has: wanted == has or f":iam::{wanted}:root" in has),
            source_arn=Option(api="AddPermission.SourceArn"),
            source_account=Option(api="AddPermission.SourceAccount"),
        ),
    ),
    tags=tags(),
)
KIND = Kind(
    name="lambda_functions",
    identity=("name",),
    options=OPTIONS,
    find=find,
    read=read,
    look=look,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    foresee=foresee,
    danger=danger,
    faults=faults,
    # A role, or a policy of it, may be too new to be known everywhere; and Lambda takes no change while it is at work on one.
    not_yet=(r"cannot be assumed by Lambda", r"does not have permissions? to", r"\(ResourceConflictException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
