# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in the `monitoring` of a sheet and of a contract: all of it in one pass, without a call, in Japanese or English."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import inf
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import (
    OF_A_ROLE,
    OPTIONS,
    PAGES,
    PART,
    SIDES,
    SINGLE,
    THRESHOLDS,
    Row,
    catalogue,
    measures,
    named_items,
    parameters,
    rows,
)

NUMBERS = {name for options in OPTIONS.values() for name in options} - {
    "comparison_operator",
    "treat_missing_data",
    "statistic",
    "extended_statistic",
    "operator",
    "contains_string",
    "prevent_alert_auto_close",
}
# Whole numbers, from and to: what neither a kind nor the service looks at before mackerel-agent does.
WHOLE = dict(check_interval=(1, 60), timeout_seconds=(1, 3600), max_check_attempts=(1, 10), notification_interval=(10, 10080), port=(1, 65535))
UNITS = dict(percent=(0, 100), fraction=(0, 1), signed=(-inf, inf), positive=(0, inf))  # of thresholds, as the catalogue names them; the last of all else
FEW = 5  # components that a line names
OF_AN_ENTRY = ("name", "items", "primary", "notify", "mackerel_role")
OF_AN_ITEM = ("primary", "notify", "log", "plugin", "options", *SINGLE.values())
OF_THE_CONTRACT = ("primary", "notify", "mackerel_service", "items", "dashboard", "aws_integration")
OF_AN_INTEGRATION = ("name", "role_arn", "external_id", "memo", "included_tags", "excluded_tags")

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        unknown_target="「{value}」という監視対象はありません{hint}",
        unknown_item="「{value}」という監視項目はありません{hint}",
        unknown_option="「{value}」という項目はありません{hint}",
        outside_items="「{value}」は監視項目です。items の下に書いてください",
        unknown_key="「{value}」という定義はありません（あるもの: {limit}）",
        rows="一覧（リスト）で書いてください。現在の値: 「{value}」",
        table="「名前: 値」の組で書いてください。現在の値: 「{value}」",
        item="「{value}」とは書けません。監視しないなら false（引用符なし）、内容を変えるなら「名前: 値」の組で書いてください",
        name="name（監視する物の名前）が必要です",
        twice="同じ名前が 2 回あります。1 回だけ書いてください",
        number="「{value}」は数値ではありません",
        quoted="「{value}」は引用符があるため文字列です。引用符を外して、数値で書いてください",
        percent="「{value}」は使えません。百分率なので、0 から 100 までの値を書いてください",
        fraction="「{value}」は使えません。1 に対する割合なので、0 から 1 までの値を書いてください（5 % なら 0.05）",
        positive="「{value}」は使えません。0 以上の値を書いてください",
        whole="「{value}」は {limit} の整数ではありません",
        word="「{value}」は使えません。使える値: {limit}",
        needs="{value} が必要です",
        other_side="{value} は使われません。通知するのは {other} です。{limit} を書くか、primary を変えてください",
        whose="{value} をどの定義に使うかが分かりません（{limit}）。{other} の下に定義ごとに書いてください",
        no_topic="CloudWatch のアラームの通知先がありません。contract.monitoring.notify か notify に SNS トピックの名前を書いてください",
        no_role="Mackerel のロールが分かりません。contract.monitoring.mackerel_service か mackerel_role に書いてください",
        full_name="「{value}」はロールのフルネーム（サービス名:ロール名）ではありません",
        differs="{other} と同じ名前「{value}」になりますが、内容が異なります。"
        "Mackerel の監視ルールはロール全体に効くため、しきい値が違うなら mackerel_role を分けてください",
        two_targets="{other} と同じメトリクスなので、2 回通知します。どちらか一方の監視対象として書いてください",
        alike="{other} と同じ名前「{value}」になりますが、内容が異なります。内容をそろえるか、片方だけを書いてください（URL の ? より後は名前に入りません）",
        order="warning の {value} は critical の {limit} より先に超える値にしてください",
    ),
    en=dict(
        unknown_target="there is no target {value!r}{hint}",
        unknown_item="there is no item {value!r}{hint}",
        unknown_option="there is no option {value!r}{hint}",
        outside_items="{value!r} is an item: write it under items",
        unknown_key="there is no definition {value!r} (there are: {limit})",
        rows="write a list here; found {value!r}",
        table="write name: value pairs here; found {value!r}",
        item="{value!r} cannot be written here: false (without quotes) for what is not watched, or name: value pairs for what is to be otherwise",
        name="needs a name, that of what is watched",
        twice="is named twice; write it once",
        number="{value!r} is no number",
        quoted="{value!r} is in quotes and therefore no number; write it without",
        percent="{value!r} cannot be: it is a percentage, from 0 to 100",
        fraction="{value!r} cannot be: it is a fraction, from 0 to 1 (0.05 for 5 %)",
        positive="{value!r} cannot be: write 0 or more",
        whole="{value!r} is no whole number of {limit}",
        word="{value!r} is not allowed here; allowed: {limit}",
        needs="needs {value}",
        other_side="{value} is not used: {other} is what pages; write {limit}, or another primary",
        whose="{value} may be meant for any of {limit}; write it for each of them under {other}",
        no_topic="nobody is told of the alarms of CloudWatch: name topics in contract.monitoring.notify or in notify",
        no_role="has no role of Mackerel: say contract.monitoring.mackerel_service or mackerel_role",
        full_name="{value!r} is not the full name of a role (service:role)",
        differs="would have the name {value!r} as {other} has, and differs from it. A monitor of Mackerel is for a whole role: give another mackerel_role",
        two_targets="is the very metric of {other} and would page twice; write it under one of the targets",
        alike="would have the name {value!r} as {other} has, and differs from it. "
        "Say the same for both, or write one (what is behind the ? of an address is in no name)",
        order="warning {value} must be reached before critical {limit}",
    ),
)
THERE_ARE = dict(ja="（あるもの: {}）", en=" (there are: {})")
Found = tuple[str, str, dict[str, Any]]  # where, code, facts


