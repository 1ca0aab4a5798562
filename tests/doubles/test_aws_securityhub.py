# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's Security Hub: what comes along with it, states over time, and what it refuses."""

from __future__ import annotations

import pytest

FSBP = "arn:aws:securityhub:ap-northeast-1::standards/aws-foundational-security-best-practices/v/1.0.0"
CIS = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
OFF = dict(StandardsArn=FSBP, SecurityControlId="IAM.6", AssociationStatus="DISABLED", UpdatedReason="Not in scope")


@pytest.fixture
def hub(aws):
    client = aws("securityhub")
    client.enable_security_hub(EnableDefaultStandards=False)
    return client


@pytest.fixture
def ready(hub):
    """With a standard whose controls can be changed."""
    hub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=FSBP)])
    states(hub)
    states(hub)
    return hub


def states(hub):
    return {one["StandardsArn"]: one["StandardsStatus"] for one in hub.get_enabled_standards()["StandardsSubscriptions"]}


def test_nothing_is_told_before_it_is_enabled(aws, refused):
    hub = aws("securityhub")
    for call in (hub.describe_hub, hub.get_enabled_standards, hub.describe_standards, hub.list_finding_aggregators, hub.disable_security_hub):
        assert "is not subscribed to AWS Security Hub" in refused("InvalidAccessException", call)


def test_two_standards_come_along_unless_it_is_told_otherwise(aws, refused):
    hub = aws("securityhub")
    hub.enable_security_hub()
    assert set(states(hub)) == {FSBP, CIS}
    refused("ResourceConflictException", hub.enable_security_hub)
    hub.disable_security_hub()
    hub.enable_security_hub(EnableDefaultStandards=False)
    assert states(hub) == {}


def test_the_hub_keeps_its_settings_and_tags(hub, refused, double):
    arn = hub.describe_hub()["HubArn"]
    assert hub.describe_hub()["AutoEnableControls"] is True
    hub.update_security_hub_configuration(AutoEnableControls=False, ControlFindingGenerator="STANDARD_CONTROL")
    found = hub.describe_hub()
    assert (found["AutoEnableControls"], found["ControlFindingGenerator"]) == (False, "STANDARD_CONTROL")
    refused("InvalidInputException", hub.update_security_hub_configuration, ControlFindingGenerator="BOTH")
    hub.tag_resource(ResourceArn=arn, Tags=dict(a="b", c="d"))
    hub.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert hub.list_tags_for_resource(ResourceArn=arn)["Tags"] == dict(c="d")
    refused("ResourceNotFoundException", hub.tag_resource, ResourceArn=arn.replace("default", "other"), Tags=dict(a="b"))
    assert any(path.startswith("securityhub/123456789012/ap-northeast-1") and "STANDARD_CONTROL" in str(one) for path, one in double.state().items())


def test_a_member_does_not_decide_how_findings_are_made(hub, aws, refused):
    central = aws("securityhub", aws_access_key_id="AKIA210987654321XXXX")
    central.enable_security_hub()
    central.create_members(AccountDetails=[dict(AccountId="123456789012")])
    assert hub.get_administrator_account()["Administrator"]["AccountId"] == "210987654321"
    hub.update_security_hub_configuration(AutoEnableControls=False)
    refused("AccessDeniedException", hub.update_security_hub_configuration, ControlFindingGenerator="STANDARD_CONTROL")
    refused("AccessDeniedException", central.disable_security_hub)


def test_a_standard_takes_its_time_to_come_and_to_go(hub, refused):
    made = hub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=FSBP)])["StandardsSubscriptions"][0]
    assert (made["StandardsStatus"], made["StandardsControlsUpdatable"]) == ("PENDING", "NOT_READY_FOR_UPDATES")
    assert [states(hub)[FSBP] for dummy in range(3)] == ["PENDING", "PENDING", "INCOMPLETE"], "AWS Config does not record"
    again = hub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=FSBP)])["StandardsSubscriptions"][0]
    assert again["StandardsStatus"] == "INCOMPLETE" and again["StandardsStatusReason"]["StatusReasonCode"] == "NO_AVAILABLE_CONFIGURATION_RECORDER"
    arn = made["StandardsSubscriptionArn"]
    hub.batch_disable_standards(StandardsSubscriptionArns=[arn])
    refused("InvalidInputException", hub.batch_enable_standards, StandardsSubscriptionRequests=[dict(StandardsArn=FSBP)])
    assert [states(hub).get(FSBP) for dummy in range(3)] == ["DELETING", "DELETING", None]
    refused("InvalidInputException", hub.batch_disable_standards, StandardsSubscriptionArns=[arn])
    refused("InvalidInputException", hub.batch_enable_standards, StandardsSubscriptionRequests=[dict(StandardsArn=FSBP.replace("standards", "ruleset"))])


