# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as drawings: an overview of an account's VPCs, and each VPC with its zones, subnets, what stands in them, and the ways out.

Three steps: what there is (`_Account`), boxes that are as wide as their words (`_Box`), and lines that run where no box is (`_Lanes`).
Everything is in whole units of the drawing, so that the same account gives the same bytes. Nothing is styled from outside and nothing has an id: drawings
can stand side by side in one page. Letters, dashes and greys carry all that has a meaning, so that a page printed without colours says the same.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree import ElementTree

from ansible_collections.msp.aws.plugins.plugin_utils._papers import UNFIT, width
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds


class Diagram(NamedTuple):
    """A drawing with its heading, and the sentence that says what it shows to those who cannot see it."""

    heading: str
    svg: str
    text: str


def diagrams(account: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, Collection[str]] | None = None, language: str = "ja") -> list[Diagram]:
    """An overview, and one drawing for each VPC that has anything in it, by name; nothing where there is nothing to show.

    account: kind → entries as the kind's `state: gathered` returns them. Kinds that are not drawn are passed over, and so is a thing in a subnet
    that `account` does not have, because nobody knows where it stands.
    beside: kind → labels of what is there beside the agreed sheet; drawn dashed and hatched.
    language: `ja` or `en`. A KeyError means that there is no such language.
    """
    words = WORDS[language]
    there = _Account(account, beside or {})
    drawn = [_vpc_diagram(there, vpc, words) for vpc in there.all("ec2_vpcs") if there.is_used(vpc)]
    return [*_overview(there, words), *drawn]


# ---- words and looks

SHOWN = 12  # things in a subnet, of which the last says how many more there are
SHOWN_TABLES = 24
SHOWN_ROUTES = 12
SHOWN_PEERINGS = 24
COLUMNS = 26  # of a typewriter, that a name takes before it is cut off; the whole one is in the title
WIDE = 960  # what stays legible on A4; things stand side by side up to there
NARROWEST = 620

FONTS = '"Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", Meiryo, sans-serif'
INK, SOFT, RULE, PAPER = "#1a1d21", "#444b54", "#8b939d", "#ffffff"
DEFAULTS = ("0.0.0.0/0", "::/0")
DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list")
INSIDE = ("networkfirewall_firewalls", "elbv2_load_balancers", "ec2_nat_gateways", "ec2_network_interfaces", "ec2_vpc_endpoints", "ec2_instances")
# Kinds of which one thing stands in several subnets → the option that names them
SPREAD = dict(ec2_vpc_endpoints="subnets", elbv2_load_balancers="subnet_mappings", networkfirewall_firewalls="subnet_mappings")
# What a route can lead to of which only its name or id is drawn.
BARE = ("transit_gateway", "egress_only_internet_gateway")


class _Look(NamedTuple):
    """Letters in the icon, its colour, and how lines to such a thing are dashed."""

    letters: str
    colour: str
    dash: str = ""


LOOKS = dict(
    ec2_instances=_Look("EC2", "#a84300", "2 3"),
    ec2_nat_gateways=_Look("NAT", "#5b2fb0", "7 3"),
    ec2_network_interfaces=_Look("ENI", "#7a5200", "2 3"),
    ec2_vpc_endpoints=_Look("EP", "#0b6b63", "2 3"),
    ec2_internet_gateways=_Look("IGW", "#14532d"),
    ec2_vpn_gateways=_Look("VGW", "#1f3a5f", "10 3 2 3"),
    ec2_vpc_peering_connections=_Look("PCX", "#8a1c4a", "4 2"),
    transit_gateway=_Look("TGW", "#1f3a5f", "10 3 2 3"),
    egress_only_internet_gateway=_Look("EIG", "#14532d", "10 3"),
    firewall=_Look("NFW", "#8a1c1c"),
    networkfirewall_firewalls=_Look("NFW", "#8a1c1c"),
    elbv2_load_balancers=_Look("ELB", "#4a148c"),
)
# A load balancer has the letters of its type.
BALANCERS = dict(application="ALB", network="NLB", gateway="GLB")
PUBLIC, PRIVATE, UNKNOWN = "public", "private", "unknown"
SUBNETS = {
    PUBLIC: (dict(fill="#f0f7e8", stroke="#4d7c0f", stroke_width=1.5), dict(fill="#3f6212", stroke="#3f6212"), PAPER),
    PRIVATE: (dict(fill="#e3edf7", stroke="#2f5f8f", stroke_width=1.5), dict(fill=PAPER, stroke="#2f5f8f"), "#1f3a5f"),
    UNKNOWN: (dict(fill="#f4f4f4", stroke="#666666", stroke_width=1.5), dict(fill=PAPER, stroke="#666666", stroke_dasharray="2 2"), INK),
}
OUTSIDE = dict(fill="#ededed", stroke="#555555", stroke_width=1.5, stroke_dasharray="5 3")

WORDS = dict(
    ja=dict(
        overview="ネットワーク全体図",
        heading="VPC構成図: {}",
        public="パブリック",
        private="プライベート",
        unknown="経路不明",
        no_zone="AZ不明",
        more="ほか {} 件",
        more_outside="ほか {} 件（契約外を含む）",
        beside="契約外",
        subnet_public="パブリックサブネット",
        subnet_private="プライベートサブネット",
        subnet_unknown="経路不明のサブネット",
        main="メイン",
        comma="、",
        used_by="サブネット: {}",
        nothing="なし",
        propagated="伝播されたルート",
        no_routes="VPC内のみ",
        tables="ルートテーブル",
        default_route="デフォルトルートの向き先",
        loose="VPCに接続されていないゲートウェイ",
        internet="インターネット",
        internet6="インターネット (IPv6)",
        premises="拠点 (VPN・専用線)",
        network="他のVPC・拠点",
        unknown_vpc="不明なVPC",
        account="アカウント {}",
        gateway_endpoint="ゲートウェイ型エンドポイント",
        ec2_internet_gateways="インターネットゲートウェイ",
        ec2_vpn_gateways="仮想プライベートゲートウェイ",
        ec2_vpc_peering_connections="VPCピアリング",
        transit_gateway="Transit Gateway",
        egress_only_internet_gateway="Egress-Only IGW",
        ec2_instances="EC2インスタンス",
        ec2_nat_gateways="NATゲートウェイ",
        ec2_network_interfaces="ネットワークインターフェイス",
        ec2_vpc_endpoints="VPCエンドポイント",
        elbv2_load_balancers="ロードバランサー",
        networkfirewall_firewalls="Network Firewall",
        counts="サブネット {subnets}・EC2インスタンス {instances}",
        text_overview="ネットワーク全体図。VPC {vpcs}、VPCピアリング {peerings}。",
        text_vpc="VPC {name}（{blocks}）の構成図。AZ {zones}、サブネット {subnets}（パブリック {public}）、EC2インスタンス {instances}。",
    ),
    en=dict(
        overview="Network overview",
        heading="VPC diagram: {}",
        public="public",
        private="private",
        unknown="routes unknown",
        no_zone="zone unknown",
        more="and {} more",
        more_outside="and {} more (some out of contract)",
        beside="out of contract",
        subnet_public="public subnet",
        subnet_private="private subnet",
        subnet_unknown="subnet whose routes are unknown",
        main="main",
        comma=", ",
        used_by="Subnets: {}",
        nothing="none",
        propagated="propagated routes",
        no_routes="inside the VPC only",
        tables="Route tables",
        default_route="where the default route leads",
        loose="Gateways without a VPC",
        internet="Internet",
        internet6="Internet (IPv6)",
        premises="Premises (VPN, DX)",
        network="Other VPCs and premises",
        unknown_vpc="unknown VPC",
        account="account {}",
        gateway_endpoint="Gateway endpoint",
        ec2_internet_gateways="Internet gateway",
        ec2_vpn_gateways="Virtual private gateway",
        ec2_vpc_peering_connections="VPC peering",
        transit_gateway="Transit gateway",
        egress_only_internet_gateway="Egress-only IGW",
        ec2_instances="EC2 instance",
        ec2_nat_gateways="NAT gateway",
        ec2_network_interfaces="Network interface",
        ec2_vpc_endpoints="VPC endpoint",
        elbv2_load_balancers="Load balancer",
        networkfirewall_firewalls="Network Firewall",
        counts="Subnets {subnets} · EC2 instances {instances}",
        text_overview="Overview of the network: VPCs {vpcs}, VPC peering connections {peerings}.",
        text_vpc="Diagram of the VPC {name} ({blocks}): Availability Zones {zones}, subnets {subnets} (public {public}), EC2 instances {instances}.",
    ),
)


