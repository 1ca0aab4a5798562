# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the double: `python -m tests.doubles.aws`; prints its address when it is ready."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading


def arguments(prog, description, argv=None):
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input ends, so that a killed parent leaves nothing behind",
    )
    return parser.parse_args(argv)


def stop_with_stdin(server):
    """The parent holds the other end of our stdin: when it dies in any way, the read returns."""

    def wait():
        while os.read(0, 4096):  # not sys.stdin: its lock would be held at our own end
            pass
        server.shutdown()

    threading.Thread(target=wait, daemon=True, name="stdin").start()


def main(argv=None):
    args = arguments("python -m tests.doubles.aws", __doc__, argv)
    from .server import make_double_server  # moto is imported only when we really serve

    server = make_double_server(args.host, args.port)

    def stop(signum, frame):
        # shutdown() waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if args.until_stdin_closes:
        stop_with_stdin(server)
    print(f"http://{args.host}:{server.server_address[1]}", flush=True)
    sys.stdout = sys.stderr  # nobody reads on, and a full pipe would stop whatever moto prints
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
