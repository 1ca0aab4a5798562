# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused, all of it in one pass, and each fault names what the engineer wrote."""

from __future__ import annotations

import datetime
import re

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation, fees_or_faults
from ansible_collections.msp.aws.plugins.filter.fees import (
    billable_components,
    invoice,
    invoice_settlement,
    late_interest,
    quotation,
    usage_statement,
)
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import EVENTS
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import LANGUAGES, TEXTS, Fault, FeeError
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS, kinds

START = "2026-06-15"
PLAN = [{"plan": "advanced", "from": START}]
CONTRACT = dict(number="C-1", customer="Example Corp", applied_on="2026-04-13", plans=PLAN, operation=dict(components=dict(ec2=4)))
UNPLANNED = {name: value for name, value in CONTRACT.items() if name != "plans"}
ORDERED = dict(CONTRACT, accepted_on="2026-04-15", set_up_from="2026-04-20", set_up=dict(basic=True, components=dict(ec2=4)))
WHENEVER = {name: value for name, value in ORDERED.items() if name != "set_up_from"}  # work begins on a day that nobody wrote down
SINCE_THEN = dict(CONTRACT, accepted_on="2026-04-20")
NO_SET_UP = dict(basic=False, components={})
OPTION = {"name": "Runbook", "yen": 1000, "covers": ["operations"], "from": "2026-07-01"}
ISSUED = invoice(CONTRACT, [], "2026-07", dict(name="Example MSP"))


def happened(day, event, **fields):
    return dict(date=day, event=event, **fields)


def with_option(*options):
    return dict(CONTRACT, operation=dict(components={}, options=[dict(OPTION, **option) for option in options]))


