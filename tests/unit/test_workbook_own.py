# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook that a company made itself, with nothing of ours but what its mapping says."""

from __future__ import annotations

import pytest
import yaml
from openpyxl import Workbook, load_workbook

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_yaml, workbook

CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")
COLUMNS = {"vpc": "所属VPC", "name": "セグメント名", "cidr_block": "アドレス", "availability_zone": "ゾーン", "@state": "区分"}
MAPPING = dict(tables=dict(ec2_subnets=dict(worksheet="セグメント一覧", heading_row=5, columns=COLUMNS, ignore=["No.", "備考"])))
SHEET = dict(
    ec2_vpcs=[dict(name="v", cidr_block="10.0.0.0/16")],
    ec2_subnets=[dict(name="a", vpc="v", cidr_block="10.0.1.0/24", availability_zone="ap-northeast-1a", tags=dict(Tier="web"))],
)


@pytest.fixture
def place(tmp_path):
    """An inventory with a sheet, a mapping, and the company's workbook as somebody drew it."""
    (tmp_path / "mapping.yml").write_text(_workbook_yaml.dump(MAPPING), encoding="utf-8")
    (tmp_path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=SHEET)), encoding="utf-8")
    book = Workbook()
    sheet = book.active
    sheet.title = "セグメント一覧"
    sheet["A1"], sheet["A2"] = "株式会社サンプル　ネットワーク設計書", "セグメント一覧"
    sheet.merge_cells("A1:H1")
    # Two rows of headings: most are merged downwards, one has two below it, and that of the remarks is two columns wide.
    for letter, heading in zip("ABCFG", ("No.", "所属VPC", "セグメント名", "ゾーン", "備考"), strict=True):
        sheet[f"{letter}4"] = heading
    sheet["D4"], sheet["D5"], sheet["E5"] = "設定内容", "アドレス", "区分"
    for area in ("A4:A5", "B4:B5", "C4:C5", "D4:E4", "F4:F5", "G4:H5"):
        sheet.merge_cells(area)
    for number, row in enumerate([("v", "a", "10.0.1.0/24", None, "ap-northeast-1a"), ("v", "b", "10.0.2.0/24", None, "ap-northeast-1c")]):
        for letter, value in zip("ABCDEFGH", (number + 1, *row, "窓口: 情報システム部", f"メモ {number}"), strict=True):
            sheet[f"{letter}{6 + number}"] = value
    sheet.merge_cells("G7:H7")
    book.save(tmp_path / "book.xlsx")
    return tmp_path


def take_in(place, *edits, language="ja", **more):
    book = load_workbook(place / "book.xlsx")
    for title, address, value in edits:
        (book[title] if title in book.sheetnames else book.create_sheet(title))[address] = value
    book.save(place / "book.xlsx")
    setting = workbook.Setting({**CONTRACT, "language": language}, language, place / "mapping.yml")
    return workbook.take_in(setting, place / "book.xlsx", place / "sheet.yml", place / "history.yml", today="2026-07-01", **more)


def test_the_mapped_worksheets_are_all_it_needs(place):
    before = (place / "book.xlsx").read_bytes()
    outcome = workbook.take_in(
        workbook.Setting(CONTRACT, mapping=place / "mapping.yml"), place / "book.xlsx", place / "sheet.yml", place / "history.yml", "REQ-1", "2026-07-01"
    )
    outcome.write()
    new = dict(vpc="v", name="b", cidr_block="10.0.2.0/24", availability_zone="ap-northeast-1c")
    assert yaml.safe_load((place / "sheet.yml").read_text(encoding="utf-8"))["sheet"] == {**SHEET, "ec2_subnets": [*SHEET["ec2_subnets"], new]}
    (version,) = yaml.safe_load((place / "history.yml").read_text(encoding="utf-8"))["sheet_history"]
    assert (version["version"], version["ticket"], [change["cell"] for change in version["changes"]]) == (1, "REQ-1", ["B7"])
    assert (place / "book.xlsx").read_bytes() == before, "it is the company's"
    whose, kept = outcome.warnings
    assert "お客様を取り違えていないか" in whose and f"変更履歴は {place / 'history.yml'} だけに残ります" in kept
    assert take_in(place).files == {}


