# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network diagrams: whatever an account holds, all of it is drawn or counted, no word runs out of its box, no box or line lies on another."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.plugin_utils._network_diagram import diagrams
from ansible_collections.msp.aws.plugins.plugin_utils._network_looks import WORDS
from ansible_collections.msp.aws.plugins.plugin_utils._network_overview import SHOWN_PEERINGS
from ansible_collections.msp.aws.plugins.plugin_utils._network_things import one_line as line
from ansible_collections.msp.aws.plugins.plugin_utils._papers import width
from ansible_collections.msp.aws.plugins.plugin_utils._papers_svg import drawing
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

ROOT = Path(__file__).resolve().parents[2]
SHEET = yaml.safe_load((ROOT / "inventories" / "demo" / "group_vars" / "all" / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
# The account of a sheet whose lists are plain ones.
DEMO = {kind: entries for kind, entries in SHEET.items() if kind.startswith("ec2_")}
PLACED = ("elbv2_load_balancers", "networkfirewall_firewalls")
MARKUP = ["<script>alert(1)</script>", "a&b &amp; \"c\" 'd'", "]]>", "a/b", "\x0bx\ud800", "x\ny", "url(//x)"]
HOSTILE = [*MARKUP, "本番環境_基幹システム_東京_VPC", "W" * 60, "サーバー一号機" * 9]
ELSEWHERE = "vpc-0123456789abcdef0"
LEAVES = ("thing", "edge", "more", "icon", "badge", "far-end", "route-table", "legend", "heading")


# ---- accounts of all sorts

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=14)
NAMES = st.sampled_from([*HOSTILE, "web", "app-a", "app-c", "db-1a", "smp-prod-pub-a"]) | ANYTHING
ZONES = st.sampled_from(["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"])


class Maker:
    """An account in the making, and references into it as `state: gathered` writes them: the name where only one thing has it, else the id."""

    def __init__(self, draw):
        self.draw, self.account, self.taken = draw, {}, set()

    def add(self, kind, /, **options):
        """An entry with a name of its own, or with an id alone; returns how others refer to it."""
        entries = self.account.setdefault(kind, [])
        name = self.draw(NAMES)
        entry = {option: value for option, value in options.items() if value is not None}
        if self.draw(st.integers(0, 3)) == 0 or (kind, name) in self.taken:
            entry["id"] = f"{kind[4:7]}-{len(entries):017x}"
        else:
            entry["name"] = name
            self.taken.add((kind, name))
        entries.append(entry)
        return entry.get("id") or name

    def some(self, most):
        return range(self.draw(st.integers(0, most)))

    def one_of(self, things):
        return self.draw(st.sampled_from(things)) if things else None

    def chosen(self, things):
        return [thing for thing in things if self.draw(st.booleans())]


@st.composite
def accounts(draw):
    make = Maker(draw)
    vpcs = [make.add("ec2_vpcs", cidr_block=f"10.{number}.0.0/16", secondary_cidr_blocks=["100.64.0.0/16"] * number) for number in make.some(3)]
    for vpc in [None, *vpcs]:
        if draw(st.booleans()):
            make.add("ec2_internet_gateways", vpc=vpc)
        if draw(st.booleans()):
            make.add("ec2_vpn_gateways", vpc=vpc)
    for dummy in make.some(4) if vpcs else ():
        asking, asked = make.one_of([*vpcs, None]), make.one_of([*vpcs, ELSEWHERE])
        make.add("ec2_vpc_peering_connections", vpc=asking, peer_vpc=asked, peer_owner_id="999999999999", peer_region="us-east-1")
    for vpc in vpcs:
        fill(make, vpc)
    labels = {kind: [kinds()[kind].label(entry) for entry in entries] for kind, entries in make.account.items()}
    return make.account, {kind: make.chosen(sorted(set(found))) for kind, found in labels.items()} if draw(st.booleans()) else {}


def fill(make, vpc):
    """Subnets, what stands in them, and route tables of which each subnet is in one at most."""
    subnets = [
        make.add("ec2_subnets", vpc=vpc, cidr_block=f"10.0.{number}.0/24", availability_zone=make.draw(ZONES)) for number in make.some(6)
    ]
    inside, hosts = dict(nat_gateway=[], network_interface=[]), []
    for subnet in subnets:
        for dummy in make.some(2):
            inside["nat_gateway"].append(make.add("ec2_nat_gateways", subnet=subnet, elastic_ip=make.draw(NAMES)))
        for number in range(make.draw(st.sampled_from([0, 0, 1, 3, 14]))):
            hosts.append(make.add("ec2_instances", subnet=subnet, instance_type="u7inh-32tb.480xlarge", private_ip_address=f"10.0.0.{number}"))
        for dummy in make.some(1):
            attachment = dict(instance=make.one_of(hosts), device_index=1) if hosts and make.draw(st.booleans()) else None
            inside["network_interface"].append(make.add("ec2_network_interfaces", subnet=subnet, attachment=attachment))
    tables = routes(make, vpc, subnets, inside)
    for dummy in make.some(2):
        make.add("ec2_vpc_endpoints", vpc=vpc, vpc_endpoint_type="Interface", service_name="com.amazonaws.ap-northeast-1.ssm", subnets=make.chosen(subnets))
        make.add("ec2_vpc_endpoints", vpc=vpc, vpc_endpoint_type="Gateway", service_name="com.amazonaws.ap-northeast-1.s3", route_tables=make.chosen(tables))
    for kind, more in (("elbv2_load_balancers", dict(scheme="internet-facing")), ("networkfirewall_firewalls", dict(vpc=vpc))):
        for dummy in make.some(2):
            type_ = make.draw(st.sampled_from(["application", "network", "gateway"])) if kind == "elbv2_load_balancers" else None
            make.add(kind, **more, type=type_, subnet_mappings=[dict(subnet=subnet) for subnet in make.chosen(subnets)])


def routes(make, vpc, subnets, inside):
    targets = [(option, thing) for option, things in inside.items() for thing in things]
    targets += [("transit_gateway", "tgw-0123456789abcdef0"), ("egress_only_internet_gateway", "eigw-0123456789abcdef0")]
    targets += [("internet_gateway", "igw-00000000000000fff")]  # that is no more
    for kind in ("internet_gateway", "vpn_gateway", "vpc_peering_connection"):
        targets += [(kind, entry.get("id") or entry["name"]) for entry in make.account.get(f"ec2_{kind}s", []) if entry.get("vpc") == vpc]
    left, tables = list(subnets), []
    for dummy in make.some(4):
        mine = make.chosen(left)
        left = [subnet for subnet in left if subnet not in mine]
        found = [dict([("destination_cidr_block", "192.168.0.0/16"), make.one_of(targets)])]
        for option, block in (("destination_cidr_block", "0.0.0.0/0"), ("destination_ipv6_cidr_block", "::/0")):
            found += [dict([(option, block), make.one_of(targets)])] if make.draw(st.booleans()) else []
        tables.append(make.add("ec2_route_tables", vpc=vpc, routes=found, subnets=mine or None))
    return tables


def large():
    """More of everything than is drawn."""
    zones = [f"us-east-1{letter}" for letter in "abcdef"]
    subnets = [(f"tier{tier:02}-{zone}", zone) for tier in range(9) for zone in zones]
    names = [name for name, dummy in subnets]
    blocks = [f"172.16.{number}.0/24" for number in range(30)]
    nats = [(f"nat-{number:02}", name) for number, name in enumerate(names[:6] * 3)]
    tables = [
        dict(
            name=f"table-{number:02}",
            vpc="big",
            routes=[dict(destination_cidr_block="0.0.0.0/0", nat_gateway=nats[number % 18][0])]
            + [dict(destination_cidr_block=block, vpc_peering_connection=f"peer-{number:02}") for number, block in enumerate(blocks)],
            subnets=names[number::40],
        )
        for number in range(40)
    ]
    return dict(
        ec2_vpcs=[dict(name="big", cidr_block="10.0.0.0/16"), *(dict(name=f"small-{number:02}", cidr_block="10.1.0.0/16") for number in range(30))],
        ec2_subnets=[dict(name=name, vpc="big", cidr_block=f"10.0.{number}.0/24", availability_zone=zone) for number, (name, zone) in enumerate(subnets)],
        ec2_instances=[dict(name=f"host-{number:03}", subnet=names[number % 20], instance_type="t3.nano") for number in range(400)],
        ec2_nat_gateways=[dict(name=name, subnet=subnet) for name, subnet in nats],
        ec2_route_tables=tables,
        ec2_vpc_peering_connections=[dict(name=f"peer-{number:02}", vpc="big", peer_vpc=f"small-{number % 30:02}") for number in range(40)],
    )


LARGE = large()


# ---- a drawing as it is seen


@dataclass
class Seen:
    role: str
    left: float
    top: float
    right: float
    bottom: float
    look: dict = field(default_factory=dict)
    title: str = ""
    texts: list = field(default_factory=list)
    inside: list = field(default_factory=list)

    def all(self):
        yield self
        for one in self.inside:
            yield from one.all()

    def boxes(self, *roles):
        return [box for box in self.all() if box.role in roles]

    def holds(self, other):
        return self.left <= other.left and self.top <= other.top and other.right <= self.right and other.bottom <= self.bottom

    def meets(self, other):
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


@dataclass
class Line:
    pieces: list
    ends: list
    arrows: list


def seen(svg):
    """The boxes as a tree, with texts as boxes of the role text, and the lines."""
    root = ElementTree.fromstring(drawing(svg))
    left, top, right, bottom = map(float, root.get("viewBox").split())
    page = Seen("page", left, top, right, bottom)
    lines = []
    for group in root.iter("g"):
        if group.get("data-is") == "line":
            lines.append(line_of(group))
    page.inside = [box_of(group) for group in root.findall("g") if group.get("data-is") != "line"]
    return page, lines


def box_of(group):
    rect = dict(group.find("rect").attrib)
    x, y, wide, high = (float(rect.pop(name)) for name in ("x", "y", "width", "height"))
    texts = [text_of(text) for text in group.findall("text")]
    inside = [box_of(one) for one in group.findall("g")]
    box = Seen(group.get("data-is"), x, y, x + wide, y + high, rect, group.findtext("title") or "", texts, inside)
    for path in group.findall("path"):
        numbers = [float(number) for number in re.findall(r"[\d.]+", path.get("d"))]
        assert all(x <= one <= x + wide for one in numbers[::2]) and all(y <= one <= y + high for one in numbers[1::2])
    return box


def text_of(text):
    """Words are taken for as wide as those of a typewriter whose columns are 0.55 of the size."""
    size, x, y = (float(text.get(name)) for name in ("font-size", "x", "y"))
    wide = width(text.text) * size * 0.55
    left = x - wide / 2 if text.get("text-anchor") == "middle" else x
    return Seen("text", left, y - 0.8 * size, left + wide, y + 0.2 * size, title=text.text)


def line_of(group):
    way = group.find("path").get("d")
    pieces = [tuple(map(float, piece)) for piece in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", way)]
    ends = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in group.findall("circle")]
    arrows = [tuple(map(float, arrow.get("points").split()[0].split(","))) for arrow in group.findall("polygon")]
    return Line(pieces, ends, arrows)


def piece_box(piece):
    x, y, to_x, to_y = piece
    return Seen("piece", min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y))


