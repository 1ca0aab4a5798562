# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and their rules."""

from __future__ import annotations

import ipaddress
import re

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroupRule

from ..rules import Refused
from .book import BOOK, all_groups, forget_tags, invalid
from .vpcs import canonical

# CreateSecurityGroup.GroupName / .Description, IpRange.Description
ALLOWED = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")


def plain_text(value, name):
    """ "Constraints: Up to 255 characters in length. Valid characters: a-z, A-Z, 0-9, spaces, and
    ._-:/()#,@[]+=&;{}!$*"
    """
    if value is None:
        return
    if len(value) > 255 or not ALLOWED.fullmatch(value):
        allowed = "a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*"
        message = f"Value ({value}) for parameter {name} is invalid. Character sets beyond ASCII are not supported. Valid characters: {allowed}"
        raise invalid(message)


@BOOK.rule("CreateSecurityGroup")
def names_and_descriptions_are_plain(_ec2, GroupName, Description, **_):
    """CreateSecurityGroup.GroupName: "can't start with sg-"."""
    plain_text(GroupName, "GroupName")
    plain_text(Description, "GroupDescription")
    if GroupName.lower().startswith("sg-"):
        message = f"Value ({GroupName}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        raise invalid(message)
    if GroupName == "default":
        raise Refused("InvalidGroup.Reserved", "The security group 'default' is reserved")


@BOOK.rule("CreateSecurityGroup")
def a_name_is_unique_in_its_vpc(ec2, GroupName, VpcId, **_):
    """CreateSecurityGroup.GroupName: "Names are case-insensitive and must be unique within the VPC"; InvalidGroup.Duplicate."""
    vpc_id = VpcId or (ec2.default_vpc.id if ec2.default_vpc else None)
    if VpcId and VpcId not in ec2.vpcs:
        raise Refused("InvalidVpcID.NotFound", f"The vpc ID '{VpcId}' does not exist")
    for group in all_groups(ec2):
        if group.vpc_id == vpc_id and group.name.lower() == GroupName.rstrip(" ").lower():
            message = f"The security group '{GroupName}' already exists for VPC '{vpc_id}'"
            raise Refused("InvalidGroup.Duplicate", message)


@BOOK.patch(EC2Backend, "create_security_group")
def blanks_at_the_end_of_a_name_go(original, ec2, name, *args, **kwargs):
    """VPC User Guide, Create a security group: "If the name contains trailing spaces, we trim the spaces" when it is saved."""
    return original(ec2, name.rstrip(" "), *args, **kwargs)


@BOOK.rule("DeleteSecurityGroup")
def a_group_in_use_stays(ec2, GroupId, GroupName, **_):
    """DeleteSecurityGroup: "If you attempt to delete a security group that is associated with an
    instance or network interface, is referenced by another security group in the same VPC ... the
    operation fails with DependencyViolation."
    """
    group = next((g for g in all_groups(ec2) if g.id == GroupId or g.name == GroupName), None)
    if group is None:
        return
    if group.is_default:
        message = f"the specified group: \"{group.id}\" name: \"default\" cannot be deleted by a user"
        raise Refused("CannotDelete", message)
    in_use = any(group in eni._group_set for eni in ec2.enis.values())
    named = any(refers(other, group.id) for other in all_groups(ec2) if other is not group)
    if in_use or named or used_by_endpoint(ec2, group.id):
        message = f"resource {group.id} has a dependent object"
        raise Refused("DependencyViolation", message)


def refers(group, group_id):
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


def used_by_endpoint(ec2, group_id):
    endpoints = ec2.vpc_end_points.values()
    return any(group_id in e.security_group_ids for e in endpoints if e.state != "deleted")


@BOOK.after("DeleteSecurityGroup")
def tags_of_a_group_go(ec2, GroupId, **_):
    if GroupId:
        forget_tags(ec2, GroupId)


# -- rules ----------------------------------------------------------------------------------------


