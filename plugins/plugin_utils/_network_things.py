# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to draw of an account's networks: things in the VPCs and subnets where they stand, and what their references and routes mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._papers import UNFIT
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

PUBLIC, PRIVATE, UNKNOWN = "public", "private", "unknown"
DEFAULTS = ("0.0.0.0/0", "::/0")
DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list")
INSIDE = ("networkfirewall_firewalls", "elbv2_load_balancers", "ec2_nat_gateways", "ec2_network_interfaces", "ec2_vpc_endpoints", "ec2_instances")
# Kinds of which one thing stands in several subnets → the option that names them
SPREAD = dict(ec2_vpc_endpoints="subnets", elbv2_load_balancers="subnet_mappings", networkfirewall_firewalls="subnet_mappings")
# What a route can lead to of which only its name or id is drawn.
BARE = ("transit_gateway", "egress_only_internet_gateway")


def one_line(value: Any) -> str:
    """Words that can stand in one line of a drawing."""
    return UNFIT.sub("\ufffd", re.sub(r"[\t\n\r\v\f\u2028\u2029]", " ", str(value)))


@dataclass(frozen=True, eq=False)
class Thing:
    """An entry, the VPC it lies in and the subnets it stands in. Every thing is only like itself, whatever its name."""

    kind: str
    entry: Mapping[str, Any]
    label: str
    beside: bool = False
    vpc: Thing | None = None
    subnets: tuple[Thing, ...] = ()

    @property
    def name(self) -> str:
        return one_line(self.entry.get("name") or self.entry.get("id") or self.label)

    @property
    def order(self) -> tuple:
        return self.name, self.label

    def get(self, option: str) -> str:
        """An option as one line of words; nothing where it is not known."""
        return one_line(self.entry.get(option) or "")


