# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in the words of each protocol, for errors that the double makes up itself."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

# What each protocol calls the same trouble: (HTTP status, code)
THROTTLE = {
    "ec2": (503, "RequestLimitExceeded"),
    "query": (400, "Throttling"),
    "json": (400, "ThrottlingException"),
    "cbor": (400, "ThrottlingException"),
    "rest-json": (429, "ThrottlingException"),
    "rest-xml": (400, "Throttling"),
    "s3": (503, "SlowDown"),
}
SERVER_ERROR = {
    "ec2": (500, "InternalError"),
    "query": (500, "InternalFailure"),
    "json": (500, "InternalFailure"),
    "cbor": (500, "InternalFailure"),
    "rest-json": (500, "InternalFailure"),
    "rest-xml": (500, "InternalError"),
    "s3": (500, "InternalError"),
}
EXPIRED = {
    "ec2": (400, "RequestExpired"),  # EC2's own name for a session that has run out
    "query": (403, "ExpiredToken"),
    "json": (400, "ExpiredTokenException"),
    "cbor": (400, "ExpiredTokenException"),
    "rest-json": (403, "ExpiredTokenException"),
    "rest-xml": (403, "ExpiredToken"),
    "s3": (400, "ExpiredToken"),
}
DENIED = {
    "ec2": (403, "UnauthorizedOperation"),
    "query": (403, "AccessDenied"),
    "json": (400, "AccessDeniedException"),
    "cbor": (400, "AccessDeniedException"),
    "rest-json": (403, "AccessDeniedException"),
    "rest-xml": (403, "AccessDenied"),
    "s3": (403, "AccessDenied"),
}
# Services whose names differ from their protocol's
OWN_NAMES = {
    ("sns", "AccessDenied"): "AuthorizationError",
    # awsQueryCompatible: the json and CBOR faces keep the codes of the old query API
    ("cloudwatch", "ThrottlingException"): "Throttling",
    ("cloudwatch", "AccessDeniedException"): "AccessDenied",
    ("cloudwatch", "ExpiredTokenException"): "ExpiredToken",
}
MESSAGES = {
    "throttle": "Rate exceeded",
    "server_error": "An internal error has occurred. Retry your request.",
    "expired": "The security token included in the request is expired",
}


def trouble(table, message, named):
    """The (status, headers, body) with which `named`'s service reports this kind of trouble."""
    protocol = "s3" if named.service == "s3" else named.protocol
    status, code = table[protocol]
    code = OWN_NAMES.get((named.service, code), code)
    return error(protocol, status, code, message)


def error(protocol, status, code, message):
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if protocol in ("json", "rest-json"):
        return json_error(status, code, message, headers)
    if protocol == "cbor":
        return cbor_error(status, code, message, headers)
    return xml_error(protocol, status, code, message, request_id, headers)


def json_error(status, code, message, headers):
    headers["Content-Type"] = "application/x-amz-json-1.1"
    headers["x-amzn-ErrorType"] = code
    headers["x-amzn-query-error"] = f"{code};Sender"  # read only by query compatible services
    body = {"__type": code, "message": message, "Message": message}
    return status, headers, json.dumps(body).encode()


def cbor_error(status, code, message, headers):
    headers["Content-Type"] = "application/cbor"
    headers["smithy-protocol"] = "rpc-v2-cbor"
    headers["x-amzn-query-error"] = f"{code};Sender"
    body = b"\xa2" + cbor_text("__type") + cbor_text(code)
    return status, headers, body + cbor_text("message") + cbor_text(message)


def cbor_text(text):
    """RFC 8949, major type 3 with a two byte length."""
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


def xml_error(protocol, status, code, message, request_id, headers):
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    elif protocol == "s3":
        headers["x-amz-request-id"] = request_id
        body = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    else:
        kind = "Receiver" if status >= 500 else "Sender"
        body = f"<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    headers["Content-Type"] = "text/xml"
    return status, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