ENDED = happened("2026-08-01", "cancelled")
DONE, MORE = happened("2026-05-01", "set_up_completed"), happened("2026-07-01", "components_added", components=dict(ec2=1))
# code, contract, events, where the fault is
BEGINS = [
    dict(event="sheet_support", minutes=60),
    dict(event="set_up_ordered", order="x", components=dict(ec2=1)),
    dict(event="components_added", components=dict(ec2=1)),
    dict(event="channel_changed", channel="resale"),
]
FAULTS = [
    ("table", ["a list"], [], "contract"),
    *(("written_as", dict(UNPLANNED, plan=plan), [], "contract") for plan in ("standard", PLAN[0], PLAN)),
    ("table_of", dict(set_up=3), [], "contract set_up"),
    ("counts", dict(operation=dict(components=[])), [], "contract operation components"),
    ("table", {}, ["cancelled"], "events #1"),
    ("rows", {}, dict(event="cancelled"), "events"),
    ("block", {}, "- {event: cancelled}\n- {event: cancelled}\n", "events"),
    *(("file_name", dict(CONTRACT, number=number), [], "contract number") for number in ("2026/8", "C\n1")),
    ("net_beyond", CONTRACT, [happened("2026-08-03", "invoiced", months=["2026-07"], yen=1100, net=1101)], "events #1 invoiced 2026-08-03 net"),
    *(
        ("net_beyond", CONTRACT, [happened("2026-08-03", "settled", months=["2026-07"], yen=-1100, net=net)], "events #1 settled 2026-08-03 net")
        for net in (1000, -1101)
    ),
    ("rows", dict(plans="advanced"), [], "contract plans"),
    ("unknown", dict(CONTRACT, plans=[{"plan": "advanced", "from": START, "end": "2026-12-31"}]), [], "contract plans #1"),
    *(("in_minutes", dict(CONTRACT, **{name: 2}), [], "contract") for name in ("hours", "sheet_support_hours")),
    ("in_minutes", dict(ORDERED, set_up=dict(NO_SET_UP, hours=2)), [], "contract set_up"),
    ("in_minutes", CONTRACT, [happened("2026-07-01", "sheet_support", hours=2)], "events #1 sheet_support 2026-07-01"),
    ("in_minutes", ORDERED, [happened("2026-07-01", "set_up_ordered", order="x", sheet_support_hours=2)], "events #1 set_up_ordered 2026-07-01"),
    (
        "in_minutes",
        ORDERED,
        [happened("2026-04-20", "set_up_cancelled", payable=dict(sheet_support_hours=2))],
        "events #1 set_up_cancelled 2026-04-20 payable",
    ),
    ("inside", dict(ORDERED, set_up=dict(NO_SET_UP, sheet_support_minutes=60)), [], "contract set_up"),
    *(
        ("until_when", CONTRACT, [happened("2026-07-01", kind, **fields)], f"events #1 {kind} 2026-07-01")
        for kind, fields in (("outage", dict(hours=30, cause="provider")), ("suspended", dict(days=10, reason="unpaid")))
    ),
    *(
        ("unknown", CONTRACT, [happened("2026-07-01", kind, **fields)], f"events #1 {kind} 2026-07-01")
        for kind, fields in (
            *(("outage", {name: "2026-07-03", "cause": "provider"}) for name in ("to", "end", "untill")),
            ("cancelled", dict(until="2026-07-31")),
            ("payment", dict(yen=1, until="2026-07-31")),
        )
    ),
    ("ends_by", dict(CONTRACT, plans=[{"plan": "advanced", "from": START, "until": "2026-12-31"}]), [], "contract plans #1"),
    *(
        ("ends_by", ORDERED, [happened("2026-07-01", kind, until="2026-07-31", **fields)], f"events #1 {kind} 2026-07-01")
        for kind, fields in (
            ("components_added", dict(components=dict(ec2=1))),
            ("plan_changed", dict(plan="entry")),
            ("set_up_ordered", dict(order="x", components=dict(ec2=1))),
        )
    ),
    ("unknown", dict(fee_rules=dict(cancel_prorate="none")), [], "contract fee_rules"),
    ("unknown", CONTRACT, [happened("2026-07-01", "payment", yen=1, amount=1)], "events #1 payment 2026-07-01"),
    *(("digits", CONTRACT, [{**happened("2026-07-01", "payment", yen=1), digits: None}], "events #1 payment 2026-07-01") for digits in (482, 0)),
    ("missing", CONTRACT, [happened("2026-07-01", "payment")], "events #1 payment 2026-07-01 yen"),
    ("missing", CONTRACT, [dict(event="payment", yen=1)], "events #1 payment date"),
    ("missing", CONTRACT, [dict(date="2026-07-01", yen=1)], "events #1 2026-07-01 event"),
    ("missing", dict(plans=PLAN, operation=dict(components={})), [], "contract applied_on"),
    ("counts_needed", dict(plans=PLAN, applied_on="2026-04-13"), [], "contract operation components"),
    ("counts_needed", dict(CONTRACT, operation={}), [], "contract operation components"),
    ("before", dict(CONTRACT, accepted_on="2026-04-12", set_up=NO_SET_UP), [], "contract accepted_on"),
    ("accepted_needed", dict(sheet_support_minutes=60), [], "contract accepted_on"),
    ("accepted_needed", dict(CONTRACT, set_up=NO_SET_UP), [], "contract accepted_on"),
    ("counts_needed", dict(accepted_on="2026-04-15", set_up=dict(basic=True)), [], "contract set_up components"),
    ("counts_needed", dict(accepted_on="2026-04-15", set_up=dict(basic=True, maintenance=True)), [], "contract set_up components"),
    ("counts_needed", dict(accepted_on="2026-04-15", set_up=dict(basic=False, individual=[dict(name="AD", yen=1)])), [], "contract set_up components"),
    ("basic_needed", dict(accepted_on="2026-04-15", set_up=dict(components={})), [], "contract set_up basic"),
    ("read_as_true", CONTRACT, [{True: "2026-07-01", "event": "payment", "yen": 1, "date": "2026-07-01"}], "events #1 payment 2026-07-01"),
    ("read_as_true", CONTRACT, [happened("2026-07-01", "payment", yen=1, on="2026-07-01")], "events #1 payment 2026-07-01"),
    ("unknown", CONTRACT, [{**happened("2026-07-01", "payment", yen=1), False: 2}], "events #1 payment 2026-07-01"),  # `no` or `off` in YAML
    ("unknown", dict(CONTRACT, fee_rules={False: 1}), [], "contract fee_rules"),
    ("event", CONTRACT, [happened("2026-07-01", "outages")], "events #1 outages 2026-07-01"),
    ("event", CONTRACT, [happened("2026-07-01", ["payment"])], "events #1 2026-07-01"),
    ("day", dict(CONTRACT, applied_on="2026-02-30"), [], "contract applied_on"),
    ("day", dict(CONTRACT, applied_on="next week"), [], "contract applied_on"),
    ("day", dict(CONTRACT, applied_on=20260413), [], "contract applied_on"),
    ("day", dict(CONTRACT, applied_on=datetime.datetime(2026, 4, 13, 9)), [], "contract applied_on"),
    ("day", dict(CONTRACT, applied_on="0206-04-13"), [], "contract applied_on"),
    ("day", CONTRACT, [happened("2026-13-01", "cancelled")], "events #1 cancelled 2026-13-01 date"),
    ("moment", CONTRACT, [happened("2026-07-01 25:00", "outage", until="2026-07-03", cause="provider")], "events #1 outage 2026-07-01 25:00 date"),
    ("moment", CONTRACT, [happened("2026-07-01 24:01", "outage", until="2026-07-03", cause="provider")], "events #1 outage 2026-07-01 24:01 date"),
    ("month", CONTRACT, [happened("2026-07-01", "reduction", month="2026-7", percent=1)], "events #1 reduction 2026-07-01 month"),
    ("month", CONTRACT, [happened("2026-07-01", "reduction", month=202607, percent=1)], "events #1 reduction 2026-07-01 month"),
    ("months", CONTRACT, [happened("2026-07-01", "invoiced", months=["2026-04", "2026-06"])], "events #1 invoiced 2026-07-01 months"),
    ("months", CONTRACT, [happened("2026-07-01", "invoiced", months=[])], "events #1 invoiced 2026-07-01 months"),
    ("months", CONTRACT, [happened("2026-07-01", "invoiced", months=["2026-04", "2026-04"])], "events #1 invoiced 2026-07-01 months"),
    ("day", dict(CONTRACT, applied_on="20260413"), [], "contract applied_on"),
    ("day", dict(CONTRACT, applied_on="2026-W15-1"), [], "contract applied_on"),
    ("moment", CONTRACT, [happened("20260701T1000", "outage", until="2026-07-03", cause="provider")], "events #1 outage 20260701T1000 date"),
    (
        "moment",
        CONTRACT,
        [happened("9999-12-31T23:00:00-09:00", "outage", until="2026-07-03", cause="provider")],
        "events #1 outage 9999-12-31T23:00:00-09:00 date",
    ),
    ("unknown", dict(CONTRACT, qualifed_invoice=True), [], "contract"),
    ("unknown", dict(CONTRACT, fee_rule=dict(cancel_proration="calendar")), [], "contract"),
    *(
        ("inside", dict(CONTRACT, **{name: value}), [], "contract")
        for name, value in dict(
            dict.fromkeys(("components", "maintenance_components", "there", "set_up_components"), dict(ec2=2)),
            **dict.fromkeys(("basic", "maintenance"), True),
            **dict.fromkeys(("unit_scope", "billing_channel", "billing_recipient"), "whatever it says"),
            options=[OPTION],
            channel="resale",
            postage=84,
        ).items()
    ),
    *(("inside", dict(CONTRACT, fee_rules={name: "resale"}), [], "contract fee_rules") for name in ("channel", "billing_channel", "postage")),
    *(("an_event", dict(CONTRACT, **{name: "2026-08-31"}), [], "contract") for name in ("cancelled_on", "until", "discount", "suspended", "plan_changed")),
    *(
        ("an_event", dict(CONTRACT, **{name: value}), [], "contract")
        for name, value in dict(payment=dict(yen=1), refund=[happened("2026-08-31", "refund", yen=1)], cancelled=dict(wish="2026-08-31"), discount=10).items()
    ),
    ("inside", ORDERED, [happened("2026-04-20", "set_up_cancelled", basic=True)], "events #1 set_up_cancelled 2026-04-20"),
    ("beside", dict(CONTRACT, events=[happened("2026-07-01", "cancelled")]), [], "contract"),
    ("text", dict(CONTRACT, operation=dict(components=dict(ecs_task={1: 2, "blue": 2}))), [], "contract operation components ecs_task"),
    ("too_early", CONTRACT, [happened("2026-07-31", "invoiced", months=["2026-07"])], "events #1 invoiced 2026-07-31"),
    ("before", CONTRACT, [happened("2026-04-01", "invoiced", months=["2026-07", "2026-08"], due="2026-08-31")], "events #1 invoiced 2026-04-01"),
    ("before", CONTRACT, [happened("2026-07-05", "evaded", month="2001-01", yen=1)], "events #1 evaded 2026-07-05 month"),
    ("ended", CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-09-05", "evaded", month="2026-08", yen=1)], "events #2 evaded 2026-09-05 month"),
    (
        "not_begun",
        ORDERED,
        [happened("2026-04-18", "set_up_cancelled", payable=dict(basic=True)), happened("2026-04-19", "cancelled")],
        "events #1 set_up_cancelled 2026-04-18 payable",
    ),
    ("not_billed", CONTRACT, [happened("2026-09-01", "qualified_invoice_requested", month="2026-05")], "events #1 qualified_invoice_requested 2026-09-01"),
    (
        "not_billed",
        dict(CONTRACT, billing=dict(channel="resale")),
        [happened("2026-09-01", "qualified_invoice_requested", month="2026-07")],
        "events #1 qualified_invoice_requested 2026-09-01",
    ),
    (
        "not_billed",  # late interest alone is no price
        CONTRACT,
        [
            happened("2026-07-31", "cancelled"),
            happened("2026-10-20", "payment", yen=10**6),
            happened("2026-11-20", "qualified_invoice_requested", month="2026-10"),
        ],
        "events #3 qualified_invoice_requested 2026-11-20",
    ),
    ("before", CONTRACT, [happened("2026-07-05", "evaded", month="2026-08", yen=1)], "events #1 evaded 2026-07-05"),
    ("count", dict(CONTRACT, sheet_support_minutes=-1), [], "contract sheet_support_minutes"),
    ("count", dict(CONTRACT, sheet_support_minutes=1.5), [], "contract sheet_support_minutes"),
    ("count", dict(CONTRACT, sheet_support_minutes=True), [], "contract sheet_support_minutes"),
    ("count", dict(CONTRACT, operation=dict(components=dict(ec2="four"))), [], "contract operation components ec2"),
    ("count", dict(CONTRACT, operation=dict(components=dict(ecs_task=dict(blue=-1)))), [], "contract operation components ecs_task blue"),
    ("positive", CONTRACT, [happened("2026-07-01", "sheet_support", minutes=-60)], "events #1 sheet_support 2026-07-01 minutes"),
    ("positive", dict(ORDERED, set_up=dict(basic=False, components={}, individual=[dict(name="AD", yen=0)])), [], "contract set_up individual #1 yen"),
    ("percent", CONTRACT, [happened("2026-07-01", "reduction", month="2026-07", percent=101)], "events #1 reduction 2026-07-01 percent"),
    ("whole", dict(CONTRACT, fee_rules=dict(hour_unit=0)), [], "contract fee_rules hour_unit"),
    ("whole", dict(CONTRACT, fee_rules=dict(billing_month_start_day=29)), [], "contract fee_rules billing_month_start_day"),
    ("word", dict(CONTRACT, fee_rules=dict(floor_target="up")), [], "contract fee_rules floor_target"),
    ("word", dict(CONTRACT, language="fr"), [], "contract language"),
    ("word", with_option(dict(covers=["everything"])), [], "contract operation options #1 covers"),
    ("word", CONTRACT, [happened("2026-07-01", "plan_changed", plan="premium")], "events #1 plan_changed 2026-07-01 plan"),
    ("file_name", dict(CONTRACT, number=26), [], "contract number"),
    ("text", dict(CONTRACT, customer=26), [], "contract customer"),
    ("text", dict(CONTRACT, customer=" "), [], "contract customer"),
    ("flag", dict(CONTRACT, qualified_invoice="yes"), [], "contract qualified_invoice"),
    ("only_set_up", dict(CONTRACT, operation=dict(components=dict(s3=1))), [], "contract operation components s3"),
    ("component_called", dict(CONTRACT, operation=dict(components=dict(ecs=1))), [], "contract operation components ecs"),
    ("only_operation", dict(ORDERED, set_up=dict(basic=True, components=dict(eks_pod=1))), [], "contract set_up components eks_pod"),
    ("component", CONTRACT, [happened("2026-07-01", "components_added", components=dict(ec3=1))], "events #1 components_added 2026-07-01 components ec3"),
    ("same_day", dict(CONTRACT, plans=[*PLAN, {"plan": "entry", "from": START}]), [], "contract plans #2"),
    ("same_day", CONTRACT, [happened(START, "plan_changed", plan="entry")], "events #1 plan_changed 2026-06-15"),
    ("same_plan", CONTRACT, [happened("2026-07-01", "plan_changed", plan="advanced")], "events #1 plan_changed 2026-07-01"),
    ("before", dict(CONTRACT, plans=[{"plan": "advanced", "from": "2026-04-12"}]), [], "contract plans #1"),
    ("before", dict(CONTRACT, plans=[dict(PLAN[0], applied_on="2026-04-12")]), [], "contract plans #1 applied_on"),
    ("before", dict(CONTRACT, plans=[dict(PLAN[0], applied_on="2026-06-16")]), [], "contract plans #1"),
    (
        "of_first_plan",
        dict(CONTRACT, plans=[*PLAN, {"plan": "entry", "from": "2026-08-01", "applied_on": "2026-07-01"}]),
        [],
        "contract plans #2 applied_on",
    ),
    ("before", CONTRACT, [happened("2026-06-14", "plan_changed", plan="entry")], "events #1 plan_changed 2026-06-14"),
    ("before", CONTRACT, [happened("2026-04-12", "cancelled")], "events #1 cancelled 2026-04-12"),
    *(
        ("before", ORDERED, [happened(day, "cancelled", **wish), DONE, MORE], f"events #1 cancelled {day}")
        for day, wish in (("2026-04-12", {}), ("2026-04-12", dict(wish="2026-04-25")), ("2026-04-14", {}))
    ),
    ("before", CONTRACT, [happened("2026-07-02", "outage", until="2026-07-01", cause="provider")], "events #1 outage 2026-07-02 until"),
    ("before", CONTRACT, [happened("2026-06-14", "outage", until="2026-07-01", cause="provider")], "events #1 outage 2026-06-14"),
    ("before", CONTRACT, [happened("2026-07-02", "suspended", until="2026-07-01", reason="unpaid")], "events #1 suspended 2026-07-02 until"),
    ("before", dict(ORDERED, accepted_on="2026-04-12"), [], "contract accepted_on"),
    ("before", dict(ORDERED, set_up_from="2026-04-14"), [], "contract set_up_from"),
    ("before", ORDERED, [happened("2026-04-14", "set_up_cancelled")], "events #1 set_up_cancelled 2026-04-14"),
    ("before", with_option(dict(until="2026-06-30")), [], "contract operation options #1"),
    ("before", CONTRACT, [happened("2026-08-20", "invoiced", months=["2026-07", "2026-08"], due="2026-08-19")], "events #1 invoiced 2026-08-20 due"),
    ("same_name", ORDERED, [happened("2026-07-01", "set_up_ordered", order="contract", maintenance=True)], "events #1 set_up_ordered 2026-07-01"),
    ("same_name", dict(ORDERED, set_up=dict(basic=False, components={}, individual=[dict(name="AD", yen=1)] * 2)), [], "contract set_up individual"),
    ("twice", CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "cancelled")], "events #2 cancelled 2026-07-02"),
    ("twice", ORDERED, [happened("2026-07-01", "set_up_completed"), happened("2026-07-02", "set_up_completed")], "events #2 set_up_completed 2026-07-02"),
    (
        "twice",
        CONTRACT,
        [happened("2026-07-01", "reduction", month="2026-07", percent=1), happened("2026-07-02", "reduction", month="2026-07", percent=2)],
        "events #2 reduction 2026-07-02",
    ),
    (
        "twice",
        CONTRACT,
        [happened("2026-07-01", "channel_changed", channel="aws_marketplace"), happened("2026-07-01", "channel_changed", channel="resale")],
        "events #2 channel_changed 2026-07-01",
    ),
    (
        "overlap",
        CONTRACT,
        [happened("2026-07-01", "outage", until="2026-07-05", cause="provider"), happened("2026-07-04", "outage", until="2026-07-06", cause="customer")],
        "events #2 outage 2026-07-04",
    ),
    (
        "overlap",
        CONTRACT,
        [
            happened("2026-07-01", "suspended", until="2026-07-05", reason="unpaid"),
            happened("2026-07-05", "suspended", until="2026-07-06", reason="other"),
        ],
        "events #2 suspended 2026-07-05",
    ),
    ("no_length", CONTRACT, [happened("2026-07-01", "outage", until="2026-07-01", cause="provider")], "events #1 outage 2026-07-01 until"),
    (
        "twice",
        CONTRACT,
        [happened("2026-08-20", "qualified_invoice_requested", month="2026-07"), happened("2026-08-20", "qualified_invoice_requested", month="2026-07")],
        "events #2 qualified_invoice_requested 2026-08-20",
    ),
    ("overlap", with_option(dict(until="2026-08-31"), {"from": "2026-08-31"}), [], "contract operation options #2"),
    ("too_many", CONTRACT, [happened("2026-07-01", "components_removed", components=dict(ec2=5))], "events #1 components_removed 2026-07-01"),
    ("too_many", ORDERED, [happened("2026-07-01", "components_removed", components=dict(s3=1))], "events #1 components_removed 2026-07-01"),
    ("component", ORDERED, [happened("2026-07-01", "components_removed", components=dict(s33=1))], "events #1 components_removed 2026-07-01 components s33"),
    ("before", CONTRACT, [happened("2026-06-14", "components_removed", components=dict(ec2=1))], "events #1 components_removed 2026-06-14"),
    ("no_order", CONTRACT, [happened("2026-07-01", "set_up_completed")], "events #1 set_up_completed 2026-07-01"),
    ("no_order", ORDERED, [happened("2026-07-01", "set_up_cancelled", order="more")], "events #1 set_up_cancelled 2026-07-01"),
    ("more_than_ordered", ORDERED, [happened("2026-05-01", "set_up_cancelled", payable=dict(components=dict(ec2=5)))], "events #1 set_up_cancelled 2026-05-01"),
    ("more_than_ordered", ORDERED, [happened("2026-05-01", "set_up_cancelled", payable=dict(maintenance=True))], "events #1 set_up_cancelled 2026-05-01"),
    (
        "more_than_ordered",
        ORDERED,
        [happened("2026-05-01", "set_up_cancelled", payable=dict(individual=[dict(name="AD", yen=1)]))],
        "events #1 set_up_cancelled 2026-05-01",
    ),
    (
        "completed",
        ORDERED,
        [happened("2026-05-01", "set_up_completed"), happened("2026-05-02", "set_up_cancelled", payable={})],
        "events #2 set_up_cancelled 2026-05-02",
    ),
    ("begun", ORDERED, [happened("2026-04-20", "set_up_cancelled")], "events #1 set_up_cancelled 2026-04-20"),
    ("perhaps_begun", WHENEVER, [happened("2026-04-20", "set_up_cancelled")], "events #1 set_up_cancelled 2026-04-20"),
    ("begun_at_end", ORDERED, [happened("2026-04-25", "cancelled")], "contract set_up"),
    ("perhaps_begun_at_end", WHENEVER, [happened("2026-04-25", "cancelled")], "contract set_up"),
    ("help_given", dict(ORDERED, sheet_support_minutes=390), [happened("2026-04-19", "set_up_cancelled")], "events #1 set_up_cancelled 2026-04-19"),
    ("help_given", dict(ORDERED, sheet_support_minutes=390), [happened("2026-04-19", "cancelled")], "contract set_up"),
    ("begun_at_end", CONTRACT, [happened("2026-07-01", "set_up_ordered", order="x", basic=True, work_from="2026-07-02"),
                                happened("2026-07-03", "cancelled")], "events #1 set_up_ordered 2026-07-01"),
    ("ended", CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "set_up_ordered", order="x", basic=True)],
     "events #2 set_up_ordered 2026-07-02"),
    ("ended", CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "sheet_support", minutes=1)], "events #2 sheet_support 2026-07-02"),
    ("ended", ORDERED, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "set_up_completed")], "events #2 set_up_completed 2026-07-02"),
    ("ended", ORDERED, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "set_up_cancelled", payable={})], "events #2 set_up_cancelled 2026-07-02"),
    ("ended", CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-07-02", "plan_changed", plan="entry")], "events #2 plan_changed 2026-07-02"),
    (
        "ended",
        CONTRACT,
        [happened("2026-07-01", "cancelled"), happened("2026-07-02", "components_added", components=dict(ec2=1))],
        "events #2 components_added 2026-07-02",
    ),
    (
        "ended",
        CONTRACT,
        [happened("2026-07-01", "cancelled"), happened("2026-07-01", "outage", until="2026-07-02 00:01", cause="provider")],
        "events #2 outage 2026-07-01",
    ),
    (
        "ended",
        CONTRACT,
        [happened("2026-07-01", "cancelled"), happened("2026-07-02", "suspended", until="2026-07-03", reason="unpaid")],
        "events #2 suspended 2026-07-02",
    ),
    ("before", CONTRACT, [happened("2026-06-14", "suspended", until="2026-07-03", reason="unpaid")], "events #1 suspended 2026-06-14"),
    ("before", CONTRACT, [happened("2026-07-01", "reduction", month="2026-05", percent=1)], "events #1 reduction 2026-07-01 month"),
    ("before", CONTRACT, [happened("2026-07-01", "reduction", month="2026-03", percent=1, menu="set_up")], "events #1 reduction 2026-07-01 month"),
    (
        "ended",
        CONTRACT,
        [happened("2026-07-01", "cancelled"), happened("2026-07-02", "reduction", month="2026-08", percent=1)],
        "events #2 reduction 2026-07-02 month",
    ),
    ("no_plan", {}, [happened("2026-07-01", "reduction", month="2026-07", percent=1)], "events #1 reduction 2026-07-01"),
    ("no_plan", {}, [happened("2026-07-01", "suspended", until="2026-07-02", reason="unpaid")], "events #1 suspended 2026-07-01"),
    (
        "too_long",  # one after the other
        CONTRACT,
        [
            happened("2026-07-01", "suspended", until="2026-10-31", reason="other"),
            happened("2026-11-01", "suspended", until="2027-01-01", reason="other"),
        ],
        "events #2 suspended 2026-11-01 until",
    ),
    ("too_long", CONTRACT, [happened("2026-08-31", "suspended", until="2027-03-01", reason="other")], "events #1 suspended 2026-08-31 until"),
    ("too_long", CONTRACT, [happened("2026-08-28", "suspended", until="2027-02-28", reason="other")], "events #1 suspended 2026-08-28 until"),
    ("too_long", CONTRACT, [happened("2026-08-01", "suspended", until="2027-02-01", reason="other")], "events #1 suspended 2026-08-01 until"),
    ("plan_needed", dict(with_option({}), plans=[{"plan": "standard", "from": START}]), [], "contract operation options #1"),
    ("plan_needed", with_option(dict(until="2027-01-01")), [happened("2027-01-01", "plan_changed", plan="standard")], "contract operation options #1"),
    ("plan_needed", with_option({}), [happened("2027-01-01", "plan_changed", plan="standard")], "contract operation options #1"),
    ("no_plan", dict(operation=dict(components=dict(ec2=1))), [], "contract operation components"),
    ("no_plan", {}, [happened("2026-07-01", "plan_changed", plan="entry")], "events #1 plan_changed 2026-07-01"),
    ("no_plan", {}, [happened("2026-07-01", "components_added", components=dict(ec2=1))], "events #1 components_added 2026-07-01"),
    ("no_plan", {}, [happened("2026-07-01", "outage", until="2026-07-02", cause="provider")], "events #1 outage 2026-07-01"),
    ("no_plan_until", with_option({"from": "2026-06-14"}), [], "contract operation options #1"),
    ("without_plan", with_option(dict(omakase_vdi=True, applied_on="2024-04-01")), [], "contract operation options #1 applied_on"),
    ("missing", with_option(dict(omakase_vdi=True)), [], "contract operation options #1 applied_on"),
    (
        "invoiced",
        CONTRACT,
        [happened("2026-08-20", "invoiced", months=["2026-07"]), happened("2026-08-21", "invoiced", months=["2026-07", "2026-08"], due="2026-08-31")],
        "events #2 invoiced 2026-08-21",
    ),
    ("due_only", CONTRACT, [happened("2026-08-20", "invoiced", months=["2026-07"], due="2026-08-31")], "events #1 invoiced 2026-08-20"),
    ("due_of_charge", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=1)], "events #1 settled 2026-08-20"),
    ("due_of_charge", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=-1, due="2026-08-31")], "events #1 settled 2026-08-20"),
    ("before", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=1, due="2026-08-19")], "events #1 settled 2026-08-20 due"),
    ("before", CONTRACT, [happened("2026-07-31", "settled", months=["2026-07"], yen=-1)], "events #1 settled 2026-07-31"),
    ("other_months", CONTRACT, [happened("2026-09-20", "settled", months=["2026-07", "2026-08"], yen=-1)], "events #1 settled 2026-09-20 months"),
    (
        "other_months",
        CONTRACT,
        [
            happened("2026-07-01", "invoiced", months=["2026-07", "2026-08"], due="2026-07-31"),
            happened("2026-09-05", "settled", months=["2026-08"], yen=5, due="2026-09-30"),
        ],
        "events #2 settled 2026-09-05 months",
    ),
    ("signed", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=0)], "events #1 settled 2026-08-20 yen"),
    ("positive", CONTRACT, [happened("2026-08-20", "refund", yen=-1)], "events #1 refund 2026-08-20 yen"),
    (
        "net_needed",
        dict(CONTRACT, fee_rules=dict(late_principal="without_tax")),
        [happened("2026-08-20", "settled", months=["2026-07"], yen=-1)],
        "events #1 settled 2026-08-20",
    ),
    (
        "net_needed",
        dict(CONTRACT, fee_rules=dict(late_principal="without_tax")),
        [happened("2026-08-20", "invoiced", months=["2026-07"], yen=1)],
        "events #1 invoiced 2026-08-20",
    ),
    ("before", CONTRACT, [happened("2026-07-31", "qualified_invoice_requested", month="2026-07")], "events #1 qualified_invoice_requested 2026-07-31"),
    (
        "before",
        CONTRACT,
        [happened("2026-08-09", "qualified_invoice_requested", month="2026-07"), happened("2026-08-10", "invoiced", months=["2026-07"])],
        "events #1 qualified_invoice_requested 2026-08-09",
    ),
    ("before_the_law", {}, [happened("2023-10-05", "qualified_invoice_requested", month="2023-08")], "events #1 qualified_invoice_requested 2023-10-05 month"),
    *(("before", CONTRACT, [dict(event, date="2026-04-12")], f"events #1 {event['event']} 2026-04-12") for event in BEGINS),
    *(("before", dict(SINCE_THEN, set_up=NO_SET_UP), [dict(event, date="2026-04-19")], f"events #1 {event['event']} 2026-04-19") for event in BEGINS),
    ("before", CONTRACT, [happened("2025-08-20", "payment", yen=1)], "events #1 payment 2025-08-20"),
    ("not_paid", CONTRACT, [happened("2026-08-19", "refund", yen=1), happened("2026-08-20", "payment", yen=1)], "events #1 refund 2026-08-19"),
    (
        "not_paid",
        CONTRACT,
        [happened("2026-08-20", "refund", yen=4), happened("2026-08-20", "payment", yen=5), happened("2026-08-21", "refund", yen=2)],
        "events #3 refund 2026-08-21",
    ),
    (
        "beyond_invoice",
        CONTRACT,
        [
            happened("2026-08-20", "invoiced", months=["2026-07"], yen=9),
            happened("2026-09-01", "settled", months=["2026-07"], yen=-5),
            happened("2026-09-02", "settled", months=["2026-07"], yen=-5),
        ],
        "events #3 settled 2026-09-02",
    ),
    ("settled_twice", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=-1)] * 2, "events #2 settled 2026-08-20"),
    ("before", CONTRACT, [happened("2026-08-20", "settled", months=["2026-03"], yen=-1)], "events #1 settled 2026-08-20 months"),
    ("before", CONTRACT, [happened("2026-08-20", "invoiced", months=["2026-03"])], "events #1 invoiced 2026-08-20 months"),
    ("nothing_charged", CONTRACT, [happened("2026-07-03", "invoiced", months=["2026-06"])], "events #1 invoiced 2026-07-03 months"),
    (
        "nothing_charged",
        CONTRACT,
        [happened("2026-08-20", "settled", months=["2026-06"], yen=5, due="2026-09-30")],
        "events #1 settled 2026-08-20 months",
    ),
    (
        "others_bill",
        dict(CONTRACT, billing=dict(channel="resale")),
        [happened("2026-08-20", "invoiced", months=["2026-07"])],
        "events #1 invoiced 2026-08-20 months",
    ),
    ("yen_needed", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=-1)], "events #1 settled 2026-08-20"),
    (
        "yen_needed",
        CONTRACT,
        [happened("2026-08-03", "invoiced", months=["2026-07"]), happened("2026-08-20", "settled", months=["2026-07"], yen=-1)],
        "events #2 settled 2026-08-20",
    ),
    ("positive", CONTRACT, [happened("2026-08-20", "settled", months=["2026-07"], yen=-1, written_off=True)], "events #1 settled 2026-08-20 yen"),
    ("day", dict(CONTRACT, qualified_invoice={"from": "soon"}), [], "contract qualified_invoice from"),
    ("missing", dict(CONTRACT, qualified_invoice={}), [], "contract qualified_invoice from"),
    ("before", CONTRACT, [happened("2026-04-12", "reduction", month="2026-07", percent=5)], "events #1 reduction 2026-04-12"),
    *(
        (
            "called_off",
            ORDERED,
            [happened("2026-04-18", "set_up_cancelled", **payable), happened("2026-05-20", "set_up_completed")],
            "events #2 set_up_completed 2026-05-20",
        )
        for payable in ({}, dict(payable=dict(components=dict(ec2=0))))
    ),
    *(
        ("nothing_named", CONTRACT, [happened("2026-07-01", kind, components=counts)], f"events #1 {kind} 2026-07-01 components")
        for kind in ("components_added", "components_removed")
        for counts in ({}, dict(ec2=0), dict(ec2=0, ecs_task=dict(blue=0)))
    ),
    *(
        ("nothing_named", ORDERED, [happened("2026-07-01", "set_up_ordered", order="more", **order)], "events #1 set_up_ordered 2026-07-01")
        for order in (dict(basic=False), dict(components=dict(ec2=0), sheet_support_minutes=0))
    ),
    ("same_channel", CONTRACT, [happened("2026-07-01", "channel_changed", channel="own")], "events #1 channel_changed 2026-07-01"),
    (
        "same_channel",
        CONTRACT,
        [happened("2026-07-01", "channel_changed", channel="resale"), happened("2026-08-01", "channel_changed", channel="resale")],
        "events #2 channel_changed 2026-08-01",
    ),
    ("of_provider", CONTRACT, [happened("2026-07-01", "cancelled", ground="notice")], "events #1 cancelled 2026-07-01 ground"),
    ("word", with_option(dict(covers=[])), [], "contract operation options #1 covers"),
    ("before", dict(CONTRACT, accepted_on="2026-06-16", set_up=NO_SET_UP), [], "contract plans #1"),
    ("twice", ORDERED, [happened("2026-07-01", "set_up_ordered", order="more", basic=True)], "events #1 set_up_ordered 2026-07-01 basic"),
    (
        "twice",
        CONTRACT,
        [happened(day, "set_up_ordered", order=day, maintenance=True) for day in ("2026-08-01", "2026-07-01")],
        "events #1 set_up_ordered 2026-08-01 maintenance",
    ),
    (
        "twice",  # called off in part, and completed
        ORDERED,
        [
            happened("2026-05-01", "set_up_cancelled", payable=dict(basic=True)),
            happened("2026-05-02", "set_up_completed"),
            happened("2026-07-01", "set_up_ordered", order="more", basic=True),
        ],
        "events #3 set_up_ordered 2026-07-01 basic",
    ),
    ("before", ORDERED, [happened("2026-04-19", "set_up_completed")], "events #1 set_up_completed 2026-04-19"),
    *(
        ("unknown", dict(CONTRACT, **{name: value}), [], "contract")
        for name, value in {
            **dict.fromkeys(("set-up", "Set_Up"), NO_SET_UP),
            **dict.fromkeys(("accepted", "applied"), "2026-04-15"),
            **dict.fromkeys(("qualified", "qualifed_invoice"), {"from": START}),
            "rules": dict(hour_unit=15),
            "bilings": dict(channel="resale"),
        }.items()
    ),
    ("due_needed", CONTRACT, [happened("2026-08-20", "invoiced", months=["2026-07", "2026-08"])], "events #1 invoiced 2026-08-20"),
    ("billed_after_end", CONTRACT, [ENDED, happened("2026-10-05", "invoiced", months=["2026-09"])], "events #2 invoiced 2026-10-05 months"),
    (
        "billed_after_end",
        CONTRACT,
        [ENDED, happened("2026-10-05", "settled", months=["2026-09"], yen=500, due="2026-10-31")],
        "events #2 settled 2026-10-05 months",
    ),
]


