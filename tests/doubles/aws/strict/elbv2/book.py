# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule book of load balancers, and how its chapters find things."""

from __future__ import annotations

import re

from ..rules import Refused, RuleBook

BOOK = RuleBook("elbv2", invalid="ValidationError")
NAME = re.compile(r"(?!-)(?!.*-$)[a-zA-Z0-9-]{1,32}")


def invalid(message):
    return Refused("ValidationError", message)


def wrong(message):
    return Refused("InvalidConfigurationRequest", message)


def balancer_of(elbv2, arn):
    if arn not in elbv2.load_balancers:
        raise Refused("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
    return elbv2.load_balancers[arn]


def group_of(elbv2, arn):
    if arn not in elbv2.target_groups:
        raise Refused("TargetGroupNotFound", f"Target group '{arn}' not found")
    return elbv2.target_groups[arn]


def listener_of(elbv2, arn):
    found = [one.listeners[arn] for one in elbv2.load_balancers.values() if arn in one.listeners]
    if not found:
        raise Refused("ListenerNotFound", f"One or more listeners not found: '{arn}'")
    return found[0]


def rule_of(elbv2, arn):
    listener = listener_of(elbv2, arn.replace(":listener-rule/", ":listener/").rpartition("/")[0])
    found = [rule for rule in listener.rules.values() if rule.arn == arn]
    if not found:
        raise Refused("RuleNotFound", f"One or more rules not found: '{arn}'")
    return found[0]


def stores(elbv2):
    """Trust stores, which moto does not know."""
    return vars(elbv2).setdefault("trust_stores", {})


def store_of(elbv2, arn):
    if arn not in stores(elbv2):
        raise Refused("TrustStoreNotFound", f"Trust store '{arn}' not found")
    return stores(elbv2)[arn]


def page(things, marker, size, member):
    """Marker and PageSize of the describing calls."""
    start, size = int(marker or 0), int(size or 400)
    more = {"NextMarker": str(start + size)} if start + size < len(things) else {}
    return {member: things[start : start + size], **more}


def name_is_sound(name):
    """CreateLoadBalancer.Name, CreateTargetGroup.Name: "can have a maximum of 32 characters, must contain only alphanumeric characters or
    hyphens, must not begin or end with a hyphen".
    """
    if not NAME.fullmatch(name or ""):
        raise invalid(f"The name '{name}' must be 1 to 32 alphanumeric characters or hyphens, and must not begin or end with a hyphen")


def once_again(thing, asked):
    """ "This operation is idempotent ... If you attempt to create multiple load balancers with the same settings, each call succeeds."""
    return thing is not None and thing.asked == asked
