# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One organisation of Mackerel: what is in it, and what each call does to it."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import time

from . import rules
from .contract import NEWS, Refusal

HANDLERS = {}
# Collections whose objects are made, put and deleted whole: path → (key of the list, schema of an object).
WHOLE = {
    "monitors": ("monitors", "Monitor"),
    "downtimes": ("downtimes", "Downtime"),
    "channels": ("channels", "Channel"),
    "notification-groups": ("notificationGroups", "NotificationGroup"),
    "alert-group-settings": ("alertGroupSettings", "AlertGroupSetting"),
    "graph-annotations": ("graphAnnotations", "GraphAnnotation"),
    "dashboards": ("dashboards", "Dashboard"),
    "aws-integrations": ("aws_integrations", "AwsIntegration"),
}
NAMESPACES = dict(hosts=50, services=50, roles=10)
EXCLUDABLE = dict(
    EC2=["ec2.cpu.used", "ec2.network.in", "ec2.network.out", "ec2.status_check_failed.instance", "ec2.status_check_failed.total"],
    RDS=["rds.cpu.used", "rds.diskspace.free", "rds.latency.read", "rds.database_connections.used", "rds.memory.free", "rds.memory.swap"],
    ALB=["alb.request.count", "alb.httpcode_count.target_5xx", "alb.response.time"],
    Lambda=["lambda.count.invocations", "lambda.count.errors"],
    S3=["s3.requests.all_requests"],
    SQS=["sqs.oldest_message.age"],
)
EXCLUDABLE["Route 53"] = ["route53.health_check_status"]


def on(name):
    def register(function):
        HANDLERS[name] = function
        return function

    return register


class Organisation:
    """`data` is all there is, and plain: collection → id → object as it was taken."""

    def __init__(self, contract, modes):
        self.contract, self.modes = contract, modes
        self.data = {}
        self.reset()

    def reset(self):
        group = dict(name="Default", notificationLevel="all", childNotificationGroupIds=[], childChannelIds=[], type="group-default")
        owner = dict(screenName="owner", email="owner@example.com", authority="owner", joinedAt=1600000000)
        self.data = dict(org={"org": dict(name="acme-org", displayName="Acme")}, count={"ids": 0})
        for name in ("services", "roles", "metadata", "hosts", "invitations", "users", *WHOLE):
            self.data[name] = {}
        self.add("notification-groups", group)
        self.add("monitors", dict(type="connectivity", name="connectivity"))
        self.add("users", owner)

    def state(self, prefix=""):
        flat = {f"mackerel/{kind}/{id}": thing for kind, things in self.data.items() if kind != "count" for id, thing in things.items()}
        return {key: flat[key] for key in sorted(flat) if key.startswith(prefix)}

    def add(self, kind, thing):
        self.data["count"]["ids"] += 1
        id = hashlib.sha256(f"{kind} {self.data['count']['ids']}".encode()).hexdigest()[:11]
        self.data[kind][id] = dict(copy.deepcopy(thing), id=id)
        return self.data[kind][id]

    def get(self, kind, id, what=None):
        if id not in self.data[kind]:
            raise Refusal(404, f"{what or kind.rstrip('s')} not found")
        return self.data[kind][id]

    def execute(self, endpoint, parts, query, body, chance):
        if endpoint.query is not None:
            query = self._query(endpoint.query, query)
        elif query:
            raise Refusal(400, f"unknown parameter {', '.join(query)}")
        if endpoint.request is not None:
            body = self.contract.accept(endpoint.request, body, self.modes, put=endpoint.method == "PUT")
        elif body is not None:
            raise Refusal(400, "a body is not expected")
        answer = HANDLERS[endpoint.name](self, *parts, **({"body": body} if endpoint.request is not None else {}), **({"query": query} if query else {}))
        shown = self.contract.show(endpoint.response, answer, self.modes, chance)
        if self.modes.order == "shuffled" and endpoint.method == "GET" and not endpoint.path.endswith("}"):
            for things in shown.values():
                if isinstance(things, list):
                    chance.shuffle(things)
        return shown

    def _query(self, schema, query):
        given = {name: values if name in ("role", "status") else values[0] for name, values in query.items()}
        for name, facts in schema["properties"].items():
            facts = self.contract.schema(facts)
            if facts.get("type") == "integer" and name in given:
                if not given[name].isdigit():
                    raise Refusal(400, f"{name}: a number is wanted")
                given[name] = int(given[name])
            if facts.get("type") == "boolean" and name in given:
                given[name] = given[name] == "true"
        return self.contract.accept(schema, given, self.modes, path="query")

    # -- what goes with what ----------------------------------------------------------------------

    def forget_monitor(self, id):
        """mackerel.io: a deleted monitor is gone from groups, downtimes and alert groups too."""
        for group in self.data["notification-groups"].values():
            if "monitors" in group:
                group["monitors"] = [one for one in group["monitors"] if one["id"] != id]
        for kind, names in (("downtimes", ("monitorScopes", "monitorExcludeScopes")), ("alert-group-settings", ("monitorScopes",))):
            self.without(kind, names, id)

    def without(self, kind, names, gone):
        for thing in self.data[kind].values():
            for name in names:
                if gone in thing.get(name, ()):
                    thing[name] = [one for one in thing[name] if one != gone]

    def forget_role(self, fullname):
        service, dummy, role = fullname.partition(":")
        for host in self.data["hosts"].values():
            if role in host["roles"].get(service, ()):
                host["roles"][service].remove(role)
                if not host["roles"][service]:
                    del host["roles"][service]
        self.without("monitors", ("scopes", "excludeScopes"), fullname)
        self.without("downtimes", ("roleScopes", "roleExcludeScopes"), fullname)
        self.without("alert-group-settings", ("roleScopes",), fullname)
        for key in [key for key in self.data["metadata"] if key.startswith(f"roles/{fullname}/")]:
            del self.data["metadata"][key]

    def need_role(self, fullname):
        """Hosts and agents make services and roles by naming them."""
        service, dummy, role = fullname.partition(":")
        self.data["services"].setdefault(service, dict(name=service, memo=""))
        self.data["roles"].setdefault(fullname, dict(name=role, memo=""))