def name_of(value):
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("code, contract, events, where", FAULTS, ids=name_of)
def test_a_fault_is_found_where_it_was_written(code, contract, events, where):
    with pytest.raises(FeeError) as caught:
        agreement(contract, events)
    assert [(fault.code, fault.where) for fault in caught.value.faults] == [(code, where)]
    for language in LANGUAGES:
        with pytest.raises(AnsibleFilterError) as told:
            usage_statement(contract, events, "2026-07", language)
        assert where in str(told.value)
        assert caught.value.faults[0].text(language) in str(told.value)


VDI_OPTION = dict(OPTION, omakase_vdi=True, applied_on="2023-07-01", **{"from": "2023-07-20"})
VDI = dict(applied_on="2023-07-01", operation=dict(components={}, options=[VDI_OPTION]))
ADVANCED_LATER = dict(with_option({"from": "2026-08-01"}, {"from": "2026-08-01", "name": "Another"}), plans=[{"plan": "standard", "from": START}])


@pytest.mark.parametrize(
    "contract, events",
    [
        # What is added on a day is there when something is removed on it, whatever is written first.
        (
            CONTRACT,
            [happened("2026-07-01", "components_removed", components=dict(ec2=5)), happened("2026-07-01", "components_added", components=dict(ec2=1))],
        ),
        # The last day of the contract is a day of the contract.
        (CONTRACT, [happened("2026-07-01", "cancelled"), happened("2026-07-01", "outage", until="2026-07-02", cause="provider")]),
        # One outage may follow another, and a suspension, in the same moment.
        (
            CONTRACT,
            [
                happened("2026-07-03", "outage", until="2026-07-04", cause="customer"),
                happened("2026-07-04", "outage", until="2026-07-05", cause="provider"),
                happened("2026-07-01", "suspended", until="2026-07-02", reason="unpaid"),
            ],
        ),
        # The plan that an option needs may begin with it.
        (ADVANCED_LATER, [happened("2026-08-01", "plan_changed", plan="advanced")]),
        (CONTRACT, [happened("2026-08-31", "suspended", until="2027-02-28", reason="other")]),  # there is no 31st: 民法第143条第2項
        (CONTRACT, [happened("2026-08-28", "suspended", until="2027-02-27", reason="other")]),
        (CONTRACT, [happened("2026-08-01", "suspended", until="2027-01-31", reason="other")]),
        # Suspensions for six months together, and another one after a day between.
        (
            CONTRACT,
            [
                happened("2026-07-01", "suspended", until="2026-10-31", reason="other"),
                happened("2026-11-01", "suspended", until="2026-12-31", reason="other"),
                happened("2027-01-02", "suspended", until="2027-07-01", reason="other"),
            ],
        ),
        # The menu of an option without a plan may be out of use.
        (VDI, [happened("2023-08-10", "outage", until="2023-08-12", cause="provider"), happened("2023-08-10", "reduction", month="2023-08", percent=10)]),
        # An option that was to begin after the end of the contract never does.
        (with_option(dict()), [happened("2026-06-30", "cancelled")]),
        (CONTRACT, [happened("2026-08-31", "suspended", until="2028-08-31", reason="unpaid")]),
        # What is owed after the end: late interest, an evaded fee, a copy of an invoice; and what was billed by mistake and given back.
        (CONTRACT, [ENDED, happened("2026-10-20", "payment", yen=10**6), happened("2026-11-05", "invoiced", months=["2026-10"])]),
        (CONTRACT, [ENDED, happened("2026-10-20", "evaded", month="2026-07", yen=5), happened("2026-11-05", "invoiced", months=["2026-10"], yen=16)]),
        (
            CONTRACT,
            [
                ENDED,
                happened("2026-10-20", "qualified_invoice_requested", month="2026-07"),
                happened("2026-11-05", "settled", months=["2026-10"], yen=440, due="2026-11-30"),
            ],
        ),
        (CONTRACT, [ENDED, happened("2026-10-05", "invoiced", months=["2026-09"], yen=9), happened("2026-10-06", "settled", months=["2026-09"], yen=-9)]),
        # Months were billed in advance, and the contract ended between.
        (CONTRACT, [ENDED, happened("2026-07-05", "invoiced", months=["2026-07", "2026-08", "2026-09"], due="2026-07-31")]),
        # Part of an order is called off, the rest is completed.
        (ORDERED, [happened("2026-05-01", "set_up_cancelled", payable=dict(basic=True)), happened("2026-05-02", "set_up_completed")]),
        # What was begun and called off is ordered anew.
        *(
            (
                dict(ORDERED, set_up=dict(NO_SET_UP, **{part: True})),
                [
                    happened("2026-04-25", "set_up_cancelled", payable={part: True}),
                    happened("2026-07-01", "set_up_ordered", order="anew", work_from="2026-07-10", **{part: True}),
                ],
            )
            for part in ("basic", "maintenance")
        ),
    ],
)
def test_what_is_right_is_not_refused(contract, events):
    assert agreement(contract, events)


