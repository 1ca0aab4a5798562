# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every contract, whatever happens: tried with generated contracts, events and rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation
from ansible_collections.msp.aws.plugins.filter.fees import invoice, invoice_settlement, late_interest, liability_limits, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import bills
from ansible_collections.msp.aws.plugins.plugin_utils._fees_bills import debts as debts_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import Debt, allocate, interest
from ansible_collections.msp.aws.plugins.plugin_utils._fees_late import late_interest as late_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import taxes, totals
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import month_of
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book, units, units_of
from tests.fees import ISSUER, contract, fee, happened, invoiced, ordered, worked_out
from tests.unit.test_fees_walk import WALK_CONTRACT, WALK_EVENTS

# The same examples in every run, and no files: a run on another machine must come to the same result.
TRIED = settings(deadline=None, max_examples=40, derandomize=True, database=None)
START = date(2026, 6, 15)
MONTHS = [f"{2026 + (4 + number) // 12}-{(4 + number) % 12 + 1:02}" for number in range(16)]  # 2026-05 to 2027-08
PLANS = ("entry", "standard", "advanced")
OPERATION = sorted(units()["operation"])
RULES = book()["rules"]

days = st.dates(date(2026, 7, 1), date(2027, 6, 30))
late_days = st.dates(date(2026, 8, 28), date(2027, 6, 30))
yen = st.integers(1, 10**6)
names = st.sampled_from(OPERATION)
counts = st.dictionaries(names, st.integers(1, 20), max_size=5)


@st.composite
def rules(draw):
    chosen = draw(st.sets(st.sampled_from(sorted(RULES))))
    ranges = {name: st.sampled_from(list(rule["choices"])) if "choices" in rule else st.integers(rule["least"], rule["most"]) for name, rule in RULES.items()}
    return {name: draw(ranges[name]) for name in sorted(chosen)}


@st.composite
def contracts(draw):
    changes = sorted(draw(st.sets(days, max_size=4)))
    plans = [draw(st.sampled_from(PLANS))]
    for dummy in changes:
        plans.append(draw(st.sampled_from([plan for plan in PLANS if plan != plans[-1]])))
    return dict(
        number="C-1",
        customer="Example Corp",
        applied_on=draw(st.sampled_from(["2022-03-31", "2026-04-01"])),
        accepted_on="2026-05-10",
        sheet_support_minutes=draw(st.integers(0, 1000)),
        set_up=dict(basic=draw(st.booleans()), components=dict(ec2=draw(st.integers(0, 9)))),
        plans=[{"plan": plan, "from": day} for plan, day in zip(plans, [START, *changes], strict=True)],
        # More than can be removed below.
        operation=dict(components={name: draw(st.integers(12, 20)) for name in ("ec2", "waf")}),
        qualified_invoice=draw(st.booleans()),
        fee_rules=draw(rules()),
    )


@st.composite
def outages(draw):
    """At most one for each fortnight, so that none meets another."""
    found = []
    for number in sorted(draw(st.sets(st.integers(0, 20), max_size=3))):
        known = datetime(2026, 7, 1) + timedelta(days=14 * number, minutes=draw(st.integers(0, 1439)))
        until = known + timedelta(minutes=draw(st.integers(1, 12 * 1440)))
        found.append(happened(known, "outage", until=until, cause=draw(st.sampled_from(["customer", "third_party", "provider", "provider_gross"]))))
    return found


@st.composite
def histories(draw):
    """Events of which no two contradict each other."""
    events = draw(outages())
    events += [happened(day, "components_added", components=draw(counts.filter(bool))) for day in draw(st.lists(days, max_size=3))]
    events += [happened(day, "components_removed", components=dict(ec2=2, waf=3)) for day in draw(st.lists(days, max_size=4))]
    events += [happened(day, "sheet_support", minutes=draw(st.integers(1, 500))) for day in draw(st.lists(days, max_size=2))]
    events += [happened(day, "payment", yen=draw(yen)) for day in draw(st.lists(days, max_size=4))]
    events += [happened(day, "evaded", month="2026-06", yen=draw(yen)) for day in draw(st.lists(days, max_size=2))]
    reduced = draw(st.dictionaries(st.sampled_from(MONTHS[1:-2]), st.integers(1, 100), max_size=2))
    events += [happened("2026-08-01", "reduction", month=month, percent=percent) for month, percent in reduced.items()]
    asked = draw(st.lists(late_days, max_size=2, unique=True))
    events += [happened(day, "qualified_invoice_requested", month="2026-07", postage=draw(st.integers(0, 500))) for day in asked]
    events.append(happened("2026-07-30", "sheet_support", minutes=1))  # so that there is something to bill
    events.append(happened("2026-06-20", "set_up_completed"))
    if draw(st.booleans()):
        events.append(happened("2027-07-10", "cancelled"))
    return events


