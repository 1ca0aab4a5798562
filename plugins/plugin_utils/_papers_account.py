# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers on an account that was looked at: 定義書 (as built), 差異報告書 (drift), and the total of many contracts. Words and layout only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._network_diagram import diagrams
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import in_order
from ansible_collections.msp.aws.plugins.plugin_utils.findings import VERDICTS
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from ansible_collections.msp.aws.plugins.plugin_utils.labels import label

WORST_FIRST = ("unknown", "missing", "changed", "added", "extra")
JAPAN = timezone(timedelta(hours=9), "JST")
LONGEST = 2000  # characters of one value, such as a policy; more help nobody in a table
WORDS: dict[str, dict[str, Any]] = dict(
    ja=dict(
        as_built="定義書（実環境パラメータ）",
        drift="差異報告書",
        total="差異一覧（全契約）",
        account="AWS アカウント ID",
        region="リージョン",
        at="取得日時",
        agreed_entries="合意した項目",
        same_entries="うち一致",
        differences="差異",
        changed="変更",
        missing="消失",
        added="追加",
        extra="追加（参考）",
        extra_text="「追加（参考）」は、合意した一覧にないが実環境の一覧にあるものです。次回の設定では取り除きません。\
取り除くには、シートでその行を「なし」とするか、一覧を「これだけ」とします。",
        unknown="判定不能",
        beside="契約外",
        summary="概要",
        kind="種類",
        entry="対象",
        option="設定項目",
        agreed="合意値",
        actual="実測値",
        verdict="判定",
        changes="変更の履歴",
        when="日時（日本時間）",
        call="操作",
        who="変更者",
        where="接続元",
        own="（当社のプレイブックの実行）",
        untold=dict(
            denied="CloudTrail のイベント履歴を読む権限がありません。",
            failed="CloudTrail のイベント履歴を読めませんでした。",
            not_asked="問い合わせ回数の上限に達したため、確認していません。",
            nothing="イベント履歴に該当する変更がありません。",
            unsure="同じ種類のものの削除です。イベント履歴に名前がないため、この対象の削除かどうかは確定できません。",
        ),
        details="内容",
        no_differences="合意値との差異はありません。",
        whole="（全体）",
        gone="（なし）",
        there="（あり）",
        beside_text="パラメータシートに記載のないものです。本契約の対象外であり、変更しません。AWS が自動で作成したもの（既定の VPC など）も含みます。",
        empty_option="合意値が空欄の設定項目は、合意の対象外です。",
        unread_option="判定不能の設定項目は、設定した値を AWS から読み戻せないものです。差異には数えません。",
        who_text="変更者は CloudTrail のイベント履歴（過去 90 日）によります。",
        former="監視から外れたが通知しているもの",
        former_text="合意した監視から外れていますが、アカウントに残っていて、今も通知します。差異には数えません。止めるには、それぞれの項目をシートに加えて設定を実行します。",
        next="対応方法",
        put_back="合意値に戻す場合（計画の確認）",
        adopt="実測値を合意値として採用する場合（変更後のシート）",
        number="契約番号",
        customer="お客様名",
        how="コマンド・ファイル",
        file="報告書",
        unread="読み取れませんでした: {}",
        unread_ones="読み取れなかった契約",
        reason="理由",
        yes="はい",
        no="いいえ",
        pair="{}: {}",
        comma="、",
    ),
    en=dict(
        as_built="As-built document",
        drift="Drift report",
        total="Drift of all contracts",
        account="AWS account ID",
        region="Region",
        at="Read at",
        agreed_entries="Agreed entries",
        same_entries="of these as agreed",
        differences="Differences",
        changed="changed",
        missing="missing",
        added="added",
        extra="extra",
        extra_text="What is extra stands in a list beside what was agreed. The next run leaves it alone; \
to take it away, remove it by name in the sheet, or say that the list is all there shall be (set).",
        unknown="unknown",
        beside="Beside the contract",
        summary="Summary",
        kind="Kind",
        entry="Entry",
        option="Option",
        agreed="Agreed",
        actual="Actual",
        verdict="Verdict",
        changes="History of changes",
        when="When (Japan)",
        call="Call",
        who="Changed by",
        where="From",
        own="(a run of our playbooks)",
        untold=dict(
            denied="CloudTrail's event history may not be read.",
            failed="CloudTrail's event history could not be read.",
            not_asked="Not asked: the bound of requests was reached.",
            nothing="The event history has no such change.",
            unsure="Deletions of things of this kind; the event history does not tell their names, so whether one is of this thing is not known.",
        ),
        details="What it is",
        no_differences="Nothing differs from what was agreed.",
        whole="(the whole)",
        gone="(none)",
        there="(there)",
        beside_text="What no parameter sheet names. It is no part of the contract and is not touched. AWS makes some of it itself, such as the default VPC.",
        empty_option="Options without an agreed value are not part of what was agreed.",
        unread_option="Of options that are unknown AWS does not give back what was set. They count as no difference.",
        who_text="Who changed it is taken from CloudTrail's event history (the last 90 days).",
        former="Watched no more and still paging",
        former_text="What was agreed does not have these watched, or has the other side page; they are there and still page. They count as no difference. \
To end that, add the entry to the sheet and set up.",
        next="What to do",
        put_back="To make it as agreed again (look at the plan)",
        adopt="To agree upon what is there (the changed sheet)",
        number="Contract",
        customer="Customer",
        how="Command or file",
        file="Report",
        unread="could not be read: {}",
        unread_ones="Contracts that could not be read",
        reason="Why",
        yes="yes",
        no="no",
        pair="{}: {}",
        comma=", ",
    ),
)
Paper = dict[str, Any]
Looked = Mapping[str, Mapping[str, Any]]


