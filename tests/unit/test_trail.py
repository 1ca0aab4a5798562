# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who changed it: what is asked of CloudTrail's event history, how often, and what is made of its answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._shapes import model
from ansible_collections.msp.aws.plugins.plugin_utils import _trail
from ansible_collections.msp.aws.plugins.plugin_utils._trail import DENIED, FAILED, NOT_ASKED, NOTHING, UNSURE, Pace, Question, changes
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

IAM = Path(__file__).resolve().parents[2] / "docs" / "iam"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
TOKYO, OSAKA, VIRGINIA = "ap-northeast-1", "ap-northeast-3", "us-east-1"
TARO = dict(type="IAMUser", principalId="AIDA1", arn="arn:aws:iam::123456789012:user/taro", userName="taro")


def entry(number, source="ec2", name="ModifyThing", read_only=False, error=None, identity=None, **record):
    """An event as the history returns it; the higher the number, the older."""
    usual = dict(userIdentity=TARO if identity is None else identity, sourceIPAddress="192.0.2.1", userAgent="console.amazonaws.com")
    told = {**usual, **record}
    if error:
        told["errorCode"] = error
    return dict(
        EventId=f"event-{number}",
        EventName=name,
        ReadOnly=json.dumps(read_only),
        EventTime=NOW - timedelta(minutes=number),
        EventSource=f"{source}.amazonaws.com",
        CloudTrailEvent=json.dumps(told),
    )


class Regions:
    """CloudTrail's clients, each with a Stubber: it holds the request against the service model and against what is expected."""

    def __init__(self):
        self.session, self.stubs = botocore.session.Session(), {}

    def stub(self, region):
        if region not in self.stubs:
            keys = dict(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="example")
            self.stubs[region] = Stubber(self.session.create_client("cloudtrail", region_name=region, **keys))
            self.stubs[region].activate()
        return self.stubs[region]

    def client(self, region):
        return self.stub(region).client

    def expect(self, region, name, *entries, token=None, after=None, by="ResourceName"):
        asked = dict(LookupAttributes=[dict(AttributeKey=by, AttributeValue=name)], StartTime=SINCE, EndTime=NOW, MaxResults=50)
        answer = dict(Events=list(entries), **({"NextToken": token} if token else {}))
        self.stub(region).add_response("lookup_events", answer, {**asked, **({"NextToken": after} if after else {})})

    def refuse(self, region, code):
        self.stub(region).add_client_error("lookup_events", code, "no", 400)

    def ask(self, *questions, **bounds):
        found = changes(self.client, questions, SINCE, NOW, pace=Pace(clock=lambda: 0, sleep=lambda seconds: None), **bounds)
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found


@pytest.fixture
def regions():
    return Regions()


def ids(answer):
    return [event.event_id for event in answer.events]


# ---- what is asked


def test_a_name_is_looked_up_once_in_a_region_and_told_to_all_who_asked(regions):
    regions.expect(TOKYO, "web", entry(1, "ec2"), entry(2, "logs"), entry(3, "monitoring"))
    regions.expect(OSAKA, "web")
    found = regions.ask(
        Question("group", ["web", "web", ""], "ec2", TOKYO),
        Question(("log", 1), ["web"], "logs", TOKYO),
        Question("alarm", ["web"], "cloudwatch", TOKYO),
        Question("far", ["web"], "ec2", OSAKA),
    )
    assert {key: ids(answer) for key, answer in found.items()} == {"group": ["event-1"], ("log", 1): ["event-2"], "alarm": ["event-3"], "far": []}
    assert [answer.unknown for answer in found.values()] == [None, None, None, NOTHING]
    assert OSAKA in found["far"].reason
    assert "web" in found["far"].reason


def test_iam_is_asked_where_its_events_are(regions):
    regions.expect(VIRGINIA, "ops", entry(1, "iam"))
    assert ids(regions.ask(Question("role", ["ops"], "iam", TOKYO))["role"]) == ["event-1"]


def test_a_thing_without_a_name_costs_no_request(regions):
    assert regions.ask(Question("x", [], "ec2", TOKYO))["x"].unknown == NOTHING


