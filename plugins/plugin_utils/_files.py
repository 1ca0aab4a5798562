# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written as a whole: a reader sees the old one or the new one, never half of it."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

LONGEST = 100  # bytes of a name that go into that of the file beside it; a name has 255 at most


def write(files: Mapping[Path, bytes], mode: int | None = None) -> None:
    """Write path → content. Nothing is replaced before every content lies on the disk beside its place, so a full disk leaves all as it was.

    A file keeps its permissions, and a new one gets the usual ones, unless `mode` says otherwise. What a link points to is replaced, not the link.
    Raises OSError with the path that could not be written as its `filename`.
    """
    prepared: dict[Path, str] = {}
    path = Path()
    try:
        for path, content in files.items():
            handle, prepared[path] = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{_short(path.name)}.")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(prepared[path], _usual_mode(path) if mode is None else mode)
        for path in files:
            os.replace(prepared[path], path.resolve())
            del prepared[path]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        for left in prepared.values():
            os.unlink(left)


def _short(name: str) -> str:
    return name.encode()[:LONGEST].decode(errors="ignore")


def _usual_mode(path: Path) -> int:
    """The mode of the file that is there, or what a new one would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
