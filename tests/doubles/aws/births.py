# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backend holds when it is born, so that a mere look at a region does not show as a change.

moto makes a backend at its first use: EC2 brings a default VPC, some 1,300 images and as many
snapshots; IAM brings 1,300 managed policies. That *stock* belongs to AWS. It is shared between
snapshots instead of copied, and is shown only where somebody changed it.
"""

from __future__ import annotations

import copy
import gc
import sys
from collections import defaultdict

from moto.core.base_backend import BackendDict

# service -> attributes of the backend that hold only stock at birth
STOCK = {
    "ec2": ("amis", "snapshots", "managed_prefix_lists"),
    "iam": ("managed_policies",),
}
BOOKKEEPING = ("_double_service", "_double_stock", "_double_born", "_double_newborn")


# Dictionaries of moto's which an ordinary deep copy would call in a way they do not understand
OWN_DICTS = (
    ("moto.ssm.models", "ParameterDict"),
    ("moto.s3.utils", "_VersionedKeyStore"),
    ("moto.secretsmanager.models", "SecretsStore"),
)


_anchored = {}  # id -> every backend that was ever born, and its stock


def teach_copying():
    for module, name in OWN_DICTS:
        if module in sys.modules:
            getattr(sys.modules[module], name).__deepcopy__ = copy_dict


def copy_dict(self, memo):
    """What is really in it, past whatever its own items() and __setitem__ make of that."""
    twin = type(self).__new__(type(self))
    memo[id(self)] = twin
    vars(twin).update(copy.deepcopy(vars(self), memo))
    if isinstance(self, defaultdict):
        twin.default_factory = self.default_factory
    for key, value in dict.items(self):
        dict.__setitem__(twin, copy.deepcopy(key, memo), copy.deepcopy(value, memo))
    return twin


def register(service, backend):
    teach_copying()
    stock = {}
    for name in STOCK.get(service, ()):
        for thing in getattr(backend, name).values():
            if hasattr(thing, "__dict__"):
                stock[id(thing)] = (thing, dict(vars(thing)))
    backend._double_service = service
    backend._double_stock = stock
    _anchored[id(backend)] = backend
    _anchored.update({key: thing for key, (thing, _born) in stock.items()})
    from .state import flatten_backend

    backend._double_born = flatten_backend("", backend)
    backend._double_newborn = copy.deepcopy(contents(backend), anchors())
    gc.freeze()  # or every snapshot would have Python look through all of Amazon's things for garbage


def contents(backend):
    return {k: v for k, v in vars(backend).items() if k not in BOOKKEEPING}


def anchors():
    """The memo of a deep copy: backends and Amazon's stock are not copied but stay what they are."""
    memo = dict(_anchored)
    for backend_dict in BackendDict._instances:
        memo[id(backend_dict)] = backend_dict
        memo.update({id(by_region): by_region for by_region in dict.values(backend_dict)})
    return memo


def hold(backend, held):
    """Let the backend hold these things instead of its own."""
    kept = {k: v for k, v in vars(backend).items() if k in BOOKKEEPING}
    vars(backend).clear()
    vars(backend).update(held)
    vars(backend).update(kept)


def be_born_again(backend):
    """As new, without the second that loading Amazon's images takes."""
    restore_stock(backend)
    hold(backend, copy.deepcopy(backend._double_newborn, anchors()))


def restore_stock(backend):
    for thing, born in stock_of(backend).values():
        if vars(thing) != born:
            vars(thing).clear()
            vars(thing).update(born)


def stock_of(backend):
    """{id: (object, its attributes at birth)}"""
    return vars(backend).get("_double_stock", {})


def changed_stock(backend):
    """[(object, attributes now that differ from birth)]"""
    changed = []
    for thing, born in stock_of(backend).values():
        now = vars(thing)
        if now != born:
            changed.append((thing, {k: v for k, v in now.items() if born.get(k, None) != v}))
    return changed