def group_of(ec2, GroupId, GroupName):
    for group in all_groups(ec2):
        if group.id == GroupId or (GroupName and group.name == GroupName):
            return group
    message = f"The security group '{GroupId or GroupName}' does not exist"
    raise Refused("InvalidGroup.NotFound", message)


PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def protocol_of(permission):
    name = str(permission.get("IpProtocol", "")).lower()
    return PROTOCOLS.get(name, name)


def ports_of(protocol, first, last):
    """IpPermission.IpProtocol: "if you specify -1 or a protocol number other than tcp, udp, icmp, or
    58 (ICMPv6), traffic on all ports is allowed, regardless of any ports you specify"; FromPort:
    for ICMP "a value of -1 indicates all", which is what "if you omit the port range" means too.
    """
    if protocol in ("tcp", "udp"):
        return first, last
    if protocol in ("icmp", "icmpv6"):
        return tuple(-1 if port is None else int(port) for port in (first, last))
    return None, None


@BOOK.patch(SecurityGroupRule, "__init__")
def a_rule_is_kept_in_canonical_form(original, rule, backend, protocol, group, first, last, *args, **kwargs):
    """AuthorizeSecurityGroupIngress: "We modify the specified CIDR block to its canonical form"
    (moto keeps what was sent, and asks for ports where there are none).
    """
    protocol = protocol_of({"IpProtocol": protocol})
    first, last = ports_of(protocol, first, last)
    original(rule, backend, protocol, group, first or 0, last or 0, *args, **kwargs)
    rule.from_port, rule.to_port = (None if port is None else int(port) for port in (first, last))
    rule.ip_range = canonical_range(rule.ip_range)


def canonical_range(ip_range):
    return {k: canonical(v) if k.startswith("Cidr") else v for k, v in ip_range.items()}


def flat(permissions):
    """One (protocol, from, to, source) for each rule that the permissions make."""
    for permission in permissions or []:
        protocol = protocol_of(permission)
        ports = ports_of(protocol, permission.get("FromPort"), permission.get("ToPort"))
        for source in sources(permission):
            yield (protocol, *ports, source)


def sources(permission):
    for one in permission.get("IpRanges", []):
        yield canonical(one.get("CidrIp"))
    for one in permission.get("Ipv6Ranges", []):
        yield canonical(one.get("CidrIpv6"))
    for one in permission.get("PrefixListIds", []):
        yield one.get("PrefixListId")
    for one in permission.get("UserIdGroupPairs", []):
        yield one.get("GroupId") or one.get("GroupName")


def present(rules):
    for rule in rules:
        source = canonical(rule.cidr_ipv4) or canonical(rule.cidr_ipv6) or rule.prefix_list_id
        source = source or rule.source_group.get("GroupId") or rule.source_group.get("GroupName")
        ports = (None, None) if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
        yield (rule.ip_protocol, *ports, source)


PROTOCOL = re.compile(r"tcp|udp|icmp|icmpv6|-1|[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]")


