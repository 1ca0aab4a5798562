# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""as_built.yml, drift.yml and adopt.yml as an engineer runs them, beside the changes that somebody makes by hand."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from zipfile import ZipFile

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import load
from tests.integration.conftest import ACCOUNT, SECRET
from tests.integration.test_setup import GROUP, SUBNET, VPC, client

WEB = dict(GROUP, ingress=[dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0")])
LOGS = dict(name="acme-app", retention_in_days=400)
LEGACY = [dict(Key="Name", Value="legacy"), dict(Key="Note", Value="{{ never evaluated }}")]
INLINE, FILED = "planted-in-a-value-3b9c", "planted-in-a-file-7d2e"
SSH = dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="0.0.0.0/0")])


def by_hand(double):
    """A rule that nobody agreed upon, another value, and a thing that is gone."""
    ec2 = client(double, "ec2")
    group = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["acme-app"])])["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    client(double, "logs").put_retention_policy(logGroupName="acme-app", retentionInDays=1)
    subnet = ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=["acme-a"])])["Subnets"][0]["SubnetId"]
    ec2.delete_subnet(SubnetId=subnet)


def findings(customer):
    return {(one["kind"], one["entry"], one["option"]): one for one in customer.result()["findings"]}


def test_drift_tells_who_and_both_ways_end_it(customer, double):
    customer.setup(ec2_vpcs=[VPC], ec2_subnets=[SUBNET], ec2_security_groups=[WEB], logs_log_groups=[LOGS])
    assert customer.inspect("drift").changed and customer.writes() == [] and customer.result()["findings"] == []
    by_hand(double)
    before = customer.writes()
    run = customer.inspect("drift", rc=2, fresh=False)
    assert customer.writes() == before and run.output.count("Not as agreed") == 1
    assert "changed: Log groups acme-app Retention (days): 400 → 1" in run.output
    found = findings(customer)
    assert {key: one["verdict"] for key, one in found.items()} == {
        ("ec2_security_groups", "acme/acme-app", "ingress"): "extra",
        ("ec2_subnets", "acme/acme-a", None): "missing",
        ("logs_log_groups", "acme-app", "retention_in_days"): "changed",
    }
    assert customer.result()["looked"]["ec2_vpcs"]["beside"], "the default VPC, also while something agreed is missing"
    assert [event["name"] for event in found["logs_log_groups", "acme-app", "retention_in_days"]["changed_by"]][0] == "PutRetentionPolicy"
    rules = found["ec2_security_groups", "acme/acme-app", "ingress"]["changed_by"]
    assert (rules[0]["name"], rules[0]["own"]) == ("AuthorizeSecurityGroupIngress", False)
    assert found["ec2_subnets", "acme/acme-a", None]["changed_by"][0]["name"] == "DeleteSubnet", "whose id nobody knows any more"
    put_back, adopt = (customer.newest(f"*drift*-{way}.yml") for way in ("put-back", "adopt"))
    told = f"ansible-playbook -i {customer.inventory} -l acme playbooks/setup.yml --check --diff -e @{put_back}"
    assert told in customer.newest("*drift*.html").read_text(encoding="utf-8")
    assert customer.inspect("drift", "-e", f"@{adopt}").recap["acme"]["failed"] == 0
    assert customer.setup("-e", f"@{put_back}").changed == 2
    customer.inspect("drift", rc=2)
    assert [one["verdict"] for one in customer.result()["findings"]] == ["extra"]
    nothing = customer.newest("*drift*-put-back.yml").read_text(encoding="utf-8")
    assert "# There is nothing to put back: extras stay" in nothing and "# extra ec2_security_groups acme/acme-app ingress" in nothing
    assert load(nothing) == {"sheet": {}}
    page = customer.newest("*drift*.html").read_text(encoding="utf-8")
    assert "There is nothing to put back" in page and "setup.yml" not in page
    customer.inspect("drift", "-e", json.dumps(dict(inspection_fail_on=["changed", "missing", "added", "unknown"])))


