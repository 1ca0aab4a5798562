# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security Hub: no standard comes along unasked, what is not ready is waited for or told, and who decides elsewhere is named."""

from __future__ import annotations

import boto3
import pytest

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from tests.laws.stage import ACCOUNT, REGION
from tests.laws.test_gateways import client, dangerous, harmless, refused, task, write

HUB, STANDARDS, AGGREGATOR = "securityhub_hub", "securityhub_standards", "securityhub_finding_aggregator"
FSBP, CIS = "aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/1.2.0"
ENTRY = dict(control_finding_generator="SECURITY_CONTROL", auto_enable_controls=False)
OFF = dict(security_control_id="IAM.6", updated_reason="Not in scope")
CENTRAL = "210987654321"
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
ANYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


@pytest.fixture
def hub(stage):
    stage.double.reset()
    write(stage, HUB, ENTRY)
    return stage


def enabled(stage):
    found = client(stage, "securityhub").get_enabled_standards()["StandardsSubscriptions"]
    return {one["StandardsArn"].partition("/")[2]: one["StandardsStatus"] for one in found}


def member_of_another(stage):
    keys = dict(aws_access_key_id=f"AKIA{CENTRAL}XXXX", aws_secret_access_key="x")
    theirs = boto3.client("securityhub", endpoint_url=stage.double.url, region_name=REGION, **keys)
    theirs.enable_security_hub(EnableDefaultStandards=False)
    theirs.create_members(AccountDetails=[dict(AccountId=ACCOUNT)])


# -- the hub


def test_no_standard_comes_along_that_nobody_named(hub):
    assert enabled(hub) == {}


def test_what_the_console_would_have_enabled_stays(stage):
    stage.double.reset()
    client(stage, "securityhub").enable_security_hub()
    harmless(stage, HUB, dict(tags=dict(Owner="security")))
    assert set(enabled(stage)) == {FSBP, CIS}
    assert client(stage, "securityhub").describe_hub()["AutoEnableControls"] is True


def test_config_that_does_not_record_is_told_in_the_plan(stage, said):
    stage.double.reset()
    plan = stage.run(HUB, task(HUB, dict(control_finding_generator="SECURITY_CONTROL")), check=True)
    assert plan["entries"][0]["action"] == "created"
    assert any("AWS Config does not record" in text and "Config.1 fails" in text for text in said)
    assert any("auto_enable_controls is not named" in text for text in said), "what AWS goes on enabling is told"


def test_config_that_records_is_no_news(stage, said):
    stage.double.reset()
    role = client(stage, "iam").create_role(RoleName="config", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client(stage, "iam").put_role_policy(RoleName="config", PolicyName="put", PolicyDocument=ANYTHING)
    client(stage, "s3").create_bucket(Bucket="acme-config", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    config = client(stage, "config")
    config.put_configuration_recorder(ConfigurationRecorder=dict(name="default", roleARN=role))
    config.put_delivery_channel(DeliveryChannel=dict(name="default", s3BucketName="acme-config"))
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    write(stage, HUB, ENTRY)
    write(stage, STANDARDS, dict(standard=FSBP))
    assert said == [] and enabled(stage) == {FSBP: "READY"}


def test_to_disable_it_tells_what_is_lost(hub):
    assert "deletes its findings and settings for good after 90 days" in dangerous(hub, HUB, dict(state="absent"))


def test_findings_in_another_form_are_confirmed(hub):
    assert "would archive the control findings" in dangerous(hub, HUB, dict(control_finding_generator="STANDARD_CONTROL"))
    harmless(hub, HUB, dict(auto_enable_controls=True))


def test_what_the_administrator_account_decides_is_not_written(hub):
    member_of_another(hub)
    change = dict(control_finding_generator="STANDARD_CONTROL")
    assert f"Security Hub of account {CENTRAL}" in refused(hub, HUB, change, confirm=[f"{HUB}/hub"])
    harmless(hub, HUB, dict(auto_enable_controls=True))


def test_a_denial_in_a_member_account_names_the_administrator(hub):
    member_of_another(hub)
    hub.double.faults([dict(fault="denied", at=1, of="write", service="securityhub", times=0)])
    message = hub.run(HUB, task(HUB, dict(auto_enable_controls=True)), fails=True)["msg"]
    hub.double.clear_faults()
    assert "AccessDeniedException" in message and f"managed by Security Hub of account {CENTRAL}" in message


# -- standards


NEEDY = {STANDARDS: dict(standard=FSBP), AGGREGATOR: dict(finding_aggregation_region=REGION, region_linking_mode="ALL_REGIONS")}


@pytest.mark.parametrize("kind, entry", NEEDY.items(), ids=NEEDY)
def test_without_a_hub_a_plan_goes_on_and_the_run_says_what_is_missing(stage, kind, entry):
    stage.double.reset()
    assert stage.gather(kind) == []
    assert stage.run(kind, task(kind, entry), check=True)["entries"][0]["action"] == "created", "the same run may make the hub"
    message = stage.run(kind, task(kind, entry), fails=True)["msg"]
    assert "Security Hub is not enabled in ap-northeast-1: name securityhub_hub" in message


def test_a_standard_that_is_not_offered_is_refused_with_those_that_are(hub):
    message = refused(hub, STANDARDS, dict(standard="cis-aws-foundations-benchmark/v/9.0.0"))
    assert "is not offered in ap-northeast-1" in message and FSBP in message


def test_a_standard_named_nowhere_is_never_disabled(hub):
    client(hub, "securityhub").batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=f"arn:aws:securityhub:::ruleset/{CIS}")])
    write(hub, STANDARDS, dict(standard=FSBP))
    assert set(enabled(hub)) == {FSBP, CIS}


