# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of what is watched as entries of the kinds that make it: a sheet."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import OF_A_ROLE, PAGES, PART, Row, catalogue, datapoints
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import region as region_of
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring_views import dashboards, integration
from ansible_collections.msp.aws.plugins.plugin_utils._plain import unpacked

# The kinds of what comes of it, in the order in which one needs the other.
MADE = (
    "sns_topics",
    "logs_metric_filters",
    "cloudwatch_alarms",
    "lightsail_alarms",
    "mackerel_services",
    "mackerel_roles",
    "mackerel_monitors",
    "mackerel_dashboards",
    "mackerel_aws_integrations",
)
NOT_OPTIONS = ("needs", "region", "filter", "lightsail", "band", "expression", "label")
MONITORS = (*OF_A_ROLE, "service", "external", "expression")


def expanded(rows: Iterable[Row], contract: Mapping[str, Any], language: str = "ja") -> dict[str, dict[str, Any]]:
    """Region → entries of kinds, and the metrics that their alarms stand on. That of the contract is among them even where it has none."""
    rows, own = list(rows), contract["region"]
    made = {region: dict(entries=entries(rows, region, language), metrics=metrics(rows, region)) for region in sorted({own, *_regions(rows)})}
    made[own]["entries"] = _once([*_pairs(made[own]["entries"]), *_views(rows, contract, language)])
    return made


def components_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """How results and faults call what comes of a row → component and item, in the words of the sheet."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.state == PAGES:
            label = f"{row.definition['filter']['log_group']}/{row.name}" if "filter" in row.definition else row.name
            for name in (label, row.name):
                found.setdefault(name, [row.target, row.component, row.item])
    return found


def _views(rows: list[Row], contract: Mapping[str, Any], language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the contract asks for beside alarms and monitors."""
    agreed = contract.get(PART) or {}
    if agreed.get("dashboard"):
        yield from dashboards(rows, agreed["dashboard"], language)
    if agreed.get("aws_integration"):
        yield from integration(rows, agreed["aws_integration"], contract["region"])


def _regions(rows: Iterable[Row]) -> set[str]:
    """Where there are alarms."""
    return {region_of(row) for row in rows if row.state == PAGES and row.side == "cloudwatch"}


