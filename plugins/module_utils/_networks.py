# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses in a sheet: which blocks overlap, which lie outside where they belong; and when a block can be used.

Private to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged

PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
SIZES = range(16, 29)  # of VPCs and subnets, as netmasks


def network(text: Any) -> Any:
    """The network that a text means, or None when it means none."""
    try:
        return ipaddress.ip_network(text) if "/" in str(text) else None
    except ValueError:
        return None


def canonical(text: Any) -> str | None:
    """How AWS writes the block that a text means, or None when it means none. AWS changes 10.0.0.1/24 to 10.0.0.0/24 without a word."""
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in str(text) else None
    except ValueError:
        return None


def same(one: str, other: str) -> bool:
    """Whether two texts mean one block, which AWS answers in its own spelling."""
    return one == other or (canonical(one) is not None and canonical(one) == canonical(other))


EXAMPLES = {None: "10.0.0.0/16", 4: "10.0.0.0/16", 6: "2001:db8::/56"}


def wrong_block(value: Any, version: int | None = None) -> tuple[str, Any] | None:
    """Why a value is no block, or none of this version; for an option's `wrong`."""
    own = canonical(value)
    if own is None or version not in (None, ipaddress.ip_network(own).version):
        return "not_a_network", EXAMPLES[version]
    sound = network(value) if ":" in own else value == own  # digits of IPv6 have two cases
    return None if sound else ("network_spelling", own)


def wrong_key(value: Any, version: int | None = None) -> tuple[str, Any] | None:
    """The same of a block by which things are told apart: spelt otherwise than by AWS, it would not be found again."""
    own = canonical(value)
    return wrong_block(value, version) or (None if value == own else ("network_spelling", own))


wrong_ipv4_block, wrong_ipv6_block = (partial(wrong_block, version=version) for version in (4, 6))
wrong_ipv4_key, wrong_ipv6_key = (partial(wrong_key, version=version) for version in (4, 6))


def wrong_range(value: Any) -> tuple[str, Any] | None:
    """The same of the IPv4 block of a VPC or subnet, of which AWS says how large it may be."""
    return wrong_ipv4_key(value) or (None if network(value).prefixlen in SIZES else ("network_size", f"/{SIZES[0]}-/{SIZES[-1]}"))


def wrong_address(value: Any) -> tuple[str, Any] | None:
    """Why a value is no address; for an option's `wrong`."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "not_an_address", None
    return None


def wrong_interface(value: Any) -> tuple[str, Any] | None:
    """The same of an address that has its network's length with it."""
    return wrong_address(str(value).partition("/")[0]) or (None if canonical(value) else ("not_a_network", "169.254.0.1/30"))


def refuse_asn(change: Mapping[str, Any]) -> None:
    """Of Amazon's side of BGP. A gateway of old may have another one, which stays as it is."""
    asn = change.get("amazon_side_asn")
    if asn is not None and not any(asn in one for one in PRIVATE_ASNS):
        ranges = " or ".join(f"{one[0]} to {one[-1]}" for one in PRIVATE_ASNS)
        raise Problem(f"amazon_side_asn: {asn} is no private ASN, which is {ranges}")


def blocks(entry: Mapping[str, Any], *options: str) -> Iterator[tuple[str, str]]:
    """Every block that an entry names, as (option, block); a list may also be written as {add, set}."""
    for option in options:
        value = entry.get(option)
        values = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
        yield from ((option, block) for block in values if block is not None)


def claimed_twice(entries: Iterable[Mapping[str, Any]], option: str, *more: str) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Faults of entries that name a place with room for one, which an entry before them has; `more` options say which part of the place."""
    holders: dict[tuple, int] = {}
    for index, entry in enumerate(entries):
        if entry.get(option) and entry.get("state") != "absent":
            holder = holders.setdefault(tuple(entry.get(name) for name in (option, *more)), index)
            if holder != index:
                yield index, option, "claimed", dict(value=entry[option], other_entry=holder)


ADDRESSED = dict(
    ec2_instances=("private_ip_address",),
    ec2_nat_gateways=("private_ip_address",),
    ec2_network_interfaces=("private_ip_address", "secondary_private_ip_addresses"),
)


def misplaced(kind: str, entries: Iterable[Mapping[str, Any]], sheet: Mapping[str, Any]) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Faults of private addresses: not of the subnet, as far as the sheet makes it, reserved in it by AWS, or named by two."""
    whole = {**sheet, kind: list(entries)}
    subnets, users = _subnets(sheet), _users(whole)
    for index, entry in enumerate(whole[kind]):
        for option, text in blocks(entry, *ADDRESSED[kind]):
            try:
                address = ipaddress.ip_address(str(text))
            except ValueError:
                continue  # which is told of the option
            place = _subnet_name(entry)
            block = subnets.get(place)
            if block is not None and address not in block:
                yield index, option, "outside_subnet", dict(value=text, other=f"{place} ({block})")
            elif block is not None and _reserved(address, block):
                yield index, option, "reserved_address", dict(value=text, other=f"{place} ({block})")
            others = sorted(user for user in users.get((place, str(address)), ()) if user != (kind, index))
            if others:
                called = (f"{other} {whole[other][number].get('name') or whole[other][number].get('id') or f'#{number + 1}'}" for other, number in others)
                yield index, option, "address_taken", dict(value=text, other=", ".join(called))


