# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawing of all VPCs of an account, what is on their edges, and the peering connections between them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ansible_collections.msp.aws.plugins.plugin_utils._network_boxes import (
    COLUMNS,
    Box,
    Diagram,
    Line,
    Text,
    cut,
    edge_cell,
    elsewhere,
    framed,
    icon_cell,
    legend_of,
    measure,
    more_cell,
    side_by_side,
    svg_of,
    wrapped,
)
from ansible_collections.msp.aws.plugins.plugin_utils._network_looks import INK, LOOKS, OUTSIDE, RULE, SOFT, WIDE
from ansible_collections.msp.aws.plugins.plugin_utils._network_things import Account, Thing, blocks_of

SHOWN_PEERINGS = 24


def overview(account: Account, words: Mapping[str, str]) -> list[Diagram]:
    vpcs, peerings = account.all("ec2_vpcs"), account.all("ec2_vpc_peering_connections")
    loose = [thing for kind in ("ec2_internet_gateways", "ec2_vpn_gateways") for thing in account.all(kind) if thing.vpc is None]
    if not (vpcs or peerings or loose):
        return []
    boxes, lines = _Overview(account, words, vpcs, peerings, loose).drawn()
    x, y, right = boxes[0].x, max(box.bottom for box in boxes) + 12, max(box.right for box in boxes)
    if account.has_beside(None):
        legend, y = legend_of([(OUTSIDE, True, words["beside"])], x, y, right - x)
        boxes += legend
    for box in boxes:
        box.settle()
    svg = svg_of(boxes, lines, right + x, y + 8)
    return [Diagram(words["overview"], svg, words["text_overview"].format(vpcs=len(vpcs), peerings=len(peerings)))]


class _Overview:
    """VPCs below one another with what is on their edges, peering connections beside them, and the lines between.

    Lines leave VPCs at multiples of GRID and reach peering connections half-way between two, so that no two of them lie on one another.
    """

    GRID = 8
    MARGIN = 16

    def __init__(
        self, account: Account, words: Mapping[str, str], vpcs: Sequence[Thing], peerings: Sequence[Thing], loose: Sequence[Thing]
    ) -> None:
        self.account, self.words, self.vpcs, self.loose = account, words, vpcs, loose
        self.peerings = peerings if len(peerings) <= SHOWN_PEERINGS else peerings[: SHOWN_PEERINGS - 1]
        self.hidden = peerings[len(self.peerings):]

    def drawn(self) -> tuple[list[Box], list[Line]]:
        boxes = {vpc: self._vpc(vpc) for vpc in self.vpcs}
        column = [*boxes.values(), *([self._loose()] if self.loose else [])]
        broad = max((box.width for box in column), default=0)
        for box in column:
            box.width = broad
        if not self.peerings:
            return side_by_side(column, self.MARGIN, self.MARGIN, 16, WIDE)[0], []
        y = self.MARGIN
        for box in column:
            box.at(self.MARGIN, y)
            y = box.bottom + 2 * self.GRID
        left = self.MARGIN + broad + 20
        beside = self._peerings(left + self.GRID * len(self.peerings) + 24)
        lines = self._lines(boxes, beside, left)
        return [*column, *beside], lines

    def _vpc(self, vpc: Thing) -> Box:
        box = framed("vpc", dict(fill="#f7f5fc", stroke="#4c2a92", stroke_width=2), vpc.beside, vpc.name)
        counts = self.words["counts"].format(
            subnets=len(self.account.all("ec2_subnets", vpc)), instances=len(self.account.all("ec2_instances", vpc))
        )
        box.says.append(Text(12, 22, f"VPC {cut(vpc.name, 40)}", 13, "#3b1f78", "bold"))
        for line in [*wrapped([cut(block) for block in blocks_of(vpc)], ", ", 11, 300), counts]:
            box.says.append(Text(12, box.says[-1].y + 16, line, 11, SOFT))
        if vpc.beside:
            box.says.append(Text(12, box.says[-1].y + 16, self.words["beside"], 11, INK, "bold"))
        at_edge = [thing for kind in ("ec2_internet_gateways", "ec2_vpn_gateways") for thing in self.account.all(kind, vpc)]
        self._fill(box, [*at_edge, *self.account.gateway_endpoints(vpc)])
        ports = sum(vpc in self.account.ends(peering) for peering in self.peerings)
        box.height = self._on_grid(max(box.height, self.GRID * (2 * ports + 2)))
        return box

    def _loose(self) -> Box:
        box = Box("loose", 0, 0, dict(fill="none", stroke=RULE, stroke_dasharray="6 3"))
        box.says.append(Text(12, 22, self.words["loose"], 12, SOFT, "bold"))
        self._fill(box, self.loose)
        box.height = self._on_grid(box.height)
        return box

    def _fill(self, box: Box, things: Sequence[Thing]) -> None:
        """What is on the edge, two in a row, below the words."""
        y = box.says[-1].y + 12
        cells = [edge_cell(thing, self.words) for thing in things]
        for cell in cells:
            cell.role = "thing"
        broad = max((cell.width for cell in cells), default=0)
        for number, cell in enumerate(cells):
            cell.width = broad
            cell.at(12 + number % 2 * (broad + 8), y + number // 2 * 46)
        box.inside += cells
        box.width = 12 + max([300, *(cell.right for cell in cells), *(text.x + measure(text.words, text.size) for text in box.says)])
        box.height = max([y, *(cell.bottom + 12 for cell in cells)])

    def _on_grid(self, height: int) -> int:
        return math.ceil(height / self.GRID) * self.GRID

    def _peerings(self, x: int) -> list[Box]:
        boxes = [self._peering(peering) for peering in self.peerings]
        if self.hidden:
            boxes.append(more_cell(len(self.hidden), self.hidden, self.words))
        broad = max(box.width for box in boxes)
        for number, box in enumerate(boxes):
            box.width = broad
            # 19 is half a box: its middle is half-way between two multiples of GRID.
            box.at(x, self.MARGIN + self.GRID + self.GRID // 2 - 3 - 19 + 2 * self.GRID - 5 + 6 * self.GRID * number)
        return boxes

    def _peering(self, peering: Thing) -> Box:
        asking, asked = self.account.ends(peering)
        where = cut(" / ".join(word for word in (peering.get("peer_owner_id"), peering.get("peer_region")) if word), 30)
        names = [cut(asking.name) if asking else self.words["unknown_vpc"], cut(asked.name if asked else elsewhere(peering, self.words))]
        return icon_cell(
            LOOKS[peering.kind], cut(peering.name, 2 * COLUMNS), " ⇔ ".join(names) + (f" ({where})" if where and not asked else ""), peering.beside,
            f"{self.words[peering.kind]}: {peering.name}", self.words,
        )

    def _lines(self, boxes: Mapping[Thing, Box], beside: Sequence[Box], left: int) -> list[Line]:
        lines = []
        ports: dict[Thing, int] = defaultdict(int)
        for number, (peering, box) in enumerate(zip(self.peerings, beside, strict=False)):
            line = Line(LOOKS[peering.kind], [], [], [])
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