def bill(agreed, events, month):
    return invoice(agreed, events, month, ISSUER)


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, (list, tuple)) else [value]


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS), st.randoms(use_true_random=False))
def test_the_order_of_events_never_matters(agreed, events, month, random):
    shuffled = list(events)
    random.shuffle(shuffled)
    assert bill(agreed, events, month) == bill(agreed, shuffled, month)


@settings(TRIED, max_examples=8)
@given(st.permutations(WALK_EVENTS), st.sampled_from(["2026-05", "2026-10", "2027-07", "2027-10", "2028-01", "2028-03"]))
def test_the_order_of_no_kind_of_event_matters(shuffled, month):
    """The walk knows every kind."""
    assert bill(WALK_CONTRACT, WALK_EVENTS, month) == bill(WALK_CONTRACT, shuffled, month)


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS))
def test_an_invoice_adds_up_and_has_no_negative_line(agreed, events, month):
    paper = bill(agreed, events, month)
    assert all(line["amount"] >= 0 and line["clauses"] for line in paper["lines"])
    assert paper["net"] == sum(line["amount"] for line in paper["lines"]) == sum(rate["net"] for rate in paper["rates"])
    assert all(rate["tax"] == rate["net"] * rate["percent"] // 100 for rate in paper["rates"])
    assert paper["net"] + paper["tax"] == paper["total"]
    assert {type(leaf) for leaf in leaves(paper)} <= {bool, int, str, type(None)}, "plain data without a float"
    assert all(line["amount"] <= line["gross"] for line in paper["lines"])


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS))
def test_a_fee_can_be_worked_out_from_its_line(agreed, events, month):
    """By how many there were on which days, and what was taken off for which time; one floor makes yen of it."""
    for line in usage_statement(agreed, events, month)["lines"]:
        assert bool(line["segments"]) == (line["key"] == "operation")
        if line["segments"]:
            gross, left = worked_out(line)
            assert line["gross"] == int(gross)
            assert line["amount"] == (int(left) if line["rules"].get("floor_target", "payable") == "payable" else int(gross) - int(gross - left))


@TRIED
@given(contracts(), histories(), histories(), st.sampled_from(MONTHS[:14]), st.integers(0, 100))  # before the contract may end
def test_a_settlement_leads_to_the_right_invoice(agreed, then, now, month, limit):
    agreed = dict(agreed, fee_rules=dict(agreed["fee_rules"], write_off_up_to=limit))
    then = [*then, happened(f"{month}-28", "sheet_support", minutes=60)]  # so that there is something to bill
    issued = bill(agreed, then, month)
    settled = invoice_settlement(issued, agreed, now, "2027-09-01")
    papers = [paper for paper in (settled["charge"], settled["credit_note"], settled["written_off"]) if paper]
    assert sum(paper["total"] for paper in papers) == bill(agreed, now, month)["total"] - issued["total"]
    assert all(line["amount"] > 0 for line in (settled["charge"] or dict(lines=[]))["lines"])
    assert all(line["amount"] < 0 for line in (settled["credit_note"] or dict(lines=[]))["lines"])
    assert invoice_settlement(issued, agreed, then, "2027-09-01")["total"] == 0


words = st.text("a/~b", min_size=1, max_size=4) | st.sampled_from(["hours", "contract", "a/b", "b/c"])


