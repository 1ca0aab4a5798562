# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What interrupts or silences needs a confirmation, what does neither needs none; and what is tried again because AWS is not ready yet."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from ansible_collections.msp.aws.plugins.module_utils import _networks
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from tests.laws.stage import KINDS, examples
from tests.laws.test_gateways import dangerous, harmless, write

VPCS, PEERINGS, ALARMS = "ec2_vpcs", "ec2_vpc_peering_connections", "cloudwatch_alarms"
SUBSCRIPTIONS, FILTERS = "sns_subscriptions", "logs_metric_filters"


# -- VPCs and peerings


@pytest.fixture
def vpc(stage):
    stage.prepare(VPCS)
    stage.run("ec2_dhcp_options", dict(dhcp_options=[dict(name="other", domain_name_servers=["10.20.9.10"])]))
    write(stage, VPCS, dict(name="acme", cidr_block="10.20.0.0/16", enable_dns_hostnames=True, dhcp_options="acme-dhcp"))
    return stage


INTERRUPTING = [
    (dict(enable_dns_support=False, enable_dns_hostnames=False), "name resolution of the VPC"),
    (dict(enable_dns_hostnames=False), "take their DNS names"),
    (dict(dhcp_options="other"), "other name servers"),
    (dict(clear=["dhcp_options"]), "without any DHCP options"),
]


@pytest.mark.parametrize(("options", "said"), INTERRUPTING)
def test_a_vpc_that_has_subnets_is_interrupted_only_with_a_confirmation(vpc, options, said):
    subnet = dict(name="a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")
    write(vpc, "ec2_subnets", subnet)
    assert said in dangerous(vpc, VPCS, dict(options, name="acme"))


@pytest.mark.parametrize("options", [options for options, dummy in INTERRUPTING])
def test_an_empty_vpc_has_nobody_to_interrupt(vpc, options):
    harmless(vpc, VPCS, dict(options, name="acme"))


@pytest.mark.parametrize(("side", "other"), [("requester", "accepter"), ("accepter", "requester")])
def test_names_over_a_peering_end_only_with_a_confirmation(stage, side, other):
    option, names = f"{side}_peering_connection_options", "allow_dns_resolution_from_remote_vpc"
    stage.prepare(PEERINGS)
    write(stage, PEERINGS, dict(name="acme-shared", vpc="acme", peer_vpc="acme-shared", accept=True))
    harmless(stage, PEERINGS, {"name": "acme-shared", option: {names: True}})
    assert f"names of the {other} VPC" in dangerous(stage, PEERINGS, {"name": "acme-shared", option: {names: False}})


# -- alarms and notifications


@pytest.fixture
def alarm(stage):
    """An alarm that tells two topics."""
    stage.prepare(ALARMS)
    write(stage, ALARMS, dict(examples(ALARMS).make["alarms"][0], alarm_actions=["acme-alarm", "acme-night"]))
    return dict(name="acme-web01-cpu-high")


def test_an_alarm_falls_silent_only_with_a_confirmation(stage, alarm):
    assert "silence the alarm" in dangerous(stage, ALARMS, dict(alarm, actions_enabled=False))
    for actions in (dict(remove=["acme-alarm"]), dict(set=[])):
        harmless(stage, ALARMS, dict(alarm, alarm_actions=actions))


def test_who_is_told_no_more_is_named_or_confirmed(stage, alarm):
    assert "acme-night" in dangerous(stage, ALARMS, dict(alarm, alarm_actions=dict(set=["acme-alarm"])))
    harmless(stage, ALARMS, dict(alarm, alarm_actions=dict(add=["acme-night"], remove=["acme-alarm"])))
    assert "the last of its alarm_actions" in dangerous(stage, ALARMS, dict(alarm, alarm_actions=dict(remove=["acme-night"])))


def test_a_first_filter_needs_a_confirmation_and_a_change_of_it_none(stage):
    stage.prepare(SUBSCRIPTIONS)
    queue = dict(topic="acme-alarm", protocol="sqs", endpoint="arn:aws:sqs:ap-northeast-1:123456789012:acme-tickets")
    write(stage, SUBSCRIPTIONS, queue)
    assert "would drop every message" in dangerous(stage, SUBSCRIPTIONS, dict(queue, filter_policy=dict(severity=["high"])))
    harmless(stage, SUBSCRIPTIONS, dict(queue, filter_policy=dict(severity=["critical"])))


def test_a_metric_ends_only_with_a_confirmation(stage):
    stage.prepare(FILTERS)
    metric = dict(metric_name="Errors", metric_namespace="acme/app", metric_value="1")
    errors = dict(log_group="/acme/app", name="errors")
    write(stage, FILTERS, dict(errors, filter_pattern="ERROR", metric_transformations=[metric]))
    harmless(stage, FILTERS, dict(errors, filter_pattern="FATAL", metric_transformations=[dict(metric, metric_value="2")]))
    assert "no longer write acme/app/Errors" in dangerous(stage, FILTERS, dict(errors, metric_transformations=[dict(metric, metric_name="Fatal")]))
    have = next(iter(KINDS[FILTERS].find(SimpleNamespace(pages=lambda *dummy: [found("Fatal"), found("Errors")]), None)))
    assert "be deleted and no longer write acme/app/Fatal" in KINDS[FILTERS].danger(have, {})


def found(metric):
    transformation = dict(metricName=metric, metricNamespace="acme/app", metricValue="1")
    return dict(logGroupName="/acme/app", filterName=metric, filterPattern="x", metricTransformations=[transformation])


# -- not ready yet


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("s3_buckets", "MalformedPolicy", "Invalid principal in policy"),
        ("sns_topics", "ConcurrentAccess", "Cannot tag resource while another operation is running"),
        ("sns_topics", "InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
        (SUBSCRIPTIONS, "NotFound", "Subscription does not exist"),
        ("logs_log_groups", "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again."),
        (FILTERS, "ResourceNotFoundException", "The specified log group does not exist."),
        (ALARMS, "ResourceNotFoundException", "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:a does not exist"),
    ],
)
def test_what_aws_is_not_ready_for_is_tried_again_and_a_refusal_is_not(kind, code, message):
    def again(code, message):
        error = ClientError(dict(Error=dict(Code=code, Message=message)), "Operation")
        return any(re.search(pattern, str(error)) for pattern in KINDS[kind].not_yet)

    assert again(code, message)
    assert not again("AccessDenied", message.replace("PrincipalNotFound", "")) and not again("MalformedPolicy", "Action does not apply to any resource")


@pytest.mark.parametrize(("states", "problem"), [(["associating", "associated"], None), ([None, "associating", "failed"], "no address left")])
def test_a_block_is_waited_for_until_it_can_be_used_or_aws_says_why_not(states, problem):
    seen = iter([dict(State=state, StatusMessage=problem) if state else {} for state in states])

    def wait(dummy_what, look, until, limit):
        assert limit > 0
        return next(state for state in iter(look, None) if until(state))

    def await_it():
        _networks.await_association(SimpleNamespace(wait=wait), "block b of vpc-1", lambda: next(seen))

    if problem:
        with pytest.raises(Problem, match=problem):
            await_it()
    else:
        await_it()
    assert list(seen) == []
