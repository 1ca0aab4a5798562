# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rule groups, policies, firewalls and the routes to them refuse, call dangerous, leave alone or find wrong in a sheet."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.stage import KINDS, REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

GROUPS, POLICIES, FIREWALLS, TABLES = "networkfirewall_rule_groups", "networkfirewall_firewall_policies", "networkfirewall_firewalls", "ec2_route_tables"
TELNET = 'drop tcp any any -> any 23 (msg:"telnet"; sid:2; rev:1;)'
ACTIONS = dict(stateless_default_actions=["aws:forward_to_sfe"], stateless_fragment_default_actions=["aws:drop"])
STATELESS = dict(StatelessRulesAndCustomActions=dict(StatelessRules=[dict(Priority=1, RuleDefinition=dict(Actions=["aws:drop"], MatchAttributes={}))]))


def domains(*targets):
    return dict(RulesSourceList=dict(Targets=list(targets), TargetTypes=["TLS_SNI"], GeneratedRulesType="ALLOWLIST"))


def confirm(kind, *names):
    return [f"{kind}/{name}" for name in names]


def removed(kind, name):
    return dict(name=name, state="absent"), confirm(kind, name)


@pytest.fixture
def filters(stage):
    """Groups of all sorts, and a policy which uses one of them."""
    stage.double.reset()
    strict = dict(type="STATEFUL", capacity=10, rule_order="STRICT_ORDER")
    write(
        stage,
        GROUPS,
        dict(strict, name="domains", rules_source=domains(".example.jp"), ip_sets=dict(HOME_NET=["10.0.0.0/8"])),
        dict(strict, name="telnet", rules_source=dict(RulesString=TELNET)),
        dict(name="loose", type="STATEFUL", capacity=10, rules_source=dict(RulesString=TELNET)),
        dict(name="free", type="STATEFUL", capacity=1, rules_source=dict(RulesString=TELNET)),
        dict(name="packets", type="STATELESS", capacity=10, rules_source=STATELESS),
    )
    groups = [dict(rule_group="domains", priority=100), dict(rule_group=MANAGED, priority=300, override_action="DROP_TO_ALERT")]
    write(stage, POLICIES, dict(ACTIONS, name="acme", rule_order="STRICT_ORDER", stateful_rule_groups=groups))
    return stage


MANAGED = f"arn:aws:network-firewall:{REGION}:aws-managed:stateful-rulegroup/ThreatSignaturesMalwareStrictOrder"


# -- rule groups


def test_a_rule_group_in_use_changes_with_a_confirmation_only(filters):
    assert "what 1 firewall policies let through" in dangerous(filters, GROUPS, dict(name="domains", rules_source=domains(".example.jp", ".example.com")))
    assert "what 1 firewall policies let through" in dangerous(filters, GROUPS, dict(name="domains", clear=["ip_sets.HOME_NET"]))
    harmless(filters, GROUPS, dict(name="domains", description="domains", tags=dict(Env="prod")))
    harmless(filters, GROUPS, dict(name="telnet", rules_source=dict(RulesString=TELNET.replace("23", "24"))))


def test_new_domains_leave_the_variables_and_all_else(filters):
    before = {group["name"]: group for group in filters.gather(GROUPS)}
    write(filters, GROUPS, dict(name="domains", rules_source=domains(".example.com")), confirm=confirm(GROUPS, "domains"))
    after = {group["name"]: group for group in filters.gather(GROUPS)}
    assert after.pop("domains") == dict(before.pop("domains"), rules_source=domains(".example.com")) and after == before