def test_an_outage_that_holds_two_others_is_told_for_both():
    spans = [("2026-07-01", "2026-07-10"), ("2026-07-02", "2026-07-03"), ("2026-07-04", "2026-07-05")]
    with pytest.raises(FeeError) as caught:
        agreement(CONTRACT, [happened(known, "outage", until=until, cause="provider") for known, until in spans])
    assert [fault.where for fault in caught.value.faults] == ["events #2 outage 2026-07-02", "events #3 outage 2026-07-04"]


def refused(make):
    with pytest.raises(AnsibleFilterError) as caught:
        make()
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "number, code",
    [("7000012050002", "registration"), ("T700001205000", "registration"), ("T70000120500020", "registration"), ("T1000012050002", "check_digit")],
)
def test_a_registration_number_must_be_right(number, code):
    issuer = dict(name="Example MSP", registration_number=number)
    text = Fault("issuer registration_number", code, number, 7).text("en")
    assert refused(lambda: invoice(CONTRACT, [], "2026-07", issuer, "en"))[-1].endswith(text)


def test_an_invoice_needs_to_know_from_whom_and_to_whom():
    assert len(refused(lambda: invoice(dict(plans=[]), [], "2026-07", dict(name="Example MSP"), "en"))) == 2
    assert "issuer name: is needed" in refused(lambda: invoice(CONTRACT, [], "2026-07", {}, "en"))[0]
    standing = dict(CONTRACT, qualified_invoice=True)
    assert "issuer registration_number: a qualified invoice needs it" in refused(lambda: invoice(standing, [], "2026-07", dict(name="x"), "en"))[0]
    asked = [happened("2026-09-01", "qualified_invoice_requested", month="2026-07")]
    assert "issuer registration_number: a qualified invoice needs it" in refused(lambda: invoice(CONTRACT, asked, "2026-07", dict(name="x"), "en"))[0]


