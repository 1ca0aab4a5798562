# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One double for all tests of this folder; each test begins with an empty account."""

from __future__ import annotations

import functools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

boto3 = pytest.importorskip("boto3")
pytest.importorskip("moto")

from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

from tests.doubles.aws import AwsDouble  # noqa: E402

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
ONCE = {"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 20}


@pytest.fixture(scope="session")
def running():
    with AwsDouble() as double:
        yield double


@pytest.fixture
def double(running):
    """The double, as empty as AWS hands out an account (the first snapshot is of that)."""
    if not hasattr(running, "fresh"):
        running.snapshot("fresh")
        running.fresh = True
    yield running
    running.restore("fresh")
    running.clear_faults()
    running.clear_calls()


@pytest.fixture
def aws(double):
    """aws("ec2") is a client that tries each call once."""
    return functools.partial(client, double.url)


@functools.lru_cache(maxsize=200)
def client(url, service, region="ap-northeast-1", **credentials):
    given = {**KEYS, **credentials}
    config = Config(**ONCE, parameter_validation=False)  # the double is to refuse, not botocore
    return boto3.client(service, endpoint_url=url, region_name=region, config=config, **given)


class Refused:
    """`refused(code, call, **parameters)`: the call must fail with this code; gives the message."""

    def __call__(self, code, call, **parameters):
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        return error.get("Message", "")


@pytest.fixture
def refused():
    return Refused()
