# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad workbooks, made from a good one by hand and by a generator: one message for each fault, naming worksheet and cell; nothing is written."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import DataTableFormula

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_outside_names
from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_read, _workbook_rows, _workbook_write, _workbook_yaml, workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.laws.stage import KINDS, entries, examples

CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")
LAYOUT = layout("ja")
RULES = [dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0"), dict(protocol="tcp", from_port=80, to_port=443, cidr_ipv4="0.0.0.0/0")]
TRUST = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="ec2.amazonaws.com"), Action="sts:AssumeRole")])
SHEET = dict(
    cloudwatch_alarms=[dict(name="a", threshold=1)],
    ec2_vpcs=[dict(name="v", cidr_block="10.0.0.0/16", tags=dict(A="1")), dict(name="w", cidr_block="10.1.0.0/16")],
    ec2_subnets=[
        dict(name="a", vpc="v", cidr_block="10.0.1.0/24", availability_zone="ap-northeast-1a"),
        dict(name="c", vpc="v", cidr_block="10.0.2.0/24", availability_zone="ap-northeast-1c"),
    ],
    ec2_security_groups=[dict(name="s", vpc="v", description="d", ingress=RULES)],
    ec2_volumes=[dict(name="d", availability_zone="ap-northeast-1a", size=10, volume_type="gp3", encrypted=True)],
    iam_password_policy=dict(minimum_password_length=14, require_symbols=True),
    iam_roles=[dict(name="r", assume_role_policy=TRUST, managed_policies=["arn:aws:iam::aws:policy/ReadOnlyAccess"])],
    iam_users=[dict(name="u", groups=["g"])],
    iam_groups=[dict(name="g")],
    s3_buckets=[dict(name="b-1", lifecycle_rules=[dict(id="x", status="Enabled", transitions=[dict(days=30, storage_class="GLACIER")])])],
)
ONLY = tuple(SHEET)


@cache
def good():
    mine = LAYOUT.of(ONLY)
    return _workbook_write.workbook(mine, _workbook_rows.rows_of(mine, SHEET)[0], CONTRACT)


def refused(path, data, language="ja"):
    """The messages of an import that must write nothing."""
    book = path / "book.xlsx"
    if data is not None:
        book.write_bytes(data)
    before = {one.name: one.read_bytes() for one in path.iterdir()}
    with pytest.raises(workbook.Refused) as found:
        workbook.take_in(workbook.Setting(CONTRACT, language), book, path / "sheet.yml", path / "history.yml")
    assert {one.name: one.read_bytes() for one in path.iterdir()} == before
    return found.value.lines


def cell(key, column, row=0):
    """Where a column of a row of a table stands: its worksheet and address."""
    table = LAYOUT.by_key[key]
    return table.title, f"{get_column_letter([one.key for one in table.columns].index(column) + 1)}{table.first_row + row}"


def saved(change):
    book = load_workbook(io.BytesIO(good()))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ---- single cells: (table, column, row, value) → part of the message

