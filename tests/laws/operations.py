# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations as the laws play them: the tasks of their entry points, rendered by Ansible, their modules run in process."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from ansible.module_utils.testing import patch_module_args
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.msp.aws.plugins.plugin_utils._operation_plans import undo
from ansible_collections.msp.aws.plugins.plugin_utils._operations import ROOT, operations, prefix
from tests.laws.stage import PREFIX, Stage, examples

OPERATIONS = operations()
READY: set[str] = set()
STOPPED = dict(
    name="acme-stopped01",
    image_parameter="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    instance_type="t3.micro",
    subnet="acme-a",
)
RETIRING = dict(STOPPED, name="acme-old01")
INTERFACES = [
    dict(name="acme-inside", subnet="acme-a", attachment=dict(instance="acme-web01", device_index=1)),
    dict(name="acme-license", subnet="acme-a"),
]
GENERATIONS = dict(
    name="acme-daily",
    resource_types=["INSTANCE"],
    description="acme daily snapshots",
    policy_state="ENABLED",
    execution_role="AWSDataLifecycleManagerDefaultRole",
    target_tags={"Backup": "daily"},
    schedules=[
        dict(name="daily", cron_expression="cron(0 17 * * ? *)", retain_count=7),
        dict(name="hourly", interval=4, interval_unit="HOURS", retain_count=6),
    ],
)
LONG_AGO = "2026-01-05T00:00:00+00:00"  # by now CloudTrail shows whatever was done then


def sample(operation: str) -> dict[str, Any]:
    """The example of an operation's row, as the role's variables."""
    row = OPERATIONS[operation]
    given = {prefix(operation) + name: value for name, value in row["example"]["parameters"].items()}
    return {row["target"]: row["example"]["target"], **given}


def _task(operation: str) -> tuple[DataLoader, dict[str, Any]]:
    """The task of an entry point, as Ansible loads it."""
    loader, row = DataLoader(), OPERATIONS[operation]
    (task,) = loader.load_from_file(str(ROOT / "roles" / row["role"] / "tasks" / f"{row['entry']}.yml"), trusted_as_template=True)
    return loader, task