def test_sources_and_regions_are_those_of_the_services():
    """Whatever service a kind is of: botocore knows what signs its calls, and whether it has one endpoint for all Regions."""
    session = botocore.session.Session()
    places = session.get_data("endpoints")["partitions"][0]["services"]
    for service in {kind.service for kind in kinds().values() if kind.door is Aws}:
        model = session.get_service_model(service)
        assert _trail._source(service) == f"{model.endpoint_prefix}.amazonaws.com"
        place = places[model.endpoint_prefix]
        expected = TOKYO
        if place.get("isRegionalized") is False:
            expected = place["endpoints"][place["partitionEndpoint"]]["credentialScope"]["region"]
        assert _trail._region(Question("x", [], service, TOKYO)) == expected


# ---- what counts


def test_reads_refusals_and_other_services_are_no_changes(regions):
    noise = [entry(1, read_only=True), entry(2, error="Client.UnauthorizedOperation"), entry(3, "autoscaling")]
    regions.expect(TOKYO, "sg-1", *noise, entry(4))
    assert ids(regions.ask(Question("x", ["sg-1"], "ec2", TOKYO))["x"]) == ["event-4"]


OF_OTHERS = [
    (
        "ec2_security_groups",
        ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress", "ModifySecurityGroupRules", "CreateTags", "DeleteSecurityGroup"],
        ["RunInstances", "ModifyNetworkInterfaceAttribute", "ImportKeyPair", "AttachVolume", "AssociateVpcCidrBlock"],
    ),
    (
        "ec2_vpcs",
        ["AssociateDhcpOptions", "AssociateVpcCidrBlock", "AttachInternetGateway", "AttachVpnGateway", "ModifyVpcAttribute", "CreateVpc"],
        ["CreateVpcEndpoint", "CreateSubnet", "AttachVolume", "AuthorizeSecurityGroupIngress", "ModifyVpcPeeringConnectionOptions"],
    ),
    (
        "ec2_subnets",
        ["AssociateRouteTable", "ModifySubnetAttribute", "CreateTags", "DeleteSubnet"],
        ["ImportKeyPair", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "AttachVolume", "ReplaceNetworkAclEntry", "RunInstances"],
    ),
    ("ec2_route_tables", ["AssociateRouteTable", "CreateRoute", "ReplaceRoute"], ["AssociateTransitGatewayRouteTable", "CreateTransitGatewayRoute"]),
    ("ec2_instances", ["AttachVolume", "AttachNetworkInterface", "AssociateIamInstanceProfile", "RunInstances"], ["ModifyVolume", "ImportKeyPair"]),
    ("ec2_volumes", ["AttachVolume", "DetachVolume", "ModifyVolume"], ["RunInstances", "AttachNetworkInterface"]),
    ("ec2_elastic_ips", ["AllocateAddress", "AssociateAddress", "ReleaseAddress"], ["ImportKeyPair", "RevokeSecurityGroupEgress"]),
    (
        "ec2_transit_gateway_route_tables",
        ["CreateTransitGatewayRoute", "AssociateTransitGatewayRouteTable", "ModifyTransitGatewayPrefixListReference"],
        ["ModifyTransitGatewayVpcAttachment", "ModifyTransitGateway", "AcceptTransitGatewayVpcAttachment"],
    ),
    (
        "ec2_transit_gateway_vpc_attachments",
        ["AcceptTransitGatewayVpcAttachment", "AssociateTransitGatewayRouteTable", "EnableTransitGatewayRouteTablePropagation"],
        ["CreateTransitGateway", "AssociateDhcpOptions"],
    ),
    ("ec2_transit_gateway_attachment_accepters", ["AcceptTransitGatewayVpcAttachment", "RejectTransitGatewayPeeringAttachment"], []),
    ("ec2_vpc_endpoint_services", ["AcceptVpcEndpointConnections", "ModifyVpcEndpointServicePermissions"], ["ModifyVpcEndpoint", "ImportKeyPair"]),
    (
        "iam_users",
        ["UpdateUser", "AttachUserPolicy", "PutUserPermissionsBoundary", "AddUserToGroup", "RemoveUserFromGroup", "UntagUser", "DeactivateMFADevice"],
        ["AttachRolePolicy", "DetachGroupPolicy", "UpdateAssumeRolePolicy", "TagRole", "UpdateLoginProfile", "UpdateAccessKey", "SetDefaultPolicyVersion"],
    ),
    (
        "iam_roles",
        ["AttachRolePolicy", "UpdateAssumeRolePolicy", "PutRolePolicy", "TagRole", "AddRoleToInstanceProfile", "CreateServiceLinkedRole"],
        ["AttachUserPolicy", "PutGroupPolicy", "AddUserToGroup", "UntagUser", "TagInstanceProfile"],
    ),
    ("iam_groups", ["PutGroupPolicy", "AddUserToGroup", "UpdateGroup"], ["AttachUserPolicy", "DetachRolePolicy", "TagPolicy"]),
    ("iam_login_profiles", ["CreateLoginProfile", "UpdateLoginProfile"], ["AttachUserPolicy", "TagUser", "AddUserToGroup", "UpdateAccessKey"]),
    ("iam_instance_profiles", ["AddRoleToInstanceProfile", "TagInstanceProfile"], ["AttachRolePolicy", "TagRole", "UpdateLoginProfile"]),
    ("iam_policies", ["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"], ["CreateRole", "UpdateUser", "UpdateAccountPasswordPolicy"]),
    ("elbv2_load_balancers", ["SetSubnets", "ModifyLoadBalancerAttributes"], ["CreateListener", "RemoveListenerCertificates", "ModifyRule"]),
    ("elbv2_listener_rules", ["CreateRule", "SetRulePriorities"], ["ModifyListener", "AddListenerCertificates", "AddTrustStoreRevocations"]),
    ("autoscaling_groups", ["SetDesiredCapacity", "AttachLoadBalancerTargetGroups", "UpdateAutoScalingGroup"], ["PutScalingPolicy"]),
    ("autoscaling_scheduled_actions", ["PutScheduledUpdateGroupAction"], ["UpdateAutoScalingGroup", "AttachLoadBalancerTargetGroups", "PutScalingPolicy"]),
    ("lambda_functions", ["AddPermission20150331v2", "UpdateFunctionCode20150331v2"], ["UpdateEventSourceMapping20150331"]),
    ("logs_log_groups", ["PutRetentionPolicy", "TagLogGroup"], ["PutMetricFilter", "PutSubscriptionFilter"]),
    (
        "networkfirewall_firewalls",
        ["AssociateFirewallPolicy", "UpdateFirewallPolicyChangeProtection", "AssociateSubnets"],
        ["UpdateFirewallPolicy", "UpdateRuleGroup"],
    ),
    ("secretsmanager_certificate_authorities", ["PutSecretValue"], []),
    ("sns_topics", ["SetTopicAttributes", "Subscribe"], ["SetSubscriptionAttributes"]),
]


