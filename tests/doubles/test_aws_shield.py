# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's Shield Advanced: nothing without a subscription, nothing out of it before its time, and what can be protected."""

from __future__ import annotations

import json

import pytest

PHONE, MAIL = dict(EmailAddress="noc@example.jp", PhoneNumber="+81312345678"), dict(EmailAddress="security@example.jp")
POLICY = "arn:aws:iam::aws:policy/service-role/AWSShieldDRTAccessPolicy"
CHECK = "arn:aws:route53:::healthcheck/0d4b1f0a-3c1e-4f0e-9f63-000000000001"


@pytest.fixture
def shield(aws):
    client = aws("shield")
    client.create_subscription()
    return client


@pytest.fixture
def address(aws):
    return f"arn:aws:ec2:ap-northeast-1:123456789012:eip-allocation/{aws('ec2').allocate_address(Domain='vpc')['AllocationId']}"


def test_nothing_without_a_subscription(aws, refused, address):
    shield = aws("shield")
    assert shield.get_subscription_state()["SubscriptionState"] == "INACTIVE"
    for call in (shield.describe_subscription, shield.list_protections, shield.delete_subscription, shield.describe_drt_access):
        assert "The subscription does not exist" in refused("ResourceNotFoundException", call)
    refused("ResourceNotFoundException", shield.create_protection, Name="a", ResourceArn=address)


def test_a_year_that_renews_itself_and_is_not_let_go(shield, aws, refused, double):
    refused("ResourceAlreadyExistsException", shield.create_subscription)
    found = shield.describe_subscription()["Subscription"]
    assert found["AutoRenew"] == "ENABLED" and (found["EndTime"] - found["StartTime"]).days == 365
    assert any("subscription/" in str(one) for path, one in double.state().items() if path.startswith("shield/123456789012"))
    refused("LockedSubscriptionException", shield.update_subscription, AutoRenew="DISABLED")
    refused("LockedSubscriptionException", shield.delete_subscription)
    aws("support", "us-east-1").create_case(subject="Release from the commitment of Shield Advanced", communicationBody="Agreed.")
    refused("InvalidParameterException", shield.update_subscription, AutoRenew="NEVER")
    shield.update_subscription(AutoRenew="DISABLED")
    assert shield.describe_subscription()["Subscription"]["AutoRenew"] == "DISABLED"
    shield.delete_subscription()
    assert shield.get_subscription_state()["SubscriptionState"] == "INACTIVE"


def test_somebody_can_be_called(shield, refused):
    def engaged():
        return shield.describe_subscription()["Subscription"]["ProactiveEngagementStatus"]

    assert engaged() == "DISABLED"
    refused("InvalidOperationException", shield.enable_proactive_engagement)
    refused("InvalidParameterException", shield.associate_proactive_engagement_details, EmergencyContactList=[MAIL])
    refused("InvalidParameterException", shield.update_emergency_contact_settings, EmergencyContactList=[dict(EmailAddress="nobody")])
    shield.associate_proactive_engagement_details(EmergencyContactList=[PHONE, MAIL])
    assert [engaged() for dummy in range(3)] == ["PENDING", "PENDING", "ENABLED"]
    refused("InvalidOperationException", shield.associate_proactive_engagement_details, EmergencyContactList=[PHONE])
    refused("InvalidParameterException", shield.update_emergency_contact_settings, EmergencyContactList=[MAIL])
    shield.disable_proactive_engagement()
    refused("InvalidOperationException", shield.disable_proactive_engagement)
    shield.update_emergency_contact_settings(EmergencyContactList=[MAIL])
    assert shield.describe_emergency_contact_settings()["EmergencyContactList"] == [MAIL]
    refused("InvalidParameterException", shield.enable_proactive_engagement)


def test_the_role_of_the_response_team(shield, aws, refused):
    iam = aws("iam")

    def role(name, service):
        trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service=service), Action="sts:AssumeRole")])
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    right, wrong = role("right", "drt.shield.amazonaws.com"), role("wrong", "ec2.amazonaws.com")
    refused("InvalidParameterException", shield.associate_drt_role, RoleArn=right)
    for name in ("right", "wrong"):
        iam.attach_role_policy(RoleName=name, PolicyArn=POLICY)
    refused("InvalidParameterException", shield.associate_drt_role, RoleArn=wrong)
    refused("NoAssociatedRoleException", shield.associate_drt_role, RoleArn=f"{right}x")
    refused("InvalidOperationException", shield.disassociate_drt_role)
    shield.associate_drt_role(RoleArn=right)
    assert shield.describe_drt_access()["RoleArn"] == right
    shield.disassociate_drt_role()
    assert "RoleArn" not in shield.describe_drt_access()