def as_built(result: Mapping[str, Any], contract: Mapping[str, Any], at: str, language: str) -> Paper:
    """The account in the layout of the sheet, agreed beside actual: summary, differences, diagrams, every kind, and what is beside the contract.

    result: what M(msp.aws.account_info) returned. at: when, as ISO text with a time zone.
    """
    words, looked = WORDS[language], _ordered(result["looked"])
    when = _in_japan(at, "%Y-%m-%d %H:%M")
    used = {kind: one for kind, one in looked.items() if one["agreed"] or one["unread"]}
    beside = {kind: [thing["entry"] for thing in one["beside"]] for kind, one in looked.items()}
    main = looked.get("ec2_route_tables", {}).get("main", ())
    drawn = diagrams({kind: one["account"] for kind, one in looked.items()}, beside, language, main)
    differing = (dict(section, own_worksheet=True) for section in _differences(result["findings"], words, language))
    sections = [_summary(looked, result["findings"], words, language), *differing]
    sections += [dict(heading=one.heading, own_page=True, figure=dict(svg=one.svg, text=one.text)) for one in drawn]
    read = [_kind_section(kind, one, words, language) for kind, one in used.items()] + _beside(looked, words, language)
    sections += [_read_at(when, section, words) for section in read]
    return dict(_head("as_built", result, contract, at, words, language), sections=sections, contents=True)


def drift(result: Mapping[str, Any], contract: Mapping[str, Any], at: str, language: str, ways: Mapping[str, str], former: Sequence[str] = ()) -> Paper:
    """What differs from what was agreed, who did it, and the two ways to go on. ways: `put_back` and `adopt`, a command or file for each.

    former: lines on what pages though it is watched no more.
    """
    words = WORDS[language]
    sections = _differences(result["findings"], words, language)
    if result["findings"] and ways:
        table = dict(columns=[_column("way", words["next"]), _column("how", words["how"])], rows=[dict(way=words[way], how=how) for way, how in ways.items()])
        sections.append(dict(heading=words["next"], table=table))
    if former:
        sections.append(dict(heading=words["former"], text=[words["former_text"], *former]))
    sections += _beside(_ordered(result["looked"]), words, language)
    return dict(_head("drift", result, contract, at, words, language), sections=sections)


