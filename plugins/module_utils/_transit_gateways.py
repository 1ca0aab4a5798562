# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transit gateways and what is attached to them: whose they are, and when AWS is done with them.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws

Look = Callable[[Aws, list[str]], list[dict[str, Any]]]

# A few minutes are usual, for gateways as for attachments.
SECONDS = 900
MOVING = ("initiating", "initiatingRequest", "pending", "modifying")
ASKED = "pendingAcceptance"
# AWS goes on showing what is gone for a while, and rejected requests too.
DEAD = ("rollingBack", "deleting", "deleted", "failing", "failed", "rejecting", "rejected")


def progress(thing: Mapping[str, Any]) -> dict[str, str | None]:
    """What AWS is still at work on, and why it came to nothing. For another account's acceptance, which can take days, nobody waits: our side is done."""
    why = (thing.get("Status") or {}).get("Message") or "AWS does not say why"
    return dict(
        _moving=thing["State"] if thing["State"] in MOVING else None,
        _failed=f"it is {thing['State']}: {why}" if thing["State"] in DEAD else None,
        _state=thing["State"],
    )


def await_end(aws: Aws, thing_id: str, look: Look) -> None:
    """Wait until it is gone: what it stands on, such as a subnet or its gateway, cannot go before."""
    await_state(aws, f"deletion of {thing_id}", thing_id, look, lambda state: state in (None, "deleted", "rejected", "failed"), SECONDS)


def await_state(aws: Aws, what: str, thing_id: str, look: Look, until: Callable[[str | None], bool], limit: float) -> None:
    """Wait for a state of one thing, as its kind's `look` tells it; None as long as it does not show."""
    aws.wait(what, lambda: next((have["_state"] for have in look(aws, [thing_id])), None), until, limit=limit)