def test_a_protection_lives(shield, address, refused):
    made = shield.create_protection(Name="acme", ResourceArn=address, Tags=[dict(Key="a", Value="b")])["ProtectionId"]
    refused("ResourceAlreadyExistsException", shield.create_protection, Name="other", ResourceArn=address)
    refused("InvalidParameterException", shield.describe_protection, ProtectionId=made, ResourceArn=address)
    arn = shield.describe_protection(ResourceArn=address)["Protection"]["ProtectionArn"]
    shield.associate_health_check(ProtectionId=made, HealthCheckArn=CHECK)
    refused("InvalidParameterException", shield.associate_health_check, ProtectionId=made, HealthCheckArn=CHECK)
    assert shield.list_protections()["Protections"][0]["HealthCheckIds"] == [CHECK.rpartition("/")[2]]
    shield.disassociate_health_check(ProtectionId=made, HealthCheckArn=CHECK)
    refused("ResourceNotFoundException", shield.disassociate_health_check, ProtectionId=made, HealthCheckArn=CHECK)
    shield.tag_resource(ResourceARN=arn, Tags=[dict(Key="c", Value="d")])
    shield.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert shield.list_tags_for_resource(ResourceARN=arn)["Tags"] == [dict(Key="c", Value="d")]
    shield.delete_protection(ProtectionId=made)
    refused("ResourceNotFoundException", shield.delete_protection, ProtectionId=made)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ec2:ap-northeast-1:123456789012:eip-allocation/eipalloc-0123456789abcdef0",
        "arn:aws:ec2:ap-northeast-1:123456789012:instance/i-0123456789abcdef0",
        "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/none/0123456789abcdef",
        "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/none",
        "arn:aws:cloudfront::123456789012:distribution/E0123456789ABC",
    ],
)
def test_what_is_not_there_or_not_of_its_kind_is_not_protected(shield, refused, arn):
    refused("InvalidResourceException", shield.create_protection, Name="acme", ResourceArn=arn)


def test_a_hosted_zone_has_no_health_checks(shield, refused):
    made = shield.create_protection(Name="zone", ResourceArn="arn:aws:route53:::hostedzone/Z0123456789ABC")["ProtectionId"]
    refused("InvalidResourceException", shield.associate_health_check, ProtectionId=made, HealthCheckArn=CHECK)


def test_automatic_response_wants_a_web_acl(shield, aws, address, refused):
    shield.create_protection(Name="address", ResourceArn=address)
    refused("InvalidParameterException", shield.enable_application_layer_automatic_response, ResourceArn=address, Action=dict(Count={}))
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("ac")
    ]
    arn = aws("elbv2").create_load_balancer(Name="acme", Type="application", Scheme="internal", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    shield.create_protection(Name="balancer", ResourceArn=arn)
    refused("InvalidOperationException", shield.enable_application_layer_automatic_response, ResourceArn=arn, Action=dict(Count={}))
    seen = dict(SampledRequestsEnabled=False, CloudWatchMetricsEnabled=False, MetricName="acme")
    waf = aws("wafv2")
    acl = waf.create_web_acl(Name="acme", Scope="REGIONAL", DefaultAction=dict(Allow={}), VisibilityConfig=seen)["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=arn)
    refused("InvalidParameterException", shield.enable_application_layer_automatic_response, ResourceArn=arn, Action=dict(Count={}, Block={}))
    refused("InvalidOperationException", shield.update_application_layer_automatic_response, ResourceArn=arn, Action=dict(Block={}))
    shield.enable_application_layer_automatic_response(ResourceArn=arn, Action=dict(Count={}))
    refused("InvalidOperationException", shield.enable_application_layer_automatic_response, ResourceArn=arn, Action=dict(Block={}))
    shield.update_application_layer_automatic_response(ResourceArn=arn, Action=dict(Block={}))
    found = shield.describe_protection(ResourceArn=arn)["Protection"]["ApplicationLayerAutomaticResponseConfiguration"]
    assert found == dict(Status="ENABLED", Action=dict(Block={}))
    shield.disable_application_layer_automatic_response(ResourceArn=arn)
    refused("InvalidOperationException", shield.disable_application_layer_automatic_response, ResourceArn=arn)


def test_protections_come_in_pages(shield, aws):
    for number in range(21):
        arn = f"arn:aws:route53:::hostedzone/Z{number:013}"
        shield.create_protection(Name=f"zone-{number}", ResourceArn=arn)
    first = shield.list_protections()
    assert len(first["Protections"]) == 20 and len(shield.list_protections(NextToken=first["NextToken"])["Protections"]) == 1
    assert len(shield.list_protections(InclusionFilters=dict(ProtectionNames=["zone-7"]))["Protections"]) == 1
