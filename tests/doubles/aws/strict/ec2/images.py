# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of instances."""

from __future__ import annotations

import re

from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami

from ..rules import Refused
from .book import BOOK, invalid
from .instances import instance_of
from .power import looks

NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


@BOOK.rule("CreateImage")
def an_image_has_a_name_of_its_own(ec2, Name, **_):
    """CreateImage.Name: "3-128 alphanumeric characters, parentheses …"; EC2 error codes, InvalidAMIName.Duplicate."""
    if not NAME.fullmatch(Name or ""):
        raise Refused("InvalidAMIName.Malformed", f"AMI names must be between 3 and 128 characters long, found {Name!r}")
    for image in ec2.amis.values():
        if image.name == Name and image.owner_id == ec2.account_id:
            raise Refused("InvalidAMIName.Duplicate", f"AMI name {Name} is already in use by AMI {image.id}")


@BOOK.rule("CreateImage")
def it_is_of_an_instance_that_runs_or_is_stopped(ec2, InstanceId, TagSpecifications, **_):
    """CreateImage: "from an Amazon EBS-backed instance that is either running or stopped"; tags of images and snapshots only."""
    state = instance_of(ec2, InstanceId).state
    if state not in ("running", "stopped"):
        raise Refused("IncorrectState", f"Instance '{InstanceId}' is not 'running' or 'stopped', it is '{state}'.")
    for one in TagSpecifications or []:
        if one["ResourceType"] not in ("image", "snapshot"):
            raise invalid(f"'{one['ResourceType']}' is not a valid taggable resource type for this operation.")


@BOOK.patch(EC2Backend, "create_image")
def snapshots_have_tags_too(original, ec2, instance_id, name, description, tag_specifications):
    """CreateImage.TagSpecifications: "The same tag is applied to all of the snapshots that are created" (moto: an error). It is pending at first."""
    image = original(ec2, instance_id, name, description, [one for one in tag_specifications if one["ResourceType"] == "image"])
    for one in tag_specifications:
        if one["ResourceType"] == "snapshot":
            image.ebs_snapshot.add_tags({tag["Key"]: tag["Value"] for tag in one["Tags"]})
    image._tick = looks()
    return image


@BOOK.after("CreateImage")
def the_instance_is_rebooted(ec2, InstanceId, NoReboot, **_):
    """CreateImage.NoReboot: without it "the instance is rebooted before creating the image"."""
    if not NoReboot:
        ec2.reboot_instances([InstanceId])


def while_it_is_made(image):
    return "pending" if vars(image).get("_tick") else vars(image)["state"]


Ami.state = property(while_it_is_made, lambda image, state: vars(image).update(state=state))


@BOOK.after("DescribeImages")
def time_passes(ec2, **_):
    for image in ec2.amis.values():
        if vars(image).get("_tick"):
            image._tick -= 1