def test_the_next_version_comes_after_the_last(place):
    take_in(place).write()
    outcome = take_in(place, ("セグメント一覧", "D7", "10.0.3.0/24"))
    outcome.write()
    versions = yaml.safe_load((place / "history.yml").read_text(encoding="utf-8"))["sheet_history"]
    assert [version["version"] for version in versions] == [1, 2]
    assert [(change["cell"], change["after"]) for change in versions[1]["changes"]] == [("D7", "10.0.3.0/24")]


def test_worksheets_that_are_called_like_ours_are_the_companys(place):
    """Nothing is read from them or written to them, but whose workbook it is where the cover says so in our words."""
    own = [("表紙", "B2", "版"), ("表紙", "C2", "第 3 版"), ("目次", "A1", "1. セグメント一覧"), ("変更履歴", "A4", "初版")]
    outcome = take_in(place, *own)
    assert outcome.version == 1 and place / "book.xlsx" not in outcome.files and len(outcome.warnings) == 2
    assert len(take_in(place, ("表紙", "B3", "契約番号"), ("表紙", "C3", CONTRACT["number"])).warnings) == 1
    with pytest.raises(workbook.Refused, match="表紙!C3（契約番号）: 「X-1」のブックです"):
        take_in(place, ("表紙", "C3", "X-1"))
    (place / "mapping.yml").write_text(_workbook_yaml.dump(dict(MAPPING, ignore=["表紙"])), encoding="utf-8")
    assert len(take_in(place).warnings) == 2, "a number of the company's own"


WRONG = dict(
    outside_of_a_network_of_the_sheet=([("セグメント一覧", "D7", "10.1.2.0/24")], "セグメント一覧!D7（アドレス）: "),
    overlap=([("セグメント一覧", "D7", "10.0.1.128/25")], "セグメント一覧!D7（アドレス）: "),
    value_beside=([("セグメント一覧", "J7", "x")], "セグメント一覧!J7: 見出しのない列に値"),
    another_column=([("セグメント一覧", "J5", "No")], "セグメント一覧!J5: 「No」という見出しは使えません。列を削除するか、対応表に書いてください（読まない"),
    another_worksheet=([("Sheet1", "A1", "x")], "「Sheet1」というワークシートは使えません"),
)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_at_its_cell(place, case):
    edits, expected = WRONG[case]
    with pytest.raises(workbook.Refused) as refused:
        take_in(place, *edits)
    (line,) = refused.value.lines
    assert line.startswith(expected)


def test_a_mapped_worksheet_that_is_missing_is_told(place):
    (place / "mapping.yml").write_text(_workbook_yaml.dump(dict(tables={**MAPPING["tables"], "ec2_vpcs": dict(worksheet="網")})), encoding="utf-8")
    with pytest.raises(workbook.Refused, match="^ワークシート「網」がありません"):
        take_in(place)


OUTSIDE = dict(ja="「w」という VPC は、このブックにもシートにもありません", en="in this workbook or the sheet; taken in as what is in the account")


@pytest.mark.parametrize("language, told", OUTSIDE.items())
def test_what_it_has_no_worksheet_for_may_be_in_the_account(place, language, told):
    warnings = take_in(place, ("セグメント一覧", "B7", "w"), language=language).warnings
    assert [warning for warning in warnings if told in warning and warning.startswith("セグメント一覧!B7")]


def test_an_edit_by_hand_is_not_lost(place):
    take_in(place).write()
    text = (place / "sheet.yml").read_text(encoding="utf-8")
    (place / "sheet.yml").write_text(text.replace("10.0.2.0/24", "10.0.9.0/24"), encoding="utf-8")
    with pytest.raises(workbook.Refused, match="手で変更された"):
        take_in(place, ("セグメント一覧", "F7", "ap-northeast-1d"))
