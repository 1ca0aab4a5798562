# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book itself, and what all chapters need: things with a name, an ARN, tags and an update token."""

from __future__ import annotations

from moto.moto_api._internal import mock_random

from ..rules import Refused, RuleBook

BOOK = RuleBook("network-firewall", moto="networkfirewall", invalid="InvalidRequestException")
PAGE = 100  # ListRuleGroups.MaxResults
OWN_KEY = {"KeyId": "AWS_OWNED_KMS_KEY", "Type": "AWS_OWNED_KMS_KEY"}
TAGS = 50  # TagResource: "up to 50 tags for a resource"


class Thing:
    """What all have in common. `_tick` is how many more looks it takes until AWS is done with the last change; it is no state."""

    def __init__(self, backend, kind, name, tags):
        self.name = name
        self.arn = f"arn:aws:network-firewall:{backend.region_name}:{backend.account_id}:{kind}/{name}"
        self.id = str(mock_random.uuid4())
        self.tags = {}
        self._tick = 0
        tag(self, tags)
        self.token = None
        self.touch(0)

    def touch(self, looks):
        """A change: a new token, and some looks during which it is not everywhere yet."""
        self.token = str(mock_random.uuid4())
        self._tick = looks

    def look(self):
        """Whether AWS is still at work, and one look less to wait."""
        busy, self._tick = self._tick > 0, max(0, self._tick - 1)
        return busy

    def check_token(self, token, required=False):
        """UpdateToken: "Network Firewall uses the token to ensure that [it] hasn't changed since you last retrieved it"."""
        if (token or required) and token != self.token:
            raise Refused("InvalidTokenException", "Update token is invalid.")


def kept(backend, name):
    """A dictionary ARN → thing of this backend."""
    return vars(backend).setdefault(name, {})


def invalid(message):
    return Refused("InvalidRequestException", message)


def not_valid(message):
    return Refused("InvalidOperationException", message)


def missing(what):
    return Refused("ResourceNotFoundException", f"Unable to locate the resource {what}")


def found(things, arn, name, **facts):
    """By ARN or name, or both, which then must be one."""
    if not (arn or name):
        raise invalid("You must specify the ARN or the name")
    for thing in things.values():
        if arn in (None, thing.arn) and name in (None, thing.name) and all(getattr(thing, key) == value for key, value in facts.items()):
            return thing
    raise missing(arn or name)


def named_anew(things, name, **facts):
    if any(thing.name == name and all(getattr(thing, key) == value for key, value in facts.items()) for thing in things.values()):
        raise invalid(f"A resource with the name {name} already exists")


def encryption(given):
    """EncryptionConfiguration: KeyId with CUSTOMER_KMS, which AWS's own key does not take."""
    given = given or OWN_KEY
    if given["Type"] == "CUSTOMER_KMS" and not given.get("KeyId"):
        raise invalid("EncryptionConfiguration: KeyId is required for CUSTOMER_KMS")
    return dict(given) if given["Type"] == "CUSTOMER_KMS" else dict(OWN_KEY)


def tag(thing, tags):
    keys = [one["Key"] for one in tags or []]
    if len(set(keys)) < len(keys) or any(key.lower().startswith("aws:") for key in keys):
        raise invalid("Tags: keys must be unique and must not begin with aws:")
    merged = {**thing.tags, **{one["Key"]: one["Value"] for one in tags or []}}
    if len(merged) > TAGS:
        raise invalid(f"A resource can have at most {TAGS} tags")
    thing.tags = merged


def shown_tags(thing):
    return [{"Key": key, "Value": value} for key, value in thing.tags.items()]


def page(member, rows, token, most):
    """One page of a list; the token says where the next one begins."""
    start, size = int(token or 0), most or PAGE
    result = {member: rows[start : start + size]}
    return {**result, "NextToken": str(start + size)} if start + size < len(rows) else result
