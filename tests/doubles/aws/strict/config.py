# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Config: recorders with their role and mode, and channels that have to reach their bucket."""

from __future__ import annotations

import copy
import json
import re

from moto.config.models import MANAGED_RULES_CONSTRAINTS, ConfigBackend
from moto.moto_api._internal import mock_random
from moto.sns.models import sns_backends

from . import access
from .rules import Refused, RuleBook

BOOK = RuleBook("config", invalid="ValidationException")

SERVICE = "config.amazonaws.com"
LINKED = "AWSConfigurationRecorderFor"
KEY = re.compile(r"arn:aws:kms:[^:]+:\d{12}:(key|alias)/[\w/-]+")


def recorder_of(config, name):
    if name not in config.recorders:
        message = f"Cannot find configuration recorder with the specified name '{name}'."
        raise Refused("NoSuchConfigurationRecorderException", message)
    return config.recorders[name]


# -- recorders ------------------------------------------------------------------------------------


@BOOK.rule("PutConfigurationRecorder", "DeleteConfigurationRecorder", "StartConfigurationRecorder", "StopConfigurationRecorder")
def a_services_own_recorder_stays(config, ConfigurationRecorder, ConfigurationRecorderName, **_):
    """UnmodifiableEntityException: "The requested operation is not valid for the requested entity": a service-linked recorder."""
    name = ConfigurationRecorderName or (ConfigurationRecorder or {}).get("name")
    if name in vars(config).get("linked_recorders", {}):
        raise Refused("UnmodifiableEntityException", f"The configuration recorder {name} is service-linked.")


@BOOK.rule("PutConfigurationRecorder")
def the_role_is_there_and_trusts_config(config, ConfigurationRecorder, **_):
    """ConfigurationRecorder.roleARN: "The server will reject a request without a defined roleARN"; InvalidRoleException."""
    role = access.role_of(config.account_id, ConfigurationRecorder.get("roleARN"))
    if role is None or not access.trusts(role, SERVICE):
        message = f"You have provided a null or empty role ARN or a role that cannot be assumed: {ConfigurationRecorder.get('roleARN')}"
        raise Refused("InvalidRoleException", message)


@BOOK.patch(ConfigBackend, "put_configuration_recorder")
def nothing_of_a_recorder_is_lost(original, config, config_recorder):
    """RecordingMode (continuous when nothing is said) and the ARN, which moto drops. A put is of the whole."""
    name = config_recorder.get("name") or "default"
    before = config.recorders.get(name)
    original(config, {**config_recorder, "name": name})
    recorder = config.recorders[name]
    where = f"{config.region_name}:{config.account_id}"
    new = f"arn:aws:config:{where}:configuration-recorder/{name}/{mock_random.get_random_string(16, lower_case=True)}"
    recorder.arn = before.arn if before else new
    recorder._tags = before._tags if before else None
    recorder.recording_mode = copy.deepcopy(config_recorder.get("recordingMode")) or {"recordingFrequency": "CONTINUOUS"}


@BOOK.after("PutConfigurationRecorder")
def tags_are_of_the_creation(config, ConfigurationRecorder, Tags, **_):
    """PutConfigurationRecorder: "Tags are added at creation and cannot be updated"."""
    recorder = config.recorders[ConfigurationRecorder.get("name") or "default"]
    if recorder._tags is None:
        recorder._tags = {tag["Key"]: tag.get("Value", "") for tag in Tags or []}


@BOOK.adds("PutServiceLinkedConfigurationRecorder")
def put_service_linked_configuration_recorder(config, ServicePrincipal, **_):
    """PutServiceLinkedConfigurationRecorder: the recorder of an AWS service, beside the customer's own."""
    name = LINKED + "".join(part.capitalize() for part in ServicePrincipal.split(".")[0].split("-"))
    arn = f"arn:aws:config:{config.region_name}:{config.account_id}:configuration-recorder/{name}/linked"
    vars(config).setdefault("linked_recorders", {})[name] = {"arn": arn, "name": name, "servicePrincipal": ServicePrincipal}
    return {"Arn": arn, "Name": name}


