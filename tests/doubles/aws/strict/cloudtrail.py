# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail: the event history, which moto lacks."""

from __future__ import annotations

import base64
import binascii
import datetime
import json

from moto.core.utils import get_service_model, utcnow

from ..trail import TRAIL
from .rules import Refused, RuleBook

BOOK = RuleBook("cloudtrail")

DAYS = 90  # LookupEvents: "events that occurred in a Region within the last 90 days"
PAGE = 50  # MaxResults: "Possible values are 1 through 50. The default is 50."
LONGEST = 2000  # AttributeValue: "The maximum length ... is 2000 characters"


@BOOK.adds("LookupEvents")
def lookup_events(cloudtrail, LookupAttributes, StartTime, EndTime, EventCategory, MaxResults, NextToken, **_):
    """LookupEvents: newest first, at most one attribute; Insights events are of trails that nobody enabled."""
    wanted = one_attribute(LookupAttributes or [])
    size = page_size(MaxResults)
    if StartTime and EndTime and StartTime > EndTime:
        raise Refused("InvalidTimeRangeException", "The start time must be before the end time.")
    if EventCategory not in (None, "insight"):
        raise Refused("InvalidEventCategoryException", f"Invalid event category: {EventCategory}")
    question = json.dumps([wanted, StartTime, EndTime, EventCategory], default=str)
    before = read_token(NextToken, question)
    first = max(StartTime or datetime.datetime.min, utcnow() - datetime.timedelta(days=DAYS))
    found = [
        told
        for told in TRAIL.events(cloudtrail.account_id, cloudtrail.region_name)
        if told.time >= first.replace(microsecond=0)
        and (EndTime is None or told.time <= EndTime)
        and (before is None or told.n < before)
        and EventCategory is None
        and answers_to(told.entry(), wanted)
    ]
    page = {"Events": [told.entry() for told in found[:size]]}
    return {**page, "NextToken": token(found[size - 1].n, question)} if len(found) > size else page


def one_attribute(attributes):
    """LookupAttributes: "Currently the list can contain only one item"; its keys are the model's."""
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    if not attributes:
        return None
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    keys = get_service_model("cloudtrail").shape_for("LookupAttributeKey").enum
    if key not in keys:
        raise Refused("InvalidLookupAttributesException", f"Lookup attribute key {key!r} is not one of {', '.join(keys)}.")
    if not value or len(value) > LONGEST:
        raise Refused("InvalidLookupAttributesException", f"The value of a lookup attribute has 1 to {LONGEST} characters.")
    return key, value


def page_size(wanted):
    if wanted is not None and not 1 <= wanted <= PAGE:
        raise Refused("InvalidMaxResultsException", f"A maximum results value of {wanted} was specified. Enter a value between 1 and {PAGE}.")
    return wanted or PAGE


def answers_to(entry, wanted):
    if wanted is None:
        return True
    key, value = wanted
    if key in ("ResourceType", "ResourceName"):
        return any(resource[key] == value for resource in entry["Resources"])
    return entry[key] == value


# -- NextToken: "must be passed in with the same parameters that were specified in the original call" --


def token(last, question):
    return base64.urlsafe_b64encode(json.dumps([last, question]).encode()).decode()


def read_token(given, question):
    """The number of the last event that was shown; None for the first page."""
    if given is None:
        return None
    try:
        last, asked = json.loads(base64.urlsafe_b64decode(given))
    except (ValueError, TypeError, binascii.Error):
        asked = None
    if asked != question:
        raise Refused("InvalidNextTokenException", "The token is invalid, or was given for other parameters.")
    return last