def test_the_prepared_sheets_say_what_the_file_says_and_give_no_secret_away(customer, double, tmp_path):
    """Expressions stay expressions and what is vaulted stays so; a secret in clear is not in what is put back."""
    password = tmp_path / "password"
    password.write_text("vault-password", encoding="utf-8")
    vaulted = VaultLib([("default", VaultSecret(b"vault-password"))]).encrypt("vaulted-words").decode()
    text = "---\nsheet:\n  logs_log_groups:\n    - name: \"{{ group_prefix }}-app\"\n      retention_in_days: 400\n      tags:\n        Note: !vault |\n"
    text += "".join(f"          {line}\n" for line in vaulted.strip().splitlines())
    text += "  ec2_instances:\n    - {name: web, user_data: hunter2-in-clear, instance_type: t3.micro}\ngroup_prefix: acme\n"
    (customer.inventory / "group_vars/all/sheet.yml").write_text(text, encoding="utf-8")
    customer.inspect("drift", "--vault-password-file", password, "-e", "inspection_trail_days=0", rc=2)
    put_back, adopt = (customer.newest(f"*drift*-{way}.yml").read_text(encoding="utf-8") for way in ("put-back", "adopt"))
    assert '"{{ group_prefix }}-app"' in put_back and "Note: !vault |" in put_back and vaulted.splitlines()[1] in put_back
    assert "hunter2" not in put_back and "ec2_instances/web user_data" in put_back
    assert "vaulted-words" not in put_back + adopt and "acme-app" not in put_back + adopt


def test_what_an_expression_has_from_a_vault_is_in_no_file_and_no_line(customer, double, tmp_path):
    """Whether a value or a whole file is vaulted, and whatever the expression makes of it; as agreed, as it is, and as it was changed by hand."""
    password, vault = tmp_path / "password", VaultLib([("default", VaultSecret(b"vault-password"))])
    password.write_text("vault-password", encoding="utf-8")
    variables = customer.inventory / "group_vars/all"
    cipher = vault.encrypt(INLINE).decode().strip().splitlines()
    (variables / "token.yml").write_text("\n  ".join(["---\ntoken: !vault |", *cipher]) + "\n", encoding="utf-8")
    (variables / "vault.yml").write_bytes(vault.encrypt(json.dumps(dict(filed=dict(token=FILED)))))
    tags = dict(A="{{ token }}", B="at {{ token }}", C="{{ token | b64encode }}", D="{{ through }}", E="{{ lookup('vars', 'filed').token }}", F="{{ shown }}")
    other = dict(name="acme-other", retention_in_days=7, tags=dict(A="of {{ filed.token }}", B="{{ shown }}"))
    first = dict(name="acme-app", retention_in_days=400, tags=tags)
    for sheet in (dict(logs_log_groups=[first, "{{ other }}"]), dict(logs_log_groups="{{ [first] + others }}")):
        customer.variables(through="by {{ filed['token'] }}", other=other, shown="words for all", others="{{ [other] }}", first=first)
        customer.sheet(**sheet)
        double.reset()
        for by_hand in (False, True):
            if by_hand:
                logs = client(double, "logs")
                logs.create_log_group(logGroupName="acme-app", tags=dict(A=INLINE, B=f"by hand {INLINE}", D=f"by hand {FILED}", F="by hand"))
                logs.create_log_group(logGroupName="acme-other", tags=dict(A=f"by hand {FILED}"))
            for old in (customer.folder / "results").iterdir():
                old.unlink()
            run = customer.inspect("drift", "--diff", "--vault-password-file", password, "-e", "inspection_trail_days=0", rc=2)
            files = {path.name: path.read_bytes().decode(errors="ignore") for path in (customer.folder / "results").iterdir()}
            files |= {f"{path.name} unpacked": _unpacked(path) for path in (customer.folder / "results").glob("*.xlsx")} | dict(console=run.output)
            told = {(name, word) for name, text in files.items() for word in (INLINE, FILED, b64encode(INLINE.encode()).decode()) if word in text}
            assert told == set()
            assert "words for all" in customer.newest("*.json").read_text(encoding="utf-8"), "what nobody vaulted is shown"
        for way in ("put-back", "adopt"):
            written = load(customer.newest(f"*drift*-{way}.yml").read_text(encoding="utf-8"))["sheet"]["logs_log_groups"]
            assert isinstance(written, str) or [one["name"] for one in written] == ["acme-app", "acme-other"]