@BOOK.adds("DescribeConfigurationRecorderStatus")
def describe_configuration_recorder_status(config, ConfigurationRecorderNames, **_):
    """ConfigurationRecorderStatus.lastStatus: pending after a start, then whether Config reaches the bucket."""
    names = ConfigurationRecorderNames or list(config.recorders)
    return {"ConfigurationRecordersStatus": [status(config, recorder_of(config, name)) for name in names]}


def status(config, recorder):
    told = {"name": recorder.name, "arn": recorder.arn, "recording": recorder.status.recording}
    if not recorder.status.recording:
        return told
    looks = getattr(recorder.status, "_tick", 0)
    if looks:
        recorder.status._tick = looks - 1
        return {**told, "lastStatus": "PENDING"}
    channel = next(iter(config.delivery_channels.values()), None)
    if channel and reaches(config, recorder, channel.s3_bucket_name, channel.s3_key_prefix):
        return {**told, "lastStatus": "SUCCESS"}
    message = f"Insufficient delivery policy to s3 bucket: {channel and channel.s3_bucket_name}"
    return {**told, "lastStatus": "FAILURE", "lastErrorCode": "AccessDenied", "lastErrorMessage": message}


@BOOK.after("StartConfigurationRecorder")
def the_first_record_takes_a_while(config, ConfigurationRecorderName, **_):
    config.recorders[ConfigurationRecorderName].status._tick = 1


# -- the channel ----------------------------------------------------------------------------------


@BOOK.rule("PutDeliveryChannel")
def config_reaches_the_bucket(config, DeliveryChannel, **_):
    """NoSuchBucketException, InsufficientDeliveryPolicyException: a file is written to see whether that works.

    Config guide, "Permissions for the Amazon S3 bucket": the role's permissions or, with the service-linked role, the bucket's policy.
    """
    if not config.recorders or not DeliveryChannel.get("s3BucketName"):
        return  # moto says that
    name, prefix = DeliveryChannel["s3BucketName"], DeliveryChannel.get("s3KeyPrefix")
    if access.bucket_of(name) is None:
        raise Refused("NoSuchBucketException", f"Cannot find a S3 bucket with name '{name}'.")
    recorder = next(iter(config.recorders.values()))
    if not reaches(config, recorder, name, prefix):
        message = f"Insufficient delivery policy to s3 bucket: {name}, unable to write to bucket, provided s3 key prefix is '{prefix}'."
        raise Refused("InsufficientDeliveryPolicyException", message)


def reaches(config, recorder, name, prefix):
    bucket = access.bucket_of(name)
    key = f"{prefix + '/' if prefix else ''}AWSLogs/{config.account_id}/Config/ConfigWritabilityCheckFile"
    if bucket is None:
        return False
    role = access.role_of(config.account_id, recorder.role_arn)
    if role and access.role_allows(role, "s3:PutObject", f"arn:aws:s3:::{name}/{key}"):
        return True
    return access.delivers(bucket, SERVICE, config.account_id, key, f"arn:aws:config:{config.region_name}:{config.account_id}:x")


@BOOK.rule("PutDeliveryChannel")
def key_and_topic_are_what_they_should_be(_config, DeliveryChannel, **_):
    """InvalidS3KmsKeyArnException, InvalidSNSTopicARNException, InvalidS3KeyPrefixException."""
    key, topic, prefix = (DeliveryChannel.get(name) for name in ("s3KmsKeyArn", "snsTopicARN", "s3KeyPrefix"))
    if key and not KEY.fullmatch(key):
        raise Refused("InvalidS3KmsKeyArnException", f"The arn '{key}' is not a valid kms key or alias arn.")
    if topic:
        region, account = (topic.split(":") + [""] * 6)[3:5]
        if not region or topic not in sns_backends[account][region].topics:
            raise Refused("InvalidSNSTopicARNException", f"The sns topic arn '{topic}' is not valid.")
    if prefix and (prefix.startswith("/") or prefix.endswith("/")):
        raise Refused("InvalidS3KeyPrefixException", f"The s3 key prefix '{prefix}' is not valid.")


