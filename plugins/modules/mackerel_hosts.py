#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel, _mackerel_metadata
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, refs

PATH = "/hosts/{}"
STATUSES = ("working", "standby", "maintenance", "poweroff")


def find(aws, wanted):
    """All but the retired: without the statuses, the list would leave out who is in maintenance."""
    return [_have(one) for one in aws.get("/hosts", status=STATUSES)["hosts"]]


def _have(found):
    return dict(
        id=found["id"],
        name=found["name"],
        status=found["status"],
        role_fullnames=sorted(f"{service}:{role}" for service, roles in found["roles"].items() for role in roles),
    )


def read(aws, have, names):
    return _mackerel_metadata.read(aws, names, PATH, have["id"])


def create(aws, want):
    foresee(aws, want)


def foresee(aws, want):
    raise Problem("no host has this name: it comes with its agent or an AWS integration, and the next run finds it")


def update(aws, have, change):
    # Never the whole host: checks are not shown, and those left out would go until the agent's next hour.
    if "role_fullnames" in change:
        aws.put(f"{PATH}/role-fullnames", have["id"], body=dict(roleFullnames=merged(KIND.options, have, change)["role_fullnames"]))
    if "status" in change:
        aws.post(f"{PATH}/status", have["id"], body=dict(status=change["status"]))
    _mackerel_metadata.write(aws, have, change, PATH, have["id"])


def delete(aws, have):
    aws.post(f"{PATH}/retire", have["id"], body={})


def danger(have, change):
    if not change:
        return "would be retired, which cannot be undone: its metrics end, its open alerts close, and its agent does not start again"
    if change.get("status") in ("maintenance", "poweroff") and have.get("status") in ("working", "standby"):
        return f"would not be watched any more while it is in {change['status']}"
    return None


KIND = Kind(
    name="mackerel_hosts",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=dict(
        name=fixed(),
        status=Option(choices=STATUSES),
        role_fullnames=refs("mackerel_roles"),
        metadata=_mackerel_metadata.metadata(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
