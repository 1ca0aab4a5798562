# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workbook's laws: what goes out comes back, for random sheets of every kind, through rows and through files."""

from __future__ import annotations

import io
import re
import time
import warnings
import zipfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from ansible_collections.msp.aws.plugins.module_utils._options import named, spread
from ansible_collections.msp.aws.plugins.plugin_utils import (
    _workbook_history,
    _workbook_read,
    _workbook_rows,
    _workbook_write,
    _workbook_yaml,
    sheets,
    workbook,
)
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import HEADING_ROW, LONGEST_TITLE, layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import MARKS, TEXTS, TYPES, WORDS
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.workbooks import JSON, TEXT
from tests.workbooks import sheets as random_sheets

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "inventories" / "demo" / "group_vars" / "all"
CONTRACT = yaml.safe_load((DEMO / "contract.yml").read_text(encoding="utf-8"))["contract"]
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, print_blob=False, database=None)
LAYOUT = layout("ja")


def of_the_cells(faults):
    """Faults in the form of cells. What a random value means in AWS is no matter here."""
    return [fault for fault in faults if fault.code not in (None, "not_there", "not_here", "no_zone")]


def through_a_file(path, mine, sheet):
    rows, faults = _workbook_rows.rows_of(mine, sheet)
    assert faults == []
    path.write_bytes(_workbook_write.workbook(mine, rows, CONTRACT))
    found = _workbook_read.read(path, mine, rows, CONTRACT, {})
    assert of_the_cells(found.faults) == []
    return found.sheet


@pytest.fixture
def place(tmp_path):
    """An inventory with the demo's sheet, without comments that an import would lose, and its workbook."""
    (tmp_path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=demo_sheet())), encoding="utf-8")
    (tmp_path / "book.xlsx").write_bytes(demo_workbook())
    return tmp_path


@cache
def demo_workbook():
    """Made once: it takes seconds."""
    return _workbook_write.workbook(LAYOUT, _workbook_rows.rows_of(LAYOUT, demo_sheet())[0], CONTRACT)


def demo_sheet():
    return _workbook_yaml.load((DEMO / "sheet.yml").read_text(encoding="utf-8"))["sheet"]


def take_in(place, **more):
    return workbook.take_in(workbook.Setting(CONTRACT), place / "book.xlsx", place / "sheet.yml", place / "history.yml", **{"today": "2026-07-01", **more})


def edit(path, *edits):
    """Write values as a person does: (worksheet, row key, column key, value); a new row where the key is None."""
    book = load_workbook(path)
    for key, row, column, value in edits:
        table = LAYOUT.by_key[key]
        sheet = book[table.title]
        numbers = {cell.value: cell.column for cell in sheet[table.heading_row]}
        name = numbers[table.kind.identity[-1] if table.option is None else table.columns[0].key]
        line = next(number for number in range(table.first_row, 3000) if sheet.cell(number, name).value == row)
        sheet.cell(line, numbers[column]).value = value
    book.save(path)


# ---- there and back


@pytest.mark.parametrize("name", kinds())
def test_rows_are_the_sheet(name):
    mine = LAYOUT.of([name])

    @given(random_sheets(kinds()[name]))
    @settings(QUIET, max_examples=15)
    def law(sheet):
        rows, faults = _workbook_rows.rows_of(mine, sheet)
        assert faults == []
        reading = _workbook_rows.sheet_of(mine, rows)
        assert reading.faults == []
        assert reading.sheet == _workbook_rows.canonical_sheet(sheet, mine)

    law()


@pytest.mark.parametrize("name", kinds())
def test_import_after_export_after_import_is_the_identity(name, tmp_path):
    mine = LAYOUT.of([name])

    @given(random_sheets(kinds()[name]))
    @settings(QUIET, max_examples=2)
    def law(sheet):
        once = through_a_file(tmp_path / "one.xlsx", mine, sheet)
        assert once == _workbook_rows.canonical_sheet(sheet, mine)
        assert through_a_file(tmp_path / "two.xlsx", mine, once) == once
        assert _workbook_yaml.load(_workbook_yaml.dump(once)) == once

    law()


@pytest.mark.parametrize("name", kinds())
def test_the_canonical_form_asks_for_the_same(name):
    """Nothing that an entry names is lost in the form in which the workbook gives it back, but what names nothing."""
    kind = kinds()[name]

    @given(random_sheets(kind))
    @settings(QUIET, max_examples=10)
    def law(sheet):
        given = sheet[name] if isinstance(sheet[name], list) else [sheet[name]]
        for entry in given:
            made = _workbook_rows.canonical_entry(kind, entry)
            assert _workbook_rows.canonical_entry(kind, made) == made
            asked, kept = (asks(kind.options, one) for one in (entry, made))
            assert {key: str(value) for key, value in asked.items()} == {key: str(value) for key, value in kept.items()}

    law()


def asks(options, entry):
    """option → what an entry asks of it, without what asks nothing; numbers as numbers."""
    return {key: value for key, value in plain(named(options, spread(options, entry))).items() if value not in ({}, None)}


def plain(value):
    """Empty structures and lists of nothing left out, whole floats as whole numbers."""
    if isinstance(value, dict):
        inner = {key: plain(one) for key, one in sorted(value.items()) if key in ("set",) or one not in ([], None)}
        return {key: one for key, one in inner.items() if one != {} or key == "set"}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return int(value) if isinstance(value, float) and value == int(value) else value


def test_the_demo_comes_back(place):
    assert take_in(place).files == {}
    found = _workbook_read.read(place / "book.xlsx", LAYOUT, {}, CONTRACT, {})
    assert found.faults == [] and found.sheet == _workbook_rows.canonical_sheet(demo_sheet(), LAYOUT)


def test_an_empty_template_is_an_empty_sheet(tmp_path):
    made = workbook.template(workbook.Setting(CONTRACT), tmp_path / "new.xlsx")
    made.write()
    assert workbook.template(workbook.Setting(CONTRACT), tmp_path / "new.xlsx").files == {}
    assert workbook.take_in(workbook.Setting(CONTRACT), tmp_path / "new.xlsx", tmp_path / "sheet.yml", None).files == {}