def associations(hub, *controls, arn=FSBP):
    answer = hub.batch_get_standards_control_associations(
        StandardsControlAssociationIds=[dict(StandardsArn=arn, SecurityControlId=control) for control in controls]
    )
    found = {one["SecurityControlId"]: one["AssociationStatus"] for one in answer["StandardsControlAssociationDetails"]}
    return {**found, **{one["StandardsControlAssociationId"]["SecurityControlId"]: one["ErrorCode"] for one in answer["UnprocessedAssociations"]}}


def test_controls_wait_for_their_standard(hub):
    hub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=FSBP)])
    assert associations(hub, "IAM.6") == {"IAM.6": "RESOURCE_NOT_FOUND"}
    failed = hub.batch_update_standards_control_associations(StandardsControlAssociationUpdates=[OFF])["UnprocessedAssociationUpdates"]
    assert [one["ErrorCode"] for one in failed] == ["RESOURCE_NOT_FOUND"]


def test_a_control_is_switched_off_for_a_reason_and_on_again(ready):
    def update(*updates):
        answer = ready.batch_update_standards_control_associations(StandardsControlAssociationUpdates=list(updates))
        return [one["ErrorCode"] for one in answer["UnprocessedAssociationUpdates"]]

    nameless = {key: value for key, value in OFF.items() if key != "UpdatedReason"}
    assert update(OFF, dict(OFF, SecurityControlId="IAM.99"), dict(nameless, SecurityControlId="S3.1")) == ["RESOURCE_NOT_FOUND", "INVALID_INPUT"]
    assert associations(ready, "IAM.6", "S3.1", "CloudFront.1") == {"IAM.6": "DISABLED", "S3.1": "ENABLED", "CloudFront.1": "RESOURCE_NOT_FOUND"}
    assert update(dict(OFF, AssociationStatus="ENABLED")) == []
    assert associations(ready, "IAM.6") == {"IAM.6": "ENABLED"}


def test_lists_come_in_pages_and_batches_have_an_end(ready, refused):
    first = ready.list_security_control_definitions(StandardsArn=FSBP)
    assert len(first["SecurityControlDefinitions"]) == 25 and "NextToken" in first
    everywhere = ready.list_security_control_definitions(StandardsArn=FSBP, MaxResults=100)["SecurityControlDefinitions"]
    assert {one["SecurityControlId"] for one in everywhere if one["CurrentRegionAvailability"] == "UNAVAILABLE"} == {"CloudFront.1"}
    many = [dict(StandardsArn=FSBP, SecurityControlId=f"EC2.{number}") for number in range(101)]
    refused("InvalidInputException", ready.batch_get_standards_control_associations, StandardsControlAssociationIds=many)
    refused("InvalidInputException", ready.list_security_control_definitions, StandardsArn="arn:aws:securityhub:::ruleset/none/v/1")


@pytest.mark.parametrize(
    "given",
    [
        dict(RegionLinkingMode="SOME"),
        dict(RegionLinkingMode="SPECIFIED_REGIONS"),
        dict(RegionLinkingMode="NO_REGIONS", Regions=["us-east-1"]),
        dict(RegionLinkingMode="ALL_REGIONS", Regions=["us-east-1"]),
        dict(RegionLinkingMode="SPECIFIED_REGIONS", Regions=["Tokyo"]),
        dict(),
    ],
    ids=str,
)
def test_an_aggregator_that_is_refused(hub, refused, given):
    refused("InvalidInputException", hub.create_finding_aggregator, **given)


def test_there_is_one_aggregator_which_its_home_region_changes(hub, aws, refused):
    arn = hub.create_finding_aggregator(RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"])["FindingAggregatorArn"]
    other = aws("securityhub", "us-east-1")
    other.enable_security_hub(EnableDefaultStandards=False)
    assert other.list_finding_aggregators()["FindingAggregators"] == [dict(FindingAggregatorArn=arn)]
    assert other.get_finding_aggregator(FindingAggregatorArn=arn)["FindingAggregationRegion"] == "ap-northeast-1"
    refused("InvalidInputException", other.create_finding_aggregator, RegionLinkingMode="ALL_REGIONS")
    refused("InvalidInputException", other.update_finding_aggregator, FindingAggregatorArn=arn, RegionLinkingMode="ALL_REGIONS")
    refused("InvalidInputException", other.delete_finding_aggregator, FindingAggregatorArn=arn)
    assert "Regions" not in hub.update_finding_aggregator(FindingAggregatorArn=arn, RegionLinkingMode="ALL_REGIONS")
    hub.delete_finding_aggregator(FindingAggregatorArn=arn)
    refused("ResourceNotFoundException", hub.get_finding_aggregator, FindingAggregatorArn=arn)
