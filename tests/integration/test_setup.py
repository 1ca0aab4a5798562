# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/setup.yml as a user runs it: good days, bad input, breaks in the middle, secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import boto3
import pytest

from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.integration.conftest import ACCOUNT, SECRET
from tests.playbook import BIN, ROOT, run_playbook

VPC = dict(name="acme", cidr_block="10.20.0.0/16")
SUBNET = dict(name="acme-a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")
KINDS = kinds()
ALARM = dict(name="busy", namespace="AWS/EC2", metric_name="CPUUtilization", statistic="Average", period=300, evaluation_periods=1, threshold=90)
ALARM["comparison_operator"] = "GreaterThanThreshold"
GROUP = dict(name="acme-app", vpc="acme", description="servers")


def client(double, service):
    """Eyes and hands of its own in the account, not the project's."""
    return boto3.client(service, endpoint_url=double.url, region_name="ap-northeast-1", aws_access_key_id=f"AKIA{ACCOUNT}EYES", aws_secret_access_key="x" * 20)


def told(entries):
    """Entries of a result as kind and name."""
    return {f"{entry['kind']} {entry['entry']}" for entry in entries}


def test_plan_apply_again(customer):
    sheet = dict(ec2_vpcs=[VPC], ec2_subnets=[SUBNET], ec2_security_groups=[GROUP])
    plan = customer.setup("--check", "--diff", **sheet)
    assert customer.writes() == [] and plan.changed == 3 and "acme (known after apply)" in plan.stdout
    predicted = customer.result()["result"]
    assert customer.setup().changed == 3
    applied = customer.result()["result"]
    assert [entry["entry"] for entry in predicted["created"]] == [entry["entry"] for entry in applied["created"]]
    assert len(applied["writes"]) == len(customer.writes()) and all(write["request_id"] for write in applied["writes"])
    assert customer.setup().changed == 0 and customer.writes() == []


def test_what_a_run_is_warned_of_is_kept_with_it(customer):
    """The endpoint of Systems Manager is not the whole set."""
    endpoint = dict(name="acme-ssm", vpc="acme", vpc_endpoint_type="Interface", service_name="com.amazonaws.ap-northeast-1.ssm", subnets=["acme-a"])
    vpc, lacks = dict(VPC, enable_dns_support=True, enable_dns_hostnames=True), "lacks ssmmessages"
    customer.sheet(ec2_vpcs=[vpc], ec2_subnets=[SUBNET], ec2_vpc_endpoints=[endpoint])
    for arguments in (["--check"], []):
        run = customer.setup(*arguments, allow={lacks: "the test asks for it"})
        (warned,) = customer.result()["result"]["warnings"]
        assert warned["kind"] == "ec2_vpc_endpoints" and warned["warning"].startswith("acme-ssm: ") and lacks in warned["warning"]
        assert "Warnings (1):" in run.stdout


def test_removing_goes_backwards_and_needs_its_confirmations(customer):
    """In the end the sheet may go on naming what is gone, and what lay in it."""
    customer.setup(ec2_vpcs=[VPC], ec2_subnets=[SUBNET])
    gone = dict(ec2_vpcs=[dict(name="acme", state="absent")], ec2_subnets=[dict(name="acme-a", vpc="acme", state="absent")])
    refused = customer.setup(rc=2, **gone)
    assert customer.writes() == [] and "ec2_subnets/acme/acme-a" in refused.output
    confirm = json.dumps(dict(confirm=["ec2_subnets/acme/acme-a", "ec2_vpcs/acme"]))
    assert customer.setup("-e", confirm).changed == 2 and customer.writes() == ["ec2:DeleteSubnet", "ec2:DeleteVpc"]
    assert customer.setup("-e", confirm).changed == 0


def test_a_plan_tells_what_keeps_a_removal_from_being_done_as_the_run_does(customer):
    """What the sheet does not name stays where it is, and so does what it lies in; what goes before it in the same run is in nobody's way."""
    names = ("acme-a", "acme-b")
    customer.setup(ec2_vpcs=[VPC], ec2_subnets=[SUBNET, dict(SUBNET, name="acme-b", cidr_block="10.20.2.0/24")])
    confirm = json.dumps(dict(confirm=["ec2_vpcs/acme", *(f"ec2_subnets/acme/{name}" for name in names)]))
    alone = dict(ec2_vpcs=[dict(name="acme", state="absent")], ec2_subnets=[])
    whole = dict(alone, ec2_subnets=[dict(name=name, vpc="acme", state="absent") for name in names])
    said = "ec2_vpcs acme: cannot be deleted while there are subnets in it (acme-a, acme-b), which this run leaves there: move or remove them first"
    for check in (["--check"], []):
        assert said in customer.setup(*check, "-e", confirm, rc=2, **alone).output and customer.writes() == []
    planned = customer.setup("--check", "-e", confirm, **whole)
    assert planned.changed == 2 and customer.writes() == []
    assert customer.setup("-e", confirm).changed == 2 and customer.writes() == [*["ec2:DeleteSubnet"] * 2, "ec2:DeleteVpc"]