def test_a_workbook_that_lacks_entries_is_taken_in_only_when_told_so(place):
    """An old or an empty workbook would end agreements unseen; what was to be removed may go unasked."""
    lacking = demo_sheet()
    gone, removed = lacking["iam_groups"][0], dict(name="old", state="absent")
    rest = dict(demo_sheet(), iam_groups=[*lacking["iam_groups"][1:]], iam_users=[])
    sheet = dict(demo_sheet(), iam_groups=[*lacking["iam_groups"], removed])
    (place / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    (place / "book.xlsx").write_bytes(_workbook_write.workbook(LAYOUT, _workbook_rows.rows_of(LAYOUT, rest)[0], CONTRACT))
    with pytest.raises(workbook.Refused) as refused:
        take_in(place)
    names = [f"IAMグループ（{gone['name']}）", *(f"IAMユーザ（{user['name']}）" for user in lacking["iam_users"])]
    assert sorted(line.partition(": ")[0] for line in refused.value.lines) == sorted(names)
    assert all("契約外" in line and "force: true" in line for line in refused.value.lines)
    assert {change["what"] for change in take_in(place, force=True).changes} != set()


def test_what_is_lacking_is_told_with_what_is_wrong_elsewhere(place):
    sheet = demo_sheet()
    (place / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    rest = dict(sheet, iam_groups=sheet["iam_groups"][1:])
    (place / "book.xlsx").write_bytes(_workbook_write.workbook(LAYOUT, _workbook_rows.rows_of(LAYOUT, rest)[0], CONTRACT))
    with pytest.raises(workbook.Refused) as refused:
        take_in(place)
    assert {line.partition("（")[0].partition("!")[0] for line in refused.value.lines} == {"IAMユーザ", "IAMグループ"}, "who refers to it, and itself"


def test_true_is_no_number(place):
    """In Python they are equal."""
    trust = dict(Effect="Allow", Principal=dict(AWS="111122223333"), Action="sts:AssumeRole")
    role = dict(name="r", assume_role_policy=dict(Version="2012-10-17", Statement=[dict(trust, Condition=dict(Bool={"aws:MultiFactorAuthPresent": 1}))]))
    (place / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=dict(iam_roles=[role]))), encoding="utf-8")
    role["assume_role_policy"]["Statement"][0]["Condition"]["Bool"]["aws:MultiFactorAuthPresent"] = True
    (place / "book.xlsx").write_bytes(_workbook_write.workbook(LAYOUT, _workbook_rows.rows_of(LAYOUT, dict(iam_roles=[role]))[0], CONTRACT))
    (change,) = take_in(place).changes
    assert change["what"] == "r 信頼ポリシー" and change["before"] != change["after"]


# ---- the file


@given(st.lists(TEXT, min_size=1, max_size=30))
@settings(QUIET, max_examples=20)
@example(["=HYPERLINK(\"http://example.com\",\"x\")", "=1+1", "+1", "-1", "@x", "#N/A", "'x"])
def test_no_text_becomes_a_formula(texts):
    """Also another library reads every text as that text; no cell of a kind's worksheet holds a formula."""
    mine = LAYOUT.of(["iam_users"])
    sheet = dict(iam_users=[dict(name=f"u{index}", path=text) for index, text in enumerate(texts)])
    rows, dummy = _workbook_rows.rows_of(mine, sheet)
    data = _workbook_write.workbook(mine, rows, dict(CONTRACT, customer="=1+1"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not [name for name in archive.namelist() if name.startswith("xl/worksheets/") and b"<f>" in archive.read(name)]
    table = mine.by_key["iam_users"]
    written = [row.cells.get("path") for row in rows["iam_users"]]
    index = [column.key for column in table.columns].index("path")
    seen = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(table.title).to_python(skip_empty_area=False)
    assert [row[index] for row in seen[HEADING_ROW : HEADING_ROW + len(texts)]] == [text or "" for text in written]


def test_another_library_sees_every_worksheet():
    """Every title, every heading and every name, read by others' code; titles fit into Excel and are unique there."""
    data = demo_workbook()
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names[:3] == ["表紙", "目次", LAYOUT.tables[0].title] and len({title.casefold() for title in book.sheet_names}) == len(book.sheet_names)
    assert max(map(len, book.sheet_names)) <= LONGEST_TITLE
    for table in LAYOUT.tables:
        seen = book.get_sheet_by_name(table.title).to_python(skip_empty_area=False)
        assert seen[HEADING_ROW - 1][: len(table.columns)] == [column.key for column in table.columns]


def test_the_same_sheet_is_the_same_file():
    rows, dummy = _workbook_rows.rows_of(LAYOUT.of(["ec2_vpcs"]), dict(ec2_vpcs=demo_sheet()["ec2_vpcs"]))
    one, other = (_workbook_write.workbook(LAYOUT.of(["ec2_vpcs"]), rows, CONTRACT) for dummy in "ab")
    assert _workbook_write.same(one, other) and not _workbook_write.same(one, demo_workbook())


def test_every_option_of_every_kind_has_a_place():
    """Each leaf of each declaration is a column, once; each list of dictionaries a worksheet."""

    def leaves(options, path=()):
        for name, option in options.items():
            yield from leaves(option.options, (*path, name)) if option.options else [(*path, name)]

    for name, kind in kinds().items():
        mine = LAYOUT.of([name])
        columns = [(*table.path, *column.path) for table in mine.tables for column in table.columns if column.role == "value"]
        assert sorted(columns) == sorted(leaves(kind.options))


def test_what_a_customer_reads_is_in_the_workbook():
    """Marks, pull-downs and AWS's own default, at one option of each sort."""
    book = load_workbook(io.BytesIO(demo_workbook()))
    sheet = book[LAYOUT.by_key["ec2_volumes"].title]
    above = {cell.value: [sheet.cell(row, cell.column).value or "" for row in range(1, HEADING_ROW)] for cell in sheet[HEADING_ROW]}
    assert any("必須" in text for text in above["availability_zone"]) and any("作成後変更不可" in text for text in above["snapshot_id"])
    assert any("gp2" in text and "既定値" in text for text in above["volume_type"]) and any("「なし」可" in text for text in above["tags"])
    rules = {str(rule.sqref).split(":", maxsplit=1)[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    letters = {cell.value: cell.column_letter for cell in sheet[HEADING_ROW]}
    assert "gp3" in rules[f"{letters['volume_type']}{HEADING_ROW + 1}"] and rules[f"{letters['encrypted']}{HEADING_ROW + 1}"] == '"TRUE,FALSE"'
    inner = book[LAYOUT.by_key["ec2_volumes.attachments"].title]
    assert {"REF_ec2_instances", "REF_ec2_volumes"} <= {rule.formula1 for rule in inner.data_validations.dataValidation}
    assert "REF_ec2_instances" in book.defined_names


# ---- importing


def test_explanations_leave_most_of_a_printed_page_to_what_is_filled_in():
    book = load_workbook(io.BytesIO(demo_workbook()))
    heights = {table.title: sum(book[table.title].row_dimensions[row].height for row in (6, 7)) for table in LAYOUT.worksheets}
    assert {title: height for title, height in heights.items() if height > _workbook_write.PAGE_HEIGHT * 0.4} == {}


def test_no_default_is_told_that_is_none():
    """A disk's type comes from the image; an age of 0 is no age."""
    for kind, key in (("ec2_instances", "root_volume.volume_type"), ("iam_password_policy", "max_password_age")):
        table = LAYOUT.by_key[kind]
        assert "既定値" not in _workbook_write.blank_behaviour(table, table.column(key), LAYOUT.words)


def test_a_change_is_one_line_of_the_history_and_the_next_import_has_nothing_to_do(place):
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5))
    outcome = take_in(place, ticket="REQ-1")
    (change,) = outcome.changes
    table = LAYOUT.by_key["cloudwatch_alarms"]
    letter = load_workbook(place / "book.xlsx")[table.title].cell(1, [column.key for column in table.columns].index("threshold") + 1).column_letter
    assert change == dict(worksheet=table.title, cell=f"{letter}{table.first_row}", what=change["what"], before="1", after="5")
    outcome.write()
    written = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert written["cloudwatch_alarms"][0]["threshold"] == 5
    assert (place / "sheet.yml").read_text(encoding="utf-8").startswith("---\n# Made from the workbook book.xlsx, version 1 of 2026-07-01.")
    told = [[cell.value for cell in row] for row in load_workbook(place / "book.xlsx")["変更履歴"].iter_rows(min_row=4)]
    assert told.pop() == [None] * 8, "an empty row, as which further ones look"
    assert told == [[1, "2026-07-01", "REQ-1", change["worksheet"], change["cell"], change["what"], "1", "5"]]
    assert take_in(place).files == {}
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 6))
    assert take_in(place).version == 2


