# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mackerel double refuses what its contract refuses, answers in each of its modes, and keeps record, faults, snapshots and state."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from .mackerel import MackerelDouble
from .mackerel.contract import Contract, Modes
from .mackerel.organisation import HANDLERS
from .process import ROOT

PLAIN = dict(unknown_fields="refuse", defaults="filled", empty_lists="returned", nulls="returned", scope_space=False, order="kept")
PLAIN.update(news=False, unknown_type=False)
CPU = dict(type="host", name="cpu", metric="cpu%", operator=">", duration=3, warning=80, scopes=["acme:web"])


@pytest.fixture(scope="module")
def running():
    with MackerelDouble() as double:
        yield double


@pytest.fixture
def double(running):
    running.reset()
    running.modes(**PLAIN, throttle=0)
    return running


class Api:
    """`api(method, path, body)`: the answer; `api.refused(status, …)`: the words of the error."""

    def __init__(self, double):
        self.double = double

    def __call__(self, method, path, body=None, key=MackerelDouble.key, content="application/json"):
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.double.url}/api/v0{path}", data=data, method=method)
        if key:
            request.add_header("X-Api-Key", key)
        if content:
            request.add_header("Content-Type", content)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return json.load(answer)

    def refused(self, status, *call, **more):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self(*call, **more)
        assert caught.value.code == status, caught.value.read()
        self.headers = caught.value.headers
        return json.loads(caught.value.read())["error"]["message"]


@pytest.fixture
def api(double):
    return Api(double)


@pytest.fixture
def acme(api):
    api("POST", "/services", dict(name="acme", memo=""))
    api("POST", "/services/acme/roles", dict(name="web", memo=""))
    return api


def test_every_endpoint_of_the_contract_has_its_handler():
    assert {endpoint.name for endpoint in Contract().endpoints} <= set(HANDLERS)


# ---- what is refused


@pytest.mark.parametrize(
    "wrong, said",
    [
        (dict(warnin=80), "unknown field"),
        (dict(id="x"), "unknown field"),
        (dict(duration=None), "is wanted"),
        (dict(duration=11), "out of range"),
        (dict(operator=">="), "is wanted"),
        (dict(warning=101), "0 to 100"),
        (dict(notificationInterval=9), "out of range"),
        (dict(memo="x" * 2049), "length"),
        (dict(name=""), "length"),
        (dict(scopes=["nobody"]), "unknown scope"),
        (dict(scopes="acme"), "array is wanted"),
        (dict(type="forecast"), "unknown type"),
        (dict(isMute="yes"), "is wanted"),
    ],
    ids=str,
)
def test_a_monitor_that_cannot_be_is_refused(acme, wrong, said):
    before = acme.double.state()
    assert said in acme.refused(400, "POST", "/monitors", {**CPU, **wrong})
    assert acme.double.state() == before


@pytest.mark.parametrize("name", ["name", "metric", "operator", "duration", "type"])
def test_what_is_required_is_required(acme, name):
    acme.refused(400, "POST", "/monitors", {key: value for key, value in CPU.items() if key != name})


def test_what_goes_together_goes_together(acme):
    external = dict(type="external", name="site", url="https://www.acme.example.jp/")
    assert "needs" in acme.refused(400, "POST", "/monitors", dict(external, responseTimeWarning=100))
    acme("POST", "/monitors", dict(external, responseTimeWarning=100, responseTimeDuration=3, service="acme"))
    unusual = dict(type="anomalyDetection", name="unusual", scopes=["acme:web"])
    assert "warningSensitivity" in acme.refused(400, "POST", "/monitors", unusual)
    assert "future" in acme.refused(400, "POST", "/monitors", dict(unusual, warningSensitivity="normal", trainingPeriodFrom=4000000000))
    jobs = dict(type="service", name="jobs", service="acme", metric="jobs", operator=">", duration=1)
    acme.refused(400, "POST", "/monitors", dict(jobs, missingDurationWarning=15))
    acme.refused(400, "POST", "/monitors", dict(jobs, service="nobody"))


