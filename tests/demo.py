# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: the customer of inventories/demo from the filled workbook to the running account and its papers, against doubles on loopback.

Nothing here is special to the doubles but their addresses: on a real account the same commands run with another inventory.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import boto3
import yaml
from openpyxl import load_workbook

from tests.doubles.aws import AwsDouble
from tests.doubles.mackerel import MackerelDouble
from tests.playbook import warnings_in

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".build" / "demo"
INVENTORY = RESULTS / "smp"  # the customer's inventory, whose sheet comes from the workbook
WORKBOOK = RESULTS / "smp.xlsx"
LEDGER = RESULTS / "ledger"
ACCOUNT = "123456789012"
ORGANIZATION = "sample-trading"  # of Mackerel
KEYS = 8  # the row of a worksheet by which its columns are known
STATUS_CHECKS = ("StatusCheckFailed_System", "StatusCheckFailed_Instance", "StatusCheckFailed_AttachedEBS")  # of every server, each with its alarm
HTTPS = dict(vpc="smp-prod", rule_action="add", direction="ingress", protocol="tcp", from_port=8443, to_port=8443, cidr_ipv4="192.168.10.0/24")
BY_HAND = "moto"  # what the double calls somebody with a key that is no user's
PLANTED = {  # what drift says of what somebody_changes_things does: the verdict, the newest change, and whose it is
    ("ec2_security_groups", "smp-prod/smp-app", "ingress"): ("extra", "AuthorizeSecurityGroupIngress", BY_HAND),
    ("logs_log_groups", "smp-trail", "retention_in_days"): ("changed", "PutRetentionPolicy", BY_HAND),
}
OPERATOR = "AKIA999999999999DEMO"  # key id of a user in the provider's own account, 999999999999
TOLD = re.compile(r"\[WARNING\]: [a-z0-9]+_[a-z_]+ \S+: ")  # what a kind says of an entry, such as a forecast that cannot come yet


class Failed(Exception):
    """A step of the demo did not end as it must."""


def session(double: AwsDouble, mackerel: MackerelDouble, key: str) -> dict[str, str]:
    """The environment of somebody who works with these credentials against the doubles."""
    return dict(
        os.environ,
        MACKEREL_APIBASE=mackerel.url,
        MACKEREL_APIKEY=mackerel.key,
        AWS_ENDPOINT_URL=double.url,
        AWS_ACCESS_KEY_ID=key,
        AWS_SECRET_ACCESS_KEY="demo-secret-that-no-log-may-show",
        AWS_DEFAULT_REGION="ap-northeast-1",
        ANSIBLE_DEPRECATION_WARNINGS="1",
        ANSIBLE_NOCOLOR="1" if not sys.stdout.isatty() else "0",
    )


