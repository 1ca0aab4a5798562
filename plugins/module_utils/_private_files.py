# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold what nobody else may read.

Private to the collection.
"""

from __future__ import annotations

import os

from ansible_collections.msp.aws.plugins.module_utils._options import Problem

MODE = 0o600


def write(path: str, text: str, what: str, only_look: bool = False) -> bool:
    """Whether the file was changed, or would be. It is never, not even for a moment, readable by anybody else."""
    data = text.encode()
    if os.path.islink(path) or os.path.exists(path) and not os.path.isfile(path):
        raise Problem(f"{path} is no plain file: {what} is not written there")
    try:
        if os.path.exists(path):
            with open(path, "rb") as there:
                if there.read() == data and os.stat(path).st_mode & 0o777 == MODE:
                    return False
        if not only_look:
            replace(path, data)
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from None
    return True


def replace(path: str, data: bytes, mode: int = MODE) -> None:
    """Written beside and renamed: there is the whole file, or that of before."""
    new = f"{path}.{os.getpid()}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(new, path)
    except OSError:
        os.unlink(new)
        raise
