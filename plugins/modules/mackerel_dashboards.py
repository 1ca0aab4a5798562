#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from itertools import combinations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged, ref

PATH = "/dashboards/{}"
READ_ONLY = ("id", "createdAt", "updatedAt")
COLUMNS = 24
# Of each type: what it shows, and its least and greatest width and height.
SHOWS = dict(graph="graph", value="metric", markdown="markdown", alertStatus="role_fullname")
SIZES = dict(graph=((6, 24), (6, 32)), value=((4, 24), (4, 32)), markdown=((4, 24), (2, 80)), alertStatus=((4, 24), (3, 32)))


def find(aws, wanted):
    return [_have(one) for one in aws.get("/dashboards")["dashboards"]]


def _have(found):
    return dict(id=found["id"], url_path=found["urlPath"], title=found["title"], memo=found.get("memo") or None)


def read(aws, have, names):
    """The list may come without widgets."""
    return dict(widgets=_mackerel.in_sheet_form(OPTIONS, aws.get(PATH, have["id"])).get("widgets", [])) if "widgets" in names else {}


def create(aws, want):
    made = aws.post("/dashboards", body=dict(dict(memo="", widgets=[]), **_mackerel.in_api_form(OPTIONS, want)))
    return dict(_have(made), widgets=_mackerel.in_sheet_form(OPTIONS, made).get("widgets", []))


def update(aws, have, change):
    with aws.reading():
        now = aws.get(PATH, have["id"])
    body = _mackerel.replacement(OPTIONS, dict(have, _object=now), change, READ_ONLY)
    aws.put(PATH, have["id"], body=dict(dict(memo=""), **body))


def delete(aws, have):
    aws.remove(PATH, have["id"])


def refuse(want, have, change):
    told = [f"{option}: {facts['value']} needs {facts['other']}" for option, dummy, facts in _wrong(merged(OPTIONS, have, change))]
    if told:
        raise Problem("; ".join(told))


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in _wrong(entry):
            yield index, option, code, facts


def _wrong(board):
    """What Mackerel takes and shows wrongly, or refuses: (option, code, facts)."""
    widgets = [one for one in board.get("widgets") or [] if one.get("type") in SHOWS and {"x", "y", "width", "height"} <= (one.get("layout") or {}).keys()]
    if any(not one.get("type") for one in board.get("widgets") or []):
        yield "widgets", "needs", dict(value="a widget", other="type")
    for one in widgets:
        at, named = one["layout"], f"{one['type']} {one.get('title')}"
        if one.get(SHOWS[one["type"]]) is None:
            yield "widgets", "needs", dict(value=named, other=SHOWS[one["type"]])
        for side, (least, most) in zip(("width", "height"), SIZES[one["type"]], strict=True):
            if not least <= at[side] <= most:
                yield "widgets", "needs", dict(value=named, other=f"{side}: {least}-{most}")
        if at["x"] + at["width"] > COLUMNS:
            yield "widgets", "needs", dict(value=named, other=f"x + width <= {COLUMNS}")
    for one, other in combinations(widgets, 2):
        if _overlap(one["layout"], other["layout"]):
            yield "widgets", "needs", dict(value=f"{one['type']} {one.get('title')}", other=f"a place beside {other['type']} {other.get('title')}")


def _overlap(one, other):
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "width"), ("y", "height")))


def _same_widgets(wanted, has):
    """A legend is not told, and what is empty is not there."""
    return _plain(wanted) == _plain(has)


def _plain(value):
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name != "legend_list" and inner not in (None, "", [], {}, False)}
    return _mackerel.epoch(value) if isinstance(value, str) and _mackerel.is_moment(value) else value


SERIES = dict(
    type=Option(required=True, choices=("host", "role", "service", "expression", "query")),
    host_id=ref("mackerel_hosts"),
    role_fullname=ref("mackerel_roles"),
    service_name=ref("mackerel_services"),
    name=Option(),
    is_stacked=Option("bool"),
    expression=Option(),
    query=Option(),
    legend=Option(),
)
METRIC = {name: option for name, option in SERIES.items() if name not in ("role_fullname", "is_stacked")}
WIDGET = dict(
    type=Option(required=True, choices=tuple(SHOWS)),
    title=Option(required=True, blank=True),
    layout=Option("dict", required=True, options={name: Option("int", required=True, limits=dict(min=0)) for name in ("x", "y", "width", "height")}),
    graph=Option("dict", options=SERIES),
    range=Option(
        "dict",
        options=dict(
            type=Option(required=True, choices=("relative", "absolute")),
            period=Option("int", limits=dict(min=1)),
            offset=Option("int"),
            start=_mackerel.moment(),
            end=_mackerel.moment(),
        ),
    ),
    value_range=Option("dict", options=dict(min=Option("float"), max=Option("float"))),
    reference_lines=Option("list", "dict", options=dict(label=Option(required=True, limits=dict(min=1, max=32)), value=Option("float", required=True))),
    legend_list=Option("list", "str"),
    metric=Option("dict", options=METRIC),
    fraction_size=Option("int", limits=dict(min=0, max=16)),
    suffix=Option(),
    format_rules=Option(
        "list",
        "dict",
        options=dict(name=Option(limits=dict(max=32)), threshold=Option("float", required=True), operator=Option(required=True, choices=(">", "<"))),
    ),
    markdown=Option(),
    role_fullname=ref("mackerel_roles"),
)
OPTIONS = dict(
    url_path=Option(limits=dict(pattern="([A-Za-z0-9_][-A-Za-z0-9_]*)(/[A-Za-z0-9_][-A-Za-z0-9_]*)*", example="team/web-1")),
    title=Option(required=True, limits=dict(min=1)),
    memo=Option(clearable=True),
    widgets=Option("list", "dict", options=WIDGET, same=_same_widgets),
)

KIND = Kind(
    name="mackerel_dashboards",
    door=_mackerel.Mackerel,
    identity=("url_path",),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    faults=faults,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