def permissions_are_sound(ec2, IpPermissions):
    for permission in IpPermissions or []:
        protocol = protocol_of(permission)
        if protocol and not PROTOCOL.fullmatch(protocol):
            raise invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
        if not protocol:
            raise invalid("Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
        ports_are_sound(protocol, permission)
        for one in [*permission.get("IpRanges", []), *permission.get("Ipv6Ranges", [])]:
            plain_text(one.get("Description"), "Description")
            cidr_is_sound(one.get("CidrIp") or one.get("CidrIpv6"), 6 if "CidrIpv6" in one else 4)
        for one in permission.get("UserIdGroupPairs", []):
            plain_text(one.get("Description"), "Description")
        for one in permission.get("PrefixListIds", []):
            plain_text(one.get("Description"), "Description")
            if one.get("PrefixListId") not in ec2.managed_prefix_lists:
                message = f"The prefix list ID '{one.get('PrefixListId')}' does not exist"
                raise Refused("InvalidPrefixListID.NotFound", message)


def ports_are_sound(protocol, permission):
    """IpPermission.FromPort/ToPort: needed for TCP and UDP, 0-65535, in order; -1 is for ICMP."""
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if protocol in ("tcp", "udp"):
        if first is None or last is None:
            raise invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
        if not 0 <= first <= 65535 or not 0 <= last <= 65535 or first > last:
            raise invalid(f"Invalid TCP/UDP port range ({first}:{last})")
    if protocol in ("icmp", "icmpv6"):
        kind, code = (-1 if one is None else int(one) for one in (first, last))
        if not -1 <= kind <= 255 or not -1 <= code <= 255 or (kind == -1 and code != -1):
            raise invalid(f"Invalid value for portRange. ICMP type:code ({kind}:{code}) is invalid.")


def cidr_is_sound(cidr, version=None):
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        raise invalid(f"CIDR block {cidr} is malformed") from None
    if "/" not in cidr or network.version != (version or network.version):
        raise invalid(f"CIDR block {cidr} is malformed")


@BOOK.patch(EC2Backend, "_verify_group_will_respect_rule_count_limit")
def the_count_is_taken_by_family(_original, _ec2, *_args, **_kwargs):
    """VPC quotas: "This quota is enforced separately for IPv4 rules and IPv6 rules" (moto counts both together)."""


def weight(ec2, source):
    lists = ec2.managed_prefix_lists
    return int(lists[source].max_entries or 1) if source in lists else 1


def is_of_family(ec2, source, six):
    if source in ec2.managed_prefix_lists:
        return (ec2.managed_prefix_lists[source].address_family == "IPv6") == six
    return "/" not in str(source) or (":" in str(source)) == six


@BOOK.rule("AuthorizeSecurityGroupIngress")
def ingress_is_sound_and_new(ec2, GroupId, GroupName, IpPermissions, **_):
    """AuthorizeSecurityGroupIngress: all rules of a request or none; InvalidPermission.Duplicate."""
    group = group_of(ec2, GroupId, GroupName)
    permissions_are_sound(ec2, IpPermissions)
    all_new(group.ingress_rules, IpPermissions, ec2)


@BOOK.rule("AuthorizeSecurityGroupEgress")
def egress_is_sound_and_new(ec2, GroupId, IpPermissions, **_):
    """AuthorizeSecurityGroupEgress: as for ingress."""
    group = group_of(ec2, GroupId, None)
    permissions_are_sound(ec2, IpPermissions)
    all_new(group.egress_rules, IpPermissions, ec2)


RULES = 60


def all_new(rules, permissions, ec2):
    """VPC quotas: "Inbound or outbound rules per security group: 60", for each direction and for IPv4 and IPv6 by itself;
    a prefix list counts as its maximum number of entries, a group counts in both. EC2 error codes, RulesPerSecurityGroupLimitExceeded.
    """
    wanted = list(flat(permissions))
    for six in (False, True):
        weights = [weight(ec2, source) for dummy, dummy2, dummy3, source in [*wanted, *present(rules)] if is_of_family(ec2, source, six)]
        if sum(weights) > RULES:
            raise Refused("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
    if len(set(wanted)) < len(wanted):
        message = "The same permission must not appear multiple times"
        raise invalid(message)
    for one in set(wanted) & set(present(rules)):
        protocol, first, last, source = one
        protocol = "ALL" if protocol == "-1" else protocol.upper()
        ports = "" if first is None else f", from port: {first}, to port: {last}"
        message = f'the specified rule "peer: {source}, {protocol}{ports}, ALLOW" already exists'
        raise Refused("InvalidPermission.Duplicate", message)


@BOOK.rule(
    "UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress"
)
def new_descriptions_are_plain(ec2, GroupId, GroupName, IpPermissions, **given):
    group_of(ec2, GroupId, GroupName)
    permissions_are_sound(ec2, IpPermissions)
    for one in given.get("SecurityGroupRuleDescriptions", []):
        plain_text(one.get("Description"), "Description")


# SecurityGroupRule.Description and .GroupOwnerId: of a rule that names a group moto leaves them out
SecurityGroupRule.description = property(lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description"))
SecurityGroupRule.group_owner_id = property(lambda rule: rule.ec2_backend.account_id)


@BOOK.patch(EC2Backend, "_add_source_group")
def a_peers_group_is_not_known_here(original, ec2, source_groups, vpc_id):
    """UserIdGroupPair.UserId: the group of a peer's account is named with it (moto looks for every group in the own account).

    That there is an active peering is not looked at.
    """
    theirs = [one for one in source_groups or [] if one.get("UserId", ec2.account_id) != ec2.account_id]
    return original(ec2, [one for one in source_groups or [] if one not in theirs], vpc_id) + theirs


@BOOK.rule("ModifySecurityGroupRules")
def modified_rules_are_sound(ec2, GroupId, SecurityGroupRules, **_):
    """ModifySecurityGroupRules: SecurityGroupRuleRequest names exactly one source."""
    group_of(ec2, GroupId, None)
    for one in SecurityGroupRules:
        rule = one.get("SecurityGroupRule", {})
        plain_text(rule.get("Description"), "Description")
        ports_are_sound(protocol_of(rule), rule)
        for member, version in (("CidrIpv4", 4), ("CidrIpv6", 6)):
            if rule.get(member):
                cidr_is_sound(rule[member], version)


@BOOK.patch(EC2Backend, "modify_security_group_rules")
def a_modified_rule_is_the_new_rule(original, ec2, group_id, rules):
    """ModifySecurityGroupRules replaces the whole rule under its id (moto: only an IPv4 range)."""
    group = ec2.get_security_group_by_name_or_id(group_id)
    for rule_id, new in rules.items():
        rule = group.get_rule(rule_id) if group else None
        if rule is None:
            message = f"The security group rule ID '{rule_id}' does not exist"
            raise_ec2("InvalidSecurityGroupRuleId.NotFound", message)
        given = [n for n in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId") if n in new]
        if len(given) != 1:
            code = "InvalidParameterCombination" if given else "MissingParameter"
            raise_ec2(code, "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId")
    for rule_id, new in rules.items():
        rewrite(group.get_rule(rule_id), new)


def rewrite(rule, new):
    rule.ip_protocol = protocol_of(new)
    rule.from_port, rule.to_port = ports_of(rule.ip_protocol, new.get("FromPort"), new.get("ToPort"))
    pairs = {"CidrIp": new.get("CidrIpv4"), "CidrIpv6": new.get("CidrIpv6")}
    rule.ip_range = canonical_range({key: value for key, value in pairs.items() if value})
    rule.prefix_list_id = new.get("PrefixListId")
    group_id = new.get("ReferencedGroupId")
    owner = {name: rule.source_group[name] for name in ("UserId",) if rule.source_group.get("GroupId") == group_id and name in rule.source_group}
    rule.source_group = {"GroupId": group_id, **owner} if group_id else {}
    if new.get("Description"):
        (rule.source_group if group_id else rule.ip_range)["Description"] = new["Description"]


def raise_ec2(code, message):
    from moto.ec2.exceptions import EC2ClientError

    raise EC2ClientError(code, message)


@BOOK.rule("ModifyNetworkInterfaceAttribute", "ModifyInstanceAttribute")
def groups_exist(ec2, Groups, **_):
    """Groups: ids of security groups of the same VPC."""
    for one in Groups or []:
        group_of(ec2, one, None)


# -- the groups of an instance --------------------------------------------------------------------


def groups_of_instance(instance):
    """Instance.SecurityGroups are those of its primary network interface, and nothing else."""
    nics = vars(instance).get("nics") or {}
    return list(nics[0]._group_set) if 0 in nics else vars(instance).get("_groups", [])


def set_groups_of_instance(instance, groups):
    """ModifyInstanceAttribute.Groups: "replaces the security groups of the primary interface"."""
    vars(instance)["_groups"] = groups
    nics = vars(instance).get("nics") or {}
    if 0 in nics and groups:
        nics[0]._group_set = list(groups)


Instance.security_groups = property(groups_of_instance, set_groups_of_instance)


def show_own_groups():
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    NetworkInterface.group_set = property(lambda eni: eni._group_set)


show_own_groups()
