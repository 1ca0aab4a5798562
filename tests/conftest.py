# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: `ansible_collections.msp.aws` is importable and means this checkout; `--kind` picks one kind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".build" / "tree"


def _link_checkout() -> None:
    """Make the collections path in which this checkout is msp.aws; two test workers may do it at the same time."""
    link = TREE / "ansible_collections" / "msp" / "aws"
    if link.is_symlink() and link.resolve() == ROOT:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".aws-{os.getpid()}")
    fresh.symlink_to(ROOT)
    fresh.replace(link)


def _install_collection_finder() -> None:
    """Do what every Ansible command does at its start, with this checkout before all installed collections."""
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([str(TREE)])


os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))
os.environ.setdefault("ANSIBLE_HOME", str(ROOT / ".build" / "ansible"))
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
_link_checkout()
_install_collection_finder()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kind", metavar="KIND", help="only the tests parametrised with this very kind, such as ec2_subnets")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kind = config.getoption("--kind")
    if not kind:
        return
    wanted = [item for item in items if hasattr(item, "callspec") and kind in item.callspec.id.split("-")]
    if not wanted:
        raise pytest.UsageError(f"no test has the kind {kind!r}")
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted
