# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the fees share: a contract, its events, and what a paper says."""

from __future__ import annotations

from fractions import Fraction

from ansible_collections.msp.aws.plugins.filter.fees import invoice, usage_statement

RATE = Fraction("14.5") / 100
ISSUER = dict(name="Example MSP", registration_number="T7000012050002")


def contract(**more):
    """Seven EC2 instances on the advanced plan since June 2026: 210,000 yen a month from July."""
    plain = dict(number="C-1", customer="Example Corp", applied_on="2026-04-13", plans=[{"plan": "advanced", "from": "2026-06-15"}])
    return dict(plain, operation=dict(components=dict(ec2=7)), **more)


def happened(day, event, **fields):
    return dict(date=day, event=event, **fields)


def invoiced(month="2026-07", yen=231_000):
    """The invoice of a month of 2026 as it was sent, in the month after."""
    return happened(f"2026-{int(month[5:]) + 1:02}-03", "invoiced", months=[month], yen=yen)


def amounts(paper):
    return {line["key"]: line["amount"] for line in paper["lines"]}


def fee(agreed, events, month):
    """Yen of the plan in a month; 0 where there is no line."""
    return amounts(usage_statement(agreed, events, month)).get("operation", 0)


def worked_out(line):
    """The exact yen of a line before and after its deductions, by what it says that they add up from, in a year of 365 days."""
    gross = left = _added_up(line["segments"])
    for one in line["deductions"]:
        share = _added_up(one["segments"]) if "segments" in one else left * one["percent"] / 100
        assert Fraction(one["yen"]) == min(share, left) and one.get("capped", False) == (share > left)
        left -= min(share, left)
    return gross, left


def _added_up(segments):
    late = [Fraction(one["yen"] * one["days"]) * Fraction(one["percent_a_year"]) / 36_500 for one in segments if "yen" in one]
    used = [one["quantity"] * one["unit_price"] * Fraction(one["days"]) / one["of"] for one in segments if "of" in one]
    return sum([*late, *used], Fraction(0))


def the_line(paper, key):
    return next(line for line in paper["lines"] if line["key"] == key)


def ordered(**parts):
    days = dict(applied_on="2026-04-13", accepted_on="2026-04-15", set_up_from="2026-04-20")
    return dict(days, number="C-1", customer="Example Corp", set_up=dict(dict(basic=False, components={}), **parts))


def interest_billed(agreed, events, last="2027-01"):
    months = [f"2026-{number:02}" for number in range(6, 13)] + ["2027-01"]
    papers = [invoice(agreed, events, month, ISSUER) for month in months if month <= last]
    return {key: yen for paper in papers for key, yen in amounts(paper).items() if key.startswith("late_interest")}