# ---- organisation, services, roles


@on("GET /org")
def org(here):
    return here.data["org"]["org"]


def roles_of(here, service):
    return [dict(role) for fullname, role in here.data["roles"].items() if fullname.partition(":")[0] == service]


def service_of(here, name):
    return dict(here.get("services", name, "service"), roles=[role["name"] for role in roles_of(here, name)])


@on("GET /services")
def services(here):
    return dict(services=[service_of(here, name) for name in here.data["services"]])


@on("POST /services")
def create_service(here, body):
    if body["name"] in here.data["services"]:
        raise Refusal(400, "the service exists already")
    here.data["services"][body["name"]] = body
    return service_of(here, body["name"])


@on("DELETE /services/{}")
def delete_service(here, name):
    found = service_of(here, name)
    for role in found["roles"]:
        here.forget_role(f"{name}:{role}")
        del here.data["roles"][f"{name}:{role}"]
    for id, monitor in list(here.data["monitors"].items()):
        if monitor.get("service") == name:
            del here.data["monitors"][id]
            here.forget_monitor(id)
    here.data["graph-annotations"] = {id: one for id, one in here.data["graph-annotations"].items() if one["service"] != name}
    here.without("monitors", ("scopes", "excludeScopes"), name)
    here.without("downtimes", ("serviceScopes", "serviceExcludeScopes"), name)
    here.without("alert-group-settings", ("serviceScopes",), name)
    for group in here.data["notification-groups"].values():
        if "services" in group:
            group["services"] = [one for one in group["services"] if one["name"] != name]
    for key in [key for key in here.data["metadata"] if key.startswith(f"services/{name}/")]:
        del here.data["metadata"][key]
    del here.data["services"][name]
    return found


@on("GET /services/{}/roles")
def roles(here, service):
    here.get("services", service, "service")
    return dict(roles=roles_of(here, service))


@on("POST /services/{}/roles")
def create_role(here, service, body):
    here.get("services", service, "service")
    fullname = f"{service}:{body['name']}"
    if fullname in here.data["roles"]:
        raise Refusal(400, "the role exists already")
    here.data["roles"][fullname] = body
    return body


@on("DELETE /services/{}/roles/{}")
def delete_role(here, service, name):
    here.get("services", service, "service")
    found = here.get("roles", f"{service}:{name}", "role")
    here.forget_role(f"{service}:{name}")
    del here.data["roles"][f"{service}:{name}"]
    return found


@on("GET /services/{}/metric-names")
def metric_names(here, service):
    here.get("services", service, "service")
    return dict(names=[])


# ---- metadata


def holder(here, *parts):
    """Whose metadata it is, as a key; it has to be there."""
    kind, name = ("roles", ":".join(parts[1:])) if len(parts) == 3 else parts
    found = here.get(kind, name, kind.rstrip("s"))
    return kind, name, found


