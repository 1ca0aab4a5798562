# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book itself, and what all chapters need: things with tags and states over time, in the backends of one account or of several."""

from __future__ import annotations

import hashlib

from moto.directconnect.models import directconnect_backends

from ..passing import LOOKS, Passing
from ..rules import Refused, RuleBook

BOOK = RuleBook("directconnect", invalid="DirectConnectClientException")
PAGE = 100  # "If MaxResults is given a value larger than 100, only 100 results are returned."
TAGS = 50  # TagResource: "Each resource can have a maximum of 50 tags."
HOME = "us-east-1"  # where the double keeps gateways, which are "global and visible in any Amazon Web Services Region"


class Staged(Passing):
    """`be(("requested", "pending"), "available")`: each passing state is shown for some looks."""

    def be(self, passing, settled):
        super().be(passing, settled)
        self._tick = LOOKS * len(passing)

    @property
    def state(self):
        return self._transitions[self._tick // -LOOKS] if self._tick else self.settled

    @state.setter
    def state(self, settled):
        self.settled, self._tick = settled, 0


class Thing(Staged):
    def __init__(self, backend, name, given_tags):
        self.name = name
        self.owner = backend.account_id
        self.region = backend.region_name
        self.tags = {}
        tag(self, given_tags)


def refused(message):
    return Refused("DirectConnectClientException", message)


def new_id(kind, backend, name, things):
    """An id follows from owner and name, so that whoever was told of another account's thing can know it."""
    number = sum(1 for one in things.values() if one.name == name)
    digest = hashlib.sha256(f"{kind}/{backend.account_id}/{backend.region_name}/{name}/{number}".encode()).hexdigest()
    return f"{kind}-fg{digest[:6]}"


def kept(backend, name):
    """A dictionary id → thing of this backend."""
    return vars(backend).setdefault(name, {})


def everywhere(region, name):
    """The things of all accounts in a Region."""
    for dummy, by_region in list(dict.items(directconnect_backends)):
        backend = dict.get(by_region, region)
        if backend is not None:
            yield from kept(backend, name).values()


def home(backend):
    return directconnect_backends[backend.account_id][HOME]


def found(things, thing_id, what):
    if thing_id not in things:
        raise refused(f"{what} {thing_id} does not exist or is not owned by the caller.")
    return things[thing_id]


def tag(thing, tags):
    """DuplicateTagKeysException, TooManyTagsException."""
    keys = [one["key"] for one in tags or []]
    if len(set(keys)) < len(keys):
        raise Refused("DuplicateTagKeysException", "A tag key was specified more than once.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise refused("Tag keys must not begin with aws:")
    merged = {**thing.tags, **{one["key"]: one.get("value") or "" for one in tags or []}}
    if len(merged) > TAGS:
        raise Refused("TooManyTagsException", "You have reached the limit on the number of tags that can be assigned.")
    thing.tags = merged


def shown_tags(thing):
    return [{"key": key, "value": value} for key, value in thing.tags.items()]


def page(member, things, token, most, show):
    """One page of a list, for which time passes."""
    start, size = int(token or 0), min(most or PAGE, PAGE)
    result = {member: [show(one, one.look()) for one in things[start : start + size]]}
    return {**result, "nextToken": str(start + size)} if start + size < len(things) else result