def test_a_rule_group_in_use_stays(filters):
    entry, confirmed = removed(GROUPS, "domains")
    assert "firewall policies that use it (1)" in refused(filters, GROUPS, entry, confirm=confirmed)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(name="packets", rules_source=domains("a.example")), "a STATELESS rule group has exactly one of StatelessRules"),
        (dict(name="domains", rules_source=dict(domains("a.example"), RulesString=TELNET)), "exactly one of RulesString"),
        (dict(name="packets", ip_sets=dict(HOME_NET=["10.0.0.0/8"])), "ip_sets is for STATEFUL rule groups only"),
        (dict(name="new", type="STATELESS", capacity=1, rules_source=STATELESS, rule_order="STRICT_ORDER"), "rule_order is for STATEFUL"),
        (dict(name="new", type="IPS", capacity=1, rules_source=domains("a.example")), "another generation of policies"),
        (dict(name="domains", encryption_configuration=dict(type="CUSTOMER_KMS")), "needs a key_id"),
        (dict(name="domains", capacity=11), "capacity cannot change after creation"),
        (dict(name="domains", rule_order="DEFAULT_ACTION_ORDER"), "rule_order cannot change after creation"),
        (dict(name="new"), "type, capacity, rules_source must be named"),
    ],
)
def test_rule_groups_that_are_refused_in_the_plan(filters, entry, said):
    assert said in refused(filters, GROUPS, entry, confirm=confirm(GROUPS, "domains"))


def test_what_is_too_much_or_no_rule_is_told_in_aws_words(filters):
    two = dict(RulesString=f"{TELNET}\n{TELNET.replace('sid:2', 'sid:3')}")
    assert "Capacity exceeded" in filters.run(GROUPS, task(GROUPS, dict(name="free", rules_source=two)), fails=True)["msg"]
    wrong = dict(RulesString="drop everything")
    assert "rule: drop everything" in filters.run(GROUPS, task(GROUPS, dict(name="free", rules_source=wrong)), fails=True)["msg"]


def test_somebody_else_who_was_faster_is_seen(filters, monkeypatch):
    """The token of the write is stale: the engine reads and compares anew, and what the other one wrote stays."""
    kind, double = KINDS[GROUPS], client(filters, "network-firewall")
    shared = kind.update.__globals__["_networkfirewall"]
    rewritten, once = shared.rewritten, []

    def faster(want):
        if not once:
            once.append(True)
            found = double.describe_rule_group(RuleGroupName="telnet", Type="STATEFUL")
            group = dict(found["RuleGroup"], RuleVariables=dict(PortSets=dict(WEB=dict(Definition=["443"]))))
            double.update_rule_group(RuleGroupName="telnet", Type="STATEFUL", UpdateToken=found["UpdateToken"], RuleGroup=group)
        return rewritten(want)

    monkeypatch.setattr(shared, "rewritten", faster)
    result = write(filters, GROUPS, dict(name="telnet", ip_sets=dict(HOME_NET=["10.0.0.0/8"])))
    assert [call.get("refused") for call in result["calls"]["writes"]] == ["InvalidTokenException", None]
    group = next(group for group in filters.gather(GROUPS) if group["name"] == "telnet")
    assert (group["port_sets"], group["ip_sets"]) == (dict(WEB=["443"]), dict(HOME_NET=["10.0.0.0/8"]))


def test_a_sheet_names_no_signature_id_twice():
    twice = dict(RulesString=f"{TELNET}\n# {TELNET}\n{TELNET}")
    rules = [dict(RuleOptions=[dict(Keyword="sid", Settings=["7"])]), dict(RuleOptions=[dict(Keyword="sid:7")])]
    assert faults(GROUPS, dict(name="a", rules_source=dict(RulesString=TELNET)), dict(name="b", rules_source=twice)) == [(1, "rules_source", "duplicate")]
    assert faults(GROUPS, dict(name="a", rules_source=dict(StatefulRules=rules))) == [(0, "rules_source", "duplicate")]
    assert faults(GROUPS, dict(name="a", type="STATELESS", rules_source=dict(RulesString=TELNET))) == [(0, "rules_source", "one_of")]


# -- policies


