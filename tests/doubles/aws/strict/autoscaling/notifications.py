# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications of groups to topics, which moto lacks.

Source: the service model of Auto Scaling (2011-01-01), PutNotificationConfiguration and its neighbours; the user guide, "Amazon SNS notification options".
"""

from __future__ import annotations

from moto.sns.models import sns_backends

from ..rules import Refused
from .book import BOOK, group_of, invalid, page

EVENTS = {f"autoscaling:EC2_INSTANCE_{what}" for what in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")} | {"autoscaling:TEST_NOTIFICATION"}
TOPICS = 10


def notifications_of(autoscaling, name):
    """Topic → types."""
    return vars(autoscaling).setdefault("notifications", {}).setdefault(name, {})


@BOOK.adds("DescribeAutoScalingNotificationTypes")
def describe_auto_scaling_notification_types(_autoscaling, **_):
    return {"AutoScalingNotificationTypes": sorted(EVENTS)}


@BOOK.rule("PutNotificationConfiguration")
def somebody_can_be_told(autoscaling, AutoScalingGroupName, TopicARN, NotificationTypes, **_):
    """PutNotificationConfiguration: "your maximum limit of SNS topics, which is 10 per Auto Scaling group"; the guide: a test notification is sent."""
    group_of(autoscaling, AutoScalingGroupName)
    if set(NotificationTypes) - EVENTS:
        raise invalid(f"{sorted(set(NotificationTypes) - EVENTS)[0]} is not a valid notification type")
    there = vars(autoscaling).get("notifications", {}).get(AutoScalingGroupName, {})
    if TopicARN not in there and len(there) >= TOPICS:
        raise Refused("LimitExceeded", f"You have already reached your limit of {TOPICS} topics for this group")
    if TopicARN not in sns_backends[autoscaling.account_id][autoscaling.region_name].topics:
        raise invalid(f"Unable to publish test message to notification target {TopicARN}. Please check your target configuration and try again.")


@BOOK.adds("PutNotificationConfiguration")
def put_notification_configuration(autoscaling, AutoScalingGroupName, TopicARN, NotificationTypes, **_):
    """"This configuration overwrites any existing configuration": that of the topic."""
    notifications_of(autoscaling, AutoScalingGroupName)[TopicARN] = sorted(set(NotificationTypes))


@BOOK.adds("DescribeNotificationConfigurations")
def describe_notification_configurations(autoscaling, AutoScalingGroupNames, MaxRecords, NextToken, **_):
    """A line for each topic and type."""
    found = [
        {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": one}
        for group, topics in sorted(vars(autoscaling).get("notifications", {}).items())
        if not AutoScalingGroupNames or group in AutoScalingGroupNames
        for topic, types in sorted(topics.items())
        for one in types
    ]
    return page("NotificationConfigurations", found, MaxRecords, NextToken)


@BOOK.adds("DeleteNotificationConfiguration")
def delete_notification_configuration(autoscaling, AutoScalingGroupName, TopicARN, **_):
    group_of(autoscaling, AutoScalingGroupName)
    notifications_of(autoscaling, AutoScalingGroupName).pop(TopicARN, None)
    if not notifications_of(autoscaling, AutoScalingGroupName):
        del vars(autoscaling)["notifications"][AutoScalingGroupName]
