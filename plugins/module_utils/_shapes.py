# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices and limits of options, asked of AWS's own service models, so that no list of values is written down here.

Private to the collection.
"""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _forms
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Option, camel

try:
    import botocore.loaders
    import botocore.session
except ImportError:
    botocore = None


@cache
def loader() -> Any:
    """What reads the models from the disk and keeps them: one for all sessions of a process, because EC2's model takes longer to read than its calls take."""
    return botocore.loaders.create_loader(os.environ.get("AWS_DATA_PATH"))


@cache
def session() -> Any:
    """One that only knows the models."""
    core = botocore.session.get_session()
    core.register_component("data_loader", loader())
    return core


@cache
def model(service: str) -> Any:
    return session().get_service_model(service)


def title(service: str) -> str:
    """What a service calls itself."""
    return model(service).service_id if service in session().get_available_services() else service.capitalize()


@cache
def shape(service: str, api: str) -> Any:
    """The shape behind "Operation.Member.Member" (lists are stepped through), or "service:Operation.Member" of another service."""
    other, dummy, path = api.rpartition(":")
    operation, *members = path.split(".")
    found = model(other or service).operation_model(operation).input_shape
    for member in members:
        while found.type_name == "list":
            found = found.member
        found = found.value if found.type_name == "map" else found.members[member]
    while found.type_name == "list":
        found = found.member
    return found


READABLE = 24  # choices in one line
TAGS = dict(count=50, key=128, value=256, reserved="aws:")  # of a resource, in every service


@cache
def list_shape(service: str, api: str) -> Any:
    """The list that "Operation.Member" names, or None where it is no list."""
    other, dummy, path = api.rpartition(":")
    operation, *members = path.split(".")
    found = model(other or service).operation_model(operation).input_shape
    for member in members:
        while found is not None and found.type_name == "list":
            found = found.member
        found = getattr(found, "members", {}).get(member)
    return found if found is not None and found.type_name == "list" else None


@cache
def _list_of(service: str, operations: tuple[str, ...], name: str) -> Any:
    """The list that the operations of a kind's other options take under the option's own name in AWS's spelling."""
    found = (list_shape(service, f"{operation}.{camel(name)}") for operation in operations)
    return next((shape for shape in found if shape is not None), None)


TEXTS = dict(
    choice="{value!r} is not one of {limit}",
    choice_of_many="{value!r} is not allowed here; the nearest that are: {limit}",
    no_choice="{value!r} is no value that AWS knows here",
    reserved_prefix="the key {value!r} begins with {limit}, which AWS keeps for itself: take another",
    reserved_start="{value!r} begins with {limit}, which AWS keeps for itself: take another name",
    reserved_end="{value!r} ends with {limit}, which AWS keeps for itself: take another name",
    bucket_name="{value!r} cannot be the name of a bucket: small letters, digits, dots and hyphens can, with a letter or digit at both ends, "
    "no two dots in a row, and not as an IP address",
    reserved="the key {value!r} is written by the option {limit}: write it there",
    least="{value!r} is less than the least allowed, {limit}",
    most="{value!r} is more than the most allowed, {limit}",
    shortest="{value!r} has fewer than {limit} characters",
    longest="{value!r} has more than {limit} characters",
    most_items="{value} are named; at most {limit} can be",
    least_items="{value} are named; at least {limit} are needed",
    pattern="{value!r} does not have the right form; {limit}",
    needs="{other} is needed; found {value!r}",
    octal="without quotation marks {limit} is read as {value}, because a number that begins with 0 is taken as octal; "
    "where that was written, write it between quotation marks: \"{limit}\"",
    no_text="{value!r} is no text; write one value here",
    unquoted="without quotation marks it is read as {value} and is no text; write it between quotation marks, such as \"{value}\"",
    not_a_network="{value!r} is not a network address (CIDR) such as {limit}",
    network_spelling="{value!r} is not how AWS writes a network: {limit}",
    network_size="{value!r} is not of a size that AWS takes here, which is {limit}",
    other_region="{value!r} is in the Region {other}; it has to be in the Region {limit}, as what names it is: name one of there",
    no_json="{value!r} is not JSON, such as {limit}",
    not_an_address="{value!r} is not an IP address",
    unknown_key="{value!r} has no meaning here; what can be written: {limit}",
    no_statement="a policy is a dictionary with one statement at least, each of them a dictionary; found {value!r}",
    lacking="{limit} is missing",
    key_case="{value!r} is written {limit}, with capitals",
    text_document="a policy is a dictionary, and this is a text: what is read from a file needs | from_json, as in lookup('file', 'x.json') | from_json; "
    "found {value!r}",
    no_policy_name="the policy has no name: write one, and {value} below it",
)


def said(code: str, **facts: Any) -> str:
    """A text with its facts, as modules say it."""
    return TEXTS[code].format(**worded(code, facts))


NOTHING = dict(ja="（空）", en="nothing")


class Written(str):
    """What is no text, as a sheet has it: without quotation marks around it."""

    def __repr__(self) -> str:
        return str(self)