def told_of(regions, kind, name, events):
    """Which of the events, each a call and the types that the history tells of the name, are told as changes of the thing."""
    service = kinds()[kind].service
    source, question = _trail._source(service).partition(".")[0], Question("x", [name], service, TOKYO, kind)
    known = [
        dict(entry(number, source, call), Resources=[dict(ResourceType=one, ResourceName=name) for one in types])
        for number, (call, *types) in enumerate(events)
    ]
    regions.expect(_trail._region(question), name, *known)
    return [event.name for event in regions.ask(question, most=len(events))["x"].events]


@pytest.mark.parametrize(("kind", "own", "of_others"), OF_OTHERS)
def test_what_a_call_does_to_another_thing_is_no_change_of_this_one(regions, kind, own, of_others):
    assert told_of(regions, kind, "x-1", [[call] for call in (*of_others, *own)]) == own


USER, ROLE_TYPE, GROUP, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::Policy"
OF_NAMESAKES = [
    ("iam_policies", [("CreatePolicyVersion", POLICY), ("AttachRolePolicy", POLICY)], [("PutRolePolicy", ROLE_TYPE), ("UpdateAssumeRolePolicy", ROLE_TYPE)]),
    (
        "iam_users",
        [("AddUserToGroup", USER), ("AddUserToGroup", USER, GROUP)],
        [("AddUserToGroup", GROUP), ("UploadServerCertificate", "AWS::IAM::ServerCertificate")],
    ),
    ("iam_login_profiles", [("UpdateLoginProfile", USER)], [("TagUser", USER), ("EnableMFADevice", USER)]),
    ("iam_roles", [("AddRoleToInstanceProfile", ROLE_TYPE)], [("AddRoleToInstanceProfile", "AWS::IAM::InstanceProfile"), ("TagUser", USER)]),
    ("ec2_subnets", [("CreateTags", "AWS::EC2::Subnet"), ("CreateTags",)], [("RegisterImage", "AWS::EC2::Ami"), ("CreateTags", "AWS::EC2::VPC")]),
    ("ec2_vpcs", [("CreateTags", "AWS::EC2::VPC")], [("CreateTags", "AWS::EC2::VPCPeeringConnection"), ("CreateVpcEndpoint", "AWS::EC2::VPC")]),
    ("ec2_route_tables", [("CreateRoute", "AWS::EC2::RouteTable")], [("CreateTags", "AWS::EC2::TransitGatewayRouteTable")]),
    ("ec2_transit_gateway_vpc_attachments", [("CreateTags", "AWS::EC2::TransitGatewayAttachment")], [("CreateTags", "AWS::EC2::TransitGateway")]),
    ("ec2_elastic_ips", [("AssociateAddress", "AWS::EC2::EIP")], [("ImportKeyPair", "AWS::EC2::KeyPair")]),
    ("ec2_security_groups", [("CreateTags", "AWS::EC2::SecurityGroup")], [("RunInstances", "AWS::EC2::SecurityGroup")]),
    ("autoscaling_groups", [("SetDesiredCapacity", "AWS::AutoScaling::AutoScalingGroup")], [("DeletePolicy", "AWS::AutoScaling::ScalingPolicy")]),
]