@pytest.mark.parametrize("missing", ["issued", "number", "contract", "months", "qualified", "issuer", "recipient", "lines"])
def test_only_an_invoice_can_be_settled(missing):
    broken = {name: value for name, value in ISSUED.items() if name != missing}
    assert refused(lambda: invoice_settlement(broken, CONTRACT, [], "2026-09-01", "en"))[0].endswith(f"invoice {missing}: is needed")
    assert refused(lambda: invoice_settlement("C-1-2026-07", CONTRACT, [], "2026-09-01", "en"))
    assert refused(lambda: invoice_settlement(dict(ISSUED, lines=[dict(ISSUED["lines"][0], amount=None)]), CONTRACT, [], "2026-09-01", "en"))


@pytest.mark.parametrize(
    "code, issued, events",
    [
        ("not_issued", dict(ISSUED, issued=False), []),
        ("other_contract", dict(ISSUED, contract="C-2"), []),
        ("other_months", ISSUED, [happened("2026-09-20", "invoiced", months=["2026-07", "2026-08"], due="2026-09-30")]),
        ("other_yen", ISSUED, [happened("2026-08-03", "invoiced", months=["2026-07"], yen=ISSUED["total"] + 1)]),
    ],
)
def test_an_invoice_is_settled_with_the_same_contract_and_months(code, issued, events):
    facts = dict(not_issued={}, other_contract=dict(value="C-2", limit="C-1"), other_months=dict(value="2026-07", limit="2026-07, 2026-08"))
    facts["other_yen"] = dict(value=ISSUED["total"], limit=ISSUED["total"] + 1, other="events #1 invoiced 2026-08-03")
    (line,) = refused(lambda: invoice_settlement(issued, CONTRACT, events, "2026-10-01", "en"))
    assert line.endswith(TEXTS["en"][code].format(**facts[code]))


@pytest.mark.parametrize("issuer, code", [(dict(name="x", registration_number="T1000012050002"), "check_digit"), (dict(name="x"), "number_needed")])
def test_the_credit_note_of_a_qualified_invoice_needs_a_right_number(issuer, code):
    asked = [happened("2026-09-01", "qualified_invoice_requested", month="2026-07")]
    lines = refused(lambda: invoice_settlement(dict(ISSUED, issuer=issuer), CONTRACT, asked, "2026-10-01", "en"))
    assert lines[-1].endswith(Fault("invoice issuer registration_number", code, "T1000012050002", 7).text("en"))


def test_an_invoice_is_settled_once_it_could_be_issued():
    assert "date: 2026-07-31" in refused(lambda: invoice_settlement(ISSUED, CONTRACT, [], "2026-07-31", "en"))[0]
    assert invoice_settlement(ISSUED, CONTRACT, [], "2026-08-01")


def test_a_settlement_that_is_given_twice_is_told():
    outage = [happened("2026-07-03", "outage", until="2026-07-05", cause="provider")]
    one = invoice_settlement(ISSUED, CONTRACT, outage, "2026-10-01")
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, outage, "2026-10-02", "en", [one, one]))
    assert line == Fault("settled #2 credit_note number", "settled_number", "C-1-2026-07-R1", "C-1-2026-07-R2").text("en")
    other = invoice_settlement(ISSUED, CONTRACT, [], "2026-10-02", settled=[one])
    assert invoice_settlement(ISSUED, CONTRACT, [], "2026-10-03", settled=[one, other])["total"] == 0


def test_every_settlement_so_far_is_given_in_its_place():
    """Else the next one would have the number of one that was sent."""
    hours = [happened(f"2026-07-0{day}", "sheet_support", minutes=60) for day in (1, 2)]
    one = invoice_settlement(ISSUED, CONTRACT, hours[:1], "2026-10-01")
    two = invoice_settlement(ISSUED, CONTRACT, hours, "2026-10-02", settled=[one])
    for given, place in (([two], 1), ([two, one], 1), ([one, two, two], 3)):
        line, *dummy = refused(lambda given=given: invoice_settlement(ISSUED, CONTRACT, hours, "2026-10-03", "en", given))
        assert line.startswith(f"settled #{place} charge number: C-1-2026-07-S") and f"is not C-1-2026-07-S{place}, " in line


def test_two_settlements_of_one_day_are_two():
    """What the events say of the day is this settlement where it comes to the same, else one that has to be given."""
    hours = [happened(f"2026-07-0{day}", "sheet_support", minutes=60) for day in (1, 2)]
    one = invoice_settlement(ISSUED, CONTRACT, hours[:1], "2026-10-01")
    said = happened("2026-10-01", "settled", months=["2026-07"], yen=one["total"], due="2026-10-31")
    assert invoice_settlement(ISSUED, CONTRACT, [*hours[:1], said], "2026-10-01") == one
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, [*hours, said], "2026-10-01", "en"))
    assert line == Fault("settled", "settled_before", datetime.date(2026, 10, 1), one["total"], "events #3 settled 2026-10-01").text("en")
    two = invoice_settlement(ISSUED, CONTRACT, [*hours, said], "2026-10-01", settled=[one])
    assert two["charge"]["number"] == "C-1-2026-07-S2"
    more = happened("2026-10-01", "settled", months=["2026-07"], yen=two["total"] + 1, due="2026-10-31")
    with pytest.raises(AnsibleFilterError, match=f"{more['yen']} 円"):
        invoice_settlement(ISSUED, CONTRACT, [*hours, said, more], "2026-10-01", settled=[one])


def test_what_was_settled_by_the_events_is_not_settled_once_more():
    """Without the JSON of the first settlement the second would hold its yen again."""
    events = [happened("2026-07-03", "outage", until="2026-07-05", cause="provider")]
    events.append(happened("2026-08-03", "invoiced", months=["2026-07"], yen=ISSUED["total"]))
    one = invoice_settlement(ISSUED, CONTRACT, events, "2026-10-01")
    events.append(happened("2026-10-01", "settled", months=["2026-07"], yen=one["total"]))
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, events, "2026-10-02", "en"))
    assert line == Fault("settled", "settled_before", "2026-10-01", one["total"], "events #3 settled 2026-10-01").text("en")
    assert invoice_settlement(ISSUED, CONTRACT, events, "2026-10-02", settled=[one])["total"] == 0
    assert invoice_settlement(ISSUED, CONTRACT, events, "2026-10-01") == one, "the same paper is made again"
    events.append(happened("2026-10-03", "settled", months=["2026-07"], yen=1100, due="2026-10-31"))
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, events, "2026-10-04", "en", [one]))
    assert line == Fault("settled", "settled_before", "2026-10-03", 1100, "events #4 settled 2026-10-03").text("en")


def test_only_settlements_of_the_same_invoice_go_before():
    other = dict(number="C-1-2026-06", settled_on="2026-09-01", total=0, charge=None, credit_note=None)
    (line,) = refused(lambda: invoice_settlement(ISSUED, CONTRACT, [], "2026-10-01", "en", [other]))
    assert line.endswith(TEXTS["en"]["other_invoice"].format(value="C-1-2026-06", limit="C-1-2026-07"))
    assert "settled #1" in refused(lambda: invoice_settlement(ISSUED, CONTRACT, [], "2026-10-01", "en", ["C-1"]))[0]


