# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws that every operation obeys, each played with the example of its row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.laws.operations import OPERATIONS, Desk

ONCE = [name for name, row in OPERATIONS.items() if row.get("once")]


@pytest.fixture(params=list(OPERATIONS))
def operation(request):
    return request.param


@pytest.fixture
def desk(stage):
    return Desk(stage).open()


def told(result):
    """What a result says of the work, as far as a plan can know it."""
    return dict(entries=[{name: one[name] for name in ("entry", "action", "changed")} for one in result["entries"]], diff=result["diff"])


def before_of(operation, result, hours=1):
    """What the frame tells a run that goes on where another broke off, that one so long ago that CloudTrail would show all of it."""
    return dict(result.get("facts", {}), at=(datetime.now(UTC) - timedelta(hours=hours)).isoformat())


def test_the_plan_predicts_the_apply_and_writes_nothing(desk, operation):
    state = desk.double.state()
    plan = desk.run(operation, check=True)
    assert desk.writes() == [] and desk.double.state() == state
    applied = desk.run(operation)
    assert plan["changed"] and applied["changed"] and told(plan) == told(applied) and desk.writes()


def test_a_second_run_is_quiet(desk, operation):
    plan = desk.run(operation, check=True)
    desk.run(operation)
    desk.double.clear_calls()
    desk_again = desk.run(operation, before=before_of(operation, plan)) if operation not in ONCE else None
    if desk_again is not None:
        assert not desk_again["changed"] and desk.writes() == []
