# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book itself, and what all chapters need. Source of each rule: the documentation strings of botocore's autoscaling model, by operation or shape."""

from __future__ import annotations

from ..rules import Refused, RuleBook

BOOK = RuleBook("autoscaling", invalid="ValidationError")


class Held:
    """What a group has, such as a policy: one object of the state."""

    def __init__(self, told):
        self.told = told


def told_of(things, key):
    return things[key].told if key in things else {}


def invalid(message):
    return Refused("ValidationError", message)


def group_of(autoscaling, name):
    if name not in autoscaling.autoscaling_groups:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return autoscaling.autoscaling_groups[name]


def sizes_are_in_order(least, desired, most):
    """DesiredCapacity: "must be greater than or equal to the minimum size of the group and less than or equal to the maximum size"."""
    if least is not None and most is not None and least > most:
        raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and least is not None and desired < least:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}")
    if desired is not None and most is not None and desired > most:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}")


def page(member, things, size, token, most=50):
    """MaxRecords: "The default value is 50"."""
    start, size = int(token or 0), int(size or most)
    more = {"NextToken": str(start + size)} if len(things) > start + size else {}
    return {member: things[start : start + size], **more}
