# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of EC2 things, where the Name tag is the name in the sheet. Named keys only are ever written or taken away.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Option, tags

# What EC2 says about a thing that was made a moment ago and is not known to all of its servers yet.
NOT_YET = (r"Invalid\w+\.(\w+\.)?NotFound",)


def as_dict(found: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """[{Key, Value}] as a dictionary, without the tags that only AWS itself can set."""
    return {tag["Key"]: tag["Value"] for tag in found or [] if not tag["Key"].startswith("aws:")}


def as_list(wanted: Mapping[str, str]) -> list[dict[str, str]]:
    return [dict(Key=key, Value=str(value)) for key, value in wanted.items()]


def beside_name() -> Option:
    """The tags of what has its name in the Name tag."""
    return tags(reserved=dict(Name="name"))


def same_texts(wanted: Mapping[str, Any], has: Mapping[str, str]) -> bool:
    """Whether a free dictionary is the same as a whole, such as tags that are one condition: AWS keeps its values as text."""
    return {key: str(value) for key, value in wanted.items()} == has


def name_and_tags(thing: Mapping[str, Any], member: str = "Tags") -> dict[str, Any]:
    """The options `name` and `tags` of something described."""
    found = as_dict(thing.get(member))
    return dict(name=found.pop("Name", None), tags=found)


def specifications(resource_type: str, want: Mapping[str, Any]) -> list[dict[str, Any]]:
    """TagSpecifications: a thing has its name from its first moment, so a run that breaks never makes it twice."""
    wanted = {**({"Name": want["name"]} if "name" in want else {}), **want.get("tags", {})}
    return [dict(ResourceType=resource_type, Tags=as_list(wanted))] if wanted else []


def split(have: Mapping[str, Any], change: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """What a change of `tags` means for any service: tags to write, and keys to take away (all of them when the option is cleared)."""
    changed = change.get("tags", {})
    wanted = dict.fromkeys(have.get("tags") or {}) if changed is None else changed
    return {key: str(value) for key, value in wanted.items() if value is not None}, [key for key, value in wanted.items() if value is None]


def write(have: Mapping[str, Any], change: Mapping[str, Any], tag: Callable[..., Any], untag: Callable[..., Any], **which: Any) -> None:
    """A change of `tags` in the service's own calls, such as TagResource and UntagResource, of the thing that `which` names."""
    put, gone = split(have, change)
    for call, values in ((tag, put), (untag, gone)):
        if values:
            call(**which, **_argument(call, values))


def _argument(call: Any, values: dict[str, str] | list[str]) -> dict[str, Any]:
    """Tags or keys as this service has them: how they are called, and whether tags are a dictionary or a list, its model says."""
    meta = call.__self__.meta
    members = meta.service_model.operation_model(meta.method_to_api_mapping[call.__name__]).input_shape.members
    name, shape = next((name, shape) for name, shape in members.items() if shape.type_name in ("list", "map"))
    if isinstance(values, dict) and shape.type_name == "list":
        key, value = sorted(shape.member.members)
        return {name: [{key: tag, value: text} for tag, text in values.items()]}
    return {name: values}


def update(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """Write the changed name and tags (CreateTags), and take away those whose value is None (DeleteTags)."""
    put, gone = split(have, change)
    if "name" in change:
        put["Name"] = change["name"]
    if put:
        aws.ec2.create_tags(Resources=[have["id"]], Tags=as_list(put))
    if gone:
        aws.ec2.delete_tags(Resources=[have["id"]], Tags=[dict(Key=key) for key in gone])
