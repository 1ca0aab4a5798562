# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network Firewall, of which moto has little."""

from __future__ import annotations

import copy

import pytest

WRONG, IN_USE, GONE, STALE = "InvalidRequestException", "InvalidOperationException", "ResourceNotFoundException", "InvalidTokenException"
RULE = 'drop tcp any any -> any 23 (msg:"telnet"; sid:1; rev:1;)'
ORDER = {"StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"}}
MANAGED = "arn:aws:network-firewall:ap-northeast-1:aws-managed:stateful-rulegroup/ThreatSignaturesMalware"
ACTIONS = {"StatelessDefaultActions": ["aws:forward_to_sfe"], "StatelessFragmentDefaultActions": ["aws:drop"]}
STRICT = {**ACTIONS, "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"}}


@pytest.fixture
def nfw(aws):
    return aws("network-firewall")


def rules(text, **more):
    return {"RulesSource": {"RulesString": text}, **more}


def stateless(*matches, priorities=None, actions=("aws:drop",)):
    found = [{"Priority": number, "RuleDefinition": {"Actions": list(actions), "MatchAttributes": match}} for number, match in enumerate(matches, 1)]
    for rule, priority in zip(found, priorities or [], strict=False):
        rule["Priority"] = priority
    return {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": found}}}


def make_group(nfw, name="telnet", kind="STATEFUL", group=None, capacity=10, **more):
    made = nfw.create_rule_group(RuleGroupName=name, Type=kind, Capacity=capacity, RuleGroup=group or rules(RULE), **more)
    return made["RuleGroupResponse"]["RuleGroupArn"]


def make_policy(nfw, name="acme", **policy):
    return nfw.create_firewall_policy(FirewallPolicyName=name, FirewallPolicy={**ACTIONS, **policy})["FirewallPolicyResponse"]["FirewallPolicyArn"]


# -- rule groups


def test_a_rule_group_lives(nfw, refused, double):
    arn = make_group(nfw, Description="no telnet", Tags=[{"Key": "Env", "Value": "prod"}])
    assert arn == "arn:aws:network-firewall:ap-northeast-1:123456789012:stateful-rulegroup/telnet"
    found = nfw.describe_rule_group(RuleGroupArn=arn)
    assert found["RuleGroupResponse"]["RuleGroupStatus"] == "UPDATING"
    found = nfw.describe_rule_group(RuleGroupName="telnet", Type="STATEFUL")
    response = found["RuleGroupResponse"]
    assert (response["RuleGroupStatus"], response["ConsumedCapacity"], response["NumberOfAssociations"]) == ("ACTIVE", 1, 0)
    assert response["EncryptionConfiguration"]["Type"] == "AWS_OWNED_KMS_KEY"
    token = found["UpdateToken"]
    nfw.update_rule_group(RuleGroupArn=arn, UpdateToken=token, RuleGroup=rules(f"{RULE}\n# nothing\n{RULE.replace('sid:1', 'sid:2')}"))
    refused(STALE, nfw.update_rule_group, RuleGroupArn=arn, UpdateToken=token, RuleGroup=rules(RULE))
    response = nfw.describe_rule_group(RuleGroupArn=arn)["RuleGroupResponse"]
    assert response["ConsumedCapacity"] == 2 and "Description" not in response
    nfw.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": "infra"}])
    nfw.untag_resource(ResourceArn=arn, TagKeys=["Env"])
    assert nfw.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "Owner", "Value": "infra"}]
    assert f"network-firewall/123456789012/ap-northeast-1/rule_groups/{arn}" in double.state()
    nfw.delete_rule_group(RuleGroupArn=arn)
    assert nfw.list_rule_groups()["RuleGroups"] == []
    for call in (nfw.describe_rule_group, nfw.delete_rule_group, nfw.describe_rule_group_metadata):
        refused(GONE, call, RuleGroupArn=arn)
    refused(GONE, nfw.tag_resource, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])