# ---- what there is


@dataclass(frozen=True, eq=False)
class _Thing:
    """An entry, the VPC it lies in and the subnets it stands in. Every thing is only like itself, whatever its name."""

    kind: str
    entry: Mapping[str, Any]
    label: str
    beside: bool = False
    vpc: _Thing | None = None
    subnets: tuple[_Thing, ...] = ()

    @property
    def name(self) -> str:
        return _line(self.entry.get("name") or self.entry.get("id") or self.label)

    @property
    def order(self) -> tuple:
        return self.name, self.label

    def get(self, option: str) -> str:
        """An option as one line of words; nothing where it is not known."""
        return _line(self.entry.get(option) or "")


class _Account:
    """The things by kind, and what their references mean."""

    def __init__(self, account: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, Collection[str]]) -> None:
        self._account, self._beside = account, beside
        self._things: dict[str, list[_Thing]] = defaultdict(list)
        self._called: dict[str, dict[str, list[_Thing]]] = defaultdict(lambda: defaultdict(list))
        self._bares: dict[tuple[str, str], _Thing] = {}
        # In this order a thing finds what it lies in.
        for kind in ("ec2_vpcs", "ec2_subnets", "ec2_internet_gateways", "ec2_vpn_gateways", "ec2_vpc_peering_connections", "ec2_route_tables", *INSIDE):
            for entry in account.get(kind) or ():
                self._add(kind, entry)
        for things in self._things.values():
            things.sort(key=lambda thing: thing.order)
        self._tables = {subnet: table for table in reversed(self.all("ec2_route_tables")) for subnet in self.several("ec2_subnets", table, "subnets")}

    def _add(self, kind: str, entry: Mapping[str, Any]) -> _Thing:
        label = kinds()[kind].label(entry)
        vpc = self._vpc(entry.get("vpc")) if kind != "ec2_vpcs" else None
        found = (self.meant("ec2_subnets", name, vpc) for name in _places(kind, entry))
        subnets = tuple(dict.fromkeys(subnet for subnet in found if subnet))
        thing = _Thing(kind, entry, label, label in self._beside.get(kind, ()), vpc or (subnets[0].vpc if subnets else None), subnets)
        self._things[kind].append(thing)
        for word in dict.fromkeys(str(entry[key]) for key in ("id", "name") if entry.get(key)):
            self._called[kind][word].append(thing)
        return thing

    def _vpc(self, reference: str | None) -> _Thing | None:
        """The VPC that an entry names. One that is not in the account's list is drawn as well, by what it is called."""
        if not reference:
            return None
        return self.meant("ec2_vpcs", reference) or self._add("ec2_vpcs", dict(name=reference))

    def all(self, kind: str, vpc: _Thing | None = None) -> list[_Thing]:
        return [thing for thing in self._things[kind] if vpc is None or thing.vpc is vpc]

    def meant(self, kind: str, reference: Any, vpc: _Thing | None = None) -> _Thing | None:
        """What a name, an id or scope/name means, in the VPC where that narrows it; None where that is not one thing."""
        found = self._called[kind].get(str(reference), [])
        if not found and "/" in str(reference):
            scope, dummy, name = str(reference).partition("/")
            found = [thing for thing in self._called[kind].get(name, []) if thing.vpc and thing.vpc is self.meant("ec2_vpcs", scope)]
        inside = [thing for thing in found if vpc is None or thing.vpc is vpc] or found
        return inside[0] if len(inside) == 1 else None

    def several(self, kind: str, thing: _Thing, option: str) -> list[_Thing]:
        found = (self.meant(kind, reference, thing.vpc) for reference in thing.entry.get(option) or ())
        return [one for one in found if one]

    def peerings(self, vpc: _Thing) -> list[_Thing]:
        return [one for one in self.all("ec2_vpc_peering_connections") if vpc in self.ends(one)]

    def ends(self, peering: _Thing) -> tuple[_Thing | None, _Thing | None]:
        """The VPC that asked and the one that was asked; None for one that is elsewhere."""
        return peering.vpc, self.meant("ec2_vpcs", peering.entry.get("peer_vpc"))

    def gateway_endpoints(self, vpc: _Thing) -> list[_Thing]:
        return [one for one in self.all("ec2_vpc_endpoints", vpc) if not one.subnets and one.get("vpc_endpoint_type") in ("", "Gateway")]

    def contents(self, subnet: _Thing) -> list[_Thing]:
        """What stands in a subnet: what was agreed before what was not. An interface of an instance is drawn as that instance."""
        found = [thing for kind in INSIDE for thing in self.all(kind, subnet.vpc) if subnet in thing.subnets]
        free = [thing for thing in found if thing.kind != "ec2_network_interfaces" or not (thing.entry.get("attachment") or {}).get("instance")]
        return sorted(free, key=lambda thing: thing.beside)

    def is_used(self, vpc: _Thing) -> bool:
        """Whether anything was made in a VPC. AWS itself puts a route table without a route into each."""
        kinds_in_it = ("ec2_subnets", "ec2_internet_gateways", "ec2_vpn_gateways", "ec2_vpc_endpoints")
        tables = (table for table in self.all("ec2_route_tables", vpc) if table.get("name") or table.entry.get("routes"))
        return any(self.all(kind, vpc) for kind in kinds_in_it) or bool(self.peerings(vpc)) or any(tables)

    def has_beside(self, vpc: _Thing | None) -> bool:
        """Whether anything in a VPC, or anything at all, is there beside the agreed sheet."""
        return any(thing.beside and vpc in (None, thing, thing.vpc) for things in self._things.values() for thing in things)

    # -- routes

    def main_table(self, vpc: _Thing) -> _Thing | None:
        """The main route table, which entries do not tell: as AWS makes it, it has no name and names no subnet; None where that fits none or several."""
        tables = self.all("ec2_route_tables", vpc)
        nameless = [table for table in tables if not table.get("name")]
        unused = [table for table in tables if not any(table.entry.get(option) for option in ("subnets", "internet_gateways", "vpn_gateways"))]
        both = [table for table in nameless if table in unused]
        return next((found[0] for found in (both, unused, nameless, tables) if len(found) == 1), None)

    def table_of(self, subnet: _Thing) -> _Thing | None:
        return self._tables.get(subnet) or (self.main_table(subnet.vpc) if subnet.vpc else None)

    def sort_of(self, subnet: _Thing) -> str:
        """Public is what has a default route to an internet gateway. Without a known route table nobody can tell."""
        table = self.table_of(subnet)
        if table is None:
            return UNKNOWN
        return PUBLIC if any(route.get("internet_gateway") for route in _default_routes(table)) else PRIVATE

    def ways_out(self, subnet: _Thing) -> list[_Thing]:
        """What the default routes of a subnet lead to, IPv4 first; nothing that is neither in the account nor at the VPC's edge."""
        table = self.table_of(subnet)
        found = (self.target(table, route) for route in _default_routes(table)) if table else ()
        return list(dict.fromkeys(target for target in found if target))

    def target(self, table: _Thing, route: Mapping[str, Any]) -> _Thing | None:
        option, value = _target(route)
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

    def _bare(self, kind: str, value: str) -> _Thing:
        """A thing of which nothing is known but its name or id; the same one for each route to it."""
        return self._bares.setdefault((kind, value), _Thing(kind, dict(id=value), value))


