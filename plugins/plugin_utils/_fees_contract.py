# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be written into a contract and its events about fees, and the `Agreement` that is read out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month, month_from, month_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import LANGUAGES

PLANS = tuple(book()["plans"])
FEATURES = tuple(book()["plans"]["advanced"])
CHANNELS = ("own", "aws_marketplace", "resale")
CAUSES = ("customer", "third_party", "provider", "provider_gross")
GROUNDS = dict(notice="16", end_of_service="14-2", antisocial="48-2")  # why the provider may end a contract, and the clause
OWN_ORDER = "contract"  # the name of the order that the contract itself holds

PRICED = dict(name=Field("text", required=True), yen=Field("positive", required=True))
PARTS = dict(
    basic=Field("flag"),
    components=Field("counts", menu="set_up"),
    maintenance=Field("flag"),
    maintenance_components=Field("counts", menu="set_up"),
    individual=Field("rows", fields=PRICED),
)
COMPONENTS = ("components", "maintenance_components")  # the parts of an order that are counts of them
HOURS = {name: ("in_minutes", ("sheet_support_minutes",), (Field("count"),)) for name in ("hours", "sheet_support_hours")}
ORDER = dict(PARTS, sheet_support_minutes=Field("count"))
PLAN = dict(plan=Field("word", required=True, choices=PLANS), applied_on=Field("day"), **{"from": Field("day", required=True)})
OPTION = dict(
    PRICED,
    covers=Field("words", required=True, choices=FEATURES),
    until=Field("day"),
    omakase_vdi=Field("flag"),
    applied_on=Field("day"),
    **{"from": Field("day", required=True)},
)
RULES = {
    name: Field("word", choices=tuple(rule["choices"])) if "choices" in rule else Field("whole", limits=(rule["least"], rule["most"]))
    for name, rule in book()["rules"].items()
}
BILLING = dict(channel=Field("word", choices=CHANNELS), recipient=Field("text"), postage=Field("count"))
CONTRACT = dict(
    number=Field("file_name"),
    customer=Field("text"),
    language=Field("word", choices=LANGUAGES),
    applied_on=Field("day"),
    accepted_on=Field("day"),
    set_up_from=Field("day"),
    sheet_support_minutes=Field("count"),
    set_up=Field(
        "table",
        fields=dict(PARTS, there=Field("counts", menu="set_up")),
        elsewhere=HOURS | dict(sheet_support_minutes=("inside", ("contract", "sheet_support_minutes"), ())),
    ),
    plans=Field("rows", fields=PLAN, elsewhere=dict(until=("ends_by", ("plan_changed / cancelled",), ()))),
    operation=Field("table", fields=dict(components=Field("counts", required=True, menu="operation"), options=Field("rows", fields=OPTION))),
    qualified_invoice=Field("flag", fields={"from": Field("day", required=True)}),
    billing=Field("table", fields=BILLING),
    fee_rules=Field("table", fields=RULES, elsewhere={name: ("inside", ("billing", one), ()) for one in BILLING for name in (one, f"billing_{one}")}),
)
EVENTS: dict[str, dict[str, Field]] = dict(
    set_up_ordered=dict(ORDER, order=Field("text", required=True), work_from=Field("day")),
    set_up_completed=dict(order=Field("text")),
    set_up_cancelled=dict(order=Field("text"), payable=Field("table", fields=ORDER, elsewhere=HOURS)),
    sheet_support=dict(minutes=Field("positive", required=True)),
    components_added=dict(components=Field("counts", required=True, menu="operation")),
    components_removed=dict(components=Field("counts", required=True, menu="any")),
    plan_changed=dict(plan=Field("word", required=True, choices=PLANS)),
    cancelled=dict(wish=Field("day"), by=Field("word", choices=("customer", "provider")), ground=Field("word", choices=tuple(GROUNDS))),
    outage=dict(date=Field("moment", required=True), until=Field("moment", required=True), cause=Field("word", required=True, choices=CAUSES)),
    suspended=dict(until=Field("day", required=True), reason=Field("word", required=True, choices=("unpaid", "other"))),
    reduction=dict(month=Field("month", required=True), percent=Field("percent", required=True), menu=Field("word", choices=("operation", "set_up"))),
    evaded=dict(month=Field("month", required=True), yen=Field("positive", required=True)),
    invoiced=dict(months=Field("months", required=True), due=Field("day"), yen=Field("count"), net=Field("count")),
    settled=dict(
        months=Field("months", required=True),
        yen=Field("signed", required=True),
        net=Field("signed"),
        due=Field("day"),
        written_off=Field("flag"),
        number=Field("text"),
    ),
    qualified_invoice_requested=dict(month=Field("month", required=True), postage=Field("count")),
    payment=dict(yen=Field("positive", required=True)),
    refund=dict(yen=Field("positive", required=True)),
    channel_changed=dict(channel=Field("word", required=True, choices=CHANNELS)),
)
ENDS = {
    **dict.fromkeys(("minutes", "hours", "days", "months"), ("until_when", ("until",), ())),
    **dict.fromkeys(("to", "end"), ("unknown", (None, None, "until"), ())),
}
# What an event of a kind is thought to have.
THOUGHT = dict(
    set_up_ordered=HOURS | dict(until=("ends_by", ("set_up_completed",), ())),
    sheet_support=dict.fromkeys(HOURS, ("in_minutes", ("minutes",), ())),
    components_added=dict(until=("ends_by", ("components_removed",), ())),
    plan_changed=dict(until=("ends_by", ("plan_changed / cancelled",), ())),
    cancelled=dict(until=("unknown", (None, None, "wish"), ())),
    outage=ENDS,
    suspended=ENDS,
    invoiced=dict(until=("unknown", (None, None, "due"), ())),
    settled=dict(until=("unknown", (None, None, "due"), ())),
)
# What happens to a contract is easily written into the contract itself, by the event's name or by one of these.
CALLED = dict(cancelled_on="cancelled", until="cancelled", discount="reduction")
DATED = dict(date=Field("day"), event=Field("text"))
EVENT_LIKE = {kind: (Field("day"), *(Field(form, fields=DATED | fields) for form in ("table", "rows")), *fields.values()) for kind, fields in EVENTS.items()}
HAPPENS = {name: ("an_event", (kind,), EVENT_LIKE[kind]) for name, kind in (dict(zip(EVENTS, EVENTS, strict=True)) | CALLED).items()}
ONE_PLAN = (Field("word", choices=PLANS), Field("rows", fields=PLAN))
STRAY = HAPPENS | HOURS | dict(plan=("written_as", ("plans: [{plan: standard, from: '2026-06-15'}]",), ONE_PLAN))  # what a contract is thought to have