TYPED = dict(
    full_width_digits=("ec2_volumes", "size", 0, "１０", "「10」と半角"),
    full_width_cidr=("ec2_subnets", "cidr_block", 0, "１０．０．１．０／２４", "「10.0.1.0/24」と半角"),
    full_width_space=("iam_users", "path", 0, "/a　b/", "半角で記入"),
    full_width_choice=("ec2_volumes", "volume_type", 0, "ｇｐ３", "「gp3」と半角"),
    half_width_kana=("ec2_security_groups", "description", 0, "ｻｰﾊﾞ", "「サーバ」と全角"),
    half_width_kana_in_a_line=("iam_users", "groups", 0, "g\nｸﾞﾙｰﾌﾟ", "全角で記入"),
    half_width_kana_mark=("ec2_vpcs", "tags", 0, "ﾅｼ", "「キー=値」"),
    mark_in_kanji=("ec2_volumes", "volume_type", 0, "無し", "「なし」と書いて"),
    mark_in_katakana=("ec2_vpcs", "dhcp_options", 0, "ナシ", "「なし」と書いて"),
    none_in_a_required_cell=("ec2_subnets", "cidr_block", 0, "なし", "取り除くことのできない項目"),
    none_in_the_identity=("ec2_subnets", "name", 0, "なし", "取り除くことのできない項目"),
    none_in_a_number=("ec2_volumes", "size", 0, "なし", "取り除くことのできない項目"),
    none_in_a_list_that_cannot_be_cleared=("iam_users", "groups", 0, "なし", "取り除くことのできない項目"),
    number_in_a_text=("iam_users", "path", 0, 5, "数値として入力"),
    truth_in_a_text=("iam_users", "path", 0, True, "真偽値"),
    date_in_a_text=("iam_users", "path", 0, datetime.datetime(2026, 1, 2), "日付として入力"),
    date_in_a_number=("ec2_volumes", "size", 0, datetime.datetime(2026, 1, 2), "日付として入力"),
    time_in_a_text=("iam_users", "path", 0, datetime.time(1, 2), "日付として入力"),
    text_in_a_number=("ec2_volumes", "size", 0, "many", "「many」は整数ではありません"),
    fraction_in_a_whole_number=("ec2_volumes", "size", 0, 1.5, "「1.5」は整数ではありません"),
    truth_in_a_number=("ec2_volumes", "size", 0, True, "整数ではありません"),
    text_in_a_truth=("ec2_volumes", "encrypted", 0, "はい", "TRUE か FALSE"),
    number_in_a_truth=("ec2_volumes", "encrypted", 0, 1, "TRUE か FALSE"),
    formula=("ec2_volumes", "size", 0, "=5*2", "数式は使えません"),
    formula_in_the_identity=("ec2_vpcs", "name", 1, '=A1&"x"', "数式は使えません"),
    link_formula=("iam_users", "path", 0, '=HYPERLINK("http://example.com","x")', "数式は使えません"),
    error_value=("ec2_volumes", "size", 0, "#REF!", "エラー値"),
    unknown_choice=("ec2_volumes", "volume_type", 0, "gp9", "使える値"),
    above_the_limit=("iam_password_policy", "minimum_password_length", 0, 999, "最大値は 128"),
    below_the_limit=("iam_password_policy", "minimum_password_length", 0, 1, "最小値は 6"),
    too_long=("iam_users", "name", 0, "u" * 65, "64 文字以内"),
    unknown_reference=("ec2_subnets", "vpc", 1, "vv", "「vv」という VPC はこのブックにありません"),
    unknown_reference_in_a_line=("iam_users", "groups", 0, "g\ngg", "「gg」という"),
    unknown_reference_in_a_pair=("cloudwatch_alarms", "dimensions", 0, "InstanceId=nix", "「nix」という"),
    no_network=("ec2_subnets", "cidr_block", 0, "10.0.1.0/33", "CIDR"),
    too_small_for_a_subnet=("ec2_subnets", "cidr_block", 0, "10.0.1.0/29", "「10.0.1.0/29」の大きさのネットワークは使えません。/16-/28"),
    too_large_for_a_vpc=("ec2_vpcs", "cidr_block", 1, "11.0.0.0/8", "「11.0.0.0/8」の大きさのネットワークは使えません。/16-/28"),
    host_bits=("ec2_subnets", "cidr_block", 0, "10.0.1.5/24", "CIDR"),
    outside_its_vpc=("ec2_subnets", "cidr_block", 0, "10.9.0.0/24", "VPC の範囲"),
    pair_without_equals=("ec2_vpcs", "tags", 0, "A 1", "「キー=値」"),
    key_twice=("ec2_vpcs", "tags", 0, "A=1\nA=2", "「A」が 2 回"),
    broken_json=("iam_roles", "assume_role_policy", 0, '{"Version": ', "JSON として読めません"),
    key_twice_in_json=("iam_roles", "assume_role_policy", 0, '{"Version": "1", "Version": "2"}', "「Version」が 2 回"),
    endless_number_in_json=("iam_roles", "assume_role_policy", 0, '{"a": 1e999}', "JSON として読めません"),
    endless_number=("cloudwatch_alarms", "threshold", 0, "1e999", "数値ではありません"),
    digits_without_end=("ec2_volumes", "size", 0, "9" * 5000, "整数ではありません"),
    item_twice=("iam_users", "groups", 0, "g\ng", "2 回書かれています"),
    too_many_actions=("cloudwatch_alarms", "alarm_actions", 0, "\n".join(f"arn:aws:sns:ap-northeast-1:111122223333:t{n}" for n in range(9)), "5 個以内"),
    tag_of_aws=("ec2_vpcs", "tags", 0, "aws:x=1", "aws: で始まるキーは AWS が予約しています"),
    tag_key_too_long=("ec2_vpcs", "tags", 0, "k" * 129 + "=1", "128 文字以内"),
    tag_value_too_long=("ec2_vpcs", "tags", 0, "k=" + "v" * 257, "256 文字以内"),
    too_many_tags=("ec2_vpcs", "tags", 0, "\n".join(f"k{n}=1" for n in range(51)), "50 個以内"),
    ports_in_the_wrong_order=("ec2_security_groups.ingress", "from_port", 0, 500, "開始ポート は 終了ポート 以下"),
    no_network_in_a_rule=("ec2_security_groups.ingress", "cidr_ipv4", 1, "10.0.0.0/33", "CIDR"),
    two_sides_of_a_rule=("ec2_security_groups.ingress", "security_group", 1, "s", "1 つだけ"),
    json_twice=("iam_roles", "assume_role_policy", 0, "{} {}", "JSON として読めません"),
    deep_json=("iam_roles", "assume_role_policy", 0, '{"a": ' * 20000, "JSON として読めません"),
    broken_quotation=("iam_users", "path", 0, '文字列:"x', "の形になっていません"),
    wrong_state=("iam_users", "@state", 0, "削除", "空欄か「なし」"),
    only_and_none=("iam_users", "groups", 0, "これだけ\ng=なし", "「これだけ」の一覧"),
    wrong_mark_of_a_list=("ec2_security_groups", "ingress", 0, "tcp", "空欄か「これだけ」"),
    wrong_mark_of_a_structure=("s3_buckets", "website", 0, "x", "空欄か「なし」"),
    as_it_is_but_nothing_was=("iam_users", "path", 0, "（現行どおり）", "現行の値がありません"),
    nothing_to_belong_to=("ec2_security_groups.ingress", "@parent1", 0, "t", "「t」は「セキュリティグループ」のシートにありません"),
    parent_left_blank=("ec2_security_groups.ingress", "@parent1", 0, None, "どの行に属するか"),
    second_parent_unknown=("s3_buckets.lifecycle_rules.transitions", "@parent2", 0, "y", "「y」は"),
    port_above_all=("ec2_security_groups.ingress", "to_port", 0, 70000, "0 から 65535 まで"),
    japanese_in_a_group=("ec2_security_groups", "description", 0, "ウェブ", "形式が正しくありません"),
    japanese_in_a_rule=("ec2_security_groups.ingress", "description", 0, "社内から", "形式が正しくありません"),
    vpc_twice=("ec2_vpcs", "name", 1, "v", "同じ名前が 2 回あります。1 回だけ書いてください。セル: B9, B10"),
    zero_width_space=("iam_users", "path", 0, "/a\u200b/", "目に見えない文字（U+200B）が入っています。「/a/」"),
    no_break_space=("ec2_security_groups", "description", 0, "a\u00a0b", "目に見えない文字（U+00A0）"),
    reversing_letter_in_a_number=("ec2_volumes", "size", 0, "\u202e10", "目に見えない文字（U+202E）"),
    names_between_commas=("iam_users", "groups", 0, "g, h", "1 行に 1 つずつ"),
    names_between_japanese_commas=("iam_users", "groups", 0, "g、h", "1 行に 1 つずつ"),
    names_between_wide_commas=("iam_users", "groups", 0, "g，h", "1 行に 1 つずつ"),
    pairs_between_commas=("ec2_vpcs", "tags", 0, "Env=prod, Owner=x", '文字列:"prod, Owner=x"'),
    a_line_for_nothing=("iam_users", "path", 0, "-", "「-」は使えません。変更しないなら空欄"),
    not_applicable=("ec2_security_groups", "description", 0, "該当なし", "変更しないなら空欄"),
    as_above=("ec2_subnets", "vpc", 1, "同上", "変更しないなら空欄"),
    filler_in_a_tag=("ec2_vpcs", "tags", 0, "Owner=N/A", "変更しないなら空欄"),
    line_break_in_a_name=("iam_users", "name", 0, "a\nb", "名前の途中に改行"),
    line_break_in_a_reference=("ec2_subnets", "vpc", 1, "v\nw", "名前の途中に改行"),
    capitals_in_a_reference=("ec2_subnets", "vpc", 1, "V", "「v」の誤りではありませんか"),
    child_number=("ec2_security_groups.ingress", "from_port", 0, "https", "整数ではありません"),
    child_required_blank=("ec2_security_groups.ingress", "protocol", 0, None, "必要です"),
    child_choice=("s3_buckets.lifecycle_rules.transitions", "storage_class", 0, "TAPE", "使える値"),
    second_row_without_what_it_needs=("ec2_security_groups.ingress", "protocol", 1, None, "必要です"),
    none_among_values=("iam_users", "groups", 0, "g\nなし", "「なし」はこの位置には書けません"),
    only_these_below_a_value=("iam_users", "groups", 0, "g\nこれだけ", "「これだけ」は一覧の 1 行目に"),
    only_these_in_a_text=("ec2_security_groups", "description", 0, "これだけ", "この位置には書けません"),
    as_it_is_among_values=("iam_users", "groups", 0, "g\n（現行どおり）", "この位置には書けません"),
    only_these_in_a_tag=("ec2_vpcs", "tags", 0, "A=これだけ", '文字列:"これだけ"'),
    mark_with_a_blank_in_it=("ec2_subnets", "availability_zone", 0, "な し", "「なし」と書いて"),
    mark_with_a_wide_blank_in_it=("iam_users", "groups", 0, "これ　だけ\ng", "「これだけ」と書いて"),
    full_width_equals=("ec2_vpcs", "tags", 0, "Owner＝総務部", "「Owner=総務部」と半角"),
    thousands_separator=("ec2_volumes", "size", 0, "1,000", "「1,000」は整数ではありません"),
    number_with_its_unit=("ec2_volumes", "size", 0, "10GB", "「10GB」は整数ではありません"),
    power_of_ten=("ec2_volumes", "size", 0, "1e2", "「1e2」は整数ではありません"),
    circle_for_yes=("ec2_volumes", "encrypted", 0, "○", "TRUE か FALSE"),
    full_width_truth=("ec2_volumes", "encrypted", 0, "ＴＲＵＥ", "「TRUE」と半角"),
    choice_in_capitals=("ec2_volumes", "volume_type", 0, "GP3", "使える値"),
    length_of_time_in_a_text=("ec2_subnets", "availability_zone", 0, datetime.timedelta(hours=30), "日付として入力"),
    full_width_reference=("ec2_subnets", "vpc", 0, "ｖ", "「v」と半角"),
    line_break_in_a_network=("ec2_subnets", "cidr_block", 0, "10.0.1.0\n/24", "CIDR"),
    network_with_its_mask=("ec2_subnets", "cidr_block", 0, "10.0.1.0/255.255.255.0", "10.0.1.0/24 と書いて"),
    two_networks_in_a_rule=("ec2_security_groups.ingress", "cidr_ipv4", 0, "10.0.0.0/8\n10.1.0.0/16", "改行せずに"),
    range_of_addresses=("ec2_security_groups.ingress", "cidr_ipv4", 0, "10.0.0.1-10.0.0.9", "CIDR"),
    address_without_its_length=("ec2_security_groups.ingress", "cidr_ipv4", 0, "203.0.113.5", "CIDR"),
    ipv6_among_ipv4=("ec2_security_groups.ingress", "cidr_ipv4", 0, "2001:db8::/32", "CIDR"),
    host_bits_in_a_rule=("ec2_security_groups.ingress", "cidr_ipv4", 0, "10.0.0.5/8", "10.0.0.0/8 と書いて"),
    range_of_ports=("ec2_security_groups.ingress", "from_port", 0, "80-443", "整数ではありません"),
    none_as_a_parent=("ec2_security_groups.ingress", "@parent1", 1, "なし", "取り除くことのできない項目"),
    none_in_a_row_of_a_list=("ec2_security_groups.ingress", "cidr_ipv4", 1, "なし", "取り除くことのできない項目"),
    capitals_in_a_parent=("ec2_security_groups.ingress", "@parent1", 1, "S", "「s」の誤りではありませんか"),
    day_between_slashes=("s3_buckets.lifecycle_rules", "expiration_date", 0, "2030/4/1", "2030-04-01"),
    days_before_the_first=("s3_buckets.lifecycle_rules.transitions", "days", 0, -1, "最小値は 0"),
    quotation_marks_of_a_text_editor=("iam_roles", "assume_role_policy", 0, "{\u201cVersion\u201d: 1}", "JSON として読めません"),
    very_long_text=("ec2_security_groups", "description", 0, "あ" * 5000, "255 文字以内"),
    identity_left_blank=("ec2_subnets", "name", 0, None, "必要です"),
    same_name_twice=("ec2_subnets", "name", 1, "a", "同じ名前が 2 回"),
    overlap=("ec2_subnets", "cidr_block", 1, "10.0.1.128/25", "重なっています"),
    bucket_in_capitals=("s3_buckets", "name", 1, "Acme-Files", "バケットの名前は英小文字"),
    bucket_with_an_underscore=("s3_buckets", "name", 1, "acme_files", "バケットの名前は英小文字"),
    bucket_with_two_dots=("s3_buckets", "name", 1, "acme..files", "単独のピリオド"),
    bucket_that_ends_with_a_hyphen=("s3_buckets", "name", 1, "acme-", "両端は"),
    bucket_as_an_address=("s3_buckets", "name", 1, "192.168.5.4", "IP アドレスの形"),
    bucket_too_short=("s3_buckets", "name", 1, "ab", "3 文字以上"),
    bucket_too_long=("s3_buckets", "name", 1, "b" * 64, "63 文字以内"),
    bucket_in_punycode=("s3_buckets", "name", 1, "xn--acme", "xn-- で始まる名前"),
    bucket_of_the_examples=("s3_buckets", "name", 1, "amzn-s3-demo-bucket", "amzn-s3-demo- で始まる名前"),
    bucket_as_an_alias=("s3_buckets", "name", 1, "acme-s3alias", "-s3alias で終わる名前"),
    bucket_of_the_own_namespace=("s3_buckets", "name", 1, "acme-1111-an", "-an で終わる名前"),
    name_longer_than_a_tag=("ec2_vpcs", "name", 1, "v" * 257, "256 文字以内"),
    as_many_tags_as_leave_no_room_for_the_name=("ec2_vpcs", "tags", 0, "\n".join(f"k{n}=1" for n in range(50)), "51 個あります。50 個以内"),
    voiced_sounds_in_two_letters=("iam_users", "path", 0, "/か\u3099/", "「/が/」と記入し直して"),
    voiced_sounds_in_two_letters_in_a_tag=("ec2_vpcs", "tags", 0, "Owner=は\u309aす", "「ぱす」と記入し直して"),
    vertical_tab_of_a_mail=("iam_users", "path", 0, "/a_x000B_b/", "目に見えない文字（U+000B）が入っています。「/ab/」"),
    bell_in_a_tag=("ec2_vpcs", "tags", 0, "Owner=a_x0007_", "目に見えない文字（U+0007）"),
    what_excel_escapes_in_a_choice=("ec2_volumes", "volume_type", 0, "_x0067_p9", "「gp9」は使えません"),
    serial_number_of_a_day=("ec2_subnets", "availability_zone", 0, 46023, "数値として入力"),
    another_formula_of_truth=("ec2_volumes", "encrypted", 0, "=NOT(TRUE())", "数式は使えません"),
    truth_of_libreoffice_in_a_text=("iam_users", "path", 0, "=TRUE()", "真偽値"),
    voiced_sounds_in_two_letters_in_a_name=("ec2_vpcs", "name", 0, "か\u3099", "「が」と記入し直して"),
    half_a_letter_in_a_tag=("ec2_vpcs", "tags", 0, '{"k": "\\ud800"}', "\\ud800 は文字の半分"),
    half_a_letter_in_a_text=("iam_users", "path", 0, '文字列:"/\\udc00/"', "\\udc00 は文字の半分"),
    table_of_data=("iam_users", "path", 0, DataTableFormula("D9:D10", r1="A1"), "数式は使えません。値に"),
    two_sides_by_their_headings=("ec2_security_groups.ingress", "security_group", 1, "s", "送信元（IPv4 CIDR）"),
)