def test_an_incomplete_standard_is_told_and_no_failure(hub, said):
    write(hub, STANDARDS, dict(standard=FSBP))
    assert f"{FSBP} is INCOMPLETE: NO_AVAILABLE_CONFIGURATION_RECORDER" in said


def test_one_that_takes_long_is_told_and_no_failure(hub, said, monkeypatch):
    def never(aws, what, look, until, limit):
        look()
        raise TimeoutError(what) if not until(dict(StandardsStatus="PENDING")) else AssertionError("this one settles")

    wait = Aws.wait
    monkeypatch.setattr(Aws, "wait", lambda aws, what, *more, **facts: (never if what == FSBP else wait)(aws, what, *more, **facts))
    assert write(hub, STANDARDS, dict(standard=FSBP))["changed"]
    assert any("is still being enabled after 1800 s" in text for text in said)


def test_one_that_is_pending_is_found_and_waited_for(hub):
    """Killed between the standard and its controls: the next run enables nothing twice, and waits until the controls can be changed."""
    arn = f"arn:aws:securityhub:ap-northeast-1::standards/{FSBP}"
    client(hub, "securityhub").batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=arn)])
    hub.double.clear_calls()
    write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=[OFF]))
    assert hub.writes() == ["securityhub:BatchUpdateStandardsControlAssociations"]
    assert hub.gather(STANDARDS) == [dict(standard=FSBP, disabled_controls=[OFF])]


@pytest.fixture
def at_work(hub, monkeypatch):
    """A standard with a control that is off, and AWS at work on its controls as often as it is looked at before it is ready."""
    write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=[OFF]))
    looks, pages = [], Aws.pages

    def told(aws, service, operation, *more, **arguments):
        found = pages(aws, service, operation, *more, **arguments)
        if operation != "get_enabled_standards":
            return found
        looks.append(operation)
        return [dict(one, StandardsControlsUpdatable="NOT_READY_FOR_UPDATES") for one in found] if len(looks) < 4 else found

    monkeypatch.setattr(Aws, "pages", told)
    return looks


@pytest.mark.parametrize("controls", [[OFF], dict(set=[])], ids=["off", "on"])
def test_controls_that_cannot_be_read_now_are_not_taken_for_enabled(hub, at_work, controls):
    entry = task(STANDARDS, dict(standard=FSBP, disabled_controls=controls))
    assert "cannot be read now" in hub.run(STANDARDS, entry, check=True, fails=True)["msg"]
    assert not hub.run(STANDARDS, task(STANDARDS, dict(standard=FSBP)), check=True)["changed"], "who names no controls need not wait"
    hub.double.clear_calls()
    assert hub.run(STANDARDS, entry)["changed"] == (controls != [OFF]) and len(at_work) >= 4
    assert hub.writes() == ([] if controls == [OFF] else ["securityhub:BatchUpdateStandardsControlAssociations"])


def test_a_plan_for_hub_and_standard_warns_of_neither(stage, said):
    stage.double.reset()
    plan = stage.run(STANDARDS, task(STANDARDS, NEEDY[STANDARDS]), check=True)
    assert plan["entries"][0]["action"] == "created" and not any("not enabled" in text for text in said)


def test_one_that_is_being_disabled_is_waited_for_and_enabled_anew(hub):
    write(hub, STANDARDS, dict(standard=FSBP))
    (one,) = client(hub, "securityhub").get_enabled_standards()["StandardsSubscriptions"]
    client(hub, "securityhub").batch_disable_standards(StandardsSubscriptionArns=[one["StandardsSubscriptionArn"]])
    write(hub, STANDARDS, dict(standard=FSBP))
    assert enabled(hub)[FSBP] != "DELETING"


def test_a_control_is_disabled_only_for_a_reason(hub):
    nameless = [dict(security_control_id="IAM.6")]
    assert "updated_reason is needed" in refused(hub, STANDARDS, dict(standard=FSBP, disabled_controls=nameless))
    write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=[OFF]))
    assert "say why S3.1" in refused(hub, STANDARDS, dict(standard=FSBP, disabled_controls=[dict(security_control_id="S3.1")]))
    assert not write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=nameless))["changed"], "it is disabled, and the reason stays"


def test_a_control_that_is_not_there_is_refused_in_the_plan(hub):
    unknown = dict(standard=FSBP, disabled_controls=[dict(OFF, security_control_id="IAM.66"), dict(OFF, security_control_id="CloudFront.1")])
    assert "CloudFront.1, IAM.66: " in refused(hub, STANDARDS, unknown), "one of them is there in another Region only"
    write(hub, STANDARDS, dict(standard=FSBP))
    assert "CloudFront.1, IAM.66: " in refused(hub, STANDARDS, unknown)