@pytest.mark.parametrize(
    "language, told, others",
    [("ja", "VPC!C9（v）: （空欄） → 名前: v、タグ: A=1", "ほか 5 件"), ("en", "VPC!C9 (v): (blank) → 名前: v; タグ: A=1", "others: 5")],
)
def test_changes_are_told_in_as_many_lines_as_a_person_reads(language, told, others):
    changes = [dict(worksheet="VPC", cell="C9", what="v", before="", after=f"名前: v\nタグ: A=1{'x' * 200 * (number == 1)}") for number in range(25)]
    lines = _workbook_history.lines(changes, language)
    assert lines[0] == told and lines[1].endswith("x…") and len(lines[1]) < 200 and lines[20:] == [others]


def test_a_policy_is_told_as_one_value():
    after = '信頼ポリシー: {\n "Statement": [\n  {\n   "Effect": "Allow",\n   "Action": "*"\n  }\n ]\n}\nタグ: A=1\nB=2'
    (line,) = _workbook_history.lines([dict(worksheet="IAMロール", cell="A9", what="r", before="", after=after)], "ja")
    assert line.endswith('→ 信頼ポリシー: { "Statement": [ { "Effect": "Allow", "Action": "*" } ] }、タグ: A=1、B=2')


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])  # one of them has another day than Japan, always
def test_the_day_of_a_version_is_that_of_japan(place, monkeypatch, zone):
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        take_in(place, today="").write()
    finally:
        monkeypatch.undo()
        time.tzset()
    (version,) = yaml.safe_load((place / "history.yml").read_text(encoding="utf-8"))["sheet_history"]
    assert version["date"] == (datetime.now(UTC) + timedelta(hours=9)).date().isoformat()


def test_a_name_with_blanks_behind_it_has_its_cell_in_the_history(place):
    edit(
        place / "book.xlsx",
        ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5),
        ("cloudwatch_alarms", "smp-web-nginx-error", "name", "smp-web-nginx-error　 "),
    )
    (change,) = take_in(place).changes
    assert change["before"] == "1" and change["cell"].endswith("9")


def test_line_ends_of_windows_and_what_excel_escapes_are_what_they_mean(place):
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "description", "one_x000D_\ntwo_x005F_x000D_"))
    take_in(place).write()
    sheet = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert sheet["cloudwatch_alarms"][0]["description"] == "one\ntwo_x000D_"


def test_texts_as_excel_writes_them_are_what_they_mean(place):
    """In a part of their own, to which the cells refer."""
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "description", "moved"))
    shared = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>two_x005F_x000D_ _x0041_</t></si></sst>'
    named = 'PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"'
    parts = {}
    with zipfile.ZipFile(place / "book.xlsx") as old:
        for name in old.namelist():
            moved = re.sub(rb't="inlineStr"><is><t>moved</t></is>', b't="s"><v>0</v>', old.read(name))
            parts[name] = moved.replace(b"</Types>", f"<Override {named}/></Types>".encode()) if name.startswith("[") else moved
    with zipfile.ZipFile(place / "book.xlsx", "w") as new:
        for name, content in {**parts, "xl/sharedStrings.xml": shared}.items():
            new.writestr(name, content)
    (change,) = take_in(place).changes
    take_in(place).write()
    sheet = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert sheet["cloudwatch_alarms"][0]["description"] == "two_x000D_ A" and change["what"].startswith("smp-web-nginx-error")


def test_three_values_of_a_cell(place):
    """Blank leaves alone, the mark takes away, a value sets; in the state column the mark takes the thing itself away."""
    edit(
        place / "book.xlsx",
        ("cloudwatch_alarms", "smp-web-nginx-error", "description", "なし"),
        ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", None),
        ("ec2_volumes", "smp-web01-www", "tags", "Backup=なし\nOwner=web"),
        ("ec2_volumes", "smp-web02-www", "@state", "なし"),
        ("iam_users", "smp-viewer01", "groups", "これだけ\nsmp-admins"),
        ("iam_users", "smp-admin01", "groups", "smp-readers\nsmp-admins=なし"),
        ("ec2_security_groups.ingress", "smp-db", "@state", "なし"),
        ("ec2_security_groups", "smp-vpce", "ingress", "これだけ"),
    )
    take_in(place).write()
    sheet = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    by_name = {name: {entry["name"]: entry for entry in sheet[name]} for name in ("cloudwatch_alarms", "ec2_volumes", "iam_users", "ec2_security_groups")}
    alarm = by_name["cloudwatch_alarms"]["smp-web-nginx-error"]
    assert alarm["clear"] == ["description"] and not {"description", "threshold"} & set(alarm)
    assert by_name["ec2_volumes"]["smp-web01-www"]["clear"] == ["tags.Backup"] and by_name["ec2_volumes"]["smp-web01-www"]["tags"] == dict(Owner="web")
    assert by_name["ec2_volumes"]["smp-web02-www"]["state"] == "absent"
    assert by_name["iam_users"]["smp-viewer01"]["groups"] == dict(set=["smp-admins"])
    assert by_name["iam_users"]["smp-admin01"]["groups"] == dict(add=["smp-readers"], remove=["smp-admins"])
    assert by_name["ec2_security_groups"]["smp-db"]["ingress"] == dict(remove=[dict(protocol="tcp", from_port=3306, to_port=3306, security_group="smp-app")])
    assert list(by_name["ec2_security_groups"]["smp-vpce"]["ingress"]) == ["set"]
    assert sheets.faults(sheet) == []


def test_secrets_and_expressions_stay_in_the_file(tmp_path):
    """They are not in the workbook, not in the history and not in the diff, and come back as they were; braces from a workbook are no expression."""
    text = '---\nsheet:\n  iam_groups:\n    - {name: g, path: "{{ group_path }}"}\n    - {name: h, path: /x/}\n  cloudwatch_alarms:\n    - {name: a}\n'
    text += "  ec2_instances:\n    - {name: i, user_data: hunter2, subnet: s}\n"
    text += "    - name: j\n      subnet: s\n      user_data: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n"
    (tmp_path / "sheet.yml").write_text(text, encoding="utf-8")
    setting = workbook.Setting(CONTRACT)
    workbook.export(setting, tmp_path / "sheet.yml", None, tmp_path / "book.xlsx").write()
    content = b"".join(zipfile.ZipFile(tmp_path / "book.xlsx").read(name) for name in zipfile.ZipFile(tmp_path / "book.xlsx").namelist())
    assert b"hunter2" not in content and b"group_path" not in content and b"ANSIBLE_VAULT" not in content
    edit(tmp_path / "book.xlsx", ("cloudwatch_alarms", "a", "description", "{{ lookup('pipe', 'id') }}"), ("ec2_instances", "i", "monitoring", True))
    outcome = workbook.take_in(setting, tmp_path / "book.xlsx", tmp_path / "sheet.yml", tmp_path / "history.yml", outside=dict(ec2_subnets=["s"]))
    assert "hunter2" not in "".join(outcome.shown()) + str(outcome.changes) and "ANSIBLE_VAULT" not in "".join(outcome.shown())
    outcome.write()
    written = (tmp_path / "sheet.yml").read_text(encoding="utf-8")
    assert 'path: "{{ group_path }}"' in written and "description: !unsafe \"{{ lookup('pipe', 'id') }}\"" in written
    assert "user_data: hunter2" in written and "!vault |" in written and "$ANSIBLE_VAULT;1.1;AES256\n" in written
    assert "hunter2" not in (tmp_path / "history.yml").read_text(encoding="utf-8")


