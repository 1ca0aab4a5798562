# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request for an operation (運用代行依頼書) as it is written, read into what the frame works with. Every fault at once, in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.msp.aws.plugins.plugin_utils._calendar_reading import Reading
from ansible_collections.msp.aws.plugins.plugin_utils._hints import close, hint
from ansible_collections.msp.aws.plugins.plugin_utils._ledger import NAME
from ansible_collections.msp.aws.plugins.plugin_utils._operations import argument_spec, digest, operations, options, prefix, secrets

# Field → whether it must be there.
FIELDS = dict(contract=True, ticket=True, operation=True, target=True, parameters=False, received=True, wished=True, purpose=False, requester=False, note=False)
PURPOSES = ("operation", "incident")
TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        table="運用代行依頼は辞書（contract、ticket、operation、…）で書いてください。現在の値: {value}",
        unknown="「{value}」という項目はありません。使える項目: {other}{hint}",
        needed="記入が必要です",
        ticket="「{value}」は使えません。英数字と +=,.@_- の 1〜64 文字で書いてください",
        operation="「{value}」という運用代行項目はありません{hint}",
        purpose="「{value}」は使えません。operation（運用代行）か incident（障害対応）を書いてください",
        parameters="辞書で書いてください。現在の値: {value}",
        parameter="「{value}」というパラメータはありません。使えるパラメータ: {other}{hint}",
        target_twice="対象は target に書いてください",
        type="値が正しくありません（{value}）",
        kind="{other}で書いてください",
        choice="「{value}」は使えません。使える値: {other}",
    ),
    en=dict(
        table="a request is a dictionary (contract, ticket, operation, …), not {value!r}",
        unknown="there is no {value!r}; there are {other}{hint}",
        needed="is needed",
        ticket="{value!r} will not do; write 1 to 64 letters, digits and +=,.@_-",
        operation="there is no operation {value!r}{hint}",
        purpose="{value!r} will not do; write operation or incident",
        parameters="write a dictionary, not {value!r}",
        parameter="there is no parameter {value!r}; there are {other}{hint}",
        target_twice="the target is said in target",
        type="{value}",
        kind="write {other}",
        choice="{value!r} will not do; there are {other}",
    ),
)


# What Ansible says of arguments.
CHOICE = re.compile(r"must be one of: (?P<choices>.*), got: (?P<value>.*)", re.DOTALL)
KIND = re.compile(r"unable to convert to (?P<kind>bool|dict|float|int|list)\b")
KINDS = dict(
    bool=dict(ja="true か false ", en="true or false"),
    dict=dict(ja="「名前: 値」の組", en="name: value pairs"),
    float=dict(ja="数値", en="a number"),
    int=dict(ja="整数", en="a whole number"),
    list=dict(ja="一覧", en="a list"),
)


class RequestError(ValueError):
    """The request cannot be read; a line for each fault. `places`: field → how it is told of where the request was a form."""

    def __init__(self, faults: list[tuple[str, str, dict[str, Any]]], places: Mapping[str, str] | None = None) -> None:
        self.faults, self.places = faults, places or {}
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        return "\n".join(self._line(language, *fault) for fault in self.faults)

    def _line(self, language: str, where: str, code: str, facts: Mapping[str, Any]) -> str:
        if code == "cell":
            return facts["said"]
        where = self.places.get(where, where)
        if code == "calendar":
            return facts["fault"]._replace(where=where).text(language)
        other = facts.get("other", "")
        told = {"value": "", **facts, "other": other[language] if isinstance(other, dict) else other, "hint": hint(language, facts.get("close"))}
        return f"{where}: {TEXTS[language][code].format(**told)}"