def test_the_audit_comes_after_what_it_delivers_to_and_goes_before_it(customer):
    deliveries = [dict(service="cloudtrail.amazonaws.com"), dict(service="config.amazonaws.com")]
    recorder = dict(
        name="default", service_linked_role=True, s3_bucket_name="acme-audit", recording=True, recording_strategy="ALL_SUPPORTED_RESOURCE_TYPES"
    )
    trail = dict(name="acme", s3_bucket_name="acme-audit", logging=True)
    sheet = dict(s3_buckets=[dict(name="acme-audit", deliveries=deliveries)], cloudtrail_trails=[trail], config_configuration_recorder=recorder)
    assert customer.setup("--check", **sheet).changed == 3
    assert customer.setup().changed == 3 and customer.setup().changed == 0
    gone = dict(
        s3_buckets=[dict(name="acme-audit", state="absent")],
        cloudtrail_trails=[dict(name="acme", state="absent")],
        config_configuration_recorder=dict(state="absent"),
    )
    names = ["s3_buckets/acme-audit", "cloudtrail_trails/acme", "config_configuration_recorder/configuration_recorder"]
    assert customer.setup("-e", json.dumps(dict(confirm=names)), **gone).changed == 3
    assert customer.writes()[-2:] == ["cloudtrail:DeleteTrail", "s3:DeleteBucket"]


def test_tags_run_just_what_they_say_and_the_verdict_comes(customer):
    sheet = dict(ec2_vpcs=[VPC], ec2_subnets=[SUBNET], iam_groups=[dict(name="acme-admins")], sns_topics=[dict(name="acme")])
    vpcs, subnets = [VPC, dict(name="other", cidr_block="10.30.0.0/16")], [SUBNET, dict(SUBNET, name="acme-b", cidr_block="10.20.2.0/24")]
    more = dict(sheet, ec2_vpcs=vpcs, ec2_subnets=subnets)
    for tag, given, made in (
        ("iam", sheet, {"iam_groups acme-admins"}),
        ("ec2", sheet, {"ec2_vpcs acme", "ec2_subnets acme/acme-a"}),
        ("ec2_subnets", more, {"ec2_subnets acme/acme-b"}),
    ):
        run = customer.setup("--tags", tag, **given)
        result = customer.result()
        assert told(result["result"]["created"]) == made and f"Result: {len(made)} created, 0 updated" in run.stdout, tag
        assert {call.partition(":")[0] for call in customer.writes()} == {tag.partition("_")[0]}
        assert result["finished"] and "sns_topics acme" in told(result["not_done"])


def test_a_plan_tells_what_depends_on_a_failure_as_the_run_does(customer):
    """A subnet of a zone that has another id cannot be made; nor can what lies in it, in tasks of other kinds and roles."""
    bad, nat = dict(SUBNET, name="bad", cidr_block="10.20.2.0/24", availability_zone_id="apne1-az1"), dict(connectivity_type="private")
    nats = [dict(nat, name="on-bad", subnet="bad"), dict(nat, name="on-good", subnet="acme-a")]
    server = dict(name="web", image_id="ami-02b76b739f98bb809", instance_type="t3.micro", subnet="bad")
    addresses = [dict(name="for-web", instance="web")]
    customer.sheet(ec2_vpcs=[VPC], ec2_subnets=[SUBNET, bad], ec2_nat_gateways=nats, ec2_instances=[server], ec2_elastic_ips=addresses)
    results = []
    for mode in (["--check"], []):
        customer.setup(*mode, rc=2)
        result = customer.result()["result"]
        results.append(({(one["kind"], one["entry"], one["reason"]) for one in result["failed"]}, told(result["created"])))
    assert results[0] == results[1]
    failed, created = results[0]
    lost = {"ec2_subnets acme/bad", "ec2_nat_gateways on-bad", "ec2_instances web", "ec2_elastic_ips for-web"}
    assert {f"{kind} {entry}" for kind, entry, dummy in failed} == lost
    assert "ec2_nat_gateways on-good" in created


@pytest.mark.parametrize(
    "given, words",
    [
        (["--tags", "ec2_subnet,ec2_vpcs"], "ec2_subnet → ec2_subnets"),
        (["--skip-tags", "sns_topic"], "sns_topic → sns_topics"),
        (["--skip-tags", "always"], "--skip-tags always"),
        (["--tags", "ec2", "--skip-tags", "always"], "--skip-tags always"),
    ],
    ids=["do", "leave", "checks", "checks-of-some"],
)
def test_a_tag_that_would_do_nothing_or_leave_the_checks_out_is_refused(customer, given, words):
    run = customer.setup(*given, rc=2, ec2_vpcs=[VPC])
    assert customer.double.calls() == [] and words in run.output and "Nothing was done" in run.output


def test_a_playbook_that_imports_the_set_up_may_have_tags_of_its_own(customer):
    own = customer.folder / "own.yml"
    customer.sheet(ec2_vpcs=[VPC], iam_groups=[dict(name="acme-admins")])
    for variables, rc, made in ((dict(setup_own_tags=["customer_a", "night"]), 0, {"ec2_vpcs acme", "iam_groups acme-admins"}), ({}, 2, set())):
        place = dict(variables, setup_result_directory=str(customer.folder / "results"))
        own.write_text(json.dumps([{"ansible.builtin.import_playbook": "msp.aws.setup", "vars": place, "tags": ["customer_a"]}]), encoding="utf-8")
        run = customer.play(os.path.relpath(own.with_suffix(""), ROOT / "playbooks"), "--tags", "customer_a", rc=rc)
        assert told(customer.result()["result"]["created"]) == made if made else "setup_own_tags" in run.output