def total(results: list[Mapping[str, Any]], at: str, language: str) -> Paper:
    """One line for each host: {host, number, customer, account_id, counts, file}, or {…, failed} for one that could not be looked at.

    What is long stands below: a table that has it beside six numbers has no room for it.
    """
    words = WORDS[language]
    columns = [
        _column("number", f"{words['number']} / {words['file']}"),
        _column("customer", f"{words['customer']} / {words['account']}"),
        *(_column(verdict, words[verdict], "integer") for verdict in VERDICTS),
        _column("verdict", words["verdict"], "verdict"),
    ]
    sections = [dict(table=dict(columns=columns, rows=[_total_row(one) for one in results]))]
    failed = [dict(number=_number(one), reason=_cut(_printable(one["failed"]))) for one in results if one.get("failed")]
    if failed:
        sections.append(
            dict(heading=words["unread_ones"], table=dict(columns=[_column("number", words["number"]), _column("reason", words["reason"])], rows=failed))
        )
    return dict(title=words["total"], language=language, date=_date(at), facts=[dict(label=words["at"], value=_moment(at, language))], sections=sections)


def _total_row(one: Mapping[str, Any]) -> dict[str, Any]:
    customer, account = (_said(one, name) for name in ("customer", "account_id"))
    row = dict(number=_number(one), customer=[customer, account] if customer and account else customer or account)
    if one.get("failed"):
        return dict(row, verdict="unknown")
    told = {verdict: one["counts"][verdict] for verdict in VERDICTS}
    worst = next((verdict for verdict in WORST_FIRST if told[verdict]), "same")
    return dict(row, **told, number=[_said(one, "number"), one["file"]] if one.get("file") else _number(one), verdict=worst)


def _number(one: Mapping[str, Any]) -> list[str]:
    """The contract's number; also its host, of which a contract may have several, where the two are not one word."""
    return list(dict.fromkeys(filter(None, (_said(one, name) for name in ("number", "host")))))


def _said(one: Mapping[str, Any], name: str) -> str | None:
    return _printable(str(one.get(name) or "")) or None


# ---- parts of a paper


def _head(title: str, result: Mapping[str, Any], contract: Mapping[str, Any], at: str, words: Mapping[str, Any], language: str) -> Paper:
    counts = result["counts"]
    told = words["comma"].join(f"{words[verdict]} {counts[verdict]}" for verdict in VERDICTS if counts[verdict])
    return dict(
        title=words[title],
        language=language,
        number=str(contract["number"]),
        date=_date(at),
        to=dict(name=str(contract.get("customer") or contract["number"])),
        facts=[
            dict(label=words["differences"], value=told or words["no_differences"], strong=True),
            dict(label=words["at"], value=_moment(at, language)),
            dict(label=words["account"], value=str(contract["account_id"])),
            dict(label=words["region"], value=str(contract["region"])),
            dict(label=words["agreed_entries"], value=counts["agreed"], kind="integer"),
            dict(label=words["same_entries"], value=counts["same"], kind="integer"),
            dict(label=words["beside"], value=counts["beside"], kind="integer"),
        ],
    )


