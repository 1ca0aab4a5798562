# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of the whole world, taken and brought back in milliseconds.

Backends keep their identity (other objects point at them): a snapshot is a deep copy of what they
hold. All are copied in one go, so that an object which two services share stays one object.
Those that sleep are as at their birth, and need no copy.
"""

from __future__ import annotations

import copyreg
import threading

from moto.core.base_backend import BackendDict
from moto.moto_api import state_manager
from moto.moto_api._internal import mock_random

from . import births

# A lock in a copied object is a new lock: whatever it guards is new, too.
for _kind in (threading.Lock, threading.RLock):
    copyreg.pickle(type(_kind()), lambda _lock, kind=_kind: (kind, ()))

# What every BackendDict has; S3's has the owners of all bucket names besides
COMMON = ("backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id")


class Snapshots:
    def __init__(self):
        self.taken = {}

    def take(self, name):
        self.taken[name] = Snapshot()

    def restore(self, name):
        self.taken[name].restore()

    def reset(self):
        """Everything as new; what was taken stays, and can be brought back."""
        for backend_dict in BackendDict._instances:
            as_new(backend_dict)
        state_manager._transitions.clear()


class Snapshot:
    def __init__(self):
        self.random = mock_random.getstate()
        self.world = [Part(backend_dict) for backend_dict in BackendDict._instances]
        self.packed = births.pack([part.held() for part in self.world])

    def restore(self):
        mock_random.setstate(self.random)
        awake = {id(b) for part in self.world for b in part.backends.values()}
        for backend_dict in BackendDict._instances:
            as_new(backend_dict, awake)
        for part, held in zip(self.world, births.unpack(self.packed), strict=True):
            part.bring_back(held)


class Part:
    """One service's share: its backends that are awake."""

    def __init__(self, backend_dict):
        self.backend_dict = backend_dict
        self.backends = {
            (account, region): backend
            for account, by_region in dict.items(backend_dict)
            for region, backend in dict.items(by_region)
            if not births.sleeps(backend)
        }

    def held(self):
        return {
            "own": own_of(self.backend_dict),
            "backends": {place: births.contents(b) for place, b in self.backends.items()},
            "stock": {place: births.changed_stock(b) for place, b in self.backends.items()},
        }

    def bring_back(self, held):
        vars(self.backend_dict).update(held["own"])
        for place, backend in self.backends.items():
            births.wake(backend)
            births.restore_stock(backend)
            births.hold(backend, held["backends"][place])
            for thing, changes in held["stock"][place]:
                vars(thing).update(changes)


def own_of(backend_dict):
    return {k: v for k, v in vars(backend_dict).items() if k not in COMMON}


def as_new(backend_dict, except_for=()):
    """Backends that a snapshot does not know did not exist then, or slept: they are as at their birth."""
    for value in own_of(backend_dict).values():
        if hasattr(value, "clear"):
            value.clear()
    for by_region in dict.values(backend_dict):
        for backend in dict.values(by_region):
            if id(backend) not in except_for:
                births.be_born_again(backend)