# ---- bad input: one clear message each, before the first write

BAD_SHEETS = {
    "an unknown kind": (dict(ec2_vpc=[VPC]), ["ec2_vpc", "'ec2_vpcs'"]),
    "an unknown option": (dict(ec2_vpcs=[dict(VPC, cidr="10.0.0.0/8")]), ["ec2_vpcs acme cidr", "'cidr_block'"]),
    "a wrong type": (dict(ec2_vpcs=[dict(VPC, enable_dns_support="perhaps")]), ["ec2_vpcs acme enable_dns_support", "'perhaps'"]),
    "a duplicate": (dict(ec2_vpcs=[VPC, VPC]), ["ec2_vpcs acme", "2 times"]),
    "a name in two forms of one character": (
        dict(ec2_vpcs=[dict(VPC, name="\u304c"), dict(VPC, name="\u304b\u3099", cidr_block="10.21.0.0/16")]),
        ["ec2_vpcs \u304b\u3099: is named 2 times"],
    ),
    "two gateways of one VPC": (
        dict(ec2_vpcs=[VPC], ec2_internet_gateways=[dict(name=name, vpc="acme") for name in ("a", "b")]),
        ["ec2_internet_gateways b vpc: 'acme' is named by a, and has room for one"],
    ),
    "a dangling reference": (
        dict(ec2_vpcs=[VPC], ec2_subnets=[dict(SUBNET, vpc="akme")]),
        ["ec2_subnets akme/acme-a vpc", "neither in the sheet nor in the account"],
    ),
    "zones that there are not": (
        dict(
            ec2_vpcs=[VPC],
            ec2_subnets=[dict(SUBNET, availability_zone="us-east-1a", availability_zone_id="apne1-az9")],
            ec2_volumes=[dict(name="acme", availability_zone="1a", size=10)],
        ),
        ["ec2_subnets acme/acme-a availability_zone: ", "'us-east-1a'", "'apne1-az9'", "ec2_volumes acme availability_zone: ", "'1a'"],
    ),
    "images that there are not": (
        dict(
            ec2_vpcs=[VPC],
            ec2_subnets=[SUBNET],
            ec2_instances=[dict(name=name, image_id="ami-0123456789abcdef0", instance_type="t3.micro", subnet="acme-a") for name in ("a", "b")],
            ec2_launch_templates=[dict(name="c", image_id="ami-01234567", instance_type="t3.micro")],
        ),
        [
            *(f"ec2_instances {name} image_id: there is no 'ami-0123456789abcdef0' among ec2_images in this Region" for name in ("a", "b")),
            "ec2_launch_templates c image_id: there is no 'ami-01234567'",
        ],
    ),
    "ARNs of nothing": (
        dict(
            iam_groups=[dict(name="acme", managed_policies=["arn:aws:iam::aws:policy/ReadOnlyAcess", "arn:aws:iam::aws:policy/ReadOnlyAccess"])],
            cloudwatch_alarms=[dict(ALARM, alarm_actions=[f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:akme", "arn:aws:sns:ap-northeast-1:444455556666:theirs"])],
        ),
        [f"there is no '{arn}' among" for arn in ("arn:aws:iam::aws:policy/ReadOnlyAcess", f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:akme")],
    ),
    "an ARN of another Region": (
        dict(cloudwatch_alarms=[dict(ALARM, alarm_actions=["arn:aws:sns:us-east-1:444455556666:theirs"])]),
        ["cloudwatch_alarms busy alarm_actions: ", "it has to be in the Region ap-northeast-1"],
    ),
    "overlapping ranges": (
        dict(ec2_vpcs=[VPC], ec2_subnets=[SUBNET, dict(SUBNET, name="acme-b", cidr_block="10.20.1.128/25")]),
        ["ec2_subnets acme/acme-b cidr_block", "10.20.1.0/24", "acme/acme-a"],
    ),
    "overlapping ranges of one VPC": (
        dict(ec2_vpcs=[dict(VPC, secondary_cidr_blocks=["10.20.9.0/24"])]),
        ["ec2_vpcs acme secondary_cidr_blocks", "10.20.0.0/16"],
    ),
    "a network that is too large": (dict(ec2_vpcs=[dict(VPC, cidr_block="10.0.0.0/8")]), ["ec2_vpcs acme cidr_block", "/16-/28"]),
    "a tag of AWS's own": (dict(ec2_vpcs=[dict(VPC, tags={"aws:owner": "x"})]), ["ec2_vpcs acme tags", "aws:owner"]),
    "names that differ in case alone": (dict(iam_groups=[dict(name="Admins"), dict(name="admins")]), ["iam_groups admins", "2 times"]),
    "a subnet outside": (dict(ec2_vpcs=[VPC], ec2_subnets=[dict(SUBNET, cidr_block="10.99.1.0/24")]), ["acme/acme-a cidr_block", "10.20.0.0/16"]),
    "a reference to what goes": (
        dict(ec2_vpcs=[dict(name="acme", state="absent")], ec2_subnets=[SUBNET]),
        ["ec2_subnets acme/acme-a vpc", "is what this sheet removes"],
    ),
    "a new thing that lacks what it needs": (
        dict(ec2_vpcs=[VPC], ec2_subnets=[dict(name="acme-a", vpc="acme")]),
        ["ec2_subnets acme/acme-a", "to create it cidr_block, availability_zone / availability_zone_id must be named"],
    ),
    "a value that AWS does not know": (dict(ec2_vpcs=[dict(VPC, instance_tenancy="shared")]), ["ec2_vpcs acme instance_tenancy", "dedicated"]),
}


@pytest.mark.parametrize("sheet, words", BAD_SHEETS.values(), ids=BAD_SHEETS)
def test_a_bad_sheet_is_told_before_the_first_write(customer, sheet, words):
    run = customer.setup(rc=2, ec2_key_pairs=[], **sheet)
    assert customer.writes() == []
    assert all(word in run.output for word in words), run.output
    assert "Traceback" not in run.output


def test_what_only_the_account_can_tell_apart_is_told_before_the_first_write(customer):
    customer.setup(ec2_vpcs=[VPC, dict(VPC, name="other", cidr_block="10.30.0.0/16")], ec2_subnets=[SUBNET])
    ids = {entry["entry"]: entry["id"] for entry in customer.result()["result"]["created"]}
    acme, other = ids["acme"], ids["other"]
    sheets = {
        f"ec2_vpcs {acme}: in the account it means the same one as acme": dict(ec2_vpcs=[VPC, dict(id=acme, tags=dict(Owner="x"))]),
        "ec2_subnets acme/acme-a: in the account it means the same one as": dict(ec2_vpcs=[VPC], ec2_subnets=[SUBNET, dict(SUBNET, vpc=acme)]),
        f"ec2_vpcs {acme}: in the account": dict(ec2_vpcs=[dict(id=acme, name="other"), dict(id=other, name="acme")]),
    }
    for words, sheet in sheets.items():
        run = customer.setup(rc=2, iam_groups=[dict(name="first")], **sheet)
        assert customer.writes() == [] and words in run.output, words
    customer.setup(ec2_vpcs=[dict(id=acme, name="renamed"), dict(name="other", tags=dict(Owner="x"))])
    assert told(customer.result()["result"]["updated"]) == {f"ec2_vpcs {acme}", "ec2_vpcs other"}


TWICE = "sheet:\n  ec2_vpcs: [{name: a, cidr_block: 10.1.0.0/16}]\n  ec2_vpcs: [{name: b, cidr_block: 10.2.0.0/16}]\n"
UNREADABLE = {
    "a kind that is written twice": (TWICE, "sheet.yml:3:3", "'ec2_vpcs'"),
    "a tab": ("sheet:\n  ec2_vpcs:\n\t- {name: a}\n", "sheet.yml:3:1", "Tabs"),
    "a line that is not as far in as its neighbours": ("sheet:\n  ec2_vpcs:\n    - name: a\n     cidr_block: 10.1.0.0/16\n", "sheet.yml:4:6", "'-'"),
    "a quotation mark that is left open": ('sheet:\n  ec2_vpcs: [{name: "a}]\n', "sheet.yml:3:1", "quoted scalar"),
    "a day that there is not": ("sheet:\n  ec2_vpcs: [{name: a, tags: {since: 2026-02-30}}]\n", "sheet.yml", "day is out of range"),
    "a list": ("- ec2_vpcs: []\n", "sheet.yml", "failed to combine variables"),
}


@pytest.mark.parametrize("text, place, words", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_told_with_its_place(customer, text, place, words):
    (customer.inventory / "group_vars/all/sheet.yml").write_text(text, encoding="utf-8")
    run = customer.play("setup", rc=None)
    assert run.rc != 0 and customer.double.calls() == [] and place in run.output and words in run.output


def test_where_ansible_would_keep_only_the_last_of_two_lists_nothing_is_run(customer):
    (customer.inventory / "group_vars/all/sheet.yml").write_text(TWICE, encoding="utf-8")
    run = customer.setup(rc=2, env=dict(ANSIBLE_DUPLICATE_YAML_DICT_KEY="ignore"))
    assert customer.double.calls() == [] and "duplicate_dict_key = error" in run.output


def test_what_does_not_go_to_the_account_says_so_and_goes_on(customer):
    """As far as the customer's plans let it."""
    for told, environment in ((True, dict(ANSIBLE_DUPLICATE_YAML_DICT_KEY="ignore")), (False, {})):
        run = customer.play("operation_form", rc=2, env=environment)
        assert ("duplicate_dict_key = error" in run.output) is told and "so there is no form" in run.output


def test_a_sheet_of_another_name_is_told(customer):
    customer._write("group_vars/all/sheet.yml", dict(shet=dict(ec2_vpcs=[VPC])))
    run = customer.setup(rc=2)
    assert customer.writes() == [] and "The inventory has no sheet (group_vars/all/sheet.yml); did you mean sheet: by shet:?" in run.output
    assert "missing required arguments" not in run.output


@pytest.mark.parametrize("sheet", [None, [dict(ec2_vpcs=[VPC])], "ec2_vpcs"], ids=["empty", "list", "text"])
def test_a_sheet_that_is_none_is_told(customer, sheet):
    customer._write("group_vars/all/sheet.yml", dict(sheet=sheet))
    run = customer.setup(rc=2)
    assert customer.writes() == [] and "is written as kind: [entry, …]" in run.output and "Tagged" not in run.output


CONTRACT = dict(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", language="en")
BAD_CONTRACTS = {
    "none": (None, ["group_vars/all/contract.yml", "no contract"]),
    "a list": ([CONTRACT], ["group_vars/all/contract.yml", "no contract"]),
    "all that can be wrong": (
        dict(customer=7, acount_id=ACCOUNT, account_id=int(ACCOUNT), region="tokyo", regions=["ap-northeast-11"], plans=["advanced"]),
        ["contract.yml number: 必要です", "customer: 7", "'account_id'", "12 digits in quotes", "'ap-northeast-1'", "regions #1", "plans #1"],
    ),
    "a role of another account": (dict(CONTRACT, role_arn="arn:aws:iam::210987654321:role/operator"), ["contract.yml role_arn", "210987654321", ACCOUNT]),
}


@pytest.mark.parametrize("contract, words", BAD_CONTRACTS.values(), ids=BAD_CONTRACTS)
def test_a_bad_contract_is_told_before_anything_is_asked(customer, contract, words):
    customer._write("group_vars/all/contract.yml", dict(contract=contract))
    run = customer.setup(rc=2, ec2_vpcs=[VPC])
    assert customer.double.calls() == [] and all(word in run.output for word in words), run.output
    assert "Nothing was done" in run.output and "missing required arguments" not in run.output


OTHER_HOSTS = {"prepare_image", "verify_evidence"}  # servers, and whoever looks at what they were given
FOR_CONTRACTS = sorted(file.stem for file in (ROOT / "playbooks").glob("*.yml") if file.stem not in OTHER_HOSTS)


@pytest.mark.parametrize("playbook", FOR_CONTRACTS)
def test_a_run_without_an_inventory_of_a_contract_fails_and_says_so(tmp_path, playbook):
    """Nor is it one of something else, such as of servers."""
    run = run_playbook(["-i", "web01,", ROOT / "playbooks" / f"{playbook}.yml"], dict(ANSIBLE_LOCAL_TEMP=str(tmp_path)), rc=2)
    assert "契約のインベントリが指定されていません" in run.stdout and "Named now: " in run.stdout and "web01," in run.stdout


def test_a_run_without_any_inventory_is_told_once(tmp_path):
    """Without Ansible's own warnings, which say nothing of what to do."""
    run = run_playbook([ROOT / "playbooks/setup.yml"], dict(ANSIBLE_LOCAL_TEMP=str(tmp_path)), rc=2)
    assert "契約のインベントリが指定されていません" in run.stdout


def test_a_contract_of_another_name_is_told(customer):
    customer._write("group_vars/all/contract.yml", dict(contrct=CONTRACT))
    for playbook in ("setup", "quote", "operate", "drift", "sheet_export"):
        run = customer.play(playbook, "-e", f"inspection_directory={customer.folder / 'results'}", rc=2)
        assert customer.double.calls() == [] and "contrct: may be meant for contract:" in run.output, run.output


def test_a_language_that_there_is_not_is_told_where_the_rest_of_the_contract_does_not_matter(customer):
    customer.contract(number="ACME-1", customer="Acme", language="jp")
    for playbook in ("quote", "usage", "sheet_template", "sheet_export"):
        output = customer.play(playbook, rc=2).output
        on_the_cover = playbook.startswith("sheet_")
        assert output.count("contract.yml language: 'jp'") == 1 and ("account_id" in output) is on_the_cover, output


def test_the_template_as_it_is_names_what_is_to_be_filled_in(customer):
    template = ROOT / "inventories/template/group_vars/all/contract.yml"
    (customer.inventory / "group_vars/all/contract.yml").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    told = [f"contract.yml {name}: 空です" for name in ("number", "customer", "external_id")]
    told += [f"contract.yml {name}: ひな形の" for name in ("account_id", "role_arn")]
    for playbook in ("setup", "operate", "operation_form", "monitoring_design"):
        run = customer.play(playbook, "--check", rc=2)
        assert customer.double.calls() == [] and all(run.output.count(line) == 1 for line in told), run.output
        assert "誤りが 5 件" in run.output


def test_confirmations_come_as_a_form_to_paste_and_unused_ones_are_named(customer):
    customer.setup(ec2_vpcs=[VPC], ec2_subnets=[SUBNET])
    gone = dict(ec2_vpcs=[dict(VPC, state="absent")], ec2_subnets=[dict(SUBNET, state="absent")])
    given = ["-e", json.dumps(dict(confirm=["ec2_vpcs/acme", "ec2_subnets/acme-a"]))]
    form = '-e \'{"confirm": ["ec2_vpcs/acme", "ec2_subnets/acme/acme-a"]}\''
    for mode in ("--check", "--diff"):
        run = customer.setup(mode, *given, rc=0 if mode == "--check" else 2, **gone)
        assert form in run.stdout.replace('\\"', '"'), run.stdout
        assert "nothing that this run changes needed them (see that the names are right): ec2_subnets/acme-a" in run.stdout
    again = customer.setup("-e", json.dumps(dict(confirm=["ec2_subnets/acme/acme-a", "ec2_vpcs/acme"])), **gone)
    assert "needed them" not in again.stdout and "See what it does" not in again.stdout


def test_all_faults_of_a_sheet_are_told_in_one_pass(customer):
    sheet = dict(ec2_vpcs=[dict(VPC, cidr="x"), VPC], ec2_subnets=[dict(SUBNET, map_public_ip_on_launch="maybe")], ec2_nothing=[])
    run = customer.setup(rc=2, **sheet)
    assert all(run.output.count(word) == 1 for word in ("acme cidr: ", "2 times", "map_public_ip_on_launch: ", "there is no kind 'ec2_nothing'"))
    assert "Faults of the sheet: " in run.output


def test_who_rescues_a_refusal_has_all_of_its_faults(customer):
    own = customer.folder / "own.yml"
    tasks = [
        dict(block=[{"ansible.builtin.import_role": dict(name=f"msp.aws.{role}")} for role in ("contract", "sheet")],
             rescue=[{"ansible.builtin.copy": dict(content="{{ ansible_failed_result.faults | to_json }}", dest=str(customer.folder / "faults"))}]),
    ]  # fmt: skip
    own.write_text(json.dumps([dict(hosts="contract", gather_facts=False, tasks=tasks)]), encoding="utf-8")
    customer.sheet(ec2_vpcs=[dict(VPC, cidr="x")], iam_groups=[dict(name="acme"), dict(name="acme")], ec2_nothing=[])
    customer.play(os.path.relpath(own.with_suffix(""), ROOT / "playbooks"))
    told = json.loads((customer.folder / "faults").read_text(encoding="utf-8"))
    assert len(told) == 3 and all(any(words in one for one in told) for words in ("acme cidr: ", "2 times", "'ec2_nothing'"))


def test_faults_are_japanese_by_default(customer):
    customer.contract(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1")
    assert "設定項目はありません" in customer.setup(rc=2, ec2_vpcs=[dict(VPC, cidr="x")]).output


def test_a_name_that_matches_two_things(customer, double):
    for block in ("10.1.0.0/16", "10.2.0.0/16"):
        client(double, "ec2").create_vpc(CidrBlock=block, TagSpecifications=[dict(ResourceType="vpc", Tags=[dict(Key="Name", Value="twin")])])
    run = customer.setup(rc=2, ec2_subnets=[dict(SUBNET, vpc="twin")])
    assert customer.writes() == [] and run.output.count("vpc-") >= 2 and "twin" in run.output


def test_another_account_is_refused(customer):
    run = customer.setup(rc=2, key="AKIA210987654321ENGR", ec2_vpcs=[VPC])
    assert customer.writes() == [] and ACCOUNT in run.output and "210987654321" in run.output


def test_expired_credentials(customer, double):
    double.faults([dict(fault="expired", at=1, of="call", times=0)])
    run = customer.setup(rc=2, ec2_vpcs=[VPC])
    double.clear_faults()
    assert customer.writes() == [] and "ExpiredToken" in run.output and "See whether they have expired" in run.output
    assert "Traceback (most recent call last)" not in run.output


def test_credentials_that_expire_while_names_are_looked_up(customer, double):
    double.faults([dict(fault="expired", at=1, service="ec2", times=0)])
    run = customer.setup(rc=2, ec2_vpcs=[VPC], ec2_subnets=[SUBNET])
    double.clear_faults()
    assert "RequestExpired" in run.output and "cannot be asked what the names of the sheet mean" in run.output and customer.writes() == []


def test_credentials_that_expire_in_the_middle(customer, double):
    customer.sheet(ec2_vpcs=[VPC], ec2_subnets=[SUBNET])
    double.faults([dict(fault="expired", at=1, of="write", times=0)])
    run = customer.setup(rc=2)
    double.clear_faults()
    assert "RequestExpired" in run.output and "ec2_vpcs acme" in run.output
    assert customer.setup().changed == 2


def test_an_endpoint_that_is_down(customer):
    run = customer.setup(rc=2, env=dict(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1"), ec2_vpcs=[VPC])
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in run.output.replace('\\"', '"') and "whether AWS can be reached" in run.output


@pytest.mark.parametrize(
    "env, cause",
    [
        (dict(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1"), "Could not connect to the endpoint URL"),
        (dict(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true"), "Unable to locate credentials"),
    ],
    ids=["endpoint", "credentials"],
)
def test_where_nobody_can_ask_for_the_role_that_is_the_cause(customer, env, cause):
    role = f"arn:aws:iam::{ACCOUNT}:role/operator"
    customer.contract(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", role_arn=role, external_id="ACME-1")
    run = customer.setup(rc=2, env=env, ec2_vpcs=[VPC])
    assert cause in run.output and "whether AWS can be reached" in run.output and "external_id" not in run.output


@pytest.mark.parametrize("more, words", [(["-e", '{"ticket": "REQ 1/5"}'], "REQ 1/5"), (["-e", "setup_result_directory=/nowhere"], "/nowhere")])
def test_a_run_that_could_leave_no_proof_is_refused(customer, more, words):
    run = customer.setup(*more, rc=2, ec2_vpcs=[VPC])
    assert customer.writes() == [] and words in run.output and "Nothing was done" in run.output


def test_a_name_in_two_vpcs_of_the_sheet_and_a_mistyped_scope_are_told(customer):
    networks = dict(ec2_vpcs=[VPC, dict(VPC, name="beta", cidr_block="10.30.0.0/16")])
    subnets = [dict(SUBNET, name="web"), dict(SUBNET, name="web", vpc="beta", cidr_block="10.30.1.0/24")]
    instances = [dict(name="one", subnet="web"), dict(name="two", subnet="betta/web")]
    run = customer.setup(rc=2, **networks, ec2_subnets=subnets, ec2_instances=instances)
    assert customer.writes() == [] and all(words in run.output for words in ("acme/web, beta/web", "ec2_instances one subnet", "betta/web"))


# ---- one bad entry, and a run that breaks in the middle


def test_one_bad_entry_stops_only_what_depends_on_it(customer, double):
    """AWS refuses one of two VPCs; which one is a matter of time."""
    other_vpc, other_subnet = dict(name="other", cidr_block="10.30.0.0/16"), dict(SUBNET, name="other-a", vpc="other", cidr_block="10.30.1.0/24")
    double.faults([dict(fault="denied", operation="CreateVpc")])
    run = customer.setup(rc=2, ec2_vpcs=[VPC, other_vpc], ec2_subnets=[SUBNET, other_subnet])
    double.clear_faults()
    result = customer.result()["result"]
    sides = [{entry["entry"] for entry in result[done]} for done in ("created", "failed")]
    assert sorted(sides, key=sorted) == [{"acme", "acme/acme-a"}, {"other", "other/other-a"}]
    assert "ec2:CreateVpc: " in run.output and run.output.count("2 entries are not as the sheet says") == 1


def test_a_run_that_is_stopped_says_what_was_done_and_what_not(customer, double):
    """AWS refuses what the monitoring looks for, the second time that it does: after the network was made."""
    customer.contract(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", language="en", monitoring=dict(notify=["acme-alert"]))
    early = ("-e", "monitoring_alarms_before_metrics=true")
    database = dict(DBInstanceIdentifier="acme-db", DBInstanceClass="db.m5.large", Engine="mysql", AllocatedStorage=20)
    client(double, "rds").create_db_instance(**database, MasterUsername="acme", MasterUserPassword=SECRET)
    customer.setup("--check", *early, ec2_vpcs=[VPC], monitoring=dict(rds=[dict(name="acme-db", engine="mysql")]))
    looks = [call for call in double.calls() if call["operation"] == "ListMetrics"]
    double.faults([dict(fault="denied", service="cloudwatch", operation="ListMetrics", at=len(looks) // 2 + 1, times=0)])
    run = customer.setup(*early, rc=2)
    double.clear_faults()
    stopped = customer.result()
    assert not stopped["finished"] and stopped["stopped"]["task"].endswith("Look for the metrics that alarms stand on")
    assert "AccessDenied" in stopped["stopped"]["reason"] and "AccessDenied" in run.output
    assert told(stopped["result"]["created"]) == {"ec2_vpcs acme"} and len(stopped["result"]["writes"]) == len(customer.writes())
    left = told(stopped["not_done"])
    assert "sns_topics acme-alert" in left and any(one.startswith("cloudwatch_alarms rds-acme-db") for one in left) and "ec2_vpcs acme" not in left
    assert all(one in run.output for one in left) and f"Not done yet ({len(left)})" in run.output
    customer.setup(*early)
    done = customer.result()
    assert done["finished"] and done["stopped"] is None and done["not_done"] == done["unknown"] == [] and told(done["result"]["created"]) == left


@pytest.mark.parametrize(
    "last, done",
    {"ec2:CreateVpc": set(), "sns:CreateTopic": {"ec2_vpcs acme", "ec2_subnets acme/acme-a", "ec2_subnets acme/acme-c"}}.items(),
)
def test_a_killed_process_is_completed_by_the_next_run(customer, double, last, done):
    """Not a simulated death: the whole of ansible-playbook is killed while the module waits for an answer. What the roles before it did is kept."""
    things = dict(ec2_vpcs=[VPC], ec2_subnets=[SUBNET, dict(SUBNET, name="acme-c", cidr_block="10.20.2.0/24")], sns_topics=[dict(name="acme")])
    customer.sheet(**things)
    environment = dict(
        AWS_ENDPOINT_URL=double.url, AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}ENGR", AWS_SECRET_ACCESS_KEY=SECRET, ANSIBLE_CONFIG=str(ROOT / "ansible.cfg")
    )
    place = f"setup_result_directory={customer.folder / 'results'}"
    command = [str(BIN / "ansible-playbook"), "-i", str(customer.inventory), str(ROOT / "playbooks/setup.yml"), "-e", place]
    double.clear_calls()
    run = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while last not in customer.writes() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert last in customer.writes(), "it was killed before this write"
    kept = customer.result()
    assert not kept["finished"] and told(kept["result"]["created"]) == done
    every = {f"{kind} {KINDS[kind].label(entry)}" for kind, entries in things.items() for entry in entries}
    assert told(kept["unknown"]) == every - done and kept["not_done"] == []
    customer.setup()
    assert len(client(double, "ec2").describe_vpcs(Filters=[dict(Name="tag:Name", Values=["acme"])])["Vpcs"]) == 1
    assert customer.setup().changed == 0 and customer.writes() == []


# ---- secrets


SESSION_TOKEN = "FQoGZXIvYXdz"  # how the double's session tokens begin, as AWS's once did


class ProcessList(threading.Thread):
    """Everything that `ps` would have shown while it ran."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.over = set(), threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))


def test_a_role_that_cannot_be_had_is_told_with_what_to_look_at(customer, double):
    trust = dict(Effect="Allow", Principal=dict(AWS="arn:aws:iam::999999999999:root"), Action="sts:AssumeRole")
    trust["Condition"] = dict(StringEquals={"sts:ExternalId": "ACME-1"})
    document = json.dumps(dict(Version="2012-10-17", Statement=[trust]))
    role = client(double, "iam").create_role(RoleName="operator", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    given = dict(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", role_arn=role, external_id="ACME-2")
    customer.contract(**given)
    output = customer.setup(rc=2, key="AKIA999999999999ENGR", ec2_vpcs=[VPC]).output
    assert "role_arn" in output and "external_id" in output and "AccessDenied" in output and customer.writes() == []
    unsaid = "contract.yml に external_id がありません"
    assert unsaid not in output
    del given["external_id"]
    customer.contract(**given)
    assert unsaid in customer.setup(rc=2, key="AKIA999999999999ENGR", fresh=False).output


def test_a_secret_is_in_no_output_no_file_and_no_process_list(customer, double, tmp_path, tmp_path_factory):
    """Neither the engineer's own key, which a profile holds, nor the session in the customer's role, said as loudly as Ansible can."""
    trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(AWS="arn:aws:iam::999999999999:root"), Action="sts:AssumeRole")])
    role = client(double, "iam").create_role(RoleName="operator", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    client(double, "iam").attach_role_policy(RoleName="operator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    customer.contract(number="ACME-1", customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", role_arn=role["Arn"])
    profile = tmp_path_factory.mktemp("home") / "credentials"
    profile.write_text(f"[engineer]\naws_access_key_id = AKIA999999999999ENGR\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    env = dict(AWS_PROFILE="engineer", AWS_SHARED_CREDENTIALS_FILE=str(profile), AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", TMPDIR=str(tmp_path))
    watch = ProcessList()
    watch.start()
    run = customer.setup("-vvvv", "--diff", env=env, ec2_vpcs=[VPC], ec2_key_pairs=[dict(name="acme", private_key_secret="acme/key")])
    watch.over.set()
    private_key = client(double, "secretsmanager").get_secret_value(SecretId="acme/key")["SecretString"]
    secrets = [SECRET, SESSION_TOKEN, "PRIVATE KEY", *private_key.splitlines()[1:-1]]
    assert "PRIVATE KEY" in private_key and any("ansible-playbook" in line for line in watch.seen)
    files = [path.read_text(encoding="utf-8", errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    for where, text in dict(output=run.output, files="".join(files), processes="".join(watch.seen)).items():
        assert not [secret for secret in secrets if secret in text], where


# ---- what needs what, across roles


def test_routes_lead_to_a_new_firewall_and_its_logs_to_a_new_group(customer):
    """One sheet, one run: the firewall comes before the routes to it, and its logs when there is a group for them."""
    protections = dict.fromkeys(("delete_protection", "subnet_change_protection", "firewall_policy_change_protection"), True)
    wall = dict(name="acme", vpc="acme", firewall_policy="acme", subnet_mappings=[dict(subnet="acme-a")], **protections)
    route = dict(destination_cidr_block="0.0.0.0/0", firewall="acme", availability_zone="ap-northeast-1a")
    actions = dict(stateless_default_actions=["aws:forward_to_sfe"], stateless_fragment_default_actions=["aws:forward_to_sfe"])
    sheet = dict(
        ec2_vpcs=[VPC],
        ec2_subnets=[SUBNET],
        networkfirewall_firewall_policies=[dict(actions, name="acme")],
        networkfirewall_firewalls=[dict(wall, log_destinations=[dict(log_type="ALERT", log_group="/acme/alert")])],
        ec2_route_tables=[dict(name="acme", vpc="acme", routes=[route])],
        logs_log_groups=[dict(name="/acme/alert")],
    )
    confirm = json.dumps(dict(confirm=["networkfirewall_firewalls/acme"]))
    customer.setup("-e", confirm, **sheet)
    writes = customer.writes()
    assert writes.index("network-firewall:CreateFirewall") < writes.index("ec2:CreateRoute")
    assert writes.index("logs:CreateLogGroup") < writes.index("network-firewall:UpdateLoggingConfiguration")
    assert customer.setup("-e", confirm).changed == 0 and customer.writes() == []
