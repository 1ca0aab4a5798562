# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Mackerel's kinds owe beside the laws: the right organization, no secret in anything, nothing unscoped unasked, and what cannot be done is told."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_faults
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel
from tests.laws.stage import examples

MONITORS, CHANNELS, DOWNTIMES = "mackerel_monitors", "mackerel_channels", "mackerel_downtimes"
GROUPS, HOSTS, USERS = "mackerel_notification_groups", "mackerel_hosts", "mackerel_users"
CPU = dict(name="cpu", type="host", metric="cpu%", operator=">", duration=3, critical=90)


def monitors(*entries, **more):
    return dict(monitors=list(entries), **more)


@pytest.fixture
def acme(mackerel):
    """An organization with a service and a role."""
    mackerel.double.reset()
    mackerel.run("mackerel_services", dict(services=[dict(name="acme"), dict(name="dev")]))
    mackerel.run("mackerel_roles", dict(roles=[dict(service="acme", name="web")]))
    mackerel.double.clear_calls()
    return mackerel


def refused(stage, kind, task, *words):
    """In the plan as in the run, and nothing is written."""
    before = stage.double.state()
    for check in (True, False):
        said = stage.run(kind, task, check=check, fails=True)["msg"]
        assert all(word in said for word in words), said
    assert stage.double.state() == before and stage.writes() == []


def dangerous(stage, kind, task, entry, *words):
    """A plan says what the run will ask for, the run does it only with that confirmation."""
    plan = stage.run(kind, task, check=True)
    asked = [one["confirm"] for one in plan["entries"] if one["entry"] == entry]
    assert asked and all(word in asked[0] for word in words), plan["entries"]
    before = stage.double.state()
    stage.run(kind, task, fails=True)
    assert stage.double.state() == before
    assert stage.run(kind, dict(task, confirm=[f"{kind}/{entry}"]))["changed"]


# ---- the organization and its key


def test_another_organization_is_left_alone(acme):
    task = monitors(dict(CPU, scopes=["acme"]))
    result = acme.attempt(MONITORS, task, mackerel_organization="globex")
    assert "belongs to the organization acme-org" in result["msg"] and "nothing was done" in result["msg"]
    assert acme.reads() == ["mackerel:GET /org"] and acme.writes() == []


def test_the_key_is_in_nothing_that_is_said(acme):
    for key, status in ((acme.double.read_key, "403"), ("a-stolen-key-5c1e", "403")):
        for fault in ("server_error", "timeout", "throttle", "denied"):
            acme.double.faults([dict(fault=fault, at=1, of="write", times=0)])
            result = acme.attempt(MONITORS, monitors(dict(CPU, scopes=["acme"])), mackerel_api_key=key)
            assert result["failed"] and key not in str(result)
        acme.double.clear_faults()
        assert status in acme.attempt(MONITORS, monitors(dict(CPU, scopes=["acme"])), mackerel_api_key=key)["msg"]


def test_secrets_are_in_nothing_that_is_said(acme):
    planted = ["hook-9f31aa", "header-77ac01", "body-0d4f7e"]
    hook = dict(name="hook", type="webhook", url=f"https://hook.example.jp/{planted[0]}", events=["alert"])
    site = dict(name="site", type="external", url="https://acme.example.jp/", headers=[dict(name="X-Key", value=planted[1])], request_body=planted[2])
    for kind, task in ((CHANNELS, dict(channels=[hook])), (MONITORS, monitors(dict(site, method="POST")))):
        for check in (True, False, False):
            assert not [word for word in planted if word in str(acme.run(kind, task, check=check))]
        assert not [word for word in planted if word in str(acme.gather(kind))]
    assert all(word in str(acme.double.state()) for word in planted)


def test_stars_stand_for_the_secret_that_is_there(acme):
    hook = dict(name="hook", type="webhook", url="https://hook.example.jp/9f31aa", events=["alert"])
    acme.run(CHANNELS, dict(channels=[hook]))
    assert not acme.run(CHANNELS, dict(channels=[dict(hook, url="********")]))["changed"]
    result = acme.run(CHANNELS, dict(channels=[dict(hook, name="new", url="********")]), fails=True)
    assert "********" in str(result["entries"][0]["reason"])


def test_reads_wait_for_a_busy_service(acme):
    acme.double.modes(throttle=3)
    assert acme.run(MONITORS, monitors(dict(CPU, scopes=["acme"])))["changed"]
    assert not acme.run(MONITORS, monitors(dict(CPU, scopes=["acme"])))["changed"]
    acme.double.modes(throttle=0)


# ---- monitors


