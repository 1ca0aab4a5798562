# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager: names, public policies, rotation by a schedule and not at once, and replicas that take time."""

from __future__ import annotations

import json
import re

from moto.awslambda.models import lambda_backends
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from .passing import LOOKS
from .rules import Refused, RuleBook

BOOK = RuleBook("secretsmanager", invalid="ValidationException")

NAME = re.compile(r"[\w/+=.@-]{1,512}")


@BOOK.rule("CreateSecret")
def a_name_has_its_characters(secretsmanager, Name, **_):
    """CreateSecret.Name: "The secret name can contain ASCII letters, numbers, and the following characters: /_+=.@-"."""
    if not NAME.fullmatch(Name):
        message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        raise Refused("ValidationException", message)


@BOOK.rule("PutResourcePolicy")
def a_public_policy_is_blocked(secretsmanager, ResourcePolicy, BlockPublicPolicy, **_):
    """PutResourcePolicy.BlockPublicPolicy: "block resource-based policies that allow broad access to the secret"; PublicPolicyException."""
    try:
        statements = json.loads(ResourcePolicy)["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refused("MalformedPolicyDocumentException", "This resource policy contains a syntax error.") from None
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        anyone = principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*")
        if BlockPublicPolicy and statement.get("Effect") == "Allow" and anyone and not statement.get("Condition"):
            raise Refused("PublicPolicyException", "You can't use a resource policy that allows broad access to the secret.")


@BOOK.adds("RotateSecret")
def rotate_secret(secretsmanager, SecretId, RotationLambdaARN, RotationRules, RotateImmediately=True, **_):
    """RotateSecret: configures the rotation; it begins at once unless RotateImmediately is false. Whether the function is there is tested."""
    if not secretsmanager._is_valid_identifier(SecretId):
        raise Refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    secret, rules = secretsmanager.secrets[SecretId], RotationRules or {}
    if secret.is_deleted():
        raise Refused("InvalidRequestException", "You tried to perform the operation on a secret that's currently marked deleted.")
    function = (RotationLambdaARN or secret.rotation_lambda_arn or "").rpartition(":")[2]
    if not function or function not in lambda_backends[secretsmanager.account_id][secretsmanager.region_name]._lambdas._functions:
        raise Refused("AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access")
    if "ScheduleExpression" in rules and "AutomaticallyAfterDays" in rules:
        raise Refused("InvalidParameterException", "AutomaticallyAfterDays and ScheduleExpression cannot be set together.")
    if RotateImmediately is not False:
        raise NotImplementedError("the function would have to run, which the double does not do")
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = RotationLambdaARN or secret.rotation_lambda_arn
    secret.rotation_rules = dict(rules) or vars(secret).get("rotation_rules", {})
    return {"ARN": secret.arn, "Name": secret.name}


@BOOK.after("UpdateSecret")
def an_empty_description_is_none(secretsmanager, SecretId, Description=None, **_):
    """UpdateSecret.Description: an empty one takes the description away, which moto takes for not given."""
    if Description == "":
        secretsmanager.secrets[SecretId].description = ""


@BOOK.patch(SecretsManagerBackend, "get_secret_value")
def a_secret_is_its_current_version(original, secretsmanager, secret_id, version_id, version_stage):
    """GetSecretValue: "If you don't specify either a VersionStage or VersionId, then the default is to perform the operation on the version with the
    VersionStage value of AWSCURRENT"; moto gives the last one that was put, pending or not."""
    return original(secretsmanager, secret_id, version_id, version_stage or (None if version_id else "AWSCURRENT"))


@BOOK.patch(FakeSecret, "to_dict")
def with_its_schedule(original, secret):
    """DescribeSecret, ListSecrets: RotationRules as they were given, which moto knows in days only."""
    told = original(secret)
    for status, replica in zip(told.get("ReplicationStatus", []), secret.replicas, strict=True):
        status["Status"] = "InProgress" if vars(replica).get("_tick") else replica.status
    if secret.rotation_requested and "rotation_rules" in vars(secret):
        told["RotationRules"] = dict(secret.rotation_rules)
    return told


@BOOK.rule("ReplicateSecretToRegions")
def a_region_takes_one(secretsmanager, SecretId, AddReplicaRegions, **_):
    """ReplicateSecretToRegions: an InvalidRequestException where the Region has a replica of it already; the key of a replica cannot be changed so."""
    secret = secretsmanager.secrets[SecretId] if secretsmanager._is_valid_identifier(SecretId) else None
    there = {one.region for one in getattr(secret, "replicas", [])}
    again = sorted(there & {one["Region"] for one in AddReplicaRegions})
    if again:
        raise Refused("InvalidRequestException", f"The secret is already replicated to {', '.join(again)}.")


@BOOK.after("ReplicateSecretToRegions")
def with_its_key(secretsmanager, SecretId, AddReplicaRegions, **_):
    """ReplicationStatusType.KmsKeyId: as it was given, which moto forgets; and a replica is InProgress before it is InSync."""
    keys = {one["Region"]: one.get("KmsKeyId") for one in AddReplicaRegions}
    for replica in secretsmanager.secrets[SecretId].replicas:
        if replica.region in keys:
            replica.config["KmsKeyId"] = keys[replica.region] or replica.config["KmsKeyId"]
            replica._tick = LOOKS if replica.has_replica else 0


@BOOK.after("DescribeSecret")
def time_passes_for_replicas(secretsmanager, SecretId, **_):
    for replica in getattr(secretsmanager.secrets[SecretId], "replicas", []):
        replica._tick = max(vars(replica).get("_tick", 0) - 1, 0)


@BOOK.rule("RemoveRegionsFromReplication")
def only_replicas_go(secretsmanager, SecretId, RemoveReplicaRegions, **_):
    """RemoveRegionsFromReplication, RemoveReplicaRegions: "The Regions of the replicas to remove"; InvalidParameterException."""
    secret = secretsmanager.secrets[SecretId] if secretsmanager._is_valid_identifier(SecretId) else None
    none = sorted(set(RemoveReplicaRegions) - {one.region for one in getattr(secret, "replicas", [])})
    if secret is not None and none:
        raise Refused("InvalidParameterException", f"The secret has no replica in {', '.join(none)}.")
