# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract file: which calls there are, what a request may hold, and how an answer looks in each mode."""

from __future__ import annotations

import copy
import pathlib
import re
from dataclasses import dataclass, fields

import yaml

SPACED = {"Scope", "RoleFullname"}
# What the service may add one day: it is in every answer, and a PUT has to send it back.
NEWS = "addedLater"


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Modes:
    """What the documents leave open, one way or the other.

    unknown_fields    refuse, or drop: fields of a request that the contract does not know
    defaults          filled in answers, or left out where a value is the default
    empty_lists       returned, or left out
    nulls             returned, or left out
    scope_space       roles come back as "Service: role"
    order             kept, or shuffled: lists, and lists that are sets
    news              answers have a field that came later, which a PUT must send back
    unknown_type      the list of monitors has one of a type that came later
    throttle          every n-th call is answered with 429 or 503; 0 is never
    """

    unknown_fields: str = "refuse"
    defaults: str = "filled"
    empty_lists: str = "returned"
    nulls: str = "returned"
    scope_space: bool = False
    order: str = "kept"
    news: bool = False
    unknown_type: bool = False
    throttle: int = 0

    def set(self, **values):
        known = {one.name for one in fields(self)}
        if values.keys() - known:
            raise ValueError(f"no such mode: {', '.join(values.keys() - known)}")
        for name, value in values.items():
            setattr(self, name, value)


@dataclass(frozen=True)
class Endpoint:
    """One call. `name` is how it is recorded: the parts of the path that differ from call to call are {}."""

    method: str
    path: str
    permission: str
    query: dict | None = None
    request: dict | None = None
    response: dict | None = None
    denied_status: int = 403

    @property
    def name(self):
        return f"{self.method} {re.sub('{.*?}', '{}', self.path)}"

    @property
    def writes(self):
        return self.permission == "write"