def customer_opens_the_doors(double: AwsDouble, mackerel: MackerelDouble) -> None:
    """What the customer did before: a role in the account that the provider may take on with the contract's number, and Slack in Mackerel's console."""
    mackerel.belongs_to(ORGANIZATION)
    mackerel.plant("channels", type="slack", name="#smp-alert", url="https://hooks.slack.example/that-nobody-else-knows", events=["alert"])
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "SMP-2026-0412"}},
            }
        ],
    }
    iam = customers(double, "iam")
    iam.create_role(RoleName="msp-operator", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName="msp-operator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def customers(double: AwsDouble, service: str) -> Any:
    """A client with the customer's own hands."""
    access = dict(region_name="ap-northeast-1", aws_access_key_id=f"AKIA{ACCOUNT}ROOT", aws_secret_access_key="x" * 20)
    return boto3.client(service, endpoint_url=double.url, **access)


class Demo:
    """The steps, and what the doubles counted in each."""

    def __init__(self, double: AwsDouble, mackerel: MackerelDouble, verbose: bool) -> None:
        self.double, self.mackerel, self.verbose = double, mackerel, verbose
        self.lines: list[tuple[str, str]] = []
        self.runs = count(1)

    def play(self, title: str, *arguments: str, expect: str) -> list[dict]:
        """One run of playbooks/setup.yml; the writing calls that the doubles saw in it."""
        doubles = (self.double, self.mackerel)
        for double in doubles:
            double.clear_calls()
        before = time.monotonic()
        run = self.run(title, "setup", "-e", f"setup_result_directory={RESULTS}", *arguments)
        calls = [call for double in doubles for call in double.calls()]
        writes = [call for call in calls if call["write"]]
        recap = next((line for line in run.stdout.splitlines() if "changed=" in line), "")
        changed = int(recap.partition("changed=")[2].split()[0])
        if {"nothing": changed or writes, "plan": writes or not changed, "changes": not writes or not changed}[expect]:
            raise Failed(f"{title}: changed={changed} with {len(writes)} writing calls is not what was to be expected")
        said = f"changed={changed}, {len(calls) - len(writes)} reading and {len(writes)} writing calls, {time.monotonic() - before:.0f} s"
        print(f"   {said}")
        told(run, "件の注意点")
        self.lines.append((title, said))
        return writes

    def run(self, title: str, playbook: str, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        """One playbook, as anybody would run it, and told as it begins."""
        command = self.command(playbook, *arguments)
        tell(title, command)
        return self.execute(title, command, fails)

    def command(self, playbook: str, *arguments: str) -> list[str]:
        return ["ansible-playbook", "-i", str(INVENTORY.relative_to(ROOT)), f"playbooks/{playbook}.yml", *arguments]

    def execute(self, title: str, command: list[str], fails: bool = False) -> subprocess.CompletedProcess[str]:
        """Its output is kept beside the results. A warning of ansible-core is a failure, as in all tests."""
        run = subprocess.run(command, cwd=ROOT, env=session(self.double, self.mackerel, OPERATOR), text=True, capture_output=True, check=False)
        (RESULTS / f"{next(self.runs)}-{Path(command[3]).stem}.log").write_text(run.stdout + run.stderr, encoding="utf-8")
        if self.verbose or bool(run.returncode) != fails:
            print(run.stdout + run.stderr)
        if bool(run.returncode) != fails:
            raise Failed(f"{title}: ansible-playbook ended with {run.returncode}")
        warnings = [warning for warning in warnings_in(run.stdout) + warnings_in(run.stderr) if not TOLD.match(warning)]
        if warnings:
            raise Failed("\n".join([f"{title}: a run must have nothing to warn of", *warnings]))
        return run

    def fill_in(self) -> None:
        """The customer's workbook, taken in as the sheet of an inventory that has none yet but what is to be watched, of which there is no worksheet."""
        shutil.copytree(ROOT / "inventories" / "demo", INVENTORY)
        self.run("パラメータシート (the filled workbook)", "sheet_export", "-e", f"sheet_workbook={WORKBOOK}")
        watched = json.dumps(dict(sheet=dict(monitoring=agreed_sheet()["monitoring"])), ensure_ascii=False)
        (INVENTORY / "group_vars/all/sheet.yml").write_text(watched, encoding="utf-8")
        self.run("取り込み (the workbook becomes the sheet)", "sheet_import", "-e", f"sheet_workbook={WORKBOOK}", "-e", "ticket=REQ-0001")
        if agreed_sheet() != agreed_sheet(ROOT / "inventories" / "demo"):
            raise Failed("the sheet that came out of the workbook is not the one that went in")

    def change_one_value(self) -> None:
        """Another retention for one log group, agreed upon in the workbook."""
        write_into_the_workbook("smp-trail", "retention_in_days", 545)
        self.run("変更の取り込み (a changed workbook)", "sheet_import", "-e", f"sheet_workbook={WORKBOOK}", "-e", "ticket=REQ-0002")

    def papers(self) -> list[tuple[str, list[str], subprocess.CompletedProcess[str]]]:
        """What is watched at which threshold, what one server more costs, the customer's own quotation, as it was before the order, the first invoice,
        and a refusal.

        None of them calls AWS, so beside all else.
        """
        design = ("監視設計書 (what is watched, and at which threshold)", "monitoring_design", f"monitoring_directory={RESULTS}")
        papers = [
            ("変更見積書 (quotation of one server more)", "quote", f"@{one_more_server()}"),
            ("見積書 (quotation)", "quote", f"@{before_the_order()}"),
            ("請求書 (invoice)", "invoice", "billing_month=2026-04"),
        ]
        commands = [(title, self.command(name, "-e", f"billing_directory={RESULTS}", "-e", more)) for title, name, more in (design, *papers)]
        return [(title, command, self.execute(title, command)) for title, command in commands] + [self.too_soon()]

    def too_soon(self) -> tuple[str, list[str], subprocess.CompletedProcess[str]]:
        """A request (運用代行) that is wished for tomorrow: refused before any call to AWS."""
        title, asked = "運用代行 お断り (a reboot, too soon)", request("REQ-0103", "ec2.reboot_instance", "smp-web02", {}, ahead=1)
        command = self.command("operate", "-e", f"@{asked}", "-e", "operation_phase=apply")
        return title, command, self.execute(title, command, fails=True)

    def inspect(self) -> None:
        """The as-built document, and then what drift says of a change that somebody makes by hand."""
        told(self.run("定義書 (as built)", "as_built", "-e", f"inspection_directory={RESULTS}"), "差異:")
        found = json.loads(max(RESULTS.glob("*-as-built-*.json")).read_text(encoding="utf-8"))["findings"]
        if found:
            raise Failed(f"the account is as it was just made, and as built differs: {found}")
        somebody_changes_things(self.double)
        drift = self.run("差異 (drift, after a change by hand)", "drift", "-e", f"inspection_directory={RESULTS}", fails=True)
        told(drift, "追加", "変更:", "消失:")
        found = json.loads(max(RESULTS.glob("*-drift-*.json")).read_text(encoding="utf-8"))["findings"]
        newest = [(one, next(iter(one["changed_by"]), {})) for one in found]
        said = {(one["kind"], one["entry"], one["option"]): (one["verdict"], event.get("name"), event.get("user")) for one, event in newest}
        if "合意値と異なります" not in drift.stdout + drift.stderr or said != PLANTED:
            raise Failed(f"drift does not say what was changed by hand, and by whom, and nothing else: {said}")

    def tickets(self) -> None:
        """Requests of the customer (運用代行): a rule more, which nobody needs to approve, and a larger server, which somebody has to."""
        self.operate("運用代行 (a rule more in a security group)", request("REQ-0101", "ec2.change_security_group", "smp-app", HTTPS), "apply")
        larger = request("REQ-0102", "ec2.change_instance_type", "smp-web01", dict(instance_type="t3.large"))
        planned = self.operate("運用代行 計画 (t3.medium → t3.large)", larger, "plan")
        approval = dict(by="佐藤", plan=re.search(r'"hash": "([0-9a-f]{64})"', planned.stdout)[1])
        self.operate("運用代行 実施 (approved)", larger, "apply", "-e", json.dumps(dict(operation_approval=approval), ensure_ascii=False))

    def operate(self, title: str, ticket: Path, phase: str, *more: str) -> subprocess.CompletedProcess[str]:
        run = self.run(title, "operate", "-e", f"@{ticket}", "-e", f"operation_phase={phase}", "-e", f"operation_directory={RESULTS}", *more)
        told(run, ": done (", '"hash":')
        return run


def request(ticket: str, operation: str, target: str, parameters: dict, ahead: int | None = None) -> Path:
    """One that came in time and whose hour has come; or that came today and is wished for so many days ahead."""
    today = datetime.now(timezone(timedelta(hours=9)))
    received, wished = (today, today + timedelta(days=ahead)) if ahead else (today - timedelta(days=30), today - timedelta(hours=1))
    asked = dict(contract="SMP-2026-0412", ticket=ticket, operation=operation, target=target, parameters=parameters, requester="情報システム部 山田様")
    asked.update(received=f"{received:%Y-%m-%d}", wished=f"{wished:%Y-%m-%d %H:%M}")
    return kept(f"{ticket}.json", operation_request=asked, operation_ledger=dict(directory=str(LEDGER)))


def tell(title: str, command: list[str]) -> None:
    print(f"\n── {title}\n   {shlex.join(command)}", flush=True)


def width(text: str) -> int:
    """In columns of the screen."""
    return sum(2 if east_asian_width(letter) in "FW" else 1 for letter in text)


def told(run: subprocess.CompletedProcess[str], *words: str) -> None:
    """The lines of a run in which it says what it found."""
    print("\n".join(f"   {line.strip()}" for line in run.stdout.splitlines() if any(word in line for word in words)))


def servers_begin_to_report(double: AwsDouble) -> None:
    """What AWS does in the minutes after a server has started: it publishes how the server is."""
    reservations = customers(double, "ec2").describe_instances()["Reservations"]
    ids = [instance["InstanceId"] for one in reservations for instance in one["Instances"]]
    told = [dict(MetricName=check, Dimensions=[dict(Name="InstanceId", Value=name)], Value=0.0) for name in ids for check in STATUS_CHECKS]
    customers(double, "cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=told)


def somebody_changes_things(double: AwsDouble) -> None:
    """What nobody agreed upon: SSH open to the world, and a trail that is kept for a day."""
    ec2 = customers(double, "ec2")
    group = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["smp-app"])])["SecurityGroups"][0]["GroupId"]
    ssh = dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="0.0.0.0/0")])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    customers(double, "logs").put_retention_policy(logGroupName="smp-trail", retentionInDays=1)