def metadata(kind):
    """The four calls of one kind of holder."""
    base = "/services/{}/roles/{}" if kind == "roles" else f"/{kind}/" + "{}"
    count = base.count("{}")

    def parts_of(parts):
        return (kind, *parts[:count])

    @on(f"GET {base}/metadata")
    def names(here, *parts):
        dummy, name, dummy = holder(here, *parts_of(parts))
        prefix = f"{kind}/{name}/"
        return dict(metadata=[dict(namespace=key.removeprefix(prefix)) for key in here.data["metadata"] if key.startswith(prefix)])

    @on(f"GET {base}/metadata/" + "{}")
    def get(here, *parts):
        dummy, name, dummy = holder(here, *parts_of(parts))
        return here.get("metadata", f"{kind}/{name}/{parts[-1]}", "metadata")

    @on(f"PUT {base}/metadata/" + "{}")
    def put(here, *parts, body):
        dummy, name, found = holder(here, *parts_of(parts))
        refuse_retired(found)
        if not re.fullmatch(r"[-a-zA-Z0-9_]+", parts[-1]) or parts[-1].startswith("mackerel"):
            raise Refusal(400, "bad namespace")
        if len(json.dumps(body)) > 100 * 1024:
            raise Refusal(413, "over 100 KB")
        prefix = f"{kind}/{name}/"
        there = [key for key in here.data["metadata"] if key.startswith(prefix) and key != prefix + parts[-1]]
        if len(there) >= NAMESPACES[kind]:
            raise Refusal(400, f"over {NAMESPACES[kind]} namespaces")
        here.data["metadata"][prefix + parts[-1]] = body
        return dict(success=True)

    @on(f"DELETE {base}/metadata/" + "{}")
    def delete(here, *parts):
        dummy, name, found = holder(here, *parts_of(parts))
        refuse_retired(found)
        here.get("metadata", f"{kind}/{name}/{parts[-1]}", "metadata")
        del here.data["metadata"][f"{kind}/{name}/{parts[-1]}"]
        return dict(success=True)


def refuse_retired(host):
    if host.get("isRetired"):
        raise Refusal(400, "the host is retired")


for _kind in NAMESPACES:
    metadata(_kind)


# ---- hosts


def shown_host(host):
    return {name: value for name, value in host.items() if name != "checks"}


@on("GET /hosts")
def hosts(here, query=None):
    query = query or {}
    status = query.get("status", ["working", "standby"])
    found = [host for host in here.data["hosts"].values() if not host["isRetired"] and host["status"] in status]
    if "service" in query:
        wanted = query.get("role")
        found = [host for host in found if query["service"] in host["roles"]]
        found = [host for host in found if wanted is None or set(wanted) & set(host["roles"][query["service"]])]
    for name in ("name", "customIdentifier"):
        found = [host for host in found if name not in query or host.get(name) == query[name]]
    return dict(hosts=[shown_host(host) for host in found])


@on("POST /hosts")
def create_host(here, body):
    roles = body.pop("roleFullnames", [])
    born = dict(size="standard", status="working", memo="", isRetired=False, createdAt=1700000000, roles={}, interfaces=[])
    host = here.add("hosts", {**born, **body})
    add_roles(here, host, roles)
    return dict(id=host["id"])


def add_roles(here, host, fullnames):
    for fullname in fullnames:
        here.need_role(fullname)
        service, dummy, role = fullname.partition(":")
        if role not in host["roles"].setdefault(service, []):
            host["roles"][service].append(role)


@on("GET /hosts/{}")
def get_host(here, id):
    return dict(host=shown_host(here.get("hosts", id, "host")))


@on("GET /hosts-by-custom-identifier/{}")
def by_identifier(here, identifier, query=None):
    for host in here.data["hosts"].values():
        own = host.get("customIdentifier") or ""
        same = own.lower() == identifier.lower() if (query or {}).get("caseInsensitive") else own == identifier
        if own and same and not host["isRetired"]:
            return dict(host=shown_host(host))
    raise Refusal(404, "host not found")


@on("PUT /hosts/{}")
def put_host(here, id, body):
    host = here.get("hosts", id, "host")
    refuse_retired(host)
    roles = body.pop("roleFullnames", [])
    if "customIdentifier" not in body and "customIdentifier" in host:
        body["customIdentifier"] = host["customIdentifier"]
    kept = {name: host[name] for name in ("id", "size", "status", "isRetired", "createdAt", "roles")}
    here.data["hosts"][id] = {**dict(memo="", interfaces=[]), **body, **kept}
    add_roles(here, here.data["hosts"][id], roles)
    return dict(id=id)


@on("POST /hosts/{}/status")
def set_status(here, id, body):
    host = here.get("hosts", id, "host")
    refuse_retired(host)
    host["status"] = body["status"]
    return dict(success=True)


