# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: the API under /api/v0, and the control interface under /double/."""

from __future__ import annotations

import copy
import json
import random
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from ..aws.faults import FaultPlan
from .contract import Contract, Modes, Refusal
from .organisation import Organisation

PREFIX = "/api/v0"
WRITE_KEY, READ_KEY = "write-key-of-the-double", "read-key-of-the-double"
KEYS = {WRITE_KEY: {"read", "write"}, READ_KEY: {"read"}}


class HangUp(Exception):
    """No answer at all."""


class Service:
    """The organisation with its record, faults and snapshots. One call at a time."""

    def __init__(self):
        self.turn = threading.RLock()
        self.modes, self.contract = Modes(), Contract()
        self.organisation = Organisation(self.contract, self.modes)
        # Lists that are behind are not documented of Mackerel: the fault "stale" is taken, and changes nothing.
        self.plan = FaultPlan(SimpleNamespace(arm=lambda times: None))
        self.record, self.snapshots, self.chance = [], {}, random.Random(6)
        self.seen = 0

    # -- the API ----------------------------------------------------------------------------------

    def call(self, method, path, query, headers, raw):
        with self.turn:
            call = dict(n=len(self.record), service="mackerel", operation=f"{method} {path}", write=method != "GET", status=None, fault=None, executed=False)
            self.record.append(call)
            try:
                call["status"], answer, more = self._answer(call, method, path, query, headers, raw)
            except Refusal as refusal:
                more = {"Retry-After": "1"} if isinstance(refusal, Throttled) else {}
                call["status"], answer = refusal.status, dict(error=dict(message=refusal.message))
            return call["status"], answer, more

    def _answer(self, call, method, path, query, headers, raw):
        endpoint, parts = self.contract.route(method, path)
        call.update(operation=endpoint.name, write=endpoint.writes)
        self._throttle()
        fault = self.plan.next(SimpleNamespace(service="mackerel", operation=endpoint.name, write=endpoint.writes))
        if fault:
            call["fault"] = fault.fault
        if fault and not fault.executes:
            return self._faulty(fault)
        self._allow(endpoint, headers.get("X-Api-Key"))
        body = self._body(method, headers, raw)
        before = copy.deepcopy(self.organisation.data)
        try:
            answer = self.organisation.execute(endpoint, [urllib.parse.unquote(part) for part in parts], query, body, self.chance)
        except Refusal:
            self.organisation.data = before
            raise
        call["executed"] = True
        return self._faulty(fault) if fault else (200, answer, {})

    def _throttle(self):
        """In the mode `throttle`: 429 with Retry-After, and 503, in turns."""
        self.seen += 1
        if self.modes.throttle and self.seen % self.modes.throttle == 0:
            if self.seen % (2 * self.modes.throttle):
                raise Throttled(429, "too many requests")
            raise Refusal(503, "temporarily unavailable")

    def _faulty(self, fault):
        if fault.shows == "hang_up":
            raise HangUp
        if fault.shows == "throttle":
            raise Throttled(429, "too many requests")
        if fault.shows == "server_error":
            return 500, b"<html><body><h1>Internal Server Error</h1></body></html>", {}  # as a proxy answers
        if fault.shows == "denied":
            raise Refusal(403, "permission denied")
        raise Refusal(401, "authentication failed")

    def _allow(self, endpoint, key):
        if endpoint.permission not in KEYS.get(key, ()):
            raise Refusal(endpoint.denied_status, "permission denied" if key in KEYS else "authentication failed")

    @staticmethod
    def _body(method, headers, raw):
        if not raw:
            return None
        if headers.get("Content-Type", "").partition(";")[0] != "application/json":
            raise Refusal(400, "Content-Type must be application/json")
        try:
            return json.loads(raw)
        except ValueError:
            raise Refusal(400, "the body is not JSON") from None

    # -- control ----------------------------------------------------------------------------------

    def control(self, method, path, query, body):
        with self.turn:
            name = query.get("name", "default")
            if (method, path) == ("GET", "calls"):
                return self.record[int(query.get("since", 0)) :]
            if (method, path) == ("DELETE", "calls"):
                self.record.clear()
            elif (method, path) == ("PUT", "faults"):
                self.plan.arm(body)
            elif (method, path) == ("DELETE", "faults"):
                self.plan.clear()
            elif (method, path) == ("PUT", "modes"):
                self.modes.set(**body)
                self.seen = 0
            elif (method, path) == ("GET", "state"):
                return self.organisation.state(query.get("prefix", ""))
            elif (method, path) == ("POST", "snapshot"):
                self.snapshots[name] = copy.deepcopy(self.organisation.data)
            elif (method, path) == ("POST", "restore"):
                self.organisation.data = copy.deepcopy(self.snapshots[name])
            elif (method, path) == ("POST", "reset"):
                self.organisation.reset()
                self.record.clear()
                self.plan.clear()
            elif (method, path) == ("PUT", "organisation"):
                self.organisation.data["org"]["org"]["name"] = body
            elif (method, path) == ("PUT", "thing"):
                return self._plant(**body)
            else:
                raise LookupError(f"no such control call: {method} {path}")
        return None

    def _plant(self, collection, thing):
        """What only the console, an agent or a person makes: a member, a host, a channel of another type."""
        return self.organisation.add(collection, thing)


class Throttled(Refusal):
    """To be asked again after a while."""


def make_server(host, port):
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # a connection serves many calls
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *dummy):
            pass

        def do_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length) if length else b""
            path, dummy, query = self.path.partition("?")
            try:
                if path.startswith("/double/"):
                    asked = json.loads(raw) if raw else None
                    status, answer, more = 200, service.control(self.command, path.removeprefix("/double/"), dict(urllib.parse.parse_qsl(query)), asked), {}
                elif path.startswith(PREFIX):
                    status, answer, more = service.call(self.command, path.removeprefix(PREFIX), urllib.parse.parse_qs(query), self.headers, raw)
                else:
                    status, answer, more = 404, dict(error=dict(message="not found")), {}
            except HangUp:
                self.close_connection = True
                return
            except (ValueError, TypeError, LookupError) as error:
                status, answer, more = 400, dict(error=dict(message=f"{type(error).__name__}: {error}")), {}
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(answer, bytes) else "application/json")
            self.send_header("Content-Length", str(len(text)))
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = do_any

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    return Server((host, port), Handler)
