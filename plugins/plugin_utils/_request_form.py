# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 運用代行依頼書 as an Excel workbook: written for a contract from the catalogue and the roles, and read back as a request.

What is to be filled in stands in one column of the first worksheet. The second has every operation with its parameters, a row each; formulas, which
nobody fills in and nothing reads, show on the first one those of the operation that was chosen. By the second one, too, a form is read: so it means
what the customer saw, also where the catalogue has changed since.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation
except ImportError:
    Workbook = None  # the actions say what to install

from ansible_collections.msp.aws.plugins.module_utils._options import Option
from ansible_collections.msp.aws.plugins.plugin_utils._gates import FEATURES, NEEDS
from ansible_collections.msp.aws.plugins.plugin_utils._operations import ROLL_BACKS, interruption_of, label_of, needs_approval, operations, options, prefix
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_cells import read as read_cell
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_file import Cells, opened, plain
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_looks import CREATED, Styles, put, set_page, width_of
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import MARKS, Fault, Mistake
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

# The fields of a request in the form's order, and whether they must be filled in.
FIELDS = dict(contract=True, ticket=True, received=True, purpose=False, operation=True, target=True, wished=True, requester=False, note=False)
LABEL, VALUE, TOLD = 2, 3, 4  # columns of the first worksheet
FIRST = 5  # the row of its first field
PARAMETERS = FIRST + len(FIELDS) + 1  # the row above its parameters
# The columns of the second one; the last three are hidden.
OPERATION, SHOWN, EXPLAINED, KEY, LIST, LENGTH = range(1, 7)
HEAD = 3  # the row of its headings
CATALOGUE = (56, 34, 84)  # how wide its columns are
BLANK = 1  # the column of the lists that offers nothing
TYPES = dict(path="str")
ID = re.compile(r"([a-z0-9_]+\.[a-z0-9_]+)[)）]?$")
WORDS: dict[str, dict[str, str]] = dict(
    ja=dict(
        title="運用代行依頼書",
        catalogue="作業項目",
        lists="選択肢",
        legend="水色の欄は必ずご記入ください。作業項目を選ぶと、必要なパラメータとその説明が表示されます。日時・数字・英字は半角で、数式やセルの結合は使わずにご記入ください。",
        contract="契約番号",
        ticket="受付番号",
        received="受付日",
        purpose="区分",
        operation="作業項目",
        target="対象",
        wished="ご希望日時",
        requester="ご依頼者",
        note="備考",
        parameters="パラメータ",
        value="記入欄",
        about="説明",
        about_contract="",
        about_ticket="当社で記入します",
        about_received="当社で記入します（例 2026-11-20）",
        about_purpose="空欄は運用代行",
        about_wished="日本時間（例 2026-11-26 02:00）。運用代行は受付日の翌日から起算して 3 営業日以降",
        about_requester="部署とお名前",
        about_note="",
        needed="（必須）",
        facts="サービスへの影響: {interruption}、切り戻し: {roll_back}、最大 {minutes} 分、事前の承認: {approval}",
        yes="必要",
        no="不要",
        secret="（パスワードなどの秘密の値です。この依頼書には書かず、別の手段でお知らせください）",
        nothing="ご契約の運用メニューには運用代行も障害対応も含まれないため、依頼書を作成できません（利用規約 別紙1の1.2）",
        no_form="運用代行依頼書ではありません（ワークシート「{other}」がありません）",
        no_field="「{other}」の行がありません。ひな形から戻してください",
        spare="この作業項目にはこの行のパラメータがありません。空欄にしてください",
        told_secret="秘密の値は依頼書に書けません。空欄にしてください",
    ),
    en=dict(
        title="Request for an operation",
        catalogue="Operations",
        lists="Choices",
        legend="Blue cells have to be filled in. Choose the operation, and its parameters are shown with what they mean. No formulas, no merged cells.",
        contract="Contract",
        ticket="Ticket",
        received="Received",
        purpose="Purpose",
        operation="Operation",
        target="Target",
        wished="Wished for",
        requester="Requested by",
        note="Note",
        parameters="Parameters",
        value="Value",
        about="What it is",
        about_contract="",
        about_ticket="filled in by us",
        about_received="filled in by us (such as 2026-11-20)",
        about_purpose="blank: operations on request",
        about_wished="Japan's time, such as 2026-11-26 02:00. Operations on request from the third business day after receipt on",
        about_requester="who, and which department",
        about_note="",
        needed=" (required)",
        facts="Interruption: {interruption}; way back: {roll_back}; at most {minutes} minutes; approval: {approval}",
        yes="needed",
        no="not needed",
        secret=" (a secret such as a password: do not write it here, tell it in another way)",
        nothing="the contract's plans include neither operations on request nor incident response, so there is no form (terms of service, Annex 1, 1.2)",
        no_form="this is no request for an operation (there is no worksheet {other!r})",
        no_field="there is no row {other!r}; take it from the template",
        spare="this operation has no parameter in this row; leave it blank",
        told_secret="a secret cannot be written here; leave it blank",
    ),
)


