# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/dangers.md: what existing modules do to things that nobody named, and what ours do with the same wish (`make dangers`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dangers.md"
HEAD = """# Why not the existing modules

What modules of `amazon.aws` and `community.aws` do to things that nobody named, and what the kinds of this collection do with the same wish.
Made from `catalog/dangers.yml` by `make dangers`.

Each line has a test of its name in `tests/laws/test_dangers_*.py`. It plays the wish twice from the same account: by the kind, then by the other module in a
playbook, and looks at the account with boto3 after both. So a line goes as soon as a release of the other collection has mended it.
"Ours only" stands where the double cannot play the other one; the test says why.

| module | what it does | what ours does | test |
|---|---|---|---|
"""


def rooms() -> dict[str, list[dict[str, Any]]]:
    """The notes by the file of their tests: tests/laws/test_dangers_<room>.py."""
    return yaml.safe_load((ROOT / "catalog" / "dangers.yml").read_text(encoding="utf-8"))


def notes() -> list[dict[str, Any]]:
    return [note for room in rooms().values() for note in room]


def page() -> str:
    return HEAD + "".join(f"| {' | '.join(_cells(note))} |\n" for note in notes())


def test_of(note: dict[str, Any]) -> str:
    return f"test_{note['id']}"


def _cells(note: dict[str, Any]) -> list[str]:
    seen = "" if note.get("seen", True) else " (ours only)"
    return [" ".join(f"`{name}`" for name in note["modules"]), note["does"], note["ours"], f"`{test_of(note)}`{seen}"]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
