#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, refs

PATH = "/alert-group-settings"
SCOPES = ("service_scopes", "role_scopes", "monitor_scopes")


def find(aws, wanted):
    return [_have(one) for one in aws.get(PATH)["alertGroupSettings"]]


def _have(found):
    return dict(_mackerel.in_sheet_form(OPTIONS, found, {name: [] for name in SCOPES}), id=found["id"], _object=found)


OPTIONS = dict(
    name=Option(limits=dict(min=1)),
    memo=Option(clearable=True),
    notification_interval=Option("int", clearable=True, limits=dict(min=10)),
    service_scopes=refs("mackerel_services"),
    role_scopes=refs("mackerel_roles"),
    monitor_scopes=refs("mackerel_monitors"),
)

KIND = Kind(
    name="mackerel_alert_group_settings",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    **_mackerel.whole(PATH, OPTIONS, _have),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
