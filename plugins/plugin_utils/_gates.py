# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates through which every request for an operation passes, in this order. A refusal quotes its clause and can be sent to the customer as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _calendar
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._calendar_words import CalendarError
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._operations import row_of
from ansible_collections.msp.aws.plugins.plugin_utils._requests import RequestError

NEEDS = dict(operation="operations", incident="incident_response")
TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        other_contract="ご依頼の契約番号「{value}」は、本作業の対象契約「{other}」と異なります。契約番号をご確認のうえ、再度ご依頼ください。",
        not_accepted="本契約は{other}からのご提供のため、{value}には作業を実施できません。",
        ended="本契約は{other}に終了しているため、{value}の作業は承ることができません。",
        no_plan="{value}に有効な運用メニューのお申し込みがないため、作業を承ることができません。",
        plan="ご契約の{value}には{other}が含まれないため、本作業を承ることができません。\
{more}へのプラン変更をお申し込みください。",
        no_incident="「{value}」は障害対応の対象作業ではありません。運用代行としてご依頼ください。",
        suspended="{value}から{other}まで本サービスのご利用を停止しているため、作業を承ることができません。",
        unmonitored="「{value}」は当社の監視設定の対象ではないため、運用メニューの作業を承ることができません。\
監視設定（保守初期設定）をお申し込みください。",
        too_soon="実施日は、受付日（{other}）の翌日から起算して3営業日以降とさせていただいております。\
最短の実施日は{more}です。ご希望の日（{value}）を調整のうえ、再度ご依頼ください。",
        early="実施日は、受付日（{other}）の翌日から起算して3営業日以降とさせていただいております。\
最短の実施日は{more}です。本日（{value}）は作業を開始できません。",
        not_yet="ご希望の日時（{value}）より前のため、作業を開始できません。",
        window="{value}からの作業（最大{more}分）は、ご契約のメンテナンス時間帯（{other}）に収まりません。\
日時を調整のうえ、再度ご依頼ください。",
    ),
    en=dict(
        other_contract="The request names the contract {value!r}, this is {other!r}. Please see to the number and request it again.",
        not_accepted="This contract begins on {other}, so nothing can be done on {value}.",
        ended="This contract ended on {other}, so nothing can be done on {value}.",
        no_plan="There is no plan of the operation menu on {value}.",
        plan="The {value} does not include {other}. Please apply for a change to the {more}.",
        no_incident="{value!r} is no part of incident response. Please request it as an operation.",
        suspended="The service is suspended from {value} to {other}.",
        unmonitored="{value!r} is not monitored by us, and the operation menu is provided for what is. Please apply for its monitoring.",
        too_soon="The earliest day is the third business day from the day after receipt ({other}), which is {more}. Please choose another day than {value}.",
        early="The earliest day is the third business day from the day after receipt ({other}), which is {more}. Nothing can be begun today ({value}).",
        not_yet="The wished time ({value}) has not come yet.",
        window="The work of at most {more} minutes from {value} on does not lie within the agreed maintenance windows ({other}). Please choose another time.",
    ),
)
CLAUSES = dict(
    other_contract=("第4条", "Article 4"),
    not_accepted=("第6条", "Article 6"),
    ended=("第15条・第16条", "Articles 15 and 16"),
    no_plan=("別紙1の1.2", "Annex 1, 1.2"),
    plan=("別紙1の1.2", "Annex 1, 1.2"),
    no_incident=("別紙1の1.2", "Annex 1, 1.2"),
    suspended=("第34条", "Article 34"),
    unmonitored=("別紙1の2", "Annex 1, 2"),
    too_soon=("別紙1の1.4", "Annex 1, 1.4"),
    early=("別紙1の1.4", "Annex 1, 1.4"),
    not_yet=("別紙1の1.4", "Annex 1, 1.4"),
    window=("別紙1の1.4", "Annex 1, 1.4"),
)
UNCLEAR = dict(
    ja="ご依頼の内容に、次の不備があります。修正のうえ、再度ご依頼ください。何も変更していません。（利用規約 別紙1の2）\n{why}",
    en="Something is wrong with the request. Please mend it and request it again. Nothing was done. (terms of service, Annex 1, 2)\n{why}",
)
FEATURES = dict(operations=("運用代行", "operations on request"), incident_response=("障害対応", "incident response"))
PLANS = {name: tuple(book()["prices"][name][language] for language in ("ja", "en")) for name in book()["plans"]}
Found = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A request before the gates. `now` is None while it is only planned."""

    request: Mapping[str, Any]
    row: Mapping[str, Any]
    contract: Mapping[str, Any]
    sheet: Mapping[str, Any]
    agreed: Agreement
    now: datetime | None

    @property
    def wished(self) -> datetime:
        return datetime.fromisoformat(self.request["wished"])

    @property
    def day(self) -> date:
        """The day on which it would be done."""
        return (self.now or self.wished).date()

    @property
    def incident(self) -> bool:
        return self.request["purpose"] == "incident"


# ---- the gates


def _of_this_contract(case: Case) -> Iterator[Found]:
    if case.request["contract"] != str(case.contract["number"]):
        yield "other_contract", dict(value=case.request["contract"], other=case.contract["number"])
    accepted = case.contract.get("accepted_on")
    if accepted and str(case.day) < str(accepted):
        yield "not_accepted", dict(value=case.day, other=accepted)
    if case.agreed.cancelled_on and case.day > case.agreed.cancelled_on:
        yield "ended", dict(value=case.day, other=case.agreed.cancelled_on)


def _of_the_plan(case: Case) -> Iterator[Found]:
    """別紙1の1.2: operations in the advanced plan only, incident response from the standard plan on. Of customised options the plan is asked, too."""
    needed = NEEDS[case.request["purpose"]]
    plan = next((plan.name for plan in reversed(case.agreed.plans) if plan.start <= case.day), None)
    if plan is None:
        yield "no_plan", dict(value=case.day)
    elif needed not in book()["plans"][plan]:
        enough = [name for name, features in book()["plans"].items() if needed in features][0]
        yield "plan", dict(value=PLANS[plan], other=FEATURES[needed], more=PLANS[enough])
    elif case.incident and not case.row.get("incident"):
        yield "no_incident", dict(value=(case.row["ja"], case.row["en"]))


def _not_suspended(case: Case) -> Iterator[Found]:
    for first, last in case.agreed.suspensions:
        if first <= case.day <= last:
            yield "suspended", dict(value=first, other=last)


def _monitored(case: Case) -> Iterator[Found]:
    """別紙1の2. A target that is such a component itself must be one of those that the sheet has watched, where it names them."""
    component = case.row["component"]
    if component is None:
        return
    named = (case.sheet.get("monitoring") or {}).get(component)
    itself = case.row.get("watched") == "target"
    there = sum(change.count for change in case.agreed.changes if change.component == component and change.day <= case.day)
    if itself and named is not None and case.request["target"] not in [entry.get("name") for entry in named] or not named and there <= 0:
        yield "unmonitored", dict(value=case.request["target"])


def _three_business_days(case: Case) -> Iterator[Found]:
    """別紙1の1.4, which is said of operations; what is wrong is put right at once."""
    if not case.incident:
        with Reading() as read:
            closures = read.closures(case.contract.get("closures"), "contract closures")
        received = date.fromisoformat(case.request["received"])
        earliest = _calendar.earliest(received, closures=closures, strict=bool(case.contract.get("lead_strict")))
        if case.wished.date() < earliest:
            yield "too_soon", dict(value=case.wished.date(), other=received, more=earliest)
        elif case.day < earliest:
            yield "early", dict(value=case.day, other=received, more=earliest)
    if case.now and case.now < case.wished:
        yield "not_yet", dict(value=f"{case.wished:%Y-%m-%d %H:%M}")


def _in_the_window(case: Case) -> Iterator[Found]:
    """What interrupts is done in the agreed hours, where there are any; of an incident nobody waits for them."""
    agreed = case.contract.get("maintenance_windows")
    if not agreed or case.incident or case.row["interruption"] == "none":
        return
    with Reading() as read:
        windows = read.windows(agreed, "contract maintenance_windows")
        closures = read.closures(case.contract.get("closures"), "contract closures")
    moment = max(case.now or case.wished, case.wished)
    if not _calendar.within(windows, moment, case.row["minutes"], closures):
        told = ", ".join(str(window["when"]) for window in agreed)
        yield "window", dict(value=f"{moment:%Y-%m-%d %H:%M}", other=told, more=case.row["minutes"])


GATES: tuple[tuple[str, Callable[[Case], Iterator[Found]]], ...] = (
    ("contract", _of_this_contract),
    ("plan", _of_the_plan),
    ("suspension", _not_suspended),
    ("monitoring", _monitored),
    ("date", _three_business_days),
    ("window", _in_the_window),
)


def features(contract: Mapping[str, Any], events: Any, day: date) -> set[str]:
    """What the plans include that the contract has on this day or later: for that it can be asked from this day on."""
    plans = agreement(contract, events).plans
    over = sum(plan.start <= day for plan in plans[1:])
    return {feature for plan in plans[over:] for feature in book()["plans"][plan.name]}


def refusal(
    request: Mapping[str, Any], contract: Mapping[str, Any], sheet: Mapping[str, Any], events: Any = (), now: datetime | None = None
) -> dict[str, Any] | None:
    """The first gate that does not let it pass: {gate, clause, ja, en}; None where all do. FeeError and CalendarError for a contract that cannot be read."""
    case = Case(request, row_of(request), contract, sheet, agreement(contract, events), now.astimezone(_calendar.JST) if now else None)
    for gate, passes in GATES:
        for code, facts in passes(case):
            said = {language: TEXTS[language][code].format(**_in(facts, place)) for place, language in enumerate(("ja", "en"))}
            ja, en = CLAUSES[code]
            return dict(gate=gate, clause=ja, ja=f"{said['ja']}（利用規約 {ja}）", en=f"{said['en']} (terms of service, {en})")
    return None


def _in(facts: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Facts with the word of one language where there are two."""
    return {name: value[place] if isinstance(value, tuple) else value for name, value in facts.items()}


def unclear(error: RequestError, language: str) -> str:
    """What is wrong with a request, which the terms have in a form (運用代行依頼書)."""
    return UNCLEAR[language].format(why=error.text(language))


def unreadable(error: FeeError | CalendarError, language: str) -> str:
    """What is wrong with the contract itself."""
    return error.text(language) if isinstance(error, CalendarError) else "\n".join(fault.text(language) for fault in error.faults)