def crosses(piece, box):
    """Whether a piece of a line runs inside a box, and not only up to it."""
    one = piece_box(piece)
    return one.left < box.right and box.left < one.right and one.top < box.bottom and box.top < one.bottom


# ---- laws


def check_boxes(page):
    for box in page.all():
        for text in box.texts:
            assert box.holds(text), f"{text.title!r} runs out of its {box.role}"
        for one in box.inside:
            assert box.holds(one), f"{one.role} runs out of its {box.role}"
        for one, other in itertools.combinations([*box.inside, *box.texts], 2):
            assert not one.meets(other) or {one.role, other.role} == {"vpc", "edge"}, f"{one} and {other}"


def check_edges(page):
    """What is on the edge of a frame lies half in it, and on nothing that is in it."""
    for frame in page.boxes("vpc"):
        for edge in [box for box in page.inside if box.role == "edge"]:
            assert any(edge.top < border < edge.bottom for border in (frame.top, frame.bottom)) and frame.left <= edge.left and edge.right <= frame.right
            assert not any(edge.meets(other) for box in frame.all() for other in [*box.inside, *box.texts])


def check_lines(page, lines):
    solid = [*page.boxes(*LEAVES), *(text for box in page.all() for text in box.texts)]
    for way in lines:
        for piece in way.pieces:
            assert piece[0] == piece[2] or piece[1] == piece[3], "lines run level or upright"
            assert page.holds(piece_box(piece))
            assert not [box for box in solid if crosses(piece, box)]
    for one, other in itertools.combinations(lines, 2):
        for piece, beside in itertools.product(one.pieces, other.pieces):
            assert not any(alongside(piece, beside, way) for way in (0, 1)), "two lines look like one"


