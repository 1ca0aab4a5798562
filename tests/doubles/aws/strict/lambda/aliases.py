# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aliases, and the concurrency that is provisioned for them and for versions (which moto lacks)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from moto.awslambda.models import LambdaAlias, LambdaBackend
from moto.core.utils import unix_time

from ..passing import Passing
from ..rules import Refused
from .functions import BOOK, NAMESPACE, UNRESERVED, function_of, invalid, unreserved


class Provisioned(Passing):
    """What is kept ready for an alias or a version."""

    def __init__(self):
        self.wanted = 0
        self.last_modified = 0.0

    def begin(self, wanted):
        self.wanted = wanted
        self.last_modified = unix_time()
        self.be("IN_PROGRESS", "READY")

    def told(self):
        ready = self.wanted if self.state == "READY" else 0
        return {
            "RequestedProvisionedConcurrentExecutions": self.wanted,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": self.state,
            "LastModified": f"{datetime.fromtimestamp(self.last_modified, UTC):%Y-%m-%dT%H:%M:%S+0000}",
        }


# ---- aliases


@BOOK.patch(LambdaBackend, "create_alias")
def each_is_shown_by_itself(original, backend, **given):
    made = original(backend, **given)
    backend.aliases = backend._lambdas._aliases
    return made


@BOOK.rule("CreateAlias", "UpdateAlias")
def two_versions_share_calls_if_they_are_alike(backend, FunctionName, Name, FunctionVersion, RoutingConfig, **_):
    """Guide, "Implement Lambda canary deployments using a weighted alias": "a maximum of two Lambda function versions", with the same role and dead-letter
    queue, "Both versions must be published. The alias cannot point to $LATEST". That no version is named twice, and a weight of 0.0 to 1.0: what Lambda
    answered in serverless/serverless issue 7250, and "The second version, and the percentage of traffic that's routed to it" (RoutingConfig).
    """
    function = function_of(backend, FunctionName)
    if function is None:
        return
    alias = aliases_of(backend, function).get(Name)
    main = FunctionVersion or (alias and alias.function_version)
    weights = (RoutingConfig if RoutingConfig is not None else alias and alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    if not weights:
        return
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1.")
    ((other, weight),) = weights.items()
    if "$LATEST" in (main, other):
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if not 0 <= weight <= 1:
        raise invalid(f"Invalid version weight {weight}")
    if main == other:
        raise invalid(f"Invalid function version {main}. Function version {main} is already included in routing configuration.")
    pair = [backend._lambdas._get_version(function.function_name, version) for version in (main, other)]
    if pair[1] is None:
        raise Refused("ResourceNotFoundException", f"Function not found: {function.function_arn}:{other}", 404)
    if pair[0] and like(pair[0]) != like(pair[1]):
        raise invalid("Aliases with weights must point to versions with the same role and dead letter configuration")


def like(version):
    return version.role, vars(version).get("kept", {}).get("DeadLetterConfig")


def aliases_of(backend, function):
    return backend._lambdas._aliases[function.function_arn]


@BOOK.rule("UpdateAlias")
def it_is_the_last_revision(backend, FunctionName, Name, RevisionId, **_):
    """UpdateAlias: RevisionId, "Only update the alias if the revision ID matches"."""
    function = function_of(backend, FunctionName)
    alias = aliases_of(backend, function).get(Name) if function else None
    if alias and RevisionId and RevisionId != alias.to_json()["RevisionId"]:
        raise Refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetAlias API", 412)


@BOOK.patch(LambdaAlias, "to_json")
def what_an_alias_says_of_itself(original, alias):
    """AliasConfiguration: RevisionId "changes when you update the alias", here a hash of all that is told."""
    told = {name: value for name, value in original(alias).items() if name != "RevisionId" and value is not None}
    return {**told, "RevisionId": str(uuid.uuid5(NAMESPACE, json.dumps(told, sort_keys=True)))}


@BOOK.patch(LambdaAlias, "update")
def what_is_provisioned_moves_with_it(original, alias, description, function_version, routing_config):
    """Guide, "Configuring provisioned concurrency": an alias that leads to another version has it allocated anew."""
    moved = function_version not in (None, alias.function_version)
    original(alias, description, function_version, routing_config)
    provisioned = vars(alias).get("provisioned")
    if moved and provisioned:
        provisioned.begin(provisioned.wanted)


# ---- provisioned concurrency


def holder_of(backend, name, qualifier):
    """The function, and what of it the qualifier means: an alias or a version."""
    function = function_of(backend, name)
    holder = function and (aliases_of(backend, function).get(qualifier) or backend._lambdas._get_version(function.function_name, qualifier))
    if not holder:
        raise Refused("ResourceNotFoundException", f"Cannot find alias or version: {name}:{qualifier}", 404)
    return function, holder


def arn_of(holder):
    return holder.arn if isinstance(holder, LambdaAlias) else holder.function_arn


def configured(backend, function):
    """All that is provisioned for a function: ARN → Provisioned."""
    holders = [*aliases_of(backend, function).values(), *backend._lambdas._functions[function.function_name]["versions"]]
    return {arn_of(holder): vars(holder)["provisioned"] for holder in holders if vars(holder).get("provisioned")}


@BOOK.adds("PutProvisionedConcurrencyConfig")
def put_provisioned_concurrency_config(backend, FunctionName, Qualifier, ProvisionedConcurrentExecutions):
    """Guide, "Configuring provisioned concurrency": not for $LATEST or an alias of it; "can't exceed" what is reserved for the function, else what the account
    has unreserved, of which 100 stay. With weights: what Lambda answered in hashicorp/terraform issue 24957.
    """
    function = function_of(backend, FunctionName)
    if Qualifier == "$LATEST" or (function and getattr(aliases_of(backend, function).get(Qualifier), "function_version", "") == "$LATEST"):
        raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    function, holder = holder_of(backend, FunctionName, Qualifier)
    if isinstance(holder, LambdaAlias) and (holder.routing_config or {}).get("AdditionalVersionWeights"):
        raise invalid("Alias with weights can not be used with Provisioned Concurrency")
    others = sum(one.wanted for arn, one in configured(backend, function).items() if arn != arn_of(holder))
    reserved = function.reserved_concurrency
    if others + ProvisionedConcurrentExecutions > (unreserved(backend) - UNRESERVED if reserved is None else int(reserved)):
        raise invalid("Specified ConcurrentExecutions for function is greater than function's reserved concurrency, or than what the account has left")
    holder.provisioned = vars(holder).get("provisioned") or Provisioned()
    holder.provisioned.begin(ProvisionedConcurrentExecutions)
    return holder.provisioned.told()


@BOOK.adds("GetProvisionedConcurrencyConfig")
def get_provisioned_concurrency_config(backend, FunctionName, Qualifier):
    """The service model's errors: ProvisionedConcurrencyConfigNotFoundException, "The specified configuration does not exist"."""
    dummy, holder = holder_of(backend, FunctionName, Qualifier)
    provisioned = vars(holder).get("provisioned")
    if not provisioned:
        raise Refused("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function", 404)
    told = provisioned.told()
    provisioned.look()
    return told


@BOOK.adds("ListProvisionedConcurrencyConfigs")
def list_provisioned_concurrency_configs(backend, FunctionName, **_):
    """The service model's errors: ResourceNotFoundException, "The resource specified in the request does not exist"."""
    function = function_of(backend, FunctionName)
    if function is None:
        raise Refused("ResourceNotFoundException", f"Function not found: {FunctionName}", 404)
    there = configured(backend, function)
    told = [{"FunctionArn": arn, **one.told()} for arn, one in there.items()]
    for one in there.values():
        one.look()
    return {"ProvisionedConcurrencyConfigs": told}


@BOOK.adds("DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(backend, FunctionName, Qualifier):
    """DeleteProvisionedConcurrencyConfig: of what has none it is quiet."""
    dummy, holder = holder_of(backend, FunctionName, Qualifier)
    vars(holder).pop("provisioned", None)
