# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state of every backend as flat, canonical data: a reader that is not our own code.

{"ec2/123456789012/ap-northeast-1/vpcs/vpc-1": {...}, ...}: one entry for each object, in which
another object of the account appears only as its own key. Nothing that a read call changes is in it,
and what a backend holds from birth (default VPC, Amazon's images) is shown only once it differs.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import hashlib
import inspect
import ipaddress
import json
import logging
import re
import threading
import types
import uuid
from collections import defaultdict

from moto.core.base_backend import BackendDict, BaseBackend
from moto.moto_api._internal.managed_state_model import ManagedState

from . import births

SKIP = object()  # what has no place in a state

# Attributes that are no state: they change on reads, with time, or only point back
SKIPPED = {
    "region_name",
    "account_id",
    "partition",
    "last_used",
    "last_used_date",
    "password_last_used",
    "credential_report",  # only says that one was asked for
    "attachment_count",  # of a policy; what it is attached to says so
    "assumed_roles",  # sessions are nothing that an account holds
    "_ri_offerings",  # Amazon's price list and schemas, loaded when somebody looks
    "config_schema",
    "_tick",
    "_time_progressed",
    "_transitions",
    "_status_tick",
    "_telemetry",  # since when a tunnel is as it is, which is noticed by a look
    "_double_tokens",
    *births.BOOKKEEPING,
}
PRIMITIVE = (str, int, float, bool, type(None))
NOT_DATA = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.GeneratorType,
    functools.partial,
    logging.Logger,
    threading.Thread,
    type(threading.Lock()),
    type(threading.RLock()),
    threading.Event,
    threading.Condition,
    type,
)
IDENTITY = ("arn", "id", "version_id", "name")
# SSM's public parameters, loaded when somebody looks; keys of sessions
NOT_THE_ACCOUNTS = ("/aws/service/", "ASIA")


def dump(prefix=""):
    """{key: value} of everything that is not as it was at birth."""
    homes = []
    for backend_dict in BackendDict._instances:
        for account, by_region in dict.items(backend_dict):
            for region, backend in dict.items(by_region):
                if not births.sleeps(backend):
                    homes.append((f"{backend_dict.service_name}/{account}/{region}", backend))
    walker = Walker()
    for path, backend in homes:
        walker.learn(path, backend)
    result = {}
    for path, backend in homes:
        result.update(since_birth(path, walker.flatten(path, backend), backend))
    return {k: v for k, v in sorted(result.items()) if k.startswith(prefix)}


def backends(service):
    """The backends of a service that somebody has used."""
    return [backend for one in BackendDict._instances if one.service_name == service for by_region in dict.values(one) for backend in dict.values(by_region)]


def flatten_backend(path, backend):
    walker = Walker()
    walker.learn(path, backend)
    return walker.flatten(path, backend)


def since_birth(path, now, backend):
    """Leave out what is as it was at birth; say of what is gone that it is gone."""
    born = {path + key: value for key, value in vars(backend).get("_double_born", {}).items()}
    shown = {k: v for k, v in now.items() if k not in born or not same(path, v, born[k])}
    shown.update({key: None for key in born if key not in now})
    return shown


def same(path, now, born):
    """References were written without the backend's own path at birth."""
    if now == born:
        return True
    return json.dumps(now, sort_keys=True).replace(f"-> {path}", "-> ") == json.dumps(
        born, sort_keys=True
    )