EXPRESSIONS = dict(
    of_a_state='iam_users: [{name: u, state: "{{ x }}"}]',
    of_an_id='ec2_vpcs: [{id: "{{ x }}", enable_dns_support: true}, {id: "{{ y }}", enable_dns_support: false}]',
    of_a_name='s3_buckets: [{name: "{{ x }}", cors_rules: [{allowed_origins: ["*"], allowed_methods: [GET]}]}]',
    of_a_name_that_is_part_of_another='ec2_subnets: [{name: a, vpc: "{{ x }}"}, {name: a, vpc: "{{ y }}"}]',
    of_what_names_a_row="ec2_security_groups: [{name: s, description: d, vpc: '{{ v }}', "
    "ingress: [{protocol: '-1', cidr_ipv4: '{{ x }}'}, {protocol: '-1', cidr_ipv4: '{{ y }}'}]}]",
    of_a_list_with_verbs='iam_users: [{name: u, groups: {set: "{{ x }}"}}, {name: v, groups: ["{{ x }}", g]}]',
)


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_an_expression_stays_what_it_is_when_something_else_changes(tmp_path, case):
    text = f"sheet:\n  {EXPRESSIONS[case]}\n"
    (tmp_path / "sheet.yml").write_text(text, encoding="utf-8")
    setting = workbook.Setting(CONTRACT)
    workbook.export(setting, tmp_path / "sheet.yml", None, tmp_path / "book.xlsx").write()
    assert take_in(tmp_path).files == {}
    book = load_workbook(tmp_path / "book.xlsx")
    table = LAYOUT.by_key["sns_topics"]
    book[table.title].cell(table.first_row, [column.key for column in table.shown].index("name") + 1).value = "another"
    book.save(tmp_path / "book.xlsx")
    take_in(tmp_path).write()
    (kind,) = (before := _workbook_yaml.load(text)["sheet"])
    after = _workbook_yaml.load((tmp_path / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert after.pop("sns_topics") == [dict(name="another")] and after == before
    assert hidden_in(after) == hidden_in(before) and "!unsafe" not in (tmp_path / "sheet.yml").read_text(encoding="utf-8"), kind


def test_the_history_names_no_row_by_what_is_not_shown(tmp_path):
    (tmp_path / "sheet.yml").write_text('sheet:\n  iam_groups: [{name: "{{ x }}", path: /}]\n', encoding="utf-8")
    workbook.export(workbook.Setting(CONTRACT), tmp_path / "sheet.yml", None, tmp_path / "book.xlsx").write()
    edit(tmp_path / "book.xlsx", ("iam_groups", MARKS["ja"].kept, "path", "/x/"))
    (change,) = take_in(tmp_path).changes
    assert change["what"].startswith("********") and "{{ x }}" not in str(change) and (change["before"], change["after"]) == ("/", "/x/")


def hidden_in(value):
    """A Hidden is equal to a text, so they are counted."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, _workbook_yaml.Hidden) + sum(hidden_in(one) for one in inner)


WITHOUT_CELLS = dict(
    entry=('iam_users: ["{{ x }}"]', "iam_users[1]"),
    one_of_several_entries=('s3_buckets: [{name: b}, !vault "x"]', "s3_buckets[2]"),
    structure=('s3_buckets: [{name: b, website: "{{ x }}"}]', "s3_buckets b website"),
    rows=('s3_buckets: [{name: b, cors_rules: "{{ x }}"}]', "s3_buckets b cors_rules"),
    row=('s3_buckets: [{name: b, cors_rules: ["{{ x }}"]}]', "s3_buckets b cors_rules"),
    rows_with_verbs=('ec2_security_groups: [{name: s, vpc: v, ingress: "{{ x }}"}]', "ec2_security_groups v/s ingress"),
    rows_of_a_verb=('ec2_security_groups: [{name: s, vpc: v, ingress: {set: "{{ x }}"}}]', "ec2_security_groups v/s ingress"),
    row_of_a_verb=('ec2_security_groups: [{name: s, vpc: v, ingress: {add: ["{{ x }}"]}}]', "ec2_security_groups v/s ingress"),
    clear=('ec2_vpcs: [{name: v, clear: "{{ x }}"}]', "ec2_vpcs v clear"),
    cleared=('ec2_vpcs: [{name: v, clear: ["{{ x }}"]}]', "ec2_vpcs v clear"),
)


@pytest.mark.parametrize("case", WITHOUT_CELLS)
def test_an_expression_for_more_than_a_cell_is_refused_both_ways(place, case):
    text, where = WITHOUT_CELLS[case]
    (place / "sheet.yml").write_text(f"sheet:\n  {text}\n", encoding="utf-8")
    for language, said in dict(ja="式（{{ … }}）か !vault", en="is an expression or !vault").items():
        setting = workbook.Setting(CONTRACT, language)
        for way in (
            lambda setting: workbook.export(setting, place / "sheet.yml", None, place / "again.xlsx"),
            lambda setting: workbook.take_in(setting, place / "book.xlsx", place / "sheet.yml", None),
        ):
            with pytest.raises(workbook.Refused) as refused:
                way(setting)
            (line,) = refused.value.lines
            assert said in line and line.endswith(f": {where}")


RULES_OF_A_BUCKET = [("GET", "{{ a }}"), ("PUT", "{{ b }}"), ("HEAD", "{{ c }}")]
KEPT_ROWS = dict(  # what becomes of the rows, by their methods and which origins these have then
    first_gone=(["PUT", "HEAD"], "bc"),
    last_gone=(["GET", "PUT"], "ab"),
    swapped=(["PUT", "GET", "HEAD"], "bac"),
    one_changed=(["GET", "POST", "HEAD"], "abc"),
    one_twice=(["GET", "PUT", "HEAD", "PUT"], "abcb"),
    one_gone_and_one_changed=(["PUT", "POST"], None),
    one_gone_and_one_new=(["PUT", "HEAD", "POST"], None),
    two_changed=(["POST", "DELETE", "HEAD"], None),
    one_new=(["GET", "PUT", "HEAD", "POST"], None),
)


@pytest.mark.parametrize("case", KEPT_ROWS)
def test_what_is_kept_goes_to_no_other_row(tmp_path, case):
    """The rules have no names: only what else they say tells whose value is meant."""
    methods, origins = KEPT_ROWS[case]
    rules = [dict(allowed_origins=_workbook_yaml.Hidden(value), allowed_methods=[method]) for method, value in RULES_OF_A_BUCKET]
    mine, sheet = LAYOUT.of(["s3_buckets"]), dict(s3_buckets=[dict(name="bucket", cors_rules=rules)])
    rows = _workbook_rows.rows_of(mine, sheet)[0]
    (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(mine, rows, CONTRACT))
    book = load_workbook(tmp_path / "book.xlsx")
    table = mine.by_key["s3_buckets.cors_rules"]
    columns = [column.key for column in table.shown]
    filled = [cell.value for cell in book[table.title][table.first_row]]
    book[table.title].delete_rows(table.first_row, len(rules))
    for number, method in enumerate(methods, table.first_row):
        for index, value in enumerate(filled, 1):
            book[table.title].cell(number, index).value = method if index == columns.index("allowed_methods") + 1 else value
    book.save(tmp_path / "book.xlsx")
    found = _workbook_read.read(tmp_path / "book.xlsx", mine, rows, CONTRACT, {})
    if origins is None:
        assert found.faults and {fault.code for fault in found.faults} == {"kept_unclear"}
    else:
        kept = [(rule["allowed_methods"], rule["allowed_origins"]) for rule in found.sheet["s3_buckets"][0]["cors_rules"]]
        assert found.faults == [] and kept == [([method], f"{{{{ {one} }}}}") for method, one in zip(methods, origins, strict=True)]


def test_a_secret_that_comes_in_clear_is_told_at_its_cell(place):
    edit(place / "book.xlsx", ("ec2_instances", "smp-web01", "user_data", "hunter2"))
    (warning,) = take_in(place).warnings
    table = LAYOUT.by_key["ec2_instances"]
    assert warning.startswith(f"{table.title}!") and "ansible-vault" in warning and "hunter2" not in warning
    take_in(place).write()
    workbook.export(workbook.Setting(CONTRACT), place / "sheet.yml", None, place / "book.xlsx").write()
    edit(place / "book.xlsx", ("ec2_instances", "smp-web01", "monitoring", True))
    assert take_in(place).warnings == []


def test_an_old_workbook_that_takes_a_change_back_is_told(place):
    old = (place / "book.xlsx").read_bytes()
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5))
    first = take_in(place, ticket="REQ-1")
    assert first.warnings == []
    first.write()
    (place / "book.xlsx").write_bytes(old)
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "description", "another"))
    (warning,) = take_in(place, ticket="REQ-2").warnings
    table = LAYOUT.by_key["cloudwatch_alarms"]
    assert warning.startswith(f"{table.title}!") and "版 1 REQ-1 での変更を元に戻します（現在「5」、取り込み後「1」）" in warning
    workbook.export(workbook.Setting(CONTRACT), place / "sheet.yml", place / "history.yml", place / "book.xlsx").write()
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 1))
    assert take_in(place).warnings == [], "one that was made from the last version is not old"


def test_a_workbook_with_some_kinds_leaves_the_others_alone(place):
    setting = workbook.Setting(CONTRACT, only=("iam_groups",))
    (place / "some.yml").write_text(_workbook_yaml.dump(dict(sheet=dict(iam_groups=demo_sheet()["iam_groups"]))), encoding="utf-8")
    workbook.export(setting, place / "some.yml", None, place / "book.xlsx").write()
    edit(place / "book.xlsx", ("iam_groups", "smp-readers", "path", "/x/"))
    take_in(place).write()
    written = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"]
    assert written["iam_groups"][1]["path"] == "/x/" and written.keys() == demo_sheet().keys()


def test_a_company_has_its_own_headings_and_layout(tmp_path):
    columns = {"cidr_block": "ネットワーク", "name": "名称", "vpc": "所属", "availability_zone": "AZ", "@state": "処理"}
    facts = dict(worksheet="サブネット一覧", heading_row=3, first_row=5, columns=columns, ignore=["備考", "担当"])
    mapping = dict(ignore=["メモ"], tables=dict(ec2_subnets=facts))
    (tmp_path / "mapping.yml").write_text(_workbook_yaml.dump(mapping), encoding="utf-8")
    (tmp_path / "sheet.yml").write_bytes((DEMO / "sheet.yml").read_bytes())
    setting = workbook.Setting(CONTRACT, mapping=tmp_path / "mapping.yml")
    workbook.export(setting, tmp_path / "sheet.yml", None, tmp_path / "book.xlsx").write()
    book = load_workbook(tmp_path / "book.xlsx")
    sheet = book["サブネット一覧"]
    assert [cell.value for cell in sheet[3]] == list(columns.values()) and sheet["A5"].value == "10.20.0.0/24"
    book.create_sheet("メモ")["A1"] = "自由な記述"
    sheet.insert_cols(1, 2)  # two columns of the company's own, of which one comes again, and a row above
    sheet["A3"], sheet["A5"], sheet["B3"], sheet["B5"], sheet["H3"], sheet["H6"] = "備考", "社内用", "担当", 7, "備考", "-"
    sheet.insert_rows(1)
    book.save(tmp_path / "book.xlsx")
    assert workbook.take_in(setting, tmp_path / "book.xlsx", tmp_path / "sheet.yml", None).files == {}


FIREWALL = {"name": "FWグループ", "vpc": "所属VPC", "description": "説明文", "ingress": "受信ルール"}
RULES = {"@parent1": "FWグループ名", "protocol": "種別", "from_port": "開始", "to_port": "終了", "cidr_ipv4": "接続元IP", "security_group": "接続元FW"}
NETWORK = {"ec2_vpcs": dict(worksheet="網"), "ec2_security_groups": dict(worksheet="FW", columns=FIREWALL), "ec2_security_groups.ingress": dict(columns=RULES)}
IN_THE_COMPANYS_WORDS = dict(
    ports=(("ingress", "C9", 70000), "（開始）: ポートは 0 から 65535 まで、開始 は 終了 以下で書いてください"),
    lacking=(("ingress", "D9", None), "（終了）: 終了 が必要です"),
    two_of_one=(("ingress", "F9", "smp-app"), "送信元（IPv6 CIDR）, 送信元（プレフィックスリスト）, 接続元FW。現在の値: 「接続元IP, 接続元FW」"),
    no_thing=(("ingress", "F11", "smp-none"), "（接続元FW）: 「smp-none」という FW はこのブックにありません"),
    no_group=(("ingress", "A9", "smp-none"), "（FWグループ名）: 「smp-none」は「FW」のシートにありません"),
    no_network=((None, "B9", "smp-none"), "FW!B9（所属VPC）: 「smp-none」という 網 はこのブックにありません"),
)


@pytest.mark.parametrize("case", IN_THE_COMPANYS_WORDS)
def test_what_is_wrong_is_told_in_the_companys_words(place, case):
    (list_name, address, value), expected = IN_THE_COMPANYS_WORDS[case]
    (place / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables=NETWORK)), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, mapping=place / "mapping.yml", only=("ec2_vpcs", "ec2_security_groups"))
    sheet = {kind: entries for kind, entries in demo_sheet().items() if kind in setting.only}
    (place / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    workbook.export(setting, place / "sheet.yml", None, place / "mapped.xlsx").write()
    book = load_workbook(place / "mapped.xlsx")
    table = setting.layout().by_key[f"ec2_security_groups.{list_name}" if list_name else "ec2_security_groups"]
    book[table.title][address].value = value
    book.save(place / "mapped.xlsx")
    with pytest.raises(workbook.Refused) as refused:
        workbook.take_in(setting, place / "mapped.xlsx", place / "sheet.yml", None)
    (line,) = refused.value.lines
    assert line.startswith(f"{table.title}!") and expected in line


def mapped(place, columns, edits=(), **tables):
    """An import of the demo's workbook through a mapping; the sheet before and after."""
    tables = {"ec2_vpcs": dict(columns=columns), **tables}
    (place / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables=tables)), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, mapping=place / "mapping.yml")
    made, before = setting.layout(), demo_sheet()
    (place / "book.xlsx").write_bytes(_workbook_write.workbook(made, _workbook_rows.rows_of(made, before)[0], CONTRACT))
    book = load_workbook(place / "book.xlsx")
    for title, address, value in edits:
        book[title][address].value = value
    book.save(place / "book.xlsx")
    outcome = workbook.take_in(setting, place / "book.xlsx", place / "sheet.yml", None, force=bool(edits))
    outcome.write()
    return before, yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"], outcome


