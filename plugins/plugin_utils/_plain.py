# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python's own containers in the place of Ansible's, which look for templates in each value that is taken out: with thousands of entries that takes seconds.

What is kept in a fact or handed to a module is looked through as well, each time; as one text it is one value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """A copy whose dictionaries and lists are nothing else; what is in them stays as it is."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def packed(value: Any) -> str:
    """Entries as one text, to be kept in a fact."""
    return json.dumps(value, ensure_ascii=False)


def unpacked(text: str) -> Any:
    """What was packed."""
    return json.loads(text)