def alongside(piece, other, way):
    """Whether two pieces run the same way, less than 3 apart, with a part of both side by side."""
    if piece[way] != piece[way + 2] or other[way] != other[way + 2] or abs(piece[way] - other[way]) >= 3:
        return False
    (begin, end), (other_begin, other_end) = (sorted((one[1 - way], one[3 - way])) for one in (piece, other))
    return begin < other_end and other_begin < end


@settings(max_examples=100, deadline=None)
@given(accounts(), st.sampled_from(sorted(WORDS)))
@example((DEMO, {}), "ja")
@example((LARGE, {}), "ja")
@example((DEMO, {"ec2_vpcs": ["smp-prod"], "ec2_instances": ["smp-web01"]}), "en")
def test_nothing_runs_out_of_its_place(case, language):
    for found in diagrams(*case, language):
        page, lines = seen(found.svg)
        check_boxes(page)
        check_edges(page)
        check_lines(page, lines)


def test_lines_stay_apart_wherever_gateways_stand_above_the_zones():
    """Names of all lengths bring a gateway's middle above every place of a zone's gutter."""
    ways = dict(public=dict(internet_gateway="i"), premises=dict(vpn_gateway="v"), others=dict(transit_gateway="tgw-0123456789abcdef0"))
    zones = [f"eu-west-1{letter}" for letter in "abcd"]
    names = [(f"{tier}-{zone}", tier, zone) for tier in ways for zone in zones]
    for size in range(26):
        wide = dict(name="W" * size, subnet=names[0][0], instance_type="t3.nano")
        account = dict(
            ec2_vpcs=[dict(name="x", cidr_block="10.0.0.0/16")],
            ec2_subnets=[dict(name=name, vpc="x", cidr_block="10.0.0.0/24", availability_zone=zone) for name, dummy, zone in names],
            ec2_internet_gateways=[dict(name="i", vpc="x")],
            ec2_vpn_gateways=[dict(name="v", vpc="x")],
            ec2_route_tables=[
                dict(name=tier, vpc="x", routes=[dict(destination_cidr_block="0.0.0.0/0", **way)], subnets=[name for name, one, dummy in names if one == tier])
                for tier, way in ways.items()
            ],
            ec2_instances=[wide] if size else [],
        )
        page, lines = seen(diagrams(account)[1].svg)
        assert sum(len(one.ends) for one in lines) == len(names)
        check_lines(page, lines)