def read_form(path: Path, vault: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The request of a form. What is wrong with a cell is told once, and its field is not said to be missing as well."""
    from ansible_collections.msp.aws.plugins.plugin_utils import _request_form  # it needs openpyxl

    form = _request_form.read(path)
    told = {name for name, dummy in form.faults}
    faults = [(name, "cell", dict(said=said)) for name, said in form.faults]
    try:
        request = {} if "request" in told and not form.given else read(form.given, vault)
    except RequestError as error:
        faults += [fault for fault in error.faults if fault[0] not in told]
    if faults:
        raise RequestError(faults, form.places)
    return request


def read(given: Any, vault: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The request with its row: {contract, ticket, operation, target, parameters, received, wished, purpose, requester, note, variables, digest}.

    `variables` are those of the role, with their types; `parameters` are the same without the role's prefix, and without secrets. `vault` has, under the
    names of the role's variables, secrets that the request leaves out.
    """
    if not isinstance(given, Mapping):
        raise RequestError([("request", "table", dict(value=given))])
    faults: list[tuple[str, str, dict[str, Any]]] = []
    for name in given:
        if name not in FIELDS:
            faults.append(("request", "unknown", dict(value=name, other=", ".join(FIELDS), close=close(name, FIELDS))))
    faults += [(name, "needed", {}) for name, needed in FIELDS.items() if needed and given.get(name) in (None, "")]
    ticket = str(given.get("ticket") or "")
    if ticket and not NAME.fullmatch(ticket):
        faults.append(("ticket", "ticket", dict(value=ticket)))
    operation = given.get("operation")
    if operation and operation not in operations():
        faults.append(("operation", "operation", dict(value=operation, close=close(operation, operations()))))
    purpose = given.get("purpose") or "operation"
    if purpose not in PURPOSES:
        faults.append(("purpose", "purpose", dict(value=purpose)))
    moments = _moments(given, faults)
    variables = _variables(given, faults, vault or {}) if operation in operations() else {}
    if faults:
        raise RequestError(faults)
    hidden = secrets(operation)
    told = {name.removeprefix(prefix(operation)): "********" if name in hidden else value for name, value in variables.items()}
    target = told.pop(operations()[operation]["target"].removeprefix(prefix(operation)))
    request = dict(
        contract=str(given["contract"]),
        ticket=ticket,
        operation=operation,
        target=target,
        parameters=told,
        purpose=purpose,
        requester=given.get("requester") or "",
        note=given.get("note") or "",
        **moments,
    )
    return dict(request, variables=variables, digest=digest(dict(request, secrets=digest({name: variables.get(name) for name in hidden}))))


def _moments(given: Mapping[str, Any], faults: list[tuple[str, str, dict[str, Any]]]) -> dict[str, str]:
    """The day on which it was received, and the moment at which it shall be done, both in Japan."""
    reading = Reading()
    received = reading.day_of_receipt(given["received"], "received") if given.get("received") else None
    wished = reading.moment(given["wished"], "wished") if given.get("wished") else None
    faults += [(fault.where, "calendar", dict(fault=fault)) for fault in reading.faults]
    return dict(received=received.isoformat() if received else "", wished=wished.isoformat(timespec="minutes") if wished else "")


def _variables(given: Mapping[str, Any], faults: list[tuple[str, str, dict[str, Any]]], vault: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as Ansible reads the arguments of the role's entry point."""
    operation, parameters = given["operation"], given.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        faults.append(("parameters", "parameters", dict(value=parameters)))
        return {}
    start, target = prefix(operation), operations()[operation]["target"]
    known = [name.removeprefix(start) for name in options(operation)]
    for name in parameters:
        if start + str(name) == target:
            faults.append((f"parameters {name}", "target_twice", {}))
        elif name not in known:
            faults.append(("parameters", "parameter", dict(value=name, other=", ".join(known), close=close(name, known))))
    named = {start + name: value for name, value in parameters.items() if name in known and value not in (None, "")}
    kept = {name: vault[name] for name in secrets(operation) if name in vault}
    read_as = ArgumentSpecValidator(argument_spec(operation)).validate({**kept, **named, target: given.get("target")})
    faults += [fault for message in read_as.error_messages for fault in _wrong(message, operation)]
    return {name: value for name, value in read_as.validated_parameters.items() if value is not None}


def _wrong(message: str, operation: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What Ansible says of the arguments, of each parameter by itself."""
    start, target = prefix(operation), operations()[operation]["target"]
    names = [name for name in options(operation) if re.search(rf"\b{name}\b", message)]
    places = ["target" if name == target else f"parameters {name.removeprefix(start)}" for name in names]
    if message.startswith("missing required arguments"):
        return [(place, "needed", {}) for place in places if place != "target"]  # of that it was told before
    place = places[0] if len(places) == 1 else "parameters"
    choice, kind = CHOICE.search(message), KIND.search(message)
    if choice:
        return [(place, "choice", dict(value=choice["value"], other=choice["choices"]))]
    if kind:
        return [(place, "kind", dict(other=KINDS[kind["kind"]]))]
    return [(place, "type", dict(value=message.replace(start, "")))]
