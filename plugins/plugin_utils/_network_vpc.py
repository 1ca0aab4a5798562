# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawing of one VPC: its zones and subnets, what stands in them, the ways out, and its route tables."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.msp.aws.plugins.plugin_utils._network_boxes import (
    Box,
    Diagram,
    Line,
    Text,
    cut,
    framed,
    legend_of,
    measure,
    more_cell,
    svg_of,
    thing_cell,
    with_far_ends,
    wrapped,
)
from ansible_collections.msp.aws.plugins.plugin_utils._network_looks import INK, LOOKS, OUTSIDE, PAPER, RULE, SOFT, SUBNETS, WIDE, Look
from ansible_collections.msp.aws.plugins.plugin_utils._network_things import (
    BARE,
    INSIDE,
    PRIVATE,
    PUBLIC,
    UNKNOWN,
    Account,
    Thing,
    blocks_of,
    destination_of,
    one_line,
    service_of,
    target_of,
)
from ansible_collections.msp.aws.plugins.plugin_utils._papers import width

SHOWN = 12  # things in a subnet, of which the last says how many more there are
SHOWN_TABLES = 24
SHOWN_ROUTES = 12
NARROWEST = 620


class _Lanes:
    """Which lane each target has in each gutter and in the bus above the zones. No two lines share one, so they only ever cross at right angles."""

    STEP = 9

    def __init__(self) -> None:
        self.used: dict[int, list[Thing]] = defaultdict(list)
        self.bus: list[Thing] = []

    def take(self, column: int, target: Thing) -> None:
        if target not in self.used[column]:
            self.used[column].append(target)

    def cross(self, target: Thing) -> None:
        if target not in self.bus:
            self.bus.append(target)

    def gutter(self, column: int) -> int:
        """How wide the space left of a zone is."""
        return 12 + self.STEP * (len(self.used[column]) - 1) + 14 if self.used[column] else 14

    def place(self, column: int, target: Thing) -> int:
        return 14 + self.STEP * self.used[column].index(target)


