# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of volumes, one for a ticket: made for their own sake, or to have something to go back to.

Private to the collection.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, drive
from ansible_collections.msp.aws.plugins.module_utils._client import Aws


def of_ticket(aws: Aws, volume_id: str, ticket: str) -> dict[str, Any] | None:
    """The one of this ticket. One that went wrong is none."""
    filters = [dict(Name="volume-id", Values=[volume_id]), dict(Name=f"tag:{TICKET}", Values=[ticket])]
    with aws.reading():
        found = aws.pages("ec2", "describe_snapshots", "Snapshots", Filters=filters, OwnerIds=["self"])
    return next((one for one in found if one["State"] != "error"), None)


def begin(aws: Aws, label: str, volume_id: str, ticket: str, name: str, description: str | None = None) -> None:
    """Where this ticket has none yet. What it holds is what the volume held at this moment, however long the copy takes."""
    create = partial(_create, aws, volume_id, ticket, name, description)
    drive(aws, label, partial(of_ticket, aws, volume_id, ticket), lambda there: None if there else create)


def _create(aws: Aws, volume_id: str, ticket: str, name: str, description: str | None) -> None:
    tags = _tags.specifications("snapshot", dict(name=name, tags={TICKET: ticket}))
    aws.ec2.create_snapshot(VolumeId=volume_id, TagSpecifications=tags, **(dict(Description=description) if description else {}))
