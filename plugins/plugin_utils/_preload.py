# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each worker of a run would load anew, loaded before they are forked.

Ansible loads a task's action plugin before it forks the worker. Of a collection's Python files it keeps none compiled, so to load all kinds takes longer
than most tasks.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from functools import cache
from importlib import import_module

from ansible.plugins.loader import filter_loader, test_loader

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds


@cache
def preload() -> None:
    """For action plugins, as they are loaded."""
    import_module("ansible_collections.msp.aws.plugins.module_utils._engine")  # with boto3
    kinds()
    with suppress(ImportError, AttributeError):  # without botocore it is the module that says so
        _preload_models(_shapes.loader())
    for loader, some in (filter_loader, "msp.aws.sheet_entries"), (test_loader, "ansible.builtin.defined"):
        loader.get(some)  # each worker would read all filters and tests again to find one
    gc.freeze()  # a worker's collector need not go through, and so copy, what the worker was forked with


def _preload_models(loader) -> None:
    """What every client asks for, and the largest service, which every other kind needs. In botocore's own words, by which its cache goes."""
    loader.list_available_services(type_name="service-2")
    for data in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(data)
    for part in ("service-2", "paginators-1", "endpoint-rule-set-1"):
        loader.load_service_model("ec2", part, api_version=None)
