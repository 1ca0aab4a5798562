# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface under /double/: record, faults, state, snapshots, confirmations."""

from __future__ import annotations

import json
import urllib.parse

from . import state
from .snapshots import Snapshots


class Control:
    def __init__(self, gateway):
        self.gateway = gateway
        self.snapshots = Snapshots()
        self.routes = {
            ("GET", "calls"): self.get_calls,
            ("DELETE", "calls"): self.delete_calls,
            ("PUT", "faults"): self.put_faults,
            ("DELETE", "faults"): self.delete_faults,
            ("GET", "state"): self.get_state,
            ("POST", "reset"): self.post_reset,
            ("POST", "snapshot"): self.post_snapshot,
            ("POST", "restore"): self.post_restore,
            ("PUT", "confirm"): self.put_confirm,
            ("PUT", "instance_events"): self.put_instance_events,
            ("PUT", "managed_node"): self.put_managed_node,
            ("PUT", "instance_types"): self.put_instance_types,
            ("PUT", "client_vpn_sessions"): self.put_client_vpn_sessions,
        }

    def answer(self, environ, body):
        path = environ["PATH_INFO"].removeprefix("/double/").strip("/")
        route = self.routes.get((environ["REQUEST_METHOD"], path))
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        if route is None:
            return as_json(404, {"error": f"no such control call: {path}"})
        try:
            return as_json(200, route(query, json.loads(body) if body else None))
        except (ValueError, TypeError, LookupError) as error:
            return as_json(400, {"error": f"{type(error).__name__}: {error}"})

    def get_calls(self, query, _body):
        return self.gateway.calls(int(query.get("since", 0)))

    def delete_calls(self, _query, _body):
        self.gateway.clear_record()

    def put_faults(self, _query, body):
        self.gateway.plan.arm(body)

    def delete_faults(self, _query, _body):
        self.gateway.plan.clear()

    def get_state(self, query, _body):
        with self.gateway.turn:
            return state.dump(query.get("prefix", ""))

    def post_reset(self, _query, _body):
        with self.gateway.turn:
            self.snapshots.reset()
            self.gateway.plan.clear()
            self.gateway.clear_record()
        self.put_instance_types(_query, {})

    def post_snapshot(self, query, _body):
        with self.gateway.turn:
            self.snapshots.take(query.get("name", "default"))

    def post_restore(self, query, _body):
        with self.gateway.turn:
            self.snapshots.restore(query.get("name", "default"))

    def put_instance_types(self, _query, body):
        with self.gateway.turn:
            from .strict.ec2.power import set_types

            set_types(**body)

    def put_client_vpn_sessions(self, _query, body):
        with self.gateway.turn:
            from .strict.ec2.client_vpn import connect

            connect(**body)

    def put_instance_events(self, _query, body):
        with self.gateway.turn:
            from .strict.ec2.power import schedule

            schedule(state.backends("ec2"), **body)

    def put_managed_node(self, _query, body):
        with self.gateway.turn:
            from .strict.ssm import manage

            manage(state.backends("ec2"), **body)

    def put_confirm(self, _query, body):
        with self.gateway.turn:
            from .strict.sns import confirm_pending

            return confirm_pending(**{k: v for k, v in (body or {}).items() if v})


def as_json(status, value):
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)  # with an indent it is written in Python, not in C
    return status, {"Content-Type": "application/json"}, text.encode()
