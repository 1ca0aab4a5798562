# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the workbook as a user runs them, on a copy of the demo customer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_outside_names
from ansible_collections.msp.aws.plugins.plugin_utils import workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS
from tests.playbook import run_playbook

ROOT = Path(__file__).resolve().parents[2]
ALARMS = layout("ja").by_key["cloudwatch_alarms"]
COMMENTS = {"このファイルのコメント（[0-9, ]+ 行目）は、取り込みで失われます": "the demo's sheet has some"}


@pytest.fixture
def customer(tmp_path):
    """A customer of one's own, with the way to run a playbook for it."""
    shutil.copytree(ROOT / "inventories" / "demo", tmp_path / "acme")

    def run(name, *more, **options):
        return run_playbook(["-i", tmp_path / "acme", ROOT / "playbooks" / f"sheet_{name}.yml", *more], **options)

    return tmp_path, run


def set_threshold(path, value):
    book = load_workbook(path)
    column = [one.key for one in ALARMS.columns].index("threshold") + 1
    book[ALARMS.title].cell(ALARMS.first_row, column).value = value
    book.save(path)


def test_out_and_in_and_out_again(customer):
    place, run = customer
    book, sheet, history = place / "acme.xlsx", place / "acme/group_vars/all/sheet.yml", place / "acme-history.yml"
    assert run("template", "-e", f"sheet_workbook={place}/empty.xlsx", "-e", '{"sheet_kinds": ["ec2_vpcs"]}').changed == 1
    assert run("export", "--check").changed == 1 and not book.exists()
    assert run("export").changed == 1
    assert run("export").changed == 0
    before = sheet.read_bytes()
    assert run("import").changed == 0 and sheet.read_bytes() == before

    set_threshold(book, 7)
    planned = run("import", "--check", "--diff", allow=COMMENTS)
    assert planned.changed == 1 and "+      threshold: 7" in planned.output and sheet.read_bytes() == before
    told = run("export", rc=2).output
    assert "force: true" in told and "シートを手で変更しただけなら" in told and "sheet_workbook=別のファイル名" in told
    taken = run("import", "-e", "ticket=REQ-7", allow=COMMENTS)
    assert taken.changed == 1 and all(re.search(rf"{ALARMS.title}![A-Z]+{ALARMS.first_row}（.*）: 1 → 7", one.output) for one in (planned, taken))
    assert yaml.safe_load(sheet.read_text(encoding="utf-8"))["sheet"]["cloudwatch_alarms"][0]["threshold"] == 7
    (version,) = yaml.safe_load(history.read_text(encoding="utf-8"))["sheet_history"]
    assert version["ticket"] == "REQ-7" and [(change["before"], change["after"]) for change in version["changes"]] == [("1", "7")]
    assert run("import").changed == 0


def test_each_contract_of_an_inventory_has_files_of_its_own(tmp_path):
    """Each host that has a sheet; one that has none is told so and gets no empty workbook."""
    inventory, given = tmp_path / "all", {}
    for number, name in enumerate(("north", "south", "nothing"), 1):
        place = inventory / "host_vars" / name
        place.mkdir(parents=True)
        facts = dict(number=f"C-{number}", customer="例", account_id="111122223333", region="ap-northeast-1")
        (place / "contract.yml").write_text(yaml.safe_dump(dict(contract=facts)), encoding="utf-8")
        given[name] = dict(sheet=dict(iam_groups=[dict(name=name)]))
        if name != "nothing":
            (place / "sheet.yml").write_text(yaml.safe_dump(given[name]), encoding="utf-8")
    host = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
    (inventory / "hosts.yml").write_text(yaml.safe_dump(dict(contract=dict(hosts=dict.fromkeys(given, host)))), encoding="utf-8")

    def run(name, *more, **options):
        return run_playbook(["-i", inventory, ROOT / f"playbooks/sheet_{name}.yml", *more], **options)

    told = run("export", "-e", "sheet_force=true", rc=2)
    assert {name: counts["failed"] for name, counts in told.recap.items()} == dict(north=0, south=0, nothing=1)
    assert "host_vars/nothing/sheet.yml: ファイルがありません" in told.output
    assert {path.name for path in tmp_path.glob("*.xlsx")} == {"all-north.xlsx", "all-south.xlsx"}
    table = layout("ja").by_key["iam_groups"]
    column = [one.key for one in table.columns].index("path") + 1
    for name in ("north", "south"):
        book = load_workbook(tmp_path / f"all-{name}.xlsx")
        book[table.title].cell(table.first_row, column).value = f"/{name}/"
        book.save(tmp_path / f"all-{name}.xlsx")
    run("import", "-l", "north,south")
    for name in ("north", "south"):
        sheet = yaml.safe_load((inventory / "host_vars" / name / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
        assert sheet == dict(iam_groups=[dict(name=name, path=f"/{name}/")]) and (tmp_path / f"all-{name}-history.yml").exists()


def test_a_filled_example_is_beside_the_empty_workbook(tmp_path):
    """From the template's inventory, whose customer has nothing yet: the demo customer's workbook, which none but that customer can take in."""
    shutil.copytree(ROOT / "inventories" / "template", tmp_path / "acme")
    command = ["-i", tmp_path / "acme", ROOT / "playbooks/sheet_template.yml"]
    assert run_playbook([*command, "-e", "sheet_example=true"]).changed == 1
    told = run_playbook(command, rc=2).output
    assert "contract.yml account_id: ひな形の" in told and "contract.yml number: 空です" in told and "role_arn" not in told
    assert not (tmp_path / "acme.xlsx").exists()
    written = tmp_path / "acme/group_vars/all/contract.yml"
    facts = dict(number="C-1", customer="例", account_id="111122223333", region="ap-northeast-1")
    written.write_text(yaml.safe_dump(dict(contract=facts)), encoding="utf-8")
    assert run_playbook(command).changed == 1
    assert run_playbook([*command, "-e", "sheet_example=true"]).changed == 0
    empty, example = tmp_path / "acme.xlsx", tmp_path / "acme-example.xlsx"
    assert load_workbook(empty)[ALARMS.title].cell(ALARMS.first_row, 1).value is None

    demo = ROOT / "inventories/demo/group_vars/all"
    contract, agreed = (yaml.safe_load((demo / f"{name}.yml").read_text(encoding="utf-8"))[name] for name in ("contract", "sheet"))
    workbook.take_in(workbook.Setting(contract), example, tmp_path / "sheet.yml", None, outside=sheet_outside_names(agreed)).write()
    assert yaml.safe_load((tmp_path / "sheet.yml").read_text(encoding="utf-8"))["sheet"] == {name: value for name, value in agreed.items() if name not in PARTS}
    refused = run_playbook(["-i", tmp_path / "acme", ROOT / "playbooks/sheet_import.yml", "-e", f"sheet_workbook={example}"], rc=2)
    assert "「123456789012」のブックです" in refused.output


def test_a_bad_workbook_is_told_in_full_and_writes_nothing(customer):
    place, run = customer
    run("export")
    set_threshold(place / "acme.xlsx", "多い")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    refused = run("import", rc=2)
    assert f"{ALARMS.title}!" in refused.output and "「多い」は数値ではありません" in refused.output and "Traceback" not in refused.output
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
