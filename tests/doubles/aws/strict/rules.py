# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule book of a service: what AWS refuses before, corrects after, or offers beside moto.

A rule is a function of moto's backend and the operation's own parameters, named as in AWS's API:

    @BOOK.rule("DeleteVpc")
    def nothing_may_be_left_in_it(ec2, VpcId, **_):
        \"\"\"DeleteVpc: "You must detach or delete all gateways and resources ... before".\"\"\"
        if ...:
            raise Refused("DependencyViolation", f"The vpc '{VpcId}' has dependencies ...")
"""

from __future__ import annotations

import functools
import inspect
import json
import uuid

from moto import backends as moto_backends
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.iam import models as iam_models
from moto.utilities.utils import get_partition

from .. import answers
from . import shapes


class Refused(Exception):
    """What AWS answers: code, message and HTTP status."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code = code
        self.status = status


class RuleBook:
    """`service` is botocore's name, `moto` is moto's; `invalid` and `missing` are the service's
    codes for a parameter which the service model itself rules out (None: the model is not asked).
    """

    def __init__(self, service, moto=None, invalid=None, missing=None, mismatch=None):
        self.service = service
        self.mismatch = mismatch  # the code for a ClientToken used again for something else
        self.moto = moto or service
        self.invalid = invalid
        self.missing = missing or invalid
        self.rules = {}
        self.afters = {}
        self.agains = {}
        self.additions = {}
        self.patches = []

    # -- writing the book ---------------------------------------------------------------------

    def rule(self, *operations):
        """Runs before moto; raises Refused."""

        def note(function):
            for operation in operations:
                self.rules.setdefault(operation, []).append(function)
            return function

        return note

    def after(self, *operations):
        """Runs after moto has done it, and sets right what moto forgets."""

        def note(function):
            for operation in operations:
                self.afters.setdefault(operation, []).append(function)
            return function

        return note

    def again(self, operation):
        """Runs when a ClientToken comes again, with the first answer's body; raises Refused."""

        def note(function):
            self.agains[operation] = function
            return function

        return note

    def adds(self, operation):
        """An operation that moto lacks: gives its result in the words of the model."""

        def note(function):
            self.additions[operation] = function
            return function

        return note

    def patch(self, target, name):
        """Replace moto's `target.name`; the function gets the original as first argument."""

        def note(function):
            self.patches.append((target, name, function))
            return function

        return note

    # -- putting it in force --------------------------------------------------------------------

    def apply(self):
        for target, name, function in self.patches:
            replace(target, name, function)

    def backend(self, account, region):
        by_region = moto_backends.get_backend(self.moto)[account]
        return by_region[region if region in by_region else get_partition(region)]

    # -- one request ----------------------------------------------------------------------------

    def answer(self, environ, body, named, ask):
        """The (status, headers, body) of this request; `ask()` asks moto."""
        if not self.concerns(named):
            return ask()
        parameters, shape = shapes.parameters(environ, body, named)
        environ["double.parameters"] = parameters
        backend = self.backend(iam_models.get_account_id_from(named.access_key), named.region)
        try:
            return self._answer(environ, named, ask, parameters, shape, backend)
        except Refused as refused:
            protocol = "s3" if named.service == "s3" else named.protocol
            return answers.error(protocol, refused.status, refused.code, str(refused))

    def concerns(self, named):
        operation = named.operation
        return bool(
            (self.invalid and named.write)
            or operation in self.rules
            or operation in self.afters
            or operation in self.additions
        )

    def _answer(self, environ, named, ask, parameters, shape, backend):
        if not parameters.get("DryRun"):
            self.check_shape(shape, parameters)
            if self.mismatch and named.write and "ClientToken" in parameters:
                done = functools.partial(self._do, environ, named, ask, parameters, backend)
                return self.once(named, parameters, backend, done)
            return self._do(environ, named, ask, parameters, backend)
        if named.operation in self.additions:
            message = "Request would have succeeded, but DryRun flag is set."
            raise Refused("DryRunOperation", message, 412)
        return ask()

    def _do(self, environ, named, ask, parameters, backend):
        for rule in self.rules.get(named.operation, ()):
            call(rule, backend, parameters)
        if named.operation in self.additions:
            return serialized(named, call(self.additions[named.operation], backend, parameters))
        answer = ask()
        if answer[0] < 300:
            for after in self.afters.get(named.operation, ()):
                call(after, backend, parameters)
        return answer

    def check_shape(self, shape, parameters):
        wrong = shapes.first_violation(shape, parameters) if self.invalid and shape else None
        if wrong is None:
            return
        path, problem = wrong
        if problem == "is required":
            raise Refused(self.missing, f"The request must contain the parameter {path}")
        raise Refused(self.invalid, f"Value for parameter {path} is invalid: it {problem}")

    def once(self, named, parameters, backend, ask):
        """Idempotency: the same ClientToken and parameters again give the first answer again.

        EC2 "Ensuring idempotency": other parameters -> IdempotentParameterMismatch.
        """
        tokens = vars(backend).setdefault("_double_tokens", {})
        key = f"{named.operation}/{parameters['ClientToken']}"
        mine = fingerprint(parameters)
        if key in tokens:
            used, answer = tokens[key]
            if used != mine:
                raise Refused(self.mismatch, "The client token was used with other parameters")
            if named.operation in self.agains:
                self.agains[named.operation](backend, answer[2].decode())
            return answer
        answer = ask()
        if answer[0] < 300:
            tokens[key] = (mine, answer)
        return answer


def serialized(named, result):
    """The answer of an operation that we added, in its own protocol."""
    operation = get_service_model(named.service).operation_model(named.operation)
    serializer = get_serializer_class(named.service, named.protocol)(
        operation_model=operation, value_picker=XFormedAttributePicker()
    )
    answer = serializer.serialize(result or {})
    headers, body = dict(answer["headers"]), answer["body"]
    headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return answer["status_code"], headers, body if isinstance(body, bytes) else body.encode()


def call(function, backend, parameters):
    """Hand a rule those parameters that it names; what the caller left out is None."""
    names, takes_all = asks(function)
    given = {name: parameters.get(name) for name in names}
    if takes_all:
        given.update({k: v for k, v in parameters.items() if k not in given})
    return function(backend, **given)


@functools.cache
def asks(function):
    """The parameters that a rule names, and whether it takes all others as well."""
    wanted = inspect.signature(function).parameters
    others = {name for name, parameter in wanted.items() if parameter.kind is parameter.VAR_KEYWORD}
    return [name for name in list(wanted)[1:] if name != "_" and name not in others], bool(others)


def replace(target, name, function):
    """target.name = function with the original in front; properties and methods alike."""
    original = inspect.getattr_static(target, name)
    if isinstance(original, property):
        setattr(target, name, property(functools.partial(function, original.fget)))
        return

    @functools.wraps(original)
    def patched(*args, **kwargs):
        return function(original, *args, **kwargs)

    setattr(target, name, patched)


def fingerprint(parameters):
    return json.dumps(
        {k: v for k, v in parameters.items() if k != "ClientToken"}, sort_keys=True, default=str
    )