def _unpacked(path):
    with ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode(errors="ignore") for name in archive.namelist())


def test_what_passes_can_be_said(customer, double):
    customer.setup(ec2_vpcs=[VPC], ec2_subnets=[SUBNET], ec2_security_groups=[WEB], logs_log_groups=[LOGS])
    by_hand(double)
    customer.inspect("drift", "-e", json.dumps(dict(inspection_fail_on=[], inspection_trail_days=0)))
    assert not any("changed_by" in one for one in customer.result()["findings"])


def test_as_built_of_an_account_that_may_only_partly_be_read(customer, double):
    customer.setup(ec2_vpcs=[VPC], logs_log_groups=[LOGS])
    double.faults([dict(fault="denied", service="iam", times=0)])
    started = datetime.now(UTC).replace(microsecond=0)
    customer.inspect("as_built", "-e", "inspection_language=ja")
    double.clear_faults()
    result = customer.result()
    read = datetime.fromisoformat(result["at"])
    assert started <= read <= datetime.now(UTC)
    assert result["looked"]["iam_roles"]["unread"] and result["looked"]["ec2_vpcs"]["agreed"][0]["verdict"] == "same"
    page = customer.newest("*as-built*.html").read_text(encoding="utf-8")
    assert "定義書" in page and "<svg" in page and "10.20.0.0/16" in page and "契約外" in page
    assert customer.newest("*as-built*.xlsx").read_bytes()[:2] == b"PK"
    assert read.astimezone(timezone(timedelta(hours=9))).strftime("%Y-%m-%d %H:%M") in page


def test_another_account_is_not_read(customer):
    run = customer.inspect("as_built", key="AKIA210987654321ENGR", rc=2)
    assert "210987654321" in run.output and not list((customer.folder / "results").iterdir())


def test_a_place_for_the_files_is_asked_for_first(customer):
    run = customer.play("as_built", "-e", "inspection_directory=/nowhere", rc=2)
    assert "/nowhere" in run.output


@pytest.mark.parametrize(
    "playbook, given",
    [("as_built", "a=b"), ("drift", "inspection_language=jp"), ("monitoring_design", "a=b"), ("monitoring_agents", "a=b"), ("operate", "a=b")],
)
def test_a_call_that_lacks_something_shows_nothing_of_the_sheet(customer, playbook, given):
    """Where Ansible refuses the arguments of a role, it shows the whole of what it holds them against."""
    customer.sheet(secretsmanager_secrets=[dict(name="acme/db", secret_string=SECRET)])
    run = customer.play(playbook, "-e", given, rc=2)
    assert "Validation of arguments failed" in run.output and SECRET not in run.output and "acme/db" not in run.output


