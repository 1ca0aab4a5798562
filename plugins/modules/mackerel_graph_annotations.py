#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged, ref

PATH = "/graph-annotations"
EVER = 4102444800  # 2100-01-01: the API asks from when to when


def find(aws, wanted):
    """Annotations are listed service by service; of those asked for, only the services that are there are asked."""
    there = [one["name"] for one in _mackerel.services(aws)]
    named = set(there) if wanted is None or any("service" not in entry for entry in wanted) else {entry["service"] for entry in wanted}
    return [_have(one) for service in there if service in named for one in _listed(aws, service)]


def _listed(aws, service):
    return aws.get(PATH, **{"service": service, "from": 0, "to": EVER})["graphAnnotations"]


def _have(found):
    have = dict(_mackerel.in_sheet_form(OPTIONS, found), id=found["id"], _object=found)
    have["roles"] = sorted(found.get("roles") or [])
    return have


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    if after.get("from") and after.get("to") and _mackerel.epoch(after["from"]) > _mackerel.epoch(after["to"]):
        raise Problem(f"from {after['from']} is after to {after['to']}")


OPTIONS = dict(
    service=ref("mackerel_services", fixed=True, remedy="Remove this one and write it with the other service, or correct the sheet"),
    title=Option(limits=dict(min=1, max=250)),
    description=Option(clearable=True, limits=dict(max=1024)),
    roles=Option("list", "str", many=True),
    **{"from": _mackerel.moment(required=True), "to": _mackerel.moment(required=True)},
)

KIND = Kind(
    name="mackerel_graph_annotations",
    door=_mackerel.Mackerel,
    identity=("service", "title"),
    options=OPTIONS,
    find=find,
    refuse=refuse,
    **_mackerel.whole(PATH, OPTIONS, _have),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