@pytest.mark.parametrize(("kind", "own", "of_others"), OF_NAMESAKES)
def test_what_has_the_same_name_is_told_apart_by_its_type(regions, kind, own, of_others):
    assert told_of(regions, kind, "deploy", [*of_others, *own]) == [call for call, *dummy in own]


# What a kind calls, and is told as a change of another: the noun of that one is in the call, or is all there is of its own.
TOLD_OF_ANOTHER = dict(
    directconnect_hosted_connections={"ConfirmConnection", "DeleteConnection"},
    ec2_instances={"ModifyNetworkInterfaceAttribute"},
    ec2_volumes={"ModifyInstanceAttribute"},
    iam_users={"DeleteAccessKey", "DeleteLoginProfile"},
)


def test_what_a_kind_calls_to_change_its_things_is_told_of_them():
    """Its permissions say what it calls; those of other services, and of CloudTrail's other words for a call, are none of this."""
    missed = {}
    for kind in kinds().values():
        if kind.door is Aws:
            (statement, *dummy) = json.loads((IAM / f"{kind.name}.json").read_text(encoding="utf-8"))["Statement"]
            actions = {action.partition(":")[2] for action in statement["Action"]}
            calls = {call for call in actions & set(model(kind.service).operation_names) if not call.startswith(("BatchGet", "Describe", "Get", "List"))}
            missed[kind.name] = {call for call in calls if not _trail._is_of(entry(1, name=call), "x", kind.name)}
    assert {kind: calls for kind, calls in missed.items() if calls} == TOLD_OF_ANOTHER


# ---- what is gone


def of_subnet(number, name, id, **said):
    return dict(entry(number, name=name, requestParameters=said), Resources=[dict(ResourceType="AWS::EC2::Subnet", ResourceName=id)])


def created(number, id, *tags):
    items = [dict(key=key, value=value) for key, value in tags]
    return of_subnet(number, "CreateSubnet", id, tagSpecificationSet=dict(items=[dict(resourceType="subnet", tags=items)]))


GONE = Question("x", ["acme/a", "a"], "ec2", TOKYO, "ec2_subnets", gone=True)
A, B, OLD = (f"subnet-{digit * 8}" for digit in "abc")
ENDED = [of_subnet(1, "DeleteSubnet", B), of_subnet(2, "DeleteSubnet", A), of_subnet(3, "DeleteSubnet", OLD)]


def expect_endings(regions, **pages):
    for name in ("acme/a", "a"):
        regions.expect(TOKYO, name)
    regions.expect(TOKYO, "DeleteSubnet", *ENDED, by="EventName", **pages)


