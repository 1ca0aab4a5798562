# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form on which operations are requested: whatever it offers reads back as the same request, and what is wrong is told with its cell."""

from __future__ import annotations

import io
from datetime import date, datetime
from functools import cache

import openpyxl
import pytest
from openpyxl.styles import Font

from ansible_collections.msp.aws.plugins.plugin_utils import _gates, _operations, _request_form, _requests, _workbook_write
from tests.forms import Filling

OPERATIONS = _operations.operations()
CONTRACT = dict(
    number="C-1",
    customer="Acme",
    applied_on="2026-01-05",
    plans=[{"plan": "advanced", "from": "2026-02-01"}],
    operation=dict(components=dict(ec2=2)),
)
SHEET = dict(
    ec2_instances=[dict(name="web01"), dict(name="web02"), dict(name="gone", state="absent")],
    ec2_vpcs=[dict(name="prod")],
    ec2_security_groups=[dict(name="app", vpc="prod")],
    iam_instance_profiles=[dict(name="acme-ec2")],
)
WHOLE = {"operations", "incident_response"}
TYPE, GROUP = "ec2.change_instance_type", "ec2.change_security_group"


@cache
def made(language: str) -> bytes:
    return _request_form.workbook(CONTRACT, SHEET, WHOLE, language)


class Form(Filling):
    """A form of the contract above, and what becomes of it."""

    def __init__(self, language="ja"):
        super().__init__(openpyxl.load_workbook(io.BytesIO(made(language))), language)

    def read(self, tmp_path, vault=None):
        self.book.save(tmp_path / "form.xlsx")
        return _requests.read_form(tmp_path / "form.xlsx", vault)

    def faults(self, tmp_path):
        with pytest.raises(_requests.RequestError) as caught:
            self.read(tmp_path)
        return caught.value.text(self.language).splitlines()


# ---- what it offers