def test_a_group_of_another_order_is_named(filters):
    message = refused(filters, POLICIES, dict(name="acme", stateful_rule_groups=[dict(rule_group="loose", priority=1)]))
    assert "stateful-rulegroup/loose evaluates its rules in DEFAULT_ACTION_ORDER" in message and "anew" in message
    new = dict(ACTIONS, name="new", stateful_rule_groups=[dict(rule_group="telnet")])
    assert "stateful-rulegroup/telnet evaluates its rules in STRICT_ORDER" in refused(filters, POLICIES, new)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(stateful_rule_groups=[dict(rule_group="telnet", priority=100)]), "have the same priority 100"),
        (dict(stateful_rule_groups=[dict(rule_group="telnet")]), "needs a priority"),
        (dict(stateless_default_actions=["aws:pass", "aws:drop"]), "exactly one of aws:pass"),
        (dict(rule_order="DEFAULT_ACTION_ORDER"), "rule_order cannot change after creation"),
        (dict(encryption_configuration=dict(type="CUSTOMER_KMS")), "needs a key_id"),
    ],
)
def test_policies_that_are_refused_in_the_plan(filters, change, said):
    assert said in refused(filters, POLICIES, dict(name="acme", **change))


def test_a_simple_policy_has_neither_priorities_nor_stateful_defaults(filters):
    new = dict(ACTIONS, name="new")
    assert "takes no priority" in refused(filters, POLICIES, dict(new, stateful_rule_groups=[dict(rule_group="loose", priority=1)]))
    assert "STRICT_ORDER only" in refused(filters, POLICIES, dict(new, stateful_default_actions=["aws:drop_established"]))


def test_dropping_handshakes_is_warned_of(filters, capfd):
    filters.run(POLICIES, task(POLICIES, dict(name="acme", stateful_default_actions=["aws:drop_strict"])), check=True)
    assert "aws:drop_established is what is meant" in capfd.readouterr().err


def test_a_sheet_gives_a_policy_one_priority_and_signature_for_each_rule():
    groups = [dict(name="a", rules_source=dict(RulesString=TELNET)), dict(name="b", rules_source=dict(RulesString=TELNET))]
    both = [dict(rule_group="a", priority=1), dict(rule_group="b", priority=2)]
    assert faults(POLICIES, dict(name="p", stateful_rule_groups=both), networkfirewall_rule_groups=groups) == [(0, "stateful_rule_groups", "duplicate")]
    assert faults(POLICIES, dict(name="p", stateful_rule_groups=both[:1]), networkfirewall_rule_groups=groups) == []
    same = [dict(rule_group="a", priority=1), dict(rule_group="c", priority=1)]
    assert faults(POLICIES, dict(name="p", stateless_rule_groups=dict(add=same))) == [(0, "stateless_rule_groups", "duplicate")]


# -- firewalls


@pytest.fixture
def walls(stage):
    """The examples of firewalls, made."""
    stage.prepare(FIREWALLS)
    write(stage, "ec2_subnets", dict(name="acme-fw-a2", vpc="acme", cidr_block="10.20.251.0/28", availability_zone="ap-northeast-1a"))
    stage.run(FIREWALLS, examples(FIREWALLS).make)
    return stage


def firewall(stage, name="acme"):
    return next(one for one in stage.gather(FIREWALLS) if one["name"] == name)


def test_endpoints_cost_and_a_plan_says_how_many(walls):
    off = dict.fromkeys(("delete_protection", "subnet_change_protection", "firewall_policy_change_protection"), False)
    entry = dict(name="new", vpc="acme", firewall_policy="acme", subnet_mappings=[dict(subnet="acme-fw-a"), dict(subnet="acme-fw-c")])
    assert "delete_protection, subnet_change_protection, firewall_policy_change_protection must be named" in refused(walls, FIREWALLS, entry)
    assert "would start 2 firewall endpoints, each of which costs" in dangerous(walls, FIREWALLS, dict(entry, **off))


def test_a_firewall_that_is_still_coming_is_waited_for_and_not_made_again(walls):
    others, ec2 = client(walls, "network-firewall"), client(walls, "ec2")
    policies = {policy["Name"]: policy["Arn"] for policy in others.list_firewall_policies()["FirewallPolicies"]}
    subnet = ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=["acme-fw-d"])])["Subnets"][0]
    where = dict(VpcId=subnet["VpcId"], SubnetMappings=[dict(SubnetId=subnet["SubnetId"])])
    others.create_firewall(FirewallName="late", FirewallPolicyArn=policies["acme"], **where)
    assert not write(walls, FIREWALLS, dict(name="late", vpc="acme", firewall_policy="acme"))["changed"]
    assert others.describe_firewall(FirewallName="late")["FirewallStatus"]["Status"] == "READY"