class Walker:
    """One reading of the state."""

    def __init__(self):
        self.keys = {}  # id of an object that has an entry of its own -> the key of that entry
        self.stock = set()

    # -- first pass: which objects have an entry of their own --------------------------------

    def learn(self, path, backend):
        self.keys[id(backend)] = path
        self.stock.update(births.stock_of(backend))
        held = list(attributes(backend))
        for name, value in sorted(held, key=lambda pair: not is_container(pair[1])):
            self._learn(f"{path}/{name}", value)  # its place in a collection is a thing's own key

    def _learn(self, path, value):
        if isinstance(value, dict):
            for key, item in list(dict.items(value)):
                self._learn(f"{path}/{text(key)}", item)
        elif isinstance(value, (list, tuple)) and value and not isinstance(value, PRIMITIVE):
            for key, item in enumerated(value):
                self._learn(f"{path}/{key}", item)
        elif is_model(value):
            self.keys.setdefault(id(value), path)

    # -- second pass: the entries --------------------------------------------------------------

    def flatten(self, path, backend):
        entries = {}
        for name, value in attributes(backend):
            self._flatten(f"{path}/{name}", value, entries)
        for thing, changes in births.changed_stock(backend):
            kept = {k: self.plain(v, (thing,)) for k, v in changes.items() if k not in SKIPPED}
            kept = {k: v for k, v in kept.items() if v is not SKIP}
            if kept:
                entries[self.keys[id(thing)]] = kept
        return entries

    def _flatten(self, path, value, entries):
        if id(value) in self.stock:
            return
        if is_container(value) and any(nested(item) for item in items_of(value)):
            pairs = entries_of(value)
            for key, item in pairs:
                self._flatten(f"{path}/{text(key)}", item, entries)
        elif is_model(value) and self.keys.get(id(value), path) != path:
            entries[path] = f"-> {self.keys[id(value)]}"
        else:
            plain = self.plain(value, ())
            if plain is not SKIP and plain not in ({}, [], None):
                entries[path] = plain

    # -- one value ------------------------------------------------------------------------------

    def plain(self, value, visiting):
        if isinstance(value, enum.Enum):
            return self.plain(value.value, visiting)
        if isinstance(value, PRIMITIVE):
            return value
        if isinstance(value, NOT_DATA):
            return SKIP
        simple = as_text(value)
        if simple is not None:
            return simple
        if isinstance(value, dict):
            return self._plain_dict(value, visiting)
        if isinstance(value, (list, tuple)):
            return self._plain_list(value, visiting)
        if isinstance(value, (set, frozenset)):
            return sorted(self._plain_list(value, visiting), key=canonical)
        if hasattr(value, "read") and hasattr(value, "seek"):
            return content_of(value)
        return self._plain_object(value, visiting)

    def _plain_dict(self, value, visiting):
        pairs = {text(k): self.plain(v, visiting) for k, v in entries_of(value)}
        pairs = {k: v for k, v in pairs.items() if v is not SKIP}
        if isinstance(value, defaultdict):  # a look at a missing key leaves an empty value behind
            pairs = {k: v for k, v in pairs.items() if v not in ({}, [])}
        return pairs

    def _plain_list(self, value, visiting):
        plains = [self.plain(item, visiting) for item in list(value)]
        return [item for item in plains if item is not SKIP]

    def _plain_object(self, value, visiting):
        if isinstance(value, BaseBackend):
            return SKIP
        if visiting and (id(value) in self.keys):
            return f"-> {self.keys[id(value)]}"
        if any(value is seen for seen in visiting):
            return f"<{type(value).__name__}>"
        visiting = (*visiting, value)
        pairs = {k: self.plain(v, visiting) for k, v in attributes(value)}
        return {k: v for k, v in pairs.items() if v is not SKIP}


# -- helpers ----------------------------------------------------------------------------------------


def attributes(thing):
    """(name, value) of all that is state in an object, in a fixed order."""
    found = dict(getattr(thing, "__dict__", {}))
    for klass in type(thing).__mro__:
        for name in getattr(klass, "__slots__", ()):
            if hasattr(thing, name):
                found.setdefault(name, getattr(thing, name))
    if isinstance(thing, ManagedState):
        found["status"] = thing.status  # what a caller sees, not how many looks it took
        found.pop("_status", None)
    for name in sorted(found):
        if name not in SKIPPED and not is_cache(type(thing), name):
            yield name, found[name]


@functools.cache
def is_cache(klass, name):
    return isinstance(inspect.getattr_static(klass, name, None), functools.cached_property)


def as_text(value):
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, re.Pattern):
        return value.pattern
    texts = (decimal.Decimal, uuid.UUID, ipaddress._IPAddressBase)
    return str(value) if isinstance(value, texts) else None


def content_of(stream):
    """A temporary file, as S3 keeps its objects in: its content counts, and its position stays."""
    if getattr(stream, "closed", False):
        return SKIP
    position = stream.tell()
    stream.seek(0)
    data = stream.read()
    stream.seek(position)
    data = data if isinstance(data, bytes) else data.encode()
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def text(key):
    if isinstance(key, (tuple, frozenset)):
        return "/".join(text(part) for part in key)
    return str(key.value if isinstance(key, enum.Enum) else key)


def enumerated(values):
    """List items under their own names, so that taking one away does not move the others."""
    seen = set()
    for number, item in enumerate(list(values)):
        owns = [getattr(item, name, None) for name in IDENTITY] if is_model(item) else []
        own = next((own for own in owns if isinstance(own, str) and own), number)
        own = number if own in seen else own
        seen.add(own)
        yield own, item


def is_model(value):
    return hasattr(value, "__dict__") and not isinstance(
        value, (*NOT_DATA, BaseBackend, dict, list, enum.Enum, re.Pattern)
    )


def is_container(value):
    return isinstance(value, (dict, list)) and bool(value)


def nested(value):
    return is_container(value) or is_model(value)


def items_of(value):
    return list(dict.values(value)) if isinstance(value, dict) else list(value)


def entries_of(value):
    """What is really in a container: some of moto's dictionaries show less of themselves."""
    if isinstance(value, dict):
        return [(k, v) for k, v in dict.items(value) if not text(k).startswith(NOT_THE_ACCOUNTS)]
    return list(enumerated(value))


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