TWICE = stateless({}, {}, priorities=[5, 5])
BAD_GROUPS = {
    "Capacity exceeded": dict(capacity=1, group=rules(f"{RULE}\n{RULE.replace('sid:1', 'sid:2')}")),
    "duplicate sid 1": dict(group=rules(f"{RULE}\n{RULE}")),
    "illegal rule syntax": dict(group=rules("drop everything")),
    "priority is not supported": dict(group=rules(RULE.replace("sid:1;", "sid:1; priority:1;"), **ORDER)),
    "exactly one of": dict(
        group={
            "RulesSource": {"RulesString": RULE, "RulesSourceList": {"Targets": ["a.example"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "DENYLIST"}}
        }
    ),
    "STATELESS group has": dict(kind="STATELESS"),
    "priorities must be unique": dict(kind="STATELESS", group=TWICE),
    "aws:pass, aws:drop": dict(kind="STATELESS", group=stateless({}, actions=["aws:pass", "aws:drop"])),
    "no custom action": dict(kind="STATELESS", group=stateless({}, actions=["aws:pass", "counted"])),
    "KeyId is required": dict(EncryptionConfiguration={"Type": "CUSTOMER_KMS"}),
    "at least 1": dict(capacity=0),
    "RuleGroupName": dict(name="no telnet"),
    "begin with aws:": dict(Tags=[{"Key": "aws:x", "Value": "y"}]),
}


@pytest.mark.parametrize("said", BAD_GROUPS)
def test_rule_groups_that_are_refused(nfw, said):
    with pytest.raises(nfw.exceptions.InvalidRequestException, match=said):
        make_group(nfw, **BAD_GROUPS[said])


def test_capacity_of_stateless_rules_is_the_product_of_their_settings(nfw):
    """The example of CreateRuleGroup.Capacity: two protocols and three sources are six."""
    sources = [{"AddressDefinition": f"10.0.{number}.0/24"} for number in range(3)]
    arn = make_group(nfw, "s", "STATELESS", stateless({"Protocols": [6, 17], "Sources": sources}, {}), capacity=7)
    assert nfw.describe_rule_group(RuleGroupArn=arn)["RuleGroupResponse"]["ConsumedCapacity"] == 7


def test_a_name_is_there_once_for_each_type_and_the_order_stays(nfw, refused):
    arn = make_group(nfw)
    make_group(nfw, kind="STATELESS", group=stateless({}))
    refused(WRONG, nfw.create_rule_group, RuleGroupName="telnet", Type="STATEFUL", Capacity=1, RuleGroup=rules(RULE))
    refused(WRONG, nfw.describe_rule_group, RuleGroupName="telnet")
    token = nfw.describe_rule_group(RuleGroupArn=arn)["UpdateToken"]
    assert "order" in refused(WRONG, nfw.update_rule_group, RuleGroupArn=arn, UpdateToken=token, RuleGroup=rules(RULE, **ORDER))
    assert len(nfw.list_rule_groups(MaxResults=1)["RuleGroups"]) == 1 and "NextToken" in nfw.list_rule_groups(MaxResults=1)
    assert {group["Name"] for group in nfw.list_rule_groups(Scope="MANAGED")["RuleGroups"]} >= {"ThreatSignaturesMalwareStrictOrder"}


# -- policies


def test_a_policy_lives_and_holds_its_groups(nfw, refused):
    group = make_group(nfw)
    arn = make_policy(nfw, StatefulRuleGroupReferences=[{"ResourceArn": group}])
    assert nfw.describe_rule_group(RuleGroupArn=group)["RuleGroupResponse"]["NumberOfAssociations"] == 1
    refused(IN_USE, nfw.delete_rule_group, RuleGroupArn=group)
    found = nfw.describe_firewall_policy(FirewallPolicyName="acme")
    assert found["FirewallPolicyResponse"]["FirewallPolicyStatus"] == "UPDATING"
    nfw.update_firewall_policy(FirewallPolicyArn=arn, UpdateToken=found["UpdateToken"], FirewallPolicy=ACTIONS)
    refused(STALE, nfw.update_firewall_policy, FirewallPolicyArn=arn, UpdateToken=found["UpdateToken"], FirewallPolicy=ACTIONS)
    token = nfw.describe_firewall_policy(FirewallPolicyArn=arn)["UpdateToken"]
    refused(WRONG, nfw.update_firewall_policy, FirewallPolicyArn=arn, UpdateToken=token, FirewallPolicy=STRICT)
    nfw.delete_rule_group(RuleGroupArn=group)
    nfw.delete_firewall_policy(FirewallPolicyArn=arn)
    refused(GONE, nfw.describe_firewall_policy, FirewallPolicyArn=arn)


def reference(arn, **more):
    return [{"ResourceArn": arn, **more}]


BAD_POLICIES = {
    "exactly one of": lambda group: {**ACTIONS, "StatelessDefaultActions": ["aws:drop", "aws:pass"]},
    "does not exist": lambda group: {**ACTIONS, "StatefulRuleGroupReferences": reference(f"{group}x")},
    "is no STATELESS": lambda group: {**ACTIONS, "StatelessRuleGroupReferences": reference(group, Priority=1)},
    "rule order of": lambda group: {**STRICT, "StatefulRuleGroupReferences": reference(group, Priority=1)},
    "Priority is required": lambda group: {**STRICT, "StatefulRuleGroupReferences": reference(f"{MANAGED}StrictOrder")},
    "only valid with STRICT": lambda group: {**ACTIONS, "StatefulRuleGroupReferences": reference(group, Priority=1)},
    "StatefulDefaultActions": lambda group: {**STRICT, "StatefulDefaultActions": ["aws:drop"]},
    "can be referenced once": lambda group: {**ACTIONS, "StatefulRuleGroupReferences": reference(group) * 2},
    "managed rule groups": lambda group: {**ACTIONS, "StatefulRuleGroupReferences": reference(group, Override={"Action": "DROP_TO_ALERT"})},
    "between 60 and 6000": lambda group: {**ACTIONS, "StatefulEngineOptions": {"FlowTimeouts": {"TcpIdleTimeoutSeconds": 59}}},
    "StatelessFragmentDefaultActions": lambda group: {"StatelessDefaultActions": ["aws:drop"]},
}


@pytest.mark.parametrize("said", BAD_POLICIES)
def test_policies_that_are_refused(nfw, refused, said):
    policy = BAD_POLICIES[said](make_group(nfw))
    assert said in refused(WRONG, nfw.create_firewall_policy, FirewallPolicyName="acme", FirewallPolicy=policy)


def test_priorities_are_there_once_and_capacity_has_an_end(nfw, refused):
    groups = [make_group(nfw, f"g{number}", group=rules(RULE, **ORDER), capacity=20000) for number in range(2)]
    both = [{"ResourceArn": group, "Priority": 1} for group in groups]
    refused("LimitExceededException", nfw.create_firewall_policy, FirewallPolicyName="acme", FirewallPolicy={**STRICT, "StatefulRuleGroupReferences": both})
    both[1]["ResourceArn"] = f"{MANAGED}StrictOrder"
    refused(WRONG, nfw.create_firewall_policy, FirewallPolicyName="acme", FirewallPolicy={**STRICT, "StatefulRuleGroupReferences": both})


# -- firewalls


@pytest.fixture
def place(aws):
    """A VPC with two subnets in one zone and one in another."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = [("10.0.1.0/28", "a"), ("10.0.2.0/28", "a"), ("10.0.3.0/28", "c")]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]["SubnetId"] for block, zone in zones]
    return vpc, subnets


def mappings(*subnets):
    return [{"SubnetId": subnet} for subnet in subnets]


def make_firewall(nfw, place, *subnets, **more):
    vpc, there = place
    policy = make_policy(nfw)
    made = nfw.create_firewall(FirewallName="acme", FirewallPolicyArn=policy, VpcId=vpc, SubnetMappings=mappings(*(subnets or there[:1])), **more)
    return made["Firewall"]["FirewallArn"]


def status(nfw):
    return nfw.describe_firewall(FirewallName="acme")["FirewallStatus"]


def settle(nfw):
    while status(nfw)["Status"] != "READY":
        pass
    return nfw.describe_firewall(FirewallName="acme")


def test_a_firewall_becomes_ready_and_has_endpoints(nfw, aws, place, double):
    arn = make_firewall(nfw, place, place[1][0], place[1][2])
    early = status(nfw)
    assert (early["Status"], early["ConfigurationSyncStateSummary"]) == ("PROVISIONING", "PENDING")
    assert "EndpointId" not in early["SyncStates"]["ap-northeast-1a"]["Attachment"]
    found = settle(nfw)
    assert found["FirewallStatus"]["ConfigurationSyncStateSummary"] == "IN_SYNC" and set(found["FirewallStatus"]["SyncStates"]) == {
        "ap-northeast-1a",
        "ap-northeast-1c",
    }
    assert [found["Firewall"][name] for name in ("DeleteProtection", "SubnetChangeProtection", "FirewallPolicyChangeProtection")] == [True] * 3
    endpoint = found["FirewallStatus"]["SyncStates"]["ap-northeast-1a"]["Attachment"]["EndpointId"]
    shown = next(one for one in aws("ec2").describe_vpc_endpoints()["VpcEndpoints"] if one["VpcEndpointId"] == endpoint)
    assert (shown["VpcEndpointType"], shown["RequesterManaged"], shown["SubnetIds"]) == ("GatewayLoadBalancer", True, [place[1][0]])
    assert f"network-firewall/123456789012/ap-northeast-1/firewalls/{arn}" in double.state()


def test_reading_is_no_state(nfw, place, double):
    make_firewall(nfw, place)
    state = double.state()
    settle(nfw)
    assert double.state() == state


def test_where_a_firewall_cannot_stand(nfw, aws, place, refused):
    vpc, subnets = place
    policy = make_policy(nfw)
    other = aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    good = {"FirewallName": "acme", "FirewallPolicyArn": policy, "VpcId": vpc, "SubnetMappings": mappings(subnets[0])}
    for change in (
        {"FirewallPolicyArn": f"{policy}x"},
        {"VpcId": other},
        {"SubnetMappings": mappings(*subnets[:2])},
        {"SubnetMappings": []},
        {"FirewallName": "acme firewall"},
    ):
        refused(WRONG, nfw.create_firewall, **{**good, **change})
    nfw.create_firewall(**good)
    refused(WRONG, nfw.create_firewall, **good)


def test_protections_stand_before_changes(nfw, place, refused):
    arn = make_firewall(nfw, place)
    settle(nfw)
    other = make_policy(nfw, "other")
    refused(IN_USE, nfw.associate_subnets, FirewallArn=arn, SubnetMappings=mappings(place[1][2]))
    refused(IN_USE, nfw.disassociate_subnets, FirewallArn=arn, SubnetIds=place[1][:1])
    refused(IN_USE, nfw.associate_firewall_policy, FirewallArn=arn, FirewallPolicyArn=other)
    refused(IN_USE, nfw.delete_firewall, FirewallArn=arn)
    nfw.update_subnet_change_protection(FirewallArn=arn, SubnetChangeProtection=False)
    nfw.update_firewall_policy_change_protection(FirewallArn=arn, FirewallPolicyChangeProtection=False)
    refused(WRONG, nfw.associate_subnets, FirewallArn=arn, SubnetMappings=mappings(place[1][1]))
    refused(WRONG, nfw.disassociate_subnets, FirewallArn=arn, SubnetIds=place[1][:1])
    nfw.associate_subnets(FirewallArn=arn, SubnetMappings=mappings(place[1][2]))
    nfw.associate_firewall_policy(FirewallArn=arn, FirewallPolicyArn=other)
    assert status(nfw)["Status"] == "PROVISIONING"
    settle(nfw)
    nfw.disassociate_subnets(FirewallArn=arn, SubnetIds=place[1][:1])
    assert status(nfw)["SyncStates"]["ap-northeast-1a"]["Attachment"]["Status"] == "DELETING"
    assert set(settle(nfw)["FirewallStatus"]["SyncStates"]) == {"ap-northeast-1c"}
    refused(IN_USE, nfw.delete_firewall_policy, FirewallPolicyArn=other)


def test_a_token_is_good_for_one_write(nfw, place, refused):
    arn = make_firewall(nfw, place)
    token = nfw.describe_firewall(FirewallArn=arn)["UpdateToken"]
    after = nfw.update_firewall_description(FirewallArn=arn, UpdateToken=token, Description="x")["UpdateToken"]
    refused(STALE, nfw.update_firewall_delete_protection, FirewallArn=arn, UpdateToken=token, DeleteProtection=False)
    nfw.update_firewall_delete_protection(FirewallArn=arn, UpdateToken=after, DeleteProtection=False)
    nfw.update_firewall_encryption_configuration(FirewallArn=arn, EncryptionConfiguration={"Type": "CUSTOMER_KMS", "KeyId": "alias/a"})


@pytest.mark.parametrize(
    "operation, more",
    {
        "associate_firewall_policy": dict(FirewallPolicyArn="arn:aws:network-firewall:ap-northeast-1:123456789012:firewall-policy/other"),
        "associate_subnets": dict(SubnetMappings=[dict(SubnetId="subnet-0123456789abcdef0")]),
        "disassociate_subnets": dict(SubnetIds=["subnet-0123456789abcdef0"]),
        "update_firewall_delete_protection": dict(DeleteProtection=True),
        "update_firewall_description": dict(Description="y"),
        "update_firewall_encryption_configuration": dict(EncryptionConfiguration=dict(Type="AWS_OWNED_KMS_KEY")),
        "update_firewall_policy_change_protection": dict(FirewallPolicyChangeProtection=True),
        "update_subnet_change_protection": dict(SubnetChangeProtection=True),
    }.items(),
)
def test_a_stale_token_is_refused_by_every_write_to_a_firewall(nfw, place, refused, operation, more):
    arn = make_firewall(nfw, place)
    token = nfw.describe_firewall(FirewallArn=arn)["UpdateToken"]
    nfw.update_firewall_description(FirewallArn=arn, UpdateToken=token, Description="x")
    refused(STALE, getattr(nfw, operation), FirewallArn=arn, UpdateToken=token, **more)


def test_a_firewall_goes_slowly_and_its_endpoints_with_it(nfw, aws, place, refused):
    arn = make_firewall(nfw, place, DeleteProtection=False)
    settle(nfw)
    nfw.delete_firewall(FirewallArn=arn)
    assert [one["FirewallName"] for one in nfw.list_firewalls()["Firewalls"]] == ["acme"]
    refused(IN_USE, nfw.update_firewall_description, FirewallArn=arn, Description="x")
    assert nfw.list_firewalls()["Firewalls"] == []
    refused(GONE, nfw.describe_firewall, FirewallArn=arn)
    assert {one["State"] for one in aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]} <= {"deleted"}


# -- routes to endpoints


def test_routes_lead_to_endpoints_of_firewalls_only(nfw, aws, place, refused):
    make_firewall(nfw, place, DeleteProtection=False)
    endpoint = settle(nfw)["FirewallStatus"]["SyncStates"]["ap-northeast-1a"]["Attachment"]["EndpointId"]
    ec2 = aws("ec2")
    table = ec2.create_route_table(VpcId=place[0])["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=place[0])
    service = {"ServiceName": "com.amazonaws.ap-northeast-1.s3", "VpcEndpointType": "Gateway"}
    s3 = ec2.create_vpc_endpoint(VpcId=place[0], **service)["VpcEndpoint"]["VpcEndpointId"]
    where = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    refused("RouteNotSupported", ec2.create_route, **where, VpcEndpointId=s3)
    refused("InvalidVpcEndpointId.NotFound", ec2.create_route, **where, VpcEndpointId="vpce-0123456789abcdef0")
    elsewhere = ec2.create_route_table(VpcId=ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])["RouteTable"]["RouteTableId"]
    refused("InvalidParameterValue", ec2.create_route, **{**where, "RouteTableId": elsewhere}, VpcEndpointId=endpoint)
    ec2.create_route(**where, GatewayId=gateway)

    def route():
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return next((one["GatewayId"], one["State"]) for one in found if one["DestinationCidrBlock"] == "0.0.0.0/0")

    ec2.replace_route(**where, VpcEndpointId=endpoint)
    assert route() == (endpoint, "active")
    ec2.replace_route(**where, GatewayId=gateway)
    assert route() == (gateway, "active")
    ec2.replace_route(**where, VpcEndpointId=endpoint)
    refused("OperationNotPermitted", ec2.delete_vpc_endpoints, VpcEndpointIds=[endpoint])
    refused("OperationNotPermitted", ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, AddSubnetIds=place[1][1:2])
    nfw.delete_firewall(FirewallName="acme")
    assert route() == (endpoint, "blackhole")
    ec2.delete_route(**where)


# -- logs


@pytest.fixture
def logs(nfw, aws, place):
    """Write the log destinations of a firewall."""
    arn = make_firewall(nfw, place)
    aws("logs").create_log_group(logGroupName="alert")
    aws("s3").create_bucket(Bucket="flow", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})

    def write(*configs, **more):
        return {"FirewallArn": arn, "LoggingConfiguration": {"LogDestinationConfigs": copy.deepcopy(list(configs))}, **more}

    return write


ALERT = {"LogType": "ALERT", "LogDestinationType": "CloudWatchLogs", "LogDestination": {"logGroup": "alert"}}
FLOW = {"LogType": "FLOW", "LogDestinationType": "S3", "LogDestination": {"bucketName": "flow", "prefix": "nfw"}}


def test_logs_change_one_at_a_time(nfw, logs, refused):
    update = nfw.update_logging_configuration
    refused(WRONG, update, **logs(ALERT, FLOW))
    update(**logs(ALERT))
    update(**logs(ALERT, FLOW), EnableMonitoringDashboard=True)
    to_s3 = {**ALERT, "LogDestinationType": "S3", "LogDestination": {"bucketName": "flow"}}
    assert "delete the LogDestinationConfig" in refused(WRONG, update, **logs(to_s3, FLOW))
    update(**logs(ALERT, {**FLOW, "LogDestination": {"bucketName": "flow"}}))
    refused(WRONG, update, **logs())
    found = nfw.describe_logging_configuration(FirewallName="acme")
    assert len(found["LoggingConfiguration"]["LogDestinationConfigs"]) == 2 and found["EnableMonitoringDashboard"]


def test_log_destinations_that_are_refused(nfw, logs, refused):
    update = nfw.update_logging_configuration
    refused("LogDestinationPermissionException", update, **logs({**ALERT, "LogDestination": {"logGroup": "nothing"}}))
    refused("LogDestinationPermissionException", update, **logs({**FLOW, "LogDestination": {"bucketName": "nothing"}}))
    refused(WRONG, update, **logs({**ALERT, "LogDestination": {"bucketName": "flow"}}))
    refused(WRONG, update, **logs({**ALERT, "LogType": "PACKETS"}))