@TRIED
@given(st.dictionaries(words.filter(lambda name: name != "contract"), st.dictionaries(words, yen, min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_each_line_has_a_key_of_its_own_whatever_things_are_called(orders, data):
    """Or a settlement would take one line for another: an invoice that nothing has changed has nothing to settle."""
    agreed = dict(contract(), accepted_on="2026-05-10", set_up=dict(basic=False, components={}), sheet_support_minutes=30)
    options = [{"name": name, "yen": 1, "covers": ["monitoring"], "from": "2026-07-01"} for name in sorted(data.draw(st.sets(words)))]
    agreed["operation"] = dict(agreed["operation"], options=options)
    events = [happened("2026-08-09", "sheet_support", minutes=120), happened("2026-05-20", "set_up_completed")]
    for name, items in orders.items():
        individual = [dict(name=item, yen=amount) for item, amount in items.items()]
        events.append(happened("2026-08-02", "set_up_ordered", order=name, sheet_support_minutes=60, components=dict(ec2=1), individual=individual))
    issued = bill(agreed, events, "2026-08")
    keys = [(line["month"], line["key"], line["tax_percent"]) for line in issued["lines"]]
    assert len(set(keys)) == len(keys)
    settled = invoice_settlement(issued, agreed, events, "2026-09-10")
    assert (settled["charge"], settled["credit_note"], settled["total"]) == (None, None, 0)


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS), names, days)
def test_more_components_never_cost_less(agreed, events, month, component, day):
    more = [*events, happened(day, "components_added", components={component: 1})]
    assert fee(agreed, more, month) >= fee(agreed, events, month)


@settings(TRIED, max_examples=150)
@given(days, st.integers(0, 70), st.integers(1, 28), st.sampled_from(list(RULES["first_charge_day"]["choices"])), st.booleans())
def test_a_component_is_charged_from_when_an_option_would_be_and_until_then(come, stays, start_day, first, contract_ends):
    """Whenever billing months begin: a component and an option of its price that come and go on the same days, or stay until the contract ends."""
    gone = come + timedelta(days=stays)
    rules = dict(billing_month_start_day=start_day, first_charge_day=first, component_within_month="charged")
    agreed = contract(fee_rules=rules)
    option = {"name": "a", "yen": 30_000, "covers": ["monitoring"], "from": come, "until": None if contract_ends else gone}
    end = [happened(gone, "cancelled")] if contract_ends else []
    leaves_it = [] if contract_ends else [happened(gone, "components_removed", components=dict(rds=1))]
    changed = [happened(come, "components_added", components=dict(rds=1)), *leaves_it]
    for month in MONTHS:
        more = fee(agreed, [*changed, *end], month) - fee(agreed, end, month)
        lines = usage_statement(dict(agreed, operation=dict(agreed["operation"], options=[option])), end, month)["lines"]
        assert abs(more - sum(line["amount"] for line in lines if line["key"].startswith("option"))) <= 1, month


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS))
def test_a_dearer_plan_never_costs_less(agreed, events, month):
    fees = [fee(dict(agreed, plans=[{"plan": plan, "from": START}]), events, month) for plan in PLANS]
    assert fees == sorted(fees)


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS), days, st.integers(1, 99), st.integers(1, 99))
def test_what_happened_in_two_parts_costs_the_same(agreed, events, month, day, one, other):
    together = [
        happened(day, "sheet_support", minutes=one + other),
        happened(day, "payment", yen=one + other),
        happened(day, "components_added", components=dict(rds=one + other)),
        happened(day, "evaded", month="2026-06", yen=one + other),
    ]
    apart = [
        *(happened(day, "sheet_support", minutes=part) for part in (one, other)),
        *(happened(day, "payment", yen=part) for part in (one, other)),
        *(happened(day, "components_added", components=dict(rds=part)) for part in (one, other)),
        *(happened(day, "evaded", month="2026-06", yen=part) for part in (one, other)),
    ]
    assert bill(agreed, [*events, *together], month) == bill(agreed, [*events, *apart], month)


WORSE = ("customer", "third_party", "provider", "provider_gross")
ROWS = [("provider_gross",), ("third_party", "provider")]  # 第35条第2項: causes of the second row and of the first