def test_what_the_mapping_has_no_column_for_stays_as_it_was(place):
    before, after, outcome = mapped(place, dict(name="名称", cidr_block="範囲"))
    assert "enable_dns_support" in before["ec2_vpcs"][0] and outcome.files == {} and after == before
    edits = [("VPC", "B9", True), ("VPC", "A10", "new"), ("VPC", "B10", False)]
    before, after, outcome = mapped(place, dict(name="名称", amazon_provided_ipv6_cidr_block="IPv6"), edits)
    expected = [dict(before["ec2_vpcs"][0], amazon_provided_ipv6_cidr_block=True), dict(name="new", amazon_provided_ipv6_cidr_block=False)]
    assert after["ec2_vpcs"] == expected
    assert [change["after"] for change in outcome.changes] == ["TRUE", "名称: new\nIPv6: FALSE"]


def test_so_do_lists_that_the_mapping_has_no_column_for(place):
    """Their worksheets are not there; the rules go with the group they belong to, and only with it."""
    mine = dict(ec2_security_groups=dict(worksheet="組", columns=dict(vpc="VPC", name="名称", description="説明")))
    before, after, outcome = mapped(place, dict(name="名称"), **mine)
    assert outcome.files == {} and after == before
    assert len(load_workbook(place / "book.xlsx").sheetnames) < len(load_workbook(io.BytesIO(demo_workbook())).sheetnames)
    number = [group["name"] for group in before["ec2_security_groups"]].index("smp-db")
    gone = [("組", f"{letter}{number + 9}", None) for letter in "ABC"]
    before, after, outcome = mapped(place, dict(name="名称"), gone, **mine)
    assert after["ec2_security_groups"] == [group for group in before["ec2_security_groups"] if group["name"] != "smp-db"]
    assert any(change["before"] for change in outcome.changes)


