# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of all of them."""

from __future__ import annotations

import re

from .book import BOOK, home, kept, refused, shown_tags, tag

ARN = re.compile(r"arn:aws[\w-]*:directconnect:(?P<region>[\w-]*):(?P<account>\d{12}):(?P<kind>dxcon|dxlag|dxvif|dx-gateway)/(?P<id>.+)")
KEPT = {"dxcon": "connections", "dxlag": "lags", "dxvif": "interfaces"}


def thing_of(backend, arn):
    """Service Authorization Reference, resource types: a gateway's ARN has no Region."""
    named = ARN.fullmatch(arn)
    if not named or named["account"] != backend.account_id or named["region"] != ("" if named["kind"] == "dx-gateway" else backend.region_name):
        raise refused(f"Invalid resource ARN: {arn}")
    things = kept(home(backend), "gateways") if named["kind"] == "dx-gateway" else kept(backend, KEPT[named["kind"]])
    if named["id"] not in things or things[named["id"]].state in ("deleted", "rejected"):
        raise refused(f"The resource {arn} does not exist.")
    return things[named["id"]]


@BOOK.adds("TagResource")
def tag_resource(backend, resourceArn, tags, **_):
    tag(thing_of(backend, resourceArn), tags)


@BOOK.adds("UntagResource")
def untag_resource(backend, resourceArn, tagKeys, **_):
    thing = thing_of(backend, resourceArn)
    thing.tags = {key: value for key, value in thing.tags.items() if key not in tagKeys}


@BOOK.adds("DescribeTags")
def describe_tags(backend, resourceArns, **_):
    return {"resourceTags": [{"resourceArn": arn, "tags": shown_tags(thing_of(backend, arn))} for arn in resourceArns]}
