# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data Lifecycle Manager, which moto lacks."""

from __future__ import annotations

import copy
import json

import pytest

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "dlm.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
SCHEDULE = {
    "Name": "daily",
    "CreateRule": {"CronExpression": "cron(0 17 * * ? *)"},
    "RetainRule": {"Count": 7},
    "TagsToAdd": [{"Key": "CreatedBy", "Value": "dlm"}],
}
DETAILS = {
    "ResourceTypes": ["VOLUME"],
    "TargetTags": [{"Key": "Backup", "Value": "daily"}],
    "Schedules": [SCHEDULE],
}


@pytest.fixture
def dlm(aws):
    return aws("dlm")


@pytest.fixture
def policy(aws):
    """The parameters of a policy that is allowed."""
    made = aws("iam").create_role(RoleName="dlm", AssumeRolePolicyDocument=TRUST)
    given = {"ExecutionRoleArn": made["Role"]["Arn"], "Description": "acme daily"}
    return copy.deepcopy({**given, "State": "ENABLED", "Tags": {"Env": "prod"}, "PolicyDetails": DETAILS})


def test_a_policy_lives(dlm, policy, refused, double):
    one = dlm.create_lifecycle_policy(**policy)["PolicyId"]
    other = dlm.create_lifecycle_policy(**policy)["PolicyId"]  # the same tag twice is allowed
    found = dlm.get_lifecycle_policy(PolicyId=one)["Policy"]
    arn = f"arn:aws:dlm:ap-northeast-1:123456789012:policy/{one}"
    assert (found["PolicyArn"], found["State"], found["Tags"]) == (arn, "ENABLED", {"Env": "prod"})
    assert found["DateCreated"] == found["DateModified"]
    assert found["PolicyDetails"]["PolicyType"] == "EBS_SNAPSHOT_MANAGEMENT"
    dlm.update_lifecycle_policy(PolicyId=one, State="DISABLED")

    def ids(**filters):
        return [p["PolicyId"] for p in dlm.get_lifecycle_policies(**filters)["Policies"]]

    assert ids() == [one, other]
    assert ids(State="DISABLED") == ids(PolicyIds=[one]) == [one]
    assert ids(TargetTags=["Backup=daily"]) == ids(TagsToAdd=["CreatedBy=dlm"]) == [one, other]
    assert ids(TargetTags=["Backup=weekly"]) == ids(ResourceTypes=["INSTANCE"]) == []
    dlm.tag_resource(ResourceArn=arn, Tags={"Owner": "infra"})
    dlm.untag_resource(ResourceArn=arn, TagKeys=["Env"])
    assert dlm.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"Owner": "infra"}
    assert f"dlm/123456789012/ap-northeast-1/policies/{one}" in double.state()
    dlm.delete_lifecycle_policy(PolicyId=one)
    assert ids() == [other]
    code = "ResourceNotFoundException"
    refused(code, dlm.get_lifecycle_policy, PolicyId=one)
    refused(code, dlm.delete_lifecycle_policy, PolicyId=one)
    refused(code, dlm.update_lifecycle_policy, PolicyId=one, State="ENABLED")
    refused(code, dlm.get_lifecycle_policies, PolicyIds=[one])
    refused(code, dlm.tag_resource, ResourceArn=arn, Tags={"a": "b"})


def with_schedule(**change):
    return {**DETAILS, "Schedules": [{**SCHEDULE, **change}]}


IMAGE = {**DETAILS, "PolicyType": "IMAGE_MANAGEMENT", "ResourceTypes": ["INSTANCE"]}
BAD = {
    "PolicyDetails.TargetTags": {**DETAILS, "TargetTags": []},
    "PolicyDetails.Schedules": {**DETAILS, "Schedules": [SCHEDULE] * 5},
    "ResourceTypes": {**DETAILS, "ResourceTypes": ["INSTANCE", "VOLUME"]},
    "CreateRule": with_schedule(CreateRule={}),
    "CronExpression": with_schedule(CreateRule={"CronExpression": "every day at six"}),
    "CreateRule.Interval": with_schedule(CreateRule={"Interval": 5, "IntervalUnit": "HOURS"}),
    "Count or Interval": with_schedule(RetainRule={"Count": 1, "Interval": 1, "IntervalUnit": "DAYS"}),
    "Count, Interval": with_schedule(RetainRule={"Count": 1, "Interval": 1}),
    "RetainRule": with_schedule(RetainRule={"Count": 0}),
    "RetainRule.Count": with_schedule(RetainRule={"Count": 1001}),
    "IntervalUnit": with_schedule(RetainRule={"Interval": 3}),
    "NoReboot": {**DETAILS, "Parameters": {"NoReboot": True}},
    "ExcludeBootVolume": {**DETAILS, "Parameters": {"ExcludeBootVolume": True}},
    "IMAGE_MANAGEMENT": {**IMAGE, "ResourceTypes": ["VOLUME"]},
    "DeprecateRule": with_schedule(DeprecateRule={"Count": 1}),
    "EventSource": {"PolicyType": "EVENT_BASED_POLICY"},
    "CreateInterval": {**DETAILS, "CreateInterval": 1},
}


