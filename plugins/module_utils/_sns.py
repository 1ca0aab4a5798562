# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of SNS things: texts on the wire, where the type of the option says what is meant.

Private to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Option

PARSE = dict(str=str, int=int, bool="true".__eq__, dict=json.loads)


def parsed(options: Mapping[str, Option], members: Mapping[str, str], attributes: Mapping[str, str]) -> dict[str, Any]:
    """The options (option → attribute in `members`) of a thing that has these attributes; what is empty is not there."""
    return {option: _value(options[option], attributes[member]) for option, member in members.items() if attributes.get(member) not in (None, "", "{}")}


def _value(option: Option, text: str) -> Any:
    if option.ref:
        return role_name(text)
    return PARSE[option.type](text)


def as_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (bool, dict)) else str(value)


def role_name(arn: str) -> str:
    return arn.rpartition("/")[2]