@pytest.mark.parametrize("case", TYPED)
def test_a_bad_cell_is_one_message_at_its_place(case, tmp_path):
    key, column, row, value, part = TYPED[case]
    title, address = cell(key, column, row)

    def change(book):
        book[title][address].value = value

    lines = refused(tmp_path, saved(change))
    assert len(lines) == 1, lines
    line = lines[0]
    assert line.startswith(f"{title}!{address}（{LAYOUT.by_key[key].column(column).heading}）: ") and part in line, line


# ---- whole worksheets and files


def rename(old, new):
    return lambda book: setattr(book[old], "title", new)


def headings(key):
    table = LAYOUT.by_key[key]
    return table.title, table.heading_row


def set_cell(title, address, value):
    def change(book):
        book[title][address].value = value

    return change


def both(*changes):
    def change(book):
        for one in changes:
            one(book)

    return change


def delete_heading(book):
    title, row = headings("iam_users")
    book[title].delete_rows(row)


def delete_column(book):
    title, address = cell("iam_users", "path")
    book[title].delete_cols(book[title][address].column)


def looks(title, address, **font):
    def change(book):
        book[title][address].font = Font(**font)

    return change


def hide_row(title, row):
    return lambda book: setattr(book[title].row_dimensions[row], "hidden", True)


def hide_column(title, letter):
    return lambda book: setattr(book[title].column_dimensions[letter], "hidden", True)


def hide_worksheet(title, state):
    return lambda book: setattr(book[title], "sheet_state", state)


def headings_below(book):
    title, row = headings("ec2_subnets")
    for cell in book[title][row]:
        book[title].cell(row + 4, cell.column).value = cell.value


def head_below(book):
    """All from the title down to the keys, as with a copy of the whole worksheet."""
    title, row = headings("ec2_subnets")
    for line in book[title].iter_rows(max_row=row):
        for cell in line:
            if cell.value is not None:
                book[title].cell(row + 3 + cell.row, cell.column).value = cell.value


def without_column(key, column):
    def change(book):
        title, address = cell(key, column)
        book[title].delete_cols(book[title][address].column)

    return change


def heading(key, column, text):
    return set_cell(*cell(key, column, -1), text)


