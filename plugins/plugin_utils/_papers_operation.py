# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers on an operation: 作業手順書 before it, and 作業完了報告書 after it, for the customer and for us. Words and layout only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._calendar import JST
from ansible_collections.msp.aws.plugins.plugin_utils._effects import in_japanese
from ansible_collections.msp.aws.plugins.plugin_utils._operations import INTERRUPTIONS, ROLL_BACKS, label_of, operations, options, prefix
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from ansible_collections.msp.aws.plugins.plugin_utils.labels import label

WORDS: dict[str, dict[str, Any]] = dict(
    ja=dict(
        title="作業完了報告書",
        ticket="受付番号",
        operation="作業項目",
        target="対象",
        requester="ご依頼者",
        wished="ご希望日時",
        began="開始日時",
        ended="終了日時",
        outcome="作業結果",
        outcomes=dict(
            done="完了（確認済み）",
            returned="中止（ご依頼の状態にできず、作業前の状態に戻しました）",
            rolled_back="切り戻し済み（作業前の状態に戻しました）",
            failed="未完了（作業の途中で止まっています）",
            unverified="未完了（作業後の確認で、ご依頼の状態にないことが分かりました）",
        ),
        unfinished="作業状況報告書",
        interruption="サービスへの影響",
        approved="承認者",
        changes="変更内容",
        entry="対象",
        option="設定項目",
        before="作業前",
        after="作業後",
        asked="ご依頼内容",
        parameter="項目",
        value="値",
        evidence="証跡",
        head="証跡ハッシュ（SHA-256）",
        plan="計画のハッシュ",
        calls="書き込み API",
        call="操作",
        request="リクエスト ID",
        operator="作業者",
        journal="記録",
        number="番号",
        kind="種類",
        at="日時",
        hash="ハッシュ",
        reason="理由",
        internal="（社内用）",
        procedure="作業手順書",
        minutes="最大作業時間",
        roll_back="切り戻し",
        one_way="（変更前の所属先は記録されないため、自動では戻りません。元の所属先を対象に、同じ作業をご依頼ください）",
        by_hand="（{}）",
        dangers="ご承認いただく影響",
        warnings="注意点（文面は AWS とモジュールのものです）",
        steps="手順",
        step="手順",
        command="コマンド",
        told_steps=(
            ("現在の状態を確認し、承認された計画と一致することを確かめる（違いがあれば実施しない）", "plan"),
            ("作業前の状態を台帳に保存し、作業を実施して確認する", "apply"),
            ("途中で止まった場合は、同じコマンドで続きから実施する", "apply"),
            ("作業前の状態に戻す場合", "roll_back"),
            ("証跡を検証する", "verify"),
        ),
        next="次の手順",
        next_steps=(("続きから実施する", "resume"), ("作業前の状態に戻す", "roll_back")),
        yes="はい",
        no="いいえ",
    ),
    en=dict(
        title="Completion report",
        ticket="Ticket",
        operation="Operation",
        target="Target",
        requester="Requested by",
        wished="Wished for",
        began="Began",
        ended="Ended",
        outcome="Outcome",
        outcomes=dict(
            done="done and verified",
            returned="came to nothing, and was brought back to what was before",
            rolled_back="rolled back to what was before",
            failed="unfinished: the work stopped half-way",
            unverified="unfinished: after the work it is not as was asked for",
        ),
        unfinished="Report on unfinished work",
        interruption="Interruption",
        approved="Approved by",
        changes="Changes",
        entry="Target",
        option="Attribute",
        before="Before",
        after="After",
        asked="What was asked for",
        parameter="Parameter",
        value="Value",
        evidence="Evidence",
        head="Hash of the evidence (SHA-256)",
        plan="Hash of the plan",
        calls="Writing API calls",
        call="Call",
        request="Request id",
        operator="Operator",
        journal="Journal",
        number="Number",
        kind="Kind",
        at="When",
        hash="Hash",
        reason="Reason",
        internal=" (internal)",
        procedure="Procedure",
        minutes="At most",
        roll_back="Way back",
        one_way=" (where it was before is not remembered: request the same operation for the former place)",
        by_hand=" ({})",
        dangers="What is approved",
        warnings="Warnings",
        steps="Steps",
        step="Step",
        command="Command",
        told_steps=(
            ("See that the account is as the approved plan has it (or nothing is done)", "plan"),
            ("Save what is before, do it and verify it", "apply"),
            ("Where it broke off, go on with the same command", "apply"),
            ("To bring back what was before", "roll_back"),
            ("Verify the evidence", "verify"),
        ),
        next="What to do next",
        next_steps=(("Go on from where it stopped", "resume"), ("Bring back what was before", "roll_back")),
        yes="yes",
        no="no",
    ),
)
# What a plan says of an action, beside what was asked for.
DEEDS = dict(
    endpoint="エンドポイント",
    events="予定されたイベント",
    former_volume="変更前のボリューム",
    image="AMI",
    missing="未適用のパッチ",
    not_before="イベントの予定日時",
    password_reset_required="次回サインイン時のパスワード変更",
    rebooted="再起動",
    replaced_instances="入れ替えるインスタンス数",
    scanned="未適用パッチの確認",
    snapshot="スナップショット",
    state="状態",
    status_checks="ステータスチェック",
    volume="ボリューム",
)
EDITIONS = ("customer", "internal")
Paper = dict[str, Any]