def _places(kind: str, entry: Mapping[str, Any]) -> list[str]:
    """The subnets in which an entry stands, as it names them."""
    given = entry.get(SPREAD[kind]) or () if kind in SPREAD else [entry.get("subnet")]
    named = (one.get("subnet") if isinstance(one, Mapping) else one for one in given)
    return [name for name in named if name]


def _default_routes(table: _Thing) -> list[Mapping[str, Any]]:
    routes = [route for route in table.entry.get("routes") or () if _destination(route) in DEFAULTS]
    return sorted(routes, key=lambda route: DEFAULTS.index(_destination(route)))


def _destination(route: Mapping[str, Any]) -> str:
    return next((_line(route[option]) for option in DESTINATIONS if route.get(option)), "")


def _target(route: Mapping[str, Any]) -> tuple[str, str]:
    """The option that names a route's target, and its value."""
    return next(((option, str(value)) for option, value in route.items() if value and option not in (*DESTINATIONS, "availability_zone")), ("", ""))


def _blocks(vpc: _Thing) -> list[str]:
    return [_line(block) for block in [vpc.entry.get("cidr_block"), *(vpc.entry.get("secondary_cidr_blocks") or ())] if block]


def _service(endpoint: _Thing) -> str:
    """com.amazonaws.ap-northeast-1.s3 is s3; the services of others keep their names."""
    return re.sub(r"^(?:com|cn\.com)\.amazonaws\.[a-z0-9-]+\.(?!vpce-svc-)", "", endpoint.get("service_name"))


# ---- boxes


def _line(value: Any) -> str:
    """Words that can stand in one line of a drawing."""
    return UNFIT.sub("\ufffd", re.sub(r"[\t\n\r\v\f\u2028\u2029]", " ", str(value)))


def _measure(words: str, size: float) -> int:
    """How wide words may become, whatever font of the list is there: capitals and round letters are wider than a typewriter's column."""
    return math.ceil(size * sum(0.98 if sign in "WMmw@%&—…" else 0.76 if sign.isupper() else 0.58 * width(sign) for sign in words))


