#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import Field, deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, tags

RECORDER = "config_configuration_recorder"
AMAZONS = "AWS"
# Option → member of ConfigRule.
SCOPE = dict(
    resource_types="ComplianceResourceTypes",
    resource_id="ComplianceResourceId",
    tag_key="TagKey",
    tag_value="TagValue",
)
RULE = dict(
    description="Description",
    source_identifier="Source.SourceIdentifier",
    maximum_execution_frequency="MaximumExecutionFrequency",
    evaluation_modes=Field("EvaluationModes", lambda found: [one["Mode"] for one in found], lambda wanted: [dict(Mode=mode) for mode in wanted]),
    input_parameters=Field("InputParameters", json.loads, json.dumps),
    scope=Field("Scope", lambda found: flat(SCOPE, found), lambda wanted: deep(SCOPE, wanted, {})),
)
# What AWS says of a rule and does not take back.
TOLD_ONLY = ("ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy")


# ---- what is there


def find(aws, wanted):
    """The managed rules; those of others only where an entry may mean one, so that it is not written over."""
    rules = aws.pages("config", "describe_config_rules", "ConfigRules")
    return [_have(rule) for rule in rules if not rule["ConfigRuleState"].startswith("DELETING") and (wanted is not None or not _owner(rule))]


def _owner(rule):
    """Whose a rule is that is none of ours to change."""
    if rule.get("CreatedBy"):
        return f"the service {rule['CreatedBy']}"
    return None if rule["Source"]["Owner"] == AMAZONS else f"the source {rule['Source']['Owner']}, a rule of the customer's own"


def _have(rule):
    have = dict(dict.fromkeys(RULE), id=rule["ConfigRuleName"], name=rule["ConfigRuleName"], _arn=rule["ConfigRuleArn"], _owner=_owner(rule))
    document = {member: value for member, value in rule.items() if member not in TOLD_ONLY and value not in ({}, "", "{}")}
    return {**have, **flat(RULE, document), "_rule": document}


def read(aws, have, names):
    if "tags" not in names:
        return {}
    return dict(tags=_tags.as_dict(aws.pages("config", "list_tags_for_resource", "Tags", ResourceArn=have["_arn"])))


# ---- writing


def create(aws, want):
    """All in one call; AWS evaluates by itself then."""
    rule = deep(RULE, _as_texts(want), dict(ConfigRuleName=want["name"], Source=dict(Owner=AMAZONS)))
    tagged = dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}
    aws.config.put_config_rule(ConfigRule=rule, **tagged)
    return {**dict.fromkeys(RULE), **want, "id": want["name"], "tags": want.get("tags", {}), "_rule": rule, "_arn": None, "_owner": None}


def _as_texts(wanted):
    """Parameters are texts, whatever they look like in a sheet."""
    given = wanted.get("input_parameters")
    return {**wanted, "input_parameters": {name: _text(value) for name, value in given.items()}} if given else wanted


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def update(aws, have, change):
    """PutConfigRule takes the whole: what nobody named goes with it as it is."""
    after = merged(OPTIONS, have, change)
    named = {option: after[option] or None for option in RULE if option in change}
    if named:
        aws.config.put_config_rule(ConfigRule=deep(RULE, _as_texts(named), have["_rule"]))
    _tags.write(have, change, aws.config.tag_resource, aws.config.untag_resource, ResourceArn=have["_arn"])


def delete(aws, have):
    """With its results. AWS takes a while, in which nobody can make another of this name."""
    _check_ours(have)
    aws.config.delete_config_rule(ConfigRuleName=have["name"])
    aws.wait(f"rule {have['name']} to be gone", lambda: _state(aws, have["name"]), lambda state: state is None, limit=300)


def _state(aws, name):
    rules = aws.pages("config", "describe_config_rules", "ConfigRules")
    return next((rule["ConfigRuleState"] for rule in rules if rule["ConfigRuleName"] == name), None)


# ---- what to think about first


def _check_ours(have):
    if have.get("_owner"):
        raise Problem(f"the rule {have['name']} belongs to {have['_owner']}: it is changed there, never here")


def refuse(want, have, change):
    _check_ours(have)
    scope = merged(OPTIONS, have, change).get("scope") or {}
    if scope.get("resource_id") and len(scope.get("resource_types") or []) != 1:
        raise Problem("scope: resource_id is of one resource, and needs exactly one of resource_types")
    if scope.get("tag_value") and not scope.get("tag_key"):
        raise Problem("scope: tag_value needs tag_key")


def foresee(aws, dummy):
    """A rule judges what is recorded. The recorder may be on its way in the same sheet."""
    if not aws.once(_recorders) and RECORDER not in aws.sheet_names:
        raise Problem(f"AWS Config records nothing in this Region, so no rule can be added: name {RECORDER} in the sheet first")


def _recorders(aws):
    return [one for one in aws.config.describe_configuration_recorders()["ConfigurationRecorders"] if not one.get("servicePrincipal")]


def danger(dummy, change):
    return None if change else "would be deleted with what it has found"


# ---- the declaration

PUT = "PutConfigRule.ConfigRule"


def _same_texts(one, other):
    return sorted(one) == sorted(other)


def _same_value(wanted, has):
    return _text(wanted) == _text(has)


OPTIONS = dict(
    name=fixed(api=f"{PUT}.ConfigRuleName"),
    source_identifier=fixed(required=True, api=f"{PUT}.Source.SourceIdentifier"),
    description=Option(clearable=True, api=f"{PUT}.Description"),
    input_parameters=Option("dict", clearable=True, same_each=_same_value),
    scope=Option(
        "dict",
        clearable=True,
        alternatives=((("resource_types", "resource_id"), ("tag_key", "tag_value")),),
        options=dict(
            resource_types=Option("list", "str", api=f"{PUT}.Scope.ComplianceResourceTypes", same=_same_texts),
            resource_id=Option(api=f"{PUT}.Scope.ComplianceResourceId"),
            tag_key=Option(api=f"{PUT}.Scope.TagKey"),
            tag_value=Option(api=f"{PUT}.Scope.TagValue"),
        ),
    ),
    maximum_execution_frequency=Option(clearable=True, api=f"{PUT}.MaximumExecutionFrequency"),
    evaluation_modes=Option("list", "str", api=f"{PUT}.EvaluationModes.Mode", same=_same_texts),
    tags=tags(),
)

KIND = Kind(
    name="config_rules",
    identity=("name",),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    # It is still being deleted or evaluated, or the recorder of the same run is not known everywhere yet.
    not_yet=(r"\((ResourceInUseException|NoAvailableConfigurationRecorderException)\)",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
