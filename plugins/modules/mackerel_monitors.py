#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _mackerel
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref, refs

PATH = "/monitors"
COMMON = {"name", "type", "memo", "notification_interval", "is_mute"}
# What a monitor of each type has beside that. Those it cannot do without come first.
NEEDED = dict(
    host=("metric", "operator", "duration"),
    connectivity=(),
    service=("service", "metric", "operator", "duration"),
    external=("url",),
    expression=("expression", "operator"),
    anomalyDetection=("scopes",),
    query=("query", "operator"),
)
MORE = dict(
    host=("warning", "critical", "max_check_attempts", "scopes", "exclude_scopes"),
    connectivity=("alert_status_on_gone", "scopes", "exclude_scopes"),
    service=("warning", "critical", "max_check_attempts", "missing_duration_warning", "missing_duration_critical"),
    external=(
        "method",
        "request_body",
        "headers",
        "service",
        "response_time_warning",
        "response_time_critical",
        "response_time_duration",
        "contains_string",
        "expected_status_code",
        "max_check_attempts",
        "certification_expiration_warning",
        "certification_expiration_critical",
        "skip_certificate_verification",
        "follow_redirect",
        "dualstack",
    ),
    expression=("warning", "critical", "evaluate_backward_minutes"),
    anomalyDetection=("warning_sensitivity", "critical_sensitivity", "max_check_attempts", "training_period_from"),
    query=("legend", "warning", "critical", "evaluate_backward_minutes"),
)
# What it means that an answer has no such field.
DEFAULTS = dict(
    is_mute=False,
    max_check_attempts=1,
    scopes=[],
    exclude_scopes=[],
    alert_status_on_gone="CRITICAL",
    method="GET",
    headers=[dict(name="Cache-Control", value="no-cache")],
    skip_certificate_verification=False,
    follow_redirect=False,
    dualstack="ipv4",
)
DEFAULTS_OF = dict(
    connectivity=dict(name="connectivity"),
    anomalyDetection=dict(max_check_attempts=3),
    expression=dict(evaluate_backward_minutes=2),
    query=dict(evaluate_backward_minutes=0),
)
EVERYWHERE = ("host", "connectivity")  # without a scope these watch every host there is
PERCENT = re.compile(r"(container-)?(cpu|memory)%|(disk|swap)%")
EACH_NEEDS = dict(  # option → what it stands on
    response_time_warning=("service", "response_time_duration"),
    response_time_critical=("service", "response_time_duration"),
    response_time_duration=("service",),
)


def find(aws, wanted):
    """All that are of a type known here. A type that came later is nobody's here and hides nothing."""
    return [_have(one) for one in aws.get(PATH)["monitors"] if one["type"] in NEEDED]


def _have(found):
    own = {name: OPTIONS[name] for name in OPTIONS if name in COMMON or name in (*NEEDED[found["type"]], *MORE[found["type"]])}
    return dict(_mackerel.in_sheet_form(own, found, {**DEFAULTS, **DEFAULTS_OF.get(found["type"], {})}), id=found["id"], _object=found)


# ---- what to think about first


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    told = [f"{option}: {_told(code, facts)}" for option, code, facts in _wrong(after, {name for name in change if change[name] is not None}, whole=True)]
    if told:
        raise Problem("; ".join(told))


def _told(code, facts):
    said = dict(needs="{value} needs {other}", most="{value} is more than {limit}", pattern="{value} is none of {limit}")
    return said[code].format(**facts)


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in _wrong(entry, entry.keys() & OPTIONS.keys()):
            yield index, option, code, facts