def completion(records: list[Mapping[str, Any]], contract: Mapping[str, Any], language: str = "ja", edition: str = "customer", issuer: Any = None) -> Paper:
    """The report on a journal that has ended, or that stands where something failed. The customer's edition has no call, no person of ours and no machine."""
    words, found = WORDS[language], {record["kind"]: record["content"] for record in records}
    request, made, end = found["request"], found["plan"], found.get("end", found.get("failure"))
    moments = {record["kind"]: record["at"] for record in reversed(records) if record["kind"] in ("before", "end")}
    row = operations()[request["operation"]]
    outcome = _outcome(found)
    facts = [
        (words["outcome"], words["outcomes"][outcome]),
        (words["operation"], f"{row['row']['service']} {row[language] if language == 'en' else row['row']['item']}"),
        (words["target"], request["target"]),
        (words["requester"], request["requester"]),
        (words["wished"], _moment(request["wished"])),
        (words["began"], _moment(moments.get("before"))),
        (words["ended"], _moment(moments.get("end"))),
        (words["interruption"], INTERRUPTIONS[made["interruption"]][language]),
        (words["approved"], found.get("approval", {}).get("by")),
        (words["head"], records[-1]["hash"]),
    ]
    called = partial(_called, request["operation"], language)
    asked = [dict(parameter=called(name), value=_told(value, words)) for name, value in request["parameters"].items()]
    changes = [dict(_change(one, words), option=called(one["option"])) for one in made["changes"]]
    sections = [
        dict(heading=words["asked"], table=_table(_columns(words, "parameter", "value"), asked)),
        dict(heading=words["changes"], table=_table(_columns(words, "entry", "option", "before", "after"), changes)),
    ]
    if edition == "internal":
        sections += [*([] if "end" in found else [_next(found, words)]), *_internal(records, words)]
    title = words["title" if "end" in found else "unfinished"] + (words["internal"] if edition == "internal" else "")
    paper = dict(
        title=title,
        language=language,
        number=request["ticket"],
        date=datetime.fromisoformat(moments.get("end", records[-1]["at"])).astimezone(JST).date().isoformat(),
        to=dict(name=str(contract.get("customer") or contract["number"])),
        facts=[dict(label=label, value=str(value), strong=place == 0) for place, (label, value) in enumerate(facts) if value],
        sections=sections,
        notes=_notes(found, end, words) if edition == "internal" else [],
    )
    return dict(paper, **({"from": {"name": issuer["name"]}} if issuer else {}))


def _outcome(found: Mapping[str, Any]) -> str:
    if "end" not in found:
        return "unverified" if found["failure"].get("unverified") else "failed"
    return found["end"]["outcome"]


