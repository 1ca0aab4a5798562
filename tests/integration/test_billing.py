# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotation, usage statement and invoice of the demo customer, as an engineer makes them. There is no account, and no credentials."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat

import openpyxl
import pytest
import yaml

from ansible_collections.msp.aws.plugins.plugin_utils._papers_html import text
from tests.playbook import ROOT, run_playbook

# What is written into a contract once it is agreed.
AGREED = dict(
    accepted_on="2026-04-16",
    set_up=dict(basic=True, components=dict(ec2=4, elb=1, s3=4, sns=1, rds=2)),
    operation=dict(components=dict(ec2=4, alb=1, rds=2, ecs_task=4)),
)
# Nobody to call and nothing to call with, and a clock that is not Japan's.
NO_ACCOUNT = dict(
    AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true", TZ="America/New_York"
)


class Office:
    """The demo customer's inventory, in which a test may write, and the folder for what is printed."""

    def __init__(self, folder, inventory="demo"):
        self.inventory, self.reports = folder / "inventory", folder / "reports"
        shutil.copytree(ROOT / "inventories" / inventory, self.inventory)
        self.reports.mkdir()

    def edit(self, name, change):
        path = self.inventory / "group_vars" / "all" / f"{name}.yml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(data[name])
        path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")

    def agreed(self):
        self.edit("contract", lambda contract: contract.update(AGREED))

    def open_again(self):
        """The contract as it was before anything was agreed."""
        self.edit("contract", lambda contract: [contract.pop(name, None) for name in AGREED])

    def play(self, name, *flags, rc=0, **variables):
        variables = dict(dict(billing_directory=str(self.reports)), **variables)
        return run_playbook(["-i", self.inventory, ROOT / "playbooks" / f"{name}.yml", "-e", json.dumps(variables), *flags], NO_ACCOUNT, rc=rc)

    def files(self):
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.reports.iterdir()}

    def made(self, name):
        """The figures of the JSON, the page, and the numbers of the workbook."""
        told = json.loads((self.reports / f"{name}.json").read_text(encoding="utf-8"))
        html = (self.reports / f"{name}.html").read_text(encoding="utf-8")
        book = openpyxl.load_workbook(self.reports / f"{name}.xlsx")
        numbers = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "n" and cell.value is not None]
        return told, html, numbers


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def same_figures(told, html, numbers):
    """Every amount and sum of the JSON stands in the page and in the workbook."""
    page = [int(value) for value in re.findall(r'<data value="(-?\d+)">', html)]
    parts = [told[part] for part in ("set_up", "monthly") if part in told] or [told]
    wanted = [part["total"] for part in parts]
    wanted += [line["amount"] for part in parts for line in part["lines"]]
    wanted += [rate[what] for part in parts for rate in part["rates"] for what in ("net", "tax") if rate["percent"]]
    assert wanted and not set(wanted) - set(page) and not set(wanted) - set(numbers)


PAPERS = {
    "quote": ({}, "SMP-2026-0412-quotation-2026-04-13"),
    "usage": (dict(billing_month="2026-08"), "SMP-2026-0412-usage-2026-08"),
    "invoice": (dict(billing_month="2026-09"), "SMP-2026-0412-invoice-2026-09"),
}


@pytest.mark.parametrize("playbook", PAPERS)
def test_a_paper_is_planned_made_and_left_alone(office, playbook):
    variables, name = PAPERS[playbook]
    office.open_again() if playbook == "quote" else office.agreed()
    planned = office.play(playbook, "--check", "--diff", **variables)
    assert planned.changed == 2 and office.files() == {} and "サンプル商事株式会社 御中" in planned.stdout
    assert office.play(playbook, **variables).changed == 2
    made = office.files()
    assert set(made) == {f"{name}.{ending}" for ending in ("html", "xlsx", "json")}
    assert {stat.S_IMODE(path.stat().st_mode) for path in office.reports.iterdir()} == {0o640}
    same_figures(*office.made(name))
    assert office.play(playbook, **variables).changed == 0 and office.files() == made


ENGLISH = {
    "quote": ("Quotation", "Set-up of components", "月額"),
    "usage": ("Usage statement", "Operation menu, Advanced plan, 2026-08", "利用"),
    "invoice": ("Invoice (qualified invoice)", "Operation menu, Advanced plan, 2026-09", "請求"),
}