@TRIED
@given(contracts(), st.sampled_from(MONTHS), st.integers(1, 60_000), st.lists(st.integers(0, 60_000), max_size=4), st.sampled_from(ROWS), st.data())
def test_an_outage_may_be_divided_at_any_minute(agreed, month, length, cuts, row, data):
    known = datetime(2026, 7, 20, 7, 30)
    between = sorted({0, length, *(min(cut, length) for cut in cuts)})
    moments = [known + timedelta(minutes=minute) for minute in between]
    whole = [happened(known, "outage", until=moments[-1], cause=row[0])]
    parts = [
        happened(start, "outage", until=stop, cause=data.draw(st.sampled_from(row)))
        for start, stop in zip(moments, moments[1:], strict=False)
    ]
    assert fee(agreed, whole, month) == fee(agreed, parts, month)
    same = [[dict(part, cause=row[-1]) for part in events] for events in (whole, parts)]
    assert liability_limits(agreed, same[0], month)["outage"] == liability_limits(agreed, same[1], month)["outage"]


@TRIED
@given(
    st.integers(1, 12 * 1440),
    st.lists(st.integers(1, 12 * 1440), max_size=4),
    st.lists(st.sampled_from(WORSE), min_size=5, max_size=5),
    st.integers(0, 4),
    rules(),
)
def test_a_worse_fault_never_takes_off_less(length, cuts, causes, which, chosen):
    """第35条第2項: within one month, since 24 hours may belong to another one than their minutes do, and where no minutes are cut off."""
    chosen = {name: chosen[name] for name in sorted({"outage_day_basis", "outage_unit_day", "floor_target"} & set(chosen))}
    known = datetime(2026, 8, 10, 7, 30)
    moments = [known + timedelta(minutes=minute) for minute in sorted({0, length, *(cut for cut in cuts if cut < length)})]
    agreed = contract(fee_rules=chosen)
    fees = []
    for worse in WORSE[WORSE.index(causes[which]) :]:
        told = [*causes[:which], worse, *causes[which + 1 :]]
        spans = zip(moments, moments[1:], told, strict=False)
        fees.append(fee(agreed, [happened(start, "outage", until=stop, cause=cause) for start, stop, cause in spans], "2026-08"))
    assert fees == sorted(fees, reverse=True)


@TRIED
@given(st.integers(0, 120), st.lists(st.integers(1, 119), max_size=4, unique=True), rules(), st.sampled_from(["2022-03-31", "2026-04-01"]))
def test_an_option_may_be_divided_at_any_day(length, cuts, chosen, applied_on):
    """別紙1の1.3: what goes on without a break is one option, however many periods it is written in."""
    bounds = [0, *sorted(cut for cut in cuts if cut <= length), length + 1]

    def fees(bounds):
        begins = [date(2026, 7, 10) + timedelta(days=bound) for bound in bounds]
        spans = [(first, after - timedelta(days=1)) for first, after in pairwise(begins)]
        options = [{"name": "a", "yen": 1000, "covers": ["monitoring"], "from": first, "until": last} for first, last in spans]
        agreed = dict(contract(fee_rules=chosen), applied_on=applied_on, operation=dict(components={}, options=options))
        return [[line["amount"] for line in usage_statement(agreed, [], month)["lines"]] for month in MONTHS]

    assert fees(bounds) == fees([0, length + 1])


@TRIED
@given(contracts(), histories(), st.sampled_from(MONTHS), days)
def test_a_component_that_takes_the_place_of_another_changes_nothing(agreed, events, month, day):
    agreed = dict(agreed, fee_rules=dict(agreed["fee_rules"], component_change_rule="calendar"))
    first = dict(agreed, operation=dict(components=dict(agreed["operation"]["components"], rds=1)))
    swap = [happened(day, "components_removed", components=dict(rds=1)), happened(day + timedelta(days=1), "components_added", components=dict(sqs=1))]
    # The other one begins on the day after, so what stays is one unit more on every day; unless it meets units of three, and neither does.
    assert fee(first, [*events, *swap], month) == fee(first, events, month)


@TRIED
@given(st.integers(1, 10**9), days, st.integers(0, 1500), st.integers(0, 1500), st.sampled_from(["calendar_year", "fixed_365"]))
def test_interest_may_be_divided_at_any_day(amount, first, one, other, count):
    between, last = first + timedelta(days=one), first + timedelta(days=one + other)
    step = timedelta(days=1)
    assert interest(amount, first, last, count) == interest(amount, first, between, count) + interest(amount, between + step, last, count)
    assert isinstance(interest(amount, first, last, count), Fraction)


debts = st.lists(st.builds(Debt, days, st.integers(0, 1), yen), max_size=5)
payments = st.lists(st.tuples(days, yen), max_size=5)


