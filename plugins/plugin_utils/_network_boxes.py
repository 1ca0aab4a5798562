# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes that are as wide as their words, lines between them, and the SVG of both.

Everything is in whole units of the drawing, so that the same account gives the same bytes. Nothing is styled from outside and nothing has an id: drawings
can stand side by side in one page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree import ElementTree

from ansible_collections.msp.aws.plugins.plugin_utils._network_looks import INK, LOOKS, OUTSIDE, PAPER, RULE, SOFT, Look
from ansible_collections.msp.aws.plugins.plugin_utils._network_things import Account, Thing, one_line, service_of
from ansible_collections.msp.aws.plugins.plugin_utils._papers import width

FONTS = '"Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", Meiryo, sans-serif'
# A load balancer has the letters of its type.
BALANCERS = dict(application="ALB", network="NLB", gateway="GLB")
COLUMNS = 26  # of a typewriter, that a name takes before it is cut off; the whole one is in the title


class Diagram(NamedTuple):
    """A drawing with its heading, and the sentence that says what it shows to those who cannot see it."""

    heading: str
    svg: str
    text: str


def measure(words: str, size: float) -> int:
    """How wide words may become, whatever font of the list is there: capitals and round letters are wider than a typewriter's column."""
    return math.ceil(size * sum(0.98 if sign in "WMmw@%&—…" else 0.76 if sign.isupper() else 0.58 * width(sign) for sign in words))


def cut(words: str, columns: int = COLUMNS) -> str:
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


