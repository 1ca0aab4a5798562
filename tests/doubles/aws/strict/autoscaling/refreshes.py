# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes, which moto lacks: states over time, counted in looks; what replaces instances, and the way back by itself."""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..ec2.launch_templates import version_of
from ..ec2.power import TYPES
from ..rules import Refused
from .book import BOOK, group_of, invalid, page
from .groups import launchable

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
WAYS = {
    "Successful": ["Pending", "InProgress", "Successful"],
    "Failed": ["Pending", "InProgress", "Failed"],
    "RollbackSuccessful": ["Pending", "InProgress", "RollbackInProgress", "RollbackSuccessful"],
}
WORDS = ("$Latest", "$Default")


def refreshes_of(autoscaling, name):
    return vars(autoscaling).get("instance_refreshes", {}).get(name, [])


def status(refresh):
    return refresh["_way"][0]


@BOOK.rule("StartInstanceRefresh")
def one_at_a_time(autoscaling, AutoScalingGroupName, **_):
    """StartInstanceRefresh: InstanceRefreshInProgress."""
    group_of(autoscaling, AutoScalingGroupName)
    if any(status(one) in ACTIVE for one in refreshes_of(autoscaling, AutoScalingGroupName)):
        raise Refused("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")


@BOOK.rule("StartInstanceRefresh")
def it_can_be_rolled_back(autoscaling, AutoScalingGroupName, DesiredConfiguration, Preferences, **_):
    """RefreshPreferences.AutoRollback: "not supported in the following situations: There is no desired configuration specified …; The Auto Scaling group
    has a launch template that uses an Amazon Web Services Systems Manager parameter instead of an AMI ID …; uses the launch template's $Latest or $Default
    version".
    """
    group = group_of(autoscaling, AutoScalingGroupName)
    wanted = (DesiredConfiguration or {}).get("LaunchTemplate")
    if wanted:
        launchable(autoscaling.ec2_backend, wanted)
    if not (Preferences or {}).get("AutoRollback"):
        return
    if not wanted:
        raise invalid("AutoRollback cannot be set to true when the DesiredConfiguration parameter is empty.")
    if {group.launch_template_version, wanted.get("Version", "$Default")} & {*WORDS}:
        raise invalid("AutoRollback is not supported for launch templates that use $Latest or $Default.")
    if group.image_id.startswith("resolve:"):
        raise invalid("AutoRollback is not supported for launch templates whose image is a parameter.")


@BOOK.adds("StartInstanceRefresh")
def start_instance_refresh(autoscaling, AutoScalingGroupName, DesiredConfiguration, Preferences, Strategy, **_):
    group, given = group_of(autoscaling, AutoScalingGroupName), Preferences or {}
    works = group.instance_type not in (*TYPES["impaired"], *TYPES["no_capacity"])
    refresh = {
        "InstanceRefreshId": str(mock_random.uuid4()),
        "AutoScalingGroupName": AutoScalingGroupName,
        "StartTime": utcnow(),
        "DesiredConfiguration": DesiredConfiguration,
        "Preferences": {"MinHealthyPercentage": 90, **given},
        "Strategy": Strategy or "Rolling",
        "_way": list(WAYS["Successful" if works else "RollbackSuccessful" if given.get("AutoRollback") else "Failed"]),
    }
    vars(autoscaling).setdefault("instance_refreshes", {}).setdefault(AutoScalingGroupName, []).insert(0, refresh)
    return {"InstanceRefreshId": refresh["InstanceRefreshId"]}


@BOOK.adds("DescribeInstanceRefreshes")
def describe_instance_refreshes(autoscaling, AutoScalingGroupName, InstanceRefreshIds, MaxRecords, NextToken, **_):
    """DescribeInstanceRefreshes: the newest first. Time passes with each look; the last one shows what came of it."""
    group = group_of(autoscaling, AutoScalingGroupName)
    found = [one for one in refreshes_of(autoscaling, AutoScalingGroupName) if not InstanceRefreshIds or one["InstanceRefreshId"] in InstanceRefreshIds]
    answer = page("InstanceRefreshes", [told(one) for one in found], MaxRecords, NextToken)
    for refresh in found:
        if len(refresh["_way"]) > 1:
            del refresh["_way"][0]
            if status(refresh) == "Successful":
                replace(group, refresh)
    return answer


def told(refresh):
    shown = {name: value for name, value in refresh.items() if not name.startswith("_") and value is not None}
    failing = {"Failed": "failed to launch healthy instances", "RollbackSuccessful": "rolled back: failed to launch healthy instances"}
    reason = {"StatusReason": failing[status(refresh)]} if status(refresh) in failing else {}
    return {**shown, "Status": status(refresh), "PercentageComplete": 100 if status(refresh) == "Successful" else 0, **reason}


def replace(group, refresh):
    """StartInstanceRefresh.DesiredConfiguration: "Once the instance refresh succeeds, Amazon EC2 Auto Scaling updates the settings of the Auto Scaling group to
    reflect the new desired configuration"; SkipMatching; by default protected instances and those in Standby are left alone.
    """
    wanted = (refresh["DesiredConfiguration"] or {}).get("LaunchTemplate")
    if wanted:
        group._set_launch_configuration(None, wanted, None)
    number = version_of(group.ec2_launch_template, group.launch_template_version).number
    skip = refresh["Preferences"].get("SkipMatching")
    ending = [
        state
        for state in group.instance_states
        if not state.protected_from_scale_in and state.lifecycle_state != "Standby" and not (skip and vars(state).get("_launched") == number)
    ]
    backend = group.autoscaling_backend
    backend.ec2_backend.terminate_instances([state.instance.id for state in ending])
    backend.elbv2_backend.notify_terminate_instances([state.instance.id for state in ending])
    group.instance_states = [state for state in group.instance_states if state not in ending]
    group.set_desired_capacity(group.desired_capacity)
