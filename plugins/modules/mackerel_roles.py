#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel, _mackerel_metadata
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import fixed, ref

PATH = "/services/{}/roles/{}"


def find(aws, wanted):
    """Roles are listed service by service; a service without the roles that are asked for is not asked."""
    services = [one["name"] for one in aws.get("/services")["services"] if one["roles"]]
    if wanted is not None:
        named = {entry["id"].partition(":")[0] if "id" in entry else entry["service"] for entry in wanted}
        services = [service for service in services if service in named]
    return [_have(service, role) for service in services for role in aws.get("/services/{}/roles", service)["roles"]]


def _have(service, role):
    return dict(id=f"{service}:{role['name']}", service=service, name=role["name"], memo=role["memo"])


def read(aws, have, names):
    return _mackerel_metadata.read(aws, names, PATH, have["service"], have["name"])


def create(aws, want):
    body = dict(name=want["name"], memo=want.get("memo", ""))
    return _have(want["service"], aws.post("/services/{}/roles", want["service"], body=body))


def update(aws, have, change):
    _mackerel_metadata.write(aws, have, change, PATH, have["service"], have["name"])


def delete(aws, have):
    aws.remove(PATH, have["service"], have["name"])


def danger(have, change):
    if change:
        return None
    return "would be deleted: its hosts lose it, and monitors, downtimes and alert groups of this role alone then hold for all that is left in them"


KIND = Kind(
    name="mackerel_roles",
    door=_mackerel.Mackerel,
    identity=("service", "name"),
    joined=":",
    options=dict(
        service=ref("mackerel_services", fixed=True),
        name=fixed(limits=_mackerel.NAME),
        memo=fixed(remedy=_mackerel.IN_THE_CONSOLE),
        metadata=_mackerel_metadata.metadata(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
