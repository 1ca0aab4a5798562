# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Mackerel refuses beyond the shapes of the contract: each rule from mackerel.io/api-docs and its help pages."""

from __future__ import annotations

import re
import time

from .contract import Refusal

# help "Setting monitors": these are percentages
PERCENT = {"cpu%", "memory%", "disk%", "swap%", "container-cpu%", "container-memory%"}
API_MADE = {"email", "slack", "webhook"}
RETIRING = {"EC2", "RDS", "ElastiCache", "ALB", "NLB", "Lambda", "ECSCluster"}


def monitors(here, new, old):
    for scope in [*new.get("scopes", ()), *new.get("excludeScopes", ())]:
        _scope(here, scope)
    if new.get("service") is not None and new["service"] not in here.data["services"]:
        raise Refusal(400, f"unknown service: {new['service']}")
    if new.get("metric") in PERCENT:
        for name in ("warning", "critical"):
            if new.get(name) is not None and not 0 <= new[name] <= 100:
                raise Refusal(400, f"{name}: 0 to 100")
    if new.get("trainingPeriodFrom", 0) > time.time():
        raise Refusal(400, "trainingPeriodFrom is in the future")
    for name in ("expression", "query"):
        if name in new and new[name].count("(") != new[name].count(")"):
            raise Refusal(400, f"the {name} does not parse")
    if new["type"] == "anomalyDetection" and any(":" not in scope for scope in new["scopes"]):
        raise Refusal(400, "scopes: roles are wanted")


def _scope(here, scope):
    if scope not in here.data["roles" if ":" in scope else "services"]:
        raise Refusal(400, f"unknown scope: {scope}")


def downtimes(here, new, old):
    for name in ("serviceScopes", "serviceExcludeScopes", "roleScopes", "roleExcludeScopes"):
        for scope in new.get(name, ()):
            _scope(here, scope)
    for name in ("monitorScopes", "monitorExcludeScopes"):
        for id in new.get(name, ()):
            here.get("monitors", id) if id in here.data["monitors"] else _unknown("monitor", id)
    for services, roles in (("serviceScopes", "roleScopes"), ("serviceExcludeScopes", "roleExcludeScopes")):
        for role in new.get(roles, ()):
            if role.partition(":")[0] in new.get(services, ()):
                raise Refusal(400, f"redundant scope: {role}")
    recurrence = new.get("recurrence")
    if recurrence and recurrence.get("weekdays") and recurrence["type"] != "weekly":
        raise Refusal(400, "weekdays: only with weekly")


def _unknown(what, id):
    raise Refusal(400, f"unknown {what}: {id}")


def channels(here, new, old):
    known = set(here.data["users"])
    for id in new.get("userIds", ()):
        if id not in known:
            _unknown("user", id)
    for address in new.get("emails", ()):
        if not re.fullmatch(r"[^@ ]+@[^@ ]+", address):
            raise Refusal(400, f"bad address: {address}")


def notificationgroups(here, new, old):
    if old and old["type"] == "group-default" and new["name"] != old["name"]:
        raise Refusal(400, "the default group keeps its name")
    for name, kind in (("childNotificationGroupIds", "notification-groups"), ("childChannelIds", "channels")):
        for id in new[name]:
            if id not in here.data[kind]:
                _unknown(kind, id)
    for one in new.get("monitors", ()):
        if one["id"] not in here.data["monitors"]:
            _unknown("monitor", one["id"])
    for one in new.get("services", ()):
        if one["name"] not in here.data["services"]:
            _unknown("service", one["name"])


def alertgroupsettings(here, new, old):
    for name in ("serviceScopes", "roleScopes"):
        for scope in new.get(name, ()):
            _scope(here, scope)
    for id in new.get("monitorScopes", ()):
        if id not in here.data["monitors"]:
            _unknown("monitor", id)


def graphannotations(here, new, old):
    if new["from"] > new["to"]:
        raise Refusal(400, "from is after to")
    here.get("services", new["service"], "service")
    for role in new.get("roles", ()):
        here.get("roles", f"{new['service']}:{role}", "role")


def dashboards(here, new, old):
    if any(one["urlPath"] == new["urlPath"] and one["id"] != (old or {}).get("id") for one in here.data["dashboards"].values()):
        raise Refusal(409, "urlPath is taken")
    if not old and len(here.data["dashboards"]) >= 100:
        raise Refusal(403, "the limit of dashboards is reached")
    for widget in new["widgets"]:
        if widget.get("legendList") and widget["graph"]["type"] not in ("host", "service"):
            raise Refusal(400, "legendList: only with graphs of hosts and services")


def aws_integrations(here, new, old):
    if any(one["name"] == new["name"] and one["id"] != (old or {}).get("id") for one in here.data["aws-integrations"].values()):
        raise Refusal(400, "the name is taken")
    if not (new.get("roleArn") and new.get("externalId")) and not (new.get("key") and new.get("secretKey")):
        raise Refusal(400, "a role with its external id, or a key with its secret")
    lists = {name for one in new["services"].values() for name in ("excludedMetrics", "includedMetrics") if name in one}
    if len(lists) > 1:
        raise Refusal(400, "excluded or included metrics, not both")
    for id, one in new["services"].items():
        if one["role"] and one["role"] not in here.data["roles"]:
            _unknown("role", one["role"])
        if one.get("retireAutomatically") and id not in RETIRING:
            raise Refusal(400, f"{id}: no automatic retirement")


def born(path):
    """What the service itself writes into something new."""
    if path == "notification-groups":
        return dict(type="group")
    if path == "channels":
        return dict(suspendedAt=None)
    if path == "dashboards":
        return dict(createdAt=1700000000, updatedAt=1700000000)
    return {}


def shown(here, path, thing):
    """What an answer has beyond what was taken: an integration lists every service."""
    if path != "aws-integrations":
        return thing
    from .organisation import EXCLUDABLE

    off = {id: dict(enable=False, role=None, excludedMetrics=[]) for id in EXCLUDABLE}
    absent = dict.fromkeys(("key", "roleArn", "externalId"))
    return {**absent, **thing, "services": {**off, **thing["services"]}}


def refuse_put(path, old):
    if path == "channels" and old["type"] not in API_MADE:
        raise Refusal(400, f"channels of the type {old['type']} cannot be changed here")


def refuse_delete(path, old):
    if path == "notification-groups" and old["type"] == "group-default":
        raise Refusal(400, "the default group cannot be deleted")
