# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application in front of moto: it names and records every call, and makes faults happen."""

from __future__ import annotations

import io
import re
import sys
import threading
import traceback
from dataclasses import asdict, dataclass
from functools import cache

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.http import HTTP_STATUS_CODES

from . import answers, backends, naming
from .control import Control
from .faults import FaultPlan
from .past import Past
from .trail import TRAIL


class HangUp(ConnectionAbortedError):
    """The connection is to be closed without an answer."""


@dataclass
class Call:
    """One line of the record."""

    n: int
    service: str
    operation: str
    write: bool
    region: str
    access_key: str
    status: int | None = None
    request_id: str | None = None
    code: str | None = None
    fault: str | None = None
    executed: bool = False
    error: str | None = None


class Gateway:
    def __init__(self):
        backends.prepare()
        self.moto = DomainDispatcherApplication(self._create_app)
        self.moto.get_backend_for_host = cache(self.moto.get_backend_for_host)  # it lists a directory at each call
        self.past = Past()
        self.plan = FaultPlan(self.past)
        self.record = []
        self._record_lock = threading.Lock()
        # moto's backends are plain dictionaries: one call at a time, and never during a snapshot
        self.turn = threading.RLock()
        self.control = Control(self)

    @staticmethod
    def _create_app(service):
        if service is None:
            raise NotImplementedError("moto has no such service")
        backends.strengthen(service)
        return create_backend_app(service)

    # -- WSGI ---------------------------------------------------------------------------------

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/double/"):
            body = read_body(environ)
            return send(start_response, *self.control.answer(environ, body))
        if path.startswith("/moto-api"):
            return self.moto(environ, start_response)
        body = read_body(environ)
        return send(start_response, *self.call(environ, body))

    def call(self, environ, body):
        """(status, headers, body) of one call of AWS's API, after whatever fault is due."""
        named = naming.name_of(environ, body)
        if named is None:
            named = naming.Named("?", environ.get("PATH_INFO", "?"), "rest-xml", "", "", False)
        call = self.note(named)
        fault = self.plan.next(named)
        if fault is None:
            return self.finish(call, self.execute(call, environ, body, named))
        call.fault = fault.fault
        if fault.executes:
            self.execute(call, environ, body, named)
        if fault.shows == "hang_up":
            raise HangUp(fault.fault)
        return self.finish(call, self.shown(fault.shows, named))

    def note(self, named):
        with self._record_lock:
            call = Call(
                len(self.record) + 1,
                named.service,
                named.operation,
                named.write,
                named.region,
                named.access_key,
            )
            self.record.append(call)
        return call

    def clear_record(self):
        with self.turn, self._record_lock:
            self.record = []
            TRAIL.clear()

    def calls(self, since=0):
        return [asdict(call) for call in self.record[since:]]

    @staticmethod
    def finish(call, answer):
        status, headers, body = answer
        call.status = status
        call.request_id = request_id(headers, body)
        if status >= 400:
            call.code = error_code(headers, body)
        return answer

    # -- doing it -----------------------------------------------------------------------------

    def execute(self, call, environ, body, named):
        call.executed = True
        if (named.service, named.operation) == ("sqs", "ReceiveMessage"):
            return self.ask_moto(call, environ, body, named)  # it waits, and must not hold others up
        with self.turn:
            self.past.before(named)
            with self.past.as_shown(named):
                return self.ask_moto(call, environ, body, named)

    def ask_moto(self, call, environ, body, named):
        heard = TRAIL.begin(environ, body, named)  # the call itself may take the caller's key away
        try:
            answer = backends.strictly(environ, body, named, lambda: self.pass_on(environ, body))
        except NotImplementedError as error:
            return self.broken(call, named, "NotImplemented", error)
        except Exception as error:
            print(traceback.format_exc(), file=sys.stderr, flush=True)
            return self.broken(call, named, "InternalFailure", error)
        TRAIL.end(heard, answer)
        return answer

    def pass_on(self, environ, body):
        """moto's own (status, headers, body)."""
        head = []

        def start_response(status, headers, exc_info=None):
            head[:] = [int(status.split()[0]), headers]

        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.pop("wsgi.input_terminated", None)
        chunks = self.moto(environ, start_response)
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return (*head, content)

    @staticmethod
    def broken(call, named, code, error):
        """Moto does not know the operation, or fell over it: say which, and keep the trace. With another status it would look like a bad moment of AWS's,
        which callers survive by trying again.
        """
        call.error = traceback.format_exc()
        protocol = "s3" if named.service == "s3" else named.protocol
        message = f"[moto] {named.service}.{named.operation}: {type(error).__name__}: {error}"
        return answers.error(protocol, 400, code, message)

    @staticmethod
    def shown(kind, named):
        if kind == "denied":
            who = "arn:aws:iam::123456789012:user/double"
            message = f"User: {who} is not authorized to perform: {named.service}:{named.operation}"
            return answers.trouble(answers.DENIED, message, named)
        table = {
            "throttle": answers.THROTTLE,
            "server_error": answers.SERVER_ERROR,
            "expired": answers.EXPIRED,
        }[kind]
        return answers.trouble(table, answers.MESSAGES[kind], named)


# -- small things of HTTP -------------------------------------------------------------------------


def read_body(environ):
    if environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def send(start_response, status, headers, body):
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if not any(name.lower() == "content-length" for name, dummy in pairs):
        pairs.append(("Content-Length", str(len(body))))
    start_response(f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}", pairs)
    return [body]


REQUEST_ID = re.compile(rb"<[rR]equest(?:Id|ID)>([^<]*)<")
ERROR_CODE = re.compile(rb"<Code>([^<]*)<|\"__type\"\s*:\s*\"(?:[^\"]*#)?([^\"]*)\"")


def request_id(headers, body):
    pairs = dict(headers)
    for name, value in pairs.items():
        if name.lower() in ("x-amzn-requestid", "x-amz-request-id"):
            return value
    found = REQUEST_ID.search(body)
    return found.group(1).decode() if found else None


def error_code(headers, body):
    for name, value in dict(headers).items():
        if name.lower() == "x-amzn-errortype":
            return value
    found = ERROR_CODE.search(body)
    return (found.group(1) or found.group(2)).decode() if found else None
