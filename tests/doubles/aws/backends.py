# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's backends as this double needs them: tracked from birth, completed and made strict."""

from __future__ import annotations

import importlib
import importlib.util
import re
import threading
from functools import cache

from moto import backend_index
from moto import backends as moto_backends
from moto.core import common_models
from moto.core import errors as moto_errors
from moto.core import responses as moto_responses
from moto.core.base_backend import AccountSpecificBackend
from moto.core.utils import utcnow
from moto.kms import models as kms_models
from moto.kms.utils import KeySpec

from . import births

# Services which moto lacks: registered under `moto.<name>`, where moto looks for a backend
EXTRA_SERVICES = {name: rf"https?://{name}\.(.+)\.amazonaws\.com" for name in ("dlm", "lightsail")}

ACCOUNT_KEY = re.compile(r"AKIA(\d{12})\w{4}$")
_strengthened = {}
_lock = threading.RLock()


def prepare():
    """Once, before the first request."""
    _forget_instances()
    _watch_births()
    _find_accounts_quickly()
    _share_what_never_signs()
    _list_methods_once()
    _index_errors_once()
    for name, pattern in EXTRA_SERVICES.items():
        _register(name, pattern)


def _forget_instances():
    """moto keeps every model object ever made for its dashboard: copies would pile up for ever.

    Only S3 looks at its lists (to close temporary files at a reset), and an empty one suits it.
    """

    def new(cls, *args, **kwargs):
        return object.__new__(cls)

    common_models.BaseModel.__new__ = new


def _list_methods_once():
    """moto looks through the whole class of a service at every call; a service has all its methods before its first one."""
    moto_responses.method_names_from_class = cache(moto_responses.method_names_from_class)


def _index_errors_once():
    """The factory keeps the index of a service's errors, but moto makes a new factory at every error."""
    moto_errors.ErrorLookupFactory = cache(moto_errors.ErrorLookupFactory)


def _share_what_never_signs():
    """moto gives an RSA key also to a symmetric KMS key, which cannot sign: a tenth of a second for each default key, for nothing."""
    original = kms_models.generate_private_key
    symmetric = cache(original)
    kms_models.generate_private_key = lambda spec: (symmetric if spec == KeySpec.SYMMETRIC_DEFAULT else original)(spec)


def _watch_births():
    original = AccountSpecificBackend.__getitem__

    def getitem(self, region_name):
        key = "aws" if region_name == "global" else region_name
        new = key not in self.keys()
        if new:
            strengthen(self.service_name)  # another service may be the first to ask for it, as Lambda asks for EC2
        backend = original(self, region_name)
        if new:
            births.register(self.service_name, backend)
        births.wake(backend)
        return backend

    AccountSpecificBackend.__getitem__ = getitem


def _find_accounts_quickly():
    """moto asks the IAM backends of all partitions whose key this is, and so would make them all.

    The keys that exist are in backends that exist. (Its note of the last use comes along.)
    A key id that carries an account, AKIA<account>XXXX, is of that account: a way into others.
    """
    from moto.iam import models

    def get_account_id_from(access_key):
        told = ACCOUNT_KEY.match(access_key)
        if told:
            return told.group(1)
        for account, by_partition in list(dict.items(models.iam_backends)):
            if any(access_key in b.access_keys for b in dict.values(by_partition) if not births.sleeps(b)):
                return account
        return models.DEFAULT_ACCOUNT_ID

    original = models.mark_account_as_visited

    def mark_account_as_visited(account_id, access_key, service, region):
        partition = models.get_partition(region)
        if partition in dict.keys(dict.get(models.iam_backends, account_id, {})):
            original(account_id, access_key, service, region)
            backend = dict.get(models.iam_backends, account_id)[partition]
            if access_key in vars(backend).get("root_keys", {}):
                backend.root_keys[access_key].update(used=utcnow(), service=service)

    models.get_account_id_from = get_account_id_from
    models.mark_account_as_visited = mark_account_as_visited


def _register(name, pattern):
    """Let `moto.backends.get_backend(name)` and the dispatcher find our own package."""
    backend_index.backend_url_patterns.append((name, re.compile(pattern)))
    original = moto_backends._import_backend

    def import_backend(module_name, backends_name):
        if module_name == name:
            module = importlib.import_module(f".{name}.models", __package__)
            return getattr(module, backends_name)
        return original(module_name, backends_name)

    moto_backends._import_backend = import_backend


# -- strictness -----------------------------------------------------------------------------------


def strengthen(service):
    """Patch the rules of strict/<service>.py over moto, when that service is first asked, or born."""
    name = re.sub(r"\W|_", "", service)
    with _lock:
        if name in _strengthened:
            return _strengthened[name]
        module = None
        if importlib.util.find_spec(f".strict.{name}", __package__):
            module = importlib.import_module(f".strict.{name}", __package__)
            module.BOOK.apply()
        _strengthened[name] = module
        return module


def strictly(environ, body, named, ask):
    """Moto's answer under the rules of the service; `ask()` asks moto itself."""
    module = strengthen(named.service) if named.service != "?" else None
    return ask() if module is None else module.BOOK.answer(environ, body, named, ask)