def test_a_protection_is_never_lifted_in_silence(walls):
    more = dict(name="acme", subnet_mappings=[dict(subnet="acme-fw-d")])
    assert "subnet_change_protection is on" in refused(walls, FIREWALLS, more, confirm=confirm(FIREWALLS, "acme"))
    write(walls, FIREWALLS, dict(name="acme", firewall_policy_change_protection=True))
    assert "firewall_policy_change_protection is on" in refused(walls, FIREWALLS, dict(name="acme", firewall_policy="acme-strict"))
    entry, confirmed = removed(FIREWALLS, "acme")
    assert "delete_protection is on" in refused(walls, FIREWALLS, entry, confirm=confirmed)
    dangerous(walls, FIREWALLS, dict(more, subnet_change_protection=False))
    assert not firewall(walls)["subnet_change_protection"]


def test_a_zone_goes_last_and_with_a_confirmation(walls):
    write(walls, FIREWALLS, dict(name="acme", subnet_change_protection=False))
    moved = dict(name="acme", subnet_mappings=dict(set=[dict(subnet="acme-fw-a"), dict(subnet="acme-fw-d")]))
    why = dangerous(walls, FIREWALLS, moved)
    assert "stop filtering there" in why and "would start 1 firewall endpoints" in why
    assert [call for call in walls.writes() if "Subnets" in call] == ["network-firewall:AssociateSubnets", "network-firewall:DisassociateSubnets"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(subnet_mappings=[dict(subnet="acme-fw-a2")]), "take that one off in a run of its own"),
        (dict(subnet_mappings=dict(set=[])), "keeps at least one subnet"),
        (dict(subnet_mappings=[dict(subnet="acme-fw-a", ip_address_type="DUALSTACK")]), "cannot change from IPV4 to DUALSTACK"),
        (dict(vpc="vpc-0123456789abcdef0"), "vpc-0123456789abcdef0"),
        (dict(log_destinations=[dict(log_type="TLS", bucket_name="acme-firewall-flow", log_group="/acme/firewall/alert")]), "exactly one of log_group"),
        (dict(log_destinations=[dict(log_type="TLS", log_group="/acme/firewall/alert", prefix="x")]), "which only buckets have"),
        (dict(encryption_configuration=dict(type="CUSTOMER_KMS")), "needs a key_id"),
    ],
)
def test_firewalls_that_are_refused_in_the_plan(walls, change, said):
    write(walls, FIREWALLS, dict(name="acme", subnet_change_protection=False))
    assert said in refused(walls, FIREWALLS, dict(name="acme", **change), confirm=confirm(FIREWALLS, "acme"))


def test_another_policy_and_fewer_logs_need_a_confirmation(walls):
    assert "instead of arn:aws:network-firewall" in dangerous(walls, FIREWALLS, dict(name="acme", firewall_policy="acme-strict"))
    assert "would no longer log FLOW" in dangerous(walls, FIREWALLS, dict(name="acme", log_destinations=dict(remove=[dict(log_type="FLOW")])))
    harmless(walls, FIREWALLS, dict(name="acme", log_destinations=[dict(log_type="ALERT", bucket_name="acme-firewall-flow")]))


def test_a_policy_in_use_changes_and_goes_only_so(walls):
    assert "what 2 firewalls let through" in dangerous(walls, POLICIES, dict(name="acme", stateless_default_actions=["aws:pass"]))
    harmless(walls, POLICIES, dict(name="acme", description="in use"))
    entry, confirmed = removed(POLICIES, "acme")
    assert "firewalls that use it (2)" in refused(walls, POLICIES, entry, confirm=confirmed)


def test_a_destination_that_does_not_let_logs_in_is_named(walls):
    entry = dict(name="acme", log_destinations=[dict(log_type="TLS", bucket_name="acme-nothing")])
    message = walls.run(FIREWALLS, task(FIREWALLS, entry), fails=True)["msg"]
    assert "LogDestinationPermissionException: Unable to send logs to acme-nothing" in message


