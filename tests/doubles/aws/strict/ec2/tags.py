# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, on every kind of thing."""

from __future__ import annotations

from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE

from ..rules import Refused
from .book import BOOK, invalid

# moto looks up the type of whatever has a tag, and falls over a thing of which it knows no prefix.
EC2_PREFIX_TO_RESOURCE.setdefault(None, "")


def tags_are_sound(tags):
    """EC2 guide, tag restrictions: 50 per resource, key 1-128, value 0-256 characters, unique keys;
    the prefix aws: is reserved.
    """
    keys = [tag.get("Key") for tag in tags]
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value", "")
        if not key or len(key) > 128:
            raise invalid(f"Tag key '{key}' must be from 1 to 128 characters long")
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag keys starting with 'aws:' are reserved for internal use: {key}")
        if len(value or "") > 256:
            raise invalid(f"Tag value of '{key}' exceeds the maximum length of 256 characters")
    if len(set(keys)) < len(keys):
        raise invalid("Duplicate tag key in the request")
    if len(keys) > 50:
        raise Refused("TagLimitExceeded", "More than 50 tags specified")


@BOOK.rule("CreateTags")
def new_tags_are_sound(_ec2, Tags, **_):
    tags_are_sound(Tags)


@BOOK.rule("DeleteTags")
def reserved_tags_stay(_ec2, Tags, **_):
    """DeleteTags, Tags: "We do not delete Amazon Web Services-generated tags (tags that have the aws: prefix)"."""
    for tag in Tags or []:
        if tag.get("Key", "").lower().startswith("aws:"):
            raise invalid(f"Tag keys starting with 'aws:' are reserved for internal use: {tag['Key']}")


def tag_specifications_are_sound(_ec2, TagSpecifications, **_):
    for specification in TagSpecifications or []:
        if not specification.get("ResourceType"):
            raise invalid("Tag specification resource type must have a value")
        tags_are_sound(specification.get("Tags", []))


def cover_every_creation():
    from moto.core.utils import get_service_model

    model = get_service_model("ec2")
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is not None and "TagSpecifications" in shape.members:
            BOOK.rules.setdefault(name, []).insert(0, tag_specifications_are_sound)


cover_every_creation()
