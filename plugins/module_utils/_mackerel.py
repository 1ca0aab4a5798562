# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to Mackerel, and what its kinds have in common: objects that are read, merged and put back whole.

Private to the collection. One pool of connections for a run. Reads are tried again after a pause; a write is sent once, because a lost answer
does not say whether it took effect: the engine looks again instead. The key is in a header and nowhere else.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ansible.module_utils.basic import env_fallback, missing_required_lib

try:
    import urllib3

    LOST = (urllib3.exceptions.HTTPError,)
except ImportError:
    urllib3 = None
    LOST = ()

from ansible_collections.msp.aws.plugins.module_utils._client import CONNECT_SECONDS, READ_SECONDS, Door
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Option, Problem, camel, merged, same_secret

BASE = "https://api.mackerelio.com"
PREFIX = "/api/v0"
PAUSES = (1, 2, 4, 8, 15)  # between tries of a read, in seconds
LONGEST = 60  # what Retry-After may ask for
AT_ONCE = 8
IN_THE_CONSOLE = "The API cannot change it: change it in Mackerel's web console, or correct the sheet"
# Of services and roles.
NAME = dict(pattern="[A-Za-z0-9][A-Za-z0-9_-]+", min=2, max=63)
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"
BUSY = HTTPStatus.TOO_MANY_REQUESTS


class Refused(Exception):
    """An answer that is an error: its status, and Mackerel's own words."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said}")
        self.status = status


class Mackerel(Door):
    """Mackerel: `get`, `post`, `put` and `remove` take a path in which {} stands for what differs from call to call."""

    owner = "mackerel_organization"
    errors = (Refused, *LOST)

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._pool: Any = None
        self._not_before = 0.0

    @classmethod
    def options(cls) -> dict[str, Any]:
        return dict(
            mackerel_api_key=dict(type="str", required=True, no_log=True, fallback=(env_fallback, ["MACKEREL_APIKEY"])),
            mackerel_api_base=dict(type="str", fallback=(env_fallback, ["MACKEREL_APIBASE"])),
        )

    @classmethod
    def lacking(cls, params: Mapping[str, Any]) -> str | None:
        if not urllib3:
            return missing_required_lib("urllib3")
        return None if params["mackerel_api_key"] else "mackerel_api_key is empty: give it an API key of the organization, or put one into MACKEREL_APIKEY"

    def check_owner(self, wanted: str | None) -> None:
        actual = wanted and self.organization()
        if actual != wanted:
            raise Problem(f"this API key belongs to the organization {actual}, the contract is for {wanted}: nothing was done")

    def organization(self) -> str:
        """Whose the key is, asked for once in a run."""
        return self.once(_organization)

    def transient(self, error: BaseException) -> bool:
        return (error.status == BUSY or error.status >= 500) if isinstance(error, Refused) else isinstance(error, LOST)

    def explain(self, error: BaseException, call: str | None) -> str:
        said = f"{type(error).__name__}: {error}" if isinstance(error, LOST) else str(error)
        said = said.replace(self._module.params["mackerel_api_key"], HIDDEN)
        return f"{call}: {said}" if call else said

    # ---- calls

    def get(self, path: str, *parts: str, **query: Any) -> Any:
        return self._call("GET", path, parts, query=query)

    def post(self, path: str, *parts: str, body: Any = None) -> Any:
        return self._call("POST", path, parts, body=body)

    def put(self, path: str, *parts: str, body: Any) -> Any:
        return self._call("PUT", path, parts, body=body)

    def remove(self, path: str, *parts: str) -> Any:
        return self._call("DELETE", path, parts)

    def pages(self, dummy: str, operation: str, result: str, **query: Any) -> list[Any]:
        """All of a list, as those look for it who want names for ids."""
        return LISTS[operation](self) if operation in LISTS else self.get(operation, **query)[result]

    def _call(self, method: str, path: str, parts: tuple[str, ...], query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        call, reads = f"mackerel:{method} {path}", method == "GET"
        url = path.format(*(urllib.parse.quote(part, safe="") for part in parts))
        if query:
            url += "?" + urllib.parse.urlencode(query, doseq=True)
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        pauses = list(PAUSES) if reads and not self.acting else []
        self._leaves(call, reads)
        while True:
            try:
                return self._sent(method, url, text)
            except self.errors as error:
                if not reads and isinstance(error, Refused) and error.status < 500:
                    self._here.write["refused"] = str(error.status)
                if not (pauses and self.transient(error)):
                    raise
            time.sleep(pauses.pop(0))

    def _sent(self, method: str, url: str, text: bytes | None) -> Any:
        """One request; its answer, or an error."""
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        headers = {"X-Api-Key": self._module.params["mackerel_api_key"], "User-Agent": "msp.aws"}
        if text is not None:
            headers["Content-Type"] = "application/json"
        base = (self._module.params.get("mackerel_api_base") or BASE).rstrip("/")
        answer = self._connected(base).request(method, f"{base}{PREFIX}{url}", body=text, headers=headers)
        found = _parsed(answer.data)
        if answer.status != HTTPStatus.OK:
            asked = answer.headers.get("Retry-After", "")
            if asked.isdigit():
                self._not_before = time.monotonic() + min(int(asked), LONGEST)
            raise Refused(answer.status, _words(found) or answer.reason or "")
        if found is None:
            raise Refused(HTTPStatus.BAD_GATEWAY, "the answer is not JSON: is this Mackerel's address, or that of a proxy?")
        return found

    def _connected(self, base: str) -> Any:
        with self._lock:
            if self._pool is None:
                how = dict(
                    maxsize=AT_ONCE,
                    block=True,
                    retries=urllib3.Retry(0, redirect=False, raise_on_redirect=False),
                    timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                )
                address = urllib.parse.urlsplit(base)
                proxy = None if urllib.request.proxy_bypass(address.hostname or "") else urllib.request.getproxies().get(address.scheme)
                self._pool = urllib3.ProxyManager(proxy, **how) if proxy else urllib3.PoolManager(**how)
            return self._pool


def _organization(aws: Mackerel) -> str:
    return aws.get("/org")["name"]


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _words(found: Any) -> str | None:
    """What Mackerel says of an error; a proxy on the way says nothing that can be understood."""
    said = found.get("error") if isinstance(found, dict) else None
    return said.get("message") if isinstance(said, dict) else said


# ---- names: what a reference can mean, and that is no list of the API


def _services(aws: Mackerel) -> list[dict[str, Any]]:
    return aws.get("/services")["services"]


def services(aws: Mackerel) -> list[dict[str, Any]]:
    """All services with the names of their roles, asked for once in a run."""
    return aws.once(_services)


def _roles(aws: Mackerel) -> list[dict[str, Any]]:
    return [dict(fullname=f"{service['name']}:{role}") for service in services(aws) for role in service["roles"]]


def _scopes(aws: Mackerel) -> list[dict[str, Any]]:
    return [dict(fullname=service["name"]) for service in services(aws)] + _roles(aws)


LISTS: dict[str, Callable[[Mackerel], list[dict[str, Any]]]] = {"services": services, "roles": _roles, "scopes": _scopes}


def without_space(fullname: str) -> str:
    """Mackerel writes a role as Service:role, and as "Service: role"."""
    return fullname.replace(": ", ":")


# ---- objects that are read, merged and put back whole


def member(option: str) -> str:
    """The name of an option in the API."""
    first, dummy, others = option.partition("_")
    return first + camel(others)


def in_sheet_form(options: Mapping[str, Option], found: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object of the API as an entry has it: what is absent has its default, what is null or an empty text is absent."""
    thing = {}
    for name, option in options.items():
        value = found.get(member(name))
        if value in (None, ""):
            value = (defaults or {}).get(name)
        if value is not None:
            thing[name] = _in_sheet_form(option, value)
    return thing