@pytest.mark.parametrize("playbook", PAPERS)
def test_a_contract_in_english_has_english_papers(office, playbook):
    variables, name = PAPERS[playbook]
    office.open_again() if playbook == "quote" else office.agreed()
    office.edit("contract", lambda contract: contract.update(language="en"))
    office.play(playbook, **variables)
    told, html, numbers = office.made(name)
    same_figures(told, html, numbers)
    title, line, japanese = ENGLISH[playbook]
    assert 'lang="en"' in html and title in html and line in html and japanese not in html


@pytest.mark.parametrize("playbook", PAPERS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_template_says_what_is_missing_and_where_it_is_written(tmp_path, playbook, language):
    """README's own customer, step by step."""
    office = Office(tmp_path, "template")
    office.edit("contract", lambda contract: contract.update(number="ACME-1", customer="Acme", language=language))
    first = office.play(playbook, rc=2, billing_directory="").output
    needed = ["group_vars/all/issuer.yml", "billing_directory=", "group_vars/all/contract.yml" if playbook == "quote" else "billing_month="]
    assert all(word in first for word in needed) and "missing required arguments" not in first and "\\\\n" not in first
    if playbook == "invoice":
        assert all(word in office.play(playbook, rc=2, billing_directory="", billing_issued="x.json").output for word in needed[:2]), "a settlement as well"
    (office.inventory / "group_vars/all/issuer.yml").write_text(yaml.safe_dump(dict(billing_issuer=dict(name="MSP"))), encoding="utf-8")
    contract = dict(applied_on="2026-04-13", plans=[{"plan": "standard", "from": "2026-06-15"}], operation=dict(components=dict(ec2=2)))
    if playbook == "usage":
        assert "plans: [{plan: standard" in office.play(playbook, rc=2, billing_month="2026-06").output and office.files() == {}
    office.edit("contract", lambda given: given.update(contract))
    if playbook == "invoice":  # 第6条: what was not accepted is no contract
        refused = office.play(playbook, rc=2, billing_month="2026-07").output
        assert "accepted_on: '2026-04-16'" in refused and dict(ja="承諾前の申込みは契約ではない", en="no contract to be billed")[language] in refused
        assert office.files() == {}
        office.edit("contract", lambda given: given.update(accepted_on="2026-04-16", set_up=dict(basic=False, components={})))
    office.play(playbook, **({} if playbook == "quote" else dict(billing_month="2026-07")))
    assert office.files() != {}


def test_events_under_another_name_are_told(office):
    path = office.inventory / "group_vars/all/events.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("events:", "event:"), encoding="utf-8")
    assert "「event:」は「events:」の誤りではありませんか" in office.play("usage", rc=2, billing_month="2026-08").output and office.files() == {}


@pytest.mark.parametrize("playbook", PAPERS)
@pytest.mark.parametrize("language, said", [
    ("ja", "billing_channel, plans, qualified_invoice は contract の外に"), ("en", "billing_channel, plans, qualified_invoice: written beside"),
])  # fmt: skip
def test_what_belongs_into_the_contract_and_stands_beside_it_is_told(office, playbook, language, said):
    path = office.inventory / "group_vars/all/contract.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data |= {name: data["contract"].pop(name) for name in ("plans", "qualified_invoice")} | dict(applied_on="2026-04-13", billing_channel="resale")
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    output = office.play(playbook, rc=2, billing_month="2026-08", billing_language=language).output
    assert said in output and "billing: {channel: resale}" in output and office.files() == {}


def test_variables_of_other_tools_are_no_fields_of_the_contract(office):
    others = dict(operation="deploy", plans=["gold"], billing=dict(cycle="monthly"), set_up=dict(script="install.sh"), fee_rules=[], event=dict(name="fair"))
    (office.inventory / "group_vars/all/others.yml").write_text(yaml.safe_dump(others), encoding="utf-8")
    (office.inventory / "group_vars/all/events.yml").unlink()
    office.play("usage", billing_month="2026-08")
    assert office.files() != {}


def test_a_month_that_is_not_charged_yet_says_why(office):
    office.agreed()
    office.edit("contract", lambda contract: contract.update(set_up=dict(basic=False, components={})))
    office.edit("events", lambda events: events.clear())
    office.play("usage", billing_month="2026-06")
    told, html, dummy = office.made("SMP-2026-0412-usage-2026-06")
    assert told["total"] == 0 and "運用メニューは 2026年6月15日に開始し、2026年7月1日から課金します" in text(html) and "第35条第1項" in html
    assert "2026年7月1日から課金します" in office.play("invoice", billing_month="2026-06").stdout


def test_what_is_said_of_an_amount_is_easy_to_read(office):
    office.agreed()
    assert re.search(r"ご請求金額（税込） ¥\d{1,3},\d{3}\b", office.play("invoice", billing_month="2026-09").stdout)


def test_a_due_date_on_a_sunday_says_until_when_payment_counts(office):
    office.agreed()
    office.play("invoice", billing_month="2026-04")
    told, html, dummy = office.made("SMP-2026-0412-invoice-2026-04")
    assert (told["due"], told["late_from"]) == ("2026-05-31", "2026-06-02")
    assert "2026年6月1日までのご入金を期日内のお支払いとして扱います" in text(html)


def test_where_to_pay_stands_only_where_something_is_to_be_paid(office):
    office.agreed()
    for playbook, variables in (("invoice", dict(billing_month="2026-09", billing_date="2026-10-05")), ("usage", dict(billing_month="2026-09"))):
        office.play(playbook, **variables)
    told, html, dummy = office.made("SMP-2026-0412-invoice-2026-09")
    assert "お振込先" in html and told["issued_on"] == "2026-10-05" and told["due"] == "2026-10-31"
    assert "お振込先" not in office.made("SMP-2026-0412-usage-2026-09")[1]


def test_what_no_kind_counts_is_quoted_from_the_contract(office):
    office.open_again()
    office.play("quote")
    alone = office.made("SMP-2026-0412-quotation-2026-04-13")[0]
    office.edit("contract", lambda contract: contract.update(set_up=dict(components=dict(redshift=1)), operation=dict(components=dict(redshift=1))))
    made = office.files()
    assert "別の見積書が" in office.play("quote", rc=2).output and office.files() == made, "the one that is there may have been sent"
    (office.reports / "SMP-2026-0412-quotation-2026-04-13.json").unlink()
    office.play("quote")
    more = office.made("SMP-2026-0412-quotation-2026-04-13")[0]
    assert [more[menu]["net"] - alone[menu]["net"] for menu in ("set_up", "monthly")] == [50_000, 30_000]


@pytest.mark.parametrize(
    "kind, entry", [("ec2_instances", dict(name="smp-web03")), ("elbv2_target_groups", dict(name="smp-api-tg", protocol="HTTP", port=8080))]
)
def test_one_more_in_the_sheet_is_told_in_one_line(office, kind, entry):
    office.edit("sheet", lambda sheet: sheet.setdefault(kind, []).append(entry))
    run = office.play("quote", billing_date="2026-10-20")
    assert "+1 コンポーネント、来月（2026年11月）から +30,000円/月（税抜）" in run.stdout
    told, html, numbers = office.made("SMP-2026-0412-quotation-2026-10-20")
    same_figures(told, html, numbers)
    assert (told["change"]["monthly"]["net"], told["set_up"]["net"]) == (30000, 50000) and "変更見積書" in html


def test_the_sheet_of_the_demo_is_what_was_agreed(office):
    assert "この変更で料金は変わりません。" in office.play("quote", billing_date="2026-10-20").stdout
    told = office.made("SMP-2026-0412-quotation-2026-10-20")[0]
    assert (told["change"]["components"], told["change"]["units"], told["set_up"]["lines"]) == ([], 0, [])


def test_a_change_without_a_day_is_quoted_today_in_japan(office):
    office.play("quote")
    (name,) = {path.stem for path in office.reports.iterdir()}
    assert re.fullmatch(r"SMP-2026-0412-quotation-20\d\d-\d\d-\d\d", name)
    assert office.made(name)[0]["change"]["units"] == 0


def test_set_up_that_was_agreed_is_compared_with_the_sheet(office):
    office.agreed()
    office.edit("contract", lambda contract: [contract.pop(name) for name in ("plans", "operation")])
    office.edit("events", lambda events: events.clear())
    office.edit("sheet", lambda sheet: sheet["ec2_instances"].append(dict(name="smp-web03")))
    office.play("quote", billing_date="2026-10-20")
    assert office.made("SMP-2026-0412-quotation-2026-10-20")[0]["change"]["components"]


def test_an_issued_invoice_is_settled_and_settled_again(office):
    office.agreed()
    office.play("invoice", billing_month="2026-09")
    issued = dict(billing_issued=str(office.reports / "SMP-2026-0412-invoice-2026-09.json"), billing_date="2026-11-20")
    assert "差額はありません" in office.play("invoice", **issued).stdout
    outage = {"date": "2026-09-10 09:00", "event": "outage", "until": "2026-09-12 20:00", "cause": "provider"}
    office.edit("events", lambda events: events.append(outage))
    run = office.play("invoice", **issued)
    told, html, numbers = office.made("SMP-2026-0412-settlement-2026-09-1")
    assert re.search(r"ご返金）  *-¥[\d,]+", run.stdout), "as on the page"
    assert "適格返還請求書" in html and told["credit_note"]["total"] == told["total"] < 0 and told["total"] in numbers
    settled = [str(office.reports / "SMP-2026-0412-settlement-2026-09-1.json")]
    for told in (settled, settled[0]):  # one of them alone needs no list
        assert "差額はありません" in office.play("invoice", **issued, billing_settled=told).stdout
    office.edit("events", lambda events: events.append(dict(date="2026-09-05", event="sheet_support", minutes=30)))
    office.play("invoice", **issued, billing_settled=settled)
    told, html, dummy = office.made("SMP-2026-0412-settlement-2026-09-2")
    assert told["charge"]["net"] == 7500 and "お振込先" in html and "お支払期日" in html and told["charge"]["due"] == "2026-11-30"
    made = office.files()
    refused = office.play("invoice", **issued, rc=2).output
    both = [str(office.reports / f"SMP-2026-0412-settlement-2026-09-{count}.json") for count in (1, 2)]
    assert f"-e '{{billing_settled: [{', '.join(both)}]}}'" in refused and office.files() == made, "the first one stays as it was sent"
    assert "請求書の JSON で、精算の JSON ではありません" in office.play("invoice", **issued, billing_settled=issued["billing_issued"], rc=2).output
    assert office.play("invoice", **issued, billing_settled=settled).changed == 0 and office.files() == made
    (office.reports / "SMP-2026-0412-settlement-2026-09-1.json").unlink()
    office.play("invoice", **issued)
    told, html, dummy = office.made("SMP-2026-0412-settlement-2026-09-1")
    assert told["charge"] and told["total"] < 0 and "お振込先" not in html and "お支払期日" not in html, "all in all something is given back"


def test_what_is_to_be_written_into_events_is_said_until_it_is_there(office):
    office.agreed()

    def lines(**variables):
        return [yaml.safe_load(line) for line in re.findall(r"次の行を書いてください.*: ({.*})", office.play("invoice", **variables).stdout)]

    assert lines(billing_month="2026-09")[0]["date"] == "YYYY-MM-DD"
    (sent,) = lines(billing_month="2026-09", billing_date="2026-10-02")
    issued = str(office.reports / "SMP-2026-0412-invoice-2026-09.json")
    assert sent == dict(date="2026-10-02", event="invoiced", months=["2026-09"], yen=office.made("SMP-2026-0412-invoice-2026-09")[0]["total"])
    office.edit("events", lambda events: events.append(sent))
    assert lines(billing_month="2026-09") == []
    office.edit("events", lambda events: events.append(dict(date="2026-09-05", event="sheet_support", minutes=30)))
    settle = dict(billing_issued=issued, billing_date="2026-11-20")
    (settled,) = lines(**settle)
    number = "SMP-2026-0412-2026-09-S1"
    assert settled == dict(date="2026-11-20", event="settled", months=["2026-09"], yen=8250, due="2026-11-30", number=number)
    office.edit("events", lambda events: events.append(settled))
    assert lines(**settle) == [], "events with it are accepted"
    office.edit("events", lambda events: events.remove(settled))
    office.edit("contract", lambda contract: contract.update(fee_rules=dict(write_off_up_to=9000)))
    (office.reports / "SMP-2026-0412-settlement-2026-09-1.json").unlink()
    (gone,) = lines(**settle)
    assert gone == {name: value for name, value in settled.items() if name != "due"} | dict(written_off=True, number=number.replace("S1", "W1"))


def test_a_difference_that_was_written_off_is_kept_and_not_found_again(office):
    office.agreed()
    office.edit("contract", lambda contract: contract.update(fee_rules=dict(write_off_up_to=1000)))
    office.play("invoice", billing_month="2026-09")
    issued = dict(billing_issued=str(office.reports / "SMP-2026-0412-invoice-2026-09.json"), billing_date="2026-11-20")
    office.edit("events", lambda events: events.append(dict(date="2026-09-05", event="sheet_support", minutes=3)))
    assert "請求しません" in office.play("invoice", **issued).stdout
    assert office.made("SMP-2026-0412-settlement-2026-09-1")[0]["written_off"]["total"] == 825
    kept = [str(office.reports / "SMP-2026-0412-settlement-2026-09-1.json")]
    assert "差額はありません" in office.play("invoice", **issued, billing_settled=kept).stdout


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_issued_invoice_is_never_written_over_with_another_amount(office, language):
    office.agreed()
    office.edit("contract", lambda contract: contract.update(language=language))
    office.play("invoice", billing_month="2026-09")
    office.edit("events", lambda events: events.append({"date": "2026-10-05", "event": "invoiced", "months": ["2026-09"]}))
    office.play("invoice", billing_month="2026-09")
    made = office.files()
    office.edit("events", lambda events: events.append({"date": "2026-09-10 09:00", "event": "outage", "until": "2026-09-12 20:00", "cause": "provider"}))
    refused = office.play("invoice", billing_month="2026-09", rc=2)
    assert "billing_issued=" in refused.output and office.files() == made


def test_an_issued_invoice_is_made_again_as_the_qualified_one_that_was_asked_for(office):
    """第49条: with the same amounts; what was found later is still settled."""
    office.agreed()
    office.edit("contract", lambda contract: contract.update(qualified_invoice=False))
    dated = dict(billing_month="2026-09", billing_date="2026-10-05")
    office.play("invoice", **dated)
    told, html, dummy = office.made("SMP-2026-0412-invoice-2026-09")
    assert not told["qualified"] and "適格" not in html
    office.edit("events", lambda events: events.append({"date": "2026-10-10", "event": "qualified_invoice_requested", "month": "2026-09"}))
    assert "適格請求書として書き直しました" in office.play("invoice", **dated).output
    again, html, dummy = office.made("SMP-2026-0412-invoice-2026-09")
    assert again == dict(told, qualified=True, clauses=again["clauses"]) and "請求書（適格請求書）" in html and "第49条" in again["clauses"]
    made = office.files()
    office.edit("events", lambda events: events.append({"date": "2026-10-05", "event": "invoiced", "months": ["2026-09"]}))
    said = office.play("invoice", billing_month="2026-09", billing_date="2026-10-06").output
    assert "発行日は events の invoiced の 2026-10-05 です（billing_date の 2026-10-06 は使いません）" in said and office.files() == made
    office.edit("events", lambda events: events.append({"date": "2026-09-05", "event": "sheet_support", "minutes": 60}))
    assert "billing_issued=" in office.play("invoice", **dated, rc=2).output and office.files() == made


def test_an_invoice_says_which_earlier_one_is_to_be_settled_and_stays_as_it_was_issued(office):
    office.agreed()
    sent = {"date": "2026-08-05", "event": "invoiced", "months": ["2026-07"], "yen": 1_000_000}
    office.edit("events", lambda events: events.append(sent))
    dated, said = dict(billing_month="2026-09", billing_date="2026-10-05"), "請求書 SMP-2026-0412-2026-07（2026年7月分）は、発行後に判明した内容により"
    assert said in office.play("invoice", **dated).output
    made = office.files()
    assert said in office.made("SMP-2026-0412-invoice-2026-09")[0]["notes"][0]["text"]
    told_late = {"date": "2026-07-10 09:00", "event": "outage", "until": "2026-07-12 20:00", "cause": "provider"}
    office.edit("events", lambda events: events.append(told_late))
    assert office.play("invoice", **dated).changed == 0 and office.files() == made


def test_no_other_amount_is_written_than_that_which_was_sent(office):
    """Also where the file of the invoice is not at hand."""
    office.agreed()
    office.edit("events", lambda events: events.append({"date": "2026-10-05", "event": "invoiced", "months": ["2026-09"], "yen": 1}))
    refused = office.play("invoice", billing_month="2026-09", rc=2).output
    assert "1 円（events の invoiced の yen）" in refused and office.files() == {}


def test_an_issued_invoice_is_never_written_over_with_other_words(office):
    """Whether its day of issue was given or is told; a recipient is no part of the sum."""
    office.agreed()
    dated = dict(billing_month="2026-09", billing_date="2026-10-05")
    office.play("invoice", **dated)
    made = office.files()
    assert office.play("invoice", **dated).changed == 0
    office.edit("contract", lambda contract: contract.update(customer="株式会社サンプル"))
    assert "billing_issued=" in office.play("invoice", **dated, rc=2).output
    assert "billing_issued=" in office.play("invoice", billing_month="2026-09", rc=2).output
    office.edit("events", lambda events: events.append({"date": "2026-10-05", "event": "invoiced", "months": ["2026-09"]}))
    assert "billing_issued=" in office.play("invoice", billing_month="2026-09", rc=2).output
    office.edit("contract", lambda contract: contract.update(customer="サンプル商事株式会社"))
    assert office.play("invoice", billing_month="2026-09").changed == 0 and office.files() == made


def test_a_settlement_keeps_its_day_and_paths_are_of_the_directory_of_the_call(office, monkeypatch):
    office.agreed()
    office.play("invoice", billing_month="2026-09")
    issued = os.path.relpath(office.reports / "SMP-2026-0412-invoice-2026-09.json", ROOT)
    office.edit("events", lambda events: events.append(dict(date="2026-09-05", event="sheet_support", minutes=30)))
    office.play("invoice", billing_issued=issued, billing_date="2026-11-20")
    made = office.files()
    assert office.play("invoice", billing_issued=issued).changed == 0 and office.files() == made, "on whatever day it is made again"
    monkeypatch.setenv("HOME", str(office.reports.parent))
    for given in (dict(billing_issued=f"~/reports/{os.path.basename(issued)}"), dict(billing_date="2026-11-21")):
        run = office.play("invoice", rc=None, **dict(dict(billing_issued=issued, billing_directory="~/reports"), **given))
        assert ("別の精算が" in run.output) == ("billing_date" in given) and office.files() == made
    settled = os.path.relpath(office.reports / "SMP-2026-0412-settlement-2026-09-1.json", ROOT)
    assert "差額はありません" in office.play("invoice", billing_issued=issued, billing_settled=[settled]).stdout


def test_a_file_that_is_no_invoice_and_an_issuer_that_is_none_are_told_like_other_faults(office):
    office.agreed()
    office.play("invoice", billing_month="2026-09")
    issued = office.reports / "SMP-2026-0412-invoice-2026-09.json"
    broken = office.reports / "broken.json"
    for content in ("{", "[]"):
        broken.write_text(content, encoding="utf-8")
        for given in (dict(billing_issued=str(broken)), dict(billing_issued=str(issued), billing_settled=[str(broken)])):
            _only_ours(office.play("invoice", rc=2, **given), broken)
    for value in ("", None, 7, [str(issued)]):
        _only_ours(office.play("invoice", rc=2, billing_issued=value), value)
    issuer = dict(name="MSP", registration_number="T1")
    for given in (dict(billing_month="2026-09"), dict(billing_issued=str(issued))):
        said = office.play("invoice" if "billing_issued" in given else "usage", rc=2, billing_issuer=issuer, **given).stdout
        assert "\"faults\": [\n        \"billing_issuer registration_number: " in said


def _only_ours(run, value):
    """What Ansible itself would say of such a value is not told."""
    told = rf"billing_(issued|settled) に指定された(ファイル)? {re.escape(str(value))} (は請求書や精算の JSON では|が)ありません"
    assert len(re.findall(told, run.output)) == 1 and run.output.count("ERROR") == 1
    assert "plugin '" not in run.output and "Error while" not in run.output


def test_where_nothing_is_billed_the_reason_is_said_and_nothing_is_written(office):
    office.agreed()
    assert "請求する料金がありません" in office.play("invoice", billing_month="2026-06").stdout
    office.edit("contract", lambda contract: contract.update(billing=dict(channel="aws_marketplace")))
    office.edit("events", lambda events: events.remove(next(event for event in events if event["event"] == "invoiced")))
    assert "AWS Marketplace 経由のため" in office.play("invoice", billing_month="2026-08").stdout
    assert office.files() == {}


def test_a_month_of_which_nothing_is_left_and_one_after_the_end_say_why(office):
    office.agreed()
    office.edit("events", lambda events: events.append({"date": "2026-10-01", "event": "outage", "until": "2026-11-01", "cause": "provider_gross"}))
    assert "利用不能による減額により全額を差し引いています（第35条第2項表2欄）" in office.play("invoice", billing_month="2026-10").stdout
    office.edit("events", lambda events: events.append(dict(date="2026-11-05", event="cancelled")))
    assert "契約は 2026年11月5日に解除されています" in office.play("invoice", billing_month="2026-12").stdout
    assert "契約は 2026年11月5日に解除されています" in office.play("invoice", billing_month="2026-12", billing_date="2027-01-05").stdout
    assert office.files() == {}


def test_nothing_to_quote_is_said_instead_of_nought_yen(office):
    network = dict(ec2_vpcs=[dict(name="smp-prod", cidr_block="10.20.0.0/16")])
    office.agreed()
    for sheet in ({}, network):
        assert "シートに課金対象が 1 つもなく" in office.play("quote", rc=2, billing_sheet=sheet).output
    office.open_again()
    assert "見積もるものがありません" in office.play("quote", rc=2, billing_sheet={}).output, "hours of help, and a plan with nothing to operate"
    assert office.files() == {}
    for unwritten in ("operation", "plans"):  # the former is not written yet
        office.edit("contract", lambda contract, name=unwritten: contract.pop(name, None))
        office.play("quote", billing_sheet=network)
        told = office.made("SMP-2026-0412-quotation-2026-04-13")[0]
        assert (told["set_up"]["net"], told["monthly"]["net"]) == (197_500, 0)
        (office.reports / "SMP-2026-0412-quotation-2026-04-13.json").unlink()
    office.play("quote", billing_sheet={})
    assert office.made("SMP-2026-0412-quotation-2026-04-13")[0]["set_up"]["net"] == 97_500


def test_what_was_accepted_without_saying_what_is_not_quoted_anew(office):
    office.edit("contract", lambda contract: contract.pop("operation"))
    run = office.play("quote", rc=2, billing_date="2026-10-20")
    assert "contract operation components: 必要です" in run.output and "{ec2: 2}" in run.output and office.files() == {}


def test_a_key_whose_rows_are_all_commented_out_is_as_good_as_not_written(tmp_path):
    office = Office(tmp_path, "template")
    (office.inventory / "group_vars/all/events.yml").write_text("events:\n", encoding="utf-8")
    (office.inventory / "group_vars/all/sheet.yml").write_text("sheet:\n", encoding="utf-8")
    office.edit("contract", lambda contract: contract.update(number="ACME-1", customer="Acme", applied_on="2026-04-13", plans=None))
    issuer = dict(billing_issuer=dict(name="MSP"))
    assert "plans: [{plan: standard" in office.play("usage", rc=2, billing_month="2026-07", **issuer).output
    assert "見積もるものがありません" in office.play("quote", rc=2, **issuer).output
    agreed = dict(AGREED, plans=[{"plan": "entry", "from": "2026-06-15"}], set_up=dict(basic=False, components={}), operation=dict(components=dict(ec2=2)))
    office.edit("contract", lambda contract: contract.update(agreed))
    office.play("invoice", billing_month="2026-07", billing_payment_notes="お振込先: 例銀行, 本店", **issuer)
    told, html, dummy = office.made("ACME-1-invoice-2026-07")
    assert told["total"] == 11000 and "お振込先: 例銀行, 本店" in html


@pytest.mark.parametrize("playbook", PAPERS)
def test_a_paper_without_number_or_customer_is_none(office, playbook):
    office.edit("contract", lambda contract: contract.update(number="", customer=None))
    said = office.play(playbook, rc=2, billing_month="2026-07").output
    assert "契約番号がありません" in said and "契約者名がありません" in said and not office.files()


def test_a_sheet_with_mistakes_is_not_quoted(office):
    office.edit("sheet", lambda sheet: sheet["ec2_instances"].append(dict(sheet["ec2_instances"][0], state="absnt")))
    said = office.play("quote", rc=2).output
    assert "見積りできません" in said and "absnt" in said and not office.files()


@pytest.mark.parametrize("given, said", [
    (dict(billing_language="jp"), "billing_language は ja か en です"),
    (dict(billing_issuer="Example MSP"), "billing_issuer は「名前: 値」の組で、group_vars/all/issuer.yml に"),
    (dict(billing_issuer=["Example MSP"], billing_language="en"), "billing_issuer is written as name: value pairs"),
    (dict(billing_notes=dict(until="2026-12-31")), "billing_notes は文の一覧（リスト）で"),
    (dict(billing_payment_notes=[7]), "billing_payment_notes は文の一覧（リスト）で"),
    (dict(billing_mode="rw"), "billing_mode はファイルの権限で"),
])  # fmt: skip
def test_a_variable_of_another_shape_is_told_in_one_line(office, given, said):
    office.agreed()
    output = office.play("invoice", rc=2, billing_month="2026-09", **given).output
    assert output.count(said) == 1 and "argument_spec" not in output and "assertion" not in output and office.files() == {}
    assert "発行者がありません" not in output and "There is no issuer" not in output


def test_what_is_wrong_is_said_once_and_nothing_is_written(office):
    office.agreed()
    run = office.play("usage", rc=2, billing_month="2026-13")
    assert "\"faults\": [\n        \"billing_month: '2026-13' は月ではありません" in run.stdout, "the failure of a task, without what Ansible did"
    assert run.output.count("'2026-13' は月ではありません") == 1
    assert "filter plugin" not in run.output and len(run.output.splitlines()) < 60
    assert "2026-03 は申込み" in office.play("usage", rc=2, billing_month="2026-03").output
    for given in ("outage", ["outage"], dict(event="outage"), 7):
        for playbook in ("usage", "invoice"):
            said = office.play(playbook, rc=2, billing_month="2026-08", billing_date="2026-09-01", billing_events=given).output
            assert "一覧（リスト）で書いてください" in said or "events #1: 「名前: 値」の組で" in said
    listed = [dict(date="2026-09-01", event="invoiced", months=["2026-13"]), dict(date="2026-09-01", event="payment", yen=dict(a=["b"]))]
    said = office.play("usage", rc=2, billing_month="2026-08", billing_events=listed).output
    assert "['2026-13'] は月の一覧ではありません" in said and "{'a': ['b']} は使えません" in said, "lists and tables as Ansible hands them over"
    advance = office.play("invoice", rc=2, billing_month="2026-10", billing_date="2026-10-20").output
    assert "billing_date: 2026-10 の請求書は 2026年10月20日には発行できません" in advance and "2026年11月1日以降" in advance
    assert "billing_date: '2026-11-31' は使えません" in office.play("invoice", rc=2, billing_month="2026-10", billing_date="2026-11-31").output
    missing = office.play("invoice", rc=2, billing_issued="none.json").output
    assert "billing_issued に指定されたファイル none.json がありません" in missing and "-e billing_issued=$PWD/" in missing
    broken = office.reports.parent / "broken.json"
    broken.write_text('{"months": [', encoding="utf-8")
    wrong = office.play("invoice", rc=2, billing_issued=str(broken)).output
    assert wrong.count(f"billing_issued に指定された {broken} は請求書や精算の JSON ではありません") == 1, "told once"
    for language, told in (("ja", "none」がありません。既存のディレクトリを"), ("en", "none: name an existing directory")):
        run = office.play("usage", rc=2, billing_month="2026-08", billing_directory=str(office.reports / "none"), billing_language=language)
        assert told in run.output
    office.edit("events", lambda events: events.append(dict(date="2026-10-01", event="components_removed", components=dict(ec2=9))))
    run = office.play("invoice", rc=2, billing_month="2026-08")
    assert "ec2 が 5 個不足します" in run.output
    assert "-e billing_month=2026-08 のように" in office.play("invoice", rc=2).output
    assert "Traceback" not in run.output and office.files() == {}