def test_who_took_a_thing_away_is_found_though_nobody_knows_its_id(regions):
    expect_endings(regions)
    regions.expect(TOKYO, B, ENDED[0], created(9, B, ("Role", "a"), ("Name", "b")))
    regions.expect(TOKYO, A, ENDED[1], created(9, A, ("Name", "a")))
    regions.expect(TOKYO, OLD, ENDED[2])
    answer = regions.ask(GONE)["x"]
    assert [event.name for event in answer.events] == ["DeleteSubnet", "CreateSubnet"] and ids(answer)[0] == "event-2" and answer.unknown is None


def test_of_what_is_gone_under_no_known_name_it_is_said_that_it_may_be_it(regions):
    expect_endings(regions)
    regions.expect(TOKYO, B, ENDED[0], created(9, B, ("Name", "b")))
    regions.expect(TOKYO, A, ENDED[1], of_subnet(8, "CreateTags", A, tagSet=dict(items=[dict(key="Name", value="other")])))
    regions.expect(TOKYO, OLD, ENDED[2])
    answer = regions.ask(GONE)["x"]
    assert ids(answer) == ["event-3"] and answer.unknown == UNSURE and OLD in answer.reason and A not in answer.reason


def test_the_bound_and_what_is_not_there_hold_for_what_is_gone_too(regions):
    expect_endings(regions)
    regions.expect(TOKYO, B, ENDED[0])
    answer = regions.ask(GONE, lookups=4)["x"]
    assert answer.unknown == NOT_ASKED and A in answer.reason and answer.events == []
    for name in ("acme/a", "a"):
        regions.expect(TOKYO, name)
    regions.expect(TOKYO, "DeleteSubnet", by="EventName")
    assert regions.ask(GONE)["x"].unknown == NOTHING


def test_what_the_history_knows_by_name_is_asked_no_further(regions):
    regions.expect(TOKYO, "acme-app", dict(entry(1, "logs", "DeleteLogGroup")))
    assert ids(regions.ask(Question("x", ["acme-app"], "logs", TOKYO, "logs_log_groups", gone=True))["x"]) == ["event-1"]


def test_pages_are_read_until_there_is_enough(regions):
    regions.expect(TOKYO, "acme", entry(1, "s3", read_only=True), token="two")
    regions.expect(TOKYO, "acme", entry(2, "s3"), entry(3, "s3"), token="three", after="two")
    answer = regions.ask(Question("x", ["acme"], "s3", TOKYO), most=2)["x"]
    assert (ids(answer), answer.unknown) == (["event-2", "event-3"], None)


@pytest.mark.parametrize("lookups", [1, 2])
def test_a_shared_name_is_read_on_for_the_thing_that_has_not_enough(regions, lookups):
    regions.expect(TOKYO, "web", entry(1), token="two")
    if lookups == 2:
        regions.expect(TOKYO, "web", entry(2), entry(3, "logs"), after="two")
    found = regions.ask(Question("group", ["web"], "ec2", TOKYO), Question("log", ["web"], "logs", TOKYO), most=1, lookups=lookups)
    assert (ids(found["group"]), found["group"].unknown) == (["event-1"], None)
    assert (ids(found["log"]), found["log"].unknown) == ((["event-3"], None) if lookups == 2 else ([], NOT_ASKED))


CLOUDFORMATION = "cloudformation.amazonaws.com"
ROLE = dict(
    type="AssumedRole",
    principalId="AROA1:hanako@example.jp",
    arn="arn:aws:sts::123456789012:assumed-role/ops/hanako@example.jp",
    sessionContext=dict(sessionIssuer=dict(type="Role", principalId="AROA1", userName="ops")),
)
WHO = [
    (TARO, "taro", None, None),
    (dict(TARO, invokedBy=CLOUDFORMATION), "taro", None, CLOUDFORMATION),
    (ROLE, "ops/hanako@example.jp", "hanako@example.jp", None),
    (dict(ROLE, invokedBy=CLOUDFORMATION), "ops/hanako@example.jp", "hanako@example.jp", CLOUDFORMATION),
    (dict(type="Root", principalId="123456789012", arn="arn:aws:iam::123456789012:root"), "root", None, None),
    (dict(type="Root", principalId="123456789012", userName="the-alias"), "root", None, None),
    (dict(type="AWSService", invokedBy="dlm.amazonaws.com"), "dlm.amazonaws.com", None, None),
    (dict(type="FederatedUser", principalId="123456789012:jiro", arn="arn:aws:sts::123456789012:federated-user/jiro"), "federated-user/jiro", None, None),
    (dict(type="AWSAccount", principalId="AIDA2", accountId="999999999999"), "AIDA2", None, None),
    ({}, "?", None, None),
]


