#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref, tags

DIRECTIONS = ("ingress", "egress")

# Option of a rule → (member of a described rule, list in an IpPermission, member in that list)
PEERS = dict(
    cidr_ipv4=("CidrIpv4", "IpRanges", "CidrIp"),
    cidr_ipv6=("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    prefix_list=("PrefixListId", "PrefixListIds", "PrefixListId"),
    security_group=(None, "UserIdGroupPairs", "GroupId"),
)
BLOCKS = ("cidr_ipv4", "cidr_ipv6")
# AWS takes a protocol by name or number, in any case, and answers these by name.
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
PORTS = ("tcp", "udp")
ENDS = ("from_port", "to_port")
ICMP = ("icmp", "icmpv6")
TEXT = dict(max=255, pattern=r"[a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]*")  # of names and descriptions; the service model says it in prose only


def find(aws, wanted):
    return _all(aws)


def look(aws, ids):
    """Of new groups: AWS opens each towards everywhere, and that rule must have been seen for the sheet to say otherwise."""
    found = _all(aws, Filters=[dict(Name="group-id", Values=ids)])
    return [dict(have, _moving=None if have["egress"] else "rules not shown yet") for have in found]


def _all(aws, **which):
    rules = defaultdict(list)
    for rule in aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", **which):
        rules[rule["GroupId"]].append(rule)
    return [_have(group, rules[group["GroupId"]]) for group in aws.pages("ec2", "describe_security_groups", "SecurityGroups", **which)]


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
    found = dict(
        protocol=rule["IpProtocol"],
        from_port=rule.get("FromPort"),
        to_port=rule.get("ToPort"),
        cidr_ipv4=rule.get("CidrIpv4"),
        cidr_ipv6=rule.get("CidrIpv6"),
        prefix_list=rule.get("PrefixListId"),
        security_group=_referenced(rule),
        description=rule.get("Description") or None,
        _id=rule["SecurityGroupRuleId"],
    )
    return _spelt(found)


def _referenced(rule):
    """The group of a peer's account is said as account/id, which is how AWS's console writes it."""
    found, owner = rule.get("ReferencedGroupInfo", {}), rule.get("GroupOwnerId")
    foreign = "GroupId" in found and owner and found.get("UserId", owner) != owner
    return f"{found['UserId']}/{found['GroupId']}" if foreign else found.get("GroupId")


def _spelt(rule):
    """A rule as AWS writes it. Two spellings of one rule must not look like two: AWS would refuse the second as a duplicate in every run."""
    after = dict(rule, protocol=_protocol(rule))
    for option in BLOCKS:
        if rule.get(option):
            after[option] = _networks.canonical(rule[option]) or rule[option]
    for port in ENDS:
        if after["protocol"] in ICMP and rule.get(port) is None:
            after[port] = -1  # every type, or every code of the type
        elif after["protocol"] not in (*PORTS, *ICMP):
            after.pop(port, None)  # other protocols have none: AWS lets all of their traffic through, whatever is said
    return after


def _protocol(rule):
    text = str(rule.get("protocol")).lower()
    return PROTOCOLS.get(text, text)


def create(aws, want):
    arguments = dict(GroupName=want["name"], Description=want["description"], VpcId=want["vpc"])
    specifications = [dict(ResourceType="security-group", Tags=_tags.as_list(want["tags"]))] if want.get("tags") else []
    group_id = aws.ec2.create_security_group(**arguments, TagSpecifications=specifications)["GroupId"]
    return dict(_have(dict(arguments, GroupId=group_id, Tags=_tags.as_list(want.get("tags", {}))), []), _moving="rules not shown yet")


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
            owner, dummy, other = rule[option].rpartition("/") if option == "security_group" else ("", "", rule[option])
            permission[ranges] = [{member: other, **(dict(UserId=owner) if owner else {}), **_description(rule)}]
    return permission


def _request(rule):
    peers = dict(cidr_ipv4="CidrIpv4", cidr_ipv6="CidrIpv6", prefix_list="PrefixListId", security_group="ReferencedGroupId")
    named = {peers[option]: rule[option] for option in peers if rule.get(option)}
    if "ReferencedGroupId" in named:
        named["ReferencedGroupId"] = named["ReferencedGroupId"].rpartition("/")[2]
    return dict(IpProtocol=rule["protocol"], **_ports(rule), **_description(rule), **named)


def _ports(rule):
    return {member: rule[option] for option, member in (("from_port", "FromPort"), ("to_port", "ToPort")) if rule.get(option) is not None}


def _description(rule):
    return dict(Description=rule["description"]) if rule.get("description") else {}


def delete(aws, have, again=True):
    """A group that is in use stays as it is, with all of its rules: they go only where nothing else keeps it."""
    try:
        aws.ec2.delete_security_group(GroupId=have["id"])
    except AWS_ERRORS as error:
        if code_of(error) != "DependencyViolation":
            raise
        # Where nothing is in the way any more, another entry of this run has removed it since: once more.
        if not _released(aws, have["id"]) and not again:
            raise
        delete(aws, have, again=False)


def _released(aws, group):
    """Groups that name each other in a circle can only be deleted once one of them does not: whether rules for that were taken off this one."""
    with aws.reading():
        interfaces = aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=[dict(Name="group-id", Values=[group])])
        rules = [rule for rule in aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules") if _other(rule)]
    if interfaces:
        users = ", ".join(sorted(interface["NetworkInterfaceId"] for interface in interfaces))
        raise Problem(f"it is used by {users}: put these network interfaces under another security group, or remove them, first")
    circular = [rule for rule in rules if rule["GroupId"] == group and group in _reached(_other(rule), rules)]
    namers = sorted({rule["GroupId"] for rule in rules if _other(rule) == group})
    if namers and not circular:
        raise Problem(f"rules of {', '.join(namers)} name it: remove those rules, or those groups, first")
    for is_egress, close_to in ((False, aws.ec2.revoke_security_group_ingress), (True, aws.ec2.revoke_security_group_egress)):
        ids = [rule["SecurityGroupRuleId"] for rule in circular if rule["IsEgress"] == is_egress]
        if ids:
            close_to(GroupId=group, SecurityGroupRuleIds=ids)
    return bool(circular)


def _other(rule):
    """The other group that a rule names. One that names its own group keeps nothing from being deleted."""
    named = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return named if named != rule["GroupId"] else None


def _reached(group, rules):
    """Every group that the rules of this one name, and that theirs name, and so on."""
    reached, ahead = set(), {group}
    while ahead:
        ahead = {_other(rule) for rule in rules if rule["GroupId"] in ahead} - reached
        reached |= ahead
    return reached


# ---- what to think about first


WORLD = ("0.0.0.0/0", "::/0")
# Ports behind which a server is managed or data lies: SSH, RPC, SMB, Docker, RDP, VNC, WinRM; SQL Server, Oracle, MySQL, PostgreSQL, Redshift, and more.
DOORS = (22, 23, 135, 139, 445, 2375, 2376, 3389, 5900, 5985, 5986, 1433, 1521, 3306, 5432, 5439, 6379, 9200, 11211, 27017)


def danger(have, change):
    """A rule under `remove` goes because somebody asked for it. What goes unasked, the last rule of all, and a door to the world, surprise at night."""
    return "; ".join(_dangers(have, change)) or None if change else None


def _dangers(have, change):
    doors = [rule for rule in change["ingress"].add if _is_door(rule)] if "ingress" in change else []
    if doors:
        yield f"would open {', '.join(map(_told, doors))}, and so a port by which servers are managed or data is read to the whole internet"
    after = merged(KIND.options, have, change)
    for direction in DIRECTIONS if have else ():  # what AWS gives a new group is nobody's yet
        if have[direction] and not after[direction]:
            yield f"would close the last {direction} rule, and nothing {'comes in' if direction == 'ingress' else 'goes out'} any more"
        unnamed = change[direction].unnamed if direction in change else []
        if unnamed:
            yield f"would close {len(unnamed)} {direction} rules that the sheet does not name ({', '.join(map(_told, unnamed))})"


def _is_door(rule):
    if not {rule.get(block) for block in BLOCKS} & {*WORLD}:
        return False
    return rule["protocol"] == "-1" or rule["protocol"] in PORTS and any(rule["from_port"] <= port <= rule["to_port"] for port in DOORS)


def _told(rule):
    return " ".join([_told_ports(rule), *(rule[peer] for peer in PEERS if rule.get(peer))])


def _told_ports(rule):
    """The protocol and as many ports as are named: tcp 443, tcp 80-81."""
    protocol, named = _protocol(rule), [port for port in ENDS if rule.get(port) is not None]
    ports = "-".join(dict.fromkeys(str(rule[port]) for port in named))
    return " ".join(word for word in ("all" if protocol == "-1" else protocol, "to_port" if named == ["to_port"] else "", ports) if word)


# What the sheet's check says of a rule in the customer's language, in short.
SAID = dict(
    one_of="exactly one of {other} must be named, found {value!r}",
    needs="{other} must be named, found {value!r}",
    choice="{value!r} is not possible; possible is {limit}",
    ports="{value}: ports are 0 to 65535, and from_port is not above to_port",
    icmp_ports="{value}: from_port is a type and to_port a code, each 0 to 255, or -1 for all",
    no_ports="{value}: this protocol has no ports; name none, or tcp or udp",
)


def refuse(want, have, change):
    """AWS would take some of it without a word, such as ports for a protocol that has none, and open more than was meant."""
    said = [f"{direction}: {SAID[code].format(**facts)}" for dummy, direction, code, facts in faults([want], {})]
    if said:
        raise Problem("; ".join(said))


def faults(entries, sheet):
    """A rule has exactly one other side, and ports that go with its protocol."""
    for index, entry in enumerate(entries):
        for direction in DIRECTIONS:
            for rule in _wanted(entry.get(direction)):
                yield from ((index, f"{direction}.{option}", code, dict(facts, item=rule)) for option, code, facts in _mistakes(rule))


def _wanted(rules):
    """The rules that shall be there; they may stand as a plain list."""
    return [*(rules.get("add") or []), *(rules.get("set") or [])] if isinstance(rules, dict) else rules or []


def _mistakes(rule):
    named = [peer for peer in PEERS if rule.get(peer)]
    if len(named) != 1:
        yield (named or [*PEERS])[-1 if named else 0], "one_of", dict(value=", ".join(named), other=", ".join(PEERS))
    if rule.get("protocol") is not None:
        yield from _mistaken_ports(rule)


def _mistaken_ports(rule):
    protocol, first, last = _protocol(rule), *(None if rule.get(port) is None else int(rule[port]) for port in ENDS)
    found, missing = _told_ports(rule), [port for port in ENDS if rule.get(port) is None]
    if protocol in PORTS:
        if missing:
            yield missing[0], "needs", dict(value=found, other=", ".join(missing))
        elif not 0 <= first <= last <= 65535:
            yield "to_port" if 0 <= first <= 65535 < last else "from_port", "ports", dict(value=found, limit=ENDS)
    elif protocol in ICMP:
        everything = first in (None, -1)
        if not -1 <= (first or 0) <= 255 or not -1 <= (last or 0) <= 255 or (everything and last not in (None, -1)):
            yield "from_port", "icmp_ports", dict(value=found, limit=ENDS)
    elif protocol != "-1" and not (protocol.isdecimal() and int(protocol) <= 255):
        yield "protocol", "choice", dict(value=rule.get("protocol"), limit="tcp, udp, icmp, icmpv6, -1, 0-255")
    elif first not in (None, -1, 0) or last not in (None, -1, 0, 65535):
        yield "from_port", "no_ports", dict(value=found)


def _rules():
    return items(
        key=("protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list", "security_group"),
        spelt=_spelt,
        options=dict(
            protocol=Option(required=True, same=lambda one, other: _protocol(dict(protocol=one)) == _protocol(dict(protocol=other))),
            from_port=Option("int"),
            to_port=Option("int"),
            cidr_ipv4=Option(same=_networks.same, wrong=_networks.wrong_ipv4_block),
            cidr_ipv6=Option(same=_networks.same, wrong=_networks.wrong_ipv6_block),
            prefix_list=Option(),
            security_group=ref("ec2_security_groups", within="vpc", elsewhere=True),
            description=Option(limits=TEXT),
        ),
    )


KIND = Kind(
    name="ec2_security_groups",
    identity=("vpc", "name"),
    options=dict(
        name=fixed(limits=dict(TEXT, pattern=f"(?!(?i:sg-)){TEXT['pattern']}(?<! )")),  # AWS takes blanks off its end
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        description=fixed(required=True, limits=TEXT),
        ingress=_rules(),
        egress=_rules(),
        tags=tags(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=_network_holders.of_security_groups,
    faults=faults,
    caseless=True,
    seconds=120,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
