#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, merged, ref, refs

# The API takes and returns protocol numbers, people write names.
PROTOCOLS = {"-1": "-1", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
NUMBERS = {name: number for number, name in PROTOCOLS.items()}
PORTS = ("tcp", "udp")
ICMP = ("icmp", "icmpv6")
BLOCKS = ("cidr_block", "ipv6_cidr_block")
DIRECTIONS = ("ingress", "egress")
ENDS = ("from_port", "to_port")
# From this number on AWS keeps the rules that deny the rest; nobody can write them.
RESERVED = 32767
# Clients take a port from these for the answers that they wait for, Linux from 32768 to 60999 (VPC User Guide, "Ephemeral ports").
EPHEMERAL = (32768, 60999)


def find(aws, wanted):
    acls = _acls(aws)
    placed = {association["SubnetId"]: acl["NetworkAclId"] for acl in acls if not acl["IsDefault"] for association in acl["Associations"]}
    return [dict(_have(acl), _placed=placed) for acl in acls]


def _acls(aws, **arguments):
    return aws.pages("ec2", "describe_network_acls", "NetworkAcls", **arguments)


def _have(acl):
    entries = [entry for entry in acl["Entries"] if entry["RuleNumber"] < RESERVED]
    return dict(
        id=acl["NetworkAclId"],
        vpc=acl["VpcId"],
        ingress=[_entry(entry) for entry in entries if not entry["Egress"]],
        egress=[_entry(entry) for entry in entries if entry["Egress"]],
        # Under the default one are those that no other one claims; nobody puts them there.
        subnets=None if acl["IsDefault"] else [association["SubnetId"] for association in acl["Associations"]],
        _default=acl["IsDefault"],
        _used=bool(acl["Associations"]),
        **_tags.name_and_tags(acl),
    )


def _entry(entry):
    ports, icmp = entry.get("PortRange", {}), entry.get("IcmpTypeCode", {})
    return dict(
        rule_number=entry["RuleNumber"],
        rule_action=entry["RuleAction"],
        protocol=PROTOCOLS.get(entry["Protocol"], entry["Protocol"]),
        cidr_block=entry.get("CidrBlock"),
        ipv6_cidr_block=entry.get("Ipv6CidrBlock"),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
        icmp_type=icmp.get("Type"),
        icmp_code=icmp.get("Code"),
    )


def create(aws, want):
    _tell(aws, want["name"], {direction: _named(want.get(direction)) for direction in DIRECTIONS})
    arguments = dict(VpcId=want["vpc"], TagSpecifications=_tags.specifications("network-acl", want))
    made = _tokens.make(aws, aws.ec2.create_network_acl, arguments, lambda answer: answer["NetworkAcl"]["NetworkAclId"], lambda one: _described(aws, one))
    return _have(made)


def _described(aws, acl_id):
    return next(iter(_acls(aws, Filters=[dict(Name="network-acl-id", Values=[acl_id])])), None)


def update(aws, have, change):
    """Entries before subnets: a subnet must never stand under an ACL that is not finished."""
    _tags.update(aws, have, change)
    if change.keys() & set(DIRECTIONS):
        _tell(aws, have["name"], merged(KIND.options, have, change))
    for direction in DIRECTIONS:
        if direction in change:
            _update_entries(aws, dict(NetworkAclId=have["id"], Egress=direction == "egress"), change[direction])
    if "subnets" in change:
        _update_subnets(aws, have, change["subnets"])


def _update_entries(aws, side, delta):
    for entry in delta.add:
        aws.ec2.create_network_acl_entry(**side, **_request(entry))
    for entry in [new for dummy, new in delta.change]:
        aws.ec2.replace_network_acl_entry(**side, **_request(entry))
    for entry in delta.remove:
        aws.ec2.delete_network_acl_entry(**side, RuleNumber=entry["rule_number"])


def _request(entry):
    request = dict(RuleNumber=entry["rule_number"], RuleAction=entry["rule_action"], Protocol=_number(entry["protocol"]))
    if entry.get("cidr_block"):
        request["CidrBlock"] = entry["cidr_block"]
    else:
        request["Ipv6CidrBlock"] = entry["ipv6_cidr_block"]
    protocol = PROTOCOLS.get(request["Protocol"])
    if protocol in PORTS:
        request["PortRange"] = dict(From=entry["from_port"], To=entry["to_port"])
    elif protocol in ICMP:
        request["IcmpTypeCode"] = dict(Type=entry["icmp_type"], Code=entry["icmp_code"])
    return request


def _number(protocol):
    return NUMBERS.get(protocol, protocol)


def _update_subnets(aws, have, delta):
    """Every subnet is always under one ACL, so it is moved in one call. Another entry may have moved it a moment ago: look first."""
    with aws.reading():
        acls = _acls(aws)
    default = next(acl["NetworkAclId"] for acl in acls if acl["IsDefault"] and acl["VpcId"] == have["vpc"])
    for association in (association for acl in acls for association in acl["Associations"]):
        mine = association["NetworkAclId"] == have["id"]
        if association["SubnetId"] in (delta.remove if mine else delta.add):
            acl_id = default if mine else have["id"]
            aws.ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl_id)


