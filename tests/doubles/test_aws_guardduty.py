# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's GuardDuty: its defaults, and what it refuses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

BOTH = [dict(Name="RUNTIME_MONITORING", Status="ENABLED"), dict(Name="EKS_RUNTIME_MONITORING", Status="ENABLED")]
MISPLACED = [dict(Name="S3_DATA_EVENTS", Status="ENABLED", AdditionalConfiguration=[dict(Name="EC2_AGENT_MANAGEMENT", Status="ENABLED")])]


@pytest.fixture
def guardduty(aws):
    return aws("guardduty")


def test_all_plans_but_runtime_monitoring_are_on(guardduty):
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    off = [feature["Name"] for feature in guardduty.get_detector(DetectorId=detector)["Features"] if feature["Status"] == "DISABLED"]
    assert off == ["RUNTIME_MONITORING"]


def test_there_is_one_in_a_region(guardduty):
    guardduty.create_detector(Enable=True)
    with pytest.raises(ClientError, match="already exists"):
        guardduty.create_detector(Enable=True)


@pytest.mark.parametrize("features", [BOTH, MISPLACED], ids=["both", "misplaced"])
def test_features_are_checked(guardduty, features):
    with pytest.raises(ClientError, match="BadRequestException"):
        guardduty.create_detector(Enable=True, Features=features)
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    with pytest.raises(ClientError, match="BadRequestException"):
        guardduty.update_detector(DetectorId=detector, Features=features)


def test_an_unknown_detector_is_refused(guardduty):
    for call in (guardduty.get_detector, guardduty.update_detector, guardduty.delete_detector):
        with pytest.raises(ClientError, match="not owned by the current account"):
            call(DetectorId="0" * 32)