@pytest.mark.parametrize(("identity", "user", "session", "via"), WHO, ids=lambda value: value.get("type") if isinstance(value, dict) else "")
def test_who_it_was(regions, identity, user, session, via):
    regions.expect(TOKYO, "i-1", entry(1, identity=identity))
    (event,) = regions.ask(Question("x", ["i-1"], "ec2", TOKYO))["x"].events
    assert (event.user, event.role_session, event.via) == (user, session, via)
    assert (event.time, event.name) == (NOW - timedelta(minutes=1), "ModifyThing")
    assert (event.source_ip, event.user_agent) == ("192.0.2.1", "console.amazonaws.com")


def test_the_console_is_told(regions):
    regions.expect(TOKYO, "i-1", entry(1, sessionCredentialFromConsole="true"))
    assert regions.ask(Question("x", ["i-1"], "ec2", TOKYO))["x"].events[0].via == "console"


def test_our_own_runs_are_told_from_others(regions):
    regions.expect(TOKYO, "i-1", entry(1), entry(2, userAgent="Boto3/1.43.0 md/Botocore#1.43.0 ua/2.1 lang/python#3.11 msp.aws"))
    assert [event.own for event in regions.ask(Question("x", ["i-1"], "ec2", TOKYO))["x"].events] == [False, True]


JOINED = dict(associationId="rtbassoc-1", associationState=dict(state="associated"))
PARTED = dict(ResourceType="AWS::EC2::RouteTableAssociation", ResourceName="rtbassoc-1")


@pytest.mark.parametrize("types", [[PARTED], []])
def test_who_parted_two_things_is_found_by_what_joined_them(regions, types):
    joined = dict(entry(9, name="AssociateRouteTable", responseElements=JOINED), Resources=[dict(ResourceType="AWS::EC2::RouteTable", ResourceName="rtb-1")])
    regions.expect(TOKYO, "rtb-1", entry(2, name="CreateRoute", responseElements=dict(associationId="of a route")), joined)
    regions.expect(TOKYO, "rtbassoc-1", dict(entry(1, name="DisassociateRouteTable"), Resources=types), joined)
    answer = regions.ask(Question("x", ["rtb-1"], "ec2", TOKYO, "ec2_route_tables"))["x"]
    assert [event.name for event in answer.events] == ["DisassociateRouteTable", "CreateRoute", "AssociateRouteTable"] and answer.unknown is None


# ---- what is not known


@pytest.mark.parametrize(("code", "unknown"), [("AccessDeniedException", DENIED), ("ThrottlingException", FAILED), ("InternalFailure", FAILED)])
def test_a_refusal_is_an_answer_and_the_region_is_not_asked_again(regions, code, unknown):
    regions.expect(TOKYO, "i-1", entry(1))
    regions.refuse(TOKYO, code)
    regions.expect(VIRGINIA, "ops", entry(2, "iam"))
    things = [Question(name, [name], "ec2", TOKYO) for name in ("i-1", "i-2", "i-3")]
    found = regions.ask(*things, Question("role", ["ops"], "iam", TOKYO))
    assert {key: ids(answer) for key, answer in found.items()} == {"i-1": ["event-1"], "i-2": [], "i-3": [], "role": ["event-2"]}
    assert [answer.unknown for answer in found.values()] == [None, unknown, unknown, None]
    assert f"{TOKYO}: cloudtrail:LookupEvents: {code}" in found["i-2"].reason


def test_what_is_lost_on_the_way_is_an_answer_too():
    def unreachable(region):
        raise EndpointConnectionError(endpoint_url=f"https://cloudtrail.{region}.amazonaws.com")

    answer = changes(unreachable, [Question("x", ["i-1"], "ec2", TOKYO)], SINCE, NOW)["x"]
    assert (answer.events, answer.unknown) == ([], FAILED)
    assert "EndpointConnectionError" in answer.reason