def test_more_controls_than_one_call_takes(hub):
    many = [dict(security_control_id=f"EC2.{number}", updated_reason="No servers") for number in range(1, 121)]
    write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=many))
    assert len(hub.gather(STANDARDS)[0]["disabled_controls"]) == 120


def test_what_a_disabled_standard_forgets_is_told(hub):
    write(hub, STANDARDS, dict(standard=FSBP, disabled_controls=[OFF]))
    assert f"would end the checks of {FSBP}" in dangerous(hub, STANDARDS, dict(standard=FSBP, state="absent"))


# -- findings of several Regions


def aggregator(mode, *regions):
    return dict(finding_aggregation_region="ap-northeast-1", region_linking_mode=mode, regions=dict(set=list(regions)))


@pytest.mark.parametrize(
    "before, after, lost",
    [
        (aggregator("SPECIFIED_REGIONS", "us-east-1", "us-west-2"), aggregator("SPECIFIED_REGIONS", "us-west-2"), "us-east-1"),
        (aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-east-1"), aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-east-1", "us-west-2"), "us-west-2"),
        (aggregator("SPECIFIED_REGIONS", "us-east-1"), aggregator("NO_REGIONS"), "us-east-1"),
        (aggregator("SPECIFIED_REGIONS", "us-east-1", "us-west-2"), aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-west-2"), "us-west-2"),
        (aggregator("ALL_REGIONS"), aggregator("SPECIFIED_REGIONS", "us-east-1"), "any Region but us-east-1"),
        (aggregator("ALL_REGIONS"), aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-east-1"), "us-east-1"),
        (aggregator("ALL_REGIONS"), aggregator("NO_REGIONS"), "any other Region"),
    ],
)
def test_regions_that_are_no_longer_gathered_are_told(hub, before, after, lost):
    write(hub, AGGREGATOR, before)
    assert f"would no longer gather the findings of {lost};" in dangerous(hub, AGGREGATOR, after)


@pytest.mark.parametrize(
    "before, after",
    [
        (aggregator("SPECIFIED_REGIONS", "us-east-1"), aggregator("SPECIFIED_REGIONS", "us-east-1", "us-west-2")),
        (aggregator("SPECIFIED_REGIONS", "us-east-1"), aggregator("ALL_REGIONS")),
        (aggregator("SPECIFIED_REGIONS", "us-east-1"), aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-west-2")),
        (aggregator("NO_REGIONS"), aggregator("SPECIFIED_REGIONS", "us-east-1")),
        (aggregator("ALL_REGIONS_EXCEPT_SPECIFIED", "us-east-1"), aggregator("ALL_REGIONS")),
    ],
)
def test_more_regions_are_harmless(hub, before, after):
    write(hub, AGGREGATOR, before)
    harmless(hub, AGGREGATOR, after)


def test_regions_go_with_the_modes_that_name_some(hub):
    assert "needs regions" in refused(hub, AGGREGATOR, aggregator("SPECIFIED_REGIONS"))
    assert "take them away with regions: {set: []}" in refused(hub, AGGREGATOR, aggregator("ALL_REGIONS", "us-east-1"))
    write(hub, AGGREGATOR, aggregator("SPECIFIED_REGIONS", "us-east-1"))
    assert "take them away" in refused(hub, AGGREGATOR, dict(region_linking_mode="ALL_REGIONS"))
    assert "would mean the opposite" in refused(hub, AGGREGATOR, dict(region_linking_mode="ALL_REGIONS_EXCEPT_SPECIFIED"))


def test_it_is_made_in_its_home_region(hub):
    elsewhere = dict(aggregator("ALL_REGIONS"), finding_aggregation_region="us-east-1")
    assert "is made in its home Region: run this in us-east-1" in refused(hub, AGGREGATOR, elsewhere)


def test_one_in_another_home_region_is_left_alone(hub):
    """One per account: moving it means removing it there, which needs a request of its own."""
    there = client(hub, "securityhub", "us-east-1")
    there.enable_security_hub(EnableDefaultStandards=False)
    there.create_finding_aggregator(RegionLinkingMode="ALL_REGIONS")
    before = hub.double.state()
    assert "cannot change after creation: it is 'us-east-1'" in refused(hub, AGGREGATOR, aggregator("ALL_REGIONS"))
    assert "gathered in us-east-1" in refused(hub, AGGREGATOR, dict(region_linking_mode="NO_REGIONS"))
    away = refused(hub, AGGREGATOR, dict(state="absent"), confirm=[f"{AGGREGATOR}/finding_aggregator"])
    assert "there alone the aggregator is changed and removed" in away and hub.double.state() == before


def test_to_remove_it_tells_what_stops(hub):
    write(hub, AGGREGATOR, aggregator("ALL_REGIONS"))
    assert "would stop gathering the findings" in dangerous(hub, AGGREGATOR, dict(state="absent"))