def _reserved(address: Any, block: Any) -> bool:
    """VPC User Guide, "Subnet CIDR reservations": the first four addresses of a subnet and the last one."""
    return address in (*(block[number] for number in range(4)), block[-1])


def refuse_address(aws: Any, kind: str, want: Mapping[str, Any]) -> None:
    """The same of a subnet that is in the account: AWS would say so only when something is made in it."""
    for option, text in blocks(want, *ADDRESSED[kind]):
        block, address = network(aws.once(_blocks).get(want.get("subnet"))), ipaddress.ip_address(text)
        if block and address not in block:
            raise Problem(f"{option}: {text} is not in {block}, the addresses of its subnet")
        if block and _reserved(address, block):
            raise Problem(f"{option}: {text} is one of the five that AWS reserves in {block}, the addresses of its subnet")


def _blocks(aws: Any) -> dict[str, str]:
    return {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in aws.pages("ec2", "describe_subnets", "Subnets")}


def _subnet_name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("subnet")).rpartition("/")[2]


def _subnets(sheet: Mapping[str, Any]) -> dict[str, Any]:
    """The blocks of the subnets that a sheet names with one, where no other has the name."""
    found: dict[str, list] = {}
    for subnet in sheet.get("ec2_subnets") or []:
        found.setdefault(str(subnet.get("name")), []).append(network(subnet.get("cidr_block")))
    return {name: given[0] for name, given in found.items() if len(given) == 1 and given[0] is not None and given[0].num_addresses > 4}


def _users(sheet: Mapping[str, Any]) -> dict[tuple[str, str], set[tuple[str, int]]]:
    """Who names an address in which subnet."""
    found: dict[tuple[str, str], set] = {}
    for kind, options in ADDRESSED.items():
        for index, entry in enumerate(sheet.get(kind) or []):
            for dummy, text in blocks(entry, *options) if entry.get("subnet") else ():
                found.setdefault((_subnet_name(entry), str(text)), set()).add((kind, index))
    return found


def refuse_no_groups(options: Mapping[str, Option], have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """What has security groups keeps at least one; told to have none, AWS does nothing or refuses."""
    if have and "security_groups" in change and not merged(options, have, change)["security_groups"]:
        raise Problem("security_groups: the last one cannot be taken away, there has to be at least one")


def await_association(aws: Any, what: str, look: Callable[[], Mapping[str, Any]]) -> None:
    """Wait for a block of a VPC or subnet; look() returns its state, {} as long as there is none."""
    state = aws.wait(what, look, lambda seen: seen.get("State") not in (None, "associating"), limit=120)
    if state["State"] != "associated":
        raise Problem(f"{what} is {state['State']}: {state.get('StatusMessage') or 'AWS does not say why'}")


def refuse_zone(aws: Any, name: str | None, zone_id: str | None = None) -> None:
    """An Availability Zone that is not among those of the Region, which AWS would say only when something is made in it, or one in words of two."""
    zones = aws.once(_zones)
    for option, said, known in (("availability_zone", name, sorted(zones)), ("availability_zone_id", zone_id, sorted(zones.values()))):
        if said is not None and said not in known:
            raise Problem(f"{option}: {said!r} is not one of {', '.join(known)}")
    if name and zone_id and zones[name] != zone_id:
        raise Problem(f"availability_zone_id: {zone_id!r} is not {name}, which is {zones[name]} in this account")


def _zones(aws: Any) -> dict[str, str]:
    """Name → id: the names are each account's own, the ids mean the same everywhere."""
    return {zone["ZoneName"]: zone["ZoneId"] for zone in aws.pages("ec2", "describe_availability_zones", "AvailabilityZones")}


def named_twice(entries: Iterable[Mapping[str, Any]], option: str, within: str) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Faults of lists that name what another entry has named: it can be in one of them only, and each run would move it."""
    holders: dict[tuple, int] = {}
    for index, entry in enumerate(entries):
        for dummy, name in blocks(entry, option) if entry.get("state") != "absent" else ():
            # A name may also be written as scope/name.
            holder = holders.setdefault((entry.get(within), str(name).rpartition("/")[2]), index)
            if holder != index:
                yield index, option, "overlap", dict(value=name, other=option, other_entry=holder)


def overlaps(named: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Faults of (entry, option, block): what overlaps one named before it. What is no block is told of the option."""
    seen: list[tuple[int, Any]] = []
    for index, option, block in named:
        parsed = network(block)
        if parsed is None:
            continue
        for other_index, other in seen:
            if other.version == parsed.version and other.overlaps(parsed):
                yield index, option, "overlap", dict(value=block, other=str(other), other_entry=other_index)
        seen.append((index, parsed))