def test_a_firewall_that_fails_says_why():
    attachment = dict(SubnetId="subnet-1", Status="FAILED", StatusMessage="no free addresses")
    described = dict(
        Firewall=dict(SubnetMappings=[dict(SubnetId="subnet-1")]),
        FirewallStatus=dict(Status="FAILED", ConfigurationSyncStateSummary="IN_SYNC", SyncStates={"ap-northeast-1a": dict(Attachment=attachment)}),
    )
    named = dict(described, Firewall=dict(described["Firewall"], FirewallArn="arn", FirewallName="acme"))
    aws = SimpleNamespace(network_firewall=SimpleNamespace(describe_firewall=lambda **dummy: named))
    (have,) = KINDS[FIREWALLS].look(aws, ["arn"])
    assert not have["_moving"] and have["_failed"] == "it is FAILED and IN_SYNC; ap-northeast-1a: FAILED no free addresses"


@pytest.mark.parametrize("kind", [FIREWALLS, "elbv2_load_balancers"])
def test_which_subnet_lies_in_a_zone_that_has_one_is_told(kind):
    subnets = [dict(name=name, vpc="acme", availability_zone="ap-northeast-1a") for name in ("a", "b")]
    entry = dict(name="f", subnet_mappings=[dict(subnet="a"), dict(subnet="b")], **(dict(vpc="acme") if kind == FIREWALLS else {}))
    (fault,) = [fault for fault in sheets.faults({kind: [entry], "ec2_subnets": subnets}) if fault.code == "same_zone"]
    said = "subnet_mappings (no. 2): 'b' lies in ap-northeast-1a, as a does; write one subnet for each zone"
    assert fault.text("en") == f"{kind} f {said}" and "subnet_mappings（2 番目）: 「b」は a と同じゾーン" in fault.text("ja")


def test_a_sheet_gives_a_firewall_one_subnet_of_a_zone():
    subnets = [dict(name=name, vpc="acme", availability_zone="ap-northeast-1a") for name in ("a", "b")]
    entry = dict(name="f", vpc="acme", subnet_mappings=[dict(subnet="a"), dict(subnet="b")], log_destinations=[dict(log_type="TLS")])
    assert faults(FIREWALLS, entry, ec2_subnets=subnets) == [(0, "subnet_mappings", "same_zone"), (0, "log_destinations", "one_of")]
    assert faults(FIREWALLS, dict(entry, subnet_mappings=[dict(subnet="a")], log_destinations=[]), ec2_subnets=subnets) == []


# -- routes


@pytest.fixture
def routed(walls):
    """A table with a route through the firewall's endpoint of zone a."""
    route = dict(destination_cidr_block="0.0.0.0/0", firewall="acme-test", availability_zone="ap-northeast-1d")
    write(walls, TABLES, dict(name="acme", vpc="acme", routes=[route]))
    return walls


def routes(stage):
    return next(table for table in stage.gather(TABLES) if table.get("name") == "acme")["routes"]


def test_a_route_names_the_firewall_and_the_zone(routed):
    assert routes(routed) == [dict(destination_cidr_block="0.0.0.0/0", firewall="acme-test", availability_zone="ap-northeast-1d")]
    other = dict(destination_cidr_block="0.0.0.0/0", firewall="acme", availability_zone="ap-northeast-1c")
    harmless(routed, TABLES, dict(name="acme", vpc="acme", routes=[other]))
    assert routes(routed) == [other]


def test_the_endpoint_by_its_id_means_the_same(routed):
    endpoint = next(
        one["VpcEndpointId"]
        for one in client(routed, "ec2").describe_vpc_endpoints()["VpcEndpoints"]
        if {"Key": "Name", "Value": "acme-test (ap-northeast-1d)"} in one["Tags"]
    )
    entry = dict(name="acme", vpc="acme", routes=[dict(destination_cidr_block="0.0.0.0/0", vpc_endpoint=endpoint)])
    assert not write(routed, TABLES, entry)["changed"]


def test_a_zone_without_an_endpoint_is_told(routed, capfd):
    entry = dict(name="acme", vpc="acme", routes=[dict(destination_cidr_block="10.9.0.0/16", firewall="acme-test", availability_zone="ap-northeast-1a")])
    assert routed.run(TABLES, task(TABLES, entry), check=True)["changed"]
    assert "no endpoint in ap-northeast-1a (zones with one: ap-northeast-1d)" in capfd.readouterr().err
    assert "no endpoint in ap-northeast-1a" in routed.run(TABLES, task(TABLES, entry), fails=True)["msg"]


