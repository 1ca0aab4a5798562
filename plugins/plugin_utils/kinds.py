# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of this collection, on the controller: found by looking at the modules, so a new kind needs no line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = Path(__file__).resolve().parent.parent / "modules"
PARTS = ("monitoring",)  # of a sheet, that are no kinds: they have readings of their own


@cache
def kinds() -> dict[str, Any]:
    """Every kind by its name, in alphabetical order."""
    package = "ansible_collections.msp.aws.plugins.modules"
    modules = (import_module(f"{package}.{path.stem}") for path in sorted(MODULES.glob("*.py")) if not path.stem.startswith("_"))
    return {module.KIND.name: module.KIND for module in modules if hasattr(module, "KIND")}