def test_the_fields_of_others_are_no_faults():
    others = ("account_id", "region", "regions", "role_arn", "external_id", "session_seconds", "contacts", "maintenance_windows", "closures", "lead_strict")
    assert agreement(dict(CONTRACT, **dict.fromkeys(others, 1)))


OF_EVERY_DAY = dict(
    dict.fromkeys(("payment", "refund", "discount", "outage", "cancelled", "until", "maintenance", "channel", "basic", "invoice", "support"), "third Sunday"),
    recipient="Example Corp",
    options=["sms"],
    components=3,
    there=1,
    plan=["gold"],
)


@pytest.mark.parametrize("name, value", [
    *OF_EVERY_DAY.items(),
    *((name, dict(method="bank transfer")) for name in ("payment", "refund", "options", "components", "there", "events")),
    *((name, value) for name in (*OF_EVERY_DAY, *EVENTS, "events", "billing_channel", "fee_rule", "cancelled_on") for value in (None, False, "", [], {})),
])  # fmt: skip
def test_words_of_every_day_and_what_is_empty_may_be_of_others(name, value):
    assert agreement(dict(CONTRACT, **{name: value}))


@pytest.mark.parametrize("language, misplaced, said", [
    ("ja", dict(components=dict(ec2=1)), "contract: 「components」をここに書いても使われません。set_up / operation の中に components と書いてください"),
    ("en", dict(components=dict(ec2=1)), "contract: 'components' has no use here; write it into set_up / operation as components"),
    ("ja", dict(billing_channel="resale"), "contract: 「billing_channel」をここに書いても使われません。billing の中に channel と書いてください"),
    ("en", dict(fee_rules=dict(billing_channel="resale")), "contract fee_rules: 'billing_channel' has no use here; write it into billing as channel"),
])  # fmt: skip
def test_a_field_that_stands_in_a_wrong_place_is_told_with_where_it_belongs(language, misplaced, said):
    assert refused(lambda: quotation(dict(CONTRACT, **misplaced), language=language)) == [said]


@pytest.mark.parametrize("event", ["out\nage", "pay\r\nment", "can\u2028celled", "\n"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fault_is_one_line_whatever_was_written(event, language):
    for one in (happened("2026-07-01", event), happened(f"2026-07-01{event}", "cancelled"), happened("2026-07-01", "payment", **{event: 1, "yen": 1})):
        given = dict(events=[one], month="2026-07", language=language)
        (line,) = fees_or_faults(CONTRACT, "usage_statement", given)["faults"]
        assert line.startswith("events #1") and [line] == refused(lambda given=given: usage_statement(CONTRACT, **given))


def test_late_interest_names_the_debt_and_the_payment():
    lines = refused(lambda: late_interest([dict(due="2026-07-31")], [dict(date="soon", yen=-1)], until=3, rules=dict(late_grace="never"), language="en"))
    assert [line.split(": ")[0] for line in lines] == ["debts #1 yen", "payments #1 date", "payments #1 yen", "until", "rules late_grace"]


def test_a_quotation_needs_a_day_and_components():
    assert "date: is needed" in refused(lambda: quotation(dict(plans=[]), {}, language="en"))[0]
    assert "contract set_up components: is needed" in refused(lambda: quotation(dict(set_up={}), date="2026-04-01", language="en"))[0]
    assert "sheet: " in refused(lambda: quotation({}, [], "2026-04-01", language="en"))[0]
    assert "contract: " in refused(lambda: quotation([], {}, "2026-04-01", language="en"))[0]
    assert refused(lambda: billable_components([], "en"))[0].startswith("sheet: write name: value pairs")
    assert refused(lambda: billable_components(dict(ec2_instances=["a"], s3_buckets=3), "en")) == [
        "sheet ec2_instances #1: write name: value pairs here; found 'a'",
        "sheet s3_buckets: write a list here; found 3",
    ]
    assert "sheet ec2_instances #1" in refused(lambda: quotation(CONTRACT, dict(ec2_instances=["a"])))[0]


SHEETS = {
    "billable_components": billable_components,
    "quotation": lambda sheet, language: quotation(CONTRACT, sheet, language=language),
    "change_quotation": lambda sheet, language: change_quotation(ORDERED, [], sheet, "2026-08-01", language),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_kind_that_there_is_not_is_told_with_the_nearest_one_and_a_part_is_none(name):
    lines = refused(lambda: SHEETS[name]({"ec2_instence": [{"name": "a"}], 1: [], "rds": None}, "en"))
    assert [line[line.index("sheet"):] for line in lines] == [
        "sheet: there is no kind 'ec2_instence' (did you mean 'ec2_instances'?)",
        "sheet: there is no kind 1",
        "sheet: there is no kind 'rds'",
    ]
    parts_and_kinds = {**dict.fromkeys(PARTS, {"ec2": []}), **dict.fromkeys(kinds(), [])}
    assert SHEETS[name](parts_and_kinds, "en") == SHEETS[name]({}, "en")


def test_what_is_null_is_not_written():
    nothing = dict.fromkeys(("accepted_on", "set_up", "language", "billing", "fee_rules", "set_up_from"))
    assert quotation(dict(nothing, **CONTRACT)) == quotation(CONTRACT)


def test_names_that_are_numbers_are_told_by_a_quotation_as_well():
    assert "contract set_up: " in refused(lambda: quotation(dict(CONTRACT, set_up={1: 2}), language="en"))[0]
    assert quotation({**CONTRACT, 1: 2}) == quotation(CONTRACT), "a field of others"


def test_a_language_is_one_of_ours():
    assert "language に 'fr' は使えません。使える値: ja, en" in refused(lambda: usage_statement({}, [], "2026-07", "fr"))[0]


def test_a_month_is_a_month():
    assert refused(lambda: usage_statement(CONTRACT, [], "2026/07", "en"))[0].startswith("month: ")


def test_everything_is_found_in_one_pass():
    contract = dict(CONTRACT, plans=[{"plan": "premium", "from": START}, {"plan": "entry", "from": "soon"}], sheet_support_minutes=-1, fee_rules=dict(x=1))
    events = [happened("2026-07-01", "payment", yen=-1), happened("2026-07-01", "party"), happened("2026-02-30", "cancelled")]
    lines = refused(lambda: usage_statement(contract, events, "July", "en"))
    assert len(lines) == 8
    places = {re.split(r"[:#]", line)[0].strip() for line in lines}
    assert places == {"month", "contract plans", "contract sheet_support_minutes", "contract fee_rules", "events"}


def test_the_nearest_right_word_is_offered():
    assert "（「outage」の誤りではありませんか）" in refused(lambda: usage_statement(CONTRACT, [happened("2026-07-01", "outages")], "2026-07"))[0]


def test_every_fault_has_both_languages_and_is_found_by_a_test():
    others = {"registration", "number_needed", "check_digit", "no_paper", "not_issued", "other_contract", "other_months", "other_invoice", "other_issuer"}
    others |= {"settled_before", "settled_number", "other_yen", "before_contract", "no_settlement", "no_invoice", "own_total", "integer"}
    tried = {code for code, *dummy in FAULTS} | others | {"kind"}
    assert set(TEXTS["ja"]) == set(TEXTS["en"]) == tried