# ---- what can be chosen


def offered(features: set[str]) -> dict[str, list[str]]:
    """Purpose → operations that can be requested for it, of what the plans include."""
    whole = {purpose: [name for name, row in operations().items() if purpose == "operation" or row.get("incident")] for purpose in NEEDS}
    return {purpose: names for purpose, names in whole.items() if NEEDS[purpose] in features}


def title_of(operation: str, language: str) -> str:
    """As it is chosen: its name, and the id by which it is read."""
    row = operations()[operation]
    return f"{row['ja']}（{operation}）" if language == "ja" else f"{row['en']} ({operation})"


def _explanation(option: Mapping[str, Any], language: str) -> str:
    """The role's own words, which a requester understands: the English line and the Japanese one."""
    return option["description"][-1 if language == "ja" else 0] + (WORDS[language]["secret"] if option.get("no_log") else "")


def _choices(operation: str, name: str, sheet: Mapping[str, Any]) -> tuple[str, ...]:
    """What the parameter can be, or the names that the sheet has for it."""
    option, short = options(operation)[name], name.removeprefix(prefix(operation))
    if "choices" in option or option["type"] == "bool":
        return tuple(map(str, option.get("choices", ("TRUE", "FALSE"))))
    row, service = operations()[operation], prefix(operation).removeprefix("ops_").rstrip("_")
    kind = kinds().get(row["module"])
    own = kind.options.get(short) if kind else None
    to = own.ref if own and own.ref else f"{service}_{short}s"
    if to not in kinds() and kind and name == row["target"]:
        to = row["module"]
    return tuple(_names(sheet, to)) if to in kinds() else ()


def _names(sheet: Mapping[str, Any], kind: str) -> Iterator[str]:
    named = kinds()[kind].identity[-1:]
    for entry in sheet.get(kind) or () if named else ():
        if isinstance(entry, Mapping) and isinstance(entry.get(named[0]), str) and entry.get("state") != "absent":
            yield entry[named[0]]


# ---- the form


