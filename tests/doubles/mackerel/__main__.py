# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the double: `python -m tests.doubles.mackerel`; prints its address when it is ready."""

from __future__ import annotations

import signal
import threading

from ..aws.__main__ import arguments, stop_with_stdin
from .server import make_server


def main():
    args = arguments("python -m tests.doubles.mackerel", __doc__)
    server = make_server(args.host, args.port)

    def stop(dummy_signum, dummy_frame):
        # shutdown() waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if args.until_stdin_closes:
        stop_with_stdin(server)
    print(f"http://{args.host}:{server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
