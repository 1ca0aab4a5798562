# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be watched: the catalogue of targets and items, applied to the components that a sheet names under `monitoring`.

A pure function of sheet, contract, catalogue and what is known of the account. Everything else (alarms, monitors, the agents' files, the 監視設計書) is
made of its rows, so that they cannot say different things.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.yaml import yaml_load

CATALOG = Path(__file__).resolve().parents[2] / "catalog" / "monitoring.yml"
PART = "monitoring"  # of the sheet, and of the contract
SIDES = dict(cloudwatch="CloudWatch", mackerel="Mackerel")  # and what people call them
PLACE = re.compile(r"\{(\w+)\}")
SECRETS_OF_A_URL = re.compile(r"(?<=//)[^/?#]*@|[?#].*")  # who asks, and with which key; a name is seen by everybody
# What people read for a definition that makes nothing.
PAGES, SHOWN, OTHER_SIDE, LACKS = "pages", "shown", "other_side", "lacks"
OF_THE_CATALOGUE = ("shown", "when", "ratio", "fallback", "band", "options", "plugins", "unit")
# A band has two sides; a number has the one on which trouble lies.
NUMBER_FOR_BAND = dict(
    GreaterThanUpperThreshold="GreaterThanThreshold",
    LessThanLowerThreshold="LessThanThreshold",
    LessThanLowerOrGreaterThanUpperThreshold="GreaterThanThreshold",
)
THRESHOLDS = dict(cloudwatch=("threshold",), mackerel=("warning", "critical"))
# What an engineer may say of every definition of a side; `alarms` and `monitors` say it of one.
OPTIONS = dict(
    cloudwatch=(
        "threshold",
        "band",
        "period",
        "evaluation_periods",
        "datapoints_to_alarm",
        "comparison_operator",
        "treat_missing_data",
        "statistic",
        "extended_statistic",
    ),
    mackerel=(
        "warning",
        "critical",
        "duration",
        "max_check_attempts",
        "notification_interval",
        "operator",
        "check_interval",
        "timeout_seconds",
        "response_time_warning",
        "response_time_critical",
        "response_time_duration",
        "expected_status_code",
        "contains_string",
        "certification_expiration_warning",
        "certification_expiration_critical",
        "prevent_alert_auto_close",
    ),
)
OF_A_ROLE = ("host", "connectivity")  # types of Mackerel's monitors
SINGLE = dict(cloudwatch="alarms", mackerel="monitors")


class Row(NamedTuple):
    """One definition of an item of a component, with all that could be filled in; `lacks` are the parameters that could not, and `meant` its state without."""

    target: str
    component: str
    item: str
    key: str
    side: str
    state: str
    meant: str
    name: str
    definition: Mapping[str, Any]
    lacks: tuple[str, ...]
    notify: tuple[str, ...]
    role: str | None
    facts: Mapping[str, Any]

    @property
    def subject(self) -> tuple[str, str, str]:
        """What it is a definition of: of all of the same subject one side pages."""
        return self.target, self.component, self.item


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """`catalog/monitoring.yml`."""
    return yaml_load(CATALOG.read_text(encoding="utf-8"))


@cache
def parameters(target: str) -> frozenset[str]:
    """What can be said of a component of this target, beside its name: what its definitions ask for."""
    facts = catalogue()[target]
    found = {*facts.get("facts", ()), *facts.get("required", ()), facts["name"]}
    for definition in (definition for item in facts["items"].values() for side in SIDES for definition in item.get(side, {}).values()):
        found |= places(definition) | set(definition.get("when", ())) | {definition.get("ratio", {}).get("of")}
    return frozenset(found - {None, "metric_name", "region", "account_id", "mackerel_service"})


def measures(target: str) -> set[str]:
    """The facts that thresholds are reckoned from."""
    items = catalogue()[target]["items"].values()
    return {definition["ratio"]["of"] for item in items for side in SIDES for definition in item.get(side, {}).values() if "ratio" in definition}


def identifying(target: str) -> set[str]:
    """What can be said of a component beside its name that tells AWS which one it is, such as the id of a distribution."""
    about = catalogue()[target]
    told = {name for item in about["items"].values() for one in item.get("cloudwatch", {}).values() for name in places(one.get("dimensions", {}))}
    return told - {about["name"], *about.get("required", ()), *about.get("facts", ())}


def places(value: Any) -> set[str]:
    """The {parameters} in a value, at any depth."""
    if isinstance(value, Mapping):
        return set().union(*map(places, value.values()))
    if isinstance(value, list):
        return set().union(*map(places, value))
    return set(PLACE.findall(value)) if isinstance(value, str) else set()


def fill(value: Any, facts: Mapping[str, Any], quoted: bool = False) -> Any:
    """The value with what is known in its places. A command of a shell gets its values quoted."""
    if isinstance(value, Mapping):
        return {name: fill(one, facts, quoted=name == "command" and isinstance(one, str)) for name, one in value.items()}
    if isinstance(value, list):
        return [fill(one, facts) for one in value]
    if not isinstance(value, str):
        return value

    def known(found: re.Match[str]) -> str:
        if facts.get(found[1]) is None:
            return found[0]
        return shlex.quote(str(facts[found[1]])) if quoted else str(facts[found[1]])

    return PLACE.sub(known, value)


def rows(sheet: Mapping[str, Any], contract: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> list[Row]:
    """Every definition of every item of every component. `known`: target → components with facts, as msp.aws.monitoring_info finds them."""
    agreed = contract.get(PART) or {}
    place = dict(region=contract.get("region"), account_id=contract.get("account_id"), mackerel_service=agreed.get("mackerel_service"))
    there = {(target, one[name]): one for name in ("id", "name") for target, some in (known or {}).items() for one in some if name in one}
    return [
        row
        for target, entries in (sheet.get(PART) or {}).items()
        for entry in entries
        for row in _component(target, entry, agreed, dict(place, **there.get((target, entry["name"]), {}), found=(target, entry["name"]) in there))
    ]


def _component(target: str, entry: Mapping[str, Any], agreed: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Row]:
    facts = dict(catalogue()[target].get("facts", {}))
    facts.update(known, **{catalogue()[target]["name"]: entry["name"]})
    facts.update({name: value for name, value in entry.items() if name in parameters(target)})
    facts = fill(facts, facts)
    for_all = (agreed.get("items") or {}).get(target, {})
    for item, given in named_items(target, entry):
        if for_all.get(item) is not False or item in (entry.get("items") or {}):
            yield from _item(target, entry, item, [for_all.get(item) or {}, given], agreed, facts)


def named_items(target: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each item with what the entry says of it: those that stand by themselves, unless false; those that need to be told of what, as often as told."""
    said = entry.get("items") or {}
    for item, facts in catalogue()[target]["items"].items():
        given = said.get(item)
        if given is False or (given is None and "gives" in facts):
            continue
        for one in given if isinstance(given, list) else [given if isinstance(given, Mapping) else {}]:
            yield item, one


def _item(
    target: str, entry: Mapping[str, Any], item: str, layers: list[Mapping[str, Any]], agreed: Mapping[str, Any], facts: Mapping[str, Any]
) -> Iterator[Row]:
    about = catalogue()[target]["items"][item]
    said = _merged(layers)
    side, moved = _side(about, [agreed, entry, *layers])
    notify = said.get("notify", entry.get("notify", agreed.get("notify"))) or []
    facts = dict(facts, **{name: value for name, value in said.items() if name in parameters(target) or name in ("log", "plugin")})
    role = entry.get("mackerel_role") or (f"{facts['mackerel_service']}:{target}" if facts.get("mackerel_service") else None)
    for where in SIDES:
        for key, definition in about.get(where, {}).items():
            if any(facts.get(name) is not None and not re.fullmatch(value, str(facts[name])) for name, value in definition.get("when", {}).items()):
                continue
            told = _told(definition, where, said, key)
            name = _name(target, entry["name"], item, key, where, definition, _own_words(target, about, said), facts, role)
            filled, lacks = _filled(definition, told, dict(definition.get("options", {}), metric_name=name, **facts))
            if definition.get("type") in OF_A_ROLE and not role:
                lacks = (*lacks, "mackerel_role")
            meant = _state(definition, filled, told, where == side, moved)
            yield Row(target, entry["name"], item, key, where, LACKS if lacks else meant, meant, name, filled, lacks, tuple(notify), role, facts)


def _merged(layers: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The later layer wins, option by option, also of single definitions."""
    found: dict[str, Any] = {}
    for layer in layers:
        found.update({name: value for name, value in layer.items() if name not in SINGLE.values()})
        for single in SINGLE.values():
            for key, options in (layer.get(single) or {}).items():
                found.setdefault(single, {}).setdefault(key, {}).update(options)
    return found


def _side(about: Mapping[str, Any], layers: list[Mapping[str, Any]]) -> tuple[str, bool]:
    """Who pages, and whether somebody chose it. What only one side can see is seen by that one."""
    chosen = next((layer["primary"] for layer in reversed(layers) if layer.get("primary")), about["primary"])
    side = chosen if about.get(chosen) else about["primary"]
    return side, side != about["primary"]


def _told(definition: Mapping[str, Any], side: str, said: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What the engineer says of this definition."""
    general = {name: value for name, value in said.items() if name in OPTIONS[side]}
    return dict(general, **(said.get(SINGLE[side]) or {}).get(key, {}))


def _filled(definition: Mapping[str, Any], told: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The definition with the engineer's word, thresholds and values in it, and what it still lacks."""
    lacks = {name for name in definition.get("when", {}) if facts.get(name) is None}
    made = {name: value for name, value in definition.items() if name not in OF_THE_CATALOGUE}
    ratio = definition.get("ratio", {})
    if ratio and facts.get(ratio["of"]) is not None:
        made.update({name: ratio[name] * float(facts[ratio["of"]]) for name in ratio if name != "of"})
    elif "fallback" in definition:
        made["threshold"] = definition["fallback"]
    elif ratio and not told.keys() & ratio.keys():
        lacks.add(ratio["of"])
    if "band" in definition and "threshold" in told:
        made["comparison_operator"] = NUMBER_FOR_BAND[definition["comparison_operator"]]
    elif "band" in definition:
        made["band"] = definition["band"]
    made = fill(dict(made, **told), facts)
    if "plugins" in definition:
        made["plugin"] = {name: facts[name] for name in ("plugin", "options") if name in facts}
    return made, tuple(sorted(lacks | places({name: made.get(name) for name in made if name != "label"})))


def _state(definition: Mapping[str, Any], filled: Mapping[str, Any], told: Mapping[str, Any], pages_here: bool, moved: bool) -> str:
    if not pages_here:
        return OTHER_SIDE
    asked = {"threshold", "warning", "critical", "band"} & told.keys()
    limits = {"threshold", "warning", "critical"} & {*filled, *definition.get("ratio", ())}
    limited = limits or ("band" in told) or not {"operator", "comparison_operator"} & filled.keys()
    return PAGES if limited and (asked or moved or not definition.get("shown")) else SHOWN


def region(row: Row) -> Any:
    """Where its metric is: where the service has it, or in the Region of the contract."""
    return row.definition.get("region", row.facts.get("region"))


def datapoints(definition: Mapping[str, Any]) -> Any:
    """How many points of those evaluated must pass the threshold: all, where it is not said."""
    return definition.get("datapoints_to_alarm", definition["evaluation_periods"])


def unwatched(rows: list[Row]) -> list[Row]:
    """Those that would page if they did not lack something. Of alternatives, such as a file and a log group, one is enough."""
    paged = {(row.subject, row.side) for row in rows if row.state == PAGES and _has_alternatives(row)}
    return [row for row in rows if row.state == LACKS and row.meant == PAGES and (row.subject, row.side) not in paged]


def _has_alternatives(row: Row) -> bool:
    return any("|" in names for names in catalogue()[row.target]["items"][row.item].get("gives", ()))


def _own_words(target: str, about: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """What the sheet says of this item alone: which port, which process, which file system."""
    return [name for name in said if name in {*named_by(about), *parameters(target)}]


def named_by(about: Mapping[str, Any]) -> list[str]:
    """By what the sheet tells one port, process or log that an item watches from another."""
    return [name for alternatives in about.get("gives", ()) for name in alternatives.split("|")]


def _name(
    target: str, component: str, item: str, key: str, side: str, definition: Mapping[str, Any], own: list[str], facts: Mapping[str, Any], role: str | None
) -> str:
    """Of the component, or of what the definition looks at where that is another thing, so that two components do not page for one and the same."""
    asked = sorted(places({name: definition[name] for name in ("dimensions", "metrics", "metric", "filter", "command", "url") if name in definition}))
    more = [word(name, facts) for name in asked if name in own]
    if side == "mackerel" and "url" in asked:
        return f"{target}-{component}-{word('url', facts)}"[:255]  # of an address there is one, whatever of its answer is looked at
    if definition.get("type") in OF_A_ROLE:
        label = [role or component, *(str(facts[name]) for name in asked if facts.get(name) is not None)]  # one monitor for all hosts of a role
    elif side == "cloudwatch" and not own and not _of_component(catalogue()[target]["name"], asked):
        label = [str(facts.get(name)) for name in asked]  # none: it is of the whole account
    else:
        label = [component, *(more or [word(name, facts) for name in own[:1]])]
    return "-".join([target, *dict.fromkeys(label), item, *([key] if key != item else [])])[:255]


def word(name: str, facts: Mapping[str, Any]) -> str:
    """A parameter as people see it."""
    return SECRETS_OF_A_URL.sub("", str(facts[name])) if name == "url" else str(facts[name])


def _of_component(own: str, asked: list[str]) -> bool:
    """Whether one of the parameters tells the component itself: its name, or the id that goes with it (load_balancer_name, load_balancer)."""
    stem = re.sub(r"_(name|id|alias|identifier)$", "", own)
    return any(name.startswith(stem) for name in asked)
