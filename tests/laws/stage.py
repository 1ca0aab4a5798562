# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laws are played on: a kind's own EXAMPLES as acts, modules run in process, a double as the account."""

from __future__ import annotations

import copy
import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import boto3
from ansible.module_utils.common.yaml import yaml_load
from ansible.module_utils.testing import patch_module_args
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from botocore.retries.quota import RetryQuota

from ansible_collections.msp.aws.plugins.module_utils import _client, _engine, _private_keys
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from ansible_collections.msp.aws.plugins.module_utils._options import spread
from ansible_collections.msp.aws.plugins.plugin_utils import accounts
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import MODULES, kinds
from tests.laws.outside import OUTSIDE, an_archive, archive_file, hash_of

ACCOUNT = "123456789012"
REGION = "ap-northeast-1"
KINDS = kinds()
PREFIX = "msp.aws."
CLIENTS: dict[tuple, tuple[Any, Any]] = {}
CONNECT = _client.Aws._connect
READY: dict[tuple[str, str], dict] = {}
# What EXAMPLES take from a vault. Made for this place; nobody has ever used them.
VAULT = dict(
    acme_bgp_key="bgp-key-7c21e9",
    acme_aws_secret="aws-secret-31f0bd",
    acme_import_sha256=hash_of(an_archive()),
    acme_import_zip=archive_file(),
    acme_import_zip_sha256=hash_of(Path(archive_file()).read_bytes()),
    acme_mail_key="mail-key-4d1f0c",
    acme_orders_token="orders-token-8e02f7",
    acme_probe_body="probe-body-51be20",
    acme_probe_key="probe-key-90d3aa",
    acme_slack_url="https://hooks.slack.example/T0/B0/slack-key-77d1e0",
    acme_ticket_url="https://tickets.example.jp/hook/ticket-key-0c5a1f",
    acme_vpn_key_1="vpn.key_1_c81e728d9d4c2f63",
    acme_vpn_key_2="vpn.key_2_eccbc87e4b5ce2fe",
    acme_www_private_key="""-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXOzp92nEJyPsTYp9
6wOQmQkueEFY2fJ2i/Nk//3RwkuhRANCAAR/3UJZHjBszEhlj0j1Q+jzGqC4vXIi
+gJVONQN2QWWsPpdKiQy/O2klvdd0/vpahld40xjA3a7V30JMhe2Unqm
-----END PRIVATE KEY-----
""",
)

# Kinds whose one thing is there by itself, and which nobody can make, change or remove through the API: a sheet can only ask how it is.
WATCHED = {"iam_root_user"}


@dataclass(frozen=True)
class Examples:
    """EXAMPLES of a kind as acts: what must be there before, making it, changing it, removing it."""

    before: tuple[tuple[str, dict], ...]
    make: dict
    changes: tuple[dict, ...]
    remove: dict


@cache
def examples(name: str) -> Examples:
    """The first task of the kind makes, the ones with `state: absent` remove, those between change; tasks of other kinds come before."""
    text = yaml_load((MODULES / f"{name}.yml").read_text(encoding="utf-8"))["EXAMPLES"]
    tasks = [(next(key for key in task if key.startswith(PREFIX)), task) for task in opened(yaml_load(text))]
    before = tuple((key.removeprefix(PREFIX), task[key]) for key, task in tasks if key != PREFIX + name)
    own = [task[key] for key, task in tasks if key == PREFIX + name and task[key].get("state") != "gathered"]
    if name in WATCHED:
        return Examples(before, own[0], tuple(own[1:-1]), own[-1])
    removing = [task for task in own if any(entry.get("state") == "absent" for entry in entries(name, task))]
    assert len(own) >= 3 and len(removing) == 1 and removing[0] is own[-1], f"{name}: EXAMPLES must make, change, and at last remove"
    return Examples(before, own[0], tuple(own[1:-1]), own[-1])


def opened(value: Any) -> Any:
    """EXAMPLES with what they take from a vault."""
    if isinstance(value, dict):
        return {key: opened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner) for inner in value]
    return VAULT.get(value.strip("{} "), value) if isinstance(value, str) and value.startswith("{{") else value


