# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What customers read instead of the names of kinds and options: headings and explanations, out of `catalog/labels/`, one file per service.

A file holds kind → label. A label is `ja` and `en` (the heading), `note_ja` where the heading does not say everything, and `options`
(option → label) where there are options inside: the same tree as that of the kind's declaration. What explains an option in English is the
documentation of the module, which nobody reads before it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, makers
from ansible_collections.msp.aws.plugins.module_utils._options import VERBS
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import MODULES, kinds

LABELS = Path(__file__).resolve().parents[2] / "catalog" / "labels"
MARKUP = re.compile(r"\b(?:([BCIM])\(([^)]*)|(RV|[EOPV])\(((?:[^\\)]|\\.)*))\)")  # in the second half a backslash quotes


def label(kind_name: str, path: Sequence[str], language: str) -> str:
    """The heading of a kind, or of one of its options, in `ja` or `en`.

    `path` holds the names of the options from the outermost to the one meant, without add, remove and set; () is the kind itself.
    A KeyError means that there is no such kind, option or language.
    """
    return _label(kind_name, path)[language]


def note(kind_name: str, path: Sequence[str]) -> str | None:
    """The explanation in Japanese, one or two sentences; None where the heading says everything. `path` and errors as for `label`."""
    return _label(kind_name, path).get("note_ja")


def description(kind_name: str, path: Sequence[str]) -> str:
    """The explanation of an option in English: the first line of its documentation, without markup. `path` and errors as for `label`."""
    found = _documented(kind_name)
    for name in path:
        inside = found["suboptions"]
        found = (inside if name in inside else inside["add"]["suboptions"])[name]
    told = found["description"]
    return MARKUP.sub(partial(_plain, kind_name), told if isinstance(told, str) else told[0])


def _plain(kind_name: str, marked: re.Match[str]) -> str:
    """What markup marks: another option and another kind as the workbook calls them, all else as it is."""
    text = marked[2] if marked[1] else re.sub(r"\\(.)", r"\1", marked[4])
    if marked[1] == "M" and (other := text.rpartition(".")[2]) in kinds():
        return f'"{label(other, (), "en")}"'
    if marked[3] == "O":
        text, equals, value = text.replace("[]", "").partition("=")
        names = [name for name in text.split(".")[1:] if name not in VERBS]
        text = f'"{label(kind_name, names, "en")}"' if names and names[0] in kinds()[kind_name].options else text.rpartition(".")[2]
        return text + equals + value
    return text


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
def _documented(kind_name: str) -> Mapping[str, Any]:
    """The documentation of the option that takes the entries."""
    text = (MODULES / f"{kind_name}.yml").read_text(encoding="utf-8")
    return yaml_load(text.partition("\nEXAMPLES:")[0])["DOCUMENTATION"]["options"][kinds()[kind_name].things]


@cache
def _file(service: str) -> Mapping[str, Any]:
    return yaml_load((LABELS / f"{service}.yml").read_text(encoding="utf-8"))