def merged(key, column, wide=1, high=1, row=0):
    """A cell that is merged with those to its right and below it."""
    def change(book):
        title, address = cell(key, column, row)
        start = book[title][address]
        book[title].merge_cells(start_row=start.row, end_row=start.row + high - 1, start_column=start.column, end_column=start.column + wide - 1)

    return change


def blank(key, column):
    return set_cell(*cell(key, column), None)


def as_percent(book):
    """As Excel does it where somebody writes 90%."""
    title, address = cell("ec2_volumes", "size")
    book[title][address].value, book[title][address].number_format = 0.9, "0%"


def struck_part(book):
    book[VPCS][TAGS].value = CellRichText(TextBlock(InlineFont(strike=True), "A="), "A=1")


VPCS, ROW = headings("ec2_vpcs")
TAGS = cell("ec2_vpcs", "tags")[1]
SUBNETS = headings("ec2_subnets")[0]
RULES_OF_A_BUCKET = "s3_buckets.lifecycle_rules"
SHAPES = dict(
    merged_cells=(lambda book: book[SUBNETS].merge_cells("B9:B10"), [f"{SUBNETS}!B9: ", "結合"], 1),
    merged_blank_cells=(lambda book: book[VPCS].merge_cells("B20:D22"), [f"{VPCS}!B20: ", "結合"], 1),
    extra_worksheet=(lambda book: book.create_sheet("Sheet1"), ["「Sheet1」というワークシート"], 1),
    copied_worksheet=(lambda book: book.copy_worksheet(book[VPCS]), ["「VPC Copy」というワークシート", "VPC"], 1),
    missing_worksheet=(lambda book: book.remove(book["IAMユーザ"]), ["ワークシート「IAMユーザ」がありません"], 1),
    missing_history=(lambda book: book.remove(book["変更履歴"]), ["ワークシート「変更履歴」がありません"], 1),
    missing_cover=(lambda book: book.remove(book["表紙"]), ["ワークシート「表紙」がありません"], 1),
    renamed_worksheet=(rename("IAMユーザ", "IAMユーザー"), ["「IAMユーザー」というワークシートは使えません", "「IAMユーザ」の誤り"], 1),
    worksheet_renamed_in_full_width=(rename(VPCS, "ＶＰＣ"), ["「ＶＰＣ」というワークシートは使えません", "「VPC」の誤り"], 1),
    missing_contents=(lambda book: book.remove(book["目次"]), ["ワークシート「目次」がありません"], 1),
    hidden_row=(hide_row(SUBNETS, 10), [f"{SUBNETS}!B10: 非表示の行"], 1),
    struck_through_row=(both(*(looks(SUBNETS, f"{letter}10", strike=True) for letter in "BCDE")), [f"{SUBNETS}!B10（VPC）: 取り消し線"], 1),
    partly_struck_through=(struck_part, [f"{VPCS}!{TAGS}（タグ）: 取り消し線"], 1),
    percentage=(as_percent, ["!D9（サイズ（GiB））: パーセントの書式のため「90%」と表示されますが、値は 0.9 です"], 1),
    hidden_column=(hide_column(SUBNETS, "D"), [f"{SUBNETS}!D9（IPv4 CIDRブロック）: 非表示の列"], 1),
    hidden_worksheet=(hide_worksheet(SUBNETS, "hidden"), [f"{SUBNETS}: 非表示のワークシート"], 1),
    very_hidden_worksheet=(hide_worksheet(SUBNETS, "veryHidden"), [f"{SUBNETS}: 非表示のワークシート"], 1),
    merged_headings=(lambda book: book[SUBNETS].merge_cells(f"B{ROW}:C{ROW}"), [f"{SUBNETS}!B{ROW}: セルが結合"], 1),
    headings_pasted_again=(headings_below, [f"{SUBNETS}!A{ROW + 4}: 見出しの行がもう一度"], 1),
    a_whole_head_pasted_again=(head_below, [f"{SUBNETS}!A{ROW + 4}: 見出しの行がもう一度あります（{ROW + 4} ～ {2 * ROW + 3} 行目）"], 1),
    extra_column=(set_cell(VPCS, f"Z{ROW}", "備考"), [f"{VPCS}!Z{ROW}: 「備考」という見出し"], 1),
    missing_column=(delete_column, ["見出し「path」の列がありません"], 1),
    misspelt_heading=(set_cell(*cell("ec2_vpcs", "cidr_block", -1), "cidr_blok"), ["cidr_blok", "cidr_block"], 1),
    heading_in_capitals=(set_cell(*cell("ec2_vpcs", "cidr_block", -1), "CIDR_BLOCK"), ["CIDR_BLOCK", "cidr_block"], 1),
    heading_twice=(set_cell(VPCS, f"Z{ROW}", "name"), [f"{VPCS}!Z{ROW}: 見出し「name」が 2 回"], 1),
    headings_gone=(delete_heading, ["IAMユーザ: 見出しの行"], 1),
    value_beside_the_table=(set_cell(VPCS, "AA12", "メモ"), [f"{VPCS}!AA12: 見出しのない列"], 1),
    value_far_below_beside_the_table=(set_cell(VPCS, "ZZ1048576", "x"), [f"{VPCS}!ZZ1048576: 見出しのない列"], 1),
    another_contract=(set_cell("表紙", "C6", "C-2"), ["表紙!C6（契約番号）: 「C-2」のブックです"], 1),
    merged_version=(lambda book: book["表紙"].merge_cells("B9:C9"), ["表紙!C9（版）: ", "B9:C9"], 1),
    cover_without_version=(lambda book: book["表紙"].delete_rows(9), ["表紙: 表紙に「版」がありません"], 1),
    label_of_the_day_merged=(lambda book: book["表紙"].merge_cells("A10:B10"), ["表紙: 表紙に「作成日」がありません"], 1),
    another_account=(set_cell("表紙", "C7", "999999999999"), ["この契約は「111122223333」"], 1),
    cover_without_account=(set_cell("表紙", "B7", None), ["AWS アカウント ID"], 1),
    number_as_an_id=(both(set_cell(*cell("ec2_vpcs", "@id", 0), 5), set_cell(*cell("ec2_vpcs", "name", 0), None)), ["数値として入力"], 1),
    date_as_an_id=(set_cell(*cell("ec2_vpcs", "@id", 2), datetime.datetime(2026, 1, 2)), ["日付として入力"], 1),
    truth_as_an_id=(set_cell(*cell("ec2_vpcs", "@id", 2), True), ["真偽値"], 1),
    heading_of_the_names_deleted=(heading("ec2_vpcs", "name", None), [f"{VPCS}!B{ROW}（名前）: 見出し「name」の列がありません"], 1),
    heading_of_the_names_misspelt=(heading("ec2_vpcs", "name", "namae"), [f"{VPCS}!B{ROW}: 「namae」という見出し", "「name」の誤り"], 1),
    heading_of_the_names_overwritten=(heading("ec2_volumes", "name", "メモ"), [f"!B{ROW}: 「メモ」という見出し", "「name」の誤り"], 1),
    column_of_the_names_deleted=(without_column("ec2_volumes", "name"), ["（名前）: 見出し「name」の列がありません"], 1),
    column_of_the_names_of_rows_deleted=(without_column(RULES_OF_A_BUCKET, "id"), ["（ルール名）: 見出し「id」の列がありません"], 1),
    heading_of_the_parents_misspelt=(heading(RULES_OF_A_BUCKET, "@parent1", "@parent"), [f"!A{ROW}: 「@parent」という見出し"], 1),
    column_of_the_parents_deleted=(without_column(RULES_OF_A_BUCKET, "@parent1"), ["見出し「@parent1」の列がありません"], 1),
    column_of_the_inner_parents_deleted=(without_column(f"{RULES_OF_A_BUCKET}.transitions", "@parent2"), ["見出し「@parent2」の列がありません"], 1),
    heading_of_one_side_misspelt=(heading("ec2_security_groups.ingress", "cidr_ipv4", "cidr"), [f"!F{ROW}: 「cidr」という見出し"], 1),
    heading_of_another_column_overwritten=(heading("ec2_volumes", "size", "容量"), [f"!D{ROW}: 「容量」という見出し", "「size」の誤り"], 1),
    two_names_merged=(merged("ec2_vpcs", "name", high=2), [f"{VPCS}!B9: セルが結合"], 1),
    state_and_name_merged=(merged("iam_groups", "@state", wide=2), ["IAMグループ!A9: セルが結合"], 1),
    parent_and_name_merged=(merged("ec2_security_groups", "vpc", wide=2), ["セキュリティグループ!B9: セルが結合"], 1),
    name_and_value_merged=(merged("iam_users", "name", wide=2), ["IAMユーザ!B9: セルが結合"], 1),
    number_and_text_merged=(merged("ec2_volumes", "size", wide=2), ["!D9: セルが結合"], 1),
    value_and_blank_row_merged=(merged("ec2_volumes", "size", high=2), ["!D9: セルが結合"], 1),
    networks_merged=(merged("ec2_subnets", "cidr_block", high=2), [f"{SUBNETS}!D9: セルが結合"], 1),
    ports_merged=(merged("ec2_security_groups.ingress", "from_port", high=2), ["!D9: セルが結合"], 1),
    sides_of_a_rule_merged=(merged("ec2_security_groups.ingress", "cidr_ipv4", wide=2), ["!F9: セルが結合"], 1),
    parents_merged=(merged(RULES_OF_A_BUCKET, "@parent1", high=2), ["!A9: セルが結合"], 1),
    single_kind_merged=(merged("iam_password_policy", "minimum_password_length", high=2), ["!B9: セルが結合"], 1),
    last_column_merged=(merged(f"{RULES_OF_A_BUCKET}.transitions", "storage_class", wide=2), ["!E9: セルが結合"], 1),
    name_blank_to_which_others_refer=(blank("ec2_vpcs", "name"), [f"{VPCS}!B9（名前）: 対象を特定するために必要"], 1),
    name_blank_that_has_rows=(blank("ec2_security_groups", "name"), ["セキュリティグループ!C9（名前）: 対象を特定するために必要"], 1),
    name_blank_of_a_row_that_has_rows=(blank(RULES_OF_A_BUCKET, "id"), ["!C9（ルール名）: 対象を特定するために必要"], 1),
    parent_blank_of_a_row_that_has_rows=(blank(RULES_OF_A_BUCKET, "@parent1"), ["!A9（親の「S3バケット」）: どの行に属するか"], 1),
    parent_unknown_of_a_row_that_has_rows=(set_cell(*cell(RULES_OF_A_BUCKET, "@parent1"), "nowhere"), ["「nowhere」は"], 1),
    formula_as_a_parent=(set_cell(*cell(RULES_OF_A_BUCKET, "@parent1"), "=A1"), ["!A9（親の「S3バケット」）: 数式は使えません"], 1),
    second_row_of_a_single_kind=(set_cell(*cell("iam_password_policy", "max_password_age", 1), 90), ["1 行だけ書ける表に 2 行"], 1),
)


