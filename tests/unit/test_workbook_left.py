# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is deleted in a workbook leaves the sheet and stays in AWS, which a customer may not expect: it is told, and only where it is so."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _workbook_rows, _workbook_write, _workbook_yaml, workbook
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout

CONTRACT = dict(number="C-1", account_id="111122223333", customer="例の会社", region="ap-northeast-1")
VPCS = [dict(name="v", cidr_block="10.0.0.0/16")]
RULE = dict(protocol="tcp", from_port=22, to_port=22, cidr_ipv4="10.0.0.0/8", description="ssh")
OTHER = dict(RULE, from_port=443, to_port=443)
OPEN = "セキュリティグループ_インバウンドルール: 行を削除するとシートから除かれますが、AWS 上のものは変わりません"


def groups(rules):
    return dict(ec2_vpcs=VPCS, ec2_security_groups=[dict(name="s", vpc="v", description="d", ingress=rules)])


def tables(**route):
    return dict(ec2_vpcs=VPCS, ec2_route_tables=[dict(name="t", vpc="v", routes=[dict(destination_cidr_block="0.0.0.0/0", **route)])])


def user(**options):
    return dict(iam_users=[dict(name="u", **options)])


def bucket(*rules):
    return dict(s3_buckets=[dict(name="b-1", lifecycle_rules=[dict(id=name, status="Enabled", transitions=some) for name, some in rules])])


DAYS = [dict(days=30, storage_class="GLACIER"), dict(days=90, storage_class="DEEP_ARCHIVE")]
LEFT = dict(
    a_row=(groups([RULE, OTHER]), groups([OTHER]), [OPEN, "。AWS からも取り除くには、行を戻して「状態」を「なし」にしてください: s/tcp/22/22"]),
    a_row_that_became_another=(groups([RULE, OTHER]), groups([dict(RULE, to_port=23), OTHER]), [OPEN]),
    all_rows=(groups([RULE]), groups(None), [OPEN]),
    a_cell_of_a_row=(groups([RULE]), groups([{name: value for name, value in RULE.items() if name != "description"}]), ["説明: ssh"]),
    a_tag=(user(tags=dict(A="1", B="2")), user(tags=dict(A="1")), ["消した値はシートから除かれますが、AWS 上のものは変わりません", "B=2"]),
    all_tags=(user(tags=dict(A="1", B="2"), path="/a/"), user(path="/a/"), ["タグ: A=1、B=2"]),
    one_of_many=(user(groups=["g-1", "g-2"]), user(groups=["g-1"]), [": g-2"]),
    a_value=(user(path="/a/", tags=dict(A="1")), user(tags=dict(A="1")), [": /a/"]),
    a_row_with_rows_of_its_own=(bucket(("x", DAYS), ("y", DAYS)), bucket(("x", DAYS)), ["S3バケット_ライフサイクルルール: 行を", ": b-1/y"]),
    all_of_a_list_that_is_whole=(bucket(("x", DAYS)), bucket(("x", None)), ["S3バケット_ライフサイクルルール!", "消した値"]),
)
NOT_LEFT = dict(
    a_row_taken_away=(groups([RULE, OTHER]), groups(dict(add=[OTHER], remove=[RULE]))),
    of_only_these=(groups([RULE, OTHER]), groups(dict(set=[OTHER]))),
    a_row_that_took_away=(groups(dict(add=[OTHER], remove=[RULE])), groups([OTHER])),
    a_tag_taken_away=(user(tags=dict(A="1", B="2")), user(tags=dict(A="1"), clear=["tags.B"])),
    one_of_many_taken_away=(user(groups=["g-1", "g-2"]), user(groups=dict(add=["g-1"], remove=["g-2"]))),
    only_one_of_many=(user(groups=["g-1", "g-2"]), user(groups=dict(set=["g-1"]))),
    another_value=(user(path="/a/"), user(path="/b/")),
    a_row_of_a_list_that_is_whole=(bucket(("x", DAYS)), bucket(("x", DAYS[:1]))),
    another_target_of_a_route=(tables(internet_gateway="igw-0123456789abcdef0"), tables(nat_gateway="nat-0123456789abcdef0")),
    a_protocol_in_capitals=(groups([RULE, OTHER]), groups([dict(RULE, protocol="TCP"), OTHER])),
    all_of_an_entry=(user(path="/a/"), dict(iam_users=[dict(name="u", state="absent")])),
)