def workbook(contract: Mapping[str, Any], sheet: Mapping[str, Any], features: set[str], language: str) -> bytes:
    """An empty form of a contract, whose plans include these features."""
    book, words, styles = Workbook(), WORDS[language], Styles()
    book.properties.created = book.properties.modified = CREATED
    book.properties.creator, book.properties.title = "msp.aws", words["title"]
    book.calculation.fullCalcOnLoad = True
    form, catalogue = book.active, book.create_sheet(words["catalogue"])
    form.title = words["title"]
    purposes = offered(features)
    chosen = max(purposes.values(), key=len)
    lists: dict[tuple[str, ...], int] = {(): BLANK}
    longest = _catalogue(catalogue, chosen, sheet, language, styles, lists)
    _form(form, contract, longest, language, styles)
    names = tuple(FEATURES[NEEDS[purpose]][language == "en"] for purpose in purposes)
    if "operation" not in purposes:
        put(form.cell(_row("purpose"), VALUE), names[0])
    for name, values in dict(purpose=names, operation=tuple(title_of(name, language) for name in chosen)).items():
        letter = get_column_letter(lists.setdefault(values, len(lists) + 1))
        _pull_down(form, _row(name), f"'{words['lists']}'!${letter}$1:${letter}${len(values)}", insists=True)
    _follow_the_operation(book, form, catalogue.title, words["lists"], longest)
    _lists(book.create_sheet(words["lists"]), lists)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _follow_the_operation(book: Any, form: Any, catalogue: str, lists: str, longest: int) -> None:
    """Pull-downs of the target and the parameters, which offer what the operation's rows of the catalogue name."""
    chosen = f"'{form.title}'!${get_column_letter(VALUE)}${_row('operation')}"
    book.defined_names["FORM_FIRST"] = DefinedName("FORM_FIRST", attr_text=f"MATCH({chosen},'{catalogue}'!$A:$A,0)")
    for number, row in enumerate([_row("target"), *range(PARAMETERS + 1, PARAMETERS + 1 + longest)], 1):
        column, length = (f"INDEX('{catalogue}'!${letter}:${letter},FORM_FIRST+{number})" for letter in map(get_column_letter, (LIST, LENGTH)))
        _pull_down(form, row, f"OFFSET('{lists}'!$A$1,0,{column}-1,{length},1)")


def _row(name: str) -> int:
    return FIRST + list(FIELDS).index(name)


