# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doors: every call of every kind goes through one, is counted there, and in check mode no write leaves there. Here is the one to AWS.

Private to the collection. Reads are retried by botocore (adaptive). Writes are never repeated blindly, because a lost answer
does not say whether the call took effect: the engine looks again instead.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as ConnectError
    from botocore.session import get_session
    from botocore.utils import parse_timestamp

    AWS_ERRORS = (BotoCoreError, ClientError)
    LOST = (ConnectError, HTTPClientError)
except ImportError:
    Config = Session = None
    AWS_ERRORS = LOST = ()

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, masked

try:
    from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
    from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
except ImportError:
    aws_argument_spec = get_aws_connection_info = None

# A report is made to be read, and a session changes nothing.
READ = re.compile(
    r"^(Describe|Get|List|Head|BatchGet|BatchDescribe|Lookup|Search|Filter|Test|Validate|Select|Simulate|Estimate|Assume|ExportClientVpn|Generate\w*Reports?$)"
)
# What to do about an answer, by its code.
REMEDIES = (
    (re.compile("AccessDenied|Unauthorized"), "which calls the credentials have to be allowed is in docs/iam of the collection"),
    (re.compile("Expired"), "renew the credentials and run again: it goes on from here"),
)
# The last: EC2 takes one change of a thing at a time.
THROTTLED = re.compile(
    r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|RequestThrottled|PriorRequestNotComplete|BandwidthLimitExceeded|ConcurrentMutationLimitExceeded"
)
RETRIES = dict(mode="adaptive", total_max_attempts=10)
CONNECT_SECONDS = 10
READ_SECONDS = 60
PROGRESS = "MSP_AWS_PROGRESS"  # names the file in which msp.aws.progress reads what is waited for


class Rehearsed(Exception):
    """Check mode: this write was built and validated, and not sent."""


class DoorModule(AnsibleModule):
    """A module with the options of its door beside its own; supports check mode."""

    def __init__(self, door: type[Door], argument_spec: dict[str, Any]) -> None:
        super().__init__(argument_spec={**door.options(), **argument_spec}, supports_check_mode=True)
        lacking = door.lacking(self.params)
        if lacking:
            self.fail_json(msg=lacking)

    def _load_params(self) -> None:
        """Entries may come as JSON: Ansible looks for templates in each value of thousands of entries, and in a text once."""
        super()._load_params()
        for name, facts in self.argument_spec.items():
            shape = list if facts.get("elements") == "dict" else dict if "options" in facts else None
            if shape and isinstance(self.params.get(name), str):
                with suppress(ValueError):  # what is neither Ansible tells
                    told = json.loads(self.params[name])
                    self.params[name] = told if isinstance(told, shape) else self.params[name]

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        """Ansible's callbacks show what a module was asked only from -vvv on; before that it is no use to send thousands of entries back."""
        super()._return_formatted(dict(kwargs, invocation=dict(module_args=_named(self._asked())) if self._verbosity > 2 else {}))

    def _asked(self) -> dict[str, Any]:
        """What it was asked, as it may be shown."""
        return self.params


