# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet with Mackerel in it: one setup for both, the right organization, names that only Mackerel knows, and the account beside the sheet."""

from __future__ import annotations

import json

import pytest

from tests.integration.conftest import ACCOUNT

CONTRACT = dict(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", language="en", mackerel_organization="acme-org")
CPU = dict(name="acme CPU", type="host", metric="cpu%", operator=">", duration=3, critical=90, scopes=["acme:web"])
SHEET = dict(
    sns_topics=[dict(name="acme")],
    mackerel_services=[dict(name="acme", memo="夜間の一次対応")],
    mackerel_roles=[dict(service="acme", name="web")],
    mackerel_monitors=[CPU],
    mackerel_channels=[dict(name="acme mail", type="email", emails=["ops@acme.example.jp"], user_ids=["owner@example.com"], events=["alert"])],
    mackerel_notification_groups=[
        dict(name="acme", notification_level="all", child_channel_ids=["acme mail"], monitors=[dict(monitor="acme CPU", skip_default=True)])
    ],
)


def writes(mackerel):
    return [call["operation"] for call in mackerel.calls() if call["write"]]


def test_plan_apply_again_and_the_account_beside_the_sheet(watched, mackerel):
    plan = watched.setup("--check", "--diff", env=watched.env, **SHEET)
    assert plan.changed == 6 and writes(mackerel) == [] and "acme CPU (known after apply)" in plan.stdout
    assert '"memo": "夜間の一次対応"' in plan.stdout
    assert watched.setup(env=watched.env).changed == 6
    assert writes(mackerel) == ["POST /services", "POST /services/{}/roles", "POST /monitors", "POST /channels", "POST /notification-groups"]
    assert mackerel.key not in json.dumps(watched.result())
    mackerel.clear_calls()
    assert watched.setup(env=watched.env).changed == 0 and writes(mackerel) == []
    watched.inspect("drift", env=watched.env)
    watched.sheet(**{**SHEET, "mackerel_monitors": [dict(CPU, critical=80)]})
    drift = watched.inspect("drift", rc=2, env=watched.env)
    assert "acme CPU" in drift.output and mackerel.key not in drift.output
    without = watched.inspect("drift", rc=None, env=dict(MACKEREL_APIBASE=mackerel.url))
    assert "no key" in json.dumps(watched.result()) + without.output


WATCHED = dict(sns_topics=[dict(name="acme")], monitoring=dict(ec2=[dict(name="acme-web01", platform="linux")]))


@pytest.mark.parametrize(
    "told, sheet, env, contract",
    [
        (dict(en="does not say mackerel_organization", ja="オーガニゼーション名）がありません"), WATCHED, {}, dict(mackerel_organization=None)),
        (dict(en="belongs to the organization acme-org, and", ja="キーはオーガニゼーション acme-org のもの"), SHEET, {}, dict(mackerel_organization="globex")),
        (dict(en="There is no API key of Mackerel. Put", ja="API キーがありません"), WATCHED, dict(MACKEREL_APIKEY=""), {}),
        (dict(en="does not take the API key (mackerel:GET /org: 403", ja="API キーが認められません"), SHEET, dict(MACKEREL_APIKEY="a-mistyped-key-5c1e"), {}),
    ],
)
def test_the_key_must_be_of_the_organization_of_the_contract(watched, mackerel, told, sheet, env, contract):
    """One message in the language of the contract, of what to do, before anything is read of Mackerel or written anywhere."""
    for language, words in told.items():
        said = {**CONTRACT, "language": language, "monitoring": dict(notify=["acme"], mackerel_service="acme"), **contract}
        watched.contract(**{name: value for name, value in said.items() if value is not None})
        run = watched.setup(rc=2, env=dict(watched.env, **env), **sheet)
        wanted = ("mackerel_api_key", "MACKEREL_APIKEY") if env else ("mackerel_organization",)
        assert words in run.stdout and all(word in run.stdout for word in wanted) and "a-mistyped" not in run.output, run.output
        assert watched.writes() == [] and {call["operation"] for call in mackerel.calls()} <= {"GET /org"}


def test_a_name_that_leads_nowhere_is_told_before_the_first_write(watched, mackerel):
    channels = [dict(SHEET["mackerel_channels"][0], user_ids=["nobody@example.com"])]
    told = watched.setup(rc=2, env=watched.env, **dict(SHEET, mackerel_channels=channels))
    assert "nobody@example.com" in told.output and "neither in the sheet nor in the account" in told.output
    assert writes(mackerel) == [] and watched.writes() == []


def test_removing_goes_backwards_each_with_its_confirmation(watched, mackerel):
    watched.setup(env=watched.env, **SHEET)
    mackerel.clear_calls()
    gone = dict(
        mackerel_services=[dict(name="acme", state="absent")],
        mackerel_roles=[dict(service="acme", name="web", state="absent")],
        mackerel_monitors=[dict(name="acme CPU", state="absent")],
    )
    confirm = ["mackerel_services/acme", "mackerel_roles/acme:web", "mackerel_monitors/acme CPU"]
    assert watched.setup(rc=2, env=watched.env, **gone).changed == 0 and writes(mackerel) == []
    assert watched.setup("-e", json.dumps(dict(confirm=confirm)), env=watched.env).changed == 3
    assert writes(mackerel) == ["DELETE /monitors/{}", "DELETE /services/{}/roles/{}", "DELETE /services/{}"]
