# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of groups: pending for a while, launched by a version of the template that they keep."""

from __future__ import annotations

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from ..ec2.launch_templates import version_of
from ..passing import LOOKS
from .book import BOOK


@BOOK.patch(InstanceState, "__init__")
def it_keeps_what_it_was_launched_by(original, state, *args, **kwargs):
    """Instance.LaunchTemplate: "The launch template for the instance" (moto: the template's default version of now)."""
    original(state, *args, **kwargs)
    group = state.auto_scaling_group
    if group.ec2_launch_template is not None:
        state._launched = version_of(group.ec2_launch_template, group.launch_template_version).number
    state._tick = LOOKS


@BOOK.patch(InstanceState, "launch_template")
def its_version(_original, state):
    template = state.auto_scaling_group.ec2_launch_template
    if template is None:
        return None
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(vars(state).get("_launched", ""))}


def while_it_starts(state):
    return "Pending" if vars(state).get("_tick") else vars(state)["lifecycle_state"]


InstanceState.lifecycle_state = property(while_it_starts, lambda state, name: vars(state).update(lifecycle_state=name))


@BOOK.patch(FakeAutoScalingGroup, "active_instances")
def those_that_are_on_their_way_count(_original, group):
    return [state for state in group.instance_states if vars(state)["lifecycle_state"] == "InService"]


@BOOK.patch(FakeAutoScalingGroup, "set_desired_capacity")
def they_stand_in_order(original, group, new_capacity):
    """In the order of their ids (moto: by chance); who goes is a target no more."""
    before = {state.instance.id for state in group.instance_states}
    original(group, new_capacity)
    group.instance_states.sort(key=lambda state: state.instance.id)
    gone = before - {state.instance.id for state in group.instance_states}
    group.autoscaling_backend.elbv2_backend.notify_terminate_instances(sorted(gone))


@BOOK.after("DescribeAutoScalingGroups", "DescribeAutoScalingInstances")
def time_passes(autoscaling, **_):
    for group in autoscaling.autoscaling_groups.values():
        for state in group.instance_states:
            state._tick = max(vars(state).get("_tick", 0) - 1, 0)
