#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, items, ref, tags

# Option of a rule → (member of a described rule, list in an IpPermission, member in that list)
PEERS = dict(
    cidr_ipv4=("CidrIpv4", "IpRanges", "CidrIp"),
    cidr_ipv6=("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    prefix_list=("PrefixListId", "PrefixListIds", "PrefixListId"),
    security_group=(None, "UserIdGroupPairs", "GroupId"),
)


def find(aws, wanted):
    rules = defaultdict(list)
    for rule in aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules"):
        rules[rule["GroupId"]].append(rule)
    return [_have(group, rules[group["GroupId"]]) for group in aws.pages("ec2", "describe_security_groups", "SecurityGroups")]


def _have(group, rules):
    return dict(
        id=group["GroupId"],
        name=group["GroupName"],
        vpc=group.get("VpcId"),
        description=group.get("Description"),
        ingress=[_rule(rule) for rule in rules if not rule["IsEgress"]],
        egress=[_rule(rule) for rule in rules if rule["IsEgress"]],
        tags=_tags.as_dict(group.get("Tags")),
    )


def _rule(rule):
    ports = rule["IpProtocol"] not in ("-1",)
    return dict(
        protocol=rule["IpProtocol"],
        from_port=rule.get("FromPort") if ports else None,
        to_port=rule.get("ToPort") if ports else None,
        cidr_ipv4=rule.get("CidrIpv4"),
        cidr_ipv6=rule.get("CidrIpv6"),
        prefix_list=rule.get("PrefixListId"),
        security_group=rule.get("ReferencedGroupInfo", {}).get("GroupId"),
        description=rule.get("Description") or None,
        _id=rule["SecurityGroupRuleId"],
    )


def create(aws, want):
    arguments = dict(GroupName=want["name"], Description=want["description"], VpcId=want["vpc"])
    specifications = [dict(ResourceType="security-group", Tags=_tags.as_list(want["tags"]))] if want.get("tags") else []
    group_id = aws.ec2.create_security_group(**arguments, TagSpecifications=specifications)["GroupId"]
    with aws.reading():
        rules = aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=[dict(Name="group-id", Values=[group_id])])
    # AWS opens every new group towards everywhere; that rule is there until the sheet says otherwise.
    return _have(dict(arguments, GroupId=group_id, Tags=_tags.as_list(want.get("tags", {}))), rules)


def update(aws, have, change):
    _tags.update(aws, have, change)
    for direction, open_to, close_to in (
        ("ingress", aws.ec2.authorize_security_group_ingress, aws.ec2.revoke_security_group_ingress),
        ("egress", aws.ec2.authorize_security_group_egress, aws.ec2.revoke_security_group_egress),
    ):
        if direction not in change:
            continue
        delta = change[direction]
        # Open before closing: replacing a rule must not cut what both allow.
        if delta.add:
            open_to(GroupId=have["id"], IpPermissions=[_permission(rule) for rule in delta.add])
        if delta.change:
            changed = [dict(SecurityGroupRuleId=old["_id"], SecurityGroupRule=_request(rule)) for old, rule in delta.change]
            aws.ec2.modify_security_group_rules(GroupId=have["id"], SecurityGroupRules=changed)
        if delta.remove:
            close_to(GroupId=have["id"], SecurityGroupRuleIds=[rule["_id"] for rule in delta.remove])


def _permission(rule):
    permission = dict(IpProtocol=rule["protocol"], **_ports(rule))
    for option, (dummy, ranges, member) in PEERS.items():
        if rule.get(option):
            permission[ranges] = [{member: rule[option], **_description(rule)}]
    return permission


def _request(rule):
    peers = dict(cidr_ipv4="CidrIpv4", cidr_ipv6="CidrIpv6", prefix_list="PrefixListId", security_group="ReferencedGroupId")
    return dict(IpProtocol=rule["protocol"], **_ports(rule), **_description(rule), **{peers[option]: rule[option] for option in peers if rule.get(option)})


def _ports(rule):
    ports = {member: rule[option] for option, member in (("from_port", "FromPort"), ("to_port", "ToPort")) if rule.get(option) is not None}
    return ports or ({} if rule["protocol"] == "-1" else dict(FromPort=-1, ToPort=-1))


def _description(rule):
    return dict(Description=rule["description"]) if rule.get("description") else {}


def delete(aws, have):
    # Its own rules go first, so that two groups which name each other can both be removed.
    for direction, close_to in (("ingress", aws.ec2.revoke_security_group_ingress), ("egress", aws.ec2.revoke_security_group_egress)):
        naming = [rule["_id"] for rule in have[direction] if rule["security_group"]]
        if naming:
            close_to(GroupId=have["id"], SecurityGroupRuleIds=naming)
    aws.ec2.delete_security_group(GroupId=have["id"])


def faults(entries, sheet):
    """A rule has exactly one other side, and ports that go with its protocol."""
    for index, entry in enumerate(entries):
        for direction in ("ingress", "egress"):
            rules = entry.get(direction) or []
            for rule in [*(rules.get("add") or []), *(rules.get("set") or [])] if isinstance(rules, dict) else rules:
                if isinstance(rule, dict) and len([peer for peer in PEERS if rule.get(peer)]) != 1:
                    yield index, direction, "one_of", dict(value=rule, other=", ".join(PEERS))


def _rules():
    return items(
        key=("protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list", "security_group"),
        options=dict(
            protocol=Option(required=True),
            from_port=Option("int"),
            to_port=Option("int"),
            cidr_ipv4=Option(),
            cidr_ipv6=Option(),
            prefix_list=Option(),
            security_group=ref("ec2_security_groups", within="vpc"),
            description=Option(),
        ),
    )


KIND = Kind(
    name="ec2_security_groups",
    identity=("vpc", "name"),
    options=dict(
        name=fixed(api="CreateSecurityGroup.GroupName"),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        description=fixed(required=True, api="CreateSecurityGroup.Description"),
        ingress=_rules(),
        egress=_rules(),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