def test_what_is_to_be_monitored_stays_in_the_file(place):
    """No worksheet has it."""
    document = yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))
    document["sheet"]["monitoring"] = dict(ec2=[dict(name="smp-web01")])
    (place / "sheet.yml").write_text(_workbook_yaml.dump(document), encoding="utf-8")
    made = workbook.export(workbook.Setting(CONTRACT), place / "sheet.yml", None, place / "again.xlsx")
    assert "again.xlsx" in {path.name for path in made.files}
    edit(place / "book.xlsx", ("logs_log_groups", "smp-trail", "retention_in_days", 545))
    kept = yaml.safe_load(take_in(place).files[place / "sheet.yml"])["sheet"]
    assert kept["monitoring"] == document["sheet"]["monitoring"]


def test_rows_that_the_mapping_cannot_tell_apart_are_not_guessed(tmp_path):
    rules = [dict(protocol="tcp", from_port=1, to_port=1, cidr_ipv4=f"10.0.0.{number}/32") for number in (1, 2)]
    sheet = dict(ec2_security_groups=[dict(name="g", vpc="v", description="d", ingress=rules)])
    (tmp_path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    columns = {"@parent1": "親", "protocol": "種別", "from_port": "から", "to_port": "まで"}
    (tmp_path / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables={"ec2_security_groups.ingress": dict(columns=columns)})), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, mapping=tmp_path / "mapping.yml", only=("ec2_security_groups",))
    made = setting.layout()
    (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(made, _workbook_rows.rows_of(made, sheet)[0], CONTRACT))
    assert workbook.take_in(setting, tmp_path / "book.xlsx", tmp_path / "sheet.yml", None).files == {}  # to the VPC the sheet refers already
    book = load_workbook(tmp_path / "book.xlsx")
    table = made.by_key["ec2_security_groups.ingress"]
    book[table.title].delete_rows(table.first_row)
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(workbook.Refused) as refused:
        workbook.take_in(setting, tmp_path / "book.xlsx", tmp_path / "sheet.yml", None)
    (line,) = refused.value.lines
    assert line.startswith(f"{table.title}!A9: ") and "cidr_ipv4" in line


def vpcs(**facts):
    return dict(tables=dict(ec2_vpcs=facts))


NAMED = dict(name="名称")
WRONG_MAPPINGS = dict(
    a_list=([1], "組になっていません"),
    unknown_word=(dict(table={}), "「table」は使えません（「tables」"),
    unknown_table=(dict(tables=dict(ec2_subnet={})), "「ec2_subnet」は使えません"),
    tables_as_a_list=(dict(tables=[1]), "組で書いて"),
    ignore_as_a_text=(dict(ignore="メモ"), "一覧（リスト）"),
    ignore_of_numbers=(dict(ignore=[1]), "一覧（リスト）"),
    ignored_columns_as_a_text=(vpcs(ignore="備考"), "tables.ec2_vpcs.ignore: 文字列の一覧（リスト）"),
    no_table=(dict(tables=dict(ec2_vpcs=None)), "組で書いて"),
    unknown_facts=(vpcs(heading=3), "「heading」は使えません（「heading_row」"),
    unknown_column=(vpcs(columns=dict(NAMED, nam="x")), "「nam」は使えません"),
    no_columns=(vpcs(columns={}), "必要な列がありません: name"),
    columns_as_a_list=(vpcs(columns=["name"]), "組で書いて"),
    heading_as_a_list=(vpcs(columns=dict(name=[1])), "文字列で書いて"),
    blank_heading=(vpcs(columns=dict(name=" ")), "文字列で書いて"),
    heading_twice=(vpcs(columns=dict(name="x", cidr_block="x ")), "見出し「x」が 2 回"),
    heading_row_0=(vpcs(heading_row=0), "1 から 40"),
    heading_row_41=(vpcs(heading_row=41), "1 から 40"),
    heading_row_true=(vpcs(heading_row=True), "1 から 40"),
    first_row_above=(vpcs(heading_row=5, first_row=5), "見出しの行（5）より下"),
    first_row_above_the_usual=(vpcs(first_row=3), "見出しの行（8）より下"),
    slash_in_a_title=(vpcs(worksheet="A/B"), "ワークシートの名前にできません"),
    title_too_long=(vpcs(worksheet="あ" * 40), "ワークシートの名前にできません"),
    title_reserved=(vpcs(worksheet="History"), "ワークシートの名前にできません"),
    title_as_a_number=(vpcs(worksheet=3), "ワークシートの名前にできません"),
    title_of_the_cover=(vpcs(worksheet="表紙"), "他にあります"),
    title_of_another=(vpcs(worksheet="サブネット"), "他にあります"),
    title_twice=(dict(tables=dict(ec2_vpcs=dict(worksheet="a"), ec2_subnets=dict(worksheet="A"))), "他にあります"),
    rows_without_their_list=(
        dict(tables={"ec2_security_groups": dict(columns=dict(name="n", vpc="v")), "ec2_security_groups.ingress": dict(worksheet="x")}),
        "「ingress」の列がない",
    ),
)


