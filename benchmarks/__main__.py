# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: the collection beside the same work by amazon.aws in loops and by plain boto3, measured in one run against the AWS double.

Each contestant gets an empty world and the same sheet, and is measured in a process of its own: a first run, runs that find nothing to do,
and a run after one tag, one rule and one threshold have changed. Afterwards a referee looks whether the account is as the sheet says.
This process stays small and never imports boto3, because what it holds would count as memory of the processes that it starts.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import string
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.doubles.aws import AwsDouble

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / ".build" / "benchmarks"
ACCOUNT = "123456789012"
VPC = "bench"
KINDS = {"subnets": 200, "security_groups": 200, "alarms": 500}
ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
PHASES = {"first": "First run", "noop": "No-op re-run", "change": "One change per kind"}
NOOP_TIMES_FASTER = 50
NOOP_SECONDS_ABOVE_PLAIN = 1.5


# ---- the sheet


def sheet_of(sizes: Mapping[str, int], changed: bool = False) -> dict[str, Any]:
    """So many things of each kind; `changed` has one other tag, one rule more and one other threshold."""
    sheet = {
        "subnets": [subnet(number) for number in range(sizes["subnets"])],
        "security_groups": [security_group(number) for number in range(sizes["security_groups"])],
        "alarms": [alarm(number) for number in range(sizes["alarms"])],
    }
    middle = {kind: entries[len(entries) // 2] for kind, entries in sheet.items() if entries}
    if changed and "subnets" in middle:
        middle["subnets"]["tags"]["Tier"] = "changed"
    if changed and "security_groups" in middle:
        middle["security_groups"]["ingress"].append(rule(8443, "192.168.0.0/16"))
    if changed and "alarms" in middle:
        middle["alarms"]["threshold"] = 95.0
    return sheet


def subnet(number: int) -> dict[str, Any]:
    place = {"cidr_block": f"10.0.{number}.0/24", "availability_zone": ZONES[number % len(ZONES)]}
    return {"name": f"bench-{number:03}", "vpc": VPC, **place, "tags": {"Tier": "app", "Env": "bench"}}


def security_group(number: int) -> dict[str, Any]:
    rules = [rule(443, f"10.0.{number % 256}.0/24"), rule(22, "10.0.0.0/16")]
    return {"name": f"bench-{number:03}", "vpc": VPC, "description": f"group {number}", "ingress": rules, "tags": {"Env": "bench"}}


def rule(port: int, block: str) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": block}


def alarm(number: int) -> dict[str, Any]:
    return {
        "name": f"bench-{number:03}",
        "namespace": "AWS/EC2",
        "metric_name": "CPUUtilization",
        "dimensions": {"InstanceId": f"i-{number:017x}"},
        "statistic": "Average",
        "period": 300,
        "evaluation_periods": 2,
        "threshold": 80.0,
        "comparison_operator": "GreaterThanThreshold",
        "alarm_actions": [VPC],
    }


def in_amazon_words(group: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules of a group as amazon.aws.ec2_security_group wants them."""
    words = {"protocol": "proto", "from_port": "from_port", "to_port": "to_port", "cidr_ipv4": "cidr_ip"}
    return [{word: one[option] for option, word in words.items()} for one in group["ingress"]]


# ---- measuring


@dataclass(frozen=True)
class Measure:
    """What one phase cost. Arithmetic on measures is by field; memory is a peak and never adds up."""

    wall: float
    cpu: float
    peak: float
    reads: float
    writes: float

    def combined(self, other: Measure, factor: float) -> Measure:
        """This, and `factor` times the other on top."""
        sums = {name: getattr(self, name) + factor * getattr(other, name) for name in ("wall", "cpu", "reads", "writes")}
        return Measure(peak=max(self.peak, other.peak), **sums)


class Failed(Exception):
    """A contestant did not do the work, so there is nothing to compare."""


def median(measures: Sequence[Measure]) -> Measure:
    return Measure(**{field.name: statistics.median(getattr(measure, field.name) for measure in measures) for field in fields(Measure)})


class Arena:
    """A world of its own for one contestant."""

    def __init__(self, double: AwsDouble, name: str) -> None:
        self.double, self.name, self.runs = double, name, 0
        double.reset()
        self.ids = json.loads(self._run("benchmarks.plain", "prepare"))

    def measure(self, command: Sequence[str | Path]) -> Measure:
        """Run it and wait for it: its own and its children's CPU time, and the largest process among them."""
        self.runs += 1
        self.double.clear_calls()
        with (WORK / f"{self.name}-{self.runs}.log").open("w+", encoding="utf-8") as log:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            dummy, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                log.seek(0)
                raise Failed(f"{self.name} ended with {process.returncode}:\n{log.read()[-4000:]}")
        calls = self.double.calls()
        writes = sum(call["write"] for call in calls)
        return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, len(calls) - writes, writes)

    def verify(self, sheet: Path) -> None:
        self._run("benchmarks.plain", "verify", sheet)

    def _run(self, *arguments: str | Path) -> str:
        run = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=self.environment, text=True, capture_output=True, check=False)
        if run.returncode:
            raise Failed(f"{self.name}: {run.stderr}")
        return run.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The same for all. Python keeps its bytecode, as it does where it is installed in the usual way, whatever this shell or checkout says."""
        return dict(
            {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            PYTHONPYCACHEPREFIX=str(WORK / "bytecode"),
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            ANSIBLE_NOCOLOR="1",
            AWS_ENDPOINT_URL=self.double.url,
            AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}ROOT",
            AWS_SECRET_ACCESS_KEY="x" * 20,
            AWS_DEFAULT_REGION="ap-northeast-1",
        )

    def write(self, sizes: Mapping[str, int], changed: bool) -> Path:
        """The sheet as a file, with the ids of this world for those who need them."""
        sheet = sheet_of(sizes, changed)
        path = WORK / f"{self.name}-{'changed' if changed else 'sheet'}.json"
        rules = {group["name"]: in_amazon_words(group) for group in sheet["security_groups"]}
        path.write_text(json.dumps({**sheet, **self.ids, "rules": rules}), encoding="utf-8")
        return path


# ---- the contestants


def playbook(name: str, *arguments: str | Path) -> list[str | Path]:
    return [Path(sys.executable).with_name("ansible-playbook"), "--inventory", "localhost,", "--connection", "local", HERE / name, *arguments]


def lists(sheet: Path) -> list[str | Path]:
    return playbook("lists.yml", "--extra-vars", f"@{sheet}")


def plain(sheet: Path) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.plain", "apply", sheet]


def loop(sheet: Path, *kinds: str) -> list[str | Path]:
    return playbook("loops.yml", "--extra-vars", f"@{sheet}", *(["--tags", ",".join(kinds)] if kinds else []))


def whole(double: AwsDouble, name: str, command: Any, sizes: Mapping[str, int], repeat: int) -> dict[str, Measure]:
    """A contestant that does all three kinds in one run, at full size."""
    arena = Arena(double, name)
    sheet, changed = arena.write(sizes, changed=False), arena.write(sizes, changed=True)
    measures = {"first": arena.measure(command(sheet))}
    arena.verify(sheet)
    measures["noop"] = median([arena.measure(command(sheet)) for dummy in range(repeat)])
    measures["change"] = arena.measure(command(changed))
    arena.verify(changed)
    return measures


def sampled(double: AwsDouble, sizes: Mapping[str, int], sample: int, empty: Measure) -> dict[str, Measure]:
    """amazon.aws on a few things of each kind, one kind at a time, and from that what all of them would cost.

    An item costs what a loop of a few takes beyond an empty playbook; the changed item is one however many others there are.
    """
    few = {kind: min(size, sample) for kind, size in sizes.items()}
    arena = Arena(double, "amazon.aws")
    sheet, changed = arena.write(few, changed=False), arena.write(few, changed=True)
    measures = dict.fromkeys(PHASES, empty)
    kinds = [kind for kind in sizes if sizes[kind]]
    items = {}
    for kind in kinds:
        items["first", kind] = arena.measure(loop(sheet, kind)).combined(empty, -1)
    arena.verify(sheet)
    for kind in kinds:
        items["noop", kind] = arena.measure(loop(sheet, kind)).combined(empty, -1)
    for kind in kinds:
        once = arena.measure(loop(changed, kind)).combined(empty, -1)
        items["change", kind] = items["noop", kind].combined(once.combined(items["noop", kind], -1), few[kind] / sizes[kind])
    arena.verify(changed)
    for (phase, kind), cost in items.items():
        measures[phase] = measures[phase].combined(cost, sizes[kind] / few[kind])
    return measures


def warm_up(double: AwsDouble) -> None:
    """Nobody's measured run is the one in which Python compiles its libraries."""
    for command in (lists, plain, loop):
        arena = Arena(double, "warm-up")
        arena.measure(command(arena.write(dict.fromkeys(KINDS, 1), changed=False)))


def compete(options: argparse.Namespace, sizes: Mapping[str, int]) -> dict[str, dict[str, Measure]]:
    with AwsDouble() as double:
        say("warming up")
        warm_up(double)
        empty = median([Arena(double, "empty").measure(playbook("empty.yml")) for dummy in range(options.repeat)])
        results = {"empty": {"noop": empty}}
        say("msp.aws, three lists")
        results["lists"] = whole(double, "msp.aws", lists, sizes, options.repeat)
        say("plain boto3")
        results["plain"] = whole(double, "boto3", plain, sizes, options.repeat)
        say("amazon.aws, three loops")
        results["loops"] = whole(double, "amazon.aws", loop, sizes, 1) if options.full else sampled(double, sizes, options.sample, empty)
    return results


# ---- what comes out


def goals(results: Mapping[str, Mapping[str, Measure]], sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    ours, plain_boto3, loops = (results[name]["noop"] for name in ("lists", "plain", "loops"))
    faster, above = loops.wall / ours.wall, (ours.wall - plain_boto3.wall) / sum(1 for size in sizes.values() if size)
    return [
        {"goal": f"no-op at least {NOOP_TIMES_FASTER} times faster than amazon.aws in loops", "is": f"{faster:.0f} times", "met": faster >= NOOP_TIMES_FASTER},
        {"goal": f"no-op at most {NOOP_SECONDS_ABOVE_PLAIN} s per kind above plain boto3", "is": f"{above:.2f} s", "met": above <= NOOP_SECONDS_ABOVE_PLAIN},
        {"goal": "no writing call in the no-op", "is": f"{ours.writes:.0f}", "met": ours.writes == 0},
    ]


def machine() -> dict[str, Any]:
    model = next((line.partition(":")[2].strip() for line in read_lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = next((int(line.split()[1]) // 2**20 for line in read_lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("ansible-core", "boto3", "moto")},
        "amazon.aws": amazon_version(),
    }


def read_lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def amazon_version() -> str:
    command = [Path(sys.executable).with_name("ansible-galaxy"), "collection", "list", "amazon.aws", "--format", "json"]
    found = json.loads(subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout)
    return next(collections["amazon.aws"]["version"] for collections in found.values() if "amazon.aws" in collections)


def table(results: Mapping[str, Mapping[str, Measure]], titles: Mapping[str, str]) -> Iterable[str]:
    """Markdown: a line for each phase and contestant, times also as multiples of ours."""
    yield "| Phase | Contestant | Wall s | × ours | CPU s | × ours | Peak MiB | Reads | Writes |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|"
    for phase, said in PHASES.items():
        ours = results["lists"][phase]
        for name, title in titles.items():
            one = results[name][phase]
            numbers = f"{one.wall:.1f} | {times(one.wall, ours.wall)} | {one.cpu:.1f} | {times(one.cpu, ours.cpu)}"
            yield f"| {said} | {title} | {numbers} | {one.peak:.0f} | {one.reads:.0f} | {one.writes:.0f} |"


def times(one: float, ours: float) -> str:
    return f"{one / ours:.1f}" if one < 10 * ours else f"{one / ours:.0f}"


def report(outcome: Mapping[str, Any], results: Mapping[str, Mapping[str, Measure]]) -> str:
    sizes, facts, sample = outcome["sizes"], outcome["machine"], outcome["sample"]
    from_sample = f" (extrapolated from {sample} of each)" if sample else ""
    titles = {"lists": "msp.aws, three lists", "plain": "plain boto3", "loops": f"amazon.aws, three loops{from_sample}"}
    template = string.Template((HERE / "README.template.md").read_text(encoding="utf-8"))
    return template.substitute(
        sizes=", ".join(f"{size} {kind.replace('_', ' ')}" for kind, size in sizes.items()),
        date=outcome["date"],
        machine=f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, {facts['system']}, load {facts['load_before']} before the run",
        versions=", ".join(f"{name} {facts[name]}" for name in ("python", "ansible-core", "boto3", "amazon.aws", "moto")),
        table="\n".join(table(results, titles)),
        empty=f"{results['empty']['noop'].wall:.1f}",
        repeat=outcome["repeat"],
        goals="\n".join(f"| {goal['goal']} | {goal['is']} | {'pass' if goal['met'] else 'FAIL'} |" for goal in outcome["goals"]),
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure msp.aws beside amazon.aws in loops and plain boto3.")
    for kind, size in KINDS.items():
        parser.add_argument(f"--{kind.replace('_', '-')}", type=int, default=size, metavar="N", help=f"how many (default: {size}; 0 leaves the kind out)")
    parser.add_argument("--sample", type=int, default=30, metavar="N", help="of each kind for amazon.aws, the rest is extrapolated (default: 30)")
    parser.add_argument("--full", action="store_true", help="amazon.aws with everything: half an hour")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="how often the quick no-op is measured; the median counts (default: 3)")
    parser.add_argument("--output", type=Path, default=HERE, metavar="DIR", help="where results.json and README.md go (default: benchmarks)")
    return parser.parse_args()


def say(text: str) -> None:
    print(f"-- {text}", flush=True)


def main() -> int:
    options = arguments()
    sizes = {kind: getattr(options, kind) for kind in KINDS}
    WORK.mkdir(parents=True, exist_ok=True)
    outcome: dict[str, Any] = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "machine": machine(), "sizes": sizes}
    outcome.update(sample=0 if options.full else options.sample, repeat=options.repeat)
    try:
        results = compete(options, sizes)
    except Failed as failure:
        print(f"The benchmark failed: {failure}", file=sys.stderr)
        return 1
    rounded = {name: {phase: {key: round(value, 2) for key, value in asdict(one).items()} for phase, one in phases.items()} for name, phases in results.items()}
    outcome.update(results=rounded, goals=goals(results, sizes))
    text = report(outcome, results)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "results.json").write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    (options.output / "README.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