@settings(max_examples=60, deadline=None)
@given(accounts())
@example((DEMO, {}))
@example((LARGE, {}))
def test_all_in_subnets_is_drawn_or_counted(case):
    account, beside = case
    pages = [seen(found.svg)[0] for found in diagrams(account, beside, "en")[1:]]
    drawn = sum(len(page.boxes("thing")) for page in pages)
    counted = sum(int(re.search(r"\d+", box.texts[0].title)[0]) for page in pages for subnet in page.boxes("subnet") for box in subnet.boxes("more"))
    alone = [one for one in account.get("ec2_network_interfaces", []) if not (one.get("attachment") or {}).get("instance")]
    places = [subnet for one in account.get("ec2_vpc_endpoints", []) for subnet in one.get("subnets", [])]
    places += [mapping["subnet"] for kind in PLACED for one in account.get(kind, []) for mapping in one["subnet_mappings"]]
    assert drawn + counted == sum(len(account.get(kind, [])) for kind in ("ec2_instances", "ec2_nat_gateways")) + len(alone) + len(places)
    assert sum(len(page.boxes("subnet")) for page in pages) == len(account.get("ec2_subnets", []))


@settings(max_examples=60, deadline=None)
@given(accounts())
@example((DEMO, {}))
@example((LARGE, {}))
def test_the_overview_has_every_vpc_and_gateway_and_each_used_vpc_its_own_drawing(case):
    account, beside = case
    overview, *pages = diagrams(account, beside, "en") or [None]
    vpcs = sorted(told(one) for one in account.get("ec2_vpcs", []))
    headings = [found.heading for found in pages]
    wanted = [WORDS["en"]["heading"].format(name) for name in vpcs]
    assert headings == [heading for heading in wanted if heading in headings], "in the order of their names"
    assert {WORDS["en"]["heading"].format(line(one["vpc"])) for one in account.get("ec2_subnets", [])} <= set(headings)
    if overview:
        page, lines = seen(overview.svg)
        assert [box.title for box in page.boxes("vpc")] == vpcs
        letters = [box.inside[0].texts[0].title for box in page.boxes("thing")]
        assert sum(one in ("IGW", "VGW") for one in letters) == sum(len(account.get(kind, [])) for kind in ("ec2_internet_gateways", "ec2_vpn_gateways"))
        ends = [end for one in account.get("ec2_vpc_peering_connections", [])[:SHOWN_PEERINGS] for end in {one.get("vpc"), one["peer_vpc"]} - {None, ELSEWHERE}]
        assert account is LARGE or sum(len(one.ends) for one in lines) == len(ends)