def screen(demo: Demo, made: Counter, seconds: float) -> None:
    """What a person wants to know at the end."""
    where = RESULTS.relative_to(ROOT)
    print("\n" + "═" * 100)
    print("サンプル商事株式会社（契約 SMP-2026-0412、アカウント 123456789012）: パラメータシートのとおり構築しました")
    for title, said in demo.lines:
        print(f"  {title}{' ' * (60 - width(title))}{said}")
    print(f"\nパラメータシート: {WORKBOOK.relative_to(ROOT)}")
    print(f"監視設計書・定義書・差異報告書・見積書・請求書・作業手順書・作業完了報告書 ({where}; those of accounts and fees also as xlsx and JSON):")
    print("\n".join(f"  {path.name}" for path in sorted(RESULTS.glob("*.html"))))
    print(f"運用代行の作業完了報告書: {where}/REQ-0102-customer.html")
    print("\nMade, by writing call:")
    for call, times in sorted(made.items()):
        print(f"  {times:>4} × {call}")
    print(f"\nWhere to look: {where}/*.log (plan with diff, runs), {where}/*.json (every entry and every writing call)")
    print("On a real account: copy inventories/template, fill in contract.yml and sheet.yml, have AWS credentials, and run")
    print("  ansible-playbook -i inventories/<customer> playbooks/setup.yml --check --diff     # the plan")
    print("  ansible-playbook -i inventories/<customer> playbooks/setup.yml                    # the same, for real")
    print(f"Nothing else changes. The demo took {seconds:.0f} s.")