def warned(path, old, new, language="ja"):
    """What an import warns of whose workbook says the new sheet."""
    (path / "sheet.yml").write_text(_workbook_yaml.dump(dict(sheet=old)), encoding="utf-8")
    made = layout(language).of(old)
    (path / "book.xlsx").write_bytes(_workbook_write.workbook(made, _workbook_rows.rows_of(made, new)[0], CONTRACT))
    outside = dict(iam_groups=["g-1", "g-2"])
    outcome = workbook.take_in(workbook.Setting(CONTRACT, language), path / "book.xlsx", path / "sheet.yml", None, outside=outside)
    assert outcome.kinds
    return outcome.warnings


@pytest.mark.parametrize("case", LEFT)
def test_what_leaves_the_sheet_and_stays_in_aws_is_told(case, tmp_path):
    old, new, told = LEFT[case]
    (warning,) = warned(tmp_path, old, new)
    assert all(part in warning for part in told), warning


@pytest.mark.parametrize("case", NOT_LEFT)
def test_what_goes_from_aws_or_was_not_there_is_not(case, tmp_path):
    assert warned(tmp_path, *NOT_LEFT[case]) == []


def test_it_is_told_once_for_each_worksheet_and_entry_and_in_english_too(tmp_path):
    old, new = (dict(groups(rules), **user(**options)) for rules, options in (([RULE, OTHER], dict(path="/a/", tags=dict(A="1"))), (None, {})))
    rows, cells = warned(tmp_path, old, new, "en")
    assert "AWS keeps what they said" in rows and rows.endswith("s/tcp/22/22/10.0.0.0/8; s/tcp/443/443/10.0.0.0/8")
    assert "!C9 (u): what was emptied leaves the sheet, but AWS keeps it" in cells and cells.endswith("Path: /a/; Tags: A=1")


FIXED = dict(
    ja="!D9（v/s 説明）: 作成後に変更できない項目です（d → e）。作成済みであれば計画（setup.yml --check --diff）がこの項目を失敗とします",
    en="!D9 (v/s Description): cannot change once the thing is made (d → e): where it is there, the plan (setup.yml --check --diff) will fail",
)


@pytest.mark.parametrize("language, told", FIXED.items())
def test_what_cannot_change_after_creation_is_told_where_it_does(language, told, tmp_path):
    old, new = groups([RULE]), groups([RULE])
    new["ec2_security_groups"][0].update(description="e", tags=dict(A="1"))
    new["ec2_security_groups"].append(dict(name="t", vpc="v", description="d"))
    (warning,) = warned(tmp_path, old, new, language)
    assert told in warning


TOLD = dict(ja=("（3, 6 行目）", "失われます: iam_users u pat"), en=("(lines 3, 6)", "by the import: iam_users u pat"))
WRITTEN = """---
# Made from the workbook x
sheet:  # agreed
  iam_users:
    - name: u
      # the path
      path: '/#a/'
      pat: /a/
"""


@pytest.mark.parametrize("language, told", TOLD.items())
def test_what_a_file_says_and_no_workbook_has_is_told_before_it_is_lost(language, told, tmp_path):
    book, sheet = tmp_path / "book.xlsx", tmp_path / "sheet.yml"
    sheet.write_text(WRITTEN, encoding="utf-8")
    made = layout(language).of(["iam_users"])
    for path, warnings in (("/#a/", 0), ("/b/", 2)):
        book.write_bytes(_workbook_write.workbook(made, _workbook_rows.rows_of(made, user(path=path))[0], CONTRACT))
        outcome = workbook.take_in(workbook.Setting(CONTRACT, language), book, sheet, None)
        assert len(outcome.warnings) == warnings and all(part in line for line, part in zip(outcome.warnings, told, strict=False)), outcome.warnings
        assert all(line.startswith(f"{sheet}: ") for line in outcome.warnings)