@pytest.mark.parametrize("case", WRONG_MAPPINGS)
def test_a_wrong_mapping_is_told(tmp_path, case):
    mapping, part = WRONG_MAPPINGS[case]
    (tmp_path / "mapping.yml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    with pytest.raises(workbook.Refused) as refused:
        workbook.template(workbook.Setting(CONTRACT, mapping=tmp_path / "mapping.yml"), tmp_path / "book.xlsx")
    (line,) = refused.value.lines
    assert part in line and ("対応表" in line or case == "a_list")


RIGHT_MAPPINGS = [dict(heading_row=40), dict(heading_row=1, first_row=30), dict(worksheet="A-B", heading_row=2), dict(columns=dict(name=" 名称 "))]


@pytest.mark.parametrize("facts", RIGHT_MAPPINGS)
def test_a_right_mapping_comes_back(place, facts):
    before, after, outcome = mapped(place, NAMED, **dict(ec2_vpcs=facts))
    assert outcome.files == {} and after == before


LOGO, RULE = b"\x89PNG...", b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="urn:x"><x14:dataValidations count="1"/></ext></extLst>'


def test_what_the_company_has_in_its_workbook_besides_stays_byte_for_byte(place):
    """A logo and a rule that openpyxl would drop, and a worksheet whose cells look as the company likes; the two parts that are stamped are read by others."""
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "description", "new"))
    extra = io.BytesIO()
    with zipfile.ZipFile(place / "book.xlsx") as old, zipfile.ZipFile(extra, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</worksheet>", RULE + b"</worksheet>"))
        new.writestr("xl/media/image1.png", LOGO)
        new.writestr("xl/calcChain.xml", b"<calcChain/>")
    (place / "book.xlsx").write_bytes(extra.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        take_in(place, ticket='=1+1 <&"').write()
    with zipfile.ZipFile(extra) as old, zipfile.ZipFile(place / "book.xlsx") as new:
        assert set(old.namelist()) - set(new.namelist()) == {"xl/calcChain.xml"}
        differing = [name for name in new.namelist() if new.read(name) != old.read(name)]
        assert len(differing) == 2 and all(RULE in new.read(name) for name in differing)
    book = CalamineWorkbook.from_path(place / "book.xlsx")
    cover = {row[1]: row[2] for row in book.get_sheet_by_name("表紙").to_python(skip_empty_area=False) if row[1]}
    assert cover["版"] == "1" and cover["作成日"] == "2026-07-01" and cover["契約番号"] == CONTRACT["number"]
    (row,) = book.get_sheet_by_name("変更履歴").to_python(skip_empty_area=False)[3:4]
    assert row[:3] == [1, "2026-07-01", '=1+1 <&"'] and row[-1] == "new"
    history = load_workbook(place / "book.xlsx")["変更履歴"]
    assert history["H4"].alignment.wrap_text and history["H4"].border.left.style and history["C4"].quotePrefix and history["H5"].border.left.style
    assert (history.page_setup.fitToWidth or 1) == 1, "what was and what is stand on one page"


def test_what_excel_would_decode_is_escaped_in_the_history(place):
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5))
    take_in(place, ticket="_x000D_ \x0b]]>").write()
    with zipfile.ZipFile(place / "book.xlsx") as book:
        assert any(b">_x005F_x000D_ _x000B_]]&gt;<" in book.read(name) for name in book.namelist())


def test_a_workbook_whose_cells_of_version_and_day_are_not_there_gets_them(place):
    edit(place / "book.xlsx", ("cloudwatch_alarms", "smp-web-nginx-error", "threshold", 5))
    with zipfile.ZipFile(place / "book.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    cover = next(name for name in parts if name.endswith("sheet1.xml"))
    parts[cover] = re.sub(rb'<c r="C(?:9|10)"[^>]*/>|<c r="C(?:9|10)"[^>]*>.*?</c>', b"", parts[cover])
    with zipfile.ZipFile(place / "book.xlsx", "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    take_in(place).write()
    sheet = load_workbook(place / "book.xlsx")["表紙"]
    assert (sheet["C9"].value, sheet["C10"].value) == ("1", "2026-07-01")


def rules_without_their_networks(tmp_path, change):
    """An import through a mapping that has no column for the networks of two rules that differ in their descriptions."""
    rules = [dict(protocol="tcp", from_port=1, to_port=1, cidr_ipv4=f"10.0.0.{number}/32", description=f"d{number}") for number in (1, 2)]
    sheet = dict(ec2_security_groups=[dict(name="g", vpc="v", description="d", ingress=rules)])
    (tmp_path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    columns = {"@parent1": "親", "protocol": "種別", "from_port": "から", "to_port": "まで", "description": "説明"}
    (tmp_path / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables={"ec2_security_groups.ingress": dict(columns=columns)})), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, mapping=tmp_path / "mapping.yml", only=("ec2_security_groups",))
    made = setting.layout()
    book = load_workbook(io.BytesIO(_workbook_write.workbook(made, _workbook_rows.rows_of(made, sheet)[0], CONTRACT)))
    change(book[made.by_key["ec2_security_groups.ingress"].title])
    book.save(tmp_path / "book.xlsx")
    return workbook.take_in(setting, tmp_path / "book.xlsx", tmp_path / "sheet.yml", None).sheet["ec2_security_groups"][0]["ingress"]


def test_rows_in_another_order_keep_what_has_no_column(tmp_path):
    def change(sheet):
        sheet["E9"].value, sheet["E10"].value = "d2", "d1"

    rules = rules_without_their_networks(tmp_path, change)
    assert [(rule["description"], rule["cidr_ipv4"]) for rule in rules] == [("d2", "10.0.0.2/32"), ("d1", "10.0.0.1/32")]


def test_rows_of_which_it_is_not_known_what_they_were_are_not_guessed(tmp_path):
    """One was changed and one came: which of them has the network of the old one, nobody knows."""
    def change(sheet):
        for column, value in zip("ABCDE", ("g", "tcp", 1, 1, "new"), strict=True):
            sheet[f"{column}11"].value = value
        sheet["E10"].value = "changed"

    with pytest.raises(workbook.Refused) as refused:
        rules_without_their_networks(tmp_path, change)
    lines = refused.value.lines
    assert [line.partition(": ")[0].rpartition("!")[2] for line in lines] == ["A10", "A11"] and all("cidr_ipv4" in line for line in lines)


def rules(*numbers):
    return [dict(protocol="tcp", from_port=number, to_port=number, cidr_ipv4="10.0.0.0/8", description=f"d{number}") for number in numbers]


GROUPS = dict(
    ec2_vpcs=[dict(name="v", cidr_block="10.0.0.0/16"), dict(name="w", cidr_block="10.1.0.0/16")],
    ec2_security_groups=[dict(vpc="v", name="web", description="d", ingress=rules(1, 2))],
    iam_groups=[dict(name="g1", path="/a/"), dict(name="g2", path="/a/")],
)
INGRESS = "ec2_security_groups.ingress"
UNDESCRIBED = {INGRESS: dict(columns={key: key for key in ("@parent1", "protocol", "from_port", "to_port", "cidr_ipv4")})}
WITHOUT_RULES = dict(ec2_security_groups=dict(columns={key: key for key in ("@id", "vpc", "name", "description")}))
WEB_IN_W = [("ec2_security_groups", 1, key, text) for key, text in dict(vpc="w", name="web", description="x").items()]
GROUP_ID = "sg-0123456789abcdef0"
ID_OF_WEB = ("ec2_security_groups", 0, "@id", GROUP_ID)
FULL_NAMES = [(INGRESS, row, "@parent1", "v/web") for row in (0, 1)]


def taken(path, sheet, tables, *edits):
    """An import of a workbook in which some cells were written: (table, row, column, value)."""
    (path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=sheet)), encoding="utf-8")
    (path / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables=tables)), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, mapping=path / "mapping.yml", only=tuple(GROUPS))
    made = setting.layout()
    book = load_workbook(io.BytesIO(_workbook_write.workbook(made, _workbook_rows.rows_of(made, sheet)[0], CONTRACT)))
    for key, row, column, value in edits:
        table = made.by_key[key]
        number = [one.key for one in table.shown].index(column) + 1
        book[table.title].cell(table.first_row + row, number).value = value
    book.save(path / "book.xlsx")
    return workbook.take_in(setting, path / "book.xlsx", path / "sheet.yml", None)


