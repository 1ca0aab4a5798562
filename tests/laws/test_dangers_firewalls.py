# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: Network Firewall."""

from __future__ import annotations

import pytest

from tests.laws.dangers import both, subnet_id
from tests.laws.stage import REGION, examples
from tests.laws.test_gateways import client, write


def domains(*targets):
    return dict(RulesSourceList=dict(Targets=list(targets), TargetTypes=["TLS_SNI"], GeneratedRulesType="ALLOWLIST"))


@pytest.fixture
def filters(account):
    """Two rule groups, and a policy with one of them and one of AWS's, which only tells."""
    strict = dict(type="STATEFUL", capacity=10, rule_order="STRICT_ORDER")
    domain = dict(strict, name="domains", rules_source=domains(".example.jp"), ip_sets=dict(HOME_NET=["10.0.0.0/8"]))
    telnet = dict(strict, name="telnet", rules_source=dict(RulesString='drop tcp any any -> any 23 (msg:"telnet"; sid:2; rev:1;)'))
    write(account, "networkfirewall_rule_groups", domain, telnet)
    managed = dict(rule_group=MANAGED, priority=300, override_action="DROP_TO_ALERT")
    actions = dict(stateless_default_actions=["aws:forward_to_sfe"], stateless_fragment_default_actions=["aws:drop"])
    groups = [dict(rule_group="domains", priority=100), managed]
    write(account, "networkfirewall_firewall_policies", dict(actions, name="acme", rule_order="STRICT_ORDER", stateful_rule_groups=groups))
    return client(account, "network-firewall")


MANAGED = f"arn:aws:network-firewall:{REGION}:aws-managed:stateful-rulegroup/ThreatSignaturesMalwareStrictOrder"


def test_networkfirewall_rule_group_wipes_home_net(account, filters, theirs):
    """With new domains that name no sources."""
    kind, wish = "networkfirewall_rule_groups", dict(domain_names=[".example.com"], filter_https=True, action="allow")
    left, wiped = both(
        account,
        lambda: filters.describe_rule_group(RuleGroupName="domains", Type="STATEFUL")["RuleGroup"].get("RuleVariables", {}).get("IPSets"),
        lambda: write(account, kind, dict(name="domains", rules_source=domains(".example.com")), confirm=[f"{kind}/domains"]),
        lambda: theirs("community.aws.networkfirewall_rule_group", name="domains", type="stateful", domain_list=wish),
    )
    assert left == dict(HOME_NET=dict(Definition=["10.0.0.0/8"])) and not wiped


def test_networkfirewall_policy_numbers_the_groups_anew(account, filters, theirs):
    """And lets a group drop that was to tell only."""
    kind = "networkfirewall_firewall_policies"

    def look():
        references = filters.describe_firewall_policy(FirewallPolicyName="acme")["FirewallPolicy"]["StatefulRuleGroupReferences"]
        return {one["ResourceArn"].rpartition("/")[2]: (one["Priority"], one.get("Override", {}).get("Action")) for one in references}

    managed = MANAGED.rpartition("/")[2]
    left, anew = both(
        account,
        look,
        lambda: write(account, kind, dict(name="acme", stateful_rule_groups=[dict(rule_group="telnet", priority=200)])),
        lambda: theirs("community.aws.networkfirewall_policy", name="acme", stateful_rule_groups=["domains", "telnet", MANAGED]),
    )
    assert left == {"domains": (100, None), "telnet": (200, None), managed: (300, "DROP_TO_ALERT")}
    assert anew == {"domains": (1, None), "telnet": (2, None), managed: (3, None)}


def test_networkfirewall_takes_zones_off(stage, theirs):
    kind, wall, ec2 = "networkfirewall_firewalls", client(stage, "network-firewall"), client(stage, "ec2")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    write(stage, kind, dict(name="acme", subnet_change_protection=False), confirm=[f"{kind}/acme"])
    a, c, d = (subnet_id(ec2, f"acme-fw-{zone}") for zone in "acd")
    left, taken = both(
        stage,
        lambda: {one["SubnetId"] for one in wall.describe_firewall(FirewallName="acme")["Firewall"]["SubnetMappings"]},
        lambda: write(stage, kind, dict(name="acme", subnet_mappings=[dict(subnet="acme-fw-d")]), confirm=[f"{kind}/acme"]),
        lambda: theirs("community.aws.networkfirewall", name="acme", subnets=[a, d], wait=False),
    )
    assert left == {a, c, d} and c not in taken
