#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged, refs

PATH = "/downtimes"
SCOPES = ("service_scopes", "role_scopes", "monitor_scopes")
EXCLUDED = ("service_exclude_scopes", "role_exclude_scopes", "monitor_exclude_scopes")
WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
REDUNDANT = dict(role_scopes="service_scopes", role_exclude_scopes="service_exclude_scopes")


def find(aws, wanted):
    return [_have(one) for one in aws.get(PATH)["downtimes"]]


def _have(found):
    have = dict(_mackerel.in_sheet_form(OPTIONS, found, {name: [] for name in (*SCOPES, *EXCLUDED)}), id=found["id"], _object=found)
    if have.get("recurrence", {}).get("weekdays"):
        have["recurrence"]["weekdays"].sort(key=WEEK.index)
    return have


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    for roles, services in REDUNDANT.items():
        inside = sorted(role for role in after.get(roles) or [] if role.partition(":")[0] in (after.get(services) or []))
        if inside:
            raise Problem(f"{roles}: {', '.join(inside)} lies in what {services} names already")
    recurrence = after.get("recurrence") or {}
    if recurrence.get("weekdays") and recurrence["type"] != "weekly":
        raise Problem("recurrence: weekdays go with the type weekly only")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        recurrence = entry.get("recurrence")
        if isinstance(recurrence, dict) and recurrence.get("weekdays") and recurrence.get("type") not in (None, "weekly"):
            yield index, "recurrence.weekdays", "needs", dict(value=recurrence["type"], other="type: weekly")


def danger(have, change):
    if not change and have:
        return "would be deleted, and what it silences alerts again"
    after = merged(OPTIONS, have, change)
    before = any(have.get(name) for name in SCOPES) if have else True
    if before and not any(after.get(name) for name in SCOPES):
        return "would silence the whole organization, because it names no service, role or monitor"
    return None


OPTIONS = dict(
    name=Option(limits=dict(min=1)),
    memo=Option(clearable=True, limits=dict(max=2048)),
    start=_mackerel.moment(required=True),
    duration=Option("int", required=True, limits=dict(min=1)),
    recurrence=Option(
        "dict",
        clearable=True,
        options=dict(
            type=Option(required=True, choices=("hourly", "daily", "weekly", "monthly", "yearly")),
            interval=Option("int", required=True, limits=dict(min=1)),
            weekdays=Option("list", "str", choices=WEEK, same=_mackerel.same_set),
            until=_mackerel.moment(),
        ),
    ),
    service_scopes=refs("mackerel_services"),
    service_exclude_scopes=refs("mackerel_services"),
    role_scopes=refs("mackerel_roles"),
    role_exclude_scopes=refs("mackerel_roles"),
    monitor_scopes=refs("mackerel_monitors"),
    monitor_exclude_scopes=refs("mackerel_monitors"),
)

KIND = Kind(
    name="mackerel_downtimes",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    danger=danger,
    refuse=refuse,
    faults=faults,
    **_mackerel.whole(PATH, OPTIONS, _have),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
