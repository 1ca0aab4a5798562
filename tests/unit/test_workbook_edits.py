# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet that was edited by hand between two imports: nothing of it is lost unseen."""

from __future__ import annotations

import json

import pytest
import yaml
from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_edits, workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import load

CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")
VPCS = [dict(name=name, cidr_block=f"10.{number}.0.0/16", tags=dict(Owner="x")) for number, name in enumerate("vw")]
GROUPS = [dict(name="g", path="/a/")]


class Place:
    """An inventory with a sheet and its workbook."""

    def __init__(self, path, language="ja"):
        self.sheet, self.history, self.book = path / "sheet.yml", path / "history.yml", path / "book.xlsx"
        self.language = language
        self.write(dict(ec2_vpcs=VPCS, iam_groups=GROUPS))

    def write(self, sheet):
        self.sheet.write_text(json.dumps(dict(sheet=sheet)), encoding="utf-8")

    def read(self):
        return yaml.safe_load(self.sheet.read_text(encoding="utf-8"))["sheet"]

    def edit(self, kind="ec2_vpcs", entry=0, **options):
        """By hand."""
        sheet = self.read()
        sheet[kind][entry].update(options)
        self.write(sheet)

    def export(self, *more):
        setting = workbook.Setting(CONTRACT, self.language, None, ("ec2_vpcs", "iam_groups", *more))
        workbook.export(setting, self.sheet, self.history, self.book).write()

    def fill_in(self, column, value, row=0, kind="ec2_vpcs"):
        book, table = load_workbook(self.book), layout(self.language).by_key[kind]
        book[table.title].cell(table.first_row + row, [one.key for one in table.columns].index(column) + 1).value = value
        book.save(self.book)

    def take_in(self, **more):
        return workbook.take_in(workbook.Setting(CONTRACT, self.language), self.book, self.sheet, self.history, "T-1", "2026-07-01", **more)

    def refused(self, **more):
        before = self.sheet.read_bytes(), self.history.read_bytes(), self.book.read_bytes()
        with pytest.raises(workbook.Refused) as refusal:
            self.take_in(**more)
        assert before == (self.sheet.read_bytes(), self.history.read_bytes(), self.book.read_bytes())
        return refusal.value.lines


@pytest.fixture
def place(tmp_path):
    """After an import, so that there are digests."""
    return imported(tmp_path)


def imported(path, language="ja"):
    place = Place(path, language)
    place.export()
    place.fill_in("tags", "Owner=y")
    place.take_in().write()
    return place


TOLD = dict(
    ja=["（v IPv4 CIDRブロック）: 10.9.0.0/16 → 10.0.0.0/16", "（v タグ）: Env=prod → （空欄）"],
    en=["(v IPv4 CIDR block): 10.9.0.0/16 → 10.0.0.0/16", "(v Tags): Env=prod → (blank)"],
)
SAID = dict(
    ja=("前回の取り込みの後に手で変更された項目", "sheet_export.yml"),
    en=("edited by hand since the last import", "sheet_export.yml"),
)


@pytest.mark.parametrize("language", SAID)
def test_what_was_edited_by_hand_is_not_taken_back_unseen(language, tmp_path):
    place = imported(tmp_path, language)
    place.edit(cidr_block="10.9.0.0/16", tags=dict(Owner="y", Env="prod"))
    place.fill_in("path", "/b/", kind="iam_groups")
    line, *told = place.refused()
    assert line.startswith(f"{place.sheet}: ") and all(part in line for part in SAID[language]), line
    assert [line.partition("!")[2][:2] for line in told][:1] == ["C9"] and len(told) == 2, "and not what the workbook alone changed"
    assert all(line.endswith(end) for line, end in zip(told, TOLD[language], strict=True)), told
    paste = json.loads(line[line.index("-e '") + 4 : line.rindex("'")])
    assert paste == dict(confirm=["ec2_vpcs/v"])
    place.take_in(**paste).write()
    assert place.read()["ec2_vpcs"][0]["cidr_block"] == "10.0.0.0/16" and place.read()["iam_groups"][0]["path"] == "/b/"


def test_of_an_entry_only_what_was_edited_is_told_and_what_the_workbook_alone_changed_is_not(place):
    place.edit(enable_dns_hostnames=True, tags=dict(Owner="z"))
    place.fill_in("cidr_block", "10.9.0.0/16")
    place.fill_in("tags", "なし")
    place.fill_in("enable_dns_hostnames", True)
    dummy, *told = place.refused()
    assert [line.partition("（")[2] for line in told] == ["v タグ）: Owner=z → なし"]
    place.edit(tags=dict(Owner="y"))
    place.take_in().write()
    vpc = place.read()["ec2_vpcs"][0]
    assert (vpc["cidr_block"], vpc["clear"], vpc["enable_dns_hostnames"]) == ("10.9.0.0/16", ["tags"], True), "of one entry, one each"