@TRIED
@given(debts, payments)
def test_payments_pay_every_yen_once_and_the_oldest_debt_first(owed, paid):
    found = allocate(owed, paid)
    settled = [sum(share.yen for share in shares if share.paid_on) for dummy, shares in found]
    assert [sum(share.yen for share in shares) for dummy, shares in found] == [debt.yen for debt, dummy in found]
    assert sum(settled) == min(sum(debt.yen for debt in owed), sum(amount for dummy, amount in paid))
    assert [debt.due for debt, dummy in found] == sorted(debt.due for debt in owed)
    unpaid = [debt.yen - got for (debt, dummy), got in zip(found, settled, strict=True)]
    assert all(not later for index, here in enumerate(unpaid) if here for later in settled[index + 1:])


@TRIED
@given(st.dates(date(2026, 7, 1), date(2028, 6, 30)), st.integers(1, 10**7), st.integers(0, 60), st.integers(1, 60))
def test_paying_later_never_costs_less(due, amount, one, more):
    found = [late_interest([dict(due=due, yen=amount)], [dict(date=due + timedelta(days=late), yen=amount)])["interest"] for late in (one, one + more)]
    assert found == sorted(found)


@TRIED
@given(
    st.integers(0, 6),
    st.integers(2, 4),
    st.integers(0, 40),
    st.lists(st.tuples(st.dates(date(2026, 6, 1), date(2027, 8, 31)), st.integers(1, 400_000)), max_size=6),
    st.sampled_from(list(RULES["late_grace"]["choices"])),
    st.sampled_from(list(RULES["late_while_open"]["choices"])),
)
def test_the_interest_of_all_invoices_is_that_of_all_debts(start, length, after, paid, grace, waits):
    """However months are billed together, in advance or not, and whoever pays in what parts."""
    agreed = dict(contract(fee_rules=dict(late_grace=grace, late_while_open=waits)), sheet_support_minutes=600)
    agreed |= dict(accepted_on="2026-05-10", set_up=dict(basic=False, components={}))
    together = MONTHS[2 + start : 2 + start + length]
    issued = date.fromisoformat(f"{together[0]}-01") + timedelta(days=after)
    due = issued.replace(day=28)
    events = [happened(issued, "invoiced", months=together, due=max(issued, due))] + [happened(day, "payment", yen=amount) for day, amount in paid]
    ended = happened("2027-07-10", "cancelled")
    read = agreement(agreed, [*events, ended, happened("2026-05-20", "set_up_completed")])
    found = bills(read, read.month("2027-12"))
    billed = {line.key: 0 for one in found for line in one.lines if line.kind == "late_interest"}
    for line in (line for one in found for line in one.lines if line.kind == "late_interest"):
        billed[line.key] += line.amount
    owed = late_of(debts_of(read, found), read.payments, read.rules, known=date(2027, 12, 31))
    assert billed == {f"late_interest/{one.due}": one.yen for one in owed if one.yen}
    first_known = [day for day, dummy in read.payments]
    for one in found:
        assert all(any(line.period[1] < day <= one.issue_day for day in first_known) for line in one.lines if line.kind == "late_interest")


@TRIED
@given(st.dates(date(2000, 2, 1), date(2099, 11, 1)), st.integers(1, 28))
def test_months_cover_every_day_once(day, start_day):
    month = month_of(day, start_day)
    assert month.first <= day <= month.last
    assert month.first.day == start_day
    assert month.days[0] == month.first and month.days[-1] == month.last
    assert month.next().first == month.last + timedelta(days=1)
    assert month_of(month.last, start_day) == month_of(month.first, start_day) == month


@TRIED
@given(st.lists(st.tuples(st.sampled_from([0, 8, 10]), st.integers(0, 10**7)), max_size=6), st.randoms(use_true_random=False))
def test_tax_is_a_matter_of_the_sum_and_not_of_the_lines(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert taxes(lines) == taxes(shuffled) == taxes([(percent, rate["net"]) for percent, rate in taxes(lines).items()])
    assert totals(taxes(lines))["net"] == sum(net for dummy, net in lines)


@TRIED
@given(names, st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 9))
def test_units_are_never_fewer_than_needed_nor_one_too_many(component, groups, more):
    counted = {component: {str(number): count for number, count in enumerate(groups)}}
    per, total = units()["operation"][component]["per"], sum(groups)
    shares = units_of("operation", counted, "contract")[component]
    assert (shares - 1) * per < total <= shares * per or total == shares == 0
    assert units_of("operation", counted, "group")[component] >= shares
    assert units_of("operation", {component: {"": total + more}}, "contract")[component] >= shares