def read(sheet: Mapping[str, Any], contract: Mapping[str, Any], known: Mapping[str, Any] | None, language: str) -> tuple[list[Row], list[str]]:
    """The rows of a sheet, and everything that is wrong: what can be known without looking, or else, of what is well-formed, what shows in the whole."""
    found = [*_contract(contract.get(PART)), *_part(sheet.get(PART))]
    made = [] if found else rows(sheet, contract, known)
    return made, [*dict.fromkeys(f"{where}: {_text(language, code, facts)}" for where, code, facts in found or _together(made, sheet))]


def _text(language: str, code: str, facts: Mapping[str, Any]) -> str:
    told = hint(language, facts.get("close")) or (THERE_ARE[language].format(", ".join(facts["words"])) if "words" in facts else "")
    return TEXTS[language][code].format(**dict(facts, hint=told))


def _unknown(where: str, code: str, value: Any, words: Any) -> Found:
    """With the word that may be meant; where none is near, with all of them."""
    return where, code, dict(value=value, words=sorted(words), close=next(iter(get_close_matches(str(value), list(words), 1, 0.6)), None))


def _contract(agreed: Any) -> Iterator[Found]:
    where = f"contract.{PART}"
    if agreed is not None and not isinstance(agreed, Mapping):
        yield where, "table", dict(value=agreed)
        return
    yield from (_unknown(where, "unknown_option", name, OF_THE_CONTRACT) for name in agreed or () if name not in OF_THE_CONTRACT)
    yield from _common(where, agreed or {})
    yield from _integration(f"{where}.aws_integration", (agreed or {}).get("aws_integration"))
    for target, items in ((agreed or {}).get("items") or {}).items():
        if target not in catalogue():
            yield _unknown(f"{where}.items", "unknown_target", target, catalogue())
        else:
            yield from _items(f"{where} {target}", target, items, of_all=True)


def _integration(where: str, given: Any) -> Iterator[Found]:
    """Its services are what the sheet has watched."""
    if given is not None and not isinstance(given, Mapping):
        yield where, "table", dict(value=given)
    elif given:
        yield from (_unknown(where, "unknown_option", name, OF_AN_INTEGRATION) for name in given if name not in OF_AN_INTEGRATION)
        if not given.get("name"):
            yield where, "needs", dict(value="name")


def _part(part: Any) -> Iterator[Found]:
    if part is not None and not isinstance(part, Mapping):
        yield PART, "table", dict(value=part)
        return
    for target, given in (part or {}).items():
        where = f"{PART} {target}"
        if target not in catalogue():
            yield _unknown(PART, "unknown_target", target, catalogue())
        elif not isinstance(given, list):
            yield where, "rows", dict(value=given)
        else:
            for number, entry in enumerate(given, 1):
                yield from _entry(f"{where} #{number}", target, entry)
            names = [entry["name"] for entry in given if isinstance(entry, Mapping) and "name" in entry]
            yield from ((f"{where} {name}", "twice", {}) for name in sorted({str(name) for name in names if names.count(name) > 1}))