def test_what_the_bound_leaves_out_is_told(regions):
    regions.expect(TOKYO, "i-1", entry(1))
    regions.expect(TOKYO, "i-2", entry(2, read_only=True), token="more")
    regions.expect(TOKYO, "web")
    one, two = Question(1, ["i-1", "web", "arn:1"], "ec2", TOKYO), Question(2, ["i-2", "web"], "ec2", TOKYO)
    found = regions.ask(one, two, lookups=3)  # the first names of both come before the second of any
    assert (ids(found[1]), found[1].unknown) == (["event-1"], NOT_ASKED)
    assert found[1].reason.endswith("before arn:1")
    assert (ids(found[2]), found[2].unknown) == ([], NOT_ASKED)
    assert found[2].reason.endswith("before i-2 (older events)")


# ---- laws over any history


NAMES = ("i-1", "web", "arn:x")
EVENTS = st.lists(
    st.tuples(st.sets(st.sampled_from(NAMES), min_size=1), st.sampled_from(("ec2", "s3")), st.booleans(), st.sampled_from((None, "Refused"))),
    max_size=25,
)
QUESTIONS = st.lists(st.tuples(st.lists(st.sampled_from(NAMES), max_size=3), st.sampled_from(("ec2", "s3"))), max_size=4)


class History:
    """A history of any events, in pages of any size."""

    def __init__(self, events, size):
        self.events = [(names, entry(number, source, read_only=read_only, error=error)) for number, (names, source, read_only, error) in enumerate(events)]
        self.size, self.requests = size, 0

    def lookup_events(self, LookupAttributes, NextToken="0", **dummy):
        self.requests += 1
        (attribute,) = LookupAttributes
        found = [told for names, told in self.events if attribute["AttributeValue"] in names]
        start, end = int(NextToken), int(NextToken) + self.size
        return dict(Events=found[start:end], **({"NextToken": str(end)} if end < len(found) else {}))

    def truth(self, names, service):
        told = [one for known, one in self.events if known & set(names) and one["EventSource"] == f"{service}.amazonaws.com"]
        return [one["EventId"] for one in told if one["ReadOnly"] == "false" and "errorCode" not in json.loads(one["CloudTrailEvent"])]


@given(EVENTS, QUESTIONS, st.integers(1, 5), st.integers(1, 6), st.integers(0, 40))
def test_an_answer_is_the_whole_truth_or_says_that_it_is_not(events, questions, size, most, bound):
    history = History(events, size)
    asked = [Question(number, names, service, TOKYO) for number, (names, service) in enumerate(questions)]
    found = changes(lambda region: history, asked, SINCE, NOW, most=most, lookups=bound, pace=Pace(sleep=lambda seconds: None))
    assert list(found) == [question.key for question in asked]
    assert history.requests <= bound
    for question in asked:
        answer, truth = found[question.key], history.truth(question.names, question.service)
        assert set(ids(answer)) <= set(truth)
        assert answer.unknown in (None, NOTHING, NOT_ASKED)
        assert (answer.unknown is None) == (answer.reason is None)
        if answer.unknown != NOT_ASKED:
            assert ids(answer) == truth[:most]
            assert (answer.unknown == NOTHING) == (not truth)
        if answer.unknown == NOT_ASKED:
            assert history.requests == bound


@given(st.lists(st.floats(0, 2, allow_nan=False), min_size=3, max_size=40))
def test_no_second_has_more_than_two_requests(latencies):
    clock, sent = [100.0], []

    def sleep(seconds):
        clock[0] += seconds

    pace = Pace(clock=lambda: clock[0], sleep=sleep)
    for latency in latencies:
        pace.keep()
        sent.append(clock[0])
        clock[0] += latency
    assert sent[0] == 100.0  # the first one waits for nothing
    assert all(later - earlier >= 1 - 1e-6 for earlier, later in zip(sent, sent[2:], strict=False))


def test_every_request_keeps_the_pace(regions):
    for name in ("i-1", "i-2", "i-3"):
        regions.expect(TOKYO, name)
    slept, clock = [], [0.0]

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    asked = [Question(name, [name], "ec2", TOKYO) for name in ("i-1", "i-2", "i-3")]
    changes(regions.client, asked, SINCE, NOW, pace=Pace(clock=lambda: clock[0], sleep=sleep))
    assert slept == [0.5, 0.5]
