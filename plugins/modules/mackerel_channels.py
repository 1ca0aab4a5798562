#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, refs

PATH = "/channels/{}"
READ_ONLY = ("id", "suspendedAt")
NEEDED = dict(email=(), slack=("url",), webhook=("url",))
# What a channel of each type has beside its name, as far as the API can make and change it.
MORE = dict(
    email=("emails", "user_ids", "events"),
    slack=("mentions", "enabled_graph_image", "events"),
    webhook=("enabled_graph_image", "events"),
)
COMMON = {"name", "type", "add_to_default_notification_group"}
EVENTS = ("alert", "alertGroup", "hostStatus", "hostRegister", "hostRetire", "monitor")


def find(aws, wanted):
    found = aws.get("/channels")["channels"]
    named = {entry.get("name") for entry in wanted or ()} | {entry.get("id") for entry in wanted or ()}
    for one in found:
        if one.get("suspendedAt") and {one["name"], one["id"]} & named:
            since = datetime.fromtimestamp(one["suspendedAt"], UTC).isoformat()
            aws.warn(f"channel {one['name']}: Mackerel has suspended it at {since}, and nothing is sent; that is lifted in the web console")
    return [_have(one) for one in found]


def _have(found):
    lists = dict(emails=[], user_ids=[], events=[]) if found["type"] in NEEDED else {}
    own = {name: OPTIONS[name] for name in OPTIONS if name in ("name", "type", *NEEDED.get(found["type"], ()), *MORE.get(found["type"], ()))}
    return dict(_mackerel.in_sheet_form(own, found, {name: lists[name] for name in lists if name in own}), id=found["id"], _object=found)


def create(aws, want):
    # Mackerel would let it hear everybody's alerts.
    body = dict(dict(addToDefaultNotificationGroup=False), **_mackerel.in_api_form(OPTIONS, _mackerel.listed(OPTIONS, want)))
    return _have(aws.post("/channels", body=body))


def update(aws, have, change):
    aws.put(PATH, have["id"], body=_mackerel.replacement(OPTIONS, have, change, READ_ONLY))


def delete(aws, have):
    aws.remove(PATH, have["id"])


def foresee(aws, want):
    if want["type"] not in NEEDED:
        raise Problem(f"channels of the type {want['type']} are made in Mackerel's web console only: make it there, and the next run finds it")


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    kind = after["type"]
    if kind not in NEEDED:
        if have:
            raise Problem(f"channels of the type {kind} are changed in Mackerel's web console only")
        return
    strange = sorted(name for name in change if change[name] is not None and name not in COMMON | {*NEEDED[kind], *MORE[kind]})
    lacking = [name for name in NEEDED[kind] if not after.get(name)]
    if strange or lacking:
        raise Problem("; ".join([*(f"{name}: channels of the type {kind} have none" for name in strange), *(f"{kind} needs {name}" for name in lacking)]))


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        kind = entry.get("type")
        if kind in NEEDED:
            for name in sorted((entry.keys() & OPTIONS.keys()) - COMMON - {*NEEDED[kind], *MORE[kind]}):
                yield index, name, "needs", dict(value=kind, other=f"type: {', '.join(one for one in NEEDED if name in (*NEEDED[one], *MORE[one]))}")


def danger(have, change):
    return None if change else "would be deleted: it goes from the notification groups that have it, and what only it heard is heard by nobody"


OPTIONS = dict(
    name=Option(limits=dict(min=1)),
    type=fixed(required=True),
    emails=Option("list", "str", many=True, limits=dict(pattern="[^@ ]+@[^@ ]+", example="noc@example.jp")),
    user_ids=refs("mackerel_users"),
    url=_mackerel.secret(),
    mentions=Option("dict", clearable=True, options=dict(ok=Option(), warning=Option(), critical=Option())),
    enabled_graph_image=Option("bool"),
    events=Option("list", "str", many=True, choices=EVENTS),
    add_to_default_notification_group=Option("bool", write_only=True),
)

KIND = Kind(
    name="mackerel_channels",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
