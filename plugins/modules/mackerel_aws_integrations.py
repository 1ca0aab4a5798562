#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from difflib import get_close_matches

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, merged, ref

PATH = "/aws-integrations/{}"
WAYS = (("role_arn", "external_id"), ("key", "secret_key"))  # how Mackerel gets in
KEPT = ("key", "role_arn", "external_id")  # a PUT that leaves them out keeps them; null takes them away
LISTS = ("excluded_metrics", "included_metrics")


def find(aws, wanted):
    return [_have(one) for one in aws.get("/aws-integrations")["aws_integrations"]]


def _have(found):
    have = dict(_mackerel.in_sheet_form(PLAIN, found), id=found["id"], _object=found)
    have["services"] = [_service(service, one) for service, one in sorted(found["services"].items()) if one["enable"]]
    return have


def _service(service, found):
    facts = _mackerel.in_sheet_form(SERVICE, found, dict(retire_automatically=False))
    lists = {name: sorted(facts[name]) for name in LISTS if facts.get(name)}
    return dict({name: facts[name] for name in ("role", "retire_automatically") if name in facts}, service=service, **lists)


def create(aws, want):
    given = _mackerel.listed(OPTIONS, want)
    body = dict(dict(memo="", includedTags="", excludedTags=""), **_mackerel.in_api_form(PLAIN, {name: given[name] for name in given if name in PLAIN}))
    services = {one["service"]: _enabled(one) for one in given.get("services", [])}
    return _have(aws.post("/aws-integrations", body=dict(body, services=services)))


def _enabled(one):
    facts = _mackerel.in_api_form(SERVICE, {name: value for name, value in one.items() if name != "service"})
    return dict(dict(role=None), **facts, enable=True)


def update(aws, have, change):
    plain = {name: value for name, value in change.items() if name in PLAIN}
    body = dict(_mackerel.replacement(PLAIN, have, plain), **{_mackerel.member(name): None for name in KEPT if name in plain and plain[name] is None})
    for name in ("memo", "included_tags", "excluded_tags"):
        body.setdefault(_mackerel.member(name), "")
    services = dict(have["_object"]["services"])
    if "services" in change:
        delta = change["services"]
        services.update({one["service"]: dict(services[one["service"]], enable=False) for one in delta.remove})
        services.update({one["service"]: _enabled(one) for one in delta.coming})
    aws.put(PATH, have["id"], body=dict(body, services=_with_one_list(services)))


def _with_one_list(services):
    """An answer may have both lists, the one that is not used being empty; a request may not."""
    used = any(one.get("includedMetrics") for one in services.values())
    unused = "excludedMetrics" if used else "includedMetrics"
    return {service: {name: value for name, value in one.items() if name != unused or value} for service, one in services.items()}


def delete(aws, have):
    aws.remove(PATH, have["id"])


def foresee(aws, want):
    """The service ids and metrics are what Mackerel says now; a list written here would soon be wrong."""
    known = aws.once(_excludable)
    for one in _mackerel.listed(OPTIONS, want).get("services", []):
        if one["service"] not in known:
            near = ", ".join(get_close_matches(one["service"], known, 3, 0.4)) or ", ".join(sorted(known))
            raise Problem(f"services: Mackerel knows no {one['service']!r}; there are {near}")
        strange = sorted({metric for name in LISTS for metric in one.get(name) or ()} - set(known[one["service"]]))
        if strange:
            raise Problem(f"services: {one['service']} has no metric {', '.join(strange)}; it has {', '.join(sorted(known[one['service']]))}")


def _excludable(aws):
    return aws.get("/aws-integrations-excludable-metrics")


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    if not any(all(after.get(name) for name in way[:1]) for way in WAYS):
        raise Problem("it needs role_arn and external_id, or key and secret_key")
    if not have and not any(all(want.get(name) for name in way) for way in WAYS):
        raise Problem("to create it, role_arn and external_id, or key and secret_key, must be named")
    if len({name for one in after.get("services") or [] for name in LISTS if one.get(name)}) > 1:
        raise Problem("services: an integration has excluded_metrics or included_metrics, the same for all of its services")


def danger(have, change):
    if not change:
        return "would be deleted: what it watches gets no more metrics, and the external id lapses when no other integration has it"
    gone = [one["service"] for one in change["services"].remove] if have and "services" in change else []
    return f"would stop watching {', '.join(gone)}" if gone else None


SERVICE = dict(
    service=Option(required=True),
    role=ref("mackerel_roles"),
    excluded_metrics=Option("list", "str", same=_mackerel.same_set),
    included_metrics=Option("list", "str", same=_mackerel.same_set),
    retire_automatically=Option("bool"),
)
PLAIN = dict(
    name=Option(limits=dict(min=1)),
    memo=Option(clearable=True),
    role_arn=Option(clearable=True, limits=dict(pattern="arn:.+", example="arn:aws:iam::123456789012:role/mackerel")),
    external_id=Option(clearable=True),
    key=Option(clearable=True),
    secret_key=Option(secret=True, write_only=True),
    region=Option(required=True),
    included_tags=Option(clearable=True),
    excluded_tags=Option(clearable=True),
)
OPTIONS = dict(PLAIN, services=items(key=("service",), options=SERVICE))

KIND = Kind(
    name="mackerel_aws_integrations",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