def _in_sheet_form(option: Option, value: Any) -> Any:
    if option.options and isinstance(value, list):
        return [in_sheet_form(option.options, item) for item in value]
    if option.options and isinstance(value, Mapping):
        return in_sheet_form(option.options, value)
    if isinstance(value, list):
        return sorted(without_space(item) for item in value) if option.many else value
    if option.ref:
        return without_space(value)
    return told(value) if option.same is same_moment else value


def in_api_form(options: Mapping[str, Option], values: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the API has them; what is None is left out."""
    return {member(name): _in_api_form(options[name], value) for name, value in values.items() if value is not None}


def _in_api_form(option: Option, value: Any) -> Any:
    if option.secret and value == HIDDEN:
        raise Problem(f"{HIDDEN} stands for a secret that is there already, and here none is")
    if option.options and isinstance(value, list):
        return [in_api_form(option.options, item) for item in value]
    if option.options and isinstance(value, Mapping):
        return in_api_form(option.options, value)
    if option.same is same_moment:
        return epoch(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def listed(options: Mapping[str, Option], want: Mapping[str, Any]) -> dict[str, Any]:
    """What a new thing shall have: of lists what the sheet says is to be there."""
    return {name: (value.get("add") or value.get("set") or []) if options[name].many and isinstance(value, Mapping) else value for name, value in want.items()}


def replacement(options: Mapping[str, Option], have: Mapping[str, Any], change: Mapping[str, Any], read_only: Iterable[str] = ("id",)) -> dict[str, Any]:
    """The whole object as a PUT takes it: as it was found, also with what nobody here knows of, and the change laid over it."""
    after, body = merged(options, have, change), dict(have["_object"])
    for name in read_only:
        body.pop(name, None)
    for name in change:
        body.pop(member(name), None)
    return {**body, **in_api_form(options, {name: after[name] for name in change})}


def whole(path: str, options: Mapping[str, Option], have: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """create, update and delete of a kind whose objects are posted and put as they are; `have` is an object as `find` tells it."""

    def create(aws: Mackerel, want: Mapping[str, Any]) -> dict[str, Any]:
        return have(aws.post(path, body=in_api_form(options, listed(options, want))))

    def update(aws: Mackerel, found: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        aws.put(f"{path}/{{}}", found["id"], body=replacement(options, found, change))

    def delete(aws: Mackerel, found: Mapping[str, Any]) -> None:
        aws.remove(f"{path}/{{}}", found["id"])

    return dict(create=create, update=update, delete=delete)


def secret(**facts: Any) -> Option:
    """What nobody may see, and can be compared."""
    return Option(secret=True, same=same_secret, **facts)


def same_set(wanted: Iterable[Any], has: Iterable[Any]) -> bool:
    return set(wanted) == set(has)


# ---- moments: seconds since 1970 in the API, ISO 8601 in a sheet


def moment(**facts: Any) -> Option:
    return Option(same=same_moment, limits=dict(pattern=MOMENT, example="2026-06-21T01:00:00+09:00"), **facts)


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def told(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def is_moment(text: str) -> bool:
    return re.fullmatch(MOMENT, text) is not None


def same_moment(wanted: str, has: str) -> bool:
    return epoch(wanted) == epoch(has)
