# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a contract is told as its file has it, all of it at once, in both languages."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter.contract import contract_faults
from ansible_collections.msp.aws.plugins.filter.fees import invoice
from ansible_collections.msp.aws.plugins.plugin_utils._contract import READ_HERE, SHAPE, TEXTS

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/msp-operator"
CONTRACT = dict(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", role_arn=ROLE, external_id="ACME-1")
PLAN = {"plan": "advanced", "from": "2026-06-15"}
AGREED = dict(set_up=dict(basic=False, components={}))
OPTION = {"name": "Runbook", "yen": 1000, "covers": ["operations"], "from": "2026-07-01"}
WINDOW = dict(name="a", when="third Sunday 01:00-05:00")

WRONG = {
    "number": (dict(number=2026), "number: 2026 は使えません", "digits alone in quotes"),
    "language": (dict(language="jp"), "language: 'jp'", "ja, en"),
    "blank": (dict(customer=" "), "customer: 空です", "is empty"),
    "nobody's role": (dict(role_arn=ROLE.replace(ACCOUNT, "0" * 12)), "role_arn: ひな形の 'arn:aws:iam::000000000000:role/", "as in the template"),
    "nobody": (dict(account_id="0" * 12), "account_id: ひな形の '000000000000'", "as in the template"),
    "number of an account": (dict(account_id=int(ACCOUNT)), f"account_id: {ACCOUNT} は使えません", "12 digits in quotes"),
    "account that begins with 0": (dict(account_id=0o12345670123, role_arn=None), "012345670123 と書いても 1402433619 として", 'such as "012345670123"'),
    "short account": (dict(account_id="1234", role_arn=None), "account_id: '1234'", "12 digits in quotes"),
    "another account": (dict(account_id="210987654321"), f"role_arn: アカウント {ACCOUNT} のロールですが", "account_id is 210987654321"),
    "no role": (dict(role_arn="msp-operator"), "role_arn: 'msp-operator'", "is not the ARN of a role"),
    "a user": (dict(role_arn=f"arn:aws:iam::{ACCOUNT}:user/a"), "role_arn: ", "is not the ARN of a role"),
    "external id": (dict(external_id=1234), "external_id: 数として読まれるため", "in quotes"),
    "external id with blanks": (dict(external_id="ACME one"), "external_id: この値は", "sts:ExternalId"),
    "mistyped": (dict(rol_arn=ROLE), "「rol_arn」という項目はありません（「role_arn」", "did you mean 'role_arn'?"),
    "of the calendar": (dict(maintenace_windows=[]), "「maintenace_windows」", "did you mean 'maintenance_windows'?"),
    "city": (dict(region="Tokyo"), "region: 'Tokyo' というリージョンはありません（「ap-northeast-1」", "did you mean 'ap-northeast-1'?"),
    "zone": (dict(region="us-east-1a"), "region: 'us-east-1a' というリージョンはありません（「us-east-1」", "did you mean 'us-east-1'?"),
    "possible": (dict(region="ap-northeast-11"), "region: 'ap-northeast-11' というリージョンを、ここの botocore", "update boto3 and botocore"),
    "one of several": (dict(regions=["ap-northeast-1", 7]), "regions #2: 7 というリージョンはありません", "there is no Region 7"),
    "no list": (dict(regions="us-east-1"), "regions: 一覧（リスト）", "write a list here"),
    "session": (dict(session_seconds="1h"), "session_seconds: '1h'", "from 900 to 43200"),
    "plan": (dict(plans=[dict(plan="advance")]), "plans #1 plan: 'advance'", "entry, standard, advanced"),
    "plans of one day": (dict(plans=[dict(PLAN, plan="entry"), PLAN]), "と同じ日に始まります", "on the same day"),
    "accepted early": (dict(AGREED, applied_on="2026-04-13", accepted_on="2026-04-12"), "accepted_on: 2026年4月12日は", "is before 2026-04-13"),
    "too soon": (dict(AGREED, applied_on="2026-04-13", accepted_on="2026-04-15", set_up_from="2026-04-14"), "set_up_from: 2026年4月14日は", "accepted_on"),
    "accepted without a word of what": (dict(applied_on="2026-04-13", accepted_on="2026-04-15"), "set_up components: 必要です", "is needed"),
    "an option without its plan": (dict(applied_on="2026-04-13", operation=dict(components={}, options=[OPTION])), "options #1: ", "an option needs one"),
    "day": (dict(applied_on="13.4.2026"), "applied_on: '13.4.2026'", "2026-07-31"),
    "channel": (dict(billing_channel="resale"), "billing の中に channel と", "into billing as channel"),
    "event": (dict(cancelled_on="2026-12-31"), "events.yml）に、cancelled という", "as the event cancelled"),
    "contact": (dict(contacts=[dict(name="a")]), "contacts #1 email: 必要です", "is needed"),
    "window": (dict(maintenance_windows=[dict(WINDOW, when="at night")]), "maintenance_windows #1 when: ", "does not end in hours"),
    "closures": (dict(closures=7), "closures: ", "write a list here"),
    "monitoring": (dict(monitoring=["a"]), "monitoring: ", "name: value pairs"),
}


@pytest.mark.parametrize("given, japanese, english", WRONG.values(), ids=WRONG)
def test_a_fault_names_the_file_the_place_and_what_was_found_in_both_languages(given, japanese, english):
    line = contract_faults(dict(CONTRACT, **given))[0]
    assert line.startswith("contract.yml") and line.index(japanese) < line.rindex(english)


def test_what_is_misspelt_is_not_missing_as_well():
    (line,) = contract_faults({"numbr" if name == "number" else name: value for name, value in CONTRACT.items()})
    assert "「numbr」という項目はありません（「number」" in line


def test_all_faults_are_told_at_once_and_each_once():
    lines = contract_faults(dict(CONTRACT, **{key: value for given, *dummy in WRONG.values() for key, value in given.items()}))
    assert len(lines) == len({line.partition("は")[0] for line in lines}) > 12


@pytest.mark.parametrize("external", ["ACME one", f"ACME {'0' * 12}", 20260412, 1.5, " "])
def test_an_external_id_is_not_shown_which_may_be_vaulted(external):
    (line,) = contract_faults(dict(CONTRACT, external_id=external))
    assert repr(external) not in line and (not str(external).strip() or str(external) not in line)


def test_what_must_be_there_is_told():
    assert [line.partition(": ")[0] for line in contract_faults({})] == [f"contract.yml {name}" for name, field in SHAPE.items() if field.required]


@pytest.mark.parametrize("more", [
    {}, dict(role_arn=None, external_id=None), dict(plans=[{"plan": "entry", "from": datetime.date(2026, 6, 15)}], applied_on=datetime.date(2026, 4, 13)),
    dict(maintenance_windows=[WINDOW], closures=dict(add=[{"from": "2026-08-13"}]), lead_strict=True, regions=["ap-northeast-1", "us-east-1"]),
    dict(number=f"ACME-{'0' * 12}", external_id="0" * 12),
    dict(applied_on="2026-04-13", set_up=dict(basic=True), plans=[PLAN]),  # what a sheet counts is known when it is accepted
    dict(applied_on="2026-04-13", plans=[dict(PLAN, plan="entry")], operation=dict(components={}, options=[OPTION])),  # an event may change the plan
    dict(region="cn-north-1", role_arn=ROLE.replace("aws", "aws-cn")),
])
def test_what_is_right_is_not_told(more):
    assert contract_faults(dict(CONTRACT, **more)) == []


@pytest.mark.parametrize("contract", [
    dict(AGREED, applied_on="2026-04-13", accepted_on="2026-04-12"), dict(applied_on="2026-04-13", accepted_on="2026-04-15", plans=[PLAN]),
    dict(AGREED, accepted_on="2026-04-15", plans=[PLAN], operation=dict(components=dict(ec2=1))),
    dict(AGREED, applied_on="2026-04-13", accepted_on="2026-04-15", fee_rules=dict(hour_unit=0), billing=dict(channel="mail"), qualified_invoice="no"),
])  # fmt: skip
def test_what_an_invoice_refuses_of_an_accepted_contract_is_told_at_once(contract):
    contract = dict(CONTRACT, **contract)
    with pytest.raises(AnsibleFilterError) as caught:
        invoice(contract, [], "2026-07", dict(name="MSP"), "ja")
    told = contract_faults(contract)
    assert told and [line.partition(" (")[0] for line in told] == [line.replace("contract", "contract.yml", 1) for line in str(caught.value).splitlines()]


@pytest.mark.parametrize("path", sorted(ROOT.glob("inventories/*/*_vars/*/contract.yml")), ids=lambda path: "/".join(path.parts[-4:-1]))
def test_of_our_own_inventories_only_the_template_is_to_be_filled_in(path):
    lines = contract_faults(yaml.safe_load(path.read_text(encoding="utf-8"))["contract"])
    left = dict(account_id="ひな形の '000000000000' のままです", role_arn="ひな形の 'arn:aws:iam::000000000000:role/msp-operator' のままです")
    wanted = dict(number="空です", customer="空です", **left, external_id="空です") if "template" in path.parts else {}
    assert [line.partition("。")[0] for line in lines] == [f"contract.yml {name}: {said}" for name, said in wanted.items()]


def test_the_documentation_of_the_role_names_just_what_may_be_written():
    spec = yaml.safe_load((ROOT / "roles/contract/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]["contract"]
    _compare(spec["options"], SHAPE)


def _compare(options, shape):
    assert {name: one.get("required", False) for name, one in options.items()} == {name: field.required for name, field in shape.items()}
    for name, option in options.items():
        field = shape[name]
        if field.choices:
            assert tuple(option["choices"]) == field.choices, name
        if "options" in option and name not in READ_HERE:
            _compare(option["options"], field.fields)


def test_both_languages_say_the_same_things():
    assert set(TEXTS["ja"]) == set(TEXTS["en"])
