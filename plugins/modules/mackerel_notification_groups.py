#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, merged, ref, refs

PATH = "/notification-groups/{}"
READ_ONLY = ("id", "type")
CHILDREN = dict(child_notification_group_ids="childNotificationGroupIds", child_channel_ids="childChannelIds")


def find(aws, wanted):
    return [_have(one) for one in aws.get("/notification-groups")["notificationGroups"]]


def _have(found):
    return dict(
        id=found["id"],
        name=found["name"],
        notification_level=found["notificationLevel"],
        monitors=sorted((dict(monitor=one["id"], skip_default=one["skipDefault"]) for one in found.get("monitors") or []), key=lambda one: one["monitor"]),
        services=sorted(one["name"] for one in found.get("services") or []),
        _default=found["type"] == "group-default",
        _object=found,
        **{name: sorted(found.get(member) or []) for name, member in CHILDREN.items()},
    )


def _body(values):
    body = _mackerel.in_api_form(OPTIONS, {name: value for name, value in values.items() if name not in ("monitors", "services")})
    if "monitors" in values:
        body["monitors"] = [dict(id=one["monitor"], skipDefault=one.get("skip_default", False)) for one in values["monitors"] or []]
    if "services" in values:
        body["services"] = [dict(name=name) for name in values["services"] or []]
    return body


def create(aws, want):
    return _have(aws.post("/notification-groups", body={**dict.fromkeys(CHILDREN.values(), []), **_body(_mackerel.listed(OPTIONS, want))}))


def update(aws, have, change):
    after = merged(OPTIONS, have, change)
    kept = {name: value for name, value in have["_object"].items() if name not in READ_ONLY}
    aws.put(PATH, have["id"], body={**kept, **_body({name: after[name] for name in change})})


def delete(aws, have):
    aws.remove(PATH, have["id"])


def refuse(want, have, change):
    if have.get("_default") and "name" in change:
        raise Problem("the default group keeps its name")


def danger(have, change):
    if not change and have.get("_default"):
        raise Problem("the default group cannot be deleted")
    if not change:
        return "would be deleted, and its channels do not hear its services and monitors through it any more"
    heard = [name for name in ("services", "monitors", *CHILDREN) if have and name in change and change[name].remove]
    return f"would take away {' and '.join(heard)}, and who hears of them through this group alone hears of them no more" if heard else None


OPTIONS = dict(
    name=Option(limits=dict(min=1)),
    notification_level=Option(required=True, choices=("all", "critical")),
    child_notification_group_ids=refs("mackerel_notification_groups"),
    child_channel_ids=refs("mackerel_channels"),
    monitors=items(key=("monitor",), options=dict(monitor=ref("mackerel_monitors", required=True), skip_default=Option("bool"))),
    services=refs("mackerel_services"),
)

KIND = Kind(
    name="mackerel_notification_groups",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