MINUTES = st.integers(1, 5)


def told_of(settlement):
    """The events that tell of a settlement."""
    papers = {name: settlement[name] for name in ("charge", "credit_note", "written_off") if settlement[name]}
    facts = {name: dict(due=paper["due"]) if name == "charge" else dict(written_off=True) if name == "written_off" else {} for name, paper in papers.items()}
    return [happened(settlement["settled_on"], "settled", months=list(settlement["months"]), yen=papers[name]["total"], **facts[name]) for name in papers]


@TRIED
@given(st.lists(st.one_of(MINUTES, MINUTES.map(lambda found: -found)), min_size=1, max_size=6), st.sampled_from([0, 275, 550, 1100]))
def test_what_is_not_asked_for_is_within_the_limit_however_often_an_invoice_is_settled(steps, limit):
    """Minutes of help become known, or known to be wrong, one settlement after the other: all in all the right sum less what is written off is paid."""
    agreed = contract(fee_rules=dict(write_off_up_to=limit))
    issued, settled, known = bill(agreed, [happened("2026-08-05", "sheet_support", minutes=40)], "2026-08"), [], 40
    told = [happened("2026-09-01", "invoiced", months=["2026-08"], yen=issued["total"])]
    for number, more in enumerate(steps, 1):
        known += more
        events = [happened("2026-08-05", "sheet_support", minutes=known)]
        settled.append(invoice_settlement(issued, agreed, events, f"2026-10-{number:02}", settled=settled))
        right = bill(agreed, events, "2026-08")["total"]
        paid = issued["total"] + sum(one["total"] for one in settled)
        last = settled[-1]
        let_go = last["written_off"]["total"] if last["written_off"] else last["written_off_before"] if last["total"] == 0 else 0
        assert right - paid == let_go <= limit
        told += told_of(settled[-1])
        again = invoice_settlement(issued, agreed, [*events, *told], "2026-11-01", settled=settled)
        assert (again["charge"], again["credit_note"], again["written_off"]) == (None, None, None), "nothing is found twice"
    numbers = [one[part]["number"] for one in settled for part in ("charge", "credit_note", "written_off") if one[part]]
    assert len(set(numbers)) == len(numbers)


# ---- the rules of a contract: each has something to say, and says so on the line


def late(agreed, *events):
    return bill(agreed, [*events, happened("2026-09-20", "payment", yen=10**6)], "2026-09")


def used(one, *events, month="2026-08"):
    return usage_statement(one, list(events), month)


def out_of_use(known, until):
    return happened(known, "outage", until=until, cause="provider")


def changed_twice(one):
    return used(one, happened("2026-08-10", "plan_changed", plan="entry"), happened("2026-08-20", "plan_changed", plan="standard"))


def paid_in_two_parts(one):
    return bill(one, [invoiced(), happened("2026-09-10", "payment", yen=1000), happened("2026-09-20", "payment", yen=10**6)], "2026-09")


def in_a_leap_year(one):
    return late_interest([dict(due="2028-01-31", yen=231_000)], [dict(date="2028-03-15", yen=231_000)], rules=one["fee_rules"])


def one_minute_more(one):
    return invoice_settlement(bill(contract(), [], "2026-08"), one, [happened("2026-08-10", "sheet_support", minutes=1)], "2026-09-10")


def an_option_of_ten_days(one):
    option = {"name": "a", "yen": 1000, "covers": ["monitoring"], "from": "2026-08-10", "until": "2026-08-20"}
    paper = used(dict(one, operation=dict(one["operation"], options=[option])))
    return dict(paper, lines=paper["lines"])


def evaded_long_ago(one):
    return used(one, happened("2026-07-05", "evaded", month="2019-06", yen=10_000), month="2026-07")


def come_and_gone(one):
    change = dict(components=dict(ec2=1))
    return used(one, happened("2026-08-10", "components_added", **change), happened("2026-08-20", "components_removed", **change))