def wrapped(parts: Sequence[str], comma: str, size: float, room: int) -> list[str]:
    """Parts in lines, divided by commas, as many in a line as there is room for; one part alone must fit."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        part += comma if number < len(parts) - 1 else ""
        if lines and measure(lines[-1] + part, size) <= room:
            lines[-1] += part
        else:
            lines.append(part)
    return [line.rstrip() for line in lines]


class Text(NamedTuple):
    """Words on their base line, from the left or around a middle."""

    x: int
    y: int
    words: str
    size: float = 11
    fill: str = INK
    weight: str = "normal"
    anchor: str = "start"


@dataclass
class Box:
    """A rectangle with words and boxes in it. Places are within the parent until `settle` makes them places of the drawing."""

    role: str
    width: int
    height: int
    look: Mapping[str, Any] = field(default_factory=dict)
    says: list[Text] = field(default_factory=list)
    inside: list[Box] = field(default_factory=list)
    x: int = 0
    y: int = 0
    title: str = ""
    hatched: bool = False

    def at(self, x: int, y: int) -> Box:
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


def framed(role: str, look: Mapping[str, Any], beside: bool, title: str = "") -> Box:
    """A box whose size is not known yet; of what was not agreed in grey, dashed and hatched."""
    return Box(role, 0, 0, OUTSIDE if beside else look, title=title, hatched=beside)


def icon_cell(look: Look, first: str, second: str, beside: bool, title: str, words: Mapping[str, str], role: str = "thing") -> Box:
    """An icon and one or two lines; the caller cuts what may be long."""
    box = framed(role, dict(fill=PAPER, stroke=look.colour), beside, f"{title} ({words['beside']})" if beside else title)
    box.width, box.height = 46 + max(measure(first, 11.5), measure(second, 9.5)) + 8, 38
    icon = Box("icon", 34, 24, dict(fill=SOFT if beside else look.colour, rx=3), [Text(17, 16, look.letters, 10.5, PAPER, "bold", "middle")])
    box.inside.append(icon.at(6, 7))
    box.says += [Text(46, 16 if second else 23, first, 11.5, INK, "bold")] + ([Text(46, 30, second, 9.5, SOFT)] if second else [])
    return box


def more_cell(count: int, hidden: Sequence[Thing], words: Mapping[str, str]) -> Box:
    """How many there are that are not drawn."""
    says = words["more_outside" if any(thing.beside for thing in hidden) else "more"].format(count)
    box = Box("more", measure(says, 11) + 20, 38, dict(fill=PAPER, stroke=RULE, stroke_dasharray="1 3"), [Text(10, 23, says, 11, SOFT)])
    box.title = words["comma"].join(thing.name for thing in hidden)
    return box


def side_by_side(boxes: Iterable[Box], x: int, y: int, gap: int, room: int) -> tuple[list[Box], int]:
    """Boxes side by side, as many in a row as there is room for, and where the last row ends."""
    placed: list[Box] = []
    left, top, bottom = x, y, y
    for box in boxes:
        if left > x and left + box.width > x + room:
            left, top = x, bottom + gap
        placed.append(box.at(left, top))
        left, bottom = box.x + box.width + gap, max(bottom, box.bottom)
    return placed, bottom


class Line(NamedTuple):
    """Straight pieces that are one line, where its arrow ends, and where it begins or forks."""

    look: Look
    pieces: list[tuple[int, int, int, int]]
    arrows: list[tuple[int, int, int, int]]
    dots: list[tuple[int, int]]


# ---- things as boxes


def thing_cell(thing: Thing, words: Mapping[str, str]) -> Box:
    """A thing in a subnet."""
    facts = dict(
        ec2_instances=("instance_type", "private_ip_address"),
        ec2_nat_gateways=("elastic_ip", "private_ip_address"),
        ec2_network_interfaces=("private_ip_address",),
        elbv2_load_balancers=("scheme",),
        networkfirewall_firewalls=("firewall_policy",),
    ).get(thing.kind, ())
    second = " / ".join(fact for fact in map(thing.get, facts) if fact) or (service_of(thing) if thing.kind == "ec2_vpc_endpoints" else "")
    look = LOOKS[thing.kind]._replace(letters=BALANCERS.get(thing.get("type"), "ELB")) if thing.kind == "elbv2_load_balancers" else LOOKS[thing.kind]
    return icon_cell(look, cut(thing.name), cut(second, COLUMNS + 4), thing.beside, f"{words[thing.kind]}: {thing.name}", words)


def edge_cell(thing: Thing, words: Mapping[str, str]) -> Box:
    """A thing on the edge of a VPC."""
    kind = words["gateway_endpoint"] if thing.kind == "ec2_vpc_endpoints" else words[thing.kind]
    return icon_cell(LOOKS[thing.kind], cut(thing.name), kind, thing.beside, f"{kind}: {thing.name}", words, "edge")


def _far_end(account: Account, vpc: Thing, thing: Thing, words: Mapping[str, str]) -> str:
    """What is beyond a thing on the edge of a VPC."""
    if thing.kind == "ec2_vpc_endpoints":
        return service_of(thing)
    if thing.kind == "ec2_vpc_peering_connections":
        return _other_end(account, vpc, thing, words)
    return words[
        dict(ec2_internet_gateways="internet", ec2_vpn_gateways="premises", egress_only_internet_gateway="internet6").get(thing.kind, "network")
    ]


def _other_end(account: Account, vpc: Thing, peering: Thing, words: Mapping[str, str]) -> str:
    asking, asked = account.ends(peering)
    if asked is vpc:
        return asking.name if asking else words["unknown_vpc"]
    return asked.name if asked else elsewhere(peering, words)


def elsewhere(peering: Thing, words: Mapping[str, str]) -> str:
    """A VPC that was asked and is not in this account or Region: by its id and, where there is room, whose it is."""
    return peering.get("peer_vpc") or (words["account"].format(peering.get("peer_owner_id")) if peering.get("peer_owner_id") else words["unknown_vpc"])


def with_far_ends(account: Account, vpc: Thing, things: Sequence[Thing], words: Mapping[str, str]) -> list[tuple[Thing, Box, Box]]:
    """Things on the edge, each with the pill beyond it; both of the same width."""
    found = []
    for thing in things:
        cell, says = edge_cell(thing, words), cut(_far_end(account, vpc, thing, words))
        cell.width = max(cell.width, measure(says, 10.5) + 28)
        pill = Box("far-end", cell.width, 24, dict(fill="#f5f6f8", stroke=SOFT, rx=12), [Text(cell.width // 2, 16, says, 10.5, INK, "normal", "middle")])
        found.append((thing, cell, pill))
    return found


def legend_of(samples: Sequence[tuple[Mapping[str, Any] | None, bool, str]], x: int, y: int, room: int) -> tuple[list[Box], int]:
    """Samples of looks, each with what it means; one without a look is a line."""
    boxes = []
    for look, hatched, says in samples:
        box = Box("legend", 34 + measure(says, 10.5) + 12, 22, dict(fill="none", stroke="none"), [Text(34, 15, says, 10.5, INK)])
        sample = Box("sample", 26, 2, dict(fill=INK, stroke="none")) if look is None else Box("sample", 26, 14, look, hatched=hatched)
        box.inside.append(sample.at(2, 10 if look is None else 4))
        boxes.append(box)
    return side_by_side(boxes, x, y, 8, room)


# ---- the drawing itself


def svg_of(boxes: Iterable[Box], lines: Iterable[Line], wide: int, high: int) -> str:
    """The text of a drawing that is at most as wide as it was made, and narrower where there is less room."""
    root = ElementTree.Element("svg", dict(xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {wide} {high}", width="100%", style=f"max-width:{wide}px"))
    root.set("font-family", FONTS)
    ElementTree.SubElement(root, "rect", dict(width=str(wide), height=str(high), fill=PAPER))
    for box in boxes:
        _draw(root, box)
    for line in lines:
        _draw_line(root, line)
    return ElementTree.tostring(root, encoding="unicode")


def _draw(parent: ElementTree.Element, box: Box) -> None:
    group = ElementTree.SubElement(parent, "g", {"data-is": box.role})
    if box.title:
        ElementTree.SubElement(group, "title").text = one_line(box.title)
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


def _hatch(box: Box) -> str:
    """Strokes from the lower left to the upper right that end where the box does."""
    strokes = []
    for start in range(8, box.width + box.height, 8):
        lower, upper = max(0, start - box.height), min(start, box.width)
        strokes.append(f"M{box.x + lower} {box.y + start - lower}L{box.x + upper} {box.y + start - upper}")
    return "".join(strokes)


def _draw_line(parent: ElementTree.Element, line: Line) -> None:
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
