# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that EC2 makes once however often it is asked: the same order has the same ClientToken in every run.

Private to the collection. A list may not show yet what a broken run, or a call whose answer got lost, has made; the second order then
gets the first one's thing. No time is part of a token: a run broken at 10:59 must find its thing at 11:00.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

# What was made is shown everywhere well within this time; what is not shown by then is what the token stood for, and is no more.
PAUSES = (0.5, 1, 2, 4, 8, 16, 32)
ATTEMPTS = 10
TERMINATED = "IdempotentInstanceTerminated"


def make(
    aws: Aws,
    create: Callable[..., Any],
    arguments: Mapping[str, Any],
    id_of: Callable[[Any], str],
    look: Callable[[str], Any],
    ended: Collection[str] = (),
) -> Any:
    """create(**arguments) with a token, and the thing as look(id) shows it.

    EC2 remembers a token for longer than its thing lives. Where the answer is one of those that had `ended` before, or is never shown,
    the token is spent and the next one is taken.
    """
    for attempt in range(ATTEMPTS):
        try:
            found = id_of(create(**arguments, ClientToken=token(create.__name__, arguments, attempt)))
        except AWS_ERRORS as error:
            if code_of(error) != TERMINATED:
                raise
            continue
        shown = None if found in ended else _shown(aws, look, found)
        if shown:
            return shown
    raise Problem(f"was made and removed {ATTEMPTS} times within a day or two, and AWS still remembers each: change something about it, such as a tag")


def token(operation: str, arguments: Mapping[str, Any], attempt: int) -> str:
    """The name is in the arguments, as a tag."""
    return hashlib.sha256(json.dumps([operation, arguments, attempt], sort_keys=True).encode()).hexdigest()


def _shown(aws: Aws, look: Callable[[str], Any], found: str) -> Any:
    with aws.reading():
        for pause in (*PAUSES, None):
            shown = look(found)
            if shown or pause is None:
                return shown
            time.sleep(pause)
    return None