def main() -> int:
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    start = time.monotonic()
    try:
        with AwsDouble() as double, MackerelDouble() as mackerel, ThreadPoolExecutor(1) as beside:
            customer_opens_the_doors(double, mackerel)
            demo = Demo(double, mackerel, "-v" in sys.argv[1:])
            demo.fill_in()
            papers = beside.submit(demo.papers)
            demo.play("計画 (plan)", "--check", "--diff", expect="plan")
            made = Counter(f"{call['service']}:{call['operation']}" for call in demo.play("適用 (apply)", expect="changes"))
            demo.play("再実行 (again)", expect="nothing")
            demo.change_one_value()
            servers_begin_to_report(double)
            written = demo.play("1 項目の変更と監視の開始 (one value; alarms that waited)", expect="changes")
            if Counter(call["operation"] for call in written) != dict(PutRetentionPolicy=1, PutMetricAlarm=4 * len(STATUS_CHECKS)):
                raise Failed(f"one value was changed and four servers have metrics now, and these calls were made: {written}")
            demo.inspect()
            *bills, refusal = papers.result()
            for title, command, run in bills:
                tell(title, command)
                told(run, "円", "¥")
            demo.tickets()
            tell(*refusal[:2])
            told(refusal[2], "営業日")
            screen(demo, made, time.monotonic() - start)
    except Failed as failure:
        print(f"\nThe demo failed: {failure}", file=sys.stderr)
        return 1
    return 0


def write_into_the_workbook(name: str, option: str, value: object) -> None:
    """What a person does: find the row by its name and the column by its heading, and type."""
    book = load_workbook(WORKBOOK)
    for sheet in book:
        headings = {cell.value: cell.column for cell in sheet[KEYS]}
        for row in range(KEYS + 1, sheet.max_row + 1) if {"name", option} <= headings.keys() else ():
            if sheet.cell(row, headings["name"]).value == name:
                sheet.cell(row, headings[option]).value = value
    book.save(WORKBOOK)


def one_more_server() -> Path:
    """The sheet with one web server more, and the day on which its price is asked for."""
    sheet = agreed_sheet()
    sheet["ec2_instances"].append(dict(sheet["ec2_instances"][0], name="smp-web03"))
    return kept("larger-sheet.json", sheet=sheet, billing_date="2026-10-01")


def before_the_order() -> Path:
    return kept("before-the-order.json", contract=applied_for(INVENTORY))


def applied_for(inventory: Path) -> dict:
    """The contract as it was when the customer applied for it: nothing was ordered yet, so the sheet says what there is to be set up.

    Of what no entry of the sheet makes, such as databases, there is what was agreed in the hearing.
    """
    contract = yaml.safe_load((inventory / "group_vars/all/contract.yml").read_text(encoding="utf-8"))["contract"]
    units = yaml.safe_load((ROOT / "catalog/units.yml").read_text(encoding="utf-8"))["set_up"]
    sheet, later = agreed_sheet(inventory), ("accepted_on", "set_up_from", "operation")
    heard = {name: count for name, count in contract["set_up"]["components"].items() if not sheet.keys() & set(units[name].get("kinds", ()))}
    return dict({name: contract[name] for name in contract if name not in later}, set_up=dict(components=heard))


def agreed_sheet(inventory: Path = INVENTORY) -> dict:
    return yaml.safe_load((inventory / "group_vars/all/sheet.yml").read_text(encoding="utf-8"))["sheet"]


def kept(name: str, **variables: object) -> Path:
    path = RESULTS / name
    path.write_text(json.dumps(variables, ensure_ascii=False), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
