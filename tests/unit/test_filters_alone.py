# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the fees and of the calendar need nothing of the collection but themselves and their data, whatever they are given."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USED = """
import sys
from inspect import signature
sys.path.insert(0, sys.argv[1])
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[1]])
from ansible_collections.msp.aws.plugins.filter import calendar, fees
assert calendar.__file__.startswith(sys.argv[1]), calendar.__file__
issuer = dict(name="Example MSP", registration_number="T7000012050002")
contract = dict(
    number="C-1", customer="Example Corp", applied_on="2026-04-13", accepted_on="2026-04-15", set_up=dict(basic=True, components=dict(ec2=1)),
    plans=[{"plan": "advanced", "from": "2026-06-15"}], operation=dict(components=dict(ec2=7)), qualified_invoice=True,
)
events = [
    dict(date="2026-09-20", event="payment", yen=10**6),
    dict(date="2026-08-10", event="outage", until="2026-08-12", cause="provider"),
]
rules = dict(late_day_count="fixed_365")
sheet = dict(ec2_instances=[dict(name="a")], ec2_vpcs=[dict(name="b")], monitoring=dict(ec2=[dict(name="a")]))
applied = dict(number="C-1", customer="Example Corp", plans=contract["plans"])
closures = dict(add=[{"from": "2026-08-13"}])
window = [dict(name="a", when="third Sunday 01:00-05:00")]
bill = fees.invoice(contract, events, "2026-08", issuer, "ja")
settled = fees.invoice_settlement(bill, contract, events[:1], "2026-10-01", "ja", [])
events += [dict(date="2026-10-01", event="settled", months=["2026-08"], yen=settled["total"], due="2026-10-31")]
calls = [
    (fees.billable_components, sheet, "en"),
    (fees.quotation, applied, sheet, "2026-04-13", "en"),
    (fees.usage_statement, contract, events, "2026-08", "en"),
    (fees.invoice, contract, events, "2026-09", issuer, "en"),
    (fees.invoice_settlement, bill, contract, [events[0], events[2]], "2026-10-02", "en", [settled]),
    (fees.liability_limits, contract, events, "2026-08", "en"),
    (fees.late_interest, [dict(due="2026-08-31", yen=1)], [dict(date="2026-10-20", yen=1)], "2026-10-31", rules, "en"),
    (calendar.holidays, 2026, "en"),
    (calendar.closed_days, "2026-01-01", "2026-12-31", closures, "en", contract),
    (calendar.is_business_day, "2026-11-20", closures, "en", contract),
    (calendar.earliest_date, "2026-11-20", 3, closures, True, contract, "en"),
    (calendar.reception, "2026-11-20 10:00", "entry", "incident", "en"),
    (calendar.maintenance_windows, window, "2026-01-01", "2026-12-31", closures, "en", contract),
    (calendar.in_maintenance_window, "2026-11-15 02:00", window, 60, closures, "en", contract),
    (calendar.ical, [dict(name="a", date="2026-11-15")], "A", "2026-01-01 00:00", "en"),
    (calendar.day_in_japan, 1798758300, "en"),
    (calendar.awx_schedule, "every day 01:00", "2026-11-15", "2026-12-31", closures, "en", contract),
]
for function, *inputs in calls:
    assert len(inputs) == len(signature(function).parameters), function
    function(*inputs)
names = {*fees.FilterModule().filters(), *calendar.FilterModule().filters()}
assert names == {function.__name__ for function, *inputs in calls}, names
print(*sorted(names))
"""


def test_the_filters_stand_alone(tmp_path):
    collection = tmp_path / "ansible_collections" / "msp" / "aws"
    for pattern in ("catalog/prices.yml", "catalog/units.yml", "catalog/setup.yml", "catalog/calendar.yml", "plugins/filter/*",
                    "plugins/plugin_utils/_fees_*.py", "plugins/plugin_utils/_calendar*.py", "plugins/plugin_utils/_days.py", "plugins/plugin_utils/_hints.py",
                    "plugins/plugin_utils/_filters.py"):
        for path in ROOT.glob(pattern):
            if path.is_file():
                target = collection / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    run = subprocess.run([sys.executable, "-c", USED, str(tmp_path)], cwd=tmp_path, env={"HOME": str(tmp_path)}, text=True, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    assert {"invoice", "earliest_date"} <= set(run.stdout.split())
