# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who changed it: CloudTrail's event history, which every account has without a trail, asked by the names of things.

What is gone is perhaps known to it by an id that nobody knows any more. So it is asked what was taken away of that kind, and what that was called.
The history reaches 90 days back, and a change shows in it some minutes after it was made. It takes two requests a second in a Region,
and one request can ask for one name; so the number of requests is bounded, and what the bound left out is said.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of, explain
from ansible_collections.msp.aws.plugins.module_utils._names import is_id
from ansible_collections.msp.aws.plugins.module_utils._shapes import model
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

PER_SECOND = 2  # requests; LookupEvents: "limited to two per second, per account, per Region"
PAGE = 50  # events of one answer, the most there can be
MOST = 5  # events of one thing
LOOKUPS = 120  # requests of one run: a minute

# Where a service's events are, if not in the Region of its things, and what signs them, if not the service's own name.
GLOBAL = dict.fromkeys(("budgets", "iam", "shield"), "us-east-1")
SOURCES = {"cloudwatch": "monitoring", "elbv2": "elasticloadbalancing"}

# Calls that take a thing away, and those that join or part two things, and change both of them though they may be called after one.
ENDING = ("delete", "terminate")
JOINING = ("accept", "associate", "attach", "detach", "disable", "disassociate", "enable", "reject", "replace")

OWN = "msp.aws"  # in the user agent of every call of ours

Words = tuple[str, ...]  # of a name, each in lower case and in the singular

# Why the history tells nothing, or not everything
DENIED, FAILED, NOT_ASKED, NOTHING, UNSURE = "denied", "failed", "not_asked", "nothing", "unsure"


@dataclass(frozen=True)
class Question:
    """One thing. `names` are the ids, names and ARNs under which CloudTrail may know it, the most telling first; `service` is boto3's name.

    `kind` is the thing's: events that name the thing in what they do to one of another kind, as RunInstances does a group, are not told.
    `gone`: it is not there, so its names do not hold its id.
    """

    key: Hashable
    names: Sequence[str]
    service: str
    region: str
    kind: str = ""
    gone: bool = False


@dataclass(frozen=True)
class Event:
    """One change. `user` is for people: an IAM user, role/session, `root`, or a service of AWS.

    `role_session` is the session's name alone, where a role was assumed: who that was is what the role's users agreed upon.
    `via` is the service that made the call on the user's behalf, or `console`; None for a call of the user's own.
    `own`: a run of this collection made it.
    """

    time: datetime
    name: str
    user: str
    role_session: str | None
    source_ip: str | None
    user_agent: str | None
    event_id: str
    via: str | None
    own: bool


@dataclass
class Answer:
    """The changes of one thing, newest first. `unknown` says why there is none, or why some may be missing; `reason` is that in words.

    `unknown` is `denied`, `failed` (another error of AWS or on the way to it), `not_asked` (the bound), `nothing` (asked, and the history
    has no change of it), `unsure` (of something that is gone: `events` are what took things of its kind away whose names the history does not
    tell) or None. What was found in spite of it is in `events`.
    """

    events: list[Event] = field(default_factory=list)
    unknown: str | None = None
    reason: str | None = None