# -- rules ----------------------------------------------------------------------------------------

RULES = 1000  # Service Limits of AWS Config: rules of a Region
LEAVING = 1  # looks for which a rule that was deleted still shows


class Rule:
    """A rule as it was put, whole; moto's forgets what it is not told of again, and knows no modes."""

    def __init__(self, arn, told, tags):
        self.arn, self.told, self._tags, self._tick = arn, told, tags, None

    def as_told(self):
        state = "ACTIVE" if self._tick is None else "DELETING"
        return {**self.told, "ConfigRuleArn": self.arn, "ConfigRuleId": self.arn.rpartition("/")[2], "ConfigRuleState": state}


def rules_of(config):
    return vars(config).setdefault("rules", {})


def bad(message):
    return Refused("InvalidParameterValueException", message)


@BOOK.adds("PutConfigRule")
def put_config_rule(config, ConfigRule, Tags=None, **_):
    """PutConfigRule: needs a recorder; a put is of the whole, tags count at creation only; a rule on its way out is in use."""
    name, rules = ConfigRule.get("ConfigRuleName"), rules_of(config)
    if not name:
        raise bad("One or more identifiers needs to be provided. Provide Name or Id or Arn")
    if not config.recorders:
        raise Refused("NoAvailableConfigurationRecorderException", "Configuration recorder is not available. Unable to put config rules.")
    is_sound(ConfigRule)
    if name in rules and rules[name]._tick is not None:
        raise Refused("ResourceInUseException", f"The rule {name} is currently being deleted. Please retry after some time")
    if name not in rules and len(rules) >= RULES:
        raise Refused("MaxNumberOfConfigRulesExceededException", f"Failed to put config rule '{name}' because the maximum number of {RULES} is reached.")
    told = {"EvaluationModes": [{"Mode": "DETECTIVE"}], **copy.deepcopy(ConfigRule)}
    if name in rules:
        rules[name].told = told
        return {}
    arn = f"arn:aws:config:{config.region_name}:{config.account_id}:config-rule/config-rule-{mock_random.get_random_string(6, lower_case=True)}"
    rules[name] = Rule(arn, told, {tag["Key"]: tag.get("Value", "") for tag in Tags or []})
    return {}


def is_sound(rule):
    """ConfigRule, Scope, Source: a managed rule that there is, its parameters as texts, and one way to say what it judges."""
    source, scope = rule["Source"], rule.get("Scope") or {}
    if any(member in rule for member in ("ConfigRuleArn", "ConfigRuleId", "CreatedBy")):
        raise bad("ConfigRule Arn and Id are generated by the service, and CreatedBy is of services alone")
    if source["Owner"] == "AWS":
        if source["SourceIdentifier"] not in MANAGED_RULES_CONSTRAINTS:
            raise bad(f"The sourceIdentifier {source['SourceIdentifier']} is invalid. Please refer to the documentation for a list of valid sourceIdentifiers")
        parameters_are_known(MANAGED_RULES_CONSTRAINTS[source["SourceIdentifier"]]["Parameters"], rule.get("InputParameters"))
        it_has_what_triggers_it(MANAGED_RULES_CONSTRAINTS[source["SourceIdentifier"]]["Trigger type"], rule)
    tag = scope.get("TagKey") or scope.get("TagValue")
    if tag and (scope.get("ComplianceResourceTypes") or scope.get("ComplianceResourceId")):
        raise bad("Scope cannot be applied to both resource and tag")
    if scope.get("TagValue") and not scope.get("TagKey"):
        raise bad("Tag key should not be empty when tag value is provided in scope")
    if scope.get("ComplianceResourceId") and len(scope.get("ComplianceResourceTypes") or []) != 1:
        raise bad("A single resourceType should be provided when resourceId is provided in scope")


