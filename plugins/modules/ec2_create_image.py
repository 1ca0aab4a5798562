#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _instances, _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_create_image"
SECONDS = 4 * 3600
SHOWN_SECONDS = 120
# CreateImage.Name, which the service model tells in words.
CALLED = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


def plan(aws, params):
    instance = _instances.find(aws, params["instance"])
    there = _image(aws, instance["InstanceId"], params["ticket"])
    made = there is not None and there["State"] == "available"
    if there is None:
        _refuse(aws, instance, params["name"])
    reboots = not params["no_reboot"] and _instances.state(instance) == "running"
    wanted = dict(image=params["name"], description=params["description"], rebooted=reboots or None)
    left = _instances.unchecked(aws, instance, params["before"]) if reboots else {}
    return Plan(
        label=_instances.label(instance),
        id=instance["InstanceId"],
        before={},
        after=left if made else {name: value for name, value in wanted.items() if value},
        facts=dict(state=_instances.state(instance)),
        dangers=tuple(_dangers(aws, instance)) if reboots else (),
    )


def _image(aws, instance_id, ticket):
    """The one of this ticket. What becomes of it is judged where it is waited for; a name that is taken is told before."""
    filters = [dict(Name="source-instance-id", Values=[instance_id]), dict(Name=f"tag:{TICKET}", Values=[ticket])]
    return next(iter(_images(aws, filters)), None)


def _images(aws, filters):
    with aws.reading():
        return aws.pages("ec2", "describe_images", "Images", Filters=filters, Owners=["self"])


def _refuse(aws, instance, name):
    if _instances.state(instance) not in ("running", "stopped"):
        raise Problem(f"the instance is {_instances.state(instance)}, and an image is made of one that is running or stopped")
    if instance.get("RootDeviceType") != "ebs":
        raise Problem("its root device is an instance store, of which CreateImage makes no image")
    if not CALLED.fullmatch(name):
        raise Problem(f"name: {name!r} is no name of an image: 3 to 128 letters, digits, spaces and ()[]./-'@_")
    taken = _images(aws, [dict(Name="name", Values=[name])])
    if taken:
        raise Problem(f"name: the image {taken[0]['ImageId']} is called {name!r} already, and it is not of this ticket: choose another name")


def _dangers(aws, instance):
    yield "would reboot the instance, so that its file systems are whole in the image"
    for owner in _instances.owners(aws, instance):
        yield f"{owner} manages it, and may take it for a fault"


def act(aws, params, planned):
    look = partial(_image, aws, planned.id, params["ticket"])
    drive(aws, planned.label, look, lambda there: None if there else partial(_create, aws, params, planned.id))
    aws.wait(f"image of {planned.label}", look, _settled, limit=SECONDS)
    if {"rebooted", "status_checks"} & planned.after.keys():
        _instances.await_well(aws, planned.id)


def _settled(image):
    """An image that went wrong keeps its name, and nothing is deleted as error handling."""
    if image["State"] in ("failed", "error", "invalid"):
        reason = image.get("StateReason", {}).get("Message", "no reason told")
        raise Problem(f"the image {image['ImageId']} is {image['State']} ({reason}): deregister it when that is seen to, and run this again")
    return image["State"] == "available"


def _create(aws, params, instance_id):
    """Shown a moment after it was begun: who looked in that moment would begin another one."""
    tags = dict(name=params["name"], tags={TICKET: params["ticket"]})
    aws.ec2.create_image(
        InstanceId=instance_id,
        Name=params["name"],
        NoReboot=params["no_reboot"],
        TagSpecifications=[*_tags.specifications("image", tags), *_tags.specifications("snapshot", tags)],
        **(dict(Description=params["description"]) if params["description"] else {}),
    )
    aws.wait(f"image {params['name']}", partial(_image, aws, instance_id, params["ticket"]), lambda image: image is not None, limit=SHOWN_SECONDS)


VERB = Verb(
    name=NAME,
    options=dict(
        **{name: dict(type="str", required=True) for name in ("instance", "name", "ticket")},
        no_reboot=dict(type="bool", required=True),
        description=dict(type="str"),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