@pytest.mark.parametrize("case", SHAPES)
def test_a_bad_shape_is_told(case, tmp_path):
    change, parts, count = SHAPES[case]
    lines = refused(tmp_path, saved(change))
    assert len(lines) == count, lines
    assert all(part in lines[0] for part in parts), lines


def without(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
    return out.getvalue()


def replaced(name, content, data):
    out = io.BytesIO(without(name, data))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, content)
    return out.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'">' + b"".join(
    b'<!ENTITY c%d "%s">' % (index, (b"&b;" if index == 0 else b"&c%d;" % (index - 1)) * 100) for index in range(6)
) + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
BOMB += b'<c r="A1" t="inlineStr"><is><t>&c5;</t></is></c></row></sheetData></worksheet>'


def below_the_cells(part):
    """The first worksheet of a kind with something else in its file than the links of its own."""
    name = "xl/worksheets/sheet3.xml"
    with zipfile.ZipFile(io.BytesIO(good())) as archive:
        content = re.sub("<hyperlinks>.*</hyperlinks>", "", archive.read(name).decode())
    return replaced(name, content.replace("</sheetData>", f"</sheetData>{part}"), good())


def merged_all(*areas, quote='"'):
    return below_the_cells("<mergeCells>" + "".join(f"<mergeCell ref={quote}{area}{quote}/>" for area in areas) + "</mergeCells>")


def strict():
    with zipfile.ZipFile(io.BytesIO(good())) as archive:
        content = archive.read("xl/workbook.xml")
    usual = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return replaced("xl/workbook.xml", content.replace(usual, b"http://purl.oclc.org/ooxml/spreadsheetml/main"), good())


FILES = dict(
    strict=(strict, "「Strict Open XML スプレッドシート」の形式です。「Excel ブック (*.xlsx)」として"),
    merged_between_other_quotation_marks=(lambda: merged_all("B20:XFD1048576", quote="'"), "結合されています（B20:XFD1048576）"),
    merged_with_dollars=(lambda: merged_all("$A$20:$Z$100000"), "結合されています（$A$20:$Z$100000）"),
    merged_in_another_spelling=(lambda: merged_all("&#65;20:Z100000"), "結合されています（A20:Z100000）"),
    merged_in_many_areas=(lambda: merged_all(*(f"A{row}:T{row + 999}" for row in range(20, 10020, 1000))), "結合されています（A5020:T6019）"),
    text_renamed=("日本語".encode, "Excel ブック（xlsx）ではありません"),
    empty=(bytes, "Excel ブック（xlsx）ではありません"),
    another_zip=(lambda: without("xl/workbook.xml", good()), "Excel ブック（xlsx）ではありません"),
    truncated=(lambda: good()[: len(good()) // 2], "壊れている"),
    truncated_at_the_end=(lambda: good()[:-30], "壊れている"),
    without_a_worksheet=(lambda: without("xl/worksheets/sheet3.xml", good()), "がありません"),
    damaged_xml=(lambda: replaced("xl/worksheets/sheet3.xml", "<worksheet><sheetData>", good()), "壊れている"),
    entity_bomb=(lambda: replaced("xl/worksheets/sheet3.xml", BOMB, good()), "壊れている"),
    macros=(lambda: replaced("xl/vbaProject.bin", b"x", good()), "マクロ"),
    garbage_in_the_middle=(lambda: good()[:3000] + b"\xff" * 3000 + good()[6000:], "壊れている"),
    absent=(lambda: None, "ファイルがありません"),
    whole_columns_merged=(lambda: merged_all("B1:XFD1048576"), "セルが結合されています（B1:XFD1048576）"),
    one_whole_column_merged=(lambda: merged_all("B1:B1048576"), "セルが結合されています（B1:B1048576）"),
)


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_one_message(case, tmp_path):
    made, part = FILES[case]
    (line,) = refused(tmp_path, made())
    assert part in line and (case == "without_a_worksheet" or line.startswith(f"{tmp_path / 'book.xlsx'}: ")), line


SAVED = Path(__file__).with_name("workbooks")  # by other programs; its README says how
CSV = "VPC,,,\r\n→ 目次へ,,,\r\n状態,名前,IPv4 CIDRブロック,タグ\r\n,acme,10.20.0.0/16,\"Env=prod\nOwner=総務部\"\r\n"
OTHERS = dict(
    password=("パスワードを外して", "with a password"),
    xls=("古い形式（xls）", "of the old form (xls)"),
    csv=("Excel ブック（xlsx）ではありません", "no Excel workbook (xlsx)"),
)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("case", OTHERS)
def test_what_other_programs_save_under_the_name_of_a_workbook_is_one_message(case, language, tmp_path):
    (line,) = refused(tmp_path, CSV.encode("cp932") if case == "csv" else (SAVED / f"{case}.xlsx").read_bytes(), language)
    assert line.startswith(f"{tmp_path / 'book.xlsx'}: ") and OTHERS[case][language == "en"] in line, line


@pytest.mark.parametrize("wrong", [0, 999])
def test_one_fault_among_a_thousand_rows_is_one_message(wrong, tmp_path):
    mine, sheet = LAYOUT.of(["iam_groups"]), dict(iam_groups=[dict(name=f"g{number}", path="/a/") for number in range(1000)])
    book = load_workbook(io.BytesIO(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, sheet)[0], CONTRACT)))
    title, address = cell("iam_groups", "path", wrong)
    book[title][address].value = "／ａ／"
    out = io.BytesIO()
    book.save(out)
    (line,) = refused(tmp_path, out.getvalue())
    assert line.startswith(f"{title}!{address}（パス）: ") and "「/a/」と半角" in line


