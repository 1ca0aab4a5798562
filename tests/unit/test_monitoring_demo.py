# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo customer: what is watched is what was agreed upon, as the hearing says it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.msp.aws.plugins.filter import monitoring
from ansible_collections.msp.aws.plugins.filter.fees import billable_components
from tests.unit.test_monitoring import opened

FILES = Path(__file__).resolve().parents[2] / "inventories/demo/group_vars/all"
SHEET, CONTRACT = (yaml.safe_load((FILES / f"{name}.yml").read_text(encoding="utf-8"))[name] for name in ("sheet", "contract"))


@pytest.fixture(scope="module")
def made():
    return opened(monitoring.monitoring_expanded(SHEET, CONTRACT))


def test_it_is_in_order_and_counts_what_the_contract_has_operated():
    assert monitoring.monitoring_faults(SHEET, CONTRACT) == []
    assert billable_components(SHEET)["operation"] == CONTRACT["operation"]["components"]


def test_the_thresholds_of_the_hearing_are_those_of_every_server(made):
    monitors = {monitor["name"]: monitor for monitor in made["mackerel_monitors"]}
    for role in ("web", "file", "ad"):
        told = [(monitors[f"ec2-smp:{role}-{item}"]["warning"], monitors[f"ec2-smp:{role}-{item}"]["critical"]) for item in ("cpu", "memory", "disk")]
        assert told == [(90, 95), (85, 95), (80, 90)]
        assert f"ec2-smp:{role}-connectivity" in monitors
    assert {monitor["url"] for monitor in made["mackerel_monitors"] if monitor["type"] == "external"} == {"https://www.sample-trading.example/healthz"}


def test_the_servers_agents_have_the_checks_of_the_hearing():
    files = {one["host"]: one["text"] for one in monitoring.monitoring_agents(SHEET, CONTRACT) if one["name"].endswith(".conf")}
    assert all(word in files["smp-web01"] for word in ("nginx", "8080", "/var/log/nginx/error.log", "emerg|alert|crit"))
    assert "LanmanServer" in files["smp-file01"] and all(word in files["smp-ad01"] for word in ("NTDS", "DNS", "WsusService"))


def test_nobody_is_paged_twice_by_an_alarm_of_the_sheet_and_one_of_the_monitoring(made):
    assert all(alarm["alarm_actions"] == ["smp-alert"] for alarm in made["cloudwatch_alarms"])
    own = [alarm for alarm in SHEET["cloudwatch_alarms"] if alarm.get("alarm_actions")]
    watched = {(alarm["namespace"], alarm["metric_name"]) for alarm in made["cloudwatch_alarms"] if "metric_name" in alarm}
    assert not {(alarm["namespace"], alarm["metric_name"]) for alarm in own} & watched