class Desk:
    """Who carries operations out, in the account of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.double = stage, stage.double

    def open(self) -> Desk:
        """An account with servers that run and one that is stopped, made once and brought back from then on."""
        if self.double.url not in READY:
            self.stage.prepare("ec2_instances")
            self.stage.run("ec2_instances", examples("ec2_instances").make)
            self.stage.run("ec2_instances", dict(instances=[STOPPED]))
            self._stop(STOPPED["name"])
            self._lacks_patches("acme-batch01")
            self._retires(self.stage.run("ec2_instances", dict(instances=[RETIRING])))
            self.stage.run("ec2_volumes", dict(volumes=[dict(name="acme-data", availability_zone="ap-northeast-1a", size=20, volume_type="gp3")]))
            self.stage.run("ec2_elastic_ips", dict(elastic_ips=[dict(name="acme-spare")]))
            self.stage.run("ec2_network_interfaces", dict(network_interfaces=INTERFACES))
            for kind, task in examples("dlm_lifecycle_policies").before:
                self.stage.run(kind, task)
            self.stage.run("dlm_lifecycle_policies", dict(lifecycle_policies=[GENERATIONS]))
            self.double.snapshot("operations")
            READY.add(self.double.url)
        self.double.restore("operations")
        self.double.instance_types()
        self.double.transition("ec2::instance", progression="manual", times=2)
        self.double.clear_calls()
        return self

    def close(self) -> None:
        """For all others the double is as it was."""
        self.double.clear_faults()
        self.double.instance_types()
        self.double.transition("ec2::instance", progression="immediate")

    def _retires(self, made: dict[str, Any]) -> None:
        """Its host is to be retired; an event of last week is over, and another one may be moved."""
        later = datetime.now(UTC) + timedelta(days=30)
        events = [
            dict(InstanceEventId="instance-event-0a", Code="system-reboot", Description="[Completed] reboot", NotBefore=LONG_AGO),
            dict(InstanceEventId="instance-event-0b", Code="instance-retirement", Description="degraded hardware", NotBefore=later.isoformat()),
        ]
        deadline = dict(NotBeforeDeadline=(later + timedelta(days=7)).isoformat())
        moves = dict(InstanceEventId="instance-event-0c", Code="system-maintenance", Description="power", NotBefore=later.isoformat())
        self.double.instance_events(made["entries"][0]["id"], [*events, {**moves, **deadline}])

    def _lacks_patches(self, name: str) -> None:
        found = self.stage.client("ec2").describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"]
        patches = {"kernel-6.1": "MISSING", "openssl-3.0": "MISSING", "bash-5.2": "INSTALLED"}
        self.double.managed_node(found[0]["Instances"][0]["InstanceId"], patches=patches, scanned=datetime.now(UTC).isoformat())

    def _stop(self, name: str) -> None:
        client = self.stage.client("ec2")
        found = client.describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"]
        client.stop_instances(InstanceIds=[found[0]["Instances"][0]["InstanceId"]])

    def attempt(self, operation: str, *, check: bool = False, confirmed: bool = True, variables: dict[str, Any] | None = None, **frame: Any) -> dict[str, Any]:
        """What the entry point registers. `frame`: what the role operation tells it, such as before and undo."""
        told = {"operation_ticket": "REQ-1", **{f"operation_{name}": value for name, value in frame.items()}}
        if confirmed and not check:
            plan = self.attempt(operation, check=True, variables=variables, **frame)
            told["operation_confirm"] = [f"{self.module(operation)}/{entry['entry']}" for entry in plan["entries"]]
        loader, task = _task(operation)
        given = {**(sample(operation) if variables is None else variables), **told, **task.get("vars", {})}
        arguments = Templar(loader, variables=given).template(task[PREFIX + self.module(operation)])
        return self._module(self.module(operation), {**arguments, **self.stage.hands()}, check)

    def run(self, operation: str, *, fails: bool = False, **how: Any) -> dict[str, Any]:
        result = self.attempt(operation, **how)
        assert bool(result.get("failed")) == fails, result.get("msg") or result
        return result

    @staticmethod
    def module(operation: str) -> str:
        """The module that an entry point is about."""
        return next(word for word in _task(operation)[1] if word.startswith(PREFIX)).removeprefix(PREFIX)

    def calls_of(self, operation: str) -> set[str]:
        """Every call of an operation: planned, killed after its first write, gone on with, and brought back where that can be."""
        plan = self.run(operation, check=True)
        self.double.faults([dict(fault="die_after", at=1, of="write")])
        self.run(operation, fails=True)
        self.double.clear_faults()
        self.run(operation, before=dict(plan.get("facts", {}), at=LONG_AGO))
        way_back = undo(OPERATIONS[operation], plan)
        if way_back:
            self.run(operation, undo=way_back)
        return {f"{call['service']}:{call['operation']}" for call in self.double.calls()}

    @staticmethod
    def _module(name: str, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
        out = io.StringIO()
        with patch_module_args(dict(arguments, _ansible_check_mode=check, _ansible_diff=True)), redirect_stdout(out):
            try:
                import_module(f"ansible_collections.msp.aws.plugins.modules.{name}").main()
            except SystemExit:
                pass
        return json.loads(out.getvalue())

    def writes(self) -> list[str]:
        return self.stage.writes()

    def states(self) -> dict[str, tuple[str, str]]:
        """Name → type and state of every instance, as somebody else sees them when all has settled."""
        client = self.stage.client("ec2")
        for dummy in range(6):
            reservations = client.describe_instances()["Reservations"]
        instances = [one for group in reservations for one in group["Instances"]]
        names = {one["InstanceId"]: next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name") for one in instances}
        return {names[one["InstanceId"]]: (one["InstanceType"], one["State"]["Name"]) for one in instances}
