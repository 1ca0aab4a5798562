# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents' half of what is watched: fragments of mackerel-agent.conf and the documents of the CloudWatch agent, a set for each host, and the
configuration of mackerel-container-agent for each service of ECS and pod.

Every value of a fragment goes through `_toml`, and a command is a list of words, so nothing of a sheet can end a string or reach a shell;
only what the catalogue itself writes as a command of a shell is one, with its values quoted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import PAGES, Row, unwatched
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import dump

ON_HOSTS = ("ec2", "lightsail")
IN_CONTAINERS = ("ecs_task", "eks_pod")
FRAGMENT, DOCUMENT, CONTAINERS = "mackerel-agent.msp-aws.conf", "amazon-cloudwatch-agent.msp-aws.json", "mackerel-container-agent.msp-aws.yaml"
RUN = ("check", "plugin")  # types of definitions that an agent of Mackerel runs
SECTION = re.compile(r"[^A-Za-z0-9_-]")
CHECK = ("check_interval", "timeout_seconds", "max_check_attempts", "notification_interval", "prevent_alert_auto_close", "env")
# What the CloudWatch agent has to collect for a metric: plugin, measurement, and by which option its things are told.
MEASURED = {
    "mem_used_percent": ("mem", "used_percent", None),
    "disk_used_percent": ("disk", "used_percent", ("resources", "mount_point")),
    "swap_used_percent": ("swap", "used_percent", None),
    "procstat_lookup_pid_count": ("procstat", "pid_count", None),
    "Memory % Committed Bytes In Use": ("Memory", "% Committed Bytes In Use", None),
    "LogicalDisk % Free Space": ("LogicalDisk", "% Free Space", ("resources", "drive")),
    "Paging File % Usage": ("Paging File", "% Usage", None),
    "System Processor Queue Length": ("System", "Processor Queue Length", None),
    "procstat_lookup pid_count": ("procstat", "pid_count", None),
}


def files(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The files, each with its host, name and text, and what it still waits for; one that waits for all that would be in it has no text."""
    rows = [row for row in rows if row.target in (*ON_HOSTS, *IN_CONTAINERS)]
    watched: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.state == PAGES:
            watched.setdefault((row.target, row.component), []).append(row)
    texts = {
        (target, name, file): text
        for (target, name), some in watched.items()
        for file, text in (_of_containers(some) if target in IN_CONTAINERS else _of_a_host(some))
    }
    waits: dict[tuple[str, str, str], list[str]] = {}
    for row in unwatched(rows):
        for file in _told_in(row):
            waits.setdefault((row.target, row.component, file), []).append(f"{row.item} ({row.key}): {', '.join(row.lacks)}")
    return [dict(host=key[1], name=key[2], text=texts.get(key, ""), waits=waits.get(key, [])) for key in dict.fromkeys([*texts, *waits])]


def _told_in(row: Row) -> Iterator[str]:
    """The file in which an agent is told of a row, if it is told of it at all."""
    if row.definition.get("type") in RUN:
        yield CONTAINERS if row.target in IN_CONTAINERS else FRAGMENT
    elif row.target in ON_HOSTS and "cloudwatch_agent" in row.definition.get("needs", ()):
        yield DOCUMENT


def _of_a_host(some: list[Row]) -> Iterator[tuple[str, str]]:
    sections = [_section(name, row) for name, row in _named(some).items()]
    role = next((row.role for row in some if row.side == "mackerel" and row.role), None)
    if role or sections:
        yield FRAGMENT, "\n".join([*([f"roles = [{_toml(role)}]\n"] if role else []), *sections])
    document = cloudwatch_agent(some)
    if document:
        yield DOCUMENT, json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _named(some: list[Row]) -> dict[str, Row]:
    """What the agents run, by names that they take. Names that differ in other signs alone, such as those of two services in Japanese, stay apart."""
    run = {row.name: row for row in some if row.definition.get("type") in RUN}
    plain = {name: SECTION.sub("_", name) for name in run}
    times = Counter(plain.values())
    return {plain[name] + (f"-{sha256(name.encode()).hexdigest()[:8]}" if times[plain[name]] > 1 else ""): row for name, row in run.items()}


# ---- mackerel-agent


def _section(name: str, row: Row) -> str:
    definition = row.definition
    kind = _kind(row)
    told = dict(command=_command(row), **{option: definition[option] for option in CHECK if definition.get(option) is not None})
    lines = [f"[plugin.{kind}.{_toml(name)}]", *(f"{option} = {_toml(value)}" for option, value in told.items())]
    return "\n".join(lines) + "\n"


def _kind(row: Row) -> str:
    return "checks" if row.definition["type"] == "check" else "metrics"


def _command(row: Row) -> Any:
    plugin = row.definition.get("plugin")
    return [plugin["plugin"], *map(str, plugin.get("options", ()))] if plugin else row.definition["command"]


def _toml(value: Any) -> str:
    """A value of TOML. A basic string of TOML is one of JSON, but for the sign DEL."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(str(name))} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# ---- mackerel-container-agent


def _of_containers(some: list[Row]) -> Iterator[tuple[str, str]]:
    """It checks each minute and knows no attempts; of what its elder can be told, it takes time limit and environment."""
    plugins: dict[str, dict[str, Any]] = {}
    for name, row in _named(some).items():
        told = {"timeoutSeconds": row.definition.get("timeout_seconds"), "env": row.definition.get("env")}
        section = dict(command=_command(row), **{option: value for option, value in told.items() if value is not None})
        plugins.setdefault(_kind(row), {})[name] = section
    role = next((row.role for row in some if row.side == "mackerel" and row.role), None)
    if role or plugins:
        yield CONTAINERS, dump(dict(dict(roles=[role]) if role else {}, **(dict(plugin=plugins) if plugins else {})))


# ---- the CloudWatch agent


def cloudwatch_agent(some: list[Row]) -> dict[str, Any]:
    """The document that collects what the alarms of a host stand on, with the roll-ups whose dimensions they name."""
    collected: dict[str, Any] = {}
    logs = []
    for row in some:
        if row.side == "cloudwatch" and "cloudwatch_agent" in row.definition.get("needs", ()):
            _collect(collected, row)
        if row.side == "cloudwatch" and "filter" in row.definition and row.facts.get("path"):
            logs.append(dict(file_path=row.facts["path"], log_group_name=row.definition["filter"]["log_group"], log_stream_name="{instance_id}"))
    if not collected and not logs:
        return {}
    metrics = dict(
        namespace="CWAgent",
        append_dimensions=dict(InstanceId="${aws:InstanceId}"),
        aggregation_dimensions=[["InstanceId"], ["InstanceId", "path"], ["InstanceId", "instance"], ["InstanceId", "exe", "pid_finder"]],
        metrics_collected=collected,
    )
    parts = dict(metrics=metrics) if collected else {}
    return dict(parts, **(dict(logs=dict(logs_collected=dict(files=dict(collect_list=logs)))) if logs else {}))


def _collect(collected: dict[str, Any], row: Row) -> None:
    metric = row.definition.get("metric_name") or row.definition["metrics"]["m1"]
    plugin, measurement, by = MEASURED[metric]
    if plugin == "procstat":
        one = dict(exe=row.facts["exe"], measurement=[measurement], metrics_collection_interval=60)
        collected.setdefault(plugin, []).append(one)
        return
    section = collected.setdefault(plugin, dict(measurement=[measurement], metrics_collection_interval=60))
    if by:
        section[by[0]] = sorted({*section.get(by[0], ()), str(row.facts[by[1]])})
    elif plugin[0].isupper():
        section["resources"] = ["*"] if plugin == "Paging File" else []
