# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A contract and its events, read into one `Agreement` of which the fees are a function; what contradicts what is found in the same pass.

The order in which events are written never matters; what happened on one day is sorted by what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_billed as billed
from ansible_collections.msp.aws.plugins.plugin_utils._fees_against_bills import against_bills
from ansible_collections.msp.aws.plugins.plugin_utils._fees_built import not_set_up
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import (
    COMPONENTS,
    CONTRACT,
    DATED,
    GROUNDS,
    OWN_ORDER,
    PRICED,
    STRAY,
    Agreement,
    Change,
    Option,
    Order,
    Outage,
    Plan,
)
from ansible_collections.msp.aws.plugins.plugin_utils._fees_events import Event, read_events
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import DAY, Month, last_of_months
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_reading import Field, fits, read, read_table
from ansible_collections.msp.aws.plugins.plugin_utils._fees_told import Told
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError


def parts(given: Mapping[str, Any]) -> dict[str, Any]:
    """What an order or the payable rest of one holds: minutes, 0 or 1 for the two bases, counts of components, yen of individual items by name."""
    return dict(
        sheet_support=given.get("sheet_support_minutes", 0),
        basic=int(given.get("basic", False)),
        components=given.get("components", {}),
        maintenance=int(given.get("maintenance", False)),
        maintenance_components=given.get("maintenance_components", {}),
        individual={item["name"]: item["yen"] for item in given.get("individual", []) if item.keys() >= PRICED.keys()},
    )


def maintenance_alone(set_up: Mapping[str, Any]) -> bool:
    """保守初期設定 of what somebody else has built: no component is set up."""
    return bool(set_up.get("maintenance") or set_up.get("maintenance_components")) and not set_up.get("basic") and not set_up.get("components")


def agreement(contract: Any, events: Any = (), faults: list[Fault] | None = None) -> Agreement:
    """Read a contract and its events, or raise FeeError with every fault, and with those that were found before.

    A contract may hold fields that are not about fees. An event is `{date, event, …}` with the fields of EVENTS. Dates are dates or ISO texts, moments
    are Japan's time. Nothing is taken from today's date.
    """
    faults = [] if faults is None else faults
    facts = read_table(Field("table", fields=CONTRACT, others=True, elsewhere=STRAY), contract, "contract", faults)
    if isinstance(contract, Mapping) and fits(Field("rows", fields=DATED), contract.get("events")):  # they would be passed over as somebody else's
        faults.append(Fault("contract", "beside", "events"))
    happened = read_events(events, faults)
    written = {name for name, value in contract.items() if value is not None} if isinstance(contract, Mapping) else set()
    result = _Reader(facts, written, happened, faults).agreement()
    if all(fault.code == "too_many" for fault in faults):  # all that is lacking is told together
        faults += not_set_up(result)
    if not faults:
        faults += against_bills(result, happened)
    if faults:
        raise FeeError(faults)
    return result


def agreement_and_month(contract: Any, events: Any, month: Any, faults: list[Fault] | None = None) -> tuple[Agreement, Month]:
    """The same, and a billing month by its name."""
    faults = [] if faults is None else faults
    told = read(dict(month=Field("month", required=True)), dict(month=month), "", faults)
    agreed = agreement(contract, events, faults)
    wanted = agreed.month(told["month"])
    if agreed.applied_on and wanted.last < agreed.applied_on:
        raise FeeError([Fault("month", "before_contract", wanted.name, agreed.applied_on)])
    return agreed, wanted


class _Ordered(NamedTuple):
    """Set-up work as it was ordered."""

    accepted_on: date
    work_from: date | None
    fields: Mapping[str, Any]
    where: str