def an_old_contract_of_ten_days(one):
    old = dict(one, applied_on="2022-03-01", plans=[{"plan": "advanced", "from": "2022-03-16"}])
    return used(old, happened("2022-03-25", "cancelled"), month="2022-03")


def suspended_and_out_of_use(one):
    return used(one, happened("2026-08-05", "suspended", until="2026-08-20", reason="unpaid"), out_of_use("2026-08-10", "2026-08-12"))


def half_of_it_gross_fault(one):
    return used(one, out_of_use("2026-08-10", "2026-08-10 12:00"), dict(out_of_use("2026-08-10 12:00", "2026-08-11"), cause="provider_gross"))


def out_of_use_in_the_free_month(one):
    limits = liability_limits(one, [out_of_use("2026-06-20", "2026-06-22")], "2026-06")["outage"]
    return dict(limits, lines=[dict(amount=limits["net"], rules=limits["rules"])])


def an_old_contract_with_a_new_option(one):
    option = {"name": "a", "yen": 1000, "covers": ["monitoring"], "from": "2026-08-10"}
    return used(dict(one, applied_on="2022-03-01", operation=dict(one["operation"], options=[option])))


def two_debts_of_one_day(one):
    """Half a year's interest and a month's fee are due on one day, and paid in part."""
    paid = [happened("2027-01-20", "payment", yen=6 * 231_000), happened("2027-03-20", "payment", yen=240_000), happened("2027-04-20", "payment", yen=10**6)]
    sent = happened("2027-02-03", "invoiced", months=["2027-01"], yen=bill(one, paid[:1], "2027-01")["total"])
    return bill(one, [sent, *paid], "2027-04")


def billed_by_others_from_within_a_month(one):
    return bill(one, [happened("2026-08-10", "channel_changed", channel="resale"), happened("2026-08-05", "sheet_support", minutes=1)], "2026-08")


def a_server_nobody_ordered(one):
    agreed = dict(one, accepted_on="2026-05-10", set_up=dict(basic=False, components=dict(ec2=7)))
    quoted = change_quotation(agreed, [happened("2026-07-10", "components_added", components=dict(ec2=1))], dict(ec2_instances=[{}] * 9), "2026-08-20")
    return quoted["set_up"]


# rule → another choice than the default, and a paper in which it matters
SCENARIOS = {
    "billing_month_start_day": (16, lambda one: used(one, month="2026-06")),
    "first_charge_day": ("billing_month", lambda one: used(dict(one, fee_rules=dict(one["fee_rules"], billing_month_start_day=16)), month="2026-06")),
    "legacy_start_proration": ("none", lambda one: used(dict(one, applied_on="2022-03-01"), month="2026-06")),
    "cancel_proration": ("calendar", lambda one: used(one, happened("2026-08-10", "cancelled"))),
    "component_change_rule": ("calendar", lambda one: used(one, happened("2026-08-10", "components_added", components=dict(ec2=1)))),
    "component_within_month": ("charged", come_and_gone),
    "set_up_of_operated": ("as_ordered", a_server_nobody_ordered),
    "option_within_month": ("free", an_option_of_ten_days),
    "unit_scope": ("group", lambda one: used(dict(one, operation=dict(components=dict(waf=dict(a=1, b=1)))))),
    "several_plan_changes": ("changes_only", changed_twice),
    "hour_unit": (30, lambda one: used(one, happened("2026-08-10", "sheet_support", minutes=50))),
    "outage_day_basis": ("thirty_days", lambda one: used(one, out_of_use("2026-08-10", "2026-08-11"))),
    "outage_unit_day": ("end", lambda one: used(one, out_of_use("2026-08-31 12:00", "2026-09-01 12:00"), out_of_use("2026-08-10", "2026-08-11"))),
    "floor_target": ("deduction", lambda one: used(one, out_of_use("2026-08-10", "2026-08-11"))),
    "due_date_roll": ("none", lambda one: bill(one, [happened("2027-02-16", "payment", yen=10**7)], "2027-02")),
    "late_day_count": ("fixed_365", in_a_leap_year),
    "late_grace": ("each_payment", paid_in_two_parts),
    "late_while_open": ("waits", lambda one: bill(one, [invoiced(), happened("2026-09-20", "payment", yen=1000)], "2026-09")),
    "late_principal": ("without_tax", late),
    "late_on_premium": ("excluded", lambda one: late(one, happened("2026-07-05", "evaded", month="2026-06", yen=10_000))),
    "late_interest_alone": ("waived", lambda one: late(one, happened("2026-07-05", "cancelled"))),
    "premium_tax_date": ("billing", lambda one: evaded_long_ago(dict(one, applied_on="2019-06-01"))),
    "legacy_within_month": ("whole_month", an_old_contract_of_ten_days),
    "legacy_options": ("own", an_old_contract_with_a_new_option),
    "gross_fault_time": ("full_hours", lambda one: used(one, dict(out_of_use("2026-08-10 10:00", "2026-08-10 11:30"), cause="provider_gross"))),
    "outage_of_both_rows": ("apart", half_of_it_gross_fault),
    "outage_while_suspended": ("deducted", suspended_and_out_of_use),
    "liability_uncharged_days": ("fee", out_of_use_in_the_free_month),
    "late_payment_order": ("bearing_last", two_debts_of_one_day),
    "channel_month": ("first_day", billed_by_others_from_within_a_month),
    "write_off_up_to": (1000, one_minute_more),
}


