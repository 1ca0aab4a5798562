# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backend holds when it is born, so that a mere look at a region does not show as a change.

moto makes a backend at its first use: EC2 brings a default VPC, some 1,300 images and as many
snapshots; IAM brings 1,300 managed policies. That *stock* belongs to AWS. It is shared between
snapshots instead of copied, and is shown only where somebody changed it.

A backend that nobody has used since its birth *sleeps*: it holds nothing, and costs nothing when the world is copied, brought back or
read. The first attribute that somebody wants of it wakes it.
"""

from __future__ import annotations

import copyreg
import gc
import io
import pickle
import types
import weakref
from collections import OrderedDict
from functools import cache

from moto.core.base_backend import BackendDict
from moto.core.constants import MISSING

# service -> attributes of the backend that hold only stock at birth
STOCK = {
    "ec2": ("amis", "snapshots", "managed_prefix_lists"),
    "iam": ("managed_policies",),
}
BOOKKEEPING = ("_double_service", "_double_stock", "_double_born", "_double_newborn")

_anchored = {id(MISSING): MISSING}  # id -> what is never copied: every backend that was ever born, its stock, code, keys and certificates


# -- copies -----------------------------------------------------------------------------------------


class Packer(pickle.Pickler):
    """A deep copy in C, to be unpacked as often as wanted."""

    def reducer_override(self, thing):
        if id(thing) in _anchored:
            return anchored, (id(thing),)
        code = isinstance(thing, (type, types.FunctionType)) and thing.__module__ != __name__
        if code or type(thing).__module__.startswith("cryptography."):
            _anchored[id(thing)] = thing
            return anchored, (id(thing),)
        if isinstance(thing, weakref.WeakValueDictionary):
            return type(thing), (), None, None, iter(list(thing.items()))
        if isinstance(thing, dict) and not isinstance(thing, OrderedDict):
            # What is really in it, past whatever its own items() and __setitem__ make of that
            held = vars_of(thing), getattr(thing, "default_factory", None), dict(dict.items(thing))
            return copyreg.__newobj__, (type(thing),), held, None, None, fill
        return NotImplemented


def anchored(key):
    return _anchored[key]


def vars_of(thing):
    return getattr(thing, "__dict__", {})


def fill(twin, held):
    own, factory, items = held
    vars_of(twin).update(own)
    if factory is not None:
        twin.default_factory = factory
    dict.update(twin, items)


def pack(things):
    for backend_dict in BackendDict._instances:
        for kept in (backend_dict, *dict.values(backend_dict)):
            _anchored[id(kept)] = kept
    packed = io.BytesIO()
    Packer(packed, pickle.HIGHEST_PROTOCOL).dump(things)
    return packed.getvalue()


unpack = pickle.loads


# -- births -----------------------------------------------------------------------------------------


def register(service, backend):
    stock = {}
    for name in STOCK.get(service, ()):
        for thing in getattr(backend, name, {}).values():  # EC2 Instance Connect calls itself ec2, and has none
            if hasattr(thing, "__dict__"):
                stock[id(thing)] = (thing, dict(vars(thing)))
    backend._double_service = service
    backend._double_stock = stock
    _anchored[id(backend)] = backend
    _anchored.update({key: thing for key, (thing, _born) in stock.items()})
    shadowed = [name for name in contents(backend) if hasattr(type(backend), name)]
    assert not shadowed, f"asleep, {service} would not wake for {shadowed}"
    from .state import flatten_backend

    backend._double_born = flatten_backend("", backend)
    backend._double_newborn = pack(contents(backend))
    gc.freeze()  # or every snapshot would have Python look through all of Amazon's things for garbage


def contents(backend):
    return {k: v for k, v in vars(backend).items() if k not in BOOKKEEPING}


def hold(backend, held):
    """Let the backend hold these things instead of its own."""
    kept = {k: v for k, v in vars(backend).items() if k in BOOKKEEPING}
    vars(backend).clear()
    vars(backend).update(held)
    vars(backend).update(kept)


def be_born_again(backend):
    """As new, without the second that loading Amazon's images takes."""
    if sleeps(backend):
        return
    restore_stock(backend)
    hold(backend, {})
    backend.__class__ = sleeper(type(backend))


# -- sleep ------------------------------------------------------------------------------------------


class Sleeping:
    """A backend as it was born, which holds nothing as long as nobody wants anything of it."""

    def __getattr__(self, name):
        wake(self)
        return getattr(self, name)

    def __setattr__(self, name, value):
        wake(self)
        setattr(self, name, value)


@cache
def sleeper(kind):
    return type(kind.__name__, (Sleeping, kind), {"__module__": kind.__module__})


def sleeps(backend):
    return isinstance(backend, Sleeping)


def wake(backend):
    if not sleeps(backend):
        return
    object.__setattr__(backend, "__class__", type(backend).__mro__[2])
    vars(backend).update({**unpack(backend._double_newborn), **vars(backend)})


# -- stock ------------------------------------------------------------------------------------------


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
