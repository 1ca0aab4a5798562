# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What law 4 lets pass in the thing that is changed, and what it does not."""

from __future__ import annotations

import pytest

from tests.laws.moved import assert_only_what_is_named_moved
from tests.laws.stage import KINDS

PATH = "logs/123456789012/ap-northeast-1/groups/acme"
HAS = dict(name="acme", retention_in_days=30, kms="key-1", tags=dict(Env="prod"), changed_at="09:00", groups=["sg-1"], note=None)
ABOUT = [dict(retention_in_days=90), dict(retention_in_days=30), dict(retention_in_days=90)]


def moves(path=PATH, kind="logs_log_groups", **changed):
    before, after = {path: HAS}, {path: {**HAS, **changed}}
    assert_only_what_is_named_moved(KINDS[kind], {"acme"}, ABOUT, before, after)


@pytest.mark.parametrize("changed", [dict(), dict(retention_in_days=90), dict(days="90"), dict(note="")])
def test_what_was_named_may_move(changed):
    moves(**changed)


NOTED = [dict(changed_at="09:01"), dict(status="stopped"), dict(state="off"), dict(version=2), dict(token="2"), dict(association="b")]


@pytest.mark.parametrize("changed", [dict(kms="key-2"), dict(kms=None), dict(tags={}), dict(tags=dict(Env="test")), dict(groups=[]), dict(note="new"), *NOTED])
def test_nothing_else_may(changed):
    with pytest.raises(AssertionError, match="which nobody named"):
        moves(**changed)


def test_what_aws_notes_may_move_in_that_kind_and_place_alone():
    alarm = PATH.replace("groups", "alarms")
    moves(alarm, "cloudwatch_alarms", configuration_updated_timestamp="09:01")
    for path, kind in ((PATH, "cloudwatch_alarms"), (alarm, "logs_log_groups")):
        with pytest.raises(AssertionError, match="configuration_updated_timestamp moved"):
            moves(path, kind, configuration_updated_timestamp="09:01")