def vpc_diagram(account: Account, vpc: Thing, words: Mapping[str, str]) -> Diagram:
    picture = _VpcPicture(account, vpc, words)
    subnets = account.all("ec2_subnets", vpc)
    text = words["text_vpc"].format(
        name=vpc.name,
        blocks=words["comma"].join(blocks_of(vpc)) or "-",
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

    def __init__(self, account: Account, vpc: Thing, words: Mapping[str, str]) -> None:
        self.account, self.vpc, self.words = account, vpc, words
        self.subnets = account.all("ec2_subnets", vpc)
        self.zones = sorted({subnet.get("availability_zone") for subnet in self.subnets})
        self.ways = {subnet: account.ways_out(subnet) for subnet in self.subnets}
        self.cells: dict[Thing, Box] = {}  # of targets in subnets
        self.subnet_boxes: dict[Thing, Box] = {}
        self.edge_cells: dict[Thing, Box] = {}
        self.zone_boxes: list[Box] = []
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
        return svg_of([frame, *boxes, *tables, *legend], lines, wide, y + self.MARGIN)

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

    def _home(self, target: Thing) -> Thing | None:
        """The subnet of this VPC in which a target stands."""
        return next((subnet for subnet in target.subnets if subnet.vpc is self.vpc), None) if target.kind in INSIDE else None

    def _ends_in(self, thing: Thing, subnet: Thing) -> bool:
        return thing in self.inner and self._home(thing) is subnet

    def _drawn_targets(self) -> list[Thing]:
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

    def _column(self, subnet: Thing) -> int:
        return self.zones.index(subnet.get("availability_zone"))

    # -- the frame

    def _frame(self) -> Box:
        """The VPC with its name in the corner, its zones side by side, and room between them for the lines."""
        frame = framed("vpc", dict(fill="#fbfbfd", stroke="#4c2a92", stroke_width=2), self.vpc.beside, self.vpc.name)
        rows, bodies = self._rows(), {subnet: self._subnet(subnet) for subnet in self.subnets}
        self.lanes = self._lanes()
        title_width = self._name(frame)
        bus_top = max(14 + max(text.y for text in frame.says), self.HALF + 14)
        top = bus_top + (_Lanes.STEP * len(self.lanes.bus) + 6 if self.lanes.bus else 0)
        column_width = max([200, *(box.width for box in bodies.values()), *(measure(self._zone_name(zone), 11.5) for zone in self.zones)])
        edges = sum(cell.width + 16 for dummy, cell, pill in with_far_ends(self.account, self.vpc, self.top, self.words))
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

    def _name(self, frame: Box) -> int:
        """Name and blocks in the corner; returns how wide they are."""
        frame.says.append(Text(12, 22, f"VPC {cut(self.vpc.name)}", 13, "#3b1f78", "bold"))
        for number, line in enumerate(wrapped([cut(block) for block in blocks_of(self.vpc)], ", ", 11, 220)):
            frame.says.append(Text(12, 39 + 15 * number, line, 11, SOFT))
        if self.vpc.beside:
            frame.says.append(Text(12, max(text.y for text in frame.says) + 15, self.words["beside"], 11, INK, "bold"))
        return max(text.x + measure(text.words, text.size) for text in frame.says)

    def _zone_name(self, zone: str) -> str:
        return cut(zone) or self.words["no_zone"]

    def _rows(self) -> list[dict[str, Thing]]:
        """Subnets of the same purpose side by side. What is the same but for the zone in the name has the same purpose; public ones come first."""
        rows = []
        for sort in (PUBLIC, UNKNOWN, PRIVATE):
            mine = [subnet for subnet in self.subnets if self.account.sort_of(subnet) == sort]
            by_stem: dict[str, dict[str, list[Thing]]] = defaultdict(lambda: defaultdict(list))
            for subnet in sorted(mine, key=lambda subnet: (_octets(subnet.get("cidr_block")), subnet.order)):
                by_stem[_stem(subnet)][subnet.get("availability_zone")].append(subnet)
            shared = [zones for zones in by_stem.values() if len(zones) > 1]
            alone: dict[str, list[Thing]] = defaultdict(list)
            for zones in by_stem.values():
                for zone, subnets in zones.items():
                    alone[zone] += subnets if len(zones) == 1 else ()
            for zones in [*shared, alone]:
                deepest = max((len(subnets) for subnets in zones.values()), default=0)
                rows += [{zone: subnets[depth] for zone, subnets in zones.items() if depth < len(subnets)} for depth in range(deepest)]
        return rows

    def _zone(self, zone: str, column_width: int, rows: Sequence[Mapping[str, Thing]], bodies: Mapping[Thing, Box]) -> Box:
        box = Box("zone", column_width + 20, 0, dict(fill="none", stroke="#5f6b7a", stroke_dasharray="6 3"), title=zone)
        box.says.append(Text(10, 18, self._zone_name(zone), 11.5, "#33404f", "bold"))
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

    def _subnet(self, subnet: Thing) -> Box:
        """A subnet with what stands in it. Targets of lines stand at its left side, one below the other, where a line reaches them."""
        sort = self.account.sort_of(subnet)
        look, badge_look, badge_ink = SUBNETS[sort]
        box = framed("subnet", look, subnet.beside, f"{subnet.name} {subnet.get('cidr_block')}")
        self.subnet_boxes[subnet] = box
        badge = Box("badge", measure(self.words[sort], 9.5) + 12, 16, dict(badge_look, rx=3))
        badge.says.append(Text(badge.width // 2, 12, self.words[sort], 9.5, badge_ink, "bold", "middle"))
        name, block = cut(subnet.name), cut(subnet.get("cidr_block"))
        box.says += [Text(10, 18, name, 11.5, INK, "bold"), Text(10 + badge.width + 8, 35, block, 10.5, SOFT)]
        box.inside.append(badge.at(10, 24))
        cells, box.height = self._contents(subnet)
        box.inside += cells
        box.width = 10 + max([measure(name, 11.5) + 10, badge.width + 8 + measure(block, 10.5) + 10, *(cell.right for cell in cells)])
        return box

    def _contents(self, subnet: Thing) -> tuple[list[Box], int]:
        things = self.account.contents(subnet)
        things.sort(key=lambda thing: not self._ends_in(thing, subnet))
        shown = things if len(things) <= SHOWN else things[: SHOWN - 1]
        cells = [thing_cell(thing, self.words) for thing in shown]
        if len(things) > len(shown):
            cells.append(more_cell(len(things) - len(shown), things[len(shown):], self.words))
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

    def _edges(self, frame: Box) -> tuple[list[Box], list[Line]]:
        """What is on the edge: above where default routes lead, below the rest. Each with what is beyond it."""
        boxes, lines = [], []
        x = frame.right - 8
        for thing, cell, pill in reversed(with_far_ends(self.account, self.vpc, self.top, self.words)):
            x -= cell.width + 16
            boxes += [cell.at(x + 16, frame.y - self.HALF), pill.at(x + 16, self.MARGIN)]
            self.edge_cells[thing] = cell
            lines.append(Line(Look("", SOFT), [(cell.centre, cell.y, cell.centre, pill.bottom)], [], []))
        x = frame.x + 12
        foot = with_far_ends(self.account, self.vpc, self.foot, self.words)
        for number, (dummy, cell, pill) in enumerate(foot):
            rest = more_cell(len(foot) - number, [thing for thing, *dummy in foot[number:]], self.words)
            last = number == len(foot) - 1
            if x + cell.width + (0 if last else 16 + rest.width + 60) > frame.right - 12:
                rest.role = "edge"
                boxes.append(rest.at(x, frame.bottom - self.HALF))
                break
            boxes += [cell.at(x, frame.bottom - self.HALF), pill.at(x, frame.bottom + self.HALF + 14)]
            lines.append(Line(Look("", SOFT), [(cell.centre, cell.bottom, cell.centre, pill.y)], [], []))
            x = cell.right + 16
        return boxes, lines

    # -- lines

    def _line(self, target: Thing) -> Line:
        """From each subnet whose default route leads there: along its zone's gutter, and above the zones where it leads to another column or to the edge."""
        line = Line(LOOKS[target.kind], [], [], [])
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

    def _in_gutter(self, line: Line, column: int, target: Thing, bus: int | None) -> None:
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

    def _lane(self, column: int, target: Thing) -> int:
        return self.zone_boxes[column].x - self.lanes.gutter(column) + self.lanes.place(column, target)

    def _exit(self, cell: Box) -> int:
        """Where a line reaches what is on the edge: in its middle, but not above a lane, where two lines would look like one."""
        lanes = [self._lane(column, target) for column, targets in self.lanes.used.items() for target in targets]
        places = sorted(range(cell.x + 8, cell.right - 8), key=lambda x: abs(x - cell.centre))
        return next((x for x in places if all(abs(x - lane) > 3 for lane in lanes)), cell.centre)

    # -- below the frame

    def _tables(self, x: int, y: int, room: int) -> tuple[list[Box], int]:
        """The route tables, two in a row of one height."""
        tables = self.account.all("ec2_route_tables", self.vpc)
        if not tables:
            return [], y
        heading = Box("heading", room, 24, dict(fill="none", stroke="none"), [Text(0, 16, self.words["tables"], 13, "#3b1f78", "bold")])
        placed, y = [heading.at(x, y)], y + 28
        broad = (room - 12) // 2
        boxes = [self._table(table, broad) for table in (tables if len(tables) <= SHOWN_TABLES else tables[: SHOWN_TABLES - 1])]
        if len(tables) > len(boxes):
            boxes.append(more_cell(len(tables) - len(boxes), tables[len(boxes):], self.words))
        for pair in zip(boxes[::2], [*boxes[1::2], None], strict=False):
            both = [box for box in pair if box]
            height = max(box.height for box in both)
            for place, box in enumerate(both):
                box.width, box.height = broad, height
                placed.append(box.at(x + place * (broad + 12), y))
            y += height + 10
        return placed, y

    def _table(self, table: Thing, broad: int) -> Box:
        """Name; destination → target; who uses it."""
        box = framed("route-table", dict(fill=PAPER, stroke=RULE), table.beside, table.name)
        room = broad - 20
        marks = [self.words[mark] for mark, is_so in (("main", table is self.account.main_table(self.vpc)), ("beside", table.beside)) if is_so]
        mark = f" ({self.words['comma'].join(marks)})" if marks else ""
        box.says.append(Text(10, 18, f"{_fitted(table.name, 11.5, room - measure(mark, 11.5))}{mark}", 11.5, INK, "bold"))
        users = [subnet.name for subnet in self.subnets if self.account.table_of(subnet) is table]
        users = self._some([_fitted(name, 10, room // 2) for name in users]) or [self.words["nothing"]]
        used = wrapped([self.words["used_by"].format(users[0]), *users[1:]], self.words["comma"], 10, room)
        for line in self._some(list(self._routes(table))) or [self.words["no_routes"]]:
            box.says.append(Text(10, box.says[-1].y + 16, _fitted(line, 10.5, room), 10.5, INK))
        for line in used:
            box.says.append(Text(10, box.says[-1].y + (16 if line is used[0] else 14), _fitted(line, 10, room), 10, SOFT))
        box.height = box.says[-1].y + 10
        return box

    def _routes(self, table: Thing) -> Iterator[str]:
        for route in table.entry.get("routes") or ():
            option, value = target_of(route)
            yield f"{destination_of(route)} → {_letters(option)} {one_line(value)}"
        for gateway in table.entry.get("propagating_vpn_gateways") or ():
            yield f"{self.words['propagated']} → {_letters('vpn_gateway')} {one_line(gateway)}"
        for endpoint in self.account.gateway_endpoints(self.vpc):
            if table in self.account.several("ec2_route_tables", endpoint, "route_tables"):
                yield f"{service_of(endpoint)} → {_letters('vpc_endpoint')} {endpoint.name}"

    def _some(self, lines: list[str]) -> list[str]:
        """What remains legible of a list."""
        return lines if len(lines) <= SHOWN_ROUTES else [*lines[: SHOWN_ROUTES - 1], self.words["more"].format(len(lines) - SHOWN_ROUTES + 1)]

    def _legend(self, x: int, y: int, room: int) -> tuple[list[Box], int]:
        """What the looks mean that occur."""
        sorts = {self.account.sort_of(subnet) for subnet in self.subnets}
        samples = [(dict(SUBNETS[sort][0]), False, self.words[f"subnet_{sort}"]) for sort in SUBNETS if sort in sorts]
        if self._drawn_targets():
            samples.append((None, False, self.words["default_route"]))
        if self.account.has_beside(self.vpc):
            samples.append((OUTSIDE, True, self.words["beside"]))
        return legend_of(samples, x, y, room)


def _octets(block: str) -> list[int]:
    """A block in the order of numbers, so that 10.0.2.0 comes before 10.0.10.0."""
    return [int(part) for part in re.findall(r"[0-9]{1,9}", block)]


def _stem(subnet: Thing) -> str:
    """A subnet's name without the words that mean its zone: of app-a in ap-northeast-1a this is app."""
    zone = subnet.get("availability_zone")
    marks = "|".join(re.escape(mark) for mark in (zone, zone.rpartition("-")[2], zone[-1:]) if mark)
    return re.sub(rf"(^|[-_. ])(?:{marks})(?=$|[-_. ])", "", subnet.name) if marks else subnet.name


def _letters(option: str) -> str:
    return LOOKS[option if option in LOOKS else f"ec2_{option}s"].letters if option else ""


def _fitted(words: str, size: float, room: int) -> str:
    """As many of the words as there is room for."""
    return next((cut for cut in (cut(words, columns) for columns in range(width(words), 3, -1)) if measure(cut, size) <= room), words[:1])