def test_truth_as_libreoffice_writes_it_is_the_value(tmp_path):
    (tmp_path / "book.xlsx").write_bytes(edited(("ec2_volumes", "encrypted", 0, "=FALSE()")))
    assert workbook.take_in(workbook.Setting(CONTRACT), tmp_path / "book.xlsx", tmp_path / "sheet.yml", None).sheet["ec2_volumes"][0]["encrypted"] is False


BROKEN = dict(
    no_yaml=("sheet:\n  a: 1\n   b: 2\n", 3, "YAML として読めません", "cannot be read as YAML"),
    a_tab=("sheet:\n\t- a\n", 2, "YAML として読めません", "cannot be read as YAML"),
    shift_jis=("---\nsheet: {}  # 例\n".encode("cp932"), 2, "YAML として読めません", "cannot be read as YAML"),
    a_list=("---\n- 1\n", 2, "組になっていません", "no name: value pairs"),
    sheet_as_a_list=("---\nsheet:\n  - 1\n", 2, "組になっていません", "no kind: [entries] pairs"),
    kind_as_a_text=("sheet:\n  iam_groups: none\n", 2, "一覧（リスト）で書いて", "write a list"),
    kind_as_a_number=("sheet:\n  iam_groups: 5\n", 2, "一覧（リスト）で書いて", "write a list"),
    entry_as_a_text=("sheet:\n  iam_groups:\n    - name: g\n    - h\n", 4, "「名前: 値」の組で", "as name: value pairs"),
    entry_left_blank=("sheet:\n  iam_groups:\n    - name: g\n    -\n", 4, "「名前: 値」の組で", "as name: value pairs"),
    number_as_a_text=("sheet:\n  ec2_volumes:\n    - name: d\n      size: many\n", 4, "整数ではありません", "a whole number"),
    structure_as_a_text=("sheet:\n  s3_buckets:\n    - name: b\n      tags: {}\n      logging: x\n", 5, "組ではありません", "name: value pairs"),
    whole_number_that_is_none=("sheet: {}\nx: !!int abc\n", 2, "this is no int", "this is no int"),
    digits_without_end=("sheet: {}\nx: " + "9" * 5000 + "\n", 2, "this is no int", "this is no int"),
    truth_that_is_none=("sheet: {}\nx: !!bool abc\n", 2, "this is no bool", "this is no bool"),
    a_bell=("---\n# a\nsheet: \a\n", 3, "YAML として読めません", "cannot be read as YAML"),
    kind_twice=("sheet:\n  iam_groups: []\n  iam_users: []\n  iam_groups: []\n", 4, "iam_groups is there twice", "iam_groups is there twice"),
    tags_as_a_list=("sheet:\n  ec2_vpcs:\n    - name: v\n      tags: [1]\n", 4, "「名前: 値」の組", "name: value pairs"),
    number_without_end=("sheet:\n  ec2_volumes:\n    - name: d\n      size: .inf\n", 4, "整数ではありません", "a whole number"),
    lists_without_end=("sheet: {}\nx:\n  " + "[" * 5000 + "]" * 5000 + "\n", 3, "more than 100 levels", "more than 100 levels"),
    pairs_without_end_in_an_entry=("sheet:\n  ec2_vpcs:\n    - name: " + "{a: " * 500 + "1" + "}" * 500 + "\n", 3, "than 100 levels", "than 100 levels"),
    a_list_within_itself=("sheet: {}\nx: &a\n  - *a\n", 2, "more than 100 levels", "more than 100 levels"),
    kind_that_is_none=("sheet:\n  s3_bucket:\n    - name: b\n", 2, "「s3_bucket」という種類はありません（「s3_buckets」", "no kind 's3_bucket'"),
    list_as_a_number=("sheet:\n  s3_buckets:\n    - {name: b, lifecycle_rules: 5}\n", 3, "一覧", "a list"),
)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_of_the_sheet_is_one_message_with_its_line(case, language, tmp_path):
    content, line, *parts = BROKEN[case]
    (tmp_path / "sheet.yml").write_bytes(content if isinstance(content, bytes) else content.encode())
    (told,) = refused(tmp_path, good(), language)
    assert told.startswith(f"{tmp_path / 'sheet.yml'}:{line}: ") and parts[language == "en"] in told and "\n" not in told, told


HISTORIES = ["sheet_history: 5\n", "sheet_history:\n  - 5\n", "sheet_history: [{version: x, changes: []}]\n", "sheet_history: [{version: 1}]\n"]
HISTORIES += ["sheet_history: [{version: 1, changes: []}]\n", "sheet_history: [{version: true, date: x, changes: []}]\n"]
HISTORIES += ["sheet_history: [{version: 1, date: x, changes: [{worksheet: [a], what: x, cell: x, before: x, after: x}]}]\n"]
HISTORIES += ["sheet_history: []\nsheet_digests: 5\n", "sheet_digests: {ec2_vpcs: 5}\n", "sheet_digests: {ec2_vpcs: {v: 5}}\n"]


@pytest.mark.parametrize("content", HISTORIES)
def test_a_broken_history_is_one_message_with_its_line(content, tmp_path):
    (tmp_path / "history.yml").write_text(content, encoding="utf-8")
    (line,) = refused(tmp_path, good())
    assert line.startswith(f"{tmp_path / 'history.yml'}:{content.count(chr(10))}: {content[content.rindex('sheet_') :].partition(':')[0]} ")


def test_a_broken_history_is_told_with_what_is_wrong_elsewhere(tmp_path):
    (tmp_path / "history.yml").write_text(HISTORIES[0], encoding="utf-8")
    first, second = refused(tmp_path, edited(("iam_users", "path", 0, 5)))
    assert "数値として入力" in first and second.startswith(f"{tmp_path / 'history.yml'}:1: ")
    (tmp_path / "sheet.yml").write_text("sheet: 5\n", encoding="utf-8")
    first, second = refused(tmp_path, good())
    assert first.startswith(f"{tmp_path / 'sheet.yml'}:1: ") and second.startswith(f"{tmp_path / 'history.yml'}:1: ")


def test_a_workbook_of_something_else_is_told_without_end(tmp_path):
    out = io.BytesIO()
    book = Workbook()
    book.active["A1"] = "売上"
    book.save(out)
    lines = refused(tmp_path, out.getvalue())
    assert any("「Sheet」" in line for line in lines) and any("表紙" in line for line in lines)