def test_so_it_is_of_what_there_is_one_of_only(tmp_path):
    place = Place(tmp_path)
    place.write(dict(iam_groups=GROUPS, iam_password_policy=dict(minimum_password_length=14, require_symbols=True)))
    place.export("iam_password_policy")
    place.fill_in("path", "/b/", kind="iam_groups")
    place.take_in().write()
    sheet = place.read()
    place.write(dict(sheet, iam_password_policy=dict(minimum_password_length=20, require_symbols=True)))
    place.fill_in("require_symbols", False, kind="iam_password_policy")
    dummy, *told = place.refused()
    assert [line.partition("（")[2] for line in told] == ["パスワードの最小文字数）: 20 → 14"]
    place.write(dict(iam_groups=sheet["iam_groups"]))
    dummy, line = place.refused()
    assert "最小文字数: 14" in line.partition("→")[2], "taken out by hand, it does not come back unseen"


def test_a_workbook_made_from_the_edited_sheet_is_taken_in(place):
    place.edit(cidr_block="10.9.0.0/16")
    place.export()
    place.fill_in("cidr_block", "10.8.0.0/16")
    outcome = place.take_in()
    outcome.write()
    (warning,) = outcome.warnings
    assert "作成後に変更できない" in warning and place.read()["ec2_vpcs"][0]["cidr_block"] == "10.8.0.0/16"
    place.fill_in("cidr_block", "10.7.0.0/16")
    assert place.take_in().version == 3, "what an import wrote is no edit"


def test_an_edit_that_the_workbook_has_too_or_in_an_entry_that_it_leaves_alone_is_not_lost(place):
    place.edit(entry=1, cidr_block="10.9.0.0/16")
    place.fill_in("cidr_block", "10.9.0.0/16", row=1)
    place.fill_in("path", "/b/", kind="iam_groups")
    assert place.take_in().kinds == ["iam_groups"]


@pytest.mark.parametrize("exported", [False, True])
def test_an_edit_on_which_both_agreed_is_none_later(exported, place):
    place.edit(cidr_block="10.9.0.0/16")
    if exported:
        place.export()
    else:
        place.fill_in("cidr_block", "10.9.0.0/16")
    outcome = place.take_in()
    assert list(outcome.files) == [place.history] and not outcome.kinds
    outcome.write()
    assert place.take_in().files == {}
    place.fill_in("cidr_block", "10.7.0.0/16")
    assert place.take_in().kinds == ["ec2_vpcs"]


def test_an_import_of_other_kinds_makes_no_edit_its_own(place):
    before = place.book.read_bytes()
    place.edit(cidr_block="10.9.0.0/16")
    workbook.template(workbook.Setting(CONTRACT, "ja", None, ("iam_groups",)), place.book).write()
    place.fill_in("name", "g", kind="iam_groups")
    place.fill_in("path", "/b/", kind="iam_groups")
    place.take_in().write()
    place.book.write_bytes(before)
    assert any(line.endswith("IPv4 CIDRブロック）: 10.9.0.0/16 → 10.0.0.0/16") for line in place.refused())


def test_another_way_to_write_the_same_and_another_order_are_no_edit(place):
    sheet = place.read()
    place.write(dict(iam_groups=sheet["iam_groups"], ec2_vpcs=[dict(reversed(one.items()), state="present") for one in reversed(sheet["ec2_vpcs"])]))
    place.fill_in("tags", "Owner=z", row=1)
    assert place.take_in().changes


def test_an_entry_that_was_taken_out_by_hand_does_not_come_back_unseen(place):
    sheet = place.read()
    place.write(dict(sheet, ec2_vpcs=sheet["ec2_vpcs"][:1]))
    dummy, line = place.refused()
    assert "（w）: （空欄） → " in line


@pytest.mark.parametrize("exported", [False, True])
def test_an_id_that_was_put_in_by_hand_is_not_lost_unseen(place, exported):
    """Also where the entry had no other digest than that of an export."""
    if exported:
        place.edit(name="u")
        place.export()
    place.edit(id="vpc-12345678")
    place.fill_in("path", "/b/", kind="iam_groups")
    dummy, line = place.refused()
    assert line.endswith(f"（{'u' if exported else 'v'} ID）: vpc-12345678 → （空欄）")