def test_firewall_and_zone_belong_together(routed):
    half = dict(destination_cidr_block="10.9.0.0/16", firewall="acme-test")
    assert "firewall and availability_zone belong together" in refused(routed, TABLES, dict(name="acme", vpc="acme", routes=[half]))
    zone = dict(destination_cidr_block="10.9.0.0/16", nat_gateway="x", availability_zone="ap-northeast-1a")
    found = faults(TABLES, dict(name="t", routes=[half]), dict(name="u", routes=[zone]))
    assert found == [(0, "routes.availability_zone", "needs"), (1, "routes.firewall", "needs")]


def test_a_firewall_and_its_zones_stay_while_routes_lead_there(routed):
    entry, confirmed = removed(FIREWALLS, "acme-test")
    assert "route tables that lead to its endpoints (acme)" in refused(routed, FIREWALLS, entry, confirm=confirmed)
    write(routed, FIREWALLS, dict(name="acme", subnet_change_protection=False))
    through = dict(destination_cidr_block="10.9.0.0/16", firewall="acme", availability_zone="ap-northeast-1c")
    write(routed, TABLES, dict(name="acme", vpc="acme", routes=[through]))
    less = dict(name="acme", subnet_mappings=dict(remove=[dict(subnet="acme-fw-c")]))
    assert "lead them elsewhere in a run of its own" in refused(routed, FIREWALLS, less, confirm=confirm(FIREWALLS, "acme"))
    write(routed, TABLES, dict(name="acme", vpc="acme", routes=dict(set=[])))
    write(routed, FIREWALLS, entry, confirm=confirmed)
    assert [one["name"] for one in routed.gather(FIREWALLS)] == ["acme"]


def test_a_firewall_goes_with_the_table_that_leads_there_and_not_under_one_that_was_only_changed(routed):
    (entry, confirmed), tables = removed(FIREWALLS, "acme-test"), [one["RouteTableId"] for one in client(routed, "ec2").describe_route_tables()["RouteTables"]]
    given = task(FIREWALLS, entry, confirm=confirmed)
    assert routed.run(FIREWALLS, given, check=True, touched={TABLES: tables})["entries"][0]["action"] == "deleted"
    assert "lead to its endpoints" in routed.run(FIREWALLS, given, touched={TABLES: tables}, fails=True)["msg"]


def test_only_a_firewall_that_goes_lets_go_of_its_subnet(walls):
    entry, confirmed = dict(name="acme-fw-a", vpc="acme", state="absent"), ["ec2_subnets/acme/acme-fw-a"]
    given = task("ec2_subnets", entry, confirm=confirmed)
    other = walls.run("ec2_subnets", given, check=True, touched=dict(ec2_nat_gateways=["nat-0123456789abcdef0"]), fails=True)
    assert "network interfaces in it (eni-" in other["msg"]
    assert walls.run("ec2_subnets", given, check=True, touched={FIREWALLS: ["arn"]})["entries"][0]["action"] == "deleted"


def test_endpoints_of_firewalls_are_nobodys_entries(routed):
    assert routed.gather("ec2_vpc_endpoints") == []


def test_a_new_firewall_and_the_routes_to_it_are_one_plan(routed):
    """In check mode the firewall does not exist yet; the sheet says that it will."""
    entry = dict(name="acme", vpc="acme", routes=[dict(destination_cidr_block="10.9.0.0/16", firewall="new", availability_zone="ap-northeast-1a")])
    plan = routed.run(TABLES, task(TABLES, entry, sheet_names={FIREWALLS: ["new"]}), check=True)
    assert "new (known after apply)" in str(plan["diff"])


def test_the_whole_sheet_of_the_examples_has_no_fault():
    for kind in (GROUPS, POLICIES, FIREWALLS):
        assert [fault for fault in sheets.faults({kind: examples(kind).make[KINDS[kind].things]}) if fault.code != "dangling"] == []