class Plan(NamedTuple):
    """A plan of the operation menu and its first day; it holds until the next one. `applied_on` where the menu was not applied for with the contract."""

    start: date
    name: str
    where: str
    applied_on: date | None = None


class Change(NamedTuple):
    """So many components of a group more (or less, when negative) from or until a day.

    `Agreement.changes` are those of the operation menu, `Agreement.gone` those of what was set up and is not operated, such as buckets.
    """

    day: date
    component: str
    group: str
    count: int
    where: str


class Option(NamedTuple):
    """A customised option (別紙1の1.3): yen a month, from its first to its last day."""

    start: date
    until: date | None
    name: str
    yen: int
    applied_on: date | None
    where: str


class Order(NamedTuple):
    """Set-up work: what of it is payable.

    `parts`: minutes of `sheet_support`; `basic` and `maintenance`, 0 or 1; `components` and `maintenance_components`, component → group → how many;
    `individual`, name → yen. `clause`: whether it is due by the order itself, or as what had been begun when it was called off (第29条).
    """

    name: str
    accepted_on: date
    parts: Mapping[str, Any]
    completed_on: date | None
    cancelled_on: date | None
    clause: str


class Outage(NamedTuple):
    """The operation menu could not be used at all: from when the provider knew, until when, and by whose doing."""

    known: datetime
    until: datetime
    cause: str
    where: str


class Issue(NamedTuple):
    """An invoice: its day of issue, its months, the due date that was set for several months together (第23条), and its yen with and without tax.

    Without `yen` it was what the events come to, without what was settled since.
    """

    day: date
    months: tuple[str, ...]
    due: date | None
    yen: int | None
    net: int | None
    where: str


class Settled(NamedTuple):
    """What was charged on top of an invoice, and when that is due, or was given back (negative), with and without tax, and on which day that was said.

    What was written off is neither: it was lacking, and nobody asked for it.
    """

    months: tuple[str, ...]
    yen: int
    net: int | None
    due: date | None
    day: date
    written_off: bool
    number: str | None
    where: str


@dataclass(frozen=True)
class Agreement:
    """A contract with everything that happened, free of contradictions.

    `there`: what others had built when it was accepted and we neither set up nor prepare, by the rows of 別紙4 第2表.
    """

    number: str
    customer: str
    language: str
    rules: Mapping[str, Any]
    applied_on: date | None
    plans: tuple[Plan, ...]
    changes: tuple[Change, ...]
    gone: tuple[Change, ...]
    there: Mapping[str, int]
    options: tuple[Option, ...]
    orders: tuple[Order, ...]
    support: tuple[tuple[date, int], ...]
    cancelled_on: date | None
    cancelled_by: str
    outages: tuple[Outage, ...]
    suspensions: tuple[tuple[date, date], ...]
    reductions: Mapping[tuple[str, str], int]
    evaded: tuple[tuple[date, str, int], ...]
    issues: tuple[Issue, ...]
    requests: tuple[tuple[date, str, int], ...]
    settlements: tuple[Settled, ...]
    payments: tuple[tuple[date, int], ...]
    refunds: tuple[tuple[date, int], ...]
    channels: tuple[tuple[date, str], ...]
    qualified_from: date | None
    recipient: str
    postage: int
    first_day: date | None

    @property
    def menu_applied_on(self) -> date | None:
        """When the operation menu was applied for (別紙2※5): with the contract, where the first plan says nothing else."""
        return self.plans[0].applied_on or self.applied_on if self.plans else self.applied_on

    def qualified(self, day: date) -> bool:
        """Whether an invoice that is issued on a day shall be a qualified one (適格請求書)."""
        return self.qualified_from is not None and self.qualified_from <= day

    def billed_together(self, month: str) -> tuple[str, ...]:
        """The months that are billed with a month (第23条)."""
        return next((issue.months for issue in self.issues if month in issue.months), (month,))

    def channel(self, day: date) -> str:
        """Who bills on a day: the provider itself, AWS Marketplace or the resale of AWS."""
        return next(channel for start, channel in reversed(self.channels) if start <= day)

    def biller(self, month: Month) -> str:
        """Who bills a month: who bills on its last day, or by the rule `channel_month` on its first."""
        return self.channel(month.last if self.rules["channel_month"] == "last_day" else month.first)

    def month(self, name: str) -> Month:
        """The billing month with a name such as 2026-07."""
        return month_from(date(int(name[:4]), int(name[5:]), self.rules["billing_month_start_day"]))

    def month_of(self, day: date) -> Month:
        """The billing month in which a day lies."""
        return month_of(day, self.rules["billing_month_start_day"])