@pytest.mark.parametrize("named", BAD)
def test_details_that_are_refused(dlm, policy, refused, named):
    given = {**policy, "PolicyDetails": BAD[named]}
    assert named in refused("InvalidRequestException", dlm.create_lifecycle_policy, **given)


def test_parameters_that_are_refused(dlm, policy, refused):
    code = "InvalidRequestException"
    for change in (
        {"State": "ERROR"},
        {"Description": "acme/daily"},
        {"ExecutionRoleArn": f"{policy['ExecutionRoleArn']}x"},
        {"ExecutionRoleArn": "dlm"},
        {"PolicyDetails": {}},
    ):
        refused(code, dlm.create_lifecycle_policy, **{**policy, **change})


def test_updates_replace_the_details(dlm, policy, refused):
    image = {**policy, "PolicyDetails": {**IMAGE, "Parameters": {"NoReboot": True}}}
    one = dlm.create_lifecycle_policy(**image)["PolicyId"]
    change = {"PolicyId": one, "PolicyDetails": {**DETAILS, "PolicyType": "EBS_SNAPSHOT_MANAGEMENT"}}
    refused("InvalidRequestException", dlm.update_lifecycle_policy, **change)
    part = {"PolicyId": one, "PolicyDetails": {"TargetTags": DETAILS["TargetTags"]}}
    refused("InvalidRequestException", dlm.update_lifecycle_policy, **part)
    dlm.update_lifecycle_policy(PolicyId=one, PolicyDetails=IMAGE)
    assert "Parameters" not in dlm.get_lifecycle_policy(PolicyId=one)["Policy"]["PolicyDetails"]


def test_default_policies(dlm, policy, refused):
    del policy["PolicyDetails"]
    given = {**policy, "DefaultPolicy": "VOLUME"}
    code = "InvalidRequestException"
    refused(code, dlm.create_lifecycle_policy, **given, CreateInterval=8)
    refused(code, dlm.create_lifecycle_policy, **given, CreateInterval=7, RetainInterval=7)
    dlm.create_lifecycle_policy(**given, CreateInterval=2)
    refused(code, dlm.create_lifecycle_policy, **given)
    assert len(dlm.get_lifecycle_policies(DefaultPolicyType="ALL")["Policies"]) == 1
    assert dlm.get_lifecycle_policies(DefaultPolicyType="INSTANCE")["Policies"] == []


def test_a_hundred_policies(dlm, policy, refused):
    for dummy in range(100):
        dlm.create_lifecycle_policy(**policy)
    refused("LimitExceededException", dlm.create_lifecycle_policy, **policy)


def test_words_of_schedules(dlm, policy, refused):
    def asks(details):
        return {**policy, "PolicyDetails": details}

    def by(**rule):
        return with_schedule(CreateRule=rule)

    image = {**IMAGE, "Schedules": [{**SCHEDULE, "DeprecateRule": {"Count": 7}}]}
    crons = ["cron(0 17 * * *)", "cron(0 17 * * * *)", "cron(0 17 ? * ? *)", "cron(* 17 * * ? *)", "cron(0 24 * * ? *)", "cron(0 17 ? * XYZ *)"]
    wrong = [
        *(by(CronExpression=one) for one in crons),
        by(Interval=5, IntervalUnit="HOURS"),
        by(Interval=24, IntervalUnit="HOURS", Times=["9:00"]),
        by(Interval=24, IntervalUnit="HOURS", Times=["24:00"]),
        with_schedule(RetainRule={"Interval": 101, "IntervalUnit": "YEARS"}),
        with_schedule(RetainRule={"Interval": 36501, "IntervalUnit": "DAYS"}),
        with_schedule(TagsToAdd=[{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]),
        with_schedule(TagsToAdd=[{"Key": "aws:a", "Value": "b"}]),
        with_schedule(CrossRegionCopyRules=[{"Target": "us-east-1", "Encrypted": False}] * 2),
        {**DETAILS, "Schedules": [SCHEDULE, SCHEDULE]},
        {**IMAGE, "Schedules": [{**SCHEDULE, "DeprecateRule": {"Count": 8}}]},
        {**IMAGE, "Schedules": [{**SCHEDULE, "DeprecateRule": {"Interval": 3, "IntervalUnit": "DAYS"}}]},
    ]
    for details in wrong:
        refused("InvalidRequestException", dlm.create_lifecycle_policy, **asks(details))
    for cron in ("cron(0 17 * * ? *)", "cron(30 0/6 ? * MON-FRI *)", "cron(0 3 L * ? *)", "cron(0 3 ? * 2#1 *)", "cron(15 1,13 1 1/3 ? 2026-2030)"):
        dlm.create_lifecycle_policy(**asks(by(CronExpression=cron)))
    dlm.create_lifecycle_policy(**asks(image))
