# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a firewall's logs go, one change at a time."""

from __future__ import annotations

import copy

from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from ..rules import Refused
from .book import BOOK, invalid
from .firewalls import firewall_of

# LogDestinationConfig.LogDestination: (needed keys, further keys) of each type
KEYS = {"S3": ({"bucketName"}, {"prefix"}), "CloudWatchLogs": ({"logGroup"}, set()), "KinesisDataFirehose": ({"deliveryStream"}, set())}


@BOOK.adds("DescribeLoggingConfiguration")
def describe_logging_configuration(backend, FirewallArn, FirewallName, **_):
    firewall = firewall_of(backend, FirewallArn, FirewallName)
    configuration = {"LogDestinationConfigs": copy.deepcopy(firewall.log_destinations)}
    return {"FirewallArn": firewall.arn, "LoggingConfiguration": configuration, "EnableMonitoringDashboard": firewall.dashboard}


@BOOK.adds("UpdateLoggingConfiguration")
def update_logging_configuration(backend, FirewallArn, FirewallName, LoggingConfiguration, EnableMonitoringDashboard, **_):
    """UpdateLoggingConfiguration: "You must change the logging configuration one LogDestinationConfig at a time"; without one, logging ends."""
    firewall = firewall_of(backend, FirewallArn, FirewallName)
    wanted = copy.deepcopy((LoggingConfiguration or {}).get("LogDestinationConfigs", []))
    for one in wanted:
        destination_is_sound(backend, one)
    types = [one["LogType"] for one in wanted]
    if len(set(types)) < len(types):
        raise invalid("LogDestinationConfigs: one destination for each log type")
    one_change(firewall.log_destinations, wanted)
    firewall.log_destinations = wanted
    if EnableMonitoringDashboard is not None:
        firewall.dashboard = EnableMonitoringDashboard
    firewall.touch(0)
    return {
        "FirewallArn": firewall.arn,
        "FirewallName": firewall.name,
        "LoggingConfiguration": {"LogDestinationConfigs": wanted},
        "EnableMonitoringDashboard": firewall.dashboard,
    }


def destination_is_sound(backend, one):
    needed, further = KEYS[one["LogDestinationType"]]
    keys = set(one["LogDestination"])
    if not needed <= keys <= needed | further:
        raise invalid(f"LogDestination: {sorted(keys)} is not what {one['LogDestinationType']} takes")
    group, bucket = one["LogDestination"].get("logGroup"), one["LogDestination"].get("bucketName")
    groups = logs_backends[backend.account_id][backend.region_name].groups
    buckets = {name for by_region in dict.values(s3_backends) for one in dict.values(by_region) for name in one.buckets}
    if (group and group not in groups) or (bucket and bucket not in buckets):
        raise Refused("LogDestinationPermissionException", f"Unable to send logs to {group or bucket}")


def one_change(before, after):
    """ "You can't change the LogDestinationType or LogType in a LogDestinationConfig"."""
    have, want = ({one["LogType"]: one for one in configs} for configs in (before, after))
    changed = [kind for kind in have.keys() | want.keys() if have.get(kind) != want.get(kind)]
    if len(changed) > 1:
        raise invalid("only one LogDestinationConfig can be changed at a time")
    for kind in changed:
        if kind in have and kind in want and have[kind]["LogDestinationType"] != want[kind]["LogDestinationType"]:
            raise invalid("the LogDestinationType cannot be changed: delete the LogDestinationConfig and create a new one")
