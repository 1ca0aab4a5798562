# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 監視設計書: every item of every component, who watches it, and when it pages. The same rows of which alarms and monitors are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import LACKS, OTHER_SIDE, PAGES, SHOWN, SIDES, Row, catalogue, datapoints, unwatched

WORDS: dict[str, dict[str, Any]] = dict(
    ja=dict(
        title="監視設計書",
        lead="監視対象ごとの監視項目、しきい値、通知先です。「通知」はしきい値を超えると通知すること、「表示」は値を見られるようにすることを指します。",
        summary="監視対象の数",
        target="監視対象",
        component="コンポーネント",
        group="分類",
        components="数",
        pages="通知する項目",
        item="監視項目",
        side="監視元",
        metric="メトリクス・コマンド",
        condition="条件",
        state="通知",
        notify="通知先",
        states=dict(
            pages="通知",
            shown="表示",
            other_side="表示（他方が通知）",
            lacks="未設定: {} が必要",
            found="設定のときに AWS から取得: {}",
            optional="なし（{} を書くと追加）",
        ),
        alarm="{operator} {threshold}（{period} 秒 × {points}/{periods}、欠測: {missing}）",
        band="学習した範囲（幅 {band}）を外れる（{period} 秒 × {points}/{periods}、欠測: {missing}）",
        monitor="{operator} 警告 {warning} / 危険 {critical}（{duration} 点の平均、{attempts} 回連続）",
        check="{attempts} 回連続で失敗",
        response="応答時間の {duration} 点の平均 > 警告 {warning} / 危険 {critical} ミリ秒",
        certificate="証明書の残り < 警告 {warning} / 危険 {critical} 日",
        also="、",
        none="しきい値なし",
        role="Mackerel の通知グループ（ロール {}）",
    ),
    en=dict(
        title="Monitoring design",
        lead="Items, thresholds and whom they tell, for each component. Paging tells somebody when the threshold is passed; showing makes the value visible.",
        summary="Components",
        target="Target",
        component="Component",
        group="Group",
        components="Count",
        pages="Items that page",
        item="Item",
        side="Watched by",
        metric="Metric or command",
        condition="Condition",
        state="Paging",
        notify="Tells",
        states=dict(
            pages="pages",
            shown="shown",
            other_side="shown (the other side pages)",
            lacks="not yet: needs {}",
            found="read from AWS at set-up: {}",
            optional="none (needs {})",
        ),
        alarm="{operator} {threshold} ({period} s × {points}/{periods}, missing: {missing})",
        band="outside the learnt band of width {band} ({period} s × {points}/{periods}, missing: {missing})",
        monitor="{operator} warning {warning} / critical {critical} (mean of {duration} points, {attempts} times)",
        check="fails {attempts} times",
        response="mean response time of {duration} points > warning {warning} / critical {critical} ms",
        certificate="days left on the certificate < warning {warning} / critical {critical}",
        also="; ",
        none="no threshold",
        role="notification groups of Mackerel (role {})",
    ),
)
SIGNS = dict(
    GreaterThanThreshold=">", GreaterThanOrEqualToThreshold="≥", LessThanThreshold="<", LessThanOrEqualToThreshold="≤", GreaterThanUpperThreshold=">",
    LessThanLowerThreshold="<", LessThanLowerOrGreaterThanUpperThreshold="≠",
)  # fmt: skip


def design(rows: list[Row], contract: Mapping[str, Any], at: str, language: str) -> dict[str, Any]:
    """The paper: how many of each, then a section for each target with a line for each definition."""
    words = WORDS[language]
    state_of = _states(rows)
    by_target: dict[str, list[Row]] = {}
    for row in rows:
        by_target.setdefault(row.target, []).append(row)
    return dict(
        title=words["title"],
        language=language,
        number=contract.get("number"),
        date=at,
        to=dict(name=contract["customer"]),
        lead=[words["lead"]],
        contents=True,
        sections=[_summary(by_target, words, language), *(_section(target, some, state_of, words, language) for target, some in by_target.items())],
    )


def _table(words: Mapping[str, Any], names: tuple[str, ...], rows: list[dict[str, Any]], numbers: tuple[str, ...] = ()) -> dict[str, Any]:
    columns = [dict(key=name, label=words[name], kind="integer" if name in numbers else "text") for name in names]
    return dict(columns=columns, rows=rows)