def _tell(aws, name, rules):
    """What AWS takes, and what then does not do what was meant."""
    _tell_one_way(aws, name, rules)
    _tell_shadowed(aws, name, rules)


def _tell_shadowed(aws, name, rules):
    """The entry with the lowest number that fits decides: behind one that covers all of it another one is never reached."""
    for direction in DIRECTIONS:
        entries = sorted((_spelt(entry) for entry in rules.get(direction) or [] if not _fault(entry)), key=lambda entry: entry["rule_number"])
        for place, entry in enumerate(entries):
            first = next((one for one in entries[:place] if _covers(one, entry)), None)
            if first:
                decides = f"{direction} {first['rule_number']} ({first['rule_action']}) decides all of it before"
                aws.warn(f"{name}: {direction} {entry['rule_number']} ({entry['rule_action']}) is never reached: {decides}")


def _covers(one, other):
    """Whether all that fits the other one fits this one."""
    networks = [_networks.network(entry.get("cidr_block") or entry.get("ipv6_cidr_block")) for entry in (one, other)]
    if networks[0].version != networks[1].version or not networks[1].subnet_of(networks[0]):
        return False
    if _number(one["protocol"]) == "-1":
        return True
    if _number(one["protocol"]) != _number(other["protocol"]):
        return False
    if one["protocol"] in PORTS:
        return one["from_port"] <= other["from_port"] and other["to_port"] <= one["to_port"]
    return all(one.get(member) in (None, -1, other.get(member)) for member in ("icmp_type", "icmp_code"))


def _tell_one_way(aws, name, rules):
    """An ACL keeps no state: what comes in on one port is answered on another one, which has to be let out, and the other way round."""
    for direction, other in (DIRECTIONS, DIRECTIONS[::-1]):
        there, back = ([_spelt(entry) for entry in rules.get(one) or [] if entry.get("rule_action") == "allow"] for one in (direction, other))
        for entry in there:
            if entry.get("protocol") in PORTS and not _answers(entry) and not any(_answers(one, entry) for one in back):
                said = f"{direction} {entry['rule_number']} lets connections begin, and no {other} entry their answers pass"
                aws.warn(f"{name}: {said}. An ACL keeps no state: allow {entry['protocol']} {EPHEMERAL[0]} to {EPHEMERAL[1]} or more to the same network")


def _answers(entry, asked=None):
    """Whether answers pass by this entry: at all, or those to another one."""
    if entry.get("protocol") in PORTS and not (entry["from_port"] <= EPHEMERAL[0] and entry["to_port"] >= EPHEMERAL[1]):
        return False
    if asked is None:
        return True
    one, other = (_networks.network(block.get("cidr_block") or block.get("ipv6_cidr_block")) for block in (entry, asked))
    return entry.get("protocol") in ("-1", asked["protocol"]) and one.version == other.version and one.overlaps(other)


def refuse(want, have, change):
    for direction in DIRECTIONS:
        delta = change.get(direction)
        for entry in [*delta.add, *(entry for dummy, entry in delta.change)] if delta else ():
            fault = _fault(entry)
            if fault:
                raise Problem(f"{direction} {entry['rule_number']}: {fault}")
    if have.get("_default") and "subnets" in change:
        raise Problem("a subnet comes under the default network ACL when it is taken off the one that it is under: name it there")


