# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version and the history in a workbook that came back: they are there, however its XML is written, or nothing is, and what the customer added stays."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from openpyxl import load_workbook
from openpyxl.styles import PatternFill
from openpyxl.worksheet.table import Table

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_rows, _workbook_write, _workbook_yaml, workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout

CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")
SHEET = dict(iam_groups=[dict(name="g", path="/a/")])
CHANGE = dict(worksheet="IAMグループ", cell="B9", what="g", before="a", after="b")
HISTORY = [dict(version=number, date="2026-01-01", ticket="A", workbook="b.xlsx", changes=[CHANGE]) for number in (1, 2)]
COVER, CHANGES = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet4.xml"


def taken_in(path, change=lambda book: None, rewrite=None, language="ja"):
    """The workbook after an import that changed something. change: of its cells; rewrite: (part, content) → content."""
    mine = layout(language).of(SHEET)
    facts = dict(CONTRACT, version=2, date="2026-01-01")
    book = load_workbook(io.BytesIO(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, SHEET)[0], facts, HISTORY)))
    change(book)
    book.save(path / "raw.xlsx")
    with zipfile.ZipFile(path / "raw.xlsx") as old, zipfile.ZipFile(path / "book.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, rewrite(content) if rewrite and name in (COVER, CHANGES) else content)
    (path / "history.yml").write_text(_workbook_yaml.dump(dict(sheet_history=HISTORY)), encoding="utf-8")
    setting = workbook.Setting(CONTRACT, language)
    workbook.take_in(setting, path / "book.xlsx", path / "sheet.yml", path / "history.yml", "T-9", "2026-07-01").write()
    return load_workbook(path / "book.xlsx")


def prefixed(content, prefix=b"x-1"):
    named = re.sub(rb"<(/?)(\w+)(?=[\s>/])", rb"<\1" + prefix + rb":\2", content)
    return named.replace(b'xmlns="', b"xmlns:" + prefix + b'="')


REWRITTEN = dict(
    with_a_prefix=prefixed,
    without_the_places_of_cells=lambda content: re.sub(rb'<c r="[A-Z]+\d+"', b"<c", re.sub(rb'(<row r="(\d+)"[^>]*>)(?=<c r="B)', rb'\1<c r="A\2"/>', content)),
    with_a_cell_in_a_comment=lambda content: content.replace(b'<c r="B9"', b'<!-- <c r="C9"><v>0</v></c> --><c r="B9"'),
    with_a_cell_in_a_text=lambda content: re.sub(rb'<c r="C9".*?</c>', b'<c r="C9" t="inlineStr"><is><t><![CDATA[1</c>]]></t></is></c>', content),
)


@pytest.mark.parametrize("case", REWRITTEN)
def test_however_the_xml_is_written_the_version_is_there(case, tmp_path):
    book = taken_in(tmp_path, rewrite=REWRITTEN[case])
    assert (book["表紙"]["C9"].value, book["表紙"]["C10"].value) == ("3", "2026-07-01")
    assert [cell.value for cell in book["変更履歴"]["A"]] == ["変更履歴", None, "版", 1, 2, 3, None]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_contents_say_how_many_rows_there_are_after_an_import(language, tmp_path):
    title = layout(language).words["contents"]

    def change(book):
        book[title]["C5"], book[title]["C6"], book[title]["F5"] = None, "many", "社内メモ"

    contents = taken_in(tmp_path, change, language=language)[title]
    assert [contents[cell].value for cell in ("C4", "C5", "C6", "E5", "F5")] == [None, 1, "many", "iam_groups", "社内メモ"]


@pytest.mark.parametrize("language, told", [("ja", "Excel で「Excel ブック (*.xlsx)」として保存し直して"), ("en", "save it anew in Excel as xlsx")])
def test_what_cannot_be_written_is_told_and_nothing_is(language, told, tmp_path):
    def in_utf_16(content):
        return b"\xff\xfe" + ('<?xml version="1.0" encoding="UTF-16"?>' + content.decode()).encode("utf-16-le")

    with pytest.raises(workbook.Refused, match=re.escape(told)):
        taken_in(tmp_path, rewrite=in_utf_16, language=language)
    assert not (tmp_path / "sheet.yml").exists()


def test_what_the_customer_has_on_the_worksheet_of_the_history_stays(tmp_path):
    def change(book):
        history = book["変更履歴"]
        history["A2"], history["I3"], history["I4"], history["J5"], history["A20"] = "社内確認用", "備考", "確認済", "x", "以上"
        history["A4"].fill = PatternFill("solid", start_color="FFFF00")
        history.row_dimensions[5].hidden = True

    history = taken_in(tmp_path, change)["変更履歴"]
    assert [history[cell].value for cell in ("A2", "I3", "I4", "J5", "A20")] == ["社内確認用", "備考", "確認済", "x", "以上"]
    assert [history.cell(row, 1).fill.start_color.rgb for row in (4, 5, 6)] == ["00FFFF00", "00000000", "00000000"] and history.row_dimensions[5].hidden
    assert [history.cell(row, 1).value for row in (4, 5, 6, 7)] == [1, 2, 3, None]


def test_what_the_customer_made_of_the_history_reaches_its_last_row(tmp_path):
    """A table, a filter and what is printed; not what ends above the history, or has its own totals."""

    def change(book):
        history, cover = book["変更履歴"], book["表紙"]
        history.add_table(Table(displayName="History", ref="A3:H5"))
        history.print_area = ["A1:I5", "A1:H2"]
        cover.print_area = "A1:C5"

    history = taken_in(tmp_path, change)["変更履歴"]
    (table,) = history.tables.values()
    assert (table.ref, table.autoFilter.ref) == ("A3:H6", "A3:H6")
    assert set(history.print_area.split(",")) == {"'変更履歴'!$A$1:$I$6", "'変更履歴'!$A$1:$H$2"}


def test_so_does_a_filter(tmp_path):
    def change(book):
        book["変更履歴"].auto_filter.ref = "A3:H4"

    book = taken_in(tmp_path, change)
    assert book["変更履歴"].auto_filter.ref == "A3:H6"
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        assert re.search(rb"_FilterDatabase[^<]*!\$A\$3:\$H\$6<", archive.read("xl/workbook.xml"))


@pytest.mark.parametrize("language, told", [("ja", "変更履歴!D6: 変更履歴を書き込むセルに別の値"), ("en", "Changes!D6: something else stands where")])
def test_what_is_in_the_way_of_the_history_is_told(language, told, tmp_path):
    def change(book):
        book.worksheets[-1 if book.worksheets[-1].title in ("変更履歴", "Changes") else 3]["D6"] = "以上"

    with pytest.raises(workbook.Refused) as refusal:
        taken_in(tmp_path, change, language=language)
    (line,) = refusal.value.lines
    assert line.startswith(told) and not (tmp_path / "sheet.yml").exists()


@pytest.mark.parametrize("language, told", [("ja", r"ticket: \\ud800 は文字の半分"), ("en", r"ticket: \\ud800 is one half")])
def test_half_a_letter_is_no_ticket(language, told, tmp_path):
    with pytest.raises(workbook.Refused, match=told):
        workbook.take_in(workbook.Setting(CONTRACT, language), tmp_path / "book.xlsx", tmp_path / "sheet.yml", None, "\ud800")
