# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What customers read instead of the names of kinds and options: headings and explanations, out of `catalog/labels/`, one file per service.

A file holds kind → label. A label is `ja` and `en` (the heading), `note_ja` where the heading does not say everything, and `options`
(option → label) where there are options inside: the same tree as that of the kind's declaration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, makers
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

LABELS = Path(__file__).resolve().parents[2] / "catalog" / "labels"


def label(kind_name: str, path: Sequence[str], language: str) -> str:
    """The heading of a kind, or of one of its options, in `ja` or `en`.

    `path` holds the names of the options from the outermost to the one meant, without add, remove and set; () is the kind itself.
    A KeyError means that there is no such kind, option or language.
    """
    return _label(kind_name, path)[language]


def note(kind_name: str, path: Sequence[str]) -> str | None:
    """The explanation in Japanese, one or two sentences; None where the heading says everything. `path` and errors as for `label`."""
    return _label(kind_name, path).get("note_ja")


def _label(kind_name: str, path: Sequence[str]) -> Mapping[str, Any]:
    if kind_name in LOOKUPS and kind_name not in kinds():
        # What several kinds make is called as the last of them; what none makes has no heading.
        made = [maker for maker in makers(kind_name) if maker in kinds()]
        if not made:
            return dict.fromkeys(("ja", "en"), kind_name)
        kind_name = made[-1]
    found = _file(kinds()[kind_name].service)[kind_name]
    for name in path:
        found = found["options"][name]
    return found


@cache
def _file(service: str) -> Mapping[str, Any]:
    return yaml_load((LABELS / f"{service}.yml").read_text(encoding="utf-8"))
