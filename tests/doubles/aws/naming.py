# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation of which service is this request? Answered from botocore's own service models.

The double sits behind one address, so the service is in the signature's scope (its signing name)
and the operation is wherever the service's protocol puts it.
"""

from __future__ import annotations

import functools
import gzip
import json
import pathlib
import re
import urllib.parse
from dataclasses import dataclass

import botocore
from moto.core.request import Request
from moto.core.routing import NotFound, RestRouter, S3RestRouter
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException


@dataclass(frozen=True)
class Service:
    """What the head of a service-2.json says."""

    name: str
    api_version: str
    target_prefix: str
    protocols: tuple


@dataclass(frozen=True)
class Named:
    """A request that was understood; `protocol` is the one this very request speaks."""

    service: str
    operation: str
    protocol: str
    region: str
    access_key: str
    write: bool


# -- the index of services ------------------------------------------------------------------------


@functools.cache
def services_by_signing_name():
    index = {}
    for folder in sorted((pathlib.Path(botocore.__file__).parent / "data").iterdir()):
        for path in sorted(folder.glob("*/service-2.json*"))[-1:]:  # newest API version
            head = metadata(path)
            signing = head.get("signingName", head["endpointPrefix"])
            service = Service(
                folder.name,
                head["apiVersion"],
                head.get("targetPrefix", ""),
                tuple(head.get("protocols", [head["protocol"]])),
            )
            index.setdefault(signing, []).append(service)
    return index


def metadata(path):
    """Only the first block of the file: unpacking 400 models takes seconds, their heads do not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        head = stream.read(4096).decode("utf-8", "ignore")
    start = head.index("{", head.index('"metadata"'))
    try:
        return json.JSONDecoder().raw_decode(head, start)[0]
    except ValueError:  # another order of keys: read it all
        with opener(path, "rb") as stream:
            return json.load(stream)["metadata"]


# -- reading a request ----------------------------------------------------------------------------

SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
RPC_V2 = re.compile(r"/service/([^/]+)/operation/([^/]+)$")


def name_of(environ, body):
    """The Named request, or None when it is no AWS call that any model knows."""
    access_key, region, signing = scope_of(environ)
    if not signing:
        return None
    candidates = services_by_signing_name().get(signing, [])
    found = (
        by_target(environ, candidates)
        or by_rpc_path(environ, candidates)
        or by_action(environ, body, candidates)
        or by_uri(environ, candidates)
    )
    if not found:
        return None
    service, operation, protocol = found
    return Named(
        service, operation, protocol, region, access_key, is_write(service, operation)
    )


def scope_of(environ):
    """(access key, region, signing name), from the header or from a presigned query."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    match = SCOPE.search(header)
    if not match and "X-Amz-Credential" in environ.get("QUERY_STRING", ""):
        query = urllib.parse.parse_qs(environ["QUERY_STRING"])
        match = SCOPE.search("Credential=" + query["X-Amz-Credential"][0])
    if not match:
        return "", "", ""
    access_key, _date, region, signing = match.groups()
    return access_key, region, signing


def by_target(environ, candidates):
    """The json protocols: X-Amz-Target: Prefix.Operation."""
    prefix, _dot, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    for service in candidates:
        if prefix and service.target_prefix == prefix:
            return service.name, operation, "json"
    return None


def by_rpc_path(environ, candidates):
    """smithy-rpc-v2-cbor: POST /service/Target/operation/Operation."""
    match = RPC_V2.search(environ.get("PATH_INFO", ""))
    if not match or "HTTP_SMITHY_PROTOCOL" not in environ:
        return None
    for service in candidates:
        if service.target_prefix in ("", match.group(1)):
            return service.name, match.group(2), "cbor"
    return None


def by_action(environ, body, candidates):
    """The query protocols: Action= and Version= in the body or in the query."""
    form = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form.update(urllib.parse.parse_qs(body.decode("utf-8", "replace")))
    if "Action" not in form:
        return None
    speaking = [s for s in candidates if {"query", "ec2"} & set(s.protocols)]
    version = form.get("Version", [""])[0]
    for service in sorted(speaking, key=lambda s: s.api_version != version):
        protocol = "ec2" if "ec2" in service.protocols else "query"
        return service.name, form["Action"][0], protocol
    return None


def by_uri(environ, candidates):
    """The rest protocols: method, URI template, query literals and required headers."""
    for service in candidates:
        protocol = next((p for p in service.protocols if p.startswith("rest-")), None)
        if not protocol:
            continue
        try:
            operation, _params = rest_router(service.name).match(Request(dict(environ)))
        except (NotFound, HTTPException):
            continue
        return service.name, operation.name, protocol
    return None


@functools.cache
def rest_router(service):
    router = S3RestRouter if service == "s3" else RestRouter
    return router(get_service_model(service))


# -- read or write --------------------------------------------------------------------------------

READ = re.compile(
    r"(Describe|Get|List|Head|BatchGet|Lookup|Search|Filter|Test|Validate|Select|Simulate|Estimate"
    r"|Query|Scan|Preview|Check|ExportClientVpn)(?=[A-Z]|$)|Generate\w*Reports?$"
)
# Operations whose names sound like a look but which do something
WRITES = {
    ("elasticache", "TestFailover"),
    ("elasticache", "TestMigration"),
    ("codecommit", "TestRepositoryTriggers"),
}


def is_write(service, operation):
    if service == "sts":
        return False  # a session changes nothing in the account
    if (service, operation) in WRITES:
        return True
    return not READ.match(operation)
