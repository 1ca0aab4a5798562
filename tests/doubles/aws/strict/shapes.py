# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS's service models say of parameters: required, enum, pattern, minimum and maximum.

botocore checks hardly any of it on the client's side, and moto nothing: the services do.
"""

from __future__ import annotations

import functools
import re
import urllib.parse

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.utils import get_service_model

from .. import naming


def parameters(environ, body, named):
    """The request's parameters in the service's own words, and their shape."""
    operation = get_service_model(named.service).operation_model(named.operation)
    if operation.input_shape is None:
        return {}, None
    uri_params = {}
    if named.protocol.startswith("rest-"):
        _operation, uri_params = naming.rest_router(named.service).match(Request(dict(environ)))
    request = Request(dict(environ))
    parser = PROTOCOL_PARSERS[named.protocol](operation)
    values = parser.parse(
        {
            "method": request.method,
            "values": form_values(request, body),
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": uri_params,
        }
    )
    return given(values, operation.input_shape), operation.input_shape


def given(values, shape):
    """Without what the parser makes up: nulls, and empty lists for lists not in the query."""
    unasked = {
        name
        for name, member in shape.members.items()
        if member.serialization.get("location") == "querystring" and member.type_name == "list"
    }
    return {
        name: value
        for name, value in dict(values).items()
        if value is not None and not (value == [] and name in unasked)
    }


def form_values(request, body):
    """Query and form together, as werkzeug's `values` without using up the body."""
    values = request.args.copy()
    if request.content_type and request.content_type.startswith("application/x-www-form"):
        for key, value in urllib.parse.parse_qsl(body.decode(), keep_blank_values=True):
            values.add(key, value)
    return values


def first_violation(shape, value, path=""):
    """(path, what is wrong), or None."""
    return next(violations(shape, value, path), None)


def violations(shape, value, path=""):
    if value is None or shape is None:
        return
    if shape.type_name == "structure":
        yield from structure(shape, value, path)
    elif shape.type_name == "list":
        yield from sized(shape, len(value), path, "members")
        for number, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    elif shape.type_name == "map":
        yield from sized(shape, len(value), path, "entries")
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.{key}")
            yield from violations(shape.value, item, f"{path}.{key}.value")
    elif shape.type_name == "string":
        yield from string(shape, str(value), path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from sized(shape, value, path, "")


def structure(shape, value, path):
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}.{name}".lstrip("."), "is required"
    for name, member in shape.members.items():
        if name in value:
            yield from violations(member, value[name], f"{path}.{name}".lstrip("."))


def string(shape, value, path):
    if getattr(shape, "enum", None) and value not in shape.enum:
        yield path, f"value {value!r} is not one of {list(shape.enum)}"
    yield from sized(shape, len(value), path, "characters")
    pattern = compiled(shape.metadata.get("pattern"))
    if pattern and value and not pattern.fullmatch(value):
        yield path, f"value {value!r} does not satisfy the pattern {pattern.pattern}"


def sized(shape, size, path, unit):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield path, f"is less than the minimum of {least} {unit}".rstrip()
    if most is not None and size > most:
        yield path, f"is more than the maximum of {most} {unit}".rstrip()


@functools.cache
def compiled(pattern):
    r"""The model's pattern for Python; \p{all} and its like are not understood and let through."""
    if not pattern or "\\p{" in pattern:
        return None
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
