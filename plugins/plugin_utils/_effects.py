# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has somebody approve, and why one is refused, as the customer reads it: modules tell it in English, catalog/effects.yml has it in Japanese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.plugin_utils._operations import ROOT

# Between the members of a list that is a part, but not between those of another list in brackets.
LISTED = re.compile(r", (?![^()]*\))| and ")
# What stands between two effects that are told in one breath, and how the second one begins. No part that is told as it is has one in it.
JOINTS = (("; ", ""), (", and ", "would "), (" and would ", "would "))
PART = "((?:(?!{}).)+?)".format("|".join(joint for joint, dummy in JOINTS))


@cache
def _known(block: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    found = yaml_load((ROOT / "catalog" / "effects.yml").read_text(encoding="utf-8"))[block]
    return tuple((re.compile(PART.join(map(re.escape, said.split("{}"))), re.DOTALL), ja) for said, ja in found.items())


def in_japanese(text: str, block: str = "effects") -> list[str]:
    """A sentence for each effect, or reason of a refusal; the text itself where not all of it is known."""
    return _told(text, block) or [text]


def _told(text: str, block: str) -> list[str]:
    for whole in _whole(text, block):
        return [whole]
    for joint, begins in JOINTS:
        for place in (match.start() for match in re.finditer(re.escape(joint), text)):
            first, others = next(_whole(text[:place], block), None), text[place + len(joint) :]
            rest = _told(begins + others, block) if first else []
            if first and rest:
                return [first, *rest]
    return []


def _whole(text: str, block: str) -> Iterator[str]:
    """The text as one effect, by the words that leave the least to be told as it is."""
    fits = [(sum(map(len, match.groups())), ja, match.groups()) for said, ja in _known(block) if (match := said.fullmatch(text))]
    yield from (ja.format(*map(_part, parts)) for dummy, ja, parts in sorted(fits))


def _part(text: str) -> str:
    """A part as it is, but for words of our own: of a list each by itself."""
    members = LISTED.split(text)
    told = [next(_whole(one, "parts"), one) for one in members]
    return next(_whole(text, "parts"), text) if told == members else "、".join(told)