def _fault(entry):
    """What the API would say of an entry only after those before it were written."""
    if not 1 <= entry["rule_number"] < RESERVED:
        return f"rule_number is 1 to {RESERVED - 1}"
    needed = ["rule_action", "protocol"]
    if PROTOCOLS.get(_number(entry.get("protocol"))) in PORTS:
        needed += ["from_port", "to_port"]
    elif entry.get("protocol") in ICMP:
        needed += ["icmp_type", "icmp_code"]
    missing = [name for name in needed if entry.get(name) in (None, "")]
    blocks = [entry[name] for name in BLOCKS if entry.get(name)]
    if missing:
        return f"{', '.join(missing)} must be named"
    if len(blocks) != 1:
        return f"exactly one of {', '.join(BLOCKS)} must be named"
    return None


def danger(have, change):
    """What interrupts traffic, or lets through what was kept out. An ACL without subnets does neither."""
    if not change:
        return None
    subnets, after = change.get("subnets"), merged(KIND.options, have, change)
    moved = [subnet for subnet in subnets.add if have["_placed"].get(subnet, have["id"]) != have["id"]] if have and subnets else []
    reasons = [f"take {subnet} from under the network ACL {have['_placed'][subnet]}" for subnet in moved]
    if subnets and subnets.remove:
        reasons.append(f"put {len(subnets.remove)} of its subnets under the VPC's default network ACL")
    if have.get("_used"):
        unnamed = {direction: change[direction].unnamed for direction in DIRECTIONS if direction in change}
        reasons += [f"take away {direction} {entry['rule_number']}, which the sheet does not name" for direction in unnamed for entry in unnamed[direction]]
    shut = [direction for direction in DIRECTIONS if not any(entry["rule_action"] == "allow" for entry in after.get(direction) or ())]
    if (after.get("subnets") or have.get("_used")) and shut and {*DIRECTIONS, "subnets"} & change.keys():
        reasons.append(f"leave its subnets without any traffic, because no {' and no '.join(shut)} entry allows something")
    return f"would {', and '.join(reasons)}" if reasons else None


def delete(aws, have):
    aws.ec2.delete_network_acl(NetworkAclId=have["id"])


def holders(aws, haves):
    """Another ACL may take over the subnets; the default one is there for all that have none."""
    for have in haves:
        yield from (Holder(have["id"], "subnets under it", subnet, ((KIND.name, None), ("ec2_subnets", subnet))) for subnet in have["subnets"] or ())
        if have["_default"]:
            yield Holder(have["id"], "VPCs whose default network ACL it is", have["vpc"])


def faults(entries, sheet):
    """A subnet has one ACL, and ports go upwards."""
    yield from _networks.named_twice(entries, "subnets", "vpc")
    for index, entry in enumerate(entries):
        for direction in DIRECTIONS:
            for rule in _named(entry.get(direction)):
                ports = [rule.get(end) for end in ENDS]
                if None not in ports and not 0 <= int(ports[0]) <= int(ports[1]) <= 65535:
                    yield index, f"{direction}.{ENDS[0]}", "ports", dict(value="-".join(map(str, ports)), limit=ENDS, item=rule)


def _named(value):
    return [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []


def _spelt(entry):
    """An entry as AWS keeps it: ports and types only where the protocol has them."""
    if entry.get("protocol") is None:
        return entry
    protocol = PROTOCOLS.get(_number(entry["protocol"]), entry["protocol"])
    foreign = [*(() if protocol in PORTS else ("from_port", "to_port")), *(() if protocol in ICMP else ("icmp_type", "icmp_code"))]
    return {name: value for name, value in dict(entry, protocol=protocol).items() if name not in foreign}


def _entries():
    return items(
        key=("rule_number",),
        spelt=_spelt,
        one_of=BLOCKS,
        options=dict(
            rule_number=Option("int", required=True),
            rule_action=Option(api="CreateNetworkAclEntry.RuleAction"),
            protocol=Option(same=lambda one, other: _number(one) == _number(other)),
            cidr_block=Option(wrong=_networks.wrong_ipv4_key),
            ipv6_cidr_block=Option(wrong=_networks.wrong_ipv6_key),
            from_port=Option("int"),
            to_port=Option("int"),
            icmp_type=Option("int"),
            icmp_code=Option("int"),
        ),
    )


KIND = Kind(
    name="ec2_network_acls",
    identity=("vpc", "name"),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        ingress=_entries(),
        egress=_entries(),
        subnets=refs("ec2_subnets", within="vpc"),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
