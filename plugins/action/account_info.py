# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads an account, all kinds in one process on the controller. Its documentation is that of the module of the same name."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.plugins.action import ActionBase
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec

OPTIONS = dict(
    account_id=dict(type="str"),
    mackerel_api_key=dict(type="str", no_log=True, fallback=(env_fallback, ["MACKEREL_APIKEY"])),
    mackerel_api_base=dict(type="str", fallback=(env_fallback, ["MACKEREL_APIBASE"])),
    mackerel_organization=dict(type="str"),
    sheet=dict(type="dict", default={}),
    elsewhere=dict(type="dict", default={}),
    kinds=dict(type="list", elements="str"),
    neighbours=dict(type="dict", default={}),
    sheet_variable=dict(type="str"),
    trail_days=dict(type="int", default=0),
)
KEEPS_DAYS = 90  # CloudTrail's event history


class ActionModule(ActionBase):
    """Ansible's way in."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        dummy, args = self.validate_argument_spec(argument_spec={**aws_argument_spec(), **OPTIONS})
        try:
            accounts, findings = _part("accounts"), _part("findings")
        except ImportError as error:
            return {**result, "failed": True, "msg": f"boto3 and botocore are needed where Ansible runs: {error}"}
        whole, parts = args["sheet"], _part("kinds").PARTS
        args["sheet"] = {name: given for name, given in whole.items() if name not in parts}
        faults = _faults(args, _part("kinds").kinds())
        place = accounts.Place(args)
        doors = accounts.doors(place)
        far = accounts.doors_elsewhere(place, args["elsewhere"])
        try:
            faults = faults or accounts.foreign(doors, args)
            if faults:
                return {**result, "failed": True, "msg": faults}
            here = accounts.look_through(doors, args["sheet"], args["kinds"], args["neighbours"])
            elsewhere = accounts.look_elsewhere(far, args["elsewhere"], args["kinds"], args["neighbours"])
            looked = {kind: asdict(found) for kind, found in accounts.joined(here, elsewhere).items()}
        except accounts.FORESEEN as error:
            door = next((one for one in doors if isinstance(error, one.errors)), doors[0])
            return {**result, "failed": True, "msg": door.explain(error, door.last_call)}
        found = findings.findings(looked)
        if args["trail_days"]:
            now = datetime.now(UTC)
            accounts.attribute(args, found, now - timedelta(days=args["trail_days"]), now)
        if place.warnings:
            result["warnings"] = place.warnings
        result.update(changed=False, account={kind: one["account"] for kind, one in looked.items()}, looked=looked, findings=found)
        result["elsewhere"] = {region: {kind: one.account for kind, one in there.items()} for region, there in elsewhere.items()}
        if args["sheet_variable"]:
            result["written"] = list(_written(self._loader, task_vars or {}, args["sheet_variable"], whole))
        every = [*doors, *far.values()]
        calls = dict(reads=sum(door.reads for door in every), writes=[write for door in every for write in door.writes])
        result.update(counts=findings.counts(looked, found), calls=calls)
        return result


def _written(loader: Any, variables: dict[str, Any], name: str, sheet: Any) -> Any:
    """A sheet whose own file is encrypted as a whole is no secret for that: what is told is all about it."""
    vaulted = _part("_vaulted")
    secrets = vaulted.Vaulted(variables, vaulted.encrypted_variables(loader, variables) - {name})
    return _part("findings").in_file(variables.get(name), sheet, vaulted.is_expression, vaulted.ciphertext, secrets.behind)


def _faults(args: dict[str, Any], known: Any) -> str:
    unknown = sorted({*(args["kinds"] or ()), *args["sheet"], *(kind for sheet in args["elsewhere"].values() for kind in sheet)} - set(known))
    if unknown:
        return f"{', '.join(map(str, unknown))}: there is no such kind; there are {', '.join(known)}"
    if not 0 <= args["trail_days"] <= KEEPS_DAYS:
        return f"trail_days: {args['trail_days']} will not do; the event history reaches {KEEPS_DAYS} days back, 0 asks nothing"
    return ""


def _part(name: str) -> Any:
    return import_module(f"ansible_collections.msp.aws.plugins.plugin_utils.{name}")
