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


class QuietHandler(MotoRequestHandler):
    """No request log; a HangUp closes the socket, which a client sees as a lost connection."""

    protocol_version = "HTTP/1.1"  # a connection serves many calls

    def log(self, type, message, *args):
        if type == "error":
            super().log(type, message, *args)

    def log_request(self, *args, **kwargs):
        pass

    def connection_dropped(self, error, environ=None):
        if isinstance(error, HangUp):
            self.close_connection = True


class DoubleServer(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 256


def make_double_server(host, port):
    return DoubleServer(host, port, Gateway(), handler=QuietHandler)