def _notes(found: Mapping[str, Any], end: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    """Why it came to nothing, and how it was proved."""
    reason = [f"{words['reason']}: {end['reason']}"] if end.get("reason") else []
    return reason + found.get("result", {}).get("notes", [])


def _next(found: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """What the engineer can do with a ticket that stands half-way."""
    begun = found["before"]
    possible = [(told, phase) for told, phase in words["next_steps"] if phase != "roll_back" or begun["undo"]]
    steps = [dict(step=told, command=command(phase, found["request"], begun["plan"])) for told, phase in possible]
    return dict(heading=words["next"], table=_table(_columns(words, "step", "command"), steps))


def procedure(made: Mapping[str, Any], request: Mapping[str, Any], contract: Mapping[str, Any], day: str, language: str = "ja") -> Paper:
    """What will be done, by whom it has to be approved, and each command: for who carries the plan out. `day`: the day of the paper."""
    words, row = WORDS[language], operations()[request["operation"]]
    facts = [
        (words["operation"], f"{row['row']['service']} {row[language] if language == 'en' else row['row']['item']}"),
        (words["target"], request["target"]),
        (words["requester"], request["requester"]),
        (words["wished"], _moment(request["wished"])),
        (words["interruption"], INTERRUPTIONS[made["interruption"]][language]),
        (words["minutes"], row["minutes"]),
        (words["roll_back"], _way_back(made, row, words, language)),
        (words["plan"], made["hash"]),
    ]
    called = partial(_called, request["operation"], language)
    changes = [dict(_change(one, words), option=called(one["option"])) for one in made["changes"]]
    steps = [dict(step=told, command=command(phase, request, made)) for told, phase in words["told_steps"] if phase != "roll_back" or made["undo"]]
    sections = [
        dict(heading=words["changes"], table=_table(_columns(words, "entry", "option", "before", "after"), changes)),
        dict(heading=words["steps"], table=_table(_columns(words, "step", "command"), steps)),
    ]
    if made["dangers"]:
        effects = [effect for danger in made["dangers"] for effect in (in_japanese(danger) if language == "ja" else [danger])]
        sections.insert(1, dict(heading=words["dangers"], text=effects))
    sections[-1:-1] = _warned([made], words)
    return dict(
        title=words["procedure"],
        language=language,
        number=request["ticket"],
        date=day,
        to=dict(name=str(contract.get("customer") or contract["number"])),
        facts=[dict(label=label, value=value, kind="minutes" if label == words["minutes"] else "text") for label, value in facts if value],
        sections=sections,
    )


def _way_back(made: Mapping[str, Any], row: Mapping[str, Any], words: Mapping[str, Any], language: str) -> str:
    """Of this plan: the row tells of what can be requested at best."""
    told = ROLL_BACKS[made["roll_back"]][language]
    if made["roll_back"] == "manual" and "way_back" in row:
        return told + words["by_hand"].format(row["way_back"][language])
    return told if made["roll_back"] == row["roll_back"] else told + words["one_way"]


def command(phase: str, request: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """As it is typed; the request lies in a file of its ticket's name. `resume` goes on with what was approved and begun."""
    if phase == "verify":
        return f"ansible-playbook playbooks/verify_evidence.yml -e @{request['ticket']}.yml"
    told: dict[str, Any] = {}
    if phase == "apply" and made["approval_needed"]:
        told = dict(operation_approval=dict(by="…", plan=made["hash"]))
    if phase == "roll_back" and made["undo_confirm"]:
        told = dict(confirm=made["undo_confirm"])
    more = f" -e '{json.dumps(told, ensure_ascii=False)}'" if told else ""
    phase = "apply" if phase == "resume" else phase
    return f"ansible-playbook -i inventories/… playbooks/operate.yml -e @{request['ticket']}.yml -e operation_phase={phase}{more}"


def _internal(records: list[Mapping[str, Any]], words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was warned of, every call and every record, with who wrote it."""
    writes = [call for record in records for call in record["content"].get("calls", {}).get("writes", [])]
    calls = [dict(call=one["call"], request=one.get("request_id")) for one in writes]
    journal = [dict(number=one["number"], kind=one["kind"], at=_moment(one["at"]), operator=_who(one), hash=one["hash"]) for one in records]
    return [
        *_warned([record["content"] for record in records], words),
        dict(heading=words["calls"], table=_table(_columns(words, "call", "request"), calls)),
        dict(heading=words["journal"], table=_table(_columns(words, "number", "kind", "at", "operator", "hash"), journal)),
    ]


def _warned(contents: list[Mapping[str, Any]], words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the modules warned of, each once: what a plan told may be said again when it is carried out."""
    told = list(dict.fromkeys(text for content in contents for text in content.get("warnings", ())))
    return [dict(heading=words["warnings"], text=told)] if told else []


def _who(record: Mapping[str, Any]) -> str:
    return f"{record['content'].get('operator', '')} {record['run']['pid']}@{record['run']['host']}".strip()


def _columns(words: Mapping[str, Any], *names: str) -> list[tuple[str, str]]:
    return [(name, words[name]) for name in names]


def _table(columns: list[tuple[str, str]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = {key: "integer" for key, dummy in columns if rows and isinstance(rows[0].get(key), int)}
    return dict(columns=[dict(key=key, label=label, kind=kinds.get(key, "text")) for key, label in columns], rows=rows)


def _called(operation: str, language: str, name: str) -> str:
    """A parameter or an attribute as the request form and the workbook call it. Who reads English reads the name that is written."""
    asked, kind = options(operation).get(prefix(operation) + name), kinds().get(operations()[operation]["module"] or "")
    if language != "ja":
        return name
    if asked:
        return label_of(asked)
    return label(kind.name, (name,), "ja") if kind and name in kind.options else DEEDS.get(name, name)


def _change(change: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: _told(change[name], words) for name in ("before", "after")}
    return dict(entry=change["entry"], option=change["option"], **told)


def _told(value: Any, words: Mapping[str, Any]) -> str | list[str]:
    """A value as people read it: a line for each thing of a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if isinstance(value, list):
        return [_line(item) for item in value]
    return _line(value)


def _line(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={inner}" for name, inner in value.items() if inner is not None)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(text: str | None) -> str | None:
    return f"{datetime.fromisoformat(text).astimezone(JST):%Y-%m-%d %H:%M}" if text else None