def _entry(where: str, target: str, entry: Any) -> Iterator[Found]:
    if not isinstance(entry, Mapping):
        yield where, "table", dict(value=entry)
        return
    if not entry.get("name"):
        yield where, "name", {}
        return
    where = f"{PART} {target} {entry['name']}"
    allowed = parameters(target).union(OF_AN_ENTRY)
    for name in [name for name in entry if name not in allowed]:
        yield (where, "outside_items", dict(value=name)) if name in catalogue()[target]["items"] else _unknown(where, "unknown_option", name, allowed)
    yield from _common(where, entry)
    yield from _numbers(where, target, entry)
    yield from ((where, "needs", dict(value=name)) for name in catalogue()[target].get("required", ()) if entry.get(name) is None)
    yield from _items(where, target, entry.get("items"))


def _common(where: str, given: Mapping[str, Any]) -> Iterator[Found]:
    if given.get("primary") is not None and given["primary"] not in SIDES:
        yield f"{where} primary", "word", dict(value=given["primary"], limit=", ".join(SIDES))
    if given.get("notify") is not None and not isinstance(given["notify"], list):
        yield f"{where} notify", "rows", dict(value=given["notify"])
    role = given.get("mackerel_role")
    if role is not None and len([part for part in str(role).split(":") if part.strip()]) != 2:
        yield f"{where} mackerel_role", "full_name", dict(value=role)


def _items(where: str, target: str, given: Any, of_all: bool = False) -> Iterator[Found]:
    """`of_all`: what the contract says of every component names no single thing, so it needs no parameters."""
    if given is not None and not isinstance(given, Mapping):
        yield f"{where} items", "table", dict(value=given)
        return
    items = catalogue()[target]["items"]
    for item, said in (given or {}).items():
        if item not in items:
            yield _unknown(where, "unknown_item", item, items)
            continue
        for one in said if isinstance(said, list) else [said]:
            if one not in (None, True, False) and not isinstance(one, Mapping):
                yield f"{where} {item}", "item", dict(value=one)
            elif one is not False:
                yield from _item(f"{where} {item}", target, item, one if isinstance(one, Mapping) else {}, of_all)


def _item(where: str, target: str, item: str, said: Mapping[str, Any], of_all: bool) -> Iterator[Found]:
    about = catalogue()[target]["items"][item]
    gives = [alternatives.split("|") for alternatives in about.get("gives", ())]
    options = {name for side in SIDES if side in about for name in OPTIONS[side]}
    allowed = {*OF_AN_ITEM, *options, *parameters(target), *(name for names in gives for name in names)}
    yield from (_unknown(where, "unknown_option", name, allowed) for name in said if name not in allowed)
    yield from _common(where, said)
    if not of_all:
        yield from ((where, "needs", dict(value=" / ".join(names))) for names in gives if not any(said.get(name) is not None for name in names))
    yield from _numbers(where, target, said, {side: list(about.get(side, {}).values()) for side in SIDES}, about.get("unit"))
    for side, single in SINGLE.items():
        for key, one in (said.get(single) or {}).items():
            if key not in about.get(side, {}):
                yield f"{where} {single}", "unknown_key", dict(value=key, limit=", ".join(about.get(side, {})))
                continue
            yield from (_unknown(f"{where} {single}.{key}", "unknown_option", name, OPTIONS[side]) for name in one if name not in OPTIONS[side])
            yield from _numbers(f"{where} {single}.{key}", target, one, {side: [about[side][key]]}, about.get("unit"))


def _numbers(
    where: str, target: str, said: Mapping[str, Any], definitions: Mapping[str, list[Mapping[str, Any]]] | None = None, unit: str | None = None
) -> Iterator[Found]:
    """Numbers that are none, or cannot be: `definitions` of each side are those that are meant, and `unit` is theirs where they do not say."""
    units = {name: _unit(some, unit) for side, some in (definitions or {}).items() for name in THRESHOLDS[side]}
    for name in sorted((NUMBERS | WHOLE.keys() | measures(target)) & said.keys()):
        value, kind = said[name], units.get(name, "positive")
        if value is None and name not in NUMBERS:
            continue  # not said
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{where} {name}", "quoted" if re.fullmatch(r"-?\d+(\.\d+)?", str(value)) else "number", dict(value=value)
        elif name in WHOLE and not (isinstance(value, int) and WHOLE[name][0] <= value <= WHOLE[name][1]):
            yield f"{where} {name}", "whole", dict(value=value, limit="{} – {}".format(*WHOLE[name]))
        elif not UNITS[kind][0] <= value <= UNITS[kind][1]:
            yield f"{where} {name}", kind, dict(value=value)