def test_of_a_list_what_differs_is_told_at_its_cell_and_its_order_is_no_edit(tmp_path):
    place = Place(tmp_path)
    rules = [dict(protocol="tcp", from_port=port, to_port=port, cidr_ipv4="10.0.0.0/8") for port in range(20, 40)]
    groups = [dict(name=name, vpc="v", description="d", ingress=rules) for name in "gh"]
    place.write(dict(ec2_vpcs=VPCS, ec2_security_groups=groups, iam_groups=GROUPS))
    place.export("ec2_security_groups")
    place.fill_in("path", "/b/", kind="iam_groups")
    place.take_in().write()
    place.edit("ec2_security_groups", ingress=[*rules[:0:-1], rules[0]])
    place.edit("ec2_security_groups", 1, ingress=[*rules[:-1], dict(rules[-1], from_port=38, description="x")])
    place.fill_in("description", "e", kind="ec2_security_groups")
    dummy, *told = place.refused()
    assert len(told) == 2 and "!A48（h/tcp/39/39/10.0.0.0/8）: （空欄） → プロトコル: tcp" in told[0] and told[1].endswith("説明: x → （空欄）"), told


def test_an_entry_that_was_put_in_by_hand_is_told_once(place):
    sheet = place.read()
    place.write(dict(sheet, ec2_vpcs=[*sheet["ec2_vpcs"], dict(name="x", cidr_block="10.7.0.0/16")]))
    (line,) = place.refused()
    assert "force: true" in line, "as one that the workbook lacks"
    place.take_in(force=True)


def test_edits_are_told_with_what_is_wrong_elsewhere_and_no_more_of_them_than_can_be_read(place):
    place.write(dict(place.read(), ec2_vpcs=[dict(name="v"), dict(name="w")]))
    place.fill_in("path", 5, kind="iam_groups")
    lines = place.refused()
    assert any("数値として入力" in line for line in lines) and any(line.endswith("（v IPv4 CIDRブロック）: （空欄） → 10.0.0.0/16") for line in lines), lines
    many = [dict(worksheet="VPC", cell="", what=str(number), before="1", after="2") for number in range(25)]
    lines = [fault.text("ja") for fault in _workbook_edits.faults("sheet.yml", [f"ec2_vpcs/{number}" for number in range(25)], many, "ja")]
    assert '"ec2_vpcs/24"' in lines[0] and lines[1] == "VPC（0）: 1 → 2" and lines[20:] == ["VPC（19）: 1 → 2", "ほか 5 件"]


def test_no_file_and_no_digest_are_no_reason_to_refuse(place):
    place.edit(cidr_block="10.9.0.0/16")
    edited = place.sheet.read_bytes()
    place.sheet.unlink()
    assert place.take_in().version == 2
    place.sheet.write_bytes(edited)
    history = load(place.history.read_text(encoding="utf-8"))
    place.history.write_text(json.dumps(dict(sheet_history=history["sheet_history"])), encoding="utf-8")
    assert place.take_in().version == 2


LOST = dict(ja="の表紙にある版 2 が、この変更履歴のファイルにありません", en="does not have version 2, which is on the cover")


def rows_of_history(place):
    rows = load_workbook(place.book)[layout(place.language).words["history"]].iter_rows(min_row=4, values_only=True)
    return [row for row in rows if row[0]]


@pytest.mark.parametrize("language", LOST)
@pytest.mark.parametrize("older", [False, True])
def test_a_history_that_is_lost_or_older_than_the_workbook_is_told_and_goes_on_from_the_workbook(older, language, tmp_path):
    place = imported(tmp_path, language)
    past = place.history.read_bytes() if older else b""
    place.fill_in("path", "/b/", kind="iam_groups")
    place.take_in().write()
    place.history.write_bytes(past)
    place.fill_in("tags", "Owner=z")
    (line,) = place.refused()
    assert line.startswith(f"{place.history}: ") and str(place.book) in line and LOST[language] in line and '{"confirm": ["sheet_history"]}' in line
    told = rows_of_history(place)
    outcome = place.take_in(confirm=["sheet_history"])
    outcome.write()
    assert outcome.version == 3 and len(told) == 2 and rows_of_history(place)[:-1] == told
    assert [version["version"] for version in load(place.history.read_text(encoding="utf-8"))["sheet_history"]] == [1, 2, 3]


def test_a_workbook_goes_on_with_its_history_in_an_inventory_that_has_none(place):
    for file in (place.history, place.sheet):
        file.unlink()
    outcome = place.take_in()
    outcome.write()
    assert outcome.version == 2
    assert [version["ticket"] for version in load(place.history.read_text(encoding="utf-8"))["sheet_history"]] == ["T-1", "T-1"]


def test_a_secret_is_in_no_digest(tmp_path):
    one, other = (dict(rds_instances=[dict(name="d", master_user_password=word)]) for word in ("hunter2", "hunter3"))
    assert _workbook_edits.digests(one) == _workbook_edits.digests(other)


def test_a_cover_without_a_place_for_the_digest_is_none_to_refuse(place):
    book = load_workbook(place.book)
    book["表紙"]["B11"] = book["表紙"]["C11"] = None
    book.save(place.book)
    place.fill_in("path", "/b/", kind="iam_groups")
    place.take_in().write()
    assert place.read()["iam_groups"][0]["path"] == "/b/"