SPELT = dict(
    in_full=(UNDESCRIBED, FULL_NAMES, []),
    as_a_text=(UNDESCRIBED, [(INGRESS, 0, "@parent1", '文字列:"web"')], []),
    another_of_the_name=(UNDESCRIBED, [*WEB_IN_W, *FULL_NAMES], ["w/web"]),
    rules_without_a_worksheet=(WITHOUT_RULES, WEB_IN_W, ["w/web"]),
    rules_without_a_worksheet_and_an_id=(WITHOUT_RULES, [*WEB_IN_W, ID_OF_WEB], [f"{GROUP_ID} @id", "w/web"]),
    in_full_and_an_id=({}, [*FULL_NAMES, ID_OF_WEB], [f"{GROUP_ID} ID"]),
)


@pytest.mark.parametrize("case", SPELT)
def test_rows_stay_the_same_whatever_names_what_they_belong_to(case, tmp_path):
    tables, edits, told = SPELT[case]
    outcome = taken(tmp_path, GROUPS, tables, *edits)
    assert [change["what"] for change in outcome.changes] == told and outcome.warnings == []
    if told:
        assert outcome.sheet["ec2_security_groups"][0]["ingress"] == rules(1, 2)


def test_a_value_that_is_kept_is_found_by_any_name_of_its_row(tmp_path):
    hidden = _workbook_yaml.Hidden("{{ d }}")
    group = dict(GROUPS["ec2_security_groups"][0], description=hidden, ingress=[dict(rule, description=hidden) for rule in rules(1, 2)])
    sheet = dict(GROUPS, ec2_security_groups=[group])
    assert taken(tmp_path, sheet, {}, *FULL_NAMES).files == {}
    outcome = taken(tmp_path, sheet, {}, ID_OF_WEB)
    (change,) = outcome.changes
    assert change["after"] == GROUP_ID and outcome.sheet["ec2_security_groups"][0]["description"] == hidden


def test_an_entry_that_gets_its_id_is_still_there(tmp_path):
    (change,) = taken(tmp_path, GROUPS, {}, ("ec2_vpcs", 0, "@id", "vpc-0123456789abcdef0")).changes
    assert (change["before"], change["after"]) == ("", "vpc-0123456789abcdef0")


def test_of_two_entries_of_a_name_the_one_that_goes_is_told(tmp_path):
    vpcs = [dict(GROUPS["ec2_vpcs"][0], id="vpc-0123456789abcdef0"), *GROUPS["ec2_vpcs"]]
    with pytest.raises(workbook.Refused) as refused:
        taken(tmp_path, dict(GROUPS, ec2_vpcs=vpcs), {}, *(("ec2_vpcs", 1, key, None) for key in ("name", "cidr_block")))
    assert any(line.startswith("VPC（v）: ブックにないため") for line in refused.value.lines)


def test_what_is_lacking_is_told_with_what_is_wrong_beside_it(tmp_path):
    gone = [("iam_groups", 1, key, None) for key in ("name", "path")]
    with pytest.raises(workbook.Refused) as refused:
        taken(tmp_path, GROUPS, {}, ("iam_groups", 0, "path", "／a／"), *gone)
    assert [line.partition(": ")[0] for line in refused.value.lines] == ["IAMグループ!C9（パス）", "IAMグループ（g2）"]
    with pytest.raises(workbook.Refused) as refused:
        taken(tmp_path, GROUPS, {}, ("iam_groups", 0, "name", "ｇ１"))
    assert [line.partition(": ")[0] for line in refused.value.lines] == ["IAMグループ!B9（名前）"], "whose name it is cannot be read"


def test_a_row_that_may_be_another_one_with_a_new_name_is_told(tmp_path):
    outcome = taken(tmp_path, GROUPS, UNDESCRIBED, (INGRESS, 0, "cidr_ipv4", "10.0.0.9/32"))
    warning, left = outcome.warnings
    assert "!A9: 新しい行として取り込みます" in warning and "description" in warning and "AWS 上のものは変わりません" in left
    added = {"@parent1": "web", "protocol": "tcp", "from_port": 3, "to_port": 3, "cidr_ipv4": "10.0.0.0/8"}
    assert taken(tmp_path, GROUPS, UNDESCRIBED, *((INGRESS, 2, key, value) for key, value in added.items())).warnings == []


def test_rows_in_another_order_are_one_line_of_the_history(tmp_path):
    (change,) = taken(tmp_path, GROUPS, {}, ("iam_groups", 0, "name", "g2"), ("iam_groups", 1, "name", "g1")).changes
    assert change == dict(worksheet="IAMグループ", cell="", what="並び順", before="g1\ng2", after="g2\ng1")


def test_a_mapping_need_not_have_the_column_by_which_others_would_name_a_row():
    columns = dict(direct_connect_gateway="DX", transit_gateway="TGW")
    mine = layout("ja", dict(tables=dict(directconnect_transit_gateway_associations=dict(columns=columns))), ["directconnect_transit_gateway_associations"])
    assert "REF_directconnect_transit_gateway_associations" not in load_workbook(io.BytesIO(_workbook_write.workbook(mine, {}, {}))).defined_names


def test_what_a_mapping_leaves_no_place_for_is_refused_on_the_way_out(tmp_path):
    mapping = dict(tables=dict(iam_groups=dict(columns=dict(name="名称"))))
    (tmp_path / "mapping.yml").write_text(_workbook_yaml.dump(mapping), encoding="utf-8")
    (tmp_path / "sheet.yml").write_bytes((DEMO / "sheet.yml").read_bytes())
    with pytest.raises(workbook.Refused) as refused:
        workbook.export(workbook.Setting(CONTRACT, mapping=tmp_path / "mapping.yml"), tmp_path / "sheet.yml", None, tmp_path / "book.xlsx")
    assert len(refused.value.lines) == len(demo_sheet()["iam_groups"]) and all("managed_policies" in line for line in refused.value.lines)


# ---- YAML


@given(st.dictionaries(TEXT, JSON, max_size=4))
@settings(QUIET, max_examples=100)
def test_what_is_written_as_yaml_is_read_as_the_same(content):
    text = _workbook_yaml.dump(content, ("head",))
    assert _workbook_yaml.load(text) == content
    plain = yaml.safe_load(text.replace("!unsafe ", "")) if "!unsafe" not in str(content) else content
    assert plain == content
    assert _workbook_yaml.dump(_workbook_yaml.load(text), ("head",)) == text


def test_both_languages_say_the_same_things():
    assert TEXTS["ja"].keys() == TEXTS["en"].keys() and WORDS["ja"].keys() == WORDS["en"].keys() and TYPES["ja"].keys() == TYPES["en"].keys()
    assert all(len(set(marks)) == len(marks) for marks in MARKS.values())


def test_an_english_workbook_comes_back(tmp_path):
    mine = layout("en", only=["ec2_security_groups", "ec2_vpcs", "iam_users"])
    sheet = {name: demo_sheet()[name] for name in mine.kinds() if name in demo_sheet()}
    assert through_a_file(tmp_path / "book.xlsx", mine, sheet) == _workbook_rows.canonical_sheet(sheet, mine)
