# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Mackerel shows of the watched beside its monitors, where the contract asks for it: dashboards, and the metrics that it collects of AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import LACKS, PAGES, Row, catalogue, named_by, places, word

WIDTH, HEIGHT, COLUMNS = 6, 8, 24  # of a widget, and of the page
WORDS = dict(
    ja=dict(title="{service} の監視", limits="しきい値", alerts="アラート", item="監視項目", critical="異常"),
    en=dict(title="What is watched of {service}", limits="Thresholds", alerts="Alerts", item="Item", critical="critical"),
)
INTEGRATED = "custom."  # how metrics of AWS are called in monitors, and not in the integration


# ---- dashboards


def dashboards(rows: Iterable[Row], path: str, language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """One for each service, at the end of this path."""
    services: dict[str, dict[str, dict[str, Row]]] = {}
    for row in rows:
        if row.state == PAGES and row.side == "mackerel" and row.role:
            services.setdefault(row.role.partition(":")[0], {}).setdefault(row.role, {}).setdefault(row.name, row)
    for service, roles in services.items():
        title = WORDS[language]["title"].format(service=service)
        widgets = [widget for line, some in _lines(roles, language) for widget in _laid_out(some, line)]
        yield "mackerel_dashboards", dict(url_path=f"{path}/{service}", title=title, widgets=widgets)


def _lines(roles: Mapping[str, Mapping[str, Row]], language: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The widgets of each role, with the line on which they begin."""
    line = 0
    for role, rows in roles.items():
        some = [*_of_role(role, list(rows.values()), language)]
        yield line, some
        line += -(-len(some) * WIDTH // COLUMNS)


def _laid_out(widgets: Iterable[dict[str, Any]], line: int) -> Iterator[dict[str, Any]]:
    for number, widget in enumerate(widgets):
        down, right = divmod(number * WIDTH, COLUMNS)
        yield dict(widget, layout=dict(x=right, y=(line + down) * HEIGHT, width=WIDTH, height=HEIGHT))


def _of_role(role: str, rows: list[Row], language: str) -> Iterator[dict[str, Any]]:
    words = WORDS[language]
    yield dict(type="markdown", title=f"{role} {words['limits']}", markdown=_limits(rows, language))
    yield dict(type="alertStatus", title=f"{role} {words['alerts']}", role_fullname=role)
    for row in rows:
        metric = row.definition.get("metric", "%")
        if not metric.endswith("%"):  # those are calculated for monitors, and there is no graph of the name
            yield dict(type="graph", title=f"{role} {_item(row, language)}", graph=dict(type="role", role_fullname=role, name=metric), **_limit(row, words))


def _limit(row: Row, words: Mapping[str, str]) -> dict[str, Any]:
    critical = row.definition.get("critical")
    return dict(reference_lines=[dict(label=words["critical"], value=critical)]) if critical is not None and critical >= 0 else {}


def _limits(rows: Iterable[Row], language: str) -> str:
    """A line for each, and one for what is checked alike on every host of the role."""
    lines = [(_item(row, language), *(row.definition.get(name, "") for name in ("operator", "warning", "critical"))) for row in rows]
    told = dict.fromkeys(tuple(str(cell).replace("|", "\\|") for cell in line) for line in lines)
    head = [WORDS[language]["item"], "", "warning", "critical"]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *told))


def _item(row: Row, language: str) -> str:
    """With what the sheet says of which one it is."""
    about = catalogue()[row.target]["items"][row.item]
    which = [word(name, row.facts) for name in named_by(about) if row.facts.get(name) is not None]
    return " ".join([about[language], *which])


# ---- AWS integration


def integration(rows: Iterable[Row], given: Mapping[str, Any], region: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of AWS Mackerel collects what is watched and nothing else, since each metric has its price. What a component's own name is a part of is not named."""
    services: dict[str, dict[str, Row]] = {}
    for row in rows:
        about = catalogue()[row.target]
        metric = about["items"][row.item][row.side][row.key].get("metric", "")
        if "integration" in about and row.state != LACKS and metric.startswith(INTEGRATED) and not places(metric):
            services.setdefault(about["integration"], {}).setdefault(metric.removeprefix(INTEGRATED), row)
    made = [_service(service, metrics) for service, metrics in services.items()]
    yield from (("mackerel_services", dict(name=one["role"].partition(":")[0])) for one in made if "role" in one)
    yield from (("mackerel_roles", dict(zip(("service", "name"), one["role"].split(":"), strict=True))) for one in made if "role" in one)
    if made:
        yield "mackerel_aws_integrations", dict(given, region=region, services=made)


def _service(service: str, metrics: Mapping[str, Row]) -> dict[str, Any]:
    """New hosts get the role of what is watched, where all have the same."""
    roles = {row.role for row in metrics.values()}
    return dict(service=service, included_metrics=sorted(metrics), **(dict(role=roles.pop()) if len(roles) == 1 and None not in roles else {}))