def test_a_monitor_without_scopes_needs_a_confirmation(acme):
    dangerous(acme, MONITORS, monitors(CPU), "cpu", "every host of the organization")
    acme.run(MONITORS, monitors(dict(CPU, name="small", scopes=["acme"])))
    dangerous(acme, MONITORS, monitors(dict(name="small", scopes=dict(set=[]))), "small", "every host of the organization")
    assert acme.run(MONITORS, monitors(dict(name="small", critical=95)))["changed"], "one that has none already can change"


def test_a_monitor_that_falls_silent_needs_a_confirmation(acme):
    acme.run(MONITORS, monitors(dict(CPU, scopes=["acme"])))
    dangerous(acme, MONITORS, monitors(dict(name="cpu", is_mute=True)), "cpu", "no notifications")


@pytest.mark.parametrize(
    "entry, words",
    [
        (dict(CPU, url="https://x.example.jp/"), ["url", "external"]),
        (dict(CPU, critical=101), ["critical", "100"]),
        (dict(name="x", type="host", metric="cpu%", operator=">"), ["duration"]),
        (dict(name="x", type="external", url="https://x.example.jp/", response_time_warning=10), ["response_time_duration", "service"]),
        (dict(name="x", type="anomalyDetection", scopes=["acme:web"]), ["sensitivity"]),
        (dict(name="x", type="service", service="acme", metric="m", operator=">", duration=1, missing_duration_warning=15), ["missing_duration_warning"]),
        (dict(CPU, duration=11), ["duration", "10"]),
        (dict(CPU, notification_interval=5), ["notification_interval", "10"]),
        (dict(CPU, type="forecast"), ["forecast"]),
        (dict(CPU, scopes=["nobody"]), ["nobody"]),
        (dict(name="x", type="external", url="https://x.example.jp/", headers=[dict(name="X-Key")]), ["headers", "value"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_a_monitor_that_cannot_be_is_refused_in_the_plan(acme, entry, words):
    refused(acme, MONITORS, monitors(entry, confirm=[f"{MONITORS}/{entry['name']}"]), *words)


def test_the_sheet_alone_says_what_is_wrong():
    sheet = dict(mackerel_monitors=[dict(CPU, url="https://x.example.jp/", critical=101)])
    told = sheet_faults(sheet, language="en")
    assert any("url" in line and "external" in line for line in told) and any("critical" in line and "100" in line for line in told)
    assert any("emails" in line for line in sheet_faults(dict(mackerel_channels=[dict(name="x", type="slack", emails=["a@example.jp"])]), language="en"))


def test_type_and_metric_do_not_change(acme):
    acme.run(MONITORS, monitors(dict(CPU, scopes=["acme"])))
    acme.double.clear_calls()
    refused(acme, MONITORS, monitors(dict(name="cpu", type="connectivity")), "type cannot change")
    refused(acme, MONITORS, monitors(dict(name="cpu", metric="memory%")), "metric cannot change")


def test_two_of_one_name_are_told_apart_by_id(acme):
    first = acme.run(MONITORS, monitors(dict(CPU, scopes=["acme"])))["entries"][0]["id"]
    acme.double.plant("monitors", type="connectivity", name="cpu", scopes=["acme"])
    result = acme.run(MONITORS, monitors(dict(name="cpu", critical=80)), fails=True)
    assert "more than one" in result["msg"] and first in result["msg"]
    assert acme.run(MONITORS, monitors(dict(id=first, name="cpu", critical=80)))["changed"]


def test_whoever_writes_the_same_monitor_keeps_what_he_wrote(acme):
    """Fields that the sheet does not name, and those that nobody here knows of, are put back as they were."""
    site = dict(name="site", type="external", url="https://acme.example.jp/", dualstack="auto", headers=[dict(name="X-Key", value="k-1f")], memo="look")
    id = acme.run(MONITORS, monitors(site))["entries"][0]["id"]
    before = acme.double.state()[f"mackerel/monitors/{id}"]
    acme.run(MONITORS, monitors(dict(name="site", follow_redirect=True)))
    after = acme.double.state()[f"mackerel/monitors/{id}"]
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= {"followRedirect"} | filled(before, after)


def filled(before, after):
    """A default that an answer filled in comes back as a value, which means the same."""
    meant = dict(isMute=False, method="GET", maxCheckAttempts=1, skipCertificateVerification=False, followRedirect=False)
    return {name for name, value in meant.items() if name not in before and after.get(name) == value}


# ---- services, channels, groups, downtimes, hosts, people


def test_the_memo_of_a_service_is_told_and_left(acme):
    refused(acme, "mackerel_services", dict(services=[dict(name="acme", memo="other")]), "memo cannot change", "web console")


def test_removing_a_service_says_what_goes_with_it(acme):
    task = dict(services=[dict(name="acme", state="absent")])
    dangerous(acme, "mackerel_services", task, "acme", "its roles (web)", "monitor")


def test_a_channel_that_only_the_console_makes_is_checked_and_told(acme, monkeypatch):
    said = []
    monkeypatch.setattr(Mackerel, "warn", lambda mackerel, text: said.append(text))
    task = dict(channels=[dict(name="talk", type="chatwork")])
    refused(acme, CHANNELS, task, "web console only", "make it there")
    acme.double.plant("channels", type="chatwork", name="talk", suspendedAt=1700000000)
    assert not acme.run(CHANNELS, task)["changed"]
    assert any("talk: Mackerel has suspended it" in text for text in said)
    refused(acme, CHANNELS, dict(channels=[dict(name="talk", type="email")]), "type cannot change")


def test_a_new_channel_does_not_hear_everything(acme):
    acme.run(CHANNELS, dict(channels=[dict(name="mail", type="email", emails=["a@acme.example.jp"], events=["alert"])]))
    (made,) = [thing for path, thing in acme.double.state().items() if path.startswith("mackerel/channels/")]
    assert made["addToDefaultNotificationGroup"] is False


def test_the_default_group_stays(acme):
    acme.run(CHANNELS, dict(channels=[dict(name="mail", type="email", emails=["a@acme.example.jp"])]))
    acme.double.clear_calls()
    refused(acme, GROUPS, dict(notification_groups=[dict(name="Default", state="absent")], confirm=[f"{GROUPS}/Default"]), "cannot be deleted")
    assert acme.run(GROUPS, dict(notification_groups=[dict(name="Default", child_channel_ids=["mail"])]))["changed"]


def test_a_downtime_without_scopes_needs_a_confirmation(acme):
    night = dict(name="night", start="2026-04-05T01:00:00+09:00", duration=60)
    dangerous(acme, DOWNTIMES, dict(downtimes=[dict(night, service_exclude_scopes=["dev"])]), "night", "whole organization")
    acme.run(DOWNTIMES, dict(downtimes=[dict(night, name="small", service_scopes=["acme"])]))
    dangerous(acme, DOWNTIMES, dict(downtimes=[dict(name="small", service_scopes=dict(set=[]))]), "small", "whole organization")


def test_a_downtime_that_cannot_be_is_refused_in_the_plan(acme):
    night = dict(name="night", start="2026-04-05T01:00:00+09:00", duration=60)
    refused(acme, DOWNTIMES, dict(downtimes=[dict(night, service_scopes=["acme"], role_scopes=["acme:web"])]), "role_scopes", "acme:web")
    daily = dict(night, service_scopes=["acme"], recurrence=dict(type="daily", interval=1, weekdays=["Sunday"]))
    refused(acme, DOWNTIMES, dict(downtimes=[daily]), "weekdays")
    refused(acme, DOWNTIMES, dict(downtimes=[dict(night, service_scopes=["acme"], start="2026-04-05 01:00")]), "start")


def test_a_host_is_never_made_and_retiring_is_for_ever(mackerel):
    mackerel.prepare(HOSTS)
    refused(mackerel, HOSTS, dict(hosts=[dict(name="nobody", status="working")]), "its agent")
    mackerel.run(HOSTS, examples(HOSTS).make)
    dangerous(mackerel, HOSTS, dict(hosts=[dict(name="acme-web-1", status="maintenance")]), "acme-web-1", "not be watched")
    dangerous(mackerel, HOSTS, dict(hosts=[dict(name="acme-web-1", state="absent")]), "acme-web-1", "cannot be undone")
    assert not [call for call in mackerel.writes() if call == "mackerel:PUT /hosts/{}"], "checks and addresses are the agent's"


def test_who_came_is_the_one_who_was_invited(acme):
    task = dict(users=[dict(email="it@acme.example.jp", authority="viewer")])
    acme.run(USERS, task)
    acme.double.plant("users", screenName="it", email="it@acme.example.jp", authority="viewer", joinedAt=1700000000)
    acme.run(USERS, dict(users=[dict(id="it@acme.example.jp", email="it@acme.example.jp", state="absent")], confirm=[f"{USERS}/it@acme.example.jp"]))
    assert not acme.run(USERS, task)["changed"]
    acme.double.clear_calls()
    refused(acme, USERS, dict(users=[dict(email="it@acme.example.jp", authority="manager")]), "authority cannot change")
    refused(acme, USERS, dict(users=[dict(email="owner@example.com", state="absent")], confirm=[f"{USERS}/owner@example.com"]), "owner")
    dangerous(acme, USERS, dict(users=[dict(email="boss@acme.example.jp", authority="manager")]), "boss@acme.example.jp", "API keys")