@settings(max_examples=60, deadline=None)
@given(accounts())
@example((DEMO, {}))
def test_lines_and_badges_say_where_default_routes_lead(case):
    account, beside = case
    for found in diagrams(account, beside, "en")[1:]:
        page, lines = seen(found.svg)
        begun = {end for one in lines for end in one.ends}
        mine = [one for one in account.get("ec2_subnets", []) if found.heading == WORDS["en"]["heading"].format(line(one["vpc"]))]
        for box in page.boxes("subnet"):
            (entry,) = [one for one in mine if one["cidr_block"] == box.texts[1].title]
            tables = [one for one in account.get("ec2_route_tables", []) if (entry.get("id") or entry["name"]) in one.get("subnets", [])]
            if tables:  # the main route table has a test of its own
                default = [one for one in tables[0].get("routes", []) if set(one.values()) & {"0.0.0.0/0", "::/0"}]
                (badge,) = box.boxes("badge")
                assert badge.texts[0].title == ("public" if any("internet_gateway" in one for one in default) else "private")
                at_box = sum(box.left == x and box.top < y < box.bottom for x, y in begun)
                assert bool(at_box) == bool(default)


def told(entry):
    return line(entry.get("id") or entry["name"])


@settings(max_examples=60, deadline=None)
@given(accounts(), st.sampled_from(sorted(WORDS)))
def test_what_is_beside_the_sheet_is_dashed_and_explained(case, language):
    account, beside = case
    for found in diagrams(account, {}, language):
        assert not hatched(found)
        assert WORDS[language]["beside"] not in [text.title for box in seen(found.svg)[0].boxes("legend") for text in box.texts]
    overview, *pages = diagrams(account, beside, language) or [None]
    for found in filter(None, [overview, *pages]):
        explained = any(text.title == WORDS[language]["beside"] for box in seen(found.svg)[0].boxes("legend") for text in box.texts)
        assert explained or not [box for box in hatched(found) if box.role != "sample"]
    if beside:
        drawn = [box for found in pages for box in hatched(found) if box.role == "subnet"]
        labels = [kinds()["ec2_subnets"].label(one) for one in account.get("ec2_subnets", [])]
        assert len(drawn) == sum(label in beside.get("ec2_subnets", []) for label in labels)
        there = [box for box in hatched(overview) if box.role == "vpc"] if overview else []
        assert len(there) == len(beside.get("ec2_vpcs", []))


