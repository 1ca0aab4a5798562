# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double as a process of its own, and its control interface.

Only the standard library is needed here: the tests and the demo import this without what the double itself stands on.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.error
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Double:
    """A running double. `url` is where it is; `package` is what runs."""

    package = ""

    def __init__(self, host="127.0.0.1", port=0, python=None):
        self.host = host
        self.port = port
        self.python = python or os.environ.get("AWS_DOUBLE_PYTHON") or sys.executable
        self.url = None
        self._process = None
        self._turn = threading.Lock()
        self._connection = None  # never through a proxy that the environment may name: this is loopback

    # -- life ---------------------------------------------------------------------------------

    def start(self):
        command = [self.python, "-m", self.package, "--host", self.host]
        command += ["--port", str(self.port), "--until-stdin-closes"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().strip() or None
        if self.url is None:
            raise RuntimeError(f"{self.package} did not start (exit {self._process.wait()})")
        return self

    def stop(self):
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()
        self._process = None
        self._hang_up()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    # -- control ------------------------------------------------------------------------------

    def calls(self, since=0):
        """Every call of the API so far, in order (`since` leaves out the first ones)."""
        return self._control("GET", f"calls?since={since}")

    def clear_calls(self):
        self._control("DELETE", "calls")

    def faults(self, faults):
        """Replace the faults that are armed; counting starts anew."""
        self._control("PUT", "faults", faults)

    def clear_faults(self):
        self._control("DELETE", "faults")

    def state(self, prefix=""):
        """Everything that is there, one entry for each object."""
        return self._control("GET", f"state?prefix={urllib.parse.quote(prefix)}")

    def reset(self):
        """An empty world: state, record, faults and snapshots."""
        self._control("POST", "reset")

    def snapshot(self, name="default"):
        self._control("POST", f"snapshot?name={urllib.parse.quote(name)}")

    def restore(self, name="default"):
        """Back to the snapshot, as often as wanted; record and faults are left alone."""
        self._control("POST", f"restore?name={urllib.parse.quote(name)}")

    def _control(self, method, path, body=None):
        return self._send(method, f"/double/{path}", body)

    def _post(self, path, body):
        return self._send("POST", path, body)

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with self._turn:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=60)
            try:
                self._connection.request(method, path, data, {"Content-Type": "application/json"})
                answer = self._connection.getresponse()
                text = answer.read()
            except BaseException:
                self._hang_up()  # what is half read is of no use to the next one
                raise
        if answer.status >= 400:
            raise urllib.error.HTTPError(self.url + path, answer.status, answer.reason, answer.headers, io.BytesIO(text))
        return json.loads(text) if text else None

    def _hang_up(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None