@pytest.mark.parametrize("language", _request_form.WORDS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_reads_back_as_it_was_filled_in(tmp_path, operation, language):
    """All but its secrets, which come by another way."""
    example, start = OPERATIONS[operation]["example"], _operations.prefix(operation)
    vault = {start + name: value for name, value in example["parameters"].items() if start + name in _operations.secrets(operation)}
    plain = {name: value for name, value in example["parameters"].items() if start + name not in vault}
    filled = Form(language).fill(operation, example["target"], plain, requester="情報システム部 山田様", note="よろしく")
    request = dict(contract="C-1", ticket="REQ-1", operation=operation, received="2026-11-20", wished="2026-11-26 02:00", **example)
    assert filled.read(tmp_path, vault) == _requests.read(dict(request, requester="情報システム部 山田様", note="よろしく"))


@pytest.mark.parametrize("language", _request_form.WORDS)
def test_every_parameter_is_shown_with_what_it_is(language):
    rows = list(Form(language).catalogue.iter_rows(4, max_col=4, values_only=True))
    for name, row in OPERATIONS.items():
        mine = [line[1:] for line in rows if line[0] == _request_form.title_of(name, language)]
        parameters = [one.removeprefix(_operations.prefix(name)) for one in _operations.options(name) if one != row["target"]]
        assert [key for dummy, dummy, key in mine if key] == parameters
        assert all(label and about for label, about, dummy in mine)


def offers(filling, cell):
    """The pull-down of a cell, worked out as a spreadsheet does."""
    (rule,) = (rule for rule in filling.page.data_validations.dataValidation if cell.coordinate in rule.sqref)
    assert len(rule.formula1) < 256
    lists = filling.book[filling.words["lists"]]
    if rule.formula1.startswith("'"):
        place = rule.formula1.rpartition("!")[2].replace("$", "")
        return [one.value for (one,) in lists[place]]
    start = [row[0].value for row in filling.catalogue.iter_rows()].index(filling.field("operation").value) + 1
    line = filling.catalogue[start + int(rule.formula1.partition("FORM_FIRST+")[2].partition(")")[0])]
    return [lists.cell(row, line[4].value).value for row in range(1, line[5].value + 1)]


def test_targets_and_choices_are_offered():
    filling = Form().fill(TYPE, None, {})
    assert offers(filling, filling.field("target")) == ["web01", "web02"] and filling.field("contract").value == "C-1"
    assert offers(filling, filling.field("operation")) == [_request_form.title_of(name, "ja") for name in OPERATIONS]
    filling.fill(GROUP, None, {})
    assert offers(filling, filling.field("target")) == ["app"] and offers(filling, filling.parameter(GROUP, "vpc")) == ["prod"]
    assert offers(filling, filling.parameter(GROUP, "rule_action")) == ["add", "remove"] and offers(filling, filling.parameter(GROUP, "from_port")) == [None]


def test_what_the_plans_include_is_offered():
    incident = [name for name, row in OPERATIONS.items() if row.get("incident")]
    plans = [{"plan": "entry", "from": "2026-02-01"}, {"plan": "standard", "from": "2026-05-01"}, {"plan": "advanced", "from": "2026-08-01"}]
    found = [_request_form.offered(_gates.features(dict(CONTRACT, plans=plans[:many]), [], date(2026, 6, 1))) for many in (1, 2, 3)]
    assert found == [{}, dict(incident=incident), dict(operation=list(OPERATIONS), incident=incident)]
    book = openpyxl.load_workbook(io.BytesIO(_request_form.workbook(CONTRACT, SHEET, {"incident_response"}, "ja")))
    told = {row[0] for row in book["作業項目"].iter_rows(4, values_only=True)}
    assert told == {_request_form.title_of(name, "ja") for name in incident} and "障害対応" in [cell.value for cell in book["運用代行依頼書"]["C"]]


# ---- what is wrong in it


def merge(filling):
    filling.page.merge_cells(f"{filling.field('target').coordinate}:D{filling.field('target').row}")


def strike(filling):
    filling.field("target").font = Font(strike=True)


def hide(filling):
    filling.page.row_dimensions[filling.field("target").row].hidden = True


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("target", "=A1", "数式は使えません"),
        ("target", "ｗｅｂ０１", "「web01」と半角で"),
        ("target", 12, "数値として入力されています"),
        ("target", "-", "「-」は使えません"),
        ("target", None, "記入が必要です"),
        ("target", merge, "セルが結合されています"),
        ("target", strike, "取り消し線"),
        ("target", hide, "非表示の行"),
        ("wished", datetime(2026, 11, 26, 2), "日付として入力されています"),
        ("wished", "２０２６－１１－２６ ０２：００", "「2026-11-26 02:00」と半角で"),
        ("wished", "11月26日", "11月26日"),
        ("received", "2026-13-01", "2026-13-01"),
        ("purpose", "急ぎ", "「急ぎ」は使えません"),
        ("operation", "インスタンスの変更", "という運用代行項目はありません"),
        ("ticket", "REQ 1", "「REQ 1」は使えません"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_its_place(tmp_path, name, value, said):
    filling = Form().fill(TYPE, "web01", dict(instance_type="t3.large"))
    if callable(value):
        value(filling)
    else:
        filling.field(name).value = value
    (fault,) = filling.faults(tmp_path)
    assert said in fault and fault.startswith(f"運用代行依頼書!{filling.field(name).coordinate}")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("from_port", "８４４３", "「8443」と半角で"),
        ("from_port", "https", "「https」は整数ではありません"),
        ("rule_action", "更新", "「更新」は使えません。使える値: add, remove"),
        ("rule_action", None, "記入が必要です"),
        ("protocol", "=1+1", "数式は使えません"),
    ],
)
def test_a_parameter_is_told_with_its_place(tmp_path, name, value, said):
    rule = OPERATIONS[GROUP]["example"]["parameters"]
    filling = Form().fill(GROUP, "app", rule)
    filling.parameter(GROUP, name).value = value
    (fault,) = filling.faults(tmp_path)
    assert said in fault and fault.startswith(f"運用代行依頼書!{filling.parameter(GROUP, name).coordinate}（")


def test_all_is_told_at_once_and_what_is_left_over_too(tmp_path):
    filling = Form().fill(TYPE, "=A1", {}, wished="x", ticket=None)
    filling.parameter(GROUP, "description").value = "of another operation"
    assert len(filling.faults(tmp_path)) == 5


def test_a_form_means_what_the_customer_saw(tmp_path, monkeypatch):
    """Parameters that the role has got since, or in another order, do not move what was filled in."""
    filling = Form().fill(GROUP, "app", OPERATIONS[GROUP]["example"]["parameters"])
    before, declared = filling.read(tmp_path), dict(reversed(_operations.options(GROUP).items()))
    for place in (_operations, _requests, _request_form):
        monkeypatch.setattr(place, "options", lambda dummy: {"ops_ec2_new": dict(type="str", description=["x", "x"]), **declared})
    assert filling.read(tmp_path)["parameters"] == before["parameters"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"operation_request: {}"])
def test_what_is_no_form_is_told(tmp_path, content):
    (tmp_path / "form.xlsx").write_bytes(content)
    with pytest.raises(_requests.RequestError, match="form.xlsx"):
        _requests.read_form(tmp_path / "form.xlsx")


def test_another_workbook_is_no_form(tmp_path):
    openpyxl.Workbook().save(tmp_path / "form.xlsx")
    with pytest.raises(_requests.RequestError, match="運用代行依頼書ではありません"):
        _requests.read_form(tmp_path / "form.xlsx")


def test_the_same_contract_has_the_same_form():
    assert _workbook_write.same(made("ja"), _request_form.workbook(CONTRACT, SHEET, WHOLE, "ja"))