class _Reader(Told):
    """Puts contract and events together and says what contradicts what."""

    def agreement(self) -> Agreement:
        facts, billing = self.facts, self.facts.get("billing", {})
        self.not_before("contract accepted_on", facts.get("accepted_on"), facts.get("applied_on"), "applied_on")
        self.cancelled_on, by = self._cancellation()
        plans = self._plans()
        options = self._options(plans)
        self.operated_from = self._operated_from(plans, options)
        self._since_the_contract("set_up_ordered", "sheet_support", "components_added", "channel_changed")
        orders = self._orders()
        changes, gone = self._changes(plans, orders)
        self._net_is_part_of_yen()
        issues = billed.issues(self)
        happened = [event.date.date() if isinstance(event.date, datetime) else event.date for event in self.events]
        return Agreement(
            number=facts.get("number", ""),
            customer=facts.get("customer", ""),
            language=facts.get("language", "ja"),
            rules={name: facts.get("fee_rules", {}).get(name, rule["default"]) for name, rule in book()["rules"].items()},
            applied_on=facts.get("applied_on"),
            plans=plans,
            changes=changes,
            gone=gone,
            there={row: sum(groups.values()) for row, groups in facts.get("set_up", {}).get("there", {}).items()},
            options=options,
            orders=orders,
            support=self._support(),
            cancelled_on=self.cancelled_on,
            cancelled_by=by,
            outages=self._outages(),
            suspensions=self._suspensions(),
            reductions=self._reductions(),
            evaded=billed.evaded(self),
            issues=issues,
            settlements=billed.settlements(self, issues),
            requests=billed.requests(self, issues),
            payments=billed.payments(self),
            refunds=billed.refunds(self),
            channels=tuple(billed.channels(self)),
            qualified_from=self._qualified_from(),
            recipient=billing.get("recipient", facts.get("customer", "")),
            postage=billing.get("postage", 0),
            first_day=min([*(one.start for one in (*plans, *options)), *(order.accepted_on for order in orders), *happened], default=None),
        )

    def _operated_from(self, plans: tuple[Plan, ...], options: tuple[Option, ...]) -> date | None:
        """None as well where a plan could not be read: what is left may begin later."""
        rows = self.facts.get("plans", [] if self.sound or "plans" not in self.written else [{}])
        if not all({"from", "plan"} <= set(row) for row in rows):
            return None
        return min([*(plan.start for plan in plans[:1]), *(option.start for option in options)], default=None)

    def _no_plan(self, where: str) -> None:
        if self.sound:
            self.fault(where, "no_plan")

    def _since_the_contract(self, *kinds: str) -> None:
        """第6条: there is a contract since its application was accepted, or at the earliest since it was made."""
        name = "accepted_on" if self.facts.get("accepted_on") else "applied_on"
        for event in self.all(*kinds):
            self.not_before(event.where, event.date, self.facts.get(name), name)

    def _of_operation(self, event: Event) -> bool:
        """Whether what happened to the operation menu happened while there was one."""
        if self.operated_from is None:
            self._no_plan(event.where)
            return False
        day = event.date.date() if isinstance(event.date, datetime) else event.date
        return self.not_before(event.where, day, self.operated_from, "operation")

    def _net_is_part_of_yen(self) -> None:
        """第24条: an amount with tax is the one without and its tax, both charged or both given back."""
        for event in self.all("invoiced", "settled"):
            yen, net = event.fields.get("yen"), event.fields.get("net")
            if yen is not None and net is not None and not min(yen, 0) <= net <= max(yen, 0):
                self.fault(f"{event.where} net", "net_beyond", value=net, limit=yen)

    def _qualified_from(self) -> date | None:
        """第49条: from which day on the customer wants qualified invoices; true is from the beginning."""
        told = self.facts.get("qualified_invoice", False)
        return told.get("from") if isinstance(told, Mapping) else date.min if told else None

    def _cancellation(self) -> tuple[date | None, str]:
        """The day on which the contract ends: the one wished for, but not before the notice arrived (第15条第2項)."""
        events = self.all("cancelled")
        for event in events[1:]:
            self.fault(event.where, "twice", other=events[0].where)
        if not events:
            return None, ""
        event = events[0]
        by_provider = event.fields.get("by") == "provider"
        if "ground" in event.fields and not by_provider:
            self.fault(f"{event.where} ground", "of_provider")
        end = max(event.date, event.fields.get("wish", event.date))
        since = ((event.date, "applied_on"), (end, "accepted_on"))  # what was applied for may be called off before it is accepted
        if not all(self.not_before(event.where, day, self.facts.get(name), name) for day, name in since):
            return None, ""  # or everything else would be said to come too late
        return end, GROUNDS[event.fields.get("ground", "notice")] if by_provider else "15-2"

    def _plans(self) -> tuple[Plan, ...]:
        rows = enumerate(self.facts.get("plans", []), 1)
        told = ((f"contract plans #{number}", row) for number, row in rows if {"from", "plan"} <= set(row))
        own = sorted(Plan(row["from"], row["plan"], where, row.get("applied_on")) for where, row in told)
        changed = [Plan(event.date, event.fields["plan"], event.where) for event in self.all("plan_changed")]
        for plan in changed:
            if not own:
                self._no_plan(plan.where)
            else:
                self.not_before(plan.where, plan.start, own[0].start, own[0].where)
        plans = sorted([*own, *changed]) if own else []
        if plans:
            self.needs("applied_on")
            if self.not_before(plans[0].where, plans[0].start, self.facts.get("applied_on"), "applied_on"):
                self.not_before(plans[0].where, plans[0].start, self.facts.get("accepted_on"), "accepted_on")
        self._applied_for(plans)
        for before, after in pairwise(plans):
            if before.start == after.start:
                self.fault(after.where, "same_day", other=before.where)
            elif before.name == after.name:
                self.fault(after.where, "same_plan", other=before.where)
            else:
                self.not_ended(after.where, after.start)
        return tuple(plans)

    def _applied_for(self, plans: list[Plan]) -> None:
        """別紙2※5 asks when the operation menu was applied for, which a change of plan is not: with the contract or later, and before it begins."""
        for plan in plans[:1]:
            where = f"{plan.where} applied_on"
            self.not_before(where, plan.applied_on, self.facts.get("applied_on"), "applied_on")
            self.not_before(plan.where, plan.start, plan.applied_on, where)
        for plan in plans[1:]:
            if plan.applied_on:
                self.fault(f"{plan.where} applied_on", "of_first_plan", other=plans[0].where)

    def _changes(self, plans: tuple[Plan, ...], orders: Iterable[Order]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
        """Components of the operation menu, of which those of the contract are there when the menu begins; and what goes and was set up alone.

        The latter costs nothing by the month, but its place is free. What is operated goes first.
        """
        given: list[tuple[date, int, Mapping[str, Any], str]] = []
        agreed = self.facts.get("operation", {}).get("components")
        if plans and agreed is None and self.sound:
            self.fault("contract operation components", "counts_needed")
        if agreed:
            given.append((plans[0].start if plans else date.min, 1, agreed, "contract operation components"))
        for event in self.all("components_added", "components_removed"):
            given.append((event.date, 1 if event.kind == "components_added" else -1, event.fields["components"], event.where))
            if not any(_excess({}, event.fields["components"])):
                self.fault(f"{event.where} components", "nothing_named")
            self.not_ended(event.where, event.date)
        changes = [
            Change(day, component, group, sign * count, where)
            for day, sign, counts, where in given
            for component, groups in counts.items()
            for group, count in groups.items()
        ]
        # What is added on a day is there when something is removed on it.
        changes.sort(key=lambda change: (change.day, -change.count, change.component, change.group))
        ordered = {name for order in orders for part in COMPONENTS for name in order.parts[part]}
        set_up_alone = {name for name in units()["set_up"] if name in ordered or name not in units()["operation"]}
        return self._operated(changes, plans[0].start if plans else None, set_up_alone)

    def _operated(self, changes: list[Change], begins: date | None, set_up_alone: Collection[str]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
        """Nothing can be removed that is not there, as what the contract names is not before the menu begins. Without units by group, only the sum counts."""
        by_group = self.facts.get("fee_rules", {}).get("unit_scope") == "group"
        there: Counter = Counter()
        operated, gone = [], []
        for change in changes:
            key = (change.component, change.group if by_group else "")
            lacking = max(-change.count - there[key], 0)
            rest = change.count + lacking
            there[key] += rest
            if change.component in units()["operation"] and (rest or not change.count):
                operated.append(change._replace(count=rest))
            if lacking and change.component in set_up_alone:
                gone.append(change._replace(group="", count=-lacking))
            elif lacking and begins and self.sound and self.not_before(change.where, change.day, begins, "operation"):
                self.fault(change.where, "too_many", value=lacking, limit=" ".join(part for part in key if part))
        for where in () if begins else dict.fromkeys(change.where for change in changes if change.component not in set_up_alone or change.count > 0):
            self._no_plan(where)
        return tuple(operated), tuple(gone)

    def _options(self, plans: tuple[Plan, ...]) -> tuple[Option, ...]:
        found = []
        for number, row in enumerate(self.facts.get("operation", {}).get("options", []), 1):
            where = f"contract operation options #{number}"
            if not {"name", "yen", "from", "covers"} <= set(row):
                continue
            option = Option(row["from"], row.get("until"), row["name"], row["yen"], row.get("applied_on"), where)
            if self.not_before(where, option.until, option.start, "from"):
                self._option_has_its_plan(option, row, plans)
                found.append(option)
        found.sort(key=lambda option: (option.name, option.start))
        for before, after in pairwise(found):
            if before.name == after.name and (before.until is None or after.start <= before.until):
                self.fault(after.where, "overlap", other=before.where)
        return _without_seams(found)

    def _option_has_its_plan(self, option: Option, row: Mapping[str, Any], plans: tuple[Plan, ...]) -> None:
        """別紙1の1.3, 別紙2※4: what is customised must be part of the plan at all times of the option."""
        if row.get("omakase_vdi"):
            limits = (book()["option_without_plan"]["from"], book()["option_without_plan"]["until"])
            if "applied_on" not in row:
                self.fault(f"{option.where} applied_on", "missing")
            elif not limits[0] <= row["applied_on"] <= limits[1]:
                self.fault(f"{option.where} applied_on", "without_plan", limit=limits)
            return
        if self.sound and (not plans or option.start < plans[0].start):
            self.fault(option.where, "no_plan_until", other=option.start)
        for plan, after in pairwise([*plans, None]):
            overlaps = (option.until is None or plan.start <= option.until) and (after is None or after.start > option.start)
            lacking = [feature for feature in row["covers"] if feature not in book()["plans"][plan.name]]
            if overlaps and lacking:
                self.fault(option.where, "plan_needed", limit=", ".join(lacking), other=plan.where)

    def _orders(self) -> tuple[Order, ...]:
        ordered = self._ordered()
        done = self._about_orders("set_up_completed", ordered)
        gone = self._about_orders("set_up_cancelled", ordered)
        for name in sorted(set(done) & set(gone)):
            if gone[name].date > done[name].date:
                self.fault(gone.pop(name).where, "completed", limit=done[name].date)
            elif gone[name].date < done[name].date and not _any_work(gone[name].fields.get("payable", {})):
                self.fault(done[name].where, "called_off", limit=gone[name].date, other=gone[name].where)
        for name, event in sorted(done.items()):
            self.not_before(event.where, event.date, ordered[name].work_from, "set_up_from" if name == OWN_ORDER else "work_from")
        found = tuple(self._order(name, order, done.get(name), gone.get(name)) for name, order in sorted(ordered.items()))
        kept = [order for order in found if order.name in done or order.name not in gone]  # what was called off may be ordered anew
        for part in ("basic", "maintenance"):  # 別紙2第1表: once for the account
            based = sorted((order for order in kept if order.parts[part]), key=lambda order: (order.accepted_on, order.name != OWN_ORDER))
            for order in based[1:]:
                self.fault(f"{ordered[order.name].where} {part}", "twice", other=ordered[based[0].name].where)
        return found

    def _order(self, name: str, order: _Ordered, done: Event | None, gone: Event | None) -> Order:
        """An order as far as it went. The end of the contract is the end of what was neither completed nor called off before (第29条)."""
        completed_on, cancelled_on = done.date if done else None, gone.date if gone else None
        if not done and not gone and self.cancelled_on and order.accepted_on <= self.cancelled_on:
            cancelled_on = self.cancelled_on
        begun = cancelled_on is not None and (order.work_from is None or cancelled_on >= order.work_from)
        ends = self.cancelled_on is not None and not done and order.work_from is not None and self.cancelled_on < order.work_from
        stays = parts(gone.fields.get("payable", {})) if gone else {}
        if ends and any(stays[part] for part in stays if part != "sheet_support"):  # help comes before the work
            self.fault(f"{gone.where} payable", "not_begun", value=self.cancelled_on, limit=order.work_from)
        return Order(name, order.accepted_on, self._payable(order, cancelled_on, gone), completed_on, cancelled_on, "29-2" if begun else "29-1")

    def _ordered(self) -> dict[str, _Ordered]:
        """The contract's own order and the later ones, by name."""
        facts, found = self.facts, {}
        self._set_up_is_told()
        if "set_up" in facts or facts.get("sheet_support_minutes"):
            own = dict(facts.get("set_up", {}), sheet_support_minutes=facts.get("sheet_support_minutes", 0))
            found[OWN_ORDER] = _Ordered(facts.get("accepted_on", date.min), facts.get("set_up_from"), own, "contract set_up")
            self.needs("accepted_on", "accepted_needed")
            self.not_before("contract set_up_from", facts.get("set_up_from"), facts.get("accepted_on"), "accepted_on")
        for event in self.all("set_up_ordered"):
            order = _Ordered(event.date, event.fields.get("work_from"), event.fields, event.where)
            other = found.setdefault(event.fields["order"], order)
            if other is not order:
                self.fault(event.where, "same_name", limit=event.fields["order"], other=other.where)
            self.not_before(f"{event.where} work_from", order.work_from, order.accepted_on, "date")
            if not _any_work(event.fields):
                self.fault(event.where, "nothing_named")
            self.not_ended(event.where, event.date)
        for order in found.values():
            names = Counter(item.get("name") for item in order.fields.get("individual", []))
            for name in [name for name, count in names.items() if name and count > 1]:
                self.fault(f"{order.where} individual", "same_name", limit=name, other="individual")
        return found

    def _set_up_is_told(self) -> None:
        """第29条: what was ordered of the set-up menu is due once it was accepted, so an accepted contract says what that was, be it nothing."""
        own = self.facts.get("set_up", {})
        if not self.sound or maintenance_alone(own) or not {"set_up", "accepted_on"} & self.written:
            return
        for part, code in dict(components="counts_needed", basic="basic_needed").items():
            if part not in own:
                self.fault(f"contract set_up {part}", code)

    def _about_orders(self, kind: str, ordered: Mapping[str, _Ordered]) -> dict[str, Event]:
        """order → the one event of a kind about it."""
        found: dict[str, Event] = {}
        for event in self.all(kind):
            name = event.fields.get("order", OWN_ORDER)
            if name not in ordered:
                self.fault(event.where, "no_order", value=name, limit=", ".join(sorted(ordered)))
            elif name in found:
                self.fault(event.where, "twice", other=found[name].where)
            elif self.not_before(event.where, event.date, ordered[name].accepted_on, ordered[name].where):
                self.not_ended(event.where, event.date)
                found[name] = event
        return found

    def _payable(self, order: _Ordered, cancelled_on: date | None, gone: Event | None) -> Mapping[str, Any]:
        """第29条: all of it; after a cancellation what had been begun and what stays, and nothing when work had not begun, but help that was given."""
        if cancelled_on is None or not _any_work(order.fields):
            return parts(order.fields)
        if gone is None or "payable" not in gone.fields:
            where = gone.where if gone else order.where
            if order.work_from is None or cancelled_on >= order.work_from:
                code = "perhaps_begun" if order.work_from is None else "begun"
                self.fault(where, code if gone else f"{code}_at_end", value=cancelled_on, limit=order.work_from)
            elif minutes := order.fields.get("sheet_support_minutes"):
                self.fault(where, "help_given", value=minutes, limit=order.work_from)
            return parts({})
        rest = parts(gone.fields["payable"])
        for what, excess in _excess(parts(order.fields), rest):
            self.fault(gone.where, "more_than_ordered", value=excess, limit=what, other=order.where)
        return rest

    def _support(self) -> tuple[tuple[date, int], ...]:
        events = self.all("sheet_support")
        for event in events:
            self.not_ended(event.where, event.date)
        return tuple((event.date, event.fields["minutes"]) for event in events)

    def _outages(self) -> tuple[Outage, ...]:
        found = []
        for event in self.all("outage"):
            outage = Outage(event.date, event.fields["until"], event.fields["cause"], event.where)
            if outage.until == outage.known:
                self.fault(f"{outage.where} until", "no_length", value=outage.until)
            elif self.not_before(f"{outage.where} until", outage.until, outage.known, "date") and self._of_operation(event):
                self.not_ended(outage.where, (outage.until - timedelta(seconds=1)).date())
                found.append(outage)
        self._apart((outage.known, outage.until, outage.where) for outage in found)
        return tuple(found)

    def _apart(self, spans: Iterable[tuple[Any, Any, str]]) -> None:
        """Of spans that end before `until` none may begin within another."""
        latest: tuple[Any, str] | None = None
        for start, until, where in sorted(spans):
            if latest and start < latest[0]:
                self.fault(where, "overlap", other=latest[1])
            latest = max(latest or (until, where), (until, where))

    def _suspensions(self) -> tuple[tuple[date, date], ...]:
        """第34条: for 6 months at most, one after the other together, but for unpaid fees until they are paid. They end with the contract (第16条第1号)."""
        found, begun, ended = [], None, None
        for event in self.all("suspended"):
            until, where = event.fields["until"], f"{event.where} until"
            self.not_ended(event.where, event.date)
            if not self.not_before(where, until, event.date, "date") or not self._of_operation(event):
                continue
            found.append((event.date, until, event.where))
            if event.fields["reason"] != "unpaid":
                begun = begun if ended and event.date <= ended + DAY else event.date
                ended = max(until, ended or until)
                last = last_of_months(begun, book()["suspension"]["most_months"])
                if until > last:
                    self.fault(where, "too_long", limit=last, value=begun)
        self._apart((first, last + DAY, where) for first, last, where in found)
        return tuple((first, min(last, self.cancelled_on or last)) for first, last, dummy in found)

    def _reductions(self) -> dict[tuple[str, str], int]:
        """第25条: menu and month → per cent."""
        found = {}
        for event in self.once("reduction", lambda event: (event.fields.get("menu", "operation"), event.fields["month"])):
            menu, month = event.fields.get("menu", "operation"), self.month_of_contract(event)
            self.not_before(event.where, event.date, self.facts.get("applied_on"), "applied_on")
            if menu == "operation" and self.operated_from is None:
                self._no_plan(event.where)
            elif menu == "operation":
                self.not_before(f"{event.where} month", month.last, self.operated_from, "operation")
            found[menu, month.name] = event.fields["percent"]
        return found


def _without_seams(options: Iterable[Option]) -> tuple[Option, ...]:
    """Periods of one option at one price that follow on one another are one: how it is written changes no fee."""
    found: list[Option] = []
    for option in options:
        before = found[-1] if found else None
        if before and before.until and (before.name, before.yen, before.until + DAY) == (option.name, option.yen, option.start):
            found[-1] = before._replace(until=option.until)
        else:
            found.append(option)
    return tuple(found)


def _any_work(given: Mapping[str, Any]) -> bool:
    """Whether an order, or the payable rest of one, holds anything: 0 of something are nothing."""
    return any(_excess(parts({}), parts(given)))


def _excess(whole: Mapping[str, Any], rest: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What of a rest is more than there was, and by how much."""
    for part, value in rest.items():
        if isinstance(value, Mapping):
            yield from ((f"{part} {inner}".strip(), excess) for inner, excess in _excess(whole.get(part, {}), value))
        elif value > whole.get(part, 0):
            yield part, value - whole.get(part, 0)
