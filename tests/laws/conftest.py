# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.doubles.aws import AwsDouble
from tests.laws.stage import KINDS, Stage, hasten


@pytest.fixture(scope="session")
def double():
    with AwsDouble() as running:
        yield running


@pytest.fixture
def stage(double, monkeypatch):
    hasten(monkeypatch)
    double.clear_faults()
    return Stage(double)


@pytest.fixture(params=list(KINDS))
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def prepared(stage, kind):
    """The account before the kind's first example."""
    stage.prepare(kind.name)
    return stage
