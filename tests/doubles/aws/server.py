# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: a threaded server which can also hang up without an answer."""

from __future__ import annotations

import os

# What moto reads from the environment at import; a developer's own settings must not leak in.
for _name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "BOTO_"))]:
    del os.environ[_name]
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # so that AWS-managed ARNs can be attached
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: E402
from werkzeug.serving import ThreadedWSGIServer  # noqa: E402

from .gateway import Gateway, HangUp  # noqa: E402


class Handler(MotoRequestHandler):
    """A connection serves many calls, which werkzeug's own does not; no request log; a HangUp closes the socket, which a client sees as a lost connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def run_wsgi(self):
        """The body of a request is read whole before it is answered, so the next one begins where it ends."""
        head = []

        def start_response(status, headers, exc_info=None):
            head[:] = status, headers

        try:
            answer = b"".join(self.server.app(self.make_environ(), start_response))
        except HangUp:
            self.close_connection = True
            return
        status, headers = head
        code, dummy, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, dummy in headers) and int(code) not in (204, 304):
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)
        self.wfile.flush()

    def log_request(self, *args, **kwargs):
        pass


class DoubleServer(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 256


def make_double_server(host, port):
    return DoubleServer(host, port, Gateway(), handler=Handler)