class Contract:
    def __init__(self):
        loaded = yaml.safe_load((pathlib.Path(__file__).parent / "contract.yml").read_text(encoding="utf-8"))
        self.schemas = loaded["schemas"]
        self.endpoints = []
        for where, facts in loaded["endpoints"].items():
            method, path = where.split(" ", 1)
            facts = {key: {"$ref": value} if key in ("request", "response") and isinstance(value, str) else value for key, value in facts.items()}
            self.endpoints.append(Endpoint(method, path, **facts))
        self._routes = [(one, re.compile(re.sub(r"{\w+}", "([^/]+)", one.path))) for one in self.endpoints]

    def route(self, method, path):
        """The endpoint, and what stands in its path. A fixed path goes before one with parameters."""
        found = [(one, match) for one, pattern in self._routes if one.method == method and (match := pattern.fullmatch(path))]
        if not found:
            raise Refusal(404, "not found")
        endpoint, match = min(found, key=lambda pair: pair[0].path.count("{"))
        return endpoint, match.groups()

    def schema(self, schema, value=None):
        """The schema itself behind a reference, and of several the one of the value's type."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"]]
        if "x-discriminator" in schema:
            wanted = value.get(schema["x-discriminator"]) if isinstance(value, dict) else None
            for one in map(self.schema, schema["oneOf"]):
                kind = one["properties"][schema["x-discriminator"]]
                if wanted == kind.get("const", schema) or wanted in kind.get("enum", ()):
                    return one
            raise Refusal(400, f"unknown type: {wanted}")
        return schema

    # -- requests -------------------------------------------------------------------------------

    def accept(self, schema, value, modes, put=False, path="body"):
        """The value as it is taken, or a Refusal."""
        ref = schema.get("$ref")
        schema = self.schema(schema, value)
        if "anyOf" in schema and "properties" not in schema:
            return self._any(schema, value, modes, put, path)
        self._facts(schema, value, path)
        if isinstance(value, str) and ref in SPACED:
            return value.replace(": ", ":")
        if isinstance(value, list):
            return [self.accept(schema.get("items", {}), item, modes, put, f"{path}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
            return self._object(schema, value, modes, put, path)
        return value

    def _any(self, schema, value, modes, put, path):
        for one in schema["anyOf"]:
            try:
                return self.accept(one, value, modes, put, path)
            except Refusal as refusal:
                last = refusal
        raise last

    def _object(self, schema, value, modes, put, path):
        known, taken = schema.get("properties", {}), {}
        for name, inner in value.items():
            facts = known.get(name, schema.get("additionalProperties"))
            if name == NEWS and modes.news and path == "body":
                taken[name] = inner
            elif facts is None or facts.get("readOnly") or (put and facts.get("x-create-only")):
                if modes.unknown_fields == "refuse":
                    raise Refusal(400, f"{path}: unknown field {name}")
            else:
                if "propertyNames" in schema:
                    self._facts(self.schema(schema["propertyNames"]), name, f"{path} key")
                taken[name] = self.accept(facts, inner, modes, put, f"{path}.{name}")
        for name in schema.get("required", ()):
            if name not in taken:
                raise Refusal(400, f"{path}: {name} is required")
        for name, needed in schema.get("dependentRequired", {}).items():
            if taken.get(name) is not None and any(taken.get(other) is None for other in needed):
                raise Refusal(400, f"{path}: {name} needs {', '.join(needed)}")
        if schema.get("anyOf") and not any(all(name in taken for name in one["required"]) for one in schema["anyOf"]):
            raise Refusal(400, f"{path}: one of {', '.join(one['required'][0] for one in schema['anyOf'])} is required")
        if schema.get("not") and all(name in taken for name in schema["not"]["required"]):
            raise Refusal(400, f"{path}: not both of {', '.join(schema['not']['required'])}")
        return taken

    def _facts(self, schema, value, path):
        """What a schema says of a single value."""
        wanted = schema.get("type", "object" if "properties" in schema else None)
        if wanted and not any(_is(one, value) for one in ([wanted] if isinstance(wanted, str) else wanted)):
            raise Refusal(400, f"{path}: {wanted} is wanted")
        if "const" in schema and value != schema["const"]:
            raise Refusal(400, f"{path}: {schema['const']} is wanted")
        if "enum" in schema and value not in schema["enum"]:
            raise Refusal(400, f"{path}: one of {', '.join(map(str, schema['enum']))} is wanted")
        if isinstance(value, str):
            if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
                raise Refusal(400, f"{path}: its length is out of range")
            if "pattern" in schema and not re.search(schema["pattern"], value):
                raise Refusal(400, f"{path}: bad format")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not schema.get("minimum", value) <= value <= schema.get("maximum", value) or value <= schema.get("exclusiveMinimum", value - 1):
                raise Refusal(400, f"{path}: out of range")
            if value % schema.get("multipleOf", 1 if isinstance(value, int) else value or 1):
                raise Refusal(400, f"{path}: a multiple of {schema['multipleOf']} is wanted")
        if isinstance(value, list) and len(value) > schema.get("maxItems", len(value)):
            raise Refusal(400, f"{path}: at most {schema['maxItems']}")

    def replaced(self, schema, old, new):
        """The object after a PUT: what it leaves out is reset, but for what keeps its value; what cannot change must not."""
        schema = self.schema(schema, old)
        for name, facts in schema["properties"].items():
            if facts.get("x-immutable") and new.get(name) != old.get(name):
                raise Refusal(400, f"{name} cannot change")
        kept = {name: old[name] for name, facts in schema["properties"].items() if name in old and (facts.get("readOnly") or name not in new)}
        own = {name for name, facts in schema["properties"].items() if facts.get("readOnly") or facts.get("x-put-omitted") == "keep"}
        return {**{name: value for name, value in kept.items() if name in own}, **new}

    # -- answers --------------------------------------------------------------------------------

    def show(self, schema, value, modes, chance):
        """The value as this mode answers it."""
        ref = schema.get("$ref")
        if "x-discriminator" not in self.schemas.get(ref, schema) or isinstance(value, dict):
            try:
                schema = self.schema(schema, value)
            except Refusal:  # of a type that came later
                return copy.deepcopy(value)
        if isinstance(value, str) and ref in SPACED and modes.scope_space:
            return re.sub(":(?! )", ": ", value)
        if isinstance(value, list):
            shown = [self.show(schema.get("items", {}), item, modes, chance) for item in value]
            if modes.order == "shuffled" and all(isinstance(item, str) for item in shown):
                chance.shuffle(shown)
            return shown
        if isinstance(value, dict) and "properties" in schema:
            return self._show_object(schema, value, modes, chance)
        if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            return {name: self.show(schema["additionalProperties"], inner, modes, chance) for name, inner in value.items()}
        if "anyOf" in schema and value is not None:
            return self.show(schema["anyOf"][0], value, modes, chance)
        return copy.deepcopy(value)

    def _show_object(self, schema, value, modes, chance):
        needed = {*schema.get("required", ()), *schema.get("x-response-required", ())}
        shown = {NEWS: value[NEWS]} if NEWS in value else {}
        for name, facts in schema["properties"].items():
            if facts.get("writeOnly"):
                continue
            found = value.get(name)
            if modes.defaults == "filled" and found is None and "default" in facts:
                found = facts["default"]
            nullable = "null" in facts.get("type", ()) or {"type": "null"} in facts.get("anyOf", ())
            if modes.empty_lists == "returned" and found is None and facts.get("type") == "array":
                found = []
            if name not in needed:
                if modes.defaults == "left out" and "default" in facts and found == facts["default"]:
                    continue
                if (found is None and not (nullable and modes.nulls == "returned")) or (found == [] and modes.empty_lists == "left out"):
                    continue
            shown[name] = self.show(facts, found, modes, chance)
        return shown


def _is(wanted, value):
    if wanted in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole if wanted == "integer" else isinstance(value, (int, float)))
    kinds = dict(string=str, boolean=bool, object=dict, array=list, null=type(None))
    return isinstance(value, kinds[wanted])