class Pace:
    """At most so many requests a second: `keep()` waits until the next one may go out."""

    def __init__(self, per_second: float = PER_SECOND, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._between, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next: float | None = None

    def keep(self) -> None:
        now = self._clock()
        if self._next is not None and now < self._next:
            self._sleep(self._next - now)
            now = self._next
        self._next = now + self._between


def changes(
    client_of: Callable[[str], Any],
    questions: Iterable[Question],
    since: datetime,
    now: datetime,
    most: int = MOST,
    lookups: int = LOOKUPS,
    pace: Pace | None = None,
) -> dict[Hashable, Answer]:
    """key → Answer with the newest `most` successful changes from `since` to `now` (both with a time zone).

    `client_of(region)` is a CloudTrail client, which repeats throttled requests itself. Each name is looked up once in a Region, whatever the
    number of things that share it, in at most `lookups` requests altogether: the first name of every thing comes before the second of any, and
    further pages come last. A Region that refuses once is not asked again. No error of AWS is raised: each is the answer of the things it concerns.
    """
    questions = list(questions)
    history = _History(client_of, since, now, most, pace or Pace(), lookups)
    history.look_by_name(questions)
    history.look_for_gone([question for question in questions if question.gone and not history.answer(question).events])
    return {question.key: history.answer(question) for question in questions}


@dataclass
class _Lookup:
    """All that is asked and found of one name in one Region. `wanted` are the event sources and kinds of the things that have this name.

    `called`: what the thing of this name, which is an id, is called in requests and answers. `ties`: the ids of what joined it with other things,
    by which alone a call that parts them knows both. `ended`: no more is to be read.
    """

    region: str
    name: str
    wanted: set[tuple[str, str]] = field(default_factory=set)
    found: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    ties: set[str] = field(default_factory=set)
    token: str | None = None
    asked: bool = False
    ended: bool = False

    by = "ResourceName"

    def take(self, entry: Mapping[str, Any]) -> None:
        for source, kind in self.wanted:
            if source == entry["EventSource"] and _is_of(entry, self.name, kind):
                self.found.setdefault((source, kind), []).append(_event(entry))
                self.called.update(_called_in([_record(entry).get(part) for part in ("requestParameters", "responseElements")], kind))
                self.ties.update(_ties(_record(entry).get("responseElements")) if _words(entry["EventName"])[0] in JOINING else ())

    def enough(self, most: int) -> bool:
        return all(len(self.found.get(one, ())) >= most for one in self.wanted)


@dataclass
class _Endings(_Lookup):
    """A call that takes things away: `ids` has what it took, with the event."""

    ids: dict[str, Event] = field(default_factory=dict)

    by = "EventName"

    def take(self, entry: Mapping[str, Any]) -> None:
        ((source, kind),) = self.wanted
        if source == entry["EventSource"]:
            self.ids |= {name: _event(entry) for name in _ids_in(entry, kind)}

    def enough(self, most: int) -> bool:
        return False


class _History:
    def __init__(self, client_of: Callable[[str], Any], since: datetime, now: datetime, most: int, pace: Pace, requests: int) -> None:
        self._client_of, self._since, self._now, self._most, self._pace = cache(client_of), since, now, most, pace
        self._left = requests
        self._lookups: dict[tuple[str, str], _Lookup] = {}
        self._endings: dict[tuple[str, str], list[_Endings]] = {}  # Region, kind
        self._refused: dict[str, tuple[str, str]] = {}  # Region → (unknown, reason)

    def look_by_name(self, questions: Sequence[Question]) -> None:
        lookups = _in_turn(questions)
        self._lookups = {(lookup.region, lookup.name): lookup for lookup in lookups}
        self._look(lookups)
        ties = {(one.region, tie): _Lookup(one.region, tie, set(one.wanted)) for one in lookups for tie in sorted(one.ties)}
        self._lookups = {**ties, **self._lookups}
        self._look(list(ties.values()))

    def look_for_gone(self, questions: Sequence[Question]) -> None:
        for question in questions:
            region, wanted = _region(question), {(_source(question.service), question.kind)}
            self._endings.setdefault((region, question.kind), [_Endings(region, call, set(wanted)) for call in _ending(question.kind)])
        self._look([ending for endings in self._endings.values() for ending in endings])
        fresh = {}
        for (region, dummy), endings in self._endings.items():
            for name in {name: None for ending in endings for name in ending.ids if (region, name) not in self._lookups}:
                fresh[region, name] = _Lookup(region, name, set(endings[0].wanted))
        self._lookups |= fresh
        self._look(list(fresh.values()))

    def _look(self, lookups: Iterable[_Lookup]) -> None:
        waiting = deque(lookups)
        while waiting and self._left > 0:
            lookup = waiting.popleft()
            if lookup.region in self._refused:
                continue
            self._left -= 1
            self._ask(lookup)
            if not lookup.ended:
                waiting.append(lookup)

    def _ask(self, lookup: _Lookup) -> None:
        try:
            client = self._client_of(lookup.region)
            self._pace.keep()
            page = client.lookup_events(
                LookupAttributes=[dict(AttributeKey=lookup.by, AttributeValue=lookup.name)],
                StartTime=self._since,
                EndTime=self._now,
                MaxResults=PAGE,
                **({"NextToken": lookup.token} if lookup.token else {}),
            )
        except AWS_ERRORS as error:
            unknown = DENIED if "AccessDenied" in code_of(error) else FAILED
            self._refused[lookup.region] = (unknown, f"{lookup.region}: {explain(error, 'cloudtrail:LookupEvents')}")
            return
        for entry in filter(_is_change, page["Events"]):
            lookup.take(entry)
        lookup.asked, lookup.token = True, page.get("NextToken")
        # Reads and refusals cannot be left out of the question: their share of a page says nothing of the pages behind it.
        lookup.ended = not lookup.token or lookup.enough(self._most)

    def answer(self, question: Question) -> Answer:
        region = _region(question)
        named = [self._lookups[region, name] for name in _names(question)]
        mine = [*named, *(self._lookups[region, tie] for one in named for tie in sorted(one.ties))]
        newest = self._newest(mine, question)
        endings = self._endings.get((region, question.kind), []) if question.gone and not newest else []
        taken = {name: event for ending in endings for name, event in ending.ids.items()}
        ids = [self._lookups[region, name] for name in taken]
        newest = newest or self._newest([lookup for lookup in ids if lookup.called & set(question.names)], question)
        unknown = self._unknown([*mine, *([] if newest else [*endings, *ids])], question, bool(newest))
        unsure = [lookup.name for lookup in ids if not lookup.called] if unknown[0] == NOTHING else []
        if unsure:
            events = sorted((taken[name] for name in unsure), key=lambda event: event.time, reverse=True)[: self._most]
            return Answer(events, UNSURE, f"{region}: the event history does not tell what was called {', '.join(unsure)}, which is gone")
        return Answer(newest, *unknown)

    def _newest(self, mine: Sequence[_Lookup], question: Question) -> list[Event]:
        sought = (_source(question.service), question.kind)
        events = {event.event_id: event for lookup in mine for event in lookup.found.get(sought, ())}
        return sorted(events.values(), key=lambda event: event.time, reverse=True)[: self._most]

    def _unknown(self, mine: Sequence[_Lookup], question: Question, found: bool) -> tuple[str | None, str | None]:
        sought, region = (_source(question.service), question.kind), _region(question)
        open_ones = [lookup for lookup in mine if not lookup.ended and len(lookup.found.get(sought, ())) < self._most]
        if open_ones and region in self._refused:
            return self._refused[region]
        if open_ones:
            said = [lookup.name if not lookup.asked else f"{lookup.name} (older events)" for lookup in open_ones]
            return NOT_ASKED, f"{region}: the bound of requests was reached before {', '.join(said)}"
        if not found:
            names = ", ".join(_names(question)) or "a thing without a name"
            return NOTHING, f"{region}: the event history has no change of {names} since {self._since.isoformat()}"
        return None, None


def _in_turn(questions: Sequence[Question]) -> list[_Lookup]:
    """One lookup for each name of a Region: the first names of all things, then the second ones, and so on."""
    lookups: dict[tuple[str, str], _Lookup] = {}
    ranked = sorted(((rank, number, name) for number, one in enumerate(questions) for rank, name in enumerate(_names(one))), key=lambda place: place[:2])
    for dummy, number, name in ranked:
        one = questions[number]
        lookup = lookups.setdefault((_region(one), name), _Lookup(_region(one), name, set()))
        lookup.wanted.add((_source(one.service), one.kind))
    return list(lookups.values())


def _names(question: Question) -> list[str]:
    return list(dict.fromkeys(name for name in question.names if name))


def _source(service: str) -> str:
    return f"{SOURCES.get(service, service)}.amazonaws.com"


def _region(question: Question) -> str:
    return GLOBAL.get(question.service, question.region)


# ---- one event


def _is_change(entry: Mapping[str, Any]) -> bool:
    return entry.get("ReadOnly") == "false" and "errorCode" not in _record(entry)


def _is_of(entry: Mapping[str, Any], name: str, kind: str) -> bool:
    """Whether a call changes the thing of this name and kind, as far as what it is called, and the types it tells of, let know."""
    if not kind or not _called(kinds()[kind].service)[kind]:
        return True
    call, service = entry["EventName"], kinds()[kind].service
    event, named = _words(call), _named(call, service)
    told = [resource.get("ResourceType") for resource in entry.get("Resources", ()) if resource.get("ResourceName") == name]
    types = [_words(one.rpartition(":")[2]) for one in told if one]
    if types and not any(_may_be(one, kind) for one in types):  # the user whose login profile is changed, or the role to which a policy is attached
        return kind in named and not any(_span(one, event) for one in types)
    return kind in named or not named or (event[0] in JOINING and any(_may_be(one, kind) for one in _taken(call, service)))


@cache
def _named(call: str, service: str) -> set[str]:
    """The kinds after which a call is called; of RouteTable and TransitGatewayRouteTable that is the longer one.

    What stands before another noun need not be what is changed: CreateTransitGatewayRoute takes the id of a route table.
    """
    event = _words(call)
    spans = {kind: span for kind, words in _called(service).items() if (span := _span(words, event))}
    outer = {kind: span for kind, span in spans.items() if not any(_within(span, other) for other in spans.values())}
    before = outer and all(end < len(event) - 1 for dummy, end in outer.values())
    return {*outer, *(kind for kind in _called(service) if before and _noun(kind) in _taken(call, service))}


def _within(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


@cache
def _taken(call: str, service: str) -> set[Words]:
    """What a call takes the ids, names or ARNs of. The model does not know calls behind whose names CloudTrail writes a version."""
    shape = model(service).operation_model(call).input_shape if call in model(service).operation_names else None
    members = [_words(member) for member in shape.members] if shape else []
    return {member[:-1] for member in members if member[-1] in ("arn", "id", "name")}


@cache
def _ending(kind: str) -> list[str]:
    """The calls that take a thing of this kind away."""
    service = kinds()[kind].service
    return [call for call in model(service).operation_names if (words := _words(call))[0] in ENDING and words[1:] == _called(service)[kind]]


def _ids_in(entry: Mapping[str, Any], kind: str) -> list[str]:
    """The things of this kind that an event is about, by their ids."""
    told = [(resource.get("ResourceName") or "", _words((resource.get("ResourceType") or "").rpartition(":")[2])) for resource in entry.get("Resources", ())]
    return [name for name, words in told if is_id(kind, name) and (not words or _may_be(words, kind))]


def _called_in(value: Any, kind: str) -> Iterator[str]:
    """What a thing of this kind is called in an event: the tag Name, or what is its name to the service."""
    if isinstance(value, list):
        for inner in value:
            yield from _called_in(inner, kind)
    elif isinstance(value, Mapping):
        said = {name.lower(): inner for name, inner in value.items()}
        if said.get("key") == "Name" and isinstance(said.get("value"), str):
            yield said["value"]
        for name, inner in value.items():
            words = _words(name)
            if isinstance(inner, str) and words[-1:] == ("name",) and (not words[:-1] or _span(words[:-1], _noun(kind))):
                yield inner
            yield from _called_in(inner, kind)


def _ties(value: Any) -> Iterator[str]:
    """The ids of associations in an answer."""
    for name, inner in value.items() if isinstance(value, Mapping) else [("", one) for one in value] if isinstance(value, list) else ():
        if isinstance(inner, str) and _words(name)[-2:] == ("association", "id"):
            yield inner
        yield from _ties(inner)


def _may_be(words: Words, kind: str) -> bool:
    """Whether CloudTrail's word for a type may mean a kind. What calls do not name in full may have any name there."""
    noun, called = _noun(kind), _called(kinds()[kind].service)
    if called[kind] != noun or words == noun:
        return True
    return words not in called.values() and bool(_span(words, noun) or _span(noun, words))


@cache
def _called(service: str) -> dict[str, Words]:
    """What calls name the kinds of a service: the longest end of each kind's noun that is in any of them; of ListenerRule it is Rule."""
    calls = [_words(call) for call in model(service).operation_names]
    nouns = {kind.name: _noun(kind.name) for kind in kinds().values() if kind.service == service}
    return {kind: next((noun[start:] for start in range(len(noun)) if any(_span(noun[start:], call) for call in calls)), ()) for kind, noun in nouns.items()}


def _noun(kind: str) -> Words:
    return _words("".join(map(str.capitalize, kind.split("_")[1:])))


@cache
def _words(name: str) -> Words:
    """VPCPeeringConnections → vpc, peering, connection"""
    return tuple(re.sub("ies$", "y", word.lower()).removesuffix("s") for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def _span(words: Words, within: Words) -> tuple[int, int] | None:
    """From where to where a name has these words, in their order and maybe with others between them."""
    places, start = [], 0
    for word in words:
        if word not in within[start:]:
            return None
        places.append(within.index(word, start))
        start = places[-1] + 1
    return (places[0], places[-1]) if places else None


def _record(entry: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(entry.get("CloudTrailEvent") or "{}")


def _event(entry: Mapping[str, Any]) -> Event:
    record = _record(entry)
    identity = record.get("userIdentity") or {}
    session = _session(identity)
    return Event(
        time=entry["EventTime"],
        name=entry["EventName"],
        user=_user(identity, session) or entry.get("Username") or "?",
        role_session=session,
        source_ip=record.get("sourceIPAddress"),
        user_agent=record.get("userAgent"),
        event_id=entry["EventId"],
        via=_via(record, identity),
        own=OWN in (record.get("userAgent") or ""),
    )


def _session(identity: Mapping[str, Any]) -> str | None:
    """principalId of an assumed role is <id of the role>:<name of the session>."""
    return (identity.get("principalId") or "").partition(":")[2] or None if identity.get("type") == "AssumedRole" else None


def _user(identity: Mapping[str, Any], session: str | None) -> str | None:
    """In the words of "CloudTrail userIdentity element"; a type that is not named here is known by its user's name or ARN."""
    kind = identity.get("type")
    if kind == "Root":
        return "root"
    if kind == "AWSService":
        return identity.get("invokedBy")
    if kind == "AssumedRole":
        role = ((identity.get("sessionContext") or {}).get("sessionIssuer") or {}).get("userName")
        return "/".join(part for part in (role, session) if part) or identity.get("arn")
    return identity.get("userName") or (identity.get("arn") or "").rpartition(":")[2] or identity.get("principalId") or identity.get("invokedBy")


def _via(record: Mapping[str, Any], identity: Mapping[str, Any]) -> str | None:
    if identity.get("invokedBy") and identity.get("type") != "AWSService":
        return identity["invokedBy"]
    return "console" if record.get("sessionCredentialFromConsole") == "true" else None