def it_has_what_triggers_it(trigger, rule):
    """ConfigRule.MaximumExecutionFrequency: of "an Config managed rule that is triggered at a periodic frequency"; Scope: of changes.

    In AWS's own words in github.com/trussworks/terraform-aws-config/pull/171 and github.com/cloud-custodian/cloud-custodian/pull/10008.
    """
    if rule.get("MaximumExecutionFrequency") and "Periodic" not in trigger:
        raise bad("A maximum execution frequency for this rule is not allowed because only a change in resources triggers this managed rule.")
    if rule.get("Scope") and "changes" not in trigger:
        raise bad("Scope is not supported for periodic rules.")


def parameters_are_known(known, text):
    given = json.loads(text or "{}")
    if any(not isinstance(value, str) for value in given.values()):
        raise bad(f"Blank spaces are not acceptable for input parameters: {text}")
    if given.keys() - {one["Name"] for one in known}:
        raise bad(f"Unknown parameters provided in the inputParameters: {text}")
    missing = {one["Name"] for one in known if not one["Optional"]} - given.keys()
    if missing:
        raise bad(f"The required parameter [{', '.join(sorted(missing))}] is not present in the inputParameters")


@BOOK.adds("DescribeConfigRules")
def describe_config_rules(config, ConfigRuleNames=None, **_):
    """NoSuchConfigRuleException: "Verify that ... the rule name is correct". A rule that is being deleted is shown for a while."""
    rules = rules_of(config)
    for name in ConfigRuleNames or ():
        if name not in rules:
            raise Refused("NoSuchConfigRuleException", f"The ConfigRule '{name}' provided in the request is invalid.")
    shown = [rules[name].as_told() for name in sorted(ConfigRuleNames or rules)]
    for name, rule in list(rules.items()):
        if rule._tick is not None:
            rule._tick -= 1
            if rule._tick < 0:
                del rules[name]
    return {"ConfigRules": shown}


@BOOK.adds("DeleteConfigRule")
def delete_config_rule(config, ConfigRuleName, **_):
    """DeleteConfigRule: the rule is DELETING until its results are gone."""
    rule = rules_of(config).get(ConfigRuleName)
    if rule is None:
        raise Refused("NoSuchConfigRuleException", f"The ConfigRule '{ConfigRuleName}' provided in the request is invalid.")
    if rule.told.get("CreatedBy"):
        raise Refused("AccessDeniedException", f"The rule {ConfigRuleName} is service-linked.")
    rule._tick = LEAVING if rule._tick is None else rule._tick
    return {}


# -- tags of recorders, which moto does not have, and of rules ------------------------------------


def tagged(config, arn):
    return next((one for one in [*config.recorders.values(), *rules_of(config).values()] if one.arn == arn), None)


@BOOK.adds("TagResource")
def tag_resource(config, ResourceArn, Tags, **_):
    recorder = tagged(config, ResourceArn)
    if recorder is None:
        config.tag_resource(ResourceArn, Tags)
    else:
        recorder._tags.update({tag["Key"]: tag.get("Value", "") for tag in Tags})


@BOOK.adds("UntagResource")
def untag_resource(config, ResourceArn, TagKeys, **_):
    recorder = tagged(config, ResourceArn)
    if recorder is None:
        config.untag_resource(ResourceArn, TagKeys)
    else:
        for key in TagKeys:
            recorder._tags.pop(key, None)


@BOOK.adds("ListTagsForResource")
def list_tags_for_resource(config, ResourceArn, Limit, **_):
    recorder = tagged(config, ResourceArn)
    if recorder is None:
        return config.list_tags_for_resource(ResourceArn, Limit or 0)
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(recorder._tags.items())]}