def _summary(looked: Looked, found: list[Mapping[str, Any]], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    columns = [_column("kind", words["kind"]), _column("agreed", words["agreed_entries"], "integer")]
    columns += [_column(verdict, words[verdict], "integer") for verdict in VERDICTS]
    columns += [_column("beside", words["beside"], "integer"), _column("verdict", words["verdict"], "verdict")]
    rows = []
    for kind, one in looked.items():
        if not (one["agreed"] or one["beside"] or one["unread"]):
            continue
        told = {verdict: sum(finding["kind"] == kind and finding["verdict"] == verdict for finding in found) or None for verdict in VERDICTS}
        worst = next((verdict for verdict in WORST_FIRST if told[verdict]), "same" if one["agreed"] else None)
        rows.append(dict(told, kind=label(kind, (), language), agreed=len(one["agreed"]), beside=len(one["beside"]) or None, verdict=worst))
    return dict(heading=words["summary"], table=dict(columns=columns, rows=rows))


def _differences(found: list[Mapping[str, Any]], words: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """What differs, and where that was asked, who did it."""
    if not found:
        return [dict(heading=words["differences"], text=[words["no_differences"]])]
    columns = [_column(name, words[name]) for name in ("entry", "option", "agreed", "actual")] + [_column("verdict", words["verdict"], "verdict")]
    rows = []
    for finding in found:
        rows.append(dict(_line(finding["kind"], finding, words, language), entry=_whose(finding, words, language)))
    text = [words["extra_text"]] if any(finding["verdict"] == "extra" for finding in found) else []
    return [dict(heading=words["differences"], text=text, table=dict(columns=columns, rows=rows)), *_changes(found, words, language)]


def _changes(found: list[Mapping[str, Any]], words: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The newest changes of everything that differs; each thing once, however much of it differs."""
    asked = {(finding["kind"], finding["entry"]): finding for finding in found if "changed_by" in finding}
    rows = []
    for finding in asked.values():
        whose = _whose(finding, words, language)
        for event in finding["changed_by"]:
            when = _in_japan(event["time"], "%Y-%m-%d %H:%M:%S")
            rows.append(dict(entry=whose, when=when, call=event["name"], who=_who(event, words), where=event["source_ip"]))
        if not finding["changed_by"] or finding["untold"] == "unsure":
            rows.append(dict(entry=whose, call=words["untold"][finding["untold"]] if finding["untold"] else None))
    columns = [_column(name, words[name]) for name in ("entry", "when", "call", "who", "where")]
    return [dict(heading=words["changes"], text=[words["who_text"]], table=dict(columns=columns, rows=rows))] if rows else []


def _who(event: Mapping[str, Any], words: Mapping[str, Any]) -> Any:
    return [event["user"], words["own"]] if event.get("own") else event["user"]


def _whose(finding: Mapping[str, Any], words: Mapping[str, Any], language: str) -> list[str]:
    return [finding["entry"] or words["whole"], label(finding["kind"], (), language)]


def _read_at(when: str, section: dict[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """The section with when each of its rows was read."""
    if "table" not in section:
        return section
    columns, rows = section["table"]["columns"], section["table"]["rows"]
    return dict(section, table=dict(columns=[*columns, _column("at", words["at"])], rows=[dict(row, at=when) for row in rows]))


def _kind_section(kind: str, one: Mapping[str, Any], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    columns = [_column(name, words[name]) for name in ("entry", "option", "agreed", "actual")] + [_column("verdict", words["verdict"], "verdict")]
    text = [words["empty_option"]]
    if one["unread"]:
        return dict(heading=label(kind, (), language), own_worksheet=True, text=[*text, words["unread"].format(one["unread"])])
    rows = []
    for entry in one["agreed"]:
        if not entry["options"] or (entry["verdict"] == "unknown" and entry["reason"]):
            rows.append(dict(_whole(entry, words), entry=entry["entry"]))
        for line in entry["options"]:
            verdict = entry["verdict"] if entry["verdict"] in ("missing", "unknown") and line["verdict"] else line["verdict"]
            rows.append(dict(_line(kind, line, words, language), entry=entry["entry"], verdict=verdict))
    if any(line["verdict"] == "unknown" for entry in one["agreed"] for line in entry["options"]):
        text.append(words["unread_option"])
    return dict(heading=label(kind, (), language), own_worksheet=True, text=text, table=dict(columns=columns, rows=rows))


def _beside(looked: Looked, words: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    rows = []
    for kind, one in looked.items():
        for thing in one["beside"]:
            entry = next((entry for entry in one["account"] if thing["entry"] in (kinds()[kind].label(entry), entry.get("id"))), {})
            options, named = kinds()[kind].options, {name for name in kinds()[kind].identity if str(entry.get(name)) in thing["entry"].split("/")}
            told = [
                words["pair"].format(label(kind, (name,), language), _told(kind, (name,), options[name], value, words, language))
                for name, value in entry.items()
                if name in options and name not in named and value not in (None, [], {}, "")
            ]
            rows.append(dict(entry=[thing["entry"], label(kind, (), language)], details=_cut(words["comma"].join(told)) or None))
    if not rows:
        return []
    columns = [_column(name, words[name]) for name in ("entry", "details")]
    return [dict(heading=words["beside"], own_page=True, text=[words["beside_text"]], table=dict(columns=columns, rows=rows))]


def _line(kind: str, line: Mapping[str, Any], words: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The cells of one option: its heading, what was agreed and what is there."""
    if line["option"] is None:
        return _whole(line, words)
    path, option, key = _walk(kind, line["option"])
    heading = "・".join(label(kind, path[:depth], language) for depth in range(1, len(path) + 1)) + (f": {key}" if key else "")
    path = path if not key else ()
    agreed, actual = (_told(kind, path, option, line[side], words, language) for side in ("agreed", "actual"))
    if line["agreed"] is None and line["verdict"] in ("added", "extra"):
        agreed = words["gone"]
    if line["actual"] is None and line["verdict"] == "missing":
        actual = words["gone"]
    return dict(option=heading, agreed=agreed or None, actual=actual or None, verdict=line["verdict"])


def _whole(judged: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a whole thing: whether it was to be there, and is."""
    sides = dict(missing=("there", "gone"), added=("gone", "there"), same=("gone", "gone")).get(judged["verdict"], ())
    agreed, actual = (words[side] for side in sides) if sides else (None, None)
    return dict(option=words["whole"], agreed=agreed, actual=_cut(judged["reason"]) if judged["reason"] else actual, verdict=judged["verdict"])


def _walk(kind: str, path: str) -> tuple[tuple[str, ...], Option | None, str]:
    """The options that a path names, the last of them, and what is left: the key of a free dictionary, which may hold dots itself."""
    options, names, option, rest = kinds()[kind].options, [], None, path
    while rest:
        name, dummy, after = rest.partition(".")
        if not options or name not in options:
            break
        names.append(name)
        option, rest = options[name], after
        options = option.options
    return tuple(names), option, rest


def _told(kind: str, path: tuple[str, ...], option: Option | None, value: Any, words: Mapping[str, Any], language: str) -> str:
    """A value for people, in one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if option and option.options and isinstance(value, Mapping):
        inner = ((name, _told(kind, (*path, name), option.options[name], one, words, language)) for name, one in value.items() if name in option.options)
        return words["comma"].join(words["pair"].format(label(kind, (*path, name), language), one) for name, one in inner if one)
    if isinstance(value, list):
        return _cut(words["comma"].join(_told(kind, path, option, one, words, language) for one in value))
    if isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()):
        return _cut(words["comma"].join(f"{key}={_printable(one)}" for key, one in value.items()))
    if isinstance(value, Mapping):
        return _cut(json.dumps(value, ensure_ascii=False))
    return _cut(_printable(str(value)))


def _cut(text: str) -> str:
    """A text that ends where it does, or says that it goes on."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _printable(text: str) -> str:
    """Without what a paper cannot hold, such as the line ends of a script."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)


def _column(key: str, words: str, kind: str = "text") -> dict[str, str]:
    return dict(key=key, label=words, kind=kind)


def _ordered(looked: Looked) -> dict[str, Mapping[str, Any]]:
    """In the order of the sheet's workbook."""
    return {kind.name: looked[kind.name] for kind in in_order(kinds()) if kind.name in looked}


def _moment(at: str, language: str) -> str:
    return _in_japan(at, "%Y年%m月%d日 %H:%M:%S JST" if language == "ja" else "%Y-%m-%d %H:%M:%S JST")


def _date(at: str) -> str:
    return _in_japan(at, "%Y-%m-%d")


def _in_japan(at: str, form: str) -> str:
    """Wherever this runs."""
    return datetime.fromisoformat(at).astimezone(JAPAN).strftime(form)


def lines(found: list[Mapping[str, Any]], language: str) -> Iterator[str]:
    """Each finding as a line for the log."""
    words = WORDS[language]
    for finding in found:
        row = _line(finding["kind"], finding, words, language)
        told = " → ".join(row[side] or words["gone"] for side in ("agreed", "actual")) if finding["option"] else finding["reason"] or ""
        where = " ".join(part for part in (label(finding["kind"], (), language), finding["entry"], row["option"] if finding["option"] else None) if part)
        yield f"{words[finding['verdict']]}: {where}{': ' if told else ''}{told}"