def written(value: Any, language: str = "en") -> str:
    """A value as people write it in a sheet, and not as Python does."""
    return Written(NOTHING[language]) if value in (None, "") else value if isinstance(value, str) else Written(_in_yaml(value))


def _in_yaml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_in_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple, set)):
        return f"[{', '.join(map(_in_yaml, value))}]"
    return value.isoformat() if isinstance(value, datetime.date) else json.dumps(value, ensure_ascii=False, default=str)


def worded(code: str, facts: Mapping[str, Any], language: str = "en") -> dict[str, Any]:
    """The facts as people read them: what a pattern allows is said in words."""
    told = dict(facts, value=written(facts.get("value"), language))
    return dict(told, limit=_forms.words(facts["limit"], facts["value"], language)) if code == "pattern" else told


class Fault(NamedTuple):
    """What the service model refuses: the option, the value as it may be shown, a code of TEXTS, and the limit; which of several items in a list it is."""

    path: str
    value: Any
    code: str
    limit: Any
    place: int | None = None

    def __str__(self) -> str:
        place = f" (no. {self.place})" if self.place else ""
        return f"{self.path}{place}: {said(self.code, value=self.value, limit=self.limit)}"


def faults(service: str, options: Mapping[str, Option], entry: Mapping[str, Any], path: str = "") -> Iterator[Fault]:
    """What the service model refuses in an entry."""
    for name, value in entry.items():
        if name in options:
            yield from _value(service, name, options[name], value, f"{path}{name}")
            if not path:
                yield from _sizes(service, options, name, value)
    if not path:
        yield from _tags(options, entry)


def _sizes(service: str, options: Mapping[str, Option], name: str, value: Any) -> Iterator[Fault]:
    """Lists with too many or too few items."""
    option = options[name]
    if option.type == "list":
        operations = tuple(dict.fromkeys(one.api.partition(".")[0] for one in options.values() if one.api and ":" not in one.api))
        found = list_shape(service, option.api) if option.api else _list_of(service, operations, name)
        limits = found.metadata if found is not None else {}
        for verb, things in value.items() if isinstance(value, Mapping) else [("set", value)]:
            count = len(things) if isinstance(things, list) else 0
            if verb != "remove" and count > limits.get("max", count):
                yield Fault(name, count, "most_items", limits["max"])
            elif verb == "set" and isinstance(things, list) and 0 < count < limits.get("min", 0):
                yield Fault(name, count, "least_items", limits["min"])