def test_the_type_of_a_monitor_does_not_change_and_a_put_resets_what_it_leaves_out(acme):
    made = acme("POST", "/monitors", dict(CPU, isMute=True, memo="look"))
    acme.refused(400, "PUT", f"/monitors/{made['id']}", dict(type="connectivity", name="cpu"))
    put = acme("PUT", f"/monitors/{made['id']}", {name: value for name, value in CPU.items() if name != "scopes"})
    assert (put["scopes"], put["isMute"], put["memo"]) == ([], False, "")
    alive = acme("POST", "/monitors", dict(type="connectivity", name="alive", alertStatusOnGone="WARNING", scopes=["acme"]))
    assert acme("PUT", f"/monitors/{alive['id']}", dict(type="connectivity", name="alive"))["alertStatusOnGone"] == "WARNING", "is kept when left out"


def test_keys_and_bodies(acme):
    acme.refused(403, "GET", "/services", key=None)
    acme.refused(403, "GET", "/services", key="stolen")
    assert acme("GET", "/services", key=MackerelDouble.read_key)["services"]
    acme.refused(403, "POST", "/services", dict(name="other", memo=""), key=MackerelDouble.read_key)
    acme.refused(401, "GET", "/aws-integrations", key="stolen")
    acme.refused(400, "POST", "/services", b"{", content="application/json")
    acme.refused(400, "POST", "/services", dict(name="other", memo=""), content="text/plain")
    acme.refused(404, "PUT", "/services/acme", dict(memo="changed"))
    acme.refused(404, "GET", "/nothing")
    acme.refused(400, "GET", "/services?page=2")


def test_a_service_takes_with_it_what_is_its_own(acme):
    jobs = dict(type="service", name="jobs", service="acme", metric="jobs", operator=">", duration=1)
    own, other = acme("POST", "/monitors", jobs)["id"], acme("POST", "/monitors", CPU)["id"]
    lists = dict(childNotificationGroupIds=[], childChannelIds=[], monitors=[dict(id=own, skipDefault=True)], services=[dict(name="acme")])
    acme("POST", "/notification-groups", dict(name="ops", notificationLevel="all", **lists))
    acme("DELETE", "/services/acme")
    left = {one["id"]: one for one in acme("GET", "/monitors")["monitors"]}
    assert own not in left and left[other]["scopes"] == []
    group = acme("GET", "/notification-groups")["notificationGroups"][-1]
    assert (group["monitors"], group["services"]) == ([], [])
    assert [path for path in acme.double.state() if "acme" in path] == []


def test_names_are_taken_once(acme):
    acme.refused(400, "POST", "/services", dict(name="acme", memo=""))
    acme.refused(400, "POST", "/services", dict(name="a b", memo=""))
    acme.refused(400, "POST", "/services/acme/roles", dict(name="web", memo=""))
    acme.refused(404, "POST", "/services/nobody/roles", dict(name="web", memo=""))
    board = dict(title="acme", memo="", urlPath="acme", widgets=[])
    acme("POST", "/dashboards", board)
    acme.refused(409, "POST", "/dashboards", board)
    assert acme("POST", "/monitors", CPU)["id"] != acme("POST", "/monitors", CPU)["id"], "names of monitors may repeat"


def test_metadata(acme):
    path = "/services/acme/roles/web/metadata"
    assert acme("PUT", f"{path}/owner", dict(team="shop")) == dict(success=True)
    assert acme("GET", f"{path}/owner") == dict(team="shop") and acme("GET", path) == dict(metadata=[dict(namespace="owner")])
    acme.refused(400, "PUT", f"{path}/mackerel-own", 1)
    acme.refused(400, "PUT", f"{path}/a.b", 1)
    acme.refused(413, "PUT", f"{path}/large", "x" * 110000)
    for number in range(9):
        acme("PUT", f"{path}/n{number}", number)
    assert "over 10" in acme.refused(400, "PUT", f"{path}/n10", 10)
    acme("DELETE", f"{path}/owner")
    acme.refused(404, "GET", f"{path}/owner")


