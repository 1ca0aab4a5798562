# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble
from tests.playbook import ROOT, run_playbook

ACCOUNT = "123456789012"
SECRET = "planted-secret-8f3a61c2d9-that-no-file-may-keep"


@pytest.fixture(scope="session")
def running():
    with AwsDouble() as double:
        yield double


@pytest.fixture
def double(running):
    running.reset()
    return running


class Customer:
    """An inventory of one contract, and the playbooks run with it as an engineer runs them."""

    def __init__(self, folder, double):
        self.folder, self.inventory, self.double = folder, folder / "inventory", double
        (self.inventory / "group_vars" / "all").mkdir(parents=True)
        (folder / "results").mkdir()
        host = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
        self._write("hosts.yml", dict(contract=dict(hosts=dict(acme=host))))
        self.contract(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", language="en")

    def contract(self, **contract):
        self._write("group_vars/all/contract.yml", dict(contract=contract))

    def variables(self, **variables):
        """Others of the inventory."""
        self._write("group_vars/all/others.yml", variables)

    def sheet(self, **sheet):
        self._write("group_vars/all/sheet.yml", dict(sheet=sheet))

    def setup(self, *arguments, rc=0, **more):
        """One run of setup; with names of kinds as keywords the sheet is written first."""
        sheet = {name: more.pop(name) for name in list(more) if name not in ("key", "env", "fresh", "allow")}
        if sheet:
            self.sheet(**sheet)
        return self.play("setup", "-e", f"setup_result_directory={self.folder / 'results'}", *arguments, rc=rc, **more)

    def inspect(self, playbook, *arguments, **more):
        return self.play(playbook, "-e", f"inspection_directory={self.folder / 'results'}", *arguments, **more)

    def play(self, playbook, *arguments, rc=0, key=f"AKIA{ACCOUNT}ENGR", env=None, fresh=True, allow=None):
        """One run. `fresh`: the record of calls, which is CloudTrail's too, begins with it."""
        environment = dict(
            AWS_ENDPOINT_URL=self.double.url,
            AWS_ACCESS_KEY_ID=key,
            AWS_SECRET_ACCESS_KEY=SECRET,
            ANSIBLE_LOCAL_TEMP=str(self.folder / "tmp"),
            ANSIBLE_REMOTE_TEMP=str(self.folder / "tmp"),
        )
        environment.update(env or {})
        if fresh:
            self.double.clear_calls()
        return run_playbook(["-i", self.inventory, ROOT / f"playbooks/{playbook}.yml", *arguments], environment, rc=rc, allow=allow)

    def writes(self):
        return [f"{call['service']}:{call['operation']}" for call in self.double.calls() if call["write"]]

    def result(self):
        """The newest file for machines."""
        return json.loads(self.newest("*.json").read_text(encoding="utf-8"))

    def newest(self, pattern):
        return max((self.folder / "results").glob(pattern), key=lambda path: path.stat().st_mtime_ns)

    def _write(self, name, data):
        (self.inventory / name).write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def customer(tmp_path, double):
    return Customer(tmp_path / "acme", double)


@pytest.fixture(scope="session")
def mackerel():
    with MackerelDouble() as double:
        yield double


@pytest.fixture
def watched(customer, mackerel, request):
    """A customer with an organization of Mackerel, and the module's CONTRACT."""
    mackerel.reset()
    customer.contract(**request.module.CONTRACT)
    customer.env = dict(MACKEREL_APIKEY=mackerel.key, MACKEREL_APIBASE=mackerel.url)
    return customer