def _catalogue(page: Any, chosen: list[str], sheet: Mapping[str, Any], language: str, styles: Styles, lists: dict[tuple[str, ...], int]) -> int:
    """Of each operation a row with its facts, one for its target, and one for each parameter. Returns how many parameters one has at most."""
    words, number, longest = WORDS[language], HEAD, 0
    put(page.cell(1, 1), words["catalogue"])
    page.cell(1, 1).font = styles.big
    for place, (word, width) in enumerate(zip(("operation", "parameters", "about"), CATALOGUE, strict=True), 1):
        page.column_dimensions[get_column_letter(place)].width = width
        put(page.cell(HEAD, place), words[word])
        styles.set(page.cell(HEAD, place), styles.bold, "plain", styles.centre)
    for operation in chosen:
        told = [(words["operation"], _facts(operation, language), "", ()), *_parameters(operation, sheet, language)]
        longest = max(longest, len(told) - 2)
        for label, about, key, values in told:
            number += 1
            cells = (title_of(operation, language), label, about, key, lists.setdefault(values, len(lists) + 1), max(1, len(values)))
            for place, value in enumerate(cells, 1):
                put(page.cell(number, place), value)
                styles.set(page.cell(number, place), styles.text, None, styles.top)
            page.row_dimensions[number].height = 15 * max(-(-(width_of(text) + 2) // width) for text, width in zip(cells, CATALOGUE, strict=False))
    for place in (KEY, LIST, LENGTH):
        page.column_dimensions[get_column_letter(place)].hidden = True
    page.freeze_panes = page.cell(HEAD + 1, 1)
    page.print_title_rows = f"{HEAD}:{HEAD}"
    set_page(page, sum(CATALOGUE))
    return longest


def _facts(operation: str, language: str) -> str:
    row, words = operations()[operation], WORDS[language]
    told = dict(interruption=interruption_of(row, language), roll_back=ROLL_BACKS[row["roll_back"]][language], minutes=row["minutes"])
    return words["facts"].format(**told, approval=words["yes" if needs_approval(row) else "no"])


def _parameters(operation: str, sheet: Mapping[str, Any], language: str) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Of the target and of each parameter what it is called, what it is, its key and what can be chosen."""
    words, target = WORDS[language], operations()[operation]["target"]
    for name in sorted(options(operation), key=target.__ne__):
        option, short = options(operation)[name], name.removeprefix(prefix(operation))
        label = label_of(option) if language == "ja" else short
        label = words["target"] if name == target else label + (words["needed"] if option.get("required") else "")
        yield label, _explanation(option, language), "" if name == target else short, () if option.get("no_log") else _choices(operation, name, sheet)


def _shown(catalogue: str, column: int, number: int) -> str:
    """The formula that shows a cell of the operation that was chosen, of its so many-th row."""
    own, shown = (f"INDEX('{catalogue}'!${letter}:${letter},FORM_FIRST+{number})" for letter in map(get_column_letter, (OPERATION, column)))
    return f'=IFERROR(IF({own}=${get_column_letter(VALUE)}${_row("operation")},{shown},""),"")'


def _pull_down(page: Any, row: int, where: str, insists: bool = False) -> None:
    """What a cell offers. What the sheet does not have may be written, too."""
    rule = DataValidation("list", formula1=where, allow_blank=True, showErrorMessage=insists)
    rule.add(page.cell(row, VALUE).coordinate)
    page.add_data_validation(rule)


def _lists(page: Any, lists: Mapping[tuple[str, ...], int]) -> None:
    page.sheet_state = "hidden"
    for values, column in lists.items():
        for number, value in enumerate(values, 1):
            put(page.cell(number, column), value)


def _form(page: Any, contract: Mapping[str, Any], longest: int, language: str, styles: Styles) -> None:
    """Labels, places to fill in, and what they are for."""
    words = WORDS[language]
    page.sheet_view.showGridLines = False
    for place, width in ((1, 3), (LABEL, 34), (VALUE, 46), (TOLD, 76)):
        page.column_dimensions[get_column_letter(place)].width = width
    put(page.cell(2, LABEL), words["title"])
    page.cell(2, LABEL).font = styles.huge
    page.row_dimensions[2].height = 36
    put(page.cell(3, LABEL), words["legend"])
    page.cell(3, LABEL).font = styles.note
    for name, needed in FIELDS.items():
        _line(page, _row(name), words[name], words.get(f"about_{name}", ""), styles, "required" if needed else "plain")
    put(page.cell(_row("contract"), VALUE), str(contract["number"]))
    for number, name in enumerate(("operation", "target")):
        page.cell(_row(name), TOLD).value = _shown(words["catalogue"], EXPLAINED, number)
    _line(page, PARAMETERS, words["parameters"], words["about"], styles, "layout")
    put(page.cell(PARAMETERS, VALUE), words["value"])
    for place in (LABEL, VALUE, TOLD):
        styles.set(page.cell(PARAMETERS, place), styles.bold, "layout", styles.centre)
    for number in range(1, longest + 1):
        _line(page, PARAMETERS + number, "", "", styles, "plain")
        for place, column in ((LABEL, SHOWN), (TOLD, EXPLAINED)):
            page.cell(PARAMETERS + number, place).value = _shown(words["catalogue"], column, number + 1)
    page.print_area = f"A1:{get_column_letter(TOLD)}{PARAMETERS + longest}"
    set_page(page, 160)


def _line(page: Any, row: int, label: str, about: str, styles: Styles, fill: str) -> None:
    put(page.cell(row, LABEL), label)
    put(page.cell(row, TOLD), about or None)
    styles.set(page.cell(row, LABEL), styles.bold, fill, styles.middle)
    styles.set(page.cell(row, VALUE), styles.text, None, styles.middle)
    styles.set(page.cell(row, TOLD), styles.note, "note", Alignment(vertical="center", wrap_text=True))
    page.cell(row, VALUE).number_format = "@"
    page.row_dimensions[row].height = 30


# ---- the form as it comes back


@dataclass
class Form:
    """What was filled in, as a request; how each of its fields is told of, with its cell; and what is wrong with the cells, each with its field."""

    given: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def read(path: Path) -> Form:
    """The form at a path. Its language is that of its worksheets."""
    faults: list[Fault] = []
    book = opened(path, faults)
    language = next((one for one, words in WORDS.items() if book and words["title"] in book.sheetnames), "ja")
    missing = [WORDS[language][name] for name in ("title", "catalogue") if book and WORDS[language][name] not in book.sheetnames]
    faults += [Fault(None, None, str(path), None, {}, WORDS[language]["no_form"].format(other=title)) for title in missing[:1]]
    return Form(faults=[("request", fault.text(language)) for fault in faults]) if faults else _Reading(book, language).form()


class _Reading:
    """One form on its way to a request."""

    def __init__(self, book: Any, language: str) -> None:
        self.words, self.language = WORDS[language], language
        self.title, self.catalogue = self.words["title"], book[self.words["catalogue"]]
        self.faults: list[Fault] = []
        self.cells = Cells(book[self.title], self.faults)
        self.fields: dict[str, str] = {}  # cell → field
        self.read = Form()

    def form(self) -> Form:
        self.cells.merged(1)
        self.cells.unsure(1, {VALUE: None})
        rows = {plain(line[LABEL].value): row for row, line in sorted(self.cells.by_row.items(), reverse=True) if LABEL in line}  # the first one
        for name in (*FIELDS, "parameters"):
            if self.words[name] not in rows:
                self.faults.append(Fault(self.title, None, None, None, {}, self.words["no_field"].format(other=self.words[name])))
            elif name != "parameters":
                self._take(self.read.given, name, name, rows[self.words[name]], self.words[name], Option())
        self._named()
        if self.words["parameters"] in rows:
            self._parameters(rows[self.words["parameters"]])
        self.read.faults = [(self.fields.get(fault.cell or "", "request"), fault.text(self.language)) for fault in self.faults]
        return self.read

    def _take(self, into: dict[str, Any], key: str, name: str, row: int, heading: str, option: Option, secret: bool = False) -> None:
        """What a cell says, under `key`; `name` is the field as faults of the request name it."""
        where = f"{get_column_letter(VALUE)}{row}"
        self.fields[where], self.read.places[name] = name, Fault(self.title, where, heading, None, {}).place(self.language)
        cell = self.cells.by_row.get(row, {}).get(VALUE)
        value = self.cells.value(cell, heading) if cell is not None else None
        if value is None:
            return
        if secret:
            self.faults.append(Fault(self.title, where, heading, None, {}, self.words["told_secret"]))
            return
        try:
            said = read_cell(option, value, MARKS[self.language], False).value
        except Mistake as mistake:
            self.faults.append(Fault(self.title, where, heading, mistake.code, mistake.facts))
            return
        if said is not None:
            into[key] = said

    def _named(self) -> None:
        """What was chosen by its words, by the names that a request has for it."""
        given = self.read.given
        purposes = {FEATURES[feature][self.language == "en"]: purpose for purpose, feature in NEEDS.items()}
        for name, said in (("operation", _id(given.get("operation"))), ("purpose", purposes.get(given.get("purpose"), given.get("purpose")))):
            if said is not None:
                given[name] = said

    def _parameters(self, above: int) -> None:
        """Those that the form showed for the operation, in its order."""
        operation = self.read.given.get("operation")
        lines = [[plain(value) for value in line] for line in self.catalogue.iter_rows(HEAD + 1, values_only=True)]
        shown = [(line[SHOWN - 1], line[KEY - 1]) for line in lines if _id(line[OPERATION - 1]) == operation]
        declared = options(operation) if operation in operations() else {}
        parameters = self.read.given.setdefault("parameters", {})
        self.read.places["parameters"] = Fault(self.title, f"{get_column_letter(LABEL)}{above}", self.words["parameters"], None, {}).place(self.language)
        named = [(label, key) for label, key in shown if key]
        for number, (label, key) in enumerate(named, 1):
            told = declared.get(prefix(operation) + key, {}) if declared else {}
            option = Option(TYPES.get(told.get("type", "str"), told.get("type", "str")), told.get("elements"))
            self._take(parameters, key, f"parameters {key}", above + number, label, option, bool(told.get("no_log")))
        for row in sorted(row for row, line in self.cells.by_row.items() if row > above + len(named) and VALUE in line):
            if shown:
                self.faults.append(Fault(self.title, f"{get_column_letter(VALUE)}{row}", None, None, {}, self.words["spare"]))


def _id(text: Any) -> Any:
    """The id of an operation in the words by which it is chosen; the text itself where there is none."""
    found = ID.search(text) if isinstance(text, str) else None
    return found[1] if found else text