def _pairs(made: Mapping[str, Iterable[dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((kind, entry) for kind, some in made.items() for entry in some)


def _once(pairs: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """kind → entries. What several rows come to is one thing."""
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {kind: {} for kind in MADE}
    for kind, entry in pairs:
        names = ("name",) if kind == "mackerel_monitors" else ("log_group", "service", "name", "url_path")
        key = tuple(entry.get(name) for name in names)
        found[kind][key] = _both(found[kind][key], entry) if key in found[kind] else entry
    return {kind: list(by_name.values()) for kind, by_name in found.items() if by_name}


def _both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What two rows come to is the same, but of an address each says what it looks at of the answer: else two would tell that nobody answers."""
    if second.get("type") != "external" or second["memo"] in first["memo"]:
        return first
    return dict(second, **first) | dict(memo=f"{first['memo']} / {second['memo']}")


def of_region(made: Mapping[str, Any], region: str, unseen: Iterable[Mapping[str, Any]] = ()) -> dict[str, list[dict[str, Any]]]:
    """kind → entries of a Region, of what was expanded and packed; without the alarms that stand on metrics `unseen`."""
    entries = {kind: unpacked(text) for kind, text in made["regions"].get(region, dict(entries={}))["entries"].items()}
    held = {one["alarm"] for one in unseen}
    return without(entries, held) if held else entries


def whole(sheet: Mapping[str, Any], made: Mapping[str, Any], unseen: Iterable[Mapping[str, Any]] = (), region: str | None = None) -> dict[str, Any]:
    """The sheet with what its `monitoring` comes to in its place, in a Region or in that of the contract."""
    own = {kind: given for kind, given in sheet.items() if kind != PART}
    return own | {kind: [*(own.get(kind) or []), *entries] for kind, entries in of_region(made, region or made["region"], unseen).items()}


def without(made: Mapping[str, list[dict[str, Any]]], alarms: Container[str]) -> dict[str, list[dict[str, Any]]]:
    """What is left of a Region's entries without these alarms, and without the topics that only they tell."""
    kept = [alarm for alarm in made.get("cloudwatch_alarms", ()) if alarm["name"] not in alarms]
    told = {topic for alarm in kept for topic in alarm.get("alarm_actions", ())}
    topics = [topic for topic in made.get("sns_topics", ()) if topic["name"] in told]
    return {kind: some for kind, some in dict(made, cloudwatch_alarms=kept, sns_topics=topics).items() if some}


def entries(rows: Iterable[Row], region: str, language: str = "ja") -> dict[str, list[dict[str, Any]]]:
    """kind → entries, of what pages in this Region (of Mackerel, in whose world there are none, with the contract's)."""
    return _once(pair for row in rows if row.state == PAGES and region_of(row) == region for pair in _of_row(row, language))


def metrics(rows: Iterable[Row], region: str) -> list[dict[str, Any]]:
    """The metrics that alarms of a Region stand on, each with the name of its alarm and with ids as dimensions. What a filter of ours makes is no question.

    Nor is what AWS counts of a component that is there: of some it publishes nothing as long as there is nothing to count, and then the alarm must be there.
    """
    return [
        dict(alarm=row.name, namespace=one["namespace"], metric_name=one["metric_name"], dimensions=_as_ids(row, one.get("dimensions", {})))
        for row in rows
        if row.state == PAGES and row.side == "cloudwatch" and region_of(row) == region
        if not row.definition.keys() & {"filter", "lightsail"} and not (row.facts.get("found") and _is_counted(row.definition))
        for one in watched(row.definition)
    ]


def _is_counted(definition: Mapping[str, Any]) -> bool:
    """Whether it is a metric of AWS's own, of which nothing is as good as zero."""
    return definition["namespace"].startswith("AWS/") and definition.get("treat_missing_data") == "notBreaching"


def watched(definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The metrics that an alarm looks at."""
    return [one["metric_stat"]["metric"] for one in _math(definition)[1:]] if "expression" in definition else [definition]


def _as_ids(row: Row, dimensions: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.facts["id"] if value == row.component and "id" in row.facts else value for name, value in dimensions.items()}


def _of_row(row: Row, language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if row.side == "mackerel":
        yield from _of_mackerel(row, language)
        return
    if "lightsail" in row.definition:
        yield "lightsail_alarms", _lightsail(row)
        return
    yield from (("sns_topics", dict(name=topic)) for topic in row.notify if not topic.startswith("arn:"))
    if "filter" in row.definition:
        yield "logs_metric_filters", _metric_filter(row)
    yield "cloudwatch_alarms", _alarm(row, language)


def _words(row: Row, language: str) -> str:
    """What people read in the notification."""
    target = catalogue()[row.target]
    return f"{target[language]} {row.component}: {target['items'][row.item][language]}"


# ---- what a sheet would say of what is there


def proposal(known: Mapping[str, Iterable[Mapping[str, Any]]], part: Mapping[str, Any]) -> dict[str, Any]:
    """The `monitoring` of a sheet with all that was found beside what it has: names, and what no lookup can add later. A node of EKS is no server too."""
    nodes = {one.get("instance_id") for one in known.get("eks_node", ())}
    made = {target: list(given) for target, given in part.items()}
    for target, found in known.items():
        own = {entry["name"] for entry in part.get(target) or ()}
        told = ("name", *catalogue()[target].get("required", ()))
        fresh = [one for one in found if one["name"] not in own and not (target == "ec2" and one.get("id") in nodes)]
        made[target] = [*made.get(target, ()), *({name: one[name] for name in told if name in one} for one in fresh)]
    return {target: made[target] for target in (*catalogue(), *made) if made.get(target)}  # in one order, whichever was read first


# ---- CloudWatch


def _metric_filter(row: Row) -> dict[str, Any]:
    made = dict(metric_name=row.definition["metric_name"], metric_namespace=row.definition["namespace"], metric_value="1", default_value=0)
    return dict(row.definition["filter"], name=row.name, metric_transformations=[made])


def _alarm(row: Row, language: str) -> dict[str, Any]:
    definition = row.definition
    alarm = {name: value for name, value in definition.items() if name not in NOT_OPTIONS}
    if "expression" in definition:
        alarm = _over(alarm, _math(definition))
    elif "band" in definition and "threshold" not in definition:
        alarm = dict(_over(alarm, _band(definition)), threshold_metric_id="band")
    topics = dict(alarm_actions=list(row.notify), ok_actions=list(row.notify)) if row.notify else {}
    return dict(alarm, name=row.name, description=_words(row, language), datapoints_to_alarm=datapoints(definition), **topics)


def _over(alarm: Mapping[str, Any], metrics: list[dict[str, Any]]) -> dict[str, Any]:
    """The alarm over several metrics, which hold their own statistics."""
    single = ("namespace", "metric_name", "dimensions", "statistic", "extended_statistic", "period")
    return dict({name: value for name, value in alarm.items() if name not in single}, metrics=metrics)


def _math(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    inputs = {name: one if isinstance(one, Mapping) else dict(metric_name=one) for name, one in definition["metrics"].items()}
    return [
        dict(id="result", expression=definition["expression"], label=definition["label"]),
        *(dict(id=name, return_data=False, metric_stat=_stat(definition, one)) for name, one in inputs.items()),
    ]


def _band(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    band = f"ANOMALY_DETECTION_BAND(m1, {definition['band']:g})"
    return [dict(id="m1", metric_stat=_stat(definition, definition)), dict(id="band", expression=band)]


def _stat(definition: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = dict(definition.get("dimensions", {}), **one.get("dimensions", {}))
    metric = dict(namespace=definition["namespace"], metric_name=one["metric_name"], **(dict(dimensions=dimensions) if dimensions else {}))
    stat = one.get("statistic") or definition.get("statistic") or definition["extended_statistic"]
    return dict(metric=metric, period=definition["period"], stat=stat)


def _lightsail(row: Row) -> dict[str, Any]:
    """It tells no topic of SNS, but the contacts of Lightsail."""
    definition = row.definition
    told = ("metric_name", "comparison_operator", "evaluation_periods", "threshold", "treat_missing_data", "contact_protocols")
    return dict({name: definition[name] for name in told}, name=row.name, monitored_resource_name=row.component, datapoints_to_alarm=datapoints(definition))


# ---- Mackerel


def _of_mackerel(row: Row, language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if row.role and (row.definition["type"] in ("check", "plugin", *OF_A_ROLE)):
        service, dummy, role = row.role.partition(":")
        yield "mackerel_services", dict(name=service)
        yield "mackerel_roles", dict(service=service, name=role)
    elif row.definition.get("service"):
        yield "mackerel_services", dict(name=row.definition["service"])
    if row.definition["type"] in MONITORS:
        yield "mackerel_monitors", _monitor(row, language)


def _monitor(row: Row, language: str) -> dict[str, Any]:
    scopes = dict(scopes=[row.role]) if row.definition["type"] in OF_A_ROLE else {}
    words = catalogue()[row.target]
    memo = f"{words[language]}: {words['items'][row.item][language]}" if scopes else _words(row, language)
    return dict({name: value for name, value in row.definition.items() if name not in ("needs", "integration")}, name=row.name, memo=memo, **scopes)