@on("POST /hosts/bulk-update-statuses")
def set_statuses(here, body):
    for host in [here.get("hosts", id, "host") for id in body["ids"]]:
        host["status"] = body["status"]
    return dict(success=True)


@on("PUT /hosts/{}/role-fullnames")
def set_roles(here, id, body):
    host = here.get("hosts", id, "host")
    refuse_retired(host)
    host["roles"] = {}
    add_roles(here, host, body["roleFullnames"])
    return dict(success=True)


@on("POST /hosts/{}/retire")
def retire(here, id, body):
    host = here.get("hosts", id, "host")
    host.update(isRetired=True, retiredAt=1700003600)
    return dict(success=True)


@on("POST /hosts/bulk-retire")
def retire_many(here, body):
    for id in body["ids"]:
        retire(here, id, {})
    return dict(success=True)


@on("GET /hosts/{}/monitored-statuses")
def monitored_statuses(here, id):
    here.get("hosts", id, "host")
    return dict(monitoredStatuses=[])


# ---- what is made, put and deleted whole


def whole(path, key, schema):
    check = getattr(rules, key.lower(), None) or (lambda here, new, old: None)
    single = dict(monitors="monitor").get(path)

    def list_them(here, query=None):
        found = list(here.data[path].values())
        if path == "monitors":
            # In the order of their types, then names.
            found = sorted(found, key=lambda one: (one["type"], one.get("name", "")))
            if here.modes.unknown_type:
                found.insert(0, dict(id="9zzzzzzzzzz", type="forecast", name="of another world", horizon=dict(days=3)))
        if path == "graph-annotations":
            here.get("services", query["service"], "service")
            found = [one for one in found if one["service"] == query["service"] and one["from"] <= query["to"] and one["to"] >= query["from"]]
        if path == "dashboards":
            found = [{name: value for name, value in one.items() if name != "widgets"} for one in found]
        return {key: [of_type(here, path, one) for one in found]}

    def of_type(here, path, one):
        return rules.shown(here, path, one)

    def create(here, body):
        check(here, body, None)
        if here.modes.news:
            body[NEWS] = dict(since="a later version")
        return of_type(here, path, here.add(path, {**rules.born(path), **body}))

    def get(here, id):
        found = of_type(here, path, here.get(path, id))
        return {single: found} if single else found

    def put(here, id, body):
        old = here.get(path, id)
        rules.refuse_put(path, old)
        new = here.contract.replaced(here.contract.schemas[schema], old, body)
        check(here, new, old)
        here.data[path][id] = dict(new, id=id)
        return of_type(here, path, here.data[path][id])

    def delete(here, id):
        found = here.get(path, id)
        rules.refuse_delete(path, found)
        del here.data[path][id]
        if path == "monitors":
            here.forget_monitor(id)
        if path in ("channels", "notification-groups"):
            here.without("notification-groups", ("childChannelIds", "childNotificationGroupIds"), id)
        return of_type(here, path, found)

    HANDLERS.update({f"GET /{path}": list_them, f"POST /{path}": create})
    HANDLERS.update({f"{method} /{path}/" + "{}": one for method, one in (("GET", get), ("PUT", put), ("DELETE", delete))})


for _path, (_key, _schema) in WHOLE.items():
    whole(_path, _key, _schema)


# ---- people


@on("GET /users")
def users(here):
    return dict(users=list(here.data["users"].values()))


@on("DELETE /users/{}")
def delete_user(here, id):
    user = here.get("users", id, "user")
    if user["authority"] == "owner":
        raise Refusal(403, "the creator of the organisation cannot be deleted")
    del here.data["users"][id]
    return user


@on("GET /invitations")
def invitations(here):
    return dict(invitations=list(here.data["invitations"].values()))


@on("POST /invitations")
def invite(here, body):
    if body["email"] in here.data["invitations"]:
        raise Refusal(400, "invited already")
    if any(user["email"] == body["email"] for user in here.data["users"].values()):
        raise Refusal(400, "a member already")
    here.data["invitations"][body["email"]] = dict(body, expiresAt=1900000000)
    return here.data["invitations"][body["email"]]


@on("POST /invitations/revoke")
def revoke(here, body):
    here.get("invitations", body["email"], "invitation")
    del here.data["invitations"][body["email"]]
    return dict(success=True)


# ---- AWS integration


@on("POST /aws-integrations-external-id")
def external_id(here):
    here.data["count"]["ids"] += 1
    return dict(externalId=hashlib.sha256(f"external {here.data['count']['ids']}".encode()).hexdigest()[:24])


@on("GET /aws-integrations-excludable-metrics")
def excludable(here):
    return EXCLUDABLE


def now():
    return int(time.time())
