# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One contract through 24 months, against worked figures."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.msp.aws.plugins.filter.fees import invoice
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import EVENTS
from tests.fees import ISSUER, happened

WALK_CONTRACT = dict(
    number="C-24",
    customer="Example Corp",
    applied_on=date(2026, 4, 13),
    accepted_on="2026-04-15",
    set_up_from="2026-04-20",
    sheet_support_minutes=390,
    set_up=dict(basic=True, components=dict(ec2=4, s3=2), individual=[dict(name="AD", yen=250_000)]),
    plans=[{"plan": "standard", "from": "2026-06-15"}],
    operation=dict(
        components=dict(ec2=4, ecs_task=4),
        options=[{"name": "Runbook", "yen": 20_000, "covers": ["operations"], "from": "2027-04-10", "until": "2027-12-05"}],
    ),
)
# Each month with what happened in it; what the customer pays is written beside what is paid.
WALK = [
    ("2026-04", [], {"sheet_support/contract": 97_500, "basic/contract": 100_000, "components/contract": 300_000, "individual/contract/AD": 250_000}, 822_250),
    (
        "2026-05",
        [
            happened("2026-05-29", "payment", yen=822_250),
            happened("2026-05-10", "sheet_support", minutes=100),
            happened("2026-05-20", "set_up_ordered", order="more", work_from="2026-05-22", maintenance=True, components=dict(rds=1)),
            happened("2026-05-25", "set_up_cancelled", order="more", payable=dict(maintenance=True)),
        ],
        {"sheet_support": 25_000, "maintenance/more": 50_000},
        82_500,
    ),
    ("2026-06", [happened("2026-06-10", "set_up_completed"), happened("2026-06-30", "payment", yen=82_500)], {}, 0),  # the month of the start
    ("2026-07", [happened("2026-07-20", "components_added", components=dict(ec2=1, ecs_task=2))], dict(operation=90_000), 99_000),
    ("2026-08", [happened("2026-08-31", "payment", yen=99_000)], dict(operation=105_000), 115_500),  # 5 + 6/3
    ("2026-09", [happened("2026-09-10", "plan_changed", plan="advanced"), happened("2026-09-30", "payment", yen=115_500)], dict(operation=210_000), 231_000),
    (
        "2026-10",
        [
            happened("2026-10-05", "plan_changed", plan="entry"),
            happened("2026-10-20", "plan_changed", plan="standard"),
            happened("2026-10-30", "payment", yen=231_000),
        ],
        dict(operation=210_000),  # the dearest, that of the 1st
        231_000,
    ),
    (
        "2026-11",
        [happened("2026-11-15", "components_removed", components=dict(ec2=1)), happened("2026-11-30", "payment", yen=231_000)],
        dict(operation=105_000),
        115_500,
    ),
    (
        "2026-12",
        [
            happened("2026-12-10", "suspended", until="2026-12-20", reason="other"),
            happened("2026-12-31", "plan_changed", plan="advanced"),
            happened("2026-12-28", "payment", yen=115_500),
        ],
        dict(operation=180_000),
        198_000,
    ),
    (
        "2027-01",
        [
            happened("2027-01-31 10:00", "outage", until="2027-02-02 15:00", cause="third_party"),
            happened("2027-02-01", "payment", yen=198_000),  # January 31 is a Sunday
        ],
        dict(operation=174_193),  # 180,000 × 30/31
        191_612,
    ),
    ("2027-02", [happened("2027-02-26", "payment", yen=191_612)], dict(operation=173_571), 190_928),  # × 27/28
    (
        "2027-03",
        [happened("2027-03-10 06:00", "outage", until="2027-03-10 18:00", cause="provider_gross"), happened("2027-03-31", "payment", yen=190_928)],
        dict(operation=177_096),  # × (1 - 12/744)
        194_805,
    ),
    (
        "2027-04",
        [happened("2027-04-25", "reduction", month="2027-04", percent=50), happened("2027-04-30", "payment", yen=194_805)],
        dict(operation=90_000),
        99_000,
    ),
    ("2027-05", [happened("2027-05-31", "payment", yen=99_000)], {"operation": 180_000, "option/Runbook/2027-04-10": 20_000}, 220_000),
    (
        "2027-06",
        [happened("2027-06-12", "qualified_invoice_requested", month="2027-04", postage=110)],
        {
            "operation": 180_000,
            "option/Runbook/2027-04-10": 20_000,
            "qualified_invoice/requested/2027-04/2027-06-12": 400,
            "postage/requested/2027-04/2027-06-12": 110,
        },
        220_561,
    ),
    (
        "2027-07",
        [happened("2027-07-20", "payment", yen=220_000), happened("2027-07-30", "payment", yen=220_561)],  # May's was due on June 30: 19 days late
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000, "late_interest/2027-06-30": 1_660},
        221_660,
    ),
    (
        "2027-08",
        [happened("2027-08-31", "payment", yen=221_660), happened("2027-08-05", "evaded", month="2027-05", yen=100_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000, "evaded/2027-05": 100_000, "premium/2027-05": 200_000},
        550_000,
    ),
    (
        "2027-09",
        [happened("2027-09-01", "channel_changed", channel="aws_marketplace"), happened("2027-09-30", "payment", yen=550_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        None,  # AWS bills it
    ),
    (
        "2027-10",
        [happened("2027-10-01", "channel_changed", channel="own"), happened("2027-12-05", "invoiced", months=["2027-10", "2027-11"], due="2027-12-28")],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        440_000,
    ),
    ("2027-11", [], {"operation": 180_000, "option/Runbook/2027-04-10": 20_000}, 440_000),  # on the same invoice
    (
        "2027-12",
        [happened("2027-12-28", "payment", yen=440_000), happened("2028-01-11", "invoiced", months=["2027-12"], yen=231_000)],
        {"operation": 180_000, "option/Runbook/2027-04-10": 20_000},
        220_000,
    ),
    (
        "2028-01",
        [
            happened("2028-01-20", "settled", months=["2027-12"], yen=-11_000),  # too much had been billed
            happened("2028-01-25", "cancelled", wish="2028-02-10"),
            happened("2028-01-31", "payment", yen=231_000),
        ],
        dict(operation=180_000),
        198_000,
    ),
    ("2028-02", [happened("2028-02-10", "refund", yen=11_000), happened("2028-02-29", "payment", yen=198_000)], dict(operation=180_000), 198_000),
    ("2028-03", [happened("2028-03-31", "payment", yen=198_000)], {}, 0),
]
WALK_EVENTS = [event for dummy, events, dummy, dummy in WALK for event in events]


@pytest.mark.parametrize("month, lines, total", [(month, lines, total) for month, dummy, lines, total in WALK], ids=[row[0] for row in WALK])
def test_one_contract_through_24_months(month, lines, total):
    bill = invoice(WALK_CONTRACT, WALK_EVENTS, month, ISSUER)
    assert bill["issued"] == bool(total)
    assert {line["key"]: line["amount"] for line in bill["lines"] if line["month"] == month} == lines
    if total is not None:
        assert bill["total"] == total


def test_the_walk_may_be_written_backwards():
    more = [happened("2027-01-10", "outage", until="2027-01-11", cause="provider"), *WALK_EVENTS]
    for month, *dummy in WALK:
        assert invoice(WALK_CONTRACT, more, month, ISSUER) == invoice(WALK_CONTRACT, more[::-1], month, ISSUER)


def test_the_walk_knows_every_event_and_leaves_nothing_open():
    assert len(WALK) == 24
    assert {event["event"] for event in WALK_EVENTS} == set(EVENTS)
    billed = {tuple(bill["months"]): bill["total"] for bill in (invoice(WALK_CONTRACT, WALK_EVENTS, month, ISSUER) for month, *dummy in WALK) if bill["issued"]}
    moved = {kind: sum(event["yen"] for event in WALK_EVENTS if event["event"] == kind) for kind in ("payment", "refund")}
    assert sum(billed.values()) == moved["payment"] - moved["refund"]
