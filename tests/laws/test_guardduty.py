# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GuardDuty: what it switches on by itself stays off, and what would stop the detection is told."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from tests.laws.test_gateways import client, dangerous, harmless, refused, task, write

DETECTOR = "guardduty_detector"


@pytest.fixture
def guarded(stage):
    stage.double.reset()
    write(stage, DETECTOR, dict(enable=True, features=[dict(name="S3_DATA_EVENTS", enabled=True)]))
    return stage


def plans(stage):
    guardduty = client(stage, "guardduty")
    (detector,) = guardduty.list_detectors()["DetectorIds"]
    return {feature["Name"]: feature["Status"] for feature in guardduty.get_detector(DetectorId=detector)["Features"]}


def test_a_plan_that_nobody_named_is_off_in_a_new_detector(guarded):
    on = {name for name, status in plans(guarded).items() if status == "ENABLED"}
    assert on == {"S3_DATA_EVENTS", "CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"}, "the last three are GuardDuty itself"


def test_what_is_switched_on_and_begins_to_cost_is_told_in_the_plan(stage, monkeypatch):
    stage.double.reset()
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    entry = dict(enable=True, features=[dict(name="S3_DATA_EVENTS", enabled=True), dict(name="RDS_LOGIN_EVENTS", enabled=False)])
    for check in (True, False):
        stage.run(DETECTOR, task(DETECTOR, entry), check=check)
        (text,) = said
        assert "switches on GuardDuty itself (CLOUD_TRAIL, DNS_LOGS, FLOW_LOGS), S3_DATA_EVENTS, each billed" in text and "30 days for each" in text
        assert "Off stay" in text and "RDS_LOGIN_EVENTS" in text.partition("Off stay")[2]
        said.clear()
    write(stage, DETECTOR, entry)
    write(stage, DETECTOR, dict(features=[dict(name="S3_DATA_EVENTS", enabled=False)]), confirm=[f"{DETECTOR}/detector"])
    assert said == [], "what is on already, and what goes off"
    stage.run(DETECTOR, task(DETECTOR, dict(features=[dict(name="EKS_AUDIT_LOGS", enabled=True)])), check=True)
    assert len(said) == 1 and "switches on EKS_AUDIT_LOGS, each" in said[0] and "left: EKS_AUDIT_LOGS 30 days" in said[0]


def test_a_detector_that_others_made_keeps_its_plans(stage):
    stage.double.reset()
    client(stage, "guardduty").create_detector(Enable=True)
    before = plans(stage)
    harmless(stage, DETECTOR, dict(enable=True, finding_publishing_frequency="ONE_HOUR"))
    assert plans(stage) == before and before["EKS_AUDIT_LOGS"] == "ENABLED"


def test_what_stops_the_detection_is_told(guarded):
    assert "would switch off S3_DATA_EVENTS" in dangerous(guarded, DETECTOR, dict(features=[dict(name="S3_DATA_EVENTS", enabled=False)]))
    assert "would stop the detection of threats" in dangerous(guarded, DETECTOR, dict(enable=False))


def test_a_plan_cannot_be_taken_away(guarded):
    message = refused(guarded, DETECTOR, dict(features=dict(remove=[dict(name="S3_DATA_EVENTS", enabled=True)])))
    assert "write enabled: false for S3_DATA_EVENTS" in message


def test_a_member_of_anothers_guardduty_is_not_written(guarded):
    client(guarded, "guardduty").enable_organization_admin_account(AdminAccountId="210987654321")
    assert "member of account 210987654321" in refused(guarded, DETECTOR, dict(finding_publishing_frequency="ONE_HOUR"))
