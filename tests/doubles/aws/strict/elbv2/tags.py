# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of load balancers, target groups, listeners, rules and trust stores."""

from __future__ import annotations

from ..rules import Refused
from .book import BOOK, balancer_of, group_of, invalid, listener_of, rule_of, store_of

FINDERS = {"targetgroup": group_of, "loadbalancer": balancer_of, "listener-rule": rule_of, "listener": listener_of, "truststore": store_of}
MOST = 20


def they_exist(elbv2, arns):
    """TagDescriptions of DescribeTags: "You can specify up to 20 resources in a single call"."""
    if len(arns or []) > MOST:
        raise invalid(f"The number of resources ({len(arns)}) exceeds {MOST}")
    for arn in arns or []:
        FINDERS.get(arn.split(":")[-1].partition("/")[0], balancer_of)(elbv2, arn)


@BOOK.adds("DescribeTags")
def describe(elbv2, ResourceArns, **_):
    they_exist(elbv2, ResourceArns)
    told = {arn: elbv2.tagging_service.get_tag_dict_for_resource(arn) for arn in ResourceArns}
    return {"TagDescriptions": [{"ResourceArn": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} for arn, tags in told.items()]}


@BOOK.adds("AddTags")
def add(elbv2, ResourceArns, Tags, **_):
    """Tagging guide: 50 tags for each resource, where moto counts ten."""
    they_exist(elbv2, ResourceArns)
    are_sound(elbv2, Tags)
    for arn in ResourceArns:
        if len({*elbv2.tagging_service.get_tag_dict_for_resource(arn), *(tag["Key"] for tag in Tags)}) > 50:
            raise Refused("TooManyTags", "The quota for the number of tags has been reached")
        elbv2.tagging_service.tag_resource(arn, Tags)


@BOOK.adds("RemoveTags")
def remove(elbv2, ResourceArns, TagKeys, **_):
    they_exist(elbv2, ResourceArns)
    for arn in ResourceArns:
        elbv2.tagging_service.untag_resource_using_names(arn, TagKeys)


@BOOK.rule("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateRule", "CreateTrustStore")
def are_sound(_elbv2, Tags, **_):
    """DuplicateTagKeysException; Tag: keys with the prefix aws: are reserved."""
    keys = [tag["Key"] for tag in Tags or []]
    if len(set(keys)) < len(keys):
        raise Refused("DuplicateTagKeys", "A tag key was specified more than once.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise invalid("Tag keys cannot start with 'aws:'")


def forget(elbv2, arn):
    elbv2.tagging_service.delete_all_tags_for_resource(arn)
