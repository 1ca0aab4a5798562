# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test files as if they were in place already, while everybody else still sees the old ones.

Reads JSON: files (path, content, mode, secret; content null where there shall be no file) and tests (commands). Runs in a mount namespace
of its own (unshare --mount), in which copies, held in memory, lie over the real files. With the process they are gone, whatever happens to it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile


def folder_of(path):
    folder = os.path.dirname(path)
    return folder if os.path.isdir(folder) else folder_of(folder)


def lay_over(files, copies):
    """A file that is there is replaced alone; where one comes or goes, or a link becomes one, its directory is."""
    folders = {folder_of(one["path"]) for one in files if one["content"] is None or os.path.islink(one["path"]) or not os.path.exists(one["path"])}
    tops = [one for one in folders if not any(one.startswith(other + "/") for other in folders)]
    alone = [one["path"] for one in files if not any(one["path"].startswith(top + "/") for top in tops)]
    for number, path in enumerate(tops + alone):
        copy = os.path.join(copies, str(number))
        subprocess.run(["cp", "--archive", path, copy], check=True)
        subprocess.run(["mount", "--bind", copy, path], check=True)


def write(one):
    if os.path.islink(one["path"]) or (one["content"] is None and os.path.exists(one["path"])):
        os.remove(one["path"])
    if one["content"] is None:
        return
    os.makedirs(os.path.dirname(one["path"]), exist_ok=True)
    with open(one["path"], "w", encoding="utf-8") as file:
        file.write(one["content"])
    if one["mode"]:
        os.chmod(one["path"], int(one["mode"], 8))


def hidden(said, files):
    """A program that refuses a file may quote it."""
    for word in {word for one in files if one["secret"] and one["content"] for word in re.split(r"[\s\"';=,]+", one["content"]) if len(word) > 3}:
        said = said.replace(word, "***")
    return said


def main():
    wanted = json.load(sys.stdin)
    files = wanted["files"]
    copies = tempfile.mkdtemp(prefix="msp.linux_files.", dir="/run")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700,size=256m", "tmpfs", copies], check=True)
        lay_over(files, copies)
        for one in files:
            write(one)
        for test in wanted["tests"]:
            done = subprocess.run(test, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode:
                print(hidden(done.stdout.decode(errors="replace"), files).strip() or f"{test[0]}: {done.returncode}")
                return 1
        return 0
    except (OSError, subprocess.CalledProcessError) as error:
        print(error)
        return 1
    finally:
        subprocess.run(["umount", "--lazy", copies], stderr=subprocess.DEVNULL, check=False)
        os.rmdir(copies)


if __name__ == "__main__":
    sys.exit(main())