def _named(value: Any) -> Any:
    """Arguments without those that were not named: all that could have been is ten times as much, for each of hundreds of entries."""
    if isinstance(value, dict):
        return {name: _named(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return masked(value) if isinstance(value, str) else value


class AwsModule(DoorModule):
    """A module with the options of amazon.aws for Region and credentials."""

    def __init__(self, argument_spec: dict[str, Any]) -> None:
        super().__init__(Aws, argument_spec)


class Door:
    """A service as one module run sees it: `writes` and `reads` say what was called, and in check mode no write goes out.

    owner   the option that says whose this must be, such as an account
    errors  what its calls raise
    """

    owner = ""
    errors: tuple[type[BaseException], ...] = ()

    def __init__(self, module: Any) -> None:
        self._module = module
        self._answers: dict[tuple, Any] = {}
        self._lock = threading.Lock()
        self._asking = threading.RLock()
        self._here = threading.local()
        self.check_mode = module.check_mode
        self.sheet_names: dict[str, Any] = {}
        self.reads = 0
        self.writes: list[dict[str, Any]] = []

    @classmethod
    def options(cls) -> dict[str, Any]:
        """The options of a module that say where this door leads, and with whose key."""
        return {}

    @classmethod
    def lacking(cls, dummy: Mapping[str, Any]) -> str | None:
        """What has to be installed, or said in the parameters of a module, before it can be used."""
        return None

    def check_owner(self, wanted: str | None) -> None:
        """Whose this is, before anything else: a Problem where it is not `wanted`."""

    def transient(self, dummy: BaseException) -> bool:
        """Whether the call may be made again after another look."""
        return False

    def explain(self, error: BaseException, call: str | None) -> str:
        """One line for people. Never a parameter, which could be a secret."""
        return f"{call}: {error}" if call else str(error)

    def warn(self, text: str) -> None:
        """What an engineer has to know and what is no failure. Ansible shows it, of a plan too."""
        self._module.warn(text)

    def will_make(self, kind: str) -> bool:
        """Whether a plan need not miss things of this kind, because the same sheet names some."""
        return self.check_mode and kind in self.sheet_names

    @property
    def patient(self) -> bool:
        """Whether to wait for what goes on by itself: who only plans or looks does not, nor who said so."""
        return not self.check_mode and self._module.params.get("wait", True)

    def once(self, look: Callable[..., Any], *arguments: Any) -> Any:
        """The answer of look(aws, *arguments), which is the same for many entries: the first one asks, all others get what it was told."""
        with self._asking, self.reading():
            key = (look, arguments)
            if key not in self._answers:
                self._answers[key] = look(self, *arguments)
            return self._answers[key]

    def wait(self, what: str, look: Callable[[], Any], until: Callable[[Any], bool], limit: float) -> Any:
        """Look again and again until it is so. After `limit` seconds the error says what was awaited and what was seen last."""
        end, pause = time.monotonic() + limit, 0.5
        told = dict(key=f"{os.getpid()}-{threading.get_ident()}", what=what, since=time.time(), limit=limit)
        waited = False
        with self.reading():
            try:
                while True:
                    seen = look()
                    if until(seen):
                        return seen
                    if time.monotonic() + pause > end:
                        raise TimeoutError(f"{what} is not there after {limit:.0f} s (seen last: {seen!r}); the next run goes on from here")
                    waited = True
                    _tell(told, seen=f"{seen!r:.200}")
                    time.sleep(pause)
                    pause = min(pause * 1.5, 15)
            finally:
                if waited:
                    _tell(told, end=True)

    @contextmanager
    def acting_for(self, entry: str) -> Iterator[None]:
        """Calls in this thread belong to this entry from here on, and none of them is repeated blindly."""
        self._here.entry, self._here.call = entry, None
        try:
            yield
        finally:
            self._here.entry = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Calls in this block are reads, which botocore may repeat as it likes."""
        entry, self._here.entry = getattr(self._here, "entry", None), None
        try:
            yield
        finally:
            self._here.entry = entry

    @property
    def last_call(self) -> str | None:
        """The last call of this thread, as service:Operation."""
        return getattr(self._here, "call", None)

    @property
    def acting(self) -> bool:
        """Whether an entry is acted on in this thread, so that no call may be repeated blindly."""
        return bool(getattr(self._here, "entry", None))

    def _leaves(self, call: str, reads: bool) -> None:
        """Count a call that is about to be sent; in check mode a write is not."""
        self._here.call = call
        if reads:
            with self._lock:
                self.reads += 1
            return
        if self.check_mode:
            raise Rehearsed(call)
        self._here.write = dict(call=call, entry=getattr(self._here, "entry", None))
        with self._lock:
            self.writes.append(self._here.write)


class Aws(Door):
    """AWS: `aws.<service>` is a client.

    Python has no hyphen in a name: `aws.one_two` is the client of the service one-two. One that is called as a word of Python is `aws.lambda_`.
    """

    owner = "account_id"
    errors = AWS_ERRORS

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._session: Any = None
        self._clients: dict[tuple[str, bool], Any] = {}

    @classmethod
    def options(cls) -> dict[str, Any]:
        return aws_argument_spec() if aws_argument_spec else {}

    @classmethod
    def lacking(cls, dummy: Mapping[str, Any]) -> str | None:
        if Session is None:
            return missing_required_lib("boto3 and botocore")
        if aws_argument_spec is None:
            return missing_required_lib("the collection amazon.aws", url="https://galaxy.ansible.com/ui/repo/published/amazon/aws/")
        return None

    def check_owner(self, wanted: str | None) -> None:
        check_account(self, wanted)

    def transient(self, error: BaseException) -> bool:
        return transient(error)

    def explain(self, error: BaseException, call: str | None) -> str:
        return explain(error, call)

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        return self.client(service.rstrip("_").replace("_", "-"))

    def client(self, service: str) -> Any:
        """The client of a service; while an entry is acted on it is one that does not retry by itself."""
        key = (service, self.acting)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._connect(*key)
            return self._clients[key]

    @property
    def account(self) -> str:
        """Whose credentials these are."""
        return self.once(_account)

    @property
    def region(self) -> str:
        return self.ec2.meta.region_name

    def offers(self, service: str) -> bool:
        """Whether the service is in this Region; of those that are everywhere botocore names none."""
        region = self.region
        known = _shapes.session().get_available_regions(service)
        return not known or region in known

    def pages(self, service: str, operation: str, result: str, **arguments: Any) -> list[Any]:
        """All of a list operation's results, over its pages, in the order AWS gives them."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return getattr(client, operation)(**arguments)[result]
        return [thing for page in client.get_paginator(operation).paginate(**arguments) for thing in page.get(result) or []]

    def _connect(self, service: str, acting: bool) -> Any:
        region, endpoint, arguments = get_aws_connection_info(self._module)
        profile, more = arguments.pop("profile_name", None), arguments.pop("aws_config", None)
        if self._session is None:
            # One session for all clients, and for the choices and limits.
            core = get_session()
            core.register_component("data_loader", _shapes.loader())
            core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
            self._session = Session(botocore_session=core, profile_name=profile)
        config = Config(
            user_agent_extra="msp.aws",
            retries={**RETRIES, "total_max_attempts": 1} if acting else RETRIES,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=32,
        ).merge(more or Config())
        client = self._session.client(service, region_name=region, endpoint_url=endpoint, config=config, **arguments)
        client.meta.events.register("before-parameter-build.*.*", self._before_parameter_build)
        client.meta.events.register("before-call.*.*", self._before_call)
        client.meta.events.register("after-call.*.*", self._after_call)
        return client

    def _before_parameter_build(self, model: Any, **dummy: Any) -> None:
        """What botocore itself refuses is said of this call, not of the one before."""
        self._here.call = _name_of(model)

    def _before_call(self, model: Any, **dummy: Any) -> None:
        self._leaves(_name_of(model), reads=bool(READ.match(model.name)))

    def _after_call(self, model: Any, parsed: Any, http_response: Any, **dummy: Any) -> None:
        if READ.match(model.name):
            return
        self._here.write["request_id"] = parsed.get("ResponseMetadata", {}).get("RequestId")
        if 400 <= http_response.status_code < 500:
            self._here.write["refused"] = parsed.get("Error", {}).get("Code")


def _name_of(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"


def _moment(value: Any) -> datetime:
    """In UTC: botocore tells most moments in the zone of the machine, where a day may be another one."""
    found = parse_timestamp(value)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _account(aws: Aws) -> str:
    return aws.sts.get_caller_identity()["Account"]


def check_account(aws: Any, wanted: str | None) -> None:
    """Whose credentials these are, before anything else."""
    actual = wanted and aws.account
    if actual != wanted:
        raise Problem(f"these credentials belong to account {actual}, the contract is for {wanted}: nothing was done")


def _tell(told: dict[str, Any], **more: Any) -> None:
    """A line for whoever shows the progress; one write, so that threads do not cut each other's lines."""
    if PROGRESS in os.environ:
        with open(os.environ[PROGRESS], "ab", buffering=0) as file:
            file.write(json.dumps({**told, **more}).encode() + b"\n")


def _answer(error: BaseException) -> dict[str, Any]:
    """What AWS said, where the error is an answer of AWS."""
    return getattr(error, "response", None) or {}


def code_of(error: BaseException) -> str:
    return _answer(error).get("Error", {}).get("Code", "")


def transient(error: BaseException) -> bool:
    """The call may be made again after another look: throttled, or the answer got lost on the way."""
    if _answer(error):
        return bool(THROTTLED.search(code_of(error))) or _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, LOST)


def explain(error: BaseException, call: str | None) -> str:
    """One line for people: the call, AWS's code and its words. Never a parameter, which could be a secret."""
    if _answer(error):
        details = _answer(error).get("Error", {})
        said = f"{details.get('Code', 'error')}: {details.get('Message', '')}".rstrip(": ")
        said += next((f" ({remedy})" for codes, remedy in REMEDIES if codes.search(code_of(error))), "")
    else:
        said = f"{type(error).__name__}: {error}" if isinstance(error, AWS_ERRORS) else str(error)
    return f"{call}: {said}" if call else said
