# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch files by way of proxies, whose passwords are seen by nobody else: an environment of Ansible's stands in process lists and in sudo's log.

Reads JSON: proxies (as in an environment) and files (path: address). What it could not fetch it says on its standard output.
"""

import http.client
import json
import os
import shutil
import sys
import urllib.request


def main():
    wanted = json.load(sys.stdin)
    os.environ.update(wanted["proxies"])
    os.umask(0o077)
    for path, url in wanted["files"].items():
        try:
            with urllib.request.urlopen(url, timeout=30) as answer, open(path, "wb") as file:
                shutil.copyfileobj(answer, file)
        except (OSError, ValueError, http.client.HTTPException) as error:
            print(f"{url}: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