def test_channels_groups_and_people(acme):
    hook = acme("POST", "/channels", dict(type="webhook", name="hook", url="https://hook.example.jp/x", addToDefaultNotificationGroup=False))
    assert "addToDefaultNotificationGroup" not in hook
    acme.refused(400, "PUT", f"/channels/{hook['id']}", dict(type="webhook", name="hook", url="https://hook.example.jp/", addToDefaultNotificationGroup=True))
    acme.refused(400, "POST", "/channels", dict(type="chatwork", name="talk"))
    acme.refused(400, "POST", "/channels", dict(type="email", name="mail", userIds=["nobody"]))
    talk = acme.double.plant("channels", type="chatwork", name="talk")
    acme.refused(400, "PUT", f"/channels/{talk['id']}", dict(type="email", name="talk"))
    (default,) = [one for one in acme("GET", "/notification-groups")["notificationGroups"] if one["type"] == "group-default"]
    whole = dict(notificationLevel="all", childNotificationGroupIds=[], childChannelIds=[hook["id"]])
    acme.refused(400, "PUT", f"/notification-groups/{default['id']}", dict(whole, name="other"))
    acme.refused(400, "DELETE", f"/notification-groups/{default['id']}")
    acme("PUT", f"/notification-groups/{default['id']}", dict(whole, name=default["name"]))
    acme("DELETE", f"/channels/{hook['id']}")
    assert acme("GET", "/notification-groups")["notificationGroups"][0]["childChannelIds"] == []
    acme("POST", "/invitations", dict(email="it@acme.example.jp", authority="viewer"))
    acme.refused(400, "POST", "/invitations", dict(email="it@acme.example.jp", authority="viewer"))
    acme.refused(400, "POST", "/invitations", dict(email="owner@example.com", authority="viewer"))
    acme.refused(400, "POST", "/invitations", dict(email="x@acme.example.jp", authority="owner"))
    acme.refused(403, "DELETE", f"/users/{acme('GET', '/users')['users'][0]['id']}")
    acme.refused(404, "POST", "/invitations/revoke", dict(email="nobody@acme.example.jp"))


def test_downtimes(acme):
    night = dict(name="night", start=1800000000, duration=60)
    assert "redundant" in acme.refused(400, "POST", "/downtimes", dict(night, serviceScopes=["acme"], roleScopes=["acme:web"]))
    assert "weekdays" in acme.refused(400, "POST", "/downtimes", dict(night, recurrence=dict(type="daily", interval=1, weekdays=["Sunday"])))
    monitor = acme("POST", "/monitors", CPU)["id"]
    acme("POST", "/downtimes", dict(night, monitorScopes=[monitor], roleScopes=["acme: web"]))
    acme("DELETE", f"/monitors/{monitor}")
    assert acme("GET", "/downtimes")["downtimes"][0]["monitorScopes"] == []
    acme("DELETE", "/services/acme/roles/web")
    assert acme("GET", "/downtimes")["downtimes"][0]["roleScopes"] == []


def test_hosts(acme):
    made = acme("POST", "/hosts", dict(name="web-1", meta={}, roleFullnames=["acme:web", "other:db"]))["id"]
    assert "other" in [one["name"] for one in acme("GET", "/services")["services"]], "naming a role makes it"
    acme("POST", f"/hosts/{made}/status", dict(status="maintenance"))
    assert acme("GET", "/hosts")["hosts"] == [] and len(acme("GET", "/hosts?status=maintenance&status=working")["hosts"]) == 1
    acme("PUT", f"/hosts/{made}/role-fullnames", dict(roleFullnames=["acme:web"]))
    assert acme("GET", f"/hosts/{made}")["host"]["roles"] == dict(acme=["web"])
    acme("POST", f"/hosts/{made}/retire", {})
    assert acme("GET", f"/hosts/{made}")["host"]["isRetired"] is True
    acme.refused(400, "PUT", f"/hosts/{made}/metadata/owner", 1)
    acme.refused(400, "POST", f"/hosts/{made}/status", dict(status="working"))


def test_aws_integrations(acme):
    role = dict(roleArn="arn:aws:iam::123456789012:role/mackerel", externalId=acme("POST", "/aws-integrations-external-id")["externalId"])
    base = dict(name="acme", memo="", region="ap-northeast-1", includedTags="", excludedTags="", services=dict(EC2=dict(enable=True, role="acme:web")))
    acme.refused(400, "POST", "/aws-integrations", base)
    made = acme("POST", "/aws-integrations", dict(base, **role))
    assert made["services"]["RDS"]["enable"] is False, "every service is listed"
    acme.refused(400, "POST", "/aws-integrations", dict(base, **role))
    both = dict(EC2=dict(enable=True, role=None, excludedMetrics=[]), RDS=dict(enable=True, role=None, includedMetrics=[]))
    acme.refused(400, "PUT", f"/aws-integrations/{made['id']}", dict(base, services=both))
    assert acme("PUT", f"/aws-integrations/{made['id']}", base)["roleArn"] == role["roleArn"], "is kept when left out"