class Account:
    """The things by kind, and what their references mean."""

    def __init__(self, account: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, Collection[str]], main: Collection[str] = ()) -> None:
        self._account, self._beside, self._main = account, beside, main
        self._things: dict[str, list[Thing]] = defaultdict(list)
        self._called: dict[str, dict[str, list[Thing]]] = defaultdict(lambda: defaultdict(list))
        self._bares: dict[tuple[str, str], Thing] = {}
        # In this order a thing finds what it lies in.
        for kind in ("ec2_vpcs", "ec2_subnets", "ec2_internet_gateways", "ec2_vpn_gateways", "ec2_vpc_peering_connections", "ec2_route_tables", *INSIDE):
            for entry in account.get(kind) or ():
                self._add(kind, entry)
        for things in self._things.values():
            things.sort(key=lambda thing: thing.order)
        self._tables = {subnet: table for table in reversed(self.all("ec2_route_tables")) for subnet in self.several("ec2_subnets", table, "subnets")}

    def _add(self, kind: str, entry: Mapping[str, Any]) -> Thing:
        label = kinds()[kind].label(entry)
        vpc = self._vpc(entry.get("vpc")) if kind != "ec2_vpcs" else None
        found = (self.meant("ec2_subnets", name, vpc) for name in _places(kind, entry))
        subnets = tuple(dict.fromkeys(subnet for subnet in found if subnet))
        thing = Thing(kind, entry, label, label in self._beside.get(kind, ()), vpc or (subnets[0].vpc if subnets else None), subnets)
        self._things[kind].append(thing)
        for word in dict.fromkeys(str(entry[key]) for key in ("id", "name") if entry.get(key)):
            self._called[kind][word].append(thing)
        return thing

    def _vpc(self, reference: str | None) -> Thing | None:
        """The VPC that an entry names. One that is not in the account's list is drawn as well, by what it is called."""
        if not reference:
            return None
        return self.meant("ec2_vpcs", reference) or self._add("ec2_vpcs", dict(name=reference))

    def all(self, kind: str, vpc: Thing | None = None) -> list[Thing]:
        return [thing for thing in self._things[kind] if vpc is None or thing.vpc is vpc]

    def meant(self, kind: str, reference: Any, vpc: Thing | None = None) -> Thing | None:
        """What a name, an id or scope/name means, in the VPC where that narrows it; None where that is not one thing."""
        found = self._called[kind].get(str(reference), [])
        if not found and "/" in str(reference):
            scope, dummy, name = str(reference).partition("/")
            found = [thing for thing in self._called[kind].get(name, []) if thing.vpc and thing.vpc is self.meant("ec2_vpcs", scope)]
        inside = [thing for thing in found if vpc is None or thing.vpc is vpc] or found
        return inside[0] if len(inside) == 1 else None

    def several(self, kind: str, thing: Thing, option: str) -> list[Thing]:
        found = (self.meant(kind, reference, thing.vpc) for reference in thing.entry.get(option) or ())
        return [one for one in found if one]

    def peerings(self, vpc: Thing) -> list[Thing]:
        return [one for one in self.all("ec2_vpc_peering_connections") if vpc in self.ends(one)]

    def ends(self, peering: Thing) -> tuple[Thing | None, Thing | None]:
        """The VPC that asked and the one that was asked; None for one that is elsewhere."""
        return peering.vpc, self.meant("ec2_vpcs", peering.entry.get("peer_vpc"))

    def gateway_endpoints(self, vpc: Thing) -> list[Thing]:
        return [one for one in self.all("ec2_vpc_endpoints", vpc) if not one.subnets and one.get("vpc_endpoint_type") in ("", "Gateway")]

    def contents(self, subnet: Thing) -> list[Thing]:
        """What stands in a subnet: what was agreed before what was not. An interface of an instance is drawn as that instance."""
        found = [thing for kind in INSIDE for thing in self.all(kind, subnet.vpc) if subnet in thing.subnets]
        free = [thing for thing in found if thing.kind != "ec2_network_interfaces" or not (thing.entry.get("attachment") or {}).get("instance")]
        return sorted(free, key=lambda thing: thing.beside)

    def is_used(self, vpc: Thing) -> bool:
        """Whether anything was made in a VPC. AWS itself puts a route table without a route into each."""
        kinds_in_it = ("ec2_subnets", "ec2_internet_gateways", "ec2_vpn_gateways", "ec2_vpc_endpoints")
        tables = (table for table in self.all("ec2_route_tables", vpc) if table.get("name") or table.entry.get("routes"))
        return any(self.all(kind, vpc) for kind in kinds_in_it) or bool(self.peerings(vpc)) or any(tables)

    def has_beside(self, vpc: Thing | None) -> bool:
        """Whether anything in a VPC, or anything at all, is there beside the agreed sheet."""
        return any(thing.beside and vpc in (None, thing, thing.vpc) for things in self._things.values() for thing in things)

    # -- routes

    def main_table(self, vpc: Thing) -> Thing | None:
        """The one that holds for the subnets that no other names; None where that could not be read."""
        return next((table for table in self.all("ec2_route_tables", vpc) if table.label in self._main), None)

    def table_of(self, subnet: Thing) -> Thing | None:
        return self._tables.get(subnet) or (self.main_table(subnet.vpc) if subnet.vpc else None)

    def sort_of(self, subnet: Thing) -> str:
        """Public is what has a default route to an internet gateway. Without a known route table nobody can tell."""
        table = self.table_of(subnet)
        if table is None:
            return UNKNOWN
        return PUBLIC if any(route.get("internet_gateway") for route in _default_routes(table)) else PRIVATE

    def ways_out(self, subnet: Thing) -> list[Thing]:
        """What the default routes of a subnet lead to, IPv4 first; nothing that is neither in the account nor at the VPC's edge."""
        table = self.table_of(subnet)
        found = (self.target(table, route) for route in _default_routes(table)) if table else ()
        return list(dict.fromkeys(target for target in found if target))

    def target(self, table: Thing, route: Mapping[str, Any]) -> Thing | None:
        option, value = target_of(route)
        if option == "firewall":  # told in the table: where it leads from there, only the routes of its own subnets tell
            return None
        if option in BARE:
            return self._bare(option, value)
        if option in ("internet_gateway", "vpn_gateway", "vpc_peering_connection"):
            kind = f"ec2_{option}s"
            return self.meant(kind, value) or self._bare(kind, value)
        thing = self.meant(f"ec2_{option}s", value, table.vpc)
        instance = (thing.entry.get("attachment") or {}).get("instance") if thing else None
        return self.meant("ec2_instances", instance) or thing if instance else thing

    def _bare(self, kind: str, value: str) -> Thing:
        """A thing of which nothing is known but its name or id; the same one for each route to it."""
        return self._bares.setdefault((kind, value), Thing(kind, dict(id=value), value))


def _places(kind: str, entry: Mapping[str, Any]) -> list[str]:
    """The subnets in which an entry stands, as it names them."""
    given = entry.get(SPREAD[kind]) or () if kind in SPREAD else [entry.get("subnet")]
    named = (one.get("subnet") if isinstance(one, Mapping) else one for one in given)
    return [name for name in named if name]


def _default_routes(table: Thing) -> list[Mapping[str, Any]]:
    routes = [route for route in table.entry.get("routes") or () if destination_of(route) in DEFAULTS]
    return sorted(routes, key=lambda route: DEFAULTS.index(destination_of(route)))


def destination_of(route: Mapping[str, Any]) -> str:
    return next((one_line(route[option]) for option in DESTINATIONS if route.get(option)), "")


def target_of(route: Mapping[str, Any]) -> tuple[str, str]:
    """The option that names a route's target, and its value."""
    return next(((option, str(value)) for option, value in route.items() if value and option not in (*DESTINATIONS, "availability_zone")), ("", ""))


def blocks_of(vpc: Thing) -> list[str]:
    return [one_line(block) for block in [vpc.entry.get("cidr_block"), *(vpc.entry.get("secondary_cidr_blocks") or ())] if block]


def service_of(endpoint: Thing) -> str:
    """com.amazonaws.ap-northeast-1.s3 is s3; the services of others keep their names."""
    return re.sub(r"^(?:com|cn\.com)\.amazonaws\.[a-z0-9-]+\.(?!vpce-svc-)", "", endpoint.get("service_name"))
