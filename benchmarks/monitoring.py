# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.monitoring`: the monitoring of a large customer, planned, applied, run again and with one threshold changed, against both doubles.

Beside it a loop of amazon.aws.cloudwatch_metric_alarm over a sample that has nothing to do, and what it would take for all alarms.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import Any

from benchmarks.__main__ import ACCOUNT, WORK, Arena, Failed, loop, playbook
from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble

SIZES = {"ec2": 300, "rds": 40, "sqs": 20, "dynamodb": 20, "lambda": 20}
FACTS = {"ec2": dict(platform="linux", vcpu_count=4), "rds": dict(memory_bytes=8 << 30, engine="mysql"), "lambda": dict(timeout_ms=60000)}
# Beside what the catalogue has: file systems, processes and the network by CloudWatch, the rest by Mackerel.
SERVER = dict(
    disk=[dict(mount_point=path, primary="cloudwatch") for path in ("/", "/home", "/var", "/srv", "/opt")],
    process=[dict(pattern=name, exe=name, primary="cloudwatch") for name in ("nginx", "sshd")],
    network_in=dict(threshold=10**8),
    network_out=dict(threshold=10**8),
)
PLAN_SECONDS = 20
ALARMS = ("subnets", "security_groups")  # that the loop over alarms has none of


def variables(sizes: dict[str, int], changed: bool = False) -> dict[str, Any]:
    """A contract and a sheet; servers are named by ids and have roles of their own, so that each has monitors of its own.

    What is not there would get no alarms: the account, which has none of it, is not looked at.
    """
    watched = {target: [entry(target, number) for number in range(size)] for target, size in sizes.items()}
    if changed:
        watched["sqs"][0]["items"] = dict(in_flight=dict(threshold=50))
    contract = dict(
        number="BENCH-1",
        account_id=ACCOUNT,
        region="ap-northeast-1",
        mackerel_organization="acme-org",
        monitoring=dict(notify=["bench-alert"], mackerel_service="bench"),
    )
    return dict(contract=contract, sheet=dict(monitoring=watched), monitoring_looked_up=[])


def entry(target: str, number: int) -> dict[str, Any]:
    if target != "ec2":
        return dict(FACTS.get(target, {}), name=f"bench-{target}-{number:03}")
    return dict(FACTS[target], name=f"i-{number:017x}", mackerel_role=f"bench:host{number:03}", items=SERVER)


class Watching(Arena):
    """An arena with Mackerel beside AWS."""

    def __init__(self, double: AwsDouble, mackerel: MackerelDouble) -> None:
        self.mackerel = mackerel
        super().__init__(double, "monitoring")

    @property
    def environment(self) -> dict[str, str]:
        return dict(super().environment, MACKEREL_APIKEY=self.mackerel.key, MACKEREL_APIBASE=self.mackerel.url)

    def play(self, given: dict[str, Any], *arguments: str) -> dict[str, Any]:
        path = WORK / "monitoring.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        self.mackerel.clear_calls()
        measure = self.measure(playbook("monitoring.yml", "--extra-vars", f"@{path}", *arguments))
        writes = Counter(f"{call['service']}:{call['operation']}" for call in self.double.calls() if call["write"])
        writes["mackerel"] = sum(bool(call["write"]) for call in self.mackerel.calls())
        return dict(seconds=round(measure.wall, 1), cpu=round(measure.cpu, 1), writes=dict(+writes))


def looped(double: AwsDouble, sample: int, alarms: int) -> dict[str, Any]:
    """What a loop over a few alarms takes in a run that finds nothing to do, and by that, extrapolated, one over all."""
    arena = Arena(double, "monitoring-loop")
    sheet = arena.write(dict(dict.fromkeys(ALARMS, 0), alarms=sample), changed=False)
    arena.measure(loop(sheet, "alarms"))
    again = arena.measure(loop(sheet, "alarms"))
    return dict(sample=sample, seconds=round(again.wall, 1), extrapolated_seconds=round(again.wall / sample * alarms))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=int, default=1, help="only one in so many components")
    parser.add_argument("--sample", type=int, default=20, help="alarms in the loop")
    arguments = parser.parse_args()
    sizes = {target: max(1, size // arguments.part) for target, size in SIZES.items()}
    WORK.mkdir(parents=True, exist_ok=True)
    with AwsDouble() as double, MackerelDouble() as mackerel:
        arena = Watching(double, mackerel)
        plan = arena.play(variables(sizes), "--check")
        first = arena.play(variables(sizes))
        again = arena.play(variables(sizes))
        changed = arena.play(variables(sizes, changed=True))
        beside = looped(double, arguments.sample, first["writes"].get("cloudwatch:PutMetricAlarm", 0))
    print(json.dumps(dict(components=sum(sizes.values()), plan=plan, first=first, again=again, changed=changed, loop=beside), indent=2))
    wrong = [
        *(["the plan wrote"] if plan["writes"] else []),
        *(["the second run wrote"] if again["writes"] else []),
        *(["one threshold is one write"] if changed["writes"] != {"cloudwatch:PutMetricAlarm": 1} else []),
        *([f"the plan took more than {PLAN_SECONDS} s"] if plan["seconds"] > PLAN_SECONDS else []),
    ]
    print("\n".join(wrong) or "as promised")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