def _cut(words: str, columns: int = COLUMNS) -> str:
    """At most so many columns of a typewriter. What is left out is in the middle, because names mostly differ at their ends."""
    if width(words) <= columns:
        return words
    end = _start(words[::-1], (columns - 2) * 2 // 5)[::-1]
    return f"{_start(words, columns - 2 - width(end)).rstrip()}…{end.lstrip()}"


def _start(words: str, columns: int) -> str:
    """The longest beginning that takes at most so many columns."""
    taken = 0
    for number, sign in enumerate(words):
        taken += width(sign)
        if taken > columns:
            return words[:number]
    return words


def _wrapped(parts: Sequence[str], comma: str, size: float, room: int) -> list[str]:
    """Parts in lines, divided by commas, as many in a line as there is room for; one part alone must fit."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        part += comma if number < len(parts) - 1 else ""
        if lines and _measure(lines[-1] + part, size) <= room:
            lines[-1] += part
        else:
            lines.append(part)
    return [line.rstrip() for line in lines]


class _Text(NamedTuple):
    """Words on their base line, from the left or around a middle."""

    x: int
    y: int
    words: str
    size: float = 11
    fill: str = INK
    weight: str = "normal"
    anchor: str = "start"


@dataclass
class _Box:
    """A rectangle with words and boxes in it. Places are within the parent until `settle` makes them places of the drawing."""

    role: str
    width: int
    height: int
    look: Mapping[str, Any] = field(default_factory=dict)
    says: list[_Text] = field(default_factory=list)
    inside: list[_Box] = field(default_factory=list)
    x: int = 0
    y: int = 0
    title: str = ""
    hatched: bool = False

    def at(self, x: int, y: int) -> _Box:
        self.x, self.y = x, y
        return self

    def settle(self, x: int = 0, y: int = 0) -> None:
        self.x, self.y = self.x + x, self.y + y
        for box in self.inside:
            box.settle(self.x, self.y)

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def centre(self) -> int:
        return self.x + self.width // 2


def _framed(role: str, look: Mapping[str, Any], beside: bool, title: str = "") -> _Box:
    """A box whose size is not known yet; of what was not agreed in grey, dashed and hatched."""
    return _Box(role, 0, 0, OUTSIDE if beside else look, title=title, hatched=beside)


def _cell(look: _Look, first: str, second: str, beside: bool, title: str, words: Mapping[str, str], role: str = "thing") -> _Box:
    """An icon and one or two lines; the caller cuts what may be long."""
    box = _framed(role, dict(fill=PAPER, stroke=look.colour), beside, f"{title} ({words['beside']})" if beside else title)
    box.width, box.height = 46 + max(_measure(first, 11.5), _measure(second, 9.5)) + 8, 38
    icon = _Box("icon", 34, 24, dict(fill=SOFT if beside else look.colour, rx=3), [_Text(17, 16, look.letters, 10.5, PAPER, "bold", "middle")])
    box.inside.append(icon.at(6, 7))
    box.says += [_Text(46, 16 if second else 23, first, 11.5, INK, "bold")] + ([_Text(46, 30, second, 9.5, SOFT)] if second else [])
    return box


def _more(count: int, hidden: Sequence[_Thing], words: Mapping[str, str]) -> _Box:
    """How many there are that are not drawn."""
    says = words["more_outside" if any(thing.beside for thing in hidden) else "more"].format(count)
    box = _Box("more", _measure(says, 11) + 20, 38, dict(fill=PAPER, stroke=RULE, stroke_dasharray="1 3"), [_Text(10, 23, says, 11, SOFT)])
    box.title = words["comma"].join(thing.name for thing in hidden)
    return box


def _row(boxes: Iterable[_Box], x: int, y: int, gap: int, room: int) -> tuple[list[_Box], int]:
    """Boxes side by side, as many in a row as there is room for, and where the last row ends."""
    placed: list[_Box] = []
    left, top, bottom = x, y, y
    for box in boxes:
        if left > x and left + box.width > x + room:
            left, top = x, bottom + gap
        placed.append(box.at(left, top))
        left, bottom = box.x + box.width + gap, max(bottom, box.bottom)
    return placed, bottom


# ---- things as boxes


def _thing_cell(thing: _Thing, words: Mapping[str, str]) -> _Box:
    """A thing in a subnet."""
    facts = dict(
        ec2_instances=("instance_type", "private_ip_address"),
        ec2_nat_gateways=("elastic_ip", "private_ip_address"),
        ec2_network_interfaces=("private_ip_address",),
        elbv2_load_balancers=("scheme",),
        networkfirewall_firewalls=("firewall_policy",),
    ).get(thing.kind, ())
    second = " / ".join(fact for fact in map(thing.get, facts) if fact) or (_service(thing) if thing.kind == "ec2_vpc_endpoints" else "")
    look = LOOKS[thing.kind]._replace(letters=BALANCERS.get(thing.get("type"), "ELB")) if thing.kind == "elbv2_load_balancers" else LOOKS[thing.kind]
    return _cell(look, _cut(thing.name), _cut(second, COLUMNS + 4), thing.beside, f"{words[thing.kind]}: {thing.name}", words)


def _edge_cell(thing: _Thing, words: Mapping[str, str]) -> _Box:
    """A thing on the edge of a VPC."""
    kind = words["gateway_endpoint"] if thing.kind == "ec2_vpc_endpoints" else words[thing.kind]
    return _cell(LOOKS[thing.kind], _cut(thing.name), kind, thing.beside, f"{kind}: {thing.name}", words, "edge")


def _far_end(account: _Account, vpc: _Thing, thing: _Thing, words: Mapping[str, str]) -> str:
    """What is beyond a thing on the edge of a VPC."""
    if thing.kind == "ec2_vpc_endpoints":
        return _service(thing)
    if thing.kind == "ec2_vpc_peering_connections":
        return _other_end(account, vpc, thing, words)
    return words[
        dict(ec2_internet_gateways="internet", ec2_vpn_gateways="premises", egress_only_internet_gateway="internet6").get(thing.kind, "network")
    ]


def _other_end(account: _Account, vpc: _Thing, peering: _Thing, words: Mapping[str, str]) -> str:
    asking, asked = account.ends(peering)
    if asked is vpc:
        return asking.name if asking else words["unknown_vpc"]
    return asked.name if asked else _elsewhere(peering, words)


def _elsewhere(peering: _Thing, words: Mapping[str, str]) -> str:
    """A VPC that was asked and is not in this account or Region: by its id and, where there is room, whose it is."""
    return peering.get("peer_vpc") or (words["account"].format(peering.get("peer_owner_id")) if peering.get("peer_owner_id") else words["unknown_vpc"])


def _with_far_ends(account: _Account, vpc: _Thing, things: Sequence[_Thing], words: Mapping[str, str]) -> list[tuple[_Thing, _Box, _Box]]:
    """Things on the edge, each with the pill beyond it; both of the same width."""
    found = []
    for thing in things:
        cell, says = _edge_cell(thing, words), _cut(_far_end(account, vpc, thing, words))
        cell.width = max(cell.width, _measure(says, 10.5) + 28)
        pill = _Box("far-end", cell.width, 24, dict(fill="#f5f6f8", stroke=SOFT, rx=12), [_Text(cell.width // 2, 16, says, 10.5, INK, "normal", "middle")])
        found.append((thing, cell, pill))
    return found


# ---- lines


class _Line(NamedTuple):
    """Straight pieces that are one line, where its arrow ends, and where it begins or forks."""

    look: _Look
    pieces: list[tuple[int, int, int, int]]
    arrows: list[tuple[int, int, int, int]]
    dots: list[tuple[int, int]]


class _Lanes:
    """Which lane each target has in each gutter and in the bus above the zones. No two lines share one, so they only ever cross at right angles."""

    STEP = 9

    def __init__(self) -> None:
        self.used: dict[int, list[_Thing]] = defaultdict(list)
        self.bus: list[_Thing] = []

    def take(self, column: int, target: _Thing) -> None:
        if target not in self.used[column]:
            self.used[column].append(target)

    def cross(self, target: _Thing) -> None:
        if target not in self.bus:
            self.bus.append(target)

    def gutter(self, column: int) -> int:
        """How wide the space left of a zone is."""
        return 12 + self.STEP * (len(self.used[column]) - 1) + 14 if self.used[column] else 14

    def place(self, column: int, target: _Thing) -> int:
        return 14 + self.STEP * self.used[column].index(target)


# ---- one VPC


def _vpc_diagram(account: _Account, vpc: _Thing, words: Mapping[str, str]) -> Diagram:
    picture = _VpcPicture(account, vpc, words)
    subnets = account.all("ec2_subnets", vpc)
    text = words["text_vpc"].format(
        name=vpc.name,
        blocks=words["comma"].join(_blocks(vpc)) or "-",
        zones=len({subnet.get("availability_zone") for subnet in subnets}),
        subnets=len(subnets),
        public=sum(account.sort_of(subnet) == PUBLIC for subnet in subnets),
        instances=len(account.all("ec2_instances", vpc)),
    )
    return Diagram(words["heading"].format(vpc.name), picture.svg(), text)


class _VpcPicture:
    """A VPC's frame with its zones side by side, what is on its edge, the lines to where default routes lead, its route tables, and a legend."""

    MARGIN = 12
    HALF = 19  # of what is on the edge, inside the frame
    TOP = 24 + 14  # pills and the way to them

    def __init__(self, account: _Account, vpc: _Thing, words: Mapping[str, str]) -> None:
        self.account, self.vpc, self.words = account, vpc, words
        self.subnets = account.all("ec2_subnets", vpc)
        self.zones = sorted({subnet.get("availability_zone") for subnet in self.subnets})
        self.ways = {subnet: account.ways_out(subnet) for subnet in self.subnets}
        self.cells: dict[_Thing, _Box] = {}  # of targets in subnets
        self.subnet_boxes: dict[_Thing, _Box] = {}
        self.edge_cells: dict[_Thing, _Box] = {}
        self.zone_boxes: list[_Box] = []
        self._sort_targets()

    def svg(self) -> str:
        frame = self._frame()
        boxes, lines = self._edges(frame)
        for box in [frame, *boxes]:
            box.settle()
        lines += [self._line(target) for target in self._drawn_targets()]
        wide, y = frame.right + self.MARGIN, max(box.bottom for box in [frame, *boxes]) + 20
        tables, y = self._tables(self.MARGIN, y, frame.width)
        legend, y = self._legend(self.MARGIN, y, frame.width)
        for box in [*tables, *legend]:
            box.settle()
        return _svg([frame, *boxes, *tables, *legend], lines, wide, y + self.MARGIN)

    # -- where lines lead

    def _sort_targets(self) -> None:
        """Targets in subnets of this VPC, and those on its edge."""
        targets = list(dict.fromkeys(target for subnet in self.subnets for target in self.ways[subnet]))
        self.inner = [target for target in targets if self._home(target) is not None]
        edge_kinds = ("ec2_internet_gateways", "ec2_vpn_gateways", "ec2_vpc_peering_connections", *BARE)
        there = [*self.account.all("ec2_internet_gateways", self.vpc), *self.account.all("ec2_vpn_gateways", self.vpc)]
        self.top = list(dict.fromkeys([*there, *(target for target in targets if target.kind in edge_kinds)]))
        others = [*self.account.peerings(self.vpc), *self.account.gateway_endpoints(self.vpc)]
        self.foot = [thing for thing in others if thing not in self.top]

    def _home(self, target: _Thing) -> _Thing | None:
        """The subnet of this VPC in which a target stands."""
        return next((subnet for subnet in target.subnets if subnet.vpc is self.vpc), None) if target.kind in INSIDE else None

    def _ends_in(self, thing: _Thing, subnet: _Thing) -> bool:
        return thing in self.inner and self._home(thing) is subnet

    def _drawn_targets(self) -> list[_Thing]:
        users = {target for targets in self.ways.values() for target in targets}
        return [target for target in [*self.top, *self.inner] if target in users and (target in self.top or target in self.cells)]

    def _lanes(self) -> _Lanes:
        lanes = _Lanes()
        for target in self._drawn_targets():
            home = self._home(target) if target not in self.top else None
            columns = [self._column(subnet) for subnet in self.subnets if target in self.ways[subnet]]
            for column in sorted({*columns, *([self._column(home)] if home else [])}):
                lanes.take(column, target)
            if home is None or any(column != self._column(home) for column in columns):
                lanes.cross(target)
        return lanes

    def _column(self, subnet: _Thing) -> int:
        return self.zones.index(subnet.get("availability_zone"))

    # -- the frame

    def _frame(self) -> _Box:
        """The VPC with its name in the corner, its zones side by side, and room between them for the lines."""
        frame = _framed("vpc", dict(fill="#fbfbfd", stroke="#4c2a92", stroke_width=2), self.vpc.beside, self.vpc.name)
        rows, bodies = self._rows(), {subnet: self._subnet(subnet) for subnet in self.subnets}
        self.lanes = self._lanes()
        title_width = self._name(frame)
        bus_top = max(14 + max(text.y for text in frame.says), self.HALF + 14)
        top = bus_top + (_Lanes.STEP * len(self.lanes.bus) + 6 if self.lanes.bus else 0)
        column_width = max([200, *(box.width for box in bodies.values()), *(_measure(self._zone_name(zone), 11.5) for zone in self.zones)])
        edges = sum(cell.width + 16 for dummy, cell, pill in _with_far_ends(self.account, self.vpc, self.top, self.words))
        gutters = sum(self.lanes.gutter(column) for column in range(len(self.zones)))
        frame.width = max(NARROWEST, title_width + 24 + edges + 8, gutters + len(self.zones) * (column_width + 20) + 14)
        if self.zones:
            # Zones share what room is left.
            column_width = (frame.width - gutters - 14) // len(self.zones) - 20
        x = 0
        for column, zone in enumerate(self.zones):
            x += self.lanes.gutter(column)
            self.zone_boxes.append(self._zone(zone, column_width, rows, bodies).at(x, top))
            x += column_width + 20
        frame.inside = self.zone_boxes
        frame.height = max([top, *(box.bottom for box in frame.inside)]) + (self.HALF + 12 if self.foot else 14)
        frame.at(self.MARGIN, self.MARGIN + (self.TOP + self.HALF if self.top else 0))
        self.bus_start = frame.y + bus_top
        return frame

    def _name(self, frame: _Box) -> int:
        """Name and blocks in the corner; returns how wide they are."""
        frame.says.append(_Text(12, 22, f"VPC {_cut(self.vpc.name)}", 13, "#3b1f78", "bold"))
        for number, line in enumerate(_wrapped([_cut(block) for block in _blocks(self.vpc)], ", ", 11, 220)):
            frame.says.append(_Text(12, 39 + 15 * number, line, 11, SOFT))
        if self.vpc.beside:
            frame.says.append(_Text(12, max(text.y for text in frame.says) + 15, self.words["beside"], 11, INK, "bold"))
        return max(text.x + _measure(text.words, text.size) for text in frame.says)

    def _zone_name(self, zone: str) -> str:
        return _cut(zone) or self.words["no_zone"]

    def _rows(self) -> list[dict[str, _Thing]]:
        """Subnets of the same purpose side by side. What is the same but for the zone in the name has the same purpose; public ones come first."""
        rows = []
        for sort in (PUBLIC, UNKNOWN, PRIVATE):
            mine = [subnet for subnet in self.subnets if self.account.sort_of(subnet) == sort]
            by_stem: dict[str, dict[str, list[_Thing]]] = defaultdict(lambda: defaultdict(list))
            for subnet in sorted(mine, key=lambda subnet: (_octets(subnet.get("cidr_block")), subnet.order)):
                by_stem[_stem(subnet)][subnet.get("availability_zone")].append(subnet)
            shared = [zones for zones in by_stem.values() if len(zones) > 1]
            alone: dict[str, list[_Thing]] = defaultdict(list)
            for zones in by_stem.values():
                for zone, subnets in zones.items():
                    alone[zone] += subnets if len(zones) == 1 else ()
            for zones in [*shared, alone]:
                deepest = max((len(subnets) for subnets in zones.values()), default=0)
                rows += [{zone: subnets[depth] for zone, subnets in zones.items() if depth < len(subnets)} for depth in range(deepest)]
        return rows

    def _zone(self, zone: str, column_width: int, rows: Sequence[Mapping[str, _Thing]], bodies: Mapping[_Thing, _Box]) -> _Box:
        box = _Box("zone", column_width + 20, 0, dict(fill="none", stroke="#5f6b7a", stroke_dasharray="6 3"), title=zone)
        box.says.append(_Text(10, 18, self._zone_name(zone), 11.5, "#33404f", "bold"))
        y = 28
        for row in rows:
            height = max(bodies[subnet].height for subnet in row.values())
            if zone in row:
                subnet = bodies[row[zone]]
                subnet.width, subnet.height = column_width, height
                box.inside.append(subnet.at(10, y))
            y += height + 10
        box.height = y
        return box

    def _subnet(self, subnet: _Thing) -> _Box:
        """A subnet with what stands in it. Targets of lines stand at its left side, one below the other, where a line reaches them."""
        sort = self.account.sort_of(subnet)
        look, badge_look, badge_ink = SUBNETS[sort]
        box = _framed("subnet", look, subnet.beside, f"{subnet.name} {subnet.get('cidr_block')}")
        self.subnet_boxes[subnet] = box
        badge = _Box("badge", _measure(self.words[sort], 9.5) + 12, 16, dict(badge_look, rx=3))
        badge.says.append(_Text(badge.width // 2, 12, self.words[sort], 9.5, badge_ink, "bold", "middle"))
        name, block = _cut(subnet.name), _cut(subnet.get("cidr_block"))
        box.says += [_Text(10, 18, name, 11.5, INK, "bold"), _Text(10 + badge.width + 8, 35, block, 10.5, SOFT)]
        box.inside.append(badge.at(10, 24))
        cells, box.height = self._contents(subnet)
        box.inside += cells
        box.width = 10 + max([_measure(name, 11.5) + 10, badge.width + 8 + _measure(block, 10.5) + 10, *(cell.right for cell in cells)])
        return box

    def _contents(self, subnet: _Thing) -> tuple[list[_Box], int]:
        things = self.account.contents(subnet)
        things.sort(key=lambda thing: not self._ends_in(thing, subnet))
        shown = things if len(things) <= SHOWN else things[: SHOWN - 1]
        cells = [_thing_cell(thing, self.words) for thing in shown]
        if len(things) > len(shown):
            cells.append(_more(len(things) - len(shown), things[len(shown):], self.words))
        first = [thing for thing in shown if self._ends_in(thing, subnet)]
        self.cells.update(zip(first, cells, strict=False))
        broad = max((cell.width for cell in cells), default=0)
        beside = max(1, min((WIDE // max(1, len(self.zones)) - 50) // (broad + 8) if broad else 1, math.ceil(len(cells) / 3)))
        for number, cell in enumerate(cells):
            # Targets are the first of a row each; others fill the places beside and below them.
            row, place = (number, 0) if number < len(first) else self._place(number - len(first), len(first), beside)
            cell.width = broad
            cell.at(10 + place * (broad + 8), 46 + row * 46)
        return cells, max([44, *(cell.bottom + 10 for cell in cells)])

    @staticmethod
    def _place(number: int, taken: int, beside: int) -> tuple[int, int]:
        """Row and place of one that is no target, by its number; in so many rows the first place is taken."""
        free = taken * (beside - 1)
        if number < free:
            return number // (beside - 1), 1 + number % (beside - 1)
        return taken + (number - free) // beside, (number - free) % beside

    # -- the edge

    def _edges(self, frame: _Box) -> tuple[list[_Box], list[_Line]]:
        """What is on the edge: above where default routes lead, below the rest. Each with what is beyond it."""
        boxes, lines = [], []
        x = frame.right - 8
        for thing, cell, pill in reversed(_with_far_ends(self.account, self.vpc, self.top, self.words)):
            x -= cell.width + 16
            boxes += [cell.at(x + 16, frame.y - self.HALF), pill.at(x + 16, self.MARGIN)]
            self.edge_cells[thing] = cell
            lines.append(_Line(_Look("", SOFT), [(cell.centre, cell.y, cell.centre, pill.bottom)], [], []))
        x = frame.x + 12
        foot = _with_far_ends(self.account, self.vpc, self.foot, self.words)
        for number, (dummy, cell, pill) in enumerate(foot):
            rest = _more(len(foot) - number, [thing for thing, *dummy in foot[number:]], self.words)
            last = number == len(foot) - 1
            if x + cell.width + (0 if last else 16 + rest.width + 60) > frame.right - 12:
                rest.role = "edge"
                boxes.append(rest.at(x, frame.bottom - self.HALF))
                break
            boxes += [cell.at(x, frame.bottom - self.HALF), pill.at(x, frame.bottom + self.HALF + 14)]
            lines.append(_Line(_Look("", SOFT), [(cell.centre, cell.bottom, cell.centre, pill.y)], [], []))
            x = cell.right + 16
        return boxes, lines

    # -- lines

    def _line(self, target: _Thing) -> _Line:
        """From each subnet whose default route leads there: along its zone's gutter, and above the zones where it leads to another column or to the edge."""
        line = _Line(LOOKS[target.kind], [], [], [])
        bus = self.bus_start + _Lanes.STEP * self.lanes.bus.index(target) if target in self.lanes.bus else None
        xs = []
        for column in range(len(self.zones)):
            if target in self.lanes.used[column]:
                xs.append(self._lane(column, target))
                self._in_gutter(line, column, target, bus)
        if target in self.edge_cells:
            cell = self.edge_cells[target]
            x = self._exit(cell)
            line.pieces.append((x, bus, x, cell.bottom))
            line.arrows.append((x, cell.bottom, 0, -1))
            xs.append(x)
        if bus is not None:
            line.pieces.append((min(xs), bus, max(xs), bus))
        return line

    def _in_gutter(self, line: _Line, column: int, target: _Thing, bus: int | None) -> None:
        """What a line has beside one zone: the way along it, a branch for each subnet, and one into the target if it stands there."""
        x, ys = self._lane(column, target), [bus] if bus is not None else []
        for subnet in self.subnets:
            if target in self.ways[subnet] and self._column(subnet) == column:
                box = self.subnet_boxes[subnet]
                y = box.y + 8 + 7 * self.ways[subnet].index(target)
                line.pieces.append((box.x, y, x, y))
                line.dots.append((box.x, y))
                ys.append(y)
        if target in self.cells and self._column(self._home(target)) == column:
            cell = self.cells[target]
            line.pieces.append((x, cell.middle, cell.x, cell.middle))
            line.arrows.append((cell.x, cell.middle, 1, 0))
            ys.append(cell.middle)
        line.pieces.append((x, min(ys), x, max(ys)))

    def _lane(self, column: int, target: _Thing) -> int:
        return self.zone_boxes[column].x - self.lanes.gutter(column) + self.lanes.place(column, target)

    def _exit(self, cell: _Box) -> int:
        """Where a line reaches what is on the edge: in its middle, but not above a lane, where two lines would look like one."""
        lanes = [self._lane(column, target) for column, targets in self.lanes.used.items() for target in targets]
        places = sorted(range(cell.x + 8, cell.right - 8), key=lambda x: abs(x - cell.centre))
        return next((x for x in places if all(abs(x - lane) > 3 for lane in lanes)), cell.centre)

    # -- below the frame

    def _tables(self, x: int, y: int, room: int) -> tuple[list[_Box], int]:
        """The route tables, two in a row of one height."""
        tables = self.account.all("ec2_route_tables", self.vpc)
        if not tables:
            return [], y
        heading = _Box("heading", room, 24, dict(fill="none", stroke="none"), [_Text(0, 16, self.words["tables"], 13, "#3b1f78", "bold")])
        placed, y = [heading.at(x, y)], y + 28
        broad = (room - 12) // 2
        boxes = [self._table(table, broad) for table in (tables if len(tables) <= SHOWN_TABLES else tables[: SHOWN_TABLES - 1])]
        if len(tables) > len(boxes):
            boxes.append(_more(len(tables) - len(boxes), tables[len(boxes):], self.words))
        for pair in zip(boxes[::2], [*boxes[1::2], None], strict=False):
            both = [box for box in pair if box]
            height = max(box.height for box in both)
            for place, box in enumerate(both):
                box.width, box.height = broad, height
                placed.append(box.at(x + place * (broad + 12), y))
            y += height + 10
        return placed, y

    def _table(self, table: _Thing, broad: int) -> _Box:
        """Name; destination → target; who uses it."""
        box = _framed("route-table", dict(fill=PAPER, stroke=RULE), table.beside, table.name)
        room = broad - 20
        marks = [self.words[mark] for mark, is_so in (("main", table is self.account.main_table(self.vpc)), ("beside", table.beside)) if is_so]
        mark = f" ({self.words['comma'].join(marks)})" if marks else ""
        box.says.append(_Text(10, 18, f"{_fitted(table.name, 11.5, room - _measure(mark, 11.5))}{mark}", 11.5, INK, "bold"))
        users = [subnet.name for subnet in self.subnets if self.account.table_of(subnet) is table]
        users = self._some([_fitted(name, 10, room // 2) for name in users]) or [self.words["nothing"]]
        used = _wrapped([self.words["used_by"].format(users[0]), *users[1:]], self.words["comma"], 10, room)
        for line in self._some(list(self._routes(table))) or [self.words["no_routes"]]:
            box.says.append(_Text(10, box.says[-1].y + 16, _fitted(line, 10.5, room), 10.5, INK))
        for line in used:
            box.says.append(_Text(10, box.says[-1].y + (16 if line is used[0] else 14), _fitted(line, 10, room), 10, SOFT))
        box.height = box.says[-1].y + 10
        return box

    def _routes(self, table: _Thing) -> Iterator[str]:
        for route in table.entry.get("routes") or ():
            option, value = _target(route)
            yield f"{_destination(route)} → {_letters(option)} {_line(value)}"
        for gateway in table.entry.get("propagating_vpn_gateways") or ():
            yield f"{self.words['propagated']} → {_letters('vpn_gateway')} {_line(gateway)}"
        for endpoint in self.account.gateway_endpoints(self.vpc):
            if table in self.account.several("ec2_route_tables", endpoint, "route_tables"):
                yield f"{_service(endpoint)} → {_letters('vpc_endpoint')} {endpoint.name}"

    def _some(self, lines: list[str]) -> list[str]:
        """What remains legible of a list."""
        return lines if len(lines) <= SHOWN_ROUTES else [*lines[: SHOWN_ROUTES - 1], self.words["more"].format(len(lines) - SHOWN_ROUTES + 1)]

    def _legend(self, x: int, y: int, room: int) -> tuple[list[_Box], int]:
        """What the looks mean that occur."""
        sorts = {self.account.sort_of(subnet) for subnet in self.subnets}
        samples = [(dict(SUBNETS[sort][0]), False, self.words[f"subnet_{sort}"]) for sort in SUBNETS if sort in sorts]
        if self._drawn_targets():
            samples.append((None, False, self.words["default_route"]))
        if self.account.has_beside(self.vpc):
            samples.append((OUTSIDE, True, self.words["beside"]))
        return _legend(samples, x, y, room)


def _octets(block: str) -> list[int]:
    """A block in the order of numbers, so that 10.0.2.0 comes before 10.0.10.0."""
    return [int(part) for part in re.findall(r"[0-9]{1,9}", block)]


def _stem(subnet: _Thing) -> str:
    """A subnet's name without the words that mean its zone: of app-a in ap-northeast-1a this is app."""
    zone = subnet.get("availability_zone")
    marks = "|".join(re.escape(mark) for mark in (zone, zone.rpartition("-")[2], zone[-1:]) if mark)
    return re.sub(rf"(^|[-_. ])(?:{marks})(?=$|[-_. ])", "", subnet.name) if marks else subnet.name


def _letters(option: str) -> str:
    return LOOKS[option if option in LOOKS else f"ec2_{option}s"].letters if option else ""


def _fitted(words: str, size: float, room: int) -> str:
    """As many of the words as there is room for."""
    return next((cut for cut in (_cut(words, columns) for columns in range(width(words), 3, -1)) if _measure(cut, size) <= room), words[:1])


def _legend(samples: Sequence[tuple[Mapping[str, Any] | None, bool, str]], x: int, y: int, room: int) -> tuple[list[_Box], int]:
    """Samples of looks, each with what it means; one without a look is a line."""
    boxes = []
    for look, hatched, says in samples:
        box = _Box("legend", 34 + _measure(says, 10.5) + 12, 22, dict(fill="none", stroke="none"), [_Text(34, 15, says, 10.5, INK)])
        sample = _Box("sample", 26, 2, dict(fill=INK, stroke="none")) if look is None else _Box("sample", 26, 14, look, hatched=hatched)
        box.inside.append(sample.at(2, 10 if look is None else 4))
        boxes.append(box)
    return _row(boxes, x, y, 8, room)


# ---- all VPCs


def _overview(account: _Account, words: Mapping[str, str]) -> list[Diagram]:
    vpcs, peerings = account.all("ec2_vpcs"), account.all("ec2_vpc_peering_connections")
    loose = [thing for kind in ("ec2_internet_gateways", "ec2_vpn_gateways") for thing in account.all(kind) if thing.vpc is None]
    if not (vpcs or peerings or loose):
        return []
    boxes, lines = _Overview(account, words, vpcs, peerings, loose).drawn()
    x, y, right = boxes[0].x, max(box.bottom for box in boxes) + 12, max(box.right for box in boxes)
    if account.has_beside(None):
        legend, y = _legend([(OUTSIDE, True, words["beside"])], x, y, right - x)
        boxes += legend
    for box in boxes:
        box.settle()
    svg = _svg(boxes, lines, right + x, y + 8)
    return [Diagram(words["overview"], svg, words["text_overview"].format(vpcs=len(vpcs), peerings=len(peerings)))]


class _Overview:
    """VPCs below one another with what is on their edges, peering connections beside them, and the lines between.

    Lines leave VPCs at multiples of GRID and reach peering connections half-way between two, so that no two of them lie on one another.
    """

    GRID = 8
    MARGIN = 16

    def __init__(
        self, account: _Account, words: Mapping[str, str], vpcs: Sequence[_Thing], peerings: Sequence[_Thing], loose: Sequence[_Thing]
    ) -> None:
        self.account, self.words, self.vpcs, self.loose = account, words, vpcs, loose
        self.peerings = peerings if len(peerings) <= SHOWN_PEERINGS else peerings[: SHOWN_PEERINGS - 1]
        self.hidden = peerings[len(self.peerings):]

    def drawn(self) -> tuple[list[_Box], list[_Line]]:
        boxes = {vpc: self._vpc(vpc) for vpc in self.vpcs}
        column = [*boxes.values(), *([self._loose()] if self.loose else [])]
        broad = max((box.width for box in column), default=0)
        for box in column:
            box.width = broad
        if not self.peerings:
            return _row(column, self.MARGIN, self.MARGIN, 16, WIDE)[0], []
        y = self.MARGIN
        for box in column:
            box.at(self.MARGIN, y)
            y = box.bottom + 2 * self.GRID
        left = self.MARGIN + broad + 20
        beside = self._peerings(left + self.GRID * len(self.peerings) + 24)
        lines = self._lines(boxes, beside, left)
        return [*column, *beside], lines

    def _vpc(self, vpc: _Thing) -> _Box:
        box = _framed("vpc", dict(fill="#f7f5fc", stroke="#4c2a92", stroke_width=2), vpc.beside, vpc.name)
        counts = self.words["counts"].format(
            subnets=len(self.account.all("ec2_subnets", vpc)), instances=len(self.account.all("ec2_instances", vpc))
        )
        box.says.append(_Text(12, 22, f"VPC {_cut(vpc.name, 40)}", 13, "#3b1f78", "bold"))
        for line in [*_wrapped([_cut(block) for block in _blocks(vpc)], ", ", 11, 300), counts]:
            box.says.append(_Text(12, box.says[-1].y + 16, line, 11, SOFT))
        if vpc.beside:
            box.says.append(_Text(12, box.says[-1].y + 16, self.words["beside"], 11, INK, "bold"))
        at_edge = [thing for kind in ("ec2_internet_gateways", "ec2_vpn_gateways") for thing in self.account.all(kind, vpc)]
        self._fill(box, [*at_edge, *self.account.gateway_endpoints(vpc)])
        ports = sum(vpc in self.account.ends(peering) for peering in self.peerings)
        box.height = self._on_grid(max(box.height, self.GRID * (2 * ports + 2)))
        return box

    def _loose(self) -> _Box:
        box = _Box("loose", 0, 0, dict(fill="none", stroke=RULE, stroke_dasharray="6 3"))
        box.says.append(_Text(12, 22, self.words["loose"], 12, SOFT, "bold"))
        self._fill(box, self.loose)
        box.height = self._on_grid(box.height)
        return box

    def _fill(self, box: _Box, things: Sequence[_Thing]) -> None:
        """What is on the edge, two in a row, below the words."""
        y = box.says[-1].y + 12
        cells = [_edge_cell(thing, self.words) for thing in things]
        for cell in cells:
            cell.role = "thing"
        broad = max((cell.width for cell in cells), default=0)
        for number, cell in enumerate(cells):
            cell.width = broad
            cell.at(12 + number % 2 * (broad + 8), y + number // 2 * 46)
        box.inside += cells
        box.width = 12 + max([300, *(cell.right for cell in cells), *(text.x + _measure(text.words, text.size) for text in box.says)])
        box.height = max([y, *(cell.bottom + 12 for cell in cells)])

    def _on_grid(self, height: int) -> int:
        return math.ceil(height / self.GRID) * self.GRID

    def _peerings(self, x: int) -> list[_Box]:
        boxes = [self._peering(peering) for peering in self.peerings]
        if self.hidden:
            boxes.append(_more(len(self.hidden), self.hidden, self.words))
        broad = max(box.width for box in boxes)
        for number, box in enumerate(boxes):
            box.width = broad
            # 19 is half a box: its middle is half-way between two multiples of GRID.
            box.at(x, self.MARGIN + self.GRID + self.GRID // 2 - 3 - 19 + 2 * self.GRID - 5 + 6 * self.GRID * number)
        return boxes

    def _peering(self, peering: _Thing) -> _Box:
        asking, asked = self.account.ends(peering)
        where = _cut(" / ".join(word for word in (peering.get("peer_owner_id"), peering.get("peer_region")) if word), 30)
        names = [_cut(asking.name) if asking else self.words["unknown_vpc"], _cut(asked.name if asked else _elsewhere(peering, self.words))]
        return _cell(
            LOOKS[peering.kind], _cut(peering.name, 2 * COLUMNS), " ⇔ ".join(names) + (f" ({where})" if where and not asked else ""), peering.beside,
            f"{self.words[peering.kind]}: {peering.name}", self.words,
        )

    def _lines(self, boxes: Mapping[_Thing, _Box], beside: Sequence[_Box], left: int) -> list[_Line]:
        lines = []
        ports: dict[_Thing, int] = defaultdict(int)
        for number, (peering, box) in enumerate(zip(self.peerings, beside, strict=False)):
            line = _Line(LOOKS[peering.kind], [], [], [])
            x, ys = left + self.GRID * number, [box.middle]
            for end in dict.fromkeys(end for end in self.account.ends(peering) if end):
                ports[end] += 2
                y = boxes[end].y + self.GRID * ports[end]
                line.pieces.append((boxes[end].right, y, x, y))
                line.dots.append((boxes[end].right, y))
                ys.append(y)
            if len(ys) > 1:
                line.pieces.extend([(x, min(ys), x, max(ys)), (x, box.middle, box.x, box.middle)])
                lines.append(line)
        return lines


# ---- the drawing itself


def _svg(boxes: Iterable[_Box], lines: Iterable[_Line], wide: int, high: int) -> str:
    """The text of a drawing that is at most as wide as it was made, and narrower where there is less room."""
    root = ElementTree.Element("svg", dict(xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {wide} {high}", width="100%", style=f"max-width:{wide}px"))
    root.set("font-family", FONTS)
    ElementTree.SubElement(root, "rect", dict(width=str(wide), height=str(high), fill=PAPER))
    for box in boxes:
        _draw(root, box)
    for line in lines:
        _draw_line(root, line)
    return ElementTree.tostring(root, encoding="unicode")


def _draw(parent: ElementTree.Element, box: _Box) -> None:
    group = ElementTree.SubElement(parent, "g", {"data-is": box.role})
    if box.title:
        ElementTree.SubElement(group, "title").text = _line(box.title)
    ElementTree.SubElement(group, "rect", _attributes(dict(x=box.x, y=box.y, width=box.width, height=box.height, **box.look)))
    if box.hatched:
        ElementTree.SubElement(group, "path", _attributes(dict(d=_hatch(box), stroke="#cfcfcf", stroke_width=1, fill="none")))
    for text in box.says:
        look = dict(x=box.x + text.x, y=box.y + text.y, font_size=text.size, fill=text.fill, font_weight=text.weight, text_anchor=text.anchor)
        ElementTree.SubElement(group, "text", _attributes(look)).text = text.words
    for one in box.inside:
        _draw(group, one)


def _attributes(look: Mapping[str, Any]) -> dict[str, str]:
    """As SVG writes them; what is so without being said is left out."""
    usual = (("font_weight", "normal"), ("text_anchor", "start"))
    return {name.replace("_", "-"): str(value) for name, value in look.items() if (name, value) not in usual}


def _hatch(box: _Box) -> str:
    """Strokes from the lower left to the upper right that end where the box does."""
    strokes = []
    for start in range(8, box.width + box.height, 8):
        lower, upper = max(0, start - box.height), min(start, box.width)
        strokes.append(f"M{box.x + lower} {box.y + start - lower}L{box.x + upper} {box.y + start - upper}")
    return "".join(strokes)


def _draw_line(parent: ElementTree.Element, line: _Line) -> None:
    group = ElementTree.SubElement(parent, "g", {"data-is": "line"})
    way = "".join(f"M{x} {y}L{to_x} {to_y}" for x, y, to_x, to_y in line.pieces)
    ElementTree.SubElement(group, "path", _attributes(dict(d=way, fill="none", stroke=line.look.colour, stroke_width=1.6)))
    if line.look.dash:
        group[-1].set("stroke-dasharray", line.look.dash)
    for x, y, right, down in line.arrows:
        corners = f"{x},{y} {x - 8 * right - 4 * down},{y - 8 * down - 4 * right} {x - 8 * right + 4 * down},{y - 8 * down + 4 * right}"
        ElementTree.SubElement(group, "polygon", dict(points=corners, fill=line.look.colour))
    for x, y in line.dots:
        ElementTree.SubElement(group, "circle", _attributes(dict(cx=x, cy=y, r=3, fill=line.look.colour)))
