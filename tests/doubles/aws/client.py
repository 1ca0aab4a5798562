# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`AwsDouble`: start the double as a process of its own and talk to its control interface."""

from __future__ import annotations

from ..process import Double


class AwsDouble(Double):
    """`url` is what goes into endpoint_url / AWS_ENDPOINT_URL; the state is of every backend: {"ec2/123456789012/ap-northeast-1/vpcs/vpc-1": {...}}."""

    package = "tests.doubles.aws"

    def confirm(self, topic_arn=None, endpoint=None):
        """Click the link in the mails of pending SNS subscriptions (all, or those named)."""
        return self._control("PUT", "confirm", {"topic_arn": topic_arn, "endpoint": endpoint})

    def instance_types(self, **types):
        """no_capacity: types that cannot be started now; impaired: types with which an instance fails its status check; vcpus: the quota of Standard ones."""
        self._control("PUT", "instance_types", types)

    def client_vpn_sessions(self, endpoint, names, account="123456789012", region="ap-northeast-1"):
        """Who is connected to a Client VPN endpoint."""
        self._control("PUT", "client_vpn_sessions", dict(account=account, region=region, endpoint=endpoint, names=names))

    def instance_events(self, instance, events):
        """What EC2 has scheduled for an instance, as DescribeInstanceStatus tells it, with times in ISO."""
        self._control("PUT", "instance_events", dict(instance=instance, events=events))

    def managed_node(self, instance, **node):
        """An instance answers to Systems Manager: ping, patches (name → state), scanned (when, in ISO)."""
        self._control("PUT", "managed_node", dict(instance=instance, **node))

    def transition(self, model_name, **transition):
        """moto's state manager: transition("ec2::vpc", progression="manual", times=2)."""
        body = {"model_name": model_name, "transition": transition}
        self._post("/moto-api/state-manager/set-transition", body)