def _summary(by_target: Mapping[str, list[Row]], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    rows = [
        dict(
            target=catalogue()[target][language],
            components=len({row.component for row in some}),
            pages=len({(row.component, row.item) for row in some if row.state == PAGES}),
        )
        for target, some in by_target.items()
    ]
    return dict(heading=words["summary"], table=_table(words, ("target", "components", "pages"), rows, ("components", "pages")))


def _section(target: str, some: list[Row], state_of: Callable[[Row], str], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    names = ("component", "group", "item", "side", "metric", "condition", "state", "notify")
    # The short names of some targets are alike, and a worksheet has the name of its heading.
    return dict(
        heading=target.replace("_", " "),
        text=[catalogue()[target][language]],
        own_page=True,
        table=_table(words, names, [_line(row, state_of, words, language) for row in some]),
    )


def _states(rows: list[Row]) -> Callable[[Row], str]:
    """What people read of a row. That the other side pages is said only where it does."""
    open_ones = {(row.side, row.name) for row in unwatched(rows)}
    paged = {row.subject for row in rows if row.state == PAGES}

    def state(row: Row) -> str:
        if row.state == OTHER_SIDE and row.subject not in paged:
            return SHOWN
        if row.state == LACKS and (row.side, row.name) not in open_ones:
            return "optional"
        return "found" if row.state == LACKS and {*row.lacks} <= {*catalogue()[row.target].get("found", ())} else row.state

    return state


def _line(row: Row, state_of: Callable[[Row], str], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    item = catalogue()[row.target]["items"][row.item]
    return dict(
        component=row.component,
        group=item.get("group", {}).get(language, ""),
        item=item[language],
        side=SIDES[row.side],
        metric=_metric(row),
        condition=_condition(row.definition, words),
        state=words["states"][state_of(row)].format(", ".join(row.lacks)),
        notify=_told(row, words),
    )


def _metric(row: Row) -> str:
    """What is looked at, by the names of its metrics; of a sum over one metric its name alone."""
    definition = row.definition
    if row.side == "cloudwatch" and "expression" in definition:
        names = {id: one["metric_name"] if isinstance(one, Mapping) else one for id, one in definition["metrics"].items()}
        if len({*names.values()}) < len(names):
            return ", ".join(dict.fromkeys(names.values()))
        return re.sub(r"\bm\d+\b", lambda found: names[found[0]], definition["expression"])
    told = next((definition[name] for name in ("expression", "metric_name", "metric", "command", "url") if definition.get(name)), None)
    return " ".join(told) if isinstance(told, list) else told or definition.get("plugin", {}).get("plugin") or row.key


def _told(row: Row, words: Mapping[str, Any]) -> str:
    if row.state != PAGES:
        return ""
    return ", ".join(row.notify) if row.side == "cloudwatch" else words["role"].format(row.role or row.definition.get("service", ""))


def _condition(definition: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    if "evaluation_periods" in definition:
        facts = dict(
            operator=SIGNS[definition["comparison_operator"]],
            threshold=_number(definition.get("threshold")),
            band=_number(definition.get("band")),
            period=definition.get("period"),
            periods=definition["evaluation_periods"],
            points=datapoints(definition),
            missing=definition["treat_missing_data"],
        )
        kind = "alarm" if "threshold" in definition else "band" if "band" in definition else "none"
        return words[kind].format(**facts)
    if {"warning", "critical"} & definition.keys():
        facts = dict(operator=definition["operator"], warning=_number(definition.get("warning")), critical=_number(definition.get("critical")))
        return words["monitor"].format(**facts, duration=definition.get("duration", "-"), attempts=definition.get("max_check_attempts", 1))
    if "operator" in definition:
        return words["none"]
    told = [words["check"].format(attempts=definition.get("max_check_attempts", 1))]
    return words["also"].join([*told, *_of_an_address(definition, words)])


def _of_an_address(definition: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[str]:
    for word, stem in (("response", "response_time"), ("certificate", "certification_expiration")):
        limits = {name: definition.get(f"{stem}_{name}") for name in ("warning", "critical")}
        if any(value is not None for value in limits.values()):
            yield words[word].format(duration=definition.get(f"{stem}_duration"), **{name: _number(value) for name, value in limits.items()})


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if abs(value) < 10**6 else f"{value:,.0f}"