# ---- modes


def test_fields_that_are_not_known_may_be_dropped(acme):
    acme.double.modes(unknown_fields="drop")
    assert "warnin" not in acme("POST", "/monitors", dict(CPU, warnin=80))


def test_defaults_empty_lists_and_nulls(acme):
    acme("POST", "/monitors", dict(CPU, critical=None))
    filled = acme("GET", "/monitors")["monitors"][-1]
    assert (filled["isMute"], filled["excludeScopes"], filled["critical"]) == (False, [], None)
    acme.double.modes(defaults="left out", empty_lists="left out", nulls="left out")
    bare = acme("GET", "/monitors")["monitors"][-1]
    assert not {"isMute", "excludeScopes", "critical", "memo", "maxCheckAttempts"} & bare.keys() and bare["warning"] == 80


def test_the_space_in_a_role(acme):
    acme("POST", "/monitors", CPU)
    acme.double.modes(scope_space=True)
    assert acme("GET", "/monitors")["monitors"][-1]["scopes"] == ["acme: web"]


def test_what_came_later_has_to_be_sent_back(acme):
    acme.double.modes(news=True, unknown_type=True)
    made = acme("POST", "/monitors", CPU)
    assert made["addedLater"] and acme("GET", "/monitors")["monitors"][0]["type"] == "forecast"
    acme("PUT", f"/monitors/{made['id']}", dict(CPU, addedLater=made["addedLater"]))
    assert "addedLater" in str(acme.double.state())
    acme("PUT", f"/monitors/{made['id']}", CPU)
    assert "addedLater" not in str(acme.double.state())


def test_order_may_be_any(acme):
    for number in range(8):
        acme("POST", "/monitors", dict(CPU, name=f"m{number}"))
    acme.double.modes(order="shuffled")
    assert len({tuple(one["name"] for one in acme("GET", "/monitors")["monitors"]) for dummy in range(8)}) > 1


def test_throttling(acme):
    acme.double.modes(throttle=2)
    acme("GET", "/org")
    acme.refused(429, "GET", "/org")
    assert acme.headers["Retry-After"] == "1"
    acme("GET", "/org")
    acme.refused(503, "GET", "/org")


def test_a_mode_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no such mode"):
        Modes().set(orders="kept")


# ---- record, faults, snapshots


def test_record_faults_and_snapshots(acme):
    acme.double.clear_calls()
    acme.double.snapshot("before")
    acme.double.faults([dict(fault="server_error_after", at=1, of="write"), dict(fault="timeout", at=2, of="write")])
    with pytest.raises(urllib.error.HTTPError):
        acme("POST", "/services", dict(name="one", memo=""))
    with pytest.raises((urllib.error.URLError, http.client.HTTPException, ConnectionError)):
        acme("POST", "/services", dict(name="two", memo=""))
    acme.double.clear_faults()
    assert [one["name"] for one in acme("GET", "/services")["services"]] == ["acme", "one"], "the first took effect, the second did not"
    calls = acme.double.calls()
    assert [(call["operation"], call["write"], call["executed"]) for call in calls[:2]] == [("POST /services", True, True), ("POST /services", True, False)]
    acme.double.restore("before")
    assert [one["name"] for one in acme("GET", "/services")["services"]] == ["acme"]


# ---- from a shell


def test_who_starts_it_from_a_shell_reads_how():
    """Its help bears its own name, and its README has all that a playbook has to be told."""
    told = subprocess.run([sys.executable, "-m", MackerelDouble.package, "--help"], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert MackerelDouble.package in told and "aws" not in told.lower()
    page = (ROOT / "tests/doubles/mackerel/README.md").read_text(encoding="utf-8")
    wanted = (MackerelDouble.key, MackerelDouble.read_key, MackerelDouble.organisation, "MACKEREL_APIKEY=", "MACKEREL_APIBASE=", "mackerel_organization")
    assert not [word for word in wanted if f"`{word}" not in page and f" {word}" not in page]
