# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What groups, their policies and their scheduled actions have in common: sizes, moments, how one shows.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Problem

SIZES = ("min_size", "desired_capacity", "max_size")
# What AWS says of a group that was made a moment ago, and while it is busy with another change of it.
UNSEEN = "was made, and does not show yet"
NOT_YET = (r"AutoScalingGroup name not found", r"ResourceContention", r"ScalingActivityInProgress", UNSEEN)


def groups(aws: Any) -> list[dict[str, Any]]:
    return aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")


def group(aws: Any, name: str) -> dict[str, Any] | None:
    return next((one for one in groups(aws) if one["AutoScalingGroupName"] == name), None)


def shown(aws: Any, find: Callable[..., Iterable[dict[str, Any]]], want: Mapping[str, Any], *identity: str) -> dict[str, Any]:
    """What was just made, with the id that AWS gave it."""
    with aws.reading():
        made = next((have for have in find(aws, None) if all(have[option] == want[option] for option in identity)), None)
    if made is None:
        raise Problem(UNSEEN)
    return made


def size_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Sizes of which each is at most the next, as far as they are named, as (option, code, facts)."""
    named = [(option, int(entry[option])) for option in SIZES if entry.get(option) is not None]
    for option, value in named:
        if value < 0:
            yield option, "least", dict(value=value, limit=0)
    for (dummy, less), (option, more) in zip(named, named[1:], strict=False):
        if less > more:
            yield option, "least", dict(value=more, limit=less)


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def told(when: datetime | None) -> str | None:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def same_moment(one: Any, other: Any) -> bool:
    """However it is spelt, and in whatever zone. What is no moment is told as a fault."""
    try:
        return moment(one) == moment(other)
    except ValueError:
        return False
