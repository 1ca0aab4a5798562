# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sheet_import.yml says what a changed sheet does to the fees and to the account."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.integration.conftest import ACCOUNT
from tests.integration.test_setup import VPC

SERVERS = [dict(name="acme-web01", instance_type="t3.micro")]
LOGS = [dict(name="acme-app", retention_in_days=400, tags=dict(Owner="情シス"))]
CONTRACT = dict(
    number="ACME-1",
    customer="Acme",
    account_id=ACCOUNT,
    region="ap-northeast-1",
    applied_on="2026-04-13",
    accepted_on="2026-04-16",
    set_up_from="2026-04-20",
    plans=[{"plan": "standard", "from": "2026-06-15"}],
    set_up=dict(basic=False, components=dict(ec2=1)),
    operation=dict(components=dict(ec2=1)),
)


def fill_in(customer, agreed, **filled):
    """A workbook that says `filled`, beside the sheet that was agreed upon before."""
    customer.sheet(**filled)
    customer.play("sheet_export")
    customer.sheet(**agreed)


def imported(customer, *arguments, **more):
    return customer.play("sheet_import", *arguments, **more)


@pytest.mark.parametrize(
    "language, known, unknown",
    [
        ("ja", r"\+1 コンポーネント.*\+[0-9,]+円/月（税抜）", "料金への影響: 契約に運用対象の構成要素（operation.components）の記載がないため"),
        ("en", r"\+1 component\(s\), \+[0-9,]+ yen a month \(without tax\)", "Effect on the fees: not known, because the contract names no components"),
    ],
    ids=["ja", "en"],
)
def test_what_a_change_does_to_the_fees_is_said(customer, language, known, unknown):
    customer.contract(**CONTRACT, language=language)
    fill_in(customer, dict(ec2_instances=SERVERS), ec2_instances=[*SERVERS, dict(SERVERS[0], name="acme-web02")])
    said = imported(customer, "--check").output
    assert re.search(known, said) and "+50,000" in said, "by the month and once"
    customer.contract(**{key: value for key, value in CONTRACT.items() if key != "operation"}, language=language)
    assert unknown in imported(customer).output
    same = imported(customer).output
    assert unknown not in same and "setup.yml" not in same and dict(ja="変更はありません", en="Nothing changes")[language] in same


@pytest.mark.parametrize("language, words", [("ja", "契約に誤りがあるため、計算できません"), ("en", "because the contract has mistakes")])
def test_a_contract_that_cannot_be_reckoned_with_keeps_no_sheet_from_being_taken_in(customer, language, words):
    customer.contract(**CONTRACT | dict(set_up=dict(components=dict(nonsense=1))), language=language)
    fill_in(customer, {}, ec2_instances=SERVERS)
    said = imported(customer).output
    assert words in said and "nonsense" in said.partition(words)[2]
    assert "acme-web01" in (customer.inventory / "group_vars/all/sheet.yml").read_text(encoding="utf-8")


def test_a_change_shows_its_plan_where_asked_for(customer, double):
    """The plan of what changed and of nothing else, which is what setup.yml says; without the word no call is made."""
    agreed = dict(ec2_vpcs=[VPC], logs_log_groups=LOGS)
    fill_in(customer, agreed, ec2_vpcs=[VPC], logs_log_groups=[dict(LOGS[0], retention_in_days=30)])
    quiet = imported(customer)
    assert double.calls() == [] and "--tags logs_log_groups" in quiet.output and "TASK [Plan]" in quiet.output and "PLAY [Set up" not in quiet.output

    customer.sheet(**agreed)
    refused = imported(customer, "--check", rc=2)
    assert "(acme-app Retention (days)): 400 → 30" in refused.output, "it was edited by hand since"
    arguments = ["-e", "sheet_plan=true", "-e", '{"confirm": ["logs_log_groups/acme-app"]}']
    planned = imported(customer, *arguments, "--check")
    assert double.calls() == [] and planned.changed == 1, "what is not written cannot be planned"
    planned = imported(customer, *arguments)
    assert planned.changed == 1 and customer.writes() == [] and double.calls()
    assert "retention_in_days: 30" in planned.output and "Plan: 1 created" in planned.output
    shown = planned.output.partition("TASK [Show the plan]")[2]
    assert r"\u" not in shown and "情シス" in shown, "as people read it"
    assert "\n    TASK [" in shown and "\n    PLAY RECAP" in shown and '\\"' not in shown and '"    ' not in shown, "line by line"
    assert "\n    ok: [acme]\n" not in shown and "Log groups" in shown and "TASK [msp.aws.contract" not in shown, "only what changes, or says something"
    assert "10.20.0.0/16" not in planned.output, "the VPC is not there either, but did not change in the sheet"
    written = yaml.safe_load((customer.inventory / "group_vars/all/sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert written["logs_log_groups"][0]["retention_in_days"] == 30


def test_a_plan_that_cannot_be_made_is_told_and_the_sheet_is_there(customer):
    fill_in(customer, {}, logs_log_groups=LOGS)
    run = imported(customer, "-e", "sheet_plan=true", rc=2, key="AKIA210987654321ENGR")
    assert "210987654321" in run.output and (customer.inventory / "group_vars/all/sheet.yml").read_text(encoding="utf-8").count("acme-app") == 1
