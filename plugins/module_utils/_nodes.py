# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed nodes of Systems Manager, as the verbs see them: whether one answers, and what a ticket has told it to do.

Private to the collection. SendCommand takes no token; what a command is for stands in its comment, by which a later run finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._actions import drive
from ansible_collections.msp.aws.plugins.module_utils._client import Aws

GOING = ("Pending", "InProgress", "Cancelling")
LISTED_SECONDS = 120


@dataclass(frozen=True)
class Order:
    """What one node is told: the comment says for which ticket, and what for."""

    instance_id: str
    document: str
    comment: str
    parameters: Mapping[str, list[str]]


def ping(aws: Aws, instance_id: str) -> str | None:
    """What Systems Manager says of the node; None where it is none."""
    filters = [dict(Key="InstanceIds", Values=[instance_id])]
    with aws.reading():
        found = aws.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=filters)
    return found[0]["PingStatus"] if found else None


def await_answer(aws: Aws, label: str, instance_id: str, limit: float) -> None:
    aws.wait(f"agent of {label}", partial(ping, aws, instance_id), lambda said: said == "Online", limit=limit)


def commands(aws: Aws, order: Order) -> list[dict[str, Any]]:
    """The commands that have been sent with this order, whoever sent them."""
    filters = [dict(key="DocumentName", value=order.document)]
    with aws.reading():
        found = aws.pages("ssm", "list_commands", "Commands", InstanceId=order.instance_id, Filters=filters)
    return [one for one in found if one.get("Comment") == order.comment]


def carry_out(aws: Aws, label: str, order: Order, limit: float) -> dict[str, Any]:
    """The command when it has ended. One that is on its way is waited for, and only what had ended before is followed by another one."""
    past = {one["CommandId"] for one in commands(aws, order) if one["Status"] not in GOING}

    def look() -> dict[str, Any] | None:
        return next((one for one in commands(aws, order) if one["CommandId"] not in past), None)

    drive(aws, label, look, lambda there: None if there else partial(_send, aws, order))
    return aws.wait(f"{order.document} on {label}", look, lambda one: one["Status"] not in GOING, limit=limit)


def _send(aws: Aws, order: Order) -> None:
    """Listed a moment after it was sent: who looked in that moment would send another one."""
    sent = aws.ssm.send_command(InstanceIds=[order.instance_id], DocumentName=order.document, Comment=order.comment, Parameters=dict(order.parameters))
    command = sent["Command"]["CommandId"]
    aws.wait(f"command {command}", lambda: [one["CommandId"] for one in commands(aws, order)], lambda listed: command in listed, limit=LISTED_SECONDS)


def output(aws: Aws, command: Mapping[str, Any], instance_id: str) -> str:
    """The end of what its steps said."""
    with aws.reading():
        found = aws.pages("ssm", "list_command_invocations", "CommandInvocations", CommandId=command["CommandId"], InstanceId=instance_id, Details=True)
    said = [plugin.get("Output", "").strip() for one in found for plugin in one["CommandPlugins"]]
    return "\n".join(text[-1000:] for text in said if text)