def _tags(options: Mapping[str, Option], entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Tags that AWS does not take; some of them are options of their own, such as the name."""
    option, tags = options.get("tags"), entry.get("tags") or {}
    if not (option and option.merges and isinstance(tags, Mapping)):
        return
    own = {name: entry[name] for name in (option.reserved or {}).values() if isinstance(entry.get(name), str)}
    yield from (Fault(name, value, "longest", TAGS["value"]) for name, value in own.items() if len(value) > TAGS["value"])
    if tags and len(tags) + len(own) > TAGS["count"]:
        yield Fault("tags", len(tags) + len(own), "most_items", TAGS["count"])
    for key, value in tags.items():
        if not 1 <= len(str(key)) <= TAGS["key"]:
            yield Fault("tags", str(key), "longest" if key else "shortest", TAGS["key"] if key else 1)
        if str(key).lower().startswith(TAGS["reserved"]):
            yield Fault("tags", str(key), "reserved_prefix", TAGS["reserved"])
        if len(str(value)) > TAGS["value"]:
            yield Fault("tags", str(value), "longest", TAGS["value"])


def _value(service: str, name: str, option: Option, value: Any, path: str) -> Iterator[Fault]:
    if option.many and isinstance(value, Mapping):
        for verb, things in value.items():
            yield from _each(service, name, option, things or (), path if verb == "add" else f"{path}.{verb}")
    elif isinstance(value, list):
        yield from _each(service, name, option, value, path)
    else:
        yield from _one(service, name, option, value, path)


def _each(service: str, name: str, option: Option, things: Any, path: str) -> Iterator[Fault]:
    """Of the items in a list. Where an item has no options of its own its value says which one it is."""
    for number, thing in enumerate(things, 1):
        found = _one(service, name, option, thing, path)
        yield from (fault._replace(place=fault.place or number) for fault in found) if option.options and len(things) > 1 else found


def _one(service: str, name: str, option: Option, value: Any, path: str) -> Iterator[Fault]:
    if option.options and isinstance(value, Mapping):
        yield from faults(service, option.options, {name: inner for name, inner in value.items() if inner is not None}, f"{path}.")
    elif isinstance(value, Mapping):
        yield from (Fault(path, key, "reserved", other) for key, other in (option.reserved or {}).items() if key in value)
        yield from _no_texts(option, value, path) if option.texts else ()
        yield from _pairs(service, option, value, path) if option.api else ()
        yield from (Fault(f"{path}{inside}", found, code, limit) for inside, found, code, limit in (option.flaws(value) if option.flaws else ()))
    elif option.choices and value not in option.choices:
        yield Fault(path, value, "choice", ", ".join(map(str, option.choices)))
    else:
        for code, limit in _reasons(service, name, option, value):
            yield Fault(path, HIDDEN if option.secret else value, code, limit)


def _no_texts(option: Option, value: Mapping[str, Any], path: str) -> Iterator[Fault]:
    """What is no text among values that are texts. Of a whole number the digits are meant; how a fraction was written nobody knows any more."""
    for key, inner in value.items():
        if isinstance(inner, (bool, float, list, Mapping)):
            shown = HIDDEN if option.secret and not isinstance(inner, bool) else inner
            yield Fault(f"{path}.{key}", shown, "no_text" if isinstance(inner, (list, Mapping)) else "unquoted", None)


def _pairs(service: str, option: Option, value: Mapping[str, Any], path: str) -> Iterator[Fault]:
    """A dictionary that is a list of names and values to AWS."""
    listed = list_shape(service, option.api)
    most = listed.metadata.get("max", len(value))
    if len(value) > most:
        yield Fault(path, len(value), "most_items", most)
    for pair in value.items():
        for member, said in zip(listed.member.members.values(), pair, strict=True):
            text = said if isinstance(said, (str, list, Mapping)) else str(said)
            yield from (Fault(f"{path}.{pair[0]}", text, code, limit) for code, limit in refused(member, text))


def _reasons(service: str, name: str, option: Option, value: Any) -> Iterator[tuple[str, Any]]:
    model = described(service, option) if option.api or option.limits else None
    known = list(refused(model, value)) if model else []
    form = implied(service, name, option.api) if isinstance(value, str) and value and not (known or option.ref) else None
    found, meant = list(refused(form, value)) if form else known, octal(value)
    yield from [("octal", meant)] if found and meant and not list(refused(form or model, meant)) else found
    wrong = option.wrong(value) if option.wrong and value != "" else None
    if wrong:
        yield wrong


def octal(value: Any) -> str | None:
    """The twelve digits of an account whose id begins with 0, where YAML read them without quotation marks as an octal number."""
    number = int(value) if re.fullmatch("[1-9][0-9]{8,9}", str(value)) else 0
    return f"{number:012o}" if 8**9 <= number < 8**11 else None


ARN, ACCOUNT, IMAGE, EMAIL = (
    dict(pattern=r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+", example="arn:aws:sns:ap-northeast-1:123456789012:alert"),
    dict(pattern="[0-9]{12}"),
    dict(pattern=r"ami-[0-9a-f]{8}([0-9a-f]{9})?|resolve:ssm:\S+", example="ami-0123456789abcdef0"),
    dict(pattern=r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", example="noc@example.jp"),
)
IMPLIED = (
    (re.compile(r"(\w+_)?arns?|\w*A(rn|RN)s?"), ARN),
    (re.compile(r"(\w+_)?(account|(account|owner)_ids?)|\w*(Account|Owner)Ids?"), ACCOUNT),
    (re.compile(r"image_id|ImageId"), IMAGE),
    (re.compile(r"email(_address)?"), EMAIL),
)


@cache
def implied(service: str, name: str, api: str | None) -> Any:
    """The form that an option has by its own name or by AWS's, where the model says none: most models leave it to the name."""
    found = shape(service, api) if api else None
    if found is not None and "pattern" in found.metadata:
        return None
    names = (name, api.rpartition(".")[2], found.name) if api else (name,)
    return next((Stated(form, ()) for called, form in IMPLIED if any(map(called.fullmatch, names))), None)


class Stated(NamedTuple):
    """What an option says of itself where there is no service model."""

    metadata: Mapping[str, Any]
    enum: tuple[Any, ...]


def described(service: str, option: Option) -> Any:
    """What is known of an option's values: metadata has limits, enum choices."""
    return shape(service, option.api) if option.api else Stated(option.limits or {}, option.choices)


def refused(found: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """Why the shape refuses the value: a code and the limit, at most one of each."""
    choices, limits = getattr(found, "enum", None), found.metadata
    text = isinstance(value, str)
    size = len(value) if text else value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if choices and value not in choices:
        yield _choice(value, choices)
    elif size is not None and size < limits.get("min", size):
        yield "shortest" if text else "least", limits["min"]
    elif size is not None and size > limits.get("max", size):
        yield "longest" if text else "most", limits["max"]
    elif text and "pattern" in limits and not _fits(limits["pattern"], value):
        yield "pattern", limits.get("example", limits["pattern"])


def _choice(value: Any, choices: list[str]) -> tuple[str, str | None]:
    """All that may be chosen, where people can read that; else what comes next to it."""
    if len(choices) <= READABLE:
        return "choice", ", ".join(choices)
    near = get_close_matches(str(value), choices, 5, 0.6)
    return ("choice_of_many", ", ".join(near)) if near else ("no_choice", None)


def _fits(pattern: str, value: str) -> bool:
    try:
        # \w and the like are ASCII in the dialect of the models.
        return re.fullmatch(f"(?:{pattern})", value, re.DOTALL | re.ASCII) is not None
    except re.error:  # a few patterns are of Java's dialect; AWS itself will judge those
        return True