def _unit(definitions: list[Mapping[str, Any]], unit: str | None) -> str:
    """That of all of them. Where they differ, a value is only held to what holds for any."""
    units = {definition.get("unit", unit) for definition in definitions}
    if len(units) == 1 and units <= UNITS.keys():
        return str(units.pop())
    return "signed" if "signed" in units else "positive"


# ---- of the whole


def _together(made: list[Row], sheet: Mapping[str, Any]) -> Iterator[Found]:
    yield from _whose(made, sheet)
    yield from _of_the_other_side(made, sheet)
    alarms = [row for row in made if row.state == PAGES and row.side == "cloudwatch"]
    yield from _untold("no_topic", [row for row in alarms if not row.notify and "lightsail" not in row.definition])
    yield from _untold("no_role", [row for row in made if row.lacks == ("mackerel_role",) and row.meant == PAGES])
    for row in made:
        yield from _order(f"{PART} {row.target} {row.component} {row.item}", row.definition)
    yield from _alike(made)
    yield from _of_two_targets(alarms)


def _untold(code: str, some: list[Row]) -> Iterator[Found]:
    """One line, whatever the number of components and items: most often it is one word of the contract that is missing."""
    components = list(dict.fromkeys(f"{row.target} {row.component}" for row in some))
    if components:
        more = f", … ({len(components)})" if len(components) > FEW else ""
        yield f"{PART} {', '.join(components[:FEW])}{more}", code, {}


def _of_two_targets(alarms: list[Row]) -> Iterator[Found]:
    """One thing under two targets, such as a database under that of Aurora as well."""
    first: dict[str, Row] = {}
    for row in alarms:
        looked_at = [row.definition.get(name) for name in ("namespace", "metric_name", "metrics", "dimensions")]
        other = first.setdefault(json.dumps(looked_at, sort_keys=True), row)
        if other.target != row.target:
            yield f"{PART} {row.target} {row.component}", "two_targets", dict(other=f"{other.target} {other.component}")


def _order(where: str, definition: Mapping[str, Any]) -> Iterator[Found]:
    warning, critical = definition.get("warning"), definition.get("critical")
    if warning is not None and critical is not None and (warning > critical if definition.get("operator") == ">" else warning < critical):
        yield where, "order", dict(value=warning, limit=critical)


def _whose(made: list[Row], sheet: Mapping[str, Any]) -> Iterator[Found]:
    """A threshold that an item names as a whole must be that of one definition."""
    keys: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for row in made:
        if not row.lacks:
            keys[row.target, row.component, row.item, row.side].add(row.key)
    for thing, where, told in _thresholds(sheet):
        for side, named in told.items():
            several = sorted(keys[*thing, side])
            if len(several) > 1 and named:
                yield where, "whose", dict(value=", ".join(named), limit=", ".join(several), other=SINGLE[side])


def _thresholds(sheet: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], str, dict[str, list[str]]]]:
    """Target, component and item of whatever the sheet says of an item; where it stands; and side → those of its thresholds that are named."""
    for target, given in (sheet.get(PART) or {}).items():
        for entry in given:
            for item, said in named_items(target, entry):
                told = {side: sorted(said.keys() & set(names)) for side, names in THRESHOLDS.items()}
                yield (target, entry["name"], item), f"{PART} {target} {entry['name']} {item}", told


def _of_the_other_side(made: list[Row], sheet: Mapping[str, Any]) -> Iterator[Found]:
    """A threshold for the side that pages nobody would be taken as agreed upon, and never be used."""
    pages = {row.subject: row.side for row in made if row.state == PAGES}
    for thing, where, told in _thresholds(sheet):
        side = pages.get(thing)
        if side and not told[side] and any(told.values()):
            others = ", ".join(name for names in told.values() for name in names)
            yield where, "other_side", dict(value=others, limit=" / ".join(THRESHOLDS[side]), other=side)


def _alike(made: list[Row]) -> Iterator[Found]:
    """Two things of one name must be one thing."""
    first: dict[tuple[str, str], Row] = {}
    for row in made:
        if row.state != PAGES:
            continue
        other = first.setdefault((row.side, row.name), row)
        if not _agree(other.definition, row.definition):
            where = f"{PART} {row.target} {row.component} {row.item}"
            yield where, "differs" if row.definition.get("type") in OF_A_ROLE else "alike", dict(value=row.name, other=f"{other.target} {other.component}")


def _agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Two that look at one address may look at different things of its answer."""
    if one.get("type") == "external":
        return all(one[name] == other[name] for name in one.keys() & other.keys())
    return one == other