@pytest.mark.parametrize("language, told", [("ja", "「10.0.0.0/24」というアベイラビリティゾーンはありません"), ("en", "there is no availability zone '10")])
def test_a_zone_that_is_not_there_is_told_as_what_it_is(language, told, tmp_path):
    mine = layout(language).of(ONLY)
    given = dict(SHEET, ec2_volumes=[dict(SHEET["ec2_volumes"][0], availability_zone="10.0.0.0/24")])
    (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, given)[0], CONTRACT))
    zones = dict(ec2_availability_zones=["ap-northeast-1a", "ap-northeast-1c"])
    with pytest.raises(workbook.Refused) as found:
        workbook.take_in(workbook.Setting(CONTRACT, language), tmp_path / "book.xlsx", tmp_path / "sheet.yml", None, outside=zones)
    assert all(told in line for line in found.value.lines), found.value.lines


ELSEWHERE = dict(ja="契約のリージョン（ap-northeast-1）のアベイラビリティゾーンでは", en="is no availability zone of the contract's Region (ap-northeast-1)")


@pytest.mark.parametrize("language", ELSEWHERE)
@pytest.mark.parametrize("zone, wrong", [("1a", True), ("ap-northeast-3a", True), ("ap-northeast-1", True), ("ap-northeast-1-wl1-kix-wlz-1", False)])
def test_a_zone_of_no_or_another_region_is_told_at_its_cell(zone, wrong, language, tmp_path):
    mine = layout(language).of(ONLY)
    given = dict(SHEET, ec2_volumes=[dict(SHEET["ec2_volumes"][0], availability_zone=zone)])
    (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, given)[0], CONTRACT))
    found = _workbook_read.read(tmp_path / "book.xlsx", mine, {}, CONTRACT, {})
    lines = [fault.text(language) for fault in found.faults]
    address = cell("ec2_volumes", "availability_zone")[1]
    assert len(lines) == wrong and all(f"!{address}" in line and ELSEWHERE[language] in line for line in lines), lines


def test_all_faults_come_in_one_pass(tmp_path):
    """Every bad cell of the list above at once, where no two stand in the same row."""
    chosen, rows = {}, set()
    for key, column, row, value, dummy in TYPED.values():
        if (key, row) not in rows and key not in ("ec2_subnets", "ec2_vpcs"):
            rows.add((key, row))
            chosen[cell(key, column, row)] = value

    def change(book):
        for (title, address), value in chosen.items():
            book[title][address].value = value

    lines = refused(tmp_path, saved(change))
    for title, address in chosen:
        assert len([line for line in lines if line.startswith(f"{title}!{address}（")]) == 1, (title, address, lines)


def edited(*edits):
    return saved(both(*(set_cell(*cell(key, column, row), value) for key, column, row, value in edits)))


def test_rows_that_go_stand_in_nobodys_way(tmp_path):
    """What is to be removed overlaps nothing and is no second of its name."""
    book = tmp_path / "book.xlsx"
    book.write_bytes(edited(("ec2_subnets", "@state", 0, "なし"), ("ec2_subnets", "cidr_block", 1, "10.0.1.0/24")))
    assert workbook.take_in(workbook.Setting(CONTRACT), book, tmp_path / "sheet.yml", None).files


def test_a_name_that_is_removed_and_made_is_told(tmp_path):
    (line,) = refused(tmp_path, edited(("ec2_subnets", "@state", 0, "なし"), ("ec2_subnets", "name", 1, "a")))
    assert "両方が書かれています" in line and line.endswith("セル: C9, C10")


def test_a_row_that_is_there_twice_is_told_at_the_second(tmp_path):
    (line,) = refused(tmp_path, edited(("ec2_security_groups.ingress", "from_port", 1, 443)))
    title, address = cell("ec2_security_groups.ingress", "@parent1", 1)
    assert line.startswith(f"{title}!{address}（") and "2 回書かれています" in line


def test_what_refers_to_something_removed_is_told_so(tmp_path):
    lines = refused(tmp_path, edited(("iam_groups", "@state", 0, "なし")))
    title, address = cell("iam_users", "groups")
    assert [line.partition("（")[0] for line in lines] == [f"{title}!{address}"] and "このシートで削除することになっています" in lines[0]


def test_what_names_something_removed_without_saying_in_what_it_lies_is_told_so(tmp_path):
    made = dict(SHEET, ec2_instances=[dict(name="i", subnet="a", image="ami-12345678", instance_type="t3.micro")])
    book = load_workbook(io.BytesIO(_workbook_write.workbook(LAYOUT.of(made), _workbook_rows.rows_of(LAYOUT.of(made), made)[0], CONTRACT)))
    title, address = cell("ec2_subnets", "@state")
    book[title][address] = "なし"
    book.save(out := io.BytesIO())
    title, address = cell("ec2_instances", "subnet")
    lines = refused(tmp_path, out.getvalue())
    assert [line.partition("（")[0] for line in lines] == [f"{title}!{address}"]
    assert f"「a」という {LAYOUT.title('ec2_subnets')} は、このシートで削除することになっています" in lines[0]


def test_what_is_wrong_below_a_parent_that_is_not_there_is_told_in_the_same_pass(tmp_path):
    key, inner = "ec2_security_groups.ingress", "s3_buckets.lifecycle_rules.transitions"
    edits = [(key, "@parent1", 0, "nowhere"), (key, "cidr_ipv4", 0, "10.0.0.0/33")]
    edits += [("s3_buckets.lifecycle_rules", "@parent1", 0, "nowhere"), (inner, "@parent1", 0, "nowhere"), (inner, "storage_class", 0, "TAPE")]
    lines = refused(tmp_path, edited(*edits))
    at = ["{}!{}".format(*cell(table, column)) for table, column, *dummy in edits if column != "@parent1" or table != inner]
    assert sorted(line.partition("（")[0] for line in lines) == sorted(at), lines


def test_what_is_missing_because_of_a_wrong_place_is_told_at_that_place_alone(tmp_path):
    """A subnet in the wrong VPC: not also the route table that looks for it in the right one."""
    routed = dict(SHEET, ec2_route_tables=[dict(name="t", vpc="v", subnets=["a", "c"])])
    mine = LAYOUT.of(routed)
    book = load_workbook(io.BytesIO(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, routed)[0], CONTRACT)))
    title, address = cell("ec2_subnets", "vpc", 1)
    for wrong, told in (("vv", f"{title}!{address}（VPC）: 「vv」という VPC"), ("w", f"{title}!D10（IPv4 CIDRブロック）: 10.0.2.0/24 は VPC の範囲")):
        book[title][address].value = wrong
        out = io.BytesIO()
        book.save(out)
        (line,) = refused(tmp_path, out.getvalue())
        assert line.startswith(told), line
    book[title]["D10"].value = "10.1.2.0/24"
    out = io.BytesIO()
    book.save(out)
    (line,) = refused(tmp_path, out.getvalue())
    assert "「c」は「サブネット」にありますが、属するものが異なります（w/c）" in line, line


@pytest.mark.parametrize("language, told", [("ja", "（v/a, w/a）。名前の代わりに「属するもの/名前」か ID"), ("en", "(v/a, w/a); write the id, or scope/name")])
def test_a_name_that_several_things_have_is_told_with_what_to_write(language, told, tmp_path):
    """The latter of which is right."""
    mine, one = layout(language).of(["ec2_instances", *ONLY]), SHEET["ec2_subnets"][0]
    subnets = [one, dict(one, vpc="w", cidr_block="10.1.1.0/24")]
    for subnet, faults in (("a", 1), ("w/a", 0)):
        given = dict(SHEET, ec2_subnets=subnets, ec2_instances=[dict(name="i", image="ami-12345678", subnet=subnet)])
        (tmp_path / "book.xlsx").write_bytes(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, given)[0], CONTRACT))
        found = _workbook_read.read(tmp_path / "book.xlsx", mine, {}, CONTRACT, {})
        assert len(found.faults) == faults and all(told in fault.text(language) for fault in found.faults), found.faults


