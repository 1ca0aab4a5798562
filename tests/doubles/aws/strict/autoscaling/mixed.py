# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixed instances policies: several types, and On-Demand beside Spot.

Source: the shapes MixedInstancesPolicy, LaunchTemplateOverrides and InstancesDistribution of the service model (2011-01-01).
"""

from __future__ import annotations

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.ec2.models.instance_types import INSTANCE_TYPES

from .book import BOOK, invalid
from .groups import launchable

# InstancesDistribution: "Default" of each member.
DEFAULTS = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
}
STRATEGIES = {
    "OnDemandAllocationStrategy": {"lowest-price", "prioritized"},
    "SpotAllocationStrategy": {"capacity-optimized", "capacity-optimized-prioritized", "lowest-price", "price-capacity-optimized"},
}


@BOOK.rule("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def a_mixed_instances_policy_is_sound(autoscaling, MixedInstancesPolicy, LaunchTemplate, **_):
    if MixedInstancesPolicy is None:
        return
    if LaunchTemplate:
        raise invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
    template = MixedInstancesPolicy.get("LaunchTemplate") or {}
    launchable(autoscaling.ec2_backend, template.get("LaunchTemplateSpecification") or {})
    overrides_are_sound(template.get("Overrides") or [])
    distribution_is_sound(MixedInstancesPolicy.get("InstancesDistribution") or {})


def overrides_are_sound(overrides):
    """InstanceType: "an instance type that is supported"; "up to 40 instance types"; WeightedCapacity: "Value must be in the range of 1-999. If you specify a
    value for WeightedCapacity for one instance type, you must specify a value for WeightedCapacity for all of them".
    """
    types = [one["InstanceType"] for one in overrides if "InstanceType" in one]
    if len(types) > 40 or len(types) > len(set(types)):
        raise invalid("You can specify up to 40 instance types, each once")
    for one in types:
        if one not in INSTANCE_TYPES:
            raise invalid(f"The instance type {one} is not supported")
    weights = [one["WeightedCapacity"] for one in overrides if "WeightedCapacity" in one]
    if weights and (len(weights) < len(overrides) or not all(one.isdigit() and 1 <= int(one) <= 999 for one in weights)):
        raise invalid("WeightedCapacity must be from 1 to 999, for all instance types or for none")


def distribution_is_sound(distribution):
    """The valid values of the strategies; the percentage; SpotInstancePools: "Valid only when the SpotAllocationStrategy is lowest-price. Value must be in
    the range of 1-20".
    """
    for member, known in STRATEGIES.items():
        if distribution.get(member, DEFAULTS[member]) not in known:
            raise invalid(f"Invalid {member}: {distribution[member]}")
    if not 0 <= distribution.get("OnDemandPercentageAboveBaseCapacity", 100) <= 100 or distribution.get("OnDemandBaseCapacity", 0) < 0:
        raise invalid("OnDemandPercentageAboveBaseCapacity is from 0 to 100, and OnDemandBaseCapacity not negative")
    pools = distribution.get("SpotInstancePools")
    if pools is not None and (distribution.get("SpotAllocationStrategy", "lowest-price") != "lowest-price" or not 1 <= pools <= 20):
        raise invalid("SpotInstancePools is only for the lowest-price strategy, from 1 to 20")


@BOOK.after("CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def what_is_not_said_has_its_default(autoscaling, AutoScalingGroupName, MixedInstancesPolicy, **_):
    if MixedInstancesPolicy is not None:
        policy = autoscaling.autoscaling_groups[AutoScalingGroupName].mixed_instances_policy
        distribution = {**DEFAULTS, **{name: value for name, value in (policy.get("InstancesDistribution") or {}).items() if value != ""}}
        pools = {"SpotInstancePools": 2} if distribution["SpotAllocationStrategy"] == "lowest-price" else {}
        policy["InstancesDistribution"] = {**pools, **distribution}


@BOOK.patch(FakeAutoScalingGroup, "update")
def a_mixed_instances_policy_stays(original, group, *args, **kwargs):
    """UpdateAutoScalingGroup: "Any properties that you don't specify are not changed" (moto takes the policy away)."""
    if not kwargs.get("mixed_instances_policy") and not kwargs.get("launch_template"):
        kwargs["mixed_instances_policy"] = group.mixed_instances_policy
    return original(group, *args, **kwargs)