def yen_of(paper):
    """The amounts of a paper, without what only tells of the rules."""
    return [paper.get(name) for name in ("issued", "net", "tax", "total", "interest")], [line["amount"] for line in paper.get("lines", [])]


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_has_something_to_decide(name):
    other, paper = SCENARIOS[name]
    default = RULES[name]["default"]
    plain, told, changed = (paper(contract(fee_rules=chosen)) for chosen in ({}, {name: default}, {name: other}))
    assert plain == told, "the default is what holds when nothing is said"
    assert yen_of(plain) != yen_of(changed)


# What is not decided in a line's amount, but by which lines there are, or beside the lines.
BESIDE_THE_LINES = {"channel_month", "write_off_up_to", "billing_month_start_day"}


@pytest.mark.parametrize("name", sorted(set(RULES) - BESIDE_THE_LINES))
def test_a_rule_that_decided_stands_on_the_line(name):
    other, paper = SCENARIOS[name]
    papers = {chosen: paper(contract(fee_rules={name: chosen})) for chosen in (other, RULES[name]["default"])}
    cited = {chosen: [line["rules"].get(name) for line in (told["lines"] if "lines" in told else told["debts"])] for chosen, told in papers.items()}
    assert any(chosen in rules for chosen, rules in cited.items())


# ---- every paper in both languages


@pytest.mark.parametrize(
    "paper",
    [
        *(lambda language, month=month: bill_in(language, month) for month in ("2026-05", "2027-01", "2027-07", "2027-08", "2027-09", "2028-03")),
        lambda language: usage_statement(WALK_CONTRACT, WALK_EVENTS, "2026-12", language),
        lambda language: quotation(ordered(basic=True), None, "2026-04-13", language),
        lambda language: liability_limits(WALK_CONTRACT, WALK_EVENTS, "2027-02", language),
        lambda language: settled_in(language, "2026-05"),
        lambda language: settled_in(language, "2026-08"),
        lambda language: settled_in(language, "2027-08"),
    ],
)
def test_the_language_changes_words_and_no_figures(paper):
    japanese, english = leaves(paper("ja")), leaves(paper("en"))
    assert [leaf for leaf in japanese if not isinstance(leaf, str)] == [leaf for leaf in english if not isinstance(leaf, str)]
    assert len(japanese) == len(english)
    assert not [leaf for leaf in english if isinstance(leaf, str) and any("\u3040" <= letter <= "\u9fff" for letter in leaf)]


def settled_in(language, month):
    """All of an invoice is given back, and something else charged."""
    free = {name: value for name, value in WALK_CONTRACT.items() if name not in ("plans", "operation", "set_up", "sheet_support_minutes")}
    free |= dict(set_up=dict(basic=False, components={}))
    found = invoice_settlement(bill_in("ja", month), free, [happened(f"{month}-20", "evaded", month="2026-04", yen=1)], "2028-06-01", language)
    assert found["charge"] and found["credit_note"]
    return found


def bill_in(language, month):
    return invoice(WALK_CONTRACT, WALK_EVENTS, month, ISSUER, language)
