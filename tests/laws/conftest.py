# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys

import pytest

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble
from tests.laws.operations import Desk
from tests.laws.stage import ACCOUNT, KINDS, REGION, MackerelStage, Stage, hasten
from tests.laws.test_gateways import client, write
from tests.playbook import run_playbook

# Mackerel's documents leave open how its answers look: each of its kinds is played in every way, each way of each question in one of them.
MODES = dict(
    plain=dict(unknown_fields="refuse", defaults="filled", empty_lists="returned", nulls="returned", scope_space=False, order="kept"),
    bare=dict(unknown_fields="drop", defaults="left out", empty_lists="left out", nulls="left out", scope_space=False, order="shuffled"),
    newer=dict(unknown_fields="refuse", defaults="left out", empty_lists="returned", nulls="left out", scope_space=True, order="shuffled"),
)
MODES["newer"].update(news=True, unknown_type=True)


def plays():
    for name, kind in KINDS.items():
        for mode in MODES if kind.door is Mackerel else [None]:
            yield pytest.param((name, mode), id=f"{name}-{mode}" if mode else name)


@pytest.fixture(scope="session")
def double():
    with AwsDouble() as running:
        yield running


@pytest.fixture(scope="session")
def mackerel_double():
    with MackerelDouble() as running:
        yield running


@pytest.fixture
def stage(double, monkeypatch):
    hasten(monkeypatch)
    double.clear_faults()
    return Stage(double)


@pytest.fixture
def said(monkeypatch):
    """What modules warn of. Ansible would show each only once in a process."""
    texts = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: texts.append(text))
    return texts


@pytest.fixture
def account(stage):
    """With nothing in it."""
    stage.double.reset()
    return stage


@pytest.fixture
def network(account):
    """A VPC with two subnets and an internet gateway, and a VPC beside it."""
    write(account, "ec2_vpcs", dict(name="acme", cidr_block="10.20.0.0/16"), dict(name="other", cidr_block="10.30.0.0/16"))
    blocks = dict(a="10.20.1.0/24", c="10.20.2.0/24")
    write(account, "ec2_subnets", *(dict(name=zone, vpc="acme", cidr_block=block, availability_zone=f"{REGION}{zone}") for zone, block in blocks.items()))
    write(account, "ec2_internet_gateways", dict(name="acme", vpc="acme"))
    return account


@pytest.fixture
def ec2(network):
    return client(network, "ec2")


@pytest.fixture
def desk(stage, request):
    """Who carries operations out, with what the operation that is played works on."""
    played = getattr(request.node, "callspec", None)
    opened = Desk(stage).open(played.params.get("operation") or played.params.get("returning") or "" if played else "")
    yield opened
    opened.close()


@pytest.fixture
def theirs(stage, tmp_path):
    """Runs a module of another collection as a playbook does, `times` over, or several of them (module → arguments); gives what the run printed.

    It may fail, late or soon: what counts is what the account looks like afterwards.
    """

    def run(modules, *more, times=1, **arguments):
        tasks = [{module: given} for module, given in (modules if isinstance(modules, dict) else {modules: arguments}).items()]
        (tmp_path / "play.yml").write_text(json.dumps([dict(hosts="localhost", gather_facts=False, tasks=tasks * times)]), encoding="utf-8")
        keys = dict(AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}OTHR", AWS_SECRET_ACCESS_KEY="x" * 20)
        access = dict(keys, AWS_ENDPOINT_URL=stage.double.url, AWS_REGION=REGION)
        local = ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-v"]
        return run_playbook([tmp_path / "play.yml", *local, *more], access, rc=None, allow={".": "another's module"}).output

    return run


@pytest.fixture(params=MODES)
def mackerel(mackerel_double, monkeypatch, request):
    """An organization of Mackerel, in every mode."""
    return in_mode(mackerel_double, monkeypatch, request.param)


def in_mode(double, monkeypatch, mode):
    hasten(monkeypatch)
    double.clear_faults()
    double.modes(**{**MODES["plain"], "news": False, "unknown_type": False, **MODES[mode]})
    return MackerelStage(double)


@pytest.fixture(params=list(plays()), scope="module")
def play(request):
    """A kind's name, and the mode of the double where it has modes. All laws of one kind are played in a row: its account is led up to in one worker only."""
    return request.param


@pytest.fixture
def kind(play):
    return KINDS[play[0]]


@pytest.fixture
def home(play, request, monkeypatch):
    """Where the kind is at home."""
    dummy, mode = play
    return in_mode(request.getfixturevalue("mackerel_double"), monkeypatch, mode) if mode else request.getfixturevalue("stage")


@pytest.fixture
def prepared(home, kind):
    """The account before the kind's first example."""
    home.prepare(kind.name)
    return home