def test_a_workbook_in_another_language_is_one_message(tmp_path):
    mine = layout("en").of(ONLY)
    (line,) = refused(tmp_path, _workbook_write.workbook(mine, {}, CONTRACT))
    assert "contract.language を en" in line


def test_the_name_of_the_file_does_not_matter(tmp_path):
    book = tmp_path / "book.xls"
    book.write_bytes(good())
    assert workbook.take_in(workbook.Setting(CONTRACT), book, tmp_path / "sheet.yml", None).files


def test_fonts_within_a_text_do_not_matter(tmp_path):
    book = tmp_path / "book.xlsx"

    def change(made):
        made[VPCS]["B9"].value = CellRichText(TextBlock(InlineFont(b=True), "v"), "")
        made["表紙"]["C6"].value = CellRichText(TextBlock(InlineFont(b=True), "C"), "-1")
        made["目次"]["B1"].value = CellRichText(TextBlock(InlineFont(b=True), "x"), "y")

    book.write_bytes(saved(change))
    assert workbook.take_in(workbook.Setting(CONTRACT), book, tmp_path / "sheet.yml", None).sheet["ec2_vpcs"][0]["name"] == "v"


def test_blanks_at_the_end_are_no_fault(tmp_path):
    book = tmp_path / "book.xlsx"

    def change(made):
        made[cell("iam_users", "groups")[0]][cell("iam_users", "groups")[1]].value = " g \n\n　"
        made[cell("ec2_vpcs", "name")[0]][cell("ec2_vpcs", "name")[1]].value = "v　 "
        made[VPCS]["B30"] = "　"
        made[VPCS].insert_rows(1)

    book.write_bytes(saved(change))
    workbook.take_in(workbook.Setting(CONTRACT), book, tmp_path / "sheet.yml", None).write()
    assert _workbook_yaml.load((tmp_path / "sheet.yml").read_text(encoding="utf-8"))["sheet"] == _workbook_rows.canonical_sheet(SHEET, LAYOUT)


def line_of_the_contents_gone(book):
    contents = book["目次"]
    contents.delete_rows(next(row[0].row for row in contents if any(cell.value == "ec2_subnets" for cell in row)))


def adorned(book):
    """What people do to a workbook without meaning anything by it."""
    book[SUBNETS]["D9"].comment = Comment("この値でよいか確認", "x")
    book[SUBNETS].conditional_formatting.add("A9:F20", CellIsRule(operator="equal", formula=['"v"'], font=Font(bold=True)))
    book[SUBNETS].auto_filter.ref = "A8:F10"
    book[SUBNETS].column_dimensions["J"].hidden = True
    book[VPCS].merge_cells("B7:C7")


HARMLESS = dict(
    line_of_the_contents_gone=line_of_the_contents_gone,
    adorned=adorned,
    another_order=lambda book: book.move_sheet(book[SUBNETS], 1 - len(book.sheetnames)),
    row_in_the_middle=lambda book: book[SUBNETS].insert_rows(10),
    merged_day=lambda book: book["表紙"].merge_cells("C10:D10"),
    account_as_a_number=set_cell("表紙", "C7", 111122223333),
)


@pytest.mark.parametrize("element", ["", "x:"])
@pytest.mark.parametrize("area", ["B9", "B12", "B30", "B1:B1048576", "A1:XFD1048576"])
def test_a_link_on_a_cell_is_no_value_of_it(area, element, tmp_path):
    space = ' xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"' if element else ""
    links = f'<{element}hyperlinks{space}><{element}hyperlink ref="{area}" location="IAM!A1"/></{element}hyperlinks>'
    (tmp_path / "book.xlsx").write_bytes(below_the_cells(links))
    taken = workbook.take_in(workbook.Setting(CONTRACT), tmp_path / "book.xlsx", tmp_path / "sheet.yml", None)
    assert taken.sheet == _workbook_rows.canonical_sheet(SHEET, LAYOUT)


@pytest.mark.parametrize("case", HARMLESS)
def test_what_means_nothing_changes_nothing(case, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(saved(HARMLESS[case]))
    workbook.take_in(workbook.Setting(CONTRACT), tmp_path / "book.xlsx", tmp_path / "sheet.yml", None).write()
    assert _workbook_yaml.load((tmp_path / "sheet.yml").read_text(encoding="utf-8"))["sheet"] == _workbook_rows.canonical_sheet(SHEET, LAYOUT)


# ---- by a generator, over every kind


@cache
def example_book(name):
    mine = LAYOUT.of([name])
    rows, faults = _workbook_rows.rows_of(mine, {name: [dict(entry) for entry in entries(name, examples(name).make)]})
    assert faults == []
    return _workbook_write.workbook(mine, rows, CONTRACT)


def write_sheet(path, name):
    """The file from which the workbook was made: it has the secrets."""
    given = {name: [dict(entry) for entry in entries(name, examples(name).make)]}
    (path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=given)), encoding="utf-8")


@pytest.mark.parametrize("mistake", ["formula", "error", "none", "heading_twice", "merged", "no_headings"])
@pytest.mark.parametrize("name", kinds())
def test_each_mistake_in_each_kind_is_told_once(name, mistake, tmp_path):
    table = LAYOUT.by_key[name]
    book = load_workbook(io.BytesIO(example_book(name)))
    sheet = book[table.title]
    numbers = {column.key: index + 1 for index, column in enumerate(table.columns)}
    plain = [column for column in table.columns if column.role == "value" and not column.clearable]
    target = sheet.cell(table.first_row, numbers[plain[-1].key])
    at, part = f"{table.title}!{target.coordinate}", ""
    if mistake == "merged":
        sheet.merge_cells(start_row=table.first_row + 8, end_row=table.first_row + 9, start_column=1, end_column=2)
        at, part = f"{table.title}!A{table.first_row + 8}: ", "結合"
    elif mistake == "heading_twice":
        sheet.cell(table.heading_row, len(numbers) + 2).value = plain[-1].key
        at, part = table.title, f"見出し「{plain[-1].key}」が 2 回"
    elif mistake == "no_headings":
        for number in numbers.values():
            sheet.cell(table.heading_row, number).value = None
        at, part = table.title, "見出しの行"
    else:
        target.value, part = dict(formula=("=1+1", "数式"), error=("#N/A", "エラー値"), none=("なし", "取り除くことのできない"))[mistake]
    out = io.BytesIO()
    book.save(out)
    write_sheet(tmp_path, name)
    lines = [line for line in refused(tmp_path, out.getvalue()) if "このブックにありません" not in line]
    assert [line for line in lines if line.startswith(at) and part in line], lines
    assert len(lines) == 1 or mistake == "no_headings", lines


@pytest.mark.parametrize("name", [name for name in KINDS if not KINDS[name].single])
def test_names_that_are_nowhere_are_told_and_those_of_the_account_are_not(name, tmp_path):
    """The names to which the examples refer outside of themselves, told each at its cell, and accepted once the account is said to have them."""
    book = tmp_path / "book.xlsx"
    book.write_bytes(example_book(name))
    write_sheet(tmp_path, name)
    setting = workbook.Setting(CONTRACT)
    outside = {}
    try:
        workbook.take_in(setting, book, tmp_path / "sheet.yml", None)
    except workbook.Refused as refusal:
        assert all("このブックにありません" in line and "!" in line for line in refusal.lines), refusal.lines

        outside = sheet_outside_names({name: entries(name, examples(name).make)})
        assert outside
    assert workbook.take_in(setting, book, tmp_path / "sheet.yml", None, outside=outside).files == {}