def hatched(found):
    return [box for box in seen(found.svg)[0].all() if box.look.get("stroke-dasharray") == "5 3" and box.look.get("fill") == "#ededed"]


@settings(max_examples=30, deadline=None)
@given(accounts(), st.sampled_from(sorted(WORDS)))
def test_the_same_account_gives_the_same_bytes_and_stays_as_it_was(case, language):
    account, beside = case
    before = json.dumps(case)
    turned = dict(reversed(account.items()))
    assert diagrams(account, beside, language) == diagrams(turned, {kind: set(labels) for kind, labels in beside.items()}, language)
    assert json.dumps(case) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_words_and_nothing_else(name):
    account = dict(ec2_vpcs=[dict(name=name, cidr_block="10.0.0.0/16")], ec2_internet_gateways=[dict(name=name, vpc=name)])
    found = diagrams(account)
    assert len(found) == 2
    for one in found:
        root = ElementTree.fromstring(one.svg)
        assert not [element.tag for element in root.iter() if element.tag.endswith("script")]
        said = [element.text for element in root.iter() if element.tag.endswith("title")]
        assert any(line(name) in title for title in said)


def test_the_demo_is_drawn_as_its_sheet_says():
    overview, vpc = diagrams(DEMO)
    assert (overview.heading, vpc.heading) == ("ネットワーク全体図", "VPC構成図: smp-prod")
    assert "AZ 2、サブネット 7（パブリック 2）、EC2インスタンス 4" in vpc.text
    page, lines = seen(vpc.svg)
    badges = {box.texts[0].title: box.boxes("badge")[0].texts[0].title for box in page.boxes("subnet")}
    assert {name for name, sort in badges.items() if sort == "パブリック"} == {"smp-prod-pub-a", "smp-prod-pub-c"}
    assert set(badges.values()) == {"パブリック", "プライベート"}
    zones = {zone.title: [box.texts[0].title for box in zone.inside] for zone in page.boxes("zone")}
    assert [len(zones[zone]) for zone in sorted(zones)] == [4, 3]
    nat = next(box for box in page.boxes("thing") if "smp-prod-nat-a" in box.title)
    igw = next(box for box in page.boxes("edge") if "smp-prod-igw" in box.title)
    by_arrow = {way.arrows[0]: len(way.ends) for way in lines if way.arrows}
    assert by_arrow == {(nat.left, (nat.top + nat.bottom) / 2): 3, ((igw.left + igw.right) // 2, igw.bottom): 2}
    said = [text.title for box in page.boxes("route-table") for text in box.texts]
    assert "0.0.0.0/0 → NAT smp-prod-nat-a" in said and "192.168.10.0/24 → VGW smp-prod-vgw" in said


def test_load_balancers_and_firewalls_stand_in_each_of_their_subnets():
    """With the letters of the type, and in the VPC of their subnets: a load balancer does not name it."""
    account = dict(
        ec2_vpcs=[dict(name="x", cidr_block="10.0.0.0/16"), dict(name="y", cidr_block="10.1.0.0/16")],
        ec2_subnets=[dict(name=f"{vpc}-{zone}", vpc=vpc, cidr_block="10.0.0.0/24", availability_zone=f"ap-northeast-1{zone}") for vpc in "xy" for zone in "ac"],
        elbv2_load_balancers=[
            dict(name="web", type="application", scheme="internet-facing", subnet_mappings=[dict(subnet="x-a"), dict(subnet="x-c", elastic_ip="e")]),
            dict(name="tcp", type="network", scheme="internal", subnet_mappings=[dict(subnet="x-a")]),
            dict(name="gate", type="gateway", subnet_mappings=[dict(subnet="y-c")]),
        ],
        networkfirewall_firewalls=[dict(name="wall", vpc="y", firewall_policy="strict", subnet_mappings=[dict(subnet="y-a"), dict(subnet="y-c")])],
    )
    found = {}
    for drawn in diagrams(account, dict(elbv2_load_balancers=["tcp"]), "en")[1:]:
        for subnet in seen(drawn.svg)[0].boxes("subnet"):
            things = [[icon.texts[0].title for icon in box.boxes("icon")] + [text.title for text in box.texts] for box in subnet.boxes("thing")]
            found[subnet.texts[0].title] = things
    web, tcp = ["ALB", "web", "internet-facing"], ["NLB", "tcp", "internal"]
    wall = ["NFW", "wall", "strict"]
    assert list(found.values()) == [[web, tcp], [web], [wall], [wall, ["GLB", "gate"]]]


def test_a_name_that_several_vpcs_have_is_told_with_its_scope():
    account = dict(
        ec2_vpcs=[dict(name=vpc, cidr_block="10.0.0.0/16") for vpc in ("one", "two")],
        ec2_subnets=[dict(name="web", vpc=vpc, cidr_block="10.0.0.0/24", availability_zone="eu-west-1a") for vpc in ("one", "two")],
        ec2_route_tables=[dict(name="rt", vpc="two", routes=[dict(destination_cidr_block="0.0.0.0/0", nat_gateway="two/nat")], subnets=["two/web"])],
        ec2_nat_gateways=[dict(name="nat", id=f"nat-0000000000000000{number}", subnet=f"{vpc}/web") for number, vpc in enumerate(("one", "two"))],
        ec2_instances=[dict(name="only", subnet="two/web", instance_type="t3.nano")],
    )
    dummy, one, two = [seen(found.svg) for found in diagrams(account, dict(ec2_subnets=["one/web"]), "en")]
    assert [[box.title for box in page.boxes("thing")] for page, dummy in (one, two)] == [["NAT gateway: nat"], ["NAT gateway: nat", "EC2 instance: only"]]
    assert [[sum(bool(arrow) for arrow in found.arrows) for found in lines] for dummy, lines in (one, two)] == [[], [1]]


def test_nothing_gives_nothing_and_an_empty_vpc_is_only_in_the_overview():
    assert diagrams({}) == diagrams(dict(iam_users=[dict(name="x")])) == []
    assert [found.heading for found in diagrams(dict(ec2_vpcs=[dict(name="x", cidr_block="10.0.0.0/16")]), language="en")] == ["Network overview"]


def test_the_main_route_table_holds_for_what_no_other_names_and_is_never_guessed():
    account = dict(
        ec2_subnets=[dict(name=name, vpc="x", cidr_block="10.0.0.0/24", availability_zone="eu-west-1a") for name in ("own", "rest")],
        ec2_route_tables=[
            dict(name="t", vpc="x", subnets=["own"]),
            dict(name="m", vpc="x", routes=[dict(destination_cidr_block="0.0.0.0/0", internet_gateway="igw-0123456789abcdef0")]),
        ],
    )
    for main, rest in ((["x/m"], "public"), (["x/t"], "private"), ([], "routes unknown")):
        page = seen(diagrams(account, language="en", main=main)[1].svg)[0]
        assert {box.texts[0].title: box.boxes("badge")[0].texts[0].title for box in page.boxes("subnet")} == dict(own="private", rest=rest)
        said = [text.title for box in page.boxes("route-table") for text in box.texts if text.title.endswith("(main)")]
        assert said == [f"{label[2:]} (main)" for label in main]


def test_both_languages_say_the_same_things():
    assert WORDS["ja"].keys() == WORDS["en"].keys()
    places = {key: [re.findall(r"\{.*?\}", words[key]) for words in WORDS.values()] for key in WORDS["ja"]}
    assert all(sorted(one) == sorted(other) for one, other in places.values())
    with pytest.raises(KeyError):
        diagrams({}, language="fr")
