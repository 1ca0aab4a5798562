#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel, _mackerel_metadata
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import fixed

PATH = "/services/{}"


def find(aws, wanted):
    return [dict(id=one["name"], name=one["name"], memo=one["memo"], _roles=one["roles"]) for one in aws.get("/services")["services"]]


def read(aws, have, names):
    return _mackerel_metadata.read(aws, names, PATH, have["name"])


def create(aws, want):
    made = aws.post("/services", body=dict(name=want["name"], memo=want.get("memo", "")))
    return dict(id=made["name"], name=made["name"], memo=made["memo"], _roles=[])


def update(aws, have, change):
    _mackerel_metadata.write(aws, have, change, PATH, have["name"])


def delete(aws, have):
    aws.remove(PATH, have["name"])


def danger(have, change):
    if change:
        return None
    roles = f"its roles ({', '.join(sorted(have['_roles']))}), " if have["_roles"] else ""
    return f"would be deleted with {roles}its service metrics, its graph annotations, and every monitor of its metrics or with its name"


KIND = Kind(
    name="mackerel_services",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=dict(
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
