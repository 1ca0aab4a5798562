# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of a sheet find, told at the cell of the workbook where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._names import is_id, makers
from ansible_collections.msp.aws.plugins.plugin_utils import references, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import Fault as SheetFault
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_found import Workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import Layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_rows import Place, Reading
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import Fault, near
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden

TOGETHER = ("one_of", "needs")  # faults of several cells together: none where one of them could not be read
OF_NAMES = ("duplicate", "removed_and_made")  # faults of a name that is there more than once
OF_OPTIONS = ("icmp_ports", "needs", "one_of", "ports", "reserved")  # faults that name other options
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")  # of an option
ZONES = "ec2_availability_zones"  # no workbook has them
VERB = re.compile(r"\.(add|remove|set)(?=\.|$)")


def check(found: Workbook, reading: Reading, rest: Mapping[str, Any], outside: Mapping[str, list[str]], region: str | None) -> None:
    """What the checks of a sheet find, told at the cell where it stands. A cell that has a fault already gets no second one.

    rest: what the sheet says of kinds that the workbook does not have. What is wrong with these alone is told when the sheet is used.
    region: the contract's, where it is known, in which availability zones must be.
    """
    layout = found.layout
    told: set[tuple] = {(fault.worksheet, fault.cell) for fault in found.faults if fault.cell} | found.unread
    rows = {(worksheet, _row_of(cell)) for worksheet, cell in told}
    spent: set[int] = set()
    lost = [fault for fault in sheets.faults(reading.orphans) if _stands(_place(reading, fault, set()))]
    whole_sheet = {**rest, **reading.sheet}
    told_of_sheet = [fault for fault in sheets.faults(whole_sheet) if fault.kind in layout.by_key]
    for fault in [*told_of_sheet, *lost]:
        value = fault.facts.get("value")
        if isinstance(value, Hidden):
            continue  # an expression of the file: what it means is known at run time only
        place = _place(reading, fault, spent)
        at = (place.table.title, found.address(place.table, place.row, place.column.key)) if place else (layout.by_key[fault.kind].title, None)
        row = (at[0], _row_of(at[1]))
        whole = fault.code in TOGETHER or (isinstance(value, Mapping) and fault.code != "wrong_type") or fault.facts.get("value", "") is None
        lacking = found.lacking.get(place.table.key) if place else None
        if lacking and (place.column.key in lacking or fault.code in (*TOGETHER, "item_twice")):
            continue
        if (at[1] and at in told) or (whole and row in rows):
            continue
        told.add(at)
        rows.add(row)
        heading = place.column.heading if place else " ".join(part for part in (fault.entry, fault.option) if part)
        found.faults.append(Fault(*at, heading, None, {}, _said(fault, layout) + _cells_of_name(found, reading, fault)))
    removed = {(fault.kind, fault.entry, fault.option, fault.facts["value"]) for fault in told_of_sheet if fault.code == "to_be_removed"}
    rows |= {(fault.worksheet, _row_of(fault.cell)) for fault in found.faults if fault.cell}
    found.faults += list(_dangling(found, reading, whole_sheet, outside, removed, rows, region))


def _stands(place: Any) -> bool:
    """Is it in a row of the file?"""
    return place is not None and place.row.number is not None