def entries(name: str, task: dict) -> list[dict]:
    given = task[KINDS[name].things]
    return [given] if isinstance(given, dict) else given


def like(name: str, entry: dict, number: int) -> dict:
    """One more entry like this, under a name of its own; addresses, small networks and a priority are its own as well."""
    *scope, last = KINDS[name].identity
    own = entry[last] + number if isinstance(entry[last], int) else f"{entry[last]}{number}"
    apart = dict(priority=entry["priority"] + number) if "priority" in entry else {}
    return {**_moved(entry, number), **apart, **{part: entry[part] for part in scope}, last: own}


ADDRESS = re.compile(r"(\d+\.\d+)\.(\d+)\.(\d+)(/2[4-9]|/30)?")


def _moved(value: Any, by: int) -> Any:
    if isinstance(value, dict):
        return {key: _moved(inner, by) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    found = ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value
    network, third, last, length = found.groups()
    return f"{network}.{int(third) + 100 + by}.{last}{length}" if length else f"{network}.{third}.{int(last) + 100 + by}"


class Stage:
    """One account, and a way to run modules against it as Ansible does."""

    def __init__(self, double: Any) -> None:
        self.double = double
        self.neighbours: dict = {}  # what other contracts of the run have, as neighbour_ids tells it

    def run(self, name: str, task: dict, *, check: bool = False, fails: bool = False, **more: Any) -> dict:
        """The result of one module call, as Ansible would get it. `fails`: it must fail; else it must not."""
        result = self.attempt(name, task, check=check, **more)
        assert bool(result.get("failed")) == fails, result.get("msg") or result
        return result

    def attempt(self, name: str, task: dict, *, check: bool = False, **more: Any) -> dict:
        args = {**copy.deepcopy(task), **self.hands(), "neighbours": self.neighbours, **more}
        args.update(_ansible_check_mode=check, _ansible_diff=True)
        out = io.StringIO()
        with patch_module_args(args), redirect_stdout(out):
            try:
                _engine.run(KINDS[name])
            except SystemExit:
                pass
        return json.loads(out.getvalue())

    def hands(self) -> dict[str, Any]:
        """The options with which a module reaches the account and is sure that it is the right one."""
        return dict(self.place(), account_id=ACCOUNT)

    def place(self) -> dict[str, Any]:
        keys = dict(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        return dict(keys, region=REGION, endpoint_url=self.double.url)

    def door(self) -> Any:
        """The account as the controller looks at it."""
        return accounts.Aws(accounts.Place({**dict.fromkeys(aws_argument_spec()), **self.place(), "validate_certs": True}))

    def gather(self, name: str, only: dict | None = None) -> list[dict]:
        task = {"state": "gathered"}
        if only:
            task[KINDS[name].things] = only[KINDS[name].things]
        return self.run(name, task)["gathered"]

    def settled(self, name: str) -> list[dict]:
        """What is there after a break. AWS may still be at work on what was begun, of which a kind may say so; a look lets time pass."""
        first = self.attempt(name, {"state": "gathered"})
        return self.gather(name) if first.get("failed") else first["gathered"]

    def look(self, sheet: dict, only: Any = None) -> dict:
        """The account beside a sheet, as msp.aws.account_info looks at it; `only` these kinds of it."""
        return {kind: asdict(found) for kind, found in accounts.look(self.door(), sheet, only, self.neighbours).items()}

    def prepare(self, name: str) -> None:
        """An account in which only the kind itself is missing; led up to once, and brought back from then on."""
        ready = f"ready for {name}"
        key = (self.double.url, name)
        if key in READY:
            self.double.restore(ready)
            self.neighbours = READY[key]
        else:
            self.double.reset()
            self.lead_up(name)
            self.double.snapshot(ready)
            READY[key] = self.neighbours
        self.double.clear_calls()

    def lead_up(self, name: str) -> None:
        """What the kind's examples need: what other kinds make, what no kind makes, and what other contracts have."""
        self.neighbours = {}
        for kind, task in examples(name).before:
            self.run(kind, task)
        if name in OUTSIDE:
            self.neighbours = OUTSIDE[name](self.others()) or {}

    def others(self) -> Any:
        """How somebody else comes to the account: what OUTSIDE works with."""
        return self.client

    def client(self, service: str, account: str = ACCOUNT, region: str = REGION, who: str = "OTHR") -> Any:
        """Somebody else, at the same account or at another one."""
        return somebody(self.double.url, service, account, region, who)

    def writes(self) -> list[str]:
        """Writing calls since the record was last cleared, as service:Operation, in their order."""
        return [f"{call['service']}:{call['operation']}" for call in self.double.calls() if call["write"]]

    def reads(self) -> list[str]:
        return [f"{call['service']}:{call['operation']}" for call in self.double.calls() if not call["write"]]


@cache
def somebody(url: str, service: str, account: str, region: str, who: str) -> Any:
    keys = dict(aws_access_key_id=f"AKIA{account}{who}", aws_secret_access_key="x" * 20)
    return boto3.client(service, endpoint_url=url, region_name=region, **keys)


class MackerelStage(Stage):
    """One organization of Mackerel. `writes` and `reads` are told as mackerel:METHOD path."""

    def place(self) -> dict[str, Any]:
        return dict(mackerel_api_key=self.double.key, mackerel_api_base=self.double.url)

    def hands(self) -> dict[str, Any]:
        return dict(self.place(), mackerel_organization=self.double.organisation)

    def others(self) -> Any:
        return self.double

    def as_reader(self) -> MackerelStage:
        """The same organization, with a key that may only read."""
        reader = MackerelStage(self.double)
        reader.place = lambda: dict(mackerel_api_key=self.double.read_key, mackerel_api_base=self.double.url)
        return reader

    def door(self) -> Any:
        return Mackerel(accounts.Place(self.place()))


def hasten(monkeypatch: Any) -> None:
    """Waits and pauses keep their number and lose their length."""
    monkeypatch.setattr(_engine, "PAUSES", (0,) * len(_engine.PAUSES))
    monkeypatch.setattr(_client, "RETRIES", dict(mode="standard", total_max_attempts=4))
    monkeypatch.setattr(_client.time, "sleep", lambda seconds: None)
    # Every real run begins with botocore's full quota of retries; the shared clients would carry over what earlier faults have used up.
    monkeypatch.setattr(RetryQuota, "acquire", lambda quota, amount: True)
    monkeypatch.setattr(_client.Aws, "_connect", _connect_once)
    # What the double has by chance it has again after a restore; so must the keys that are made on this side.
    monkeypatch.setattr(_private_keys, "make", lru_cache(_private_keys.make))


def _connect_once(aws: Any, service: str, acting: bool) -> Any:
    """A real run makes its clients anew; hundreds of runs in one process share them, each with its own hooks."""
    key = (service, acting, aws._module.params["endpoint_url"], aws._module.params["access_key"])
    if key not in CLIENTS:
        CLIENTS[key] = CONNECT(aws, service, acting), aws
        return CLIENTS[key][0]
    client, before = CLIENTS[key]
    for event in ("before-parameter-build", "before-call", "after-call"):
        handler = f"_{event.replace('-', '_')}"
        client.meta.events.unregister(f"{event}.*.*", getattr(before, handler))
        client.meta.events.register(f"{event}.*.*", getattr(aws, handler))
    CLIENTS[key] = client, aws
    return client


def agreed(name: str, *tasks: dict) -> dict[str, dict]:
    """What the entries of the tasks, one after another, ask for: label → options. A list of things becomes what must and must not be in it."""
    kind, wanted = KINDS[name], {}
    for task in tasks:
        for entry in entries(name, task):
            label = kind.label(entry)
            if entry.get("state") == "absent":
                wanted.pop(label, None)
                continue
            spelt = spread(kind.options, entry)
            wanted.setdefault(label, {}).update({option: value for option, value in spelt.items() if option in kind.options})
            for path in entry.get("clear", ()):
                option, dummy, key = path.partition(".")
                if key and key in (wanted[label].get(option) or {}):
                    wanted[label][option] = {other: value for other, value in wanted[label][option].items() if other != key}
                wanted[label][path] = None
    return wanted