def test_an_account_that_others_built_becomes_a_sheet(customer, double):
    """The plan of the whole adopted sheet shows no change."""
    ec2 = client(double, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16", TagSpecifications=[dict(ResourceType="vpc", Tags=LEGACY)])["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.50.1.0/24")
    client(double, "s3").create_bucket(Bucket="legacy-files", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
    customer.inspect("adopt")
    adopted = customer.newest("*adopt*.yml")
    sheet = yaml.safe_load(adopted.read_text(encoding="utf-8").replace("!unsafe ", ""))["sheet"]
    assert [one["tags"]["Note"] for one in sheet["ec2_vpcs"] if one.get("name") == "legacy"] == ["{{ never evaluated }}"]
    assert {"legacy", None} <= {one.get("name") for one in sheet["ec2_vpcs"]} and sheet["s3_buckets"][0]["name"] == "legacy-files"
    plan = customer.setup("--check", "-e", f"@{adopted}")
    assert plan.changed == 0 and customer.result()["result"]["failed"] == []


def test_what_could_not_be_read_in_another_region_is_said_by_adopt(customer, double):
    double.faults([dict(fault="denied", service="cloudwatch", operation="DescribeAlarms", at=2, times=0)])  # the first one is of the contract's Region
    run = customer.inspect("adopt")
    double.clear_faults()
    assert "What is in us-east-1 could not be read" in run.output and "none of the files" in run.output


def test_many_contracts_in_one_run_with_a_page_on_all(customer, double):
    """One as agreed, one that differs, another host of its contract, one whose account is another's, one without a contract, one whose report
    cannot be written: each is told, none keeps the others from being looked at, and the page leads to no page that is not there."""
    customer.setup(logs_log_groups=[LOGS])
    host = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
    contract = dict(customer="Acme", account_id=ACCOUNT, region="ap-northeast-1", language="en")
    shops = {
        "same": dict(contract=dict(contract, number="S-1"), sheet=dict(logs_log_groups=[LOGS])),
        "other": dict(contract=dict(contract, number="O-1"), sheet=dict(logs_log_groups=[dict(LOGS, retention_in_days=7)])),
        "twin": dict(contract=dict(contract, number="O-1"), sheet=dict(logs_log_groups=[LOGS])),
        "foreign": dict(contract=dict(contract, number="F-1", account_id="210987654321"), sheet=dict(logs_log_groups=[LOGS])),
        "unwritten": dict(contract=dict(contract, number="U-1", customer="a\u0085b"), sheet=dict(logs_log_groups=[LOGS])),
        "nobody": dict(sheet={}),
    }
    (customer.inventory / "group_vars/all/contract.yml").unlink()
    (customer.inventory / "group_vars/all/sheet.yml").unlink()
    (customer.inventory / "hosts.yml").write_text(json.dumps(dict(contract=dict(hosts=dict.fromkeys(shops, host)))), encoding="utf-8")
    (customer.inventory / "host_vars").mkdir()
    for name, variables in shops.items():
        (customer.inventory / "host_vars" / f"{name}.yml").write_text(json.dumps(variables), encoding="utf-8")
    run = customer.inspect("drift", "-e", "inspection_trail_days=0", rc=2)
    assert {name: counts["failed"] for name, counts in run.recap.items()} == dict(same=0, other=1, twin=0, foreign=1, unwritten=1, nobody=1)
    page = customer.newest("drift-total-*.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("S-1", "O-1", "F-1", "nobody", "○ same", "▲ changed", "? unknown"))
    total = json.loads(customer.newest("drift-total-*.json").read_text(encoding="utf-8"))
    told = {one["host"]: one for one in total["contracts"]}
    assert told["same"]["counts"]["same"] == told["other"]["counts"]["changed"] == told["twin"]["counts"]["same"] == 1 and told["foreign"]["counts"] == {}
    assert "210987654321" in told["foreign"]["failed"] and not told["same"]["failed"]
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (customer.folder / "results").glob("*-drift-*.json")}
    assert {name.split("-drift-")[0]: result["counts"]["changed"] for name, result in results.items()} == {"S-1-same": 0, "O-1-other": 1, "O-1-twin": 0}
    linked = set(re.findall(r"[A-Z]-1-\w+-drift-\w+\.html", page))
    assert linked == {f"{name}.html" for name in results} == {told[host]["file"] for host in ("same", "other", "twin")}
    assert re.search(r"F-1.{0,60}foreign", page, re.DOTALL)
