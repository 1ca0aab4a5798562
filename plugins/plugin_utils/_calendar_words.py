# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the calendar says of what it cannot read, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        day="「{value}」は日付ではありません。2026-11-20 のように書いてください",
        moment="「{value}」は日時ではありません。'2026-11-20 01:30'（日本時間）または '2026-11-19T16:30Z' のように書いてください",
        zone="「{value}」は時差が分かりません。'…Z' や '…+09:00' を付けるか、日本時間を引用符で囲んで書いてください"
        "（現在時刻は now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')）",
        seconds="{value!r} は秒数ではありません。now().timestamp() のように、1970 年からの秒数を渡してください",
        year="{value!r} は年ではありません。2026 のように、引用符のない整数で書いてください（{other[0]}から{other[1]}まで）",
        years="「{value}」は扱える範囲（{other[0]}から{other[1]}まで）の外です",
        beyond="「{value}」から数えた日は、扱える範囲（{other[0]}から{other[1]}まで）を超えます",
        closed="「{value}」から {other}までに営業日が足りません。休業日（closures）を確認してください",
        closure_day="「{value}」は日付ではありません。2026-08-13、または毎年の日として '12-29' のように書いてください",
        closure_mixed="from と until は、両方とも年付き（2026-08-13）か、両方とも毎年（12-29）で書いてください。現在の値: {value}、{other}",
        backwards="「{value}」は {other}より前です",
        days="「{value}」の「{other}」が日の指定として読めません。"
        "例: 毎日、日曜、第3日曜、第2・第4土曜、15日、月末、平日、営業日、第3営業日、最終営業日",
        positions="「{value}」の日の順番は、1 から {other} まで、または「最終」で、曜日は 1 つにしてください",
        hours="「{value}」の時刻が読めません。終わりに 01:00-05:00（または開始だけの 09:00）と書いてください。日をまたぐときは 22:00-02:00 とします",
        no_end="「{value}」に終わりの時刻がありません。01:00-05:00 のように書いてください",
        text="「{value}」は文字列ではないか、空です",
        control="{value!r} には使えない文字（制御文字）があります",
        whole="「{value}」は {other} の整数ではありません",
        table="「{value}」は契約ではありません。「名前: 値」の組で書いてください",
        flag="「{value}」は true / false ではありません",
        list="一覧（リスト）で書いてください。現在の値: {value}",
        entry="「名前: 値」の組で書いてください。現在の値: {value}",
        unknown="「{value}」という項目はありません{hint}。使える項目: {other}",
        missing="必要な項目です",
        calendar="カレンダーの名前が必要です。契約ごとに別の名前を、ical(contract.number) のように書いてください",
        duplicate="「{value}」が 2 回以上あります。1 回だけ書いてください",
        event_twice="「{value}」が {other}に 2 回以上あります。1 回だけ書いてください",
        choice="「{value}」は使えません。使える値: {other}",
        no_desk="「{value}」のプランにこの窓口はありません（別紙1の1.2）。あるプラン: {other}",
        skips_months="「{value}」の日がない月には実行されません。月の最後の日は「月末」と、それ以外は 28 日までで書いてください",
        one_of="date か、start と end の組か、どちらか一方を書いてください",
        needs_until="営業日は祝日の決まった範囲でしか書き出せません。終わりの日を {other}までで書いてください",
        never="「{value}」に当たる日が {other[0]}から{other[1]}までの間にありません",
    ),
    en=dict(
        day="{value!r} is not a date; write it like 2026-11-20",
        moment="{value!r} is not a date and time; write it like '2026-11-20 01:30' (Japan time) or '2026-11-19T16:30Z'",
        zone="{value!r} does not say its zone; add 'Z' or '+09:00', or write Japan time in quotes (for now: now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ'))",
        seconds="{value!r} is no number of seconds; give those since 1970, such as now().timestamp()",
        year="{value!r} is not a year; write a whole number without quotes, such as 2026 ({other[0]} to {other[1]})",
        years="{value!r} lies outside of what is known ({other[0]} to {other[1]})",
        beyond="the day counted from {value!r} lies outside of what is known ({other[0]} to {other[1]})",
        closed="there are not enough business days from {value!r} to {other}; check the closures",
        closure_day="{value!r} is not a date; write it like 2026-08-13, or '12-29' for every year",
        closure_mixed="write from and until both with the year (2026-08-13) or both for every year (12-29); found {value} and {other}",
        backwards="{value!r} is before {other}",
        days="{other!r} in {value!r} does not say which days; for example: every day, Sunday, third Sunday, second and fourth Saturday, 15th day, "
        "last day, weekdays, business days, third business day, last business day",
        positions="{value!r} must count from 1 to {other}, or be the last, and count one weekday only",
        hours="{value!r} does not end in hours; write 01:00-05:00 (or 09:00 for a start alone), and 22:00-02:00 past midnight",
        no_end="{value!r} has no end; write it like 01:00-05:00",
        text="{value!r} is not a text, or empty",
        control="{value!r} has control characters",
        whole="{value!r} is not a whole number of {other}",
        table="{value!r} is no contract; write name: value pairs",
        flag="{value!r} is neither true nor false",
        list="write a list here; found {value!r}",
        entry="write name: value pairs here; found {value!r}",
        unknown="there is no {value!r}{hint}; what there is: {other}",
        missing="is needed",
        calendar="is needed: the name of the calendar, another one for each contract, such as ical(contract.number)",
        duplicate="{value!r} is there more than once; write it once",
        event_twice="{value!r} is there more than once on {other}; write it once",
        choice="{value!r} is not allowed here; what is: {other}",
        no_desk="the plan {value!r} has no such desk (Annex 1, 1.2); plans that have it: {other}",
        skips_months="{value!r} skips the months without that day; write 'last day' for the last day of a month, or a day up to the 28th",
        one_of="write either date, or start and end",
        needs_until="business days can be written out only as far as holidays are listed; give an end, not later than {other}",
        never="{value!r} means no day from {other[0]} to {other[1]}",
    ),
)


class Fault(NamedTuple):
    """One thing that is wrong: where, a code of TEXTS, and what goes into the text."""

    where: str
    code: str
    facts: Mapping[str, Any]

    def text(self, language: str) -> str:
        facts = dict(self.facts)
        close = facts.pop("close", None)
        facts = {name: said(fact, language) for name, fact in facts.items()}
        return f"{self.where}: {TEXTS[language][self.code].format(hint=hint(language, close), **facts)}"


class CalendarError(ValueError):
    """All that is wrong in what was written, one line each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(self.text("ja"))

    def text(self, language: str) -> str:
        return "\n".join(fault.text(language) for fault in self.faults)
