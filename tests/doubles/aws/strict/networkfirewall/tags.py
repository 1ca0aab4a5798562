# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of all of them."""

from __future__ import annotations

from .book import BOOK, kept, missing, page, shown_tags, tag


def thing_of(backend, arn):
    for things in (backend.firewalls, kept(backend, "policies"), kept(backend, "rule_groups")):
        if arn in things:
            return things[arn]
    raise missing(arn)


@BOOK.adds("TagResource")
def tag_resource(backend, ResourceArn, Tags, **_):
    tag(thing_of(backend, ResourceArn), Tags)


@BOOK.adds("UntagResource")
def untag_resource(backend, ResourceArn, TagKeys, **_):
    thing = thing_of(backend, ResourceArn)
    thing.tags = {key: value for key, value in thing.tags.items() if key not in TagKeys}


@BOOK.adds("ListTagsForResource")
def list_tags_for_resource(backend, ResourceArn, NextToken, MaxResults, **_):
    return page("Tags", shown_tags(thing_of(backend, ResourceArn)), NextToken, MaxResults)
