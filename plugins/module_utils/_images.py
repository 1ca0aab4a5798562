# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of instances, one for a ticket: made for their own sake, or to have something to go back to.

Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Returned, drive
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

SECONDS = 4 * 3600
BEFORE_SECONDS = 3600  # what was approved as so many minutes of work must not begin after the image took all of them
SHOWN_SECONDS = 120
# CreateImage.Name, which the service model tells in words.
CALLED = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


def of_ticket(aws: Aws, instance_id: str, ticket: str) -> dict[str, Any] | None:
    """The one of this ticket. What becomes of it is judged where it is waited for; a name that is taken is told before."""
    filters = [dict(Name="source-instance-id", Values=[instance_id]), dict(Name=f"tag:{TICKET}", Values=[ticket])]
    return next(iter(_images(aws, filters)), None)


def _images(aws: Aws, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with aws.reading():
        return aws.pages("ec2", "describe_images", "Images", Filters=filters, Owners=["self"])


def refuse(aws: Aws, instance: Mapping[str, Any], name: str, option: str = "name") -> None:
    """Why no image of this name can be made of it."""
    if instance.get("RootDeviceType") != "ebs":
        raise Problem("its root device is an instance store, of which CreateImage makes no image")
    if not CALLED.fullmatch(name):
        raise Problem(f"{option}: {name!r} is no name of an image: 3 to 128 letters, digits, spaces and ()[]./-'@_")
    taken = _images(aws, [dict(Name="name", Values=[name])])
    if taken:
        raise Problem(f"{option}: the image {taken[0]['ImageId']} is called {name!r} already, and it is not of this ticket: choose another name")


def make(
    aws: Aws, label: str, instance_id: str, ticket: str, name: str, *, no_reboot: bool, description: str | None = None, limit: float = SECONDS
) -> None:
    """Begin it where this ticket has none yet, and see it complete."""
    look = partial(of_ticket, aws, instance_id, ticket)
    begin = partial(_create, aws, instance_id, ticket, name, no_reboot, description)
    drive(aws, label, look, lambda there: None if there else begin)
    aws.wait(f"image of {label}", look, _settled, limit=limit)


def kept_before(aws: Aws, instance: Mapping[str, Any], ticket: str, name: str | None) -> dict[str, str]:
    """Of a plan: the image that is made before the work, where one is named and this ticket has none yet."""
    if name is None or of_ticket(aws, instance["InstanceId"], ticket):
        return {}
    refuse(aws, instance, name, "image_name")
    return dict(image=name)


def make_before(aws: Aws, label: str, instance_id: str, ticket: str, name: str) -> None:
    """Complete before the work begins, or there is none: whoever ran the ticket again would begin at an hour that nobody agreed to."""
    try:
        make(aws, label, instance_id, ticket, name, no_reboot=True, limit=BEFORE_SECONDS)
    except TimeoutError as error:
        raise Returned(
            f"the image {name} was not complete after {BEFORE_SECONDS // 60} minutes, and AWS goes on with it. Nothing else was done: "
            "when it is complete another one takes less time, so request it anew then, with another image_name"
        ) from error


def _settled(image: Mapping[str, Any]) -> bool:
    """An image that went wrong keeps its name, and nothing is deleted as error handling."""
    if image["State"] in ("failed", "error", "invalid"):
        reason = image.get("StateReason", {}).get("Message", "no reason told")
        raise Problem(f"the image {image['ImageId']} is {image['State']} ({reason}): deregister it when that is seen to, and run this again")
    return image["State"] == "available"


def _create(aws: Aws, instance_id: str, ticket: str, name: str, no_reboot: bool, description: str | None) -> None:
    """Shown a moment after it was begun: who looked in that moment would begin another one."""
    tags = dict(name=name, tags={TICKET: ticket})
    aws.ec2.create_image(
        InstanceId=instance_id,
        Name=name,
        NoReboot=no_reboot,
        TagSpecifications=[*_tags.specifications("image", tags), *_tags.specifications("snapshot", tags)],
        **(dict(Description=description) if description else {}),
    )
    aws.wait(f"image {name}", partial(of_ticket, aws, instance_id, ticket), lambda image: image is not None, limit=SHOWN_SECONDS)