def _wrong(thing, named, whole=False):
    """What does not go together: (option, code, facts). Of a thing as it will be it can be said what is lacking, too."""
    kind = thing.get("type")
    if kind in NEEDED:
        for name in sorted(named - COMMON - {*NEEDED[kind], *MORE[kind]}):
            yield name, "needs", dict(value=kind, other=f"type: {', '.join(other for other in NEEDED if name in (*NEEDED[other], *MORE[other]))}")
    if whole:
        lacking = [name for name in NEEDED[kind] if thing.get(name) in (None, [])]
        if lacking:
            yield "type", "needs", dict(value=kind, other=", ".join(lacking))
        if kind == "anomalyDetection" and not thing.get("warning_sensitivity") and not thing.get("critical_sensitivity"):
            yield "type", "needs", dict(value=kind, other="warning_sensitivity or critical_sensitivity")
        for name, others in EACH_NEEDS.items():
            lacking = [other for other in others if thing.get(other) is None]
            if thing.get(name) is not None and lacking:
                yield name, "needs", dict(value=thing[name], other=", ".join(lacking))
        for header in thing.get("headers") or ():
            if header.get("value") is None:
                yield "headers", "needs", dict(value=header["name"], other="value")
    for name in ("warning", "critical"):
        if PERCENT.fullmatch(str(thing.get("metric"))) and (thing.get(name) or 0) > 100:
            yield name, "most", dict(value=thing[name], limit=100)
    for name in ("missing_duration_warning", "missing_duration_critical"):
        if (thing.get(name) or 0) % 10:
            yield name, "pattern", dict(value=thing[name], limit="10, 20, 30 …")


def danger(have, change):
    if not change and have:
        return "would be deleted: its open alerts close, and it goes from notification groups, alert groups and downtimes"
    after = merged(OPTIONS, have, change)
    reasons = []
    if after.get("type") in EVERYWHERE and not after.get("scopes") and (not have or have.get("scopes")):
        reasons.append("would watch every host of the organization, because it has no scopes")
    if have and change.get("is_mute"):
        reasons.append("would send no notifications any more")
    return " and ".join(reasons) or None


OPTIONS = dict(
    name=Option(limits=dict(min=1)),
    type=fixed(required=True, choices=tuple(NEEDED)),
    memo=Option(clearable=True, limits=dict(max=2048)),
    notification_interval=Option("int", clearable=True, limits=dict(min=10)),
    is_mute=Option("bool"),
    service=ref("mackerel_services", clearable=True),
    metric=fixed(),
    operator=Option(choices=(">", "<")),
    warning=Option("float", clearable=True),
    critical=Option("float", clearable=True),
    duration=Option("int", limits=dict(min=1, max=10)),
    max_check_attempts=Option("int", limits=dict(min=1, max=10)),
    scopes=refs("mackerel_scopes"),
    exclude_scopes=refs("mackerel_scopes"),
    alert_status_on_gone=Option(choices=("CRITICAL", "WARNING")),
    missing_duration_warning=Option("int", clearable=True, limits=dict(min=10, max=10080)),
    missing_duration_critical=Option("int", clearable=True, limits=dict(min=10, max=10080)),
    url=Option(limits=dict(pattern="https?://.+", example="https://www.example.jp/healthz")),
    method=Option(choices=("GET", "POST", "PUT", "DELETE")),
    request_body=_mackerel.secret(clearable=True),
    headers=items(key=("name",), options=dict(name=Option(required=True), value=_mackerel.secret())),
    response_time_warning=Option("float", clearable=True, limits=dict(min=0)),
    response_time_critical=Option("float", clearable=True, limits=dict(min=0)),
    response_time_duration=Option("int", clearable=True, limits=dict(min=1, max=10)),
    contains_string=Option(clearable=True),
    expected_status_code=Option("int", clearable=True, limits=dict(min=100, max=599)),
    certification_expiration_warning=Option("int", clearable=True, limits=dict(min=0)),
    certification_expiration_critical=Option("int", clearable=True, limits=dict(min=0)),
    skip_certificate_verification=Option("bool"),
    follow_redirect=Option("bool"),
    dualstack=Option(choices=("ipv4", "ipv6", "auto")),
    expression=Option(limits=dict(min=1)),
    evaluate_backward_minutes=Option("int", limits=dict(min=0, max=10)),
    warning_sensitivity=Option(clearable=True, choices=("insensitive", "normal", "sensitive")),
    critical_sensitivity=Option(clearable=True, choices=("insensitive", "normal", "sensitive")),
    training_period_from=_mackerel.moment(clearable=True),
    query=fixed(limits=dict(min=1)),
    legend=Option(clearable=True),
)

KIND = Kind(
    name="mackerel_monitors",
    door=_mackerel.Mackerel,
    identity=("name",),
    options=OPTIONS,
    find=find,
    danger=danger,
    refuse=refuse,
    faults=faults,
    **_mackerel.whole(PATH, OPTIONS, _have),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