def _row_of(cell: str | None) -> str:
    return (cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _said(fault: Any, layout: Layout) -> str:
    """The message of a sheet's fault without its own way of saying where, with kinds and options as the workbook calls them."""
    facts = dict(fault.facts)
    if fault.code == "circular":
        facts["limit"] = " → ".join(f"{layout.title(kind)} {name}" for kind, name in facts["path"])
    elif fault.code == "ambiguous":
        facts["limit"] = (layout.title(facts["limit"][0]), facts["limit"][1])
    elif fault.code == "to_be_removed":
        facts["limit"] = layout.title(facts["limit"])
    elif fault.code in OF_OPTIONS:
        named = ["limit", "other"]
        if fault.code == "one_of" and set(str(facts["value"]).split(", ")) <= set(facts["other"].split(", ")):
            named.append("value")  # the options that are there, not the value of one
        facts.update({name: _headings(fault, facts[name], layout) for name in named if facts.get(name)})
    return SheetFault("", None, None, fault.code, facts).text(layout.language).removeprefix(": ")


def _headings(fault: Any, text: Any, layout: Layout) -> Any:
    """The text with options as the worksheets call them; those beside the one that is at fault come before those further out."""
    path = VERB.sub("", fault.option or "").split(".")

    def heading(found: re.Match[str]) -> str:
        for depth in range(len(path), -1, -1):
            try:
                return layout.heading(fault.kind, (*path[:depth], found[0]))
            except KeyError:
                continue
        return found[0]

    return NAME.sub(heading, text) if isinstance(text, str) else [_headings(fault, one, layout) for one in text]


def _place(reading: Reading, fault: Any, spent: set[int]) -> Any:
    """The place of a fault: where its value stands, else where its option does, else the entry. Each place is used once for equal faults."""
    given = reading.places.get((fault.kind, fault.entry or ""), [])
    path = VERB.sub("", fault.option or "")
    if fault.option == "clear":
        path = str(fault.facts.get("value")).partition(".")[0]
    value = fault.facts.get("value")
    item = fault.facts.get("item")
    near = [place for here, place in given if here == path] or [place for here, place in given if path and here.startswith(f"{path}.")]
    while not near and "." in path:  # a key of what one cell holds
        path = path.rpartition(".")[0]
        near = [place for here, place in given if here == path]
    if item is not None and near:
        rows = {id(place.row) for dummy, place in given if place.value is item} or {id(place.row) for dummy, place in given if place.value == item}
        near = [place for place in near if id(place.row) in rows] or near
    if fault.code in OF_NAMES and not fault.option:
        return next(iter(_named_so(reading, fault)[1:]), None)
    right = [place for place in near if _holds(place.value, value) or (value is None and place.value is None)] or near
    chosen = next((place for place in right if id(place) not in spent), next(iter(right), None))
    if chosen is not None:
        spent.add(id(chosen))
        return chosen
    return next((place for dummy, place in given if place.table.option is None), None)


def _named_so(reading: Reading, fault: Any) -> list[Place]:
    """Where the name of an entry stands, in each row that has it."""
    given = [place for dummy, place in reading.places.get((fault.kind, fault.entry or ""), [])]
    named = [place for place in given if place.table.option is None and place.column.key == (place.table.naming or ("",))[-1]]
    return list({id(place.row): place for place in named}.values())


def _cells_of_name(found: Workbook, reading: Reading, fault: Any) -> str:
    """All cells of a name that is there more than once: one of them says nothing of the others."""
    if fault.code not in OF_NAMES or fault.option:
        return ""
    cells_of = (found.address(place.table, place.row, place.column.key) for place in _named_so(reading, fault))
    return found.layout.words["cells"].format(", ".join(cell for cell in cells_of if cell))


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(value, Mapping) and not isinstance(wanted, Mapping):
        return any(_holds(inner, wanted) for inner in value.values())
    return (value is not None and value == wanted) or (isinstance(value, list) and any(_holds(inner, wanted) for inner in value))


def _dangling(
    found: Workbook,
    reading: Reading,
    sheet: Mapping[str, Any],
    outside: Mapping[str, list[str]],
    removed: set[tuple],
    rows: set[tuple],
    region: str | None,
) -> Iterator[Fault]:
    """Names of things that neither the sheet nor the given names of the account have, or that more than one thing in the sheet has.

    A company's own workbook is not asked for what it has no worksheet for: that such a thing must be there is a warning.
    rows: those of which something was told already. That a name is missing because its row says the wrong place is no fault of its own.
    """
    layout, own = found.layout, references.names(sheet)
    spent: set[int] = set()
    hints: dict[tuple[str, str], str | None] = {}
    elsewhere: list[tuple[str, list[str], Fault]] = []
    for fault in references.unresolved(sheet, {}):
        name, limit = fault.facts["value"], fault.facts["limit"]
        to = limit[0] if fault.code == "ambiguous" else limit
        known = [*own.get(to, ()), *(outside.get(to) or ())]
        there = {name, name.rpartition("/")[2]} & {*(outside.get(to) or ()), *(one.rpartition("/")[2] for one in outside.get(to) or ())}
        if isinstance(name, Hidden) or fault.kind not in layout.by_key or (fault.kind, fault.entry, fault.option, name) in removed:
            continue
        if fault.code == "dangling" and (there or to in reading.nameless or (is_id(to, name) and not _out_of_region(to, name, region))):
            continue
        place = _place(reading, fault, spent)
        at = (place.table.title, found.address(place.table, place.row, place.column.key), place.column.heading)
        if (to, name) not in hints:
            hints[to, name] = _near(name, known)
        title = layout.title(to)
        others = [one for one in own.get(to, ()) if "/" not in name and one.rpartition("/")[2] == name]
        if fault.code != "dangling":
            yield Fault(*at, None, {}, _said(fault, layout))
        elif found.own and to != ZONES and not layout.by_key.keys() & {*makers(to)}:
            found.warnings.append(Fault(*at, "must_be_there", dict(value=name, limit=title, close=hints[to, name])))
        elif not others:
            rows.add((at[0], _row_of(at[1])))
            code = "not_there" if to != ZONES else "zone_elsewhere" if is_id(to, name) else "no_zone"
            yield Fault(*at, code, dict(value=name, limit=region if code == "zone_elsewhere" else title, close=hints[to, name]))
        else:
            elsewhere.append((to, others, Fault(*at, "not_here", dict(value=name, limit=title, other=", ".join(others)))))
    yield from (told for to, others, told in elsewhere if not any(_row_told(found, reading, to, one, rows) for one in others))


def _out_of_region(kind: str, name: str, region: str | None) -> bool:
    """Is it an availability zone, and none of the Region? Those are called as it, and a letter or more that tells them apart."""
    return kind == ZONES and bool(region) and not re.fullmatch(rf"{re.escape(str(region))}([a-z]|-[a-z0-9-]+)", name)


def _row_told(found: Workbook, reading: Reading, kind: str, name: str, rows: set[tuple]) -> bool:
    """Was something told of the row that has this name?"""
    places = (place for dummy, place in reading.places.get((kind, name), []) if place.table.option is None)
    return any((place.table.title, _row_of(found.address(place.table, place.row, place.column.key))) in rows for place in places)


def _near(name: str, known: list[str]) -> str | None:
    return near(name, sorted({*known, *(one.rpartition("/")[2] for one in known)} - {name}))
